//! str: splitting and joining.

use crate::text::algo::{self, Part};
use crate::text::args::{arg_type, str_arg};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::{unicode, wstr};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn parts(sp: Space, w_self: W, parts: Vec<Part>) -> Res<W> {
    let mut out = RootedVec::with_capacity(sp, parts.len());
    for (lo, hi) in parts {
        out.push(wstr::substring(sp, w_self, lo, hi)?);
    }
    out.into_list()
}

fn limit(maxsplit: i64) -> usize {
    usize::try_from(maxsplit).unwrap_or(usize::MAX)
}

fn separator(sp: Space, w_sep: W) -> Res<Option<Text>> {
    if w_sep.is_none() {
        return Ok(None);
    }
    let Some(t) = sp.text_opt(w_sep) else {
        return Err(raise!(sp, TYPE_ERROR, "must be str or None, not {}", sp.type_name(w_sep)));
    };
    if t.is_empty() { Err(sp.value_error("empty separator")) } else { Ok(Some(t)) }
}

/// The words of the text, separated by sep (whitespace if None), splitting at most maxsplit times from the left.
#[interp_fn(method, sig = "(self, /, sep=None, maxsplit=-1)")]
pub fn split(sp: Space, w_self: W, w_sep: W, maxsplit: i64) -> Res<W> {
    let c = wstr::chars(w_self);
    let found = match separator(sp, w_sep)? {
        None => algo::split_space(c, unicode::is_space, limit(maxsplit)),
        Some(sep) => algo::split_on(c, Chars::of(&sep), limit(maxsplit)),
    };
    parts(sp, w_self, found)
}
/// Like split, from the right.
#[interp_fn(method, sig = "(self, /, sep=None, maxsplit=-1)")]
pub fn rsplit(sp: Space, w_self: W, w_sep: W, maxsplit: i64) -> Res<W> {
    let c = wstr::chars(w_self);
    let found = match separator(sp, w_sep)? {
        None => algo::rsplit_space(c, unicode::is_space, limit(maxsplit)),
        Some(sep) => algo::rsplit_on(c, Chars::of(&sep), limit(maxsplit)),
    };
    parts(sp, w_self, found)
}
/// The lines of the text, with their ends if keepends.
#[interp_fn(method, sig = "(self, /, keepends=False)")]
pub fn splitlines(sp: Space, w_self: W, keepends: bool) -> Res<W> {
    parts(sp, w_self, algo::split_lines(wstr::chars(w_self), unicode::is_line_break, keepends))
}

fn partitioned(sp: Space, w_self: W, w_sep: W, right: bool) -> Res<W> {
    let Some(sep) = sp.text_opt(w_sep) else {
        return Err(raise!(sp, TYPE_ERROR, "must be str, not {}", sp.type_name(w_sep)));
    };
    if sep.is_empty() {
        return Err(sp.value_error("empty separator"));
    }
    let c = wstr::chars(w_self);
    match algo::partition(c, Chars::of(&sep), right) {
        Some(at) => {
            let head = wstr::substring(sp, w_self, 0, at)?;
            let tail = wstr::substring(sp, w_self, at + sep.len(), c.len())?;
            sp.newtuple(&[head, w_sep, tail])
        }
        None => {
            let (w, empty) = (wstr::exact(sp, w_self)?, wstr::empty(sp));
            sp.newtuple(&if right { [empty, empty, w] } else { [w, empty, empty] })
        }
    }
}
/// What is before the first sep, sep, and what is after it.
#[interp_fn(method, sig = "(self, sep, /)")]
pub fn partition(sp: Space, w_self: W, w_sep: W) -> Res<W> {
    partitioned(sp, w_self, w_sep, false)
}
/// What is before the last sep, sep, and what is after it.
#[interp_fn(method, sig = "(self, sep, /)")]
pub fn rpartition(sp: Space, w_self: W, w_sep: W) -> Res<W> {
    partitioned(sp, w_self, w_sep, true)
}

/// The items of any iterable; `can only join an iterable` for other objects.
pub fn joinable(sp: Space, w_iterable: W) -> Res<W> {
    match sp.fixedtuple(w_iterable) {
        Err(_) if !is_iterable(sp, w_iterable) && sp.catch(known::TYPE_ERROR) => {
            Err(sp.type_error("can only join an iterable"))
        }
        r => r,
    }
}
/// By its class, without calling anything.
pub fn is_iterable(sp: Space, w: W) -> bool {
    // SAFETY: rows of classes point to their slots for as long as the class lives.
    !w.is_int() && unsafe { sp.row(w).slots.as_ref() }.is_some_and(|s| s.iter.is_some() || s.getitem.is_some())
}

/// The strings of an iterable, one after the other with this text between them.
#[interp_fn(method, sig = "(self, iterable, /)")]
pub fn join(sp: Space, w_self: W, w_iterable: W) -> Res<W> {
    let w_items = joinable(sp, w_iterable)?;
    let items = sp.tuple_items(w_items);
    // SAFETY: a heap object.
    if let [w] = items
        && !w.is_int()
        && unsafe { w.is_tid(taipan_abi::word::TID_STR) }
    {
        return Ok(*w);
    }
    let sep = wstr::chars(w_self);
    let (mut total, mut bits) = (0usize, 0u32);
    for (i, w) in items.iter().enumerate() {
        let Some(t) = sp.text_opt(*w) else {
            let name = arg_type(sp, *w);
            let name = if w.is_none() { "NoneType".into() } else { name };
            return Err(raise!(sp, TYPE_ERROR, "sequence item {i}: expected str instance, {name} found"));
        };
        total = total.saturating_add(t.len()).saturating_add(if i > 0 { sep.len() } else { 0 });
        bits |= t.view.kind;
    }
    if total > wstr::MAX_BYTES / 4 {
        return Err(sp.overflow_error("join() result is too long for a Python string"));
    }
    let mut out = Builder::with_capacity(if bits == 1 { total } else { 0 });
    for (i, w) in items.iter().enumerate() {
        if i > 0 {
            out.extend(sep);
        }
        out.push_text(&str_arg(sp, *w, "join", None)?);
    }
    out.finish(sp)
}
