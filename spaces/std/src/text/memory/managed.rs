//! The buffer that memoryviews share: held once, given back when the last of them is released.

use crate::text::{buffer, tid};
use std::mem::size_of;
use taipan_abi::gc::tf;
use taipan_abi::types::BufferView;
use taipan_plugin_api::prelude::*;

/// What a memoryview (and those made from it) looks at.
#[derive(GcObject)]
#[repr(C)]
pub struct WManaged {
    header: Header,
    /// The exporter; NULL when the buffer was given back.
    pub w_obj: W,
    /// The view as the exporter filled it, in native memory. The exporter in it is `w_obj`.
    view: *mut BufferView,
    /// Memoryviews that are not released.
    pub views: usize,
}

fn this<'a>(w: W) -> &'a mut WManaged {
    // SAFETY: callers pass objects of this row.
    unsafe { &mut *w.ptr::<WManaged>() }
}

/// The exporter's view; None when it was given back.
pub fn view<'a>(w: W) -> Option<&'a BufferView> {
    let m = this(w);
    // SAFETY: the view lives until `give_back` or the object's death.
    if m.w_obj.is_null() { None } else { unsafe { m.view.as_ref() } }
}
/// The exporter.
pub fn exporter(w: W) -> W {
    this(w).w_obj
}

/// Takes a buffer of an object.
pub fn take(sp: Space, w_obj: W, flags: u32) -> Res<W> {
    // SAFETY: the row's layout; the view is plain data until it is filled.
    unsafe {
        let w = sp.alloc(tid::MANAGED_BUFFER, size_of::<WManaged>())?;
        let mut view: Box<BufferView> = Box::new(std::mem::zeroed());
        buffer::get(sp, w_obj, flags, &mut *view)?;
        let w_exporter = if view.w_obj.is_null() { w_obj } else { view.w_obj };
        view.w_obj = w_exporter;
        this(w).view = Box::into_raw(view);
        setfield!(sp, w, WManaged, w_obj, w_exporter);
        // An exporter that counts its buffers learns of views that are forgotten without being released.
        if sp.row(w_exporter).slots.as_ref().is_some_and(|s| s.releasebuffer.is_some()) {
            ((*sp.thread().gcvt).reg_finalizer)(sp.th().cast(), w.ptr());
        }
        Ok(w)
    }
}

/// One view less; the last one gives the buffer back.
pub fn drop_view(sp: Space, w: W) {
    let m = this(w);
    m.views -= 1;
    if m.views == 0 {
        give_back(sp, w);
    }
}

fn give_back(sp: Space, w: W) {
    let m = this(w);
    if m.w_obj.is_null() || m.view.is_null() {
        return;
    }
    // SAFETY: filled in `take`, given back once; freed here, and the pointer cleared.
    unsafe {
        let mut view = Box::from_raw(std::mem::replace(&mut m.view, std::ptr::null_mut()));
        buffer::release(sp, &mut *view);
    }
    m.w_obj = W::NULL;
}

unsafe extern "C-unwind" fn finalize(th: *mut Thread, w: W) {
    give_back(Space::new(th), w);
}
unsafe extern "C" fn free(obj: *mut u8) {
    let m = &mut *obj.cast::<WManaged>();
    if !m.view.is_null() {
        drop(Box::from_raw(m.view));
        m.view = std::ptr::null_mut();
    }
}

typespec!(pub MANAGED_BUFFER: WManaged, "managedbuffer", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { del: Some(finalize), ..Slots::EMPTY },
});
