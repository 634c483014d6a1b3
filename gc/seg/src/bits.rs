//! Bitmaps over raw memory.

/// Is bit `i` set?
///
/// # Safety
/// `map` covers bit `i`; so for all functions here.
#[inline(always)]
pub unsafe fn get(map: *const u64, i: usize) -> bool {
    *map.add(i >> 6) >> (i & 63) & 1 != 0
}

/// Sets bit `i`; was it clear?
#[inline(always)]
pub unsafe fn set_new(map: *mut u64, i: usize) -> bool {
    let w = map.add(i >> 6);
    let m = 1u64 << (i & 63);
    let old = *w;
    *w = old | m;
    old & m == 0
}

/// Clears bit `i`.
#[inline(always)]
pub unsafe fn clear(map: *mut u64, i: usize) {
    *map.add(i >> 6) &= !(1u64 << (i & 63));
}

/// The first set bit in [from, limit), or `limit`.
pub unsafe fn next_set(map: *const u64, from: usize, limit: usize) -> usize {
    if from >= limit {
        return limit;
    }
    let mut w = from >> 6;
    let mut bits = *map.add(w) & (!0u64 << (from & 63));
    loop {
        if bits != 0 {
            return (w * 64 + bits.trailing_zeros() as usize).min(limit);
        }
        w += 1;
        if w * 64 >= limit {
            return limit;
        }
        bits = *map.add(w);
    }
}

/// The first clear bit in [from, limit), or `limit`.
pub unsafe fn next_clear(map: *const u64, from: usize, limit: usize) -> usize {
    if from >= limit {
        return limit;
    }
    let mut w = from >> 6;
    let mut bits = !*map.add(w) & (!0u64 << (from & 63));
    loop {
        if bits != 0 {
            return (w * 64 + bits.trailing_zeros() as usize).min(limit);
        }
        w += 1;
        if w * 64 >= limit {
            return limit;
        }
        bits = !*map.add(w);
    }
}

/// Set bits in `n` words.
pub unsafe fn count(map: *const u64, n: usize) -> usize {
    let mut k = 0;
    for i in 0..n {
        k += (*map.add(i)).count_ones() as usize;
    }
    k
}
