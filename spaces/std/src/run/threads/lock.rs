//! Locks.

use super::{TID_LOCK, futex};
use std::cell::Cell;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, methods, slot};

/// The longest time that can be waited for, in seconds.
pub const TIMEOUT_MAX: f64 = 9223372036.0;

/// lock and RLock.
#[repr(C)]
struct WLock {
    header: Header,
    /// Who holds it (an RLock's owner), and how often; 0 = free.
    owner: Cell<u64>,
    count: Cell<u64>,
    /// Changes with each release; who waits sleeps at it.
    word: AtomicU32,
    waiting: Cell<u32>,
}
// SAFETY: no field is a reference.
unsafe impl taipan_plugin_api::layout::GcObject for WLock {
    const PTR_MAP: u64 = 0;
}
fn lock<'a>(w: W) -> &'a WLock {
    // SAFETY: the gateway has checked the type. The cells are touched under the interpreter lock only, and the caller keeps `w`.
    unsafe { &*w.ptr::<WLock>() }
}
#[slot]
fn lock_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    // RLock takes any, and so do its subclasses.
    if w_type == crate::types::util::builtin_type(sp, TID_LOCK) {
        if args.nkw(sp) > 0 {
            return Err(sp.type_error("lock() takes no keyword arguments"));
        }
        if args.n > 0 {
            return Err(raise!(sp, TYPE_ERROR, "lock expected 0 arguments, got {}", args.n));
        }
    }
    sp.allocate(w_type, 0)
}
/// A new lock.
#[interp_fn(sig = "()")]
pub fn allocate_lock(sp: Space) -> Res<W> {
    sp.allocate(crate::types::util::builtin_type(sp, TID_LOCK), 0)
}

/// The arguments of acquire: None does not wait, Some(None) waits for ever.
fn timeout(sp: Space, blocking: bool, w_timeout: W) -> Res<Option<Option<Duration>>> {
    let given = !w_timeout.is_null() && w_timeout != W::int(-1);
    let time = if given { futex::seconds(sp, w_timeout)? } else { None };
    let negative = given && time.is_none() && sp.float_w(w_timeout)? != -1.0;
    if !blocking {
        if time.is_some() || negative {
            return Err(sp.value_error("can't specify a timeout for a non-blocking call"));
        }
        return Ok(None);
    }
    if negative {
        return Err(sp.value_error("timeout value must be a non-negative number"));
    }
    Ok(Some(if given { futex::timeout(sp, w_timeout)? } else { None }))
}

/// Takes a lock. `wait`: None does not wait, Some(None) waits for ever. Only holders of the interpreter lock change the fields, so a
/// release between the look and the sleep has changed `word`, and the sleep ends at once.
fn take(sp: Space, w: W, wait: Option<Option<Duration>>, reentrant: bool) -> Res<bool> {
    let me = sp.thread().ident;
    let mut deadline = None;
    let mut slept = false;
    let l = lock(w);
    loop {
        if l.count.get() == 0 || (reentrant && l.owner.get() == me) {
            l.owner.set(me);
            l.count.update(|n| n + 1);
            return Ok(true);
        }
        let Some(time) = wait else { return Ok(false) };
        if !slept {
            deadline = futex::deadline(time);
            slept = true;
        }
        l.waiting.update(|n| n + 1);
        let r = futex::wait(sp, &l.word, l.word.load(SeqCst), deadline);
        l.waiting.update(|n| n.saturating_sub(1));
        match r {
            Ok(true) => {}
            Ok(false) if l.count.get() == 0 => {}
            _ => {
                // The wake-up may have been for this thread: another one takes its place.
                if l.count.get() == 0 {
                    l.wake();
                }
                return r;
            }
        }
    }
}
impl WLock {
    fn wake(&self) {
        self.word.fetch_add(1, SeqCst);
        if self.waiting.get() > 0 {
            futex::wake(&self.word, 1);
        }
    }
}
fn give(sp: Space, w: W, reentrant: bool) -> Res<()> {
    let l = lock(w);
    if reentrant && (l.count.get() == 0 || l.owner.get() != sp.thread().ident) {
        return Err(sp.runtime_error("cannot release un-acquired lock"));
    }
    if l.count.get() == 0 {
        return Err(sp.runtime_error("release unlocked lock"));
    }
    l.count.update(|n| n - 1);
    if l.count.get() == 0 {
        l.wake();
    }
    Ok(())
}
fn reset(w: W) {
    let l = lock(w);
    l.owner.set(0);
    l.count.set(0);
    l.waiting.set(0);
    l.word.store(0, SeqCst);
}

