//! uuencoding.

use super::{ascii_buffer, error};
use taipan_plugin_api::prelude::*;

/// Decode a line of uuencoded data.
#[interp_fn(sig = "(data, /)")]
pub fn a2b_uu(sp: Space, w: W) -> Res<Vec<u8>> {
    let data = ascii_buffer(sp, w)?;
    let Some((first, rest)) = data.split_first() else { return Err(error(sp, "Missing length byte")) };
    let n = (first.wrapping_sub(b' ') & 63) as usize;
    let mut out = Vec::with_capacity(n);
    let (mut acc, mut bits, mut used) = (0u32, 0, 0);
    while out.len() < n {
        let c = rest.get(used).copied();
        used += 1;
        // Missing characters at the end of a line count as blanks.
        let v = match c {
            None | Some(b'\n' | b'\r') => {
                used = used.min(rest.len());
                if matches!(c, Some(b'\n' | b'\r')) {
                    used -= 1
                }
                0
            }
            Some(c) if (b' '..=b' ' + 64).contains(&c) => ((c - b' ') & 63) as u32,
            Some(_) => return Err(error(sp, "Illegal char")),
        };
        acc = acc << 6 | v;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((acc >> bits) as u8);
            acc &= (1 << bits) - 1;
        }
    }
    if rest[used.min(rest.len())..].iter().any(|c| !matches!(c, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(error(sp, "Trailing garbage"));
    }
    Ok(out)
}
/// Uuencode line of data.
#[interp_fn(sig = "(data, /, *, backtick=False)")]
pub fn b2a_uu(sp: Space, data: Buffer, backtick: bool) -> Res<Vec<u8>> {
    if data.len() > 45 {
        return Err(error(sp, "At most 45 bytes at once"));
    }
    let zero = if backtick { b'`' } else { b' ' };
    let code = |v: u8| if v == 0 { zero } else { v + b' ' };
    let mut out = vec![code(data.len() as u8)];
    for g in data.chunks(3) {
        let at = |i: usize| g.get(i).copied().unwrap_or(0);
        let (a, b, c) = (at(0), at(1), at(2));
        for v in [a >> 2, (a << 4 | b >> 4) & 63, (b << 2 | c >> 6) & 63, c & 63] {
            out.push(code(v))
        }
    }
    out.push(b'\n');
    Ok(out)
}
