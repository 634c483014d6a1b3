//! UTF-7.

use super::errors::{Errors, Form};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use taipan_plugin_api::prelude::*;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn sextet(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}

/// Characters that are written as themselves: set D and whitespace, and set O, which decoders and mail gateways take too.
fn direct(c: u32) -> bool {
    match char::from_u32(c) {
        Some('\\' | '~' | '+') => false,
        Some('\t' | '\n' | '\r' | ' '..='}') => true,
        _ => false,
    }
}

/// Encodes.
pub fn encode(chars: Chars) -> Vec<u8> {
    let mut out = Vec::with_capacity(chars.len());
    let (mut inside, mut bits, mut buffer) = (false, 0, 0u32);
    let flush = |out: &mut Vec<u8>, bits: &mut u32, buffer: &mut u32| {
        while *bits >= 6 {
            out.push(ALPHABET[(*buffer >> (*bits - 6) & 0x3F) as usize]);
            *bits -= 6;
        }
        *buffer &= (1 << *bits) - 1;
    };
    let close = |out: &mut Vec<u8>, bits: &mut u32, buffer: &mut u32| {
        if *bits > 0 {
            out.push(ALPHABET[(*buffer << (6 - *bits) & 0x3F) as usize]);
        }
        (*bits, *buffer) = (0, 0);
    };
    for c in chars.iter() {
        if direct(c) {
            if inside {
                close(&mut out, &mut bits, &mut buffer);
                inside = false;
                // Only a character that could belong to the encoded run needs the mark of its end.
                if c == '-' as u32 || sextet(c as u8).is_some() {
                    out.push(b'-');
                }
            }
            out.push(c as u8);
            continue;
        }
        if !inside {
            out.push(b'+');
            if c == '+' as u32 {
                out.push(b'-');
                continue;
            }
            inside = true;
        }
        let mut unit = |u: u32| {
            buffer = buffer << 16 | u;
            bits += 16;
            flush(&mut out, &mut bits, &mut buffer);
        };
        if c > 0xFFFF {
            unit(0xD800 + ((c - 0x10000) >> 10));
            unit(0xDC00 + (c & 0x3FF));
        } else {
            unit(c)
        }
    }
    if inside {
        close(&mut out, &mut bits, &mut buffer);
        out.push(b'-');
    }
    out
}

/// Decodes: the str and bytes used. Without `last`, an encoded run that is not finished is left for the next call.
pub fn decode(sp: Space, input: &[u8], errors: &str, last: bool) -> Res<(W, usize)> {
    let mut errors = Errors::new(errors, "utf7", Form::Other);
    let mut out = Builder::with_capacity(input.len());
    let mut i = 0;
    while i < input.len() {
        let b = input[i];
        if b >= 128 {
            i = errors.decoding(sp, input, i, i + 1, "unexpected special character", &mut out)?;
            continue;
        }
        if b != b'+' {
            out.push(b as u32);
            i += 1;
            continue;
        }
        let start = i;
        if input.get(i + 1) == Some(&b'-') {
            out.push('+' as u32);
            i += 2;
            continue;
        }
        let n = input[i + 1..].iter().take_while(|b| sextet(**b).is_some()).count();
        let end = i + 1 + n;
        if end == input.len() && !last {
            return Ok((out.finish(sp)?, start));
        }
        if n == 0 && end < input.len() {
            i = errors.decoding(sp, input, start, (start + 2).min(input.len()), "ill-formed sequence", &mut out)?;
            continue;
        }
        let (trouble, half) = run(&input[start + 1..end], &mut out);
        match trouble {
            None if end == input.len() && !half => i = end,
            _ if end == input.len() => {
                i = errors.decoding(sp, input, start, end, "unterminated shift sequence", &mut out)?
            }
            None => i = end + usize::from(input[end] == b'-'),
            Some(reason) => i = errors.decoding(sp, input, start, end + 1, reason, &mut out)?,
        }
    }
    Ok((out.finish(sp)?, i))
}

/// The characters of an encoded run; what is wrong with its end, and whether it ends with half a surrogate pair.
fn run(sextets: &[u8], out: &mut Builder) -> (Option<&'static str>, bool) {
    let (mut bits, mut buffer, mut high) = (0, 0u32, None::<u32>);
    for b in sextets {
        buffer = buffer << 6 | sextet(*b).unwrap_or(0);
        bits += 6;
        if bits < 16 {
            continue;
        }
        let unit = buffer >> (bits - 16) & 0xFFFF;
        bits -= 16;
        buffer &= (1 << bits) - 1;
        if let Some(h) = high.take() {
            if (0xDC00..0xE000).contains(&unit) {
                out.push(0x10000 + ((h & 0x3FF) << 10 | unit & 0x3FF));
                continue;
            }
            out.push(h);
        }
        if (0xD800..0xDC00).contains(&unit) { high = Some(unit) } else { out.push(unit) }
    }
    if let Some(h) = high {
        out.push(h);
    }
    if bits >= 6 {
        return (Some("partial character in shift sequence"), high.is_some());
    }
    ((buffer != 0).then_some("non-zero padding bits in shift sequence"), high.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding() {
        let enc = |s: &str| {
            let c: Vec<u32> = s.chars().map(|c| c as u32).collect();
            String::from_utf8(encode(Chars::Four(&c))).unwrap()
        };
        assert_eq!(enc("a+b"), "a+-b");
        assert_eq!(enc("é1"), "+AOk-1");
        assert_eq!(enc("é!"), "+AOk!");
        assert_eq!(enc("😀"), "+2D3eAA-");
    }

    #[test]
    fn runs() {
        let mut out = Builder::new();
        assert_eq!(run(b"2D3eAA", &mut out), (None, false));
        assert!(out.chars().same(Chars::Four(&[0x1F600])));
    }
}
