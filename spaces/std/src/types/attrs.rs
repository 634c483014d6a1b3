//! Attribute access: the generic algorithm of object, that of classes and of modules, and the errors.

use super::lookup::{self, lookup};
use super::shapes;
use super::util::row;
use super::util::*;
use crate::layouts::*;
use taipan_abi::types::{BinaryFn, Slots};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// AttributeError with `name` and `obj`.
#[cold]
pub fn attribute_error(sp: Space, text: &str, w: W, w_name: W) -> Raised {
    fn make(sp: Space, text: &str, w: W, w_name: W) -> Res<W> {
        let w_text = sp.newstr(text)?;
        let names = sp.newtuple(&[name!(sp, "name"), name!(sp, "obj")])?;
        let args = [w_text, w_name, w];
        sp.call_args(sp.known(known::ATTRIBUTE_ERROR), Args { ptr: args.as_ptr(), n: 1, kwnames: names })
    }
    match make(sp, text, w, w_name) {
        Ok(w_exc) => sp.raise_object(w_exc, W::NULL),
        Err(r) => r,
    }
}
/// "no such attribute" in the words that fit the object.
#[cold]
pub fn no_attribute(sp: Space, w: W, w_name: W) -> Raised {
    let n = show(sp, w_name);
    let text = if is_type(sp, w) {
        format!("type object '{}' has no attribute '{n}'", tp_name(sp, w))
    } else {
        format!("'{}' object has no attribute '{n}'", tname(sp, w))
    };
    attribute_error(sp, &text, w, w_name)
}

/// object's lookup: data descriptors of the class, the instance, other class attributes. None = not found, nothing is pending.
#[inline]
pub fn generic_getattr_opt(sp: Space, w: W, w_name: W) -> Res<Option<W>> {
    let row = row(sp, w);
    let w_type = row.w_type;
    let d = lookup(sp, w_type, w_name);
    let mut get = None;
    if let Some(d) = d {
        let s = slots_of(sp, d);
        get = s.descr_get;
        if s.descr_set.is_some()
            && let Some(f) = get
        {
            // SAFETY: a slot of the descriptor's own class.
            return res(unsafe { f(sp.th(), d, w, w_type) }).map(Some);
        }
    }
    if let Some(v) = shapes::get(sp, w, row, w_name)? {
        return Ok(Some(v));
    }
    match (d, get) {
        // SAFETY: as above.
        (Some(d), Some(f)) => res(unsafe { f(sp.th(), d, w, w_type) }).map(Some),
        (d, _) => Ok(d),
    }
}

/// object's lookup, raising.
pub fn generic_getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    match generic_getattr_opt(sp, w, w_name)? {
        Some(v) => Ok(v),
        None => Err(no_attribute(sp, w, w_name)),
    }
}
/// `object.__getattribute__`, the default of the slot.
#[slot]
pub fn object_getattribute(sp: Space, w: W, w_name: W) -> Res<W> {
    generic_getattr(sp, w, w_name)
}

/// `object.__setattr__` and `__delattr__`.
#[slot]
pub fn object_setattr(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    let w_name = attr_name(sp, w_name)?;
    generic_setattr(sp, w, w_name, value)
}
/// The same with an interned name.
pub fn generic_setattr(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    let row = row(sp, w);
    let d = lookup(sp, row.w_type, w_name);
    if let Some(d) = d
        && let Some(f) = slots_of(sp, d).descr_set
    {
        // SAFETY: a slot of the descriptor's own class.
        return unit(unsafe { f(sp.th(), d, w, value) });
    }
    if !value.is_null() {
        if shapes::set(sp, w, row, w_name, value)? {
            return Ok(());
        }
    } else if shapes::delete(sp, w, row, w_name)? {
        return Ok(());
    }
    let (t, n) = (tname(sp, w), show(sp, w_name));
    let text = if shapes::has_dict(row, w) {
        format!("'{t}' object has no attribute '{n}'")
    } else if d.is_none() {
        if value.is_null() {
            format!("'{t}' object has no attribute '{n}'")
        } else {
            format!("'{t}' object has no attribute '{n}' and no __dict__ for setting new attributes")
        }
    } else {
        format!("'{t}' object attribute '{n}' is read-only")
    };
    Err(attribute_error(sp, &text, w, w_name))
}

