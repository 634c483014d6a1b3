//! The first walk over statements: collects what is said about each name.

use super::{Block, Key, Part, Scope, ScopeId, SymTable, Symbols, flag, key};
use crate::error::{Depth, Result, SyntaxError};
use crate::future::Future;
use std::rc::Rc;
use taipan_syntax::ast::{
    Alias, Arg, Arguments, ExceptHandlerKind, Expr, ExprContext, ExprKind, Ident, MatchCase, Mod, Pattern, PatternKind,
    Pos, Stmt, StmtKind, TypeParam, TypeParamKind, WithItem,
};

pub(super) struct Builder {
    pub(super) table: SymTable,
    /// The open blocks, innermost last.
    pub(super) stack: Vec<ScopeId>,
    pub(super) private: Option<Ident>,
    pub(super) top_level_await: bool,
    future_annotations: bool,
    docstrings: bool,
    depth: Rc<Depth>,
}

pub(super) fn build(tree: &Mod, future: &Future, top_level_await: bool, docstrings: bool) -> Result<SymTable> {
    let mut b = Builder {
        table: SymTable::default(),
        stack: Vec::new(),
        private: None,
        top_level_await,
        future_annotations: future.annotations(),
        docstrings,
        depth: Rc::new(Depth::default()),
    };
    b.enter(Ident::new("top"), Block::Module, key(tree, Part::Body), Pos::default());
    match tree {
        Mod::Module { body, .. } => {
            b.note_docstring(body);
            b.stmts(body)?
        }
        Mod::Interactive { body } => b.stmts(body)?,
        Mod::Expression { body } => b.expr(body)?,
        Mod::FunctionType { .. } => {
            return Err(SyntaxError::other(
                crate::error::ErrorKind::Value,
                "this compiler does not handle FunctionTypes",
            ));
        }
    }
    b.exit();
    Ok(b.table)
}

pub(super) fn err<T>(msg: impl Into<String>, pos: Pos) -> Result<T> {
    Err(SyntaxError::new(msg, pos))
}

/// `__debug__` cannot be bound.
pub(super) fn check_name(name: &str, ctx: ExprContext, pos: Pos) -> Result<()> {
    if name != "__debug__" {
        return Ok(());
    }
    match ctx {
        ExprContext::Store => err("cannot assign to __debug__", pos),
        ExprContext::Del => err("cannot delete __debug__", pos),
        ExprContext::Load => Ok(()),
    }
}

impl Builder {
    pub(super) fn cur(&mut self) -> &mut Scope {
        let id = self.cur_id();
        &mut self.table.scopes[id]
    }
    pub(super) fn cur_id(&self) -> ScopeId {
        *self.stack.last().expect("the module's block stays open")
    }
    fn is_class(&mut self) -> bool {
        self.cur().block == Block::Class
    }

    fn new_scope(&mut self, name: Ident, block: Block, key: Key, pos: Pos) -> ScopeId {
        let parent = self.stack.last().copied();
        let outer = parent.map(|p| &self.table.scopes[p]);
        let method = block == Block::Function && outer.is_some_and(|o| o.block == Block::Class);
        let scope = Scope {
            name,
            block,
            symbols: Symbols::default(),
            varnames: Vec::new(),
            children: Vec::new(),
            directives: Vec::new(),
            mangled_names: None,
            nested: outer.is_some_and(|o| o.nested || o.is_function_like()),
            generator: false,
            coroutine: false,
            method,
            has_docstring: false,
            annotations_used: false,
            comprehension: None,
            varargs: false,
            varkeywords: false,
            returns_value: false,
            needs_class_closure: false,
            needs_classdict: false,
            comp_inlined: false,
            can_see_class_scope: false,
            has_conditional_annotations: false,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            comp_iter_target: false,
            comp_iter_expr: 0,
            scope_info: "",
            function_name: None,
            pos,
            annotation_block: None,
            parent,
        };
        self.table.scopes.push(scope);
        let id = self.table.scopes.len() - 1;
        self.table.by_key.insert(key, id);
        id
    }

