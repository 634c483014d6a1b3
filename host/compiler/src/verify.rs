//! The part of validation that follows values: NULLs, cells and the bookkeeping of exceptions are used only where the
//! evaluator expects them, and locals that are taken for bound are bound on every path.

use crate::code::{CodeObject, ExceptionEntry, kind};
use crate::dis::decode;
use crate::validate::Invalid;
use std::collections::HashMap;
use taipan_abi::opcode::{F_JUMP, F_JUMP_BACK, F_STOP, Op};

/// What may be in a place of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// An object.
    Value,
    /// The exception that a handler begins with.
    Exception,
    /// An object or NULL.
    Null,
    /// A cell.
    Cell,
    /// The offset of a raising instruction.
    Lasti,
    /// The exception handled before.
    Previous,
}

impl Slot {
    fn is_value(self) -> bool {
        matches!(self, Slot::Value | Slot::Exception | Slot::Cell)
    }
    fn is_nullable(self) -> bool {
        self.is_value() || self == Slot::Null
    }
    fn merge(self, other: Slot) -> Option<Slot> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (a, b) if a.is_value() && b.is_value() => Some(Slot::Value),
            (a, b) if a.is_nullable() && b.is_nullable() => Some(Slot::Null),
            _ => None,
        }
    }
}

/// What a local holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Local {
    Bound,
    MaybeUnbound,
    Cell,
    /// Different things on different paths; must be stored before it is used.
    Unclear,
}

impl Local {
    fn merge(self, other: Local) -> Local {
        match (self, other) {
            (a, b) if a == b => a,
            (Local::Bound | Local::MaybeUnbound, Local::Bound | Local::MaybeUnbound) => Local::MaybeUnbound,
            _ => Local::Unclear,
        }
    }
}

#[derive(Clone, PartialEq)]
struct State {
    stack: Vec<Slot>,
    locals: Vec<Local>,
}

type R<T> = Result<T, String>;

/// Follows all values through a code object whose instructions, jumps and stack depths are valid.
pub(crate) fn verify(code: &CodeObject) -> Result<(), Invalid> {
    let entries: Vec<ExceptionEntry> = code.exception_entries().collect();
    let locals = code.localspluskinds.iter().map(|k| match k {
        k if k & (kind::CELL | kind::FREE) != 0 => Local::Cell,
        k if k & kind::ARG != 0 => Local::Bound,
        _ => Local::MaybeUnbound,
    });
    let mut v = Verifier { code, entries, at_leader: HashMap::new(), todo: Vec::new() };
    v.flow(0, State { stack: Vec::new(), locals: locals.collect() }).map_err(Invalid)?;
    while let Some(at) = v.todo.pop() {
        v.run(at).map_err(|e| Invalid(format!("{e} in {}", code.qualname.as_str())))?;
    }
    Ok(())
}

struct Verifier<'a> {
    code: &'a CodeObject,
    entries: Vec<ExceptionEntry>,
    /// States where control comes in from elsewhere.
    at_leader: HashMap<usize, State>,
    todo: Vec<usize>,
}

/// Instructions that never raise: the state before them does not matter to handlers.
fn cannot_raise(op: Op) -> bool {
    matches!(
        op,
        Op::NOP
            | Op::POP_TOP
            | Op::POP_ITER
            | Op::PUSH_NULL
            | Op::COPY
            | Op::SWAP
            | Op::LOAD_CONST
            | Op::LOAD_SMALL_INT
            | Op::LOAD_NONE
            | Op::LOAD_TRUE
            | Op::LOAD_FALSE
            | Op::LOAD_COMMON_CONSTANT
            | Op::LOAD_FAST
            | Op::LOAD_FAST_AND_CLEAR
            | Op::LOAD_FAST_LOAD_FAST
            | Op::STORE_FAST
            | Op::STORE_FAST_MAYBE_NULL
            | Op::STORE_FAST_LOAD_FAST
            | Op::STORE_FAST_STORE_FAST
            | Op::MAKE_CELL
            | Op::JUMP_FORWARD
            | Op::POP_EXCEPT
            | Op::PUSH_EXC_INFO
    )
}

