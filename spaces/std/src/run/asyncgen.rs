//! Async generators: their methods answer awaitables that drive the suspended frame.
//!
//! A value yielded by the generator itself is marked by a wrapper, so that what an awaited object yields can pass through.

use super::gentype::{self, gen_obj};
use crate::layouts::{WGenerator, tid};
use taipan_abi::known;
use taipan_abi::types::{Slots, TypeSpec};
use taipan_abi::word::W;
use taipan_interp::generator::{self, Sent};
use taipan_interp::objects::gen_flags::{ACLOSED, HOOKED};
use taipan_interp::objects::gen_state;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, slot, table};

#[derive(GcObject)]
#[repr(C)]
struct WWrapped {
    header: Header,
    w_value: W,
}
/// Row of the mark of a yielded value.
pub const TID_WRAPPED: u32 = tid::RUN + 1;
/// Row of asend and athrow/aclose awaitables.
pub const TID_ASEND: u32 = tid::RUN + 2;
/// See TID_ASEND.
pub const TID_ATHROW: u32 = tid::RUN + 3;
/// Row of the awaitable of `anext(x, default)`.
pub const TID_ANEXT: u32 = tid::RUN + 4;

typespec!(
    /// async_generator_wrapped_value
    pub WRAPPED: WWrapped, "async_generator_wrapped_value", { flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION }
);

/// AsyncGenWrap.
pub fn wrap(sp: Space, w: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let o = sp.alloc(TID_WRAPPED, 16)?;
        (*o.ptr::<WWrapped>()).w_value = w;
        Ok(o)
    }
}

const INIT: u64 = 0;
const ITERATING: u64 = 1;
const CLOSED: u64 = 2;

/// asend: `w_arg` is the value; athrow: its three arguments, or NULL for aclose.
#[derive(GcObject)]
#[repr(C)]
struct WAwaitable {
    header: Header,
    w_gen: W,
    w_arg: W,
    state: u64,
}
fn aw<'a>(w: W) -> &'a mut WAwaitable {
    // SAFETY: the gateway has checked the type.
    unsafe { &mut *w.ptr() }
}
fn awaitable(sp: Space, tid: u32, w_gen: W, w_arg: W) -> Res<W> {
    init_hooks(sp, w_gen)?;
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let o = sp.alloc(tid, 32)?;
        let a = &mut *o.ptr::<WAwaitable>();
        a.w_gen = w_gen;
        a.w_arg = w_arg;
        ((*sp.thread().gcvt).reg_finalizer)(sp.th().cast(), o.ptr());
        Ok(o)
    }
}

/// The awaitable is used: nothing is to be said at its end.
fn begin(w: W) {
    // SAFETY: a live object.
    unsafe { w.header().rt |= taipan_abi::word::RT_FINALIZED };
}

/// An awaitable that nobody awaited is reported.
unsafe extern "C-unwind" fn awaitable_del(th: *mut taipan_abi::thread::Thread, w: W) {
    let (sp, a) = (Space::new(th), aw(w));
    if a.state != INIT {
        return;
    }
    let method = match (w.is_tid(TID_ASEND), a.w_arg.is_null()) {
        (true, _) => "asend",
        (_, true) => "aclose",
        _ => "athrow",
    };
    let warn = || -> Res<()> {
        let q = sp.string_w(gen_obj(a.w_gen).w_qualname)?;
        sp.warn(known::RUNTIME_WARNING, &format!("coroutine method '{method}' of '{q}' was never awaited"), 1)
    };
    if warn().is_err() {
        crate::types::slotgeneric::ignored(sp, "finalizing coroutine method", w);
    }
}

