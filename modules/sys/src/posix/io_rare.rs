//! Descriptors: positioned, scattered and kernel-side transfers, and special files.

use super::io::{IO_MAX, buffer};
use crate::util::fd::Fd;
use crate::util::{blocking, check, interruptible};
use taipan_plugin_api::prelude::*;

/// Read a number of bytes from a file descriptor starting at a particular offset.
///
/// Read length bytes from file descriptor fd, starting at offset bytes from
/// the beginning of the file.  The file offset remains unchanged.
#[interp_fn(sig = "(fd, length, offset, /)")]
pub fn pread(sp: Space, fd: i32, length: isize, offset: i64) -> Res<W> {
    if length < 0 {
        return Err(sp.raise_errno(libc::EINVAL, W::NULL));
    }
    let mut buf = buffer(sp, (length as usize).min(IO_MAX))?;
    // SAFETY: the buffer has the length given.
    let n = interruptible(sp, || unsafe { libc::pread(fd, buf.as_mut_ptr().cast(), buf.len(), offset) })?;
    sp.newbytes(&buf[..n as usize])
}
/// Write bytes to a file descriptor starting at a particular offset.
///
/// Write buffer to fd, starting at offset bytes from the beginning of
/// the file.  Returns the number of bytes written.  Does not change the
/// current file offset.
#[interp_fn(sig = "(fd, buffer, offset, /)")]
pub fn pwrite(sp: Space, fd: i32, data: Buffer, offset: i64) -> Res<isize> {
    let b = data.bytes();
    // SAFETY: the exporter keeps the memory while the buffer is held.
    interruptible(sp, || unsafe { libc::pwrite(fd, b.as_ptr().cast(), b.len().min(IO_MAX), offset) })
}

