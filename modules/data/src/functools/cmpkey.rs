//! cmp_to_key.

use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WKey {
    header: Header,
    w_cmp: W,
    w_object: W,
}
static W_KEY: TypeOf = TypeOf::new();

typespec!(KEY: WKey, "functools.KeyWrapper", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { call: Some(key_call), compare: Some(key_compare), ..Slots::EMPTY },
    getset: table![getset!("obj", get_obj, set_obj), getset!("__text_signature__", text_signature)],
});

pub fn init(sp: Space, w_module: W) -> Res<()> {
    W_KEY.make(sp, w_module, &KEY)?;
    Ok(())
}

/// Convert a cmp= function into a key= function.
///
///   mycmp
///     Function that compares two objects.
#[interp_fn(sig = "(mycmp)")]
pub fn cmp_to_key(sp: Space, w_cmp: W) -> Res<W> {
    let (w, k) = W_KEY.new_instance::<WKey>(sp)?;
    k.w_cmp = w_cmp;
    Ok(w)
}
#[slot]
fn get_obj(sp: Space, w: W) -> Res<W> {
    let w_object = obj::<WKey>(w).w_object;
    if w_object.is_null() {
        return Err(sp.raise(known::ATTRIBUTE_ERROR, "'functools.KeyWrapper' object has no attribute 'obj'"));
    }
    Ok(w_object)
}
#[slot]
fn set_obj(sp: Space, w: W, v: W) -> Res<()> {
    setfield!(sp, w, WKey, w_object, v);
    Ok(())
}
#[slot]
fn text_signature(sp: Space, _w: W) -> Res<W> {
    sp.newstr("(obj)")
}
#[slot]
fn key_call(sp: Space, w: W, args: Args) -> Res<W> {
    let [w_object] = parse_args(sp, "K", &args, ["obj"], 0, 1, 1)?;
    let w_cmp = obj::<WKey>(w).w_cmp;
    let (w_new, k) = W_KEY.new_instance::<WKey>(sp)?;
    k.w_cmp = w_cmp;
    k.w_object = w_object;
    Ok(w_new)
}
#[slot]
fn key_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !W_KEY.is(sp, a) || !W_KEY.is(sp, b) {
        return Err(sp.type_error("other argument must be K instance"));
    }
    let (x, y) = (obj::<WKey>(a), obj::<WKey>(b));
    if x.w_object.is_null() || y.w_object.is_null() {
        return Err(sp.raise(known::ATTRIBUTE_ERROR, "object"));
    }
    let w = sp.call(x.w_cmp, &[x.w_object, y.w_object])?;
    compare_zero(sp, w, op)
}
/// `w op 0`
fn compare_zero(sp: Space, w: W, op: u32) -> Res<W> {
    let zero = W::int(0);
    match op {
        0 => sp.lt(w, zero),
        1 => sp.le(w, zero),
        2 => sp.eq(w, zero),
        3 => sp.ne(w, zero),
        4 => sp.gt(w, zero),
        _ => sp.ge(w, zero),
    }
}
