//! EncodingMap: what `charmap_build` makes of a decoding table.

use crate::codecs::charmap::Map;
use taipan_plugin_api::prelude::*;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WEncodingMap {
    header: Header,
    map: *mut Map,
}
typespec!(pub ENCODING_MAP: WEncodingMap, "EncodingMap", {
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
    free: Some(free),
    methods: methods![size],
});
/// The class.
pub static CLASS: Global = Global::new();

unsafe extern "C" fn free(obj: *mut u8) {
    let m = &mut *(obj as *mut WEncodingMap);
    if !m.map.is_null() {
        drop(Box::from_raw(m.map));
        m.map = std::ptr::null_mut();
    }
}
/// An object for a map.
pub fn make(sp: Space, map: Map) -> Res<W> {
    let w = sp.allocate(CLASS.get(), 0)?;
    // SAFETY: an instance of the class just made.
    unsafe { (*w.ptr::<WEncodingMap>()).map = Box::into_raw(Box::new(map)) };
    Ok(w)
}
/// The map of an EncodingMap; None for other objects. Good while the object is reachable.
pub fn map_of<'a>(sp: Space, w: W) -> Option<&'a Map> {
    if CLASS.get().is_null() || !crate::util::is_exact(sp, w, CLASS.get()) {
        return None;
    }
    // SAFETY: the class was compared; the map is made with the object and lives as long.
    unsafe { (*w.ptr::<WEncodingMap>()).map.as_ref() }
}
/// Bytes of the map.
#[interp_fn(sig = "(self, /)", method)]
fn size(sp: Space, this: This<WEncodingMap>) -> Res<i64> {
    let n = map_of(sp, this.w).map_or(0, |m| m.len());
    Ok((std::mem::size_of::<WEncodingMap>() + std::mem::size_of::<Map>() + n) as i64)
}
