//! Classes written in Rust: at start all of the space's own, later those of modules.

#[allow(unused_imports)]
use super::util::row;
use super::util::*;
use super::{lookup, rows, shapes, signature, slotdefs, slotgeneric, subclasses};
use crate::layouts::*;
use crate::{Builtin, NOT_KNOWN};
use taipan_abi::gc::{TypeInfo, tf};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// Inline attribute words of instances of built-in classes that have a `__dict__`.
const BUILTIN_NSLOTS: u32 = 2;

/// Makes all types of the space: first every row, then the class objects, then their namespaces. Fills `Thread::known`.
pub fn start(sp: Space, families: &[&[Builtin]]) -> Res<()> {
    rows::ensure_table(sp.th());
    rows::internal();
    if !rows::map_singletons() {
        return Err(sp.raise(known::SYSTEM_ERROR, "the page of the singletons is taken"));
    }
    ensure_known(sp);
    let all = || families.iter().flat_map(|f| f.iter());
    for b in all() {
        let r = rows::set(b.tid, rows::from_spec(b.spec));
        r.layout = b.tid;
        r.slots = Box::into_raw(Box::new(*b.spec.slots));
    }
    // A small int has no header; its row stands for the class. Large ones have a row of the same class.
    alias(TID_INT, TID_LONG);
    alias(TID_LONG, TID_INT);
    alias(TID_BUILTIN, TID_BUILTIN_METHOD);
    let mut made = RootedVec::new(sp);
    for b in all() {
        let w = blank_class(sp, b.tid)?;
        made.push(w);
        let t = wt(w);
        t.spec = b.spec;
        t.tid = b.tid;
        t.slots = rows::get(b.tid).map_or(std::ptr::null_mut(), |r| r.slots as *mut Slots);
        if let Some(r) = rows::get(b.tid) {
            r.w_type = w
        }
        if b.known != NOT_KNOWN {
            set_known(sp, b.known, w)
        }
    }
    twin(TID_INT, TID_LONG);
    twin(TID_LONG, TID_INT);
    twin(TID_BUILTIN, TID_BUILTIN_METHOD);
    for (i, b) in all().enumerate() {
        let w = made[i];
        let w_base =
            if b.tid == TID_OBJECT { W::NULL } else { builtin_type(sp, if b.base == 0 { TID_OBJECT } else { b.base }) };
        complete(sp, w, w_base, b.tid)?;
        wt(w).flags |= tflags::IMMUTABLE;
        if b.known == known::EXCEPTION_GROUP {
            second_base(sp, w, sp.known(known::EXCEPTION))?
        }
    }
    twin(TID_INT, TID_LONG);
    twin(TID_LONG, TID_INT);
    twin(TID_BUILTIN, TID_BUILTIN_METHOD);
    for (i, b) in all().enumerate() {
        namespace(sp, made[i], b.spec, W::NULL)?;
    }
    // Rows are native memory: built-in classes live because object's (transitive) list of subclasses holds them.
    static ROOT: Global = Global::new();
    ROOT.set(sp, builtin_type(sp, TID_OBJECT));
    if sp.known(known::EMPTY_TUPLE).is_null() {
        let w = sp.newtuple(&[])?;
        set_known(sp, known::EMPTY_TUPLE, w)
    }
    if sp.known(known::EMPTY_STR).is_null() {
        let w = sp.intern("");
        set_known(sp, known::EMPTY_STR, w)
    }
    if sp.known(known::EMPTY_BYTES).is_null() {
        let w = sp.newbytes(b"")?;
        set_known(sp, known::EMPTY_BYTES, w)
    }
    Ok(())
}

/// The table of well-known objects, rooted.
fn ensure_known(sp: Space) {
    if sp.thread().known.is_null() {
        let table: &'static mut [W] = Box::leak(vec![W::NULL; known::COUNT].into_boxed_slice());
        // SAFETY: leaked memory of that many words.
        unsafe { ((*sp.thread().gcvt).add_roots)(table.as_ptr(), table.len()) };
        sp.thread().known = table.as_ptr();
    }
}
/// Fills an entry of `Thread::known`.
pub fn set_known(sp: Space, i: u32, w: W) {
    // SAFETY: the table has known::COUNT entries, is writable (made by `ensure_known` or the embedder), and is a root.
    unsafe { *(sp.thread().known as *mut W).add(i as usize) = w }
}

