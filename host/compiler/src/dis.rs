//! Readable text of code objects.

use crate::code::{CodeObject, Const, kind};
use std::collections::HashSet;
use std::fmt::Write;
use taipan_abi::location;
use taipan_abi::opcode::{BinOp, F_CONST, F_JUMP, F_JUMP_BACK, F_LOCAL, F_NAME, Op, SMALL_INT_BIAS};

/// Decodes one word.
pub fn decode(word: u32) -> Option<(Op, u32)> {
    Some((Op::from_u8(word as u8)?, word >> 8))
}

/// The text of a code object and all code objects in its constants.
pub fn dis(code: &CodeObject) -> String {
    let mut out = String::new();
    write_code(&mut out, code);
    out
}

fn write_code(out: &mut String, code: &CodeObject) {
    let _ = writeln!(
        out,
        "code {} line {} args {}/{}/{} flags {:#x} stack {} caches {}",
        code.qualname.as_str(),
        code.firstlineno,
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount,
        code.flags,
        code.stacksize,
        code.ncaches
    );
    for (i, (name, k)) in code.localsplusnames.iter().zip(&code.localspluskinds).enumerate() {
        let mut words = Vec::new();
        for (bit, word) in [
            (kind::ARG, "parameter"),
            (kind::HIDDEN, "hidden"),
            (kind::LOCAL, "local"),
            (kind::CELL, "cell"),
            (kind::FREE, "free"),
        ] {
            if k & bit != 0 && !(bit == kind::LOCAL && k & kind::ARG != 0) {
                words.push(word);
            }
        }
        let _ = writeln!(out, "  {} {} = {}", words.join(" "), i, name.as_str());
    }
    write_instructions(out, code);
    for e in code.exception_entries() {
        let lasti = if e.push_lasti { " lasti" } else { "" };
        let _ = writeln!(out, "  except {}..{} -> {} depth {}{lasti}", e.start, e.end, e.target, e.depth);
    }
    for c in &code.consts {
        if let Const::Code(inner) = c {
            out.push('\n');
            write_code(out, inner);
        }
    }
}

fn targets(code: &CodeObject) -> HashSet<usize> {
    let mut all = HashSet::new();
    let mut at = 0;
    while at < code.code.len() {
        let Some((op, arg)) = decode(code.code[at]) else { break };
        let end = at + op.words();
        if op.info().flags & F_JUMP != 0 {
            all.insert(end + arg as usize);
        } else if op.info().flags & F_JUMP_BACK != 0 {
            all.insert(end.wrapping_sub(arg as usize));
        }
        at = end;
    }
    all.extend(code.exception_entries().map(|e| e.target as usize));
    all
}

fn write_instructions(out: &mut String, code: &CodeObject) {
    let targets = targets(code);
    let mut last_line = None;
    let mut places = location::locations(&code.linetable, code.firstlineno);
    let mut here = places.next();
    let mut at = 0;
    while at < code.code.len() {
        while here.is_some_and(|l| l.end_word as usize <= at) {
            here = places.next();
        }
        let line = here.and_then(|l| l.line);
        let shown = match line {
            _ if line == last_line && at > 0 => String::new(),
            Some(l) => l.to_string(),
            None => "--".into(),
        };
        last_line = line;
        let mark = if targets.contains(&at) { ">" } else { " " };
        let Some((op, arg)) = decode(code.code[at]) else {
            let _ = writeln!(out, "  {shown:>4} {mark}{at:>4} ?? {:#010x}", code.code[at]);
            at += 1;
            continue;
        };
        let end = at + op.words();
        let mut text = format!("  {shown:>4} {mark}{at:>4} {}", op.info().name);
        let explained = explain(code, op, arg, end);
        if let Some(e) = explained {
            let _ = write!(text, " {e}");
        } else if arg != 0 || op.pops(0) != op.pops(1) {
            let _ = write!(text, " {arg}");
        }
        let _ = writeln!(out, "{text}");
        at = end;
    }
}

