//! What the container types share: checked casts, indexes, comparison of sequences, the guard of recursive reprs.

use crate::layouts::{WList, WStr, WTuple, WType};
use std::cell::RefCell;
use std::cmp::Ordering;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Numbers of the comparison operators (`CmpOp`).
pub const LT: u32 = 0;
#[allow(missing_docs)]
pub const LE: u32 = 1;
#[allow(missing_docs)]
pub const EQ: u32 = 2;
#[allow(missing_docs)]
pub const NE: u32 = 3;
#[allow(missing_docs)]
pub const GT: u32 = 4;
#[allow(missing_docs)]
pub const GE: u32 = 5;

/// The struct behind a word whose layout is known: in slots and methods the dispatch has checked self, elsewhere the caller has.
#[inline(always)]
pub fn this<T>(w: W) -> This<T> {
    // SAFETY: callers name the layout that they have tested or that dispatch guarantees.
    unsafe { This::new(w) }
}

/// An object of exactly this row.
#[inline(always)]
pub fn exact(w: W, tid: u32) -> bool {
    // SAFETY: a live word that is not NULL.
    unsafe { w.is_tid(tid) }
}

/// An exact str.
#[inline(always)]
pub fn is_str(w: W) -> bool {
    exact(w, TID_STR)
}

/// A list or an instance of a subclass.
#[inline(always)]
pub fn is_list(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_LIST
}
/// A tuple or an instance of a subclass.
#[inline(always)]
pub fn is_tuple(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_TUPLE
}
/// A dict or an instance of a subclass.
#[inline(always)]
pub fn is_dict(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_DICT
}
/// A set or frozenset or an instance of a subclass.
#[inline(always)]
pub fn is_anyset(sp: Space, w: W) -> bool {
    matches!(sp.layout(w), TID_SET | TID_FROZENSET)
}

/// The items of a tuple's layout.
#[inline(always)]
pub fn tuple_items<'a>(w: W) -> &'a [W] {
    // SAFETY: callers know that this is a tuple; its items are immutable and do not move while `w` stands on the stack.
    unsafe {
        let t = w.ptr::<WTuple>();
        std::slice::from_raw_parts(t.add(1) as *const W, (*t).len)
    }
}

/// The items of a list's layout at this moment; invalid after anything that may change the list.
#[inline(always)]
pub fn list_items<'a>(w: W) -> &'a [W] {
    // SAFETY: callers know that this is a list and look again after each call that may run Python.
    unsafe { (*w.ptr::<WList>()).items.as_slice() }
}

/// Are two exact strs equal?
///
/// # Safety
/// Both are laid out as WStr.
#[inline]
pub unsafe fn str_eq(a: W, b: W) -> bool {
    if a == b {
        return true;
    }
    let (p, q) = (a.ptr::<WStr>(), b.ptr::<WStr>());
    if (*p).nbytes != (*q).nbytes || (*p).header.aux[0] != (*q).header.aux[0] {
        return false;
    }
    let n = (*p).nbytes;
    std::slice::from_raw_parts(p.add(1) as *const u8, n) == std::slice::from_raw_parts(q.add(1) as *const u8, n)
}

/// Order of two exact strs by code points.
///
/// # Safety
/// Both are laid out as WStr.
pub unsafe fn str_cmp(a: W, b: W) -> Ordering {
    unsafe fn chars<'a, T>(p: *mut WStr) -> &'a [T] {
        std::slice::from_raw_parts(p.add(1) as *const T, (*p).nbytes / size_of::<T>())
    }
    unsafe fn char_at(p: *mut WStr, i: usize) -> u32 {
        match (*p).header.aux[0] {
            0 => chars::<u8>(p)[i] as u32,
            1 => chars::<u16>(p)[i] as u32,
            _ => chars::<u32>(p)[i],
        }
    }
    let (p, q) = (a.ptr::<WStr>(), b.ptr::<WStr>());
    match ((*p).header.aux[0], (*q).header.aux[0]) {
        (0, 0) => chars::<u8>(p).cmp(chars::<u8>(q)),
        (1, 1) => chars::<u16>(p).cmp(chars::<u16>(q)),
        (2, 2) => chars::<u32>(p).cmp(chars::<u32>(q)),
        (k, l) => {
            let (n, m) = ((*p).nbytes >> k, (*q).nbytes >> l);
            for i in 0..n.min(m) {
                match char_at(p, i).cmp(&char_at(q, i)) {
                    Ordering::Equal => {}
                    o => return o,
                }
            }
            n.cmp(&m)
        }
    }
}

