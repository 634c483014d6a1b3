//! property.

use super::util::*;
use super::{attrs, calls, create, wrappers};
use crate::layouts::*;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

fn this(w: W) -> &'static mut WProperty {
    // SAFETY: the caller's object is a property.
    unsafe { obj::<WProperty>(w) }
}
#[slot]
fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    create::allocate(sp, w_type, 0)
}
#[slot]
fn init(sp: Space, w: W, args: Args) -> Res<()> {
    const NAMES: [&str; 4] = ["fget", "fset", "fdel", "doc"];
    let pos = args.positional();
    if pos.len() > 4 {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "property() takes at most 4 arguments ({} given)",
            pos.len() + args.nkw(sp)
        ));
    }
    let mut a = [W::NULL; 4];
    a[..pos.len()].copy_from_slice(pos);
    for (name, value) in args.keywords(sp) {
        let Some(i) = NAMES.iter().position(|n| name.eq_str(n)) else {
            return Err(raise!(sp, TYPE_ERROR, "property() got an unexpected keyword argument '{}'", name.to_str()));
        };
        if !a[i].is_null() {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "argument for property() given by name ('{}') and position ({})",
                NAMES[i],
                i + 1
            ));
        }
        a[i] = value;
    }
    let null = |w: W| if w.is_none() { W::NULL } else { w };
    setfield!(sp, w, WProperty, w_get, null(a[0]));
    setfield!(sp, w, WProperty, w_set, null(a[1]));
    setfield!(sp, w, WProperty, w_del, null(a[2]));
    setfield!(sp, w, WProperty, w_name, W::NULL);
    let mut w_doc = null(a[3]);
    this(w).getter_doc = false;
    if w_doc.is_null()
        && !null(a[0]).is_null()
        && let Some(d) = sp.getattr_opt(a[0], name!(sp, "__doc__"))?
        && !d.is_none()
    {
        w_doc = d;
        this(w).getter_doc = true;
    }
    setfield!(sp, w, WProperty, w_doc, w_doc);
    if type_of(sp, w) != builtin_type(sp, TID_PROPERTY) {
        // The class attribute `__doc__` of a subclass hides the member: its instances keep the text in an attribute, or nowhere.
        let r = attrs::setattr(sp, w, name!(sp, "__doc__"), or_none(w_doc));
        if r.is_err() && (this(w).getter_doc || !sp.catch(known::ATTRIBUTE_ERROR)) {
            return r;
        }
    }
    Ok(())
}
/// The name for messages.
fn name_of(sp: Space, w: W) -> Res<Option<W>> {
    let p = this(w);
    if !p.w_name.is_null() {
        return Ok(Some(p.w_name));
    }
    if p.w_get.is_null() {
        return Ok(None);
    }
    sp.getattr_opt(p.w_get, name!(sp, "__name__"))
}
fn missing(sp: Space, w: W, o: W, what: &str) -> Res<Raised> {
    let q = super::typeattrs::qualname(sp, type_of(sp, o))?;
    let t = sp.repr_string(q)?;
    let text = match name_of(sp, w)? {
        Some(n) => format!("property {} of {t} object has no {what}", sp.repr_string(n)?),
        None => format!("property of {t} object has no {what}"),
    };
    Ok(sp.raise(known::ATTRIBUTE_ERROR, &text))
}
#[slot]
fn get(sp: Space, w: W, o: W, _t: W) -> Res<W> {
    if o.is_null() {
        return Ok(w);
    }
    let f = this(w).w_get;
    if f.is_null() {
        return Err(missing(sp, w, o, "getter")?);
    }
    sp.call(f, &[o])
}
#[slot]
fn set(sp: Space, w: W, o: W, value: W) -> Res<()> {
    let p = this(w);
    if value.is_null() {
        if p.w_del.is_null() {
            return Err(missing(sp, w, o, "deleter")?);
        }
        sp.call(p.w_del, &[o])?;
    } else {
        if p.w_set.is_null() {
            return Err(missing(sp, w, o, "setter")?);
        }
        sp.call(p.w_set, &[o, value])?;
    }
    Ok(())
}
/// A copy with one accessor replaced; made by calling the object's own class.
fn copy(sp: Space, w: W, i: usize, f: W) -> Res<W> {
    let p = this(w);
    let w_doc = if p.getter_doc { W::NONE } else { or_none(p.w_doc) };
    let mut a = [or_none(p.w_get), or_none(p.w_set), or_none(p.w_del), w_doc];
    if !f.is_none() {
        a[i] = f
    }
    let r = calls::call(sp, type_of(sp, w), Args { ptr: a.as_ptr(), n: 4, kwnames: W::NULL })?;
    if sp.layout(r) == TID_PROPERTY && !p.w_name.is_null() {
        setfield!(sp, r, WProperty, w_name, p.w_name);
    }
    Ok(r)
}
/// Descriptor to obtain a copy of the property with a different getter.
#[interp_fn(name = "getter", method, sig = "($self, fget, /)")]
fn getter(sp: Space, w: W, f: W) -> Res<W> {
    copy(sp, w, 0, f)
}
/// Descriptor to obtain a copy of the property with a different setter.
#[interp_fn(name = "setter", method, sig = "($self, fset, /)")]
fn setter(sp: Space, w: W, f: W) -> Res<W> {
    copy(sp, w, 1, f)
}
/// Descriptor to obtain a copy of the property with a different deleter.
#[interp_fn(name = "deleter", method, sig = "($self, fdel, /)")]
fn deleter(sp: Space, w: W, f: W) -> Res<W> {
    copy(sp, w, 2, f)
}
/// Remembers the attribute's name for messages.
#[interp_fn(name = "__set_name__", method, raw)]
fn set_name(sp: Space, w: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "property.__set_name__")?;
    let &[_, w_name] = args.positional() else {
        return Err(raise!(sp, TYPE_ERROR, "__set_name__() takes 2 positional arguments but {} were given", args.n));
    };
    setfield!(sp, w, WProperty, w_name, w_name);
    Ok(())
}
#[slot]
fn get_name(sp: Space, w: W) -> Res<W> {
    match name_of(sp, w)? {
        Some(n) => Ok(n),
        None => Err(attrs::no_attribute(sp, w, name!(sp, "__name__"))),
    }
}
#[slot]
fn set_name_attr(sp: Space, w: W, value: W) -> Res<()> {
    setfield!(sp, w, WProperty, w_name, value);
    Ok(())
}
#[slot]
fn get_abstract(sp: Space, w: W) -> Res<W> {
    let p = this(w);
    for f in [p.w_get, p.w_set, p.w_del] {
        if wrappers::is_abstract(sp, f)? {
            return Ok(W::TRUE);
        }
    }
    Ok(W::FALSE)
}
static SLOTS: Slots =
    Slots { new: Some(new), init: Some(init), descr_get: Some(get), descr_set: Some(set), ..Slots::EMPTY };
typespec!(pub PROPERTY: WProperty, "property", {
    doc: Str::new("Property attribute.\n\nIts getter, setter and deleter functions compute, store and delete the attribute's value; doc is its docstring."),
    flags: ty::BASETYPE, slots: &SLOTS, methods: methods![getter, setter, deleter, set_name],
    getset: table![getset!("__name__", get_name, set_name_attr), getset!("__isabstractmethod__", get_abstract)],
    members: table![member!(WProperty, "fget", w_get, Obj), member!(WProperty, "fset", w_set, Obj), member!(WProperty, "fdel", w_del, Obj),
        member!(WProperty, "__doc__", w_doc, mut Obj)],
});
