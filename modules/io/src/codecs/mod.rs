//! The codecs as pure functions over bytes and code points.
//!
//! Errors go to a handler ([`DecodeErrors`], [`EncodeErrors`]): the standard ones are in `standard`; the module gives handlers that call
//! what was registered from Python. Decoders write to an [`Out`], encoders to bytes.

pub mod out;
pub mod simple;
pub mod standard;
pub mod utf8;

#[cfg(test)]
mod tests;

pub use out::Out;
use std::borrow::Cow;

/// A str's characters.
#[derive(Copy, Clone)]
#[allow(missing_docs)]
pub enum Chars<'a> {
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
}
#[allow(missing_docs, clippy::len_without_is_empty)]
impl Chars<'_> {
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Chars::U8(s) => s.len(),
            Chars::U16(s) => s.len(),
            Chars::U32(s) => s.len(),
        }
    }
    #[inline]
    pub fn at(&self, i: usize) -> u32 {
        match self {
            Chars::U8(s) => s[i] as u32,
            Chars::U16(s) => s[i] as u32,
            Chars::U32(s) => s[i],
        }
    }
    /// The end of the run of characters from `start` that `f` accepts.
    pub fn run(&self, start: usize, f: impl Fn(u32) -> bool) -> usize {
        let mut i = start;
        while i < self.len() && f(self.at(i)) {
            i += 1
        }
        i
    }
}

/// How a decoder's error ends.
pub trait DecodeErrors {
    /// What a raised error is.
    type Error;
    /// Bytes [start, end) of `data` cannot be decoded. Writes a replacement and answers where to go on; may replace the data.
    fn decode_error(
        &mut self,
        encoding: &str,
        data: &mut Cow<'_, [u8]>,
        start: usize,
        end: usize,
        reason: &str,
        out: &mut Out,
    ) -> Result<usize, Self::Error>;
}

/// What an encoder puts in the place of characters it cannot encode.
#[allow(missing_docs)]
pub enum Replacement {
    Bytes(Vec<u8>),
    /// To be encoded by the same codec.
    Chars(Vec<u32>),
}

/// How an encoder's error ends.
pub trait EncodeErrors {
    /// What a raised error is.
    type Error;
    /// Characters [start, end) cannot be encoded: a replacement and where to go on.
    fn encode_error(
        &mut self,
        encoding: &str,
        chars: &Chars<'_>,
        start: usize,
        end: usize,
        reason: &str,
    ) -> Result<(Replacement, usize), Self::Error>;
    /// The error that cannot be mended.
    fn raise(&mut self, encoding: &str, chars: &Chars<'_>, start: usize, end: usize, reason: &str) -> Self::Error;
}
