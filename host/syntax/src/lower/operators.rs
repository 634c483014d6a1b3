//! Operators. Precedence and associativity of binary operators are decided here and not by the grammar, which
//! orders `&` and `^` wrongly; chains are flattened without recursion.

use super::{Fail, Lower, MAX_SPINE, R};
use crate::ast::{BoolOp, CmpOp, Expr, ExprKind, Operator, UnaryOp};
use crate::cst::K;
use crate::token::{Kind, Kw};

/// An operand with the tokens it covers, its parentheses included.
struct Operand {
    expr: Expr,
    t0: u32,
    t1: u32,
}

/// Binary operators except `**`, with how tightly they bind.
fn binary_op(kind: Kind) -> Option<(Operator, u8)> {
    Some(match kind {
        Kind::VBar => (Operator::BitOr, 1),
        Kind::Circumflex => (Operator::BitXor, 2),
        Kind::Amper => (Operator::BitAnd, 3),
        Kind::LeftShift => (Operator::LShift, 4),
        Kind::RightShift => (Operator::RShift, 4),
        Kind::Plus => (Operator::Add, 5),
        Kind::Minus => (Operator::Sub, 5),
        Kind::Star => (Operator::Mult, 6),
        Kind::Slash => (Operator::Div, 6),
        Kind::DoubleSlash => (Operator::FloorDiv, 6),
        Kind::Percent => (Operator::Mod, 6),
        Kind::At => (Operator::MatMult, 6),
        _ => return None,
    })
}

