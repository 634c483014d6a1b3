//! type: its attributes and methods.

use super::lookup::{self, lookup};
use super::shapes;
use super::util::row;
use super::util::*;
use super::{attrs, heaptype, mro};
use crate::layouts::*;
use taipan_abi::gc::tf;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// `__qualname__`
pub fn qualname(_sp: Space, w: W) -> Res<W> {
    let t = wt(w);
    Ok(if t.w_qualname.is_null() { t.w_name } else { t.w_qualname })
}
/// `__module__` of a class, where it is a str.
pub fn module_name(sp: Space, w: W) -> Res<Option<String>> {
    let m = module_of(sp, w)?;
    Ok(sp.text_opt(m).map(|t| t.to_str().into_owned()))
}
fn module_of(sp: Space, w: W) -> Res<W> {
    let t = wt(w);
    if t.flags & tflags::HEAP != 0 {
        if let Some(m) = lookup::own(sp, w, name!(sp, "__module__")) {
            return Ok(m);
        }
        return Err(attrs::attribute_error(sp, "__module__", w, name!(sp, "__module__")));
    }
    if !t.w_module.is_null() { Ok(t.w_module) } else { Ok(sp.intern("builtins")) }
}
fn check_mutable(sp: Space, w: W, value: W, name: &str) -> Res<()> {
    let t = wt(w);
    if t.flags & tflags::IMMUTABLE != 0 || t.flags & tflags::HEAP == 0 {
        return Err(raise!(sp, TYPE_ERROR, "cannot set '{name}' attribute of immutable type '{}'", tp_name(sp, w)));
    }
    if value.is_null() {
        return Err(raise!(sp, TYPE_ERROR, "cannot delete '{name}' attribute of immutable type '{}'", tp_name(sp, w)));
    }
    Ok(())
}

