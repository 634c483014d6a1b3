//! float: operations and the description of the type.

use super::complex_math::{self as cm, PowError};
use super::int_type::{decide, zero_division};
use super::value::{self, float_of, int_of, real_of, wrap_f64, wrap_trunc};
use super::{convert, dtoa, float_methods, int_arith};
use crate::containers::util::no_keywords;
use crate::layouts::WFloat;
use taipan_abi::gc::tf;
use taipan_abi::opcode::CmpOp;
use taipan_abi::word::TID_FLOAT;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// a // b and a % b, Python's way; b is not 0.
#[inline]
pub fn divmod_f64(a: f64, b: f64) -> (f64, f64) {
    let mut m = a % b;
    let mut div = (a - m) / b;
    if m != 0.0 {
        // The remainder has the divisor's sign.
        if (b < 0.0) != (m < 0.0) {
            m += b;
            div -= 1.0;
        }
    } else {
        m = 0.0f64.copysign(b);
    }
    let floor = if div != 0.0 {
        let f = div.floor();
        if div - f > 0.5 { f + 1.0 } else { f }
    } else {
        0.0f64.copysign(a / b)
    };
    (floor, m)
}
/// a % b; b is not 0.
#[inline]
pub fn mod_f64(a: f64, b: f64) -> f64 {
    let m = a % b;
    if m == 0.0 {
        0.0f64.copysign(b)
    } else if (b < 0.0) != (m < 0.0) {
        m + b
    } else {
        m
    }
}

/// a / b
#[inline]
pub fn truediv(sp: Space, a: f64, b: f64) -> Res<W> {
    if b == 0.0 { Err(zero_division(sp)) } else { wrap_f64(sp, a / b) }
}
/// a // b
#[inline]
pub fn floordiv(sp: Space, a: f64, b: f64) -> Res<W> {
    if b == 0.0 { Err(zero_division(sp)) } else { wrap_f64(sp, divmod_f64(a, b).0) }
}
/// a % b
#[inline]
pub fn modulo(sp: Space, a: f64, b: f64) -> Res<W> {
    if b == 0.0 { Err(zero_division(sp)) } else { wrap_f64(sp, mod_f64(a, b)) }
}
/// A power of floats.
pub enum Power {
    /// Real.
    Float(f64),
    /// Of a negative base and a fraction.
    Complex(Result<cm::C, PowError>),
}
/// a ** b
pub fn pow_f64(a: f64, b: f64) -> Result<Power, PowError> {
    // What C's pow leaves open or answers with an error number.
    if b == 0.0 || a == 1.0 {
        return Ok(Power::Float(1.0));
    }
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(PowError::Zero);
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b != b.floor() {
        return Ok(Power::Complex(cm::pow((a, 0.0), (b, 0.0))));
    }
    let r = a.powf(b);
    if r.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(PowError::Range);
    }
    Ok(Power::Float(r))
}
/// a ** b
pub fn pow(sp: Space, a: f64, b: f64) -> Res<W> {
    match pow_f64(a, b) {
        Ok(Power::Float(f)) => wrap_f64(sp, f),
        Ok(Power::Complex(c)) => super::complex_type::pow_result(sp, c),
        Err(PowError::Zero) => Err(raise!(sp, ZERO_DIVISION_ERROR, "zero to a negative power")),
        Err(PowError::Range) => Err(out_of_range(sp)),
    }
}
/// OverflowError(ERANGE, its message), as from C's library.
#[cold]
pub fn out_of_range(sp: Space) -> Raised {
    let make = || {
        let w_text = sp.newstr("Numerical result out of range")?;
        sp.call(sp.known(known::OVERFLOW_ERROR), &[W::int(34), w_text])
    };
    match make() {
        Ok(w) => sp.raise_object(w, W::NULL),
        Err(e) => e,
    }
}

macro_rules! binary {
    ($($slot:ident, |$sp:ident, $a:ident, $b:ident| $e:expr;)*) => { $(
        #[slot]
        pub fn $slot($sp: Space, w_a: W, w_b: W) -> Res<W> {
            let (Some($a), Some($b)) = (real_of($sp, w_a)?, real_of($sp, w_b)?) else { return Ok(W::NOT_IMPLEMENTED) };
            $e
        }
    )* };
}
binary! {
    float_add, |sp, a, b| wrap_f64(sp, a + b);
    float_sub, |sp, a, b| wrap_f64(sp, a - b);
    float_mul, |sp, a, b| wrap_f64(sp, a * b);
    float_truediv, |sp, a, b| truediv(sp, a, b);
    float_floordiv, |sp, a, b| floordiv(sp, a, b);
    float_mod, |sp, a, b| modulo(sp, a, b);
    float_pow, |sp, a, b| pow(sp, a, b);
    float_divmod, |sp, a, b| {
        if b == 0.0 {
            return Err(zero_division(sp));
        }
        let (q, r) = divmod_f64(a, b);
        let (w_q, w_r) = (wrap_f64(sp, q)?, wrap_f64(sp, r)?);
        sp.newtuple(&[w_q, w_r])
    };
}

#[slot]
fn float_pow3(sp: Space, w_a: W, w_b: W, w_c: W) -> Res<W> {
    if !w_c.is_null() && !w_c.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "pow() 3rd argument not allowed unless all arguments are integers"));
    }
    let (Some(a), Some(b)) = (real_of(sp, w_a)?, real_of(sp, w_b)?) else { return Ok(W::NOT_IMPLEMENTED) };
    pow(sp, a, b)
}