/// A class's own lookup: data descriptors of the metaclass, the class's MRO (bound to no instance), the metaclass's other attributes.
pub fn type_getattr_opt(sp: Space, w: W, w_name: W) -> Res<Option<W>> {
    let w_meta = type_of(sp, w);
    let m = lookup(sp, w_meta, w_name);
    let mut get = None;
    if let Some(m) = m {
        let s = slots_of(sp, m);
        get = s.descr_get;
        if s.descr_set.is_some()
            && let Some(f) = get
        {
            // SAFETY: a slot of the descriptor's own class.
            return res(unsafe { f(sp.th(), m, w, w_meta) }).map(Some);
        }
    }
    if let Some(a) = lookup(sp, w, w_name) {
        // SAFETY: a live word; a plain function is itself when taken from a class.
        if unsafe { a.is_tid(TID_FUNCTION) } {
            return Ok(Some(a));
        }
        return match slots_of(sp, a).descr_get {
            // SAFETY: as above.
            Some(f) => res(unsafe { f(sp.th(), a, W::NULL, w) }).map(Some),
            None => Ok(Some(a)),
        };
    }
    match (m, get) {
        // SAFETY: as above.
        (Some(m), Some(f)) => res(unsafe { f(sp.th(), m, w, w_meta) }).map(Some),
        (m, _) => Ok(m),
    }
}
#[slot]
pub fn type_getattribute(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    match type_getattr_opt(sp, w, w_name)? {
        Some(v) => Ok(v),
        None => Err(no_attribute(sp, w, w_name)),
    }
}

/// Values of `__abc_tpflags__`.
const ABC_SEQUENCE: i64 = 32;
const ABC_MAPPING: i64 = 64;

/// Plain data: neither a descriptor, a function nor a class.
fn is_plain(sp: Space, w: W) -> bool {
    w.is_int() || {
        let s = slots_of(sp, w);
        s.descr_get.is_none() && s.descr_set.is_none() && !is_type(sp, w)
    }
}

/// `type.__setattr__`: the namespace, then slots and caches.
#[slot]
pub fn type_setattr(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    let t = wt(w);
    if t.flags & tflags::IMMUTABLE != 0 {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "cannot set {} attribute of immutable type '{}'",
            sp.repr_string(w_name)?,
            tp_name(sp, w)
        ));
    }
    let w_name = attr_name(sp, w_name)?;
    if w_name == name!(sp, "__abc_tpflags__") && value.is_int() {
        // How the abstract base classes say that instances match sequence or mapping patterns; not an attribute.
        t.flags &= !(tflags::SEQUENCE | tflags::MAPPING);
        t.flags |= match value.untag() {
            ABC_SEQUENCE => tflags::SEQUENCE,
            ABC_MAPPING => tflags::MAPPING,
            _ => 0,
        };
        return Ok(());
    }
    let w_meta = type_of(sp, w);
    if let Some(d) = lookup(sp, w_meta, w_name)
        && let Some(f) = slots_of(sp, d).descr_set
    {
        // SAFETY: a slot of the descriptor's own class.
        return unit(unsafe { f(sp.th(), d, w, value) });
    }
    set_in_class(sp, w, w_name, value)
}
/// Changes a class's namespace. An attribute that is reassigned as plain data (a counter, say) makes its name volatile: lookups of it are
/// not cached from then on, and so further reassignments need no new epoch.
pub fn set_in_class(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    let old = lookup::own(sp, w, w_name);
    if value.is_null() {
        if old.is_none() {
            return Err(no_attribute(sp, w, w_name));
        }
        sp.dict_del(wt(w).w_dict, w_name)?;
        lookup::modified(sp, w);
        super::slotdefs::update_name(sp, w, w_name);
        return Ok(());
    }
    let data = old.is_some_and(|o| is_plain(sp, o)) && is_plain(sp, value);
    if data && wt(w).version != 0 {
        sp.dict_set(wt(w).w_dict, w_name, value)?;
        if lookup::cacheable(w_name) {
            // SAFETY: an interned str.
            unsafe { w_name.header().rt |= lookup::RT_VOLATILE_NAME };
            // Other classes may have remembered an attribute of this name, and would not be told of its changes any more.
            lookup::modified(sp, builtin_type(sp, TID_OBJECT));
        }
        if show(sp, w_name).starts_with("__") {
            lookup::modified(sp, w);
            super::slotdefs::update_name(sp, w, w_name);
        }
        return Ok(());
    }
    sp.dict_set(wt(w).w_dict, w_name, value)?;
    lookup::modified(sp, w);
    super::slotdefs::update_name(sp, w, w_name);
    Ok(())
}

