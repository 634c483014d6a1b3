//! Expressions.

use super::{Fail, Lower, MAX_SPINE, R};
use crate::ast::{Comprehension, Constant, Expr, ExprContext, ExprKind};
use crate::cst::K;
use crate::literal::number;
use crate::token::{Kind, Kw};

const LOAD: ExprContext = ExprContext::Load;

impl<'a> Lower<'a> {
    /// The children of a node as elements: one expression, or a tuple if there is a comma.
    pub(super) fn tuple_or_one(&mut self, i: u32, element: fn(&mut Self, u32) -> R<Expr>) -> R<Expr> {
        let kids: Vec<u32> = self.children(i).collect();
        let Some(&first) = kids.first() else { return self.reject(i) };
        let (node, n) = (self.n(first), self.n(i));
        if kids.len() == 1 && (node.t1 >= n.t1 || self.tk(node.t1) != Kind::Comma) {
            return match node.kind {
                K::Yield => self.yield_expr(first),
                _ => element(self, first),
            };
        }
        let t0 = self.star_before(first).unwrap_or(node.t0);
        let mut elts = Vec::with_capacity(kids.len());
        for c in kids {
            elts.push(element(self, c)?);
        }
        Ok(Expr { kind: ExprKind::Tuple { elts, ctx: LOAD }, pos: self.span(t0, n.t1) })
    }

    /// `star_expressions`: one or several, maybe starred.
    pub(super) fn star_expressions(&mut self, i: u32) -> R<Expr> {
        match self.kind(i) {
            K::ExpressionList | K::PatternList => self.tuple_or_one(i, Self::star_expression),
            _ => self.star_expression(i),
        }
    }

    /// An expression or a starred one.
    pub(super) fn star_expression(&mut self, i: u32) -> R<Expr> {
        match self.star_before(i) {
            Some(star) => self.starred(i, star, 5),
            None => self.expression(i),
        }
    }

    /// An element of a display: named or starred expressions too.
    pub(super) fn star_named(&mut self, i: u32) -> R<Expr> {
        match self.star_before(i) {
            Some(star) => self.starred(i, star, 5),
            None => self.named(i),
        }
    }

    /// An expression behind a hidden star, of at least this level.
    pub(super) fn starred(&mut self, i: u32, star: u32, level: i32) -> R<Expr> {
        self.consumed += 1;
        let value = Box::new(self.operand(i, level)?);
        let pos = self.span(star, self.n(i).t1);
        Ok(Expr { kind: ExprKind::Starred { value, ctx: LOAD }, pos })
    }

    /// An expression or an assignment expression.
    pub(super) fn named(&mut self, i: u32) -> R<Expr> {
        // The grammar may read `a := b if c else d` as `(a := b) if c else d`.
        let mut at = i;
        let mut conditionals = Vec::new();
        while self.kind(at) == K::Conditional {
            conditionals.push(at);
            at = self.child(at)?;
        }
        if self.kind(at) != K::Named {
            return self.expression(i);
        }
        let mut c = self.children(at);
        let (Some(name), Some(value_node)) = (c.next(), c.next()) else { return self.reject(i) };
        let id = self.name_node(name)?;
        let target = Box::new(self.mk(name, ExprKind::Name { id, ctx: ExprContext::Store }));
        let v0 = self.n(value_node).t0;
        let value = match conditionals[..] {
            [] => self.expression(value_node)?,
            [one] => {
                let kids: Vec<u32> = self.children(one).collect();
                let [_, test, orelse] = kids[..] else { return self.reject(one) };
                let body = Box::new(self.operand(value_node, 1)?);
                let test = Box::new(self.operand(test, 1)?);
                let orelse = Box::new(self.expression(orelse)?);
                Expr { kind: ExprKind::IfExp { test, body, orelse }, pos: self.span(v0, self.n(one).t1) }
            }
            _ => return self.reject(i),
        };
        let value = Box::new(value);
        Ok(self.mk(i, ExprKind::NamedExpr { target, value }))
    }

    /// An expression that binds at least as tightly as `level` says.
    pub(super) fn operand(&mut self, i: u32, level: i32) -> R<Expr> {
        if self.level(i) < level {
            return self.reject(i);
        }
        self.expression(i)
    }

    /// How tightly a node binds: 0 lambda and conditional, 1 or, 2 and, 3 not, 4 comparison, 5 the rest.
    pub(super) fn level(&self, i: u32) -> i32 {
        match self.kind(i) {
            K::Named | K::AsPattern | K::Yield => -1,
            K::Lambda | K::Conditional => 0,
            K::Boolean => match self.boolean_op(i) {
                Kw::Or => 1,
                _ => 2,
            },
            K::Not => 3,
            K::Comparison => 4,
            _ => 5,
        }
    }

    /// An expression without star, `yield` or assignment outside parentheses.
    pub(super) fn expression(&mut self, i: u32) -> R<Expr> {
        self.nested(|l| l.expression_inner(i))
    }

