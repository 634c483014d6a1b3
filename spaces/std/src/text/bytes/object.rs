//! The class bytes.

use crate::layouts::WBytes;
use crate::text::fmt::percent;
use crate::text::str::{compared, index_too_big, iter};
use crate::text::{buffer, hash, repr};
use std::mem::size_of;
use taipan_abi::gc::tf;
use taipan_abi::opcode::BinOp;
use taipan_abi::word::TID_BYTES;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

byte_methods!();

/// The bytes of an object laid out as [`WBytes`].
#[inline]
pub fn data(w: W) -> &'static [u8] {
    // SAFETY: callers pass objects laid out as bytes; they do not change, and whoever reads them keeps the object alive.
    unsafe { std::slice::from_raw_parts(w.ptr::<u8>().add(size_of::<WBytes>()), (*w.ptr::<WBytes>()).len) }
}

/// The same: nobody can resize a bytes object.
fn pinned(_sp: Space, w: W) -> Res<&'static [u8]> {
    Ok(data(w))
}
static EMPTY: Global = Global::new();

fn alloc(sp: Space, bytes: &[u8]) -> Res<W> {
    // SAFETY: the row counts bytes after the struct.
    unsafe {
        let w = sp.alloc(TID_BYTES, size_of::<WBytes>() + bytes.len())?;
        (*w.ptr::<WBytes>()).len = bytes.len();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), w.ptr::<u8>().add(size_of::<WBytes>()), bytes.len());
        Ok(w)
    }
}

/// A bytes object.
pub fn make(sp: Space, bytes: &[u8]) -> Res<W> {
    if bytes.is_empty() {
        return EMPTY.get_or(sp, |sp| alloc(sp, &[]));
    }
    alloc(sp, bytes)
}

fn is_exact(w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(TID_BYTES) }
}

#[slot]
fn bytes_repr(sp: Space, w: W) -> Res<W> {
    repr::bytes(data(w)).finish(sp)
}
#[slot]
fn bytes_str(sp: Space, w: W) -> Res<W> {
    if sp.setting("flags.bytes_warning").is_some_and(|s| s != "0") {
        sp.warn(known::BYTES_WARNING, "str() on a bytes instance", 1)?;
    }
    repr::bytes(data(w)).finish(sp)
}
#[slot]
fn bytes_hash(sp: Space, w: W) -> Res<i64> {
    // SAFETY: laid out as bytes.
    let b = unsafe { &mut *w.ptr::<WBytes>() };
    if b.hash == 0 {
        b.hash = hash::hash_bytes(sp, data(w)) as u64;
    }
    Ok(b.hash as i64)
}
#[slot]
fn bytes_len(_sp: Space, w: W) -> Res<i64> {
    Ok(data(w).len() as i64)
}
#[slot]
fn bytes_contains(sp: Space, w: W, w_x: W) -> Res<bool> {
    common::contains(sp, data(w), w_x)
}
#[slot]
fn bytes_iter(sp: Space, w: W) -> Res<W> {
    iter::new_bytes_iter(sp, w)
}
#[slot]
fn bytes_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    match (sp.layout(a), sp.layout(b)) {
        (TID_BYTES, TID_BYTES) => Ok(W::bool(compared(data(a).cmp(data(b)), op))),
        _ => Ok(W::NOT_IMPLEMENTED),
    }
}
#[slot]
fn bytes_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !buffer::supports(sp, a) || !buffer::supports(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can't concat {} to {}", sp.type_name(b), sp.type_name(a)));
    }
    let (x, y) = (Buffer::get(sp, a)?, Buffer::get(sp, b)?);
    if x.is_empty() && is_exact(b) {
        return Ok(b);
    }
    if y.is_empty() && is_exact(a) {
        return Ok(a);
    }
    make(sp, &[x.bytes(), y.bytes()].concat())
}
#[slot]
fn bytes_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    if n == 1 && is_exact(w) {
        return Ok(w);
    }
    make(sp, &common::repeated(sp, data(w), n)?)
}
#[slot]
fn bytes_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    let d = data(w);
    if args::is_slice(sp, w_key) {
        let ix = args::slice_indices(sp, w_key, || d.len())?;
        if ix.step == 1 {
            if ix.count == d.len() && is_exact(w) {
                return Ok(w);
            }
            return make(sp, &d[ix.start as usize..ix.start as usize + ix.count]);
        }
        return make(sp, &ix.iter().map(|i| d[i]).collect::<Vec<u8>>());
    }
    if !args::has_index(sp, w_key)? {
        return Err(raise!(sp, TYPE_ERROR, "byte indices must be integers or slices, not {}", sp.type_name(w_key)));
    }
    let i = sp.int_w(w_key).map_err(|e| index_too_big(sp, e))?;
    let at = if i < 0 { i + d.len() as i64 } else { i };
    match usize::try_from(at).ok().and_then(|i| d.get(i)) {
        Some(b) => Ok(W::int(*b as i64)),
        None => Err(sp.index_error("index out of range")),
    }
}
#[slot]
fn bytes_mod(sp: Space, a: W, b: W) -> Res<W> {
    if sp.layout(a) != TID_BYTES {
        return Ok(W::NOT_IMPLEMENTED);
    }
    formatted(sp, data(a), b, make)
}
/// `format % values` for bytes and bytearray.
pub fn formatted(sp: Space, format: &[u8], w_values: W, make: fn(Space, &[u8]) -> Res<W>) -> Res<W> {
    let out = percent::modulo(sp, Chars::One(format), w_values, percent::Of::Bytes)?;
    match out.chars() {
        Chars::One(b) => make(sp, b),
        _ => Err(sp.overflow_error("%c arg not in range(256)")),
    }
}
#[slot]
fn bytes_getbuffer(sp: Space, w: W, flags: u32, view: *mut taipan_abi::types::BufferView) -> Res<()> {
    let d = data(w);
    // SAFETY: the length is a field of the object, and its bytes follow it.
    unsafe { buffer::fill_simple(sp, view, w, d.as_ptr().cast_mut(), &raw const (*w.ptr::<WBytes>()).len, true, flags) }
}

