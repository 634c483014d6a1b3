//! set and frozenset as Rust code uses them.

use super::dict;
use super::table;
use super::util::*;
use crate::layouts::{DictEntry, WSet};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// An empty set (TID_SET) or frozenset (TID_FROZENSET).
#[inline]
pub fn new(sp: Space, tid: u32) -> Res<W> {
    // SAFETY: both rows have the layout WSet, whose zero state is an empty set.
    unsafe { sp.alloc(tid, size_of::<WSet>()) }
}

/// A set of the elements of an iterable.
pub fn from_iterable(sp: Space, w_iterable: W, tid: u32) -> Res<W> {
    let w = new(sp, tid)?;
    add_all(sp, w, w_iterable)?;
    Ok(w)
}

/// A set of the words of a slice, which stand where the collector sees them.
pub fn from_items(sp: Space, items: &[W], tid: u32) -> Res<W> {
    let w = new(sp, tid)?;
    for w_item in items {
        add(sp, w, *w_item)?
    }
    Ok(w)
}

/// Number of elements.
#[inline(always)]
pub fn len(w: W) -> usize {
    this::<WSet>(w).len
}

/// An element's hash.
#[inline]
pub fn element_hash(sp: Space, w: W) -> Res<u64> {
    table::hash(sp, w).map_err(|_| dict::unhashable(sp, w, "set element"))
}

fn changed(w: W) {
    let mut s = this::<WSet>(w);
    s.version = s.version.wrapping_add(1);
    s.hash = 0;
}

/// s.add(x)
#[inline]
pub fn add(sp: Space, w: W, w_item: W) -> Res<()> {
    let hash = element_hash(sp, w_item)?;
    add_hashed(sp, w, w_item, hash)
}
/// s.add(x) with the element's hash.
#[inline]
pub fn add_hashed(sp: Space, w: W, w_item: W, hash: u64) -> Res<()> {
    // SAFETY: callers pass sets; nothing runs between finding and inserting.
    unsafe {
        if table::find(sp, w, w_item, hash)?.is_none() {
            changed(w);
            table::insert_new(sp, w, w_item, hash, W::NULL)?;
        }
    }
    Ok(())
}

/// The position of an element; a set is looked for as a frozenset.
pub fn find(sp: Space, w: W, w_item: W) -> Res<Option<usize>> {
    match table::hash(sp, w_item) {
        // SAFETY: callers pass sets.
        Ok(hash) => unsafe { table::find(sp, w, w_item, hash) },
        Err(r) => {
            if sp.layout(w_item) != TID_SET {
                return Err(dict::unhashable(sp, w_item, "set element"));
            }
            if !sp.catch(known::TYPE_ERROR) {
                return Err(r);
            }
            let w_frozen = new(sp, TID_FROZENSET)?;
            // SAFETY: both are sets.
            unsafe { table::copy(sp, w_item, w_frozen)? };
            let hash = frozen_hash(w_frozen);
            // SAFETY: as above.
            unsafe { table::find(sp, w, w_frozen, hash) }
        }
    }
}

/// x in s
#[inline]
pub fn contains(sp: Space, w: W, w_item: W) -> Res<bool> {
    Ok(find(sp, w, w_item)?.is_some())
}

/// Removes an element if it is there.
pub fn discard(sp: Space, w: W, w_item: W) -> Res<bool> {
    let Some(i) = find(sp, w, w_item)? else { return Ok(false) };
    changed(w);
    // SAFETY: the entry was just found.
    unsafe { table::remove_at(w, i) };
    Ok(true)
}
fn discard_hashed(sp: Space, w: W, w_item: W, hash: u64) -> Res<bool> {
    // SAFETY: callers pass sets.
    unsafe {
        let Some(i) = table::find(sp, w, w_item, hash)? else { return Ok(false) };
        changed(w);
        table::remove_at(w, i);
    }
    Ok(true)
}

