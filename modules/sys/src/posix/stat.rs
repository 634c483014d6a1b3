//! stat and statvfs.

use crate::util::fd::DirFd;
use crate::util::path::{FsPath, path_or_fd, plain_path};
use crate::util::{self, UNNAMED, blocking, errno, newstructseq, structseq};
use taipan_plugin_api::prelude::*;

static STAT_RESULT: Global = Global::new();
static STATVFS_RESULT: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "stat_result: Result from stat, fstat, or lstat.\n\nThis object may be accessed either as a tuple of\n  (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime)\nor via the attributes st_mode, st_ino, st_dev, st_nlink, and so on.\n\nPosix/windows: If your platform supports st_blksize, st_blocks, st_rdev,\nor st_flags, they are available as attributes only.\n\nSee os.stat for more information.";
    let fields = [
        "st_mode",
        "st_ino",
        "st_dev",
        "st_nlink",
        "st_uid",
        "st_gid",
        "st_size",
        UNNAMED,
        UNNAMED,
        UNNAMED,
        "st_atime",
        "st_mtime",
        "st_ctime",
        "st_atime_ns",
        "st_mtime_ns",
        "st_ctime_ns",
        "st_blksize",
        "st_blocks",
        "st_rdev",
    ];
    let w = structseq(sp, w_module, "os.stat_result", doc, &fields, 10)?;
    STAT_RESULT.set(sp, w);
    let doc = "statvfs_result: Result from statvfs or fstatvfs.\n\nThis object may be accessed either as a tuple of\n  (bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax),\nor via the attributes f_bsize, f_frsize, f_blocks, f_bfree, and so on.\n\nSee os.statvfs for more information.";
    let fields = [
        "f_bsize",
        "f_frsize",
        "f_blocks",
        "f_bfree",
        "f_bavail",
        "f_files",
        "f_ffree",
        "f_favail",
        "f_flag",
        "f_namemax",
        "f_fsid",
    ];
    let w = structseq(sp, w_module, "os.statvfs_result", doc, &fields, 10)?;
    STATVFS_RESULT.set(sp, w);
    Ok(())
}

/// What stat, lstat, fstat and fstatat fill.
pub type Stat = libc::stat;

/// An all-zero struct to be filled by the C library.
pub fn zeroed<T>() -> T {
    // SAFETY: only used for C structs of integers and pointers, for which zero bytes are a value.
    unsafe { std::mem::zeroed() }
}

/// Seconds and nanoseconds as one int.
fn ns(sp: Space, sec: i64, nsec: i64) -> Res<W> {
    match sec.checked_mul(1_000_000_000).and_then(|n| n.checked_add(nsec)) {
        Some(n) => Ok(sp.newint(n)),
        None => sp.add(sp.mul(sp.newint(sec), sp.newint(1_000_000_000))?, sp.newint(nsec)),
    }
}

/// A stat_result.
pub fn stat_result(sp: Space, s: &Stat) -> Res<W> {
    let secs = |sec: i64, nsec: i64| sp.newfloat(sec as f64 + 1e-9 * nsec as f64);
    let items = [
        sp.newint(s.st_mode as i64),
        (s.st_ino as u64).into_w(sp)?,
        (s.st_dev as u64).into_w(sp)?,
        sp.newint(s.st_nlink as i64),
        util::id_result(sp, s.st_uid),
        util::id_result(sp, s.st_gid),
        sp.newint(s.st_size as i64),
        sp.newint(s.st_atime),
        sp.newint(s.st_mtime),
        sp.newint(s.st_ctime),
        secs(s.st_atime, s.st_atime_nsec),
        secs(s.st_mtime, s.st_mtime_nsec),
        secs(s.st_ctime, s.st_ctime_nsec),
        ns(sp, s.st_atime, s.st_atime_nsec)?,
        ns(sp, s.st_mtime, s.st_mtime_nsec)?,
        ns(sp, s.st_ctime, s.st_ctime_nsec)?,
        sp.newint(s.st_blksize as i64),
        sp.newint(s.st_blocks),
        (s.st_rdev as u64).into_w(sp)?,
    ];
    newstructseq(sp, STAT_RESULT.get(), &items)
}

/// The struct, or errno.
pub fn stat_at(sp: Space, path: &FsPath, dir: i32, follow: bool) -> Result<Stat, i32> {
    let mut s: Stat = zeroed();
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let (r, e) = blocking(sp, || {
        // SAFETY: s is ours, the name is NUL-terminated.
        let r = unsafe {
            match path.fd {
                Some(fd) => libc::fstat(fd, &mut s),
                None => libc::fstatat(dir, path.ptr(), &mut s, flags),
            }
        };
        (r, errno())
    });
    if r == 0 { Ok(s) } else { Err(e) }
}

/// Perform a stat system call on the given path.
///
///   path
///     Path to be examined; can be string, bytes, a path-like object or
///     open-file-descriptor int.
///   dir_fd
///     If not None, it should be a file descriptor open to a directory,
///     and path should be a relative string; path will then be relative to
///     that directory.
///   follow_symlinks
///     If False, and the last element of the path is a symbolic link,
///     stat will examine the symbolic link itself instead of the file
///     the link points to.
///
/// dir_fd and follow_symlinks may not be implemented
///   on your platform.  If they are unavailable, using them will raise a
///   NotImplementedError.
///
/// It's an error to use dir_fd or follow_symlinks when specifying path as
///   an open file descriptor.
#[interp_fn(sig = "(path, *, dir_fd=None, follow_symlinks=True)")]
pub fn stat(sp: Space, w_path: W, dir: DirFd, follow: bool) -> Res<W> {
    let path = path_or_fd(sp, w_path, "stat")?;
    if path.fd.is_some() {
        if dir.given() {
            return Err(sp.value_error("stat: can't specify dir_fd without matching path"));
        }
        if !follow {
            return Err(sp.value_error("stat: cannot use fd and follow_symlinks together"));
        }
    }
    let s = stat_at(sp, &path, dir.0, follow).map_err(|e| path.error(sp, e))?;
    stat_result(sp, &s)
}

