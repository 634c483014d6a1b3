//! How a unit is left: exits, and its end.

use super::{Frag, Lower, MEM, Part, Pending, Plan, Val};
use crate::run::{Cell, ENTER_BODY, ENTER_START, Run};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use std::mem::offset_of;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use taipan_abi::thread::Frame;
use taipan_jit_ir::backend::NO_MEMORY;
use taipan_jit_ir::{End, ExitId, Kind, Ref};

impl Plan<'_> {
    pub(super) fn part(&self, number: u32) -> Option<&Part> {
        self.parts.iter().find(|p| p.number == number)
    }

    /// The cell of an exit, which now knows where the values are.
    fn cell(&self, unit: u32, exit: ExitId, vals: &[Val]) -> Option<*const Cell> {
        let mut spare = self.spare.borrow_mut();
        let cell = if exit & NO_MEMORY == 0 {
            self.cells.get(self.part(unit)?.cells + exit as usize)?
        } else {
            spare.push(Box::new(Cell::new(self.stubs.leave, unit, exit, vals.len())));
            spare.last()?
        };
        if vals.iter().any(|v| matches!(v, Val::Home(..))) {
            let place = |(i, v): (usize, &Val)| if let Val::Home(home, _) = v { *home } else { i as u16 };
            let map: Box<[u16]> = vals.iter().enumerate().map(place).collect();
            cell.map.store(map.as_ptr().cast_mut(), Relaxed);
            self.maps.borrow_mut().push(map);
        }
        Some(cell)
    }
}

