//! BytesIO.

use crate::files::writable_buffer;
use crate::util::{bind, has_index, or, size_arg};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WBytesIO {
    header: Header,
    st: *mut State,
}
/// The native part.
#[derive(Default)]
pub struct State {
    /// The contents.
    pub data: Vec<u8>,
    pos: usize,
    closed: bool,
    /// How many views of the memory exist; while there are any, it may not move.
    pub exports: usize,
}

typespec!(pub BYTESIO: WBytesIO, "_io.BytesIO", {
    doc: Str::new("A binary stream in memory."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(free),
    native_bytes: Some(native_bytes),
    slots: &Slots { new: Some(new), init: Some(init), iter: Some(iter), next: Some(next), ..Slots::EMPTY },
    methods: methods![
        readable, seekable, writable, flush, isatty, tell, write, writelines, read1, readinto, readline, readlines, read,
        getbuffer, getvalue, seek, truncate, close, __getstate__, __setstate__, __sizeof__
    ],
    getset: table![getset!("closed", closed)],
});

unsafe extern "C" fn free(obj: *mut u8) {
    let o = &mut *(obj as *mut WBytesIO);
    if !o.st.is_null() {
        drop(Box::from_raw(o.st));
        o.st = std::ptr::null_mut();
    }
}
unsafe extern "C" fn native_bytes(obj: *const u8) -> usize {
    let o = &*(obj as *const WBytesIO);
    if o.st.is_null() { 0 } else { (*o.st).data.capacity() }
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    state(w);
    Ok(w)
}
/// The state of a BytesIO, in whatever condition.
#[allow(clippy::mut_from_ref)]
pub fn state<'a>(w: W) -> &'a mut State {
    // SAFETY: the caller's gateway checked the class; the state lives as long as the object, and no reference is held over
    // calls that can reach the object.
    unsafe {
        let o = &mut *w.ptr::<WBytesIO>();
        if o.st.is_null() {
            o.st = Box::into_raw(Box::default());
        }
        &mut *o.st
    }
}
fn open<'a>(sp: Space, w: W) -> Res<&'a mut State> {
    let s = state(w);
    if s.closed { Err(sp.value_error("I/O operation on closed file.")) } else { Ok(s) }
}
fn unshared<'a>(sp: Space, w: W) -> Res<&'a mut State> {
    let s = open(sp, w)?;
    exports(sp, s)?;
    Ok(s)
}
fn exports(sp: Space, s: &State) -> Res<()> {
    if s.exports > 0 {
        return Err(raise!(sp, BUFFER_ERROR, "Existing exports of data: object cannot be re-sized"));
    }
    Ok(())
}

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_initial] = bind(sp, "BytesIO", args, ["initial_bytes"], 0)?;
    let s = state(w_self);
    exports(sp, s)?;
    *s = State::default();
    let w = or(w_initial, W::NONE);
    if !w.is_none() {
        s.data = Buffer::get(sp, w)?.to_vec();
    }
    Ok(())
}

impl State {
    fn rest(&self) -> &[u8] {
        self.data.get(self.pos..).unwrap_or(&[])
    }
    fn take(&mut self, sp: Space, size: i64) -> Res<W> {
        let rest = self.rest();
        let n = if size < 0 { rest.len() } else { rest.len().min(size as usize) };
        let w = sp.newbytes(&rest[..n])?;
        self.pos += n;
        Ok(w)
    }
    /// The length of the next line, at most `limit`.
    fn line(&self, limit: i64) -> usize {
        let rest = self.rest();
        let n = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        if limit < 0 { n } else { n.min(limit as usize) }
    }
}
/// Writes; the length of what was given.
fn put(sp: Space, w_self: W, w_b: W) -> Res<i64> {
    open(sp, w_self)?;
    exports(sp, state(w_self))?;
    let buf = Buffer::get(sp, w_b)?;
    // Asking for the buffer can have run anything.
    let s = unshared(sp, w_self)?;
    let n = buf.len();
    if n == 0 {
        return Ok(0);
    }
    let Some(end) = s.pos.checked_add(n).filter(|e| *e <= isize::MAX as usize) else {
        return Err(sp.overflow_error("new buffer size too large"));
    };
    if end > s.data.len() {
        if s.data.try_reserve(end - s.data.len()).is_err() {
            return Err(sp.raise(known::MEMORY_ERROR, ""));
        }
        if s.pos == s.data.len() {
            s.data.extend_from_slice(&buf);
            s.pos = end;
            return Ok(n as i64);
        }
        s.data.resize(end, 0);
    }
    s.data[s.pos..end].copy_from_slice(&buf);
    s.pos = end;
    Ok(n as i64)
}

