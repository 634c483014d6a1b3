//! The class bytearray.

use super::object::formatted;
use crate::layouts::WBytearray;
use crate::text::str::{compared, index_too_big, iter};
use crate::text::{buffer, repr};
use std::mem::size_of;
use taipan_abi::gc::CollectKind;
use taipan_abi::opcode::BinOp;
use taipan_abi::types::BufferView;
use taipan_abi::word::{TID_ARRAY_RAW, TID_BYTEARRAY, TID_BYTES};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

byte_methods!();

/// Bytes of a raw array before its data: header and capacity.
const RAW_DATA: usize = 16;

fn this<'a>(w: W) -> &'a mut WBytearray {
    // SAFETY: callers pass objects laid out as a bytearray.
    unsafe { &mut *w.ptr::<WBytearray>() }
}
fn capacity(w: W) -> usize {
    let b = this(w);
    // SAFETY: w_data is NULL or a raw array, whose second word is its capacity.
    if b.w_data.is_null() { 0 } else { unsafe { *b.w_data.ptr::<u64>().add(1) as usize } }
}
fn address(w: W) -> *mut u8 {
    let b = this(w);
    if b.w_data.is_null() {
        return std::ptr::NonNull::dangling().as_ptr();
    }
    // SAFETY: start lies within the array.
    unsafe { b.w_data.ptr::<u8>().add(RAW_DATA + b.start) }
}

/// The bytes; the slice is good until the bytearray is resized (the old memory stays valid while it is referred to, as memory of
/// the collector does, but goes out of date).
#[inline]
pub fn data(w: W) -> &'static [u8] {
    // SAFETY: len bytes from start on are in use.
    unsafe { std::slice::from_raw_parts(address(w), this(w).len) }
}
/// The bytes, which cannot be resized meanwhile.
fn pinned(sp: Space, w: W) -> Res<Buffer> {
    Buffer::get(sp, w)
}
fn data_mut(w: W) -> &'static mut [u8] {
    // SAFETY: as `data`; only one reference is used at a time.
    unsafe { std::slice::from_raw_parts_mut(address(w), this(w).len) }
}

/// A bytearray.
pub fn make(sp: Space, bytes: &[u8]) -> Res<W> {
    // SAFETY: the row of bytearray.
    let w = unsafe { sp.alloc(TID_BYTEARRAY, size_of::<WBytearray>())? };
    if !bytes.is_empty() {
        resize(sp, w, bytes.len())?;
        data_mut(w).copy_from_slice(bytes);
    }
    Ok(w)
}

fn is_exact(_: W) -> bool {
    // Methods of bytearray always answer a new object.
    false
}

/// BufferError while buffers are held. Views that nobody refers to any more give theirs back first.
fn check_exports(sp: Space, w: W) -> Res<()> {
    if this(w).exports > 0 {
        sp.collect(CollectKind::Full as u32)?;
        sp.poll()?;
        if this(w).exports > 0 {
            return Err(sp.raise(known::BUFFER_ERROR, "Existing exports of data: object cannot be re-sized"));
        }
    }
    Ok(())
}

