//! `_IOBase`: what all streams share. Nothing here touches a concrete stream except through its methods.

use super::types;
use crate::util::size_arg;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Instances have only a header (and a `__dict__`).
#[repr(C)]
#[derive(GcObject)]
pub struct WIOBase {
    header: Header,
}

typespec!(pub IOBASE: WIOBase, "_io._IOBase", {
    doc: Str::new("The abstract base of all stream classes."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(new), iter: Some(iter), next: Some(next), del: Some(del), ..Slots::EMPTY },
    methods: methods![
        seek, tell, truncate, flush, close, seekable, readable, writable, _check_closed, _check_seekable, _check_readable,
        _check_writable, fileno, isatty, readline, readlines, writelines, __enter__, __exit__
    ],
    getset: table![getset!("closed", closed)],
});

/// Any stream class without state of its own: a zeroed instance.
#[slot]
pub fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}

/// UnsupportedOperation.
#[cold]
pub fn unsupported(sp: Space, message: &str) -> Raised {
    match sp.newstr(message) {
        Ok(w) => sp.raise_object(types::UNSUPPORTED.get(), w),
        Err(r) => r,
    }
}

/// stream.closed as a truth value.
pub fn is_closed(sp: Space, w_self: W) -> Res<bool> {
    sp.is_true(sp.getattr(w_self, name!(sp, "closed"))?)
}
/// ValueError for a closed stream.
pub fn check_closed(sp: Space, w_self: W) -> Res<()> {
    if is_closed(sp, w_self)? { Err(sp.value_error("I/O operation on closed file.")) } else { Ok(()) }
}
/// Calls `method` and answers None, or raises `UnsupportedOperation(message)` if it is not True.
pub fn check_able(sp: Space, w_self: W, w_method: W, message: &str) -> Res<W> {
    let w = sp.call_method(w_self, w_method, &[])?;
    if w != W::TRUE { Err(unsupported(sp, message)) } else { Ok(w) }
}

/// Changes the position.
#[interp_fn(sig = "(self, offset, whence=0, /)", method)]
fn seek(sp: Space, _w_self: W, _w_offset: W, _w_whence: W) -> Res<W> {
    Err(unsupported(sp, "seek"))
}
/// The position.
#[interp_fn(sig = "(self, /)", method)]
fn tell(sp: Space, w_self: W) -> Res<W> {
    sp.call_method(w_self, name!(sp, "seek"), &[W::int(0), W::int(1)])
}
/// Changes the file's size.
#[interp_fn(sig = "(self, size=None, /)", method)]
fn truncate(sp: Space, _w_self: W, _w_size: W) -> Res<W> {
    Err(unsupported(sp, "truncate"))
}
/// Writes out what is buffered.
#[interp_fn(sig = "(self, /)", method)]
fn flush(sp: Space, w_self: W) -> Res<()> {
    if closed_flag(sp, w_self)? {
        return Err(sp.value_error("I/O operation on closed file."));
    }
    Ok(())
}
/// Flushes and closes.
#[interp_fn(sig = "(self, /)", method)]
fn close(sp: Space, w_self: W) -> Res<()> {
    base_close(sp, w_self)
}
/// `_IOBase.close`.
pub fn base_close(sp: Space, w_self: W) -> Res<()> {
    if closed_flag(sp, w_self)? {
        return Ok(());
    }
    let flushed = sp.call_method(w_self, name!(sp, "flush"), &[]).map(|_| ());
    crate::util::both(sp, flushed, || sp.setattr(w_self, name!(sp, "__IOBase_closed"), W::TRUE))
}
fn closed_flag(sp: Space, w_self: W) -> Res<bool> {
    Ok(sp.getattr_opt(w_self, name!(sp, "__IOBase_closed"))?.is_some())
}
#[slot]
fn closed(sp: Space, w_self: W) -> Res<W> {
    Ok(W::bool(closed_flag(sp, w_self)?))
}
/// Can the position be changed?
#[interp_fn(sig = "(self, /)", method)]
fn seekable(_sp: Space, _w_self: W) -> Res<bool> {
    Ok(false)
}
/// Can it be read?
#[interp_fn(sig = "(self, /)", method)]
fn readable(_sp: Space, _w_self: W) -> Res<bool> {
    Ok(false)
}
/// Can it be written?
#[interp_fn(sig = "(self, /)", method)]
fn writable(_sp: Space, _w_self: W) -> Res<bool> {
    Ok(false)
}
#[interp_fn(name = "_checkClosed", sig = "(self, /)", method)]
fn _check_closed(sp: Space, w_self: W) -> Res<()> {
    check_closed(sp, w_self)
}
#[interp_fn(name = "_checkSeekable", sig = "(self, /)", method)]
fn _check_seekable(sp: Space, w_self: W) -> Res<W> {
    check_able(sp, w_self, name!(sp, "seekable"), "File or stream is not seekable.")
}
#[interp_fn(name = "_checkReadable", sig = "(self, /)", method)]
fn _check_readable(sp: Space, w_self: W) -> Res<W> {
    check_able(sp, w_self, name!(sp, "readable"), "File or stream is not readable.")
}
#[interp_fn(name = "_checkWritable", sig = "(self, /)", method)]
fn _check_writable(sp: Space, w_self: W) -> Res<W> {
    check_able(sp, w_self, name!(sp, "writable"), "File or stream is not writable.")
}
/// The file descriptor.
#[interp_fn(sig = "(self, /)", method)]
fn fileno(sp: Space, _w_self: W) -> Res<W> {
    Err(unsupported(sp, "fileno"))
}
/// Is it a terminal?
#[interp_fn(sig = "(self, /)", method)]
fn isatty(sp: Space, w_self: W) -> Res<bool> {
    check_closed(sp, w_self)?;
    Ok(false)
}
#[interp_fn(sig = "(self, /)", method)]
fn __enter__(sp: Space, w_self: W) -> Res<W> {
    check_closed(sp, w_self)?;
    Ok(w_self)
}
#[interp_fn(sig = "(self, /, *args)", method)]
fn __exit__(sp: Space, w_self: W, _w_args: W) -> Res<W> {
    sp.call_method(w_self, name!(sp, "close"), &[])
}

