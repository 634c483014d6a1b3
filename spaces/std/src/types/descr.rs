//! Descriptors of built-in classes: methods, slot wrappers, computed attributes, fields; built-in functions; bound methods.

use super::slotdefs;
use super::util::row;
use super::util::*;
use super::{attrs, calls, signature, slotcall};
use crate::layouts::*;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Is this method descriptor an ordinary method (not a class method)?
#[inline(always)]
pub fn plain_method(w: W) -> bool {
    // SAFETY: the caller's object is a method descriptor.
    unsafe { (*obj::<WMethodDescr>(w).spec).flags & ff::CLASSMETHOD == 0 }
}

/// A slot wrapper bound to an object.
#[derive(GcObject)]
#[repr(C)]
pub struct WMethodWrapper {
    #[allow(missing_docs)]
    pub header: Header,
    #[allow(missing_docs)]
    pub w_wrapper: W,
    #[allow(missing_docs)]
    pub w_self: W,
}

/// "<method 'append' of 'list' objects>" and its kin.
fn describe(sp: Space, what: &str, name: &str, w_type: W) -> Res<W> {
    sp.newstr(&format!("<{what} '{name}' of '{}' objects>", tp_name(sp, w_type)))
}
fn qualified(sp: Space, w_type: W, name: &str) -> Res<W> {
    let q = super::typeattrs::qualname(sp, w_type)?;
    sp.newstr(&format!("{}.{name}", show(sp, q)))
}
fn doc_or_none(sp: Space, doc: &str) -> Res<W> {
    if doc.is_empty() { Ok(W::NONE) } else { sp.newstr(doc) }
}
fn text_signature(sp: Space, spec: &FnSpec) -> Res<W> {
    match signature::text(spec) {
        Some(t) => sp.newstr(&t),
        None => Ok(W::NONE),
    }
}
/// `(getattr, (owner, name))`
fn reduce_getattr(sp: Space, w_obj: W, w_name: W) -> Res<W> {
    let f = sp.builtin(name!(sp, "getattr"))?;
    let a = sp.newtuple(&[w_obj, w_name])?;
    sp.newtuple(&[f, a])
}
fn check_get(sp: Space, w_owner: W, name: &str, w_obj: W) -> Res<()> {
    if type_of(sp, w_obj) == w_owner || instance(sp, w_obj, w_owner) {
        return Ok(());
    }
    Err(signature::wrong_self(sp, name, w_owner, w_obj))
}

// ---- method_descriptor ----

