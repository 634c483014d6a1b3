//! UTF-16.

use super::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;

/// The byte order asked for; `Native` looks for (or writes) a byte order mark.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Order {
    Native,
    Little,
    Big,
}
impl Order {
    /// CPython's number: 0 for native, -1 little, 1 big.
    pub fn from_number(n: i64) -> Order {
        match n {
            0 => Order::Native,
            n if n < 0 => Order::Little,
            _ => Order::Big,
        }
    }
    /// The number.
    pub fn number(self) -> i64 {
        match self {
            Order::Native => 0,
            Order::Little => -1,
            Order::Big => 1,
        }
    }
    /// Big-endian?
    pub fn is_big(self) -> bool {
        match self {
            Order::Native => cfg!(target_endian = "big"),
            o => o == Order::Big,
        }
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
    if order == Order::Native && data.len() >= 2 {
        (i, order) = match data[..2] {
            [0xFF, 0xFE] => (2, Order::Little),
            [0xFE, 0xFF] => (2, Order::Big),
            _ => (0, Order::Native),
        }
    }
    let big = order.is_big();
    let name = if big { "utf-16-be" } else { "utf-16-le" };
    let unit = |d: &[u8], i: usize| if big { u16::from_be_bytes([d[i], d[i + 1]]) } else { u16::from_le_bytes([d[i], d[i + 1]]) } as u32;
    while i < data.len() {
        let left = data.len() - i;
        if left == 1 {
            if !last {
                break;
            }
            i = h.decode_error(name, data, i, i + 1, "truncated data", out)?;
            continue;
        }
        let c = unit(data, i);
        if !(0xD800..=0xDFFF).contains(&c) {
            out.push(c);
            i += 2;
            continue;
        }
        if c >= 0xDC00 {
            i = h.decode_error(name, data, i, i + 2, "illegal encoding", out)?;
            continue;
        }
        if left < 4 {
            if !last {
                break;
            }
            let end = data.len();
            i = h.decode_error(name, data, i, end, "unexpected end of data", out)?;
            continue;
        }
        let d = unit(data, i + 2);
        if (0xDC00..=0xDFFF).contains(&d) {
            out.push(0x10000 + ((c - 0xD800) << 10) + (d - 0xDC00));
            i += 4;
        } else {
            i = h.decode_error(name, data, i, i + 2, "illegal UTF-16 surrogate", out)?;
        }
    }
    Ok((i, order))
}

/// Encodes; the native order begins with a byte order mark.
pub fn encode<H: EncodeErrors>(chars: &Chars<'_>, order: Order, h: &mut H, out: &mut Vec<u8>) -> Result<(), H::Error> {
    let big = order.is_big();
    let encoding = match order {
        Order::Native => "utf-16",
        Order::Little => "utf-16-le",
        Order::Big => "utf-16-be",
    };
    let reason = "surrogates not allowed";
    let put = |out: &mut Vec<u8>, u: u32| out.extend_from_slice(&if big { (u as u16).to_be_bytes() } else { (u as u16).to_le_bytes() });
    out.reserve(chars.len() * 2 + 2);
    if order == Order::Native {
        put(out, 0xFEFF)
    }
    let mut i = 0;
    while i < chars.len() {
        let c = chars.at(i);
        if !(0xD800..=0xDFFF).contains(&c) {
            if c >= 0x10000 {
                put(out, 0xD800 + ((c - 0x10000) >> 10));
                put(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
            } else {
                put(out, c)
            }
            i += 1;
            continue;
        }
        let end = chars.run(i, |c| (0xD800..=0xDFFF).contains(&c));
        let (rep, next) = h.encode_error(encoding, chars, i, end, reason)?;
        match rep {
            // Only whole units may be put in.
            Replacement::Bytes(b) if b.len() % 2 == 0 => out.extend_from_slice(&b),
            Replacement::Chars(cs) if cs.iter().all(|c| *c < 128) => cs.iter().for_each(|c| put(out, *c)),
            _ => return Err(h.raise(encoding, chars, i, end, reason)),
        }
        i = next;
    }
    Ok(())
}
