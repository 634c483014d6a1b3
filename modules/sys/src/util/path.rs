//! File names: str with surrogateescape, bytes, or os.PathLike.

use std::ffi::CString;
use taipan_plugin_api::prelude::*;

/// A path argument, encoded.
pub struct FsPath {
    /// The argument itself, for error messages; NULL if there was none.
    pub w: W,
    /// The encoded name; "." if there was none, empty for a descriptor.
    pub c: CString,
    /// Answers are bytes because the question was.
    pub is_bytes: bool,
    /// A descriptor in the place of a path.
    pub fd: Option<i32>,
}
impl FsPath {
    /// For system calls.
    pub fn ptr(&self) -> *const libc::c_char {
        self.c.as_ptr()
    }
    /// OSError about this path.
    #[cold]
    pub fn error(&self, sp: Space, errno: i32) -> Raised {
        sp.raise_errno(errno, self.w)
    }
    /// A name as the kind of string that was asked with.
    pub fn answer(&self, sp: Space, name: &[u8]) -> Res<W> {
        if self.is_bytes { sp.newbytes(name) } else { fsdecode(sp, name) }
    }
}

/// What a path parameter takes besides str, bytes and os.PathLike.
#[derive(Copy, Clone, Default)]
pub struct Takes {
    /// A file descriptor.
    pub fd: bool,
    /// None (or nothing), meaning the current directory.
    pub none: bool,
}

/// Converts a path argument of `function`.
pub fn path_arg(sp: Space, w: W, function: &str, argument: &str, takes: Takes) -> Res<FsPath> {
    if w.is_null() || (w.is_none() && takes.none) {
        return Ok(FsPath { w: W::NULL, c: c".".to_owned(), is_bytes: false, fd: None });
    }
    if takes.fd
        && sp.text_opt(w).is_none()
        && sp.bytes_opt(w).is_none()
        && sp.lookup_special(w, name!(sp, "__index__"))?.is_some()
    {
        return Ok(FsPath { w, c: CString::default(), is_bytes: false, fd: Some(super::fd::fd_number(sp, w)?) });
    }
    let bad = || {
        let kinds = match (takes.fd, takes.none) {
            (true, true) => "string, bytes, os.PathLike, integer or None",
            (true, false) => "string, bytes, os.PathLike or integer",
            (false, true) => "string, bytes, os.PathLike or None",
            (false, false) => "string, bytes or os.PathLike",
        };
        sp.type_error(&format!("{function}: {argument} should be {kinds}, not {}", sp.type_name(w)))
    };
    let mut w_name = w;
    if sp.text_opt(w).is_none() && sp.bytes_opt(w).is_none() {
        let Some(w_method) = sp.lookup_special(w, name!(sp, "__fspath__"))? else { return Err(bad()) };
        w_name = sp.call(w_method, &[])?;
    }
    let (bytes, is_bytes) = match (sp.text_opt(w_name), sp.bytes_opt(w_name)) {
        (Some(t), _) => (encode(sp, &t)?, false),
        (_, Some(b)) => (b.to_vec(), true),
        _ => return Err(bad_fspath(sp, w, w_name)),
    };
    let Ok(c) = CString::new(bytes) else {
        return Err(sp.value_error(&format!("{function}: embedded null character in {argument}")));
    };
    Ok(FsPath { w, c, is_bytes, fd: None })
}
/// A path that must be a name.
pub fn plain_path(sp: Space, w: W, function: &str, argument: &str) -> Res<FsPath> {
    path_arg(sp, w, function, argument, Takes::default())
}
/// A path or a descriptor.
pub fn path_or_fd(sp: Space, w: W, function: &str) -> Res<FsPath> {
    path_arg(sp, w, function, "path", Takes { fd: true, none: false })
}

#[cold]
fn bad_fspath(sp: Space, w: W, w_result: W) -> Raised {
    let (t, r) = (sp.type_name(w), sp.type_name(w_result));
    sp.type_error(&format!("expected {t}.__fspath__() to return str or bytes, not {r}"))
}

/// os.fspath
pub fn fspath(sp: Space, w: W) -> Res<W> {
    if sp.text_opt(w).is_some() || sp.bytes_opt(w).is_some() {
        return Ok(w);
    }
    let Some(w_method) = sp.lookup_special(w, name!(sp, "__fspath__"))? else {
        return Err(sp.type_error(&format!("expected str, bytes or os.PathLike object, not {}", sp.type_name(w))));
    };
    let w_name = sp.call(w_method, &[])?;
    if sp.text_opt(w_name).is_some() || sp.bytes_opt(w_name).is_some() {
        Ok(w_name)
    } else {
        Err(bad_fspath(sp, w, w_name))
    }
}

/// UTF-8 in which the escapes U+DC80..U+DCFF are single bytes; UnicodeEncodeError for other surrogates.
pub fn encode(sp: Space, t: &Text) -> Res<Vec<u8>> {
    if let Some(s) = t.ascii() {
        return Ok(s.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(t.len() * 2);
    for c in t.chars() {
        match char::from_u32(c) {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None if (0xDC80..=0xDCFF).contains(&c) => out.push((c - 0xDC00) as u8),
            None => {
                // The codec itself words the error.
                let w =
                    sp.call_method(t.w, name!(sp, "encode"), &[sp.newstr("utf-8")?, sp.newstr("surrogateescape")?])?;
                return Ok(sp.bytes_opt(w).unwrap_or_default().to_vec());
            }
        }
    }
    Ok(out)
}
/// os.fsencode of a str, bytes or PathLike, NUL-free.
pub fn fsencode(sp: Space, w: W) -> Res<CString> {
    let w = fspath(sp, w)?;
    let bytes = match sp.text_opt(w) {
        Some(t) => encode(sp, &t)?,
        None => sp.bytes_opt(w).unwrap_or_default().to_vec(),
    };
    CString::new(bytes).map_err(|_| sp.value_error("embedded null byte"))
}
/// A str argument as a C string (surrogateescape).
pub fn text_arg(sp: Space, t: &Text) -> Res<CString> {
    CString::new(encode(sp, t)?).map_err(|_| sp.value_error("embedded null character"))
}

/// The str of a name: UTF-8, undecodable bytes as U+DC80..U+DCFF.
pub fn fsdecode(sp: Space, bytes: &[u8]) -> Res<W> {
    if let Ok(s) = std::str::from_utf8(bytes) {
        return sp.newstr(s);
    }
    sp.newstr_wtf8(&escape(bytes))
}
/// WTF-8 of bytes with the undecodable ones escaped.
fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for b in chunk.invalid() {
            // U+DC00 + b in three bytes.
            out.extend_from_slice(&[0xED, 0xB0 | (b >> 6), 0x80 | (b & 0x3F)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn undecodable_bytes_become_low_surrogates() {
        assert_eq!(super::escape(b"a\xff\x80z"), b"a\xED\xB3\xBF\xED\xB2\x80z");
        assert_eq!(super::escape("ä€".as_bytes()), "ä€".as_bytes());
        // An encoded surrogate is three bytes that are no UTF-8.
        assert_eq!(super::escape(b"\xED\xA0\x80").len(), 9);
    }
}
