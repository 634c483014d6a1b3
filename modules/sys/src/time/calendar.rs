//! Broken-down time.

use crate::util::path::{encode, fsdecode};
use crate::util::time::seconds_arg;
use crate::util::{errno, newstructseq, set_errno, structseq};
use std::ffi::CString;
use taipan_plugin_api::prelude::*;

static STRUCT_TIME: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "The time value as returned by gmtime(), localtime(), and strptime(), and\n accepted by asctime(), mktime() and strftime().  May be considered as a\n sequence of 9 integers.\n\n Note that several fields' values are not the same as those defined by\n the C language standard for struct tm.  For example, the value of the\n field tm_year is the actual year, not year - 1900.  See individual\n fields' descriptions for details.";
    let fields = [
        "tm_year",
        "tm_mon",
        "tm_mday",
        "tm_hour",
        "tm_min",
        "tm_sec",
        "tm_wday",
        "tm_yday",
        "tm_isdst",
        "tm_zone",
        "tm_gmtoff",
    ];
    STRUCT_TIME.set(sp, structseq(sp, w_module, "time.struct_time", doc, &fields, 9)?);
    Ok(())
}

fn zeroed() -> libc::tm {
    // SAFETY: integers and a pointer.
    unsafe { std::mem::zeroed() }
}
/// Local time of a point.
pub fn local(sp: Space, t: i64) -> Res<libc::tm> {
    let mut tm = zeroed();
    set_errno(0);
    // SAFETY: both are ours.
    if unsafe { libc::localtime_r(&t, &mut tm) }.is_null() { Err(out_of_range(sp)) } else { Ok(tm) }
}
fn utc(sp: Space, t: i64) -> Res<libc::tm> {
    let mut tm = zeroed();
    set_errno(0);
    // SAFETY: both are ours.
    if unsafe { libc::gmtime_r(&t, &mut tm) }.is_null() { Err(out_of_range(sp)) } else { Ok(tm) }
}
#[cold]
fn out_of_range(sp: Space) -> Raised {
    match errno() {
        0 => sp.raise_errno(libc::EINVAL, W::NULL),
        e => sp.raise_errno(e, W::NULL),
    }
}
fn now() -> i64 {
    // SAFETY: no argument is filled.
    unsafe { libc::time(std::ptr::null_mut()) }
}
fn point(sp: Space, w: W) -> Res<i64> {
    if w.is_null() || w.is_none() { Ok(now()) } else { seconds_arg(sp, w) }
}
fn struct_time(sp: Space, tm: &libc::tm) -> Res<W> {
    let w_zone = crate::util::c_text(sp, tm.tm_zone)?;
    let i = |n: i32| sp.newint(n as i64);
    newstructseq(
        sp,
        STRUCT_TIME.get(),
        &[
            sp.newint(tm.tm_year as i64 + 1900),
            i(tm.tm_mon + 1),
            i(tm.tm_mday),
            i(tm.tm_hour),
            i(tm.tm_min),
            i(tm.tm_sec),
            i((tm.tm_wday + 6) % 7),
            i(tm.tm_yday + 1),
            i(tm.tm_isdst),
            w_zone,
            sp.newint(tm.tm_gmtoff),
        ],
    )
}
/// Convert seconds since the Epoch to a time tuple expressing UTC (a.k.a. GMT).
///
/// When 'seconds' is not passed in, convert the current time instead.
///
/// If the platform supports the tm_gmtoff and tm_zone, they are available as
/// attributes only.
#[interp_fn(sig = "(seconds=None, /)")]
pub fn gmtime(sp: Space, w_seconds: W) -> Res<W> {
    struct_time(sp, &utc(sp, point(sp, w_seconds)?)?)
}
/// Convert seconds since the Epoch to a time tuple expressing local time.
///
/// When 'seconds' is not passed in, convert the current time instead.
#[interp_fn(sig = "(seconds=None, /)")]
pub fn localtime(sp: Space, w_seconds: W) -> Res<W> {
    struct_time(sp, &local(sp, point(sp, w_seconds)?)?)
}

