//! ContextVar and Token.

use super::context;
use super::current;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WVar {
    header: Header,
    w_name: W,
    /// NULL = none
    w_default: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WToken {
    header: Header,
    w_context: W,
    w_var: W,
    /// NULL = there was none
    w_old: W,
    used: bool,
}
#[derive(GcObject)]
#[repr(C)]
struct WMissing {
    header: Header,
}
pub static W_VAR: TypeOf = TypeOf::new();
static W_TOKEN: TypeOf = TypeOf::new();
static W_MISSING_TYPE: TypeOf = TypeOf::new();
static W_MISSING: Global = Global::new();

typespec!(VAR: WVar, "_contextvars.ContextVar", {
    flags: ty::WEAKREF,
    slots: &Slots { new: Some(var_new), repr: Some(var_repr), ..Slots::EMPTY },
    methods: methods![get, set, reset, class_getitem],
    members: table![member!(WVar, "name", w_name, Obj)],
});
typespec!(TOKEN: WToken, "_contextvars.Token", {
    flags: ty::WEAKREF,
    slots: &Slots { new: Some(token_new), repr: Some(token_repr), hash: Some(token_hash), ..Slots::EMPTY },
    methods: methods![token_enter, token_exit, class_getitem],
    getset: table![getset!("old_value", token_old_value)],
    members: table![member!(WToken, "var", w_var, Obj)],
});
typespec!(MISSING: WMissing, "_contextvars.Token.MISSING", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { repr: Some(missing_repr), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_VAR.add(sp, w_module, &VAR)?;
    let w_token = W_TOKEN.add(sp, w_module, &TOKEN)?;
    W_MISSING_TYPE.make(sp, w_module, &MISSING)?;
    let w = W_MISSING.get_or(sp, |sp| sp.allocate(W_MISSING_TYPE.w(), 0))?;
    sp.setattr_str(w_token, "MISSING", w)
}
#[slot]
fn missing_repr(sp: Space, _w: W) -> Res<W> {
    sp.newstr("<Token.MISSING>")
}
#[slot]
fn var_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_name, w_default] = parse_args(sp, "ContextVar", &args, ["name", "default"], 0, 1, 1)?;
    if !is_str(sp, w_name) {
        return Err(sp.type_error("context variable name must be a str"));
    }
    sp.hash(w_name)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WVar, w_name, w_name);
    setfield!(sp, w, WVar, w_default, w_default);
    Ok(w)
}
#[slot]
fn var_repr(sp: Space, w: W) -> Res<W> {
    let v = obj::<WVar>(w);
    let mut out = b"<ContextVar name=".to_vec();
    out.extend_from_slice(&sp.text_w(sp.repr(v.w_name)?)?.to_wtf8());
    if !v.w_default.is_null() {
        out.extend_from_slice(b" default=");
        match ReprGuard::enter(w) {
            Some(_guard) => out.extend_from_slice(&sp.text_w(sp.repr(v.w_default)?)?.to_wtf8()),
            None => out.extend_from_slice(b"..."),
        }
    }
    out.extend_from_slice(format!(" at {:#x}>", w.0).as_bytes());
    sp.newstr_wtf8(&out)
}
/// Return a value for the context variable for the current context.
///
/// If there is no value for the variable in the current context, the method will:
///  * return the value of the default argument of the method, if provided; or
///  * return the default value for the context variable, if it was created
///    with one; or
///  * raise a LookupError.
#[interp_fn(method, sig = "(self, default=<unrepresentable>, /)")]
fn get(sp: Space, w: W, w_default: Option<W>) -> Res<W> {
    let w_context = sp.thread().w_context;
    if !w_context.is_null()
        && let Some(v) = context::lookup(sp, w_context, w)?
    {
        return Ok(v);
    }
    if let Some(v) = w_default {
        return Ok(v);
    }
    let v = obj::<WVar>(w).w_default;
    if v.is_null() { Err(sp.raise_object(sp.known(known::LOOKUP_ERROR), w)) } else { Ok(v) }
}
/// Call to set a new value for the context variable in the current context.
///
/// The required *value* argument is the new value for the context variable.
///
/// Returns a Token object that can be used to restore the variable to its previous
/// value via the `ContextVar.reset()` method.
#[interp_fn(method, sig = "(self, value, /)")]
fn set(sp: Space, w: W, v: W) -> Res<W> {
    let w_context = current(sp)?;
    let old = context::lookup(sp, w_context, w)?.unwrap_or(W::NULL);
    let w_token = sp.allocate(W_TOKEN.w(), 0)?;
    setfield!(sp, w_token, WToken, w_context, w_context);
    setfield!(sp, w_token, WToken, w_var, w);
    setfield!(sp, w_token, WToken, w_old, old);
    context::store(sp, w_context, w, v)?;
    Ok(w_token)
}
fn reset_by(sp: Space, w_token: W) -> Res<()> {
    let t = obj::<WToken>(w_token);
    if t.used {
        return Err(raise!(sp, RUNTIME_ERROR, "{} has already been used once", sp.repr_string(w_token)?));
    }
    let w_context = current(sp)?;
    if t.w_context != w_context {
        return Err(raise!(sp, VALUE_ERROR, "{} was created in a different Context", sp.repr_string(w_token)?));
    }
    t.used = true;
    if t.w_old.is_null() {
        context::remove(sp, w_context, t.w_var)
    } else {
        context::store(sp, w_context, t.w_var, t.w_old)
    }
}
/// Reset the context variable.
///
/// The variable is reset to the value it had before the `ContextVar.set()` that
/// created the token was used.
#[interp_fn(method, sig = "(self, token, /)")]
fn reset(sp: Space, w: W, w_token: W) -> Res<()> {
    if !W_TOKEN.is(sp, w_token) {
        return Err(raise!(sp, TYPE_ERROR, "expected an instance of Token, got {}", sp.repr_string(w_token)?));
    }
    let t = obj::<WToken>(w_token);
    if !t.used && t.w_var != w {
        return Err(raise!(sp, VALUE_ERROR, "{} was created by a different ContextVar", sp.repr_string(w_token)?));
    }
    reset_by(sp, w_token)
}
#[slot]
fn token_new(sp: Space, _w_type: W, _args: Args) -> Res<W> {
    Err(sp.runtime_error("Tokens can only be created by ContextVars"))
}
#[slot]
fn token_hash(sp: Space, w: W) -> Res<i64> {
    Err(raise!(sp, TYPE_ERROR, "unhashable type: '{}'", sp.type_name(w)))
}
#[slot]
fn token_repr(sp: Space, w: W) -> Res<W> {
    let t = obj::<WToken>(w);
    let mut out = b"<Token".to_vec();
    if t.used {
        out.extend_from_slice(b" used")
    }
    out.extend_from_slice(b" var=");
    out.extend_from_slice(&sp.text_w(sp.repr(t.w_var)?)?.to_wtf8());
    out.extend_from_slice(format!(" at {:#x}>", w.0).as_bytes());
    sp.newstr_wtf8(&out)
}
#[slot]
fn token_old_value(_sp: Space, w: W) -> Res<W> {
    let t = obj::<WToken>(w);
    Ok(if t.w_old.is_null() { W_MISSING.get() } else { t.w_old })
}
/// Enter into Token context manager.
#[interp_fn(method, name = "__enter__", sig = "(self, /)")]
fn token_enter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
/// Exit from Token context manager, restore the linked ContextVar.
#[interp_fn(method, name = "__exit__", sig = "(self, type, val, tb, /)")]
fn token_exit(sp: Space, w: W, _type: W, _val: W, _tb: W) -> Res<()> {
    reset_by(sp, w)
}
