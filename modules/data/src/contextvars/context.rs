//! Context: a dict shared between copies until one of them changes.

use super::current;
use super::var::W_VAR;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
pub struct WContext {
    header: Header,
    /// Variables and their values; NULL while empty.
    w_vars: W,
    /// What was current when this one was entered.
    w_previous: W,
    /// The dict is (or was) also another context's: copy it before a change.
    shared: bool,
    entered: bool,
}
static W_CONTEXT: TypeOf = TypeOf::new();

typespec!(CONTEXT: WContext, "_contextvars.Context", {
    flags: ty::WEAKREF | ty::MAPPING,
    slots: &Slots {
        new: Some(context_new), compare: Some(context_compare), hash: Some(context_hash), iter: Some(context_iter),
        len: Some(context_len), getitem: Some(context_getitem), contains: Some(context_contains), ..Slots::EMPTY
    },
    methods: methods![run, copy, get, keys, values, items],
});
pub fn make(sp: Space, w_module: W) -> Res<()> {
    let w = W_CONTEXT.make(sp, w_module, &CONTEXT)?;
    sp.setattr_str(w_module, "Context", w)
}
pub fn empty(sp: Space) -> Res<W> {
    sp.allocate(W_CONTEXT.w(), 0)
}
/// A copy: the dict is shared from now on.
pub fn copied(sp: Space, w: W) -> Res<W> {
    let w_new = empty(sp)?;
    let c = obj::<WContext>(w);
    if !c.w_vars.is_null() {
        c.shared = true;
        setfield!(sp, w_new, WContext, w_vars, c.w_vars);
        obj::<WContext>(w_new).shared = true;
    }
    Ok(w_new)
}
/// The value of a variable in a context.
pub fn lookup(sp: Space, w: W, w_var: W) -> Res<Option<W>> {
    let vars = obj::<WContext>(w).w_vars;
    if vars.is_null() { Ok(None) } else { sp.dict_get(vars, w_var) }
}
/// The dict for changes.
fn own(sp: Space, w: W) -> Res<W> {
    let c = obj::<WContext>(w);
    if !c.w_vars.is_null() && !c.shared {
        return Ok(c.w_vars);
    }
    let new = if c.w_vars.is_null() { sp.newdict()? } else { sp.dict_copy(c.w_vars)? };
    setfield!(sp, w, WContext, w_vars, new);
    obj::<WContext>(w).shared = false;
    Ok(new)
}
pub fn store(sp: Space, w: W, w_var: W, v: W) -> Res<()> {
    sp.dict_set(own(sp, w)?, w_var, v)
}
pub fn remove(sp: Space, w: W, w_var: W) -> Res<()> {
    sp.dict_del(own(sp, w)?, w_var)
}

#[slot]
fn context_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if args.n + args.nkw(sp) > 0 {
        return Err(sp.type_error("Context() does not accept any arguments"));
    }
    sp.allocate(w_type, 0)
}
/// The contents as a dict that nobody else changes while it is read.
fn frozen(sp: Space, w: W) -> Res<W> {
    let c = obj::<WContext>(w);
    if c.w_vars.is_null() {
        return sp.newdict();
    }
    c.shared = true;
    Ok(c.w_vars)
}
fn key(sp: Space, w: W) -> Res<()> {
    if W_VAR.is(sp, w) {
        return Ok(());
    }
    Err(raise!(sp, TYPE_ERROR, "a ContextVar key was expected, got {}", sp.repr_string(w)?))
}
#[slot]
fn context_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !W_CONTEXT.is(sp, a) || !W_CONTEXT.is(sp, b) || !matches!(op, 2 | 3) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (frozen(sp, a)?, frozen(sp, b)?);
    if op == 2 { sp.eq(x, y) } else { sp.ne(x, y) }
}
#[slot]
fn context_hash(sp: Space, w: W) -> Res<i64> {
    Err(raise!(sp, TYPE_ERROR, "unhashable type: '{}'", sp.type_name(w)))
}
#[slot]
fn context_iter(sp: Space, w: W) -> Res<W> {
    sp.iter(frozen(sp, w)?)
}
#[slot]
fn context_len(sp: Space, w: W) -> Res<i64> {
    let vars = obj::<WContext>(w).w_vars;
    if vars.is_null() { Ok(0) } else { sp.dict_len(vars) }
}
#[slot]
fn context_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    key(sp, w_key)?;
    lookup(sp, w, w_key)?.ok_or_else(|| sp.key_error(w_key))
}
#[slot]
fn context_contains(sp: Space, w: W, w_key: W) -> Res<bool> {
    key(sp, w_key)?;
    Ok(lookup(sp, w, w_key)?.is_some())
}
/// Return the value for `key` if `key` has the value in the context object.
///
/// If `key` does not exist, return `default`. If `default` is not given,
/// return None.
#[interp_fn(method, sig = "(self, key, default=None, /)")]
fn get(sp: Space, w: W, w_key: W, w_default: W) -> Res<W> {
    key(sp, w_key)?;
    Ok(lookup(sp, w, w_key)?.unwrap_or(w_default))
}
/// Return a list of all variables in the context object.
#[interp_fn(method, sig = "(self, /)")]
fn keys(sp: Space, w: W) -> Res<W> {
    sp.call_method(frozen(sp, w)?, name!(sp, "keys"), &[]).and_then(|w| sp.iter(w))
}
/// Return a list of all variables' values in the context object.
#[interp_fn(method, sig = "(self, /)")]
fn values(sp: Space, w: W) -> Res<W> {
    sp.call_method(frozen(sp, w)?, name!(sp, "values"), &[]).and_then(|w| sp.iter(w))
}
/// Return all variables and their values in the context object.
///
/// The result is returned as a list of 2-tuples (variable, value).
#[interp_fn(method, sig = "(self, /)")]
fn items(sp: Space, w: W) -> Res<W> {
    sp.call_method(frozen(sp, w)?, name!(sp, "items"), &[]).and_then(|w| sp.iter(w))
}
/// Return a shallow copy of the context object.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
#[interp_fn(method, raw)]
fn run(sp: Space, w: W, args: Args) -> Res<W> {
    let Some(f) = args.positional().first() else {
        return Err(sp.type_error("run() missing 1 required positional argument"));
    };
    if obj::<WContext>(w).entered {
        return Err(raise!(sp, RUNTIME_ERROR, "cannot enter context: {} is already entered", sp.repr_string(w)?));
    }
    let w_previous = current(sp)?;
    setfield!(sp, w, WContext, w_previous, w_previous);
    obj::<WContext>(w).entered = true;
    sp.thread().w_context = w;
    // SAFETY: the words after the first one follow it.
    let r = sp.call_args(*f, Args { ptr: unsafe { args.ptr.add(1) }, n: args.n - 1, kwnames: args.kwnames });
    sp.thread().w_context = w_previous;
    let c = obj::<WContext>(w);
    c.entered = false;
    c.w_previous = W::NULL;
    r
}
