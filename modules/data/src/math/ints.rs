//! Functions of ints.

use num_bigint::{BigInt, BigUint};
use num_integer::{Integer, Roots};
use num_traits::{Signed, Zero};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The value of an int or `__index__`.
fn integer(sp: Space, w: W) -> Res<BigInt> {
    if w.is_int() { Ok(w.untag().into()) } else { sp.bigint_w(sp.index(w)?) }
}
fn big(sp: Space, n: BigUint) -> Res<W> {
    match i64::try_from(&n) {
        Ok(i) => Ok(sp.newint(i)),
        Err(_) => sp.newbigint(&n.into()),
    }
}
/// Greatest Common Divisor.
#[interp_fn(sig = "(*integers)")]
pub fn gcd(sp: Space, w_args: W) -> Res<W> {
    fold(sp, w_args, 0, |a, b| Some(a.gcd(&b)), |a, b| a.gcd(b))
}
/// Least Common Multiple.
#[interp_fn(sig = "(*integers)")]
pub fn lcm(sp: Space, w_args: W) -> Res<W> {
    fold(
        sp,
        w_args,
        1,
        |a, b| if a == 0 || b == 0 { Some(0) } else { (a / a.gcd(&b)).checked_mul(b) },
        |a, b| if a.is_zero() || b.is_zero() { BigInt::zero() } else { a.lcm(b) },
    )
}
fn fold(
    sp: Space,
    w_args: W,
    start: u64,
    small: impl Fn(u64, u64) -> Option<u64>,
    large: impl Fn(&BigInt, &BigInt) -> BigInt,
) -> Res<W> {
    let mut acc = start;
    let items = sp.tuple_items(w_args);
    for (i, w) in items.iter().enumerate() {
        let next = if w.is_int() { small(acc, w.untag().unsigned_abs()) } else { None };
        match next {
            Some(n) => acc = n,
            None => {
                let mut acc = BigInt::from(acc);
                for w in &items[i..] {
                    acc = large(&acc, &integer(sp, *w)?).abs()
                }
                return sp.newbigint(&acc);
            }
        }
    }
    acc.into_w(sp)
}
/// Return the integer part of the square root of the input.
#[interp_fn(sig = "(n, /)")]
pub fn isqrt(sp: Space, w: W) -> Res<W> {
    let negative = || sp.value_error("isqrt() argument must be nonnegative");
    if w.is_int() {
        let i = w.untag();
        return if i < 0 { Err(negative()) } else { Ok(W::int((i as u64).sqrt() as i64)) };
    }
    let n = integer(sp, w)?;
    if n.is_negative() {
        return Err(negative());
    }
    big(sp, n.magnitude().sqrt())
}
/// Return n factorial.
#[interp_fn(sig = "(n, /)")]
pub fn factorial(sp: Space, w: W) -> Res<W> {
    let n = integer(sp, w)?;
    if n.is_negative() {
        return Err(sp.value_error("factorial() not defined for negative values"));
    }
    let Ok(n) = i64::try_from(&n) else {
        return Err(raise!(sp, OVERFLOW_ERROR, "factorial() argument should not exceed {}", i64::MAX));
    };
    match pymath::math::integer::factorial(n) {
        Ok(v) => big(sp, v),
        Err(_) => Err(sp.overflow_error("math range error")),
    }
}
fn natural(sp: Space, w: W, name: &str) -> Res<BigInt> {
    let n = integer(sp, w)?;
    if n.is_negative() { Err(raise!(sp, VALUE_ERROR, "{name} must be a non-negative integer")) } else { Ok(n) }
}
/// Number of ways to choose k items from n items without repetition and without order.
///
/// Evaluates to n! / (k! * (n - k)!) when k <= n and evaluates
/// to zero when k > n.
///
/// Also called the binomial coefficient because it is equivalent
/// to the coefficient of k-th term in polynomial expansion of the
/// expression (1 + x)**n.
///
/// Raises TypeError if either of the arguments are not integers.
/// Raises ValueError if either of the arguments are negative.
#[interp_fn(sig = "(n, k, /)")]
pub fn comb(sp: Space, w_n: W, w_k: W) -> Res<W> {
    let (w_n, w_k) = (sp.index(w_n)?, sp.index(w_k)?);
    let n = natural(sp, w_n, "n")?;
    let k = natural(sp, w_k, "k")?;
    if k > n {
        return Ok(W::int(0));
    }
    let k = (&n - &k).min(k);
    let Ok(k) = i64::try_from(&k) else {
        return Err(raise!(sp, OVERFLOW_ERROR, "min(n - k, k) must not exceed {}", i64::MAX));
    };
    if let Ok(n) = i64::try_from(&n)
        && let Ok(v) = pymath::math::integer::comb(n, k)
    {
        return big(sp, v);
    }
    big(sp, pymath::math::comb_bigint(&n, k as u64))
}
/// Number of ways to choose k items from n items without repetition and with order.
///
/// Evaluates to n! / (n - k)! when k <= n and evaluates
/// to zero when k > n.
///
/// If k is not specified or is None, then k defaults to n
/// and the function returns n!.
///
/// Raises TypeError if either of the arguments are not integers.
/// Raises ValueError if either of the arguments are negative.
#[interp_fn(sig = "(n, k=None, /)")]
pub fn perm(sp: Space, w_n: W, w_k: W) -> Res<W> {
    if w_k.is_none() {
        let n = integer(sp, w_n)?;
        if n.is_negative() {
            return Err(sp.value_error("factorial() not defined for negative values"));
        }
        let Ok(n) = i64::try_from(&n) else {
            return Err(raise!(sp, OVERFLOW_ERROR, "factorial() argument should not exceed {}", i64::MAX));
        };
        return match pymath::math::integer::factorial(n) {
            Ok(v) => big(sp, v),
            Err(_) => Err(sp.overflow_error("math range error")),
        };
    }
    let (w_n, w_k) = (sp.index(w_n)?, sp.index(w_k)?);
    let n = natural(sp, w_n, "n")?;
    let k = natural(sp, w_k, "k")?;
    if k > n {
        return Ok(W::int(0));
    }
    let Ok(k) = i64::try_from(&k) else {
        return Err(raise!(sp, OVERFLOW_ERROR, "k must not exceed {}", i64::MAX));
    };
    if let Ok(n) = i64::try_from(&n)
        && let Ok(v) = pymath::math::integer::perm(n, Some(k))
    {
        return big(sp, v);
    }
    big(sp, pymath::math::perm_bigint(&n, k as u64))
}
