//! String literals: concatenation, f-strings, t-strings. Everything but the expressions of replacement fields
//! is read from the tokens.

use super::{Fail, Lower, R};
use crate::ast::{Constant, Expr, ExprKind, Pos, Text, Wtf8};
use crate::cst::K;
use crate::error::{Category, Warning};
use crate::literal::string::{self, BadEscape};
use crate::token::{DOUBLED, HIDDEN, Kind};

/// The values of an f-string while they are collected; adjacent texts become one.
#[derive(Default)]
struct Parts {
    values: Vec<Expr>,
    text: Option<Piece>,
}

struct Piece {
    text: Vec<u8>,
    kind: Option<Text>,
    pos: Pos,
}

impl Parts {
    fn push_text(&mut self, text: &[u8], kind: Option<Text>, pos: Pos) {
        match &mut self.text {
            Some(p) => {
                p.text.extend_from_slice(text);
                p.pos.end_lineno = pos.end_lineno;
                p.pos.end_col_offset = pos.end_col_offset;
            }
            None => self.text = Some(Piece { text: text.to_vec(), kind, pos }),
        }
    }

    fn push(&mut self, e: Expr) {
        self.flush();
        self.values.push(e);
    }

    fn flush(&mut self) {
        if let Some(p) = self.text.take()
            && !p.text.is_empty()
        {
            let kind = ExprKind::Constant { value: wtf8(&p.text), kind: p.kind };
            self.values.push(Expr { kind, pos: p.pos });
        }
    }

    fn finish(mut self) -> Vec<Expr> {
        self.flush();
        self.values
    }
}

fn wtf8(bytes: &[u8]) -> Constant {
    Constant::Str(Wtf8::from_bytes(bytes).unwrap_or_else(|| Wtf8::new("")))
}

/// The prefix of a literal and its body.
struct Literal<'a> {
    body: &'a str,
    raw: bool,
    bytes: bool,
    unicode: bool,
}

fn split(text: &str) -> Literal<'_> {
    let prefix = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let has = |c: u8| text.as_bytes()[..prefix].iter().any(|b| b.to_ascii_lowercase() == c);
    let rest = &text[prefix..];
    let quotes = if rest.len() >= 6 && (rest.starts_with("'''") || rest.starts_with("\"\"\"")) { 3 } else { 1 };
    let body = rest.get(quotes..rest.len().saturating_sub(quotes)).unwrap_or("");
    Literal { body, raw: has(b'r'), bytes: has(b'b'), unicode: text.starts_with('u') }
}

impl<'a> Lower<'a> {
    /// All literals that this node covers, as one expression.
    pub(super) fn strings(&mut self, i: u32) -> R<Expr> {
        let n = self.n(i);
        let mut fields = Vec::new();
        match n.kind {
            K::Str => fields.extend(self.children(i)),
            K::ConcatString => {
                for s in self.children(i) {
                    fields.extend(self.children(s));
                }
            }
            _ => {}
        }
        fields.retain(|f| self.kind(*f) == K::Interpolation);
        let (plain, bytes, formatted, template) = self.kinds_at_top(n.t0, n.t1);
        if !formatted && !template {
            return self.plain_strings(i, bytes, plain);
        }
        if bytes && !template {
            return self.error(n.t1, n.t1 + 1, "cannot mix bytes and nonbytes literals");
        }
        if template && (plain || bytes || formatted) {
            return self.error(n.t0, n.t1, "cannot mix t-string literals with string or bytes literals");
        }
        let mut parts = Parts::default();
        let mut fields = fields.into_iter();
        let mut raw = false;
        let mut t = n.t0;
        while t < n.t1 {
            match self.tk(t) {
                Kind::String => {
                    let (text, unicode) = self.plain_text(t)?;
                    let kind = unicode.then(|| Text::new("u"));
                    parts.push_text(&text, kind, self.span(t, t + 1));
                }
                Kind::FStringStart | Kind::TStringStart => raw = self.text(t).bytes().any(|b| matches!(b, b'r' | b'R')),
                Kind::FStringMiddle | Kind::TStringMiddle => self.middle(t, raw, &mut parts)?,
                Kind::LBrace => {
                    let Some(f) = fields.next().filter(|f| self.n(*f).t0 == t) else { return Err(Fail::At(t)) };
                    self.field(f, raw, template, &mut parts)?;
                    t = self.n(f).t1;
                    continue;
                }
                _ => {}
            }
            t += 1;
        }
        let values = parts.finish();
        Ok(self.mk(i, if template { ExprKind::TemplateStr { values } } else { ExprKind::JoinedStr { values } }))
    }

