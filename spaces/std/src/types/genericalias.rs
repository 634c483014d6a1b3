//! types.GenericAlias: `list[int]`.

use super::util::*;
use super::{attrs, create, dispatch};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A parameterized class.
#[derive(GcObject)]
#[repr(C)]
pub struct WAlias {
    #[allow(missing_docs)]
    pub header: Header,
    #[allow(missing_docs)]
    pub w_origin: W,
    /// Tuple.
    pub w_args: W,
    /// Tuple, or NULL until asked for.
    pub w_parameters: W,
    /// `*tuple[int]`
    pub starred: bool,
}
fn this(w: W) -> &'static mut WAlias {
    // SAFETY: the caller's object is a GenericAlias.
    unsafe { obj::<WAlias>(w) }
}
/// Is it a GenericAlias (or an instance of a subclass)?
pub fn is_alias(sp: Space, w: W) -> bool {
    sp.layout(w) == super::GENERIC_ALIAS
}
/// origin[args]
pub fn new_alias(sp: Space, w_origin: W, w_args: W) -> Res<W> {
    make(sp, builtin_type(sp, super::GENERIC_ALIAS), w_origin, w_args, false)
}
fn make(sp: Space, w_type: W, w_origin: W, w_args: W, starred: bool) -> Res<W> {
    let w_args = if sp.layout(w_args) == TID_TUPLE { w_args } else { sp.newtuple(&[w_args])? };
    let w = create::allocate(sp, w_type, 0)?;
    setfield!(sp, w, WAlias, w_origin, w_origin);
    setfield!(sp, w, WAlias, w_args, w_args);
    this(w).starred = starred;
    Ok(w)
}
#[slot]
fn tp_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "GenericAlias")?;
    let a = args.positional();
    if a.len() != 2 {
        return Err(raise!(sp, TYPE_ERROR, "GenericAlias expected 2 arguments, got {}", a.len()));
    }
    make(sp, w_type, a[0], a[1], false)
}
/// An argument as reprs show it: classes by name.
pub fn repr_item(sp: Space, w: W) -> Res<String> {
    if w == W::ELLIPSIS {
        return Ok("...".into());
    }
    if sp.getattr_opt(w, name!(sp, "__origin__"))?.is_some() && sp.getattr_opt(w, name!(sp, "__args__"))?.is_some() {
        return sp.repr_string(w);
    }
    let (Some(q), Some(m)) =
        (sp.getattr_opt(w, name!(sp, "__qualname__"))?, sp.getattr_opt(w, name!(sp, "__module__"))?)
    else {
        return sp.repr_string(w);
    };
    if m.is_none() {
        return sp.repr_string(w);
    }
    let (Some(q), Some(m)) = (sp.text_opt(q), sp.text_opt(m)) else { return sp.repr_string(w) };
    Ok(if m.eq_str("builtins") { q.to_str().into_owned() } else { format!("{}.{}", m.to_str(), q.to_str()) })
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let a = this(w);
    let mut parts = Vec::new();
    for x in tuple(a.w_args) {
        // ParamSpec arguments may be lists.
        parts.push(if sp.layout(*x) == TID_LIST {
            let mut inner = Vec::new();
            let (_t, items) = sp.unpack(*x)?;
            for y in items {
                inner.push(repr_item(sp, *y)?)
            }
            format!("[{}]", inner.join(", "))
        } else {
            repr_item(sp, *x)?
        })
    }
    let list = if parts.is_empty() { "()".to_string() } else { parts.join(", ") };
    let star = if a.starred { "*" } else { "" };
    sp.newstr(&format!("{star}{}[{list}]", repr_item(sp, a.w_origin)?))
}

fn is_typevar(sp: Space, w: W) -> Res<bool> {
    if is_type(sp, w) || w.is_int() {
        return Ok(false);
    }
    Ok(super::lookup::lookup(sp, type_of(sp, w), name!(sp, "__typing_subst__")).is_some())
}
fn add(out: &mut RootedVec, w: W) {
    if !out.contains(&w) {
        out.push(w)
    }
}
/// Type variables of the arguments, each once, in order.
pub fn parameters_of(sp: Space, w_args: W) -> Res<W> {
    let mut out = RootedVec::new(sp);
    collect(sp, tuple(w_args), &mut out)?;
    out.into_tuple()
}
fn collect(sp: Space, items: &[W], out: &mut RootedVec) -> Res<()> {
    for w in items {
        if is_type(sp, *w) {
            continue;
        }
        if matches!(sp.layout(*w), TID_TUPLE | TID_LIST) {
            let (_t, inner) = sp.unpack(*w)?;
            collect(sp, inner, out)?;
            continue;
        }
        if is_typevar(sp, *w)? {
            add(out, *w);
            continue;
        }
        if let Some(p) = sp.getattr_opt(*w, name!(sp, "__parameters__"))?
            && let Some(inner) = sp.tuple_opt(p)
        {
            for x in inner {
                add(out, *x)
            }
        }
    }
    Ok(())
}

