//! Runs units instruction by instruction: the oracle that optimizer and backends are compared with.

use crate::{End, Exit, ExitId, Field, Inst, Kind, Ref, Unit};
use taipan_abi::mode::exec_prim;

/// What units act upon. Values are bits: booleans 0 or 1.
pub trait Machine {
    /// A word of the value stack.
    fn slot(&mut self, slot: i32) -> u64;
    /// Reads a field; `index` is 0 for plain ones.
    fn get(&mut self, obj: u64, field: Field, index: i64) -> u64;
    /// Writes a field, with the barrier.
    fn set(&mut self, obj: u64, field: Field, index: i64, value: u64);
    /// A new object. NULL = no memory.
    fn allocate(&mut self, tid: u32, bytes: u32) -> u64;
    /// A residual call.
    fn call(&mut self, call: &crate::Call, args: &[u64]) -> u64;
    /// Is the thread wanted elsewhere?
    fn poll(&mut self) -> bool;
    /// Writes a slot.
    fn set_slot(&mut self, slot: i32, word: u64);
    /// Makes the thread's frames those of the exit; `value` knows the values of `handled`.
    fn set_frames(&mut self, exit: &Exit, value: &mut dyn FnMut(Ref) -> u64);
    /// The object for a value of kind F or B.
    fn boxed(&mut self, kind: Kind, bits: u64) -> u64;
    /// The running thread's address.
    fn thread(&self) -> u64 {
        0
    }
    /// Lets a guard fail that holds, for tests.
    fn fails(&mut self, _exit: ExitId) -> bool {
        false
    }
}

/// Why a unit stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// A guard failed, a poll left, or the end left.
    Exit(ExitId),
    /// The exit's state is in memory and the root unit is to be entered.
    Jump(u32),
    /// Into the body of that root; its Params are in `Run::params`.
    Enter(u32),
    /// Memory ran out. The exit passed last, if there was one since the unit or its body was entered.
    NoMemory(Option<ExitId>),
    /// The machine's budget of instructions is used up.
    Budget,
}

/// A run of one unit.
pub struct Run<'a> {
    pub unit: &'a Unit,
    /// One word an instruction.
    pub values: &'a mut [u64],
    /// What Params are bound to: on entry those of the unit (or, at the body, of the body).
    pub params: Vec<u64>,
    /// Instructions that may still run.
    pub budget: u64,
    /// The exit passed last since the unit or its body was entered: where it is left if there is no memory.
    pub passed: Option<ExitId>,
}

impl<'a> Run<'a> {
    /// A run that has not begun. `values`: one word an instruction.
    pub fn new(unit: &'a Unit, values: &'a mut [u64], params: Vec<u64>, budget: u64) -> Run<'a> {
        Run { unit, values, params, budget, passed: None }
    }
}

