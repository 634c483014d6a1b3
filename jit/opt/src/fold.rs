//! Pure primitives: constants, algebra, common subexpressions.
//!
//! Constants are computed by the primitives' own source (`exec_prim`); here are only identities.

use crate::range::{self, Fact};
use crate::walk::{Walk, first_fact};
use taipan_abi::mode::{Prim, exec_prim};
use taipan_abi::word::W;
use taipan_jit_ir::{Inst, Kind, Ref, prim_signature};

/// Operands of a commutative primitive in one order: constants last, else the older first.
pub(crate) fn ordered(w: &Walk, p: Prim, a: Ref, b: Ref) -> (Ref, Ref) {
    use Prim::*;
    let commutes = matches!(p, BothInt | WEq | IEq | AddOvf | TAdd | MulOvf | TMul | TAnd | TOr | TXor | IAdd);
    if !commutes {
        return (a, b);
    }
    let rank = |r: Ref| (w.bits(r).is_some(), r);
    if rank(a) <= rank(b) { (a, b) } else { (b, a) }
}

/// The value of a primitive; emitted if there is nothing better. The operands are canonical.
pub(crate) fn prim(w: &mut Walk, p: Prim, a: Ref, b: Ref) -> Ref {
    let (a, b) = ordered(w, p, a, b);
    let (kinds, ret) = prim_signature(p);
    if w.o.fold {
        let y = if kinds.len() == 2 { w.bits(b) } else { Some(0) };
        if let (Some(x), Some(y)) = (w.bits(a), y)
            && computable(p, y)
        {
            return w.constant(ret, exec_prim(p, x, y));
        }
        if let Some(r) = simpler(w, p, a, b) {
            return w.canon(r);
        }
    }
    if let Some(truth) = w.decided(p, a, b) {
        return w.boolean(truth);
    }
    let key = (p as u16, a, b);
    if w.o.cse
        && let Some(r) = w.same.get(&key)
    {
        return w.canon(*r);
    }
    let mut fact = first_fact(ret);
    if p == Prim::WBool {
        // True or False: an address of which one bit is not known.
        let (f, t) = (W::FALSE.0, W::TRUE.0);
        fact = Fact::range(f as i128, t as i128).and_then(|x| x.and(Fact::bits(!(f | t), f & t)?)).unwrap_or(Fact::TOP);
    } else if w.o.ranges && matches!(ret, Kind::I | Kind::W) {
        fact = range::transfer(p, w.fact(a), w.fact(b));
        if let Some(v) = fact.value() {
            return w.constant(ret, v as u64);
        }
    }
    let r = w.emit(Inst::Prim { prim: p, a, b }, fact);
    w.same.insert(key, r);
    r
}

/// Does the primitive's source compute something for this second operand? (What it demands was checked by a guard, which may
/// not have been reached.)
fn computable(p: Prim, b: u64) -> bool {
    match p {
        Prim::IFloorDiv | Prim::IMod => b != 0 && b as i64 != -1,
        Prim::IShr | Prim::IShl => (b as i64) >= 0,
        _ => true,
    }
}

/// The primitive that made a value, with canonical operands.
fn made(w: &Walk, r: Ref) -> Option<(Prim, Ref, Ref)> {
    match *w.out.inst(r) {
        Inst::Prim { prim, a, b } => Some((prim, w.canon(a), w.canon(b))),
        _ => None,
    }
}
fn operand(w: &Walk, p: Prim, r: Ref) -> Option<Ref> {
    made(w, r).filter(|m| m.0 == p).map(|m| m.1)
}

