//! Weak slots and finalizers.
//!
//! A weak slot is written before it is registered; afterwards only the collector changes it (to zero), or it is registered anew. Of
//! what a collection finds unreachable, weak slots are cleared first; then finalizers are queued and their objects revived with
//! all they reach, so that a finalizer never sees a weak reference to its own garbage. Late slots (`WEAK_LATE`) are cleared after that.

use crate::bits;
use crate::heap::{Heap, heap};
use crate::mark::visit;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::gc::{GcThread, POLL_GC, WEAK_LATE};
use taipan_abi::word::{Header, RT_FINALIZED};

/// The registrations and the queues.
#[derive(Default)]
pub struct Weak {
    /// Weak slots registered since the last minor collection: owner, offset.
    pub young_slots: Vec<(usize, u32)>,
    /// Older ones: owner and target are old.
    pub old_slots: Vec<(usize, u32)>,
    /// Objects with a finalizer registered since the last minor collection.
    pub young_fins: Vec<usize>,
    /// Older ones.
    pub old_fins: Vec<usize>,
    /// Owners of cleared slots, to be taken.
    pub dead: VecDeque<usize>,
    /// Unreachable objects to finalize, to be taken.
    pub queue: VecDeque<usize>,
}

/// `GcVTable::reg_weak`.
pub unsafe extern "C" fn reg_weak(_t: *mut GcThread, weak: *mut u8, off: u32) {
    let h = heap();
    if h.inside(weak as usize) {
        h.weak.young_slots.push((weak as usize, off));
    }
}

/// `GcVTable::reg_finalizer`.
pub unsafe extern "C" fn reg_finalizer(_t: *mut GcThread, p: *mut u8) {
    let h = heap();
    if h.inside(p as usize) {
        h.weak.young_fins.push(p as usize);
    }
}

unsafe fn settle(h: &Heap, t: *mut GcThread) {
    if h.weak.dead.is_empty() && h.weak.queue.is_empty() {
        (*t).poll.fetch_and(!POLL_GC, Relaxed);
    }
}

/// `GcVTable::next_dead_weak`.
pub unsafe extern "C" fn next_dead_weak(t: *mut GcThread) -> *mut u8 {
    let h = heap();
    let o = h.weak.dead.pop_front().unwrap_or(0);
    settle(h, t);
    o as *mut u8
}

/// `GcVTable::next_finalizable`.
pub unsafe extern "C" fn next_finalizable(t: *mut GcThread) -> *mut u8 {
    let h = heap();
    let o = h.weak.queue.pop_front().unwrap_or(0);
    settle(h, t);
    o as *mut u8
}

impl Heap {
    /// Was `o` reached? `map` is the bitmap of the collection; objects outside the heap always are.
    unsafe fn reached(&self, map: *const u64, o: usize) -> bool {
        !self.inside(o) || bits::get(map, self.bit(o))
    }

    /// Clears the slots of `list` whose target was not reached and queues their owners, if those were.
    pub unsafe fn clear_weak(&mut self, list: &[(usize, u32)], map: *const u64) {
        let before = self.weak.dead.len();
        for &(owner, off) in list {
            if off & WEAK_LATE != 0 {
                continue;
            }
            let slot = (owner + off as usize) as *mut usize;
            if *slot != 0 && !self.reached(map, *slot) {
                *slot = 0;
                if self.reached(map, owner) {
                    self.weak.dead.push_back(owner);
                }
            }
        }
        if self.weak.dead.len() > before {
            self.ask();
        }
    }

    /// Clears late slots whose target was not reached, and drops registrations that are over: slots cleared, owners dead. After
    /// finalizers have revived theirs.
    pub unsafe fn prune_weak(&self, list: &mut Vec<(usize, u32)>, map: *const u64) {
        list.retain(|&(owner, off)| {
            let slot = (owner + (off & !WEAK_LATE) as usize) as *mut usize;
            if !self.reached(map, owner) {
                return false;
            }
            if off & WEAK_LATE != 0 && !self.reached(map, *slot) {
                *slot = 0;
            }
            *slot != 0
        });
    }

    /// Queues the objects of `list` that were not reached, and visits them. The marking has to go on afterwards.
    pub unsafe fn queue_finalizers<const M: u8>(&mut self, list: &mut Vec<usize>, map: *const u64) {
        let first = self.weak.queue.len();
        let queue = &mut self.weak.queue;
        let (base, used) = (self.base, self.used_len);
        list.retain(|&o| {
            let dead = o.wrapping_sub(base) < used && !bits::get(map, (o - base) >> 3);
            if dead && (*(o as *const Header)).rt & RT_FINALIZED == 0 {
                queue.push_back(o);
            }
            !dead
        });
        if self.weak.queue.len() > first {
            for i in first..self.weak.queue.len() {
                visit::<M>(self, self.weak.queue[i]);
            }
            self.ask();
        }
    }

    /// Asks the evaluator to drain the queues.
    pub unsafe fn ask(&self) {
        for &t in &self.threads {
            (*t).poll.fetch_or(POLL_GC, Relaxed);
        }
    }
}
