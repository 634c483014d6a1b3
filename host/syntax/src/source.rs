//! Bytes to text: byte order mark, PEP 263 cookie, decoding, newlines; and the table of lines.

use crate::error::{ErrorKind, SyntaxError};

/// Source text as the tokenizer wants it: only `\n` as line ends, the last line ended.
pub struct Source {
    /// The text.
    pub text: String,
    /// Where each line begins; the last entry is the length of the text.
    pub lines: Vec<u32>,
    /// Whether the last newline was added.
    pub newline_added: bool,
}

impl Source {
    /// From decoded text.
    pub fn new(text: &str) -> Self {
        Self::keeping_newlines(&match text.contains('\r') {
            false => std::borrow::Cow::Borrowed(text),
            true => unify_newlines(text).into(),
        })
    }

    /// From text whose line ends are left as they are; only `\n` counts.
    pub fn keeping_newlines(text: &str) -> Self {
        let mut out = text.to_owned();
        let newline_added = !out.is_empty() && !out.ends_with('\n');
        if newline_added {
            out.push('\n');
        }
        let lines = line_starts(&out);
        Source { text: out, lines, newline_added }
    }

    /// Line (from 1) of a byte offset.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.lines.partition_point(|&s| s <= offset).min(self.line_count().max(1) as usize) as u32
    }

    /// How many lines there are.
    pub fn line_count(&self) -> u32 {
        self.lines.len() as u32 - 1
    }

    /// The text of a line with its newline.
    pub fn line(&self, line: u32) -> &str {
        let i = (line.max(1) - 1) as usize;
        match (self.lines.get(i), self.lines.get(i + 1)) {
            (Some(&a), Some(&b)) => &self.text[a as usize..b as usize],
            _ => "",
        }
    }

    /// Where a line begins.
    pub fn line_start(&self, line: u32) -> u32 {
        self.lines.get((line.max(1) - 1) as usize).copied().unwrap_or(self.text.len() as u32)
    }

    /// Characters between the start of the line and a byte offset in it.
    pub fn char_col(&self, line: u32, offset: u32) -> i32 {
        let start = self.line_start(line) as usize;
        let end = (offset as usize).min(self.text.len());
        match self.text.as_bytes().get(start..end) {
            Some(s) => s.iter().filter(|b| !(0x80..0xC0).contains(*b)).count() as i32,
            None => 0,
        }
    }
}

