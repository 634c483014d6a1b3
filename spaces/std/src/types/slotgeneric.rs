//! Slot functions of classes that define the special method in Python: they find the method on the class and call it.

use super::calls;
use super::lookup::{call_bound, call_special, lookup, special};
use super::util::*;
use crate::layouts::*;
use num_traits::{Signed, ToPrimitive};
use taipan_abi::types::{BinaryFn, BufferView};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A special method that the slot's presence promises.
fn must(sp: Space, w: W, w_name: W, args: &[W]) -> Res<W> {
    match call_special(sp, w, w_name, args)? {
        Some(r) => Ok(r),
        None => Err(raise!(sp, ATTRIBUTE_ERROR, "'{}' object has no attribute '{}'", tname(sp, w), show(sp, w_name))),
    }
}

macro_rules! unary {
    ($($name:ident $text:literal;)*) => { $(
        #[slot]
        pub fn $name(sp: Space, w: W) -> Res<W> {
            must(sp, w, name!(sp, $text), &[])
        }
    )* };
}
unary! {
    neg "__neg__"; pos "__pos__"; abs "__abs__"; invert "__invert__"; int "__int__"; float "__float__"; index "__index__";
    await_ "__await__"; aiter "__aiter__"; anext "__anext__"; iter_ "__iter__";
}

/// The reflected form is called for the right operand only when it is of another class.
fn binary(
    sp: Space,
    a: W,
    b: W,
    f: *const (),
    slot: fn(&taipan_abi::types::Slots) -> *const (),
    op: W,
    rop: W,
) -> Res<W> {
    let (ta, tb) = (type_of(sp, a), type_of(sp, b));
    let mut other = ta != tb && slot(type_slots(tb)) == f;
    if slot(type_slots(ta)) == f {
        if other && subtype(tb, ta) && overloads(sp, ta, tb, rop) {
            if let Some(r) = call_special(sp, b, rop, &[a])?
                && r != W::NOT_IMPLEMENTED
            {
                return Ok(r);
            }
            other = false;
        }
        if let Some(r) = call_special(sp, a, op, &[b])?
            && (r != W::NOT_IMPLEMENTED || ta == tb)
        {
            return Ok(r);
        }
    }
    if other && let Some(r) = call_special(sp, b, rop, &[a])? {
        return Ok(r);
    }
    Ok(W::NOT_IMPLEMENTED)
}
/// Does the subclass bring a reflected method of its own?
pub fn overloads(sp: Space, w_base: W, w_sub: W, rop: W) -> bool {
    match (lookup(sp, w_sub, rop), lookup(sp, w_base, rop)) {
        (Some(s), Some(b)) => s != b,
        (Some(_), None) => true,
        _ => false,
    }
}

macro_rules! binaries {
    ($($name:ident $iname:ident $i:literal $op:literal $rop:literal $iop:literal;)*) => {
        $(
            #[slot]
            pub fn $name(sp: Space, a: W, b: W) -> Res<W> {
                binary(sp, a, b, $name as *const (), |s| s.binary[$i].map_or(std::ptr::null(), |f| f as *const ()), name!(sp, $op), name!(sp, $rop))
            }
            #[slot]
            pub fn $iname(sp: Space, a: W, b: W) -> Res<W> {
                Ok(call_special(sp, a, name!(sp, $iop), &[b])?.unwrap_or(W::NOT_IMPLEMENTED))
            }
        )*
        /// By BinOp.
        pub const BINARY: [BinaryFn; 13] = [$($name),*];
        /// By BinOp.
        pub const INPLACE: [BinaryFn; 13] = [$($iname),*];
    };
}
binaries! {
    add iadd 0 "__add__" "__radd__" "__iadd__";
    sub isub 1 "__sub__" "__rsub__" "__isub__";
    mul imul 2 "__mul__" "__rmul__" "__imul__";
    truediv itruediv 3 "__truediv__" "__rtruediv__" "__itruediv__";
    floordiv ifloordiv 4 "__floordiv__" "__rfloordiv__" "__ifloordiv__";
    mod_ imod 5 "__mod__" "__rmod__" "__imod__";
    and_ iand 6 "__and__" "__rand__" "__iand__";
    or_ ior 7 "__or__" "__ror__" "__ior__";
    xor ixor 8 "__xor__" "__rxor__" "__ixor__";
    lshift ilshift 9 "__lshift__" "__rlshift__" "__ilshift__";
    rshift irshift 10 "__rshift__" "__rrshift__" "__irshift__";
    pow ipow 11 "__pow__" "__rpow__" "__ipow__";
    matmul imatmul 12 "__matmul__" "__rmatmul__" "__imatmul__";
}
#[slot]
pub fn divmod(sp: Space, a: W, b: W) -> Res<W> {
    binary(
        sp,
        a,
        b,
        divmod as *const (),
        |s| s.divmod.map_or(std::ptr::null(), |f| f as *const ()),
        name!(sp, "__divmod__"),
        name!(sp, "__rdivmod__"),
    )
}
/// pow(a, b, c): only the operand whose class has this slot is asked.
#[slot]
pub fn pow3(sp: Space, a: W, b: W, c: W) -> Res<W> {
    let mine = |w: W| type_slots(type_of(sp, w)).pow3.is_some_and(|f| f as *const () == pow3 as *const ());
    if mine(a)
        && let Some(r) = call_special(sp, a, name!(sp, "__pow__"), &[b, c])?
        && r != W::NOT_IMPLEMENTED
    {
        return Ok(r);
    }
    if mine(b) && type_of(sp, a) != type_of(sp, b) {
        return Ok(call_special(sp, b, name!(sp, "__rpow__"), &[a, c])?.unwrap_or(W::NOT_IMPLEMENTED));
    }
    Ok(W::NOT_IMPLEMENTED)
}

