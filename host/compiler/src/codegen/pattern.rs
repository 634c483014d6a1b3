//! `match`.
//!
//! A pattern finds its subject on the stack and consumes it. Captured values wait on the stack, below the subjects
//! that are still needed, until the whole pattern has matched; a failure jumps to where as many values are popped.

use super::{Compiler, err};
use crate::asm::Label;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use std::collections::HashSet;
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Expr, ExprKind, Ident, MatchCase, Pattern, PatternKind, UnaryOp};

/// The state of matching one case.
#[derive(Default)]
struct Context {
    /// Names captured so far; their values are on the stack in this order.
    stores: Vec<Ident>,
    /// A pattern that always matches may stand here.
    irrefutable: bool,
    /// Where to jump to pop as many values as the index.
    fail_pop: Vec<Label>,
    /// Values above the captured ones that a failure has to pop.
    on_top: usize,
}

fn wildcard(p: &Pattern) -> bool {
    matches!(p.kind, PatternKind::MatchAs { pattern: None, name: None })
}
fn star_wildcard(p: &Pattern) -> bool {
    matches!(p.kind, PatternKind::MatchStar { name: None })
}

impl<'a> Compiler<'a> {
    pub(crate) fn match_stmt(&mut self, subject: &'a Expr, cases: &'a [MatchCase]) -> Result<()> {
        self.expr(subject)?;
        let Some(last) = cases.last() else { return Ok(()) };
        let end = self.label();
        let has_default = wildcard(&last.pattern) && cases.len() > 1;
        let tested = cases.len() - has_default as usize;
        for (i, case) in cases[..tested].iter().enumerate() {
            let loc = case.pattern.pos;
            let more = i + 1 < tested;
            if more {
                self.op_i(Op::COPY, 1, loc);
            }
            let mut pc = Context { irrefutable: case.guard.is_some() || i + 1 == cases.len(), ..Context::default() };
            self.pattern(&case.pattern, &mut pc)?;
            for name in std::mem::take(&mut pc.stores) {
                self.store_name(&name, loc)?;
            }
            if let Some(guard) = &case.guard {
                self.ensure_fail_pop(&mut pc, 0);
                let to = pc.fail_pop[0];
                self.jump_if(guard, to, false)?;
            }
            if more {
                self.op(Op::POP_TOP, loc);
            }
            self.stmts(&case.body)?;
            self.goto(end, NO_LOC);
            self.place_fail_pop(&mut pc, loc);
        }
        if has_default {
            let loc = last.pattern.pos;
            self.op(Op::NOP, loc);
            if let Some(guard) = &last.guard {
                self.jump_if(guard, end, false)?;
            }
            self.stmts(&last.body)?;
        }
        self.place(end);
        Ok(())
    }

    fn ensure_fail_pop(&mut self, pc: &mut Context, n: usize) {
        while pc.fail_pop.len() <= n {
            let l = self.label();
            pc.fail_pop.push(l);
        }
    }

    fn fail(&mut self, pc: &mut Context, op: Op, loc: Loc) {
        let pops = pc.on_top + pc.stores.len();
        self.ensure_fail_pop(pc, pops);
        let to = pc.fail_pop[pops];
        self.jump(op, to, loc);
    }

    fn place_fail_pop(&mut self, pc: &mut Context, loc: Loc) {
        while let Some(l) = pc.fail_pop.pop() {
            self.place(l);
            if !pc.fail_pop.is_empty() {
                self.op(Op::POP_TOP, loc);
            }
        }
    }

    /// Moves the top below `count - 1` others.
    fn rotate(&mut self, count: usize, loc: Loc) {
        for n in (2..=count).rev() {
            self.op_i(Op::SWAP, n as u32, loc);
        }
    }

    fn capture(&mut self, name: Option<&Ident>, pc: &mut Context, loc: Loc) -> Result<()> {
        let Some(name) = name else {
            self.op(Op::POP_TOP, loc);
            return Ok(());
        };
        if pc.stores.contains(name) {
            return err(format!("multiple assignments to name '{}' in pattern", name.as_str()), loc);
        }
        self.rotate(pc.on_top + pc.stores.len() + 1, loc);
        pc.stores.push(name.clone());
        Ok(())
    }

