//! Expressions back to text, as annotations that are kept as strings need it.

use taipan_syntax::ast::{
    Arg, Arguments, BoolOp, CmpOp, Comprehension, Constant, Expr, ExprKind, Keyword, Operator, UnaryOp, Wtf8,
};
use taipan_syntax::dump;

/// Binding strength, weakest first. An operand that binds weaker than its place gets parentheses.
mod level {
    pub const TUPLE: u8 = 0;
    pub const TEST: u8 = 1;
    pub const OR: u8 = 2;
    pub const AND: u8 = 3;
    pub const NOT: u8 = 4;
    pub const CMP: u8 = 5;
    pub const BOR: u8 = 6;
    pub const EXPR: u8 = BOR;
    pub const BXOR: u8 = 7;
    pub const BAND: u8 = 8;
    pub const SHIFT: u8 = 9;
    pub const ARITH: u8 = 10;
    pub const TERM: u8 = 11;
    pub const FACTOR: u8 = 12;
    pub const POWER: u8 = 13;
    pub const AWAIT: u8 = 14;
    pub const ATOM: u8 = 15;
}

/// The text of an expression, as CPython's compiler writes it.
pub fn expr(e: &Expr) -> Wtf8 {
    let mut w = Writer { out: String::new() };
    w.expr(e, level::TEST);
    Wtf8::new(&w.out)
}

struct Writer {
    out: String,
}

impl Writer {
    fn s(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn parens(&mut self, on: bool, f: impl FnOnce(&mut Self)) {
        if on {
            self.s("(");
        }
        f(self);
        if on {
            self.s(")");
        }
    }

    fn list(&mut self, items: &[Expr], level: u8) {
        for (i, e) in items.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.expr(e, level);
        }
    }

    fn expr(&mut self, e: &Expr, at: u8) {
        // The tree's depth was bounded by the walks before, but not for this stack.
        stacker::maybe_grow(64 << 10, 1 << 20, || self.expr_here(e, at));
    }