/// A time tuple as C's struct; its zone's name is kept beside it.
struct Broken {
    tm: libc::tm,
    zone: Option<CString>,
}
impl Broken {
    fn of(sp: Space, w: W, function: &str) -> Res<Broken> {
        let Some(items) = sp.tuple_opt(w) else {
            return Err(sp.type_error("Tuple or struct_time argument required"));
        };
        if items.len() != 9 {
            return Err(sp.type_error(&format!("{function}(): illegal time tuple argument")));
        }
        let int = |i: usize| i32::from_arg(sp, items[i], "time tuple");
        let mut tm = zeroed();
        let year = int(0)?;
        tm.tm_year = year.checked_sub(1900).ok_or_else(|| sp.overflow_error("year out of range"))?;
        tm.tm_mon = int(1)?.wrapping_sub(1);
        tm.tm_mday = int(2)?;
        tm.tm_hour = int(3)?;
        tm.tm_min = int(4)?;
        tm.tm_sec = int(5)?;
        // Monday is 0 in Python, Sunday in C; a negative one stays negative, to be refused later.
        tm.tm_wday = int(6)?.wrapping_add(1) % 7;
        tm.tm_yday = int(7)?.wrapping_sub(1);
        tm.tm_isdst = int(8)?;
        let mut zone = None;
        if sp.isinstance(w, STRUCT_TIME.get())? {
            let (w_zone, w_offset) = (sp.getattr(w, name!(sp, "tm_zone"))?, sp.getattr(w, name!(sp, "tm_gmtoff"))?);
            if let Some(t) = sp.text_opt(w_zone) {
                zone = CString::new(encode(sp, &t)?).ok();
            }
            if !w_offset.is_none() {
                tm.tm_gmtoff = sp.int_w(w_offset)?;
            }
        }
        let mut b = Broken { tm, zone };
        b.tm.tm_zone = b.zone.as_ref().map_or(std::ptr::null(), |z| z.as_ptr());
        Ok(b)
    }
    /// Refuses what C's functions would read past their tables for; zero month, day and day of the year mean the first.
    fn check(&mut self, sp: Space) -> Res<()> {
        let tm = &mut self.tm;
        let what = |name: &str| Err(sp.value_error(&format!("{name} out of range")));
        match tm.tm_mon {
            -1 => tm.tm_mon = 0,
            0..=11 => {}
            _ => return what("month"),
        }
        match tm.tm_mday {
            0 => tm.tm_mday = 1,
            1..=31 => {}
            _ => return what("day of month"),
        }
        if !(0..=23).contains(&tm.tm_hour) {
            return what("hour");
        }
        if !(0..=59).contains(&tm.tm_min) {
            return what("minute");
        }
        if !(0..=61).contains(&tm.tm_sec) {
            return what("seconds");
        }
        if tm.tm_wday < 0 {
            return what("day of week");
        }
        match tm.tm_yday {
            -1 => tm.tm_yday = 0,
            0..=365 => {}
            _ => return what("day of year"),
        }
        Ok(())
    }
}
/// Convert a time tuple in local time to seconds since the Epoch.
///
/// Note that mktime(gmtime(0)) will not generally return zero for most
/// time zones; instead the returned value will either be equal to that
/// of the timezone or altzone attributes on the time module.
#[interp_fn(sig = "(object, /)")]
pub fn mktime(sp: Space, w_tuple: W) -> Res<f64> {
    let mut b = Broken::of(sp, w_tuple, "mktime")?;
    // mktime computes the day of the week; if it does not, the time is out of its range (-1 is also a valid answer).
    b.tm.tm_wday = -1;
    // SAFETY: the struct is ours.
    let t = unsafe { libc::mktime(&mut b.tm) };
    if t == -1 && b.tm.tm_wday == -1 { Err(sp.overflow_error("mktime argument out of range")) } else { Ok(t as f64) }
}

