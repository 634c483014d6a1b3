//! JSON string literals.

use taipan_plugin_api::Text;

const HEX: &[u8; 16] = b"0123456789abcdef";

fn short(c: u32) -> Option<u8> {
    Some(match c {
        0x22 => b'"',
        0x5c => b'\\',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        0x0c => b'f',
        0x08 => b'b',
        _ => return None,
    })
}
fn unit(out: &mut Vec<u8>, c: u32) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(HEX[(c >> shift & 15) as usize])
    }
}
#[inline]
fn plain(b: u8) -> bool {
    b >= 0x20 && b != b'"' && b != b'\\'
}
/// The escaped form of ASCII text; with `del` also 0x7f is escaped.
fn ascii_text(out: &mut Vec<u8>, s: &[u8], del: bool) {
    let mut rest = s;
    while let Some(i) = rest.iter().position(|b| !plain(*b) || (del && *b == 0x7f)) {
        out.extend_from_slice(&rest[..i]);
        let c = rest[i] as u32;
        match short(c) {
            Some(e) => out.extend_from_slice(&[b'\\', e]),
            None => unit(out, c),
        }
        rest = &rest[i + 1..];
    }
    out.extend_from_slice(rest)
}
/// Everything outside of printable ASCII as escapes.
pub fn ascii(out: &mut Vec<u8>, text: &Text) {
    out.push(b'"');
    match text.ascii() {
        Some(s) => ascii_text(out, s.as_bytes(), true),
        None => {
            for c in text.chars() {
                match c {
                    0x20..=0x7e if plain(c as u8) => out.push(c as u8),
                    c if c < 0x80 && short(c).is_some() => out.extend_from_slice(&[b'\\', short(c).unwrap_or(b'"')]),
                    0x10000.. => {
                        let v = c - 0x10000;
                        unit(out, 0xd800 | v >> 10);
                        unit(out, 0xdc00 | v & 0x3ff)
                    }
                    c => unit(out, c),
                }
            }
        }
    }
    out.push(b'"')
}
/// Only what JSON demands as escapes; the result is WTF-8.
pub fn unicode(out: &mut Vec<u8>, text: &Text) {
    out.push(b'"');
    ascii_text(out, &text.to_wtf8(), false);
    out.push(b'"')
}
