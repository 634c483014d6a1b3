//! Making classes in Python: `type(name, bases, dict)`.

use super::lookup;
#[allow(unused_imports)]
use super::util::row;
use super::util::*;
use super::{attrs, classfree, create, mro, rows, shapes, slotdefs, subclasses};
use crate::layouts::*;
use taipan_abi::gc::{TypeInfo, tf};
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Fewest and most inline attribute words of an instance.
const NSLOTS: std::ops::RangeInclusive<u32> = 4..=30;

/// The most derived of the bases' metaclasses and `w_meta`.
pub fn calculate_metaclass(sp: Space, w_meta: W, bases: &[W]) -> Res<W> {
    let mut winner = w_meta;
    for b in bases {
        let t = type_of(sp, *b);
        if subtype(winner, t) {
            continue;
        }
        if subtype(t, winner) {
            winner = t;
            continue;
        }
        return Err(sp.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

/// The nearest class in the line of bases that adds to the layout.
fn solid_base(sp: Space, mut w: W) -> W {
    loop {
        let t = wt(w);
        if t.w_base.is_null() || adds_layout(sp, w, t.w_base) {
            return w;
        }
        w = t.w_base;
    }
}
fn adds_layout(sp: Space, w: W, w_base: W) -> bool {
    let (r, b) = (create::layout_row(sp, w), create::layout_row(sp, w_base));
    let size = |r: &TypeInfo| create::solid_size(r);
    size(r) != size(b) || r.layout != b.layout || r.item_bytes != b.item_bytes
}

/// The base that decides the layout.
pub fn best_base(sp: Space, bases: &[W]) -> Res<W> {
    let (mut winner, mut best) = (W::NULL, W::NULL);
    for b in bases {
        if !is_type(sp, *b) {
            return Err(sp.type_error("bases must be types"));
        }
        if wt(*b).flags & tflags::BASETYPE == 0 {
            return Err(raise!(sp, TYPE_ERROR, "type '{}' is not an acceptable base type", tp_name(sp, *b)));
        }
        let candidate = solid_base(sp, *b);
        if winner.is_null() || (!subtype(winner, candidate) && subtype(candidate, winner)) {
            winner = candidate;
            best = *b;
        } else if !subtype(winner, candidate) {
            return Err(sp.type_error("multiple bases have instance lay-out conflict"));
        }
    }
    Ok(best)
}

/// May an instance of `a` become one of `b`?
pub fn same_layout(sp: Space, a: W, b: W) -> bool {
    let (ra, rb) = (create::layout_row(sp, a), create::layout_row(sp, b));
    let flags = tf::INSTANCE | tf::INSTANCE_AFTER_ITEMS | tf::VAR;
    ra.layout == rb.layout
        && create::solid_size(ra) == create::solid_size(rb)
        && ra.flags & flags == rb.flags & flags
        && (ra.flags & tf::VAR == 0 || ra.fixed_bytes == rb.fixed_bytes)
        && slot_names(sp, a) == slot_names(sp, b)
        && wt(a).flags & tflags::DICT == wt(b).flags & tflags::DICT
}
/// Names and places of all `__slots__` entries.
fn slot_names(sp: Space, w: W) -> Vec<(usize, u64)> {
    let mut out = Vec::new();
    for c in tuple(wt(w).w_mro) {
        if wt(*c).flags & tflags::HEAP == 0 {
            continue;
        }
        let mut pos = 0;
        while let Some((k, v)) = sp.dict_next(wt(*c).w_dict, &mut pos) {
            // SAFETY: a live word; the tid says which struct it is.
            if unsafe { v.is_tid(TID_MEMBER) } && unsafe { obj::<WMember>(v) }.spec.is_null() {
                out.push((unsafe { obj::<WMember>(v) }.offset, k.0))
            }
        }
    }
    out.sort_unstable();
    out
}

/// What `__slots__` asks for.
struct SlotsDecl {
    names: RootedVec,
    add_dict: bool,
    add_weak: bool,
}

fn is_identifier(t: &Text) -> bool {
    let s = t.to_str();
    let mut chars = s.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic()) && chars.all(|c| c == '_' || c.is_alphanumeric())
}
/// `__x` in class `_C` is `_C__x`.
fn mangle(sp: Space, class: &str, w_name: W) -> Res<W> {
    let n = show(sp, w_name);
    let class = class.trim_start_matches('_');
    if !n.starts_with("__") || n.ends_with("__") || class.is_empty() {
        return sp.intern_str(w_name);
    }
    let w = sp.newstr(&format!("_{class}{n}"))?;
    sp.intern_str(w)
}

fn declared_slots(sp: Space, w_ns: W, w_name: W, w_base: W, bases: &[W]) -> Res<SlotsDecl> {
    let b = wt(w_base);
    let may_dict = b.flags & tflags::DICT == 0;
    let base_row = create::layout_row(sp, w_base);
    let var = base_row.flags & tf::VAR != 0 || base_row.layout == TID_LONG;
    let may_weak = b.flags & tflags::WEAKREF == 0;
    let mut out = SlotsDecl { names: RootedVec::new(sp), add_dict: false, add_weak: false };
    let Some(w_slots) = sp.dict_get(w_ns, name!(sp, "__slots__"))? else {
        out.add_dict = may_dict;
        out.add_weak = may_weak;
        return Ok(out);
    };
    let w_tuple = if sp.layout(w_slots) == TID_STR { sp.newtuple(&[w_slots])? } else { sp.fixedtuple(w_slots)? };
    let items = sp.tuple_items(w_tuple);
    if !items.is_empty() && var && base_row.layout != TID_STR {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "nonempty __slots__ not supported for subtype of '{}'",
            tp_name(sp, w_base)
        ));
    }
    let class = show(sp, w_name);
    for w in items {
        let Some(t) = sp.text_opt(*w) else {
            return Err(raise!(sp, TYPE_ERROR, "__slots__ items must be strings, not '{}'", tname(sp, *w)));
        };
        if !is_identifier(&t) {
            return Err(sp.type_error("__slots__ must be identifiers"));
        }
        if t.eq_str("__dict__") {
            if !may_dict || out.add_dict {
                return Err(sp.type_error("__dict__ slot disallowed: we already got one"));
            }
            out.add_dict = true;
            continue;
        }
        if t.eq_str("__weakref__") {
            if !may_weak || out.add_weak {
                return Err(sp.type_error("__weakref__ slot disallowed: we already got one"));
            }
            out.add_weak = true;
            continue;
        }
        let w_mangled = mangle(sp, &class, *w)?;
        if sp.dict_get(w_ns, w_mangled)?.is_some() && !t.eq_str("__qualname__") && !t.eq_str("__classcell__") {
            return Err(raise!(
                sp,
                VALUE_ERROR,
                "{} in __slots__ conflicts with class variable",
                sp.repr_string(w_mangled)?
            ));
        }
        out.names.push(w_mangled);
    }
    // In the order of their names, so that classes with the same ones have the same layout.
    let mut sorted: Vec<(String, W)> = out.names.iter().map(|w| (show(sp, *w), *w)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    for (i, (_, w)) in sorted.into_iter().enumerate() {
        out.names[i] = w
    }
    if bases.len() > 1 {
        for b in bases.iter().filter(|b| **b != w_base) {
            out.add_dict |= may_dict && wt(*b).flags & tflags::DICT != 0;
            out.add_weak |= may_weak && wt(*b).flags & tflags::WEAKREF != 0;
        }
    }
    Ok(out)
}

/// How many inline words instances get: the attributes that the bodies of the class and its bases assign to self.
fn decide_nslots(sp: Space, w_type: W) -> Res<u32> {
    let mut n = 0;
    for c in tuple(wt(w_type).w_mro) {
        if let Some(w) = lookup::own(sp, *c, name!(sp, "__static_attributes__"))
            && let Some(items) = sp.tuple_opt(w)
        {
            n += items.len() as u32
        }
        n = n.max(wt(*c).nslots);
    }
    Ok(n.clamp(*NSLOTS.start(), *NSLOTS.end()))
}

/// `type.__new__`
#[slot]
pub fn type_new(sp: Space, w_meta: W, args: Args) -> Res<W> {
    let a = args.positional();
    if a.len() != 3 {
        return Err(raise!(sp, TYPE_ERROR, "type.__new__() takes exactly 3 arguments ({} given)", a.len()));
    }
    for (i, (tid, what)) in [(TID_STR, "str"), (TID_TUPLE, "tuple"), (TID_DICT, "dict")].into_iter().enumerate() {
        if sp.layout(a[i]) != tid {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "type.__new__() argument {} must be {what}, not {}",
                i + 1,
                tname(sp, a[i])
            ));
        }
    }
    let (w_name, w_bases, w_ns) = (a[0], a[1], a[2]);
    let bases = sp.tuple_items(w_bases);
    for b in bases {
        if !is_type(sp, *b) && sp.getattr_opt(*b, name!(sp, "__mro_entries__"))?.is_some() {
            return Err(sp.type_error("type() doesn't support MRO entry resolution; use types.new_class()"));
        }
    }
    let winner = calculate_metaclass(sp, w_meta, bases)?;
    if winner != w_meta
        && let Some(f) = type_slots(winner).new
        && f as *const () != type_new as *const ()
    {
        // SAFETY: the metaclass's slot with the caller's arguments.
        return res(unsafe { f(sp.th(), winner, args.ptr, args.n, args.kwnames) });
    }
    let w_object = builtin_type(sp, TID_OBJECT);
    let w_bases = if bases.is_empty() { sp.newtuple(&[w_object])? } else { sp.newtuple(bases)? };
    let bases = tuple(w_bases);
    let w_base = best_base(sp, bases)?;
    let w = build(sp, winner, w_name, w_bases, w_base, w_ns)?;
    set_names(sp, w)?;
    init_subclass(sp, w, args)?;
    Ok(w)
}

