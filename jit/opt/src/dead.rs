//! What nobody needs goes, and the rest is numbered anew.

use taipan_abi::mode::effects;
use taipan_jit_ir::{Call, End, ExitId, Inst, Ref, Unit};

/// May a call be left out if its result is not used?
pub(crate) fn call_is_pure(c: &Call) -> bool {
    c.desc.effects & !(effects::READS | effects::ALLOCATES) == 0
}

/// Is the instruction needed for what it does, not for its value? A store into an object made here is needed if the object is.
pub(crate) fn is_root(unit: &Unit, inst: &Inst) -> bool {
    match *inst {
        Inst::Set { obj, .. } => !matches!(unit.inst(obj), Inst::New { .. }),
        Inst::Call { call } => !call_is_pure(&unit.calls[call as usize]),
        Inst::Guard { .. } | Inst::GuardValue { .. } | Inst::Sync { .. } | Inst::Poll { .. } => true,
        // Entered with all of them.
        Inst::Param { .. } => true,
        _ => false,
    }
}

/// Stores into objects made in the unit, by object: they live if it does.
pub(crate) struct Stores {
    first: Vec<u32>,
    next: Vec<u32>,
}
impl Stores {
    pub fn of(unit: &Unit) -> Stores {
        let n = unit.insts.len();
        let mut s = Stores { first: vec![u32::MAX; n], next: vec![u32::MAX; n] };
        for (i, inst) in unit.insts.iter().enumerate() {
            if let Inst::Set { obj, .. } = inst
                && matches!(unit.inst(*obj), Inst::New { .. })
            {
                s.next[i] = s.first[obj.index()];
                s.first[obj.index()] = i as u32;
            }
        }
        s
    }
    pub fn of_object(&self, obj: Ref) -> impl Iterator<Item = Ref> {
        let mut at = self.first[obj.index()];
        std::iter::from_fn(move || {
            let r = Ref(at);
            at = *self.next.get(at as usize)?;
            Some(r)
        })
    }
}

/// A copy without what is not needed; new values by old ones, old exits by new ones.
pub(crate) fn remove(unit: &Unit) -> (Unit, Vec<Ref>, Vec<ExitId>) {
    let n = unit.insts.len();
    let mut live = vec![false; n];
    let mut work: Vec<Ref> = Vec::new();
    let stores = Stores::of(unit);
    let exit = |work: &mut Vec<Ref>, e: u32| {
        unit.exits[e as usize].values(|r| work.push(r));
        unit.exits[e as usize].sunk.iter().for_each(|s| work.push(s.id));
    };
    for (i, inst) in unit.insts.iter().enumerate() {
        if is_root(unit, inst) {
            work.push(Ref(i as u32));
            if let Some(e) = inst.exit() {
                exit(&mut work, e)
            }
        }
    }
    match &unit.end {
        End::Back { exit: e } | End::Jump { exit: e, .. } | End::Leave { exit: e } => exit(&mut work, *e),
        End::Loop { args } | End::Enter { args, .. } => work.extend(args),
    }
    work.extend(&unit.enter);
    while let Some(r) = work.pop() {
        if std::mem::replace(&mut live[r.index()], true) {
            continue;
        }
        let inst = unit.inst(r);
        unit.operands(inst, |x| work.push(x));
        if let Inst::New { .. } = inst {
            work.extend(stores.of_object(r))
        }
    }
    renumber(unit, &live)
}

fn renumber(unit: &Unit, live: &[bool]) -> (Unit, Vec<Ref>, Vec<ExitId>) {
    let mut olds: Vec<ExitId> = Vec::with_capacity(unit.exits.len());
    let mut out = Unit {
        insts: Vec::with_capacity(unit.insts.len()),
        calls: Vec::new(),
        exits: Vec::new(),
        body: 0,
        enter: Vec::new(),
        end: unit.end.clone(),
    };
    let mut map = vec![Ref::NONE; unit.insts.len()];
    let of = |map: &[Ref], r: Ref| if r.is_some() { map[r.index()] } else { r };
    let mut exit = |out: &mut Unit, map: &[Ref], e: u32| {
        olds.push(e);
        let mut e = unit.exits[e as usize].clone();
        e.values_mut(|r| *r = map[r.index()]);
        e.sunk.iter_mut().for_each(|s| s.id = map[s.id.index()]);
        out.exits.push(e);
        out.exits.len() as u32 - 1
    };
    for (i, inst) in unit.insts.iter().enumerate() {
        if unit.body != 0 && i == unit.body as usize {
            out.body = out.insts.len() as u32;
        }
        if !live[i] {
            continue;
        }
        let m = |r: Ref| of(&map, r);
        let new = match *inst {
            Inst::Prim { prim, a, b } => Inst::Prim { prim, a: m(a), b: m(b) },
            Inst::Get { obj, field, index } => Inst::Get { obj: m(obj), field, index: m(index) },
            Inst::Set { obj, field, index, value } => {
                Inst::Set { obj: m(obj), field, index: m(index), value: m(value) }
            }
            Inst::Call { call } => {
                let c = &unit.calls[call as usize];
                out.calls.push(Call { args: c.args.iter().map(|r| m(*r)).collect(), ..c.clone() });
                Inst::Call { call: out.calls.len() as u32 - 1 }
            }
            Inst::Guard { cond, expect, exit: e } => {
                Inst::Guard { cond: m(cond), expect, exit: exit(&mut out, &map, e) }
            }
            Inst::GuardValue { value, bits, exit: e } => {
                Inst::GuardValue { value: m(value), bits, exit: exit(&mut out, &map, e) }
            }
            Inst::Sync { exit: e } => Inst::Sync { exit: exit(&mut out, &map, e) },
            Inst::Poll { exit: e } => Inst::Poll { exit: exit(&mut out, &map, e) },
            Inst::Nop | Inst::Const { .. } | Inst::Slot { .. } | Inst::Param { .. } | Inst::New { .. } => *inst,
        };
        map[i] = Ref(out.insts.len() as u32);
        out.insts.push(new);
    }
    match &mut out.end {
        End::Back { .. } | End::Jump { .. } | End::Leave { .. } => {}
        End::Loop { args } | End::Enter { args, .. } => args.iter_mut().for_each(|r| *r = map[r.index()]),
    }
    if let End::Back { exit: e } | End::Jump { exit: e, .. } | End::Leave { exit: e } = unit.end {
        let new = exit(&mut out, &map, e);
        if let End::Back { exit } | End::Jump { exit, .. } | End::Leave { exit } = &mut out.end {
            *exit = new
        }
    }
    out.enter = unit.enter.iter().map(|r| map[r.index()]).collect();
    (out, map, olds)
}
