//! `time`.

mod calendar;
mod clocks;
mod zone;

use crate::util::add_consts;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

crate::util::consts! {
    /// Clocks.
    CONSTS: [
        CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_TAI CLOCK_THREAD_CPUTIME_ID
    ] [_STRUCT_TM_ITEMS = 11]
}

fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, CONSTS)?;
    calendar::init(sp, w_module)?;
    zone::set(sp, w_module)
}

mixed_module!(
    MODULE,
    "time",
    doc = "This module provides various functions to manipulate time values.\n\nThere are two standard representations of time.  One is the number\nof seconds since the Epoch, in UTC (a.k.a. GMT).  It may be an integer\nor a floating-point number (to represent fractions of seconds).\nThe epoch is the point where the time starts, the return value of time.gmtime(0).\nIt is January 1, 1970, 00:00:00 (UTC) on all platforms.\n\nThe other representation is a tuple of 9 integers giving local time.\nThe tuple items are:\n  year (including century, e.g. 1998)\n  month (1-12)\n  day (1-31)\n  hours (0-23)\n  minutes (0-59)\n  seconds (0-59)\n  weekday (0-6, Monday is 0)\n  Julian day (day in the year, 1-366)\n  DST (Daylight Savings Time) flag (-1, 0 or 1)\nIf the DST flag is 0, the time is given in the regular time zone;\nif it is 1, the time is given in the DST time zone;\nif it is -1, mktime() should guess based on the date and time.\n",
    functions = [
        clocks::time,
        clocks::time_ns,
        clocks::monotonic,
        clocks::monotonic_ns,
        clocks::perf_counter,
        clocks::perf_counter_ns,
        clocks::process_time,
        clocks::process_time_ns,
        clocks::thread_time,
        clocks::thread_time_ns,
        clocks::clock_gettime,
        clocks::clock_gettime_ns,
        clocks::clock_settime,
        clocks::clock_settime_ns,
        clocks::clock_getres,
        clocks::pthread_getcpuclockid,
        clocks::get_clock_info,
        clocks::sleep,
        calendar::gmtime,
        calendar::localtime,
        calendar::mktime,
        calendar::asctime,
        calendar::ctime,
        calendar::strftime,
        calendar::strptime,
        zone::tzset,
    ],
    init = init,
);
