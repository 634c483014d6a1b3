//! `_bz2`.

use crate::util::*;
use bzip2::{Action, Compress, Compression, Decompress, Error, Status};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WCompressor {
    header: Header,
    stream: *mut Compress,
    flushed: bool,
}
#[derive(GcObject)]
#[repr(C)]
struct WDecompressor {
    header: Header,
    stream: *mut Decompress,
    w_unused: W,
    /// Input that was not needed yet.
    w_left: W,
    eof: bool,
    needs_input: bool,
}
static W_COMPRESSOR: TypeOf = TypeOf::new();
static W_DECOMPRESSOR: TypeOf = TypeOf::new();
typespec!(COMPRESSOR: WCompressor, "_bz2.BZ2Compressor", {
    doc: Str::new("Create a compressor object for compressing data incrementally.\n\n  compresslevel\n    Compression level, as a number between 1 and 9.\n\nFor one-shot compression, use the compress() function instead."),
    layout_flags: tf::FREE,
    free: Some(free_compressor),
    slots: &Slots { new: Some(compressor_new), ..Slots::EMPTY },
    methods: methods![compress, flush],
});
typespec!(DECOMPRESSOR: WDecompressor, "_bz2.BZ2Decompressor", {
    doc: Str::new("Create a decompressor object for decompressing data incrementally.\n\nFor one-shot decompression, use the decompress() function instead."),
    layout_flags: tf::FREE,
    free: Some(free_decompressor),
    slots: &Slots { new: Some(decompressor_new), ..Slots::EMPTY },
    methods: methods![decompress],
    members: table![
        member!(WDecompressor, "eof", eof, Bool),
        member!(WDecompressor, "needs_input", needs_input, Bool),
        member!(WDecompressor, "unused_data", w_unused, Obj),
    ],
});
unsafe extern "C" fn free_compressor(p: *mut u8) {
    let s = (*p.cast::<WCompressor>()).stream;
    if !s.is_null() {
        drop(Box::from_raw(s))
    }
}
unsafe extern "C" fn free_decompressor(p: *mut u8) {
    let s = (*p.cast::<WDecompressor>()).stream;
    if !s.is_null() {
        drop(Box::from_raw(s))
    }
}
fn setup(sp: Space, w_module: W) -> Res<()> {
    W_COMPRESSOR.add(sp, w_module, &COMPRESSOR)?;
    W_DECOMPRESSOR.add(sp, w_module, &DECOMPRESSOR)?;
    Ok(())
}
mixed_module!(MODULE, "_bz2", doc = "", functions = [], init = setup);

