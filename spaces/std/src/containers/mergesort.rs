//! A stable merge sort whose comparison may fail: natural runs, binary insertion for short ones, powersort's merge order.
//!
//! At every moment each item is in `v` or in `tmp`, so that a collector that scans both buffers loses none; when a comparison fails,
//! `v` is a permutation of what it was.

const MIN_RUN: usize = 32;

/// Sorts `v`; `tmp` has the same length, its contents do not matter.
pub fn sort<T: Copy, E>(v: &mut [T], tmp: &mut [T], less: &mut impl FnMut(T, T) -> Result<bool, E>) -> Result<(), E> {
    let n = v.len();
    // (start, length, power of the boundary to the next run)
    let mut runs: Vec<(usize, usize, u32)> = Vec::new();
    let mut at = 0;
    while at < n {
        let len = next_run(&mut v[at..], less)?;
        if let Some(&(start, before, _)) = runs.last() {
            let p = power(n, start, before, len);
            while runs.len() > 1 && runs[runs.len() - 2].2 > p {
                merge_top(v, tmp, &mut runs, less)?
            }
            if let Some(last) = runs.last_mut() {
                last.2 = p
            }
        }
        runs.push((at, len, 0));
        at += len;
    }
    while runs.len() > 1 {
        merge_top(v, tmp, &mut runs, less)?
    }
    Ok(())
}

/// How deep the boundary between two neighbouring runs lies in a perfectly balanced merge tree.
fn power(n: usize, start: usize, len1: usize, len2: usize) -> u32 {
    // Midpoints of both runs, doubled, as fractions of 2n.
    let (mut a, mut b) = (2 * start as u128 + len1 as u128, 2 * start as u128 + 2 * len1 as u128 + len2 as u128);
    let n = n as u128;
    let mut p = 0;
    loop {
        p += 1;
        if a >= n {
            a -= n;
            b -= n;
        } else if b >= n {
            return p;
        }
        a <<= 1;
        b <<= 1;
    }
}

/// Finds or makes the sorted run that `v` begins with.
fn next_run<T: Copy, E>(v: &mut [T], less: &mut impl FnMut(T, T) -> Result<bool, E>) -> Result<usize, E> {
    let n = v.len();
    if n < 2 {
        return Ok(n);
    }
    let mut len = 2;
    if less(v[1], v[0])? {
        while len < n && less(v[len], v[len - 1])? {
            len += 1
        }
        v[..len].reverse();
    } else {
        while len < n && !less(v[len], v[len - 1])? {
            len += 1
        }
    }
    if len < MIN_RUN {
        let want = n.min(MIN_RUN);
        while len < want {
            let x = v[len];
            let (mut lo, mut hi) = (0, len);
            while lo < hi {
                let mid = (lo + hi) / 2;
                if less(x, v[mid])? { hi = mid } else { lo = mid + 1 }
            }
            v.copy_within(lo..len, lo + 1);
            v[lo] = x;
            len += 1;
        }
    }
    Ok(len)
}

fn merge_top<T: Copy, E>(
    v: &mut [T],
    tmp: &mut [T],
    runs: &mut Vec<(usize, usize, u32)>,
    less: &mut impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    let (Some(right), Some(left)) = (runs.pop(), runs.pop()) else { return Ok(()) };
    runs.push((left.0, left.1 + right.1, right.2));
    merge(&mut v[left.0..right.0 + right.1], left.1, tmp, less)
}

/// The first position in sorted `v` whose item is greater than `x`, found in steps that double from the start.
fn upper<T: Copy, E>(v: &[T], x: T, less: &mut impl FnMut(T, T) -> Result<bool, E>) -> Result<usize, E> {
    let (mut lo, mut step) = (0, 1);
    while lo + step <= v.len() && !less(x, v[lo + step - 1])? {
        lo += step;
        step *= 2;
    }
    let mut hi = (lo + step - 1).min(v.len());
    while lo < hi {
        let mid = (lo + hi) / 2;
        if less(x, v[mid])? { hi = mid } else { lo = mid + 1 }
    }
    Ok(lo)
}
/// The first position in sorted `v` whose item is not less than `x`, found in steps that double from the end.
fn lower_from_end<T: Copy, E>(v: &[T], x: T, less: &mut impl FnMut(T, T) -> Result<bool, E>) -> Result<usize, E> {
    let (mut hi, mut step) = (v.len(), 1);
    while step <= hi && !less(v[hi - step], x)? {
        hi -= step;
        step *= 2;
    }
    let mut lo = (hi + 1).saturating_sub(step).min(hi);
    while lo < hi {
        let mid = (lo + hi) / 2;
        if less(v[mid], x)? { lo = mid + 1 } else { hi = mid }
    }
    Ok(hi)
}

