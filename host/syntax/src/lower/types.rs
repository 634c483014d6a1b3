//! Annotations, type parameters, type aliases, type comments.

use super::{Lower, R};
use crate::ast::{Expr, ExprContext, ExprKind, StmtKind, Text, TypeParam, TypeParamKind};
use crate::cst::K;
use crate::token::{HIDDEN, Kind};

impl Lower<'_> {
    /// The expression of a `type` node.
    pub(super) fn annotation(&mut self, i: u32) -> R<Expr> {
        let c = self.only(i)?;
        if self.star_before(c).is_some() {
            return self.reject(c);
        }
        self.expression(c)
    }

    /// The annotation of `*args`, which may be starred.
    pub(super) fn star_annotation(&mut self, i: u32) -> R<Expr> {
        let c = self.only(i)?;
        self.star_expression(c)
    }

    /// The text of a TYPE_COMMENT token.
    pub(super) fn type_comment_at(&self, t: u32) -> Option<Text> {
        (self.tk(t) == Kind::TypeComment).then(|| {
            self.type_comments.set(self.type_comments.get() + 1);
            Text::new(self.text(t))
        })
    }

    pub(super) fn type_alias(&mut self, i: u32) -> R<StmtKind> {
        let kids: Vec<u32> = self.children(i).collect();
        let [left, right] = kids[..] else { return self.reject(i) };
        let left = self.only(left)?;
        let (name_node, type_params) = match self.kind(left) {
            K::Identifier => (left, Vec::new()),
            K::GenericType => {
                let kids: Vec<u32> = self.children(left).collect();
                let [name, params] = kids[..] else { return self.reject(left) };
                (name, self.type_params(params)?)
            }
            _ => return self.reject(left),
        };
        let id = self.name_node(name_node)?;
        let name = Box::new(self.mk(name_node, ExprKind::Name { id, ctx: ExprContext::Store }));
        let value = Box::new(self.annotation(right)?);
        Ok(StmtKind::TypeAlias { name, type_params, value })
    }

    /// The parameters between brackets. The masking has hidden the stars and made colons of the `=`.
    pub(super) fn type_params(&mut self, i: u32) -> R<Vec<TypeParam>> {
        if self.kind(i) != K::TypeParams {
            return self.reject(i);
        }
        let mut out = Vec::new();
        for c in self.children(i) {
            out.push(self.type_param(c)?);
        }
        Ok(out)
    }

    fn type_param(&mut self, i: u32) -> R<TypeParam> {
        let n = self.n(i);
        let mut parts = Vec::new();
        self.flatten_constrained(i, &mut parts, 0)?;
        let Some((&name_node, rest)) = parts.split_first() else { return self.reject(i) };
        let name = self.name_node(name_node)?;
        let (mut bound, mut default_value) = (None, None);
        let star = n.t0.checked_sub(1).map(|t| self.token(t)).filter(|t| t.flags & HIDDEN != 0).map(|t| t.kind);
        for &part in rest {
            let (starred, t) = match self.star_before(part) {
                Some(s) => (true, s - 1),
                None => (false, self.n(part).t0 - 1),
            };
            match self.tk(t) {
                Kind::Colon if bound.is_none() && default_value.is_none() && !starred && star.is_none() => {
                    bound = Some(Box::new(self.expression(part)?));
                }
                Kind::Equal if default_value.is_none() && (!starred || star == Some(Kind::Star)) => {
                    default_value = Some(Box::new(self.star_expression(part)?));
                }
                _ => return self.reject(part),
            }
        }
        let kind = match star {
            None => TypeParamKind::TypeVar { name, bound, default_value },
            Some(Kind::Star) => TypeParamKind::TypeVarTuple { name, default_value },
            Some(_) => TypeParamKind::ParamSpec { name, default_value },
        };
        let t0 = match star {
            Some(_) => {
                self.consumed += 1;
                n.t0 - 1
            }
            None => n.t0,
        };
        Ok(TypeParam { kind, pos: self.span(t0, n.t1) })
    }

    /// The expressions of nested constrained types, in order.
    fn flatten_constrained(&self, i: u32, out: &mut Vec<u32>, depth: u32) -> R<()> {
        let c = if self.kind(i) == K::Type { self.only(i)? } else { i };
        if self.kind(c) != K::ConstrainedType {
            out.push(c);
            return Ok(());
        }
        if depth > 4 {
            return self.reject(c);
        }
        for k in self.children(c) {
            self.flatten_constrained(k, out, depth + 1)?;
        }
        Ok(())
    }
}
