//! From source to tree: the whole way.

use crate::ast::Mod;
use crate::error::{ErrorKind, SyntaxError, Warning};
use crate::lower::{self, Fail, Start};
use crate::source::{self, Source};
use crate::token::{Kind, Token};
use crate::tokenizer::{self, Tokens};
use crate::{cst, diagnose, mask};

/// What kind of source it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A module.
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement.
    Single,
    /// A function type comment.
    FuncType,
}

/// Options of a parse.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// Keep type comments (`PyCF_TYPE_COMMENTS`).
    pub type_comments: bool,
    /// Report input that could be completed as such (`PyCF_ALLOW_INCOMPLETE_INPUT`).
    pub allow_incomplete: bool,
    /// A missing last newline does not close the open blocks (`PyCF_DONT_IMPLY_DEDENT`).
    pub dont_imply_dedent: bool,
    /// The bytes are UTF-8 whatever a cookie says (`PyCF_IGNORE_COOKIE`).
    pub ignore_cookie: bool,
    /// `from __future__ import barry_as_FLUFL` is in effect.
    pub barry_as_flufl: bool,
}

/// A tree, and what to warn about.
pub struct Parsed {
    /// The tree.
    pub tree: Mod,
    /// Warnings in the order of the source.
    pub warnings: Vec<Warning>,
}

/// Parses bytes, which may declare their encoding.
pub fn parse_bytes(bytes: &[u8], filename: &str, mode: Mode, flags: Flags) -> Result<Parsed, SyntaxError> {
    let text = source::decode(bytes, flags.ignore_cookie).map_err(|e| named(e, filename))?;
    parse(&text, filename, mode, flags)
}

/// Parses text.
pub fn parse(text: &str, filename: &str, mode: Mode, flags: Flags) -> Result<Parsed, SyntaxError> {
    parse_text(text, mode, flags).map_err(|e| named(e, filename))
}

fn named(mut e: SyntaxError, filename: &str) -> SyntaxError {
    e.filename = filename.to_owned();
    e
}

fn parse_text(text: &str, mode: Mode, flags: Flags) -> Result<Parsed, SyntaxError> {
    if text.contains('\0') {
        return Err(SyntaxError::bare(ErrorKind::SyntaxError, "source code string cannot contain null bytes"));
    }
    if text.len() > i32::MAX as usize {
        return Err(SyntaxError::bare(ErrorKind::MemoryError, "source is too large"));
    }
    let src = Source::new(text);
    let options =
        tokenizer::Options { type_comments: flags.type_comments, extra_tokens: false, unfinished: mode != Mode::Exec };
    let mut t = tokenizer::tokenize(&src, options);
    if let Some(e) = t.error.take() {
        return Err(diagnose::tokenizer_error(&src, &t, e, mode, flags.allow_incomplete));
    }
    let mut tokens = std::mem::take(&mut t.tokens);
    if tokens.last().is_some_and(|t| t.kind == Kind::ErrorToken) {
        return Err(diagnose::rejected(&src, &tokens, &t, tokens.len() as u32 - 1, mode, flags.allow_incomplete));
    }
    if mode == Mode::Single && flags.dont_imply_dedent && src.newline_added {
        let end = tokens.len() - 1;
        let dedents = tokens[..end].iter().rev().take_while(|t| t.kind == Kind::Dedent).count();
        if dedents > 0 {
            tokens.drain(end - dedents..end);
            let at = tokens.len() as u32 - 1;
            return Err(diagnose::rejected(&src, &tokens, &t, at, mode, flags.allow_incomplete));
        }
    }
    let ignores = take_type_ignores(&src, &mut tokens, &mut t, flags);
    match tree(&src, &mut tokens, &mut t, mode, flags) {
        Ok(mut tree) => {
            if let Mod::Module { type_ignores, .. } = &mut tree {
                *type_ignores = ignores;
            }
            Ok(Parsed { tree, warnings: t.warnings })
        }
        Err(Fail::Error(e)) => Err(diagnose::refined(&src, &tokens, &t, *e, mode, flags.allow_incomplete)),
        Err(Fail::At(at)) => Err(diagnose::rejected(&src, &tokens, &t, at, mode, flags.allow_incomplete)),
    }
}

fn tree(src: &Source, tokens: &mut [Token], t: &mut Tokens, mode: Mode, flags: Flags) -> Result<Mod, Fail> {
    let start = match mode {
        Mode::Exec => Start::File,
        Mode::Eval => Start::Eval,
        Mode::Single => Start::Interactive,
        Mode::FuncType => return crate::functype::parse(src, tokens, &mut t.warnings),
    };
    let masked = mask::mask(src, tokens, &t.widths);
    let nodes = cst::parse(&masked, tokens).map_err(|m| Fail::At(m.0))?;
    lower::lower(src, tokens, &t.widths, &nodes, start, flags.barry_as_flufl, &mut t.warnings)
}

fn take_type_ignores(
    src: &Source,
    tokens: &mut Vec<Token>,
    t: &mut Tokens,
    flags: Flags,
) -> Vec<crate::ast::TypeIgnore> {
    if !flags.type_comments {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut kept = Vec::with_capacity(tokens.len());
    let mut moved: Vec<u32> = Vec::with_capacity(tokens.len() + 1);
    for token in tokens.iter() {
        moved.push(kept.len() as u32);
        if token.kind == Kind::TypeIgnore {
            let tag = &src.text[token.start as usize..token.end as usize];
            out.push(crate::ast::TypeIgnore::TypeIgnore { lineno: token.line as i32, tag: tag.into() });
        } else {
            kept.push(*token);
        }
    }
    moved.push(kept.len() as u32);
    for (first, _) in &mut t.widths {
        *first = moved.get(*first as usize).copied().unwrap_or(0);
    }
    *tokens = kept;
    out
}

/// What tree-sitter is given and what it makes of it, for debugging the masking.
pub fn explain(text: &str) -> String {
    let src = Source::new(text);
    let mut t = tokenizer::tokenize(&src, tokenizer::Options::default());
    let masked = mask::mask(&src, &mut t.tokens, &t.widths);
    let mut out = String::from_utf8_lossy(&masked).into_owned();
    out.push_str(&cst::sexp(&masked));
    out
}
