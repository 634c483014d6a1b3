//! Expressions: operators and what contains them.

use super::recognizer::{Class, E, P, Recognizer};
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    /// Whether a token can begin an expression.
    pub fn starts_expression(&mut self) -> bool {
        let t = self.peek(0);
        match t.kind {
            Kind::Name => {
                matches!(t.kw, Kw::No | Kw::None | Kw::True | Kw::False | Kw::Lambda | Kw::Not | Kw::Await)
            }
            Kind::Number
            | Kind::String
            | Kind::FStringStart
            | Kind::TStringStart
            | Kind::LPar
            | Kind::LSqb
            | Kind::LBrace
            | Kind::Minus
            | Kind::Plus
            | Kind::Tilde
            | Kind::Ellipsis => true,
            _ => false,
        }
    }

    /// `star_expressions`: several make a tuple.
    pub fn star_expressions(&mut self) -> P<E> {
        self.list(Self::star_expression)
    }

    /// Elements separated by commas, a tuple if there is a comma.
    pub fn list(&mut self, element: fn(&mut Self) -> P<E>) -> P<E> {
        let t0 = self.i;
        let first = element(self)?;
        if !self.at(Kind::Comma) {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(Kind::Comma) {
            if !self.starts_expression() && !self.at(Kind::Star) {
                break;
            }
            items.push(element(self)?);
        }
        let mut e = self.e(Class::Tuple, t0);
        e.items = items;
        Ok(e)
    }

    pub fn star_expression(&mut self) -> P<E> {
        if self.at(Kind::Star) {
            return self.starred(Self::bitwise_or);
        }
        self.expression()
    }

    pub fn starred(&mut self, operand: fn(&mut Self) -> P<E>) -> P<E> {
        let t0 = self.i;
        self.bump();
        if matches!(self.kind(), Kind::RPar | Kind::RSqb | Kind::RBrace | Kind::Comma | Kind::Colon) && self.level > 0 {
            return self.raise_here("Invalid star expression");
        }
        let inner = operand(self)?;
        let mut e = self.e(Class::Starred, t0);
        e.items = vec![inner];
        Ok(e)
    }

    pub fn star_named(&mut self) -> P<E> {
        if self.at(Kind::Star) {
            return self.starred(Self::bitwise_or);
        }
        self.named()
    }

    /// An assignment expression or expression, with the mistakes around `=`.
    pub fn named(&mut self) -> P<E> {
        let t0 = self.i;
        if self.peek(0).is_name() && self.peek(1).kind == Kind::ColonEqual {
            self.bump();
            self.bump();
            self.expression()?;
            let mut e = self.e(Class::Other("named expression"), t0);
            e.tight = false;
            return Ok(e);
        }
        let e = self.expression()?;
        if self.at(Kind::ColonEqual) {
            self.bump();
            if self.ahead(Self::expression).is_some() {
                let msg = format!("cannot use assignment expressions with {}", e.class.name());
                return self.raise_at(&e, msg);
            }
            self.i -= 1;
            return self.fail();
        }
        self.check_equal(&e)?;
        Ok(e)
    }

    /// `a = b` where only an expression may stand.
    pub fn check_equal(&mut self, e: &E) -> P {
        if self.quiet > 0 || !self.at(Kind::Equal) || !e.tight {
            return Ok(());
        }
        let equal = self.i;
        self.bump();
        let right = self.ahead(|p| {
            let r = p.bitwise_or()?;
            if matches!(p.kind(), Kind::Equal | Kind::ColonEqual) { p.fail() } else { Ok(r) }
        });
        self.i = equal;
        let Some(right) = right else { return Ok(()) };
        if e.class == Class::Name && !e.paren {
            let msg = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return self.raise(e.t0, right.t1, msg);
        }
        let excluded = matches!(e.class, Class::List | Class::Tuple)
            || matches!(e.class, Class::Other("True" | "False" | "None" | "generator expression"));
        if excluded {
            return Ok(());
        }
        let msg = format!("cannot assign to {} here. Maybe you meant '==' instead of '='?", e.class.name());
        self.raise_at(e, msg)
    }

    pub fn expression(&mut self) -> P<E> {
        self.nested(Self::expression_inner)
    }

    fn expression_inner(&mut self) -> P<E> {
        if self.at_kw(Kw::Lambda) {
            return self.lambda();
        }
        let t0 = self.i;
        let first = self.peek(0);
        if self.quiet == 0 {
            self.string_split()?;
            self.statement_before_if()?;
        }
        let a = self.disjunction()?;
        if self.quiet == 0 && self.starts_expression() {
            self.forgot_comma(&a, first)?;
        }
        if !self.at_kw(Kw::If) {
            return Ok(a);
        }
        self.bump();
        let b = self.disjunction()?;
        if !self.at_kw(Kw::Else) {
            if !self.at(Kind::Colon) {
                return self.raise(a.t0, b.t1, "expected 'else' after 'if' expression");
            }
            return self.fail();
        }
        self.bump();
        if self.quiet == 0 && !self.starts_expression() && !self.at(Kind::ErrorToken) {
            return self.raise_here("expected expression after 'else', but statement is given");
        }
        self.expression()?;
        let mut e = self.e(Class::Other("conditional expression"), t0);
        e.tight = false;
        Ok(e)
    }

    /// Two expressions side by side inside brackets.
    fn forgot_comma(&mut self, a: &E, first: crate::token::Token) -> P {
        let name = first.is_name();
        let next = self.tokens.get(a.t0 as usize + 1).map(|t| t.kind);
        let soft = name && matches!(self.text(&first), "match" | "case" | "type" | "_");
        let prefix = name && next == Some(Kind::String);
        let legacy = name && matches!(self.text(&first), "print" | "exec") && a.t1 == a.t0 + 1;
        if soft || prefix || legacy {
            return Ok(());
        }
        if let Some(b) = self.ahead(Self::expression)
            && self.level > 0
        {
            // The closing token decides the bracket level there.
            return self.raise(a.t0, b.t1, "invalid syntax. Perhaps you forgot a comma?");
        }
        Ok(())
    }

    /// A string, expressions and another string: perhaps a quote ended the string too early.
    fn string_split(&mut self) -> P {
        if !self.at(Kind::String) || self.peek(1).kind == Kind::String {
            return Ok(());
        }
        let t0 = self.i + 1;
        let end = self.ahead(|p| {
            p.bump();
            let mut end = None;
            while !p.at(Kind::String) {
                end = Some(p.expression()?.t1);
            }
            end.map_or_else(|| p.fail(), Ok)
        });
        match end {
            Some(end) => self.raise(t0, end, "invalid syntax. Is this intended to be part of the string?"),
            None => Ok(()),
        }
    }

    /// `pass if x else y`.
    fn statement_before_if(&mut self) -> P {
        if !matches!(self.kw(), Kw::Pass | Kw::Break | Kw::Continue) || self.peek(1).kw != Kw::If {
            return Ok(());
        }
        let t0 = self.i;
        let end = self.ahead(|p| {
            p.bump();
            p.bump();
            let b = p.disjunction()?;
            p.expect_kw(Kw::Else)?;
            Ok(b)
        });
        match end {
            Some(_) => self.raise(t0, t0 + 1, "expected expression before 'if', but statement is given"),
            None => Ok(()),
        }
    }

    fn lambda(&mut self) -> P<E> {
        let t0 = self.i;
        self.bump();
        self.parameters(true)?;
        let colon = self.i;
        if !self.eat(Kind::Colon) {
            return self.raise_here("expected ':'");
        }
        let after = self.peek(0).kind;
        if matches!(after, Kind::FStringMiddle | Kind::TStringMiddle) {
            let letter = if after == Kind::FStringMiddle { 'f' } else { 't' };
            let msg = format!("{letter}-string: lambda expressions are not allowed without parentheses");
            return self.raise(t0, colon + 1, msg);
        }
        self.expression()?;
        let mut e = self.e(Class::Other("lambda"), t0);
        e.tight = false;
        Ok(e)
    }

    pub fn disjunction(&mut self) -> P<E> {
        self.boolean(Kw::Or, |p| p.boolean(Kw::And, Self::inversion))
    }

    fn boolean(&mut self, op: Kw, operand: fn(&mut Self) -> P<E>) -> P<E> {
        let t0 = self.i;
        let mut e = operand(self)?;
        while self.eat_kw(op) {
            operand(self)?;
            e = self.e(Class::Other("expression"), t0);
            e.tight = false;
        }
        Ok(e)
    }

    fn inversion(&mut self) -> P<E> {
        self.nested(|p| {
            if !p.at_kw(Kw::Not) {
                return p.comparison();
            }
            let t0 = p.i;
            p.bump();
            p.inversion()?;
            let mut e = p.e(Class::Other("expression"), t0);
            e.tight = false;
            Ok(e)
        })
    }

    fn comparison(&mut self) -> P<E> {
        let t0 = self.i;
        let mut e = self.bitwise_or()?;
        loop {
            let t = self.peek(0);
            match t.kind {
                Kind::NotEqual if self.text(&t) == "<>" => return Ok(e),
                Kind::EqEqual | Kind::NotEqual | Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual => {
                    self.bump();
                }
                _ if t.kw == Kw::In => {
                    self.bump();
                }
                _ if t.kw == Kw::Is => {
                    self.bump();
                    self.eat_kw(Kw::Not);
                }
                _ if t.kw == Kw::Not && self.peek(1).kw == Kw::In => {
                    self.bump();
                    self.bump();
                }
                _ => return Ok(e),
            }
            self.bitwise_or()?;
            e = self.e(Class::Other("comparison"), t0);
            e.tight = false;
        }
    }

    /// Binary operators; only extent matters here, so precedence does not.
    pub fn bitwise_or(&mut self) -> P<E> {
        let t0 = self.i;
        let mut e = self.factor()?;
        while matches!(
            self.kind(),
            Kind::VBar
                | Kind::Circumflex
                | Kind::Amper
                | Kind::LeftShift
                | Kind::RightShift
                | Kind::Plus
                | Kind::Minus
                | Kind::Star
                | Kind::Slash
                | Kind::DoubleSlash
                | Kind::Percent
                | Kind::At
        ) {
            self.bump();
            self.no_not()?;
            self.factor()?;
            e = self.e(Class::Other("expression"), t0);
        }
        Ok(e)
    }

    /// `not` behind an arithmetic operator.
    fn no_not(&mut self) -> P {
        if !self.at_kw(Kw::Not) || self.quiet > 0 {
            return Ok(());
        }
        if self.ahead(Self::inversion).is_some() {
            let at = self.i;
            let end = self.ahead(Self::inversion).map_or(at + 1, |e| e.t1);
            return self.raise(at, end, "'not' after an operator must be parenthesized");
        }
        Ok(())
    }

    fn factor(&mut self) -> P<E> {
        self.nested(|p| {
            let t0 = p.i;
            if matches!(p.kind(), Kind::Plus | Kind::Minus | Kind::Tilde) {
                p.bump();
                p.no_not()?;
                p.factor()?;
                return Ok(p.e(Class::Other("expression"), t0));
            }
            let e = p.await_primary()?;
            if p.eat(Kind::DoubleStar) {
                p.no_not()?;
                p.factor()?;
                return Ok(p.e(Class::Other("expression"), t0));
            }
            Ok(e)
        })
    }

    fn await_primary(&mut self) -> P<E> {
        let t0 = self.i;
        if self.eat_kw(Kw::Await) {
            self.primary()?;
            return Ok(self.e(Class::Other("await expression"), t0));
        }
        self.primary()
    }

    fn primary(&mut self) -> P<E> {
        let t0 = self.i;
        let mut e = self.atom()?;
        loop {
            match self.kind() {
                Kind::Dot => {
                    self.bump();
                    if !self.peek(0).is_name() {
                        return self.fail();
                    }
                    self.bump();
                    e = self.e(Class::Attribute, t0);
                }
                Kind::LPar => {
                    self.bump();
                    self.arguments()?;
                    self.expect(Kind::RPar)?;
                    e = self.e(Class::Other("function call"), t0);
                }
                Kind::LSqb => {
                    self.bump();
                    self.slices()?;
                    self.expect(Kind::RSqb)?;
                    e = self.e(Class::Subscript, t0);
                }
                _ => return Ok(e),
            }
        }
    }

    fn slices(&mut self) -> P {
        loop {
            self.slice()?;
            if !self.eat(Kind::Comma) || self.at(Kind::RSqb) {
                return Ok(());
            }
        }
    }

    fn slice(&mut self) -> P {
        if self.at(Kind::Star) {
            self.starred(Self::expression)?;
            return Ok(());
        }
        if !self.at(Kind::Colon) {
            self.named()?;
        }
        for _ in 0..2 {
            if !self.eat(Kind::Colon) {
                break;
            }
            if !matches!(self.kind(), Kind::Colon | Kind::RSqb | Kind::Comma) {
                self.expression()?;
            }
        }
        Ok(())
    }

    pub fn yield_expr(&mut self) -> P<E> {
        let t0 = self.i;
        self.expect_kw(Kw::Yield)?;
        if self.eat_kw(Kw::From) {
            self.expression()?;
        } else if self.starts_expression() || self.at(Kind::Star) {
            self.star_expressions()?;
        }
        let mut e = self.e(Class::Other("yield expression"), t0);
        e.tight = false;
        Ok(e)
    }
}
