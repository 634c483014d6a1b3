//! Functions of floats.

use crate::util::*;
use num_bigint::BigInt;
use num_traits::Signed;
use pymath::Error;
use pymath::math as m;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

const DOMAIN: &str = "math domain error";

/// A result of pymath; `expected` is the domain error's text, with " got" and the argument if it is not the general one.
pub fn answer(sp: Space, r: pymath::Result<f64>, expected: &str, x: f64) -> Res<f64> {
    match r {
        Ok(v) => Ok(v),
        Err(Error::ERANGE) => Err(sp.overflow_error("math range error")),
        Err(Error::EDOM) if expected == DOMAIN => Err(sp.value_error(DOMAIN)),
        Err(Error::EDOM) => {
            let got = sp.repr_string(sp.newfloat(x))?;
            Err(raise!(sp, VALUE_ERROR, "{expected}, got {got}"))
        }
    }
}

macro_rules! real {
    ($($id:ident $expected:expr, $doc:tt;)*) => { $(
        #[doc = $doc]
        #[interp_fn(sig = "(x, /)")]
        pub fn $id(sp: Space, x: f64) -> Res<f64> {
            answer(sp, m::$id(x), $expected, x)
        }
    )* };
}
real! {
    acos "expected a number in range from -1 up to 1", "Return the arc cosine (measured in radians) of x.\n\nThe result is between 0 and pi.";
    acosh "expected argument value not less than 1", "Return the inverse hyperbolic cosine of x.";
    asin "expected a number in range from -1 up to 1", "Return the arc sine (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2.";
    asinh DOMAIN, "Return the inverse hyperbolic sine of x.";
    atan DOMAIN, "Return the arc tangent (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2.";
    atanh "expected a number between -1 and 1", "Return the inverse hyperbolic tangent of x.";
    cbrt DOMAIN, "Return the cube root of x.";
    cos "expected a finite input", "Return the cosine of x (measured in radians).";
    cosh DOMAIN, "Return the hyperbolic cosine of x.";
    erf DOMAIN, "Error function at x.";
    erfc DOMAIN, "Complementary error function at x.";
    exp DOMAIN, "Return e raised to the power of x.";
    exp2 DOMAIN, "Return 2 raised to the power of x.";
    expm1 DOMAIN, "Return exp(x)-1.\n\nThis function avoids the loss of precision involved in the direct evaluation of exp(x)-1 for small x.";
    gamma "expected a noninteger or positive integer", "Gamma function at x.";
    lgamma "expected a noninteger or positive integer", "Natural logarithm of absolute value of Gamma function at x.";
    log1p "expected argument value > -1", "Return the natural logarithm of 1+x (base e).\n\nThe result is computed in a way which is accurate for x near zero.";
    sin "expected a finite input", "Return the sine of x (measured in radians).";
    sinh DOMAIN, "Return the hyperbolic sine of x.";
    tan "expected a finite input", "Return the tangent of x (measured in radians).";
    tanh DOMAIN, "Return the hyperbolic tangent of x.";
}
/// Return the square root of x.
#[interp_fn(sig = "(x, /)")]
pub fn sqrt(sp: Space, x: f64) -> Res<f64> {
    if x < 0.0 {
        return answer(sp, Err(Error::EDOM), "expected a nonnegative input", x);
    }
    Ok(x.sqrt())
}
/// Return the absolute value of the float x.
#[interp_fn(sig = "(x, /)")]
pub fn fabs(_sp: Space, x: f64) -> Res<f64> {
    Ok(x.abs())
}
/// Convert angle x from radians to degrees.
#[interp_fn(sig = "(x, /)")]
pub fn degrees(_sp: Space, x: f64) -> Res<f64> {
    Ok(x * (180.0 / std::f64::consts::PI))
}
/// Convert angle x from degrees to radians.
#[interp_fn(sig = "(x, /)")]
pub fn radians(_sp: Space, x: f64) -> Res<f64> {
    Ok(x * (std::f64::consts::PI / 180.0))
}
/// Return True if x is neither an infinity nor a NaN, and False otherwise.
#[interp_fn(sig = "(x, /)")]
pub fn isfinite(_sp: Space, x: f64) -> Res<bool> {
    Ok(x.is_finite())
}
/// Return True if x is a positive or negative infinity, and False otherwise.
#[interp_fn(sig = "(x, /)")]
pub fn isinf(_sp: Space, x: f64) -> Res<bool> {
    Ok(x.is_infinite())
}
/// Return True if x is a NaN (not a number), and False otherwise.
#[interp_fn(sig = "(x, /)")]
pub fn isnan(_sp: Space, x: f64) -> Res<bool> {
    Ok(x.is_nan())
}
/// Return the value of the least significant bit of the float x.
#[interp_fn(sig = "(x, /)")]
pub fn ulp(_sp: Space, x: f64) -> Res<f64> {
    Ok(m::ulp(x))
}
/// Return the arc tangent (measured in radians) of y/x.
///
/// Unlike atan(y/x), the signs of both x and y are considered.
#[interp_fn(sig = "(y, x, /)")]
pub fn atan2(sp: Space, y: f64, x: f64) -> Res<f64> {
    answer(sp, m::atan2(y, x), DOMAIN, x)
}
/// Return a float with the magnitude (absolute value) of x but the sign of y.
///
/// On platforms that support signed zeros, copysign(1.0, -0.0)
/// returns -1.0.
#[interp_fn(sig = "(x, y, /)")]
pub fn copysign(_sp: Space, x: f64, y: f64) -> Res<f64> {
    Ok(x.copysign(y))
}
/// Return fmod(x, y), according to platform C.
///
/// x % y may differ.
#[interp_fn(sig = "(x, y, /)")]
pub fn fmod(sp: Space, x: f64, y: f64) -> Res<f64> {
    answer(sp, m::fmod(x, y), DOMAIN, x)
}
/// Difference between x and the closest integer multiple of y.
///
/// Return x - n*y where n*y is the closest integer multiple of y.
/// In the case where x is exactly halfway between two multiples of
/// y, the nearest even value of n is used. The result is always exact.
#[interp_fn(sig = "(x, y, /)")]
pub fn remainder(sp: Space, x: f64, y: f64) -> Res<f64> {
    answer(sp, m::remainder(x, y), DOMAIN, x)
}
/// Return x**y (x to the power of y).
#[interp_fn(sig = "(x, y, /)")]
pub fn pow(sp: Space, x: f64, y: f64) -> Res<f64> {
    answer(sp, m::pow(x, y), DOMAIN, x)
}
/// Fused multiply-add operation.
///
/// Compute (x * y) + z with a single round.
#[interp_fn(sig = "(x, y, z, /)")]
pub fn fma(sp: Space, x: f64, y: f64, z: f64) -> Res<f64> {
    match m::fma(x, y, z) {
        Ok(v) => Ok(v),
        Err(Error::EDOM) => Err(sp.value_error("invalid operation in fma")),
        Err(Error::ERANGE) => Err(sp.overflow_error("overflow in fma")),
    }
}
/// Return the mantissa and exponent of x, as pair (m, e).
///
/// m is a float and e is an int, such that x = m * 2.**e.
/// If x is 0, m and e are both 0.  Else 0.5 <= abs(m) < 1.0.
#[interp_fn(sig = "(x, /)")]
pub fn frexp(_sp: Space, x: f64) -> Res<(f64, i64)> {
    let (f, e) = m::frexp(x);
    Ok((f, e as i64))
}
/// Return the fractional and integer parts of x.
///
/// Both results carry the sign of x and are floats.
#[interp_fn(sig = "(x, /)")]
pub fn modf(_sp: Space, x: f64) -> Res<(f64, f64)> {
    Ok(m::modf(x))
}
/// Return x * (2**i).
///
/// This is essentially the inverse of frexp().
#[interp_fn(sig = "(x, i, /)")]
pub fn ldexp(sp: Space, x: f64, w_exp: W) -> Res<f64> {
    if !is_int(sp, w_exp) {
        return Err(sp.type_error("Expected an int as second argument to ldexp."));
    }
    let e = sp.bigint_w(w_exp)?;
    // Beyond these the result is 0 or an overflow whatever x is.
    let e = i64::try_from(&e).unwrap_or(if e.is_negative() { -100_000 } else { 100_000 }).clamp(-100_000, 100_000);
    answer(sp, m::ldexp(x, e as i32), DOMAIN, x)
}
/// Return the floating-point value the given number of steps after x towards y.
///
/// If steps is not specified or is None, it defaults to 1.
///
/// Raises a TypeError, if x or y is not a double, or if steps is not an integer.
/// Raises ValueError if steps is negative.
#[interp_fn(sig = "(x, y, /, *, steps=None)")]
pub fn nextafter(sp: Space, x: f64, y: f64, w_steps: W) -> Res<f64> {
    if w_steps.is_none() {
        return Ok(m::nextafter(x, y, None));
    }
    let n = sp.bigint_w(sp.index(w_steps)?)?;
    if n.is_negative() {
        return Err(sp.value_error("steps must be a non-negative integer"));
    }
    Ok(m::nextafter(x, y, Some(u64::try_from(&n).unwrap_or(u64::MAX))))
}
/// Determine whether two floating-point numbers are close in value.
///
///   rel_tol
///     maximum difference for being considered "close", relative to the
///     magnitude of the input values
///   abs_tol
///     maximum difference for being considered "close", regardless of the
///     magnitude of the input values
///
/// Return True if a is close in value to b, and False otherwise.
///
/// For the values to be considered close, the difference between them
/// must be smaller than at least one of the tolerances.
///
/// -inf, inf and NaN behave similarly to the IEEE 754 Standard.  That
/// is, NaN is not close to anything, even itself.  inf and -inf are
/// only close to themselves.
#[interp_fn(sig = "(a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
pub fn isclose(sp: Space, a: f64, b: f64, rel_tol: f64, abs_tol: f64) -> Res<bool> {
    m::isclose(a, b, Some(rel_tol), Some(abs_tol)).map_err(|_| sp.value_error("tolerances must be non-negative"))
}

