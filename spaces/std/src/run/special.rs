//! Special methods written in Python, as calls that the evaluator makes itself (the continuation protocol): no native recursion, no
//! second evaluator.
//!
//! A class that defines such a method has the generic slot function of `types::slotgeneric` in that slot. Each function here answers None
//! where the slot is another one, the method is no plain Python function, or the order of the two operands' methods is not the usual one:
//! the caller then takes the full operation.

use crate::types::util::{subtype, type_of, type_slots};
use crate::types::{dispatch, lookup, slotgeneric};
use taipan_abi::mode::Mode;
use taipan_abi::opcode::{BinOp, CmpOp};
use taipan_abi::thread::k;
use taipan_abi::types::Slots;
use taipan_abi::word::{TID_FUNCTION, W};
use taipan_interp::space::{Call, Next};
use taipan_plugin_api::{Raised, Res, Space, name};

/// The names of the operators' methods and of their reflected and in-place forms, by BinOp.
fn operator_names(sp: Space, op: BinOp) -> (W, W, W) {
    macro_rules! names {
        ($($op:ident $plain:literal $reflected:literal $inplace:literal;)*) => {
            match op { $(BinOp::$op => (name!(sp, $plain), name!(sp, $reflected), name!(sp, $inplace)),)* }
        };
    }
    names! {
        Add "__add__" "__radd__" "__iadd__"; Sub "__sub__" "__rsub__" "__isub__"; Mul "__mul__" "__rmul__" "__imul__";
        TrueDiv "__truediv__" "__rtruediv__" "__itruediv__"; FloorDiv "__floordiv__" "__rfloordiv__" "__ifloordiv__";
        Mod "__mod__" "__rmod__" "__imod__"; And "__and__" "__rand__" "__iand__"; Or "__or__" "__ror__" "__ior__";
        Xor "__xor__" "__rxor__" "__ixor__"; LShift "__lshift__" "__rlshift__" "__ilshift__";
        RShift "__rshift__" "__rrshift__" "__irshift__"; Pow "__pow__" "__rpow__" "__ipow__";
        MatMul "__matmul__" "__rmatmul__" "__imatmul__";
    }
}

/// The plain Python function that a class has under a name.
#[inline]
pub fn function(sp: Space, w_type: W, w_name: W) -> Option<W> {
    // SAFETY: a live word.
    lookup::lookup(sp, w_type, w_name).filter(|f| unsafe { f.is_tid(TID_FUNCTION) })
}

fn call<M: Mode, const N: usize>(m: M, w_func: W, args: [M::W; N], k: u32) -> Call<M> {
    let mut all = [m.kw(W::NULL); 4];
    all[..N].copy_from_slice(&args);
    Call { w_func, args: all, n: N, k }
}

/// `Some` with the method if the object's class has the generic function in the slot.
macro_rules! generic {
    ($sp:expr, $w:expr, $slot:ident, $generic:path, $name:literal) => {{
        let t = type_of($sp, $w);
        match type_slots(t).$slot {
            Some(f) if f as *const () == $generic as *const () => function($sp, t, name!($sp, $name)),
            _ => None,
        }
    }};
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) $slot:ident $generic:path, $text:literal, $k:expr;)*) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name<M: Mode>(m: M, $($arg: M::W),*) -> Option<Call<M>> {
            let sp = Space::new(m.th());
            let f = generic!(sp, steps!(@first m, $($arg),*), $slot, $generic, $text)?;
            Some(call(m, f, [$($arg),*], $k))
        })*
    };
    (@first $m:ident, $a:ident $(, $rest:ident)*) => { $m.w($a) };
}
steps! {
    /// a[key]
    getitem(a, key) getitem slotgeneric::getitem, "__getitem__", k::DONE;
    /// a[key] = v
    setitem(a, key, v) setitem slotgeneric::setitem, "__setitem__", k::DISCARD;
    /// x in a
    contains(a, x) contains slotgeneric::contains, "__contains__", k::CONTAINS;
    /// iter(a)
    iter(a) iter slotgeneric::iter, "__iter__", k::ITER;
    /// next(a)
    next(a) next slotgeneric::next, "__next__", k::FOR;
}

