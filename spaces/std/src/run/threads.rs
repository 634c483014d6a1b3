//! `_thread`: threads under one interpreter lock, locks, thread-local data.

use crate::layouts::tid;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, methods, mixed_module, setfield, slot};

/// Rows of lock, RLock and _local.
pub const TID_LOCK: u32 = tid::RUN + 6;
/// See TID_LOCK.
pub const TID_RLOCK: u32 = tid::RUN + 7;
/// See TID_LOCK.
pub const TID_LOCAL: u32 = tid::RUN + 8;

/// Lets another thread run, if one waits.
pub fn yield_gil(_sp: Space) {}

/// The state behind a lock: who holds it and how often.
#[derive(Default)]
struct State {
    owner: u64,
    count: u64,
}
struct Native {
    state: Mutex<State>,
    changed: Condvar,
}
#[derive(GcObject)]
#[repr(C)]
struct WLock {
    header: Header,
    native: *mut Native,
}
unsafe extern "C" fn free_lock(obj: *mut u8) {
    let l = &mut *(obj as *mut WLock);
    if !l.native.is_null() {
        drop(Box::from_raw(l.native));
    }
}
fn native<'a>(w: W) -> &'a Native {
    // SAFETY: made by `new`, released with the object.
    unsafe { &*(*w.ptr::<WLock>()).native }
}
fn new(sp: Space, w_type: W) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    let n = Native { state: Mutex::new(State::default()), changed: Condvar::new() };
    // SAFETY: the layout is WLock.
    unsafe { (*w.ptr::<WLock>()).native = Box::into_raw(Box::new(n)) };
    Ok(w)
}
#[slot]
fn lock_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    new(sp, w_type)
}

/// timeout: seconds; -1 waits for ever.
fn timeout(sp: Space, blocking: bool, seconds: f64) -> Res<Option<Option<Duration>>> {
    if !blocking {
        if seconds != -1.0 {
            return Err(sp.value_error("can't specify a timeout for a non-blocking call"));
        }
        return Ok(None);
    }
    if seconds == -1.0 {
        return Ok(Some(None));
    }
    if seconds < 0.0 {
        return Err(sp.value_error("timeout value must be a non-negative number"));
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|d| d.as_secs() < 1 << 33)
        .map(|d| Some(Some(d)))
        .ok_or_else(|| sp.overflow_error("timeout value is too large"))
}

fn take(sp: Space, w: W, wait: Option<Option<Duration>>, reentrant: bool) -> Res<bool> {
    let me = sp.thread().ident;
    let n = native(w);
    let deadline = wait.flatten().map(|d| Instant::now() + d);
    loop {
        {
            let mut s = n.state.lock().unwrap_or_else(|e| e.into_inner());
            if s.count == 0 || (reentrant && s.owner == me) {
                s.owner = me;
                s.count += 1;
                return Ok(true);
            }
            if wait.is_none() {
                return Ok(false);
            }
            let step = Duration::from_millis(20);
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            let _ = n.changed.wait_timeout(s, left.map_or(step, |l| l.min(step)));
        }
        sp.poll()?;
    }
}
fn give(sp: Space, w: W, reentrant: bool) -> Res<()> {
    let n = native(w);
    let mut s = n.state.lock().unwrap_or_else(|e| e.into_inner());
    if reentrant && (s.count == 0 || s.owner != sp.thread().ident) {
        return Err(sp.runtime_error("cannot release un-acquired lock"));
    }
    if s.count == 0 {
        return Err(sp.runtime_error("release unlocked lock"));
    }
    s.count -= 1;
    n.changed.notify_one();
    Ok(())
}

