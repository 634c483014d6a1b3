//! Arithmetic of ints, without objects.

use super::value::{Int, ldexp};
use Int::{Big, Small};
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// Why an operation has no result.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Division by zero.
    ZeroDivision,
    /// The quotient is out of a float's range.
    FloatOverflow,
    /// There is not that much memory.
    Memory,
    /// A shift count beyond any int.
    TooManyDigits,
    /// A shift count below zero.
    NegativeShift,
    /// The third argument of pow is 0.
    ZeroModulus,
    /// The base has no inverse.
    NotInvertible,
}

/// Results beyond this are MemoryError without an attempt: 8 GiB of digits.
const MAX_BITS: u64 = 1 << 36;

/// Can a result of so many bits be made? A failed allocation inside the digit vectors would end the process, so it is tried first.
pub fn check_bits(bits: u64) -> Result<(), Fault> {
    if bits < 1 << 24 {
        return Ok(());
    }
    let mut probe: Vec<u8> = Vec::new();
    if bits > MAX_BITS || probe.try_reserve_exact((bits / 4) as usize).is_err() {
        return Err(Fault::Memory);
    }
    Ok(())
}

/// Quotient towards minus infinity, and the remainder with the divisor's sign. `b` is not 0 and the operands are no wider than 63 bits.
#[inline(always)]
pub fn divmod_i64(a: i64, b: i64) -> (i64, i64) {
    let (q, r) = (a.wrapping_div(b), a.wrapping_rem(b));
    if r != 0 && (r ^ b) < 0 { (q - 1, r + b) } else { (q, r) }
}

/// a % b with the sign of b, which is not 0.
pub fn mod_small(a: &BigInt, b: i64) -> i64 {
    // |b| is at most 2**62, so sums of remainders fit.
    let r = (a.magnitude() % b.unsigned_abs()).to_u64().unwrap_or(0) as i64;
    let r = if a.is_negative() { -r } else { r };
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

/// The lowest 64 bits in two's complement.
pub fn low_bits(a: &BigInt) -> u64 {
    let low = a.iter_u64_digits().next().unwrap_or(0);
    if a.is_negative() { low.wrapping_neg() } else { low }
}

/// a / b as the nearest float.
pub fn true_div(a: Int, b: Int) -> Result<f64, Fault> {
    if b.is_zero() {
        return Err(Fault::ZeroDivision);
    }
    const EXACT: u64 = 1 << 53;
    if let (Small(x), Small(y)) = (a, b)
        && x.unsigned_abs() <= EXACT
        && y.unsigned_abs() <= EXACT
    {
        return Ok(x as f64 / y as f64);
    }
    let sign = if a.is_negative() != b.is_negative() { -1.0 } else { 1.0 };
    if a.is_zero() {
        return Ok(0.0 * sign);
    }
    let (a, b) = (a.big(), b.big());
    let diff = a.bits() as i64 - b.bits() as i64;
    if diff > 1024 {
        return Err(Fault::FloatOverflow);
    }
    if diff < -1080 {
        return Ok(0.0 * sign);
    }
    // 55 or 56 bits of quotient (fewer below the normal range), the remainder folded into the lowest.
    let shift = diff.max(-1021) - 55;
    let (q, r) = if shift <= 0 {
        (a.magnitude() << shift.unsigned_abs()).div_rem(b.magnitude())
    } else {
        a.magnitude().div_rem(&(b.magnitude() << shift.unsigned_abs()))
    };
    let q = q.to_u64().unwrap_or(u64::MAX) | !r.is_zero() as u64;
    let qbits = 64 - q.leading_zeros() as i64;
    let extra = qbits.max(-1021 - shift) - 53;
    let (low, half, mut high) = (q & ((1 << extra) - 1), 1u64 << (extra - 1), q >> extra);
    if low > half || low == half && high & 1 != 0 {
        high += 1;
    }
    let f = ldexp(high as f64, (extra + shift) as i32);
    if f.is_finite() { Ok(f * sign) } else { Err(Fault::FloatOverflow) }
}

/// base ** exp for exp >= 0.
pub fn pow(base: Int, exp: Int) -> Result<BigInt, Fault> {
    if let Some(b) = base.to_i64() {
        match b {
            0 => return Ok(BigInt::from(exp.is_zero() as i64)),
            1 => return Ok(BigInt::one()),
            -1 => {
                let odd = exp.big().is_odd();
                return Ok(BigInt::from(if odd { -1 } else { 1 }));
            }
            _ => {}
        }
    }
    let Some(e) = exp.to_i64().and_then(|e| u32::try_from(e).ok()) else { return Err(Fault::Memory) };
    // |base| >= 2**(bits - 1)
    check_bits((base.bits() - 1).max(1).saturating_mul(e as u64))?;
    if base.to_i64() == Some(2) {
        return Ok(BigInt::one() << e);
    }
    Ok(base.big().pow(e))
}

/// pow(base, exp, modulus) with the modulus' sign.
pub fn pow_mod(base: Int, exp: Int, modulus: Int) -> Result<BigInt, Fault> {
    if modulus.is_zero() {
        return Err(Fault::ZeroModulus);
    }
    if let (Some(b), Some(e), Some(m)) = (base.to_i64(), exp.to_i64(), modulus.to_i64())
        && e >= 0
        && m > 0
    {
        return Ok(BigInt::from(pow_mod_u64(b.rem_euclid(m) as u64, e as u64, m as u64)));
    }
    let (base, exp, modulus) = (base.big(), exp.big(), modulus.big());
    let m = modulus.abs();
    if m.is_one() {
        return Ok(BigInt::zero());
    }
    let mut b = base.mod_floor(&m);
    if exp.is_negative() {
        b = inverse(&b, &m).ok_or(Fault::NotInvertible)?;
    }
    let r = b.modpow(&exp.abs(), &m);
    Ok(if modulus.is_negative() && !r.is_zero() { r - m } else { r })
}
fn pow_mod_u64(mut b: u64, mut e: u64, m: u64) -> u64 {
    let mul = |x: u64, y: u64| (x as u128 * y as u128 % m as u128) as u64;
    let mut r = 1 % m;
    while e != 0 {
        if e & 1 != 0 {
            r = mul(r, b);
        }
        b = mul(b, b);
        e >>= 1;
    }
    r
}
/// The inverse of 0 <= a < m modulo m > 1.
fn inverse(a: &BigInt, m: &BigInt) -> Option<BigInt> {
    let g = a.extended_gcd(m);
    g.gcd.is_one().then(|| g.x.mod_floor(m))
}

/// a << n
pub fn lshift(a: Int, n: Int) -> Result<BigInt, Fault> {
    if n.is_negative() {
        return Err(Fault::NegativeShift);
    }
    if a.is_zero() {
        return Ok(BigInt::zero());
    }
    let Some(n) = n.to_i64() else { return Err(Fault::TooManyDigits) };
    check_bits(a.bits().saturating_add(n as u64))?;
    Ok(match a {
        Small(i) => BigInt::from(i) << n as u64,
        Big(b) => b << n as u64,
    })
}

/// a >> n, rounding towards minus infinity.
pub fn rshift(a: Int, n: Int) -> Result<BigInt, Fault> {
    if n.is_negative() {
        return Err(Fault::NegativeShift);
    }
    match n.to_i64() {
        Some(n) if (n as u64) <= a.bits() => Ok(&*a.big() >> n as u64),
        _ => Ok(BigInt::from(if a.is_negative() { -1 } else { 0 })),
    }
}

/// Order of two ints.
pub fn compare(a: Int, b: Int) -> Ordering {
    match (a, b) {
        (Small(a), Small(b)) => a.cmp(&b),
        _ => a.big().cmp(&b.big()),
    }
}

/// Order of an int and a float, exactly; None for a nan.
pub fn compare_float(a: Int, f: f64) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    if let Small(i) = a
        && i.unsigned_abs() <= 1 << 53
    {
        return (i as f64).partial_cmp(&f);
    }
    let whole = f.trunc();
    let fraction = || 0.0.partial_cmp(&(f - whole)).unwrap_or(Ordering::Equal);
    let first = match a {
        // Beyond 2**63 the float decides; within it the conversion is exact.
        Small(_) if whole.abs() >= 9.3e18 => return 0.0.partial_cmp(&f),
        Small(i) => (i as i128).cmp(&(whole as i128)),
        Big(b) => b.cmp(&super::value::f64_to_big(whole)),
    };
    Some(first.then_with(fraction))
}

