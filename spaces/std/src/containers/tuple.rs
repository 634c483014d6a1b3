//! tuple.

use super::list;
use super::seqiter;
use super::slice;
use super::table;
use super::util::*;
use crate::layouts::WTuple;
use taipan_abi::gc::tf;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

const ITEMS: usize = size_of::<WTuple>();

typespec!(
    /// The type `tuple`.
    pub TUPLE: WTuple, "tuple", {
    doc: Str::new("A fixed sequence of objects, made from the items of an iterable or empty."),
    flags: ty::BASETYPE | ty::SEQUENCE,
    layout_flags: tf::VAR | tf::ITEMS_W,
    item_bytes: 8,
    len_off: std::mem::offset_of!(WTuple, len) as u32,
    items_off: ITEMS as u32,
    slots: &Slots {
        repr: Some(tuple_repr), hash: Some(tuple_hash), compare: Some(tuple_compare), iter: Some(tuple_iter),
        new: Some(tuple_new), len: Some(tuple_len), getitem: Some(tuple_getitem), contains: Some(tuple_contains),
        concat: Some(tuple_concat), repeat: Some(tuple_repeat), ..Slots::EMPTY
    },
    methods: methods![getnewargs, index, count, class_getitem],
});

/// A tuple of `n` items computed by `f`, which may not allocate or call anything that does.
#[inline]
pub fn build(sp: Space, n: usize, f: impl Fn(usize) -> W) -> Res<W> {
    if n == 0 {
        let w = sp.known(known::EMPTY_TUPLE);
        if !w.is_null() {
            return Ok(w);
        }
    }
    list::check_size(sp, n)?;
    // SAFETY: the row's layout is the struct and n words. The barrier matters only for a collector that makes large objects old.
    unsafe {
        let w = sp.alloc(TID_TUPLE, ITEMS + n * 8)?;
        let t = w.ptr::<WTuple>();
        (*t).len = n;
        let items = t.add(1) as *mut W;
        barrier_range(sp, w, items, items.add(n));
        for i in 0..n {
            *items.add(i) = f(i)
        }
        Ok(w)
    }
}

/// A tuple of the words of a slice, which stand where the collector sees them.
#[inline]
pub fn new(sp: Space, items: &[W]) -> Res<W> {
    build(sp, items.len(), |i| items[i])
}

/// A tuple of any iterable; a tuple itself.
pub fn from_iterable(sp: Space, w: W) -> Res<W> {
    if exact(w, TID_TUPLE) {
        return Ok(w);
    }
    if exact(w, TID_LIST) {
        return new(sp, list_items(w));
    }
    let w_list = list::from_iterable(sp, w)?;
    new(sp, list_items(w_list))
}

#[slot]
fn tuple_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let plain = w_type == sp.row_of(TID_TUPLE).w_type;
    no_keywords(sp, "tuple", w_type, TID_TUPLE, &args)?;
    check_arity(sp, "tuple", args.n, 0, 1)?;
    let w = match args.positional() {
        [w_arg] => from_iterable(sp, *w_arg)?,
        _ => new(sp, &[])?,
    };
    if plain {
        return Ok(w);
    }
    let items = tuple_items(w);
    let w_new = sp.allocate(w_type, items.len())?;
    // SAFETY: an instance of a subclass of tuple with that many items, made just now.
    unsafe {
        let to = w_new.ptr::<WTuple>().add(1) as *mut W;
        barrier_range(sp, w_new, to, to.add(items.len()));
        std::ptr::copy_nonoverlapping(items.as_ptr(), to, items.len());
    }
    Ok(w_new)
}
#[slot]
fn tuple_len(_sp: Space, w_self: W) -> Res<i64> {
    Ok(tuple_items(w_self).len() as i64)
}
#[slot]
fn tuple_iter(sp: Space, w_self: W) -> Res<W> {
    seqiter::new(sp, TID_TUPLE_ITER, w_self, 0)
}
#[slot]
fn tuple_getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    let items = tuple_items(w_self);
    if has_index(sp, w_key) {
        let i = ssize(sp, w_key, known::INDEX_ERROR)?;
        let i = if i < 0 { i.wrapping_add(items.len() as i64) } else { i };
        return items.get(i as usize).copied().ok_or_else(|| sp.index_error("tuple index out of range"));
    }
    if !exact(w_key, TID_SLICE) {
        return Err(raise!(sp, TYPE_ERROR, "tuple indices must be integers or slices, not {}", sp.type_name(w_key)));
    }
    let r = slice::resolve(sp, w_key, || items.len())?;
    if r.step == 1 && r.len == items.len() && exact(w_self, TID_TUPLE) {
        return Ok(w_self);
    }
    build(sp, r.len, |i| items[r.at(i)])
}
#[slot]
fn tuple_contains(sp: Space, w_self: W, w_item: W) -> Res<bool> {
    for w in tuple_items(w_self) {
        if eq(sp, *w, w_item)? {
            return Ok(true);
        }
    }
    Ok(false)
}
#[slot]
fn tuple_concat(sp: Space, w_a: W, w_b: W) -> Res<W> {
    if !is_tuple(sp, w_b) {
        return Err(raise!(sp, TYPE_ERROR, "can only concatenate tuple (not \"{}\") to tuple", sp.type_name(w_b)));
    }
    let (a, b) = (tuple_items(w_a), tuple_items(w_b));
    if a.is_empty() && exact(w_b, TID_TUPLE) {
        return Ok(w_b);
    }
    if b.is_empty() && exact(w_a, TID_TUPLE) {
        return Ok(w_a);
    }
    build(sp, a.len() + b.len(), |i| if i < a.len() { a[i] } else { b[i - a.len()] })
}
#[slot]
fn tuple_repeat(sp: Space, w_self: W, n: i64) -> Res<W> {
    let items = tuple_items(w_self);
    if exact(w_self, TID_TUPLE) && (n == 1 || items.is_empty()) {
        return Ok(w_self);
    }
    let total = list::repeated_len(sp, items.len(), n)?;
    build(sp, total, |i| items[i % items.len()])
}
#[slot]
fn tuple_repr(sp: Space, w_self: W) -> Res<W> {
    let items = tuple_items(w_self);
    if items.is_empty() {
        return sp.newstr("()");
    }
    let Some(_guard) = repr_guard(w_self) else { return sp.newstr("(...)") };
    let mut out = ReprText::new("(");
    for (i, w) in items.iter().enumerate() {
        if i > 0 {
            out.push(", ")
        }
        out.repr(sp, *w)?;
    }
    out.push(if items.len() == 1 { ",)" } else { ")" });
    out.finish(sp)
}
#[slot]
fn tuple_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if !is_tuple(sp, w_a) || !is_tuple(sp, w_b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    compare_sequences(sp, w_a, w_b, op, tuple_items)
}
#[slot]
fn tuple_hash(sp: Space, w_self: W) -> Res<i64> {
    let items = tuple_items(w_self);
    let mut h = Hasher::new();
    for w in items {
        h.add(table::hash(sp, *w)?)
    }
    Ok(h.with_len(items.len()))
}