/// Identity or equality, without a call where both are small ints or exact strs.
#[inline]
pub fn eq(sp: Space, a: W, b: W) -> Res<bool> {
    if a == b {
        return Ok(true);
    }
    if a.is_int() && b.is_int() {
        return Ok(false);
    }
    if is_str(a) && is_str(b) {
        // SAFETY: both are exact strs.
        return Ok(unsafe { str_eq(a, b) });
    }
    sp.eq_w(a, b)
}

/// Does an order satisfy a comparison operator?
pub fn satisfies(op: u32, o: Ordering) -> bool {
    match op {
        LT => o.is_lt(),
        LE => o.is_le(),
        EQ => o.is_eq(),
        NE => o.is_ne(),
        GT => o.is_gt(),
        _ => o.is_ge(),
    }
}

/// a OP b by the operator's number.
pub fn compare(sp: Space, op: u32, a: W, b: W) -> Res<W> {
    if a.is_int() && b.is_int() {
        return Ok(W::bool(satisfies(op, (a.0 as i64).cmp(&(b.0 as i64)))));
    }
    match op {
        LT => sp.lt(a, b),
        LE => sp.le(a, b),
        EQ => sp.eq(a, b),
        NE => sp.ne(a, b),
        GT => sp.gt(a, b),
        _ => sp.ge(a, b),
    }
}

/// Lexicographic comparison; `items` is asked again after each element, since comparing may change a list.
pub fn compare_sequences(sp: Space, a: W, b: W, op: u32, items: fn(W) -> &'static [W]) -> Res<W> {
    if (op == EQ || op == NE) && items(a).len() != items(b).len() {
        return Ok(W::bool(op == NE));
    }
    let mut i = 0;
    loop {
        let (x, y) = (items(a), items(b));
        if i >= x.len() || i >= y.len() {
            return Ok(W::bool(satisfies(op, x.len().cmp(&y.len()))));
        }
        let (x, y) = (x[i], y[i]);
        if eq(sp, x, y)? {
            i += 1;
            continue;
        }
        // The comparison may have taken the items away; then the lengths decide.
        let (x, y) = (items(a), items(b));
        if i >= x.len() || i >= y.len() {
            continue;
        }
        return match op {
            EQ => Ok(W::FALSE),
            NE => Ok(W::TRUE),
            _ => compare(sp, op, x[i], y[i]),
        };
    }
}

/// The class's slots.
#[inline]
pub fn slots<'a>(sp: Space, w: W) -> &'a Slots {
    let row = if w.is_int() { sp.row_of(TID_INT) } else { sp.row_of(sp.row(w).tid) };
    // SAFETY: every row of a class points to its slots, which live as long as the row.
    unsafe { row.slots.as_ref().unwrap_or(&Slots::EMPTY) }
}

/// Has `__index__`.
#[inline]
pub fn has_index(sp: Space, w: W) -> bool {
    w.is_int() || slots(sp, w).index.is_some()
}

/// An int beyond what a small one holds: its value if it fits i64, else its sign.
fn wide(sp: Space, w_int: W) -> Res<Result<i64, bool>> {
    use num_traits::{Signed, ToPrimitive};
    let b = sp.bigint_w(w_int)?;
    Ok(b.to_i64().ok_or(b.is_negative()))
}

