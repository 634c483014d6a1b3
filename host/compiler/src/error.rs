//! What compilation reports: errors, warnings, and the guard against deep trees.

use std::cell::Cell;
use std::fmt;
use taipan_syntax::ast::Pos;

/// What kind of Python exception an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// SyntaxError.
    Syntax,
    /// RecursionError: the tree is nested too deeply.
    Recursion,
    /// ValueError or TypeError of a tree that Python code built in a way no source gives.
    Value,
    /// OverflowError: more names, constants, locals or code than an instruction can address.
    Overflow,
}

/// An error. Columns of `pos` are UTF-8 byte offsets; CPython reports them plus one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The exception's class.
    pub kind: ErrorKind,
    /// The message.
    pub msg: String,
    /// Where; None when it has no place.
    pub pos: Option<Pos>,
}

impl SyntaxError {
    /// A plain SyntaxError at a place.
    pub fn new(msg: impl Into<String>, pos: Pos) -> Self {
        SyntaxError { kind: ErrorKind::Syntax, msg: msg.into(), pos: Some(pos) }
    }
    /// An error of another kind, without a place.
    pub fn other(kind: ErrorKind, msg: impl Into<String>) -> Self {
        SyntaxError { kind, msg: msg.into(), pos: None }
    }
}

impl SyntaxError {
    /// In the form in which the parser reports errors, too.
    pub fn public(self, filename: &str) -> taipan_syntax::SyntaxError {
        use taipan_syntax::ErrorKind as K;
        let kind = match self.kind {
            ErrorKind::Syntax => K::SyntaxError,
            ErrorKind::Recursion => K::RecursionError,
            ErrorKind::Value | ErrorKind::Overflow => K::ValueError,
        };
        let mut e = taipan_syntax::SyntaxError::bare(kind, self.msg);
        e.filename = filename.to_string();
        if let Some(p) = self.pos {
            (e.lineno, e.offset) = (p.lineno, p.col_offset.saturating_add(1));
            (e.end_lineno, e.end_offset) = (p.end_lineno, p.end_col_offset.saturating_add(1));
        }
        e
    }
}

impl Warning {
    /// In the form in which the parser reports warnings, too.
    pub fn public(self) -> taipan_syntax::Warning {
        taipan_syntax::Warning {
            category: taipan_syntax::Category::SyntaxWarning,
            msg: self.msg,
            lineno: self.pos.lineno,
            offset: self.pos.col_offset.saturating_add(1),
            end_lineno: self.pos.end_lineno,
            end_offset: self.pos.end_col_offset.saturating_add(1),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg)?;
        match self.pos {
            Some(p) => write!(f, " ({}:{})", p.lineno, p.col_offset.saturating_add(1)),
            None => Ok(()),
        }
    }
}

/// A SyntaxWarning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The message.
    pub msg: String,
    /// Where. If the warning is turned into an error, it is a SyntaxError with this place.
    pub pos: Pos,
}

/// The result of a compilation step.
pub type Result<T> = std::result::Result<T, SyntaxError>;

/// How deeply a tree may be nested.
const MAX_DEPTH: u32 = 6000;
/// Native stack that one level may need, and what is added when it runs short.
const RED_ZONE: usize = 256 << 10;
const SEGMENT: usize = 4 << 20;

/// Counts nesting; deep trees continue on fresh segments of native stack, too deep ones are an error.
#[derive(Default)]
pub struct Depth(Cell<u32>);

impl Depth {
    /// Runs `f` one level deeper.
    pub fn enter<T>(&self, f: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.0.get();
        if depth >= MAX_DEPTH {
            return Err(SyntaxError::other(
                ErrorKind::Recursion,
                "maximum recursion depth exceeded during compilation",
            ));
        }
        self.0.set(depth + 1);
        let result = if depth % 8 == 7 { stacker::maybe_grow(RED_ZONE, SEGMENT, f) } else { f() };
        self.0.set(depth);
        result
    }
}
