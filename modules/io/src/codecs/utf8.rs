//! UTF-8, with CPython's division of malformed input into errors.

use super::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;

/// What stands at a malformed place: the length to report and why, or None if more input could complete it.
pub fn malformed(s: &[u8]) -> (usize, &'static str, bool) {
    let (start, cont, end) = ("invalid start byte", "invalid continuation byte", "unexpected end of data");
    let b = s[0];
    let need = match b {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (1, start, false),
    };
    for i in 1..need {
        let Some(&c) = s.get(i) else { return (s.len(), end, true) };
        let good = match (i, b) {
            (1, 0xE0) => (0xA0..=0xBF).contains(&c),
            (1, 0xED) => (0x80..=0x9F).contains(&c),
            (1, 0xF0) => (0x90..=0xBF).contains(&c),
            (1, 0xF4) => (0x80..=0x8F).contains(&c),
            _ => (0x80..=0xBF).contains(&c),
        };
        if !good {
            return (i, cont, false);
        }
    }
    (need, cont, false)
}

/// Decodes. Answers how many bytes were used: all of them if `last`, else an incomplete sequence at the end may remain.
pub fn decode<H: DecodeErrors>(
    data: &mut Cow<'_, [u8]>,
    last: bool,
    h: &mut H,
    out: &mut Out,
) -> Result<usize, H::Error> {
    let mut i = 0;
    while i < data.len() {
        let (good, incomplete) = match std::str::from_utf8(&data[i..]) {
            Ok(s) => {
                out.extend_str(s);
                return Ok(data.len());
            }
            // SAFETY: the part before valid_up_to is valid.
            Err(e) => {
                (unsafe { std::str::from_utf8_unchecked(&data[i..i + e.valid_up_to()]) }, e.error_len().is_none())
            }
        };
        out.extend_str(good);
        i += good.len();
        if incomplete && !last {
            return Ok(i);
        }
        let (len, reason, _) = malformed(&data[i..]);
        i = h.decode_error("utf-8", data, i, i + len, reason, out)?;
    }
    Ok(i)
}

/// Appends a scalar value.
#[inline]
pub fn push(out: &mut Vec<u8>, c: u32) {
    match c {
        0..=0x7F => out.push(c as u8),
        0x80..=0x7FF => out.extend_from_slice(&[0xC0 | (c >> 6) as u8, 0x80 | (c & 63) as u8]),
        0x800..=0xFFFF => {
            out.extend_from_slice(&[0xE0 | (c >> 12) as u8, 0x80 | (c >> 6 & 63) as u8, 0x80 | (c & 63) as u8])
        }
        _ => out.extend_from_slice(&[
            0xF0 | (c >> 18) as u8,
            0x80 | (c >> 12 & 63) as u8,
            0x80 | (c >> 6 & 63) as u8,
            0x80 | (c & 63) as u8,
        ]),
    }
}

/// Encodes.
pub fn encode<H: EncodeErrors>(chars: &Chars<'_>, h: &mut H, out: &mut Vec<u8>) -> Result<(), H::Error> {
    if let Chars::U8(s) = chars {
        out.reserve(s.len());
        s.iter().for_each(|b| push(out, *b as u32));
        return Ok(());
    }
    let (mut i, n) = (0, chars.len());
    out.reserve(n);
    let reason = "surrogates not allowed";
    while i < n {
        let c = chars.at(i);
        if !(0xD800..=0xDFFF).contains(&c) {
            push(out, c);
            i += 1;
            continue;
        }
        let end = chars.run(i, |c| (0xD800..=0xDFFF).contains(&c));
        let (rep, next) = h.encode_error("utf-8", chars, i, end, reason)?;
        match rep {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Chars(cs) => {
                if cs.iter().any(|c| *c > 127) {
                    return Err(h.raise("utf-8", chars, i, end, reason));
                }
                cs.iter().for_each(|c| out.push(*c as u8))
            }
        }
        i = next;
    }
    Ok(())
}
