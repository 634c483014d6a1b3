//! `zlib`.

mod compress;
mod decompress;
mod stream;
mod whole;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

pub const DEF_BUF_SIZE: usize = 16384;

fn setup(sp: Space, w_module: W) -> Res<()> {
    stream::make_error(sp, w_module)?;
    compress::make(sp, w_module)?;
    decompress::make(sp, w_module)?;
    for (name, i) in [
        ("MAX_WBITS", 15),
        ("DEFLATED", 8),
        ("DEF_MEM_LEVEL", 8),
        ("DEF_BUF_SIZE", DEF_BUF_SIZE as i64),
        ("Z_NO_COMPRESSION", 0),
        ("Z_BEST_SPEED", 1),
        ("Z_BEST_COMPRESSION", 9),
        ("Z_DEFAULT_COMPRESSION", -1),
        ("Z_FILTERED", 1),
        ("Z_HUFFMAN_ONLY", 2),
        ("Z_RLE", 3),
        ("Z_FIXED", 4),
        ("Z_DEFAULT_STRATEGY", 0),
        ("Z_NO_FLUSH", 0),
        ("Z_PARTIAL_FLUSH", 1),
        ("Z_SYNC_FLUSH", 2),
        ("Z_FULL_FLUSH", 3),
        ("Z_FINISH", 4),
        ("Z_BLOCK", 5),
        ("Z_TREES", 6),
    ] {
        crate::util::set_int(sp, w_module, name, i)?
    }
    for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION"] {
        sp.setattr_str(w_module, name, sp.newstr("1.3.1")?)?
    }
    Ok(())
}
mixed_module!(MODULE, "zlib",
    doc = "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.\n\nadler32(string[, start]) -- Compute an Adler-32 checksum.\ncompress(data[, level]) -- Compress data, with compression level 0-9 or -1.\ncompressobj([level[, ...]]) -- Return a compressor object.\ncrc32(string[, start]) -- Compute a CRC-32 checksum.\ndecompress(string,[wbits],[bufsize]) -- Decompresses a compressed string.\ndecompressobj([wbits[, zdict]]) -- Return a decompressor object.\n\n'wbits' is window buffer size and container format.\nCompressor objects support compress() and flush() methods; decompressor\nobjects support decompress() and flush().",
    functions = [adler32, crc32, whole::compress, whole::decompress, compress::compressobj, decompress::decompressobj],
    init = setup,
);

/// The low 32 bits of an int.
pub fn masked(sp: Space, w: W) -> Res<u32> {
    if w.is_int() {
        return Ok(w.untag() as u32);
    }
    let n = sp.bigint_w(w)?;
    let low = n.magnitude().iter_u32_digits().next().unwrap_or(0);
    Ok(if n.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low })
}
/// CRC-32 continued from a value.
pub fn crc32_of(data: &[u8], start: u32) -> u32 {
    let mut h = crc32fast::Hasher::new_with_initial(start);
    h.update(data);
    h.finalize()
}
/// Compute an Adler-32 checksum of data.
///
///   value
///     Starting value of the checksum.
///
/// The returned checksum is an integer.
#[interp_fn(sig = "(data, value=1, /)")]
fn adler32(sp: Space, data: Buffer, w_value: W) -> Res<i64> {
    let start = masked(sp, w_value)?;
    // SAFETY: the buffer is that long.
    Ok(unsafe { libz_rs_sys::adler32_z(start as _, data.as_ptr(), data.len()) } as u32 as i64)
}
/// Compute a CRC-32 checksum of data.
///
///   value
///     Starting value of the checksum.
///
/// The returned checksum is an integer.
#[interp_fn(sig = "(data, value=0, /)")]
fn crc32(sp: Space, data: Buffer, w_value: W) -> Res<i64> {
    Ok(crc32_of(&data, masked(sp, w_value)?) as i64)
}
/// A positive buffer size.
fn buffer_size(sp: Space, n: i64, message: &str) -> Res<usize> {
    if n <= 0 { Err(raise!(sp, VALUE_ERROR, "{message}")) } else { Ok(n as usize) }
}
