//! The first walk over expressions.

use super::build::{Builder, check_name, err};
use super::{Block, Comp, Part, flag, key};
use crate::error::Result;
use taipan_syntax::ast::{Comprehension, Expr, ExprContext, ExprKind, Ident, Keyword, Pos};

impl Builder {
    pub(super) fn keywords(&mut self, keywords: &[Keyword]) -> Result<()> {
        for k in keywords {
            if let Some(arg) = &k.arg {
                check_name(arg, ExprContext::Store, k.pos)?;
            }
        }
        keywords.iter().try_for_each(|k| self.expr(&k.value))
    }

    pub(super) fn expr_here(&mut self, e: &Expr) -> Result<()> {
        match &e.kind {
            ExprKind::NamedExpr { target, value } => {
                self.in_annotation("named expression", e.pos)?;
                self.named(e, target, value)
            }
            ExprKind::BoolOp { values, .. } | ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => {
                self.exprs(values)
            }
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::UnaryOp { operand, .. } => self.expr(operand),
            ExprKind::Lambda { args, body } => {
                self.exprs(&args.defaults)?;
                args.kw_defaults.iter().flatten().try_for_each(|e| self.expr(e))?;
                self.enter(Ident::new("lambda"), Block::Function, key(e, Part::Body), e.pos);
                self.arguments(args)?;
                self.expr(body)?;
                self.exit();
                Ok(())
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test)?;
                self.expr(body)?;
                self.expr(orelse)
            }
            ExprKind::Dict { keys, values } => {
                keys.iter().flatten().try_for_each(|e| self.expr(e))?;
                self.exprs(values)
            }
            ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => self.exprs(elts),
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(e, "listcomp", Comp::List, generators, elt, None)
            }
            ExprKind::SetComp { elt, generators } => self.comprehension(e, "setcomp", Comp::Set, generators, elt, None),
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(e, "genexpr", Comp::Generator, generators, elt, None)
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(e, "dictcomp", Comp::Dict, generators, key, Some(value))
            }
            ExprKind::Yield { value } => {
                self.in_annotation("yield expression", e.pos)?;
                self.opt(value)?;
                self.yields(e.pos)
            }
            ExprKind::YieldFrom { value } => {
                self.in_annotation("yield expression", e.pos)?;
                self.expr(value)?;
                self.yields(e.pos)
            }
            ExprKind::Await { value } => {
                self.in_annotation("await expression", e.pos)?;
                if !(self.top_level_await && self.cur().block == Block::Module) {
                    let scope = self.cur();
                    if !scope.is_function_like() {
                        return err("'await' outside function", e.pos);
                    }
                    if !(scope.block == Block::Function && scope.coroutine) && scope.comprehension.is_none() {
                        return err("'await' outside async function", e.pos);
                    }
                }
                self.expr(value)?;
                self.cur().coroutine = true;
                Ok(())
            }
            ExprKind::Compare { left, comparators, .. } => {
                self.expr(left)?;
                self.exprs(comparators)
            }
            ExprKind::Call { func, args, keywords } => {
                self.expr(func)?;
                self.exprs(args)?;
                self.keywords(keywords)
            }
            ExprKind::FormattedValue { value, format_spec, .. }
            | ExprKind::Interpolation { value, format_spec, .. } => {
                self.expr(value)?;
                self.opt(format_spec)
            }
            ExprKind::Constant { .. } => Ok(()),
            ExprKind::Attribute { value, attr, ctx } => {
                check_name(attr, *ctx, e.pos)?;
                self.expr(value)
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)
            }
            ExprKind::Starred { value, .. } => self.expr(value),
            ExprKind::Slice { lower, upper, step } => {
                self.opt(lower)?;
                self.opt(upper)?;
                self.opt(step)
            }
            ExprKind::Name { id, ctx } => {
                if self.cur().in_unevaluated_annotation {
                    return Ok(());
                }
                let load = *ctx == ExprContext::Load;
                self.def_ctx(id, if load { flag::USE } else { flag::LOCAL }, e.pos, *ctx)?;
                if load && id.as_str() == "super" && self.cur().is_function_like() {
                    self.def(&Ident::new("__class__"), flag::USE, e.pos)?;
                }
                Ok(())
            }
        }
    }

    fn yields(&mut self, pos: Pos) -> Result<()> {
        self.cur().generator = true;
        let place = match self.cur().comprehension {
            None => return Ok(()),
            Some(Comp::List) => "list comprehension",
            Some(Comp::Set) => "set comprehension",
            Some(Comp::Dict) => "dict comprehension",
            Some(Comp::Generator) => "generator expression",
        };
        err(format!("'yield' inside {place}"), pos)
    }

    fn comprehension(
        &mut self,
        e: &Expr,
        name: &str,
        comp: Comp,
        generators: &[Comprehension],
        elt: &Expr,
        value: Option<&Expr>,
    ) -> Result<()> {
        let Some((outermost, rest)) = generators.split_first() else {
            return Err(crate::error::SyntaxError::other(
                crate::error::ErrorKind::Value,
                "comprehension with no generators",
            ));
        };
        // The outermost iterable is evaluated outside.
        self.cur().comp_iter_expr += 1;
        self.expr(&outermost.iter)?;
        self.cur().comp_iter_expr -= 1;
        self.enter(Ident::new(name), Block::Function, key(e, Part::Body), e.pos);
        let scope = self.cur();
        scope.comprehension = Some(comp);
        scope.coroutine |= outermost.is_async != 0;
        self.def(&Ident::new(".0"), flag::PARAM, e.pos)?;
        self.target(&outermost.target)?;
        self.exprs(&outermost.ifs)?;
        for g in rest {
            self.target(&g.target)?;
            self.cur().comp_iter_expr += 1;
            self.expr(&g.iter)?;
            self.cur().comp_iter_expr -= 1;
            self.exprs(&g.ifs)?;
            self.cur().coroutine |= g.is_async != 0;
        }
        if let Some(value) = value {
            self.expr(value)?;
        }
        self.expr(elt)?;
        let generator = comp == Comp::Generator;
        self.cur().generator = generator;
        let is_async = self.cur().coroutine && !generator;
        self.exit();
        if is_async {
            let top_level_await = self.top_level_await;
            let scope = self.cur();
            let allowed = top_level_await && scope.block == Block::Module;
            let in_async = scope.block == Block::Function && scope.coroutine;
            if !in_async && scope.comprehension.is_none() && !allowed {
                return err("asynchronous comprehension outside of an asynchronous function", e.pos);
            }
            scope.coroutine = true;
        }
        Ok(())
    }

    fn target(&mut self, target: &Expr) -> Result<()> {
        self.cur().comp_iter_target = true;
        self.expr(target)?;
        self.cur().comp_iter_target = false;
        Ok(())
    }

    fn named(&mut self, e: &Expr, target: &Expr, value: &Expr) -> Result<()> {
        if self.cur().comp_iter_expr > 0 {
            return err("assignment expression cannot be used in a comprehension iterable expression", e.pos);
        }
        if self.cur().comprehension.is_some() {
            self.extend_named(target)?;
        }
        self.expr(value)?;
        self.expr(target)
    }

    /// `:=` in a comprehension binds in the block around all comprehensions.
    fn extend_named(&mut self, target: &Expr) -> Result<()> {
        let ExprKind::Name { id: name, .. } = &target.kind else { return Ok(()) };
        let pos = target.pos;
        for at in (0..self.stack.len()).rev() {
            let id = self.stack[at];
            let here = self.lookup_in(id, name);
            let scope = &self.table.scopes[id];
            if scope.comprehension.is_some() {
                if here & flag::COMP_ITER != 0 && here & (flag::LOCAL | flag::GLOBAL) != 0 {
                    let msg = format!(
                        "assignment expression cannot rebind comprehension iteration variable '{}'",
                        name.as_str()
                    );
                    return err(msg, pos);
                }
                continue;
            }
            let place = match scope.block {
                Block::Function => {
                    let bit = if here & flag::GLOBAL != 0 { flag::GLOBAL } else { flag::NONLOCAL };
                    self.def(name, bit, pos)?;
                    self.directive(name, pos);
                    return self.def_in(id, name, flag::LOCAL, pos);
                }
                Block::Module => {
                    self.def(name, flag::GLOBAL, pos)?;
                    self.directive(name, pos);
                    return self.def_in(id, name, flag::GLOBAL, pos);
                }
                Block::Class => "in a class body",
                Block::TypeParameters => "within the definition of a generic",
                Block::TypeAlias => "in a type alias",
                Block::TypeVariable => "in a TypeVar bound",
                Block::Annotation => continue,
            };
            return err(format!("assignment expression within a comprehension cannot be used {place}"), pos);
        }
        Ok(())
    }
}
