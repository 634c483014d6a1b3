//! The option `verify`: after the marking of each minor collection everything reachable must be live. If not, a store went past the
//! write barrier.

use crate::classes::BLOCK_WORDS;
use crate::heap::Heap;
use crate::mark::{VERIFY, drain};
use crate::{os, roots, stress};
use taipan_abi::gc::GcThread;

/// Marks everything from the roots and compares.
pub unsafe fn check(h: &mut Heap, t: *mut GcThread, sp: usize) {
    std::ptr::write_bytes(h.verify_map, 0, h.top * BLOCK_WORDS);
    roots::scan::<VERIFY>(h, t, sp);
    drain::<VERIFY>(h, usize::MAX);
}

/// `w` is reachable but was not marked.
#[cold]
pub unsafe fn missed(h: &Heap, w: usize) -> ! {
    os::fatal(&format!(
        "missed write barrier: {} refers to {}, which the minor collection did not find",
        stress::describe(h, h.parent),
        stress::describe(h, w)
    ))
}
