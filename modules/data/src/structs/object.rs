//! Struct and the iterator of iter_unpack.

use super::codec::*;
use super::error;
use super::format::{Layout, parse};
use crate::util::*;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
pub struct WStruct {
    header: Header,
    w_format: W,
    layout: *mut Layout,
}
#[derive(GcObject)]
#[repr(C)]
pub struct WUnpackIter {
    header: Header,
    w_struct: W,
    w_buffer: W,
    index: usize,
}
pub static W_STRUCT: TypeOf = TypeOf::new();
pub static W_UNPACK_ITER: TypeOf = TypeOf::new();

typespec!(pub STRUCT: WStruct, "_struct.Struct", {
    doc: Str::new("Struct(fmt) --> compiled struct object"),
    flags: ty::BASETYPE | ty::WEAKREF,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(struct_new), init: Some(struct_init), repr: Some(struct_repr), ..Slots::EMPTY },
    methods: methods![iter_unpack, pack, pack_into, unpack, unpack_from, struct_sizeof],
    getset: table![getset!("format", get_format), getset!("size", get_size)],
});
typespec!(pub UNPACK_ITER: WUnpackIter, "_struct.unpack_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(unpack_next), ..Slots::EMPTY },
    methods: methods![length_hint],
});

unsafe extern "C" fn free(p: *mut u8) {
    let l = (*p.cast::<WStruct>()).layout;
    if !l.is_null() {
        drop(Box::from_raw(l))
    }
}
/// The layout of a Struct; RuntimeError before `__init__`.
pub fn layout<'a>(sp: Space, w: W) -> Res<&'a Layout> {
    // SAFETY: null or a box that lives as long as its object, which the caller holds; `__init__` replaces it only when nobody can
    // be reading (values that are being packed may run code that calls it: the old one is then kept, see there).
    unsafe { obj::<WStruct>(w).layout.as_ref() }.ok_or_else(|| sp.runtime_error("Struct object is not initialized"))
}
#[slot]
fn struct_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}
#[slot]
fn struct_init(sp: Space, w: W, args: Args) -> Res<()> {
    let [w_format] = parse_args(sp, "Struct", &args, ["format"], 0, 1, 1)?;
    let (bytes, w_text) = if is_str(sp, w_format) {
        match sp.text_of(w_format).ascii() {
            Some(s) => (s.as_bytes().to_vec(), w_format),
            None => {
                let w = sp.call_method(w_format, name!(sp, "encode"), &[sp.newstr("ascii")?])?;
                (sp.bytes_opt(w).unwrap_or(b"").to_vec(), w_format)
            }
        }
    } else if let Some(b) = sp.bytes_opt(w_format) {
        (b.to_vec(), sp.newstr_latin1(b)?)
    } else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "Struct() argument 1 must be a str or bytes object, not {}",
            sp.type_name(w_format)
        ));
    };
    let l = parse(&bytes).map_err(|m| error(sp, m))?;
    setfield!(sp, w, WStruct, w_format, w_text);
    // A former layout may be in use by a call further up the stack: it is not released. Initializing twice is rare.
    obj::<WStruct>(w).layout = Box::into_raw(Box::new(l));
    Ok(())
}
#[slot]
fn get_format(sp: Space, w: W) -> Res<W> {
    layout(sp, w)?;
    Ok(obj::<WStruct>(w).w_format)
}
#[slot]
fn get_size(sp: Space, w: W) -> Res<W> {
    // SAFETY: null or a box that lives as long as its object. Before `__init__` the size is -1.
    Ok(sp.newint(unsafe { obj::<WStruct>(w).layout.as_ref() }.map_or(-1, |l| l.size as i64)))
}
#[slot]
fn struct_repr(sp: Space, w: W) -> Res<W> {
    layout(sp, w)?;
    let name = sp.type_name(w);
    sp.newstr(&format!("{name}({})", sp.repr_string(obj::<WStruct>(w).w_format)?))
}

