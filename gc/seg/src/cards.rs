//! Card marking: which parts of a large array were written.
//!
//! A dirty card is looked at by the next minor collection for young objects. If the array has been marked by a running major
//! collection, the card is then kept in a second table, and a later step visits its references for that collection: this can be
//! much work, which a minor collection should not have to do at once.

use crate::barrier::gc_bits;
use crate::bits;
use crate::heap::{CARD_SHIFT, Heap};
use crate::mark::{ITEMS, UPDATE, YOUNG, class, fixed_part, items, visit, visit_range};
use crate::os;
use std::ffi::c_void;
use std::ptr::write_bytes;
use taipan_abi::gc::{GC_BARRIER, GC_CARDS, TypeInfo, Visit, tf};
use taipan_abi::word::W;

/// Cards visited in one piece of work.
const PIECE: usize = 256;
/// Cards fetched ahead.
const BATCH: usize = 32;

impl Heap {
    /// The card byte of an address.
    #[inline(always)]
    pub unsafe fn card_of(&self, p: usize) -> *mut u8 {
        self.cards.add((p - self.base) >> CARD_SHIFT)
    }
}

/// Cards of an object of `extent` bytes.
fn count(extent: usize) -> usize {
    (extent >> CARD_SHIFT) + 1
}

/// Forgets the dirty cards of the first `bytes` of `o`, for the minor collections.
pub unsafe fn clean(h: &Heap, o: usize, bytes: usize) {
    write_bytes(h.card_of(o), 0, count(bytes));
}

/// Forgets all cards on the blocks of the dead array that begins at `o`.
pub unsafe fn forget(h: &Heap, o: usize, bytes: usize) {
    let first = (o - h.base) >> CARD_SHIFT;
    write_bytes(h.cards.add(first), 0, bytes >> CARD_SHIFT);
    write_bytes(h.again_cards.add(first), 0, bytes >> CARD_SHIFT);
}

/// As a trace function's visitor, for slots on cards set in `TABLE` (0: dirty, 1: again) and slots outside the heap.
unsafe extern "C" fn visit_carded<const M: u8, const TABLE: u8>(ctx: *mut c_void, slot: *mut W) {
    let h = &mut *(ctx as *mut Heap);
    let off = (slot as usize).wrapping_sub(h.base);
    let table = if TABLE == 0 { h.cards } else { h.again_cards };
    if off >= h.used_len || *table.add(off >> CARD_SHIFT) != 0 {
        visit::<M>(h, (*slot).0 as usize);
    }
}

/// Odd layouts are visited whole, with a visitor that skips what was not written.
unsafe fn odd<const M: u8>(h: &mut Heap, o: usize, ti: &TypeInfo, v: Visit) {
    match ti.trace {
        Some(trace) if ti.flags & tf::TRACE != 0 => trace(o as *mut u8, v, h as *mut Heap as *mut c_void),
        _ => fixed_part::<M>(h, o, ti),
    }
}

/// Calls `f` with each set card from `from` on, as [lo, hi) addresses clipped to the items, and clears it; stops after about `limit`
/// of them. Answers where it stopped.
#[inline(always)]
unsafe fn each(
    h: &mut Heap,
    o: usize,
    ti: &TypeInfo,
    table: *mut u8,
    from: usize,
    limit: usize,
    f: impl Fn(&mut Heap, usize, usize, usize),
) -> usize {
    let n = count(h.block(h.block_of(o)).extent);
    let first = table.add((o - h.base) >> CARD_SHIFT);
    let (p, len) = items(o, ti);
    let end = p + len * 8;
    let (mut i, mut seen) = (from, 0);
    while i < n && seen < limit {
        // Cards far apart are cache misses: some are found and asked for before the first of them is read.
        let mut batch = [0usize; BATCH];
        let mut found = 0;
        while i < n && found < BATCH {
            // Objects begin at block starts, so their cards begin at a multiple of 8 and can be looked at 8 at a time.
            if i % 8 == 0 && i + 8 <= n && *(first.add(i) as *const u64) == 0 {
                i += 8;
                continue;
            }
            if *first.add(i) != 0 {
                *first.add(i) = 0;
                let lo = o + (i << CARD_SHIFT);
                os::prefetch(lo);
                os::prefetch(lo + 64);
                batch[found] = i;
                found += 1;
            }
            i += 1;
        }
        for &card in &batch[..found] {
            let lo = o + (card << CARD_SHIFT);
            f(h, card, lo.max(p), (lo + (1 << CARD_SHIFT)).min(end));
        }
        seen += found;
    }
    if i < n { i } else { usize::MAX }
}

