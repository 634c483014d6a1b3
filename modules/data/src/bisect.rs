//! `_bisect`.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_bisect",
    doc = "Bisection algorithms.\n\nThis module provides support for maintaining a list in sorted order without\nhaving to sort the list after each insertion. For long lists of items with\nexpensive comparison operations, this can be an improvement over the more\ncommon approach.\n",
    functions = [bisect_right, bisect_left, insort_right, insort_left],
);

/// a < b, without a detour for small ints.
#[inline]
pub fn less(sp: Space, a: W, b: W) -> Res<bool> {
    if a.is_int() && b.is_int() {
        return Ok(a.untag() < b.untag());
    }
    let w = sp.lt(a, b)?;
    sp.is_true(w)
}
fn search(sp: Space, w_a: W, w_x: W, lo: i64, w_hi: W, w_key: W, right: bool) -> Res<i64> {
    if lo < 0 {
        return Err(sp.value_error("lo must be non-negative"));
    }
    let mut lo = lo as u64;
    let mut hi = if w_hi.is_none() { sp.len(w_a)? } else { sp.int_w(w_hi)? };
    if hi == -1 {
        hi = sp.len(w_a)?
    }
    let mut hi = hi.max(0) as u64;
    while lo < hi {
        let mid = (lo + hi) / 2;
        let mut w = sp.getitem(w_a, sp.newint(mid as i64))?;
        if !w_key.is_none() {
            w = sp.call(w_key, &[w])?
        }
        let go_left = if right { less(sp, w_x, w)? } else { !less(sp, w, w_x)? };
        if go_left { hi = mid } else { lo = mid + 1 }
    }
    Ok(lo as i64)
}
fn insert(sp: Space, w_a: W, w_x: W, i: i64) -> Res<()> {
    sp.call_method(w_a, name!(sp, "insert"), &[sp.newint(i), w_x])?;
    Ok(())
}

/// Return the index where to insert item x in list a, assuming a is sorted.
///
/// The return value i is such that all e in a[:i] have e <= x, and all e in
/// a[i:] have e > x.  So if x already appears in the list, a.insert(i, x) will
/// insert just after the rightmost x already there.
///
/// Optional args lo (default 0) and hi (default len(a)) bound the
/// slice of a to be searched.
///
/// A custom key function can be supplied to customize the sort order.
#[interp_fn(sig = "(a, x, lo=0, hi=None, *, key=None)")]
fn bisect_right(sp: Space, w_a: W, w_x: W, lo: i64, w_hi: W, w_key: W) -> Res<i64> {
    search(sp, w_a, w_x, lo, w_hi, w_key, true)
}
/// Return the index where to insert item x in list a, assuming a is sorted.
///
/// The return value i is such that all e in a[:i] have e < x, and all e in
/// a[i:] have e >= x.  So if x already appears in the list, a.insert(i, x) will
/// insert just before the leftmost x already there.
///
/// Optional args lo (default 0) and hi (default len(a)) bound the
/// slice of a to be searched.
///
/// A custom key function can be supplied to customize the sort order.
#[interp_fn(sig = "(a, x, lo=0, hi=None, *, key=None)")]
fn bisect_left(sp: Space, w_a: W, w_x: W, lo: i64, w_hi: W, w_key: W) -> Res<i64> {
    search(sp, w_a, w_x, lo, w_hi, w_key, false)
}
/// Insert item x in list a, and keep it sorted assuming a is sorted.
///
/// If x is already in a, insert it to the right of the rightmost x.
///
/// Optional args lo (default 0) and hi (default len(a)) bound the
/// slice of a to be searched.
///
/// A custom key function can be supplied to customize the sort order.
#[interp_fn(sig = "(a, x, lo=0, hi=None, *, key=None)")]
fn insort_right(sp: Space, w_a: W, w_x: W, lo: i64, w_hi: W, w_key: W) -> Res<()> {
    let w = if w_key.is_none() { w_x } else { sp.call(w_key, &[w_x])? };
    let i = search(sp, w_a, w, lo, w_hi, w_key, true)?;
    insert(sp, w_a, w_x, i)
}
/// Insert item x in list a, and keep it sorted assuming a is sorted.
///
/// If x is already in a, insert it to the left of the leftmost x.
///
/// Optional args lo (default 0) and hi (default len(a)) bound the
/// slice of a to be searched.
///
/// A custom key function can be supplied to customize the sort order.
#[interp_fn(sig = "(a, x, lo=0, hi=None, *, key=None)")]
fn insort_left(sp: Space, w_a: W, w_x: W, lo: i64, w_hi: W, w_key: W) -> Res<()> {
    let w = if w_key.is_none() { w_x } else { sp.call(w_key, &[w_x])? };
    let i = search(sp, w_a, w, lo, w_hi, w_key, false)?;
    insert(sp, w_a, w_x, i)
}
