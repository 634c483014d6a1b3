//! The text that `ast.dump(tree, include_attributes=True)` makes of a tree.

use crate::ast::schema::{ATTRIBUTES, Quant};
use crate::ast::walk::{Field, Sink};
use crate::ast::{Constant, Ident, Pos, Text};
use std::fmt::Write;

/// Dumps a tree; with positions if `attributes`.
pub fn dump<T: Field>(tree: &T, attributes: bool) -> String {
    let mut d = Dumper { out: String::new(), attributes, stack: vec![Level::default()], pending: None };
    tree.emit(&mut d);
    d.out
}

#[derive(Default)]
struct Level {
    /// Whether something was written inside these brackets.
    any: bool,
}

struct Dumper {
    out: String,
    attributes: bool,
    stack: Vec<Level>,
    /// A field whose name is not written yet, because its value may be omitted.
    pending: Option<(&'static str, Quant)>,
}

impl Dumper {
    fn value(&mut self) {
        if let Some(level) = self.stack.last_mut() {
            if level.any {
                self.out.push_str(", ");
            }
            level.any = true;
        }
        if let Some((name, _)) = self.pending.take() {
            self.out.push_str(name);
            self.out.push('=');
        }
    }
}

impl Sink for Dumper {
    fn begin(&mut self, _number: u16, name: &'static str) {
        self.value();
        self.out.push_str(name);
        self.out.push('(');
        self.stack.push(Level::default());
    }
    fn field(&mut self, name: &'static str, quant: Quant) {
        self.pending = Some((name, quant));
    }
    fn end(&mut self, pos: Option<Pos>) {
        self.pending = None;
        if let (Some(p), true) = (pos, self.attributes) {
            for (name, v) in ATTRIBUTES.iter().zip([p.lineno, p.col_offset, p.end_lineno, p.end_col_offset]) {
                self.value();
                let _ = write!(self.out, "{name}={v}");
            }
        }
        self.stack.pop();
        self.out.push(')');
    }
    fn list(&mut self, len: usize) {
        if len > 0 {
            self.value();
            self.out.push('[');
        }
        self.stack.push(Level { any: false });
    }
    fn end_list(&mut self) {
        let any = self.stack.pop().is_some_and(|l| l.any);
        if any {
            self.out.push(']');
        }
        self.pending = None;
    }
    fn none(&mut self) {
        if self.pending.is_some_and(|(_, q)| q == Quant::Opt) {
            self.pending = None;
            return;
        }
        self.value();
        self.out.push_str("None");
    }
    fn ident(&mut self, v: &Ident) {
        self.value();
        repr_str(&mut self.out, v.chars().map(|c| c as u32));
    }
    fn text(&mut self, v: &Text) {
        self.value();
        repr_str(&mut self.out, v.chars().map(|c| c as u32));
    }
    fn int(&mut self, v: i32) {
        self.value();
        let _ = write!(self.out, "{v}");
    }
    fn constant(&mut self, v: &Constant) {
        self.value();
        repr(&mut self.out, v);
    }
}

/// The `repr` of a constant.
pub fn repr(out: &mut String, v: &Constant) {
    let _ = match v {
        Constant::None => write!(out, "None"),
        Constant::True => write!(out, "True"),
        Constant::False => write!(out, "False"),
        Constant::Ellipsis => write!(out, "Ellipsis"),
        Constant::Int(i) => write!(out, "{i}"),
        Constant::BigInt(i) => write!(out, "{i}"),
        Constant::Float(f) => write!(out, "{}", float_repr(*f, true)),
        Constant::Complex { real, imag } if *real == 0.0 && real.is_sign_positive() => {
            write!(out, "{}j", float_repr(*imag, false))
        }
        Constant::Complex { real, imag } => {
            let sign = if imag.is_sign_negative() { "" } else { "+" };
            write!(out, "({}{sign}{}j)", float_repr(*real, false), float_repr(*imag, false))
        }
        Constant::Str(s) => {
            repr_str(out, s.code_points());
            Ok(())
        }
        Constant::Bytes(b) => {
            repr_bytes(out, b);
            Ok(())
        }
        Constant::Tuple(items) => {
            out.push('(');
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                repr(out, v);
            }
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
            Ok(())
        }
        Constant::FrozenSet(items) => {
            out.push_str("frozenset({");
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                repr(out, v);
            }
            out.push_str("})");
            Ok(())
        }
    };
}

/// The shortest text that reads back as `f`, in Python's notation; with `.0` for whole numbers if `dot`.
fn float_repr(f: f64, dot: bool) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let sci = format!("{f:e}");
    let (mantissa, exp) = sci.split_once('e').unwrap_or((&sci, "0"));
    let exp: i32 = exp.parse().unwrap_or(0);
    if f != 0.0 && !(-4..16).contains(&exp) {
        return format!("{mantissa}e{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs());
    }
    let plain = format!("{f}");
    if dot && !plain.contains('.') { format!("{plain}.0") } else { plain }
}

fn repr_str(out: &mut String, chars: impl Iterator<Item = u32>) {
    let chars: Vec<u32> = chars.collect();
    let quote = if chars.contains(&0x27) && !chars.contains(&0x22) { '"' } else { '\'' };
    out.push(quote);
    for c in chars {
        let _ = match char::from_u32(c) {
            Some('\n') => write!(out, "\\n"),
            Some('\r') => write!(out, "\\r"),
            Some('\t') => write!(out, "\\t"),
            Some('\\') => write!(out, "\\\\"),
            Some(ch) if ch == quote => write!(out, "\\{ch}"),
            Some(ch) if crate::tokenizer::is_printable(ch) => write!(out, "{ch}"),
            _ if c < 0x100 => write!(out, "\\x{c:02x}"),
            _ if c < 0x1_0000 => write!(out, "\\u{c:04x}"),
            _ => write!(out, "\\U{c:08x}"),
        };
    }
    out.push(quote);
}

fn repr_bytes(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for &b in bytes {
        let _ = match b {
            b'\n' => write!(out, "\\n"),
            b'\r' => write!(out, "\\r"),
            b'\t' => write!(out, "\\t"),
            b'\\' => write!(out, "\\\\"),
            _ if b as char == quote => write!(out, "\\{quote}"),
            b' '..=b'~' => write!(out, "{}", b as char),
            _ => write!(out, "\\x{b:02x}"),
        };
    }
    out.push(quote);
}
