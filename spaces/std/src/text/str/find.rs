//! str: searching, replacing, prefixes and suffixes.

use crate::text::algo;
use crate::text::args::{arg_type, str_arg, window};
use crate::text::builder::Builder;
use crate::text::chars::{self, Chars};
use crate::text::wstr;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn search(
    sp: Space,
    w_self: W,
    w_sub: W,
    range: (Option<W>, Option<W>),
    fname: &str,
    right: bool,
) -> Res<Option<usize>> {
    let sub = str_arg(sp, w_sub, fname, Some(1))?;
    let c = wstr::chars(w_self);
    let Some((lo, hi)) = window(sp, range.0, range.1, c.len())? else { return Ok(None) };
    let (part, sub) = (c.slice(lo, hi), Chars::of(&sub));
    let at = if right { chars::rfind(part, sub) } else { chars::find(part, sub) };
    Ok(at.map(|i| i + lo))
}

fn or_minus_one(at: Option<usize>) -> i64 {
    at.map_or(-1, |i| i as i64)
}
fn or_error(sp: Space, at: Option<usize>) -> Res<i64> {
    at.map(|i| i as i64).ok_or_else(|| sp.value_error("substring not found"))
}

/// The lowest index where sub is found within s[start:end], or -1.
#[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
pub fn find(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
    Ok(or_minus_one(search(sp, w_self, w_sub, (w_start, w_end), "find", false)?))
}
/// The highest index where sub is found within s[start:end], or -1.
#[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
pub fn rfind(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
    Ok(or_minus_one(search(sp, w_self, w_sub, (w_start, w_end), "rfind", true)?))
}
/// Like find, but ValueError when sub is not found.
#[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
pub fn index(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
    or_error(sp, search(sp, w_self, w_sub, (w_start, w_end), "index", false)?)
}
/// Like rfind, but ValueError when sub is not found.
#[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
pub fn rindex(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
    or_error(sp, search(sp, w_self, w_sub, (w_start, w_end), "rindex", true)?)
}
/// How often sub occurs in s[start:end] without overlaps.
#[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
pub fn count(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<usize> {
    let sub = str_arg(sp, w_sub, "count", Some(1))?;
    let c = wstr::chars(w_self);
    Ok(window(sp, w_start, w_end, c.len())?.map_or(0, |(lo, hi)| algo::count(c.slice(lo, hi), Chars::of(&sub))))
}

fn affix(sp: Space, w_self: W, w_affix: W, range: (Option<W>, Option<W>), fname: &str, end: bool) -> Res<bool> {
    let c = wstr::chars(w_self);
    let w_range = window(sp, range.0, range.1, c.len())?;
    let test = |t: &Text| {
        let a = Chars::of(t);
        w_range.is_some_and(|(lo, hi)| hi - lo >= a.len() && c.has_at(if end { hi - a.len() } else { lo }, a))
    };
    if let Some(items) = sp.tuple_opt(w_affix) {
        for w in items {
            let Some(t) = sp.text_opt(*w) else {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "tuple for {fname} must only contain str, not {}",
                    sp.type_name(*w)
                ));
            };
            if test(&t) {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match sp.text_opt(w_affix) {
        Some(t) => Ok(test(&t)),
        None => {
            let name = sp.type_name(w_affix);
            Err(raise!(sp, TYPE_ERROR, "{fname} first arg must be str or a tuple of str, not {name}"))
        }
    }
}
/// Does s[start:end] begin with prefix (or one of a tuple of them)?
#[interp_fn(method, sig = "(self, prefix, start=None, end=None, /)")]
pub fn startswith(sp: Space, w_self: W, w_prefix: W, w_start: Option<W>, w_end: Option<W>) -> Res<bool> {
    affix(sp, w_self, w_prefix, (w_start, w_end), "startswith", false)
}
/// Does s[start:end] end with suffix (or one of a tuple of them)?
#[interp_fn(method, sig = "(self, suffix, start=None, end=None, /)")]
pub fn endswith(sp: Space, w_self: W, w_suffix: W, w_start: Option<W>, w_end: Option<W>) -> Res<bool> {
    affix(sp, w_self, w_suffix, (w_start, w_end), "endswith", true)
}

/// The text without the prefix, if it begins with it.
#[interp_fn(method, sig = "(self, prefix, /)")]
pub fn removeprefix(sp: Space, w_self: W, w_prefix: W) -> Res<W> {
    let prefix = str_arg(sp, w_prefix, "removeprefix", None)?;
    let c = wstr::chars(w_self);
    let n = if c.has_at(0, Chars::of(&prefix)) { prefix.len() } else { 0 };
    wstr::substring(sp, w_self, n, c.len())
}
/// The text without the suffix, if it ends with it.
#[interp_fn(method, sig = "(self, suffix, /)")]
pub fn removesuffix(sp: Space, w_self: W, w_suffix: W) -> Res<W> {
    let suffix = str_arg(sp, w_suffix, "removesuffix", None)?;
    let (c, n) = (wstr::chars(w_self), suffix.len());
    let there = n <= c.len() && c.has_at(c.len() - n, Chars::of(&suffix));
    wstr::substring(sp, w_self, 0, c.len() - if there { n } else { 0 })
}

/// A copy with occurrences of old replaced by new; the first count of them if count is given and not negative.
#[interp_fn(method, sig = "(self, old, new, /, count=-1)")]
pub fn replace(sp: Space, w_self: W, w_old: W, w_new: W, count: i64) -> Res<W> {
    let old = str_arg(sp, w_old, "replace", Some(1))?;
    let new = str_arg(sp, w_new, "replace", Some(2))?;
    let (c, old, new) = (wstr::chars(w_self), Chars::of(&old), Chars::of(&new));
    let max = if count < 0 { usize::MAX } else { count as usize };
    let places = algo::replacements(c, old, max);
    if places.is_empty() || old.same(new) {
        return wstr::exact(sp, w_self);
    }
    let grown = (c.len() - places.len() * old.len()).checked_add(places.len().saturating_mul(new.len()));
    let Some(total) = grown.filter(|n| *n <= wstr::MAX_BYTES / 4) else {
        return Err(sp.overflow_error("replace string is too long"));
    };
    let mut out = Builder::with_capacity(total);
    let mut done = 0;
    for at in places {
        out.extend(c.slice(done, at));
        out.extend(new);
        done = at + old.len();
    }
    out.extend(c.slice(done, c.len()));
    // What was replaced may have been the only wide characters: the builder saw only what is left.
    out.finish(sp)
}

/// `sub in s`
pub fn contains(sp: Space, w_self: W, w_sub: W) -> Res<bool> {
    let Some(sub) = sp.text_opt(w_sub) else {
        let name = arg_type(sp, w_sub);
        let name = if w_sub.is_none() { "NoneType".into() } else { name };
        return Err(raise!(sp, TYPE_ERROR, "'in <string>' requires string as left operand, not {name}"));
    };
    let (c, sub) = (wstr::chars(w_self), Chars::of(&sub));
    Ok(if sub.len() == 1 { c.position(sub.at(0)).is_some() } else { chars::find(c, sub).is_some() })
}
