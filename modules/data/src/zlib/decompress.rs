//! decompressobj and _ZlibDecompressor.

use super::stream::{Stream, error};
use super::{DEF_BUF_SIZE, buffer_size};
use crate::util::*;
use libz_rs_sys as z;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WDecompress {
    header: Header,
    stream: *mut Stream,
    w_unused: W,
    w_tail: W,
    /// bytes-like dictionary, or NULL
    w_zdict: W,
    eof: bool,
    /// `_ZlibDecompressor`: more input is wanted.
    needs_input: bool,
    raw: bool,
}
static W_DECOMPRESS: TypeOf = TypeOf::new();
static W_ZLIB_DECOMPRESSOR: TypeOf = TypeOf::new();
typespec!(DECOMPRESS: WDecompress, "zlib.Decompress", {
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::FREE,
    free: Some(free),
    methods: methods![decompress, flush, copy, copy_dunder, deepcopy],
    members: table![
        member!(WDecompress, "unused_data", w_unused, Obj),
        member!(WDecompress, "unconsumed_tail", w_tail, Obj),
        member!(WDecompress, "eof", eof, Bool),
    ],
});
typespec!(ZLIB_DECOMPRESSOR: WDecompress, "zlib._ZlibDecompressor", {
    doc: Str::new("Create a decompressor object for decompressing data incrementally."),
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(zlib_decompressor_new), ..Slots::EMPTY },
    methods: methods![decompress_some],
    members: table![
        member!(WDecompress, "unused_data", w_unused, Obj),
        member!(WDecompress, "needs_input", needs_input, Bool),
        member!(WDecompress, "eof", eof, Bool),
    ],
});
unsafe extern "C" fn free(p: *mut u8) {
    let s = (*p.cast::<WDecompress>()).stream;
    if !s.is_null() {
        drop(Box::from_raw(s))
    }
}
pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_DECOMPRESS.make(sp, w_module, &DECOMPRESS)?;
    W_ZLIB_DECOMPRESSOR.add(sp, w_module, &ZLIB_DECOMPRESSOR)?;
    Ok(())
}
fn stream<'a>(sp: Space, w: W) -> Res<&'a mut Stream> {
    // SAFETY: null or a box that lives as long as its object.
    unsafe { obj::<WDecompress>(w).stream.as_mut() }.ok_or_else(|| error(sp, "inconsistent stream state"))
}
fn create(sp: Space, w_type: W, wbits: i32, w_zdict: W) -> Res<W> {
    if !w_zdict.is_null() && Buffer::get(sp, w_zdict).is_err() {
        sp.take_exc();
        return Err(sp.type_error("zdict argument must support the buffer protocol"));
    }
    let mut s = Stream::inflating(wbits).map_err(|r| match r {
        z::Z_MEM_ERROR => sp.raise(known::MEMORY_ERROR, "Can't allocate memory for decompression object"),
        _ => sp.value_error("Invalid initialization option"),
    })?;
    if wbits < 0 && !w_zdict.is_null() && s.set_dictionary(&Buffer::get(sp, w_zdict)?) != z::Z_OK {
        return Err(error(sp, "setting a zdict for raw inflate failed"));
    }
    finish(sp, w_type, s, w_zdict, wbits < 0)
}
fn finish(sp: Space, w_type: W, s: Stream, w_zdict: W, raw: bool) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    let d = obj::<WDecompress>(w);
    d.stream = Box::into_raw(Box::new(s));
    d.raw = raw;
    d.needs_input = true;
    let w_empty = sp.known(known::EMPTY_BYTES);
    setfield!(sp, w, WDecompress, w_unused, w_empty);
    setfield!(sp, w, WDecompress, w_tail, w_empty);
    setfield!(sp, w, WDecompress, w_zdict, w_zdict);
    Ok(w)
}
/// Return a decompressor object.
///
///   wbits
///     The window buffer size and container format.
///   zdict
///     The predefined compression dictionary.  This must be the same
///     dictionary as used by the compressor that produced the input data.
#[interp_fn(sig = "(wbits=15, zdict=b'')")]
pub fn decompressobj(sp: Space, wbits: i32, w_zdict: Option<W>) -> Res<W> {
    create(sp, W_DECOMPRESS.w(), wbits, w_zdict.unwrap_or(W::NULL))
}
#[slot]
fn zlib_decompressor_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_wbits, w_zdict] = parse_args(sp, "_ZlibDecompressor", &args, ["wbits", "zdict"], 0, 0, 2)?;
    let wbits = if w_wbits.is_null() { 15 } else { i32::from_arg(sp, w_wbits, "wbits")? };
    create(sp, w_type, wbits, w_zdict)
}