macro_rules! always_true {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(self, /)", method)]
        fn $name(sp: Space, w_self: W) -> Res<bool> {
            open(sp, w_self)?;
            Ok(true)
        }
    )* };
}
always_true! {
    /// Can it be read? Yes.
    readable;
    /// Can the position be changed? Yes.
    seekable;
    /// Can it be written? Yes.
    writable;
}
/// Does nothing.
#[interp_fn(sig = "(self, /)", method)]
fn flush(sp: Space, w_self: W) -> Res<()> {
    open(sp, w_self).map(|_| ())
}
/// Is it a terminal? No.
#[interp_fn(sig = "(self, /)", method)]
fn isatty(sp: Space, w_self: W) -> Res<bool> {
    open(sp, w_self)?;
    Ok(false)
}
/// The position.
#[interp_fn(sig = "(self, /)", method)]
fn tell(sp: Space, w_self: W) -> Res<usize> {
    Ok(open(sp, w_self)?.pos)
}
/// Writes a buffer; answers its length.
#[interp_fn(sig = "(self, b, /)", method)]
fn write(sp: Space, w_self: W, w_b: W) -> Res<i64> {
    put(sp, w_self, w_b)
}
/// Writes each buffer.
#[interp_fn(sig = "(self, lines, /)", method)]
fn writelines(sp: Space, w_self: W, w_lines: W) -> Res<()> {
    open(sp, w_self)?;
    sp.for_each(w_lines, |w| put(sp, w_self, w).map(|_| true))
}
/// Reads up to `size` bytes.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    open(sp, w_self)?.take(sp, n)
}
/// The same as read.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read1(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    open(sp, w_self)?.take(sp, n)
}
/// Fills a buffer.
#[interp_fn(sig = "(self, buffer, /)", method)]
fn readinto(sp: Space, w_self: W, w_buffer: W) -> Res<i64> {
    let mut buf = writable_buffer(sp, w_buffer, "readinto")?;
    let s = open(sp, w_self)?;
    let n = s.rest().len().min(buf.len());
    let rest = s.rest()[..n].to_vec();
    buf.bytes_mut()[..n].copy_from_slice(&rest);
    s.pos += n;
    Ok(n as i64)
}
/// One line, up to `size` bytes.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn readline(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let limit = size_arg(sp, w_size)?;
    let s = open(sp, w_self)?;
    let n = s.line(limit);
    s.take(sp, n as i64)
}
/// The lines as a list; stops after about `size` bytes.
#[interp_fn(sig = "(self, size=None, /)", method)]
fn readlines(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let most = if w_size.is_none() {
        0
    } else if has_index(sp, w_size)? {
        sp.int_w(w_size)?
    } else {
        return Err(raise!(sp, TYPE_ERROR, "integer argument expected, got '{}'", sp.type_name(w_size)));
    };
    let s = open(sp, w_self)?;
    let w_list = sp.newlist(&[])?;
    let mut total = 0;
    loop {
        let n = s.line(-1);
        if n == 0 {
            break;
        }
        sp.list_append(w_list, s.take(sp, n as i64)?)?;
        total += n as i64;
        if most > 0 && total >= most {
            break;
        }
    }
    Ok(w_list)
}
/// A view of the contents; while it exists, the size cannot change.
#[interp_fn(sig = "(self, /)", method)]
fn getbuffer(sp: Space, w_self: W) -> Res<W> {
    open(sp, w_self)?;
    let w = super::view::make(sp, w_self)?;
    sp.call(sp.known(known::MEMORYVIEW), &[w])
}
/// The contents.
#[interp_fn(sig = "(self, /)", method)]
fn getvalue(sp: Space, w_self: W) -> Res<W> {
    sp.newbytes(&open(sp, w_self)?.data)
}
/// Changes the position.
#[interp_fn(sig = "(self, pos, whence=0, /)", method)]
fn seek(sp: Space, w_self: W, pos: i64, whence: i32) -> Res<i64> {
    let s = open(sp, w_self)?;
    if pos < 0 && whence == 0 {
        return Err(raise!(sp, VALUE_ERROR, "negative seek value {pos}"));
    }
    let base = match whence {
        0 => 0,
        1 => s.pos as i64,
        2 => s.data.len() as i64,
        n => return Err(raise!(sp, VALUE_ERROR, "invalid whence ({n}, should be 0, 1 or 2)")),
    };
    let at = base.checked_add(pos).ok_or_else(|| sp.overflow_error("new position too large"))?.max(0);
    s.pos = at as usize;
    Ok(at)
}
/// Shortens the contents.
#[interp_fn(sig = "(self, size=None, /)", method)]
fn truncate(sp: Space, w_self: W, w_size: W) -> Res<i64> {
    let s = unshared(sp, w_self)?;
    let size = if w_size.is_none() { s.pos as i64 } else { size_arg(sp, w_size)? };
    if size < 0 {
        return Err(raise!(sp, VALUE_ERROR, "negative size value {size}"));
    }
    let s = unshared(sp, w_self)?;
    s.data.truncate(size as usize);
    Ok(size)
}
/// Frees the contents.
#[interp_fn(sig = "(self, /)", method)]
fn close(sp: Space, w_self: W) -> Res<()> {
    let s = state(w_self);
    exports(sp, s)?;
    s.data = Vec::new();
    s.closed = true;
    Ok(())
}
#[interp_fn(sig = "(self, /)", method)]
fn __getstate__(sp: Space, w_self: W) -> Res<W> {
    let s = open(sp, w_self)?;
    let (w_data, pos) = (sp.newbytes(&s.data)?, s.pos);
    let w_dict = instance_dict(sp, w_self)?;
    sp.newtuple(&[w_data, sp.newint(pos as i64), w_dict])
}
/// A copy of the instance's dict, or None.
pub fn instance_dict(sp: Space, w_self: W) -> Res<W> {
    match sp.getattr_opt(w_self, name!(sp, "__dict__"))? {
        Some(w) if sp.dict_len(w)? > 0 => sp.dict_copy(w),
        _ => Ok(W::NONE),
    }
}
/// Puts the items of a pickled dict into the instance.
pub fn restore_dict(sp: Space, w_self: W, w_dict: W, at: &str) -> Res<()> {
    if w_dict.is_none() {
        return Ok(());
    }
    if !sp.isinstance(w_dict, sp.known(known::DICT))? {
        let t = sp.type_name(w_dict);
        return Err(raise!(sp, TYPE_ERROR, "{at} item of state should be a dict, got a {t}"));
    }
    let w_own = sp.getattr(w_self, name!(sp, "__dict__"))?;
    sp.dict_update(w_own, w_dict, 1)
}
#[interp_fn(sig = "(self, state, /)", method)]
fn __setstate__(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let Some(&[w_data, w_pos, w_dict]) = sp.tuple_opt(w_state).and_then(|t| t.get(..3)) else {
        let m =
            format!("{}.__setstate__ argument should be 3-tuple, got {}", sp.type_name(w_self), sp.type_name(w_state));
        return Err(sp.type_error(&m));
    };
    if state(w_self).closed {
        return Err(sp.value_error("I/O operation on closed file."));
    }
    exports(sp, state(w_self))?;
    *state(w_self) = State::default();
    put(sp, w_self, w_data)?;
    if !has_index(sp, w_pos)? {
        let t = sp.type_name(w_pos);
        return Err(raise!(sp, TYPE_ERROR, "second item of state must be an integer, got {t}"));
    }
    let pos = sp.int_w(w_pos)?;
    if pos < 0 {
        return Err(sp.value_error("position value cannot be negative"));
    }
    state(w_self).pos = pos as usize;
    restore_dict(sp, w_self, w_dict, "third")
}
#[interp_fn(sig = "(self, /)", method)]
fn __sizeof__(_sp: Space, w_self: W) -> Res<i64> {
    Ok((std::mem::size_of::<WBytesIO>() + std::mem::size_of::<State>() + state(w_self).data.len()) as i64)
}
#[slot]
fn iter(sp: Space, w_self: W) -> Res<W> {
    open(sp, w_self)?;
    Ok(w_self)
}
#[slot]
fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    let s = open(sp, w_self)?;
    let n = s.line(-1);
    if n == 0 { Ok(None) } else { s.take(sp, n as i64).map(Some) }
}
#[slot]
fn closed(_sp: Space, w_self: W) -> Res<W> {
    Ok(W::bool(state(w_self).closed))
}
