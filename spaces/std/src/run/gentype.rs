//! Generators and coroutines as Python sees them.

use crate::layouts::{WGenerator, tid};
use crate::types::slotgeneric::ignored;
use taipan_abi::known;
use taipan_abi::types::{Slots, TypeSpec};
use taipan_abi::word::W;
use taipan_interp::frames;
use taipan_interp::generator::{self, Sent};
use taipan_interp::objects::gen_flags::ACLOSED;
use taipan_interp::objects::gen_state;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, setfield, slot, table};

pub(super) fn gen_obj<'a>(w: W) -> &'a mut WGenerator {
    // SAFETY: the gateway has checked the type.
    unsafe { &mut *w.ptr() }
}

#[slot]
fn gen_iter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn gen_next(sp: Space, w: W) -> Res<Option<W>> {
    match generator::send(sp, w, W::NONE, W::NULL)? {
        Sent::Yielded(v) => Ok(Some(v)),
        Sent::Returned(v) => {
            if !v.is_none() {
                generator::stop_iteration(sp, v);
                return Err(Raised);
            }
            Ok(None)
        }
    }
}
#[slot]
fn gen_send_slot(sp: Space, w: W, v: W, out: *mut W) -> Res<i32> {
    // SAFETY: the caller's word.
    unsafe {
        match generator::send(sp, w, v, W::NULL)? {
            Sent::Yielded(r) => {
                *out = r;
                Ok(1)
            }
            Sent::Returned(r) => {
                *out = r;
                Ok(0)
            }
        }
    }
}

/// A generator method's answer: the yielded value, or StopIteration.
pub(super) fn answer(sp: Space, s: Sent) -> Res<W> {
    match s {
        Sent::Yielded(v) => Ok(v),
        Sent::Returned(v) => {
            generator::stop_iteration(sp, v);
            Err(Raised)
        }
    }
}

/// Resumes with a value, which the yield expression answers.
#[interp_fn(method, sig = "(self, value, /)")]
fn send(sp: Space, w: W, v: W) -> Res<W> {
    let s = generator::send(sp, w, v, W::NULL)?;
    answer(sp, s)
}

/// An exception class called with the value of `throw(type, value)`.
fn instance(sp: Space, w_type: W, w_value: W) -> Res<W> {
    let w_exc = if w_value.is_none() {
        sp.call(w_type, &[])?
    } else if sp.isinstance(w_value, w_type)? {
        w_value
    } else if sp.tuple_opt(w_value).is_some() {
        sp.call_ex(w_type, w_value, W::NULL)?
    } else {
        sp.call(w_type, &[w_value])?
    };
    if !sp.isinstance(w_exc, sp.known(known::BASE_EXCEPTION))? {
        let (q, t) = (sp.repr_string(w_type)?, sp.type_name(w_exc));
        return Err(raise!(sp, TYPE_ERROR, "calling {q} should have returned an instance of BaseException, not {t}"));
    }
    Ok(w_exc)
}

/// The exception instance that `throw(type, value, traceback)` means.
pub fn thrown(sp: Space, w_type: W, w_value: W, w_tb: W) -> Res<W> {
    if !w_tb.is_none() && sp.layout(w_tb) != taipan_abi::word::TID_TRACEBACK {
        return Err(sp.type_error("throw() third argument must be a traceback object"));
    }
    let base = sp.known(known::BASE_EXCEPTION);
    let w_exc = if sp.isinstance(w_type, sp.known(known::TYPE))? && sp.issubclass(w_type, base)? {
        match instance(sp, w_type, w_value) {
            Ok(w) => w,
            // What went wrong is raised in the generator instead.
            Err(Raised) => return Ok(sp.take_exc()),
        }
    } else if sp.isinstance(w_type, base)? {
        if !w_value.is_none() {
            return Err(sp.type_error("instance exception may not have a separate value"));
        }
        w_type
    } else {
        let t = sp.type_name(w_type);
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "exceptions must be classes or instances deriving from BaseException, not {t}"
        ));
    };
    if !w_tb.is_none() {
        // SAFETY: an exception instance.
        unsafe { frames::set_exc_traceback(sp, w_exc, w_tb) };
    }
    Ok(w_exc)
}

/// Raises an exception where the generator is suspended.
#[interp_fn(method, sig = "(self, typ, val=None, tb=None, /)")]
fn throw(sp: Space, w: W, w_type: W, w_value: Option<W>, w_tb: Option<W>) -> Res<W> {
    throw_into(sp, w, w_type, w_value, w_tb)
}

fn throw_into(sp: Space, w: W, w_type: W, w_value: Option<W>, w_tb: Option<W>) -> Res<W> {
    if w_value.is_some() {
        sp.warn(
            known::DEPRECATION_WARNING,
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.",
            1,
        )?;
    }
    let w_exc = thrown(sp, w_type, w_value.unwrap_or(W::NONE), w_tb.unwrap_or(W::NONE))?;
    let s = generator::throw(sp, w, w_exc, true)?;
    answer(sp, s)
}

/// Raises GeneratorExit where the generator is suspended.
#[interp_fn(method, sig = "(self)")]
fn close(sp: Space, w: W) -> Res<W> {
    generator::close(sp, w)
}

