//! `from __future__ import ...`.

use crate::error::{Result, SyntaxError};
use taipan_abi::opcode::co;
use taipan_syntax::ast::{Constant, ExprKind, Mod, Pos, Stmt, StmtKind};

/// The features of a module: those given by the caller and those it imports itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Future {
    /// Bits of `co::FUTURE_*`.
    pub flags: u32,
    /// Where the last future import stands.
    pub pos: Option<Pos>,
}

impl Future {
    /// Annotations are kept as strings.
    pub fn annotations(&self) -> bool {
        self.flags & co::FUTURE_ANNOTATIONS != 0
    }
}

fn feature(name: &str) -> Option<u32> {
    Some(match name {
        "nested_scopes" | "generators" | "division" | "absolute_import" | "with_statement" | "print_function"
        | "unicode_literals" | "generator_stop" => 0,
        "barry_as_FLUFL" => co::FUTURE_BARRY_AS_BDFL,
        "annotations" => co::FUTURE_ANNOTATIONS,
        _ => return None,
    })
}

/// The features that a tree asks for, added to `flags`.
pub fn parse(tree: &Mod, flags: u32) -> Result<Future> {
    let mut future = Future { flags, pos: None };
    let body: &[Stmt] = match tree {
        Mod::Module { body, .. } | Mod::Interactive { body } => body,
        _ => return Ok(future),
    };
    let body = if docstring(body).is_some() { &body[1..] } else { body };
    for stmt in body {
        match &stmt.kind {
            StmtKind::ImportFrom { module: Some(module), names, level }
                if module.as_str() == "__future__" && level.unwrap_or(0) == 0 =>
            {
                for alias in names {
                    match feature(&alias.name) {
                        Some(bits) => future.flags |= bits,
                        None if alias.name.as_str() == "braces" => {
                            return Err(SyntaxError::new("not a chance", alias.pos));
                        }
                        None => {
                            let msg = format!("future feature {:.100} is not defined", alias.name.as_str());
                            return Err(SyntaxError::new(msg, alias.pos));
                        }
                    }
                }
                future.pos = Some(stmt.pos);
            }
            _ => break,
        }
    }
    Ok(future)
}

/// The docstring of a body.
pub fn docstring(body: &[Stmt]) -> Option<&taipan_syntax::ast::Wtf8> {
    match &body.first()?.kind {
        StmtKind::Expr { value } => match &value.kind {
            ExprKind::Constant { value: Constant::Str(s), .. } => Some(s),
            _ => None,
        },
        _ => None,
    }
}
