//! The protocol between codecs and error handlers.

use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::wstr;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Which encoding's own byte forms a handler may need (for `surrogatepass`).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Form {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
    Other,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Kind {
    Strict,
    Ignore,
    Replace,
    Backslash,
    XmlCharRef,
    SurrogateEscape,
    SurrogatePass,
    NameReplace,
    Custom,
}

/// How a codec answers what it cannot convert.
pub struct Errors {
    kind: Kind,
    name: String,
    /// A handler registered by name, once it was needed. On the stack like the whole struct.
    w_handler: W,
    /// What the codec calls itself in exceptions.
    pub encoding: &'static str,
    /// The form of its units.
    pub form: Form,
}

/// What to put in the place of characters that could not be encoded.
pub enum Replacement {
    /// Characters, to be encoded in their turn.
    Text(Vec<u32>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

impl Errors {
    /// The handler of a name; unknown names are looked up only when there is an error.
    pub fn new(name: &str, encoding: &'static str, form: Form) -> Errors {
        let kind = match name {
            "strict" => Kind::Strict,
            "ignore" => Kind::Ignore,
            "replace" => Kind::Replace,
            "backslashreplace" => Kind::Backslash,
            "xmlcharrefreplace" => Kind::XmlCharRef,
            "surrogateescape" => Kind::SurrogateEscape,
            "surrogatepass" => Kind::SurrogatePass,
            "namereplace" => Kind::NameReplace,
            _ => Kind::Custom,
        };
        Errors { kind, name: name.into(), w_handler: W::NULL, encoding, form }
    }

    fn handler(&mut self, sp: Space) -> Res<W> {
        if self.w_handler.is_null() {
            let module = sp.import_module(name!(sp, "_codecs"))?;
            self.w_handler = sp.call_method(module, name!(sp, "lookup_error"), &[sp.newstr(&self.name)?])?;
        }
        Ok(self.w_handler)
    }

    fn call_handler(&mut self, sp: Space, w_exc: W, len: usize, what: &str) -> Res<(W, usize)> {
        let handler = self.handler(sp)?;
        let result = sp.call(handler, &[w_exc])?;
        let bad = |sp: Space| {
            sp.type_error(&format!(
                "{what} error handler must return ({}, int) tuple",
                if what == "encoding" { "str/bytes" } else { "str" }
            ))
        };
        let Some(&[w_text, w_pos]) = sp.tuple_opt(result) else { return Err(bad(sp)) };
        let pos = sp.int_w(w_pos)?;
        let at = if pos < 0 { pos + len as i64 } else { pos };
        if at < 0 || at > len as i64 {
            return Err(raise!(sp, INDEX_ERROR, "position {pos} from error handler out of bounds"));
        }
        Ok((w_text, at as usize))
    }

    /// Bytes [start, end) of the input are malformed: appends what stands for them and answers where to go on.
    pub fn decoding(
        &mut self,
        sp: Space,
        input: &[u8],
        start: usize,
        end: usize,
        reason: &str,
        out: &mut Builder,
    ) -> Res<usize> {
        match self.kind {
            Kind::Ignore => return Ok(end),
            Kind::Replace => {
                out.push(0xFFFD);
                return Ok(end);
            }
            Kind::Backslash => {
                input[start..end].iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
                return Ok(end);
            }
            Kind::SurrogateEscape => {
                let n = input[start..end].iter().take(4).take_while(|b| **b >= 128).count();
                input[start..start + n].iter().for_each(|b| out.push(0xDC00 + *b as u32));
                if n > 0 {
                    return Ok(start + n);
                }
            }
            Kind::SurrogatePass => {
                if let Some((c, n)) = decode_surrogate(self.form, &input[start..]) {
                    out.push(c);
                    return Ok(start + n);
                }
            }
            Kind::XmlCharRef | Kind::NameReplace => {
                return Err(sp.type_error("don't know how to handle UnicodeDecodeError in error callback"));
            }
            Kind::Strict => {}
            Kind::Custom => {
                let args = self.decode_args(sp, input, start, end, reason)?;
                let w_exc = sp.call(sp.known(known::UNICODE_DECODE_ERROR), &args)?;
                let (w_text, at) = self.call_handler(sp, w_exc, input.len(), "decoding")?;
                let Some(text) = sp.text_opt(w_text) else {
                    return Err(sp.type_error("decoding error handler must return (str, int) tuple"));
                };
                out.push_text(&text);
                return Ok(at);
            }
        }
        let args = self.decode_args(sp, input, start, end, reason)?;
        let w_args = sp.newtuple(&args)?;
        Err(sp.raise_object(sp.known(known::UNICODE_DECODE_ERROR), w_args))
    }

    fn decode_args(&self, sp: Space, input: &[u8], start: usize, end: usize, reason: &str) -> Res<[W; 5]> {
        let w_input = sp.newbytes(input)?;
        Ok([sp.newstr(self.encoding)?, w_input, W::int(start as i64), W::int(end as i64), sp.newstr(reason)?])
    }

    fn encode_args(&self, sp: Space, w_str: W, start: usize, end: usize, reason: &str) -> Res<[W; 5]> {
        Ok([sp.newstr(self.encoding)?, w_str, W::int(start as i64), W::int(end as i64), sp.newstr(reason)?])
    }

    /// Characters [start, end) cannot be encoded: what stands for them, and where to go on.
    pub fn encoding(
        &mut self,
        sp: Space,
        w_str: W,
        chars: Chars,
        start: usize,
        end: usize,
        reason: &str,
    ) -> Res<(Replacement, usize)> {
        let bad = chars.slice(start, end);
        let text = |s: String| Ok((Replacement::Text(s.chars().map(|c| c as u32).collect()), end));
        match self.kind {
            Kind::Ignore => return Ok((Replacement::Bytes(Vec::new()), end)),
            Kind::Replace => return Ok((Replacement::Text(vec![b'?' as u32; end - start]), end)),
            Kind::Backslash => return text(bad.iter().map(backslash).collect()),
            Kind::XmlCharRef => return text(bad.iter().map(|c| format!("&#{c};")).collect()),
            Kind::NameReplace => {
                return text(bad.iter().map(named).collect());
            }
            Kind::SurrogateEscape => {
                let bytes: Vec<u8> =
                    bad.iter().map_while(|c| (0xDC80..=0xDCFF).contains(&c).then_some((c & 0xFF) as u8)).collect();
                if !bytes.is_empty() {
                    let at = start + bytes.len();
                    return Ok((Replacement::Bytes(bytes), at));
                }
            }
            Kind::SurrogatePass if self.form != Form::Other => {
                let mut bytes = Vec::new();
                if bad.iter().all(|c| (0xD800..0xE000).contains(&c)) {
                    bad.iter().for_each(|c| encode_surrogate(self.form, c, &mut bytes));
                    return Ok((Replacement::Bytes(bytes), end));
                }
            }
            Kind::Strict | Kind::SurrogatePass => {}
            Kind::Custom => {
                let args = self.encode_args(sp, w_str, start, end, reason)?;
                let w_exc = sp.call(sp.known(known::UNICODE_ENCODE_ERROR), &args)?;
                let (w_new, at) = self.call_handler(sp, w_exc, chars.len(), "encoding")?;
                if let Some(t) = sp.text_opt(w_new) {
                    return Ok((Replacement::Text(t.chars().collect()), at));
                }
                if let Some(b) = sp.bytes_opt(w_new) {
                    return Ok((Replacement::Bytes(b.to_vec()), at));
                }
                return Err(sp.type_error("encoding error handler must return (str/bytes, int) tuple"));
            }
        }
        Err(self.cannot_encode(sp, w_str, start, end, reason))
    }

    /// The UnicodeEncodeError itself.
    pub fn cannot_encode(&self, sp: Space, w_str: W, start: usize, end: usize, reason: &str) -> Raised {
        match self.encode_args(sp, w_str, start, end, reason).and_then(|args| sp.newtuple(&args)) {
            Ok(w_args) => sp.raise_object(sp.known(known::UNICODE_ENCODE_ERROR), w_args),
            Err(raised) => raised,
        }
    }
}

/// The str that an encoder names in its exceptions.
pub fn exact_source(sp: Space, t: &Text) -> Res<W> {
    wstr::new_narrow(sp, Chars::of(t))
}

/// `\N{NAME}`, or a backslash escape for characters without a name.
pub fn named(c: u32) -> String {
    let name = char::from_u32(c).and_then(unicode_names2::name);
    name.map_or_else(|| backslash(c), |n| format!("\\N{{{n}}}"))
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
pub fn backslash(c: u32) -> String {
    match c {
        0..=0xFF => format!("\\x{c:02x}"),
        0x100..=0xFFFF => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    }
}

/// A surrogate in an encoding's own units at the start of some bytes, and its length.
pub fn decode_surrogate(form: Form, b: &[u8]) -> Option<(u32, usize)> {
    let (c, n) = match form {
        Form::Utf8 => match *b {
            [a @ 0xED, x, y, ..] if x & 0xC0 == 0x80 && y & 0xC0 == 0x80 => {
                ((a as u32 & 15) << 12 | (x as u32 & 0x3F) << 6 | (y as u32 & 0x3F), 3)
            }
            _ => return None,
        },
        Form::Utf16 { big } => {
            let pair = [*b.first()?, *b.get(1)?];
            (if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) } as u32, 2)
        }
        Form::Utf32 { big } => {
            let four: [u8; 4] = b.get(..4)?.try_into().ok()?;
            (if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }, 4)
        }
        Form::Other => return None,
    };
    (0xD800..0xE000).contains(&c).then_some((c, n))
}