/// An index or count; `known` is raised if it does not fit.
pub fn ssize(sp: Space, w: W, known: u32) -> Res<i64> {
    if w.is_int() {
        return Ok(w.untag());
    }
    let w_i = sp.index(w)?;
    if w_i.is_int() {
        return Ok(w_i.untag());
    }
    match wide(sp, w_i)? {
        Ok(i) => Ok(i),
        Err(_) => Err(sp.raise(known, &format!("cannot fit '{}' into an index-sized integer", sp.type_name(w)))),
    }
}

/// A slice's bound, clipped to i64; `default` for None.
pub fn bound(sp: Space, w: W, default: i64) -> Res<i64> {
    if w.is_int() {
        return Ok(w.untag());
    }
    if w.is_none() {
        return Ok(default);
    }
    if !has_index(sp, w) {
        return Err(raise!(sp, TYPE_ERROR, "slice indices must be integers or None or have an __index__ method"));
    }
    clipped(sp, w)
}

/// `__index__` clipped to i64.
pub fn clipped(sp: Space, w: W) -> Res<i64> {
    let w_i = sp.index(w)?;
    if w_i.is_int() {
        return Ok(w_i.untag());
    }
    Ok(match wide(sp, w_i)? {
        Ok(i) => i,
        Err(negative) => {
            if negative {
                i64::MIN
            } else {
                i64::MAX
            }
        }
    })
}

/// Start and stop as `index()` takes them: no None.
pub fn search_bound(sp: Space, w: W) -> Res<i64> {
    if w.is_int() {
        return Ok(w.untag());
    }
    if !has_index(sp, w) {
        return Err(raise!(sp, TYPE_ERROR, "slice indices must be integers or have an __index__ method"));
    }
    clipped(sp, w)
}

/// Bounds of `index(x, start, stop)` within `len`.
pub fn search_range(start: i64, stop: i64, len: usize) -> (usize, usize) {
    let len = len as i64;
    let fix = |i: i64| if i < 0 { i.saturating_add(len).max(0) } else { i };
    (fix(start) as usize, fix(stop) as usize)
}

/// The module and qualified name of a class, for messages; without module for builtins and the main program.
pub fn full_type_name(sp: Space, w: W) -> String {
    let name = sp.type_(w).and_then(|t| {
        let q = sp.string_w(sp.getattr(t, name!(sp, "__qualname__"))?)?;
        let w_m = sp.getattr(t, name!(sp, "__module__"))?;
        Ok(match sp.text_opt(w_m) {
            Some(m) if !m.eq_str("builtins") && !m.eq_str("__main__") => format!("{}.{q}", m.to_str()),
            _ => q,
        })
    });
    name.unwrap_or_else(|_| {
        sp.take_exc();
        "?".into()
    })
}

/// `types.GenericAlias(origin, args)`.
pub fn generic_alias(sp: Space, w_origin: W, w_args: W) -> Res<W> {
    crate::types::genericalias::new_alias(sp, w_origin, w_args)
}

/// The class with type arguments, as in annotations.
#[interp_fn(classmethod, name = "__class_getitem__", sig = "(cls, object, /)")]
pub fn class_getitem(sp: Space, w_cls: W, w_item: W) -> Res<W> {
    generic_alias(sp, w_cls, w_item)
}

thread_local! {
    /// Addresses of the objects whose repr is being made; each is also on the stack of the function that makes it.
    static REPRS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}
/// Stands for "the repr of this object is being made".
pub struct ReprGuard(());
impl Drop for ReprGuard {
    fn drop(&mut self) {
        REPRS.with_borrow_mut(|v| v.pop());
    }
}
/// None: the object's repr is being made further out.
pub fn repr_guard(w: W) -> Option<ReprGuard> {
    REPRS.with_borrow_mut(|v| {
        if v.contains(&w.0) {
            return None;
        }
        v.push(w.0);
        Some(ReprGuard(()))
    })
}

