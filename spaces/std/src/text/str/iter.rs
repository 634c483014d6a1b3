//! Iterators of str, bytes and bytearray.

use crate::text::{bytes, tid, wstr};
use std::mem::size_of;
use taipan_abi::word::TID_STR_ITER;
use taipan_plugin_api::prelude::*;

/// An iterator over a sequence by index; `w_seq` NULL when exhausted.
#[derive(GcObject)]
#[repr(C)]
pub struct WTextIter {
    header: Header,
    w_seq: W,
    index: usize,
}

fn new(sp: Space, tid: u32, w_seq: W) -> Res<W> {
    // SAFETY: the rows of these iterators are laid out as WTextIter; the store follows the allocation at once.
    unsafe {
        let w = sp.alloc(tid, size_of::<WTextIter>())?;
        (*w.ptr::<WTextIter>()).w_seq = w_seq;
        Ok(w)
    }
}
/// iter(str)
pub fn new_str_iter(sp: Space, w: W) -> Res<W> {
    new(sp, TID_STR_ITER, w)
}
/// iter(bytes)
pub fn new_bytes_iter(sp: Space, w: W) -> Res<W> {
    new(sp, tid::BYTES_ITER, w)
}
/// iter(bytearray)
pub fn new_bytearray_iter(sp: Space, w: W) -> Res<W> {
    new(sp, tid::BYTEARRAY_ITER, w)
}

fn this<'a>(w: W) -> &'a mut WTextIter {
    // SAFETY: these functions are slots and methods of the iterators' types only.
    unsafe { &mut *w.ptr::<WTextIter>() }
}

fn step(w: W) -> Option<(W, usize)> {
    let it = this(w);
    if it.w_seq.is_null() {
        return None;
    }
    it.index += 1;
    Some((it.w_seq, it.index - 1))
}
fn finish(w: W) {
    // Storing NULL needs no barrier.
    this(w).w_seq = W::NULL;
}

#[slot]
fn iter_self(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn str_next(sp: Space, w: W) -> Res<Option<W>> {
    let Some((w_seq, i)) = step(w) else { return Ok(None) };
    let c = wstr::chars(w_seq);
    if i >= c.len() {
        finish(w);
        return Ok(None);
    }
    wstr::new_char(sp, c.at(i)).map(Some)
}
fn next_byte(w: W, data: fn(W) -> &'static [u8]) -> Option<W> {
    let (w_seq, i) = step(w)?;
    match data(w_seq).get(i) {
        Some(b) => Some(W::int(*b as i64)),
        None => {
            finish(w);
            None
        }
    }
}
#[slot]
fn bytes_next(_sp: Space, w: W) -> Res<Option<W>> {
    Ok(next_byte(w, bytes::object::data))
}
#[slot]
fn bytearray_next(_sp: Space, w: W) -> Res<Option<W>> {
    Ok(next_byte(w, bytes::bytearray::data))
}

fn length(sp: Space, w_seq: W) -> Res<usize> {
    Ok(if w_seq.is_null() { 0 } else { sp.len(w_seq)? as usize })
}

/// How many items are left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn __length_hint__(sp: Space, w_self: W) -> Res<usize> {
    let it = this(w_self);
    Ok(length(sp, it.w_seq)?.saturating_sub(it.index))
}
/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn __reduce__(sp: Space, w_self: W) -> Res<W> {
    // The look into the builtins may run code that uses the iterator up.
    let w_iter = sp.builtin(name!(sp, "iter"))?;
    let (w_seq, index) = (this(w_self).w_seq, this(w_self).index);
    if w_seq.is_null() {
        // SAFETY: a heap object.
        let of_str = unsafe { w_self.is_tid(TID_STR_ITER) };
        let w_empty = if of_str { wstr::empty(sp) } else { sp.newtuple(&[])? };
        let w_args = sp.newtuple(&[w_empty])?;
        return sp.newtuple(&[w_iter, w_args]);
    }
    let w_args = sp.newtuple(&[w_seq])?;
    sp.newtuple(&[w_iter, w_args, W::int(index as i64)])
}
/// For unpickling.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn __setstate__(sp: Space, w_self: W, index: i64) -> Res<()> {
    let it = this(w_self);
    let n = length(sp, it.w_seq)?;
    it.index = (index.max(0) as usize).min(n);
    Ok(())
}

macro_rules! iterator {
    ($id:ident, $name:expr, $next:ident) => {
        typespec!(pub $id: WTextIter, $name, {
            flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
            slots: &Slots { iter: Some(iter_self), next: Some($next), ..Slots::EMPTY },
            methods: methods![__length_hint__, __reduce__, __setstate__],
        });
    };
}
iterator!(STR_ITER, "str_iterator", str_next);
iterator!(BYTES_ITER, "bytes_iterator", bytes_next);
iterator!(BYTEARRAY_ITER, "bytearray_iterator", bytearray_next);
