//! Functions of the builtins module that are about objects and their classes.

use super::util::*;
use super::{attrs, dispatch, iterops};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Get a named attribute from an object.
///
/// getattr(x, 'y') is equivalent to x.y. When a default argument is given, it is returned when the attribute doesn't exist.
#[interp_fn(raw)]
fn getattr(sp: Space, _w: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "getattr")?;
    let a = args.positional();
    if a.len() < 2 || a.len() > 3 {
        let (how, n) = if a.len() < 2 { ("least", 2) } else { ("most", 3) };
        return Err(raise!(sp, TYPE_ERROR, "getattr expected at {how} {n} arguments, got {}", a.len()));
    }
    if sp.layout(a[1]) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "attribute name must be string, not '{}'", tname(sp, a[1])));
    }
    match a.get(2) {
        None => sp.getattr(a[0], a[1]),
        Some(d) => Ok(sp.getattr_opt(a[0], a[1])?.unwrap_or(*d)),
    }
}
/// Sets the named attribute on the given object to the specified value.
#[interp_fn(sig = "(obj, name, value, /)")]
fn setattr(sp: Space, w: W, name: W, value: W) -> Res<()> {
    sp.setattr(w, name, value)
}
/// Deletes the named attribute from the given object.
#[interp_fn(sig = "(obj, name, /)")]
fn delattr(sp: Space, w: W, name: W) -> Res<()> {
    sp.delattr(w, name)
}
/// Return whether the object has an attribute with the given name.
#[interp_fn(sig = "(obj, name, /)")]
fn hasattr(sp: Space, w: W, name: W) -> Res<bool> {
    if sp.layout(name) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "attribute name must be string, not '{}'", tname(sp, name)));
    }
    Ok(sp.getattr_opt(w, name)?.is_some())
}
/// Return whether an object is an instance of a class or of a subclass thereof.
#[interp_fn(sig = "(obj, class_or_tuple, /)")]
fn isinstance(sp: Space, w: W, cls: W) -> Res<bool> {
    sp.isinstance(w, cls)
}
/// Return whether 'cls' is derived from another class or is the same class.
#[interp_fn(sig = "(cls, class_or_tuple, /)")]
fn issubclass(sp: Space, w: W, cls: W) -> Res<bool> {
    sp.issubclass(w, cls)
}
/// Return whether the object is callable (i.e., some kind of function).
#[interp_fn(sig = "(obj, /)")]
fn callable(sp: Space, w: W) -> Res<bool> {
    Ok(sp.callable(w))
}
/// Return the identity of an object.
#[interp_fn(sig = "(obj, /)")]
fn id(sp: Space, w: W) -> Res<W> {
    sp.id(w)
}
/// Return the hash value for the given object.
#[interp_fn(sig = "(obj, /)")]
fn hash(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(sp.hash(w)?))
}
/// Return the number of items in a container.
#[interp_fn(sig = "(obj, /)")]
fn len(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(sp.len(w)?))
}
/// Return the canonical string representation of the object.
#[interp_fn(sig = "(obj, /)")]
fn repr(sp: Space, w: W) -> Res<W> {
    sp.repr(w)
}
/// Return an ASCII-only representation of an object.
#[interp_fn(sig = "(obj, /)")]
fn ascii(sp: Space, w: W) -> Res<W> {
    sp.ascii(w)
}
/// Return an iterator for the object, or one that calls it until it returns the sentinel.
#[interp_fn(sig = "(object, sentinel=<unrepresentable>, /)")]
fn iter(sp: Space, w: W, w_sentinel: Option<W>) -> Res<W> {
    let Some(s) = w_sentinel else { return sp.iter(w) };
    if !sp.callable(w) {
        return Err(sp.type_error("iter(v, w): v must be callable"));
    }
    iterops::callable_iter(sp, w, s)
}
/// Return the next item from the iterator.
///
/// If default is given and the iterator is exhausted, it is returned instead of raising StopIteration.
#[interp_fn(sig = "(iterator, default=<unrepresentable>, /)")]
fn next(sp: Space, w: W, w_default: Option<W>) -> Res<W> {
    let Some(f) = slots_of(sp, w).next else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object is not an iterator", tname(sp, w)));
    };
    if let Some(m) = python_next(sp, w, f as *const ())? {
        // The StopIteration of a Python `__next__` keeps its value.
        return match super::lookup::call_bound(sp, m, &[]) {
            Err(r) => match w_default {
                Some(d) if sp.catch(known::STOP_ITERATION) => Ok(d),
                _ => Err(r),
            },
            r => r,
        };
    }
    // SAFETY: the slot of the object's class.
    let r = unsafe { f(sp.th(), w) };
    if !r.is_null() {
        return Ok(r);
    }
    match w_default {
        Some(d) if !sp.pending() || sp.catch(known::STOP_ITERATION) => Ok(d),
        _ if sp.pending() => Err(Raised),
        _ => Err(sp.raise_object(sp.known(known::STOP_ITERATION), W::NULL)),
    }
}
fn python_next(sp: Space, w: W, f: *const ()) -> Res<Option<(W, W)>> {
    if f != super::slotgeneric::next as *const () {
        return Ok(None);
    }
    super::lookup::special(sp, w, name!(sp, "__next__"))
}
/// Return an AsyncIterator for an AsyncIterable object.
#[interp_fn(sig = "(async_iterable, /)")]
fn aiter(sp: Space, w: W) -> Res<W> {
    let Some(f) = slots_of(sp, w).aiter else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object is not an async iterable", tname(sp, w)));
    };
    // SAFETY: the slot of the object's class.
    let it = res(unsafe { f(sp.th(), w) })?;
    if slots_of(sp, it).anext.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "aiter() returned not an async iterator of type '{}'", tname(sp, it)));
    }
    Ok(it)
}
/// Return the next item from the async iterator.
///
/// If default is given and the async iterator is exhausted, it is returned instead of raising StopAsyncIteration.
#[interp_fn(sig = "(async_iterator, default=<unrepresentable>, /)")]
fn anext(sp: Space, w: W, w_default: Option<W>) -> Res<W> {
    let Some(f) = slots_of(sp, w).anext else {
        return Err(raise!(sp, TYPE_ERROR, "'{}' object is not an async iterator", tname(sp, w)));
    };
    // SAFETY: the slot of the object's class.
    let a = res(unsafe { f(sp.th(), w) })?;
    match w_default {
        None => Ok(a),
        Some(d) => crate::run::asyncgen::anext_default(sp, a, d),
    }
}
/// Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.
#[interp_fn(sig = "(base, exp, mod=None)")]
fn pow(sp: Space, a: W, b: W, c: W) -> Res<W> {
    sp.pow(a, b, c)
}
/// Return the tuple (x//y, x%y).
#[interp_fn(sig = "(x, y, /)")]
fn divmod(sp: Space, a: W, b: W) -> Res<W> {
    sp.divmod(a, b)
}
/// Return the absolute value of the argument.
#[interp_fn(sig = "(number, /)")]
fn abs(sp: Space, w: W) -> Res<W> {
    sp.abs(w)
}
/// Return type(value).__format__(value, format_spec).
#[interp_fn(sig = "(value, format_spec='', /)")]
fn format(sp: Space, w: W, spec: Option<W>) -> Res<W> {
    let spec = spec.unwrap_or(W::NULL);
    if !spec.is_null() && sp.layout(spec) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "format() argument 2 must be str, not {}", tname(sp, spec)));
    }
    dispatch::format(sp, w, spec)
}

