//! Atoms: displays, comprehensions, strings.

use super::recognizer::{Class, E, P, Recognizer};
use super::target::Use;
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    pub fn atom(&mut self) -> P<E> {
        let t0 = self.i;
        let t = self.peek(0);
        let class = match (t.kind, t.kw) {
            (Kind::Name, Kw::No) => Class::Name,
            (Kind::Name, Kw::True) => Class::Other("True"),
            (Kind::Name, Kw::False) => Class::Other("False"),
            (Kind::Name, Kw::None) => Class::Other("None"),
            (Kind::Number, _) => Class::Other("literal"),
            (Kind::Ellipsis, _) => Class::Other("ellipsis"),
            (Kind::String | Kind::FStringStart | Kind::TStringStart, _) => return self.strings(),
            (Kind::LPar, _) => return self.parens(),
            (Kind::LSqb, _) => return self.square(),
            (Kind::LBrace, _) => return self.braces(),
            _ => return self.fail(),
        };
        self.bump();
        Ok(self.e(class, t0))
    }

    fn parens(&mut self) -> P<E> {
        let t0 = self.i;
        self.bump();
        if self.eat(Kind::RPar) {
            return Ok(self.e(Class::Tuple, t0));
        }
        if self.at_kw(Kw::Yield) {
            let mut e = self.yield_expr()?;
            self.expect(Kind::RPar)?;
            e.paren = true;
            e.tight = true;
            return Ok(e);
        }
        if self.at(Kind::DoubleStar) {
            let star = self.i;
            self.bump();
            if self.ahead(Self::expression).is_some() {
                return self.raise(star, star + 1, "cannot use double starred expression here");
            }
            return self.fail();
        }
        let first = self.star_named()?;
        if self.at_for() {
            self.comprehension(&first)?;
            self.expect(Kind::RPar)?;
            return Ok(self.e(Class::Other("generator expression"), t0));
        }
        if !self.at(Kind::Comma) {
            if first.class == Class::Starred && self.at(Kind::RPar) {
                return self.raise_at(&first, "cannot use starred expression here");
            }
            self.expect(Kind::RPar)?;
            let mut e = first;
            e.paren = true;
            e.tight = true;
            return Ok(e);
        }
        let mut items = vec![first];
        self.elements(Kind::RPar, &mut items)?;
        let mut e = self.e(Class::Tuple, t0);
        e.items = items;
        Ok(e)
    }

    fn elements(&mut self, close: Kind, items: &mut Vec<E>) -> P {
        while self.eat(Kind::Comma) {
            if self.at(close) {
                break;
            }
            let e = self.star_named()?;
            if self.at_for() {
                let t0 = items[0].t0;
                if close == Kind::RPar {
                    return self.fail();
                }
                if self.ahead(|p| p.for_clauses()).is_some() {
                    let last = e.t1;
                    return self.raise(t0, last, "did you forget parentheses around the comprehension target?");
                }
            }
            items.push(e);
        }
        self.expect(close)
    }

    fn square(&mut self) -> P<E> {
        let t0 = self.i;
        self.bump();
        if self.eat(Kind::RSqb) {
            return Ok(self.e(Class::List, t0));
        }
        let first = self.star_named()?;
        if self.at_for() {
            self.comprehension(&first)?;
            self.expect(Kind::RSqb)?;
            return Ok(self.e(Class::Other("list comprehension"), t0));
        }
        let mut items = vec![first];
        self.elements(Kind::RSqb, &mut items)?;
        let mut e = self.e(Class::List, t0);
        e.items = items;
        Ok(e)
    }

    fn braces(&mut self) -> P<E> {
        let t0 = self.i;
        self.bump();
        if self.eat(Kind::RBrace) {
            return Ok(self.e(Class::Other("dict literal"), t0));
        }
        if !self.at(Kind::DoubleStar) {
            let first = self.star_named()?;
            if self.at_for() {
                self.comprehension(&first)?;
                self.expect(Kind::RBrace)?;
                return Ok(self.e(Class::Other("set comprehension"), t0));
            }
            if !self.at(Kind::Colon) || first.class == Class::Starred {
                let mut items = vec![first];
                self.elements(Kind::RBrace, &mut items)?;
                return Ok(self.e(Class::Other("set display"), t0));
            }
            self.dict_value()?;
            if self.at_for() {
                self.for_clauses()?;
                self.expect(Kind::RBrace)?;
                return Ok(self.e(Class::Other("dict comprehension"), t0));
            }
        } else {
            self.dict_splat()?;
        }
        while self.eat(Kind::Comma) {
            if self.at(Kind::RBrace) {
                break;
            }
            if self.at(Kind::DoubleStar) {
                self.dict_splat()?;
                continue;
            }
            let key = self.expression()?;
            if !self.at(Kind::Colon) {
                if self.at(Kind::RBrace) || self.at(Kind::Comma) {
                    return self.raise(key.t1 - 1, key.t1, "':' expected after dictionary key");
                }
                return self.fail();
            }
            self.dict_value()?;
        }
        self.expect(Kind::RBrace)?;
        Ok(self.e(Class::Other("dict literal"), t0))
    }

    fn dict_splat(&mut self) -> P {
        let t0 = self.i;
        self.bump();
        self.bitwise_or()?;
        if self.at_for() {
            return self.raise(t0, t0 + 1, "dict unpacking cannot be used in dict comprehension");
        }
        Ok(())
    }

    /// The colon and what follows it.
    fn dict_value(&mut self) -> P {
        let colon = self.i;
        self.bump();
        if self.at(Kind::Star) {
            let star = self.i;
            self.bump();
            if let Some(e) = self.ahead(Self::bitwise_or) {
                return self.raise(star, e.t1, "cannot use a starred expression in a dictionary value");
            }
            return self.fail();
        }
        if matches!(self.kind(), Kind::RBrace | Kind::Comma) {
            return self.raise(colon, colon + 1, "expression expected after dictionary key and ':'");
        }
        self.expression()?;
        Ok(())
    }

    pub fn at_for(&mut self) -> bool {
        self.at_kw(Kw::For) || self.at_kw(Kw::Async) && self.peek(1).kw == Kw::For
    }

    /// The clauses of a comprehension whose element was `first`.
    fn comprehension(&mut self, first: &E) -> P {
        if first.class == Class::Starred {
            self.for_clauses()?;
            return self.raise_at(first, "iterable unpacking cannot be used in comprehension");
        }
        self.for_clauses()
    }

    pub fn for_clauses(&mut self) -> P {
        while self.at_for() {
            self.eat_kw(Kw::Async);
            self.bump();
            let target = self.star_targets_before_in()?;
            if !self.eat_kw(Kw::In) {
                if target.as_ref().is_some_and(|t| t.tight) {
                    return self.raise_here("'in' expected after for-loop variables");
                }
                return self.fail();
            }
            if let Some(t) = target {
                self.check_target(&t, Use::For)?;
            }
            self.disjunction()?;
            while self.eat_kw(Kw::If) {
                self.disjunction()?;
            }
        }
        Ok(())
    }

    /// What stands between `for` and `in`.
    pub fn star_targets_before_in(&mut self) -> P<Option<E>> {
        self.list(|p| if p.at(Kind::Star) { p.starred(Self::bitwise_or) } else { p.bitwise_or() }).map(Some)
    }

    fn strings(&mut self) -> P<E> {
        let t0 = self.i;
        let mut class = Class::Other("literal");
        loop {
            match self.kind() {
                Kind::String => {
                    self.bump();
                }
                Kind::FStringStart => {
                    class = Class::Other("f-string expression");
                    self.fstring('f')?;
                }
                Kind::TStringStart => {
                    class = Class::Other("t-string expression");
                    self.fstring('t')?;
                }
                _ => break,
            }
        }
        Ok(self.e(class, t0))
    }

    fn fstring(&mut self, letter: char) -> P {
        self.bump();
        loop {
            match self.kind() {
                Kind::FStringMiddle | Kind::TStringMiddle => {
                    self.bump();
                }
                Kind::LBrace => self.nested(|p| p.field(letter))?,
                Kind::FStringEnd | Kind::TStringEnd => {
                    self.bump();
                    return Ok(());
                }
                _ => return self.fail(),
            }
        }
    }

    fn field(&mut self, letter: char) -> P {
        let open = self.i;
        self.bump();
        let first = self.peek(0);
        let missing = match first.kind {
            Kind::Equal => Some("="),
            Kind::Exclamation => Some("!"),
            Kind::Colon => Some(":"),
            Kind::RBrace => Some("}"),
            _ => None,
        };
        if let Some(c) = missing {
            return self.raise_here(format!("{letter}-string: valid expression required before '{c}'"));
        }
        let value = if self.at_kw(Kw::Yield) { self.yield_expr() } else { self.star_expressions() };
        match value {
            Err(e) if e.msg.is_some() || self.quiet > 0 => return Err(e),
            Err(e) if e.t0 == self.i && self.i == open + 1 && self.kind() != Kind::ErrorToken => {
                return self.raise_here(format!("{letter}-string: expecting a valid expression after '{{'"));
            }
            Err(e) => return Err(e),
            Ok(_) => {}
        }
        let debug = self.eat(Kind::Equal);
        if !matches!(self.kind(), Kind::Exclamation | Kind::Colon | Kind::RBrace | Kind::ErrorToken) {
            let what = if debug { "'!', or ':', or '}'" } else { "'=', or '!', or ':', or '}'" };
            return self.raise_here(format!("{letter}-string: expecting {what}"));
        }
        if self.at(Kind::Exclamation) {
            self.conversion(letter)?;
        }
        if self.eat(Kind::Colon) {
            loop {
                match self.kind() {
                    Kind::FStringMiddle | Kind::TStringMiddle => {
                        self.bump();
                    }
                    Kind::LBrace => self.nested(|p| p.field(letter))?,
                    Kind::RBrace => break,
                    Kind::ErrorToken => return self.fail(),
                    _ => return self.raise_here(format!("{letter}-string: expecting '}}', or format specs")),
                }
            }
        }
        if !self.at(Kind::RBrace) && !self.at(Kind::ErrorToken) {
            return self.raise_here(format!("{letter}-string: expecting '}}'"));
        }
        self.expect(Kind::RBrace)
    }

    fn conversion(&mut self, letter: char) -> P {
        let bang = self.bump();
        let t = self.peek(0);
        if matches!(t.kind, Kind::Colon | Kind::RBrace) {
            return self.raise_here(format!("{letter}-string: missing conversion character"));
        }
        if t.kind != Kind::Name {
            return match t.kind {
                Kind::ErrorToken => self.fail(),
                _ => self.raise_here(format!("{letter}-string: invalid conversion character")),
            };
        }
        if t.start != bang.end {
            let msg = format!("{letter}-string: conversion type must come right after the exclamation mark");
            return self.raise_here(msg);
        }
        let text = self.text(&t);
        if !matches!(text, "s" | "r" | "a") {
            let msg = format!("{letter}-string: invalid conversion character '{text}': expected 's', 'r', or 'a'");
            return self.raise_here(msg);
        }
        self.bump();
        if !matches!(self.kind(), Kind::Colon | Kind::RBrace | Kind::ErrorToken) {
            return self.raise_here(format!("{letter}-string: expecting ':' or '}}'"));
        }
        Ok(())
    }
}
