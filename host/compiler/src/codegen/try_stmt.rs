//! `try` in all its forms.

use super::unit::FBlock;
use super::{Compiler, err};
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use taipan_abi::opcode::{Intrinsic2, Op};
use taipan_syntax::ast::{ExceptHandler, ExceptHandlerKind, Stmt};

impl<'a> Compiler<'a> {
    pub(crate) fn try_stmt(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [ExceptHandler],
        orelse: &'a [Stmt],
        finalbody: &'a [Stmt],
        loc: Loc,
        star: bool,
    ) -> Result<()> {
        // So that the line of `try` itself is seen to run.
        self.op(Op::NOP, loc);
        if finalbody.is_empty() {
            return self.try_inner(body, handlers, orelse, loc, star);
        }
        let (end, exit, cleanup) = (self.label(), self.label(), self.label());
        self.u().seq.setup(end, false, loc);
        self.push_fblock(FBlock::FinallyTry { body: finalbody }, loc)?;
        if handlers.is_empty() {
            self.stmts(body)?;
            self.stmts(orelse)?;
        } else {
            self.try_inner(body, handlers, orelse, loc, star)?;
        }
        self.u().seq.pop_block();
        self.pop_fblock();
        self.stmts(finalbody)?;
        self.goto(exit, NO_LOC);
        // The exceptional path.
        self.place(end);
        self.push_fblock(FBlock::FinallyEnd, loc)?;
        self.u().seq.setup(cleanup, true, NO_LOC);
        self.op(Op::PUSH_EXC_INFO, NO_LOC);
        self.stmts(finalbody)?;
        self.op(Op::RERAISE, NO_LOC);
        self.u().seq.pop_block();
        self.pop_fblock();
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(exit);
        Ok(())
    }

    /// The end of each handler that is left by an exception: the previous exception is current again.
    pub(crate) fn pop_except_and_reraise(&mut self) {
        self.op_i(Op::COPY, 3, NO_LOC);
        self.op(Op::POP_EXCEPT, NO_LOC);
        self.op_i(Op::RERAISE, 1, NO_LOC);
    }

    fn try_inner(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [ExceptHandler],
        orelse: &'a [Stmt],
        loc: Loc,
        star: bool,
    ) -> Result<()> {
        if star { self.try_star(body, handlers, orelse, loc) } else { self.try_except(body, handlers, orelse, loc) }
    }

    fn try_except(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [ExceptHandler],
        orelse: &'a [Stmt],
        loc: Loc,
    ) -> Result<()> {
        let (except, end, cleanup) = (self.label(), self.label(), self.label());
        self.u().seq.setup(except, false, loc);
        self.push_fblock(FBlock::Try, loc)?;
        self.stmts(body)?;
        self.pop_fblock();
        self.u().seq.pop_block();
        self.stmts(orelse)?;
        self.goto(end, NO_LOC);

        self.place(except);
        self.u().seq.setup(cleanup, true, NO_LOC);
        self.op(Op::PUSH_EXC_INFO, NO_LOC);
        self.push_fblock(FBlock::ExceptionHandler, loc)?;
        let covered = self.u().seq.active();
        for (i, handler) in handlers.iter().enumerate() {
            let ExceptHandlerKind::ExceptHandler { type_, name, body } = &handler.kind;
            let loc = handler.pos;
            if type_.is_none() && i + 1 < handlers.len() {
                return err("default 'except:' must be last", loc);
            }
            let next = self.label();
            if let Some(t) = type_ {
                self.expr(t)?;
                self.op(Op::CHECK_EXC_MATCH, loc);
                self.jump(Op::POP_JUMP_IF_FALSE, next, loc);
            }
            match name {
                Some(name) => {
                    let cleanup_end = self.label();
                    self.store_name(name, loc)?;
                    self.u().seq.setup(cleanup_end, true, loc);
                    self.push_fblock(FBlock::HandlerCleanup { name: Some(name) }, loc)?;
                    self.stmts(body)?;
                    self.pop_fblock();
                    self.u().seq.pop_block();
                    self.u().seq.pop_block();
                    self.op(Op::POP_EXCEPT, NO_LOC);
                    self.unbind(name, NO_LOC)?;
                    self.goto(end, NO_LOC);
                    self.place(cleanup_end);
                    self.u().seq.restore(covered.clone());
                    self.unbind(name, NO_LOC)?;
                    self.op_i(Op::RERAISE, 1, NO_LOC);
                }
                None => {
                    self.op(Op::POP_TOP, loc);
                    self.push_fblock(FBlock::HandlerCleanup { name: None }, loc)?;
                    self.stmts(body)?;
                    self.pop_fblock();
                    self.u().seq.pop_block();
                    self.op(Op::POP_EXCEPT, NO_LOC);
                    self.goto(end, NO_LOC);
                }
            }
            self.place(next);
            self.u().seq.restore(covered.clone());
        }
        self.op(Op::RERAISE, NO_LOC);
        self.u().seq.pop_block();
        self.pop_fblock();
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(end);
        Ok(())
    }