/// The arguments of `w[item]`: each parameter replaced.
pub fn substitute(sp: Space, w: W, w_args: W, w_params: W, w_item: W) -> Res<W> {
    let params = tuple(w_params);
    if params.is_empty() {
        return Err(raise!(sp, TYPE_ERROR, "{} is not a generic class", sp.repr_string(w)?));
    }
    let mut w_item = unpack_item(sp, w_item)?;
    for p in params {
        if let Some(f) = sp.getattr_opt(*p, name!(sp, "__typing_prepare_subst__"))?
            && !f.is_none()
        {
            w_item = sp.call(f, &[w, w_item])?;
            if sp.layout(w_item) != TID_TUPLE {
                w_item = sp.newtuple(&[w_item])?
            }
        }
    }
    let items = sp.tuple_items(w_item);
    if items.len() != params.len() {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "Too {} arguments for {}; actual {}, expected {}",
            if items.len() > params.len() { "many" } else { "few" },
            sp.repr_string(w)?,
            items.len(),
            params.len()
        ));
    }
    let out = replace(sp, tuple(w_args), params, items)?;
    out.into_tuple()
}
/// `list[*ts]`: starred tuples in the index are spread.
fn unpack_item(sp: Space, w_item: W) -> Res<W> {
    let items = match sp.tuple_opt(w_item) {
        Some(t) => t,
        None => std::slice::from_ref(&w_item),
    };
    let mut out = RootedVec::new(sp);
    for w in items {
        if !is_type(sp, *w)
            && let Some(t) = sp.getattr_opt(*w, name!(sp, "__typing_unpacked_tuple_args__"))?
            && let Some(inner) = sp.tuple_opt(t)
            && inner.last() != Some(&W::ELLIPSIS)
        {
            out.extend(inner);
            continue;
        }
        out.push(*w)
    }
    out.into_tuple()
}
fn replace(sp: Space, args: &[W], params: &[W], items: &[W]) -> Res<RootedVec> {
    let mut out = RootedVec::new(sp);
    for w in args {
        if is_type(sp, *w) {
            out.push(*w);
            continue;
        }
        match sp.layout(*w) {
            TID_TUPLE => {
                let inner = replace(sp, sp.tuple_items(*w), params, items)?;
                out.push(inner.into_tuple()?);
                continue;
            }
            TID_LIST => {
                let (_t, inner) = sp.unpack(*w)?;
                let r = replace(sp, inner, params, items)?;
                out.push(r.into_list()?);
                continue;
            }
            _ => {}
        }
        let unpack = match sp.getattr_opt(*w, name!(sp, "__typing_is_unpacked_typevartuple__"))? {
            Some(v) => sp.is_true(v)?,
            None => false,
        };
        if is_typevar(sp, *w)? {
            let i = params.iter().position(|p| p == w);
            let value = i.map_or(W::NONE, |i| items[i]);
            let r = sp.call_method(*w, name!(sp, "__typing_subst__"), &[value])?;
            match sp.tuple_opt(r).filter(|_| unpack) {
                Some(t) => out.extend(t),
                None => out.push(r),
            }
            continue;
        }
        let sub = sp.getattr_opt(*w, name!(sp, "__parameters__"))?.and_then(|p| sp.tuple_opt(p)).unwrap_or(&[]);
        if sub.is_empty() {
            out.push(*w);
            continue;
        }
        let mut wanted = RootedVec::new(sp);
        for p in sub {
            match params.iter().position(|q| q == p) {
                Some(i) => match sp.tuple_opt(items[i]).filter(|_| is_variadic(sp, *p)) {
                    Some(t) => wanted.extend(t),
                    None => wanted.push(items[i]),
                },
                None => wanted.push(*p),
            }
        }
        let k = wanted.into_tuple()?;
        let r = sp.getitem(*w, k)?;
        match sp.tuple_opt(r).filter(|_| unpack) {
            Some(t) => out.extend(t),
            None => out.push(r),
        }
    }
    Ok(out)
}
fn is_variadic(sp: Space, w: W) -> bool {
    tname(sp, w).ends_with("TypeVarTuple")
}

