//! The array type: storage, slots.

use super::item::{self, load, store};
use super::methods::*;
use crate::util::*;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::abi::word::{TID_LIST, TID_SLICE};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{BufferView, raise};

#[derive(GcObject)]
#[repr(C)]
pub struct WArray {
    pub header: Header,
    data: *mut Vec<u8>,
    /// Items; a buffer's shape points here.
    pub len: usize,
    /// Buffers held: the storage may not be replaced.
    exports: usize,
    pub code: u8,
}
#[derive(GcObject)]
#[repr(C)]
pub struct WArrayIter {
    header: Header,
    /// NULL when exhausted.
    w_array: W,
    index: usize,
}
pub static W_ARRAY: TypeOf = TypeOf::new();
pub static W_ITER: TypeOf = TypeOf::new();

typespec!(pub ARRAY: WArray, "array.array", {
    doc: Str::new("array(typecode [, initializer]) -> array\n\nReturn a new array whose items are restricted by typecode, and\ninitialized from the optional initializer value, which must be a list,\nstring or iterable over elements of the appropriate type."),
    flags: ty::BASETYPE | ty::WEAKREF | ty::SEQUENCE,
    layout_flags: tf::FREE,
    free: Some(free),
    native_bytes: Some(native_bytes),
    slots: &Slots {
        new: Some(array_new), repr: Some(array_repr), hash: Some(array_hash), compare: Some(array_compare), iter: Some(array_iter),
        len: Some(array_len), getitem: Some(array_getitem), setitem: Some(array_setitem), contains: Some(array_contains),
        concat: Some(array_concat), repeat: Some(array_repeat), inplace_concat: Some(array_inplace_concat),
        inplace_repeat: Some(array_inplace_repeat), getbuffer: Some(array_getbuffer), releasebuffer: Some(array_releasebuffer),
        ..Slots::EMPTY
    },
    methods: methods![
        append, buffer_info, byteswap, clear, copy_dunder, deepcopy, count, extend, frombytes, fromfile, fromlist, fromunicode, index,
        insert, pop, remove, reverse, tobytes, tofile, tolist, tounicode, reduce_ex, class_getitem,
    ],
    getset: table![getset!("typecode", get_typecode), getset!("itemsize", get_itemsize)],
});
typespec!(pub ITER: WArrayIter, "array.arrayiterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(iter_next), ..Slots::EMPTY },
    methods: methods![iter_reduce, iter_setstate],
});
unsafe extern "C" fn free(p: *mut u8) {
    let d = (*p.cast::<WArray>()).data;
    if !d.is_null() {
        drop(Box::from_raw(d))
    }
}
unsafe extern "C" fn native_bytes(p: *const u8) -> usize {
    (*p.cast::<WArray>()).data.as_ref().map_or(0, |v| v.capacity())
}

