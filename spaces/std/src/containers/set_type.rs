//! The types set and frozenset and their iterator.

use super::set::{self, find};
use super::table;
use super::tids;
use super::util::*;
use crate::layouts::WSet;
use taipan_abi::opcode::BinOp;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

typespec!(
    /// The type `set`.
    pub SET: WSet, "set", {
    doc: Str::new("A collection of distinct hashable elements that can be changed."),
    flags: ty::BASETYPE | ty::WEAKREF,
    slots: &Slots {
        repr: Some(set_repr), compare: Some(set_compare), iter: Some(set_iter), new: Some(set_new), init: Some(set_init),
        len: Some(set_len), contains: Some(set_contains),
        binary: binary(&[(BinOp::Sub, set_sub), (BinOp::And, set_and), (BinOp::Or, set_or), (BinOp::Xor, set_xor)]),
        inplace: binary(&[(BinOp::Sub, set_isub), (BinOp::And, set_iand), (BinOp::Or, set_ior), (BinOp::Xor, set_ixor)]),
        ..Slots::EMPTY
    },
    methods: methods![
        add, clear, copy, discard, difference, difference_update, intersection, intersection_update, isdisjoint, issubset,
        issuperset, pop, reduce, remove, sizeof, symmetric_difference, symmetric_difference_update, union, update, class_getitem
    ],
});
typespec!(
    /// The type `frozenset`.
    pub FROZENSET: WSet, "frozenset", {
    doc: Str::new("A fixed, hashable collection of distinct hashable elements."),
    flags: ty::BASETYPE | ty::WEAKREF,
    slots: &Slots {
        repr: Some(set_repr), compare: Some(set_compare), hash: Some(frozenset_hash), iter: Some(set_iter),
        new: Some(frozenset_new), len: Some(set_len), contains: Some(set_contains),
        binary: binary(&[(BinOp::Sub, set_sub), (BinOp::And, set_and), (BinOp::Or, set_or), (BinOp::Xor, set_xor)]),
        ..Slots::EMPTY
    },
    methods: methods![
        copy, difference, intersection, isdisjoint, issubset, issuperset, reduce, sizeof, symmetric_difference, union, class_getitem
    ],
});

#[slot]
fn set_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    if w_type == sp.row_of(TID_SET).w_type { set::new(sp, TID_SET) } else { sp.allocate(w_type, 0) }
}
#[slot]
fn set_init(sp: Space, w_self: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "set")?;
    check_arity(sp, "set", args.n, 0, 1)?;
    set::clear(w_self);
    match args.positional() {
        [w_iterable] => set::add_all(sp, w_self, *w_iterable),
        _ => Ok(()),
    }
}
#[slot]
fn frozenset_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let plain = w_type == sp.row_of(TID_FROZENSET).w_type;
    no_keywords(sp, "frozenset", w_type, TID_FROZENSET, &args)?;
    check_arity(sp, "frozenset", args.n, 0, 1)?;
    if plain
        && let [w_arg] = args.positional()
        && exact(*w_arg, TID_FROZENSET)
    {
        return Ok(*w_arg);
    }
    let w = if plain { set::new(sp, TID_FROZENSET)? } else { sp.allocate(w_type, 0)? };
    if let [w_arg] = args.positional() {
        set::add_all(sp, w, *w_arg)?
    }
    Ok(w)
}
#[slot]
fn set_len(_sp: Space, w_self: W) -> Res<i64> {
    Ok(set::len(w_self) as i64)
}
#[slot]
fn set_contains(sp: Space, w_self: W, w_item: W) -> Res<bool> {
    set::contains(sp, w_self, w_item)
}
#[slot]
fn frozenset_hash(_sp: Space, w_self: W) -> Res<i64> {
    Ok(set::frozen_hash(w_self) as i64)
}

