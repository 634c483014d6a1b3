//! `_thread`: threads under one interpreter lock, locks, thread-local data.

mod futex;
mod local;
mod lock;
pub mod own;
pub mod queue;
mod start;
pub mod sysfuncs;

use crate::layouts::tid;
pub use local::LOCAL;
pub use lock::{LOCK, RLOCK, acquire_import_lock, import_lock_held, release_import_lock};
pub use start::{HANDLE, spaces};
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::known;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

/// Rows of lock, RLock, _local, _ThreadHandle and SimpleQueue.
pub const TID_LOCK: u32 = tid::RUN + 6;
/// See TID_LOCK.
pub const TID_RLOCK: u32 = tid::RUN + 7;
/// See TID_LOCK.
pub const TID_LOCAL: u32 = tid::RUN + 8;
/// See TID_LOCK.
pub const TID_HANDLE: u32 = tid::RUN + 9;
/// See TID_LOCK.
pub const TID_QUEUE: u32 = tid::RUN + 10;

/// The running thread's number.
#[interp_fn(sig = "()")]
fn get_ident(sp: Space) -> Res<u64> {
    Ok(sp.thread().ident)
}
/// The running thread's number for the kernel.
#[interp_fn(sig = "()")]
fn get_native_id(_sp: Space) -> Res<i64> {
    #[cfg(target_os = "linux")]
    // SAFETY: no arguments.
    return Ok(unsafe { libc::gettid() } as i64);
    #[cfg(not(target_os = "linux"))]
    // SAFETY: no arguments.
    return Ok(unsafe { libc::getpid() } as i64);
}
/// True: daemon threads may be started.
#[interp_fn(sig = "()")]
fn daemon_threads_allowed(_sp: Space) -> Res<bool> {
    Ok(true)
}
/// True: there is one interpreter.
#[interp_fn(name = "_is_main_interpreter", sig = "()")]
fn is_main_interpreter(_sp: Space) -> Res<bool> {
    Ok(true)
}
/// Ident of the main thread.
#[interp_fn(name = "_get_main_thread_ident", sig = "()")]
fn main_thread_ident(_sp: Space) -> Res<u64> {
    Ok(start::MAIN.load(Relaxed))
}
/// Number of threads that were started here and run.
#[interp_fn(name = "_count", sig = "()")]
fn count(_sp: Space) -> Res<i64> {
    Ok(start::COUNT.load(Relaxed))
}
/// Simulates a signal to the main thread; nothing happens if the signal is ignored or has its default action.
#[interp_fn(sig = "(signum=2, /)")]
fn interrupt_main(sp: Space, signum: i32) -> Res<()> {
    // SAFETY: plain data filled by the call; the main thread's ident is valid while the process lives.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if signum < 1 || libc::sigaction(signum, std::ptr::null(), &mut action) != 0 {
            return Err(sp.value_error("signal number out of range"));
        }
        if action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN {
            libc::pthread_kill(start::MAIN.load(Relaxed) as libc::pthread_t, signum);
        }
    }
    sp.poll()
}
/// The longest name that the system takes, in bytes.
const NAME_MAX: usize = if cfg!(target_os = "linux") { 15 } else { 63 };
/// Names the running thread for the system.
#[interp_fn(sig = "(name)")]
fn set_name(sp: Space, w_name: W) -> Res<()> {
    sp.text_w(w_name)?;
    let w_bytes = sp.call_method(w_name, name!(sp, "encode"), &[sp.newstr("utf-8")?, sp.newstr("replace")?])?;
    let bytes = sp.bytes_opt(w_bytes).unwrap_or(&[]);
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()).min(NAME_MAX);
    let Ok(name) = std::ffi::CString::new(&bytes[..end]) else { return Ok(()) };
    // SAFETY: a C string; the running thread.
    unsafe {
        #[cfg(target_os = "linux")]
        libc::pthread_setname_np(libc::pthread_self(), name.as_ptr());
        #[cfg(target_os = "macos")]
        libc::pthread_setname_np(name.as_ptr());
    }
    Ok(())
}
/// The system's name of the running thread.
#[interp_fn(name = "_get_name", sig = "()")]
fn get_name(sp: Space) -> Res<W> {
    let mut buf = [0u8; 100];
    // SAFETY: the buffer is ours, with its size.
    unsafe { libc::pthread_getname_np(libc::pthread_self(), buf.as_mut_ptr().cast(), buf.len()) };
    let n = buf.iter().position(|b| *b == 0).unwrap_or(0);
    let w = sp.newbytes(&buf[..n])?;
    sp.call_method(w, name!(sp, "decode"), &[sp.newstr("utf-8")?, sp.newstr("surrogateescape")?])
}

/// Ends the running thread.
#[interp_fn(sig = "()")]
fn exit(sp: Space) -> Res<()> {
    Err(sp.raise_object(sp.known(known::SYSTEM_EXIT), W::NULL))
}

fn init(sp: Space, w: W) -> Res<()> {
    let w_lock = crate::types::util::builtin_type(sp, TID_LOCK);
    sp.setattr_str(w, "lock", w_lock)?;
    sp.setattr_str(w, "LockType", w_lock)?;
    sp.setattr_str(w, "RLock", crate::types::util::builtin_type(sp, TID_RLOCK))?;
    sp.setattr_str(w, "_local", crate::types::util::builtin_type(sp, TID_LOCAL))?;
    sp.setattr_str(w, "_ThreadHandle", crate::types::util::builtin_type(sp, TID_HANDLE))?;
    for (old, new) in [("exit_thread", "exit"), ("allocate", "allocate_lock"), ("start_new", "start_new_thread")] {
        sp.setattr_str(w, old, sp.getattr_str(w, new)?)?;
    }
    sp.setattr_str(w, "_NAME_MAXLEN", sp.newint(NAME_MAX as i64))?;
    start::MAIN.store(sp.thread().ident, Relaxed);
    sp.setattr_str(w, "error", sp.known(known::RUNTIME_ERROR))?;
    sp.setattr_str(w, "TIMEOUT_MAX", sp.newfloat(9223372036.0))?;
    Ok(())
}
mixed_module!(
    MODULE,
    "_thread",
    doc = "Threads and locks.",
    functions = [
        lock::allocate_lock,
        get_ident,
        get_native_id,
        start::start_new_thread,
        start::start_joinable_thread,
        start::make_thread_handle,
        start::after_fork,
        daemon_threads_allowed,
        start::shutdown,
        is_main_interpreter,
        main_thread_ident,
        count,
        interrupt_main,
        start::stack_size,
        set_name,
        get_name,
        exit
    ],
    init = init,
    app = include_str!("app.py")
);
