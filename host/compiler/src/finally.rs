//! PEP 765: warns of `return`, `break` and `continue` that leave a `finally` block.

use crate::error::{Depth, Result, Warning};
use std::rc::Rc;
use taipan_syntax::ast::{ExceptHandlerKind, Mod, Stmt, StmtKind};

/// Finds them in a whole tree.
pub fn check(tree: &Mod) -> Result<Vec<Warning>> {
    let mut walk = Walk { warnings: Vec::new(), depth: Rc::new(Depth::default()) };
    if let Mod::Module { body, .. } | Mod::Interactive { body } = tree {
        walk.stmts(body, Place::default())?;
    }
    Ok(walk.warnings)
}

/// What a statement would leave.
#[derive(Clone, Copy, Default)]
struct Place {
    /// In a `finally` block of this function.
    in_finally: bool,
    /// In a loop inside of that block.
    in_loop: bool,
}

struct Walk {
    warnings: Vec<Warning>,
    depth: Rc<Depth>,
}

impl Walk {
    fn stmts(&mut self, body: &[Stmt], place: Place) -> Result<()> {
        body.iter().try_for_each(|s| {
            let depth = self.depth.clone();
            depth.enter(|| self.stmt(s, place))
        })
    }

    fn stmt(&mut self, s: &Stmt, place: Place) -> Result<()> {
        let word = match &s.kind {
            StmtKind::FunctionDef { body, .. }
            | StmtKind::AsyncFunctionDef { body, .. }
            | StmtKind::ClassDef { body, .. } => return self.stmts(body, Place::default()),
            StmtKind::For { body, orelse, .. }
            | StmtKind::AsyncFor { body, orelse, .. }
            | StmtKind::While { body, orelse, .. } => {
                self.stmts(body, Place { in_loop: true, ..place })?;
                return self.stmts(orelse, place);
            }
            StmtKind::If { body, orelse, .. } => {
                self.stmts(body, place)?;
                return self.stmts(orelse, place);
            }
            StmtKind::With { body, .. } | StmtKind::AsyncWith { body, .. } => return self.stmts(body, place),
            StmtKind::Match { cases, .. } => return cases.iter().try_for_each(|c| self.stmts(&c.body, place)),
            StmtKind::Try { body, handlers, orelse, finalbody }
            | StmtKind::TryStar { body, handlers, orelse, finalbody } => {
                self.stmts(body, place)?;
                for h in handlers {
                    let ExceptHandlerKind::ExceptHandler { body, .. } = &h.kind;
                    self.stmts(body, place)?;
                }
                self.stmts(orelse, place)?;
                return self.stmts(finalbody, Place { in_finally: true, in_loop: false });
            }
            StmtKind::Return { .. } if place.in_finally => "return",
            StmtKind::Break {} if place.in_finally && !place.in_loop => "break",
            StmtKind::Continue {} if place.in_finally && !place.in_loop => "continue",
            _ => return Ok(()),
        };
        self.warnings.push(Warning { msg: format!("'{word}' in a 'finally' block"), pos: s.pos });
        Ok(())
    }
}
