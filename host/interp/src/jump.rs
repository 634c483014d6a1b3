//! Jumps of a debugger: `frame.f_lineno = line` in a trace function.
//!
//! What may stand on the operand stack is followed through the code; a jump is possible to an instruction that needs a prefix of what is
//! there, each operand of the kind it expects.

use crate::objects::WFrame;
use taipan_abi::opcode::{F_JUMP, F_JUMP_BACK, F_STOP, Op};
use taipan_abi::thread::{Code, Frame};
use taipan_abi::word::W;
use taipan_plugin_api::Space;

/// What an operand is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Object,
    /// Of a `for` loop.
    Iterator,
    /// An exception, or the one handled before.
    Except,
    Null,
    /// The place of a raising instruction.
    Lasti,
}
use Kind::{Except, Iterator, Lasti, Null, Object};

/// The operands before each word; None: not reached.
type Stacks = Vec<Option<Vec<Kind>>>;

fn words(code: &Code) -> &[u32] {
    // SAFETY: the words belong to the code object.
    unsafe { std::slice::from_raw_parts(code.code, code.ncode as usize) }
}

fn stacks(code: &Code) -> Stacks {
    let all = words(code);
    // SAFETY: the table belongs to the code object.
    let handlers = unsafe { std::slice::from_raw_parts(code.exceptions, code.nexceptions as usize) };
    let mut found: Stacks = vec![None; all.len()];
    let mut todo = vec![(0, Vec::new())];
    loop {
        while let Some((at, stack)) = todo.pop() {
            if at >= all.len() || found[at].is_some() {
                continue;
            }
            found[at] = Some(stack.clone());
            flow(all[at], at, stack, &mut todo);
        }
        // A handler begins with what its range had below, and the exception.
        for r in handlers {
            let (start, end, to) = (r[0] as usize, (r[1] as usize).min(all.len()), r[2] as usize);
            if to >= all.len() || found[to].is_some() {
                continue;
            }
            let depth = (r[3] >> 1) as usize;
            if let Some(s) = found[start.min(end)..end].iter().flatten().find(|s| s.len() >= depth) {
                let mut s = s[..depth].to_vec();
                if r[3] & 1 != 0 {
                    s.push(Lasti);
                }
                s.push(Except);
                todo.push((to, s));
            }
        }
        if todo.is_empty() {
            return found;
        }
    }
}

/// Where the instruction `ins` at `at` leads to, with which operands.
fn flow(ins: u32, at: usize, mut s: Vec<Kind>, todo: &mut Vec<(usize, Vec<Kind>)>) {
    let Some(op) = Op::from_u8(ins as u8) else { return };
    let (arg, flags) = (ins >> 8, op.info().flags);
    let next = at + op.words();
    let target = match flags {
        f if f & F_JUMP != 0 => Some(next + arg as usize),
        f if f & F_JUMP_BACK != 0 => next.checked_sub(arg as usize),
        _ => None,
    };
    let before = s.clone();
    match op {
        Op::GET_ITER | Op::GET_AITER => {
            s.pop();
            s.push(Iterator);
        }
        Op::PUSH_NULL => s.push(Null),
        Op::PUSH_EXC_INFO => s.push(Except),
        Op::COPY => s.push(s.len().checked_sub(arg as usize).map_or(Object, |i| s[i])),
        Op::SWAP => {
            if let (Some(top), Some(i)) = (s.len().checked_sub(1), s.len().checked_sub(arg as usize)) {
                s.swap(top, i);
            }
        }
        _ => {
            s.truncate(s.len().saturating_sub(op.pops(arg)));
            s.resize(s.len() + op.pushes(arg), Object);
            if op == Op::LOAD_METHOD || op == Op::LOAD_GLOBAL && arg & 1 != 0 {
                s.pop();
                s.push(Null);
            }
        }
    }
    if let Some(t) = target {
        let keeps = matches!(op, Op::FOR_ITER | Op::SEND | Op::JUMP_IF_FALSE_OR_POP | Op::JUMP_IF_TRUE_OR_POP);
        todo.push((t, if keeps { before } else { s.clone() }));
    }
    if flags & F_STOP == 0 {
        todo.push((next, s));
    }
}