impl Run<'_> {
    /// Runs from the beginning, or from the body.
    pub fn run(&mut self, m: &mut impl Machine, at_body: bool) -> Stop {
        let (body, n) = (self.unit.body as usize, self.unit.insts.len());
        if at_body {
            // The body uses constants of the preamble.
            for (v, inst) in self.values.iter_mut().zip(&self.unit.insts[..body]) {
                if let Inst::Const { bits, .. } = inst {
                    *v = *bits
                }
            }
        }
        let mut from = if at_body { body } else { 0 };
        loop {
            if from == 0 {
                // Before anything can write to the value stack.
                for (v, inst) in self.values.iter_mut().zip(&self.unit.insts) {
                    if let Inst::Slot { slot } = *inst {
                        *v = m.slot(slot)
                    }
                }
            }
            if from < body {
                if let Some(stop) = self.span(m, from, body) {
                    return stop;
                }
                self.params = self.take(&self.unit.enter);
                from = body;
            }
            self.passed = None;
            if let Some(stop) = self.span(m, from, n) {
                return stop;
            }
            match &self.unit.end {
                End::Leave { exit } => return Stop::Exit(*exit),
                End::Back { exit } => {
                    if let Err(stop) = self.write(m, *exit) {
                        return stop;
                    }
                    from = 0;
                }
                End::Jump { target, exit } => {
                    return self.write(m, *exit).map_or_else(|stop| stop, |()| Stop::Jump(*target));
                }
                End::Enter { target, args } => {
                    self.params = self.take(args);
                    return Stop::Enter(*target);
                }
                End::Loop { args } => {
                    self.params = self.take(args);
                    from = body;
                }
            }
            // An endless loop of nothing ends too.
            if self.budget == 0 {
                return Stop::Budget;
            }
            self.budget -= 1;
        }
    }

    /// The values of an exit, in `Unit::live`'s order.
    pub fn live(&self, exit: ExitId, out: &mut Vec<u64>) {
        out.clear();
        out.extend(self.unit.live(exit).iter().map(|r| self.value(*r)));
    }

    fn value(&self, r: Ref) -> u64 {
        self.values[r.index()]
    }
    fn take(&self, refs: &[Ref]) -> Vec<u64> {
        refs.iter().map(|r| self.value(*r)).collect()
    }

    fn span(&mut self, m: &mut impl Machine, from: usize, to: usize) -> Option<Stop> {
        for pc in from..to {
            if self.budget == 0 {
                return Some(Stop::Budget);
            }
            self.budget -= 1;
            if let Some(stop) = self.step(m, pc) {
                return Some(stop);
            }
            self.passed = self.unit.insts[pc].exit().or(self.passed);
        }
        None
    }

    fn step(&mut self, m: &mut impl Machine, pc: usize) -> Option<Stop> {
        let index = |run: &Self, i: Ref| if i.is_some() { run.value(i) as i64 } else { 0 };
        let made = match self.unit.insts[pc] {
            // Slots were read at the unit's entry.
            Inst::Nop | Inst::Slot { .. } => return None,
            Inst::Const { kind: Kind::P, bits: 0 } => m.thread(),
            Inst::Const { bits, .. } => bits,
            Inst::Param { index, .. } => self.params[index as usize],
            Inst::Prim { prim, a, b } => {
                let b = if b.is_some() { self.value(b) } else { 0 };
                exec_prim(prim, self.value(a), b)
            }
            Inst::Get { obj, field, index: i } => m.get(self.value(obj), field, index(self, i)),
            Inst::Set { obj, field, index: i, value } => {
                m.set(self.value(obj), field, index(self, i), self.value(value));
                return None;
            }
            Inst::New { tid, bytes } => match m.allocate(tid, bytes) {
                0 => return Some(Stop::NoMemory(self.passed)),
                w => w,
            },
            Inst::Call { call } => {
                let call = &self.unit.calls[call as usize];
                let args = self.take(&call.args);
                m.call(call, &args)
            }
            Inst::Guard { cond, expect, exit } => {
                let fails = (self.value(cond) != 0) != expect || m.fails(exit);
                return fails.then_some(Stop::Exit(exit));
            }
            Inst::GuardValue { value, bits, exit } => {
                let fails = self.value(value) != bits || m.fails(exit);
                return fails.then_some(Stop::Exit(exit));
            }
            Inst::Sync { exit } => return self.write(m, exit).err(),
            Inst::Poll { exit } => return m.poll().then_some(Stop::Exit(exit)),
        };
        self.values[pc] = made;
        None
    }

    /// Makes memory what the exit says. Sunk objects are made in the places of their Nops.
    pub fn write(&mut self, m: &mut impl Machine, exit: ExitId) -> Result<(), Stop> {
        let unit = self.unit;
        let e = &unit.exits[exit as usize];
        for s in &e.sunk {
            self.values[s.id.index()] = match m.allocate(s.tid, s.bytes) {
                0 => return Err(Stop::NoMemory(Some(exit))),
                w => w,
            };
        }
        for s in &e.sunk {
            for (field, index, r) in &s.fields {
                let value = self.stored(m, *r, crate::field_kind(*field));
                m.set(self.value(s.id), *field, *index, value);
            }
        }
        m.set_frames(e, &mut |r| self.values[r.index()]);
        for (slot, r) in &e.slots {
            let word = self.stored(m, *r, Kind::W);
            m.set_slot(*slot, word);
        }
        Ok(())
    }

    /// A value as a place of that kind takes it.
    fn stored(&self, m: &mut impl Machine, r: Ref, to: Kind) -> u64 {
        let bits = self.value(r);
        match self.unit.kind(r) {
            _ if to != Kind::W => bits,
            Some(Kind::I) => taipan_abi::word::W::int(bits as i64).0,
            Some(k @ (Kind::F | Kind::B)) => m.boxed(k, bits),
            _ => bits,
        }
    }
}
