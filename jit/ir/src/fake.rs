//! A machine without an interpreter around it, for tests: objects are maps of fields, residual calls do what their descriptions allow and
//! depend on everything these let them see.
//!
//! What a run did is told in a form that does not depend on addresses or on objects nobody can reach: two units that behave alike have
//! equal logs and equal states at their exits.

use crate::interp::{Machine, Run, Stop};
use crate::{Call, Exit, ExitId, Field, Kind, Ref, Unit, field_kind};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use taipan_abi::mode::{FieldDesc, TID_FIELD, alias, effects, fd, kind};
use taipan_abi::types::Str;
use taipan_abi::word::{TID_FLOAT, W};

/// Value of a float object.
pub static FLOAT_FIELD: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };

/// An object: the words of its fields that are not zero, with the field's kind.
#[derive(Clone, Default, Debug)]
pub struct Object {
    pub tid: u32,
    cells: BTreeMap<(usize, i64), (Kind, u64)>,
}

/// See the module.
#[derive(Clone, Default)]
pub struct Fake {
    pub objects: Vec<Object>,
    pub slots: BTreeMap<i32, u64>,
    /// Objects that exist outside the unit: roots of the heap, and what calls play with.
    pub roots: Vec<u64>,
    /// Fields that calls may write (of kind W or I), if their description lets them write anything.
    pub writable: Vec<Field>,
    /// What calls saw that may do more than read.
    pub log: Vec<String>,
    /// Polls so far: iterations.
    pub polls: u32,
    /// The poll that leaves; 0 = none.
    pub leave_at: u32,
    /// Guards that pass before one fails for nothing.
    pub failing: Option<u32>,
    pub failed: bool,
    /// A unit read something that is no object: its own fault or the optimizer's.
    pub wild: Option<String>,
    /// The frames of the last exit or Sync that was written.
    pub frames: String,
    sp: i32,
}

const FIRST: u64 = 0x10000;

impl Fake {
    /// A new object's address.
    pub fn object(&mut self, tid: u32) -> u64 {
        self.objects.push(Object { tid, ..Object::default() });
        FIRST + 16 * (self.objects.len() as u64 - 1)
    }
    /// The object at an address.
    pub fn at(&mut self, w: u64) -> Option<&mut Object> {
        let i = w.checked_sub(FIRST)? / 16;
        if w.is_multiple_of(16) { self.objects.get_mut(i as usize) } else { None }
    }
    /// The field as `Field::alias` tells it, but the same in every run: no address.
    fn key(field: Field, index: i64) -> (usize, i64) {
        let own = || field.0.name.get().bytes().fold(1 << 32, |h: usize, b| h * 31 + b as usize);
        (if field.0.alias != 0 { field.0.alias as usize } else { own() }, index)
    }

    /// The reachable heap, and words as numbers of objects in it.
    fn describe(&self, words: &[u64]) -> String {
        let mut out = String::new();
        let mut found: Vec<u64> = Vec::new();
        let name = |w: u64, found: &mut Vec<u64>, out: &mut String| {
            use std::fmt::Write;
            let _ = if W(w).is_int() || w < FIRST || w >= FIRST + 16 * self.objects.len() as u64 {
                write!(out, " {:?}", W(w))
            } else {
                let n = found.iter().position(|x| *x == w).unwrap_or_else(|| {
                    found.push(w);
                    found.len() - 1
                });
                write!(out, " #{n}")
            };
        };
        words.iter().chain(&self.roots).for_each(|w| name(*w, &mut found, &mut out));
        let mut i = 0;
        while i < found.len() {
            let o = &self.objects[((found[i] - FIRST) / 16) as usize];
            out.push_str(&format!("; #{i} {}", o.tid));
            for ((alias, index), (kind, bits)) in o.cells.iter().filter(|c| c.1.1 != 0) {
                out.push_str(&format!(" {alias:x}[{index}]="));
                match kind {
                    Kind::W => name(*bits, &mut found, &mut out),
                    _ => out.push_str(&format!("{bits:x}")),
                }
            }
            i += 1;
        }
        out
    }

    /// What the interpreter would go on with.
    pub fn state(&self) -> String {
        let slots: Vec<(i32, u64)> = self.slots.iter().filter(|s| *s.0 < self.sp).map(|s| (*s.0, *s.1)).collect();
        let words: Vec<u64> = slots.iter().map(|s| s.1).collect();
        let numbers: Vec<i32> = slots.iter().map(|s| s.0).collect();
        format!("{} {numbers:?}{} after {} calls", self.frames, self.describe(&words), self.log.len())
    }

    /// Runs a unit to its end; the exit's state is then in this machine. Bodies and roots of `Jump` and `Enter` are not followed.
    pub fn run(&mut self, unit: &Unit, params: Vec<u64>, budget: u64) -> Stop {
        let mut values = vec![0; unit.insts.len()];
        let mut run = Run::new(unit, &mut values, params, budget);
        let stop = run.run(self, false);
        if let Stop::Exit(exit) = stop {
            let written = run.write(self, exit);
            debug_assert!(written.is_ok(), "this machine's memory does not run out");
        }
        stop
    }
}

