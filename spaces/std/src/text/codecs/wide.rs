//! UTF-16 and UTF-32.

use super::errors::{Errors, Form, Replacement};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use taipan_plugin_api::prelude::*;

/// Byte order: of the machine with a mark, or fixed without one.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Order {
    Native,
    Little,
    Big,
}
const NATIVE_BIG: bool = cfg!(target_endian = "big");

impl Order {
    fn big(self) -> bool {
        match self {
            Order::Native => NATIVE_BIG,
            Order::Little => false,
            Order::Big => true,
        }
    }
}

fn unit16(b: &[u8], i: usize, big: bool) -> u32 {
    let pair = [b[i], b[i + 1]];
    (if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }) as u32
}
fn unit32(b: &[u8], i: usize, big: bool) -> u32 {
    let four = [b[i], b[i + 1], b[i + 2], b[i + 3]];
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

/// Decodes UTF-16: the str, bytes used, and the byte order found (for incremental decoders).
pub fn decode16(sp: Space, input: &[u8], errors: &str, mut order: Order, last: bool) -> Res<(W, usize, Order)> {
    let mut i = 0;
    if order == Order::Native && input.len() >= 2 {
        match unit16(input, 0, false) {
            0xFEFF => (order, i) = (Order::Little, 2),
            0xFFFE => (order, i) = (Order::Big, 2),
            _ => {}
        }
    }
    let big = order.big();
    let mut errors = Errors::new(errors, if big { "utf-16-be" } else { "utf-16-le" }, Form::Utf16 { big });
    let mut out = Builder::with_capacity(input.len() / 2);
    while i < input.len() {
        let left = input.len() - i;
        let (end, reason) = if left < 2 {
            if !last {
                break;
            }
            (input.len(), "truncated data")
        } else {
            match unit16(input, i, big) {
                high @ 0xD800..=0xDBFF if left >= 4 => match unit16(input, i + 2, big) {
                    low @ 0xDC00..=0xDFFF => {
                        out.push(0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF));
                        i += 4;
                        continue;
                    }
                    _ => (i + 2, "illegal UTF-16 surrogate"),
                },
                0xD800..=0xDBFF => {
                    if !last {
                        break;
                    }
                    (input.len(), "unexpected end of data")
                }
                0xDC00..=0xDFFF => (i + 2, "illegal encoding"),
                c => {
                    out.push(c);
                    i += 2;
                    continue;
                }
            }
        };
        i = errors.decoding(sp, input, i, end, reason, &mut out)?;
    }
    Ok((out.finish(sp)?, i.min(input.len()), order))
}

/// Decodes UTF-32, as [`decode16`].
pub fn decode32(sp: Space, input: &[u8], errors: &str, mut order: Order, last: bool) -> Res<(W, usize, Order)> {
    let mut i = 0;
    if order == Order::Native && input.len() >= 4 {
        match unit32(input, 0, false) {
            0xFEFF => (order, i) = (Order::Little, 4),
            0xFFFE_0000 => (order, i) = (Order::Big, 4),
            _ => {}
        }
    }
    let big = order.big();
    let mut errors = Errors::new(errors, if big { "utf-32-be" } else { "utf-32-le" }, Form::Utf32 { big });
    let mut out = Builder::with_capacity(input.len() / 4);
    while i < input.len() {
        let (end, reason) = if input.len() - i < 4 {
            if !last {
                break;
            }
            (input.len(), "truncated data")
        } else {
            match unit32(input, i, big) {
                0xD800..=0xDFFF => (i + 4, "code point in surrogate code point range(0xd800, 0xe000)"),
                c if c > 0x10FFFF => (i + 4, "code point not in range(0x110000)"),
                c => {
                    out.push(c);
                    i += 4;
                    continue;
                }
            }
        };
        i = errors.decoding(sp, input, i, end, reason, &mut out)?;
    }
    Ok((out.finish(sp)?, i.min(input.len()), order))
}

fn put16(out: &mut Vec<u8>, c: u32, big: bool) {
    let mut unit = |u: u16| out.extend(if big { u.to_be_bytes() } else { u.to_le_bytes() });
    if c > 0xFFFF {
        unit(0xD800 + ((c - 0x10000) >> 10) as u16);
        unit(0xDC00 + (c & 0x3FF) as u16);
    } else {
        unit(c as u16)
    }
}
fn put32(out: &mut Vec<u8>, c: u32, big: bool) {
    out.extend(if big { c.to_be_bytes() } else { c.to_le_bytes() })
}

/// Encodes UTF-16 or UTF-32 (`wide`); `Order::Native` writes a mark first.
pub fn encode(sp: Space, w_str: W, chars: Chars, errors: &str, order: Order, wide: bool) -> Res<Vec<u8>> {
    let big = order.big();
    let (name, form, put): (_, _, fn(&mut Vec<u8>, u32, bool)) = match (wide, order) {
        (false, Order::Native) => ("utf-16", Form::Utf16 { big }, put16),
        (false, Order::Little) => ("utf-16-le", Form::Utf16 { big }, put16),
        (false, Order::Big) => ("utf-16-be", Form::Utf16 { big }, put16),
        (true, Order::Native) => ("utf-32", Form::Utf32 { big }, put32),
        (true, Order::Little) => ("utf-32-le", Form::Utf32 { big }, put32),
        (true, Order::Big) => ("utf-32-be", Form::Utf32 { big }, put32),
    };
    let unit = if wide { 4 } else { 2 };
    let mut out = Vec::with_capacity((chars.len() + 1) * unit);
    if order == Order::Native {
        put(&mut out, 0xFEFF, big);
    }
    let mut errors = Errors::new(errors, name, form);
    let mut i = 0;
    while i < chars.len() {
        let c = chars.at(i);
        if char::from_u32(c).is_some() {
            put(&mut out, c, big);
            i += 1;
            continue;
        }
        let end = i + chars.slice(i, chars.len()).iter().take_while(|c| char::from_u32(*c).is_none()).count();
        let (new, at) = errors.encoding(sp, w_str, chars, i, end, "surrogates not allowed")?;
        match new {
            Replacement::Bytes(b) if b.len() % unit == 0 => out.extend_from_slice(&b),
            Replacement::Text(t) if t.iter().all(|c| char::from_u32(*c).is_some()) => {
                t.into_iter().for_each(|c| put(&mut out, c, big))
            }
            _ => return Err(errors.cannot_encode(sp, w_str, i, end, "surrogates not allowed")),
        }
        i = at;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let mut out = Vec::new();
        put16(&mut out, 0x1F600, false);
        assert_eq!(out, b"\x3d\xd8\x00\xde");
        assert_eq!(unit16(&out, 0, false), 0xD83D);
        out.clear();
        put32(&mut out, 0x41, true);
        assert_eq!(out, b"\0\0\0A");
        assert_eq!(unit32(&out, 0, true), 0x41);
    }
}