/// Makes room and sets the length; new bytes are zero.
pub fn resize(sp: Space, w: W, n: usize) -> Res<()> {
    let old = this(w).len;
    if n == old {
        return Ok(());
    }
    check_exports(sp, w)?;
    if n > isize::MAX as usize / 2 {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    if this(w).start + n > capacity(w) {
        let room = if old == 0 { n } else { n + (n >> 3) + if n < 9 { 3 } else { 6 } };
        // SAFETY: a raw array has 16 bytes before its data, the second word being the capacity.
        let w_new = unsafe {
            let w_new = sp.alloc(TID_ARRAY_RAW, RAW_DATA + room)?;
            *w_new.ptr::<u64>().add(1) = room as u64;
            std::ptr::copy_nonoverlapping(address(w), w_new.ptr::<u8>().add(RAW_DATA), old.min(n));
            w_new
        };
        setfield!(sp, w, WBytearray, w_data, w_new);
        this(w).start = 0;
    } else if n > old {
        // SAFETY: within the capacity.
        unsafe { std::ptr::write_bytes(address(w).add(old), 0, n - old) };
    }
    this(w).len = n;
    if n == 0 {
        this(w).start = 0;
        this(w).w_data = W::NULL;
    }
    Ok(())
}

/// Replaces [lo, hi) by other bytes, which are not this bytearray's own.
fn splice(sp: Space, w: W, lo: usize, hi: usize, new: &[u8]) -> Res<()> {
    let n = this(w).len;
    let (lo, hi) = (lo.min(n), hi.min(n).max(lo.min(n)));
    let gone = hi - lo;
    if new.len() == gone {
        data_mut(w)[lo..hi].copy_from_slice(new);
        return Ok(());
    }
    if lo == 0 && new.len() < gone {
        // Taking from the front only moves the start.
        check_exports(sp, w)?;
        let shift = gone - new.len();
        if shift < n {
            this(w).start += shift;
            this(w).len -= shift;
            data_mut(w)[..new.len()].copy_from_slice(new);
            return Ok(());
        }
    }
    if new.len() < gone {
        check_exports(sp, w)?;
        data_mut(w).copy_within(hi.., lo + new.len());
        resize(sp, w, n - gone + new.len())?;
    } else {
        resize(sp, w, n - gone + new.len())?;
        data_mut(w).copy_within(hi..n, lo + new.len());
    }
    data_mut(w)[lo..lo + new.len()].copy_from_slice(new);
    Ok(())
}

#[slot]
fn ba_repr(sp: Space, w: W) -> Res<W> {
    let class = sp.type_name(w);
    let mut out = crate::text::builder::Builder::with_capacity(data(w).len() + 16);
    out.push_str(&class);
    out.push_str("(");
    out.extend(repr::bytearray(data(w)).chars());
    out.push_str(")");
    out.finish(sp)
}
#[slot]
fn ba_str(sp: Space, w: W) -> Res<W> {
    if sp.setting("flags.bytes_warning").is_some_and(|s| s != "0") {
        sp.warn(known::BYTES_WARNING, "str() on a bytearray instance", 1)?;
    }
    sp.repr(w)
}
#[slot]
fn ba_len(_sp: Space, w: W) -> Res<i64> {
    Ok(this(w).len as i64)
}
#[slot]
fn ba_contains(sp: Space, w: W, w_x: W) -> Res<bool> {
    common::contains(sp, &pinned(sp, w)?, w_x)
}
#[slot]
fn ba_iter(sp: Space, w: W) -> Res<W> {
    iter::new_bytearray_iter(sp, w)
}
#[slot]
fn ba_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !buffer::supports(sp, a) || !buffer::supports(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (Ok(x), Ok(y)) = (Buffer::get(sp, a), Buffer::get(sp, b)) else {
        sp.take_exc();
        return Ok(W::NOT_IMPLEMENTED);
    };
    Ok(W::bool(compared(x.bytes().cmp(y.bytes()), op)))
}
#[slot]
fn ba_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !buffer::supports(sp, a) || !buffer::supports(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can't concat {} to {}", sp.type_name(b), sp.type_name(a)));
    }
    let (x, y) = (Buffer::get(sp, a)?, Buffer::get(sp, b)?);
    make(sp, &[x.bytes(), y.bytes()].concat())
}
#[slot]
fn ba_iconcat(sp: Space, a: W, b: W) -> Res<W> {
    if !buffer::supports(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can't concat {} to {}", sp.type_name(b), sp.type_name(a)));
    }
    append_buffer(sp, a, b)?;
    Ok(a)
}
fn append_buffer(sp: Space, w: W, w_new: W) -> Res<()> {
    let n = this(w).len;
    if w == w_new {
        let copy = data(w).to_vec();
        return splice(sp, w, n, n, &copy);
    }
    let b = Buffer::get(sp, w_new)?;
    splice(sp, w, n, n, &b)
}
#[slot]
fn ba_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    make(sp, &common::repeated(sp, data(w), n)?)
}
#[slot]
fn ba_irepeat(sp: Space, w: W, n: i64) -> Res<W> {
    let new = common::repeated(sp, data(w), n)?;
    let len = this(w).len;
    splice(sp, w, 0, len, &new)?;
    Ok(w)
}
#[slot]
fn ba_mod(sp: Space, a: W, b: W) -> Res<W> {
    if sp.layout(a) != TID_BYTEARRAY {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let format = pinned(sp, a)?;
    formatted(sp, &format, b, make)
}

/// A checked index, or None.
fn place(sp: Space, w: W, w_key: W, message: &str) -> Res<usize> {
    let i = sp.int_w(w_key).map_err(|e| index_too_big(sp, e))?;
    let n = this(w).len as i64;
    let at = if i < 0 { i + n } else { i };
    if at < 0 || at >= n { Err(sp.index_error(message)) } else { Ok(at as usize) }
}

#[slot]
fn ba_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    if args::is_slice(sp, w_key) {
        let ix = args::slice_indices(sp, w_key, || this(w).len)?;
        let d = data(w);
        return make(sp, &ix.iter().map(|i| d[i]).collect::<Vec<u8>>());
    }
    if !args::has_index(sp, w_key)? {
        let name = sp.type_name(w_key);
        return Err(raise!(sp, TYPE_ERROR, "bytearray indices must be integers or slices, not {name}"));
    }
    let i = place(sp, w, w_key, "bytearray index out of range")?;
    Ok(W::int(data(w)[i] as i64))
}

