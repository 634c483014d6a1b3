//! Compound statements.

use super::recognizer::{Class, E, P, Recognizer};
use super::target::Use;
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    pub fn starts_compound(&mut self) -> bool {
        matches!(self.kw(), Kw::If | Kw::While | Kw::For | Kw::Try | Kw::With | Kw::Def | Kw::Class | Kw::Async)
            || self.at(Kind::At)
            || self.at_soft("match") && self.ahead(Self::match_header).is_some()
    }

    /// A compound statement, if one begins here.
    pub fn compound(&mut self) -> P<bool> {
        let line = self.peek(0).line;
        match self.kw() {
            Kw::If => self.if_statement()?,
            Kw::While => {
                self.bump();
                self.named()?;
                self.colon_or_newline()?;
                self.block("'while' statement", line)?;
                self.else_block()?;
            }
            Kw::For => self.for_statement()?,
            Kw::Try => self.try_statement()?,
            Kw::With => self.with_statement()?,
            Kw::Def => self.function(line)?,
            Kw::Class => self.class()?,
            Kw::Async => {
                self.bump();
                match self.kw() {
                    Kw::Def => self.function(line)?,
                    Kw::For => self.for_statement()?,
                    Kw::With => self.with_statement()?,
                    _ => return self.fail(),
                }
            }
            _ if self.at(Kind::At) => {
                while self.eat(Kind::At) {
                    self.named()?;
                    self.expect(Kind::Newline)?;
                }
                let line = self.peek(0).line;
                match self.kw() {
                    Kw::Def => self.function(line)?,
                    Kw::Class => self.class()?,
                    Kw::Async => {
                        self.bump();
                        if !self.at_kw(Kw::Def) {
                            return self.fail();
                        }
                        self.function(line)?;
                    }
                    _ => return self.fail(),
                }
            }
            _ if self.at_soft("match") => return self.match_statement(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The colon of a header; "expected ':'" only where the line ends instead.
    fn colon_or_newline(&mut self) -> P {
        if self.at(Kind::Newline) {
            return self.raise_here("expected ':'");
        }
        self.expect(Kind::Colon)
    }

    /// A colon that nothing else can replace.
    fn forced_colon(&mut self) -> P {
        if self.eat(Kind::Colon) {
            return Ok(());
        }
        if self.at(Kind::ErrorToken) {
            return self.fail();
        }
        self.raise_here("expected ':'")
    }

    fn block(&mut self, what: &str, line: u32) -> P {
        if !self.eat(Kind::Newline) {
            return self.simple_statements();
        }
        if !self.eat(Kind::Indent) {
            return self.raise_indent(format!("expected an indented block after {what} on line {line}"));
        }
        while !self.at(Kind::Dedent) {
            if self.at(Kind::EndMarker) || self.at(Kind::Indent) {
                return self.fail();
            }
            self.statement()?;
        }
        self.bump();
        Ok(())
    }

    fn if_statement(&mut self) -> P {
        let line = self.peek(0).line;
        self.bump();
        self.named()?;
        self.colon_or_newline()?;
        self.block("'if' statement", line)?;
        while self.at_kw(Kw::Elif) {
            let line = self.peek(0).line;
            self.bump();
            self.named()?;
            self.colon_or_newline()?;
            self.block("'elif' statement", line)?;
        }
        let else_at = self.i;
        self.else_block()?;
        if self.i > else_at && self.at_kw(Kw::Elif) {
            return self.raise_here("'elif' block follows an 'else' block");
        }
        Ok(())
    }

    fn else_block(&mut self) -> P {
        let line = self.peek(0).line;
        if !self.eat_kw(Kw::Else) {
            return Ok(());
        }
        self.forced_colon()?;
        self.block("'else' statement", line)
    }

    fn for_statement(&mut self) -> P {
        let line = self.peek(0).line;
        self.bump();
        let target = self.star_targets_before_in()?;
        if let Some(t) = &target {
            // `x in y` has been read as far as `x`.
            if !self.at_kw(Kw::In) {
                return self.fail();
            }
            self.check_target(t, Use::For)?;
        }
        self.expect_kw(Kw::In)?;
        self.star_expressions()?;
        self.colon_or_newline()?;
        self.block("'for' statement", line)?;
        self.else_block()
    }

    fn try_statement(&mut self) -> P {
        let line = self.peek(0).line;
        self.bump();
        self.forced_colon()?;
        self.block("'try' statement", line)?;
        let mut star = None;
        while self.at_kw(Kw::Except) {
            let line = self.peek(0).line;
            let except = self.i;
            self.bump();
            let this = self.eat(Kind::Star);
            if *star.get_or_insert(this) != this {
                let end = if this { self.i } else { except + 1 };
                let msg = "cannot have both 'except' and 'except*' on the same 'try'";
                return self.raise(except, end, msg);
            }
            if this && matches!(self.kind(), Kind::Newline | Kind::Colon) {
                return self.raise_here("expected one or more exception types");
            }
            if !this && self.at(Kind::Newline) {
                return self.raise_here("expected ':'");
            }
            if !self.at(Kind::Colon) {
                self.except_types(this)?;
            }
            self.colon_or_newline()?;
            let what = if this { "'except*' statement" } else { "'except' statement" };
            self.block(what, line)?;
        }
        if star.is_some() {
            self.else_block()?;
        }
        let line = self.peek(0).line;
        if self.eat_kw(Kw::Finally) {
            self.forced_colon()?;
            self.block("'finally' statement", line)?;
        } else if star.is_none() {
            return self.raise_here("expected 'except' or 'finally' block");
        }
        Ok(())
    }

    fn except_types(&mut self, star: bool) -> P {
        let e = self.list(Self::expression)?;
        if !self.at_kw(Kw::As) {
            return Ok(());
        }
        let tuple = e.class == Class::Tuple && e.items.first().is_some_and(|i| i.t0 == e.t0);
        self.bump();
        let target = self.i;
        if self.peek(0).is_name() && matches!(self.peek(1).kind, Kind::Colon | Kind::Newline) {
            self.bump();
            if tuple && self.at(Kind::Colon) {
                return self.raise(e.t0, target + 1, "multiple exception types must be parenthesized when using 'as'");
            }
            return Ok(());
        }
        let Some(t) = self.ahead(Self::expression) else { return self.fail() };
        let star = if star { "*" } else { "" };
        self.raise(target, t.t1, format!("cannot use except{star} statement with {}", t.class.name()))
    }

    fn with_statement(&mut self) -> P {
        let line = self.peek(0).line;
        self.bump();
        let paren = self.at(Kind::LPar)
            && self
                .ahead(|p| {
                    p.bump();
                    p.with_items(true)?;
                    p.expect(Kind::RPar)?;
                    p.expect(Kind::Colon)
                })
                .is_some();
        if paren {
            self.bump();
            self.with_items(true)?;
            self.expect(Kind::RPar)?;
        } else {
            self.with_items(false)?;
        }
        self.colon_or_newline()?;
        self.block("'with' statement", line)
    }

    fn with_items(&mut self, paren: bool) -> P {
        loop {
            self.expression()?;
            if self.eat_kw(Kw::As) {
                let t = self.star_target()?;
                if matches!(self.kind(), Kind::Comma | Kind::RPar | Kind::Colon) {
                    self.check_target(&t, Use::Store)?;
                }
            }
            if !self.eat(Kind::Comma) || paren && self.at(Kind::RPar) {
                return Ok(());
            }
        }
    }

    fn star_target(&mut self) -> P<E> {
        if self.at(Kind::Star) { self.starred(Self::bitwise_or) } else { self.expression() }
    }

    fn function(&mut self, line: u32) -> P {
        self.bump();
        if !self.peek(0).is_name() {
            return self.fail();
        }
        self.bump();
        self.type_params()?;
        if !self.at(Kind::LPar) {
            return self.raise_here("expected '('");
        }
        self.bump();
        self.parameters(false)?;
        self.expect(Kind::RPar)?;
        if self.eat(Kind::RArrow) {
            self.expression()?;
        }
        self.forced_colon()?;
        self.block("function definition", line)
    }

    fn class(&mut self) -> P {
        let line = self.peek(0).line;
        self.bump();
        if !self.peek(0).is_name() {
            return self.fail();
        }
        self.bump();
        self.type_params()?;
        if self.eat(Kind::LPar) {
            self.arguments()?;
            self.expect(Kind::RPar)?;
        }
        self.colon_or_newline()?;
        self.block("class definition", line)
    }

    fn match_header(&mut self) -> P {
        self.bump();
        self.list(Self::star_named)?;
        self.expect(Kind::Colon)?;
        self.expect(Kind::Newline)
    }

    fn match_statement(&mut self) -> P<bool> {
        let line = self.peek(0).line;
        let missing = self.ahead(|p| {
            p.bump();
            p.list(Self::star_named)?;
            p.expect(Kind::Newline)
        });
        if missing.is_some() {
            self.bump();
            self.list(Self::star_named)?;
            return self.raise_here("expected ':'");
        }
        if self.ahead(Self::match_header).is_none() {
            return Ok(false);
        }
        self.match_header()?;
        if !self.eat(Kind::Indent) {
            return self.raise_indent(format!("expected an indented block after 'match' statement on line {line}"));
        }
        if !self.at_soft("case") {
            return self.fail();
        }
        while self.at_soft("case") {
            let line = self.peek(0).line;
            self.bump();
            self.patterns()?;
            if self.eat_kw(Kw::If) {
                self.named()?;
            }
            self.colon_or_newline()?;
            self.block("'case' statement", line)?;
        }
        self.expect(Kind::Dedent)?;
        Ok(true)
    }
}
