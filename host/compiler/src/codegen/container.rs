//! Displays of tuples, lists, sets and dicts; unpacking into targets.

use super::boolean::constants;
use super::{Compiler, STACK_USE_GUIDELINE, err};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::Loc;
use taipan_abi::opcode::{Intrinsic1, Op};
use taipan_syntax::ast::{Expr, ExprKind, Ident};

impl<'a> Compiler<'a> {
    pub(crate) fn tuple(&mut self, elts: &'a [Expr], loc: Loc) -> Result<()> {
        if let Some(items) = constants(elts) {
            self.load(Const::Tuple(items.into()), loc);
            return Ok(());
        }
        self.unpack_display(elts, None, 0, Op::BUILD_LIST, Op::LIST_APPEND, Op::LIST_EXTEND, true, loc)
    }

    pub(crate) fn list(&mut self, elts: &'a [Expr], loc: Loc) -> Result<()> {
        if elts.len() > 2
            && let Some(items) = constants(elts)
        {
            self.op_i(Op::BUILD_LIST, 0, loc);
            self.load(Const::Tuple(items.into()), loc);
            self.op_i(Op::LIST_EXTEND, 1, loc);
            return Ok(());
        }
        self.unpack_display(elts, None, 0, Op::BUILD_LIST, Op::LIST_APPEND, Op::LIST_EXTEND, false, loc)
    }

    pub(crate) fn set(&mut self, elts: &'a [Expr], loc: Loc) -> Result<()> {
        if elts.len() > 2
            && let Some(items) = constants(elts)
        {
            self.op_i(Op::BUILD_SET, 0, loc);
            self.load(Const::frozenset(items.into_iter()), loc);
            self.op_i(Op::SET_UPDATE, 1, loc);
            return Ok(());
        }
        self.unpack_display(elts, None, 0, Op::BUILD_SET, Op::SET_ADD, Op::SET_UPDATE, false, loc)
    }

    /// Builds a container of `pushed` values on the stack, the given ones, and one more name.
    pub(crate) fn unpack_display(
        &mut self,
        elts: &'a [Expr],
        extra: Option<&Ident>,
        pushed: u32,
        build: Op,
        add: Op,
        extend: Op,
        tuple: bool,
        loc: Loc,
    ) -> Result<()> {
        let n = elts.len() + extra.is_some() as usize;
        let big = n + pushed as usize > STACK_USE_GUIDELINE;
        let starred = elts.iter().any(|e| matches!(e.kind, ExprKind::Starred { .. }));
        if !starred && !big {
            elts.iter().try_for_each(|e| self.expr(e))?;
            if let Some(name) = extra {
                self.load_name(name, loc)?;
            }
            let total = n + pushed as usize;
            match tuple {
                true => self.u().seq.build_tuple(total, loc),
                false => self.u().seq.build(build, extend, total, loc),
            }
            return Ok(());
        }
        let mut built = big;
        if big {
            self.op_i(build, pushed, loc);
        }
        for (i, e) in elts.iter().enumerate() {
            if let ExprKind::Starred { value, .. } = &e.kind {
                if !built {
                    self.op_i(build, i as u32 + pushed, loc);
                    built = true;
                }
                self.expr(value)?;
                self.op_i(extend, 1, loc);
            } else {
                self.expr(e)?;
                if built {
                    self.op_i(add, 1, loc);
                }
            }
        }
        if let Some(name) = extra {
            self.load_name(name, loc)?;
            self.op_i(add, 1, loc);
        }
        if tuple {
            self.op_i(Op::CALL_INTRINSIC_1, Intrinsic1::ListToTuple as u32, loc);
        }
        Ok(())
    }

    pub(crate) fn dict(&mut self, keys: &'a [Option<Expr>], values: &'a [Expr], loc: Loc) -> Result<()> {
        let (mut have, mut begin) = (false, 0);
        for (i, (key, value)) in keys.iter().zip(values).enumerate() {
            let unpack = key.is_none();
            if unpack && i > begin || i - begin >= STACK_USE_GUIDELINE / 2 {
                self.sub_dict(&keys[begin..i], &values[begin..i], &mut have, loc)?;
                begin = i;
            }
            if unpack {
                if !have {
                    self.op_i(Op::BUILD_MAP, 0, loc);
                    have = true;
                }
                self.expr(value)?;
                self.op_i(Op::DICT_UPDATE, 1, loc);
                begin = i + 1;
            }
        }
        if begin < keys.len() || !have {
            self.sub_dict(&keys[begin..], &values[begin..], &mut have, loc)?;
        }
        Ok(())
    }

    fn sub_dict(&mut self, keys: &'a [Option<Expr>], values: &'a [Expr], have: &mut bool, loc: Loc) -> Result<()> {
        // The first part is a dict that the others are added to.
        for (key, value) in keys.iter().zip(values) {
            if let Some(key) = key {
                self.expr(key)?;
            }
            self.expr(value)?;
            if *have {
                self.op_i(Op::MAP_ADD, 1, loc);
            }
        }
        if !*have {
            self.op_i(Op::BUILD_MAP, keys.len() as u32, loc);
            *have = true;
        }
        Ok(())
    }

    pub(crate) fn unpack_target(&mut self, elts: &'a [Expr], loc: Loc) -> Result<()> {
        let is_star = |e: &Expr| matches!(e.kind, ExprKind::Starred { .. });
        match elts.iter().position(is_star) {
            Some(at) => {
                let after = elts.len() - at - 1;
                if at >= 1 << 8 || after >= 1 << 16 {
                    return err("too many expressions in star-unpacking assignment", loc);
                }
                if elts[at + 1..].iter().any(is_star) {
                    return err("multiple starred expressions in assignment", loc);
                }
                self.op_i(Op::UNPACK_EX, (at | after << 8) as u32, loc);
            }
            None => self.op_i(Op::UNPACK_SEQUENCE, elts.len() as u32, loc),
        }
        elts.iter().try_for_each(|e| match &e.kind {
            ExprKind::Starred { value, .. } => self.expr(value),
            _ => self.expr(e),
        })
    }
}
