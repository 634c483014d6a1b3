//! The ordered hash table behind dict and set.
//!
//! A table is one TID_DICT_KEYS object (`WDictKeys`): entries in insertion order, then an open-addressing index of entry numbers with
//! CPython's perturbation. Entries are never reused or moved inside such an object: growing and compacting make a new one. So "same keys
//! object and the entry still has the same key" proves after a call of `__eq__` that a found position is still right.
//!
//! Taking the last item gives its entry back (`pop_last`), `nentries` together with `entries_cap`: the index slot stays marked as
//! deleted, and what may still be filled is `entries_cap - nentries`, so that free index slots never run out. The index therefore lies
//! by the end of the object, not by `entries_cap`. Other removals leave a hole: iterators see a key that comes back as a new one. Four
//! bytes of `pad` count the leading entries known to be deleted, which makes a queue linear.

use super::util::{barrier_range, eq, is_str, str_eq};
use crate::layouts::{DictEntry, STR_INTERNED, WDictKeys, WStr};
use std::ffi::c_void;
use taipan_abi::gc::{Visit, tf};
use taipan_abi::types::{Slots, TypeSpec};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// What WDict and WSet begin with.
#[repr(C)]
#[allow(missing_docs)]
pub struct Holder {
    pub header: Header,
    pub w_keys: W,
    pub len: usize,
}

const FREE: usize = 0;
const DELETED: usize = 1;
const FIRST: usize = 2;
const HEAD: usize = size_of::<WDictKeys>();

/// The row of the tables.
pub static KEYS: TypeSpec = TypeSpec {
    name: Str::new("dict_table"),
    doc: Str::new(""),
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::VAR | tf::TRACE,
    fixed_bytes: HEAD as u32,
    item_bytes: 1,
    len_off: std::mem::offset_of!(WDictKeys, nbytes) as u32,
    items_off: HEAD as u32,
    ptr_map: 0,
    trace: Some(trace),
    free: None,
    native_bytes: None,
    slots: &Slots::EMPTY,
    methods: Slice::new(&[]),
    getset: Slice::new(&[]),
    members: Slice::new(&[]),
};

unsafe extern "C" fn trace(obj: *mut u8, visit: Visit, ctx: *mut c_void) {
    let keys = obj as *mut WDictKeys;
    for i in 0..(*keys).nentries {
        let e = WDictKeys::entry(keys, i);
        if !(*e).w_key.is_null() {
            visit(ctx, &raw mut (*e).w_key);
            visit(ctx, &raw mut (*e).w_value);
        }
    }
}

/// The holder's struct.
///
/// # Safety
/// `w` is a dict or set.
#[inline(always)]
pub unsafe fn holder<'a>(w: W) -> &'a mut Holder {
    &mut *w.ptr()
}

#[inline(always)]
unsafe fn index_base(keys: *mut WDictKeys) -> *mut u8 {
    let bytes = ((*keys).index_bytes as usize) << (*keys).log2_size;
    (keys as *mut u8).add(HEAD + (*keys).nbytes - bytes)
}
#[inline(always)]
unsafe fn read_index(base: *mut u8, width: u8, i: usize) -> usize {
    match width {
        1 => *base.add(i) as usize,
        2 => *(base as *mut u16).add(i) as usize,
        _ => *(base as *mut u32).add(i) as usize,
    }
}
#[inline(always)]
unsafe fn write_index(base: *mut u8, width: u8, i: usize, v: usize) {
    match width {
        1 => *base.add(i) = v as u8,
        2 => *(base as *mut u16).add(i) = v as u16,
        _ => *(base as *mut u32).add(i) = v as u32,
    }
}

/// The sequence of index slots of a hash.
struct Probe {
    i: usize,
    mask: usize,
    perturb: u64,
}
impl Probe {
    #[inline(always)]
    fn new(hash: u64, log2: u8) -> Probe {
        let mask = (1usize << log2) - 1;
        Probe { i: hash as usize & mask, mask, perturb: hash }
    }
    #[inline(always)]
    fn advance(&mut self) {
        self.perturb >>= 5;
        self.i = (self.i.wrapping_mul(5).wrapping_add(self.perturb as usize).wrapping_add(1)) & self.mask;
    }
}