/// One line, up to `size` bytes.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn readline(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let limit = size_arg(sp, w_size)?;
    let w_peek = sp.getattr_opt(w_self, name!(sp, "peek"))?;
    let mut line: Vec<u8> = Vec::new();
    while limit < 0 || (line.len() as i64) < limit {
        let mut want = 1;
        if let Some(w_peek) = w_peek {
            let w_ahead = sp.call(w_peek, &[W::int(1)])?;
            let Some(ahead) = sp.bytes_opt(w_ahead) else {
                let t = sp.type_name(w_ahead);
                return Err(raise!(sp, OS_ERROR, "peek() should have returned a bytes object, not '{t}'"));
            };
            let most = if limit < 0 { ahead.len() } else { ahead.len().min((limit - line.len() as i64) as usize) };
            if !ahead.is_empty() {
                want = memchr::memchr(b'\n', &ahead[..most]).map_or(most, |i| i + 1);
            }
        }
        let w_chunk = sp.call_method(w_self, name!(sp, "read"), &[W::int(want as i64)])?;
        let Some(chunk) = sp.bytes_opt(w_chunk) else {
            let t = sp.type_name(w_chunk);
            return Err(raise!(sp, OS_ERROR, "read() should have returned a bytes object, not '{t}'"));
        };
        if chunk.is_empty() {
            break;
        }
        line.extend_from_slice(chunk);
        if line.last() == Some(&b'\n') {
            break;
        }
    }
    sp.newbytes(&line)
}
#[slot]
fn iter(sp: Space, w_self: W) -> Res<W> {
    check_closed(sp, w_self)?;
    Ok(w_self)
}
#[slot]
fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    let w_line = sp.call_method(w_self, name!(sp, "readline"), &[])?;
    Ok(if sp.len(w_line)? == 0 { None } else { Some(w_line) })
}
/// The lines as a list; stops after about `hint` bytes.
#[interp_fn(sig = "(self, hint=-1, /)", method)]
fn readlines(sp: Space, w_self: W, w_hint: W) -> Res<W> {
    lines(sp, w_self, size_arg(sp, w_hint)?)
}
/// The list of lines by iteration.
pub fn lines(sp: Space, w_self: W, hint: i64) -> Res<W> {
    let w_list = sp.newlist(&[])?;
    let mut total = 0;
    sp.for_each(w_self, |w_line| {
        sp.list_append(w_list, w_line)?;
        if hint > 0 {
            total += sp.len(w_line)?;
        }
        Ok(hint <= 0 || total <= hint)
    })?;
    Ok(w_list)
}
/// Writes each line; no line ends are added.
#[interp_fn(sig = "(self, lines, /)", method)]
fn writelines(sp: Space, w_self: W, w_lines: W) -> Res<()> {
    check_closed(sp, w_self)?;
    sp.for_each(w_lines, |w_line| {
        sp.call_method(w_self, name!(sp, "write"), &[w_line])?;
        Ok(true)
    })
}

/// The finalizer: closes what is still open. An error is reported, not raised, except that a stream whose `closed` cannot be asked
/// is left alone. The exception that was pending stays pending.
unsafe extern "C-unwind" fn del(th: *mut Thread, w_self: W) {
    taipan_plugin_api::gate::guarded(th, |sp| {
        let w_pending = sp.take_exc();
        finalize(sp, w_self);
        sp.thread().exc = w_pending;
        Ok(())
    });
}
fn finalize(sp: Space, w_self: W) {
    match is_closed(sp, w_self) {
        Ok(true) => return,
        Ok(false) => {}
        Err(Raised) => {
            // Detached, or not initialized.
            sp.take_exc();
            return;
        }
    }
    if super::owned_elsewhere(sp, w_self) {
        return;
    }
    if sp.setattr(w_self, name!(sp, "_finalizing"), W::TRUE).is_err() {
        sp.take_exc();
    }
    if sp.call_method(w_self, name!(sp, "close"), &[]).is_err() && sp.pending() {
        // A view of a BytesIO that dies together with it may still count as held: nothing is lost by not closing.
        if sp.catch(known::BUFFER_ERROR) {
            return;
        }
        let _ = sp.write_unraisable(w_self);
        sp.take_exc();
    }
}
