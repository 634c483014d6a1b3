//! The interpreter lock: only its holder touches the heap, rows and statics of the parts.
//!
//! A waiter that has waited for the switch interval while nobody else got the lock sets the poll bit of the holder; the holder gives
//! the lock up at its next poll and does not take it again before another thread had it. Everyone gives it up around calls that block.
//! While there is one thread, nobody can want the lock, and giving it up costs nothing.
//!
//! A thread is parked in the collector for as long as it does not hold the lock, so its stacks are scanned like the holder's.

use crate::memory;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
use taipan_abi::gc::POLL_GIL;
use taipan_abi::host::thread_event;
use taipan_abi::thread::Thread;

/// Who holds the lock.
struct State {
    /// Null = free.
    holder: *mut Thread,
    /// Who had it last, as a name only: the record may be gone.
    last: *mut Thread,
    /// Times the lock went to another thread than the last.
    switches: u64,
    waiting: u32,
    /// The thread that ends the interpreter: no other gets the lock any more.
    closer: *mut Thread,
}
// SAFETY: `holder` is followed only under the mutex, and a thread is no holder when its record is given back.
unsafe impl Send for State {}

struct Gil {
    state: Mutex<State>,
    freed: Condvar,
    taken: Condvar,
}
impl Gil {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// The lock. Replaced as a whole in the child of a fork, where the old mutex may be held by threads that do not exist there.
static GIL: AtomicPtr<Gil> = AtomicPtr::new(null_mut());
/// Records of threads, those being started included.
static THREADS: AtomicUsize = AtomicUsize::new(1);
/// The switch interval in nanoseconds.
static INTERVAL: AtomicU64 = AtomicU64::new(5_000_000);

fn gil() -> &'static Gil {
    // SAFETY: set by `first` before another thread exists, and never freed.
    unsafe { &*GIL.load(Acquire) }
}

fn fresh(holder: *mut Thread) {
    let state = State { holder, last: holder, switches: 0, waiting: 0, closer: null_mut() };
    let gil = Gil { state: Mutex::new(state), freed: Condvar::new(), taken: Condvar::new() };
    GIL.store(Box::into_raw(Box::new(gil)), Release);
}

/// The main thread holds the lock from the start.
pub fn first(th: *mut Thread) {
    fresh(th);
}

/// A thread that may never run Python again stays here until the process ends.
fn never() -> ! {
    loop {
        std::thread::park();
    }
}

fn take(th: *mut Thread) {
    let g = gil();
    let mut s = g.lock();
    loop {
        if !s.closer.is_null() && s.closer != th {
            drop(s);
            never();
        }
        if s.holder.is_null() {
            break;
        }
        let seen = s.switches;
        s.waiting += 1;
        let interval = Duration::from_nanos(INTERVAL.load(Relaxed));
        let (guard, wait) = g.freed.wait_timeout(s, interval).unwrap_or_else(|e| e.into_inner());
        s = guard;
        s.waiting -= 1;
        if wait.timed_out() && !s.holder.is_null() && s.switches == seen {
            // SAFETY: the holder's record is alive while it holds the lock, which it cannot give up while we have the mutex.
            unsafe { (*s.holder).gc.poll.fetch_or(POLL_GIL, Relaxed) };
        }
    }
    s.holder = th;
    if s.last != th {
        s.last = th;
        s.switches += 1;
        g.taken.notify_all();
    }
    drop(s);
    // SAFETY: the caller's own record. A request that was meant for the last time is met.
    unsafe { (*th).gc.poll.fetch_and(!POLL_GIL, Relaxed) };
}

fn give() {
    let g = gil();
    let mut s = g.lock();
    s.holder = null_mut();
    let wake = s.waiting > 0;
    drop(s);
    if wake {
        g.freed.notify_one();
    }
}

/// Gives the lock up and waits until another thread has taken it, if one waits.
fn pass(th: *mut Thread) {
    give();
    let g = gil();
    let mut s = g.lock();
    while s.last == th && s.waiting > 0 && s.closer.is_null() {
        s = g.taken.wait(s).unwrap_or_else(|e| e.into_inner());
    }
}

fn errno() -> *mut i32 {
    // SAFETY: no conditions.
    unsafe {
        #[cfg(target_os = "linux")]
        return libc::__errno_location();
        #[cfg(not(target_os = "linux"))]
        return libc::__error();
    }
}

struct Call {
    th: *mut Thread,
    f: unsafe extern "C" fn(*mut c_void),
    ctx: *mut c_void,
}

