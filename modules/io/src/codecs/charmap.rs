//! Codecs by a table.

use super::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;
use std::collections::HashMap;

const UNDEFINED: &str = "character maps to <undefined>";

/// What a byte is mapped to.
#[allow(missing_docs)]
pub enum Decoded {
    Undefined,
    Char(u32),
    Chars(Vec<u32>),
}
/// Decodes with a function as table.
pub fn decode<H: DecodeErrors>(
    data: &mut Cow<'_, [u8]>,
    h: &mut H,
    table: &mut dyn FnMut(u8) -> Result<Decoded, H::Error>,
    out: &mut Out,
) -> Result<(), H::Error> {
    let mut i = 0;
    while i < data.len() {
        match table(data[i])? {
            Decoded::Char(c) => out.push(c),
            Decoded::Chars(cs) => cs.iter().for_each(|c| out.push(*c)),
            Decoded::Undefined => {
                i = h.decode_error("charmap", data, i, i + 1, UNDEFINED, out)?;
                continue;
            }
        }
        i += 1;
    }
    Ok(())
}
/// Decodes with a str as table: U+FFFE is undefined.
pub fn decode_str<H: DecodeErrors>(
    data: &mut Cow<'_, [u8]>,
    h: &mut H,
    table: &Chars<'_>,
    out: &mut Out,
) -> Result<(), H::Error> {
    let n = table.len();
    let mut i = 0;
    while i < data.len() {
        let b = data[i] as usize;
        let c = if b < n { table.at(b) } else { 0xFFFE };
        if c == 0xFFFE {
            i = h.decode_error("charmap", data, i, i + 1, UNDEFINED, out)?;
            continue;
        }
        out.push(c);
        i += 1;
    }
    Ok(())
}

/// What a character is mapped to.
#[allow(missing_docs)]
pub enum Encoded {
    Undefined,
    Byte(u8),
    Bytes(Vec<u8>),
}
impl Encoded {
    fn write(self, out: &mut Vec<u8>) -> bool {
        match self {
            Encoded::Undefined => return false,
            Encoded::Byte(b) => out.push(b),
            Encoded::Bytes(b) => out.extend_from_slice(&b),
        }
        true
    }
}
/// Encodes with a function as table.
pub fn encode<H: EncodeErrors>(
    chars: &Chars<'_>,
    h: &mut H,
    table: &mut dyn FnMut(u32) -> Result<Encoded, H::Error>,
    out: &mut Vec<u8>,
) -> Result<(), H::Error> {
    let mut i = 0;
    out.reserve(chars.len());
    while i < chars.len() {
        if table(chars.at(i))?.write(out) {
            i += 1;
            continue;
        }
        let mut end = i + 1;
        while end < chars.len() && matches!(table(chars.at(end))?, Encoded::Undefined) {
            end += 1
        }
        let (rep, next) = h.encode_error("charmap", chars, i, end, UNDEFINED)?;
        match rep {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Chars(cs) => {
                for c in cs {
                    if !table(c)?.write(out) {
                        return Err(h.raise("charmap", chars, i, end, UNDEFINED));
                    }
                }
            }
        }
        i = next;
    }
    Ok(())
}

/// A decoding table turned round.
pub struct Map {
    low: [i16; 256],
    rest: HashMap<u32, u8>,
}
impl Map {
    /// Of a table of up to 256 characters; None if a dict must be used: the first is not NUL, another is, or one is not in the
    /// basic plane.
    pub fn build(table: &Chars<'_>) -> Option<Map> {
        let n = table.len().min(256);
        if n == 0 || table.at(0) != 0 {
            return None;
        }
        let mut m = Map { low: [-1; 256], rest: HashMap::new() };
        m.low[0] = 0;
        for i in 1..n {
            match table.at(i) {
                0 | 0x10000.. => return None,
                0xFFFE => {}
                c @ 1..=255 => m.low[c as usize] = i as i16,
                c => drop(m.rest.insert(c, i as u8)),
            }
        }
        Some(m)
    }
    /// A character's byte.
    pub fn get(&self, c: u32) -> Option<u8> {
        match self.low.get(c as usize) {
            Some(v) => u8::try_from(*v).ok(),
            None => self.rest.get(&c).copied(),
        }
    }
    /// How many characters have a byte.
    pub fn len(&self) -> usize {
        self.low.iter().filter(|v| **v >= 0).count() + self.rest.len()
    }
    /// Never: NUL is always mapped.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
