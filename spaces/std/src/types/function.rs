//! Built-in functions and bound methods as objects.

use super::util::*;
use super::{attrs, calls, object, signature};
use crate::layouts::*;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

fn builtin(w: W) -> (&'static mut WBuiltin, &'static FnSpec) {
    // SAFETY: the caller's object is a built-in function; static description.
    unsafe { (obj::<WBuiltin>(w), &*obj::<WBuiltin>(w).spec) }
}
#[slot]
fn bf_call(sp: Space, w: W, args: Args) -> Res<W> {
    signature::call_builtin_object(sp, w, args)
}
fn self_is_module(sp: Space, w_self: W) -> bool {
    w_self.is_null() || sp.layout(w_self) == TID_MODULE
}
#[slot]
fn bf_repr(sp: Space, w: W) -> Res<W> {
    let (b, s) = builtin(w);
    if self_is_module(sp, b.w_self) {
        return sp.newstr(&format!("<built-in function {}>", s.name.get()));
    }
    sp.newstr(&format!(
        "<built-in method {} of {} object at {}>",
        s.name.get(),
        tname(sp, b.w_self),
        object::address(b.w_self)
    ))
}
#[slot]
fn bf_name(sp: Space, w: W) -> Res<W> {
    Ok(sp.intern(builtin(w).1.name.get()))
}
#[slot]
fn bf_qualname(sp: Space, w: W) -> Res<W> {
    let (b, s) = builtin(w);
    if self_is_module(sp, b.w_self) {
        return Ok(sp.intern(s.name.get()));
    }
    let t = if is_type(sp, b.w_self) { b.w_self } else { type_of(sp, b.w_self) };
    let q = super::typeattrs::qualname(sp, t)?;
    sp.newstr(&format!("{}.{}", show(sp, q), s.name.get()))
}
#[slot]
fn bf_self(_sp: Space, w: W) -> Res<W> {
    let b = builtin(w).0;
    Ok(or_none(if b.w_self.is_null() { b.w_module } else { b.w_self }))
}
#[slot]
fn bf_module(sp: Space, w: W) -> Res<W> {
    let m = builtin(w).0.w_module;
    if m.is_null() {
        return Ok(W::NONE);
    }
    if sp.layout(m) == TID_MODULE {
        return Ok(sp.getattr_opt(m, name!(sp, "__name__"))?.unwrap_or(W::NONE));
    }
    Ok(m)
}
#[slot]
fn bf_set_module(sp: Space, w: W, value: W) -> Res<()> {
    setfield!(sp, w, WBuiltin, w_module, value);
    Ok(())
}
#[slot]
fn bf_doc(sp: Space, w: W) -> Res<W> {
    let d = builtin(w).1.doc.get();
    if d.is_empty() { Ok(W::NONE) } else { sp.newstr(d) }
}
#[slot]
fn bf_sig(sp: Space, w: W) -> Res<W> {
    match signature::text(builtin(w).1) {
        Some(t) => sp.newstr(&t),
        None => Ok(W::NONE),
    }
}
#[slot]
fn bf_compare(_sp: Space, a: W, b: W, op: u32) -> Res<W> {
    // SAFETY: live words.
    if !(2..=3).contains(&op) || unsafe { !a.is_tid(TID_BUILTIN) || !b.is_tid(TID_BUILTIN) } {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (builtin(a).0, builtin(b).0);
    let same = x.w_self == y.w_self && x.spec == y.spec && (!x.w_self.is_null() || a == b || x.w_module == y.w_module);
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn bf_hash(_sp: Space, w: W) -> Res<i64> {
    let b = builtin(w).0;
    Ok((b.w_self.0 >> 4 ^ (b.spec as u64) >> 3) as i64 & i64::MAX)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn bf_reduce(sp: Space, w: W) -> Res<W> {
    let (b, s) = builtin(w);
    let w_name = sp.intern(s.name.get());
    if self_is_module(sp, b.w_self) {
        return Ok(w_name);
    }
    let f = sp.builtin(name!(sp, "getattr"))?;
    let a = sp.newtuple(&[b.w_self, w_name])?;
    sp.newtuple(&[f, a])
}
static BF_SLOTS: Slots = Slots {
    call: Some(bf_call),
    repr: Some(bf_repr),
    compare: Some(bf_compare),
    hash: Some(bf_hash),
    ..Slots::EMPTY
};
typespec!(pub BUILTIN: WBuiltin, "builtin_function_or_method", {
    flags: ty::DISALLOW_INSTANTIATION | ty::WEAKREF, slots: &BF_SLOTS, methods: methods![bf_reduce],
    getset: table![getset!("__name__", bf_name), getset!("__qualname__", bf_qualname), getset!("__self__", bf_self),
        getset!("__module__", bf_module, bf_set_module), getset!("__doc__", bf_doc), getset!("__text_signature__", bf_sig)],
});

// ---- method ----

fn method(w: W) -> &'static mut WMethod {
    // SAFETY: the caller's object is a bound method.
    unsafe { obj::<WMethod>(w) }
}
#[slot]
fn m_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "method")?;
    let a = args.positional();
    if a.len() != 2 {
        return Err(raise!(sp, TYPE_ERROR, "method expected 2 arguments, got {}", a.len()));
    }
    if !sp.callable(a[0]) {
        return Err(sp.type_error("first argument must be callable"));
    }
    if a[1].is_none() {
        return Err(sp.type_error("instance must not be None"));
    }
    calls::new_method(sp, a[0], a[1])
}
#[slot]
fn m_call(sp: Space, w: W, args: Args) -> Res<W> {
    let m = method(w);
    calls::call_with_self(sp, m.w_func, m.w_self, args)
}
#[slot]
fn m_get(_sp: Space, w: W, _w_obj: W, _w_type: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn m_getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    if super::lookup::lookup(sp, type_of(sp, w), w_name).is_some()
        && let Some(v) = attrs::generic_getattr_opt(sp, w, w_name)?
    {
        return Ok(v);
    }
    attrs::getattr(sp, method(w).w_func, w_name)
}
#[slot]
fn m_repr(sp: Space, w: W) -> Res<W> {
    let m = method(w);
    let mut name = "?".to_string();
    for k in [name!(sp, "__qualname__"), name!(sp, "__name__")] {
        if let Some(q) = sp.getattr_opt(m.w_func, k)?
            && let Some(t) = sp.text_opt(q)
        {
            name = t.to_str().into_owned();
            break;
        }
    }
    sp.newstr(&format!("<bound method {name} of {}>", sp.repr_string(m.w_self)?))
}
#[slot]
fn m_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    // SAFETY: live words.
    if !(2..=3).contains(&op) || unsafe { !a.is_tid(TID_METHOD) || !b.is_tid(TID_METHOD) } {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (method(a), method(b));
    let same = x.w_self == y.w_self && sp.eq_w(x.w_func, y.w_func)?;
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn m_hash(sp: Space, w: W) -> Res<i64> {
    let m = method(w);
    let h = sp.hash(m.w_func)? ^ (m.w_self.0 >> 4) as i64;
    Ok(if h == -1 { -2 } else { h })
}
#[slot]
fn m_func(_sp: Space, w: W) -> Res<W> {
    Ok(method(w).w_func)
}
#[slot]
fn m_self(_sp: Space, w: W) -> Res<W> {
    Ok(method(w).w_self)
}
#[slot]
fn m_doc(sp: Space, w: W) -> Res<W> {
    Ok(sp.getattr_opt(method(w).w_func, name!(sp, "__doc__"))?.unwrap_or(W::NONE))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn m_reduce(sp: Space, w: W) -> Res<W> {
    let m = method(w);
    let f = sp.builtin(name!(sp, "getattr"))?;
    let w_name = sp.getattr(m.w_func, name!(sp, "__name__"))?;
    let a = sp.newtuple(&[m.w_self, w_name])?;
    sp.newtuple(&[f, a])
}
static M_SLOTS: Slots = Slots {
    call: Some(m_call),
    repr: Some(m_repr),
    compare: Some(m_compare),
    hash: Some(m_hash),
    descr_get: Some(m_get),
    getattr: Some(m_getattr),
    new: Some(m_new),
    ..Slots::EMPTY
};
typespec!(pub METHOD: WMethod, "method", {
    doc: Str::new("Create a bound instance method object."), flags: ty::WEAKREF, slots: &M_SLOTS, methods: methods![m_reduce],
    getset: table![getset!("__func__", m_func), getset!("__self__", m_self), getset!("__doc__", m_doc)],
});
