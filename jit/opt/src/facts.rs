//! What guards teach: ranges of values, constants, conditions that follow from others; and guards that need not be.

use crate::range::{self, Fact};
use crate::walk::Walk;
use crate::{Bug, fold};
use taipan_abi::mode::Prim;
use taipan_jit_ir::{ExitId, Inst, Kind, Ref};

/// How far facts are followed through definitions, either way.
const DEPTH: u32 = 3;

impl Walk<'_> {
    /// What is known of a value by now: what was found out about it, and what follows from its operands.
    pub fn fact(&self, r: Ref) -> Fact {
        self.fact_to(r, DEPTH)
    }
    fn fact_to(&self, r: Ref, depth: u32) -> Fact {
        if !r.is_some() {
            return Fact::TOP;
        }
        let stored = self.facts[self.canon(r).index()];
        match *self.out.inst(r) {
            Inst::Prim { prim, a, b } if depth > 0 && self.o.ranges && stored.value().is_none() => {
                let f = range::transfer(prim, self.fact_to(a, depth - 1), self.fact_to(b, depth - 1));
                // A contradiction means that this is never reached.
                stored.and(f).unwrap_or(stored)
            }
            _ => stored,
        }
    }

    /// A condition that the facts of its operands decide.
    pub fn decided(&self, prim: Prim, a: Ref, b: Ref) -> Option<bool> {
        if !self.o.ranges { None } else { range::decide(prim, self.fact(a), self.fact(b)) }
    }

    /// Something new about a value.
    pub fn learn(&mut self, r: Ref, f: Fact, depth: u32) {
        let old = self.fact(r);
        let Some(f) = old.and(f) else { return };
        if f == self.facts[r.index()] || matches!(self.out.inst(r), Inst::Const { .. }) {
            return;
        }
        self.facts[r.index()] = f;
        if let (Some(v), Some(kind)) = (f.value(), self.out.kind(r))
            && kind != Kind::F
        {
            let c = self.constant(kind, v as u64);
            self.known[r.index()] = c;
        }
        if depth == 0 {
            return;
        }
        // Back to the operand it was made of.
        if let Inst::Prim { prim, a, b } = *self.out.inst(r) {
            match prim {
                Prim::Untag => {
                    if let Some(g) = Fact::range(f.lo as i128 * 2 + 1, f.hi as i128 * 2 + 1) {
                        self.learn(a, g, depth - 1)
                    }
                }
                Prim::Tag => {
                    if let Some(g) = Fact::range(f.lo as i128 >> 1, f.hi as i128 >> 1) {
                        self.learn(a, g, depth - 1)
                    }
                }
                // Tagged sums do not overflow.
                Prim::TAdd | Prim::TSub => {
                    if let Some(c) = self.fact(b).value() {
                        let c = if prim == Prim::TAdd { c as i128 - 1 } else { 1 - c as i128 };
                        if let Some(g) = Fact::range(f.lo as i128 - c, f.hi as i128 - c) {
                            self.learn(a, g, depth - 1)
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A condition has come out like this.
    pub fn assume(&mut self, cond: Ref, truth: bool) {
        let was = *self.out.inst(cond);
        let c = self.boolean(truth);
        self.known[cond.index()] = c;
        self.facts[cond.index()] = Fact::single(truth as i64);
        let Inst::Prim { prim, a, b } = was else { return };
        if prim == Prim::Not {
            return self.assume(a, !truth);
        }
        if !self.o.ranges {
            return;
        }
        let (a, b) = (self.canon(a), self.canon(b));
        let as_if = if self.o.bug(Bug::WrongBound) && prim == Prim::TLt { !truth } else { truth };
        if let Some((x, y)) = range::assume(prim, as_if, self.fact(a), self.fact(b)) {
            if self.out.kind(a) != Some(Kind::F) {
                self.learn(a, x, DEPTH);
            }
            if b.is_some() && self.out.kind(b) != Some(Kind::F) {
                self.learn(b, y, DEPTH);
            }
        }
        self.implied(prim, truth, a, b);
    }

    /// Other conditions on the same operands.
    fn implied(&mut self, prim: Prim, truth: bool, a: Ref, b: Ref) {
        use Prim::*;
        let list: &[(Prim, bool, bool)] = match (prim, truth) {
            // (primitive, with the operands swapped, outcome)
            (TLt, true) => &[(TLe, false, true), (TLt, true, false), (TLe, true, false), (WEq, false, false)],
            (TLt, false) => &[(TLe, true, true)],
            (TLe, true) => &[(TLt, true, false)],
            (TLe, false) => &[(TLt, true, true), (TLt, false, false), (TLe, true, true), (WEq, false, false)],
            (ILt, true) => &[(ILt, true, false), (IEq, false, false)],
            (WEq, true) => &[(TLt, false, false), (TLt, true, false), (TLe, false, true), (TLe, true, true)],
            (IEq, true) => &[(ILt, false, false), (ILt, true, false)],
            _ => &[],
        };
        for (p, swapped, outcome) in list {
            let (x, y) = if *swapped { (b, a) } else { (a, b) };
            let (x, y) = fold::ordered(self, *p, x, y);
            let c = self.boolean(*outcome);
            match self.same.get(&(*p as u16, x, y)).copied() {
                Some(r) => {
                    if !self.known[r.index()].is_some() && !matches!(self.out.inst(r), Inst::Const { .. }) {
                        self.known[r.index()] = c;
                        self.facts[r.index()] = Fact::single(*outcome as i64);
                    }
                }
                None => {
                    self.same.insert((*p as u16, x, y), c);
                }
            }
        }
    }

    /// Err: it fails for sure.
    pub fn guard(
        &mut self,
        mut cond: Ref,
        mut expect: bool,
        exit: impl FnOnce(&mut Self) -> ExitId,
    ) -> Result<(), ExitId> {
        let mut now = self.bits(cond).map(|b| b != 0);
        while let Inst::Prim { prim, a, b } = *self.out.inst(cond) {
            if prim == Prim::Not {
                (cond, expect) = (self.canon(a), !expect);
                now = self.bits(cond).map(|b| b != 0);
                continue;
            }
            now = now.or_else(|| self.decided(prim, self.canon(a), self.canon(b)));
            break;
        }
        match now {
            Some(b) if b == expect => return Ok(()),
            Some(_) => return Err(exit(self)),
            None => {}
        }
        let exit = exit(self);
        self.emit(Inst::Guard { cond, expect, exit }, Fact::TOP);
        self.assume(cond, expect);
        Ok(())
    }

    /// Likewise.
    pub fn guard_value(&mut self, value: Ref, bits: u64, exit: impl FnOnce(&mut Self) -> ExitId) -> Result<(), ExitId> {
        if self.out.kind(value) == Some(Kind::B) {
            return self.guard(value, bits != 0, exit);
        }
        let wanted = Fact::single(bits as i64);
        match self.bits(value) {
            Some(b) if b == bits => return Ok(()),
            Some(_) => return Err(exit(self)),
            None if self.o.ranges && self.fact(value).and(wanted).is_none() => return Err(exit(self)),
            None => {}
        }
        let exit = exit(self);
        self.emit(Inst::GuardValue { value, bits, exit }, Fact::TOP);
        self.learn(value, wanted, DEPTH);
        Ok(())
    }
}
