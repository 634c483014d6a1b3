//! Positions in text: a number that holds the position in the buffer and how to get from there to the character.

use super::{Native, Stream, WText};
use crate::files::base::unsupported;
use num_bigint::{BigInt, Sign};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// What a position holds: where decoding starts, the decoder's flags there, how many bytes to feed and characters to skip.
#[derive(Default, Debug, PartialEq, Clone)]
#[allow(missing_docs)]
pub struct Cookie {
    pub start: i64,
    pub flags: i32,
    pub feed: i32,
    pub skip: i32,
    pub eof: bool,
}
impl Cookie {
    /// As a number: the fields from the lowest bits on.
    pub fn pack(&self) -> BigInt {
        let mut b = Vec::with_capacity(21);
        b.extend_from_slice(&self.start.to_le_bytes());
        b.extend_from_slice(&self.flags.to_le_bytes());
        b.extend_from_slice(&self.feed.to_le_bytes());
        b.extend_from_slice(&self.skip.to_le_bytes());
        b.push(self.eof as u8);
        BigInt::from_bytes_le(Sign::Plus, &b)
    }
    /// From a number; None if it is too large.
    pub fn unpack(n: &BigInt) -> Option<Cookie> {
        let (sign, mut b) = n.to_bytes_le();
        if sign == Sign::Minus || b.len() > 21 {
            return None;
        }
        b.resize(21, 0);
        let i32_at = |i: usize| i32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        let mut start = [0; 8];
        start.copy_from_slice(&b[..8]);
        Some(Cookie { start: i64::from_le_bytes(start), flags: i32_at(8), feed: i32_at(12), skip: i32_at(16), eof: b[20] != 0 })
    }
}

impl Stream {
    fn encoder_reset(&mut self, at_start: bool) -> Res<()> {
        if self.native.is_some() || !self.writable {
            return Ok(());
        }
        let sp = self.sp;
        let w_encoder = self.obj().w_encoder;
        if at_start {
            sp.call_method(w_encoder, name!(sp, "reset"), &[]).map(|_| ())
        } else {
            sp.call_method(w_encoder, name!(sp, "setstate"), &[W::int(0)]).map(|_| ())
        }
    }
    fn set_state_for(&mut self, c: &Cookie) -> Res<()> {
        if c.start == 0 && c.flags == 0 { self.decoder_reset() } else { self.set_decoder_state(&[], c.flags as i64) }
    }
}

/// Moves to a position that `tell` gave, to the start or to the end.
#[interp_fn(sig = "(self, cookie, whence=0, /)", method)]
pub fn seek(sp: Space, this: This<WText>, w_cookie: W, whence: i32) -> Res<W> {
    let mut s = Stream::ready(sp, this.w)?;
    s.check_open()?;
    if !s.seekable {
        return Err(unsupported(sp, "underlying stream is not seekable"));
    }
    let mut w_cookie = w_cookie;
    match whence {
        0 => {}
        1 => {
            if !sp.eq_w(w_cookie, W::int(0))? {
                return Err(unsupported(sp, "can't do nonzero cur-relative seeks"));
            }
            w_cookie = sp.call_method(this.w, name!(sp, "tell"), &[])?;
        }
        2 => {
            if !sp.eq_w(w_cookie, W::int(0))? {
                return Err(unsupported(sp, "can't do nonzero end-relative seeks"));
            }
            sp.call_method(this.w, name!(sp, "flush"), &[])?;
            s.set_decoded(W::NULL);
            s.snapshot = None;
            s.decoder_reset()?;
            let w_at = sp.call_method(s.buffer(), name!(sp, "seek"), &[W::int(0), W::int(2)])?;
            let start = sp.eq_w(w_at, W::int(0))?;
            s.encoder_reset(start)?;
            return Ok(w_at);
        }
        n => return Err(raise!(sp, VALUE_ERROR, "invalid whence ({n}, should be 0, 1 or 2)")),
    }
    if sp.is_true(sp.lt(w_cookie, W::int(0))?)? {
        return Err(raise!(sp, VALUE_ERROR, "negative seek position {}", sp.repr_string(w_cookie)?));
    }
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    let n = sp.bigint_w(w_cookie)?;
    let c = Cookie::unpack(&n).ok_or_else(|| sp.overflow_error("int too big to convert"))?;
    sp.call_method(s.buffer(), name!(sp, "seek"), &[sp.newint(c.start)])?;
    s.set_decoded(W::NULL);
    s.snapshot = None;
    if s.readable {
        s.set_state_for(&c)?;
    }
    if c.skip > 0 {
        let w_input = sp.call_method(s.buffer(), name!(sp, "read"), &[W::int(c.feed as i64)])?;
        let Some(input) = sp.bytes_opt(w_input) else {
            let t = sp.type_name(w_input);
            return Err(raise!(sp, TYPE_ERROR, "underlying read() should have returned a bytes object, not '{t}'"));
        };
        s.snapshot = Some((c.flags as i64, input.to_vec()));
        let w_text = s.decode(input, c.eof)?;
        s.set_decoded(w_text);
        if sp.text_of(w_text).len() < c.skip as usize {
            return Err(sp.raise(known::OS_ERROR, "can't restore logical file position"));
        }
        s.used = c.skip as usize;
    } else {
        s.snapshot = Some((c.flags as i64, Vec::new()));
    }
    s.encoder_reset(c.start == 0 && c.flags == 0)?;
    Ok(w_cookie)
}

