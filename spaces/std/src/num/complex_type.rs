//! complex.

use super::complex_math::{self as cm, C, PowError};
use super::int_methods::{formatted, spec_chars};
use super::int_type::zero_division;
use super::value::{self, complex_of, float_of, int_of, wrap_complex, wrap_f64};
use super::{convert, dtoa, format, int_arith, parse, spec};
use crate::layouts::WComplex;
use parse::ComplexError;
use std::cmp::Ordering;
use taipan_abi::gc::tf;
use taipan_abi::opcode::CmpOp;
use taipan_abi::word::TID_COMPLEX;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// An operand: real numbers are kept apart, because mixed operations do not give them an imaginary zero.
#[derive(Copy, Clone)]
enum Operand {
    Real(f64),
    Complex(C),
}
use Operand::{Complex, Real};

impl Operand {
    fn pair(self) -> C {
        match self {
            Real(f) => (f, 0.0),
            Complex(c) => c,
        }
    }
}
fn operand(sp: Space, w: W) -> Res<Option<Operand>> {
    if let Some(c) = complex_of(sp, w) {
        return Ok(Some(Complex(c)));
    }
    Ok(value::real_of(sp, w)?.map(Real))
}

/// The result of a power, or its exception.
pub fn pow_result(sp: Space, r: Result<C, PowError>) -> Res<W> {
    match r {
        Ok(c) => wrap_complex(sp, c),
        Err(PowError::Zero) => Err(raise!(sp, ZERO_DIVISION_ERROR, "zero to a negative or complex power")),
        Err(PowError::Range) => Err(raise!(sp, OVERFLOW_ERROR, "complex exponentiation")),
    }
}

fn add(sp: Space, a: Operand, b: Operand) -> Res<W> {
    wrap_complex(
        sp,
        match (a, b) {
            (Complex(a), Complex(b)) => (a.0 + b.0, a.1 + b.1),
            (Complex(a), Real(b)) => (a.0 + b, a.1),
            (Real(a), Complex(b)) => (a + b.0, b.1),
            (Real(a), Real(b)) => (a + b, 0.0),
        },
    )
}
fn sub(sp: Space, a: Operand, b: Operand) -> Res<W> {
    wrap_complex(
        sp,
        match (a, b) {
            (Complex(a), Complex(b)) => (a.0 - b.0, a.1 - b.1),
            (Complex(a), Real(b)) => (a.0 - b, a.1),
            (Real(a), Complex(b)) => (a - b.0, -b.1),
            (Real(a), Real(b)) => (a - b, 0.0),
        },
    )
}
fn mul(sp: Space, a: Operand, b: Operand) -> Res<W> {
    wrap_complex(
        sp,
        match (a, b) {
            (Complex(a), Complex(b)) => cm::mul(a, b),
            (Complex(a), Real(b)) => (a.0 * b, a.1 * b),
            (Real(a), Complex(b)) => (a * b.0, a * b.1),
            (Real(a), Real(b)) => (a * b, 0.0),
        },
    )
}
fn truediv(sp: Space, a: Operand, b: Operand) -> Res<W> {
    let r = match (a, b) {
        (_, Real(0.0)) => None,
        (Complex(a), Real(b)) => Some((a.0 / b, a.1 / b)),
        (Real(a), Complex(b)) => cm::real_div(a, b),
        (a, b) => cm::div(a.pair(), b.pair()),
    };
    match r {
        Some(c) => wrap_complex(sp, c),
        None => Err(zero_division(sp)),
    }
}
fn pow(sp: Space, a: Operand, b: Operand) -> Res<W> {
    pow_result(sp, cm::pow(a.pair(), b.pair()))
}

macro_rules! binary {
    ($($slot:ident = $f:ident;)*) => { $(
        #[slot]
        fn $slot(sp: Space, w_a: W, w_b: W) -> Res<W> {
            match (operand(sp, w_a)?, operand(sp, w_b)?) {
                (Some(a), Some(b)) => $f(sp, a, b),
                _ => Ok(W::NOT_IMPLEMENTED),
            }
        }
    )* };
}
binary! { complex_add = add; complex_sub = sub; complex_mul = mul; complex_truediv = truediv; complex_pow = pow; }

