//! The buffer protocol's entry: dispatch over the class's slots.

use taipan_abi::types::BufferView;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Flags of requests (PyBUF_*).
#[allow(missing_docs)]
pub mod flag {
    pub const WRITABLE: u32 = 1;
    pub const FORMAT: u32 = 4;
    pub const ND: u32 = 8;
    pub const STRIDES: u32 = 0x10 | ND;
    pub const C_CONTIGUOUS: u32 = 0x20 | STRIDES;
    pub const F_CONTIGUOUS: u32 = 0x40 | STRIDES;
    pub const ANY_CONTIGUOUS: u32 = 0x80 | STRIDES;
    pub const INDIRECT: u32 = 0x100 | STRIDES;
    pub const FULL_RO: u32 = INDIRECT | FORMAT;
}

/// Has the object's class a buffer? Nothing is called.
pub fn supports(sp: Space, w: W) -> bool {
    // SAFETY: rows of classes point to their slots for as long as the class lives.
    !w.is_int() && unsafe { sp.row(w).slots.as_ref() }.is_some_and(|s| s.getbuffer.is_some())
}

/// Fills the view by the class's slot.
pub fn get(sp: Space, w: W, flags: u32, view: *mut BufferView) -> Res<()> {
    let refuse = |sp: Space| raise!(sp, TYPE_ERROR, "a bytes-like object is required, not '{}'", sp.type_name(w));
    if w.is_int() {
        return Err(refuse(sp));
    }
    // SAFETY: rows of classes point to their slots for as long as the class lives; the slot gets what its type asks for.
    unsafe {
        match sp.row(w).slots.as_ref().and_then(|s| s.getbuffer) {
            Some(f) if f(sp.th(), w, flags, view) < 0 => Err(Raised),
            Some(_) => Ok(()),
            None => Err(refuse(sp)),
        }
    }
}

/// Gives a view back.
///
/// # Safety
/// `view` was filled by [`get`] and not yet given back, or has w_obj NULL.
pub unsafe fn release(sp: Space, view: *mut BufferView) {
    let w = (*view).w_obj;
    if w.is_null() {
        return;
    }
    if let Some(f) = sp.row(w).slots.as_ref().and_then(|s| s.releasebuffer) {
        f(sp.th(), w, view);
    }
    (*view).w_obj = W::NULL;
}

static ONE: isize = 1;

/// Fills a view of plain bytes. `len` is the exporter's own field: it serves as the shape.
///
/// # Safety
/// `view` is writable, `ptr` is good for `*len` bytes, and `len` lives as long as the exporter.
pub unsafe fn fill_simple(
    sp: Space,
    view: *mut BufferView,
    w_obj: W,
    ptr: *mut u8,
    len: *const usize,
    readonly: bool,
    flags: u32,
) -> Res<()> {
    if view.is_null() {
        return Err(sp.raise(known::BUFFER_ERROR, "view==NULL argument is obsolete"));
    }
    if readonly && flags & flag::WRITABLE != 0 {
        return Err(sp.raise(known::BUFFER_ERROR, "Object is not writable."));
    }
    let asked = |f: u32| flags & f == f;
    *view = BufferView {
        ptr,
        len: *len,
        itemsize: 1,
        readonly: u32::from(readonly),
        ndim: 1,
        format: if asked(flag::FORMAT) { c"B".as_ptr().cast() } else { std::ptr::null() },
        shape: if asked(flag::ND) { len.cast() } else { std::ptr::null() },
        strides: if asked(flag::STRIDES) { &raw const ONE } else { std::ptr::null() },
        suboffsets: std::ptr::null(),
        w_obj,
        small: [0; 2],
        internal: std::ptr::null_mut(),
    };
    Ok(())
}
