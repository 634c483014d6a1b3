//! Classes and case of characters.

use rustpython_unicode::{case, classify};

/// A character of a subject: 1, 2 or 4 bytes.
pub trait Char: Copy + Eq + 'static {
    /// The code point.
    fn code(self) -> u32;
    /// The character of a code point, if it has one this wide.
    fn of(code: u32) -> Option<Self>;
    /// The first place of a character.
    fn find(text: &[Self], c: Self) -> Option<usize> {
        text.iter().position(|x| *x == c)
    }
}
impl Char for u8 {
    #[inline(always)]
    fn code(self) -> u32 {
        self as u32
    }
    fn of(code: u32) -> Option<u8> {
        u8::try_from(code).ok()
    }
    #[inline]
    fn find(text: &[u8], c: u8) -> Option<usize> {
        memchr::memchr(c, text)
    }
}
impl Char for u16 {
    #[inline(always)]
    fn code(self) -> u32 {
        self as u32
    }
    fn of(code: u32) -> Option<u16> {
        u16::try_from(code).ok()
    }
}
impl Char for u32 {
    #[inline(always)]
    fn code(self) -> u32 {
        self
    }
    fn of(code: u32) -> Option<u32> {
        Some(code)
    }
}

fn uni(c: u32, f: impl Fn(char) -> bool) -> bool {
    char::from_u32(c).is_some_and(f)
}

pub fn lower_ascii(c: u32) -> u32 {
    if c.wrapping_sub('A' as u32) < 26 { c + 32 } else { c }
}
pub fn lower_unicode(c: u32) -> u32 {
    if c < 128 { lower_ascii(c) } else { char::from_u32(c).map_or(c, |x| case::simple_lowercase(x) as u32) }
}
pub fn upper_unicode(c: u32) -> u32 {
    // Where the full mapping has several characters the first one counts.
    char::from_u32(c).map_or(c, |x| x.to_uppercase().next().unwrap_or(x) as u32)
}
pub fn lower_locale(c: u32) -> u32 {
    // SAFETY: in range of the C function.
    if c < 256 { unsafe { libc::tolower(c as i32) as u32 } } else { c }
}
pub fn upper_locale(c: u32) -> u32 {
    // SAFETY: as above.
    if c < 256 { unsafe { libc::toupper(c as i32) as u32 } } else { c }
}

fn ascii(c: u32, f: impl Fn(&u8) -> bool) -> bool {
    c < 128 && f(&(c as u8))
}
fn is_space(c: u32) -> bool {
    matches!(c, 9..=13 | 32)
}
pub fn is_word(c: u32) -> bool {
    ascii(c, |b| b.is_ascii_alphanumeric() || *b == b'_')
}
pub fn is_word_locale(c: u32) -> bool {
    // SAFETY: in range of the C function.
    c == '_' as u32 || c < 256 && unsafe { libc::isalnum(c as i32) != 0 }
}
pub fn is_word_unicode(c: u32) -> bool {
    if c < 128 { is_word(c) } else { uni(c, classify::is_alnum) }
}

/// Is the character in a category (`re._constants.CHCODES`)?
pub fn category(code: u32, c: u32) -> bool {
    let positive = match code >> 1 {
        0 => ascii(c, u8::is_ascii_digit),
        1 => is_space(c),
        2 => is_word(c),
        3 => c == 10,
        4 => is_word_locale(c),
        5 => uni(c, classify::is_decimal),
        6 => uni(c, classify::is_space),
        7 => is_word_unicode(c),
        8 => matches!(c, 10..=13 | 0x1C..=0x1E | 0x85 | 0x2028 | 0x2029),
        _ => return false,
    };
    positive != (code & 1 != 0)
}