/// The class object with everything but the calls back into Python.
fn build(sp: Space, w_meta: W, w_name: W, w_bases: W, w_base: W, w_ns: W) -> Res<W> {
    let bases = tuple(w_bases);
    if sp.text_of(w_name).chars().any(|c| c == 0) {
        return Err(sp.value_error("type name must not contain null characters"));
    }
    super::typeattrs::check_utf8(sp, w_name)?;
    let w_dict = sp.newdict()?;
    sp.dict_update(w_dict, w_ns, 1)?;
    let mut pos = 0;
    while let Some((k, _)) = sp.dict_next(w_dict, &mut pos) {
        if sp.text_opt(k).is_none() {
            let text = format!("non-string key in the __dict__ of class {}", show(sp, w_name));
            sp.warn(known::RUNTIME_WARNING, &text, 1)?;
            break;
        }
    }
    if let Some(w_doc) = sp.dict_get(w_dict, name!(sp, "__doc__"))? {
        super::typeattrs::check_utf8(sp, w_doc)?;
    }
    let decl = declared_slots(sp, w_dict, w_name, w_base, bases)?;
    classfree::release(sp);
    let w = create::allocate(sp, w_meta, 0)?;
    let t = wt(w);
    t.slots = Box::into_raw(Box::new(Slots::EMPTY));
    // No call into Python may see the class before these are set.
    setfield!(sp, w, WType, w_name, w_name);
    setfield!(sp, w, WType, w_qualname, w_name);
    setfield!(sp, w, WType, w_bases, w_bases);
    setfield!(sp, w, WType, w_base, w_base);
    setfield!(sp, w, WType, w_dict, w_dict);
    let b = wt(w_base);
    t.flags = tflags::HEAP | tflags::BASETYPE;
    // How `match` sees instances: as the first base says that says something.
    let kinds = bases.iter().map(|c| wt(*c).flags & (tflags::SEQUENCE | tflags::MAPPING));
    t.flags |= kinds.into_iter().find(|f| *f != 0).unwrap_or(0);
    t.flags |= b.flags & (tflags::DICT | tflags::WEAKREF | tflags::TYPE_SUBCLASS | tflags::EXC_SUBCLASS);
    if decl.add_dict {
        t.flags |= tflags::DICT
    }
    if decl.add_weak {
        t.flags |= tflags::WEAKREF
    }
    prepare_namespace(sp, w, w_dict)?;
    let w_cell = sp.dict_get(w_dict, name!(sp, "__classcell__"))?;
    if let Some(c) = w_cell {
        // SAFETY: a live word.
        if unsafe { !c.is_tid(TID_CELL) } {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "__classcell__ must be a nonlocal cell, not {}",
                sp.repr_string(type_of(sp, c))?
            ));
        }
        sp.dict_del(w_dict, name!(sp, "__classcell__"))?;
    }
    let w_dictcell = sp.dict_get(w_dict, name!(sp, "__classdictcell__"))?;
    if let Some(c) = w_dictcell {
        // SAFETY: a live word.
        if unsafe { c.is_tid(TID_CELL) } {
            setfield!(sp, c, WCell, w_value, w_dict);
        }
        sp.dict_del(w_dict, name!(sp, "__classdictcell__"))?;
    }
    make_row(sp, w, w_base, &decl)?;
    let w_mro = mro::compute(sp, w, false)?;
    setfield!(sp, w, WType, w_mro, w_mro);
    finish_row(sp, w, w_base, &decl)?;
    slotdefs::fill(sp, w, bases.len() > 1);
    for c in bases {
        subclasses::add(sp, *c, w)?;
    }
    if let Some(c) = w_cell {
        setfield!(sp, c, WCell, w_value, w);
    }
    Ok(w)
}

