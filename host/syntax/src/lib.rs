//! Source text to a strict AST.
