//! SyntaxWarnings of this stage.

use super::Compiler;
use crate::error::Warning;
use crate::linetable::Loc;
use taipan_syntax::ast::{CmpOp, Constant, Expr, ExprKind};

/// The type that an expression certainly has.
fn type_name(e: &Expr) -> Option<&'static str> {
    Some(match &e.kind {
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::List { .. } | ExprKind::ListComp { .. } => "list",
        ExprKind::Dict { .. } | ExprKind::DictComp { .. } => "dict",
        ExprKind::Set { .. } | ExprKind::SetComp { .. } => "set",
        ExprKind::GeneratorExp { .. } => "generator",
        ExprKind::Lambda { .. } => "function",
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => "str",
        ExprKind::TemplateStr { .. } => "string.templatelib.Template",
        ExprKind::Interpolation { .. } => "string.templatelib.Interpolation",
        ExprKind::Constant { value, .. } => constant_type(value),
        _ => return None,
    })
}

fn constant_type(c: &Constant) -> &'static str {
    match c {
        Constant::None => "NoneType",
        Constant::True | Constant::False => "bool",
        Constant::Ellipsis => "ellipsis",
        Constant::Int(_) | Constant::BigInt(_) => "int",
        Constant::Float(_) => "float",
        Constant::Complex { .. } => "complex",
        Constant::Str(_) => "str",
        Constant::Bytes(_) => "bytes",
        Constant::Tuple(_) => "tuple",
        Constant::FrozenSet(_) => "frozenset",
    }
}

/// The type of a literal that should not be compared by identity.
fn literal_type(e: &Expr) -> Option<&'static str> {
    match &e.kind {
        ExprKind::Constant {
            value: Constant::None | Constant::True | Constant::False | Constant::Ellipsis, ..
        } => None,
        ExprKind::Constant { value, .. } => Some(constant_type(value)),
        ExprKind::Tuple { elts, .. } if elts.iter().all(|e| matches!(e.kind, ExprKind::Constant { .. })) => {
            Some("tuple")
        }
        _ => None,
    }
}

impl<'a> Compiler<'a> {
    /// Reports a SyntaxWarning, once for each place: `finally` bodies are compiled more than once.
    pub(crate) fn warn(&mut self, msg: impl Into<String>, pos: Loc) {
        let w = Warning { msg: msg.into(), pos };
        if !self.warnings.contains(&w) {
            self.warnings.push(w);
        }
    }

    pub(crate) fn warn_compare(&mut self, e: &Expr, left: &Expr, ops: &[CmpOp], comparators: &[Expr]) {
        let mut left = literal_type(left);
        for (op, right) in ops.iter().zip(comparators) {
            let right = literal_type(right);
            if let (CmpOp::Is | CmpOp::IsNot, Some(t)) = (op, left.or(right)) {
                let (is, eq) = if *op == CmpOp::Is { ("is", "==") } else { ("is not", "!=") };
                self.warn(format!("\"{is}\" with '{t}' literal. Did you mean \"{eq}\"?"), e.pos);
                return;
            }
            left = right;
        }
    }

    pub(crate) fn warn_caller(&mut self, func: &Expr) {
        let literal = !matches!(func.kind, ExprKind::Lambda { .. });
        if let Some(t) = type_name(func)
            && literal
        {
            self.warn(format!("'{t}' object is not callable; perhaps you missed a comma?"), func.pos);
        }
    }

    pub(crate) fn warn_subscripted(&mut self, value: &Expr, pos: Loc) {
        let bad = match &value.kind {
            ExprKind::Constant { value, .. } => {
                !matches!(value, Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_))
            }
            ExprKind::Set { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::TemplateStr { .. }
            | ExprKind::Interpolation { .. }
            | ExprKind::Lambda { .. } => true,
            _ => false,
        };
        if bad && let Some(t) = type_name(value) {
            self.warn(format!("'{t}' object is not subscriptable; perhaps you missed a comma?"), pos);
        }
    }

    pub(crate) fn warn_index(&mut self, value: &Expr, index: &Expr, pos: Loc) {
        let Some(index) = type_name(index) else { return };
        if matches!(index, "int" | "bool") {
            return;
        }
        let sequence = match &value.kind {
            ExprKind::Constant { value, .. } => {
                matches!(value, Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_))
            }
            ExprKind::Tuple { .. }
            | ExprKind::List { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::FormattedValue { .. } => true,
            _ => false,
        };
        if sequence && let Some(t) = type_name(value) {
            let msg = format!("{t} indices must be integers or slices, not {index}; perhaps you missed a comma?");
            self.warn(msg, pos);
        }
    }
}
