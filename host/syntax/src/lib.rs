//! Source text to a strict AST.

pub mod ast;
pub mod error;
pub mod source;
pub mod token;
pub mod tokenizer;
mod cst;
mod mask;
