//! raw_unicode_escape: only \u and \U mean something.

use super::escape::hex;
use super::{Chars, DecodeErrors, Out};
use std::borrow::Cow;

/// Decodes; answers how many bytes were used.
pub fn decode<H: DecodeErrors>(data: &mut Cow<'_, [u8]>, last: bool, h: &mut H, out: &mut Out) -> Result<usize, H::Error> {
    let mut i = 0;
    while i < data.len() {
        let run = memchr::memchr(b'\\', &data[i..]).unwrap_or(data.len() - i);
        out.extend_latin1(&data[i..i + run]);
        i += run;
        if i == data.len() {
            break;
        }
        let Some(&k) = data.get(i + 1) else {
            if last {
                out.push(b'\\' as u32);
                i += 1;
            }
            return Ok(i);
        };
        let (count, truncated) = match k {
            b'u' => (4, "truncated \\uXXXX escape"),
            b'U' => (8, "truncated \\UXXXXXXXX escape"),
            _ => {
                out.push(b'\\' as u32);
                out.push(k as u32);
                i += 2;
                continue;
            }
        };
        let (v, end, all, ended) = hex(data, i + 2, count);
        if all && v <= 0x10FFFF {
            out.push(v);
            i = end;
            continue;
        }
        if ended && !last {
            return Ok(i);
        }
        let reason = if all { "\\Uxxxxxxxx out of range" } else { truncated };
        i = h.decode_error("rawunicodeescape", data, i, end, reason, out)?;
    }
    Ok(i)
}

/// Encodes.
pub fn encode(chars: &Chars<'_>, out: &mut Vec<u8>) {
    for i in 0..chars.len() {
        match chars.at(i) {
            c @ 0..=0xFF => out.push(c as u8),
            c => {
                let mut s = String::new();
                super::standard::backslash(&mut s, c);
                out.extend_from_slice(s.as_bytes())
            }
        }
    }
}