#[slot]
fn get_name(_sp: Space, w: W) -> Res<W> {
    Ok(wt(w).w_name)
}
#[slot]
fn set_name(sp: Space, w: W, value: W) -> Res<()> {
    check_mutable(sp, w, value, "__name__")?;
    let Some(t) = sp.text_opt(value) else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "can only assign string to {}.__name__, not '{}'",
            tp_name(sp, w),
            tname(sp, value)
        ));
    };
    if t.chars().any(|c| c == 0) {
        return Err(sp.value_error("type name must not contain null characters"));
    }
    check_utf8(sp, value)?;
    setfield!(sp, w, WType, w_name, value);
    Ok(())
}
/// UnicodeEncodeError for a str that UTF-8 cannot say.
pub fn check_utf8(sp: Space, w: W) -> Res<()> {
    if sp.text_opt(w).is_some_and(|t| t.chars().any(|c| (0xd800..0xe000).contains(&c))) {
        sp.call_method(w, name!(sp, "encode"), &[])?;
    }
    Ok(())
}
#[slot]
fn get_qualname(sp: Space, w: W) -> Res<W> {
    qualname(sp, w)
}
#[slot]
fn set_qualname(sp: Space, w: W, value: W) -> Res<()> {
    check_mutable(sp, w, value, "__qualname__")?;
    if sp.layout(value) != TID_STR {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "can only assign string to {}.__qualname__, not '{}'",
            tp_name(sp, w),
            tname(sp, value)
        ));
    }
    setfield!(sp, w, WType, w_qualname, value);
    Ok(())
}
#[slot]
fn get_module(sp: Space, w: W) -> Res<W> {
    module_of(sp, w)
}
#[slot]
fn set_module(sp: Space, w: W, value: W) -> Res<()> {
    check_mutable(sp, w, value, "__module__")?;
    sp.dict_set(wt(w).w_dict, name!(sp, "__module__"), value)?;
    setfield!(sp, w, WType, w_module, value);
    // The line belongs to the module where the class was made.
    if sp.dict_get(wt(w).w_dict, name!(sp, "__firstlineno__"))?.is_some() {
        sp.dict_del(wt(w).w_dict, name!(sp, "__firstlineno__"))?
    }
    lookup::modified(sp, w);
    Ok(())
}
#[slot]
fn get_doc(sp: Space, w: W) -> Res<W> {
    // Built-in classes may list `__doc__` as an attribute of their instances.
    if wt(w).flags & tflags::HEAP == 0 {
        let w_doc = or_none(wt(w).w_doc);
        if let Some(doc) = sp.text_opt(w_doc)
            && let Some((_, text)) = split_signature(&doc.to_str())
        {
            return sp.newstr(text);
        }
        return Ok(w_doc);
    }
    match lookup::own(sp, w, name!(sp, "__doc__")) {
        Some(d) if !d.is_int() => match slots_of(sp, d).descr_get {
            // SAFETY: the slot of the object's class.
            Some(f) => res(unsafe { f(sp.th(), d, W::NULL, w) }),
            None => Ok(d),
        },
        Some(d) => Ok(d),
        None => Ok(W::NONE),
    }
}
#[slot]
fn set_doc(sp: Space, w: W, value: W) -> Res<()> {
    check_mutable(sp, w, value, "__doc__")?;
    sp.dict_set(wt(w).w_dict, name!(sp, "__doc__"), value)?;
    lookup::modified(sp, w);
    Ok(())
}
#[slot]
fn get_mro(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(wt(w).w_mro))
}
#[slot]
fn get_bases(_sp: Space, w: W) -> Res<W> {
    Ok(wt(w).w_bases)
}
#[slot]
fn set_bases(sp: Space, w: W, value: W) -> Res<()> {
    heaptype::set_bases(sp, w, value)
}
#[slot]
fn get_base(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(wt(w).w_base))
}
#[slot]
fn get_dict(sp: Space, w: W) -> Res<W> {
    super::proxy::new_proxy(sp, wt(w).w_dict)
}
#[slot]
fn get_basicsize(sp: Space, w: W) -> Res<W> {
    Ok(W::int(super::create::layout_row(sp, w).fixed_bytes as i64))
}
#[slot]
fn get_itemsize(sp: Space, w: W) -> Res<W> {
    Ok(W::int(super::create::layout_row(sp, w).item_bytes as i64))
}
#[slot]
fn get_dictoffset(sp: Space, w: W) -> Res<W> {
    let r = super::create::layout_row(sp, w);
    Ok(W::int(if wt(w).flags & tflags::DICT == 0 { 0 } else { r.inst_off.max(8) as i64 }))
}
#[slot]
fn get_weakrefoffset(_sp: Space, w: W) -> Res<W> {
    Ok(W::int(if wt(w).flags & tflags::WEAKREF != 0 { 8 } else { 0 }))
}
/// CPython's Py_TPFLAGS_* as far as programs look at them.
#[slot]
fn get_flags(sp: Space, w: W) -> Res<W> {
    let t = wt(w);
    let mut f: i64 = 1 << 12;
    for (bit, flag) in [
        (tflags::HEAP, 1 << 9),
        (tflags::BASETYPE, 1 << 10),
        (tflags::IMMUTABLE, 1 << 8),
        (tflags::DISALLOW_INSTANTIATION, 1 << 7),
        (tflags::ABSTRACT, 1 << 20),
        (tflags::SEQUENCE, 1 << 5),
        (tflags::MAPPING, 1 << 6),
        (tflags::TYPE_SUBCLASS, 1 << 31),
        (tflags::EXC_SUBCLASS, 1 << 30),
    ] {
        if t.flags & bit != 0 {
            f |= flag
        }
    }
    f |= match super::create::layout_row(sp, w).layout {
        TID_LONG | TID_INT | TID_BOOL => 1 << 24,
        TID_LIST => 1 << 25,
        TID_TUPLE => 1 << 26,
        TID_BYTES => 1 << 27,
        TID_STR => 1 << 28,
        TID_DICT => 1 << 29,
        _ => 0,
    };
    Ok(W::int(f))
}
#[slot]
fn get_abstract(sp: Space, w: W) -> Res<W> {
    let k = name!(sp, "__abstractmethods__");
    match lookup::own(sp, w, k) {
        Some(v) if wt(w).tid != TID_TYPE => Ok(v),
        _ => Err(attrs::attribute_error(sp, "__abstractmethods__", w, k)),
    }
}
#[slot]
fn set_abstract(sp: Space, w: W, value: W) -> Res<()> {
    let k = name!(sp, "__abstractmethods__");
    if wt(w).flags & tflags::HEAP == 0 {
        check_mutable(sp, w, value, "__abstractmethods__")?
    }
    if value.is_null() {
        if lookup::own(sp, w, k).is_none() {
            return Err(attrs::attribute_error(sp, "__abstractmethods__", w, k));
        }
        sp.dict_del(wt(w).w_dict, k)?;
        wt(w).flags &= !tflags::ABSTRACT;
    } else {
        let on = sp.is_true(value)?;
        sp.dict_set(wt(w).w_dict, k, value)?;
        if on { wt(w).flags |= tflags::ABSTRACT } else { wt(w).flags &= !tflags::ABSTRACT }
    }
    // Compiled code may have taken the instantiation for granted.
    sp.next_epoch();
    lookup::modified(sp, w);
    Ok(())
}
#[slot]
fn get_text_signature(sp: Space, w: W) -> Res<W> {
    let t = wt(w);
    if t.flags & tflags::HEAP == 0
        && let Some(doc) = sp.text_opt(t.w_doc)
        && let Some((signature, _)) = split_signature(&doc.to_str())
    {
        return sp.newstr(signature);
    }
    Ok(W::NONE)
}
/// The documentation of a built-in class may begin with "(parameters)\n--\n\n", which is no part of what `__doc__` shows.
pub fn split_signature(doc: &str) -> Option<(&str, &str)> {
    if doc.starts_with('(') { doc.split_once("\n--\n\n") } else { None }
}
#[slot]
fn get_type_params(sp: Space, w: W) -> Res<W> {
    if wt(w).tid == TID_TYPE {
        return sp.newtuple(&[]);
    }
    match lookup::own(sp, w, name!(sp, "__type_params__")) {
        Some(v) => Ok(v),
        None => sp.newtuple(&[]),
    }
}
#[slot]
fn set_type_params(sp: Space, w: W, value: W) -> Res<()> {
    check_mutable(sp, w, value, "__type_params__")?;
    sp.dict_set(wt(w).w_dict, name!(sp, "__type_params__"), value)?;
    lookup::modified(sp, w);
    Ok(())
}
fn no_annotations(sp: Space, w: W, name: W) -> Raised {
    let text = format!("type object '{}' has no attribute '{}'", tp_name(sp, w), show(sp, name));
    attrs::attribute_error(sp, &text, w, name)
}
fn annotate_of(sp: Space, w: W) -> Res<W> {
    for k in [name!(sp, "__annotate_func__"), name!(sp, "__annotate__")] {
        if let Some(f) = lookup::own(sp, w, k) {
            return match slots_of(sp, f).descr_get {
                // SAFETY: the slot of the object's class.
                Some(get) => res(unsafe { get(sp.th(), f, W::NULL, w) }),
                None => Ok(f),
            };
        }
    }
    Ok(W::NONE)
}
#[slot]
fn get_annotate(sp: Space, w: W) -> Res<W> {
    if wt(w).flags & tflags::HEAP == 0 {
        return Err(no_annotations(sp, w, name!(sp, "__annotate__")));
    }
    annotate_of(sp, w)
}
#[slot]
fn set_annotate(sp: Space, w: W, value: W) -> Res<()> {
    if value.is_null() {
        return Err(sp.type_error("cannot delete __annotate__ attribute"));
    }
    check_mutable(sp, w, value, "__annotate__")?;
    if !value.is_none() && !sp.callable(value) {
        return Err(sp.type_error("__annotate__ must be callable or None"));
    }
    let d = wt(w).w_dict;
    sp.dict_set(d, name!(sp, "__annotate_func__"), value)?;
    if !value.is_none() {
        let k = name!(sp, "__annotations_cache__");
        if sp.dict_get(d, k)?.is_some() {
            sp.dict_del(d, k)?
        }
    }
    lookup::modified(sp, w);
    Ok(())
}
#[slot]
fn get_annotations(sp: Space, w: W) -> Res<W> {
    if wt(w).flags & tflags::HEAP == 0 {
        return Err(no_annotations(sp, w, name!(sp, "__annotations__")));
    }
    for k in [name!(sp, "__annotations__"), name!(sp, "__annotations_cache__")] {
        if let Some(v) = lookup::own(sp, w, k) {
            return match slots_of(sp, v).descr_get {
                // SAFETY: the slot of the object's class.
                Some(get) => res(unsafe { get(sp.th(), v, W::NULL, w) }),
                None => Ok(v),
            };
        }
    }
    let f = annotate_of(sp, w)?;
    let v = if f.is_none() { sp.newdict()? } else { sp.call(f, &[W::int(1)])? };
    if sp.layout(v) != TID_DICT {
        return Err(raise!(sp, TYPE_ERROR, "__annotate__ returned non-dict of type '{}'", tname(sp, v)));
    }
    sp.dict_set(wt(w).w_dict, name!(sp, "__annotations_cache__"), v)?;
    lookup::modified(sp, w);
    Ok(v)
}
#[slot]
fn set_annotations(sp: Space, w: W, value: W) -> Res<()> {
    if wt(w).flags & tflags::HEAP == 0 || wt(w).flags & tflags::IMMUTABLE != 0 {
        return check_mutable(sp, w, value, "__annotations__");
    }
    let d = wt(w).w_dict;
    let direct = name!(sp, "__annotations__");
    let cache = name!(sp, "__annotations_cache__");
    let k = if sp.dict_get(d, direct)?.is_some() { direct } else { cache };
    if value.is_null() {
        if sp.dict_get(d, k)?.is_none() {
            return Err(attrs::attribute_error(sp, "__annotations__", w, direct));
        }
        sp.dict_del(d, k)?;
    } else {
        sp.dict_set(d, k, value)?;
    }
    for k in [name!(sp, "__annotate_func__"), name!(sp, "__annotate__")] {
        if sp.dict_get(d, k)?.is_some() {
            sp.dict_del(d, k)?
        }
    }
    lookup::modified(sp, w);
    Ok(())
}