/// The storage.
pub fn data<'a>(w: W) -> &'a mut Vec<u8> {
    let a = obj::<WArray>(w);
    if a.data.is_null() {
        a.data = Box::into_raw(Box::default())
    }
    // SAFETY: a box that lives as long as its object.
    unsafe { &mut *a.data }
}
pub fn code(w: W) -> u8 {
    obj::<WArray>(w).code
}
pub fn len(w: W) -> usize {
    obj::<WArray>(w).len
}
pub fn new_array(sp: Space, w_type: W, code: u8) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    obj::<WArray>(w).code = code;
    Ok(w)
}
/// BufferError while a buffer is held.
pub fn resizable(sp: Space, w: W) -> Res<()> {
    if obj::<WArray>(w).exports == 0 {
        return Ok(());
    }
    Err(sp.raise(known::BUFFER_ERROR, "cannot resize an array that is exporting buffers"))
}
/// Notes the new length.
fn counted(w: W) {
    obj::<WArray>(w).len = data(w).len() / item::size(code(w))
}
/// Replaces items [lo, hi) by bytes.
pub fn splice(sp: Space, w: W, lo: usize, hi: usize, new: &[u8]) -> Res<()> {
    let n = item::size(code(w));
    if (hi - lo) * n != new.len() {
        resizable(sp, w)?
    }
    data(w).splice(lo * n..hi * n, new.iter().copied());
    counted(w);
    Ok(())
}
pub fn extend_bytes(sp: Space, w: W, bytes: &[u8]) -> Res<()> {
    if bytes.len() % item::size(code(w)) != 0 {
        return Err(sp.value_error("bytes length not a multiple of item size"));
    }
    if !bytes.is_empty() {
        resizable(sp, w)?
    }
    data(w).extend_from_slice(bytes);
    counted(w);
    Ok(())
}
pub fn push(sp: Space, w: W, v: W) -> Res<()> {
    let c = code(w);
    let b = store(sp, c, v)?;
    resizable(sp, w)?;
    data(w).extend_from_slice(&b[..item::size(c)]);
    obj::<WArray>(w).len += 1;
    Ok(())
}
pub fn get(sp: Space, w: W, i: usize) -> Res<W> {
    let n = item::size(code(w));
    match data(w).get(i * n..i * n + n) {
        Some(b) => load(sp, code(w), b),
        None => Err(sp.index_error("array index out of range")),
    }
}

