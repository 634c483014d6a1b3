//! deque: a ring buffer.

use super::deque_iter::*;
use super::deque_ops::*;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
pub struct WDeque {
    pub header: Header,
    /// A GcArray whose capacity is a power of two, or NULL while nothing was stored.
    pub w_array: W,
    /// Index of the first item.
    pub head: usize,
    pub len: usize,
    /// Largest length plus one; 0 = not bounded (what a zeroed object says).
    pub bound: usize,
    /// Changes with every insertion and removal, for the iterators.
    pub state: u64,
}
pub static W_DEQUE: TypeOf = TypeOf::new();

typespec!(pub DEQUE: WDeque, "collections.deque", {
    doc: Str::new("A list-like sequence optimized for data accesses near its endpoints."),
    flags: ty::BASETYPE | ty::WEAKREF | ty::SEQUENCE,
    slots: &Slots {
        new: Some(deque_new), init: Some(deque_init), repr: Some(deque_repr), hash: Some(deque_hash), compare: Some(deque_compare),
        iter: Some(deque_iter), len: Some(deque_len), getitem: Some(deque_getitem), setitem: Some(deque_setitem),
        contains: Some(deque_contains), concat: Some(deque_concat), repeat: Some(deque_repeat),
        inplace_concat: Some(deque_inplace_concat), inplace_repeat: Some(deque_inplace_repeat), ..Slots::EMPTY
    },
    methods: methods![
        append, appendleft, clear, copy, copy_dunder, count, extend, extendleft, index, insert, pop, popleft, remove, reverse, rotate,
        deque_reversed, deque_reduce, deque_sizeof, class_getitem,
    ],
    getset: table![getset!("maxlen", get_maxlen)],
});

impl WDeque {
    #[inline(always)]
    fn mask(&self) -> usize {
        GcArray(self.w_array).capacity() - 1
    }
    #[inline(always)]
    pub fn array(&self) -> GcArray {
        GcArray(self.w_array)
    }
    /// Where item `i` lies.
    #[inline(always)]
    pub fn place(&self, i: usize) -> usize {
        (self.head + i) & self.mask()
    }
    /// Item `i`, i < len.
    #[inline(always)]
    pub fn get(&self, i: usize) -> W {
        self.array().get(self.place(i))
    }
    pub fn maxlen(&self) -> Option<usize> {
        self.bound.checked_sub(1)
    }
}

