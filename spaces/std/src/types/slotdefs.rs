//! Special methods and the slots they stand for, both ways: which descriptor a built-in slot gets in the class's namespace, and which
//! function fills the slot of a class that has the method.

use super::lookup;
use super::slotgeneric as g;
use super::util::*;
use crate::layouts::*;
use std::mem::offset_of;
use taipan_abi::opcode::{BinOp, CmpOp};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// How a slot is called for a special method.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Kind {
    Unary,
    /// self is the left operand.
    Left,
    /// self is the right operand.
    Right,
    Pow,
    Rpow,
    Hash,
    Call,
    Getattr,
    /// `__getattr__`: has no wrapper.
    GetattrHook,
    Setattr,
    Delattr,
    Compare(u32),
    Next,
    Get,
    Set,
    Delete,
    New,
    Init,
    Len,
    Getitem,
    Setitem,
    Delitem,
    Contains,
    Repeat,
    Test,
    Buffer,
    ReleaseBuffer,
    Del,
}

/// One special method.
pub struct SlotDef {
    #[allow(missing_docs)]
    pub name: &'static str,
    /// Byte offset of the slot in `Slots`.
    pub off: usize,
    #[allow(missing_docs)]
    pub kind: Kind,
    /// The slot function that calls the method; null: another slot serves methods written in Python.
    pub generic: *const (),
    /// Signature for inspect.
    pub sig: &'static str,
    #[allow(missing_docs)]
    pub doc: &'static str,
}
// SAFETY: immutable data.
unsafe impl Sync for SlotDef {}

const fn bin(op: BinOp) -> usize {
    offset_of!(Slots, binary) + 8 * op as usize
}
const fn inp(op: BinOp) -> usize {
    offset_of!(Slots, inplace) + 8 * op as usize
}
const NO: *const () = std::ptr::null();

macro_rules! def {
    ($name:literal, $off:expr, $kind:expr, $generic:expr, $sig:literal, $doc:literal) => {
        SlotDef { name: $name, off: $off, kind: $kind, generic: $generic, sig: $sig, doc: $doc }
    };
}
macro_rules! binary {
    ($op:ident $l:literal $r:literal $text:literal) => {
        [
            def!(
                $l,
                bin(BinOp::$op),
                Kind::Left,
                g::BINARY[BinOp::$op as usize] as *const (),
                "($self, value, /)",
                $text
            ),
            def!(
                $r,
                bin(BinOp::$op),
                Kind::Right,
                g::BINARY[BinOp::$op as usize] as *const (),
                "($self, value, /)",
                "Reflected form."
            ),
        ]
    };
}
macro_rules! inplace {
    ($op:ident $l:literal) => {
        def!(
            $l,
            inp(BinOp::$op),
            Kind::Left,
            g::INPLACE[BinOp::$op as usize] as *const (),
            "($self, value, /)",
            "In-place form."
        )
    };
}
macro_rules! simple {
    ($name:literal, $slot:ident, $kind:expr, $generic:expr, $sig:literal, $doc:literal) => {
        def!($name, offset_of!(Slots, $slot), $kind, $generic as *const (), $sig, $doc)
    };
}

