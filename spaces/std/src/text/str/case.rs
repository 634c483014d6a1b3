//! str: letter case.

use crate::text::builder::Builder;
use crate::text::chars::Chars;
use crate::text::unicode::{self, CASE_IGNORABLE, CASED, LOWER, TITLE, UPPER, has};
use crate::text::wstr;
use taipan_plugin_api::prelude::*;

const SIGMA: u32 = 0x3A3;

/// Is the sigma at `i` the last letter of a word?
fn is_final_sigma(c: Chars, i: usize) -> bool {
    let letter = |mut it: Box<dyn Iterator<Item = u32> + '_>| {
        it.find(|x| !has(*x, CASE_IGNORABLE)).is_some_and(|x| has(x, CASED))
    };
    letter(Box::new(c.slice(0, i).iter().rev())) && !letter(Box::new(c.slice(i + 1, c.len()).iter()))
}

fn push_lower(out: &mut Builder, c: Chars, i: usize) {
    match c.at(i) {
        SIGMA => out.push(if is_final_sigma(c, i) { 0x3C2 } else { 0x3C3 }),
        ch => unicode::lower(ch).chars().for_each(|x| out.push(x)),
    }
}
fn push_upper(out: &mut Builder, ch: u32) {
    unicode::upper(ch).chars().for_each(|x| out.push(x))
}

/// Lower case of the whole text.
pub fn lower_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    (0..c.len()).for_each(|i| push_lower(&mut out, c, i));
    out
}
/// Upper case of the whole text.
pub fn upper_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    c.iter().for_each(|ch| push_upper(&mut out, ch));
    out
}
/// Title case.
pub fn title_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    let mut inside = false;
    for i in 0..c.len() {
        if inside {
            push_lower(&mut out, c, i)
        } else {
            unicode::title(c.at(i)).chars().for_each(|x| out.push(x))
        }
        inside = has(c.at(i), CASED);
    }
    out
}
/// First character in title case, the rest in lower case.
pub fn capitalize_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    for i in 0..c.len() {
        if i > 0 { push_lower(&mut out, c, i) } else { unicode::title(c.at(0)).chars().for_each(|x| out.push(x)) }
    }
    out
}
/// Upper for lower case and the other way round.
pub fn swapcase_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    for (i, ch) in c.iter().enumerate() {
        if has(ch, UPPER) {
            push_lower(&mut out, c, i)
        } else if has(ch, LOWER) {
            push_upper(&mut out, ch)
        } else {
            out.push(ch)
        }
    }
    out
}
/// For comparisons without regard to case.
pub fn casefold_chars(c: Chars) -> Builder {
    let mut out = Builder::with_capacity(c.len());
    c.iter().for_each(|ch| unicode::fold(ch).chars().for_each(|x| out.push(x)));
    out
}

fn ascii_or(sp: Space, w_self: W, ascii: fn(&u8) -> u8, full: fn(Chars) -> Builder) -> Res<W> {
    match wstr::chars(w_self) {
        Chars::One(s) if wstr::is_ascii(w_self) => {
            let new: Vec<u8> = s.iter().map(ascii).collect();
            wstr::new_narrow(sp, Chars::One(&new))
        }
        c => full(c).finish(sp),
    }
}

/// A copy in lower case.
#[interp_fn(method, sig = "(self, /)")]
pub fn lower(sp: Space, w_self: W) -> Res<W> {
    ascii_or(sp, w_self, u8::to_ascii_lowercase, lower_chars)
}
/// A copy in upper case.
#[interp_fn(method, sig = "(self, /)")]
pub fn upper(sp: Space, w_self: W) -> Res<W> {
    ascii_or(sp, w_self, u8::to_ascii_uppercase, upper_chars)
}
/// A copy for comparisons without regard to case.
#[interp_fn(method, sig = "(self, /)")]
pub fn casefold(sp: Space, w_self: W) -> Res<W> {
    ascii_or(sp, w_self, u8::to_ascii_lowercase, casefold_chars)
}
/// A copy in which words begin with a letter in title case and go on in lower case.
#[interp_fn(method, sig = "(self, /)")]
pub fn title(sp: Space, w_self: W) -> Res<W> {
    title_chars(wstr::chars(w_self)).finish(sp)
}
/// A copy with the first character in title case and the rest in lower case.
#[interp_fn(method, sig = "(self, /)")]
pub fn capitalize(sp: Space, w_self: W) -> Res<W> {
    capitalize_chars(wstr::chars(w_self)).finish(sp)
}
/// A copy with upper case in the place of lower case and the other way round.
#[interp_fn(method, sig = "(self, /)")]
pub fn swapcase(sp: Space, w_self: W) -> Res<W> {
    swapcase_chars(wstr::chars(w_self)).finish(sp)
}

/// Is some character cased, and none in title case or of the other case?
fn all_cased(c: Chars, want: u16, not: u16) -> bool {
    let mut any = false;
    for ch in c.iter() {
        let f = unicode::flags(ch);
        if f & not != 0 {
            return false;
        }
        any |= f & want != 0;
    }
    any
}
/// Are there cased characters, all of them in lower case?
#[interp_fn(method, sig = "(self, /)")]
pub fn islower(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all_cased(wstr::chars(w_self), LOWER, UPPER | TITLE))
}
/// Are there cased characters, all of them in upper case?
#[interp_fn(method, sig = "(self, /)")]
pub fn isupper(_sp: Space, w_self: W) -> Res<bool> {
    Ok(all_cased(wstr::chars(w_self), UPPER, LOWER | TITLE))
}
/// Does upper or title case stand only at the start of words, and lower case only within them?
pub fn is_title(c: Chars) -> bool {
    let (mut any, mut inside) = (false, false);
    for ch in c.iter() {
        let f = unicode::flags(ch);
        if f & (UPPER | TITLE) != 0 {
            if inside {
                return false;
            }
            (any, inside) = (true, true);
        } else if f & LOWER != 0 {
            if !inside {
                return false;
            }
            (any, inside) = (true, true);
        } else {
            inside = false;
        }
    }
    any
}
/// Is the text in title case?
#[interp_fn(method, sig = "(self, /)")]
pub fn istitle(_sp: Space, w_self: W) -> Res<bool> {
    Ok(is_title(wstr::chars(w_self)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Vec<u32> {
        s.chars().map(|c| c as u32).collect()
    }
    fn check(f: fn(Chars) -> Builder, from: &str, to: &str) {
        assert_eq!(f(Chars::Four(&text(from))).chars().to_string_lossy(), to, "{from}");
    }

    #[test]
    fn mappings() {
        check(lower_chars, "ὈΔΥΣΣΕΎΣ Σ", "ὀδυσσεύς σ");
        check(upper_chars, "straße ŉ", "STRASSE ʼN");
        check(title_chars, "hello wORLD ǆ they're", "Hello World ǅ They'Re");
        check(capitalize_chars, "ǆABC", "ǅabc");
        check(swapcase_chars, "Straße ΑΣ", "sTRASSE ας");
        check(casefold_chars, "Straße Σς", "strasse σσ");
    }

    #[test]
    fn predicates() {
        assert!(is_title(Chars::ascii("Hello World 3")));
        assert!(!is_title(Chars::ascii("Hello WOrld")));
        assert!(!is_title(Chars::ascii("123")));
        assert!(all_cased(Chars::ascii("abc1"), LOWER, UPPER | TITLE));
        assert!(!all_cased(Chars::ascii("1"), LOWER, UPPER | TITLE));
    }
}
