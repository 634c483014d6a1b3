//! Operands and results: numbers out of words, words out of numbers.

use crate::layouts::{WComplex, WFloat, WLong};
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use std::borrow::Cow;
use std::mem::ManuallyDrop;
use taipan_abi::word::{TID_BOOL, TID_COMPLEX, TID_FLOAT, TID_INT, TID_LONG};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The value of an int operand. `Big` may hold a small value (instances of subclasses keep theirs in a WLong).
#[derive(Copy, Clone)]
pub enum Int<'a> {
    /// Of a tagged int or a bool.
    Small(i64),
    /// Of a WLong that the operand keeps alive.
    Big(&'a BigInt),
}
use Int::{Big, Small};

impl<'a> Int<'a> {
    /// As a BigInt.
    pub fn big(self) -> Cow<'a, BigInt> {
        match self {
            Small(i) => Cow::Owned(BigInt::from(i)),
            Big(b) => Cow::Borrowed(b),
        }
    }
    /// If it fits.
    pub fn to_i64(self) -> Option<i64> {
        match self {
            Small(i) => Some(i),
            Big(b) => b.to_i64(),
        }
    }
    /// `self < 0`
    pub fn is_negative(self) -> bool {
        match self {
            Small(i) => i < 0,
            Big(b) => b.sign() == Sign::Minus,
        }
    }
    /// `self == 0`
    pub fn is_zero(self) -> bool {
        match self {
            Small(i) => i == 0,
            Big(b) => b.is_zero(),
        }
    }
    /// The nearest float, ties to even; None if it is out of range.
    pub fn to_f64(self) -> Option<f64> {
        match self {
            Small(i) => Some(i as f64),
            Big(b) => big_to_f64(b),
        }
    }
    /// Bits of the magnitude.
    pub fn bits(self) -> u64 {
        match self {
            Small(i) => 64 - i.unsigned_abs().leading_zeros() as u64,
            Big(b) => b.bits(),
        }
    }
}

/// Layout rows whose instances carry a WLong.
#[inline(always)]
fn is_long_layout(layout: u32) -> bool {
    layout == TID_LONG || layout == TID_INT
}

/// The value of an int, bool or instance of a subclass; None for other objects (and NULL).
#[inline]
pub fn int_of<'a>(sp: Space, w: W) -> Option<Int<'a>> {
    if w.is_int() {
        return Some(Small(w.untag()));
    }
    if w == W::TRUE || w == W::FALSE {
        return Some(Small((w == W::TRUE) as i64));
    }
    // SAFETY: not tagged and not NULL: a heap object; the layout says that it is a WLong.
    (!w.is_null() && is_long_layout(sp.row(w).layout)).then(|| unsafe { Big(&(*w.ptr::<WLong>()).value) })
}

/// Is this an int (bool and subclasses included)?
#[inline]
pub fn is_int(sp: Space, w: W) -> bool {
    int_of(sp, w).is_some()
}

/// Is the class exactly int?
#[inline]
pub fn is_exact_int(w: W) -> bool {
    // SAFETY: is_obj precedes the look at the header.
    w.is_int() || w.is_obj() && unsafe { w.is_tid(TID_LONG) }
}

/// The value of a float or instance of a subclass; None for other objects (and NULL).
#[inline]
pub fn float_of(sp: Space, w: W) -> Option<f64> {
    // SAFETY: a heap object, and then one laid out as a float.
    unsafe {
        (w.is_obj() && (w.is_tid(TID_FLOAT) || sp.row(w).layout == TID_FLOAT)).then(|| (*w.ptr::<WFloat>()).value)
    }
}

/// The value of a complex or instance of a subclass; None for other objects (and NULL).
#[inline]
pub fn complex_of(sp: Space, w: W) -> Option<(f64, f64)> {
    (w.is_obj() && sp.row(w).layout == TID_COMPLEX).then(|| {
        // SAFETY: laid out as a complex.
        let c = unsafe { &*w.ptr::<WComplex>() };
        (c.re, c.im)
    })
}

/// A float or int operand as a float; None for other objects. OverflowError for an int out of range.
#[inline]
pub fn real_of(sp: Space, w: W) -> Res<Option<f64>> {
    if let Some(f) = float_of(sp, w) {
        return Ok(Some(f));
    }
    match int_of(sp, w) {
        Some(i) => int_to_f64(sp, i).map(Some),
        None => Ok(None),
    }
}

