//! Starting threads and waiting for their end.

// The system's type of thread numbers is not u64 everywhere.
#![allow(clippy::unnecessary_cast)]

use super::own::{self, own};
use super::{TID_HANDLE, futex, local};
use crate::types::util::builtin_type;
use std::cell::Cell;
use std::ffi::c_void;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize};
use std::time::Duration;
use taipan_abi::host::thread_event;
use taipan_abi::thread::Thread;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, methods, slot};

/// Threads that were started here and run.
pub static COUNT: AtomicI64 = AtomicI64::new(0);
/// The main thread's ident.
pub static MAIN: AtomicU64 = AtomicU64::new(0);
/// The handles of all threads started here that run.
static RUNNING: Global = Global::new();
/// Weak references to handles of threads that were not started here; a fork ends those too.
static FOREIGN: Global = Global::new();
/// Bytes of native stack that new threads get; 0 = the default.
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);
const DEFAULT_STACK: usize = 8 << 20;
/// What the thread's own data and its first frames need, and what is kept free for code that does not nest evaluations.
const STACK_EXTRA: usize = 768 << 10;

mod state {
    pub const NEW: u32 = 0;
    pub const RUNNING: u32 = 1;
    pub const DONE: u32 = 2;
}

/// A thread as others see it.
#[repr(C)]
struct WHandle {
    header: Header,
    ident: Cell<u64>,
    /// `state::*`
    state: AtomicU32,
    daemon: Cell<u32>,
    /// The native thread that is still to be joined or detached; 0 = none.
    native: Cell<u64>,
}
// SAFETY: no field is a reference.
unsafe impl taipan_plugin_api::layout::GcObject for WHandle {
    const PTR_MAP: u64 = 0;
}
unsafe extern "C" fn free_handle(obj: *mut u8) {
    let native = (*obj.cast::<WHandle>()).native.replace(0);
    if native != 0 {
        libc::pthread_detach(native as libc::pthread_t);
    }
}
fn handle<'a>(w: W) -> &'a WHandle {
    // SAFETY: the caller has checked the type and keeps `w`.
    unsafe { &*w.ptr::<WHandle>() }
}
fn new_handle(sp: Space) -> Res<W> {
    sp.allocate(builtin_type(sp, TID_HANDLE), 0)
}

/// What a new thread begins with.
struct Start {
    th: *mut Thread,
    /// Function, arguments, keywords, handle (or NULL): registered roots until the thread has them on its own stack.
    words: Box<[W; 4]>,
    root: u32,
    stack: usize,
}
// SAFETY: handed over as a whole, once.
unsafe impl Send for Start {}

/// Starts a thread; answers its ident.
fn start(sp: Space, w_func: W, w_args: W, w_kwargs: W, w_handle: W) -> Res<u64> {
    let host = sp.thread().host;
    // SAFETY: the host's services, called by the running thread.
    unsafe {
        if ((*host).thread_event)(sp.th(), thread_event::CLOSED) != 0 {
            return Err(raise!(sp, PYTHON_FINALIZATION_ERROR, "can't create new thread at interpreter shutdown"));
        }
        let th = ((*host).thread_new)(sp.th());
        if th.is_null() {
            return Err(sp.runtime_error("can't start new thread"));
        }
        let words = Box::new([w_func, w_args, w_kwargs, w_handle]);
        let root = ((*sp.thread().gcvt).add_roots)(words.as_ptr(), words.len());
        let stack = match STACK_SIZE.load(Relaxed) {
            0 => DEFAULT_STACK,
            n => n,
        };
        let begin = Start { th, words, root, stack: stack + STACK_EXTRA };
        let builder = std::thread::Builder::new().stack_size(stack + STACK_EXTRA);
        match builder.spawn(move || native(begin)) {
            Ok(joiner) => {
                COUNT.fetch_add(1, Relaxed);
                if w_handle.is_null() {
                    return Ok(joiner.as_pthread_t() as u64);
                }
                let native = joiner.into_pthread_t() as u64;
                handle(w_handle).native.set(native);
                Ok(native)
            }
            Err(_) => {
                ((*sp.thread().gcvt).del_roots)(root);
                ((*host).thread_end)(sp.th(), th);
                Err(sp.runtime_error("can't start new thread"))
            }
        }
    }
}