/// Rounds to a multiple of `10**n`, n > 0, ties to even.
pub fn round_to_power(a: &BigInt, n: u64) -> BigInt {
    // 10**n beyond twice the value rounds it to 0.
    if n > a.bits() / 3 + 2 {
        return BigInt::zero();
    }
    let unit = BigInt::from(10).pow(n as u32);
    let (q, r) = a.div_mod_floor(&unit);
    let twice: BigInt = r << 1;
    let q = match twice.cmp(&unit) {
        Ordering::Greater => q + 1,
        Ordering::Equal if q.is_odd() => q + 1,
        _ => q,
    };
    q * unit
}

/// Two's complement bytes, least significant first, `length` of them. Err(true): negative but unsigned wanted.
pub fn to_bytes_le(a: &BigInt, length: usize, signed: bool) -> Result<Vec<u8>, bool> {
    let negative = a.is_negative();
    if negative && !signed {
        return Err(true);
    }
    let mut bytes = if signed {
        if a.is_zero() { Vec::new() } else { a.to_signed_bytes_le() }
    } else if a.is_zero() {
        Vec::new()
    } else {
        a.magnitude().to_bytes_le()
    };
    if bytes.len() > length {
        return Err(false);
    }
    bytes.resize(length, if negative { 0xff } else { 0 });
    Ok(bytes)
}

/// The inverse of `to_bytes_le`.
pub fn from_bytes_le(bytes: &[u8], signed: bool) -> BigInt {
    if signed {
        BigInt::from_signed_bytes_le(bytes)
    } else {
        BigInt::from_biguint(Sign::Plus, BigUint::from_bytes_le(bytes))
    }
}
