//! `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`: the abstract layers.

use super::base::{WIOBase, new, unsupported};
use crate::util::size_arg;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

typespec!(pub RAWIOBASE: WIOBase, "_io._RawIOBase", {
    doc: Str::new("Base of unbuffered binary streams."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(new), ..Slots::EMPTY },
    methods: methods![raw_read, readall, raw_readinto, raw_write],
});
typespec!(pub BUFFEREDIOBASE: WIOBase, "_io._BufferedIOBase", {
    doc: Str::new("Base of buffered binary streams."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(new), ..Slots::EMPTY },
    methods: methods![detach, read, read1, readinto, readinto1, write],
});
typespec!(pub TEXTIOBASE: WIOBase, "_io._TextIOBase", {
    doc: Str::new("Base of text streams."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(new), ..Slots::EMPTY },
    methods: methods![text_detach, text_read, text_readline, text_write],
    getset: table![getset!("encoding", none), getset!("newlines", none), getset!("errors", none)],
});

/// Reads up to `size` bytes by one `readinto`.
#[interp_fn(name = "read", sig = "(self, size=-1, /)", method)]
fn raw_read(sp: Space, w_self: W, size: i64) -> Res<W> {
    if size < 0 {
        return sp.call_method(w_self, name!(sp, "readall"), &[]);
    }
    let w_array = sp.call(sp.known(known::BYTEARRAY), &[sp.newint(size)])?;
    let w_n = sp.call_method(w_self, name!(sp, "readinto"), &[w_array])?;
    if w_n.is_none() {
        return Ok(w_n);
    }
    let n = sp.int_w(w_n)?;
    let buf = Buffer::get(sp, w_array)?;
    if n < 0 || n as usize > buf.len() {
        return Err(raise!(sp, VALUE_ERROR, "readinto returned {n} outside buffer size {}", buf.len()));
    }
    sp.newbytes(&buf[..n as usize])
}
/// Reads until the end.
#[interp_fn(sig = "(self, /)", method)]
fn readall(sp: Space, w_self: W) -> Res<W> {
    let mut all = Vec::new();
    let mut any = false;
    loop {
        let w_chunk = sp.call_method(w_self, name!(sp, "read"), &[W::int(super::DEFAULT_BUFFER_SIZE as i64)])?;
        if w_chunk.is_none() {
            if !any {
                return Ok(w_chunk);
            }
            break;
        }
        let Some(b) = sp.bytes_opt(w_chunk) else { return Err(sp.type_error("read() should return bytes")) };
        if b.is_empty() {
            break;
        }
        any = true;
        all.extend_from_slice(b);
    }
    sp.newbytes(&all)
}
/// Fills a buffer.
#[interp_fn(name = "readinto", sig = "(self, buffer, /)", method)]
fn raw_readinto(sp: Space, _w_self: W, _w_buffer: W) -> Res<W> {
    Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, ""))
}
/// Writes a buffer.
#[interp_fn(name = "write", sig = "(self, b, /)", method)]
fn raw_write(sp: Space, _w_self: W, _w_b: W) -> Res<W> {
    Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, ""))
}

/// Separates the underlying raw stream.
#[interp_fn(sig = "(self, /)", method)]
fn detach(sp: Space, _w_self: W) -> Res<W> {
    Err(unsupported(sp, "detach"))
}
/// Reads up to `size` bytes.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read(sp: Space, _w_self: W, _w_size: W) -> Res<W> {
    Err(unsupported(sp, "read"))
}
/// Reads with at most one call of the raw stream.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read1(sp: Space, _w_self: W, _w_size: W) -> Res<W> {
    Err(unsupported(sp, "read1"))
}
/// Writes a buffer.
#[interp_fn(sig = "(self, b, /)", method)]
fn write(sp: Space, _w_self: W, _w_b: W) -> Res<W> {
    Err(unsupported(sp, "write"))
}
/// Fills a buffer.
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto(sp: Space, w_self: W, w_buffer: W) -> Res<W> {
    into_by(sp, w_self, w_buffer, name!(sp, "read"))
}
/// Fills a buffer with at most one call of the raw stream.
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto1(sp: Space, w_self: W, w_buffer: W) -> Res<W> {
    into_by(sp, w_self, w_buffer, name!(sp, "read1"))
}
fn into_by(sp: Space, w_self: W, w_buffer: W, w_method: W) -> Res<W> {
    let mut buf =
        super::writable_buffer(sp, w_buffer, if w_method == name!(sp, "read") { "readinto" } else { "readinto1" })?;
    let w_data = sp.call_method(w_self, w_method, &[sp.newint(buf.len() as i64)])?;
    let Some(data) = sp.bytes_opt(w_data) else { return Err(sp.type_error("read() should return bytes")) };
    if data.len() > buf.len() {
        let (got, want) = (data.len(), buf.len());
        return Err(raise!(sp, VALUE_ERROR, "read() returned too much data: {want} bytes requested, {got} returned"));
    }
    buf.bytes_mut()[..data.len()].copy_from_slice(data);
    Ok(sp.newint(data.len() as i64))
}

/// Separates the underlying buffer.
#[interp_fn(name = "detach", sig = "(self, /)", method)]
fn text_detach(sp: Space, _w_self: W) -> Res<W> {
    Err(unsupported(sp, "detach"))
}
/// Reads up to `size` characters.
#[interp_fn(name = "read", sig = "(self, size=-1, /)", method)]
fn text_read(sp: Space, _w_self: W, _w_size: W) -> Res<W> {
    Err(unsupported(sp, "read"))
}
/// Reads a line.
#[interp_fn(name = "readline", sig = "(self, size=-1, /)", method)]
fn text_readline(sp: Space, _w_self: W, w_size: W) -> Res<W> {
    size_arg(sp, w_size)?;
    Err(unsupported(sp, "readline"))
}
/// Writes a str.
#[interp_fn(name = "write", sig = "(self, s, /)", method)]
fn text_write(sp: Space, _w_self: W, _w_s: W) -> Res<W> {
    Err(unsupported(sp, "write"))
}
#[slot]
fn none(_sp: Space, _w_self: W) -> Res<W> {
    Ok(W::NONE)
}
