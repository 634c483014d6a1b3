//! FrameLocalsProxy: `f_locals` of a function's frame, a mapping that writes through. Names that are no variables of the function are
//! kept beside the frame.

use super::frametype::{fr, layout, local, set_local, snapshot};
use crate::containers::util::{binary, repr_guard};
use crate::layouts::{WFrame, tid};
use taipan_abi::known;
use taipan_abi::opcode::BinOp;
use taipan_abi::types::Slots;
use taipan_abi::word::{TID_FRAME, W};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, methods, setfield, slot};

#[derive(GcObject)]
#[repr(C)]
struct WProxy {
    header: Header,
    w_frame: W,
}
/// Row of FrameLocalsProxy.
pub const TID_LOCALS_PROXY: u32 = tid::RUN + 5;

/// The proxy of a frame object.
pub fn new(sp: Space, w_frame: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let o = sp.alloc(TID_LOCALS_PROXY, 16)?;
        (*o.ptr::<WProxy>()).w_frame = w_frame;
        Ok(o)
    }
}
#[slot]
fn proxy_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    let [w_frame] = args.positional() else {
        return Err(raise!(sp, TYPE_ERROR, "FrameLocalsProxy expected 1 argument, got {}", args.n));
    };
    if args.nkw(sp) > 0 {
        return Err(sp.type_error("FrameLocalsProxy takes no keyword arguments"));
    }
    // SAFETY: a live word.
    if !unsafe { w_frame.is_tid(TID_FRAME) } {
        return Err(raise!(sp, TYPE_ERROR, "expect frame, not {}", sp.type_name(*w_frame)));
    }
    new(sp, *w_frame)
}
fn frame_of(w: W) -> W {
    // SAFETY: the gateway has checked the type.
    unsafe { (*w.ptr::<WProxy>()).w_frame }
}
fn is_proxy(w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(TID_LOCALS_PROXY) }
}
/// A dict, or another proxy?
fn is_mapping(sp: Space, w: W) -> Res<bool> {
    Ok(is_proxy(w) || sp.isinstance(w, sp.known(known::DICT))?)
}

/// The variable of that name: the first bound one, else the first. Any object equal to the name, with its hash, means it.
fn index_of(sp: Space, w_frame: W, w_key: W) -> Res<Option<usize>> {
    let hash = sp.hash(w_key)?;
    let mut found = None;
    for (i, n) in layout(sp, w_frame).0.iter().enumerate() {
        if *n != w_key && (sp.hash(*n)? != hash || !sp.is_true(sp.eq(*n, w_key)?)?) {
            continue;
        }
        if !local(w_frame, i, layout(sp, w_frame).1).is_null() {
            return Ok(Some(i));
        }
        found = found.or(Some(i));
    }
    Ok(found)
}
fn find(sp: Space, w: W, w_key: W) -> Res<Option<W>> {
    let w_frame = frame_of(w);
    if let Some(i) = index_of(sp, w_frame, w_key)? {
        let v = local(w_frame, i, layout(sp, w_frame).1);
        return Ok((!v.is_null()).then_some(v));
    }
    if fr(w_frame).w_extra.is_null() { Ok(None) } else { sp.dict_get(fr(w_frame).w_extra, w_key) }
}
fn missing(sp: Space, w_key: W) -> Raised {
    sp.raise_object(sp.known(known::KEY_ERROR), w_key)
}

#[slot]
fn proxy_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    match find(sp, w, w_key)? {
        Some(v) => Ok(v),
        None => {
            let key = sp.repr_string(w_key)?;
            Err(missing(sp, sp.newstr(&format!("local variable '{key}' is not defined"))?))
        }
    }
}
fn fixed(sp: Space) -> Raised {
    sp.value_error("cannot remove local variables from FrameLocalsProxy")
}
#[slot]
fn proxy_setitem(sp: Space, w: W, w_key: W, v: W) -> Res<()> {
    let w_frame = frame_of(w);
    let variable = index_of(sp, w_frame, w_key)?;
    if v.is_null() {
        if variable.is_some() {
            return Err(fixed(sp));
        }
        return take(sp, w_frame, w_key)?.map(|_| ()).ok_or_else(|| missing(sp, w_key));
    }
    if let Some(i) = variable {
        set_local(sp, w_frame, i, layout(sp, w_frame).1, v);
        return Ok(());
    }
    if fr(w_frame).w_extra.is_null() {
        let d = sp.newdict()?;
        setfield!(sp, w_frame, WFrame, w_extra, d);
    }
    sp.dict_set(fr(w_frame).w_extra, w_key, v)
}
/// Removes a key that is no variable.
fn take(sp: Space, w_frame: W, w_key: W) -> Res<Option<W>> {
    let d = fr(w_frame).w_extra;
    if d.is_null() {
        return Ok(None);
    }
    let found = sp.dict_get(d, w_key)?;
    if found.is_some() {
        sp.delitem(d, w_key)?;
    }
    Ok(found)
}
/// Removes a key that is no variable; answers its value, or the default.
#[interp_fn(method, sig = "(self, key, default=None, /)")]
fn pop(sp: Space, w: W, w_key: W, w_default: Option<W>) -> Res<W> {
    let w_frame = frame_of(w);
    if index_of(sp, w_frame, w_key)?.is_some() {
        return Err(fixed(sp));
    }
    take(sp, w_frame, w_key)?.or(w_default).ok_or_else(|| missing(sp, w_key))
}

