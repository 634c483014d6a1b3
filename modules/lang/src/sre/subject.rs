//! What a pattern is applied to: the characters of a str, or a bytes-like object's memory; and texts made of them.

use super::chars::Char;
use super::engine::{Engine, Request, Stop};
use super::program::Program;
use super::search;
use taipan_plugin_api::abi::word::{TID_BYTES, TID_STR};
use taipan_plugin_api::prelude::*;

pub enum Data {
    Str(Text),
    Bytes(Buffer),
}

/// A str or bytes-like object whose characters are at hand.
pub struct Subject {
    pub w: W,
    pub data: Data,
}

/// Runs `$body` with the first `$end` characters as a slice.
macro_rules! on_chars {
    ($subject:expr, $end:expr, $s:ident => $body:expr) => {
        match &$subject.data {
            Data::Bytes(b) => {
                let $s = &b.bytes()[..$end];
                $body
            }
            Data::Str(t) => match t.view.kind {
                1 => {
                    let $s = chars_of::<u8>(t, $end);
                    $body
                }
                2 => {
                    let $s = chars_of::<u16>(t, $end);
                    $body
                }
                _ => {
                    let $s = chars_of::<u32>(t, $end);
                    $body
                }
            },
        }
    };
}

fn chars_of<C: Char>(t: &Text, end: usize) -> &[C] {
    let end = end.min(t.view.len);
    if end == 0 {
        return &[];
    }
    // SAFETY: the view has `len` characters of this width (checked by kind), and the str is reachable through the Text.
    unsafe { std::slice::from_raw_parts(t.view.ptr.cast::<C>(), end) }
}

impl Subject {
    /// Any str or bytes-like object.
    pub fn any(sp: Space, w: W) -> Res<Subject> {
        if let Some(t) = sp.text_opt(w) {
            return Ok(Subject { w, data: Data::Str(t) });
        }
        match Buffer::get(sp, w) {
            Ok(b) => Ok(Subject { w, data: Data::Bytes(b) }),
            Err(_) if sp.catch(known::TYPE_ERROR) => {
                Err(raise!(sp, TYPE_ERROR, "expected string or bytes-like object, got '{}'", sp.type_name(w)))
            }
            Err(e) => Err(e),
        }
    }
    /// One that a pattern of this kind can be applied to (`is_bytes` < 0: either).
    pub fn new(sp: Space, w: W, is_bytes: i64) -> Res<Subject> {
        let s = Subject::any(sp, w)?;
        match (&s.data, is_bytes) {
            (Data::Bytes(_), 0) => Err(sp.type_error("cannot use a string pattern on a bytes-like object")),
            (Data::Str(_), 1) => Err(sp.type_error("cannot use a bytes pattern on a string-like object")),
            _ => Ok(s),
        }
    }
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Str(t) => t.len(),
            Data::Bytes(b) => b.bytes().len(),
        }
    }
    /// `self[a:b]`; the object itself where that is the whole of an exact str or bytes.
    pub fn slice(&self, sp: Space, a: usize, b: usize) -> Res<W> {
        let len = self.len();
        let (b, whole) = (b.min(len), a == 0 && b >= len);
        let a = a.min(b);
        match &self.data {
            Data::Bytes(buf) => {
                // SAFETY: a live object.
                if whole && unsafe { self.w.is_tid(TID_BYTES) } { Ok(self.w) } else { sp.newbytes(&buf.bytes()[a..b]) }
            }
            Data::Str(t) => {
                // SAFETY: as above.
                if whole && unsafe { self.w.is_tid(TID_STR) } {
                    return Ok(self.w);
                }
                let kind = t.view.kind as usize;
                // SAFETY: a..b lies in the view; the row copies the characters.
                let w = unsafe {
                    let from = if a == b { t.view.ptr } else { t.view.ptr.add(a * kind) };
                    (sp.ops().newstr_kind.exec)(sp.th(), from, b - a, kind as u32)
                };
                if w.is_null() { Err(Raised) } else { Ok(w) }
            }
        }
    }
}

