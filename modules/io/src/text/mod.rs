//! TextIOWrapper: text over a binary stream.
//!
//! UTF-8, ASCII and Latin-1 are decoded and encoded here, without codec objects; other encodings through their incremental
//! codecs. Decoded characters wait in `w_decoded` from index `used`; encoded bytes in `pending`.

pub mod attrs;
pub mod decode;
pub mod newline;
pub mod read;
pub mod seek;
pub mod setup;
pub mod write;

use decode::NewlineState;
use taipan_plugin_api::prelude::*;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WText {
    header: Header,
    /// The binary stream; NULL before `__init__` and after `detach`.
    pub w_buffer: W,
    /// str
    pub w_encoding: W,
    /// str
    pub w_errors: W,
    /// The incremental encoder and decoder of encodings that are not native.
    pub w_encoder: W,
    #[allow(missing_docs)]
    pub w_decoder: W,
    /// Decoded characters (str), or NULL.
    pub w_decoded: W,
    st: *mut State,
}

/// Encodings that need no codec object.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Native {
    Utf8,
    Ascii,
    Latin1,
}
impl Native {
    /// By the encoding's name.
    pub fn named(encoding: &Text) -> Option<Native> {
        if encoding.len() > 20 {
            return None;
        }
        match crate::codec_module::registry::normalize(encoding.chars()).as_str() {
            "utf_8" | "utf8" | "u8" => Some(Native::Utf8),
            "ascii" | "us_ascii" | "646" => Some(Native::Ascii),
            "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "8859" | "l1" | "latin" => Some(Native::Latin1),
            _ => None,
        }
    }
}

/// The native part.
#[derive(Default)]
#[allow(missing_docs)]
pub struct State {
    /// `__init__` succeeded.
    pub ok: bool,
    pub detached: bool,
    pub finalizing: bool,
    pub line_buffering: bool,
    pub write_through: bool,
    /// Line ends: recognized in all forms when reading; turned into \n then.
    pub readuniversal: bool,
    pub readtranslate: bool,
    /// The only line end when reading, if not universal.
    pub readnl: &'static str,
    /// What \n becomes when writing; empty = it stays.
    pub writenl: &'static str,
    pub seekable: bool,
    pub telling: bool,
    pub has_read1: bool,
    pub readable: bool,
    pub writable: bool,
    pub native: Option<Native>,
    pub chunk_size: usize,
    pub pending: Vec<u8>,
    /// Of the native decoder: bytes of an incomplete character, line ends seen.
    pub tail: Vec<u8>,
    pub newline: NewlineState,
    /// Characters of w_decoded that were handed out.
    pub used: usize,
    /// The decoder's flags and the bytes it was given for w_decoded, while `tell` may ask.
    pub snapshot: Option<(i64, Vec<u8>)>,
    /// Bytes a character in the last chunk, at least.
    pub ratio: f64,
}

/// A text stream in use.
#[derive(Copy, Clone)]
#[allow(missing_docs)]
pub struct Stream {
    pub sp: Space,
    pub w: W,
}
impl std::ops::Deref for Stream {
    type Target = State;
    fn deref(&self) -> &State {
        // SAFETY: `of` makes sure that there is a state; it lives as long as the object.
        unsafe { &*(*self.w.ptr::<WText>()).st }
    }
}
impl std::ops::DerefMut for Stream {
    fn deref_mut(&mut self) -> &mut State {
        // SAFETY: as above; no reference is held over a call that can reach the object.
        unsafe { &mut *(*self.w.ptr::<WText>()).st }
    }
}
#[allow(missing_docs)]
impl Stream {
    /// Of an object in whatever state.
    pub fn of(sp: Space, w: W) -> Stream {
        // SAFETY: the caller's gateway checked the class.
        let o = unsafe { &mut *w.ptr::<WText>() };
        if o.st.is_null() {
            o.st = Box::into_raw(Box::default());
        }
        Stream { sp, w }
    }
    /// Of an initialized object.
    #[inline]
    pub fn ready(sp: Space, w: W) -> Res<Stream> {
        let s = Self::of(sp, w);
        if s.ok {
            return Ok(s);
        }
        Err(sp.value_error(if s.detached {
            "underlying buffer has been detached"
        } else {
            "I/O operation on uninitialized object"
        }))
    }
    /// ValueError unless `__init__` has run; a detached stream is fine.
    pub fn initialized(&self) -> Res<()> {
        if self.detached { Ok(()) } else { Self::ready(self.sp, self.w).map(drop) }
    }
    #[inline]
    pub fn obj(&self) -> &mut WText {
        // SAFETY: a WText; used for single fields.
        unsafe { &mut *self.w.ptr::<WText>() }
    }
    #[inline]
    pub fn buffer(&self) -> W {
        self.obj().w_buffer
    }
    /// ValueError if the stream is closed.
    #[inline]
    pub fn check_open(&self) -> Res<()> {
        let sp = self.sp;
        let w_buffer = self.buffer();
        let closed = if crate::files::types::is_buffered(sp, w_buffer) {
            let b = crate::buffered::Buf::ready(sp, w_buffer)?;
            b.is_closed()?
        } else {
            crate::files::base::is_closed(sp, w_buffer)?
        };
        if closed { Err(sp.value_error("I/O operation on closed file.")) } else { Ok(()) }
    }
    pub fn set_decoded(&mut self, w: W) {
        crate::setfield!(self.sp, self.w, WText, w_decoded, w);
        self.used = 0;
    }
    /// The decoded text, if any is left.
    #[inline]
    pub fn decoded(&self) -> Option<Text> {
        let w = self.obj().w_decoded;
        if w.is_null() { None } else { self.sp.text_opt(w).filter(|t| t.len() > self.used) }
    }
}

/// Releases the native part.
pub unsafe extern "C" fn free(obj: *mut u8) {
    let t = &mut *(obj as *mut WText);
    if !t.st.is_null() {
        drop(Box::from_raw(t.st));
        t.st = std::ptr::null_mut();
    }
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    Stream::of(sp, w);
    Ok(w)
}

typespec!(pub TEXT: WText, "_io.TextIOWrapper", {
    doc: Str::new("Text over a buffered binary stream."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(new), init: Some(setup::init), next: Some(read::next), repr: Some(attrs::repr), ..Slots::EMPTY },
    methods: methods![
        setup::detach, setup::reconfigure, write::write, write::flush, write::close, read::read, read::readline, attrs::fileno,
        attrs::seekable, attrs::readable, attrs::writable, attrs::isatty, attrs::truncate, attrs::__getstate__, seek::seek,
        seek::tell
    ],
    getset: table![
        getset!("encoding", attrs::encoding), getset!("errors", attrs::errors), getset!("buffer", attrs::buffer),
        getset!("line_buffering", attrs::line_buffering), getset!("write_through", attrs::write_through),
        getset!("name", attrs::name), getset!("closed", attrs::closed), getset!("newlines", attrs::newlines),
        getset!("_CHUNK_SIZE", attrs::chunk_size, attrs::set_chunk_size),
        getset!("_finalizing", attrs::finalizing, attrs::set_finalizing)
    ],
});
