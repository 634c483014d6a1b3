//! Characters as they are decoded: one byte each for as long as that is enough.

/// Decoded characters.
#[derive(Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Out {
    Narrow(Vec<u8>),
    Wide(Vec<u32>),
}
impl Default for Out {
    fn default() -> Self {
        Out::Narrow(Vec::new())
    }
}
#[allow(missing_docs, clippy::len_without_is_empty)]
impl Out {
    pub fn with_capacity(n: usize) -> Out {
        Out::Narrow(Vec::with_capacity(n))
    }
    pub fn len(&self) -> usize {
        match self {
            Out::Narrow(v) => v.len(),
            Out::Wide(v) => v.len(),
        }
    }
    #[inline]
    pub fn push(&mut self, c: u32) {
        match self {
            Out::Narrow(v) if c < 256 => v.push(c as u8),
            Out::Wide(v) => v.push(c),
            Out::Narrow(_) => self.wide(0).push(c),
        }
    }
    /// The wide form with room for `more`.
    pub fn wide(&mut self, more: usize) -> &mut Vec<u32> {
        if let Out::Narrow(v) = self {
            let mut w = Vec::with_capacity(v.capacity().max(v.len() + more));
            w.extend(v.iter().map(|b| *b as u32));
            *self = Out::Wide(w);
        }
        match self {
            Out::Wide(v) => v,
            Out::Narrow(_) => unreachable!("made wide above"),
        }
    }
    /// Appends Latin-1 bytes.
    pub fn extend_latin1(&mut self, b: &[u8]) {
        match self {
            Out::Narrow(v) => v.extend_from_slice(b),
            Out::Wide(v) => v.extend(b.iter().map(|b| *b as u32)),
        }
    }
    /// Appends text.
    pub fn extend_str(&mut self, s: &str) {
        if s.is_ascii() {
            return self.extend_latin1(s.as_bytes());
        }
        for c in s.chars() {
            self.push(c as u32)
        }
    }
    pub fn extend_chars(&mut self, chars: &super::Chars<'_>) {
        match chars {
            super::Chars::U8(s) => self.extend_latin1(s),
            super::Chars::U16(s) => s.iter().for_each(|c| self.push(*c as u32)),
            super::Chars::U32(s) => s.iter().for_each(|c| self.push(*c)),
        }
    }
    pub fn clear(&mut self) {
        *self = Out::default();
    }
    /// The code points, for tests and short texts.
    pub fn to_vec(&self) -> Vec<u32> {
        match self {
            Out::Narrow(v) => v.iter().map(|b| *b as u32).collect(),
            Out::Wide(v) => v.clone(),
        }
    }
}