fn prepare_namespace(sp: Space, w: W, w_dict: W) -> Res<()> {
    let t = wt(w);
    let k = name!(sp, "__qualname__");
    if let Some(q) = sp.dict_get(w_dict, k)? {
        if sp.layout(q) != TID_STR {
            return Err(raise!(sp, TYPE_ERROR, "type __qualname__ must be a str, not {}", tname(sp, q)));
        }
        setfield!(sp, w, WType, w_qualname, q);
        sp.dict_del(w_dict, k)?;
    }
    let k = name!(sp, "__module__");
    if sp.dict_get(w_dict, k)?.is_none()
        && let Some(w_frame) = sp.frame(0)?
    {
        let g = sp.getattr(w_frame, name!(sp, "f_globals"))?;
        if let Some(m) = sp.dict_get(g, name!(sp, "__name__"))? {
            sp.dict_set(w_dict, k, m)?
        }
    }
    for (name, class) in [("__new__", false), ("__init_subclass__", true), ("__class_getitem__", true)] {
        let k = sp.intern(name);
        if let Some(f) = sp.dict_get(w_dict, k)? {
            // SAFETY: a live word.
            if unsafe { f.is_tid(TID_FUNCTION) } {
                let m = if class {
                    super::wrappers::new_classmethod(sp, f)?
                } else {
                    super::wrappers::new_staticmethod(sp, f)?
                };
                sp.dict_set(w_dict, k, m)?
            }
        }
    }
    let k = name!(sp, "__doc__");
    match sp.dict_get(w_dict, k)? {
        Some(d) => {
            setfield!(sp, w, WType, w_doc, d);
        }
        None => sp.dict_set(w_dict, k, W::NONE)?,
    }
    let k = name!(sp, "__hash__");
    if sp.dict_get(w_dict, k)?.is_none() && sp.dict_get(w_dict, name!(sp, "__eq__"))?.is_some() {
        sp.dict_set(w_dict, k, W::NONE)?
    }
    t.flags |= 0;
    Ok(())
}