#[slot]
fn complex_pow3(sp: Space, w_a: W, w_b: W, w_c: W) -> Res<W> {
    let (Some(a), Some(b)) = (operand(sp, w_a)?, operand(sp, w_b)?) else { return Ok(W::NOT_IMPLEMENTED) };
    if !w_c.is_null() && !w_c.is_none() {
        return Err(raise!(sp, VALUE_ERROR, "complex modulo"));
    }
    pow(sp, a, b)
}

fn own(sp: Space, w: W) -> Res<C> {
    complex_of(sp, w).ok_or_else(|| raise!(sp, TYPE_ERROR, "a complex is required, not '{}'", sp.type_name(w)))
}

#[slot]
fn complex_neg(sp: Space, w: W) -> Res<W> {
    let (re, im) = own(sp, w)?;
    wrap_complex(sp, (-re, -im))
}
fn exact(sp: Space, w: W) -> Res<W> {
    // SAFETY: is_obj precedes the look at the header.
    if w.is_obj() && unsafe { w.is_tid(TID_COMPLEX) } {
        return Ok(w);
    }
    wrap_complex(sp, own(sp, w)?)
}
#[slot]
fn complex_pos(sp: Space, w: W) -> Res<W> {
    exact(sp, w)
}
#[slot]
fn complex_abs(sp: Space, w: W) -> Res<W> {
    match cm::abs(own(sp, w)?) {
        Ok(f) => wrap_f64(sp, f),
        Err(_) => Err(raise!(sp, OVERFLOW_ERROR, "absolute value too large")),
    }
}
#[slot]
fn complex_bool(sp: Space, w: W) -> Res<bool> {
    let (re, im) = own(sp, w)?;
    Ok(re != 0.0 || im != 0.0)
}
#[slot]
fn complex_hash(sp: Space, w: W) -> Res<i64> {
    let (re, im) = own(sp, w)?;
    let part = |f| value::hash_f64(f).unwrap_or_else(|| value::hash_identity(w));
    let h = part(re).wrapping_add(part(im).wrapping_mul(1000003));
    Ok(if h == -1 { -2 } else { h })
}
#[slot]
fn complex_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    let (is_eq, is_ne) = (op == CmpOp::Eq as u32, op == CmpOp::Ne as u32);
    let Some((re, im)) = complex_of(sp, w_a) else { return Ok(W::NOT_IMPLEMENTED) };
    if !is_eq && !is_ne {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let equal = if let Some(b) = complex_of(sp, w_b) {
        re == b.0 && im == b.1
    } else if let Some(b) = float_of(sp, w_b) {
        re == b && im == 0.0
    } else if let Some(b) = int_of(sp, w_b) {
        im == 0.0 && int_arith::compare_float(b, re) == Some(Ordering::Equal)
    } else {
        return Ok(W::NOT_IMPLEMENTED);
    };
    Ok(W::bool(equal == is_eq))
}
#[slot]
fn complex_repr(sp: Space, w: W) -> Res<W> {
    let (re, im) = own(sp, w)?;
    sp.newstr(&dtoa::repr_complex(re, im))
}

/// The result of an object's `__complex__`, if it has one.
fn special(sp: Space, w: W) -> Res<Option<C>> {
    // SAFETY: is_obj precedes the look at the header.
    if w.is_obj() && unsafe { w.is_tid(TID_COMPLEX) } {
        return own(sp, w).map(Some);
    }
    if value::is_int(sp, w) && value::is_exact_int(w) {
        return Ok(None);
    }
    let Some(w_method) = sp.lookup_special(w, name!(sp, "__complex__"))? else { return Ok(None) };
    let w_r = sp.call(w_method, &[])?;
    let Some(c) = complex_of(sp, w_r) else {
        return Err(raise!(sp, TYPE_ERROR, "__complex__ returned non-complex (type {})", sp.type_name(w_r)));
    };
    // SAFETY: a heap object, as complex_of has found.
    if unsafe { !w_r.is_tid(TID_COMPLEX) } {
        let message = format!(
            "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of complex is deprecated, and may be removed in a future version of Python.",
            sp.type_name(w_r)
        );
        sp.warn(known::DEPRECATION_WARNING, &message, 1)?;
    }
    Ok(Some(c))
}

