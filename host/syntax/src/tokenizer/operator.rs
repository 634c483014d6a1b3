//! Operators and brackets.

use super::{MAX_LEVEL, Open, Step, Tokenizer};
use crate::token::Kind;

impl Tokenizer<'_> {
    pub(super) fn operator(&mut self, c: u8) -> Step {
        let (start, line) = (self.pos, self.line);
        if c == b':' && self.modes.last().is_some_and(|m| m.depth - 1 == m.expr_depth) {
            // A colon at the top of a replacement field starts its format specification.
            self.pos += 1;
            if let Some(m) = self.modes.last_mut() {
                m.in_text = true;
                m.in_spec = true;
            }
            self.push(Kind::Colon, start, line);
            return Ok(());
        }
        let (kind, len) = operator_at(&self.bytes[start..]);
        if len == 0 {
            let ch = self.char_here();
            self.pos += ch.len_utf8();
            if !super::ident::is_printable(ch) {
                return Err(self.invalid_character(ch));
            }
            self.push(Kind::Op, start, line);
            return Ok(());
        }
        self.pos += len;
        match kind {
            Kind::LPar | Kind::LSqb | Kind::LBrace => self.open(c, start)?,
            Kind::RPar | Kind::RSqb | Kind::RBrace => self.close(c)?,
            _ => {}
        }
        self.push(kind, start, line);
        Ok(())
    }

    fn open(&mut self, c: u8, start: usize) -> Step {
        if self.parens.len() >= MAX_LEVEL {
            return Err(self.error_here("too many nested parentheses"));
        }
        self.parens.push(Open { bracket: c, line: self.line, start: start as u32 });
        if let Some(m) = self.modes.last_mut() {
            m.depth += 1;
        }
        Ok(())
    }

    fn close(&mut self, c: u8) -> Step {
        let ch = c as char;
        if let Some(m) = self.modes.last()
            && m.depth == 0
            && c == b'}'
        {
            return Err(self.error_here(format!("{}-string: single '}}' is not allowed", m.letter())));
        }
        if self.parens.is_empty() && !self.options.extra_tokens {
            return Err(self.error_here(format!("unmatched '{ch}'")));
        }
        if let Some(open) = self.parens.pop() {
            let opening = open.bracket;
            let matches = matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
            if !matches && !self.options.extra_tokens {
                if let Some(m) = self.modes.last()
                    && opening == b'{'
                    && m.depth - 1 == m.expr_depth
                {
                    return Err(self.error_here(format!("{}-string: unmatched '{ch}'", m.letter())));
                }
                let mut msg =
                    format!("closing parenthesis '{ch}' does not match opening parenthesis '{}'", opening as char);
                if open.line != self.line {
                    msg.push_str(&format!(" on line {}", open.line));
                }
                return Err(self.error_here(msg));
            }
        }
        if let Some(m) = self.modes.last_mut() {
            m.depth -= 1;
            if m.depth < 0 {
                let letter = m.letter();
                return Err(self.error_here(format!("{letter}-string: unmatched '{ch}'")));
            }
            if c == b'}' && m.depth == m.expr_depth {
                m.expr_depth -= 1;
                m.in_text = true;
                m.in_spec = false;
            }
        }
        Ok(())
    }
}

/// The operator that begins here, and its length.
fn operator_at(b: &[u8]) -> (Kind, usize) {
    use Kind::*;
    let (c1, c2) = (b.get(1).copied().unwrap_or(0), b.get(2).copied().unwrap_or(0));
    match (b[0], c1, c2) {
        (b'*', b'*', b'=') => (DoubleStarEqual, 3),
        (b'/', b'/', b'=') => (DoubleSlashEqual, 3),
        (b'<', b'<', b'=') => (LeftShiftEqual, 3),
        (b'>', b'>', b'=') => (RightShiftEqual, 3),
        (b'.', b'.', b'.') => (Ellipsis, 3),
        (b'*', b'*', _) => (DoubleStar, 2),
        (b'/', b'/', _) => (DoubleSlash, 2),
        (b'<', b'<', _) => (LeftShift, 2),
        (b'>', b'>', _) => (RightShift, 2),
        (b'<', b'>', _) => (NotEqual, 2),
        (b'!', b'=', _) => (NotEqual, 2),
        (b'=', b'=', _) => (EqEqual, 2),
        (b'<', b'=', _) => (LessEqual, 2),
        (b'>', b'=', _) => (GreaterEqual, 2),
        (b'-', b'>', _) => (RArrow, 2),
        (b':', b'=', _) => (ColonEqual, 2),
        (b'+', b'=', _) => (PlusEqual, 2),
        (b'-', b'=', _) => (MinEqual, 2),
        (b'*', b'=', _) => (StarEqual, 2),
        (b'/', b'=', _) => (SlashEqual, 2),
        (b'%', b'=', _) => (PercentEqual, 2),
        (b'&', b'=', _) => (AmperEqual, 2),
        (b'|', b'=', _) => (VBarEqual, 2),
        (b'^', b'=', _) => (CircumflexEqual, 2),
        (b'@', b'=', _) => (AtEqual, 2),
        (b'(', ..) => (LPar, 1),
        (b')', ..) => (RPar, 1),
        (b'[', ..) => (LSqb, 1),
        (b']', ..) => (RSqb, 1),
        (b'{', ..) => (LBrace, 1),
        (b'}', ..) => (RBrace, 1),
        (b':', ..) => (Colon, 1),
        (b',', ..) => (Comma, 1),
        (b';', ..) => (Semi, 1),
        (b'+', ..) => (Plus, 1),
        (b'-', ..) => (Minus, 1),
        (b'*', ..) => (Star, 1),
        (b'/', ..) => (Slash, 1),
        (b'|', ..) => (VBar, 1),
        (b'&', ..) => (Amper, 1),
        (b'<', ..) => (Less, 1),
        (b'>', ..) => (Greater, 1),
        (b'=', ..) => (Equal, 1),
        (b'.', ..) => (Dot, 1),
        (b'%', ..) => (Percent, 1),
        (b'~', ..) => (Tilde, 1),
        (b'^', ..) => (Circumflex, 1),
        (b'@', ..) => (At, 1),
        (b'!', ..) => (Exclamation, 1),
        _ => (Op, 0),
    }
}
