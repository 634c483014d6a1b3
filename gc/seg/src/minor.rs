//! Minor collections.

use crate::barrier::gc_bits;
use crate::bits;
use crate::heap::{Heap, Phase};
use crate::mark::{MINOR, UPDATE, VERIFY, drain, retrace};
use crate::{cards, roots, verify};
use std::time::Instant;
use taipan_abi::gc::{GC_LISTED, GcThread};

/// The nursery grows by up to this factor, and up to this size, when much survives.
const NURSERY_FACTOR: usize = 8;
const NURSERY_MAX: usize = 32 << 20;

/// A nursery grows no further when its collection takes longer than the first, and shrinks above the second (milliseconds).
const PAUSES: (u128, u128) = (4, 10);

/// Frees young objects that are reachable neither from the roots nor from logged old objects; the others become old.
pub unsafe fn minor(h: &mut Heap, t: *mut GcThread, sp: usize) {
    let start = Instant::now();
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
    adapt(h, young, start.elapsed().as_millis());
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
            cards::scan_dirty::<M>(h, o);
        }
    }
    dirty.clear();
    h.dirty = dirty;
    drain::<M>(h, usize::MAX);
    if h.options.verify {
        verify::check::<VERIFY>(h, t, sp);
    }
    let mut slots = std::mem::take(&mut h.weak.young_slots);
    let mut fins = std::mem::take(&mut h.weak.young_fins);
    h.clear_weak(&slots, h.live);
    h.queue_finalizers::<M>(&mut fins, h.live);
    drain::<M>(h, usize::MAX);
    h.prune_weak(&mut slots, h.live);
    h.weak.old_slots.extend(slots);
    h.weak.old_fins.extend(fins);
}

/// Marking costs by survivors, so a larger nursery pays when many survive; a small one stays in the caches and gives short pauses.
fn adapt(h: &mut Heap, young: usize, ms: u128) {
    let base = h.options.nursery;
    if ms > PAUSES.1 || h.promoted < young / 32 {
        h.nursery = (h.nursery / 2).max(base);
    } else if ms < PAUSES.0 && h.promoted > young / 4 && h.old_bytes > 4 * h.nursery {
        h.nursery = (h.nursery * 2).min((base * NURSERY_FACTOR).min(NURSERY_MAX).max(base));
    }
}
