//! Half precision floats.

/// The nearest half-float's bits (ties to even); None if it is too large.
pub fn to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    if x.is_nan() {
        // The upper bits of the payload stay; a signalling one may not become an infinity.
        let payload = (x.to_bits() >> 42 & 0x3ff) as u16;
        return Some(sign | 0x7c00 | if payload == 0 { 0x200 } else { payload });
    }
    if x.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let a = x.abs();
    // Below the smallest normal number all values are multiples of 2**-24.
    if a < 6.103515625e-05 {
        let n = (a * 16777216.0).round_ties_even();
        return Some(sign | n as u16);
    }
    let e = (a.to_bits() >> 52) as i32 - 1023;
    let scale = f64::from_bits(((1023 + 10 - e) as u64) << 52);
    let m = (a * scale).round_ties_even() as u32;
    let bits = ((e + 15) as u32) * 1024 + m - 1024;
    if bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}
/// The value of a half-float.
pub fn from_half(h: u16) -> f64 {
    let sign = if h & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (e, m) = ((h >> 10 & 31) as i32, (h & 0x3ff) as f64);
    match e {
        31 if m == 0.0 => sign * f64::INFINITY,
        31 => f64::from_bits(((h as u64 & 0x8000) << 48) | 0x7ff0 << 48 | (h as u64 & 0x3ff) << 42),
        0 => sign * m / 16777216.0,
        _ => sign * (1024.0 + m) * 2f64.powi(e - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn there_and_back() {
        for h in 0..=0xffffu16 {
            let x = from_half(h);
            assert_eq!(to_half(x), Some(h), "{h:#x} {x}");
        }
        assert_eq!(to_half(65520.0), None);
        assert_eq!(to_half(65519.9), Some(0x7bff));
    }
}
