//! BaseExceptionGroup and ExceptionGroup.

use super::base::{allocate, exc, is_class, is_instance, is_tuple};
use super::special::layout;
use crate::types::util;
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_interp::frames;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, member, methods, setfield, slot, table};

layout!(/** A group. `w_shown`: the repr of what it was made of, if that is neither list nor tuple; else NULL. */ WGroup { w_message, w_excs, w_shown });

fn group<'a>(w: W) -> &'a WGroup {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}

#[slot]
fn group_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let tname = util::tp_name(sp, w_type);
    let [w_message, w_excs] = args.positional() else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            args.n
        ));
    };
    if sp.text_opt(*w_message).is_none() {
        return Err(raise!(sp, TYPE_ERROR, "argument 1 must be str, not {}", sp.type_name(*w_message)));
    }
    // SAFETY: heap objects have slots.
    let sequence = w_excs.is_obj() && unsafe { (*sp.row(*w_excs).slots).getitem.is_some() };
    if !sequence {
        return Err(sp.type_error("second argument (exceptions) must be a sequence"));
    }
    let plain = sp.tuple_opt(*w_excs).is_some() || sp.isinstance(*w_excs, sp.known(known::LIST))?;
    let w_shown = if plain { W::NULL } else { sp.repr(*w_excs)? };
    let w_tuple = sp.fixedtuple(*w_excs)?;
    let items = sp.tuple_items(w_tuple);
    if items.is_empty() {
        return Err(sp.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let mut nested_base = false;
    for (i, w) in items.iter().enumerate() {
        if !is_instance(sp, *w) {
            return Err(raise!(sp, VALUE_ERROR, "Item {i} of second argument (exceptions) is not an exception"));
        }
        nested_base |= !util::instance(sp, *w, sp.known(known::EXCEPTION));
    }
    let (w_base, w_plain) = (sp.known(known::BASE_EXCEPTION_GROUP), sp.known(known::EXCEPTION_GROUP));
    let mut w_class = w_type;
    if w_type == w_base && !nested_base {
        w_class = w_plain;
    } else if nested_base && w_type == w_plain {
        return Err(sp.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
    } else if nested_base && util::subtype(w_type, sp.known(known::EXCEPTION)) {
        return Err(raise!(sp, TYPE_ERROR, "Cannot nest BaseExceptions in '{tname}'"));
    }
    let w = allocate(sp, w_class, args.positional())?;
    setfield!(sp, w, WGroup, w_message, *w_message);
    setfield!(sp, w, WGroup, w_excs, w_tuple);
    setfield!(sp, w, WGroup, w_shown, w_shown);
    Ok(w)
}
#[slot]
fn group_init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", sp.type_name(w)));
    }
    let w_args = sp.newtuple(args.positional())?;
    setfield!(sp, w, crate::layouts::WException, w_args, w_args);
    Ok(())
}
#[slot]
fn group_str(sp: Space, w: W) -> Res<W> {
    let n = sp.tuple_items(group(w).w_excs).len();
    let m = sp.string_w(group(w).w_message)?;
    sp.newstr(&format!("{m} ({n} sub-exception{})", if n == 1 { "" } else { "s" }))
}

/// The exceptions as they were given, though the list may have changed since.
#[slot]
fn group_repr(sp: Space, w: W) -> Res<W> {
    let g = group(w);
    let w_shown = if g.w_shown.is_null() {
        let w_args = exc(w).w_args;
        let w_items = match sp.tuple_opt(w_args) {
            Some([_, w_given]) if sp.isinstance(*w_given, sp.known(known::LIST))? => {
                sp.newlist(sp.tuple_items(g.w_excs))?
            }
            _ => g.w_excs,
        };
        sp.repr(w_items)?
    } else {
        g.w_shown
    };
    let mut out = format!("{}(", sp.type_name(w)).into_bytes();
    out.extend_from_slice(&sp.text_w(sp.repr(group(w).w_message)?)?.to_wtf8());
    out.extend_from_slice(b", ");
    out.extend_from_slice(&sp.text_w(w_shown)?.to_wtf8());
    out.push(b')');
    sp.newstr_wtf8(&out)
}

/// A new group with the same message whose nested exceptions are these.
#[interp_fn(method, sig = "(self, excs, /)")]
fn derive(sp: Space, w: W, w_excs: W) -> Res<W> {
    sp.call(sp.known(known::BASE_EXCEPTION_GROUP), &[group(w).w_message, w_excs])
}

