//! UTF-8.

use super::errors::{Errors, Form, Replacement};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::wstr;
use taipan_plugin_api::prelude::*;

/// The next malformed sequence: how much before it is good, its length (None: the input ends within a sequence), and why.
fn next_error(input: &[u8]) -> Option<(usize, Option<usize>, &'static str)> {
    let e = std::str::from_utf8(input).err()?;
    let at = e.valid_up_to();
    let reason = match (e.error_len(), input[at]) {
        (None, _) => "unexpected end of data",
        (_, 0x80..=0xC1 | 0xF5..) => "invalid start byte",
        _ => "invalid continuation byte",
    };
    Some((at, e.error_len(), reason))
}

fn push_valid(out: &mut Builder, good: &[u8]) {
    // SAFETY: the caller passes what `from_utf8` has accepted.
    out.push_str(unsafe { std::str::from_utf8_unchecked(good) })
}

/// Decodes; answers the str and how many bytes were used (all, unless `last` is false and a sequence is cut off).
pub fn decode(sp: Space, input: &[u8], errors: &str, last: bool) -> Res<(W, usize)> {
    if input.is_ascii() {
        return Ok((wstr::new_narrow(sp, Chars::One(input))?, input.len()));
    }
    let mut errors = Errors::new(errors, "utf-8", Form::Utf8);
    let mut out = Builder::with_capacity(input.len());
    let mut i = 0;
    while let Some((good, len, reason)) = next_error(&input[i..]) {
        push_valid(&mut out, &input[i..i + good]);
        i += good;
        if len.is_none() && !last {
            return Ok((out.finish(sp)?, i));
        }
        let end = len.map_or(input.len(), |n| i + n);
        i = errors.decoding(sp, input, i, end, reason, &mut out)?;
    }
    push_valid(&mut out, &input[i..]);
    Ok((out.finish(sp)?, input.len()))
}

/// Calls `f` with each code point; encoded surrogates are taken as such, other malformed bytes as U+FFFD.
pub fn decode_wtf8(mut input: &[u8], mut f: impl FnMut(u32)) {
    loop {
        let good = match std::str::from_utf8(input) {
            Ok(s) => return s.chars().for_each(|c| f(c as u32)),
            Err(e) => e.valid_up_to(),
        };
        let (valid, rest) = input.split_at(good);
        // SAFETY: accepted above.
        unsafe { std::str::from_utf8_unchecked(valid) }.chars().for_each(|c| f(c as u32));
        input = match *rest {
            [0xED, x @ 0xA0..=0xBF, y @ 0x80..=0xBF, ..] => {
                f(0xD000 | (x as u32 & 0x3F) << 6 | (y as u32 & 0x3F));
                &rest[3..]
            }
            _ => {
                f(0xFFFD);
                &rest[1..]
            }
        }
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes())
}

/// Encodes. `w_str` is named in exceptions.
pub fn encode(sp: Space, w_str: W, chars: Chars, errors: &str) -> Res<Vec<u8>> {
    if let Chars::One(s) = chars
        && s.is_ascii()
    {
        return Ok(s.to_vec());
    }
    let mut errors = Errors::new(errors, "utf-8", Form::Utf8);
    let mut out = Vec::with_capacity(chars.len() * 2);
    let (mut i, n) = (0, chars.len());
    while i < n {
        if let Some(c) = char::from_u32(chars.at(i)) {
            push(&mut out, c);
            i += 1;
            continue;
        }
        let end = i + chars.slice(i, n).iter().take_while(|c| char::from_u32(*c).is_none()).count();
        let (new, at) = errors.encoding(sp, w_str, chars, i, end, "surrogates not allowed")?;
        match new {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Text(t) => {
                for c in t {
                    let Some(c) = char::from_u32(c) else {
                        return Err(errors.cannot_encode(sp, w_str, i, end, "surrogates not allowed"));
                    };
                    push(&mut out, c)
                }
            }
        }
        i = at;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wtf8(b: &[u8]) -> Vec<u32> {
        let mut v = Vec::new();
        decode_wtf8(b, |c| v.push(c));
        v
    }

    #[test]
    fn malformed() {
        assert_eq!(next_error(b"ab\xff"), Some((2, Some(1), "invalid start byte")));
        assert_eq!(next_error(b"\xe2\x82"), Some((0, None, "unexpected end of data")));
        assert_eq!(next_error(b"\xe2\x82x"), Some((0, Some(2), "invalid continuation byte")));
        assert_eq!(next_error(b"\xed\xa0\x80"), Some((0, Some(1), "invalid continuation byte")));
        assert_eq!(next_error("ä€😀".as_bytes()), None);
    }

    #[test]
    fn surrogates_as_such() {
        assert_eq!(wtf8(b"a\xed\xb2\x80b"), [0x61, 0xDC80, 0x62]);
        assert_eq!(wtf8(b"\xff"), [0xFFFD]);
        assert_eq!(wtf8("€😀".as_bytes()), [0x20AC, 0x1F600]);
    }
}
