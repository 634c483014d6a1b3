//! Blocks: 32 KB pieces of the reservation, free, cut into cells of one class, or part of a large object.

use crate::bits;
use crate::classes::BLOCK_SHIFT;
use crate::heap::Heap;

/// No block.
pub const NONE: u32 = u32::MAX;

/// `Block::kind`. A fresh mapping is all FREE.
pub mod kind {
    #![allow(missing_docs)]
    pub const FREE: u8 = 0;
    pub const SMALL: u8 = 1;
    /// The first block of a large object.
    pub const HEAD: u8 = 2;
    /// A later block of a large object.
    pub const TAIL: u8 = 3;
}

/// What is known about a block.
#[repr(C)]
pub struct Block {
    /// `kind::*`
    pub kind: u8,
    /// SMALL: the size class.
    pub class: u8,
    /// SMALL: dead cells of the last major collection are not swept yet.
    pub unswept: bool,
    /// HEAD: its cards were used.
    pub carded: bool,
    /// HEAD: listed in `Heap::again`, and the next card to visit there.
    pub again: bool,
    /// See `again`.
    pub again_pos: u32,
    /// SMALL: bytes of a cell.
    pub cell: u32,
    /// SMALL: see `classes::recip`.
    pub recip: u32,
    /// SMALL: cells in the block.
    pub cells: u32,
    /// SMALL and young: every cell below this offset whose live bit is clear was handed out zeroed since the last minor collection.
    pub frontier: u32,
    /// Bytes from this offset on are zero unless a live object wrote them.
    pub dirty: u32,
    /// SMALL: live cells at the last collection.
    pub live: u32,
    /// TAIL: the head block.
    pub head: u32,
    /// HEAD: blocks of the object.
    pub run: u32,
    /// HEAD: bytes of the object.
    pub extent: usize,
}

impl Heap {
    /// May `n` more blocks be used under the heap limit?
    fn within_limit(&self, n: usize) -> bool {
        self.options.max == 0 || self.used_bytes() + (n << BLOCK_SHIFT) <= self.options.max
    }

    unsafe fn grow_top(&mut self, n: usize) -> Option<usize> {
        if self.top + n > self.cap {
            return None;
        }
        let b = self.top;
        self.top += n;
        self.used_len = self.top << BLOCK_SHIFT;
        Some(b)
    }

    unsafe fn claim(&mut self, b: usize) {
        bits::clear(self.free_bits, b);
        self.free_blocks -= 1;
    }

    /// A free block: a recently freed one, or any, or a fresh one. Its kind is still FREE.
    pub unsafe fn take_block(&mut self) -> Option<usize> {
        if !self.within_limit(1) {
            return None;
        }
        while let Some(b) = self.pool.pop() {
            if bits::get(self.free_bits, b as usize) {
                self.claim(b as usize);
                return Some(b as usize);
            }
        }
        if self.free_blocks > 0 {
            let mut b = bits::next_set(self.free_bits, self.free_hint, self.top);
            if b == self.top {
                b = bits::next_set(self.free_bits, 0, self.top);
            }
            if b < self.top {
                self.free_hint = b + 1;
                self.claim(b);
                return Some(b);
            }
        }
        self.grow_top(1)
    }

    /// `n` adjacent free blocks.
    pub unsafe fn take_run(&mut self, n: usize) -> Option<usize> {
        if !self.within_limit(n) {
            return None;
        }
        if self.free_blocks >= n {
            let mut b = bits::next_set(self.free_bits, 0, self.top);
            while b < self.top {
                let end = bits::next_clear(self.free_bits, b, (b + n).min(self.top));
                if end - b >= n {
                    for i in b..b + n {
                        self.claim(i);
                    }
                    return Some(b);
                }
                b = bits::next_set(self.free_bits, end, self.top);
            }
        }
        self.grow_top(n)
    }

    /// Takes the free blocks [b, b + n) if they are free or fresh.
    pub unsafe fn take_at(&mut self, b: usize, n: usize) -> bool {
        if b + n > self.cap || !self.within_limit(n) {
            return false;
        }
        if b < self.top && bits::next_clear(self.free_bits, b, (b + n).min(self.top)) < (b + n).min(self.top) {
            return false;
        }
        for i in b..(b + n).min(self.top) {
            self.claim(i);
        }
        if b + n > self.top {
            self.top = b + n;
            self.used_len = self.top << BLOCK_SHIFT;
        }
        true
    }

    /// Makes block `b` free. Its live and mark bits are clear already. `dirty` in its row says what is to be zeroed.
    pub unsafe fn release(&mut self, b: usize, to_pool: bool) {
        let blk = self.block(b);
        blk.kind = kind::FREE;
        blk.unswept = false;
        *self.young.add(b) = 0;
        bits::set_new(self.free_bits, b);
        self.free_blocks += 1;
        if to_pool {
            self.pool.push(b as u32);
        }
    }
}
