//! Leaving blocks early: `return`, `break`, `continue`.

use super::unit::FBlock;
use super::{Compiler, err};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::Block;
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Expr, ExprKind, Stmt};

/// How deep blocks of one function may be nested (CPython's CO_MAXBLOCKS).
const MAX_BLOCKS: usize = 21;

impl<'a> Compiler<'a> {
    pub(crate) fn push_fblock(&mut self, b: FBlock<'a>, loc: Loc) -> Result<()> {
        if self.u().fblocks.len() >= MAX_BLOCKS {
            return err("too many statically nested blocks", loc);
        }
        self.u().fblocks.push(b);
        Ok(())
    }
    pub(crate) fn pop_fblock(&mut self) {
        self.u().fblocks.pop();
    }

    /// Undoes one block; `value`: a value on top of the stack is kept. Returns the place of what follows.
    fn unwind(&mut self, block: FBlock<'a>, value: bool, loc: Loc) -> Result<Loc> {
        match block {
            FBlock::While { .. }
            | FBlock::ExceptionHandler
            | FBlock::ExceptionGroupHandler
            | FBlock::AsyncComprehension
            | FBlock::StopIteration => {}
            FBlock::For { .. } => {
                self.swap_if(value, loc);
                self.op(Op::POP_ITER, loc);
            }
            FBlock::AsyncFor { .. } | FBlock::PopValue => {
                self.swap_if(value, loc);
                self.op(Op::POP_TOP, loc);
            }
            FBlock::Try => self.u().seq.pop_block(),
            FBlock::FinallyTry { body } => {
                self.u().seq.pop_block();
                if value {
                    self.push_fblock(FBlock::PopValue, loc)?;
                }
                self.stmts(body)?;
                if value {
                    self.pop_fblock();
                }
                return Ok(NO_LOC);
            }
            FBlock::FinallyEnd => {
                self.swap_if(value, loc);
                self.op(Op::POP_TOP, loc);
                self.swap_if(value, loc);
                self.u().seq.pop_block();
                self.op(Op::POP_EXCEPT, loc);
            }
            FBlock::With { is_async, loc } => {
                self.u().seq.pop_block();
                if value {
                    self.op_i(Op::SWAP, 3, loc);
                    self.op_i(Op::SWAP, 2, loc);
                }
                self.exit_with_nones(loc);
                if is_async {
                    self.op_i(Op::GET_AWAITABLE, 2, loc);
                    self.load(Const::None, loc);
                    self.yield_from(loc);
                }
                self.op(Op::POP_TOP, loc);
                return Ok(NO_LOC);
            }
            FBlock::HandlerCleanup { name } => {
                if name.is_some() {
                    self.u().seq.pop_block();
                }
                self.swap_if(value, loc);
                self.u().seq.pop_block();
                self.op(Op::POP_EXCEPT, loc);
                if let Some(name) = name {
                    self.unbind(name, loc)?;
                }
            }
        }
        Ok(loc)
    }

    fn swap_if(&mut self, value: bool, loc: Loc) {
        if value {
            self.op_i(Op::SWAP, 2, loc);
        }
    }

    /// `name = None; del name`.
    pub(crate) fn unbind(&mut self, name: &taipan_syntax::ast::Ident, loc: Loc) -> Result<()> {
        self.load(Const::None, loc);
        self.store_name(name, loc)?;
        self.delete_name(name, loc)
    }

    /// Undoes all blocks, or those inside the innermost loop, which is returned. The blocks stay open for what follows.
    fn unwind_to(&mut self, loc: &mut Loc, value: bool, to_loop: bool) -> Result<Option<FBlock<'a>>> {
        let blocks = self.u().fblocks.clone();
        let active = self.u().seq.active();
        let mut found = None;
        while let Some(&top) = self.u().fblocks.last() {
            if let FBlock::ExceptionGroupHandler = top {
                return err("'break', 'continue' and 'return' cannot appear in an except* block", *loc);
            }
            if to_loop && matches!(top, FBlock::While { .. } | FBlock::For { .. } | FBlock::AsyncFor { .. }) {
                found = Some(top);
                break;
            }
            self.pop_fblock();
            *loc = self.unwind(top, value, *loc)?;
        }
        // Restored by the caller after the jump.
        self.saved.push((blocks, active));
        Ok(found)
    }

    fn rewind(&mut self) {
        if let Some((blocks, active)) = self.saved.pop() {
            self.u().fblocks = blocks;
            self.u().seq.restore(active);
        }
    }

    pub(crate) fn return_stmt(&mut self, s: &Stmt, value: Option<&'a Expr>) -> Result<()> {
        let scope = self.scope();
        if scope.block != Block::Function {
            return err("'return' outside function", s.pos);
        }
        if value.is_some() && scope.coroutine && scope.generator {
            return err("'return' with value in async generator", s.pos);
        }
        let mut loc = s.pos;
        let constant = match value.map(|v| &v.kind) {
            Some(ExprKind::Constant { value, .. }) => Some(Const::from_ast(value)),
            None => Some(Const::None),
            _ => None,
        };
        match value {
            Some(v) if constant.is_none() => self.expr(v)?,
            Some(v) if v.pos.lineno != s.pos.lineno => self.op(Op::NOP, v.pos),
            Some(v) => loc = v.pos,
            None => {}
        }
        if constant.is_some() {
            self.op(Op::NOP, s.pos);
        }
        self.unwind_to(&mut loc, constant.is_none(), false)?;
        if let Some(c) = constant {
            self.load(c, loc);
        }
        self.op(Op::RETURN_VALUE, loc);
        self.rewind();
        Ok(())
    }

    pub(crate) fn break_stmt(&mut self, s: &Stmt) -> Result<()> {
        let mut loc = s.pos;
        self.op(Op::NOP, loc);
        let Some(block) = self.unwind_to(&mut loc, false, true)? else {
            return err("'break' outside loop", s.pos);
        };
        self.pop_fblock();
        let loc = self.unwind(block, false, loc)?;
        if let FBlock::While { exit, .. } | FBlock::For { exit, .. } | FBlock::AsyncFor { exit, .. } = block {
            self.goto(exit, loc);
        }
        self.rewind();
        Ok(())
    }

    pub(crate) fn continue_stmt(&mut self, s: &Stmt) -> Result<()> {
        let mut loc = s.pos;
        self.op(Op::NOP, loc);
        match self.unwind_to(&mut loc, false, true)? {
            Some(FBlock::While { start, .. } | FBlock::For { start, .. } | FBlock::AsyncFor { start, .. }) => {
                self.goto(start, loc)
            }
            _ => return err("'continue' not properly in loop", s.pos),
        }
        self.rewind();
        Ok(())
    }
}
