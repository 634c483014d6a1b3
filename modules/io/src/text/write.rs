//! Writing text, flushing, closing.

use super::{Native, Stream, WText};
use crate::buffered::{common, writer};
use crate::codec_module::handlers::{Handler, chars_of};
use crate::codecs::{Chars, simple, utf8};
use crate::files::base::unsupported;
use crate::files::types;
use crate::util::{both, is_exact};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Exactly a BufferedWriter or BufferedRandom?
fn native_writer(sp: Space, w: W) -> bool {
    is_exact(sp, w, types::WRITER.get()) || is_exact(sp, w, types::RANDOM.get())
}

impl Stream {
    /// Gives the encoded bytes to the buffer.
    pub fn write_pending(&mut self) -> Res<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sp = self.sp;
        let mut data = std::mem::take(&mut self.pending);
        let w_buffer = self.buffer();
        if native_writer(sp, w_buffer) {
            let r = writer::write_bytes(sp, w_buffer, &data);
            // The allocation is used again unless a write in between has made another.
            if self.pending.capacity() == 0 {
                data.clear();
                self.pending = data;
            }
            return r;
        }
        let w_data = sp.newbytes(&data)?;
        sp.call_method(w_buffer, name!(sp, "write"), &[w_data]).map(|_| ())
    }
    fn flush_buffer(&mut self) -> Res<()> {
        let sp = self.sp;
        let w_buffer = self.buffer();
        if native_writer(sp, w_buffer) {
            return writer::flush_all(sp, w_buffer);
        }
        sp.call_method(w_buffer, name!(sp, "flush"), &[]).map(|_| ())
    }
    /// Encodes a str to `out`.
    fn encode(&self, t: &Text, out: &mut Vec<u8>) -> Res<()> {
        let sp = self.sp;
        let mut h = Handler::new(sp, self.obj().w_errors, t.w);
        match self.native {
            Some(Native::Utf8) => utf8::encode(&chars_of(t), &mut h, out),
            Some(Native::Ascii) => simple::encode(&chars_of(t), 128, &mut h, out),
            Some(Native::Latin1) => simple::encode(&chars_of(t), 256, &mut h, out),
            None => {
                let w = sp.call_method(self.obj().w_encoder, name!(sp, "encode"), &[t.w])?;
                match sp.bytes_opt(w) {
                    Some(b) => out.extend_from_slice(b),
                    None => {
                        let what = sp.type_name(w);
                        return Err(raise!(sp, TYPE_ERROR, "encoder should return a bytes object, not '{what}'"));
                    }
                }
                Ok(())
            }
        }
    }
}

fn has(t: &Text, c: u8) -> bool {
    match chars_of(t) {
        Chars::U8(s) => memchr::memchr(c, s).is_some(),
        Chars::U16(s) => s.contains(&(c as u16)),
        Chars::U32(s) => s.contains(&(c as u32)),
    }
}

/// Writes a str; answers its length.
#[interp_fn(sig = "(self, s, /)", method)]
pub fn write(sp: Space, this: This<WText>, w_text: W) -> Res<i64> {
    let Some(given) = sp.text_opt(w_text) else {
        return Err(raise!(sp, TYPE_ERROR, "write() argument must be str, not {}", sp.type_name(w_text)));
    };
    let writable = || {
        let s = Stream::ready(sp, this.w)?;
        s.check_open()?;
        if s.writable { Ok(s) } else { Err(unsupported(sp, "not writable")) }
    };
    let mut s = writable()?;
    let n = given.len();
    let mut t = given;
    let flush = if s.line_buffering || !s.writenl.is_empty() {
        let lf = has(&t, b'\n');
        let flush = s.line_buffering && (lf || has(&t, b'\r'));
        if lf && !s.writenl.is_empty() {
            let args = [name!(sp, "\n"), sp.newstr(s.writenl)?];
            let w_replaced = sp.call_method(t.w, name!(sp, "replace"), &args)?;
            t = sp.text_opt(w_replaced).ok_or_else(|| {
                raise!(sp, TYPE_ERROR, "replace() should return a str, not {}", sp.type_name(w_replaced))
            })?;
            // A subclass of str may have done something to the stream.
            s = writable()?;
        }
        flush
    } else {
        false
    };
    if let (Some(_), Some(text)) = (s.native, t.ascii()) {
        // A write of the buffer may write to this stream.
        while !s.pending.is_empty() && s.pending.len() + text.len() > s.chunk_size {
            s.write_pending()?;
        }
        s.pending.extend_from_slice(text.as_bytes());
    } else {
        let mut out = Vec::new();
        s.encode(&t, &mut out)?;
        while !s.pending.is_empty() && s.pending.len() + out.len() > s.chunk_size {
            s.write_pending()?;
        }
        if s.pending.is_empty() { s.pending = out } else { s.pending.extend_from_slice(&out) }
    }
    if s.pending.len() >= s.chunk_size || flush || s.write_through {
        s.write_pending()?;
    }
    if flush {
        s.flush_buffer()?;
    }
    if s.readable {
        // What was read ahead stands where the write went; the two ends of a pair have places of their own.
        if s.snapshot.is_some() {
            s.set_decoded(W::NULL);
            s.snapshot = None;
        }
        s.decoder_reset()?;
    }
    Ok(n as i64)
}
/// Writes out what is buffered, here and below.
#[interp_fn(sig = "(self, /)", method)]
pub fn flush(sp: Space, this: This<WText>) -> Res<()> {
    let mut s = Stream::ready(sp, this.w)?;
    s.check_open()?;
    s.telling = s.seekable;
    s.write_pending()?;
    s.flush_buffer()
}
/// Flushes and closes, the buffer too.
#[interp_fn(sig = "(self, /)", method)]
pub fn close(sp: Space, this: This<WText>) -> Res<()> {
    let s = Stream::ready(sp, this.w)?;
    let w_buffer = s.buffer();
    // The question may have been answered by code that detached the buffer.
    if crate::files::base::is_closed(sp, this.w)? || s.detached {
        return Ok(());
    }
    if s.finalizing {
        if types::is_buffered(sp, w_buffer) {
            let b = crate::buffered::Buf::of(sp, w_buffer);
            if b.ok {
                common::warn_through(sp, b.raw(), this.w);
            }
        } else {
            common::warn_through(sp, w_buffer, this.w);
        }
    }
    let flushed = sp.call_method(this.w, name!(sp, "flush"), &[]).map(|_| ());
    both(sp, flushed, || sp.call_method(w_buffer, name!(sp, "close"), &[]).map(|_| ()))
}
