//! BaseException.

use crate::layouts::WException;
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::{TID_TRACEBACK, TID_TUPLE, W};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, setfield, slot, table};

/// The common part of an exception.
pub fn exc<'a>(w: W) -> &'a mut WException {
    // SAFETY: the caller has checked the type; all exceptions begin with this layout.
    unsafe { &mut *w.ptr() }
}
/// NULL reads as None.
pub fn or_none(w: W) -> W {
    if w.is_null() { W::NONE } else { w }
}

/// A new instance of an exception class with its args.
pub fn allocate(sp: Space, w_type: W, args: &[W]) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    let w_args = sp.newtuple(args)?;
    setfield!(sp, w, WException, w_args, w_args);
    Ok(w)
}

/// `__new__` of most exceptions: any arguments.
#[slot]
pub fn exc_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    allocate(sp, w_type, args.positional())
}
/// `__init__` of most exceptions: no names.
#[slot]
pub fn exc_init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", sp.type_name(w)));
    }
    let w_args = sp.newtuple(args.positional())?;
    setfield!(sp, w, WException, w_args, w_args);
    Ok(())
}
#[slot]
fn exc_str(sp: Space, w: W) -> Res<W> {
    match sp.tuple_items(exc(w).w_args) {
        [] => Ok(sp.known(known::EMPTY_STR)),
        [one] => sp.str(*one),
        _ => sp.str(exc(w).w_args),
    }
}
#[slot]
fn exc_repr(sp: Space, w: W) -> Res<W> {
    let name = sp.type_name(w);
    let text = match sp.tuple_items(exc(w).w_args) {
        [one] => format!("{name}({})", wide(sp, sp.repr(*one)?)?),
        _ => format!("{name}{}", wide(sp, sp.repr(exc(w).w_args)?)?),
    };
    sp.newstr(&text)
}
fn wide(sp: Space, w: W) -> Res<String> {
    sp.string_w(w)
}

#[slot]
fn get_args(_sp: Space, w: W) -> Res<W> {
    Ok(exc(w).w_args)
}
#[slot]
fn set_args(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("args may not be deleted"));
    }
    let w_args = sp.fixedtuple(v)?;
    setfield!(sp, w, WException, w_args, w_args);
    Ok(())
}
#[slot]
fn get_traceback(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(exc(w).w_traceback))
}
#[slot]
fn set_traceback(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("__traceback__ may not be deleted"));
    }
    // SAFETY: a live word.
    if !v.is_none() && !unsafe { v.is_tid(TID_TRACEBACK) } {
        return Err(sp.type_error("__traceback__ must be a traceback or None"));
    }
    setfield!(sp, w, WException, w_traceback, if v.is_none() { W::NULL } else { v });
    Ok(())
}
fn check(sp: Space, v: W, what: &str) -> Res<W> {
    if v.is_null() {
        return Err(sp.type_error(&format!("{what} may not be deleted")));
    }
    if v.is_none() {
        return Ok(W::NULL);
    }
    if !sp.isinstance(v, sp.known(known::BASE_EXCEPTION))? {
        let which = what.trim_matches('_');
        return Err(sp.type_error(&format!("exception {which} must be None or derive from BaseException")));
    }
    Ok(v)
}
#[slot]
fn get_context(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(exc(w).w_context))
}
#[slot]
fn set_context(sp: Space, w: W, v: W) -> Res<()> {
    let v = check(sp, v, "__context__")?;
    setfield!(sp, w, WException, w_context, v);
    Ok(())
}
#[slot]
fn get_cause(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(exc(w).w_cause))
}
#[slot]
fn set_cause(sp: Space, w: W, v: W) -> Res<()> {
    let v = check(sp, v, "__cause__")?;
    setfield!(sp, w, WException, w_cause, v);
    exc(w).suppress_context = 1;
    Ok(())
}
#[slot]
fn get_suppress(_sp: Space, w: W) -> Res<W> {
    Ok(W::bool(exc(w).suppress_context != 0))
}
#[slot]
fn set_suppress(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("can't delete numeric/char attribute"));
    }
    if v != W::TRUE && v != W::FALSE {
        return Err(sp.type_error("attribute value type must be bool"));
    }
    exc(w).suppress_context = (v == W::TRUE) as u64;
    Ok(())
}

