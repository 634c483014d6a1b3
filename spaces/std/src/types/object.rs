//! object.

use super::attrs;
use super::lookup::{self, lookup};
use super::shapes;
use super::util::row;
use super::util::*;
use crate::layouts::*;
use taipan_abi::gc::tf;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The layout of a plain object: nothing but the header.
#[derive(GcObject)]
#[repr(C)]
pub struct WObject {
    #[allow(missing_docs)]
    pub header: Header,
}

/// `__new__` of every class written in Rust: a function bound to the class whose slot it calls.
#[interp_fn(name = "__new__", raw)]
fn tp_new(sp: Space, w_owner: W, args: Args) -> Res<W> {
    let owner = tp_name(sp, w_owner);
    let Some(w_type) = args.positional().first().copied() else {
        return Err(raise!(sp, TYPE_ERROR, "{owner}.__new__(): not enough arguments"));
    };
    if !is_type(sp, w_type) {
        return Err(raise!(sp, TYPE_ERROR, "{owner}.__new__(X): X is not a type object ({})", tname(sp, w_type)));
    }
    if !subtype(w_type, w_owner) {
        let t = tp_name(sp, w_type);
        return Err(raise!(sp, TYPE_ERROR, "{owner}.__new__({t}): {t} is not a subtype of {owner}"));
    }
    if wt(w_type).flags & tflags::DISALLOW_INSTANTIATION != 0 {
        return Err(raise!(sp, TYPE_ERROR, "cannot create '{}' instances", tp_name(sp, w_type)));
    }
    // The nearest built-in base must be the one that allocates.
    let mut c = w_type;
    while !c.is_null() && wt(c).flags & tflags::HEAP != 0 {
        c = wt(c).w_base
    }
    if !c.is_null() && type_slots(c).new.map(|f| f as *const ()) != type_slots(w_owner).new.map(|f| f as *const ()) {
        let (t, b) = (tp_name(sp, w_type), tp_name(sp, c));
        return Err(raise!(sp, TYPE_ERROR, "{owner}.__new__({t}) is not safe, use {b}.__new__()"));
    }
    let Some(f) = type_slots(w_owner).new else {
        return Err(raise!(sp, TYPE_ERROR, "cannot create '{owner}' instances"));
    };
    // SAFETY: the class's slot; the arguments after the class follow in memory.
    res(unsafe { f(sp.th(), w_type, args.ptr.add(1), args.n - 1, args.kwnames) })
}
/// Its description.
pub static NEW_SPEC: FnSpec = tp_new::SPEC;
/// Is it such a function?
pub fn is_new_wrapper(w: W) -> bool {
    // SAFETY: the caller's object is a built-in function.
    let b = unsafe { obj::<WBuiltin>(w) };
    std::ptr::eq(b.spec, &NEW_SPEC) && !b.w_self.is_null()
}

fn excess(args: &Args) -> bool {
    args.n > 0 || (!args.kwnames.is_null() && !tuple(args.kwnames).is_empty())
}
fn same_new(w_type: W) -> bool {
    wt(w_type).flags & tflags::PLAIN_NEW != 0
}
fn same_init(w_type: W) -> bool {
    wt(w_type).flags & tflags::PLAIN_INIT != 0
}

