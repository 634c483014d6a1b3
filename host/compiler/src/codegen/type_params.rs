//! Type parameters and type aliases (PEP 695, PEP 696).

use super::{Compiler, UnitKind, err};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::Loc;
use crate::symtable::{Part, key};
use taipan_abi::opcode::{Intrinsic1, Intrinsic2, Op};
use taipan_syntax::ast::{Expr, ExprKind, Ident, Stmt, StmtKind, TypeParam, TypeParamKind};

impl<'a> Compiler<'a> {
    /// Makes the type parameters, binds each, leaves a tuple of them.
    pub(crate) fn type_params(&mut self, params: &'a [TypeParam], loc: Loc) -> Result<()> {
        let mut seen_default = false;
        for p in params {
            let at = p.pos;
            let (name, intrinsic, default) = match &p.kind {
                TypeParamKind::TypeVar { name, default_value, .. } => (name, Intrinsic1::TypeVar, default_value),
                TypeParamKind::ParamSpec { name, default_value } => (name, Intrinsic1::ParamSpec, default_value),
                TypeParamKind::TypeVarTuple { name, default_value } => (name, Intrinsic1::TypeVarTuple, default_value),
            };
            self.load_str(name, at);
            match &p.kind {
                TypeParamKind::TypeVar { bound: Some(bound), .. } => {
                    self.lazy_value(p, Part::Bound, name, bound, false)?;
                    let intrinsic = match bound.kind {
                        ExprKind::Tuple { .. } => Intrinsic2::TypeVarWithConstraints,
                        _ => Intrinsic2::TypeVarWithBound,
                    };
                    self.op_i(Op::CALL_INTRINSIC_2, intrinsic as u32, at);
                }
                _ => self.op_i(Op::CALL_INTRINSIC_1, intrinsic as u32, at),
            }
            if let Some(default) = default {
                seen_default = true;
                let starred = matches!(p.kind, TypeParamKind::TypeVarTuple { .. });
                self.lazy_value(p, Part::Default, name, default, starred)?;
                self.op_i(Op::CALL_INTRINSIC_2, Intrinsic2::SetTypeparamDefault as u32, at);
            } else if seen_default {
                let msg = format!("non-default type parameter '{}' follows default type parameter", name.as_str());
                return err(msg, at);
            }
            self.op_i(Op::COPY, 1, at);
            self.store_name(name, at)?;
        }
        self.op_i(Op::BUILD_TUPLE, params.len() as u32, loc);
        Ok(())
    }

    /// Pushes a function that computes a bound or default.
    fn lazy_value(&mut self, p: &'a TypeParam, part: Part, name: &Ident, e: &'a Expr, starred: bool) -> Result<()> {
        let loc = e.pos;
        self.load(Const::Tuple([Const::Int(1)].into()), loc);
        let scope = self.find_scope(key(p, part))?;
        self.enter_lazy(name.clone(), scope, loc)?;
        match &e.kind {
            ExprKind::Starred { value, .. } if starred => {
                self.expr(value)?;
                self.op_i(Op::UNPACK_SEQUENCE, 1, loc);
            }
            _ => self.expr(e)?,
        }
        self.op(Op::RETURN_VALUE, loc);
        let code = self.leave(false)?;
        self.make_closure(code, 1, loc)
    }

    pub(crate) fn type_alias(&mut self, s: &'a Stmt) -> Result<()> {
        let StmtKind::TypeAlias { name, type_params, value } = &s.kind else { return Ok(()) };
        let ExprKind::Name { id, .. } = &name.kind else {
            return err("TypeAlias with non-Name name", name.pos);
        };
        let loc = s.pos;
        let generic = !type_params.is_empty();
        if generic {
            let unit = Ident::new(&format!("<generic parameters of {}>", id.as_str()));
            let private = self.unit().private.clone();
            self.enter(unit, UnitKind::TypeParams, key(s, Part::TypeParams), loc.lineno, private)?;
            self.load_str(id, loc);
            self.type_params(type_params, loc)?;
        } else {
            self.load_str(id, loc);
            self.load(Const::None, loc);
        }
        self.load(Const::Tuple([Const::Int(1)].into()), loc);
        let scope = self.find_scope(key(s, Part::Body))?;
        self.enter_lazy(id.clone(), scope, loc)?;
        self.expr(value)?;
        self.op(Op::RETURN_VALUE, loc);
        let code = self.leave(false)?;
        self.make_closure(code, 1, loc)?;
        self.op_i(Op::BUILD_TUPLE, 3, loc);
        self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::TypeAlias as u32, loc);
        if generic {
            self.op(Op::RETURN_VALUE, loc);
            let code = self.leave(false)?;
            self.make_closure(code, 0, loc)?;
            self.op(Op::PUSH_NULL, loc);
            self.op_i(Op::CALL, 0, loc);
        }
        self.store_name(id, loc)
    }
}
