//! Operators on constants. A fold that could raise, or whose result would be large, is left to run time.

use crate::code::Const;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};
use std::rc::Rc;
use taipan_abi::opcode::{BinOp, Op};
use taipan_syntax::ast::Wtf8;

/// Bits of an int that is still folded.
const MAX_INT_BITS: u64 = 128;
/// Items of a tuple made by `*`.
const MAX_ITEMS: usize = 256;
/// Items of all tuples in it.
const MAX_TOTAL_ITEMS: usize = 1024;
/// Length of a string made by `*`.
const MAX_STR: usize = 4096;

/// The result of a unary operator.
pub fn unary(op: Op, v: &Const) -> Option<Const> {
    if op == Op::UNARY_NOT {
        return Some(if v.truth() { Const::False } else { Const::True });
    }
    Some(match (op, v) {
        (Op::UNARY_INVERT, Const::True | Const::False) => return None,
        (Op::UNARY_NEGATIVE, Const::Float(f)) => Const::Float(-f),
        (Op::UNARY_POSITIVE, Const::Float(f)) => Const::Float(*f),
        (Op::UNARY_NEGATIVE, Const::Complex(a, b)) => Const::Complex(-a, -b),
        (Op::UNARY_POSITIVE, Const::Complex(a, b)) => Const::Complex(*a, *b),
        (op, v) => {
            let i = int(v)?;
            Const::from_big(match op {
                Op::UNARY_NEGATIVE => -i,
                Op::UNARY_POSITIVE => i,
                Op::UNARY_INVERT => -i - 1,
                _ => return None,
            })
        }
    })
}

/// The result of a binary operator or subscript.
pub fn binary(op: Op, arg: u32, a: &Const, b: &Const) -> Option<Const> {
    use BinOp::*;
    let op = match op {
        Op::BINARY_SUBSCR => return subscript(a, b),
        Op::BINARY_ADD => Add,
        Op::BINARY_SUB => Sub,
        Op::BINARY_MUL => Mul,
        Op::BINARY_TRUEDIV => TrueDiv,
        Op::BINARY_FLOORDIV => FloorDiv,
        Op::BINARY_MOD => Mod,
        Op::BINARY_AND => And,
        Op::BINARY_OR => Or,
        Op::BINARY_XOR => Xor,
        Op::BINARY_LSHIFT => LShift,
        Op::BINARY_RSHIFT => RShift,
        Op::BINARY_OP if arg & 0x7f == Pow as u32 => Pow,
        _ => return None,
    };
    match (a, b) {
        (Const::Str(x), Const::Str(y)) if op == Add => {
            Wtf8::from_bytes(&[x.as_bytes(), y.as_bytes()].concat()).map(Const::Str)
        }
        (Const::Bytes(x), Const::Bytes(y)) if op == Add => Some(Const::Bytes([&**x, &**y].concat().into())),
        (Const::Tuple(x), Const::Tuple(y)) if op == Add => Some(Const::Tuple([&**x, &**y].concat().into())),
        (s @ (Const::Str(_) | Const::Bytes(_) | Const::Tuple(_)), n)
        | (n, s @ (Const::Str(_) | Const::Bytes(_) | Const::Tuple(_))) => {
            if op == Mul {
                repeat(s, int(n)?.to_i64()?)
            } else {
                None
            }
        }
        _ => number(op, a, b),
    }
}

fn int(c: &Const) -> Option<BigInt> {
    match c {
        Const::Int(i) => Some(BigInt::from(*i)),
        Const::BigInt(b) => Some((**b).clone()),
        Const::True => Some(BigInt::one()),
        Const::False => Some(BigInt::zero()),
        _ => None,
    }
}

/// An int as a float, if that is exact.
fn float(c: &Const) -> Option<f64> {
    match c {
        Const::Float(f) => Some(*f),
        _ => {
            let i = int(c)?.to_i64()?;
            (i.unsigned_abs() <= 1 << 53).then_some(i as f64)
        }
    }
}

fn number(op: BinOp, a: &Const, b: &Const) -> Option<Const> {
    if let (Const::True | Const::False, Const::True | Const::False) = (a, b) {
        let (x, y) = (*a == Const::True, *b == Const::True);
        let bit = |v| Some(if v { Const::True } else { Const::False });
        match op {
            BinOp::And => return bit(x & y),
            BinOp::Or => return bit(x | y),
            BinOp::Xor => return bit(x ^ y),
            _ => {}
        }
    }
    if let (Some(x), Some(y)) = (int(a), int(b)) {
        return ints(op, x, y);
    }
    if matches!(a, Const::Complex(..)) || matches!(b, Const::Complex(..)) {
        return complexes(op, a, b);
    }
    let (x, y) = (float(a)?, float(b)?);
    let r = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::TrueDiv if y != 0.0 => x / y,
        BinOp::Mod if y != 0.0 => {
            let r = x % y;
            if r == 0.0 {
                0f64.copysign(y)
            } else if (r < 0.0) != (y < 0.0) {
                r + y
            } else {
                r
            }
        }
        BinOp::Pow if x > 0.0 => {
            let r = x.powf(y);
            if r.is_infinite() {
                return None;
            }
            r
        }
        _ => return None,
    };
    Some(Const::Float(r))
}

