//! Error handlers as the codecs see them: a standard one by name, or what was registered from Python.

use super::registry;
use crate::codecs::standard::{self, Standard};
use crate::codecs::{Chars, DecodeErrors, EncodeErrors, Out, Replacement};
use std::borrow::Cow;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The `errors` argument of one run of a codec and the object that its exceptions name.
pub struct Handler {
    sp: Space,
    standard: Option<Standard>,
    w_errors: W,
    w_input: W,
}
impl Handler {
    /// `w_errors` is a str; NULL or None stand for "strict". `w_input` is what is converted (NULL: bytes are made when needed).
    pub fn new(sp: Space, w_errors: W, w_input: W) -> Handler {
        let standard = match sp.text_opt(w_errors) {
            _ if w_errors.is_null() || w_errors.is_none() => Some(Standard::Strict),
            Some(t) => Standard::named(&t.to_str()),
            None => Some(Standard::Strict),
        };
        Handler { sp, standard, w_errors, w_input }
    }
    fn decode_exc(&self, encoding: &str, data: &Cow<'_, [u8]>, start: usize, end: usize, reason: &str) -> Res<W> {
        let sp = self.sp;
        let w_data = match data {
            Cow::Borrowed(_) if self.is_bytes_input() => self.w_input,
            _ => sp.newbytes(data)?,
        };
        let w = [sp.newstr(encoding)?, w_data, W::int(start as i64), W::int(end as i64), sp.newstr(reason)?];
        sp.call(sp.known(known::UNICODE_DECODE_ERROR), &w)
    }
    fn is_bytes_input(&self) -> bool {
        !self.w_input.is_null()
            && self.w_input.is_obj()
            && crate::util::is_exact(self.sp, self.w_input, self.sp.known(known::BYTES))
    }
    fn encode_exc(&self, encoding: &str, chars: &Chars<'_>, start: usize, end: usize, reason: &str) -> Res<W> {
        let sp = self.sp;
        let w_text = if self.w_input.is_null() { out_text(sp, &all(chars))? } else { self.w_input };
        let w = [sp.newstr(encoding)?, w_text, W::int(start as i64), W::int(end as i64), sp.newstr(reason)?];
        sp.call(sp.known(known::UNICODE_ENCODE_ERROR), &w)
    }
    /// Calls what was registered: (replacement, position).
    fn call(&self, w_exc: W, len: impl FnOnce(Space) -> Res<usize>, what: &str) -> Res<(W, usize)> {
        let sp = self.sp;
        let w_handler = registry::error_handler(sp, self.w_errors)?;
        let w_result = sp.call(w_handler, &[w_exc])?;
        let bad = |sp: Space| sp.type_error(what);
        let items = sp.tuple_opt(w_result).filter(|t| t.len() == 2).ok_or_else(|| bad(sp))?;
        let pos = if crate::util::has_index(sp, items[1])? { sp.int_w(items[1])? } else { return Err(bad(sp)) };
        let n = len(sp)? as i64;
        let at = if pos < 0 { pos + n } else { pos };
        if at < 0 || at > n {
            return Err(raise!(sp, INDEX_ERROR, "position {pos} from error handler out of bounds"));
        }
        Ok((items[0], at as usize))
    }
}

/// All characters as an `Out`.
fn all(chars: &Chars<'_>) -> Out {
    let mut out = Out::default();
    out.extend_chars(chars);
    out
}
/// A str of decoded characters.
pub fn out_text(sp: Space, out: &Out) -> Res<W> {
    match out {
        Out::Narrow(v) => sp.newstr_latin1(v),
        Out::Wide(v) => sp.newstr_chars(v),
    }
}
/// A str's characters.
pub fn chars_of(t: &Text) -> Chars<'_> {
    if t.view.len == 0 {
        return Chars::U8(&[]);
    }
    // SAFETY: the view says how many characters of which width; `t` keeps the str.
    unsafe {
        match t.view.kind {
            1 => Chars::U8(std::slice::from_raw_parts(t.view.ptr, t.view.len)),
            2 => Chars::U16(std::slice::from_raw_parts(t.view.ptr.cast(), t.view.len)),
            _ => Chars::U32(std::slice::from_raw_parts(t.view.ptr.cast(), t.view.len)),
        }
    }
}

