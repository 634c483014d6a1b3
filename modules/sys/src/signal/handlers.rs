//! Handlers: what the kernel calls, and the Python functions that the main thread runs for it.

use super::{NSIG, number};
use crate::util::{check, errno, set_errno};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use taipan_plugin_api::gate::guarded;
use taipan_plugin_api::prelude::*;

/// The bit of `GcThread::poll` that asks for [`run_pending`].
const POLL_SIGNAL: u32 = 2;

/// Python's handlers by number: a list of SIG_DFL (0), SIG_IGN (1), None (not installed from Python) and functions.
static HANDLERS: Global = Global::new();
static DEFAULT_INT_HANDLER: Global = Global::new();
/// Signals that arrived and whose Python handlers have not run.
static ARRIVED: [AtomicBool; NSIG as usize] = [const { AtomicBool::new(false) }; NSIG as usize];
/// The thread that runs handlers.
static MAIN: AtomicPtr<Thread> = AtomicPtr::new(std::ptr::null_mut());
/// Receives a byte for each signal; -1 = none.
static WAKEUP_FD: AtomicI32 = AtomicI32::new(-1);
static WARN_ON_FULL: AtomicBool = AtomicBool::new(true);
/// errno of a failed write to the wake-up descriptor, to be reported by the main thread.
static WAKEUP_ERRNO: AtomicI32 = AtomicI32::new(0);

/// What the kernel calls. Only async-signal-safe operations: atomics and write(2).
extern "C" fn arrived(n: libc::c_int) {
    let saved = errno_now();
    note(n);
    let fd = WAKEUP_FD.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = n as u8;
        // SAFETY: one byte of ours; any descriptor number is allowed.
        let r = unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
        if r < 0 {
            let e = errno_now();
            if (e != libc::EAGAIN && e != libc::EWOULDBLOCK) || WARN_ON_FULL.load(Ordering::Relaxed) {
                WAKEUP_ERRNO.store(e, Ordering::Relaxed);
            }
        }
    }
    set_errno(saved);
}
fn errno_now() -> i32 {
    // SAFETY: the address of the thread's errno is always valid.
    unsafe { *libc::__errno_location() }
}
/// Marks a signal as arrived and asks the main thread to look.
fn note(n: i32) {
    if let Some(flag) = ARRIVED.get(n as usize) {
        flag.store(true, Ordering::Release);
    }
    let main = MAIN.load(Ordering::Acquire);
    if !main.is_null() {
        // SAFETY: the main thread's state lives as long as the process.
        unsafe { (*main).gc.poll.fetch_or(POLL_SIGNAL, Ordering::Release) };
    }
}

/// Runs the Python handlers of the signals that arrived. The space's `poll` calls it when it sees the bit.
unsafe extern "C-unwind" fn run_pending(th: *mut Thread) -> i32 {
    guarded(th, run_handlers)
}
fn run_handlers(sp: Space) -> Res<()> {
    if sp.th() != MAIN.load(Ordering::Relaxed) {
        return Ok(());
    }
    let e = WAKEUP_ERRNO.swap(0, Ordering::Relaxed);
    if e != 0 {
        sp.raise_errno(e, W::NULL);
        sp.write_unraisable(W::NONE)?;
    }
    for n in 1..NSIG {
        if !ARRIVED[n as usize].swap(false, Ordering::Acquire) {
            continue;
        }
        let w_handlers = HANDLERS.get();
        if w_handlers.is_null() {
            continue;
        }
        let w_handler = sp.list_item(w_handlers, n as i64)?;
        // Set back to a default meanwhile: nothing to call.
        if w_handler.is_none() || w_handler.is_int() {
            sp.raise(known::OS_ERROR, &format!("Signal {n} ignored due to race condition"));
            sp.write_unraisable(W::NONE)?;
            continue;
        }
        let w_frame = sp.frame(0)?.unwrap_or(W::NONE);
        if let Err(raised) = sp.call(w_handler, &[sp.newint(n as i64), w_frame]) {
            // What is left must be looked at when this exception has been dealt with.
            if ARRIVED.iter().any(|f| f.load(Ordering::Relaxed)) {
                sp.thread().gc.poll.fetch_or(POLL_SIGNAL, Ordering::Relaxed);
            }
            return Err(raised);
        }
    }
    Ok(())
}