/// An int as a float, or OverflowError.
#[inline]
pub fn int_to_f64(sp: Space, i: Int) -> Res<f64> {
    i.to_f64().ok_or_else(|| raise!(sp, OVERFLOW_ERROR, "int too large to convert to float"))
}

/// The digits are copied out: whoever holds a number across calls wants this.
pub fn bigint_of(sp: Space, w: W) -> Option<BigInt> {
    int_of(sp, w).map(|i| i.big().into_owned())
}

/// An int object of any size: tagged if it fits.
pub fn wrap_big(sp: Space, v: BigInt) -> Res<W> {
    match v.to_i64() {
        Some(i) if W::fits(i) => Ok(W::int(i)),
        _ => alloc_long(sp, v),
    }
}

/// Likewise.
#[inline]
pub fn wrap_i64(sp: Space, i: i64) -> Res<W> {
    if W::fits(i) { Ok(W::int(i)) } else { alloc_long(sp, BigInt::from(i)) }
}

/// Likewise.
#[inline]
pub fn wrap_i128(sp: Space, i: i128) -> Res<W> {
    match i64::try_from(i) {
        Ok(i) => wrap_i64(sp, i),
        Err(_) => alloc_long(sp, BigInt::from(i)),
    }
}

/// Likewise.
pub fn wrap_int(sp: Space, i: Int) -> Res<W> {
    match i {
        Small(i) => wrap_i64(sp, i),
        Big(b) => wrap_big(sp, b.clone()),
    }
}

/// The int object itself if it is exactly one, else an exact int of the same value.
#[inline]
pub fn exact_int(sp: Space, w: W) -> Res<W> {
    if is_exact_int(w) {
        return Ok(w);
    }
    match int_of(sp, w) {
        Some(i) => wrap_int(sp, i),
        None => Err(raise!(sp, TYPE_ERROR, "an integer is required")),
    }
}

fn alloc_long(sp: Space, v: BigInt) -> Res<W> {
    // SAFETY: the row's size; the value is written before anything else can run.
    unsafe {
        let w = sp.alloc(TID_LONG, size_of::<WLong>())?;
        init_long(w, v);
        Ok(w)
    }
}

/// Fills a fresh object with the WLong layout.
///
/// # Safety
/// `w` was just allocated with that layout; its value is still zero bytes.
pub unsafe fn init_long(w: W, v: BigInt) {
    std::ptr::write(&raw mut (*w.ptr::<WLong>()).value, ManuallyDrop::new(v));
}

/// The row's `free`: gives the digits back. An object that was allocated but never filled is all zero.
///
/// # Safety
/// Called once, by the collector, with a dead WLong.
pub unsafe extern "C" fn free_long(obj: *mut u8) {
    let p = &raw mut (*obj.cast::<WLong>()).value;
    let bytes = std::slice::from_raw_parts(p.cast::<u8>(), size_of::<BigInt>());
    if bytes.iter().any(|b| *b != 0) {
        ManuallyDrop::drop(&mut *p);
    }
}

/// The row's `native_bytes`.
///
/// # Safety
/// A WLong.
pub unsafe extern "C" fn long_native_bytes(obj: *const u8) -> usize {
    let p = &raw const (*obj.cast::<WLong>()).value;
    let bytes = std::slice::from_raw_parts(p.cast::<u8>(), size_of::<BigInt>());
    if bytes.iter().all(|b| *b == 0) { 0 } else { ((*p).bits().div_ceil(64) * 8) as usize }
}

/// A float object.
#[inline(always)]
pub fn wrap_f64(sp: Space, value: f64) -> Res<W> {
    // SAFETY: the row's size; the value is no reference.
    unsafe {
        let w = sp.alloc(TID_FLOAT, size_of::<WFloat>())?;
        (*w.ptr::<WFloat>()).value = value;
        Ok(w)
    }
}

/// A complex object.
pub fn wrap_complex(sp: Space, (re, im): (f64, f64)) -> Res<W> {
    // SAFETY: as above.
    unsafe {
        let w = sp.alloc(TID_COMPLEX, size_of::<WComplex>())?;
        let c = &mut *w.ptr::<WComplex>();
        c.re = re;
        c.im = im;
        Ok(w)
    }
}

/// The class `int` itself, `float`, ... (by its row) and not a subclass?
pub fn is_class_of(sp: Space, w_type: W, tid: u32) -> bool {
    sp.row_of(tid).w_type == w_type
}

/// An instance of `w_type`, a subclass of int.
pub fn new_int_of(sp: Space, w_type: W, w_int: W) -> Res<W> {
    let v = bigint_of(sp, w_int).unwrap_or_default();
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: an instance of a subclass of int has the WLong layout.
    unsafe { init_long(w, v) };
    Ok(w)
}

