//! The end of a class made in Python: its slots, rows and shapes are native memory.
//!
//! A class is swept when no instance of it is alive; but dead instances may still wait for the sweep, which asks their rows how large
//! they are and what to free, and a function that was called through the slots may be on its way out. So rows lose their class and shape at
//! once, and the memory of rows and slots waits in a queue until nothing is left to be swept.

use super::{rows, shapes};
use crate::layouts::*;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use taipan_abi::gc::{GcStats, TypeInfo};
use taipan_abi::types::Slots;
use taipan_plugin_api::prelude::*;

/// What a dead class leaves: its slots and the indexes of its rows.
struct Rest {
    slots: *mut Slots,
    rows: Vec<u32>,
    /// Was it there already when the queue was looked at before?
    seen: bool,
}
// SAFETY: nothing else points to the slots; only the holder of the interpreter lock runs any of this.
unsafe impl Send for Rest {}

static QUEUE: Mutex<VecDeque<Rest>> = Mutex::new(VecDeque::new());
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// The queue is looked at when it holds this many more than after the last look.
const STEP: usize = 64;
static NEXT_LOOK: AtomicUsize = AtomicUsize::new(STEP);

/// `TypeSpec::free` of classes.
///
/// # Safety
/// A dead object laid out as WType.
pub unsafe extern "C" fn free(obj: *mut u8) {
    // SAFETY: the caller's promise. One that was never completed has no flags, rows or slots yet.
    let t = unsafe { &mut *(obj as *mut WType) };
    if t.flags & tflags::HEAP == 0 {
        return;
    }
    let w = W(obj as u64);
    let mut todo = vec![t.tid, t.dict_tid];
    todo.extend(shapes::take_foreign_rows(t.tid));
    let mut dead = Vec::new();
    while let Some(tid) = todo.pop() {
        let Some(row) = rows::get(tid).filter(|r| r.w_type == w) else { continue };
        todo.extend(shapes::free_shape(row));
        row.w_type = W::NULL;
        dead.push(tid);
    }
    let slots = std::mem::replace(&mut t.slots, std::ptr::null_mut());
    let mut queue = QUEUE.lock().unwrap_or_else(|e| e.into_inner());
    queue.push_back(Rest { slots, rows: dead, seen: false });
    WAITING.store(queue.len(), Ordering::Relaxed);
}

/// `TypeSpec::native_bytes` of classes: about what one made in Python has outside the heap.
///
/// # Safety
/// A live object laid out as WType.
pub unsafe extern "C" fn native_bytes(obj: *const u8) -> usize {
    // SAFETY: the caller's promise.
    let t = unsafe { &*(obj as *const WType) };
    if t.flags & tflags::HEAP == 0 { 0 } else { size_of::<Slots>() + 2 * size_of::<TypeInfo>() }
}

/// Gives back the memory that nothing can ask for any more. Called when a class is made.
pub fn release(sp: Space) {
    if WAITING.load(Ordering::Relaxed) < NEXT_LOOK.load(Ordering::Relaxed) {
        return;
    }
    let mut stats = GcStats::default();
    // SAFETY: the collector's table.
    unsafe { ((*sp.thread().gcvt).stats)(&mut stats) };
    let mut queue = QUEUE.lock().unwrap_or_else(|e| e.into_inner());
    while stats.sweeping == 0 && queue.front().is_some_and(|r| r.seen) {
        let Some(rest) = queue.pop_front() else { break };
        for tid in rest.rows {
            rows::remove(tid);
        }
        if !rest.slots.is_null() {
            // SAFETY: made by Box in `heaptype::build`; the class that owned them is gone.
            drop(unsafe { Box::from_raw(rest.slots) });
        }
    }
    for rest in queue.iter_mut().rev().take_while(|r| !r.seen) {
        rest.seen = true;
    }
    WAITING.store(queue.len(), Ordering::Relaxed);
    NEXT_LOOK.store(queue.len() + STEP, Ordering::Relaxed);
}
