//! A code object under construction.

use super::Compiler;
use crate::asm::{Label, Locals, Seq, assemble};
use crate::code::{CodeObject, Const, kind};
use crate::error::{ErrorKind, Result, SyntaxError};
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::{Block, NameScope, ScopeId, flag};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::collections::BTreeSet;
use std::rc::Rc;
use taipan_abi::opcode::{Op, co};
use taipan_syntax::ast::{Expr, Ident, Stmt};

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    Annotations,
    TypeParams,
}

/// What a `return`, `break` or `continue` has to undo on its way out.
#[derive(Clone, Copy)]
pub(crate) enum FBlock<'a> {
    While { start: Label, exit: Label },
    For { start: Label, exit: Label },
    AsyncFor { start: Label, exit: Label },
    Try,
    FinallyTry { body: &'a [Stmt] },
    FinallyEnd,
    With { is_async: bool, loc: Loc },
    HandlerCleanup { name: Option<&'a Ident> },
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehension,
    StopIteration,
}

/// An annotation that is evaluated later.
pub(crate) struct Deferred<'a> {
    pub name: &'a Ident,
    pub annotation: &'a Expr,
    /// Its number, if it may not have been executed.
    pub index: Option<u32>,
    pub loc: Loc,
}

/// Names in order of first use.
#[derive(Default)]
pub(crate) struct NameList {
    pub list: Vec<Ident>,
    index: HashMap<Ident, u32>,
}

impl NameList {
    pub fn add(&mut self, name: &Ident) -> u32 {
        if let Some(&i) = self.index.get(name) {
            return i;
        }
        let i = self.list.len() as u32;
        self.list.push(name.clone());
        self.index.insert(name.clone(), i);
        i
    }
    pub fn find(&self, name: &Ident) -> Option<u32> {
        self.index.get(name).copied()
    }
}

pub(crate) struct Unit<'a> {
    pub scope: ScopeId,
    pub kind: UnitKind,
    pub name: Ident,
    pub qualname: String,
    pub private: Option<Ident>,
    pub firstlineno: i32,
    pub seq: Seq,
    pub names: NameList,
    pub varnames: NameList,
    pub cells: NameList,
    pub frees: NameList,
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub docstring: Option<Const>,
    pub fblocks: Vec<FBlock<'a>>,
    /// Attributes set on `self` in a class's methods.
    pub static_attributes: BTreeSet<Ident>,
    pub deferred: Vec<Deferred<'a>>,
    pub next_conditional: u32,
    /// Depth of statements that may not be executed.
    pub conditional: u32,
    /// Depth of inlined comprehensions.
    pub inlined: u32,
    /// Names that are fast locals although the block's are not: variables of inlined comprehensions.
    pub fast_hidden: HashSet<Ident>,
    /// All names that ever were.
    pub was_hidden: HashSet<Ident>,
    /// Symbols as an inlined comprehension sees them.
    pub overrides: HashMap<Ident, u32>,
}