/// The row of fresh instances: the base's fixed part, the `__slots__` words, the instance part.
fn make_row(sp: Space, w: W, w_base: W, decl: &SlotsDecl) -> Res<()> {
    let base = create::layout_row(sp, w_base);
    let mut r = rows::copy(base);
    let origin = sp.row_of(base.layout);
    // Undo the base's own instance part: it is placed anew behind this class's slots.
    if base.flags & tf::INSTANCE != 0 {
        let keep = base.flags & tf::VAR == 0;
        r.flags &= !(tf::INSTANCE | tf::INSTANCE_AFTER_ITEMS | tf::DICT_MODE);
        if keep {
            let words = base.inst_off / 8;
            if words < 64 {
                r.ptr_map &= (1 << words) - 1
            }
            r.fixed_bytes = base.inst_off;
        } else {
            r.fixed_bytes = origin.fixed_bytes + base.inst_off;
            r.ptr_map = origin.ptr_map;
        }
        r.inst_off = 0;
    }
    r.shape = std::ptr::null_mut();
    r.flags &= !tf::FINALIZER;
    let at = if r.flags & tf::VAR == 0 {
        r.fixed_bytes as usize
    } else {
        super::descr::MEMBER_AFTER + (r.fixed_bytes - origin.fixed_bytes) as usize
    };
    rows::extend(&mut r, base.layout, decl.names.len() as u32);
    r.w_type = w;
    r.flags |= tf::TRACE_TYPE;
    r.slots = wt(w).slots;
    r.layout = base.layout;
    if wt(w).flags & tflags::WEAKREF != 0 {
        r.flags |= tf::WEAKREFABLE
    }
    let Some(row) = rows::add(r) else { return Err(sp.raise(known::MEMORY_ERROR, "too many classes")) };
    wt(w).tid = row.tid;
    for (i, n) in decl.names.iter().enumerate() {
        // SAFETY: row TID_MEMBER is laid out so; fresh object.
        let (v, m) = unsafe { new::<WMember>(sp, TID_MEMBER)? };
        m.w_type = w;
        m.w_name = *n;
        m.offset = at + 8 * i;
        sp.dict_set(wt(w).w_dict, *n, v)?;
    }
    Ok(())
}

