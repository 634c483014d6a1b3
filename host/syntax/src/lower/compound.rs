//! Compound statements.

use super::{Fail, Lower, R};
use crate::ast::{
    Arguments, ExceptHandler, ExceptHandlerKind, Expr, ExprContext, ExprKind, MatchCase, Stmt, StmtKind, WithItem,
};
use crate::cst::K;
use crate::token::{Kind, Kw, SOFT};

impl Lower<'_> {
    /// The compound statement that is this node, or `None` if it is not one.
    pub(super) fn compound(&mut self, i: u32) -> R<Option<Stmt>> {
        let kind = match self.kind(i) {
            K::If => return self.if_stmt(i).map(Some),
            K::Decorated => return self.decorated(i).map(Some),
            K::While => self.while_stmt(i)?,
            K::For => self.for_stmt(i)?,
            K::Try => self.try_stmt(i)?,
            K::With => self.with_stmt(i)?,
            K::Function => self.function(i, Vec::new())?,
            K::Class => self.class(i, Vec::new())?,
            K::Match => self.match_stmt(i)?,
            _ => return Ok(None),
        };
        Ok(Some(Stmt { kind, pos: self.pos(i) }))
    }

    /// The statements of a block whose header begins at the token `header`; also the token of its colon.
    fn suite_at(&mut self, block: u32, header: u32) -> R<(Vec<Stmt>, u32)> {
        if self.kind(block) != K::Block {
            return self.reject(block);
        }
        let first = self.child(block)?;
        let mut t = self.star_before(first).unwrap_or(self.n(first).t0);
        let indented = self.prev(t).kind == Kind::Indent;
        if indented {
            while t > header && self.prev(t).is_layout() {
                t -= 1;
            }
        }
        if t <= header || self.prev(t).kind != Kind::Colon {
            return self.reject(first);
        }
        self.one_line(header, t)?;
        Ok((self.statements(block, indented)?, t - 1))
    }

    fn suite(&mut self, block: u32, header: u32) -> R<Vec<Stmt>> {
        Ok(self.suite_at(block, header)?.0)
    }

    /// The type comment behind the colon of a header, on its line or alone on the next.
    fn header_comment(&self, colon: u32) -> Option<crate::ast::Text> {
        let t = if self.tk(colon + 1) == Kind::Newline { colon + 2 } else { colon + 1 };
        self.type_comment_at(t)
    }

    fn else_clause(&mut self, i: u32) -> R<Vec<Stmt>> {
        let block = self.only(i)?;
        self.suite(block, self.n(i).t0)
    }

    /// A clause such as `else` begins a line of its own, as indented as the statement's.
    fn clause_start(&self, stmt: u32, i: u32) -> R<()> {
        let (want, got) = (self.width(self.n(stmt).t0), self.width(self.n(i).t0));
        match self.prev(self.n(i).t0).kind {
            Kind::Newline | Kind::Dedent | Kind::TypeComment if got.is_some() && want == got => Ok(()),
            _ => self.reject(i),
        }
    }

    fn if_stmt(&mut self, i: u32) -> R<Stmt> {
        let n = self.n(i);
        // (first token, test, block) of `if` and each `elif`.
        let mut arms: Vec<(u32, u32, u32)> = Vec::new();
        let mut orelse = Vec::new();
        let kids: Vec<u32> = self.children(i).collect();
        let [test, block, rest @ ..] = &kids[..] else { return self.reject(i) };
        arms.push((n.t0, *test, *block));
        for &c in rest {
            match self.kind(c) {
                K::Elif => {
                    self.clause_start(i, c)?;
                    let kids: Vec<u32> = self.children(c).collect();
                    let [test, block] = kids[..] else { return self.reject(c) };
                    arms.push((self.n(c).t0, test, block));
                }
                K::Else => {
                    self.clause_start(i, c)?;
                    orelse.push(c);
                }
                _ => return self.reject(c),
            }
        }
        if arms.len() > super::MAX_SPINE / 2 {
            return Err(self.too_long());
        }
        let mut parsed = Vec::with_capacity(arms.len());
        for (t0, test, block) in arms {
            let test = Box::new(self.named(test)?);
            parsed.push((t0, test, self.suite(block, t0)?));
        }
        let mut tail = match orelse[..] {
            [] => Vec::new(),
            [c] => self.else_clause(c)?,
            _ => return self.reject(i),
        };
        while let Some((t0, test, body)) = parsed.pop() {
            let orelse = std::mem::take(&mut tail);
            tail.push(Stmt { kind: StmtKind::If { test, body, orelse }, pos: self.span(t0, n.t1) });
        }
        tail.pop().ok_or(Fail::At(n.t0))
    }

    fn while_stmt(&mut self, i: u32) -> R<StmtKind> {
        let kids: Vec<u32> = self.children(i).collect();
        let [test, block, rest @ ..] = &kids[..] else { return self.reject(i) };
        let test = Box::new(self.named(*test)?);
        let body = self.suite(*block, self.n(i).t0)?;
        let orelse = self.optional_else(i, rest)?;
        Ok(StmtKind::While { test, body, orelse })
    }

    fn optional_else(&mut self, stmt: u32, rest: &[u32]) -> R<Vec<Stmt>> {
        match *rest {
            [] => Ok(Vec::new()),
            [c] if self.kind(c) == K::Else => {
                self.clause_start(stmt, c)?;
                self.else_clause(c)
            }
            [c, ..] => self.reject(c),
        }
    }

    fn for_stmt(&mut self, i: u32) -> R<StmtKind> {
        let n = self.n(i);
        let kids: Vec<u32> = self.children(i).collect();
        let [left, right, block, rest @ ..] = &kids[..] else { return self.reject(i) };
        let target = Box::new(self.targets(*left, ExprContext::Store)?);
        let iter = Box::new(self.star_expressions(*right)?);
        let (body, colon) = self.suite_at(*block, n.t0)?;
        let type_comment = self.header_comment(colon);
        let orelse = self.optional_else(i, rest)?;
        Ok(match self.kw(n.t0) {
            Kw::Async => StmtKind::AsyncFor { target, iter, body, orelse, type_comment },
            _ => StmtKind::For { target, iter, body, orelse, type_comment },
        })
    }

    fn try_stmt(&mut self, i: u32) -> R<StmtKind> {
        let n = self.n(i);
        let mut kids = self.children(i);
        let block = kids.next().ok_or(Fail::At(n.t0))?;
        let body = self.suite(block, n.t0)?;
        let (mut handlers, mut orelse, mut finalbody) = (Vec::new(), Vec::new(), Vec::new());
        let mut star = None;
        for c in kids {
            self.clause_start(i, c)?;
            match self.kind(c) {
                K::Except => {
                    let this = self.tk(self.n(c).t0 + 1) == Kind::Star;
                    if *star.get_or_insert(this) != this {
                        let n = self.n(c);
                        return self.error(
                            n.t0,
                            n.t0 + 1 + this as u32,
                            "cannot have both 'except' and 'except*' on the same 'try'",
                        );
                    }
                    handlers.push(self.handler(c, this)?);
                }
                K::Else if !handlers.is_empty() => orelse = self.else_clause(c)?,
                K::Finally => {
                    let block = self.only(c)?;
                    finalbody = self.suite(block, self.n(c).t0)?;
                }
                _ => return self.reject(c),
            }
        }
        if handlers.is_empty() && finalbody.is_empty() {
            return Err(Fail::At(n.t1));
        }
        Ok(match star {
            Some(true) => StmtKind::TryStar { body, handlers, orelse, finalbody },
            _ => StmtKind::Try { body, handlers, orelse, finalbody },
        })
    }

    fn handler(&mut self, i: u32, star: bool) -> R<ExceptHandler> {
        let n = self.n(i);
        let mut kids: Vec<u32> = self.children(i).collect();
        let Some(block) = kids.pop() else { return self.reject(i) };
        let (mut type_, mut name) = (None, None);
        match kids[..] {
            [] if star => return self.reject(i),
            [] => {}
            [ty, alias] if self.kw(self.n(ty).t1) == Kw::As => {
                self.consumed += 1;
                type_ = Some(Box::new(self.expression(ty)?));
                name = Some(self.name_node(alias)?);
            }
            [ty] => type_ = Some(Box::new(self.expression(ty)?)),
            [first, .., last] => {
                let mut elts = Vec::with_capacity(kids.len());
                for &c in &kids {
                    elts.push(self.expression(c)?);
                }
                let pos = self.span(self.n(first).t0, self.n(last).t1);
                type_ = Some(Box::new(Expr { kind: ExprKind::Tuple { elts, ctx: ExprContext::Load }, pos }));
            }
        }
        let body = self.suite(block, n.t0)?;
        Ok(ExceptHandler { kind: ExceptHandlerKind::ExceptHandler { type_, name, body }, pos: self.pos(i) })
    }

    fn with_stmt(&mut self, i: u32) -> R<StmtKind> {
        let n = self.n(i);
        let kids: Vec<u32> = self.children(i).collect();
        let [clause, block] = kids[..] else { return self.reject(i) };
        let items = self.with_items(clause)?;
        let (body, colon) = self.suite_at(block, n.t0)?;
        let type_comment = self.header_comment(colon);
        Ok(match self.kw(n.t0) {
            Kw::Async => StmtKind::AsyncWith { items, body, type_comment },
            _ => StmtKind::With { items, body, type_comment },
        })
    }

    fn with_items(&mut self, clause: u32) -> R<Vec<WithItem>> {
        let n = self.n(clause);
        let mut values = Vec::new();
        for item in self.children(clause) {
            values.push(self.only(item)?);
        }
        let Some(&first) = values.first() else { return self.reject(clause) };
        let t0 = self.star_before(first).unwrap_or(self.n(first).t0);
        // The grammar's own parenthesized form: the parentheses belong to the clause.
        let clause_paren = self.tk(n.t0) == Kind::LPar && t0 > n.t0;
        if clause_paren && !self.can_be_items(&values) {
            let e = self.clause_as_expression(clause, &values)?;
            return Ok(vec![WithItem { context_expr: Box::new(e), optional_vars: None }]);
        }
        let mut paren = clause_paren;
        if let [only] = values[..]
            && matches!(self.kind(only), K::Tuple | K::Paren)
            && self.n(only).t1 == n.t1
        {
            let inner: Vec<u32> = self.children(only).collect();
            if !inner.is_empty() && self.can_be_items(&inner) {
                values = inner;
                paren = true;
            }
        }
        if !paren && self.tk(n.t1 - 1) == Kind::Comma {
            return Err(Fail::At(n.t1 - 1));
        }
        let mut items = Vec::with_capacity(values.len());
        let mut values = values.into_iter();
        while let Some(v) = values.next() {
            let context_expr = Box::new(self.expression(v)?);
            let mut optional_vars = None;
            if self.kw(self.n(v).t1) == Kw::As {
                self.consumed += 1;
                let Some(target) = values.next() else { return self.reject(v) };
                optional_vars = Some(Box::new(self.target(target, ExprContext::Store)?));
                if self.kw(self.n(target).t1) == Kw::As {
                    return self.reject(target);
                }
            }
            items.push(WithItem { context_expr, optional_vars });
        }
        Ok(items)
    }

    /// Whether elements in parentheses can be the items of a `with` statement: expressions, and targets of `as`.
    fn can_be_items(&self, values: &[u32]) -> bool {
        values.iter().all(|&v| {
            let t0 = self.star_before(v).unwrap_or(self.n(v).t0);
            let target = self.prev(t0).kw == Kw::As;
            let named = matches!(self.kind(v), K::Named | K::Yield)
                || self.kind(v) == K::Conditional && self.children(v).next().is_some_and(|c| self.kind(c) == K::Named);
            target || t0 == self.n(v).t0 && !named
        })
    }

    /// A parenthesized clause that is a tuple or group and not a list of items.
    fn clause_as_expression(&mut self, clause: u32, values: &[u32]) -> R<Expr> {
        let n = self.n(clause);
        if self.tk(n.t1 - 1) != Kind::RPar {
            return self.reject(clause);
        }
        if let [one] = *values
            && self.tk(n.t1 - 2) != Kind::Comma
        {
            return if self.star_before(one).is_some() { self.reject(one) } else { self.named(one) };
        }
        let mut elts = Vec::with_capacity(values.len());
        for &v in values {
            elts.push(self.star_named(v)?);
        }
        Ok(self.mk(clause, ExprKind::Tuple { elts, ctx: ExprContext::Load }))
    }

    fn decorated(&mut self, i: u32) -> R<Stmt> {
        let mut decorators = Vec::new();
        let mut kids = self.children(i).peekable();
        while let Some(c) = kids.next() {
            let n = self.n(c);
            if !decorators.is_empty() && self.prev(n.t0).kind != Kind::Newline {
                return self.reject(c);
            }
            match n.kind {
                K::Decorator => {
                    let e = self.only(c)?;
                    if self.star_before(e).is_some() {
                        return self.reject(e);
                    }
                    self.one_line(n.t0, self.n(e).t1)?;
                    decorators.push(self.named(e)?);
                }
                K::Function | K::Class if kids.peek().is_none() => {
                    let kind = match n.kind {
                        K::Function => self.function(c, decorators)?,
                        _ => self.class(c, decorators)?,
                    };
                    return Ok(Stmt { kind, pos: self.pos(c) });
                }
                _ => return self.reject(c),
            }
        }
        self.reject(i)
    }

    fn function(&mut self, i: u32, decorator_list: Vec<Expr>) -> R<StmtKind> {
        let n = self.n(i);
        let mut kids = self.children(i);
        let name_node = kids.next().ok_or(Fail::At(n.t0))?;
        let name = self.name_node(name_node)?;
        let (mut type_params, mut args, mut returns, mut block) = (Vec::new(), None, None, None);
        for c in kids {
            match self.kind(c) {
                K::TypeParams => type_params = self.type_params(c)?,
                K::Params => args = Some(self.parameters(Some(c), false)?),
                K::Type => returns = Some(Box::new(self.annotation(c)?)),
                K::Block => block = Some(c),
                _ => return self.reject(c),
            }
        }
        let (Some(args), Some(block)) = (args, block) else { return self.reject(i) };
        let args: Box<Arguments> = Box::new(args);
        let (body, colon) = self.suite_at(block, n.t0)?;
        let type_comment = self.header_comment(colon);
        Ok(match self.kw(n.t0) {
            Kw::Async => {
                StmtKind::AsyncFunctionDef { name, args, body, decorator_list, returns, type_comment, type_params }
            }
            _ => StmtKind::FunctionDef { name, args, body, decorator_list, returns, type_comment, type_params },
        })
    }

    fn class(&mut self, i: u32, decorator_list: Vec<Expr>) -> R<StmtKind> {
        let n = self.n(i);
        let mut kids = self.children(i);
        let name_node = kids.next().ok_or(Fail::At(n.t0))?;
        let name = self.name_node(name_node)?;
        let (mut type_params, mut bases, mut keywords, mut body) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for c in kids {
            match self.kind(c) {
                K::TypeParams => type_params = self.type_params(c)?,
                K::ArgumentList => (bases, keywords) = self.arguments(c)?,
                K::Block => body = self.suite(c, n.t0)?,
                _ => return self.reject(c),
            }
        }
        Ok(StmtKind::ClassDef { name, bases, keywords, body, decorator_list, type_params })
    }

    fn match_stmt(&mut self, i: u32) -> R<StmtKind> {
        let n = self.n(i);
        if self.token(n.t0).flags & SOFT == 0 {
            return self.reject(i);
        }
        let mut kids: Vec<u32> = self.children(i).collect();
        let Some(block) = kids.pop() else { return self.reject(i) };
        let (Some(&first), Some(&last)) = (kids.first(), kids.last()) else { return self.reject(i) };
        let mut end = self.n(last).t1;
        let comma = self.tk(end) == Kind::Comma;
        let subject = if kids.len() == 1 && !comma {
            if self.star_before(first).is_some() {
                return self.reject(first);
            }
            self.named(first)?
        } else {
            end += comma as u32;
            let mut elts = Vec::with_capacity(kids.len());
            for &c in &kids {
                elts.push(self.star_named(c)?);
            }
            let t0 = self.star_before(first).unwrap_or(self.n(first).t0);
            Expr { kind: ExprKind::Tuple { elts, ctx: ExprContext::Load }, pos: self.span(t0, end) }
        };
        if self.tk(end) != Kind::Colon || self.kind(block) != K::Block {
            return Err(Fail::At(end));
        }
        self.one_line(n.t0, end)?;
        let mut cases = Vec::new();
        let mut width = None;
        for c in self.children(block) {
            let t0 = self.n(c).t0;
            let indented = self.prev(t0).kind == Kind::Indent;
            let this = self.width(t0);
            if self.kind(c) != K::CaseClause || indented != cases.is_empty() || this != *width.get_or_insert(this) {
                return self.reject(c);
            }
            let case = self.nested(|l| l.case(c))?;
            cases.push(case);
        }
        if cases.is_empty() {
            return self.reject(block);
        }
        Ok(StmtKind::Match { subject: Box::new(subject), cases })
    }

    fn case(&mut self, i: u32) -> R<MatchCase> {
        let n = self.n(i);
        let mut kids: Vec<u32> = self.children(i).collect();
        let Some(block) = kids.pop() else { return self.reject(i) };
        let mut guard = None;
        let mut end = None;
        if let Some(&c) = kids.last()
            && self.kind(c) == K::IfClause
        {
            kids.pop();
            let test = self.only(c)?;
            guard = Some(Box::new(self.named(test)?));
            end = Some(self.n(c).t0);
        }
        let (body, colon) = self.suite_at(block, n.t0)?;
        let pattern = Box::new(self.case_patterns(&kids, end.unwrap_or(colon))?);
        Ok(MatchCase { pattern, guard, body })
    }
}