/// Leading entries known to be deleted.
#[inline(always)]
unsafe fn leading(keys: *mut WDictKeys) -> usize {
    u32::from_le_bytes([(*keys).pad[1], (*keys).pad[2], (*keys).pad[3], (*keys).pad[4]]) as usize
}
unsafe fn set_leading(keys: *mut WDictKeys, n: usize) {
    let [a, b, c, d] = (n.min(u32::MAX as usize) as u32).to_le_bytes();
    (*keys).pad = [0, a, b, c, d];
}

fn usable(log2: u8) -> usize {
    (1usize << log2) * 2 / 3
}
/// The smallest index that has room for `n` entries.
fn log2_for(n: usize) -> u8 {
    let mut log2 = 3;
    while usable(log2) < n {
        log2 += 1
    }
    log2
}

/// An empty table.
fn new_keys(sp: Space, log2: u8, str_only: bool) -> Res<W> {
    if log2 > 31 {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let width = if log2 <= 8 {
        1usize
    } else if log2 <= 16 {
        2
    } else {
        4
    };
    let (cap, index) = (usable(log2), width << log2);
    let nbytes = cap * size_of::<DictEntry>() + index;
    // SAFETY: the row's layout is the struct and nbytes bytes; the object is ours.
    unsafe {
        let w = sp.alloc(TID_DICT_KEYS, HEAD + nbytes)?;
        let keys = w.ptr::<WDictKeys>();
        (*keys).nbytes = nbytes;
        (*keys).log2_size = log2;
        (*keys).index_bytes = width as u8;
        (*keys).str_only = str_only;
        (*keys).entries_cap = cap;
        Ok(w)
    }
}

/// A compact table with the live entries of `w_old` (`len` of them) and an index of the given size.
unsafe fn rebuilt(sp: Space, w_old: W, len: usize, log2: u8) -> Res<W> {
    let old = w_old.ptr::<WDictKeys>();
    let w_new = new_keys(sp, log2, (*old).str_only)?;
    let new = w_new.ptr::<WDictKeys>();
    let (base, width) = (index_base(new), (*new).index_bytes);
    let first = WDictKeys::entry(new, 0);
    // The range covers what is stored below; nothing else is called before the stores.
    barrier_range(sp, w_new, first as *mut W, first.add(len) as *mut W);
    let mut n = 0;
    for i in leading(old)..(*old).nentries {
        let e = *WDictKeys::entry(old, i);
        if e.w_key.is_null() {
            continue;
        }
        *first.add(n) = e;
        let mut p = Probe::new(e.hash, log2);
        while read_index(base, width, p.i) != FREE {
            p.advance()
        }
        write_index(base, width, p.i, n + FIRST);
        n += 1;
    }
    (*new).nentries = n;
    Ok(w_new)
}

/// Room for one more entry: a larger or compacted table.
#[cold]
#[inline(never)]
unsafe fn grow(sp: Space, w: W, str_key: bool) -> Res<()> {
    let h = holder(w);
    let w_new = if h.w_keys.is_null() {
        new_keys(sp, 3, str_key)?
    } else {
        let mut log2 = 3u8;
        while (1usize << log2) < h.len * 3 || usable(log2) <= h.len {
            log2 += 1
        }
        rebuilt(sp, h.w_keys, h.len, log2)?
    };
    sp.barrier(w, &raw mut h.w_keys);
    h.w_keys = w_new;
    Ok(())
}

/// Room for `n` entries in an empty holder.
///
/// # Safety
/// `w` is a dict or set.
pub unsafe fn presize(sp: Space, w: W, n: usize, str_only: bool) -> Res<()> {
    let h = holder(w);
    if h.len == 0 && n > 0 {
        let w_new = new_keys(sp, log2_for(n), str_only)?;
        sp.barrier(w, &raw mut h.w_keys);
        h.w_keys = w_new;
    }
    Ok(())
}

/// Room for `n` more entries, at once.
///
/// # Safety
/// `w` is a dict or set.
pub unsafe fn reserve(sp: Space, w: W, n: usize) -> Res<()> {
    let h = holder(w);
    if h.w_keys.is_null() {
        return presize(sp, w, n, true);
    }
    let keys = h.w_keys.ptr::<WDictKeys>();
    if (*keys).entries_cap - (*keys).nentries >= n {
        return Ok(());
    }
    let w_new = rebuilt(sp, h.w_keys, h.len, log2_for(h.len + n))?;
    sp.barrier(w, &raw mut h.w_keys);
    h.w_keys = w_new;
    Ok(())
}

/// The hash of an exact str, computed at most once.
#[inline(always)]
pub fn str_hash(sp: Space, w: W) -> Res<u64> {
    // SAFETY: callers pass exact strs.
    let h = unsafe { (*w.ptr::<WStr>()).hash };
    if h != 0 { Ok(h) } else { Ok(sp.hash(w)? as u64) }
}

/// hash(w), without a call for small ints and strs.
#[inline]
pub fn hash(sp: Space, w: W) -> Res<u64> {
    if w.is_int() {
        const MODULUS: u64 = (1 << 61) - 1;
        let i = w.untag();
        let m = (i.unsigned_abs() % MODULUS) as i64;
        let h = if i < 0 { -m } else { m };
        return Ok(if h == -1 { -2 } else { h } as u64);
    }
    if is_str(w) {
        return str_hash(sp, w);
    }
    Ok(sp.hash(w)? as u64)
}

/// Entry of an exact str in a str-only table.
///
/// # Safety
/// `keys` is such a table.
#[inline]
pub unsafe fn find_str(keys: *mut WDictKeys, w_key: W, hash: u64) -> Option<usize> {
    let (base, width) = (index_base(keys), (*keys).index_bytes);
    let mut p = Probe::new(hash, (*keys).log2_size);
    loop {
        let ix = read_index(base, width, p.i);
        if ix >= FIRST {
            let e = WDictKeys::entry(keys, ix - FIRST);
            if (*e).w_key == w_key {
                return Some(ix - FIRST);
            }
            if (*e).hash == hash {
                let interned = (*e).w_key.header().aux[1] & w_key.header().aux[1] & STR_INTERNED != 0;
                if !interned && str_eq((*e).w_key, w_key) {
                    return Some(ix - FIRST);
                }
            }
        } else if ix == FREE {
            return None;
        }
        p.advance();
    }
}

/// Entry of an exact str among the keys that are exact strs, without the means to call anything.
///
/// # Safety
/// `keys` is a table, `w_name` an exact str.
pub unsafe fn find_name(keys: *mut WDictKeys, w_name: W) -> Option<usize> {
    let hash = (*w_name.ptr::<WStr>()).hash;
    if hash != 0 && (*keys).str_only {
        return find_str(keys, w_name, hash);
    }
    let same = |i: usize| {
        let w_key = (*WDictKeys::entry(keys, i)).w_key;
        w_key == w_name || !w_key.is_null() && is_str(w_key) && str_eq(w_key, w_name)
    };
    if hash == 0 {
        // Nobody has stored this object in a dict yet.
        return (leading(keys)..(*keys).nentries).find(|i| same(*i));
    }
    let (base, width) = (index_base(keys), (*keys).index_bytes);
    let mut p = Probe::new(hash, (*keys).log2_size);
    loop {
        match read_index(base, width, p.i) {
            FREE => return None,
            DELETED => {}
            ix if (*WDictKeys::entry(keys, ix - FIRST)).hash == hash && same(ix - FIRST) => return Some(ix - FIRST),
            _ => {}
        }
        p.advance();
    }
}

/// The entry of a key.
///
/// # Safety
/// `w` is a dict or set; `hash` is the key's.
#[inline]
pub unsafe fn find(sp: Space, w: W, w_key: W, hash: u64) -> Res<Option<usize>> {
    let h = holder(w);
    if h.len == 0 {
        return Ok(None);
    }
    let keys = h.w_keys.ptr::<WDictKeys>();
    if (*keys).str_only && is_str(w_key) {
        return Ok(find_str(keys, w_key, hash));
    }
    find_general(sp, w, w_key, hash)
}

#[inline(never)]
unsafe fn find_general(sp: Space, w: W, w_key: W, hash: u64) -> Res<Option<usize>> {
    let h: *mut Holder = w.ptr();
    'restart: loop {
        let w_keys = (*h).w_keys;
        if w_keys.is_null() {
            return Ok(None);
        }
        let keys = w_keys.ptr::<WDictKeys>();
        let (base, width) = (index_base(keys), (*keys).index_bytes);
        let mut p = Probe::new(hash, (*keys).log2_size);
        loop {
            let ix = read_index(base, width, p.i);
            if ix >= FIRST {
                let e = WDictKeys::entry(keys, ix - FIRST);
                let w_found = (*e).w_key;
                if w_found == w_key {
                    return Ok(Some(ix - FIRST));
                }
                if (*e).hash == hash {
                    let equal = eq(sp, w_found, w_key)?;
                    if (*h).w_keys != w_keys || (*e).w_key != w_found {
                        continue 'restart;
                    }
                    if equal {
                        return Ok(Some(ix - FIRST));
                    }
                }
            } else if ix == FREE {
                return Ok(None);
            }
            p.advance();
        }
    }
}

