//! Module `_io`: base classes, files, and what the stream classes share.

pub mod base;
pub mod descriptor;
pub mod fileio;
pub mod open;
pub mod raw;
pub mod types;
pub mod writers;

use crate::buffered::WBuffered;
use fileio::WFileIO;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// How much is read or written at once.
pub const DEFAULT_BUFFER_SIZE: usize = 131072;

/// A writable buffer argument; the TypeError names the method.
pub fn writable_buffer(sp: Space, w: W, method: &str) -> Res<Buffer> {
    match Buffer::writable(sp, w) {
        Ok(b) if b.view().readonly == 0 => Ok(b),
        r => {
            drop(r);
            sp.take_exc();
            let t = sp.type_name(w);
            Err(raise!(sp, TYPE_ERROR, "{method}() argument must be read-write bytes-like object, not {t}"))
        }
    }
}

/// A position or offset argument.
pub fn offset_arg(sp: Space, w: W) -> Res<i64> {
    if !crate::util::has_index(sp, w)? {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object cannot be interpreted as an integer", sp.type_name(w)));
    }
    match sp.int_w(w) {
        Err(Raised) if sp.catch(known::OVERFLOW_ERROR) => {
            Err(raise!(sp, OVERFLOW_ERROR, "cannot fit '{}' into an offset-sized integer", sp.type_name(w)))
        }
        r => r,
    }
}

/// The class as repr and messages show it: with its module if it is exactly ours.
pub fn shown_class(sp: Space, w: W, w_ours: W, full: &str) -> String {
    if crate::util::is_exact(sp, w, w_ours) { full.to_string() } else { sp.type_name(w) }
}

/// The TypeError of pickling a stream.
#[cold]
pub fn cannot_pickle(sp: Space, w: W) -> Raised {
    let mut name = sp.type_name(w);
    if types::ALL.iter().any(|(_, g)| crate::util::is_exact(sp, w, g.get())) {
        name = format!("_io.{name}");
    }
    raise!(sp, TYPE_ERROR, "cannot pickle '{name}' instances")
}

/// Will another stream close this one? The order of finalizers is not defined: an outer stream that still holds data must be
/// the one that flushes and closes the whole chain, so an inner one leaves its own finalization to it.
pub fn owned_elsewhere(sp: Space, w: W) -> bool {
    // SAFETY: the class is compared first.
    unsafe {
        if crate::util::is_exact(sp, w, types::FILEIO.get()) {
            return (*w.ptr::<WFileIO>()).owned;
        }
        types::is_buffered(sp, w) && (*w.ptr::<WBuffered>()).owned
    }
}
/// Notes or forgets that another stream closes this one.
pub fn set_owned(sp: Space, w: W, owned: bool) {
    // SAFETY: as above.
    unsafe {
        if crate::util::is_exact(sp, w, types::FILEIO.get()) {
            (*w.ptr::<WFileIO>()).owned = owned;
        } else if types::is_buffered(sp, w) {
            (*w.ptr::<WBuffered>()).owned = owned;
        }
    }
}

/// BlockingIOError(errno, text, characters written).
pub fn would_block(sp: Space, text: &str, written: usize) -> Raised {
    let args = match sp.newstr(text) {
        Ok(w) => [W::int(libc::EAGAIN as i64), w, W::int(written as i64)],
        Err(r) => return r,
    };
    match sp.call(sp.known(known::BLOCKING_IO_ERROR), &args) {
        Ok(w) => sp.raise_object(w, W::NULL),
        Err(r) => r,
    }
}
