//! Checks that a unit keeps the rules of this crate. Recorder and optimizer run it in tests and in debug builds; a backend may rely on them.

use crate::{BYTECODE, End, Exit, ExitId, Field, Inst, Kind, Ref, Unit, field_kind, prim_signature};
use taipan_abi::mode::{effects, fd};

/// Err names the first rule that is broken, and where.
pub fn verify(unit: &Unit) -> Result<(), String> {
    let n = unit.insts.len();
    let body = unit.body as usize;
    if body > n {
        return Err("the body begins after the end".into());
    }
    let mut v = Verifier { unit, dirt: Dirt::default(), synced: false };
    for (i, inst) in unit.insts.iter().enumerate() {
        if i == body && body != 0 {
            v.args(&unit.enter, i, &v.params_of_body()).map_err(|e| format!("body: {e}"))?;
            // The bytecodes of the preamble have begun in another iteration.
            v.dirt = Dirt::default();
            v.synced = false;
        }
        v.inst(i, inst).map_err(|e| format!("v{i}: {e}"))?;
    }
    v.end().map_err(|e| format!("the end: {e}"))
}

struct Verifier<'a> {
    unit: &'a Unit,
    dirt: Dirt,
    /// Was there a Sync in this part?
    synced: bool,
}

/// Rule 2: what a bytecode's first exit said, where, and whether there was an effect since.
#[derive(Default)]
struct Dirt {
    begin: Option<(ExitId, usize)>,
    effect: bool,
}