fn new_value(sp: Space, args: Args) -> Res<W> {
    let given = args::constructor(sp, args, "bytes", ["source", "encoding", "errors"])?;
    if let [Some(w), None, None] = given {
        if is_exact(w) {
            return Ok(w);
        }
        if let Some(method) = sp.lookup_special(w, name!(sp, "__bytes__"))? {
            let w_bytes = sp.call(method, &[])?;
            if sp.bytes_opt(w_bytes).is_none() {
                let name = sp.type_name(w_bytes);
                return Err(raise!(sp, TYPE_ERROR, "__bytes__ returned non-bytes (type {name})"));
            }
            return Ok(w_bytes);
        }
    }
    match common::construct(sp, given, "bytes")? {
        Some(b) => make(sp, &b),
        None => make(sp, &[]),
    }
}

#[slot]
fn bytes_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w = new_value(sp, args)?;
    if w_type == sp.row_of(TID_BYTES).w_type {
        return Ok(w);
    }
    let b = sp.bytes_opt(w).unwrap_or_default();
    let w_new = sp.allocate(w_type, b.len())?;
    // SAFETY: allocated with room for the bytes.
    unsafe { std::ptr::copy_nonoverlapping(b.as_ptr(), w_new.ptr::<u8>().add(size_of::<WBytes>()), b.len()) };
    Ok(w_new)
}

/// Bytes from pairs of hexadecimal digits; whitespace between pairs is skipped.
#[interp_fn(classmethod, sig = "($type, string, /)")]
fn fromhex(sp: Space, w_type: W, w_string: W) -> Res<W> {
    let w = make(sp, &common::from_hex_arg(sp, w_string)?)?;
    if w_type == sp.row_of(TID_BYTES).w_type { Ok(w) } else { sp.call(w_type, &[w]) }
}
#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn __getnewargs__(sp: Space, w_self: W) -> Res<W> {
    let w = make(sp, data(w_self))?;
    sp.newtuple(&[w])
}
/// The same bytes as an exact bytes object.
#[interp_fn(method, name = "__bytes__", sig = "(self, /)")]
fn __bytes__(sp: Space, w_self: W) -> Res<W> {
    if is_exact(w_self) { Ok(w_self) } else { make(sp, data(w_self)) }
}
/// Size of the object in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn __sizeof__(_sp: Space, w_self: W) -> Res<usize> {
    Ok(size_of::<WBytes>() + data(w_self).len())
}

static SLOTS: Slots = {
    let mut s = Slots {
        repr: Some(bytes_repr),
        str: Some(bytes_str),
        hash: Some(bytes_hash),
        compare: Some(bytes_compare),
        iter: Some(bytes_iter),
        new: Some(bytes_new),
        len: Some(bytes_len),
        getitem: Some(bytes_getitem),
        contains: Some(bytes_contains),
        concat: Some(bytes_concat),
        repeat: Some(bytes_repeat),
        getbuffer: Some(bytes_getbuffer),
        ..Slots::EMPTY
    };
    s.binary[BinOp::Mod as usize] = Some(bytes_mod);
    s
};

typespec!(pub BYTES: WBytes, "bytes", {
    doc: Str::new("bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> bytes\nbytes(int) -> zeros\nbytes() -> empty\n\nAn immutable sequence of bytes."),
    flags: ty::BASETYPE | ty::IMMUTABLE,
    layout_flags: tf::VAR | tf::NO_PTRS,
    item_bytes: 1,
    len_off: 8,
    items_off: size_of::<WBytes>() as u32,
    slots: &SLOTS,
    methods: crate::byte_method_list![fromhex, __getnewargs__, __bytes__, __sizeof__],
});
