//! How a bridge begins: the state of an exit as instructions.

use crate::{Exit, ExitId, Inst, Kind, Ref, Unit, field_kind};
use taipan_abi::mode::{FieldDesc, Prim, alias, fd, kind};
use taipan_abi::types::Str;
use taipan_abi::word::TID_FLOAT;

/// The first instructions of a bridge: its Params (`Unit::live` of the exit, in order), then what makes words of them and anew the objects
/// that were sunk into the exit. A recorder does not execute them: it has written the exit's state to
/// memory, where the words of `slots` are.
#[derive(Default, Debug)]
pub struct Start {
    pub insts: Vec<Inst>,
    /// The exit's slots: in memory there is something else.
    pub slots: Vec<(i32, Ref)>,
    /// `FrameState::handled`, a frame each.
    pub handled: Vec<Ref>,
}

static FLOAT: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };

/// The beginning of a bridge from that exit.
pub fn start(unit: &Unit, exit: ExitId) -> Start {
    let e = &unit.exits[exit as usize];
    let mut s = Start::default();
    // What stands in the bridge for a value of the unit.
    let mut known: Vec<(Ref, Ref)> = Vec::new();
    for (i, r) in unit.live(exit).into_iter().enumerate() {
        let kind = unit.kind(r).unwrap_or(Kind::W);
        let param = s.push(Inst::Param { index: i as u32, kind });
        known.push((r, param));
    }
    for x in &e.sunk {
        let new = s.push(Inst::New { tid: x.tid, bytes: x.bytes });
        known.push((x.id, new));
    }
    for x in &e.sunk {
        let obj = find(&known, x.id);
        for (field, index, r) in &x.fields {
            let value = s.value(unit, &mut known, *r, field_kind(*field));
            let index = if field.0.flags & fd::ARRAY != 0 {
                s.push(Inst::Const { kind: Kind::I, bits: *index as u64 })
            } else {
                Ref::NONE
            };
            s.push(Inst::Set { obj, field: *field, index, value });
        }
    }
    let Exit { slots, frames, .. } = e;
    for (slot, r) in slots {
        let word = s.value(unit, &mut known, *r, Kind::W);
        s.slots.push((*slot, word));
    }
    for f in frames {
        let r = if f.handled.is_some() { s.value(unit, &mut known, f.handled, Kind::W) } else { Ref::NONE };
        s.handled.push(r);
    }
    s
}

fn find(known: &[(Ref, Ref)], r: Ref) -> Ref {
    known.iter().find(|k| k.0 == r).map_or(Ref::NONE, |k| k.1)
}

impl Start {
    fn push(&mut self, inst: Inst) -> Ref {
        self.insts.push(inst);
        Ref(self.insts.len() as u32 - 1)
    }

    fn value(&mut self, unit: &Unit, known: &mut Vec<(Ref, Ref)>, r: Ref, to: Kind) -> Ref {
        if let Inst::Const { kind, bits } = *unit.inst(r)
            && !find(known, r).is_some()
        {
            let c = self.push(Inst::Const { kind, bits });
            known.push((r, c));
        }
        let v = find(known, r);
        if to != Kind::W {
            return v;
        }
        match unit.kind(r) {
            Some(Kind::I) => self.push(Inst::Prim { prim: Prim::Tag, a: v, b: Ref::NONE }),
            Some(Kind::B) => self.push(Inst::Prim { prim: Prim::WBool, a: v, b: Ref::NONE }),
            Some(Kind::F) => {
                let obj = self.push(Inst::New { tid: TID_FLOAT, bytes: 16 });
                let field = crate::Field(&FLOAT);
                self.push(Inst::Set { obj, field, index: Ref::NONE, value: v });
                obj
            }
            _ => v,
        }
    }
}