/// The native thread.
fn native(begin: Start) {
    // Everything that holds words lies below this.
    let here = 0usize;
    let stack_hi = (&raw const here).addr();
    let th = begin.th;
    // SAFETY: the record was made for this thread; the host's services.
    unsafe {
        let host = (*th).host;
        // A part of the stack lies above `here`.
        if ((*host).thread_begin)(th, stack_hi, begin.stack - (64 << 10)) == 0 {
            body(Space::new(th), begin);
        }
        ((*host).thread_end)(th, th);
    }
}

#[inline(never)]
fn body(sp: Space, begin: Start) {
    own::attach(sp);
    let mut words = RootedVec::with_capacity(sp, 4);
    words.extend(&begin.words[..]);
    // SAFETY: the words stand in `words` now.
    unsafe { ((*sp.thread().gcvt).del_roots)(begin.root) };
    drop(begin);
    own(sp).w_handle = words[3];
    // A panic that came this far ends the thread, not the process.
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        if sp.call_ex(words[0], words[1], words[2]).is_err() && !sp.catch(known::SYSTEM_EXIT) {
            report(sp, words[0]);
        }
    }));
    drop(ran);
    sp.take_exc();
    if local::leave(sp).is_err() {
        sp.take_exc();
    }
    if !words[3].is_null() {
        finish(sp, words[3]);
    }
    drop(words);
    COUNT.fetch_sub(1, Relaxed);
    own::detach(sp);
}

/// The pending exception has ended a thread that nobody waits for.
fn report(sp: Space, w_func: W) {
    let w_exc = sp.take_exc();
    let r = (|| -> Res<()> {
        let what = format!("Exception ignored in thread started by {}", sp.repr_string(w_func)?);
        let w_sys = sp.known(known::SYS_MODULE);
        let w_type = sp.type_(w_exc)?;
        let w_tb = sp.getattr(w_exc, name!(sp, "__traceback__"))?;
        let w_make = sp.getattr(w_sys, name!(sp, "_unraisable_args"))?;
        let w_args = sp.call(w_make, &[w_type, w_exc, w_tb, sp.newstr(&what)?, W::NONE])?;
        sp.call(sp.getattr(w_sys, name!(sp, "unraisablehook"))?, &[w_args]).map(drop)
    })();
    if r.is_err() {
        // There is nobody left to tell.
        sp.take_exc();
    }
}

/// Whoever waits for the thread goes on when this thread gives up the interpreter lock for good.
fn finish(sp: Space, w_handle: W) {
    let h = handle(w_handle);
    h.state.store(state::DONE, SeqCst);
    futex::wake(&h.state, i32::MAX);
    forget(sp, w_handle);
}
fn forget(sp: Space, w_handle: W) {
    let w_list = RUNNING.get();
    if w_list.is_null() {
        return;
    }
    let rest = (|| -> Res<W> {
        let mut rest = RootedVec::new(sp);
        for i in 0..sp.list_len(w_list)? {
            let w = sp.list_item(w_list, i)?;
            if w != w_handle {
                rest.push(w);
            }
        }
        rest.into_list()
    })();
    match rest {
        Ok(w) => RUNNING.set(sp, w),
        Err(Raised) => drop(sp.take_exc()),
    }
}

/// Waits for the thread's end. False = the time is over.
fn join(sp: Space, w: W, time: Option<Duration>) -> Res<bool> {
    let h = handle(w);
    match h.state.load(SeqCst) {
        state::NEW => return Err(sp.runtime_error("thread not started")),
        state::DONE => return Ok(reap(sp, h)),
        _ => {}
    }
    if own(sp).w_handle == w || h.ident.get() == sp.thread().ident {
        return Err(sp.runtime_error("Cannot join current thread"));
    }
    // SAFETY: the host's service.
    if unsafe { ((*sp.thread().host).thread_event)(sp.th(), thread_event::CLOSED) } != 0 {
        return Err(raise!(sp, PYTHON_FINALIZATION_ERROR, "cannot join thread at interpreter shutdown"));
    }
    let deadline = futex::deadline(time);
    while h.state.load(SeqCst) == state::RUNNING {
        if !futex::wait(sp, &h.state, state::RUNNING, deadline)? {
            break;
        }
    }
    if h.state.load(SeqCst) != state::DONE {
        return Ok(false);
    }
    Ok(reap(sp, h))
}
/// The system's thread ends right after its Python part.
fn reap(sp: Space, h: &WHandle) -> bool {
    let native = h.native.replace(0);
    if native == sp.thread().ident {
        h.native.set(native);
    } else if native != 0 {
        // SAFETY: joinable, and nobody else has the number any more.
        sp.blocking(|| unsafe { libc::pthread_join(native as libc::pthread_t, std::ptr::null_mut()) });
    }
    true
}

