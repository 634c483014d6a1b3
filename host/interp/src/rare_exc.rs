//! Instructions about exceptions, `with`, `await` and imports of names.

use crate::frames;
use crate::generator;
use crate::objects::WTraceback;
use crate::rare::{Stack, callable_text};
use taipan_abi::known;
use taipan_abi::opcode::co;
use taipan_abi::thread::{Code, Frame};
use taipan_abi::word::{TID_ASYNC_GENERATOR, TID_COROUTINE, TID_DICT, TID_GENERATOR, W};
use taipan_plugin_api::{Raised, Res, RootedVec, Space, name, raise, setfield};

/// RAISE_VARARGS
pub(crate) fn raise(sp: Space, st: &Stack, n: u32) -> Raised {
    match n {
        0 => {
            let w = frames::handled(sp);
            if w.is_null() {
                return sp.runtime_error("No active exception to reraise");
            }
            sp.set_exc(w)
        }
        1 => sp.raise_object(st.peek(1), W::NULL),
        _ => {
            let (w_exc, w_cause) = (st.peek(2), st.peek(1));
            match with_cause(sp, w_exc, w_cause) {
                Ok(w) => sp.raise_object(w, W::NULL),
                Err(e) => e,
            }
        }
    }
}

/// Makes an operand the pending exception. In code from a file it may be anything.
pub(crate) fn set_checked(sp: Space, w: W) -> Raised {
    match sp.isinstance(w, sp.known(known::BASE_EXCEPTION)) {
        Ok(true) => sp.set_exc(w),
        Ok(false) => raise!(sp, SYSTEM_ERROR, "the bytecode raises an object that is no exception"),
        Err(e) => e,
    }
}

fn is_exception_class(sp: Space, w: W) -> bool {
    w.is_obj()
        && sp.layout(w) == taipan_abi::word::TID_TYPE
        && sp.issubclass(w, sp.known(known::BASE_EXCEPTION)).unwrap_or(false)
}

/// The exception that `raise CLASS` means.
fn instantiate(sp: Space, w_class: W) -> Res<W> {
    let w = sp.call(w_class, &[])?;
    if !sp.isinstance(w, sp.known(known::BASE_EXCEPTION))? {
        let (c, t) = (sp.repr_string(w_class)?, sp.repr_string(sp.type_(w)?)?);
        return Err(raise!(sp, TYPE_ERROR, "calling {c} should have returned an instance of BaseException, not {t}"));
    }
    Ok(w)
}

fn with_cause(sp: Space, w_exc: W, w_cause: W) -> Res<W> {
    let w_exc = if is_exception_class(sp, w_exc) { instantiate(sp, w_exc)? } else { w_exc };
    if !sp.isinstance(w_exc, sp.known(known::BASE_EXCEPTION))? {
        return Err(sp.type_error("exceptions must derive from BaseException"));
    }
    let w_cause = if is_exception_class(sp, w_cause) { instantiate(sp, w_cause)? } else { w_cause };
    if !w_cause.is_none() && !sp.isinstance(w_cause, sp.known(known::BASE_EXCEPTION))? {
        return Err(sp.type_error("exception causes must derive from BaseException"));
    }
    sp.setattr(w_exc, name!(sp, "__cause__"), w_cause)?;
    Ok(w_exc)
}

/// `except`'s test.
pub(crate) fn check_match(sp: Space, w_exc: W, w_class: W) -> Res<bool> {
    check_classes(sp, w_class, "catching classes that do not inherit from BaseException is not allowed")?;
    sp.exc_match(w_exc, w_class)
}

fn check_classes(sp: Space, w: W, message: &str) -> Res<()> {
    match sp.tuple_opt(w) {
        Some(items) if sp.layout(w) == taipan_abi::word::TID_TUPLE => {
            for w in items {
                if !is_exception_class(sp, *w) {
                    return Err(sp.type_error(message));
                }
            }
            Ok(())
        }
        _ if is_exception_class(sp, w) => Ok(()),
        _ => Err(sp.type_error(message)),
    }
}