unsafe extern "C" fn unlocked(ctx: *mut c_void) {
    // SAFETY: `blocking` passes its own Call.
    let call = unsafe { &*ctx.cast::<Call>() };
    give();
    // SAFETY: as the caller of `blocking` promised.
    unsafe { (call.f)(call.ctx) };
    // SAFETY: the thread's errno, always valid.
    let saved = unsafe { *errno() };
    take(call.th);
    // SAFETY: as above.
    unsafe { *errno() = saved };
}

/// `HostVTable::blocking`.
pub unsafe extern "C" fn blocking(th: *mut Thread, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void) {
    if THREADS.load(Relaxed) == 1 {
        // SAFETY: as the caller promises. Only the running thread could start another.
        unsafe { f(ctx) };
        return;
    }
    let mut call = Call { th, f, ctx };
    // SAFETY: the caller is the running thread; the collector calls `unlocked` once with the Call.
    unsafe { ((*(*th).gcvt).park)(&raw mut (*th).gc, unlocked, (&raw mut call).cast()) };
}

unsafe extern "C" fn passed(ctx: *mut c_void) {
    let th = ctx.cast::<Thread>();
    pass(th);
    take(th);
}

/// `HostVTable::switch_threads`.
pub unsafe extern "C" fn switch_threads(th: *mut Thread) {
    if THREADS.load(Relaxed) == 1 || gil().lock().waiting == 0 {
        return;
    }
    // SAFETY: as in `blocking`.
    unsafe { ((*(*th).gcvt).park)(&raw mut (*th).gc, passed, th.cast()) };
}

/// `HostVTable::switch_interval`.
pub unsafe extern "C" fn switch_interval(nanoseconds: u64) -> u64 {
    match nanoseconds {
        0 => INTERVAL.load(Relaxed),
        n => INTERVAL.swap(n, Relaxed),
    }
}

/// `HostVTable::thread_new`.
pub unsafe extern "C" fn thread_new(creator: *mut Thread) -> *mut Thread {
    let Ok(th) = memory::thread() else { return null_mut() };
    // SAFETY: a fresh record, and the record of the running thread, which holds the lock.
    unsafe {
        let (t, c) = (&mut *th, &mut *creator);
        t.gcvt = c.gcvt;
        t.types = c.types;
        t.jit = c.jit;
        t.jit_threshold = c.jit_threshold;
        t.host = c.host;
        t.ops = c.ops;
        t.known = c.known;
        t.epoch = c.epoch;
        t.space[0] = c.space[0];
        t.gc.caps = c.gc.caps;
        t.recursion_limit = c.recursion_limit;
        let first = t.gc.frames.cast::<taipan_abi::thread::Frame>();
        t.frame_limit = first.offset(c.frame_limit.offset_from(c.gc.frames.cast()));
        t.next = c.next;
        c.next = th;
    }
    THREADS.fetch_add(1, Relaxed);
    th
}

/// `HostVTable::thread_begin`.
pub unsafe extern "C" fn thread_begin(th: *mut Thread, stack_hi: usize, stack_bytes: usize) -> i32 {
    take(th);
    // SAFETY: the record is this thread's from here on, and the lock is held.
    unsafe {
        let t = &mut *th;
        t.ident = libc::pthread_self() as u64;
        t.gc.stack_hi = stack_hi;
        t.stack_limit = memory::limit_of_stack(stack_hi, stack_bytes);
        ((*t.gcvt).attach)(&raw mut t.gc)
    }
}

/// `HostVTable::thread_end`.
pub unsafe extern "C" fn thread_end(caller: *mut Thread, th: *mut Thread) {
    // SAFETY: under the lock; nobody else names the record once it is out of the ring.
    unsafe {
        let mut before = th;
        while (*before).next != th {
            before = (*before).next;
        }
        (*before).next = (*th).next;
        THREADS.fetch_sub(1, Relaxed);
        if caller == th {
            ((*(*th).gcvt).detach)(&raw mut (*th).gc);
            give();
        }
        memory::free_thread(th);
    }
}

/// `HostVTable::thread_event`.
pub unsafe extern "C" fn thread_event(th: *mut Thread, event: u32) -> i32 {
    match event {
        thread_event::CLOSE => gil().lock().closer = th,
        thread_event::FORKED => {
            fresh(th);
            // The records of the others stay: their stacks hold what finalizers and frame objects may still name.
            // SAFETY: the record of the only thread.
            unsafe { (*th).next = th };
            THREADS.store(1, Relaxed);
        }
        thread_event::CLOSED => {
            let closer = gil().lock().closer;
            return if closer.is_null() {
                0
            } else if closer == th {
                1
            } else {
                2
            };
        }
        _ => return -1,
    }
    0
}