/// Appends a key that is not there; answers its entry.
///
/// # Safety
/// `w` is a dict or set without this key; `hash` is the key's.
#[inline]
pub unsafe fn insert_new(sp: Space, w: W, w_key: W, hash: u64, w_value: W) -> Res<usize> {
    let h: *mut Holder = w.ptr();
    let str_key = is_str(w_key);
    let mut keys = (*h).w_keys.ptr::<WDictKeys>();
    if keys.is_null() || (*keys).nentries == (*keys).entries_cap {
        grow(sp, w, str_key)?;
        keys = (*h).w_keys.ptr::<WDictKeys>();
    }
    if !str_key {
        (*keys).str_only = false
    }
    let (base, width) = (index_base(keys), (*keys).index_bytes);
    let mut p = Probe::new(hash, (*keys).log2_size);
    while read_index(base, width, p.i) >= FIRST {
        p.advance()
    }
    let n = (*keys).nentries;
    let e = WDictKeys::entry(keys, n);
    let w_keys = (*h).w_keys;
    sp.barrier(w_keys, &raw mut (*e).w_key);
    sp.barrier(w_keys, &raw mut (*e).w_value);
    *e = DictEntry { hash, w_key, w_value };
    (*keys).nentries = n + 1;
    write_index(base, width, p.i, n + FIRST);
    (*h).len += 1;
    Ok(n)
}

