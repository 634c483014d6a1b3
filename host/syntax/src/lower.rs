//! The concrete tree to the abstract one, strictly: what is not known to be right is rejected.
//!
//! Names, numbers, strings and positions are read from the tokens, the tree only says how they belong together.

mod args;
mod compound;
mod expr;
mod operators;
mod pattern;
mod stmt;
mod strings;
mod target;
mod types;

use crate::ast::{Expr, ExprKind, Ident, Mod, Pos};
use crate::cst::{K, Node};
use crate::error::{ErrorKind, SyntaxError, Warning};
use crate::source::Source;
use crate::token::{AS_COMMA, HIDDEN, Kind, Kw, Token};
use std::collections::HashMap;

/// Why a tree cannot be lowered.
pub enum Fail {
    /// The text is not in the grammar, as seen at this token.
    At(u32),
    /// A final error.
    Error(Box<SyntaxError>),
}

pub(crate) type R<T> = Result<T, Fail>;

/// How deep expressions and statements may nest, about as in CPython.
const MAX_DEPTH: u32 = 2980;
/// How long chains may be that nest to the left (`a.b.c`, `1 + 1 + 1`): they need no recursion here, but
/// whoever reads or drops the tree recurses.
pub(crate) const MAX_SPINE: usize = 6000;

/// What the start rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A file.
    File,
    /// One interactive statement.
    Interactive,
    /// An expression.
    Eval,
}

pub(crate) struct Lower<'a> {
    src: &'a Source,
    tokens: &'a [Token],
    nodes: &'a [Node],
    /// Indentation widths, by the first token of a line.
    widths: &'a [(u32, u32)],
    names: HashMap<&'a str, Ident>,
    depth: u32,
    /// Hidden tokens that have been accounted for.
    consumed: usize,
    pub(crate) warnings: Vec<Warning>,
    barry: bool,
    /// Type comments that have found their place.
    type_comments: std::cell::Cell<usize>,
}

/// Lowers a whole tree.
pub(crate) fn lower(
    src: &Source,
    tokens: &[Token],
    widths: &[(u32, u32)],
    nodes: &[Node],
    start: Start,
    barry: bool,
    warnings: &mut Vec<Warning>,
) -> R<Mod> {
    let mut l = Lower {
        src,
        tokens,
        nodes,
        widths,
        names: HashMap::new(),
        depth: 0,
        consumed: 0,
        warnings: Vec::new(),
        barry,
        type_comments: std::cell::Cell::new(0),
    };
    let tree = l.module(start)?;
    let hidden = tokens.iter().filter(|t| t.flags & (HIDDEN | AS_COMMA) != 0).count();
    if hidden != l.consumed {
        let first = tokens.iter().position(|t| t.flags & (HIDDEN | AS_COMMA) != 0).unwrap_or(0);
        return Err(Fail::At(first as u32));
    }
    let comments = tokens.iter().filter(|t| t.kind == Kind::TypeComment).count();
    if comments != l.type_comments.get() {
        let first = tokens.iter().position(|t| t.kind == Kind::TypeComment).unwrap_or(0);
        return Err(Fail::At(first as u32));
    }
    warnings.append(&mut l.warnings);
    Ok(tree)
}

/// Iterates over the children of a node.
pub(crate) struct Children<'a> {
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.nodes[at as usize].next.max(at + 1);
        Some(at)
    }
}

