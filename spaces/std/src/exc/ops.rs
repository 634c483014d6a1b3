//! Rows of the operation table about exceptions and warnings.

use super::raise;
use taipan_abi::known;
use taipan_abi::thread::Thread;
use taipan_abi::word::W;
use taipan_interp::frames;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::slot;

/// See the table.
pub unsafe extern "C-unwind" fn raise_text(th: *mut Thread, known: u32, text: *const u8, len: usize) -> i32 {
    let message = (!text.is_null()).then(|| if len == 0 { &[][..] } else { std::slice::from_raw_parts(text, len) });
    raise::text(Space::new(th), known, message);
    -1
}
/// See the table.
pub unsafe extern "C-unwind" fn raise_object(th: *mut Thread, w_type: W, w_value: W) -> i32 {
    raise::object(Space::new(th), w_type, w_value);
    -1
}
/// See the table.
pub unsafe extern "C-unwind" fn raise_os_error(th: *mut Thread, errno: i32, w_filename: W, w_filename2: W) -> i32 {
    raise::os_error(Space::new(th), errno, w_filename, w_filename2);
    -1
}
/// See the table.
pub unsafe extern "C-unwind" fn exc_match(th: *mut Thread, w_exc: W, w_class: W) -> i32 {
    raise::matches(Space::new(th), w_exc, w_class) as i32
}
/// See the table.
pub unsafe extern "C-unwind" fn warn(
    th: *mut Thread,
    w_category: W,
    text: *const u8,
    len: usize,
    stacklevel: i64,
) -> i32 {
    let sp = Space::new(th);
    let text = if len == 0 { "" } else { std::str::from_utf8(std::slice::from_raw_parts(text, len)).unwrap_or("?") };
    let r: Res<()> = (|| {
        let w_text = sp.newstr(text)?;
        let w_warnings = sp.import_module(name!(sp, "_warnings"))?;
        let w_warn = sp.getattr(w_warnings, name!(sp, "warn"))?;
        sp.call(w_warn, &[w_text, w_category, W::int(stacklevel)])?;
        Ok(())
    })();
    if r.is_ok() { 0 } else { -1 }
}
/// See the table.
#[slot]
pub fn write_unraisable(sp: Space, w_context: W) -> Res<()> {
    report_unraisable(sp, "", w_context);
    Ok(())
}

/// The same, saying what was being done.
pub fn report_unraisable(sp: Space, message: &str, w_context: W) {
    let w_exc = sp.take_exc();
    if w_exc.is_null() {
        return;
    }
    let w_sys = sp.known(known::SYS_MODULE);
    let report = || -> Res<()> {
        let w_hook = sp.getattr(w_sys, name!(sp, "unraisablehook"))?;
        let w_make = sp.getattr(w_sys, name!(sp, "_unraisable_args"))?;
        // SAFETY: an exception instance.
        let w_tb = unsafe { frames::exc_traceback(w_exc) };
        let w_tb = if w_tb.is_null() { W::NONE } else { w_tb };
        let w_message = if message.is_empty() { W::NONE } else { sp.newstr(message)? };
        let w_args = sp.call(w_make, &[sp.type_(w_exc)?, w_exc, w_tb, w_message, w_context])?;
        sp.call(w_hook, &[w_args])?;
        Ok(())
    };
    if report().is_err() {
        // There is nobody left to tell.
        sp.take_exc();
    }
}
/// See the table.
#[slot]
pub fn exc_info(sp: Space) -> Res<W> {
    let w = frames::handled(sp);
    Ok(if w.is_null() { W::NONE } else { w })
}