/// Collects text of reprs, surrogates included.
pub struct ReprText(Vec<u8>);
impl ReprText {
    /// Begins with some text.
    pub fn new(s: &str) -> ReprText {
        ReprText(s.as_bytes().to_vec())
    }
    /// Appends text.
    pub fn push(&mut self, s: &str) {
        self.0.extend_from_slice(s.as_bytes())
    }
    /// Appends repr(w).
    pub fn repr(&mut self, sp: Space, w: W) -> Res<()> {
        let w_r = sp.repr(w)?;
        self.0.extend_from_slice(&sp.text_w(w_r)?.to_wtf8());
        Ok(())
    }
    /// The whole as a str.
    pub fn finish(self, sp: Space) -> Res<W> {
        sp.newstr_wtf8(&self.0)
    }
}

/// The barrier before a bulk store to [lo, hi) of `obj`.
///
/// # Safety
/// The range lies in `obj`; the store follows at once.
#[inline]
pub unsafe fn barrier_range(sp: Space, obj: W, lo: *mut W, hi: *mut W) {
    if obj.header().gc & taipan_abi::gc::GC_BARRIER != 0 && hi > lo {
        ((*sp.thread().gcvt).wb_range)(sp.th().cast(), obj.ptr(), lo, hi)
    }
}

/// "NAME expected at most N arguments, got M" and the like, for functions that take their arguments raw.
pub fn check_arity(sp: Space, name: &str, got: usize, min: usize, max: usize) -> Res<()> {
    if got < min {
        let (how, s) = (if min == max { "" } else { "at least " }, if min == 1 { "" } else { "s" });
        return Err(raise!(sp, TYPE_ERROR, "{name} expected {how}{min} argument{s}, got {got}"));
    }
    if got > max {
        let (how, s) = (if min == max { "" } else { "at most " }, if max == 1 { "" } else { "s" });
        return Err(raise!(sp, TYPE_ERROR, "{name} expected {how}{max} argument{s}, got {got}"));
    }
    Ok(())
}
/// For `__new__`: TypeError "NAME() takes no keyword arguments", for the class of row `tid` and those that inherit its `__init__`.
pub fn no_keywords(sp: Space, name: &str, w_type: W, tid: u32, a: &Args) -> Res<()> {
    no_keywords_if_same(sp, name, w_type, tid, a, |s| s.init.map(|f| f as usize))
}
/// The same for `__init__`: for classes that inherit its `__new__`.
pub fn init_no_keywords(sp: Space, name: &str, w_type: W, tid: u32, a: &Args) -> Res<()> {
    no_keywords_if_same(sp, name, w_type, tid, a, |s| s.new.map(|f| f as usize))
}
fn no_keywords_if_same(
    sp: Space,
    name: &str,
    w_type: W,
    tid: u32,
    a: &Args,
    slot: fn(&Slots) -> Option<usize>,
) -> Res<()> {
    if a.kwnames.is_null() {
        return Ok(());
    }
    // SAFETY: a class and a row point to their slots.
    let (own, other) = unsafe { (sp.row_of(tid).slots.as_ref(), this::<WType>(w_type).slots.as_ref()) };
    if own.and_then(slot) == other.and_then(slot) { a.no_keywords(sp, name) } else { Ok(()) }
}
/// A function of the builtins module, for `__reduce__`.
pub fn builtin(sp: Space, name: &str) -> Res<W> {
    sp.builtin(sp.intern(name))
}

/// A table of binary operators.
pub const fn binary(
    list: &[(taipan_abi::opcode::BinOp, taipan_abi::types::BinaryFn)],
) -> [Option<taipan_abi::types::BinaryFn>; 13] {
    let mut table = [None; 13];
    let mut i = 0;
    while i < list.len() {
        table[list[i].0 as usize] = Some(list[i].1);
        i += 1;
    }
    table
}
