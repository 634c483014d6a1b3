//! dict_keys, dict_values, dict_items.

use super::dict;
use super::dict_iter;
use super::set;
use super::tids;
use super::util::*;
use taipan_abi::opcode::BinOp;
use taipan_abi::types::BinaryFn;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// What a view or iterator shows.
pub const KEYS: u64 = 0;
#[allow(missing_docs)]
pub const VALUES: u64 = 1;
#[allow(missing_docs)]
pub const ITEMS: u64 = 2;

/// A view.
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WView {
    pub header: Header,
    pub w_dict: W,
}

const SET_OPS: [Option<BinaryFn>; 13] =
    binary(&[(BinOp::Sub, view_sub), (BinOp::And, view_and), (BinOp::Or, view_or), (BinOp::Xor, view_xor)]);

typespec!(
    /// The type `dict_keys`.
    pub DICT_KEYS: WView, "dict_keys", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots {
        repr: Some(view_repr), len: Some(view_len), iter: Some(view_iter), contains: Some(view_contains),
        compare: Some(view_compare), binary: SET_OPS, ..Slots::EMPTY
    },
    methods: methods![isdisjoint, reversed],
    getset: table![getset!("mapping", mapping)],
});
typespec!(
    /// The type `dict_items`.
    pub DICT_ITEMS: WView, "dict_items", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots {
        repr: Some(view_repr), len: Some(view_len), iter: Some(view_iter), contains: Some(view_contains),
        compare: Some(view_compare), binary: SET_OPS, ..Slots::EMPTY
    },
    methods: methods![isdisjoint, reversed],
    getset: table![getset!("mapping", mapping)],
});
typespec!(
    /// The type `dict_values`.
    pub DICT_VALUES: WView, "dict_values", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { repr: Some(view_repr), len: Some(view_len), iter: Some(view_iter), ..Slots::EMPTY },
    methods: methods![reversed],
    getset: table![getset!("mapping", mapping)],
});

/// A view of a dict.
pub fn new(sp: Space, w_dict: W, what: u64) -> Res<W> {
    // SAFETY: the three rows have this layout; the object is new.
    unsafe {
        let w = sp.alloc(tids::DICT_VIEW[what as usize], size_of::<WView>())?;
        (*w.ptr::<WView>()).w_dict = w_dict;
        Ok(w)
    }
}

/// What a word shows if it is a view.
fn kind(sp: Space, w: W) -> Option<u64> {
    let layout = sp.layout(w);
    tids::DICT_VIEW.iter().position(|t| *t == layout).map(|i| i as u64)
}
fn kind_of(sp: Space, w: W) -> u64 {
    kind(sp, w).unwrap_or(KEYS)
}
fn dict_of(w: W) -> W {
    this::<WView>(w).w_dict
}

#[slot]
fn view_len(_sp: Space, w_self: W) -> Res<i64> {
    Ok(dict::len(dict_of(w_self)) as i64)
}
#[slot]
fn view_iter(sp: Space, w_self: W) -> Res<W> {
    dict_iter::new(sp, dict_of(w_self), kind_of(sp, w_self))
}
/// A reverse iterator over the view.
#[interp_fn(method, name = "__reversed__", sig = "(self, /)")]
fn reversed(sp: Space, w_self: W) -> Res<W> {
    dict_iter::new_reverse(sp, dict_of(w_self), kind_of(sp, w_self))
}
#[slot]
fn mapping(sp: Space, w_self: W) -> Res<W> {
    sp.call(sp.known(known::MAPPINGPROXY), &[dict_of(w_self)])
}
#[slot]
fn view_repr(sp: Space, w_self: W) -> Res<W> {
    let Some(_guard) = repr_guard(w_self) else { return sp.newstr("...") };
    let w_list = super::list::from_iterable(sp, w_self)?;
    let mut out = ReprText::new(&format!("{}(", sp.type_name(w_self)));
    out.repr(sp, w_list)?;
    out.push(")");
    out.finish(sp)
}