static BINARY_DEFS: [[SlotDef; 2]; 11] = [
    binary!(Add "__add__" "__radd__" "Return self+value."),
    binary!(Sub "__sub__" "__rsub__" "Return self-value."),
    binary!(Mul "__mul__" "__rmul__" "Return self*value."),
    binary!(TrueDiv "__truediv__" "__rtruediv__" "Return self/value."),
    binary!(FloorDiv "__floordiv__" "__rfloordiv__" "Return self//value."),
    binary!(Mod "__mod__" "__rmod__" "Return self%value."),
    binary!(And "__and__" "__rand__" "Return self&value."),
    binary!(Or "__or__" "__ror__" "Return self|value."),
    binary!(Xor "__xor__" "__rxor__" "Return self^value."),
    binary!(LShift "__lshift__" "__rlshift__" "Return self<<value."),
    binary!(RShift "__rshift__" "__rrshift__" "Return self>>value."),
];
static POW_DEFS: [SlotDef; 4] = [
    def!(
        "__pow__",
        bin(BinOp::Pow),
        Kind::Pow,
        g::BINARY[BinOp::Pow as usize] as *const (),
        "($self, value, mod=None, /)",
        "Return pow(self, value, mod)."
    ),
    def!(
        "__rpow__",
        bin(BinOp::Pow),
        Kind::Rpow,
        g::BINARY[BinOp::Pow as usize] as *const (),
        "($self, value, mod=None, /)",
        "Return pow(value, self, mod)."
    ),
    def!(
        "__matmul__",
        bin(BinOp::MatMul),
        Kind::Left,
        g::BINARY[BinOp::MatMul as usize] as *const (),
        "($self, value, /)",
        "Return self@value."
    ),
    def!(
        "__rmatmul__",
        bin(BinOp::MatMul),
        Kind::Right,
        g::BINARY[BinOp::MatMul as usize] as *const (),
        "($self, value, /)",
        "Reflected form."
    ),
];
static INPLACE_DEFS: [SlotDef; 13] = [
    inplace!(Add "__iadd__"),
    inplace!(Sub "__isub__"),
    inplace!(Mul "__imul__"),
    inplace!(TrueDiv "__itruediv__"),
    inplace!(FloorDiv "__ifloordiv__"),
    inplace!(Mod "__imod__"),
    inplace!(And "__iand__"),
    inplace!(Or "__ior__"),
    inplace!(Xor "__ixor__"),
    inplace!(LShift "__ilshift__"),
    inplace!(RShift "__irshift__"),
    inplace!(Pow "__ipow__"),
    inplace!(MatMul "__imatmul__"),
];
const CMP: usize = offset_of!(Slots, compare);
macro_rules! cmp {
    ($name:literal, $op:ident, $text:literal) => {
        def!($name, CMP, Kind::Compare(CmpOp::$op as u32), g::compare as *const (), "($self, value, /)", $text)
    };
}
static OTHER_DEFS: &[SlotDef] = &[
    simple!("__repr__", repr, Kind::Unary, g::repr, "($self, /)", "Return repr(self)."),
    simple!("__str__", str, Kind::Unary, g::str, "($self, /)", "Return str(self)."),
    simple!("__hash__", hash, Kind::Hash, g::hash, "($self, /)", "Return hash(self)."),
    simple!("__call__", call, Kind::Call, g::call, "($self, /, *args, **kwargs)", "Call self as a function."),
    simple!("__getattribute__", getattr, Kind::Getattr, g::getattr, "($self, name, /)", "Return getattr(self, name)."),
    simple!("__getattr__", getattr, Kind::GetattrHook, g::getattr, "", ""),
    simple!(
        "__setattr__",
        setattr,
        Kind::Setattr,
        g::setattr,
        "($self, name, value, /)",
        "Implement setattr(self, name, value)."
    ),
    simple!("__delattr__", setattr, Kind::Delattr, g::setattr, "($self, name, /)", "Implement delattr(self, name)."),
    cmp!("__lt__", Lt, "Return self<value."),
    cmp!("__le__", Le, "Return self<=value."),
    cmp!("__eq__", Eq, "Return self==value."),
    cmp!("__ne__", Ne, "Return self!=value."),
    cmp!("__gt__", Gt, "Return self>value."),
    cmp!("__ge__", Ge, "Return self>=value."),
    simple!("__iter__", iter, Kind::Unary, g::iter, "($self, /)", "Implement iter(self)."),
    simple!("__next__", next, Kind::Next, g::next, "($self, /)", "Implement next(self)."),
    simple!(
        "__get__",
        descr_get,
        Kind::Get,
        g::descr_get,
        "($self, instance, owner=None, /)",
        "Return an attribute of instance, which is of type owner."
    ),
    simple!(
        "__set__",
        descr_set,
        Kind::Set,
        g::descr_set,
        "($self, instance, value, /)",
        "Set an attribute of instance to value."
    ),
    simple!(
        "__delete__",
        descr_set,
        Kind::Delete,
        g::descr_set,
        "($self, instance, /)",
        "Delete an attribute of instance."
    ),
    simple!("__new__", new, Kind::New, g::new, "", ""),
    simple!(
        "__init__",
        init,
        Kind::Init,
        g::init,
        "($self, /, *args, **kwargs)",
        "Initialize self.  See help(type(self)) for accurate signature."
    ),
    simple!("__len__", len, Kind::Len, g::len, "($self, /)", "Return len(self)."),
    simple!("__getitem__", getitem, Kind::Getitem, g::getitem, "($self, key, /)", "Return self[key]."),
    simple!("__setitem__", setitem, Kind::Setitem, g::setitem, "($self, key, value, /)", "Set self[key] to value."),
    simple!("__delitem__", setitem, Kind::Delitem, g::setitem, "($self, key, /)", "Delete self[key]."),
    simple!("__contains__", contains, Kind::Contains, g::contains, "($self, key, /)", "Return bool(key in self)."),
    simple!("__add__", concat, Kind::Left, NO, "($self, value, /)", "Return self+value."),
    simple!("__mul__", repeat, Kind::Repeat, NO, "($self, value, /)", "Return self*value."),
    simple!("__rmul__", repeat, Kind::Repeat, NO, "($self, value, /)", "Return value*self."),
    simple!("__iadd__", inplace_concat, Kind::Left, NO, "($self, value, /)", "Implement self+=value."),
    simple!("__imul__", inplace_repeat, Kind::Repeat, NO, "($self, value, /)", "Implement self*=value."),
    simple!("__bool__", bool, Kind::Test, g::bool, "($self, /)", "True if self else False"),
    simple!("__neg__", neg, Kind::Unary, g::neg, "($self, /)", "-self"),
    simple!("__pos__", pos, Kind::Unary, g::pos, "($self, /)", "+self"),
    simple!("__abs__", abs, Kind::Unary, g::abs, "($self, /)", "abs(self)"),
    simple!("__invert__", invert, Kind::Unary, g::invert, "($self, /)", "~self"),
    simple!("__int__", int, Kind::Unary, g::int, "($self, /)", "int(self)"),
    simple!("__float__", float, Kind::Unary, g::float, "($self, /)", "float(self)"),
    simple!(
        "__index__",
        index,
        Kind::Unary,
        g::index,
        "($self, /)",
        "Return self converted to an integer, if self is suitable for use as an index into a list."
    ),
    simple!("__divmod__", divmod, Kind::Left, g::divmod, "($self, value, /)", "Return divmod(self, value)."),
    simple!("__rdivmod__", divmod, Kind::Right, g::divmod, "($self, value, /)", "Return divmod(value, self)."),
    simple!(
        "__await__",
        await_,
        Kind::Unary,
        g::await_,
        "($self, /)",
        "Return an iterator to be used in await expression."
    ),
    simple!(
        "__aiter__",
        aiter,
        Kind::Unary,
        g::aiter,
        "($self, /)",
        "Return an awaitable, that resolves in asynchronous iterator."
    ),
    simple!("__anext__", anext, Kind::Unary, g::anext, "($self, /)", "Return a value or raise StopAsyncIteration."),
    simple!(
        "__buffer__",
        getbuffer,
        Kind::Buffer,
        g::getbuffer,
        "($self, flags, /)",
        "Return a buffer object that exposes the underlying memory of the object."
    ),
    simple!(
        "__release_buffer__",
        releasebuffer,
        Kind::ReleaseBuffer,
        g::releasebuffer,
        "($self, buffer, /)",
        "Release the buffer object that exposes the underlying memory of the object."
    ),
    simple!("__del__", del, Kind::Del, g::del, "($self, /)", "Called when the instance is about to be destroyed."),
];

