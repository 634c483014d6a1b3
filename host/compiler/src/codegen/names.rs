//! Loading, storing and deleting names.

use super::{Compiler, UnitKind};
use crate::error::{ErrorKind, Result, SyntaxError};
use crate::linetable::Loc;
use crate::symtable::{Block, NameScope};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{ExprContext, Ident};

impl<'a> Compiler<'a> {
    /// The symbol of a mangled name, as seen here.
    pub(crate) fn symbol(&self, name: &Ident) -> u32 {
        match self.unit().overrides.get(name) {
            Some(s) => *s,
            None => self.scope().symbols.lookup(name),
        }
    }
    pub(crate) fn scope_of(&self, name: &Ident) -> NameScope {
        NameScope::of(self.symbol(name))
    }

    pub(crate) fn load_name(&mut self, name: &Ident, loc: Loc) -> Result<()> {
        self.nameop(name, ExprContext::Load, loc)
    }
    pub(crate) fn store_name(&mut self, name: &Ident, loc: Loc) -> Result<()> {
        self.nameop(name, ExprContext::Store, loc)
    }
    pub(crate) fn delete_name(&mut self, name: &Ident, loc: Loc) -> Result<()> {
        self.nameop(name, ExprContext::Del, loc)
    }

    /// The index of a cell or free variable among both.
    pub(crate) fn deref_index(&self, name: &Ident) -> Option<u32> {
        let unit = self.unit();
        let free = unit.frees.find(name).map(|i| i + unit.cells.list.len() as u32);
        match self.scope_of(name) {
            NameScope::Cell => unit.cells.find(name).or(free),
            _ => free.or(unit.cells.find(name)),
        }
    }

    fn deref(&mut self, op: Op, name: &Ident, loc: Loc) -> Result<()> {
        let Some(i) = self.deref_index(name) else {
            let msg = format!("internal compiler error: no cell for {}", name.as_str());
            return Err(SyntaxError::other(ErrorKind::Value, msg));
        };
        self.u().seq.deref(op, i, loc);
        Ok(())
    }

    /// Pushes the class namespace that an annotation scope can see.
    fn load_classdict(&mut self, loc: Loc) -> Result<()> {
        self.deref(Op::LOAD_DEREF, &Ident::new("__classdict__"), loc)
    }

    /// An instruction on the cell or free variable of that name.
    pub(crate) fn cell_op(&mut self, op: Op, name: &str, loc: Loc) -> Result<()> {
        self.deref(op, &Ident::new(name), loc)
    }

    pub(crate) fn is_fast(&self, name: &Ident) -> bool {
        self.scope_of(name) == NameScope::Local
            && (self.scope().is_function_like() || self.unit().fast_hidden.contains(name))
    }

    pub(crate) fn nameop(&mut self, name: &Ident, ctx: ExprContext, loc: Loc) -> Result<()> {
        use ExprContext::{Del, Load, Store};
        let name = &self.mangle(name);
        let entry = self.scope();
        let function_like = entry.is_function_like();
        let is_class = entry.block == Block::Class;
        let inlined = self.unit().inlined > 0;
        match self.scope_of(name) {
            NameScope::Free | NameScope::Cell => {
                let op = match ctx {
                    Load if is_class && !inlined => {
                        self.op(Op::LOAD_LOCALS, loc);
                        Op::LOAD_FROM_DICT_OR_DEREF
                    }
                    Load if entry.can_see_class_scope && name.as_str() != "__classdict__" => {
                        self.load_classdict(loc)?;
                        Op::LOAD_FROM_DICT_OR_DEREF
                    }
                    Load => Op::LOAD_DEREF,
                    Store => Op::STORE_DEREF,
                    Del => Op::DELETE_DEREF,
                };
                self.deref(op, name, loc)
            }
            NameScope::Local if function_like || self.unit().fast_hidden.contains(name) => {
                let i = self.u().varnames.add(name);
                let op = match ctx {
                    Load => Op::LOAD_FAST,
                    Store => Op::STORE_FAST,
                    Del => Op::DELETE_FAST,
                };
                self.op_i(op, i, loc);
                Ok(())
            }
            scope => {
                let global = scope == NameScope::GlobalExplicit
                    || scope == NameScope::GlobalImplicit && function_like
                    || is_class && inlined && ctx == Load;
                let i = self.u().name(name);
                if !global {
                    let op = match ctx {
                        Load => Op::LOAD_NAME,
                        Store => Op::STORE_NAME,
                        Del => Op::DELETE_NAME,
                    };
                    self.op_i(op, i, loc);
                    return Ok(());
                }
                match ctx {
                    Load if entry.can_see_class_scope && scope == NameScope::GlobalImplicit => {
                        self.load_classdict(loc)?;
                        self.op_i(Op::LOAD_FROM_DICT_OR_GLOBALS, i, loc);
                    }
                    Load => self.op_i(Op::LOAD_GLOBAL, i << 1, loc),
                    Store => self.op_i(Op::STORE_GLOBAL, i, loc),
                    Del => self.op_i(Op::DELETE_GLOBAL, i, loc),
                }
                Ok(())
            }
        }
    }

    /// The class around the present unit learns of an attribute that a method sets.
    pub(crate) fn note_static_attribute(&mut self, attr: &Ident) {
        let inner = self.units.len() - 1;
        if let Some(class) = self.units[..inner].iter_mut().rev().find(|u| u.kind == UnitKind::Class) {
            class.static_attributes.insert(attr.clone());
        }
    }
}