/// A module's lookup; `__getattr__` of its namespace last (PEP 562).
pub fn module_getattr_opt(sp: Space, w: W, w_name: W) -> Res<Option<W>> {
    if let Some(v) = generic_getattr_opt(sp, w, w_name)? {
        return Ok(Some(v));
    }
    // SAFETY: the caller's object is a module.
    let d = unsafe { obj::<WModule>(w) }.w_dict;
    if d.is_null() {
        return Ok(None);
    }
    match sp.dict_get(d, name!(sp, "__getattr__"))? {
        Some(f) => sp.call(f, &[w_name]).map(Some),
        None => Ok(None),
    }
}
#[slot]
pub fn module_getattribute(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    match module_getattr_opt(sp, w, w_name)? {
        Some(v) => Ok(v),
        None => Err(super::module::no_attribute(sp, w, w_name)),
    }
}

/// Lookup by a slot function: the known ones answer None without making an exception.
#[inline]
pub fn getattr_by(sp: Space, f: Option<BinaryFn>, w: W, w_name: W) -> Res<Option<W>> {
    let w_name = attr_name(sp, w_name)?;
    let p = f.map_or(object_getattribute as *const (), |f| f as *const ());
    if p == object_getattribute as *const () {
        return generic_getattr_opt(sp, w, w_name);
    }
    if p == type_getattribute as *const () {
        return type_getattr_opt(sp, w, w_name);
    }
    if p == module_getattribute as *const () {
        return module_getattr_opt(sp, w, w_name);
    }
    match f {
        // SAFETY: the slot of the object's class (or a base).
        Some(f) => res(unsafe { f(sp.th(), w, w_name) }).map(Some),
        None => Ok(None),
    }
}

/// a.name
#[inline]
pub fn getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    match slots_of(sp, w).getattr {
        // SAFETY: the slot of the object's class.
        Some(f) => res(unsafe { f(sp.th(), w, w_name) }),
        None => generic_getattr(sp, w, w_name),
    }
}
/// a.name, None where AttributeError would be raised.
#[inline]
pub fn getattr_opt(sp: Space, w: W, w_name: W) -> Res<Option<W>> {
    match getattr_by(sp, slots_of(sp, w).getattr, w, w_name) {
        Err(Raised) if sp.catch(known::ATTRIBUTE_ERROR) => Ok(None),
        r => r,
    }
}
/// a.name = value; NULL deletes.
#[inline]
pub fn setattr(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    match slots_of(sp, w).setattr {
        // SAFETY: the slot of the object's class.
        Some(f) => unit(unsafe { f(sp.th(), w, w_name, value) }),
        None => {
            let w_name = attr_name(sp, w_name)?;
            generic_setattr(sp, w, w_name, value)
        }
    }
}

/// The method for a call: (function, self), or (callable, NULL) when nothing is to be prepended. Makes no bound method for plain functions
/// and methods written in Rust.
#[inline]
pub fn load_method(sp: Space, w: W, w_name: W) -> Res<(W, W)> {
    let r = row(sp, w);
    // SAFETY: slots of the object's class.
    let s: &Slots = unsafe { &*r.slots };
    if s.getattr.is_none_or(|f| f as *const () == object_getattribute as *const ()) {
        let w_name = attr_name(sp, w_name)?;
        if let Some(d) = lookup(sp, r.w_type, w_name) {
            // SAFETY: a live word.
            let tid = unsafe { d.tid() };
            if (tid == TID_FUNCTION
                || tid == TID_SLOT_WRAPPER
                || (tid == TID_METHOD_DESCR && super::descr::plain_method(d)))
                && shapes::get(sp, w, r, w_name)?.is_none()
            {
                return Ok((d, w));
            }
        }
    }
    Ok((getattr(sp, w, w_name)?, W::NULL))
}
