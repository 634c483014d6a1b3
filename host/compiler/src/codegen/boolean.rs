//! Conditions: boolean operators, comparisons, jumps.

use super::Compiler;
use crate::code::Const;
use crate::error::{ErrorKind, Result, SyntaxError};
use crate::linetable::{Loc, NO_LOC};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{BoolOp, CmpOp, Constant, Expr, ExprKind, UnaryOp};

impl<'a> Compiler<'a> {
    pub(crate) fn bool_op(&mut self, op: BoolOp, values: &'a [Expr], loc: Loc) -> Result<()> {
        let Some((last, head)) = values.split_last() else { return Ok(()) };
        let end = self.label();
        let jump = if op == BoolOp::And { Op::JUMP_IF_FALSE_OR_POP } else { Op::JUMP_IF_TRUE_OR_POP };
        for v in head {
            self.expr(v)?;
            self.jump(jump, end, loc);
        }
        self.expr(last)?;
        self.place(end);
        Ok(())
    }

    /// Jumps if the truth of `e` is `cond`.
    pub(crate) fn jump_if(&mut self, e: &'a Expr, to: crate::asm::Label, cond: bool) -> Result<()> {
        match &e.kind {
            ExprKind::UnaryOp { op: UnaryOp::Not, operand } => {
                return self.deeper(|c| c.jump_if(operand, to, !cond));
            }
            ExprKind::BoolOp { op, values } => {
                let Some((last, head)) = values.split_last() else { return Ok(()) };
                let cond2 = *op == BoolOp::Or;
                let next = if cond2 == cond { to } else { self.label() };
                for v in head {
                    self.deeper(|c| c.jump_if(v, next, cond2))?;
                }
                self.deeper(|c| c.jump_if(last, to, cond))?;
                if next != to {
                    self.place(next);
                }
                return Ok(());
            }
            ExprKind::IfExp { test, body, orelse } => {
                let (end, next) = (self.label(), self.label());
                self.deeper(|c| c.jump_if(test, next, false))?;
                self.deeper(|c| c.jump_if(body, to, cond))?;
                self.goto(end, NO_LOC);
                self.place(next);
                self.deeper(|c| c.jump_if(orelse, to, cond))?;
                self.place(end);
                return Ok(());
            }
            ExprKind::Compare { left, ops, comparators } if ops.len() > 1 => {
                return self.jump_if_chain(e, left, ops, comparators, to, cond);
            }
            ExprKind::Compare { left, ops, comparators } => {
                if let ([op @ (CmpOp::Is | CmpOp::IsNot)], [right]) = (&ops[..], &comparators[..])
                    && let ExprKind::Constant { value: Constant::None, .. } = right.kind
                {
                    self.warn_compare(e, left, ops, comparators);
                    self.expr(left)?;
                    let if_none = (*op == CmpOp::Is) == cond;
                    let op = if if_none { Op::POP_JUMP_IF_NONE } else { Op::POP_JUMP_IF_NOT_NONE };
                    self.jump(op, to, e.pos);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.expr(e)?;
        self.jump(if cond { Op::POP_JUMP_IF_TRUE } else { Op::POP_JUMP_IF_FALSE }, to, e.pos);
        Ok(())
    }

    fn jump_if_chain(
        &mut self,
        e: &'a Expr,
        left: &'a Expr,
        ops: &'a [CmpOp],
        comparators: &'a [Expr],
        to: crate::asm::Label,
        cond: bool,
    ) -> Result<()> {
        self.warn_compare(e, left, ops, comparators);
        check_lengths(ops, comparators)?;
        let (end, cleanup) = (self.label(), self.label());
        self.expr(left)?;
        let n = ops.len() - 1;
        for (op, right) in ops[..n].iter().zip(comparators) {
            self.expr(right)?;
            self.op_i(Op::SWAP, 2, e.pos);
            self.op_i(Op::COPY, 2, e.pos);
            self.comparison(*op, e.pos);
            self.jump(Op::POP_JUMP_IF_FALSE, cleanup, e.pos);
        }
        self.operand(ops[n], &comparators[n])?;
        self.comparison(ops[n], e.pos);
        self.jump(if cond { Op::POP_JUMP_IF_TRUE } else { Op::POP_JUMP_IF_FALSE }, to, e.pos);
        self.goto(end, NO_LOC);
        self.place(cleanup);
        self.op(Op::POP_TOP, e.pos);
        if !cond {
            self.goto(to, NO_LOC);
        }
        self.place(end);
        Ok(())
    }

    pub(crate) fn compare(
        &mut self,
        e: &'a Expr,
        left: &'a Expr,
        ops: &'a [CmpOp],
        comparators: &'a [Expr],
    ) -> Result<()> {
        self.warn_compare(e, left, ops, comparators);
        let loc = e.pos;
        check_lengths(ops, comparators)?;
        self.expr(left)?;
        let n = ops.len() - 1;
        if n == 0 {
            self.operand(ops[0], &comparators[0])?;
            self.comparison(ops[0], loc);
            return Ok(());
        }
        let (end, cleanup) = (self.label(), self.label());
        for (op, right) in ops[..n].iter().zip(comparators) {
            self.expr(right)?;
            self.op_i(Op::SWAP, 2, loc);
            self.op_i(Op::COPY, 2, loc);
            self.comparison(*op, loc);
            self.jump(Op::JUMP_IF_FALSE_OR_POP, cleanup, loc);
        }
        self.operand(ops[n], &comparators[n])?;
        self.comparison(ops[n], loc);
        self.goto(end, NO_LOC);
        self.place(cleanup);
        self.op_i(Op::SWAP, 2, loc);
        self.op(Op::POP_TOP, loc);
        self.place(end);
        Ok(())
    }

    /// The right side of a comparison that is compared only once.
    fn operand(&mut self, op: CmpOp, e: &'a Expr) -> Result<()> {
        if let CmpOp::In | CmpOp::NotIn = op {
            if let ExprKind::Set { elts } = &e.kind {
                self.expr(e)?;
                self.u().seq.fold_set(elts.len(), e.pos);
                return Ok(());
            }
            return self.iterable(e);
        }
        self.expr(e)
    }

    /// What is only iterated over, or only searched: a list display can be a tuple.
    pub(crate) fn iterable(&mut self, e: &'a Expr) -> Result<()> {
        match &e.kind {
            ExprKind::List { elts, .. }
                if elts.len() < super::STACK_USE_GUIDELINE
                    && !elts.iter().any(|e| matches!(e.kind, ExprKind::Starred { .. })) =>
            {
                self.tuple(elts, e.pos)
            }
            ExprKind::List { elts, .. } if constants(elts).is_some() => self.tuple(elts, e.pos),
            _ => self.expr(e),
        }
    }

    fn comparison(&mut self, op: CmpOp, loc: Loc) {
        let (op, arg) = match op {
            CmpOp::Eq => (Op::COMPARE_EQ, 0),
            CmpOp::NotEq => (Op::COMPARE_NE, 0),
            CmpOp::Lt => (Op::COMPARE_LT, 0),
            CmpOp::LtE => (Op::COMPARE_LE, 0),
            CmpOp::Gt => (Op::COMPARE_GT, 0),
            CmpOp::GtE => (Op::COMPARE_GE, 0),
            CmpOp::Is => (Op::IS_OP, 0),
            CmpOp::IsNot => (Op::IS_OP, 1),
            CmpOp::In => (Op::CONTAINS_OP, 0),
            CmpOp::NotIn => (Op::CONTAINS_OP, 1),
        };
        self.op_i(op, arg, loc);
    }
}

/// Trees from Python code can be anything.
fn check_lengths(ops: &[CmpOp], comparators: &[Expr]) -> Result<()> {
    let msg = match (ops.len(), comparators.len()) {
        (_, 0) => "Compare with no comparators",
        (a, b) if a != b => "Compare has a different number of comparators and operands",
        _ => return Ok(()),
    };
    Err(SyntaxError::other(ErrorKind::Value, msg))
}

/// The values, if all are constants.
pub(crate) fn constants(elts: &[Expr]) -> Option<Vec<Const>> {
    elts.iter()
        .map(|e| match &e.kind {
            ExprKind::Constant { value, .. } => Some(Const::from_ast(value)),
            _ => None,
        })
        .collect()
}
