//! Calls: plain, of methods, with unpacking, of `super`.

use super::stmt::attribute_loc;
use super::{Compiler, STACK_USE_GUIDELINE, UnitKind, err};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::{Loc, NO_LOC};
use crate::symtable::{NameScope, flag};
use taipan_abi::opcode::{Intrinsic1, Op};
use taipan_syntax::ast::{Expr, ExprContext, ExprKind, Ident, Keyword};

fn is_starred(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Starred { .. })
}

impl<'a> Compiler<'a> {
    pub(crate) fn call(
        &mut self,
        e: &'a Expr,
        func: &'a Expr,
        args: &'a [Expr],
        keywords: &'a [Keyword],
    ) -> Result<()> {
        check_keywords(keywords)?;
        if self.method_call(e, func, args, keywords)? {
            return Ok(());
        }
        self.warn_caller(func);
        if self.loop_call(e, func, args, keywords)? {
            return Ok(());
        }
        self.expr(func)?;
        self.u().seq.push_null(func.pos);
        self.call_args(0, args, None, keywords, e.pos)
    }

    fn method_call(&mut self, e: &'a Expr, func: &'a Expr, args: &'a [Expr], keywords: &'a [Keyword]) -> Result<bool> {
        let ExprKind::Attribute { value, attr, ctx: ExprContext::Load } = &func.kind else { return Ok(false) };
        if self.is_imported(value)
            || args.len() + keywords.len() + !keywords.is_empty() as usize >= STACK_USE_GUIDELINE
            || args.iter().any(is_starred)
            || keywords.iter().any(|k| k.arg.is_none())
        {
            return Ok(false);
        }
        let at = attribute_loc(func, attr);
        if self.is_super_call(value) {
            self.super_args(value)?;
            self.super_attr(value, attr, true, at)?;
        } else {
            self.expr(value)?;
            let name = self.attr_index(attr);
            self.op_i(Op::LOAD_METHOD, name, at);
        }
        args.iter().try_for_each(|a| self.expr(a))?;
        // Tracebacks point at the name of the method if the call spans lines.
        let mut loc = attribute_loc(func, attr);
        loc.end_lineno = e.pos.end_lineno;
        loc.end_col_offset = e.pos.end_col_offset;
        if func.pos.lineno == func.pos.end_lineno {
            loc = e.pos;
        }
        self.finish_call(args.len(), keywords, loc)?;
        Ok(true)
    }