/// Perform a stat system call on the given path, without following symbolic links.
///
/// Like stat(), but do not follow symbolic links.
/// Equivalent to stat(path, follow_symlinks=False).
#[interp_fn(sig = "(path, *, dir_fd=None)")]
pub fn lstat(sp: Space, w_path: W, dir: DirFd) -> Res<W> {
    let path = plain_path(sp, w_path, "lstat", "path")?;
    let s = stat_at(sp, &path, dir.0, false).map_err(|e| path.error(sp, e))?;
    stat_result(sp, &s)
}

/// Perform a stat system call on the given file descriptor.
///
/// Like stat(), but for an open file descriptor.
/// Equivalent to os.stat(fd).
#[interp_fn(sig = "(fd)")]
pub fn fstat(sp: Space, fd: i32) -> Res<W> {
    let mut s: Stat = zeroed();
    // SAFETY: s is ours.
    util::interruptible(sp, || unsafe { libc::fstat(fd, &mut s) })?;
    stat_result(sp, &s)
}

fn statvfs_result(sp: Space, s: &libc::statvfs) -> Res<W> {
    let mut items = RootedVec::with_capacity(sp, 11);
    for n in [
        s.f_bsize as u64,
        s.f_frsize as u64,
        s.f_blocks,
        s.f_bfree,
        s.f_bavail,
        s.f_files,
        s.f_ffree,
        s.f_favail,
        s.f_flag as u64,
        s.f_namemax as u64,
        s.f_fsid as u64,
    ] {
        items.push(n.into_w(sp)?);
    }
    newstructseq(sp, STATVFS_RESULT.get(), &items)
}

/// Perform a statvfs system call on the given path.
///
/// path may always be specified as a string.
/// On some platforms, path may also be specified as an open file descriptor.
///   If this functionality is unavailable, using it raises an exception.
#[interp_fn(sig = "(path)")]
pub fn statvfs(sp: Space, w_path: W) -> Res<W> {
    let path = path_or_fd(sp, w_path, "statvfs")?;
    let mut s: libc::statvfs = zeroed();
    let r = util::retry(sp, || {
        // SAFETY: s is ours, the name is NUL-terminated.
        unsafe {
            match path.fd {
                Some(fd) => libc::fstatvfs(fd, &mut s),
                None => libc::statvfs(path.ptr(), &mut s),
            }
        }
    })?;
    r.map_err(|e| path.error(sp, e))?;
    statvfs_result(sp, &s)
}

/// Perform an fstatvfs system call on the given fd.
///
/// Equivalent to statvfs(fd).
#[interp_fn(sig = "(fd, /)")]
pub fn fstatvfs(sp: Space, fd: i32) -> Res<W> {
    let mut s: libc::statvfs = zeroed();
    // SAFETY: s is ours.
    util::interruptible(sp, || unsafe { libc::fstatvfs(fd, &mut s) })?;
    statvfs_result(sp, &s)
}

/// A device number: any 64-bit value, -1 for "none".
pub fn device_arg(sp: Space, w: W) -> Res<u64> {
    let big = sp.bigint_w(w)?;
    if big == (-1).into() {
        return Ok(u64::MAX);
    }
    u64::try_from(&big).map_err(|_| {
        if big < 0.into() {
            sp.overflow_error("can't convert negative int to unsigned")
        } else {
            sp.overflow_error("int too big to convert")
        }
    })
}

/// Extracts a device major number from a raw device number.
#[interp_fn(sig = "(device, /)")]
pub fn major(sp: Space, w: W) -> Res<i64> {
    let d = device_arg(sp, w)?;
    Ok(if d == u64::MAX { -1 } else { libc::major(d) as i64 })
}
/// Extracts a device minor number from a raw device number.
#[interp_fn(sig = "(device, /)")]
pub fn minor(sp: Space, w: W) -> Res<i64> {
    let d = device_arg(sp, w)?;
    Ok(if d == u64::MAX { -1 } else { libc::minor(d) as i64 })
}
/// Composes a raw device number from the major and minor device numbers.
#[interp_fn(sig = "(major, minor, /)")]
pub fn makedev(sp: Space, w_major: W, w_minor: W) -> Res<W> {
    let part = |w: W| -> Res<u32> {
        let n = sp.int_w(w)?;
        if n == -1 {
            return Ok(u32::MAX);
        }
        u32::try_from(n).map_err(|_| {
            if n < 0 {
                sp.overflow_error("can't convert negative int to unsigned")
            } else {
                sp.overflow_error("Python int too large to convert to C unsigned int")
            }
        })
    };
    let (major, minor) = (part(w_major)?, part(w_minor)?);
    if major == u32::MAX && minor == u32::MAX {
        return Ok(W::int(-1));
    }
    libc::makedev(major, minor).into_w(sp)
}