#[slot]
fn type_repr(sp: Space, w: W) -> Res<W> {
    let w_qual = qualname(sp, w)?;
    let q = show(sp, w_qual);
    match module_name(sp, w) {
        Ok(Some(m)) if m != "builtins" => sp.newstr(&format!("<class '{m}.{q}'>")),
        Ok(_) => sp.newstr(&format!("<class '{q}'>")),
        Err(Raised) => {
            sp.take_exc();
            sp.newstr(&format!("<class '{q}'>"))
        }
    }
}
#[slot]
fn type_or(sp: Space, a: W, b: W) -> Res<W> {
    super::union::or_(sp, a, b)
}

/// Return a type's method resolution order.
#[interp_fn(name = "mro", method, sig = "($self, /)")]
fn type_mro(sp: Space, w: W) -> Res<W> {
    let t = mro::c3(sp, w)?;
    sp.newlist(tuple(t))
}
/// Return a list of immediate subclasses.
#[interp_fn(name = "__subclasses__", method, sig = "($self, /)")]
fn type_subclasses(sp: Space, w: W) -> Res<W> {
    lookup::subclasses(sp, w).into_list()
}
/// Create the namespace for the class statement
#[interp_fn(name = "__prepare__", classmethod, raw, sig = "($cls, name, bases, /, **kwds)")]
fn type_prepare(sp: Space, _w: W, _args: Args) -> Res<W> {
    sp.newdict()
}
/// Check if an object is an instance.
#[interp_fn(name = "__instancecheck__", method, sig = "($self, instance, /)")]
fn type_instancecheck(sp: Space, w: W, w_obj: W) -> Res<bool> {
    super::isinstance::real_isinstance(sp, w_obj, w)
}
/// Check if a class is a subclass.
#[interp_fn(name = "__subclasscheck__", method, sig = "($self, subclass, /)")]
fn type_subclasscheck(sp: Space, w: W, w_class: W) -> Res<bool> {
    super::isinstance::real_issubclass(sp, w_class, w)
}
/// Specialized __dir__ implementation for types.
#[interp_fn(name = "__dir__", method, sig = "($self, /)")]
fn type_dir(sp: Space, w: W) -> Res<W> {
    let d = sp.newdict()?;
    merge_class_dict(sp, d, w)?;
    sp.call(sp.known(known::LIST), &[d])
}
/// Return memory consumption of the type object.
#[interp_fn(name = "__sizeof__", method, sig = "($self, /)")]
fn type_sizeof(_sp: Space, _w: W) -> Res<i64> {
    Ok((std::mem::size_of::<WType>() + std::mem::size_of::<Slots>()) as i64)
}
/// The namespaces of a class and its bases into `d`.
pub fn merge_class_dict(sp: Space, d: W, w_class: W) -> Res<()> {
    if let Some(w_dict) = sp.getattr_opt(w_class, name!(sp, "__dict__"))? {
        sp.dict_update(d, w_dict, 1)?
    }
    if let Some(w_bases) = sp.getattr_opt(w_class, name!(sp, "__bases__"))?
        && let Some(items) = sp.tuple_opt(w_bases)
    {
        for b in items {
            merge_class_dict(sp, d, *b)?
        }
    }
    Ok(())
}

