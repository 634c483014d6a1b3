//! Rows of the operation table about code, frames, modules and the state of evaluation.

use super::{code, unmarshal};
use crate::layouts::{WCell, WModule};
use std::sync::atomic::Ordering;
use taipan_abi::gc::{CollectKind, POLL_ASYNC, POLL_GC, POLL_GIL, POLL_SIGNAL};
use taipan_abi::known;
use taipan_abi::thread::{Frame, Thread, fr};
use taipan_abi::word::{TID_CELL, TID_CODE, TID_DICT, W};
use taipan_interp::objects::WGenerator;
use taipan_interp::{call, frames};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::slot;

/// Calls a Python function.
pub fn call_function(sp: Space, w_func: W, args: Args) -> Res<W> {
    call::call_function(sp, w_func, args)
}

/// See the table.
pub unsafe extern "C-unwind" fn newcode(th: *mut Thread, p: *const u8, len: usize) -> W {
    let bytes = if len == 0 { &[][..] } else { std::slice::from_raw_parts(p, len) };
    match unmarshal::read(Space::new(th), bytes, true) {
        Ok((w, _)) if w.is_tid(TID_CODE) => w,
        Ok(_) => {
            Space::new(th).value_error("bad marshal data (not a code object)");
            W::NULL
        }
        Err(Raised) => W::NULL,
    }
}
/// See the table.
#[slot]
pub fn code_marshal(sp: Space, w: W) -> Res<W> {
    sp.newbytes(&super::marshal::dump(sp, w, 5)?)
}

/// Runs a code object in namespaces; `w_closure` NULL or a tuple of cells.
pub fn exec(sp: Space, w_code: W, w_globals: W, w_locals: W, w_closure: W) -> Res<W> {
    let nfree = code::get(w_code).nfree as usize;
    let given = if w_closure.is_null() { 0 } else { sp.tuple_items(w_closure).len() };
    if nfree != given {
        return Err(sp.type_error("code object passed to exec() may not contain free variables"));
    }
    if sp.dict_get(w_globals, name!(sp, "__builtins__"))?.is_none() {
        sp.dict_set(w_globals, name!(sp, "__builtins__"), sp.known(known::BUILTINS_MODULE))?;
    }
    let w_func = super::function::new(sp, w_code, w_globals)?;
    if !w_closure.is_null() {
        taipan_plugin_api::setfield!(sp, w_func, crate::layouts::WFunction, w_closure, w_closure);
    }
    call::run_namespace(sp, w_func, w_locals)
}
/// See the table.
#[slot]
pub fn exec_code(sp: Space, w_code: W, w_globals: W, w_locals: W) -> Res<W> {
    exec(sp, w_code, w_globals, w_locals, W::NULL)
}
/// See the table.
#[slot]
pub fn import_module(sp: Space, w_name: W) -> Res<W> {
    super::imp::import_module(sp, w_name)
}
/// See the table.
#[slot]
pub fn builtin(sp: Space, w_name: W) -> Res<W> {
    let f = sp.thread().gc.frame_top as *mut Frame;
    // SAFETY: the top frame record exists.
    let w_builtins = unsafe {
        if (*f).code.is_null() { sp.known(known::BUILTINS_DICT) } else { super::space::builtins_of(sp, (*f).w_globals) }
    };
    let found = if is_dict(w_builtins) {
        sp.dict_get(w_builtins, w_name)?
    } else {
        match sp.getitem(w_builtins, w_name) {
            Ok(w) => Some(w),
            Err(_) if sp.catch(known::KEY_ERROR) => None,
            Err(e) => return Err(e),
        }
    };
    found.ok_or_else(|| sp.raise_object(sp.known(known::ATTRIBUTE_ERROR), w_name))
}
/// See the table.
pub unsafe extern "C-unwind" fn frame(th: *mut Thread, depth: i64) -> W {
    let sp = Space::new(th);
    let mut f = (*th).gc.frame_top as *mut Frame;
    for _ in 0..depth {
        if (*f).code.is_null() {
            return W::NULL;
        }
        f = f.sub(1);
    }
    if (*f).code.is_null() { W::NULL } else { frames::frame_object(sp, f).unwrap_or(W::NULL) }
}