/// `except*`'s test: exception, class -> rest, match.
pub(crate) fn check_group_match(sp: Space, st: &Stack) -> Res<()> {
    let (w_exc, w_class) = (st.peek(2), st.peek(1));
    check_classes(sp, w_class, "catching classes that do not inherit from BaseException is not allowed")?;
    let w_group = sp.known(known::BASE_EXCEPTION_GROUP);
    let classes = sp.tuple_opt(w_class).unwrap_or(std::slice::from_ref(&w_class));
    for w in classes {
        if sp.issubclass(*w, w_group)? {
            return Err(sp.type_error("catching ExceptionGroup with except* is not allowed. Use except instead."));
        }
    }
    let (w_rest, w_match) = if w_exc.is_none() {
        (W::NONE, W::NONE)
    } else if sp.exc_match(w_exc, w_class)? {
        if sp.isinstance(w_exc, w_group)? {
            (W::NONE, w_exc)
        } else {
            // A naked exception is wrapped, so that the handler always sees a group.
            let w_list = sp.newtuple(&[w_exc])?;
            let w_new = sp.call(sp.known(known::EXCEPTION_GROUP), &[sp.known(known::EMPTY_STR), w_list])?;
            // SAFETY: both are exception instances.
            unsafe { frames::set_exc_traceback(sp, w_new, frames::exc_traceback(w_exc)) };
            (W::NONE, w_new)
        }
    } else if sp.isinstance(w_exc, w_group)? {
        let w_pair = sp.call_method(w_exc, name!(sp, "split"), &[w_class])?;
        match sp.tuple_opt(w_pair) {
            Some([m, r, ..]) => (*r, *m),
            Some(few) => {
                let t = sp.type_name(w_exc);
                let n = few.len();
                return Err(raise!(sp, TYPE_ERROR, "{t}.split must return a 2-tuple, got tuple of size {n}"));
            }
            None => {
                let (t, got) = (sp.type_name(w_exc), sp.type_name(w_pair));
                return Err(raise!(sp, TYPE_ERROR, "{t}.split must return a tuple, not {got}"));
            }
        }
    } else {
        (w_exc, W::NONE)
    };
    if !w_match.is_none() {
        sp.thread().handled = w_match;
    }
    st.poke(2, w_rest);
    st.poke(1, w_match);
    Ok(())
}

/// The end of `try: ... except*`: what is still to be raised.
pub(crate) fn prep_reraise_star(sp: Space, w_orig: W, w_excs: W) -> Res<W> {
    let (_, all) = sp.unpack(w_excs)?;
    let w_group = sp.known(known::BASE_EXCEPTION_GROUP);
    let mut excs = RootedVec::new(sp);
    for w in all {
        if !w.is_none() {
            excs.push(*w);
        }
    }
    if excs.is_empty() {
        return Ok(W::NONE);
    }
    if !sp.isinstance(w_orig, w_group)? {
        return Ok(excs[0]);
    }
    let (mut raised, mut reraised) = (RootedVec::new(sp), RootedVec::new(sp));
    for w in excs.iter() {
        if same_metadata(sp, *w, w_orig)? { reraised.push(*w) } else { raised.push(*w) }
    }
    let w_rest = if reraised.is_empty() { W::NONE } else { project(sp, w_orig, &reraised)? };
    if raised.is_empty() {
        return Ok(w_rest);
    }
    if !w_rest.is_none() {
        raised.push(w_rest);
    }
    if raised.len() == 1 {
        return Ok(raised[0]);
    }
    let w_list = sp.newlist(&raised)?;
    sp.call(sp.known(known::EXCEPTION_GROUP), &[sp.known(known::EMPTY_STR), w_list])
}

fn same_metadata(sp: Space, a: W, b: W) -> Res<bool> {
    if !sp.isinstance(a, sp.known(known::BASE_EXCEPTION_GROUP))? {
        return Ok(false);
    }
    for n in ["__traceback__", "__cause__", "__context__"] {
        if sp.getattr_str(a, n)? != sp.getattr_str(b, n)? {
            return Ok(false);
        }
    }
    let (x, y) = (sp.getattr_opt(a, name!(sp, "__notes__"))?, sp.getattr_opt(b, name!(sp, "__notes__"))?);
    Ok(x == y)
}