/// `__dict__` of instances.
#[slot]
pub fn instance_dict_get(sp: Space, w: W) -> Res<W> {
    // A metaclass may inherit this from a class that is no metaclass.
    if is_type(sp, w) {
        return super::proxy::new_proxy(sp, wt(w).w_dict);
    }
    if !shapes::has_dict(row(sp, w), w) {
        return Err(attrs::no_attribute(sp, w, name!(sp, "__dict__")));
    }
    shapes::getdict(sp, w)
}
#[slot]
fn instance_dict_set(sp: Space, w: W, value: W) -> Res<()> {
    if matches!(sp.layout(w), TID_TYPE | TID_MODULE) {
        let t = if is_type(sp, w) { "type" } else { "module" };
        return Err(raise!(sp, ATTRIBUTE_ERROR, "attribute '__dict__' of '{t}' objects is not writable"));
    }
    set_instance_dict(sp, w, value)
}
fn set_instance_dict(sp: Space, w: W, value: W) -> Res<()> {
    if !shapes::has_dict(row(sp, w), w) {
        return Err(attrs::no_attribute(sp, w, name!(sp, "__dict__")));
    }
    let d = if value.is_null() { sp.newdict()? } else { value };
    if sp.layout(d) != TID_DICT {
        return Err(raise!(sp, TYPE_ERROR, "__dict__ must be set to a dictionary, not a '{}'", tname(sp, d)));
    }
    shapes::setdict(sp, w, d)
}
/// The descriptor's description.
pub static DICT_GETSET: GetSetSpec = GetSetSpec {
    name: Str::new("__dict__"),
    get: instance_dict_get,
    set: Some(instance_dict_set),
    doc: Str::new("dictionary for instance variables"),
};
#[slot]
fn fixed_dict_set(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("cannot delete __dict__"));
    }
    set_instance_dict(sp, w, v)
}
/// That of a built-in class: the dict may be replaced, not deleted.
pub static BUILTIN_DICT_GETSET: GetSetSpec = GetSetSpec { set: Some(fixed_dict_set), ..DICT_GETSET };
#[slot]
fn weakref_get(sp: Space, w: W) -> Res<W> {
    if row(sp, w).flags & tf::WEAKREFABLE == 0 {
        return Err(attrs::no_attribute(sp, w, name!(sp, "__weakref__")));
    }
    super::weakref::first(sp, w)
}
/// The descriptor's description.
pub static WEAKREF_GETSET: GetSetSpec = GetSetSpec {
    name: Str::new("__weakref__"),
    get: weakref_get,
    set: None,
    doc: Str::new("list of weak references to the object"),
};