/// Appends a surrogate in an encoding's own units.
pub fn encode_surrogate(form: Form, c: u32, out: &mut Vec<u8>) {
    match form {
        Form::Utf16 { big: true } => out.extend((c as u16).to_be_bytes()),
        Form::Utf16 { big: false } => out.extend((c as u16).to_le_bytes()),
        Form::Utf32 { big: true } => out.extend(c.to_be_bytes()),
        Form::Utf32 { big: false } => out.extend(c.to_le_bytes()),
        Form::Utf8 | Form::Other => {
            out.extend([0xE0 | (c >> 12) as u8, 0x80 | (c >> 6 & 0x3F) as u8, 0x80 | (c & 0x3F) as u8])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates() {
        assert_eq!(decode_surrogate(Form::Utf8, b"\xED\xB2\x80x"), Some((0xDC80, 3)));
        assert_eq!(decode_surrogate(Form::Utf8, b"\xED\x9F\xBF"), None);
        assert_eq!(decode_surrogate(Form::Utf16 { big: true }, b"\xD8\x00"), Some((0xD800, 2)));
        let mut out = Vec::new();
        encode_surrogate(Form::Utf8, 0xDC80, &mut out);
        assert_eq!(out, b"\xED\xB2\x80");
        assert_eq!(backslash(0x1F600), "\\U0001f600");
    }
}