/// Inflates until the input is used up, the stream ends or `max` bytes are there; sets `eof`.
fn inflate(sp: Space, w: W, input: &mut &[u8], max: usize, first_room: usize, flush: i32) -> Res<Vec<u8>> {
    let s = stream(sp, w)?;
    let mut out = Vec::new();
    let mut room = first_room;
    while out.len() < max {
        let n = room.min(max - out.len());
        let r = blocking(sp, || s.step(input, &mut out, n, flush));
        match r {
            z::Z_STREAM_END => {
                obj::<WDecompress>(w).eof = true;
                return Ok(out);
            }
            z::Z_NEED_DICT if !obj::<WDecompress>(w).w_zdict.is_null() => {
                let dict = Buffer::get(sp, obj::<WDecompress>(w).w_zdict)?;
                let r = s.set_dictionary(&dict);
                if r != z::Z_OK {
                    return Err(s.error(sp, r, "while setting zdict"));
                }
                continue;
            }
            z::Z_OK | z::Z_BUF_ERROR => {
                if !s.full() {
                    return Ok(out);
                }
            }
            r => return Err(s.error(sp, r, "while decompressing data")),
        }
        room = room.saturating_mul(2).min(1 << 28);
    }
    Ok(out)
}
/// Appends what follows the end of the stream to `unused_data`.
fn keep_unused(sp: Space, w: W, rest: &[u8]) -> Res<()> {
    let mut all = sp.bytes_opt(obj::<WDecompress>(w).w_unused).unwrap_or(b"").to_vec();
    all.extend_from_slice(rest);
    let w_unused = sp.newbytes(&all)?;
    setfield!(sp, w, WDecompress, w_unused, w_unused);
    Ok(())
}
fn set_tail(sp: Space, w: W, rest: &[u8]) -> Res<()> {
    let w_tail = sp.newbytes(rest)?;
    setfield!(sp, w, WDecompress, w_tail, w_tail);
    Ok(())
}
/// Return a bytes object containing the decompressed version of the data.
///
///   data
///     The binary data to decompress.
///   max_length
///     The maximum allowable length of the decompressed data.
///     Unconsumed input data will be stored in
///     the unconsumed_tail attribute.
///
/// After calling this function, some of the input data may still be stored in
/// internal buffers for later processing.
/// Call the flush() method to clear these buffers.
#[interp_fn(method, sig = "(self, data, /, max_length=0)")]
fn decompress(sp: Space, w: W, data: Buffer, max_length: i64) -> Res<W> {
    if max_length < 0 {
        return Err(sp.value_error("max_length must be non-negative"));
    }
    let max = if max_length == 0 { usize::MAX } else { max_length as usize };
    let mut input: &[u8] = &data;
    let out = if obj::<WDecompress>(w).eof {
        Vec::new()
    } else {
        inflate(sp, w, &mut input, max, DEF_BUF_SIZE, z::Z_SYNC_FLUSH)?
    };
    if obj::<WDecompress>(w).eof {
        keep_unused(sp, w, input)?;
        set_tail(sp, w, b"")?
    } else {
        set_tail(sp, w, input)?
    }
    sp.newbytes(&out)
}
/// Return a bytes object containing any remaining decompressed data.
///
///   length
///     the initial size of the output buffer.
#[interp_fn(method, sig = "(self, length=16384, /)")]
fn flush(sp: Space, w: W, length: i64) -> Res<W> {
    let room = buffer_size(sp, length, "length must be greater than zero")?.min(1 << 28);
    if obj::<WDecompress>(w).eof {
        stream(sp, w)?.end();
        return sp.newbytes(b"");
    }
    let w_tail = obj::<WDecompress>(w).w_tail;
    let mut input = sp.bytes_opt(w_tail).unwrap_or(b"");
    let out = inflate(sp, w, &mut input, usize::MAX, room, z::Z_FINISH)?;
    if obj::<WDecompress>(w).eof {
        keep_unused(sp, w, input)?;
        set_tail(sp, w, b"")?;
        stream(sp, w)?.end();
    } else {
        set_tail(sp, w, input)?
    }
    sp.newbytes(&out)
}
fn copied(sp: Space, w: W) -> Res<W> {
    let s = stream(sp, w)?.copy().map_err(|_| sp.value_error("Inconsistent stream state"))?;
    let d = obj::<WDecompress>(w);
    let (unused, tail, eof) = (d.w_unused, d.w_tail, d.eof);
    let w_new = finish(sp, W_DECOMPRESS.w(), s, d.w_zdict, d.raw)?;
    setfield!(sp, w_new, WDecompress, w_unused, unused);
    setfield!(sp, w_new, WDecompress, w_tail, tail);
    obj::<WDecompress>(w_new).eof = eof;
    Ok(w_new)
}
/// Return a copy of the decompression object.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
fn copy_dunder(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
#[interp_fn(method, name = "__deepcopy__", sig = "(self, memo, /)")]
fn deepcopy(sp: Space, w: W, _memo: W) -> Res<W> {
    copied(sp, w)
}
/// Decompress *data*, returning uncompressed data as bytes.
///
/// If *max_length* is nonnegative, returns at most *max_length* bytes of
/// decompressed data. If this limit is reached and further output can be
/// produced, *self.needs_input* will be set to ``False``. In this case, the next
/// call to *decompress()* may provide *data* as b'' to obtain more of the output.
///
/// If all of the input data was decompressed and returned (either because this
/// was less than *max_length* bytes, or because *max_length* was negative),
/// *self.needs_input* will be set to True.
///
/// Attempting to decompress data after the end of stream is reached raises an
/// EOFError.  Any data found after the end of the stream is ignored and saved in
/// the unused_data attribute.
#[interp_fn(method, name = "decompress", sig = "(self, /, data, max_length=-1)")]
fn decompress_some(sp: Space, w: W, data: Buffer, max_length: i64) -> Res<W> {
    if obj::<WDecompress>(w).eof {
        return Err(sp.raise(known::EOF_ERROR, "End of stream already reached"));
    }
    // What an earlier call left over comes first.
    let mut all = sp.bytes_opt(obj::<WDecompress>(w).w_tail).unwrap_or(b"").to_vec();
    all.extend_from_slice(&data);
    let mut input: &[u8] = &all;
    let max = usize::try_from(max_length).unwrap_or(usize::MAX);
    let out = inflate(sp, w, &mut input, max, DEF_BUF_SIZE, z::Z_SYNC_FLUSH)?;
    if obj::<WDecompress>(w).eof {
        keep_unused(sp, w, input)?;
        set_tail(sp, w, b"")?;
        obj::<WDecompress>(w).needs_input = false;
    } else {
        set_tail(sp, w, input)?;
        obj::<WDecompress>(w).needs_input = input.is_empty() && out.len() < max;
    }
    sp.newbytes(&out)
}
