//! Waiting for children, and what their statuses mean.

use super::stat::zeroed;
use crate::util::{interruptible, newstructseq, structseq};
use taipan_plugin_api::prelude::*;

static WAITID: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "waitid_result: Result from waitid.\n\nThis object may be accessed either as a tuple of\n  (si_pid, si_uid, si_signo, si_status, si_code),\nor via the attributes si_pid, si_uid, and so on.\n\nSee os.waitid for more information.";
    let fields = ["si_pid", "si_uid", "si_signo", "si_status", "si_code"];
    WAITID.set(sp, structseq(sp, w_module, "posix.waitid_result", doc, &fields, 5)?);
    Ok(())
}

/// Wait for completion of a child process.
///
/// Returns a tuple of information about the child process:
///     (pid, status)
#[interp_fn(sig = "()")]
pub fn wait(sp: Space) -> Res<(i32, i32)> {
    wait_pid(sp, -1, 0)
}
/// Wait for completion of a given child process.
///
/// Returns a tuple of information regarding the child process:
///     (pid, status)
///
/// The options argument is ignored on Windows.
#[interp_fn(sig = "(pid, options, /)")]
pub fn waitpid(sp: Space, pid: i32, options: i32) -> Res<(i32, i32)> {
    wait_pid(sp, pid, options)
}
fn wait_pid(sp: Space, pid: i32, options: i32) -> Res<(i32, i32)> {
    let mut status = 0;
    // SAFETY: status is ours.
    let pid = interruptible(sp, || unsafe { libc::waitpid(pid, &mut status, options) })?;
    Ok((pid, status))
}
fn wait_usage(sp: Space, pid: i32, options: i32) -> Res<W> {
    let (mut status, mut usage) = (0, zeroed::<libc::rusage>());
    // SAFETY: both are ours.
    let pid = interruptible(sp, || unsafe { libc::wait4(pid, &mut status, options, &mut usage) })?;
    let w_usage = crate::resource::rusage_result(sp, &usage)?;
    sp.newtuple(&[sp.newint(pid as i64), sp.newint(status as i64), w_usage])
}
/// Wait for completion of a child process.
///
/// Returns a tuple of information about the child process:
///   (pid, status, rusage)
#[interp_fn(sig = "(options)")]
pub fn wait3(sp: Space, options: i32) -> Res<W> {
    wait_usage(sp, -1, options)
}
/// Wait for completion of a specific child process.
///
/// Returns a tuple of information about the child process:
///   (pid, status, rusage)
#[interp_fn(sig = "(pid, options)")]
pub fn wait4(sp: Space, pid: i32, options: i32) -> Res<W> {
    wait_usage(sp, pid, options)
}
/// Returns the result of waiting for a process or processes.
///
///   idtype
///     Must be one of be P_PID, P_PGID or P_ALL.
///   id
///     The id to wait on.
///   options
///     Constructed from the ORing of one or more of WEXITED, WSTOPPED
///     or WCONTINUED and additionally may be ORed with WNOHANG or WNOWAIT.
///
/// Returns either waitid_result or None if WNOHANG is specified and there are
/// no children in a waitable state.
#[interp_fn(sig = "(idtype, id, options, /)")]
pub fn waitid(sp: Space, idtype: u32, id: i64, options: i32) -> Res<W> {
    let mut info: libc::siginfo_t = zeroed();
    // SAFETY: info is ours.
    interruptible(sp, || unsafe { libc::waitid(idtype as _, id as libc::id_t, &mut info, options) })?;
    // SAFETY: the fields of a SIGCHLD record, zero if nothing was found.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    if pid == 0 {
        return Ok(W::NONE);
    }
    let items = [
        sp.newint(pid as i64),
        crate::util::id_result(sp, uid),
        sp.newint(info.si_signo as i64),
        sp.newint(status as i64),
        sp.newint(info.si_code as i64),
    ];
    newstructseq(sp, WAITID.get(), &items)
}

macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident, $sig:literal, $ret:ty;)*) => { $(
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[interp_fn(sig = $sig)]
        pub fn $name(_sp: Space, status: i32) -> Res<$ret> {
            Ok(libc::$name(status))
        }
    )* };
}
predicates! {
    /// Return True if the process returning status was dumped to a core file.
    WCOREDUMP, "(status, /)", bool;
    /// Return True if a particular process was continued from a job control stop.
    ///
    /// Return True if the process returning status was continued from a
    /// job control stop.
    WIFCONTINUED, "(status)", bool;
    /// Return True if the process returning status was stopped.
    WIFSTOPPED, "(status)", bool;
    /// Return True if the process returning status was terminated by a signal.
    WIFSIGNALED, "(status)", bool;
    /// Return True if the process returning status exited via the exit() system call.
    WIFEXITED, "(status)", bool;
    /// Return the process return code from status.
    WEXITSTATUS, "(status)", i32;
    /// Return the signal that terminated the process that provided the status value.
    WTERMSIG, "(status)", i32;
    /// Return the signal that stopped the process that provided the status value.
    WSTOPSIG, "(status)", i32;
}

/// Convert a wait status to an exit code.
///
/// On Unix:
///
/// * If WIFEXITED(status) is true, return WEXITSTATUS(status).
/// * If WIFSIGNALED(status) is true, return -WTERMSIG(status).
/// * Otherwise, raise a ValueError.
///
/// On Windows, return status shifted right by 8 bits.
///
/// On Unix, if the process is being traced or if waitpid() was called with
/// WUNTRACED option, the caller must first check if WIFSTOPPED(status) is true.
/// This function must not be called if WIFSTOPPED(status) is true.
#[interp_fn(sig = "(status)")]
pub fn waitstatus_to_exitcode(sp: Space, status: i32) -> Res<i32> {
    if libc::WIFEXITED(status) {
        return Ok(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(-libc::WTERMSIG(status));
    }
    if libc::WIFSTOPPED(status) {
        return Err(sp.value_error(&format!("process stopped by delivery of signal {}", libc::WSTOPSIG(status))));
    }
    Err(sp.value_error(&format!("invalid wait status: {status}")))
}
