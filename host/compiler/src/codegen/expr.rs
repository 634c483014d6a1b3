//! Expressions: the dispatch, names, attributes, subscripts, yields.

use super::stmt::attribute_loc;
use super::{Compiler, UnitKind, err};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::Loc;
use std::rc::Rc;
use taipan_abi::opcode::{Intrinsic1, Op};
use taipan_syntax::ast::{Constant, Expr, ExprContext, ExprKind, Operator, UnaryOp};

impl<'a> Compiler<'a> {
    pub(crate) fn expr(&mut self, e: &'a Expr) -> Result<()> {
        // Leaves need no guard.
        match &e.kind {
            ExprKind::Constant { value, .. } => {
                self.load(Const::from_ast(value), e.pos);
                Ok(())
            }
            ExprKind::Name { id, ctx } => {
                if *ctx == ExprContext::Load && id.as_str() == "__debug__" {
                    let debug = if self.optimize == 0 { Const::True } else { Const::False };
                    self.load(debug, e.pos);
                    return Ok(());
                }
                self.nameop(id, *ctx, e.pos)
            }
            _ => self.deeper(|c| c.expr_here(e)),
        }
    }

    fn expr_here(&mut self, e: &'a Expr) -> Result<()> {
        let loc = e.pos;
        match &e.kind {
            ExprKind::NamedExpr { target, value } => {
                self.expr(value)?;
                self.op_i(Op::COPY, 1, loc);
                self.expr(target)
            }
            ExprKind::BoolOp { op, values } => self.bool_op(*op, values, loc),
            ExprKind::BinOp { left, op, right } => {
                if *op == Operator::Mod && self.percent_format(e, left, right)? {
                    return Ok(());
                }
                self.expr(left)?;
                self.expr(right)?;
                self.binop(*op, false, loc);
                Ok(())
            }
            ExprKind::UnaryOp { op, operand } => {
                self.expr(operand)?;
                let op = match op {
                    UnaryOp::Invert => Op::UNARY_INVERT,
                    UnaryOp::Not => return self.not(loc),
                    UnaryOp::UAdd => Op::UNARY_POSITIVE,
                    UnaryOp::USub => Op::UNARY_NEGATIVE,
                };
                self.u().seq.unary(op, loc);
                Ok(())
            }
            ExprKind::Lambda { .. } => self.lambda(e),
            ExprKind::IfExp { test, body, orelse } => {
                let (end, next) = (self.label(), self.label());
                self.jump_if(test, next, false)?;
                self.expr(body)?;
                self.goto(end, crate::linetable::NO_LOC);
                self.place(next);
                self.expr(orelse)?;
                self.place(end);
                Ok(())
            }
            ExprKind::Dict { keys, values } => self.dict(keys, values, loc),
            ExprKind::Set { elts } => self.set(elts, loc),
            ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::GeneratorExp { .. } => self.comprehension(e),
            ExprKind::Await { value } => {
                self.expr(value)?;
                self.await_value(0, loc);
                Ok(())
            }
            ExprKind::Yield { value } => {
                if !self.in_function() {
                    return err("'yield' outside function", loc);
                }
                match value {
                    Some(v) => self.expr(v)?,
                    None => self.load(Const::None, loc),
                }
                self.yield_value(loc);
                Ok(())
            }
            ExprKind::YieldFrom { value } => {
                if !self.in_function() {
                    return err("'yield from' outside function", loc);
                }
                if self.unit().kind == UnitKind::AsyncFunction {
                    return err("'yield from' inside async function", loc);
                }
                self.expr(value)?;
                self.op(Op::GET_YIELD_FROM_ITER, loc);
                self.load(Const::None, loc);
                self.yield_from(loc);
                Ok(())
            }
            ExprKind::Compare { left, ops, comparators } => self.compare(e, left, ops, comparators),
            ExprKind::Call { func, args, keywords } => self.call(e, func, args, keywords),
            ExprKind::FormattedValue { value, conversion, format_spec } => {
                self.formatted_value(value, *conversion, format_spec.as_deref(), loc)
            }
            ExprKind::Interpolation { value, str, conversion, format_spec } => {
                self.interpolation(value, str, *conversion, format_spec.as_deref(), loc)
            }
            ExprKind::JoinedStr { values } => self.joined_str(values, loc),
            ExprKind::TemplateStr { values } => self.template_str(values, loc),
            ExprKind::Constant { .. } | ExprKind::Name { .. } => self.expr(e),
            ExprKind::Attribute { value, attr, ctx } => {
                if *ctx == ExprContext::Load && self.is_super_call(value) {
                    self.super_args(value)?;
                    let at = attribute_loc(e, attr);
                    return self.super_attr(value, attr, false, at);
                }
                self.expr(value)?;
                let at = attribute_loc(e, attr);
                let name = self.attr_index(attr);
                let op = match ctx {
                    ExprContext::Load => Op::LOAD_ATTR,
                    ExprContext::Del => Op::DELETE_ATTR,
                    ExprContext::Store => {
                        if let ExprKind::Name { id, .. } = &value.kind
                            && id.as_str() == "self"
                        {
                            self.note_static_attribute(attr);
                        }
                        Op::STORE_ATTR
                    }
                };
                self.op_i(op, name, at);
                Ok(())
            }
            ExprKind::Subscript { value, slice, ctx } => self.subscript(value, slice, *ctx, loc),
            ExprKind::Starred { ctx, .. } => match ctx {
                ExprContext::Store => err("starred assignment target must be in a list or tuple", loc),
                _ => err("can't use starred expression here", loc),
            },
            ExprKind::List { elts, ctx } => match ctx {
                ExprContext::Store => self.unpack_target(elts, loc),
                ExprContext::Load => self.list(elts, loc),
                ExprContext::Del => elts.iter().try_for_each(|e| self.expr(e)),
            },
            ExprKind::Tuple { elts, ctx } => match ctx {
                ExprContext::Store => self.unpack_target(elts, loc),
                ExprContext::Load => self.tuple(elts, loc),
                ExprContext::Del => elts.iter().try_for_each(|e| self.expr(e)),
            },
            ExprKind::Slice { lower, upper, step } => {
                if let Some(c) = constant_slice(e) {
                    self.load(c, loc);
                    return Ok(());
                }
                self.slice_part(lower.as_deref(), loc)?;
                self.slice_part(upper.as_deref(), loc)?;
                match step {
                    Some(s) => {
                        self.expr(s)?;
                        self.op_i(Op::BUILD_SLICE, 3, loc);
                    }
                    None => self.op_i(Op::BUILD_SLICE, 2, loc),
                }
                Ok(())
            }
        }
    }

