//! Reading text: chunks, lines, everything.

use super::{Stream, WText};
use crate::buffered::reader;
use crate::codec_module::handlers::{chars_of, out_text};
use crate::codecs::{Chars, Out};
use crate::files::base::unsupported;
use crate::files::types;
use crate::util::{is_exact, size_arg, slice};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

impl Stream {
    fn reading(sp: Space, w: W) -> Res<Stream> {
        let mut s = Stream::ready(sp, w)?;
        s.check_open()?;
        if !s.readable {
            return Err(unsupported(sp, "not readable"));
        }
        if !s.pending.is_empty() {
            s.write_pending()?;
        }
        Ok(s)
    }
    /// Reads and decodes one chunk (when nothing decoded is left). False at the end.
    pub fn read_chunk(&mut self, hint: usize) -> Res<bool> {
        let sp = self.sp;
        let before = if self.telling { Some(self.decoder_state()?) } else { None };
        let want =
            if hint > 0 { self.chunk_size.max((hint as f64 * self.ratio.max(1.0)) as usize) } else { self.chunk_size };
        let mut input = Vec::new();
        let w_buffer = self.buffer();
        if types::is_buffered(sp, w_buffer) && class_reads(sp, w_buffer) {
            reader::read1_to(sp, w_buffer, want as i64, &mut input)?;
        } else {
            let method = if self.has_read1 { "read1" } else { "read" };
            let w_method = if self.has_read1 { name!(sp, "read1") } else { name!(sp, "read") };
            let w = sp.call_method(w_buffer, w_method, &[W::int(want as i64)])?;
            match Buffer::get(sp, w) {
                Ok(b) => input.extend_from_slice(&b),
                Err(Raised) => {
                    sp.take_exc();
                    let t = sp.type_name(w);
                    let m = format!("underlying {method}() should have returned a bytes-like object, not '{t}'");
                    return Err(sp.type_error(&m));
                }
            }
        }
        let eof = input.is_empty();
        let w_text = self.decode(&input, eof)?;
        let n = sp.text_of(w_text).len();
        self.ratio = if n > 0 { input.len() as f64 / n as f64 } else { 0.0 };
        self.set_decoded(w_text);
        if let Some((mut bytes, flags)) = before {
            if bytes.is_empty() {
                bytes = input
            } else {
                bytes.extend_from_slice(&input)
            }
            self.snapshot = Some((flags, bytes));
        }
        Ok(n > 0 || !eof)
    }
    /// Up to `n` of the decoded characters.
    fn take(&mut self, n: usize) -> Res<W> {
        let Some(t) = self.decoded() else { return Ok(self.sp.known(known::EMPTY_STR)) };
        let end = t.len().min(self.used.saturating_add(n));
        let w = slice(self.sp, &t, self.used, end)?;
        self.used = end;
        Ok(w)
    }
}
/// Exact readers and random streams have the native read1.
fn class_reads(sp: Space, w: W) -> bool {
    !is_exact(sp, w, types::WRITER.get())
}
/// Appends a str.
fn extend(out: &mut Out, t: &Text, a: usize, b: usize) {
    match chars_of(t) {
        Chars::U8(s) => out.extend_latin1(&s[a..b]),
        Chars::U16(s) => out.extend_chars(&Chars::U16(&s[a..b])),
        Chars::U32(s) => out.extend_chars(&Chars::U32(&s[a..b])),
    }
}

/// Reads up to `size` characters; everything if it is negative or None.
#[interp_fn(sig = "(self, size=-1, /)", method)]
pub fn read(sp: Space, this: This<WText>, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    let mut s = Stream::reading(sp, this.w)?;
    if n < 0 {
        let w_rest = sp.call_method(s.buffer(), name!(sp, "read"), &[])?;
        if w_rest.is_none() {
            return Err(crate::files::would_block(sp, "Read returned None.", 0));
        }
        let data = Buffer::get(sp, w_rest)?;
        let w_text = s.decode(&data, true)?;
        let w_first = s.take(usize::MAX)?;
        s.set_decoded(W::NULL);
        s.snapshot = None;
        return if sp.len(w_first)? == 0 { Ok(w_text) } else { sp.add(w_first, w_text) };
    }
    let n = n as usize;
    let w_first = s.take(n)?;
    let t = sp.text_of(w_first);
    if t.len() == n {
        return Ok(w_first);
    }
    let mut out = Out::default();
    extend(&mut out, &t, 0, t.len());
    while out.len() < n {
        if !s.read_chunk(n - out.len())? {
            break;
        }
        let w = s.take(n - out.len())?;
        let t = sp.text_of(w);
        if out.len() == 0 && t.len() == n {
            return Ok(w);
        }
        extend(&mut out, &t, 0, t.len());
    }
    out_text(sp, &out)
}

