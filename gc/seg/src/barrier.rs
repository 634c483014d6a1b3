//! The write barrier's slow paths: logging old objects and dirtying cards.

use crate::bits;
use crate::heap::{Heap, heap};
use taipan_abi::gc::{GC_BARRIER, GC_CARDS, GC_LISTED, GcThread};
use taipan_abi::word::W;

/// The collector's byte in the header of `o`.
#[inline(always)]
pub unsafe fn gc_bits<'a>(o: usize) -> &'a mut u8 {
    &mut *((o + 4) as *mut u8)
}

unsafe fn log(h: &mut Heap, o: usize) {
    let gc = gc_bits(o);
    if *gc & GC_BARRIER == 0 {
        return;
    }
    if bits::get(h.live, h.bit(o)) {
        *gc &= !GC_BARRIER;
        h.remset.push(o);
    } else {
        // Pretenured and still young: it is traced as a whole when it is reached first.
        *gc = 0;
    }
}

/// `GcVTable::wb_slow`.
pub unsafe extern "C" fn wb_slow(_t: *mut GcThread, p: *mut u8) {
    let h = heap();
    if h.inside(p as usize) {
        log(h, p as usize);
    }
}

unsafe fn list(h: &mut Heap, o: usize) {
    let gc = gc_bits(o);
    if *gc & GC_LISTED == 0 {
        *gc |= GC_LISTED;
        h.dirty.push(o);
    }
}

/// `GcVTable::wb_slot`.
pub unsafe extern "C" fn wb_slot(_t: *mut GcThread, p: *mut u8, slot: *mut W) {
    let h = heap();
    let o = p as usize;
    if !h.inside(o) {
        return;
    }
    let gc = *gc_bits(o);
    if gc & GC_BARRIER == 0 {
        return;
    }
    let s = slot as usize;
    if gc & GC_CARDS == 0 || s < o || s >= o + h.block(h.block_of(o)).extent {
        return log(h, o);
    }
    *h.card_of(s) = 1;
    list(h, o);
}

/// `GcVTable::wb_range`.
pub unsafe extern "C" fn wb_range(_t: *mut GcThread, p: *mut u8, lo: *mut W, hi: *mut W) {
    let h = heap();
    let o = p as usize;
    if !h.inside(o) || lo >= hi {
        return;
    }
    let gc = *gc_bits(o);
    if gc & GC_BARRIER == 0 {
        return;
    }
    let (lo, hi) = (lo as usize, hi as usize);
    if gc & GC_CARDS == 0 || lo < o || hi > o + h.block(h.block_of(o)).extent {
        return log(h, o);
    }
    let first = h.card_of(lo);
    let last = h.card_of(hi - 8);
    std::ptr::write_bytes(first, 1, last as usize - first as usize + 1);
    list(h, o);
}
