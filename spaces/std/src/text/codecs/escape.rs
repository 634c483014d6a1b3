//! The escape notations: unicode_escape, raw_unicode_escape, and the one of bytes literals.

use super::errors::{Errors, Form};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Single-letter escapes.
fn simple(c: u8) -> Option<u8> {
    Some(match c {
        b'\\' | b'\'' | b'"' => c,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        _ => return None,
    })
}

/// Up to `max` digits of a radix: value and count.
fn digits(input: &[u8], radix: u32, max: usize) -> (u32, usize) {
    let run = input.iter().take(max).map_while(|b| (*b as char).to_digit(radix));
    run.fold((0u32, 0), |(v, n), d| (v.wrapping_mul(radix).wrapping_add(d), n + 1))
}

enum Escape {
    /// Code point, bytes used after the backslash.
    Char(u32, usize),
    /// An escaped line end.
    Nothing(usize),
    /// Not an escape: the backslash stands for itself.
    Unknown,
    /// Bytes after the backslash that belong to the malformed escape, and why. `cut`: more input could mend it.
    Bad { len: usize, reason: &'static str, cut: bool },
}

/// Reads what follows a backslash. `octal` beyond one byte is told apart by the caller.
fn read(rest: &[u8]) -> Escape {
    let Some(&c) = rest.first() else { return Escape::Bad { len: 0, reason: "\\ at end of string", cut: true } };
    if let Some(b) = simple(c) {
        return Escape::Char(b as u32, 1);
    }
    let (width, reason) = match c {
        b'\n' => return Escape::Nothing(1),
        b'0'..=b'7' => {
            let (v, n) = digits(rest, 8, 3);
            return Escape::Char(v, n);
        }
        b'x' => (2, "truncated \\xXX escape"),
        b'u' => (4, "truncated \\uXXXX escape"),
        b'U' => (8, "truncated \\UXXXXXXXX escape"),
        b'N' => return named(rest),
        _ => return Escape::Unknown,
    };
    let (v, n) = digits(&rest[1..], 16, width);
    if n < width {
        return Escape::Bad { len: 1 + n, reason, cut: 1 + n == rest.len() };
    }
    if v > 0x10FFFF {
        return Escape::Bad { len: 1 + n, reason: "illegal Unicode character", cut: false };
    }
    Escape::Char(v, 1 + n)
}

/// Reads `N{...}`.
fn named(rest: &[u8]) -> Escape {
    let malformed = "malformed \\N character escape";
    if rest.len() < 2 {
        return Escape::Bad { len: 1, reason: malformed, cut: true };
    }
    if rest[1] != b'{' {
        return Escape::Bad { len: 1, reason: malformed, cut: false };
    }
    let Some(n) = rest.iter().position(|b| *b == b'}') else {
        return Escape::Bad { len: rest.len(), reason: malformed, cut: true };
    };
    if n == 2 {
        return Escape::Bad { len: 3, reason: malformed, cut: false };
    }
    match std::str::from_utf8(&rest[2..n]).ok().and_then(unicode_names2::character) {
        Some(c) => Escape::Char(c as u32, n + 1),
        None => Escape::Bad { len: n + 1, reason: "unknown Unicode character name", cut: false },
    }
}

fn warn(sp: Space, prefix: &str, what: &str, octal: bool) -> Res<()> {
    let kind = if octal { "octal " } else { "" };
    let text = format!(
        "{prefix}\"\\{what}\" is an invalid {kind}escape sequence. Such sequences will not work in the future. "
    );
    sp.warn(known::DEPRECATION_WARNING, &text, 1)
}

fn octal_text(v: u32) -> String {
    format!("{v:o}")
}

/// Decodes unicode_escape; the str and bytes used.
pub fn decode_unicode(sp: Space, input: &[u8], errors: &str, last: bool) -> Res<(W, usize)> {
    let mut errors = Errors::new(errors, "unicodeescape", Form::Other);
    let mut out = Builder::with_capacity(input.len());
    let mut warned = false;
    let mut i = 0;
    while i < input.len() {
        let plain = memchr::memchr(b'\\', &input[i..]).unwrap_or(input.len() - i);
        out.extend(Chars::One(&input[i..i + plain]));
        i += plain;
        if i == input.len() {
            break;
        }
        match read(&input[i + 1..]) {
            Escape::Char(c, n) => {
                if c > 0xFF && input[i + 1].is_ascii_digit() && !warned {
                    warned = true;
                    warn(sp, "", &octal_text(c), true)?;
                }
                out.push(c);
                i += 1 + n;
            }
            Escape::Nothing(n) => i += 1 + n,
            Escape::Unknown => {
                let c = input[i + 1];
                if !warned {
                    warned = true;
                    warn(sp, "", &(c as char).to_string(), false)?;
                }
                out.push(b'\\' as u32);
                out.push(c as u32);
                i += 2;
            }
            Escape::Bad { cut: true, .. } if !last => break,
            Escape::Bad { len, reason, .. } => {
                i = errors.decoding(sp, input, i, i + 1 + len, reason, &mut out)?;
            }
        }
    }
    Ok((out.finish(sp)?, i))
}

/// Decodes raw_unicode_escape; the str and bytes used.
pub fn decode_raw(sp: Space, input: &[u8], errors: &str, last: bool) -> Res<(W, usize)> {
    let mut errors = Errors::new(errors, "rawunicodeescape", Form::Other);
    let mut out = Builder::with_capacity(input.len());
    let mut i = 0;
    while i < input.len() {
        let plain = memchr::memchr(b'\\', &input[i..]).unwrap_or(input.len() - i);
        out.extend(Chars::One(&input[i..i + plain]));
        i += plain;
        if i == input.len() {
            break;
        }
        let (width, reason) = match input.get(i + 1) {
            Some(b'u') => (4, "truncated \\uXXXX escape"),
            Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
            Some(c) => {
                out.push(b'\\' as u32);
                out.push(*c as u32);
                i += 2;
                continue;
            }
            None => {
                if !last {
                    break;
                }
                out.push(b'\\' as u32);
                i += 1;
                continue;
            }
        };
        let (v, n) = digits(&input[i + 2..], 16, width);
        let end = i + 2 + n;
        if n == width && v <= 0x10FFFF {
            out.push(v);
            i = end;
            continue;
        }
        if n < width && end == input.len() && !last {
            break;
        }
        let reason = if n == width { "\\Uxxxxxxxx out of range" } else { reason };
        i = errors.decoding(sp, input, i, end, reason, &mut out)?;
    }
    Ok((out.finish(sp)?, i))
}

/// Encodes unicode_escape.
pub fn encode_unicode(chars: Chars) -> Vec<u8> {
    let mut out = Vec::with_capacity(chars.len());
    for c in chars.iter() {
        match c {
            9 => out.extend(b"\\t"),
            10 => out.extend(b"\\n"),
            13 => out.extend(b"\\r"),
            0x5C => out.extend(b"\\\\"),
            0x20..=0x7E => out.push(c as u8),
            _ => out.extend(super::errors::backslash(c).bytes()),
        }
    }
    out
}

/// Encodes raw_unicode_escape.
pub fn encode_raw(chars: Chars) -> Vec<u8> {
    let mut out = Vec::with_capacity(chars.len());
    for c in chars.iter() {
        if c < 0x100 { out.push(c as u8) } else { out.extend(super::errors::backslash(c).bytes()) }
    }
    out
}

/// Decodes the escapes of a bytes literal: the bytes and how many were used.
pub fn decode_bytes(sp: Space, input: &[u8], errors: &str) -> Res<(Vec<u8>, usize)> {
    let mut out = Vec::with_capacity(input.len());
    let mut warned = false;
    let mut i = 0;
    while i < input.len() {
        if input[i] != b'\\' {
            out.push(input[i]);
            i += 1;
            continue;
        }
        let Some(&c) = input.get(i + 1) else { return Err(sp.value_error("Trailing \\ in string")) };
        match c {
            b'\n' => i += 2,
            b'0'..=b'7' => {
                let (v, n) = digits(&input[i + 1..], 8, 3);
                if v > 0xFF && !warned {
                    warned = true;
                    warn(sp, "b", &octal_text(v), true)?;
                }
                out.push(v as u8);
                i += 1 + n;
            }
            b'x' => {
                let (v, n) = digits(&input[i + 2..], 16, 2);
                i += 2 + n;
                if n == 2 {
                    out.push(v as u8);
                    continue;
                }
                match errors {
                    "strict" => {
                        return Err(raise!(sp, VALUE_ERROR, "invalid \\x escape at position {}", i - 2 - n));
                    }
                    "replace" => out.push(b'?'),
                    "ignore" => {}
                    e => return Err(raise!(sp, VALUE_ERROR, "decoding error; unknown error handling code: {e}")),
                }
            }
            _ => {
                match simple(c) {
                    Some(b) => out.push(b),
                    None => {
                        if !warned {
                            warned = true;
                            warn(sp, "b", &(c as char).to_string(), false)?;
                        }
                        out.extend([b'\\', c]);
                    }
                }
                i += 2;
            }
        }
    }
    Ok((out, i))
}

/// The escapes of a bytes literal for any bytes (without quotes).
pub fn encode_bytes(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    for b in input {
        match b {
            b'\\' | b'\'' => out.extend([b'\\', *b]),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            0x20..=0x7E => out.push(*b),
            _ => out.extend(format!("\\x{b:02x}").bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading() {
        assert!(matches!(read(b"x41"), Escape::Char(0x41, 3)));
        assert!(matches!(read(b"777"), Escape::Char(511, 3)));
        assert!(matches!(read(b"x4"), Escape::Bad { len: 2, cut: true, .. }));
        assert!(matches!(read(b"x4g"), Escape::Bad { len: 2, cut: false, .. }));
        assert!(matches!(read(b"U00110000"), Escape::Bad { len: 9, .. }));
        assert!(matches!(read(b"N{LATIN SMALL LETTER A}"), Escape::Char(0x61, 23)));
        assert!(matches!(read(b"N{foo"), Escape::Bad { len: 5, cut: true, .. }));
        assert!(matches!(read(b"d"), Escape::Unknown));
    }

    #[test]
    fn writing() {
        assert_eq!(encode_unicode(Chars::Two(&[0x41, 0xE9, 0x20AC, 0x0A])), b"A\\xe9\\u20ac\\n");
        assert_eq!(encode_raw(Chars::Two(&[0x41, 0xE9, 0x20AC])), b"A\xE9\\u20ac");
        assert_eq!(encode_bytes(b"a'\\\xff\n"), b"a\\'\\\\\\xff\\n");
    }
}