    /// Opens a block. Annotations that are only strings leave no trace in the table.
    fn open(&mut self, id: ScopeId) {
        if let Some(&outer) = self.stack.last() {
            let (iter_expr, mangled) =
                (self.table.scopes[outer].comp_iter_expr, self.table.scopes[outer].mangled_names.clone());
            let scope = &mut self.table.scopes[id];
            scope.comp_iter_expr = iter_expr;
            if mangled.is_some() && scope.block != Block::Class {
                scope.mangled_names = mangled;
            }
            let hidden = self.future_annotations && scope.block == Block::Annotation;
            if !hidden && !self.table.scopes[outer].children.contains(&id) {
                self.table.scopes[outer].children.push(id);
            }
        }
        self.stack.push(id);
    }

    pub(super) fn enter(&mut self, name: Ident, block: Block, key: Key, pos: Pos) {
        let id = self.new_scope(name, block, key, pos);
        self.open(id);
        if matches!(block, Block::Annotation | Block::TypeVariable | Block::TypeAlias) {
            let format = Ident::new(".format");
            self.cur().symbols.set(&format, flag::PARAM | flag::USE);
            self.cur().varnames.push(format);
        }
    }

    pub(super) fn exit(&mut self) {
        self.stack.pop();
    }

    fn see_class_scope(&mut self) {
        self.cur().can_see_class_scope = true;
        let name = Ident::new("__classdict__");
        let old = self.cur().symbols.lookup(&name);
        self.cur().symbols.set(&name, old | flag::USE);
    }

    pub(super) fn lookup(&mut self, name: &Ident) -> u32 {
        self.lookup_in(self.cur_id(), name)
    }
    pub(super) fn lookup_in(&self, id: ScopeId, name: &Ident) -> u32 {
        let scope = &self.table.scopes[id];
        scope.symbols.lookup(&scope.mangle(self.private.as_ref(), name))
    }

    pub(super) fn directive(&mut self, name: &Ident, pos: Pos) {
        let mangled = { self.table.scopes[self.cur_id()].mangle(self.private.as_ref(), name) };
        self.cur().directives.push((mangled, pos));
    }

    pub(super) fn def(&mut self, name: &Ident, bits: u32, pos: Pos) -> Result<()> {
        self.def_ctx(name, bits, pos, if bits == flag::USE { ExprContext::Load } else { ExprContext::Store })
    }

    pub(super) fn def_ctx(&mut self, name: &Ident, bits: u32, pos: Pos, ctx: ExprContext) -> Result<()> {
        if bits & (flag::PARAM | flag::LOCAL | flag::IMPORT) != 0 {
            check_name(name, ctx, pos)?;
        }
        if bits & flag::TYPE_PARAM != 0
            && let Some(only) = &mut self.cur().mangled_names
        {
            only.insert(name.clone());
        }
        self.def_in(self.cur_id(), name, bits, pos)
    }

    pub(super) fn def_in(&mut self, id: ScopeId, name: &Ident, bits: u32, pos: Pos) -> Result<()> {
        let name = self.table.scopes[id].mangle(self.private.as_ref(), name);
        let scope = &mut self.table.scopes[id];
        let old = scope.symbols.lookup(&name);
        if bits & old & flag::PARAM != 0 {
            return err(format!("duplicate argument '{}' in function definition", name.as_str()), pos);
        }
        if bits & old & flag::TYPE_PARAM != 0 {
            return err(format!("duplicate type parameter '{}'", name.as_str()), pos);
        }
        let mut value = old | bits;
        if scope.comp_iter_target {
            if value & (flag::GLOBAL | flag::NONLOCAL) != 0 {
                let msg =
                    format!("comprehension inner loop cannot rebind assignment expression target '{}'", name.as_str());
                return err(msg, pos);
            }
            value |= flag::COMP_ITER;
        }
        scope.symbols.set(&name, value);
        if bits & flag::PARAM != 0 {
            scope.varnames.push(name);
        } else if bits & flag::GLOBAL != 0 {
            let module = &mut self.table.scopes[0].symbols;
            let old = module.lookup(&name);
            module.set(&name, old | bits);
        }
        Ok(())
    }

    fn note_docstring(&mut self, body: &[Stmt]) {
        if self.docstrings && crate::future::docstring(body).is_some() {
            self.cur().has_docstring = true;
        }
    }

