//! What this space keeps for each thread beside the record that the parts share: `Thread::space[1]`.

use std::sync::atomic::{AtomicU64, Ordering};
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;

/// The space's part of a thread. Its words are roots while the thread lives.
pub struct Own {
    /// Never used again by another thread.
    pub serial: u64,
    /// A list of weak references to the `_local` objects that the thread has data in, or NULL.
    pub w_locals: W,
    /// Where the list is next cleaned of dead ones.
    pub prune_at: usize,
    /// The handle of a thread that was started, or NULL.
    pub w_handle: W,
    /// Registered roots.
    roots: Vec<u32>,
}

/// The running thread's.
pub fn own<'a>(sp: Space) -> &'a mut Own {
    // SAFETY: set by `attach` before the thread runs anything; used by its thread only, references are short-lived.
    unsafe { &mut *sp.thread().space[1].cast::<Own>() }
}

/// The thread begins: the words of its state are roots like those on its stacks.
pub fn attach(sp: Space) {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let own = Box::new(Own { serial, w_locals: W::NULL, prune_at: 16, w_handle: W::NULL, roots: Vec::new() });
    let own = Box::leak(own);
    let t = sp.thread();
    t.space[1] = std::ptr::from_mut(own).cast();
    let words: [*const W; 10] = [
        &t.exc,
        &t.handled,
        &t.w_trace,
        &t.w_profile,
        &t.w_context,
        &t.w_async_exc,
        &t.w_asyncgen_firstiter,
        &t.w_asyncgen_finalizer,
        &own.w_locals,
        &own.w_handle,
    ];
    // SAFETY: the record and the box stay where they are until `detach`.
    own.roots = words.iter().map(|w| unsafe { ((*t.gcvt).add_roots)(*w, 1) }).collect();
}

/// The thread ends.
pub fn detach(sp: Space) {
    let t = sp.thread();
    // SAFETY: made by `attach`; nobody uses it from here on.
    unsafe {
        let own = Box::from_raw(t.space[1].cast::<Own>());
        for r in &own.roots {
            ((*t.gcvt).del_roots)(*r);
        }
    }
    t.space[1] = std::ptr::null_mut();
}