/// The value of a self that the caller has checked.
pub fn own(sp: Space, w: W) -> Res<f64> {
    float_of(sp, w).ok_or_else(|| raise!(sp, TYPE_ERROR, "a float is required, not '{}'", sp.type_name(w)))
}

#[slot]
fn float_neg(sp: Space, w: W) -> Res<W> {
    wrap_f64(sp, -own(sp, w)?)
}
#[slot]
fn float_abs(sp: Space, w: W) -> Res<W> {
    wrap_f64(sp, own(sp, w)?.abs())
}
/// The value itself as an exact float.
#[slot]
pub fn float_self(sp: Space, w: W) -> Res<W> {
    // SAFETY: is_obj precedes the look at the header.
    if w.is_obj() && unsafe { w.is_tid(TID_FLOAT) } {
        return Ok(w);
    }
    wrap_f64(sp, own(sp, w)?)
}
#[slot]
fn float_bool(sp: Space, w: W) -> Res<bool> {
    Ok(own(sp, w)? != 0.0)
}
/// ValueError and OverflowError for what is no number.
pub fn check_finite(sp: Space, f: f64) -> Res<()> {
    if f.is_nan() {
        return Err(raise!(sp, VALUE_ERROR, "cannot convert float NaN to integer"));
    }
    if f.is_infinite() {
        return Err(raise!(sp, OVERFLOW_ERROR, "cannot convert float infinity to integer"));
    }
    Ok(())
}
#[slot]
fn float_int(sp: Space, w: W) -> Res<W> {
    let f = own(sp, w)?;
    check_finite(sp, f)?;
    wrap_trunc(sp, f)
}
#[slot]
fn float_hash(sp: Space, w: W) -> Res<i64> {
    let f = own(sp, w)?;
    Ok(value::hash_f64(f).unwrap_or_else(|| value::hash_identity(w)))
}
/// The answer of a comparison that a nan may take part in.
#[inline(always)]
pub fn decide_partial(op: u32, o: Option<std::cmp::Ordering>) -> W {
    match o {
        Some(o) => decide(op, o),
        None => W::bool(op == CmpOp::Ne as u32),
    }
}
#[slot]
fn float_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    Ok(match (float_of(sp, w_a), float_of(sp, w_b)) {
        (Some(a), Some(b)) => decide_partial(op, a.partial_cmp(&b)),
        (Some(a), None) => match int_of(sp, w_b) {
            Some(b) => decide_partial(op, int_arith::compare_float(b, a).map(std::cmp::Ordering::reverse)),
            None => W::NOT_IMPLEMENTED,
        },
        (None, Some(b)) => match int_of(sp, w_a) {
            Some(a) => decide_partial(op, int_arith::compare_float(a, b)),
            None => W::NOT_IMPLEMENTED,
        },
        _ => W::NOT_IMPLEMENTED,
    })
}
#[slot]
fn float_repr(sp: Space, w: W) -> Res<W> {
    sp.newstr(&dtoa::repr(own(sp, w)?))
}

#[slot]
fn float_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let exact = value::is_class_of(sp, w_type, TID_FLOAT);
    no_keywords(sp, "float", w_type, TID_FLOAT, &args)?;
    let w_value = match args.positional() {
        [] => W::NULL,
        [w] => convert::to_float(sp, *w)?,
        more => return Err(raise!(sp, TYPE_ERROR, "float expected at most 1 argument, got {}", more.len())),
    };
    if exact && !w_value.is_null() {
        return Ok(w_value);
    }
    let f = if w_value.is_null() { 0.0 } else { own(sp, w_value)? };
    new_of(sp, w_type, f)
}
/// A float of a class.
fn new_of(sp: Space, w_type: W, f: f64) -> Res<W> {
    if value::is_class_of(sp, w_type, TID_FLOAT) {
        return wrap_f64(sp, f);
    }
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: instances of subclasses begin with the struct; the value is no reference.
    unsafe { (*w.ptr::<WFloat>()).value = f };
    Ok(w)
}

static SLOTS: Slots = Slots {
    repr: Some(float_repr),
    hash: Some(float_hash),
    compare: Some(float_compare),
    new: Some(float_new),
    bool: Some(float_bool),
    neg: Some(float_neg),
    pos: Some(float_self),
    abs: Some(float_abs),
    int: Some(float_int),
    float: Some(float_self),
    divmod: Some(float_divmod),
    pow3: Some(float_pow3),
    binary: [
        Some(float_add),
        Some(float_sub),
        Some(float_mul),
        Some(float_truediv),
        Some(float_floordiv),
        Some(float_mod),
        None,
        None,
        None,
        None,
        None,
        Some(float_pow),
        None,
    ],
    ..Slots::EMPTY
};

typespec!(
    /// The description of float.
    pub FLOAT: WFloat, "float", {
        doc: Str::new("float(x=0, /)\n\nA floating-point number, of a number or read from a string."),
        flags: ty::BASETYPE | ty::IMMUTABLE,
        layout_flags: tf::NO_PTRS,
        slots: &SLOTS,
        methods: float_methods::METHODS,
        getset: float_methods::GETSET,
    }
);
