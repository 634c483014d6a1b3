//! `if`, `while`, `for`, `async for`.

use super::Compiler;
use super::unit::FBlock;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Expr, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    pub(crate) fn if_stmt(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Result<()> {
        let end = self.label();
        let (mut test, mut body, mut orelse) = (test, body, orelse);
        loop {
            let next = if orelse.is_empty() { end } else { self.label() };
            self.jump_if(test, next, false)?;
            self.stmts(body)?;
            if orelse.is_empty() {
                break;
            }
            self.goto(end, NO_LOC);
            self.place(next);
            // A chain of `elif`s is no deeper than one.
            match orelse {
                [Stmt { kind: StmtKind::If { test: t, body: b, orelse: o }, .. }] => {
                    (test, body, orelse) = (t, b, o);
                }
                _ => {
                    self.stmts(orelse)?;
                    break;
                }
            }
        }
        self.place(end);
        Ok(())
    }

    pub(crate) fn while_stmt(
        &mut self,
        test: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
        stmt_loc: Loc,
    ) -> Result<()> {
        let (start, anchor, exit) = (self.label(), self.label(), self.label());
        self.place(start);
        self.push_fblock(FBlock::While { start, exit }, stmt_loc)?;
        self.jump_if(test, anchor, false)?;
        self.stmts(body)?;
        self.goto(start, NO_LOC);
        self.pop_fblock();
        self.place(anchor);
        self.stmts(orelse)?;
        self.place(exit);
        Ok(())
    }

    pub(crate) fn for_stmt(
        &mut self,
        target: &'a Expr,
        iter: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
        stmt_loc: Loc,
    ) -> Result<()> {
        let (start, cleanup, exit) = (self.label(), self.label(), self.label());
        self.push_fblock(FBlock::For { start, exit }, stmt_loc)?;
        self.iterable(iter)?;
        let loc = iter.pos;
        self.op(Op::GET_ITER, loc);
        self.place(start);
        self.jump(Op::FOR_ITER, cleanup, loc);
        self.expr(target)?;
        self.stmts(body)?;
        self.goto(start, NO_LOC);
        self.place(cleanup);
        // At the place of the iterable: leaving the loop is no step of its own.
        self.op(Op::POP_ITER, NO_LOC);
        self.pop_fblock();
        self.stmts(orelse)?;
        self.place(exit);
        Ok(())
    }

    pub(crate) fn async_for(
        &mut self,
        target: &'a Expr,
        iter: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
        loc: Loc,
    ) -> Result<()> {
        let (start, except, exit) = (self.label(), self.label(), self.label());
        self.expr(iter)?;
        self.op(Op::GET_AITER, iter.pos);
        self.place(start);
        self.push_fblock(FBlock::AsyncFor { start, exit }, loc)?;
        self.u().seq.setup(except, false, loc);
        self.op(Op::GET_ANEXT, loc);
        self.load(Const::None, loc);
        self.yield_from(loc);
        self.u().seq.pop_block();
        self.expr(target)?;
        self.stmts(body)?;
        self.goto(start, NO_LOC);
        self.pop_fblock();
        self.place(except);
        // The exception is caught where the iterable stands.
        self.op(Op::END_ASYNC_FOR, iter.pos);
        self.stmts(orelse)?;
        self.place(exit);
        Ok(())
    }

    /// `receiver, value` on the stack become the result of delegating to the receiver.
    pub(crate) fn yield_from(&mut self, loc: Loc) {
        let (send, fail, exit) = (self.label(), self.label(), self.label());
        self.place(send);
        self.jump(Op::SEND, exit, loc);
        // StopIteration raised by throw() or close() of the receiver ends the delegation too.
        self.u().seq.setup(fail, false, loc);
        self.op(Op::YIELD_VALUE, loc);
        self.u().seq.pop_block();
        self.jump(Op::JUMP_BACKWARD_NO_INTERRUPT, send, loc);
        self.place(fail);
        self.op(Op::CLEANUP_THROW, loc);
        self.place(exit);
        self.op(Op::END_SEND, loc);
    }
}
