//! Marking: what happens at a reference, and the tracing of objects.
//!
//! One visitor serves all collections; the mode is a constant parameter so that each gets its own loop.

use crate::barrier::gc_bits;
use crate::bits;
use crate::blocks::kind;
use crate::heap::Heap;
use crate::{cards, large, os, stress, verify};
use std::ffi::c_void;
use taipan_abi::gc::{GC_BARRIER, GC_CARDS, GC_LISTED, TypeInfo, tf};
use taipan_abi::word::W;

/// Marks young objects.
pub const MINOR: u8 = 0;
/// Marks young objects while a major collection is marking: old objects reached here are marked for it, so that whatever the
/// mutator stored since the last step is known to it.
pub const UPDATE: u8 = 1;
/// Marks old objects into the mark bitmap.
pub const MAJOR: u8 = 2;
/// As MAJOR, and looks at every reference with suspicion.
pub const CHECKED: u8 = 3;
/// Everything reachable must be live.
pub const VERIFY: u8 = 4;
/// As UPDATE for young objects; old ones are left to a later step of the major collection.
pub const YOUNG: u8 = 5;
/// Everything reachable must be marked, at the end of a major collection.
pub const VERIFY_MAJOR: u8 = 6;

/// Arrays above this many items are traced in pieces, when no other grey object is left.
const PIECE: usize = 4096;
/// Objects whose headers are being fetched.
const FIFO: usize = 16;

/// Grey objects.
#[derive(Default)]
pub struct Work {
    /// Marked, not traced.
    pub stack: Vec<usize>,
    /// Arrays, and the item from which on they are not traced.
    pub pieces: Vec<(usize, usize)>,
}

impl Work {
    /// Nothing left to trace.
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty() && self.pieces.is_empty()
    }
    /// Forgets all.
    pub fn clear(&mut self) {
        self.stack.clear();
        self.pieces.clear();
    }
}

#[inline(always)]
fn work<const M: u8>(h: &mut Heap) -> &mut Work {
    match M {
        MINOR | UPDATE | YOUNG => &mut h.minor,
        VERIFY | VERIFY_MAJOR => &mut h.verify,
        _ => &mut h.major,
    }
}

/// A reference was found: `w` is NULL, a small int, an object outside the heap or the start of a heap object.
#[inline(always)]
pub unsafe fn visit<const M: u8>(h: &mut Heap, w: usize) {
    if !h.inside(w) {
        return;
    }
    let bit = h.bit(w);
    match M {
        MINOR => {
            if *h.young.add(h.block_of(w)) != 0 && bits::set_new(h.live, bit) {
                h.minor.stack.push(w);
            }
        }
        UPDATE => {
            if *h.young.add(h.block_of(w)) != 0 && bits::set_new(h.live, bit) {
                // Traced now, with this visitor: done for the major collection too.
                bits::set_new(h.mark, bit);
                h.minor.stack.push(w);
            } else if bits::set_new(h.mark, bit) {
                h.major.stack.push(w);
            }
        }
        YOUNG => {
            if *h.young.add(h.block_of(w)) != 0 && bits::set_new(h.live, bit) {
                bits::set_new(h.mark, bit);
                h.minor.stack.push(w);
            }
        }
        VERIFY | VERIFY_MAJOR => {
            if !bits::get(if M == VERIFY { h.live } else { h.mark }, bit) {
                verify::missed(h, w);
            }
            if bits::set_new(h.verify_map, bit) {
                h.verify.stack.push(w);
            }
        }
        _ => {
            if M == CHECKED {
                stress::check_reference(h, w);
            }
            if bits::set_new(h.mark, bit) {
                h.major.stack.push(w);
            }
        }
    }
}

pub(crate) unsafe extern "C" fn visit_slot<const M: u8>(ctx: *mut c_void, slot: *mut W) {
    visit::<M>(&mut *(ctx as *mut Heap), (*slot).0 as usize);
}

/// The words [lo, hi).
#[inline(always)]
pub unsafe fn visit_range<const M: u8>(h: &mut Heap, lo: usize, hi: usize) {
    let mut p = lo;
    while p < hi {
        visit::<M>(h, *(p as *const usize));
        p += 8;
    }
}

#[inline(always)]
pub(crate) unsafe fn fixed_part<const M: u8>(h: &mut Heap, o: usize, ti: &TypeInfo) {
    let mut map = ti.ptr_map;
    while map != 0 {
        visit::<M>(h, *((o + map.trailing_zeros() as usize * 8) as *const usize));
        map &= map - 1;
    }
}

/// The class of an instance, which is a reference in its row.
#[inline(always)]
pub(crate) unsafe fn class<const M: u8>(h: &mut Heap, ti: &TypeInfo) {
    if ti.flags & tf::TRACE_TYPE != 0 {
        visit::<M>(h, ti.w_type.0 as usize);
    }
}

/// The flags of an array of references.
pub(crate) const ITEMS: u32 = tf::VAR | tf::ITEMS_W;

/// Where the items of an array of references lie.
#[inline(always)]
pub(crate) unsafe fn items(o: usize, ti: &TypeInfo) -> (usize, usize) {
    let n = *((o + ti.len_off as usize) as *const u64) as usize;
    (o + ti.items_off as usize, n * (ti.item_bytes as usize / 8))
}

