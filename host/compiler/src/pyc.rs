//! Bytecode files: CPython's 16-byte header (PEP 552) with a magic number of our own, then a marshalled code object.

use crate::code::CodeObject;
use crate::marshal::{self, MarshalError};
use std::fmt;
use std::rc::Rc;

/// The magic number; it changes whenever the bytecode does. `\r\n` at its end catches files damaged by text mode.
pub const MAGIC: [u8; 4] = [0x55, 0x50, b'\r', b'\n'];
/// The tag in the names of bytecode files: `module.taipan-314.pyc`.
pub const TAG: &str = "taipan-314";

/// How a bytecode file is tied to its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// By the source's modification time and size (both modulo 2^32).
    Timestamp {
        /// Seconds since the epoch.
        mtime: u32,
        /// Bytes.
        size: u32,
    },
    /// By the hash of the source; whether it is compared at import is up to the file.
    Hash {
        /// [`source_hash`] of the source.
        hash: [u8; 8],
        /// Whether imports compare it.
        check: bool,
    },
}

/// Why a bytecode file was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PycError {
    /// The magic number is another.
    Magic,
    /// The header is cut off.
    Eof,
    /// Unknown flag bits.
    Flags(u32),
    /// The contents are malformed.
    Marshal(MarshalError),
}

impl fmt::Display for PycError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PycError::Magic => f.write_str("bad magic number"),
            PycError::Eof => f.write_str("reached EOF while reading the header"),
            PycError::Flags(bits) => write!(f, "invalid flags {bits}"),
            PycError::Marshal(e) => e.fmt(f),
        }
    }
}

/// The bytes of a bytecode file.
pub fn write(code: &CodeObject, source: Source) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    match source {
        Source::Timestamp { mtime, size } => {
            out.extend_from_slice(&0u32.to_le_bytes());
            out.extend_from_slice(&mtime.to_le_bytes());
            out.extend_from_slice(&size.to_le_bytes());
        }
        Source::Hash { hash, check } => {
            out.extend_from_slice(&(1 | (check as u32) << 1).to_le_bytes());
            out.extend_from_slice(&hash);
        }
    }
    out.extend_from_slice(&seal(&marshal::dump_code(code)));
    out
}

/// The first byte of a sealed code object.
pub const SEAL: u8 = b'C';
/// Bytes of a seal: `SEAL`, the length and the hash of what follows.
pub const SEAL_BYTES: usize = 13;

/// Puts a checksum before a marshalled code object. Whoever reads it need not verify what the compiler has written; code without it, or
/// damaged code, is verified.
pub fn seal(marshalled: &[u8]) -> Vec<u8> {
    let mut out = vec![SEAL];
    out.extend_from_slice(&(marshalled.len() as u32).to_le_bytes());
    out.extend_from_slice(&source_hash(marshalled));
    out.extend_from_slice(marshalled);
    out
}

/// What is under an unbroken seal.
pub fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_at_checked(SEAL_BYTES)?;
    let len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let inner = rest.get(..len)?;
    (head[0] == SEAL && head[5..] == source_hash(inner)).then_some(inner)
}

/// What the header says.
pub fn read_header(bytes: &[u8]) -> Result<Source, PycError> {
    if bytes.get(..4).is_some_and(|m| m != MAGIC) {
        return Err(PycError::Magic);
    }
    let head = bytes.get(..16).ok_or(PycError::Eof)?;
    let word = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
    match word(4) {
        0 => Ok(Source::Timestamp { mtime: word(8), size: word(12) }),
        flags @ (1 | 3) => {
            let mut hash = [0; 8];
            hash.copy_from_slice(&head[8..]);
            Ok(Source::Hash { hash, check: flags & 2 != 0 })
        }
        flags => Err(PycError::Flags(flags)),
    }
}

/// Reads and validates a whole bytecode file.
pub fn read(bytes: &[u8]) -> Result<(Source, Rc<CodeObject>), PycError> {
    let source = read_header(bytes)?;
    let body = &bytes[16..];
    let body = if body.first() == Some(&SEAL) { body.get(SEAL_BYTES..).unwrap_or(&[]) } else { body };
    let code = marshal::read_code(body).map_err(PycError::Marshal)?;
    Ok((source, code))
}

/// The hash of a source text for hash-based files: SipHash-1-3 with the magic number as key.
pub fn source_hash(source: &[u8]) -> [u8; 8] {
    siphash13(u32::from_le_bytes(MAGIC) as u64, 0, source).to_le_bytes()
}

/// SipHash-1-3.
pub fn siphash13(k0: u64, k1: u64, data: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut chunks = data.chunks_exact(8);
    for c in &mut chunks {
        let m = u64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]]);
        v[3] ^= m;
        round(&mut v);
        v[0] ^= m;
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    last[7] = data.len() as u8;
    let m = u64::from_le_bytes(last);
    v[3] ^= m;
    round(&mut v);
    v[0] ^= m;
    v[2] ^= 0xff;
    (0..3).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siphash_agrees_with_cpython() {
        // _imp.source_hash(key, data)
        assert_eq!(siphash13(0, 0, b""), SIP_EMPTY);
        assert_eq!(siphash13(1234, 0, b"hello world, this is a test"), SIP_TEXT);
    }
    const SIP_EMPTY: u64 = u64::from_le_bytes(EMPTY);
    const SIP_TEXT: u64 = u64::from_le_bytes(TEXT);
    const EMPTY: [u8; 8] = [44, 83, 12, 21, 98, 167, 251, 209];
    const TEXT: [u8; 8] = [184, 142, 211, 250, 137, 87, 23, 69];

    #[test]
    fn headers_round_trip() {
        let code = crate::code::CodeObject::default();
        for s in [Source::Timestamp { mtime: 7, size: 9 }, Source::Hash { hash: [1, 2, 3, 4, 5, 6, 7, 8], check: true }]
        {
            assert_eq!(read_header(&write(&code, s)), Ok(s));
        }
        assert_eq!(read_header(b"abcdefgh"), Err(PycError::Magic));
        assert_eq!(read_header(b""), Err(PycError::Eof));
    }
}
