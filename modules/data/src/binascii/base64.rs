//! Base64.

use super::{ascii_buffer, error};
use taipan_plugin_api::prelude::*;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Values of the characters, 64 for others.
const VALUES: [u8; 256] = {
    let mut t = [64; 256];
    let mut i = 0;
    while i < 64 {
        t[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    t
};

/// Decode a line of base64 data.
///
///   strict_mode
///     When set to True, bytes that are not in the base64 standard are not allowed.
///     The same applies to excess data after padding (= / ==).
#[interp_fn(sig = "(data, /, *, strict_mode=False)")]
pub fn a2b_base64(sp: Space, w_data: W, strict: bool) -> Res<Vec<u8>> {
    let data = ascii_buffer(sp, w_data)?;
    decode(&data, strict).map_err(|m| error(sp, &m))
}
fn decode(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len().div_ceil(4) * 3);
    if strict && data.first() == Some(&b'=') {
        return Err("Leading padding not allowed".into());
    }
    let (mut quad, mut left, mut pads) = (0u8, 0u8, 0usize);
    let mut i = 0;
    // Whole groups of four plain characters.
    while let Some(group) = data.get(i..i + 4) {
        let v = [VALUES[group[0] as usize], VALUES[group[1] as usize], VALUES[group[2] as usize], VALUES[group[3] as usize]];
        if v.iter().any(|x| *x == 64) {
            break;
        }
        out.extend_from_slice(&[v[0] << 2 | v[1] >> 4, v[1] << 4 | v[2] >> 2, v[2] << 6 | v[3]]);
        i += 4;
    }
    for (at, c) in data.iter().enumerate().skip(i) {
        if *c == b'=' {
            pads += 1;
            if quad >= 2 && quad as usize + pads >= 4 {
                // A pad sequence ends the data; what follows is an error only in strict mode.
                if strict && at + 1 < data.len() {
                    return Err(if data[at + 1] == b'=' { "Excess padding not allowed" } else { "Excess data after padding" }.into());
                }
                return Ok(out);
            }
            if strict && quad == 1 {
                break;
            }
            if strict && quad == 0 {
                return Err(if at == 0 { "Leading padding not allowed" } else { "Excess padding not allowed" }.into());
            }
            continue;
        }
        let v = VALUES[*c as usize];
        if v == 64 {
            if strict {
                return Err("Only base64 data is allowed".into());
            }
            continue;
        }
        // Characters after padding, in strict mode, are discontinuous padding.
        if strict && pads > 0 && quad != 1 {
            return Err("Discontinuous padding not allowed".into());
        }
        pads = 0;
        match quad {
            0 => {
                quad = 1;
                left = v
            }
            1 => {
                quad = 2;
                out.push(left << 2 | v >> 4);
                left = v & 15
            }
            2 => {
                quad = 3;
                out.push(left << 4 | v >> 2);
                left = v & 3
            }
            _ => {
                quad = 0;
                out.push(left << 6 | v);
                left = 0
            }
        }
    }
    match quad {
        0 => Ok(out),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ => Err("Incorrect padding".into()),
    }
}
/// Base64-code line of data.
#[interp_fn(sig = "(data, /, *, newline=True)")]
pub fn b2a_base64(_sp: Space, data: Buffer, newline: bool) -> Res<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    let mut groups = data.chunks_exact(3);
    for g in &mut groups {
        let v = (g[0] as u32) << 16 | (g[1] as u32) << 8 | g[2] as u32;
        let c = |shift: u32| ALPHABET[(v >> shift & 63) as usize];
        out.extend_from_slice(&[c(18), c(12), c(6), c(0)]);
    }
    match groups.remainder() {
        [a] => out.extend_from_slice(&[ALPHABET[(a >> 2) as usize], ALPHABET[(a << 4 & 63) as usize], b'=', b'=']),
        [a, b] => out.extend_from_slice(&[
            ALPHABET[(a >> 2) as usize],
            ALPHABET[((a << 4 | b >> 4) & 63) as usize],
            ALPHABET[(b << 2 & 63) as usize],
            b'=',
        ]),
        _ => {}
    }
    if newline {
        out.push(b'\n')
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::decode;
    #[test]
    fn oddities() {
        assert_eq!(decode(b"YW=Jj", false).unwrap(), b"abc");
        assert_eq!(decode(b"Y=WJj", false).unwrap(), b"abc");
        assert_eq!(decode(b"YWJjYWJj====", false).unwrap(), b"abcabc");
        assert_eq!(decode(b"YQ==", true).unwrap(), b"a");
        assert_eq!(decode(b"YWJj==", true).unwrap_err(), "Excess padding not allowed");
        assert_eq!(decode(b"YQ==a", true).unwrap_err(), "Excess data after padding");
        assert_eq!(decode(b"YQ", false).unwrap_err(), "Incorrect padding");
    }
}
