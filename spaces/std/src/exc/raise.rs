//! Making exceptions pending.

use super::base::{allocate, exc, is_class, is_instance, is_tuple};
use super::plain::row;
use crate::layouts::WException;
use crate::types::util;
use taipan_abi::known;
use taipan_abi::word::W;
use taipan_interp::frames;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::setfield;

/// Makes an instance pending; what is being handled becomes its context.
pub fn set(sp: Space, w_exc: W) {
    let handled = frames::handled(sp);
    if !handled.is_null() && handled != w_exc {
        // A chain that leads back to this exception is cut there.
        let (mut w, mut slow, mut odd) = (handled, handled, false);
        loop {
            let next = exc(w).w_context;
            if next.is_null() {
                break;
            }
            if next == w_exc {
                exc(w).w_context = W::NULL;
                break;
            }
            w = next;
            if w == slow {
                break;
            }
            if odd {
                slow = exc(slow).w_context;
            }
            odd = !odd;
        }
        setfield!(sp, w_exc, WException, w_context, handled);
    }
    sp.thread().exc = w_exc;
}

/// Classes whose instances are args and nothing else.
fn args_only(known: u32) -> bool {
    !matches!(
        known,
        known::STOP_ITERATION
            | known::SYSTEM_EXIT
            | known::IMPORT_ERROR
            | known::MODULE_NOT_FOUND_ERROR
            | known::SYNTAX_ERROR
            | known::INDENTATION_ERROR
            | known::TAB_ERROR
            | known::INCOMPLETE_INPUT_ERROR
            | known::OS_ERROR
            | known::BASE_EXCEPTION_GROUP
            | known::EXCEPTION_GROUP
    )
}

/// `known(message)`; no argument if the text is None.
pub fn text(sp: Space, known: u32, message: Option<&[u8]>) {
    let made = (|| {
        let w_text = match message {
            Some(b) => sp.newstr_wtf8(b)?,
            None => W::NULL,
        };
        let args = if message.is_some() { std::slice::from_ref(&w_text) } else { &[] };
        if args_only(known) {
            allocate(sp, util::builtin_type(sp, row(known)), args)
        } else {
            sp.call(sp.known(known), args)
        }
    })();
    if let Ok(w) = made {
        set(sp, w)
    }
    // Otherwise the failure to make it (MemoryError) is pending instead.
}

/// Raises an exception class with a value (NULL = none), or an instance.
pub fn object(sp: Space, w_type: W, w_value: W) {
    let made: Res<W> = (|| {
        if is_class(sp, w_type) {
            let w = if w_value.is_null() {
                sp.call(w_type, &[])?
            } else if w_type == sp.known(known::KEY_ERROR) {
                // The key stays whole, whatever it is.
                allocate(sp, w_type, &[w_value])?
            } else if is_instance(sp, w_value) && util::instance(sp, w_value, w_type) {
                w_value
            } else if is_tuple(sp, w_value) {
                sp.call_ex(w_type, w_value, W::NULL)?
            } else {
                sp.call(w_type, &[w_value])?
            };
            if !is_instance(sp, w) {
                let (c, t) = (sp.repr_string(w_type)?, sp.repr_string(sp.type_(w)?)?);
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "calling {c} should have returned an instance of BaseException, not {t}"
                ));
            }
            return Ok(w);
        }
        if is_instance(sp, w_type) {
            return Ok(w_type);
        }
        Err(sp.type_error("exceptions must derive from BaseException"))
    })();
    if let Ok(w) = made {
        set(sp, w)
    }
}

/// OSError of an errno; the file names may be NULL.
pub fn os_error(sp: Space, errno: i32, w_filename: W, w_filename2: W) {
    let made: Res<W> = (|| {
        let w_text = sp.newstr(&super::os::strerror(errno))?;
        let w_errno = W::int(errno as i64);
        let all = [w_errno, w_text, w_filename, W::NONE, w_filename2];
        let n = match (w_filename.is_null() || w_filename.is_none(), w_filename2.is_null() || w_filename2.is_none()) {
            (true, _) => 2,
            (false, true) => 3,
            (false, false) => 5,
        };
        sp.call(sp.known(known::OS_ERROR), &all[..n])
    })();
    if let Ok(w) = made {
        set(sp, w)
    }
}

/// Does an exception (class or instance) match a class or tuple of classes, as `except` asks?
pub fn matches(sp: Space, w_exc: W, w_class: W) -> bool {
    if let Some(items) = sp.tuple_opt(w_class) {
        return items.iter().any(|w| matches(sp, w_exc, *w));
    }
    if !is_class(sp, w_class) || !w_exc.is_obj() {
        return w_exc == w_class;
    }
    let w_own = if is_instance(sp, w_exc) { sp.row(w_exc).w_type } else { w_exc };
    is_class(sp, w_own) && util::subtype(w_own, w_class)
}
