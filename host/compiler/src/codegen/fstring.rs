//! f-strings, t-strings, and `%` with a constant format.

use super::{Compiler, STACK_USE_GUIDELINE};
use crate::code::Const;
use crate::error::Result;
use crate::linetable::Loc;
use taipan_abi::opcode::Op;
use taipan_syntax::ast::{Constant, Expr, ExprKind, Wtf8};

/// CONVERT_VALUE's argument for the character after `!`.
fn conversion_arg(conversion: i32) -> u32 {
    match u8::try_from(conversion) {
        Ok(b's') => 1,
        Ok(b'r') => 2,
        Ok(b'a') => 3,
        _ => 0,
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn joined_str(&mut self, values: &'a [Expr], loc: Loc) -> Result<()> {
        if values.len() > STACK_USE_GUIDELINE {
            self.load_str("", loc);
            self.name_op(Op::LOAD_METHOD, "join", loc);
            self.op_i(Op::BUILD_LIST, 0, loc);
            for v in values {
                self.expr(v)?;
                self.op_i(Op::LIST_APPEND, 1, loc);
            }
            self.op_i(Op::CALL, 1, loc);
            return Ok(());
        }
        values.iter().try_for_each(|v| self.expr(v))?;
        self.build_string(values.len(), loc);
        Ok(())
    }

    fn build_string(&mut self, n: usize, loc: Loc) {
        match n {
            0 => self.load_str("", loc),
            1 => {}
            _ => self.op_i(Op::BUILD_STRING, n as u32, loc),
        }
    }

    pub(crate) fn formatted_value(
        &mut self,
        value: &'a Expr,
        conversion: i32,
        spec: Option<&'a Expr>,
        loc: Loc,
    ) -> Result<()> {
        self.expr(value)?;
        let conversion = conversion_arg(conversion);
        if conversion != 0 {
            self.op_i(Op::CONVERT_VALUE, conversion, loc);
        }
        match spec {
            Some(spec) => {
                self.expr(spec)?;
                self.op(Op::FORMAT_WITH_SPEC, loc);
            }
            None => self.op(Op::FORMAT_SIMPLE, loc),
        }
        Ok(())
    }

    pub(crate) fn interpolation(
        &mut self,
        value: &'a Expr,
        text: &Constant,
        conversion: i32,
        spec: Option<&'a Expr>,
        loc: Loc,
    ) -> Result<()> {
        self.expr(value)?;
        self.load(Const::from_ast(text), loc);
        if let Some(spec) = spec {
            self.expr(spec)?;
        }
        let arg = conversion_arg(conversion) << 2 | spec.is_some() as u32;
        self.op_i(Op::BUILD_INTERPOLATION, arg, loc);
        Ok(())
    }

    pub(crate) fn template_str(&mut self, values: &'a [Expr], loc: Loc) -> Result<()> {
        let is_interpolation = |e: &Expr| matches!(e.kind, ExprKind::Interpolation { .. });
        // Strings and interpolations alternate, beginning and ending with a string.
        let mut strings: Vec<Wtf8> = Vec::new();
        let mut open: Vec<u8> = Vec::new();
        for v in values {
            match &v.kind {
                ExprKind::Constant { value: Constant::Str(s), .. } => open.extend_from_slice(s.as_bytes()),
                _ if is_interpolation(v) => {
                    strings.push(Wtf8::from_bytes(&open).unwrap_or_else(|| Wtf8::new("")));
                    open.clear();
                }
                _ => {}
            }
        }
        strings.push(Wtf8::from_bytes(&open).unwrap_or_else(|| Wtf8::new("")));
        self.load(Const::Tuple(strings.into_iter().map(Const::Str).collect()), loc);
        let mut n = 0;
        for v in values.iter().filter(|v| is_interpolation(v)) {
            self.expr(v)?;
            n += 1;
        }
        self.op_i(Op::BUILD_TUPLE, n, loc);
        self.op(Op::BUILD_TEMPLATE, loc);
        Ok(())
    }

    /// `"%s and %r" % (a, b)` as an f-string, if it only has simple conversions of as many values.
    pub(crate) fn percent_format(&mut self, e: &Expr, left: &'a Expr, right: &'a Expr) -> Result<bool> {
        let (ExprKind::Constant { value: Constant::Str(format), .. }, ExprKind::Tuple { elts, .. }) =
            (&left.kind, &right.kind)
        else {
            return Ok(false);
        };
        if elts.iter().any(|e| matches!(e.kind, ExprKind::Starred { .. })) {
            return Ok(false);
        }
        let Some(pieces) = parse_percent(format, elts.len()) else { return Ok(false) };
        if pieces.len() > STACK_USE_GUIDELINE {
            return Ok(false);
        }
        let n = pieces.len();
        let mut values = elts.iter();
        for piece in pieces {
            match piece {
                Piece::Text(s) => self.load(Const::Str(s), e.pos),
                Piece::Value { conversion, spec } => {
                    if let Some(v) = values.next() {
                        self.expr(v)?;
                        self.op_i(Op::CONVERT_VALUE, conversion, e.pos);
                        match spec {
                            Some(spec) => {
                                self.load_str(&spec, e.pos);
                                self.op(Op::FORMAT_WITH_SPEC, e.pos);
                            }
                            None => self.op(Op::FORMAT_SIMPLE, e.pos),
                        }
                    }
                }
            }
        }
        self.build_string(n, e.pos);
        Ok(true)
    }
}

enum Piece {
    Text(Wtf8),
    Value { conversion: u32, spec: Option<String> },
}

fn parse_percent(format: &Wtf8, values: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text: Vec<u8> = Vec::new();
    let bytes = format.as_bytes();
    let (mut i, mut n) = (0, 0);
    while i < bytes.len() {
        if bytes[i] != b'%' {
            text.push(bytes[i]);
            i += 1;
            continue;
        }
        i += 1;
        if bytes.get(i) == Some(&b'%') {
            text.push(b'%');
            i += 1;
            continue;
        }
        let left = bytes.get(i) == Some(&b'-');
        i += left as usize;
        let digits = |mut i: usize| {
            let from = i;
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            // CPython leaves long widths alone; `0` first is a flag.
            let ok = i - from <= 2 && bytes.get(from) != Some(&b'0');
            ok.then(|| (String::from_utf8_lossy(&bytes[from..i]).into_owned(), i))
        };
        let (width, at) = digits(i)?;
        i = at;
        let mut precision = None;
        if bytes.get(i) == Some(&b'.') {
            let (p, at) = digits(i + 1)?;
            if p.is_empty() {
                return None;
            }
            precision = Some(p);
            i = at;
        }
        let conversion = match bytes.get(i)? {
            b's' => 1,
            b'r' => 2,
            b'a' => 3,
            _ => return None,
        };
        i += 1;
        if !text.is_empty() {
            pieces.push(Piece::Text(Wtf8::from_bytes(&text)?));
            text.clear();
        }
        let mut spec = String::new();
        if !width.is_empty() {
            spec.push(if left { '<' } else { '>' });
            spec.push_str(&width);
        }
        if let Some(p) = precision {
            spec.push('.');
            spec.push_str(&p);
        }
        pieces.push(Piece::Value { conversion, spec: (!spec.is_empty()).then_some(spec) });
        n += 1;
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(Wtf8::from_bytes(&text)?));
    }
    (n == values && n > 0).then_some(pieces)
}