#[slot]
fn method_get(sp: Space, w: W, w_obj: W, w_type: W) -> Res<W> {
    // SAFETY: the slot's own layout; static description.
    let (d, spec) = unsafe { (obj::<WMethodDescr>(w), &*obj::<WMethodDescr>(w).spec) };
    if spec.flags & ff::CLASSMETHOD != 0 {
        let c = if w_type.is_null() { type_of(sp, w_obj) } else { w_type };
        if !is_type(sp, c) || !subtype(c, d.w_type) {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "descriptor '{}' requires a subtype of '{}' but received '{}'",
                spec.name.get(),
                tp_name(sp, d.w_type),
                if is_type(sp, c) { tp_name(sp, c) } else { tname(sp, c) }
            ));
        }
        return calls::new_builtin(sp, d.spec, c, W::NULL);
    }
    if w_obj.is_null() {
        return Ok(w);
    }
    check_get(sp, d.w_type, spec.name.get(), w_obj)?;
    calls::new_builtin(sp, d.spec, w_obj, W::NULL)
}
#[slot]
fn method_call(sp: Space, w: W, args: Args) -> Res<W> {
    signature::call_method_descr(sp, w, args)
}
#[slot]
fn method_repr(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    let (d, spec) = unsafe { (obj::<WMethodDescr>(w), &*obj::<WMethodDescr>(w).spec) };
    describe(sp, "method", spec.name.get(), d.w_type)
}
#[slot]
fn method_name(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    Ok(sp.intern(unsafe { (*obj::<WMethodDescr>(w).spec).name.get() }))
}
#[slot]
fn method_qualname(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    let (d, spec) = unsafe { (obj::<WMethodDescr>(w), &*obj::<WMethodDescr>(w).spec) };
    qualified(sp, d.w_type, spec.name.get())
}
#[slot]
fn method_objclass(_sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    Ok(unsafe { obj::<WMethodDescr>(w) }.w_type)
}
#[slot]
fn method_doc(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    doc_or_none(sp, unsafe { (*obj::<WMethodDescr>(w).spec).doc.get() })
}
#[slot]
fn method_sig(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    text_signature(sp, unsafe { &*obj::<WMethodDescr>(w).spec })
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn method_reduce(sp: Space, w: W) -> Res<W> {
    // SAFETY: as above.
    let d = unsafe { obj::<WMethodDescr>(w) };
    // SAFETY: static description.
    reduce_getattr(sp, d.w_type, sp.intern(unsafe { (*d.spec).name.get() }))
}
static METHOD_SLOTS: Slots =
    Slots { descr_get: Some(method_get), call: Some(method_call), repr: Some(method_repr), ..Slots::EMPTY };
typespec!(pub METHOD_DESCR: WMethodDescr, "method_descriptor", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &METHOD_SLOTS, methods: methods![method_reduce],
    getset: table![getset!("__name__", method_name), getset!("__qualname__", method_qualname), getset!("__objclass__", method_objclass),
        getset!("__doc__", method_doc), getset!("__text_signature__", method_sig)],
});
typespec!(pub CLASSMETHOD_DESCR: WMethodDescr, "classmethod_descriptor", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &METHOD_SLOTS, methods: methods![method_reduce],
    getset: table![getset!("__name__", method_name), getset!("__qualname__", method_qualname), getset!("__objclass__", method_objclass),
        getset!("__doc__", method_doc), getset!("__text_signature__", method_sig)],
});

// ---- wrapper_descriptor and method-wrapper ----

fn wrapper_def(w: W) -> (&'static mut WSlotWrapper, &'static slotdefs::SlotDef) {
    // SAFETY: the caller's object is a slot wrapper.
    let o = unsafe { obj::<WSlotWrapper>(w) };
    let d = slotdefs::def(o.def);
    (o, d)
}
#[slot]
fn wrapper_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() {
        return Ok(w);
    }
    let (o, d) = wrapper_def(w);
    check_get(sp, o.w_type, d.name, w_obj)?;
    // SAFETY: row TID_METHOD_WRAPPER is laid out so; fresh object.
    let (r, m) = unsafe { new::<WMethodWrapper>(sp, TID_METHOD_WRAPPER)? };
    m.w_wrapper = w;
    m.w_self = w_obj;
    Ok(r)
}
#[slot]
fn wrapper_call(sp: Space, w: W, args: Args) -> Res<W> {
    slotcall::call_wrapper(sp, w, args)
}
#[slot]
fn wrapper_repr(sp: Space, w: W) -> Res<W> {
    let (o, d) = wrapper_def(w);
    describe(sp, "slot wrapper", d.name, o.w_type)
}
#[slot]
fn wrapper_name(sp: Space, w: W) -> Res<W> {
    Ok(sp.intern(wrapper_def(w).1.name))
}
#[slot]
fn wrapper_qualname(sp: Space, w: W) -> Res<W> {
    let (o, d) = wrapper_def(w);
    qualified(sp, o.w_type, d.name)
}
#[slot]
fn wrapper_objclass(_sp: Space, w: W) -> Res<W> {
    Ok(wrapper_def(w).0.w_type)
}
#[slot]
fn wrapper_doc(sp: Space, w: W) -> Res<W> {
    doc_or_none(sp, wrapper_def(w).1.doc)
}
#[slot]
fn wrapper_sig(sp: Space, w: W) -> Res<W> {
    sp.newstr(wrapper_def(w).1.sig)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn wrapper_reduce(sp: Space, w: W) -> Res<W> {
    let (o, d) = wrapper_def(w);
    reduce_getattr(sp, o.w_type, sp.intern(d.name))
}
static WRAPPER_SLOTS: Slots =
    Slots { descr_get: Some(wrapper_get), call: Some(wrapper_call), repr: Some(wrapper_repr), ..Slots::EMPTY };
typespec!(pub SLOT_WRAPPER: WSlotWrapper, "wrapper_descriptor", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &WRAPPER_SLOTS, methods: methods![wrapper_reduce],
    getset: table![getset!("__name__", wrapper_name), getset!("__qualname__", wrapper_qualname), getset!("__objclass__", wrapper_objclass),
        getset!("__doc__", wrapper_doc), getset!("__text_signature__", wrapper_sig)],
});

