//! compress() and decompress() of data that is there at once.

use super::stream::{Stream, error, pump};
use super::{DEF_BUF_SIZE, buffer_size};
use crate::util::*;
use libz_rs_sys as z;
use taipan_plugin_api::prelude::*;

/// Returns a bytes object containing compressed data.
///
///   data
///     Binary data to be compressed.
///   level
///     Compression level, in 0-9 or -1.
///   wbits
///     The window buffer size and container format.
#[interp_fn(sig = "(data, /, level=-1, wbits=15)")]
pub fn compress(sp: Space, data: Buffer, level: i32, wbits: i32) -> Res<Vec<u8>> {
    let mut s = Stream::deflating(level, z::Z_DEFLATED, wbits, 8, z::Z_DEFAULT_STRATEGY).map_err(|r| match r {
        z::Z_MEM_ERROR => sp.raise(known::MEMORY_ERROR, "Out of memory while compressing data"),
        _ => error(sp, "Bad compression level"),
    })?;
    let mut input: &[u8] = &data;
    pump(sp, &mut s, &mut input, z::Z_FINISH, "while compressing data")
}
/// Returns a bytes object containing the uncompressed data.
///
///   data
///     Compressed data.
///   wbits
///     The window buffer size and container format.
///   bufsize
///     The initial output buffer size.
#[interp_fn(sig = "(data, /, wbits=15, bufsize=16384)")]
pub fn decompress(sp: Space, data: Buffer, wbits: i32, bufsize: i64) -> Res<Vec<u8>> {
    let mut room = buffer_size(sp, bufsize, "bufsize must be positive")?.clamp(1, 1 << 28).max(DEF_BUF_SIZE);
    let mut s = Stream::inflating(wbits).map_err(|r| match r {
        z::Z_MEM_ERROR => sp.raise(known::MEMORY_ERROR, "Out of memory while decompressing data"),
        r => error(sp, &format!("Error {r} while preparing to decompress data: inconsistent stream state")),
    })?;
    let mut input: &[u8] = &data;
    let mut out = Vec::new();
    let what = "while decompressing data";
    loop {
        match blocking(sp, || s.step(&mut input, &mut out, room, z::Z_SYNC_FLUSH)) {
            z::Z_STREAM_END => return Ok(out),
            z::Z_OK if s.full() || !input.is_empty() => {}
            z::Z_BUF_ERROR if s.full() => {}
            z::Z_OK | z::Z_BUF_ERROR => return Err(s.error(sp, z::Z_BUF_ERROR, what)),
            z::Z_MEM_ERROR => return Err(sp.raise(known::MEMORY_ERROR, "Out of memory while decompressing data")),
            r => return Err(s.error(sp, r, what)),
        }
        room = room.saturating_mul(2).min(1 << 28);
    }
}
