//! The awaitable of `anext(it, default)`.

use super::util::*;
use super::{iterops, ops};
use taipan_abi::types::Slots;
use taipan_plugin_api::prelude::*;

/// anext_awaitable
#[derive(GcObject)]
#[repr(C)]
pub struct WAnext {
    #[allow(missing_docs)]
    pub header: Header,
    /// What `__anext__` returned.
    pub w_wrapped: W,
    #[allow(missing_docs)]
    pub w_default: W,
    /// The iterator behind it, once started.
    pub w_iter: W,
}
/// Awaiting it gives the next item, or the default at the end.
pub fn new(sp: Space, w_wrapped: W, w_default: W) -> Res<W> {
    // SAFETY: row ANEXT is laid out so; fresh object.
    let (w, a) = unsafe { super::util::new::<WAnext>(sp, super::ANEXT)? };
    a.w_wrapped = w_wrapped;
    a.w_default = w_default;
    Ok(w)
}
fn started(sp: Space, w: W) -> Res<W> {
    // SAFETY: the caller's object is one.
    let a = unsafe { obj::<WAnext>(w) };
    if a.w_iter.is_null() {
        let it = iterops::await_(sp, a.w_wrapped)?;
        setfield!(sp, w, WAnext, w_iter, it);
    }
    Ok(a.w_iter)
}
/// StopAsyncIteration becomes the return of the default.
fn ended<T>(sp: Space, w: W, e: Raised) -> Res<T> {
    if sp.catch(known::STOP_ASYNC_ITERATION) {
        // SAFETY: as above.
        let d = unsafe { obj::<WAnext>(w) }.w_default;
        return Err(sp.raise_object(sp.known(known::STOP_ITERATION), d));
    }
    Err(e)
}
fn step(sp: Space, w: W, v: W) -> Res<W> {
    let it = started(sp, w)?;
    let mut r = W::NONE;
    // SAFETY: a row of the table with a place for its result.
    match unsafe { ops::send(sp.th(), it, v, &mut r) } {
        1 => Ok(r),
        0 => Err(sp.raise_object(sp.known(known::STOP_ITERATION), r)),
        _ => ended(sp, w, Raised),
    }
}
#[slot]
fn iter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn next(sp: Space, w: W) -> Res<Option<W>> {
    step(sp, w, W::NONE).map(Some)
}
/// Send a value.
#[interp_fn(name = "send", method, sig = "($self, arg, /)")]
fn send(sp: Space, w: W, v: W) -> Res<W> {
    step(sp, w, v)
}
/// Raise an exception in the awaitable.
#[interp_fn(name = "throw", method, raw)]
fn throw(sp: Space, w: W, args: Args) -> Res<W> {
    let it = started(sp, w)?;
    match super::calls::call_method(sp, it, name!(sp, "throw"), args) {
        Err(e) => ended(sp, w, e),
        r => r,
    }
}
/// Close the awaitable.
#[interp_fn(name = "close", method, sig = "($self, /)")]
fn close(sp: Space, w: W) -> Res<W> {
    let it = started(sp, w)?;
    sp.call_method(it, name!(sp, "close"), &[])
}
static SLOTS: Slots = Slots { iter: Some(iter), next: Some(next), await_: Some(iter), ..Slots::EMPTY };
typespec!(pub SPEC: WAnext, "anext_awaitable", {
    flags: ty::DISALLOW_INSTANTIATION, slots: &SLOTS, methods: methods![send, throw, close],
});
