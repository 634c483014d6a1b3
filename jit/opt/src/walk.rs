//! The forward walk: each instruction becomes one that is there already, or is emitted.

use crate::heap::Heap;
use crate::range::Fact;
use crate::{Bug, Options, fold};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use taipan_abi::mode::{effects, kind};
use taipan_jit_ir::{Call, End, Exit, ExitId, Inst, Kind, Ref, Unit};

/// Keys are a few small numbers from the program itself: multiplying mixes them well enough.
#[derive(Default)]
pub(crate) struct Mix(u64);
impl Hasher for Mix {
    fn finish(&self) -> u64 {
        // The table looks at the highest and the lowest bits.
        self.0 ^ self.0 >> 32
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(*b as u64))
    }
    fn write_u8(&mut self, x: u8) {
        self.write_u64(x as u64)
    }
    fn write_u16(&mut self, x: u16) {
        self.write_u64(x as u64)
    }
    fn write_u32(&mut self, x: u32) {
        self.write_u64(x as u64)
    }
    fn write_i32(&mut self, x: i32) {
        self.write_u64(x as u64)
    }
    fn write_isize(&mut self, x: isize) {
        self.write_u64(x as u64)
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = (self.0.rotate_left(5) ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

/// What is walked.
pub(crate) struct Source<'a> {
    pub insts: &'a [Inst],
    pub calls: &'a [Call],
    pub exits: &'a [Exit],
}

/// What an exit's value is known to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    pub(crate) fact: Fact,
    /// The type row of the object.
    pub(crate) row: Option<u32>,
}

/// The unit so far and what is known of it. Vectors are by `Ref` of `out`.
pub(crate) struct Walk<'o> {
    pub o: &'o Options,
    pub out: Unit,
    pub facts: Vec<Fact>,
    /// The constant that a value turned out to be, or NONE.
    pub known: Vec<Ref>,
    /// Objects made here that others may know of. Meaningful for `New` only.
    pub escaped: Vec<bool>,
    pub heap: Heap,
    constants: Map<(Kind, u64), Ref>,
    /// Pure primitives, by operands; a condition that a guard implies maps to a constant.
    pub same: Map<(u16, Ref, Ref), Ref>,
    pure_calls: Vec<(Call, Ref)>,
    slots: Map<i32, Ref>,
    /// Walking a preamble again: the words of the slots that the iteration before (or the bridge) has written; they are not in memory.
    pub written: Vec<(i32, Ref)>,
    /// Values before this one belong to the iteration before: sums are not rewritten in terms of their operands, which would have to be
    /// carried along.
    pub barrier: Ref,
    /// What is known of each exit's values, for bridges.
    pub notes: Vec<Vec<(Ref, Known)>>,
    /// What is known of the Params: the walked unit is a bridge.
    pub given: Vec<Known>,
    /// A Sync writes slots to memory: then an exit's slot that has its first word again must be written too.
    pub syncs: bool,
}

