//! The standard error handlers that need no Python object.

use super::{Chars, Out, Replacement};
use std::fmt::Write;

/// A standard handler.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Standard {
    Strict,
    Ignore,
    Replace,
    XmlCharRefReplace,
    BackslashReplace,
    NameReplace,
    SurrogateEscape,
    SurrogatePass,
}
impl Standard {
    /// All of them with their names.
    pub const NAMES: [(&'static str, Standard); 8] = [
        ("strict", Standard::Strict),
        ("ignore", Standard::Ignore),
        ("replace", Standard::Replace),
        ("xmlcharrefreplace", Standard::XmlCharRefReplace),
        ("backslashreplace", Standard::BackslashReplace),
        ("namereplace", Standard::NameReplace),
        ("surrogateescape", Standard::SurrogateEscape),
        ("surrogatepass", Standard::SurrogatePass),
    ];
    /// By name.
    pub fn named(name: &str) -> Option<Standard> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
    }
}

/// The UTF that an encoding name stands for, as surrogatepass sees it: bytes a unit, big-endian.
pub fn utf_of(encoding: &str) -> Option<(u32, bool)> {
    let e = encoding.to_ascii_lowercase();
    let e = e.strip_prefix("utf")?;
    let e = e.strip_prefix(['-', '_']).unwrap_or(e);
    if e == "8" {
        return Some((1, false));
    }
    let (size, rest) = match (e.strip_prefix("16"), e.strip_prefix("32")) {
        (Some(r), _) => (2, r),
        (_, Some(r)) => (4, r),
        _ => return (encoding == "cp65001").then_some((1, false)),
    };
    match rest.strip_prefix(['-', '_']).unwrap_or(rest) {
        "" => Some((size, cfg!(target_endian = "big"))),
        "be" => Some((size, true)),
        "le" => Some((size, false)),
        _ => None,
    }
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
pub fn backslash(out: &mut String, c: u32) {
    let _ = match c {
        0..=0xFF => write!(out, "\\x{c:02x}"),
        0x100..=0xFFFF => write!(out, "\\u{c:04x}"),
        _ => write!(out, "\\U{c:08x}"),
    };
}

fn chars(s: &str) -> Replacement {
    Replacement::Chars(s.chars().map(|c| c as u32).collect())
}

/// A standard handler's answer for encoding; None = the error is raised. NameReplace is not handled here.
pub fn encode(k: Standard, encoding: &str, s: &Chars<'_>, start: usize, end: usize) -> Option<(Replacement, usize)> {
    let run = (start..end).map(|i| s.at(i));
    match k {
        Standard::Strict | Standard::NameReplace => None,
        Standard::Ignore => Some((Replacement::Bytes(Vec::new()), end)),
        Standard::Replace => Some((Replacement::Chars(vec![b'?' as u32; end - start]), end)),
        Standard::XmlCharRefReplace => Some((chars(&run.map(|c| format!("&#{c};")).collect::<String>()), end)),
        Standard::BackslashReplace => {
            let mut t = String::new();
            run.for_each(|c| backslash(&mut t, c));
            Some((chars(&t), end))
        }
        Standard::SurrogateEscape => {
            let escaped: Vec<u8> =
                run.map_while(|c| (0xDC80..=0xDCFF).contains(&c).then(|| (c - 0xDC00) as u8)).collect();
            (escaped.len() == end - start).then_some((Replacement::Bytes(escaped), end))
        }
        Standard::SurrogatePass => {
            let (size, big) = utf_of(encoding)?;
            let mut b = Vec::new();
            for c in run {
                if !(0xD800..=0xDFFF).contains(&c) {
                    return None;
                }
                match (size, big) {
                    (1, _) => super::utf8::push(&mut b, c),
                    (2, false) => b.extend_from_slice(&(c as u16).to_le_bytes()),
                    (2, true) => b.extend_from_slice(&(c as u16).to_be_bytes()),
                    (_, false) => b.extend_from_slice(&c.to_le_bytes()),
                    (_, true) => b.extend_from_slice(&c.to_be_bytes()),
                }
            }
            Some((Replacement::Bytes(b), end))
        }
    }
}

/// A standard handler's answer for decoding: where to go on; None = the error is raised.
pub fn decode(k: Standard, encoding: &str, data: &[u8], start: usize, end: usize, out: &mut Out) -> Option<usize> {
    match k {
        Standard::Strict | Standard::XmlCharRefReplace | Standard::NameReplace => None,
        Standard::Ignore => Some(end),
        Standard::Replace => {
            out.push(0xFFFD);
            Some(end)
        }
        Standard::BackslashReplace => {
            let mut t = String::new();
            data[start..end].iter().for_each(|b| backslash(&mut t, *b as u32));
            out.extend_str(&t);
            Some(end)
        }
        Standard::SurrogateEscape => {
            let n = data[start..end].iter().take(4).take_while(|b| **b > 127).count();
            if n == 0 {
                return None;
            }
            data[start..start + n].iter().for_each(|b| out.push(0xDC00 + *b as u32));
            Some(start + n)
        }
        Standard::SurrogatePass => {
            let (size, big) = utf_of(encoding)?;
            let d = data.get(start..)?;
            let (c, n) = match (size, d) {
                (1, [a, b, c, ..]) if a & 0xF0 == 0xE0 && b & 0xC0 == 0x80 && c & 0xC0 == 0x80 => {
                    ((*a as u32 & 15) << 12 | (*b as u32 & 63) << 6 | *c as u32 & 63, 3)
                }
                (2, [a, b, ..]) => {
                    (if big { u16::from_be_bytes([*a, *b]) } else { u16::from_le_bytes([*a, *b]) } as u32, 2)
                }
                (4, [a, b, c, d, ..]) => {
                    (if big { u32::from_be_bytes([*a, *b, *c, *d]) } else { u32::from_le_bytes([*a, *b, *c, *d]) }, 4)
                }
                _ => return None,
            };
            if !(0xD800..=0xDFFF).contains(&c) {
                return None;
            }
            out.push(c);
            Some(start + n)
        }
    }
}