impl<'a> Lower<'a> {
    pub(crate) fn n(&self, i: u32) -> &'a Node {
        &self.nodes[i as usize]
    }

    pub(crate) fn kind(&self, i: u32) -> K {
        self.n(i).kind
    }

    pub(crate) fn children(&self, i: u32) -> Children<'a> {
        Children { nodes: self.nodes, at: i + 1, end: self.n(i).next }
    }

    pub(crate) fn child(&self, i: u32) -> R<u32> {
        self.children(i).next().ok_or(Fail::At(self.n(i).t0))
    }

    /// The only child.
    pub(crate) fn only(&self, i: u32) -> R<u32> {
        let mut c = self.children(i);
        match (c.next(), c.next()) {
            (Some(one), None) => Ok(one),
            _ => self.reject(i),
        }
    }

    pub(crate) fn reject<T>(&self, i: u32) -> R<T> {
        Err(Fail::At(self.n(i).t0))
    }

    pub(crate) fn token(&self, t: u32) -> Token {
        self.tokens.get(t as usize).copied().unwrap_or(Token {
            kind: Kind::EndMarker,
            kw: Kw::No,
            flags: 0,
            start: 0,
            end: 0,
            line: 1,
            end_line: 1,
        })
    }

    pub(crate) fn tk(&self, t: u32) -> Kind {
        self.token(t).kind
    }

    pub(crate) fn kw(&self, t: u32) -> Kw {
        self.token(t).kw
    }

    /// The token before, or a layout token at the start.
    pub(crate) fn prev(&self, t: u32) -> Token {
        match t {
            0 => Token { kind: Kind::Newline, ..self.token(0) },
            _ => self.token(t - 1),
        }
    }

    /// The indentation of the line that begins with the token `t`; `None` if none does.
    pub(crate) fn width(&self, t: u32) -> Option<u32> {
        let i = self.widths.partition_point(|w| w.0 < t);
        // A line's width is noted before its INDENT or DEDENT.
        self.widths.get(i).filter(|w| w.0 == t).map(|w| w.1)
    }

    pub(crate) fn text(&self, t: u32) -> &'a str {
        let t = self.token(t);
        &self.src.text[t.start as usize..t.end as usize]
    }

    /// The position that spans the tokens `t0..t1`.
    pub(crate) fn span(&self, t0: u32, t1: u32) -> Pos {
        let (a, b) = (self.token(t0), self.token(t1.max(t0 + 1) - 1));
        Pos {
            lineno: a.line as i32,
            col_offset: (a.start - self.src.line_start(a.line)) as i32,
            end_lineno: b.end_line as i32,
            end_col_offset: (b.end - self.src.line_start(b.end_line)) as i32,
        }
    }

    pub(crate) fn pos(&self, i: u32) -> Pos {
        let n = self.n(i);
        self.span(n.t0, n.t1)
    }

    pub(crate) fn mk(&self, i: u32, kind: ExprKind) -> Expr {
        Expr { kind, pos: self.pos(i) }
    }

    /// The identifier that is this token.
    pub(crate) fn ident(&mut self, t: u32) -> R<Ident> {
        if !self.token(t).is_name() {
            return Err(Fail::At(t));
        }
        let text = self.text(t);
        if let Some(id) = self.names.get(text) {
            return Ok(id.clone());
        }
        let id = if text.is_ascii() { Ident::new(text) } else { Ident::new(&nfkc(text)) };
        self.names.insert(text, id.clone());
        Ok(id)
    }

    /// The identifier that is this node.
    pub(crate) fn name_node(&mut self, i: u32) -> R<Ident> {
        let n = self.n(i);
        if n.t1 != n.t0 + 1 {
            return self.reject(i);
        }
        self.ident(n.t0)
    }

    /// The names of a dotted name, joined.
    pub(crate) fn dotted(&mut self, i: u32) -> R<Ident> {
        let n = self.n(i);
        if n.t1 == n.t0 + 1 {
            return self.ident(n.t0);
        }
        let mut out = String::new();
        for t in n.t0..n.t1 {
            if self.tk(t) == Kind::Dot {
                out.push('.');
            } else {
                out.push_str(&self.ident(t)?);
            }
        }
        Ok(Ident::new(&out))
    }

    /// The star that stands hidden before this node.
    pub(crate) fn star_before(&self, i: u32) -> Option<u32> {
        let t = self.n(i).t0.checked_sub(1)?;
        let token = self.token(t);
        (token.flags & HIDDEN != 0 && token.kind == Kind::Star).then_some(t)
    }

    /// Counts nesting; every path that recurses passes through here.
    pub(crate) fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let out = crate::ast::walk::deep(|| f(self));
        self.depth -= 1;
        out
    }

    /// The error about a chain that is too long.
    pub(crate) fn too_long(&self) -> Fail {
        let msg = "maximum recursion depth exceeded during compilation";
        Fail::Error(Box::new(SyntaxError::bare(ErrorKind::RecursionError, msg)))
    }

    fn too_deep(&self) -> Fail {
        let msg = "Parser stack overflowed - Python source too complex to parse";
        Fail::Error(Box::new(SyntaxError::bare(ErrorKind::MemoryError, msg)))
    }

    /// A SyntaxError at the tokens `t0..t1`.
    pub(crate) fn error<T>(&self, t0: u32, t1: u32, msg: impl Into<String>) -> R<T> {
        Err(Fail::Error(Box::new(error_at(self.src, self.tokens, t0, t1, msg))))
    }

    /// Rejects if a line ends between these tokens.
    pub(crate) fn one_line(&self, t0: u32, t1: u32) -> R<()> {
        let (a, b) = (t0 as usize, (t1 as usize).min(self.tokens.len()));
        match self.tokens.get(a..b).unwrap_or(&[]).iter().position(|t| t.kind == Kind::Newline) {
            Some(i) => Err(Fail::At(t0 + i as u32)),
            None => Ok(()),
        }
    }
}

/// A SyntaxError at the tokens `t0..t1`, in CPython's coordinates.
pub(crate) fn error_at(src: &Source, tokens: &[Token], t0: u32, t1: u32, msg: impl Into<String>) -> SyntaxError {
    let last = tokens.len().saturating_sub(1);
    let a = &tokens[(t0 as usize).min(last)];
    let b = &tokens[(t1.max(t0 + 1) as usize - 1).min(last)];
    SyntaxError {
        lineno: a.line as i32,
        offset: src.char_col(a.line, a.start) + 1,
        end_lineno: b.end_line as i32,
        end_offset: src.char_col(b.end_line, b.end) + 1,
        text: Some(src.line(a.line).to_owned()),
        ..SyntaxError::bare(ErrorKind::SyntaxError, msg)
    }
}

fn nfkc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().collect()
}