#[slot]
fn handle_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    sp.allocate(w_type, 0)
}
#[slot]
fn handle_repr(sp: Space, w: W) -> Res<W> {
    sp.newstr(&format!("<_thread._ThreadHandle object: ident={}>", handle(w).ident.get()))
}
#[slot]
fn handle_ident(sp: Space, w: W) -> Res<W> {
    IntoW::into_w(handle(w).ident.get(), sp)
}
/// Waits until the thread has ended; without limit if the timeout is None or negative.
#[interp_fn(method, name = "join", sig = "(self, timeout=None, /)")]
fn handle_join(sp: Space, w: W, w_timeout: W) -> Res<()> {
    let time = if w_timeout.is_none() || w_timeout.is_null() { None } else { futex::seconds(sp, w_timeout)? };
    join(sp, w, time).map(drop)
}
/// Has the thread ended?
#[interp_fn(method, sig = "(self)")]
fn is_done(_sp: Space, w: W) -> Res<bool> {
    Ok(handle(w).state.load(SeqCst) == state::DONE)
}
/// Marks the thread as ended.
#[interp_fn(method, name = "_set_done", sig = "(self)")]
fn set_done(sp: Space, w: W) -> Res<()> {
    if handle(w).state.load(SeqCst) == state::NEW {
        return Err(sp.runtime_error("thread not started"));
    }
    finish(sp, w);
    Ok(())
}
typespec!(
    /// _thread._ThreadHandle
    pub HANDLE: WHandle, "_thread._ThreadHandle", {
        doc: Str::new("A thread as others see it."),
        flags: ty::IMMUTABLE | ty::WEAKREF,
        layout_flags: taipan_abi::gc::tf::FREE,
        free: Some(free_handle),
        slots: &Slots { new: Some(handle_new), repr: Some(handle_repr), ..Slots::EMPTY },
        methods: methods![handle_join, is_done, set_done],
        getset: table![getset!("ident", handle_ident)],
    }
);