    fn pattern(&mut self, p: &'a Pattern, pc: &mut Context) -> Result<()> {
        self.deeper(|c| c.pattern_here(p, pc))
    }

    fn subpattern(&mut self, p: &'a Pattern, pc: &mut Context) -> Result<()> {
        let old = std::mem::replace(&mut pc.irrefutable, true);
        self.pattern(p, pc)?;
        pc.irrefutable = old;
        Ok(())
    }

    fn pattern_here(&mut self, p: &'a Pattern, pc: &mut Context) -> Result<()> {
        let loc = p.pos;
        match &p.kind {
            PatternKind::MatchValue { value } => {
                if !is_value(value) {
                    return err("patterns may only match literals and attribute lookups", loc);
                }
                self.expr(value)?;
                self.op(Op::COMPARE_EQ, loc);
                self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
            }
            PatternKind::MatchSingleton { value } => {
                self.load(Const::from_ast(value), loc);
                self.op(Op::IS_OP, loc);
                self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
            }
            PatternKind::MatchSequence { patterns } => self.sequence(patterns, pc, loc)?,
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.mapping(keys, patterns, rest.as_ref(), pc, loc)?
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                self.class_pattern(cls, patterns, kwd_attrs, kwd_patterns, pc, loc)?
            }
            PatternKind::MatchStar { name } => self.capture(name.as_ref(), pc, loc)?,
            PatternKind::MatchAs { pattern: None, name } => {
                if !pc.irrefutable {
                    return match name {
                        Some(n) => {
                            let n = n.as_str();
                            err(format!("name capture '{n}' makes remaining patterns unreachable"), loc)
                        }
                        None => err("wildcard makes remaining patterns unreachable", loc),
                    };
                }
                self.capture(name.as_ref(), pc, loc)?;
            }
            PatternKind::MatchAs { pattern: Some(inner), name } => {
                pc.on_top += 1;
                self.op_i(Op::COPY, 1, loc);
                self.pattern(inner, pc)?;
                pc.on_top -= 1;
                self.capture(name.as_ref(), pc, loc)?;
            }
            PatternKind::MatchOr { patterns } => self.or_pattern(patterns, pc, loc)?,
        }
        Ok(())
    }

    fn sequence(&mut self, patterns: &'a [Pattern], pc: &mut Context, loc: Loc) -> Result<()> {
        let size = patterns.len();
        let is_star = |p: &Pattern| matches!(p.kind, PatternKind::MatchStar { .. });
        let star = patterns.iter().position(is_star);
        if patterns.iter().filter(|p| is_star(p)).count() > 1 {
            return err("multiple starred names in sequence pattern", loc);
        }
        pc.on_top += 1;
        self.op(Op::MATCH_SEQUENCE, loc);
        self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
        if star.is_none() || size > 1 {
            self.op(Op::GET_LEN, loc);
            self.load_int(size - star.is_some() as usize, loc);
            self.op(if star.is_none() { Op::COMPARE_EQ } else { Op::COMPARE_GE }, loc);
            self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
        }
        pc.on_top -= 1;
        if patterns.iter().all(|p| wildcard(p) || star_wildcard(p)) {
            self.op(Op::POP_TOP, loc);
            return Ok(());
        }
        match star {
            Some(star) if star_wildcard(&patterns[star]) => {
                // Only the wanted items are fetched.
                pc.on_top += 1;
                for (i, p) in patterns.iter().enumerate() {
                    if wildcard(p) || i == star {
                        continue;
                    }
                    self.op_i(Op::COPY, 1, loc);
                    if i < star {
                        self.load_int(i, loc);
                    } else {
                        self.op(Op::GET_LEN, loc);
                        self.load_int(size - i, loc);
                        self.op(Op::BINARY_SUB, loc);
                    }
                    self.op(Op::BINARY_SUBSCR, loc);
                    self.subpattern(p, pc)?;
                }
                pc.on_top -= 1;
                self.op(Op::POP_TOP, loc);
                return Ok(());
            }
            Some(star) => {
                let after = size - star - 1;
                if star >= 1 << 8 || after >= 1 << 16 {
                    return err("too many expressions in star-unpacking sequence pattern", loc);
                }
                self.op_i(Op::UNPACK_EX, (star | after << 8) as u32, loc);
            }
            None => self.op_i(Op::UNPACK_SEQUENCE, size as u32, loc),
        }
        pc.on_top += size;
        for p in patterns {
            pc.on_top -= 1;
            self.subpattern(p, pc)?;
        }
        Ok(())
    }

    fn mapping(
        &mut self,
        keys: &'a [Expr],
        patterns: &'a [Pattern],
        rest: Option<&Ident>,
        pc: &mut Context,
        loc: Loc,
    ) -> Result<()> {
        let size = keys.len();
        if size != patterns.len() {
            return err(
                format!("keys ({size}) / patterns ({}) length mismatch in mapping pattern", patterns.len()),
                loc,
            );
        }
        pc.on_top += 1;
        self.op(Op::MATCH_MAPPING, loc);
        self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
        if size == 0 && rest.is_none() {
            pc.on_top -= 1;
            self.op(Op::POP_TOP, loc);
            return Ok(());
        }
        if size > 0 {
            self.op(Op::GET_LEN, loc);
            self.load_int(size, loc);
            self.op(Op::COMPARE_GE, loc);
            self.fail(pc, Op::POP_JUMP_IF_FALSE, loc);
        }
        let mut seen = HashSet::new();
        for k in keys {
            match literal(k) {
                Some(c) => {
                    if !seen.insert(hash_key(&c)) {
                        let mut text = String::new();
                        taipan_syntax::dump::repr(&mut text, &c.to_ast());
                        return err(format!("mapping pattern checks duplicate key ({text})"), loc);
                    }
                }
                None if matches!(k.kind, ExprKind::Attribute { .. }) => {}
                None => {
                    return err("mapping pattern keys may only match literals and attribute lookups", loc);
                }
            }
            self.expr(k)?;
        }
        self.u().seq.build_tuple(size, loc);
        self.op(Op::MATCH_KEYS, loc);
        pc.on_top += 2;
        self.op_i(Op::COPY, 1, loc);
        self.fail(pc, Op::POP_JUMP_IF_NONE, loc);
        self.op_i(Op::UNPACK_SEQUENCE, size as u32, loc);
        pc.on_top += size;
        pc.on_top -= 1;
        for p in patterns {
            pc.on_top -= 1;
            self.subpattern(p, pc)?;
        }
        pc.on_top -= 2;
        let Some(rest) = rest else {
            self.op(Op::POP_TOP, loc);
            self.op(Op::POP_TOP, loc);
            return Ok(());
        };
        // A copy of the subject without the keys.
        self.op_i(Op::BUILD_MAP, 0, loc);
        self.op_i(Op::SWAP, 3, loc);
        self.op_i(Op::DICT_UPDATE, 2, loc);
        self.op_i(Op::UNPACK_SEQUENCE, size as u32, loc);
        for n in (1..=size).rev() {
            self.op_i(Op::COPY, n as u32 + 1, loc);
            self.op_i(Op::SWAP, 2, loc);
            self.op(Op::DELETE_SUBSCR, loc);
        }
        self.capture(Some(rest), pc, loc)
    }

    fn class_pattern(
        &mut self,
        cls: &'a Expr,
        patterns: &'a [Pattern],
        attrs: &'a [Ident],
        kwd: &'a [Pattern],
        pc: &mut Context,
        loc: Loc,
    ) -> Result<()> {
        if attrs.len() != kwd.len() {
            let msg =
                format!("kwd_attrs ({}) / kwd_patterns ({}) length mismatch in class pattern", attrs.len(), kwd.len());
            return err(msg, loc);
        }
        for (i, a) in attrs.iter().enumerate() {
            if let Some(k) = attrs[i + 1..].iter().position(|b| b == a) {
                let msg = format!("attribute name repeated in class pattern: {}", a.as_str());
                return err(msg, kwd[i + 1 + k].pos);
            }
        }
        self.expr(cls)?;
        self.load(Const::names(attrs), loc);
        self.op_i(Op::MATCH_CLASS, patterns.len() as u32, loc);
        self.op_i(Op::COPY, 1, loc);
        pc.on_top += 1;
        self.fail(pc, Op::POP_JUMP_IF_NONE, loc);
        let n = patterns.len() + attrs.len();
        self.op_i(Op::UNPACK_SEQUENCE, n as u32, loc);
        pc.on_top += n;
        pc.on_top -= 1;
        for p in patterns.iter().chain(kwd) {
            pc.on_top -= 1;
            if wildcard(p) {
                self.op(Op::POP_TOP, loc);
                continue;
            }
            self.subpattern(p, pc)?;
        }
        Ok(())
    }

    fn or_pattern(&mut self, patterns: &'a [Pattern], pc: &mut Context, loc: Loc) -> Result<()> {
        let end = self.label();
        let outer = std::mem::take(pc);
        let mut control: Vec<Ident> = Vec::new();
        let differ = || err("alternative patterns bind different names", loc);
        for (i, alt) in patterns.iter().enumerate() {
            let at = alt.pos;
            *pc = Context { irrefutable: i + 1 == patterns.len() && outer.irrefutable, ..Context::default() };
            self.op_i(Op::COPY, 1, at);
            self.pattern(alt, pc)?;
            let n = pc.stores.len();
            if i == 0 {
                control = pc.stores.clone();
            } else if n != control.len() {
                return differ();
            } else {
                // The values are brought into the order of the first alternative.
                for want in (0..n).rev() {
                    let Some(have) = pc.stores.iter().position(|s| *s == control[want]) else {
                        return differ();
                    };
                    if have == want {
                        continue;
                    }
                    let rotated: Vec<Ident> = pc.stores.drain(..have + 1).collect();
                    let to = want - have;
                    pc.stores.splice(to..to, rotated);
                    for _ in 0..have + 1 {
                        self.rotate(want + 1, at);
                    }
                }
            }
            self.goto(end, at);
            self.place_fail_pop(pc, at);
        }
        *pc = outer;
        // No alternative matched: the remaining copy of the subject is popped, too.
        self.op(Op::POP_TOP, loc);
        self.fail(pc, Op::JUMP_FORWARD, loc);
        self.place(end);
        let n = control.len();
        let rotations = n + 1 + pc.on_top + pc.stores.len();
        for name in control {
            self.rotate(rotations, loc);
            if pc.stores.contains(&name) {
                return err(format!("multiple assignments to name '{}' in pattern", name.as_str()), loc);
            }
            pc.stores.push(name);
        }
        self.op(Op::POP_TOP, loc);
        Ok(())
    }
}