/// In the child of a fork: this thread is the main one, and signals of the parent are not its own.
pub fn after_fork_child(sp: Space) {
    for flag in &ARRIVED {
        flag.store(false, Ordering::Relaxed);
    }
    if !MAIN.load(Ordering::Relaxed).is_null() {
        become_main(sp);
    }
}
fn become_main(sp: Space) {
    MAIN.store(sp.th(), Ordering::Release);
    let f: unsafe extern "C-unwind" fn(*mut Thread) -> i32 = run_pending;
    sp.thread().space[2] = f as *mut std::ffi::c_void;
}
fn is_main(sp: Space) -> bool {
    sp.th() == MAIN.load(Ordering::Relaxed)
}
/// The kernel's action for a signal; None = not a signal that can be asked about.
fn kernel_action(n: i32) -> Option<usize> {
    // SAFETY: plain data filled by the call.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: old is ours.
    (unsafe { libc::sigaction(n, std::ptr::null(), &mut old) } == 0).then_some(old.sa_sigaction)
}
/// Sets the kernel's action.
fn set_action(n: i32, action: usize) -> i32 {
    // SAFETY: plain data; `arrived` is async-signal-safe.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        // Handlers run on the alternate stack where a thread has one.
        new.sa_flags = libc::SA_ONSTACK;
        libc::sigemptyset(&mut new.sa_mask);
        libc::sigaction(n, &new, std::ptr::null_mut())
    }
}

pub fn init(sp: Space, w_module: W) -> Res<()> {
    become_main(sp);
    // Writing to a closed pipe or past a limit is to be an exception.
    set_action(libc::SIGPIPE, libc::SIG_IGN);
    set_action(libc::SIGXFSZ, libc::SIG_IGN);
    let w_default = sp.getattr_str(w_module, "default_int_handler")?;
    DEFAULT_INT_HANDLER.set(sp, w_default);
    let mut handlers = RootedVec::with_capacity(sp, NSIG as usize);
    for n in 0..NSIG {
        handlers.push(match kernel_action(n) {
            Some(libc::SIG_DFL) => W::int(0),
            Some(libc::SIG_IGN) => W::int(1),
            _ => W::NONE,
        });
    }
    let w_handlers = handlers.into_list()?;
    HANDLERS.set(sp, w_handlers);
    if sp.list_item(w_handlers, libc::SIGINT as i64)? == W::int(0)
        && sp.setting("flags.install_signal_handlers").as_deref() != Some("0")
    {
        set_action(libc::SIGINT, arrived as *const () as usize);
        sp.list_setitem(w_handlers, libc::SIGINT as i64, w_default)?;
    }
    Ok(())
}

/// The default handler for SIGINT installed by Python.
///
/// It raises KeyboardInterrupt.
#[interp_fn(sig = "(signalnum, frame, /)")]
pub fn default_int_handler(sp: Space, _signalnum: i32, _w_frame: W) -> Res<()> {
    Err(sp.raise_object(sp.known(known::KEYBOARD_INTERRUPT), W::NULL))
}