/// Held buffers and their table for the vectored calls.
struct Vectors {
    /// Keeps the memory of `iov` from being resized.
    _held: Vec<Buffer>,
    iov: Vec<libc::iovec>,
}
fn vectors(sp: Space, w_buffers: W, function: &str, writable: bool) -> Res<Vectors> {
    if sp.lookup_special(w_buffers, name!(sp, "__getitem__"))?.is_none() {
        return Err(sp.type_error(&format!("{function}() arg 2 must be a sequence")));
    }
    let (w_keep, items) = sp.unpack(w_buffers)?;
    let mut held = Vec::with_capacity(items.len());
    for w in items {
        held.push(if writable { Buffer::writable(sp, *w)? } else { Buffer::get(sp, *w)? });
    }
    std::hint::black_box(w_keep);
    let iov =
        held.iter().map(|b| libc::iovec { iov_base: b.bytes().as_ptr().cast_mut().cast(), iov_len: b.len() }).collect();
    Ok(Vectors { _held: held, iov })
}
/// Read from a file descriptor fd into an iterable of buffers.
///
/// The buffers should be mutable buffers accepting bytes.
/// readv will transfer data into each buffer until it is full
/// and then move on to the next buffer in the sequence to hold
/// the rest of the data.
///
/// readv returns the total number of bytes read,
/// which may be less than the total capacity of all the buffers.
#[interp_fn(sig = "(fd, buffers, /)")]
pub fn readv(sp: Space, fd: i32, w_buffers: W) -> Res<isize> {
    let v = vectors(sp, w_buffers, "readv", true)?;
    // SAFETY: the buffers are held.
    interruptible(sp, || unsafe { libc::readv(fd, v.iov.as_ptr(), v.iov.len() as i32) })
}
/// Iterate over buffers, and write the contents of each to a file descriptor.
///
/// Returns the total number of bytes written.
/// buffers must be a sequence of bytes-like objects.
#[interp_fn(sig = "(fd, buffers, /)")]
pub fn writev(sp: Space, fd: i32, w_buffers: W) -> Res<isize> {
    let v = vectors(sp, w_buffers, "writev", false)?;
    // SAFETY: the buffers are held.
    interruptible(sp, || unsafe { libc::writev(fd, v.iov.as_ptr(), v.iov.len() as i32) })
}
/// Reads from a file descriptor into a number of mutable bytes-like objects.
///
/// Combines the functionality of readv() and pread(). As readv(), it will
/// transfer data into each buffer until it is full and then move on to the next
/// buffer in the sequence to hold the rest of the data. Its fourth argument,
/// specifies the file offset at which the input operation is to be performed. It
/// will return the total number of bytes read (which can be less than the total
/// capacity of all the objects).
///
/// The flags argument contains a bitwise OR of zero or more of the following flags:
///
/// - RWF_HIPRI
/// - RWF_NOWAIT
///
/// Using non-zero flags requires Linux 4.6 or newer.
#[interp_fn(sig = "(fd, buffers, offset, flags=0, /)")]
pub fn preadv(sp: Space, fd: i32, w_buffers: W, offset: i64, flags: i32) -> Res<isize> {
    let v = vectors(sp, w_buffers, "preadv2", true)?;
    // SAFETY: the buffers are held.
    interruptible(sp, || unsafe {
        if flags == 0 {
            libc::preadv(fd, v.iov.as_ptr(), v.iov.len() as i32, offset)
        } else {
            libc::preadv2(fd, v.iov.as_ptr(), v.iov.len() as i32, offset, flags)
        }
    })
}
/// Writes the contents of bytes-like objects to a file descriptor at a given offset.
///
/// Combines the functionality of writev() and pwrite(). All buffers must be a sequence
/// of bytes-like objects. Buffers are processed in array order. Entire contents of first
/// buffer is written before proceeding to second, and so on. The operating system may
/// set a limit (sysconf() value SC_IOV_MAX) on the number of buffers that can be used.
/// This function writes the contents of each object to the file descriptor and returns
/// the total number of bytes written.
///
/// The flags argument contains a bitwise OR of zero or more of the following flags:
///
/// - RWF_DSYNC
/// - RWF_SYNC
/// - RWF_APPEND
///
/// Using non-zero flags requires Linux 4.7 or newer.
#[interp_fn(sig = "(fd, buffers, offset, flags=0, /)")]
pub fn pwritev(sp: Space, fd: i32, w_buffers: W, offset: i64, flags: i32) -> Res<isize> {
    let v = vectors(sp, w_buffers, "pwritev2", false)?;
    // SAFETY: the buffers are held.
    interruptible(sp, || unsafe {
        if flags == 0 {
            libc::pwritev(fd, v.iov.as_ptr(), v.iov.len() as i32, offset)
        } else {
            libc::pwritev2(fd, v.iov.as_ptr(), v.iov.len() as i32, offset, flags)
        }
    })
}
/// Copy count bytes from file descriptor in_fd to file descriptor out_fd.
#[interp_fn(sig = "(out_fd, in_fd, offset, count)")]
pub fn sendfile(sp: Space, out_fd: i32, in_fd: i32, w_offset: W, count: isize) -> Res<isize> {
    let count = transfer_count(sp, count)?;
    if w_offset.is_none() {
        // SAFETY: any numbers are allowed.
        return interruptible(sp, || unsafe { libc::sendfile(out_fd, in_fd, std::ptr::null_mut(), count) });
    }
    let mut offset = sp.int_w(w_offset)?;
    // SAFETY: offset is ours.
    interruptible(sp, || unsafe { libc::sendfile(out_fd, in_fd, &mut offset, count) })
}
fn transfer_count(sp: Space, count: isize) -> Res<usize> {
    usize::try_from(count).map_err(|_| sp.value_error("negative value for 'count' not allowed"))
}
/// An offset that may be absent.
fn offset_arg(sp: Space, w: W) -> Res<Option<i64>> {
    if w.is_null() || w.is_none() { Ok(None) } else { sp.int_w(w).map(Some) }
}
fn offset_ptr(o: &mut Option<i64>) -> *mut i64 {
    o.as_mut().map_or(std::ptr::null_mut(), |o| o)
}
/// Copy count bytes from one file descriptor to another.
///
///   src
///     Source file descriptor.
///   dst
///     Destination file descriptor.
///   count
///     Number of bytes to copy.
///   offset_src
///     Starting offset in src.
///   offset_dst
///     Starting offset in dst.
///
/// If offset_src is None, then src is read from the current position;
/// respectively for offset_dst.
#[interp_fn(sig = "(src, dst, count, offset_src=None, offset_dst=None)")]
pub fn copy_file_range(sp: Space, src: i32, dst: i32, count: isize, w_a: W, w_b: W) -> Res<isize> {
    let count = transfer_count(sp, count)?;
    let (mut a, mut b) = (offset_arg(sp, w_a)?, offset_arg(sp, w_b)?);
    // SAFETY: offsets are ours or null.
    interruptible(sp, || unsafe { libc::copy_file_range(src, offset_ptr(&mut a), dst, offset_ptr(&mut b), count, 0) })
}
/// Transfer count bytes from one pipe to a descriptor or vice versa.
///
///   src
///     Source file descriptor.
///   dst
///     Destination file descriptor.
///   count
///     Number of bytes to copy.
///   offset_src
///     Starting offset in src.
///   offset_dst
///     Starting offset in dst.
///   flags
///     Flags to modify the semantics of the call.
///
/// If offset_src is None, then src is read from the current position;
/// respectively for offset_dst. The offset associated to the file
/// descriptor that refers to a pipe must be None.
#[interp_fn(sig = "(src, dst, count, offset_src=None, offset_dst=None, flags=0)")]
pub fn splice(sp: Space, src: i32, dst: i32, count: isize, w_a: W, w_b: W, flags: u32) -> Res<isize> {
    let count = transfer_count(sp, count)?;
    let (mut a, mut b) = (offset_arg(sp, w_a)?, offset_arg(sp, w_b)?);
    // SAFETY: offsets are ours or null.
    interruptible(sp, || unsafe { libc::splice(src, offset_ptr(&mut a), dst, offset_ptr(&mut b), count, flags) })
}
/// A call that answers errno itself.
fn direct(sp: Space, f: impl Fn() -> i32) -> Res<()> {
    loop {
        match blocking(sp, &f) {
            0 => return Ok(()),
            libc::EINTR => sp.poll()?,
            e => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
/// Ensure a file has allocated at least a particular number of bytes on disk.
///
/// Ensure that the file specified by fd encompasses a range of bytes
/// starting at offset bytes from the beginning and continuing for length bytes.
#[interp_fn(sig = "(fd, offset, length, /)")]
pub fn posix_fallocate(sp: Space, fd: i32, offset: i64, length: i64) -> Res<()> {
    // SAFETY: any numbers are allowed.
    direct(sp, || unsafe { libc::posix_fallocate(fd, offset, length) })
}
/// Announce an intention to access data in a specific pattern.
///
/// Announce an intention to access data in a specific pattern, thus allowing
/// the kernel to make optimizations.
/// The advice applies to the region of the file specified by fd starting at
/// offset and continuing for length bytes.
/// advice is one of POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL,
/// POSIX_FADV_RANDOM, POSIX_FADV_NOREUSE, POSIX_FADV_WILLNEED, or
/// POSIX_FADV_DONTNEED.
#[interp_fn(sig = "(fd, offset, length, advice, /)")]
pub fn posix_fadvise(sp: Space, fd: i32, offset: i64, length: i64, advice: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    direct(sp, || unsafe { libc::posix_fadvise(fd, offset, length, advice) })
}
/// Creates an anonymous file and returns a file descriptor that refers to it.
#[interp_fn(sig = "(name, flags=1)")]
pub fn memfd_create(sp: Space, w_name: W, flags: u32) -> Res<i32> {
    let name = crate::util::path::fsencode(sp, w_name)?;
    // SAFETY: a NUL-terminated name.
    check(sp, unsafe { libc::memfd_create(name.as_ptr(), flags) })
}
/// Creates and returns an event notification file descriptor.
#[interp_fn(sig = "(initval, flags=524288)")]
pub fn eventfd(sp: Space, initval: u32, flags: i32) -> Res<i32> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::eventfd(initval, flags) })
}
/// Read eventfd value
#[interp_fn(sig = "(fd)")]
pub fn eventfd_read(sp: Space, fd: Fd) -> Res<u64> {
    let mut value = 0u64;
    // SAFETY: value is ours.
    interruptible(sp, || unsafe { libc::eventfd_read(fd.0, &mut value) })?;
    Ok(value)
}
/// Write eventfd value.
#[interp_fn(sig = "(fd, value)")]
pub fn eventfd_write(sp: Space, fd: Fd, w_value: W) -> Res<()> {
    let value = super::stat::device_arg(sp, w_value)?;
    // SAFETY: any number is allowed.
    interruptible(sp, || unsafe { libc::eventfd_write(fd.0, value) }).map(drop)
}
/// Return a file descriptor referring to the process *pid*.
///
/// The descriptor can be used to perform process management without races and
/// signals.
#[interp_fn(sig = "(pid, flags=0)")]
pub fn pidfd_open(sp: Space, pid: i32, flags: u32) -> Res<i64> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) })
}