impl Unit<'_> {
    pub fn name(&mut self, name: &Ident) -> u32 {
        self.names.add(name)
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn enter_scope(
        &mut self,
        name: Ident,
        kind: UnitKind,
        scope: ScopeId,
        firstlineno: i32,
        private: Option<Ident>,
    ) -> Result<()> {
        let entry = &self.table.scopes[scope];
        let mut varnames = NameList::default();
        entry.varnames.iter().for_each(|n| {
            varnames.add(n);
        });
        let pick = |want: NameScope, bit: u32| {
            let mut names: Vec<&Ident> = entry
                .symbols
                .iter()
                .filter(|(_, s)| NameScope::of(*s) == want || s & bit != 0)
                .map(|(n, _)| n)
                .collect();
            names.sort();
            let mut list = NameList::default();
            names.into_iter().for_each(|n| {
                list.add(n);
            });
            list
        };
        let mut cells = pick(NameScope::Cell, flag::COMP_CELL);
        let frees = pick(NameScope::Free, flag::FREE_CLASS);
        if entry.needs_class_closure {
            cells.add(&Ident::new("__class__"));
        }
        if entry.needs_classdict {
            cells.add(&Ident::new("__classdict__"));
        }
        if entry.has_conditional_annotations && entry.block == Block::Class {
            cells.add(&Ident::new("__conditional_annotations__"));
        }
        let qualname = self.qualname(&name, kind, private.as_ref());
        self.units.push(Unit {
            scope,
            kind,
            name,
            qualname,
            private,
            firstlineno,
            seq: Seq::default(),
            names: NameList::default(),
            varnames,
            cells,
            frees,
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            docstring: None,
            fblocks: Vec::new(),
            static_attributes: BTreeSet::new(),
            deferred: Vec::new(),
            next_conditional: 0,
            conditional: 0,
            inlined: 0,
            fast_hidden: HashSet::default(),
            was_hidden: HashSet::default(),
            overrides: HashMap::default(),
        });
        let entry = &self.table.scopes[scope];
        if entry.is_function_like() && (entry.generator || entry.coroutine) && kind != UnitKind::Annotations {
            let loc = super::line_loc(firstlineno);
            self.op(Op::RETURN_GENERATOR, loc);
            self.op(Op::POP_TOP, loc);
        } else if kind == UnitKind::Module && self.is_coroutine_module() {
            self.op(Op::RETURN_GENERATOR, NO_LOC);
            self.op(Op::POP_TOP, NO_LOC);
        }
        Ok(())
    }

    fn is_coroutine_module(&self) -> bool {
        self.top_level_await && self.scope().coroutine
    }

    fn qualname(&self, name: &Ident, kind: UnitKind, private: Option<&Ident>) -> String {
        let plain = name.as_str().to_string();
        let Some(mut at) = self.units.len().checked_sub(1) else { return plain };
        if at == 0 {
            return plain;
        }
        if matches!(self.units[at].kind, UnitKind::TypeParams | UnitKind::Annotations) {
            // These do not show in the names of what they contain.
            at -= 1;
            if at == 0 {
                return plain;
            }
        }
        let parent = &self.units[at];
        if matches!(kind, UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Class) {
            let scope = &self.table.scopes[parent.scope];
            let mangled = scope.mangle(parent.private.as_ref().or(private), name);
            if scope.scope_of(&mangled) == NameScope::GlobalExplicit {
                return plain;
            }
        }
        let base = &parent.qualname;
        match parent.kind {
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda => format!("{base}.<locals>.{plain}"),
            _ => format!("{base}.{plain}"),
        }
    }

    /// Closes the unit and assembles it; with `add_none`, what runs over the end returns None.
    pub(crate) fn leave(&mut self, add_none: bool) -> Result<CodeObject> {
        if add_none {
            self.load(Const::None, NO_LOC);
            self.op(Op::RETURN_VALUE, NO_LOC);
        }
        let flags = self.flags();
        let unit = self.units.pop().expect("a unit is open");
        let scope = &self.table.scopes[unit.scope];
        let params = scope.varnames.len();
        let optimized = scope.is_function_like();

        let mut names: Vec<Ident> = unit.varnames.list.clone();
        let mut kinds: Vec<u8> = Vec::with_capacity(names.len());
        let (pos_only, pos, kw) = (unit.posonlyargcount as usize, unit.argcount as usize, unit.kwonlyargcount as usize);
        for (i, n) in names.iter().enumerate() {
            let mut k = kind::LOCAL;
            if i < pos_only {
                k |= kind::ARG_POS;
            } else if i < pos {
                k |= kind::ARG_POS | kind::ARG_KW;
            } else if i < pos + kw {
                k |= kind::ARG_KW;
            } else if i < params {
                let is_varargs = scope.varargs && i == pos + kw;
                k |= kind::ARG_VAR | if is_varargs { kind::ARG_POS } else { kind::ARG_KW };
            }
            if !optimized && unit.was_hidden.contains(n) {
                k |= kind::HIDDEN;
            }
            kinds.push(k);
        }
        let mut deref = Vec::new();
        for n in &unit.cells.list {
            match unit.varnames.find(n) {
                Some(i) if (i as usize) < params => {
                    kinds[i as usize] |= kind::CELL;
                    deref.push(i);
                }
                _ => {
                    deref.push(names.len() as u32);
                    names.push(n.clone());
                    kinds.push(kind::CELL);
                }
            }
        }
        for n in &unit.frees.list {
            deref.push(names.len() as u32);
            names.push(n.clone());
            kinds.push(kind::FREE);
        }
        if names.len() >= 1 << 24 {
            return Err(SyntaxError::other(ErrorKind::Overflow, "too many local variables"));
        }
        if unit.kind == UnitKind::Annotations
            && scope.block == Block::Annotation
            && let Some(first) = names.first_mut()
        {
            // Only inside is it called otherwise, so that annotations can use the name.
            *first = Ident::new("format");
        }
        let locals = Locals { nlocals: unit.varnames.list.len(), params, deref: &deref };
        let asm = assemble(unit.seq, locals, unit.docstring, unit.firstlineno)?;
        Ok(CodeObject {
            argcount: unit.argcount,
            posonlyargcount: unit.posonlyargcount,
            kwonlyargcount: unit.kwonlyargcount,
            stacksize: asm.stacksize,
            flags,
            ncaches: asm.ncaches,
            firstlineno: unit.firstlineno,
            code: asm.code,
            consts: asm.consts,
            names: unit.names.list,
            localsplusnames: names,
            localspluskinds: kinds,
            filename: self.filename.clone(),
            name: unit.name,
            qualname: Ident::new(&unit.qualname),
            linetable: asm.linetable,
            exceptiontable: asm.exceptiontable,
        })
    }

    fn flags(&self) -> u32 {
        let unit = self.unit();
        let scope = &self.table.scopes[unit.scope];
        let mut flags = self.future.flags & FUTURE_MASK;
        if scope.is_function_like() {
            flags |= co::NEWLOCALS | co::OPTIMIZED;
            if scope.nested {
                flags |= co::NESTED;
            }
            flags |= match (scope.generator, scope.coroutine) {
                (true, false) => co::GENERATOR,
                (true, true) => co::ASYNC_GENERATOR,
                (false, true) => co::COROUTINE,
                (false, false) => 0,
            };
            if scope.varargs {
                flags |= co::VARARGS;
            }
            if scope.varkeywords {
                flags |= co::VARKEYWORDS;
            }
            if scope.method {
                flags |= co::METHOD;
            }
            if unit.docstring.is_some() {
                flags |= co::HAS_DOCSTRING;
            }
        } else if self.units.len() == 1 && self.is_coroutine_module() {
            flags |= co::COROUTINE;
        }
        flags
    }

    /// Makes a function (on the stack) of a code object. `attributes` are those of SET_FUNCTION_ATTRIBUTE whose
    /// values are on the stack, the highest on top.
    pub(crate) fn make_closure(&mut self, code: CodeObject, attributes: u32, loc: Loc) -> Result<()> {
        let free: Vec<Ident> = code
            .localsplusnames
            .iter()
            .zip(&code.localspluskinds)
            .filter(|(_, k)| **k & kind::FREE != 0)
            .map(|(n, _)| n.clone())
            .collect();
        if !free.is_empty() {
            for name in &free {
                let i = self.closure_index(name).ok_or_else(|| {
                    let msg = format!("internal compiler error: no variable for the free name {}", name.as_str());
                    SyntaxError::other(ErrorKind::Value, msg)
                })?;
                self.u().seq.deref(Op::LOAD_FAST, i, loc);
            }
            self.op_i(Op::BUILD_TUPLE, free.len() as u32, loc);
        }
        self.load(Const::Code(Rc::new(code)), loc);
        self.op(Op::MAKE_FUNCTION, loc);
        if !free.is_empty() {
            self.op_i(Op::SET_FUNCTION_ATTRIBUTE, 8, loc);
        }
        for bit in [4, 16, 2, 1] {
            if attributes & bit != 0 {
                self.op_i(Op::SET_FUNCTION_ATTRIBUTE, bit, loc);
            }
        }
        Ok(())
    }

    /// Where the cell that an inner block needs is kept here.
    fn closure_index(&self, name: &Ident) -> Option<u32> {
        let unit = self.unit();
        let cell = unit.cells.find(name);
        let free = || unit.frees.find(name).map(|i| i + unit.cells.list.len() as u32);
        match self.scope_of(name) {
            NameScope::Free if unit.kind != UnitKind::Class => free().or(cell),
            _ => cell.or_else(free),
        }
    }
}

const FUTURE_MASK: u32 = co::FUTURE_DIVISION
    | co::FUTURE_ABSOLUTE_IMPORT
    | co::FUTURE_WITH_STATEMENT
    | co::FUTURE_PRINT_FUNCTION
    | co::FUTURE_UNICODE_LITERALS
    | co::FUTURE_BARRY_AS_BDFL
    | co::FUTURE_GENERATOR_STOP
    | co::FUTURE_ANNOTATIONS;
