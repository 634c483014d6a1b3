//! Hash objects.

use super::algo::Algo;
use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
pub struct WHash {
    header: Header,
    algo: *mut Algo,
}
/// Releases the state.
pub unsafe extern "C" fn free(p: *mut u8) {
    let a = (*p.cast::<WHash>()).algo;
    if !a.is_null() {
        drop(Box::from_raw(a))
    }
}
/// A hash type: name, flags, slots, methods, computed attributes.
macro_rules! hash_type {
    ($id:ident, $name:literal, $flags:expr, $slots:expr, $methods:expr, $getset:expr) => {
        typespec!($id: WHash, $name, {
            flags: $flags,
            layout_flags: taipan_plugin_api::abi::gc::tf::FREE,
            free: Some(free),
            slots: &$slots,
            methods: Slice::new($methods),
            getset: Slice::new($getset),
        });
    };
}
pub(super) use hash_type;

pub static PLAIN: &[FnSpec] = &[update::SPEC, digest::SPEC, hexdigest::SPEC, copy::SPEC];
pub static COMMON: &[GetSetSpec] =
    &[getset!("name", get_name), getset!("block_size", get_block_size), getset!("digest_size", get_digest_size)];

pub fn algo<'a>(sp: Space, w: W) -> Res<&'a mut Algo> {
    // SAFETY: null or a box that lives as long as its object.
    unsafe { obj::<WHash>(w).algo.as_mut() }.ok_or_else(|| sp.runtime_error("hash object is not initialized"))
}
/// An object of a class with a state.
pub fn wrap(sp: Space, w_type: W, a: Algo) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    obj::<WHash>(w).algo = Box::into_raw(Box::new(a));
    Ok(w)
}
/// What is to be hashed.
pub fn bytes_of(sp: Space, w: W) -> Res<Buffer> {
    if is_str(sp, w) {
        return Err(sp.type_error("Strings must be encoded before hashing"));
    }
    Buffer::get(sp, w).map_err(|r| {
        if sp.catch(known::TYPE_ERROR) { sp.type_error("object supporting the buffer API required") } else { r }
    })
}
/// Feeds a state; long data may keep other threads waiting no longer than needed.
pub fn feed(sp: Space, a: &mut Algo, data: &[u8]) {
    if data.len() >= super::GIL_MINSIZE as usize { blocking(sp, || a.update(data)) } else { a.update(data) }
}
/// A new object that has seen `data` (or the deprecated `string`).
pub fn start(sp: Space, w_type: W, mut a: Algo, w_data: Option<W>, w_string: W) -> Res<W> {
    let w_string = (!w_string.is_null() && !w_string.is_none()).then_some(w_string);
    if w_data.is_some() && w_string.is_some() {
        return Err(sp.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version.",
        ));
    }
    if let Some(w) = w_data.or(w_string) {
        feed(sp, &mut a, &bytes_of(sp, w)?)
    }
    wrap(sp, w_type, a)
}
/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        for d in [b >> 4, b & 15] {
            s.push(char::from_digit(d as u32, 16).unwrap_or('0'))
        }
        s
    })
}
/// Update this hash object's state with the provided string.
#[interp_fn(method, sig = "(self, obj, /)")]
pub fn update(sp: Space, w: W, w_data: W) -> Res<()> {
    let data = bytes_of(sp, w_data)?;
    feed(sp, algo(sp, w)?, &data);
    Ok(())
}
/// Return the digest value as a bytes object.
#[interp_fn(method, sig = "(self, /)")]
pub fn digest(sp: Space, w: W) -> Res<Vec<u8>> {
    Ok(algo(sp, w)?.digest(0))
}
/// Return the digest value as a string of hexadecimal digits.
#[interp_fn(method, sig = "(self, /)")]
pub fn hexdigest(sp: Space, w: W) -> Res<String> {
    Ok(hex(&algo(sp, w)?.digest(0)))
}
/// Return a copy of the hash object.
#[interp_fn(method, sig = "(self, /)")]
pub fn copy(sp: Space, w: W) -> Res<W> {
    let a = algo(sp, w)?.clone();
    wrap(sp, sp.type_(w)?, a)
}
#[slot]
pub fn get_name(sp: Space, w: W) -> Res<W> {
    sp.newstr(algo(sp, w)?.name())
}
#[slot]
pub fn get_block_size(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(algo(sp, w)?.block_size() as i64))
}
#[slot]
pub fn get_digest_size(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(algo(sp, w)?.digest_size() as i64))
}