fn bound(w: W) -> &'static mut WMethodWrapper {
    // SAFETY: the caller's object is a method-wrapper.
    unsafe { obj::<WMethodWrapper>(w) }
}
#[slot]
fn mw_call(sp: Space, w: W, args: Args) -> Res<W> {
    let m = bound(w);
    let (o, d) = wrapper_def(m.w_wrapper);
    slotcall::call_bound(sp, o, d, m.w_self, args)
}
#[slot]
fn mw_repr(sp: Space, w: W) -> Res<W> {
    let m = bound(w);
    let (_, d) = wrapper_def(m.w_wrapper);
    sp.newstr(&format!(
        "<method-wrapper '{}' of {} object at {}>",
        d.name,
        tname(sp, m.w_self),
        super::object::address(m.w_self)
    ))
}
#[slot]
fn mw_compare(_sp: Space, a: W, b: W, op: u32) -> Res<W> {
    // SAFETY: live words.
    if !(2..=3).contains(&op) || unsafe { !b.is_tid(TID_METHOD_WRAPPER) || !a.is_tid(TID_METHOD_WRAPPER) } {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (bound(a), bound(b));
    let same = x.w_self == y.w_self && x.w_wrapper == y.w_wrapper;
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn mw_hash(_sp: Space, w: W) -> Res<i64> {
    let m = bound(w);
    Ok((m.w_self.0 >> 4 ^ m.w_wrapper.0 >> 3) as i64 & i64::MAX)
}
#[slot]
fn mw_self(_sp: Space, w: W) -> Res<W> {
    Ok(bound(w).w_self)
}
#[slot]
fn mw_name(sp: Space, w: W) -> Res<W> {
    Ok(sp.intern(wrapper_def(bound(w).w_wrapper).1.name))
}
#[slot]
fn mw_qualname(sp: Space, w: W) -> Res<W> {
    let (o, d) = wrapper_def(bound(w).w_wrapper);
    qualified(sp, o.w_type, d.name)
}
#[slot]
fn mw_objclass(_sp: Space, w: W) -> Res<W> {
    Ok(wrapper_def(bound(w).w_wrapper).0.w_type)
}
#[slot]
fn mw_doc(sp: Space, w: W) -> Res<W> {
    doc_or_none(sp, wrapper_def(bound(w).w_wrapper).1.doc)
}
#[slot]
fn mw_sig(sp: Space, w: W) -> Res<W> {
    sp.newstr(wrapper_def(bound(w).w_wrapper).1.sig)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn mw_reduce(sp: Space, w: W) -> Res<W> {
    let m = bound(w);
    reduce_getattr(sp, m.w_self, sp.intern(wrapper_def(m.w_wrapper).1.name))
}
static MW_SLOTS: Slots =
    Slots { call: Some(mw_call), repr: Some(mw_repr), compare: Some(mw_compare), hash: Some(mw_hash), ..Slots::EMPTY };
typespec!(pub METHOD_WRAPPER: WMethodWrapper, "method-wrapper", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &MW_SLOTS, methods: methods![mw_reduce],
    getset: table![getset!("__self__", mw_self), getset!("__name__", mw_name), getset!("__qualname__", mw_qualname),
        getset!("__objclass__", mw_objclass), getset!("__doc__", mw_doc), getset!("__text_signature__", mw_sig)],
});

// ---- getset_descriptor ----

fn getset(w: W) -> (&'static mut WGetSet, &'static GetSetSpec) {
    // SAFETY: the caller's object is a getset descriptor; static description.
    unsafe { (obj::<WGetSet>(w), &*obj::<WGetSet>(w).spec) }
}
#[slot]
fn getset_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() {
        return Ok(w);
    }
    let (o, s) = getset(w);
    check_get(sp, o.w_type, s.name.get(), w_obj)?;
    // SAFETY: self was checked against the class that lists the attribute.
    res(unsafe { (s.get)(sp.th(), w_obj) })
}
#[slot]
fn getset_set(sp: Space, w: W, w_obj: W, value: W) -> Res<()> {
    let (o, s) = getset(w);
    check_get(sp, o.w_type, s.name.get(), w_obj)?;
    let Some(f) = s.set else {
        let text = format!("attribute '{}' of '{}' objects is not writable", s.name.get(), tp_name(sp, o.w_type));
        return Err(attrs::attribute_error(sp, &text, w_obj, sp.intern(s.name.get())));
    };
    // SAFETY: as above.
    unit(unsafe { f(sp.th(), w_obj, value) })
}
#[slot]
fn getset_repr(sp: Space, w: W) -> Res<W> {
    let (o, s) = getset(w);
    describe(sp, "attribute", s.name.get(), o.w_type)
}
#[slot]
fn getset_name(sp: Space, w: W) -> Res<W> {
    Ok(sp.intern(getset(w).1.name.get()))
}
#[slot]
fn getset_qualname(sp: Space, w: W) -> Res<W> {
    let (o, s) = getset(w);
    qualified(sp, o.w_type, s.name.get())
}
#[slot]
fn getset_objclass(_sp: Space, w: W) -> Res<W> {
    Ok(getset(w).0.w_type)
}
#[slot]
fn getset_doc(sp: Space, w: W) -> Res<W> {
    doc_or_none(sp, getset(w).1.doc.get())
}
static GETSET_SLOTS: Slots =
    Slots { descr_get: Some(getset_get), descr_set: Some(getset_set), repr: Some(getset_repr), ..Slots::EMPTY };
typespec!(pub GETSET: WGetSet, "getset_descriptor", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &GETSET_SLOTS,
    getset: table![getset!("__name__", getset_name), getset!("__qualname__", getset_qualname), getset!("__objclass__", getset_objclass),
        getset!("__doc__", getset_doc)],
});

