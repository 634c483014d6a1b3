//! weakref.ReferenceType and the table of references by object.
//!
//! A reference is a weak slot in a heap object; the table holds each reference through a small node that is weak itself, so that a
//! reference dies with its last user. Both kinds come back from the collector when their target died.

use super::util::*;
use super::{attrs, create, dispatch};
use std::collections::HashMap;
use std::mem::offset_of;
use std::sync::Mutex;
use taipan_abi::gc::tf;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A weak reference or proxy.
#[derive(GcObject)]
#[repr(C)]
pub struct WRef {
    #[allow(missing_docs)]
    pub header: Header,
    /// The weak slot: the target's word, 0 when dead. Not traced.
    pub target: u64,
    /// NULL = none.
    pub w_callback: W,
    /// -1 = not computed.
    pub hash: i64,
    /// The target's address for the table.
    pub key: u64,
}
/// The table's handle on a reference.
#[derive(GcObject)]
#[repr(C)]
pub struct WNode {
    #[allow(missing_docs)]
    pub header: Header,
    /// The weak slot: a WRef, 0 when dead.
    pub target: u64,
    /// Its place in the table's list.
    pub index: u64,
    /// The key of the reference.
    pub key: u64,
}
/// Nodes of each object's references, as indexes of `NODES`.
static TABLE: Mutex<Option<Table>> = Mutex::new(None);
static NODES: Global = Global::new();
#[derive(Default)]
struct Table {
    by_object: HashMap<u64, Vec<usize>>,
    free: Vec<usize>,
}
fn with_table<T>(f: impl FnOnce(&mut Table) -> T) -> T {
    let mut guard = TABLE.lock().unwrap_or_else(|e| e.into_inner());
    f(guard.get_or_insert_with(Table::default))
}
fn this(w: W) -> &'static mut WRef {
    // SAFETY: the caller's object is a weak reference.
    unsafe { obj::<WRef>(w) }
}
/// The target, if it is alive.
#[inline]
pub fn target(w: W) -> Option<W> {
    let t = this(w).target;
    if t == 0 { None } else { Some(W(t)) }
}
fn nodes(sp: Space) -> Res<W> {
    NODES.get_or(sp, |sp| sp.newlist(&[]))
}
/// References to an object that are alive.
fn refs(sp: Space, w_obj: W) -> Res<RootedVec> {
    let mut out = RootedVec::new(sp);
    // SAFETY: a live word.
    if w_obj.is_int() || unsafe { w_obj.header().rt & RT_WEAKREFD == 0 } {
        return Ok(out);
    }
    let indexes = with_table(|t| t.by_object.get(&w_obj.0).cloned().unwrap_or_default());
    let l = nodes(sp)?;
    for i in indexes {
        let n = sp.list_item(l, i as i64)?;
        if n.is_none() {
            continue;
        }
        // SAFETY: the list holds nodes and None.
        let r = W(unsafe { obj::<WNode>(n) }.target);
        // A stale entry of a former object at this address has lost its target.
        if !r.is_null() && this(r).target == w_obj.0 {
            out.push(r)
        }
    }
    Ok(out)
}
fn enter(sp: Space, w_ref: W, w_obj: W) -> Res<()> {
    let l = nodes(sp)?;
    // SAFETY: row WEAK_NODE is laid out so; fresh object.
    let (n, node) = unsafe { new::<WNode>(sp, super::WEAK_NODE)? };
    node.target = w_ref.0;
    node.key = w_obj.0;
    let free = with_table(|t| t.free.pop());
    match free {
        Some(i) => {
            node.index = i as u64;
            sp.list_setitem(l, i as i64, n)?
        }
        None => {
            node.index = sp.list_len(l)? as u64;
            sp.list_append(l, n)?
        }
    }
    // SAFETY: live objects; offsets of their weak slots. The target keeps a mark that references exist.
    unsafe {
        let vt = &*sp.thread().gcvt;
        (vt.reg_weak)(sp.th().cast(), n.ptr(), offset_of!(WNode, target) as u32);
        (vt.reg_weak)(sp.th().cast(), w_ref.ptr(), offset_of!(WRef, target) as u32);
        w_obj.header().rt |= RT_WEAKREFD;
    }
    with_table(|t| t.by_object.entry(w_obj.0).or_default().push(node.index as usize));
    Ok(())
}
fn leave(sp: Space, key: u64, index: usize) {
    with_table(|t| {
        if let Some(v) = t.by_object.get_mut(&key) {
            v.retain(|i| *i != index);
            if v.is_empty() {
                t.by_object.remove(&key);
            }
        }
        t.free.push(index);
    });
    if let Ok(l) = nodes(sp) {
        let _ = sp.list_setitem(l, index as i64, W::NONE);
    }
}

