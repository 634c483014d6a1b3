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
            for r in chosen.into_iter().skip(KEPT) {
                if self.homes < MAX_HOMES {
                    f.homes.insert(r, (MAX_VALUES + self.homes) as u16);
                    self.homes += 1;
                }
            }
        }
        // What does not change in a loop is stored before it.
        if let End::Loop { args } = &u.end {
            for (at, (index, r, _)) in f.body_params.iter().enumerate() {
                if args.get(*index as usize) == Some(r)
                    && let Some(home) = f.homes.get(r)
                {
                    f.body_homes.push((at, *home));
                }
            }
        }
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
