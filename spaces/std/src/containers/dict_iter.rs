//! Iterators of dicts: forward and reverse, over keys, values and items.

use super::Paired;
use super::dict;
use super::table;
use super::tids;
use super::util::*;
use super::views::{KEYS, VALUES};
use crate::layouts::{WDict, WDictIter, WDictKeys};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{raise, setfield};

macro_rules! iterator {
    ($id:ident, $name:literal, $next:ident) => {
        typespec!(
            /// An iterator of dicts.
            pub $id: WDictIter, $name, {
            flags: ty::DISALLOW_INSTANTIATION,
            slots: &Slots { iter: Some(iter_self), next: Some($next), ..Slots::EMPTY },
            methods: methods![length_hint, reduce],
        });
    };
}
iterator!(KEY_ITER, "dict_keyiterator", forward);
iterator!(VALUE_ITER, "dict_valueiterator", forward);
iterator!(ITEM_ITER, "dict_itemiterator", forward);
iterator!(REV_KEY_ITER, "dict_reversekeyiterator", backward);
iterator!(REV_VALUE_ITER, "dict_reversevalueiterator", backward);
iterator!(REV_ITEM_ITER, "dict_reverseitemiterator", backward);

fn make(sp: Space, w_dict: W, what: u64, tid: u32, index: usize) -> Res<W> {
    // SAFETY: all rows of dict iterators have this layout; the object is new.
    unsafe {
        let w = sp.alloc(tid, size_of::<WDictIter>())?;
        let it = w.ptr::<WDictIter>();
        let len = dict::len(w_dict);
        (*it).w_dict = w_dict;
        (*it).index = index;
        (*it).len = len;
        (*it).left = len;
        (*it).what = what;
        Ok(w)
    }
}

/// iter() of a dict or view.
pub fn new(sp: Space, w_dict: W, what: u64) -> Res<W> {
    let tid = match what {
        KEYS => TID_DICT_ITER,
        VALUES => tids::DICT_VALUE_ITER,
        _ => tids::DICT_ITEM_ITER,
    };
    make(sp, w_dict, what, tid, 0)
}

/// reversed() of a dict or view.
pub fn new_reverse(sp: Space, w_dict: W, what: u64) -> Res<W> {
    let tid = match what {
        KEYS => tids::DICT_REV_KEY_ITER,
        VALUES => tids::DICT_REV_VALUE_ITER,
        _ => tids::DICT_REV_ITEM_ITER,
    };
    let w_keys = this::<WDict>(w_dict).w_keys;
    // SAFETY: a dict's table.
    let end = if w_keys.is_null() { 0 } else { unsafe { (*w_keys.ptr::<WDictKeys>()).nentries } };
    make(sp, w_dict, what, tid, end)
}

/// `dict.__iter__`
#[slot]
pub fn iter_keys(sp: Space, w_self: W) -> Res<W> {
    new(sp, w_self, KEYS)
}

#[slot]
fn iter_self(_sp: Space, w_self: W) -> Res<W> {
    Ok(w_self)
}

/// The entry an iterator steps to.
fn step(sp: Space, w_self: W, back: bool) -> Res<Option<(W, W)>> {
    let mut it = this::<WDictIter>(w_self);
    if it.w_dict.is_null() {
        return Ok(None);
    }
    let d = this::<WDict>(it.w_dict);
    if it.len != d.len {
        // The iterator stays in this state.
        it.len = usize::MAX;
        return Err(raise!(sp, RUNTIME_ERROR, "dictionary changed size during iteration"));
    }
    // SAFETY: a dict; the entry was just found.
    unsafe {
        // Behind the end of a table that has been exchanged there is nothing, backwards too.
        let gone = || d.w_keys.is_null() || it.index > (*d.w_keys.ptr::<WDictKeys>()).nentries;
        let found = match back {
            false => table::next(it.w_dict, it.index),
            true if gone() => None,
            true => table::prev(it.w_dict, it.index),
        };
        let Some(i) = found else {
            it.w_dict = W::NULL;
            return Ok(None);
        };
        if it.left == 0 {
            return Err(raise!(sp, RUNTIME_ERROR, "dictionary keys changed during iteration"));
        }
        it.left -= 1;
        it.index = if back { i } else { i + 1 };
        let e = table::entry(it.w_dict, i);
        Ok(Some((e.w_key, e.w_value)))
    }
}

/// next() of an iterator over items, for a `for` that unpacks the pair.
pub fn item_pair(sp: Space, w_self: W) -> Res<Paired> {
    Ok(step(sp, w_self, false)?.map_or(Paired::End, |(w_key, w_value)| Paired::Yes(w_key, w_value)))
}

/// next() of any of the iterators of dicts, for the evaluator too.
#[inline]
pub fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    finish(sp, w_self, step(sp, w_self, false)?)
}
#[inline]
fn finish(sp: Space, w_self: W, item: Option<(W, W)>) -> Res<Option<W>> {
    let Some((w_key, w_value)) = item else { return Ok(None) };
    Ok(Some(match this::<WDictIter>(w_self).what {
        KEYS => w_key,
        VALUES => w_value,
        _ => sp.newtuple(&[w_key, w_value])?,
    }))
}
#[slot]
fn forward(sp: Space, w_self: W) -> Res<Option<W>> {
    next(sp, w_self)
}
#[slot]
fn backward(sp: Space, w_self: W) -> Res<Option<W>> {
    let item = step(sp, w_self, true)?;
    finish(sp, w_self, item)
}

/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn length_hint(_sp: Space, w_self: W) -> Res<usize> {
    let it = this::<WDictIter>(w_self);
    Ok(if !it.w_dict.is_null() && dict::len(it.w_dict) == it.len { it.left } else { 0 })
}

/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reduce(sp: Space, w_self: W) -> Res<W> {
    let w_iter = builtin(sp, "iter")?;
    // A copy of the iterator is used up, so that this one stays where it is.
    // SAFETY: the rows of dict iterators have this layout.
    let w_copy = unsafe { sp.alloc(w_self.tid(), size_of::<WDictIter>())? };
    let (it, mut c) = (this::<WDictIter>(w_self), this::<WDictIter>(w_copy));
    setfield!(sp, w_copy, WDictIter, w_dict, it.w_dict);
    c.index = it.index;
    c.len = it.len;
    c.left = it.left;
    c.what = it.what;
    let w_list = sp.newlist(&[])?;
    sp.for_each(w_copy, |w| sp.list_append(w_list, w).map(|_| true))?;
    let w_args = sp.newtuple(&[w_list])?;
    sp.newtuple(&[w_iter, w_args])
}