impl Lower<'_> {
    pub(super) fn boolean_op(&self, i: u32) -> Kw {
        match self.children(i).next() {
            Some(left) => self.kw(self.n(left).t1),
            None => Kw::No,
        }
    }

    fn two(&self, i: u32) -> R<(u32, u32)> {
        let mut c = self.children(i);
        match (c.next(), c.next(), c.next()) {
            (Some(a), Some(b), None) => Ok((a, b)),
            _ => self.reject(i),
        }
    }

    pub(super) fn boolean(&mut self, i: u32) -> R<Expr> {
        let kw = self.boolean_op(i);
        let (op, level) = match kw {
            Kw::Or => (BoolOp::Or, 2),
            Kw::And => (BoolOp::And, 3),
            _ => return self.reject(i),
        };
        let mut operands = Vec::new();
        let mut at = i;
        while self.kind(at) == K::Boolean && self.boolean_op(at) == kw {
            let (left, right) = self.two(at)?;
            operands.push(right);
            at = left;
        }
        operands.push(at);
        let mut values = Vec::with_capacity(operands.len());
        while let Some(c) = operands.pop() {
            values.push(self.operand(c, level)?);
        }
        Ok(self.mk(i, ExprKind::BoolOp { op, values }))
    }

    pub(super) fn binary(&mut self, i: u32) -> R<Expr> {
        let (left, right) = self.two(i)?;
        if self.tk(self.n(left).t1) == Kind::DoubleStar {
            return self.power(i, left, right);
        }
        enum Item {
            Node(u32),
            Op(u32),
        }
        let mut todo = vec![Item::Node(i)];
        let mut operands: Vec<Operand> = Vec::new();
        let mut ops: Vec<(Operator, u8)> = Vec::new();
        let mut count = 0;
        while let Some(item) = todo.pop() {
            match item {
                Item::Node(at) => {
                    if self.kind(at) == K::Binary {
                        let (left, right) = self.two(at)?;
                        let op = self.n(left).t1;
                        if self.tk(op) != Kind::DoubleStar {
                            todo.extend([Item::Node(right), Item::Op(op), Item::Node(left)]);
                            continue;
                        }
                    }
                    let n = self.n(at);
                    operands.push(Operand { expr: self.operand(at, 5)?, t0: n.t0, t1: n.t1 });
                }
                Item::Op(t) => {
                    let Some((op, binds)) = binary_op(self.tk(t)) else { return Err(Fail::At(t)) };
                    while let Some(&(top, top_binds)) = ops.last()
                        && top_binds >= binds
                    {
                        ops.pop();
                        self.reduce(&mut operands, top)?;
                    }
                    ops.push((op, binds));
                    count += 1;
                    if count > MAX_SPINE {
                        return Err(self.too_long());
                    }
                }
            }
        }
        while let Some((op, _)) = ops.pop() {
            self.reduce(&mut operands, op)?;
        }
        match operands.pop() {
            Some(o) if operands.is_empty() => Ok(o.expr),
            _ => self.reject(i),
        }
    }

    fn reduce(&self, operands: &mut Vec<Operand>, op: Operator) -> R<()> {
        let (Some(right), Some(left)) = (operands.pop(), operands.pop()) else { return Err(Fail::At(0)) };
        let (t0, t1) = (left.t0, right.t1);
        let kind = ExprKind::BinOp { left: Box::new(left.expr), op, right: Box::new(right.expr) };
        operands.push(Operand { expr: Expr { kind, pos: self.span(t0, t1) }, t0, t1 });
        Ok(())
    }

    fn power(&mut self, i: u32, left: u32, right: u32) -> R<Expr> {
        if matches!(self.kind(left), K::Unary | K::Binary) {
            return self.reject(left);
        }
        let left = Box::new(self.operand(left, 5)?);
        let right = Box::new(self.factor(right)?);
        Ok(self.mk(i, ExprKind::BinOp { left, op: Operator::Pow, right }))
    }

    /// What may stand behind a sign or `**`: no binary operator but another power.
    fn factor(&mut self, i: u32) -> R<Expr> {
        if self.kind(i) == K::Binary {
            let (left, _) = self.two(i)?;
            if self.tk(self.n(left).t1) != Kind::DoubleStar {
                return self.reject(i);
            }
        }
        self.operand(i, 5)
    }

    pub(super) fn unary(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let c = self.only(i)?;
        let op = match (self.tk(n.t0), self.kw(n.t0)) {
            (Kind::Minus, _) => UnaryOp::USub,
            (Kind::Plus, _) => UnaryOp::UAdd,
            (Kind::Tilde, _) => UnaryOp::Invert,
            (_, Kw::Not) => UnaryOp::Not,
            _ => return self.reject(i),
        };
        let operand = Box::new(if op == UnaryOp::Not { self.operand(c, 3)? } else { self.factor(c)? });
        Ok(self.mk(i, ExprKind::UnaryOp { op, operand }))
    }

    /// The grammar reads `await a ** b` as `await (a ** b)`.
    pub(super) fn await_expr(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let c = self.only(i)?;
        if self.kind(c) != K::Binary {
            let value = Box::new(self.awaited(c)?);
            return Ok(self.mk(i, ExprKind::Await { value }));
        }
        let (left, right) = self.two(c)?;
        if self.tk(self.n(left).t1) != Kind::DoubleStar {
            return self.reject(c);
        }
        let value = Box::new(self.awaited(left)?);
        let pos = self.span(n.t0, self.n(left).t1);
        let left = Box::new(Expr { kind: ExprKind::Await { value }, pos });
        let right = Box::new(self.factor(right)?);
        Ok(self.mk(i, ExprKind::BinOp { left, op: Operator::Pow, right }))
    }

    fn awaited(&mut self, i: u32) -> R<Expr> {
        if matches!(self.kind(i), K::Unary | K::Binary | K::Await) {
            return self.reject(i);
        }
        self.operand(i, 5)
    }

    pub(super) fn comparison(&mut self, i: u32) -> R<Expr> {
        let mut kids = self.children(i);
        let first = kids.next().ok_or(Fail::At(self.n(i).t0))?;
        let left = Box::new(self.operand(first, 5)?);
        let (mut ops, mut comparators) = (Vec::new(), Vec::new());
        let mut end = self.n(first).t1;
        for c in kids {
            ops.push(self.cmp_op(end, self.n(c).t0)?);
            comparators.push(self.operand(c, 5)?);
            end = self.n(c).t1;
        }
        Ok(self.mk(i, ExprKind::Compare { left, ops, comparators }))
    }

    fn cmp_op(&self, t0: u32, t1: u32) -> R<CmpOp> {
        let second = (t1 == t0 + 2).then(|| self.kw(t0 + 1));
        if t1 != t0 + 1 && second.is_none() {
            return Err(Fail::At(t0));
        }
        Ok(match (self.tk(t0), self.kw(t0), second) {
            (_, Kw::In, None) => CmpOp::In,
            (_, Kw::Is, None) => CmpOp::Is,
            (_, Kw::Is, Some(Kw::Not)) => CmpOp::IsNot,
            (_, Kw::Not, Some(Kw::In)) => CmpOp::NotIn,
            (Kind::EqEqual, _, None) => CmpOp::Eq,
            (Kind::NotEqual, _, None) if (self.text(t0) == "<>") == self.barry => CmpOp::NotEq,
            (Kind::Less, _, None) => CmpOp::Lt,
            (Kind::LessEqual, _, None) => CmpOp::LtE,
            (Kind::Greater, _, None) => CmpOp::Gt,
            (Kind::GreaterEqual, _, None) => CmpOp::GtE,
            _ => return Err(Fail::At(t0)),
        })
    }
}
