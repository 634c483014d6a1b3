//! unicode_escape, and the escapes of bytes literals.

use super::{Chars, DecodeErrors, Out};
use std::borrow::Cow;
use std::io::Write;

/// The first escape that means nothing, for the warning: its text after the backslash.
pub type Invalid = Option<String>;

/// Hex digits from `i`, at most `count`: (value, where they end, whether all were there, whether the data ended).
pub fn hex(data: &[u8], i: usize, count: usize) -> (u32, usize, bool, bool) {
    let (mut v, mut j) = (0u32, i);
    while j < i + count {
        match data.get(j).map(|b| (*b as char).to_digit(16)) {
            Some(Some(d)) => v = v << 4 | d,
            Some(None) => return (v, j, false, false),
            None => return (v, j, false, true),
        }
        j += 1;
    }
    (v, j, true, false)
}
/// Up to three octal digits, the first of which is known: (value, where they end).
pub fn octal(data: &[u8], i: usize) -> (u32, usize) {
    let (mut v, mut j) = (0, i);
    while j < i + 3
        && let Some(b @ b'0'..=b'7') = data.get(j)
    {
        v = v << 3 | (b - b'0') as u32;
        j += 1;
    }
    (v, j)
}
/// Escapes of one character that str and bytes have in common.
pub fn simple(b: u8) -> Option<u8> {
    Some(match b {
        b'\\' | b'\'' | b'"' => b,
        b'b' => 8,
        b'f' => 12,
        b't' => 9,
        b'n' => 10,
        b'r' => 13,
        b'v' => 11,
        b'a' => 7,
        _ => return None,
    })
}

/// Decodes unicode_escape. `named` answers the characters of a name. Answers (bytes used, first invalid escape).
pub fn unicode_decode<H: DecodeErrors>(
    data: &mut Cow<'_, [u8]>,
    last: bool,
    h: &mut H,
    named: &mut dyn FnMut(&str) -> Result<Option<Vec<u32>>, H::Error>,
    out: &mut Out,
) -> Result<(usize, Invalid), H::Error> {
    let (mut i, mut invalid) = (0, None);
    while i < data.len() {
        let run = memchr::memchr(b'\\', &data[i..]).unwrap_or(data.len() - i);
        out.extend_latin1(&data[i..i + run]);
        i += run;
        if i == data.len() {
            break;
        }
        let start = i;
        i += 1;
        let (end, incomplete, reason) = match data.get(i).copied() {
            None => (i, true, "\\ at end of string"),
            Some(b'\n') => {
                i += 1;
                continue;
            }
            Some(b) if simple(b).is_some() => {
                out.push(simple(b).unwrap_or(b) as u32);
                i += 1;
                continue;
            }
            Some(b'0'..=b'7') => {
                let (v, end) = octal(data, i);
                if v > 0o377 && invalid.is_none() {
                    invalid = Some(String::from_utf8_lossy(&data[i..end]).into_owned());
                }
                out.push(v);
                i = end;
                continue;
            }
            Some(k @ (b'x' | b'u' | b'U')) => {
                let (count, reason) = match k {
                    b'x' => (2, "truncated \\xXX escape"),
                    b'u' => (4, "truncated \\uXXXX escape"),
                    _ => (8, "truncated \\UXXXXXXXX escape"),
                };
                let (v, end, all, ended) = hex(data, i + 1, count);
                if all && v <= 0x10FFFF {
                    out.push(v);
                    i = end;
                    continue;
                }
                (end, ended, if all { "illegal Unicode character" } else { reason })
            }
            Some(b'N') => {
                let malformed = "malformed \\N character escape";
                match data.get(i + 1) {
                    None => (i + 1, true, malformed),
                    Some(b'{') => match memchr::memchr(b'}', &data[i + 2..]) {
                        None => (data.len(), true, malformed),
                        Some(0) => (i + 2, false, malformed),
                        Some(n) => {
                            let name = String::from_utf8_lossy(&data[i + 2..i + 2 + n]).into_owned();
                            if let Some(cs) = named(&name)? {
                                cs.iter().for_each(|c| out.push(*c));
                                i += n + 3;
                                continue;
                            }
                            (i + n + 3, false, "unknown Unicode character name")
                        }
                    },
                    Some(_) => (i + 1, false, malformed),
                }
            }
            Some(b) => {
                if invalid.is_none() {
                    invalid = Some((b as char).to_string());
                }
                out.push(b'\\' as u32);
                out.push(b as u32);
                i += 1;
                continue;
            }
        };
        if incomplete && !last {
            return Ok((start, invalid));
        }
        i = h.decode_error("unicodeescape", data, start, end, reason, out)?;
    }
    Ok((i, invalid))
}

/// Encodes unicode_escape.
pub fn unicode_encode(chars: &Chars<'_>, out: &mut Vec<u8>) {
    for i in 0..chars.len() {
        match chars.at(i) {
            10 => out.extend_from_slice(b"\\n"),
            13 => out.extend_from_slice(b"\\r"),
            9 => out.extend_from_slice(b"\\t"),
            92 => out.extend_from_slice(b"\\\\"),
            c @ 32..=126 => out.push(c as u8),
            c => {
                let mut s = String::new();
                super::standard::backslash(&mut s, c);
                out.extend_from_slice(s.as_bytes())
            }
        }
    }
}

/// Why escapes of bytes cannot be decoded.
#[derive(Debug, PartialEq)]
#[allow(missing_docs)]
pub enum BytesError {
    Trailing,
    Hex(usize),
    Handler,
}
/// Decodes the escapes of a bytes literal.
pub fn bytes_decode(data: &[u8], errors: &str) -> Result<(Vec<u8>, Invalid), BytesError> {
    let (mut out, mut i, mut invalid) = (Vec::with_capacity(data.len()), 0, None);
    while i < data.len() {
        if data[i] != b'\\' {
            out.push(data[i]);
            i += 1;
            continue;
        }
        let start = i;
        i += 1;
        match data.get(i).copied() {
            None => return Err(BytesError::Trailing),
            Some(b'\n') => i += 1,
            Some(b) if simple(b).is_some() => {
                out.push(simple(b).unwrap_or(b));
                i += 1;
            }
            Some(b'0'..=b'7') => {
                let (v, end) = octal(data, i);
                if v > 0o377 && invalid.is_none() {
                    invalid = Some(String::from_utf8_lossy(&data[i..end]).into_owned());
                }
                out.push(v as u8);
                i = end;
            }
            Some(b'x') => {
                let (v, end, all, _) = hex(data, i + 1, 2);
                i = end;
                if all {
                    out.push(v as u8);
                    continue;
                }
                match errors {
                    "strict" => return Err(BytesError::Hex(start)),
                    "replace" => out.push(b'?'),
                    "ignore" => {}
                    _ => return Err(BytesError::Handler),
                }
            }
            Some(b) => {
                if invalid.is_none() {
                    invalid = Some((b as char).to_string());
                }
                out.extend_from_slice(&[b'\\', b]);
                i += 1;
            }
        }
    }
    Ok((out, invalid))
}
/// Encodes bytes as in a bytes literal in single quotes.
pub fn bytes_encode(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for b in data {
        match b {
            b'\\' | b'\'' => out.extend_from_slice(&[b'\\', *b]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            32..=126 => out.push(*b),
            // Writing to memory does not fail.
            _ => drop(write!(out, "\\x{b:02x}")),
        }
    }
    out
}
