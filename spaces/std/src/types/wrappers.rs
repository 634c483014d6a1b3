//! staticmethod and classmethod.

use super::util::*;
use super::{attrs, calls, create, lookup};
use crate::layouts::*;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// staticmethod(f)
pub fn new_staticmethod(sp: Space, w_func: W) -> Res<W> {
    make(sp, builtin_type(sp, TID_STATICMETHOD), w_func)
}
/// classmethod(f)
pub fn new_classmethod(sp: Space, w_func: W) -> Res<W> {
    make(sp, builtin_type(sp, TID_CLASSMETHOD), w_func)
}
fn make(sp: Space, w_type: W, w_func: W) -> Res<W> {
    let w = create::allocate(sp, w_type, 0)?;
    setfield!(sp, w, WWrapperDescr, w_func, w_func);
    Ok(w)
}
fn this(w: W) -> &'static mut WWrapperDescr {
    // SAFETY: the caller's object has this layout.
    unsafe { obj::<WWrapperDescr>(w) }
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    make(sp, w_type, W::NONE)
}
#[slot]
fn init(sp: Space, w: W, args: Args) -> Res<()> {
    let name = tname(sp, w);
    args.no_keywords(sp, &name)?;
    let a = args.positional();
    if a.len() != 1 {
        return Err(raise!(sp, TYPE_ERROR, "{name} expected 1 argument, got {}", a.len()));
    }
    setfield!(sp, w, WWrapperDescr, w_func, a[0]);
    // What functools.wraps copies is taken over too.
    for k in ["__module__", "__name__", "__qualname__", "__doc__"] {
        let k = sp.intern(k);
        if let Some(v) = sp.getattr_opt(a[0], k)? {
            let d = super::shapes::getdict(sp, w)?;
            sp.dict_set(d, k, v)?
        }
    }
    Ok(())
}
#[slot]
fn sm_get(_sp: Space, w: W, _o: W, _t: W) -> Res<W> {
    Ok(this(w).w_func)
}
#[slot]
fn sm_call(sp: Space, w: W, args: Args) -> Res<W> {
    calls::call(sp, this(w).w_func, args)
}
#[slot]
fn cm_get(sp: Space, w: W, o: W, t: W) -> Res<W> {
    let c = if t.is_null() { type_of(sp, o) } else { t };
    calls::new_method(sp, this(w).w_func, c)
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let what = if sp.layout(w) == TID_STATICMETHOD { "staticmethod" } else { "classmethod" };
    sp.newstr(&format!("<{what}({})>", sp.repr_string(this(w).w_func)?))
}
#[slot]
fn get_func(_sp: Space, w: W) -> Res<W> {
    Ok(this(w).w_func)
}
#[slot]
fn get_abstract(sp: Space, w: W) -> Res<W> {
    is_abstract(sp, this(w).w_func).map(W::bool)
}
/// `bool(w.__isabstractmethod__)`, false without it.
pub fn is_abstract(sp: Space, w: W) -> Res<bool> {
    if w.is_null() {
        return Ok(false);
    }
    match sp.getattr_opt(w, name!(sp, "__isabstractmethod__"))? {
        Some(v) => sp.is_true(v),
        None => Ok(false),
    }
}
#[slot]
fn get_dict(sp: Space, w: W) -> Res<W> {
    super::shapes::getdict(sp, w)
}
#[slot]
fn get_annotations(sp: Space, w: W) -> Res<W> {
    forwarded(sp, w, name!(sp, "__annotations__"))
}
#[slot]
fn set_annotations(sp: Space, w: W, value: W) -> Res<()> {
    set_own(sp, w, name!(sp, "__annotations__"), value)
}
#[slot]
fn get_annotate(sp: Space, w: W) -> Res<W> {
    forwarded(sp, w, name!(sp, "__annotate__"))
}
#[slot]
fn set_annotate(sp: Space, w: W, value: W) -> Res<()> {
    set_own(sp, w, name!(sp, "__annotate__"), value)
}
fn forwarded(sp: Space, w: W, k: W) -> Res<W> {
    let d = super::shapes::getdict(sp, w)?;
    if let Some(v) = sp.dict_get(d, k)? {
        return Ok(v);
    }
    let v = attrs::getattr(sp, this(w).w_func, k)?;
    sp.dict_set(d, k, v)?;
    Ok(v)
}
fn set_own(sp: Space, w: W, k: W, value: W) -> Res<()> {
    let d = super::shapes::getdict(sp, w)?;
    if value.is_null() {
        if sp.dict_get(d, k)?.is_none() {
            return Err(attrs::no_attribute(sp, w, k));
        }
        return sp.dict_del(d, k);
    }
    sp.dict_set(d, k, value)
}
/// Parameterize the wrapper type.
#[interp_fn(name = "__class_getitem__", classmethod, sig = "($cls, item, /)")]
fn class_getitem(sp: Space, w_class: W, w_item: W) -> Res<W> {
    super::genericalias::new_alias(sp, w_class, w_item)
}

static SM_SLOTS: Slots = Slots {
    new: Some(new),
    init: Some(init),
    call: Some(sm_call),
    descr_get: Some(sm_get),
    repr: Some(repr),
    ..Slots::EMPTY
};
static CM_SLOTS: Slots =
    Slots { new: Some(new), init: Some(init), descr_get: Some(cm_get), repr: Some(repr), ..Slots::EMPTY };
typespec!(pub STATICMETHOD: WWrapperDescr, "staticmethod", {
    doc: Str::new("Make a function static: it receives no implicit first argument."), flags: ty::BASETYPE, slots: &SM_SLOTS,
    methods: methods![class_getitem],
    getset: table![getset!("__func__", get_func), getset!("__wrapped__", get_func), getset!("__isabstractmethod__", get_abstract),
        getset!("__dict__", get_dict), getset!("__annotations__", get_annotations, set_annotations),
        getset!("__annotate__", get_annotate, set_annotate)],
});
typespec!(pub CLASSMETHOD: WWrapperDescr, "classmethod", {
    doc: Str::new("Make a function a class method: it receives the class as its first argument."), flags: ty::BASETYPE, slots: &CM_SLOTS,
    methods: methods![class_getitem],
    getset: table![getset!("__func__", get_func), getset!("__wrapped__", get_func), getset!("__isabstractmethod__", get_abstract),
        getset!("__dict__", get_dict), getset!("__annotations__", get_annotations, set_annotations),
        getset!("__annotate__", get_annotate, set_annotate)],
});

/// Is there a definition of this name on the class at all? (helper of the descriptors)
pub fn defines(sp: Space, w_type: W, name: &str) -> bool {
    lookup::lookup(sp, w_type, sp.intern(name)).is_some()
}
