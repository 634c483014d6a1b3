//! Acting on processes.

use crate::util::fd::Fd;
use crate::util::path::fsencode;
use crate::util::{blocking, check, errno, interruptible, os_error, set_errno};
use taipan_plugin_api::prelude::*;

/// Kill a process with a signal.
#[interp_fn(sig = "(pid, signal, /)")]
pub fn kill(sp: Space, pid: i32, signal: i64) -> Res<()> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::kill(pid, signal as i32) })?;
    // A signal to ourselves has arrived by now: its handler runs before kill returns.
    sp.poll()
}
/// Kill a process group with a signal.
#[interp_fn(sig = "(pgid, signal, /)")]
pub fn killpg(sp: Space, pgid: i32, signal: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::killpg(pgid, signal) })?;
    sp.poll()
}
/// Add increment to the priority of process and return the new priority.
#[interp_fn(sig = "(increment, /)")]
pub fn nice(sp: Space, increment: i32) -> Res<i32> {
    set_errno(0);
    // SAFETY: any number is allowed.
    let r = unsafe { libc::nice(increment) };
    if r == -1 && errno() != 0 { Err(os_error(sp)) } else { Ok(r) }
}
/// Return program scheduling priority.
#[interp_fn(sig = "(which, who)")]
pub fn getpriority(sp: Space, which: i32, who: i32) -> Res<i32> {
    set_errno(0);
    // SAFETY: any numbers are allowed.
    let r = unsafe { libc::getpriority(which as _, who as libc::id_t) };
    if r == -1 && errno() != 0 { Err(os_error(sp)) } else { Ok(r) }
}
/// Set program scheduling priority.
#[interp_fn(sig = "(which, who, priority)")]
pub fn setpriority(sp: Space, which: i32, who: i32, priority: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::setpriority(which as _, who as libc::id_t, priority) }).map(drop)
}
/// Abort the interpreter immediately.
///
/// This function 'dumps core' or otherwise fails in the hardest way possible
/// on the hosting operating system.  This function never returns.
#[interp_fn(sig = "()")]
pub fn abort(_sp: Space) -> Res<()> {
    // SAFETY: ends the process.
    unsafe { libc::abort() }
}
/// Exit to the system with specified status, without normal exit processing.
#[interp_fn(name = "_exit", sig = "(status)")]
pub fn _exit(_sp: Space, status: i32) -> Res<()> {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}
/// Execute the command in a subshell.
#[interp_fn(sig = "(command)")]
pub fn system(sp: Space, w_command: W) -> Res<i32> {
    let command = fsencode(sp, w_command)?;
    // SAFETY: a NUL-terminated command.
    Ok(blocking(sp, || unsafe { libc::system(command.as_ptr()) }))
}
/// Disassociate parts of a process (or thread) execution context.
///
///   flags
///     Namespaces to be unshared.
#[interp_fn(sig = "(flags)")]
pub fn unshare(sp: Space, flags: i32) -> Res<()> {
    // SAFETY: any flags are allowed.
    check(sp, unsafe { libc::unshare(flags) }).map(drop)
}
/// Move the calling thread into different namespaces.
///
///   fd
///     A file descriptor to a namespace.
///   nstype
///     Type of namespace.
#[interp_fn(sig = "(fd, nstype=0)")]
pub fn setns(sp: Space, fd: Fd, nstype: i32) -> Res<()> {
    // SAFETY: any numbers are allowed.
    interruptible(sp, || unsafe { libc::setns(fd.0, nstype) }).map(drop)
}
/// Calls PyOS_CallInputHook droppping the GIL first
#[interp_fn(name = "_inputhook", sig = "()")]
pub fn _inputhook(_sp: Space) -> Res<i32> {
    Ok(0)
}
/// Checks if PyOS_CallInputHook is set
#[interp_fn(name = "_is_inputhook_installed", sig = "()")]
pub fn _is_inputhook_installed(_sp: Space) -> Res<bool> {
    Ok(false)
}
