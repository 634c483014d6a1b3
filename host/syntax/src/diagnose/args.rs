//! Arguments and parameters.

use super::recognizer::{Class, E, P, Recognizer};
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    /// The arguments of a call; the closing parenthesis is left.
    pub fn arguments(&mut self) -> P {
        let (mut keyword, mut splat) = (false, false);
        let mut count = 0;
        while !self.at(Kind::RPar) {
            let t0 = self.i;
            match self.kind() {
                Kind::Star => {
                    let e = self.starred(Self::expression)?;
                    if self.at(Kind::Equal) {
                        return self.raise(e.t0, self.i + 1, "cannot assign to iterable argument unpacking");
                    }
                    if splat {
                        return self.raise(
                            t0,
                            self.i,
                            "iterable argument unpacking follows keyword argument unpacking",
                        );
                    }
                }
                Kind::DoubleStar => {
                    self.bump();
                    self.expression()?;
                    if self.at(Kind::Equal) {
                        return self.raise(t0, self.i + 1, "cannot assign to keyword argument unpacking");
                    }
                    splat = true;
                }
                Kind::Name if self.peek(1).kind == Kind::Equal => {
                    self.keyword()?;
                    keyword = true;
                }
                _ => {
                    self.positional(count)?;
                    if keyword || splat {
                        return self.positional_late(splat);
                    }
                }
            }
            count += 1;
            if !self.at(Kind::Comma) {
                break;
            }
            self.bump();
        }
        Ok(())
    }

    fn keyword(&mut self) -> P {
        let t0 = self.i;
        let name = self.bump();
        let equal = self.i;
        self.bump();
        match name.kw {
            Kw::No => {}
            Kw::True | Kw::False | Kw::None => {
                let text = self.text(&name).to_owned();
                return self.raise(t0, equal + 1, format!("cannot assign to {text}"));
            }
            _ => {
                self.i = t0;
                return self.fail();
            }
        }
        if matches!(self.kind(), Kind::Comma | Kind::RPar) {
            return self.raise(t0, equal + 1, "expected argument value expression");
        }
        self.expression()?;
        if self.at_for() && self.ahead(Self::for_clauses).is_some() {
            let msg = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return self.raise(t0, equal + 1, msg);
        }
        Ok(())
    }

    fn positional(&mut self, count: u32) -> P {
        let t0 = self.i;
        let e = if self.peek(0).is_name() && self.peek(1).kind == Kind::ColonEqual {
            self.named()?
        } else {
            self.expression()?
        };
        if self.at(Kind::Equal) {
            let msg = "expression cannot contain assignment, perhaps you meant \"==\"?";
            return self.raise(e.t0, self.i + 1, msg);
        }
        if self.at(Kind::ColonEqual) {
            return self.named_error(&e);
        }
        if self.at_for() {
            self.for_clauses()?;
            let alone = count == 0 && self.at(Kind::RPar);
            let trailing = self.at(Kind::Comma);
            if !alone && (trailing || self.at(Kind::RPar)) {
                return self.raise(t0, self.i, "Generator expression must be parenthesized");
            }
        }
        Ok(())
    }

    fn named_error(&mut self, e: &E) -> P {
        let msg = format!("cannot use assignment expressions with {}", e.class.name());
        self.raise_at(e, msg)
    }

    /// A positional argument behind keywords: reported at the closing parenthesis or last comma.
    fn positional_late(&mut self, splat: bool) -> P {
        let what = if splat { "keyword argument unpacking" } else { "keyword argument" };
        let rest = self.ahead(|p| {
            while p.eat(Kind::Comma) && !p.at(Kind::RPar) {
                match p.kind() {
                    Kind::Star | Kind::DoubleStar => {
                        p.bump();
                    }
                    Kind::Name if p.peek(1).kind == Kind::Equal => {
                        p.bump();
                        p.bump();
                    }
                    _ => {}
                }
                p.named()?;
            }
            Ok(p.i)
        });
        let at = rest.unwrap_or(self.i);
        self.raise(at - 1, at, format!("positional argument follows {what}"))
    }

    /// Parameters up to the closing parenthesis of a `def` or the colon of a `lambda`.
    pub fn parameters(&mut self, lambda: bool) -> P {
        let close = if lambda { Kind::Colon } else { Kind::RPar };
        let (mut slash, mut star, mut default, mut kwarg) = (false, false, false, false);
        let mut count = 0;
        while !self.at(close) {
            let t0 = self.i;
            if kwarg {
                return match self.kind() {
                    Kind::Name | Kind::Star | Kind::DoubleStar | Kind::Slash if !self.bad_keyword() => {
                        self.raise(t0, t0 + 1, "arguments cannot follow var-keyword argument")
                    }
                    _ => self.fail(),
                };
            }
            match self.kind() {
                Kind::Slash => {
                    let msg = match () {
                        _ if slash => "/ may appear only once",
                        _ if star => "/ must be ahead of *",
                        _ if count == 0 => "at least one argument must precede /",
                        _ => "",
                    };
                    if !msg.is_empty() {
                        return self.raise(t0, t0 + 1, msg);
                    }
                    self.bump();
                    slash = true;
                    if self.at(Kind::Star) {
                        return self.raise_here("expected comma between / and *");
                    }
                }
                Kind::Star => {
                    self.bump();
                    if star {
                        return self.raise(t0, t0 + 1, "* argument may appear only once");
                    }
                    star = true;
                    if self.at(Kind::Comma) || self.at(close) {
                        let after = self.peek(1).kind;
                        if self.at(close) || after == close || after == Kind::DoubleStar {
                            return self.raise(t0, t0 + 1, "named arguments must follow bare *");
                        }
                    } else {
                        self.parameter(lambda, true)?;
                        if self.at(Kind::Equal) {
                            return self.raise_here("var-positional argument cannot have default value");
                        }
                    }
                }
                Kind::DoubleStar => {
                    self.bump();
                    self.parameter(lambda, false)?;
                    if self.at(Kind::Equal) {
                        return self.raise_here("var-keyword argument cannot have default value");
                    }
                    kwarg = true;
                }
                Kind::LPar if self.quiet == 0 => {
                    let what = if lambda { "Lambda expression" } else { "Function" };
                    return self.parenthesized_parameters(what);
                }
                _ => {
                    self.parameter(lambda, false)?;
                    if self.eat(Kind::Equal) {
                        if self.at(Kind::Comma) || self.at(close) {
                            return self.raise(self.i - 1, self.i, "expected default value expression");
                        }
                        self.expression()?;
                        default = true;
                    } else if default && !star {
                        let msg = "parameter without a default follows parameter with a default";
                        return self.raise(t0, t0 + 1, msg);
                    }
                }
            }
            count += 1;
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        Ok(())
    }

    fn bad_keyword(&mut self) -> bool {
        let t = self.peek(0);
        t.kind == Kind::Name && !t.is_name()
    }

    fn parameter(&mut self, lambda: bool, star: bool) -> P {
        if !self.peek(0).is_name() {
            return self.fail();
        }
        self.bump();
        if !lambda && self.eat(Kind::Colon) {
            if star && self.at(Kind::Star) {
                self.starred(Self::bitwise_or)?;
            } else {
                self.expression()?;
            }
        }
        Ok(())
    }

    fn parenthesized_parameters(&mut self, what: &str) -> P {
        let t0 = self.i;
        let end = self.ahead(|p| {
            p.bump();
            loop {
                if !p.peek(0).is_name() {
                    return p.fail();
                }
                p.bump();
                if !p.eat(Kind::Comma) || p.at(Kind::RPar) {
                    break;
                }
            }
            p.expect(Kind::RPar)?;
            Ok(p.i)
        });
        match end {
            Some(end) => self.raise(t0, end, format!("{what} parameters cannot be parenthesized")),
            None => self.fail(),
        }
    }

    /// A type parameter list, if there is one.
    pub fn type_params(&mut self) -> P {
        if !self.at(Kind::LSqb) {
            return Ok(());
        }
        self.bump();
        if self.at(Kind::RSqb) {
            return self.raise_point("Type parameter list cannot be empty");
        }
        loop {
            let star = self.kind();
            if matches!(star, Kind::Star | Kind::DoubleStar) {
                self.bump();
            }
            if !self.peek(0).is_name() {
                return self.fail();
            }
            self.bump();
            if self.at(Kind::Colon) {
                let colon = self.i;
                self.bump();
                let e = self.expression()?;
                if matches!(star, Kind::Star | Kind::DoubleStar) {
                    let what = if star == Kind::Star { "TypeVarTuple" } else { "ParamSpec" };
                    let how = if e.class == Class::Tuple { "constraints" } else { "bound" };
                    return self.raise(colon, e.t1, format!("cannot use {how} with {what}"));
                }
            }
            if self.eat(Kind::Equal) {
                self.star_expression()?;
            }
            if !self.eat(Kind::Comma) || self.at(Kind::RSqb) {
                break;
            }
        }
        self.expect(Kind::RSqb)
    }
}