/// The part of the original group whose leaves are in the given groups.
fn project(sp: Space, w_orig: W, keep: &[W]) -> Res<W> {
    let w_ids = sp.newset(&[])?;
    for w in keep {
        leaf_ids(sp, *w, w_ids)?;
    }
    let w_part = sp.getattr(w_orig, name!(sp, "_leaves_in"))?;
    sp.call(w_part, &[w_ids])
}

fn leaf_ids(sp: Space, w: W, w_ids: W) -> Res<()> {
    if sp.isinstance(w, sp.known(known::BASE_EXCEPTION_GROUP))? {
        let (_, items) = sp.unpack(sp.getattr(w, name!(sp, "exceptions"))?)?;
        for x in items {
            leaf_ids(sp, *x, w_ids)?;
        }
        return Ok(());
    }
    sp.set_add(w_ids, sp.id(w)?)
}

/// exit callable, self or NULL, lasti, previous handled, exception -> the same, result.
pub(crate) fn with_except_start(sp: Space, st: &Stack) -> Res<()> {
    let (w_exit, w_self, w_exc) = (st.peek(5), st.peek(4), st.peek(1));
    let w_type = sp.type_(w_exc)?;
    // SAFETY: an exception instance.
    let w_tb = unsafe { frames::exc_traceback(w_exc) };
    let w_tb = if w_tb.is_null() { W::NONE } else { w_tb };
    let w = if w_self.is_null() {
        sp.call(w_exit, &[w_type, w_exc, w_tb])?
    } else {
        sp.call(w_exit, &[w_self, w_type, w_exc, w_tb])?
    };
    st.push(w);
    Ok(())
}

/// obj -> callable, self or NULL, for `with`.
pub(crate) fn load_special(sp: Space, st: &Stack, which: u32) -> Res<()> {
    let w = st.peek(1);
    let w_name = match which {
        0 => name!(sp, "__enter__"),
        1 => name!(sp, "__exit__"),
        2 => name!(sp, "__aenter__"),
        _ => name!(sp, "__aexit__"),
    };
    match sp.lookup_special(w, w_name)? {
        Some(w_method) => {
            st.poke(1, w_method);
            st.push(W::NULL);
            Ok(())
        }
        None => {
            let t = sp.type_name(w);
            let (what, miss) = match which {
                0 => ("the context manager", "__enter__"),
                1 => ("the context manager", "__exit__"),
                2 => ("the asynchronous context manager", "__aenter__"),
                _ => ("the asynchronous context manager", "__aexit__"),
            };
            let other = if which < 2 {
                has(sp, w, &["__aenter__", "__aexit__"])?
            } else {
                has(sp, w, &["__enter__", "__exit__"])?
            };
            let hint = match (other, which < 2) {
                (false, _) => "",
                (true, true) => {
                    " but it supports the asynchronous context manager protocol. Did you mean to use 'async with'?"
                }
                (true, false) => " but it supports the context manager protocol. Did you mean to use 'with'?",
            };
            Err(raise!(sp, TYPE_ERROR, "'{t}' object does not support {what} protocol (missed {miss} method){hint}"))
        }
    }
}

fn has(sp: Space, w: W, names: &[&str]) -> Res<bool> {
    for n in names {
        if sp.lookup_special(w, sp.intern(n))?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// GET_AWAITABLE
pub(crate) fn get_awaitable(sp: Space, st: &Stack, arg: u32) -> Res<()> {
    let w = st.peek(1);
    let it = match awaitable_iter(sp, w) {
        Ok(it) => it,
        Err(Raised) => {
            let w_exc = sp.take_exc();
            if arg != 0 && sp.lookup_special(w, name!(sp, "__await__"))?.is_none() {
                let what = if arg == 1 { "__aenter__" } else { "__aexit__" };
                let t = sp.type_name(w);
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "'async with' received an object from {what} that does not implement __await__: {t}"
                ));
            }
            return Err(sp.set_exc(w_exc));
        }
    };
    // SAFETY: live words.
    if unsafe { it.is_tid(TID_COROUTINE) } && generator::delegate(it).is_some() {
        return Err(sp.runtime_error("coroutine is being awaited already"));
    }
    st.poke(1, it);
    Ok(())
}