fn alias(from: u32, to: u32) {
    if rows::get(to).is_none()
        && let Some(r) = rows::get(from)
    {
        let c = rows::copy(r);
        rows::set(to, c).layout = to;
    }
}
/// Both rows show the same class.
fn twin(from: u32, to: u32) {
    if let (Some(a), Some(b)) = (rows::get(from), rows::get(to))
        && !a.w_type.is_null()
        && (b.w_type.is_null() || b.w_type == a.w_type)
    {
        b.w_type = a.w_type;
        b.slots = a.slots;
    }
}

fn blank_class(sp: Space, _tid: u32) -> Res<W> {
    // SAFETY: row TID_TYPE is laid out as WType.
    unsafe { sp.alloc(TID_TYPE, std::mem::size_of::<WType>()) }
}

/// The row that says how instances of a class are laid out.
pub fn layout_row(sp: Space, w_type: W) -> &'static mut TypeInfo {
    let tid = wt(w_type).tid;
    sp.row_of(if tid == TID_INT { TID_LONG } else { tid })
}

/// Base, MRO, flags, inherited slots and the final row of a class written in Rust.
fn complete(sp: Space, w: W, w_base: W, tid: u32) -> Res<()> {
    let t = wt(w);
    // SAFETY: set by the caller.
    let spec = unsafe { &*t.spec };
    setfield!(sp, w, WType, w_base, w_base);
    let bases = if w_base.is_null() { vec![] } else { vec![w_base] };
    let w_bases = sp.newtuple(&bases)?;
    setfield!(sp, w, WType, w_bases, w_bases);
    let mut mro = vec![w];
    let mut c = w_base;
    while !c.is_null() {
        mro.push(c);
        c = wt(c).w_base;
    }
    let w_mro = sp.newtuple(&mro)?;
    setfield!(sp, w, WType, w_mro, w_mro);
    let f = spec.flags;
    let mut flags = 0;
    for (bit, flag) in [
        (ty::BASETYPE, tflags::BASETYPE),
        (ty::IMMUTABLE, tflags::IMMUTABLE),
        (ty::DISALLOW_INSTANTIATION, tflags::DISALLOW_INSTANTIATION),
        (ty::DICT, tflags::DICT),
        (ty::WEAKREF, tflags::WEAKREF),
        (ty::SEQUENCE, tflags::SEQUENCE),
        (ty::MAPPING, tflags::MAPPING),
    ] {
        if f & bit != 0 {
            flags |= flag
        }
    }
    if tid == TID_TYPE || shapes::own_dict_slot(tid, w).is_some() {
        flags |= tflags::DICT
    }
    if tid == TID_TYPE {
        flags |= tflags::TYPE_SUBCLASS | tflags::WEAKREF
    }
    let row = sp.row_of(tid);
    if !w_base.is_null() {
        let b = wt(w_base);
        flags |= b.flags
            & (tflags::DICT
                | tflags::WEAKREF
                | tflags::SEQUENCE
                | tflags::MAPPING
                | tflags::TYPE_SUBCLASS
                | tflags::EXC_SUBCLASS);
        let base_row = layout_row(sp, w_base);
        let base_tid = base_row.tid;
        if base_tid != TID_OBJECT && row.fixed_bytes >= solid_size(base_row) && tid != TID_BOOL {
            row.layout = base_row.layout;
        }
        slotdefs::inherit_builtin(w);
        subclasses::add(sp, w_base, w)?;
    }
    t.flags |= flags;
    if tid == tid_of_base_exception(sp) || (!w_base.is_null() && wt(w_base).tid == tid_of_base_exception(sp)) {
        t.flags |= tflags::EXC_SUBCLASS
    }
    if flags & tflags::DICT != 0
        && tid != TID_TYPE
        && shapes::own_dict_slot(row.layout, w).is_none()
        && row.layout != TID_TYPE
    {
        t.nslots = BUILTIN_NSLOTS;
        add_instance_part(row, BUILTIN_NSLOTS);
        row.shape = shapes::root_shape(BUILTIN_NSLOTS).cast();
    }
    if flags & tflags::WEAKREF != 0 {
        row.flags |= tf::WEAKREFABLE
    }
    slotdefs::flags(sp, w);
    Ok(())
}
/// ExceptionGroup is an Exception too: the only built-in class with two bases.
fn second_base(sp: Space, w: W, w_other: W) -> Res<()> {
    let w_bases = sp.newtuple(&[wt(w).w_base, w_other])?;
    setfield!(sp, w, WType, w_bases, w_bases);
    let w_mro = super::mro::c3(sp, w)?;
    setfield!(sp, w, WType, w_mro, w_mro);
    subclasses::add(sp, w_other, w)
}
fn tid_of_base_exception(sp: Space) -> u32 {
    let w = sp.known(known::BASE_EXCEPTION);
    if w.is_null() { u32::MAX } else { wt(w).tid }
}

