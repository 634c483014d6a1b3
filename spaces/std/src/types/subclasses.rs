//! The list of a class's direct subclasses: of those written in Rust itself (they live for ever), of others weak references.
//!
//! The weak slots are late ones: a class revived by a finalizer is still in the lists of its bases. So whoever walks the lists reaches
//! every class that anything can use, which the caches of `lookup` rely on.

use super::util::*;
use super::weakref::{self, WRef};
use crate::layouts::*;
use std::mem::offset_of;
use taipan_abi::gc::WEAK_LATE;
use taipan_plugin_api::prelude::*;

/// A list shorter than this is not searched for dead entries.
const SHORT: u32 = 16;

/// Enters a class into its base's list.
pub fn add(sp: Space, w_base: W, w: W) -> Res<()> {
    // Lists come from another family and need their class only by row, so this works during the start too.
    if wt(w_base).w_subclasses.is_null() {
        let l = sp.newlist(&[])?;
        setfield!(sp, w_base, WType, w_subclasses, l);
        wt(w_base).subclass_limit = SHORT;
    }
    let n = sp.list_len(wt(w_base).w_subclasses)? as u32;
    if n >= wt(w_base).subclass_limit {
        let left = retain(sp, w_base, |_| true)?;
        wt(w_base).subclass_limit = left.saturating_mul(2).max(SHORT);
    }
    let entry = if wt(w).flags & tflags::HEAP == 0 { w } else { reference(sp, w)? };
    sp.list_append(wt(w_base).w_subclasses, entry)
}

/// A reference that the table of `weakref` does not know.
fn reference(sp: Space, w: W) -> Res<W> {
    // SAFETY: row WEAKREF is laid out so; fresh object, its weak slot is written before it is registered.
    unsafe {
        let (w_ref, r) = new::<WRef>(sp, super::WEAKREF)?;
        r.target = w.0;
        r.key = w.0;
        r.hash = -1;
        let off = offset_of!(WRef, target) as u32 | WEAK_LATE;
        ((*sp.thread().gcvt).reg_weak)(sp.th().cast(), w_ref.ptr(), off);
        Ok(w_ref)
    }
}

/// The class of an entry, if it is alive.
fn class_of(sp: Space, entry: W) -> Option<W> {
    // SAFETY: a live word.
    if unsafe { entry.is_tid(super::WEAKREF) } {
        weakref::target(entry)
    } else {
        Some(entry).filter(|w| is_type(sp, *w))
    }
}

fn entries(sp: Space, w_class: W) -> impl Iterator<Item = W> {
    let l = wt(w_class).w_subclasses;
    let n = if l.is_null() { 0 } else { sp.list_len(l).unwrap_or(0) };
    (0..n).filter_map(move |i| sp.list_item(l, i).ok())
}

/// The direct subclasses that are alive, in the order of their making.
pub fn live(sp: Space, w_class: W) -> RootedVec {
    let mut out = RootedVec::new(sp);
    for entry in entries(sp, w_class) {
        if let Some(w) = class_of(sp, entry) {
            out.push(w)
        }
    }
    out
}

/// Takes a class out of its base's list.
pub fn remove(sp: Space, w_base: W, w: W) -> Res<()> {
    if !wt(w_base).w_subclasses.is_null() {
        retain(sp, w_base, |c| c != w)?;
    }
    Ok(())
}

/// Leaves the entries of living classes that `f` wants; answers how many those are.
fn retain(sp: Space, w_base: W, f: impl Fn(W) -> bool) -> Res<u32> {
    let mut left = RootedVec::new(sp);
    for entry in entries(sp, w_base) {
        if class_of(sp, entry).is_some_and(&f) {
            left.push(entry)
        }
    }
    let n = left.len() as u32;
    let new = left.into_list()?;
    setfield!(sp, w_base, WType, w_subclasses, new);
    Ok(n)
}