/// Sets the traceback and answers the exception.
#[interp_fn(method, sig = "(self, object, /)")]
fn with_traceback(sp: Space, w: W, w_tb: W) -> Res<W> {
    // SAFETY: plain call of the setter.
    if unsafe { set_traceback(sp.th(), w, w_tb) } < 0 { Err(Raised) } else { Ok(w) }
}
/// Adds a text that tracebacks show after the message.
#[interp_fn(method, sig = "(self, object, /)")]
fn add_note(sp: Space, w: W, w_note: W) -> Res<()> {
    if sp.text_opt(w_note).is_none() {
        return Err(raise!(sp, TYPE_ERROR, "add_note() argument must be str, not {}", sp.type_name(w_note)));
    }
    let w_list = match sp.getattr_opt(w, name!(sp, "__notes__"))? {
        Some(l) => l,
        None => {
            let l = sp.newlist(&[])?;
            sp.setattr(w, name!(sp, "__notes__"), l)?;
            l
        }
    };
    if sp.layout(w_list) != taipan_abi::word::TID_LIST {
        return Err(sp.type_error("Cannot add note: __notes__ is not a list"));
    }
    sp.list_append(w_list, w_note)
}
/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self)")]
fn reduce(sp: Space, w: W) -> Res<W> {
    reduce_with(sp, w, exc(w).w_args)
}
/// (type, args[, dict]) of an exception.
pub fn reduce_with(sp: Space, w: W, w_args: W) -> Res<W> {
    let w_type = sp.type_(w)?;
    let w_dict = sp.getattr(w, name!(sp, "__dict__"))?;
    if sp.dict_len(w_dict)? > 0 { sp.newtuple(&[w_type, w_args, w_dict]) } else { sp.newtuple(&[w_type, w_args]) }
}
/// For unpickling: sets attributes.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn setstate(sp: Space, w: W, w_state: W) -> Res<()> {
    if w_state.is_none() {
        return Ok(());
    }
    if sp.layout(w_state) != taipan_abi::word::TID_DICT {
        return Err(sp.type_error("state is not a dictionary"));
    }
    let mut pos = 0;
    while let Some((k, v)) = sp.dict_next(w_state, &mut pos) {
        sp.setattr(w, k, v)?;
    }
    Ok(())
}

typespec!(
    /// The root of all exceptions.
    pub BASE_EXCEPTION: WException, "BaseException", {
        doc: Str::new("Common base class for all exceptions"),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { new: Some(exc_new), init: Some(exc_init), str: Some(exc_str), repr: Some(exc_repr), ..Slots::EMPTY },
        methods: methods![with_traceback, add_note, reduce, setstate],
        getset: table![
            getset!("args", get_args, set_args),
            getset!("__traceback__", get_traceback, set_traceback),
            getset!("__context__", get_context, set_context),
            getset!("__cause__", get_cause, set_cause),
            getset!("__suppress_context__", get_suppress, set_suppress),
        ],
    }
);

/// Is it an exception class?
pub fn is_class(sp: Space, w: W) -> bool {
    w.is_obj()
        && sp.layout(w) == taipan_abi::word::TID_TYPE
        && crate::types::util::subtype(w, sp.known(known::BASE_EXCEPTION))
}
/// Is it an exception instance?
pub fn is_instance(sp: Space, w: W) -> bool {
    w.is_obj() && crate::types::util::subtype(sp.row(w).w_type, sp.known(known::BASE_EXCEPTION))
}
/// A tuple?
pub fn is_tuple(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_TUPLE
}