/// All special methods; `WSlotWrapper::def` is an index of this sequence.
pub fn defs() -> impl Iterator<Item = &'static SlotDef> {
    BINARY_DEFS.iter().flatten().chain(&POW_DEFS).chain(&INPLACE_DEFS).chain(OTHER_DEFS)
}
/// Definition number `i`.
#[inline]
pub fn def(i: usize) -> &'static SlotDef {
    match i {
        0..22 => &BINARY_DEFS[i / 2][i % 2],
        22..26 => &POW_DEFS[i - 22],
        26..39 => &INPLACE_DEFS[i - 26],
        _ => &OTHER_DEFS[i - 39],
    }
}
/// The slot at an offset.
#[inline(always)]
pub fn get_slot(s: *const Slots, off: usize) -> *const () {
    // SAFETY: every offset of the table names an `Option<fn>`, one word.
    unsafe { *(s.cast::<u8>().add(off) as *const *const ()) }
}
fn set_slot(s: *mut Slots, off: usize, f: *const ()) {
    // SAFETY: as above; f has the slot's type.
    unsafe { *(s.cast::<u8>().add(off) as *mut *const ()) = f }
}
/// Is this slot the generic function that calls a method written in Python?
pub fn is_python_slot(f: *const ()) -> bool {
    g::all().contains(&f)
}
/// Is the slot at this offset of a class the generic one?
pub fn slot_is_python(w_type: W, off: usize) -> bool {
    let f = get_slot(wt(w_type).slots, off);
    !f.is_null() && is_python_slot(f)
}

