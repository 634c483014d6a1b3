//! `with` and `async with`.

use super::Compiler;
use super::unit::FBlock;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Stmt, WithItem};

impl<'a> Compiler<'a> {
    /// Calls `__exit__` (on the stack with its self) for a body without exception.
    pub(crate) fn exit_with_nones(&mut self, loc: Loc) {
        (0..3).for_each(|_| self.load(Const::None, loc));
        self.op_i(Op::CALL, 3, loc);
    }

    pub(crate) fn with_stmt(
        &mut self,
        items: &'a [WithItem],
        body: &'a [Stmt],
        stmt_loc: Loc,
        is_async: bool,
    ) -> Result<()> {
        let Some((item, rest)) = items.split_first() else { return self.stmts(body) };
        self.deeper(|c| c.with_item(item, rest, body, stmt_loc, is_async))
    }

    fn with_item(
        &mut self,
        item: &'a WithItem,
        rest: &'a [WithItem],
        body: &'a [Stmt],
        stmt_loc: Loc,
        is_async: bool,
    ) -> Result<()> {
        let (handler, exit, cleanup, suppress) = (self.label(), self.label(), self.label(), self.label());
        let loc = item.context_expr.pos;
        let (enter_name, exit_name) = if is_async { (2, 3) } else { (0, 1) };
        self.expr(&item.context_expr)?;
        self.op_i(Op::COPY, 1, loc);
        self.op_i(Op::LOAD_SPECIAL, exit_name, loc);
        self.op_i(Op::SWAP, 2, loc);
        self.op_i(Op::SWAP, 3, loc);
        self.op_i(Op::LOAD_SPECIAL, enter_name, loc);
        self.op_i(Op::CALL, 0, loc);
        if is_async {
            self.await_value(1, loc);
        }
        self.u().seq.setup_dropping(handler, true, 1, loc);
        self.push_fblock(FBlock::With { is_async, loc }, loc)?;
        match &item.optional_vars {
            Some(target) => self.expr(target)?,
            None => self.op(Op::POP_TOP, loc),
        }
        self.with_stmt(rest, body, stmt_loc, is_async)?;
        self.u().seq.pop_block();
        self.pop_fblock();
        self.exit_with_nones(loc);
        if is_async {
            self.await_value(2, loc);
        }
        self.op(Op::POP_TOP, loc);
        self.goto(exit, loc);

        self.place(handler);
        self.u().seq.setup(cleanup, true, loc);
        self.op(Op::PUSH_EXC_INFO, loc);
        self.op(Op::WITH_EXCEPT_START, loc);
        if is_async {
            self.await_value(2, loc);
        }
        self.jump(Op::POP_JUMP_IF_TRUE, suppress, loc);
        self.op_i(Op::RERAISE, 2, NO_LOC);
        self.place(suppress);
        self.op(Op::POP_TOP, NO_LOC);
        self.u().seq.pop_block();
        self.op(Op::POP_EXCEPT, NO_LOC);
        (0..3).for_each(|_| self.op(Op::POP_TOP, NO_LOC));
        self.goto(exit, NO_LOC);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(exit);
        Ok(())
    }

    /// Awaits the value on the stack. `kind` as for GET_AWAITABLE.
    pub(crate) fn await_value(&mut self, kind: u32, loc: Loc) {
        self.op_i(Op::GET_AWAITABLE, kind, loc);
        self.load(Const::None, loc);
        self.yield_from(loc);
    }
}
