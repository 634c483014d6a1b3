//! Functions of `sys` that concern all threads.

use super::spaces;
use std::ffi::c_void;
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::gc::{POLL_TRACE, tf};
use taipan_abi::host::thread_event;
use taipan_abi::thread::Frame;
use taipan_abi::word::{RT_FINALIZED, W};
use taipan_interp::frames;
use taipan_plugin_api::interp_fn;
use taipan_plugin_api::prelude::*;

/// The running frames of all threads by ident.
#[interp_fn(name = "_current_frames", sig = "()")]
pub fn current_frames(sp: Space) -> Res<W> {
    let d = sp.newdict()?;
    for other in spaces(sp) {
        let f = other.thread().gc.frame_top as *mut Frame;
        // SAFETY: the thread is this one or parked: its frames are saved and stay until it gets the interpreter lock.
        unsafe {
            if !(*f).code.is_null() {
                let w_frame = frames::frame_object(sp, f)?;
                sp.dict_set(d, sp.newint(other.thread().ident as i64), w_frame)?;
            }
        }
    }
    Ok(d)
}
/// The exceptions being handled by all threads by ident.
#[interp_fn(name = "_current_exceptions", sig = "()")]
pub fn current_exceptions(sp: Space) -> Res<W> {
    let d = sp.newdict()?;
    for other in spaces(sp) {
        let w = frames::handled(other);
        sp.dict_set(d, sp.newint(other.thread().ident as i64), if w.is_null() { W::NONE } else { w })?;
    }
    Ok(d)
}
/// Sets a word of all threads and makes their evaluators look.
fn set_all(sp: Space, w: W, set: impl Fn(&mut taipan_plugin_api::Thread, W)) {
    let w = if w.is_none() { W::NULL } else { w };
    for other in spaces(sp) {
        let t = other.thread();
        set(t, w);
        t.gc.poll.fetch_or(POLL_TRACE, Relaxed);
    }
}
/// Sets the trace function of all threads.
#[interp_fn(name = "_settraceallthreads", sig = "(function, /)")]
pub fn settrace_all(sp: Space, w: W) -> Res<()> {
    set_all(sp, w, |t, w| t.w_trace = w);
    Ok(())
}
/// Sets the profile function of all threads.
#[interp_fn(name = "_setprofileallthreads", sig = "(function, /)")]
pub fn setprofile_all(sp: Space, w: W) -> Res<()> {
    set_all(sp, w, |t, w| t.w_profile = w);
    Ok(())
}
/// Seconds a thread may run while others wait.
#[interp_fn(sig = "()")]
pub fn getswitchinterval(sp: Space) -> Res<f64> {
    // SAFETY: the host's service.
    let ns = unsafe { ((*sp.thread().host).switch_interval)(0) };
    // Whole microseconds, as in CPython.
    Ok((ns / 1000) as f64 * 1e-6)
}
/// Sets it.
#[interp_fn(sig = "(interval, /)")]
pub fn setswitchinterval(sp: Space, seconds: f64) -> Res<()> {
    if seconds <= 0.0 {
        return Err(sp.value_error("switch interval must be strictly positive"));
    }
    // SAFETY: as above.
    unsafe { ((*sp.thread().host).switch_interval)(((seconds * 1e6) as u64).max(1).saturating_mul(1000)) };
    Ok(())
}
/// Is Python shutting down?
#[interp_fn(sig = "()")]
pub fn is_finalizing(sp: Space) -> Res<bool> {
    // SAFETY: the host's service.
    Ok(unsafe { ((*sp.thread().host).thread_event)(sp.th(), thread_event::CLOSED) } != 0)
}
/// From here on no other thread runs Python.
#[interp_fn(name = "_close_threads", sig = "()")]
pub fn close_threads(sp: Space) -> Res<()> {
    // SAFETY: the host's service, called by the main thread.
    unsafe { ((*sp.thread().host).thread_event)(sp.th(), thread_event::CLOSE) };
    Ok(())
}

unsafe extern "C" fn note(ctx: *mut c_void, obj: *mut u8) {
    // SAFETY: `finalizable` passes its vector; the collector passes a live object. Nothing is allocated on the heap here.
    unsafe {
        let found = &mut *ctx.cast::<RootedVec>();
        let w = W::of(obj);
        let flags = found.space().row(w).flags;
        if flags & tf::FINALIZER != 0 && w.header().rt & RT_FINALIZED == 0 {
            found.push(w);
        }
    }
}
/// All objects whose finalizers have not run.
#[interp_fn(name = "_finalizable", sig = "()")]
pub fn finalizable(sp: Space) -> Res<W> {
    let mut found = RootedVec::new(sp);
    // SAFETY: the collector's table.
    unsafe { ((*sp.thread().gcvt).heap_walk)(note, (&raw mut found).cast()) };
    found.into_list()
}
/// Runs an object's finalizer if it has not run.
#[interp_fn(name = "_run_finalizer", sig = "(object, /)")]
pub fn run_finalizer(sp: Space, w: W) -> Res<()> {
    if w.is_obj() {
        crate::run::ops::finalize(sp, w);
    }
    Ok(())
}
