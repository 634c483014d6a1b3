//! compressobj.

use super::stream::{Stream, error, pump};
use crate::util::*;
use libz_rs_sys as z;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WCompress {
    header: Header,
    stream: *mut Stream,
}
static W_COMPRESS: TypeOf = TypeOf::new();
typespec!(COMPRESS: WCompress, "zlib.Compress", {
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::FREE,
    free: Some(free),
    methods: methods![compress, flush, copy, copy_dunder, deepcopy],
});
unsafe extern "C" fn free(p: *mut u8) {
    let s = (*p.cast::<WCompress>()).stream;
    if !s.is_null() {
        drop(Box::from_raw(s))
    }
}
pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_COMPRESS.make(sp, w_module, &COMPRESS)?;
    Ok(())
}
fn stream<'a>(sp: Space, w: W) -> Res<&'a mut Stream> {
    // SAFETY: null or a box that lives as long as its object.
    unsafe { obj::<WCompress>(w).stream.as_mut() }.ok_or_else(|| error(sp, "inconsistent stream state"))
}
fn wrap(sp: Space, s: Stream) -> Res<W> {
    let (w, c) = W_COMPRESS.new_instance::<WCompress>(sp)?;
    c.stream = Box::into_raw(Box::new(s));
    Ok(w)
}
/// Return a compressor object.
///
///   level
///     The compression level (an integer in the range 0-9 or -1; default is
///     currently equivalent to 6).  Higher compression levels are slower,
///     but produce smaller results.
///   method
///     The compression algorithm.  If given, this must be DEFLATED.
///   wbits
///     +9 to +15: The base-two logarithm of the window size.  Include a zlib
///         container.
///     -9 to -15: Generate a raw stream.
///     +25 to +31: Include a gzip container.
///   memLevel
///     Controls the amount of memory used for internal compression state.
///     Valid values range from 1 to 9.  Higher values result in higher memory
///     usage, faster compression, and smaller output.
///   strategy
///     Used to tune the compression algorithm.  Possible values are
///     Z_DEFAULT_STRATEGY, Z_FILTERED, and Z_HUFFMAN_ONLY.
///   zdict
///     The predefined compression dictionary - a sequence of bytes
///     containing subsequences that are likely to occur in the input data.
#[interp_fn(sig = "(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)")]
pub fn compressobj(sp: Space, level: i32, method: i32, wbits: i32, mem: i32, strategy: i32, w_zdict: Option<W>) -> Res<W> {
    let zdict = match w_zdict {
        Some(w) => Some(Buffer::get(sp, w)?),
        None => None,
    };
    let mut s = Stream::deflating(level, method, wbits, mem, strategy).map_err(|r| match r {
        z::Z_MEM_ERROR => sp.raise(known::MEMORY_ERROR, "Can't allocate memory for compression object"),
        _ => sp.value_error("Invalid initialization option"),
    })?;
    if let Some(d) = zdict
        && s.set_dictionary(&d) != z::Z_OK
    {
        return Err(sp.value_error("Invalid dictionary"));
    }
    wrap(sp, s)
}
/// Returns a bytes object containing compressed data.
///
///   data
///     Binary data to be compressed.
///
/// After calling this function, some of the input data may still
/// be stored in internal buffers for later processing.
/// Call the flush() method to clear these buffers.
#[interp_fn(method, sig = "(self, data, /)")]
fn compress(sp: Space, w: W, data: Buffer) -> Res<Vec<u8>> {
    let mut input: &[u8] = &data;
    pump(sp, stream(sp, w)?, &mut input, z::Z_NO_FLUSH, "while compressing data")
}
/// Return a bytes object containing any remaining compressed data.
///
///   mode
///     One of the constants Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH.
///     If mode == Z_FINISH, the compressor object can no longer be
///     used after calling the flush() method.  Otherwise, more data
///     can still be compressed.
#[interp_fn(method, sig = "(self, mode=4, /)")]
fn flush(sp: Space, w: W, mode: i32) -> Res<Vec<u8>> {
    if mode == z::Z_NO_FLUSH {
        return Ok(Vec::new());
    }
    let s = stream(sp, w)?;
    let out = pump(sp, s, &mut &[][..], mode, "while flushing")?;
    if mode == z::Z_FINISH {
        s.end();
    }
    Ok(out)
}
fn copied(sp: Space, w: W) -> Res<W> {
    let s = stream(sp, w)?.copy().map_err(|r| match r {
        z::Z_MEM_ERROR => sp.raise(known::MEMORY_ERROR, "Can't allocate memory for compression object"),
        _ => sp.value_error("Inconsistent stream state"),
    })?;
    wrap(sp, s)
}
/// Return a copy of the compression object.
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