/// Visits the references of `o`; long arrays are put off. Answers the work done, in words.
#[inline(always)]
unsafe fn body<const M: u8>(h: &mut Heap, o: usize, ti: &TypeInfo) -> usize {
    if matches!(M, CHECKED | VERIFY | VERIFY_MAJOR) {
        h.parent = o;
    }
    if ti.flags & (tf::NO_PTRS | tf::TRACE_TYPE) != 0 {
        class::<M>(h, ti);
        if ti.flags & tf::NO_PTRS != 0 {
            return 2;
        }
    }
    if ti.flags & tf::TRACE != 0 {
        if let Some(trace) = ti.trace {
            trace(o as *mut u8, visit_slot::<M>, h as *mut Heap as *mut c_void);
        }
        return 4 + ti.fixed_bytes as usize / 8;
    }
    fixed_part::<M>(h, o, ti);
    let mut n = 2;
    if ti.flags & ITEMS == ITEMS {
        let (p, len) = items(o, ti);
        if len > PIECE {
            work::<M>(h).pieces.push((o, 0));
        } else {
            visit_range::<M>(h, p, p + len * 8);
            n += len;
        }
    }
    n + ti.fixed_bytes as usize / 8
}

/// The next piece of a long array.
unsafe fn piece<const M: u8>(h: &mut Heap, o: usize, from: usize) -> usize {
    let ti = h.type_of(o);
    if matches!(M, CHECKED | VERIFY | VERIFY_MAJOR) {
        h.parent = o;
    }
    // The array may have become shorter, or something else of the same size, since it was put off.
    if ti.flags & ITEMS != ITEMS || ti.flags & (tf::NO_PTRS | tf::TRACE) != 0 {
        return 1;
    }
    let (p, len) = items(o, ti);
    let to = (from + PIECE).min(len);
    if to < len {
        work::<M>(h).pieces.push((o, to));
    }
    if from < to {
        visit_range::<M>(h, p + from * 8, p + to * 8);
    }
    PIECE
}

/// A young object survives: sets its barrier bits and visits its references.
unsafe fn promote<const M: u8>(h: &mut Heap, o: usize) -> usize {
    let ti = h.type_of(o);
    if let Some(f) = ti.native_bytes {
        let n = f(o as *const u8);
        h.native += n;
        h.native_marked += n;
    }
    if ti.flags & tf::FREE != 0 {
        // Also for a cell that was allocated larger than its type asks for.
        let blk = h.block(h.block_of(o));
        if blk.kind == kind::SMALL {
            h.classes[blk.class as usize].has_free = true;
        }
    }
    if let Some(b) = h.large_head(o).filter(|_| large::wants_cards(ti)) {
        h.block(b).carded = true;
        if *gc_bits(o) & GC_CARDS != 0 {
            return cards::scan_dirty::<M>(h, o);
        }
        *gc_bits(o) = GC_BARRIER | GC_CARDS;
        return body::<M>(h, o, ti);
    }
    *gc_bits(o) = GC_BARRIER;
    body::<M>(h, o, ti)
}

/// Visits the references of `o` as the mode wants.
#[inline(always)]
unsafe fn trace<const M: u8>(h: &mut Heap, o: usize) -> usize {
    match M {
        MINOR | UPDATE => promote::<M>(h, o),
        _ => {
            let ti = h.type_of(o);
            if let (MAJOR | CHECKED, Some(f)) = (M, ti.native_bytes) {
                h.native_marked += f(o as *const u8);
            }
            body::<M>(h, o, ti)
        }
    }
}

/// Traces grey objects until none is left (true) or `budget` words of work are done (false).
pub unsafe fn drain<const M: u8>(h: &mut Heap, budget: usize) -> bool {
    let mut fifo = [0usize; FIFO];
    let (mut first, mut n, mut done) = (0, 0, 0);
    while done < budget {
        while n < FIFO {
            let Some(o) = work::<M>(h).stack.pop() else { break };
            os::prefetch(o);
            fifo[(first + n) % FIFO] = o;
            n += 1;
        }
        if n > 0 {
            let o = fifo[first % FIFO];
            first += 1;
            n -= 1;
            done += trace::<M>(h, o);
        } else if let Some((o, from)) = work::<M>(h).pieces.pop() {
            done += piece::<M>(h, o, from);
        } else if (M == MAJOR || M == CHECKED) && !h.again.is_empty() {
            done += cards::scan_again::<M>(h);
        } else {
            return true;
        }
    }
    for i in 0..n {
        work::<M>(h).stack.push(fifo[(first + i) % FIFO]);
    }
    work::<M>(h).is_empty() && h.again.is_empty()
}

/// Traces an old object from the remembered set again and arms its barrier.
pub unsafe fn retrace<const M: u8>(h: &mut Heap, o: usize) {
    let ti = h.type_of(o);
    let gc = gc_bits(o);
    if *gc & GC_CARDS != 0 {
        if *gc & GC_LISTED != 0 {
            let extent = h.block(h.block_of(o)).extent;
            cards::clean(h, o, extent);
        }
        *gc = GC_BARRIER | GC_CARDS;
    } else {
        *gc |= GC_BARRIER;
    }
    body::<M>(h, o, ti);
}
