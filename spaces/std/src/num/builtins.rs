//! Built-in functions on numbers.

use super::int_methods::{self, prefixed};
use super::{float_methods, value};
use taipan_abi::word::TID_FLOAT;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Return the binary representation of an integer.
#[interp_fn(sig = "(number, /)")]
pub fn bin(sp: Space, w_number: W) -> Res<W> {
    prefixed(sp, w_number, 2, "0b")
}
/// Return the octal representation of an integer.
#[interp_fn(sig = "(number, /)")]
pub fn oct(sp: Space, w_number: W) -> Res<W> {
    prefixed(sp, w_number, 8, "0o")
}
/// Return the hexadecimal representation of an integer.
#[interp_fn(sig = "(number, /)")]
pub fn hex(sp: Space, w_number: W) -> Res<W> {
    prefixed(sp, w_number, 16, "0x")
}
/// Round a number to a given precision in decimal digits.
///
/// The return value is an integer if ndigits is omitted or None. Otherwise the return value has the same type as the
/// number. ndigits may be negative.
#[interp_fn(sig = "(number, ndigits=None)")]
pub fn round(sp: Space, w_number: W, w_ndigits: W) -> Res<W> {
    if value::is_exact_int(w_number) {
        return int_methods::round(sp, w_number, w_ndigits);
    }
    // SAFETY: is_obj precedes the look at the header.
    if w_number.is_obj() && unsafe { w_number.is_tid(TID_FLOAT) } {
        return float_methods::round(sp, w_number, w_ndigits);
    }
    let Some(w_round) = sp.lookup_special(w_number, name!(sp, "__round__"))? else {
        return Err(raise!(sp, TYPE_ERROR, "type {} doesn't define __round__ method", sp.type_name(w_number)));
    };
    if w_ndigits.is_none() { sp.call(w_round, &[]) } else { sp.call(w_round, &[w_ndigits]) }
}
