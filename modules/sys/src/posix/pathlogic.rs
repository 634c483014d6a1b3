//! Path arithmetic that `posixpath` leaves to interp-level.

use taipan_plugin_api::prelude::*;

/// Return the file system path representation of the object.
#[interp_fn(sig = "(path)")]
pub fn fspath(sp: Space, w_path: W) -> Res<W> {
    crate::util::path::fspath(sp, w_path)
}

/// The characters of a str or the bytes of a bytes path, as code points.
enum Chars {
    Text(Vec<u32>),
    Bytes(Vec<u8>),
}
fn chars(sp: Space, w: W) -> Res<Chars> {
    let w = crate::util::path::fspath(sp, w)?;
    Ok(match sp.text_opt(w) {
        Some(t) => Chars::Text(t.chars().collect()),
        None => Chars::Bytes(sp.bytes_opt(w).unwrap_or_default().to_vec()),
    })
}

/// Collapses `//`, `.` and `..`; two leading slashes stay two, as POSIX allows.
fn normalize<C: Copy + PartialEq + From<u8>>(path: &[C]) -> Vec<C> {
    let (slash, dot) = (C::from(b'/'), C::from(b'.'));
    let slashes = path.iter().take_while(|c| **c == slash).count();
    let initial = match slashes {
        0 => 0,
        2 => 2,
        _ => 1,
    };
    let mut parts: Vec<&[C]> = Vec::new();
    for part in path.split(|c| *c == slash) {
        match part {
            [] => {}
            [c] if *c == dot => {}
            [a, b] if *a == dot && *b == dot => match parts.last() {
                Some([a, b]) if *a == dot && *b == dot => parts.push(part),
                Some(_) => {
                    parts.pop();
                }
                None if initial > 0 => {}
                None => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let mut out = vec![slash; initial];
    out.extend(parts.join(&slash));
    if out.is_empty() {
        out.push(dot);
    }
    out
}

/// Normalize path, eliminating double slashes, etc.
#[interp_fn(sig = "(path)")]
pub fn _path_normpath(sp: Space, w_path: W) -> Res<W> {
    match chars(sp, w_path)? {
        Chars::Text(t) => sp.newstr_chars(&normalize(&t)),
        Chars::Bytes(b) => sp.newbytes(&normalize(&b)),
    }
}

/// Length of the root: zero, one or exactly two slashes.
fn root_len<C: Copy + PartialEq + From<u8>>(path: &[C]) -> usize {
    match path.iter().take_while(|c| **c == C::from(b'/')).count() {
        0 => 0,
        2 => 2,
        _ => 1,
    }
}

/// Split a pathname into drive, root and tail.
///
/// The tail contains anything after the root.
#[interp_fn(sig = "(p)")]
pub fn _path_splitroot_ex(sp: Space, w_path: W) -> Res<W> {
    match chars(sp, w_path)? {
        Chars::Text(t) => {
            let n = root_len(&t);
            sp.newtuple(&[sp.newstr("")?, sp.newstr_chars(&t[..n])?, sp.newstr_chars(&t[n..])?])
        }
        Chars::Bytes(b) => {
            let n = root_len(&b);
            sp.newtuple(&[sp.newbytes(b"")?, sp.newbytes(&b[..n])?, sp.newbytes(&b[n..])?])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn normal_forms() {
        for (path, want) in [
            ("", "."),
            ("/", "/"),
            ("//", "//"),
            ("///", "/"),
            ("///foo/.//bar//", "/foo/bar"),
            ("///foo/.//bar//.//..//.//baz///////", "/foo/baz"),
            ("///..//./foo/.//bar", "/foo/bar"),
            (".", "."),
            ("..", ".."),
            ("../../foo/../../a", "../../../a"),
            ("a/..", "."),
            ("//../x", "//x"),
        ] {
            assert_eq!(String::from_utf8(normalize(path.as_bytes())).unwrap(), want, "{path}");
        }
        assert_eq!((root_len(b"//a"), root_len(b"///a"), root_len(b"a")), (2, 1, 0));
    }
}
