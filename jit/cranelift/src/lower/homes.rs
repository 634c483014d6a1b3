//! Homes: values that many crowded exits hand over are stored once, where they are made, and their exits say where.
//!
//! Code for the exits would otherwise be most of the code, and the register allocator would split the range of each such value at each of
//! them; most of the values would be spilled anyway.

use super::{Frag, Lower, MEM};
use crate::run::{MAX_HOMES, MAX_VALUES, Run};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use std::collections::HashMap;
use std::mem::offset_of;
use taipan_jit_ir::{End, ExitId, Inst, Kind, Ref};

/// Live values, ints or floats, with which an exit is crowded.
const CROWDED: usize = 10;
/// Crowded exits that a value must be live at.
const OFTEN: u32 = 3;
/// The values with most other uses stay in registers.
const KEPT: usize = 6;

impl<'a> Lower<'a, '_> {
    /// Decides which values get homes.
    pub(super) fn plan_homes(&mut self, f: &mut Frag<'a>) {
        let u = f.unit;
        let Some(part) = self.plan.part(f.number) else { return };
        let float = |r: Ref| match u.kind(r) {
            Some(Kind::F) => Some(true),
            Some(Kind::B) | None => None,
            _ => Some(false),
        };
        let left = |i: &Inst| -> Option<ExitId> {
            match i {
                Inst::Guard { exit, .. } | Inst::GuardValue { exit, .. } | Inst::Poll { exit } => Some(*exit),
                _ => None,
            }
        };
        let mut exits: Vec<ExitId> = u.insts.iter().filter_map(left).collect();
        exits.dedup();
        for class in [false, true] {
            let mut often: HashMap<Ref, u32> = HashMap::new();
            for e in &exits {
                let live = part.live[*e as usize].iter().filter(|r| float(**r) == Some(class));
                if live.clone().count() >= CROWDED {
                    live.for_each(|r| *often.entry(*r).or_default() += 1);
                }
            }
            often.retain(|_, n| *n >= OFTEN);
            if often.is_empty() {
                continue;
            }
            let mut uses = vec![0u32; u.insts.len()];
            u.insts.iter().for_each(|i| u.operands(i, |r| uses[r.index()] += 1));
            let mut chosen: Vec<Ref> = often.into_keys().collect();
            chosen.sort_unstable_by_key(|r| (std::cmp::Reverse(uses[r.index()]), r.0));
            chosen.drain(..KEPT.min(chosen.len()));
            self.give_homes(f, chosen);
        }
    }

    /// Homes of values whose ranges do not meet are shared.
    fn give_homes(&mut self, f: &mut Frag<'a>, mut chosen: Vec<Ref>) {
        let u = f.unit;
        let ends = self.ends(f);
        chosen.sort_unstable();
        let mut busy: Vec<(usize, u16)> = Vec::new();
        for r in chosen {
            // What does not change in a loop is stored before it, and its home is never another's.
            let param = f.body_params.iter().position(|(_, x, _)| *x == r);
            let kept = param.filter(
                |at| matches!(&u.end, End::Loop { args } if args.get(f.body_params[*at].0 as usize) == Some(&r)),
            );
            let free = if kept.is_some() { None } else { busy.iter().position(|(end, _)| *end < r.index()) };
            let home = match free {
                Some(i) => busy.swap_remove(i).1,
                None if self.homes < MAX_HOMES => {
                    self.homes += 1;
                    (MAX_VALUES + self.homes - 1) as u16
                }
                None => continue,
            };
            f.homes.insert(r, home);
            match kept {
                Some(at) => f.body_homes.push((at, home)),
                None => busy.push((ends.get(&r).copied().unwrap_or(usize::MAX), home)),
            }
        }
    }

    /// The last instruction at which a value may be handed over. An exit that was passed can still be taken until the next one is, by an
    /// allocation without memory.
    fn ends(&self, f: &Frag<'a>) -> HashMap<Ref, usize> {
        let u = f.unit;
        let mut ends = HashMap::new();
        let Some(part) = self.plan.part(f.number) else { return ends };
        let mut next = usize::MAX;
        if let End::Back { exit } | End::Jump { exit, .. } | End::Leave { exit } = u.end {
            ends.extend(part.live[exit as usize].iter().map(|r| (*r, next)));
            next = u.insts.len();
        }
        for (i, inst) in u.insts.iter().enumerate().rev() {
            if let Some(exit) = inst.exit() {
                for r in &part.live[exit as usize] {
                    ends.entry(*r).or_insert(next);
                }
                next = i;
            }
        }
        ends
    }

    /// Stores a value that has just been made.
    pub(super) fn store_home(&mut self, f: &Frag, r: Ref, v: Value) {
        if let Some(home) = f.homes.get(&r)
            && !f.body_homes.iter().any(|(_, h)| h == home)
        {
            self.keep(v, *home);
        }
    }

    fn keep(&mut self, v: Value, home: u16) {
        self.b.ins().store(MEM, v, self.run, (offset_of!(Run, values) + 8 * home as usize) as i32);
    }

    /// Jumps to a body from outside its loop.
    pub(super) fn jump_to_body(&mut self, body: Block, args: &[BlockArg], homes: &[(usize, u16)]) {
        for (at, home) in homes {
            if let BlockArg::Value(v) = args[*at] {
                self.keep(v, *home);
            }
        }
        self.b.ins().jump(body, args);
    }
}
