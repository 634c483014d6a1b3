//! Numeric literals: their extent, and what may not follow them.

use super::ident::is_name_byte;
use super::{Step, Tokenizer};
use crate::error::Category;
use crate::token::Kind;

impl Tokenizer<'_> {
    pub(super) fn number(&mut self) -> Step {
        let (start, line) = (self.pos, self.line);
        if self.at(0) == b'0' {
            match self.at(1) {
                b'x' | b'X' => self.radix(16, "hexadecimal")?,
                b'o' | b'O' => self.radix(8, "octal")?,
                b'b' | b'B' => self.radix(2, "binary")?,
                _ => self.leading_zero(start)?,
            }
        } else {
            if self.at(0) != b'.' {
                self.digits()?;
            }
            self.fraction("decimal")?;
        }
        self.push(Kind::Number, start, line);
        Ok(())
    }

    /// Decimal digits with single underscores between them; there is a digit here.
    fn digits(&mut self) -> Step {
        loop {
            while self.at(0).is_ascii_digit() {
                self.pos += 1;
            }
            if self.at(0) != b'_' {
                return Ok(());
            }
            self.pos += 1;
            if !self.at(0).is_ascii_digit() {
                return Err(self.error_here("invalid decimal literal"));
            }
        }
    }

    fn radix(&mut self, base: u32, name: &str) -> Step {
        self.pos += 2;
        loop {
            if self.at(0) == b'_' {
                self.pos += 1;
            }
            let mut any = false;
            while (self.at(0) as char).is_digit(base) {
                self.pos += 1;
                any = true;
            }
            if self.at(0).is_ascii_digit() {
                let digit = self.at(0) as char;
                self.pos += 1;
                return Err(self.error_here(format!("invalid digit '{digit}' in {name} literal")));
            }
            if !any {
                return Err(self.error_here(format!("invalid {name} literal")));
            }
            if self.at(0) != b'_' {
                break;
            }
        }
        self.check_end(name)
    }

    fn leading_zero(&mut self, start: usize) -> Step {
        loop {
            if self.at(0) == b'_' {
                self.pos += 1;
                if !self.at(0).is_ascii_digit() {
                    return Err(self.error_here("invalid decimal literal"));
                }
            }
            if self.at(0) != b'0' {
                break;
            }
            self.pos += 1;
        }
        let zeros_end = self.pos + 1;
        let nonzero = self.at(0).is_ascii_digit();
        if nonzero {
            self.digits()?;
        }
        let is_int = match self.at(0) {
            b'.' | b'j' | b'J' => false,
            b'e' | b'E' => !self.exponent_follows(),
            _ => true,
        };
        if nonzero && is_int {
            let col = |at| self.src.char_col(self.line, at as u32);
            let msg = "leading zeros in decimal integer literals are not permitted; \
                       use an 0o prefix for octal integers";
            return Err(self.error_range(col(start) + 1, Some(col(zeros_end)), msg));
        }
        self.fraction("decimal")
    }

    fn exponent_follows(&self) -> bool {
        let n = if matches!(self.at(1), b'+' | b'-') { 2 } else { 1 };
        self.at(n).is_ascii_digit()
    }

    /// What may follow the digits: fraction, exponent, `j`.
    fn fraction(&mut self, mut name: &'static str) -> Step {
        if self.at(0) == b'.' {
            self.pos += 1;
            if self.at(0).is_ascii_digit() {
                self.digits()?;
            }
        }
        if matches!(self.at(0), b'e' | b'E') {
            if self.exponent_follows() {
                self.pos += 2;
                self.digits()?;
            } else if matches!(self.at(1), b'+' | b'-') {
                self.pos += 2;
                return Err(self.error_here("invalid decimal literal"));
            }
        }
        if matches!(self.at(0), b'j' | b'J') {
            self.pos += 1;
            name = "imaginary";
        }
        self.check_end(name)
    }

    /// A number may be followed directly by some keywords, which is warned about, but by no other name.
    fn check_end(&mut self, name: &str) -> Step {
        let rest = &self.bytes[self.pos..];
        let keyword = match rest.first() {
            Some(b'a') => rest.starts_with(b"and"),
            Some(b'e') => rest.starts_with(b"else"),
            Some(b'f') => rest.starts_with(b"for"),
            Some(b'i') => matches!(rest.get(1), Some(b'f' | b'n' | b's')),
            Some(b'o') => rest.starts_with(b"or"),
            Some(b'n') => rest.starts_with(b"not"),
            _ => false,
        };
        if keyword {
            let end = self.pos;
            self.warn(Category::SyntaxWarning, format!("invalid {name} literal"), end - 1, end);
            return Ok(());
        }
        match rest.first() {
            Some(&b) if b < 0x80 && is_name_byte(b) => Err(self.error_here(format!("invalid {name} literal"))),
            Some(&b) if b >= 0x80 => {
                let c = self.char_here();
                if super::ident::is_xid_continue(c) {
                    Err(self.error_here(format!("invalid {name} literal")))
                } else {
                    self.pos += c.len_utf8();
                    Err(self.invalid_character(c))
                }
            }
            _ => Ok(()),
        }
    }
}
