//! Attached threads: their registration, parking, and fork.

use crate::heap::{CARD_SHIFT, heap};
use crate::{CAPS, os};
use std::ffi::c_void;
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::gc::{Bump, GcThread, POLL_GC};

/// `GcVTable::attach`.
pub unsafe extern "C" fn attach(t: *mut GcThread) -> i32 {
    let h = heap();
    if h.threads.contains(&t) {
        return 0;
    }
    let thread = &mut *t;
    if thread.stack_hi == 0 {
        thread.stack_hi = os::stack_hi();
        if thread.stack_hi == 0 {
            return -1;
        }
    }
    thread.bump = [Bump::default(); taipan_abi::gc::BUMP_CLASSES];
    thread.card_shift = CARD_SHIFT as u32;
    thread.card_bias = (h.cards as usize).wrapping_sub(h.base >> CARD_SHIFT);
    thread.caps = CAPS as u32;
    thread.state = 0;
    thread.parked_sp = 0;
    thread.plugin = [0; 8];
    thread.plugin[0] = os::thread_id();
    h.threads.push(t);
    if !h.weak.dead.is_empty() || !h.weak.queue.is_empty() {
        thread.poll.fetch_or(POLL_GC, Relaxed);
    }
    0
}

/// `GcVTable::detach`.
pub unsafe extern "C" fn detach(t: *mut GcThread) -> i32 {
    let h = heap();
    let Some(i) = h.threads.iter().position(|&x| x == t) else { return -1 };
    h.flush_thread(t);
    h.threads.swap_remove(i);
    0
}

/// `GcVTable::park`. May nest: a callback of `f` that runs Python again parks deeper in the stack.
#[inline(never)]
pub unsafe extern "C" fn park(t: *mut GcThread, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void) {
    let mut registers: os::Registers = [0; 20];
    os::spill(&mut registers);
    let was = ((*t).state, (*t).parked_sp);
    (*t).parked_sp = os::stack_pointer();
    (*t).state = 1;
    f(ctx);
    (*t).state = was.0;
    (*t).parked_sp = was.1;
    std::hint::black_box(&mut registers);
}

/// `GcVTable::fork`. Only the forking thread goes on in the child.
pub unsafe extern "C" fn fork(kind: u32) {
    if kind != 2 {
        return;
    }
    let h = heap();
    let me = os::thread_id();
    for t in std::mem::take(&mut h.threads) {
        if (*t).plugin[0] == me {
            h.threads.push(t);
        } else {
            h.flush_thread(t);
        }
    }
}
