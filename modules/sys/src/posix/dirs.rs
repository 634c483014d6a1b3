//! Directories, names and links.

use super::stat::device_arg;
use crate::util::fd::{DirFd, Fd};
use crate::util::path::{FsPath, Takes, fsdecode, path_arg, path_or_fd, plain_path};
use crate::util::{blocking, errno, interruptible, retry};
use std::ffi::CStr;
use taipan_plugin_api::prelude::*;

fn cwd_bytes(sp: Space) -> Res<Vec<u8>> {
    let mut buf = vec![0u8; 1024];
    loop {
        let (p, e) = blocking(sp, || {
            // SAFETY: the buffer has the length given.
            (unsafe { libc::getcwd(buf.as_mut_ptr().cast(), buf.len()) }, errno())
        });
        if !p.is_null() {
            let n = buf.iter().position(|b| *b == 0).unwrap_or(buf.len());
            buf.truncate(n);
            return Ok(buf);
        }
        if e != libc::ERANGE {
            return Err(sp.raise_errno(e, W::NULL));
        }
        buf.resize(buf.len() * 2, 0);
    }
}
/// Return a unicode string representing the current working directory.
#[interp_fn(sig = "()")]
pub fn getcwd(sp: Space) -> Res<W> {
    fsdecode(sp, &cwd_bytes(sp)?)
}
/// Return a bytes string representing the current working directory.
#[interp_fn(sig = "()")]
pub fn getcwdb(sp: Space) -> Res<W> {
    sp.newbytes(&cwd_bytes(sp)?)
}

/// The result of a call on one path.
fn on_path(sp: Space, path: &FsPath, f: impl FnMut() -> i32) -> Res<()> {
    retry(sp, f)?.map_err(|e| path.error(sp, e))?;
    Ok(())
}
/// The result of a call on two paths.
fn on_paths(sp: Space, a: &FsPath, b: &FsPath, f: impl FnOnce() -> i32) -> Res<()> {
    let (r, e) = blocking(sp, || (f(), errno()));
    if r == 0 { Ok(()) } else { Err(error2(sp, e, a.w, b.w)) }
}
/// OSError about two files.
#[cold]
fn error2(sp: Space, errno: i32, w_a: W, w_b: W) -> Raised {
    // SAFETY: live words.
    unsafe { (sp.ops().raise_os_error.exec)(sp.th(), errno, w_a, w_b) };
    Raised
}

/// Change the current working directory to the specified path.
///
/// path may always be specified as a string.
/// On some platforms, path may also be specified as an open file descriptor.
/// If this functionality is unavailable, using it raises an exception.
#[interp_fn(sig = "(path)")]
pub fn chdir(sp: Space, w_path: W) -> Res<()> {
    let path = path_or_fd(sp, w_path, "chdir")?;
    // SAFETY: a NUL-terminated name.
    on_path(sp, &path, || unsafe { path.fd.map_or_else(|| libc::chdir(path.ptr()), |fd| libc::fchdir(fd)) })
}
/// Change to the directory of the given file descriptor.
///
/// fd must be opened on a directory, not a file.
/// Equivalent to os.chdir(fd).
#[interp_fn(sig = "(fd)")]
pub fn fchdir(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::fchdir(fd.0) })?;
    Ok(())
}
/// Change root directory to path.
#[interp_fn(sig = "(path)")]
pub fn chroot(sp: Space, w_path: W) -> Res<()> {
    let path = plain_path(sp, w_path, "chroot", "path")?;
    // SAFETY: a NUL-terminated name.
    on_path(sp, &path, || unsafe { libc::chroot(path.ptr()) })
}

/// A name in a directory, its inode and its d_type.
pub type Found = (Vec<u8>, u64, u8);

// SAFETY: the stream is no thread's own; a Dir has one user at a time.
unsafe impl Send for Dir {}
/// An open directory stream that closes itself.
pub struct Dir(pub *mut libc::DIR);
impl Dir {
    /// Of a name or a descriptor (which is duplicated, and read from its start).
    pub fn open(sp: Space, path: &FsPath) -> Res<Dir> {
        let (d, e) = blocking(sp, || {
            // SAFETY: a NUL-terminated name, or any descriptor number.
            unsafe {
                match path.fd {
                    None => (libc::opendir(path.ptr()), errno()),
                    Some(fd) => {
                        let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0);
                        if copy < 0 {
                            return (std::ptr::null_mut(), errno());
                        }
                        let d = libc::fdopendir(copy);
                        let e = errno();
                        if d.is_null() {
                            libc::close(copy);
                        } else {
                            libc::rewinddir(d);
                        }
                        (d, e)
                    }
                }
            }
        });
        if d.is_null() { Err(path.error(sp, e)) } else { Ok(Dir(d)) }
    }
    /// The next entry. `Ok(None)` at the end; `Err` is errno.
    pub fn next(&mut self, sp: Space) -> Result<Option<Found>, i32> {
        blocking(sp, || self.read())
    }
    /// The same, for those that need not be told that it may block.
    pub fn read(&mut self) -> Result<Option<Found>, i32> {
        loop {
            crate::util::set_errno(0);
            // SAFETY: an open stream; the exclusive reference says that one thread uses it.
            let (entry, e) = (unsafe { libc::readdir(self.0) }, errno());
            if entry.is_null() {
                return if e == 0 { Ok(None) } else { Err(e) };
            }
            // SAFETY: valid until the next readdir on this stream.
            let (name, ino, kind) =
                unsafe { (CStr::from_ptr((*entry).d_name.as_ptr()).to_bytes(), (*entry).d_ino, (*entry).d_type) };
            if name != b"." && name != b".." {
                return Ok(Some((name.to_vec(), ino, kind)));
            }
        }
    }
}
impl Drop for Dir {
    fn drop(&mut self) {
        // SAFETY: closed once, here.
        unsafe { libc::closedir(self.0) };
    }
}