macro_rules! describe {
    ($repr:ident, $kind:literal) => {
        #[slot]
        fn $repr(sp: Space, w: W) -> Res<W> {
            let q = sp.string_w(gen_obj(w).w_qualname)?;
            sp.newstr(&format!(concat!("<", $kind, " object {} at {:#x}>"), q, w.0))
        }
    };
}
describe!(gen_repr, "generator");
describe!(coro_repr, "coroutine");

#[slot]
pub(super) fn get_name(_sp: Space, w: W) -> Res<W> {
    Ok(gen_obj(w).w_name)
}
#[slot]
pub(super) fn set_name(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() || sp.text_opt(v).is_none() {
        return Err(sp.type_error("__name__ must be set to a string object"));
    }
    setfield!(sp, w, WGenerator, w_name, v);
    Ok(())
}
#[slot]
pub(super) fn get_qualname(_sp: Space, w: W) -> Res<W> {
    Ok(gen_obj(w).w_qualname)
}
#[slot]
pub(super) fn set_qualname(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() || sp.text_opt(v).is_none() {
        return Err(sp.type_error("__qualname__ must be set to a string object"));
    }
    setfield!(sp, w, WGenerator, w_qualname, v);
    Ok(())
}
#[slot]
pub(super) fn get_code(_sp: Space, w: W) -> Res<W> {
    Ok(gen_obj(w).w_code)
}
#[slot]
pub(super) fn get_running(_sp: Space, w: W) -> Res<W> {
    Ok(W::bool(gen_obj(w).state == gen_state::RUNNING))
}
#[slot]
pub(super) fn get_suspended(_sp: Space, w: W) -> Res<W> {
    Ok(W::bool(gen_obj(w).state == gen_state::SUSPENDED))
}
#[slot]
pub(super) fn get_delegate(_sp: Space, w: W) -> Res<W> {
    Ok(generator::delegate(w).unwrap_or(W::NONE))
}
#[slot]
pub(super) fn get_frame(sp: Space, w: W) -> Res<W> {
    super::frametype::of_generator(sp, w)
}
#[slot]
fn get_origin(_sp: Space, w: W) -> Res<W> {
    let o = gen_obj(w).w_origin;
    Ok(if o.is_null() { W::NONE } else { o })
}

/// Bytes the object occupies.
#[interp_fn(method, name = "__sizeof__", sig = "(self)")]
fn sizeof(_sp: Space, w: W) -> Res<i64> {
    Ok(std::mem::size_of::<WGenerator>() as i64 + gen_obj(w).len as i64 * 8)
}

/// An unreachable generator is closed; a coroutine that nobody awaited is reported; an async generator is left to its hook.
pub(super) unsafe extern "C-unwind" fn gen_del(th: *mut taipan_abi::thread::Thread, w: W) {
    let sp = Space::new(th);
    let g = gen_obj(w);
    match g.state {
        gen_state::SUSPENDED | gen_state::CREATED if g.ag_flags & ACLOSED == 0 && !g.w_finalizer.is_null() => {
            let w_hook = g.w_finalizer;
            if sp.call(w_hook, &[w]).is_err() {
                ignored(sp, "calling finalizer", w_hook);
            }
        }
        gen_state::SUSPENDED => {
            if generator::close(sp, w).is_err() {
                ignored(sp, "closing generator", w);
            }
        }
        // SAFETY: a live word.
        gen_state::CREATED if unsafe { w.is_tid(taipan_abi::word::TID_COROUTINE) } => {
            if never_awaited(sp, w).is_err() {
                ignored(sp, "finalizing coroutine", w);
            }
        }
        _ => {}
    }
}

fn never_awaited(sp: Space, w: W) -> Res<()> {
    let w_warnings = sp.import_module(name!(sp, "warnings"))?;
    let w_warn = sp.getattr(w_warnings, name!(sp, "_warn_unawaited_coroutine"))?;
    sp.call(w_warn, &[w])?;
    Ok(())
}

const LAYOUT: TypeSpec = TypeSpec {
    name: Str::new("generator"),
    doc: Str::new("A suspended function that yields values."),
    flags: ty::WEAKREF | ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    layout_flags: taipan_abi::gc::tf::VAR | taipan_abi::gc::tf::ITEMS_W,
    fixed_bytes: std::mem::size_of::<WGenerator>() as u32,
    item_bytes: 8,
    len_off: 8,
    items_off: std::mem::size_of::<WGenerator>() as u32,
    ptr_map: <WGenerator as taipan_plugin_api::layout::GcObject>::PTR_MAP,
    trace: None,
    free: None,
    native_bytes: None,
    slots: &Slots::EMPTY,
    methods: table![],
    getset: table![],
    members: table![],
};