fn finish_row(sp: Space, w: W, _w_base: W, decl: &SlotsDecl) -> Res<()> {
    let t = wt(w);
    let row = sp.row_of(t.tid);
    let own = row.layout == TID_TYPE || shapes::own_dict_slot(row.layout, w).is_some();
    if t.flags & tflags::DICT != 0 && !own {
        t.nslots = decide_nslots(sp, w)?;
        create::add_instance_part(row, t.nslots);
        row.shape = shapes::root_shape(t.nslots).cast();
    }
    // What the class body says about these names stays.
    if decl.add_dict && !own && sp.dict_get(t.w_dict, name!(sp, "__dict__"))?.is_none() {
        let g = create::getset_descr(sp, &super::typeattrs::DICT_GETSET, w)?;
        sp.dict_set(t.w_dict, name!(sp, "__dict__"), g)?;
    }
    if decl.add_weak && sp.dict_get(t.w_dict, name!(sp, "__weakref__"))?.is_none() {
        let g = create::getset_descr(sp, &super::typeattrs::WEAKREF_GETSET, w)?;
        sp.dict_set(t.w_dict, name!(sp, "__weakref__"), g)?;
    }
    Ok(())
}

/// `__set_name__` of the namespace's values.
fn set_names(sp: Space, w: W) -> Res<()> {
    let w_copy = sp.dict_copy(wt(w).w_dict)?;
    let mut pos = 0;
    while let Some((k, v)) = sp.dict_next(w_copy, &mut pos) {
        // SAFETY: a live word; functions are the common case and have no such method.
        if v.is_int() || unsafe { v.is_tid(TID_FUNCTION) } {
            continue;
        }
        if let Some(m) = lookup::special(sp, v, name!(sp, "__set_name__"))?
            && lookup::call_bound(sp, m, &[w, k]).is_err()
        {
            return Err(note_set_name(sp, v, k, w));
        }
    }
    Ok(())
}
/// The note that the error of a `__set_name__` gets.
fn note_set_name(sp: Space, v: W, k: W, w: W) -> Raised {
    let e = sp.take_exc();
    let text = format!(
        "Error calling __set_name__ on '{}' instance {} in '{}'",
        tname(sp, v),
        sp.repr_string(k).unwrap_or_default(),
        tp_name(sp, w)
    );
    if let Ok(n) = sp.newstr(&text)
        && sp.call_method(e, name!(sp, "add_note"), &[n]).is_err()
    {
        sp.take_exc();
    }
    sp.set_exc(e)
}