macro_rules! lock_methods {
    ($reentrant:literal: $acquire:ident $release:ident $enter:ident $exit:ident $locked:ident $reinit:ident $repr:ident $what:literal) => {
        /// Takes the lock; false if it could not be had.
        #[interp_fn(method, name = "acquire", sig = "(self, blocking=True, timeout=-1)")]
        fn $acquire(sp: Space, w: W, blocking: bool, seconds: f64) -> Res<bool> {
            let wait = timeout(sp, blocking, seconds)?;
            take(sp, w, wait, $reentrant)
        }
        /// Gives it back.
        #[interp_fn(method, name = "release", sig = "(self)")]
        fn $release(sp: Space, w: W) -> Res<()> {
            give(sp, w, $reentrant)
        }
        /// Takes the lock.
        #[interp_fn(method, name = "__enter__", sig = "(self)")]
        fn $enter(sp: Space, w: W) -> Res<bool> {
            take(sp, w, Some(None), $reentrant)
        }
        /// Gives it back.
        #[interp_fn(method, name = "__exit__", sig = "(self, *exc_info)")]
        fn $exit(sp: Space, w: W, _args: W) -> Res<()> {
            give(sp, w, $reentrant)
        }
        /// Is it taken?
        #[interp_fn(method, name = "locked", sig = "(self)")]
        fn $locked(_sp: Space, w: W) -> Res<bool> {
            Ok(native(w).state.lock().unwrap_or_else(|e| e.into_inner()).count > 0)
        }
        /// After a fork: as new.
        #[interp_fn(method, name = "_at_fork_reinit", sig = "(self)")]
        fn $reinit(_sp: Space, w: W) -> Res<()> {
            *native(w).state.lock().unwrap_or_else(|e| e.into_inner()) = State::default();
            Ok(())
        }
        #[slot]
        fn $repr(sp: Space, w: W) -> Res<W> {
            let (count, owner) = {
                let s = native(w).state.lock().unwrap_or_else(|e| e.into_inner());
                (s.count, s.owner)
            };
            let state = if count > 0 { "locked" } else { "unlocked" };
            let owner = if count > 0 { owner } else { 0 };
            let t = sp.type_name(w);
            sp.newstr(&if $reentrant {
                format!("<{state} _thread.{t} object owner={owner} count={count} at {:#x}>", w.0)
            } else {
                format!("<{state} _thread.{t} object at {:#x}>", w.0)
            })
        }
    };
}
lock_methods!(false: acquire release enter exit locked reinit lock_repr "lock");
lock_methods!(true: racquire rrelease renter rexit rlocked rreinit rlock_repr "RLock");

/// Does this thread hold it?
#[interp_fn(method, name = "_is_owned", sig = "(self)")]
fn is_owned(sp: Space, w: W) -> Res<bool> {
    let s = native(w).state.lock().unwrap_or_else(|e| e.into_inner());
    Ok(s.count > 0 && s.owner == sp.thread().ident)
}
/// How often it was taken by this thread.
#[interp_fn(method, name = "_recursion_count", sig = "(self)")]
fn recursion_count(sp: Space, w: W) -> Res<u64> {
    let s = native(w).state.lock().unwrap_or_else(|e| e.into_inner());
    Ok(if s.owner == sp.thread().ident { s.count } else { 0 })
}
/// For conditions: gives it back whole; answers the state.
#[interp_fn(method, name = "_release_save", sig = "(self)")]
fn release_save(sp: Space, w: W) -> Res<(u64, u64)> {
    let n = native(w);
    let mut s = n.state.lock().unwrap_or_else(|e| e.into_inner());
    if s.count == 0 {
        return Err(sp.runtime_error("cannot release un-acquired lock"));
    }
    let state = (s.count, s.owner);
    *s = State::default();
    n.changed.notify_one();
    Ok(state)
}
/// For conditions: takes it with the saved state.
#[interp_fn(method, name = "_acquire_restore", sig = "(self, state, /)")]
fn acquire_restore(sp: Space, w: W, w_state: W) -> Res<()> {
    take(sp, w, Some(None), true)?;
    if let Some([count, owner]) = sp.tuple_opt(w_state) {
        let state = State { count: sp.int_w(*count)? as u64, owner: sp.int_w(*owner)? as u64 };
        *native(w).state.lock().unwrap_or_else(|e| e.into_inner()) = state;
    }
    Ok(())
}

