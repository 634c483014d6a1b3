//! StringIO.

use super::bytesio::{instance_dict, restore_dict};
use crate::codec_module::handlers::{chars_of, out_text};
use crate::codecs::{Chars, Out};
use crate::files::types;
use crate::text::decode::{NewlineState, newlines, seen_object};
use crate::text::read::line_end;
use crate::util::{bind, has_index, is_exact, or, size_arg};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WStringIO {
    header: Header,
    st: *mut State,
}
/// The native part.
#[derive(Default)]
struct State {
    ok: bool,
    closed: bool,
    text: Out,
    pos: usize,
    /// The `newline` argument.
    newline: Option<String>,
    universal: bool,
    translate: bool,
    readnl: &'static str,
    writenl: &'static str,
    ends: NewlineState,
}

typespec!(pub STRINGIO: WStringIO, "_io.StringIO", {
    doc: Str::new("A text stream in memory."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(new), init: Some(init), next: Some(next), ..Slots::EMPTY },
    methods: methods![
        close, getvalue, read, readline, tell, truncate, seek, write, seekable, readable, writable, __getstate__, __setstate__
    ],
    getset: table![getset!("closed", closed), getset!("newlines", get_newlines), getset!("line_buffering", line_buffering)],
});

unsafe extern "C" fn free(obj: *mut u8) {
    let o = &mut *(obj as *mut WStringIO);
    if !o.st.is_null() {
        drop(Box::from_raw(o.st));
        o.st = std::ptr::null_mut();
    }
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    state(w);
    Ok(w)
}
fn state<'a>(w: W) -> &'a mut State {
    // SAFETY: the caller's gateway checked the class; the state lives as long as the object, and no reference is held over
    // calls that can reach the object.
    unsafe {
        let o = &mut *w.ptr::<WStringIO>();
        if o.st.is_null() {
            o.st = Box::into_raw(Box::default());
        }
        &mut *o.st
    }
}
fn open<'a>(sp: Space, w: W) -> Res<&'a mut State> {
    let s = state(w);
    if !s.ok {
        return Err(sp.value_error("I/O operation on uninitialized object"));
    }
    if s.closed { Err(sp.value_error("I/O operation on closed file")) } else { Ok(s) }
}

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let [w_value, w_newline] = bind(sp, "StringIO", args, ["initial_value", "newline"], 0)?;
    let w_newline = or(w_newline, name!(sp, "\n"));
    setup(sp, w_self, w_newline)?;
    let w_value = or(w_value, W::NONE);
    if w_value.is_none() {
        return Ok(());
    }
    let Some(t) = sp.text_opt(w_value) else {
        let name = sp.type_name(w_value);
        return Err(raise!(sp, TYPE_ERROR, "initial_value must be str or None, not {name}"));
    };
    put(sp, w_self, &t)?;
    state(w_self).pos = 0;
    Ok(())
}
fn setup(sp: Space, w_self: W, w_newline: W) -> Res<()> {
    state(w_self).ok = false;
    let newline = if w_newline.is_none() {
        None
    } else {
        match sp.text_opt(w_newline) {
            Some(t) => Some(t),
            None => {
                let t = sp.type_name(w_newline);
                return Err(raise!(sp, TYPE_ERROR, "newline must be str or None, not {t}"));
            }
        }
    };
    let (universal, translate, readnl, writenl) = match &newline {
        None => (true, true, "\n", ""),
        Some(t) if t.is_empty() => (true, false, "", ""),
        Some(t) if t.eq_str("\n") => (false, false, "\n", ""),
        Some(t) if t.eq_str("\r") => (false, false, "\r", "\r"),
        Some(t) if t.eq_str("\r\n") => (false, false, "\r\n", "\r\n"),
        Some(t) => return Err(raise!(sp, VALUE_ERROR, "illegal newline value: {}", sp.repr_string(t.w)?)),
    };
    let newline = newline.map(|t| t.to_str().into_owned());
    *state(w_self) = State { ok: true, newline, universal, translate, readnl, writenl, ..State::default() };
    Ok(())
}

