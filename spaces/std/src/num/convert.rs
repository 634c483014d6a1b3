//! Conversions between objects: what `int()`, `float()` and `operator.index()` accept.

use super::value::{self, Int, exact_int, float_of, int_of, is_exact_int, is_int, wrap_f64};
use super::{int_new, parse};
use taipan_abi::types::UnaryFn;
use taipan_abi::word::TID_FLOAT;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn run(sp: Space, f: UnaryFn, w: W) -> Res<W> {
    // SAFETY: a slot of the object's own class.
    let r = unsafe { f(sp.th(), w) };
    if r.is_null() { Err(Raised) } else { Ok(r) }
}

/// The operation slots of an object's class.
pub fn slots_of<'a>(sp: Space, w: W) -> &'a Slots {
    if w.is_int() {
        return super::int_type::INT.slots;
    }
    // SAFETY: slots live as long as their class.
    unsafe { sp.row(w).slots.as_ref() }.unwrap_or(&Slots::EMPTY)
}

/// A subclass of int as the result of `__int__` or `__index__` is deprecated.
fn checked_int(sp: Space, w: W, method: &str) -> Res<W> {
    if is_exact_int(w) {
        return Ok(w);
    }
    let name = sp.type_name(w);
    if !is_int(sp, w) {
        return Err(raise!(sp, TYPE_ERROR, "{method} returned non-int (type {name})"));
    }
    sp.warn(
        known::DEPRECATION_WARNING,
        &format!(
            "{method} returned non-int (type {name}).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python."
        ),
        1,
    )?;
    Ok(w)
}

/// `operator.index(w)`: an int, perhaps of a subclass if `w` is one.
pub fn index_keep(sp: Space, w: W) -> Res<W> {
    if is_int(sp, w) {
        return Ok(w);
    }
    match slots_of(sp, w).index {
        Some(f) => checked_int(sp, run(sp, f, w)?, "__index__"),
        None => Err(raise!(sp, TYPE_ERROR, "'{}' object cannot be interpreted as an integer", sp.type_name(w))),
    }
}
/// Likewise, always an exact int.
pub fn index(sp: Space, w: W) -> Res<W> {
    if is_exact_int(w) {
        return Ok(w);
    }
    let w = index_keep(sp, w)?;
    exact_int(sp, w)
}

/// `int(w)`
pub fn to_int(sp: Space, w: W) -> Res<W> {
    if is_exact_int(w) {
        return Ok(w);
    }
    let slots = slots_of(sp, w);
    if let Some(f) = slots.int {
        let w = checked_int(sp, run(sp, f, w)?, "__int__")?;
        return exact_int(sp, w);
    }
    if slots.index.is_some() {
        return index(sp, w);
    }
    if let Some(t) = sp.text_opt(w) {
        return int_new::from_text(sp, &t, 10);
    }
    if let Some(b) = sp.bytes_opt(w) {
        return int_new::from_bytes(sp, w, b, 10);
    }
    if slots.getbuffer.is_some() {
        let bytes = Buffer::get(sp, w)?.to_vec();
        return int_new::from_bytes(sp, w, &bytes, 10);
    }
    Err(raise!(
        sp,
        TYPE_ERROR,
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        sp.type_name(w)
    ))
}

/// The value of `__float__`, which must be a float.
fn checked_float(sp: Space, w_of: W, w: W) -> Res<f64> {
    // SAFETY: is_obj precedes the look at the header.
    let exact = w.is_obj() && unsafe { w.is_tid(TID_FLOAT) };
    let Some(f) = float_of(sp, w) else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{}.__float__ returned non-float (type {})",
            sp.type_name(w_of),
            sp.type_name(w)
        ));
    };
    if !exact {
        let message = format!(
            "{}.__float__ returned non-float (type {}).  The ability to return an instance of a strict subclass of float is deprecated, and may be removed in a future version of Python.",
            sp.type_name(w_of),
            sp.type_name(w)
        );
        sp.warn(known::DEPRECATION_WARNING, &message, 1)?;
    }
    Ok(f)
}

/// The value of a number that has `__float__` or `__index__`; None for other objects.
pub fn number_f64(sp: Space, w: W) -> Res<Option<f64>> {
    if let Some(f) = float_of(sp, w) {
        return Ok(Some(f));
    }
    let slots = slots_of(sp, w);
    // An int's own conversion needs no object.
    if let Some(i) = int_of(sp, w)
        && is_exact_int(w)
    {
        return value::int_to_f64(sp, i).map(Some);
    }
    if let Some(f) = slots.float {
        let r = run(sp, f, w)?;
        return checked_float(sp, w, r).map(Some);
    }
    if slots.index.is_some() {
        let w_i = index_keep(sp, w)?;
        let i = int_of(sp, w_i).unwrap_or(Int::Small(0));
        return value::int_to_f64(sp, i).map(Some);
    }
    Ok(None)
}

/// `PyFloat_AsDouble`
pub fn as_f64(sp: Space, w: W) -> Res<f64> {
    match number_f64(sp, w)? {
        Some(f) => Ok(f),
        None => Err(raise!(sp, TYPE_ERROR, "must be real number, not {}", sp.type_name(w))),
    }
}

/// The bytes that the grammars of numbers read, out of a str; blanks and digits of all scripts made ASCII.
pub fn ascii_of(t: &Text) -> Vec<u8> {
    parse::to_ascii(t.chars())
}

/// `float(w)`
pub fn to_float(sp: Space, w: W) -> Res<W> {
    // SAFETY: is_obj precedes the look at the header.
    if w.is_obj() && unsafe { w.is_tid(TID_FLOAT) } {
        return Ok(w);
    }
    let slots = slots_of(sp, w);
    // A subclass of float may have its own __float__.
    let f = match slots.float {
        Some(own) if float_of(sp, w).is_some() => {
            let r = run(sp, own, w)?;
            Some(checked_float(sp, w, r)?)
        }
        _ => number_f64(sp, w)?,
    };
    if let Some(f) = f {
        return wrap_f64(sp, f);
    }
    let parsed = if let Some(t) = sp.text_opt(w) {
        parse::parse_float(&ascii_of(&t))
    } else if let Some(b) = sp.bytes_opt(w) {
        parse::parse_float(b)
    } else if slots.getbuffer.is_some() {
        let b = Buffer::get(sp, w)?;
        parse::parse_float(&b)
    } else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "float() argument must be a string or a real number, not '{}'",
            sp.type_name(w)
        ));
    };
    match parsed {
        Some(f) => wrap_f64(sp, f),
        None => {
            let shown = sp.repr_string(w)?;
            Err(raise!(sp, VALUE_ERROR, "could not convert string to float: {shown}"))
        }
    }
}
