//! ASCII, Latin-1 and character maps.

use super::errors::{Errors, Form, Replacement};
use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::wstr;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Decodes ASCII.
pub fn decode_ascii(sp: Space, input: &[u8], errors: &str) -> Res<W> {
    if input.is_ascii() {
        return wstr::new_narrow(sp, Chars::One(input));
    }
    let mut errors = Errors::new(errors, "ascii", Form::Other);
    let mut out = Builder::with_capacity(input.len());
    let mut i = 0;
    while i < input.len() {
        let good = input[i..].iter().position(|b| *b >= 128).unwrap_or(input.len() - i);
        out.extend(Chars::One(&input[i..i + good]));
        i += good;
        if i < input.len() {
            i = errors.decoding(sp, input, i, i + 1, "ordinal not in range(128)", &mut out)?;
        }
    }
    out.finish(sp)
}

/// Encodes characters below `limit` (128: ASCII, 256: Latin-1) as single bytes.
pub fn encode_below(sp: Space, w_str: W, chars: Chars, errors: &str, limit: u32) -> Res<Vec<u8>> {
    if let Chars::One(s) = chars
        && (limit == 256 || s.is_ascii())
    {
        return Ok(s.to_vec());
    }
    let (name, reason) = match limit {
        128 => ("ascii", "ordinal not in range(128)"),
        _ => ("latin-1", "ordinal not in range(256)"),
    };
    let mut errors = Errors::new(errors, name, Form::Other);
    let mut out = Vec::with_capacity(chars.len());
    let (mut i, n) = (0, chars.len());
    while i < n {
        let c = chars.at(i);
        if c < limit {
            out.push(c as u8);
            i += 1;
            continue;
        }
        let end = i + chars.slice(i, n).iter().take_while(|c| *c >= limit).count();
        let (new, at) = errors.encoding(sp, w_str, chars, i, end, reason)?;
        match new {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Text(t) => {
                if t.iter().any(|c| *c >= limit) {
                    return Err(errors.cannot_encode(sp, w_str, i, end, reason));
                }
                out.extend(t.iter().map(|c| *c as u8))
            }
        }
        i = at;
    }
    Ok(out)
}

enum Mapped {
    Undefined,
    Chars(W),
    Char(u32),
}

/// Decodes by a map: None (Latin-1), a str indexed by byte (U+FFFE = undefined), or a mapping from ints.
pub fn decode_charmap(sp: Space, input: &[u8], errors: &str, w_map: W) -> Res<W> {
    if w_map.is_null() || w_map.is_none() {
        return sp.newstr_latin1(input);
    }
    let table = sp.text_opt(w_map);
    let mut errors = Errors::new(errors, "charmap", Form::Other);
    let mut out = Builder::with_capacity(input.len());
    let mut i = 0;
    while i < input.len() {
        let mapped = match &table {
            Some(t) => match Chars::of(t) {
                c if (input[i] as usize) < c.len() && c.at(input[i] as usize) != 0xFFFE => {
                    Mapped::Char(c.at(input[i] as usize))
                }
                _ => Mapped::Undefined,
            },
            None => match sp.getitem(w_map, W::int(input[i] as i64)) {
                Err(_) if sp.catch(known::LOOKUP_ERROR) => Mapped::Undefined,
                Err(e) => return Err(e),
                Ok(w) if w.is_none() => Mapped::Undefined,
                Ok(w) if w.is_int() => match u32::try_from(w.untag()) {
                    Ok(0xFFFE) => Mapped::Undefined,
                    Ok(c) if c < 0x110000 => Mapped::Char(c),
                    _ => return Err(sp.type_error("character mapping must be in range(0x110000)")),
                },
                Ok(w) => Mapped::Chars(w),
            },
        };
        match mapped {
            Mapped::Char(c) => out.push(c),
            Mapped::Chars(w) => match sp.text_opt(w) {
                Some(t) if t.len() == 1 && t.char_at(0) == 0xFFFE => {
                    i = errors.decoding(sp, input, i, i + 1, "character maps to <undefined>", &mut out)?;
                    continue;
                }
                Some(t) => out.push_text(&t),
                None => return Err(sp.type_error("character mapping must return integer, None or str")),
            },
            Mapped::Undefined => {
                i = errors.decoding(sp, input, i, i + 1, "character maps to <undefined>", &mut out)?;
                continue;
            }
        }
        i += 1;
    }
    out.finish(sp)
}

/// Appends what the map says for a character; false = undefined.
fn charmap_char(sp: Space, w_map: W, c: u32, out: &mut Vec<u8>) -> Res<bool> {
    let w = match sp.getitem(w_map, W::int(c as i64)) {
        Err(_) if sp.catch(known::LOOKUP_ERROR) => return Ok(false),
        r => r?,
    };
    if w.is_none() {
        return Ok(false);
    }
    if w.is_int() {
        match u8::try_from(w.untag()) {
            Ok(b) => out.push(b),
            Err(_) => return Err(sp.type_error("character mapping must be in range(256)")),
        }
    } else if let Some(b) = sp.bytes_opt(w) {
        out.extend_from_slice(b)
    } else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "character mapping must return integer, bytes or None, not {}",
            sp.type_name(w)
        ));
    }
    Ok(true)
}

/// Encodes by a map from ints to ints, bytes or None; a None map is Latin-1.
pub fn encode_charmap(sp: Space, w_str: W, chars: Chars, errors: &str, w_map: W) -> Res<Vec<u8>> {
    if w_map.is_null() || w_map.is_none() {
        return encode_below(sp, w_str, chars, errors, 256);
    }
    let reason = "character maps to <undefined>";
    let mut errors = Errors::new(errors, "charmap", Form::Other);
    let mut out = Vec::with_capacity(chars.len());
    let mut scratch = Vec::new();
    let (mut i, n) = (0, chars.len());
    while i < n {
        if charmap_char(sp, w_map, chars.at(i), &mut out)? {
            i += 1;
            continue;
        }
        let mut end = i + 1;
        while end < n && !charmap_char(sp, w_map, chars.at(end), &mut scratch)? {
            end += 1;
        }
        let (new, at) = errors.encoding(sp, w_str, chars, i, end, reason)?;
        match new {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Text(t) => {
                for c in t {
                    if !charmap_char(sp, w_map, c, &mut out)? {
                        return Err(errors.cannot_encode(sp, w_str, i, end, reason));
                    }
                }
            }
        }
        i = at;
    }
    Ok(out)
}
