//! Source text to a strict AST.

pub mod ast;
