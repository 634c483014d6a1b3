//! Modules, blocks and simple statements.

use super::{Fail, Lower, R, Start};
use crate::ast::{Alias, ExprContext, ExprKind, Ident, Mod, Operator, Stmt, StmtKind};
use crate::cst::K;
use crate::token::{Kind, Kw};

impl Lower<'_> {
    pub(super) fn module(&mut self, start: Start) -> R<Mod> {
        if self.nodes.is_empty() || self.kind(0) != K::Module {
            return Err(Fail::At(0));
        }
        // An indent at the end, where a blank line was left unfinished.
        let dangling = |l: &Self| {
            let mut rev = l.tokens.iter().enumerate().rev();
            rev.find(|(_, t)| !matches!(t.kind, Kind::EndMarker | Kind::Dedent))
                .filter(|(_, t)| t.kind == Kind::Indent)
                .map_or(Ok(()), |(i, _)| Err(Fail::At(i as u32)))
        };
        match start {
            Start::File => Ok(Mod::Module { body: self.statements(0, false)?, type_ignores: Vec::new() }),
            Start::Interactive => {
                let body = self.statements(0, false)?;
                let newlines = self.tokens.iter().filter(|t| t.kind == Kind::Newline).count();
                let simple = body.first().is_some_and(|s| is_simple(&s.kind));
                if body.is_empty() || !simple && body.len() > 1 {
                    return Err(Fail::At(self.tokens.len() as u32 - 1));
                }
                if simple && newlines > 1 {
                    let at = self.tokens.iter().position(|t| t.kind == Kind::Newline).unwrap_or(0) as u32;
                    return self.error(at, at + 1, "multiple statements found while compiling a single statement");
                }
                if !simple {
                    dangling(self)?;
                }
                // A compound statement on one line needs a newline of its own behind that of its body.
                let closed = self.tokens.iter().rev().nth(1).is_some_and(|t| t.kind == Kind::Dedent);
                if !simple && self.src.newline_added && !closed {
                    return Err(Fail::At(self.tokens.len() as u32 - 1));
                }
                Ok(Mod::Interactive { body })
            }
            Start::Eval => {
                dangling(self)?;
                let stmt = self.only(0)?;
                if self.kind(stmt) != K::ExpressionStmt {
                    return self.reject(stmt);
                }
                self.first_in_line(stmt, false)?;
                let n = self.n(stmt);
                self.one_line(n.t0, n.t1)?;
                if self.star_before(stmt).is_some() || self.tk(n.t1) != Kind::Newline {
                    return self.reject(stmt);
                }
                let kinds: Vec<K> = self.children(stmt).map(|c| self.kind(c)).collect();
                if kinds.iter().any(|k| matches!(k, K::Yield | K::Assignment | K::AugAssignment)) {
                    return self.reject(stmt);
                }
                let e = self.tuple_or_one(stmt, Self::expression)?;
                Ok(Mod::Expression { body: Box::new(e) })
            }
        }
    }

    /// The statements that are the children of a module or block.
    pub(super) fn statements(&mut self, i: u32, indented: bool) -> R<Vec<Stmt>> {
        let mut out = Vec::new();
        let mut width = None;
        for c in self.children(i) {
            self.first_in_line(c, indented && out.is_empty())?;
            let t0 = self.star_before(c).unwrap_or(self.n(c).t0);
            let this = self.width(t0);
            if width.is_some() && this.is_some() && this != width {
                return Err(Fail::At(t0));
            }
            width = width.or(this);
            let stmt = self.nested(|l| l.statement(c))?;
            out.push(stmt);
        }
        Ok(out)
    }

    /// Checks the layout before a statement: an indent exactly before the first one of an indented block.
    fn first_in_line(&self, i: u32, expect_indent: bool) -> R<()> {
        let t0 = self.star_before(i).unwrap_or(self.n(i).t0);
        let indented = self.prev(t0).kind == Kind::Indent;
        if indented != expect_indent {
            return Err(Fail::At(t0.saturating_sub(1)));
        }
        Ok(())
    }

    fn statement(&mut self, i: u32) -> R<Stmt> {
        let n = self.n(i);
        let t0 = self.star_before(i).unwrap_or(n.t0);
        if let Some(s) = self.compound(i)? {
            return Ok(s);
        }
        self.one_line(t0, n.t1)?;
        let kind = match n.kind {
            K::ExpressionStmt => return self.expression_statement(i),
            K::Pass => StmtKind::Pass {},
            K::Break => StmtKind::Break {},
            K::Continue => StmtKind::Continue {},
            K::Return => {
                let value = match self.children(i).next() {
                    Some(c) => Some(Box::new(self.star_expressions(c)?)),
                    None => None,
                };
                StmtKind::Return { value }
            }
            K::Delete => {
                let c = self.only(i)?;
                let list = if self.kind(c) == K::ExpressionList { self.children(c).collect() } else { vec![c] };
                let mut targets = Vec::new();
                for c in list {
                    targets.push(self.target(c, ExprContext::Del)?);
                }
                StmtKind::Delete { targets }
            }
            K::Raise => self.raise(i)?,
            K::Assert => {
                let mut c = self.children(i);
                let test = Box::new(self.expression(c.next().ok_or(Fail::At(n.t0))?)?);
                let msg = match c.next() {
                    Some(c) => Some(Box::new(self.expression(c)?)),
                    None => None,
                };
                if c.next().is_some() {
                    return self.reject(i);
                }
                StmtKind::Assert { test, msg }
            }
            K::Global | K::Nonlocal => {
                let mut names = Vec::new();
                for c in self.children(i) {
                    names.push(self.name_node(c)?);
                }
                match n.kind {
                    K::Global => StmtKind::Global { names },
                    _ => StmtKind::Nonlocal { names },
                }
            }
            K::Import => {
                if self.tk(n.t1 - 1) == Kind::Comma {
                    return Err(Fail::At(n.t1 - 1));
                }
                let mut names = Vec::new();
                for c in self.children(i) {
                    names.push(self.alias(c, true)?);
                }
                StmtKind::Import { names }
            }
            K::ImportFrom => self.import_from(i)?,
            K::TypeAlias => self.type_alias(i)?,
            _ => return self.reject(i),
        };
        Ok(Stmt { kind, pos: self.span(t0, n.t1) })
    }

    fn raise(&mut self, i: u32) -> R<StmtKind> {
        let mut c = self.children(i);
        let exc = match c.next() {
            Some(c) => Some(Box::new(self.expression(c)?)),
            None => None,
        };
        let cause = match c.next() {
            Some(c) => Some(Box::new(self.expression(c)?)),
            None => None,
        };
        // `raise from x` has a cause without an exception.
        if exc.is_some() && cause.is_none() && self.kw(self.n(i).t0 + 1) == Kw::From {
            return self.reject(i);
        }
        Ok(StmtKind::Raise { exc, cause })
    }

    fn alias(&mut self, i: u32, dotted: bool) -> R<Alias> {
        let (name_node, asname) = match self.kind(i) {
            K::DottedName => (i, None),
            K::AliasedImport => {
                let mut c = self.children(i);
                let (Some(name), Some(alias)) = (c.next(), c.next()) else { return self.reject(i) };
                (name, Some(self.name_node(alias)?))
            }
            _ => return self.reject(i),
        };
        let n = self.n(name_node);
        if !dotted && n.t1 != n.t0 + 1 {
            return self.reject(i);
        }
        Ok(Alias { name: self.dotted(name_node)?, asname, pos: self.pos(i) })
    }

    fn import_from(&mut self, i: u32) -> R<StmtKind> {
        let mut children = self.children(i);
        let from = children.next().ok_or(Fail::At(self.n(i).t0))?;
        let (mut level, mut module) = (0, None);
        match self.kind(from) {
            K::DottedName => module = Some(self.dotted(from)?),
            K::RelativeImport => {
                for c in self.children(from) {
                    match self.kind(c) {
                        K::ImportPrefix => {
                            let n = self.n(c);
                            for t in n.t0..n.t1 {
                                level += match self.tk(t) {
                                    Kind::Dot => 1,
                                    Kind::Ellipsis => 3,
                                    _ => return Err(Fail::At(t)),
                                };
                            }
                        }
                        _ => module = Some(self.dotted(c)?),
                    }
                }
            }
            _ => return self.reject(from),
        }
        let mut names = Vec::new();
        for c in children {
            if self.kind(c) == K::WildcardImport {
                names.push(Alias { name: Ident::new("*"), asname: None, pos: self.pos(c) });
            } else {
                names.push(self.alias(c, false)?);
            }
        }
        if level == 0 && module.as_deref() == Some("__future__") {
            self.barry |= names.iter().any(|a| &*a.name == "barry_as_FLUFL");
        }
        let end = self.n(i).t1;
        if names.is_empty() || self.tk(end - 1) == Kind::Comma {
            return Err(Fail::At(end - 1));
        }
        Ok(StmtKind::ImportFrom { module, names, level: Some(level) })
    }

    fn expression_statement(&mut self, i: u32) -> R<Stmt> {
        let n = self.n(i);
        let first = self.child(i)?;
        let t0 = self.star_before(i).unwrap_or(n.t0);
        let kind = match self.kind(first) {
            K::Assignment => {
                let kind = self.assignment(first)?;
                // A type comment belongs to the assignment.
                let with_comment = matches!(kind, StmtKind::Assign { type_comment: Some(_), .. }) as u32;
                return Ok(Stmt { kind, pos: self.span(t0, n.t1 + with_comment) });
            }
            K::AugAssignment => self.aug_assignment(first)?,
            _ => StmtKind::Expr { value: Box::new(self.tuple_or_one(i, Self::star_expression)?) },
        };
        Ok(Stmt { kind, pos: self.span(t0, n.t1) })
    }

    /// The right side of an assignment: `yield` or expressions.
    fn right_side(&mut self, i: u32) -> R<Box<crate::ast::Expr>> {
        Ok(Box::new(match self.kind(i) {
            K::Yield => self.yield_expr(i)?,
            _ => self.star_expressions(i)?,
        }))
    }

    fn assignment(&mut self, i: u32) -> R<StmtKind> {
        let mut targets = Vec::new();
        let mut at = i;
        loop {
            let kids: Vec<u32> = self.children(at).collect();
            if kids.len() < 2 {
                return self.reject(at);
            }
            if self.kind(kids[1]) == K::Type {
                return if targets.is_empty() { self.annotated(&kids) } else { self.reject(kids[1]) };
            }
            targets.push(self.targets(kids[0], ExprContext::Store)?);
            if self.kind(kids[1]) != K::Assignment {
                let value = self.right_side(kids[1])?;
                let type_comment = self.type_comment_at(self.n(i).t1);
                return Ok(StmtKind::Assign { targets, value, type_comment });
            }
            at = kids[1];
        }
    }

    fn annotated(&mut self, kids: &[u32]) -> R<StmtKind> {
        let plain = self.kind(kids[0]) == K::Identifier;
        if self.star_before(kids[0]).is_some() {
            return self.reject(kids[0]);
        }
        let target = self.targets(kids[0], ExprContext::Store)?;
        if !matches!(target.kind, ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }) {
            return self.reject(kids[0]);
        }
        let simple = (plain && matches!(target.kind, ExprKind::Name { .. })) as i32;
        let annotation = Box::new(self.annotation(kids[1])?);
        let value = match kids.get(2) {
            Some(&c) => Some(self.right_side(c)?),
            None => None,
        };
        Ok(StmtKind::AnnAssign { target: Box::new(target), annotation, value, simple })
    }

    fn aug_assignment(&mut self, i: u32) -> R<StmtKind> {
        let kids: Vec<u32> = self.children(i).collect();
        if kids.len() != 2 || self.star_before(kids[0]).is_some() {
            return self.reject(i);
        }
        let target = self.targets(kids[0], ExprContext::Store)?;
        if !matches!(target.kind, ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }) {
            return self.reject(kids[0]);
        }
        let op = match self.tk(self.n(kids[0]).t1) {
            Kind::PlusEqual => Operator::Add,
            Kind::MinEqual => Operator::Sub,
            Kind::StarEqual => Operator::Mult,
            Kind::AtEqual => Operator::MatMult,
            Kind::SlashEqual => Operator::Div,
            Kind::PercentEqual => Operator::Mod,
            Kind::AmperEqual => Operator::BitAnd,
            Kind::VBarEqual => Operator::BitOr,
            Kind::CircumflexEqual => Operator::BitXor,
            Kind::LeftShiftEqual => Operator::LShift,
            Kind::RightShiftEqual => Operator::RShift,
            Kind::DoubleStarEqual => Operator::Pow,
            Kind::DoubleSlashEqual => Operator::FloorDiv,
            _ => return self.reject(i),
        };
        let value = self.right_side(kids[1])?;
        Ok(StmtKind::AugAssign { target: Box::new(target), op, value })
    }
}

/// Whether a statement can stand before a `;`.
fn is_simple(kind: &StmtKind) -> bool {
    !matches!(
        kind,
        StmtKind::FunctionDef { .. }
            | StmtKind::AsyncFunctionDef { .. }
            | StmtKind::ClassDef { .. }
            | StmtKind::For { .. }
            | StmtKind::AsyncFor { .. }
            | StmtKind::While { .. }
            | StmtKind::If { .. }
            | StmtKind::With { .. }
            | StmtKind::AsyncWith { .. }
            | StmtKind::Match { .. }
            | StmtKind::Try { .. }
            | StmtKind::TryStar { .. }
    )
}
