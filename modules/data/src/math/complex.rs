//! `cmath`.

use num_complex::Complex64;
use pymath::{Error, cmath as c};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// A complex argument.
struct Z(Complex64);
impl FromArg for Z {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<Z> {
        let (re, im) = sp.complex_w(w)?;
        Ok(Z(Complex64::new(re, im)))
    }
}
fn check<T>(sp: Space, r: pymath::Result<T>) -> Res<T> {
    r.map_err(|e| match e {
        Error::EDOM => sp.value_error("math domain error"),
        Error::ERANGE => sp.overflow_error("math range error"),
    })
}
fn wrap(sp: Space, r: pymath::Result<Complex64>) -> Res<W> {
    let z = check(sp, r)?;
    Ok(sp.newcomplex(z.re, z.im))
}
macro_rules! functions_of_z {
    ($($id:ident $doc:tt;)*) => { $(
        #[doc = $doc]
        #[interp_fn(sig = "(z, /)")]
        fn $id(sp: Space, z: Z) -> Res<W> {
            wrap(sp, c::$id(z.0))
        }
    )* };
}
functions_of_z! {
    acos "Return the arc cosine of z.";
    acosh "Return the inverse hyperbolic cosine of z.";
    asin "Return the arc sine of z.";
    asinh "Return the inverse hyperbolic sine of z.";
    atan "Return the arc tangent of z.";
    atanh "Return the inverse hyperbolic tangent of z.";
    cos "Return the cosine of z.";
    cosh "Return the hyperbolic cosine of z.";
    exp "Return the exponential value e**z.";
    log10 "Return the base-10 logarithm of z.";
    sin "Return the sine of z.";
    sinh "Return the hyperbolic sine of z.";
    sqrt "Return the square root of z.";
    tan "Return the tangent of z.";
    tanh "Return the hyperbolic tangent of z.";
}
/// log(z[, base]) -> the logarithm of z to the given base.
///
/// If the base is not specified, returns the natural logarithm (base e) of z.
#[interp_fn(sig = "(z, base=<unrepresentable>, /)")]
fn log(sp: Space, z: Z, base: Option<Z>) -> Res<W> {
    wrap(sp, c::log(z.0, base.map(|b| b.0)))
}
/// Return argument, also known as the phase angle, of a complex.
#[interp_fn(sig = "(z, /)")]
fn phase(sp: Space, z: Z) -> Res<f64> {
    check(sp, c::phase(z.0))
}
/// Convert a complex from rectangular coordinates to polar coordinates.
///
/// r is the distance from 0 and phi the phase angle.
#[interp_fn(sig = "(z, /)")]
fn polar(sp: Space, z: Z) -> Res<(f64, f64)> {
    check(sp, c::polar(z.0))
}
/// Convert from polar coordinates to rectangular coordinates.
#[interp_fn(sig = "(r, phi, /)")]
fn rect(sp: Space, r: f64, phi: f64) -> Res<W> {
    wrap(sp, c::rect(r, phi))
}
/// Return True if both the real and imaginary parts of z are finite, else False.
#[interp_fn(sig = "(z, /)")]
fn isfinite(_sp: Space, z: Z) -> Res<bool> {
    Ok(c::isfinite(z.0))
}
/// Checks if the real or imaginary part of z is infinite.
#[interp_fn(sig = "(z, /)")]
fn isinf(_sp: Space, z: Z) -> Res<bool> {
    Ok(c::isinf(z.0))
}
/// Checks if the real or imaginary part of z not a number (NaN).
#[interp_fn(sig = "(z, /)")]
fn isnan(_sp: Space, z: Z) -> Res<bool> {
    Ok(c::isnan(z.0))
}
/// Determine whether two complex numbers are close in value.
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
/// For the values to be considered close, the difference between them must be
/// smaller than at least one of the tolerances.
///
/// -inf, inf and NaN behave similarly to the IEEE 754 Standard. That is, NaN is
/// not close to anything, even itself. inf and -inf are only close to themselves.
#[interp_fn(sig = "(a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
fn isclose(sp: Space, a: Z, b: Z, rel_tol: f64, abs_tol: f64) -> Res<bool> {
    c::isclose(a.0, b.0, Some(rel_tol), Some(abs_tol)).map_err(|_| sp.value_error("tolerances must be non-negative"))
}
fn setup(sp: Space, w_module: W) -> Res<()> {
    for (name, x) in [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        sp.setattr_str(w_module, name, sp.newfloat(x))?
    }
    sp.setattr_str(w_module, "infj", sp.newcomplex(0.0, f64::INFINITY))?;
    sp.setattr_str(w_module, "nanj", sp.newcomplex(0.0, f64::NAN))
}
mixed_module!(
    MODULE,
    "cmath",
    doc = "This module provides access to mathematical functions for complex\nnumbers.",
    functions = [
        acos, acosh, asin, asinh, atan, atanh, cos, cosh, exp, isclose, isfinite, isinf, isnan, log, log10, phase,
        polar, rect, sin, sinh, sqrt, tan, tanh,
    ],
    init = setup,
);