#[slot]
fn set_repr(sp: Space, w_self: W) -> Res<W> {
    let name = sp.type_name(w_self);
    if set::len(w_self) == 0 {
        return sp.newstr(&format!("{name}()"));
    }
    let Some(_guard) = repr_guard(w_self) else { return sp.newstr(&format!("{name}(...)")) };
    let plain = exact(w_self, TID_SET);
    let mut out = ReprText::new(&if plain { "{".to_string() } else { format!("{name}({{") });
    let (mut pos, mut first) = (0, true);
    while let Some(e) = set::next(w_self, &mut pos) {
        if !first {
            out.push(", ")
        }
        first = false;
        out.repr(sp, e.w_key)?;
    }
    out.push(if plain { "}" } else { "})" });
    out.finish(sp)
}

fn equal(sp: Space, w_a: W, w_b: W) -> Res<bool> {
    let (a, b) = (this::<WSet>(w_a), this::<WSet>(w_b));
    if a.len != b.len || a.hash != 0 && b.hash != 0 && a.hash != b.hash {
        return Ok(false);
    }
    set::is_subset(sp, w_a, w_b)
}

#[slot]
fn set_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if !is_anyset(sp, w_a) || !is_anyset(sp, w_b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (n, m) = (set::len(w_a), set::len(w_b));
    Ok(W::bool(match op {
        EQ => equal(sp, w_a, w_b)?,
        NE => !equal(sp, w_a, w_b)?,
        LE => set::is_subset(sp, w_a, w_b)?,
        GE => set::is_subset(sp, w_b, w_a)?,
        LT => n < m && set::is_subset(sp, w_a, w_b)?,
        _ => m < n && set::is_subset(sp, w_b, w_a)?,
    }))
}

/// The row of results: set for sets and subclasses, frozenset likewise.
fn base(sp: Space, w: W) -> u32 {
    sp.layout(w)
}

macro_rules! operator {
    ($($name:ident($a:ident, $b:ident, $sp:ident) { $($body:tt)* })*) => { $(
        #[slot]
        fn $name($sp: Space, $a: W, $b: W) -> Res<W> {
            if !is_anyset($sp, $a) || !is_anyset($sp, $b) {
                return Ok(W::NOT_IMPLEMENTED);
            }
            $($body)*
        }
    )* };
}
operator! {
    set_sub(a, b, sp) { set::difference(sp, a, b, base(sp, a)) }
    set_and(a, b, sp) { set::intersection(sp, a, b, base(sp, a)) }
    set_or(a, b, sp) {
        let w = set::copy(sp, a, base(sp, a))?;
        set::add_all(sp, w, b)?;
        Ok(w)
    }
    set_xor(a, b, sp) {
        let w = set::copy(sp, a, base(sp, a))?;
        set::toggle_all(sp, w, b)?;
        Ok(w)
    }
    set_isub(a, b, sp) {
        set::remove_all(sp, a, b)?;
        Ok(a)
    }
    set_iand(a, b, sp) {
        let w = set::intersection(sp, a, b, TID_SET)?;
        set::replace(sp, a, w);
        Ok(a)
    }
    set_ior(a, b, sp) {
        set::add_all(sp, a, b)?;
        Ok(a)
    }
    set_ixor(a, b, sp) {
        set::toggle_all(sp, a, b)?;
        Ok(a)
    }
}

