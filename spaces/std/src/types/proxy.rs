//! mappingproxy.

use super::util::*;
use super::{calls, create};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A read-only view of a mapping.
#[derive(GcObject)]
#[repr(C)]
pub struct WProxy {
    #[allow(missing_docs)]
    pub header: Header,
    #[allow(missing_docs)]
    pub w_mapping: W,
}
fn of(w: W) -> W {
    // SAFETY: the caller's object is a mappingproxy.
    unsafe { obj::<WProxy>(w) }.w_mapping
}
/// mappingproxy(mapping)
pub fn new_proxy(sp: Space, w_mapping: W) -> Res<W> {
    // SAFETY: row TID_MAPPINGPROXY is laid out so; fresh object.
    let (w, p) = unsafe { new::<WProxy>(sp, TID_MAPPINGPROXY)? };
    p.w_mapping = w_mapping;
    Ok(w)
}
/// The mapping itself for operations between proxies.
fn bare(w: W) -> W {
    // SAFETY: a live word.
    if unsafe { w.is_tid(TID_MAPPINGPROXY) } { of(w) } else { w }
}
#[slot]
fn tp_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let mut given = args.positional().first().copied();
    for (n, v) in args.keywords(sp) {
        if n.eq_str("mapping") && given.is_none() {
            given = Some(v)
        } else {
            return Err(raise!(sp, TYPE_ERROR, "mappingproxy() got an unexpected keyword argument '{}'", n.to_str()));
        }
    }
    let Some(m) = given.filter(|_| args.n <= 1) else {
        return Err(if args.n > 1 {
            raise!(sp, TYPE_ERROR, "mappingproxy() takes at most 1 argument ({} given)", args.n)
        } else {
            sp.type_error("mappingproxy() missing required argument 'mapping' (pos 1)")
        });
    };
    let l = sp.layout(m);
    let mapping = slots_of(sp, m).getitem.is_some()
        && !matches!(l, TID_LIST | TID_TUPLE | TID_STR | TID_BYTES | TID_BYTEARRAY | TID_RANGE | TID_MEMORYVIEW);
    if !mapping {
        return Err(raise!(sp, TYPE_ERROR, "mappingproxy() argument must be a mapping, not {}", tname(sp, m)));
    }
    let w = create::allocate(sp, w_type, 0)?;
    setfield!(sp, w, WProxy, w_mapping, m);
    Ok(w)
}
#[slot]
fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    sp.getitem(of(w), k)
}
#[slot]
fn len(sp: Space, w: W) -> Res<i64> {
    sp.len(of(w))
}
#[slot]
fn contains(sp: Space, w: W, k: W) -> Res<bool> {
    sp.contains(of(w), k)
}
#[slot]
fn iter(sp: Space, w: W) -> Res<W> {
    sp.iter(of(w))
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    sp.newstr(&format!("mappingproxy({})", sp.repr_string(of(w))?))
}
#[slot]
fn str(sp: Space, w: W) -> Res<W> {
    sp.str(of(w))
}
#[slot]
fn hash(sp: Space, w: W) -> Res<i64> {
    sp.hash(of(w))
}
#[slot]
fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    super::dispatch::compare(sp, bare(a), bare(b), op)
}
#[slot]
fn or_(sp: Space, a: W, b: W) -> Res<W> {
    sp.or_(bare(a), bare(b))
}
#[slot]
fn ior(sp: Space, w: W, _b: W) -> Res<W> {
    Err(raise!(sp, TYPE_ERROR, "'|=' is not supported by {}; use '|' instead", tname(sp, w)))
}
/// Return the value for key if key is in the mapping, else default.
#[interp_fn(name = "get", method, raw)]
fn get(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "get"), args)
}
/// A set-like object providing a view on the keys.
#[interp_fn(name = "keys", method, raw)]
fn keys(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "keys"), args)
}
/// An object providing a view on the values.
#[interp_fn(name = "values", method, raw)]
fn values(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "values"), args)
}
/// A set-like object providing a view on the items.
#[interp_fn(name = "items", method, raw)]
fn items(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "items"), args)
}
/// A shallow copy.
#[interp_fn(name = "copy", method, raw)]
fn copy(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "copy"), args)
}
/// Iterates over the keys backwards.
#[interp_fn(name = "__reversed__", method, raw)]
fn reversed(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call_method(sp, of(w), name!(sp, "__reversed__"), args)
}
/// Parameterize.
#[interp_fn(name = "__class_getitem__", classmethod, sig = "($cls, item, /)")]
fn class_getitem(sp: Space, w_class: W, w_item: W) -> Res<W> {
    super::genericalias::new_alias(sp, w_class, w_item)
}
static SLOTS: Slots = Slots {
    binary: {
        let mut b = Slots::EMPTY.binary;
        b[taipan_abi::opcode::BinOp::Or as usize] = Some(or_);
        b
    },
    inplace: {
        let mut b = Slots::EMPTY.inplace;
        b[taipan_abi::opcode::BinOp::Or as usize] = Some(ior);
        b
    },
    new: Some(tp_new),
    getitem: Some(getitem),
    len: Some(len),
    contains: Some(contains),
    iter: Some(iter),
    repr: Some(repr),
    str: Some(str),
    hash: Some(hash),
    compare: Some(compare),
    ..Slots::EMPTY
};
typespec!(pub MAPPINGPROXY: WProxy, "mappingproxy", {
    doc: Str::new("Read-only proxy of a mapping."), flags: ty::MAPPING, slots: &SLOTS,
    methods: methods![get, keys, values, items, copy, reversed, class_getitem],
});