/// The hash of a sequence of hashes (xxHash's rounds, as tuples and slices use them).
pub struct Hasher(u64);
impl Hasher {
    const P1: u64 = 11400714785074694791;
    const P2: u64 = 14029467366897019727;
    const P5: u64 = 2870177450012600261;
    /// No lanes yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Hasher {
        Hasher(Self::P5)
    }
    /// Adds an element's hash.
    #[inline]
    pub fn add(&mut self, lane: u64) {
        self.0 = self.0.wrapping_add(lane.wrapping_mul(Self::P2)).rotate_left(31).wrapping_mul(Self::P1);
    }
    fn valid(h: u64) -> i64 {
        if h == u64::MAX { 1546275796 } else { h as i64 }
    }
    /// A tuple's hash.
    pub fn with_len(self, n: usize) -> i64 {
        Self::valid(self.0.wrapping_add(n as u64 ^ (Self::P5 ^ 3527539)))
    }
    /// A slice's hash.
    pub fn without_len(self) -> i64 {
        Self::valid(self.0)
    }
}

/// Arguments for copying.
#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn getnewargs(sp: Space, w_self: W) -> Res<W> {
    let w = new(sp, tuple_items(w_self))?;
    sp.newtuple(&[w])
}
/// The first index of a value; ValueError if it is not there.
#[interp_fn(method, sig = "(self, value, start=0, stop=sys.maxsize, /)")]
fn index(sp: Space, w_self: W, w_value: W, w_start: W, w_stop: Option<W>) -> Res<usize> {
    let start = search_bound(sp, w_start)?;
    let stop = w_stop.map_or(Ok(i64::MAX), |w| search_bound(sp, w))?;
    let items = tuple_items(w_self);
    let (start, stop) = search_range(start, stop, items.len());
    for (i, w) in items.iter().enumerate().take(stop).skip(start) {
        if eq(sp, *w, w_value)? {
            return Ok(i);
        }
    }
    Err(sp.value_error("tuple.index(x): x not in tuple"))
}
/// The number of occurrences of a value.
#[interp_fn(method, sig = "(self, value, /)")]
fn count(sp: Space, w_self: W, w_value: W) -> Res<i64> {
    let mut n = 0;
    for w in tuple_items(w_self) {
        n += eq(sp, *w, w_value)? as i64
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn hashes() {
        assert_eq!(Hasher::new().with_len(0), 5740354900026072187);
        let mut h = Hasher::new();
        h.add(1);
        h.add(2);
        assert_eq!(h.with_len(2), -3550055125485641917);
        let mut h = Hasher::new();
        h.add(1);
        h.add(2);
        h.add(3);
        assert_eq!(h.without_len(), -2340833382717974474);
    }
}
