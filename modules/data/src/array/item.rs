//! Items of arrays as bytes.

use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

pub const CODES: &str = "bBuwhHiIlLqQfd";

/// Bytes of an item.
pub fn size(code: u8) -> usize {
    match code {
        b'b' | b'B' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' | b'f' | b'u' | b'w' => 4,
        _ => 8,
    }
}
/// The buffer's format, NUL-terminated.
pub fn format(code: u8) -> *const u8 {
    let c = match code {
        b'b' => c"b",
        b'B' => c"B",
        b'u' | b'w' => c"w",
        b'h' => c"h",
        b'H' => c"H",
        b'i' => c"i",
        b'I' => c"I",
        b'l' => c"l",
        b'L' => c"L",
        b'q' => c"q",
        b'Q' => c"Q",
        b'f' => c"f",
        _ => c"d",
    };
    c.as_ptr().cast()
}
/// The item in its bytes.
#[inline]
pub fn load(sp: Space, code: u8, b: &[u8]) -> Res<W> {
    fn word<const N: usize>(b: &[u8]) -> [u8; N] {
        let mut a = [0; N];
        a.copy_from_slice(&b[..N]);
        a
    }
    Ok(match code {
        b'b' => W::int(b[0] as i8 as i64),
        b'B' => W::int(b[0] as i64),
        b'h' => W::int(i16::from_le_bytes(word(b)) as i64),
        b'H' => W::int(u16::from_le_bytes(word(b)) as i64),
        b'i' => W::int(i32::from_le_bytes(word(b)) as i64),
        b'I' => W::int(u32::from_le_bytes(word(b)) as i64),
        b'l' | b'q' => sp.newint(i64::from_le_bytes(word(b))),
        b'L' | b'Q' => u64::from_le_bytes(word(b)).into_w(sp)?,
        b'f' => sp.newfloat(f32::from_le_bytes(word(b)) as f64),
        b'd' => sp.newfloat(f64::from_le_bytes(word(b))),
        _ => {
            let c = u32::from_le_bytes(word(b));
            if c > 0x10ffff {
                return Err(raise!(sp, VALUE_ERROR, "character U+{c:x} is not in range [U+0000; U+10ffff]"));
            }
            sp.newstr_chars(&[c])?
        }
    })
}
/// An item's bytes; the first `size(code)` count.
#[inline]
pub fn store(sp: Space, code: u8, w: W) -> Res<[u8; 8]> {
    let mut out = [0; 8];
    match code {
        b'f' => out[..4].copy_from_slice(&(sp.float_w(w)? as f32).to_le_bytes()),
        b'd' => out = sp.float_w(w)?.to_le_bytes(),
        b'u' | b'w' => {
            let Some(t) = sp.text_opt(w) else {
                return Err(raise!(sp, TYPE_ERROR, "array item must be a unicode character, not {}", sp.type_name(w)));
            };
            if t.len() != 1 {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "array item must be a unicode character, not a string of length {}",
                    t.len()
                ));
            }
            out[..4].copy_from_slice(&t.char_at(0).to_le_bytes())
        }
        _ => {
            let v = if w.is_int() {
                w.untag() as i128
            } else {
                i128::try_from(&sp.bigint_w(sp.index(w)?)?).unwrap_or(i128::MAX)
            };
            let bits = size(code) * 8;
            let (lo, hi) = if code.is_ascii_lowercase() {
                (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
            } else {
                (0, (1i128 << bits) - 1)
            };
            if v < lo || v > hi {
                return Err(out_of_range(sp, code, v < lo));
            }
            out = (v as u64).to_le_bytes();
        }
    }
    Ok(out)
}
#[cold]
fn out_of_range(sp: Space, code: u8, low: bool) -> Raised {
    let end = if low { "less than minimum" } else { "greater than maximum" };
    let m = match code {
        b'b' => format!("signed char is {end}"),
        b'B' => format!("unsigned byte integer is {end}"),
        b'h' => format!("signed short integer is {end}"),
        b'H' => format!("unsigned short is {end}"),
        b'i' => format!("signed integer is {end}"),
        b'I' | b'L' if low => "can't convert negative value to unsigned int".into(),
        b'I' => format!("unsigned int is {end}"),
        b'Q' if low => "can't convert negative int to unsigned".into(),
        b'l' | b'L' => "Python int too large to convert to C long".into(),
        _ => "int too big to convert".into(),
    };
    sp.overflow_error(&m)
}
