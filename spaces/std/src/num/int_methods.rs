//! int: methods and attributes.

use super::int_type::{int_self, own};
use super::value::{self, Int, exact_int, int_of, wrap_big};
use super::{format, int_arith, spec};
use format::Formatted;
use num_traits::Signed;
use spec::FormatError;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The exception of a specification that does not fit.
#[cold]
pub fn format_error(sp: Space, e: FormatError) -> Raised {
    match e {
        FormatError::Value(m) => sp.value_error(&m),
        FormatError::Overflow(m) => sp.overflow_error(&m),
        FormatError::Memory => sp.raise(known::MEMORY_ERROR, ""),
    }
}

/// A formatted number as str.
pub fn formatted(sp: Space, f: Result<Formatted, FormatError>) -> Res<W> {
    let f = f.map_err(|e| format_error(sp, e))?;
    match f.to_string() {
        Some(s) => sp.newstr(&s),
        None => sp.newstr_chars(&f.to_chars()),
    }
}

/// The specification's code points; TypeError unless it is a str.
pub fn spec_chars(sp: Space, w_spec: W) -> Res<Vec<u32>> {
    match sp.text_opt(w_spec) {
        Some(t) => Ok(t.chars().collect()),
        None => Err(raise!(sp, TYPE_ERROR, "__format__() argument must be str, not {}", sp.type_name(w_spec))),
    }
}

/// Number of bits necessary to represent self in binary.
#[interp_fn(method, sig = "(self, /)")]
fn bit_length(sp: Space, w: W) -> Res<i64> {
    Ok(own(sp, w)?.bits() as i64)
}

/// Number of ones in the binary representation of the absolute value of self.
#[interp_fn(method, sig = "(self, /)")]
fn bit_count(sp: Space, w: W) -> Res<i64> {
    Ok(match own(sp, w)? {
        Int::Small(i) => i.unsigned_abs().count_ones() as i64,
        Int::Big(b) => b.iter_u64_digits().map(|d| d.count_ones() as i64).sum(),
    })
}

/// Returns self, the complex conjugate of any int.
#[interp_fn(method, sig = "(self, /)")]
fn conjugate(sp: Space, w: W) -> Res<W> {
    exact_int(sp, w)
}

/// Truncating an int gives itself.
#[interp_fn(method, name = "__trunc__", sig = "(self, /)")]
fn trunc(sp: Space, w: W) -> Res<W> {
    exact_int(sp, w)
}
/// The floor of an int is itself.
#[interp_fn(method, name = "__floor__", sig = "(self, /)")]
fn floor(sp: Space, w: W) -> Res<W> {
    exact_int(sp, w)
}
/// The ceiling of an int is itself.
#[interp_fn(method, name = "__ceil__", sig = "(self, /)")]
fn ceil(sp: Space, w: W) -> Res<W> {
    exact_int(sp, w)
}

/// Rounds to 10**-ndigits, ties to even; digits after the point change nothing.
#[interp_fn(method, name = "__round__", sig = "(self, ndigits=None, /)")]
pub fn round(sp: Space, w: W, w_ndigits: W) -> Res<W> {
    if w_ndigits.is_none() {
        return exact_int(sp, w);
    }
    let w_n = super::convert::index(sp, w_ndigits)?;
    let n = own(sp, w_n)?;
    if !n.is_negative() {
        return exact_int(sp, w);
    }
    let v = own(sp, w)?.big();
    let n = n.to_i64().map_or(u64::MAX, i64::unsigned_abs);
    wrap_big(sp, int_arith::round_to_power(&v, n))
}

/// Returns (self, 1): the pair of integers whose ratio is the value.
#[interp_fn(method, sig = "(self, /)")]
fn as_integer_ratio(sp: Space, w: W) -> Res<W> {
    let w = exact_int(sp, w)?;
    sp.newtuple(&[w, W::int(1)])
}

/// Returns True: an int is integral.
#[interp_fn(method, sig = "(self, /)")]
fn is_integer(_sp: Space, _w: W) -> Res<bool> {
    Ok(true)
}

#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn getnewargs(sp: Space, w: W) -> Res<W> {
    let w = exact_int(sp, w)?;
    sp.newtuple(&[w])
}

/// Returns size in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(sp: Space, w: W) -> Res<i64> {
    // What programs expect: 24 bytes and 4 for each 30 bits of the value.
    Ok(24 + 4 * own(sp, w)?.bits().div_ceil(30).max(1) as i64)
}

/// Converts to a string according to format_spec.
#[interp_fn(method, name = "__format__", sig = "(self, format_spec, /)")]
fn format_(sp: Space, w: W, w_spec: W) -> Res<W> {
    let chars = spec_chars(sp, w_spec)?;
    if chars.is_empty() {
        return sp.str(w);
    }
    let v = own(sp, w)?;
    let name = sp.type_name(w);
    let r = spec::parse(&chars, &name).and_then(|s| format::format_int(&v.big(), &s, &name, || v.to_f64()));
    formatted(sp, r)
}

