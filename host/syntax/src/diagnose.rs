//! Messages for text that was rejected.
//!
//! A recognizer over the tokens (a predictive one, without trees) looks for the first place that is not in the
//! grammar and for the mistakes that CPython has messages for. It runs only after a rejection.

mod args;
mod atoms;
mod compound;
mod expr;
mod pattern;
mod recognizer;
mod stmt;
mod target;

use crate::error::{ErrorKind, SyntaxError};
use crate::lower::error_at;
use crate::parse::Mode;
use crate::source::Source;
use crate::token::{Kind, Token};
use crate::tokenizer::{Open, Tokens};
use recognizer::{Found, Recognizer};

/// An error of the tokenizer, reported as incomplete input if that is wanted and true.
///
/// CPython's parser meets some of the tokenizer's errors only when it gets there, so that a mistake before them
/// has precedence; others are looked for first.
pub(crate) fn tokenizer_error(
    src: &Source,
    t: &Tokens,
    e: SyntaxError,
    mode: Mode,
    allow_incomplete: bool,
) -> SyntaxError {
    let mut tokens = t.tokens.clone();
    let end = src.text.len() as u32;
    let last = tokens.last().map_or(1, |t| t.end_line);
    let stop = Token {
        kind: Kind::ErrorToken,
        kw: crate::token::Kw::No,
        flags: 0,
        start: end,
        end,
        line: last,
        end_line: last,
    };
    tokens.push(stop);
    if let Err(found) = Recognizer::new(src, &tokens).run(mode)
        && (found.t0 as usize) < t.tokens.len()
    {
        let kind = tokens[found.t0 as usize].kind;
        let indent = found.msg.is_none() && matches!(kind, Kind::Indent | Kind::Dedent);
        if indent || t.lazy_error && !t.incomplete {
            return finish(src, &tokens, t, found);
        }
    }
    if allow_incomplete && t.incomplete {
        return incomplete(e);
    }
    e
}

fn incomplete(e: SyntaxError) -> SyntaxError {
    SyntaxError { kind: ErrorKind::IncompleteInput, msg: "incomplete input".into(), ..e }
}

/// An error with a message, unless something else has precedence.
pub(crate) fn refined(
    src: &Source,
    tokens: &[Token],
    t: &Tokens,
    e: SyntaxError,
    mode: Mode,
    _allow_incomplete: bool,
) -> SyntaxError {
    if e.kind != ErrorKind::SyntaxError || e.lineno == 0 {
        return e;
    }
    // What comes first in the text is reported first.
    match Recognizer::new(src, tokens).run(mode) {
        Err(found) if found.before(tokens, &e) => finish(src, tokens, t, found),
        _ => e,
    }
}

/// An error for text that is not in the grammar, as seen at the token `at`.
pub(crate) fn rejected(
    src: &Source,
    tokens: &[Token],
    t: &Tokens,
    at: u32,
    mode: Mode,
    allow_incomplete: bool,
) -> SyntaxError {
    let found = match Recognizer::new(src, tokens).run(mode) {
        Err(found) => found,
        Ok(()) => Found::generic(at),
    };
    let at_end = found.reached as usize >= tokens.len()
        || tokens[found.reached as usize..]
            .iter()
            .all(|t| matches!(t.kind, Kind::Newline | Kind::Dedent | Kind::EndMarker | Kind::ErrorToken))
            && tokens.get(found.reached as usize).is_some_and(|t| t.kind != Kind::Newline || src.newline_added);
    let e = finish(src, tokens, t, found);
    if allow_incomplete && at_end { incomplete(e) } else { e }
}

fn finish(src: &Source, tokens: &[Token], t: &Tokens, found: Found) -> SyntaxError {
    let at = tokens.get(found.t0 as usize).copied();
    let is_end = |at: u32| tokens.get(at as usize).is_none_or(|t| t.kind == Kind::ErrorToken);
    let at_error_token = found.msg.is_none() && (is_end(found.t0) || is_end(found.touched));
    if let Some(open) = t.open.last()
        && (at_error_token || at.is_some_and(|t| t.line > open.line))
    {
        return never_closed(src, open);
    }
    let Some(msg) = found.msg else {
        let kind = at.map(|t| t.kind);
        let mut e = error_at(src, tokens, found.t0, found.t0 + 1, "invalid syntax");
        if let (Some(Kind::Indent | Kind::Dedent), Some(at)) = (kind, at) {
            e.kind = ErrorKind::IndentationError;
            e.msg = if kind == Some(Kind::Indent) { "unexpected indent" } else { "unexpected unindent" }.into();
            e.offset = src.char_col(at.line, at.end);
            if kind == Some(Kind::Indent) {
                let line = src.line(at.line);
                e.offset = line.chars().take_while(|c| matches!(c, ' ' | '\t' | '\x0c')).count() as i32;
            }
            e.end_lineno = at.line as i32;
            e.end_offset = -1;
        }
        return e;
    };
    let mut e = error_at(src, tokens, found.t0, found.t1, msg);
    e.kind = found.kind;
    if found.empty {
        (e.end_lineno, e.end_offset) = (e.lineno, e.offset);
    }
    if let Some(at) = at
        && at.kind == Kind::Dedent
        && (at.start as usize) < src.text.len()
    {
        (e.offset, e.end_lineno, e.end_offset) = (0, e.lineno, -1);
    } else if let Some(at) = at
        && matches!(at.kind, Kind::Dedent | Kind::EndMarker)
    {
        // At the end of the source the last line is shown.
        let line = src.line_count();
        let text = src.line(line);
        e.lineno = line as i32;
        e.offset = text.trim_end_matches('\n').chars().count() as i32 + 1;
        e.end_lineno = e.lineno;
        e.end_offset = -1;
        e.text = Some(text.to_owned());
    }
    e
}

fn never_closed(src: &Source, open: &Open) -> SyntaxError {
    let text = src.line(open.line);
    let last = open.line == src.line_count();
    SyntaxError {
        lineno: open.line as i32,
        offset: src.char_col(open.line, open.start) + 1,
        end_lineno: open.line as i32,
        end_offset: 0,
        text: Some(if last && src.newline_added { text } else { text.strip_suffix('\n').unwrap_or(text) }.to_owned()),
        ..SyntaxError::bare(ErrorKind::SyntaxError, format!("'{}' was never closed", open.bracket as char))
    }
}
