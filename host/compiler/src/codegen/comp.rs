//! Comprehensions, inlined or not, and generator expressions.

use super::unit::FBlock;
use super::{Compiler, UnitKind};
use crate::asm::Label;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::{Block, Comp, NameScope, Part, ScopeId, flag, key};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Comprehension, Expr, ExprKind, Ident};

/// What the innermost loop does with each element.
#[derive(Clone, Copy)]
struct Element<'a> {
    comp: Comp,
    elt: &'a Expr,
    /// Of a dict comprehension.
    value: Option<&'a Expr>,
}

/// A variable whose value outside is kept on the stack.
struct Pushed {
    slot: u32,
    deref: bool,
}

/// How to come back from an inlined comprehension.
struct Inlined {
    pushed: Vec<Pushed>,
    overrides: Vec<(Ident, Option<u32>)>,
    hidden: Vec<Ident>,
    cleanup: Option<Label>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn comprehension(&mut self, e: &'a Expr) -> Result<()> {
        let (comp, name, elt, value, generators) = match &e.kind {
            ExprKind::ListComp { elt, generators } => (Comp::List, "<listcomp>", elt, None, generators),
            ExprKind::SetComp { elt, generators } => (Comp::Set, "<setcomp>", elt, None, generators),
            ExprKind::GeneratorExp { elt, generators } => (Comp::Generator, "<genexpr>", elt, None, generators),
            ExprKind::DictComp { key, value, generators } => {
                (Comp::Dict, "<dictcomp>", key, Some(&**value), generators)
            }
            _ => return Ok(()),
        };
        let element = Element { comp, elt, value };
        let scope = self.find_scope(key(e, Part::Body))?;
        let entry = &self.table.scopes[scope];
        let Some(outermost) = generators.first() else { return Ok(()) };
        let loc = e.pos;
        if entry.comp_inlined {
            self.outermost_iter(outermost)?;
            let state = self.push_inlined(scope, loc);
            self.build(comp, loc);
            self.op_i(Op::SWAP, 2, loc);
            self.loops(generators, 0, 0, element, true, loc)?;
            self.pop_inlined(state, loc);
            return Ok(());
        }
        let private = self.unit().private.clone();
        self.enter_scope(Ident::new(name), UnitKind::Comprehension, scope, loc.lineno, private)?;
        self.u().argcount = 1;
        let handler = self.stop_iteration_start()?;
        if comp != Comp::Generator {
            self.build(comp, loc);
        }
        self.loops(generators, 0, 0, element, false, loc)?;
        if comp != Comp::Generator {
            self.op(Op::RETURN_VALUE, loc);
        }
        self.stop_iteration_end(handler);
        let code = self.leave(false)?;
        self.make_closure(code, 0, loc)?;
        self.outermost_iter(outermost)?;
        self.op_i(Op::CALL, 0, loc);
        if entry.coroutine && comp != Comp::Generator {
            self.await_value(0, loc);
        }
        Ok(())
    }

    fn outermost_iter(&mut self, g: &'a Comprehension) -> Result<()> {
        if g.is_async != 0 {
            self.expr(&g.iter)?;
            self.op(Op::GET_AITER, g.iter.pos);
        } else {
            self.iterable(&g.iter)?;
            self.op(Op::GET_ITER, g.iter.pos);
        }
        Ok(())
    }

    fn build(&mut self, comp: Comp, loc: Loc) {
        let op = match comp {
            Comp::List => Op::BUILD_LIST,
            Comp::Set => Op::BUILD_SET,
            Comp::Dict => Op::BUILD_MAP,
            Comp::Generator => return,
        };
        self.op_i(op, 0, loc);
    }

    /// The loop number `at` and those in it. `depth`: iterators between the result and the top of the stack.
    fn loops(
        &mut self,
        generators: &'a [Comprehension],
        at: usize,
        depth: u32,
        element: Element<'a>,
        on_stack: bool,
        loc: Loc,
    ) -> Result<()> {
        self.deeper(|c| match generators[at].is_async {
            0 => c.sync_loop(generators, at, depth, element, on_stack, loc),
            _ => c.async_loop(generators, at, depth, element, on_stack, loc),
        })
    }

