//! Large objects: runs of blocks of their own, with room to grow, and cards for arrays of references.

use crate::bits;
use crate::blocks::kind;
use crate::classes::{BLOCK, BLOCK_SHIFT, MAX_CELL};
use crate::heap::{Heap, heap};
use crate::{cards, major, os};
use std::ptr::{null_mut, write_bytes};
use taipan_abi::gc::{GC_BARRIER, GC_CARDS, GcThread, LARGE_PRETENURE, TypeInfo, tf};

/// Bytes behind each large object, so that a pointer one past its end still points into it.
const PAD: usize = 64;
/// Arrays of this size get twice the address space they need: growing in place costs nothing then.
const HEADROOM: usize = 512 << 10;
/// Dirty runs above this size are given back and mapped anew instead of being overwritten with zeros.
const REMAP: usize = 1 << 20;
/// No object is bigger than this.
const MAX_OBJECT: usize = 1 << 46;

/// Is the barrier of a large object of this type kept by card?
pub fn wants_cards(ti: &TypeInfo) -> bool {
    ti.flags & tf::NO_PTRS == 0 && ti.flags & (tf::ITEMS_W | tf::TRACE) != 0
}

/// Allocates an object of its own blocks. `headroom`: it is likely to grow.
pub unsafe fn alloc(h: &mut Heap, t: *mut GcThread, bytes: usize, tid: u32, flags: u32, headroom: bool) -> *mut u8 {
    if bytes > MAX_OBJECT {
        return null_mut();
    }
    if h.young_bytes + bytes > h.nursery && h.young_bytes > 0 && h.enabled && !h.busy {
        major::poll(h, t);
    }
    let need = (bytes + PAD).div_ceil(BLOCK);
    let mut run = if headroom && bytes >= HEADROOM { need * 2 } else { need };
    let mut tried = false;
    let b = loop {
        if let Some(b) = h.take_run(run) {
            break b;
        }
        if run > need {
            run = need;
        } else if tried || h.busy {
            return null_mut();
        } else {
            tried = true;
            major::full_now(h, t);
        }
    };
    h.clean(b, run, need);
    for i in 1..run {
        let blk = h.block(b + i);
        blk.kind = kind::TAIL;
        blk.head = b as u32;
    }
    let blk = h.block(b);
    blk.kind = kind::HEAD;
    blk.carded = false;
    blk.again = false;
    blk.unswept = false;
    blk.run = run as u32;
    blk.extent = bytes;
    h.young_bytes += bytes;
    *h.young.add(b) = 1;
    h.young_large.push(b as u32);
    let p = h.addr(b) as *mut u8;
    *(p as *mut u64) = tid as u64;
    if flags & LARGE_PRETENURE != 0 && wants_cards(h.type_of(p as usize)) {
        // Its owner stores through the barrier from the start, so that the cards know all that was written.
        *p.add(4) = GC_BARRIER | GC_CARDS;
        blk.carded = true;
    }
    p
}

impl Heap {
    /// Zeroes the blocks [b, b + run), of which `need` will be used at once.
    unsafe fn clean(&mut self, b: usize, run: usize, need: usize) {
        if need * BLOCK >= REMAP && (b..b + run).any(|i| self.block(i).dirty != 0) {
            os::decommit(self.addr(b) as *mut u8, run * BLOCK);
        } else {
            for i in b..b + need {
                write_bytes(self.addr(i) as *mut u8, 0, self.block(i).dirty as usize);
            }
            if (b + need..b + run).any(|i| self.block(i).dirty != 0) {
                os::decommit(self.addr(b + need) as *mut u8, (run - need) * BLOCK);
            }
        }
        for i in b..b + run {
            self.block(i).dirty = 0;
        }
    }

    /// Frees a dead large object; its live and mark bits are clear already. The caller has run the `free` hook.
    pub unsafe fn free_large(&mut self, b: usize) {
        let (run, extent, carded) = (self.block(b).run as usize, self.block(b).extent, self.block(b).carded);
        if carded {
            cards::forget(self, self.addr(b), run * BLOCK);
        }
        for i in 0..run {
            self.block(b + i).dirty = extent.saturating_sub(i << BLOCK_SHIFT).min(BLOCK) as u32;
            self.release(b + i, false);
        }
    }

    /// The head block if `o` is a large object.
    #[inline(always)]
    pub unsafe fn large_head(&self, o: usize) -> Option<usize> {
        if o & (BLOCK - 1) != 0 {
            return None;
        }
        let b = self.block_of(o);
        (self.block(b).kind == kind::HEAD).then_some(b)
    }
}

/// `GcVTable::try_extend`.
pub unsafe extern "C" fn try_extend(_t: *mut GcThread, p: *mut u8, bytes: usize) -> i32 {
    let h = heap();
    let o = p as usize;
    if bytes > MAX_OBJECT || !h.inside(o) {
        return 0;
    }
    let b = h.block_of(o);
    let blk = h.block(b);
    if blk.kind == kind::SMALL {
        let cell = blk.cell as usize;
        if bytes > cell {
            return 0;
        }
        // Whether this grows or shrinks, what lies beyond the object's size stays zero.
        write_bytes(p.add(bytes), 0, cell - bytes);
        return 1;
    }
    let old = blk.extent;
    if bytes <= old {
        if bytes <= MAX_CELL && old > 4 * BLOCK {
            // A copy in a small cell serves better than a run of blocks kept for it.
            return 0;
        }
        write_bytes(p.add(bytes), 0, old - bytes);
        blk.extent = bytes;
        if bits::get(h.live, h.bit(o)) {
            h.old_bytes = h.old_bytes.saturating_sub(old - bytes);
        }
        return 1;
    }
    let need = (bytes + PAD).div_ceil(BLOCK);
    let run = blk.run as usize;
    if need > run {
        // A quarter more than asked for, so that the next steps find their room.
        let wish = need + need / 4;
        let n = if h.take_at(b + run, wish - run) {
            wish
        } else if h.take_at(b + run, need - run) {
            need
        } else {
            return 0;
        };
        h.clean(b + run, n - run, need - run);
        for i in run..n {
            let tail = h.block(b + i);
            tail.kind = kind::TAIL;
            tail.head = b as u32;
        }
        blk.run = n as u32;
    }
    blk.extent = bytes;
    if bits::get(h.live, h.bit(o)) {
        h.old_bytes += bytes - old;
    } else {
        h.young_bytes += bytes - old;
    }
    1
}
