//! memoryview: the class.

use super::{Layout, MAX_NDIM, WMemory, c_strides, codes, index, live, make, managed, raw, release};
use crate::text::bytes::common;
use crate::text::{args, buffer, hash, tid};
use buffer::flag;
use std::mem::size_of;
use taipan_abi::opcode::CmpOp;
use taipan_abi::word::{TID_LIST, TID_MEMORYVIEW};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[slot]
fn memory_new(sp: Space, _w_type: W, given: Args) -> Res<W> {
    let [w_obj] = args::constructor(sp, given, "memoryview", ["object"]).or_else(|e| {
        // A wrong name is reported as the missing argument.
        if given.positional().is_empty() && given.nkw(sp) == 1 {
            sp.take_exc();
            return Ok([None]);
        }
        Err(e)
    })?;
    match w_obj {
        Some(w) => super::new(sp, w, flag::FULL_RO),
        None => Err(sp.type_error("memoryview() missing required argument 'object' (pos 1)")),
    }
}

#[slot]
fn memory_len(sp: Space, w: W) -> Res<i64> {
    match live(sp, w)?.shape().first() {
        Some(n) => Ok(*n as i64),
        None => Err(sp.type_error("0-dim memory has no length")),
    }
}
#[slot]
fn memory_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    index::get(sp, w, w_key)
}
#[slot]
fn memory_setitem(sp: Space, w: W, w_key: W, w_value: W) -> Res<()> {
    index::set(sp, w, w_key, w_value)
}

