//! Iteration: iter, next, the old sequence protocol, callable iterators, asynchronous iteration.

use super::lookup;
use super::util::*;
use taipan_abi::types::Slots;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Iterator over `obj[0]`, `obj[1]`, ... or over calls of `f()` until the sentinel.
#[derive(GcObject)]
#[repr(C)]
pub struct WOldIter {
    #[allow(missing_docs)]
    pub header: Header,
    /// The sequence or function; NULL when exhausted.
    pub w_obj: W,
    /// The sentinel (callable iterators).
    pub w_sentinel: W,
    #[allow(missing_docs)]
    pub index: i64,
}
fn this(w: W) -> &'static mut WOldIter {
    // SAFETY: the caller's object is one of these iterators.
    unsafe { obj::<WOldIter>(w) }
}
fn make(sp: Space, tid: u32, w_obj: W, w_sentinel: W) -> Res<W> {
    // SAFETY: both rows are laid out so; fresh object.
    let (w, it) = unsafe { new::<WOldIter>(sp, tid)? };
    it.w_obj = w_obj;
    it.w_sentinel = w_sentinel;
    Ok(w)
}
/// The iterator of an object that only has `__getitem__`.
pub fn getitem_iter(sp: Space, w: W) -> Res<W> {
    if slots_of(sp, w).getitem.is_some() && sp.layout(w) != taipan_abi::word::TID_DICT {
        return make(sp, super::SEQ_ITER, w, W::NULL);
    }
    Err(raise!(sp, TYPE_ERROR, "'{}' object is not iterable", tname(sp, w)))
}
/// iter(f, sentinel)
pub fn callable_iter(sp: Space, w_func: W, w_sentinel: W) -> Res<W> {
    make(sp, super::CALLABLE_ITER, w_func, w_sentinel)
}
/// iter(a)
#[inline]
pub fn iter(sp: Space, w: W) -> Res<W> {
    let Some(f) = slots_of(sp, w).iter else { return getitem_iter(sp, w) };
    // SAFETY: the slot of the object's class.
    let it = res(unsafe { f(sp.th(), w) })?;
    if slots_of(sp, it).next.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "iter() returned non-iterator of type '{}'", tname(sp, it)));
    }
    Ok(it)
}
/// next(a); None when exhausted, whether the slot says so by itself or by StopIteration.
#[inline]
pub fn next(sp: Space, w: W) -> Res<Option<W>> {
    let Some(f) = slots_of(sp, w).next else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object is not an iterator", tname(sp, w)));
    };
    // SAFETY: the slot of the object's class.
    let r = unsafe { f(sp.th(), w) };
    if !r.is_null() {
        return Ok(Some(r));
    }
    if !sp.pending() || sp.catch(known::STOP_ITERATION) { Ok(None) } else { Err(Raised) }
}
/// `x in w` by iteration.
pub fn contains_by_iteration(sp: Space, w: W, x: W) -> Res<bool> {
    let it = match iter(sp, w) {
        Ok(it) => it,
        Err(r) => {
            if sp.catch(known::TYPE_ERROR) {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "argument of type '{}' is not a container or iterable",
                    tname(sp, w)
                ));
            }
            return Err(r);
        }
    };
    while let Some(v) = next(sp, it)? {
        if sp.eq_w(v, x)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[slot]
fn self_iter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn seq_next(sp: Space, w: W) -> Res<Option<W>> {
    let it = this(w);
    if it.w_obj.is_null() {
        return Ok(None);
    }
    if it.index == i64::MAX >> 1 {
        return Err(sp.overflow_error("iter index too large"));
    }
    match sp.getitem(it.w_obj, sp.newint(it.index)) {
        Ok(v) => {
            this(w).index += 1;
            Ok(Some(v))
        }
        Err(r) => {
            if sp.catch(known::INDEX_ERROR) || sp.catch(known::STOP_ITERATION) {
                this(w).w_obj = W::NULL;
                return Ok(None);
            }
            Err(r)
        }
    }
}
/// Private method returning an estimate of len(list(it)).
#[interp_fn(name = "__length_hint__", method, sig = "($self, /)")]
fn seq_hint(sp: Space, w: W) -> Res<W> {
    let it = this(w);
    if it.w_obj.is_null() {
        return Ok(W::int(0));
    }
    if slots_of(sp, it.w_obj).len.is_none() {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let n = sp.len(it.w_obj)? - it.index;
    Ok(sp.newint(n.max(0)))
}
/// Return state information for pickling.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn seq_reduce(sp: Space, w: W) -> Res<W> {
    let f = sp.builtin(name!(sp, "iter"))?;
    let it = this(w);
    if it.w_obj.is_null() {
        let e = sp.newtuple(&[])?;
        let a = sp.newtuple(&[e])?;
        return sp.newtuple(&[f, a]);
    }
    let a = sp.newtuple(&[it.w_obj])?;
    sp.newtuple(&[f, a, sp.newint(it.index)])
}
/// Set state information for unpickling.
#[interp_fn(name = "__setstate__", method, sig = "($self, state, /)")]
fn seq_setstate(_sp: Space, w: W, i: i64) -> Res<()> {
    let it = this(w);
    if !it.w_obj.is_null() {
        it.index = i.max(0)
    }
    Ok(())
}
#[slot]
fn call_next(sp: Space, w: W) -> Res<Option<W>> {
    let it = this(w);
    if it.w_obj.is_null() {
        return Ok(None);
    }
    match sp.call(it.w_obj, &[]) {
        Ok(v) => {
            if !this(w).w_obj.is_null() && !sp.eq_w(v, this(w).w_sentinel)? {
                return Ok(Some(v));
            }
        }
        Err(r) => {
            if !sp.catch(known::STOP_ITERATION) {
                return Err(r);
            }
        }
    }
    this(w).w_obj = W::NULL;
    Ok(None)
}
/// Return state information for pickling.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn call_reduce(sp: Space, w: W) -> Res<W> {
    let f = sp.builtin(name!(sp, "iter"))?;
    let it = this(w);
    let a = if it.w_obj.is_null() {
        let e = sp.newtuple(&[])?;
        sp.newtuple(&[e])?
    } else {
        sp.newtuple(&[it.w_obj, it.w_sentinel])?
    };
    sp.newtuple(&[f, a])
}
static SEQ_SLOTS: Slots = Slots { iter: Some(self_iter), next: Some(seq_next), ..Slots::EMPTY };
typespec!(pub SEQ_ITER: WOldIter, "iterator", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &SEQ_SLOTS, methods: methods![seq_hint, seq_reduce, seq_setstate],
});
static CALL_SLOTS: Slots = Slots { iter: Some(self_iter), next: Some(call_next), ..Slots::EMPTY };
typespec!(pub CALLABLE_ITER: WOldIter, "callable_iterator", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &CALL_SLOTS, methods: methods![call_reduce],
});

