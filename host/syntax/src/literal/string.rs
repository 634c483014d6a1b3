//! Escapes in string literals.

use crate::ast::value::push_code_point;

/// An escape that is kept as it stands: a warning about it, and where its backslash is.
pub struct BadEscape {
    /// The message.
    pub msg: String,
    /// Byte offset of the backslash in the decoded text.
    pub at: usize,
}

/// Decodes the body of a str literal into WTF-8. `Err` has the message of the SyntaxError.
pub fn decode_str(body: &str, out: &mut Vec<u8>, bad: &mut Option<BadEscape>) -> Result<(), String> {
    let b = body.as_bytes();
    let mut i = 0;
    while let Some(n) = b[i..].iter().position(|c| *c == b'\\') {
        out.extend_from_slice(&b[i..i + n]);
        i = str_escape(body, i + n, out, bad)?;
    }
    out.extend_from_slice(&b[i..]);
    Ok(())
}

fn str_escape(body: &str, at: usize, out: &mut Vec<u8>, bad: &mut Option<BadEscape>) -> Result<usize, String> {
    let b = body.as_bytes();
    let Some(&c) = b.get(at + 1) else {
        out.push(b'\\');
        return Ok(at + 1);
    };
    if let Some(simple) = simple_escape(c) {
        out.extend(simple);
        return Ok(at + 2);
    }
    match c {
        b'0'..=b'7' => {
            let (v, n) = octal(&b[at + 1..]);
            if v > 0o377 {
                warn_octal(&body[at..at + 1 + n], at, bad);
            }
            push_code_point(out, v);
            Ok(at + 1 + n)
        }
        b'x' => hex_escape(body, at, 2, "truncated \\xXX escape", out),
        b'u' => hex_escape(body, at, 4, "truncated \\uXXXX escape", out),
        b'U' => hex_escape(body, at, 8, "truncated \\UXXXXXXXX escape", out),
        b'N' => named(body, at, out),
        _ => {
            // What is not ASCII goes without.
            if c.is_ascii() {
                let ch = body[at + 1..].chars().next().unwrap_or('\\');
                warn_escape(ch, at, bad);
            }
            out.push(b'\\');
            Ok(at + 1)
        }
    }
}

/// Decodes the body of a bytes literal.
pub fn decode_bytes(body: &[u8], out: &mut Vec<u8>, bad: &mut Option<BadEscape>) -> Result<(), String> {
    let mut i = 0;
    while i < body.len() {
        if body[i] != b'\\' || i + 1 >= body.len() {
            out.push(body[i]);
            i += 1;
            continue;
        }
        let c = body[i + 1];
        if let Some(simple) = simple_escape(c) {
            out.extend(simple);
            i += 2;
            continue;
        }
        match c {
            b'0'..=b'7' => {
                let (v, n) = octal(&body[i + 1..]);
                if v > 0o377 {
                    warn_octal(&String::from_utf8_lossy(&body[i..i + 1 + n]), i, bad);
                }
                out.push(v as u8);
                i += 1 + n;
            }
            b'x' => {
                let digits = body.get(i + 2..i + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
                let Some(digits) = digits else {
                    return Err(format!("(value error) invalid \\x escape at position {i}"));
                };
                out.push(digits.iter().fold(0, |v, d| v << 4 | (*d as char).to_digit(16).unwrap_or(0) as u8));
                i += 4;
            }
            _ => {
                warn_escape(c as char, i, bad);
                out.push(b'\\');
                i += 1;
            }
        }
    }
    Ok(())
}

/// What a one-character escape stands for; nothing for a newline.
fn simple_escape(c: u8) -> Option<Option<u8>> {
    Some(Some(match c {
        b'\n' => return Some(None),
        b'\\' | b'\'' | b'"' => c,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        _ => return None,
    }))
}

fn octal(b: &[u8]) -> (u32, usize) {
    let n = b.iter().take(3).take_while(|c| (b'0'..=b'7').contains(*c)).count();
    (b[..n].iter().fold(0, |v, c| v << 3 | (c - b'0') as u32), n)
}

fn hex_escape(body: &str, at: usize, width: usize, msg: &str, out: &mut Vec<u8>) -> Result<usize, String> {
    let digits = &body.as_bytes()[at + 2..];
    let n = digits.iter().take(width).take_while(|c| c.is_ascii_hexdigit()).count();
    if n < width {
        return Err(unicode_error(body, at, at + 2 + n, msg));
    }
    let v = digits[..width].iter().fold(0u32, |v, d| v << 4 | (*d as char).to_digit(16).unwrap_or(0));
    if v > 0x10_FFFF {
        return Err(unicode_error(body, at, at + 2 + n, "illegal Unicode character"));
    }
    push_code_point(out, v);
    Ok(at + 2 + width)
}

fn named(body: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, String> {
    let rest = &body[at + 2..];
    let malformed = "malformed \\N character escape";
    let Some(inner) = rest.strip_prefix('{') else {
        return Err(unicode_error(body, at, at + 2, malformed));
    };
    let Some(len) = inner.find('}') else {
        return Err(unicode_error(body, at, body.len(), malformed));
    };
    if len == 0 {
        return Err(unicode_error(body, at, at + 3, malformed));
    }
    let end = at + 2 + len + 2;
    match crate::literal::string::character(&inner[..len]) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => return Err(unicode_error(body, at, end, "unknown Unicode character name")),
    }
    Ok(end)
}

/// The character with this name or alias.
pub fn character(name: &str) -> Option<char> {
    if !name.is_ascii() || name.starts_with(' ') || name.ends_with(' ') {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let c = unicode_names2::character(&upper)?;
    // The crate matches loosely (spaces, hyphens, underscores); Python does not.
    let exact = unicode_names2::name(c).is_some_and(|n| n.to_string() == upper);
    (exact || !upper.contains('_') && !upper.contains("  ")).then_some(c)
}

/// CPython's message; positions count a character outside ASCII as the ten bytes of its escape.
fn unicode_error(body: &str, start: usize, end: usize, msg: &str) -> String {
    let count = |to: usize| body[..to].chars().map(|c| if c.is_ascii() { 1 } else { 10 }).sum::<usize>();
    format!(
        "(unicode error) 'unicodeescape' codec can't decode bytes in position {}-{}: {msg}",
        count(start),
        count(end) - 1
    )
}

fn warn_escape(c: char, at: usize, bad: &mut Option<BadEscape>) {
    bad.get_or_insert_with(|| BadEscape {
        msg: format!(
            "\"\\{c}\" is an invalid escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\\\{c}\"? A raw string is also an option."
        ),
        at,
    });
}

fn warn_octal(text: &str, at: usize, bad: &mut Option<BadEscape>) {
    bad.get_or_insert_with(|| BadEscape {
        msg: format!(
            "\"{text}\" is an invalid octal escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\{text}\"? A raw string is also an option."
        ),
        at,
    });
}
