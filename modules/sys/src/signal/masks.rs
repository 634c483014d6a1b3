//! Blocked and awaited signals, and sending them to threads.

use super::{NSIG, SIGINFO};
use crate::posix::zeroed;
use crate::util::time::{Deadline, Round, nanoseconds, to_timespec};
use crate::util::{blocking, check, errno, newstructseq};
use taipan_plugin_api::prelude::*;

/// A set of signals of an iterable of numbers.
pub fn sigset_arg(sp: Space, w: W) -> Res<libc::sigset_t> {
    let mut set: libc::sigset_t = zeroed();
    // SAFETY: the set is ours.
    unsafe { libc::sigemptyset(&mut set) };
    sp.for_each(w, |w| {
        let n = match sp.int_w(w) {
            Err(Raised) if sp.catch(known::OVERFLOW_ERROR) => {
                return Err(sp.value_error(&format!("signal number -1 out of range [1; {}]", NSIG - 1)));
            }
            answer => answer?,
        };
        if !(1..NSIG as i64).contains(&n) {
            return Err(sp.value_error(&format!("signal number {n} out of range [1; {}]", NSIG - 1)));
        }
        // The C library refuses the two signals it keeps for itself; a set without them is as good.
        // SAFETY: the set is ours.
        unsafe { libc::sigaddset(&mut set, n as i32) };
        Ok(true)
    })?;
    Ok(set)
}
/// A set of numbers.
pub fn sigset_result(sp: Space, set: &libc::sigset_t) -> Res<W> {
    let mut out = RootedVec::new(sp);
    for n in 1..NSIG {
        // SAFETY: the set is ours.
        if unsafe { libc::sigismember(set, n) } == 1 {
            out.push(sp.newint(n as i64));
        }
    }
    sp.newset(&out)
}
/// Fetch and/or change the signal mask of the calling thread.
#[interp_fn(sig = "(how, mask, /)")]
pub fn pthread_sigmask(sp: Space, how: i32, w_mask: W) -> Res<W> {
    let set = sigset_arg(sp, w_mask)?;
    let mut old: libc::sigset_t = zeroed();
    // SAFETY: both are ours.
    match unsafe { libc::pthread_sigmask(how, &set, &mut old) } {
        0 => {}
        e => return Err(sp.raise_errno(e, W::NULL)),
    }
    // What was unblocked has arrived.
    sp.poll()?;
    sigset_result(sp, &old)
}
/// Examine pending signals.
///
/// Returns a set of signal numbers that are pending for delivery to
/// the calling thread.
#[interp_fn(sig = "()")]
pub fn sigpending(sp: Space) -> Res<W> {
    let mut set: libc::sigset_t = zeroed();
    // SAFETY: the set is ours.
    check(sp, unsafe { libc::sigpending(&mut set) })?;
    sigset_result(sp, &set)
}
/// Wait for a signal.
///
/// Suspend execution of the calling thread until the delivery of one of the
/// signals specified in the signal set sigset.  The function accepts the signal
/// and returns the signal number.
#[interp_fn(sig = "(sigset, /)")]
pub fn sigwait(sp: Space, w_set: W) -> Res<i32> {
    let set = sigset_arg(sp, w_set)?;
    let mut n = 0;
    loop {
        // SAFETY: both are ours.
        match blocking(sp, || unsafe { libc::sigwait(&set, &mut n) }) {
            0 => return Ok(n),
            libc::EINTR => sp.poll()?,
            e => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
fn siginfo_result(sp: Space, info: &libc::siginfo_t) -> Res<W> {
    // Where the kernel's union has its fields on 64-bit Linux: si_band overlaps si_pid.
    // SAFETY: reads of initialized bytes of the struct.
    let (pid, uid, status, band) = unsafe {
        (info.si_pid(), info.si_uid(), info.si_status(), *(info as *const libc::siginfo_t).cast::<i64>().add(2))
    };
    let i = |n: i32| sp.newint(n as i64);
    newstructseq(
        sp,
        SIGINFO.get(),
        &[
            i(info.si_signo),
            i(info.si_code),
            i(info.si_errno),
            i(pid),
            crate::util::id_result(sp, uid),
            i(status),
            sp.newint(band),
        ],
    )
}
/// Wait synchronously until one of the signals in *sigset* is delivered.
///
/// Returns a struct_siginfo containing information about the signal.
#[interp_fn(sig = "(sigset, /)")]
pub fn sigwaitinfo(sp: Space, w_set: W) -> Res<W> {
    let set = sigset_arg(sp, w_set)?;
    let mut info: libc::siginfo_t = zeroed();
    // SAFETY: both are ours.
    crate::util::interruptible(sp, || unsafe { libc::sigwaitinfo(&set, &mut info) })?;
    siginfo_result(sp, &info)
}
/// Like sigwaitinfo(), but with a timeout.
///
/// The timeout is specified in seconds, rounded up to nanoseconds.
#[interp_fn(sig = "(sigset, timeout, /)")]
pub fn sigtimedwait(sp: Space, w_set: W, w_timeout: W) -> Res<W> {
    let set = sigset_arg(sp, w_set)?;
    let timeout = nanoseconds(sp, w_timeout, Round::Up)?;
    if timeout < 0 {
        return Err(sp.value_error("timeout must be non-negative"));
    }
    let deadline = Deadline::after(Some(timeout));
    let mut info: libc::siginfo_t = zeroed();
    loop {
        let t = to_timespec(deadline.left().unwrap_or(0));
        // SAFETY: all three are ours.
        let (r, e) = blocking(sp, || (unsafe { libc::sigtimedwait(&set, &mut info, &t) }, errno()));
        if r >= 0 {
            return siginfo_result(sp, &info);
        }
        match e {
            libc::EAGAIN => return Ok(W::NONE),
            libc::EINTR => sp.poll()?,
            e => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
/// Send a signal to a thread.
#[interp_fn(sig = "(thread_id, signalnum, /)")]
pub fn pthread_kill(sp: Space, thread: u64, signalnum: i32) -> Res<()> {
    // SAFETY: the identifier is that of a live thread by the caller's word, as in CPython.
    match unsafe { libc::pthread_kill(thread as libc::pthread_t, signalnum) } {
        0 => sp.poll(),
        e => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Send a signal to a process referred to by a pid file descriptor.
#[interp_fn(sig = "(pidfd, signalnum, siginfo=None, flags=0, /)")]
pub fn pidfd_send_signal(sp: Space, pidfd: i32, signalnum: i32, w_siginfo: W, flags: i32) -> Res<()> {
    if !w_siginfo.is_none() {
        return Err(sp.type_error("siginfo must be None"));
    }
    // SAFETY: any numbers are allowed; there is no siginfo.
    check(sp, unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signalnum, std::ptr::null::<libc::siginfo_t>(), flags)
    })?;
    sp.poll()
}
