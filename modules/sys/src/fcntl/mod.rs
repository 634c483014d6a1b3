//! `fcntl`.

mod consts;

use crate::util::fd::Fd;
use crate::util::{add_consts, interruptible};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// The largest immutable buffer that is copied for a call.
const COPY: usize = 1024;
/// Room behind the copy, filled with a pattern: a call that writes past the argument is found out.
const GUARD: [u8; 8] = *b"\x00\xfa\x69\xc4\x67\xa3\x6c\x58";

/// The third argument of the calls.
enum Arg {
    Int(i64),
    Bytes(Vec<u8>),
}
fn arg(sp: Space, w: W, function: &str) -> Res<Arg> {
    if w.is_null() {
        return Ok(Arg::Int(0));
    }
    if let Some(t) = sp.text_opt(w) {
        let b = crate::util::path::encode(sp, &t)?;
        return too_long(sp, b, function);
    }
    if sp.lookup_special(w, name!(sp, "__index__"))?.is_some() {
        // Any number of C's int or unsigned int, signed or not.
        let n = sp.bigint_w(w)?;
        let bits = i64::try_from(&n).or_else(|_| u64::try_from(&n).map(|n| n as i64));
        return bits.map(Arg::Int).map_err(|_| sp.overflow_error("Python int too large to convert to C unsigned int"));
    }
    match Buffer::get(sp, w) {
        Ok(b) => too_long(sp, b.to_vec(), function),
        Err(e) => {
            if sp.catch(known::TYPE_ERROR) {
                return Err(sp.type_error(&format!(
                    "{function}() argument 3 must be an integer, a bytes-like object, or a string, not {}",
                    sp.type_name(w)
                )));
            }
            Err(e)
        }
    }
}
fn too_long(sp: Space, b: Vec<u8>, function: &str) -> Res<Arg> {
    if b.len() > COPY { Err(sp.value_error(&format!("{function} argument 3 is too long"))) } else { Ok(Arg::Bytes(b)) }
}
/// Runs a call on a copy of the bytes; what it left there is the result.
fn on_copy(sp: Space, mut b: Vec<u8>, mut f: impl FnMut(*mut u8) -> i32) -> Res<W> {
    let n = b.len();
    b.resize(n + COPY, 0);
    b.extend_from_slice(&GUARD);
    interruptible(sp, || f(b.as_mut_ptr()))?;
    if b[b.len() - GUARD.len()..] != GUARD {
        return Err(sp.raise(known::SYSTEM_ERROR, "buffer overflow"));
    }
    sp.newbytes(&b[..n])
}