static SLOTS: Slots = Slots {
    binary: {
        let mut b = Slots::EMPTY.binary;
        b[taipan_abi::opcode::BinOp::Or as usize] = Some(type_or);
        b
    },
    repr: Some(type_repr),
    getattr: Some(attrs::type_getattribute),
    setattr: Some(attrs::type_setattr),
    call: Some(heaptype::type_call),
    new: Some(heaptype::type_new),
    init: Some(heaptype::type_init),
    ..Slots::EMPTY
};
typespec!(
    /// type
    pub TYPE: WType, "type", {
    doc: Str::new("type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type"),
    flags: ty::BASETYPE,
    slots: &SLOTS,
    methods: methods![type_mro, type_subclasses, type_prepare, type_instancecheck, type_subclasscheck, type_dir, type_sizeof],
    getset: table![
        getset!("__name__", get_name, set_name), getset!("__qualname__", get_qualname, set_qualname),
        getset!("__module__", get_module, set_module), getset!("__doc__", get_doc, set_doc), getset!("__mro__", get_mro),
        getset!("__bases__", get_bases, set_bases), getset!("__base__", get_base), getset!("__dict__", get_dict),
        getset!("__basicsize__", get_basicsize), getset!("__itemsize__", get_itemsize), getset!("__flags__", get_flags),
        getset!("__dictoffset__", get_dictoffset), getset!("__weakrefoffset__", get_weakrefoffset),
        getset!("__abstractmethods__", get_abstract, set_abstract), getset!("__text_signature__", get_text_signature),
        getset!("__type_params__", get_type_params, set_type_params), getset!("__annotate__", get_annotate, set_annotate),
        getset!("__annotations__", get_annotations, set_annotations),
    ],
});

/// Has an attribute of this (interned) name on the class a data descriptor? For callers that cache.
pub fn has_data_descriptor(sp: Space, w_type: W, w_name: W) -> bool {
    lookup(sp, w_type, w_name).is_some_and(|d| slots_of(sp, d).descr_set.is_some())
}