/// The special methods' interned names, in the order of [`defs`].
pub fn names(sp: Space) -> &'static [W] {
    static NAMES: std::sync::OnceLock<Vec<u64>> = std::sync::OnceLock::new();
    let v = NAMES.get_or_init(|| defs().map(|d| if d.name.is_empty() { 0 } else { sp.intern(d.name).0 }).collect());
    // SAFETY: W is a transparent u64; interned constants are immortal.
    unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), v.len()) }
}

/// Slots that have no special method: they follow the base.
const NAMELESS: &[usize] = &[offset_of!(Slots, send)];

/// Fills one slot of a class made in Python from what its MRO has.
fn update_slot(sp: Space, w_type: W, off: usize) {
    let (mut specific, mut generic, mut use_generic) = (NO, NO, false);
    let names = names(sp);
    for (i, d) in defs().enumerate().filter(|(_, d)| d.off == off && !d.name.is_empty()) {
        let Some(w) = lookup::lookup(sp, w_type, names[i]) else { continue };
        // SAFETY: a live word; the tid says which struct it is.
        unsafe {
            if w.is_tid(TID_SLOT_WRAPPER) {
                let wrapper = obj::<WSlotWrapper>(w);
                let of = def(wrapper.def);
                if of.name == d.name {
                    if of.off != off || !subtype(w_type, wrapper.w_type) {
                        // The name is served by another slot (list.__add__ is the sequence's), or the wrapper is of a strange class.
                        if of.off == off || !subtype(w_type, wrapper.w_type) {
                            use_generic = true;
                            generic = d.generic;
                        }
                        continue;
                    }
                    let f = get_slot(wt(wrapper.w_type).slots, off);
                    if specific.is_null() || specific == f {
                        specific = f;
                    } else {
                        use_generic = true;
                    }
                    if generic.is_null() {
                        generic = d.generic
                    }
                    continue;
                }
            }
            if d.kind == Kind::New && w.is_tid(TID_BUILTIN) && super::object::is_new_wrapper(w) {
                specific = get_slot(wt(obj::<WBuiltin>(w).w_self).slots, off);
                continue;
            }
        }
        if w.is_none() && d.kind == Kind::Hash {
            specific = g::no_hash as *const ();
            continue;
        }
        if w.is_none() && d.kind == Kind::Unary && d.name == "__iter__" {
            specific = g::no_iter as *const ();
            continue;
        }
        use_generic = true;
        generic = d.generic;
    }
    let f = if use_generic { generic } else { specific };
    set_slot(wt(w_type).slots, off, f);
}

/// `pow3` goes with `__pow__`.
fn update_pow3(sp: Space, w_type: W) {
    let off = offset_of!(Slots, pow3);
    let f = match lookup::lookup(sp, w_type, name!(sp, "__pow__")) {
        // SAFETY: the tid says so.
        Some(w) if unsafe { w.is_tid(TID_SLOT_WRAPPER) } => {
            get_slot(wt(unsafe { obj::<WSlotWrapper>(w) }.w_type).slots, off)
        }
        Some(_) => g::pow3 as *const (),
        None => NO,
    };
    set_slot(wt(w_type).slots, off, f);
}

fn offsets_of(name: &str) -> Vec<usize> {
    defs().filter(|d| d.name == name).map(|d| d.off).collect()
}

