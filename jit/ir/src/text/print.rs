//! Units to text.

use super::{EFFECTS, FIELD_FLAGS, FIELD_KINDS, KINDS, Names, word};
use crate::{BYTECODE, End, Exit, Field, Inst, Kind, Ref, Unit};
use std::fmt::Write;
use taipan_abi::mode::PRIM_NAMES;
use taipan_abi::word::W;

/// The text of a unit, with the declarations it needs.
pub fn print(unit: &Unit, names: &mut Names) -> String {
    let mut body = String::new();
    let mut p = Printer { unit, names, out: &mut body, fields: Vec::new(), functions: Vec::new() };
    p.unit();
    let (fields, functions) = (p.fields, p.functions);
    declarations(&fields, &functions, names) + &body
}

struct Printer<'a> {
    unit: &'a Unit,
    names: &'a mut Names,
    out: &'a mut String,
    fields: Vec<Field>,
    functions: Vec<String>,
}

fn v(r: Ref) -> String {
    format!("v{}", r.0)
}
fn list(refs: &[Ref]) -> String {
    refs.iter().map(|r| v(*r)).collect::<Vec<_>>().join(", ")
}
fn kind(k: Kind) -> &'static str {
    KINDS[k as usize].1
}

/// A constant as the parser reads it.
pub(super) fn constant(k: Kind, bits: u64) -> String {
    let text = match k {
        Kind::I => (bits as i64).to_string(),
        Kind::F if f64::from_bits(bits).is_nan() => format!("{bits:#x}"),
        Kind::F => format!("{:?}", f64::from_bits(bits)),
        Kind::B => (bits != 0).to_string(),
        Kind::P => format!("{bits:#x}"),
        Kind::W => match W(bits) {
            W::NULL => "null".into(),
            W::NONE => "none".into(),
            W::TRUE => "true".into(),
            W::FALSE => "false".into(),
            w if w.is_int() => w.untag().to_string(),
            _ => format!("{bits:#x}"),
        },
    };
    format!("const {} {text}", kind(k))
}

