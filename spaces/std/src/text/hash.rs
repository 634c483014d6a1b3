//! The hash of str, bytes and memoryview: SipHash-1-3 of the memory under the process's key.

use siphasher::sip::SipHasher13;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use taipan_plugin_api::Space;

static HASHER: OnceLock<SipHasher13> = OnceLock::new();

/// The key of a seed: 0 = all zeros; else from the generator that makes hashes repeatable between runs.
fn key(seed: Option<u32>) -> (u64, u64) {
    match seed {
        Some(0) => (0, 0),
        Some(seed) => {
            let mut x = seed;
            let mut bytes = [0u8; 16];
            for b in &mut bytes {
                x = x.wrapping_mul(214013).wrapping_add(2531011);
                *b = (x >> 16) as u8;
            }
            let half = |i: usize| u64::from_le_bytes(bytes[i..i + 8].try_into().unwrap_or_default());
            (half(0), half(8))
        }
        None => {
            let random = || std::collections::hash_map::RandomState::new().build_hasher().finish();
            (random(), random())
        }
    }
}

fn finish(hasher: &SipHasher13, raw: &[u8]) -> i64 {
    if raw.is_empty() {
        return 0;
    }
    match hasher.hash(raw) as i64 {
        -1 => -2,
        h => h,
    }
}

/// The hash of some memory; never -1.
#[inline]
pub fn hash_bytes(sp: Space, raw: &[u8]) -> i64 {
    let hasher = HASHER.get_or_init(|| {
        let (k0, k1) = key(sp.setting("hash_seed").and_then(|s| s.trim().parse().ok()));
        SipHasher13::new_with_keys(k0, k1)
    });
    finish(hasher, raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u32, raw: &[u8]) -> i64 {
        let (a, b) = key(Some(seed));
        finish(&SipHasher13::new_with_keys(a, b), raw)
    }

    #[test]
    fn repeatable() {
        assert_eq!(seeded(0, b"abc"), ABC_0);
        assert_eq!(seeded(42, b"abc"), ABC_42);
        assert_eq!(seeded(42, b""), 0);
    }
    const ABC_0: i64 = -4594863902769663758;
    const ABC_42: i64 = 3869580338025362921;
}
