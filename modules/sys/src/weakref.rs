//! `_weakref`, over the space's weak references.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static PROXY: Global = Global::new();
static CALLABLE_PROXY: Global = Global::new();

/// Return the number of weak references to 'object'.
#[interp_fn(sig = "(object, /)")]
fn getweakrefcount(sp: Space, w_obj: W) -> Res<i64> {
    sp.len(sp.weakref_list(w_obj)?)
}
/// Return a list of all weak reference objects pointing to 'object'.
#[interp_fn(sig = "(object, /)")]
fn getweakrefs(sp: Space, w_obj: W) -> Res<W> {
    sp.weakref_list(w_obj)
}
/// Create a proxy object that weakly references 'object'.
///
/// 'callback', if given, is called with a reference to the
/// proxy when 'object' is about to be finalized.
#[interp_fn(sig = "(object, callback=None, /)")]
fn proxy(sp: Space, w_obj: W, w_callback: W) -> Res<W> {
    let w_type = if sp.callable(w_obj) { CALLABLE_PROXY.get() } else { PROXY.get() };
    if w_type.is_null() {
        return Err(sp.not_implemented("weakref.proxy in this object space"));
    }
    sp.weakref_new(w_type, w_obj, if w_callback.is_none() { W::NULL } else { w_callback })
}
/// Atomically remove key from dict if it points to a dead weakref.
#[interp_fn(sig = "(dct, key, /)")]
fn _remove_dead_weakref(sp: Space, w_dict: W, w_key: W) -> Res<()> {
    if let Some(w_ref) = sp.dict_get(w_dict, w_key)? {
        if !sp.isinstance(w_ref, sp.known(known::WEAKREF))? {
            return Err(sp.type_error("not a weakref"));
        }
        if sp.weakref_get(w_ref)?.is_none() {
            sp.dict_del(w_dict, w_key)?;
        }
    }
    Ok(())
}

/// The space's proxy types have no well-known index: found among the subclasses of object.
fn find_proxies(sp: Space) -> Res<()> {
    let w_classes = sp.call_method(sp.known(known::OBJECT), name!(sp, "__subclasses__"), &[])?;
    sp.for_each(w_classes, |w_class| {
        let w_name = sp.getattr(w_class, name!(sp, "__name__"))?;
        let Some(name) = sp.text_opt(w_name) else { return Ok(true) };
        let global = match () {
            _ if name.eq_str("ProxyType") => &PROXY,
            _ if name.eq_str("CallableProxyType") => &CALLABLE_PROXY,
            _ => return Ok(true),
        };
        let w_module = sp.getattr(w_class, name!(sp, "__module__"))?;
        if sp.text_opt(w_module).is_some_and(|m| m.eq_str("weakref")) {
            global.set(sp, w_class);
        }
        Ok(PROXY.get().is_null() || CALLABLE_PROXY.get().is_null())
    })
}
fn init(sp: Space, w_module: W) -> Res<()> {
    let w_ref = sp.known(known::WEAKREF);
    sp.setattr_str(w_module, "ref", w_ref)?;
    sp.setattr_str(w_module, "ReferenceType", w_ref)?;
    find_proxies(sp)?;
    for (name, global) in [("ProxyType", &PROXY), ("CallableProxyType", &CALLABLE_PROXY)] {
        if !global.get().is_null() {
            sp.setattr_str(w_module, name, global.get())?;
        }
    }
    Ok(())
}
mixed_module!(
    MODULE,
    "_weakref",
    doc = "Weak-reference support module.",
    functions = [getweakrefcount, getweakrefs, proxy, _remove_dead_weakref],
    init = init,
);
