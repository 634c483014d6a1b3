//! The characters of a str as a slice of one of three widths, and searching in them.

use memchr::memmem;
use std::borrow::Cow;
use taipan_plugin_api::Text;

/// Characters of 1, 2 or 4 bytes. A str always has the narrowest width that holds all its characters.
#[derive(Copy, Clone, Debug)]
#[allow(missing_docs)]
pub enum Chars<'a> {
    One(&'a [u8]),
    Two(&'a [u16]),
    Four(&'a [u32]),
}

/// Evaluates the expression for the slice of whichever width.
#[macro_export]
#[doc(hidden)]
macro_rules! each_width {
    ($c:expr, $s:ident => $e:expr) => {
        match $c {
            $crate::text::chars::Chars::One($s) => $e,
            $crate::text::chars::Chars::Two($s) => $e,
            $crate::text::chars::Chars::Four($s) => $e,
        }
    };
}

impl<'a> Chars<'a> {
    /// The characters of a str argument.
    pub fn of(t: &'a Text) -> Chars<'a> {
        let (p, n) = (t.view.ptr, t.view.len);
        if n == 0 {
            return Chars::One(&[]);
        }
        // SAFETY: the view describes n characters of that width, aligned; they live as long as the str.
        unsafe {
            match t.view.kind {
                1 => Chars::One(std::slice::from_raw_parts(p, n)),
                2 => Chars::Two(std::slice::from_raw_parts(p.cast(), n)),
                _ => Chars::Four(std::slice::from_raw_parts(p.cast(), n)),
            }
        }
    }
    /// ASCII text.
    pub fn ascii(s: &'a str) -> Chars<'a> {
        debug_assert!(s.is_ascii());
        Chars::One(s.as_bytes())
    }
    #[allow(missing_docs)]
    #[inline]
    pub fn len(self) -> usize {
        each_width!(self, s => s.len())
    }
    #[allow(missing_docs)]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
    /// Bytes a character.
    #[inline]
    pub fn width(self) -> usize {
        match self {
            Chars::One(_) => 1,
            Chars::Two(_) => 2,
            Chars::Four(_) => 4,
        }
    }
    /// Character i, which is in range.
    #[inline]
    pub fn at(self, i: usize) -> u32 {
        match self {
            Chars::One(s) => s[i] as u32,
            Chars::Two(s) => s[i] as u32,
            Chars::Four(s) => s[i],
        }
    }
    /// Characters [lo, hi), which is in range.
    #[inline]
    pub fn slice(self, lo: usize, hi: usize) -> Chars<'a> {
        match self {
            Chars::One(s) => Chars::One(&s[lo..hi]),
            Chars::Two(s) => Chars::Two(&s[lo..hi]),
            Chars::Four(s) => Chars::Four(&s[lo..hi]),
        }
    }
    /// The code points.
    pub fn iter(self) -> CharIter<'a> {
        CharIter { chars: self, i: 0, end: self.len() }
    }
    /// The memory.
    pub fn raw(self) -> &'a [u8] {
        // SAFETY: plain integers seen as bytes.
        each_width!(self, s => unsafe { std::slice::from_raw_parts(s.as_ptr().cast::<u8>(), std::mem::size_of_val(s)) })
    }
    /// All bits that occur in some character: tells the width needed and whether all are ASCII.
    pub fn bits(self) -> u32 {
        match self {
            Chars::One(s) => {
                if s.is_ascii() {
                    0x7F
                } else {
                    0xFF
                }
            }
            Chars::Two(s) => s.iter().fold(0, |a, c| a | c) as u32,
            Chars::Four(s) => s.iter().fold(0, |a, c| a | c),
        }
    }
    /// Are the characters the same?
    pub fn same(self, other: Chars) -> bool {
        if self.width() == other.width() { self.raw() == other.raw() } else { self.iter().eq(other.iter()) }
    }
    /// Does it begin with the other at `i`?
    pub fn has_at(self, i: usize, other: Chars) -> bool {
        i + other.len() <= self.len() && self.slice(i, i + other.len()).same(other)
    }
    /// Order by code points.
    pub fn order(self, other: Chars) -> std::cmp::Ordering {
        match (self, other) {
            (Chars::One(a), Chars::One(b)) => a.cmp(b),
            _ => self.iter().cmp(other.iter()),
        }
    }
    /// A Rust string; surrogates become U+FFFD.
    pub fn to_string_lossy(self) -> String {
        self.iter().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect()
    }
    /// The first index of a character.
    pub fn position(self, c: u32) -> Option<usize> {
        match self {
            Chars::One(s) => u8::try_from(c).ok().and_then(|c| memchr::memchr(c, s)),
            Chars::Two(s) => u16::try_from(c).ok().and_then(|c| s.iter().position(|x| *x == c)),
            Chars::Four(s) => s.iter().position(|x| *x == c),
        }
    }
    /// The memory the characters would have at a width that is not narrower.
    fn widened(self, width: usize) -> Cow<'a, [u8]> {
        if self.width() == width {
            return Cow::Borrowed(self.raw());
        }
        let mut out = Vec::with_capacity(self.len() * width);
        for c in self.iter() {
            out.extend_from_slice(
                &c.to_ne_bytes()[if cfg!(target_endian = "little") { 0..width } else { 4 - width..4 }],
            );
        }
        Cow::Owned(out)
    }
}