/// A pattern at work on a subject.
pub struct Run<'a> {
    sp: Space,
    program: &'a mut Program,
    pub subject: Subject,
    pub start: usize,
    pub end: usize,
    pub engine: Engine,
    pub must_advance: bool,
}
impl<'a> Run<'a> {
    /// `start` and `end` as given in Python.
    pub fn new(sp: Space, program: &'a mut Program, subject: Subject, start: i64, end: i64) -> Run<'a> {
        let len = subject.len();
        let end = usize::try_from(end).unwrap_or(0).min(len);
        // A start beyond the end leaves nothing to search.
        let start = usize::try_from(start).unwrap_or(0).min(end);
        let engine = program.spare.take().unwrap_or_default();
        Run { sp, program, subject, start, end, engine, must_advance: false }
    }
    fn result<T>(&self, r: Result<T, Stop>) -> Res<T> {
        r.map_err(|_| Raised)
    }
    /// A match that begins at `start`.
    pub fn match_here(&mut self, full: bool) -> Res<Option<(usize, usize)>> {
        let sp = self.sp;
        let mut poll = || sp.poll().is_ok();
        let req = Request { start: self.start, full, must_advance: self.must_advance };
        let (engine, program) = (&mut self.engine, &*self.program);
        let r = on_chars!(self.subject, self.end, s => engine.match_at(program, s, req, &mut poll));
        let found = self.result(r)?.map(|end| (self.start, end));
        self.passed(found);
        Ok(found)
    }
    /// The next match; the one after it will begin where this ends and differ from it.
    pub fn find(&mut self) -> Res<Option<(usize, usize)>> {
        let sp = self.sp;
        let mut poll = || sp.poll().is_ok();
        let req = Request { start: self.start, full: false, must_advance: self.must_advance };
        let (engine, program) = (&mut self.engine, &*self.program);
        let r = on_chars!(self.subject, self.end, s => search::search(engine, program, s, req, &mut poll));
        let found = self.result(r)?;
        self.passed(found);
        Ok(found)
    }
    fn passed(&mut self, found: Option<(usize, usize)>) {
        if let Some((a, b)) = found {
            self.must_advance = a == b;
            self.start = b;
        }
    }
}
impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.program.spare = Some(std::mem::take(&mut self.engine));
    }
}

/// A text being put together.
pub enum Out {
    Bytes(Vec<u8>),
    /// Only characters below 256 so far.
    Narrow(Vec<u8>),
    Wide(Vec<u32>),
}
impl Out {
    pub fn new(like: &Subject) -> Out {
        match like.data {
            Data::Str(_) => Out::Narrow(Vec::with_capacity(like.len())),
            Data::Bytes(_) => Out::Bytes(Vec::with_capacity(like.len())),
        }
    }
    /// Appends `s[a..b]`. False if it is of the other kind.
    pub fn push(&mut self, s: &Subject, a: usize, b: usize) -> bool {
        let b = b.min(s.len());
        let a = a.min(b);
        match (&mut *self, &s.data) {
            (Out::Bytes(out), Data::Bytes(buf)) => out.extend_from_slice(&buf.bytes()[a..b]),
            (Out::Narrow(out), Data::Str(t)) if t.view.kind == 1 => out.extend_from_slice(&chars_of::<u8>(t, b)[a..]),
            (Out::Narrow(out), Data::Str(_)) => {
                *self = Out::Wide(out.iter().map(|c| *c as u32).collect());
                return self.push(s, a, b);
            }
            (Out::Wide(out), Data::Str(_)) => on_chars!(s, b, c => out.extend(c[a..].iter().map(|c| c.code()))),
            _ => return false,
        }
        true
    }
    pub fn finish(self, sp: Space) -> Res<W> {
        match self {
            Out::Bytes(v) => sp.newbytes(&v),
            Out::Narrow(v) => sp.newstr_latin1(&v),
            Out::Wide(v) => sp.newstr_chars(&v),
        }
    }
}
