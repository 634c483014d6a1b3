//! Rows of the operation table.

use super::{buffer, bytes, intern, memory, wstr};
use crate::layouts::STR_ASCII;
use taipan_abi::ops::StrView;
use taipan_abi::types::BufferView;
use taipan_abi::word::{TID_BYTES, TID_STR};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

use super::chars::Chars;

/// Views a str; 0 for other objects.
pub unsafe extern "C-unwind" fn text_w(th: *mut Thread, a: W, out: *mut StrView) -> i32 {
    if Space::new(th).layout(a) != TID_STR {
        return 0;
    }
    let c = wstr::chars(a);
    *out = StrView {
        ptr: c.raw().as_ptr(),
        len: c.len(),
        kind: c.width() as u32,
        ascii: u32::from(a.header().aux[1] & STR_ASCII != 0),
    };
    1
}

/// Views a bytes; 0 for other objects.
pub unsafe extern "C-unwind" fn bytes_w(th: *mut Thread, a: W, out: *mut BufferView) -> i32 {
    if Space::new(th).layout(a) != TID_BYTES {
        return 0;
    }
    let d = bytes::object::data(a);
    (*out).ptr = d.as_ptr().cast_mut();
    (*out).len = d.len();
    (*out).itemsize = 1;
    (*out).readonly = 1;
    1
}

#[slot]
pub fn getbuffer(sp: Space, a: W, flags: u32, out: *mut BufferView) -> Res<()> {
    buffer::get(sp, a, flags, out)
}
#[slot]
pub fn releasebuffer(sp: Space, view: *mut BufferView) -> Res<()> {
    // SAFETY: the caller passes a view that getbuffer has filled.
    unsafe { buffer::release(sp, view) };
    Ok(())
}

/// The caller's memory as a slice.
///
/// # Safety
/// `p` is good for `n` items, or n is 0.
unsafe fn slice<'a, T>(p: *const T, n: usize) -> &'a [T] {
    if n == 0 { &[] } else { std::slice::from_raw_parts(p, n) }
}

#[slot]
pub fn newstr(sp: Space, utf8: *const u8, len: usize) -> Res<W> {
    // SAFETY: the row's contract.
    wstr::new_wtf8(sp, unsafe { slice(utf8, len) })
}
#[slot]
pub fn newstr_kind(sp: Space, chars: *const u8, len: usize, kind: u32) -> Res<W> {
    // SAFETY: the row's contract: `len` characters of `kind` bytes, aligned as such.
    let chars = unsafe {
        match kind {
            1 => Chars::One(slice(chars, len)),
            2 => Chars::Two(slice(chars.cast(), len)),
            _ => Chars::Four(slice(chars.cast(), len)),
        }
    };
    if chars.bits() > 0x10FFFF || chars.width() == 4 && chars.iter().any(|c| c > 0x10FFFF) {
        return Err(sp.value_error("character is not in range [U+0000; U+10ffff]"));
    }
    wstr::new(sp, chars)
}
#[slot]
pub fn intern(sp: Space, utf8: *const u8, len: usize) -> Res<W> {
    // SAFETY: the row's contract.
    intern::intern_utf8(sp, unsafe { slice(utf8, len) })
}
#[slot]
pub fn intern_str(sp: Space, a: W) -> Res<W> {
    if sp.layout(a) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "expected str, got {}", sp.type_name(a)));
    }
    intern::intern_w(sp, a)
}
#[slot]
pub fn newbytes(sp: Space, p: *const u8, len: usize) -> Res<W> {
    // SAFETY: the row's contract.
    bytes::object::make(sp, unsafe { slice(p, len) })
}
#[slot]
pub fn newbytearray(sp: Space, p: *const u8, len: usize) -> Res<W> {
    // SAFETY: the row's contract.
    bytes::bytearray::make(sp, unsafe { slice(p, len) })
}
#[slot]
pub fn newmemoryview(sp: Space, a: W) -> Res<W> {
    memory::new(sp, a, buffer::flag::FULL_RO)
}
