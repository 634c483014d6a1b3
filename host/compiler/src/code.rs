//! Code objects and the constants in them, as plain Rust data.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use taipan_syntax::ast::{BigInt, Constant, Ident, Wtf8};

/// Bits of `localspluskinds`.
pub mod kind {
    #![allow(missing_docs)]
    pub const ARG_POS: u8 = 0x02;
    pub const ARG_KW: u8 = 0x04;
    pub const ARG_VAR: u8 = 0x08;
    pub const ARG: u8 = ARG_POS | ARG_KW | ARG_VAR;
    pub const HIDDEN: u8 = 0x10;
    pub const LOCAL: u8 = 0x20;
    pub const CELL: u8 = 0x40;
    pub const FREE: u8 = 0x80;
}

/// One range of the exception table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionEntry {
    /// First covered word.
    pub start: u32,
    /// One past the last covered word.
    pub end: u32,
    /// The handler's first word.
    pub target: u32,
    /// Operands that stay on the stack.
    pub depth: u32,
    /// Whether the offset of the raising instruction is pushed before the exception.
    pub push_lasti: bool,
}

/// A compiled code block. The encodings of the tables are described in the crate's modules `marshal` and `linetable`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CodeObject {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    /// Bits of `taipan_abi::opcode::co`.
    pub flags: u32,
    /// Cache slots that the instructions use.
    pub ncaches: u32,
    pub firstlineno: i32,
    pub code: Vec<u32>,
    pub consts: Vec<Const>,
    pub names: Vec<Ident>,
    pub localsplusnames: Vec<Ident>,
    pub localspluskinds: Vec<u8>,
    pub filename: Wtf8,
    pub name: Ident,
    pub qualname: Ident,
    pub linetable: Vec<u8>,
    pub exceptiontable: Vec<u8>,
}

impl Default for CodeObject {
    fn default() -> Self {
        CodeObject {
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 0,
            flags: 0,
            ncaches: 0,
            firstlineno: 1,
            code: Vec::new(),
            consts: Vec::new(),
            names: Vec::new(),
            localsplusnames: Vec::new(),
            localspluskinds: Vec::new(),
            filename: Wtf8::new(""),
            name: Ident::new(""),
            qualname: Ident::new(""),
            linetable: Vec::new(),
            exceptiontable: Vec::new(),
        }
    }
}

impl CodeObject {
    /// The exception table's records; trailing bytes that are no whole record are ignored.
    pub fn exception_entries(&self) -> impl Iterator<Item = ExceptionEntry> + '_ {
        self.exceptiontable.chunks_exact(16).map(|r| {
            let word = |i: usize| u32::from_le_bytes([r[4 * i], r[4 * i + 1], r[4 * i + 2], r[4 * i + 3]]);
            let last = word(3);
            ExceptionEntry {
                start: word(0),
                end: word(1),
                target: word(2),
                depth: last >> 1,
                push_lasti: last & 1 != 0,
            }
        })
    }
}

/// Appends an exception record in its stored form.
pub fn push_exception_entry(table: &mut Vec<u8>, e: ExceptionEntry) {
    for w in [e.start, e.end, e.target, e.depth << 1 | e.push_lasti as u32] {
        table.extend_from_slice(&w.to_le_bytes());
    }
}

/// A constant of a code object.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Const {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(Rc<BigInt>),
    Float(f64),
    Complex(f64, f64),
    Str(Wtf8),
    Bytes(Rc<[u8]>),
    Tuple(Rc<[Const]>),
    FrozenSet(Rc<[Const]>),
    Slice(Rc<[Const; 3]>),
    Code(Rc<CodeObject>),
}

