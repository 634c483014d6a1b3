//! `syslog`.

use crate::util::path::text_arg;
use crate::util::{add_consts, blocking};
use std::ffi::CString;
use std::sync::Mutex;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

crate::util::consts! {
    /// Priorities, facilities and options.
    CONSTS: [
        LOG_ALERT LOG_AUTH LOG_AUTHPRIV LOG_CONS LOG_CRIT LOG_CRON LOG_DAEMON LOG_DEBUG LOG_EMERG LOG_ERR
        LOG_FTP LOG_INFO LOG_KERN LOG_LOCAL0 LOG_LOCAL1 LOG_LOCAL2 LOG_LOCAL3 LOG_LOCAL4 LOG_LOCAL5
        LOG_LOCAL6 LOG_LOCAL7 LOG_LPR LOG_MAIL LOG_NDELAY LOG_NEWS LOG_NOTICE LOG_NOWAIT LOG_ODELAY
        LOG_PERROR LOG_PID LOG_SYSLOG LOG_USER LOG_UUCP LOG_WARNING
    ] []
}
/// The C library keeps the pointer given to openlog; None while the log is closed.
static IDENT: Mutex<Option<CString>> = Mutex::new(None);

/// The name messages carry when none is given: the program's, without its folders.
fn program(sp: Space) -> Res<Option<CString>> {
    let w_argv = sp.getattr(sp.known(known::SYS_MODULE), name!(sp, "argv"))?;
    let (_keep, items) = sp.unpack(w_argv)?;
    let Some(t) = items.first().and_then(|w| sp.text_opt(*w)) else { return Ok(None) };
    let text = t.to_str().into_owned();
    let name = text.rsplit('/').next().unwrap_or_default();
    Ok(if name.is_empty() { None } else { CString::new(name).ok() })
}
fn open(sp: Space, ident: Option<CString>, option: i32, facility: i32) -> Res<()> {
    let ident = match ident {
        Some(i) => Some(i),
        None => program(sp)?,
    };
    let mut held = IDENT.lock().unwrap_or_else(|e| e.into_inner());
    let new = ident.unwrap_or_else(|| c"taipan".to_owned());
    // SAFETY: the string is kept in IDENT until the next openlog or closelog; its bytes do not move with the CString.
    unsafe { libc::openlog(new.as_ptr(), option, facility) };
    *held = Some(new);
    Ok(())
}
/// Set logging options of subsequent syslog() calls.
#[interp_fn(sig = "(ident=<unrepresentable>, logoption=0, facility=8)")]
fn openlog(sp: Space, ident: Option<Text>, option: i32, facility: Option<i32>) -> Res<()> {
    let ident = ident.map(|t| text_arg(sp, &t)).transpose()?;
    open(sp, ident, option, facility.unwrap_or(libc::LOG_USER))
}
/// syslog([priority=LOG_INFO,] message)
///
/// Send the string message to the system logger.
#[interp_fn(raw)]
fn syslog(sp: Space, _w_self: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "syslog")?;
    let (priority, w_message) = match args.positional() {
        [w] => (libc::LOG_INFO, *w),
        [w_priority, w] => (i32::from_arg(sp, *w_priority, "priority")?, *w),
        _ => return Err(sp.type_error("syslog.syslog requires 1 to 2 arguments")),
    };
    let message = text_arg(sp, &Text::from_arg(sp, w_message, "message")?)?;
    let closed = IDENT.lock().unwrap_or_else(|e| e.into_inner()).is_none();
    if closed {
        open(sp, None, 0, libc::LOG_USER)?;
    }
    // SAFETY: the format takes one NUL-terminated string.
    blocking(sp, || unsafe { libc::syslog(priority, c"%s".as_ptr(), message.as_ptr()) });
    Ok(())
}
/// Reset the syslog module values and call the system library closelog().
#[interp_fn(sig = "()")]
fn closelog(_sp: Space) -> Res<()> {
    let mut held = IDENT.lock().unwrap_or_else(|e| e.into_inner());
    if held.is_some() {
        // SAFETY: after it the C library no longer holds our string.
        unsafe { libc::closelog() };
        *held = None;
    }
    Ok(())
}
/// Set the priority mask to maskpri and return the previous mask value.
#[interp_fn(sig = "(maskpri, /)")]
fn setlogmask(_sp: Space, mask: i64) -> Res<i32> {
    // SAFETY: any number is allowed.
    Ok(unsafe { libc::setlogmask(mask as i32) })
}
/// Calculates the mask for the individual priority pri.
#[interp_fn(name = "LOG_MASK", sig = "(pri, /)")]
fn log_mask(_sp: Space, pri: i64) -> Res<i64> {
    Ok(1i64.wrapping_shl(pri as u32))
}
/// Calculates the mask for all priorities up to and including pri.
#[interp_fn(name = "LOG_UPTO", sig = "(pri, /)")]
fn log_upto(_sp: Space, pri: i64) -> Res<i64> {
    Ok(1i64.wrapping_shl((pri as u32).wrapping_add(1)).wrapping_sub(1))
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, CONSTS)
}
mixed_module!(
    MODULE,
    "syslog",
    doc = "",
    functions = [openlog, syslog, closelog, setlogmask, log_mask, log_upto],
    init = init
);
