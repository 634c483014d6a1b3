//! Minor collections.

use crate::barrier::gc_bits;
use crate::bits;
use crate::heap::{Heap, Phase};
use crate::mark::{MINOR, UPDATE, drain, retrace, scan_cards};
use crate::{roots, verify};
use taipan_abi::gc::{GC_LISTED, GcThread};

/// The nursery grows by up to this factor, and up to this size, when much survives.
const NURSERY_FACTOR: usize = 8;
const NURSERY_MAX: usize = 32 << 20;

/// Frees young objects that are reachable neither from the roots nor from logged old objects; the others become old.
pub unsafe fn minor(h: &mut Heap, t: *mut GcThread, sp: usize) {
    h.note_free_types();
    h.flush();
    let young = h.young_bytes;
    if h.phase == Phase::Marking {
        mark::<UPDATE>(h, t, sp);
    } else {
        mark::<MINOR>(h, t, sp);
    }
    h.promoted = h.sweep_young();
    h.old_bytes += h.promoted;
    h.young_bytes = 0;
    h.clock.minors += 1;
    adapt(h, young);
}

unsafe fn mark<const M: u8>(h: &mut Heap, t: *mut GcThread, sp: usize) {
    roots::scan::<M>(h, t, sp);
    let mut remset = std::mem::take(&mut h.remset);
    for &o in &remset {
        retrace::<M>(h, o);
    }
    remset.clear();
    h.remset = remset;
    let mut dirty = std::mem::take(&mut h.dirty);
    for &o in &dirty {
        // Young ones wait until they are reached; those without the bit were traced whole.
        if *gc_bits(o) & GC_LISTED != 0 && bits::get(h.live, h.bit(o)) {
            scan_cards::<M>(h, o);
        }
    }
    dirty.clear();
    h.dirty = dirty;
    drain::<M>(h, usize::MAX);
    if h.options.verify {
        verify::check(h, t, sp);
    }
    let mut slots = std::mem::take(&mut h.weak.young_slots);
    let mut fins = std::mem::take(&mut h.weak.young_fins);
    h.clear_weak(&mut slots, h.live);
    h.queue_finalizers::<M>(&mut fins, h.live);
    drain::<M>(h, usize::MAX);
    h.prune_weak(&mut slots, h.live);
    h.weak.old_slots.extend(slots);
    h.weak.old_fins.extend(fins);
}

/// Marking costs by survivors, so a larger nursery pays when many survive; a small one stays in the caches.
fn adapt(h: &mut Heap, young: usize) {
    let base = h.options.nursery;
    if h.promoted > young / 4 && h.old_bytes > 4 * h.nursery {
        h.nursery = (h.nursery * 2).min((base * NURSERY_FACTOR).min(NURSERY_MAX).max(base));
    } else if h.promoted < young / 32 && h.nursery > base {
        h.nursery = (h.nursery / 2).max(base);
    }
}
