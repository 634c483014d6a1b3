//! int: operations and the description of the type.

use super::value::{self, Int, exact_int, int_of, wrap_big, wrap_f64, wrap_i64, wrap_i128};
use super::{format, int_arith, int_methods, int_new};
use crate::layouts::WLong;
use Int::{Big, Small};
use int_arith::Fault;
use num_integer::Integer;
use num_traits::{Signed, Zero};
use taipan_abi::gc::tf;
use taipan_abi::opcode::CmpOp;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The exception of a fault.
#[cold]
pub fn fault(sp: Space, f: Fault) -> Raised {
    match f {
        Fault::ZeroDivision => zero_division(sp),
        Fault::FloatOverflow => raise!(sp, OVERFLOW_ERROR, "integer division result too large for a float"),
        Fault::Memory => sp.raise(known::MEMORY_ERROR, ""),
        Fault::TooManyDigits => raise!(sp, OVERFLOW_ERROR, "too many digits in integer"),
        Fault::NegativeShift => raise!(sp, VALUE_ERROR, "negative shift count"),
        Fault::ZeroModulus => raise!(sp, VALUE_ERROR, "pow() 3rd argument cannot be 0"),
        Fault::NotInvertible => raise!(sp, VALUE_ERROR, "base is not invertible for the given modulus"),
    }
}
/// "division by zero"
#[cold]
pub fn zero_division(sp: Space) -> Raised {
    raise!(sp, ZERO_DIVISION_ERROR, "division by zero")
}
/// The answer of a comparison.
#[inline(always)]
pub fn decide(op: u32, o: std::cmp::Ordering) -> W {
    const LT: u32 = CmpOp::Lt as u32;
    const LE: u32 = CmpOp::Le as u32;
    const EQ: u32 = CmpOp::Eq as u32;
    const NE: u32 = CmpOp::Ne as u32;
    const GT: u32 = CmpOp::Gt as u32;
    W::bool(match op {
        LT => o.is_lt(),
        LE => o.is_le(),
        EQ => o.is_eq(),
        NE => o.is_ne(),
        GT => o.is_gt(),
        _ => o.is_ge(),
    })
}