/// Removes and answers the first element.
pub fn pop(w: W) -> Option<W> {
    // SAFETY: callers pass sets.
    unsafe {
        let i = table::next(w, 0)?;
        let e = table::entry(w, i);
        changed(w);
        table::remove_at(w, i);
        Some(e.w_key)
    }
}

/// Removes all elements.
pub fn clear(w: W) {
    changed(w);
    // SAFETY: callers pass sets.
    unsafe { table::clear(w) }
}

/// The next entry from `*pos` on, which is advanced. Also walks the keys of a dict.
#[inline]
pub fn next(w: W, pos: &mut usize) -> Option<DictEntry> {
    dict::next(w, pos)
}

/// A set or an exact dict: its table can be walked.
fn has_table(sp: Space, w: W) -> bool {
    is_anyset(sp, w) || exact(w, TID_DICT)
}

/// A new set with the same elements.
pub fn copy(sp: Space, w: W, tid: u32) -> Res<W> {
    let w_new = new(sp, tid)?;
    // SAFETY: both are sets.
    unsafe { table::copy(sp, w, w_new)? };
    Ok(w_new)
}

/// Adds the elements of an iterable.
pub fn add_all(sp: Space, w: W, w_other: W) -> Res<()> {
    if !has_table(sp, w_other) {
        return sp.for_each(w_other, |w_item| add(sp, w, w_item).map(|_| true));
    }
    if w_other == w {
        return Ok(());
    }
    if len(w) == 0 {
        clear(w);
        // SAFETY: both have tables; values of a dict may not stay in a set.
        return unsafe {
            if exact(w_other, TID_DICT) {
                table::copy_keys(sp, w_other, w, W::NULL)
            } else {
                table::copy(sp, w_other, w)
            }
        };
    }
    let mut pos = 0;
    while let Some(e) = next(w_other, &mut pos) {
        add_hashed(sp, w, e.w_key, e.hash)?
    }
    Ok(())
}

/// Removes the elements of an iterable.
pub fn remove_all(sp: Space, w: W, w_other: W) -> Res<()> {
    if w_other == w {
        clear(w);
        return Ok(());
    }
    if !is_anyset(sp, w_other) {
        return sp.for_each(w_other, |w_item| {
            let hash = element_hash(sp, w_item)?;
            discard_hashed(sp, w, w_item, hash).map(|_| true)
        });
    }
    let mut pos = 0;
    while let Some(e) = next(w_other, &mut pos) {
        discard_hashed(sp, w, e.w_key, e.hash)?;
    }
    Ok(())
}

/// Symmetric difference in place.
pub fn toggle_all(sp: Space, w: W, w_other: W) -> Res<()> {
    if w_other == w {
        clear(w);
        return Ok(());
    }
    let w_set = if has_table(sp, w_other) { w_other } else { from_iterable(sp, w_other, TID_SET)? };
    let mut pos = 0;
    while let Some(e) = next(w_set, &mut pos) {
        if !discard_hashed(sp, w, e.w_key, e.hash)? {
            add_hashed(sp, w, e.w_key, e.hash)?
        }
    }
    Ok(())
}

/// A new set of the elements of `w` that are not in `w_other`.
pub fn difference(sp: Space, w: W, w_other: W, tid: u32) -> Res<W> {
    if !has_table(sp, w_other) || len(w) >> 2 > len(w_other) {
        let w_new = copy(sp, w, tid)?;
        remove_all(sp, w_new, w_other)?;
        return Ok(w_new);
    }
    let w_new = new(sp, tid)?;
    let mut pos = 0;
    while let Some(e) = next(w, &mut pos) {
        // SAFETY: `w_other` has a table.
        if unsafe { table::find(sp, w_other, e.w_key, e.hash)? }.is_none() {
            add_hashed(sp, w_new, e.w_key, e.hash)?
        }
    }
    Ok(w_new)
}

