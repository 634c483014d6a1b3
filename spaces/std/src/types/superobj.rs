//! super.

use super::util::*;
use super::{attrs, create, lookup};
use taipan_abi::thread::Frame;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// super
#[derive(GcObject)]
#[repr(C)]
pub struct WSuper {
    #[allow(missing_docs)]
    pub header: Header,
    /// `__thisclass__`
    pub w_class: W,
    /// `__self__`, or NULL while unbound.
    pub w_self: W,
    /// `__self_class__`, or NULL.
    pub w_self_class: W,
}
fn this(w: W) -> &'static mut WSuper {
    // SAFETY: the caller's object is a super.
    unsafe { obj::<WSuper>(w) }
}
/// The class whose MRO is searched; None: neither instance nor subclass.
fn check(sp: Space, w_class: W, w: W) -> Res<W> {
    if is_type(sp, w) && subtype(w, w_class) {
        return Ok(w);
    }
    let t = type_of(sp, w);
    if subtype(t, w_class) {
        return Ok(t);
    }
    if let Some(c) = sp.getattr_opt(w, name!(sp, "__class__"))?
        && c != t
        && is_type(sp, c)
        && subtype(c, w_class)
    {
        return Ok(c);
    }
    let (what, of) = if is_type(sp, w) { ("type", tp_name(sp, w)) } else { ("instance of", t_name(sp, w)) };
    Err(raise!(
        sp,
        TYPE_ERROR,
        "super(type, obj): obj ({what} {of}) is not an instance or subtype of type ({}).",
        tp_name(sp, w_class)
    ))
}
fn t_name(sp: Space, w: W) -> String {
    tname(sp, w)
}

