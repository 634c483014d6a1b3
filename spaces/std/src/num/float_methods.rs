//! float: methods and attributes.

use super::float_type::{check_finite, float_self, own};
use super::int_methods::{formatted, spec_chars};
use super::value::{self, int_of, wrap_big, wrap_f64, wrap_trunc};
use super::{convert, dtoa, format, parse, spec};
use num_bigint::BigInt;
use parse::HexError;
use taipan_abi::word::TID_FLOAT;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Self, the complex conjugate of any float.
#[interp_fn(method, sig = "(self, /)")]
fn conjugate(sp: Space, w: W) -> Res<W> {
    wrap_f64(sp, own(sp, w)?)
}

/// The integer closest to self between 0 and self.
#[interp_fn(method, name = "__trunc__", sig = "(self, /)")]
fn trunc(sp: Space, w: W) -> Res<W> {
    let f = own(sp, w)?;
    check_finite(sp, f)?;
    wrap_trunc(sp, f)
}
/// The largest integer not greater than self.
#[interp_fn(method, name = "__floor__", sig = "(self, /)")]
fn floor(sp: Space, w: W) -> Res<W> {
    let f = own(sp, w)?;
    check_finite(sp, f)?;
    wrap_trunc(sp, f.floor())
}
/// The smallest integer not less than self.
#[interp_fn(method, name = "__ceil__", sig = "(self, /)")]
fn ceil(sp: Space, w: W) -> Res<W> {
    let f = own(sp, w)?;
    check_finite(sp, f)?;
    wrap_trunc(sp, f.ceil())
}

/// The closest int, ties to even; with ndigits a float rounded to that many digits after the point.
#[interp_fn(method, name = "__round__", sig = "(self, ndigits=None, /)")]
pub fn round(sp: Space, w: W, w_ndigits: W) -> Res<W> {
    let f = own(sp, w)?;
    if w_ndigits.is_none() {
        check_finite(sp, f)?;
        return wrap_trunc(sp, f.round_ties_even());
    }
    let w_n = convert::index(sp, w_ndigits)?;
    // Beyond 64 bits the sign alone decides.
    let n = match int_of(sp, w_n) {
        Some(i) => i.to_i64().unwrap_or(if i.is_negative() { i64::MIN } else { i64::MAX }),
        None => 0,
    };
    let r = dtoa::round(f, n);
    if r.is_infinite() && f.is_finite() {
        return Err(raise!(sp, OVERFLOW_ERROR, "rounded value too large to represent"));
    }
    wrap_f64(sp, r)
}

/// (numerator, denominator) of a finite float, in lowest terms.
pub fn ratio(f: f64) -> (BigInt, BigInt) {
    let (m, e) = value::frexp(f);
    // 53 bits make the mantissa an int.
    let n = (m * (1u64 << 53) as f64) as i64;
    let e = e as i64 - 53;
    if n == 0 {
        return (BigInt::ZERO, BigInt::from(1));
    }
    let zeros = (n.trailing_zeros() as i64).min((-e).max(0));
    let (n, e) = (n >> zeros, e + zeros);
    if e >= 0 {
        (BigInt::from(n) << e as u64, BigInt::from(1))
    } else {
        (BigInt::from(n), BigInt::from(1) << (-e) as u64)
    }
}

/// A pair of integers, whose ratio is exactly equal to the original float; the denominator is positive.
#[interp_fn(method, sig = "(self, /)")]
fn as_integer_ratio(sp: Space, w: W) -> Res<W> {
    let f = own(sp, w)?;
    if f.is_nan() {
        return Err(raise!(sp, VALUE_ERROR, "cannot convert NaN to integer ratio"));
    }
    if f.is_infinite() {
        return Err(raise!(sp, OVERFLOW_ERROR, "cannot convert Infinity to integer ratio"));
    }
    let (n, d) = ratio(f);
    let (w_n, w_d) = (wrap_big(sp, n)?, wrap_big(sp, d)?);
    sp.newtuple(&[w_n, w_d])
}

