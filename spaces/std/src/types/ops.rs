//! Rows of the operation table.

use super::util::*;
use super::{attrs, calls, create, dispatch, isinstance as inst, iterops, lookup, structseq, weakref};
use crate::layouts::*;
use taipan_abi::opcode::BinOp;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Ints of equal value are one object, as far as `is` can tell: only exact ones beyond the tagged range need a look.
#[slot]
pub fn is_(_sp: Space, a: W, b: W) -> Res<bool> {
    Ok(a == b)
}
/// The address; for a small int a number that no address can be.
#[slot]
pub fn id(sp: Space, w: W) -> Res<W> {
    if w.is_int() {
        let n = (w.untag() as i128) * 8 + 3;
        return match i64::try_from(n) {
            Ok(i) => Ok(sp.newint(i)),
            Err(_) => sp.newbigint(&n.into()),
        };
    }
    Ok(sp.newint(w.0 as i64))
}
#[slot]
pub fn type_(sp: Space, w: W) -> Res<W> {
    Ok(type_of(sp, w))
}
#[slot]
pub fn isinstance(sp: Space, w: W, cls: W) -> Res<bool> {
    taipan_interp::call::check_native_stack_while(sp, " in __instancecheck__")?;
    inst::isinstance(sp, w, cls)
}
#[slot]
pub fn issubclass(sp: Space, w: W, cls: W) -> Res<bool> {
    taipan_interp::call::check_native_stack_while(sp, " in __subclasscheck__")?;
    inst::issubclass(sp, w, cls)
}
#[slot]
pub fn repr(sp: Space, w: W) -> Res<W> {
    dispatch::repr(sp, w)
}
#[slot]
pub fn str(sp: Space, w: W) -> Res<W> {
    dispatch::str(sp, w)
}
#[slot]
pub fn ascii(sp: Space, w: W) -> Res<W> {
    dispatch::ascii(sp, w)
}
#[slot]
pub fn format(sp: Space, w: W, spec: W) -> Res<W> {
    dispatch::format(sp, w, spec)
}
#[slot]
pub fn len(sp: Space, w: W) -> Res<i64> {
    dispatch::len(sp, w)
}
#[slot]
pub fn length_hint(sp: Space, w: W, default: i64) -> Res<i64> {
    iterops::length_hint(sp, w, default)
}
#[slot]
pub fn hash(sp: Space, w: W) -> Res<i64> {
    dispatch::hash(sp, w)
}

// ---- attributes ----

#[slot]
pub fn getattr(sp: Space, w: W, name: W) -> Res<W> {
    attrs::getattr(sp, w, name)
}
#[slot]
pub fn getattr_opt(sp: Space, w: W, name: W) -> Res<Option<W>> {
    attrs::getattr_opt(sp, w, name)
}
#[slot]
pub fn setattr(sp: Space, w: W, name: W, v: W) -> Res<()> {
    attrs::setattr(sp, w, name, v)
}
#[slot]
pub fn delattr(sp: Space, w: W, name: W) -> Res<()> {
    attrs::setattr(sp, w, name, W::NULL)
}
#[slot]
pub fn lookup_special(sp: Space, w: W, name: W) -> Res<Option<W>> {
    let name = attr_name(sp, name)?;
    let w_type = type_of(sp, w);
    let Some(d) = lookup::lookup(sp, w_type, name) else { return Ok(None) };
    match slots_of(sp, d).descr_get {
        // SAFETY: the slot of the object's class.
        Some(f) => res(unsafe { f(sp.th(), d, w, w_type) }).map(Some),
        None => Ok(Some(d)),
    }
}
#[slot]
pub fn get(sp: Space, descr: W, w_obj: W, cls: W) -> Res<W> {
    match slots_of(sp, descr).descr_get {
        // SAFETY: the slot of the object's class.
        Some(f) => res(unsafe { f(sp.th(), descr, w_obj, cls) }),
        None => Ok(descr),
    }
}
fn descr_set(sp: Space, descr: W, w_obj: W, v: W) -> Res<()> {
    match slots_of(sp, descr).descr_set {
        // SAFETY: the slot of the object's class.
        Some(f) => unit(unsafe { f(sp.th(), descr, w_obj, v) }),
        None => Err(raise!(sp, TYPE_ERROR, "'{}' object is not a data descriptor", tname(sp, descr))),
    }
}
#[slot]
pub fn set(sp: Space, descr: W, w_obj: W, v: W) -> Res<()> {
    descr_set(sp, descr, w_obj, v)
}
#[slot]
pub fn delete(sp: Space, descr: W, w_obj: W) -> Res<()> {
    descr_set(sp, descr, w_obj, W::NULL)
}