// ---- member_descriptor ----

/// `WMember::offset` of a struct sequence's field: an item of the tuple, or a word of the hidden part behind the items.
pub const MEMBER_ITEM: usize = 1 << 40;
#[allow(missing_docs)]
pub const MEMBER_HIDDEN: usize = 1 << 41;
/// A `__slots__` entry behind the items.
pub const MEMBER_AFTER: usize = 1 << 42;

/// Where the field of an object lies.
unsafe fn place(sp: Space, w_obj: W, offset: usize) -> *mut u8 {
    if offset & MEMBER_AFTER == 0 {
        return w_obj.ptr::<u8>().add(offset);
    }
    super::shapes::after_items(row(sp, w_obj), w_obj).add(offset - MEMBER_AFTER)
}

fn member(w: W) -> &'static mut WMember {
    // SAFETY: the caller's object is a member descriptor.
    unsafe { obj::<WMember>(w) }
}
#[slot]
fn member_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() {
        return Ok(w);
    }
    let m = member(w);
    check_get(sp, m.w_type, &show(sp, m.w_name), w_obj)?;
    // SAFETY: self was checked against the class that owns the field.
    unsafe {
        if m.offset & MEMBER_ITEM != 0 {
            return Ok(or_none(tuple(w_obj).get(m.offset - MEMBER_ITEM).copied().unwrap_or(W::NULL)));
        }
        if m.offset & MEMBER_HIDDEN != 0 {
            return Ok(or_none(*super::shapes::part(row(sp, w_obj), w_obj).add(m.offset - MEMBER_HIDDEN)));
        }
        let p = place(sp, w_obj, m.offset);
        let kind = if m.spec.is_null() { MemberKind::ObjEx } else { (*m.spec).kind };
        match kind {
            MemberKind::Obj => Ok(or_none(*(p as *const W))),
            MemberKind::ObjEx => {
                let v = *(p as *const W);
                if v.is_null() { Err(attrs::no_attribute(sp, w_obj, m.w_name)) } else { Ok(v) }
            }
            MemberKind::Int => Ok(sp.newint(*(p as *const i64))),
            MemberKind::Float => res(sp.newfloat(*(p as *const f64))),
            MemberKind::Bool => Ok(W::bool(*p != 0)),
        }
    }
}
#[slot]
fn member_set(sp: Space, w: W, w_obj: W, value: W) -> Res<()> {
    let m = member(w);
    check_get(sp, m.w_type, &show(sp, m.w_name), w_obj)?;
    // SAFETY: static description or null.
    let spec = unsafe { m.spec.as_ref() };
    if m.offset & (MEMBER_ITEM | MEMBER_HIDDEN) != 0 || spec.is_some_and(|s| s.readonly != 0) {
        return Err(attrs::attribute_error(sp, "readonly attribute", w_obj, m.w_name));
    }
    // SAFETY: as above; stores of references take the barrier.
    unsafe {
        let p = place(sp, w_obj, m.offset);
        let kind = spec.map_or(MemberKind::ObjEx, |s| s.kind);
        if value.is_null() && !matches!(kind, MemberKind::Obj | MemberKind::ObjEx) {
            return Err(sp.type_error("can't delete numeric/char attribute"));
        }
        match kind {
            MemberKind::Obj | MemberKind::ObjEx => {
                let slot = p as *mut W;
                if value.is_null() && kind == MemberKind::ObjEx && (*slot).is_null() {
                    return Err(sp.raise(known::ATTRIBUTE_ERROR, &show(sp, m.w_name)));
                }
                store(sp, w_obj, slot, value)
            }
            MemberKind::Int => *(p as *mut i64) = sp.int_w(value)?,
            MemberKind::Float => *(p as *mut f64) = sp.float_w(value)?,
            MemberKind::Bool => {
                if value != W::TRUE && value != W::FALSE {
                    return Err(sp.type_error("attribute value type must be bool"));
                }
                *p = (value == W::TRUE) as u8
            }
        }
    }
    Ok(())
}
#[slot]
fn member_repr(sp: Space, w: W) -> Res<W> {
    let m = member(w);
    describe(sp, "member", &show(sp, m.w_name), m.w_type)
}
#[slot]
fn member_name(_sp: Space, w: W) -> Res<W> {
    Ok(member(w).w_name)
}
#[slot]
fn member_qualname(sp: Space, w: W) -> Res<W> {
    let m = member(w);
    qualified(sp, m.w_type, &show(sp, m.w_name))
}
#[slot]
fn member_objclass(_sp: Space, w: W) -> Res<W> {
    Ok(member(w).w_type)
}
#[slot]
fn member_doc(sp: Space, w: W) -> Res<W> {
    // SAFETY: static description or null.
    doc_or_none(sp, unsafe { member(w).spec.as_ref() }.map_or("", |s| s.doc.get()))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn member_reduce(sp: Space, w: W) -> Res<W> {
    let m = member(w);
    reduce_getattr(sp, m.w_type, m.w_name)
}
static MEMBER_SLOTS: Slots =
    Slots { descr_get: Some(member_get), descr_set: Some(member_set), repr: Some(member_repr), ..Slots::EMPTY };
typespec!(pub MEMBER: WMember, "member_descriptor", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &MEMBER_SLOTS, methods: methods![member_reduce],
    getset: table![getset!("__name__", member_name), getset!("__qualname__", member_qualname), getset!("__objclass__", member_objclass),
        getset!("__doc__", member_doc)],
});