    /// On the stack in the handlers: previous exception, original group, list of what is to be raised, unhandled rest.
    fn try_star(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [ExceptHandler],
        orelse: &'a [Stmt],
        loc: Loc,
    ) -> Result<()> {
        let (except, orelse_label, end) = (self.label(), self.label(), self.label());
        let (cleanup, reraise_star, reraise) = (self.label(), self.label(), self.label());
        self.u().seq.setup(except, false, loc);
        self.push_fblock(FBlock::Try, loc)?;
        self.stmts(body)?;
        self.pop_fblock();
        self.u().seq.pop_block();
        self.goto(orelse_label, NO_LOC);

        self.place(except);
        self.u().seq.setup(cleanup, true, NO_LOC);
        self.op(Op::PUSH_EXC_INFO, NO_LOC);
        self.push_fblock(FBlock::ExceptionGroupHandler, loc)?;
        let covered = self.u().seq.active();
        for (i, handler) in handlers.iter().enumerate() {
            let ExceptHandlerKind::ExceptHandler { type_, name, body } = &handler.kind;
            let loc = handler.pos;
            let (next, with_error, no_match) = (self.label(), self.label(), self.label());
            if i == 0 {
                self.op_i(Op::BUILD_LIST, 0, loc);
                self.op_i(Op::COPY, 2, loc);
            }
            if let Some(t) = type_ {
                self.expr(t)?;
                self.op(Op::CHECK_EG_MATCH, loc);
                self.op_i(Op::COPY, 1, loc);
                self.jump(Op::POP_JUMP_IF_NONE, no_match, loc);
            }
            let cleanup_end = self.label();
            match name {
                Some(name) => self.store_name(name, loc)?,
                None => self.op(Op::POP_TOP, loc),
            }
            self.u().seq.setup(cleanup_end, true, loc);
            self.push_fblock(FBlock::HandlerCleanup { name: name.as_ref() }, loc)?;
            self.stmts(body)?;
            self.pop_fblock();
            self.u().seq.pop_block();
            if let Some(name) = name {
                self.unbind(name, NO_LOC)?;
            }
            self.goto(next, NO_LOC);
            self.place(cleanup_end);
            if let Some(name) = name {
                self.unbind(name, NO_LOC)?;
            }
            // What the handler raised is raised at the end, with the rest.
            self.op_i(Op::LIST_APPEND, 3, NO_LOC);
            self.op(Op::POP_TOP, NO_LOC);
            self.goto(with_error, NO_LOC);
            self.place(next);
            self.op(Op::NOP, NO_LOC);
            self.goto(with_error, NO_LOC);
            self.place(no_match);
            self.op(Op::POP_TOP, loc);
            self.place(with_error);
            if i + 1 == handlers.len() {
                self.op_i(Op::LIST_APPEND, 1, NO_LOC);
                self.goto(reraise_star, NO_LOC);
            }
            debug_assert_eq!(covered, self.u().seq.active());
        }
        self.pop_fblock();
        self.place(reraise_star);
        self.op_i(Op::CALL_INTRINSIC_2, Intrinsic2::PrepReraiseStar as u32, NO_LOC);
        self.op_i(Op::COPY, 1, NO_LOC);
        self.jump(Op::POP_JUMP_IF_NOT_NONE, reraise, NO_LOC);
        self.op(Op::POP_TOP, NO_LOC);
        self.u().seq.pop_block();
        self.op(Op::POP_EXCEPT, NO_LOC);
        self.goto(end, NO_LOC);
        self.place(reraise);
        self.op_i(Op::SWAP, 2, NO_LOC);
        self.op(Op::POP_EXCEPT, NO_LOC);
        self.op(Op::RERAISE, NO_LOC);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(orelse_label);
        self.stmts(orelse)?;
        self.place(end);
        Ok(())
    }
}
