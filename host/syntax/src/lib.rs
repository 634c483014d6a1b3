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
mod token_module;
pub mod tokenizer;
pub mod wire;

pub use error::{Category, ErrorKind, SyntaxError, Warning};
pub use parse::{Flags, Mode, Parsed, explain, parse, parse_bytes};
pub use token_module::{TokenInfo, tokenize_module};