/// Room for `n` items in all.
pub fn reserve(sp: Space, w: W, n: usize) -> Res<()> {
    let d = obj::<WDeque>(w);
    let cap = if d.w_array.is_null() { 0 } else { d.array().capacity() };
    if n <= cap {
        return Ok(());
    }
    if n > 1 << 59 {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let new = GcArray::new(sp, n.next_power_of_two().max(8))?;
    let d = obj::<WDeque>(w);
    new.barrier_range(sp, 0, d.len);
    for i in 0..d.len {
        // SAFETY: in range of the new array, whose barrier has been called.
        unsafe { *new.items().add(i) = d.get(i) }
    }
    setfield!(sp, w, WDeque, w_array, new.0);
    d.head = 0;
    Ok(())
}
#[inline]
pub fn push_back(sp: Space, w: W, v: W) -> Res<()> {
    let d = obj::<WDeque>(w);
    if d.w_array.is_null() || d.len == d.array().capacity() {
        reserve(sp, w, d.len + 1)?
    }
    let d = obj::<WDeque>(w);
    d.array().set(sp, d.place(d.len), v);
    d.len += 1;
    d.state += 1;
    if d.bound != 0 && d.len >= d.bound {
        pop_front(w);
    }
    Ok(())
}
#[inline]
pub fn push_front(sp: Space, w: W, v: W) -> Res<()> {
    let d = obj::<WDeque>(w);
    if d.w_array.is_null() || d.len == d.array().capacity() {
        reserve(sp, w, d.len + 1)?
    }
    let d = obj::<WDeque>(w);
    let at = d.head.wrapping_sub(1) & d.mask();
    d.array().set(sp, at, v);
    d.head = at;
    d.len += 1;
    d.state += 1;
    if d.bound != 0 && d.len >= d.bound {
        pop_back(w);
    }
    Ok(())
}
#[inline]
pub fn pop_back(w: W) -> Option<W> {
    let d = obj::<WDeque>(w);
    if d.len == 0 {
        return None;
    }
    let at = d.place(d.len - 1);
    let v = d.array().get(at);
    // SAFETY: in range; storing NULL needs no barrier.
    unsafe { *d.array().items().add(at) = W::NULL }
    d.len -= 1;
    d.state += 1;
    Some(v)
}
#[inline]
pub fn pop_front(w: W) -> Option<W> {
    let d = obj::<WDeque>(w);
    if d.len == 0 {
        return None;
    }
    let at = d.head;
    let v = d.array().get(at);
    // SAFETY: in range; storing NULL needs no barrier.
    unsafe { *d.array().items().add(at) = W::NULL }
    d.head = d.place(1);
    d.len -= 1;
    d.state += 1;
    Some(v)
}
/// Empties it.
pub fn reset(w: W) {
    let d = obj::<WDeque>(w);
    d.w_array = W::NULL;
    (d.head, d.len) = (0, 0);
    d.state += 1;
}

#[slot]
fn deque_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}
#[slot]
fn deque_init(sp: Space, w: W, args: Args) -> Res<()> {
    let [w_iterable, w_maxlen] = parse_args(sp, "deque", &args, ["iterable", "maxlen"], 0, 0, 2)?;
    let mut bound = 0;
    if !w_maxlen.is_null() && !w_maxlen.is_none() {
        if !is_int(sp, w_maxlen) {
            return Err(sp.type_error("an integer is required"));
        }
        let n = sp.int_w(w_maxlen)?;
        if n < 0 {
            return Err(sp.value_error("maxlen must be non-negative"));
        }
        bound = n as usize + 1;
    }
    if obj::<WDeque>(w).len > 0 {
        reset(w)
    }
    obj::<WDeque>(w).bound = bound;
    if !w_iterable.is_null() {
        extend_right(sp, w, w_iterable)?
    }
    Ok(())
}
/// An empty one of the same class and bound.
pub fn new_like(sp: Space, w: W) -> Res<W> {
    let d = obj::<WDeque>(w);
    let bound = d.bound;
    if W_DEQUE.is_exact(sp, w) {
        let w_new = sp.allocate(W_DEQUE.w(), 0)?;
        obj::<WDeque>(w_new).bound = bound;
        return Ok(w_new);
    }
    let t = sp.type_(w)?;
    let w_empty = sp.newtuple(&[])?;
    let w_new = match bound {
        0 => sp.call(t, &[])?,
        b => sp.call(t, &[w_empty, sp.newint(b as i64 - 1)])?,
    };
    if !W_DEQUE.is(sp, w_new) {
        let (a, b) = (sp.type_name(w), sp.type_name(w_new));
        return Err(raise!(sp, TYPE_ERROR, "{a}() must return a deque, not {b}"));
    }
    Ok(w_new)
}
pub fn extend_right(sp: Space, w: W, w_iterable: W) -> Res<()> {
    if w_iterable == w {
        let w_list = to_list(sp, w)?;
        return extend_right(sp, w, w_list);
    }
    // SAFETY: a live word. A subclass of tuple may iterate in its own way.
    let plain = unsafe { w_iterable.is_tid(taipan_plugin_api::abi::word::TID_TUPLE) };
    if let Some(items) = sp.tuple_opt(w_iterable).filter(|_| plain) {
        if obj::<WDeque>(w).bound == 0 {
            reserve(sp, w, obj::<WDeque>(w).len + items.len())?
        }
        for v in items {
            push_back(sp, w, *v)?
        }
        return Ok(());
    }
    let it = sp.iter(w_iterable)?;
    while let Some(v) = sp.next(it)? {
        push_back(sp, w, v)?
    }
    Ok(())
}
/// The items as a list.
pub fn to_list(sp: Space, w: W) -> Res<W> {
    let mut items = RootedVec::with_capacity(sp, obj::<WDeque>(w).len);
    for i in 0..obj::<WDeque>(w).len {
        items.push(obj::<WDeque>(w).get(i))
    }
    items.into_list()
}

#[slot]
fn deque_len(_sp: Space, w: W) -> Res<i64> {
    Ok(obj::<WDeque>(w).len as i64)
}
#[slot]
fn get_maxlen(sp: Space, w: W) -> Res<W> {
    Ok(obj::<WDeque>(w).maxlen().map_or(W::NONE, |n| sp.newint(n as i64)))
}
#[slot]
fn deque_hash(sp: Space, w: W) -> Res<i64> {
    Err(raise!(sp, TYPE_ERROR, "unhashable type: '{}'", sp.type_name(w)))
}
#[slot]
fn deque_repr(sp: Space, w: W) -> Res<W> {
    let Some(_guard) = ReprGuard::enter(w) else { return sp.newstr("[...]") };
    let w_list = to_list(sp, w)?;
    let w_items = sp.repr(w_list)?;
    let w_name = sp.getattr_str(sp.type_(w)?, "__name__")?;
    let mut out = sp.text_w(w_name)?.to_wtf8().into_owned();
    out.push(b'(');
    out.extend_from_slice(&sp.text_w(w_items)?.to_wtf8());
    if let Some(n) = obj::<WDeque>(w).maxlen() {
        out.extend_from_slice(format!(", maxlen={n}").as_bytes())
    }
    out.push(b')');
    sp.newstr_wtf8(&out)
}