/// Replaces the value of an entry.
///
/// # Safety
/// Entry i of the table exists.
#[inline]
pub unsafe fn store_value(sp: Space, w_keys: W, i: usize, w_value: W) {
    let slot = &raw mut (*WDictKeys::entry(w_keys.ptr(), i)).w_value;
    sp.barrier(w_keys, slot);
    *slot = w_value;
}

/// Removes a live entry.
///
/// # Safety
/// Entry i of the holder's table is live.
pub unsafe fn remove_at(w: W, i: usize) {
    let h = holder(w);
    let keys = h.w_keys.ptr::<WDictKeys>();
    let e = WDictKeys::entry(keys, i);
    let (base, width) = (index_base(keys), (*keys).index_bytes);
    let mut p = Probe::new((*e).hash, (*keys).log2_size);
    while read_index(base, width, p.i) != i + FIRST {
        p.advance()
    }
    write_index(base, width, p.i, DELETED);
    // NULL needs no barrier.
    (*e).w_key = W::NULL;
    (*e).w_value = W::NULL;
    h.len -= 1;
    if leading(keys) == i {
        let mut n = i + 1;
        while n < (*keys).nentries && (*WDictKeys::entry(keys, n)).w_key.is_null() {
            n += 1
        }
        set_leading(keys, n)
    }
}

