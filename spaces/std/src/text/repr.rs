//! repr and ascii of text and bytes.

use super::builder::Builder;
use super::chars::Chars;
use super::codecs::errors::backslash;
use super::{unicode, wstr};
use taipan_plugin_api::{Res, Space, W};

/// Single quotes, unless the text has them and no double ones.
fn quote(c: Chars) -> u32 {
    if c.position(b'\'' as u32).is_some() && c.position(b'"' as u32).is_none() { b'"' as u32 } else { b'\'' as u32 }
}

fn push_escaped(out: &mut Builder, c: u32, quote: u32, printable: impl Fn(u32) -> bool) {
    match c {
        9 => out.push_str("\\t"),
        10 => out.push_str("\\n"),
        13 => out.push_str("\\r"),
        0x5C => out.push_str("\\\\"),
        _ if c == quote => {
            out.push(0x5C);
            out.push(c)
        }
        _ if printable(c) => out.push(c),
        _ => out.push_str(&backslash(c)),
    }
}

/// repr of text.
pub fn text(c: Chars) -> Builder {
    let q = quote(c);
    let mut out = Builder::with_capacity(c.len() + 2);
    out.push(q);
    match c {
        Chars::One(s) if s.iter().all(|b| (0x20..0x7F).contains(b) && *b != b'\\' && *b as u32 != q) => out.extend(c),
        _ => c.iter().for_each(|ch| push_escaped(&mut out, ch, q, unicode::is_printable)),
    }
    out.push(q);
    out
}

/// repr of bytes.
pub fn bytes(b: &[u8]) -> Builder {
    let q = quote(Chars::One(b));
    let mut out = Builder::with_capacity(b.len() + 3);
    out.push(b'b' as u32);
    out.push(q);
    b.iter().for_each(|x| push_escaped(&mut out, *x as u32, q, |c| (0x20..0x7F).contains(&c)));
    out.push(q);
    out
}

/// The same for bytearray, where a single quote is escaped whatever the quotes are.
pub fn bytearray(b: &[u8]) -> Builder {
    let q = quote(Chars::One(b));
    let mut out = Builder::with_capacity(b.len() + 3);
    out.push(b'b' as u32);
    out.push(q);
    for x in b {
        push_escaped(&mut out, *x as u32, b'\'' as u32, |c| (0x20..0x7F).contains(&c))
    }
    out.push(q);
    out
}

/// A str with everything but ASCII escaped: what `ascii(x)` makes of `repr(x)`.
pub fn ascii(sp: Space, w_repr: W) -> Res<W> {
    let Some(t) = sp.text_opt(w_repr) else { return Ok(w_repr) };
    let c = Chars::of(&t);
    if c.bits() < 128 {
        return Ok(w_repr);
    }
    let mut out = Builder::with_capacity(c.len() + 16);
    c.iter().for_each(|ch| if ch < 128 { out.push(ch) } else { out.push_str(&backslash(ch)) });
    wstr::new_narrow(sp, out.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(s: &str) -> String {
        let c: Vec<u32> = s.chars().map(|c| c as u32).collect();
        text(Chars::Four(&c)).chars().to_string_lossy()
    }

    #[test]
    fn texts() {
        assert_eq!(show("it's"), "\"it's\"");
        assert_eq!(show("'\""), "'\\'\"'");
        assert_eq!(show("a\n\x7f\u{a0}é\u{200b}"), "'a\\n\\x7f\\xa0é\\u200b'");
        assert_eq!(text(Chars::Two(&[0xD800])).chars().to_string_lossy(), "'\\ud800'");
        assert_eq!(bytes(b"a'\xff\0").chars().to_string_lossy(), "b\"a'\\xff\\x00\"");
    }
}
