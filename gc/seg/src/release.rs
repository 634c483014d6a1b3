//! Giving memory back to the system at the end of a major collection.

use crate::bits;
use crate::classes::{BLOCK, BLOCK_SHIFT, BLOCK_WORDS};
use crate::heap::Heap;
use crate::os;

impl Heap {
    /// Gives pages of free blocks back to the system, except a reserve for the next allocations.
    pub unsafe fn release_pages(&mut self) {
        let used = self.top - self.free_blocks;
        let mut keep = (self.nursery >> BLOCK_SHIFT) + used / 8;
        let mut in_pool = 0;
        // The most recently freed blocks stay: they are in the caches.
        let mut spared = vec![false; if self.pool.is_empty() { 0 } else { self.top }];
        for &b in self.pool.iter().rev() {
            if in_pool >= keep {
                break;
            }
            if !spared[b as usize] && bits::get(self.free_bits, b as usize) {
                spared[b as usize] = true;
                in_pool += 1;
            }
        }
        keep -= in_pool;
        let mut b = bits::next_set(self.free_bits, 0, self.top);
        while b < self.top {
            let end = bits::next_clear(self.free_bits, b, self.top);
            let mut i = b;
            while i < end {
                if self.block(i).dirty == 0 || spared.get(i) == Some(&true) {
                    i += 1;
                    continue;
                }
                if keep > 0 {
                    keep -= 1;
                    i += 1;
                    continue;
                }
                let from = i;
                while i < end && self.block(i).dirty != 0 && spared.get(i) != Some(&true) {
                    self.block(i).dirty = 0;
                    i += 1;
                }
                os::decommit(self.addr(from) as *mut u8, (i - from) * BLOCK);
            }
            b = bits::next_set(self.free_bits, end, self.top);
        }
        self.release_holes();
        // Stale and double entries would otherwise pile up over the life of the process.
        let mut seen = vec![false; self.top];
        let free_bits = self.free_bits;
        let mut pool = std::mem::take(&mut self.pool);
        pool.reverse();
        pool.retain(|&b| bits::get(free_bits, b as usize) && !std::mem::replace(&mut seen[b as usize], true));
        pool.reverse();
        self.pool = pool;
    }

    /// In a heap of sparsely used blocks: gives back the pages without a live cell. Blocks on the `avail` lists hold nothing young.
    unsafe fn release_holes(&mut self) {
        let large: usize = self.large.iter().map(|&b| self.block(b as usize).extent).sum();
        let small = (self.used_bytes()).saturating_sub(large);
        if small < 2 * self.old_bytes.saturating_sub(large) + 2 * self.nursery {
            return;
        }
        let page = os::page();
        if page >= BLOCK {
            return;
        }
        for class in &self.classes {
            for &b in &class.avail {
                let blk = self.block(b as usize);
                let map = self.live.add(b as usize * BLOCK_WORDS);
                let reach = blk.cell as usize / 8 - 1;
                let mut at = 0;
                while at < blk.dirty as usize {
                    // A cell that begins up to `reach` before the page still covers its first bytes.
                    let (first, end) = (at / 8, (at + page) / 8);
                    if bits::next_set(map, first.saturating_sub(reach), end) == end {
                        os::decommit((self.addr(b as usize) + at) as *mut u8, page);
                    }
                    at += page;
                }
            }
        }
    }
}
