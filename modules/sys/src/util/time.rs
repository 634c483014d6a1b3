//! Time spans and points as arguments.

use taipan_plugin_api::prelude::*;

/// How a float that lies between two nanoseconds is rounded.
#[derive(Copy, Clone, PartialEq)]
pub enum Round {
    /// Towards minus infinity.
    Floor,
    /// Away from zero, so that a wait is never shorter than asked.
    Up,
}

/// Nanoseconds of a number of seconds. Errors are CPython's.
pub fn nanoseconds(sp: Space, w: W, round: Round) -> Res<i64> {
    use taipan_plugin_api::abi::word::{TID_BOOL, TID_FLOAT, TID_INT, TID_LONG};
    let too_large = || sp.overflow_error("timestamp too large to convert to C PyTime_t");
    match sp.layout(w) {
        TID_FLOAT => {
            let f = sp.float_w(w)?;
            if f.is_nan() {
                return Err(sp.value_error("Invalid value NaN (not a number)"));
            }
            let n = f * 1e9;
            let n = match round {
                Round::Floor => n.floor(),
                Round::Up if n < 0.0 => n.floor(),
                Round::Up => n.ceil(),
            };
            // 2**63 is exact as a float; everything below it fits.
            if (-9223372036854775808.0..9223372036854775808.0).contains(&n) { Ok(n as i64) } else { Err(too_large()) }
        }
        TID_INT | TID_LONG | TID_BOOL => match sp.int_w(w) {
            Ok(n) => n.checked_mul(1_000_000_000).ok_or_else(too_large),
            Err(_) => {
                sp.take_exc();
                Err(too_large())
            }
        },
        _ => {
            if sp.lookup_special(w, name!(sp, "__index__"))?.is_some() {
                return nanoseconds(sp, sp.index(w)?, round);
            }
            Err(sp.type_error(&format!("'{}' object cannot be interpreted as an integer or float", sp.type_name(w))))
        }
    }
}

/// Whole seconds and nanoseconds of a point in time.
pub fn timespec_arg(sp: Space, w: W, round: Round) -> Res<libc::timespec> {
    use taipan_plugin_api::abi::word::TID_FLOAT;
    if sp.layout(w) == TID_FLOAT {
        let f = sp.float_w(w)?;
        if f.is_nan() {
            return Err(sp.value_error("Invalid value NaN (not a number)"));
        }
        let mut sec = f.floor();
        let frac = (f - sec) * 1e9;
        let mut nsec = if round == Round::Floor { frac.floor() } else { frac.ceil() };
        if nsec >= 1e9 {
            nsec -= 1e9;
            sec += 1.0;
        }
        if !(-9223372036854775808.0..9223372036854775808.0).contains(&sec) {
            return Err(sp.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(libc::timespec { tv_sec: sec as i64, tv_nsec: nsec as i64 });
    }
    let sec = seconds_arg(sp, w)?;
    Ok(libc::timespec { tv_sec: sec, tv_nsec: 0 })
}
/// time_t of an int or float.
pub fn seconds_arg(sp: Space, w: W) -> Res<i64> {
    use taipan_plugin_api::abi::word::TID_FLOAT;
    if sp.layout(w) == TID_FLOAT {
        return Ok(timespec_arg(sp, w, Round::Floor)?.tv_sec);
    }
    sp.int_w(w).map_err(|e| {
        if sp.catch(known::OVERFLOW_ERROR) {
            sp.overflow_error("timestamp out of range for platform time_t")
        } else {
            e
        }
    })
}

/// A timespec of nanoseconds.
pub fn to_timespec(ns: i64) -> libc::timespec {
    libc::timespec { tv_sec: ns.div_euclid(1_000_000_000), tv_nsec: ns.rem_euclid(1_000_000_000) }
}
/// A timeval of nanoseconds, rounded up.
pub fn to_timeval(ns: i64) -> libc::timeval {
    let us = ns.div_euclid(1000) + (ns.rem_euclid(1000) != 0) as i64;
    libc::timeval { tv_sec: us.div_euclid(1_000_000), tv_usec: us.rem_euclid(1_000_000) }
}
/// Now on a clock, in nanoseconds; None = see errno.
pub fn clock_ns(clock: libc::clockid_t) -> Option<i64> {
    // SAFETY: plain data filled by the call.
    let mut t: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: t is ours.
    (unsafe { libc::clock_gettime(clock, &mut t) } == 0)
        .then(|| t.tv_sec.saturating_mul(1_000_000_000).saturating_add(t.tv_nsec))
}
/// The monotonic clock, in nanoseconds.
pub fn monotonic_ns() -> i64 {
    clock_ns(libc::CLOCK_MONOTONIC).unwrap_or(0)
}

/// A time limit of a blocking call that is repeated after signals.
#[derive(Copy, Clone)]
pub struct Deadline(Option<i64>);
impl Deadline {
    /// From now on; None = no limit.
    pub fn after(ns: Option<i64>) -> Deadline {
        Deadline(ns.map(|n| monotonic_ns().saturating_add(n)))
    }
    /// What is left, at least 0; None = no limit.
    pub fn left(self) -> Option<i64> {
        self.0.map(|d| (d - monotonic_ns()).max(0))
    }
    /// What is left in milliseconds for poll(2), rounded up; -1 = no limit.
    pub fn poll_ms(self) -> i32 {
        match self.left() {
            None => -1,
            Some(ns) => ((ns + 999_999) / 1_000_000).min(i32::MAX as i64) as i32,
        }
    }
}