#[slot]
pub fn repr(sp: Space, w: W) -> Res<W> {
    must(sp, w, name!(sp, "__repr__"), &[])
}
#[slot]
pub fn str(sp: Space, w: W) -> Res<W> {
    must(sp, w, name!(sp, "__str__"), &[])
}
/// The result of `__hash__` as a hash: any int; one too large is reduced.
#[slot]
pub fn hash(sp: Space, w: W) -> Res<i64> {
    let w_name = name!(sp, "__hash__");
    let m = match special(sp, w, w_name)? {
        Some((f, s)) if !f.is_none() => (f, s),
        _ => return Err(unhashable(sp, w)),
    };
    let r = call_bound(sp, m, &[])?;
    if r.is_int() {
        let i = r.untag();
        return Ok(if i == -1 { -2 } else { i });
    }
    let layout = sp.layout(r);
    if layout != TID_LONG && layout != TID_BOOL {
        return Err(sp.type_error("__hash__ method should return an integer"));
    }
    // What fits into the machine's word is the hash as it is: `str.__hash__` gives all 64 bits.
    if let Some(h) = sp.bigint_w(r)?.to_i64() {
        return Ok(if h == -1 { -2 } else { h });
    }
    // A larger int hashes as itself does when it is taken for an int (a subclass may redefine __hash__).
    match type_slots(builtin_type(sp, TID_INT)).hash {
        Some(f) => {
            // SAFETY: int's own slot on an int.
            let h = unsafe { f(sp.th(), r) };
            if h == -1 && sp.pending() { Err(Raised) } else { Ok(h) }
        }
        None => Ok(0),
    }
}
/// The error of an unhashable object.
#[cold]
pub fn unhashable(sp: Space, w: W) -> Raised {
    raise!(sp, TYPE_ERROR, "unhashable type: '{}'", tname(sp, w))
}
/// `__hash__ = None`
#[slot]
pub fn no_hash(sp: Space, w: W) -> Res<i64> {
    Err(unhashable(sp, w))
}
/// `__iter__ = None`
#[slot]
pub fn no_iter(sp: Space, w: W) -> Res<W> {
    Err(raise!(sp, TYPE_ERROR, "'{}' object is not iterable", tname(sp, w)))
}
#[slot]
pub fn iter(sp: Space, w: W) -> Res<W> {
    match special(sp, w, name!(sp, "__iter__"))? {
        Some((f, _)) if f.is_none() => Err(raise!(sp, TYPE_ERROR, "'{}' object is not iterable", tname(sp, w))),
        Some(m) => call_bound(sp, m, &[]),
        None => super::iterops::getitem_iter(sp, w),
    }
}
/// A StopIteration from `__next__` is the end (its value is dropped).
#[slot]
pub fn next(sp: Space, w: W) -> Res<Option<W>> {
    match must(sp, w, name!(sp, "__next__"), &[]) {
        Ok(r) => Ok(Some(r)),
        Err(e) => {
            if sp.catch(known::STOP_ITERATION) {
                Ok(None)
            } else {
                Err(e)
            }
        }
    }
}
#[slot]
pub fn call(sp: Space, w: W, args: Args) -> Res<W> {
    // `__call__` may be an instance whose class has it from an instance, and so on.
    taipan_interp::call::check_native_stack(sp)?;
    let Some((f, w_self)) = special(sp, w, name!(sp, "__call__"))? else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object is not callable", tname(sp, w)));
    };
    if w_self.is_null() { sp.call_args(f, args) } else { calls::call_with_self(sp, f, w_self, args) }
}
/// `__getattribute__` and `__getattr__`.
#[slot]
pub fn getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_type = type_of(sp, w);
    let hook = lookup(sp, w_type, name!(sp, "__getattr__"));
    let by_python = match lookup(sp, w_type, name!(sp, "__getattribute__")) {
        // SAFETY: a live word.
        Some(f) if unsafe { !f.is_tid(TID_SLOT_WRAPPER) } => Some(f),
        _ => None,
    };
    let found = match by_python {
        Some(_) => match must(sp, w, name!(sp, "__getattribute__"), &[w_name]) {
            Ok(r) => Ok(Some(r)),
            Err(e) => Err(e),
        },
        None => native_getattr_opt(sp, w, w_type, w_name),
    };
    match (found, hook) {
        (Ok(Some(r)), _) => Ok(r),
        (Ok(None), None) => Err(super::attrs::no_attribute(sp, w, w_name)),
        (Ok(None), Some(_)) => must(sp, w, name!(sp, "__getattr__"), &[w_name]),
        (Err(e), None) => Err(e),
        (Err(e), Some(_)) => {
            if !sp.catch(known::ATTRIBUTE_ERROR) {
                return Err(e);
            }
            must(sp, w, name!(sp, "__getattr__"), &[w_name])
        }
    }
}
/// The built-in lookup that a class with `__getattr__` inherits.
pub fn native_getattr_opt(sp: Space, w: W, w_type: W, w_name: W) -> Res<Option<W>> {
    // SAFETY: a live word.
    let f = match lookup(sp, w_type, name!(sp, "__getattribute__")) {
        // SAFETY: the tid says which struct it is.
        Some(d) if unsafe { d.is_tid(TID_SLOT_WRAPPER) } => {
            type_slots(unsafe { obj::<WSlotWrapper>(d) }.w_type).getattr
        }
        _ => None,
    };
    super::attrs::getattr_by(sp, f, w, w_name)
}
#[slot]
pub fn setattr(sp: Space, w: W, w_name: W, value: W) -> Res<()> {
    if value.is_null() {
        must(sp, w, name!(sp, "__delattr__"), &[w_name])?;
    } else {
        must(sp, w, name!(sp, "__setattr__"), &[w_name, value])?;
    }
    Ok(())
}
/// The special method's name of a comparison.
pub fn compare_name(sp: Space, op: u32) -> W {
    match op {
        0 => name!(sp, "__lt__"),
        1 => name!(sp, "__le__"),
        2 => name!(sp, "__eq__"),
        3 => name!(sp, "__ne__"),
        4 => name!(sp, "__gt__"),
        _ => name!(sp, "__ge__"),
    }
}
#[slot]
pub fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    Ok(call_special(sp, a, compare_name(sp, op), &[b])?.unwrap_or(W::NOT_IMPLEMENTED))
}
#[slot]
pub fn descr_get(sp: Space, w: W, w_obj: W, w_type: W) -> Res<W> {
    match call_special(sp, w, name!(sp, "__get__"), &[or_none(w_obj), or_none(w_type)])? {
        Some(r) => Ok(r),
        None => Ok(w),
    }
}
#[slot]
pub fn descr_set(sp: Space, w: W, w_obj: W, value: W) -> Res<()> {
    if value.is_null() {
        must(sp, w, name!(sp, "__delete__"), &[w_obj])?;
    } else {
        must(sp, w, name!(sp, "__set__"), &[w_obj, value])?;
    }
    Ok(())
}
#[slot]
pub fn new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w_name = name!(sp, "__new__");
    let Some(d) = lookup(sp, w_type, w_name) else { return Err(super::attrs::no_attribute(sp, w_type, w_name)) };
    let f = match slots_of(sp, d).descr_get {
        // SAFETY: a slot of the object's class.
        Some(get) => res(unsafe { get(sp.th(), d, W::NULL, w_type) })?,
        None => d,
    };
    calls::call_with_self(sp, f, w_type, args)
}
#[slot]
pub fn init(sp: Space, w: W, args: Args) -> Res<()> {
    let w_name = name!(sp, "__init__");
    let Some((f, w_self)) = special(sp, w, w_name)? else { return Err(super::attrs::no_attribute(sp, w, w_name)) };
    let r = if w_self.is_null() { sp.call_args(f, args)? } else { calls::call_with_self(sp, f, w_self, args)? };
    if !r.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "__init__() should return None, not '{}'", tname(sp, r)));
    }
    Ok(())
}
/// A result of `__len__` as a length.
pub fn length(sp: Space, r: W) -> Res<i64> {
    let r = if r.is_int() { r } else { sp.index(r)? };
    let n = if r.is_int() {
        r.untag()
    } else {
        let b = sp.bigint_w(r)?;
        match b.to_i64() {
            Some(n) => n,
            None if b.is_negative() => -1,
            None => return Err(sp.overflow_error("cannot fit 'int' into an index-sized integer")),
        }
    };
    if n < 0 {
        return Err(sp.value_error("__len__() should return >= 0"));
    }
    Ok(n)
}
#[slot]
pub fn len(sp: Space, w: W) -> Res<i64> {
    let r = must(sp, w, name!(sp, "__len__"), &[])?;
    length(sp, r)
}
#[slot]
pub fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    must(sp, w, name!(sp, "__getitem__"), &[k])
}
#[slot]
pub fn setitem(sp: Space, w: W, k: W, value: W) -> Res<()> {
    if value.is_null() {
        must(sp, w, name!(sp, "__delitem__"), &[k])?;
    } else {
        must(sp, w, name!(sp, "__setitem__"), &[k, value])?;
    }
    Ok(())
}
#[slot]
pub fn contains(sp: Space, w: W, x: W) -> Res<bool> {
    match special(sp, w, name!(sp, "__contains__"))? {
        Some((f, _)) if f.is_none() => Err(raise!(sp, TYPE_ERROR, "'{}' object is not a container", tname(sp, w))),
        Some(m) => {
            let r = call_bound(sp, m, &[x])?;
            sp.is_true(r)
        }
        None => super::iterops::contains_by_iteration(sp, w, x),
    }
}
#[slot]
pub fn bool(sp: Space, w: W) -> Res<bool> {
    let r = must(sp, w, name!(sp, "__bool__"), &[])?;
    if r == W::TRUE || r == W::FALSE {
        return Ok(r == W::TRUE);
    }
    Err(raise!(sp, TYPE_ERROR, "__bool__ should return bool, returned {}", tname(sp, r)))
}
#[slot]
pub fn getbuffer(sp: Space, w: W, flags: u32, view: *mut BufferView) -> Res<()> {
    let r = must(sp, w, name!(sp, "__buffer__"), &[W::int(flags as i64)])?;
    if sp.layout(r) != TID_MEMORYVIEW {
        return Err(sp.type_error("__buffer__ returned non-memoryview object"));
    }
    // SAFETY: the caller's view; it is held through the memoryview.
    sp.getbuffer(r, flags, unsafe { &mut *view })
}
/// `__release_buffer__` is not called: the view was taken from the memoryview that `__buffer__` returned and is released there.
pub unsafe extern "C-unwind" fn releasebuffer(_: *mut Thread, _: W, _: *mut BufferView) {}
/// Reports the pending exception: what raised it while doing what.
pub fn ignored(sp: Space, doing: &str, w: W) {
    let w_exc = sp.take_exc();
    let text = sp.repr_string(w).unwrap_or_else(|Raised| {
        sp.take_exc();
        format!("<{} object>", sp.type_name(w))
    });
    sp.thread().exc = w_exc;
    crate::exc::ops::report_unraisable(sp, &format!("Exception ignored while {doing} {text}"), W::NONE);
}
/// Runs `__del__`; what it raises is reported and dropped.
pub unsafe extern "C-unwind" fn del(th: *mut Thread, w: W) {
    let sp = Space::new(th);
    let saved = sp.take_exc();
    let w_name = name!(sp, "__del__");
    match special(sp, w, w_name) {
        Ok(Some(m)) => {
            if call_bound(sp, m, &[]).is_err() {
                ignored(sp, "calling deallocator", m.0);
            }
        }
        Ok(None) => {}
        Err(Raised) => {
            let _ = sp.write_unraisable(w);
        }
    }
    sp.thread().exc = saved;
}

/// All generic slot functions.
pub fn all() -> &'static [*const ()] {
    struct List(Vec<*const ()>);
    // SAFETY: addresses of functions.
    unsafe impl Sync for List {}
    // SAFETY: as above.
    unsafe impl Send for List {}
    static ALL: std::sync::OnceLock<List> = std::sync::OnceLock::new();
    &ALL.get_or_init(|| {
        let mut v: Vec<*const ()> = super::slotdefs::defs().map(|d| d.generic).filter(|f| !f.is_null()).collect();
        v.push(pow3 as *const ());
        v.sort_unstable();
        v.dedup();
        List(v)
    })
    .0
}
