//! Text to units.

use super::{EFFECTS, FIELD_FLAGS, FIELD_KINDS, Function, KINDS, Names};
use crate::{BYTECODE, Call, End, Exit, Field, FrameState, Inst, Kind, Ref, Sunk, Unit, prim_of};
use std::collections::HashMap;
use taipan_abi::mode::{CallDesc, FieldDesc, PRIM_NAMES, PRIM_SIGNATURES};
use taipan_abi::types::{Slice, Str};
use taipan_abi::word::W;

/// Reads one unit. What the text declares stays in `names` (and in memory: descriptions are static). Err tells the line.
pub fn parse(text: &str, names: &mut Names) -> Result<Unit, String> {
    let mut p = Parser {
        names,
        values: HashMap::new(),
        unit: Unit {
            insts: Vec::new(),
            calls: Vec::new(),
            exits: Vec::new(),
            body: 0,
            enter: Vec::new(),
            end: End::Leave { exit: 0 },
        },
        ended: false,
    };
    for (n, line) in text.lines().enumerate() {
        let tokens = tokens(line.split(';').next().unwrap_or(""));
        if !tokens.is_empty() {
            p.line(&mut Line { tokens: &tokens, at: 0 }).map_err(|e| format!("line {}: {e}", n + 1))?;
        }
    }
    if !p.ended {
        return Err("the unit has no end".into());
    }
    Ok(p.unit)
}

fn tokens(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    for (i, c) in line.char_indices() {
        if c.is_whitespace() || ",()[]=".contains(c) {
            if start < i {
                out.push(&line[start..i])
            }
            if "[]=".contains(c) {
                out.push(&line[i..i + 1])
            }
            start = i + c.len_utf8();
        }
    }
    if start < line.len() {
        out.push(&line[start..])
    }
    out
}

struct Line<'a> {
    tokens: &'a [&'a str],
    at: usize,
}
impl<'a> Line<'a> {
    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or("")
    }
    fn next(&mut self) -> Result<&'a str, String> {
        let t = self.tokens.get(self.at).ok_or("something is missing at the end of the line")?;
        self.at += 1;
        Ok(t)
    }
    fn eat(&mut self, t: &str) -> bool {
        let is = self.peek() == t && self.at < self.tokens.len();
        self.at += is as usize;
        is
    }
    fn expect(&mut self, t: &str) -> Result<(), String> {
        if self.eat(t) { Ok(()) } else { Err(format!("'{t}' expected, not '{}'", self.peek())) }
    }
    fn number(&mut self) -> Result<i64, String> {
        number(self.next()?)
    }
    fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }
}

fn number(t: &str) -> Result<i64, String> {
    let n = match t.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).map(|x| x as i64).ok(),
        None => t.parse().ok(),
    };
    n.ok_or_else(|| format!("'{t}' is no number"))
}
fn kind(t: &str) -> Result<Kind, String> {
    KINDS.iter().find(|k| k.1 == t).map(|k| k.0).ok_or_else(|| format!("'{t}' is no kind"))
}

struct Parser<'a> {
    names: &'a mut Names,
    values: HashMap<String, Ref>,
    unit: Unit,
    ended: bool,
}

