//! Filters, registries and the lock.

use super::Warning;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use taipan_plugin_api::prelude::*;

static FILTERS: Global = Global::new();
static ONCE: Global = Global::new();
static DEFAULT_ACTION: Global = Global::new();
/// The `ContextVar` with the filters of a context, or None.
pub static CONTEXT_VAR: Global = Global::new();
/// Changes with the filters: what a registry remembers is good for one version.
static VERSION: AtomicI64 = AtomicI64::new(0);
static OWNER: AtomicU64 = AtomicU64::new(0);
static DEPTH: AtomicU64 = AtomicU64::new(0);

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let w_default = sp.intern("default");
    let w_ignore = sp.intern("ignore");
    let row = |w_action: W, category: u32, w_module: W| {
        sp.newtuple(&[w_action, W::NONE, sp.known(category), w_module, W::int(0)])
    };
    let w_filters = sp.newlist(&[
        row(w_default, known::DEPRECATION_WARNING, sp.intern("__main__"))?,
        row(w_ignore, known::DEPRECATION_WARNING, W::NONE)?,
        row(w_ignore, known::PENDING_DEPRECATION_WARNING, W::NONE)?,
        row(w_ignore, known::IMPORT_WARNING, W::NONE)?,
        row(w_ignore, known::RESOURCE_WARNING, W::NONE)?,
    ])?;
    FILTERS.set(sp, w_filters);
    ONCE.set(sp, sp.newdict()?);
    DEFAULT_ACTION.set(sp, w_default);
    sp.setattr_str(w_module, "filters", w_filters)?;
    sp.setattr_str(w_module, "_onceregistry", ONCE.get())?;
    sp.setattr_str(w_module, "_defaultaction", w_default)
}

/// The lock, held until dropped.
pub struct Held;
impl Held {
    pub fn acquire(sp: Space) -> Res<Held> {
        let me = sp.thread().ident.wrapping_add(1);
        while DEPTH.load(Ordering::Relaxed) > 0 && OWNER.load(Ordering::Relaxed) != me {
            sp.poll()?;
            sp.blocking(|| std::thread::sleep(std::time::Duration::from_micros(50)));
        }
        OWNER.store(me, Ordering::Relaxed);
        DEPTH.fetch_add(1, Ordering::Relaxed);
        Ok(Held)
    }
}
impl Drop for Held {
    fn drop(&mut self) {
        DEPTH.fetch_sub(1, Ordering::Relaxed);
    }
}

fn mine(sp: Space) -> bool {
    DEPTH.load(Ordering::Relaxed) > 0 && OWNER.load(Ordering::Relaxed) == sp.thread().ident.wrapping_add(1)
}

#[interp_fn(name = "_acquire_lock", sig = "()")]
pub fn _acquire_lock(sp: Space) -> Res<()> {
    std::mem::forget(Held::acquire(sp)?);
    Ok(())
}

#[interp_fn(name = "_release_lock", sig = "()")]
pub fn _release_lock(sp: Space) -> Res<()> {
    if !mine(sp) {
        return Err(sp.runtime_error("cannot release un-acquired lock"));
    }
    drop(Held);
    Ok(())
}

