//! Lookup of a name in a class and its bases, with the global method cache and class versions.
//!
//! Invariant: if a class has a version, so have all classes of its MRO. A change of a class takes the version from it and from all its
//! subclasses; a class without one was not looked at since its last change, so nothing can depend on it.

use super::subclasses;
use super::util::*;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use taipan_plugin_api::prelude::*;

#[derive(Copy, Clone)]
struct Entry {
    version: u64,
    name: u64,
    value: W,
}
const SIZE: usize = 4096;
struct Cache(UnsafeCell<[Entry; SIZE]>);
// SAFETY: only touched by the thread that runs Python.
unsafe impl Sync for Cache {}
/// Values are not roots: an entry is only believed while its version is the class's, and then the class's MRO holds the value.
static CACHE: Cache = Cache(UnsafeCell::new([Entry { version: 0, name: 0, value: W::NULL }; SIZE]));
static NEXT_VERSION: AtomicU64 = AtomicU64::new(1);

/// `Header::rt` of an interned name: some class reassigned an attribute of that name as plain data, so its lookups on classes are not cached.
pub const RT_VOLATILE_NAME: u8 = 0x80;

/// May a lookup of this (interned) name be remembered? Attributes that are reassigned like counters may not.
#[inline(always)]
pub fn cacheable(w_name: W) -> bool {
    // SAFETY: a str.
    unsafe { w_name.header().rt & RT_VOLATILE_NAME == 0 }
}

/// The class's version, given out if it has none. 0 = it cannot have one (its MRO is not complete yet).
#[inline]
pub fn version(w_type: W) -> u64 {
    let v = wt(w_type).version;
    if v != 0 { v } else { assign(w_type) }
}
#[cold]
fn assign(w_type: W) -> u64 {
    let w_mro = wt(w_type).w_mro;
    if w_mro.is_null() {
        return 0;
    }
    for w in tuple(w_mro) {
        let t = wt(*w);
        if t.version == 0 {
            t.version = NEXT_VERSION.fetch_add(1, Ordering::Relaxed);
        }
    }
    wt(w_type).version
}

/// What a class or one of its bases has under an interned name. Borrowed: the class keeps it alive.
#[inline]
pub fn lookup(sp: Space, w_type: W, w_name: W) -> Option<W> {
    let v = version(w_type);
    let i = (v.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20 ^ w_name.0 >> 4) as usize % SIZE;
    // SAFETY: one thread at a time; the reference ends before anything else runs.
    let e = unsafe { (*CACHE.0.get())[i] };
    if e.version == v && e.name == w_name.0 && v != 0 {
        return if e.value.is_null() { None } else { Some(e.value) };
    }
    let found = walk(sp, w_type, w_name);
    if v != 0 && cacheable(w_name) && wt(w_type).version == v {
        // SAFETY: as above.
        unsafe { (*CACHE.0.get())[i] = Entry { version: v, name: w_name.0, value: found.unwrap_or(W::NULL) } };
    }
    found
}
/// The evaluator's name for [`lookup`].
#[inline]
pub fn lookup_in_type(sp: Space, w_type: W, w_name: W) -> Option<W> {
    lookup(sp, w_type, w_name)
}

/// A name in one class's own namespace.
#[inline]
pub fn own(sp: Space, w_type: W, w_name: W) -> Option<W> {
    let d = wt(w_type).w_dict;
    if d.is_null() {
        return None;
    }
    match sp.dict_get(d, w_name) {
        Ok(found) => found,
        Err(Raised) => {
            // Keys that are no plain str may have a comparison that raises; CPython drops such errors here too.
            sp.take_exc();
            None
        }
    }
}

fn walk(sp: Space, w_type: W, w_name: W) -> Option<W> {
    let w_mro = wt(w_type).w_mro;
    if w_mro.is_null() {
        let mut c = w_type;
        while !c.is_null() {
            if let Some(w) = own(sp, c, w_name) {
                return Some(w);
            }
            c = wt(c).w_base
        }
        return None;
    }
    tuple(w_mro).iter().find_map(|c| own(sp, *c, w_name))
}
/// The class of the MRO that has the name, and what it has.
pub fn lookup_where(sp: Space, w_type: W, w_name: W) -> Option<(W, W)> {
    tuple(wt(w_type).w_mro).iter().find_map(|c| own(sp, *c, w_name).map(|w| (*c, w)))
}

/// A class changed: caches of lookups in it and its subclasses become invalid.
pub fn modified(sp: Space, w_type: W) {
    if wt(w_type).version == 0 {
        return;
    }
    sp.next_epoch();
    forget(sp, w_type);
}
fn forget(sp: Space, w_type: W) {
    let t = wt(w_type);
    if t.version == 0 {
        return;
    }
    t.version = 0;
    for w in subclasses::live(sp, w_type).iter() {
        forget(sp, *w)
    }
}
/// A special method as (function, self or NULL): no bound method is made for a plain function.
#[inline]
pub fn special(sp: Space, w: W, w_name: W) -> Res<Option<(W, W)>> {
    let w_type = type_of(sp, w);
    let Some(d) = lookup(sp, w_type, w_name) else { return Ok(None) };
    bind(sp, d, w, w_type).map(Some)
}
/// A class attribute as it is seen through an instance, as (callable, self or NULL).
#[inline]
pub fn bind(sp: Space, d: W, w: W, w_type: W) -> Res<(W, W)> {
    use taipan_abi::word::*;
    // SAFETY: a live word.
    let tid = unsafe { d.tid() };
    if tid == TID_FUNCTION || tid == TID_SLOT_WRAPPER || (tid == TID_METHOD_DESCR && super::descr::plain_method(d)) {
        return Ok((d, w));
    }
    match slots_of(sp, d).descr_get {
        // SAFETY: a slot of the object's own class.
        Some(f) => Ok((res(unsafe { f(sp.th(), d, w, w_type) })?, W::NULL)),
        None => Ok((d, W::NULL)),
    }
}
/// Calls what [`special`] found.
#[inline]
pub fn call_bound(sp: Space, (f, w_self): (W, W), args: &[W]) -> Res<W> {
    if w_self.is_null() {
        return sp.call(f, args);
    }
    let mut a = [W::NULL; 5];
    a[0] = w_self;
    a[1..=args.len()].copy_from_slice(args);
    super::calls::call(sp, f, Args { ptr: a.as_ptr(), n: args.len() + 1, kwnames: W::NULL })
}
/// Calls a special method with at most four arguments; None if the class has no such method.
#[inline]
pub fn call_special(sp: Space, w: W, w_name: W, args: &[W]) -> Res<Option<W>> {
    match special(sp, w, w_name)? {
        Some(m) => call_bound(sp, m, args).map(Some),
        None => Ok(None),
    }
}
