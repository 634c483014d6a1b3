//! Sleeping until a word changes, interruptible by signals.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use taipan_abi::gc::POLL_SIGNAL;
use taipan_plugin_api::prelude::*;

/// Sleeps while the word has this value, until it is woken, interrupted or the time is over.
#[cfg(target_os = "linux")]
fn sleep(word: &AtomicU32, value: u32, time: Option<Duration>) {
    let t = time.map(|d| libc::timespec { tv_sec: d.as_secs() as _, tv_nsec: d.subsec_nanos() as _ });
    let t = t.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the time live during the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), op, value, t) };
}
/// Wakes up to `n` of those who sleep at the word.
#[cfg(target_os = "linux")]
pub fn wake(word: &AtomicU32, n: i32) {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: only the address counts.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), op, n) };
}

/// Where there is no call for it, all sleepers share one condition and look now and then.
#[cfg(not(target_os = "linux"))]
static SHARED: (std::sync::Mutex<()>, std::sync::Condvar) = (std::sync::Mutex::new(()), std::sync::Condvar::new());
#[cfg(not(target_os = "linux"))]
fn sleep(word: &AtomicU32, value: u32, time: Option<Duration>) {
    const STEP: Duration = Duration::from_millis(20);
    let guard = SHARED.0.lock().unwrap_or_else(|e| e.into_inner());
    if word.load(SeqCst) == value {
        drop(SHARED.1.wait_timeout(guard, time.map_or(STEP, |t| t.min(STEP))));
    }
}
#[cfg(not(target_os = "linux"))]
pub fn wake(_word: &AtomicU32, _n: i32) {
    drop(SHARED.0.lock().unwrap_or_else(|e| e.into_inner()));
    SHARED.1.notify_all();
}

/// A signal that arrives just before the main thread falls asleep does not wake it; it looks again after this time.
const LONGEST_DEAF: Duration = Duration::from_millis(500);

/// One sleep at the word without the interpreter lock; then what is due (signal handlers) runs. False = the deadline has passed.
/// The word belongs to an object that a word on the caller's stack keeps.
pub fn wait(sp: Space, word: &AtomicU32, value: u32, deadline: Option<Instant>) -> Res<bool> {
    let poll = || sp.thread().gc.poll.load(Relaxed) & POLL_SIGNAL != 0;
    if poll() {
        sp.poll()?;
    }
    if word.load(SeqCst) != value {
        return Ok(true);
    }
    let mut time = deadline.map(|d| d.saturating_duration_since(Instant::now()));
    if time == Some(Duration::ZERO) {
        return Ok(false);
    }
    if !sp.thread().space[2].is_null() {
        time = Some(time.map_or(LONGEST_DEAF, |t| t.min(LONGEST_DEAF)));
    }
    sp.blocking(|| sleep(word, value, time));
    if poll() {
        sp.poll()?;
    }
    Ok(true)
}

/// A timeout argument in seconds as a point in time; None = for ever.
pub fn deadline(time: Option<Duration>) -> Option<Instant> {
    time.and_then(|d| Instant::now().checked_add(d))
}

/// Seconds as a timeout argument; negative = None.
pub fn seconds(sp: Space, w: W) -> Res<Option<Duration>> {
    // The clock counts nanoseconds in 64 bits.
    const MOST: f64 = 9223372036.854775;
    let Ok(seconds) = sp.float_w(w) else {
        if sp.catch(known::TYPE_ERROR) {
            let t = sp.type_name(w);
            return Err(raise!(sp, TYPE_ERROR, "'{t}' object cannot be interpreted as an integer or float"));
        }
        return Err(Raised);
    };
    if seconds.is_nan() {
        return Err(sp.value_error("Invalid value NaN (not a number)"));
    }
    if seconds.abs() > MOST {
        return Err(sp.overflow_error("timestamp out of range for C PyTime_t"));
    }
    if seconds < 0.0 {
        return Ok(None);
    }
    Ok(Some(Duration::from_secs_f64(seconds)))
}
/// The same; what a lock cannot wait for is an error.
pub fn timeout(sp: Space, w: W) -> Res<Option<Duration>> {
    let time = seconds(sp, w)?;
    if time.is_some_and(|t| t.as_secs_f64() > super::lock::TIMEOUT_MAX) {
        return Err(sp.overflow_error("timeout value is too large"));
    }
    Ok(time)
}
