//! Tokens as the `tokenize` module wants them: character columns, text, and CPython's special cases for
//! newlines and the end of the source.

use crate::error::SyntaxError;
use crate::source::Source;
use crate::token::{DOUBLED, Kind, Token};
use crate::tokenizer::{self, Options};

/// One token; positions are (line from 1, column in characters from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TokenInfo {
    pub kind: Kind,
    pub text: String,
    pub start: (u32, i32),
    pub end: (u32, i32),
    /// The physical lines that the token stands on.
    pub line: String,
}

/// The tokens of a source and the error after them, if any. With `extra_tokens` also COMMENT and NL; operators
/// keep their exact kinds, which `tokenize` replaces by OP.
pub fn tokenize_module(text: &str, extra_tokens: bool) -> (Vec<TokenInfo>, Option<SyntaxError>) {
    let src = Source::keeping_newlines(text);
    let t = tokenizer::tokenize(&src, Options { extra_tokens, ..Options::default() });
    let tokens = t.tokens.iter().map(|t| info(&src, t)).collect();
    (tokens, t.error)
}

fn info(src: &Source, t: &Token) -> TokenInfo {
    let end_of_text = t.start as usize >= src.text.len();
    let mut text = src.text[t.start as usize..t.end as usize].to_owned();
    let mut start = (t.line, src.char_col(t.line, t.start));
    let mut end = (t.end_line, src.char_col(t.end_line, t.end));
    let mut line: String = (t.line..=t.end_line).map(|l| src.line(l)).collect();
    match t.kind {
        Kind::EndMarker | Kind::Dedent if end_of_text => {
            let last = src.line_count() + 1;
            let last = if src.text.is_empty() { 1 } else { last };
            (start, end) = ((last, 0), (last, 0));
            text.clear();
            line.clear();
        }
        Kind::Newline | Kind::Nl => {
            let implicit = src.newline_added && t.end as usize == src.text.len();
            if implicit {
                text.clear();
            }
            let width = if text.starts_with('\r') { 2 } else { 1 };
            end = (t.line, start.1 + width);
        }
        Kind::FStringMiddle | Kind::TStringMiddle if t.flags & DOUBLED != 0 => {
            text.pop();
            end.1 -= 1;
        }
        _ => {}
    }
    if src.newline_added && line.ends_with('\n') && t.end_line == src.line_count() {
        line.pop();
    }
    TokenInfo { kind: t.kind, text, start, end, line }
}