/// Fills the slots of a new class made in Python: copied from the base, then corrected by the names the class defines (with several
/// bases: by everything).
pub fn fill(sp: Space, w_type: W, several_bases: bool) {
    let t = wt(w_type);
    // SAFETY: both are live Slots.
    unsafe { *t.slots = *wt(t.w_base).slots };
    let mut offs: Vec<usize> = Vec::new();
    if several_bases {
        offs = defs().filter(|d| !d.name.is_empty()).map(|d| d.off).collect();
        for off in NAMELESS {
            if get_slot(t.slots, *off).is_null()
                && let Some(b) = tuple(t.w_mro).iter().find(|b| !get_slot(wt(**b).slots, *off).is_null())
            {
                set_slot(t.slots, *off, get_slot(wt(*b).slots, *off))
            }
        }
    } else {
        for (i, d) in defs().enumerate() {
            if !d.name.is_empty() && lookup::own(sp, w_type, names(sp)[i]).is_some() {
                offs.push(d.off)
            }
        }
    }
    offs.sort_unstable();
    offs.dedup();
    let pow = offs.contains(&bin(BinOp::Pow));
    for off in offs {
        update_slot(sp, w_type, off)
    }
    if pow {
        update_pow3(sp, w_type)
    }
    flags(sp, w_type);
}

/// A special method of a class (and so of its subclasses) was set or deleted.
pub fn update_name(sp: Space, w_type: W, w_name: W) {
    let Some(t) = sp.text_opt(w_name) else { return };
    let Some(name) = t.ascii() else { return };
    if !(name.starts_with("__") && name.ends_with("__")) {
        return;
    }
    let offs = offsets_of(name);
    if !offs.is_empty() {
        update_tree(sp, w_type, w_name, &offs, name == "__pow__");
    }
}
fn update_tree(sp: Space, w_type: W, w_name: W, offs: &[usize], pow: bool) {
    for off in offs {
        update_slot(sp, w_type, *off)
    }
    if pow {
        update_pow3(sp, w_type)
    }
    flags(sp, w_type);
    for w in lookup::subclasses(sp, w_type).iter() {
        if lookup::own(sp, *w, w_name).is_none() {
            update_tree(sp, *w, w_name, offs, pow)
        }
    }
}

/// Flags derived from slots.
pub fn flags(sp: Space, w_type: W) {
    let t = wt(w_type);
    let s = type_slots(w_type);
    let mut set = |bit: u64, on: bool| if on { t.flags |= bit } else { t.flags &= !bit };
    let same = |off: usize, f: *const ()| get_slot(s, off) == f;
    set(tflags::PLAIN_GETATTR, same(offset_of!(Slots, getattr), super::attrs::object_getattribute as *const ()));
    set(tflags::PLAIN_SETATTR, same(offset_of!(Slots, setattr), super::attrs::object_setattr as *const ()));
    set(tflags::PLAIN_NEW, same(offset_of!(Slots, new), super::object::object_new as *const ()));
    set(tflags::PLAIN_INIT, same(offset_of!(Slots, init), super::object::object_init as *const ()));
    set(tflags::FINALIZER, s.del.is_some());
    if s.del.is_some() && t.tid != 0 {
        sp.row_of(t.tid).flags |= taipan_abi::gc::tf::FINALIZER
    }
}

/// Inheritance of slots among built-in classes: what the description leaves out comes from the base; equality and hash go together.
pub fn inherit_builtin(w_type: W) {
    let t = wt(w_type);
    if t.w_base.is_null() {
        return;
    }
    let (own, base) = (t.slots, wt(t.w_base).slots);
    let (hash, cmp) = (offset_of!(Slots, hash), CMP);
    // object's `__new__` would make instances of which the class knows nothing: such classes cannot be called.
    let no_new = wt(t.w_base).w_base.is_null();
    let own_eq = !get_slot(own, cmp).is_null();
    let own_hash = !get_slot(own, hash).is_null();
    let first = offset_of!(Slots, binary);
    for off in (first..std::mem::size_of::<Slots>()).step_by(8) {
        if get_slot(own, off).is_null() {
            if (off == offset_of!(Slots, new) && no_new) || (off == hash && own_eq) || (off == cmp && own_hash) {
                continue;
            }
            set_slot(own, off, get_slot(base, off))
        }
    }
    if own_eq && !own_hash {
        set_slot(own, hash, g::no_hash as *const ())
    }
    if own_hash && !own_eq {
        set_slot(own, cmp, get_slot(base, cmp))
    }
}