/// The position, for `seek`.
#[interp_fn(sig = "(self, /)", method)]
pub fn tell(sp: Space, this: This<WText>) -> Res<W> {
    let mut s = Stream::ready(sp, this.w)?;
    s.check_open()?;
    if !s.seekable {
        return Err(unsupported(sp, "underlying stream is not seekable"));
    }
    if !s.telling {
        return Err(sp.raise(known::OS_ERROR, "telling position disabled by next() call"));
    }
    s.write_pending()?;
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    let w_at = sp.call_method(s.buffer(), name!(sp, "tell"), &[])?;
    let Some((flags, input)) = s.snapshot.clone().filter(|_| s.readable) else { return Ok(w_at) };
    let mut c = Cookie { start: sp.int_w(w_at)? - input.len() as i64, flags: flags as i32, ..Cookie::default() };
    if s.obj().w_decoded.is_null() || s.used == 0 {
        return sp.newbigint(&c.pack());
    }
    let skip = s.used;
    if let Some(bytes) = plain_bytes(s.native, flags, &input, skip) {
        c.start += bytes as i64;
        return sp.newbigint(&c.pack());
    }
    let saved = s.decoder_state()?;
    let newline = s.newline;
    let r = reconstruct(&mut s, &mut c, &input, skip);
    let restored = s.set_decoder_state(&saved.0, saved.1);
    if s.native.is_some() {
        s.newline = newline;
    }
    r?;
    restored?;
    sp.newbigint(&c.pack())
}

/// The bytes that make `skip` characters, where that can be seen from the input: it is well-formed and has no \r.
fn plain_bytes(native: Option<Native>, flags: i64, input: &[u8], skip: usize) -> Option<usize> {
    let native = native?;
    if flags != 0 || memchr::memchr(b'\r', input).is_some() {
        return None;
    }
    match native {
        Native::Latin1 => (skip <= input.len()).then_some(skip),
        Native::Ascii => (input.is_ascii() && skip <= input.len()).then_some(skip),
        Native::Utf8 => {
            let good = match std::str::from_utf8(input) {
                Ok(s) => s,
                Err(e) if e.error_len().is_none() => std::str::from_utf8(&input[..e.valid_up_to()]).ok()?,
                Err(_) => return None,
            };
            match good.char_indices().nth(skip) {
                Some((i, _)) => Some(i),
                None => (good.chars().count() == skip).then_some(good.len()),
            }
        }
    }
}

/// Feeds the decoder byte by byte until it has produced the characters, remembering the last place without state.
fn reconstruct(s: &mut Stream, c: &mut Cookie, input: &[u8], skip: usize) -> Res<()> {
    let sp = s.sp;
    let mut skip = skip as i64;
    s.set_state_for(c)?;
    let (mut fed, mut got) = (0i64, 0i64);
    for b in input {
        let w = s.decode(std::slice::from_ref(b), false)?;
        got += sp.text_of(w).len() as i64;
        fed += 1;
        let (rest, flags) = s.decoder_state()?;
        if rest.is_empty() && got <= skip {
            c.start += fed;
            skip -= got;
            c.flags = flags as i32;
            (fed, got) = (0, 0);
        }
        if got >= skip {
            break;
        }
    }
    if got < skip {
        let w = s.decode(&[], true)?;
        got += sp.text_of(w).len() as i64;
        c.eof = true;
        if got < skip {
            return Err(sp.raise(known::OS_ERROR, "can't reconstruct logical file position"));
        }
    }
    (c.feed, c.skip) = (fed as i32, skip as i32);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies() {
        let c = Cookie { start: 5, flags: 1, feed: 2, skip: 3, eof: true };
        assert_eq!(Cookie::unpack(&c.pack()), Some(c));
        assert_eq!(Cookie { start: 7, ..Cookie::default() }.pack(), BigInt::from(7));
        assert_eq!(Cookie::unpack(&(BigInt::from(1) << 200)), None);
        assert_eq!(plain_bytes(Some(Native::Utf8), 0, "aé€".as_bytes(), 2), Some(3));
        assert_eq!(plain_bytes(Some(Native::Utf8), 0, "aé€".as_bytes(), 3), Some(6));
        assert_eq!(plain_bytes(Some(Native::Utf8), 0, b"a\r\n", 1), None);
    }
}
