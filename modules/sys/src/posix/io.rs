//! Descriptors: open, read, write and what belongs to them.

use crate::util::fd::{DirFd, Fd, set_inheritable as set_fd_inheritable};
use crate::util::path::{path_or_fd, plain_path};
use crate::util::{blocking, check, errno, interruptible, os_error, retry};
use taipan_plugin_api::prelude::*;

/// The most a single read or write transfers on Linux.
pub const IO_MAX: usize = 0x7FFF_F000;

/// Open a file for low level IO.  Returns a file descriptor (integer).
///
/// If dir_fd is not None, it should be a file descriptor open to a directory,
///   and path should be relative; path will then be relative to that directory.
/// dir_fd may not be implemented on your platform.
///   If it is unavailable, using it will raise a NotImplementedError.
#[interp_fn(sig = "(path, flags, mode=511, *, dir_fd=None)")]
pub fn open(sp: Space, w_path: W, flags: i32, mode: i32, dir: DirFd) -> Res<i32> {
    let path = plain_path(sp, w_path, "open", "path")?;
    // SAFETY: a NUL-terminated name.
    retry(sp, || unsafe { libc::openat(dir.0, path.ptr(), flags | libc::O_CLOEXEC, mode as libc::c_uint) })?
        .map_err(|e| path.error(sp, e))
}
/// Close a file descriptor.
#[interp_fn(sig = "(fd)")]
pub fn close(sp: Space, fd: i32) -> Res<()> {
    // Not repeated after EINTR: the descriptor is gone by then.
    // SAFETY: any number is allowed.
    let (r, e) = blocking(sp, || (unsafe { libc::close(fd) }, errno()));
    if r < 0 && e != libc::EINTR { Err(sp.raise_errno(e, W::NULL)) } else { Ok(()) }
}
/// Closes all file descriptors in [fd_low, fd_high), ignoring errors.
#[interp_fn(sig = "(fd_low, fd_high, /)")]
pub fn closerange(sp: Space, low: i32, high: i32) -> Res<()> {
    blocking(sp, || close_range(low.max(0), high));
    Ok(())
}
/// Closes [low, high), by one system call where there is one.
pub fn close_range(low: i32, high: i32) {
    if low >= high {
        return;
    }
    // SAFETY: closing any number is defined; this allocates nothing, so it may run between fork and exec.
    unsafe {
        if libc::syscall(libc::SYS_close_range, low as libc::c_uint, (high - 1) as libc::c_uint, 0) != 0 {
            for fd in low..high {
                libc::close(fd);
            }
        }
    }
}
/// Return a duplicate of a file descriptor.
#[interp_fn(sig = "(fd, /)")]
pub fn dup(sp: Space, fd: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
}
/// Duplicate file descriptor.
#[interp_fn(sig = "(fd, fd2, inheritable=True)")]
pub fn dup2(sp: Space, fd: i32, fd2: i32, inheritable: bool) -> Res<i32> {
    if fd < 0 || fd2 < 0 {
        return Err(sp.raise_errno(libc::EBADF, W::NULL));
    }
    // SAFETY: any number is allowed.
    let r = interruptible(sp, || unsafe {
        if inheritable || fd == fd2 { libc::dup2(fd, fd2) } else { libc::dup3(fd, fd2, libc::O_CLOEXEC) }
    })?;
    if !inheritable && fd == fd2 && !set_fd_inheritable(fd2, false) {
        return Err(os_error(sp));
    }
    Ok(r)
}
/// Read from a file descriptor.  Returns a bytes object.
#[interp_fn(sig = "(fd, length, /)")]
pub fn read(sp: Space, fd: i32, length: isize) -> Res<W> {
    if length < 0 {
        return Err(sp.raise_errno(libc::EINVAL, W::NULL));
    }
    let mut buf = buffer(sp, (length as usize).min(IO_MAX))?;
    // SAFETY: the buffer has at least the capacity given.
    let n = interruptible(sp, || unsafe { libc::read(fd, buf.as_mut_ptr().cast(), buf.len()) })?;
    sp.newbytes(&buf[..n as usize])
}
/// `n` bytes to read into; MemoryError instead of an abort.
pub fn buffer(sp: Space, n: usize) -> Res<Vec<u8>> {
    let mut v = Vec::new();
    if v.try_reserve_exact(n).is_err() {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    v.resize(n, 0);
    Ok(v)
}
/// Read into a buffer object from a file descriptor.
///
/// The buffer should be mutable and bytes-like. On success, returns the number of
/// bytes read. Less bytes may be read than the size of the buffer. The underlying
/// system call will be retried when interrupted by a signal, unless the signal
/// handler raises an exception. Other errors will not be retried and an error will
/// be raised.
///
/// Returns 0 if *fd* is at end of file or if the provided *buffer* is empty.
#[interp_fn(sig = "(fd, buffer, /)")]
pub fn readinto(sp: Space, fd: i32, w_buffer: W) -> Res<isize> {
    let mut b = Buffer::writable(sp, w_buffer)?;
    let n = b.len().min(IO_MAX);
    let p = b.bytes_mut().as_mut_ptr();
    // SAFETY: the exporter keeps the memory while the buffer is held.
    interruptible(sp, || unsafe { libc::read(fd, p.cast(), n) })
}
/// Write a bytes object to a file descriptor.
#[interp_fn(sig = "(fd, data, /)")]
pub fn write(sp: Space, fd: i32, data: Buffer) -> Res<isize> {
    let b = data.bytes();
    // SAFETY: as above.
    interruptible(sp, || unsafe { libc::write(fd, b.as_ptr().cast(), b.len().min(IO_MAX)) })
}
/// Set the position of a file descriptor.  Return the new position.
///
///   fd
///     An open file descriptor, as returned by os.open().
///   position
///     Position, interpreted relative to 'whence'.
///   whence
///     The relative position to seek from. Valid values are:
///     - SEEK_SET: seek from the start of the file.
///     - SEEK_CUR: seek from the current file position.
///     - SEEK_END: seek from the end of the file.
///
/// The return value is the number of bytes relative to the beginning of the file.
#[interp_fn(sig = "(fd, position, whence, /)")]
pub fn lseek(sp: Space, fd: i32, position: i64, whence: i32) -> Res<i64> {
    // SAFETY: any number is allowed.
    let (r, e) = blocking(sp, || (unsafe { libc::lseek(fd, position, whence) }, errno()));
    if r < 0 { Err(sp.raise_errno(e, W::NULL)) } else { Ok(r) }
}
/// Create a pipe.
///
/// Returns a tuple of two file descriptors:
///   (read_fd, write_fd)
#[interp_fn(sig = "()")]
pub fn pipe(sp: Space) -> Res<(i32, i32)> {
    pipe_with(sp, libc::O_CLOEXEC)
}
/// Create a pipe with flags set atomically.
///
/// Returns a tuple of two file descriptors:
///   (read_fd, write_fd)
///
/// flags can be constructed by ORing together one or more of these values:
/// O_NONBLOCK, O_CLOEXEC.
#[interp_fn(sig = "(flags, /)")]
pub fn pipe2(sp: Space, flags: i32) -> Res<(i32, i32)> {
    pipe_with(sp, flags)
}
fn pipe_with(sp: Space, flags: i32) -> Res<(i32, i32)> {
    let mut fds = [0i32; 2];
    // SAFETY: room for two numbers.
    check(sp, unsafe { libc::pipe2(fds.as_mut_ptr(), flags) })?;
    Ok((fds[0], fds[1]))
}
/// Return True if the fd is connected to a terminal.
///
/// Return True if the file descriptor is an open file descriptor
/// connected to the slave end of a terminal.
#[interp_fn(sig = "(fd, /)")]
pub fn isatty(_sp: Space, fd: i32) -> Res<bool> {
    // SAFETY: any number is allowed.
    Ok(unsafe { libc::isatty(fd) } == 1)
}
/// Force write of fd to disk.
#[interp_fn(sig = "(fd)")]
pub fn fsync(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::fsync(fd.0) })?;
    Ok(())
}
/// Force write of fd to disk without forcing update of metadata.
#[interp_fn(sig = "(fd)")]
pub fn fdatasync(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::fdatasync(fd.0) })?;
    Ok(())
}
/// Force write of everything to disk.
#[interp_fn(sig = "()")]
pub fn sync(sp: Space) -> Res<()> {
    // SAFETY: sync cannot fail.
    blocking(sp, || unsafe { libc::sync() });
    Ok(())
}
/// Truncate a file, specified by path, to a specific length.
///
/// On some platforms, path may also be specified as an open file descriptor.
/// If this functionality is unavailable, using it raises an exception.
#[interp_fn(sig = "(path, length)")]
pub fn truncate(sp: Space, w_path: W, length: i64) -> Res<()> {
    let path = path_or_fd(sp, w_path, "truncate")?;
    // SAFETY: a NUL-terminated name or any descriptor number.
    let r = retry(sp, || unsafe {
        path.fd.map_or_else(|| libc::truncate(path.ptr(), length), |fd| libc::ftruncate(fd, length))
    })?;
    r.map(drop).map_err(|e| path.error(sp, e))
}
/// Truncate a file, specified by file descriptor, to a specific length.
#[interp_fn(sig = "(fd, length, /)")]
pub fn ftruncate(sp: Space, fd: i32, length: i64) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::ftruncate(fd, length) })?;
    Ok(())
}
/// Get the close-on-exe flag of the specified file descriptor.
#[interp_fn(sig = "(fd, /)")]
pub fn get_inheritable(sp: Space, fd: i32) -> Res<bool> {
    // SAFETY: any number is allowed.
    Ok(check(sp, unsafe { libc::fcntl(fd, libc::F_GETFD) })? & libc::FD_CLOEXEC == 0)
}
/// Set the inheritable flag of the specified file descriptor.
#[interp_fn(sig = "(fd, inheritable, /)")]
pub fn set_inheritable(sp: Space, fd: i32, inheritable: i32) -> Res<()> {
    if set_fd_inheritable(fd, inheritable != 0) { Ok(()) } else { Err(os_error(sp)) }
}
/// Get the blocking mode of the file descriptor.
///
/// Return False if the O_NONBLOCK flag is set, True if the flag is cleared.
#[interp_fn(sig = "(fd, /)")]
pub fn get_blocking(sp: Space, fd: i32) -> Res<bool> {
    // SAFETY: any number is allowed.
    Ok(check(sp, unsafe { libc::fcntl(fd, libc::F_GETFL) })? & libc::O_NONBLOCK == 0)
}
/// Set the blocking mode of the specified file descriptor.
///
/// Set the O_NONBLOCK flag if blocking is False,
/// clear the O_NONBLOCK flag otherwise.
#[interp_fn(sig = "(fd, blocking, /)")]
pub fn set_blocking(sp: Space, fd: i32, blocking: bool) -> Res<()> {
    // SAFETY: any number is allowed.
    unsafe {
        let flags = check(sp, libc::fcntl(fd, libc::F_GETFL))?;
        let new = if blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
        check(sp, libc::fcntl(fd, libc::F_SETFL, new))?;
    }
    Ok(())
}
/// Apply, test or remove a POSIX lock on an open file descriptor.
///
///   fd
///     An open file descriptor.
///   command
///     One of F_LOCK, F_TLOCK, F_ULOCK or F_TEST.
///   length
///     The number of bytes to lock, starting at the current position.
#[interp_fn(sig = "(fd, command, length, /)")]
pub fn lockf(sp: Space, fd: i32, command: i32, length: i64) -> Res<()> {
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::lockf(fd, command, length) })?;
    Ok(())
}
