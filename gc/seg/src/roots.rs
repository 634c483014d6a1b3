//! Roots: native stacks, value stacks and frames (ambiguous), registered words and the collector's own queues (exact).

use crate::heap::{Heap, heap};
use crate::mark::{visit, visit_range};
use taipan_abi::gc::GcThread;
use taipan_abi::word::W;

/// `GcVTable::add_roots`. The handle is never 0.
pub unsafe extern "C" fn add_roots(ptr: *const W, n: usize) -> u32 {
    let h = heap();
    let i = match h.ranges.iter().position(|r| r.0.is_null()) {
        Some(i) => i,
        None => {
            h.ranges.push((std::ptr::null(), 0));
            h.ranges.len() - 1
        }
    };
    h.ranges[i] = (ptr, n);
    i as u32 + 1
}

/// `GcVTable::del_roots`.
pub unsafe extern "C" fn del_roots(handle: u32) {
    let h = heap();
    if let Some(r) = (handle as usize).checked_sub(1).and_then(|i| h.ranges.get_mut(i)) {
        *r = (std::ptr::null(), 0);
    }
}

/// An ambiguous word.
#[inline(always)]
unsafe fn ambiguous<const M: u8>(h: &mut Heap, w: usize) {
    if h.inside(w) {
        let o = h.object_at(w);
        if o != 0 {
            visit::<M>(h, o);
        }
    }
}

/// Ambiguous words [lo, hi).
#[inline(never)]
unsafe fn ambiguous_range<const M: u8>(h: &mut Heap, lo: usize, hi: usize) {
    let mut p = lo & !7;
    while p < hi {
        ambiguous::<M>(h, std::ptr::read_volatile(p as *const usize));
        p += 8;
    }
}

unsafe fn thread<const M: u8>(h: &mut Heap, t: &GcThread, lowest: usize) {
    if lowest != 0 && lowest < t.stack_hi {
        ambiguous_range::<M>(h, lowest, t.stack_hi);
    }
    if !t.vs_base.is_null() {
        ambiguous_range::<M>(h, t.vs_base as usize, t.vs_top as usize);
    }
    if !t.frames.is_null() && t.frame_bytes != 0 {
        let mut f = t.frames as usize;
        while f <= t.frame_top as usize {
            let mut map = t.frame_map;
            while map != 0 {
                ambiguous::<M>(h, *((f + map.trailing_zeros() as usize * 8) as *const usize));
                map &= map - 1;
            }
            f += t.frame_bytes as usize;
        }
    }
    let mut node = t.roots;
    while !node.is_null() {
        let lo = (*node).ptr as usize;
        visit_range::<M>(h, lo, lo + (*node).len * 8);
        node = (*node).next;
    }
}

/// Visits all roots. `current` runs the collection, its stack pointer is `sp`; the others are parked.
pub unsafe fn scan<const M: u8>(h: &mut Heap, current: *mut GcThread, sp: usize) {
    h.parent = 0;
    for i in 0..h.threads.len() {
        let t = h.threads[i];
        // A thread that is neither current nor parked is on its way into `attach` or out of `detach` and holds nothing.
        let lowest = if t == current {
            sp
        } else if (*t).state != 0 {
            (*t).parked_sp
        } else {
            0
        };
        thread::<M>(h, &*t, lowest);
    }
    for i in 0..h.ranges.len() {
        let (p, n) = h.ranges[i];
        if !p.is_null() {
            visit_range::<M>(h, p as usize, p as usize + n * 8);
        }
    }
    for i in 0..h.weak.dead.len() {
        visit::<M>(h, h.weak.dead[i]);
    }
    for i in 0..h.weak.queue.len() {
        visit::<M>(h, h.weak.queue[i]);
    }
}