/// A minor collection visits the references on the dirty cards of an array and cleans them; the barrier is armed again.
pub unsafe fn scan_dirty<const M: u8>(h: &mut Heap, o: usize) -> usize {
    let extent = h.block(h.block_of(o)).extent;
    *gc_bits(o) = GC_BARRIER | GC_CARDS;
    let ti = h.type_of(o);
    class::<M>(h, ti);
    if M != UPDATE {
        visit_dirty::<M>(h, o, extent, false);
    } else if bits::get(h.mark, h.bit(o)) {
        visit_dirty::<YOUNG>(h, o, extent, true);
        put_off(h, o);
    } else {
        // The major collection has yet to come by, and will trace it whole.
        visit_dirty::<YOUNG>(h, o, extent, false);
    }
    count(extent)
}

unsafe fn visit_dirty<const M: u8>(h: &mut Heap, o: usize, extent: usize, again: bool) {
    let ti = h.type_of(o);
    let first = (o - h.base) >> CARD_SHIFT;
    if ti.flags & (tf::TRACE | ITEMS) != ITEMS {
        odd::<M>(h, o, ti, visit_carded::<M, 0>);
        for i in first..first + count(extent) {
            if again {
                *h.again_cards.add(i) |= *h.cards.add(i);
            }
            *h.cards.add(i) = 0;
        }
        return;
    }
    fixed_part::<M>(h, o, ti);
    each(h, o, ti, h.cards, 0, usize::MAX, |h, i, lo, hi| {
        visit_range::<M>(h, lo, hi);
        if again {
            *h.again_cards.add(first + i) = 1;
        }
    });
}

/// Lists an array whose cards a later step of the major collection has to visit.
unsafe fn put_off(h: &mut Heap, o: usize) {
    let blk = h.block(h.block_of(o));
    blk.again_pos = 0;
    if !blk.again {
        blk.again = true;
        h.again.push(o);
    }
}

/// A step of the major collection: some cards of the last array put off. Answers the work done, in words.
pub unsafe fn scan_again<const M: u8>(h: &mut Heap) -> usize {
    let Some(&o) = h.again.last() else { return 1 };
    let ti = h.type_of(o);
    let blk = h.block(h.block_of(o));
    let from = blk.again_pos as usize;
    if from == 0 {
        // What lies before the items was not put off by card.
        fixed_part::<M>(h, o, ti);
    }
    let mut stop = usize::MAX;
    let mut done = 4096;
    if ti.flags & (tf::TRACE | ITEMS) != ITEMS {
        odd::<M>(h, o, ti, visit_carded::<M, 1>);
        write_bytes(h.again_cards.add((o - h.base) >> CARD_SHIFT), 0, count(blk.extent));
        done = blk.extent / 8;
    } else {
        stop = each(h, o, ti, h.again_cards, from, PIECE, |h, _, lo, hi| visit_range::<M>(h, lo, hi));
    }
    if stop == usize::MAX {
        blk.again = false;
        h.again.pop();
    } else {
        blk.again_pos = stop as u32;
    }
    done
}

/// Forgets what was put off: the major collection is given up.
pub unsafe fn give_up(h: &mut Heap) {
    for o in std::mem::take(&mut h.again) {
        let blk = h.block(h.block_of(o));
        blk.again = false;
        forget_again(h, o, blk.extent);
    }
}

unsafe fn forget_again(h: &Heap, o: usize, extent: usize) {
    write_bytes(h.again_cards.add((o - h.base) >> CARD_SHIFT), 0, count(extent));
}