fn local(code: &CodeObject, i: u32) -> &str {
    code.localsplusnames.get(i as usize).map_or("?", |n| n.as_str())
}

fn name(code: &CodeObject, i: u32) -> &str {
    code.names.get(i as usize).map_or("?", |n| n.as_str())
}

fn explain(code: &CodeObject, op: Op, arg: u32, end: usize) -> Option<String> {
    let flags = op.info().flags;
    Some(match op {
        Op::LOAD_SMALL_INT => (arg as i64 - SMALL_INT_BIAS).to_string(),
        Op::LOAD_GLOBAL => format!("{}{}", name(code, arg >> 1), if arg & 1 != 0 { " + NULL" } else { "" }),
        Op::LOAD_SUPER_ATTR => format!(
            "{}{}{}",
            name(code, arg >> 2),
            if arg & 1 != 0 { " method" } else { "" },
            if arg & 2 != 0 { " 2" } else { "" }
        ),
        Op::LOAD_FAST_LOAD_FAST | Op::STORE_FAST_LOAD_FAST | Op::STORE_FAST_STORE_FAST => {
            format!("{}, {}", local(code, arg & 0xfff), local(code, arg >> 12))
        }
        Op::BINARY_OP => {
            let sign = if arg & 0x7f == BinOp::Pow as u32 { "**" } else { "@" };
            format!("{sign}{}", if arg & 0x80 != 0 { "=" } else { "" })
        }
        Op::CALL_INTRINSIC_1 => INTRINSICS_1.get(arg as usize).unwrap_or(&"?").to_string(),
        Op::CALL_INTRINSIC_2 => INTRINSICS_2.get(arg as usize).unwrap_or(&"?").to_string(),
        Op::UNPACK_EX => format!("{} {}", arg & 0xff, arg >> 8),
        _ if flags & F_JUMP != 0 => format!("to {}", end + arg as usize),
        _ if flags & F_JUMP_BACK != 0 => format!("to {}", end.wrapping_sub(arg as usize)),
        _ if flags & F_NAME != 0 => name(code, arg).to_string(),
        _ if flags & F_LOCAL != 0 => local(code, arg).to_string(),
        _ if flags & F_CONST != 0 => code.consts.get(arg as usize).map_or("?".into(), repr),
        _ => return None,
    })
}

/// The names of `Intrinsic1` and `Intrinsic2`, in their order.
const INTRINSICS_1: [&str; 10] = [
    "Print",
    "ImportStar",
    "StopIterationError",
    "AsyncGenWrap",
    "ListToTuple",
    "TypeVar",
    "ParamSpec",
    "TypeVarTuple",
    "SubscriptGeneric",
    "TypeAlias",
];
const INTRINSICS_2: [&str; 5] =
    ["PrepReraiseStar", "TypeVarWithBound", "TypeVarWithConstraints", "SetFunctionTypeParams", "SetTypeparamDefault"];

/// A constant as text.
pub fn repr(c: &Const) -> String {
    let list = |items: &[Const]| items.iter().map(repr).collect::<Vec<_>>().join(", ");
    match c {
        Const::None => "None".into(),
        Const::True => "True".into(),
        Const::False => "False".into(),
        Const::Ellipsis => "Ellipsis".into(),
        Const::Int(i) => i.to_string(),
        Const::BigInt(b) => b.to_string(),
        Const::Float(f) => format!("{f:?}"),
        Const::Complex(a, b) => format!("({a:?}{b:+?}j)"),
        Const::Str(s) => format!("{s:?}"),
        Const::Bytes(b) => format!("b\"{}\"", b.escape_ascii()),
        Const::Tuple(t) if t.len() == 1 => format!("({},)", repr(&t[0])),
        Const::Tuple(t) => format!("({})", list(t)),
        Const::FrozenSet(t) => format!("frozenset({{{}}})", list(t)),
        Const::Slice(s) => format!("slice({})", list(&s[..])),
        Const::Code(c) => format!("<code {}>", c.qualname.as_str()),
    }
}
