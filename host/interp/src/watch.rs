//! Generators that have to be closed when nothing reaches them any more.
//!
//! Only those are registered with the collector that can have something to do at their end: coroutines (one never awaited is reported),
//! and generators whose code has a `try`, a `with` or a delegation. A finished one takes its registration back by the mark of a
//! finalizer that has run, so that its memory is freed like any other's. So `for x in generator()` pays nothing for a plain generator,
//! and an entry in a list for others.

use crate::objects::{WGenerator, gen_flags};
use taipan_abi::word::{RT_FINALIZED, W};
use taipan_plugin_api::Space;

/// Rows of the exception table of a generator without handlers of its own: the one that turns StopIteration into RuntimeError.
pub const PLAIN: u32 = 1;

/// The collector shall hand over the generator when it becomes unreachable.
pub fn register(sp: Space, w_gen: W) {
    // SAFETY: a generator object.
    unsafe {
        let g = w_gen.ptr::<WGenerator>();
        if (*g).ag_flags & gen_flags::WATCHED == 0 {
            (*g).ag_flags |= gen_flags::WATCHED;
            ((*sp.thread().gcvt).reg_finalizer)(sp.th().cast(), w_gen.ptr());
        }
    }
}

/// The generator is finished.
///
/// # Safety
/// `g` is a generator object.
#[inline]
pub unsafe fn closed(g: *mut WGenerator) {
    if (*g).ag_flags & gen_flags::WATCHED != 0 {
        (*g).header.rt |= RT_FINALIZED;
    }
}