impl Printer<'_> {
    fn field(&mut self, field: Field, index: Option<String>) -> String {
        if !self.fields.contains(&field) {
            self.fields.push(field)
        }
        let name = self.names.name_of(field);
        match index {
            Some(i) => format!("{name}[{i}]"),
            None => name,
        }
    }

    fn unit(&mut self) {
        for (i, inst) in self.unit.insts.iter().enumerate() {
            if self.unit.body != 0 && self.unit.body as usize == i {
                let _ = writeln!(self.out, "body {}", list(&self.unit.enter));
            }
            self.inst(Ref(i as u32), inst);
        }
        let end = match &self.unit.end {
            End::Back { exit } => format!("back exit {exit}"),
            End::Loop { args } => format!("loop {}", list(args)),
            End::Jump { target, exit } => format!("jump {target} exit {exit}"),
            End::Enter { target, args } => format!("enter {target} {}", list(args)),
            End::Leave { exit } => format!("leave exit {exit}"),
        };
        let _ = writeln!(self.out, "{}", end.trim_end());
        for (i, e) in self.unit.exits.iter().enumerate() {
            self.exit(i, e);
        }
    }

    fn inst(&mut self, r: Ref, inst: &Inst) {
        if let Some(k) = self.unit.kind(r) {
            let _ = write!(self.out, "{}:{} = ", v(r), kind(k));
        }
        let index = |i: Ref| i.is_some().then(|| v(i));
        let text = match *inst {
            Inst::Nop => format!("{} = nop", v(r)),
            Inst::Const { kind, bits } => constant(kind, bits),
            Inst::Slot { slot } => format!("slot {slot}"),
            Inst::Param { index, kind: k } => format!("param {index} {}", kind(k)),
            Inst::Prim { prim, a, b } => {
                let b = if b.is_some() { format!(", {}", v(b)) } else { String::new() };
                format!("{} {}{b}", PRIM_NAMES[prim as usize], v(a))
            }
            Inst::Get { obj, field, index: i } => format!("get {} {}", v(obj), self.field(field, index(i))),
            Inst::Set { obj, field, index: i, value } => {
                format!("set {} {} = {}", v(obj), self.field(field, index(i)), v(value))
            }
            Inst::New { tid, bytes } => format!("new {tid} {bytes}"),
            Inst::Call { call } => {
                let c = &self.unit.calls[call as usize];
                let name = self.names.function(c.desc, c.f);
                if !self.functions.contains(&name) {
                    self.functions.push(name.clone())
                }
                for f in c.desc.writes.get() {
                    self.field(Field(f), None);
                }
                format!("call {name}({}) {}", list(&c.args), kind(c.ret))
            }
            Inst::Guard { cond, expect, exit } => format!("guard {} {expect} exit {exit}", v(cond)),
            Inst::GuardValue { value, bits, exit } => {
                let k = self.unit.kind(value).unwrap_or(Kind::I);
                format!("guard_value {} = {} exit {exit}", v(value), constant(k, bits))
            }
            Inst::Sync { exit } => format!("sync exit {exit}"),
            Inst::Poll { exit } => format!("poll exit {exit}"),
        };
        let _ = writeln!(self.out, "{text}");
    }

    fn exit(&mut self, i: usize, e: &Exit) {
        let resume = if e.resume == BYTECODE { "bytecode".to_string() } else { e.resume.to_string() };
        let after = if e.after_sync { " after_sync" } else { "" };
        let _ = writeln!(self.out, "exit {i} {resume}{after}");
        for f in &e.frames {
            let _ = write!(
                self.out,
                "  frame code={:#x} ip={:#x} base={} sp={} cont={} flags={} globals={:#x}",
                f.code as usize, f.ip as usize, f.base, f.sp, f.cont, f.flags, f.w_globals
            );
            if f.handled.is_some() {
                let _ = write!(self.out, " handled={}", v(f.handled));
            }
            self.out.push('\n');
        }
        for (s, r) in &e.slots {
            let _ = writeln!(self.out, "  slot {s} = {}", v(*r));
        }
        for s in &e.sunk {
            let _ = write!(self.out, "  sunk {} {} {}", v(s.id), s.tid, s.bytes);
            for (f, index, r) in &s.fields {
                let array = f.0.flags & taipan_abi::mode::fd::ARRAY != 0;
                let name = self.field(*f, array.then(|| index.to_string()));
                let _ = write!(self.out, " {name}={}", v(*r));
            }
            self.out.push('\n');
        }
    }
}

fn declarations(fields: &[Field], functions: &[String], names: &mut Names) -> String {
    let mut out = String::new();
    for f in fields {
        let name = names.name_of(*f);
        let _ = write!(out, "field {name} {} off={}", FIELD_KINDS[f.0.kind as usize], f.0.off);
        for (bit, text) in FIELD_FLAGS {
            if f.0.flags & bit != 0 {
                let _ = write!(out, " {text}");
            }
        }
        out.push('\n');
    }
    for name in functions {
        let Some(x) = names.functions.iter().find(|x| x.name == *name).cloned() else { continue };
        let effects: Vec<_> = EFFECTS.iter().filter(|(bit, _)| x.desc.effects & bit != 0).map(|(_, t)| *t).collect();
        let effects = match x.desc.effects {
            taipan_abi::mode::effects::NONE => "none".to_string(),
            taipan_abi::mode::effects::ANY => "any".to_string(),
            _ => effects.join("|"),
        };
        let _ = write!(out, "fn {name} = {} at={:#x} {effects}", word(x.desc.name.get()), x.f as usize);
        let writes: Vec<_> = x.desc.writes.get().iter().map(|f| names.name_of(Field(f))).collect();
        if !writes.is_empty() {
            let _ = write!(out, " writes={}", writes.join(","));
        }
        out.push('\n');
    }
    out
}
