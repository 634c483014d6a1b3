//! Trees as bytes and back, so that a library that knows nothing of these types can build `ast` objects and send
//! them back. Nodes are numbers (positions in the schema), fields stand in ASDL order.
//!
//! All integers are little-endian. A node is its `u16` number, its fields, and for located nodes four `i32`; a list
//! its `u32` length and items; an optional value a byte 0, or 1 and the value; `identifier` and `string` a `u32`
//! length and UTF-8; `int` an `i32`; a constant a tag byte and its payload.

use crate::ast::schema::Quant;
use crate::ast::value::{BigInt, Constant, Ident, Pos, Text, Wtf8};
use crate::ast::walk::{Field, Malformed, Sink, Source};
use num_bigint::Sign;
use std::rc::Rc;

/// Nodes may nest this deep in bytes that are read.
const MAX_DEPTH: u32 = 20_000;

/// Tags of constants.
pub mod tag {
    /// `None`.
    pub const NONE: u8 = 0;
    /// `True`.
    pub const TRUE: u8 = 1;
    /// `False`.
    pub const FALSE: u8 = 2;
    /// `...`.
    pub const ELLIPSIS: u8 = 3;
    /// An `i64`.
    pub const INT: u8 = 4;
    /// A sign byte (1 for negative), a length, the magnitude.
    pub const BIG_INT: u8 = 5;
    /// An `f64`.
    pub const FLOAT: u8 = 6;
    /// Two `f64`.
    pub const COMPLEX: u8 = 7;
    /// A length and WTF-8.
    pub const STR: u8 = 8;
    /// A length and bytes.
    pub const BYTES: u8 = 9;
    /// A length and constants.
    pub const TUPLE: u8 = 10;
    /// A length and constants.
    pub const FROZEN_SET: u8 = 11;
}

/// A tree as bytes.
pub fn to_bytes<T: Field>(tree: &T) -> Vec<u8> {
    let mut w = Writer { out: Vec::new() };
    tree.emit(&mut w);
    w.out
}

/// A tree from bytes; all of them.
pub fn from_bytes<T: Field>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut r = Reader { rest: bytes, depth: 0 };
    let tree = T::take(&mut r)?;
    if !r.rest.is_empty() {
        return Err(Malformed("bytes after the tree".into()));
    }
    Ok(tree)
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn len(&mut self, n: usize) {
        self.out.extend_from_slice(&(n as u32).to_le_bytes());
    }
    fn bytes(&mut self, b: &[u8]) {
        self.len(b.len());
        self.out.extend_from_slice(b);
    }
}