impl Verifier<'_> {
    fn flow(&mut self, to: usize, state: State) -> R<()> {
        let changed = match self.at_leader.get_mut(&to) {
            None => {
                self.at_leader.insert(to, state);
                true
            }
            Some(old) => {
                let mut new = old.clone();
                for (a, b) in new.stack.iter_mut().zip(&state.stack) {
                    *a = a.merge(*b).ok_or("different things meet on the stack")?;
                }
                for (a, b) in new.locals.iter_mut().zip(&state.locals) {
                    *a = a.merge(*b);
                }
                let changed = new != *old;
                *old = new;
                changed
            }
        };
        if changed {
            self.todo.push(to);
        }
        Ok(())
    }

    /// From a leader to the end of the straight line.
    fn run(&mut self, leader: usize) -> R<()> {
        let Some(mut s) = self.at_leader.get(&leader).cloned() else { return Ok(()) };
        let mut at = leader;
        // The handler that knows the present state of the locals.
        let mut told = None;
        loop {
            let Some((op, arg)) = self.code.code.get(at).and_then(|w| decode(*w)) else {
                return Err(format!("no instruction at {at}"));
            };
            let i = self.entries.partition_point(|e| e.end as usize <= at);
            if let Some(e) = self.entries.get(i).filter(|e| e.start as usize <= at).copied()
                && told != Some(i)
                && !cannot_raise(op)
            {
                let mut stack: Vec<Slot> = s.stack.iter().take(e.depth as usize).copied().collect();
                if e.push_lasti {
                    stack.push(Slot::Lasti);
                }
                stack.push(Slot::Exception);
                self.flow(e.target as usize, State { stack, locals: s.locals.clone() })?;
                told = Some(i);
            }
            let end = at + op.words();
            let flags = op.info().flags;
            let jump = match () {
                _ if flags & F_JUMP != 0 => Some(end + arg as usize),
                _ if flags & F_JUMP_BACK != 0 => end.checked_sub(arg as usize),
                _ => None,
            };
            if let Some(to) = jump {
                let mut there = s.clone();
                there.jump(op).map_err(|e| format!("{e} at {at}"))?;
                self.flow(to, there)?;
            }
            if flags & F_STOP != 0 && jump.is_some() {
                return Ok(());
            }
            let before = s.locals.clone();
            s.step(op, arg).map_err(|e| format!("{e} at {at}"))?;
            if before != s.locals {
                told = None;
            }
            if flags & F_STOP != 0 {
                return Ok(());
            }
            at = end;
            if self.at_leader.contains_key(&at) {
                return self.flow(at, s);
            }
        }
    }
}

impl State {
    fn pop(&mut self) -> R<Slot> {
        self.stack.pop().ok_or_else(|| "stack underflow".to_string())
    }
    fn pop_value(&mut self) -> R<()> {
        if self.pop()?.is_value() { Ok(()) } else { Err("not an object".into()) }
    }
    fn pop_nullable(&mut self) -> R<()> {
        match self.pop()? {
            slot if slot.is_nullable() => Ok(()),
            _ => Err("not an object or NULL".into()),
        }
    }
    fn peek(&self, n: usize) -> R<Slot> {
        self.stack.len().checked_sub(n).and_then(|i| self.stack.get(i)).copied().ok_or_else(|| "stack underflow".into())
    }
    fn expect(&self, n: usize, want: Slot) -> R<()> {
        if self.peek(n)? == want { Ok(()) } else { Err(format!("{want:?} expected on the stack")) }
    }
    fn push(&mut self, slot: Slot) {
        self.stack.push(slot);
    }
    fn local(&self, i: u32) -> R<Local> {
        self.locals.get(i as usize).copied().ok_or_else(|| "no such local".into())
    }
    fn set(&mut self, i: u32, l: Local) -> R<()> {
        *self.locals.get_mut(i as usize).ok_or("no such local")? = l;
        Ok(())
    }
    fn load(&mut self, i: u32) -> R<()> {
        match self.local(i)? {
            Local::Bound => self.push(Slot::Value),
            Local::Cell => self.push(Slot::Cell),
            _ => return Err("a local that may be unbound is loaded".into()),
        }
        Ok(())
    }
    fn store(&mut self, i: u32) -> R<()> {
        self.pop_value()?;
        self.set(i, Local::Bound)
    }
    fn needs_cell(&self, i: u32) -> R<()> {
        if self.local(i)? == Local::Cell { Ok(()) } else { Err("a cell expected".into()) }
    }

