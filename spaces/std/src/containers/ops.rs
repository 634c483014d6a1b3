//! Rows of the operation table.

use super::dict::{self, Present};
use super::list;
use super::set;
use super::slice;
use super::sorting;
use super::tuple;
use super::util::*;
use taipan_abi::ops::SeqView;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A slice of words of the caller.
fn words<'a>(items: *const W, len: usize) -> &'a [W] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the contract: `len` words that stand where the collector sees them during the call.
    unsafe { std::slice::from_raw_parts(items, len) }
}

#[cold]
fn wrong_type(sp: Space, what: &str, w: W) -> Raised {
    raise!(sp, TYPE_ERROR, "expected {what}, got {}", sp.type_name(w))
}

/// 1 and the items of a tuple; 0 for other objects.
#[slot]
pub fn tuple_w(sp: Space, w: W, out: *mut SeqView) -> Res<i32> {
    if !is_tuple(sp, w) {
        return Ok(0);
    }
    let items = tuple_items(w);
    // SAFETY: the caller's variable.
    unsafe { *out = SeqView { ptr: items.as_ptr(), len: items.len() } };
    Ok(1)
}
/// Any iterable as a tuple; a tuple (or instance of a subclass) itself.
#[slot]
pub fn fixedtuple(sp: Space, w: W) -> Res<W> {
    if is_tuple(sp, w) { Ok(w) } else { tuple::from_iterable(sp, w) }
}
#[slot]
pub fn newtuple(sp: Space, items: *const W, len: usize) -> Res<W> {
    tuple::new(sp, words(items, len))
}
#[slot]
pub fn newlist(sp: Space, items: *const W, len: usize) -> Res<W> {
    list::new(sp, words(items, len))
}
#[slot]
pub fn newdict(sp: Space) -> Res<W> {
    dict::new(sp)
}
#[slot]
pub fn newset(sp: Space, items: *const W, len: usize, frozen: u32) -> Res<W> {
    set::from_items(sp, words(items, len), if frozen != 0 { TID_FROZENSET } else { TID_SET })
}
#[slot]
pub fn newslice(sp: Space, w_start: W, w_stop: W, w_step: W) -> Res<W> {
    slice::new(sp, w_start, w_stop, w_step)
}

#[slot]
pub fn list_append(sp: Space, w_list: W, w: W) -> Res<()> {
    if is_list(sp, w_list) { list::append(sp, w_list, w) } else { Err(wrong_type(sp, "list", w_list)) }
}
#[slot]
pub fn list_len(sp: Space, w_list: W) -> Res<i64> {
    if is_list(sp, w_list) { Ok(list_items(w_list).len() as i64) } else { Err(wrong_type(sp, "list", w_list)) }
}
#[slot]
pub fn list_item(sp: Space, w_list: W, i: i64) -> Res<W> {
    if !is_list(sp, w_list) {
        return Err(wrong_type(sp, "list", w_list));
    }
    let found = usize::try_from(i).ok().and_then(|i| list_items(w_list).get(i).copied());
    found.ok_or_else(|| sp.index_error("list index out of range"))
}
#[slot]
pub fn list_setitem(sp: Space, w_list: W, i: i64, w: W) -> Res<()> {
    if !is_list(sp, w_list) {
        return Err(wrong_type(sp, "list", w_list));
    }
    if i >= 0 && list::setitem_int(sp, w_list, i, w) {
        return Ok(());
    }
    Err(sp.index_error("list assignment index out of range"))
}
#[slot]
pub fn list_sort(sp: Space, w_list: W, w_key: W, reverse: i32) -> Res<()> {
    if is_list(sp, w_list) {
        sorting::sort(sp, w_list, w_key, reverse != 0)
    } else {
        Err(wrong_type(sp, "list", w_list))
    }
}

#[slot]
pub fn dict_get(sp: Space, w_dict: W, w_key: W) -> Res<Option<W>> {
    if is_dict(sp, w_dict) { dict::get(sp, w_dict, w_key) } else { Err(wrong_type(sp, "dict", w_dict)) }
}
#[slot]
pub fn dict_set(sp: Space, w_dict: W, w_key: W, w_value: W) -> Res<()> {
    if is_dict(sp, w_dict) { dict::set(sp, w_dict, w_key, w_value) } else { Err(wrong_type(sp, "dict", w_dict)) }
}
#[slot]
pub fn dict_del(sp: Space, w_dict: W, w_key: W) -> Res<()> {
    if !is_dict(sp, w_dict) {
        return Err(wrong_type(sp, "dict", w_dict));
    }
    if dict::del(sp, w_dict, w_key)? { Ok(()) } else { Err(sp.key_error(w_key)) }
}
#[slot]
pub fn dict_len(sp: Space, w_dict: W) -> Res<i64> {
    if is_dict(sp, w_dict) { Ok(dict::len(w_dict) as i64) } else { Err(wrong_type(sp, "dict", w_dict)) }
}
/// 1 with the next key and value from `*pos` on, 0 at the end. Also walks a set (the value is NULL then).
#[slot]
pub fn dict_next(sp: Space, w_dict: W, pos: *mut i64, key: *mut W, value: *mut W) -> Res<i32> {
    if !is_dict(sp, w_dict) && !is_anyset(sp, w_dict) {
        return Err(wrong_type(sp, "dict", w_dict));
    }
    // SAFETY: the caller's variables.
    unsafe {
        let mut at = (*pos).max(0) as usize;
        let Some(e) = dict::next(w_dict, &mut at) else { return Ok(0) };
        *pos = at as i64;
        if !key.is_null() {
            *key = e.w_key
        }
        if !value.is_null() {
            *value = e.w_value
        }
    }
    Ok(1)
}
#[slot]
pub fn dict_copy(sp: Space, w_dict: W) -> Res<W> {
    if is_dict(sp, w_dict) { dict::copy(sp, w_dict) } else { Err(wrong_type(sp, "dict", w_dict)) }
}
/// overwrite: 0 keeps present keys, 1 replaces, 2 is a KeyError for a present key.
#[slot]
pub fn dict_update(sp: Space, w_dict: W, w_other: W, overwrite: i32) -> Res<()> {
    if !is_dict(sp, w_dict) {
        return Err(wrong_type(sp, "dict", w_dict));
    }
    let present = match overwrite {
        0 => Present::Keep,
        2 => Present::Error,
        _ => Present::Replace,
    };
    dict::merge(sp, w_dict, w_other, present)
}

#[slot]
pub fn set_add(sp: Space, w_set: W, w: W) -> Res<()> {
    if is_anyset(sp, w_set) { set::add(sp, w_set, w) } else { Err(wrong_type(sp, "set", w_set)) }
}
#[slot]
pub fn set_contains(sp: Space, w_set: W, w: W) -> Res<bool> {
    if is_anyset(sp, w_set) { set::contains(sp, w_set, w) } else { Err(wrong_type(sp, "set", w_set)) }
}