    fn expression_inner(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        Ok(match n.kind {
            K::Identifier | K::Integer | K::Float | K::True | K::False | K::None | K::Ellipsis => return self.atom(i),
            K::Attribute | K::Call | K::Subscript => return self.chain(i),
            K::Str | K::ConcatString => return self.strings(i),
            K::Binary => return self.binary(i),
            K::Boolean => return self.boolean(i),
            K::Comparison => return self.comparison(i),
            K::Unary | K::Not => return self.unary(i),
            K::Await => return self.await_expr(i),
            K::Paren => {
                let c = self.only(i)?;
                if self.star_before(c).is_some() {
                    return self.reject(c);
                }
                return match self.kind(c) {
                    K::Yield => self.yield_expr(c),
                    _ => self.named(c),
                };
            }
            K::Tuple => {
                let elts = self.elements(i)?;
                if elts.len() == 1 && self.tk(n.t1 - 2) != Kind::Comma {
                    return self.reject(i);
                }
                self.mk(i, ExprKind::Tuple { elts, ctx: LOAD })
            }
            K::List => {
                let elts = self.elements(i)?;
                self.mk(i, ExprKind::List { elts, ctx: LOAD })
            }
            K::Set => {
                let elts = self.elements(i)?;
                self.mk(i, ExprKind::Set { elts })
            }
            K::Dict => self.dict(i)?,
            K::ListComp | K::SetComp | K::Generator => {
                let elt = Box::new(self.named(self.child(i)?)?);
                let generators = self.generators(i)?;
                self.mk(
                    i,
                    match n.kind {
                        K::ListComp => ExprKind::ListComp { elt, generators },
                        K::SetComp => ExprKind::SetComp { elt, generators },
                        _ => ExprKind::GeneratorExp { elt, generators },
                    },
                )
            }
            K::DictComp => {
                let pair = self.child(i)?;
                let (key, value) = self.pair(pair)?;
                let generators = self.generators(i)?;
                self.mk(i, ExprKind::DictComp { key: Box::new(key), value: Box::new(value), generators })
            }
            K::Conditional => {
                let kids: Vec<u32> = self.children(i).collect();
                let [body, test, orelse] = kids[..] else { return self.reject(i) };
                let body = Box::new(self.operand(body, 1)?);
                let test = Box::new(self.operand(test, 1)?);
                let orelse = Box::new(self.expression(orelse)?);
                self.mk(i, ExprKind::IfExp { test, body, orelse })
            }
            K::Lambda => {
                let kids: Vec<u32> = self.children(i).collect();
                let (params, body) = match kids[..] {
                    [body] => (None, body),
                    [params, body] => (Some(params), body),
                    _ => return self.reject(i),
                };
                let args = Box::new(self.parameters(params, true)?);
                let body = Box::new(self.expression(body)?);
                self.mk(i, ExprKind::Lambda { args, body })
            }
            _ => return self.reject(i),
        })
    }

    fn elements(&mut self, i: u32) -> R<Vec<Expr>> {
        let mut elts = Vec::new();
        for c in self.children(i) {
            elts.push(self.star_named(c)?);
        }
        Ok(elts)
    }

    fn atom(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let t = self.token(n.t0);
        let constant = |value| ExprKind::Constant { value, kind: None };
        let kind = match (t.kind, t.kw) {
            (Kind::String, _) => return self.strings(i),
            _ if n.t1 != n.t0 + 1 => return self.reject(i),
            (Kind::Name, Kw::No) => ExprKind::Name { id: self.ident(n.t0)?, ctx: LOAD },
            (Kind::Name, Kw::None) => constant(Constant::None),
            (Kind::Name, Kw::True) => constant(Constant::True),
            (Kind::Name, Kw::False) => constant(Constant::False),
            (Kind::Ellipsis, _) => constant(Constant::Ellipsis),
            (Kind::Number, _) => constant(self.number(n.t0)?),
            _ => return self.reject(i),
        };
        Ok(self.mk(i, kind))
    }

    /// The value of a NUMBER token.
    pub(super) fn number(&self, t: u32) -> R<Constant> {
        match number::parse(self.text(t)) {
            Ok(v) => Ok(v),
            Err(msg) => self.error(t, t + 1, msg),
        }
    }

    /// Attributes, calls and subscripts, from the innermost outwards.
    fn chain(&mut self, i: u32) -> R<Expr> {
        let mut path = Vec::new();
        let mut at = i;
        while matches!(self.kind(at), K::Attribute | K::Call | K::Subscript) {
            path.push(at);
            at = self.child(at)?;
        }
        if path.len() > MAX_SPINE {
            return Err(self.too_long());
        }
        if matches!(self.kind(at), K::Unary | K::Binary | K::Await) || self.level(at) < 5 {
            return self.reject(at);
        }
        let mut e = self.expression(at)?;
        while let Some(node) = path.pop() {
            e = self.link(node, Box::new(e))?;
        }
        Ok(e)
    }