/// bool(w): `__bool__`, else `__len__`.
#[inline]
pub fn truth<M: Mode>(m: M, w: M::W) -> Option<Call<M>> {
    let sp = Space::new(m.th());
    let t = type_of(sp, m.w(w));
    let s = type_slots(t);
    if let Some(f) = s.bool {
        let python = f as *const () == slotgeneric::bool as *const ();
        return python.then(|| function(sp, t, name!(sp, "__bool__")))?.map(|f| call(m, f, [w], k::BOOL));
    }
    let python = s.len? as *const () == slotgeneric::len as *const ();
    python.then(|| function(sp, t, name!(sp, "__len__")))?.map(|f| call(m, f, [w], k::BOOL_LEN))
}

/// obj(...): the function to call with the object before the arguments.
#[inline]
pub fn callee(sp: Space, w: W) -> Option<W> {
    generic!(sp, w, call, slotgeneric::call, "__call__")
}

/// obj.name = v by `__setattr__`.
pub fn setattr<M: Mode>(m: M, w: M::W, w_name: W, v: M::W) -> Option<Call<M>> {
    let sp = Space::new(m.th());
    let f = generic!(sp, m.w(w), setattr, slotgeneric::setattr, "__setattr__")?;
    Some(call(m, f, [w, m.kw(w_name), v], k::DISCARD))
}

/// obj.name where the class has `__getattr__` and the built-in lookup. The answer is that lookup's, or the call of `__getattr__`.
pub fn getattr<M: Mode>(m: M, w: M::W, w_name: W, k: u32) -> Option<Next<M>> {
    let sp = Space::new(m.th());
    let o = m.w(w);
    let t = type_of(sp, o);
    match type_slots(t).getattr {
        Some(f) if f as *const () == slotgeneric::getattr as *const () => {}
        _ => return None,
    }
    let hook = function(sp, t, name!(sp, "__getattr__"))?;
    if function(sp, t, name!(sp, "__getattribute__")).is_some() {
        return None;
    }
    Some(match slotgeneric::native_getattr_opt(sp, o, t, w_name) {
        Ok(Some(found)) if k == k::DONE => Next::Done(m.kw(found)),
        Ok(Some(found)) => Next::Cont(m.kw(found), k),
        Err(Raised) if !sp.catch(taipan_abi::known::ATTRIBUTE_ERROR) => Next::Raised,
        _ => Next::Call(call(m, hook, [w, m.kw(w_name)], k)),
    })
}

fn has_binary(s: &Slots, op: BinOp) -> bool {
    s.binary[op as usize].is_some_and(|f| f as *const () == slotgeneric::BINARY[op as usize] as *const ())
}

/// a op b, a op= b
#[inline]
pub fn binop<M: Mode>(m: M, op: BinOp, inplace: bool, a: M::W, b: M::W) -> Option<Call<M>> {
    let sp = Space::new(m.th());
    let i = op as usize;
    let ta = type_of(sp, m.w(a));
    let sa = type_slots(ta);
    if inplace {
        if let Some(f) = sa.inplace[i] {
            let python = f as *const () == slotgeneric::INPLACE[i] as *const ();
            let f = python.then(|| function(sp, ta, operator_names(sp, op).2))??;
            return Some(call(m, f, [a, b], k::INPLACE1));
        }
        if sa.inplace_concat.is_some() || sa.inplace_repeat.is_some() {
            return None;
        }
    }
    plain_binop(m, op, a, b)
}

fn plain_binop<M: Mode>(m: M, op: BinOp, a: M::W, b: M::W) -> Option<Call<M>> {
    let sp = Space::new(m.th());
    let (ta, tb) = (type_of(sp, m.w(a)), type_of(sp, m.w(b)));
    let sa = type_slots(ta);
    if has_binary(sa, op) {
        if ta != tb && subtype(tb, ta) {
            return None;
        }
        let f = function(sp, ta, operator_names(sp, op).0)?;
        return Some(call(m, f, [a, b], k::BINOP1));
    }
    if sa.binary[op as usize].is_none() && has_binary(type_slots(tb), op) {
        let f = function(sp, tb, operator_names(sp, op).1)?;
        return Some(call(m, f, [b, a], k::BINOP2));
    }
    None
}

