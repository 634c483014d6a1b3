//! Annotations: `__annotate__` functions (PEP 649), or strings under `from __future__ import annotations`.

use super::unit::Deferred;
use super::{Compiler, UnitKind};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::Loc;
use crate::symtable::{Key, Part, ScopeId, key};
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Arg, Arguments, Expr, ExprKind, Ident, Stmt};

impl<'a> Compiler<'a> {
    /// Opens a function of one parameter, the format, that refuses formats it cannot serve.
    pub(crate) fn enter_lazy(&mut self, name: Ident, scope: ScopeId, loc: Loc) -> Result<()> {
        let private = self.unit().private.clone();
        self.enter_scope(name, UnitKind::Annotations, scope, loc.lineno, private)?;
        self.u().argcount = 1;
        self.u().posonlyargcount = 1;
        let body = self.label();
        self.op_i(Op::LOAD_FAST, 0, loc);
        self.load(Const::Int(2), loc);
        self.op(Op::COMPARE_GT, loc);
        self.jump(Op::POP_JUMP_IF_FALSE, body, loc);
        self.op_i(Op::LOAD_COMMON_CONSTANT, 1, loc);
        self.op_i(Op::RAISE_VARARGS, 1, loc);
        self.place(body);
        Ok(())
    }

    pub(crate) fn find_scope(&self, key: Key) -> Result<ScopeId> {
        self.table.find(key).ok_or_else(|| {
            crate::error::SyntaxError::other(crate::error::ErrorKind::Value, "unknown symbol table entry")
        })
    }

    /// Pushes the `__annotate__` function of a function; false if it has no annotations.
    pub(crate) fn function_annotations(
        &mut self,
        s: &'a Stmt,
        args: &'a Arguments,
        returns: Option<&'a Expr>,
        loc: Loc,
    ) -> Result<bool> {
        let mut all: Vec<&'a Arg> = args.args.iter().chain(&args.posonlyargs).collect();
        all.extend(args.vararg.as_deref());
        all.extend(&args.kwonlyargs);
        all.extend(args.kwarg.as_deref());
        if returns.is_none() && all.iter().all(|a| a.annotation.is_none()) {
            return Ok(false);
        }
        let scope = self.find_scope(key(s, Part::Annotations))?;
        self.enter_lazy(Ident::new("__annotate__"), scope, loc)?;
        let vararg = args.vararg.as_deref();
        let mut n = 0;
        for a in all {
            if let Some(annotation) = a.annotation.as_deref() {
                let name = self.mangle(&a.arg);
                let is_vararg = vararg.is_some_and(|v| std::ptr::eq(v, a));
                self.annotation_item(&name, annotation, is_vararg, loc)?;
                n += 1;
            }
        }
        if let Some(r) = returns {
            self.annotation_item(&Ident::new("return"), r, false, loc)?;
            n += 1;
        }
        self.op_i(Op::BUILD_MAP, n, loc);
        self.op(Op::RETURN_VALUE, loc);
        let code = self.leave(false)?;
        self.make_closure(code, 0, loc)?;
        Ok(true)
    }

    fn annotation_item(&mut self, name: &Ident, e: &'a Expr, vararg: bool, loc: Loc) -> Result<()> {
        self.load_str(name, loc);
        if self.future.annotations() {
            let text = crate::unparse::expr(e);
            self.load(Const::Str(text), e.pos);
            return Ok(());
        }
        match &e.kind {
            // `*args: *Ts`
            ExprKind::Starred { value, .. } if vararg => {
                self.expr(value)?;
                self.op_i(Op::UNPACK_SEQUENCE, 1, loc);
                Ok(())
            }
            _ => self.expr(e),
        }
    }