/// Set the action for the given signal.
///
/// The action can be SIG_DFL, SIG_IGN, or a callable Python object.
/// The previous action is returned.  See getsignal() for possible return values.
///
/// *** IMPORTANT NOTICE ***
/// A signal handler function is called with two arguments:
/// the first is the signal number, the second is the interrupted stack frame.
#[interp_fn(sig = "(signalnum, handler, /)")]
pub fn signal(sp: Space, signalnum: i32, w_handler: W) -> Res<W> {
    if !is_main(sp) {
        return Err(sp.value_error("signal only works in main thread of the main interpreter"));
    }
    let n = number(sp, signalnum)?;
    let (action, w_handler) = if !sp.callable(w_handler) {
        match sp.int_w(w_handler) {
            Ok(0) => (libc::SIG_DFL, W::int(0)),
            Ok(1) => (libc::SIG_IGN, W::int(1)),
            _ => {
                sp.take_exc();
                return Err(
                    sp.type_error("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
                );
            }
        }
    } else {
        (arrived as *const () as usize, w_handler)
    };
    // Handlers of what has arrived belong to the old action.
    sp.poll()?;
    check(sp, set_action(n, action))?;
    let w_handlers = HANDLERS.get();
    let w_old = sp.list_item(w_handlers, n as i64)?;
    sp.list_setitem(w_handlers, n as i64, w_handler)?;
    Ok(w_old)
}
/// Return the current action for the given signal.
///
/// The return value can be:
///   SIG_IGN -- if the signal is being ignored
///   SIG_DFL -- if the default action for the signal is in effect
///   None    -- if an unknown handler is in effect
///   anything else -- the callable Python object used as a handler
#[interp_fn(sig = "(signalnum, /)")]
pub fn getsignal(sp: Space, signalnum: i32) -> Res<W> {
    sp.list_item(HANDLERS.get(), number(sp, signalnum)? as i64)
}
/// Send a signal to the executing process.
#[interp_fn(sig = "(signalnum, /)")]
pub fn raise_signal(sp: Space, signalnum: i32) -> Res<()> {
    // SAFETY: any number is allowed.
    if unsafe { libc::raise(signalnum) } != 0 {
        return Err(sp.raise_errno(errno(), W::NULL));
    }
    sp.poll()
}
/// Change system call restart behaviour.
///
/// If flag is False, system calls will be restarted when interrupted by
/// signal sig, else system calls will be interrupted.
#[interp_fn(sig = "(signalnum, flag, /)")]
pub fn siginterrupt(sp: Space, signalnum: i32, flag: i32) -> Res<()> {
    let n = number(sp, signalnum)?;
    // SAFETY: both structs are ours.
    unsafe {
        let mut a: libc::sigaction = std::mem::zeroed();
        check(sp, libc::sigaction(n, std::ptr::null(), &mut a))?;
        if flag != 0 {
            a.sa_flags &= !libc::SA_RESTART
        } else {
            a.sa_flags |= libc::SA_RESTART
        }
        check(sp, libc::sigaction(n, &a, std::ptr::null_mut()))?;
    }
    Ok(())
}
/// Sets the fd to be written to (with the signal number) when a signal comes in.
///
/// A library can use this to wakeup select or poll.
/// The previous fd or -1 is returned.
///
/// The fd must be non-blocking.
#[interp_fn(sig = "(fd, /, *, warn_on_full_buffer=True)")]
pub fn set_wakeup_fd(sp: Space, fd: i32, warn_on_full_buffer: bool) -> Res<i32> {
    if !is_main(sp) {
        return Err(sp.value_error("set_wakeup_fd only works in main thread of the main interpreter"));
    }
    if fd != -1 {
        // SAFETY: any number is allowed.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
        if flags < 0 {
            // CPython asks fstat first, and both say EBADF.
            return Err(sp.raise_errno(errno(), W::NULL));
        }
        if flags & libc::O_NONBLOCK == 0 {
            return Err(sp.value_error(&format!("the fd {fd} must be in non-blocking mode")));
        }
    }
    WARN_ON_FULL.store(warn_on_full_buffer, Ordering::Relaxed);
    Ok(WAKEUP_FD.swap(fd, Ordering::Relaxed))
}
/// Return the system description of the given signal.
///
/// Returns the description of signal *signalnum*, such as "Interrupt"
/// for :const:`SIGINT`. Returns :const:`None` if *signalnum* has no
/// description. Raises :exc:`ValueError` if *signalnum* is invalid.
#[interp_fn(sig = "(signalnum, /)")]
pub fn strsignal(sp: Space, signalnum: i32) -> Res<W> {
    let n = number(sp, signalnum)?;
    set_errno(0);
    // SAFETY: a C string of the library, copied at once.
    unsafe {
        let p = libc::strsignal(n);
        if p.is_null() || errno() != 0 || std::ffi::CStr::from_ptr(p).to_bytes().starts_with(b"Unknown signal") {
            return Ok(W::NONE);
        }
        crate::util::c_text(sp, p)
    }
}
/// Return a set of valid signal numbers on this platform.
///
/// The signal numbers returned by this function can be safely passed to
/// functions like `pthread_kill`.
#[interp_fn(sig = "()")]
pub fn valid_signals(sp: Space) -> Res<W> {
    // SAFETY: the set is ours.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut set);
        super::masks::sigset_result(sp, &set)
    }
}