impl Verifier<'_> {
    fn params_of_body(&self) -> Vec<Kind> {
        let body = &self.unit.insts[self.unit.body as usize..];
        body.iter().filter_map(|i| if let Inst::Param { kind, .. } = i { Some(*kind) } else { None }).collect()
    }

    /// A use at instruction `at`.
    fn defined(&self, r: Ref, at: usize) -> Result<Kind, String> {
        if r.index() >= at {
            return Err(format!("uses v{}, which is not made before", r.0));
        }
        let body = self.unit.body as usize;
        if at >= body && r.index() < body && !matches!(self.unit.inst(r), Inst::Const { .. }) {
            return Err(format!("the body uses v{} of the preamble", r.0));
        }
        self.unit.kind(r).ok_or_else(|| format!("uses v{}, which is no value", r.0))
    }
    fn of_kind(&self, r: Ref, at: usize, kind: Kind) -> Result<(), String> {
        let k = self.defined(r, at)?;
        if k == kind { Ok(()) } else { Err(format!("v{} is of kind {k:?}, not {kind:?}", r.0)) }
    }
    fn place(&self, obj: Ref, field: Field, index: Ref, at: usize) -> Result<(), String> {
        if !matches!(self.defined(obj, at)?, Kind::W | Kind::P) {
            return Err(format!("v{} has no fields", obj.0));
        }
        match (field.0.flags & fd::ARRAY != 0, index.is_some()) {
            (true, true) => self.of_kind(index, at, Kind::I),
            (false, false) => Ok(()),
            (true, false) => Err("an item without an index".into()),
            (false, true) => Err("an index, but the field is no array".into()),
        }
    }
    fn args(&self, args: &[Ref], at: usize, kinds: &[Kind]) -> Result<(), String> {
        if args.len() != kinds.len() {
            return Err(format!("{} arguments for {} Params", args.len(), kinds.len()));
        }
        // The first values come from the preamble: `at` is the body's beginning then, still outside of it.
        let outside = at == self.unit.body as usize;
        for (r, k) in args.iter().zip(kinds) {
            if outside {
                if r.index() >= at || self.unit.kind(*r) != Some(*k) {
                    return Err(format!("v{} does not fit its Param", r.0));
                }
            } else {
                self.of_kind(*r, at, *k)?
            }
        }
        Ok(())
    }

    fn exit(&mut self, id: ExitId, at: usize) -> Result<(), String> {
        let e = self.unit.exits.get(id as usize).ok_or_else(|| format!("there is no exit {id}"))?;
        self.exit_values(e, at).map_err(|m| format!("exit {id}: {m}"))?;
        if e.resume != BYTECODE {
            self.dirt = Dirt::default();
            return Ok(());
        }
        let same = |(x, _): &(ExitId, usize)| {
            let begun = &self.unit.exits[*x as usize];
            begun.slots == e.slots && begun.frames == e.frames
        };
        if self.dirt.begin.as_ref().is_some_and(same) {
            if self.dirt.effect {
                return Err(format!("exit {id} executes its bytecode again, after an effect of it"));
            }
        } else {
            self.dirt = Dirt { begin: Some((id, at)), effect: false };
        }
        Ok(())
    }

    fn exit_values(&self, e: &Exit, at: usize) -> Result<(), String> {
        let is_sunk = |r: Ref| e.sunk.iter().any(|s| s.id == r);
        let value = |r: Ref| if is_sunk(r) { Ok(Kind::W) } else { self.defined(r, at) };
        for (i, s) in e.sunk.iter().enumerate() {
            if s.id.index() >= at || !matches!(self.unit.inst(s.id), Inst::Nop) {
                return Err(format!("the sunk v{} is no Nop before it", s.id.0));
            }
            if s.id.index() < self.unit.body as usize && at >= self.unit.body as usize {
                return Err(format!("the sunk v{} is of the preamble", s.id.0));
            }
            if e.sunk[..i].iter().any(|x| x.id == s.id) {
                return Err(format!("v{} is sunk twice", s.id.0));
            }
            for (f, _, r) in &s.fields {
                let (k, to) = (value(*r)?, field_kind(*f));
                if k != to && (to != Kind::W || k == Kind::P) {
                    return Err(format!("v{} of kind {k:?} in a field of kind {to:?}", r.0));
                }
            }
        }
        let mut seen: Vec<i32> = Vec::with_capacity(e.slots.len());
        for (slot, r) in &e.slots {
            if value(*r)? == Kind::P {
                return Err(format!("an address in slot {slot}"));
            }
            if seen.contains(slot) {
                return Err(format!("slot {slot} twice"));
            }
            seen.push(*slot);
        }
        for f in e.frames.iter().filter(|f| f.handled.is_some()) {
            if value(f.handled)? != Kind::W {
                return Err("an exception that is no word".into());
            }
        }
        Ok(())
    }

    fn effect(&mut self) {
        self.dirt.effect = true
    }

    fn inst(&mut self, at: usize, inst: &Inst) -> Result<(), String> {
        match *inst {
            Inst::Nop | Inst::Const { .. } => Ok(()),
            Inst::Slot { .. } if self.unit.body != 0 && at >= self.unit.body as usize => {
                Err("a slot is read in the body".into())
            }
            Inst::Slot { .. } => Ok(()),
            Inst::Param { index, .. } => self.param(at, index),
            Inst::Prim { prim, a, b } => {
                let (kinds, _) = prim_signature(prim);
                self.of_kind(a, at, kinds[0])?;
                match kinds.get(1) {
                    Some(k) => self.of_kind(b, at, *k),
                    None if b.is_some() => Err("a second operand of a unary primitive".into()),
                    None => Ok(()),
                }
            }
            Inst::Get { obj, field, index } => self.place(obj, field, index, at),
            Inst::Set { obj, field, index, value } => {
                self.place(obj, field, index, at)?;
                self.of_kind(value, at, field_kind(field))?;
                // To fill an object made since the bytecode began is no effect: it is made anew.
                let fresh = matches!(self.unit.inst(obj), Inst::New { .. })
                    && self.dirt.begin.is_some_and(|(_, begin)| obj.index() > begin);
                if !fresh {
                    self.effect()
                }
                Ok(())
            }
            Inst::New { bytes, .. } if bytes < 8 || bytes % 8 != 0 => Err(format!("an object of {bytes} bytes")),
            Inst::New { .. } => Ok(()),
            Inst::Call { call } => {
                let c = self.unit.calls.get(call as usize).ok_or("there is no such call")?;
                for r in &c.args {
                    self.defined(*r, at)?;
                }
                if c.desc.effects & effects::RAISES != 0 && c.ret != Kind::W {
                    return Err("a call that can raise answers a word".into());
                }
                if c.desc.effects & effects::FORCES_FRAMES != 0 && !self.synced {
                    return Err("a call that may look at frames, without a Sync".into());
                }
                if c.desc.effects & !(effects::READS | effects::ALLOCATES) != 0 {
                    self.effect()
                }
                Ok(())
            }
            Inst::Guard { cond, exit, .. } => {
                self.of_kind(cond, at, Kind::B)?;
                self.exit(exit, at)
            }
            Inst::GuardValue { value, exit, .. } => {
                if self.defined(value, at)? == Kind::F {
                    return Err("a guard on a float's value".into());
                }
                self.exit(exit, at)
            }
            Inst::Sync { exit } => {
                self.synced = true;
                self.exit(exit, at)
            }
            Inst::Poll { exit } => self.exit(exit, at),
        }
    }

    /// Params stand together, at the unit's beginning or the body's, in order.
    fn param(&self, at: usize, index: u32) -> Result<(), String> {
        let body = self.unit.body as usize;
        let first = if body != 0 && at >= body { body } else { 0 };
        let before = &self.unit.insts[first..at];
        let n = before.iter().filter(|i| matches!(i, Inst::Param { .. })).count();
        if n != index as usize {
            return Err(format!("Param {index} stands at place {n}"));
        }
        let only = |i: &Inst| matches!(i, Inst::Param { .. } | Inst::Nop | Inst::Const { .. });
        if before.iter().all(only) { Ok(()) } else { Err("a Param after other instructions".into()) }
    }

    fn end(&mut self) -> Result<(), String> {
        let n = self.unit.insts.len();
        if self.unit.body != 0 && !matches!(self.unit.end, End::Loop { .. } | End::Leave { .. }) {
            return Err("a unit with a body ends in its loop".into());
        }
        match &self.unit.end {
            End::Loop { .. } if self.unit.body == 0 => Err("there is no body".into()),
            End::Loop { args } => self.args(args, n, &self.params_of_body()),
            End::Enter { args, .. } => args.iter().try_for_each(|r| self.defined(*r, n).map(|_| ())),
            End::Back { exit } | End::Jump { exit, .. } | End::Leave { exit } => {
                let e = self.unit.exits.get(*exit as usize).ok_or_else(|| format!("there is no exit {exit}"))?;
                self.exit_values(e, n)
            }
        }
    }
}