    pub(super) fn stmts(&mut self, body: &[Stmt]) -> Result<()> {
        body.iter().try_for_each(|s| self.stmt(s))
    }
    pub(super) fn exprs(&mut self, list: &[Expr]) -> Result<()> {
        list.iter().try_for_each(|e| self.expr(e))
    }
    pub(super) fn opt(&mut self, e: &Option<Box<Expr>>) -> Result<()> {
        e.iter().try_for_each(|e| self.expr(e))
    }
    pub(super) fn expr(&mut self, e: &Expr) -> Result<()> {
        let depth = self.depth.clone();
        depth.enter(|| self.expr_here(e))
    }
    fn stmt(&mut self, s: &Stmt) -> Result<()> {
        let depth = self.depth.clone();
        depth.enter(|| self.stmt_here(s))
    }

    /// Statements that may be executed or not: an annotation in them is conditional.
    fn conditional(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let before = std::mem::replace(&mut self.cur().in_conditional_block, true);
        f(self)?;
        self.cur().in_conditional_block = before;
        Ok(())
    }

    fn stmt_here(&mut self, s: &Stmt) -> Result<()> {
        match &s.kind {
            StmtKind::FunctionDef { name, args, body, decorator_list, returns, type_params, .. } => {
                self.function(s, name, args, body, decorator_list, returns, type_params, false)
            }
            StmtKind::AsyncFunctionDef { name, args, body, decorator_list, returns, type_params, .. } => {
                self.function(s, name, args, body, decorator_list, returns, type_params, true)
            }
            StmtKind::ClassDef { .. } => self.class(s),
            StmtKind::TypeAlias { name, type_params, value } => self.type_alias(s, name, type_params, value),
            StmtKind::Return { value } => {
                if let Some(value) = value {
                    self.expr(value)?;
                    self.cur().returns_value = true;
                }
                Ok(())
            }
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value, .. } => {
                self.exprs(targets)?;
                self.expr(value)
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.ann_assign(s, target, annotation, value, *simple != 0)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target)?;
                self.expr(value)
            }
            StmtKind::For { target, iter, body, orelse, .. }
            | StmtKind::AsyncFor { target, iter, body, orelse, .. } => {
                if matches!(s.kind, StmtKind::AsyncFor { .. }) {
                    self.module_coroutine();
                }
                self.expr(target)?;
                self.expr(iter)?;
                self.conditional(|b| {
                    b.stmts(body)?;
                    b.stmts(orelse)
                })
            }
            StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
                self.expr(test)?;
                self.conditional(|b| {
                    b.stmts(body)?;
                    b.stmts(orelse)
                })
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject)?;
                self.conditional(|b| cases.iter().try_for_each(|c| b.case(c)))
            }
            StmtKind::Raise { exc, cause } => {
                self.opt(exc)?;
                self.opt(cause)
            }
            StmtKind::Try { body, handlers, orelse, finalbody }
            | StmtKind::TryStar { body, handlers, orelse, finalbody } => self.conditional(|b| {
                b.stmts(body)?;
                for h in handlers {
                    let ExceptHandlerKind::ExceptHandler { type_, name, body } = &h.kind;
                    b.opt(type_)?;
                    if let Some(name) = name {
                        b.def(name, flag::LOCAL, h.pos)?;
                    }
                    b.stmts(body)?;
                }
                b.stmts(orelse)?;
                b.stmts(finalbody)
            }),
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.opt(msg)
            }
            StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => {
                names.iter().try_for_each(|a| self.alias(a))
            }
            StmtKind::Global { names } => self.declare(s, names, flag::GLOBAL, "global"),
            StmtKind::Nonlocal { names } => self.declare(s, names, flag::NONLOCAL, "nonlocal"),
            StmtKind::Expr { value } => self.expr(value),
            StmtKind::Pass {} | StmtKind::Break {} | StmtKind::Continue {} => Ok(()),
            StmtKind::With { items, body, .. } | StmtKind::AsyncWith { items, body, .. } => {
                if matches!(s.kind, StmtKind::AsyncWith { .. }) {
                    self.module_coroutine();
                }
                self.conditional(|b| {
                    for WithItem { context_expr, optional_vars } in items {
                        b.expr(context_expr)?;
                        b.opt(optional_vars)?;
                    }
                    b.stmts(body)
                })
            }
        }
    }

    /// `async for` and `async with` make a module a coroutine where top-level await is allowed.
    fn module_coroutine(&mut self) {
        if self.top_level_await && self.stack.len() == 1 {
            self.cur().coroutine = true;
        }
    }

    fn declare(&mut self, s: &Stmt, names: &[Ident], bit: u32, word: &str) -> Result<()> {
        for name in names {
            let cur = self.lookup(name);
            if cur & (flag::PARAM | flag::LOCAL | flag::USE | flag::ANNOT) != 0 {
                let n = name.as_str();
                let msg = if cur & flag::PARAM != 0 {
                    format!("name '{n}' is parameter and {word}")
                } else if cur & flag::USE != 0 {
                    format!("name '{n}' is used prior to {word} declaration")
                } else if cur & flag::ANNOT != 0 {
                    format!("annotated name '{n}' can't be {word}")
                } else {
                    format!("name '{n}' is assigned to before {word} declaration")
                };
                return err(msg, s.pos);
            }
            self.def(name, bit, s.pos)?;
            self.directive(name, s.pos);
        }
        Ok(())
    }

    fn alias(&mut self, a: &Alias) -> Result<()> {
        if a.name.as_str() == "*" && a.asname.is_none() {
            if self.cur().block != Block::Module {
                return err("import * only allowed at module level", a.pos);
            }
            return Ok(());
        }
        let name = match &a.asname {
            Some(n) => n.clone(),
            None => Ident::new(a.name.split('.').next().unwrap_or("")),
        };
        self.def(&name, flag::IMPORT, a.pos)
    }

    fn ann_assign(
        &mut self,
        s: &Stmt,
        target: &Expr,
        annotation: &Expr,
        value: &Option<Box<Expr>>,
        simple: bool,
    ) -> Result<()> {
        self.cur().annotations_used = true;
        if let ExprKind::Name { id, .. } = &target.kind {
            let cur = self.lookup(id);
            if simple && cur & (flag::GLOBAL | flag::NONLOCAL) != 0 && self.stack.len() > 1 {
                let word = if cur & flag::GLOBAL != 0 { "global" } else { "nonlocal" };
                return err(format!("annotated name '{}' can't be {word}", id.as_str()), s.pos);
            }
            if simple {
                self.def(id, flag::ANNOT | flag::LOCAL, target.pos)?;
            } else if value.is_some() {
                self.def(id, flag::LOCAL, target.pos)?;
            }
        } else {
            self.expr(target)?;
        }
        self.annotation(annotation)?;
        self.opt(value)
    }

    fn annotation(&mut self, annotation: &Expr) -> Result<()> {
        let (id, pos) = (self.cur_id(), annotation.pos);
        let scope = self.cur();
        let block = scope.block;
        let conditional = block == Block::Module || (block == Block::Class && scope.in_conditional_block);
        if conditional && !scope.has_conditional_annotations {
            scope.has_conditional_annotations = true;
            self.def(&Ident::new("__conditional_annotations__"), flag::USE, pos)?;
        }
        match self.table.scopes[id].annotation_block {
            Some(existing) => self.open(existing),
            None => {
                self.enter(Ident::new("__annotate__"), Block::Annotation, (id, Part::Annotations), pos);
                self.table.scopes[id].annotation_block = Some(self.cur_id());
                if block == Block::Class && !self.future_annotations {
                    self.see_class_scope();
                }
            }
        }
        // Annotations of local variables are never evaluated.
        self.cur().in_unevaluated_annotation = block == Block::Function;
        self.expr(annotation)?;
        self.cur().in_unevaluated_annotation = false;
        self.exit();
        Ok(())
    }

    fn function(
        &mut self,
        s: &Stmt,
        name: &Ident,
        args: &Arguments,
        body: &[Stmt],
        decorators: &[Expr],
        returns: &Option<Box<Expr>>,
        type_params: &[TypeParam],
        is_async: bool,
    ) -> Result<()> {
        self.def(name, flag::LOCAL, s.pos)?;
        self.exprs(&args.defaults)?;
        args.kw_defaults.iter().flatten().try_for_each(|e| self.expr(e))?;
        self.exprs(decorators)?;
        if !type_params.is_empty() {
            self.enter_type_params(s, name, false)?;
            if !args.defaults.is_empty() {
                self.def(&Ident::new(".defaults"), flag::PARAM, s.pos)?;
            }
            if args.kw_defaults.iter().any(Option::is_some) {
                self.def(&Ident::new(".kwdefaults"), flag::PARAM, s.pos)?;
            }
            self.type_params(type_params)?;
        }
        let function = self.new_scope(name.clone(), Block::Function, key(s, Part::Body), s.pos);
        self.function_annotations(s, name, args, returns)?;
        self.open(function);
        self.cur().coroutine = is_async;
        self.arguments(args)?;
        self.note_docstring(body);
        self.stmts(body)?;
        self.exit();
        if !type_params.is_empty() {
            self.exit();
        }
        Ok(())
    }

    fn function_annotations(
        &mut self,
        s: &Stmt,
        name: &Ident,
        args: &Arguments,
        returns: &Option<Box<Expr>>,
    ) -> Result<()> {
        let is_class = self.is_class() || self.cur().can_see_class_scope;
        let all = all_args(args).into_iter().filter_map(|a| a.annotation.as_deref()).chain(returns.as_deref());
        let all: Vec<&Expr> = all.collect();
        self.enter(Ident::new("__annotate__"), Block::Annotation, key(s, Part::Annotations), s.pos);
        self.cur().function_name = Some(name.clone());
        // The block is there even without annotations, but then needs nothing of a class.
        if is_class && !all.is_empty() {
            self.see_class_scope();
        }
        for e in &all {
            self.expr(e)?;
        }
        self.cur().annotations_used = !all.is_empty();
        self.exit();
        Ok(())
    }

    pub(super) fn arguments(&mut self, args: &Arguments) -> Result<()> {
        for a in args.posonlyargs.iter().chain(&args.args).chain(&args.kwonlyargs) {
            self.def(&a.arg, flag::PARAM, a.pos)?;
        }
        if let Some(a) = &args.vararg {
            self.def(&a.arg, flag::PARAM, a.pos)?;
            self.cur().varargs = true;
        }
        if let Some(a) = &args.kwarg {
            self.def(&a.arg, flag::PARAM, a.pos)?;
            self.cur().varkeywords = true;
        }
        Ok(())
    }

    fn enter_type_params(&mut self, s: &Stmt, name: &Ident, class: bool) -> Result<()> {
        let in_class = self.is_class();
        self.enter(name.clone(), Block::TypeParameters, key(s, Part::TypeParams), s.pos);
        if in_class {
            self.see_class_scope();
        }
        if class {
            self.def(&Ident::new(".type_params"), flag::LOCAL | flag::USE, s.pos)?;
            self.def(&Ident::new(".generic_base"), flag::LOCAL | flag::USE, s.pos)?;
        }
        Ok(())
    }

    fn type_params(&mut self, params: &[TypeParam]) -> Result<()> {
        for p in params {
            let (name, bound, default, default_info) = match &p.kind {
                TypeParamKind::TypeVar { name, bound, default_value } => {
                    (name, bound.as_deref(), default_value, "a TypeVar default")
                }
                TypeParamKind::ParamSpec { name, default_value } => (name, None, default_value, "a ParamSpec default"),
                TypeParamKind::TypeVarTuple { name, default_value } => {
                    (name, None, default_value, "a TypeVarTuple default")
                }
            };
            self.def(name, flag::TYPE_PARAM | flag::LOCAL, p.pos)?;
            if name.as_str() == "__classdict__" {
                return err(format!("reserved name '{}' cannot be used for type parameter", name.as_str()), p.pos);
            }
            let info = match bound.map(|b| &b.kind) {
                Some(ExprKind::Tuple { .. }) => "a TypeVar constraint",
                _ => "a TypeVar bound",
            };
            for (e, part, info) in [(bound, Part::Bound, info), (default.as_deref(), Part::Default, default_info)] {
                let Some(e) = e else { continue };
                let in_class = self.cur().can_see_class_scope;
                self.enter(name.clone(), Block::TypeVariable, key(p, part), e.pos);
                if in_class {
                    self.see_class_scope();
                }
                self.cur().scope_info = info;
                self.expr(e)?;
                self.exit();
            }
        }
        Ok(())
    }

    fn class(&mut self, s: &Stmt) -> Result<()> {
        let StmtKind::ClassDef { name, bases, keywords, body, decorator_list, type_params } = &s.kind else {
            return Ok(());
        };
        self.def(name, flag::LOCAL, s.pos)?;
        self.exprs(decorator_list)?;
        let private = self.private.clone();
        if !type_params.is_empty() {
            self.enter_type_params(s, name, true)?;
            self.private = Some(name.clone());
            self.cur().mangled_names = Some(Default::default());
            self.type_params(type_params)?;
        }
        self.exprs(bases)?;
        self.keywords(keywords)?;
        self.enter(name.clone(), Block::Class, key(s, Part::Body), s.pos);
        self.private = Some(name.clone());
        if !type_params.is_empty() {
            self.def(&Ident::new("__type_params__"), flag::LOCAL, s.pos)?;
            self.def(&Ident::new(".type_params"), flag::USE, s.pos)?;
        }
        self.note_docstring(body);
        self.stmts(body)?;
        self.exit();
        if !type_params.is_empty() {
            self.exit();
        }
        self.private = private;
        Ok(())
    }

    fn type_alias(&mut self, s: &Stmt, name: &Expr, type_params: &[TypeParam], value: &Expr) -> Result<()> {
        self.expr(name)?;
        let ExprKind::Name { id, .. } = &name.kind else {
            return err("TypeAlias with non-Name name", name.pos);
        };
        let in_class = self.is_class();
        if !type_params.is_empty() {
            self.enter_type_params(s, id, false)?;
            self.type_params(type_params)?;
        }
        self.enter(id.clone(), Block::TypeAlias, key(s, Part::Body), s.pos);
        if in_class {
            self.see_class_scope();
        }
        self.expr(value)?;
        self.exit();
        if !type_params.is_empty() {
            self.exit();
        }
        Ok(())
    }

    fn case(&mut self, c: &MatchCase) -> Result<()> {
        self.pattern(&c.pattern)?;
        self.opt(&c.guard)?;
        self.stmts(&c.body)
    }

    fn pattern(&mut self, p: &Pattern) -> Result<()> {
        let depth = self.depth.clone();
        depth.enter(|| self.pattern_here(p))
    }

    fn pattern_here(&mut self, p: &Pattern) -> Result<()> {
        let (patterns, name) = match &p.kind {
            PatternKind::MatchValue { value } => return self.expr(value),
            PatternKind::MatchSingleton { .. } => return Ok(()),
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => (patterns, None),
            PatternKind::MatchStar { name } => return self.capture(name.as_ref(), p.pos),
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.exprs(keys)?;
                (patterns, rest.as_ref())
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                self.expr(cls)?;
                patterns.iter().try_for_each(|p| self.pattern(p))?;
                for (attr, p) in kwd_attrs.iter().zip(kwd_patterns) {
                    check_name(attr, ExprContext::Store, p.pos)?;
                }
                (kwd_patterns, None)
            }
            PatternKind::MatchAs { pattern, name } => {
                if let Some(p) = pattern {
                    self.pattern(p)?;
                }
                return self.capture(name.as_ref(), p.pos);
            }
        };
        patterns.iter().try_for_each(|p| self.pattern(p))?;
        self.capture(name, p.pos)
    }

    fn capture(&mut self, name: Option<&Ident>, pos: Pos) -> Result<()> {
        name.map_or(Ok(()), |n| self.def(n, flag::LOCAL, pos))
    }

    pub(super) fn in_annotation(&mut self, what: &str, pos: Pos) -> Result<()> {
        let scope = self.cur();
        let place = match scope.block {
            Block::Annotation => "an annotation",
            Block::TypeVariable => scope.scope_info,
            Block::TypeAlias => "a type alias",
            Block::TypeParameters => "the definition of a generic",
            _ => return Ok(()),
        };
        err(format!("{what} cannot be used within {place}"), pos)
    }
}

/// All parameters in the order in which their annotations are evaluated.
pub(crate) fn all_args(args: &Arguments) -> Vec<&Arg> {
    let mut all: Vec<&Arg> = args.posonlyargs.iter().chain(&args.args).collect();
    all.extend(args.vararg.as_deref());
    all.extend(&args.kwonlyargs);
    all.extend(args.kwarg.as_deref());
    all
}