    /// Which kinds of literals the tokens have outside replacement fields.
    fn kinds_at_top(&self, t0: u32, t1: u32) -> (bool, bool, bool, bool) {
        let (mut plain, mut bytes, mut formatted, mut template) = (false, false, false, false);
        let mut depth = 0;
        for t in t0..t1 {
            match self.tk(t) {
                Kind::FStringStart | Kind::TStringStart => {
                    if depth == 0 {
                        formatted |= self.tk(t) == Kind::FStringStart;
                        template |= self.tk(t) == Kind::TStringStart;
                    }
                    depth += 1;
                }
                Kind::FStringEnd | Kind::TStringEnd => depth -= 1,
                Kind::String if depth == 0 => match split(self.text(t)).bytes {
                    true => bytes = true,
                    false => plain = true,
                },
                _ => {}
            }
        }
        (plain, bytes, formatted, template)
    }

    fn plain_strings(&mut self, i: u32, bytes: bool, plain: bool) -> R<Expr> {
        let n = self.n(i);
        if bytes && plain {
            return self.error(n.t1, n.t1 + 1, "cannot mix bytes and nonbytes literals");
        }
        if bytes {
            let mut out = Vec::new();
            for t in n.t0..n.t1 {
                self.bytes_text(t, &mut out)?;
            }
            return Ok(self.mk(i, ExprKind::Constant { value: Constant::Bytes(out.into()), kind: None }));
        }
        let mut out = Vec::new();
        let mut kind = None;
        for t in n.t0..n.t1 {
            let (text, unicode) = self.plain_text(t)?;
            if t == n.t0 && unicode {
                kind = Some(Text::new("u"));
            }
            out.extend_from_slice(&text);
        }
        Ok(self.mk(i, ExprKind::Constant { value: wtf8(&out), kind }))
    }

    fn plain_text(&mut self, t: u32) -> R<(Vec<u8>, bool)> {
        if self.tk(t) != Kind::String {
            return Err(Fail::At(t));
        }
        let lit = split(self.text(t));
        let mut out = Vec::with_capacity(lit.body.len());
        self.decode(t, lit.body, lit.raw, &mut out)?;
        Ok((out, lit.unicode))
    }

    fn bytes_text(&mut self, t: u32, out: &mut Vec<u8>) -> R<()> {
        if self.tk(t) != Kind::String {
            return Err(Fail::At(t));
        }
        let lit = split(self.text(t));
        if !lit.body.is_ascii() {
            return self.error(t, t + 1, "bytes can only contain ASCII literal characters");
        }
        if lit.raw {
            out.extend_from_slice(lit.body.as_bytes());
            return Ok(());
        }
        let mut bad = None;
        if let Err(msg) = string::decode_bytes(lit.body.as_bytes(), out, &mut bad) {
            return self.error(t, t + 1, msg);
        }
        self.warn_escape(t, lit.body, bad);
        Ok(())
    }

    fn decode(&mut self, t: u32, body: &str, raw: bool, out: &mut Vec<u8>) -> R<()> {
        if raw || !body.as_bytes().contains(&b'\\') {
            out.extend_from_slice(body.as_bytes());
            return Ok(());
        }
        let mut bad = None;
        if let Err(msg) = string::decode_str(body, out, &mut bad) {
            return self.error(t, t + 1, msg);
        }
        // In the text of f-strings the tokenizer has warned about braces.
        let in_fstring = self.tk(t) != Kind::String;
        let bad = bad.filter(|b| !(in_fstring && matches!(body.as_bytes().get(b.at + 1), Some(b'{' | b'}'))));
        self.warn_escape(t, body, bad);
        Ok(())
    }

    fn warn_escape(&mut self, t: u32, body: &str, bad: Option<BadEscape>) {
        let Some(bad) = bad else { return };
        let token = self.token(t);
        let newlines = body.as_bytes()[..bad.at].iter().filter(|b| **b == b'\n').count() as i32;
        let pos = self.span(t, t + 1);
        self.warnings.push(Warning {
            category: Category::SyntaxWarning,
            msg: bad.msg,
            lineno: token.line as i32 + newlines,
            offset: pos.col_offset + 1,
            end_lineno: pos.end_lineno,
            end_offset: pos.end_col_offset + 1,
        });
    }

    /// The text between replacement fields.
    fn middle(&mut self, t: u32, raw: bool, parts: &mut Parts) -> R<()> {
        let token = self.token(t);
        let mut body = self.text(t);
        if token.flags & DOUBLED != 0 {
            body = &body[..body.len() - 1];
        }
        let mut out = Vec::with_capacity(body.len());
        self.decode(t, body, raw, &mut out)?;
        if !out.is_empty() {
            parts.push_text(&out, None, self.span(t, t + 1));
        }
        Ok(())
    }

