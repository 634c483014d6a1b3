//! Listings.

use crate::run::Cell;
use std::fmt::Write;
use taipan_abi::mode::PRIM_NAMES;
use taipan_jit_ir::{Inst, Kind, Ref, Unit};

/// What a listing is made of.
pub struct Source {
    /// Cranelift's own form of the code.
    #[cfg_attr(feature = "disassembly", allow(dead_code))]
    pub vcode: String,
    /// What begins at an offset of the code; by offset.
    pub notes: Vec<(u32, String)>,
}

/// An instruction in one line.
pub fn show(unit: &Unit, i: usize) -> String {
    let mut s = String::new();
    let r = |r: Ref| if r.is_some() { format!(" v{}", r.0) } else { String::new() };
    if unit.kind(Ref(i as u32)).is_some() {
        let _ = write!(s, "v{i} = ");
    }
    let _ = match &unit.insts[i] {
        Inst::Nop => write!(s, "nop"),
        Inst::Const { kind: Kind::F, bits } => write!(s, "const {:?}", f64::from_bits(*bits)),
        Inst::Const { kind, bits } => write!(s, "const {kind:?} {bits:#x}"),
        Inst::Slot { slot } => write!(s, "slot {slot}"),
        Inst::Param { index, kind } => write!(s, "param {index} {kind:?}"),
        Inst::Prim { prim, a, b } => write!(s, "{}{}{}", PRIM_NAMES[*prim as usize], r(*a), r(*b)),
        Inst::Get { obj, field, index } => write!(s, "get{} {:?}{}", r(*obj), field.0, r(*index)),
        Inst::Set { obj, field, index, value } => {
            write!(s, "set{} {:?}{} ={}", r(*obj), field.0, r(*index), r(*value))
        }
        Inst::New { tid, bytes } => write!(s, "new {tid} of {bytes} bytes"),
        Inst::Call { call } => {
            let c = &unit.calls[*call as usize];
            write!(s, "call {:?}{}", c.desc, c.args.iter().map(|x| r(*x)).collect::<String>())
        }
        Inst::Guard { cond, expect, exit } => write!(s, "guard{} {expect}, exit {exit}", r(*cond)),
        Inst::GuardValue { value, bits, exit } => write!(s, "guard{} == {bits:#x}, exit {exit}", r(*value)),
        Inst::Sync { exit } => write!(s, "sync {exit}"),
        Inst::Poll { exit } => write!(s, "poll, exit {exit}"),
    };
    s
}

/// The exits that lead somewhere: "unit 3, exit 1 at 0x..".
fn linked(cells: &[Cell], leave: usize) -> String {
    let mut s = String::new();
    for c in cells {
        let to = c.target.load(std::sync::atomic::Ordering::Relaxed);
        if to != leave {
            let _ = writeln!(s, "; unit {}, exit {} leads to {to:#x}", c.unit, c.exit);
        }
    }
    s
}

/// The listing of a function.
pub fn text(source: &Source, address: usize, code: &[u8], cells: &[Cell], leave: usize) -> String {
    let head = format!("; {} bytes at {address:#x}\n{}", code.len(), linked(cells, leave));
    head + &instructions(source, code)
}

#[cfg(all(feature = "disassembly", target_arch = "x86_64"))]
fn instructions(source: &Source, code: &[u8]) -> String {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
    let mut out = String::new();
    let mut notes = source.notes.iter().peekable();
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_branch_leading_zeros(false);
    for i in &mut Decoder::with_ip(64, code, 0, DecoderOptions::NONE) {
        let at = i.ip() as u32;
        while let Some((_, note)) = notes.next_if(|(n, _)| *n <= at) {
            let _ = writeln!(out, "; {note}");
        }
        let mut line = String::new();
        formatter.format(&i, &mut line);
        let _ = writeln!(out, "  {at:5x}  {line}");
    }
    out
}

#[cfg(not(all(feature = "disassembly", target_arch = "x86_64")))]
fn instructions(source: &Source, _: &[u8]) -> String {
    let notes: String = source.notes.iter().map(|(at, note)| format!("; {at:5x}  {note}\n")).collect();
    notes + &source.vcode
}
