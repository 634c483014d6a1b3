//! Source text to tokens, as CPython does it: indentation, f-string modes, literal checks, and its errors.
//!
//! All tokens are made at once. That is sound because an error of CPython's tokenizer anywhere in the source
//! takes precedence over the parser's errors.

mod fstring;
mod ident;
pub(crate) use ident::is_printable;
mod number;
mod operator;
mod string;

use crate::error::{Category, ErrorKind, SyntaxError, Warning};
use crate::source::Source;
use crate::token::{Kind, Kw, Token};
use fstring::Mode;

const TAB: u32 = 8;
const MAX_INDENT: usize = 100;
const MAX_LEVEL: usize = 200;

/// How to tokenize.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Also emit COMMENT and NL, and leave brackets unchecked: what the `tokenize` module wants.
    pub extra_tokens: bool,
    /// No newline is implied at the end: an unfinished last line counts even if it is blank.
    pub unfinished: bool,
    /// Recognize type comments.
    pub type_comments: bool,
}

/// A bracket that is open.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// The bracket.
    pub bracket: u8,
    /// Its line.
    pub line: u32,
    /// Its byte offset.
    pub start: u32,
}

/// The outcome of tokenizing.
pub struct Tokens {
    /// The tokens up to the end or to the error. Unless there is an error they end with ENDMARKER, or with
    /// ERRORTOKEN if a bracket is open at the end of the source.
    pub tokens: Vec<Token>,
    /// The brackets that are open at the end, outermost first.
    pub open: Vec<Open>,
    /// Warnings about literals.
    pub warnings: Vec<Warning>,
    /// What stopped the tokenizer.
    pub error: Option<SyntaxError>,
    /// Whether more input could remove the error (an open triple-quoted string, a backslash at the end).
    pub incomplete: bool,
    /// Whether CPython's parser reports the error only when it reaches it.
    pub lazy_error: bool,
    /// Indentation widths of the lines that begin a statement, by token index of their first token.
    pub widths: Vec<(u32, u32)>,
}

/// Tokenizes a source.
pub fn tokenize(source: &Source, options: Options) -> Tokens {
    let mut t = Tokenizer::new(source, options);
    let error = t.run().err().map(|e| *e);
    Tokens {
        tokens: t.tokens,
        open: t.parens,
        warnings: t.warnings,
        error,
        incomplete: t.incomplete,
        lazy_error: t.lazy,
        widths: t.widths,
    }
}

pub(crate) type Step<T = ()> = Result<T, Box<SyntaxError>>;

pub(crate) struct Tokenizer<'s> {
    src: &'s Source,
    bytes: &'s [u8],
    /// The next byte to read.
    pos: usize,
    /// The line of `pos`.
    line: u32,
    options: Options,
    /// (column, alternative column with tabs of width 1)
    indents: Vec<(u32, u32)>,
    parens: Vec<Open>,
    modes: Vec<Mode>,
    at_bol: bool,
    tokens: Vec<Token>,
    warnings: Vec<Warning>,
    incomplete: bool,
    lazy: bool,
    widths: Vec<(u32, u32)>,
}

impl<'s> Tokenizer<'s> {
    fn new(src: &'s Source, options: Options) -> Self {
        Tokenizer {
            src,
            bytes: src.text.as_bytes(),
            pos: 0,
            line: 1,
            options,
            indents: vec![(0, 0)],
            parens: Vec::new(),
            modes: Vec::new(),
            at_bol: true,
            tokens: Vec::with_capacity(src.text.len() / 4 + 8),
            warnings: Vec::new(),
            incomplete: false,
            lazy: false,
            widths: Vec::with_capacity(src.lines.len()),
        }
    }

    fn run(&mut self) -> Step {
        loop {
            let in_text = self.modes.last().is_some_and(|m| m.in_text);
            let more = if in_text { self.fstring_text()? } else { self.normal()? };
            if !more {
                return Ok(());
            }
        }
    }

    /// The byte `n` places ahead, 0 at the end.
    fn at(&self, n: usize) -> u8 {
        self.bytes.get(self.pos + n).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: Kind, start: usize, line: u32) {
        self.push_kw(kind, Kw::No, start, line);
    }

    fn push_kw(&mut self, kind: Kind, kw: Kw, start: usize, line: u32) {
        let end = self.pos as u32;
        self.tokens.push(Token { kind, kw, flags: 0, start: start as u32, end, line, end_line: self.line });
    }