impl Sink for Writer {
    fn begin(&mut self, number: u16, _name: &'static str) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }
    fn field(&mut self, _name: &'static str, _quant: Quant) {}
    fn end(&mut self, pos: Option<Pos>) {
        if let Some(p) = pos {
            for v in [p.lineno, p.col_offset, p.end_lineno, p.end_col_offset] {
                self.int(v);
            }
        }
    }
    fn list(&mut self, len: usize) {
        self.len(len);
    }
    fn end_list(&mut self) {}
    fn none(&mut self) {
        self.out.push(0);
    }
    fn some(&mut self) {
        self.out.push(1);
    }
    fn ident(&mut self, v: &Ident) {
        self.bytes(v.as_bytes());
    }
    fn text(&mut self, v: &Text) {
        self.bytes(v.as_bytes());
    }
    fn int(&mut self, v: i32) {
        self.out.extend_from_slice(&v.to_le_bytes());
    }
    fn constant(&mut self, v: &Constant) {
        match v {
            Constant::None => self.out.push(tag::NONE),
            Constant::True => self.out.push(tag::TRUE),
            Constant::False => self.out.push(tag::FALSE),
            Constant::Ellipsis => self.out.push(tag::ELLIPSIS),
            Constant::Int(i) => {
                self.out.push(tag::INT);
                self.out.extend_from_slice(&i.to_le_bytes());
            }
            Constant::BigInt(i) => {
                let (sign, magnitude) = i.to_bytes_le();
                self.out.extend([tag::BIG_INT, (sign == Sign::Minus) as u8]);
                self.bytes(&magnitude);
            }
            Constant::Float(f) => {
                self.out.push(tag::FLOAT);
                self.out.extend_from_slice(&f.to_le_bytes());
            }
            Constant::Complex { real, imag } => {
                self.out.push(tag::COMPLEX);
                self.out.extend_from_slice(&real.to_le_bytes());
                self.out.extend_from_slice(&imag.to_le_bytes());
            }
            Constant::Str(s) => {
                self.out.push(tag::STR);
                self.bytes(s.as_bytes());
            }
            Constant::Bytes(b) => {
                self.out.push(tag::BYTES);
                self.bytes(b);
            }
            Constant::Tuple(items) | Constant::FrozenSet(items) => {
                let tuple = matches!(v, Constant::Tuple(_));
                self.out.push(if tuple { tag::TUPLE } else { tag::FROZEN_SET });
                self.len(items.len());
                items.iter().for_each(|c| self.constant(c));
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: u32,
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(Malformed("the tree ends early".into())),
        }
    }
    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }
    fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_le_bytes(self.array()?))
    }
    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let n = u32::from_le_bytes(self.array()?) as usize;
        match self.rest.split_at_checked(n) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(Malformed("the tree ends early".into())),
        }
    }
    fn str(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("an identifier is not UTF-8".into()))
    }
    fn enter(&mut self) -> Result<(), Malformed> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Malformed("the tree nests too deeply".into()));
        }
        Ok(())
    }
    fn constants(&mut self) -> Result<Vec<Constant>, Malformed> {
        self.enter()?;
        let n = self.list()?;
        let out = (0..n).map(|_| crate::ast::walk::deep(|| self.constant())).collect();
        self.depth -= 1;
        out
    }
}

impl Source for Reader<'_> {
    fn begin(&mut self) -> Result<u16, Malformed> {
        self.enter()?;
        Ok(u16::from_le_bytes(self.array()?))
    }
    fn pos(&mut self) -> Result<Pos, Malformed> {
        Ok(Pos { lineno: self.int()?, col_offset: self.int()?, end_lineno: self.int()?, end_col_offset: self.int()? })
    }
    fn end(&mut self) -> Result<(), Malformed> {
        self.depth -= 1;
        Ok(())
    }
    fn list(&mut self) -> Result<usize, Malformed> {
        let n = u32::from_le_bytes(self.array()?) as usize;
        // Every item takes at least a byte.
        if n > self.rest.len() {
            return Err(Malformed("the tree ends early".into()));
        }
        Ok(n)
    }
    fn is_some(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed(format!("byte {other} where 0 or 1 says whether a value follows"))),
        }
    }
    fn ident(&mut self) -> Result<Ident, Malformed> {
        Ok(Ident::new(self.str()?))
    }
    fn text(&mut self) -> Result<Text, Malformed> {
        Ok(Text::new(self.str()?))
    }
    fn int(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array()?))
    }
    fn constant(&mut self) -> Result<Constant, Malformed> {
        Ok(match self.u8()? {
            tag::NONE => Constant::None,
            tag::TRUE => Constant::True,
            tag::FALSE => Constant::False,
            tag::ELLIPSIS => Constant::Ellipsis,
            tag::INT => Constant::Int(i64::from_le_bytes(self.array()?)),
            tag::BIG_INT => {
                let sign = if self.u8()? == 1 { Sign::Minus } else { Sign::Plus };
                Constant::BigInt(Rc::new(BigInt::from_bytes_le(sign, self.bytes()?)))
            }
            tag::FLOAT => Constant::Float(self.f64()?),
            tag::COMPLEX => Constant::Complex { real: self.f64()?, imag: self.f64()? },
            tag::STR => {
                Constant::Str(Wtf8::from_bytes(self.bytes()?).ok_or_else(|| Malformed("a string is not WTF-8".into()))?)
            }
            tag::BYTES => Constant::Bytes(self.bytes()?.into()),
            tag::TUPLE => Constant::Tuple(self.constants()?),
            tag::FROZEN_SET => Constant::FrozenSet(self.constants()?),
            other => return Err(Malformed(format!("constant tag {other}"))),
        })
    }
}