/// The namespace of the calling frame.
fn caller_locals(sp: Space) -> Res<W> {
    match sp.frame(0)? {
        Some(f) => sp.getattr(f, name!(sp, "f_locals")),
        None => Err(sp.raise(known::SYSTEM_ERROR, "frame does not exist")),
    }
}
/// Names in the current scope, or an alphabetized list of names comprising (some of) the attributes of the given object.
#[interp_fn(raw)]
fn dir(sp: Space, _w: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "dir")?;
    let a = args.positional();
    if a.len() > 1 {
        return Err(raise!(sp, TYPE_ERROR, "dir expected at most 1 argument, got {}", a.len()));
    }
    let r = match a.first() {
        None => {
            let d = caller_locals(sp)?;
            sp.call_method(d, name!(sp, "keys"), &[])?
        }
        Some(w) => match sp.lookup_special(*w, name!(sp, "__dir__"))? {
            Some(m) => sp.call(m, &[])?,
            None => return Err(sp.type_error("object does not provide __dir__")),
        },
    };
    let l = sp.call(sp.known(known::LIST), &[r])?;
    sp.list_sort(l, W::NULL, 0)?;
    Ok(l)
}
/// The object's `__dict__`, or without an argument the local names.
#[interp_fn(raw)]
fn vars(sp: Space, _w: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "vars")?;
    let a = args.positional();
    if a.len() > 1 {
        return Err(raise!(sp, TYPE_ERROR, "vars expected at most 1 argument, got {}", a.len()));
    }
    match a.first() {
        None => caller_locals(sp),
        Some(w) => match attrs::getattr_opt(sp, *w, name!(sp, "__dict__"))? {
            Some(d) => Ok(d),
            None => Err(sp.type_error("vars() argument must have __dict__ attribute")),
        },
    }
}

/// What this family adds to the builtins module.
pub static BUILTINS: &[FnSpec] = &[
    getattr::SPEC,
    setattr::SPEC,
    delattr::SPEC,
    hasattr::SPEC,
    isinstance::SPEC,
    issubclass::SPEC,
    callable::SPEC,
    id::SPEC,
    hash::SPEC,
    len::SPEC,
    repr::SPEC,
    ascii::SPEC,
    iter::SPEC,
    next::SPEC,
    aiter::SPEC,
    anext::SPEC,
    pow::SPEC,
    divmod::SPEC,
    abs::SPEC,
    format::SPEC,
    dir::SPEC,
    vars::SPEC,
];
