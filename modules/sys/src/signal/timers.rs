//! Alarms and interval timers.

use crate::posix::zeroed;
use crate::util::time::{Round, nanoseconds, to_timeval};
use crate::util::{blocking, errno, errno_exception, new_exception};
use taipan_plugin_api::prelude::*;

static ITIMER_ERROR: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let w_class = new_exception(sp, w_module, "signal.ItimerError", sp.known(known::OS_ERROR))?;
    ITIMER_ERROR.set(sp, w_class);
    Ok(())
}
#[cold]
fn itimer_error(sp: Space) -> Raised {
    errno_exception(sp, ITIMER_ERROR.get(), errno())
}
/// Arrange for SIGALRM to arrive after the given number of seconds.
#[interp_fn(sig = "(seconds, /)")]
pub fn alarm(_sp: Space, seconds: i32) -> Res<i64> {
    // SAFETY: any number is allowed.
    Ok(unsafe { libc::alarm(seconds as u32) } as i64)
}
/// Wait until a signal arrives.
#[interp_fn(sig = "()")]
pub fn pause(sp: Space) -> Res<()> {
    // SAFETY: no arguments.
    blocking(sp, || unsafe { libc::pause() });
    sp.poll()
}
fn pair(t: &libc::itimerval) -> (f64, f64) {
    let f = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    (f(t.it_value), f(t.it_interval))
}
fn span(sp: Space, w: W) -> Res<libc::timeval> {
    if w.is_null() {
        return Ok(to_timeval(0));
    }
    nanoseconds(sp, w, Round::Up).map(to_timeval)
}
/// Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF).
///
/// The timer will fire after value seconds and after that every interval seconds.
/// The itimer can be cleared by setting seconds to zero.
///
/// Returns old values as a tuple: (delay, interval).
#[interp_fn(sig = "(which, seconds, interval=0.0, /)")]
pub fn setitimer(sp: Space, which: i32, w_seconds: W, w_interval: W) -> Res<(f64, f64)> {
    let new = libc::itimerval { it_value: span(sp, w_seconds)?, it_interval: span(sp, w_interval)? };
    let mut old: libc::itimerval = zeroed();
    // SAFETY: both are ours.
    if unsafe { setitimer_(which, &new, &mut old) } != 0 { Err(itimer_error(sp)) } else { Ok(pair(&old)) }
}
/// Returns current value of given itimer.
#[interp_fn(sig = "(which, /)")]
pub fn getitimer(sp: Space, which: i32) -> Res<(f64, f64)> {
    let mut t: libc::itimerval = zeroed();
    // SAFETY: t is ours.
    if unsafe { getitimer_(which, &mut t) } != 0 { Err(itimer_error(sp)) } else { Ok(pair(&t)) }
}
unsafe extern "C" {
    #[link_name = "setitimer"]
    fn setitimer_(which: i32, new: *const libc::itimerval, old: *mut libc::itimerval) -> i32;
    #[link_name = "getitimer"]
    fn getitimer_(which: i32, value: *mut libc::itimerval) -> i32;
}