/// Writes text at the position, after its line ends were converted.
fn put(sp: Space, w_self: W, t: &Text) -> Res<()> {
    let s = open(sp, w_self)?;
    let mut new = Out::with_capacity(t.len());
    new.extend_chars(&chars_of(t));
    if s.universal {
        // As one complete text: a \r at the end is a line end.
        new = newlines(new, true, s.translate, &mut s.ends);
    }
    if !s.writenl.is_empty() {
        let mut with = Out::with_capacity(new.len());
        for c in new.to_vec() {
            if c == 10 { with.extend_str(s.writenl) } else { with.push(c) }
        }
        new = with;
    }
    let n = new.len();
    if n == 0 {
        return Ok(());
    }
    let Some(end) = s.pos.checked_add(n).filter(|e| *e <= isize::MAX as usize / 4) else {
        return Err(sp.overflow_error("new position too large"));
    };
    if matches!(new, Out::Wide(_)) {
        s.text.wide(n);
    }
    match (&mut s.text, new) {
        (Out::Narrow(old), Out::Narrow(new)) => overwrite(old, s.pos, &new),
        (Out::Wide(old), Out::Wide(new)) => overwrite(old, s.pos, &new),
        (Out::Wide(old), Out::Narrow(new)) => {
            let new: Vec<u32> = new.iter().map(|b| *b as u32).collect();
            overwrite(old, s.pos, &new)
        }
        (Out::Narrow(_), Out::Wide(_)) => unreachable!("made wide above"),
    }
    s.pos = end;
    Ok(())
}
fn overwrite<T: Copy + Default>(old: &mut Vec<T>, at: usize, new: &[T]) {
    if at == old.len() {
        return old.extend_from_slice(new);
    }
    let end = at + new.len();
    if end > old.len() {
        old.resize(end, T::default());
    }
    old[at..end].copy_from_slice(new);
}
impl State {
    fn chars(&self) -> Chars<'_> {
        match &self.text {
            Out::Narrow(v) => Chars::U8(v),
            Out::Wide(v) => Chars::U32(v),
        }
    }
    fn take(&mut self, sp: Space, end: usize) -> Res<W> {
        let start = self.pos.min(end);
        let w = match &self.text {
            Out::Narrow(v) => sp.newstr_latin1(&v[start..end])?,
            Out::Wide(v) => sp.newstr_chars(&v[start..end])?,
        };
        self.pos = self.pos.max(end);
        Ok(w)
    }
    fn line(&mut self, sp: Space, limit: i64) -> Res<W> {
        let len = self.text.len();
        if self.pos >= len || limit == 0 {
            return Ok(sp.known(known::EMPTY_STR));
        }
        let end = line_end(&self.chars(), self.pos, self.translate, self.universal, self.readnl, false).unwrap_or(len);
        let end = if limit < 0 { end } else { end.min(self.pos.saturating_add(limit as usize)) };
        self.take(sp, end)
    }
}

