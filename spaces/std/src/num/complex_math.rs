//! Complex arithmetic as C's Annex G wants it, on pairs of floats.

use super::int_arith::Fault;

/// (real, imaginary)
pub type C = (f64, f64);

/// Why a power has no value.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PowError {
    /// Zero to a negative or complex power.
    Zero,
    /// Out of range.
    Range,
}

/// Infinities become ones, other numbers zeros, with their signs.
fn boxed((a, b): C) -> C {
    let one = |x: f64| if x.is_infinite() { 1.0f64 } else { 0.0 }.copysign(x);
    (one(a), one(b))
}
/// Nans become zeros, with their signs.
fn no_nan((a, b): C) -> C {
    let zero = |x: f64| if x.is_nan() { 0.0f64.copysign(x) } else { x };
    (zero(a), zero(b))
}
fn has_inf((a, b): C) -> bool {
    a.is_infinite() || b.is_infinite()
}
fn finite((a, b): C) -> bool {
    a.is_finite() && b.is_finite()
}

/// z * w
pub fn mul(z: C, w: C) -> C {
    let product = |z: C, w: C| (z.0 * w.0 - z.1 * w.1, z.0 * w.1 + z.1 * w.0);
    let r = product(z, w);
    if !(r.0.is_nan() && r.1.is_nan()) {
        return r;
    }
    // An infinity times anything but a zero stays an infinity.
    let (mut x, mut y, mut again) = (z, w, false);
    if has_inf(x) {
        (x, y, again) = (boxed(x), no_nan(y), true);
    }
    if has_inf(y) {
        (x, y, again) = (no_nan(x), boxed(y), true);
    }
    if !again && (has_inf((z.0 * w.0, z.1 * w.1)) || has_inf((z.0 * w.1, z.1 * w.0))) {
        (x, y, again) = (no_nan(x), no_nan(y), true);
    }
    if !again {
        return r;
    }
    let (re, im) = product(x, y);
    (f64::INFINITY * re, f64::INFINITY * im)
}

/// a / b; None for b == 0.
pub fn div(a: C, b: C) -> Option<C> {
    let (abs_re, abs_im) = (b.0.abs(), b.1.abs());
    // Smith's method: divide by the larger part first.
    let r = if abs_re >= abs_im {
        if abs_re == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denom = b.0 + b.1 * ratio;
        ((a.0 + a.1 * ratio) / denom, (a.1 - a.0 * ratio) / denom)
    } else if abs_im >= abs_re {
        let ratio = b.0 / b.1;
        let denom = b.0 * ratio + b.1;
        ((a.0 * ratio + a.1) / denom, (a.1 * ratio - a.0) / denom)
    } else {
        (f64::NAN, f64::NAN)
    };
    if !(r.0.is_nan() && r.1.is_nan()) {
        return Some(r);
    }
    Some(if has_inf(a) && finite(b) {
        let (x, y) = boxed(a);
        (f64::INFINITY * (x * b.0 + y * b.1), f64::INFINITY * (y * b.0 - x * b.1))
    } else if has_inf(b) && finite(a) {
        let (x, y) = boxed(b);
        (0.0 * (a.0 * x + a.1 * y), 0.0 * (a.1 * x - a.0 * y))
    } else {
        r
    })
}

/// A real number divided by a complex one; None for b == 0.
pub fn real_div(a: f64, b: C) -> Option<C> {
    let (abs_re, abs_im) = (b.0.abs(), b.1.abs());
    let r = if abs_re >= abs_im {
        if abs_re == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denom = b.0 + b.1 * ratio;
        (a / denom, (-a * ratio) / denom)
    } else if abs_im >= abs_re {
        let ratio = b.0 / b.1;
        let denom = b.0 * ratio + b.1;
        ((a * ratio) / denom, (-a) / denom)
    } else {
        (f64::NAN, f64::NAN)
    };
    if r.0.is_nan() && r.1.is_nan() && a.is_finite() && has_inf(b) {
        let (x, y) = boxed(b);
        return Some((0.0 * (a * x), 0.0 * (-a * y)));
    }
    Some(r)
}

fn adjusted(r: C) -> Result<C, PowError> {
    if has_inf(r) { Err(PowError::Range) } else { Ok(r) }
}

/// a ** b; powers by small ints are products.
pub fn pow(a: C, b: C) -> Result<C, PowError> {
    if b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0 {
        let n = b.0 as i64;
        let r = pow_u(a, n.unsigned_abs());
        return adjusted(if n > 0 { r } else { div((1.0, 0.0), r).ok_or(PowError::Zero)? });
    }
    if a.0 == 0.0 && a.1 == 0.0 {
        return if b.1 != 0.0 || b.0 < 0.0 { Err(PowError::Zero) } else { Ok((0.0, 0.0)) };
    }
    let abs = a.0.hypot(a.1);
    let at = a.1.atan2(a.0);
    let (mut len, mut phase) = (abs.powf(b.0), at * b.0);
    if b.1 != 0.0 {
        len *= (-at * b.1).exp();
        phase += b.1 * abs.ln();
    }
    // The cosine of an infinity is a domain error, which counts like the others of a power.
    if phase.is_infinite() {
        return Err(PowError::Zero);
    }
    adjusted((len * phase.cos(), len * phase.sin()))
}
fn pow_u(x: C, n: u64) -> C {
    let (mut r, mut p, mut mask) = ((1.0, 0.0), x, 1u64);
    while mask != 0 && n >= mask {
        if n & mask != 0 {
            r = mul(r, p);
        }
        mask <<= 1;
        p = mul(p, p);
    }
    r
}

/// |z|; overflow is an error.
pub fn abs(z: C) -> Result<f64, Fault> {
    if !finite(z) {
        return Ok(if has_inf(z) { f64::INFINITY } else { f64::NAN });
    }
    let r = z.0.hypot(z.1);
    if r.is_finite() { Ok(r) } else { Err(Fault::FloatOverflow) }
}
