//! Sweeping: young blocks after each minor collection, all blocks lazily after a major one.

use crate::bits;
use crate::blocks::kind;
use crate::classes::{BLOCK_WORDS, CLASSES, MAX_CELL, class_of};
use crate::heap::{Heap, Phase};
use crate::{major, stress};
use taipan_abi::gc::{TypeInfo, tf};

/// A block is allocated into again when at least one in this many cells is free.
const FREE_DIV: usize = 4;

impl Heap {
    /// Learns of new types with `free` hooks: only blocks of their size classes are searched for dead cells one by one.
    pub unsafe fn note_free_types(&mut self) {
        let types = &*self.types;
        let mut pending = std::mem::take(&mut self.types_null);
        pending.extend(self.types_seen..types.len);
        self.types_seen = types.len;
        pending.retain(|&tid| {
            let row = *types.rows.add(tid as usize);
            if !row.is_null() {
                self.note_free(tid, &*row);
            }
            row.is_null() && tid != 0
        });
        self.types_null = pending;
    }

    fn note_free(&mut self, tid: u32, ti: &TypeInfo) {
        if ti.flags & tf::FREE == 0 || ti.free.is_none() {
            return;
        }
        if self.free_types.len() <= tid as usize {
            self.free_types.resize(tid as usize + 1, false);
        }
        self.free_types[tid as usize] = true;
        let fixed = ti.fixed_bytes as usize;
        if fixed > MAX_CELL {
            return;
        }
        let first = class_of(fixed);
        let last = if ti.flags & tf::VAR != 0 { CLASSES } else { first + 1 };
        for c in &mut self.classes[first..last] {
            c.has_free = true;
        }
    }

    /// A dead object, or a cell that was never allocated: runs the `free` hook. The tid becomes 0, so that this happens once.
    #[inline(always)]
    unsafe fn kill(&mut self, o: usize, bytes: usize) {
        let tid = *(o as *const u32);
        if self.free_types.get(tid as usize) == Some(&true) {
            if let Some(free) = self.type_of(o).free {
                free(o as *mut u8);
            }
            *(o as *mut u32) = 0;
        }
        if self.options.stress != 0 && tid != 0 {
            stress::poison(o, bytes, tid);
        }
    }

    /// Does the sweep have to look at dead cells of class `c`?
    fn looks(&self, c: usize) -> bool {
        self.classes[c].has_free || self.options.stress != 0
    }

    /// Files a swept block by its number of live cells.
    unsafe fn file(&mut self, b: usize, live: usize) {
        let blk = self.block(b);
        blk.live = live as u32;
        if live == 0 {
            self.release(b, true);
        } else if (blk.cells as usize - live) * FREE_DIV >= blk.cells as usize {
            self.classes[blk.class as usize].avail.push(b as u32);
        }
    }

    /// After the marking of a minor collection: frees what was not reached, makes the rest old. Answers the promoted bytes.
    pub unsafe fn sweep_young(&mut self) -> usize {
        let mut promoted = 0;
        let mut blocks = std::mem::take(&mut self.young_blocks);
        for &b in &blocks {
            let b = b as usize;
            let blk = self.block(b);
            let map = self.live.add(b * BLOCK_WORDS);
            if self.looks(blk.class as usize) {
                let mut off = 0;
                while off < blk.frontier as usize {
                    if !bits::get(map, off / 8) {
                        self.kill(self.addr(b) + off, blk.cell as usize);
                    }
                    off += blk.cell as usize;
                }
            }
            *self.young.add(b) = 0;
            if let Some(dead) = &mut self.dead {
                // All cells below the frontier were in use.
                let end = blk.frontier as usize;
                let gone = (0..end).step_by(blk.cell as usize).filter(|off| !bits::get(map, off / 8)).count();
                *dead += gone as u64;
            }
            blk.frontier = 0;
            let live = bits::count(map, BLOCK_WORDS);
            promoted += (live - blk.live as usize) * blk.cell as usize;
            self.file(b, live);
        }
        blocks.clear();
        self.young_blocks = blocks;
        for b in std::mem::take(&mut self.young_large) {
            let o = self.addr(b as usize);
            let blk = self.block(b as usize);
            *self.young.add(b as usize) = 0;
            if bits::get(self.live, self.bit(o)) {
                promoted += blk.extent;
                self.large.push(b);
            } else {
                self.kill(o, blk.extent);
                self.free_large(b as usize);
                self.dead = self.dead.map(|n| n + 1);
            }
        }
        promoted
    }

    /// The end of a major marking: the mark bitmap becomes the live bitmap. Large objects are swept here, small ones later.
    pub unsafe fn start_sweep(&mut self) {
        std::mem::swap(&mut self.live, &mut self.mark);
        self.phase = Phase::Sweeping;
        self.native = self.native_marked;
        self.old_bytes = 0;
        self.unswept_bytes = 0;
        let mut large = std::mem::take(&mut self.large);
        large.retain(|&b| {
            let o = self.addr(b as usize);
            let extent = self.block(b as usize).extent;
            bits::clear(self.mark, self.bit(o));
            if bits::get(self.live, self.bit(o)) {
                self.old_bytes += extent;
                return true;
            }
            self.kill(o, extent);
            self.free_large(b as usize);
            self.dead = self.dead.map(|n| n + 1);
            false
        });
        self.large = large;
        for c in &mut self.classes {
            c.avail.clear();
            c.unswept.clear();
        }
        for b in 0..self.top {
            let blk = self.block(b);
            if blk.kind == kind::SMALL {
                blk.unswept = true;
                self.unswept_bytes += (blk.live * blk.cell) as usize;
                self.classes[blk.class as usize].unswept.push(b as u32);
            }
        }
    }

    /// Sweeps a block that is on no list any more.
    pub unsafe fn sweep_block(&mut self, b: usize) {
        let blk = self.block(b);
        blk.unswept = false;
        self.unswept_bytes -= (blk.live * blk.cell) as usize;
        let live = self.live.add(b * BLOCK_WORDS);
        let old = self.mark.add(b * BLOCK_WORDS);
        let looks = self.looks(blk.class as usize);
        let mut n = 0;
        for i in 0..BLOCK_WORDS {
            let now = *live.add(i);
            n += now.count_ones() as usize;
            if let Some(dead) = &mut self.dead {
                *dead += u64::from((*old.add(i) & !now).count_ones());
            }
            if looks {
                let mut dead = *old.add(i) & !now;
                while dead != 0 {
                    let g = i * 64 + dead.trailing_zeros() as usize;
                    self.kill(self.addr(b) + g * 8, blk.cell as usize);
                    dead &= dead - 1;
                }
            }
            *old.add(i) = 0;
        }
        self.old_bytes += n * blk.cell as usize;
        self.file(b, n);
    }

    /// Sweeps up to `n` blocks; the phase ends with the last one.
    pub unsafe fn sweep_some(&mut self, mut n: usize) {
        for c in 0..CLASSES {
            while let Some(b) = self.classes[c].unswept.pop() {
                self.sweep_block(b as usize);
                n -= 1;
                if n == 0 {
                    return;
                }
            }
        }
        major::swept(self);
    }
}