/// generator
pub static GENERATOR: TypeSpec = TypeSpec {
    slots: &Slots {
        iter: Some(gen_iter),
        next: Some(gen_next),
        send: Some(gen_send_slot),
        repr: Some(gen_repr),
        del: Some(gen_del),
        ..Slots::EMPTY
    },
    methods: methods![send, throw, close, sizeof],
    getset: table![
        getset!("__name__", get_name, set_name, "The name of the generator."),
        getset!("__qualname__", get_qualname, set_qualname, "The dotted name of the generator."),
        getset!("gi_code", get_code),
        getset!("gi_frame", get_frame),
        getset!("gi_running", get_running),
        getset!("gi_suspended", get_suspended),
        getset!("gi_yieldfrom", get_delegate),
    ],
    ..LAYOUT
};

/// Sends a value into coroutine: the pending await answers it. Returns what is awaited next, or raises StopIteration.
#[interp_fn(method, name = "send", sig = "(self, value, /)")]
fn coro_send(sp: Space, w: W, v: W) -> Res<W> {
    let s = generator::send(sp, w, v, W::NULL)?;
    answer(sp, s)
}
/// Raises an exception in coroutine, where it is suspended.
#[interp_fn(method, name = "throw", sig = "(self, typ, val=None, tb=None, /)")]
fn coro_throw(sp: Space, w: W, w_type: W, w_value: Option<W>, w_tb: Option<W>) -> Res<W> {
    throw_into(sp, w, w_type, w_value, w_tb)
}
/// Raises GeneratorExit inside coroutine.
#[interp_fn(method, name = "close", sig = "(self)")]
fn coro_close(sp: Space, w: W) -> Res<W> {
    generator::close(sp, w)
}

/// coroutine
pub static COROUTINE: TypeSpec = TypeSpec {
    name: Str::new("coroutine"),
    doc: Str::new("A running async function."),
    slots: &Slots {
        await_: Some(coro_await),
        send: Some(gen_send_slot),
        repr: Some(coro_repr),
        del: Some(gen_del),
        ..Slots::EMPTY
    },
    methods: methods![coro_send, coro_throw, coro_close, sizeof],
    getset: table![
        getset!("__name__", get_name, set_name, "The name of the coroutine."),
        getset!("__qualname__", get_qualname, set_qualname, "The dotted name of the coroutine."),
        getset!("cr_code", get_code),
        getset!("cr_frame", get_frame),
        getset!("cr_running", get_running),
        getset!("cr_suspended", get_suspended),
        getset!("cr_await", get_delegate),
        getset!("cr_origin", get_origin),
    ],
    ..LAYOUT
};
pub(super) const ASYNC_LAYOUT: TypeSpec = LAYOUT;

/// The iterator behind `coroutine.__await__()`.
#[derive(GcObject)]
#[repr(C)]
struct WCoroWrapper {
    header: Header,
    w_coro: W,
}
/// Row of coroutine_wrapper.
pub const TID_CORO_WRAPPER: u32 = tid::RUN;

/// The iterator that drives a coroutine.
pub(super) fn coroutine_iter(sp: Space, w: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let o = sp.alloc(TID_CORO_WRAPPER, 16)?;
        (*o.ptr::<WCoroWrapper>()).w_coro = w;
        Ok(o)
    }
}
#[slot]
fn coro_await(sp: Space, w: W) -> Res<W> {
    coroutine_iter(sp, w)
}
fn inner(w: W) -> W {
    // SAFETY: the gateway has checked the type.
    unsafe { (*w.ptr::<WCoroWrapper>()).w_coro }
}
#[slot]
fn wrapper_next(sp: Space, w: W) -> Res<Option<W>> {
    match generator::send(sp, inner(w), W::NONE, W::NULL)? {
        Sent::Yielded(v) => Ok(Some(v)),
        Sent::Returned(v) => {
            if v.is_none() {
                return Ok(None);
            }
            generator::stop_iteration(sp, v);
            Err(Raised)
        }
    }
}
/// Resumes the coroutine with a value.
#[interp_fn(method, name = "send", sig = "(self, value, /)")]
fn wrapper_send(sp: Space, w: W, v: W) -> Res<W> {
    let s = generator::send(sp, inner(w), v, W::NULL)?;
    answer(sp, s)
}
/// Raises an exception where the coroutine is suspended.
#[interp_fn(method, name = "throw", sig = "(self, typ, val=None, tb=None, /)")]
fn wrapper_throw(sp: Space, w: W, w_type: W, w_value: W, w_tb: W) -> Res<W> {
    let w_exc = thrown(sp, w_type, w_value, w_tb)?;
    let s = generator::throw(sp, inner(w), w_exc, true)?;
    answer(sp, s)
}
/// Closes the coroutine.
#[interp_fn(method, name = "close", sig = "(self)")]
fn wrapper_close(sp: Space, w: W) -> Res<W> {
    generator::close(sp, inner(w))
}
typespec!(
    /// coroutine_wrapper
    pub CORO_WRAPPER: WCoroWrapper, "coroutine_wrapper", {
        flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
        slots: &Slots { iter: Some(gen_iter), next: Some(wrapper_next), ..Slots::EMPTY },
        methods: methods![wrapper_send, wrapper_throw, wrapper_close],
    }
);

/// A generator or coroutine (not an async generator)?
pub fn is_plain(w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(taipan_abi::word::TID_GENERATOR) || w.is_tid(taipan_abi::word::TID_COROUTINE) }
}
