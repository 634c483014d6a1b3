//! What is reported about source text: errors and warnings, in CPython's terms.

/// Which exception an error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ErrorKind {
    SyntaxError,
    IndentationError,
    TabError,
    /// `_IncompleteInputError`: more input could make this valid.
    IncompleteInput,
    ValueError,
    MemoryError,
    RecursionError,
}

/// Why source text is not a program. Lines count from 1, offsets are characters from 1; an end of 0 or -1
/// means what it does in CPython, and `lineno` 0 that no position is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub msg: String,
    pub filename: String,
    pub lineno: i32,
    pub offset: i32,
    pub end_lineno: i32,
    pub end_offset: i32,
    pub text: Option<String>,
}

impl SyntaxError {
    /// An error that belongs to no place.
    pub fn bare(kind: ErrorKind, msg: impl Into<String>) -> Self {
        SyntaxError {
            kind,
            msg: msg.into(),
            filename: String::new(),
            lineno: 0,
            offset: -1,
            end_lineno: 0,
            end_offset: -1,
            text: None,
        }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {} ({}:{}:{})", self.kind, self.msg, self.filename, self.lineno, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

/// Which warning category a [`Warning`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Category {
    SyntaxWarning,
    DeprecationWarning,
}

/// A warning about valid source. If a filter turns it into an error, the caller raises a SyntaxError with
/// the same message at these positions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Warning {
    pub category: Category,
    pub msg: String,
    pub lineno: i32,
    pub offset: i32,
    pub end_lineno: i32,
    pub end_offset: i32,
}
