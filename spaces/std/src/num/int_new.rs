//! `int()`.

use super::value::{self, exact_int, int_of, is_exact_int, wrap_big};
use super::{convert, limits, parse};
use parse::IntError;
use taipan_abi::word::{TID_BOOL, TID_LONG};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// `int.__new__`
#[slot]
pub fn int_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w_value = new_value(sp, args)?;
    if value::is_class_of(sp, w_type, TID_LONG) {
        return Ok(w_value);
    }
    if value::is_class_of(sp, w_type, TID_BOOL) {
        return Err(raise!(sp, TYPE_ERROR, "int.__new__(bool) is not safe, use bool.__new__()"));
    }
    value::new_int_of(sp, w_type, w_value)
}

fn new_value(sp: Space, args: Args) -> Res<W> {
    let pos = args.positional();
    let mut w_base = W::NULL;
    if pos.len() > 2 {
        return Err(raise!(sp, TYPE_ERROR, "int expected at most 2 arguments, got {}", pos.len() + args.nkw(sp)));
    }
    if !args.kwnames.is_null() {
        let given = args.keywords(sp);
        if pos.len() + given.len() > 2 {
            return Err(raise!(sp, TYPE_ERROR, "int() takes at most 2 arguments ({} given)", pos.len() + given.len()));
        }
        for (name, w) in given {
            if !name.eq_str("base") {
                return Err(raise!(sp, TYPE_ERROR, "int() got an unexpected keyword argument '{}'", name.to_str()));
            }
            w_base = w;
        }
    }
    if let [_, w] = pos {
        w_base = *w;
    }
    let Some(w_x) = pos.first().copied() else {
        if !w_base.is_null() {
            return Err(raise!(sp, TYPE_ERROR, "int() missing string argument"));
        }
        return Ok(W::int(0));
    };
    if w_base.is_null() {
        return convert::to_int(sp, w_x);
    }
    let w_index = sp.index(w_base)?;
    let base = match int_of(sp, w_index).and_then(|i| i.to_i64()) {
        Some(b @ (0 | 2..=36)) => b as u32,
        _ => return Err(raise!(sp, VALUE_ERROR, "int() base must be >= 2 and <= 36, or 0")),
    };
    if let Some(t) = sp.text_opt(w_x) {
        return from_text(sp, &t, base);
    }
    match bytes_of(sp, w_x)? {
        Some(b) => from_bytes(sp, w_x, &b, base),
        None => Err(raise!(sp, TYPE_ERROR, "int() can't convert non-string with explicit base")),
    }
}

/// The contents of a bytes or bytearray.
fn bytes_of(sp: Space, w: W) -> Res<Option<Vec<u8>>> {
    if let Some(b) = sp.bytes_opt(w) {
        return Ok(Some(b.to_vec()));
    }
    if w.is_obj() && sp.layout(w) == taipan_abi::word::TID_BYTEARRAY {
        return Ok(Some(Buffer::get(sp, w)?.to_vec()));
    }
    Ok(None)
}

/// An int out of a str.
pub fn from_text(sp: Space, t: &Text, base: u32) -> Res<W> {
    match t.ascii() {
        Some(s) => from_digits(sp, t.w, s.as_bytes(), base),
        None => from_digits(sp, t.w, &parse::to_ascii(t.chars()), base),
    }
}
/// An int out of bytes; `w` for the message.
pub fn from_bytes(sp: Space, w: W, bytes: &[u8], base: u32) -> Res<W> {
    from_digits(sp, w, bytes, base)
}
fn from_digits(sp: Space, w: W, s: &[u8], base: u32) -> Res<W> {
    match parse::parse_int(s, base, limits::max_str_digits()) {
        Ok(v) => wrap_big(sp, v),
        Err(IntError::Invalid) => {
            let shown: String = sp.repr_string(w)?.chars().take(200).collect();
            Err(raise!(sp, VALUE_ERROR, "invalid literal for int() with base {base}: {shown}"))
        }
        Err(IntError::TooLong(n)) => Err(raise!(
            sp,
            VALUE_ERROR,
            "Exceeds the limit ({} digits) for integer string conversion: value has {n} digits; use sys.set_int_max_str_digits() to increase the limit",
            limits::max_str_digits()
        )),
    }
}

/// An exact int, from an int of any class.
pub fn of_int(sp: Space, w: W) -> Res<W> {
    if is_exact_int(w) { Ok(w) } else { exact_int(sp, w) }
}