    /// `all`, `any` and `tuple` of a generator expression, as a loop if they are the builtin functions.
    fn loop_call(&mut self, e: &'a Expr, func: &'a Expr, args: &'a [Expr], keywords: &'a [Keyword]) -> Result<bool> {
        let ExprKind::Name { id, ctx: ExprContext::Load } = &func.kind else { return Ok(false) };
        let [arg @ Expr { kind: ExprKind::GeneratorExp { generators, .. }, .. }] = args else { return Ok(false) };
        if !keywords.is_empty() || generators.iter().any(|g| g.is_async != 0) {
            return Ok(false);
        }
        let (constant, goes_on) = match id.as_str() {
            "tuple" => (2, None),
            "all" => (3, Some(true)),
            "any" => (4, Some(false)),
            _ => return Ok(false),
        };
        let (skip, start, cleanup, end) = (self.label(), self.label(), self.label(), self.label());
        let loc = func.pos;
        self.expr(func)?;
        self.op_i(Op::COPY, 1, loc);
        self.op_i(Op::LOAD_COMMON_CONSTANT, constant, loc);
        self.op(Op::IS_OP, loc);
        self.jump(Op::POP_JUMP_IF_FALSE, skip, loc);
        self.op(Op::POP_TOP, loc);
        if goes_on.is_none() {
            self.op_i(Op::BUILD_LIST, 0, loc);
        }
        self.expr(arg)?;
        self.place(start);
        self.jump(Op::FOR_ITER, cleanup, loc);
        match goes_on {
            None => {
                self.op_i(Op::LIST_APPEND, 2, loc);
                self.goto(start, loc);
            }
            Some(value) => {
                let op = if value { Op::POP_JUMP_IF_TRUE } else { Op::POP_JUMP_IF_FALSE };
                self.jump(op, start, loc);
                self.op(Op::POP_ITER, NO_LOC);
                self.load(if value { Const::False } else { Const::True }, loc);
                self.goto(end, loc);
            }
        }
        self.place(cleanup);
        self.op(Op::POP_ITER, NO_LOC);
        match goes_on {
            None => self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::ListToTuple as u32, loc),
            Some(value) => self.load(if value { Const::True } else { Const::False }, loc),
        }
        self.goto(end, loc);
        self.place(skip);
        self.op(Op::PUSH_NULL, loc);
        self.expr(arg)?;
        self.op_i(Op::CALL, 1, e.pos);
        self.place(end);
        Ok(true)
    }

    /// Modules have functions, not methods: nothing is gained by looking for one.
    fn is_imported(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Name { id, .. } => self.table.scopes[0].symbols.lookup(id) & flag::IMPORT != 0,
            _ => false,
        }
    }

    fn finish_call(&mut self, positional: usize, keywords: &'a [Keyword], loc: Loc) -> Result<()> {
        if keywords.is_empty() {
            self.op_i(Op::CALL, positional as u32, loc);
            return Ok(());
        }
        keywords.iter().try_for_each(|k| self.expr(&k.value))?;
        let names: Vec<Ident> = keywords.iter().filter_map(|k| k.arg.clone()).collect();
        self.load(Const::names(&names), loc);
        self.op_i(Op::CALL_KW, (positional + keywords.len()) as u32, loc);
        Ok(())
    }

    /// The arguments and the call. `pushed` arguments are on the stack already; the name `extra` comes last.
    pub(crate) fn call_args(
        &mut self,
        pushed: u32,
        args: &'a [Expr],
        extra: Option<&Ident>,
        keywords: &'a [Keyword],
        loc: Loc,
    ) -> Result<()> {
        check_keywords(keywords)?;
        let positional = args.len() + extra.is_some() as usize;
        let plain = positional + 2 * keywords.len() <= STACK_USE_GUIDELINE
            && !args.iter().any(is_starred)
            && keywords.iter().all(|k| k.arg.is_some());
        if plain {
            args.iter().try_for_each(|a| self.expr(a))?;
            if let Some(name) = extra {
                self.load_name(name, loc)?;
            }
            return self.finish_call(pushed as usize + positional, keywords, loc);
        }
        match args {
            [Expr { kind: ExprKind::Starred { value, .. }, .. }] if pushed == 0 && extra.is_none() => {
                self.expr(value)?
            }
            _ => {
                self.unpack_display(args, extra, pushed, Op::BUILD_LIST, Op::LIST_APPEND, Op::LIST_EXTEND, true, loc)?
            }
        }
        if keywords.is_empty() {
            self.op(Op::PUSH_NULL, loc);
        } else {
            self.keyword_dict(keywords, loc)?;
        }
        self.op(Op::CALL_FUNCTION_EX, loc);
        Ok(())
    }

    fn keyword_dict(&mut self, keywords: &'a [Keyword], loc: Loc) -> Result<()> {
        let mut have = false;
        let mut rest = keywords;
        while let Some(first) = rest.first() {
            if first.arg.is_none() {
                if !have {
                    self.op_i(Op::BUILD_MAP, 0, loc);
                    have = true;
                }
                self.expr(&first.value)?;
                self.op_i(Op::DICT_MERGE, 1, loc);
                rest = &rest[1..];
                continue;
            }
            let n = rest.iter().take_while(|k| k.arg.is_some()).count();
            let (named, after) = rest.split_at(n);
            let big = 2 * n > STACK_USE_GUIDELINE;
            if big {
                self.op_i(Op::BUILD_MAP, 0, loc);
            }
            for k in named {
                if let Some(arg) = &k.arg {
                    self.load_str(arg, loc);
                }
                self.expr(&k.value)?;
                if big {
                    self.op_i(Op::MAP_ADD, 1, loc);
                }
            }
            if !big {
                self.op_i(Op::BUILD_MAP, n as u32, loc);
            }
            if have {
                self.op_i(Op::DICT_MERGE, 1, loc);
            }
            have = true;
            rest = after;
        }
        Ok(())
    }

    /// `super()` and `super(type, obj)` whose result is used only for an attribute.
    pub(crate) fn is_super_call(&self, e: &Expr) -> bool {
        let ExprKind::Call { func, args, keywords } = &e.kind else { return false };
        let ExprKind::Name { id, .. } = &func.kind else { return false };
        if id.as_str() != "super" || !keywords.is_empty() || self.scope_of(id) != NameScope::GlobalImplicit {
            return false;
        }
        if matches!(self.unit().kind, UnitKind::Module | UnitKind::Class) {
            return false;
        }
        // A module that binds the name means its own.
        if NameScope::of(self.table.scopes[0].symbols.lookup(id)) != NameScope::Unknown
            && self.table.scopes[0].symbols.lookup(id) & flag::BOUND != 0
        {
            return false;
        }
        match args.len() {
            2 => !args.iter().any(is_starred),
            0 => self.unit().argcount > 0 && self.scope_of(&Ident::new("__class__")) == NameScope::Free,
            _ => false,
        }
    }

    /// Pushes `super`, the class and the object.
    pub(crate) fn super_args(&mut self, e: &'a Expr) -> Result<()> {
        let ExprKind::Call { func, args, .. } = &e.kind else { return Ok(()) };
        self.expr(func)?;
        if let [class, object] = &args[..] {
            self.expr(class)?;
            return self.expr(object);
        }
        self.load_name(&Ident::new("__class__"), e.pos)?;
        let first = self.unit().varnames.list[0].clone();
        // Not by its name, which may be mangled again.
        if self.scope_of(&first) == NameScope::Cell {
            return self.cell_op(Op::LOAD_DEREF, &first, e.pos);
        }
        self.op_i(Op::LOAD_FAST, 0, e.pos);
        Ok(())
    }

    pub(crate) fn super_attr(&mut self, e: &Expr, attr: &Ident, method: bool, loc: Loc) -> Result<()> {
        let two = matches!(&e.kind, ExprKind::Call { args, .. } if args.len() == 2);
        let name = self.attr_index(attr);
        self.op_i(Op::LOAD_SUPER_ATTR, name << 2 | (two as u32) << 1 | method as u32, loc);
        Ok(())
    }
}

fn check_keywords(keywords: &[Keyword]) -> Result<()> {
    for (i, k) in keywords.iter().enumerate() {
        if let Some(arg) = &k.arg
            && let Some(twin) = keywords[i + 1..].iter().find(|o| o.arg.as_ref() == Some(arg))
        {
            return err(format!("keyword argument repeated: {}", arg.as_str()), twin.pos);
        }
    }
    Ok(())
}