/// Perform the operation cmd on file descriptor fd.
///
/// The values used for cmd are operating system dependent, and are
/// available as constants in the fcntl module, using the same names as used
/// in the relevant C header files.  The argument arg is optional, and
/// defaults to 0; it may be an integer, a bytes-like object or a string.
/// If arg is given as a string, it will be encoded to binary using the
/// UTF-8 encoding.
///
/// If the arg given is an integer or if none is specified, the result value
/// is an integer corresponding to the return value of the fcntl() call in
/// the C code.
///
/// If arg is given as a bytes-like object, the return value of fcntl() is a
/// bytes object of that length, containing the resulting value put in the
/// arg buffer by the operating system.  The length of the arg buffer is not
/// allowed to exceed 1024 bytes.
#[interp_fn(sig = "(fd, cmd, arg=0, /)")]
fn fcntl(sp: Space, fd: Fd, cmd: i32, w_arg: W) -> Res<W> {
    match arg(sp, w_arg, "fcntl")? {
        // SAFETY: an integer argument; a command that wants a pointer gets EFAULT from the kernel.
        Arg::Int(n) => Ok(sp.newint(interruptible(sp, || unsafe { libc::fcntl(fd.0, cmd, n as libc::c_int) })? as i64)),
        // SAFETY: the copy is longer than any struct of fcntl.
        Arg::Bytes(b) => on_copy(sp, b, |p| unsafe { libc::fcntl(fd.0, cmd, p) }),
    }
}
/// Perform the operation request on file descriptor fd.
///
/// The values used for request are operating system dependent, and are
/// available as constants in the fcntl or termios library modules, using
/// the same names as used in the relevant C header files.
///
/// The argument arg is optional, and defaults to 0; it may be an integer, a
/// bytes-like object or a string.  If arg is given as a string, it will be
/// encoded to binary using the UTF-8 encoding.
///
/// If the arg given is an integer or if none is specified, the result value
/// is an integer corresponding to the return value of the ioctl() call in
/// the C code.
///
/// If the argument is a mutable buffer (such as a bytearray) and the
/// mutate_flag argument is true (default) then the buffer is (in effect)
/// passed to the operating system and changes made by the OS will be
/// reflected in the contents of the buffer after the call has returned.
/// The return value is the integer returned by the ioctl() system call.
///
/// If the argument is a mutable buffer and the mutable_flag argument is
/// false, the behavior is as if an immutable buffer had been passed.
///
/// If the argument is an immutable buffer then a copy of the buffer is
/// passed to the operating system and the return value is a bytes object of
/// the same length containing whatever the operating system put in the
/// buffer.  The length of the arg buffer in this case is not allowed to
/// exceed 1024 bytes.
#[interp_fn(sig = "(fd, request, arg=0, mutate_flag=True, /)")]
fn ioctl(sp: Space, fd: Fd, w_request: W, w_arg: W, mutate: bool) -> Res<W> {
    let request = sp.int_w(w_request)? as libc::c_ulong;
    let plain = w_arg.is_null() || sp.text_opt(w_arg).is_some() || sp.bytes_opt(w_arg).is_some() || w_arg.is_int();
    if !plain && mutate && sp.lookup_special(w_arg, name!(sp, "__index__"))?.is_none() {
        match Buffer::writable(sp, w_arg) {
            Ok(mut b) => {
                // The copy gives the kernel room for requests that write more than the buffer holds.
                let mut copy = b.to_vec();
                let n = copy.len();
                copy.resize(n + COPY, 0);
                // SAFETY: as in fcntl.
                let r = interruptible(sp, || unsafe { libc::ioctl(fd.0, request as _, copy.as_mut_ptr()) })?;
                b.bytes_mut().copy_from_slice(&copy[..n]);
                return Ok(sp.newint(r as i64));
            }
            Err(_) => {
                sp.take_exc();
            }
        }
    }
    match arg(sp, w_arg, "ioctl")? {
        // SAFETY: an integer argument; a request that wants a pointer gets EFAULT from the kernel.
        Arg::Int(n) => {
            Ok(sp.newint(interruptible(sp, || unsafe { libc::ioctl(fd.0, request as _, n as libc::c_int) })? as i64))
        }
        // SAFETY: the copy is longer than the structs of known requests.
        Arg::Bytes(b) => on_copy(sp, b, |p| unsafe { libc::ioctl(fd.0, request as _, p) }),
    }
}
/// Perform the lock operation on file descriptor fd.
///
/// See the Unix manual page for flock(2) for details (On some systems, this
/// function is emulated using fcntl()).
#[interp_fn(sig = "(fd, operation, /)")]
fn flock(sp: Space, fd: Fd, operation: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    interruptible(sp, || unsafe { libc::flock(fd.0, operation) }).map(drop)
}
/// A wrapper around the fcntl() locking calls.
///
/// fd is the file descriptor of the file to lock or unlock, and operation
/// is one of the following values:
///
///     LOCK_UN - unlock
///     LOCK_SH - acquire a shared lock
///     LOCK_EX - acquire an exclusive lock
///
/// When operation is LOCK_SH or LOCK_EX, it can also be bitwise ORed with
/// LOCK_NB to avoid blocking on lock acquisition.  If LOCK_NB is used and
/// the lock cannot be acquired, an OSError will be raised and the exception
/// will have an errno attribute set to EACCES or EAGAIN (depending on the
/// operating system -- for portability, check for either value).
///
/// len is the number of bytes to lock, with the default meaning to lock to
/// EOF.  start is the byte offset, relative to whence, to that the lock
/// starts.  whence is as with fileobj.seek(), specifically:
///
///     0 - relative to the start of the file (SEEK_SET)
///     1 - relative to the current buffer position (SEEK_CUR)
///     2 - relative to the end of the file (SEEK_END)
#[interp_fn(sig = "(fd, cmd, len=0, start=0, whence=0, /)")]
fn lockf(sp: Space, fd: Fd, cmd: i32, len: Option<i64>, start: Option<i64>, whence: Option<i32>) -> Res<()> {
    let kind = match cmd {
        libc::LOCK_UN => libc::F_UNLCK,
        c if c & libc::LOCK_SH != 0 => libc::F_RDLCK,
        c if c & libc::LOCK_EX != 0 => libc::F_WRLCK,
        _ => return Err(sp.value_error("unrecognized lockf argument")),
    };
    let mut l: libc::flock = crate::posix::zeroed();
    l.l_type = kind as _;
    (l.l_len, l.l_start, l.l_whence) = (len.unwrap_or(0), start.unwrap_or(0), whence.unwrap_or(0) as _);
    let command = if cmd & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
    // SAFETY: the struct is ours.
    interruptible(sp, || unsafe { libc::fcntl(fd.0, command, &l) }).map(drop)
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)
}
mixed_module!(
    MODULE,
    "fcntl",
    doc = "This module performs file control and I/O control on file\ndescriptors.  It is an interface to the fcntl() and ioctl() Unix\nroutines.  File descriptors can be obtained with the fileno() method of\na file or socket object.",
    functions = [fcntl, ioctl, flock, lockf],
    init = init,
);