typespec!(
    /// _thread.lock
    pub LOCK: WLock, "_thread.lock", {
        doc: Str::new("A mutual exclusion lock."),
        flags: ty::IMMUTABLE | ty::WEAKREF,
        layout_flags: taipan_abi::gc::tf::FREE,
        free: Some(free_lock),
        slots: &Slots { new: Some(lock_new), repr: Some(lock_repr), ..Slots::EMPTY },
        methods: methods![acquire, release, enter, exit, locked, reinit],
    }
);
typespec!(
    /// _thread.RLock
    pub RLOCK: WLock, "_thread.RLock", {
        doc: Str::new("A lock that its holder may take again."),
        flags: ty::BASETYPE | ty::WEAKREF,
        layout_flags: taipan_abi::gc::tf::FREE,
        free: Some(free_lock),
        slots: &Slots { new: Some(lock_new), repr: Some(rlock_repr), ..Slots::EMPTY },
        methods: methods![
            racquire, rrelease, renter, rexit, rlocked, rreinit, is_owned, recursion_count, release_save, acquire_restore
        ],
    }
);

/// Thread-local data: a dict for each thread, by thread ident.
#[derive(GcObject)]
#[repr(C)]
struct WLocal {
    header: Header,
    w_dicts: W,
    w_args: W,
}
fn local<'a>(w: W) -> &'a WLocal {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}
fn current(sp: Space, w: W) -> Res<W> {
    let w_key = sp.newint(sp.thread().ident as i64);
    if let Some(d) = sp.dict_get(local(w).w_dicts, w_key)? {
        return Ok(d);
    }
    let d = sp.newdict()?;
    sp.dict_set(local(w).w_dicts, w_key, d)?;
    // A subclass's __init__ runs once in each thread.
    if let Some(items) = sp.tuple_opt(local(w).w_args) {
        let w_init = sp.getattr(w, name!(sp, "__init__"))?;
        sp.call_ex(w_init, items[0], items[1])?;
    }
    Ok(d)
}
#[slot]
fn local_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    let w_dicts = sp.newdict()?;
    setfield!(sp, w, WLocal, w_dicts, w_dicts);
    let w_pos = sp.newtuple(args.positional())?;
    let w_kw = sp.newdict()?;
    for (n, v) in args.keywords(sp) {
        sp.dict_set(w_kw, n.w, v)?;
    }
    let has_args = args.n > 0 || args.nkw(sp) > 0;
    let own_init = (crate::types::util::type_slots(w_type).init)
        .is_some_and(|_| w_type != crate::types::util::builtin_type(sp, TID_LOCAL));
    if has_args && !own_init {
        return Err(sp.type_error("Initialization arguments are not supported"));
    }
    let w_key = sp.newint(sp.thread().ident as i64);
    sp.dict_set(w_dicts, w_key, sp.newdict()?)?;
    let w_args = sp.newtuple(&[w_pos, w_kw])?;
    setfield!(sp, w, WLocal, w_args, w_args);
    Ok(w)
}
#[slot]
fn local_getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let d = current(sp, w)?;
    if sp.text_w(w_name)?.eq_str("__dict__") {
        return Ok(d);
    }
    let w_type = sp.type_(w)?;
    let on_class = crate::types::lookup::lookup(sp, w_type, sp.intern_str(w_name)?);
    let data = on_class.is_some_and(|c| crate::types::util::slots_of(sp, c).descr_set.is_some());
    if !data && let Some(v) = sp.dict_get(d, w_name)? {
        return Ok(v);
    }
    crate::types::attrs::generic_getattr(sp, w, w_name)
}
#[slot]
fn local_setattr(sp: Space, w: W, w_name: W, v: W) -> Res<()> {
    let d = current(sp, w)?;
    if sp.text_w(w_name)?.eq_str("__dict__") {
        return Err(raise!(sp, ATTRIBUTE_ERROR, "'{}' object attribute '__dict__' is read-only", sp.type_name(w)));
    }
    let w_type = sp.type_(w)?;
    if let Some(c) = crate::types::lookup::lookup(sp, w_type, sp.intern_str(w_name)?)
        && let Some(f) = crate::types::util::slots_of(sp, c).descr_set
    {
        // SAFETY: a slot of the object's own class.
        return if unsafe { f(sp.th(), c, w, v) } < 0 { Err(Raised) } else { Ok(()) };
    }
    if v.is_null() {
        return match sp.dict_get(d, w_name)? {
            Some(_) => sp.dict_del(d, w_name),
            None => Err(raise!(
                sp,
                ATTRIBUTE_ERROR,
                "'{}' object has no attribute '{}'",
                sp.type_name(w),
                sp.string_w(w_name)?
            )),
        };
    }
    sp.dict_set(d, w_name, v)
}
typespec!(
    /// _thread._local
    pub LOCAL: WLocal, "_thread._local", {
        doc: Str::new("Data of which each thread has its own."),
        flags: ty::BASETYPE | ty::WEAKREF,
        slots: &Slots { new: Some(local_new), getattr: Some(local_getattr), setattr: Some(local_setattr), ..Slots::EMPTY },
    }
);

