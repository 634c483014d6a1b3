//! UTF-32.

use super::utf16::Order;
use super::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;

fn name(order: Order) -> &'static str {
    match order {
        Order::Native => "utf-32",
        Order::Little => "utf-32-le",
        Order::Big => "utf-32-be",
    }
}

/// Decodes; answers (bytes used, the order found).
pub fn decode<H: DecodeErrors>(
    data: &mut Cow<'_, [u8]>,
    order: Order,
    last: bool,
    h: &mut H,
    out: &mut Out,
) -> Result<(usize, Order), H::Error> {
    let (mut i, mut order) = (0, order);
    if order == Order::Native && data.len() >= 4 {
        (i, order) = match data[..4] {
            [0xFF, 0xFE, 0, 0] => (4, Order::Little),
            [0, 0, 0xFE, 0xFF] => (4, Order::Big),
            _ => (0, Order::Native),
        }
    }
    let (big, encoding) = (order.is_big(), if order.is_big() { "utf-32-be" } else { "utf-32-le" });
    while i < data.len() {
        let Some(&[a, b, c, d]) = data.get(i..i + 4) else {
            if !last {
                break;
            }
            let end = data.len();
            i = h.decode_error(encoding, data, i, end, "truncated data", out)?;
            continue;
        };
        let ch = if big { u32::from_be_bytes([a, b, c, d]) } else { u32::from_le_bytes([a, b, c, d]) };
        let reason = match ch {
            0xD800..=0xDFFF => "code point in surrogate code point range(0xd800, 0xe000)",
            0x110000.. => "code point not in range(0x110000)",
            _ => {
                out.push(ch);
                i += 4;
                continue;
            }
        };
        i = h.decode_error(encoding, data, i, i + 4, reason, out)?;
    }
    Ok((i, order))
}

/// Encodes; the native order begins with a byte order mark.
pub fn encode<H: EncodeErrors>(chars: &Chars<'_>, order: Order, h: &mut H, out: &mut Vec<u8>) -> Result<(), H::Error> {
    let (big, encoding, reason) = (order.is_big(), name(order), "surrogates not allowed");
    let put = |out: &mut Vec<u8>, u: u32| out.extend_from_slice(&if big { u.to_be_bytes() } else { u.to_le_bytes() });
    out.reserve(chars.len() * 4 + 4);
    if order == Order::Native {
        put(out, 0xFEFF)
    }
    let mut i = 0;
    while i < chars.len() {
        let c = chars.at(i);
        if !(0xD800..=0xDFFF).contains(&c) {
            put(out, c);
            i += 1;
            continue;
        }
        let end = chars.run(i, |c| (0xD800..=0xDFFF).contains(&c));
        let (rep, next) = h.encode_error(encoding, chars, i, end, reason)?;
        match rep {
            // Only whole units may be put in.
            Replacement::Bytes(b) if b.len() % 4 == 0 => out.extend_from_slice(&b),
            Replacement::Chars(cs) if cs.iter().all(|c| *c < 128) => cs.iter().for_each(|c| put(out, *c)),
            _ => return Err(h.raise(encoding, chars, i, end, reason)),
        }
        i = next;
    }
    Ok(())
}