    fn expr_here(&mut self, e: &Expr, at: u8) {
        match &e.kind {
            ExprKind::BoolOp { op, values } => {
                let (word, pr) = if *op == BoolOp::And { (" and ", level::AND) } else { (" or ", level::OR) };
                self.parens(at > pr, |w| {
                    for (i, v) in values.iter().enumerate() {
                        if i > 0 {
                            w.s(word);
                        }
                        w.expr(v, pr + 1);
                    }
                });
            }
            ExprKind::NamedExpr { target, value } => self.parens(at > level::TUPLE, |w| {
                w.expr(target, level::ATOM);
                w.s(" := ");
                w.expr(value, level::ATOM);
            }),
            ExprKind::BinOp { left, op, right } => {
                let (word, pr) = operator(*op);
                let right_first = *op == Operator::Pow;
                self.parens(at > pr, |w| {
                    w.expr(left, pr + right_first as u8);
                    w.s(word);
                    w.expr(right, pr + !right_first as u8);
                });
            }
            ExprKind::UnaryOp { op, operand } => {
                let (word, pr) = match op {
                    UnaryOp::Invert => ("~", level::FACTOR),
                    UnaryOp::Not => ("not ", level::NOT),
                    UnaryOp::UAdd => ("+", level::FACTOR),
                    UnaryOp::USub => ("-", level::FACTOR),
                };
                self.parens(at > pr, |w| {
                    w.s(word);
                    w.expr(operand, pr);
                });
            }
            ExprKind::Lambda { args, body } => self.parens(at > level::TEST, |w| {
                // CPython leaves no space before `*`.
                let positional = !args.posonlyargs.is_empty() || !args.args.is_empty();
                w.s(if positional { "lambda " } else { "lambda" });
                w.arguments(args);
                w.s(": ");
                w.expr(body, level::TEST);
            }),
            ExprKind::IfExp { test, body, orelse } => self.parens(at > level::TEST, |w| {
                w.expr(body, level::TEST + 1);
                w.s(" if ");
                w.expr(test, level::TEST + 1);
                w.s(" else ");
                w.expr(orelse, level::TEST);
            }),
            ExprKind::Dict { keys, values } => {
                self.s("{");
                for (i, (k, v)) in keys.iter().zip(values).enumerate() {
                    if i > 0 {
                        self.s(", ");
                    }
                    match k {
                        Some(k) => {
                            self.expr(k, level::TEST);
                            self.s(": ");
                            self.expr(v, level::TEST);
                        }
                        None => {
                            self.s("**");
                            self.expr(v, level::EXPR);
                        }
                    }
                }
                self.s("}");
            }
            ExprKind::Set { elts } => {
                self.s("{");
                self.list(elts, level::TEST);
                self.s("}");
            }
            ExprKind::GeneratorExp { elt, generators } => self.comp("(", elt, None, generators, ")"),
            ExprKind::ListComp { elt, generators } => self.comp("[", elt, None, generators, "]"),
            ExprKind::SetComp { elt, generators } => self.comp("{", elt, None, generators, "}"),
            ExprKind::DictComp { key, value, generators } => self.comp("{", key, Some(value), generators, "}"),
            ExprKind::Await { value } => self.parens(at > level::AWAIT, |w| {
                w.s("await ");
                w.expr(value, level::ATOM);
            }),
            ExprKind::Yield { value: None } => self.s("(yield)"),
            ExprKind::Yield { value: Some(v) } => {
                self.s("(yield ");
                self.expr(v, level::TEST);
                self.s(")");
            }
            ExprKind::YieldFrom { value } => {
                self.s("(yield from ");
                self.expr(value, level::TEST);
                self.s(")");
            }
            ExprKind::Compare { left, ops, comparators } => self.parens(at > level::CMP, |w| {
                w.expr(left, level::CMP + 1);
                for (op, right) in ops.iter().zip(comparators) {
                    w.s(comparison(*op));
                    w.expr(right, level::CMP + 1);
                }
            }),
            ExprKind::Call { func, args, keywords } => self.call(func, args, keywords),
            ExprKind::FormattedValue { .. } | ExprKind::JoinedStr { .. } => self.string("f", e),
            ExprKind::Interpolation { .. } | ExprKind::TemplateStr { .. } => self.string("t", e),
            ExprKind::Constant { value, kind } => {
                if let Some(kind) = kind {
                    self.s(kind);
                }
                self.constant(value);
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value, level::ATOM);
                // `1.real` would begin a float.
                let int =
                    matches!(value.kind, ExprKind::Constant { value: Constant::Int(_) | Constant::BigInt(_), .. });
                self.s(if int { " ." } else { "." });
                self.s(attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, level::ATOM);
                self.s("[");
                self.expr(slice, level::TUPLE);
                self.s("]");
            }
            ExprKind::Starred { value, .. } => {
                self.s("*");
                self.expr(value, level::EXPR);
            }
            ExprKind::Name { id, .. } => self.s(id),
            ExprKind::List { elts, .. } => {
                self.s("[");
                self.list(elts, level::TEST);
                self.s("]");
            }
            ExprKind::Tuple { elts, .. } if elts.is_empty() => self.s("()"),
            ExprKind::Tuple { elts, .. } => self.parens(at > level::TUPLE, |w| {
                w.list(elts, level::TEST);
                if elts.len() == 1 {
                    w.s(",");
                }
            }),
            ExprKind::Slice { lower, upper, step } => {
                for (i, part) in [lower, upper, step].into_iter().enumerate() {
                    if i == 1 || i == 2 && part.is_some() {
                        self.s(":");
                    }
                    if let Some(e) = part {
                        self.expr(e, level::TEST);
                    }
                }
            }
        }
    }

    fn constant(&mut self, c: &Constant) {
        let mut text = String::new();
        match c {
            Constant::Ellipsis => text.push_str("..."),
            _ => dump::repr(&mut text, c),
        }
        if matches!(c, Constant::Float(_) | Constant::Complex { .. }) {
            // A literal that overflows reads back as infinity.
            text = text.replace("inf", "1e309");
        }
        self.s(&text);
    }

    fn comp(&mut self, open: &str, elt: &Expr, value: Option<&Expr>, generators: &[Comprehension], close: &str) {
        self.s(open);
        self.expr(elt, level::TEST);
        if let Some(v) = value {
            self.s(": ");
            self.expr(v, level::TEST);
        }
        for g in generators {
            self.s(if g.is_async != 0 { " async for " } else { " for " });
            self.expr(&g.target, level::TUPLE);
            self.s(" in ");
            self.expr(&g.iter, level::TEST + 1);
            for test in &g.ifs {
                self.s(" if ");
                self.expr(test, level::TEST + 1);
            }
        }
        self.s(close);
    }

    fn call(&mut self, func: &Expr, args: &[Expr], keywords: &[Keyword]) {
        self.expr(func, level::ATOM);
        if let ([arg], []) = (args, keywords)
            && let ExprKind::GeneratorExp { .. } = arg.kind
        {
            return self.expr(arg, level::TEST);
        }
        self.s("(");
        self.list(args, level::TEST);
        for (i, k) in keywords.iter().enumerate() {
            if i > 0 || !args.is_empty() {
                self.s(", ");
            }
            match &k.arg {
                Some(name) => {
                    self.s(name);
                    self.s("=");
                }
                None => self.s("**"),
            }
            self.expr(&k.value, level::TEST);
        }
        self.s(")");
    }

    fn arguments(&mut self, a: &Arguments) {
        let mut first = true;
        let positional: Vec<&Arg> = a.posonlyargs.iter().chain(&a.args).collect();
        let without_default = positional.len().saturating_sub(a.defaults.len());
        for (i, arg) in positional.iter().enumerate() {
            self.comma(&mut first);
            self.s(&arg.arg);
            if let Some(d) = i.checked_sub(without_default).and_then(|i| a.defaults.get(i)) {
                self.s("=");
                self.expr(d, level::TEST);
            }
            if i + 1 == a.posonlyargs.len() {
                self.s(", /");
            }
        }
        if a.vararg.is_some() || !a.kwonlyargs.is_empty() {
            self.comma(&mut first);
            self.s("*");
            if let Some(v) = &a.vararg {
                self.s(&v.arg);
            }
        }
        for (arg, default) in a.kwonlyargs.iter().zip(&a.kw_defaults) {
            self.comma(&mut first);
            self.s(&arg.arg);
            if let Some(d) = default {
                self.s("=");
                self.expr(d, level::TEST);
            }
        }
        if let Some(k) = &a.kwarg {
            self.comma(&mut first);
            self.s("**");
            self.s(&k.arg);
        }
    }

    fn comma(&mut self, first: &mut bool) {
        if !std::mem::replace(first, false) {
            self.s(", ");
        }
    }

    fn string(&mut self, prefix: &str, e: &Expr) {
        let mut body = Vec::new();
        string_part(&mut body, e);
        self.s(prefix);
        let text = Wtf8::from_bytes(&body).unwrap_or_else(|| Wtf8::new(""));
        self.constant(&Constant::Str(text));
    }
}

