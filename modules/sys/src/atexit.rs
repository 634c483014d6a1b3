//! `atexit`: functions to be called at the end of the interpreter.

use crate::util::global_list;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// A list of (function, args, kwargs or None), or None for an entry that was unregistered; newest last.
static CALLBACKS: Global = Global::new();

/// Register a function to be executed upon normal program termination
///
///     func - function to be called at exit
///     args - optional arguments to pass to func
///     kwargs - optional keyword arguments to pass to func
///
///     func is returned to facilitate usage as a decorator.
#[interp_fn(sig = "(func, /, *args, **kwargs)")]
fn register(sp: Space, w_func: W, w_args: W, w_kwargs: W) -> Res<W> {
    if !sp.callable(w_func) {
        return Err(sp.type_error("the first argument must be callable"));
    }
    let w_args = if w_args.is_null() { sp.known(known::EMPTY_TUPLE) } else { w_args };
    let w_kwargs = if w_kwargs.is_null() { W::NONE } else { w_kwargs };
    let w_entry = sp.newtuple(&[w_func, w_args, w_kwargs])?;
    sp.list_append(global_list(sp, &CALLBACKS)?, w_entry)?;
    Ok(w_func)
}
fn clear(sp: Space) -> Res<()> {
    CALLBACKS.set(sp, sp.newlist(&[])?);
    Ok(())
}
/// Run all registered exit functions.
///
/// If a callback raises an exception, it is logged with sys.unraisablehook.
#[interp_fn(sig = "()")]
fn _run_exitfuncs(sp: Space) -> Res<()> {
    loop {
        // A callback may register others: the newest runs next.
        let w_list = global_list(sp, &CALLBACKS)?;
        if sp.list_len(w_list)? == 0 {
            return Ok(());
        }
        let w_entry = sp.call_method(w_list, name!(sp, "pop"), &[])?;
        let Some([w_func, w_args, w_kwargs]) = sp.tuple_opt(w_entry) else { continue };
        let w_kwargs = if w_kwargs.is_none() { W::NULL } else { *w_kwargs };
        if sp.call_ex(*w_func, *w_args, w_kwargs).is_err() {
            sp.write_unraisable(*w_func)?;
        }
    }
}
/// Clear the list of previously registered exit functions.
#[interp_fn(sig = "()")]
fn _clear(sp: Space) -> Res<()> {
    clear(sp)
}
/// Return the number of registered exit functions.
#[interp_fn(sig = "()")]
fn _ncallbacks(sp: Space) -> Res<i64> {
    let w_list = global_list(sp, &CALLBACKS)?;
    let mut n = 0;
    for i in 0..sp.list_len(w_list)? {
        n += !sp.list_item(w_list, i)?.is_none() as i64;
    }
    Ok(n)
}
/// Unregister an exit function which was previously registered using atexit.register
///
///     func - function to be unregistered
#[interp_fn(sig = "(func, /)")]
fn unregister(sp: Space, w_func: W) -> Res<()> {
    let w_list = global_list(sp, &CALLBACKS)?;
    let mut i = 0;
    // Equality may run Python that changes the list, so its length is asked anew.
    while i < sp.list_len(w_list)? {
        let w_entry = sp.list_item(w_list, i)?;
        if let Some([w_f, ..]) = sp.tuple_opt(w_entry)
            && sp.eq_w(*w_f, w_func)?
            && i < sp.list_len(w_list)?
        {
            sp.list_setitem(w_list, i, W::NONE)?;
        }
        i += 1;
    }
    Ok(())
}
mixed_module!(
    MODULE,
    "atexit",
    doc = "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\nTwo public functions, register and unregister, are defined.\n",
    functions = [register, unregister, _run_exitfuncs, _clear, _ncallbacks],
);