/// `object.__new__`
#[slot]
pub fn object_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if excess(&args) {
        if !same_new(w_type) {
            return Err(sp.type_error("object.__new__() takes exactly one argument (the type to instantiate)"));
        }
        if same_init(w_type) {
            return Err(raise!(sp, TYPE_ERROR, "{}() takes no arguments", tp_name(sp, w_type)));
        }
    }
    if wt(w_type).flags & tflags::ABSTRACT != 0 {
        return Err(abstract_error(sp, w_type)?);
    }
    super::create::allocate(sp, w_type, 0)
}
#[cold]
fn abstract_error(sp: Space, w_type: W) -> Res<Raised> {
    let w = sp.getattr(w_type, name!(sp, "__abstractmethods__"))?;
    let w_list = sp.call(sp.known(known::LIST), &[w])?;
    sp.list_sort(w_list, W::NULL, 0)?;
    let (_t, items) = sp.unpack(w_list)?;
    let names: Vec<String> = items.iter().map(|w| format!("'{}'", show(sp, *w))).collect();
    Ok(raise!(
        sp,
        TYPE_ERROR,
        "Can't instantiate abstract class {} without an implementation for abstract method{} {}",
        tp_name(sp, w_type),
        plural(names.len()),
        names.join(", ")
    ))
}
/// `object.__init__`
#[slot]
pub fn object_init(sp: Space, w: W, args: Args) -> Res<()> {
    if excess(&args) {
        let t = type_of(sp, w);
        if !same_init(t) {
            return Err(sp.type_error("object.__init__() takes exactly one argument (the instance to initialize)"));
        }
        if same_new(t) {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "{}.__init__() takes exactly one argument (the instance to initialize)",
                tp_name(sp, t)
            ));
        }
    }
    Ok(())
}
/// The address part of a default repr.
pub fn address(w: W) -> String {
    format!("{:#x}", w.0)
}
#[slot]
fn object_repr(sp: Space, w: W) -> Res<W> {
    let t = type_of(sp, w);
    let w_qual = super::typeattrs::qualname(sp, t)?;
    let module = super::typeattrs::module_name(sp, t)?;
    let q = show(sp, w_qual);
    match module {
        Some(m) if m != "builtins" => sp.newstr(&format!("<{m}.{q} object at {}>", address(w))),
        _ => sp.newstr(&format!("<{q} object at {}>", address(w))),
    }
}
#[slot]
fn object_str(sp: Space, w: W) -> Res<W> {
    sp.repr(w)
}
/// The identity hash.
#[slot]
pub fn object_hash(_sp: Space, w: W) -> Res<i64> {
    Ok(crate::num::value::hash_identity(w))
}
#[slot]
fn object_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    match op {
        2 => Ok(if sp.is_(a, b) { W::TRUE } else { W::NOT_IMPLEMENTED }),
        3 => {
            let Some(f) = slots_of(sp, a).compare else { return Ok(W::NOT_IMPLEMENTED) };
            // SAFETY: the slot of the object's class.
            let r = res(unsafe { f(sp.th(), a, b, 2) })?;
            if r == W::NOT_IMPLEMENTED { Ok(r) } else { Ok(W::bool(!sp.is_true(r)?)) }
        }
        _ => Ok(W::NOT_IMPLEMENTED),
    }
}

/// Default object formatter.
///
/// Return str(self) if format_spec is empty. Raise TypeError otherwise.
#[interp_fn(name = "__format__", method, sig = "($self, format_spec, /)")]
fn object_format(sp: Space, w: W, w_spec: W) -> Res<W> {
    let Some(t) = sp.text_opt(w_spec) else {
        return Err(raise!(sp, TYPE_ERROR, "__format__() argument must be str, not {}", tname(sp, w_spec)));
    };
    if !t.is_empty() {
        return Err(raise!(sp, TYPE_ERROR, "unsupported format string passed to {}.__format__", tname(sp, w)));
    }
    sp.str(w)
}
/// Size of object in memory, in bytes.
#[interp_fn(name = "__sizeof__", method, sig = "($self, /)")]
fn object_sizeof(sp: Space, w: W) -> Res<i64> {
    if w.is_int() {
        return Ok(28);
    }
    let r = row(sp, w);
    let mut n = r.fixed_bytes as i64;
    if r.flags & tf::VAR != 0 {
        // SAFETY: a VAR row has its length there.
        n += r.item_bytes as i64 * unsafe { *(w.ptr::<u8>().add(r.len_off as usize) as *const u64) } as i64;
    }
    if let Some(f) = r.native_bytes {
        // SAFETY: the row's own function.
        n += unsafe { f(w.ptr()) } as i64
    }
    Ok(n)
}
/// Default dir() implementation.
#[interp_fn(name = "__dir__", method, sig = "($self, /)")]
fn object_dir(sp: Space, w: W) -> Res<W> {
    let d = sp.newdict()?;
    if let Some(w_dict) = sp.getattr_opt(w, name!(sp, "__dict__"))?
        && sp.layout(w_dict) == TID_DICT
    {
        sp.dict_update(d, w_dict, 1)?
    }
    if let Some(w_class) = sp.getattr_opt(w, name!(sp, "__class__"))? {
        super::typeattrs::merge_class_dict(sp, d, w_class)?
    }
    sp.call(sp.known(known::LIST), &[d])
}
/// This method is called when a class is subclassed.
#[interp_fn(name = "__init_subclass__", classmethod, raw)]
fn object_init_subclass(sp: Space, w_class: W, args: Args) -> Res<()> {
    let name = tp_name(sp, w_class);
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{name}.__init_subclass__() takes no keyword arguments"));
    }
    if args.n > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{name}.__init_subclass__() takes no arguments ({} given)", args.n));
    }
    Ok(())
}
/// Abstract classes can override this to customize issubclass().
#[interp_fn(name = "__subclasshook__", classmethod, raw)]
fn object_subclasshook(_sp: Space, _w_class: W, _args: Args) -> Res<W> {
    Ok(W::NOT_IMPLEMENTED)
}