/// Where an exit resumes: tests number the guards of a unit by their last frame's `ip`.
pub fn label(exit: &Exit) -> usize {
    exit.frames.last().map_or(0, |f| f.ip as usize)
}

impl Machine for Fake {
    fn slot(&mut self, slot: i32) -> u64 {
        self.slots.get(&slot).copied().unwrap_or(0)
    }
    fn get(&mut self, obj: u64, field: Field, index: i64) -> u64 {
        let Some(o) = self.at(obj) else {
            self.wild = Some(format!("read of {:?} in {obj:#x}", field.0));
            return 0;
        };
        if field == Field(&TID_FIELD) {
            return o.tid as u64;
        }
        o.cells.get(&Fake::key(field, index)).map_or(0, |c| c.1)
    }
    fn set(&mut self, obj: u64, field: Field, index: i64, value: u64) {
        match self.at(obj) {
            None => self.wild = Some(format!("write of {:?} in {obj:#x}", field.0)),
            Some(o) if field == Field(&TID_FIELD) => o.tid = value as u32,
            Some(o) => {
                let value = match field.0.kind {
                    kind::U32 => value as u32 as u64,
                    kind::U8 => value as u8 as u64,
                    _ => value,
                };
                o.cells.insert(Fake::key(field, index), (field_kind(field), value));
            }
        }
    }
    fn allocate(&mut self, tid: u32, _bytes: u32) -> u64 {
        self.object(tid)
    }

    fn call(&mut self, call: &Call, args: &[u64]) -> u64 {
        let e = call.desc.effects;
        let seen = if e & (effects::READS | effects::WRITES | effects::CALLS_BACK) != 0 {
            self.describe(args)
        } else {
            // Numbers, and which arguments are the same object.
            let first = |w: &u64| args.iter().position(|x| x == w).unwrap_or(0) as i64;
            format!("{:?}", args.iter().map(|w| if W(*w).is_int() { *w as i64 } else { first(w) }).collect::<Vec<_>>())
        };
        let mut h = DefaultHasher::new();
        (seen.as_str(), call.f as usize).hash(&mut h);
        let mut h = h.finish();
        let mut draw = |n: usize| {
            h = h.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (h >> 33) as usize % n.max(1)
        };
        // Calls that nobody can notice may be left out.
        if e & !(effects::READS | effects::ALLOCATES) != 0 {
            self.log.push(format!("{} {seen}", call.f as usize))
        }
        let objects: Vec<u64> = args.iter().chain(&self.roots).copied().filter(|w| W(*w).is_obj()).collect();
        let fields: Vec<Field> = if e & (effects::WRITES | effects::CALLS_BACK) != 0 {
            self.writable.clone()
        } else {
            call.desc.writes.get().iter().map(|f| Field(f)).collect()
        };
        if !fields.is_empty() && !objects.is_empty() {
            for _ in 0..2 {
                let (obj, field, i) = (objects[draw(objects.len())], fields[draw(fields.len())], draw(3) as i64);
                let value = match field_kind(field) {
                    Kind::W if draw(2) == 0 => objects[draw(objects.len())],
                    Kind::W => W::int(draw(50) as i64).0,
                    _ => draw(50) as u64,
                };
                if self.at(obj).is_some() {
                    self.set(obj, field, if field.0.flags & fd::ARRAY != 0 { i } else { 0 }, value)
                }
            }
        }
        match call.ret {
            Kind::B => draw(2) as u64,
            Kind::W if e & effects::RAISES != 0 && draw(6) == 0 => 0,
            Kind::W if !objects.is_empty() && e & effects::READS != 0 && draw(3) == 0 => objects[draw(objects.len())],
            Kind::W => W::int(draw(10) as i64).0,
            _ => draw(10) as u64,
        }
    }

    fn poll(&mut self) -> bool {
        self.polls += 1;
        self.polls == self.leave_at
    }
    fn set_slot(&mut self, slot: i32, word: u64) {
        self.slots.insert(slot, word);
    }
    fn set_frames(&mut self, exit: &Exit, value: &mut dyn FnMut(Ref) -> u64) {
        self.sp = exit.frames.last().map_or(i32::MAX, |f| f.sp);
        let frames: Vec<String> = exit
            .frames
            .iter()
            .map(|f| {
                let handled = if f.handled.is_some() { self.describe(&[value(f.handled)]) } else { String::new() };
                format!("{:?} {:?} {} {} {} {handled}", f.code, f.ip, f.base, f.sp, f.cont)
            })
            .collect();
        self.frames = format!("{} {frames:?}", exit.resume);
    }
    fn boxed(&mut self, kind: Kind, bits: u64) -> u64 {
        if kind == Kind::B {
            return W::bool(bits != 0).0;
        }
        let w = self.object(TID_FLOAT);
        self.set(w, Field(&FLOAT_FIELD), 0, bits);
        w
    }
    fn fails(&mut self, _: ExitId) -> bool {
        match &mut self.failing {
            Some(0) if !self.failed => {
                self.failed = true;
                true
            }
            Some(n) => {
                *n = n.saturating_sub(1);
                false
            }
            None => false,
        }
    }
}
