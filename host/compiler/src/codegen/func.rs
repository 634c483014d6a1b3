//! Functions and lambdas.

use super::unit::FBlock;
use super::{Compiler, UnitKind};
use crate::asm::Label;
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::{Part, key};
use taipan_abi::opcode::{Intrinsic1, Intrinsic2, Op};
use taipan_syntax::ast::{Arguments, Expr, ExprKind, Ident, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    pub(crate) fn decorators(&mut self, list: &'a [Expr]) -> Result<()> {
        list.iter().try_for_each(|d| self.expr(d))
    }
    pub(crate) fn apply_decorators(&mut self, list: &'a [Expr]) {
        // The function stands where the callee's self would: it is the only argument.
        list.iter().rev().for_each(|d| self.op_i(Op::CALL, 0, d.pos));
    }

    /// Pushes the defaults; returns the attribute bits.
    fn defaults(&mut self, args: &'a Arguments, loc: Loc) -> Result<u32> {
        let mut bits = 0;
        if !args.defaults.is_empty() {
            bits |= 1;
            args.defaults.iter().try_for_each(|e| self.expr(e))?;
            self.u().seq.build_tuple(args.defaults.len(), loc);
        }
        let mut n = 0;
        for (arg, default) in args.kwonlyargs.iter().zip(&args.kw_defaults) {
            if let Some(default) = default {
                let name = self.mangle(&arg.arg);
                self.load_str(&name, loc);
                self.expr(default)?;
                n += 1;
            }
        }
        if n > 0 {
            bits |= 2;
            self.op_i(Op::BUILD_MAP, n, loc);
        }
        Ok(bits)
    }

    fn set_argcounts(&mut self, args: &Arguments) {
        let u = self.u();
        u.posonlyargcount = args.posonlyargs.len() as u32;
        u.argcount = (args.posonlyargs.len() + args.args.len()) as u32;
        u.kwonlyargcount = args.kwonlyargs.len() as u32;
    }

    pub(crate) fn function(&mut self, s: &'a Stmt) -> Result<()> {
        let (StmtKind::FunctionDef { name, args, body, decorator_list, returns, type_params, .. }
        | StmtKind::AsyncFunctionDef { name, args, body, decorator_list, returns, type_params, .. }) = &s.kind
        else {
            return Ok(());
        };
        let is_async = matches!(s.kind, StmtKind::AsyncFunctionDef { .. });
        self.decorators(decorator_list)?;
        let firstlineno = decorator_list.first().map_or(s.pos.lineno, |d| d.pos.lineno);
        let loc = s.pos;
        let mut bits = self.defaults(args, loc)?;
        let generic = !type_params.is_empty();
        let passed = bits.count_ones();
        if generic {
            if passed == 2 {
                self.op_i(Op::SWAP, 2, loc);
            }
            let name = Ident::new(&format!("<generic parameters of {}>", name.as_str()));
            let private = self.unit().private.clone();
            self.enter(name, UnitKind::TypeParams, key(s, Part::TypeParams), firstlineno, private)?;
            self.u().argcount = passed;
            self.type_params(type_params, loc)?;
            for i in 0..passed {
                self.op_i(Op::LOAD_FAST, i, loc);
            }
        }
        if self.function_annotations(s, args, returns.as_deref(), loc)? {
            bits |= 16;
        }
        self.function_body(s, name, args, body, is_async, bits, firstlineno)?;
        if generic {
            self.op_i(Op::SWAP, 2, loc);
            self.op_i(Op::CALL_INTRINSIC_2, Intrinsic2::SetFunctionTypeParams as u32, loc);
            self.op(Op::RETURN_VALUE, loc);
            let code = self.leave(false)?;
            self.make_closure(code, 0, loc)?;
            if passed > 0 {
                self.op_i(Op::SWAP, passed + 1, loc);
                self.op_i(Op::CALL, passed - 1, loc);
            } else {
                self.op(Op::PUSH_NULL, loc);
                self.op_i(Op::CALL, 0, loc);
            }
        }
        self.apply_decorators(decorator_list);
        self.store_name(name, loc)
    }

    fn function_body(
        &mut self,
        s: &'a Stmt,
        name: &'a Ident,
        args: &'a Arguments,
        body: &'a [Stmt],
        is_async: bool,
        bits: u32,
        firstlineno: i32,
    ) -> Result<()> {
        let private = self.unit().private.clone();
        let kind = if is_async { UnitKind::AsyncFunction } else { UnitKind::Function };
        self.enter(name.clone(), kind, key(s, Part::Body), firstlineno, private)?;
        self.set_argcounts(args);
        let mut rest = body;
        if let Some(doc) = crate::future::docstring(body) {
            rest = &body[1..];
            if self.optimize < 2 {
                self.u().docstring = Some(Const::Str(crate::docstring::clean(doc)));
            }
        }
        let handler = self.stop_iteration_start()?;
        self.stmts(rest)?;
        self.stop_iteration_end(handler);
        let code = self.leave(handler.is_none())?;
        self.make_closure(code, bits, s.pos)
    }

    /// In a generator or coroutine: from here on, StopIteration becomes RuntimeError when it leaves the body.
    pub(crate) fn stop_iteration_start(&mut self) -> Result<Option<Label>> {
        let scope = self.scope();
        if !scope.generator && !scope.coroutine {
            return Ok(None);
        }
        let handler = self.label();
        self.u().seq.setup(handler, true, NO_LOC);
        self.push_fblock(FBlock::StopIteration, NO_LOC)?;
        Ok(Some(handler))
    }

    pub(crate) fn stop_iteration_end(&mut self, handler: Option<Label>) {
        let Some(handler) = handler else { return };
        self.pop_fblock();
        self.load(Const::None, NO_LOC);
        self.op(Op::RETURN_VALUE, NO_LOC);
        self.u().seq.pop_block();
        self.place(handler);
        self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::StopIterationError as u32, NO_LOC);
        self.op_i(Op::RERAISE, 1, NO_LOC);
    }

    pub(crate) fn lambda(&mut self, e: &'a Expr) -> Result<()> {
        let ExprKind::Lambda { args, body } = &e.kind else { return Ok(()) };
        let bits = self.defaults(args, e.pos)?;
        let private = self.unit().private.clone();
        self.enter(Ident::new("<lambda>"), UnitKind::Lambda, key(e, Part::Body), e.pos.lineno, private)?;
        self.set_argcounts(args);
        let handler = self.stop_iteration_start()?;
        self.expr(body)?;
        self.op(Op::RETURN_VALUE, body.pos);
        self.stop_iteration_end(handler);
        let code = self.leave(false)?;
        self.make_closure(code, bits, e.pos)
    }
}
