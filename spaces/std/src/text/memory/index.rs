//! memoryview: reading and writing items and slices.

use super::{WMemory, codes, each_item, live, make};
use crate::text::args::{has_index, is_slice, slice_indices};
use crate::text::buffer::flag;
use crate::text::str::index_too_big;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The address of item `i` of a dimension.
fn step(sp: Space, m: &WMemory, p: *mut u8, dim: usize, i: i64) -> Res<*mut u8> {
    let n = m.shape()[dim] as i64;
    let at = if i < 0 { i + n } else { i };
    if at < 0 || at >= n {
        return Err(raise!(sp, INDEX_ERROR, "index out of bounds on dimension {}", dim + 1));
    }
    Ok(p.wrapping_offset(at as isize * m.strides()[dim]))
}

fn index(sp: Space, w: W) -> Res<i64> {
    sp.int_w(w).map_err(|e| index_too_big(sp, e))
}

/// The address of the single item that a key names; Err(None) if the key names something else.
fn address(sp: Space, m: &WMemory, w_key: W) -> Res<Option<*mut u8>> {
    if has_index(sp, w_key)? {
        if m.ndim != 1 {
            return Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, "multi-dimensional sub-views are not implemented"));
        }
        return step(sp, m, m.ptr, 0, index(sp, w_key)?).map(Some);
    }
    let Some(keys) = sp.tuple_opt(w_key) else { return Ok(None) };
    for w in keys {
        if !has_index(sp, *w)? {
            let all = keys.iter().all(|w| !w.is_int() && is_slice(sp, *w));
            if all && !keys.is_empty() {
                return Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, "multi-dimensional slicing is not implemented"));
            }
            return Err(sp.type_error("memoryview: invalid slice key"));
        }
    }
    if keys.len() < m.ndim as usize {
        return Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, "sub-views are not implemented"));
    }
    if keys.len() > m.ndim as usize {
        let (n, k) = (m.ndim, keys.len());
        return Err(raise!(sp, TYPE_ERROR, "cannot index {n}-dimension view with {k}-element tuple"));
    }
    let mut p = m.ptr;
    for (dim, w) in keys.iter().enumerate() {
        p = step(sp, m, p, dim, index(sp, *w)?)?;
    }
    Ok(Some(p))
}

fn zero_dim(sp: Space, w_key: W) -> Res<()> {
    let fits = sp.tuple_opt(w_key).is_some_and(|t| t.is_empty()) || w_key == W::ELLIPSIS;
    if fits { Ok(()) } else { Err(sp.type_error("invalid indexing of 0-dim memory")) }
}

/// A view of a slice of the first dimension.
fn sliced(sp: Space, w: W, w_slice: W) -> Res<W> {
    let ix = slice_indices(sp, w_slice, || super::raw(w).shape().first().map_or(0, |n| *n as usize))?;
    let m = live(sp, w)?;
    let (mut shape, mut strides) = (m.shape().to_vec(), m.strides().to_vec());
    let ptr = m.ptr.wrapping_offset(ix.start as isize * strides[0]);
    shape[0] = ix.count as isize;
    strides[0] *= ix.step as isize;
    let layout = super::Layout {
        ptr: if ix.count == 0 { m.ptr } else { ptr },
        itemsize: m.itemsize,
        readonly: m.readonly != 0,
        shape: &shape,
        strides: &strides,
        w_format: m.w_format,
    };
    make(sp, m.w_managed, layout)
}

/// `m[key]`
pub fn get(sp: Space, w: W, w_key: W) -> Res<W> {
    let m = live(sp, w)?;
    if m.ndim == 0 {
        zero_dim(sp, w_key)?;
        return if w_key == W::ELLIPSIS { Ok(w) } else { codes::unpack(sp, m.code(sp)?, m.item(m.ptr)) };
    }
    if !w_key.is_int() && is_slice(sp, w_key) {
        return sliced(sp, w, w_key);
    }
    let code = m.code(sp);
    match address(sp, m, w_key)? {
        Some(p) => {
            let m = live(sp, w)?;
            codes::unpack(sp, code?, m.item(p))
        }
        None => {
            if code.is_err() {
                sp.take_exc();
            }
            Err(sp.type_error("memoryview: invalid slice key"))
        }
    }
}