impl<'o> Walk<'o> {
    pub fn new(unit: &Unit, o: &'o Options) -> Walk<'o> {
        let n = unit.insts.len() * 2;
        Walk {
            o,
            out: Unit {
                insts: Vec::with_capacity(n),
                calls: Vec::new(),
                exits: Vec::with_capacity(unit.exits.len() * 2),
                body: 0,
                enter: Vec::new(),
                end: End::Leave { exit: 0 },
            },
            facts: Vec::with_capacity(n),
            known: Vec::with_capacity(n),
            escaped: Vec::with_capacity(n),
            heap: Heap::default(),
            constants: Map::default(),
            same: Map::with_capacity_and_hasher(n, Default::default()),
            pure_calls: Vec::new(),
            slots: Map::default(),
            written: Vec::new(),
            barrier: Ref(0),
            notes: Vec::with_capacity(unit.exits.len() * 2),
            given: Vec::new(),
            syncs: unit.insts.iter().any(|i| matches!(i, Inst::Sync { .. })),
        }
    }

    /// The constant a value is known to be, or itself.
    pub fn canon(&self, r: Ref) -> Ref {
        if !r.is_some() {
            return r;
        }
        let k = self.known[r.index()];
        if k.is_some() { k } else { r }
    }
    /// A constant's bits.
    pub fn bits(&self, r: Ref) -> Option<u64> {
        if let Inst::Const { bits, .. } = *self.out.inst(self.canon(r)) { Some(bits) } else { None }
    }

    pub fn emit(&mut self, inst: Inst, fact: Fact) -> Ref {
        let r = Ref(self.out.insts.len() as u32);
        self.out.insts.push(inst);
        self.facts.push(fact);
        self.known.push(Ref::NONE);
        self.escaped.push(false);
        r
    }
    pub fn constant(&mut self, kind: Kind, bits: u64) -> Ref {
        if let Some(r) = self.constants.get(&(kind, bits)) {
            return *r;
        }
        let fact = if kind == Kind::F { Fact::TOP } else { Fact::single(bits as i64) };
        let r = self.emit(Inst::Const { kind, bits }, fact);
        self.constants.insert((kind, bits), r);
        r
    }
    pub fn boolean(&mut self, b: bool) -> Ref {
        self.constant(Kind::B, b as u64)
    }

    /// Err: a guard fails for sure; the exit is that of the unit, made already.
    pub fn walk(&mut self, source: &Source, map: &mut [Ref]) -> Result<(), ExitId> {
        for (i, inst) in source.insts.iter().enumerate() {
            map[i] = self.step(source, *inst, map)?;
        }
        Ok(())
    }

    fn step(&mut self, source: &Source, inst: Inst, map: &[Ref]) -> Result<Ref, ExitId> {
        let of = |w: &Self, r: Ref| if r.is_some() { w.canon(map[r.index()]) } else { r };
        Ok(match inst {
            // The place of a sunk object.
            Inst::Nop => self.emit(Inst::Nop, Fact::TOP),
            Inst::Const { kind, bits } => self.constant(kind, bits),
            Inst::Slot { slot } => self.slot(slot),
            Inst::Param { index, kind } => self.param(index, kind),
            Inst::Prim { prim, a, b } => fold::prim(self, prim, of(self, a), of(self, b)),
            Inst::Get { obj, field, index } => self.get(of(self, obj), field, of(self, index)),
            Inst::Set { obj, field, index, value } => {
                self.set(of(self, obj), field, of(self, index), of(self, value));
                Ref::NONE
            }
            Inst::New { .. } => self.new_object(inst),
            Inst::Call { call } => {
                let c = &source.calls[call as usize];
                let args = c.args.iter().map(|r| of(self, *r)).collect();
                self.call(Call { args, ..c.clone() })
            }
            Inst::Guard { cond, expect, exit } => {
                self.guard(of(self, cond), expect, |w| w.exit(&source.exits[exit as usize], map))?;
                Ref::NONE
            }
            Inst::GuardValue { value, bits, exit } => {
                self.guard_value(of(self, value), bits, |w| w.exit(&source.exits[exit as usize], map))?;
                Ref::NONE
            }
            Inst::Sync { exit } => {
                let exit = self.exit(&source.exits[exit as usize], map);
                self.sync_to(exit);
                Ref::NONE
            }
            Inst::Poll { exit } => {
                let exit = self.exit(&source.exits[exit as usize], map);
                self.emit(Inst::Poll { exit }, Fact::TOP);
                Ref::NONE
            }
        })
    }

    /// The unit's end, if it is none that the caller treats on its own.
    pub fn end(&mut self, unit: &Unit, map: &[Ref]) -> End {
        let args = |w: &Self, args: &[Ref]| args.iter().map(|r| w.canon(map[r.index()])).collect();
        match &unit.end {
            End::Back { exit } => End::Back { exit: self.exit(&unit.exits[*exit as usize], map) },
            End::Jump { target, exit } => {
                End::Jump { target: *target, exit: self.exit(&unit.exits[*exit as usize], map) }
            }
            End::Leave { exit } => End::Leave { exit: self.exit(&unit.exits[*exit as usize], map) },
            End::Loop { args: a } => End::Loop { args: args(self, a) },
            End::Enter { target, args: a } => End::Enter { target: *target, args: args(self, a) },
        }
    }

    /// The word of a slot: of this iteration's beginning.
    pub fn slot(&mut self, slot: i32) -> Ref {
        if let Some((_, r)) = self.written.iter().find(|w| w.0 == slot) {
            return self.canon(*r);
        }
        if let Some(r) = self.slots.get(&slot) {
            return self.canon(*r);
        }
        let r = self.emit(Inst::Slot { slot }, Fact::TOP);
        self.slots.insert(slot, r);
        r
    }

    /// A copy of an exit, in the values of `out`.
    pub fn exit(&mut self, e: &Exit, map: &[Ref]) -> ExitId {
        let mut e = e.clone();
        e.values_mut(|r| *r = map[r.index()]);
        e.sunk.iter_mut().for_each(|s| s.id = map[s.id.index()]);
        let sp = e.frames.last().map_or(i32::MAX, |f| f.sp);
        if !self.o.bug(Bug::NoUnion) {
            for (slot, r) in &self.written {
                if *slot < sp && !e.slots.iter().any(|s| s.0 == *slot) {
                    e.slots.push((*slot, *r))
                }
            }
        }
        let (syncs, out, written) = (self.syncs, &self.out, &self.written);
        // In memory already. In a body, only if no iteration changes it.
        let there =
            |slot: i32, r: Ref| *out.inst(r) == Inst::Slot { slot } && written.iter().all(|w| w.0 != slot || w.1 == r);
        e.slots.retain(|(slot, r)| syncs || !there(*slot, *r));
        // The topmost is the last (`Exit::after_sync`).
        e.slots.sort_unstable_by_key(|s| s.0);
        e.values_mut(|r| *r = self.canon(*r));
        if self.o.bug(Bug::WrongExitConstant)
            && let Some((_, r)) = e.slots.iter_mut().find(|s| self.bits(s.1).is_some_and(|b| b & 1 != 0))
        {
            let bits = self.bits(*r).unwrap_or(0);
            *r = self.constant(Kind::W, bits.wrapping_add(2));
        }
        self.note(&e);
        self.out.exits.push(e);
        self.out.exits.len() as u32 - 1
    }

    /// What a bridge from that exit may rely on.
    fn note(&mut self, e: &Exit) {
        let mut notes: Vec<(Ref, Known)> = Vec::new();
        e.values(|r| {
            let counts = matches!(self.out.kind(r), Some(Kind::W | Kind::I)) && self.bits(r).is_none();
            if counts && !self.is_private(r) {
                let k = Known { fact: self.fact(r), row: self.row(r) };
                if (k.fact != Fact::TOP || k.row.is_some()) && !notes.iter().any(|n| n.0 == r) {
                    notes.push((r, k))
                }
            }
        });
        self.notes.push(notes)
    }
    fn param(&mut self, index: u32, kind: Kind) -> Ref {
        let known = self.given.get(index as usize).cloned();
        let r = self.emit(Inst::Param { index, kind }, first_fact(kind));
        if self.o.bug(Bug::BridgeKnowsTooMuch) && kind == Kind::W {
            self.learn(r, Fact::bits(0, 1).unwrap_or(Fact::TOP), 0);
        }
        if let Some(k) = known {
            self.learn(r, k.fact, 0);
            if let Some(tid) = k.row {
                self.has_row(r, tid)
            }
        }
        r
    }

    /// Writes a state to memory.
    pub fn sync(&mut self, e: Exit) {
        self.note(&e);
        self.out.exits.push(e);
        self.sync_to(self.out.exits.len() as u32 - 1)
    }
    fn sync_to(&mut self, exit: ExitId) {
        let mut seen = Vec::new();
        self.out.exits[exit as usize].values(|r| seen.push(r));
        seen.into_iter().for_each(|r| self.escape(r));
        self.emit(Inst::Sync { exit }, Fact::TOP);
    }

    fn call(&mut self, call: Call) -> Ref {
        let pure = call.desc.effects & !effects::ALLOCATES == effects::NONE && call.ret != Kind::W;
        if pure
            && self.o.cse
            && let Some((_, r)) = self.pure_calls.iter().find(|c| c.0 == call)
        {
            return self.canon(*r);
        }
        for r in &call.args {
            self.escape(*r)
        }
        self.clobber_by_call(call.desc);
        let number = self.out.calls.len() as u32;
        let fact = first_fact(call.ret);
        self.out.calls.push(call.clone());
        let r = self.emit(Inst::Call { call: number }, fact);
        if pure {
            self.pure_calls.push((call, r))
        }
        r
    }
}

/// What is known of any value of a kind.
pub(crate) fn first_fact(kind: Kind) -> Fact {
    if kind == Kind::B { Fact::range(0, 1).unwrap_or(Fact::TOP) } else { Fact::TOP }
}
/// What is known of any value of a field.
pub(crate) fn field_fact(k: u8) -> Fact {
    let hi = match k {
        kind::U32 => u32::MAX as i128,
        kind::U8 => u8::MAX as i128,
        _ => return Fact::TOP,
    };
    Fact::range(0, hi).unwrap_or(Fact::TOP)
}
