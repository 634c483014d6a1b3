//! Code generation: trees and scopes to sequences of instructions.
//!
//! Each code object under construction is a [`Unit`]; units nest as the blocks of the source do. The shapes of the
//! generated code are CPython 3.14's, as the instruction set is.

mod annotations;
mod blocks;
mod boolean;
mod call;
mod class;
mod comp;
mod container;
mod expr;
mod flow;
mod fstring;
mod func;
mod names;
mod pattern;
mod stmt;
mod try_stmt;
mod type_params;
mod unit;
mod warn;
mod with;

use crate::asm::Label;
use crate::code::{CodeObject, Const};
use crate::error::{Depth, Result, SyntaxError, Warning};
use crate::future::Future;
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::{Block, Key, Part, Scope, SymTable, key};
use std::rc::Rc;
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Ident, Mod, Pos, Stmt, Wtf8};
pub(crate) use unit::{Unit, UnitKind};

/// How much may be pushed before a container is built piecewise.
pub(crate) const STACK_USE_GUIDELINE: usize = 30;

/// `sys.flags.optimize`: asserts are dropped at 1, docstrings at 2.
pub type OptLevel = u8;

/// The state of one compilation.
pub(crate) struct Compiler<'a> {
    pub(crate) table: &'a SymTable,
    pub(crate) filename: Wtf8,
    pub(crate) future: Future,
    pub(crate) optimize: OptLevel,
    pub(crate) top_level_await: bool,
    pub(crate) interactive: bool,
    /// Open units, innermost last.
    pub(crate) units: Vec<Unit<'a>>,
    pub(crate) warnings: Vec<Warning>,
    /// Blocks and handlers to come back to after an early exit.
    saved: Vec<(Vec<unit::FBlock<'a>>, Vec<u32>)>,
    depth: Rc<Depth>,
}

/// Compiles a tree whose scopes are known.
pub(crate) fn generate(
    tree: &Mod,
    table: &SymTable,
    filename: Wtf8,
    future: Future,
    optimize: OptLevel,
    top_level_await: bool,
) -> Result<(CodeObject, Vec<Warning>)> {
    let mut c = Compiler {
        table,
        filename,
        future,
        optimize,
        top_level_await,
        interactive: matches!(tree, Mod::Interactive { .. }),
        units: Vec::new(),
        warnings: Vec::new(),
        saved: Vec::new(),
        depth: Rc::new(Depth::default()),
    };
    c.enter(Ident::new("<module>"), UnitKind::Module, key(tree, Part::Body), 1, None)?;
    let add_none = match tree {
        Mod::Module { body, .. } | Mod::Interactive { body } => {
            c.module_body(body)?;
            true
        }
        Mod::Expression { body } => {
            c.expr(body)?;
            c.op(Op::RETURN_VALUE, NO_LOC);
            false
        }
        Mod::FunctionType { .. } => false,
    };
    let code = c.leave(add_none)?;
    Ok((code, c.warnings))
}

pub(crate) fn err<T>(msg: impl Into<String>, pos: Pos) -> Result<T> {
    Err(SyntaxError::new(msg, pos))
}

/// A place on one line without columns worth showing.
pub(crate) fn line_loc(line: i32) -> Loc {
    Loc { lineno: line, col_offset: 0, end_lineno: line, end_col_offset: 0 }
}

impl<'a> Compiler<'a> {
    pub(crate) fn u(&mut self) -> &mut Unit<'a> {
        self.units.last_mut().expect("a unit is open while code is generated")
    }
    pub(crate) fn unit(&self) -> &Unit<'a> {
        self.units.last().expect("a unit is open while code is generated")
    }
    pub(crate) fn scope(&self) -> &'a Scope {
        &self.table.scopes[self.unit().scope]
    }

    /// Runs `f` one nesting level deeper.
    pub(crate) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let depth = self.depth.clone();
        depth.enter(|| f(self))
    }

    pub(crate) fn op(&mut self, op: Op, loc: Loc) {
        self.u().seq.emit(op, 0, loc);
    }
    pub(crate) fn op_i(&mut self, op: Op, arg: u32, loc: Loc) {
        self.u().seq.emit(op, arg, loc);
    }
    pub(crate) fn jump(&mut self, op: Op, to: Label, loc: Loc) {
        self.u().seq.jump(op, to, loc);
    }
    /// An unconditional jump in either direction.
    pub(crate) fn goto(&mut self, to: Label, loc: Loc) {
        self.u().seq.jump(Op::JUMP_FORWARD, to, loc);
    }
    pub(crate) fn label(&mut self) -> Label {
        self.u().seq.label()
    }
    pub(crate) fn place(&mut self, l: Label) {
        self.u().seq.place(l);
    }
    pub(crate) fn load(&mut self, c: Const, loc: Loc) {
        self.u().seq.load_const(c, loc);
    }
    pub(crate) fn load_str(&mut self, s: &str, loc: Loc) {
        self.u().seq.load_const(Const::str(s), loc);
    }
    pub(crate) fn load_int(&mut self, i: usize, loc: Loc) {
        self.u().seq.load_const(Const::Int(i as i64), loc);
    }
    /// An instruction whose argument is a name; private ones are mangled, even those of modules.
    pub(crate) fn name_op(&mut self, op: Op, name: &str, loc: Loc) {
        let i = self.attr_index(&Ident::new(name));
        self.u().seq.emit(op, i, loc);
    }
    pub(crate) fn mangle(&self, name: &Ident) -> Ident {
        self.scope().mangle(self.unit().private.as_ref(), name)
    }
    pub(crate) fn attr_index(&mut self, name: &Ident) -> u32 {
        let name = self.mangle(name);
        self.u().name(&name)
    }

    fn module_body(&mut self, body: &'a [Stmt]) -> Result<()> {
        let loc = body.first().map_or(line_loc(1), |s| s.pos);
        let scope = self.scope();
        if scope.has_conditional_annotations {
            self.op_i(Op::BUILD_SET, 0, loc);
            self.name_op(Op::STORE_NAME, "__conditional_annotations__", loc);
        }
        self.body(body, loc)
    }

    /// The statements of a module or class, with its docstring and annotations.
    pub(crate) fn body(&mut self, body: &'a [Stmt], loc: Loc) -> Result<()> {
        if self.future.annotations() && self.scope().annotations_used {
            self.op(Op::SETUP_ANNOTATIONS, loc);
        }
        if body.is_empty() {
            return Ok(());
        }
        let at = self.u().seq.position();
        let mut rest = body;
        if !self.interactive
            && let Some(doc) = crate::future::docstring(body)
        {
            rest = &body[1..];
            if self.optimize < 2 {
                let doc = crate::docstring::clean(doc);
                self.load(Const::Str(doc), body[0].pos);
                self.name_op(Op::STORE_NAME, "__doc__", NO_LOC);
            }
        }
        self.stmts(rest)?;
        if !self.future.annotations() {
            // A module can be read while it runs: its annotations are there from the start.
            let module = self.scope().block == Block::Module;
            self.deferred_annotations(loc, module.then_some(at))?;
        }
        Ok(())
    }

    /// Opens a unit for the block with this key.
    pub(crate) fn enter(
        &mut self,
        name: Ident,
        kind: UnitKind,
        key: Key,
        firstlineno: i32,
        private: Option<Ident>,
    ) -> Result<()> {
        match self.table.find(key) {
            Some(scope) => self.enter_scope(name, kind, scope, firstlineno, private),
            None => Err(SyntaxError::other(crate::error::ErrorKind::Value, "unknown symbol table entry")),
        }
    }
}
