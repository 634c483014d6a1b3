//! Attributes and what is passed on to the buffer.

use super::{Stream, WText, decode};
use crate::files::types;
use taipan_plugin_api::prelude::*;

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(self, /)", method)]
        pub fn $name(sp: Space, this: This<WText>) -> Res<W> {
            sp.call_method(Stream::ready(sp, this.w)?.buffer(), name!(sp, stringify!($name)), &[])
        }
    )* };
}
delegate! {
    /// Can the position be changed?
    seekable;
    /// Can it be read?
    readable;
    /// Can it be written?
    writable;
    /// The file descriptor.
    fileno;
    /// Is it a terminal?
    isatty;
}
/// Changes the file's size.
#[interp_fn(sig = "(self, pos=None, /)", method)]
pub fn truncate(sp: Space, this: This<WText>, w_pos: W) -> Res<W> {
    let s = Stream::ready(sp, this.w)?;
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    sp.call_method(s.buffer(), name!(sp, "truncate"), &[w_pos])
}
#[interp_fn(sig = "(self, /)", method)]
pub fn __getstate__(sp: Space, this: This<WText>) -> Res<W> {
    Err(crate::files::cannot_pickle(sp, this.w))
}

fn or_none(w: W) -> W {
    crate::util::or(w, W::NONE)
}
macro_rules! getters {
    ($($name:ident: |$s:ident, $sp:ident| $value:expr;)*) => { $(
        #[allow(missing_docs)]
        #[slot]
        pub fn $name(sp: Space, w_self: W) -> Res<W> {
            let ($s, $sp) = (Stream::of(sp, w_self), sp);
            let _ = $sp;
            $value
        }
    )* };
}
getters! {
    encoding: |s, sp| { s.initialized()?; Ok(or_none(s.obj().w_encoding)) };
    errors: |s, sp| { s.initialized()?; Ok(or_none(s.obj().w_errors)) };
    buffer: |s, sp| { Stream::ready(sp, s.w)?; Ok(s.buffer()) };
    line_buffering: |s, sp| Ok(W::bool(s.line_buffering));
    write_through: |s, sp| Ok(W::bool(s.write_through));
    name: |s, sp| sp.getattr(Stream::ready(sp, s.w)?.buffer(), name!(sp, "name"));
    closed: |s, sp| sp.getattr(Stream::ready(sp, s.w)?.buffer(), name!(sp, "closed"));
    chunk_size: |s, sp| Ok(sp.newint(Stream::ready(sp, s.w)?.chunk_size as i64));
    finalizing: |s, sp| Ok(W::bool(s.finalizing));
}
#[allow(missing_docs)]
#[slot]
pub fn newlines(sp: Space, w_self: W) -> Res<W> {
    let s = Stream::ready(sp, w_self)?;
    if s.native.is_some() {
        return if s.readuniversal { decode::seen_object(sp, s.newline.seen) } else { Ok(W::NONE) };
    }
    let w_decoder = s.obj().w_decoder;
    if w_decoder.is_null() {
        return Ok(W::NONE);
    }
    Ok(sp.getattr_opt(w_decoder, name!(sp, "newlines"))?.unwrap_or(W::NONE))
}
#[allow(missing_docs)]
#[slot]
pub fn set_chunk_size(sp: Space, w_self: W, w_value: W) -> Res<()> {
    let mut s = Stream::ready(sp, w_self)?;
    if w_value.is_null() {
        return Err(sp.raise(
            known::ATTRIBUTE_ERROR,
            "attribute '_CHUNK_SIZE' of '_io.TextIOWrapper' objects cannot be deleted",
        ));
    }
    let n = match sp.int_w(w_value) {
        Err(Raised) if sp.catch(known::OVERFLOW_ERROR) => 0,
        answer => answer?,
    };
    if n <= 0 {
        return Err(sp.value_error("a strictly positive integer is required"));
    }
    s.chunk_size = n as usize;
    Ok(())
}
#[allow(missing_docs)]
#[slot]
pub fn set_finalizing(sp: Space, w_self: W, w_value: W) -> Res<()> {
    let b = !w_value.is_null() && sp.is_true(w_value)?;
    Stream::of(sp, w_self).finalizing = b;
    Ok(())
}
/// `<_io.TextIOWrapper name='x' mode='r' encoding='UTF-8'>`
#[slot]
pub fn repr(sp: Space, w_self: W) -> Res<W> {
    let s = Stream::of(sp, w_self);
    if !s.ok && !s.detached {
        return Err(sp.value_error("I/O operation on uninitialized object"));
    }
    let mut out = format!("<{}", crate::files::shown_class(sp, w_self, types::TEXT.get(), "_io.TextIOWrapper"));
    for (label, w_name) in [("name", name!(sp, "name")), ("mode", name!(sp, "mode"))] {
        match sp.getattr_opt(w_self, w_name) {
            Ok(Some(w)) => out.push_str(&format!(" {label}={}", sp.repr_string(w)?)),
            Err(Raised) if !sp.catch(known::VALUE_ERROR) => return Err(Raised),
            _ => {}
        }
    }
    out.push_str(&format!(" encoding={}>", sp.repr_string(or_none(s.obj().w_encoding))?));
    sp.newstr(&out)
}