#[slot]
fn memory_hash(sp: Space, w: W) -> Res<i64> {
    if raw(w).hash != 0 {
        return Ok(raw(w).hash);
    }
    let m = live(sp, w)?;
    if m.readonly == 0 {
        return Err(sp.value_error("cannot hash writable memoryview object"));
    }
    if !matches!(codes::native(m.format()), Some(b'B' | b'b' | b'c')) {
        return Err(sp.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
    }
    sp.hash(managed::exporter(m.w_managed))?;
    let m = live(sp, w)?;
    m.hash = hash::hash_bytes(sp, &m.to_bytes());
    Ok(m.hash)
}

/// Equality of two views by value, after their shapes.
fn equal(sp: Space, a: &WMemory, b: &WMemory) -> Res<bool> {
    if a.shape() != b.shape() {
        return Ok(false);
    }
    let (Some(x), Some(y)) = (codes::native(a.format()), codes::native(b.format())) else {
        return equal_foreign(sp, a, b);
    };
    let mut left = Vec::with_capacity(a.count());
    a.each(|p| left.push(p));
    let mut right = Vec::with_capacity(b.count());
    b.each(|p| right.push(p));
    for (p, q) in left.into_iter().zip(right) {
        let same = if x == y {
            codes::same(x, a.item(p), b.item(q))
        } else {
            let (v, w) = (codes::unpack(sp, x, a.item(p))?, codes::unpack(sp, y, b.item(q))?);
            sp.is_true(sp.eq(v, w)?)?
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Formats that only the struct module understands; what it does not understand is unequal.
fn equal_foreign(sp: Space, a: &WMemory, b: &WMemory) -> Res<bool> {
    let values = |m: &WMemory| -> Res<W> {
        let module = sp.import_module(name!(sp, "struct"))?;
        let w_format = sp.newstr(&String::from_utf8_lossy(m.format()))?;
        let w_iter = sp.call_method(module, name!(sp, "iter_unpack"), &[w_format, sp.newbytes(&m.to_bytes())?])?;
        sp.fixedtuple(w_iter)
    };
    match values(a).and_then(|v| Ok((v, values(b)?))) {
        Ok((v, w)) => sp.is_true(sp.eq(v, w)?),
        Err(_) => {
            sp.take_exc();
            Ok(false)
        }
    }
}

#[slot]
fn memory_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if op != CmpOp::Eq as u32 && op != CmpOp::Ne as u32 {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let answer = |same: bool| Ok(W::bool(same == (op == CmpOp::Eq as u32)));
    let is_view = |w: W| sp.layout(w) == TID_MEMORYVIEW;
    if a == b && is_view(a) && raw(a).released != 0 {
        return answer(true);
    }
    let mut views = [W::NULL; 2];
    for (slot, w) in views.iter_mut().zip([a, b]) {
        if is_view(w) {
            if live(sp, w).is_err() {
                sp.take_exc();
                return answer(a == b);
            }
            *slot = w;
        } else if buffer::supports(sp, w) {
            match super::new(sp, w, flag::FULL_RO) {
                Ok(view) => *slot = view,
                Err(_) => {
                    sp.take_exc();
                    return Ok(W::NOT_IMPLEMENTED);
                }
            }
        } else {
            return Ok(W::NOT_IMPLEMENTED);
        }
    }
    let same = equal(sp, raw(views[0]), raw(views[1]));
    for (view, w) in views.into_iter().zip([a, b]) {
        if view != w {
            release(sp, view)?;
        }
    }
    answer(same?)
}

/// Gives the underlying buffer back; the view cannot be used afterwards.
#[interp_fn(method, name = "release", sig = "(self, /)")]
fn release_method(sp: Space, w_self: W) -> Res<()> {
    release(sp, w_self)
}
#[interp_fn(method, name = "__enter__", sig = "(self, /)")]
fn __enter__(sp: Space, w_self: W) -> Res<W> {
    live(sp, w_self)?;
    Ok(w_self)
}
#[interp_fn(method, name = "__exit__", sig = "(self, /, *exc_info)")]
fn __exit__(sp: Space, w_self: W, _w_info: W) -> Res<()> {
    release(sp, w_self)
}

/// The data as bytes, in the order 'C', 'F' or 'A'.
#[interp_fn(method, sig = "(self, /, order='C')")]
fn tobytes(sp: Space, w_self: W, w_order: Option<W>) -> Res<W> {
    let order = match w_order {
        Some(w) if !w.is_none() => sp.string_w(w)?,
        _ => "C".into(),
    };
    let m = live(sp, w_self)?;
    let fortran = match &*order {
        "C" => false,
        "F" => true,
        "A" => m.f_contiguous() && !m.c_contiguous(),
        _ => return Err(sp.value_error("order must be 'C', 'F' or 'A'")),
    };
    if !fortran {
        return sp.newbytes(&m.to_bytes());
    }
    let (shape, strides): (Vec<isize>, Vec<isize>) =
        (m.shape().iter().rev().copied().collect(), m.strides().iter().rev().copied().collect());
    let mut out = Vec::with_capacity(m.nbytes);
    super::each_item(m.ptr, &shape, &strides, &mut |p| out.extend_from_slice(m.item(p)));
    sp.newbytes(&out)
}
/// Two hexadecimal digits a byte, with sep after each group of bytes_per_sep bytes.
#[interp_fn(method, sig = "(self, /, sep=None, bytes_per_sep=1)")]
fn hex(sp: Space, w_self: W, w_sep: Option<W>, bytes_per_sep: i32) -> Res<String> {
    live(sp, w_self)?;
    let sep = common::hex_separator(sp, w_sep)?;
    Ok(common::hex(&live(sp, w_self)?.to_bytes(), sep, bytes_per_sep as i64))
}
/// The items as a list (of lists).
#[interp_fn(method, sig = "(self, /)")]
fn tolist(sp: Space, w_self: W) -> Res<W> {
    let m = live(sp, w_self)?;
    index::to_list(sp, m, m.code(sp)?, m.ptr, 0)
}
/// A view of the same memory that does not allow writing.
#[interp_fn(method, sig = "(self, /)")]
fn toreadonly(sp: Space, w_self: W) -> Res<W> {
    live(sp, w_self)?;
    let w = super::new(sp, w_self, flag::FULL_RO)?;
    raw(w).readonly = 1;
    Ok(w)
}

fn extents(sp: Space, w_shape: W) -> Res<Vec<isize>> {
    let items = match sp.tuple_opt(w_shape) {
        Some(_) => w_shape,
        None if sp.layout(w_shape) == TID_LIST => sp.fixedtuple(w_shape)?,
        None => return Err(sp.type_error("shape must be a list or a tuple")),
    };
    let items = sp.tuple_items(items);
    if items.len() > MAX_NDIM {
        return Err(raise!(sp, VALUE_ERROR, "memoryview: number of dimensions must not exceed {MAX_NDIM}"));
    }
    let mut shape = Vec::with_capacity(items.len());
    for w in items {
        if !args::has_index(sp, *w)? {
            return Err(sp.type_error("memoryview.cast(): elements of shape must be integers"));
        }
        let n = sp.int_w(*w)?;
        if n <= 0 {
            return Err(sp.value_error("memoryview.cast(): elements of shape must be integers > 0"));
        }
        shape.push(n as isize);
    }
    Ok(shape)
}

/// The same memory with another format or shape.
#[interp_fn(method, sig = "(self, /, format, shape=None)")]
fn cast(sp: Space, w_self: W, w_format: W, w_shape: Option<W>) -> Res<W> {
    let m = live(sp, w_self)?;
    let Some(format) = sp.text_opt(w_format) else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "cast() argument 'format' must be str, not {}",
            args::arg_type(sp, w_format)
        ));
    };
    if !m.c_contiguous() {
        return Err(sp.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (w_shape.is_some() || m.ndim != 1) && m.shape().contains(&0) {
        return Err(sp.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let shape = w_shape.map(|w| extents(sp, w)).transpose()?;
    let m = live(sp, w_self)?;
    if shape.as_ref().is_some_and(|s| s.len() != 1) && m.ndim != 1 {
        return Err(sp.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let single = "format must be a native single character format prefixed with an optional '@'";
    let Some(to) = format.ascii().and_then(|f| codes::native(f.as_bytes())) else {
        return Err(raise!(sp, VALUE_ERROR, "memoryview: destination {single}"));
    };
    let Some(from) = codes::native(m.format()) else {
        return Err(raise!(sp, VALUE_ERROR, "memoryview: source {single}"));
    };
    let is_byte = |c: u8| matches!(c, b'b' | b'B' | b'c');
    if !is_byte(from) && !is_byte(to) {
        return Err(sp.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let itemsize = codes::size(to).unwrap_or(1);
    if m.nbytes % itemsize != 0 {
        return Err(sp.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let shape = shape.unwrap_or_else(|| vec![(m.nbytes / itemsize) as isize]);
    let product = shape.iter().try_fold(itemsize, |n, x| n.checked_mul(*x as usize));
    if product != Some(m.nbytes) {
        return Err(sp.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    let mut text = format.to_wtf8().into_owned();
    text.push(0);
    let w_format = sp.newbytes(&text)?;
    let strides = c_strides(&shape, itemsize);
    let layout = Layout { ptr: m.ptr, itemsize, readonly: m.readonly != 0, shape: &shape, strides: &strides, w_format };
    make(sp, m.w_managed, layout)
}

fn one_dimension(sp: Space, w: W) -> Res<usize> {
    let m = live(sp, w)?;
    match m.ndim {
        1 => Ok(m.shape()[0] as usize),
        0 => Err(sp.type_error("invalid lookup on 0-dim memory")),
        _ => Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, "multi-dimensional lookup is not implemented")),
    }
}
/// How many items equal a value.
#[interp_fn(method, sig = "(self, value, /)")]
fn count(sp: Space, w_self: W, w_value: W) -> Res<usize> {
    let w_iter = sp.iter(w_self)?;
    let mut n = 0;
    while let Some(w) = sp.next(w_iter)? {
        n += usize::from(sp.eq_w(w, w_value)?);
    }
    Ok(n)
}
/// The first index of an item that equals a value; ValueError if there is none.
#[interp_fn(method, name = "index", sig = "(self, value, start=0, stop=9223372036854775807, /)")]
fn index_method(sp: Space, w_self: W, w_value: W, w_start: Option<W>, w_stop: Option<W>) -> Res<usize> {
    let n = one_dimension(sp, w_self)?;
    if let Some((lo, hi)) = args::window(sp, w_start, w_stop, n)? {
        for i in lo..hi {
            let w = index::get(sp, w_self, W::int(i as i64))?;
            if sp.eq_w(w, w_value)? {
                return Ok(i);
            }
        }
    }
    Err(sp.value_error("memoryview.index(x): x not found"))
}
/// A view made with the given buffer request flags.
#[interp_fn(classmethod, sig = "($type, /, object, flags)")]
fn _from_flags(sp: Space, _w_type: W, w_obj: W, flags: i32) -> Res<W> {
    super::new(sp, w_obj, flags as u32)
}
/// memoryview[type]
#[interp_fn(classmethod, name = "__class_getitem__", sig = "($type, object, /)")]
fn __class_getitem__(sp: Space, w_type: W, w_item: W) -> Res<W> {
    sp.call(sp.known(known::GENERIC_ALIAS), &[w_type, w_item])
}

fn tuple(sp: Space, values: &[isize]) -> Res<W> {
    // Small ints need no rooting.
    let items: Vec<W> = values.iter().map(|n| W::int(*n as i64)).collect();
    sp.newtuple(&items)
}
macro_rules! getters {
    ($($name:ident($sp:ident, $m:ident) $value:expr;)*) => {
        $(#[slot]
        fn $name($sp: Space, w: W) -> Res<W> {
            let $m = live($sp, w)?;
            $value
        })*
    };
}
getters! {
    get_obj(_sp, m) Ok(managed::exporter(m.w_managed));
    get_nbytes(sp, m) m.nbytes.into_w(sp);
    get_readonly(_sp, m) Ok(W::bool(m.readonly != 0));
    get_itemsize(sp, m) m.itemsize.into_w(sp);
    get_format(sp, m) sp.newstr(&String::from_utf8_lossy(m.format()));
    get_ndim(sp, m) m.ndim.into_w(sp);
    get_shape(sp, m) tuple(sp, m.shape());
    get_strides(sp, m) tuple(sp, m.strides());
    get_suboffsets(sp, _m) sp.newtuple(&[]);
    get_c_contiguous(_sp, m) Ok(W::bool(m.c_contiguous()));
    get_f_contiguous(_sp, m) Ok(W::bool(m.f_contiguous()));
    get_contiguous(_sp, m) Ok(W::bool(m.c_contiguous() || m.f_contiguous()));
}

/// Iterator over the items of a one-dimensional view.
#[derive(GcObject)]
#[repr(C)]
pub struct WMemoryIter {
    header: Header,
    w_view: W,
    index: usize,
    len: usize,
}
#[slot]
fn memory_iter(sp: Space, w: W) -> Res<W> {
    let m = live(sp, w)?;
    match m.ndim {
        1 => {}
        0 => return Err(sp.type_error("invalid indexing of 0-dim memory")),
        _ => return Err(sp.raise(known::NOT_IMPLEMENTED_ERROR, "multi-dimensional sub-views are not implemented")),
    }
    m.code(sp)?;
    // SAFETY: the row's layout; the stores follow the allocation at once.
    unsafe {
        let w_iter = sp.alloc(tid::MEMORY_ITER, size_of::<WMemoryIter>())?;
        let it = &mut *w_iter.ptr::<WMemoryIter>();
        it.w_view = w;
        it.len = m.shape()[0] as usize;
        Ok(w_iter)
    }
}
#[slot]
fn iter_self(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn iter_next(sp: Space, w: W) -> Res<Option<W>> {
    // SAFETY: a slot of this type only.
    let it = unsafe { &mut *w.ptr::<WMemoryIter>() };
    if it.w_view.is_null() {
        return Ok(None);
    }
    if it.index >= it.len {
        it.w_view = W::NULL;
        return Ok(None);
    }
    it.index += 1;
    index::get(sp, it.w_view, W::int(it.index as i64 - 1)).map(Some)
}
typespec!(pub MEMORY_ITER: WMemoryIter, "memory_iterator", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(iter_next), ..Slots::EMPTY },
});

typespec!(pub MEMORYVIEW: WMemory, "memoryview", {
    doc: Str::new("A view of the memory of another object, without a copy."),
    flags: ty::IMMUTABLE | ty::WEAKREF | ty::SEQUENCE,
    slots: &Slots {
        repr: Some(super::memory_repr),
        hash: Some(memory_hash),
        compare: Some(memory_compare),
        iter: Some(memory_iter),
        new: Some(memory_new),
        len: Some(memory_len),
        getitem: Some(memory_getitem),
        setitem: Some(memory_setitem),
        getbuffer: Some(super::getbuffer),
        releasebuffer: Some(super::releasebuffer),
        ..Slots::EMPTY
    },
    methods: methods![
        release_method, tobytes, hex, tolist, cast, toreadonly, _from_flags, count, index_method, __enter__, __exit__, __class_getitem__,
    ],
    getset: table![
        getset!("obj", get_obj), getset!("nbytes", get_nbytes), getset!("readonly", get_readonly),
        getset!("itemsize", get_itemsize), getset!("format", get_format), getset!("ndim", get_ndim), getset!("shape", get_shape),
        getset!("strides", get_strides), getset!("suboffsets", get_suboffsets), getset!("c_contiguous", get_c_contiguous),
        getset!("f_contiguous", get_f_contiguous), getset!("contiguous", get_contiguous),
    ],
});
