//! Permissions, owners and times of files.

use crate::util::fd::DirFd;
use crate::util::path::{FsPath, path_or_fd, plain_path};
use crate::util::time::Round;
use crate::util::{blocking, errno, id_arg, interruptible, retry};
use taipan_plugin_api::prelude::*;

fn done(sp: Space, path: &FsPath, f: impl FnMut() -> i32) -> Res<()> {
    retry(sp, f)?.map(drop).map_err(|e| path.error(sp, e))
}
fn nofollow(follow: bool) -> i32 {
    if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW }
}
/// What cannot be combined with a descriptor in the place of the path.
fn fd_conflicts(sp: Space, function: &str, path: &FsPath, dir: DirFd, follow: bool) -> Res<()> {
    if path.fd.is_none() {
        return Ok(());
    }
    if dir.given() {
        return Err(sp.value_error(&format!("{function}: can't specify both dir_fd and fd")));
    }
    if !follow {
        return Err(sp.value_error(&format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}

/// Use the real uid/gid to test for access to a path.
///
///   path
///     Path to be tested; can be string, bytes, or a path-like object.
///   mode
///     Operating-system mode bitfield.  Can be F_OK to test existence,
///     or the inclusive-OR of R_OK, W_OK, and X_OK.
///   dir_fd
///     If not None, it should be a file descriptor open to a directory,
///     and path should be relative; path will then be relative to that
///     directory.
///   effective_ids
///     If True, access will use the effective uid/gid instead of
///     the real uid/gid.
///   follow_symlinks
///     If False, and the last element of the path is a symbolic link,
///     access will examine the symbolic link itself instead of the file
///     the link points to.
///
/// dir_fd, effective_ids, and follow_symlinks may not be implemented
///   on your platform.  If they are unavailable, using them will raise a
///   NotImplementedError.
///
/// Note that most operations will use the effective uid/gid, therefore this
///   routine can be used in a suid/sgid environment to test if the invoking user
///   has the specified access to the path.
#[interp_fn(sig = "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)")]
pub fn access(sp: Space, w_path: W, mode: i32, dir: DirFd, effective: bool, follow: bool) -> Res<bool> {
    let path = plain_path(sp, w_path, "access", "path")?;
    let flags = nofollow(follow) | if effective { libc::AT_EACCESS } else { 0 };
    // SAFETY: a NUL-terminated name.
    Ok(blocking(sp, || unsafe { libc::faccessat(dir.0, path.ptr(), mode, flags) }) == 0)
}

/// Change the access permissions of a file.
///
///   path
///     Path to be modified.  May always be specified as a str, bytes, or a path-like object.
///     On some platforms, path may also be specified as an open file descriptor.
///     If this functionality is unavailable, using it raises an exception.
///   mode
///     Operating-system mode bitfield.
///     Be careful when using number literals for *mode*. The conventional UNIX notation for
///     numeric modes uses an octal base, which needs to be indicated with a ``0o`` prefix in
///     Python.
///   dir_fd
///     If not None, it should be a file descriptor open to a directory,
///     and path should be relative; path will then be relative to that
///     directory.
///   follow_symlinks
///     If False, and the last element of the path is a symbolic link,
///     chmod will modify the symbolic link itself instead of the file
///     the link points to.
///
/// It is an error to use dir_fd or follow_symlinks when specifying path as
///   an open file descriptor.
/// dir_fd and follow_symlinks may not be implemented on your platform.
///   If they are unavailable, using them will raise a NotImplementedError.
#[interp_fn(sig = "(path, mode, *, dir_fd=None, follow_symlinks=True)")]
pub fn chmod(sp: Space, w_path: W, mode: i32, dir: DirFd, follow: bool) -> Res<()> {
    let path = path_or_fd(sp, w_path, "chmod")?;
    let (r, e) = blocking(sp, || {
        // SAFETY: a NUL-terminated name or any descriptor number.
        let r = unsafe {
            match path.fd {
                Some(fd) => libc::fchmod(fd, mode as libc::mode_t),
                None => libc::fchmodat(dir.0, path.ptr(), mode as libc::mode_t, nofollow(follow)),
            }
        };
        (r, errno())
    });
    if r == 0 {
        return Ok(());
    }
    if e == libc::ENOTSUP && !follow {
        if dir.given() {
            return Err(sp.value_error("chmod: cannot use dir_fd and follow_symlinks together"));
        }
        return Err(crate::util::unavailable(sp, "chmod", "follow_symlinks"));
    }
    Err(path.error(sp, e))
}
/// Change the access permissions of the file given by file descriptor fd.
///
///   fd
///     The file descriptor of the file to be modified.
///   mode
///     Operating-system mode bitfield.
///     Be careful when using number literals for *mode*. The conventional UNIX notation for
///     numeric modes uses an octal base, which needs to be indicated with a ``0o`` prefix in
///     Python.
///
/// Equivalent to os.chmod(fd, mode).
#[interp_fn(sig = "(fd, mode)")]
pub fn fchmod(sp: Space, fd: i32, mode: i32) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::fchmod(fd, mode as libc::mode_t) })?;
    Ok(())
}

