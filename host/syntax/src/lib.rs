//! Source text to a strict AST.

pub mod ast;
mod cst;
mod diagnose;
pub mod dump;
pub mod error;
mod functype;
mod literal;
mod lower;
mod mask;
mod parse;
pub mod source;
pub mod token;
pub mod tokenizer;

pub use error::{Category, ErrorKind, SyntaxError, Warning};
pub use parse::{explain, Flags, Mode, Parsed, parse, parse_bytes};
