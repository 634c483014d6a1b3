//! Files and simple statements.

use super::recognizer::{Class, E, P, Recognizer};
use super::target::{Use, invalid_part};
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    pub fn file(&mut self) -> P {
        while !self.at(Kind::EndMarker) {
            self.statement()?;
        }
        Ok(())
    }

    pub fn interactive(&mut self) -> P {
        if self.at(Kind::Newline) {
            return Ok(());
        }
        let compound = self.starts_compound();
        self.statement()?;
        if compound {
            while self.eat(Kind::Newline) {}
        }
        if self.at(Kind::EndMarker) { Ok(()) } else { self.fail() }
    }

    pub fn eval_input(&mut self) -> P {
        self.list(Self::expression_no_star)?;
        while self.eat(Kind::Newline) {}
        if self.at(Kind::EndMarker) { Ok(()) } else { self.fail() }
    }

    fn expression_no_star(&mut self) -> P<E> {
        self.expression()
    }

    pub fn statement(&mut self) -> P {
        self.nested(|p| if p.compound()? { Ok(()) } else { p.simple_statements() })
    }

    pub fn simple_statements(&mut self) -> P {
        loop {
            self.simple_statement()?;
            if !self.eat(Kind::Semi) || self.at(Kind::Newline) {
                break;
            }
        }
        self.expect(Kind::Newline)
    }

    fn simple_statement(&mut self) -> P {
        match self.kw() {
            Kw::Pass | Kw::Break | Kw::Continue => {
                self.bump();
                Ok(())
            }
            Kw::Return => {
                self.bump();
                if self.starts_expression() || self.at(Kind::Star) {
                    self.star_expressions()?;
                }
                Ok(())
            }
            Kw::Raise => {
                self.bump();
                if self.at_kw(Kw::From) {
                    return self.raise(
                        self.i - 1,
                        self.i + 1,
                        "did you forget an expression between 'raise' and 'from'?",
                    );
                }
                if self.starts_expression() {
                    self.expression()?;
                    if self.at_kw(Kw::From) {
                        let from = self.i;
                        self.bump();
                        if self.at(Kind::Newline) {
                            return self.raise(from, from + 1, "did you forget an expression after 'from'?");
                        }
                        self.expression()?;
                    }
                }
                Ok(())
            }
            Kw::Global | Kw::Nonlocal => {
                self.bump();
                loop {
                    if !self.peek(0).is_name() {
                        return self.fail();
                    }
                    self.bump();
                    if !self.eat(Kind::Comma) {
                        return Ok(());
                    }
                }
            }
            Kw::Del => self.del(),
            Kw::Assert => {
                self.bump();
                let e = self.expression()?;
                self.assert_mistakes(&e)?;
                if self.eat(Kind::Comma) {
                    let e = self.expression()?;
                    self.assert_mistakes(&e)?;
                }
                Ok(())
            }
            Kw::Import => {
                self.bump();
                self.import_names(false)
            }
            Kw::From => self.import_from(),
            _ if self.at_soft("type")
                && self.peek(1).is_name()
                && matches!(self.peek(2).kind, Kind::Equal | Kind::LSqb) =>
            {
                self.bump();
                self.bump();
                self.type_params()?;
                self.expect(Kind::Equal)?;
                self.expression()?;
                Ok(())
            }
            _ => self.expression_statement(),
        }
    }

    fn assert_mistakes(&mut self, e: &E) -> P {
        if self.at(Kind::ColonEqual) && self.quiet == 0 {
            let equal = self.i;
            self.bump();
            let right = self.ahead(Self::expression);
            self.i = equal;
            if let Some(right) = right {
                return self.raise(e.t0, right.t1, "cannot use named expression without parentheses here");
            }
        }
        self.check_equal(e)
    }

    fn del(&mut self) -> P {
        self.bump();
        let e = self.star_expressions()?;
        self.check_target(&e, Use::Del)
    }

    fn dotted(&mut self) -> P {
        loop {
            if !self.peek(0).is_name() {
                return self.fail();
            }
            self.bump();
            if !self.eat(Kind::Dot) {
                return Ok(());
            }
        }
    }

    fn import_names(&mut self, from: bool) -> P {
        if self.at(Kind::Newline) {
            return self.raise_point("Expected one or more names after 'import'");
        }
        let t0 = self.i;
        loop {
            if from {
                if !self.peek(0).is_name() {
                    return self.fail();
                }
                self.bump();
            } else {
                self.dotted()?;
            }
            self.import_alias()?;
            if !self.at(Kind::Comma) {
                break;
            }
            self.bump();
            if from && matches!(self.kind(), Kind::RPar | Kind::Newline) {
                break;
            }
        }
        if !from && self.at_kw(Kw::From) {
            let end = self.ahead(|p| {
                p.bump();
                p.dotted()?;
                Ok(p.i)
            });
            let Some(end) = end else { return self.fail() };
            return self.raise(t0 - 1, end, "Did you mean to use 'from ... import ...' instead?");
        }
        Ok(())
    }

    fn import_alias(&mut self) -> P {
        if !self.eat_kw(Kw::As) {
            return Ok(());
        }
        let t0 = self.i;
        let plain = self.peek(0).is_name()
            && matches!(self.peek(1).kind, Kind::Comma | Kind::RPar | Kind::Newline | Kind::Semi);
        if !plain && let Some(e) = self.ahead(Self::expression) {
            return self.raise(t0, e.t1, format!("cannot use {} as import target", e.class.name()));
        }
        if !self.peek(0).is_name() {
            return self.fail();
        }
        self.bump();
        Ok(())
    }

    fn import_from(&mut self) -> P {
        self.bump();
        let mut dots = false;
        while matches!(self.kind(), Kind::Dot | Kind::Ellipsis) {
            self.bump();
            dots = true;
        }
        if !dots || !self.at_kw(Kw::Import) {
            self.dotted()?;
        }
        self.expect_kw(Kw::Import)?;
        if self.eat(Kind::Star) {
            return Ok(());
        }
        if self.eat(Kind::LPar) {
            if self.at(Kind::RPar) {
                return self.raise_point("Expected one or more names after 'import'");
            }
            self.import_names(true)?;
            return self.expect(Kind::RPar);
        }
        self.import_names(true)?;
        if self.at(Kind::Newline) && self.tokens.get(self.i as usize - 1).is_some_and(|t| t.kind == Kind::Comma) {
            return self.raise_here("trailing comma not allowed without surrounding parentheses");
        }
        Ok(())
    }

    fn right_side(&mut self) -> P<E> {
        if self.at_kw(Kw::Yield) { self.yield_expr() } else { self.star_expressions() }
    }

    fn expression_statement(&mut self) -> P {
        if self.quiet == 0 {
            self.legacy()?;
        }
        let e = self.right_side()?;
        match self.kind() {
            Kind::Equal => self.assignment(e),
            Kind::Colon => self.annotation(e),
            Kind::PlusEqual
            | Kind::MinEqual
            | Kind::StarEqual
            | Kind::SlashEqual
            | Kind::PercentEqual
            | Kind::AmperEqual
            | Kind::VBarEqual
            | Kind::CircumflexEqual
            | Kind::LeftShiftEqual
            | Kind::AtEqual
            | Kind::RightShiftEqual
            | Kind::DoubleStarEqual
            | Kind::DoubleSlashEqual => {
                if !matches!(e.class, Class::Name | Class::Attribute | Class::Subscript) {
                    self.bump();
                    self.right_side()?;
                    let msg = format!("'{}' is an illegal expression for augmented assignment", e.class.name());
                    return self.raise_at(&e, msg);
                }
                self.bump();
                self.right_side()?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `print x` and `exec x`.
    fn legacy(&mut self) -> P {
        let t0 = self.i;
        let name = if self.at_soft("print") { "print" } else { "exec" };
        if !self.at_soft(name) {
            return Ok(());
        }
        self.bump();
        if !self.starts_expression() || matches!(self.kind(), Kind::LPar | Kind::LSqb | Kind::Minus | Kind::Plus) {
            self.i = t0;
            return Ok(());
        }
        let end = self.ahead(Self::star_expressions).map(|e| e.t1);
        self.i = t0;
        match end {
            Some(end) => {
                let msg = format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
                self.raise(t0, end, msg)
            }
            None => Ok(()),
        }
    }

    fn assignment(&mut self, first: E) -> P {
        let start = self.i;
        let mut target = first.clone();
        while self.at(Kind::Equal) {
            if invalid_part(&target, Use::Store).is_some() {
                let here = std::mem::replace(&mut self.i, start);
                self.compare_instead(&first)?;
                self.i = here;
                if target.class == Class::Other("yield expression") && !target.paren {
                    return self.raise_at(&target, "assignment to yield expression not possible");
                }
                self.check_target(&target, Use::Store)?;
            }
            self.bump();
            target = self.right_side()?;
        }
        Ok(())
    }

    /// `1 = x` alone: perhaps a comparison was meant.
    fn compare_instead(&mut self, e: &E) -> P {
        match e.class {
            Class::Tuple if !e.paren && self.tokens.get(e.t0 as usize).is_some() => {
                let unparenthesized =
                    e.items.first().is_some_and(|i| i.t0 == e.t0) && e.items.last().is_some_and(|l| l.t1 == e.t1);
                match e.items.last() {
                    Some(last) if unparenthesized => self.check_equal(&last.clone()),
                    _ => Ok(()),
                }
            }
            _ => self.check_equal(e),
        }
    }

    fn annotation(&mut self, e: E) -> P {
        let ok = matches!(e.class, Class::Name | Class::Attribute | Class::Subscript);
        if !ok {
            let expression = self.ahead(|p| {
                p.bump();
                p.expression()
            });
            if expression.is_none() {
                return self.fail();
            }
            let msg = match e.class {
                Class::Tuple | Class::List => format!("only single target (not {}) can be annotated", e.class.name()),
                _ => "illegal target for annotation".to_owned(),
            };
            if e.class == Class::Starred {
                return self.fail();
            }
            // Of a tuple without parentheses only the first element is marked.
            let mark = match e.items.first() {
                Some(i) if e.class == Class::Tuple && i.t0 == e.t0 => i.clone(),
                _ => e,
            };
            return self.raise_at(&mark, msg);
        }
        self.bump();
        self.expression()?;
        if self.eat(Kind::Equal) {
            self.right_side()?;
        }
        Ok(())
    }
}
