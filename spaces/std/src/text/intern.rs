//! The table of interned strings. What is in it lives for ever: names in code and constants of the libraries rely on it.

use super::chars::Chars;
use super::{hash, wstr};
use crate::layouts::{STR_INTERNED, WStr};
use std::sync::atomic::{AtomicUsize, Ordering};
use taipan_abi::word::TID_STR;
use taipan_plugin_api::{GcArray, Global, Res, Space, W};

/// Open addressing over a power of two of slots, at most two thirds full. One thread at a time runs Python, so that the
/// count needs no stronger ordering.
static TABLE: Global = Global::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);

enum Slot {
    Found(W),
    Free(usize),
}

fn probe(sp: Space, table: GcArray, hash: i64, chars: Chars) -> Slot {
    let mask = table.capacity() - 1;
    let mut i = hash as usize & mask;
    let mut step = 0;
    loop {
        let w = table.get(i);
        if w.is_null() {
            return Slot::Free(i);
        }
        if wstr::hash(sp, w) == hash && wstr::chars(w).same(chars) {
            return Slot::Found(w);
        }
        step += 1;
        i = (i + step) & mask;
    }
}

fn table(sp: Space) -> Res<GcArray> {
    let w = TABLE.get_or(sp, |sp| Ok(GcArray::new(sp, 4096)?.0))?;
    let old = GcArray(w);
    let n = COUNT.load(Ordering::Relaxed);
    if n * 3 < old.capacity() * 2 {
        return Ok(old);
    }
    let new = GcArray::new(sp, old.capacity() * 2)?;
    for i in 0..old.capacity() {
        let w = old.get(i);
        if !w.is_null()
            && let Slot::Free(at) = probe(sp, new, wstr::hash(sp, w), wstr::chars(w))
        {
            new.set(sp, at, w);
        }
    }
    TABLE.set(sp, new.0);
    Ok(new)
}

/// The interned str of an object laid out as str.
pub fn intern_w(sp: Space, w: W) -> Res<W> {
    // SAFETY: laid out as a str.
    if unsafe { w.header().aux[1] } & STR_INTERNED != 0 {
        return Ok(w);
    }
    let table = table(sp)?;
    let h = wstr::hash(sp, w);
    match probe(sp, table, h, wstr::chars(w)) {
        Slot::Found(w) => Ok(w),
        Slot::Free(at) => {
            // SAFETY: a heap object.
            let w = if unsafe { w.is_tid(TID_STR) } { w } else { wstr::new_narrow(sp, wstr::chars(w))? };
            Ok(enter(sp, table, at, w, h))
        }
    }
}

fn enter(sp: Space, table: GcArray, at: usize, w: W, hash: i64) -> W {
    // A copy of one short string may have entered the very string meanwhile (the single characters are interned when made).
    // SAFETY: laid out as a str.
    if unsafe { w.header().aux[1] } & STR_INTERNED != 0 {
        return w;
    }
    // SAFETY: as above.
    unsafe {
        (*w.ptr::<WStr>()).hash = hash as u64;
        w.header().aux[1] |= STR_INTERNED;
    }
    table.set(sp, at, w);
    COUNT.fetch_add(1, Ordering::Relaxed);
    w
}

/// The interned str of UTF-8 text.
pub fn intern_utf8(sp: Space, s: &[u8]) -> Res<W> {
    if !s.is_ascii() {
        let w = wstr::new_wtf8(sp, s)?;
        return intern_w(sp, w);
    }
    let table = table(sp)?;
    let h = hash::hash_bytes(sp, s);
    match probe(sp, table, h, Chars::One(s)) {
        Slot::Found(w) => Ok(w),
        // Single characters intern themselves when they are made, which could grow the table.
        Slot::Free(_) => {
            let w = wstr::new_narrow(sp, Chars::One(s))?;
            intern_w(sp, w)
        }
    }
}