/// Merges the sorted halves v[..mid] and v[mid..].
fn merge<T: Copy, E>(
    v: &mut [T],
    mid: usize,
    tmp: &mut [T],
    less: &mut impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    // What is in place already on both sides is left out.
    let first = upper(&v[..mid], v[mid], less)?;
    if first == mid {
        return Ok(());
    }
    let end = mid + lower_from_end(&v[mid..], v[mid - 1], less)?;
    let (v, mid) = (&mut v[first..end], mid - first);
    let n = v.len();
    if mid <= n - mid {
        tmp[..mid].copy_from_slice(&v[..mid]);
        let (mut i, mut j, mut k) = (0, mid, 0);
        let mut result = Ok(());
        while i < mid && j < n {
            match less(v[j], tmp[i]) {
                Ok(true) => {
                    v[k] = v[j];
                    j += 1;
                }
                Ok(false) => {
                    v[k] = tmp[i];
                    i += 1;
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
            k += 1;
        }
        v[k..k + mid - i].copy_from_slice(&tmp[i..mid]);
        result
    } else {
        let right = n - mid;
        tmp[..right].copy_from_slice(&v[mid..]);
        let (mut i, mut j, mut k) = (mid, right, n);
        let mut result = Ok(());
        while i > 0 && j > 0 {
            match less(tmp[j - 1], v[i - 1]) {
                Ok(true) => {
                    v[k - 1] = v[i - 1];
                    i -= 1;
                }
                Ok(false) => {
                    v[k - 1] = tmp[j - 1];
                    j -= 1;
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
            k -= 1;
        }
        v[k - j..k].copy_from_slice(&tmp[..j]);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(seed: &mut u64) -> u64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }

    #[test]
    fn sorts_stably() {
        let mut seed = 88172645463325252;
        for n in [0, 1, 2, 3, 31, 32, 33, 64, 100, 1000, 4097] {
            for modulus in [1, 2, 10, 1 << 40] {
                for shape in 0..4 {
                    let mut v: Vec<(u64, usize)> = (0..n)
                        .map(|i| match shape {
                            0 => random(&mut seed) % modulus,
                            1 => i as u64 % modulus,
                            2 => (n - i) as u64,
                            _ => {
                                if i % 50 < 40 {
                                    i as u64
                                } else {
                                    random(&mut seed) % modulus
                                }
                            }
                        })
                        .enumerate()
                        .map(|(i, x)| (x, i))
                        .collect();
                    let mut want = v.clone();
                    want.sort_by_key(|x| x.0);
                    let mut tmp = v.clone();
                    sort(&mut v, &mut tmp, &mut |a, b| Ok::<_, ()>(a.0 < b.0)).unwrap();
                    assert_eq!(v, want);
                }
            }
        }
    }

    #[test]
    fn a_failure_leaves_a_permutation() {
        let mut seed = 1234567;
        for fail_at in (0..3000).step_by(7) {
            let mut v: Vec<u64> = (0..300).map(|_| random(&mut seed) % 1000).collect();
            let mut want = v.clone();
            want.sort();
            let mut tmp = v.clone();
            let mut count = 0;
            let _ = sort(&mut v, &mut tmp, &mut |a, b| {
                count += 1;
                if count == fail_at { Err(()) } else { Ok(a < b) }
            });
            v.sort();
            assert_eq!(v, want);
        }
    }

    #[test]
    fn sorted_input_takes_one_pass() {
        let mut v: Vec<u32> = (0..1000).collect();
        let mut tmp = v.clone();
        let mut count = 0;
        sort(&mut v, &mut tmp, &mut |a, b| {
            count += 1;
            Ok::<_, ()>(a < b)
        })
        .unwrap();
        assert_eq!(count, 999);
    }
}
