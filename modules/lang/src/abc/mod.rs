//! `_abc`: the machinery of `abc.ABCMeta`.

mod data;

use crate::abc::data::{WAbcData, data_of};
use std::sync::atomic::{AtomicU64, Ordering};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_abc",
    doc = "Module contains faster C implementation of abc.ABCMeta",
    functions = [
        get_cache_token,
        _abc_init,
        _abc_register,
        _abc_instancecheck,
        _abc_subclasscheck,
        _get_dump,
        _reset_registry,
        _reset_caches
    ],
    init = init,
);

fn init(sp: Space, w_module: W) -> Res<()> {
    data::init(sp, w_module)
}

/// Counts registrations: a negative answer is good until the next one.
static INVALIDATION: AtomicU64 = AtomicU64::new(0);

fn token() -> u64 {
    INVALIDATION.load(Ordering::Relaxed)
}

/// The bits of `type.__flags__` that say how `match` treats instances.
const COLLECTION_FLAGS: i64 = 1 << 5 | 1 << 6;

/// Returns the current ABC cache token.
///
/// The token is an opaque object (supporting equality testing) identifying the
/// current version of the ABC cache for virtual subclasses. The token changes
/// with every call to register() on any ABC.
#[interp_fn(sig = "()")]
fn get_cache_token(_sp: Space) -> Res<u64> {
    Ok(token())
}

fn is_abstract(sp: Space, w: W) -> Res<bool> {
    match sp.getattr_opt(w, name!(sp, "__isabstractmethod__"))? {
        Some(w) => sp.is_true(w),
        None => Ok(false),
    }
}

fn compute_abstract_methods(sp: Space, w_self: W) -> Res<()> {
    let w_names = sp.newset(&[])?;
    let w_ns = sp.getattr(w_self, name!(sp, "__dict__"))?;
    let w_items = sp.call_method(w_ns, name!(sp, "items"), &[])?;
    let (_keep, items) = sp.unpack(w_items)?;
    for w_item in items {
        let Some(&[w_key, w_value]) = sp.tuple_opt(*w_item) else { continue };
        if is_abstract(sp, w_value)? {
            sp.set_add(w_names, w_key)?;
        }
    }
    let w_bases = sp.getattr(w_self, name!(sp, "__bases__"))?;
    let Some(bases) = sp.tuple_opt(w_bases) else {
        return Err(sp.type_error("__bases__ is not tuple"));
    };
    for w_base in bases {
        let Some(w_abstract) = sp.getattr_opt(*w_base, name!(sp, "__abstractmethods__"))? else { continue };
        sp.for_each(w_abstract, |w_key| {
            if let Some(w_value) = sp.getattr_opt(w_self, w_key)?
                && is_abstract(sp, w_value)?
            {
                sp.set_add(w_names, w_key)?;
            }
            Ok(true)
        })?;
    }
    let w_frozen = sp.call(sp.known(known::FROZENSET), &[w_names])?;
    sp.setattr(w_self, name!(sp, "__abstractmethods__"), w_frozen)
}

/// Asks the space to treat instances of a class as sequences or mappings in `match`. Classes whose attributes cannot be set have
/// their own answer.
fn set_collection_flags(sp: Space, w_class: W, flags: i64) -> Res<()> {
    if sp.setattr(w_class, name!(sp, "__abc_tpflags__"), W::int(flags)).is_err() && !sp.catch(known::TYPE_ERROR) {
        return Err(Raised);
    }
    Ok(())
}

/// The same for a class that is registered, and for those derived from it.
fn set_flags_below(sp: Space, w_class: W, flags: i64) -> Res<()> {
    if sp.int_w(sp.getattr(w_class, name!(sp, "__flags__"))?)? & COLLECTION_FLAGS == flags {
        return Ok(());
    }
    set_collection_flags(sp, w_class, flags)?;
    let w_method = sp.getattr(sp.known(known::TYPE), name!(sp, "__subclasses__"))?;
    let w_list = sp.call(w_method, &[w_class])?;
    let (_, subclasses) = sp.unpack(w_list)?;
    for w in subclasses.iter() {
        set_flags_below(sp, *w, flags)?;
    }
    Ok(())
}

/// Internal ABC helper for class set-up. Should be never used outside abc module.
#[interp_fn(name = "_abc_init", sig = "(self, /)")]
fn _abc_init(sp: Space, w_self: W) -> Res<()> {
    compute_abstract_methods(sp, w_self)?;
    sp.setattr(w_self, name!(sp, "_abc_impl"), data::new(sp)?)?;
    let w_ns = sp.getattr(w_self, name!(sp, "__dict__"))?;
    let w_flags = sp.call_method(w_ns, name!(sp, "get"), &[name!(sp, "__abc_tpflags__")])?;
    if w_flags.is_int() {
        let flags = w_flags.untag() & COLLECTION_FLAGS;
        if flags == COLLECTION_FLAGS {
            return Err(sp.type_error("__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING"));
        }
        set_collection_flags(sp, w_self, flags)?;
    }
    Ok(())
}

/// Internal ABC helper for subclasss registration. Should be never used outside abc module.
#[interp_fn(name = "_abc_register", sig = "(self, subclass, /)")]
fn _abc_register(sp: Space, w_self: W, w_subclass: W) -> Res<W> {
    if !sp.isinstance(w_subclass, sp.known(known::TYPE))? {
        return Err(sp.type_error("Can only register classes"));
    }
    if sp.issubclass(w_subclass, w_self)? {
        return Ok(w_subclass);
    }
    if sp.issubclass(w_self, w_subclass)? {
        return Err(sp.runtime_error("Refusing to create an inheritance cycle"));
    }
    let data = data_of(sp, w_self)?;
    data::add(sp, data, data::Which::Registry, w_subclass)?;
    INVALIDATION.fetch_add(1, Ordering::Relaxed);
    let w_flags = sp.getattr(w_self, name!(sp, "__flags__"))?;
    let flags = sp.int_w(w_flags)? & COLLECTION_FLAGS;
    if flags != 0 {
        set_flags_below(sp, w_subclass, flags)?;
    }
    Ok(w_subclass)
}

