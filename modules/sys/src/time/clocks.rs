//! Clocks and sleep.

use crate::util::time::{Round, clock_ns, monotonic_ns as mono, nanoseconds, timespec_arg, to_timespec};
use crate::util::{blocking, check, os_error};
use taipan_plugin_api::prelude::*;

fn ns(sp: Space, clock: libc::clockid_t) -> Res<i64> {
    clock_ns(clock).ok_or_else(|| os_error(sp))
}
fn seconds(ns: i64) -> f64 {
    // Splitting first keeps the fraction as exact as a float can be.
    if ns % 1_000_000_000 == 0 { (ns / 1_000_000_000) as f64 } else { ns as f64 / 1e9 }
}
macro_rules! clocks {
    ($($(#[$doc:meta])* $name:ident, $(#[$docns:meta])* $name_ns:ident, $clock:expr;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "()")]
        pub fn $name(sp: Space) -> Res<f64> {
            Ok(seconds(ns(sp, $clock)?))
        }
        $(#[$docns])*
        #[interp_fn(sig = "()")]
        pub fn $name_ns(sp: Space) -> Res<i64> {
            ns(sp, $clock)
        }
    )* };
}
clocks! {
    /// Return the current time in seconds since the Epoch.
    ///
    /// Fractions of a second may be present if the system clock provides them.
    time,
    /// Return the current time in nanoseconds since the Epoch.
    time_ns, libc::CLOCK_REALTIME;
    /// Monotonic clock, cannot go backward.
    monotonic,
    /// Monotonic clock, cannot go backward, as nanoseconds.
    monotonic_ns, libc::CLOCK_MONOTONIC;
    /// Performance counter for benchmarking.
    perf_counter,
    /// Performance counter for benchmarking as nanoseconds.
    perf_counter_ns, libc::CLOCK_MONOTONIC;
    /// Process time for profiling: sum of the kernel and user-space CPU time.
    process_time,
    /// Process time for profiling as nanoseconds:
    ///
    /// sum of the kernel and user-space CPU time.
    process_time_ns, libc::CLOCK_PROCESS_CPUTIME_ID;
    /// Thread time for profiling: sum of the kernel and user-space CPU time.
    thread_time,
    /// Thread time for profiling as nanoseconds:
    ///
    /// sum of the kernel and user-space CPU time.
    thread_time_ns, libc::CLOCK_THREAD_CPUTIME_ID;
}
/// Return the time of the specified clock clk_id as a float.
#[interp_fn(sig = "(clk_id, /)")]
pub fn clock_gettime(sp: Space, clock: i32) -> Res<f64> {
    Ok(seconds(ns(sp, clock)?))
}
/// Return the time of the specified clock clk_id as nanoseconds (int).
#[interp_fn(sig = "(clk_id, /)")]
pub fn clock_gettime_ns(sp: Space, clock: i32) -> Res<i64> {
    ns(sp, clock)
}
/// Set the time of the specified clock clk_id.
#[interp_fn(sig = "(clk_id, time, /)")]
pub fn clock_settime(sp: Space, clock: i32, w_time: W) -> Res<()> {
    let t = timespec_arg(sp, w_time, Round::Floor)?;
    // SAFETY: t is ours.
    check(sp, unsafe { libc::clock_settime(clock, &t) }).map(drop)
}
/// Set the time of the specified clock clk_id with nanoseconds.
#[interp_fn(sig = "(clk_id, time, /)")]
pub fn clock_settime_ns(sp: Space, clock: i32, time: i64) -> Res<()> {
    // SAFETY: the timespec is ours.
    check(sp, unsafe { libc::clock_settime(clock, &to_timespec(time)) }).map(drop)
}
fn resolution(sp: Space, clock: i32) -> Res<f64> {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: t is ours.
    check(sp, unsafe { libc::clock_getres(clock, &mut t) })?;
    Ok(t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9)
}
/// Return the resolution (precision) of the specified clock clk_id.
#[interp_fn(sig = "(clk_id, /)")]
pub fn clock_getres(sp: Space, clock: i32) -> Res<f64> {
    resolution(sp, clock)
}
/// Return the clk_id of a thread's CPU time clock.
#[interp_fn(sig = "(thread_id, /)")]
pub fn pthread_getcpuclockid(sp: Space, thread: u64) -> Res<i64> {
    let mut clock = 0;
    // SAFETY: the identifier is that of a live thread by the caller's word, as in CPython.
    match unsafe { libc::pthread_getcpuclockid(thread as libc::pthread_t, &mut clock) } {
        0 => Ok(clock as i64),
        e => Err(sp.raise_errno(e, W::NULL)),
    }
}
/// Get information of the specified clock.
#[interp_fn(sig = "(name, /)")]
pub fn get_clock_info(sp: Space, name: Text) -> Res<W> {
    let (clock, text, monotonic, adjustable) = match name.to_str().as_ref() {
        "time" => (libc::CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)", false, true),
        "monotonic" | "perf_counter" => (libc::CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true, false),
        "process_time" => (libc::CLOCK_PROCESS_CPUTIME_ID, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false),
        "thread_time" => (libc::CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false),
        _ => return Err(sp.value_error("unknown clock")),
    };
    let w_fields = sp.newdict()?;
    sp.dict_set_str(w_fields, "implementation", sp.newstr(text)?)?;
    sp.dict_set_str(w_fields, "monotonic", W::bool(monotonic))?;
    sp.dict_set_str(w_fields, "adjustable", W::bool(adjustable))?;
    sp.dict_set_str(w_fields, "resolution", sp.newfloat(resolution(sp, clock)?))?;
    sp.call_ex(sp.known(known::SIMPLE_NAMESPACE), sp.known(known::EMPTY_TUPLE), w_fields)
}
/// Delay execution for a given number of seconds.
///
/// The argument may be a floating-point number for subsecond precision.
#[interp_fn(sig = "(object, /)")]
pub fn sleep(sp: Space, w_seconds: W) -> Res<()> {
    let length = nanoseconds(sp, w_seconds, Round::Up)?;
    if length < 0 {
        return Err(sp.value_error("sleep length must be non-negative"));
    }
    let until = to_timespec(mono().saturating_add(length));
    loop {
        // SAFETY: a timespec of ours; no remaining time is asked for, the point in time is absolute.
        match blocking(sp, || unsafe {
            libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &until, std::ptr::null_mut())
        }) {
            // A signal may have come just before the sleep began.
            0 => return sp.poll(),
            libc::EINTR => sp.poll()?,
            e => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
