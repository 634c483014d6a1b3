//! Rows of the operation table.

use super::value::{self, Int, int_of, wrap_big, wrap_f64};
use super::{complex_type, convert};
use num_bigint::{BigInt, BigUint, Sign};
use std::cell::RefCell;
use taipan_abi::ops::IntView;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// int(a)
#[slot]
pub fn int(sp: Space, a: W) -> Res<W> {
    convert::to_int(sp, a)
}
/// operator.index(a)
#[slot]
pub fn index(sp: Space, a: W) -> Res<W> {
    convert::index(sp, a)
}
/// float(a)
#[slot]
pub fn float(sp: Space, a: W) -> Res<W> {
    convert::to_float(sp, a)
}
/// The value of an int (or `__index__`) that fits 64 bits.
#[slot]
pub fn int_w(sp: Space, a: W, out: *mut i64) -> Res<()> {
    let a = convert::index_keep(sp, a)?;
    match int_of(sp, a).and_then(Int::to_i64) {
        Some(i) => {
            // SAFETY: the caller's.
            unsafe { *out = i };
            Ok(())
        }
        None => Err(raise!(sp, OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")),
    }
}

thread_local! {
    /// Digits of the last `bigint_w` of this thread that met a big one.
    static DIGITS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Magnitude and sign of an int (or `__index__`). The digits stay until the next such call of the thread.
#[slot]
pub fn bigint_w(sp: Space, a: W, out: *mut IntView) -> Res<()> {
    let a = convert::index_keep(sp, a)?;
    let i = int_of(sp, a).unwrap_or(Int::Small(0));
    // SAFETY: the caller's.
    let out = unsafe { &mut *out };
    out.negative = i.is_negative() as u32;
    match i {
        Int::Small(i) => {
            out.small = i.unsigned_abs();
            out.digits = &out.small;
            out.len = (i != 0) as usize;
        }
        Int::Big(b) => DIGITS.with_borrow_mut(|d| {
            d.clear();
            d.extend(b.iter_u64_digits());
            out.digits = d.as_ptr();
            out.len = d.len();
        }),
    }
    Ok(())
}
/// The value of a float, an int, or something with `__float__` or `__index__`.
#[slot]
pub fn float_w(sp: Space, a: W, out: *mut f64) -> Res<()> {
    let f = convert::as_f64(sp, a)?;
    // SAFETY: the caller's.
    unsafe { *out = f };
    Ok(())
}
/// The value of a complex, something with `__complex__`, or what `float_w` takes.
#[slot]
pub fn complex_w(sp: Space, a: W, re: *mut f64, im: *mut f64) -> Res<()> {
    let c = complex_type::as_complex(sp, a)?;
    // SAFETY: the caller's.
    unsafe {
        *re = c.0;
        *im = c.1;
    }
    Ok(())
}
/// An int.
#[slot]
pub fn newint(sp: Space, i: i64) -> Res<W> {
    value::wrap_i64(sp, i)
}
/// An int of any size.
#[slot]
pub fn newbigint(sp: Space, digits: *const u64, len: usize, negative: u32) -> Res<W> {
    // SAFETY: the caller passes len digits.
    let digits = if len == 0 { &[][..] } else { unsafe { std::slice::from_raw_parts(digits, len) } };
    let halves = digits.iter().flat_map(|d| [*d as u32, (*d >> 32) as u32]).collect();
    let sign = if negative != 0 { Sign::Minus } else { Sign::Plus };
    wrap_big(sp, BigInt::from_biguint(sign, BigUint::new(halves)))
}
/// A float.
#[slot]
pub fn newfloat(sp: Space, f: f64) -> Res<W> {
    wrap_f64(sp, f)
}
/// A complex.
#[slot]
pub fn newcomplex(sp: Space, re: f64, im: f64) -> Res<W> {
    value::wrap_complex(sp, (re, im))
}
