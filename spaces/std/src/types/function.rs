//! Built-in functions and bound methods as objects.

use super::util::*;
use super::{object, signature};
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
    let (b, _) = builtin(w);
    let w_module = if b.w_self.is_null() { b.w_module } else { b.w_self };
    let of_module = !w_module.is_null() && sp.layout(w_module) == TID_MODULE;
    match signature::text(builtin(w).1) {
        // inspect drops the module again, because it is `__self__`.
        Some(t) if of_module && !t.contains('$') => {
            let rest = t.trim_start_matches('(').trim_start();
            sp.newstr(&if rest == ")" { "($module)".to_string() } else { format!("($module, {rest}") })
        }
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
static BF_SLOTS: Slots =
    Slots { call: Some(bf_call), repr: Some(bf_repr), compare: Some(bf_compare), hash: Some(bf_hash), ..Slots::EMPTY };
typespec!(pub BUILTIN: WBuiltin, "builtin_function_or_method", {
    flags: ty::DISALLOW_INSTANTIATION | ty::WEAKREF, slots: &BF_SLOTS, methods: methods![bf_reduce],
    getset: table![getset!("__name__", bf_name), getset!("__qualname__", bf_qualname), getset!("__self__", bf_self),
        getset!("__module__", bf_module, bf_set_module), getset!("__doc__", bf_doc), getset!("__text_signature__", bf_sig)],
});
