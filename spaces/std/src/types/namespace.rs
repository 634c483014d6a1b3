//! types.SimpleNamespace.

use super::util::*;
use super::{create, dispatch, shapes};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Only attributes.
#[derive(GcObject)]
#[repr(C)]
pub struct WNamespace {
    #[allow(missing_docs)]
    pub header: Header,
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    create::allocate(sp, w_type, 0)
}
#[slot]
fn init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.n > 1 {
        return Err(raise!(sp, TYPE_ERROR, "{} expected at most 1 positional argument, got {}", tname(sp, w), args.n));
    }
    let d = shapes::getdict(sp, w)?;
    if let Some(m) = args.positional().first() {
        let w_dict = sp.call(sp.known(known::DICT), &[*m])?;
        let mut pos = 0;
        while let Some((k, _)) = sp.dict_next(w_dict, &mut pos) {
            if sp.layout(k) != TID_STR {
                return Err(sp.type_error("keywords must be strings"));
            }
        }
        sp.dict_update(d, w_dict, 1)?
    }
    for (n, v) in args.keywords(sp) {
        let k = attr_name(sp, n.w)?;
        sp.dict_set(d, k, v)?
    }
    Ok(())
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let t = type_of(sp, w);
    let name = if t == builtin_type(sp, super::NAMESPACE) { "namespace".to_string() } else { tp_name(sp, t) };
    dispatch::check_stack(sp, " while getting the repr of an object")?;
    if !enter(w) {
        return sp.newstr(&format!("{name}(...)"));
    }
    let r = fields(sp, w);
    leave(w);
    sp.newstr(&format!("{name}({})", r?))
}
fn fields(sp: Space, w: W) -> Res<String> {
    let d = shapes::getdict(sp, w)?;
    let d = sp.dict_copy(d)?;
    let mut parts = Vec::new();
    let mut pos = 0;
    while let Some((k, v)) = sp.dict_next(d, &mut pos) {
        if let Some(k) = sp.text_opt(k)
            && !k.is_empty()
        {
            parts.push(format!("{}={}", k.to_str(), sp.repr_string(v)?))
        }
    }
    Ok(parts.join(", "))
}
thread_local! {
    /// Objects whose repr is being made (addresses; they stand on the stack meanwhile).
    static RUNNING: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
}
fn enter(w: W) -> bool {
    RUNNING.with_borrow_mut(|v| {
        let fresh = !v.contains(&w.0);
        if fresh {
            v.push(w.0)
        }
        fresh
    })
}
fn leave(w: W) {
    RUNNING.with_borrow_mut(|v| v.retain(|x| *x != w.0))
}
#[slot]
fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    let t = builtin_type(sp, super::NAMESPACE);
    if !instance(sp, a, t) || !instance(sp, b, t) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (shapes::getdict(sp, a)?, shapes::getdict(sp, b)?);
    dispatch::compare(sp, x, y, op)
}
/// Return state information for pickling
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn reduce(sp: Space, w: W) -> Res<W> {
    let e = sp.newtuple(&[])?;
    let d = shapes::getdict(sp, w)?;
    sp.newtuple(&[type_of(sp, w), e, d])
}
/// Return a copy of the namespace object with new values for the specified attributes.
#[interp_fn(name = "__replace__", method, sig = "($self, /, **changes)")]
fn replace(sp: Space, w: W, w_changes: W) -> Res<W> {
    let r = sp.call(type_of(sp, w), &[])?;
    let t = builtin_type(sp, super::NAMESPACE);
    if !instance(sp, r, t) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "expect types.SimpleNamespace type, but {}() returned '{}' object",
            crate::containers::util::full_type_name(sp, w),
            tname(sp, r)
        ));
    }
    let d = shapes::getdict(sp, r)?;
    sp.dict_update(d, shapes::getdict(sp, w)?, 1)?;
    sp.dict_update(d, w_changes, 1)?;
    Ok(r)
}
static SLOTS: Slots =
    Slots { new: Some(new), init: Some(init), repr: Some(repr), compare: Some(compare), ..Slots::EMPTY };
#[slot]
fn get_dict(sp: Space, w: W) -> Res<W> {
    shapes::getdict(sp, w)
}
typespec!(pub SPEC: WNamespace, "types.SimpleNamespace", {
    doc: Str::new("A simple attribute-based namespace."), flags: ty::BASETYPE | ty::DICT, slots: &SLOTS,
    methods: methods![reduce, replace], getset: table![getset!("__dict__", get_dict)],
});