#[slot]
fn ba_setitem(sp: Space, w: W, w_key: W, w_value: W) -> Res<()> {
    // A deletion changes the size. Views that are garbage are looked for from here, where few native frames could still show them.
    if w_value.is_null() && this(w).exports > 0 {
        sp.collect(CollectKind::Full as u32)?;
        sp.poll()?;
    }
    set_item(sp, w, w_key, w_value)
}
#[inline(never)]
fn set_item(sp: Space, w: W, w_key: W, w_value: W) -> Res<()> {
    if args::is_slice(sp, w_key) {
        return set_slice(sp, w, w_key, w_value);
    }
    if !args::has_index(sp, w_key)? {
        let name = sp.type_name(w_key);
        return Err(raise!(sp, TYPE_ERROR, "bytearray indices must be integers or slices, not {name}"));
    }
    let i = place(sp, w, w_key, "bytearray index out of range")?;
    if w_value.is_null() {
        return splice(sp, w, i, i + 1, &[]);
    }
    let b = common::byte(sp, w_value, "byte")?;
    // __index__ of the value may have shortened it.
    match data_mut(w).get_mut(i) {
        Some(place) => *place = b,
        None => return Err(sp.index_error("bytearray index out of range")),
    }
    Ok(())
}

fn set_slice(sp: Space, w: W, w_slice: W, w_value: W) -> Res<()> {
    let new = if w_value.is_null() {
        Vec::new()
    } else if sp.layout(w_value) == TID_BYTEARRAY {
        data(w_value).to_vec()
    } else {
        let number = !buffer::supports(sp, w_value) && args::has_index(sp, w_value)?;
        if number || sp.text_opt(w_value).is_some() {
            let text = "can assign only bytes, buffers, or iterables of ints in range(0, 256)";
            return Err(sp.type_error(text));
        }
        common::construct(sp, [Some(w_value), None, None], "bytearray")?.unwrap_or_default()
    };
    let ix = args::slice_indices(sp, w_slice, || this(w).len)?;
    if ix.step == 1 {
        let lo = ix.start as usize;
        return splice(sp, w, lo, lo.max(ix.stop.max(0) as usize), &new);
    }
    if w_value.is_null() || new.is_empty() {
        if ix.count == 0 {
            return Ok(());
        }
        let mut drop: Vec<usize> = ix.iter().collect();
        drop.sort_unstable();
        let mut next = drop.iter().peekable();
        let keep = |i: &usize| next.next_if_eq(&i).is_none();
        let kept: Vec<u8> = (0..this(w).len).filter(keep).map(|i| data(w)[i]).collect();
        let len = this(w).len;
        return splice(sp, w, 0, len, &kept);
    }
    if new.len() != ix.count {
        let (n, m) = (new.len(), ix.count);
        return Err(raise!(sp, VALUE_ERROR, "attempt to assign bytes of size {n} to extended slice of size {m}"));
    }
    let d = data_mut(w);
    ix.iter().zip(new).for_each(|(i, b)| d[i] = b);
    Ok(())
}