    /// One token outside string text; false at the end of the source.
    fn normal(&mut self) -> Step<bool> {
        let mut blank = false;
        if self.at_bol {
            self.at_bol = false;
            blank = self.indentation()?;
        }
        loop {
            match self.at(0) {
                b' ' | b'\t' | b'\x0c' => self.pos += 1,
                b'\\' => self.continuation()?,
                _ => break,
            }
        }
        if self.at(0) == b'#' {
            self.comment(blank);
            if self.at_bol {
                return Ok(true);
            }
        }
        let Some(&c) = self.bytes.get(self.pos) else {
            return self.end_of_source();
        };
        let (start, line) = (self.pos, self.line);
        match c {
            b'\n' => self.newline(blank),
            b'\r' if self.at(1) == b'\n' => self.newline(blank),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.name_or_string()?,
            b'0'..=b'9' => self.number()?,
            b'.' if self.at(1).is_ascii_digit() => self.number()?,
            b'\'' | b'"' => self.string(start, line)?,
            _ => self.operator(c)?,
        }
        Ok(true)
    }

    fn newline(&mut self, blank: bool) {
        let (start, line) = (self.pos, self.line);
        self.pos += if self.at(0) == b'\r' { 2 } else { 1 };
        self.at_bol = true;
        if blank || !self.parens.is_empty() {
            if self.options.extra_tokens {
                self.push(Kind::Nl, start, line);
            }
        } else {
            self.push(Kind::Newline, start, line);
        }
        self.line += 1;
    }

    /// Measures the indentation of a line; whether the line is blank.
    fn indentation(&mut self) -> Step<bool> {
        let (mut col, mut alt, mut continued) = (0u32, 0u32, 0u32);
        loop {
            match self.at(0) {
                b' ' => {
                    col += 1;
                    alt += 1;
                }
                b'\t' => {
                    col = (col / TAB + 1) * TAB;
                    alt += 1;
                }
                b'\x0c' => {
                    col = 0;
                    alt = 0;
                }
                b'\\' => {
                    if continued == 0 {
                        continued = col;
                    }
                    self.continuation()?;
                    continue;
                }
                _ => break,
            }
            self.pos += 1;
        }
        if matches!(self.at(0), b'#' | b'\n') || self.at(0) == b'\r' && self.at(1) == b'\n' {
            let last = self.options.unfinished && self.src.newline_added && self.pos + 1 == self.bytes.len();
            if last && self.parens.is_empty() && self.pos as u32 > self.src.line_start(self.line) {
                self.indent_to(col, alt)?;
                let deeper = self.tokens.last().is_some_and(|t| t.kind == Kind::Indent);
                if self.indents.len() > 1 && !deeper {
                    self.incomplete = true;
                    return Err(self.error_here("invalid syntax"));
                }
            }
            return Ok(true);
        }
        if !self.parens.is_empty() || self.pos >= self.bytes.len() {
            return Ok(false);
        }
        if continued != 0 {
            (col, alt) = (continued, continued);
        }
        self.indent_to(col, alt)?;
        self.widths.push((self.tokens.len() as u32, alt));
        Ok(false)
    }

    fn indent_to(&mut self, col: u32, alt: u32) -> Step {
        let top = self.indents[self.indents.len() - 1];
        let start = self.src.line_start(self.line) as usize;
        if col == top.0 {
            if alt != top.1 {
                return Err(self.tab_error());
            }
        } else if col > top.0 {
            if self.indents.len() >= MAX_INDENT {
                return Err(self.line_error(ErrorKind::IndentationError, "too many levels of indentation"));
            }
            if alt <= top.1 {
                return Err(self.tab_error());
            }
            self.indents.push((col, alt));
            self.push(Kind::Indent, start, self.line);
        } else {
            while self.indents.len() > 1 && col < self.indents[self.indents.len() - 1].0 {
                self.indents.pop();
                self.push(Kind::Dedent, self.pos, self.line);
            }
            let top = self.indents[self.indents.len() - 1];
            if col != top.0 {
                let msg = "unindent does not match any outer indentation level";
                return Err(self.line_error(ErrorKind::IndentationError, msg));
            }
            if alt != top.1 {
                return Err(self.tab_error());
            }
        }
        Ok(())
    }