fn copyreg(sp: Space, name: &str) -> Res<W> {
    let m = sp.import_module(name!(sp, "copyreg"))?;
    sp.getattr_str(m, name)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce_ex__", method, sig = "($self, protocol, /)")]
fn object_reduce_ex(sp: Space, w: W, protocol: i64) -> Res<W> {
    let w_name = name!(sp, "__reduce__");
    let own = lookup(sp, type_of(sp, w), w_name);
    let base = lookup(sp, builtin_type(sp, TID_OBJECT), w_name);
    if own != base || is_type(sp, w) {
        return sp.call_method(w, w_name, &[]);
    }
    reduce(sp, w, protocol)
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn object_reduce(sp: Space, w: W) -> Res<W> {
    reduce(sp, w, 0)
}
fn reduce(sp: Space, w: W, protocol: i64) -> Res<W> {
    if protocol < 2 {
        let f = copyreg(sp, "_reduce_ex")?;
        return sp.call(f, &[w, W::int(protocol)]);
    }
    let w_type = type_of(sp, w);
    if wt(w_type).flags & tflags::DISALLOW_INSTANTIATION != 0 || type_slots(w_type).new.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "cannot pickle '{}' object", tp_name(sp, w_type)));
    }
    let mut w_args = sp.known(known::EMPTY_TUPLE);
    let mut w_kwargs = W::NULL;
    let mut given = true;
    if let Some(m) = lookup::special(sp, w, name!(sp, "__getnewargs_ex__"))? {
        let r = lookup::call_bound(sp, m, &[])?;
        let items = sp
            .tuple_opt(r)
            .ok_or_else(|| raise!(sp, TYPE_ERROR, "__getnewargs_ex__ should return a tuple, not '{}'", tname(sp, r)))?;
        if items.len() != 2 {
            return Err(raise!(
                sp,
                VALUE_ERROR,
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                items.len()
            ));
        }
        (w_args, w_kwargs) = (items[0], items[1]);
        for (which, w, tid, what) in [("first", w_args, TID_TUPLE, "tuple"), ("second", w_kwargs, TID_DICT, "dict")] {
            if sp.layout(w) != tid {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "{which} item of the tuple returned by __getnewargs_ex__ must be a {what}, not '{}'",
                    tname(sp, w)
                ));
            }
        }
    } else if let Some(m) = lookup::special(sp, w, name!(sp, "__getnewargs__"))? {
        w_args = lookup::call_bound(sp, m, &[])?;
        if sp.tuple_opt(w_args).is_none() {
            return Err(raise!(sp, TYPE_ERROR, "__getnewargs__ should return a tuple, not '{}'", tname(sp, w_args)));
        }
    } else {
        given = false
    }
    let layout = super::create::layout_row(sp, w_type).layout;
    let (is_list, is_dict) = (layout == TID_LIST, layout == TID_DICT);
    let required = !given && !is_list && !is_dict;
    let w_state = getstate(sp, w, required)?;
    let w_listitems = if is_list { sp.iter(w)? } else { W::NONE };
    let w_dictitems = if is_dict {
        let items = sp.call_method(w, name!(sp, "items"), &[])?;
        sp.iter(items)?
    } else {
        W::NONE
    };
    let nokw = w_kwargs.is_null() || sp.len(w_kwargs)? == 0;
    let (f, fargs) = if nokw {
        let mut v = RootedVec::new(sp);
        v.push(w_type);
        v.extend(sp.tuple_items(w_args));
        (copyreg(sp, "__newobj__")?, v.into_tuple()?)
    } else {
        (copyreg(sp, "__newobj_ex__")?, sp.newtuple(&[w_type, w_args, w_kwargs])?)
    };
    sp.newtuple(&[f, fargs, w_state, w_listitems, w_dictitems])
}
fn getstate(sp: Space, w: W, required: bool) -> Res<W> {
    let w_name = name!(sp, "__getstate__");
    let own = lookup(sp, type_of(sp, w), w_name);
    let base = lookup(sp, builtin_type(sp, TID_OBJECT), w_name);
    if own == base { default_state(sp, w, required) } else { sp.call_method(w, w_name, &[]) }
}
fn default_state(sp: Space, w: W, required: bool) -> Res<W> {
    let w_type = type_of(sp, w);
    if required {
        let r = super::create::layout_row(sp, w_type);
        if r.flags & tf::VAR != 0 || (r.layout != TID_OBJECT && wt(w_type).flags & tflags::HEAP == 0) {
            return Err(raise!(sp, TYPE_ERROR, "cannot pickle '{}' object", tp_name(sp, w_type)));
        }
    }
    let w_state = match sp.getattr_opt(w, name!(sp, "__dict__"))? {
        Some(d) if sp.layout(d) == TID_DICT => sp.dict_copy(d)?,
        _ => W::NONE,
    };
    if wt(w_type).flags & tflags::HEAP == 0 {
        return Ok(if !w_state.is_none() && sp.dict_len(w_state)? == 0 { W::NONE } else { w_state });
    }
    let f = copyreg(sp, "_slotnames")?;
    let w_names = sp.call(f, &[w_type])?;
    let w_slots = sp.newdict()?;
    if !w_names.is_none() {
        sp.for_each(w_names, |n| {
            if let Some(v) = sp.getattr_opt(w, n)? {
                sp.dict_set(w_slots, n, v)?
            }
            Ok(true)
        })?;
    }
    let w_state = if !w_state.is_none() && sp.dict_len(w_state)? == 0 { W::NONE } else { w_state };
    if sp.dict_len(w_slots)? > 0 {
        return sp.newtuple(&[w_state, w_slots]);
    }
    Ok(w_state)
}
/// Helper for pickle.
#[interp_fn(name = "__getstate__", method, sig = "($self, /)")]
fn object_getstate(sp: Space, w: W) -> Res<W> {
    default_state(sp, w, false)
}