// ---- asynchronous ----

/// aiter(a)
pub fn aiter(sp: Space, w: W) -> Res<W> {
    let Some(f) = slots_of(sp, w).aiter else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "'async for' requires an object with __aiter__ method, got {}",
            tname(sp, w)
        ));
    };
    // SAFETY: the slot of the object's class.
    let it = res(unsafe { f(sp.th(), w) })?;
    if slots_of(sp, it).anext.is_none() {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            tname(sp, it)
        ));
    }
    Ok(it)
}
/// anext(a): the awaitable.
pub fn anext(sp: Space, w: W) -> Res<W> {
    let Some(f) = slots_of(sp, w).anext else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "'async for' requires an iterator with __anext__ method, got {}",
            tname(sp, w)
        ));
    };
    // SAFETY: the slot of the object's class.
    res(unsafe { f(sp.th(), w) })
}
/// The iterator behind an awaitable.
pub fn await_(sp: Space, w: W) -> Res<W> {
    use taipan_abi::word::*;
    let l = sp.layout(w);
    if l == TID_COROUTINE {
        return Ok(w);
    }
    if l == TID_GENERATOR {
        // types.coroutine marks a generator's code as iterable coroutine.
        // SAFETY: generators begin with header, length, code.
        let code = unsafe { *w.ptr::<W>().add(2) };
        // SAFETY: a code object, or NULL.
        if !code.is_null() && unsafe { (*code.ptr::<taipan_abi::thread::Code>()).flags } & 0x100 != 0 {
            return Ok(w);
        }
    }
    let Some(f) = slots_of(sp, w).await_ else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object can't be awaited", tname(sp, w)));
    };
    // SAFETY: the slot of the object's class.
    let it = res(unsafe { f(sp.th(), w) })?;
    if sp.layout(it) == TID_COROUTINE {
        return Err(sp.type_error("__await__() returned a coroutine"));
    }
    if slots_of(sp, it).next.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "__await__() returned non-iterator of type '{}'", tname(sp, it)));
    }
    Ok(it)
}
/// operator.length_hint
pub fn length_hint(sp: Space, w: W, default: i64) -> Res<i64> {
    if let Some(f) = slots_of(sp, w).len {
        // SAFETY: the slot of the object's class.
        let n = unsafe { f(sp.th(), w) };
        if n >= 0 {
            return Ok(n);
        }
        if !sp.catch(known::TYPE_ERROR) {
            return Err(Raised);
        }
    }
    let r = match lookup::call_special(sp, w, name!(sp, "__length_hint__"), &[]) {
        Ok(Some(r)) => r,
        Ok(None) => return Ok(default),
        Err(r) => {
            if sp.catch(known::TYPE_ERROR) {
                return Ok(default);
            }
            return Err(r);
        }
    };
    if r == W::NOT_IMPLEMENTED {
        return Ok(default);
    }
    let l = sp.layout(r);
    if !r.is_int() && l != taipan_abi::word::TID_LONG && l != taipan_abi::word::TID_BOOL {
        return Err(raise!(sp, TYPE_ERROR, "__length_hint__ must be an integer, not {}", tname(sp, r)));
    }
    let n = sp.int_w(r)?;
    if n < 0 {
        return Err(sp.value_error("__length_hint__() should return >= 0"));
    }
    Ok(n)
}