    fn in_function(&self) -> bool {
        !matches!(self.unit().kind, UnitKind::Module | UnitKind::Class)
            && self.scope().block == crate::symtable::Block::Function
    }

    pub(crate) fn yield_value(&mut self, loc: Loc) {
        let scope = self.scope();
        if scope.generator && scope.coroutine {
            self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::AsyncGenWrap as u32, loc);
        }
        self.op(Op::YIELD_VALUE, loc);
    }

    /// Inverts the value on the stack; comparisons that have an inverse take it.
    fn not(&mut self, loc: Loc) -> Result<()> {
        let at = self.u().seq.position();
        if let Some(last) = self.u().seq.last_in_line()
            && matches!(last.op, Op::IS_OP | Op::CONTAINS_OP)
        {
            self.u().seq.instrs[at - 1].arg ^= 1;
            return Ok(());
        }
        self.u().seq.unary(Op::UNARY_NOT, loc);
        Ok(())
    }

    fn slice_part(&mut self, e: Option<&'a Expr>, loc: Loc) -> Result<()> {
        match e {
            Some(e) => self.expr(e),
            None => {
                self.load(Const::None, loc);
                Ok(())
            }
        }
    }

    /// Pushes both ends of `[a:b]`, unless it is a constant slice or has a step.
    pub(crate) fn two_part_slice(&mut self, slice: &'a Expr) -> Result<bool> {
        let ExprKind::Slice { lower, upper, step: None } = &slice.kind else { return Ok(false) };
        if constant_slice(slice).is_some() {
            return Ok(false);
        }
        self.slice_part(lower.as_deref(), slice.pos)?;
        self.slice_part(upper.as_deref(), slice.pos)?;
        Ok(true)
    }

    fn subscript(&mut self, value: &'a Expr, slice: &'a Expr, ctx: ExprContext, loc: Loc) -> Result<()> {
        if ctx == ExprContext::Load {
            self.warn_subscripted(value, loc);
            self.warn_index(value, slice, loc);
        }
        self.expr(value)?;
        if self.two_part_slice(slice)? {
            match ctx {
                ExprContext::Load => self.op(Op::BINARY_SLICE, loc),
                ExprContext::Store => self.op(Op::STORE_SLICE, loc),
                ExprContext::Del => {
                    self.op_i(Op::BUILD_SLICE, 2, loc);
                    self.op(Op::DELETE_SUBSCR, loc);
                }
            }
            return Ok(());
        }
        self.expr(slice)?;
        match ctx {
            ExprContext::Load => self.u().seq.binary(Op::BINARY_SUBSCR, 0, loc),
            ExprContext::Store => self.op(Op::STORE_SUBSCR, loc),
            ExprContext::Del => self.op(Op::DELETE_SUBSCR, loc),
        }
        Ok(())
    }
}

/// A slice of constants is a constant.
fn constant_slice(e: &Expr) -> Option<Const> {
    let ExprKind::Slice { lower, upper, step } = &e.kind else { return None };
    let part = |e: &Option<Box<Expr>>| match e {
        None => Some(Const::None),
        Some(e) => match &e.kind {
            ExprKind::Constant { value, .. } if !matches!(value, Constant::FrozenSet(_)) => {
                Some(Const::from_ast(value))
            }
            _ => None,
        },
    };
    Some(Const::Slice(Rc::new([part(lower)?, part(upper)?, part(step)?])))
}
