//! z_stream in safe clothes.

use crate::util::*;
use libz_rs_sys as z;
use std::ffi::c_int;
use taipan_plugin_api::prelude::*;

static W_ERROR: Global = Global::new();

pub fn make_error(sp: Space, w_module: W) -> Res<()> {
    let w = exception_class(sp, &W_ERROR, "zlib", "error", sp.known(known::EXCEPTION))?;
    sp.setattr_str(w_module, "error", w)
}
/// zlib.error
#[cold]
pub fn error(sp: Space, message: &str) -> Raised {
    match sp.newstr(message) {
        Ok(w) => sp.raise_object(W_ERROR.get(), w),
        Err(r) => r,
    }
}

/// A deflating or inflating stream.
pub struct Stream {
    z: Box<z::z_stream>,
    inflating: bool,
    /// Between init and end.
    live: bool,
}
// The stream keeps pointers into itself, so it stays in its box.
impl Stream {
    fn new(inflating: bool) -> Stream {
        // SAFETY: zlib's all-zero stream asks for its own allocator.
        Stream { z: Box::new(unsafe { std::mem::zeroed() }), inflating, live: false }
    }
    pub fn deflating(level: c_int, method: c_int, wbits: c_int, mem: c_int, strategy: c_int) -> Result<Stream, c_int> {
        let mut s = Stream::new(false);
        // SAFETY: a fresh stream; version and size are this library's own.
        let r = unsafe {
            z::deflateInit2_(
                &mut *s.z,
                level,
                method,
                wbits,
                mem,
                strategy,
                z::zlibVersion(),
                size_of::<z::z_stream>() as c_int,
            )
        };
        s.live = r == z::Z_OK;
        if s.live { Ok(s) } else { Err(r) }
    }
    pub fn inflating(wbits: c_int) -> Result<Stream, c_int> {
        let mut s = Stream::new(true);
        // SAFETY: as above.
        let r = unsafe { z::inflateInit2_(&mut *s.z, wbits, z::zlibVersion(), size_of::<z::z_stream>() as c_int) };
        s.live = r == z::Z_OK;
        if s.live { Ok(s) } else { Err(r) }
    }
    pub fn set_dictionary(&mut self, dict: &[u8]) -> c_int {
        // SAFETY: a live stream and a buffer of that length.
        unsafe {
            if self.inflating {
                z::inflateSetDictionary(&mut *self.z, dict.as_ptr(), dict.len() as _)
            } else {
                z::deflateSetDictionary(&mut *self.z, dict.as_ptr(), dict.len() as _)
            }
        }
    }
    /// An independent copy.
    pub fn copy(&mut self) -> Result<Stream, c_int> {
        let mut s = Stream::new(self.inflating);
        if !self.live {
            return Err(z::Z_STREAM_ERROR);
        }
        // SAFETY: a live source and a fresh target.
        let r = unsafe {
            if self.inflating { z::inflateCopy(&mut *s.z, &*self.z) } else { z::deflateCopy(&mut *s.z, &mut *self.z) }
        };
        s.live = r == z::Z_OK;
        if s.live { Ok(s) } else { Err(r) }
    }
    /// One call of deflate or inflate: from `input` (shortened by what was read) into the spare room of `out`, at most `room` bytes.
    pub fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize, flush: c_int) -> c_int {
        if !self.live {
            return z::Z_STREAM_ERROR;
        }
        let room = room.min(1 << 30);
        let piece = input.len().min(1 << 30);
        out.reserve(room);
        // Not the whole input: it is not the end yet.
        let flush = if piece < input.len() { z::Z_NO_FLUSH } else { flush };
        // SAFETY: input and the spare room are valid for the lengths given; what was written is counted afterwards.
        unsafe {
            self.z.next_in = input.as_ptr().cast_mut();
            self.z.avail_in = piece as _;
            self.z.next_out = out.as_mut_ptr().add(out.len());
            self.z.avail_out = room as _;
            let r = if self.inflating { z::inflate(&mut *self.z, flush) } else { z::deflate(&mut *self.z, flush) };
            let written = room - self.z.avail_out as usize;
            out.set_len(out.len() + written);
            *input = &input[piece - self.z.avail_in as usize..];
            // The caller's memory is forgotten; a copy of the stream wants pointers that are not null.
            (self.z.avail_in, self.z.next_in) = (0, std::ptr::NonNull::dangling().as_ptr());
            self.z.next_out = std::ptr::NonNull::dangling().as_ptr();
            r
        }
    }
    /// Was the room of the last step used up?
    pub fn full(&self) -> bool {
        self.z.avail_out == 0
    }
    pub fn end(&mut self) -> c_int {
        if !std::mem::take(&mut self.live) {
            return z::Z_STREAM_ERROR;
        }
        // SAFETY: a live stream, ended once.
        unsafe { if self.inflating { z::inflateEnd(&mut *self.z) } else { z::deflateEnd(&mut *self.z) } }
    }
    /// The error of a code: "Error -3 while decompressing data: incorrect header check".
    #[cold]
    pub fn error(&self, sp: Space, code: c_int, what: &str) -> Raised {
        let own = if self.z.msg.is_null() {
            None
        } else {
            // SAFETY: zlib's messages are static C strings.
            unsafe { std::ffi::CStr::from_ptr(self.z.msg) }.to_str().ok()
        };
        let text = own.or(match code {
            z::Z_BUF_ERROR => Some("incomplete or truncated stream"),
            z::Z_STREAM_ERROR => Some("inconsistent stream state"),
            z::Z_DATA_ERROR => Some("invalid input data"),
            _ => None,
        });
        match text {
            Some(t) => error(sp, &format!("Error {code} {what}: {t}")),
            None => error(sp, &format!("Error {code} {what}")),
        }
    }
}
impl Drop for Stream {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs all of `input` through a deflating stream with a flush mode.
pub fn pump(sp: Space, s: &mut Stream, input: &mut &[u8], flush: c_int, what: &str) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    let mut room = super::DEF_BUF_SIZE.max(input.len() / 2);
    loop {
        let r = blocking(sp, || s.step(input, &mut out, room, flush));
        match r {
            z::Z_OK | z::Z_BUF_ERROR => {}
            z::Z_STREAM_END => return Ok(out),
            r => return Err(s.error(sp, r, what)),
        }
        if input.is_empty() && !s.full() {
            return Ok(out);
        }
        room = room.saturating_mul(2).min(1 << 28);
    }
}
