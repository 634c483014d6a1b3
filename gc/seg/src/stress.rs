//! The option `stress`: collects at every Nth allocation, poisons freed cells, and looks at every reference it follows.

use crate::bits;
use crate::blocks::kind;
use crate::classes::{BLOCK, MAX_CELL, cell_bytes, class_of};
use crate::heap::Heap;
use crate::{alloc, large, major, os};
use std::ptr::null_mut;
use taipan_abi::gc::{Bump, GcThread};

/// Every byte of a freed cell but the type id (0) and the former type id in the second word.
pub const POISON: u8 = 0xDA;

/// Allocation in stress mode: the threads' bump pairs stay empty, so that every allocation comes here.
pub unsafe fn alloc(h: &mut Heap, t: *mut GcThread, bytes: usize, tid: u32, flags: u32) -> *mut u8 {
    h.stress_count += 1;
    let due = h.stress_count.is_multiple_of(h.options.stress) || h.young_bytes >= h.nursery;
    if due && h.enabled && !h.busy {
        major::full_now(h, t);
    }
    if bytes > MAX_CELL {
        return large::alloc(h, t, bytes, tid, flags, true);
    }
    let c = class_of(bytes);
    let mut tried = false;
    loop {
        let bump = &mut h.medium[c];
        if bump.cur < bump.end {
            let p = bump.cur;
            bump.cur += cell_bytes(c);
            std::ptr::write_bytes(p as *mut u8, 0, cell_bytes(c));
            let b = h.block_of(p);
            h.block(b).frontier = (p - h.addr(b) + cell_bytes(c)) as u32;
            return alloc::header(p, tid);
        }
        if let Some((cur, end)) = h.next_interval(c) {
            h.medium[c] = Bump { cur, end };
        } else if tried || h.busy {
            return null_mut();
        } else {
            tried = true;
            major::full_now(h, t);
        }
    }
}

/// Fills the freed cell of `o`.
pub unsafe fn poison(o: usize, bytes: usize, tid: u32) {
    std::ptr::write_bytes(o as *mut u8, POISON, bytes);
    *(o as *mut u32) = 0;
    if bytes >= 16 {
        *((o + 8) as *mut u32) = tid;
    }
}

/// A reference found in the heap or in an exact root must be the start of a live object.
#[inline]
pub unsafe fn check_reference(h: &Heap, w: usize) {
    let b = h.block_of(w);
    let blk = h.block(b);
    let start = match blk.kind {
        kind::SMALL => (w & (BLOCK - 1)).is_multiple_of(blk.cell as usize),
        kind::HEAD => w & (BLOCK - 1) == 0,
        _ => false,
    };
    if !start || !bits::get(h.live, h.bit(w)) {
        bad_reference(h, w, start || blk.kind == kind::FREE);
    }
}

#[cold]
unsafe fn bad_reference(h: &Heap, w: usize, freed: bool) -> ! {
    let parent = describe(h, h.parent);
    if !freed {
        os::fatal(&format!("{parent} refers to {w:#x}, which is not the start of an object"));
    }
    let former = *((w + 8) as *const u32);
    os::fatal(&format!(
        "{parent} refers to the freed cell {w:#x}, once of type id {former}: a root or a write barrier is missing"
    ))
}

/// Names an object for messages.
pub fn describe(h: &Heap, o: usize) -> String {
    if o == 0 {
        return "a root".into();
    }
    // SAFETY: o is an object being traced or found by a reference; its header is mapped.
    let tid = unsafe { *(o as *const u32) };
    // SAFETY: rows below len are valid or null.
    let layout = unsafe {
        let types = &*h.types;
        let row = if tid < types.len { *types.rows.add(tid as usize) } else { std::ptr::null_mut() };
        if row.is_null() { 0 } else { (*row).layout }
    };
    format!("the object {o:#x} of type id {tid} (layout {layout})")
}