    /// The stack on the path that jumps.
    fn jump(&mut self, op: Op) -> R<()> {
        match op {
            Op::POP_JUMP_IF_FALSE | Op::POP_JUMP_IF_TRUE | Op::POP_JUMP_IF_NONE | Op::POP_JUMP_IF_NOT_NONE => {
                self.pop_value()
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, op: Op, arg: u32) -> R<()> {
        let n = arg as usize;
        match op {
            Op::POP_TOP => {
                if self.pop()? == Slot::Previous {
                    return Err("a handled exception is dropped".into());
                }
            }
            Op::PUSH_NULL => self.push(Slot::Null),
            Op::COPY => self.push(self.peek(n.max(1))?),
            Op::SWAP => {
                let top = self.stack.len();
                let other = top.checked_sub(n.max(1)).ok_or("stack underflow")?;
                if top == 0 {
                    return Err("stack underflow".into());
                }
                self.stack.swap(top - 1, other);
            }
            Op::LOAD_FAST => self.load(arg)?,
            Op::LOAD_FAST_CHECK => {
                if !matches!(self.local(arg)?, Local::Bound | Local::MaybeUnbound) {
                    return Err("a cell is loaded as a value".into());
                }
                self.set(arg, Local::Bound)?;
                self.push(Slot::Value);
            }
            Op::LOAD_FAST_AND_CLEAR => {
                match self.local(arg)? {
                    Local::Bound | Local::MaybeUnbound => self.push(Slot::Null),
                    Local::Cell => self.push(Slot::Cell),
                    Local::Unclear => return Err("an unclear local is loaded".into()),
                }
                self.set(arg, Local::MaybeUnbound)?;
            }
            Op::LOAD_FAST_LOAD_FAST => {
                self.load(arg & 0xfff)?;
                self.load(arg >> 12)?;
            }
            Op::STORE_FAST => self.store(arg)?,
            Op::STORE_FAST_MAYBE_NULL => {
                let l = match self.pop()? {
                    Slot::Cell => Local::Cell,
                    Slot::Value | Slot::Exception => Local::Bound,
                    Slot::Null => Local::MaybeUnbound,
                    _ => return Err("not an object or NULL".into()),
                };
                self.set(arg, l)?;
            }
            Op::STORE_FAST_LOAD_FAST => {
                self.store(arg & 0xfff)?;
                self.load(arg >> 12)?;
            }
            Op::STORE_FAST_STORE_FAST => {
                self.store(arg & 0xfff)?;
                self.store(arg >> 12)?;
            }
            Op::DELETE_FAST => {
                if !matches!(self.local(arg)?, Local::Bound | Local::MaybeUnbound) {
                    return Err("a cell is deleted as a value".into());
                }
                self.set(arg, Local::MaybeUnbound)?;
            }
            Op::MAKE_CELL => self.set(arg, Local::Cell)?,
            Op::LOAD_DEREF | Op::DELETE_DEREF | Op::STORE_DEREF | Op::LOAD_FROM_DICT_OR_DEREF => {
                self.needs_cell(arg)?;
                self.generic(op, arg)?;
            }
            Op::LOAD_GLOBAL => {
                self.push(Slot::Value);
                if arg & 1 != 0 {
                    self.push(Slot::Null);
                }
            }
            Op::LOAD_METHOD | Op::LOAD_SPECIAL => {
                self.pop_value()?;
                self.push(Slot::Value);
                self.push(Slot::Null);
            }
            Op::LOAD_SUPER_ATTR => {
                (0..3).try_for_each(|_| self.pop_value())?;
                self.push(Slot::Value);
                if arg & 1 != 0 {
                    self.push(Slot::Null);
                }
            }
            Op::CALL | Op::CALL_KW => {
                (0..n + (op == Op::CALL_KW) as usize).try_for_each(|_| self.pop_value())?;
                self.pop_nullable()?;
                self.pop_value()?;
                self.push(Slot::Value);
            }
            Op::CALL_FUNCTION_EX => {
                self.pop_nullable()?;
                self.pop_value()?;
                self.pop_nullable()?;
                self.pop_value()?;
                self.push(Slot::Value);
            }
            Op::PUSH_EXC_INFO => {
                self.expect(1, Slot::Exception)?;
                self.pop()?;
                self.push(Slot::Previous);
                self.push(Slot::Exception);
            }
            Op::POP_EXCEPT => {
                self.expect(1, Slot::Previous)?;
                self.pop()?;
            }
            Op::RERAISE => {
                self.pop_value()?;
                if n > 0 {
                    self.expect(n, Slot::Lasti)?;
                }
            }
            Op::WITH_EXCEPT_START => {
                self.expect(2, Slot::Previous)?;
                self.expect(3, Slot::Lasti)?;
                if !self.peek(1)?.is_value() || !self.peek(5)?.is_value() {
                    return Err("not an object".into());
                }
                self.push(Slot::Value);
            }
            Op::CLEANUP_THROW => {
                (0..3).try_for_each(|_| self.pop_value())?;
                self.push(Slot::Null);
                self.push(Slot::Value);
            }
            Op::END_SEND => {
                self.pop_value()?;
                self.pop_nullable()?;
                self.push(Slot::Value);
            }
            Op::FOR_ITER | Op::GET_LEN | Op::GET_ANEXT | Op::IMPORT_FROM | Op::MATCH_MAPPING | Op::MATCH_SEQUENCE => {
                if !self.peek(1)?.is_value() {
                    return Err("not an object".into());
                }
                self.push(Slot::Value);
            }
            _ => self.generic(op, arg)?,
        }
        Ok(())
    }

    /// Everything that takes objects and gives objects.
    fn generic(&mut self, op: Op, arg: u32) -> R<()> {
        (0..op.pops(arg)).try_for_each(|_| self.pop_value())?;
        let reaches = match op {
            Op::LIST_APPEND
            | Op::LIST_EXTEND
            | Op::SET_ADD
            | Op::SET_UPDATE
            | Op::MAP_ADD
            | Op::DICT_UPDATE
            | Op::DICT_MERGE => (arg as usize).max(1),
            Op::SEND | Op::CHECK_EXC_MATCH => 1,
            Op::MATCH_KEYS => 2,
            _ => 0,
        };
        if reaches > 0 && !self.peek(reaches)?.is_value() {
            return Err("not an object".into());
        }
        self.stack.extend((0..op.pushes(arg)).map(|_| Slot::Value));
        Ok(())
    }
}