/// Iterator of [`Chars::iter`].
#[derive(Clone)]
pub struct CharIter<'a> {
    chars: Chars<'a>,
    i: usize,
    end: usize,
}
impl Iterator for CharIter<'_> {
    type Item = u32;
    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.i == self.end {
            return None;
        }
        self.i += 1;
        Some(self.chars.at(self.i - 1))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.i, Some(self.end - self.i))
    }
}
impl DoubleEndedIterator for CharIter<'_> {
    fn next_back(&mut self) -> Option<u32> {
        if self.i == self.end {
            return None;
        }
        self.end -= 1;
        Some(self.chars.at(self.end))
    }
}
impl ExactSizeIterator for CharIter<'_> {}

/// Searches for one needle in haystacks of one width.
pub struct Finder<'n> {
    needle: Cow<'n, [u8]>,
    width: usize,
}
impl<'n> Finder<'n> {
    /// None if the needle has characters that the haystack cannot have. The needle is not empty.
    pub fn new(needle: Chars<'n>, width: usize) -> Option<Finder<'n>> {
        (needle.width() <= width).then(|| Finder { needle: needle.widened(width), width })
    }
    /// For bytes.
    pub fn bytes(needle: &'n [u8]) -> Finder<'n> {
        Finder { needle: Cow::Borrowed(needle), width: 1 }
    }
    /// The first match in `raw` (memory of whole characters), as a character index.
    pub fn find(&self, raw: &[u8]) -> Option<usize> {
        if self.width == 1 {
            return if self.needle.len() == 1 {
                memchr::memchr(self.needle[0], raw)
            } else {
                memmem::find(raw, &self.needle)
            };
        }
        let finder = memmem::Finder::new(&*self.needle);
        let mut from = 0;
        while let Some(i) = finder.find(&raw[from..]) {
            // A match may straddle characters.
            if (from + i) % self.width == 0 {
                return Some((from + i) / self.width);
            }
            from += i + 1;
        }
        None
    }
    /// The last match.
    pub fn rfind(&self, raw: &[u8]) -> Option<usize> {
        if self.needle.len() == 1 {
            return memchr::memrchr(self.needle[0], raw);
        }
        let finder = memmem::FinderRev::new(&*self.needle);
        let mut end = raw.len();
        while let Some(i) = finder.rfind(&raw[..end]) {
            if i % self.width == 0 {
                return Some(i / self.width);
            }
            end = i + self.needle.len() - 1;
        }
        None
    }
    /// The matches that do not overlap, from the left, at most `max`.
    pub fn all(&self, raw: &[u8], max: usize) -> Vec<usize> {
        let mut out = Vec::new();
        if max == 0 {
            return out;
        }
        if self.width == 1 && self.needle.len() == 1 {
            out.extend(memchr::memchr_iter(self.needle[0], raw).take(max));
            return out;
        }
        let finder = memmem::Finder::new(&*self.needle);
        let mut from = 0;
        while let Some(i) = finder.find(&raw[from..]) {
            if (from + i) % self.width == 0 {
                out.push((from + i) / self.width);
                if out.len() == max {
                    break;
                }
                from += i + self.needle.len();
            } else {
                from += i + 1;
            }
        }
        out
    }
}

/// `s.find(sub)`; an empty `sub` is found at 0.
pub fn find(hay: Chars, needle: Chars) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    Finder::new(needle, hay.width())?.find(hay.raw())
}
/// `s.rfind(sub)`
pub fn rfind(hay: Chars, needle: Chars) -> Option<usize> {
    if needle.is_empty() {
        return Some(hay.len());
    }
    Finder::new(needle, hay.width())?.rfind(hay.raw())
}
/// Matches that do not overlap; the needle is not empty.
pub fn find_all(hay: Chars, needle: Chars, max: usize) -> Vec<usize> {
    Finder::new(needle, hay.width()).map_or(Vec::new(), |f| f.all(hay.raw(), max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searching_wide() {
        // 0x0161 0x6101 contains the bytes 61 01 61 01 at odd offsets.
        let hay = [0x0161u16, 0x6101, 0x0161];
        let c = Chars::Two(&hay);
        assert_eq!(find(c, Chars::Two(&[0x6101])), Some(1));
        assert_eq!(find(c, Chars::Two(&[0x0161, 0x0161])), None);
        assert_eq!(rfind(c, Chars::Two(&[0x0161])), Some(2));
        assert_eq!(find(c, Chars::Four(&[0x10000])), None);
        assert_eq!(find_all(c, Chars::Two(&[0x0161]), 9), [0, 2]);
        assert_eq!(find(Chars::Two(&[0x100, 0x61, 0x62]), Chars::One(b"ab")), Some(1));
    }

    #[test]
    fn searching_bytes() {
        assert_eq!(find_all(Chars::One(b"aaaa"), Chars::One(b"aa"), usize::MAX), [0, 2]);
        assert_eq!(rfind(Chars::One(b"aaaa"), Chars::One(b"aa")), Some(2));
        assert_eq!(find(Chars::One(b"abc"), Chars::One(b"")), Some(0));
    }

    #[test]
    fn ordering() {
        assert!(Chars::One(b"a").order(Chars::Two(&[0x100])).is_lt());
        assert!(Chars::One(b"ab").order(Chars::One(b"a")).is_gt());
        assert!(Chars::Two(&[0x61]).same(Chars::One(b"a")));
    }
}