/// a + b
#[inline]
pub fn add(sp: Space, a: Int, b: Int) -> Res<W> {
    match (a, b) {
        (Small(a), Small(b)) => wrap_i64(sp, a + b),
        (Big(a), Small(b)) | (Small(b), Big(a)) => wrap_big(sp, a + b),
        (Big(a), Big(b)) => wrap_big(sp, a + b),
    }
}
/// a - b
#[inline]
pub fn sub(sp: Space, a: Int, b: Int) -> Res<W> {
    match (a, b) {
        (Small(a), Small(b)) => wrap_i64(sp, a - b),
        (Big(a), Small(b)) => wrap_big(sp, a - b),
        (Small(a), Big(b)) => wrap_big(sp, a - b),
        (Big(a), Big(b)) => wrap_big(sp, a - b),
    }
}
/// a * b
#[inline]
pub fn mul(sp: Space, a: Int, b: Int) -> Res<W> {
    if let (Small(a), Small(b)) = (a, b) {
        return wrap_i128(sp, a as i128 * b as i128);
    }
    int_arith::check_bits(a.bits() + b.bits()).map_err(|f| fault(sp, f))?;
    match (a, b) {
        (Big(a), Small(b)) | (Small(b), Big(a)) => wrap_big(sp, a * b),
        _ => wrap_big(sp, &*a.big() * &*b.big()),
    }
}
/// a / b
#[inline]
pub fn truediv(sp: Space, a: Int, b: Int) -> Res<W> {
    wrap_f64(sp, int_arith::true_div(a, b).map_err(|f| fault(sp, f))?)
}
/// a // b
#[inline]
pub fn floordiv(sp: Space, a: Int, b: Int) -> Res<W> {
    if b.is_zero() {
        return Err(zero_division(sp));
    }
    match (a, b) {
        (Small(a), Small(b)) => wrap_i64(sp, int_arith::divmod_i64(a, b).0),
        _ => wrap_big(sp, a.big().div_floor(&b.big())),
    }
}
/// a % b
#[inline]
pub fn modulo(sp: Space, a: Int, b: Int) -> Res<W> {
    if b.is_zero() {
        return Err(zero_division(sp));
    }
    match (a, b) {
        (Small(a), Small(b)) => wrap_i64(sp, int_arith::divmod_i64(a, b).1),
        (Big(a), Small(b)) => wrap_i64(sp, int_arith::mod_small(a, b)),
        _ => wrap_big(sp, a.big().mod_floor(&b.big())),
    }
}
/// divmod(a, b)
pub fn divmod(sp: Space, a: Int, b: Int) -> Res<W> {
    if b.is_zero() {
        return Err(zero_division(sp));
    }
    let (w_q, w_r) = match (a, b) {
        (Small(a), Small(b)) => {
            let (q, r) = int_arith::divmod_i64(a, b);
            (wrap_i64(sp, q)?, wrap_i64(sp, r)?)
        }
        _ => {
            let (q, r) = a.big().div_mod_floor(&b.big());
            (wrap_big(sp, q)?, wrap_big(sp, r)?)
        }
    };
    sp.newtuple(&[w_q, w_r])
}
/// a ** b; a float for b < 0.
pub fn pow(sp: Space, a: Int, b: Int) -> Res<W> {
    if b.is_negative() {
        return super::float_type::pow(sp, value::int_to_f64(sp, a)?, value::int_to_f64(sp, b)?);
    }
    if let (Small(a), Small(b)) = (a, b)
        && b < 64
        && let Some(r) = a.checked_pow(b as u32)
    {
        return wrap_i64(sp, r);
    }
    wrap_big(sp, int_arith::pow(a, b).map_err(|f| fault(sp, f))?)
}
/// a << b
#[inline]
pub fn lshift(sp: Space, a: Int, b: Int) -> Res<W> {
    if let (Small(i), Small(n @ 0..62)) = (a, b)
        && (i << n) >> n == i
    {
        return wrap_i64(sp, i << n);
    }
    wrap_big(sp, int_arith::lshift(a, b).map_err(|f| fault(sp, f))?)
}
/// a >> b
#[inline]
pub fn rshift(sp: Space, a: Int, b: Int) -> Res<W> {
    if let (Small(i), Small(n @ 0..)) = (a, b) {
        return Ok(W::int(i >> n.min(63)));
    }
    wrap_big(sp, int_arith::rshift(a, b).map_err(|f| fault(sp, f))?)
}
/// a & b
#[inline]
pub fn and(sp: Space, a: Int, b: Int) -> Res<W> {
    match (a, b) {
        (Small(a), Small(b)) => Ok(W::int(a & b)),
        // A mask keeps only low bits.
        (Big(a), Small(b @ 0..)) | (Small(b @ 0..), Big(a)) => Ok(W::int(int_arith::low_bits(a) as i64 & b)),
        _ => wrap_big(sp, &*a.big() & &*b.big()),
    }
}
/// a | b
#[inline]
pub fn or(sp: Space, a: Int, b: Int) -> Res<W> {
    match (a, b) {
        (Small(a), Small(b)) => Ok(W::int(a | b)),
        _ => wrap_big(sp, &*a.big() | &*b.big()),
    }
}
/// a ^ b
#[inline]
pub fn xor(sp: Space, a: Int, b: Int) -> Res<W> {
    match (a, b) {
        (Small(a), Small(b)) => Ok(W::int(a ^ b)),
        _ => wrap_big(sp, &*a.big() ^ &*b.big()),
    }
}

macro_rules! binary {
    ($($slot:ident = $f:ident;)*) => { $(
        #[slot]
        pub fn $slot(sp: Space, w_a: W, w_b: W) -> Res<W> {
            match (int_of(sp, w_a), int_of(sp, w_b)) {
                (Some(a), Some(b)) => $f(sp, a, b),
                _ => Ok(W::NOT_IMPLEMENTED),
            }
        }
    )* };
}
binary! {
    int_add = add; int_sub = sub; int_mul = mul; int_truediv = truediv; int_floordiv = floordiv; int_mod = modulo;
    int_divmod = divmod; int_pow = pow; int_lshift = lshift; int_rshift = rshift; int_and = and; int_or = or; int_xor = xor;
}

#[slot]
fn int_pow3(sp: Space, w_a: W, w_b: W, w_c: W) -> Res<W> {
    let (Some(a), Some(b)) = (int_of(sp, w_a), int_of(sp, w_b)) else { return Ok(W::NOT_IMPLEMENTED) };
    if w_c.is_null() || w_c.is_none() {
        return pow(sp, a, b);
    }
    let Some(c) = int_of(sp, w_c) else { return Ok(W::NOT_IMPLEMENTED) };
    wrap_big(sp, int_arith::pow_mod(a, b, c).map_err(|f| fault(sp, f))?)
}

/// The value of a self that the caller has checked.
pub fn own<'a>(sp: Space, w: W) -> Res<Int<'a>> {
    int_of(sp, w).ok_or_else(|| raise!(sp, TYPE_ERROR, "an int is required, not '{}'", sp.type_name(w)))
}