/// A literal, also with a sign or as a complex sum.
fn literal(e: &Expr) -> Option<Const> {
    match &e.kind {
        ExprKind::Constant { value, .. } => Some(Const::from_ast(value)),
        ExprKind::UnaryOp { op: UnaryOp::USub, operand } => match &operand.kind {
            ExprKind::Constant { value, .. } => crate::fold::unary(Op::UNARY_NEGATIVE, &Const::from_ast(value)),
            _ => None,
        },
        // A real part and an imaginary one.
        ExprKind::BinOp { left, op, right } => {
            use taipan_syntax::ast::Operator;
            let ExprKind::Constant { value, .. } = &right.kind else { return None };
            let op = match op {
                Operator::Add => Op::BINARY_ADD,
                Operator::Sub => Op::BINARY_SUB,
                _ => return None,
            };
            let left = match left.kind {
                ExprKind::BinOp { .. } => return None,
                _ => literal(left)?,
            };
            match (left, Const::from_ast(value)) {
                (left @ (Const::Int(_) | Const::BigInt(_) | Const::Float(_)), right @ Const::Complex(..)) => {
                    crate::fold::binary(op, 0, &left, &right)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Equal keys as Python compares them: 1, 1.0 and True are one.
fn hash_key(c: &Const) -> Const {
    match c {
        Const::True => Const::Int(1),
        Const::False => Const::Int(0),
        Const::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => Const::Int(*f as i64),
        Const::Complex(re, im) if *im == 0.0 => hash_key(&Const::Float(*re)),
        c => c.clone(),
    }
}

fn is_value(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Attribute { .. }) || literal(e).is_some()
}
