//! Terminals.

use super::stat::zeroed;
use crate::util::fd::Fd;
use crate::util::path::fsdecode;
use crate::util::{check, interruptible, newstructseq, os_error, structseq};
use taipan_plugin_api::prelude::*;

static TERMINAL_SIZE: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "A tuple of (columns, lines) for holding terminal window size";
    TERMINAL_SIZE.set(sp, structseq(sp, w_module, "os.terminal_size", doc, &["columns", "lines"], 2)?);
    Ok(())
}

/// Return the size of the terminal window as (columns, lines).
///
/// The optional argument fd (default standard output) specifies
/// which file descriptor should be queried.
///
/// If the file descriptor is not connected to a terminal, an OSError
/// is thrown.
///
/// This function will only be defined if an implementation is
/// available for this system.
///
/// shutil.get_terminal_size is the high-level function which should
/// normally be used, os.get_terminal_size is the low-level implementation.
#[interp_fn(sig = "(fd=1, /)")]
pub fn get_terminal_size(sp: Space, fd: i32) -> Res<W> {
    let mut w: libc::winsize = zeroed();
    // SAFETY: the request fills a winsize.
    check(sp, unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &mut w) })?;
    newstructseq(sp, TERMINAL_SIZE.get(), &[sp.newint(w.ws_col as i64), sp.newint(w.ws_row as i64)])
}
/// A name that the C library writes into a buffer; the call answers an errno.
fn name_of(sp: Space, f: impl FnOnce(*mut libc::c_char, usize) -> i32) -> Res<W> {
    let mut buf = [0u8; 1024];
    match f(buf.as_mut_ptr().cast(), buf.len()) {
        0 => fsdecode(sp, buf.split(|b| *b == 0).next().unwrap_or_default()),
        e => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Return the name of the terminal device connected to 'fd'.
///
///   fd
///     Integer file descriptor handle.
#[interp_fn(sig = "(fd, /)")]
pub fn ttyname(sp: Space, fd: i32) -> Res<W> {
    // SAFETY: the buffer has the length given.
    name_of(sp, |p, n| unsafe { libc::ttyname_r(fd, p, n) })
}
/// Return the name of the slave pseudo-terminal device.
///
///   fd
///     File descriptor of a master pseudo-terminal device.
///
/// If the ptsname_r() function is available, it is called;
/// otherwise, performs a ptsname() C function call.
#[interp_fn(sig = "(fd, /)")]
pub fn ptsname(sp: Space, fd: Fd) -> Res<W> {
    // SAFETY: the buffer has the length given.
    name_of(sp, |p, n| unsafe { libc::ptsname_r(fd.0, p, n) })
}
/// Return the name of the controlling terminal for this process.
#[interp_fn(sig = "()")]
pub fn ctermid(_sp: Space) -> Res<&'static str> {
    Ok("/dev/tty")
}
/// Open a pseudo-terminal.
///
/// Return a tuple of (master_fd, slave_fd) containing open file descriptors
/// for both the master and slave ends.
#[interp_fn(sig = "()")]
pub fn openpty(sp: Space) -> Res<(i32, i32)> {
    let (mut master, mut slave) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: two numbers of ours; no name, attributes or size are asked for.
    check(sp, unsafe { libc::openpty(&mut master, &mut slave, null, null.cast(), null.cast()) })?;
    crate::util::fd::set_inheritable(master, false);
    crate::util::fd::set_inheritable(slave, false);
    Ok((master, slave))
}
/// Fork a new process with a new pseudo-terminal as controlling tty.
///
/// Returns a tuple of (pid, master_fd).
/// Like fork(), return pid of 0 to the child process,
/// and pid of child to the parent process.
/// To both, return fd of newly opened pseudo-terminal.
#[interp_fn(sig = "()")]
pub fn forkpty(sp: Space) -> Res<(i32, i32)> {
    let mut master = -1;
    let null = std::ptr::null_mut();
    super::before_fork(sp);
    let threads = super::fork::thread_count();
    // SAFETY: as fork; no name, attributes or size are asked for.
    let pid = unsafe { libc::forkpty(&mut master, null, null.cast(), null.cast()) };
    let e = crate::util::errno();
    if pid == 0 {
        super::after_fork_child(sp);
    } else {
        super::after_fork_parent(sp);
    }
    if pid < 0 {
        return Err(sp.raise_errno(e, W::NULL));
    }
    if pid > 0 {
        super::fork::warn_of_threads(sp, "forkpty", threads);
    }
    Ok((pid, master))
}
/// Prepare the tty of which fd is a file descriptor for a new login session.
///
/// Make the calling process a session leader; make the tty the
/// controlling tty, the stdin, the stdout, and the stderr of the
/// calling process; close fd.
#[interp_fn(sig = "(fd, /)")]
pub fn login_tty(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::login_tty(fd.0) }).map(drop)
}
/// Open and return a file descriptor for a master pseudo-terminal device.
///
/// Performs a posix_openpt() C function call. The oflag argument is used to
/// set file status flags and file access modes as specified in the manual page
/// of posix_openpt() of your system.
#[interp_fn(sig = "(oflag, /)")]
pub fn posix_openpt(sp: Space, oflag: i32) -> Res<i32> {
    // SAFETY: any flags are allowed.
    check(sp, unsafe { libc::posix_openpt(oflag | libc::O_CLOEXEC) })
}
/// Grant access to the slave pseudo-terminal device.
///
///   fd
///     File descriptor of a master pseudo-terminal device.
///
/// Performs a grantpt() C function call.
#[interp_fn(sig = "(fd, /)")]
pub fn grantpt(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::grantpt(fd.0) }).map(drop)
}
/// Unlock a pseudo-terminal master/slave pair.
///
///   fd
///     File descriptor of a master pseudo-terminal device.
///
/// Performs an unlockpt() C function call.
#[interp_fn(sig = "(fd, /)")]
pub fn unlockpt(sp: Space, fd: Fd) -> Res<()> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::unlockpt(fd.0) }).map(drop)
}
/// Return the process group associated with the terminal specified by fd.
#[interp_fn(sig = "(fd, /)")]
pub fn tcgetpgrp(sp: Space, fd: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    let r = unsafe { libc::tcgetpgrp(fd) };
    if r < 0 { Err(os_error(sp)) } else { Ok(r) }
}
/// Set the process group associated with the terminal specified by fd.
#[interp_fn(sig = "(fd, pgid, /)")]
pub fn tcsetpgrp(sp: Space, fd: i32, pgid: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    interruptible(sp, || unsafe { libc::tcsetpgrp(fd, pgid) }).map(drop)
}
