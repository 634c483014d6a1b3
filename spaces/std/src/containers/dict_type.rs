//! The type dict: slots and methods.

use super::dict;
use super::dict_iter;
use super::table;
use super::util::*;
use super::views;
use crate::layouts::WDict;
use taipan_abi::opcode::BinOp;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

typespec!(
    /// The type `dict`.
    pub DICT: WDict, "dict", {
    doc: Str::new("Values by hashable keys, in the order of insertion.\n\nMade from a mapping or an iterable of (key, value) pairs, and from keyword arguments."),
    flags: ty::BASETYPE | ty::MAPPING,
    slots: &Slots {
        repr: Some(dict_repr),
        compare: Some(dict_compare),
        iter: Some(dict_iter::iter_keys),
        new: Some(dict_new),
        init: Some(dict_init),
        len: Some(dict_len),
        getitem: Some(dict_getitem),
        setitem: Some(dict_setitem),
        contains: Some(dict_contains),
        binary: binary(&[(BinOp::Or, dict_or)]),
        inplace: binary(&[(BinOp::Or, dict_ior)]),
        ..Slots::EMPTY
    },
    methods: methods![
        fromkeys, copy, get, setdefault, pop, popitem, update, clear, keys, values, items, reversed, sizeof, class_getitem
    ],
});

#[slot]
fn dict_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    if w_type == sp.row_of(TID_DICT).w_type { dict::new(sp) } else { sp.allocate(w_type, 0) }
}
#[slot]
fn dict_init(sp: Space, w_self: W, args: Args) -> Res<()> {
    dict::update_args(sp, w_self, "dict", args)
}
#[slot]
fn dict_len(_sp: Space, w_self: W) -> Res<i64> {
    Ok(dict::len(w_self) as i64)
}
#[slot]
fn dict_getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    dict::getitem(sp, w_self, w_key)
}
#[slot]
fn dict_setitem(sp: Space, w_self: W, w_key: W, w_value: W) -> Res<()> {
    if !w_value.is_null() {
        return dict::set(sp, w_self, w_key, w_value);
    }
    if dict::del(sp, w_self, w_key)? { Ok(()) } else { Err(sp.key_error(w_key)) }
}
#[slot]
fn dict_contains(sp: Space, w_self: W, w_key: W) -> Res<bool> {
    Ok(dict::find(sp, w_self, w_key)?.is_some())
}

#[slot]
fn dict_repr(sp: Space, w_self: W) -> Res<W> {
    let Some(_guard) = repr_guard(w_self) else { return sp.newstr("{...}") };
    let mut out = ReprText::new("{");
    let (mut pos, mut first) = (0, true);
    while let Some(e) = dict::next(w_self, &mut pos) {
        if !first {
            out.push(", ");
        }
        first = false;
        out.repr(sp, e.w_key)?;
        out.push(": ");
        out.repr(sp, e.w_value)?;
    }
    out.push("}");
    out.finish(sp)
}