/// Internal ABC helper for instance checks. Should be never used outside abc module.
#[interp_fn(name = "_abc_instancecheck", sig = "(self, instance, /)")]
fn _abc_instancecheck(sp: Space, w_self: W, w_instance: W) -> Res<W> {
    let data = data_of(sp, w_self)?;
    let w_subtype = sp.type_(w_instance)?;
    let w_subclass = sp.getattr_opt(w_instance, name!(sp, "__class__"))?.unwrap_or(w_subtype);
    if data::contains(sp, data, data::Which::Cache, w_subclass)? {
        return Ok(W::TRUE);
    }
    let w_check = name!(sp, "__subclasscheck__");
    if w_subtype == w_subclass {
        if data.negative_version == token() && data::contains(sp, data, data::Which::Negative, w_subclass)? {
            return Ok(W::FALSE);
        }
        return sp.call_method(w_self, w_check, &[w_subclass]);
    }
    let w_first = sp.call_method(w_self, w_check, &[w_subclass])?;
    if sp.is_true(w_first)? {
        return Ok(w_first);
    }
    sp.call_method(w_self, w_check, &[w_subtype])
}

/// Internal ABC helper for subclasss checks. Should be never used outside abc module.
#[interp_fn(name = "_abc_subclasscheck", sig = "(self, subclass, /)")]
fn _abc_subclasscheck(sp: Space, w_self: W, w_subclass: W) -> Res<bool> {
    if !sp.isinstance(w_subclass, sp.known(known::TYPE))? {
        return Err(sp.type_error("issubclass() arg 1 must be a class"));
    }
    let mut data = data_of(sp, w_self)?;
    if data::contains(sp, data, data::Which::Cache, w_subclass)? {
        return Ok(true);
    }
    if data.negative_version < token() {
        data.w_negative = W::NULL;
        data.negative_version = token();
    } else if data::contains(sp, data, data::Which::Negative, w_subclass)? {
        return Ok(false);
    }
    let answer = search(sp, w_self, data, w_subclass)?;
    data::add(sp, data, if answer { data::Which::Cache } else { data::Which::Negative }, w_subclass)?;
    Ok(answer)
}

/// The answer that no cache knows.
fn search(sp: Space, w_self: W, data: This<WAbcData>, w_subclass: W) -> Res<bool> {
    let w_ok = sp.call_method(w_self, name!(sp, "__subclasshook__"), &[w_subclass])?;
    if w_ok == W::TRUE || w_ok == W::FALSE {
        return Ok(w_ok == W::TRUE);
    }
    if w_ok != W::NOT_IMPLEMENTED {
        return Err(
            sp.raise(known::ASSERTION_ERROR, "__subclasshook__ must return either False, True, or NotImplemented")
        );
    }
    let w_mro = sp.getattr(w_subclass, name!(sp, "__mro__"))?;
    if sp.tuple_opt(w_mro).is_some_and(|mro| mro.contains(&w_self)) {
        return Ok(true);
    }
    if data::contains(sp, data, data::Which::Registry, w_subclass)? {
        return Ok(true);
    }
    for w_registered in &*data::live(sp, data)? {
        if sp.issubclass(w_subclass, *w_registered)? {
            return Ok(true);
        }
    }
    let w_method = sp.getattr(w_self, name!(sp, "__subclasses__"))?;
    let w_direct = sp.call(w_method, &[])?;
    if !sp.isinstance(w_direct, sp.known(known::LIST))? {
        return Err(sp.type_error("__subclasses__() must return a list"));
    }
    let (_keep, direct) = sp.unpack(w_direct)?;
    for w in direct {
        if sp.issubclass(w_subclass, *w)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Internal ABC helper for cache and registry debugging.
///
/// Return shallow copies of registry, of both caches, and
/// negative cache version. Don't call this function directly,
/// instead use ABC._dump_registry() for a nice repr.
#[interp_fn(name = "_get_dump", sig = "(self, /)")]
fn _get_dump(sp: Space, w_self: W) -> Res<W> {
    let data = data_of(sp, w_self)?;
    let copy = |w: W| if w.is_null() { sp.newset(&[]) } else { sp.call(sp.known(known::SET), &[w]) };
    let items =
        [copy(data.w_registry)?, copy(data.w_cache)?, copy(data.w_negative)?, sp.newint(data.negative_version as i64)];
    sp.newtuple(&items)
}

/// Internal ABC helper to reset registry of a given class.
///
/// Should be only used by refleak.py
#[interp_fn(name = "_reset_registry", sig = "(self, /)")]
fn _reset_registry(sp: Space, w_self: W) -> Res<()> {
    data_of(sp, w_self)?.w_registry = W::NULL;
    Ok(())
}

/// Internal ABC helper to reset both caches of a given class.
///
/// Should be only used by refleak.py
#[interp_fn(name = "_reset_caches", sig = "(self, /)")]
fn _reset_caches(sp: Space, w_self: W) -> Res<()> {
    let mut data = data_of(sp, w_self)?;
    data.w_cache = W::NULL;
    data.w_negative = W::NULL;
    Ok(())
}
