//! Size classes: one for each word count up to 256 bytes (the inlined ones), then a geometric series up to half a block.

use taipan_abi::gc::BUMP_CLASSES;

/// log2 of the block size.
pub const BLOCK_SHIFT: usize = 15;
/// Bytes of a block.
pub const BLOCK: usize = 1 << BLOCK_SHIFT;
/// Bitmap words of a block (a bit stands for 8 bytes).
pub const BLOCK_WORDS: usize = BLOCK / 8 / 64;
/// Cells above 256 bytes; each divides a block with little rest.
const MEDIUM: [u32; 22] = [
    320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, 2336, 2720, 3272, 4096, 4680, 5456, 6552, 8192,
    10920, 16384,
];
/// Number of size classes; class 0 is not used.
pub const CLASSES: usize = BUMP_CLASSES + MEDIUM.len();
/// The largest cell; bigger objects get blocks of their own.
pub const MAX_CELL: usize = 16384;
/// The largest size with an inlined allocation.
pub const MAX_INLINE: usize = (BUMP_CLASSES - 1) * 8;

/// Bytes of a cell of class `c`.
pub const fn cell_bytes(c: usize) -> usize {
    if c < BUMP_CLASSES { c * 8 } else { MEDIUM[c - BUMP_CLASSES] as usize }
}

/// The class for an object of `bytes` <= MAX_CELL.
pub fn class_of(bytes: usize) -> usize {
    if bytes <= MAX_INLINE {
        return bytes.div_ceil(8).max(1);
    }
    BUMP_CLASSES + MEDIUM.partition_point(|&m| (m as usize) < bytes)
}

/// Cells of class `c` in a block.
pub const fn cells(c: usize) -> usize {
    BLOCK / cell_bytes(c)
}

/// Multiplier for the division of an offset in a block by the cell size: `(off * recip) >> 32`. Exact, because offsets are below
/// 2^15 and cells at most 2^14 bytes.
pub const fn recip(c: usize) -> u32 {
    let d = cell_bytes(c) as u64;
    (1u64 << 32).div_ceil(d) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_is_exact() {
        for c in 1..CLASSES {
            let d = cell_bytes(c);
            assert_eq!(class_of(d), c);
            assert_eq!(d % 8, 0);
            for off in 0..BLOCK {
                assert_eq!(((off as u64 * recip(c) as u64) >> 32) as usize, off / d);
            }
        }
    }
}
