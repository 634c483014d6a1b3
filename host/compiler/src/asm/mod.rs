//! From a sequence of instructions with labels to words: control flow is simplified, locals known to be bound are
//! told from others, and jumps, tables and cache indexes are filled in.

mod cfg;
mod flow;
mod layout;
mod optimize;

use crate::code::Const;
use crate::error::{ErrorKind, Result, SyntaxError};
use crate::fold;
use crate::linetable::Loc;
use rustc_hash::FxHashMap as HashMap;
use taipan_abi::opcode::{F_JUMP, F_JUMP_BACK, Op};

pub use layout::{Assembled, Locals, assemble};

/// A place to jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(pub u32);

/// No label, no handler.
pub const NONE: u32 = u32::MAX;

/// How an instruction's argument is meant before assembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Plain,
    /// `arg` indexes the pool of constants; the opcode is LOAD_CONST.
    Const,
    /// `arg` counts cells, then free variables.
    Deref,
    /// No instruction: marks where a handler's stack depth is taken. `arg` is the handler.
    Setup,
}

/// An instruction before assembly.
#[derive(Clone, Copy, Debug)]
pub struct Instr {
    /// The opcode. JUMP_FORWARD stands for jumps in both directions.
    pub op: Op,
    /// Its argument; see `kind`.
    pub arg: u32,
    /// What `arg` means.
    pub kind: Kind,
    /// Label (later block) that a jump goes to.
    pub target: u32,
    /// The handler of exceptions raised here.
    pub handler: u32,
    /// Where it comes from.
    pub loc: Loc,
}

impl Instr {
    pub(crate) fn is_jump(&self) -> bool {
        self.kind != Kind::Setup && self.op.info().flags & (F_JUMP | F_JUMP_BACK) != 0
    }
    pub(crate) fn is_stop(&self) -> bool {
        self.kind != Kind::Setup && self.op.info().flags & taipan_abi::opcode::F_STOP != 0
    }
    pub(crate) fn is_nop(&self) -> bool {
        self.kind == Kind::Plain && self.op == Op::NOP
    }
    pub(crate) fn set_nop(&mut self) {
        self.op = Op::NOP;
        self.kind = Kind::Plain;
        self.arg = 0;
        self.target = NONE;
    }
}

/// An exception handler.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    /// Where it begins; after the flow graph is built, the block.
    pub target: u32,
    /// The raising instruction's offset is pushed.
    pub push_lasti: bool,
    /// How many of the operands at the `setup` the handler does not keep.
    pub drop: u32,
}

/// The constants of a unit, each once.
#[derive(Default)]
pub struct Pool {
    items: Vec<Const>,
    index: HashMap<Const, u32>,
}

impl Pool {
    /// The index of a constant.
    pub fn add(&mut self, c: Const) -> u32 {
        if let Some(&i) = self.index.get(&c) {
            return i;
        }
        let i = self.items.len() as u32;
        self.items.push(c.clone());
        self.index.insert(c, i);
        i
    }
    /// The constant at an index.
    pub fn get(&self, i: u32) -> &Const {
        &self.items[i as usize]
    }
}

/// A sequence of instructions under construction.
#[derive(Default)]
pub struct Seq {
    pub(crate) instrs: Vec<Instr>,
    /// Position of each label.
    pub(crate) labels: Vec<u32>,
    pub(crate) handlers: Vec<Handler>,
    /// Open handlers, innermost last.
    active: Vec<u32>,
    /// Constants.
    pub pool: Pool,
    /// Instructions before this position cannot be combined with later ones: a jump may come in between.
    barrier: usize,
    overflow: Option<&'static str>,
}

