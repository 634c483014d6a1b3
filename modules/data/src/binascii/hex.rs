//! Hexadecimal.

use super::{ascii_buffer, error};
use taipan_plugin_api::prelude::*;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn encode(sp: Space, data: &Buffer, w_sep: Option<W>, group: i64) -> Res<W> {
    let pair = |b: &u8| [DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]];
    let Some(w_sep) = w_sep else {
        return sp.newbytes(&data.iter().flat_map(pair).collect::<Vec<u8>>());
    };
    let length_one = || sp.value_error("sep must be length 1.");
    let sep = match sp.text_opt(w_sep) {
        Some(t) => {
            if t.len() != 1 {
                return Err(length_one());
            }
            u8::try_from(t.char_at(0)).map_err(|_| sp.value_error("sep must be ASCII."))?
        }
        None => {
            let Some(b) = sp.bytes_opt(w_sep) else { return Err(sp.type_error("sep must be str or bytes.")) };
            let [c] = b else { return Err(length_one()) };
            *c
        }
    };
    let (n, every) = (data.len(), group.unsigned_abs() as usize);
    let mut out = Vec::with_capacity(n * 3);
    for (i, b) in data.iter().enumerate() {
        // Positive counts group from the right, negative ones from the left.
        let border = if group > 0 { (n - i) % every == 0 } else { group < 0 && i % every == 0 };
        if border && i > 0 {
            out.push(sep)
        }
        out.extend_from_slice(&pair(b))
    }
    sp.newbytes(&out)
}
/// Hexadecimal representation of binary data.
///
///   sep
///     An optional single character or byte to separate hex bytes.
///   bytes_per_sep
///     How many bytes between separators.  Positive values count from the
///     right, negative values count from the left.
///
/// The return value is a bytes object.  This function is also
/// available as "hexlify()".
#[interp_fn(sig = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
pub fn b2a_hex(sp: Space, data: Buffer, sep: Option<W>, bytes_per_sep: i64) -> Res<W> {
    encode(sp, &data, sep, bytes_per_sep)
}
/// Hexadecimal representation of binary data.
///
///   sep
///     An optional single character or byte to separate hex bytes.
///   bytes_per_sep
///     How many bytes between separators.  Positive values count from the
///     right, negative values count from the left.
///
/// The return value is a bytes object.  This function is also
/// available as "b2a_hex()".
#[interp_fn(sig = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
pub fn hexlify(sp: Space, data: Buffer, sep: Option<W>, bytes_per_sep: i64) -> Res<W> {
    encode(sp, &data, sep, bytes_per_sep)
}
fn decode(sp: Space, w: W) -> Res<Vec<u8>> {
    let data = ascii_buffer(sp, w)?;
    if data.len() % 2 != 0 {
        return Err(error(sp, "Odd-length string"));
    }
    let digit = |b: u8| (b as char).to_digit(16);
    data.chunks_exact(2)
        .map(|p| match (digit(p[0]), digit(p[1])) {
            (Some(a), Some(b)) => Ok((a << 4 | b) as u8),
            _ => Err(error(sp, "Non-hexadecimal digit found")),
        })
        .collect()
}
/// Binary data of hexadecimal representation.
///
/// hexstr must contain an even number of hex digits (upper or lower case).
/// This function is also available as "unhexlify()".
#[interp_fn(sig = "(hexstr, /)")]
pub fn a2b_hex(sp: Space, w: W) -> Res<Vec<u8>> {
    decode(sp, w)
}
/// Binary data of hexadecimal representation.
///
/// hexstr must contain an even number of hex digits (upper or lower case).
#[interp_fn(sig = "(hexstr, /)")]
pub fn unhexlify(sp: Space, w: W) -> Res<Vec<u8>> {
    decode(sp, w)
}