/// True if the float is an integer.
#[interp_fn(method, sig = "(self, /)")]
fn is_integer(sp: Space, w: W) -> Res<bool> {
    let f = own(sp, w)?;
    Ok(f.is_finite() && f == f.floor())
}

/// A hexadecimal representation of the number.
#[interp_fn(method, sig = "(self, /)")]
fn hex(sp: Space, w: W) -> Res<W> {
    sp.newstr(&dtoa::hex(own(sp, w)?))
}

/// Create a floating-point number from a hexadecimal string.
#[interp_fn(classmethod, sig = "(cls, string, /)")]
fn fromhex(sp: Space, w_cls: W, w_string: W) -> Res<W> {
    let Some(t) = sp.text_opt(w_string) else {
        return Err(raise!(sp, TYPE_ERROR, "bad argument type for built-in operation"));
    };
    let ascii: Vec<u8> = t.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect();
    let f = parse::parse_hex_float(&ascii).map_err(|e| match e {
        HexError::Invalid => sp.value_error("invalid hexadecimal floating-point string"),
        HexError::TooLarge => sp.overflow_error("hexadecimal value too large to represent as a float"),
    })?;
    let w = wrap_f64(sp, f)?;
    of_class(sp, w_cls, w)
}

/// Calls a subclass with the value.
fn of_class(sp: Space, w_cls: W, w_float: W) -> Res<W> {
    if value::is_class_of(sp, w_cls, TID_FLOAT) { Ok(w_float) } else { sp.call(w_cls, &[w_float]) }
}

/// Convert real number to a floating-point number.
#[interp_fn(classmethod, sig = "(cls, number, /)")]
fn from_number(sp: Space, w_cls: W, w_number: W) -> Res<W> {
    // SAFETY: is_obj precedes the look at the header.
    if w_number.is_obj() && unsafe { w_number.is_tid(TID_FLOAT) } {
        return of_class(sp, w_cls, w_number);
    }
    let w = wrap_f64(sp, convert::as_f64(sp, w_number)?)?;
    of_class(sp, w_cls, w)
}

#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn getnewargs(sp: Space, w: W) -> Res<W> {
    let w = wrap_f64(sp, own(sp, w)?)?;
    sp.newtuple(&[w])
}

/// How C's 'double' and 'float' are stored; for the test suite.
#[interp_fn(classmethod, name = "__getformat__", sig = "(cls, typestr, /)")]
fn getformat(sp: Space, _w_cls: W, typestr: Text) -> Res<&'static str> {
    match typestr.ascii() {
        Some("double" | "float") if cfg!(target_endian = "little") => Ok("IEEE, little-endian"),
        Some("double" | "float") => Ok("IEEE, big-endian"),
        _ => Err(raise!(sp, VALUE_ERROR, "__getformat__() argument 1 must be 'double' or 'float'")),
    }
}

/// Formats the float according to format_spec.
#[interp_fn(method, name = "__format__", sig = "(self, format_spec, /)")]
fn format_(sp: Space, w: W, w_spec: W) -> Res<W> {
    let chars = spec_chars(sp, w_spec)?;
    if chars.is_empty() {
        return sp.str(w);
    }
    let (f, name) = (own(sp, w)?, sp.type_name(w));
    formatted(sp, spec::parse(&chars, &name).and_then(|s| format::format_float(f, &s, &name)))
}

#[slot]
fn get_imag(sp: Space, _w: W) -> Res<W> {
    wrap_f64(sp, 0.0)
}

/// The methods.
pub const METHODS: Slice<FnSpec> = methods![
    from_number,
    conjugate,
    trunc,
    floor,
    ceil,
    round,
    as_integer_ratio,
    fromhex,
    hex,
    is_integer,
    getnewargs,
    getformat,
    format_
];
/// The attributes.
pub const GETSET: Slice<GetSetSpec> = table![getset!("real", float_self), getset!("imag", get_imag)];
