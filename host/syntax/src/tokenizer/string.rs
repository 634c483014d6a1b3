//! String literals without replacement fields.

use super::fstring::Mode;
use super::{Step, Tokenizer};
use crate::token::Kind;

impl Tokenizer<'_> {
    /// A literal whose prefix has been read.
    pub(super) fn prefixed_string(&mut self, start: usize, line: u32) -> Step {
        let prefix = &self.bytes[start..self.pos];
        let has = |c: u8| prefix.iter().any(|b| b.to_ascii_lowercase() == c);
        let (f, t, raw) = (has(b'f'), has(b't'), has(b'r'));
        if !f && !t {
            return self.string(start, line);
        }
        let quote = self.at(0);
        let size = if self.at(1) == quote && self.at(2) == quote { 3 } else { 1 };
        self.pos += size;
        if self.modes.len() + 1 >= 150 {
            return Err(self.error_here("too many nested f-strings or t-strings"));
        }
        self.modes.push(Mode {
            quote,
            size,
            raw,
            template: t,
            start,
            line,
            in_text: true,
            in_spec: false,
            depth: 0,
            expr_depth: -1,
        });
        self.push(if t { Kind::TStringStart } else { Kind::FStringStart }, start, line);
        Ok(())
    }

    /// A plain literal; the quote is here, the token began at `start`.
    pub(super) fn string(&mut self, start: usize, line: u32) -> Step {
        let quote = self.at(0);
        let triple = self.at(1) == quote && self.at(2) == quote;
        let size = if triple { 3 } else { 1 };
        self.pos += size;
        let mut escaped_quote = false;
        loop {
            let Some(&c) = self.bytes.get(self.pos) else {
                return Err(self.unterminated(start, line, quote, size, escaped_quote));
            };
            match c {
                b'\n' if !triple => return Err(self.unterminated(start, line, quote, size, escaped_quote)),
                b'\n' => self.line += 1,
                b'\\' => {
                    self.pos += 1;
                    match self.bytes.get(self.pos) {
                        Some(&q) if q == quote => escaped_quote = true,
                        Some(b'\n') => self.line += 1,
                        None => continue,
                        _ => {}
                    }
                }
                _ if c == quote && (!triple || (self.at(1) == quote && self.at(2) == quote)) => {
                    self.pos += size;
                    self.push(Kind::String, start, line);
                    return Ok(());
                }
                _ => {}
            }
            self.pos += 1;
        }
    }

    fn unterminated(
        &mut self,
        start: usize,
        line: u32,
        quote: u8,
        size: usize,
        escaped: bool,
    ) -> Box<crate::error::SyntaxError> {
        // The line in which the end was found to be missing; at the end of the source that is the last one.
        let last = self.line.min(self.src.line_count());
        self.line = line;
        if let Some(m) = self.modes.last()
            && m.quote == quote
            && m.size == size
        {
            let msg = format!("{}-string: expecting '}}'", m.letter());
            self.pos = start + 1;
            return self.error_here(msg);
        }
        let kind = if size == 3 { "triple-quoted string" } else { "string" };
        let hint = if escaped && size == 1 { "; perhaps you escaped the end quote?" } else { "" };
        if size == 3 || self.bytes.get(self.pos).is_none() {
            self.incomplete = true;
        }
        self.pos = start + 1;
        self.error_here(format!("unterminated {kind} literal (detected at line {last}){hint}"))
    }
}
