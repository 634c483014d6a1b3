//! Major collections: when they start, their steps, and their end.

use crate::classes::BLOCK_WORDS;
use crate::heap::{Heap, Phase, heap};
use crate::mark::{CHECKED, MAJOR, VERIFY_MAJOR, drain};
use crate::minor::minor;
use crate::{cards, os, roots, verify};
use taipan_abi::gc::{CollectKind, GcThread};

/// Blocks swept after a minor collection.
const SWEEP_STEP: usize = 2048;
/// After so many rounds in which the roots had something new the marking is brought to its end without a pause.
const RESCANS: u32 = 8;

/// Runs `job` with the callee-saved registers on the stack and the stack pointer below them.
#[inline(never)]
unsafe fn stopped(h: &mut Heap, t: *mut GcThread, job: unsafe fn(&mut Heap, *mut GcThread, usize)) {
    let mut registers: os::Registers = [0; 20];
    os::spill(&mut registers);
    let sp = os::stack_pointer();
    h.busy = true;
    let start = h.clock.begin();
    job(h, t, sp);
    h.clock.end(start);
    h.busy = false;
    std::hint::black_box(&mut registers);
}

/// The nursery is full: a minor collection, and a step of the major one.
pub unsafe fn poll(h: &mut Heap, t: *mut GcThread) {
    stopped(h, t, automatic);
}

/// Collects all there is: no block is left, or the stress mode wants it.
#[cold]
pub unsafe fn full_now(h: &mut Heap, t: *mut GcThread) {
    stopped(h, t, full);
}

unsafe fn automatic(h: &mut Heap, t: *mut GcThread, sp: usize) {
    minor(h, t, sp);
    match h.phase {
        Phase::Idle if h.old_bytes + h.native > h.threshold => {
            begin(h);
            roots::scan::<MAJOR>(h, t, sp);
            step(h, t, sp);
        }
        Phase::Idle => {}
        Phase::Marking => step(h, t, sp),
        Phase::Sweeping => h.sweep_some(SWEEP_STEP),
    }
}

fn begin(h: &mut Heap) {
    h.phase = Phase::Marking;
    h.native_marked = 0;
    h.rescans = 0;
}

/// Marks on, by a budget that outruns the allocation. Right after a minor collection: nothing is young, nothing is logged.
unsafe fn step(h: &mut Heap, t: *mut GcThread, sp: usize) {
    let late = h.old_bytes + h.native > 2 * h.threshold || h.rescans > RESCANS;
    let budget = if late { usize::MAX } else { (h.options.step / 8).max(h.promoted / 8 * 3) };
    if !drain::<MAJOR>(h, budget) {
        return;
    }
    roots::scan::<MAJOR>(h, t, sp);
    if drain::<MAJOR>(h, budget) {
        // The mutator has not run since the roots were scanned.
        finish::<MAJOR>(h, t, sp);
    } else {
        h.rescans += 1;
    }
}

/// The marking is complete: weak slots, finalizers, and the exchange of the bitmaps.
unsafe fn finish<const M: u8>(h: &mut Heap, t: *mut GcThread, sp: usize) {
    if h.options.verify {
        verify::check::<VERIFY_MAJOR>(h, t, sp);
    }
    let mut slots = std::mem::take(&mut h.weak.old_slots);
    let mut fins = std::mem::take(&mut h.weak.old_fins);
    h.clear_weak(&slots, h.mark);
    h.queue_finalizers::<M>(&mut fins, h.mark);
    drain::<M>(h, usize::MAX);
    h.prune_weak(&mut slots, h.mark);
    h.weak.old_slots = slots;
    h.weak.old_fins = fins;
    h.start_sweep();
    h.clock.majors += 1;
}

/// The last block has been swept.
pub unsafe fn swept(h: &mut Heap) {
    h.phase = Phase::Idle;
    let live = h.old_bytes + h.native;
    h.threshold = ((live as f64 * h.options.growth) as usize).max(live + h.options.min);
    h.release_pages();
}

/// Brings a running major collection to an end without a result.
unsafe fn settle(h: &mut Heap) {
    match h.phase {
        Phase::Idle => {}
        Phase::Marking => {
            std::ptr::write_bytes(h.mark, 0, h.top * BLOCK_WORDS);
            h.major.clear();
            cards::give_up(h);
            h.phase = Phase::Idle;
        }
        Phase::Sweeping => h.sweep_some(usize::MAX),
    }
}

unsafe fn full_as<const M: u8>(h: &mut Heap, t: *mut GcThread, sp: usize) {
    // What an incremental cycle has marked so far may have died since; a full collection is exact.
    settle(h);
    minor(h, t, sp);
    begin(h);
    roots::scan::<M>(h, t, sp);
    drain::<M>(h, usize::MAX);
    finish::<M>(h, t, sp);
    h.sweep_some(usize::MAX);
}

/// A full collection, everything swept.
pub unsafe fn full(h: &mut Heap, t: *mut GcThread, sp: usize) {
    if h.options.stress != 0 { full_as::<CHECKED>(h, t, sp) } else { full_as::<MAJOR>(h, t, sp) }
}

/// `GcVTable::collect`. Answers how many objects it found dead: what the last automatic collections left.
pub unsafe extern "C" fn collect(t: *mut GcThread, kind: u32) -> i32 {
    let h = heap();
    if h.busy {
        return 0;
    }
    h.dead = Some(0);
    if kind == CollectKind::Minor as u32 {
        stopped(h, t, minor);
        return dead(h);
    }
    if kind == CollectKind::Full as u32 {
        os::clear_dead_stack();
    }
    stopped(h, t, full);
    if kind == CollectKind::Full as u32 {
        os::clear_dead_stack();
    }
    dead(h)
}

fn dead(h: &mut Heap) -> i32 {
    i32::try_from(h.dead.take().unwrap_or(0)).unwrap_or(i32::MAX)
}