/// `super(cls, cls).__init_subclass__(**kwargs)`
fn init_subclass(sp: Space, w: W, args: Args) -> Res<()> {
    let w_name = name!(sp, "__init_subclass__");
    let mro = tuple(wt(w).w_mro);
    if !mro.contains(&w) {
        // What `mro()` says decides of what the class is a subclass.
        let name = tp_name(sp, w);
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "super(type, obj): obj (type {name}) is not an instance or subtype of type ({name})."
        ));
    }
    let Some(d) = mro.iter().skip(1).find_map(|c| lookup::own(sp, *c, w_name)) else { return Ok(()) };
    let f = match slots_of(sp, d).descr_get {
        // SAFETY: the slot of the object's class.
        Some(get) => res(unsafe { get(sp.th(), d, W::NULL, w) })?,
        None => d,
    };
    // SAFETY: the keyword values follow the three positional arguments.
    sp.call_args(f, Args { ptr: unsafe { args.ptr.add(args.n) }, n: 0, kwnames: args.kwnames })?;
    Ok(())
}

/// `type.__init__`: only checks.
#[slot]
pub fn type_init(sp: Space, _w: W, args: Args) -> Res<()> {
    if args.n == 1 && args.nkw(sp) > 0 {
        return Err(sp.type_error("type.__init__() takes no keyword arguments"));
    }
    if args.n != 1 && args.n != 3 {
        return Err(sp.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(())
}

/// Calling a class: `__new__`, then `__init__` if that made an instance of the class.
#[slot]
pub fn type_call(sp: Space, w: W, args: Args) -> Res<W> {
    let t = wt(w);
    // SAFETY: a class owns its slots.
    let s = unsafe { &*t.slots };
    if t.tid == TID_TYPE && args.n == 1 && args.kwnames.is_null() {
        return Ok(type_of(sp, args.positional()[0]));
    }
    if t.tid == TID_TYPE && args.n != 3 {
        return Err(sp.type_error("type() takes 1 or 3 arguments"));
    }
    let Some(new) = s.new.filter(|_| t.flags & tflags::DISALLOW_INSTANTIATION == 0) else {
        return Err(raise!(sp, TYPE_ERROR, "cannot create '{}' instances", tp_name(sp, w)));
    };
    // SAFETY: the class's slot with the caller's arguments.
    let w_obj = res(unsafe { new(sp.th(), w, args.ptr, args.n, args.kwnames) })?;
    let w_type = type_of(sp, w_obj);
    if w_type != w && !subtype(w_type, w) {
        return Ok(w_obj);
    }
    if let Some(init) = type_slots(w_type).init
        && wt(w_type).flags & (tflags::PLAIN_INIT | tflags::PLAIN_NEW) != tflags::PLAIN_INIT
    {
        // SAFETY: as above.
        unit(unsafe { init(sp.th(), w_obj, args.ptr, args.n, args.kwnames) })?
    }
    Ok(w_obj)
}

/// `__bases__` assignment.
pub fn set_bases(sp: Space, w: W, value: W) -> Res<()> {
    let t = wt(w);
    let name = tp_name(sp, w);
    if t.flags & tflags::HEAP == 0 || t.flags & tflags::IMMUTABLE != 0 {
        return Err(raise!(sp, TYPE_ERROR, "cannot set '__bases__' attribute of immutable type '{name}'"));
    }
    if value.is_null() {
        return Err(raise!(sp, TYPE_ERROR, "cannot delete '__bases__' attribute of immutable type '{name}'"));
    }
    let Some(bases) = sp.tuple_opt(value) else {
        return Err(raise!(sp, TYPE_ERROR, "can only assign tuple to {name}.__bases__, not {}", tname(sp, value)));
    };
    if bases.is_empty() {
        return Err(raise!(sp, TYPE_ERROR, "can only assign non-empty tuple to {name}.__bases__, not ()"));
    }
    for b in bases {
        if !is_type(sp, *b) {
            return Err(raise!(sp, TYPE_ERROR, "{name}.__bases__ must be tuple of classes, not '{}'", tname(sp, *b)));
        }
        if subtype(*b, w) || base_chain(*b).any(|c| c == w) {
            return Err(sp.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let w_new_base = best_base(sp, bases)?;
    let old_base = t.w_base;
    if !same_layout(sp, old_base, w_new_base)
        && (solid_base(sp, old_base) != solid_base(sp, w_new_base)
            || wt(old_base).flags & tflags::DICT != wt(w_new_base).flags & tflags::DICT
                && wt(w_new_base).flags & tflags::DICT != 0
                && t.flags & tflags::DICT == 0)
    {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "__bases__ assignment: '{}' object layout differs from '{}'",
            tp_name(sp, w_new_base),
            tp_name(sp, old_base)
        ));
    }
    let old_bases = t.w_bases;
    let w_bases = sp.newtuple(bases)?;
    lookup::modified(sp, w);
    setfield!(sp, w, WType, w_bases, w_bases);
    setfield!(sp, w, WType, w_base, w_new_base);
    if let Err(r) = recompute_mro(sp, w) {
        let e = sp.take_exc();
        if wt(w).w_bases == w_bases {
            setfield!(sp, w, WType, w_bases, old_bases);
            setfield!(sp, w, WType, w_base, old_base);
            let _ = recompute_mro(sp, w);
        }
        sp.set_exc(e);
        return Err(r);
    }
    // `mro()` may be written in Python and have assigned other bases meanwhile.
    if wt(w).w_bases != w_bases {
        return Ok(());
    }
    for b in tuple(old_bases) {
        subclasses::remove(sp, *b, w)?
    }
    for b in tuple(w_bases) {
        subclasses::add(sp, *b, w)?
    }
    refill(sp, w);
    sp.next_epoch();
    Ok(())
}
/// A class and the bases that its layout comes from: not yet what the MRO says while `mro()` runs.
fn base_chain(w: W) -> impl Iterator<Item = W> {
    std::iter::successors(Some(w), |c| Some(wt(*c).w_base).filter(|b| !b.is_null()))
}
fn recompute_mro(sp: Space, w: W) -> Res<()> {
    let w_mro = mro::compute(sp, w, true)?;
    setfield!(sp, w, WType, w_mro, w_mro);
    wt(w).version = 0;
    for c in subclasses::live(sp, w).iter() {
        recompute_mro(sp, *c)?
    }
    Ok(())
}
fn refill(sp: Space, w: W) {
    slotdefs::fill(sp, w, true);
    for c in subclasses::live(sp, w).iter() {
        refill(sp, *c)
    }
}

/// A class made by the space itself (struct sequences and the like).
pub fn make_class(sp: Space, name: &str, w_bases: W, w_ns: W) -> Res<W> {
    let w_name = sp.newstr(name)?;
    let args = [w_name, w_bases, w_ns];
    // SAFETY: type's own slot.
    res(unsafe { type_new(sp.th(), builtin_type(sp, TID_TYPE), args.as_ptr(), 3, W::NULL) })
}

/// Sets an attribute of any class, immutable or not: for start-up code.
pub fn force_attr(sp: Space, w: W, name: &str, value: W) -> Res<()> {
    attrs::set_in_class(sp, w, sp.intern(name), value)
}

/// For caches of instantiation: row and bytes of a fresh instance that needs nothing but zeroed memory.
pub fn plain_instance(sp: Space, w: W) -> Option<(u32, u32)> {
    let r = create::layout_row(sp, w);
    let plain = r.layout == TID_OBJECT && r.flags & (tf::VAR | tf::FINALIZER) == 0;
    plain.then_some((r.tid, r.fixed_bytes))
}
