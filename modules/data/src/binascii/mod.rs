//! `binascii`.

mod base64;
mod hex;
mod qp;
mod uu;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

static W_ERROR: Global = Global::new();
static W_INCOMPLETE: Global = Global::new();

fn setup(sp: Space, w_module: W) -> Res<()> {
    for (name, slot, base) in [("Error", &W_ERROR, known::VALUE_ERROR), ("Incomplete", &W_INCOMPLETE, known::EXCEPTION)]
    {
        let w = crate::util::exception_class(sp, slot, "binascii", name, sp.known(base))?;
        sp.setattr_str(w_module, name, w)?
    }
    Ok(())
}
mixed_module!(
    MODULE,
    "binascii",
    doc = "Conversion between binary data and ASCII",
    functions = [
        base64::a2b_base64,
        base64::b2a_base64,
        hex::b2a_hex,
        hex::hexlify,
        hex::a2b_hex,
        hex::unhexlify,
        uu::a2b_uu,
        uu::b2a_uu,
        qp::a2b_qp,
        qp::b2a_qp,
        crc32,
        crc_hqx,
    ],
    init = setup,
);

/// binascii.Error
#[cold]
fn error(sp: Space, message: &str) -> Raised {
    match sp.newstr(message) {
        Ok(w) => sp.raise_object(W_ERROR.get(), w),
        Err(r) => r,
    }
}
/// Bytes, or a str of ASCII characters.
fn ascii_buffer(sp: Space, w: W) -> Res<Vec<u8>> {
    if let Some(t) = sp.text_opt(w) {
        return match t.ascii() {
            Some(s) => Ok(s.as_bytes().to_vec()),
            None => Err(sp.value_error("string argument should contain only ASCII characters")),
        };
    }
    match Buffer::get(sp, w) {
        Ok(b) => Ok(b.to_vec()),
        Err(r) => {
            if sp.catch(known::TYPE_ERROR) {
                let t = sp.type_name(w);
                return Err(raise!(sp, TYPE_ERROR, "argument should be bytes, buffer or ASCII string, not '{t}'"));
            }
            Err(r)
        }
    }
}

/// Compute CRC-32 incrementally.
#[interp_fn(sig = "(data, crc=0, /)")]
fn crc32(sp: Space, data: Buffer, w_crc: W) -> Res<i64> {
    Ok(crate::zlib::crc32_of(&data, crate::zlib::masked(sp, w_crc)?) as i64)
}
/// Compute CRC-CCITT incrementally.
#[interp_fn(sig = "(data, crc, /)")]
fn crc_hqx(sp: Space, data: Buffer, w_crc: W) -> Res<i64> {
    let mut crc = crate::zlib::masked(sp, w_crc)? & 0xffff;
    for b in data.iter() {
        crc ^= (*b as u32) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 }
        }
        crc &= 0xffff
    }
    Ok(crc as i64)
}
