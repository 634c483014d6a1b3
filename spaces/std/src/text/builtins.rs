//! Functions of the builtins module that are about text.

use super::args::clamped_index;
use super::wstr;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The str of one character with the given ordinal.
#[interp_fn(sig = "(i, /)")]
fn chr(sp: Space, w_i: W) -> Res<W> {
    match clamped_index(sp, w_i)? {
        c @ 0..=0x10FFFF => wstr::new_char(sp, c as u32),
        _ => Err(sp.value_error("chr() arg not in range(0x110000)")),
    }
}

/// The ordinal of the one character of a str (or byte of a bytes).
#[interp_fn(sig = "(character, /)")]
fn ord(sp: Space, w: W) -> Res<i64> {
    let (len, first) = if let Some(t) = sp.text_opt(w) {
        (t.len(), t.chars().next())
    } else if let Some(b) = sp.bytes_opt(w) {
        (b.len(), b.first().map(|b| *b as u32))
    } else if sp.layout(w) == taipan_abi::word::TID_BYTEARRAY {
        let b = Buffer::get(sp, w)?;
        (b.len(), b.first().map(|b| *b as u32))
    } else {
        return Err(raise!(sp, TYPE_ERROR, "ord() expected string of length 1, but {} found", sp.type_name(w)));
    };
    match first {
        Some(c) if len == 1 => Ok(c as i64),
        _ => Err(raise!(sp, TYPE_ERROR, "ord() expected a character, but string of length {len} found")),
    }
}

/// Functions of the builtins module.
pub static BUILTINS: &[FnSpec] = &[chr::SPEC, ord::SPEC];
