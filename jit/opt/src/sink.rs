//! What only exits need is made in the exits.
//!
//! An object made in the unit that nobody but exits (and other such objects) ever sees becomes an entry of these exits, with the fields
//! it has there. Tags, truth values and float boxes in exits become what they are made of.

use crate::{Bug, Options};
use taipan_abi::mode::{Prim, TID_FIELD, alias};
use taipan_abi::word::TID_FLOAT;
use taipan_jit_ir::{End, Exit, Field, Inst, Kind, Ref, Sunk, Unit, field_kind};

pub(crate) fn sink(unit: &mut Unit, o: &Options) {
    let sunk = sinkable(unit);
    if sunk.iter().any(|s| *s) {
        rewrite(unit, &sunk, o)
    }
    let used = used(unit);
    for e in &mut unit.exits {
        plain(&unit.insts, e, &|r| used[r.index()]);
    }
}

/// Values that instructions or the end use.
fn used(unit: &Unit) -> Vec<bool> {
    let mut used = vec![false; unit.insts.len()];
    for inst in &unit.insts {
        unit.operands(inst, |r| used[r.index()] = true);
    }
    if let End::Loop { args } | End::Enter { args, .. } = &unit.end {
        args.iter().chain(&unit.enter).for_each(|r| used[r.index()] = true)
    }
    used
}

/// Puts the operands of tags and truth values that nothing else needs in their place in an exit.
pub(crate) fn plain(insts: &[Inst], e: &mut Exit, used: &dyn Fn(Ref) -> bool) {
    let of = |r: &mut Ref| {
        if let Inst::Prim { prim: Prim::Tag | Prim::WBool, a, .. } = insts[r.index()]
            && !used(*r)
        {
            *r = a
        }
    };
    e.slots.iter_mut().for_each(|(_, r)| of(r));
    for (field, _, r) in e.sunk.iter_mut().flat_map(|s| &mut s.fields) {
        if field_kind(*field) == Kind::W {
            of(r)
        }
    }
}

fn is_new(unit: &Unit, r: Ref) -> bool {
    matches!(unit.inst(r), Inst::New { .. })
}

/// Objects that nothing but stores into them and exits mentions; by Ref.
fn sinkable(unit: &Unit) -> Vec<bool> {
    let mut yes: Vec<bool> = unit.insts.iter().map(|i| matches!(i, Inst::New { .. })).collect();
    // (object, value stored in it)
    let mut stored: Vec<(Ref, Ref)> = Vec::new();
    for inst in &unit.insts {
        match *inst {
            Inst::Set { obj, index, value, .. } => {
                if index.is_some() && !matches!(unit.inst(index), Inst::Const { .. }) {
                    yes[obj.index()] = false
                }
                if is_new(unit, value) {
                    stored.push((obj, value))
                }
            }
            Inst::Sync { exit } => unit.exits[exit as usize].values(|r| yes[r.index()] = false),
            _ => unit.operands(inst, |r| yes[r.index()] = false),
        }
    }
    if let End::Loop { args } | End::Enter { args, .. } = &unit.end {
        args.iter().chain(&unit.enter).for_each(|r| yes[r.index()] = false)
    }
    loop {
        let mut changed = false;
        for (obj, value) in &stored {
            if !yes[obj.index()] && yes[value.index()] {
                yes[value.index()] = false;
                changed = true;
            }
        }
        if !changed {
            return yes;
        }
    }
}

/// An object while the unit is walked.
#[derive(Clone, Default)]
struct Virtual {
    tid: u32,
    bytes: u32,
    fields: Vec<(Field, i64, Ref)>,
}

fn rewrite(unit: &mut Unit, sunk: &[bool], o: &Options) {
    let mut now: Vec<Virtual> = vec![Virtual::default(); unit.insts.len()];
    for i in 0..unit.insts.len() {
        match unit.insts[i] {
            Inst::New { tid, bytes } if sunk[i] => {
                now[i] = Virtual { tid, bytes, fields: Vec::new() };
                unit.insts[i] = Inst::Nop;
            }
            Inst::Set { obj, field, index, value } if sunk[obj.index()] => {
                let bits = |r: Ref| match *unit.inst(r) {
                    Inst::Const { bits, .. } => Some(bits),
                    _ => None,
                };
                let index = if index.is_some() { bits(index).unwrap_or(0) as i64 } else { 0 };
                let v = &mut now[obj.index()];
                if let (true, Some(tid)) = (field == Field(&TID_FIELD), bits(value)) {
                    v.tid = tid as u32;
                } else {
                    v.fields.retain(|f| !(f.0 == field && f.1 == index));
                    if bits(value) != Some(0) {
                        v.fields.push((field, index, value))
                    }
                }
                unit.insts[i] = Inst::Nop;
            }
            inst => {
                if let Some(e) = inst.exit() {
                    fill(unit, e as usize, sunk, &now, o)
                }
            }
        }
    }
    if let End::Back { exit } | End::Jump { exit, .. } | End::Leave { exit } = unit.end {
        fill(unit, exit as usize, sunk, &now, o)
    }
}

/// Adds the sunk objects that an exit reaches.
fn fill(unit: &mut Unit, exit: usize, sunk: &[bool], now: &[Virtual], o: &Options) {
    let mut e = std::mem::take(&mut unit.exits[exit]);
    let mut found: Vec<Ref> = Vec::new();
    // How often an object is mentioned: only a float that is mentioned once has no identity to keep.
    let mut times: Vec<u32> = Vec::new();
    let mut see = |r: Ref, found: &mut Vec<Ref>| {
        if sunk[r.index()] {
            match found.iter().position(|x| *x == r) {
                Some(i) => times[i] += 1,
                None => {
                    found.push(r);
                    times.push(1);
                }
            }
        }
    };
    e.values(|r| see(r, &mut found));
    let mut i = 0;
    while i < found.len() {
        now[found[i].index()].fields.iter().for_each(|f| see(f.2, &mut found));
        i += 1;
    }
    let float = |r: Ref| {
        let v = &now[r.index()];
        match v.fields[..] {
            [(f, _, value)] if v.tid == TID_FLOAT && v.bytes == 16 && f.0.alias == alias::FLOAT => Some(value),
            _ => None,
        }
    };
    let handled: Vec<Ref> = e.frames.iter().map(|f| f.handled).collect();
    let bare = |r: Ref| {
        let i = found.iter().position(|x| *x == r)?;
        if times[i] == 1 && !handled.contains(&r) { float(r) } else { None }
    };
    let place = |r: &mut Ref| {
        if let Some(f) = bare(*r) {
            *r = f
        }
    };
    e.slots.iter_mut().for_each(|(_, r)| place(r));
    e.sunk.iter_mut().flat_map(|s| &mut s.fields).for_each(|f| place(&mut f.2));
    for r in &found {
        if bare(*r).is_some() {
            continue;
        }
        let v = &now[r.index()];
        let mut s = Sunk { id: *r, tid: v.tid, bytes: v.bytes, fields: v.fields.clone() };
        s.fields.iter_mut().for_each(|f| place(&mut f.2));
        if o.bug(Bug::SunkFieldLost) {
            s.fields.pop();
        }
        e.sunk.push(s);
    }
    unit.exits[exit] = e;
}