fn init_hooks(sp: Space, w_gen: W) -> Res<()> {
    let g = gen_obj(w_gen);
    if g.ag_flags & HOOKED != 0 {
        return Ok(());
    }
    g.ag_flags |= HOOKED;
    let (w_first, w_final) = (sp.thread().w_asyncgen_firstiter, sp.thread().w_asyncgen_finalizer);
    if !w_final.is_null() {
        taipan_plugin_api::setfield!(sp, w_gen, WGenerator, w_finalizer, w_final);
        taipan_interp::watch::register(sp, w_gen);
    }
    if !w_first.is_null() {
        sp.call(w_first, &[w_gen])?;
    }
    Ok(())
}

#[slot]
fn identity(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn ag_anext(sp: Space, w: W) -> Res<W> {
    awaitable(sp, TID_ASEND, w, W::NONE)
}
/// An awaitable that resumes the generator with a value.
#[interp_fn(method, sig = "(self, value, /)")]
fn asend(sp: Space, w: W, v: W) -> Res<W> {
    awaitable(sp, TID_ASEND, w, v)
}
/// An awaitable that raises an exception in the generator.
#[interp_fn(method, sig = "(self, typ, val=None, tb=None, /)")]
fn athrow(sp: Space, w: W, w_type: W, w_value: Option<W>, w_tb: Option<W>) -> Res<W> {
    if w_value.is_some() {
        sp.warn(
            known::DEPRECATION_WARNING,
            "the (type, exc, tb) signature of athrow() is deprecated, use the single-arg signature instead.",
            1,
        )?;
    }
    // What they mean is found out when the awaitable runs.
    let w_what = sp.newtuple(&[w_type, w_value.unwrap_or(W::NONE), w_tb.unwrap_or(W::NONE)])?;
    awaitable(sp, TID_ATHROW, w, w_what)
}
/// An awaitable that closes the generator.
#[interp_fn(method, sig = "(self)")]
fn aclose(sp: Space, w: W) -> Res<W> {
    awaitable(sp, TID_ATHROW, w, W::NULL)
}

/// What the generator's frame answered: a wrapped value is the awaitable's result, others pass through.
fn unwrap(sp: Space, w_gen: W, r: Res<Sent>) -> Res<W> {
    let g = gen_obj(w_gen);
    match r {
        Ok(Sent::Yielded(v)) => {
            // SAFETY: a live word.
            if unsafe { v.is_tid(TID_WRAPPED) } {
                g.ag_running = 0;
                // SAFETY: just checked.
                let value = unsafe { (*v.ptr::<WWrapped>()).w_value };
                generator::stop_iteration(sp, value);
                return Err(Raised);
            }
            Ok(v)
        }
        Ok(Sent::Returned(_)) => {
            g.ag_running = 0;
            g.ag_flags |= ACLOSED;
            Err(sp.raise_object(sp.known(known::STOP_ASYNC_ITERATION), W::NULL))
        }
        Err(Raised) => {
            g.ag_running = 0;
            let w = sp.thread().exc;
            if sp.exc_match(w, sp.known(known::STOP_ASYNC_ITERATION))?
                || sp.exc_match(w, sp.known(known::GENERATOR_EXIT))?
            {
                g.ag_flags |= ACLOSED;
            }
            Err(Raised)
        }
    }
}

fn reused(sp: Space, what: &str) -> Raised {
    sp.runtime_error(&format!("cannot reuse already awaited {what}"))
}

fn asend_step(sp: Space, w: W, v: W) -> Res<W> {
    let a = aw(w);
    if a.state == CLOSED {
        return Err(reused(sp, "__anext__()/asend()"));
    }
    let mut v = v;
    if a.state == INIT {
        begin(w);
        if gen_obj(a.w_gen).ag_running != 0 {
            a.state = CLOSED;
            return Err(sp.runtime_error("anext(): asynchronous generator is already running"));
        }
        if v.is_none() || v.is_null() {
            v = a.w_arg;
        }
        a.state = ITERATING;
    }
    gen_obj(a.w_gen).ag_running = 1;
    let r = generator::send(sp, a.w_gen, v, W::NULL);
    let r = unwrap(sp, a.w_gen, r);
    if r.is_err() {
        aw(w).state = CLOSED;
    }
    r
}

#[slot]
fn asend_next(sp: Space, w: W) -> Res<Option<W>> {
    asend_step(sp, w, W::NONE).map(Some)
}
/// Resumes.
#[interp_fn(method, name = "send", sig = "(self, value, /)")]
fn asend_send(sp: Space, w: W, v: W) -> Res<W> {
    asend_step(sp, w, v)
}
/// Raises in the generator.
#[interp_fn(method, name = "throw", sig = "(self, typ, val=None, tb=None, /)")]
fn asend_throw(sp: Space, w: W, w_type: W, w_value: W, w_tb: W) -> Res<W> {
    let a = aw(w);
    if a.state == CLOSED {
        return Err(reused(sp, "__anext__()/asend()"));
    }
    if a.state == INIT {
        begin(w);
        if gen_obj(a.w_gen).ag_running != 0 {
            a.state = CLOSED;
            return Err(sp.runtime_error("anext(): asynchronous generator is already running"));
        }
        a.state = ITERATING;
    }
    gen_obj(a.w_gen).ag_running = 1;
    let w_exc = gentype::thrown(sp, w_type, w_value, w_tb)?;
    let r = generator::throw(sp, a.w_gen, w_exc, false);
    let r = unwrap(sp, a.w_gen, r);
    if r.is_err() {
        aw(w).state = CLOSED;
    }
    r
}
/// Closes.
#[interp_fn(method, name = "close", sig = "(self)")]
fn asend_close(sp: Space, w: W) -> Res<()> {
    close_awaitable(sp, w, |sp, w, e| {
        aw(w).state = ITERATING;
        let r = generator::throw(sp, aw(w).w_gen, e, false);
        unwrap(sp, aw(w).w_gen, r)
    })
}
fn close_awaitable(sp: Space, w: W, throw: impl Fn(Space, W, W) -> Res<W>) -> Res<()> {
    if aw(w).state == CLOSED {
        return Ok(());
    }
    if aw(w).state == INIT {
        begin(w);
        aw(w).state = CLOSED;
        return Ok(());
    }
    let w_exc = sp.call(sp.known(known::GENERATOR_EXIT), &[])?;
    match throw(sp, w, w_exc) {
        Ok(_) => Err(sp.runtime_error("coroutine ignored GeneratorExit")),
        Err(Raised) => {
            aw(w).state = CLOSED;
            let done = sp.catch(known::GENERATOR_EXIT)
                || sp.catch(known::STOP_ASYNC_ITERATION)
                || sp.catch(known::STOP_ITERATION);
            if done { Ok(()) } else { Err(Raised) }
        }
    }
}

fn athrow_step(sp: Space, w: W, v: W) -> Res<W> {
    let a = aw(w);
    let closing = a.w_arg.is_null();
    if a.state == CLOSED {
        return Err(reused(sp, "aclose()/athrow()"));
    }
    let g = gen_obj(a.w_gen);
    if a.state == INIT {
        begin(w);
        if g.ag_running != 0 {
            a.state = CLOSED;
            let what = if closing { "aclose" } else { "athrow" };
            return Err(sp.runtime_error(&format!("{what}(): asynchronous generator is already running")));
        }
        if g.ag_flags & ACLOSED != 0 || g.state == gen_state::CLOSED {
            a.state = CLOSED;
            let kind = if closing { known::STOP_ITERATION } else { known::STOP_ASYNC_ITERATION };
            return Err(sp.raise_object(sp.known(kind), W::NULL));
        }
        if !v.is_none() && !v.is_null() {
            return Err(sp.runtime_error("can't send non-None value to a just-started async generator"));
        }
        a.state = ITERATING;
        g.ag_running = 1;
        let w_exc = if closing {
            g.ag_flags |= ACLOSED;
            sp.call(sp.known(known::GENERATOR_EXIT), &[])?
        } else {
            let what = sp.tuple_items(a.w_arg);
            match gentype::thrown(sp, what[0], what[1], what[2]) {
                Ok(w_exc) => w_exc,
                Err(Raised) => return athrow_answer(sp, w, Err(Raised)),
            }
        };
        let r = generator::throw(sp, a.w_gen, w_exc, false);
        return athrow_answer(sp, w, r);
    }
    let r = generator::send(sp, a.w_gen, v, W::NULL);
    athrow_answer(sp, w, r)
}

fn athrow_answer(sp: Space, w: W, r: Res<Sent>) -> Res<W> {
    let a = aw(w);
    let closing = a.w_arg.is_null();
    if !closing {
        let r = unwrap(sp, a.w_gen, r);
        if r.is_err() {
            aw(w).state = CLOSED;
        }
        return r;
    }
    match r {
        // SAFETY: a live word.
        Ok(Sent::Yielded(v)) if unsafe { v.is_tid(TID_WRAPPED) } => {
            gen_obj(a.w_gen).ag_running = 0;
            aw(w).state = CLOSED;
            Err(sp.runtime_error("async generator ignored GeneratorExit"))
        }
        Ok(Sent::Yielded(v)) => Ok(v),
        other => {
            gen_obj(a.w_gen).ag_running = 0;
            aw(w).state = CLOSED;
            let done = match other {
                Ok(_) => true,
                Err(Raised) => sp.catch(known::STOP_ASYNC_ITERATION) || sp.catch(known::GENERATOR_EXIT),
            };
            if done {
                generator::stop_iteration(sp, W::NONE);
            }
            Err(Raised)
        }
    }
}

#[slot]
fn athrow_next(sp: Space, w: W) -> Res<Option<W>> {
    athrow_step(sp, w, W::NONE).map(Some)
}
/// Resumes.
#[interp_fn(method, name = "send", sig = "(self, value, /)")]
fn athrow_send(sp: Space, w: W, v: W) -> Res<W> {
    athrow_step(sp, w, v)
}
/// Raises in the generator.
#[interp_fn(method, name = "throw", sig = "(self, typ, val=None, tb=None, /)")]
fn athrow_throw(sp: Space, w: W, w_type: W, w_value: W, w_tb: W) -> Res<W> {
    let a = aw(w);
    if a.state == CLOSED {
        return Err(reused(sp, "aclose()/athrow()"));
    }
    if a.state == INIT {
        begin(w);
        if gen_obj(a.w_gen).ag_running != 0 {
            a.state = CLOSED;
            let what = if a.w_arg.is_null() { "aclose" } else { "athrow" };
            return Err(sp.runtime_error(&format!("{what}(): asynchronous generator is already running")));
        }
    }
    a.state = ITERATING;
    gen_obj(a.w_gen).ag_running = 1;
    let w_exc = gentype::thrown(sp, w_type, w_value, w_tb)?;
    let r = generator::throw(sp, a.w_gen, w_exc, false);
    athrow_answer(sp, w, r)
}
/// Closes.
#[interp_fn(method, name = "close", sig = "(self)")]
fn athrow_close(sp: Space, w: W) -> Res<()> {
    close_awaitable(sp, w, |sp, w, e| {
        let r = generator::throw(sp, aw(w).w_gen, e, false);
        athrow_answer(sp, w, r)
    })
}

typespec!(
    /// async_generator_asend
    pub ASEND: WAwaitable, "async_generator_asend", {
        flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
        slots: &Slots { iter: Some(identity), next: Some(asend_next), await_: Some(identity), del: Some(awaitable_del), ..Slots::EMPTY },
        methods: methods![asend_send, asend_throw, asend_close],
    }
);
typespec!(
    /// async_generator_athrow
    pub ATHROW: WAwaitable, "async_generator_athrow", {
        flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
        slots: &Slots { iter: Some(identity), next: Some(athrow_next), await_: Some(identity), del: Some(awaitable_del), ..Slots::EMPTY },
        methods: methods![athrow_send, athrow_throw, athrow_close],
    }
);

/// `anext(aiterator, default)`: awaits, and answers the default for StopAsyncIteration.
#[derive(GcObject)]
#[repr(C)]
struct WAnext {
    header: Header,
    w_awaitable: W,
    w_default: W,
}
/// The awaitable of `anext` with a default.
pub fn anext_default(sp: Space, w_awaitable: W, w_default: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let o = sp.alloc(TID_ANEXT, 24)?;
        let a = &mut *o.ptr::<WAnext>();
        a.w_awaitable = w_awaitable;
        a.w_default = w_default;
        Ok(o)
    }
}
fn an<'a>(w: W) -> &'a WAnext {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}
fn drive(sp: Space, w: W, f: impl Fn(W) -> Res<W>) -> Res<W> {
    let it = taipan_interp::rare_exc::awaitable_iter(sp, an(w).w_awaitable)?;
    // SAFETY: a live word.
    let it = if unsafe { it.is_tid(taipan_abi::word::TID_COROUTINE) } { gentype::coroutine_iter(sp, it)? } else { it };
    f(it).or_else(|e| {
        if sp.catch(known::STOP_ASYNC_ITERATION) {
            generator::stop_iteration(sp, an(w).w_default);
        }
        Err(e)
    })
}
#[slot]
fn anext_next(sp: Space, w: W) -> Res<Option<W>> {
    drive(sp, w, |it| sp.call_method(it, name!(sp, "__next__"), &[])).map(Some)
}
/// Resumes.
#[interp_fn(method, name = "send", sig = "(self, value, /)")]
fn anext_send(sp: Space, w: W, v: W) -> Res<W> {
    drive(sp, w, |it| sp.call_method(it, name!(sp, "send"), &[v]))
}
/// Raises.
#[interp_fn(method, name = "throw", sig = "(self, typ, val=None, tb=None, /)")]
fn anext_throw(sp: Space, w: W, w_type: W, w_value: W, w_tb: W) -> Res<W> {
    let w_exc = gentype::thrown(sp, w_type, w_value, w_tb)?;
    drive(sp, w, |it| sp.call_method(it, name!(sp, "throw"), &[w_exc]))
}
/// Closes.
#[interp_fn(method, name = "close", sig = "(self)")]
fn anext_close(sp: Space, w: W) -> Res<W> {
    drive(sp, w, |it| sp.call_method(it, name!(sp, "close"), &[]))
}
typespec!(
    /// anext_awaitable
    pub ANEXT: WAnext, "anext_awaitable", {
        flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
        slots: &Slots { iter: Some(identity), next: Some(anext_next), await_: Some(identity), ..Slots::EMPTY },
        methods: methods![anext_send, anext_throw, anext_close],
    }
);