/// The attribute after `w_class` in the MRO of `w_self_class`, bound to `w_self`.
pub fn lookup_after(sp: Space, w_class: W, w_self: W, w_self_class: W, w_name: W) -> Res<Option<W>> {
    let mro = tuple(wt(w_self_class).w_mro);
    let Some(at) = mro.iter().position(|c| *c == w_class) else { return Ok(None) };
    let Some(d) = mro[at + 1..].iter().find_map(|c| lookup::own(sp, *c, w_name)) else { return Ok(None) };
    match slots_of(sp, d).descr_get {
        // SAFETY: the slot of the object's class.
        Some(f) => {
            let o = if w_self == w_self_class { W::NULL } else { w_self };
            res(unsafe { f(sp.th(), d, o, w_self_class) }).map(Some)
        }
        None => Ok(Some(d)),
    }
}
/// `super(cls, self).name` without a super object, for LOAD_SUPER_ATTR: as (callable, self or NULL) when `method`.
pub fn load(sp: Space, w_class: W, w_self: W, w_name: W, method: bool) -> Res<(W, W)> {
    let w_name = attr_name(sp, w_name)?;
    if !is_type(sp, w_class) {
        return Err(raise!(sp, TYPE_ERROR, "super() argument 1 must be a type, not {}", tname(sp, w_class)));
    }
    let w_self_class = check(sp, w_class, w_self)?;
    if method && w_self != w_self_class {
        let mro = tuple(wt(w_self_class).w_mro);
        if let Some(at) = mro.iter().position(|c| *c == w_class)
            && let Some(d) = mro[at + 1..].iter().find_map(|c| lookup::own(sp, *c, w_name))
        {
            return lookup::bind(sp, d, w_self, w_self_class);
        }
    } else if let Some(v) = lookup_after(sp, w_class, w_self, w_self_class, w_name)? {
        return Ok((v, W::NULL));
    }
    // Not found there: what a super object itself has.
    let w = make(sp, w_class, w_self, w_self_class)?;
    Ok((attrs::getattr(sp, w, w_name)?, W::NULL))
}
fn make(sp: Space, w_class: W, w_self: W, w_self_class: W) -> Res<W> {
    // SAFETY: row TID_SUPER is laid out so; fresh object.
    let (w, s) = unsafe { new::<WSuper>(sp, TID_SUPER)? };
    s.w_class = w_class;
    s.w_self = w_self;
    s.w_self_class = w_self_class;
    Ok(w)
}
#[slot]
fn tp_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    create::allocate(sp, w_type, 0)
}
/// Class and first argument of the running method.
fn implicit(sp: Space) -> Res<(W, W)> {
    let f = sp.thread().gc.frame_top as *mut Frame;
    if f.is_null() || (f as *mut u8) < sp.thread().gc.frames {
        return Err(sp.runtime_error("super(): no current frame"));
    }
    // SAFETY: the running frame of this thread, its code, and its locals.
    unsafe {
        let f = &*f;
        if f.code.is_null() {
            return Err(sp.runtime_error("super(): no current frame"));
        }
        let code = &*f.code;
        if code.argcount == 0 {
            return Err(sp.runtime_error("super(): no arguments"));
        }
        let mut w_self = *f.base;
        if !w_self.is_null() && w_self.is_tid(TID_CELL) && code.ncell_params > 0 && *code.cell_params == 0 {
            w_self = obj::<crate::layouts::WCell>(w_self).w_value
        }
        if w_self.is_null() {
            return Err(sp.runtime_error("super(): arg[0] deleted"));
        }
        let names = sp.tuple_items(code.w_localsplusnames);
        for (i, n) in names.iter().enumerate() {
            if sp.text_opt(*n).is_some_and(|t| t.eq_str("__class__")) {
                let cell = *f.base.add(i);
                if cell.is_null() || !cell.is_tid(TID_CELL) {
                    return Err(sp.runtime_error("super(): bad __class__ cell"));
                }
                let c = obj::<crate::layouts::WCell>(cell).w_value;
                if c.is_null() {
                    return Err(sp.runtime_error("super(): empty __class__ cell"));
                }
                if !is_type(sp, c) {
                    return Err(raise!(sp, RUNTIME_ERROR, "super(): __class__ is not a type ({})", tname(sp, c)));
                }
                return Ok((c, w_self));
            }
        }
        Err(sp.runtime_error("super(): __class__ cell not found"))
    }
}
#[slot]
fn init(sp: Space, w: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "super")?;
    let a = args.positional();
    if a.len() > 2 {
        return Err(raise!(sp, TYPE_ERROR, "super expected at most 2 arguments, got {}", a.len()));
    }
    let (w_class, w_self) = match a {
        [] => implicit(sp)?,
        [c] => (*c, W::NULL),
        [c, s, ..] => (*c, if s.is_none() { W::NULL } else { *s }),
    };
    if !is_type(sp, w_class) {
        return Err(raise!(sp, TYPE_ERROR, "super() argument 1 must be a type, not {}", tname(sp, w_class)));
    }
    let w_self_class = if w_self.is_null() { W::NULL } else { check(sp, w_class, w_self)? };
    setfield!(sp, w, WSuper, w_class, w_class);
    setfield!(sp, w, WSuper, w_self, w_self);
    setfield!(sp, w, WSuper, w_self_class, w_self_class);
    Ok(())
}
#[slot]
fn getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let w_name = attr_name(sp, w_name)?;
    let s = this(w);
    if !s.w_self_class.is_null()
        && w_name != name!(sp, "__class__")
        && let Some(v) = lookup_after(sp, s.w_class, s.w_self, s.w_self_class, w_name)?
    {
        return Ok(v);
    }
    match attrs::generic_getattr_opt(sp, w, w_name)? {
        Some(v) => Ok(v),
        None => {
            let text = format!("'super' object has no attribute '{}'", show(sp, w_name));
            Err(attrs::attribute_error(sp, &text, w, w_name))
        }
    }
}
#[slot]
fn descr_get(sp: Space, w: W, o: W, _t: W) -> Res<W> {
    let s = this(w);
    if o.is_null() || o.is_none() || !s.w_self.is_null() {
        return Ok(w);
    }
    let t = type_of(sp, w);
    if t != builtin_type(sp, TID_SUPER) {
        return sp.call(t, &[s.w_class, o]);
    }
    let c = check(sp, s.w_class, o)?;
    make(sp, s.w_class, o, c)
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let s = this(w);
    let c = if s.w_class.is_null() { "NULL".to_string() } else { tp_name(sp, s.w_class) };
    if s.w_self_class.is_null() {
        return sp.newstr(&format!("<super: <class '{c}'>, NULL>"));
    }
    sp.newstr(&format!("<super: <class '{c}'>, <{} object>>", tp_name(sp, s.w_self_class)))
}
static SLOTS: Slots = Slots {
    new: Some(tp_new),
    init: Some(init),
    getattr: Some(getattr),
    descr_get: Some(descr_get),
    repr: Some(repr),
    ..Slots::EMPTY
};
typespec!(pub SUPER: WSuper, "super", {
    doc: Str::new("super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires issubclass(type2, type)"),
    flags: ty::BASETYPE, slots: &SLOTS,
    members: table![member!(WSuper, "__thisclass__", w_class, Obj), member!(WSuper, "__self__", w_self, Obj),
        member!(WSuper, "__self_class__", w_self_class, Obj)],
});