    pub(crate) fn ann_assign(
        &mut self,
        s: &'a Stmt,
        target: &'a Expr,
        annotation: &'a Expr,
        value: Option<&'a Expr>,
        simple: bool,
    ) -> Result<()> {
        let loc = s.pos;
        if let Some(value) = value {
            self.expr(value)?;
            self.expr(target)?;
        }
        let named = matches!(self.unit().kind, UnitKind::Module | UnitKind::Class);
        match &target.kind {
            ExprKind::Name { id, .. } if simple && named => {
                if self.future.annotations() {
                    let text = crate::unparse::expr(annotation);
                    self.load(Const::Str(text), annotation.pos);
                    self.name_op(Op::LOAD_NAME, "__annotations__", loc);
                    let name = self.mangle(id);
                    self.load_str(&name, loc);
                    self.op(Op::STORE_SUBSCR, loc);
                } else {
                    self.defer(id, annotation, loc)?;
                }
            }
            ExprKind::Attribute { value: object, .. } if value.is_none() => self.evaluate(object)?,
            ExprKind::Subscript { value: object, slice, .. } if value.is_none() => {
                self.evaluate(object)?;
                self.evaluate_index(slice)?;
            }
            _ => {}
        }
        if self.future.annotations() && !simple && named {
            self.evaluate(annotation)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, e: &'a Expr) -> Result<()> {
        self.expr(e)?;
        self.op(Op::POP_TOP, e.pos);
        Ok(())
    }

    fn evaluate_index(&mut self, e: &'a Expr) -> Result<()> {
        match &e.kind {
            ExprKind::Slice { lower, upper, step } => {
                [lower, upper, step].into_iter().flatten().try_for_each(|e| self.evaluate(e))
            }
            ExprKind::Tuple { elts, .. } => elts.iter().try_for_each(|e| self.deeper(|c| c.evaluate_index(e))),
            _ => self.evaluate(e),
        }
    }

    fn defer(&mut self, name: &'a Ident, annotation: &'a Expr, loc: Loc) -> Result<()> {
        let u = self.u();
        let module = u.kind == UnitKind::Module;
        let index = (module || u.conditional > 0).then(|| {
            u.next_conditional += 1;
            u.next_conditional - 1
        });
        u.deferred.push(Deferred { name, annotation, index, loc });
        let Some(index) = index else { return Ok(()) };
        if module {
            self.name_op(Op::LOAD_NAME, "__conditional_annotations__", annotation.pos);
        } else {
            self.class_cell(Op::LOAD_DEREF, "__conditional_annotations__", annotation.pos);
        }
        self.load(Const::Int(index as i64), annotation.pos);
        self.op_i(Op::SET_ADD, 1, loc);
        self.op(Op::POP_TOP, loc);
        Ok(())
    }

    /// Makes the `__annotate__` function of a module or class. The instructions go to the position `at`, if given.
    pub(crate) fn deferred_annotations(&mut self, loc: Loc, at: Option<usize>) -> Result<()> {
        let deferred = std::mem::take(&mut self.u().deferred);
        let (Some(scope), false) = (self.scope().annotation_block, deferred.is_empty()) else { return Ok(()) };
        let start = self.u().seq.position();
        let module = self.unit().kind == UnitKind::Module;
        let flag = Ident::new("__conditional_annotations__");
        self.enter_lazy(Ident::new("__annotate__"), scope, loc)?;
        if !module && deferred.iter().any(|d| d.index.is_some()) {
            self.u().frees.add(&flag);
        }
        self.op_i(Op::BUILD_MAP, 0, loc);
        for d in deferred {
            let not_set = self.label();
            if let Some(index) = d.index {
                self.load(Const::Int(index as i64), d.annotation.pos);
                if module {
                    let i = self.u().name(&flag);
                    self.op_i(Op::LOAD_GLOBAL, i << 1, d.annotation.pos);
                } else {
                    let i = {
                        let u = self.u();
                        u.frees.add(&flag) + u.cells.list.len() as u32
                    };
                    self.u().seq.deref(Op::LOAD_DEREF, i, d.annotation.pos);
                }
                self.op_i(Op::CONTAINS_OP, 0, d.annotation.pos);
                self.jump(Op::POP_JUMP_IF_FALSE, not_set, d.annotation.pos);
            }
            self.expr(d.annotation)?;
            self.op_i(Op::COPY, 2, d.loc);
            let name = self.mangle(d.name);
            self.load_str(&name, d.loc);
            self.op(Op::STORE_SUBSCR, loc);
            self.place(not_set);
        }
        self.op(Op::RETURN_VALUE, loc);
        let code = self.leave(false)?;
        self.make_closure(code, 0, loc)?;
        self.name_op(Op::STORE_NAME, if module { "__annotate__" } else { "__annotate_func__" }, loc);
        if let Some(at) = at {
            self.u().seq.move_tail(start, at);
        }
        Ok(())
    }
}
