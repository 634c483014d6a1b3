//! The writer.

use crate::code::{CodeObject, Const};
use std::collections::HashMap;
use std::rc::Rc;
use taipan_syntax::ast::{BigInt, Ident, Wtf8};

const REF: u8 = 0x80;

/// A code object as bytes.
pub fn dump_code(code: &CodeObject) -> Vec<u8> {
    let mut w = Writer::default();
    w.code(code);
    w.out
}

/// Any constant as bytes.
pub fn dump(c: &Const) -> Vec<u8> {
    let mut w = Writer::default();
    w.object(c);
    w.out
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Reference numbers of the strings written so far; the flag tells interned ones apart.
    refs: HashMap<(Rc<[u8]>, bool), u32>,
}

impl Writer {
    fn u32(&mut self, v: u32) {
        self.out.extend_from_slice(&v.to_le_bytes());
    }

    fn bytes(&mut self, b: &[u8]) {
        self.out.push(b's');
        self.u32(b.len() as u32);
        self.out.extend_from_slice(b);
    }

    fn str(&mut self, text: &[u8], interned: bool) {
        if !text.is_empty() {
            if let Some(&r) = self.refs.get(&(Rc::from(text), interned)) {
                self.out.push(b'r');
                return self.u32(r);
            }
            self.refs.insert((Rc::from(text), interned), self.refs.len() as u32);
        }
        let flag = if text.is_empty() { 0 } else { REF };
        let (short, ascii, other) = if interned { (b'Z', b'A', b't') } else { (b'z', b'a', b'u') };
        if text.is_ascii() && text.len() < 256 {
            self.out.extend_from_slice(&[short | flag, text.len() as u8]);
        } else {
            self.out.push(if text.is_ascii() { ascii } else { other } | flag);
            self.u32(text.len() as u32);
        }
        self.out.extend_from_slice(text);
    }

    fn count(&mut self, n: usize) {
        if n < 256 {
            self.out.extend_from_slice(&[b')', n as u8]);
        } else {
            self.out.push(b'(');
            self.u32(n as u32);
        }
    }

    fn names(&mut self, names: &[Ident]) {
        self.count(names.len());
        for n in names {
            self.str(n.as_bytes(), true);
        }
    }

    fn int(&mut self, i: i64) {
        if let Ok(i) = i32::try_from(i) {
            self.out.push(b'i');
            return self.u32(i as u32);
        }
        let (mut rest, mut digits) = (i.unsigned_abs(), Vec::new());
        while rest != 0 {
            digits.push((rest & 0x7fff) as u16);
            rest >>= 15;
        }
        self.digits(i < 0, &digits);
    }

    fn digits(&mut self, negative: bool, digits: &[u16]) {
        self.out.push(b'l');
        let n = digits.len() as i32;
        self.u32(if negative { -n } else { n } as u32);
        for d in digits {
            self.out.extend_from_slice(&d.to_le_bytes());
        }
    }

    fn big(&mut self, b: &BigInt) {
        let mut digits = Vec::new();
        let (mut acc, mut bits) = (0u64, 0);
        for d in b.magnitude().iter_u32_digits() {
            acc |= (d as u64) << bits;
            bits += 32;
            while bits >= 15 {
                digits.push((acc & 0x7fff) as u16);
                acc >>= 15;
                bits -= 15;
            }
        }
        digits.push(acc as u16);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        self.digits(b.sign() == num_bigint::Sign::Minus, &digits);
    }

    fn object(&mut self, c: &Const) {
        match c {
            Const::None => self.out.push(b'N'),
            Const::True => self.out.push(b'T'),
            Const::False => self.out.push(b'F'),
            Const::Ellipsis => self.out.push(b'.'),
            Const::Int(i) => self.int(*i),
            Const::BigInt(b) => self.big(b),
            Const::Float(f) => {
                self.out.push(b'g');
                self.out.extend_from_slice(&f.to_le_bytes());
            }
            Const::Complex(re, im) => {
                self.out.push(b'y');
                self.out.extend_from_slice(&re.to_le_bytes());
                self.out.extend_from_slice(&im.to_le_bytes());
            }
            Const::Str(s) => self.str(s.as_bytes(), is_name_like(s)),
            Const::Bytes(b) => self.bytes(b),
            Const::Tuple(t) => {
                self.count(t.len());
                t.iter().for_each(|c| self.object(c));
            }
            Const::FrozenSet(t) => {
                self.out.push(b'>');
                self.u32(t.len() as u32);
                t.iter().for_each(|c| self.object(c));
            }
            Const::Slice(s) => {
                self.out.push(b':');
                s.iter().for_each(|c| self.object(c));
            }
            Const::Code(code) => stacker::maybe_grow(64 << 10, 1 << 20, || self.code(code)),
        }
    }

    fn code(&mut self, c: &CodeObject) {
        self.out.push(b'c');
        for v in [c.argcount, c.posonlyargcount, c.kwonlyargcount, c.stacksize, c.flags, c.ncaches] {
            self.u32(v);
        }
        self.u32(c.firstlineno as u32);
        let words: Vec<u8> = c.code.iter().flat_map(|w| w.to_le_bytes()).collect();
        self.bytes(&words);
        self.count(c.consts.len());
        c.consts.iter().for_each(|k| self.object(k));
        self.names(&c.names);
        self.names(&c.localsplusnames);
        self.bytes(&c.localspluskinds);
        self.str(c.filename.as_bytes(), true);
        self.str(c.name.as_bytes(), true);
        self.str(c.qualname.as_bytes(), true);
        self.bytes(&c.linetable);
        self.bytes(&c.exceptiontable);
    }
}

/// Constants that look like identifiers are interned, as CPython does.
fn is_name_like(s: &Wtf8) -> bool {
    s.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