/// A method has answered `v`: the value, or what is tried after NotImplemented.
pub fn binop_next<M: Mode>(m: M, k: u32, op: BinOp, inplace: bool, a: M::W, b: M::W, v: M::W) -> Next<M> {
    if m.w(v) != W::NOT_IMPLEMENTED {
        return Next::Done(v);
    }
    let sp = Space::new(m.th());
    let (wa, wb) = (m.w(a), m.w(b));
    if k == k::INPLACE1 {
        if let Some(c) = plain_binop(m, op, a, b) {
            return Next::Call(c);
        }
        return answer(m, dispatch::after_inplace_slot(sp, op, wa, wb));
    }
    let (ta, tb) = (type_of(sp, wa), type_of(sp, wb));
    if k == k::BINOP1 && ta != tb {
        let s = type_slots(tb);
        if has_binary(s, op) {
            if let Some(f) = function(sp, tb, operator_names(sp, op).1) {
                return Next::Call(call(m, f, [b, a], k::BINOP2));
            }
            match lookup::call_special(sp, wb, operator_names(sp, op).1, &[wa]) {
                Ok(Some(r)) if r != W::NOT_IMPLEMENTED => return Next::Done(m.kw(r)),
                Err(Raised) => return Next::Raised,
                _ => {}
            }
        } else if let Some(g) = s.binary[op as usize] {
            // SAFETY: the slot of the operand's class.
            let r = unsafe { g(sp.th(), wa, wb) };
            if r != W::NOT_IMPLEMENTED {
                return if r.is_null() { Next::Raised } else { Next::Done(m.kw(r)) };
            }
        }
    }
    answer(m, dispatch::after_binary_slots(sp, op, inplace, wa, wb))
}

/// a op b
#[inline]
pub fn compare<M: Mode>(m: M, op: CmpOp, a: M::W, b: M::W) -> Option<Call<M>> {
    let sp = Space::new(m.th());
    let (ta, tb) = (type_of(sp, m.w(a)), type_of(sp, m.w(b)));
    if type_slots(ta).compare? as *const () != slotgeneric::compare as *const () || ta != tb && subtype(tb, ta) {
        return None;
    }
    let f = function(sp, ta, slotgeneric::compare_name(sp, op as u32))?;
    Some(call(m, f, [a, b], k::COMPARE1))
}

/// See `binop_next`.
pub fn compare_next<M: Mode>(m: M, k: u32, op: CmpOp, a: M::W, b: M::W, v: M::W) -> Next<M> {
    if m.w(v) != W::NOT_IMPLEMENTED {
        return Next::Done(v);
    }
    let sp = Space::new(m.th());
    let (wa, wb) = (m.w(a), m.w(b));
    let tb = type_of(sp, wb);
    if k == k::COMPARE1
        && let Some(g) = type_slots(tb).compare
    {
        let swapped = dispatch::SWAPPED[op as usize];
        if g as *const () == slotgeneric::compare as *const ()
            && let Some(f) = function(sp, tb, slotgeneric::compare_name(sp, swapped))
        {
            return Next::Call(call(m, f, [b, a], k::COMPARE2));
        }
        // SAFETY: the slot of the operand's class.
        let r = unsafe { g(sp.th(), wb, wa, swapped) };
        if r != W::NOT_IMPLEMENTED {
            return if r.is_null() { Next::Raised } else { Next::Done(m.kw(r)) };
        }
    }
    answer(m, dispatch::compare_default(sp, wa, wb, op as u32))
}

fn answer<M: Mode>(m: M, r: Res<W>) -> Next<M> {
    match r {
        Ok(w) => Next::Done(m.kw(w)),
        Err(Raised) => Next::Raised,
    }
}