/// Removes the last live entry and gives back its room and that of the deleted ones behind it.
///
/// # Safety
/// Entry i of the holder's table is its last live one.
pub unsafe fn pop_last(w: W, i: usize) {
    remove_at(w, i);
    let keys = holder(w).w_keys.ptr::<WDictKeys>();
    (*keys).entries_cap -= (*keys).nentries - i;
    (*keys).nentries = i;
    if leading(keys) > i {
        set_leading(keys, i)
    }
}

/// Forgets all entries.
///
/// # Safety
/// `w` is a dict or set.
pub unsafe fn clear(w: W) {
    let h = holder(w);
    h.w_keys = W::NULL;
    h.len = 0;
}

/// The first live entry from `pos` on.
///
/// # Safety
/// `w` is a dict or set.
#[inline]
pub unsafe fn next(w: W, pos: usize) -> Option<usize> {
    let h = holder(w);
    if h.w_keys.is_null() {
        return None;
    }
    let keys = h.w_keys.ptr::<WDictKeys>();
    let mut i = pos.max(leading(keys));
    while i < (*keys).nentries {
        if !(*WDictKeys::entry(keys, i)).w_key.is_null() {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// The last live entry before `pos`.
///
/// # Safety
/// `w` is a dict or set.
pub unsafe fn prev(w: W, pos: usize) -> Option<usize> {
    let h = holder(w);
    if h.w_keys.is_null() {
        return None;
    }
    let keys = h.w_keys.ptr::<WDictKeys>();
    let mut i = pos.min((*keys).nentries);
    while i > leading(keys) {
        i -= 1;
        if !(*WDictKeys::entry(keys, i)).w_key.is_null() {
            return Some(i);
        }
    }
    None
}

/// Entry i.
///
/// # Safety
/// `w` is a dict or set whose table has entry i.
#[inline(always)]
pub unsafe fn entry(w: W, i: usize) -> DictEntry {
    *WDictKeys::entry(holder(w).w_keys.ptr(), i)
}

/// Makes `w_to`, which is empty, a copy of `w_from`.
///
/// # Safety
/// Both are dicts or sets.
pub unsafe fn copy(sp: Space, w_from: W, w_to: W) -> Res<()> {
    let from = holder(w_from);
    if from.len == 0 {
        return Ok(());
    }
    let len = from.len;
    let w_new = rebuilt(sp, from.w_keys, len, log2_for(len))?;
    let to = holder(w_to);
    sp.barrier(w_to, &raw mut to.w_keys);
    to.w_keys = w_new;
    to.len = len;
    Ok(())
}

/// A dict's table becomes one of the same keys whose values are all NULL or `w_value`: for dict.fromkeys and sets of dicts.
///
/// # Safety
/// As for `copy`.
pub unsafe fn copy_keys(sp: Space, w_from: W, w_to: W, w_value: W) -> Res<()> {
    copy(sp, w_from, w_to)?;
    let w_keys = holder(w_to).w_keys;
    if !w_keys.is_null() {
        for i in 0..(*w_keys.ptr::<WDictKeys>()).nentries {
            store_value(sp, w_keys, i, w_value)
        }
    }
    Ok(())
}

/// Bytes of a table, NULL has none.
pub fn bytes(w_keys: W) -> usize {
    // SAFETY: callers pass the `w_keys` of a dict or set.
    if w_keys.is_null() { 0 } else { unsafe { HEAD + (*w_keys.ptr::<WDictKeys>()).nbytes } }
}