/// A logarithm of an int of any size or a float.
fn log_of(sp: Space, w: W, float: fn(f64) -> pymath::Result<f64>, big: fn(&BigInt) -> pymath::Result<f64>) -> Res<f64> {
    if !is_int(sp, w) {
        let x = sp.float_w(w)?;
        return answer(sp, float(x), "expected a positive input", x);
    }
    let r = if w.is_int() {
        let i = w.untag();
        if i > 0 { float(i as f64) } else { Err(Error::EDOM) }
    } else {
        big(&sp.bigint_w(w)?)
    };
    r.map_err(|_| sp.value_error("expected a positive input"))
}
/// log(x, [base=math.e])
/// Return the logarithm of x to the given base.
///
/// If the base is not specified, returns the natural logarithm (base e) of x.
#[interp_fn(raw)]
pub fn log(sp: Space, _w: W, args: Args) -> Res<f64> {
    args.no_keywords(sp, "math.log")?;
    let ln = |w| log_of(sp, w, |x| m::log(x, None), |n| m::log_bigint(n, None));
    match args.positional() {
        [w] => ln(*w),
        [w, w_base] => {
            let num = ln(*w)?;
            let den = ln(*w_base)?;
            if den == 0.0 {
                return Err(sp.raise(known::ZERO_DIVISION_ERROR, "division by zero"));
            }
            Ok(num / den)
        }
        a => Err(wrong_count(sp, "log", a.len(), 1, 2)),
    }
}
/// Return the base 2 logarithm of x.
#[interp_fn(sig = "(x, /)")]
pub fn log2(sp: Space, w: W) -> Res<f64> {
    log_of(sp, w, m::log2, m::log2_bigint)
}
/// Return the base 10 logarithm of x.
#[interp_fn(sig = "(x, /)")]
pub fn log10(sp: Space, w: W) -> Res<f64> {
    log_of(sp, w, m::log10, m::log10_bigint)
}
