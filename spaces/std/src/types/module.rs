//! module.

use super::attrs;
use super::create;
use super::util::*;
use crate::layouts::*;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn this(w: W) -> &'static mut WModule {
    // SAFETY: the caller's object is a module.
    unsafe { obj::<WModule>(w) }
}
fn fill(sp: Space, w: W, w_name: W, w_doc: W) -> Res<()> {
    let d = super::shapes::getdict(sp, w)?;
    sp.dict_set(d, name!(sp, "__name__"), w_name)?;
    sp.dict_set(d, name!(sp, "__doc__"), w_doc)?;
    for k in [name!(sp, "__package__"), name!(sp, "__loader__"), name!(sp, "__spec__")] {
        sp.dict_set(d, k, W::NONE)?
    }
    Ok(())
}
/// A module object with its standard names.
pub fn new_module(sp: Space, w_name: W) -> Res<W> {
    let w = create::allocate(sp, builtin_type(sp, TID_MODULE), 0)?;
    fill(sp, w, w_name, W::NONE)?;
    Ok(w)
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = create::allocate(sp, w_type, 0)?;
    super::shapes::getdict(sp, w)?;
    Ok(w)
}
#[slot]
fn init(sp: Space, w: W, args: Args) -> Res<()> {
    let (mut w_name, mut w_doc) = (args.positional().first().copied(), args.positional().get(1).copied());
    if args.n > 2 {
        return Err(raise!(sp, TYPE_ERROR, "module() takes at most 2 arguments ({} given)", args.n + args.nkw(sp)));
    }
    for (n, v) in args.keywords(sp) {
        let slot = match () {
            _ if n.eq_str("name") => &mut w_name,
            _ if n.eq_str("doc") => &mut w_doc,
            _ => return Err(raise!(sp, TYPE_ERROR, "module() got an unexpected keyword argument '{}'", n.to_str())),
        };
        if slot.is_some() {
            return Err(raise!(sp, TYPE_ERROR, "argument for module() given by name ('{}') and position", n.to_str()));
        }
        *slot = Some(v);
    }
    let Some(w_name) = w_name else {
        return Err(sp.type_error("module() missing required argument 'name' (pos 1)"));
    };
    if sp.layout(w_name) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "module() argument 'name' must be str, not {}", tname(sp, w_name)));
    }
    fill(sp, w, w_name, w_doc.unwrap_or(W::NONE))
}
fn own(sp: Space, w: W, k: W) -> Option<W> {
    let d = this(w).w_dict;
    if d.is_null() { None } else { sp.dict_get(d, k).unwrap_or(None) }
}
/// "module 'x' has no attribute 'y'", or what fits a module that is still being imported.
#[cold]
pub fn no_attribute(sp: Space, w: W, w_name: W) -> Raised {
    let n = show(sp, w_name);
    let name = own(sp, w, name!(sp, "__name__")).and_then(|x| sp.text_opt(x)).map(|t| t.to_str().into_owned());
    let Some(name) = name else {
        return attrs::attribute_error(sp, &format!("module has no attribute '{n}'"), w, w_name);
    };
    let initializing = (|| -> Res<bool> {
        let Some(s) = own(sp, w, name!(sp, "__spec__")) else { return Ok(false) };
        if s.is_none() {
            return Ok(false);
        }
        match sp.getattr_opt(s, name!(sp, "_initializing"))? {
            Some(v) => sp.is_true(v),
            None => Ok(false),
        }
    })()
    .unwrap_or_else(|_| {
        sp.take_exc();
        false
    });
    let text = if initializing {
        format!("partially initialized module '{name}' has no attribute '{n}' (most likely due to a circular import)")
    } else {
        format!("module '{name}' has no attribute '{n}'")
    };
    attrs::attribute_error(sp, &text, w, w_name)
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let lib = sp.import_module(name!(sp, "importlib._bootstrap"));
    if let Ok(lib) = lib {
        return sp.call_method(lib, name!(sp, "_module_repr"), &[w]);
    }
    sp.take_exc();
    let name = own(sp, w, name!(sp, "__name__")).map_or("?".into(), |n| show(sp, n));
    sp.newstr(&format!("<module '{name}'>"))
}
/// Names of the module, or what its `__dir__` says.
#[interp_fn(name = "__dir__", method, sig = "($self, /)")]
fn dir(sp: Space, w: W) -> Res<W> {
    let d = sp.getattr(w, name!(sp, "__dict__"))?;
    if sp.layout(d) != TID_DICT {
        return Err(raise!(sp, TYPE_ERROR, "{}.__dict__ is not a dictionary", tname(sp, w)));
    }
    if let Some(f) = sp.dict_get(d, name!(sp, "__dir__"))? {
        return sp.call(f, &[]);
    }
    sp.call(sp.known(known::LIST), &[d])
}
#[slot]
fn get_dict(sp: Space, w: W) -> Res<W> {
    super::shapes::getdict(sp, w)
}
#[slot]
fn get_annotations(sp: Space, w: W) -> Res<W> {
    let k = name!(sp, "__annotations__");
    if let Some(v) = own(sp, w, k) {
        return Ok(v);
    }
    let f = own(sp, w, name!(sp, "__annotate__")).unwrap_or(W::NONE);
    let v = if f.is_none() { sp.newdict()? } else { sp.call(f, &[W::int(1)])? };
    if sp.layout(v) != TID_DICT {
        return Err(raise!(sp, TYPE_ERROR, "__annotate__() must return a dict, not {}", tname(sp, v)));
    }
    sp.dict_set(super::shapes::getdict(sp, w)?, k, v)?;
    Ok(v)
}
#[slot]
fn set_annotations(sp: Space, w: W, value: W) -> Res<()> {
    let d = super::shapes::getdict(sp, w)?;
    let k = name!(sp, "__annotations__");
    if value.is_null() {
        if own(sp, w, k).is_none() {
            return Err(attrs::no_attribute(sp, w, k));
        }
        sp.dict_del(d, k)?;
    } else {
        sp.dict_set(d, k, value)?;
    }
    let k = name!(sp, "__annotate__");
    if own(sp, w, k).is_some() { sp.dict_del(d, k) } else { Ok(()) }
}
#[slot]
fn get_annotate(sp: Space, w: W) -> Res<W> {
    Ok(own(sp, w, name!(sp, "__annotate__")).unwrap_or(W::NONE))
}
#[slot]
fn set_annotate(sp: Space, w: W, value: W) -> Res<()> {
    if value.is_null() {
        return Err(sp.type_error("cannot delete __annotate__ attribute"));
    }
    if !value.is_none() && !sp.callable(value) {
        return Err(sp.type_error("__annotate__ must be callable or None"));
    }
    let d = super::shapes::getdict(sp, w)?;
    sp.dict_set(d, name!(sp, "__annotate__"), value)?;
    let k = name!(sp, "__annotations__");
    if !value.is_none() && own(sp, w, k).is_some() { sp.dict_del(d, k) } else { Ok(()) }
}
static SLOTS: Slots = Slots {
    new: Some(new),
    init: Some(init),
    repr: Some(repr),
    getattr: Some(attrs::module_getattribute),
    ..Slots::EMPTY
};
typespec!(pub MODULE: WModule, "module", {
    doc: Str::new("Create a module object.\n\nThe name must be a string; the optional docstring can have any type."),
    flags: ty::BASETYPE | ty::WEAKREF, slots: &SLOTS, methods: methods![dir],
    getset: table![getset!("__dict__", get_dict), getset!("__annotations__", get_annotations, set_annotations),
        getset!("__annotate__", get_annotate, set_annotate)],
});