#[slot]
fn ba_getbuffer(sp: Space, w: W, flags: u32, view: *mut BufferView) -> Res<()> {
    // SAFETY: the length is a field of the object; the data is not replaced while exports > 0.
    unsafe { buffer::fill_simple(sp, view, w, address(w), &raw const this(w).len, false, flags)? };
    this(w).exports += 1;
    Ok(())
}
unsafe extern "C-unwind" fn ba_releasebuffer(_th: *mut Thread, w: W, _view: *mut BufferView) {
    this(w).exports -= 1;
}

#[slot]
fn ba_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}
#[slot]
fn ba_init(sp: Space, w: W, args: Args) -> Res<()> {
    let given = args::constructor(sp, args, "bytearray", ["source", "encoding", "errors"])?;
    // What was there goes first of all, even if the arguments turn out to be wrong.
    resize(sp, w, 0)?;
    let new = common::construct(sp, given, "bytearray")?.unwrap_or_default();
    let len = this(w).len;
    splice(sp, w, 0, len, &new)
}

/// Appends one byte.
#[interp_fn(method, sig = "(self, item, /)")]
fn append(sp: Space, w_self: W, w_item: W) -> Res<()> {
    let b = common::byte(sp, w_item, "byte")?;
    let n = this(w_self).len;
    splice(sp, w_self, n, n, &[b])
}
/// Removes all bytes.
#[interp_fn(method, sig = "(self, /)")]
fn clear(sp: Space, w_self: W) -> Res<()> {
    resize(sp, w_self, 0)
}
/// A copy.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w_self: W) -> Res<W> {
    make(sp, data(w_self))
}
/// Appends the bytes of a bytes-like object or an iterable of ints.
#[interp_fn(method, sig = "(self, iterable_of_ints, /)")]
fn extend(sp: Space, w_self: W, w_items: W) -> Res<()> {
    if buffer::supports(sp, w_items) {
        return append_buffer(sp, w_self, w_items);
    }
    if sp.text_opt(w_items).is_some() {
        return Err(sp.type_error("expected iterable of integers; got: 'str'"));
    }
    let new = common::bytes_of_ints(sp, w_items, "byte", |sp| {
        raise!(sp, TYPE_ERROR, "can't extend bytearray with {}", sp.type_name(w_items))
    })?;
    let n = this(w_self).len;
    splice(sp, w_self, n, n, &new)
}
/// Inserts one byte before an index.
#[interp_fn(method, sig = "(self, index, item, /)")]
fn insert(sp: Space, w_self: W, index: i64, w_item: W) -> Res<()> {
    let b = common::byte(sp, w_item, "byte")?;
    let n = this(w_self).len as i64;
    let at = if index < 0 { (index + n).max(0) } else { index.min(n) } as usize;
    splice(sp, w_self, at, at, &[b])
}
/// Removes and answers the byte at an index.
#[interp_fn(method, sig = "(self, index=-1, /)")]
fn pop(sp: Space, w_self: W, index: i64) -> Res<i64> {
    let n = this(w_self).len as i64;
    if n == 0 {
        return Err(sp.index_error("pop from empty bytearray"));
    }
    let at = if index < 0 { index + n } else { index };
    if at < 0 || at >= n {
        return Err(sp.index_error("pop index out of range"));
    }
    let b = data(w_self)[at as usize];
    splice(sp, w_self, at as usize, at as usize + 1, &[])?;
    Ok(b as i64)
}
/// Removes the first byte with a value.
#[interp_fn(method, sig = "(self, value, /)")]
fn remove(sp: Space, w_self: W, w_value: W) -> Res<()> {
    let b = common::byte(sp, w_value, "byte")?;
    match memchr::memchr(b, data(w_self)) {
        Some(i) => splice(sp, w_self, i, i + 1, &[]),
        None => Err(sp.value_error("value not found in bytearray")),
    }
}
/// Changes the length; new bytes are zero.
#[interp_fn(method, name = "resize", sig = "(self, size, /)")]
fn resize_method(sp: Space, w_self: W, size: i64) -> Res<()> {
    if size < 0 {
        return Err(raise!(sp, VALUE_ERROR, "Can only resize to positive sizes, got {size}"));
    }
    resize(sp, w_self, size as usize)
}
/// Reverses the bytes in place.
#[interp_fn(method, sig = "(self, /)")]
fn reverse(_sp: Space, w_self: W) -> Res<()> {
    data_mut(w_self).reverse();
    Ok(())
}
/// How many bytes are allocated.
#[interp_fn(method, name = "__alloc__", sig = "(self, /)")]
fn alloc_method(_sp: Space, w_self: W) -> Res<usize> {
    Ok(if capacity(w_self) == 0 { 0 } else { capacity(w_self) + 1 })
}
/// Size of the object in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn __sizeof__(_sp: Space, w_self: W) -> Res<usize> {
    Ok(size_of::<WBytearray>() + capacity(w_self))
}

