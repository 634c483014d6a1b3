//! Messages for text that was rejected.

use crate::error::{ErrorKind, SyntaxError};
use crate::lower::error_at;
use crate::parse::Mode;
use crate::source::Source;
use crate::token::{Kind, Token};
use crate::tokenizer::Tokens;

/// An error of the tokenizer, reported as incomplete input if that is wanted and true.
pub(crate) fn tokenizer_error(_src: &Source, t: &Tokens, e: SyntaxError, allow_incomplete: bool) -> SyntaxError {
    if allow_incomplete && t.incomplete {
        return SyntaxError { kind: ErrorKind::IncompleteInput, msg: "incomplete input".into(), ..e };
    }
    e
}

/// An error with a message, unless something else has precedence.
pub(crate) fn refined(
    _src: &Source, _tokens: &[Token], _t: &Tokens, e: SyntaxError, _mode: Mode, _allow_incomplete: bool,
) -> SyntaxError {
    e
}

/// An error for text that is not in the grammar, as seen at the token `at`.
pub(crate) fn rejected(
    src: &Source, tokens: &[Token], _t: &Tokens, at: u32, _mode: Mode, _allow_incomplete: bool,
) -> SyntaxError {
    let mut at = at as usize;
    while at < tokens.len() && matches!(tokens[at].kind, Kind::Comment | Kind::Nl) {
        at += 1;
    }
    error_at(src, tokens, at as u32, at as u32 + 1, "invalid syntax")
}
