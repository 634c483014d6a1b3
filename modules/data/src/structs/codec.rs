//! Values to bytes and back.

use super::error;
use super::format::{Item, Layout};
use super::half::*;
use crate::util::*;
use taipan_plugin_api::abi::word::{TID_BYTEARRAY, TID_BYTES};
use taipan_plugin_api::prelude::*;

/// Range of an integer code.
fn range(code: u8, size: usize) -> (i128, i128) {
    let bits = size as u32 * 8;
    if code.is_ascii_uppercase() {
        (0, (1i128 << bits) - 1)
    } else {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    }
}
fn out_of_range(sp: Space, code: u8, size: usize) -> Raised {
    if code == b'P' {
        return error(sp, "int too large to convert");
    }
    let (lo, hi) = range(code, size);
    error(sp, &format!("'{}' format requires {lo} <= number <= {hi}", code as char))
}
fn integer(sp: Space, w: W, code: u8, size: usize) -> Res<i128> {
    let v = if w.is_int() {
        w.untag() as i128
    } else {
        let w_index = if is_int(sp, w) {
            w
        } else {
            match sp.lookup_special(w, name!(sp, "__index__"))? {
                Some(_) => sp.index(w)?,
                None => return Err(error(sp, "required argument is not an integer")),
            }
        };
        i128::try_from(&sp.bigint_w(w_index)?).map_err(|_| out_of_range(sp, code, size))?
    };
    let (lo, hi) = if code == b'P' { (-(1i128 << 63), (1i128 << 64) - 1) } else { range(code, size) };
    if v < lo || v > hi { Err(out_of_range(sp, code, size)) } else { Ok(v) }
}
fn put(out: &mut [u8], bytes: &[u8], big: bool) {
    out.copy_from_slice(bytes);
    if big {
        out.reverse()
    }
}
fn float(sp: Space, w: W) -> Res<f64> {
    sp.float_w(w).map_err(|_| {
        sp.take_exc();
        error(sp, "required argument is not a float")
    })
}
fn single(sp: Space, x: f64) -> Res<[u8; 4]> {
    let f = x as f32;
    if f.is_infinite() && x.is_finite() {
        return Err(sp.overflow_error("float too large to pack with f format"));
    }
    Ok(f.to_le_bytes())
}
fn bytes_value<'a>(sp: Space, w: W, code: u8, hold: &'a mut Option<Buffer>) -> Res<&'a [u8]> {
    if !matches!(sp.layout(w), TID_BYTES | TID_BYTEARRAY) {
        return Err(error(sp, &format!("argument for '{}' must be a bytes object", code as char)));
    }
    Ok(hold.insert(Buffer::get(sp, w)?))
}
/// Packs one value into its place.
pub fn pack_one(sp: Space, item: &Item, big: bool, w: W, out: &mut [u8]) -> Res<()> {
    match item.code {
        b'?' => out[0] = sp.is_true(w)? as u8,
        b'c' => match sp.bytes_opt(w) {
            Some([b]) => out[0] = *b,
            _ => return Err(error(sp, "char format requires a bytes object of length 1")),
        },
        b's' => {
            let mut hold = None;
            let bytes = bytes_value(sp, w, b's', &mut hold)?;
            let n = bytes.len().min(out.len());
            out[..n].copy_from_slice(&bytes[..n]);
        }
        b'p' => {
            let mut hold = None;
            let bytes = bytes_value(sp, w, b'p', &mut hold)?;
            if let Some((len, rest)) = out.split_first_mut() {
                let n = bytes.len().min(rest.len());
                rest[..n].copy_from_slice(&bytes[..n]);
                *len = n.min(255) as u8;
            }
        }
        b'e' => {
            let x = float(sp, w)?;
            let h = to_half(x).ok_or_else(|| sp.overflow_error("float too large to pack with e format"))?;
            put(out, &h.to_le_bytes(), big)
        }
        b'f' => put(out, &single(sp, float(sp, w)?)?, big),
        b'd' => put(out, &float(sp, w)?.to_le_bytes(), big),
        b'F' | b'D' => {
            let (re, im) = sp.complex_w(w).map_err(|_| {
                sp.take_exc();
                error(sp, "required argument is not a complex")
            })?;
            let (a, b) = out.split_at_mut(item.size / 2);
            for (half, x) in [(a, re), (b, im)] {
                if item.code == b'F' { put(half, &single(sp, x)?, big) } else { put(half, &x.to_le_bytes(), big) }
            }
        }
        code => {
            let v = integer(sp, w, code, item.size)?;
            put(out, &v.to_le_bytes()[..item.size], big)
        }
    }
    Ok(())
}
fn word<const N: usize>(b: &[u8], big: bool) -> [u8; N] {
    let mut a = [0; N];
    a.copy_from_slice(b);
    if big {
        a.reverse()
    }
    a
}
/// The value in a place.
pub fn unpack_one(sp: Space, item: &Item, big: bool, b: &[u8]) -> Res<W> {
    let signed = item.code.is_ascii_lowercase();
    Ok(match item.code {
        b'?' => W::bool(b[0] != 0),
        b'c' => sp.newbytes(b)?,
        b's' => sp.newbytes(b)?,
        b'p' => match b.split_first() {
            Some((n, rest)) => sp.newbytes(&rest[..(*n as usize).min(rest.len())])?,
            None => sp.newbytes(b"")?,
        },
        b'e' => sp.newfloat(from_half(u16::from_le_bytes(word(b, big)))),
        b'f' => sp.newfloat(f32::from_le_bytes(word(b, big)) as f64),
        b'd' => sp.newfloat(f64::from_le_bytes(word(b, big))),
        b'F' => {
            sp.newcomplex(f32::from_le_bytes(word(&b[..4], big)) as f64, f32::from_le_bytes(word(&b[4..], big)) as f64)
        }
        b'D' => sp.newcomplex(f64::from_le_bytes(word(&b[..8], big)), f64::from_le_bytes(word(&b[8..], big))),
        _ => match (item.size, signed) {
            (1, true) => W::int(b[0] as i8 as i64),
            (1, false) => W::int(b[0] as i64),
            (2, true) => W::int(i16::from_le_bytes(word(b, big)) as i64),
            (2, false) => W::int(u16::from_le_bytes(word(b, big)) as i64),
            (4, true) => W::int(i32::from_le_bytes(word(b, big)) as i64),
            (4, false) => W::int(u32::from_le_bytes(word(b, big)) as i64),
            (_, true) => sp.newint(i64::from_le_bytes(word(b, big))),
            _ => u64::from_le_bytes(word(b, big)).into_w(sp)?,
        },
    })
}
/// A tuple of all values.
pub fn unpack_tuple(sp: Space, l: &Layout, data: &[u8]) -> Res<W> {
    let values = l.items.iter().flat_map(|i| (0..i.repeat).map(move |k| (i, i.offset + k * i.size)));
    if l.count <= 8 {
        let mut out = [W::NULL; 8];
        for (slot, (item, at)) in out.iter_mut().zip(values) {
            *slot = unpack_one(sp, item, l.big, &data[at..at + item.size])?
        }
        return sp.newtuple(&out[..l.count]);
    }
    let mut out = RootedVec::with_capacity(sp, l.count);
    for (item, at) in values {
        out.push(unpack_one(sp, item, l.big, &data[at..at + item.size])?)
    }
    out.into_tuple()
}
/// Packs all values; `out` is zeroed and long enough, there are as many values as needed.
pub fn pack_tuple(sp: Space, l: &Layout, values: &[W], out: &mut [u8]) -> Res<()> {
    let mut values = values.iter();
    for item in &l.items {
        for k in 0..item.repeat {
            let at = item.offset + k * item.size;
            if let Some(w) = values.next() {
                pack_one(sp, item, l.big, *w, &mut out[at..at + item.size])?
            }
        }
    }
    Ok(())
}