    fn inner(
        &mut self,
        generators: &'a [Comprehension],
        at: usize,
        depth: u32,
        element: Element<'a>,
        skip: Label,
        loc: Loc,
    ) -> Result<()> {
        let g = &generators[at];
        for test in &g.ifs {
            self.jump_if(test, skip, false)?;
        }
        if at + 1 < generators.len() {
            return self.loops(generators, at + 1, depth, element, false, loc);
        }
        let elt = element.elt;
        let mut at = elt.pos;
        match element.comp {
            Comp::Generator => {
                self.expr(elt)?;
                self.yield_value(elt.pos);
                self.op(Op::POP_TOP, elt.pos);
            }
            Comp::List => {
                self.expr(elt)?;
                self.op_i(Op::LIST_APPEND, depth + 1, at);
            }
            Comp::Set => {
                self.expr(elt)?;
                self.op_i(Op::SET_ADD, depth + 1, at);
            }
            Comp::Dict => {
                self.expr(elt)?;
                if let Some(v) = element.value {
                    self.expr(v)?;
                    at.end_lineno = v.pos.end_lineno;
                    at.end_col_offset = v.pos.end_col_offset;
                }
                self.op_i(Op::MAP_ADD, depth + 1, at);
            }
        }
        Ok(())
    }

    fn sync_loop(
        &mut self,
        generators: &'a [Comprehension],
        at: usize,
        depth: u32,
        element: Element<'a>,
        on_stack: bool,
        loc: Loc,
    ) -> Result<()> {
        let g = &generators[at];
        let (start, skip, anchor) = (self.label(), self.label(), self.label());
        if at == 0 {
            if !on_stack {
                self.op_i(Op::LOAD_FAST, 0, g.iter.pos);
            }
        } else {
            // `for x in [value]` only binds x.
            if let ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } = &g.iter.kind
                && let [value] = &elts[..]
                && !matches!(value.kind, ExprKind::Starred { .. })
            {
                self.expr(value)?;
                self.expr(&g.target)?;
                self.inner(generators, at, depth, element, skip, loc)?;
                self.place(skip);
                return Ok(());
            }
            self.iterable(&g.iter)?;
            self.op(Op::GET_ITER, g.iter.pos);
        }
        self.place(start);
        self.jump(Op::FOR_ITER, anchor, g.iter.pos);
        self.expr(&g.target)?;
        self.inner(generators, at, depth + 1, element, skip, loc)?;
        self.place(skip);
        self.goto(start, element.elt.pos);
        self.place(anchor);
        self.op(Op::POP_ITER, NO_LOC);
        Ok(())
    }

    fn async_loop(
        &mut self,
        generators: &'a [Comprehension],
        at: usize,
        depth: u32,
        element: Element<'a>,
        on_stack: bool,
        loc: Loc,
    ) -> Result<()> {
        let g = &generators[at];
        let (start, skip, except) = (self.label(), self.label(), self.label());
        if at == 0 {
            if !on_stack {
                self.op_i(Op::LOAD_FAST, 0, loc);
            }
        } else {
            self.expr(&g.iter)?;
            self.op(Op::GET_AITER, g.iter.pos);
        }
        self.place(start);
        self.push_fblock(FBlock::AsyncComprehension, loc)?;
        self.u().seq.setup(except, false, loc);
        self.op(Op::GET_ANEXT, loc);
        self.load(Const::None, loc);
        self.yield_from(loc);
        self.u().seq.pop_block();
        self.expr(&g.target)?;
        self.inner(generators, at, depth + 1, element, skip, loc)?;
        self.place(skip);
        self.goto(start, element.elt.pos);
        self.pop_fblock();
        self.place(except);
        self.op(Op::END_ASYNC_FOR, loc);
        Ok(())
    }

    /// Makes the comprehension's names those of the unit, and keeps the values that its variables have outside.
    /// The iterator is on the stack, and stays on top.
    fn push_inlined(&mut self, comp: ScopeId, loc: Loc) -> Inlined {
        let entry = &self.table.scopes[comp];
        let function_like = self.scope().is_function_like();
        let in_class = self.scope().block == Block::Class && self.unit().inlined == 0;
        self.u().inlined += 1;
        let mut state = Inlined { pushed: Vec::new(), overrides: Vec::new(), hidden: Vec::new(), cleanup: None };
        for (name, symbol) in entry.symbols.iter() {
            if symbol & flag::PARAM != 0 {
                continue;
            }
            let bound = symbol & flag::LOCAL != 0 && symbol & flag::NONLOCAL == 0;
            let (inside, outside) = (NameScope::of(symbol), self.scope_of(name));
            // A name that only another inlined comprehension binds is not this one's local.
            let global = inside == NameScope::GlobalImplicit && outside == NameScope::Local && function_like;
            if !bound && !in_class && !global {
                continue;
            }
            if inside != outside && inside != NameScope::Free || in_class {
                let old = self.u().overrides.insert(name.clone(), symbol);
                state.overrides.push((name.clone(), old));
            }
            if !bound {
                continue;
            }
            if !function_like && self.u().fast_hidden.insert(name.clone()) {
                state.hidden.push(name.clone());
            }
            let cell = inside == NameScope::Cell;
            let slot = match cell {
                true => self.u().cells.find(name),
                false => None,
            };
            let (slot, deref) = match slot {
                Some(i) => (i, true),
                None => (self.u().varnames.add(name), false),
            };
            self.slot_op(Op::LOAD_FAST_AND_CLEAR, slot, deref, loc);
            if deref {
                self.u().seq.deref(Op::MAKE_CELL, slot, loc);
            }
            state.pushed.push(Pushed { slot, deref });
        }
        if !state.pushed.is_empty() {
            self.op_i(Op::SWAP, state.pushed.len() as u32 + 1, loc);
            // The variables must be right again when an exception is handled outside.
            let cleanup = self.label();
            self.u().seq.setup(cleanup, false, loc);
            state.cleanup = Some(cleanup);
        }
        state
    }

    fn slot_op(&mut self, op: Op, slot: u32, deref: bool, loc: Loc) {
        if deref {
            self.u().seq.deref(op, slot, loc);
        } else {
            self.op_i(op, slot, loc);
        }
    }

    fn pop_inlined(&mut self, state: Inlined, loc: Loc) {
        self.u().inlined -= 1;
        if let Some(cleanup) = state.cleanup {
            let end = self.label();
            self.u().seq.pop_block();
            self.goto(end, NO_LOC);
            self.place(cleanup);
            // The unfinished result.
            self.op_i(Op::SWAP, 2, NO_LOC);
            self.op(Op::POP_TOP, NO_LOC);
            self.restore_pushed(&state.pushed, loc);
            self.op(Op::RERAISE, loc);
            self.place(end);
            self.restore_pushed(&state.pushed, loc);
        }
        for (name, old) in state.overrides.into_iter().rev() {
            match old {
                Some(symbol) => self.u().overrides.insert(name, symbol),
                None => self.u().overrides.remove(&name),
            };
        }
        self.unhide(state.hidden);
    }

    /// The names are ordinary ones again; the slots keep their mark.
    fn unhide(&mut self, hidden: Vec<Ident>) {
        for name in hidden {
            self.u().fast_hidden.remove(&name);
            self.u().was_hidden.insert(name);
        }
    }

    fn restore_pushed(&mut self, pushed: &[Pushed], loc: Loc) {
        self.op_i(Op::SWAP, pushed.len() as u32 + 1, loc);
        for p in pushed.iter().rev() {
            self.slot_op(Op::STORE_FAST_MAYBE_NULL, p.slot, p.deref, loc);
        }
    }
}
