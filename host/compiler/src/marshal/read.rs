//! The reader. It trusts nothing: lengths, depth and references are checked, and code objects are validated.

use crate::code::{CodeObject, Const};
use crate::validate::{Invalid, validate};
use num_bigint::{BigInt, BigUint, Sign};
use std::fmt;
use std::rc::Rc;
use taipan_syntax::ast::{Ident, Wtf8};

/// How deep objects may be nested, as in CPython.
const MAX_DEPTH: u32 = 2000;

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarshalError {
    /// The bytes end too early.
    Eof,
    /// Something that must not stand there.
    Bad(&'static str),
    /// The bytes are well-formed, but the code in them is not.
    Code(Invalid),
}

impl fmt::Display for MarshalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MarshalError::Eof => f.write_str("marshal data too short"),
            MarshalError::Bad(what) => write!(f, "bad marshal data ({what})"),
            MarshalError::Code(e) => write!(f, "bad code object in marshal data ({e})"),
        }
    }
}

type R<T> = Result<T, MarshalError>;

/// Reads one object; bytes after it are ignored.
pub fn read(bytes: &[u8]) -> R<Const> {
    Reader { bytes, refs: Vec::new(), depth: 0 }.object()
}

/// Reads a code object and validates it and all code objects in it.
pub fn read_code(bytes: &[u8]) -> R<Rc<CodeObject>> {
    match read(bytes)? {
        Const::Code(c) => Ok(c),
        _ => Err(MarshalError::Bad("not a code object")),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// None: an object that is still being read.
    refs: Vec<Option<Const>>,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> R<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(n).ok_or(MarshalError::Eof)?;
        self.bytes = rest;
        Ok(head)
    }
    fn array<const N: usize>(&mut self) -> R<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("take returns what was asked for"))
    }
    fn u8(&mut self) -> R<u8> {
        Ok(self.array::<1>()?[0])
    }
    fn i32(&mut self) -> R<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }
    fn size(&mut self) -> R<usize> {
        usize::try_from(self.i32()?).map_err(|_| MarshalError::Bad("size out of range"))
    }
    fn f64(&mut self) -> R<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn object(&mut self) -> R<Const> {
        if self.depth >= MAX_DEPTH {
            return Err(MarshalError::Bad("recursion limit exceeded"));
        }
        self.depth += 1;
        let byte = self.u8()?;
        let slot = (byte & 0x80 != 0).then(|| {
            self.refs.push(None);
            self.refs.len() - 1
        });
        let value = match self.depth % 8 {
            7 => stacker::maybe_grow(128 << 10, 2 << 20, || self.value(byte & 0x7f))?,
            _ => self.value(byte & 0x7f)?,
        };
        if let Some(slot) = slot {
            self.refs[slot] = Some(value.clone());
        }
        self.depth -= 1;
        Ok(value)
    }

    fn value(&mut self, ty: u8) -> R<Const> {
        Ok(match ty {
            b'N' => Const::None,
            b'T' => Const::True,
            b'F' => Const::False,
            b'.' => Const::Ellipsis,
            b'i' => Const::Int(self.i32()? as i64),
            b'l' => self.long()?,
            b'g' => Const::Float(self.f64()?),
            b'y' => Const::Complex(self.f64()?, self.f64()?),
            b's' => {
                let n = self.size()?;
                Const::Bytes(self.take(n)?.into())
            }
            b'u' | b't' => {
                let n = self.size()?;
                Const::Str(Wtf8::from_bytes(self.take(n)?).ok_or(MarshalError::Bad("invalid UTF-8"))?)
            }
            b'a' | b'A' => {
                let n = self.size()?;
                self.ascii(n)?
            }
            b'z' | b'Z' => {
                let n = self.u8()? as usize;
                self.ascii(n)?
            }
            b'(' => {
                let n = self.size()?;
                Const::Tuple(self.items(n)?.into())
            }
            b')' => {
                let n = self.u8()? as usize;
                Const::Tuple(self.items(n)?.into())
            }
            b'>' => {
                let n = self.size()?;
                Const::FrozenSet(self.items(n)?.into())
            }
            b':' => Const::Slice(Rc::new([self.object()?, self.object()?, self.object()?])),
            b'r' => {
                let i = self.size()?;
                match self.refs.get(i) {
                    Some(Some(c)) => c.clone(),
                    _ => return Err(MarshalError::Bad("invalid reference")),
                }
            }
            b'c' => Const::Code(Rc::new(self.code()?)),
            _ => return Err(MarshalError::Bad("unknown type code")),
        })
    }

    fn ascii(&mut self, n: usize) -> R<Const> {
        match std::str::from_utf8(self.take(n)?) {
            Ok(s) if s.is_ascii() => Ok(Const::str(s)),
            _ => Err(MarshalError::Bad("str is not ASCII")),
        }
    }

    fn long(&mut self) -> R<Const> {
        let n = self.i32()?;
        let count = n.unsigned_abs() as usize;
        let raw = self.take(count.checked_mul(2).ok_or(MarshalError::Eof)?)?;
        let (mut acc, mut bits, mut words) = (0u64, 0, Vec::with_capacity(count / 2 + 1));
        for (i, d) in raw.chunks_exact(2).enumerate() {
            let d = u16::from_le_bytes([d[0], d[1]]);
            if d > 0x7fff {
                return Err(MarshalError::Bad("digit out of range in long"));
            }
            if d == 0 && i + 1 == count {
                return Err(MarshalError::Bad("unnormalized long data"));
            }
            acc |= (d as u64) << bits;
            bits += 15;
            if bits >= 32 {
                words.push(acc as u32);
                acc >>= 32;
                bits -= 32;
            }
        }
        words.push(acc as u32);
        let sign = if n < 0 { Sign::Minus } else { Sign::Plus };
        Ok(Const::from_big(BigInt::from_biguint(sign, BigUint::new(words))))
    }

    fn items(&mut self, n: usize) -> R<Vec<Const>> {
        if n > self.bytes.len() {
            return Err(MarshalError::Eof);
        }
        (0..n).map(|_| self.object()).collect()
    }

    fn blob(&mut self) -> R<Vec<u8>> {
        match self.object()? {
            Const::Bytes(b) => Ok(b.to_vec()),
            _ => Err(MarshalError::Bad("bytes expected in a code object")),
        }
    }
    fn text(&mut self) -> R<Wtf8> {
        match self.object()? {
            Const::Str(s) => Ok(s),
            _ => Err(MarshalError::Bad("str expected in a code object")),
        }
    }
    fn ident(&mut self) -> R<Ident> {
        match self.text()?.as_str() {
            Some(s) => Ok(Ident::new(s)),
            None => Err(MarshalError::Bad("surrogates in a name")),
        }
    }
    fn tuple(&mut self) -> R<Rc<[Const]>> {
        match self.object()? {
            Const::Tuple(t) => Ok(t),
            _ => Err(MarshalError::Bad("tuple expected in a code object")),
        }
    }
    fn idents(&mut self) -> R<Vec<Ident>> {
        let name = |c: &Const| match c {
            Const::Str(s) => s.as_str().map(Ident::new).ok_or(MarshalError::Bad("surrogates in a name")),
            _ => Err(MarshalError::Bad("str expected in a code object")),
        };
        self.tuple()?.iter().map(name).collect()
    }

    fn code(&mut self) -> R<CodeObject> {
        let mut n = [0; 7];
        for v in &mut n {
            *v = self.i32()?;
        }
        if n[..6].iter().any(|v| *v < 0) {
            return Err(MarshalError::Bad("negative number in a code object"));
        }
        let words = self.blob()?;
        if words.len() % 4 != 0 {
            return Err(MarshalError::Bad("half a word in a code object"));
        }
        let code = CodeObject {
            argcount: n[0] as u32,
            posonlyargcount: n[1] as u32,
            kwonlyargcount: n[2] as u32,
            stacksize: n[3] as u32,
            flags: n[4] as u32,
            ncaches: n[5] as u32,
            firstlineno: n[6],
            code: words.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect(),
            consts: self.tuple()?.to_vec(),
            names: self.idents()?,
            localsplusnames: self.idents()?,
            localspluskinds: self.blob()?,
            filename: self.text()?,
            name: self.ident()?,
            qualname: self.ident()?,
            linetable: self.blob()?,
            exceptiontable: self.blob()?,
        };
        validate(&code).map_err(MarshalError::Code)?;
        Ok(code)
    }
}