/// See the table.
#[slot]
pub fn poll(sp: Space) -> Res<()> {
    let th = sp.thread();
    let bits = th.gc.poll.swap(0, Ordering::Relaxed);
    if bits & POLL_GIL != 0 {
        // SAFETY: this thread holds the lock; its frames are saved at a poll.
        unsafe { ((*th.host).switch_threads)(sp.th()) };
    }
    if bits & POLL_GC != 0 {
        // When a collection comes is chance: a trace function is not told what it runs.
        th.tracing += 1;
        let r = after_collection(sp);
        sp.thread().tracing -= 1;
        r?;
    }
    if bits & POLL_ASYNC != 0 && !sp.thread().w_async_exc.is_null() {
        let w = std::mem::replace(&mut sp.thread().w_async_exc, W::NULL);
        return Err(sp.raise_object(w, W::NULL));
    }
    if bits & POLL_SIGNAL != 0 && !sp.thread().space[2].is_null() {
        // SAFETY: the _signal module has put its function there.
        let run: unsafe extern "C-unwind" fn(*mut Thread) -> i32 = unsafe { std::mem::transmute(sp.thread().space[2]) };
        // SAFETY: as above.
        if unsafe { run(sp.th()) } < 0 {
            return Err(Raised);
        }
    }
    Ok(())
}

/// Runs weak references' callbacks and finalizers that a collection has queued.
fn after_collection(sp: Space) -> Res<()> {
    let exc = sp.take_exc();
    // SAFETY: the collector's table; the objects are alive while they are handled (they stand on this stack).
    unsafe {
        let vt = &*sp.thread().gcvt;
        loop {
            let p = (vt.next_dead_weak)(sp.th().cast());
            if p.is_null() {
                break;
            }
            crate::types::weakref::died(sp, W::of(p));
        }
        loop {
            let p = (vt.next_finalizable)(sp.th().cast());
            if p.is_null() {
                break;
            }
            finalize(sp, W::of(p));
        }
    }
    sp.thread().exc = exc;
    Ok(())
}

/// Calls an object's finalizer once.
pub fn finalize(sp: Space, w: W) {
    // SAFETY: a live object.
    unsafe {
        let h = w.header();
        if h.rt & taipan_abi::word::RT_FINALIZED != 0 {
            return;
        }
        h.rt |= taipan_abi::word::RT_FINALIZED;
        if let Some(del) = (*sp.row(w).slots).del {
            del(sp.th(), w);
            if sp.pending() && sp.write_unraisable(w).is_err() {
                sp.take_exc();
            }
        }
    }
}

/// Operand slots above the depths of the thread's frames hold what was there before, and so do the words that a running generator
/// had saved; a full collection must not see them.
unsafe fn clear_free_operands(sp: Space) {
    let gc = &sp.thread().gc;
    let top = gc.frame_top as *mut Frame;
    let mut f = gc.frames as *mut Frame;
    while f <= top {
        if (*f).flags & fr::DELEGATING != 0 {
            // Its window is the generator's own words, all of them in use.
            f = f.add(1);
            continue;
        }
        let mut above = f.add(1);
        while above <= top && (*above).flags & fr::DELEGATING != 0 {
            above = above.add(1);
        }
        // The words between a frame's sp and the end of its window are free, unless the window of its callee has begun.
        let end = if f == top {
            gc.vs_top
        } else if (*f).code.is_null() {
            (*f).sp
        } else {
            (*f).base.add((*(*f).code).framesize as usize).min((*above).base.wrapping_sub(1))
        };
        let mut p = (*f).sp;
        while p < end {
            *p = W::NULL;
            p = p.add(1);
        }
        if (*f).flags & fr::GENERATOR != 0 && !(*f).code.is_null() {
            let g = (*(*f).base.sub(1)).ptr::<WGenerator>();
            std::slice::from_raw_parts_mut(WGenerator::slots(g), (*g).len)[1..].fill(W::NULL);
        }
        f = f.add(1);
    }
}

/// Overwrites native stack below the caller, so that the frames of the collection do not show it what earlier calls left there.
#[inline(never)]
fn scrub_native_stack() {
    let mut words = [0u64; 1024];
    for w in &mut words {
        // SAFETY: a word of the array; volatile, so that the write stays.
        unsafe { std::ptr::write_volatile(w, 0) };
    }
    std::hint::black_box(&words);
}

/// See the table.
#[slot]
pub fn collect(sp: Space, kind: u32) -> Res<i64> {
    scrub_native_stack();
    // SAFETY: the thread is the running one.
    let dead = unsafe {
        clear_free_operands(sp);
        let vt = &*sp.thread().gcvt;
        (vt.collect)(sp.th().cast(), kind.min(CollectKind::Full as u32))
    };
    after_collection(sp)?;
    Ok(dead.into())
}
/// A module's namespace.
pub fn module_dict(w: W) -> W {
    // SAFETY: the caller knows that it is a module.
    unsafe { (*w.ptr::<WModule>()).w_dict }
}
/// A cell's content.
pub fn cell_value(w: W) -> Option<W> {
    // SAFETY: a live word.
    unsafe { (w.is_tid(TID_CELL)).then(|| (*w.ptr::<WCell>()).w_value) }
}
/// An exact dict?
pub fn is_dict(w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(TID_DICT) }
}