fn ints(op: BinOp, x: BigInt, y: BigInt) -> Option<Const> {
    Some(Const::from_big(match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => {
            if x.bits() + y.bits() > MAX_INT_BITS {
                return None;
            }
            x * y
        }
        BinOp::TrueDiv => {
            let (f, g) = (float(&Const::from_big(x))?, float(&Const::from_big(y))?);
            return (g != 0.0).then(|| Const::Float(f / g));
        }
        BinOp::FloorDiv if !y.is_zero() => x.div_floor(&y),
        BinOp::Mod if !y.is_zero() => x.mod_floor(&y),
        BinOp::And => x & y,
        BinOp::Or => x | y,
        BinOp::Xor => x ^ y,
        BinOp::LShift => {
            let n = y.to_u64()?;
            if n > MAX_INT_BITS || x.bits() > MAX_INT_BITS - n {
                return None;
            }
            x << n
        }
        BinOp::RShift => {
            if y.is_negative() {
                return None;
            }
            match y.to_u64() {
                Some(n) if n < 1 << 32 => x >> n,
                _ => return None,
            }
        }
        BinOp::Pow => {
            if y.is_negative() {
                let (f, g) = (float(&Const::from_big(x))?, y.to_i32()?);
                let r = f.powf(g as f64);
                return (f != 0.0 && r.is_finite()).then_some(Const::Float(r));
            }
            let n = y.to_u32()?;
            if x.bits().checked_mul(n as u64)? > MAX_INT_BITS {
                return None;
            }
            Pow::pow(x, n)
        }
        _ => return None,
    }))
}

fn complexes(op: BinOp, a: &Const, b: &Const) -> Option<Const> {
    // A real operand stays real: its missing imaginary part is no zero with a sign.
    let (x, y) = (real(a), real(b));
    Some(match (op, a, b) {
        (BinOp::Add, Const::Complex(p, q), Const::Complex(r, s)) => Const::Complex(p + r, q + s),
        (BinOp::Sub, Const::Complex(p, q), Const::Complex(r, s)) => Const::Complex(p - r, q - s),
        (BinOp::Mul, Const::Complex(p, q), Const::Complex(r, s)) => Const::Complex(p * r - q * s, p * s + q * r),
        (BinOp::Add, Const::Complex(p, q), _) => Const::Complex(p + y?, *q),
        (BinOp::Add, _, Const::Complex(p, q)) => Const::Complex(x? + p, *q),
        (BinOp::Sub, Const::Complex(p, q), _) => Const::Complex(p - y?, *q),
        (BinOp::Sub, _, Const::Complex(p, q)) => Const::Complex(x? - p, -q),
        _ => return None,
    })
}

fn real(c: &Const) -> Option<f64> {
    match c {
        Const::Complex(..) => None,
        c => float(c),
    }
}

fn total(c: &Const) -> usize {
    match c {
        Const::Tuple(t) => 1 + t.iter().map(total).sum::<usize>(),
        _ => 1,
    }
}

fn repeat(s: &Const, n: i64) -> Option<Const> {
    let n = usize::try_from(n.max(0)).ok()?;
    Some(match s {
        Const::Tuple(t) => {
            if t.is_empty() || n == 0 {
                return Some(Const::Tuple(Rc::from([])));
            }
            let all = t.iter().map(total).sum::<usize>();
            if n > MAX_ITEMS / t.len() || all.checked_mul(n)? > MAX_TOTAL_ITEMS {
                return None;
            }
            Const::Tuple(std::iter::repeat_n(&**t, n).flatten().cloned().collect())
        }
        Const::Str(s) => {
            let len = s.code_points().count();
            if len.checked_mul(n)? > MAX_STR {
                return None;
            }
            Const::Str(Wtf8::from_bytes(&s.as_bytes().repeat(n))?)
        }
        Const::Bytes(b) => {
            if b.len().checked_mul(n)? > MAX_STR {
                return None;
            }
            Const::Bytes(b.repeat(n).into())
        }
        _ => return None,
    })
}

fn subscript(a: &Const, b: &Const) -> Option<Const> {
    let i = int(b)?.to_i64()?;
    let at = |len: usize| {
        let i = if i < 0 { i.checked_add(len as i64)? } else { i };
        usize::try_from(i).ok().filter(|i| *i < len)
    };
    match a {
        Const::Tuple(t) => Some(t[at(t.len())?].clone()),
        Const::Bytes(b) => Some(Const::Int(b[at(b.len())?] as i64)),
        Const::Str(s) => {
            let s = s.as_str()?;
            let c = s.chars().nth(at(s.chars().count())?)?;
            Some(Const::str(c.encode_utf8(&mut [0; 4])))
        }
        _ => None,
    }
}