/// The iterator of an awaitable.
pub fn awaitable_iter(sp: Space, w: W) -> Res<W> {
    // SAFETY: live words.
    unsafe {
        if w.is_tid(TID_COROUTINE) {
            return Ok(w);
        }
        if w.is_tid(TID_GENERATOR) {
            let code = (*w.ptr::<crate::objects::WGenerator>()).w_code;
            if (*code.ptr::<Code>()).flags & co::ITERABLE_COROUTINE != 0 {
                return Ok(w);
            }
        }
    }
    sp.await_(w)
}

/// GET_AITER
pub(crate) fn get_aiter(sp: Space, st: &Stack) -> Res<()> {
    let w = st.peek(1);
    let Some(w_method) = sp.lookup_special(w, name!(sp, "__aiter__"))? else {
        let t = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "'async for' requires an object with __aiter__ method, got {t}"));
    };
    let it = sp.call(w_method, &[])?;
    if sp.lookup_special(it, name!(sp, "__anext__"))?.is_none() {
        let t = sp.type_name(it);
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "'async for' received an object from __aiter__ that does not implement __anext__: {t}"
        ));
    }
    st.poke(1, it);
    Ok(())
}

/// GET_ANEXT: aiter -> aiter, awaitable's iterator.
pub(crate) fn get_anext(sp: Space, st: &Stack) -> Res<()> {
    let w = st.peek(1);
    // SAFETY: a live word.
    if unsafe { w.is_tid(TID_ASYNC_GENERATOR) } {
        st.push(sp.anext(w)?);
        return Ok(());
    }
    let Some(w_method) = sp.lookup_special(w, name!(sp, "__anext__"))? else {
        let t = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "'async for' requires an iterator with __anext__ method, got {t}"));
    };
    let w_next = sp.call(w_method, &[])?;
    match awaitable_iter(sp, w_next) {
        Ok(it) => {
            st.push(it);
            Ok(())
        }
        Err(Raised) => {
            let w_cause = sp.take_exc();
            let t = sp.type_name(w_next);
            let _ = raise!(sp, TYPE_ERROR, "'async for' received an invalid object from __anext__: {t}");
            let w = sp.take_exc();
            sp.setattr(w, name!(sp, "__cause__"), w_cause)?;
            Err(set_checked(sp, w))
        }
    }
}

/// aiter, exception: StopAsyncIteration ends the loop.
pub(crate) fn end_async_for(sp: Space, st: &Stack) -> Res<()> {
    let w_exc = st.peek(1);
    if sp.exc_match(w_exc, sp.known(known::STOP_ASYNC_ITERATION))? {
        st.drop(2);
        return Ok(());
    }
    Err(set_checked(sp, w_exc))
}

/// receiver, last value, exception -> NULL, value: an exception thrown into a delegation that answered StopIteration.
pub(crate) fn cleanup_throw(sp: Space, st: &Stack) -> Res<()> {
    let w_exc = st.peek(1);
    if sp.exc_match(w_exc, sp.known(known::STOP_ITERATION))? {
        let w = sp.getattr(w_exc, name!(sp, "value"))?;
        st.drop(3);
        st.push(W::NONE);
        st.push(w);
        return Ok(());
    }
    Err(set_checked(sp, w_exc))
}

/// An exception leaves a generator: StopIteration (StopAsyncIteration of an async one) becomes RuntimeError.
pub(crate) fn stop_iteration_error(sp: Space, f: *mut Frame, w_exc: W) -> Res<W> {
    // SAFETY: the running frame.
    let flags = unsafe { (*(*f).code).flags };
    let text = if sp.exc_match(w_exc, sp.known(known::STOP_ITERATION))? {
        if flags & co::ASYNC_GENERATOR != 0 {
            "async generator raised StopIteration"
        } else if flags & co::COROUTINE != 0 {
            "coroutine raised StopIteration"
        } else {
            "generator raised StopIteration"
        }
    } else if flags & co::ASYNC_GENERATOR != 0 && sp.exc_match(w_exc, sp.known(known::STOP_ASYNC_ITERATION))? {
        "async generator raised StopAsyncIteration"
    } else {
        return Ok(w_exc);
    };
    let w_new = sp.call(sp.known(known::RUNTIME_ERROR), &[sp.newstr(text)?])?;
    sp.setattr(w_new, name!(sp, "__cause__"), w_exc)?;
    sp.setattr(w_new, name!(sp, "__context__"), w_exc)?;
    Ok(w_new)
}