fn unify_newlines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find('\r') {
        out.push_str(&rest[..i]);
        out.push('\n');
        rest = &rest[i + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

fn line_starts(text: &str) -> Vec<u32> {
    let mut lines = Vec::with_capacity(text.len() / 32 + 2);
    lines.push(0);
    lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
    if lines.last() != Some(&(text.len() as u32)) {
        lines.push(text.len() as u32);
    }
    if lines.len() == 1 {
        lines.push(0);
    }
    lines
}

/// Decodes bytes as `compile()` and the import system do. `source_is_utf8` ignores a cookie.
pub fn decode(bytes: &[u8], source_is_utf8: bool) -> Result<String, SyntaxError> {
    if bytes.contains(&0) {
        return Err(SyntaxError::bare(ErrorKind::SyntaxError, "source code string cannot contain null bytes"));
    }
    let (bom, body) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let cookie = if source_is_utf8 { None } else { cookie(body) };
    let Some((name, line)) = cookie else {
        return utf8(body);
    };
    let normal = normalize(&name);
    if bom && normal != "utf-8" {
        let text = String::from_utf8_lossy(body.split(|b| *b == b'\n').nth(line).unwrap_or(b"")).into_owned();
        return Err(SyntaxError {
            lineno: line as i32 + 1,
            offset: 0,
            end_lineno: line as i32 + 1,
            end_offset: text.chars().count() as i32,
            text: Some(text),
            ..SyntaxError::bare(ErrorKind::SyntaxError, format!("encoding problem: {normal} with BOM"))
        });
    }
    match normal.as_str() {
        "utf-8" => utf8(body),
        "iso-8859-1" => Ok(body.iter().map(|b| *b as char).collect()),
        _ => other(&normal, &name, body),
    }
}

/// The encoding that a cookie names, as CPython's tokenizer reports it, and the index of the cookie's line.
pub fn cookie(bytes: &[u8]) -> Option<(String, usize)> {
    let mut lines = bytes.split(|b| *b == b'\n' || *b == b'\r');
    for i in 0..2 {
        let line = lines.next()?;
        let Some(hash) = line.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\x0c')) else {
            continue;
        };
        if line[hash] != b'#' {
            return None;
        }
        if let Some(name) = cookie_in(&line[hash..]) {
            return Some((name, i));
        }
    }
    None
}

fn cookie_in(comment: &[u8]) -> Option<String> {
    let mut from = 0;
    while let Some(i) = comment[from..].windows(6).position(|w| w == b"coding") {
        let rest = &comment[from + i + 6..];
        from += i + 6;
        if !matches!(rest.first(), Some(b':' | b'=')) {
            continue;
        }
        let rest = &rest[1..];
        let skip = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let name: String = rest[skip..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .map(|b| *b as char)
            .collect();
        if !name.is_empty() {
            return Some(name);
        }
    }
    None
}

/// The name under which the tokenizer knows UTF-8 and Latin-1, whatever variant is written.
fn normalize(name: &str) -> String {
    let lower: String = name.chars().take(12).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let is = |n: &str| lower == n || (lower.starts_with(n) && lower.as_bytes().get(n.len()) == Some(&b'-'));
    if is("utf-8") {
        "utf-8".into()
    } else if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
        "iso-8859-1".into()
    } else {
        name.to_owned()
    }
}

fn utf8(body: &[u8]) -> Result<String, SyntaxError> {
    match std::str::from_utf8(body) {
        Ok(s) => Ok(s.to_owned()),
        Err(e) => {
            let at = e.valid_up_to();
            let line = body[..at].iter().filter(|b| **b == b'\n').count() + 1;
            let start = body[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
            let end = body[at..].iter().position(|b| *b == b'\n').map_or(body.len(), |i| at + i);
            let col = String::from_utf8_lossy(&body[start..at]).chars().count() as i32 + 1;
            Err(SyntaxError {
                lineno: line as i32,
                offset: col,
                end_lineno: line as i32,
                end_offset: col,
                text: Some(String::from_utf8_lossy(&body[start..end]).into_owned()),
                ..SyntaxError::bare(
                    ErrorKind::SyntaxError,
                    format!(
                        "Non-UTF-8 code starting with '\\x{:02x}' on line {line}, but no encoding declared; \
                         see https://peps.python.org/pep-0263/ for details",
                        body[at]
                    ),
                )
            })
        }
    }
}

fn other(normal: &str, name: &str, body: &[u8]) -> Result<String, SyntaxError> {
    let label: String = normal.to_ascii_lowercase().replace('_', "-");
    if matches!(label.as_str(), "ascii" | "us-ascii" | "646") {
        return match body.iter().position(|b| *b >= 0x80) {
            None => Ok(String::from_utf8_lossy(body).into_owned()),
            Some(i) => Err(SyntaxError::bare(
                ErrorKind::SyntaxError,
                format!(
                    "(unicode error) 'ascii' codec can't decode byte 0x{:02x} in position {i}: ordinal not in range(128)",
                    body[i]
                ),
            )),
        };
    }
    let unknown = || SyntaxError::bare(ErrorKind::SyntaxError, format!("unknown encoding: {name}"));
    let encoding = python_alias(&label)
        .and_then(|l| encoding_rs::Encoding::for_label(l.as_bytes()))
        .filter(|e| *e != encoding_rs::REPLACEMENT)
        .ok_or_else(unknown)?;
    match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => Ok(text.into_owned()),
        None => Err(SyntaxError::bare(
            ErrorKind::SyntaxError,
            format!("(unicode error) '{name}' codec can't decode bytes in the source"),
        )),
    }
}

/// The web's label for a Python encoding name; `None` where the two differ in what they decode.
fn python_alias(label: &str) -> Option<String> {
    let compact: String = label.chars().filter(|c| *c != '-').collect();
    if let Some(n) = compact.strip_prefix("cp").or_else(|| compact.strip_prefix("windows")) {
        return match n {
            "1250" | "1251" | "1252" | "1253" | "1254" | "1255" | "1256" | "1257" | "1258" | "874" => {
                Some(format!("windows-{n}"))
            }
            "866" => Some("ibm866".into()),
            "932" => Some("shift_jis".into()),
            "949" => Some("euc-kr".into()),
            "950" => Some("big5".into()),
            "936" => Some("gbk".into()),
            _ => None,
        };
    }
    if let Some(n) = compact.strip_prefix("iso8859").or_else(|| compact.strip_prefix("latin")) {
        let n: u32 = n.parse().ok()?;
        let n = if compact.starts_with("latin") {
            [0, 1, 2, 3, 4, 9, 10, 13, 14, 15, 16].get(n as usize).copied()?
        } else {
            n
        };
        return match n {
            // The web reads these two as their Windows supersets, which differ from the standards.
            9 | 11 => None,
            _ => Some(format!("iso-8859-{n}")),
        };
    }
    match label {
        "koi8-r" | "koi8-u" | "gbk" | "gb2312" | "gb18030" | "big5" | "euc-jp" | "euc-kr" | "iso-2022-jp" => {
            Some(label.into())
        }
        "shift-jis" | "sjis" | "shiftjis" => Some("shift_jis".into()),
        "eucjp" | "ujis" => Some("euc-jp".into()),
        "euckr" => Some("euc-kr".into()),
        "mac-cyrillic" => Some("x-mac-cyrillic".into()),
        "mac-roman" | "macintosh" => Some("macintosh".into()),
        _ => None,
    }
}
