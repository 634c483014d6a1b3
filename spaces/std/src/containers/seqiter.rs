//! Iterators of sequences: list, tuple, list backwards, and `reversed` of anything with a length and items.

use super::util::*;
use crate::layouts::WSeqIter;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::setfield;

typespec!(
    /// The type `list_iterator`.
    pub LIST_ITER: WSeqIter, "list_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(list_next), ..Slots::EMPTY },
    methods: methods![length_hint, reduce, setstate],
});
typespec!(
    /// The type `tuple_iterator`.
    pub TUPLE_ITER: WSeqIter, "tuple_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(tuple_next), ..Slots::EMPTY },
    methods: methods![length_hint, reduce, setstate],
});
typespec!(
    /// The type `list_reverseiterator`.
    pub LIST_REV_ITER: WSeqIter, "list_reverseiterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(list_prev), ..Slots::EMPTY },
    methods: methods![reverse_length_hint, reverse_reduce, reverse_setstate],
});
/// An iterator of one of the rows with this layout. `index` of the reverse one is one past the next item.
#[inline]
pub fn new(sp: Space, tid: u32, w_seq: W, index: usize) -> Res<W> {
    // SAFETY: callers name a row of this layout; the object is new.
    unsafe {
        let w = sp.alloc(tid, size_of::<WSeqIter>())?;
        let it = w.ptr::<WSeqIter>();
        (*it).w_seq = w_seq;
        (*it).index = index;
        Ok(w)
    }
}
/// The iterator itself: `__iter__` of every iterator.
#[slot]
pub fn iter_self(_sp: Space, w_self: W) -> Res<W> {
    Ok(w_self)
}

#[inline(always)]
fn step(w_self: W, items: impl FnOnce(W) -> &'static [W]) -> Option<W> {
    let mut it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        return None;
    }
    match items(it.w_seq).get(it.index) {
        Some(w) => {
            it.index += 1;
            Some(*w)
        }
        None => {
            it.w_seq = W::NULL;
            None
        }
    }
}
#[slot]
fn list_next(_sp: Space, w_self: W) -> Res<Option<W>> {
    Ok(step(w_self, list_items))
}
#[slot]
fn tuple_next(_sp: Space, w_self: W) -> Res<Option<W>> {
    Ok(step(w_self, tuple_items))
}
#[slot]
fn list_prev(_sp: Space, w_self: W) -> Res<Option<W>> {
    let mut it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        return Ok(None);
    }
    let found = it.index.checked_sub(1).and_then(|i| list_items(it.w_seq).get(i).copied());
    if found.is_some() {
        it.index -= 1
    } else {
        it.w_seq = W::NULL
    }
    Ok(found)
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn length_hint(_sp: Space, w_self: W) -> Res<usize> {
    let it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        return Ok(0);
    }
    let n = if exact(w_self, TID_TUPLE_ITER) { tuple_items(it.w_seq).len() } else { list_items(it.w_seq).len() };
    Ok(n.saturating_sub(it.index))
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn reverse_length_hint(_sp: Space, w_self: W) -> Res<usize> {
    let it = this::<WSeqIter>(w_self);
    let live = !it.w_seq.is_null() && it.index <= list_items(it.w_seq).len();
    Ok(if live { it.index } else { 0 })
}
fn reduced(sp: Space, w_function: W, w_arg: W, index: i64) -> Res<W> {
    let w_args = sp.newtuple(&[w_arg])?;
    sp.newtuple(&[w_function, w_args, sp.newint(index)])
}
fn reduced_empty(sp: Space, w_function: W, tuple: bool) -> Res<W> {
    let w_empty = if tuple { sp.newtuple(&[])? } else { sp.newlist(&[])? };
    let w_args = sp.newtuple(&[w_empty])?;
    sp.newtuple(&[w_function, w_args])
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reduce(sp: Space, w_self: W) -> Res<W> {
    // The look into the builtins may run code, so it comes before the look at the iterator; the same below.
    let w_iter = builtin(sp, "iter")?;
    let it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        return reduced_empty(sp, w_iter, exact(w_self, TID_TUPLE_ITER));
    }
    reduced(sp, w_iter, it.w_seq, it.index as i64)
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reverse_reduce(sp: Space, w_self: W) -> Res<W> {
    let w_function = builtin(sp, if this::<WSeqIter>(w_self).w_seq.is_null() { "iter" } else { "reversed" })?;
    let it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        reduced_empty(sp, w_function, false)
    } else {
        reduced(sp, w_function, it.w_seq, it.index as i64 - 1)
    }
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let i = sp.int_w(w_state)?.max(0) as usize;
    let mut it = this::<WSeqIter>(w_self);
    if it.w_seq.is_null() {
        return Ok(());
    }
    it.index = match sp.layout(w_self) {
        TID_LIST_ITER => i.min(list_items(it.w_seq).len()),
        _ => i.min(tuple_items(it.w_seq).len()),
    };
    Ok(())
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn reverse_setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let i = sp.int_w(w_state)?;
    let mut it = this::<WSeqIter>(w_self);
    if !it.w_seq.is_null() {
        it.index = i.clamp(-1, list_items(it.w_seq).len() as i64 - 1).wrapping_add(1) as usize;
    }
    Ok(())
}

