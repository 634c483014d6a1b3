//! Patterns.

use super::recognizer::{P, Recognizer};
use crate::token::{Kind, Kw};

impl Recognizer<'_> {
    /// The patterns behind `case`.
    pub fn patterns(&mut self) -> P {
        loop {
            self.maybe_star_pattern()?;
            if !self.eat(Kind::Comma) || self.at(Kind::Colon) || self.at_kw(Kw::If) {
                return Ok(());
            }
        }
    }

    fn maybe_star_pattern(&mut self) -> P {
        if self.eat(Kind::Star) {
            if !self.peek(0).is_name() {
                return self.fail();
            }
            self.bump();
            return Ok(());
        }
        self.pattern()
    }

    fn pattern(&mut self) -> P {
        self.nested(|p| {
            p.closed_pattern()?;
            while p.eat(Kind::VBar) {
                p.closed_pattern()?;
            }
            if p.eat_kw(Kw::As) {
                if p.at_soft("_") {
                    return p.raise_here("cannot use '_' as a target");
                }
                let name = p.peek(0).is_name();
                let target = p.i;
                if !name || matches!(p.peek(1).kind, Kind::Dot | Kind::LPar | Kind::LSqb) {
                    if let Some(e) = p.ahead(Self::expression) {
                        let msg = format!("cannot use {} as pattern target", e.class.name());
                        return p.raise(target, e.t1, msg);
                    }
                    return p.fail();
                }
                p.bump();
            }
            Ok(())
        })
    }

    fn closed_pattern(&mut self) -> P {
        match self.kind() {
            Kind::Minus | Kind::Number => {
                self.eat(Kind::Minus);
                self.expect(Kind::Number)?;
                if self.eat(Kind::Plus) || self.eat(Kind::Minus) {
                    self.expect(Kind::Number)?;
                }
                Ok(())
            }
            Kind::String | Kind::FStringStart | Kind::TStringStart => self.atom().map(|_| ()),
            Kind::LPar => self.sequence_pattern(Kind::RPar),
            Kind::LSqb => self.sequence_pattern(Kind::RSqb),
            Kind::LBrace => self.mapping_pattern(),
            Kind::Name if matches!(self.kw(), Kw::None | Kw::True | Kw::False) => {
                self.bump();
                Ok(())
            }
            Kind::Name if self.peek(0).is_name() => {
                self.bump();
                while self.eat(Kind::Dot) {
                    if !self.peek(0).is_name() {
                        return self.fail();
                    }
                    self.bump();
                }
                if self.at(Kind::LPar) {
                    return self.class_pattern();
                }
                Ok(())
            }
            _ => self.fail(),
        }
    }

    fn sequence_pattern(&mut self, close: Kind) -> P {
        self.bump();
        while !self.at(close) {
            self.maybe_star_pattern()?;
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        self.expect(close)
    }

    fn mapping_pattern(&mut self) -> P {
        self.bump();
        while !self.at(Kind::RBrace) {
            if self.eat(Kind::DoubleStar) {
                if !self.peek(0).is_name() {
                    return self.fail();
                }
                self.bump();
            } else {
                self.closed_pattern()?;
                self.expect(Kind::Colon)?;
                self.pattern()?;
            }
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        self.expect(Kind::RBrace)
    }

    fn class_pattern(&mut self) -> P {
        self.bump();
        let mut keyword = false;
        let mut late: Option<(u32, u32)> = None;
        while !self.at(Kind::RPar) {
            let t0 = self.i;
            if self.peek(0).is_name() && self.peek(1).kind == Kind::Equal {
                self.bump();
                self.bump();
                keyword = true;
                self.pattern()?;
            } else {
                self.pattern()?;
                if keyword {
                    late = Some((late.map_or(t0, |l| l.0), self.i));
                }
            }
            if !self.eat(Kind::Comma) {
                break;
            }
        }
        if let (Some((t0, t1)), true) = (late, self.at(Kind::RPar)) {
            return self.raise(t0, t1, "positional patterns follow keyword patterns");
        }
        self.expect(Kind::RPar)
    }
}