/// Change the owner and group id of path to the numeric uid and gid.
///
///   path
///     Path to be examined; can be string, bytes, a path-like object, or open-file-descriptor int.
///   dir_fd
///     If not None, it should be a file descriptor open to a directory,
///     and path should be relative; path will then be relative to that
///     directory.
///   follow_symlinks
///     If False, and the last element of the path is a symbolic link,
///     stat will examine the symbolic link itself instead of the file
///     the link points to.
///
/// path may always be specified as a string.
/// On some platforms, path may also be specified as an open file descriptor.
///   If this functionality is unavailable, using it raises an exception.
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, chown will modify the symbolic link itself instead of the file the
///   link points to.
/// It is an error to use dir_fd or follow_symlinks when specifying path as
///   an open file descriptor.
/// dir_fd and follow_symlinks may not be implemented on your platform.
///   If they are unavailable, using them will raise a NotImplementedError.
#[interp_fn(sig = "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)")]
pub fn chown(sp: Space, w_path: W, w_uid: W, w_gid: W, dir: DirFd, follow: bool) -> Res<()> {
    let path = path_or_fd(sp, w_path, "chown")?;
    let (uid, gid) = (id_arg(sp, w_uid, "uid")?, id_arg(sp, w_gid, "gid")?);
    fd_conflicts(sp, "chown", &path, dir, follow)?;
    // SAFETY: a NUL-terminated name or any descriptor number.
    done(sp, &path, || unsafe {
        match path.fd {
            Some(fd) => libc::fchown(fd, uid, gid),
            None => libc::fchownat(dir.0, path.ptr(), uid, gid, nofollow(follow)),
        }
    })
}
/// Change the owner and group id of the file specified by file descriptor.
///
/// Equivalent to os.chown(fd, uid, gid).
#[interp_fn(sig = "(fd, uid, gid)")]
pub fn fchown(sp: Space, fd: i32, w_uid: W, w_gid: W) -> Res<()> {
    let (uid, gid) = (id_arg(sp, w_uid, "uid")?, id_arg(sp, w_gid, "gid")?);
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::fchown(fd, uid, gid) })?;
    Ok(())
}
/// Change the owner and group id of path to the numeric uid and gid.
///
/// This function will not follow symbolic links.
/// Equivalent to os.chown(path, uid, gid, follow_symlinks=False).
#[interp_fn(sig = "(path, uid, gid)")]
pub fn lchown(sp: Space, w_path: W, w_uid: W, w_gid: W) -> Res<()> {
    let path = plain_path(sp, w_path, "lchown", "path")?;
    let (uid, gid) = (id_arg(sp, w_uid, "uid")?, id_arg(sp, w_gid, "gid")?);
    // SAFETY: a NUL-terminated name.
    done(sp, &path, || unsafe { libc::lchown(path.ptr(), uid, gid) })
}

