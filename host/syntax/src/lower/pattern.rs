//! Patterns of `case`.

use super::{Fail, Lower, R};
use crate::ast::{Constant, Expr, ExprContext, ExprKind, Ident, Operator, Pattern, PatternKind, UnaryOp};
use crate::cst::K;
use crate::token::{HIDDEN, Kind, Kw};

impl Lower<'_> {
    fn pat(&self, i: u32, kind: PatternKind) -> Pattern {
        Pattern { kind, pos: self.pos(i) }
    }

    /// The patterns after `case`; a comma makes them a sequence. `end` is the token after them.
    pub(super) fn case_patterns(&mut self, kids: &[u32], end: u32) -> R<Pattern> {
        let Some(&first) = kids.first() else { return Err(Fail::At(end)) };
        let n = self.n(first);
        let comma = n.t1 < end && self.tk(n.t1) == Kind::Comma;
        if kids.len() == 1 && !comma {
            let p = self.case_pattern(first)?;
            return match p.kind {
                PatternKind::MatchStar { .. } => self.reject(first),
                _ => Ok(p),
            };
        }
        let patterns = self.sequence(kids)?;
        Ok(Pattern { kind: PatternKind::MatchSequence { patterns }, pos: self.span(n.t0, end) })
    }

    fn sequence(&mut self, kids: &[u32]) -> R<Vec<Pattern>> {
        let mut out = Vec::with_capacity(kids.len());
        for &c in kids {
            out.push(self.case_pattern(c)?);
        }
        Ok(out)
    }

    fn case_pattern(&mut self, i: u32) -> R<Pattern> {
        self.nested(|l| match l.kind(i) {
            K::CasePattern => {
                let c = l.only(i)?;
                l.case_pattern(c)
            }
            K::AsPattern => {
                let kids: Vec<u32> = l.children(i).collect();
                let [inner, name] = kids[..] else { return l.reject(i) };
                let pattern = l.case_pattern(inner)?;
                if matches!(pattern.kind, PatternKind::MatchStar { .. })
                    || matches!(pattern.kind, PatternKind::MatchAs { pattern: Some(_), .. }) && !l.in_paren(inner)
                {
                    return l.reject(inner);
                }
                let name = l.capture(name)?.ok_or(Fail::At(l.n(i).t1 - 1))?;
                Ok(l.pat(i, PatternKind::MatchAs { pattern: Some(Box::new(pattern)), name: Some(name) }))
            }
            _ => l.simple_pattern(i),
        })
    }

    /// Whether a pattern node is a group.
    fn in_paren(&self, i: u32) -> bool {
        let n = self.n(i);
        self.tk(n.t0) == Kind::LPar && self.tk(n.t1 - 1) == Kind::RPar
    }

    /// A name that is bound; `None` for the wildcard.
    fn capture(&mut self, i: u32) -> R<Option<Ident>> {
        let name = self.name_node(i)?;
        Ok((&*name != "_").then_some(name))
    }

    fn simple_pattern(&mut self, i: u32) -> R<Pattern> {
        let n = self.n(i);
        match n.kind {
            K::DottedName | K::Identifier | K::Integer | K::Float => self.atom_pattern(i),
            // Formatted strings are in the grammar; the compiler rejects them.
            K::Str | K::ConcatString => {
                let value = Box::new(self.strings(i)?);
                Ok(self.pat(i, PatternKind::MatchValue { value }))
            }
            K::True | K::False | K::None => {
                let value = match self.kw(n.t0) {
                    Kw::True => Constant::True,
                    Kw::False => Constant::False,
                    _ => Constant::None,
                };
                Ok(self.pat(i, PatternKind::MatchSingleton { value }))
            }
            K::UnionPattern => {
                let mut patterns = Vec::new();
                self.alternatives(i, &mut patterns)?;
                Ok(self.pat(i, PatternKind::MatchOr { patterns }))
            }
            K::ListPattern => {
                let kids: Vec<u32> = self.children(i).collect();
                let patterns = self.sequence(&kids)?;
                Ok(self.pat(i, PatternKind::MatchSequence { patterns }))
            }
            K::TuplePattern => {
                let kids: Vec<u32> = self.children(i).collect();
                if kids.len() == 1 && self.tk(self.n(kids[0]).t1) != Kind::Comma {
                    let p = self.case_pattern(kids[0])?;
                    return match p.kind {
                        PatternKind::MatchStar { .. } => self.reject(i),
                        _ => Ok(p),
                    };
                }
                let patterns = self.sequence(&kids)?;
                Ok(self.pat(i, PatternKind::MatchSequence { patterns }))
            }
            K::SplatPattern if self.tk(n.t0) == Kind::Star && n.t1 == n.t0 + 2 => {
                let name = self.ident(n.t0 + 1)?;
                Ok(self.pat(i, PatternKind::MatchStar { name: (&*name != "_").then_some(name) }))
            }
            K::DictPattern => self.mapping(i),
            K::ClassPattern => self.class_pattern(i),
            _ => self.reject(i),
        }
    }

    fn alternatives(&mut self, i: u32, out: &mut Vec<Pattern>) -> R<()> {
        for c in self.children(i) {
            if self.kind(c) == K::UnionPattern {
                self.nested(|l| l.alternatives(c, out))?;
                continue;
            }
            let p = self.case_pattern(c)?;
            if matches!(p.kind, PatternKind::MatchStar { .. }) {
                return self.reject(c);
            }
            out.push(p);
        }
        Ok(())
    }

    /// A name, dotted name, number or string.
    fn atom_pattern(&mut self, i: u32) -> R<Pattern> {
        let n = self.n(i);
        let t = self.token(n.t0);
        if t.kind == Kind::Name && n.t1 == n.t0 + 1 {
            let name = self.ident(n.t0)?;
            let name = (&*name != "_").then_some(name);
            return Ok(self.pat(i, PatternKind::MatchAs { pattern: None, name }));
        }
        let value = Box::new(self.value(i)?);
        Ok(self.pat(i, PatternKind::MatchValue { value }))
    }

    /// The expression of a value pattern.
    fn value(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        match self.tk(n.t0) {
            Kind::String => self.strings(i),
            Kind::Name => self.dotted_value(i),
            Kind::Number | Kind::Minus => self.signed_number(n.t0, n.t1),
            _ => self.reject(i),
        }
    }

    fn dotted_value(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let id = self.ident(n.t0)?;
        let mut e = Expr { kind: ExprKind::Name { id, ctx: ExprContext::Load }, pos: self.span(n.t0, n.t0 + 1) };
        let mut t = n.t0 + 1;
        while t + 1 < n.t1 {
            if self.tk(t) != Kind::Dot {
                return Err(Fail::At(t));
            }
            let attr = self.ident(t + 1)?;
            let pos = self.span(n.t0, t + 2);
            e = Expr { kind: ExprKind::Attribute { value: Box::new(e), attr, ctx: ExprContext::Load }, pos };
            t += 2;
        }
        Ok(e)
    }

    /// `[-] NUMBER [(+|-) NUMBER]`.
    fn signed_number(&mut self, t0: u32, t1: u32) -> R<Expr> {
        let mut t = t0;
        let negative = self.tk(t) == Kind::Minus;
        t += negative as u32;
        let constant = |l: &Self, t: u32| -> R<Expr> {
            let kind = ExprKind::Constant { value: l.number(t)?, kind: None };
            Ok(Expr { kind, pos: l.span(t, t + 1) })
        };
        let mut left = constant(self, t)?;
        let is_complex = |e: &Expr| matches!(e.kind, ExprKind::Constant { value: Constant::Complex { .. }, .. });
        let real_left = !is_complex(&left);
        if negative {
            let kind = ExprKind::UnaryOp { op: UnaryOp::USub, operand: Box::new(left) };
            left = Expr { kind, pos: self.span(t0, t + 1) };
        }
        t += 1;
        if t == t1 {
            return Ok(left);
        }
        let op = match self.tk(t) {
            Kind::Plus => Operator::Add,
            Kind::Minus => Operator::Sub,
            _ => return Err(Fail::At(t)),
        };
        let right = constant(self, t + 1)?;
        if t + 2 != t1 {
            return Err(Fail::At(t));
        }
        if !real_left {
            return self.error(t - 1, t, "real number required in complex literal");
        }
        if !is_complex(&right) {
            return self.error(t + 1, t + 2, "imaginary number required in complex literal");
        }
        let kind = ExprKind::BinOp { left: Box::new(left), op, right: Box::new(right) };
        Ok(Expr { kind, pos: self.span(t0, t1) })
    }

    fn mapping(&mut self, i: u32) -> R<Pattern> {
        let (mut keys, mut patterns, mut rest) = (Vec::new(), Vec::new(), None);
        let kids: Vec<u32> = self.children(i).collect();
        let mut k = 0;
        while k < kids.len() {
            let c = kids[k];
            let n = self.n(c);
            if rest.is_some() {
                return self.reject(c);
            }
            if self.kind(c) == K::SplatPattern || self.tk(n.t0) == Kind::DoubleStar {
                if self.tk(n.t0) != Kind::DoubleStar || n.t1 != n.t0 + 2 {
                    return self.reject(c);
                }
                let name = self.ident(n.t0 + 1)?;
                if &*name == "_" {
                    return self.reject(c);
                }
                rest = Some(name);
                k += 1;
                continue;
            }
            let Some(&value) = kids.get(k + 1) else { return self.reject(c) };
            keys.push(self.mapping_key(c)?);
            let p = self.case_pattern(value)?;
            if matches!(p.kind, PatternKind::MatchStar { .. }) {
                return self.reject(value);
            }
            patterns.push(p);
            k += 2;
        }
        Ok(self.pat(i, PatternKind::MatchMapping { keys, patterns, rest }))
    }

    fn mapping_key(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let value = match (self.tk(n.t0), self.kw(n.t0)) {
            (_, Kw::None) => Constant::None,
            (_, Kw::True) => Constant::True,
            (_, Kw::False) => Constant::False,
            (Kind::Name, _) if n.t1 == n.t0 + 1 => return self.reject(i),
            _ if matches!(n.kind, K::Str | K::ConcatString) => return self.strings(i),
            _ if !matches!(n.kind, K::DottedName | K::Identifier | K::Integer | K::Float) => return self.reject(i),
            _ => return self.value(i),
        };
        Ok(self.mk(i, ExprKind::Constant { value, kind: None }))
    }

    fn class_pattern(&mut self, i: u32) -> R<Pattern> {
        let mut kids = self.children(i);
        let name = kids.next().ok_or(Fail::At(self.n(i).t0))?;
        if self.tk(self.n(name).t0) != Kind::Name {
            return self.reject(name);
        }
        let cls = Box::new(self.dotted_value(name)?);
        let (mut patterns, mut kwd_attrs, mut kwd_patterns) = (Vec::new(), Vec::new(), Vec::new());
        for c in kids {
            let t0 = self.n(c).t0;
            let keyword = t0 >= 2 && self.tk(t0 - 1) == Kind::Equal && self.token(t0 - 1).flags & HIDDEN != 0;
            let p = self.case_pattern(c)?;
            if matches!(p.kind, PatternKind::MatchStar { .. }) {
                return self.reject(c);
            }
            if keyword {
                self.consumed += 2;
                kwd_attrs.push(self.ident(t0 - 2)?);
                kwd_patterns.push(p);
            } else if kwd_attrs.is_empty() {
                patterns.push(p);
            } else {
                return self.error(t0, self.n(c).t1, "positional patterns follow keyword patterns");
            }
        }
        Ok(self.pat(i, PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns }))
    }
}