fn failed(sp: Space, e: Error) -> Raised {
    match e {
        Error::Sequence => sp.runtime_error("Invalid sequence of commands sent to libbzip2"),
        Error::Param => sp.value_error("Internal error - invalid parameters passed to libbzip2"),
        _ => sp.raise(known::OS_ERROR, "Invalid data stream"),
    }
}
#[slot]
fn compressor_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_level] = parse_args(sp, "BZ2Compressor", &args, ["compresslevel"], 1, 0, 1)?;
    let level = if w_level.is_null() { 9 } else { sp.int_w(w_level)? };
    if !(1..=9).contains(&level) {
        return Err(sp.value_error("compresslevel must be between 1 and 9"));
    }
    let w = sp.allocate(w_type, 0)?;
    obj::<WCompressor>(w).stream = Box::into_raw(Box::new(Compress::new(Compression::new(level as u32), 0)));
    Ok(w)
}
fn pump(sp: Space, w: W, mut input: &[u8], action: Action) -> Res<Vec<u8>> {
    // SAFETY: a box made by the constructor, alive as long as its object.
    let s = unsafe { &mut *obj::<WCompressor>(w).stream };
    let mut out = Vec::new();
    while action == Action::Finish || !input.is_empty() {
        out.reserve(8192.max(input.len() / 4));
        let before = s.total_in();
        let r = blocking(sp, || s.compress_vec(input, &mut out, action));
        input = &input[(s.total_in() - before) as usize..];
        match r {
            Ok(Status::StreamEnd) => break,
            Ok(_) => {}
            Err(e) => return Err(failed(sp, e)),
        }
    }
    Ok(out)
}
/// Provide data to the compressor object.
///
/// Returns a chunk of compressed data if possible, or b'' otherwise.
///
/// When you have finished providing data to the compressor, call the
/// flush() method to finish the compression process.
#[interp_fn(method, sig = "(self, data, /)")]
fn compress(sp: Space, w: W, data: Buffer) -> Res<Vec<u8>> {
    if obj::<WCompressor>(w).flushed {
        return Err(sp.value_error("Compressor has been flushed"));
    }
    pump(sp, w, &data, Action::Run)
}
/// Finish the compression process.
///
/// Returns the compressed data left in internal buffers.
///
/// The compressor object may not be used after this method is called.
#[interp_fn(method, sig = "(self, /)")]
fn flush(sp: Space, w: W) -> Res<Vec<u8>> {
    if std::mem::replace(&mut obj::<WCompressor>(w).flushed, true) {
        return Err(sp.value_error("Repeated call to flush()"));
    }
    pump(sp, w, &[], Action::Finish)
}
#[slot]
fn decompressor_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if args.n + args.nkw(sp) > 0 {
        return Err(sp.type_error("BZ2Decompressor() takes no arguments"));
    }
    let w = sp.allocate(w_type, 0)?;
    let d = obj::<WDecompressor>(w);
    d.stream = Box::into_raw(Box::new(Decompress::new(false)));
    d.needs_input = true;
    let w_empty = sp.known(known::EMPTY_BYTES);
    setfield!(sp, w, WDecompressor, w_unused, w_empty);
    setfield!(sp, w, WDecompressor, w_left, w_empty);
    Ok(w)
}
/// Decompress *data*, returning uncompressed data as bytes.
///
/// If *max_length* is nonnegative, returns at most *max_length* bytes of
/// decompressed data. If this limit is reached and further output can be
/// produced, *self.needs_input* will be set to ``False``. In this case, the next
/// call to *decompress()* may provide *data* as b'' to obtain more of the output.
///
/// Attempting to decompress data after the end of stream is reached raises an
/// EOFError.  Any data found after the end of the stream is ignored and saved in
/// the unused_data attribute.
#[interp_fn(method, sig = "(self, /, data, max_length=-1)")]
fn decompress(sp: Space, w: W, data: Buffer, max_length: i64) -> Res<W> {
    if obj::<WDecompressor>(w).eof {
        return Err(sp.raise(known::EOF_ERROR, "End of stream already reached"));
    }
    let mut all = sp.bytes_opt(obj::<WDecompressor>(w).w_left).unwrap_or(b"").to_vec();
    all.extend_from_slice(&data);
    let mut input: &[u8] = &all;
    let max = usize::try_from(max_length).unwrap_or(usize::MAX);
    // SAFETY: a box made by the constructor, alive as long as its object.
    let s = unsafe { &mut *obj::<WDecompressor>(w).stream };
    let mut out: Vec<u8> = Vec::new();
    let mut room = 8192usize;
    let mut eof = false;
    let mut full = false;
    while out.len() < max {
        let mut piece: Vec<u8> = Vec::with_capacity(room.min(max - out.len()));
        let before = s.total_in();
        let r = blocking(sp, || s.decompress_vec(input, &mut piece));
        input = &input[(s.total_in() - before) as usize..];
        full = piece.len() == piece.capacity();
        out.extend_from_slice(&piece);
        match r {
            Ok(Status::StreamEnd) => {
                eof = true;
                break;
            }
            Ok(_) if full => {}
            Ok(_) => break,
            Err(e) => return Err(failed(sp, e)),
        }
        room = (room * 2).min(1 << 26);
    }
    let w_rest = sp.newbytes(input)?;
    let d = obj::<WDecompressor>(w);
    d.eof = eof;
    d.needs_input = !eof && input.is_empty() && !(full && out.len() >= max);
    if eof {
        setfield!(sp, w, WDecompressor, w_unused, w_rest);
    } else {
        setfield!(sp, w, WDecompressor, w_left, w_rest);
    }
    sp.newbytes(&out)
}