#[slot]
fn get_class(sp: Space, w: W) -> Res<W> {
    Ok(type_of(sp, w))
}
#[slot]
fn set_class(sp: Space, w: W, value: W) -> Res<()> {
    if value.is_null() {
        return Err(sp.type_error("can't delete __class__ attribute"));
    }
    if !is_type(sp, value) {
        return Err(raise!(sp, TYPE_ERROR, "__class__ must be set to a class, not '{}' object", tname(sp, value)));
    }
    let old = type_of(sp, w);
    if old == value {
        return Ok(());
    }
    let module = builtin_type(sp, TID_MODULE);
    let both_modules = subtype(old, module) && subtype(value, module);
    let heap = |t: W| wt(t).flags & (tflags::HEAP | tflags::IMMUTABLE) == tflags::HEAP;
    if !(both_modules || heap(old) && heap(value)) {
        return Err(sp.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses"));
    }
    let weak = |t: W| wt(t).flags & tflags::WEAKREF;
    if !super::heaptype::same_layout(sp, old, value) || weak(old) != weak(value) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "__class__ assignment: '{}' object layout differs from '{}'",
            tp_name(sp, value),
            tp_name(sp, old)
        ));
    }
    shapes::change_class(sp, w, value)
}

static SLOTS: Slots = Slots {
    repr: Some(object_repr),
    str: Some(object_str),
    hash: Some(object_hash),
    getattr: Some(attrs::object_getattribute),
    setattr: Some(attrs::object_setattr),
    compare: Some(object_compare),
    new: Some(object_new),
    init: Some(object_init),
    ..Slots::EMPTY
};
typespec!(
    /// object
    pub OBJECT: WObject, "object", {
    doc: Str::new("The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any."),
    flags: ty::BASETYPE,
    slots: &SLOTS,
    methods: methods![object_format, object_sizeof, object_dir, object_init_subclass, object_subclasshook, object_reduce_ex, object_reduce, object_getstate],
    getset: table![getset!("__class__", get_class, set_class)],
});
