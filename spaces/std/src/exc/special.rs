//! Exceptions with fields of their own: StopIteration, SystemExit, KeyError, AttributeError, NameError, ImportError.

use super::base::{exc, exc_new, reduce_with};
use crate::layouts::WException;
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, member, methods, setfield, slot, table};

/// A layout that continues WException with words.
macro_rules! layout {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* }) => {
        $(#[$doc])*
        #[derive(GcObject)]
        #[repr(C)]
        pub struct $name {
            header: Header, w_args: W, w_traceback: W, w_context: W, w_cause: W, suppress_context: u64,
            $(pub $field: W,)*
        }
        const _: () = assert!(std::mem::size_of::<$name>() > std::mem::size_of::<crate::layouts::WException>());
    };
}
pub(super) use layout;

layout!(/** StopIteration and SystemExit: value, code. */ WValueError { w_value });
layout!(/** NameError */ WNameError { w_name });
layout!(/** AttributeError */ WAttributeError { w_obj, w_name });
layout!(/** ImportError */ WImportError { w_msg, w_name, w_path, w_name_from });

#[slot]
fn value_init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", sp.type_name(w)));
    }
    let a = args.positional();
    let w_args = sp.newtuple(a)?;
    setfield!(sp, w, WException, w_args, w_args);
    setfield!(sp, w, WValueError, w_value, a.first().copied().unwrap_or(W::NONE));
    Ok(())
}
#[slot]
fn exit_init(sp: Space, w: W, args: Args) -> Res<()> {
    if args.nkw(sp) > 0 {
        return Err(sp.type_error("SystemExit() takes no keyword arguments"));
    }
    let a = args.positional();
    let w_args = sp.newtuple(a)?;
    setfield!(sp, w, WException, w_args, w_args);
    let w_code = match a {
        [] => W::NONE,
        [one] => *one,
        _ => w_args,
    };
    setfield!(sp, w, WValueError, w_value, w_code);
    Ok(())
}
typespec!(
    /// StopIteration
    pub STOP_ITERATION: WValueError, "StopIteration", {
        doc: Str::new("Signal the end from iterator.__next__()."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { new: Some(exc_new), init: Some(value_init), ..Slots::EMPTY },
        members: table![member!(WValueError, "value", w_value, mut Obj)],
    }
);
typespec!(
    /// SystemExit
    pub SYSTEM_EXIT: WValueError, "SystemExit", {
        doc: Str::new("Request to exit from the interpreter."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { new: Some(exc_new), init: Some(exit_init), ..Slots::EMPTY },
        members: table![member!(WValueError, "code", w_value, mut Obj)],
    }
);

#[slot]
fn key_str(sp: Space, w: W) -> Res<W> {
    match sp.tuple_items(exc(w).w_args) {
        [] => Ok(sp.known(known::EMPTY_STR)),
        [one] => sp.repr(*one),
        _ => sp.str(exc(w).w_args),
    }
}
typespec!(
    /// KeyError
    pub KEY_ERROR: WException, "KeyError", {
        doc: Str::new("Mapping key not found."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { str: Some(key_str), ..Slots::EMPTY },
    }
);

/// Args by position, and some names as fields.
fn named(sp: Space, w: W, args: Args, names: &[&str]) -> Res<Vec<usize>> {
    let w_args = sp.newtuple(args.positional())?;
    setfield!(sp, w, WException, w_args, w_args);
    let mut at = Vec::new();
    for (n, _) in args.keywords(sp) {
        match names.iter().position(|k| n.eq_str(k)) {
            Some(i) => at.push(i),
            None => {
                let t = sp.type_name(w);
                return Err(raise!(sp, TYPE_ERROR, "{t}() got an unexpected keyword argument '{}'", n.to_str()));
            }
        }
    }
    Ok(at)
}
#[slot]
fn name_init(sp: Space, w: W, args: Args) -> Res<()> {
    named(sp, w, args, &["name"])?;
    for (_, v) in args.keywords(sp) {
        setfield!(sp, w, WNameError, w_name, v);
    }
    Ok(())
}
typespec!(
    /// NameError
    pub NAME_ERROR: WNameError, "NameError", {
        doc: Str::new("Name not found globally."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { init: Some(name_init), ..Slots::EMPTY },
        members: table![member!(WNameError, "name", w_name, mut Obj)],
    }
);
typespec!(
    /// UnboundLocalError
    pub UNBOUND_LOCAL_ERROR: WNameError, "UnboundLocalError", {
        doc: Str::new("Local name referenced but not bound to a value."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
    }
);
#[slot]
fn attribute_init(sp: Space, w: W, args: Args) -> Res<()> {
    let at = named(sp, w, args, &["name", "obj"])?;
    for (i, (_, v)) in at.into_iter().zip(args.keywords(sp)) {
        if i == 0 { setfield!(sp, w, WAttributeError, w_name, v) } else { setfield!(sp, w, WAttributeError, w_obj, v) }
    }
    Ok(())
}
/// For pickling: name and obj stay behind as far as they cannot travel.
#[interp_fn(method, name = "__reduce__", sig = "(self)")]
fn attribute_reduce(sp: Space, w: W) -> Res<W> {
    // SAFETY: the gateway has checked the type.
    let e = unsafe { &*w.ptr::<WAttributeError>() };
    let w_state = sp.dict_copy(sp.getattr(w, name!(sp, "__dict__"))?)?;
    if !e.w_name.is_null() {
        sp.dict_set_str(w_state, "name", e.w_name)?;
    }
    sp.dict_set_str(w_state, "args", e.w_args)?;
    sp.newtuple(&[sp.type_(w)?, e.w_args, w_state])
}
typespec!(
    /// AttributeError
    pub ATTRIBUTE_ERROR: WAttributeError, "AttributeError", {
        doc: Str::new("Attribute not found."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { init: Some(attribute_init), ..Slots::EMPTY },
        methods: methods![attribute_reduce],
        members: table![
            member!(WAttributeError, "name", w_name, mut Obj), member!(WAttributeError, "obj", w_obj, mut Obj),
        ],
    }
);
#[slot]
fn import_init(sp: Space, w: W, args: Args) -> Res<()> {
    let at = named(sp, w, args, &["name", "path", "name_from"])?;
    setfield!(sp, w, WImportError, w_name, W::NULL);
    setfield!(sp, w, WImportError, w_path, W::NULL);
    setfield!(sp, w, WImportError, w_name_from, W::NULL);
    for (i, (_, v)) in at.into_iter().zip(args.keywords(sp)) {
        match i {
            0 => setfield!(sp, w, WImportError, w_name, v),
            1 => setfield!(sp, w, WImportError, w_path, v),
            _ => setfield!(sp, w, WImportError, w_name_from, v),
        }
    }
    let w_msg = if let [one] = args.positional() { *one } else { W::NULL };
    setfield!(sp, w, WImportError, w_msg, w_msg);
    Ok(())
}
#[slot]
fn import_str(sp: Space, w: W) -> Res<W> {
    // SAFETY: the slot of this type.
    let w_msg = unsafe { (*w.ptr::<WImportError>()).w_msg };
    if !w_msg.is_null() && sp.layout(w_msg) == taipan_abi::word::TID_STR {
        return Ok(w_msg);
    }
    match sp.tuple_items(exc(w).w_args) {
        [] => Ok(sp.known(known::EMPTY_STR)),
        [one] => sp.str(*one),
        _ => sp.str(exc(w).w_args),
    }
}
/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self)")]
fn import_reduce(sp: Space, w: W) -> Res<W> {
    // SAFETY: the gateway has checked the type.
    let e = unsafe { &*w.ptr::<WImportError>() };
    let w_state = sp.dict_copy(sp.getattr(w, name!(sp, "__dict__"))?)?;
    for (n, v) in [("name", e.w_name), ("path", e.w_path), ("name_from", e.w_name_from)] {
        if !v.is_null() {
            sp.dict_set_str(w_state, n, v)?;
        }
    }
    if sp.dict_len(w_state)? == 0 {
        return reduce_with(sp, w, e.w_args);
    }
    sp.newtuple(&[sp.type_(w)?, e.w_args, w_state])
}
typespec!(
    /// ImportError
    pub IMPORT_ERROR: WImportError, "ImportError", {
        doc: Str::new("Import can't find module, or can't find name in module."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { init: Some(import_init), str: Some(import_str), ..Slots::EMPTY },
        methods: methods![import_reduce],
        members: table![
            member!(WImportError, "msg", w_msg, mut Obj), member!(WImportError, "name", w_name, mut Obj),
            member!(WImportError, "path", w_path, mut Obj), member!(WImportError, "name_from", w_name_from, mut Obj),
        ],
    }
);
typespec!(
    /// ModuleNotFoundError
    pub MODULE_NOT_FOUND_ERROR: WImportError, "ModuleNotFoundError", {
        doc: Str::new("Module not found."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
    }
);