/// An object of `reg_weak` whose target died, as the collector hands it out: cleans the table, runs the callback.
pub fn died(sp: Space, w: W) {
    // SAFETY: objects of reg_weak are nodes and references.
    if unsafe { w.is_tid(super::WEAK_NODE) } {
        // SAFETY: the tid says so.
        let n = unsafe { obj::<WNode>(w) };
        leave(sp, n.key, n.index as usize);
        return;
    }
    let f = std::mem::replace(&mut this(w).w_callback, W::NULL);
    if !f.is_null() {
        let saved = sp.take_exc();
        if sp.call(f, &[w]).is_err() {
            super::slotgeneric::ignored(sp, "calling weakref callback", f);
        }
        sp.thread().exc = saved;
    }
}

/// A reference of a class; a plain one without callback is shared.
pub fn new_ref(sp: Space, w_type: W, w_obj: W, w_callback: W) -> Res<W> {
    let w_type = if w_type.is_null() { builtin_type(sp, super::WEAKREF) } else { w_type };
    let w_callback = if w_callback.is_none() { W::NULL } else { w_callback };
    if w_obj.is_int() || row(sp, w_obj).flags & tf::WEAKREFABLE == 0 {
        return Err(raise!(sp, TYPE_ERROR, "cannot create weak reference to '{}' object", tname(sp, w_obj)));
    }
    let shared = w_callback.is_null() && wt(w_type).flags & crate::layouts::tflags::HEAP == 0;
    if shared {
        for r in refs(sp, w_obj)?.iter() {
            if type_of(sp, *r) == w_type && this(*r).w_callback.is_null() {
                return Ok(*r);
            }
        }
    }
    let w = create::allocate(sp, w_type, 0)?;
    let r = this(w);
    r.target = w_obj.0;
    r.key = w_obj.0;
    r.hash = -1;
    setfield!(sp, w, WRef, w_callback, w_callback);
    enter(sp, w, w_obj)?;
    Ok(w)
}
/// weakref.getweakrefs
pub fn list(sp: Space, w_obj: W) -> Res<W> {
    refs(sp, w_obj)?.into_list()
}
/// `__weakref__`
pub fn first(sp: Space, w_obj: W) -> Res<W> {
    Ok(refs(sp, w_obj)?.first().copied().unwrap_or(W::NONE))
}

#[slot]
fn tp_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let a = args.positional();
    let name = tp_name(sp, w_type);
    if a.is_empty() {
        return Err(sp.type_error("__new__ expected at least 1 argument, got 0"));
    }
    if a.len() > 2 && wt(w_type).flags & crate::layouts::tflags::HEAP == 0 {
        return Err(raise!(sp, TYPE_ERROR, "__new__ expected at most 2 arguments, got {}", a.len()));
    }
    if args.nkw(sp) > 0 && wt(w_type).flags & crate::layouts::tflags::HEAP == 0 {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{}() takes no keyword arguments",
            name.rsplit('.').next().unwrap_or(&name)
        ));
    }
    new_ref(sp, w_type, a[0], a.get(1).copied().unwrap_or(W::NULL))
}
#[slot]
fn init(sp: Space, _w: W, args: Args) -> Res<()> {
    if args.n == 0 || args.n > 2 {
        let (how, n) = if args.n == 0 { ("least", 1) } else { ("most", 2) };
        return Err(raise!(sp, TYPE_ERROR, "__init__ expected at {how} {n} argument{}, got {}", plural(n), args.n));
    }
    Ok(())
}
#[slot]
fn call(sp: Space, w: W, args: Args) -> Res<W> {
    if args.n > 0 || args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "ref() takes no arguments ({} given)", args.n));
    }
    Ok(target(w).unwrap_or(W::NONE))
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let at = super::object::address(w);
    match target(w) {
        None => sp.newstr(&format!("<weakref at {at}; dead>")),
        Some(t) => {
            let mut name = String::new();
            if let Some(n) = sp.getattr_opt(t, name!(sp, "__name__"))?
                && let Some(n) = sp.text_opt(n)
            {
                name = format!(" ({})", n.to_str())
            }
            sp.newstr(&format!("<weakref at {at}; to '{}' at {}{name}>", tname(sp, t), super::object::address(t)))
        }
    }
}
#[slot]
fn hash(sp: Space, w: W) -> Res<i64> {
    if this(w).hash != -1 {
        return Ok(this(w).hash);
    }
    let Some(t) = target(w) else { return Err(sp.type_error("weak object has gone away")) };
    let h = sp.hash(t)?;
    this(w).hash = h;
    Ok(h)
}
#[slot]
fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !(2..=3).contains(&op) || sp.layout(a) != super::WEAKREF || sp.layout(b) != super::WEAKREF {
        return Ok(W::NOT_IMPLEMENTED);
    }
    match (target(a), target(b)) {
        (Some(x), Some(y)) => dispatch::compare(sp, x, y, op),
        _ => Ok(W::bool((a == b) == (op == 2))),
    }
}
#[slot]
fn get_callback(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(this(w).w_callback))
}
/// Parameterize.
#[interp_fn(name = "__class_getitem__", classmethod, sig = "($cls, item, /)")]
fn class_getitem(sp: Space, w_class: W, w_item: W) -> Res<W> {
    super::genericalias::new_alias(sp, w_class, w_item)
}
static SLOTS: Slots = Slots {
    new: Some(tp_new),
    init: Some(init),
    call: Some(call),
    repr: Some(repr),
    hash: Some(hash),
    compare: Some(compare),
    ..Slots::EMPTY
};
typespec!(pub REFERENCE: WRef, "weakref.ReferenceType", {
    flags: ty::BASETYPE, slots: &SLOTS, methods: methods![class_getitem], getset: table![getset!("__callback__", get_callback)],
});
typespec!(pub NODE: WNode, "weakref._node", { flags: ty::DISALLOW_INSTANTIATION });

