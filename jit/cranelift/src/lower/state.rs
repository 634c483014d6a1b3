//! Making the interpreter's state what an exit says, without leaving.

use super::{Frag, Lower, MEM};
use crate::run::Run;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use std::collections::HashMap;
use std::mem::offset_of;
use taipan_abi::gc::GcThread;
use taipan_abi::mode::{fd, kind};
use taipan_abi::thread::Frame;
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_ir::backend::NO_MEMORY;
use taipan_jit_ir::{Exit, ExitId, Field, FrameState, Kind, Ref, Sunk};

/// A float object: a header and the value.
const FLOAT_BYTES: u32 = 16;
const FLOAT_VALUE: i32 = 8;

/// Objects that were made for a state.
type Made = HashMap<Ref, Value>;

impl<'a> Lower<'a, '_> {
    /// Writes the slots of an exit to the value stack, and its frames if `frames`. Values that have no object yet get one.
    pub(super) fn write_state(&mut self, f: &mut Frag<'a>, exit: ExitId, frames: bool) -> Result<(), String> {
        let e: &Exit = &f.unit.exits[exit as usize];
        let mut made = Made::new();
        let mut newest = None;
        let boxed = e.slots.iter().any(|(_, r)| f.unit.kind(*r) == Some(Kind::F));
        let out = if boxed || !e.sunk.is_empty() { Some(self.exit_block(f, exit | NO_MEMORY)?) } else { None };
        for s in &e.sunk {
            let v = self.new_object(s.tid, s.bytes, out);
            newest = Some(v);
            made.insert(s.id, v);
        }
        let words = e.slots.iter().map(|(_, r)| *r);
        let handled = e.frames.iter().map(|x| x.handled).filter(|r| r.is_some());
        let fields = e.sunk.iter().flat_map(|s| &s.fields).filter(|(x, ..)| x.0.kind == kind::W).map(|(.., r)| *r);
        for r in words.chain(handled).chain(fields) {
            if f.unit.kind(r) == Some(Kind::F) && !made.contains_key(&r) {
                let x = self.value(f, r)?;
                let v = self.new_object(TID_FLOAT, FLOAT_BYTES, out);
                self.b.ins().store(MEM, x, v, FLOAT_VALUE);
                newest = Some(v);
                made.insert(r, v);
            }
        }
        if newest.is_some() {
            f.fresh = None;
        }
        for s in &e.sunk {
            self.fill(f, s, &made, newest)?;
        }
        for (slot, r) in &e.slots {
            let w = self.word(f, *r, &made)?;
            let at = slot.checked_mul(8).ok_or("a slot too far away")?;
            self.b.ins().store(MEM, w, self.base, at);
        }
        if frames && !e.frames.is_empty() {
            self.write_frames(f, &e.frames, &made)?;
        }
        Ok(())
    }

    /// The word of a value.
    fn word(&mut self, f: &Frag, r: Ref, made: &Made) -> Result<Value, String> {
        if let Some(v) = made.get(&r) {
            return Ok(*v);
        }
        match f.unit.kind(r) {
            Some(Kind::I) => {
                if let Some(bits) = f.constant(r) {
                    return Ok(self.b.ins().iconst(I64, W::int(bits as i64).0 as i64));
                }
                let x = self.value(f, r)?;
                Ok(self.tag(x))
            }
            Some(Kind::B) => {
                if let Some(bits) = f.constant(r) {
                    return Ok(self.b.ins().iconst(I64, W::bool(bits != 0).0 as i64));
                }
                let c = self.cond(f, r)?;
                Ok(self.boolean(c))
            }
            Some(Kind::W | Kind::P) => self.value(f, r),
            _ => Err(format!("value {} cannot be a word", r.0)),
        }
    }

    /// Stores the fields of an object that was made for a state. All but the newest may be old by now: the others' allocation may have
    /// collected.
    fn fill(&mut self, f: &Frag, s: &Sunk, made: &Made, newest: Option<Value>) -> Result<(), String> {
        let o = made[&s.id];
        for (field, index, r) in &s.fields {
            let off = field_offset(*field, *index)?;
            if field.0.kind != kind::W {
                let v = self.value(f, *r)?;
                self.store_field(*field, v, o, off);
                continue;
            }
            let v = self.word(f, *r, made)?;
            let small = !made.contains_key(r)
                && (matches!(f.unit.kind(*r), Some(Kind::I | Kind::B)) || f.is_small_or_immortal(*r));
            if newest != Some(o) && !small {
                self.barrier(o, o, off, field.0.flags & fd::ARRAY != 0);
            }
            self.b.ins().store(MEM, v, o, off);
        }
        Ok(())
    }

    fn write_frames(&mut self, f: &Frag, frames: &[FrameState], made: &Made) -> Result<(), String> {
        let top = self.b.ins().load(I64, MEM, self.run, offset_of!(Run, frame) as i32);
        for (i, x) in frames.iter().enumerate() {
            let at = i * size_of::<Frame>();
            let put = |l: &mut Self, off: usize, v: Value| {
                l.b.ins().store(MEM, v, top, (at + off) as i32);
            };
            let ip = self.b.ins().iconst(I64, x.ip as i64);
            put(self, offset_of!(Frame, ip), ip);
            let sp = self.b.ins().iadd_imm_s(self.base, x.sp as i64 * 8);
            put(self, offset_of!(Frame, sp), sp);
            if x.handled.is_some() {
                let w = self.word(f, x.handled, made)?;
                put(self, offset_of!(Frame, saved_handled), w);
            }
            if i == 0 {
                continue;
            }
            let zero = self.b.ins().iconst(I64, 0);
            if !x.handled.is_some() {
                put(self, offset_of!(Frame, saved_handled), zero);
            }
            put(self, offset_of!(Frame, w_locals), zero);
            put(self, offset_of!(Frame, w_frame), zero);
            let code = self.b.ins().iconst(I64, x.code as i64);
            put(self, offset_of!(Frame, code), code);
            let base = self.b.ins().iadd_imm_s(self.base, x.base as i64 * 8);
            put(self, offset_of!(Frame, base), base);
            // Two neighbours in one store; both targets are little-endian.
            const { assert!(offset_of!(Frame, flags) == offset_of!(Frame, cont) + 4) };
            let both = self.b.ins().iconst(I64, ((x.flags as u64) << 32 | x.cont as u64) as i64);
            put(self, offset_of!(Frame, cont), both);
            let globals = self.b.ins().iconst(I64, x.w_globals as i64);
            put(self, offset_of!(Frame, w_globals), globals);
        }
        let Some(last) = frames.last() else { return Ok(()) };
        let frame_top = self.b.ins().iadd_imm_s(top, ((frames.len() - 1) * size_of::<Frame>()) as i64);
        self.b.ins().store(MEM, frame_top, self.th, offset_of!(GcThread, frame_top) as i32);
        // As `push_frame` has it: the whole window.
        let words = if last.code.is_null() {
            last.sp as i64
        } else {
            // SAFETY: a snapshot's code objects are alive while the unit is.
            last.base as i64 + unsafe { (*last.code).framesize } as i64
        };
        let vs_top = self.b.ins().iadd_imm_s(self.base, words * 8);
        self.b.ins().store(MEM, vs_top, self.th, offset_of!(GcThread, vs_top) as i32);
        Ok(())
    }
}

fn field_offset(field: Field, index: i64) -> Result<i32, String> {
    let item = if field.0.flags & fd::ARRAY == 0 {
        0
    } else {
        match field.0.kind {
            kind::U32 => 4,
            kind::U8 | kind::B => 1,
            _ => 8,
        }
    };
    let at = index.checked_mul(item).and_then(|n| n.checked_add(field.0.off as i64));
    at.and_then(|n| i32::try_from(n).ok()).ok_or_else(|| "a field too far from its object".into())
}
