//! Objects: fields, the write barrier, allocation.

use super::{Frag, Lower, MEM, Val};
use crate::run::Run;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use std::mem::offset_of;
use taipan_abi::gc::{BUMP_CLASSES, Bump, GC_BARRIER, GC_LISTED, GcThread};
use taipan_abi::mode::{Prim, fd, kind};
use taipan_abi::word::{Header, SINGLETONS};
use taipan_jit_ir::{Field, Inst, Kind, Ref};

/// Bytes of a field or of an array's item.
fn size(field: Field) -> i64 {
    match field.0.kind {
        kind::U32 => 4,
        kind::U8 | kind::B => 1,
        _ => 8,
    }
}

impl<'a> Lower<'a, '_> {
    pub(super) fn get(&mut self, f: &mut Frag<'a>, r: Ref, obj: Ref, field: Field, index: Ref) -> Result<Val, String> {
        let (p, off) = self.place(f, obj, field, index)?;
        Ok(Val::V(match field.0.kind {
            kind::F => self.b.ins().load(F64, MEM, p, off),
            kind::U32 | kind::U8 | kind::B => {
                let ty = if field.0.kind == kind::U32 { I32 } else { I8 };
                let narrow = self.b.ins().load(ty, MEM, p, off);
                f.narrow.insert(r, narrow);
                self.b.ins().uextend(I64, narrow)
            }
            _ => self.b.ins().load(I64, MEM, p, off),
        }))
    }

    pub(super) fn set(
        &mut self,
        f: &mut Frag<'a>,
        obj: Ref,
        field: Field,
        index: Ref,
        value: Ref,
    ) -> Result<(), String> {
        let (p, off) = self.place(f, obj, field, index)?;
        let v = self.value(f, value)?;
        let reference = field.0.kind == kind::W && f.unit.kind(obj) != Some(Kind::P);
        if reference && f.fresh != Some(obj) && !f.is_small_or_immortal(value) {
            let o = self.value(f, obj)?;
            self.barrier(o, p, off, field.0.flags & fd::ARRAY != 0);
        }
        self.store_field(field, v, p, off);
        Ok(())
    }

    /// Stores a value of the field's own kind.
    pub(super) fn store_field(&mut self, field: Field, v: Value, p: Value, off: i32) {
        match field.0.kind {
            kind::U32 => self.b.ins().istore32(MEM, v, p, off),
            kind::U8 | kind::B => self.b.ins().istore8(MEM, v, p, off),
            _ => self.b.ins().store(MEM, v, p, off),
        };
    }

    /// Where a field lies: an address and an offset from there.
    fn place(&mut self, f: &mut Frag<'a>, obj: Ref, field: Field, index: Ref) -> Result<(Value, i32), String> {
        let o = self.value(f, obj)?;
        let off = i32::try_from(field.0.off).map_err(|_| "a field too far from its object")?;
        if field.0.flags & fd::ARRAY == 0 {
            return Ok((o, off));
        }
        if !index.is_some() {
            return Err("an array without an index".into());
        }
        let bytes = size(field);
        if let Some(i) = f.constant(index)
            && let Some(at) = (i as i64).checked_mul(bytes).and_then(|n| n.checked_add(off as i64))
            && let Ok(at) = i32::try_from(at)
        {
            return Ok((o, at));
        }
        let i = self.value(f, index)?;
        let scaled = if bytes == 1 { i } else { self.b.ins().ishl_imm_s(i, bytes.trailing_zeros() as i64) };
        Ok((self.b.ins().iadd(o, scaled), off))
    }

    /// The write barrier before a store of a reference at `p + off` in `o`.
    pub(super) fn barrier(&mut self, o: Value, p: Value, off: i32, array: bool) {
        let (cold, next) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(cold);
        let bits = self.b.ins().load(I8, MEM, o, offset_of!(Header, gc) as i32);
        let set = self.b.ins().band_imm_s(bits, GC_BARRIER as i64);
        self.b.ins().brif(set, cold, &[], next, &[]);
        self.b.switch_to_block(cold);
        let slot = self.b.ins().iadd_imm_s(p, off as i64);
        if array {
            // A large array that is in the dirty list takes this way at every store: only its card's byte is written.
            let (card, call) = (self.b.create_block(), self.b.create_block());
            self.b.set_cold_block(card);
            self.b.set_cold_block(call);
            let listed = self.b.ins().band_imm_s(bits, GC_LISTED as i64);
            self.b.ins().brif(listed, card, &[], call, &[]);
            self.b.switch_to_block(card);
            let shift = self.b.ins().load(I32, MEM, self.th, offset_of!(GcThread, card_shift) as i32);
            let bias = self.b.ins().load(I64, MEM, self.th, offset_of!(GcThread, card_bias) as i32);
            let number = self.b.ins().ushr(slot, shift);
            let at = self.b.ins().iadd(number, bias);
            let one = self.b.ins().iconst(I8, 1);
            self.b.ins().store(MEM, one, at, 0);
            self.b.ins().jump(next, &[]);
            self.b.switch_to_block(call);
        }
        self.slow_call(self.plan.stubs.barrier, &[o, slot]);
        self.b.ins().jump(next, &[]);
        self.b.switch_to_block(next);
    }

    /// A zeroed object with its header. Without memory: out by that block, or the process ends.
    pub(super) fn new_object(&mut self, tid: u32, bytes: u32, out: Option<Block>) -> Value {
        let class = bytes as usize / 8;
        let slow = self.b.create_block();
        let next = self.b.create_block();
        let object = self.b.append_block_param(next, I64);
        if class < BUMP_CLASSES && bytes.is_multiple_of(8) {
            let at = (offset_of!(GcThread, bump) + class * size_of::<Bump>()) as i32;
            let (cur, end) = (at + offset_of!(Bump, cur) as i32, at + offset_of!(Bump, end) as i32);
            let fast = self.b.create_block();
            self.b.set_cold_block(slow);
            let p = self.b.ins().load(I64, MEM, self.th, cur);
            let after = self.b.ins().iadd_imm_s(p, bytes as i64);
            let end = self.b.ins().load(I64, MEM, self.th, end);
            let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, after, end);
            self.b.ins().brif(full, slow, &[], fast, &[]);
            self.b.switch_to_block(fast);
            self.b.ins().store(MEM, after, self.th, cur);
            let header = self.b.ins().iconst(I64, tid as i64);
            self.b.ins().store(MEM, header, p, 0);
            self.b.ins().jump(next, &[BlockArg::Value(p)]);
        } else {
            self.b.ins().jump(slow, &[]);
        }
        self.b.switch_to_block(slow);
        let what = self.b.ins().iconst(I64, ((bytes as u64) << 32 | tid as u64) as i64);
        let stubs = self.plan.stubs;
        self.slow_call(if out.is_some() { stubs.alloc } else { stubs.alloc_or_abort }, &[what]);
        let p = self.b.ins().load(I64, MEM, self.run, offset_of!(Run, fresh) as i32);
        match out {
            Some(out) => self.b.ins().brif(p, next, &[BlockArg::Value(p)], out, &[]),
            None => self.b.ins().jump(next, &[BlockArg::Value(p)]),
        };
        self.b.switch_to_block(next);
        object
    }
}

impl Frag<'_> {
    /// A word that no collector needs to hear of: a small int, NULL, or one of the objects at fixed addresses.
    pub(super) fn is_small_or_immortal(&self, r: Ref) -> bool {
        match self.unit.inst(r) {
            Inst::Const { bits, .. } => bits & 1 != 0 || *bits == 0 || (SINGLETONS..SINGLETONS + 4096).contains(bits),
            // The tagged operations only ever see tagged operands.
            Inst::Prim { prim, .. } => {
                use Prim::*;
                matches!(prim, Tag | TAdd | TSub | TMul | TAnd | TOr | TXor | WBool)
            }
            _ => self.small[r.index()],
        }
    }
}
