//! Class statements.

use super::{Compiler, UnitKind, line_loc};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::NO_LOC;
use crate::symtable::{Part, key};
use taipan_abi::opcode::{Intrinsic1, Op};
use taipan_syntax::ast::{Ident, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    pub(crate) fn class(&mut self, s: &'a Stmt) -> Result<()> {
        let StmtKind::ClassDef { name, bases, keywords, decorator_list, type_params, .. } = &s.kind else {
            return Ok(());
        };
        let loc = s.pos;
        self.decorators(decorator_list)?;
        let firstlineno = decorator_list.first().map_or(s.pos.lineno, |d| d.pos.lineno);
        if type_params.is_empty() {
            self.class_body(s, firstlineno)?;
            self.call_args(2, bases, None, keywords, loc)?;
        } else {
            let type_params_name = Ident::new(".type_params");
            let generic_base = Ident::new(".generic_base");
            let unit = Ident::new(&format!("<generic parameters of {}>", name.as_str()));
            self.enter(unit, UnitKind::TypeParams, key(s, Part::TypeParams), firstlineno, Some(name.clone()))?;
            self.type_params(type_params, loc)?;
            self.store_name(&type_params_name, loc)?;
            self.class_body(s, firstlineno)?;
            self.load_name(&type_params_name, loc)?;
            self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::SubscriptGeneric as u32, loc);
            self.store_name(&generic_base, loc)?;
            self.call_args(2, bases, Some(&generic_base), keywords, loc)?;
            self.op(Op::RETURN_VALUE, loc);
            let code = self.leave(false)?;
            self.make_closure(code, 0, loc)?;
            self.op(Op::PUSH_NULL, loc);
            self.op_i(Op::CALL, 0, loc);
        }
        self.apply_decorators(decorator_list);
        self.store_name(name, loc)
    }

    /// Pushes what builds the class: `__build_class__`, NULL, the body as a function, the name.
    fn class_body(&mut self, s: &'a Stmt, firstlineno: i32) -> Result<()> {
        let StmtKind::ClassDef { name, body, type_params, .. } = &s.kind else { return Ok(()) };
        self.enter(name.clone(), UnitKind::Class, key(s, Part::Body), firstlineno, Some(name.clone()))?;
        let loc = line_loc(firstlineno);
        let scope = self.scope();
        self.name_op(Op::LOAD_NAME, "__name__", loc);
        self.name_op(Op::STORE_NAME, "__module__", loc);
        let qualname = self.unit().qualname.clone();
        self.load_str(&qualname, loc);
        self.name_op(Op::STORE_NAME, "__qualname__", loc);
        self.load(Const::Int(firstlineno as i64), loc);
        self.name_op(Op::STORE_NAME, "__firstlineno__", loc);
        if !type_params.is_empty() {
            self.load_name(&Ident::new(".type_params"), loc)?;
            self.name_op(Op::STORE_NAME, "__type_params__", loc);
        }
        if scope.needs_classdict {
            self.op(Op::LOAD_LOCALS, loc);
            self.class_cell(Op::STORE_DEREF, "__classdict__", loc);
        }
        if scope.has_conditional_annotations {
            self.op_i(Op::BUILD_SET, 0, loc);
            self.class_cell(Op::STORE_DEREF, "__conditional_annotations__", loc);
        }
        self.body(body, loc)?;
        let attributes: Vec<Ident> = self.u().static_attributes.iter().cloned().collect();
        self.load(Const::names(&attributes), NO_LOC);
        self.name_op(Op::STORE_NAME, "__static_attributes__", NO_LOC);
        if scope.needs_classdict {
            self.class_cell(Op::LOAD_FAST, "__classdict__", NO_LOC);
            self.name_op(Op::STORE_NAME, "__classdictcell__", NO_LOC);
        }
        if scope.needs_class_closure {
            self.class_cell(Op::LOAD_FAST, "__class__", NO_LOC);
            self.op_i(Op::COPY, 1, NO_LOC);
            self.name_op(Op::STORE_NAME, "__classcell__", NO_LOC);
        } else {
            self.load(Const::None, NO_LOC);
        }
        self.op(Op::RETURN_VALUE, NO_LOC);
        let code = self.leave(false)?;
        let loc = s.pos;
        self.op(Op::LOAD_BUILD_CLASS, loc);
        self.op(Op::PUSH_NULL, loc);
        self.make_closure(code, 0, loc)?;
        self.load_str(name, loc);
        Ok(())
    }

    /// An instruction on one of the cells that a class body makes for the blocks in it.
    pub(crate) fn class_cell(&mut self, op: Op, name: &str, loc: crate::linetable::Loc) {
        let i = self.u().cells.add(&Ident::new(name));
        self.u().seq.deref(op, i, loc);
    }
}