/// Bytes of `__slots__` words that an instance has after its items.
pub fn slot_bytes(row: &TypeInfo) -> u32 {
    if row.flags & tf::INSTANCE_AFTER_ITEMS != 0 {
        return row.inst_off;
    }
    rows::get(row.layout).map_or(0, |origin| row.fixed_bytes.saturating_sub(origin.fixed_bytes))
}

/// Bytes of an instance besides its instance part and items.
pub fn solid_size(row: &TypeInfo) -> u32 {
    if row.flags & tf::VAR != 0 {
        row.items_off + slot_bytes(row)
    } else if row.flags & tf::INSTANCE != 0 {
        row.inst_off
    } else {
        row.fixed_bytes
    }
}

/// Appends w_ext and `nslots` inline words to a row.
pub fn add_instance_part(row: &mut TypeInfo, nslots: u32) {
    let layout = row.layout;
    if row.flags & tf::VAR != 0 {
        row.inst_off = slot_bytes(row);
        row.flags |= tf::INSTANCE_AFTER_ITEMS;
    } else {
        row.inst_off = row.fixed_bytes;
    }
    row.flags |= tf::INSTANCE;
    rows::extend(row, layout, 1 + nslots);
}

/// Name, `__doc__` and namespace of a class written in Rust.
fn namespace(sp: Space, w: W, spec: &'static TypeSpec, w_module: W) -> Res<()> {
    let full = spec.name.get();
    let (module, name) = full.rsplit_once('.').unwrap_or(("", full));
    let w_name = sp.intern(name);
    setfield!(sp, w, WType, w_name, w_name);
    setfield!(sp, w, WType, w_qualname, w_name);
    let d = sp.newdict()?;
    setfield!(sp, w, WType, w_dict, d);
    if !module.is_empty() || !w_module.is_null() {
        let w_mod = if module.is_empty() { w_module } else { sp.intern(module) };
        setfield!(sp, w, WType, w_module, w_mod);
        // The space's own classes compute it; those of modules have it in their namespace.
        if module != "builtins" && wt(w).flags & tflags::IMMUTABLE == 0 || !w_module.is_null() {
            sp.dict_set(d, name!(sp, "__module__"), w_mod)?
        }
    }
    if spec.slots.new.is_some() {
        let f = super::calls::new_builtin(sp, &super::object::NEW_SPEC, w, W::NULL)?;
        sp.dict_set(d, name!(sp, "__new__"), f)?;
    }
    add_wrappers(sp, w, spec.slots, d)?;
    for m in spec.methods.get() {
        let key = sp.intern(m.name.get());
        if sp.dict_get(d, key)?.is_some() {
            continue;
        }
        let v = if m.flags & ff::STATICMETHOD != 0 {
            let f = super::calls::new_builtin(sp, m, W::NULL, W::NULL)?;
            super::wrappers::new_staticmethod(sp, f)?
        } else {
            method_descr(sp, m, w)?
        };
        sp.dict_set(d, key, v)?;
    }
    for g in spec.getset.get() {
        let v = getset_descr(sp, g, w)?;
        sp.dict_set(d, sp.intern(g.name.get()), v)?;
    }
    for m in spec.members.get() {
        // SAFETY: row TID_MEMBER is laid out so; fresh object.
        let (v, o) = unsafe { new::<WMember>(sp, TID_MEMBER)? };
        o.spec = m;
        o.w_type = w;
        o.offset = m.offset as usize;
        o.w_name = sp.intern(m.name.get());
        sp.dict_set(d, o.w_name, v)?;
    }
    let t = wt(w);
    let inherits = !t.w_base.is_null() && wt(t.w_base).flags & tflags::DICT != 0;
    let k = name!(sp, "__dict__");
    if t.nslots != 0 && !inherits && sp.dict_get(d, k)?.is_none() {
        let g = getset_descr(sp, &super::typeattrs::BUILTIN_DICT_GETSET, w)?;
        sp.dict_set(d, k, g)?
    }
    let w_doc = if spec.doc.get().is_empty() { W::NONE } else { sp.newstr(spec.doc.get())? };
    setfield!(sp, w, WType, w_doc, w_doc);
    let k = name!(sp, "__doc__");
    if sp.dict_get(d, k)?.is_none() {
        // The class itself keeps the text with the signature that may precede it.
        let w_shown = match super::typeattrs::split_signature(spec.doc.get()) {
            Some((_, text)) => sp.newstr(text)?,
            None => w_doc,
        };
        sp.dict_set(d, k, w_shown)?
    }
    Ok(())
}

