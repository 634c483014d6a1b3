//! What the buffered classes have in common: closing, positions, delegation to the raw stream.

use super::{Buf, WBuffered};
use crate::files::base::{check_able, unsupported};
use crate::files::{fileio, types};
use crate::util::{both, is_exact};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Separates the raw stream, which stays open.
#[interp_fn(sig = "(self, /)", method)]
pub fn detach(sp: Space, this: This<WBuffered>) -> Res<W> {
    Buf::ready(sp, this.w)?;
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    let mut b = Buf::ready(sp, this.w)?;
    let w_raw = b.raw();
    crate::setfield!(sp, this.w, WBuffered, w_raw, W::NULL);
    crate::files::set_owned(sp, w_raw, false);
    b.detached = true;
    b.ok = false;
    b.fast = false;
    Ok(w_raw)
}
/// Passed on to the raw stream.
#[interp_fn(name = "flush", sig = "(self, /)", method)]
pub fn simple_flush(sp: Space, this: This<WBuffered>) -> Res<W> {
    let b = Buf::ready(sp, this.w)?;
    if b.fast {
        return if b.is_closed()? { Err(sp.value_error("I/O operation on closed file.")) } else { Ok(W::NONE) };
    }
    sp.call_method(b.raw(), name!(sp, "flush"), &[])
}
/// Flushes and closes, the raw stream too.
#[interp_fn(sig = "(self, /)", method)]
pub fn close(sp: Space, this: This<WBuffered>) -> Res<()> {
    let b = Buf::ready(sp, this.w)?;
    // A close from inside a read or write of the same thread would wait for itself.
    drop(b.lock()?);
    if b.is_closed()? {
        return Ok(());
    }
    if b.finalizing && !b.raw().is_null() {
        warn_through(sp, b.raw(), this.w);
    }
    let flushed = sp.call_method(this.w, name!(sp, "flush"), &[]).map(|_| ());
    let closed = both(sp, flushed, || sp.call_method(b.raw(), name!(sp, "close"), &[]).map(|_| ()));
    let mut b = Buf::of(sp, this.w);
    if b.owner == 0 && (!b.ok || b.is_closed().unwrap_or(true)) {
        b.reset_read();
        b.rbuf = Vec::new();
        b.wbuf = Vec::new();
    }
    closed
}
/// `inner._dealloc_warn(source)`; errors are dropped, the pending exception stays.
pub fn warn_through(sp: Space, w_inner: W, w_source: W) {
    if is_exact(sp, w_inner, types::FILEIO.get()) {
        // SAFETY: the class was compared.
        return fileio::dealloc_warn(sp, unsafe { This::new(w_inner) }, w_source);
    }
    let w_pending = sp.take_exc();
    if let Ok(Some(w)) = sp.getattr_opt(w_inner, name!(sp, "_dealloc_warn")) {
        let _ = sp.call(w, &[w_source]);
    }
    sp.thread().exc = w_pending;
}
#[interp_fn(sig = "(self, source, /)", method)]
pub fn _dealloc_warn(sp: Space, this: This<WBuffered>, w_source: W) -> Res<()> {
    let b = Buf::of(sp, this.w);
    if b.ok && !b.raw().is_null() {
        warn_through(sp, b.raw(), w_source);
    }
    Ok(())
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(self, /)", method)]
        pub fn $name(sp: Space, this: This<WBuffered>) -> Res<W> {
            let b = Buf::ready(sp, this.w)?;
            sp.call_method(b.raw(), name!(sp, stringify!($name)), &[])
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

/// The position.
#[interp_fn(sig = "(self, /)", method)]
pub fn tell(sp: Space, this: This<WBuffered>) -> Res<i64> {
    let b = Buf::ready(sp, this.w)?;
    let at = b.raw_tell()?;
    Ok((at - b.unread() as i64 + b.wbuf.len() as i64).max(0))
}
/// Changes the position.
#[interp_fn(sig = "(self, target, whence=0, /)", method)]
pub fn seek(sp: Space, this: This<WBuffered>, w_target: W, whence: i32) -> Res<i64> {
    let mut b = Buf::ready(sp, this.w)?;
    if !(0..=2).contains(&whence) && whence != libc::SEEK_DATA && whence != libc::SEEK_HOLE {
        return Err(raise!(sp, VALUE_ERROR, "whence value {whence} unsupported"));
    }
    if b.is_closed()? {
        return Err(sp.value_error("seek of closed file"));
    }
    check_able(sp, b.raw(), name!(sp, "seekable"), "File or stream is not seekable.")?;
    let mut target = crate::files::offset_arg(sp, w_target)?;
    let _lock = b.lock()?;
    if b.writable {
        b.flush_writes()?;
    }
    if b.readable && whence <= 1 && b.rend > 0 {
        let here = b.raw_tell()?;
        let logical = here - b.unread() as i64;
        let offset = if whence == 0 { target - logical } else { target };
        if offset >= -(b.rpos as i64) && offset <= b.unread() as i64 {
            b.rpos = (b.rpos as i64 + offset) as usize;
            return Ok((logical + offset).max(0));
        }
    }
    if whence == 1 {
        target -= b.unread() as i64;
    }
    let at = b.raw_seek(target, whence)?;
    b.reset_read();
    Ok(at)
}
/// Changes the file's size.
#[interp_fn(sig = "(self, pos=None, /)", method)]
pub fn truncate(sp: Space, this: This<WBuffered>, w_pos: W) -> Res<W> {
    let mut b = Buf::ready(sp, this.w)?;
    if b.is_closed()? {
        return Err(sp.value_error("truncate of closed file"));
    }
    if !b.writable {
        return Err(unsupported(sp, "truncate"));
    }
    let _lock = b.lock()?;
    b.settle()?;
    sp.call_method(b.raw(), name!(sp, "truncate"), &[w_pos])
}
#[interp_fn(sig = "(self, /)", method)]
pub fn __getstate__(sp: Space, this: This<WBuffered>) -> Res<W> {
    Err(crate::files::cannot_pickle(sp, this.w))
}
#[interp_fn(sig = "(self, /)", method)]
pub fn __sizeof__(sp: Space, this: This<WBuffered>) -> Res<i64> {
    let b = Buf::of(sp, this.w);
    Ok((std::mem::size_of::<WBuffered>() + std::mem::size_of::<super::State>() + b.size) as i64)
}

/// raw
#[slot]
pub fn raw(sp: Space, w_self: W) -> Res<W> {
    let w = Buf::of(sp, w_self).raw();
    Ok(if w.is_null() { W::NONE } else { w })
}
/// closed
#[slot]
pub fn closed(sp: Space, w_self: W) -> Res<W> {
    let b = Buf::ready(sp, w_self)?;
    if b.fast { Ok(W::bool(b.is_closed()?)) } else { sp.getattr(b.raw(), name!(sp, "closed")) }
}
/// name
#[slot]
pub fn name(sp: Space, w_self: W) -> Res<W> {
    sp.getattr(Buf::ready(sp, w_self)?.raw(), name!(sp, "name"))
}
/// mode
#[slot]
pub fn mode(sp: Space, w_self: W) -> Res<W> {
    sp.getattr(Buf::ready(sp, w_self)?.raw(), name!(sp, "mode"))
}
/// _finalizing
#[slot]
pub fn finalizing(sp: Space, w_self: W) -> Res<W> {
    Ok(W::bool(Buf::of(sp, w_self).finalizing))
}
#[allow(missing_docs)]
#[slot]
pub fn set_finalizing(sp: Space, w_self: W, w_value: W) -> Res<()> {
    let b = !w_value.is_null() && sp.is_true(w_value)?;
    Buf::of(sp, w_self).finalizing = b;
    Ok(())
}
/// `<_io.BufferedReader name='x'>`
#[slot]
pub fn repr(sp: Space, w_self: W) -> Res<W> {
    let class = match types::ALL.iter().find(|(_, g)| is_exact(sp, w_self, g.get())) {
        Some((n, _)) => format!("_io.{n}"),
        None => sp.type_name(w_self),
    };
    match sp.getattr_opt(w_self, name!(sp, "name")) {
        Ok(Some(w)) => sp.newstr(&format!("<{class} name={}>", sp.repr_string(w)?)),
        Err(Raised) if !sp.catch(known::VALUE_ERROR) => Err(Raised),
        _ => sp.newstr(&format!("<{class}>")),
    }
}