/// A complex, or anything with `__complex__`, `__float__` or `__index__`.
pub fn as_complex(sp: Space, w: W) -> Res<C> {
    match special(sp, w)? {
        Some(c) => Ok(c),
        None => Ok((convert::as_f64(sp, w)?, 0.0)),
    }
}

#[slot]
fn complex_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let pos = args.positional();
    let total = pos.len() + args.nkw(sp);
    if total > 2 {
        return Err(raise!(sp, TYPE_ERROR, "complex() takes at most 2 arguments ({total} given)"));
    }
    let (mut w_re, mut w_im) = (pos.first().copied().unwrap_or(W::NULL), pos.get(1).copied().unwrap_or(W::NULL));
    let by_name = !args.kwnames.is_null() && total > pos.len();
    if by_name {
        for (name, w) in args.keywords(sp) {
            let (slot, at) = match name.ascii() {
                Some("real") => (&mut w_re, 1),
                Some("imag") => (&mut w_im, 2),
                _ => {
                    return Err(raise!(
                        sp,
                        TYPE_ERROR,
                        "complex() got an unexpected keyword argument '{}'",
                        name.to_str()
                    ));
                }
            };
            if !slot.is_null() {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "argument for complex() given by name ('{}') and position ({at})",
                    name.to_str()
                ));
            }
            *slot = w;
        }
    }
    let c = if pos.len() == 1 && total == 1 {
        // SAFETY: is_obj precedes the look at the header.
        if w_re.is_obj() && unsafe { w_re.is_tid(TID_COMPLEX) } && value::is_class_of(sp, w_type, TID_COMPLEX) {
            return Ok(w_re);
        }
        of_one(sp, w_re)?
    } else {
        of_parts(sp, w_re, w_im)?
    };
    new_of(sp, w_type, c)
}
/// `complex(x)`
fn of_one(sp: Space, w: W) -> Res<C> {
    if let Some(t) = sp.text_opt(w) {
        return match parse::parse_complex(&convert::ascii_of(&t)) {
            Ok(c) => Ok(c),
            Err(ComplexError::Invalid) => Err(raise!(sp, VALUE_ERROR, "complex() arg is a malformed string")),
            Err(ComplexError::Underscore) => {
                Err(raise!(sp, VALUE_ERROR, "could not convert string to complex: {}", sp.repr_string(w)?))
            }
        };
    }
    if let Some(c) = special(sp, w)? {
        return Ok(c);
    }
    match convert::number_f64(sp, w)? {
        Some(f) => Ok((f, 0.0)),
        None => Err(raise!(sp, TYPE_ERROR, "complex() argument must be a string or a number, not {}", sp.type_name(w))),
    }
}
/// `complex(re, im)`; complex parts are deprecated, and then re + im*j.
fn of_parts(sp: Space, w_re: W, w_im: W) -> Res<C> {
    let part = |w: W, name: &str| -> Res<Option<Operand>> {
        if w.is_null() {
            return Ok(None);
        }
        let wrong =
            || raise!(sp, TYPE_ERROR, "complex() argument '{name}' must be a real number, not {}", sp.type_name(w));
        if sp.text_opt(w).is_some() {
            return Err(wrong());
        }
        // Only the real part is looked up __complex__ for.
        let c = if name == "real" { special(sp, w)? } else { complex_of(sp, w) };
        if let Some(c) = c {
            let message = format!("complex() argument '{name}' must be a real number, not {}", sp.type_name(w));
            sp.warn(known::DEPRECATION_WARNING, &message, 1)?;
            return Ok(Some(Complex(c)));
        }
        match convert::number_f64(sp, w)? {
            Some(f) => Ok(Some(Real(f))),
            None => Err(wrong()),
        }
    };
    let re = part(w_re, "real")?.unwrap_or(Real(0.0));
    let im = part(w_im, "imag")?;
    let mut c = match im {
        None => return Ok(re.pair()),
        Some(im) => (re.pair().0, im.pair().0),
    };
    if let Some(Complex((_, im_im))) = im {
        c.0 -= im_im;
    }
    if let Complex((_, re_im)) = re {
        c.1 += re_im;
    }
    Ok(c)
}
fn new_of(sp: Space, w_type: W, c: C) -> Res<W> {
    if value::is_class_of(sp, w_type, TID_COMPLEX) {
        return wrap_complex(sp, c);
    }
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: instances of subclasses begin with the struct; the values are no references.
    unsafe {
        let p = &mut *w.ptr::<WComplex>();
        (p.re, p.im) = c;
    }
    Ok(w)
}