/// A new lock.
#[interp_fn(sig = "()")]
fn allocate_lock(sp: Space) -> Res<W> {
    new(sp, crate::types::util::builtin_type(sp, TID_LOCK))
}
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
/// Starting threads is not there yet.
#[interp_fn(raw, sig = "(function, args, kwargs={}, /)")]
fn start_new_thread(sp: Space, _w: W, _args: Args) -> Res<W> {
    Err(sp.not_implemented("starting a thread"))
}
/// See start_new_thread.
#[interp_fn(raw, sig = "(function, handle=None, daemon=True)")]
fn start_joinable_thread(sp: Space, _w: W, _args: Args) -> Res<W> {
    Err(sp.not_implemented("starting a thread"))
}
/// True: this version runs one thread.
#[interp_fn(sig = "()")]
fn daemon_threads_allowed(_sp: Space) -> Res<bool> {
    Ok(true)
}
/// Nothing to wait for.
#[interp_fn(name = "_shutdown", sig = "()")]
fn shutdown(_sp: Space) -> Res<()> {
    Ok(())
}
/// Is it the thread that the program began with?
#[interp_fn(name = "_is_main_interpreter", sig = "()")]
fn is_main_interpreter(_sp: Space) -> Res<bool> {
    Ok(true)
}
/// Ident of the main thread.
#[interp_fn(name = "_get_main_thread_ident", sig = "()")]
fn main_thread_ident(sp: Space) -> Res<u64> {
    Ok(sp.thread().ident)
}
/// Number of threads.
#[interp_fn(name = "_count", sig = "()")]
fn count(_sp: Space) -> Res<i64> {
    Ok(0)
}
/// Raises KeyboardInterrupt in the main thread.
#[interp_fn(raw, sig = "(signum=2, /)")]
fn interrupt_main(sp: Space, _w: W, _args: Args) -> Res<W> {
    // SAFETY: raise(3) with a valid signal number.
    unsafe { libc::raise(libc::SIGINT) };
    sp.poll()?;
    Ok(W::NONE)
}
/// The stack size of new threads; it cannot be changed.
#[interp_fn(sig = "(size=0, /)")]
fn stack_size(_sp: Space, _size: i64) -> Res<i64> {
    Ok(0)
}
/// Names a thread for the system.
#[interp_fn(sig = "(name)")]
fn set_name(_sp: Space, _name: Text) -> Res<()> {
    Ok(())
}

fn init(sp: Space, w: W) -> Res<()> {
    let lock = crate::types::util::builtin_type(sp, TID_LOCK);
    sp.setattr_str(w, "lock", lock)?;
    sp.setattr_str(w, "LockType", lock)?;
    sp.setattr_str(w, "RLock", crate::types::util::builtin_type(sp, TID_RLOCK))?;
    sp.setattr_str(w, "_local", crate::types::util::builtin_type(sp, TID_LOCAL))?;
    sp.setattr_str(w, "error", sp.known(known::RUNTIME_ERROR))?;
    sp.setattr_str(w, "TIMEOUT_MAX", sp.newfloat(9223372036.0))?;
    Ok(())
}
mixed_module!(
    MODULE,
    "_thread",
    doc = "Threads and locks.",
    functions = [
        allocate_lock,
        get_ident,
        get_native_id,
        start_new_thread,
        start_joinable_thread,
        daemon_threads_allowed,
        shutdown,
        is_main_interpreter,
        main_thread_ident,
        count,
        interrupt_main,
        stack_size,
        set_name
    ],
    init = init,
    app = include_str!("threads_app.py")
);
