//! Primitives: as few instructions as they need, with the results of their bodies in `taipan_abi::mode`.
//!
//! The overflow test and the sum it tests are one addition. Cranelift does not fuse an overflow flag into a branch, but it does fuse
//! compares: with a constant addend the test is one compare of the sum with the other addend.

use super::{Cond, Frag, Lower, Shared, Val};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use taipan_abi::mode::Prim;
use taipan_abi::word::W;
use taipan_jit_ir::Ref;

/// A condition that is 0 or 1.
fn bit(v: Value) -> Val {
    Val::B(Cond { v, inv: false, bit: true })
}

impl<'a> Lower<'a, '_> {
    pub(super) fn prim(&mut self, f: &mut Frag<'a>, p: Prim, a: Ref, b: Ref) -> Result<Val, String> {
        use Prim::*;
        Ok(match p {
            IsInt => {
                let x = self.value(f, a)?;
                Val::B(Cond { v: self.b.ins().band_imm_s(x, 1), inv: false, bit: false })
            }
            BothInt => {
                let (x, y) = self.two(f, a, b)?;
                let both = self.b.ins().band(x, y);
                Val::B(Cond { v: self.b.ins().band_imm_s(both, 1), inv: false, bit: false })
            }
            IsNull => Val::B(Cond { v: self.value(f, a)?, inv: true, bit: false }),
            WEq | IEq => {
                let known = |r: Ref| f.constant(r);
                match (known(a), known(b)) {
                    (_, Some(bits)) => Val::B(self.is_value(f, a, bits)?),
                    (Some(bits), _) => Val::B(self.is_value(f, b, bits)?),
                    _ => self.icmp(f, IntCC::Equal, a, b)?,
                }
            }
            TLt | ILt => self.icmp(f, IntCC::SignedLessThan, a, b)?,
            TLe => self.icmp(f, IntCC::SignedLessThanOrEqual, a, b)?,
            ULt => self.icmp(f, IntCC::UnsignedLessThan, a, b)?,
            FLt => self.fcmp(f, FloatCC::LessThan, a, b)?,
            FLe => self.fcmp(f, FloatCC::LessThanOrEqual, a, b)?,
            FEq => self.fcmp(f, FloatCC::Equal, a, b)?,
            Not => {
                let c = self.cond(f, a)?;
                Val::B(Cond { inv: !c.inv, ..c })
            }
            Untag => {
                let x = self.value(f, a)?;
                Val::V(self.b.ins().sshr_imm_s(x, 1))
            }
            Tag => {
                let x = self.value(f, a)?;
                Val::V(self.tag(x))
            }
            Fits => {
                // Bits 63 and 62 agree: x ^ 2x is not negative.
                let x = self.value(f, a)?;
                let twice = self.b.ins().iadd(x, x);
                let differ = self.b.ins().bxor(x, twice);
                bit(self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, differ, 0))
            }
            AddOvf => self.add_overflows(f, a, b)?,
            SubOvf => self.sub_overflows(f, a, b)?,
            MulOvf => bit(self.product(f, a, b)?.1),
            TAdd => Val::V(match f.shared.get(&(Shared::Add, a, b)) {
                Some((sum, _)) => *sum,
                None => {
                    let (x, t) = self.untagged_addend(f, a, b)?;
                    self.b.ins().iadd(x, t)
                }
            }),
            TSub => Val::V(match f.shared.get(&(Shared::Sub, a, b)) {
                Some((difference, _)) => *difference,
                None => {
                    let x = self.value(f, a)?;
                    match f.constant(b) {
                        Some(bits) => self.b.ins().iadd_imm_s(x, (bits as i64).wrapping_sub(1).wrapping_neg()),
                        None => {
                            let t = self.less_one(f, b)?;
                            self.b.ins().isub(x, t)
                        }
                    }
                }
            }),
            TMul => {
                let product = match f.shared.get(&(Shared::Mul, a, b)) {
                    Some((product, _)) => *product,
                    None => {
                        let (x, y) = (self.less_one(f, a)?, self.untagged(f, b)?);
                        self.b.ins().imul(x, y)
                    }
                };
                Val::V(self.b.ins().bor_imm_s(product, 1))
            }
            TAnd => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().band(x, y))
            }
            TOr => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().bor(x, y))
            }
            TXor => {
                let (x, y) = self.two(f, a, b)?;
                let v = self.b.ins().bxor(x, y);
                Val::V(self.b.ins().bor_imm_s(v, 1))
            }
            IAdd => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().iadd(x, y))
            }
            ISub => {
                let x = self.value(f, a)?;
                Val::V(match f.constant(b) {
                    Some(bits) => self.b.ins().iadd_imm_s(x, (bits as i64).wrapping_neg()),
                    None => {
                        let y = self.value(f, b)?;
                        self.b.ins().isub(x, y)
                    }
                })
            }
            IFloorDiv => Val::V(self.floor_div(f, a, b)?),
            IMod => Val::V(self.floor_mod(f, a, b)?),
            IShr => {
                let x = self.value(f, a)?;
                Val::V(match f.constant(b) {
                    Some(bits) => self.b.ins().sshr_imm_s(x, (bits as i64).min(63) & 63),
                    None => {
                        let n = self.value(f, b)?;
                        let most = self.b.ins().iconst(I64, 63);
                        let small = self.b.ins().icmp(IntCC::SignedLessThan, n, most);
                        let n = self.b.ins().select(small, n, most);
                        self.b.ins().sshr(x, n)
                    }
                })
            }
            IShl => {
                let (x, n) = self.two(f, a, b)?;
                Val::V(self.b.ins().ishl(x, n))
            }
            FAdd => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().fadd(x, y))
            }
            FSub => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().fsub(x, y))
            }
            FMul => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().fmul(x, y))
            }
            FDiv => {
                let (x, y) = self.two(f, a, b)?;
                Val::V(self.b.ins().fdiv(x, y))
            }
            FNeg => {
                let x = self.value(f, a)?;
                Val::V(self.b.ins().fneg(x))
            }
            IToF => {
                let x = self.value(f, a)?;
                Val::V(self.b.ins().fcvt_from_sint(F64, x))
            }
            WBool => {
                let c = self.cond(f, a)?;
                Val::V(self.boolean(c))
            }
        })
    }

    /// True or False.
    pub(super) fn boolean(&mut self, c: Cond) -> Value {
        let (yes, no) = if c.inv { (W::FALSE, W::TRUE) } else { (W::TRUE, W::FALSE) };
        let yes = self.b.ins().iconst(I64, yes.0 as i64);
        let no = self.b.ins().iconst(I64, no.0 as i64);
        self.b.ins().select(c.v, yes, no)
    }

    /// A small int from a machine int that fits.
    pub(super) fn tag(&mut self, x: Value) -> Value {
        let twice = self.b.ins().iadd(x, x);
        self.b.ins().iadd_imm_s(twice, 1)
    }

    fn two(&mut self, f: &Frag, a: Ref, b: Ref) -> Result<(Value, Value), String> {
        Ok((self.value(f, a)?, self.value(f, b)?))
    }

    fn icmp(&mut self, f: &Frag, cc: IntCC, a: Ref, b: Ref) -> Result<Val, String> {
        let (x, y) = self.two(f, a, b)?;
        Ok(bit(self.b.ins().icmp(cc, x, y)))
    }

    fn fcmp(&mut self, f: &Frag, cc: FloatCC, a: Ref, b: Ref) -> Result<Val, String> {
        let (x, y) = self.two(f, a, b)?;
        Ok(bit(self.b.ins().fcmp(cc, x, y)))
    }

    /// A tagged int without its tag bit.
    fn less_one(&mut self, f: &Frag, r: Ref) -> Result<Value, String> {
        if let Some(bits) = f.constant(r) {
            return Ok(self.b.ins().iconst(I64, (bits as i64).wrapping_sub(1)));
        }
        let x = self.value(f, r)?;
        Ok(self.b.ins().iadd_imm_s(x, -1))
    }

    fn untagged(&mut self, f: &Frag, r: Ref) -> Result<Value, String> {
        if let Some(bits) = f.constant(r) {
            return Ok(self.b.ins().iconst(I64, bits as i64 >> 1));
        }
        let x = self.value(f, r)?;
        Ok(self.b.ins().sshr_imm_s(x, 1))
    }

    /// The addends of a tagged sum, one of them without its tag (the constant one, if there is one).
    fn untagged_addend(&mut self, f: &Frag, a: Ref, b: Ref) -> Result<(Value, Value), String> {
        if f.constant(a).is_some() && f.constant(b).is_none() {
            return Ok((self.value(f, b)?, self.less_one(f, a)?));
        }
        Ok((self.value(f, a)?, self.less_one(f, b)?))
    }

    fn add_overflows(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<Val, String> {
        let (x, t) = self.untagged_addend(f, a, b)?;
        let known = f.constant(b).or_else(|| f.constant(a)).map(|bits| (bits as i64).wrapping_sub(1));
        let (sum, overflows) = match known {
            Some(k) => {
                let sum = self.b.ins().iadd(x, t);
                let cc = if k >= 0 { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
                (sum, self.b.ins().icmp(cc, sum, x))
            }
            None => self.b.ins().sadd_overflow(x, t),
        };
        f.shared.insert((Shared::Add, a, b), (sum, overflows));
        Ok(bit(overflows))
    }

    fn sub_overflows(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<Val, String> {
        let x = self.value(f, a)?;
        let known = f.constant(b).map(|bits| (bits as i64).wrapping_sub(1)).filter(|k| *k != i64::MIN);
        let (difference, overflows) = match known {
            Some(k) => {
                let difference = self.b.ins().iadd_imm_s(x, -k);
                let cc = if k >= 0 { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
                (difference, self.b.ins().icmp(cc, difference, x))
            }
            None => {
                let t = self.less_one(f, b)?;
                self.b.ins().ssub_overflow(x, t)
            }
        };
        f.shared.insert((Shared::Sub, a, b), (difference, overflows));
        Ok(bit(overflows))
    }

    fn product(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<(Value, Value), String> {
        let (x, y) = (self.less_one(f, a)?, self.untagged(f, b)?);
        let both = self.b.ins().smul_overflow(x, y);
        f.shared.insert((Shared::Mul, a, b), both);
        Ok(both)
    }

    fn floor_div(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<Value, String> {
        let x = self.value(f, a)?;
        Ok(match f.constant(b).map(|bits| bits as i64) {
            Some(d) if d > 0 && d & (d - 1) == 0 => self.b.ins().sshr_imm_s(x, d.trailing_zeros() as i64),
            Some(d) if d > 0 => self.divide_by(f, a, b, d)?,
            Some(-1) => self.b.ins().ineg(x),
            _ => self.divide(f, a, b)?.0,
        })
    }

    fn floor_mod(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<Value, String> {
        let x = self.value(f, a)?;
        Ok(match f.constant(b).map(|bits| bits as i64) {
            Some(d) if d > 0 && d & (d - 1) == 0 => self.b.ins().band_imm_s(x, d - 1),
            Some(d) if d > 0 => {
                let q = self.divide_by(f, a, b, d)?;
                let whole = self.b.ins().imul_imm_s(q, d);
                self.b.ins().isub(x, whole)
            }
            Some(-1) => self.b.ins().iconst(I64, 0),
            _ => self.divide(f, a, b)?.1,
        })
    }

    /// Floor division by a constant that is positive and no power of two, by multiplication: for n in [0, 2^63) and
    /// 2^(l-1) < d < 2^l, n / d is n * m >> (63 + l) with m = 2^(63+l) / d + 1 < 2^64, because m * d exceeds 2^(63+l) by at most d < 2^l, so the
    /// error n * d / 2^(63+l) stays below 1. A negative x is ~(~x / d).
    fn divide_by(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref, d: i64) -> Result<Value, String> {
        if let Some((q, _)) = f.shared.get(&(Shared::Div, a, b)) {
            return Ok(*q);
        }
        let l = 64 - d.leading_zeros();
        let m = (1u128 << (63 + l)) / d as u128 + 1;
        let x = self.value(f, a)?;
        let sign = self.b.ins().sshr_imm_s(x, 63);
        let n = self.b.ins().bxor(x, sign);
        let m = self.b.ins().iconst(I64, m as u64 as i64);
        let high = self.b.ins().umulhi(n, m);
        let q = self.b.ins().ushr_imm_s(high, (l - 1) as i64);
        let q = self.b.ins().bxor(q, sign);
        f.shared.insert((Shared::Div, a, b), (q, q));
        Ok(q)
    }

    /// Floor quotient and remainder. The machine's division truncates, and traps for the least int by -1: that divisor is replaced by 1.
    fn divide(&mut self, f: &mut Frag<'a>, a: Ref, b: Ref) -> Result<(Value, Value), String> {
        if let Some(both) = f.shared.get(&(Shared::Div, a, b)) {
            return Ok(*both);
        }
        let (x, d) = self.two(f, a, b)?;
        let known = f.constant(b).is_some_and(|bits| bits as i64 != -1 && bits != 0);
        let minus_one = self.b.ins().icmp_imm_s(IntCC::Equal, d, -1);
        let safe = if known {
            d
        } else {
            let one = self.b.ins().iconst(I64, 1);
            self.b.ins().select(minus_one, one, d)
        };
        let q = self.b.ins().sdiv(x, safe);
        let whole = self.b.ins().imul(q, safe);
        let r = self.b.ins().isub(x, whole);
        // All ones where the remainder is not zero and its sign is not the divisor's.
        let differ = self.b.ins().bxor(r, safe);
        let negated = self.b.ins().ineg(r);
        let any = self.b.ins().bor(r, negated);
        let fix = self.b.ins().band(differ, any);
        let fix = self.b.ins().sshr_imm_s(fix, 63);
        let floor = self.b.ins().iadd(q, fix);
        let more = self.b.ins().band(safe, fix);
        let r = self.b.ins().iadd(r, more);
        let q = if known {
            floor
        } else {
            let negative = self.b.ins().ineg(x);
            self.b.ins().select(minus_one, negative, floor)
        };
        f.shared.insert((Shared::Div, a, b), (q, r));
        Ok((q, r))
    }
}