/// Starts a thread and answers its ident.
#[interp_fn(raw, sig = "(function, args, kwargs={}, /)")]
pub fn start_new_thread(sp: Space, _w: W, args: Args) -> Res<W> {
    if args.nkw(sp) > 0 {
        return Err(sp.type_error("start_new_thread() takes no keyword arguments"));
    }
    let a = args.positional();
    if a.len() < 2 || a.len() > 3 {
        let (bound, n) = if a.len() < 2 { ("at least", 2) } else { ("at most", 3) };
        return Err(raise!(sp, TYPE_ERROR, "start_new_thread expected {bound} {n} arguments, got {}", a.len()));
    }
    if !sp.callable(a[0]) {
        return Err(sp.type_error("first arg must be callable"));
    }
    if sp.tuple_opt(a[1]).is_none() {
        return Err(sp.type_error("2nd arg must be a tuple"));
    }
    let w_kwargs = match a.get(2) {
        Some(w) if !sp.isinstance(*w, sp.known(known::DICT))? => {
            return Err(sp.type_error("optional 3rd arg must be a dictionary"));
        }
        Some(w) => *w,
        None => W::NULL,
    };
    IntoW::into_w(start(sp, a[0], a[1], w_kwargs, W::NULL)?, sp)
}
/// Starts a thread that can be waited for; answers its handle. The interpreter's end waits for it if `daemon` is false.
#[interp_fn(sig = "(function, handle=None, daemon=True)")]
pub fn start_joinable_thread(sp: Space, w_func: W, w_handle: W, daemon: bool) -> Res<W> {
    if !sp.callable(w_func) {
        return Err(sp.type_error("thread function must be callable"));
    }
    let w_handle = if w_handle.is_none() {
        new_handle(sp)?
    } else if sp.layout(w_handle) != TID_HANDLE {
        return Err(sp.type_error("'handle' must be a _ThreadHandle"));
    } else {
        w_handle
    };
    let h = handle(w_handle);
    if h.state.load(SeqCst) != state::NEW {
        return Err(sp.runtime_error("thread already started"));
    }
    if RUNNING.get().is_null() {
        RUNNING.set(sp, sp.newlist(&[])?);
    }
    sp.list_append(RUNNING.get(), w_handle)?;
    h.state.store(state::RUNNING, SeqCst);
    h.daemon.set(daemon as u32);
    let w_args = sp.newtuple(&[]);
    match w_args.and_then(|w_args| start(sp, w_func, w_args, W::NULL, w_handle)) {
        Ok(ident) => {
            h.ident.set(ident);
            Ok(w_handle)
        }
        Err(Raised) => {
            let w_exc = sp.take_exc();
            h.state.store(state::NEW, SeqCst);
            forget(sp, w_handle);
            Err(sp.set_exc(w_exc))
        }
    }
}
/// A handle for a thread that runs already.
#[interp_fn(name = "_make_thread_handle", sig = "(ident, /)")]
pub fn make_thread_handle(sp: Space, ident: u64) -> Res<W> {
    let w = new_handle(sp)?;
    handle(w).ident.set(ident);
    handle(w).state.store(state::RUNNING, SeqCst);
    let mut alive = foreign(sp)?;
    alive.push(sp.weakref_new(sp.known(known::WEAKREF), w, W::NULL)?);
    FOREIGN.set(sp, alive.into_list()?);
    Ok(w)
}
/// The references of FOREIGN that are not dead.
fn foreign(sp: Space) -> Res<RootedVec> {
    let mut alive = RootedVec::new(sp);
    let w_list = FOREIGN.get();
    if !w_list.is_null() {
        for i in 0..sp.list_len(w_list)? {
            let w_ref = sp.list_item(w_list, i)?;
            if sp.weakref_get(w_ref)?.is_some() {
                alive.push(w_ref);
            }
        }
    }
    Ok(alive)
}
/// Waits for all threads that are no daemons.
#[interp_fn(name = "_shutdown", sig = "()")]
pub fn shutdown(sp: Space) -> Res<()> {
    let next = || -> Res<Option<W>> {
        let w_list = RUNNING.get();
        if w_list.is_null() {
            return Ok(None);
        }
        for i in 0..sp.list_len(w_list)? {
            let w = sp.list_item(w_list, i)?;
            if handle(w).daemon.get() == 0 && own(sp).w_handle != w {
                return Ok(Some(w));
            }
        }
        Ok(None)
    };
    while let Some(w) = next()? {
        join(sp, w, None)?;
    }
    Ok(())
}
/// In the child of a fork: all other threads are gone, and the running one is the main thread.
#[interp_fn(name = "_after_fork", sig = "()")]
pub fn after_fork(sp: Space) -> Res<()> {
    MAIN.store(sp.thread().ident, Relaxed);
    let mine = own(sp).w_handle;
    COUNT.store(!mine.is_null() as i64, Relaxed);
    for w_ref in foreign(sp)?.iter() {
        if let Some(w) = sp.weakref_get(*w_ref)?
            && handle(w).ident.get() != sp.thread().ident
        {
            handle(w).state.store(state::DONE, SeqCst);
        }
    }
    let w_list = RUNNING.get();
    if w_list.is_null() {
        return Ok(());
    }
    let mut all = RootedVec::new(sp);
    for i in 0..sp.list_len(w_list)? {
        all.push(sp.list_item(w_list, i)?);
    }
    for w in all.iter() {
        if *w != mine {
            handle(*w).native.set(0);
            finish(sp, *w);
        }
    }
    Ok(())
}
/// The bytes of native stack of new threads, 0 = the default; sets it if a size is given.
#[interp_fn(sig = "(size=0, /)")]
pub fn stack_size(sp: Space, size: i64) -> Res<i64> {
    // What CPython asks for on this kind of machine, a page included.
    const LEAST: i64 = 53248;
    if size != 0 && !(LEAST..1 << 40).contains(&size) {
        return Err(raise!(sp, VALUE_ERROR, "size must be at least {LEAST} bytes"));
    }
    Ok(STACK_SIZE.swap(size as usize, Relaxed) as i64)
}

/// The record of a thread's first frames, for `sys` functions that look at all threads: the space of each.
pub fn spaces(sp: Space) -> Vec<Space> {
    let mut all = Vec::new();
    sp.each_thread(|th| {
        // SAFETY: a member of the ring, under the interpreter lock. Without space[1] it has not begun or is about to end.
        if unsafe { (*th).space[1] } != std::ptr::null_mut::<c_void>() {
            all.push(Space::new(th));
        }
    });
    all
}
