//! Characters of any width, and reading string literals.

use super::decode_error;
use taipan_plugin_api::prelude::*;

/// A character as it is stored.
pub trait Unit: Copy {
    /// Bytes a character, for the space's constructor.
    const KIND: u32;
    fn code(self) -> u32;
}
impl Unit for u8 {
    const KIND: u32 = 1;
    #[inline(always)]
    fn code(self) -> u32 {
        self as u32
    }
}
impl Unit for u16 {
    const KIND: u32 = 2;
    #[inline(always)]
    fn code(self) -> u32 {
        self as u32
    }
}
impl Unit for u32 {
    const KIND: u32 = 4;
    #[inline(always)]
    fn code(self) -> u32 {
        self
    }
}

/// The characters as a slice of the width the str has.
///
/// # Safety
/// `C` is as wide as the view says; the str is kept alive by the caller.
pub unsafe fn slice<'a, C>(text: &Text) -> &'a [C] {
    if text.view.len == 0 { &[] } else { std::slice::from_raw_parts(text.view.ptr.cast(), text.view.len) }
}
/// Evaluates an expression with the characters of a Text under a name, once for each width.
macro_rules! with_chars {
    ($text:expr, $c:ident => $e:expr) => {{
        let text = &$text;
        // SAFETY: the kind is the width; the Text keeps its str.
        unsafe {
            match text.view.kind {
                1 => {
                    let $c: &[u8] = crate::json::strings::slice(text);
                    $e
                }
                2 => {
                    let $c: &[u16] = crate::json::strings::slice(text);
                    $e
                }
                _ => {
                    let $c: &[u32] = crate::json::strings::slice(text);
                    $e
                }
            }
        }
    }};
}
pub(crate) use with_chars;

/// A str of characters of one width.
pub fn new_str<C: Unit>(sp: Space, chars: &[C]) -> Res<W> {
    // SAFETY: the characters are copied.
    let w = unsafe { (sp.ops().newstr_kind.exec)(sp.th(), chars.as_ptr().cast(), chars.len(), C::KIND) };
    if w.is_null() { Err(Raised) } else { Ok(w) }
}

fn hex4<C: Unit>(s: &[C]) -> Option<u32> {
    let mut v = 0;
    for c in s.get(..4)? {
        v = v << 4 | char::from_u32(c.code())?.to_digit(16)?
    }
    Some(v)
}

/// Reads the literal whose opening quote is before `begin`: the str and the index after the closing quote.
#[inline]
pub fn scan<C: Unit>(sp: Space, w_text: W, s: &[C], begin: usize, strict: bool) -> Res<(W, usize)> {
    let unterminated = || {
        // The position of the quote; -1 if there is none, as CPython says it.
        if begin == 0 {
            return unterminated_at_start(sp, w_text);
        }
        decode_error(sp, "Unterminated string starting at", w_text, begin - 1)
    };
    let mut i = begin;
    loop {
        let Some(c) = s.get(i) else { return Err(unterminated()) };
        match c.code() {
            0x22 => return Ok((new_str(sp, &s[begin..i])?, i + 1)),
            0x5c => break,
            ..0x20 if strict => return Err(decode_error(sp, "Invalid control character at", w_text, i)),
            _ => i += 1,
        }
    }
    let mut out: Vec<u32> = s[begin..i].iter().map(|c| c.code()).collect();
    loop {
        let Some(c) = s.get(i) else { return Err(unterminated()) };
        match c.code() {
            0x22 => return Ok((sp.newstr_chars(&out)?, i + 1)),
            0x5c => {
                let Some(e) = s.get(i + 1) else { return Err(unterminated()) };
                let c = match e.code() {
                    0x22 => 0x22,
                    0x5c => 0x5c,
                    0x2f => 0x2f,
                    0x62 => 8,
                    0x66 => 12,
                    0x6e => 10,
                    0x72 => 13,
                    0x74 => 9,
                    0x75 => {
                        let invalid = || decode_error(sp, "Invalid \\uXXXX escape", w_text, i + 1);
                        let mut v = hex4(&s[i + 2..]).ok_or_else(invalid)?;
                        i += 4;
                        if (0xd800..0xdc00).contains(&v)
                            && s.get(i + 2).is_some_and(|c| c.code() == 0x5c)
                            && s.get(i + 3).is_some_and(|c| c.code() == 0x75)
                            && let Some(low) = hex4(&s[i + 4..])
                            && (0xdc00..0xe000).contains(&low)
                        {
                            v = 0x10000 + ((v - 0xd800) << 10 | (low - 0xdc00));
                            i += 6;
                        }
                        v
                    }
                    _ => return Err(decode_error(sp, "Invalid \\escape", w_text, i)),
                };
                out.push(c);
                i += 2;
            }
            ..0x20 if strict => return Err(decode_error(sp, "Invalid control character at", w_text, i)),
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
}
#[cold]
fn unterminated_at_start(sp: Space, w_text: W) -> Raised {
    decode_error(sp, "Unterminated string starting at", w_text, usize::MAX)
}