fn as_text(tm: &libc::tm) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = DAYS[tm.tm_wday.rem_euclid(7) as usize];
    let month = MONTHS[tm.tm_mon.rem_euclid(12) as usize];
    let year = tm.tm_year as i64 + 1900;
    format!("{day} {month}{:3} {:02}:{:02}:{:02} {year}", tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec)
}
fn given_or_now(sp: Space, w_tuple: W, function: &str) -> Res<Broken> {
    if w_tuple.is_null() {
        return Ok(Broken { tm: local(sp, now())?, zone: None });
    }
    let mut b = Broken::of(sp, w_tuple, function)?;
    b.check(sp)?;
    Ok(b)
}
/// Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.
///
/// When the time tuple is not present, current time as returned by localtime()
/// is used.
#[interp_fn(sig = "(tuple=<unrepresentable>, /)")]
pub fn asctime(sp: Space, w_tuple: W) -> Res<String> {
    Ok(as_text(&given_or_now(sp, w_tuple, "asctime")?.tm))
}
/// Convert a time in seconds since the Epoch to a string in local time.
///
/// This is equivalent to asctime(localtime(seconds)). When the time tuple is
/// not present, current time as returned by localtime() is used.
#[interp_fn(sig = "(seconds=None, /)")]
pub fn ctime(sp: Space, w_seconds: W) -> Res<String> {
    Ok(as_text(&local(sp, point(sp, w_seconds)?)?))
}

/// One NUL-free piece of a format.
fn format_piece(piece: &[u8], tm: &libc::tm) -> Vec<u8> {
    let Ok(format) = CString::new(piece) else { return Vec::new() };
    let mut size = 1024;
    loop {
        let mut buf = vec![0u8; size];
        // SAFETY: the buffer has the size given, the format is NUL-terminated, the struct's fields are in range.
        let n = unsafe { libc::strftime(buf.as_mut_ptr().cast(), size, format.as_ptr(), tm) };
        // Zero means "no room" or "nothing": told apart by room that is plenty.
        if n > 0 || size >= 256 * piece.len().max(1) {
            buf.truncate(n);
            return buf;
        }
        size *= 2;
    }
}
/// Convert a time tuple to a string according to a format specification.
///
/// See the library reference manual for formatting codes. When the time tuple
/// is not present, current time as returned by localtime() is used.
///
/// Commonly used format codes:
///
/// %Y  Year with century as a decimal number.
/// %m  Month as a decimal number [01,12].
/// %d  Day of the month as a decimal number [01,31].
/// %H  Hour (24-hour clock) as a decimal number [00,23].
/// %M  Minute as a decimal number [00,59].
/// %S  Second as a decimal number [00,61].
/// %z  Time zone offset from UTC.
/// %a  Locale's abbreviated weekday name.
/// %A  Locale's full weekday name.
/// %b  Locale's abbreviated month name.
/// %B  Locale's full month name.
/// %c  Locale's appropriate date and time representation.
/// %I  Hour (12-hour clock) as a decimal number [01,12].
/// %p  Locale's equivalent of either AM or PM.
///
/// Other codes may be available on your platform.  See documentation for
/// the C library strftime function.
#[interp_fn(sig = "(format, tuple=<unrepresentable>, /)")]
pub fn strftime(sp: Space, format: Text, w_tuple: W) -> Res<W> {
    let mut b = given_or_now(sp, w_tuple, "strftime")?;
    // The C library indexes a table by the flag.
    b.tm.tm_isdst = b.tm.tm_isdst.clamp(-1, 1);
    // Lone surrogates pass through as the three bytes they would have, and come back the same way.
    let bytes = format.to_wtf8();
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for (i, piece) in bytes.split(|c| *c == 0).enumerate() {
        if i > 0 {
            out.push(0);
        }
        out.extend(format_piece(piece, &b.tm));
    }
    let _keep = &b.zone;
    match std::str::from_utf8(&out) {
        Ok(s) => sp.newstr(s),
        Err(_) if format.to_utf8().is_err() => sp.newstr_wtf8(&out),
        Err(_) => fsdecode(sp, &out),
    }
}
/// Parse a string to a time tuple according to a format specification.
///
/// See the library reference manual for formatting codes (same as
/// strftime()).
#[interp_fn(raw, sig = "(string, format='%a %b %d %H:%M:%S %Y', /)")]
pub fn strptime(sp: Space, _w_self: W, args: Args) -> Res<W> {
    let w_module = sp.import_module(name!(sp, "_strptime"))?;
    sp.call_args(sp.getattr(w_module, name!(sp, "_strptime_time"))?, args)
}