fn reduced(sp: Space, w: W, proto: i64) -> Res<W> {
    let w_state = sp.call_method(w, name!(sp, "__getstate__"), &[])?;
    let w_args = if proto < 3 {
        let w_text = sp.newstr_latin1(data(w))?;
        sp.newtuple(&[w_text, sp.newstr("latin-1")?])?
    } else {
        let w_bytes = sp.newbytes(data(w))?;
        sp.newtuple(&[w_bytes])?
    };
    sp.newtuple(&[sp.type_(w)?, w_args, w_state])
}
/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn __reduce__(sp: Space, w_self: W) -> Res<W> {
    reduced(sp, w_self, 2)
}
/// For pickling.
#[interp_fn(method, name = "__reduce_ex__", sig = "(self, proto=0, /)")]
fn __reduce_ex__(sp: Space, w_self: W, proto: i64) -> Res<W> {
    reduced(sp, w_self, proto)
}

/// A bytearray from pairs of hexadecimal digits; whitespace between pairs is skipped.
#[interp_fn(classmethod, sig = "($type, string, /)")]
fn fromhex(sp: Space, w_type: W, w_string: W) -> Res<W> {
    let bytes = common::from_hex_arg(sp, w_string)?;
    if w_type == sp.row_of(TID_BYTEARRAY).w_type {
        return make(sp, &bytes);
    }
    let w = sp.newbytes(&bytes)?;
    debug_assert!(sp.layout(w) == TID_BYTES);
    sp.call(w_type, &[w])
}

static SLOTS: Slots = {
    let mut s = Slots {
        repr: Some(ba_repr),
        str: Some(ba_str),
        compare: Some(ba_compare),
        iter: Some(ba_iter),
        new: Some(ba_new),
        init: Some(ba_init),
        len: Some(ba_len),
        getitem: Some(ba_getitem),
        setitem: Some(ba_setitem),
        contains: Some(ba_contains),
        concat: Some(ba_concat),
        repeat: Some(ba_repeat),
        inplace_concat: Some(ba_iconcat),
        inplace_repeat: Some(ba_irepeat),
        getbuffer: Some(ba_getbuffer),
        releasebuffer: Some(ba_releasebuffer),
        ..Slots::EMPTY
    };
    s.binary[BinOp::Mod as usize] = Some(ba_mod);
    s
};

typespec!(pub BYTEARRAY: WBytearray, "bytearray", {
    doc: Str::new("bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> copy\nbytearray(int) -> zeros\nbytearray() -> empty\n\nA mutable sequence of bytes."),
    flags: ty::BASETYPE | ty::IMMUTABLE,
    slots: &SLOTS,
    methods: crate::byte_method_list![
        append, clear, copy, extend, insert, pop, remove, resize_method, reverse, alloc_method, fromhex, __sizeof__, __reduce__,
        __reduce_ex__,
    ],
});