impl<'a> Lower<'a, '_> {
    /// Where a guard of that exit goes. The block is written later, with the values as they are now: an exit's live values are made before
    /// the first guard that names it. With `NO_MEMORY` it is another way out, with the same values.
    pub(super) fn exit_block(&mut self, f: &mut Frag<'a>, exit: ExitId) -> Result<Block, String> {
        if let Some(block) = f.exits.get(&exit) {
            return Ok(*block);
        }
        let block = self.b.create_block();
        if self.branch(f.number, exit).is_none() {
            self.b.set_cold_block(block);
        }
        let plan = self.plan;
        let part = plan.part(f.number).ok_or("a unit without exits")?;
        let live = part.live.get((exit & !NO_MEMORY) as usize).ok_or("no such exit")?;
        let mut vals = Vec::with_capacity(live.len());
        for r in live {
            match f.vals.get(r.index()) {
                Some(Val::None) | None => {
                    let e = exit & !NO_MEMORY;
                    return Err(format!("exit {e} mentions value {}, which is not made yet", r.0));
                }
                Some(v) => vals.push(match (f.homes.get(r), f.unit.kind(*r)) {
                    (Some(home), Some(kind)) => Val::Home(*home, kind),
                    _ => *v,
                }),
            }
        }
        f.exits.insert(exit, block);
        self.pending.push(Pending { number: f.number, exit, block, vals });
        Ok(block)
    }

    /// Writes an exit's block: the unit that hangs on it, or the way out.
    pub(super) fn exit(&mut self, p: Pending) -> Result<(), String> {
        self.b.switch_to_block(p.block);
        if let Some(x) = self.branch(p.number, p.exit) {
            let frag = self.frag(x.number, x.unit, p.vals);
            return self.unit(frag);
        }
        self.note(|| {
            let why = if p.exit & NO_MEMORY == 0 { "" } else { ", no memory" };
            format!("{}: exit {}{why}", p.number, p.exit & !NO_MEMORY)
        });
        for (i, v) in p.vals.iter().enumerate() {
            self.hand_over(i, *v);
        }
        let cell = self.plan.cell(p.number, p.exit, &p.vals).ok_or("an exit without a cell")?;
        let cell = self.b.ins().iconst(I64, cell as i64);
        let target = self.b.ins().load(I64, MEM, cell, offset_of!(Cell, target) as i32);
        self.go(target, self.base, cell);
        Ok(())
    }

    /// Goes on in another unit.
    pub(super) fn go(&mut self, code: Value, base: Value, fourth: Value) {
        let sig = self.unit_sig();
        self.b.ins().return_call_indirect(sig, code, &[self.th, base, self.run, fourth]);
    }

    pub(super) fn end(&mut self, f: &mut Frag<'a>) -> Result<(), String> {
        match &f.unit.end {
            End::Back { exit } => {
                if !f.is_root || f.exit_state(*exit).frames.len() > 1 {
                    return Err("a way back to no loop".into());
                }
                self.write_state(f, *exit, self.syncs)?;
                self.b.ins().jump(self.start, &[]);
            }
            End::Loop { args } => {
                let body = f.body.ok_or("a loop without a body")?;
                let args = self.body_args(f, args, &f.body_params.clone())?;
                self.b.ins().jump(body, &args);
            }
            End::Jump { target, exit } if *target == self.plan.number && f.exit_state(*exit).frames.len() <= 1 => {
                self.write_state(f, *exit, self.syncs)?;
                self.b.ins().jump(self.start, &[]);
            }
            End::Jump { target, exit } => self.jump(f, *target, *exit)?,
            End::Enter { target, args } if *target == self.plan.number && super::enterable(self.plan.root) => {
                let body = self.root_body.ok_or("a unit without a body")?;
                let args = self.body_args(f, args, &self.root_body_params.clone())?;
                self.jump_to_body(body, &args, &self.root_body_homes.clone());
            }
            End::Enter { target, args } => self.enter(f, *target, args)?,
            End::Leave { exit } => {
                let block = self.exit_block(f, *exit)?;
                self.b.ins().jump(block, &[]);
            }
        }
        Ok(())
    }

    /// Reads the word at an address.
    fn word_at(&mut self, p: *const AtomicUsize) -> Value {
        let p = self.b.ins().iconst(I64, p as i64);
        self.b.ins().load(I64, MEM, p, 0)
    }

    /// To the start of another root unit; if that has been freed, out by the exit.
    fn jump(&mut self, f: &mut Frag<'a>, target: u32, exit: ExitId) -> Result<(), String> {
        let start = self.plan.starts.get(&target).ok_or("no such unit")?;
        let code = self.word_at(&start.code);
        let out = self.exit_block(f, exit)?;
        let next = self.b.create_block();
        self.b.ins().brif(code, next, &[], out, &[]);
        self.b.switch_to_block(next);
        self.write_state(f, exit, true)?;
        let e = f.exit_state(exit);
        let mut base = self.base;
        if let [_, .., last] = e.frames.as_slice() {
            // The frame on top is the target's entry frame.
            let above = (e.frames.len() - 1) * size_of::<Frame>();
            let frame = self.b.ins().load(I64, MEM, self.run, offset_of!(Run, frame) as i32);
            let frame = self.b.ins().iadd_imm_s(frame, above as i64);
            self.b.ins().store(MEM, frame, self.run, offset_of!(Run, frame) as i32);
            base = self.b.ins().iadd_imm_s(base, last.base as i64 * 8);
        }
        let start = self.b.ins().iconst(I64, ENTER_START);
        self.go(code, base, start);
        Ok(())
    }

    /// Into the body of another root unit.
    fn enter(&mut self, f: &mut Frag<'a>, target: u32, args: &[Ref]) -> Result<(), String> {
        let to = self.plan.bodies.get(&target).ok_or_else(|| format!("unit {target} has no body to enter"))?;
        let kinds = &to.kinds;
        if kinds.len() != args.len() {
            return Err(format!("{} arguments for a body of {}", args.len(), kinds.len()));
        }
        for (i, (r, k)) in args.iter().zip(kinds).enumerate() {
            let kind = [Kind::W, Kind::I, Kind::F, Kind::B, Kind::P].into_iter().find(|x| *x as u8 == *k);
            let Some(kind) = kind else { continue };
            self.typed(f, *r, kind)?;
            let v = if kind == Kind::B { Val::B(self.cond(f, *r)?) } else { Val::V(self.value(f, *r)?) };
            self.hand_over(i, v);
        }
        let code = self.word_at(&to.code);
        let body = self.b.ins().iconst(I64, ENTER_BODY);
        self.go(code, self.base, body);
        Ok(())
    }
}