/// The whole text.
#[interp_fn(sig = "(self, /)", method)]
fn getvalue(sp: Space, w_self: W) -> Res<W> {
    out_text(sp, &open(sp, w_self)?.text)
}
/// The position.
#[interp_fn(sig = "(self, /)", method)]
fn tell(sp: Space, w_self: W) -> Res<usize> {
    Ok(open(sp, w_self)?.pos)
}
/// Reads up to `size` characters.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn read(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    let s = open(sp, w_self)?;
    let len = s.text.len();
    if s.pos >= len {
        return Ok(sp.known(known::EMPTY_STR));
    }
    let end = if n < 0 { len } else { len.min(s.pos.saturating_add(n as usize)) };
    s.take(sp, end)
}
/// One line, up to `size` characters.
#[interp_fn(sig = "(self, size=-1, /)", method)]
fn readline(sp: Space, w_self: W, w_size: W) -> Res<W> {
    let n = size_arg(sp, w_size)?;
    open(sp, w_self)?.line(sp, n)
}
#[slot]
fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    let s = open(sp, w_self)?;
    let w = if is_exact(sp, w_self, types::STRINGIO.get()) {
        s.line(sp, -1)?
    } else {
        let w = sp.call_method(w_self, name!(sp, "readline"), &[])?;
        if sp.text_opt(w).is_none() {
            let t = sp.type_name(w);
            return Err(raise!(sp, OS_ERROR, "readline() should have returned a str object, not '{t}'"));
        }
        w
    };
    Ok(if sp.text_of(w).is_empty() { None } else { Some(w) })
}
/// Shortens the text.
#[interp_fn(sig = "(self, pos=None, /)", method)]
fn truncate(sp: Space, w_self: W, w_size: W) -> Res<i64> {
    let s = open(sp, w_self)?;
    let size = if w_size.is_none() { s.pos as i64 } else { size_arg(sp, w_size)? };
    if size < 0 {
        return Err(raise!(sp, VALUE_ERROR, "Negative size value {size}"));
    }
    match &mut s.text {
        Out::Narrow(v) => v.truncate(size as usize),
        Out::Wide(v) => v.truncate(size as usize),
    }
    Ok(size)
}
/// Changes the position: to a number of characters, to where it is, or to the end.
#[interp_fn(sig = "(self, pos, whence=0, /)", method)]
fn seek(sp: Space, w_self: W, pos: i64, whence: i32) -> Res<i64> {
    let s = open(sp, w_self)?;
    if !(0..=2).contains(&whence) {
        return Err(raise!(sp, VALUE_ERROR, "Invalid whence ({whence}, should be 0, 1 or 2)"));
    }
    if pos < 0 && whence == 0 {
        return Err(raise!(sp, VALUE_ERROR, "Negative seek position {pos}"));
    }
    if whence != 0 && pos != 0 {
        return Err(sp.raise(known::OS_ERROR, "Can't do nonzero cur-relative seeks"));
    }
    let at = match whence {
        0 => pos as usize,
        1 => s.pos,
        _ => s.text.len(),
    };
    s.pos = at;
    Ok(at as i64)
}
/// Writes a str; answers its length.
#[interp_fn(sig = "(self, s, /)", method)]
fn write(sp: Space, w_self: W, w_text: W) -> Res<i64> {
    if !state(w_self).ok {
        open(sp, w_self)?;
    }
    let Some(t) = sp.text_opt(w_text) else {
        return Err(raise!(sp, TYPE_ERROR, "string argument expected, got '{}'", sp.type_name(w_text)));
    };
    open(sp, w_self)?;
    put(sp, w_self, &t)?;
    Ok(t.len() as i64)
}
/// Frees the text.
#[interp_fn(sig = "(self, /)", method)]
fn close(_sp: Space, w_self: W) -> Res<()> {
    let s = state(w_self);
    s.closed = true;
    s.text = Out::default();
    Ok(())
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
#[interp_fn(sig = "(self, /)", method)]
fn __getstate__(sp: Space, w_self: W) -> Res<W> {
    let s = open(sp, w_self)?;
    let w_newline = match &s.newline {
        Some(n) => sp.newstr(n)?,
        None => W::NONE,
    };
    let (w_text, pos) = (out_text(sp, &s.text)?, s.pos);
    let w_dict = instance_dict(sp, w_self)?;
    sp.newtuple(&[w_text, w_newline, sp.newint(pos as i64), w_dict])
}
#[interp_fn(sig = "(self, state, /)", method)]
fn __setstate__(sp: Space, w_self: W, w_state: W) -> Res<()> {
    if state(w_self).closed {
        open(sp, w_self)?;
    }
    let Some(&[w_text, w_newline, w_pos, w_dict]) = sp.tuple_opt(w_state).and_then(|t| t.get(..4)) else {
        let m =
            format!("{}.__setstate__ argument should be 4-tuple, got {}", sp.type_name(w_self), sp.type_name(w_state));
        return Err(sp.type_error(&m));
    };
    setup(sp, w_self, w_newline)?;
    let Some(t) = sp.text_opt(w_text) else {
        return Err(raise!(sp, TYPE_ERROR, "first item of state must be a str, got {}", sp.type_name(w_text)));
    };
    // The text is restored as it was: its line ends were converted when it was written.
    state(w_self).text.extend_chars(&chars_of(&t));
    if !has_index(sp, w_pos)? {
        let t = sp.type_name(w_pos);
        return Err(raise!(sp, TYPE_ERROR, "third item of state must be an integer, got {t}"));
    }
    let pos = sp.int_w(w_pos)?;
    if pos < 0 {
        return Err(sp.value_error("position value cannot be negative"));
    }
    state(w_self).pos = pos as usize;
    restore_dict(sp, w_self, w_dict, "fourth")
}
#[slot]
fn closed(sp: Space, w_self: W) -> Res<W> {
    let s = state(w_self);
    if !s.ok {
        return Err(sp.value_error("I/O operation on uninitialized object"));
    }
    Ok(W::bool(s.closed))
}
#[slot]
fn get_newlines(sp: Space, w_self: W) -> Res<W> {
    let s = open(sp, w_self)?;
    if s.universal { seen_object(sp, s.ends.seen) } else { Ok(W::NONE) }
}
#[slot]
fn line_buffering(sp: Space, w_self: W) -> Res<W> {
    open(sp, w_self)?;
    Ok(W::FALSE)
}