    fn link(&mut self, i: u32, base: Box<Expr>) -> R<Expr> {
        let mut kids = self.children(i);
        kids.next();
        let Some(arg) = kids.next() else { return self.reject(i) };
        let kind = match self.kind(i) {
            K::Attribute => ExprKind::Attribute { value: base, attr: self.name_node(arg)?, ctx: LOAD },
            K::Call => {
                let (args, keywords) = self.arguments(arg)?;
                ExprKind::Call { func: base, args, keywords }
            }
            _ => ExprKind::Subscript { value: base, slice: Box::new(self.subscript(i, arg)?), ctx: LOAD },
        };
        Ok(self.mk(i, kind))
    }

    /// What stands between the brackets of a subscript; `first` is its first element.
    fn subscript(&mut self, i: u32, first: u32) -> R<Expr> {
        let close = self.n(i).t1 - 1;
        let star = self.star_before(first);
        let node = self.n(first);
        if node.t1 == close && star.is_none() {
            return self.slice(first);
        }
        let mut elts = Vec::new();
        for c in self.children(i).skip(1) {
            elts.push(match self.star_before(c) {
                Some(star) if self.kind(c) != K::Slice => self.starred(c, star, 0)?,
                _ => self.slice(c)?,
            });
        }
        let pos = self.span(star.unwrap_or(node.t0), close);
        Ok(Expr { kind: ExprKind::Tuple { elts, ctx: LOAD }, pos })
    }

    fn slice(&mut self, i: u32) -> R<Expr> {
        if self.kind(i) != K::Slice {
            return self.named(i);
        }
        let n = self.n(i);
        let mut parts = [None, None, None];
        let mut which = 0;
        let mut kids = self.children(i).peekable();
        let mut t = n.t0;
        while t < n.t1 {
            if let Some(&c) = kids.peek()
                && self.n(c).t0 == t
            {
                kids.next();
                t = self.n(c).t1;
                if which > 2 {
                    return self.reject(c);
                }
                parts[which] = Some(Box::new(self.expression(c)?));
            } else {
                which += (self.tk(t) == Kind::Colon) as usize;
                t += 1;
            }
        }
        let [lower, upper, step] = parts;
        Ok(self.mk(i, ExprKind::Slice { lower, upper, step }))
    }

    fn dict(&mut self, i: u32) -> R<Expr> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for c in self.children(i) {
            match self.kind(c) {
                K::Pair => {
                    let (k, v) = self.pair(c)?;
                    keys.push(Some(k));
                    values.push(v);
                }
                K::DictSplat => {
                    keys.push(None);
                    let value = self.child(c)?;
                    values.push(self.operand(value, 5)?);
                }
                _ => return self.reject(c),
            }
        }
        // The grammar takes a lone comma for an empty dictionary.
        if keys.is_empty() && self.n(i).t1 != self.n(i).t0 + 2 {
            return self.reject(i);
        }
        Ok(self.mk(i, ExprKind::Dict { keys, values }))
    }

    fn pair(&mut self, i: u32) -> R<(Expr, Expr)> {
        let mut c = self.children(i);
        let (K::Pair, Some(key), Some(value)) = (self.kind(i), c.next(), c.next()) else { return self.reject(i) };
        Ok((self.expression(key)?, self.expression(value)?))
    }

    /// The `for` and `if` clauses of a comprehension.
    fn generators(&mut self, i: u32) -> R<Vec<Comprehension>> {
        let mut out: Vec<Comprehension> = Vec::new();
        for c in self.children(i).skip(1) {
            let n = self.n(c);
            match n.kind {
                K::ForIn => {
                    let kids: Vec<u32> = self.children(c).collect();
                    let [left, right] = kids[..] else { return self.reject(c) };
                    if self.tk(n.t1 - 1) == Kind::Comma {
                        return Err(Fail::At(n.t1 - 1));
                    }
                    let is_async = (self.kw(n.t0) == Kw::Async) as i32;
                    let target = Box::new(self.targets(left, ExprContext::Store)?);
                    let iter = Box::new(self.operand(right, 1)?);
                    out.push(Comprehension { target, iter, ifs: Vec::new(), is_async });
                }
                K::IfClause => {
                    let test = self.child(c)?;
                    let test = self.operand(test, 1)?;
                    match out.last_mut() {
                        Some(g) => g.ifs.push(test),
                        None => return self.reject(c),
                    }
                }
                _ => return self.reject(c),
            }
        }
        if out.is_empty() {
            return self.reject(i);
        }
        Ok(out)
    }

    pub(super) fn yield_expr(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let from = self.kw(n.t0 + 1) == Kw::From;
        let kind = match self.children(i).next() {
            Some(c) if from => ExprKind::YieldFrom { value: Box::new(self.expression(c)?) },
            Some(c) => ExprKind::Yield { value: Some(Box::new(self.star_expressions(c)?)) },
            None if from => return self.reject(i),
            None => ExprKind::Yield { value: None },
        };
        Ok(self.mk(i, kind))
    }
}