/// One line, up to `size` characters.
#[interp_fn(sig = "(self, size=-1, /)", method)]
pub fn readline(sp: Space, this: This<WText>, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    let s = Stream::reading(sp, this.w)?;
    line(s, if n < 0 { usize::MAX } else { n as usize })
}

/// The end of the first line in the characters from `start`, its line end included; `after_cr`: the text before ended with \r.
pub fn line_end(
    chars: &Chars<'_>,
    start: usize,
    translated: bool,
    universal: bool,
    nl: &str,
    after_cr: bool,
) -> Option<usize> {
    let find = |c: u8| match chars {
        Chars::U8(s) => memchr::memchr(c, &s[start..]),
        Chars::U16(s) => s[start..].iter().position(|x| *x == c as u16),
        Chars::U32(s) => s[start..].iter().position(|x| *x == c as u32),
    };
    if translated || !universal && nl == "\n" {
        return find(b'\n').map(|i| start + i + 1);
    }
    if universal {
        let i = match chars {
            Chars::U8(s) => memchr::memchr2(b'\r', b'\n', &s[start..])? + start,
            _ => (start..chars.len()).find(|i| matches!(chars.at(*i), 10 | 13))?,
        };
        let pair = chars.at(i) == 13 && i + 1 < chars.len() && chars.at(i + 1) == 10;
        return Some(i + 1 + pair as usize);
    }
    if nl == "\r" {
        return find(b'\r').map(|i| start + i + 1);
    }
    if after_cr && start < chars.len() && chars.at(start) == 10 {
        return Some(start + 1);
    }
    (start..chars.len().saturating_sub(1)).find(|i| chars.at(*i) == 13 && chars.at(i + 1) == 10).map(|i| i + 2)
}

fn line(mut s: Stream, limit: usize) -> Res<W> {
    let sp = s.sp;
    let mut acc = Out::default();
    let mut after_cr = false;
    loop {
        let t = loop {
            if let Some(t) = s.decoded() {
                break t;
            }
            if limit == 0 || !s.read_chunk(0)? {
                if limit > 0 {
                    s.set_decoded(W::NULL);
                    s.snapshot = None;
                }
                return out_text(sp, &acc);
            }
        };
        let start = s.used;
        let most = t.len().min(start.saturating_add(limit - acc.len()));
        let found = line_end(&chars_of(&t), start, s.readtranslate, s.readuniversal, s.readnl, after_cr);
        let end = found.unwrap_or(t.len()).min(most);
        s.used = end;
        if found.is_some() || end == most && most - start == limit - acc.len() {
            if acc.len() == 0 {
                return slice(sp, &t, start, end);
            }
            extend(&mut acc, &t, start, end);
            return out_text(sp, &acc);
        }
        extend(&mut acc, &t, start, end);
        after_cr = end > start && t.char_at(end - 1) == 13;
    }
}

/// The next line; the position cannot be told until the end is reached.
#[slot]
pub fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    let mut s = Stream::ready(sp, w_self)?;
    s.telling = false;
    let w = if is_exact(sp, w_self, types::TEXT.get()) {
        line(Stream::reading(sp, w_self)?, usize::MAX)?
    } else {
        let w = sp.call_method(w_self, name!(sp, "readline"), &[])?;
        if sp.text_opt(w).is_none() {
            let t = sp.type_name(w);
            return Err(raise!(sp, OS_ERROR, "readline() should have returned a str object, not '{t}'"));
        }
        w
    };
    if sp.text_of(w).is_empty() {
        s.snapshot = None;
        s.telling = s.seekable;
        return Ok(None);
    }
    Ok(Some(w))
}
