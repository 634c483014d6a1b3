//! Small helpers over types and objects, used by the whole family.

use crate::layouts::*;
use taipan_abi::gc::TypeInfo;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The row of any word, small ints included.
#[inline(always)]
pub fn row(sp: Space, w: W) -> &'static mut TypeInfo {
    // SAFETY: a live word; its tid is a valid row index.
    sp.row_of(unsafe { w.tid() })
}
/// The class of any word.
#[inline(always)]
pub fn type_of(sp: Space, w: W) -> W {
    row(sp, w).w_type
}
/// The slots of the class of any word.
#[inline(always)]
pub fn slots_of(sp: Space, w: W) -> &'static Slots {
    // SAFETY: every row points to the slots of its class, which live as long as the class and, once it is dead, a while longer.
    unsafe { &*row(sp, w).slots }
}
/// The struct of a word known to be a class.
#[inline(always)]
pub fn wt<'a>(w_type: W) -> &'a mut WType {
    // SAFETY: the caller knows that it is a class; one thread at a time runs Python.
    unsafe { &mut *w_type.ptr::<WType>() }
}
/// The slots of a class.
#[inline(always)]
pub fn type_slots<'a>(w_type: W) -> &'a Slots {
    // SAFETY: as above; a class always owns slots.
    unsafe { &*wt(w_type).slots }
}
/// Any object as the struct of its layout.
///
/// # Safety
/// `w` is laid out as `T`.
#[inline(always)]
pub unsafe fn obj<'a, T>(w: W) -> &'a mut T {
    &mut *w.ptr::<T>()
}
/// Is it a class (an instance of type or of a metaclass)?
#[inline(always)]
pub fn is_type(sp: Space, w: W) -> bool {
    w.is_obj() && sp.row(w).layout == TID_TYPE
}
/// The class of a fixed row.
#[inline(always)]
pub fn builtin_type(sp: Space, tid: u32) -> W {
    sp.row_of(tid).w_type
}
/// Items of an exact tuple of this space.
#[inline(always)]
pub fn tuple<'a>(w: W) -> &'a [W] {
    if w.is_null() {
        return &[];
    }
    // SAFETY: the caller knows that it is a tuple: `len` words follow the fixed part.
    unsafe { std::slice::from_raw_parts(w.ptr::<W>().add(2), (*w.ptr::<WTuple>()).len) }
}
/// Is `a` a subclass of `b` by the MRO?
#[inline]
pub fn subtype(a: W, b: W) -> bool {
    if a == b {
        return true;
    }
    let t = wt(a);
    if t.w_mro.is_null() {
        let mut c = t.w_base;
        while !c.is_null() {
            if c == b {
                return true;
            }
            c = wt(c).w_base
        }
        return false;
    }
    tuple(t.w_mro).contains(&b)
}
/// Is `w` an instance of `w_type` by its real class?
#[inline]
pub fn instance(sp: Space, w: W, w_type: W) -> bool {
    subtype(type_of(sp, w), w_type)
}
/// The name of a class as messages show it: dotted for classes written in Rust, else `__name__`.
pub fn tp_name(sp: Space, w_type: W) -> String {
    let t = wt(w_type);
    if t.flags & tflags::HEAP == 0 && !t.spec.is_null() {
        // SAFETY: a static description.
        let full = unsafe { (*t.spec).name.get() };
        return full.strip_prefix("builtins.").unwrap_or(full).to_string();
    }
    if t.w_name.is_null() { "?".into() } else { sp.string_w(t.w_name).unwrap_or_else(|_| "?".into()) }
}
/// The name of an object's class as messages show it.
pub fn tname(sp: Space, w: W) -> String {
    if w.is_null() { "NULL".into() } else { tp_name(sp, type_of(sp, w)) }
}
/// A word from a C-shaped result.
#[inline(always)]
pub fn res(w: W) -> Res<W> {
    if w.is_null() { Err(Raised) } else { Ok(w) }
}
/// Unit from a C-shaped result.
#[inline(always)]
pub fn unit(i: i32) -> Res<()> {
    if i < 0 { Err(Raised) } else { Ok(()) }
}
/// A str of this space that is interned?
#[inline(always)]
pub fn is_interned(w: W) -> bool {
    // SAFETY: a live word; a str keeps its flags in the header.
    unsafe { w.is_tid(TID_STR) && w.header().aux[1] & STR_INTERNED != 0 }
}
/// The interned form of an attribute name; TypeError for other objects.
#[inline(always)]
pub fn attr_name(sp: Space, w_name: W) -> Res<W> {
    if is_interned(w_name) { Ok(w_name) } else { attr_name_slow(sp, w_name) }
}
#[cold]
fn attr_name_slow(sp: Space, w_name: W) -> Res<W> {
    if sp.layout(w_name) == TID_STR {
        return sp.intern_str(w_name);
    }
    Err(raise!(sp, TYPE_ERROR, "attribute name must be string, not '{}'", tname(sp, w_name)))
}
/// A str's characters as a Rust string, "?" for other objects.
pub fn show(sp: Space, w: W) -> String {
    sp.text_opt(w).map_or_else(|| "?".into(), |t| t.to_str().into_owned())
}
/// Stores a reference at a byte offset of an object, with the barrier.
///
/// # Safety
/// A reference slot lies there.
#[inline(always)]
pub unsafe fn store(sp: Space, w_obj: W, slot: *mut W, value: W) {
    sp.barrier(w_obj, slot);
    *slot = value;
}
/// Keeps an object alive for ever: names in shapes, detached classes.
pub fn keep(sp: Space, w: W) -> Res<()> {
    static KEPT: Global = Global::new();
    let w_list = KEPT.get_or(sp, |sp| sp.newlist(&[]))?;
    sp.list_append(w_list, w)
}
/// A struct of `T`'s row, zeroed, with a fixed tid.
///
/// # Safety
/// Row `tid` is laid out as `T`.
#[inline(always)]
pub unsafe fn new<'a, T>(sp: Space, tid: u32) -> Res<(W, &'a mut T)> {
    let w = sp.alloc(tid, std::mem::size_of::<T>())?;
    Ok((w, &mut *w.ptr::<T>()))
}
/// NULL as None.
#[inline(always)]
pub fn or_none(w: W) -> W {
    if w.is_null() { W::NONE } else { w }
}
/// `repr` of a type for messages such as "<class 'int'>".
pub fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}