/// The complex conjugate of the number.
#[interp_fn(method, sig = "(self, /)")]
fn conjugate(sp: Space, w: W) -> Res<W> {
    let (re, im) = own(sp, w)?;
    wrap_complex(sp, (re, -im))
}
/// Converts to an exact complex.
#[interp_fn(method, name = "__complex__", sig = "(self, /)")]
fn to_complex(sp: Space, w: W) -> Res<W> {
    exact(sp, w)
}
#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn getnewargs(sp: Space, w: W) -> Res<W> {
    let (re, im) = own(sp, w)?;
    let (w_re, w_im) = (wrap_f64(sp, re)?, wrap_f64(sp, im)?);
    sp.newtuple(&[w_re, w_im])
}
/// Converts to a string according to format_spec.
#[interp_fn(method, name = "__format__", sig = "(self, format_spec, /)")]
fn format_(sp: Space, w: W, w_spec: W) -> Res<W> {
    let chars = spec_chars(sp, w_spec)?;
    if chars.is_empty() {
        return sp.str(w);
    }
    let ((re, im), name) = (own(sp, w)?, sp.type_name(w));
    formatted(sp, spec::parse(&chars, &name).and_then(|s| format::format_complex(re, im, &s, &name)))
}
/// Convert number to a complex floating-point number.
#[interp_fn(classmethod, sig = "(cls, number, /)")]
fn from_number(sp: Space, w_cls: W, w_number: W) -> Res<W> {
    let own_class = value::is_class_of(sp, w_cls, TID_COMPLEX);
    // SAFETY: is_obj precedes the look at the header.
    if own_class && w_number.is_obj() && unsafe { w_number.is_tid(TID_COMPLEX) } {
        return Ok(w_number);
    }
    let w = wrap_complex(sp, as_complex(sp, w_number)?)?;
    if own_class { Ok(w) } else { sp.call(w_cls, &[w]) }
}
#[slot]
fn get_real(sp: Space, w: W) -> Res<W> {
    wrap_f64(sp, own(sp, w)?.0)
}
#[slot]
fn get_imag(sp: Space, w: W) -> Res<W> {
    wrap_f64(sp, own(sp, w)?.1)
}

typespec!(
    /// The description of complex.
    pub COMPLEX: WComplex, "complex", {
        doc: Str::new("complex(real=0, imag=0)\n\nA complex number, of a string, a number, or a real and an imaginary part."),
        flags: ty::BASETYPE | ty::IMMUTABLE,
        layout_flags: tf::NO_PTRS,
        slots: &Slots {
            repr: Some(complex_repr),
            hash: Some(complex_hash),
            compare: Some(complex_compare),
            new: Some(complex_new),
            bool: Some(complex_bool),
            neg: Some(complex_neg),
            pos: Some(complex_pos),
            abs: Some(complex_abs),
            pow3: Some(complex_pow3),
            binary: [
                Some(complex_add), Some(complex_sub), Some(complex_mul), Some(complex_truediv), None, None, None, None, None, None,
                None, Some(complex_pow), None,
            ],
            ..Slots::EMPTY
        },
        methods: methods![conjugate, to_complex, getnewargs, format_, from_number],
        members: table![
            MemberSpec { doc: Str::new("the real part of a complex number"), ..member!(WComplex, "real", re, Float) },
            MemberSpec { doc: Str::new("the imaginary part of a complex number"), ..member!(WComplex, "imag", im, Float) },
        ],
    }
);
