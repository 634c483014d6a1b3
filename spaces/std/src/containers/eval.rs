//! What the evaluator's instructions on containers do.

use super::dict::{self, Present};
use super::list;
use super::set;
use super::tuple;
use super::util::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

pub use super::list::{getitem_int as list_getitem_int, setitem_int as list_setitem_int};

fn iterator(sp: Space, w: W) -> Res<W> {
    match sp.iter(w) {
        Ok(w_iter) => Ok(w_iter),
        Err(r) => {
            if slots(sp, w).iter.is_none() && slots(sp, w).getitem.is_none() && sp.catch(known::TYPE_ERROR) {
                return Err(raise!(sp, TYPE_ERROR, "cannot unpack non-iterable {} object", sp.type_name(w)));
            }
            Err(r)
        }
    }
}
#[cold]
fn too_few(sp: Space, at_least: bool, n: usize, got: usize) -> Raised {
    let how = if at_least { "at least " } else { "" };
    raise!(sp, VALUE_ERROR, "not enough values to unpack (expected {how}{n}, got {got})")
}

/// The `n` items of `w` go to `out[0..n]`, the first one last: it ends on top of the operand stack.
///
/// # Safety
/// `out` has room for n words that the collector sees.
pub unsafe fn unpack_sequence(sp: Space, w: W, n: usize, out: *mut W) -> Res<()> {
    if w.is_obj() && (exact(w, TID_TUPLE) || exact(w, TID_LIST)) {
        let items = list::sequence_items(w);
        if items.len() == n {
            for (i, w_item) in items.iter().enumerate() {
                *out.add(n - 1 - i) = *w_item
            }
            return Ok(());
        }
        if items.len() < n {
            return Err(too_few(sp, false, n, items.len()));
        }
        return Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n}, got {})", items.len()));
    }
    let w_iter = iterator(sp, w)?;
    for i in 0..n {
        match sp.next(w_iter)? {
            Some(w_item) => *out.add(n - 1 - i) = w_item,
            None => return Err(too_few(sp, false, n, i)),
        }
    }
    if sp.next(w_iter)?.is_none() {
        return Ok(());
    }
    if exact(w, TID_DICT) && dict::len(w) > n {
        return Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n}, got {})", dict::len(w)));
    }
    Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n})"))
}

/// `a, *b, c = w`: `before` items, a list of what is between, `after` items go to `out`, the first one last.
///
/// # Safety
/// `out` has room for before + 1 + after words that the collector sees.
pub unsafe fn unpack_ex(sp: Space, w: W, before: usize, after: usize, out: *mut W) -> Res<()> {
    let w_iter = iterator(sp, w)?;
    for i in 0..before {
        match sp.next(w_iter)? {
            Some(w_item) => *out.add(before + after - i) = w_item,
            None => return Err(too_few(sp, true, before + after, i)),
        }
    }
    let w_list = list::from_iterable(sp, w_iter)?;
    let n = list_items(w_list).len();
    if n < after {
        return Err(too_few(sp, true, before + after, before + n));
    }
    *out.add(after) = w_list;
    for i in 0..after {
        *out.add(after - 1 - i) = list_items(w_list)[n - after + i]
    }
    list::splice(sp, w_list, n - after, n, &[])
}

/// `[*w]`: extends a list under construction.
pub fn list_extend(sp: Space, w_list: W, w: W) -> Res<()> {
    list::extend(sp, w_list, w).map_err(|r| {
        if slots(sp, w).iter.is_none() && slots(sp, w).getitem.is_none() && sp.catch(known::TYPE_ERROR) {
            return raise!(sp, TYPE_ERROR, "Value after * must be an iterable, not {}", sp.type_name(w));
        }
        r
    })
}
/// The tuple of a list under construction.
pub fn list_to_tuple(sp: Space, w_list: W) -> Res<W> {
    tuple::new(sp, list_items(w_list))
}
/// `f(*w)`: the arguments as a tuple.
pub fn star_args(sp: Space, w_func: W, w: W) -> Res<W> {
    if exact(w, TID_TUPLE) {
        return Ok(w);
    }
    tuple::from_iterable(sp, w).map_err(|r| {
        if slots(sp, w).iter.is_none() && slots(sp, w).getitem.is_none() && sp.catch(known::TYPE_ERROR) {
            let f = function_text(sp, w_func);
            return raise!(sp, TYPE_ERROR, "{f} argument after * must be an iterable, not {}", sp.type_name(w));
        }
        r
    })
}