/// Nanoseconds since the epoch as a timespec.
fn split_ns(sp: Space, w: W) -> Res<libc::timespec> {
    let w_pair = sp.divmod(w, sp.newint(1_000_000_000))?;
    let Some([w_sec, w_nsec]) = sp.tuple_opt(w_pair) else {
        return Err(sp.type_error(&format!(
            "{}.__divmod__() must return a 2-tuple, not {}",
            sp.type_name(w),
            sp.type_name(w_pair)
        )));
    };
    Ok(libc::timespec { tv_sec: sp.int_w(*w_sec)?, tv_nsec: sp.int_w(*w_nsec)? })
}

/// Set the access and modified time of path.
///
/// path may always be specified as a string.
/// On some platforms, path may also be specified as an open file descriptor.
///   If this functionality is unavailable, using it raises an exception.
///
/// If times is not None, it must be a tuple (atime, mtime);
///     atime and mtime should be expressed as float seconds since the epoch.
/// If ns is specified, it must be a tuple (atime_ns, mtime_ns);
///     atime_ns and mtime_ns should be expressed as integer nanoseconds
///     since the epoch.
/// If times is None and ns is unspecified, utime uses the current time.
/// Specifying tuples for both times and ns is an error.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// If follow_symlinks is False, and the last element of the path is a symbolic
///   link, utime will modify the symbolic link itself instead of the file the
///   link points to.
/// It is an error to use dir_fd or follow_symlinks when specifying path
///   as an open file descriptor.
/// dir_fd and follow_symlinks may not be available on your platform.
///   If they are unavailable, using them will raise a NotImplementedError.
#[interp_fn(sig = "(path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)")]
pub fn utime(sp: Space, w_path: W, w_times: W, w_ns: W, dir: DirFd, follow: bool) -> Res<()> {
    let path = path_or_fd(sp, w_path, "utime")?;
    let mut times = None;
    if !w_times.is_none() && !w_ns.is_null() {
        return Err(sp.value_error("utime: you may specify either 'times' or 'ns' but not both"));
    }
    if !w_times.is_none() {
        let Some([w_a, w_m]) = sp.tuple_opt(w_times) else {
            return Err(sp.type_error("utime: 'times' must be either a tuple of two ints or None"));
        };
        let at = |w| crate::util::time::timespec_arg(sp, w, Round::Floor);
        times = Some([at(*w_a)?, at(*w_m)?]);
    } else if !w_ns.is_null() {
        let Some([w_a, w_m]) = sp.tuple_opt(w_ns) else {
            return Err(sp.type_error("utime: 'ns' must be a tuple of two ints"));
        };
        times = Some([split_ns(sp, *w_a)?, split_ns(sp, *w_m)?]);
    }
    fd_conflicts(sp, "utime", &path, dir, follow)?;
    let p = times.as_ref().map_or(std::ptr::null(), |t| t.as_ptr());
    // SAFETY: a NUL-terminated name or any descriptor number; two timespecs or null.
    let (r, e) = blocking(sp, || unsafe {
        let r = match path.fd {
            Some(fd) => libc::futimens(fd, p),
            None => libc::utimensat(dir.0, path.ptr(), p, nofollow(follow)),
        };
        (r, errno())
    });
    // CPython names no file here.
    if r == 0 { Ok(()) } else { Err(sp.raise_errno(e, W::NULL)) }
}

/// Set the current numeric umask and return the previous umask.
#[interp_fn(sig = "(mask, /)")]
pub fn umask(_sp: Space, mask: i32) -> Res<i64> {
    // SAFETY: umask cannot fail.
    Ok(unsafe { libc::umask(mask as libc::mode_t) } as i64)
}