#[slot]
fn ag_repr(sp: Space, w: W) -> Res<W> {
    let q = sp.string_w(gen_obj(w).w_qualname)?;
    sp.newstr(&format!("<async_generator object {q} at {:#x}>", w.0))
}
#[slot]
fn ag_running(_sp: Space, w: W) -> Res<W> {
    Ok(W::bool(gen_obj(w).ag_running != 0))
}

/// async_generator
pub static ASYNC_GENERATOR: TypeSpec = TypeSpec {
    name: Str::new("async_generator"),
    doc: Str::new("A suspended async function that yields values."),
    slots: &Slots {
        aiter: Some(identity),
        anext: Some(ag_anext),
        repr: Some(ag_repr),
        del: Some(gentype::gen_del),
        ..Slots::EMPTY
    },
    methods: methods![asend, athrow, aclose],
    getset: table![
        getset!("__name__", gentype::get_name, gentype::set_name),
        getset!("__qualname__", gentype::get_qualname, gentype::set_qualname),
        getset!("ag_code", gentype::get_code),
        getset!("ag_frame", gentype::get_frame),
        getset!("ag_running", ag_running),
        getset!("ag_suspended", gentype::get_suspended),
        getset!("ag_await", gentype::get_delegate),
    ],
    ..gentype::ASYNC_LAYOUT
};
