//! Objects that walk through the matches in a subject.

use super::matches;
use super::pattern::{self, WPattern};
use taipan_plugin_api::prelude::*;

#[repr(C)]
#[derive(GcObject)]
pub struct WScanner {
    pub header: Header,
    pub w_pattern: W,
    pub w_string: W,
    /// A memoryview that keeps the memory of a mutable subject in place while there may be more, or NULL.
    pub w_held: W,
    /// Where the next match may begin.
    pub start: i64,
    pub endpos: i64,
    pub must_advance: u64,
    /// Nothing more to come.
    pub done: u64,
}

typespec!(SCANNER: WScanner, "_sre.SRE_Scanner", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    methods: methods![match_, search],
    members: table![member!(WScanner, "pattern", w_pattern, Obj)],
});
typespec!(FINDITER: WScanner, "callable_iterator", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter), next: Some(next), ..Slots::EMPTY },
});

pub static SCANNER_TYPE: Global = Global::new();
pub static ITERATOR: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    SCANNER_TYPE.set(sp, sp.newtype(&SCANNER, W::NULL, w_module)?);
    ITERATOR.set(sp, sp.newtype(&FINDITER, W::NULL, w_module)?);
    Ok(())
}

pub fn new(sp: Space, w_type: W, pattern: This<WPattern>, w_string: W, pos: i64, endpos: Option<i64>) -> Res<W> {
    let (start, end) = {
        let run = pattern::run(sp, pattern, w_string, pos, endpos)?;
        (run.start as i64, run.end as i64)
    };
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: an instance of one of the two types of this layout.
    let mut this = unsafe { This::<WScanner>::new(w) };
    setfield!(sp, w, WScanner, w_pattern, pattern.w);
    setfield!(sp, w, WScanner, w_string, w_string);
    (this.start, this.endpos) = (start, end);
    if sp.text_opt(w_string).is_none() && sp.bytes_opt(w_string).is_none() {
        setfield!(sp, w, WScanner, w_held, sp.newmemoryview(w_string)?);
    }
    Ok(w)
}

fn step(sp: Space, mut this: This<WScanner>, searching: bool) -> Res<W> {
    if this.done != 0 || this.w_pattern.is_null() {
        return Ok(W::NONE);
    }
    // SAFETY: only set to a pattern.
    let pattern = unsafe { This::<WPattern>::new(this.w_pattern) };
    let pos = this.start;
    let mut run = pattern::run(sp, pattern, this.w_string, pos, Some(this.endpos))?;
    run.must_advance = this.must_advance != 0;
    match if searching { run.find()? } else { run.match_here(false)? } {
        None => {
            this.done = 1;
            drop(run);
            let w_held = std::mem::replace(&mut this.w_held, W::NULL);
            if !w_held.is_null() {
                sp.call_method(w_held, name!(sp, "release"), &[])?;
            }
            Ok(W::NONE)
        }
        Some(span) => {
            this.start = run.start as i64;
            this.must_advance = run.must_advance as u64;
            matches::new(sp, pattern, &run, span, pos as usize)
        }
    }
}

#[interp_fn(name = "match", method, sig = "(self, /)")]
fn match_(sp: Space, this: This<WScanner>) -> Res<W> {
    step(sp, this, false)
}
#[interp_fn(method, sig = "(self, /)")]
fn search(sp: Space, this: This<WScanner>) -> Res<W> {
    step(sp, this, true)
}
#[slot]
fn iter(_sp: Space, w_self: W) -> Res<W> {
    Ok(w_self)
}
#[slot]
fn next(sp: Space, w_self: W) -> Res<Option<W>> {
    // SAFETY: the slot's own type.
    let w = step(sp, unsafe { This::new(w_self) }, true)?;
    Ok((!w.is_none()).then_some(w))
}