/// The inside of an f-string or t-string.
fn string_part(out: &mut Vec<u8>, e: &Expr) {
    match &e.kind {
        ExprKind::Constant { value: Constant::Str(s), .. } => {
            for &b in s.as_bytes() {
                if b == b'{' || b == b'}' {
                    out.push(b);
                }
                out.push(b);
            }
        }
        ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => {
            values.iter().for_each(|v| string_part(out, v))
        }
        ExprKind::FormattedValue { value, conversion, format_spec }
        | ExprKind::Interpolation { value, conversion, format_spec, .. } => {
            let mut w = Writer { out: String::new() };
            match &e.kind {
                // A t-string remembers the expression's text.
                ExprKind::Interpolation { str: Constant::Str(s), .. } if s.as_str().is_some() => {
                    w.s(s.as_str().unwrap_or_default())
                }
                _ => w.expr(value, level::TEST + 1),
            }
            out.push(b'{');
            if w.out.starts_with('{') {
                out.push(b' ');
            }
            out.extend_from_slice(w.out.as_bytes());
            if let Ok(c @ (b's' | b'r' | b'a')) = u8::try_from(*conversion) {
                out.extend_from_slice(&[b'!', c]);
            }
            if let Some(spec) = format_spec {
                out.push(b':');
                string_part(out, spec);
            }
            out.push(b'}');
        }
        _ => {}
    }
}

fn operator(op: Operator) -> (&'static str, u8) {
    match op {
        Operator::Add => (" + ", level::ARITH),
        Operator::Sub => (" - ", level::ARITH),
        Operator::Mult => (" * ", level::TERM),
        Operator::MatMult => (" @ ", level::TERM),
        Operator::Div => (" / ", level::TERM),
        Operator::Mod => (" % ", level::TERM),
        Operator::FloorDiv => (" // ", level::TERM),
        Operator::LShift => (" << ", level::SHIFT),
        Operator::RShift => (" >> ", level::SHIFT),
        Operator::BitOr => (" | ", level::BOR),
        Operator::BitXor => (" ^ ", level::BXOR),
        Operator::BitAnd => (" & ", level::BAND),
        Operator::Pow => (" ** ", level::POWER),
    }
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}