/// `m[key] = value`
pub fn set(sp: Space, w: W, w_key: W, w_value: W) -> Res<()> {
    let m = live(sp, w)?;
    if w_value.is_null() {
        return Err(sp.type_error("cannot delete memory"));
    }
    if m.readonly != 0 {
        return Err(sp.type_error("cannot modify read-only memory"));
    }
    if m.ndim > 0 && !w_key.is_int() && is_slice(sp, w_key) {
        return set_slice(sp, w, w_key, w_value);
    }
    let code = m.code(sp)?;
    let p = if m.ndim == 0 {
        zero_dim(sp, w_key)?;
        Some(m.ptr)
    } else {
        address(sp, m, w_key)?
    };
    let Some(p) = p else { return Err(sp.type_error("memoryview: invalid slice key")) };
    let (item, n) = codes::pack(sp, code, w_value)?;
    // Converting the value may have run code that released the view.
    live(sp, w)?;
    // SAFETY: the address of an item of a live, writable view.
    unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), p, n) };
    Ok(())
}

fn set_slice(sp: Space, w: W, w_slice: W, w_value: W) -> Res<()> {
    if super::raw(w).ndim != 1 {
        let text = "memoryview slice assignments are currently restricted to ndim = 1";
        return Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, text));
    }
    let source = Buffer::with_flags(sp, w_value, flag::FULL_RO)?;
    let w_part = sliced(sp, w, w_slice)?;
    let part = live(sp, w_part)?;
    let v = source.view();
    // SAFETY: the exporter fills one extent and stride for its one dimension; the format is NUL-terminated.
    let (n, stride, format) = unsafe {
        let n = if v.shape.is_null() { (v.len / v.itemsize.max(1)) as isize } else { *v.shape };
        let stride = if v.strides.is_null() { v.itemsize as isize } else { *v.strides };
        let format = if v.format.is_null() { &b"B"[..] } else { std::ffi::CStr::from_ptr(v.format.cast()).to_bytes() };
        (n, stride, format)
    };
    let same_format = {
        let plain = |f: &'static [u8]| f.strip_prefix(b"@").unwrap_or(f).to_vec();
        plain(part.format()) == format.strip_prefix(b"@").unwrap_or(format)
    };
    if v.ndim != 1 || n != part.shape()[0] || v.itemsize != part.itemsize || !same_format {
        super::release(sp, w_part)?;
        return Err(sp.value_error("memoryview assignment: lvalue and rvalue have different structures"));
    }
    // The two may overlap, so that the source is copied first.
    let mut bytes = Vec::with_capacity(v.len);
    each_item(v.ptr, &[n], &[stride], &mut |p| {
        // SAFETY: an item of the held source.
        bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(p, v.itemsize) })
    });
    let mut from = bytes.chunks_exact(v.itemsize.max(1));
    part.each(|p| {
        if let Some(item) = from.next() {
            // SAFETY: an item of the live, writable view; the copy is not part of it.
            unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), p, item.len()) }
        }
    });
    super::release(sp, w_part)
}

/// tolist, by dimension.
pub fn to_list(sp: Space, m: &WMemory, code: u8, p: *mut u8, dim: usize) -> Res<W> {
    if dim == m.ndim as usize {
        return codes::unpack(sp, code, m.item(p));
    }
    let mut out = RootedVec::with_capacity(sp, m.shape()[dim] as usize);
    for i in 0..m.shape()[dim] {
        out.push(to_list(sp, m, code, p.wrapping_offset(i * m.strides()[dim]), dim + 1)?);
    }
    out.into_list()
}