/// reversed
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WReversed {
    pub header: Header,
    /// NULL when exhausted.
    pub w_seq: W,
    /// The next index.
    pub index: i64,
}
typespec!(
    /// The type `reversed`.
    pub REVERSED: WReversed, "reversed", {
    doc: Str::new("The items of a sequence from the last to the first."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(reversed_new), iter: Some(iter_self), next: Some(reversed_next), ..Slots::EMPTY },
    methods: methods![reversed_length_hint, reversed_reduce, reversed_setstate],
});
#[slot]
fn reversed_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let plain = w_type == sp.row_of(TID_REVERSED).w_type;
    no_keywords(sp, "reversed", w_type, TID_REVERSED, &args)?;
    check_arity(sp, "reversed", args.n, 1, 1)?;
    let w_seq = args.positional()[0];
    let not_reversible = || Err(sp.type_error(&format!("'{}' object is not reversible", sp.type_name(w_seq))));
    if let Some(w_method) = sp.lookup_special(w_seq, name!(sp, "__reversed__"))? {
        return if w_method.is_none() { not_reversible() } else { sp.call(w_method, &[]) };
    }
    let s = slots(sp, w_seq);
    if s.getitem.is_none() || s.len.is_none() || is_dict(sp, w_seq) {
        return not_reversible();
    }
    let n = sp.len(w_seq)?;
    let w = if plain {
        // SAFETY: the row's layout.
        unsafe { sp.alloc(TID_REVERSED, size_of::<WReversed>())? }
    } else {
        sp.allocate(w_type, 0)?
    };
    setfield!(sp, w, WReversed, w_seq, w_seq);
    this::<WReversed>(w).index = n - 1;
    Ok(w)
}
#[slot]
fn reversed_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let mut it = this::<WReversed>(w_self);
    if it.w_seq.is_null() || it.index < 0 {
        it.w_seq = W::NULL;
        return Ok(None);
    }
    match sp.getitem(it.w_seq, sp.newint(it.index)) {
        Ok(w) => {
            it.index -= 1;
            Ok(Some(w))
        }
        Err(r) => {
            it.w_seq = W::NULL;
            if sp.catch(known::INDEX_ERROR) || sp.catch(known::STOP_ITERATION) { Ok(None) } else { Err(r) }
        }
    }
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn reversed_length_hint(sp: Space, w_self: W) -> Res<i64> {
    let it = this::<WReversed>(w_self);
    if it.w_seq.is_null() {
        return Ok(0);
    }
    let n = sp.len(it.w_seq)?;
    Ok(if n < it.index + 1 { 0 } else { it.index + 1 })
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reversed_reduce(sp: Space, w_self: W) -> Res<W> {
    let it = this::<WReversed>(w_self);
    let w_type = sp.type_(w_self)?;
    if it.w_seq.is_null() {
        let w_args = sp.newtuple(&[sp.newtuple(&[])?])?;
        return sp.newtuple(&[w_type, w_args]);
    }
    let w_args = sp.newtuple(&[it.w_seq])?;
    sp.newtuple(&[w_type, w_args, sp.newint(it.index)])
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn reversed_setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let i = sp.int_w(w_state)?;
    let mut it = this::<WReversed>(w_self);
    if !it.w_seq.is_null() {
        let n = sp.len(it.w_seq)?;
        it.index = i.clamp(-1, n - 1);
    }
    Ok(())
}