#[slot]
fn array_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if sp.is_(w_type, W_ARRAY.w()) && args.nkw(sp) > 0 {
        return Err(sp.type_error("array.array() takes no keyword arguments"));
    }
    let pos = args.positional();
    let w_code = match pos {
        [c] | [c, _] => *c,
        [] => return Err(sp.type_error("array() takes at least 1 argument (0 given)")),
        _ => return Err(raise!(sp, TYPE_ERROR, "array() takes at most 2 arguments ({} given)", pos.len())),
    };
    let Some(t) = sp.text_opt(w_code) else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "array() argument 1 must be a unicode character, not {}",
            sp.type_name(w_code)
        ));
    };
    if t.len() != 1 {
        let n = t.len();
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "array() argument 1 must be a unicode character, not a string of length {n}"
        ));
    }
    let Some(c) = u8::try_from(t.char_at(0)).ok().filter(|c| item::CODES.as_bytes().contains(c)) else {
        return Err(sp.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)"));
    };
    if c == b'u' {
        sp.warn(known::DEPRECATION_WARNING, "The 'u' type code is deprecated and will be removed in Python 3.16", 1)?
    }
    let text_code = c == b'u' || c == b'w';
    let w_init = pos.get(1).copied();
    if let Some(i) = w_init {
        if !text_code && is_str(sp, i) {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "cannot use a str to initialize an array with typecode '{}'",
                c as char
            ));
        }
        if W_ARRAY.is(sp, i) && !text_code && matches!(code(i), b'u' | b'w') {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "cannot use a unicode array to initialize an array with typecode '{}'",
                c as char
            ));
        }
    }
    let w = new_array(sp, w_type, c)?;
    let Some(i) = w_init else { return Ok(w) };
    if let Some(t) = sp.text_opt(i) {
        add_text(w, &t);
    } else if sp.bytes_opt(i).is_some() || sp.layout(i) == taipan_plugin_api::abi::word::TID_BYTEARRAY {
        extend_bytes(sp, w, &Buffer::get(sp, i)?)?
    } else if W_ARRAY.is(sp, i) && code(i) == c {
        extend_bytes(sp, w, &data(i).clone())?
    } else {
        sp.for_each(i, |v| push(sp, w, v).map(|_| true))?
    }
    Ok(w)
}
/// Appends the characters of a str.
pub fn add_text(w: W, t: &Text) {
    for c in t.chars() {
        data(w).extend_from_slice(&c.to_le_bytes())
    }
    counted(w)
}
#[slot]
fn array_repr(sp: Space, w: W) -> Res<W> {
    let name = sp.type_name(w);
    let c = code(w) as char;
    if len(w) == 0 {
        return sp.newstr(&format!("{name}('{c}')"));
    }
    let w_items = if c == 'u' || c == 'w' { text_of(sp, w)? } else { list_of(sp, w)? };
    let mut out = format!("{name}('{c}', ").into_bytes();
    out.extend_from_slice(&sp.text_w(sp.repr(w_items)?)?.to_wtf8());
    out.push(b')');
    sp.newstr_wtf8(&out)
}
pub fn text_of(sp: Space, w: W) -> Res<W> {
    let chars: Vec<u32> = data(w).chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    if let Some(c) = chars.iter().find(|c| **c > 0x10ffff) {
        return Err(raise!(sp, VALUE_ERROR, "character U+{c:x} is not in range [U+0000; U+10ffff]"));
    }
    sp.newstr_chars(&chars)
}
pub fn list_of(sp: Space, w: W) -> Res<W> {
    let w_list = sp.newlist(&[])?;
    for i in 0..len(w) {
        sp.list_append(w_list, get(sp, w, i)?)?
    }
    Ok(w_list)
}
#[slot]
fn array_hash(sp: Space, w: W) -> Res<i64> {
    Err(raise!(
        sp,
        TYPE_ERROR,
        "unhashable type: '{}'",
        if W_ARRAY.is_exact(sp, w) { "array.array".into() } else { sp.type_name(w) }
    ))
}
#[slot]
fn array_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !W_ARRAY.is(sp, a) || !W_ARRAY.is(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (n, m) = (len(a), len(b));
    if n != m && (op == 2 || op == 3) {
        return Ok(W::bool(op == 3));
    }
    for i in 0..n.min(m) {
        let (x, y) = (get(sp, a, i)?, get(sp, b, i)?);
        if !sp.eq_w(x, y)? {
            return match op {
                0 => sp.lt(x, y),
                1 => sp.le(x, y),
                2 => Ok(W::FALSE),
                3 => Ok(W::TRUE),
                4 => sp.gt(x, y),
                _ => sp.ge(x, y),
            };
        }
    }
    Ok(W::bool(match op {
        0 => n < m,
        1 => n <= m,
        2 => n == m,
        3 => n != m,
        4 => n > m,
        _ => n >= m,
    }))
}
#[slot]
fn array_iter(sp: Space, w: W) -> Res<W> {
    let (w_it, it) = W_ITER.new_instance::<WArrayIter>(sp)?;
    it.w_array = w;
    Ok(w_it)
}
#[slot]
fn iter_next(sp: Space, w: W) -> Res<Option<W>> {
    let it = obj::<WArrayIter>(w);
    if it.w_array.is_null() {
        return Ok(None);
    }
    if it.index >= len(it.w_array) {
        it.w_array = W::NULL;
        return Ok(None);
    }
    it.index += 1;
    get(sp, it.w_array, it.index - 1).map(Some)
}
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn iter_reduce(sp: Space, w: W) -> Res<W> {
    let w_iter = sp.builtin(name!(sp, "iter"))?;
    let it = obj::<WArrayIter>(w);
    if it.w_array.is_null() {
        let w_args = sp.newtuple(&[sp.newtuple(&[])?])?;
        return sp.newtuple(&[w_iter, w_args]);
    }
    let w_args = sp.newtuple(&[it.w_array])?;
    sp.newtuple(&[w_iter, w_args, sp.newint(it.index as i64)])
}
#[interp_fn(method, name = "__setstate__", sig = "(self, state, /)")]
fn iter_setstate(_sp: Space, w: W, state: i64) -> Res<()> {
    obj::<WArrayIter>(w).index = state.max(0) as usize;
    Ok(())
}
#[slot]
fn array_len(_sp: Space, w: W) -> Res<i64> {
    Ok(len(w) as i64)
}
/// start, step and count of a slice.
fn slice(sp: Space, w_slice: W, n: usize) -> Res<(i64, i64, usize)> {
    let w = sp.call_method(w_slice, name!(sp, "indices"), &[sp.newint(n as i64)])?;
    let &[start, stop, step] = sp.tuple_items(w) else { return Err(sp.type_error("slice indices must be integers")) };
    let (start, stop) = (sp.int_w(start)?, sp.int_w(stop)?);
    let step = match sp.int_w(step) {
        Ok(i) => i,
        Err(_) if sp.catch(known::OVERFLOW_ERROR) => {
            if sp.is_true(sp.lt(step, W::int(0))?)? {
                -i64::MAX
            } else {
                i64::MAX
            }
        }
        Err(r) => return Err(r),
    };
    // The step may be as large as an int gets.
    let (a, b, s) = (start as i128, stop as i128, step as i128);
    let count = if s > 0 { (b - a + s - 1) / s } else { (a - b - s - 1) / -s };
    Ok((start, step, count.max(0) as usize))
}
fn position(sp: Space, w: W, w_index: W, message: &str) -> Res<usize> {
    let n = len(w) as i64;
    if !w_index.is_int() && sp.lookup_special(w_index, name!(sp, "__index__"))?.is_none() {
        return Err(sp.type_error("array indices must be integers"));
    }
    let i = sp.int_w(w_index).map_err(|r| {
        if sp.catch(known::OVERFLOW_ERROR) {
            return raise!(sp, INDEX_ERROR, "cannot fit '{}' into an index-sized integer", sp.type_name(w_index));
        }
        r
    })?;
    let i = if i < 0 { i.saturating_add(n) } else { i };
    if i < 0 || i >= n { Err(sp.index_error(message)) } else { Ok(i as usize) }
}
#[slot]
fn array_getitem(sp: Space, w: W, w_index: W) -> Res<W> {
    if sp.layout(w_index) != TID_SLICE {
        let i = position(sp, w, w_index, "array index out of range")?;
        return get(sp, w, i);
    }
    let (start, step, count) = slice(sp, w_index, len(w))?;
    let n = item::size(code(w));
    let w_new = new_array(sp, W_ARRAY.w(), code(w))?;
    let mut out = Vec::with_capacity(count * n);
    for k in 0..count {
        let at = start.wrapping_add((k as i64).wrapping_mul(step)) as usize * n;
        out.extend_from_slice(&data(w)[at..at + n])
    }
    extend_bytes(sp, w_new, &out)?;
    Ok(w_new)
}
#[slot]
fn array_setitem(sp: Space, w: W, w_index: W, v: W) -> Res<()> {
    let n = item::size(code(w));
    if sp.layout(w_index) != TID_SLICE {
        let i = position(sp, w, w_index, "array assignment index out of range")?;
        if v.is_null() {
            return splice(sp, w, i, i + 1, &[]);
        }
        let b = store(sp, code(w), v)?;
        // Reading the value may have shortened the array.
        return match data(w).get_mut(i * n..i * n + n) {
            Some(place) => {
                place.copy_from_slice(&b[..n]);
                Ok(())
            }
            None => Err(sp.index_error("array assignment index out of range")),
        };
    }
    let new = if v.is_null() {
        Vec::new()
    } else if !W_ARRAY.is(sp, v) {
        return Err(raise!(sp, TYPE_ERROR, "can only assign array (not \"{}\") to array slice", sp.type_name(v)));
    } else if code(v) != code(w) {
        return Err(sp.type_error("bad argument type for built-in operation"));
    } else {
        data(v).clone()
    };
    let (start, step, count) = slice(sp, w_index, len(w))?;
    if step == 1 {
        let lo = (start as usize).min(len(w));
        return splice(sp, w, lo, lo + count, &new);
    }
    if v.is_null() {
        if count == 0 {
            return Ok(());
        }
        resizable(sp, w)?;
        let mut places: Vec<usize> =
            (0..count).map(|k| start.wrapping_add((k as i64).wrapping_mul(step)) as usize).collect();
        places.sort_unstable();
        for i in places.into_iter().rev() {
            data(w).drain(i * n..i * n + n);
        }
        counted(w);
        return Ok(());
    }
    if new.len() / n != count {
        return Err(raise!(
            sp,
            VALUE_ERROR,
            "attempt to assign array of size {} to extended slice of size {count}",
            new.len() / n
        ));
    }
    for (k, b) in new.chunks(n).enumerate() {
        let at = start.wrapping_add((k as i64).wrapping_mul(step)) as usize * n;
        data(w)[at..at + n].copy_from_slice(b)
    }
    Ok(())
}
#[slot]
fn array_contains(sp: Space, w: W, v: W) -> Res<bool> {
    let mut i = 0;
    while i < len(w) {
        if sp.eq_w(get(sp, w, i)?, v)? {
            return Ok(true);
        }
        i += 1
    }
    Ok(false)
}
#[slot]
fn array_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !W_ARRAY.is(sp, a) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    if !W_ARRAY.is(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can only append array (not \"{}\") to array", sp.type_name(b)));
    }
    if code(a) != code(b) {
        return Err(sp.type_error("bad argument type for built-in operation"));
    }
    let w = new_array(sp, W_ARRAY.w(), code(a))?;
    extend_bytes(sp, w, data(a))?;
    extend_bytes(sp, w, data(b))?;
    Ok(w)
}
#[slot]
fn array_inplace_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !W_ARRAY.is(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can only extend with array (not \"{}\")", sp.type_name(b)));
    }
    extend_with(sp, a, b)?;
    Ok(a)
}
pub fn extend_with(sp: Space, a: W, b: W) -> Res<()> {
    if W_ARRAY.is(sp, b) {
        if code(a) != code(b) {
            return Err(sp.type_error("can only extend with array of same kind"));
        }
        return extend_bytes(sp, a, &data(b).clone());
    }
    sp.for_each(b, |v| push(sp, a, v).map(|_| true))
}
fn repeated(sp: Space, w: W, n: i64) -> Res<Vec<u8>> {
    let n = n.max(0) as usize;
    if data(w).len().checked_mul(n).is_none_or(|t| t > 1 << 46) {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    Ok(data(w).repeat(n))
}
#[slot]
fn array_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    let w_new = new_array(sp, W_ARRAY.w(), code(w))?;
    extend_bytes(sp, w_new, &repeated(sp, w, n)?)?;
    Ok(w_new)
}
#[slot]
fn array_inplace_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    let new = repeated(sp, w, n)?;
    splice(sp, w, 0, len(w), &new)?;
    Ok(w)
}
#[slot]
fn array_getbuffer(_sp: Space, w: W, flags: u32, view: *mut BufferView) -> Res<()> {
    static STRIDES: [isize; 4] = [1, 2, 4, 8];
    let asked = |f: u32| flags & f == f;
    let n = item::size(code(w));
    // SAFETY: the caller's view; the shape is a field of this object, and storage stays while exports > 0.
    unsafe {
        *view = BufferView {
            ptr: data(w).as_mut_ptr(),
            len: data(w).len(),
            itemsize: n,
            readonly: 0,
            ndim: 1,
            format: if asked(4) { item::format(code(w)) } else { std::ptr::null() },
            shape: if asked(8) { (&raw const obj::<WArray>(w).len).cast() } else { std::ptr::null() },
            strides: if asked(0x18) { &raw const STRIDES[n.trailing_zeros() as usize] } else { std::ptr::null() },
            suboffsets: std::ptr::null(),
            w_obj: w,
            small: [0; 2],
            internal: std::ptr::null_mut(),
        };
    }
    obj::<WArray>(w).exports += 1;
    Ok(())
}
unsafe extern "C-unwind" fn array_releasebuffer(_th: *mut Thread, w: W, _view: *mut BufferView) {
    obj::<WArray>(w).exports -= 1;
}
#[slot]
fn get_typecode(sp: Space, w: W) -> Res<W> {
    sp.newstr_latin1(&[code(w)])
}
#[slot]
fn get_itemsize(_sp: Space, w: W) -> Res<W> {
    Ok(W::int(item::size(code(w)) as i64))
}
/// Is this a list?
pub fn is_list(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_LIST
}
