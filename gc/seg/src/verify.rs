//! The option `verify`: after the marking of each collection everything reachable must be live (or marked, for a major one). If not, a
//! store went past the write barrier.

use crate::classes::BLOCK_WORDS;
use crate::heap::Heap;
use crate::mark::drain;
use crate::{os, roots, stress};
use taipan_abi::gc::GcThread;

/// Marks everything from the roots and compares; the mode is VERIFY or VERIFY_MAJOR.
pub unsafe fn check<const M: u8>(h: &mut Heap, t: *mut GcThread, sp: usize) {
    std::ptr::write_bytes(h.verify_map, 0, h.top * BLOCK_WORDS);
    roots::scan::<M>(h, t, sp);
    drain::<M>(h, usize::MAX);
}

/// `w` is reachable but was not marked.
#[cold]
pub unsafe fn missed(h: &Heap, w: usize) -> ! {
    os::fatal(&format!(
        "missed write barrier: {} refers to {}, which the collection did not find",
        stress::describe(h, h.parent),
        stress::describe(h, w)
    ))
}
