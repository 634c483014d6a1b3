//! Extended attributes.

use crate::util::path::{FsPath, Takes, fsdecode, path_arg, path_or_fd, plain_path};
use crate::util::{blocking, errno};
use taipan_plugin_api::prelude::*;

/// XATTR_SIZE_MAX, and the first guess below it.
const SIZES: [usize; 2] = [128, 65536];

fn one_of(sp: Space, path: &FsPath, function: &str, follow: bool) -> Res<()> {
    if path.fd.is_some() && !follow {
        return Err(sp.value_error(&format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}
/// Calls `f` with buffers of growing size; the bytes it wrote.
fn sized(sp: Space, path: &FsPath, f: impl Fn(*mut u8, usize) -> isize) -> Res<Vec<u8>> {
    for size in SIZES {
        let mut buf = vec![0u8; size];
        let (n, e) = blocking(sp, || (f(buf.as_mut_ptr(), size), errno()));
        if n >= 0 {
            buf.truncate(n as usize);
            return Ok(buf);
        }
        if e != libc::ERANGE || size == SIZES[1] {
            return Err(path.error(sp, e));
        }
    }
    Ok(Vec::new())
}
/// Return the value of extended attribute attribute on path.
///
/// path may be either a string, a path-like object, or an open file descriptor.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, getxattr will examine the symbolic link itself instead of the file
///   the link points to.
#[interp_fn(sig = "(path, attribute, *, follow_symlinks=True)")]
pub fn getxattr(sp: Space, w_path: W, w_attribute: W, follow: bool) -> Res<Vec<u8>> {
    let path = path_or_fd(sp, w_path, "getxattr")?;
    let a = plain_path(sp, w_attribute, "getxattr", "attribute")?;
    one_of(sp, &path, "getxattr", follow)?;
    // SAFETY: NUL-terminated names, a buffer of the size given.
    sized(sp, &path, |p, n| unsafe {
        match path.fd {
            Some(fd) => libc::fgetxattr(fd, a.ptr(), p.cast(), n),
            None if follow => libc::getxattr(path.ptr(), a.ptr(), p.cast(), n),
            None => libc::lgetxattr(path.ptr(), a.ptr(), p.cast(), n),
        }
    })
}
fn done(sp: Space, path: &FsPath, f: impl FnOnce() -> i32) -> Res<()> {
    let (r, e) = blocking(sp, || (f(), errno()));
    if r == 0 { Ok(()) } else { Err(path.error(sp, e)) }
}
/// Set extended attribute attribute on path to value.
///
/// path may be either a string, a path-like object,  or an open file descriptor.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, setxattr will modify the symbolic link itself instead of the file
///   the link points to.
#[interp_fn(sig = "(path, attribute, value, flags=0, *, follow_symlinks=True)")]
pub fn setxattr(sp: Space, w_path: W, w_attribute: W, value: Buffer, flags: i32, follow: bool) -> Res<()> {
    let path = path_or_fd(sp, w_path, "setxattr")?;
    let a = plain_path(sp, w_attribute, "setxattr", "attribute")?;
    one_of(sp, &path, "setxattr", follow)?;
    let (p, n) = (value.bytes().as_ptr().cast(), value.len());
    // SAFETY: NUL-terminated names, a buffer of the size given.
    done(sp, &path, || unsafe {
        match path.fd {
            Some(fd) => libc::fsetxattr(fd, a.ptr(), p, n, flags),
            None if follow => libc::setxattr(path.ptr(), a.ptr(), p, n, flags),
            None => libc::lsetxattr(path.ptr(), a.ptr(), p, n, flags),
        }
    })
}
/// Remove extended attribute attribute on path.
///
/// path may be either a string, a path-like object, or an open file descriptor.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, removexattr will modify the symbolic link itself instead of the file
///   the link points to.
#[interp_fn(sig = "(path, attribute, *, follow_symlinks=True)")]
pub fn removexattr(sp: Space, w_path: W, w_attribute: W, follow: bool) -> Res<()> {
    let path = path_or_fd(sp, w_path, "removexattr")?;
    let a = plain_path(sp, w_attribute, "removexattr", "attribute")?;
    one_of(sp, &path, "removexattr", follow)?;
    // SAFETY: NUL-terminated names.
    done(sp, &path, || unsafe {
        match path.fd {
            Some(fd) => libc::fremovexattr(fd, a.ptr()),
            None if follow => libc::removexattr(path.ptr(), a.ptr()),
            None => libc::lremovexattr(path.ptr(), a.ptr()),
        }
    })
}
/// Return a list of extended attributes on path.
///
/// path may be either None, a string, a path-like object, or an open file descriptor.
/// if path is None, listxattr will examine the current directory.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, listxattr will examine the symbolic link itself instead of the file
///   the link points to.
#[interp_fn(sig = "(path=None, *, follow_symlinks=True)")]
pub fn listxattr(sp: Space, w_path: W, follow: bool) -> Res<W> {
    let path = path_arg(sp, w_path, "listxattr", "path", Takes { fd: true, none: true })?;
    one_of(sp, &path, "listxattr", follow)?;
    // SAFETY: a NUL-terminated name, a buffer of the size given.
    let names = sized(sp, &path, |p, n| unsafe {
        match path.fd {
            Some(fd) => libc::flistxattr(fd, p.cast(), n),
            None if follow => libc::listxattr(path.ptr(), p.cast(), n),
            None => libc::llistxattr(path.ptr(), p.cast(), n),
        }
    })?;
    let mut out = RootedVec::new(sp);
    for name in names.split(|b| *b == 0).filter(|n| !n.is_empty()) {
        out.push(fsdecode(sp, name)?);
    }
    out.into_list()
}
