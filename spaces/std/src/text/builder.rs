//! Building a str piece by piece, widened when a character asks for it.

use super::chars::Chars;
use super::wstr;
use taipan_plugin_api::{Res, Space, Text, W};

enum Buf {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

/// A growing text. Its width is always the narrowest.
pub struct Builder {
    buf: Buf,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    #[allow(missing_docs)]
    pub fn new() -> Builder {
        Builder::with_capacity(0)
    }
    /// With room for so many narrow characters.
    pub fn with_capacity(n: usize) -> Builder {
        Builder { buf: Buf::One(Vec::with_capacity(n)) }
    }
    /// Characters so far.
    pub fn len(&self) -> usize {
        self.chars().len()
    }
    #[allow(missing_docs)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The characters so far.
    pub fn chars(&self) -> Chars<'_> {
        match &self.buf {
            Buf::One(v) => Chars::One(v),
            Buf::Two(v) => Chars::Two(v),
            Buf::Four(v) => Chars::Four(v),
        }
    }
    #[cold]
    fn widen(&mut self, bits: u32) {
        self.buf = match std::mem::replace(&mut self.buf, Buf::One(Vec::new())) {
            Buf::One(v) if bits > 0xFFFF => Buf::Four(v.into_iter().map(u32::from).collect()),
            Buf::One(v) if bits > 0xFF => Buf::Two(v.into_iter().map(u16::from).collect()),
            Buf::Two(v) if bits > 0xFFFF => Buf::Four(v.into_iter().map(u32::from).collect()),
            other => other,
        }
    }
    /// Appends one character.
    #[inline]
    pub fn push(&mut self, c: u32) {
        match &mut self.buf {
            Buf::One(v) if c <= 0xFF => return v.push(c as u8),
            Buf::Two(v) if c <= 0xFFFF => return v.push(c as u16),
            Buf::Four(v) => return v.push(c),
            _ => {}
        }
        self.widen(c);
        self.push(c)
    }
    /// Appends characters.
    pub fn extend(&mut self, chars: Chars) {
        if let (Buf::One(v), Chars::One(s)) = (&mut self.buf, chars) {
            return v.extend_from_slice(s);
        }
        self.widen(chars.bits());
        match (&mut self.buf, chars) {
            (Buf::Two(v), Chars::One(s)) => v.extend(s.iter().map(|c| *c as u16)),
            (Buf::Two(v), Chars::Two(s)) => v.extend_from_slice(s),
            (Buf::Four(v), Chars::One(s)) => v.extend(s.iter().map(|c| *c as u32)),
            (Buf::Four(v), Chars::Two(s)) => v.extend(s.iter().map(|c| *c as u32)),
            (Buf::Four(v), Chars::Four(s)) => v.extend_from_slice(s),
            // The characters are narrower than the slice that holds them.
            (_, s) => s.iter().for_each(|c| self.push(c)),
        }
    }
    /// Appends a Rust string.
    pub fn push_str(&mut self, s: &str) {
        if s.is_ascii() { self.extend(Chars::One(s.as_bytes())) } else { s.chars().for_each(|c| self.push(c as u32)) }
    }
    /// Appends a str.
    pub fn push_text(&mut self, t: &Text) {
        self.extend(Chars::of(t))
    }
    /// Appends a character so many times.
    pub fn fill(&mut self, c: u32, n: usize) {
        if n == 0 {
            return;
        }
        self.widen(c);
        match &mut self.buf {
            Buf::One(v) => v.resize(v.len() + n, c as u8),
            Buf::Two(v) => v.resize(v.len() + n, c as u16),
            Buf::Four(v) => v.resize(v.len() + n, c),
        }
    }
    /// Appends `s` padded to `width`; align is one of `<`, `>`, `^`.
    pub fn pad(&mut self, s: Chars, width: usize, align: u8, fill: u32) {
        let total = width.saturating_sub(s.len());
        let left = match align {
            b'<' => 0,
            b'^' => total / 2,
            _ => total,
        };
        self.fill(fill, left);
        self.extend(s);
        self.fill(fill, total - left);
    }
    /// The str.
    pub fn finish(self, sp: Space) -> Res<W> {
        wstr::new_narrow(sp, self.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widens_as_needed() {
        let mut b = Builder::new();
        b.push_str("ab");
        b.extend(Chars::Two(&[0x61, 0x62]));
        assert!(matches!(b.chars(), Chars::One(b"abab")));
        b.push(0x1F600);
        b.extend(Chars::Two(&[0x100]));
        assert!(matches!(b.chars(), Chars::Four(&[0x61, 0x62, 0x61, 0x62, 0x1F600, 0x100])));
    }

    #[test]
    fn padding() {
        let mut b = Builder::new();
        b.pad(Chars::One(b"ab"), 5, b'^', 0x2A);
        assert!(b.chars().same(Chars::One(b"*ab**")));
    }
}