#[slot]
fn proxy_contains(sp: Space, w: W, w_key: W) -> Res<bool> {
    Ok(find(sp, w, w_key)?.is_some())
}
#[slot]
fn proxy_len(sp: Space, w: W) -> Res<i64> {
    sp.len(snapshot(sp, frame_of(w))?)
}
#[slot]
fn proxy_iter(sp: Space, w: W) -> Res<W> {
    sp.iter(keys(sp, w)?)
}
#[slot]
fn proxy_repr(sp: Space, w: W) -> Res<W> {
    let Some(_guard) = repr_guard(frame_of(w)) else { return sp.newstr("{...}") };
    sp.repr(snapshot(sp, frame_of(w))?)
}
#[slot]
fn proxy_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if op & !1 != 2 {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let same = if is_proxy(b) {
        frame_of(a) == frame_of(b)
    } else if sp.isinstance(b, sp.known(known::DICT))? {
        sp.eq_w(snapshot(sp, frame_of(a))?, b)?
    } else {
        return Ok(W::NOT_IMPLEMENTED);
    };
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn proxy_or(sp: Space, a: W, b: W) -> Res<W> {
    if !is_mapping(sp, a)? || !is_mapping(sp, b)? {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let d = sp.newdict()?;
    sp.dict_update(d, a, 1)?;
    sp.dict_update(d, b, 1)?;
    Ok(d)
}
#[slot]
fn proxy_ior(sp: Space, a: W, b: W) -> Res<W> {
    if !is_mapping(sp, b)? {
        return Ok(W::NOT_IMPLEMENTED);
    }
    fill(sp, a, b)?;
    Ok(a)
}
fn fill(sp: Space, w: W, w_other: W) -> Res<()> {
    let d = sp.newdict()?;
    sp.dict_update(d, w_other, 1)?;
    let mut pos = 0;
    while let Some((k, v)) = sp.dict_next(d, &mut pos) {
        sp.setitem(w, k, v)?;
    }
    Ok(())
}

/// A list of `snapshot().METHOD()`.
fn listed(sp: Space, w: W, w_method: W) -> Res<W> {
    let view = sp.call_method(snapshot(sp, frame_of(w))?, w_method, &[])?;
    sp.call(sp.known(known::LIST), &[view])
}
/// The names of the bound variables.
#[interp_fn(method, name = "keys", sig = "(self)")]
fn proxy_keys(sp: Space, w: W) -> Res<W> {
    keys(sp, w)
}
fn keys(sp: Space, w: W) -> Res<W> {
    listed(sp, w, name!(sp, "keys"))
}
/// Their values.
#[interp_fn(method, name = "values", sig = "(self)")]
fn proxy_values(sp: Space, w: W) -> Res<W> {
    listed(sp, w, name!(sp, "values"))
}
/// Names and values.
#[interp_fn(method, name = "items", sig = "(self)")]
fn proxy_items(sp: Space, w: W) -> Res<W> {
    listed(sp, w, name!(sp, "items"))
}
/// The names, the last one first.
#[interp_fn(method, name = "__reversed__", sig = "(self)")]
fn proxy_reversed(sp: Space, w: W) -> Res<W> {
    let w_list = keys(sp, w)?;
    sp.call_method(w_list, name!(sp, "reverse"), &[])?;
    Ok(w_list)
}
/// A dict of the variables.
#[interp_fn(method, name = "copy", sig = "(self)")]
fn proxy_copy(sp: Space, w: W) -> Res<W> {
    snapshot(sp, frame_of(w))
}
/// The value of a name, or the default.
#[interp_fn(method, name = "get", sig = "(self, key, default=None, /)")]
fn proxy_get(sp: Space, w: W, w_key: W, w_default: W) -> Res<W> {
    Ok(find(sp, w, w_key)?.unwrap_or(w_default))
}
/// Sets several names.
#[interp_fn(method, name = "update", sig = "(self, other, /)")]
fn proxy_update(sp: Space, w: W, w_other: W) -> Res<()> {
    if !is_mapping(sp, w_other)? {
        return Err(sp.type_error("update() argument must be dict or another FrameLocalsProxy"));
    }
    fill(sp, w, w_other)
}
/// The value of a name; sets it to the default if it is not there.
#[interp_fn(method, name = "setdefault", sig = "(self, key, default=None, /)")]
fn proxy_setdefault(sp: Space, w: W, w_key: W, w_default: W) -> Res<W> {
    if let Some(v) = find(sp, w, w_key)? {
        return Ok(v);
    }
    sp.setitem(w, w_key, w_default)?;
    Ok(w_default)
}
typespec!(
    /// FrameLocalsProxy
    pub LOCALS_PROXY: WProxy, "FrameLocalsProxy", {
        flags: ty::IMMUTABLE | ty::MAPPING,
        slots: &Slots {
            new: Some(proxy_new), getitem: Some(proxy_getitem), setitem: Some(proxy_setitem), contains: Some(proxy_contains),
            len: Some(proxy_len), iter: Some(proxy_iter), repr: Some(proxy_repr), compare: Some(proxy_compare),
            binary: binary(&[(BinOp::Or, proxy_or)]),
            inplace: binary(&[(BinOp::Or, proxy_ior)]), ..Slots::EMPTY
        },
        methods: methods![
            proxy_keys, proxy_values, proxy_items, proxy_reversed, proxy_copy, proxy_get, proxy_update, proxy_setdefault, pop
        ],
    }
);