    /// A replacement field: the value, and before it the text that `=` asks for.
    fn field(&mut self, i: u32, raw: bool, template: bool, parts: &mut Parts) -> R<()> {
        let n = self.n(i);
        let mut kids = self.children(i);
        let value_node = kids.next().ok_or(Fail::At(n.t0 + 1))?;
        let value = Box::new(match self.kind(value_node) {
            K::Yield => self.yield_expr(value_node)?,
            _ => self.star_expressions(value_node)?,
        });
        let close = n.t1 - 1;
        let mut t = self.n(value_node).t1;
        let source_end = t;
        let debug = self.tk(t) == Kind::Equal && self.token(t).flags & HIDDEN != 0;
        if debug {
            self.consumed += 1;
            t += 1;
        }
        let after_equal = t;
        let mut conversion = -1;
        if self.tk(t) == Kind::Exclamation {
            conversion = self.conversion(t, template)?;
            t += 2;
        }
        let mut format_spec = None;
        if self.tk(t) == Kind::Colon {
            let nested = match kids.next() {
                Some(s) => self.children(s).collect(),
                None => Vec::new(),
            };
            let spec = self.format_spec(t, close, raw, nested)?;
            format_spec = Some(Box::new(spec));
            t = close;
        }
        if t != close || self.tk(close) != Kind::RBrace {
            return Err(Fail::At(t));
        }
        if debug {
            let text = self.field_source(n.t0, after_equal);
            let start = self.span(n.t0, n.t0 + 1);
            let end = self.span(after_equal, after_equal + 1);
            let pos = Pos {
                lineno: start.end_lineno,
                col_offset: start.end_col_offset,
                end_lineno: end.lineno,
                end_col_offset: end.col_offset,
            };
            parts.push_text(text.as_bytes(), None, pos);
            if conversion == -1 && format_spec.is_none() {
                conversion = b'r' as i32;
            }
        }
        let kind = if template {
            let str = Constant::Str(Wtf8::new(&self.field_source(n.t0, source_end)));
            ExprKind::Interpolation { value, str, conversion, format_spec }
        } else {
            ExprKind::FormattedValue { value, conversion, format_spec }
        };
        let e = self.mk(i, kind);
        parts.push(e);
        Ok(())
    }

    fn conversion(&mut self, t: u32, template: bool) -> R<i32> {
        let letter = if template { 't' } else { 'f' };
        let name = self.token(t + 1);
        if name.kind != Kind::Name || name.flags & HIDDEN == 0 {
            return match self.tk(t + 1) {
                Kind::Colon | Kind::RBrace => {
                    self.error(t + 1, t + 2, format!("{letter}-string: missing conversion character"))
                }
                _ => self.error(t + 1, t + 2, format!("{letter}-string: invalid conversion character")),
            };
        }
        if name.start != self.token(t).end {
            let msg = format!("{letter}-string: conversion type must come right after the exclamation mark");
            return self.error(t + 1, t + 2, msg);
        }
        self.consumed += 2;
        match self.text(t + 1) {
            c @ ("s" | "r" | "a") => Ok(c.as_bytes()[0] as i32),
            c => {
                let msg = format!("{letter}-string: invalid conversion character '{c}': expected 's', 'r', or 'a'");
                self.error(t + 1, t + 2, msg)
            }
        }
    }

    /// The format specification between the colon and the closing brace.
    fn format_spec(&mut self, colon: u32, close: u32, raw: bool, nested: Vec<u32>) -> R<Expr> {
        let mut parts = Parts::default();
        let mut fields = nested
            .into_iter()
            .filter(|f| matches!(self.nodes[*f as usize].kind, K::FormatExpression | K::Interpolation))
            .collect::<Vec<_>>()
            .into_iter();
        let mut t = colon + 1;
        while t < close {
            match self.tk(t) {
                Kind::FStringMiddle | Kind::TStringMiddle => {
                    self.middle(t, raw, &mut parts)?;
                    t += 1;
                }
                Kind::LBrace => {
                    let Some(f) = fields.next().filter(|f| self.n(*f).t0 == t) else { return Err(Fail::At(t)) };
                    self.nested(|l| l.field(f, raw, false, &mut parts))?;
                    t = self.n(f).t1;
                }
                _ => return Err(Fail::At(t)),
            }
        }
        let (start, end) = (self.span(colon, colon + 1), self.span(close, close + 1));
        let pos = Pos { end_lineno: end.lineno, end_col_offset: end.col_offset, ..start };
        Ok(Expr { kind: ExprKind::JoinedStr { values: parts.finish() }, pos })
    }

    /// The source between an opening brace and the token `end`, without comments.
    fn field_source(&self, brace: u32, end: u32) -> String {
        let (from, to) = (self.token(brace).end as usize, self.token(end).start as usize);
        let text = &self.src.text[from..to];
        if !text.contains('#') {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut at = from;
        for t in brace + 1..=end {
            let token = self.token(t);
            // What lies between two tokens is blank or comment.
            let gap = &self.src.text[at..(token.start as usize).max(at)];
            for (k, line) in gap.split('\n').enumerate() {
                if k > 0 {
                    out.push('\n');
                }
                out.push_str(line.split('#').next().unwrap_or(""));
            }
            if t < end {
                out.push_str(self.text(t));
            }
            at = token.end as usize;
        }
        out
    }
}
