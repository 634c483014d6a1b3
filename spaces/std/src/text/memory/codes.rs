//! Items of a memory by their struct code, native sizes.

use crate::text::args;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The code of a native one-character format (`@` may precede it).
pub fn native(format: &[u8]) -> Option<u8> {
    match format {
        [c] | [b'@', c] if size(*c).is_some() => Some(*c),
        _ => None,
    }
}

/// Bytes of an item.
pub fn size(code: u8) -> Option<usize> {
    Some(match code {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        _ => return None,
    })
}

/// Half precision to double.
pub fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exp, frac) = ((bits >> 10 & 0x1F) as i32, (bits & 0x3FF) as f64);
    match exp {
        0 => sign * frac * 2f64.powi(-24),
        31 if frac == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN.copysign(sign),
        _ => sign * (1.0 + frac / 1024.0) * 2f64.powi(exp - 15),
    }
}

/// Double to half precision, ties to even; None if it is too large.
pub fn f64_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    if x.is_nan() {
        return Some(sign | 0x7E00);
    }
    let a = x.abs();
    if a.is_infinite() {
        return Some(sign | 0x7C00);
    }
    // The spacing of halves at this magnitude; the smallest is 2^-24.
    let exp = if a < 2f64.powi(-14) { -14 } else { ((a.to_bits() >> 52) as i32 - 1023).max(-14) };
    let units = (a / 2f64.powi(exp - 10)).round_ties_even();
    let value = units * 2f64.powi(exp - 10);
    if value >= 65536.0 {
        return None;
    }
    if value < 2f64.powi(-14) {
        return Some(sign | units as u16);
    }
    let exp = (value.to_bits() >> 52) as i32 - 1023;
    let frac = (value / 2f64.powi(exp) - 1.0) * 1024.0;
    Some(sign | ((exp + 15) as u16) << 10 | frac as u16)
}

fn bytes<const N: usize>(p: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&p[..N]);
    out
}

/// The object an item stands for.
pub fn unpack(sp: Space, code: u8, p: &[u8]) -> Res<W> {
    Ok(match code {
        b'c' => sp.newbytes(&p[..1])?,
        b'b' => W::int(p[0] as i8 as i64),
        b'B' => W::int(p[0] as i64),
        b'?' => W::bool(p[0] != 0),
        b'h' => W::int(i16::from_ne_bytes(bytes(p)) as i64),
        b'H' => W::int(u16::from_ne_bytes(bytes(p)) as i64),
        b'i' => W::int(i32::from_ne_bytes(bytes(p)) as i64),
        b'I' => W::int(u32::from_ne_bytes(bytes(p)) as i64),
        b'l' | b'q' | b'n' => sp.newint(i64::from_ne_bytes(bytes(p))),
        b'L' | b'Q' | b'N' | b'P' => u64::from_ne_bytes(bytes(p)).into_w(sp)?,
        b'e' => sp.newfloat(half_to_f64(u16::from_ne_bytes(bytes(p)))),
        b'f' => sp.newfloat(f32::from_ne_bytes(bytes(p)) as f64),
        _ => sp.newfloat(f64::from_ne_bytes(bytes(p))),
    })
}

/// Are two items equal as values? None if that needs the objects (different codes).
pub fn same(code: u8, a: &[u8], b: &[u8]) -> bool {
    match code {
        b'e' => half_to_f64(u16::from_ne_bytes(bytes(a))) == half_to_f64(u16::from_ne_bytes(bytes(b))),
        b'f' => f32::from_ne_bytes(bytes(a)) == f32::from_ne_bytes(bytes(b)),
        b'd' => f64::from_ne_bytes(bytes(a)) == f64::from_ne_bytes(bytes(b)),
        b'?' => (a[0] != 0) == (b[0] != 0),
        _ => a == b,
    }
}

fn shown(code: u8) -> char {
    code as char
}

fn integer(sp: Space, code: u8, w: W) -> Res<i128> {
    if !args::has_index(sp, w)? {
        return Err(raise!(sp, TYPE_ERROR, "memoryview: invalid type for format '{}'", shown(code)));
    }
    let w_int = sp.index(w)?;
    if w_int.is_int() {
        return Ok(w_int.untag() as i128);
    }
    let big = sp.bigint_w(w_int)?;
    i128::try_from(&big).map_err(|_| bad_value(sp, code))
}

fn bad_value(sp: Space, code: u8) -> Raised {
    raise!(sp, VALUE_ERROR, "memoryview: invalid value for format '{}'", shown(code))
}

/// The bytes of an item for an object.
pub fn pack(sp: Space, code: u8, w: W) -> Res<([u8; 8], usize)> {
    let n = size(code).unwrap_or(1);
    let mut out = [0; 8];
    match code {
        b'c' => match sp.bytes_opt(w) {
            Some([b]) => out[0] = *b,
            Some(_) => return Err(bad_value(sp, code)),
            None => return Err(raise!(sp, TYPE_ERROR, "memoryview: invalid type for format '{}'", shown(code))),
        },
        b'?' => out[0] = u8::from(sp.is_true(w)?),
        b'e' | b'f' | b'd' => {
            let x = match sp.float_w(w) {
                Err(_) if sp.catch(known::TYPE_ERROR) => {
                    return Err(raise!(sp, TYPE_ERROR, "memoryview: invalid type for format '{}'", shown(code)));
                }
                r => r?,
            };
            match code {
                b'd' => out = x.to_ne_bytes(),
                b'f' => out[..4].copy_from_slice(&(x as f32).to_ne_bytes()),
                _ => match f64_to_half(x) {
                    Some(h) => out[..2].copy_from_slice(&h.to_ne_bytes()),
                    None => return Err(bad_value(sp, code)),
                },
            }
        }
        _ => {
            let i = integer(sp, code, w)?;
            let signed = matches!(code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n');
            let bits = n as u32 * 8;
            let (lo, hi) = match code {
                // Addresses may be written as signed numbers.
                b'P' => (-(1i128 << 63), (1i128 << 64) - 1),
                _ if signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
                _ => (0, (1i128 << bits) - 1),
            };
            if i < lo || i > hi {
                return Err(bad_value(sp, code));
            }
            let le = (i as u64).to_le_bytes();
            out[..n].copy_from_slice(&le[..n]);
            if cfg!(target_endian = "big") {
                out[..n].reverse();
            }
        }
    }
    Ok((out, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (x, bits) in [(1.0, 0x3C00), (-2.0, 0xC000), (65504.0, 0x7BFF), (6e-8, 1), (0.1, 0x2E66), (0.0, 0)] {
            assert_eq!(f64_to_half(x), Some(bits), "{x}");
        }
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(half_to_f64(0x2E66), 0.0999755859375);
        assert_eq!(half_to_f64(0x7C00), f64::INFINITY);
        assert_eq!(f64_to_half(half_to_f64(0x03FF)), Some(0x03FF));
    }

    #[test]
    fn formats() {
        assert_eq!(native(b"@I"), Some(b'I'));
        assert_eq!(native(b"<I"), None);
        assert_eq!(native(b"x"), None);
    }
}
