//! UTF-7.

use super::{Chars, DecodeErrors, Out};
use std::borrow::Cow;

fn base64_value(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}
fn base64_digit(v: u32) -> u8 {
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(v & 63) as usize]
}

/// Decodes; answers how many bytes were used. Without `last` an open shift sequence is left for the next time.
pub fn decode<H: DecodeErrors>(data: &mut Cow<'_, [u8]>, last: bool, h: &mut H, out: &mut Out) -> Result<usize, H::Error> {
    let (mut i, mut start) = (0, 0);
    let (mut shift, mut bits, mut buf, mut high) = (false, 0u32, 0u32, 0u32);
    let mut shift_out = 0;
    loop {
        let mut error = None;
        while let Some(&b) = data.get(i) {
            if shift {
                if let Some(v) = base64_value(b) {
                    buf = buf << 6 | v;
                    bits += 6;
                    i += 1;
                    if bits < 16 {
                        continue;
                    }
                    let c = buf >> (bits - 16) & 0xFFFF;
                    bits -= 16;
                    buf &= (1 << bits) - 1;
                    if high != 0 {
                        let first = std::mem::take(&mut high);
                        if (0xDC00..=0xDFFF).contains(&c) {
                            out.push(0x10000 + ((first - 0xD800) << 10) + (c - 0xDC00));
                            continue;
                        }
                        out.push(first);
                    }
                    if (0xD800..=0xDBFF).contains(&c) { high = c } else { out.push(c) }
                    continue;
                }
                shift = false;
                if bits >= 6 || bits > 0 && buf != 0 {
                    i += 1;
                    error = Some(if bits >= 6 {
                        "partial character in shift sequence"
                    } else {
                        "non-zero padding bits in shift sequence"
                    });
                    break;
                }
                if high != 0 && b < 128 {
                    out.push(high)
                }
                high = 0;
                if b == b'-' {
                    i += 1
                }
            } else if b == b'+' {
                start = i;
                i += 1;
                match data.get(i) {
                    Some(b'-') => {
                        i += 1;
                        out.push(b'+' as u32)
                    }
                    Some(c) if base64_value(*c).is_none() => {
                        i += 1;
                        error = Some("ill-formed sequence");
                        break;
                    }
                    _ => (shift, bits, buf, high, shift_out) = (true, 0, 0, 0, out.len()),
                }
            } else if b < 128 {
                out.push(b as u32);
                i += 1;
            } else {
                start = i;
                i += 1;
                error = Some("unexpected special character");
                break;
            }
        }
        if error.is_none() && shift && last {
            shift = false;
            if high != 0 || bits >= 6 || bits > 0 && buf != 0 {
                i = data.len();
                error = Some("unterminated shift sequence");
            }
        }
        match error {
            Some(reason) => i = h.decode_error("utf7", data, start, i, reason, out)?,
            None => break,
        }
    }
    if shift {
        match out {
            Out::Narrow(v) => v.truncate(shift_out),
            Out::Wide(v) => v.truncate(shift_out),
        }
        return Ok(start);
    }
    Ok(i)
}

/// Encodes; nothing is impossible in UTF-7.
pub fn encode(chars: &Chars<'_>, out: &mut Vec<u8>) {
    let direct = |c: u32| matches!(c, 9 | 10 | 13 | 32..=126) && !matches!(c as u8, b'+' | b'\\' | b'~');
    let (mut shift, mut bits, mut buf) = (false, 0u32, 0u32);
    for i in 0..chars.len() {
        let c = chars.at(i);
        if shift && direct(c) {
            if bits > 0 {
                out.push(base64_digit(buf << (6 - bits)));
                (bits, buf) = (0, 0);
            }
            shift = false;
            if base64_value(c as u8).is_some() || c == b'-' as u32 {
                out.push(b'-')
            }
        }
        if !shift {
            if c == b'+' as u32 {
                out.extend_from_slice(b"+-");
                continue;
            }
            if direct(c) {
                out.push(c as u8);
                continue;
            }
            out.push(b'+');
            shift = true;
        }
        let units = if c >= 0x10000 {
            [Some(0xD800 + ((c - 0x10000) >> 10)), Some(0xDC00 + ((c - 0x10000) & 0x3FF))]
        } else {
            [Some(c), None]
        };
        for u in units.into_iter().flatten() {
            buf = buf << 16 | u;
            bits += 16;
            while bits >= 6 {
                bits -= 6;
                out.push(base64_digit(buf >> bits));
            }
            buf &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        out.push(base64_digit(buf << (6 - bits)));
    }
    if shift {
        out.push(b'-')
    }
}
