//! `_BytesIOBuffer`: exports the memory of a BytesIO; what `getbuffer`'s memoryview is a view of.

use super::bytesio;
use crate::files::types;
use taipan_plugin_api::prelude::*;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WBytesIOBuffer {
    header: Header,
    w_source: W,
}
typespec!(pub BYTESIOBUFFER: WBytesIOBuffer, "_io._BytesIOBuffer", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { getbuffer: Some(get), releasebuffer: Some(release), ..Slots::EMPTY },
});

/// An exporter of a BytesIO's memory.
pub fn make(sp: Space, w_source: W) -> Res<W> {
    let w = sp.allocate(types::BYTESIOBUFFER.get(), 0)?;
    setfield!(sp, w, WBytesIOBuffer, w_source, w_source);
    Ok(w)
}
#[slot]
fn get(sp: Space, w_self: W, flags: u32, view: *mut taipan_plugin_api::BufferView) -> Res<()> {
    // SAFETY: the slot belongs to the class.
    let w_source = unsafe { (*w_self.ptr::<WBytesIOBuffer>()).w_source };
    if w_source.is_null() {
        return Err(sp.raise(known::BUFFER_ERROR, "no memory"));
    }
    let _ = flags;
    let s = bytesio::state(w_source);
    // SAFETY: the caller passes a view to fill. The memory stays where it is while exports are counted, and this object keeps
    // its source.
    unsafe {
        let v = &mut *view;
        v.ptr = s.data.as_mut_ptr();
        v.len = s.data.len();
        v.itemsize = 1;
        v.readonly = 0;
        v.ndim = 1;
        v.format = std::ptr::null();
        v.small = [s.data.len() as isize, 1];
        v.shape = &raw const v.small[0];
        v.strides = &raw const v.small[1];
        v.suboffsets = std::ptr::null();
        v.w_obj = w_self;
        v.internal = std::ptr::null_mut();
    }
    s.exports += 1;
    Ok(())
}
unsafe extern "C-unwind" fn release(_th: *mut Thread, w_self: W, _view: *mut taipan_plugin_api::BufferView) {
    let w_source = (*w_self.ptr::<WBytesIOBuffer>()).w_source;
    if !w_source.is_null() {
        let s = bytesio::state(w_source);
        s.exports = s.exports.saturating_sub(1);
    }
}
