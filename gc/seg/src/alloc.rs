//! Allocation of cells: free intervals for the threads' bump pairs, and the slow path.

use crate::bits;
use crate::blocks::{NONE, kind};
use crate::classes::{BLOCK_WORDS, CLASSES, MAX_CELL, MAX_INLINE, cell_bytes, cells, class_of, recip};
use crate::heap::{Heap, heap};
use crate::{large, major, stress};
use taipan_abi::gc::{Bump, GcThread};

/// Writes the header of a new object; it is young, without barrier.
#[inline(always)]
pub unsafe fn header(p: usize, tid: u32) -> *mut u8 {
    *(p as *mut u64) = tid as u64;
    p as *mut u8
}

impl Heap {
    /// The next free interval of class `c`, zeroed: [start, end). None = no block to be had. (In stress mode the cells are zeroed
    /// and counted one by one, so that those not yet allocated keep their poison.)
    pub unsafe fn next_interval(&mut self, c: usize) -> Option<(usize, usize)> {
        loop {
            let b = self.classes[c].cur;
            if b != NONE {
                if let Some(r) = self.free_run(b as usize, self.classes[c].pos as usize) {
                    let (lo, hi) = r;
                    self.classes[c].pos = hi as u32;
                    let blk = self.block(b as usize);
                    let base = self.addr(b as usize);
                    if self.options.stress == 0 {
                        blk.frontier = hi as u32;
                        let dirty = (blk.dirty as usize).min(hi);
                        if dirty > lo {
                            std::ptr::write_bytes((base + lo) as *mut u8, 0, dirty - lo);
                        }
                    }
                    blk.dirty = blk.dirty.max(hi as u32);
                    self.young_bytes += hi - lo;
                    return Some((base + lo, base + hi));
                }
                self.classes[c].cur = NONE;
            }
            let b = self.next_block(c)?;
            self.block(b).frontier = 0;
            *self.young.add(b) = 1;
            self.young_blocks.push(b as u32);
            self.classes[c].cur = b as u32;
            self.classes[c].pos = 0;
        }
    }

    /// A swept block of class `c` with free cells.
    unsafe fn next_block(&mut self, c: usize) -> Option<usize> {
        if self.options.stress != 0 && !self.classes[c].avail.is_empty() {
            // First in first out: freed cells stay poisoned for as long as possible.
            return Some(self.classes[c].avail.remove(0) as usize);
        }
        loop {
            if let Some(b) = self.classes[c].avail.pop() {
                return Some(b as usize);
            }
            match self.classes[c].unswept.pop() {
                Some(b) => self.sweep_block(b as usize),
                None => break,
            }
        }
        let b = self.take_block()?;
        let blk = self.block(b);
        blk.kind = kind::SMALL;
        blk.class = c as u8;
        blk.cell = cell_bytes(c) as u32;
        blk.recip = recip(c);
        blk.cells = cells(c) as u32;
        blk.live = 0;
        blk.unswept = false;
        Some(b)
    }

    /// The first run of cells at or above offset `pos` whose live bits are clear.
    unsafe fn free_run(&self, b: usize, pos: usize) -> Option<(usize, usize)> {
        let blk = self.block(b);
        let map = self.live.add(b * BLOCK_WORDS);
        let w = blk.cell as usize / 8;
        let limit = w * blk.cells as usize;
        let mut g = pos / 8;
        while g < limit {
            if !bits::get(map, g) {
                return Some((g * 8, bits::next_set(map, g, limit) * 8));
            }
            g += w;
        }
        None
    }

    /// Takes back what the threads have not used of their intervals.
    pub unsafe fn flush(&mut self) {
        for i in 0..self.threads.len() {
            self.flush_thread(self.threads[i]);
        }
        for c in 0..CLASSES {
            let bump = std::mem::take(&mut self.medium[c]);
            self.give_back(bump);
            self.classes[c].cur = NONE;
        }
    }

    /// The same for one thread.
    pub unsafe fn flush_thread(&mut self, t: *mut GcThread) {
        for i in 0..(*t).bump.len() {
            let bump = std::mem::take(&mut (*t).bump[i]);
            self.give_back(bump);
        }
    }

    unsafe fn give_back(&mut self, bump: Bump) {
        if bump.cur >= bump.end {
            return;
        }
        let b = self.block_of(bump.cur);
        let blk = self.block(b);
        // The rest is zero still; if it is the last of what was ever used, it counts as never used.
        if self.options.stress == 0 && blk.dirty as usize == bump.end - self.addr(b) {
            blk.dirty = (bump.cur - self.addr(b)) as u32;
        }
        self.young_bytes = self.young_bytes.saturating_sub(bump.end - bump.cur);
    }

    /// One cell of class `c` with its header; the rest of the interval goes to `bump` (a pair of the thread, or of `medium`).
    unsafe fn cell(&mut self, t: *mut GcThread, c: usize, tid: u32) -> *mut u8 {
        if self.young_bytes >= self.nursery && self.enabled && !self.busy {
            major::poll(self, t);
        }
        let size = cell_bytes(c);
        let mut tried = false;
        loop {
            if let Some((lo, hi)) = self.next_interval(c) {
                let rest = Bump { cur: lo + size, end: hi };
                if c <= MAX_INLINE / 8 {
                    (*t).bump[c] = rest;
                } else {
                    self.medium[c] = rest;
                }
                return header(lo, tid);
            }
            if tried || self.busy {
                return std::ptr::null_mut();
            }
            tried = true;
            major::full_now(self, t);
        }
    }
}

/// `GcVTable::alloc_slow`.
pub unsafe extern "C" fn alloc_slow(t: *mut GcThread, bytes: usize, tid: u32) -> *mut u8 {
    let h = heap();
    if h.options.stress != 0 {
        return stress::alloc(h, t, bytes, tid, 0);
    }
    if bytes > MAX_CELL {
        return large::alloc(h, t, bytes, tid, 0, false);
    }
    let c = class_of(bytes);
    let bump = if c <= MAX_INLINE / 8 { &mut (*t).bump[c] } else { &mut h.medium[c] };
    if bump.cur < bump.end {
        let p = bump.cur;
        bump.cur += cell_bytes(c);
        return header(p, tid);
    }
    h.cell(t, c, tid)
}

/// `GcVTable::alloc_large`.
pub unsafe extern "C" fn alloc_large(t: *mut GcThread, bytes: usize, tid: u32, flags: u32) -> *mut u8 {
    let h = heap();
    if h.options.stress != 0 {
        return stress::alloc(h, t, bytes, tid, flags);
    }
    if bytes > MAX_CELL {
        return large::alloc(h, t, bytes, tid, flags, true);
    }
    alloc_slow(t, bytes, tid)
}

/// `GcVTable::enable`.
pub unsafe extern "C" fn enable(_t: *mut GcThread, on: u32) -> u32 {
    std::mem::replace(&mut heap().enabled, on != 0) as u32
}