#[slot]
fn int_neg(sp: Space, w: W) -> Res<W> {
    match own(sp, w)? {
        Small(i) => wrap_i64(sp, -i),
        Big(b) => wrap_big(sp, -b),
    }
}
#[slot]
fn int_abs(sp: Space, w: W) -> Res<W> {
    match own(sp, w)? {
        Small(i) => wrap_i64(sp, i.abs()),
        Big(b) => {
            if b.is_negative() {
                wrap_big(sp, b.abs())
            } else {
                exact_int(sp, w)
            }
        }
    }
}
#[slot]
fn int_invert(sp: Space, w: W) -> Res<W> {
    match own(sp, w)? {
        Small(i) => Ok(W::int(!i)),
        Big(b) => wrap_big(sp, !b),
    }
}
/// The value itself as an exact int.
#[slot]
pub fn int_self(sp: Space, w: W) -> Res<W> {
    exact_int(sp, w)
}
#[slot]
fn int_bool(sp: Space, w: W) -> Res<bool> {
    Ok(!own(sp, w)?.is_zero())
}
#[slot]
fn int_float(sp: Space, w: W) -> Res<W> {
    let f = value::int_to_f64(sp, own(sp, w)?)?;
    wrap_f64(sp, f)
}
#[slot]
fn int_hash(sp: Space, w: W) -> Res<i64> {
    Ok(value::hash_int(own(sp, w)?))
}
#[slot]
fn int_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    match (int_of(sp, w_a), int_of(sp, w_b)) {
        (Some(a), Some(b)) => Ok(decide(op, int_arith::compare(a, b))),
        _ => Ok(W::NOT_IMPLEMENTED),
    }
}
/// Decimal text, ValueError beyond the limit of digits.
#[slot]
pub fn int_repr(sp: Space, w: W) -> Res<W> {
    match own(sp, w)? {
        Small(i) => small_text(sp, i),
        Big(b) if b.is_zero() => sp.newstr("0"),
        Big(b) => match format::decimal(b) {
            Some(s) => sp.newstr(&s),
            None => Err(sp.value_error(&format::too_many_digits())),
        },
    }
}
fn small_text(sp: Space, i: i64) -> Res<W> {
    let (mut buf, mut pos, mut u) = ([0u8; 20], 20, i.unsigned_abs());
    loop {
        pos -= 1;
        buf[pos] = b'0' + (u % 10) as u8;
        u /= 10;
        if u == 0 {
            break;
        }
    }
    if i < 0 {
        pos -= 1;
        buf[pos] = b'-';
    }
    sp.newstr_latin1(&buf[pos..])
}

static SLOTS: Slots = Slots {
    repr: Some(int_repr),
    hash: Some(int_hash),
    compare: Some(int_compare),
    new: Some(int_new::int_new),
    bool: Some(int_bool),
    neg: Some(int_neg),
    pos: Some(int_self),
    abs: Some(int_abs),
    invert: Some(int_invert),
    int: Some(int_self),
    float: Some(int_float),
    index: Some(int_self),
    divmod: Some(int_divmod),
    pow3: Some(int_pow3),
    binary: [
        Some(int_add),
        Some(int_sub),
        Some(int_mul),
        Some(int_truediv),
        Some(int_floordiv),
        Some(int_mod),
        Some(int_and),
        Some(int_or),
        Some(int_xor),
        Some(int_lshift),
        Some(int_rshift),
        Some(int_pow),
        None,
    ],
    ..Slots::EMPTY
};

/// The description of int. Its row is that of the heap form; small ints have none.
pub static INT: TypeSpec = TypeSpec {
    name: Str::new("int"),
    doc: Str::new(
        "int([x]) -> integer\nint(x, base=10) -> integer\n\nAn integer of any size: of a number, cut towards zero, or read from \
         a str, bytes or bytearray in the given base (2 to 36, or 0: as the prefix of the literal says).",
    ),
    flags: ty::BASETYPE | ty::IMMUTABLE,
    layout_flags: tf::NO_PTRS | tf::FREE,
    fixed_bytes: (size_of::<WLong>() as u32 + 7) & !7,
    item_bytes: 0,
    len_off: 0,
    items_off: 0,
    ptr_map: 0,
    trace: None,
    free: Some(value::free_long),
    native_bytes: Some(value::long_native_bytes),
    slots: &SLOTS,
    methods: int_methods::METHODS,
    getset: int_methods::GETSET,
    members: Slice::new(&[]),
};