impl Seq {
    /// A label that stands nowhere yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(NONE);
        Label(self.labels.len() as u32 - 1)
    }
    /// Puts the label here.
    pub fn place(&mut self, l: Label) {
        self.labels[l.0 as usize] = self.instrs.len() as u32;
        self.barrier = self.instrs.len();
    }
    fn push(&mut self, op: Op, arg: u32, kind: Kind, target: u32, loc: Loc) {
        if kind == Kind::Plain && arg >= 1 << 24 {
            self.overflow = Some("an instruction's argument is too large");
        }
        let handler = self.active.last().copied().unwrap_or(NONE);
        self.instrs.push(Instr { op, arg, kind, target, handler, loc });
    }
    /// Adds an instruction.
    pub fn emit(&mut self, op: Op, arg: u32, loc: Loc) {
        self.push(op, arg, Kind::Plain, NONE, loc);
    }
    /// Adds an instruction whose argument counts cells, then free variables.
    pub fn deref(&mut self, op: Op, arg: u32, loc: Loc) {
        self.push(op, arg, Kind::Deref, NONE, loc);
    }
    /// Adds a jump.
    pub fn jump(&mut self, op: Op, to: Label, loc: Loc) {
        self.push(op, 0, Kind::Plain, to.0, loc);
    }
    /// Loads a constant.
    pub fn load_const(&mut self, c: Const, loc: Loc) {
        let i = self.pool.add(c);
        self.push(Op::LOAD_CONST, i, Kind::Const, NONE, loc);
    }
    /// Exceptions in what follows go to `handler`, with the present stack depth.
    pub fn setup(&mut self, handler: Label, push_lasti: bool, loc: Loc) -> u32 {
        self.setup_dropping(handler, push_lasti, 0, loc)
    }
    /// As `setup`; the handler does not keep the top `drop` operands.
    pub fn setup_dropping(&mut self, handler: Label, push_lasti: bool, drop: u32, loc: Loc) -> u32 {
        self.handlers.push(Handler { target: handler.0, push_lasti, drop });
        let id = self.handlers.len() as u32 - 1;
        self.push(Op::NOP, id, Kind::Setup, NONE, loc);
        self.active.push(id);
        self.barrier = self.instrs.len();
        id
    }
    /// The open handlers, for [`Seq::restore`].
    pub fn active(&self) -> Vec<u32> {
        self.active.clone()
    }
    /// Sets the open handlers: code emitted next is covered by these again.
    pub fn restore(&mut self, active: Vec<u32>) {
        self.barrier = self.instrs.len();
        self.active = active;
    }
    /// Ends the innermost `setup`.
    pub fn pop_block(&mut self) {
        self.barrier = self.instrs.len();
        self.active.pop();
    }
    /// Pushes NULL for a call; LOAD_GLOBAL can do so itself.
    pub fn push_null(&mut self, loc: Loc) {
        if self.barrier < self.instrs.len()
            && let Some(last) = self.instrs.last_mut()
            && last.op == Op::LOAD_GLOBAL
            && last.arg & 1 == 0
        {
            last.arg |= 1;
            return;
        }
        self.emit(Op::PUSH_NULL, 0, loc);
    }
    /// How many instructions there are; for [`Seq::move_tail`].
    pub fn position(&self) -> usize {
        self.instrs.len()
    }
    /// Moves the instructions from `start` on, among which no label stands, to `to`.
    pub fn move_tail(&mut self, start: usize, to: usize) {
        let n = (self.instrs.len() - start) as u32;
        for l in &mut self.labels {
            if *l != NONE && *l as usize >= to {
                *l += n;
            }
        }
        self.instrs[to..].rotate_right(n as usize);
        self.barrier = self.instrs.len();
    }

    /// The last `n` instructions, if they are constants that can be combined.
    pub fn const_tail(&self, n: usize) -> Option<Vec<Const>> {
        let start = self.instrs.len().checked_sub(n)?;
        if start < self.barrier || self.instrs[start..].iter().any(|i| i.kind != Kind::Const) {
            return None;
        }
        Some(self.instrs[start..].iter().map(|i| self.pool.get(i.arg).clone()).collect())
    }
    /// Replaces the last `n` instructions by a constant.
    pub fn replace_tail(&mut self, n: usize, c: Const, loc: Loc) {
        let keep = self.instrs.len() - n;
        self.instrs.truncate(keep);
        self.load_const(c, loc);
    }
    /// Adds the building of a list or set, from a constant if all items are; `extend` is the opcode that adds one.
    pub fn build(&mut self, op: Op, extend: Op, n: usize, loc: Loc) {
        match self.const_tail(n) {
            Some(t) if n > 2 => {
                let keep = self.instrs.len() - n;
                self.instrs.truncate(keep);
                self.emit(op, 0, loc);
                let items = if op == Op::BUILD_SET { Const::frozenset(t.into_iter()) } else { Const::Tuple(t.into()) };
                self.load_const(items, loc);
                self.emit(extend, 1, loc);
            }
            _ => self.emit(op, n as u32, loc),
        }
    }
    /// A set of `n` constants that was just built becomes a constant.
    pub fn fold_set(&mut self, n: usize, loc: Loc) {
        let Some(last) = self.last_in_line() else { return };
        if last.op == Op::BUILD_SET && n <= 2 && last.arg as usize == n {
            self.instrs.pop();
            match self.const_tail(n) {
                Some(items) => self.replace_tail(n, Const::frozenset(items.into_iter()), loc),
                None => self.instrs.push(last),
            }
        } else if last.op == Op::SET_UPDATE
            && let [.., empty, items, _] = self.instrs[..]
            && empty.op == Op::BUILD_SET
            && empty.arg == 0
            && items.kind == Kind::Const
        {
            self.instrs.truncate(self.instrs.len() - 3);
            self.instrs.push(items);
        }
    }
    /// Adds a unary operator, or its result.
    pub fn unary(&mut self, op: Op, loc: Loc) {
        if let Some(t) = self.const_tail(1)
            && let Some(c) = fold::unary(op, &t[0])
        {
            return self.replace_tail(1, c, loc);
        }
        self.emit(op, 0, loc);
    }
    /// Adds a binary operator (`arg` as in the opcode), or its result.
    pub fn binary(&mut self, op: Op, arg: u32, loc: Loc) {
        if let Some(t) = self.const_tail(2)
            && let Some(c) = fold::binary(op, arg, &t[0], &t[1])
        {
            return self.replace_tail(2, c, loc);
        }
        self.emit(op, arg, loc);
    }
    /// Adds a BUILD_TUPLE, or the tuple.
    pub fn build_tuple(&mut self, n: usize, loc: Loc) {
        match self.const_tail(n) {
            Some(t) => self.replace_tail(n, Const::Tuple(t.into()), loc),
            None => self.emit(Op::BUILD_TUPLE, n as u32, loc),
        }
    }
    /// The last instruction, if no jump can come in after it.
    pub fn last_in_line(&self) -> Option<Instr> {
        if self.barrier < self.instrs.len() { self.instrs.last().copied() } else { None }
    }
    pub(crate) fn check(&self) -> Result<()> {
        match self.overflow {
            Some(msg) => Err(SyntaxError::other(ErrorKind::Overflow, msg)),
            None => Ok(()),
        }
    }
}