macro_rules! lock_methods {
    ($reentrant:literal: $acquire:ident $release:ident $enter:ident $exit:ident $locked:ident $reinit:ident $repr:ident $what:literal) => {
        /// Takes the lock; false if it could not be had.
        #[interp_fn(method, name = "acquire", sig = "(self, blocking=True, timeout=-1)")]
        fn $acquire(sp: Space, w: W, blocking: bool, w_timeout: W) -> Res<bool> {
            let wait = timeout(sp, blocking, w_timeout)?;
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
            Ok(lock(w).count.get() > 0)
        }
        /// After a fork: as new.
        #[interp_fn(method, name = "_at_fork_reinit", sig = "(self)")]
        fn $reinit(_sp: Space, w: W) -> Res<()> {
            reset(w);
            Ok(())
        }
        #[slot]
        fn $repr(sp: Space, w: W) -> Res<W> {
            let (count, owner) = (lock(w).count.get(), lock(w).owner.get());
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
    let s = lock(w);
    Ok(s.count.get() > 0 && s.owner.get() == sp.thread().ident)
}
/// How often it was taken by this thread.
#[interp_fn(method, name = "_recursion_count", sig = "(self)")]
fn recursion_count(sp: Space, w: W) -> Res<u64> {
    let s = lock(w);
    Ok(if s.owner.get() == sp.thread().ident { s.count.get() } else { 0 })
}
/// For conditions: gives it back whole; answers the state.
#[interp_fn(method, name = "_release_save", sig = "(self)")]
fn release_save(sp: Space, w: W) -> Res<(u64, u64)> {
    let l = lock(w);
    if l.count.get() == 0 {
        return Err(sp.runtime_error("cannot release un-acquired lock"));
    }
    let state = (l.count.replace(0), l.owner.replace(0));
    l.wake();
    Ok(state)
}
/// For conditions: takes it with the saved state.
#[interp_fn(method, name = "_acquire_restore", sig = "(self, state, /)")]
fn acquire_restore(sp: Space, w: W, w_state: W) -> Res<()> {
    take(sp, w, Some(None), true)?;
    if let Some([count, owner]) = sp.tuple_opt(w_state) {
        let (count, owner) = (sp.int_w(*count)? as u64, sp.int_w(*owner)? as u64);
        lock(w).count.set(count);
        lock(w).owner.set(owner);
    }
    Ok(())
}

typespec!(
    /// _thread.lock
    pub LOCK: WLock, "_thread.lock", {
        doc: Str::new("A mutual exclusion lock."),
        flags: ty::IMMUTABLE | ty::WEAKREF,
        slots: &Slots { new: Some(lock_new), repr: Some(lock_repr), ..Slots::EMPTY },
        methods: methods![acquire, release, enter, exit, locked, reinit],
    }
);
typespec!(
    /// _thread.RLock
    pub RLOCK: WLock, "_thread.RLock", {
        doc: Str::new("A lock that its holder may take again."),
        flags: ty::BASETYPE | ty::WEAKREF,
        slots: &Slots { new: Some(lock_new), repr: Some(rlock_repr), ..Slots::EMPTY },
        methods: methods![
            racquire, rrelease, renter, rexit, rlocked, rreinit, is_owned, recursion_count, release_save, acquire_restore
        ],
    }
);

/// The import lock: an RLock of the process.
static IMPORT: Global = Global::new();
fn import_lock(sp: Space) -> Res<W> {
    IMPORT.get_or(sp, |sp| sp.allocate(crate::types::util::builtin_type(sp, super::TID_RLOCK), 0))
}
/// `_imp.acquire_lock`.
pub fn acquire_import_lock(sp: Space) -> Res<()> {
    take(sp, import_lock(sp)?, Some(None), true).map(drop)
}
/// `_imp.release_lock`.
pub fn release_import_lock(sp: Space) -> Res<()> {
    let w = import_lock(sp)?;
    if lock(w).count.get() == 0 || lock(w).owner.get() != sp.thread().ident {
        return Err(sp.runtime_error("not holding the import lock"));
    }
    give(sp, w, true)
}
/// `_imp.lock_held`.
pub fn import_lock_held() -> bool {
    let w = IMPORT.get();
    !w.is_null() && lock(w).count.get() > 0
}
