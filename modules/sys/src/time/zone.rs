//! The time zone as module attributes.

use super::calendar::local;
use crate::util::path::fsdecode;
use std::ffi::CStr;
use taipan_plugin_api::prelude::*;

/// The mean length of a year in seconds, with the leap day of four.
const YEAR: i64 = (365 * 24 + 6) * 3600;

/// Reads the zone anew.
pub fn read() {
    unsafe extern "C" {
        fn tzset();
    }
    // SAFETY: the C library's own state; other native threads of ours do not change TZ.
    unsafe { tzset() }
}
/// Offset west of UTC and name at a point in time.
fn at(sp: Space, t: i64) -> Res<(i64, W)> {
    let tm = local(sp, t)?;
    let w_name = if tm.tm_zone.is_null() {
        sp.newstr("")?
    } else {
        // SAFETY: a C string of the C library.
        fsdecode(sp, unsafe { CStr::from_ptr(tm.tm_zone) }.to_bytes())?
    };
    Ok((-tm.tm_gmtoff, w_name))
}
/// Sets timezone, altzone, daylight and tzname from what holds in winter and in summer.
pub fn set(sp: Space, w_module: W) -> Res<()> {
    read();
    // SAFETY: no argument is filled.
    let now = unsafe { libc::time(std::ptr::null_mut()) };
    let start = now / YEAR * YEAR;
    let ((january, w_january), (july, w_july)) = (at(sp, start)?, at(sp, start + YEAR / 2)?);
    // South of the equator summer is in January.
    let (standard, summer) =
        if january < july { ((july, w_july), (january, w_january)) } else { ((january, w_january), (july, w_july)) };
    sp.setattr_str(w_module, "timezone", sp.newint(standard.0))?;
    sp.setattr_str(w_module, "altzone", sp.newint(summer.0))?;
    sp.setattr_str(w_module, "daylight", sp.newint((january != july) as i64))?;
    sp.setattr_str(w_module, "tzname", sp.newtuple(&[standard.1, summer.1])?)
}

/// Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ'].
///
/// The TZ environment variable should be specified in standard Unix timezone
/// format as documented in the tzset man page (eg. 'US/Eastern', 'Europe/Amsterdam').
/// Unknown timezones will silently fall back to UTC. If the TZ environment
/// variable is not set, the local timezone is set to the systems best guess of
/// wallclock time. Changing the TZ environment variable without calling tzset *may*
/// change the local timezone used by methods such as localtime, but this behaviour
/// should not be relied on.
#[interp_fn(sig = "()", with_module)]
pub fn tzset(sp: Space, w_module: W) -> Res<()> {
    set(sp, w_module)
}