/// Add an element.
#[interp_fn(method, sig = "(self, object, /)")]
fn add(sp: Space, w_self: W, w_item: W) -> Res<()> {
    set::add(sp, w_self, w_item)
}
/// Remove all elements.
#[interp_fn(method, sig = "(self, /)")]
fn clear(_sp: Space, w_self: W) -> Res<()> {
    set::clear(w_self);
    Ok(())
}
/// A shallow copy.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w_self: W) -> Res<W> {
    if exact(w_self, TID_FROZENSET) { Ok(w_self) } else { set::copy(sp, w_self, base(sp, w_self)) }
}
/// Remove an element if it is there.
#[interp_fn(method, sig = "(self, object, /)")]
fn discard(sp: Space, w_self: W, w_item: W) -> Res<()> {
    set::discard(sp, w_self, w_item).map(|_| ())
}
/// Remove an element; KeyError if it is not there.
#[interp_fn(method, sig = "(self, object, /)")]
fn remove(sp: Space, w_self: W, w_item: W) -> Res<()> {
    if set::discard(sp, w_self, w_item)? { Ok(()) } else { Err(sp.key_error(w_item)) }
}
/// Remove and give an arbitrary element.
#[interp_fn(method, sig = "(self, /)")]
fn pop(sp: Space, w_self: W) -> Res<W> {
    set::pop(w_self).ok_or_else(|| raise!(sp, KEY_ERROR, "pop from an empty set"))
}
/// The elements that are in no other.
#[interp_fn(method, sig = "(self, /, *others)")]
fn difference(sp: Space, w_self: W, w_others: W) -> Res<W> {
    let tid = base(sp, w_self);
    let Some((first, rest)) = tuple_items(w_others).split_first() else { return set::copy(sp, w_self, tid) };
    let w = set::difference(sp, w_self, *first, tid)?;
    for w_other in rest {
        set::remove_all(sp, w, *w_other)?
    }
    Ok(w)
}
/// Remove the elements of the others.
#[interp_fn(method, sig = "(self, /, *others)")]
fn difference_update(sp: Space, w_self: W, w_others: W) -> Res<()> {
    tuple_items(w_others).iter().try_for_each(|w| set::remove_all(sp, w_self, *w))
}
fn common(sp: Space, w_self: W, w_others: W, tid: u32) -> Res<W> {
    let others = tuple_items(w_others);
    let Some((first, rest)) = others.split_first() else { return set::copy(sp, w_self, tid) };
    let mut w = set::intersection(sp, w_self, *first, tid)?;
    for w_other in rest {
        w = set::intersection(sp, w, *w_other, tid)?
    }
    Ok(w)
}
/// The elements that are in all others too.
#[interp_fn(method, sig = "(self, /, *others)")]
fn intersection(sp: Space, w_self: W, w_others: W) -> Res<W> {
    common(sp, w_self, w_others, base(sp, w_self))
}
/// Keep the elements that are in all others too.
#[interp_fn(method, sig = "(self, /, *others)")]
fn intersection_update(sp: Space, w_self: W, w_others: W) -> Res<()> {
    let w = common(sp, w_self, w_others, TID_SET)?;
    set::replace(sp, w_self, w);
    Ok(())
}
/// True if there is no common element.
#[interp_fn(method, sig = "(self, other, /)")]
fn isdisjoint(sp: Space, w_self: W, w_other: W) -> Res<bool> {
    set::is_disjoint(sp, w_self, w_other)
}
/// True if the other has all elements of this.
#[interp_fn(method, sig = "(self, other, /)")]
fn issubset(sp: Space, w_self: W, w_other: W) -> Res<bool> {
    if is_anyset(sp, w_other) {
        return set::is_subset(sp, w_self, w_other);
    }
    let w = set::intersection(sp, w_self, w_other, TID_SET)?;
    Ok(set::len(w) == set::len(w_self))
}
/// True if this has all elements of the other.
#[interp_fn(method, sig = "(self, other, /)")]
fn issuperset(sp: Space, w_self: W, w_other: W) -> Res<bool> {
    if is_anyset(sp, w_other) {
        return set::is_subset(sp, w_other, w_self);
    }
    let mut all = true;
    sp.for_each(w_other, |w| {
        all = find(sp, w_self, w)?.is_some();
        Ok(all)
    })?;
    Ok(all)
}
/// The elements that are in exactly one of both.
#[interp_fn(method, sig = "(self, other, /)")]
fn symmetric_difference(sp: Space, w_self: W, w_other: W) -> Res<W> {
    let w = set::copy(sp, w_self, base(sp, w_self))?;
    set::toggle_all(sp, w, w_other)?;
    Ok(w)
}
/// Keep the elements that are in exactly one of both.
#[interp_fn(method, sig = "(self, other, /)")]
fn symmetric_difference_update(sp: Space, w_self: W, w_other: W) -> Res<()> {
    set::toggle_all(sp, w_self, w_other)
}
/// The elements of this and all others.
#[interp_fn(method, sig = "(self, /, *others)")]
fn union(sp: Space, w_self: W, w_others: W) -> Res<W> {
    let w = set::copy(sp, w_self, base(sp, w_self))?;
    for w_other in tuple_items(w_others) {
        set::add_all(sp, w, *w_other)?
    }
    Ok(w)
}
/// Add the elements of the others.
#[interp_fn(method, sig = "(self, /, *others)")]
fn update(sp: Space, w_self: W, w_others: W) -> Res<()> {
    tuple_items(w_others).iter().try_for_each(|w| set::add_all(sp, w_self, *w))
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reduce(sp: Space, w_self: W) -> Res<W> {
    let w_list = super::list::from_iterable(sp, w_self)?;
    let w_args = sp.newtuple(&[w_list])?;
    let w_state =
        if exact(w_self, base(sp, w_self)) { W::NONE } else { sp.call_method(w_self, name!(sp, "__getstate__"), &[])? };
    sp.newtuple(&[sp.type_(w_self)?, w_args, w_state])
}
/// Size in memory in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(_sp: Space, w_self: W) -> Res<usize> {
    Ok(size_of::<WSet>() + table::bytes(this::<WSet>(w_self).w_keys))
}

