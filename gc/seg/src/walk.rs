//! Finding objects: by an ambiguous word, and all of them.

use crate::bits;
use crate::blocks::kind;
use crate::classes::{BLOCK, BLOCK_WORDS};
use crate::heap::{Heap, heap};
use std::ffi::c_void;

impl Heap {
    /// Is `o`, the start of a cell or of a large object in block `b`, allocated?
    unsafe fn allocated(&self, o: usize, b: usize, start: usize) -> bool {
        bits::get(self.live, self.bit(o))
            || *self.young.add(b) != 0
                && (self.block(b).kind == kind::HEAD || start < self.block(b).frontier as usize)
                && *(o as *const u32) != 0
    }

    /// The object that the address `w` (inside the used heap) points into, or 0.
    pub unsafe fn object_at(&self, w: usize) -> usize {
        let mut b = self.block_of(w);
        let blk = self.block(b);
        match blk.kind {
            kind::SMALL => {
                let off = w & (BLOCK - 1);
                let i = (off as u64 * blk.recip as u64) >> 32;
                if i >= blk.cells as u64 {
                    return 0;
                }
                let start = i as usize * blk.cell as usize;
                let o = w - off + start;
                if self.allocated(o, b, start) { o } else { 0 }
            }
            kind::FREE => 0,
            k => {
                if k == kind::TAIL {
                    b = blk.head as usize;
                }
                let o = self.addr(b);
                // One past the end belongs to the object; allocation leaves room for it.
                if w - o <= self.block(b).extent && self.allocated(o, b, 0) { o } else { 0 }
            }
        }
    }
}

/// `GcVTable::object_of`.
pub unsafe extern "C" fn object_of(word: usize) -> *mut u8 {
    let h = heap();
    if h.inside(word) { h.object_at(word) as *mut u8 } else { std::ptr::null_mut() }
}

/// `GcVTable::heap_walk`. No collection happens meanwhile; objects the callback allocates may be visited or not.
pub unsafe extern "C" fn heap_walk(f: unsafe extern "C" fn(*mut c_void, *mut u8), ctx: *mut c_void) -> i32 {
    let was = std::mem::replace(&mut heap().busy, true);
    let top = heap().top;
    for b in 0..top {
        let blk = heap().block(b);
        let base = heap().addr(b);
        match blk.kind {
            kind::SMALL => {
                let map = heap().live.add(b * BLOCK_WORDS);
                for i in 0..blk.cells as usize {
                    let start = i * blk.cell as usize;
                    let old = bits::get(map, start / 8);
                    if old || heap().allocated(base + start, b, start) {
                        f(ctx, (base + start) as *mut u8);
                    }
                }
            }
            kind::HEAD if heap().allocated(base, b, 0) => f(ctx, base as *mut u8),
            _ => {}
        }
    }
    heap().busy = was;
    0
}