// ---- items ----

#[slot]
pub fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    dispatch::getitem(sp, w, k)
}
#[slot]
pub fn setitem(sp: Space, w: W, k: W, v: W) -> Res<()> {
    dispatch::setitem(sp, w, k, v)
}
#[slot]
pub fn delitem(sp: Space, w: W, k: W) -> Res<()> {
    dispatch::setitem(sp, w, k, W::NULL)
}
#[slot]
pub fn contains(sp: Space, w: W, x: W) -> Res<bool> {
    dispatch::contains(sp, w, x)
}

// ---- operators ----

macro_rules! unary {
    ($($name:ident)*) => { $(
        #[slot]
        pub fn $name(sp: Space, w: W) -> Res<W> {
            dispatch::$name(sp, w)
        }
    )* };
}
unary! { pos neg abs invert }
#[slot]
pub fn is_true(sp: Space, w: W) -> Res<bool> {
    dispatch::is_true(sp, w)
}
macro_rules! binary {
    ($($name:ident $iname:ident $op:ident;)*) => { $(
        #[slot]
        pub fn $name(sp: Space, a: W, b: W) -> Res<W> {
            dispatch::binop(sp, BinOp::$op, a, b)
        }
        #[slot]
        pub fn $iname(sp: Space, a: W, b: W) -> Res<W> {
            dispatch::inplace(sp, BinOp::$op, a, b)
        }
    )* };
}
binary! {
    add inplace_add Add;
    sub inplace_sub Sub;
    mul inplace_mul Mul;
    truediv inplace_truediv TrueDiv;
    floordiv inplace_floordiv FloorDiv;
    mod_ inplace_mod Mod;
    and_ inplace_and And;
    or_ inplace_or Or;
    xor inplace_xor Xor;
    lshift inplace_lshift LShift;
    rshift inplace_rshift RShift;
    matmul inplace_matmul MatMul;
}
#[slot]
pub fn pow(sp: Space, a: W, b: W, c: W) -> Res<W> {
    dispatch::pow(sp, a, b, c)
}
#[slot]
pub fn inplace_pow(sp: Space, a: W, b: W) -> Res<W> {
    dispatch::inplace(sp, BinOp::Pow, a, b)
}
#[slot]
pub fn divmod(sp: Space, a: W, b: W) -> Res<W> {
    dispatch::divmod(sp, a, b)
}
macro_rules! comparisons {
    ($($name:ident $op:literal)*) => { $(
        #[slot]
        pub fn $name(sp: Space, a: W, b: W) -> Res<W> {
            dispatch::compare(sp, a, b, $op)
        }
    )* };
}
comparisons! { lt 0 le 1 eq 2 ne 3 gt 4 ge 5 }
#[slot]
pub fn eq_w(sp: Space, a: W, b: W) -> Res<bool> {
    dispatch::eq_w(sp, a, b)
}

// ---- iteration ----