/// Nearest float, ties to even.
pub fn big_to_f64(v: &BigInt) -> Option<f64> {
    let m = v.magnitude();
    let bits = m.bits();
    if bits > 1024 {
        return None;
    }
    let f = if bits <= 64 {
        m.to_u64().unwrap_or(0) as f64
    } else {
        let shift = bits - 64;
        let top = (m >> shift).to_u64().unwrap_or(0);
        // What was shifted out only matters as "not exactly in the middle".
        let sticky = m.trailing_zeros().is_some_and(|z| z < shift) as u64;
        ldexp((top | sticky) as f64, shift as i32)
    };
    f.is_finite().then_some(if v.sign() == Sign::Minus { -f } else { f })
}

/// A finite float without its fraction.
pub fn f64_to_big(f: f64) -> BigInt {
    BigInt::from_f64(f).unwrap_or_default()
}

/// A finite float without its fraction, as an object.
pub fn wrap_trunc(sp: Space, f: f64) -> Res<W> {
    if f.abs() < 4.0e18 { wrap_i64(sp, f as i64) } else { wrap_big(sp, f64_to_big(f)) }
}

/// (m, e) with f == m * 2**e and 0.5 <= |m| < 1; zero, inf and nan as they are with e = 0.
pub fn frexp(f: f64) -> (f64, i32) {
    if f == 0.0 || !f.is_finite() {
        return (f, 0);
    }
    let bits = f.to_bits();
    let e = (bits >> 52 & 0x7ff) as i32;
    if e == 0 {
        let (m, e) = frexp(f * 18014398509481984.0); // 2**54
        return (m, e - 54);
    }
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), e - 1022)
}

/// m * 2**e, rounded once.
pub fn ldexp(mut m: f64, mut e: i32) -> f64 {
    fn pow2(e: i32) -> f64 {
        f64::from_bits(((e + 1023) as u64) << 52)
    }
    for _ in 0..2 {
        if e > 1023 {
            m *= pow2(1023);
            e -= 1023;
        } else if e < -1022 {
            // Stays 53 bits above the subnormal range, so that only the last step rounds.
            m *= pow2(-1022 + 53);
            e += 1022 - 53;
        }
    }
    m * pow2(e.clamp(-1022, 1023))
}

/// The hash of an int: its value modulo 2**61 - 1 with its sign, never -1.
pub fn hash_int(i: Int) -> i64 {
    let (negative, h) = match i {
        Small(i) => (i < 0, i.unsigned_abs() % MODULUS),
        Big(b) => (b.sign() == Sign::Minus, hash_magnitude(b.magnitude())),
    };
    match if negative { -(h as i64) } else { h as i64 } {
        -1 => -2,
        h => h,
    }
}
/// The prime of numeric hashes.
pub const MODULUS: u64 = (1 << 61) - 1;
fn hash_magnitude(m: &BigUint) -> u64 {
    // 2**64 is 8 modulo the prime.
    m.iter_u64_digits().rev().fold(0u64, |h, d| ((h as u128 * 8 + d as u128) % MODULUS as u128) as u64)
}

/// The hash of a float: equal to the hash of an equal int. None for a nan, which hashes by identity.
pub fn hash_f64(f: f64) -> Option<i64> {
    if !f.is_finite() {
        return (!f.is_nan()).then_some(if f > 0.0 { 314159 } else { -314159 });
    }
    let (m, mut e) = frexp(f.abs());
    let mut m = m;
    let mut x: u64 = 0;
    while m != 0.0 {
        // 28 bits at a time.
        x = (x << 28) & MODULUS | x >> (61 - 28);
        m *= 268435456.0;
        e -= 28;
        let y = m as u64;
        m -= y as f64;
        x += y;
        if x >= MODULUS {
            x -= MODULUS;
        }
    }
    let e = e.rem_euclid(61);
    x = (x << e) & MODULUS | x >> (61 - e);
    Some(match if f < 0.0 { -(x as i64) } else { x as i64 } {
        -1 => -2,
        h => h,
    })
}

/// The hash of an object by its address.
pub fn hash_identity(w: W) -> i64 {
    // As `object.__hash__`.
    match (w.0 >> 4) as i64 {
        -1 => -2,
        h => h,
    }
}

/// A bool?
pub fn is_bool(w: W) -> bool {
    // SAFETY: is_obj precedes the look at the header.
    w.is_obj() && unsafe { w.is_tid(TID_BOOL) }
}
