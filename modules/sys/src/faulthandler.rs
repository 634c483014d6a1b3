//! `faulthandler`: tracebacks on fatal signals and on request.

use crate::util::fd::fileno;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// Fatal signals and how the report names them.
const FATAL: [(i32, &str); 5] = [
    (libc::SIGBUS, "Fatal Python error: Bus error\n\n"),
    (libc::SIGILL, "Fatal Python error: Illegal instruction\n\n"),
    (libc::SIGFPE, "Fatal Python error: Floating-point exception\n\n"),
    (libc::SIGABRT, "Fatal Python error: Aborted\n\n"),
    (libc::SIGSEGV, "Fatal Python error: Segmentation fault\n\n"),
];
static ENABLED: AtomicBool = AtomicBool::new(false);
static FD: AtomicI32 = AtomicI32::new(2);
/// Keeps the file open that the report goes to.
static FILE: Global = Global::new();

/// Names the signal, then lets it have its default effect. Only async-signal-safe calls: the Python stack may be in any state here,
/// so it is not walked.
extern "C" fn fatal(n: libc::c_int) {
    let text = FATAL.iter().find(|(k, _)| *k == n).map_or("Fatal Python error\n\n", |(_, t)| t);
    // SAFETY: write, signal and raise are async-signal-safe.
    unsafe {
        libc::write(FD.load(Ordering::Relaxed), text.as_ptr().cast(), text.len());
        libc::signal(n, libc::SIG_DFL);
        libc::raise(n);
    }
}
/// The file argument: a descriptor or an object with fileno(); sys.stderr by default.
fn file_arg(sp: Space, w: W) -> Res<(W, i32)> {
    let w = if w.is_null() || w.is_none() {
        let w = sp.getattr(sp.known(known::SYS_MODULE), name!(sp, "stderr"))?;
        if w.is_none() {
            return Err(sp.runtime_error("sys.stderr is None"));
        }
        w
    } else {
        w
    };
    if w.is_int() {
        let n = w.untag();
        if n < 0 {
            return Err(sp.value_error("file is not a valid file descriptor"));
        }
        return Ok((W::NONE, i32::from_arg(sp, w, "file")?));
    }
    let fd = fileno(sp, w)?;
    if let Some(w_flush) = sp.getattr_opt(w, name!(sp, "flush"))?
        && sp.call(w_flush, &[]).is_err()
    {
        sp.take_exc();
    }
    Ok((w, fd))
}
/// Enable the fault handler.
#[interp_fn(sig = "(file=sys.stderr, all_threads=True)")]
fn enable(sp: Space, w_file: W, _all_threads: bool) -> Res<()> {
    let (w_file, fd) = file_arg(sp, w_file)?;
    FILE.set(sp, w_file);
    FD.store(fd, Ordering::Relaxed);
    if !ENABLED.swap(true, Ordering::Relaxed) {
        for (n, _) in FATAL {
            // SAFETY: the handler is async-signal-safe and runs once.
            unsafe {
                let mut a: libc::sigaction = std::mem::zeroed();
                a.sa_sigaction = fatal as *const () as usize;
                a.sa_flags = libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigaction(n, &a, std::ptr::null_mut());
            }
        }
    }
    Ok(())
}
/// Disable the fault handler.
#[interp_fn(sig = "()")]
fn disable(_sp: Space) -> Res<bool> {
    let was = ENABLED.swap(false, Ordering::Relaxed);
    if was {
        for (n, _) in FATAL {
            // SAFETY: back to the default action.
            unsafe { libc::signal(n, libc::SIG_DFL) };
        }
    }
    Ok(was)
}
/// Check if the handler is enabled.
#[interp_fn(sig = "()")]
fn is_enabled(_sp: Space) -> Res<bool> {
    Ok(ENABLED.load(Ordering::Relaxed))
}
fn write_all(fd: i32, mut text: &[u8]) {
    while !text.is_empty() {
        // SAFETY: the length is the slice's.
        let n = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
        if n <= 0 {
            break;
        }
        text = &text[n as usize..];
    }
}
/// Dump the traceback of the current thread, or of all threads if all_threads is True, into file.
#[interp_fn(sig = "(file=sys.stderr, all_threads=True)")]
fn dump_traceback(sp: Space, w_file: W, all_threads: bool) -> Res<()> {
    let (_w_file, fd) = file_arg(sp, w_file)?;
    let ident = sp.thread().ident;
    let mut text = if all_threads {
        format!("Current thread 0x{ident:016x} (most recent call first):\n")
    } else {
        "Stack (most recent call first):\n".to_string()
    };
    // As in CPython, a limit keeps a runaway recursion readable.
    for depth in 0..100 {
        let Some(w_frame) = sp.frame(depth)? else { break };
        let w_code = sp.getattr(w_frame, name!(sp, "f_code"))?;
        let file = sp.string_w(sp.getattr(w_code, name!(sp, "co_filename"))?)?;
        let function = sp.string_w(sp.getattr(w_code, name!(sp, "co_name"))?)?;
        let w_line = sp.getattr(w_frame, name!(sp, "f_lineno"))?;
        let line = if w_line.is_int() { w_line.untag().to_string() } else { "???".to_string() };
        text.push_str(&format!("  File \"{file}\", line {line} in {function}\n"));
    }
    write_all(fd, text.as_bytes());
    Ok(())
}
macro_rules! absent {
    ($($(#[$doc:meta])* $name:ident, $sig:literal $(, $arg:ident)*;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = $sig)]
        fn $name(sp: Space $(, $arg: W)*) -> Res<()> {
            Err(sp.not_implemented(concat!("faulthandler.", stringify!($name), "()")))
        }
    )* };
}
absent! {
    /// Dump the traceback of all threads in timeout seconds,
    /// or each timeout seconds if repeat is True. If exit is True, call _exit(1) which is not safe.
    dump_traceback_later, "(timeout, repeat=False, file=sys.stderr, exit=False)", _t, _r, _f, _e;
    /// Register a handler for the signal 'signum': dump the traceback of the current thread, or of all threads if all_threads is True, into file.
    register, "(signum, file=sys.stderr, all_threads=True, chain=False)", _s, _f, _a, _c;
    /// Dump the C stack of the current thread.
    dump_c_stack, "(file=sys.stderr)", _f;
}
/// Cancel the previous call to dump_traceback_later().
#[interp_fn(sig = "()")]
fn cancel_dump_traceback_later(_sp: Space) -> Res<()> {
    Ok(())
}
/// Unregister the handler of the signal 'signum' registered by register().
#[interp_fn(sig = "(signum, /)")]
fn unregister(_sp: Space, _signum: i32) -> Res<bool> {
    Ok(false)
}
mixed_module!(
    MODULE,
    "faulthandler",
    doc = "faulthandler module.",
    functions = [
        enable,
        disable,
        is_enabled,
        dump_traceback,
        dump_traceback_later,
        cancel_dump_traceback_later,
        register,
        unregister,
        dump_c_stack
    ],
);
