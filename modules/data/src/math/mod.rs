//! `math` and `cmath`.

mod aggregate;
mod complex;
mod ints;
mod real;
mod rounding;

use aggregate::*;
use ints::*;
use real::*;
use rounding::*;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

pub use complex::MODULE as CMATH;

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
    Ok(())
}

mixed_module!(
    MODULE,
    "math",
    doc = "This module provides access to the mathematical functions\ndefined by the C standard.",
    functions = [
        acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, ceil, comb, copysign, cos, cosh, degrees, dist, erf, erfc,
        exp, exp2, expm1, fabs, factorial, floor, fma, fmod, frexp, fsum, gamma, gcd, hypot, isclose, isfinite, isinf,
        isnan, isqrt, lcm, ldexp, lgamma, log, log10, log1p, log2, modf, nextafter, perm, pow, prod, radians,
        remainder, sin, sinh, sqrt, sumprod, tan, tanh, trunc, ulp,
    ],
    init = setup,
);
