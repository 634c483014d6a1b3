//! typing.Union (types.UnionType): `int | str`.

use super::genericalias::{is_alias, parameters_of, repr_item, substitute};
use super::util::*;
use super::{attrs, dispatch};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A union of types.
#[derive(GcObject)]
#[repr(C)]
pub struct WUnion {
    #[allow(missing_docs)]
    pub header: Header,
    /// Tuple.
    pub w_args: W,
    /// Tuple, or NULL until asked for.
    pub w_parameters: W,
}
/// Is it a union?
#[inline]
pub fn is_union(_sp: Space, w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(super::UNION) }
}
/// Its members.
pub fn args(w: W) -> W {
    // SAFETY: the caller's object is a union.
    unsafe { obj::<WUnion>(w) }.w_args
}
fn unionable(sp: Space, w: W) -> bool {
    w.is_none() || is_type(sp, w) || is_union(sp, w) || is_alias(sp, w) || {
        let n = tname(sp, w);
        n == "typing.TypeAliasType" || n == "TypeAliasType"
    }
}
fn push(sp: Space, out: &mut RootedVec, w: W) -> Res<()> {
    let w = if w.is_none() { builtin_type(sp, TID_NONE) } else { w };
    if is_union(sp, w) {
        for x in tuple(args(w)) {
            push(sp, out, *x)?
        }
        return Ok(());
    }
    for x in out.iter() {
        if *x == w {
            return Ok(());
        }
        if !(is_type(sp, *x) && is_type(sp, w)) && dispatch::eq_w(sp, *x, w)? {
            return Ok(());
        }
    }
    out.push(w);
    Ok(())
}
/// The union of the items; a single one is itself.
pub fn make(sp: Space, items: &[W]) -> Res<W> {
    let mut out = RootedVec::new(sp);
    for w in items {
        push(sp, &mut out, *w)?
    }
    if out.len() == 1 {
        return Ok(out[0]);
    }
    let w_args = out.into_tuple()?;
    // SAFETY: row UNION is laid out so; fresh object.
    let (w, u) = unsafe { new::<WUnion>(sp, super::UNION)? };
    u.w_args = w_args;
    Ok(w)
}
/// a | b for types.
pub fn or_(sp: Space, a: W, b: W) -> Res<W> {
    if !unionable(sp, a) || !unionable(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    make(sp, &[a, b])
}
#[slot]
fn or_slot(sp: Space, a: W, b: W) -> Res<W> {
    or_(sp, a, b)
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let mut parts = Vec::new();
    for x in tuple(args(w)) {
        parts.push(if *x == builtin_type(sp, TID_NONE) { "None".to_string() } else { repr_item(sp, *x)? })
    }
    sp.newstr(&parts.join(" | "))
}
#[slot]
fn hash(sp: Space, w: W) -> Res<i64> {
    let s = sp.newfrozenset(tuple(args(w)))?;
    sp.hash(s)
}
#[slot]
fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !(2..=3).contains(&op) || !is_union(sp, a) || !is_union(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (tuple(args(a)), tuple(args(b)));
    let mut same = x.len() == y.len();
    if same {
        for p in x {
            let mut found = false;
            for q in y {
                if dispatch::eq_w(sp, *p, *q)? {
                    found = true;
                    break;
                }
            }
            if !found {
                same = false;
                break;
            }
        }
    }
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    let new_args = substitute(sp, w, args(w), get_parameters(sp, w)?, k)?;
    make(sp, tuple(new_args))
}
#[slot]
fn get_args(_sp: Space, w: W) -> Res<W> {
    Ok(args(w))
}
fn get_parameters(sp: Space, w: W) -> Res<W> {
    // SAFETY: the caller's object is a union.
    let u = unsafe { obj::<WUnion>(w) };
    if u.w_parameters.is_null() {
        let p = parameters_of(sp, u.w_args)?;
        setfield!(sp, w, WUnion, w_parameters, p);
    }
    Ok(u.w_parameters)
}
#[slot]
fn parameters(sp: Space, w: W) -> Res<W> {
    get_parameters(sp, w)
}
#[slot]
fn name(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "Union"))
}
#[slot]
fn origin(sp: Space, _w: W) -> Res<W> {
    Ok(builtin_type(sp, super::UNION))
}
/// Raises: unions are no bases.
#[interp_fn(name = "__mro_entries__", method, sig = "($self, bases, /)")]
fn mro_entries(sp: Space, w: W, _bases: W) -> Res<W> {
    Err(raise!(sp, TYPE_ERROR, "Cannot subclass {}", sp.repr_string(w)?))
}
/// Union[a, b]
#[interp_fn(name = "__class_getitem__", classmethod, sig = "($cls, item, /)")]
fn class_getitem(sp: Space, _w: W, item: W) -> Res<W> {
    let items = match sp.tuple_opt(item) {
        Some(t) => t,
        None => std::slice::from_ref(&item),
    };
    if items.is_empty() {
        return Err(sp.type_error("Cannot take a Union of no types."));
    }
    make(sp, items)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn reduce(sp: Space, w: W) -> Res<W> {
    let op = sp.import_module(name!(sp, "operator"))?;
    let f = sp.getattr(op, name!(sp, "getitem"))?;
    let a = sp.newtuple(&[builtin_type(sp, super::UNION), args(w)])?;
    sp.newtuple(&[f, a])
}
static SLOTS: Slots = Slots {
    binary: {
        let mut b = Slots::EMPTY.binary;
        b[taipan_abi::opcode::BinOp::Or as usize] = Some(or_slot);
        b
    },
    repr: Some(repr),
    hash: Some(hash),
    compare: Some(compare),
    getitem: Some(getitem),
    getattr: Some(attrs::object_getattribute),
    ..Slots::EMPTY
};
typespec!(pub UNION: WUnion, "typing.Union", {
    doc: Str::new("Represent a union type\n\nE.g. for int | str"), flags: ty::DISALLOW_INSTANTIATION | ty::WEAKREF, slots: &SLOTS,
    methods: methods![mro_entries, class_getitem, reduce],
    getset: table![getset!("__args__", get_args), getset!("__parameters__", parameters), getset!("__name__", name), getset!("__qualname__", name),
        getset!("__origin__", origin)],
});