/// Is it little-endian? ValueError for other names.
fn is_little(sp: Space, byteorder: &Text) -> Res<bool> {
    match byteorder.ascii() {
        Some("little") => Ok(true),
        Some("big") => Ok(false),
        _ => Err(raise!(sp, VALUE_ERROR, "byteorder must be either 'little' or 'big'")),
    }
}

/// Return an array of bytes representing an integer.
///
/// length bytes, in byteorder 'big' or 'little'; two's complement if signed. OverflowError if it does not fit.
#[interp_fn(method, sig = "(self, /, length=1, byteorder='big', *, signed=False)")]
fn to_bytes(sp: Space, w: W, length: i64, byteorder: Text, signed: bool) -> Res<W> {
    let little = is_little(sp, &byteorder)?;
    let Ok(length) = usize::try_from(length) else {
        return Err(raise!(sp, VALUE_ERROR, "length argument must be non-negative"));
    };
    int_arith::check_bits((length as u64).saturating_mul(8)).map_err(|f| super::int_type::fault(sp, f))?;
    let v = own(sp, w)?.big();
    let mut bytes = int_arith::to_bytes_le(&v, length, signed).map_err(|negative| {
        sp.overflow_error(if negative { "can't convert negative int to unsigned" } else { "int too big to convert" })
    })?;
    if !little {
        bytes.reverse();
    }
    sp.newbytes(&bytes)
}

/// Return the integer represented by the given array of bytes.
///
/// bytes is bytes-like or an iterable of ints; byteorder 'big' or 'little'; two's complement if signed.
#[interp_fn(classmethod, sig = "(cls, /, bytes, byteorder='big', *, signed=False)")]
fn from_bytes(sp: Space, w_cls: W, w_bytes: W, byteorder: Text, signed: bool) -> Res<W> {
    let little = is_little(sp, &byteorder)?;
    let mut bytes = bytes_of(sp, w_bytes)?;
    if !little {
        bytes.reverse();
    }
    let w = wrap_big(sp, int_arith::from_bytes_le(&bytes, signed))?;
    if value::is_class_of(sp, w_cls, taipan_abi::word::TID_LONG) { Ok(w) } else { sp.call(w_cls, &[w]) }
}

/// `PyObject_Bytes` of an object that is no str and no int.
fn bytes_of(sp: Space, w: W) -> Res<Vec<u8>> {
    if let Some(b) = sp.bytes_opt(w) {
        return Ok(b.to_vec());
    }
    if let Some(w_method) = sp.lookup_special(w, name!(sp, "__bytes__"))? {
        let w_b = sp.call(w_method, &[])?;
        return match sp.bytes_opt(w_b) {
            Some(b) => Ok(b.to_vec()),
            None => Err(raise!(sp, TYPE_ERROR, "__bytes__ returned non-bytes (type {})", sp.type_name(w_b))),
        };
    }
    let slots = super::convert::slots_of(sp, w);
    if slots.getbuffer.is_some() {
        return Ok(Buffer::get(sp, w)?.to_vec());
    }
    if sp.text_opt(w).is_some() || (slots.iter.is_none() && slots.getitem.is_none()) {
        return Err(raise!(sp, TYPE_ERROR, "cannot convert '{}' object to bytes", sp.type_name(w)));
    }
    let mut out = Vec::new();
    sp.for_each(w, |w_item| {
        let w_i = sp.index(w_item)?;
        match int_of(sp, w_i).and_then(Int::to_i64).and_then(|i| u8::try_from(i).ok()) {
            Some(b) => out.push(b),
            None => return Err(raise!(sp, VALUE_ERROR, "bytes must be in range(0, 256)")),
        }
        Ok(true)
    })?;
    Ok(out)
}

#[slot]
fn get_imag(_sp: Space, _w: W) -> Res<W> {
    Ok(W::int(0))
}
#[slot]
fn get_denominator(_sp: Space, _w: W) -> Res<W> {
    Ok(W::int(1))
}

/// The methods.
pub const METHODS: Slice<FnSpec> = methods![
    bit_length,
    bit_count,
    conjugate,
    trunc,
    floor,
    ceil,
    round,
    as_integer_ratio,
    is_integer,
    getnewargs,
    sizeof,
    format_,
    to_bytes,
    from_bytes
];
/// The attributes.
pub const GETSET: Slice<GetSetSpec> = table![
    getset!("real", int_self),
    getset!("imag", get_imag),
    getset!("numerator", int_self),
    getset!("denominator", get_denominator)
];

/// `bin`, `oct`, `hex` of an int: sign, prefix and digits.
pub fn prefixed(sp: Space, w: W, base: u32, prefix: &str) -> Res<W> {
    let w = sp.index(w)?;
    let v = own(sp, w)?.big();
    let sign = if v.is_negative() { "-" } else { "" };
    sp.newstr(&format!("{sign}{prefix}{}", format::digits_of(&v, base)))
}
