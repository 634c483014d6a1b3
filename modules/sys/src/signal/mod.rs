//! `_signal`.

mod consts;
mod handlers;
mod masks;
mod timers;

pub use handlers::after_fork_child;
pub use masks::sigset_arg;

use crate::util::{add_consts, structseq};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// One past the highest signal number.
pub const NSIG: i32 = 65;

static SIGINFO: Global = Global::new();

/// A signal number argument.
pub fn number(sp: Space, n: i32) -> Res<i32> {
    if (1..NSIG).contains(&n) { Ok(n) } else { Err(sp.value_error("signal number out of range")) }
}

fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    sp.setattr_str(w_module, "SIG_DFL", W::int(0))?;
    sp.setattr_str(w_module, "SIG_IGN", W::int(1))?;
    sp.setattr_str(w_module, "SIGRTMIN", sp.newint(libc::SIGRTMIN() as i64))?;
    sp.setattr_str(w_module, "SIGRTMAX", sp.newint(libc::SIGRTMAX() as i64))?;
    let doc = "struct_siginfo: Result from sigwaitinfo or sigtimedwait.\n\nThis object may be accessed either as a tuple of\n(si_signo, si_code, si_errno, si_pid, si_uid, si_status, si_band),\nor via the attributes si_signo, si_code, and so on.";
    let fields = ["si_signo", "si_code", "si_errno", "si_pid", "si_uid", "si_status", "si_band"];
    SIGINFO.set(sp, structseq(sp, w_module, "signal.struct_siginfo", doc, &fields, 7)?);
    timers::init(sp, w_module)?;
    handlers::init(sp, w_module)
}

mixed_module!(
    MODULE,
    "_signal",
    doc = "This module provides mechanisms to use signal handlers in Python.\n\nFunctions:\n\nalarm() -- cause SIGALRM after a specified time [Unix only]\nsetitimer() -- cause a signal (described below) after a specified\n               float time and the timer may restart then [Unix only]\ngetitimer() -- get current value of timer [Unix only]\nsignal() -- set the action for a given signal\ngetsignal() -- get the signal action for a given signal\npause() -- wait until a signal arrives [Unix only]\ndefault_int_handler() -- default SIGINT handler\n\nsignal constants:\nSIG_DFL -- used to refer to the system default handler\nSIG_IGN -- used to ignore the signal\nNSIG -- number of defined signals\nSIGINT, SIGTERM, etc. -- signal numbers\n\nitimer constants:\nITIMER_REAL -- decrements in real time, and delivers SIGALRM upon\n               expiration\nITIMER_VIRTUAL -- decrements only when the process is executing,\n               and delivers SIGVTALRM upon expiration\nITIMER_PROF -- decrements both when the process is executing and\n               when the system is executing on behalf of the process.\n               Coupled with ITIMER_VIRTUAL, this timer is usually\n               used to profile the time spent by the application\n               in user and kernel space. SIGPROF is delivered upon\n               expiration.\n\n\n*** IMPORTANT NOTICE ***\nA signal handler function is called with two arguments:\nthe first is the signal number, the second is the interrupted stack frame.",
    functions = [
        handlers::default_int_handler,
        handlers::signal,
        handlers::getsignal,
        handlers::raise_signal,
        handlers::siginterrupt,
        handlers::set_wakeup_fd,
        handlers::strsignal,
        handlers::valid_signals,
        timers::alarm,
        timers::setitimer,
        timers::getitimer,
        timers::pause,
        masks::pthread_kill,
        masks::pthread_sigmask,
        masks::sigpending,
        masks::sigwait,
        masks::sigwaitinfo,
        masks::sigtimedwait,
        masks::pidfd_send_signal,
    ],
    init = init,
);