fn compatible(from: &[Kind], to: &[Kind]) -> bool {
    to.len() <= from.len()
        && from.iter().zip(to).all(|(f, t)| match t {
            Object => *f != Null,
            Null => true,
            other => f == other,
        })
}

fn explain(to: Option<&Vec<Kind>>) -> &'static str {
    match to.map(|s| s.last()) {
        None => "can't jump into an exception handler, or code may be unreachable",
        Some(Some(Except)) => "can't jump into an 'except' block as there's no exception",
        Some(Some(Lasti)) => "can't jump into a re-raising block as there's no location",
        Some(Some(Iterator)) => "can't jump into the body of a for loop",
        _ => "incompatible stacks",
    }
}

/// The instruction at which a frame that stands at word `from` may go on for `line`, or why not. `yields`: the instruction there has
/// popped its operand already.
fn plan(sp: Space, code: &Code, from: usize, yields: bool, line: i64) -> Result<usize, String> {
    if line < code.firstlineno as i64 {
        return Err(format!("line {line} comes before the current code block"));
    }
    let table = sp.bytes_opt(code.w_linetable).unwrap_or(&[]);
    let mut starts: Vec<(usize, i64)> = taipan_abi::location::locations(table, code.firstlineno as i32)
        .filter_map(|l| Some((l.start_word as usize, i64::from(l.line?))))
        .collect();
    // Only the first instruction of each part of a line.
    starts.dedup_by_key(|s| s.1);
    let Some(line) = starts.iter().map(|s| s.1).filter(|l| *l >= line).min() else {
        return Err(format!("line {line} comes after the current code block"));
    };
    let found = stacks(code);
    let start = found.get(from).cloned().flatten().map(|mut s| {
        if yields {
            s.pop();
        }
        s
    });
    let mut best: Option<(usize, usize)> = None;
    let mut why = "cannot find bytecode for specified line";
    for (at, _) in starts.iter().filter(|s| s.1 == line) {
        let to = found.get(*at).and_then(|s| s.as_ref());
        match (&start, to) {
            (Some(s), Some(t)) if compatible(s, t) => {
                if best.is_none_or(|b| t.len() > b.1) {
                    best = Some((*at, t.len()));
                }
            }
            (None, _) => why = "can't jump from within an exception handler",
            _ => why = explain(to),
        }
    }
    best.map(|b| b.0).ok_or_else(|| why.into())
}

/// Plans the jump of a frame object to a line; Err says why it is not possible.
///
/// # Safety
/// A frame object with a live frame, which is sending an event.
pub unsafe fn prepare(sp: Space, w_frame: W, line: i64, yields: bool) -> Result<(), String> {
    let o = w_frame.ptr::<WFrame>();
    let code = &*(*o).w_code.ptr::<Code>();
    let target = plan(sp, code, crate::frames::lasti(w_frame), yields, line)?;
    (*o).jump = target as u32 + 1;
    Ok(())
}

/// Takes the jump that a trace function has prepared for the frame at word `from`: true if there was one.
///
/// # Safety
/// `f` is the running frame, saved, with its frame object.
pub unsafe fn take(sp: Space, f: *mut Frame, from: usize) -> bool {
    let o = (*f).w_frame.ptr::<WFrame>();
    let Some(target) = std::mem::take(&mut (*o).jump).checked_sub(1) else { return false };
    let code = &*(*f).code;
    let mut found = stacks(code);
    let depth = found[target as usize].take().map_or(0, |s| s.len());
    let kinds = found[from].take().unwrap_or_default();
    let bottom = (*f).base.add(code.nlocalsplus as usize);
    while (*f).sp > bottom.add(depth) {
        (*f).sp = (*f).sp.sub(1);
        let i = (*f).sp.offset_from(bottom) as usize;
        if kinds.get(i) == Some(&Except) {
            // What was handled before, once both are gone.
            let w = *(*f).sp;
            sp.thread().handled = if w.is_none() { W::NULL } else { w };
        }
    }
    (*f).ip = code.code.add(target as usize);
    true
}