/// The descriptor of a method written in Rust.
pub fn method_descr(sp: Space, spec: &'static FnSpec, w_type: W) -> Res<W> {
    // SAFETY: row TID_METHOD_DESCR is laid out so; fresh object.
    let (v, o) = unsafe { new::<WMethodDescr>(sp, TID_METHOD_DESCR)? };
    o.spec = spec;
    o.sig = signature::of(spec);
    o.w_type = w_type;
    if spec.flags & ff::CLASSMETHOD != 0 {
        // SAFETY: the row of class methods has the same layout.
        unsafe { v.header().tid = super::CLASSMETHOD_DESCR };
    }
    Ok(v)
}
/// The descriptor of a computed attribute.
pub fn getset_descr(sp: Space, spec: &'static GetSetSpec, w_type: W) -> Res<W> {
    // SAFETY: row TID_GETSET is laid out so; fresh object.
    let (v, o) = unsafe { new::<WGetSet>(sp, TID_GETSET)? };
    o.spec = spec;
    o.w_type = w_type;
    Ok(v)
}

/// Slot wrappers for the slots that a class brings itself.
fn add_wrappers(sp: Space, w: W, slots: &Slots, d: W) -> Res<()> {
    let names = slotdefs::names(sp);
    for (i, def) in slotdefs::defs().enumerate() {
        let f = slotdefs::get_slot(slots, def.off);
        if f.is_null() || matches!(def.kind, slotdefs::Kind::GetattrHook | slotdefs::Kind::New) {
            continue;
        }
        if sp.dict_get(d, names[i])?.is_some() {
            continue;
        }
        // SAFETY: row TID_SLOT_WRAPPER is laid out so; fresh object.
        let (v, o) = unsafe { new::<WSlotWrapper>(sp, TID_SLOT_WRAPPER)? };
        o.def = i;
        o.w_type = w;
        sp.dict_set(d, names[i], v)?;
    }
    let off = std::mem::offset_of!(Slots, hash);
    if slotdefs::get_slot(wt(w).slots, off) == slotgeneric::no_hash as *const () {
        sp.dict_set(d, name!(sp, "__hash__"), W::NONE)?
    }
    Ok(())
}

/// A class described in Rust, made at run time.
pub fn newtype(sp: Space, spec: &'static TypeSpec, w_base: W, w_module: W) -> Res<W> {
    let w_base = if w_base.is_null() { builtin_type(sp, TID_OBJECT) } else { w_base };
    let mut r = rows::from_spec(spec);
    r.slots = Box::into_raw(Box::new(*spec.slots));
    let Some(row) = rows::add(r) else { return Err(sp.raise(known::MEMORY_ERROR, "too many classes")) };
    row.layout = row.tid;
    let w = blank_class(sp, row.tid)?;
    row.w_type = w;
    let t = wt(w);
    t.spec = spec;
    t.tid = row.tid;
    t.slots = row.slots as *mut Slots;
    complete(sp, w, w_base, row.tid)?;
    let w_module = if w_module.is_null() || sp.layout(w_module) == TID_STR {
        w_module
    } else {
        sp.getattr_opt(w_module, name!(sp, "__name__"))?.unwrap_or(W::NULL)
    };
    namespace(sp, w, spec, w_module)?;
    lookup::modified(sp, w);
    Ok(w)
}

/// A zeroed instance of a class with `nitems` items.
#[inline]
pub fn allocate(sp: Space, w_type: W, nitems: usize) -> Res<W> {
    let row = layout_row(sp, w_type);
    if row.flags & tf::VAR == 0 {
        // SAFETY: the row's own size.
        let w = unsafe { sp.alloc(row.tid, row.fixed_bytes as usize)? };
        if row.flags & tf::FINALIZER != 0 {
            // SAFETY: the object just made.
            unsafe { ((*sp.thread().gcvt).reg_finalizer)(sp.th().cast(), w.ptr()) }
        }
        return Ok(w);
    }
    let bytes = nitems
        .checked_mul(row.item_bytes as usize)
        .and_then(|b| b.checked_add(row.fixed_bytes as usize))
        .filter(|b| *b <= isize::MAX as usize - 8)
        .ok_or_else(|| sp.raise(known::MEMORY_ERROR, ""))?;
    // SAFETY: the row's size with the items; the length is written at once.
    unsafe {
        let w = sp.alloc(row.tid, bytes)?;
        *(w.ptr::<u8>().add(row.len_off as usize) as *mut u64) = nitems as u64;
        if row.flags & tf::FINALIZER != 0 {
            ((*sp.thread().gcvt).reg_finalizer)(sp.th().cast(), w.ptr())
        }
        Ok(w)
    }
}
