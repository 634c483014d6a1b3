//! Targets of assignments, loops, `with` and `del`.

use super::{Fail, Lower, R};
use crate::ast::{Expr, ExprContext, ExprKind};
use crate::cst::K;
use crate::token::Kind;

impl Lower<'_> {
    /// A left side, which may be several targets separated by commas.
    pub(super) fn targets(&mut self, i: u32, ctx: ExprContext) -> R<Expr> {
        match self.kind(i) {
            K::PatternList | K::ExpressionList => {
                let mut elts = Vec::new();
                for c in self.children(i) {
                    elts.push(self.target(c, ctx)?);
                }
                let n = self.n(i);
                let t0 = self.star_before(i).unwrap_or(n.t0);
                Ok(Expr { kind: ExprKind::Tuple { elts, ctx }, pos: self.span(t0, n.t1) })
            }
            _ => self.target(i, ctx),
        }
    }

    /// One target.
    pub(super) fn target(&mut self, i: u32, ctx: ExprContext) -> R<Expr> {
        self.nested(|l| {
            if let Some(star) = l.star_before(i) {
                if ctx == ExprContext::Del {
                    return l.reject(i);
                }
                l.consumed += 1;
                let value = Box::new(l.bare_target(i, ctx)?);
                let pos = l.span(star, l.n(i).t1);
                return Ok(Expr { kind: ExprKind::Starred { value, ctx }, pos });
            }
            l.bare_target(i, ctx)
        })
    }

    fn bare_target(&mut self, i: u32, ctx: ExprContext) -> R<Expr> {
        let n = self.n(i);
        match n.kind {
            K::Identifier => {
                let id = self.name_node(i)?;
                Ok(self.mk(i, ExprKind::Name { id, ctx }))
            }
            K::Attribute | K::Subscript => {
                let mut e = self.expression(i)?;
                match &mut e.kind {
                    ExprKind::Attribute { ctx: c, .. } | ExprKind::Subscript { ctx: c, .. } => *c = ctx,
                    _ => return self.reject(i),
                }
                Ok(e)
            }
            K::Paren => {
                let c = self.only(i)?;
                if self.star_before(c).is_some() {
                    return self.reject(c);
                }
                self.target(c, ctx)
            }
            K::TuplePattern | K::Tuple | K::ListPattern | K::List => {
                let kids: Vec<u32> = self.children(i).collect();
                let is_tuple = matches!(n.kind, K::TuplePattern | K::Tuple);
                if is_tuple && kids.len() == 1 && self.tk(self.n(kids[0]).t1) != Kind::Comma {
                    if self.star_before(kids[0]).is_some() {
                        return self.reject(i);
                    }
                    return self.target(kids[0], ctx);
                }
                let mut elts = Vec::with_capacity(kids.len());
                for c in kids {
                    elts.push(self.target(c, ctx)?);
                }
                Ok(self.mk(i, if is_tuple { ExprKind::Tuple { elts, ctx } } else { ExprKind::List { elts, ctx } }))
            }
            _ => Err(Fail::At(n.t0)),
        }
    }
}