// ---- proxies ----

fn alive(sp: Space, w: W) -> Res<W> {
    // SAFETY: a live word; the tid says which struct it is.
    if w.is_int() || unsafe { !w.is_tid(super::WEAK_PROXY) && !w.is_tid(super::WEAK_CALLABLE_PROXY) } {
        return Ok(w);
    }
    target(w).ok_or_else(|| sp.raise(known::REFERENCE_ERROR, "weakly-referenced object no longer exists"))
}
#[slot]
fn p_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    let a = args.positional();
    let Some(o) = a.first().copied() else {
        return Err(sp.type_error("proxy expected at least 1 argument, got 0"));
    };
    new_proxy(sp, o, a.get(1).copied().unwrap_or(W::NULL))
}
/// weakref.proxy(obj, callback)
pub fn new_proxy(sp: Space, w_obj: W, w_callback: W) -> Res<W> {
    let tid = if sp.callable(w_obj) { super::WEAK_CALLABLE_PROXY } else { super::WEAK_PROXY };
    new_ref(sp, builtin_type(sp, tid), w_obj, w_callback)
}
#[slot]
fn p_getattr(sp: Space, w: W, name: W) -> Res<W> {
    let t = alive(sp, w)?;
    attrs::getattr(sp, t, name)
}
#[slot]
fn p_setattr(sp: Space, w: W, name: W, value: W) -> Res<()> {
    let t = alive(sp, w)?;
    attrs::setattr(sp, t, name, value)
}
#[slot]
fn p_repr(sp: Space, w: W) -> Res<W> {
    let at = super::object::address(w);
    match target(w) {
        None => sp.newstr(&format!("<weakproxy at {at}; dead>")),
        Some(t) => sp.newstr(&format!("<weakproxy at {at}; to '{}' at {}>", tname(sp, t), super::object::address(t))),
    }
}
#[slot]
fn p_str(sp: Space, w: W) -> Res<W> {
    let t = alive(sp, w)?;
    sp.str(t)
}
#[slot]
fn p_bool(sp: Space, w: W) -> Res<bool> {
    let t = alive(sp, w)?;
    sp.is_true(t)
}
#[slot]
fn p_len(sp: Space, w: W) -> Res<i64> {
    let t = alive(sp, w)?;
    sp.len(t)
}
#[slot]
fn p_getitem(sp: Space, w: W, k: W) -> Res<W> {
    let t = alive(sp, w)?;
    sp.getitem(t, k)
}
#[slot]
fn p_setitem(sp: Space, w: W, k: W, v: W) -> Res<()> {
    let t = alive(sp, w)?;
    dispatch::setitem(sp, t, k, v)
}
#[slot]
fn p_contains(sp: Space, w: W, x: W) -> Res<bool> {
    let t = alive(sp, w)?;
    sp.contains(t, x)
}
#[slot]
fn p_iter(sp: Space, w: W) -> Res<W> {
    let t = alive(sp, w)?;
    sp.iter(t)
}
#[slot]
fn p_next(sp: Space, w: W) -> Res<Option<W>> {
    let t = alive(sp, w)?;
    if slots_of(sp, t).next.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "Weakref proxy referenced a non-iterator '{}' object", tname(sp, t)));
    }
    sp.next(t)
}
#[slot]
fn p_call(sp: Space, w: W, args: Args) -> Res<W> {
    let t = alive(sp, w)?;
    super::calls::call(sp, t, args)
}
#[slot]
fn p_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    let (x, y) = (alive(sp, a)?, alive(sp, b)?);
    dispatch::compare(sp, x, y, op)
}
macro_rules! binaries {
    ($($name:ident $iname:ident $op:ident;)*) => {
        $(
            #[slot]
            fn $name(sp: Space, a: W, b: W) -> Res<W> {
                let (x, y) = (alive(sp, a)?, alive(sp, b)?);
                dispatch::binop(sp, taipan_abi::opcode::BinOp::$op, x, y)
            }
            #[slot]
            fn $iname(sp: Space, a: W, b: W) -> Res<W> {
                let (x, y) = (alive(sp, a)?, alive(sp, b)?);
                dispatch::inplace(sp, taipan_abi::opcode::BinOp::$op, x, y)
            }
        )*
        const BINARY: [Option<taipan_abi::types::BinaryFn>; 13] = [$(Some($name)),*];
        const INPLACE: [Option<taipan_abi::types::BinaryFn>; 13] = [$(Some($iname)),*];
    };
}
binaries! {
    p_add p_iadd Add; p_sub p_isub Sub; p_mul p_imul Mul; p_truediv p_itruediv TrueDiv; p_floordiv p_ifloordiv FloorDiv;
    p_mod p_imod Mod; p_and p_iand And; p_or p_ior Or; p_xor p_ixor Xor; p_lshift p_ilshift LShift; p_rshift p_irshift RShift;
    p_pow p_ipow Pow; p_matmul p_imatmul MatMul;
}
macro_rules! unaries {
    ($($name:ident $op:ident;)*) => { $(
        #[slot]
        fn $name(sp: Space, w: W) -> Res<W> {
            let t = alive(sp, w)?;
            sp.$op(t)
        }
    )* };
}
unaries! { p_neg neg; p_pos pos; p_abs abs; p_invert invert; p_int int; p_float float; p_index index; }
#[slot]
fn p_divmod(sp: Space, a: W, b: W) -> Res<W> {
    let (x, y) = (alive(sp, a)?, alive(sp, b)?);
    dispatch::divmod(sp, x, y)
}
/// bytes(target)
#[interp_fn(name = "__bytes__", method, sig = "($self, /)")]
fn p_bytes(sp: Space, w: W) -> Res<W> {
    let t = alive(sp, w)?;
    sp.call_method(t, name!(sp, "__bytes__"), &[])
}
/// reversed(target)
#[interp_fn(name = "__reversed__", method, sig = "($self, /)")]
fn p_reversed(sp: Space, w: W) -> Res<W> {
    let t = alive(sp, w)?;
    sp.call_method(t, name!(sp, "__reversed__"), &[])
}
const P_SLOTS: Slots = Slots {
    binary: BINARY,
    inplace: INPLACE,
    new: Some(p_new),
    getattr: Some(p_getattr),
    setattr: Some(p_setattr),
    repr: Some(p_repr),
    str: Some(p_str),
    bool: Some(p_bool),
    len: Some(p_len),
    getitem: Some(p_getitem),
    setitem: Some(p_setitem),
    contains: Some(p_contains),
    iter: Some(p_iter),
    next: Some(p_next),
    compare: Some(p_compare),
    neg: Some(p_neg),
    pos: Some(p_pos),
    abs: Some(p_abs),
    invert: Some(p_invert),
    int: Some(p_int),
    float: Some(p_float),
    index: Some(p_index),
    divmod: Some(p_divmod),
    ..Slots::EMPTY
};
static PROXY_SLOTS: Slots = P_SLOTS;
static CALLABLE_SLOTS: Slots = Slots { call: Some(p_call), ..P_SLOTS };
typespec!(pub PROXY: WRef, "weakref.ProxyType", { slots: &PROXY_SLOTS, methods: methods![p_bytes, p_reversed] });
typespec!(pub CALLABLE_PROXY: WRef, "weakref.CallableProxyType", { slots: &CALLABLE_SLOTS, methods: methods![p_bytes, p_reversed] });
