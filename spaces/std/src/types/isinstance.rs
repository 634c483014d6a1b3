//! isinstance and issubclass.

use super::lookup;
use super::util::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// `__bases__` of something used as a class; None if it has none that is a tuple.
fn abstract_bases(sp: Space, w: W) -> Res<Option<W>> {
    Ok(sp.getattr_opt(w, name!(sp, "__bases__"))?.filter(|b| sp.tuple_opt(*b).is_some()))
}
fn abstract_issubclass(sp: Space, mut w: W, w_class: W) -> Res<bool> {
    loop {
        if w == w_class {
            return Ok(true);
        }
        let Some(b) = abstract_bases(sp, w)? else { return Ok(false) };
        match sp.tuple_items(b) {
            [] => return Ok(false),
            [one] => w = *one,
            many => {
                for c in many {
                    if abstract_issubclass(sp, *c, w_class)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
    }
}

/// Without the metaclass's say: by class, then by `__class__`.
pub fn real_isinstance(sp: Space, w: W, w_class: W) -> Res<bool> {
    if is_type(sp, w_class) {
        if instance(sp, w, w_class) {
            return Ok(true);
        }
        if w.is_int() {
            return Ok(false);
        }
        let t = type_of(sp, w);
        let Some(c) = sp.getattr_opt(w, name!(sp, "__class__"))? else { return Ok(false) };
        return Ok(c != t && is_type(sp, c) && subtype(c, w_class));
    }
    if abstract_bases(sp, w_class)?.is_none() {
        return Err(sp.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"));
    }
    match sp.getattr_opt(w, name!(sp, "__class__"))? {
        Some(c) => abstract_issubclass(sp, c, w_class),
        None => Ok(false),
    }
}
/// The same for classes.
pub fn real_issubclass(sp: Space, w: W, w_class: W) -> Res<bool> {
    if is_type(sp, w) && is_type(sp, w_class) {
        return Ok(subtype(w, w_class));
    }
    if !is_type(sp, w) && abstract_bases(sp, w)?.is_none() {
        return Err(sp.type_error("issubclass() arg 1 must be a class"));
    }
    if !is_type(sp, w_class) && abstract_bases(sp, w_class)?.is_none() {
        return Err(sp.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"));
    }
    abstract_issubclass(sp, w, w_class)
}

fn by_hook(sp: Space, w: W, w_class: W, w_name: W) -> Res<Option<bool>> {
    match lookup::call_special(sp, w_class, w_name, &[w])? {
        Some(r) => sp.is_true(r).map(Some),
        None => Ok(None),
    }
}
/// isinstance(w, w_class)
pub fn isinstance(sp: Space, w: W, w_class: W) -> Res<bool> {
    if type_of(sp, w) == w_class {
        return Ok(true);
    }
    // Exactly `type` is the metaclass: nothing can have redefined the check.
    // SAFETY: a live word.
    if unsafe { w_class.is_tid(TID_TYPE) } {
        return real_isinstance(sp, w, w_class);
    }
    if super::union::is_union(sp, w_class) {
        return isinstance(sp, w, super::union::args(w_class));
    }
    if let Some(items) = sp.tuple_opt(w_class) {
        for c in items {
            if isinstance(sp, w, *c)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match by_hook(sp, w, w_class, name!(sp, "__instancecheck__"))? {
        Some(b) => Ok(b),
        None => real_isinstance(sp, w, w_class),
    }
}
/// issubclass(w, w_class)
pub fn issubclass(sp: Space, w: W, w_class: W) -> Res<bool> {
    // SAFETY: a live word.
    if unsafe { w_class.is_tid(TID_TYPE) } {
        if w == w_class {
            return Ok(true);
        }
        return real_issubclass(sp, w, w_class);
    }
    if super::union::is_union(sp, w_class) {
        return issubclass(sp, w, super::union::args(w_class));
    }
    if let Some(items) = sp.tuple_opt(w_class) {
        for c in items {
            if issubclass(sp, w, *c)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match by_hook(sp, w, w_class, name!(sp, "__subclasscheck__"))? {
        Some(b) => Ok(b),
        None => real_issubclass(sp, w, w_class),
    }
}
