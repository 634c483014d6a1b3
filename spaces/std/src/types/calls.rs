//! Calls.

use super::signature;
use super::util::*;
use crate::layouts::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// f(*args, **kw) for any object.
#[inline]
pub fn call(sp: Space, f: W, args: Args) -> Res<W> {
    // SAFETY: a live word; the tid says which struct it is.
    match unsafe { f.tid() } {
        TID_FUNCTION => crate::run::ops::call_function(sp, f, args),
        TID_BUILTIN | TID_BUILTIN_METHOD => signature::call_builtin_object(sp, f, args),
        TID_METHOD_DESCR => signature::call_method_descr(sp, f, args),
        TID_METHOD => {
            // SAFETY: as above.
            let m = unsafe { obj::<WMethod>(f) };
            call_with_self(sp, m.w_func, m.w_self, args)
        }
        _ => match slots_of(sp, f).call {
            // SAFETY: the slot of the object's class.
            Some(c) => res(unsafe { c(sp.th(), f, args.ptr, args.n, args.kwnames) }),
            None => Err(raise!(sp, TYPE_ERROR, "'{}' object is not callable", tname(sp, f))),
        },
    }
}

/// f(self, *args, **kw). Not inlined: unused, the array would show the collector old words in the frames of other calls.
#[inline(never)]
pub fn call_with_self(sp: Space, f: W, w_self: W, args: Args) -> Res<W> {
    let nkw = if args.kwnames.is_null() { 0 } else { tuple(args.kwnames).len() };
    let n = args.n + nkw;
    if n < 12 {
        let mut a = [W::NULL; 12];
        a[0] = w_self;
        if n > 0 {
            // SAFETY: n words stand at the caller's.
            a[1..=n].copy_from_slice(unsafe { std::slice::from_raw_parts(args.ptr, n) });
        }
        return call(sp, f, Args { ptr: a.as_ptr(), n: args.n + 1, kwnames: args.kwnames });
    }
    let mut v = RootedVec::with_capacity(sp, n + 1);
    v.push(w_self);
    // SAFETY: as above.
    v.extend(unsafe { std::slice::from_raw_parts(args.ptr, n) });
    call(sp, f, Args { ptr: v.as_ptr(), n: args.n + 1, kwnames: args.kwnames })
}

/// f(*args, **kwargs) with a tuple (or NULL) and a dict (or NULL).
pub fn call_ex(sp: Space, f: W, w_args: W, w_kwargs: W) -> Res<W> {
    let (_keep, pos): (W, &[W]) = if w_args.is_null() { (W::NULL, &[]) } else { sp.unpack(w_args)? };
    if w_kwargs.is_null() || (sp.layout(w_kwargs) == TID_DICT && sp.dict_len(w_kwargs)? == 0) {
        return call(sp, f, Args { ptr: pos.as_ptr(), n: pos.len(), kwnames: W::NULL });
    }
    let mut words = RootedVec::with_capacity(sp, pos.len() + 4);
    words.extend(pos);
    let mut names = RootedVec::new(sp);
    let w_dict = if sp.layout(w_kwargs) == TID_DICT {
        w_kwargs
    } else {
        let d = sp.newdict()?;
        sp.dict_update(d, w_kwargs, 1)?;
        d
    };
    let mut i = 0;
    while let Some((k, v)) = sp.dict_next(w_dict, &mut i) {
        if sp.layout(k) != TID_STR {
            return Err(sp.type_error("keywords must be strings"));
        }
        names.push(k);
        words.push(v);
    }
    let n = pos.len();
    let kwnames = names.into_tuple()?;
    call(sp, f, Args { ptr: words.as_ptr(), n, kwnames })
}

/// obj.name(*args) without a bound method where that is possible.
#[inline]
pub fn call_method(sp: Space, w: W, w_name: W, args: Args) -> Res<W> {
    let (f, w_self) = super::attrs::load_method(sp, w, w_name)?;
    if w_self.is_null() { call(sp, f, args) } else { call_with_self(sp, f, w_self, args) }
}

/// The object of a description. METHOD descriptions with a self give bound methods.
pub fn new_builtin(sp: Space, spec: *const FnSpec, w_self: W, w_module: W) -> Res<W> {
    // SAFETY: row TID_BUILTIN is laid out so; fresh object.
    let (w, b) = unsafe { new::<WBuiltin>(sp, TID_BUILTIN)? };
    b.spec = spec;
    b.sig = signature::of(spec);
    b.w_self = w_self;
    b.w_module = w_module;
    Ok(w)
}
/// A bound method.
#[inline]
pub fn new_method(sp: Space, w_func: W, w_self: W) -> Res<W> {
    // SAFETY: as above.
    let (w, m) = unsafe { new::<WMethod>(sp, TID_METHOD)? };
    m.w_func = w_func;
    m.w_self = w_self;
    Ok(w)
}
