//! A str argument's characters.

use std::borrow::Cow;
use taipan_abi::ops::StrView;
use taipan_abi::word::W;

/// A str and a view of its characters. Objects do not move, so the view is good while `w` is reachable (it is: it stands here).
#[derive(Copy, Clone)]
pub struct Text {
    /// The str.
    pub w: W,
    /// Its characters.
    pub view: StrView,
}

#[allow(missing_docs)]
impl Text {
    pub fn len(&self) -> usize {
        self.view.len
    }
    pub fn is_empty(&self) -> bool {
        self.view.len == 0
    }
    /// Character i as a code point (may be a surrogate).
    #[inline]
    pub fn char_at(&self, i: usize) -> u32 {
        assert!(i < self.view.len);
        // SAFETY: in range; the view says how wide a character is.
        unsafe {
            match self.view.kind {
                1 => *self.view.ptr.add(i) as u32,
                2 => *self.view.ptr.cast::<u16>().add(i) as u32,
                _ => *self.view.ptr.cast::<u32>().add(i),
            }
        }
    }
    pub fn chars(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).map(|i| self.char_at(i))
    }
    /// The bytes of an ASCII str.
    pub fn ascii(&self) -> Option<&str> {
        if self.view.ascii == 0 {
            return None;
        }
        // SAFETY: ASCII bytes are UTF-8.
        Some(unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.view.ptr, self.view.len)) })
    }
    /// UTF-8; lone surrogates become U+FFFD.
    pub fn to_str(&self) -> Cow<'_, str> {
        match self.ascii() {
            Some(s) => Cow::Borrowed(s),
            None => Cow::Owned(self.chars().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect()),
        }
    }
    /// UTF-8 with surrogates encoded like other code points (WTF-8).
    pub fn to_wtf8(&self) -> Cow<'_, [u8]> {
        if let Some(s) = self.ascii() {
            return Cow::Borrowed(s.as_bytes());
        }
        let mut out = Vec::with_capacity(self.len() * 2);
        for c in self.chars() {
            push_wtf8(&mut out, c)
        }
        Cow::Owned(out)
    }
    /// UTF-8, or the index of the first lone surrogate.
    pub fn to_utf8(&self) -> Result<Cow<'_, str>, usize> {
        match self.ascii() {
            Some(s) => Ok(Cow::Borrowed(s)),
            None => {
                let mut out = String::with_capacity(self.len() * 2);
                for (i, c) in self.chars().enumerate() {
                    out.push(char::from_u32(c).ok_or(i)?)
                }
                Ok(Cow::Owned(out))
            }
        }
    }
    pub fn eq_str(&self, s: &str) -> bool {
        match self.ascii() {
            Some(a) => a == s,
            None => self.chars().eq(s.chars().map(|c| c as u32)),
        }
    }
}

/// Appends a code point, surrogates included.
pub fn push_wtf8(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[0xE0 | (c >> 12) as u8, 0x80 | (c >> 6 & 0x3F) as u8, 0x80 | (c & 0x3F) as u8]),
    }
}