/// Have two dicts equal items?
pub fn equal(sp: Space, w_a: W, w_b: W) -> Res<bool> {
    if dict::len(w_a) != dict::len(w_b) {
        return Ok(false);
    }
    let mut pos = 0;
    while let Some(e) = dict::next(w_a, &mut pos) {
        // SAFETY: both are dicts; the entry is read right after it was found.
        let w_value = unsafe {
            match table::find(sp, w_b, e.w_key, e.hash)? {
                Some(i) => dict::entry_value(w_b, i),
                None => return Ok(false),
            }
        };
        if !eq(sp, e.w_value, w_value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[slot]
fn dict_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if (op != EQ && op != NE) || !is_dict(sp, w_a) || !is_dict(sp, w_b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    Ok(W::bool(equal(sp, w_a, w_b)? == (op == EQ)))
}

#[slot]
fn dict_or(sp: Space, w_a: W, w_b: W) -> Res<W> {
    if !is_dict(sp, w_a) || !is_dict(sp, w_b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let w = dict::copy(sp, w_a)?;
    dict::update_from(sp, w, w_b)?;
    Ok(w)
}
#[slot]
fn dict_ior(sp: Space, w_a: W, w_b: W) -> Res<W> {
    dict::update_from(sp, w_a, w_b)?;
    Ok(w_a)
}

/// A dict with keys from the iterable and one value.
#[interp_fn(classmethod, sig = "(cls, iterable, value=None, /)")]
fn fromkeys(sp: Space, w_cls: W, w_iterable: W, w_value: W) -> Res<W> {
    let w = sp.call(w_cls, &[])?;
    if exact(w, TID_DICT) && dict::len(w) == 0 {
        if exact(w_iterable, TID_DICT) || exact(w_iterable, TID_SET) || exact(w_iterable, TID_FROZENSET) {
            this::<WDict>(w).keys_version = 0;
            // SAFETY: tables with hashable keys; the target is empty.
            unsafe { table::copy_keys(sp, w_iterable, w, w_value)? };
            return Ok(w);
        }
        sp.for_each(w_iterable, |w_key| dict::set(sp, w, w_key, w_value).map(|_| true))?;
    } else {
        sp.for_each(w_iterable, |w_key| sp.setitem(w, w_key, w_value).map(|_| true))?;
    }
    Ok(w)
}

/// A shallow copy.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w_self: W) -> Res<W> {
    dict::copy(sp, w_self)
}

/// The value of the key, or the default.
#[interp_fn(method, sig = "(self, key, default=None, /)")]
fn get(sp: Space, w_self: W, w_key: W, w_default: W) -> Res<W> {
    Ok(dict::get(sp, w_self, w_key)?.unwrap_or(w_default))
}

/// The value of the key, which is inserted with the default if it is absent.
#[interp_fn(method, sig = "(self, key, default=None, /)")]
fn setdefault(sp: Space, w_self: W, w_key: W, w_default: W) -> Res<W> {
    dict::setdefault(sp, w_self, w_key, w_default)
}

/// Removes the key and gives its value; the default, if there is one, instead of a KeyError.
#[interp_fn(method, sig = "(self, key, default=<unrepresentable>, /)")]
fn pop(sp: Space, w_self: W, w_key: W, w_default: Option<W>) -> Res<W> {
    match (dict::pop(sp, w_self, w_key)?, w_default) {
        (Some(w), _) | (None, Some(w)) => Ok(w),
        (None, None) => Err(sp.key_error(w_key)),
    }
}

/// Removes the last item and gives it as a (key, value) pair.
#[interp_fn(method, sig = "(self, /)")]
fn popitem(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: self is a dict.
    let Some(i) = (unsafe { table::prev(w_self, usize::MAX) }) else {
        return Err(raise_key_text(sp, "popitem(): dictionary is empty"));
    };
    // SAFETY: the entry was just found.
    let e = unsafe { table::entry(w_self, i) };
    let w = sp.newtuple(&[e.w_key, e.w_value])?;
    dict::pop_last(w_self, i);
    Ok(w)
}

/// KeyError with a text.
pub fn raise_key_text(sp: Space, text: &str) -> Raised {
    raise!(sp, KEY_ERROR, "{text}")
}

/// Takes the items of a mapping or of an iterable of pairs, then the keyword arguments.
#[interp_fn(method, raw)]
fn update(sp: Space, w_self: W, args: Args) -> Res<()> {
    dict::update_args(sp, w_self, "update", args)
}

/// Removes all items.
#[interp_fn(method, sig = "(self, /)")]
fn clear(_sp: Space, w_self: W) -> Res<()> {
    dict::clear(w_self);
    Ok(())
}

/// A view of the keys.
#[interp_fn(method, sig = "(self, /)")]
fn keys(sp: Space, w_self: W) -> Res<W> {
    views::new(sp, w_self, views::KEYS)
}
/// A view of the values.
#[interp_fn(method, sig = "(self, /)")]
fn values(sp: Space, w_self: W) -> Res<W> {
    views::new(sp, w_self, views::VALUES)
}
/// A view of the (key, value) pairs.
#[interp_fn(method, sig = "(self, /)")]
fn items(sp: Space, w_self: W) -> Res<W> {
    views::new(sp, w_self, views::ITEMS)
}

/// A reverse iterator over the keys.
#[interp_fn(method, name = "__reversed__", sig = "(self, /)")]
fn reversed(sp: Space, w_self: W) -> Res<W> {
    dict_iter::new_reverse(sp, w_self, views::KEYS)
}
/// Size in memory in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(_sp: Space, w_self: W) -> Res<i64> {
    let d = this::<WDict>(w_self);
    Ok((size_of::<WDict>() + table::bytes(d.w_keys)) as i64)
}