impl Parser<'_> {
    fn line(&mut self, l: &mut Line) -> Result<(), String> {
        match l.peek() {
            "field" => self.declare_field(l)?,
            "fn" => self.declare_function(l)?,
            "exit" => {
                l.next()?;
                if l.number()? != self.unit.exits.len() as i64 {
                    return Err("exits come in order".into());
                }
                let resume = if l.eat("bytecode") { BYTECODE } else { l.number()? as u32 };
                let after_sync = l.eat("after_sync");
                self.unit.exits.push(Exit { resume, after_sync, ..Exit::default() });
            }
            "frame" | "sunk" => self.exit_part(l)?,
            // `slot` begins a line only in an exit.
            "slot" => self.exit_part(l)?,
            "back" | "loop" | "jump" | "enter" | "leave" => {
                self.unit.end = self.end(l)?;
                self.ended = true;
            }
            "body" => {
                l.next()?;
                self.unit.body = self.unit.insts.len() as u32;
                self.unit.enter = self.values(l)?;
            }
            _ if self.ended => return Err("an instruction after the end".into()),
            _ => self.inst(l)?,
        }
        if l.done() { Ok(()) } else { Err(format!("'{}' is too much", l.peek())) }
    }

    fn value(&mut self, l: &mut Line) -> Result<Ref, String> {
        let t = l.next()?;
        self.values.get(t).copied().ok_or_else(|| format!("'{t}' is not known"))
    }
    fn values(&mut self, l: &mut Line) -> Result<Vec<Ref>, String> {
        let mut out = Vec::new();
        while !l.done() {
            out.push(self.value(l)?)
        }
        Ok(out)
    }
    fn exit_of(&mut self, l: &mut Line) -> Result<u32, String> {
        l.expect("exit")?;
        Ok(l.number()? as u32)
    }

    fn declare_field(&mut self, l: &mut Line) -> Result<(), String> {
        l.next()?;
        let name = l.next()?;
        let (plain, alias) = name.split_once('@').ok_or("a field is written name@alias")?;
        let alias = if alias.starts_with('#') { 0 } else { number(alias)? as u16 };
        let t = l.next()?;
        let kind = FIELD_KINDS.iter().position(|k| *k == t).ok_or_else(|| format!("'{t}' is no kind"))? as u8;
        l.expect("off")?;
        l.expect("=")?;
        let off = l.number()? as u32;
        let mut flags = 0;
        while !l.done() {
            let t = l.next()?;
            flags |= FIELD_FLAGS.iter().find(|f| f.1 == t).ok_or_else(|| format!("'{t}' is no flag of fields"))?.0;
        }
        match self.names.field(name) {
            Some(f) if f.0.kind == kind && f.0.off == off && f.0.flags == flags => {}
            Some(_) => return Err(format!("the field {name} is another one already")),
            None => {
                let d = FieldDesc { off, kind, flags, alias, name: leak(plain) };
                self.names.fields.push((name.into(), Box::leak(Box::new(d))));
                self.names.anonymous += (alias == 0) as usize;
            }
        }
        Ok(())
    }

    fn declare_function(&mut self, l: &mut Line) -> Result<(), String> {
        l.next()?;
        let name = l.next()?;
        l.expect("=")?;
        let plain = l.next()?;
        l.expect("at")?;
        l.expect("=")?;
        let f = l.number()? as usize as *const ();
        let mut effects = 0;
        for t in l.next()?.split('|') {
            if t == "any" {
                effects |= taipan_abi::mode::effects::ANY
            } else if t != "none" {
                effects |= EFFECTS.iter().find(|e| e.1 == t).ok_or_else(|| format!("'{t}' is no effect"))?.0;
            }
        }
        let mut writes: Vec<&'static FieldDesc> = Vec::new();
        if l.eat("writes") {
            l.expect("=")?;
            while !l.done() {
                writes.push(self.field_name(l)?.0)
            }
        }
        if let Some(x) = self.names.functions.iter().find(|x| x.name == name) {
            let same = x.f == f
                && x.desc.effects == effects
                && x.desc.writes.get().len() == writes.len()
                && x.desc.writes.get().iter().zip(&writes).all(|(a, b)| std::ptr::eq(*a, *b));
            return if same { Ok(()) } else { Err(format!("the function {name} is another one already")) };
        }
        let desc = CallDesc { name: leak(plain), effects, writes: Slice::new(writes.leak()) };
        self.names.functions.push(Function { name: name.into(), desc: Box::leak(Box::new(desc)), f });
        Ok(())
    }

    fn field_name(&mut self, l: &mut Line) -> Result<Field, String> {
        let t = l.next()?;
        self.names.field(t).ok_or_else(|| format!("the field '{t}' is not declared"))
    }
    fn field(&mut self, l: &mut Line) -> Result<(Field, Ref), String> {
        let f = self.field_name(l)?;
        if !l.eat("[") {
            return Ok((f, Ref::NONE));
        }
        let i = self.value(l)?;
        l.expect("]")?;
        Ok((f, i))
    }

    fn constant(&mut self, l: &mut Line) -> Result<(Kind, u64), String> {
        l.expect("const")?;
        let k = kind(l.next()?)?;
        let t = l.next()?;
        let bits = match (k, t) {
            (Kind::W, "null") => W::NULL.0,
            (Kind::W, "none") => W::NONE.0,
            (Kind::W, "true") => W::TRUE.0,
            (Kind::W, "false") => W::FALSE.0,
            (Kind::W, _) if !t.starts_with("0x") => W::int(number(t)?).0,
            (Kind::B, "true") => 1,
            (Kind::B, "false") => 0,
            (Kind::F, _) if !t.starts_with("0x") => {
                t.parse::<f64>().map_err(|_| format!("'{t}' is no number"))?.to_bits()
            }
            _ => number(t)? as u64,
        };
        Ok((k, bits))
    }

    fn inst(&mut self, l: &mut Line) -> Result<(), String> {
        let named = l.tokens.get(1) == Some(&"=");
        let name = if named { l.next()?.split(':').next().unwrap_or("").to_string() } else { String::new() };
        let said = if named { l.tokens[0].split(':').nth(1) } else { None };
        if named {
            l.next()?;
        }
        let inst = if named { self.value_inst(l)? } else { self.effect(l)? };
        let r = Ref(self.unit.insts.len() as u32);
        self.unit.insts.push(inst);
        if named && self.values.insert(name.clone(), r).is_some() {
            return Err(format!("{name} is made twice"));
        }
        match said {
            Some(k) if Some(kind(k)?) != self.unit.kind(r) => Err(format!("{name} is not of kind {k}")),
            _ => Ok(()),
        }
    }

    fn value_inst(&mut self, l: &mut Line) -> Result<Inst, String> {
        if l.peek() == "const" {
            let (kind, bits) = self.constant(l)?;
            return Ok(Inst::Const { kind, bits });
        }
        Ok(match l.next()? {
            "nop" => Inst::Nop,
            "slot" => Inst::Slot { slot: l.number()? as i32 },
            "param" => Inst::Param { index: l.number()? as u32, kind: kind(l.next()?)? },
            "get" => {
                let obj = self.value(l)?;
                let (field, index) = self.field(l)?;
                Inst::Get { obj, field, index }
            }
            "new" => Inst::New { tid: l.number()? as u32, bytes: l.number()? as u32 },
            "call" => {
                let name = l.next()?;
                let Some(x) = self.names.functions.iter().find(|x| x.name == name).cloned() else {
                    return Err(format!("the function {name} is not declared"));
                };
                let mut args = Vec::new();
                while l.tokens.len() > l.at + 1 {
                    args.push(self.value(l)?)
                }
                let ret = kind(l.next()?)?;
                self.unit.calls.push(Call { desc: x.desc, f: x.f, args, ret });
                Inst::Call { call: self.unit.calls.len() as u32 - 1 }
            }
            name => {
                let prim = PRIM_NAMES.iter().position(|n| *n == name).and_then(prim_of);
                let prim = prim.ok_or_else(|| format!("'{name}' is no instruction that makes a value"))?;
                let a = self.value(l)?;
                let b = if PRIM_SIGNATURES[prim as usize].0.len() == 2 { self.value(l)? } else { Ref::NONE };
                Inst::Prim { prim, a, b }
            }
        })
    }

    fn effect(&mut self, l: &mut Line) -> Result<Inst, String> {
        Ok(match l.next()? {
            "set" => {
                let obj = self.value(l)?;
                let (field, index) = self.field(l)?;
                l.expect("=")?;
                Inst::Set { obj, field, index, value: self.value(l)? }
            }
            "guard" => {
                let cond = self.value(l)?;
                let expect = match l.next()? {
                    "true" => true,
                    "false" => false,
                    t => return Err(format!("true or false expected, not '{t}'")),
                };
                Inst::Guard { cond, expect, exit: self.exit_of(l)? }
            }
            "guard_value" => {
                let value = self.value(l)?;
                l.expect("=")?;
                let (_, bits) = self.constant(l)?;
                Inst::GuardValue { value, bits, exit: self.exit_of(l)? }
            }
            "sync" => Inst::Sync { exit: self.exit_of(l)? },
            "poll" => Inst::Poll { exit: self.exit_of(l)? },
            t => return Err(format!("'{t}' is no instruction")),
        })
    }

    fn end(&mut self, l: &mut Line) -> Result<End, String> {
        Ok(match l.next()? {
            "back" => End::Back { exit: self.exit_of(l)? },
            "loop" => End::Loop { args: self.values(l)? },
            "jump" => End::Jump { target: l.number()? as u32, exit: self.exit_of(l)? },
            "enter" => End::Enter { target: l.number()? as u32, args: self.values(l)? },
            _ => End::Leave { exit: self.exit_of(l)? },
        })
    }

    fn exit_part(&mut self, l: &mut Line) -> Result<(), String> {
        let what = l.next()?;
        let mut exit = self.unit.exits.pop().ok_or("this belongs to an exit")?;
        match what {
            "slot" => {
                let slot = l.number()? as i32;
                l.expect("=")?;
                exit.slots.push((slot, self.value(l)?));
            }
            "sunk" => {
                let (id, tid, bytes) = (self.value(l)?, l.number()? as u32, l.number()? as u32);
                let mut fields = Vec::new();
                while !l.done() {
                    let f = self.field_name(l)?;
                    let mut index = 0;
                    if l.eat("[") {
                        index = l.number()?;
                        l.expect("]")?;
                    }
                    l.expect("=")?;
                    fields.push((f, index, self.value(l)?));
                }
                exit.sunk.push(Sunk { id, tid, bytes, fields });
            }
            _ => {
                let mut f = FrameState {
                    code: std::ptr::null_mut(),
                    ip: std::ptr::null(),
                    base: 0,
                    sp: 0,
                    cont: 0,
                    flags: 0,
                    w_globals: 0,
                    handled: Ref::NONE,
                };
                while !l.done() {
                    let key = l.next()?;
                    l.expect("=")?;
                    match key {
                        "handled" => f.handled = self.value(l)?,
                        "code" => f.code = l.number()? as usize as *mut _,
                        "ip" => f.ip = l.number()? as usize as *const u32,
                        "base" => f.base = l.number()? as i32,
                        "sp" => f.sp = l.number()? as i32,
                        "cont" => f.cont = l.number()? as u32,
                        "flags" => f.flags = l.number()? as u32,
                        "globals" => f.w_globals = l.number()? as u64,
                        _ => return Err(format!("'{key}' is no part of a frame")),
                    }
                }
                exit.frames.push(f);
            }
        }
        self.unit.exits.push(exit);
        Ok(())
    }
}

fn leak(s: &str) -> Str {
    Str::new(Box::leak(s.to_string().into_boxed_str()))
}
