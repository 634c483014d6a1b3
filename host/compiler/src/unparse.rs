//! Expressions back to text, for annotations that are kept as strings.

use taipan_syntax::ast::Wtf8;
use taipan_syntax::ast::Expr;

/// The text of an expression, as CPython writes it.
pub fn expr(_e: &Expr) -> Wtf8 {
    Wtf8::new("")
}