    /// A backslash: only a newline may follow, and not as the last thing in the source.
    fn continuation(&mut self) -> Step {
        self.pos += 1;
        if self.at(0) == b'\r' && self.at(1) == b'\n' {
            self.pos += 1;
        }
        if self.at(0) != b'\n' {
            let width = self.bytes.get(self.pos).map_or(0, |&b| utf8_width(b));
            self.pos += width;
            self.lazy = true;
            let mut e = self.error_at(self.pos, "unexpected character after line continuation character");
            e.end_offset = 0;
            e.text = Some(self.src.line(self.line).to_owned());
            return Err(e);
        }
        self.pos += 1;
        if self.pos >= self.bytes.len() {
            self.incomplete = true;
            return Err(self.line_error(ErrorKind::SyntaxError, "unexpected EOF while parsing"));
        }
        self.line += 1;
        Ok(())
    }

    fn comment(&mut self, blank: bool) {
        let (start, line) = (self.pos, self.line);
        let len = self.bytes[start..].iter().position(|b| *b == b'\n').unwrap_or(self.bytes.len() - start);
        self.pos += len;
        if len > 0 && self.bytes[self.pos - 1] == b'\r' {
            self.pos -= 1;
        }
        if self.options.extra_tokens {
            self.push(Kind::Comment, start, line);
        }
        if !self.options.type_comments {
            return;
        }
        let Some(at) = type_comment(&self.bytes[start..self.pos]) else { return };
        let text = &self.bytes[start + at..self.pos];
        let ignore =
            text.starts_with(b"ignore") && !text.get(6).is_some_and(|b| *b >= 128 || b.is_ascii_alphanumeric());
        if ignore {
            self.push(Kind::TypeIgnore, start + at + 6, line);
            if blank && self.at(0) == b'\n' {
                self.pos += 1;
                self.line += 1;
                self.at_bol = true;
            }
        } else {
            self.push(Kind::TypeComment, start + at, line);
        }
    }

    fn end_of_source(&mut self) -> Step<bool> {
        let (start, line) = (self.pos, self.line);
        if !self.parens.is_empty() && !self.options.extra_tokens {
            self.push(Kind::ErrorToken, start, line);
            return Ok(false);
        }
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Kind::Dedent, start, line);
        }
        self.push(Kind::EndMarker, start, line);
        Ok(false)
    }

    /// An error at the character before `end` of the current line.
    fn error_at(&self, end: usize, msg: impl Into<String>) -> Box<SyntaxError> {
        self.error_range(self.src.char_col(self.line, end as u32), None, msg)
    }

    fn error_here(&self, msg: impl Into<String>) -> Box<SyntaxError> {
        self.error_at(self.pos, msg)
    }

    fn error_range(&self, offset: i32, end: Option<i32>, msg: impl Into<String>) -> Box<SyntaxError> {
        let text = self.src.line(self.line);
        Box::new(SyntaxError {
            lineno: self.line as i32,
            offset,
            end_lineno: self.line as i32,
            end_offset: end.unwrap_or(offset),
            text: Some(text.strip_suffix('\n').unwrap_or(text).to_owned()),
            ..SyntaxError::bare(ErrorKind::SyntaxError, msg)
        })
    }

    /// An error about the current line as a whole.
    fn line_error(&mut self, kind: ErrorKind, msg: &str) -> Box<SyntaxError> {
        self.lazy = true;
        let text = self.src.line(self.line);
        Box::new(SyntaxError {
            kind,
            offset: text.chars().count() as i32,
            end_offset: -1,
            text: Some(text.to_owned()),
            ..*self.error_range(0, None, msg)
        })
    }

    fn tab_error(&mut self) -> Box<SyntaxError> {
        let mut e = self.line_error(ErrorKind::TabError, "inconsistent use of tabs and spaces in indentation");
        e.offset = 1;
        e.end_offset = 0;
        e
    }

    fn warn(&mut self, category: Category, msg: String, start: usize, end: usize) {
        let col = |at: usize| self.src.char_col(self.line, at as u32) + 1;
        let w = Warning {
            category,
            msg,
            lineno: self.line as i32,
            offset: col(start),
            end_lineno: self.line as i32,
            end_offset: col(end),
        };
        self.warnings.push(w);
    }
}

/// Bytes of the UTF-8 character that begins with `first`.
pub(crate) fn utf8_width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

/// Where the text of a type comment begins in a comment.
fn type_comment(comment: &[u8]) -> Option<usize> {
    let mut at = 0;
    for want in b"# type: " {
        if *want == b' ' {
            at += comment[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        } else if comment.get(at) == Some(want) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}
