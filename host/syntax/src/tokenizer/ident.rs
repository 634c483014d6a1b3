//! Names, keywords, and the prefixes of string literals.

use super::{Step, Tokenizer, utf8_width};
use crate::token::{Kind, Kw};

impl Tokenizer<'_> {
    pub(super) fn name_or_string(&mut self) -> Step {
        let (start, line) = (self.pos, self.line);
        if let Some(n) = self.string_prefix()? {
            self.pos += n;
            return self.prefixed_string(start, line);
        }
        let rest = &self.bytes[start..];
        let len = rest.iter().position(|b| !is_name_byte(*b)).unwrap_or(rest.len());
        self.pos += len;
        let text = &self.bytes[start..self.pos];
        let kw = if text.is_ascii() {
            Kw::of(text)
        } else {
            if !self.options.extra_tokens {
                self.check_identifier(start)?;
            }
            Kw::No
        };
        self.push_kw(Kind::Name, kw, start, line);
        Ok(())
    }

    /// The length of the string prefix here, if a quote follows it.
    fn string_prefix(&mut self) -> Step<Option<usize>> {
        let (mut b, mut u, mut r, mut f, mut t) = (false, false, false, false, false);
        let mut n = 0;
        loop {
            let c = self.at(n);
            let flag = match c {
                b'b' | b'B' if !(b) => &mut b,
                b'u' | b'U' if !u => &mut u,
                b'r' | b'R' if !r => &mut r,
                b'f' | b'F' if !f => &mut f,
                b't' | b'T' if !t => &mut t,
                b'\'' | b'"' if n > 0 => break,
                _ => return Ok(None),
            };
            *flag = true;
            n += 1;
        }
        let wrong = match (u, b, r, f, t) {
            (true, true, ..) => Some(("u", "b")),
            (true, _, true, ..) => Some(("u", "r")),
            (true, _, _, true, _) => Some(("u", "f")),
            (true, _, _, _, true) => Some(("u", "t")),
            (_, true, _, true, _) => Some(("b", "f")),
            (_, true, _, _, true) => Some(("b", "t")),
            (_, _, _, true, true) => Some(("f", "t")),
            _ => None,
        };
        if let Some((x, y)) = wrong {
            let begin = self.src.char_col(self.line, self.pos as u32) + 1;
            let end = self.src.char_col(self.line, (self.pos + n + 1) as u32);
            let msg = format!("'{x}' and '{y}' prefixes are incompatible");
            return Err(self.error_range(begin, Some(end), msg));
        }
        Ok(Some(n))
    }

    /// Checks the characters of the non-ASCII name between `start` and here.
    fn check_identifier(&mut self, start: usize) -> Step {
        let text = &self.src.text[start..self.pos];
        let mut first = true;
        for (i, c) in text.char_indices() {
            let good = if first { c == '_' || is_xid_start(c) } else { is_xid_continue(c) };
            if !good {
                self.pos = start + i + c.len_utf8();
                return Err(self.invalid_character(c));
            }
            first = false;
        }
        Ok(())
    }

    /// The error about the character that ends here.
    pub(super) fn invalid_character(&self, c: char) -> Box<crate::error::SyntaxError> {
        self.error_here(if is_printable(c) {
            format!("invalid character '{c}' (U+{:04X})", c as u32)
        } else {
            format!("invalid non-printable character U+{:04X}", c as u32)
        })
    }

    /// The character at the current position, which is not ASCII or not a letter.
    pub(super) fn char_here(&self) -> char {
        let end = (self.pos + utf8_width(self.at(0))).min(self.bytes.len());
        self.src.text.get(self.pos..end).and_then(|s| s.chars().next()).unwrap_or('\u{FFFD}')
    }
}

/// A byte that the tokenizer takes for a part of a name, before looking at the characters.
pub(super) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// XID_Start, with the NFKC closure that identifiers have.
pub(crate) fn is_xid_start(c: char) -> bool {
    unicode_ident::is_xid_start(c)
}

/// XID_Continue.
pub(crate) fn is_xid_continue(c: char) -> bool {
    unicode_ident::is_xid_continue(c)
}

/// `str.isprintable` of one character: assigned, and neither control, format, surrogate, private nor separator.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let format = matches!(c as u32,
        0xAD | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x180E | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE007F);
    // Ideographs whose names the crate does not make.
    let tangut = matches!(c as u32, 0x17000..=0x187F7 | 0x18D00..=0x18D08);
    tangut || !format && !c.is_control() && !c.is_whitespace() && unicode_names2::name(c).is_some()
}
