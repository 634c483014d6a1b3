//! Simple statements and the dispatch over all.

use super::Compiler;
use super::err;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use taipan_abi::opcode::{Intrinsic1, Op};
use taipan_syntax::ast::{Alias, Expr, ExprContext, ExprKind, Ident, Operator, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    pub(crate) fn stmts(&mut self, body: &'a [Stmt]) -> Result<()> {
        body.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, s: &'a Stmt) -> Result<()> {
        self.deeper(|c| c.stmt_here(s))
    }

    fn stmt_here(&mut self, s: &'a Stmt) -> Result<()> {
        let loc = s.pos;
        match &s.kind {
            StmtKind::FunctionDef { .. } | StmtKind::AsyncFunctionDef { .. } => self.function(s),
            StmtKind::ClassDef { .. } => self.class(s),
            StmtKind::TypeAlias { .. } => self.type_alias(s),
            StmtKind::Return { value } => self.return_stmt(s, value.as_deref()),
            StmtKind::Delete { targets } => targets.iter().try_for_each(|t| self.expr(t)),
            StmtKind::Assign { targets, value, .. } => self.assign(targets, value, loc),
            StmtKind::AugAssign { target, op, value } => self.aug_assign(target, *op, value, loc),
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.ann_assign(s, target, annotation, value.as_deref(), *simple != 0)
            }
            StmtKind::For { target, iter, body, orelse, .. } => {
                self.conditionally(|c| c.for_stmt(target, iter, body, orelse, loc))
            }
            StmtKind::AsyncFor { target, iter, body, orelse, .. } => {
                self.check_async("async for", loc)?;
                self.conditionally(|c| c.async_for(target, iter, body, orelse, loc))
            }
            StmtKind::While { test, body, orelse } => self.conditionally(|c| c.while_stmt(test, body, orelse, loc)),
            StmtKind::If { test, body, orelse } => self.conditionally(|c| c.if_stmt(test, body, orelse)),
            StmtKind::Match { subject, cases } => self.conditionally(|c| c.match_stmt(subject, cases)),
            StmtKind::Raise { exc, cause } => {
                let n = exc.is_some() as u32 + (exc.is_some() && cause.is_some()) as u32;
                if let Some(e) = exc {
                    self.expr(e)?;
                    if let Some(e) = cause {
                        self.expr(e)?;
                    }
                }
                self.op_i(Op::RAISE_VARARGS, n, loc);
                Ok(())
            }
            StmtKind::Try { body, handlers, orelse, finalbody } => {
                self.conditionally(|c| c.try_stmt(body, handlers, orelse, finalbody, loc, false))
            }
            StmtKind::TryStar { body, handlers, orelse, finalbody } => {
                self.conditionally(|c| c.try_stmt(body, handlers, orelse, finalbody, loc, true))
            }
            StmtKind::Assert { test, msg } => self.assert_stmt(test, msg.as_deref(), loc),
            StmtKind::Import { names } => names.iter().try_for_each(|a| self.import(a, loc)),
            StmtKind::ImportFrom { module, names, level } => {
                self.import_from(module.as_ref(), names, level.unwrap_or(0), loc)
            }
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } => Ok(()),
            StmtKind::Expr { value } => self.expr_stmt(value, loc),
            StmtKind::Pass {} => {
                self.op(Op::NOP, loc);
                Ok(())
            }
            StmtKind::Break {} => self.break_stmt(s),
            StmtKind::Continue {} => self.continue_stmt(s),
            StmtKind::With { items, body, .. } => self.conditionally(|c| c.with_stmt(items, body, loc, false)),
            StmtKind::AsyncWith { items, body, .. } => {
                self.check_async("async with", loc)?;
                self.conditionally(|c| c.with_stmt(items, body, loc, true))
            }
        }
    }

    fn conditionally(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.u().conditional += 1;
        f(self)?;
        self.u().conditional -= 1;
        Ok(())
    }

    fn check_async(&mut self, what: &str, loc: Loc) -> Result<()> {
        use super::UnitKind::{AsyncFunction, Module};
        let kind = self.unit().kind;
        if kind == AsyncFunction || kind == Module && self.top_level_await {
            return Ok(());
        }
        err(format!("'{what}' outside async function"), loc)
    }

    fn expr_stmt(&mut self, value: &'a Expr, loc: Loc) -> Result<()> {
        if self.interactive && self.units.len() == 1 {
            self.expr(value)?;
            self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::Print as u32, loc);
            self.op(Op::POP_TOP, NO_LOC);
        } else if let ExprKind::Constant { .. } = value.kind {
            self.op(Op::NOP, loc);
        } else {
            self.expr(value)?;
            self.op(Op::POP_TOP, NO_LOC);
        }
        Ok(())
    }

    fn assign(&mut self, targets: &'a [Expr], value: &'a Expr, loc: Loc) -> Result<()> {
        if let ([target], ExprKind::Tuple { elts: values, .. }) = (targets, &value.kind)
            && let ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } = &target.kind
            && elts.len() == values.len()
            && matches!(elts.len(), 2 | 3)
            && !elts.iter().chain(values).any(|e| matches!(e.kind, ExprKind::Starred { .. }))
        {
            return self.parallel_assign(elts, values, target.pos);
        }
        self.expr(value)?;
        for (i, t) in targets.iter().enumerate() {
            if i + 1 < targets.len() {
                self.op_i(Op::COPY, 1, loc);
            }
            self.expr(t)?;
        }
        Ok(())
    }

    /// `a, b = b, a` without a tuple.
    fn parallel_assign(&mut self, targets: &'a [Expr], values: &'a [Expr], loc: Loc) -> Result<()> {
        values.iter().try_for_each(|v| self.expr(v))?;
        // Stores of different fast locals can be exchanged, so the values need not be.
        let mut names = Vec::new();
        for t in targets {
            if let ExprKind::Name { id, .. } = &t.kind
                && self.is_fast(&self.mangle(id))
                && !names.contains(&id)
            {
                names.push(id);
            }
        }
        if names.len() == targets.len() {
            return targets.iter().rev().try_for_each(|t| self.expr(t));
        }
        self.op_i(Op::SWAP, targets.len() as u32, loc);
        targets.iter().try_for_each(|t| self.expr(t))
    }

    pub(crate) fn binop(&mut self, op: Operator, in_place: bool, loc: Loc) {
        use taipan_abi::opcode::BinOp;
        let inplace = in_place as u32;
        let (op, arg) = match op {
            Operator::Add => (Op::BINARY_ADD, inplace),
            Operator::Sub => (Op::BINARY_SUB, inplace),
            Operator::Mult => (Op::BINARY_MUL, inplace),
            Operator::Div => (Op::BINARY_TRUEDIV, inplace),
            Operator::FloorDiv => (Op::BINARY_FLOORDIV, inplace),
            Operator::Mod => (Op::BINARY_MOD, inplace),
            Operator::BitAnd => (Op::BINARY_AND, inplace),
            Operator::BitOr => (Op::BINARY_OR, inplace),
            Operator::BitXor => (Op::BINARY_XOR, inplace),
            Operator::LShift => (Op::BINARY_LSHIFT, inplace),
            Operator::RShift => (Op::BINARY_RSHIFT, inplace),
            Operator::Pow => (Op::BINARY_OP, BinOp::Pow as u32 | inplace << 7),
            Operator::MatMult => (Op::BINARY_OP, BinOp::MatMul as u32 | inplace << 7),
        };
        if in_place {
            self.op_i(op, arg, loc);
        } else {
            self.u().seq.binary(op, arg, loc);
        }
    }

    fn aug_assign(&mut self, target: &'a Expr, op: Operator, value: &'a Expr, loc: Loc) -> Result<()> {
        let at = target.pos;
        match &target.kind {
            ExprKind::Name { id, .. } => {
                self.load_name(id, at)?;
                self.expr(value)?;
                self.binop(op, true, loc);
                self.store_name(id, at)
            }
            ExprKind::Attribute { value: object, attr, .. } => {
                self.expr(object)?;
                let at = attribute_loc(target, attr);
                let name = self.attr_index(attr);
                self.op_i(Op::COPY, 1, at);
                self.op_i(Op::LOAD_ATTR, name, at);
                self.expr(value)?;
                self.binop(op, true, loc);
                self.op_i(Op::SWAP, 2, at);
                self.op_i(Op::STORE_ATTR, name, at);
                Ok(())
            }
            ExprKind::Subscript { value: object, slice, .. } => {
                self.expr(object)?;
                if self.two_part_slice(slice)? {
                    (0..3).for_each(|_| self.op_i(Op::COPY, 3, at));
                    self.op(Op::BINARY_SLICE, at);
                    self.expr(value)?;
                    self.binop(op, true, loc);
                    [4, 3, 2].into_iter().for_each(|n| self.op_i(Op::SWAP, n, at));
                    self.op(Op::STORE_SLICE, at);
                } else {
                    self.expr(slice)?;
                    (0..2).for_each(|_| self.op_i(Op::COPY, 2, at));
                    self.op(Op::BINARY_SUBSCR, at);
                    self.expr(value)?;
                    self.binop(op, true, loc);
                    [3, 2].into_iter().for_each(|n| self.op_i(Op::SWAP, n, at));
                    self.op(Op::STORE_SUBSCR, at);
                }
                Ok(())
            }
            _ => err("illegal target for augmented assignment", at),
        }
    }

    fn assert_stmt(&mut self, test: &'a Expr, msg: Option<&'a Expr>, loc: Loc) -> Result<()> {
        if let ExprKind::Tuple { elts, .. } = &test.kind
            && !elts.is_empty()
        {
            self.warn("assertion is always true, perhaps remove parentheses?", loc);
        }
        if self.optimize > 0 {
            return Ok(());
        }
        let end = self.label();
        self.jump_if(test, end, true)?;
        self.op_i(Op::LOAD_COMMON_CONSTANT, 0, loc);
        if let Some(msg) = msg {
            self.op(Op::PUSH_NULL, loc);
            self.expr(msg)?;
            self.op_i(Op::CALL, 1, loc);
        }
        self.op_i(Op::RAISE_VARARGS, 1, test.pos);
        self.place(end);
        Ok(())
    }

    fn import(&mut self, a: &'a Alias, loc: Loc) -> Result<()> {
        self.load(Const::Int(0), loc);
        self.load(Const::None, loc);
        self.name_op(Op::IMPORT_NAME, &a.name, loc);
        let Some(asname) = &a.asname else {
            let first = a.name.split('.').next().unwrap_or("");
            return self.store_name(&Ident::new(first), loc);
        };
        let mut parts = a.name.split('.').skip(1).peekable();
        if parts.peek().is_none() {
            return self.store_name(asname, loc);
        }
        while let Some(part) = parts.next() {
            self.name_op(Op::IMPORT_FROM, part, loc);
            if parts.peek().is_some() {
                self.op_i(Op::SWAP, 2, loc);
                self.op(Op::POP_TOP, loc);
            }
        }
        self.store_name(asname, loc)?;
        self.op(Op::POP_TOP, loc);
        Ok(())
    }

    fn import_from(&mut self, module: Option<&'a Ident>, names: &'a [Alias], level: i32, loc: Loc) -> Result<()> {
        let is_future = module.is_some_and(|m| m.as_str() == "__future__") && level == 0;
        if is_future && self.future.pos.is_none_or(|p| loc.lineno > p.lineno) {
            return err("from __future__ imports must occur at the beginning of the file", loc);
        }
        self.load(Const::Int(level as i64), loc);
        let list: Vec<Ident> = names.iter().map(|a| a.name.clone()).collect();
        self.load(Const::names(&list), loc);
        self.name_op(Op::IMPORT_NAME, module.map_or("", |m| m.as_str()), loc);
        for (i, a) in names.iter().enumerate() {
            if i == 0 && a.name.as_str() == "*" {
                self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::ImportStar as u32, loc);
                self.op(Op::POP_TOP, NO_LOC);
                return Ok(());
            }
            self.name_op(Op::IMPORT_FROM, &a.name, loc);
            self.nameop(a.asname.as_ref().unwrap_or(&a.name), ExprContext::Store, loc)?;
        }
        self.op(Op::POP_TOP, loc);
        Ok(())
    }
}

/// Where an attribute's name stands: errors point there, not at the whole expression, if that spans lines.
pub(crate) fn attribute_loc(e: &Expr, attr: &Ident) -> Loc {
    let mut loc = e.pos;
    if loc.lineno != loc.end_lineno {
        loc.lineno = loc.end_lineno;
        let len = attr.len() as i32;
        if len <= loc.end_col_offset {
            loc.col_offset = loc.end_col_offset - len;
        } else {
            loc.col_offset = -1;
            loc.end_col_offset = -1;
        }
    }
    loc
}
