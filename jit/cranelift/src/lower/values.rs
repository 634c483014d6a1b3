//! Values of units as values of Cranelift's.

use super::{Cond, Frag, Lower, MEM, Val, clif_type};
use crate::run::Run;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use std::mem::offset_of;
use taipan_jit_ir::{Inst, Kind, Ref};

impl Lower<'_, '_> {
    /// A value of any kind but B.
    pub(super) fn value(&mut self, f: &Frag, r: Ref) -> Result<Value, String> {
        if let Some(Inst::Const { kind, bits }) = f.unit.insts.get(r.index()) {
            return Ok(match kind {
                Kind::F => match self.doubles.get(bits) {
                    Some(v) => *v,
                    None => self.b.ins().f64const(f64::from_bits(*bits)),
                },
                Kind::B => self.b.ins().iconst(I8, (*bits != 0) as i64),
                Kind::P if *bits == 0 => self.th,
                _ => self.b.ins().iconst(I64, *bits as i64),
            });
        }
        match f.vals.get(r.index()) {
            Some(Val::V(v)) => Ok(*v),
            Some(Val::B(c)) => Ok(self.bit(*c)),
            _ => Err(format!("value {} is not made yet", r.0)),
        }
    }

    /// A value as a parameter or an argument of that kind is passed.
    pub(super) fn typed(&mut self, f: &Frag, r: Ref, kind: Kind) -> Result<Value, String> {
        let v = self.value(f, r)?;
        if self.b.func.dfg.value_type(v) == clif_type(kind) {
            return Ok(v);
        }
        Err(format!("value {} is not of kind {kind:?}", r.0))
    }

    pub(super) fn cond(&mut self, f: &Frag, r: Ref) -> Result<Cond, String> {
        match f.vals.get(r.index()) {
            Some(Val::B(c)) => Ok(*c),
            _ => {
                let v = self.typed(f, r, Kind::B)?;
                Ok(Cond { v, inv: false, bit: true })
            }
        }
    }

    /// A condition as 0 or 1 in 8 bits.
    pub(super) fn bit(&mut self, c: Cond) -> Value {
        if c.bit && !c.inv {
            return c.v;
        }
        let cc = if c.inv { IntCC::Equal } else { IntCC::NotEqual };
        self.b.ins().icmp_imm_s(cc, c.v, 0)
    }

    pub(super) fn icmp_imm(&mut self, cc: IntCC, v: Value, imm: i64) -> Cond {
        let v = self.b.ins().icmp_imm_s(cc, v, imm);
        Cond { v, inv: false, bit: true }
    }

    /// Loads a value that was handed over through `Run::values`.
    pub(super) fn handed(&mut self, index: u32, kind: Kind) -> Value {
        self.loaded(self.run, index, kind)
    }

    /// The same, where the cell of an exit says.
    pub(super) fn handed_by(&mut self, map: Value, index: u32, kind: Kind) -> Value {
        let at = self.b.ins().uload16(I64, MEM, map, index as i32 * 2);
        let at = self.b.ins().ishl_imm_s(at, 3);
        let p = self.b.ins().iadd(self.run, at);
        self.loaded(p, 0, kind)
    }

    fn loaded(&mut self, p: Value, index: u32, kind: Kind) -> Value {
        let at = (offset_of!(Run, values) + 8 * index as usize) as i32;
        if kind == Kind::F {
            return self.b.ins().load(F64, MEM, p, at);
        }
        let v = self.b.ins().load(I64, MEM, p, at);
        if kind == Kind::B { self.b.ins().icmp_imm_s(IntCC::NotEqual, v, 0) } else { v }
    }

    /// Stores a value for whoever is entered next.
    pub(super) fn hand_over(&mut self, index: usize, v: Val) {
        let v = match v {
            Val::V(v) => v,
            Val::B(c) => {
                let v = self.bit(c);
                self.b.ins().uextend(I64, v)
            }
            Val::Home(..) | Val::None => return,
        };
        self.b.ins().store(MEM, v, self.run, (offset_of!(Run, values) + 8 * index) as i32);
    }
}