/// A new set of the common elements.
pub fn intersection(sp: Space, w: W, w_other: W, tid: u32) -> Res<W> {
    if w == w_other {
        return copy(sp, w, tid);
    }
    let w_new = new(sp, tid)?;
    if is_anyset(sp, w_other) {
        let (w_small, w_large) = if len(w_other) > len(w) { (w, w_other) } else { (w_other, w) };
        let mut pos = 0;
        while let Some(e) = next(w_small, &mut pos) {
            // SAFETY: both are sets.
            if unsafe { table::find(sp, w_large, e.w_key, e.hash)? }.is_some() {
                add_hashed(sp, w_new, e.w_key, e.hash)?
            }
        }
        return Ok(w_new);
    }
    sp.for_each(w_other, |w_item| {
        let hash = element_hash(sp, w_item)?;
        // SAFETY: `w` is a set.
        if unsafe { table::find(sp, w, w_item, hash)? }.is_some() {
            add_hashed(sp, w_new, w_item, hash)?
        }
        Ok(true)
    })?;
    Ok(w_new)
}

/// `w` takes over the contents of `w_from`, a new set nobody else has.
pub fn replace(sp: Space, w: W, w_from: W) {
    let from = this::<WSet>(w_from);
    changed(w);
    taipan_plugin_api::setfield!(sp, w, WSet, w_keys, from.w_keys);
    this::<WSet>(w).len = from.len;
}

/// Is every element of `w` in the set `w_other`?
pub fn is_subset(sp: Space, w: W, w_other: W) -> Res<bool> {
    if len(w) > len(w_other) {
        return Ok(false);
    }
    let mut pos = 0;
    while let Some(e) = next(w, &mut pos) {
        // SAFETY: both are sets.
        if unsafe { table::find(sp, w_other, e.w_key, e.hash)? }.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// No common element?
pub fn is_disjoint(sp: Space, w: W, w_other: W) -> Res<bool> {
    if w == w_other {
        return Ok(len(w) == 0);
    }
    if is_anyset(sp, w_other) {
        let (w_small, w_large) = if len(w_other) > len(w) { (w, w_other) } else { (w_other, w) };
        let mut pos = 0;
        while let Some(e) = next(w_small, &mut pos) {
            // SAFETY: both are sets.
            if unsafe { table::find(sp, w_large, e.w_key, e.hash)? }.is_some() {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let mut disjoint = true;
    sp.for_each(w_other, |w_item| {
        let hash = element_hash(sp, w_item)?;
        // SAFETY: `w` is a set.
        disjoint = unsafe { table::find(sp, w, w_item, hash)? }.is_none();
        Ok(disjoint)
    })?;
    Ok(disjoint)
}

/// hash() of a frozenset's contents: independent of the order of the elements.
pub fn frozen_hash(w: W) -> u64 {
    let mut s = this::<WSet>(w);
    if s.hash != 0 {
        return s.hash;
    }
    let mut pos = 0;
    let mut h = 0;
    while let Some(e) = next(w, &mut pos) {
        h ^= shuffle_bits(e.hash)
    }
    s.hash = mix_set_hash(h, s.len as u64);
    s.hash
}
fn shuffle_bits(h: u64) -> u64 {
    ((h ^ 89869747) ^ (h << 16)).wrapping_mul(3644798167)
}
fn mix_set_hash(mut h: u64, len: u64) -> u64 {
    h ^= (len + 1).wrapping_mul(1927868237);
    h ^= (h >> 11) ^ (h >> 25);
    h = h.wrapping_mul(69069).wrapping_add(907133923);
    if h == u64::MAX { 590923713 } else { h }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn hash_of_frozenset() {
        assert_eq!(mix_set_hash(0, 0), 133146708735736);
        assert_eq!(mix_set_hash(shuffle_bits(1) ^ shuffle_bits(2), 2) as i64, -1826646154956904602);
    }
}
