//! Counters.

use crate::heap::{Phase, heap};
use std::time::Instant;
use taipan_abi::gc::GcStats;

/// Collections and the time they took.
#[derive(Default)]
pub struct Clock {
    /// Minor collections.
    pub minors: u64,
    /// Major collections that came to their end.
    pub majors: u64,
    /// Time in pauses.
    pub total: u64,
    /// The longest pause.
    pub longest: u64,
}

impl Clock {
    /// A pause begins.
    pub fn begin(&self) -> Instant {
        Instant::now()
    }
    /// A pause ends.
    pub fn end(&mut self, start: Instant) {
        let ns = start.elapsed().as_nanos() as u64;
        self.total += ns;
        self.longest = self.longest.max(ns);
    }
}

/// `GcVTable::stats`.
pub unsafe extern "C" fn stats(out: *mut GcStats) {
    let h = heap();
    *out = GcStats {
        minor_collections: h.clock.minors,
        major_collections: h.clock.majors,
        heap_bytes: (h.old_bytes + h.unswept_bytes + h.young_bytes) as u64,
        reserved_bytes: h.used_len as u64,
        native_bytes: h.native as u64,
        nanoseconds: h.clock.total,
        longest_pause: h.clock.longest,
        sweeping: u64::from(h.phase == Phase::Sweeping),
    };
}