/// Return a list containing the names of the files in the directory.
///
/// path can be specified as either str, bytes, or a path-like object.  If path is bytes,
///   the filenames returned will also be bytes; in all other circumstances
///   the filenames returned will be str.
/// If path is None, uses the path='.'.
/// On some platforms, path may also be specified as an open file descriptor;
///   the file descriptor must refer to a directory.
///   If this functionality is unavailable, using it raises NotImplementedError.
///
/// The list is in arbitrary order.  It does not include the special
/// entries '.' and '..' even if they are present in the directory.
#[interp_fn(sig = "(path=None)")]
pub fn listdir(sp: Space, w_path: W) -> Res<W> {
    let path = path_arg(sp, w_path, "listdir", "path", Takes { fd: true, none: true })?;
    let mut dir = Dir::open(sp, &path)?;
    let mut names = RootedVec::new(sp);
    while let Some((name, ..)) = dir.next(sp).map_err(|e| path.error(sp, e))? {
        names.push(path.answer(sp, &name)?);
    }
    names.into_list()
}

/// Create a directory.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
///
/// The mode argument is ignored on Windows. Where it is used, the current umask
/// value is first masked out.
#[interp_fn(sig = "(path, mode=511, *, dir_fd=None)")]
pub fn mkdir(sp: Space, w_path: W, mode: i32, dir: DirFd) -> Res<()> {
    let path = plain_path(sp, w_path, "mkdir", "path")?;
    // SAFETY: a NUL-terminated name.
    on_path(sp, &path, || unsafe { libc::mkdirat(dir.0, path.ptr(), mode as libc::mode_t) })
}
/// Remove a directory.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, *, dir_fd=None)")]
pub fn rmdir(sp: Space, w_path: W, dir: DirFd) -> Res<()> {
    let path = plain_path(sp, w_path, "rmdir", "path")?;
    // SAFETY: a NUL-terminated name.
    on_path(sp, &path, || unsafe { libc::unlinkat(dir.0, path.ptr(), libc::AT_REMOVEDIR) })
}
fn do_unlink(sp: Space, w_path: W, dir: DirFd, function: &str) -> Res<()> {
    let path = plain_path(sp, w_path, function, "path")?;
    // SAFETY: a NUL-terminated name.
    on_path(sp, &path, || unsafe { libc::unlinkat(dir.0, path.ptr(), 0) })
}
/// Remove a file (same as unlink()).
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, *, dir_fd=None)")]
pub fn remove(sp: Space, w_path: W, dir: DirFd) -> Res<()> {
    do_unlink(sp, w_path, dir, "remove")
}
/// Remove a file (same as remove()).
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, *, dir_fd=None)")]
pub fn unlink(sp: Space, w_path: W, dir: DirFd) -> Res<()> {
    do_unlink(sp, w_path, dir, "unlink")
}
fn do_rename(sp: Space, w_src: W, w_dst: W, sdir: DirFd, ddir: DirFd, function: &str) -> Res<()> {
    let (src, dst) = (plain_path(sp, w_src, function, "src")?, plain_path(sp, w_dst, function, "dst")?);
    // SAFETY: NUL-terminated names.
    on_paths(sp, &src, &dst, || unsafe { libc::renameat(sdir.0, src.ptr(), ddir.0, dst.ptr()) })
}
/// Rename a file or directory.
///
/// If either src_dir_fd or dst_dir_fd is not None, it should be a file
///   descriptor open to a directory, and the respective path string (src or dst)
///   should be relative; the path will then be relative to that directory.
/// src_dir_fd and dst_dir_fd, may not be implemented on your platform.
///   If they are unavailable, using them will raise a NotImplementedError.
#[interp_fn(sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
pub fn rename(sp: Space, w_src: W, w_dst: W, sdir: DirFd, ddir: DirFd) -> Res<()> {
    do_rename(sp, w_src, w_dst, sdir, ddir, "rename")
}
/// Rename a file or directory, overwriting the destination.
///
/// If either src_dir_fd or dst_dir_fd is not None, it should be a file
///   descriptor open to a directory, and the respective path string (src or dst)
///   should be relative; the path will then be relative to that directory.
/// src_dir_fd and dst_dir_fd, may not be implemented on your platform.
///   If they are unavailable, using them will raise a NotImplementedError.
#[interp_fn(sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
pub fn replace(sp: Space, w_src: W, w_dst: W, sdir: DirFd, ddir: DirFd) -> Res<()> {
    do_rename(sp, w_src, w_dst, sdir, ddir, "replace")
}
/// Create a hard link to a file.
///
/// If either src_dir_fd or dst_dir_fd is not None, it should be a file
///   descriptor open to a directory, and the respective path string (src or dst)
///   should be relative; the path will then be relative to that directory.
/// If follow_symlinks is False, and the last element of src is a symbolic
///   link, link will create a link to the symbolic link itself instead of the
///   file the link points to.
/// src_dir_fd, dst_dir_fd, and follow_symlinks may not be implemented on your
///   platform.  If they are unavailable, using them will raise a
///   NotImplementedError.
#[interp_fn(sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)")]
pub fn link(sp: Space, w_src: W, w_dst: W, sdir: DirFd, ddir: DirFd, follow: Option<bool>) -> Res<()> {
    let (src, dst) = (plain_path(sp, w_src, "link", "src")?, plain_path(sp, w_dst, "link", "dst")?);
    // Without the argument the platform's link(2) decides, which does not follow on Linux.
    let flags = if follow == Some(true) { libc::AT_SYMLINK_FOLLOW } else { 0 };
    // SAFETY: NUL-terminated names.
    on_paths(sp, &src, &dst, || unsafe { libc::linkat(sdir.0, src.ptr(), ddir.0, dst.ptr(), flags) })
}
/// Create a symbolic link pointing to src named dst.
///
/// target_is_directory is required on Windows if the target is to be
///   interpreted as a directory.  (On Windows, symlink requires
///   Windows 6.0 or greater, and raises a NotImplementedError otherwise.)
///   target_is_directory is ignored on non-Windows platforms.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(src, dst, target_is_directory=False, *, dir_fd=None)")]
pub fn symlink(sp: Space, w_src: W, w_dst: W, _target_is_directory: bool, dir: DirFd) -> Res<()> {
    let (src, dst) = (plain_path(sp, w_src, "symlink", "src")?, plain_path(sp, w_dst, "symlink", "dst")?);
    // SAFETY: NUL-terminated names.
    on_paths(sp, &src, &dst, || unsafe { libc::symlinkat(src.ptr(), dir.0, dst.ptr()) })
}
/// Return a string representing the path to which the symbolic link points.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
/// and path should be relative; path will then be relative to that directory.
///
/// dir_fd may not be implemented on your platform.  If it is unavailable,
/// using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, *, dir_fd=None)")]
pub fn readlink(sp: Space, w_path: W, dir: DirFd) -> Res<W> {
    let path = plain_path(sp, w_path, "readlink", "path")?;
    let mut buf = vec![0u8; libc::PATH_MAX as usize + 1];
    let (n, e) = blocking(sp, || {
        // SAFETY: the buffer has the length given.
        (unsafe { libc::readlinkat(dir.0, path.ptr(), buf.as_mut_ptr().cast(), buf.len()) }, errno())
    });
    if n < 0 {
        return Err(path.error(sp, e));
    }
    path.answer(sp, &buf[..n as usize])
}
/// Create a "fifo" (a POSIX named pipe).
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, mode=438, *, dir_fd=None)")]
pub fn mkfifo(sp: Space, w_path: W, mode: i32, dir: DirFd) -> Res<()> {
    let path = plain_path(sp, w_path, "mkfifo", "path")?;
    // SAFETY: a NUL-terminated name.
    let r = retry(sp, || unsafe { libc::mkfifoat(dir.0, path.ptr(), mode as libc::mode_t) })?;
    r.map(drop).map_err(|e| path.error(sp, e))
}
/// Create a node in the file system.
///
/// Create a node in the file system (file, device special file or named pipe)
/// at path.  mode specifies both the permissions to use and the
/// type of node to be created, being combined (bitwise OR) with one of
/// S_IFREG, S_IFCHR, S_IFBLK, and S_IFIFO.  If S_IFCHR or S_IFBLK is set on mode,
/// device defines the newly created device special file (probably using
/// os.makedev()).  Otherwise device is ignored.
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, mode=384, device=0, *, dir_fd=None)")]
pub fn mknod(sp: Space, w_path: W, mode: i32, w_device: W, dir: DirFd) -> Res<()> {
    let path = plain_path(sp, w_path, "mknod", "path")?;
    let device = if w_device.is_null() { 0 } else { device_arg(sp, w_device)? };
    // SAFETY: a NUL-terminated name.
    let r = retry(sp, || unsafe { libc::mknodat(dir.0, path.ptr(), mode as libc::mode_t, device) })?;
    r.map(drop).map_err(|e| path.error(sp, e))
}