#[slot]
pub fn iter(sp: Space, w: W) -> Res<W> {
    iterops::iter(sp, w)
}
#[slot]
pub fn next(sp: Space, w: W) -> Res<Option<W>> {
    iterops::next(sp, w)
}
#[slot]
pub fn await_(sp: Space, w: W) -> Res<W> {
    iterops::await_(sp, w)
}
#[slot]
pub fn aiter(sp: Space, w: W) -> Res<W> {
    iterops::aiter(sp, w)
}
#[slot]
pub fn anext(sp: Space, w: W) -> Res<W> {
    iterops::anext(sp, w)
}
/// Generators' own slot, else `__next__` for None and `send` otherwise.
#[slot]
pub fn send(sp: Space, w: W, v: W, result: *mut W) -> Res<i32> {
    if let Some(f) = slots_of(sp, w).send {
        // SAFETY: the slot of the object's class.
        return match unsafe { f(sp.th(), w, v, result) } {
            -1 => Err(Raised),
            r => Ok(r),
        };
    }
    let r = if v.is_none() && slots_of(sp, w).next.is_some() {
        // SAFETY: the slot of the object's class.
        let f = slots_of(sp, w).next.map(|f| unsafe { f(sp.th(), w) });
        match f {
            Some(r) if !r.is_null() => Ok(r),
            _ if !sp.pending() => {
                // SAFETY: the caller's place for the result.
                unsafe { *result = W::NONE };
                return Ok(0);
            }
            _ => Err(Raised),
        }
    } else {
        sp.call_method(w, name!(sp, "send"), &[v])
    };
    match r {
        Ok(r) => {
            // SAFETY: as above.
            unsafe { *result = r };
            Ok(1)
        }
        Err(e) => {
            let w_exc = sp.thread().exc;
            if !sp.exc_match(w_exc, sp.known(known::STOP_ITERATION))? {
                return Err(e);
            }
            sp.take_exc();
            let value = sp.getattr(w_exc, name!(sp, "value"))?;
            // SAFETY: as above.
            unsafe { *result = value };
            Ok(0)
        }
    }
}

// ---- calls ----

/// f(*args)
pub unsafe extern "C-unwind" fn call(th: *mut Thread, f: W, args: *const W, nargs: usize, kwnames: W) -> W {
    calls::call(Space::new(th), f, Args { ptr: args, n: nargs, kwnames }).unwrap_or(W::NULL)
}
/// a.name(*args)
pub unsafe extern "C-unwind" fn call_method(
    th: *mut Thread,
    a: W,
    name: W,
    args: *const W,
    nargs: usize,
    kwnames: W,
) -> W {
    calls::call_method(Space::new(th), a, name, Args { ptr: args, n: nargs, kwnames }).unwrap_or(W::NULL)
}
#[slot]
pub fn call_ex(sp: Space, f: W, args: W, kwargs: W) -> Res<W> {
    calls::call_ex(sp, f, args, kwargs)
}
#[slot]
pub fn callable(sp: Space, w: W) -> Res<bool> {
    Ok(slots_of(sp, w).call.is_some())
}

// ---- making objects ----

/// A built-in function.
pub unsafe extern "C-unwind" fn newfunction(th: *mut Thread, spec: *const FnSpec, w_self: W, w_module: W) -> W {
    calls::new_builtin(Space::new(th), spec, w_self, w_module).unwrap_or(W::NULL)
}
/// A class described in Rust.
pub unsafe extern "C-unwind" fn newtype(th: *mut Thread, spec: *const TypeSpec, w_base: W, w_module: W) -> W {
    create::newtype(Space::new(th), &*spec, w_base, w_module).unwrap_or(W::NULL)
}
#[slot]
pub fn newmethod(sp: Space, w_func: W, w_self: W) -> Res<W> {
    calls::new_method(sp, w_func, w_self)
}
#[slot]
pub fn newmodule(sp: Space, name: W) -> Res<W> {
    super::module::new_module(sp, name)
}
#[slot]
pub fn newcell(sp: Space, v: W) -> Res<W> {
    // SAFETY: row TID_CELL is laid out so; fresh object.
    let (w, c) = unsafe { new::<WCell>(sp, TID_CELL)? };
    c.w_value = v;
    Ok(w)
}
#[slot]
pub fn newstructseq_type(sp: Space, name: W, doc: W, fields: W, n_sequence: i64) -> Res<W> {
    structseq::new_type(sp, name, doc, fields, n_sequence)
}
#[slot]
pub fn allocate(sp: Space, w_type: W, nitems: usize) -> Res<W> {
    create::allocate(sp, w_type, nitems)
}

// ---- weak references ----

#[slot]
pub fn weakref_new(sp: Space, w_type: W, w_obj: W, callback: W) -> Res<W> {
    weakref::new_ref(sp, w_type, w_obj, callback)
}
#[slot]
pub fn weakref_get(_sp: Space, w: W) -> Res<Option<W>> {
    Ok(weakref::target(w))
}
#[slot]
pub fn weakref_list(sp: Space, w_obj: W) -> Res<W> {
    weakref::list(sp, w_obj)
}