/// A part of a group: `derive`d, with traceback, context, cause and notes of the original.
fn subset(sp: Space, w_orig: W, items: &[W]) -> Res<W> {
    if items.is_empty() {
        return Ok(W::NONE);
    }
    let w_list = sp.newlist(items)?;
    let w = sp.call_method(w_orig, name!(sp, "derive"), &[w_list])?;
    if !util::instance(sp, w, sp.known(known::BASE_EXCEPTION_GROUP)) {
        return Err(sp.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    // SAFETY: exception instances.
    unsafe { frames::set_exc_traceback(sp, w, frames::exc_traceback(w_orig)) };
    setfield!(sp, w, crate::layouts::WException, w_context, exc(w_orig).w_context);
    setfield!(sp, w, crate::layouts::WException, w_cause, exc(w_orig).w_cause);
    exc(w).suppress_context = exc(w_orig).suppress_context;
    if let Some(w_notes) = sp.getattr_opt(w_orig, name!(sp, "__notes__"))?
        && let Ok(w_copy) = sp.call(sp.known(known::LIST), &[w_notes])
    {
        sp.setattr(w, name!(sp, "__notes__"), w_copy)?;
    } else {
        sp.take_exc();
    }
    Ok(w)
}

/// How exceptions are chosen.
enum Matcher {
    Classes(W),
    Predicate(W),
    Ids(W),
}
impl Matcher {
    fn new(sp: Space, w: W) -> Res<Matcher> {
        let classes = |w: W| is_class(sp, w);
        if classes(w) || (is_tuple(sp, w) && sp.tuple_items(w).iter().all(|w| classes(*w))) {
            return Ok(Matcher::Classes(w));
        }
        if sp.callable(w) && sp.layout(w) != taipan_abi::word::TID_TYPE {
            return Ok(Matcher::Predicate(w));
        }
        Err(sp.type_error("expected an exception type, a tuple of exception types, or a callable (other than a class)"))
    }
    fn matches(&self, sp: Space, w_exc: W) -> Res<bool> {
        match self {
            Matcher::Classes(w) => Ok(super::raise::matches(sp, w_exc, *w)),
            Matcher::Predicate(f) => sp.is_true(sp.call(*f, &[w_exc])?),
            Matcher::Ids(w_set) => {
                if util::instance(sp, w_exc, sp.known(known::BASE_EXCEPTION_GROUP)) {
                    return Ok(false);
                }
                sp.set_contains(*w_set, sp.id(w_exc)?)
            }
        }
    }
}

/// (matching part or None, rest or None)
fn divide(sp: Space, w: W, m: &Matcher, want_rest: bool) -> Res<(W, W)> {
    if m.matches(sp, w)? {
        return Ok((w, W::NONE));
    }
    if !util::instance(sp, w, sp.known(known::BASE_EXCEPTION_GROUP)) {
        return Ok((W::NONE, w));
    }
    taipan_interp::call::check_native_stack(sp)?;
    let (mut yes, mut no) = (RootedVec::new(sp), RootedVec::new(sp));
    for x in sp.tuple_items(group(w).w_excs) {
        let (a, b) = divide(sp, *x, m, want_rest)?;
        if !a.is_none() {
            yes.push(a)
        }
        if !b.is_none() {
            no.push(b)
        }
    }
    let a = subset(sp, w, &yes)?;
    let b = if want_rest { subset(sp, w, &no)? } else { W::NONE };
    Ok((a, b))
}

/// The group reduced to the matching exceptions.
#[interp_fn(method, sig = "(self, matcher_value, /)")]
fn subgroup(sp: Space, w: W, w_matcher: W) -> Res<W> {
    Ok(divide(sp, w, &Matcher::new(sp, w_matcher)?, false)?.0)
}
/// (matching part, rest)
#[interp_fn(method, sig = "(self, matcher_value, /)")]
fn split(sp: Space, w: W, w_matcher: W) -> Res<W> {
    let (a, b) = divide(sp, w, &Matcher::new(sp, w_matcher)?, true)?;
    sp.newtuple(&[a, b])
}
/// The part whose leaves have these ids (for `except*`).
#[interp_fn(method, name = "_leaves_in", sig = "(self, ids, /)")]
fn leaves_in(sp: Space, w: W, w_ids: W) -> Res<W> {
    Ok(divide(sp, w, &Matcher::Ids(w_ids), false)?.0)
}
/// list[...] of the class.
#[interp_fn(classmethod, name = "__class_getitem__", sig = "(cls, object, /)")]
fn class_getitem(sp: Space, w_class: W, w_item: W) -> Res<W> {
    crate::types::genericalias::new_alias(sp, w_class, w_item)
}

typespec!(
    /// BaseExceptionGroup
    pub BASE_EXCEPTION_GROUP: WGroup, "BaseExceptionGroup", {
        doc: Str::new("A combination of multiple unrelated exceptions."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { new: Some(group_new), init: Some(group_init), str: Some(group_str), repr: Some(group_repr), ..Slots::EMPTY },
        methods: methods![derive, subgroup, split, leaves_in, class_getitem],
        members: table![member!(WGroup, "message", w_message, Obj), member!(WGroup, "exceptions", w_excs, Obj)],
    }
);
typespec!(
    /// ExceptionGroup, which is also an Exception.
    pub EXCEPTION_GROUP: WGroup, "ExceptionGroup", {
        doc: Str::new("A combination of multiple unrelated exceptions."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
    }
);
