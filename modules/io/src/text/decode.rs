//! From bytes to text: the native decoders, codec objects, line ends.

use super::{Native, Stream};
use crate::codec_module::handlers::{Handler, out_text};
use crate::codecs::{Out, simple, utf8};
use std::borrow::Cow;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Line ends met so far (bits) and whether a \r waits for what follows.
#[derive(Copy, Clone, Default, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct NewlineState {
    pub seen: u8,
    pub pending_cr: bool,
}
#[allow(missing_docs)]
pub const SEEN_CR: u8 = 1;
#[allow(missing_docs)]
pub const SEEN_LF: u8 = 2;
#[allow(missing_docs)]
pub const SEEN_CRLF: u8 = 4;

/// Recognizes (and with `translate` unifies) line ends in the next piece of text.
pub fn newlines(text: Out, last: bool, translate: bool, st: &mut NewlineState) -> Out {
    fn run<T: Copy + PartialEq + From<u8>>(v: Vec<T>, last: bool, translate: bool, st: &mut NewlineState) -> Vec<T> {
        let (cr, lf) = (T::from(b'\r'), T::from(b'\n'));
        let mut v = v;
        if st.pending_cr && (last || !v.is_empty()) {
            v.insert(0, cr);
            st.pending_cr = false;
        }
        if !last && v.last() == Some(&cr) {
            v.pop();
            st.pending_cr = true;
        }
        if !v.contains(&cr) {
            if v.contains(&lf) {
                st.seen |= SEEN_LF
            }
            return v;
        }
        let mut out = Vec::with_capacity(v.len());
        let mut i = 0;
        while i < v.len() {
            let c = v[i];
            i += 1;
            if c == cr {
                if v.get(i) == Some(&lf) {
                    i += 1;
                    st.seen |= SEEN_CRLF;
                    if !translate {
                        out.push(cr)
                    }
                    out.push(lf);
                } else {
                    st.seen |= SEEN_CR;
                    out.push(if translate { lf } else { cr });
                }
                continue;
            }
            if c == lf {
                st.seen |= SEEN_LF
            }
            out.push(c);
        }
        out
    }
    match text {
        Out::Narrow(v) => Out::Narrow(run(v, last, translate, st)),
        Out::Wide(v) => Out::Wide(run(v, last, translate, st)),
    }
}

/// What `newlines` attributes answer.
pub fn seen_object(sp: Space, seen: u8) -> Res<W> {
    let all = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")];
    let mut v = RootedVec::new(sp);
    for (bit, text) in all {
        if seen & bit != 0 {
            v.push(sp.newstr(text)?)
        }
    }
    match v.len() {
        0 => Ok(W::NONE),
        1 => Ok(v[0]),
        _ => v.into_tuple(),
    }
}

impl Stream {
    /// Decodes the next bytes of the stream.
    pub fn decode(&mut self, data: &[u8], last: bool) -> Res<W> {
        let sp = self.sp;
        let Some(native) = self.native else {
            let w_data = sp.newbytes(data)?;
            let args = [w_data, W::bool(last)];
            let w = sp.call_method(self.obj().w_decoder, name!(sp, "decode"), &args)?;
            if sp.text_opt(w).is_none() {
                let t = sp.type_name(w);
                return Err(raise!(sp, TYPE_ERROR, "decoder should return a string result, not '{t}'"));
            }
            return Ok(w);
        };
        let joined;
        let data = if self.tail.is_empty() {
            data
        } else {
            let mut v = std::mem::take(&mut self.tail);
            v.extend_from_slice(data);
            joined = v;
            &joined[..]
        };
        let plain = !self.readuniversal || !self.newline.pending_cr && memchr::memchr(b'\r', data).is_none();
        if plain {
            let good = match native {
                Native::Latin1 => Some(data.len()),
                Native::Ascii => data.is_ascii().then_some(data.len()),
                Native::Utf8 => match std::str::from_utf8(data) {
                    Ok(_) => Some(data.len()),
                    Err(e) if e.error_len().is_none() && !last => Some(e.valid_up_to()),
                    Err(_) => None,
                },
            };
            if let Some(n) = good {
                self.tail.extend_from_slice(&data[n..]);
                let data = &data[..n];
                if self.readuniversal && self.newline.seen & SEEN_LF == 0 && memchr::memchr(b'\n', data).is_some() {
                    self.newline.seen |= SEEN_LF;
                }
                return if native == Native::Utf8 { sp.newstr_wtf8(data) } else { sp.newstr_latin1(data) };
            }
        }
        let mut out = Out::with_capacity(data.len());
        let mut h = Handler::new(sp, self.obj().w_errors, W::NULL);
        let mut input = Cow::Borrowed(data);
        match native {
            Native::Latin1 => out.extend_latin1(data),
            Native::Ascii => simple::ascii_decode(&mut input, &mut h, &mut out)?,
            Native::Utf8 => {
                let n = utf8::decode(&mut input, last, &mut h, &mut out)?;
                let rest = input.get(n..).unwrap_or(&[]).to_vec();
                self.tail = rest;
            }
        }
        if self.readuniversal {
            let translate = self.readtranslate;
            out = newlines(out, last, translate, &mut self.newline);
        }
        out_text(sp, &out)
    }
    /// The decoder at its beginning.
    pub fn decoder_reset(&mut self) -> Res<()> {
        self.tail.clear();
        self.newline = NewlineState::default();
        if self.native.is_none() && self.readable {
            let sp = self.sp;
            sp.call_method(self.obj().w_decoder, name!(sp, "reset"), &[])?;
        }
        Ok(())
    }
    /// The decoder's state: bytes not decoded yet, flags.
    pub fn decoder_state(&self) -> Res<(Vec<u8>, i64)> {
        if self.native.is_some() {
            return Ok((self.tail.clone(), self.newline.pending_cr as i64));
        }
        let sp = self.sp;
        let w = sp.call_method(self.obj().w_decoder, name!(sp, "getstate"), &[])?;
        let Some(&[w_bytes, w_flags]) = sp.tuple_opt(w) else { return Err(sp.type_error("illegal decoder state")) };
        match sp.bytes_opt(w_bytes) {
            Some(b) => Ok((b.to_vec(), sp.int_w(w_flags)?)),
            None => {
                let t = sp.type_name(w_bytes);
                Err(raise!(sp, TYPE_ERROR, "illegal decoder state: the first item should be a bytes object, not '{t}'"))
            }
        }
    }
    /// Puts the decoder into a state.
    pub fn set_decoder_state(&mut self, bytes: &[u8], flags: i64) -> Res<()> {
        if self.native.is_some() {
            self.tail = bytes.to_vec();
            self.newline.pending_cr = flags & 1 != 0;
            return Ok(());
        }
        let sp = self.sp;
        let w_state = sp.newtuple(&[sp.newbytes(bytes)?, sp.newint(flags)])?;
        sp.call_method(self.obj().w_decoder, name!(sp, "setstate"), &[w_state])?;
        Ok(())
    }
}