/// `{k: v, ...}` of n pairs that lie one after another.
///
/// # Safety
/// `pairs` points to 2n words that the collector sees.
pub unsafe fn build_map(sp: Space, pairs: *const W, n: usize) -> Res<W> {
    let w = dict::with_capacity(sp, n)?;
    for i in 0..n {
        dict::set(sp, w, *pairs.add(2 * i), *pairs.add(2 * i + 1))?
    }
    Ok(w)
}
/// `{a, b, ...}` of n words.
///
/// # Safety
/// `items` points to n words that the collector sees.
pub unsafe fn build_set(sp: Space, items: *const W, n: usize) -> Res<W> {
    set::from_items(sp, if n == 0 { &[] } else { std::slice::from_raw_parts(items, n) }, TID_SET)
}
/// `{*w}`
pub fn set_update(sp: Space, w_set: W, w: W) -> Res<()> {
    set::add_all(sp, w_set, w)
}
/// `{**w}`
pub fn dict_update(sp: Space, w_dict: W, w: W) -> Res<()> {
    dict::merge(sp, w_dict, w, Present::Replace).map_err(|r| {
        if sp.catch(known::ATTRIBUTE_ERROR) {
            return raise!(sp, TYPE_ERROR, "'{}' object is not a mapping", sp.type_name(w));
        }
        r
    })
}

/// How messages name a function: with module unless built in, and with parentheses.
pub fn function_text(sp: Space, w_func: W) -> String {
    let text = || -> Res<String> {
        let Some(w_name) = sp.getattr_opt(w_func, name!(sp, "__qualname__"))? else {
            return sp.string_w(sp.str(w_func)?);
        };
        let name = sp.string_w(sp.str(w_name)?)?;
        match sp.getattr_opt(w_func, name!(sp, "__module__"))?.and_then(|w| sp.text_opt(w)) {
            Some(module) if !module.eq_str("builtins") => Ok(format!("{}.{name}()", module.to_str())),
            _ => Ok(format!("{name}()")),
        }
    };
    text().unwrap_or_else(|_| {
        sp.take_exc();
        "?".into()
    })
}

/// `f(..., **w)`: adds to the keywords collected so far; a name that is there is an error.
pub fn dict_merge(sp: Space, w_func: W, w_dict: W, w: W) -> Res<()> {
    let Err(r) = dict::merge(sp, w_dict, w, Present::Error) else { return Ok(()) };
    if sp.catch(known::ATTRIBUTE_ERROR) {
        let f = function_text(sp, w_func);
        return Err(raise!(sp, TYPE_ERROR, "{f} argument after ** must be a mapping, not {}", sp.type_name(w)));
    }
    let w_exc = sp.thread().exc;
    if !sp.catch(known::KEY_ERROR) {
        return Err(r);
    }
    let args = sp.getattr(w_exc, name!(sp, "args"))?;
    let Some(&[w_key]) = sp.tuple_opt(args) else { return Err(sp.set_exc(w_exc)) };
    match sp.text_opt(w_key) {
        Some(key) => {
            let f = function_text(sp, w_func);
            Err(raise!(sp, TYPE_ERROR, "{f} got multiple values for keyword argument '{}'", key.to_str()))
        }
        None => Err(raise!(sp, TYPE_ERROR, "keywords must be strings")),
    }
}
