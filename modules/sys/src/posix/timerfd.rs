//! Timers as descriptors.

use super::stat::zeroed;
use crate::util::check;
use crate::util::fd::Fd;
use crate::util::time::to_timespec;
use taipan_plugin_api::prelude::*;

/// Create and return a timer file descriptor.
///
///   clockid
///     A valid clock ID constant as timer file descriptor.
///
///     time.CLOCK_REALTIME
///     time.CLOCK_MONOTONIC
///     time.CLOCK_BOOTTIME
///   flags
///     0 or a bit mask of os.TFD_NONBLOCK or os.TFD_CLOEXEC.
///
///     os.TFD_NONBLOCK
///         If *TFD_NONBLOCK* is set as a flag, read doesn't blocks.
///         If *TFD_NONBLOCK* is not set as a flag, read block until the timer fires.
///
///     os.TFD_CLOEXEC
///         If *TFD_CLOEXEC* is set as a flag, enable the close-on-exec flag
#[interp_fn(sig = "(clockid, /, *, flags=0)")]
pub fn timerfd_create(sp: Space, clockid: i32, flags: i32) -> Res<i32> {
    // SAFETY: any numbers are allowed.
    check(sp, unsafe { libc::timerfd_create(clockid, flags | libc::TFD_CLOEXEC) })
}
fn set(sp: Space, fd: i32, flags: i32, initial: libc::timespec, interval: libc::timespec) -> Res<libc::itimerspec> {
    let new = libc::itimerspec { it_interval: interval, it_value: initial };
    let mut old: libc::itimerspec = zeroed();
    // SAFETY: both are ours.
    check(sp, unsafe { libc::timerfd_settime(fd, flags, &new, &mut old) })?;
    Ok(old)
}
fn get(sp: Space, fd: i32) -> Res<libc::itimerspec> {
    let mut t: libc::itimerspec = zeroed();
    // SAFETY: t is ours.
    check(sp, unsafe { libc::timerfd_gettime(fd, &mut t) })?;
    Ok(t)
}
fn seconds(t: libc::itimerspec) -> (f64, f64) {
    let f = |t: libc::timespec| t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64;
    (f(t.it_value), f(t.it_interval))
}
fn nanoseconds(t: libc::itimerspec) -> (i64, i64) {
    let n = |t: libc::timespec| t.tv_sec.saturating_mul(1_000_000_000).saturating_add(t.tv_nsec);
    (n(t.it_value), n(t.it_interval))
}
fn span(sp: Space, seconds: f64) -> Res<libc::timespec> {
    crate::util::time::timespec_arg(sp, sp.newfloat(seconds), crate::util::time::Round::Floor)
}
/// Alter a timer file descriptor's internal timer in seconds.
///
///   fd
///     A timer file descriptor.
///   flags
///     0 or a bit mask of TFD_TIMER_ABSTIME or TFD_TIMER_CANCEL_ON_SET.
///   initial
///     The initial expiration time, in seconds.
///   interval
///     The timer's interval, in seconds.
#[interp_fn(sig = "(fd, /, *, flags=0, initial=0.0, interval=0.0)")]
pub fn timerfd_settime(sp: Space, fd: Fd, flags: i32, initial: f64, interval: f64) -> Res<(f64, f64)> {
    Ok(seconds(set(sp, fd.0, flags, span(sp, initial)?, span(sp, interval)?)?))
}
/// Alter a timer file descriptor's internal timer in nanoseconds.
///
///   fd
///     A timer file descriptor.
///   flags
///     0 or a bit mask of TFD_TIMER_ABSTIME or TFD_TIMER_CANCEL_ON_SET.
///   initial
///     initial expiration timing in seconds.
///   interval
///     interval for the timer in seconds.
#[interp_fn(sig = "(fd, /, *, flags=0, initial=0, interval=0)")]
pub fn timerfd_settime_ns(sp: Space, fd: Fd, flags: i32, initial: i64, interval: i64) -> Res<(i64, i64)> {
    Ok(nanoseconds(set(sp, fd.0, flags, to_timespec(initial), to_timespec(interval))?))
}
/// Return a tuple of a timer file descriptor's (interval, next expiration) in float seconds.
///
///   fd
///     A timer file descriptor.
#[interp_fn(sig = "(fd, /)")]
pub fn timerfd_gettime(sp: Space, fd: Fd) -> Res<(f64, f64)> {
    Ok(seconds(get(sp, fd.0)?))
}
/// Return a tuple of a timer file descriptor's (interval, next expiration) in nanoseconds.
///
///   fd
///     A timer file descriptor.
#[interp_fn(sig = "(fd, /)")]
pub fn timerfd_gettime_ns(sp: Space, fd: Fd) -> Res<(i64, i64)> {
    Ok(nanoseconds(get(sp, fd.0)?))
}