#[interp_fn(name = "_filters_mutated_lock_held", sig = "()")]
pub fn _filters_mutated_lock_held(sp: Space) -> Res<()> {
    if !mine(sp) {
        return Err(sp.runtime_error("warnings lock is not held"));
    }
    VERSION.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// An attribute of the module `warnings`, if that is loaded (`import`: or can be).
pub fn attribute(sp: Space, name: W, import: bool) -> Res<Option<W>> {
    let w_name = name!(sp, "warnings");
    let mut module = sp.dict_get(sp.known(known::SYS_MODULES), w_name)?;
    if module.is_none() && import {
        module = match sp.import_module(w_name) {
            Ok(w) => Some(w),
            Err(_) if sp.catch(known::IMPORT_ERROR) => None,
            Err(e) => return Err(e),
        };
    }
    match module {
        Some(w) if !w.is_none() => sp.getattr_opt(w, name),
        _ => Ok(None),
    }
}

/// Has the registry seen the key under the present filters? Empties a registry of an older version.
fn seen(sp: Space, w_registry: W, w_key: W, set: bool) -> Res<bool> {
    if w_registry.is_none() {
        return Ok(false);
    }
    let w_version = sp.newint(VERSION.load(Ordering::Relaxed));
    let present = sp.dict_get(w_registry, name!(sp, "version"))?;
    match present {
        Some(w) if w == w_version => {
            if let Some(w) = sp.dict_get(w_registry, w_key)?
                && sp.is_true(w)?
            {
                return Ok(true);
            }
        }
        _ => {
            sp.call_method(w_registry, name!(sp, "clear"), &[])?;
            sp.dict_set(w_registry, name!(sp, "version"), w_version)?;
        }
    }
    if set {
        sp.dict_set(w_registry, w_key, W::TRUE)?;
    }
    Ok(false)
}

/// A filter's pattern: None, a str to be equal, or something with `match`.
fn matches(sp: Space, w_pattern: W, w: W) -> Res<bool> {
    if w_pattern.is_none() {
        return Ok(true);
    }
    if sp.text_opt(w_pattern).is_some() {
        return sp.eq_w(w_pattern, w);
    }
    let w_result = sp.call_method(w_pattern, name!(sp, "match"), &[w])?;
    sp.is_true(w_result)
}

/// (action, filter) of the first filter that matches.
fn search(sp: Space, w_filters: W, what: &str, warning: &Warning, w_text: W) -> Res<Option<(W, W)>> {
    if !sp.isinstance(w_filters, sp.known(known::LIST))? {
        return Err(raise!(sp, VALUE_ERROR, "{what} must be a list"));
    }
    // Python code called below may change the list.
    let mut i = 0;
    while i < sp.list_len(w_filters)? {
        let w_item = sp.list_item(w_filters, i)?;
        let Some(&[w_action, w_message, w_category, w_module, w_lineno]) = sp.tuple_opt(w_item) else {
            return Err(raise!(sp, VALUE_ERROR, "warnings.filters item {i} isn't a 5-tuple"));
        };
        if sp.text_opt(w_action).is_none() {
            return Err(raise!(sp, TYPE_ERROR, "action must be a string, not '{}'", sp.type_name(w_action)));
        }
        if matches(sp, w_message, w_text)?
            && sp.issubclass(warning.w_category, w_category)?
            && matches(sp, w_module, warning.w_module)?
        {
            let line = sp.int_w(w_lineno)?;
            if line == 0 || line == warning.lineno {
                return Ok(Some((w_action, w_item)));
            }
        }
        i += 1;
    }
    Ok(None)
}

fn find(sp: Space, warning: &Warning, w_text: W) -> Res<(W, W)> {
    let mut w_filters = W::NULL;
    let w_var = CONTEXT_VAR.get();
    if !w_var.is_null() && !w_var.is_none() {
        let w_context = sp.call_method(w_var, name!(sp, "get"), &[W::NONE])?;
        if !w_context.is_none() {
            w_filters = sp.getattr(w_context, name!(sp, "_filters"))?;
        }
    }
    if w_filters.is_null() {
        // What the module had last is used when it has none any more.
        if let Some(w) = attribute(sp, name!(sp, "filters"), false)? {
            FILTERS.set(sp, w);
        }
        w_filters = FILTERS.get();
    }
    if let Some(found) = search(sp, w_filters, "warnings.filters", warning, w_text)? {
        return Ok(found);
    }
    let w_action = attribute(sp, name!(sp, "defaultaction"), false)?.unwrap_or(DEFAULT_ACTION.get());
    if sp.text_opt(w_action).is_none() {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "warnings.defaultaction must be a string, not '{}'",
            sp.type_name(w_action)
        ));
    }
    Ok((w_action, W::NONE))
}

/// Is the warning to be shown? Raises it when a filter says "error".
pub fn decide(sp: Space, warning: &Warning, w_text: W) -> Res<bool> {
    let w_key = sp.newtuple(&[w_text, warning.w_category, sp.newint(warning.lineno)])?;
    if seen(sp, warning.w_registry, w_key, false)? {
        return Ok(false);
    }
    let (w_action, w_item) = find(sp, warning, w_text)?;
    let action = sp.string_w(w_action)?;
    let remember = || -> Res<()> {
        if warning.w_registry.is_none() { Ok(()) } else { sp.dict_set(warning.w_registry, w_key, W::TRUE) }
    };
    let w_altkey = sp.newtuple(&[w_text, warning.w_category, W::int(0)])?;
    match action.as_str() {
        "error" => Err(sp.raise_object(sp.type_(warning.w_message)?, warning.w_message)),
        "ignore" => Ok(false),
        "always" | "all" => Ok(true),
        "default" => {
            remember()?;
            Ok(true)
        }
        "once" => {
            remember()?;
            let w_once = attribute(sp, name!(sp, "onceregistry"), false)?.unwrap_or(ONCE.get());
            if !sp.isinstance(w_once, sp.known(known::DICT))? {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "_warnings.onceregistry must be a dict, not '{}'",
                    sp.type_name(w_once)
                ));
            }
            Ok(!seen(sp, w_once, w_altkey, true)?)
        }
        "module" => {
            remember()?;
            Ok(!seen(sp, warning.w_registry, w_altkey, true)?)
        }
        _ => {
            let (action, item) = (sp.repr_string(w_action)?, sp.string_w(sp.str(w_item)?)?);
            Err(raise!(sp, RUNTIME_ERROR, "Unrecognized action ({action}) in warnings.filters:\n {item}"))
        }
    }
}
