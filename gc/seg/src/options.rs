//! Options of the profile, and `init`.

use crate::heap;
use std::str::from_utf8;
use taipan_abi::gc::{GcConfig, KeyValue};

/// What the profile may set.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Bytes of new objects between minor collections.
    pub nursery: usize,
    /// A major collection begins when the heap has grown by this factor.
    pub growth: f64,
    /// Bytes of growth below which no major collection begins.
    pub min: usize,
    /// Bytes of objects marked by a step of a major collection, at least.
    pub step: usize,
    /// Bytes of heap above which allocation fails; 0 = no limit.
    pub max: usize,
    /// Collect fully at each Nth allocation; 0 = off.
    pub stress: u64,
    /// Compare each minor collection with a full marking.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { nursery: 4 << 20, growth: 1.8, min: 16 << 20, step: 2 << 20, max: 0, stress: 0, verify: false }
    }
}

/// The options: name, meaning, default.
pub const OPTIONS: [(&str, &str, &str); 7] = [
    (
        "nursery",
        "bytes of new objects between minor collections, 64KB to 1GB; grows up to 8 times and 32MB by itself",
        "4MB",
    ),
    ("growth", "a major collection begins when the heap has grown by this factor, 1.1 to 10", "1.8"),
    ("min", "bytes of growth below which no major collection begins", "16MB"),
    ("step", "bytes marked by a step of a major collection at least, from 1KB", "2MB"),
    ("max", "bytes of heap above which allocation fails, 0 for no limit", "0"),
    ("stress", "collect fully at each Nth allocation and poison what is freed, 0 for never", "0"),
    ("verify", "true: compare every marking with a full one to find missed write barriers", "false"),
];

/// A byte count with an optional KB, MB or GB.
fn bytes(s: &str) -> Option<usize> {
    let s = s.trim();
    let digits = s.bytes().take_while(u8::is_ascii_digit).count();
    let n: usize = s[..digits].parse().ok()?;
    let shift = match s[digits..].trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" => 10,
        "M" | "MB" => 20,
        "G" | "GB" => 30,
        _ => return None,
    };
    n.checked_mul(1 << shift)
}

impl Options {
    /// Sets one option; None = not understood.
    pub fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "nursery" => self.nursery = bytes(value).filter(|n| (64 << 10..=1 << 30).contains(n))?,
            "growth" => self.growth = value.parse().ok().filter(|g| (1.1..=10.0).contains(g))?,
            "min" => self.min = bytes(value)?,
            "step" => self.step = bytes(value).filter(|&n| n >= 1 << 10)?,
            "max" => self.max = bytes(value)?,
            "stress" => self.stress = value.parse().ok()?,
            "verify" => self.verify = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}

unsafe fn text<'a>(p: *const u8, n: usize) -> &'a str {
    if n == 0 { "" } else { from_utf8(std::slice::from_raw_parts(p, n)).unwrap_or("?") }
}

/// `GcVTable::init`.
pub unsafe extern "C" fn init(config: *const GcConfig) -> i32 {
    let config = &*config;
    let complain = |s: &str| {
        (config.complain)(s.as_ptr(), s.len());
        -1
    };
    let mut options = Options::default();
    for i in 0..config.n {
        let kv: &KeyValue = &*config.options.add(i);
        let (key, value) = (text(kv.key, kv.key_len), text(kv.value, kv.value_len));
        if options.set(key, value).is_none() {
            let known: Vec<_> = OPTIONS.iter().map(|(name, help, _)| format!("{name} ({help})")).collect();
            return complain(&format!(
                "gc.seg does not understand {key} = {value}; known options: {}",
                known.join(", ")
            ));
        }
    }
    match heap::create(options, config.types) {
        Ok(()) => 0,
        Err(e) => complain(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_as_documented() {
        let mut o = Options { nursery: 0, growth: 0.0, min: 0, step: 0, max: 1, stress: 1, verify: true };
        for (name, _, default) in OPTIONS {
            assert!(o.set(name, default).is_some());
        }
        assert_eq!(o, Options::default());
    }

    #[test]
    fn values() {
        let mut o = Options::default();
        assert!(o.set("nursery", "16MB").is_some() && o.nursery == 16 << 20);
        assert!(o.set("max", "1 gb").is_some() && o.max == 1 << 30);
        assert!(o.set("stress", "7").is_some() && o.stress == 7);
        assert!(o.set("verify", "true").is_some() && o.verify);
        for (k, v) in [("nursery", "3"), ("nursery", "x"), ("growth", "0.5"), ("nurserie", "4MB"), ("verify", "1")] {
            assert!(o.set(k, v).is_none());
        }
    }
}