fn simpler(w: &mut Walk, p: Prim, a: Ref, b: Ref) -> Option<Ref> {
    let c = if b.is_some() { w.bits(b) } else { None };
    let number = c.map(|c| c as i64);
    // A tagged constant.
    let tagged = c.filter(|c| c & 1 != 0).map(|c| W(c).untag());
    let int = |w: &Walk, r: Ref| w.fact(r).is_int();
    match p {
        Prim::Untag => operand(w, Prim::Tag, a),
        Prim::Tag => operand(w, Prim::Untag, a),
        Prim::Not => operand(w, Prim::Not, a),
        Prim::FNeg => operand(w, Prim::FNeg, a),
        Prim::BothInt if a == b => Some(prim(w, Prim::IsInt, a, Ref::NONE)),
        Prim::BothInt if w.o.ranges && int(w, a) == Some(true) => Some(prim(w, Prim::IsInt, b, Ref::NONE)),
        Prim::BothInt if w.o.ranges && int(w, b) == Some(true) => Some(prim(w, Prim::IsInt, a, Ref::NONE)),
        Prim::TLe | Prim::WEq | Prim::IEq if a == b => Some(w.boolean(true)),
        Prim::TLt | Prim::ILt | Prim::ULt if a == b => Some(w.boolean(false)),
        Prim::WEq => equal_words(w, a, b, c),
        Prim::TLt => {
            let (x, y) = (operand(w, Prim::Tag, a), operand(w, Prim::Tag, b));
            match (x, y, tagged) {
                (Some(x), Some(y), _) => Some(prim(w, Prim::ILt, x, y)),
                (Some(x), None, Some(c)) => {
                    let c = w.constant(Kind::I, c as u64);
                    Some(prim(w, Prim::ILt, x, c))
                }
                (None, Some(y), _) => {
                    let c = W(w.bits(a).filter(|c| c & 1 != 0)?).untag();
                    let c = w.constant(Kind::I, c as u64);
                    Some(prim(w, Prim::ILt, c, y))
                }
                _ => None,
            }
        }
        Prim::TAdd | Prim::TSub if tagged == Some(0) => Some(a),
        Prim::TSub if a == b => Some(w.constant(Kind::W, W::int(0).0)),
        // (x + c) + d = x + (c + d), if it cannot be the inner sum that overflows: neither does.
        Prim::TAdd | Prim::TSub => {
            let outer = tagged?;
            let (inner, x, d) = made(w, a).filter(|m| a >= w.barrier && matches!(m.0, Prim::TAdd | Prim::TSub))?;
            let inner_c = w.bits(d).filter(|d| d & 1 != 0).map(|d| W(d).untag())?;
            let signed = |p: Prim, c: i64| if p == Prim::TAdd { c } else { -c };
            let sum = signed(p, outer).checked_add(signed(inner, inner_c)).filter(|s| W::fits(*s))?;
            let sum = w.constant(Kind::W, W::int(sum).0);
            Some(prim(w, Prim::TAdd, x, sum))
        }
        Prim::TMul if tagged == Some(1) => Some(a),
        Prim::TMul if tagged == Some(0) => Some(b),
        Prim::TAnd | Prim::TOr if a == b => Some(a),
        Prim::TXor if a == b => Some(w.constant(Kind::W, W::int(0).0)),
        // A mask that takes nothing away, or bits that are there.
        Prim::TAnd if w.o.ranges => {
            let (x, y) = (w.fact(a), w.fact(b));
            if !x.zeros & !y.ones == 0 {
                Some(a)
            } else if !y.zeros & !x.ones == 0 {
                Some(b)
            } else {
                None
            }
        }
        Prim::TOr if w.o.ranges => {
            let (x, y) = (w.fact(a), w.fact(b));
            if !y.zeros & !x.ones == 0 {
                Some(a)
            } else if !x.zeros & !y.ones == 0 {
                Some(b)
            } else {
                None
            }
        }
        Prim::IAdd | Prim::ISub if number == Some(0) => Some(a),
        Prim::ISub if a == b => Some(w.constant(Kind::I, 0)),
        Prim::IAdd | Prim::ISub => {
            let outer = number?;
            let (inner, x, d) = made(w, a).filter(|m| a >= w.barrier && matches!(m.0, Prim::IAdd | Prim::ISub))?;
            let inner_c = w.bits(d)? as i64;
            let signed = |p: Prim, c: i64| if p == Prim::IAdd { c } else { c.wrapping_neg() };
            let sum = signed(p, outer).wrapping_add(signed(inner, inner_c));
            let sum = w.constant(Kind::I, sum as u64);
            Some(prim(w, Prim::IAdd, x, sum))
        }
        Prim::IFloorDiv if number == Some(1) => Some(a),
        Prim::IFloorDiv => {
            let n = number.filter(|n| *n > 0 && n & (n - 1) == 0)?;
            let bits = w.constant(Kind::I, n.trailing_zeros() as u64);
            Some(prim(w, Prim::IShr, a, bits))
        }
        Prim::IMod => modulo(w, a, b, number),
        Prim::IShr | Prim::IShl if number == Some(0) => Some(a),
        Prim::IEq => {
            let (x, y) = (operand(w, Prim::Untag, a), operand(w, Prim::Untag, b));
            match (x, y, number) {
                (Some(x), Some(y), _) => Some(prim(w, Prim::WEq, x, y)),
                (Some(x), None, Some(c)) if W::fits(c) => {
                    let c = w.constant(Kind::W, W::int(c).0);
                    Some(prim(w, Prim::WEq, x, c))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `is` of words.
fn equal_words(w: &mut Walk, a: Ref, b: Ref, c: Option<u64>) -> Option<Ref> {
    if let Some(cond) = operand(w, Prim::WBool, a) {
        match c {
            Some(c) if c == W::TRUE.0 => return Some(cond),
            Some(c) if c == W::FALSE.0 => return Some(prim(w, Prim::Not, cond, Ref::NONE)),
            _ => {}
        }
    }
    if w.distinct(a, b) {
        return Some(w.boolean(false));
    }
    match (operand(w, Prim::Tag, a), operand(w, Prim::Tag, b), c) {
        (Some(x), Some(y), _) => Some(prim(w, Prim::IEq, x, y)),
        (Some(x), None, Some(c)) if c & 1 != 0 => {
            let c = w.constant(Kind::I, W(c).untag() as u64);
            Some(prim(w, Prim::IEq, x, c))
        }
        _ => None,
    }
}

/// x mod 2^n of an untagged word is a mask; a dividend in range is its own remainder.
fn modulo(w: &mut Walk, a: Ref, b: Ref, n: Option<i64>) -> Option<Ref> {
    if w.o.ranges {
        let (x, y) = (w.fact(a), w.fact(b));
        if x.lo >= 0 && x.hi < y.lo {
            return Some(a);
        }
    }
    let n = n.filter(|n| *n > 0 && n & (n - 1) == 0)?;
    let word = operand(w, Prim::Untag, a)?;
    let mask = w.constant(Kind::W, W::int(n - 1).0);
    let masked = prim(w, Prim::TAnd, word, mask);
    Some(prim(w, Prim::Untag, masked, Ref::NONE))
}