impl DecodeErrors for Handler {
    type Error = Raised;
    fn decode_error(
        &mut self,
        encoding: &str,
        data: &mut Cow<'_, [u8]>,
        start: usize,
        end: usize,
        reason: &str,
        out: &mut Out,
    ) -> Res<usize> {
        let sp = self.sp;
        if let Some(k) = self.standard {
            if let Some(next) = standard::decode(k, encoding, data, start, end, out) {
                return Ok(next);
            }
            if !matches!(k, Standard::XmlCharRefReplace | Standard::NameReplace) {
                let w_exc = self.decode_exc(encoding, data, start, end, reason)?;
                return Err(sp.raise_object(w_exc, W::NULL));
            }
        }
        let w_exc = self.decode_exc(encoding, data, start, end, reason)?;
        let mut changed = None;
        let length = |sp: Space| {
            let w_data = sp.getattr(w_exc, name!(sp, "object"))?;
            let Some(new) = sp.bytes_opt(w_data) else {
                return Err(sp.type_error("exception attribute object must be bytes"));
            };
            if new != &data[..] {
                changed = Some(new.to_vec());
            }
            Ok(new.len())
        };
        let what = "decoding error handler must return (str, int) tuple";
        let (w_text, next) = self.call(w_exc, length, what)?;
        let text = sp.text_opt(w_text).ok_or_else(|| sp.type_error(what))?;
        if let Some(new) = changed {
            *data = Cow::Owned(new)
        }
        out.extend_chars(&chars_of(&text));
        Ok(next)
    }
}

impl EncodeErrors for Handler {
    type Error = Raised;
    fn encode_error(
        &mut self,
        encoding: &str,
        chars: &Chars<'_>,
        start: usize,
        end: usize,
        reason: &str,
    ) -> Res<(Replacement, usize)> {
        let sp = self.sp;
        match self.standard {
            Some(Standard::NameReplace) => return Ok((Replacement::Chars(names(sp, chars, start, end)?), end)),
            Some(k) => {
                return match standard::encode(k, encoding, chars, start, end) {
                    Some(r) => Ok(r),
                    None => Err(EncodeErrors::raise(self, encoding, chars, start, end, reason)),
                };
            }
            None => {}
        }
        let w_exc = self.encode_exc(encoding, chars, start, end, reason)?;
        let what = "encoding error handler must return (str/bytes, int) tuple";
        let n = chars.len();
        let (w_rep, next) = self.call(w_exc, |_| Ok(n), what)?;
        if let Some(t) = sp.text_opt(w_rep) {
            return Ok((Replacement::Chars(all(&chars_of(&t)).to_vec()), next));
        }
        match sp.bytes_opt(w_rep) {
            Some(b) => Ok((Replacement::Bytes(b.to_vec()), next)),
            None => Err(sp.type_error(what)),
        }
    }
    fn raise(&mut self, encoding: &str, chars: &Chars<'_>, start: usize, end: usize, reason: &str) -> Raised {
        match self.encode_exc(encoding, chars, start, end, reason) {
            Ok(w_exc) => self.sp.raise_object(w_exc, W::NULL),
            Err(r) => r,
        }
    }
}

/// `\N{...}` of each character that has a name.
pub fn names(sp: Space, chars: &Chars<'_>, start: usize, end: usize) -> Res<Vec<u32>> {
    let w_module = sp.import_module(sp.newstr("unicodedata")?)?;
    let w_name = sp.getattr(w_module, name!(sp, "name"))?;
    let mut text = String::new();
    for i in start..end {
        let c = chars.at(i);
        let w = sp.call(w_name, &[sp.newstr_chars(&[c])?, W::NONE])?;
        match sp.text_opt(w) {
            Some(t) => text.push_str(&format!("\\N{{{}}}", t.to_str())),
            None => standard::backslash(&mut text, c),
        }
    }
    Ok(text.chars().map(|c| c as u32).collect())
}