/// An iterator of a set.
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WSetIter {
    pub header: Header,
    /// NULL when exhausted.
    pub w_set: W,
    pub index: usize,
    /// The set's length when the iterator was made, and how many elements are to come.
    pub len: usize,
    pub left: usize,
}
typespec!(
    /// The type `set_iterator`.
    pub SET_ITER: WSetIter, "set_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(iter_next), ..Slots::EMPTY },
    methods: methods![iter_length_hint, iter_reduce],
});
#[slot]
fn set_iter(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let w = sp.alloc(tids::SET_ITER, size_of::<WSetIter>())?;
        let it = w.ptr::<WSetIter>();
        (*it).w_set = w_self;
        (*it).len = set::len(w_self);
        (*it).left = (*it).len;
        Ok(w)
    }
}
#[slot]
fn iter_self(_sp: Space, w_self: W) -> Res<W> {
    Ok(w_self)
}
#[slot]
fn iter_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let mut it = this::<WSetIter>(w_self);
    if it.w_set.is_null() {
        return Ok(None);
    }
    if it.len != set::len(it.w_set) {
        it.len = usize::MAX;
        return Err(raise!(sp, RUNTIME_ERROR, "Set changed size during iteration"));
    }
    let mut pos = it.index;
    let Some(e) = set::next(it.w_set, &mut pos) else {
        it.w_set = W::NULL;
        return Ok(None);
    };
    it.index = pos;
    it.left = it.left.saturating_sub(1);
    Ok(Some(e.w_key))
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn iter_length_hint(_sp: Space, w_self: W) -> Res<usize> {
    let it = this::<WSetIter>(w_self);
    Ok(if !it.w_set.is_null() && set::len(it.w_set) == it.len { it.left } else { 0 })
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn iter_reduce(sp: Space, w_self: W) -> Res<W> {
    let w_iter = builtin(sp, "iter")?;
    let it = this::<WSetIter>(w_self);
    let w_list = sp.newlist(&[])?;
    if !it.w_set.is_null() {
        let mut pos = it.index;
        while let Some(e) = set::next(it.w_set, &mut pos) {
            sp.list_append(w_list, e.w_key)?
        }
    }
    let w_args = sp.newtuple(&[w_list])?;
    sp.newtuple(&[w_iter, w_args])
}
