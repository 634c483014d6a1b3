//! What stands at the leaves of the tree: positions, names, constants.

pub use num_bigint::BigInt;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

/// Where a node begins and ends. Lines count from 1, columns are UTF-8 byte offsets into the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Pos {
    pub lineno: i32,
    pub col_offset: i32,
    pub end_lineno: i32,
    pub end_col_offset: i32,
}

macro_rules! shared_str {
    ($(#[$m:meta])* $Ty:ident) => {
        $(#[$m])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Ty(pub Rc<str>);
        impl $Ty {
            /// A new one with this text.
            pub fn new(text: &str) -> Self {
                $Ty(text.into())
            }
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl Deref for $Ty {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Debug for $Ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
        impl From<&str> for $Ty {
            fn from(text: &str) -> Self {
                $Ty(text.into())
            }
        }
    };
}
shared_str! {
    /// An identifier (NFKC-normalized when it comes from source). Cloning is cheap.
    Ident
}
shared_str! {
    /// The ASDL type `string`: type comments and the `kind` of a string constant.
    Text
}

/// Text that may contain lone surrogates ("\ud800"): UTF-8 in which a surrogate that is not part of a pair
/// is encoded as three bytes. A pair written as two escapes stays two surrogates, as in CPython.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Wtf8(Rc<[u8]>);

impl Wtf8 {
    /// From text without surrogates.
    pub fn new(text: &str) -> Self {
        Wtf8(text.as_bytes().into())
    }
    /// From bytes in the encoding above; `None` if they are not.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (c, n) = decode(rest)?;
            debug_assert!(c < 0x11_0000);
            rest = &rest[n..];
        }
        Some(Wtf8(bytes.into()))
    }
    /// The encoded bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// The text, if it has no surrogates.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
    /// The code points, surrogates included.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (c, n) = decode(rest)?;
            rest = &rest[n..];
            Some(c)
        })
    }
    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a code point, surrogate or not.
pub fn push_code_point(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xE0 | (c >> 12 & 0xF) as u8,
            0x80 | (c >> 6 & 0x3F) as u8,
            0x80 | (c & 0x3F) as u8,
        ]),
    }
}

/// The first code point of well-formed bytes, and its length.
fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    let b0 = *bytes.first()?;
    if b0 < 0x80 {
        return Some((b0 as u32, 1));
    }
    if b0 == 0xED
        && let [_, b1 @ 0xA0..=0xBF, b2 @ 0x80..=0xBF, ..] = *bytes
    {
        return Some((0xD000 | ((b1 as u32 & 0x3F) << 6) | (b2 as u32 & 0x3F), 3));
    }
    let n = match b0 {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let c = std::str::from_utf8(bytes.get(..n)?).ok()?.chars().next()?;
    Some((c as u32, n))
}

impl fmt::Debug for Wtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

/// The value of a `Constant` node. `Tuple` and `FrozenSet` never come from source, only from trees that
/// Python code has built.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Constant {
    None,
    True,
    False,
    Ellipsis,
    /// An int that fits.
    Int(i64),
    /// One that does not.
    BigInt(Rc<BigInt>),
    Float(f64),
    Complex {
        real: f64,
        imag: f64,
    },
    Str(Wtf8),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Constant>),
    FrozenSet(Vec<Constant>),
}