pub fn pack_values(sp: Space, l: &Layout, values: &[W]) -> Res<W> {
    if values.len() != l.count {
        return Err(error(sp, &format!("pack expected {} items for packing (got {})", l.count, values.len())));
    }
    if l.size <= 64 {
        let mut out = [0; 64];
        pack_tuple(sp, l, values, &mut out[..l.size])?;
        return sp.newbytes(&out[..l.size]);
    }
    let mut out = Vec::new();
    if out.try_reserve_exact(l.size).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    out.resize(l.size, 0);
    pack_tuple(sp, l, values, &mut out)?;
    sp.newbytes(&out)
}
/// Where a value of `size` bytes at `offset` begins in `len` bytes.
fn place(sp: Space, l: &Layout, len: usize, offset: i64, packing: bool) -> Res<usize> {
    let size = l.size as i64;
    let mut at = offset;
    if offset < 0 {
        if offset + size > 0 {
            let m = if packing { "no space to pack" } else { "not enough data to unpack" };
            return Err(error(sp, &format!("{m} {size} bytes at offset {offset}")));
        }
        if offset + (len as i64) < 0 {
            return Err(error(sp, &format!("offset {offset} out of range for {len}-byte buffer")));
        }
        at += len as i64;
    }
    if (len as i64) - at < size {
        let (f, verb) = if packing { ("pack_into", "packing") } else { ("unpack_from", "unpacking") };
        let need = size as u64 + at as u64;
        return Err(error(
            sp,
            &format!(
                "{f} requires a buffer of at least {need} bytes for {verb} {size} bytes at offset {at} (actual buffer size is {len})"
            ),
        ));
    }
    Ok(at as usize)
}
/// buffer, offset, values
pub fn pack_at(sp: Space, l: &Layout, args: &[W]) -> Res<()> {
    if args.len() < 2 || args.len() - 2 != l.count {
        return Err(match args.len() {
            0 => error(sp, "pack_into expected buffer argument"),
            1 => error(sp, "pack_into expected offset argument"),
            n => error(sp, &format!("pack_into expected {} items for packing (got {})", l.count, n - 2)),
        });
    }
    let mut buffer = Buffer::writable(sp, args[0]).map_err(|r| {
        if sp.catch(known::BUFFER_ERROR) || sp.catch(known::TYPE_ERROR) {
            return raise!(
                sp,
                TYPE_ERROR,
                "argument must be read-write bytes-like object, not {}",
                sp.type_name(args[0])
            );
        }
        r
    })?;
    let offset = sp.int_w(args[1])?;
    let at = place(sp, l, buffer.len(), offset, true)?;
    let out = &mut buffer.bytes_mut()[at..at + l.size];
    out.fill(0);
    pack_tuple(sp, l, &args[2..], out)
}
pub fn unpack_all(sp: Space, l: &Layout, w_buffer: W) -> Res<W> {
    let check = |data: &[u8]| {
        if data.len() == l.size {
            Ok(())
        } else {
            Err(error(sp, &format!("unpack requires a buffer of {} bytes", l.size)))
        }
    };
    if let Some(data) = sp.bytes_opt(w_buffer) {
        check(data)?;
        return unpack_tuple(sp, l, data);
    }
    let buffer = Buffer::get(sp, w_buffer)?;
    check(&buffer)?;
    unpack_tuple(sp, l, &buffer)
}
pub fn unpack_at(sp: Space, l: &Layout, w_buffer: W, offset: i64) -> Res<W> {
    let buffer = Buffer::get(sp, w_buffer)?;
    let at = place(sp, l, buffer.len(), offset, false)?;
    unpack_tuple(sp, l, &buffer[at..at + l.size])
}
pub fn unpack_iterator(sp: Space, w: W, w_buffer: W) -> Res<W> {
    let l = layout(sp, w)?;
    if l.size == 0 {
        return Err(error(sp, "cannot iteratively unpack with a struct of length 0"));
    }
    let n = Buffer::get(sp, w_buffer)?.len();
    if n % l.size != 0 {
        return Err(error(sp, &format!("iterative unpacking requires a buffer of a multiple of {} bytes", l.size)));
    }
    // A view keeps the exporter from being resized while the iterator lives.
    let w_view = if sp.bytes_opt(w_buffer).is_some() { w_buffer } else { sp.newmemoryview(w_buffer)? };
    let (w_it, it) = W_UNPACK_ITER.new_instance::<WUnpackIter>(sp)?;
    it.w_struct = w;
    it.w_buffer = w_view;
    Ok(w_it)
}
#[slot]
fn unpack_next(sp: Space, w: W) -> Res<Option<W>> {
    let it = obj::<WUnpackIter>(w);
    if it.w_struct.is_null() {
        return Ok(None);
    }
    let l = layout(sp, it.w_struct)?;
    let buffer = Buffer::get(sp, it.w_buffer)?;
    let at = it.index;
    if at + l.size > buffer.len() {
        (it.w_struct, it.w_buffer) = (W::NULL, W::NULL);
        return Ok(None);
    }
    it.index += l.size;
    unpack_tuple(sp, l, &buffer[at..at + l.size]).map(Some)
}
/// Private method returning an estimate of len(list(it)).
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn length_hint(sp: Space, w: W) -> Res<usize> {
    let it = obj::<WUnpackIter>(w);
    if it.w_struct.is_null() {
        return Ok(0);
    }
    let n = Buffer::get(sp, it.w_buffer)?.len();
    Ok((n - it.index) / layout(sp, it.w_struct)?.size)
}

/// Return a bytes object containing values packed according to the format.
#[interp_fn(method, raw)]
fn pack(sp: Space, w: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "Struct.pack")?;
    pack_values(sp, layout(sp, w)?, args.positional())
}
/// Pack values into a writable buffer starting at offset.
#[interp_fn(method, raw)]
fn pack_into(sp: Space, w: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "Struct.pack_into")?;
    pack_at(sp, layout(sp, w)?, args.positional())
}
/// Return a tuple containing unpacked values.
///
/// Unpack according to the struct format string Struct.format.  The
/// buffer's size in bytes must be Struct.size.
///
/// See help(struct) for more on format strings.
#[interp_fn(method, sig = "(self, buffer, /)")]
fn unpack(sp: Space, w: W, w_buffer: W) -> Res<W> {
    unpack_all(sp, layout(sp, w)?, w_buffer)
}
/// Return a tuple containing unpacked values.
///
/// Values are unpacked according to the struct format string Struct.format.
///
/// The buffer's size in bytes, starting at position offset, must be
/// at least Struct.size.
///
/// See help(struct) for more on format strings.
#[interp_fn(method, sig = "(self, /, buffer, offset=0)")]
fn unpack_from(sp: Space, w: W, w_buffer: W, offset: i64) -> Res<W> {
    unpack_at(sp, layout(sp, w)?, w_buffer, offset)
}
/// Return an iterator yielding tuples.
///
/// Tuples are unpacked from the given bytes source, like a repeated
/// invocation of unpack_from().
///
/// Requires that the bytes length be a multiple of the struct size.
#[interp_fn(method, sig = "(self, buffer, /)")]
fn iter_unpack(sp: Space, w: W, w_buffer: W) -> Res<W> {
    unpack_iterator(sp, w, w_buffer)
}
/// S.__sizeof__() -> size of S in memory, in bytes
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn struct_sizeof(sp: Space, w: W) -> Res<usize> {
    Ok(size_of::<WStruct>() + 32 * (layout(sp, w)?.items.len() + 1))
}