/// module -> attribute (or submodule).
pub(crate) fn import_from(sp: Space, w_module: W, w_name: W) -> Res<W> {
    if let Some(w) = sp.getattr_opt(w_module, w_name)? {
        return Ok(w);
    }
    let w_package = sp.getattr_opt(w_module, name!(sp, "__name__"))?;
    let package = w_package.and_then(|w| sp.text_opt(w)).map(|t| t.to_str().into_owned());
    let name = sp.string_w(w_name)?;
    if let Some(p) = &package {
        // A circular import may have put the submodule into sys.modules only.
        let w_full = sp.newstr(&format!("{p}.{name}"))?;
        if let Some(w) = sp.dict_get(sp.known(known::SYS_MODULES), w_full)? {
            return Ok(w);
        }
    }
    let p = package.unwrap_or_else(|| "<unknown module name>".into());
    let w_file = sp.getattr_opt(w_module, name!(sp, "__file__"))?;
    let file = w_file.and_then(|w| sp.text_opt(w)).map(|t| t.to_str().into_owned());
    let initializing = match sp.getattr_opt(w_module, name!(sp, "__spec__"))? {
        Some(w) => match sp.getattr_opt(w, name!(sp, "_initializing"))? {
            Some(w) => sp.is_true(w)?,
            None => false,
        },
        None => false,
    };
    let place = file.clone().unwrap_or_else(|| "unknown location".into());
    let message = if initializing {
        format!(
            "cannot import name '{name}' from partially initialized module '{p}' (most likely due to a circular import) ({place})"
        )
    } else {
        format!("cannot import name '{name}' from '{p}' ({place})")
    };
    let _ = sp.raise(known::IMPORT_ERROR, &message);
    let w = sp.take_exc();
    sp.setattr(w, name!(sp, "name"), w_package.unwrap_or(W::NONE))?;
    sp.setattr(w, name!(sp, "path"), w_file.unwrap_or(W::NONE))?;
    sp.setattr(w, name!(sp, "name_from"), w_name)?;
    Err(set_checked(sp, w))
}

/// `from m import *`
pub(crate) fn import_star(sp: Space, w_module: W, w_ns: W) -> Res<()> {
    let (w_names, skip_private) = match sp.getattr_opt(w_module, name!(sp, "__all__"))? {
        Some(w) => (w, false),
        None => match sp.getattr_opt(w_module, name!(sp, "__dict__"))? {
            Some(w) => (sp.call_method(w, name!(sp, "keys"), &[])?, true),
            None => return Err(sp.raise(known::IMPORT_ERROR, "from-import-* object has no __dict__ and no __all__")),
        },
    };
    let (_, names) = sp.unpack(w_names)?;
    for w_name in names {
        let Some(t) = sp.text_opt(*w_name) else {
            let (m, t) = (sp.getattr(w_module, name!(sp, "__name__"))?, sp.type_name(*w_name));
            let m = sp.string_w(m)?;
            return Err(if skip_private {
                raise!(sp, TYPE_ERROR, "Key in {m}.__dict__ must be str, not {t}")
            } else {
                raise!(sp, TYPE_ERROR, "Item in {m}.__all__ must be str, not {t}")
            });
        };
        if skip_private && t.len() > 0 && t.char_at(0) == '_' as u32 {
            continue;
        }
        let w = sp.getattr(w_module, *w_name)?;
        // SAFETY: a live word.
        if unsafe { w_ns.is_tid(TID_DICT) } { sp.dict_set(w_ns, *w_name, w)? } else { sp.setitem(w_ns, *w_name, w)? }
    }
    Ok(())
}

/// Text of a callable for messages elsewhere.
pub fn describe_callable(sp: Space, w: W) -> String {
    callable_text(sp, w)
}

/// Sets the traceback's next entry (`tb_next`).
pub fn set_next(sp: Space, w_tb: W, w_next: W) {
    setfield!(sp, w_tb, WTraceback, w_next, w_next);
}