impl Const {
    /// A string constant.
    pub fn str(text: &str) -> Const {
        Const::Str(Wtf8::new(text))
    }
    /// A tuple of strings.
    pub fn names(names: &[Ident]) -> Const {
        Const::Tuple(names.iter().map(|n| Const::str(n)).collect())
    }
    /// The constant of a tree's `Constant` node.
    pub fn from_ast(c: &Constant) -> Const {
        match c {
            Constant::None => Const::None,
            Constant::True => Const::True,
            Constant::False => Const::False,
            Constant::Ellipsis => Const::Ellipsis,
            Constant::Int(i) => Const::Int(*i),
            Constant::BigInt(b) => Const::from_big((**b).clone()),
            Constant::Float(f) => Const::Float(*f),
            Constant::Complex { real, imag } => Const::Complex(*real, *imag),
            Constant::Str(s) => Const::Str(s.clone()),
            Constant::Bytes(b) => Const::Bytes(b.clone()),
            Constant::Tuple(t) => Const::Tuple(t.iter().map(Const::from_ast).collect()),
            Constant::FrozenSet(t) => Const::frozenset(t.iter().map(Const::from_ast)),
        }
    }
    /// The `Constant` of a tree with this value; slices and code, which have none, become None.
    pub fn to_ast(&self) -> Constant {
        match self {
            Const::None | Const::Slice(_) | Const::Code(_) => Constant::None,
            Const::True => Constant::True,
            Const::False => Constant::False,
            Const::Ellipsis => Constant::Ellipsis,
            Const::Int(i) => Constant::Int(*i),
            Const::BigInt(b) => Constant::BigInt(b.clone()),
            Const::Float(f) => Constant::Float(*f),
            Const::Complex(real, imag) => Constant::Complex { real: *real, imag: *imag },
            Const::Str(s) => Constant::Str(s.clone()),
            Const::Bytes(b) => Constant::Bytes(b.clone()),
            Const::Tuple(t) => Constant::Tuple(t.iter().map(Const::to_ast).collect()),
            Const::FrozenSet(t) => Constant::FrozenSet(t.iter().map(Const::to_ast).collect()),
        }
    }
    /// An int in its one representation: `Int` if it fits.
    pub fn from_big(b: BigInt) -> Const {
        match i64::try_from(&b) {
            Ok(i) => Const::Int(i),
            Err(_) => Const::BigInt(Rc::new(b)),
        }
    }
    /// A frozenset; repeated items (of the same type and value) are dropped.
    pub fn frozenset(items: impl Iterator<Item = Const>) -> Const {
        let mut seen = HashSet::new();
        Const::FrozenSet(items.filter(|c| seen.insert(c.clone())).collect())
    }
    /// Truth, as Python has it.
    pub fn truth(&self) -> bool {
        match self {
            Const::None | Const::False => false,
            Const::Int(i) => *i != 0,
            Const::Float(f) => *f != 0.0,
            Const::Complex(a, b) => *a != 0.0 || *b != 0.0,
            Const::Str(s) => !s.is_empty(),
            Const::Bytes(b) => !b.is_empty(),
            Const::Tuple(t) | Const::FrozenSet(t) => !t.is_empty(),
            Const::True | Const::Ellipsis | Const::BigInt(_) | Const::Slice(_) | Const::Code(_) => true,
        }
    }
}

/// Equality of type and representation: `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`.
impl PartialEq for Const {
    fn eq(&self, other: &Const) -> bool {
        match (self, other) {
            (Const::None, Const::None)
            | (Const::True, Const::True)
            | (Const::False, Const::False)
            | (Const::Ellipsis, Const::Ellipsis) => true,
            (Const::Int(a), Const::Int(b)) => a == b,
            (Const::BigInt(a), Const::BigInt(b)) => a == b,
            (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
            (Const::Complex(a, b), Const::Complex(c, d)) => a.to_bits() == c.to_bits() && b.to_bits() == d.to_bits(),
            (Const::Str(a), Const::Str(b)) => a == b,
            (Const::Bytes(a), Const::Bytes(b)) => a == b,
            (Const::Tuple(a), Const::Tuple(b)) | (Const::FrozenSet(a), Const::FrozenSet(b)) => a == b,
            (Const::Slice(a), Const::Slice(b)) => a == b,
            (Const::Code(a), Const::Code(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}
impl Eq for Const {}

impl Hash for Const {
    fn hash<H: Hasher>(&self, h: &mut H) {
        std::mem::discriminant(self).hash(h);
        match self {
            Const::None | Const::True | Const::False | Const::Ellipsis => {}
            Const::Int(i) => i.hash(h),
            Const::BigInt(b) => b.hash(h),
            Const::Float(f) => f.to_bits().hash(h),
            Const::Complex(a, b) => (a.to_bits(), b.to_bits()).hash(h),
            Const::Str(s) => s.hash(h),
            Const::Bytes(b) => b.hash(h),
            Const::Tuple(t) | Const::FrozenSet(t) => t.hash(h),
            Const::Slice(s) => s.hash(h),
            Const::Code(c) => (c.firstlineno, c.code.len()).hash(h),
        }
    }
}