fn contains(sp: Space, w_self: W, w_item: W) -> Res<bool> {
    let w_dict = dict_of(w_self);
    if kind_of(sp, w_self) == KEYS {
        return Ok(dict::find(sp, w_dict, w_item)?.is_some());
    }
    if !is_tuple(sp, w_item) {
        return Ok(false);
    }
    let &[w_key, w_value] = tuple_items(w_item) else { return Ok(false) };
    match dict::get(sp, w_dict, w_key)? {
        Some(w) => eq(sp, w, w_value),
        None => Ok(false),
    }
}
#[slot]
fn view_contains(sp: Space, w_self: W, w_item: W) -> Res<bool> {
    contains(sp, w_self, w_item)
}

fn all_contained(sp: Space, w_a: W, w_b: W) -> Res<bool> {
    let mut all = true;
    sp.for_each(w_a, |w| {
        all = sp.contains(w_b, w)?;
        Ok(all)
    })?;
    Ok(all)
}

#[slot]
fn view_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if !is_anyset(sp, w_b) && !matches!(kind(sp, w_b), Some(KEYS | ITEMS)) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (n, m) = (sp.len(w_a)?, sp.len(w_b)?);
    let yes = match op {
        EQ => n == m && all_contained(sp, w_a, w_b)?,
        NE => !(n == m && all_contained(sp, w_a, w_b)?),
        LT => n < m && all_contained(sp, w_a, w_b)?,
        LE => n <= m && all_contained(sp, w_a, w_b)?,
        GT => n > m && all_contained(sp, w_b, w_a)?,
        _ => n >= m && all_contained(sp, w_b, w_a)?,
    };
    Ok(W::bool(yes))
}

/// A set of a view or of any iterable.
fn to_set(sp: Space, w: W) -> Res<W> {
    if kind(sp, w) == Some(KEYS) {
        return set::from_iterable(sp, dict_of(w), TID_SET);
    }
    set::from_iterable(sp, w, TID_SET)
}

#[slot]
fn view_sub(sp: Space, w_a: W, w_b: W) -> Res<W> {
    let w = to_set(sp, w_a)?;
    set::remove_all(sp, w, w_b)?;
    Ok(w)
}
#[slot]
fn view_or(sp: Space, w_a: W, w_b: W) -> Res<W> {
    let w = to_set(sp, w_a)?;
    set::add_all(sp, w, w_b)?;
    Ok(w)
}
#[slot]
fn view_xor(sp: Space, w_a: W, w_b: W) -> Res<W> {
    let w = to_set(sp, w_a)?;
    set::toggle_all(sp, w, w_b)?;
    Ok(w)
}
#[slot]
fn view_and(sp: Space, w_a: W, w_b: W) -> Res<W> {
    // The result has the members of the operand that is walked.
    let (mut w_view, mut w_other) = if kind(sp, w_a).is_some() { (w_a, w_b) } else { (w_b, w_a) };
    if kind(sp, w_other).is_some() && sp.len(w_other)? > sp.len(w_view)? {
        (w_view, w_other) = (w_other, w_view);
    }
    let w = set::new(sp, TID_SET)?;
    sp.for_each(w_other, |w_item| {
        if contains(sp, w_view, w_item)? {
            set::add(sp, w, w_item)?
        }
        Ok(true)
    })?;
    Ok(w)
}

/// True if the view and the iterable have no element in common.
#[interp_fn(method, sig = "(self, other, /)")]
fn isdisjoint(sp: Space, w_self: W, w_other: W) -> Res<bool> {
    if w_self == w_other {
        return Ok(dict::len(dict_of(w_self)) == 0);
    }
    let (mut w_view, mut w_other) = (w_self, w_other);
    if matches!(kind(sp, w_other), Some(KEYS | ITEMS)) && sp.len(w_other)? > sp.len(w_view)? {
        (w_view, w_other) = (w_other, w_view);
    }
    let mut disjoint = true;
    sp.for_each(w_other, |w| {
        disjoint = !contains(sp, w_view, w)?;
        Ok(disjoint)
    })?;
    Ok(disjoint)
}
