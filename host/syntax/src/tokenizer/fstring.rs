//! The text of f-strings and t-strings, between their replacement fields.

use super::{Step, Tokenizer};
use crate::error::Category;
use crate::token::{DOUBLED, Kind};

/// Replacement fields may nest this deep in format specifications.
const MAX_NESTING: i32 = 3;

/// A literal with replacement fields that is being read.
pub(super) struct Mode {
    pub quote: u8,
    pub size: usize,
    pub raw: bool,
    /// A t-string.
    pub template: bool,
    pub start: usize,
    pub line: u32,
    /// Whether the next token is text (or the end) and not a part of an expression.
    pub in_text: bool,
    /// Whether the text is that of a format specification.
    pub in_spec: bool,
    /// Open brackets inside this literal.
    pub depth: i32,
    /// The number of replacement fields that are open, less one.
    pub expr_depth: i32,
}

impl Mode {
    pub(super) fn letter(&self) -> char {
        if self.template { 't' } else { 'f' }
    }
}

impl Tokenizer<'_> {
    pub(super) fn fstring_text(&mut self) -> Step<bool> {
        let (start, line) = (self.pos, self.line);
        let Some(m) = self.modes.last_mut() else { return Ok(true) };
        let (quote, size, raw, template, letter) = (m.quote, m.size, m.raw, m.template, m.letter());
        let in_spec = m.in_spec && m.expr_depth >= 0;
        let depth = m.depth;
        let (middle, end) = match template {
            false => (Kind::FStringMiddle, Kind::FStringEnd),
            true => (Kind::TStringMiddle, Kind::TStringEnd),
        };
        if self.at(0) == b'{' && self.at(1) != b'{' {
            self.enter_field()?;
            return self.normal();
        }
        if self.closes(quote, size) {
            self.pos += size;
            self.modes.pop();
            self.push(end, start, line);
            return Ok(true);
        }
        let mut named_escape = false;
        loop {
            let Some(&c) = self.bytes.get(self.pos) else {
                return Err(self.unterminated_fstring());
            };
            if c == b'\n' && size == 1 {
                if in_spec {
                    self.pos += 1;
                    let msg = format!(
                        "{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"
                    );
                    return Err(self.error_here(msg));
                }
                return Err(self.unterminated_fstring());
            }
            if self.closes(quote, size) {
                self.push(middle, start, line);
                return Ok(true);
            }
            match c {
                b'\n' => {
                    self.pos += 1;
                    self.line += 1;
                }
                b'{' => {
                    if self.at(1) != b'{' || in_spec {
                        self.push(middle, start, line);
                        self.enter_field()?;
                    } else {
                        self.pos += 2;
                        self.push_doubled(middle, start, line);
                    }
                    return Ok(true);
                }
                b'}' => {
                    if named_escape {
                        self.pos += 1;
                        self.push(middle, start, line);
                        return Ok(true);
                    }
                    if self.at(1) == b'}' && !in_spec && depth == 0 {
                        self.pos += 2;
                        self.push_doubled(middle, start, line);
                    } else {
                        self.push(middle, start, line);
                        if let Some(m) = self.modes.last_mut() {
                            m.in_text = false;
                        }
                    }
                    return Ok(true);
                }
                b'\\' => {
                    self.pos += 1;
                    match self.at(0) {
                        b'{' | b'}' if raw => {}
                        b @ (b'{' | b'}') => self.warn_escape(b, self.pos - 1),
                        b'N' if !raw && self.at(1) == b'{' => {
                            named_escape = true;
                            self.pos += 2;
                        }
                        b'\n' => {
                            self.pos += 1;
                            self.line += 1;
                        }
                        _ if self.pos < self.bytes.len() => self.pos += super::utf8_width(self.at(0)),
                        _ => {}
                    }
                }
                _ => self.pos += 1,
            }
        }
    }

    /// Text that ends with a doubled brace, of which only the first counts.
    fn push_doubled(&mut self, kind: Kind, start: usize, line: u32) {
        self.push(kind, start, line);
        if let Some(t) = self.tokens.last_mut() {
            t.flags |= DOUBLED;
        }
    }

    fn closes(&self, quote: u8, size: usize) -> bool {
        (0..size).all(|i| self.at(i) == quote)
    }

    /// Leaves text mode at the `{` of a replacement field.
    fn enter_field(&mut self) -> Step {
        let Some(m) = self.modes.last_mut() else { return Ok(()) };
        m.expr_depth += 1;
        m.in_text = false;
        if m.expr_depth >= MAX_NESTING {
            let msg = format!("{}-string: expressions nested too deeply", m.letter());
            self.pos += 1;
            return Err(self.error_here(msg));
        }
        Ok(())
    }

    fn unterminated_fstring(&mut self) -> Box<crate::error::SyntaxError> {
        let last = self.line.min(self.src.line_count());
        let Some(m) = self.modes.last() else { return self.error_here("unterminated f-string literal") };
        let kind = if m.size == 3 { "triple-quoted " } else { "" };
        let msg = format!("unterminated {kind}{}-string literal (detected at line {last})", m.letter());
        self.incomplete = m.size == 3;
        self.line = m.line;
        self.pos = m.start + 1;
        self.error_here(msg)
    }

    pub(super) fn warn_escape(&mut self, c: u8, at: usize) {
        let c = c as char;
        let msg = format!(
            "\"\\{c}\" is an invalid escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\\\{c}\"? A raw string is also an option."
        );
        self.warn(Category::SyntaxWarning, msg, at, at + 2);
    }
}
