//! Operators on two exact numbers (int, bool, float), for the evaluator: NotImplemented for anything else.

use super::value::{self, Int, int_of, wrap_f64};
use super::{float_type as ft, int_arith, int_type as it};
use crate::layouts::WFloat;
use taipan_abi::word::{TID_FLOAT, TID_LONG};
use taipan_plugin_api::prelude::*;

/// An exact number.
#[derive(Copy, Clone)]
enum Num<'a> {
    Int(Int<'a>),
    Float(f64),
}
#[inline(always)]
fn num<'a>(sp: Space, w: W) -> Option<Num<'a>> {
    if w.is_int() {
        return Some(Num::Int(Int::Small(w.untag())));
    }
    // SAFETY: operands are never NULL; a float's row says its layout.
    unsafe {
        if w.is_tid(TID_FLOAT) {
            return Some(Num::Float((*w.ptr::<WFloat>()).value));
        }
        if w.is_tid(TID_LONG) || value::is_bool(w) { int_of(sp, w).map(Num::Int) } else { None }
    }
}
#[inline(always)]
fn to_f64(sp: Space, n: Num) -> Res<f64> {
    match n {
        Num::Int(i) => value::int_to_f64(sp, i),
        Num::Float(f) => Ok(f),
    }
}

macro_rules! fast {
    ($($(#[$doc:meta])* $name:ident: $int:path, |$sp:ident, $a:ident, $b:ident| $e:expr;)*) => { $(
        $(#[$doc])*
        #[slot]
        pub fn $name($sp: Space, w_a: W, w_b: W) -> Res<W> {
            let (Some(a), Some(b)) = (num($sp, w_a), num($sp, w_b)) else { return Ok(W::NOT_IMPLEMENTED) };
            if let (Num::Int(a), Num::Int(b)) = (a, b) {
                return $int($sp, a, b);
            }
            let ($a, $b) = (to_f64($sp, a)?, to_f64($sp, b)?);
            $e
        }
    )* };
}
fast! {
    /// a + b
    add: it::add, |sp, a, b| wrap_f64(sp, a + b);
    /// a - b
    sub: it::sub, |sp, a, b| wrap_f64(sp, a - b);
    /// a * b
    mul: it::mul, |sp, a, b| wrap_f64(sp, a * b);
    /// a / b
    truediv: it::truediv, |sp, a, b| ft::truediv(sp, a, b);
    /// a // b
    floordiv: it::floordiv, |sp, a, b| ft::floordiv(sp, a, b);
    /// a % b
    mod_: it::modulo, |sp, a, b| ft::modulo(sp, a, b);
    /// a ** b
    pow: it::pow, |sp, a, b| ft::pow(sp, a, b);
}

macro_rules! fast_int {
    ($($(#[$doc:meta])* $name:ident: $slot:path;)*) => { $(
        $(#[$doc])*
        #[slot]
        pub fn $name(sp: Space, w_a: W, w_b: W) -> Res<W> {
            match (num(sp, w_a), num(sp, w_b)) {
                (Some(Num::Int(_)), Some(Num::Int(_))) => {
                    // SAFETY: the slot of int, with the same operands.
                    let w = unsafe { $slot(sp.th(), w_a, w_b) };
                    if w.is_null() { Err(Raised) } else { Ok(w) }
                }
                _ => Ok(W::NOT_IMPLEMENTED),
            }
        }
    )* };
}
fast_int! {
    /// a & b
    and_: super::bool_type::bool_and;
    /// a | b
    or_: super::bool_type::bool_or;
    /// a ^ b
    xor: super::bool_type::bool_xor;
    /// a << b
    lshift: it::int_lshift;
    /// a >> b
    rshift: it::int_rshift;
}

/// a op b, op a CmpOp.
#[slot]
pub fn compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    let (Some(a), Some(b)) = (num(sp, w_a), num(sp, w_b)) else { return Ok(W::NOT_IMPLEMENTED) };
    Ok(match (a, b) {
        (Num::Int(a), Num::Int(b)) => it::decide(op, int_arith::compare(a, b)),
        (Num::Float(a), Num::Float(b)) => ft::decide_partial(op, a.partial_cmp(&b)),
        (Num::Int(a), Num::Float(b)) => ft::decide_partial(op, int_arith::compare_float(a, b)),
        (Num::Float(a), Num::Int(b)) => {
            ft::decide_partial(op, int_arith::compare_float(b, a).map(std::cmp::Ordering::reverse))
        }
    })
}