fn params(sp: Space, w: W) -> Res<W> {
    let a = this(w);
    if a.w_parameters.is_null() {
        let p = parameters_of(sp, a.w_args)?;
        setfield!(sp, w, WAlias, w_parameters, p);
    }
    Ok(a.w_parameters)
}
#[slot]
fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    let a = this(w);
    let p = params(sp, w)?;
    let new_args = substitute(sp, w, a.w_args, p, k)?;
    make(sp, type_of(sp, w), a.w_origin, new_args, a.starred)
}
#[slot]
fn call(sp: Space, w: W, args: Args) -> Res<W> {
    let r = super::calls::call(sp, this(w).w_origin, args)?;
    if !r.is_int() && sp.setattr(r, name!(sp, "__orig_class__"), w).is_err() {
        if sp.catch(known::ATTRIBUTE_ERROR) || sp.catch(known::TYPE_ERROR) {
            return Ok(r);
        }
        return Err(Raised);
    }
    Ok(r)
}
/// These come from the alias; everything else from the origin.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
    "__bases__",
];
#[slot]
fn getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    let n = show(sp, w_name);
    let own = OWN.contains(&n.as_str()) && n != "__copy__" && n != "__deepcopy__" && n != "__bases__";
    if !own && n.starts_with("__") && n.ends_with("__") && ["__copy__", "__deepcopy__"].contains(&n.as_str()) {
        return attrs::generic_getattr_opt(sp, w, w_name)?.ok_or_else(|| attrs::no_attribute(sp, w, w_name));
    }
    if !own {
        return attrs::getattr(sp, this(w).w_origin, w_name);
    }
    attrs::generic_getattr_opt(sp, w, w_name)?.ok_or_else(|| attrs::no_attribute(sp, w, w_name))
}
#[slot]
fn hash(sp: Space, w: W) -> Res<i64> {
    let h = sp.hash(this(w).w_origin)? ^ sp.hash(this(w).w_args)?;
    Ok(if h == -1 { -2 } else { h })
}
#[slot]
fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !(2..=3).contains(&op) || !is_alias(sp, a) || !is_alias(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (this(a), this(b));
    let same = x.starred == y.starred
        && dispatch::eq_w(sp, x.w_origin, y.w_origin)?
        && dispatch::eq_w(sp, x.w_args, y.w_args)?;
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn or_(sp: Space, a: W, b: W) -> Res<W> {
    super::union::or_(sp, a, b)
}
/// One starred alias: `*list[int]`.
#[slot]
fn iter(sp: Space, w: W) -> Res<W> {
    let a = this(w);
    let s = make(sp, type_of(sp, w), a.w_origin, a.w_args, true)?;
    let t = sp.newtuple(&[s])?;
    sp.iter(t)
}
#[slot]
fn get_params(sp: Space, w: W) -> Res<W> {
    params(sp, w)
}
#[slot]
fn unpacked_args(sp: Space, w: W) -> Res<W> {
    let a = this(w);
    Ok(if a.starred && a.w_origin == builtin_type(sp, TID_TUPLE) { a.w_args } else { W::NONE })
}
/// The origin takes the alias's place among the bases.
#[interp_fn(name = "__mro_entries__", method, sig = "($self, bases, /)")]
fn mro_entries(sp: Space, w: W, _bases: W) -> Res<W> {
    sp.newtuple(&[this(w).w_origin])
}
/// Raises.
#[interp_fn(name = "__instancecheck__", method, sig = "($self, instance, /)")]
fn instancecheck(sp: Space, _w: W, _x: W) -> Res<W> {
    Err(sp.type_error("isinstance() argument 2 cannot be a parameterized generic"))
}
/// Raises.
#[interp_fn(name = "__subclasscheck__", method, sig = "($self, subclass, /)")]
fn subclasscheck(sp: Space, _w: W, _x: W) -> Res<W> {
    Err(sp.type_error("issubclass() argument 2 cannot be a parameterized generic"))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn reduce(sp: Space, w: W) -> Res<W> {
    let a = this(w);
    if a.starred {
        let f = sp.builtin(name!(sp, "next"))?;
        let plain = make(sp, type_of(sp, w), a.w_origin, a.w_args, false)?;
        let it = sp.iter(plain)?;
        let t = sp.newtuple(&[it])?;
        return sp.newtuple(&[f, t]);
    }
    let t = sp.newtuple(&[a.w_origin, a.w_args])?;
    sp.newtuple(&[type_of(sp, w), t])
}
/// Names of the origin and of the alias.
#[interp_fn(name = "__dir__", method, sig = "($self, /)")]
fn dir(sp: Space, w: W) -> Res<W> {
    let f = sp.builtin(name!(sp, "dir"))?;
    let l = sp.call(f, &[this(w).w_origin])?;
    for n in OWN.iter().filter(|n| !["__copy__", "__deepcopy__", "__bases__", "__class__"].contains(n)) {
        let k = sp.intern(n);
        if !sp.contains(l, k)? {
            sp.list_append(l, k)?
        }
    }
    Ok(l)
}
static SLOTS: Slots = Slots {
    binary: {
        let mut b = Slots::EMPTY.binary;
        b[taipan_abi::opcode::BinOp::Or as usize] = Some(or_);
        b
    },
    new: Some(tp_new),
    repr: Some(repr),
    hash: Some(hash),
    compare: Some(compare),
    getitem: Some(getitem),
    getattr: Some(getattr),
    call: Some(call),
    iter: Some(iter),
    ..Slots::EMPTY
};
typespec!(pub GENERIC_ALIAS: WAlias, "types.GenericAlias", {
    doc: Str::new("Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,)."),
    flags: ty::BASETYPE | ty::WEAKREF, slots: &SLOTS, methods: methods![mro_entries, instancecheck, subclasscheck, reduce, dir],
    getset: table![getset!("__parameters__", get_params), getset!("__typing_unpacked_tuple_args__", unpacked_args)],
    members: table![member!(WAlias, "__origin__", w_origin, Obj), member!(WAlias, "__args__", w_args, Obj),
        member!(WAlias, "__unpacked__", starred, Bool)],
});
