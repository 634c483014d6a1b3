//! Sums, products and norms.

use crate::util::*;
use pymath::Error;
use taipan_plugin_api::abi::word::TID_BOOL;
use taipan_plugin_api::prelude::*;

/// Return an accurate floating-point sum of values in the iterable seq.
///
/// Assumes IEEE-754 floating-point arithmetic.
#[interp_fn(sig = "(seq, /)")]
pub fn fsum(sp: Space, w_seq: W) -> Res<f64> {
    let mut v = Vec::new();
    sp.for_each(w_seq, |w| {
        v.push(sp.float_w(w)?);
        Ok(true)
    })?;
    match pymath::math::fsum(v) {
        Ok(x) => Ok(x),
        Err(Error::ERANGE) => Err(sp.overflow_error("intermediate overflow in fsum")),
        Err(Error::EDOM) => Err(sp.value_error("-inf + inf in fsum")),
    }
}
fn floats(sp: Space, items: &[W]) -> Res<Vec<f64>> {
    items.iter().map(|w| sp.float_w(*w)).collect()
}
/// hypot(*coordinates) -> value
///
/// Multidimensional Euclidean distance from the origin to a point.
///
/// Roughly equivalent to:
///     sqrt(sum(x**2 for x in coordinates))
///
/// For a two dimensional point (x, y), gives the hypotenuse
/// using the Pythagorean theorem:  sqrt(x*x + y*y).
#[interp_fn(sig = "(*coordinates)")]
pub fn hypot(sp: Space, w_args: W) -> Res<f64> {
    Ok(pymath::math::hypot(&floats(sp, sp.tuple_items(w_args))?))
}
/// Return the Euclidean distance between two points p and q.
///
/// The points should be specified as sequences (or iterables) of
/// coordinates.  Both inputs must have the same dimension.
///
/// Roughly equivalent to:
///     sqrt(sum((px - qx) ** 2.0 for px, qx in zip(p, q)))
#[interp_fn(sig = "(p, q, /)")]
pub fn dist(sp: Space, w_p: W, w_q: W) -> Res<f64> {
    let (w_p, p) = sp.unpack(w_p)?;
    let (w_q, q) = sp.unpack(w_q)?;
    if p.len() != q.len() {
        return Err(sp.value_error("both points must have the same number of dimensions"));
    }
    let (p, q) = (floats(sp, p)?, floats(sp, q)?);
    std::hint::black_box((w_p, w_q));
    Ok(pymath::math::dist(&p, &q))
}
/// Calculate the product of all the elements in the input iterable.
///
/// The default start value for the product is 1.
///
/// When the iterable is empty, return the start value.  This function is
/// intended specifically for use with numeric values and may reject
/// non-numeric types.
#[interp_fn(sig = "(iterable, /, *, start=1)")]
pub fn prod(sp: Space, w_iterable: W, w_start: W) -> Res<W> {
    let it = sp.iter(w_iterable)?;
    let mut acc = w_start;
    let mut float = is_exact_float(acc).then(|| sp.float_w(acc)).transpose()?;
    while let Some(w) = sp.next(it)? {
        if let Some(f) = float {
            if is_exact_float(w) || w.is_int() {
                float = Some(f * sp.float_w(w)?);
                continue;
            }
            acc = sp.newfloat(f);
            float = None;
        } else if acc.is_int()
            && w.is_int()
            && let Some(n) = acc.untag().checked_mul(w.untag())
        {
            acc = sp.newint(n);
            continue;
        }
        acc = sp.mul(acc, w)?;
        if is_exact_float(acc) {
            float = Some(sp.float_w(acc)?)
        }
    }
    Ok(float.map_or(acc, |f| sp.newfloat(f)))
}

/// A sum in three parts of falling size.
#[derive(Copy, Clone, Default)]
struct Triple {
    hi: f64,
    lo: f64,
    tiny: f64,
}
/// a + b and what rounding lost.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let x = a + b;
    let z = x - a;
    (x, (a - (x - z)) + (b - z))
}
impl Triple {
    fn add_product(self, x: f64, y: f64) -> Triple {
        let hi = x * y;
        let lo = x.mul_add(y, -hi);
        let (sum, rest) = two_sum(self.hi, hi);
        let (r1, t1) = two_sum(self.lo, lo);
        let (r2, t2) = two_sum(r1, rest);
        Triple { hi: sum, lo: r2, tiny: self.tiny + t1 + t2 }
    }
    fn value(self) -> f64 {
        let (hi, lo) = two_sum(self.lo, self.hi);
        self.tiny + lo + hi
    }
}
/// Return the sum of products of values from two iterables p and q.
///
/// Roughly equivalent to:
///
///     sum(itertools.starmap(operator.mul, zip(p, q, strict=True)))
///
/// For float and mixed int/float inputs, the intermediate products
/// and sums are computed with extended precision.
#[interp_fn(sig = "(p, q, /)")]
pub fn sumprod(sp: Space, w_p: W, w_q: W) -> Res<W> {
    let (it_p, it_q) = (sp.iter(w_p)?, sp.iter(w_q)?);
    let mut total = W::int(0);
    // First ints as long as they fit, then floats, then whatever numbers there are.
    let (mut ints, mut int_total) = (true, 0i64);
    let (mut floats, mut float_total) = (true, None::<Triple>);
    loop {
        let (p, q) = (sp.next(it_p)?, sp.next(it_q)?);
        if p.is_some() != q.is_some() {
            return Err(sp.value_error("Inputs are not the same length"));
        }
        let pair = p.zip(q);
        if ints {
            if let Some((a, b)) = pair
                && a.is_int()
                && b.is_int()
                && let Some(sum) = a.untag().checked_mul(b.untag()).and_then(|x| x.checked_add(int_total))
            {
                int_total = sum;
                continue;
            }
            ints = false;
            if int_total != 0 {
                total = sp.add(total, sp.newint(int_total))?
            }
        }
        if floats {
            if let Some((a, b)) = pair
                && let Some((x, y)) = float_pair(sp, a, b)?
            {
                let new = float_total.unwrap_or_default().add_product(x, y);
                if new.hi.is_finite() {
                    float_total = Some(new);
                    continue;
                }
            }
            floats = false;
            if let Some(t) = float_total.take() {
                total = sp.add(total, sp.newfloat(t.value()))?
            }
        }
        let Some((a, b)) = pair else { return Ok(total) };
        let w = sp.mul(a, b)?;
        total = sp.add(total, w)?
    }
}
/// Both as floats if one is a float and the other a float or int.
fn float_pair(sp: Space, a: W, b: W) -> Res<Option<(f64, f64)>> {
    let like_int = |w: W| {
        // SAFETY: a live word.
        w.is_int() || unsafe { w.tid() == taipan_plugin_api::abi::word::TID_LONG || w.is_tid(TID_BOOL) }
    };
    let (fa, fb) = (is_exact_float(a), is_exact_float(b));
    if !(fa && fb || fa && like_int(b) || fb && like_int(a)) {
        return Ok(None);
    }
    match (sp.float_w(a), sp.float_w(b)) {
        (Ok(x), Ok(y)) => Ok(Some((x, y))),
        _ if sp.catch(known::OVERFLOW_ERROR) => Ok(None),
        _ => Err(Raised),
    }
}
