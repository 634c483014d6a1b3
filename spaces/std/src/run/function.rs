//! Python functions and bound methods.

use super::code;
use crate::layouts::{WFunction, WMethod};
use taipan_abi::known;
use taipan_abi::opcode::co;
use taipan_abi::types::Slots;
use taipan_abi::word::{TID_CODE, TID_FUNCTION, TID_METHOD, TID_TUPLE, W};
use taipan_interp::call::call_function;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, methods, setfield, slot, table};

/// A function of a code object, as MAKE_FUNCTION makes it.
pub fn new(sp: Space, w_code: W, w_globals: W) -> Res<W> {
    let c = code::get(w_code);
    let w_module = match sp.dict_get(w_globals, name!(sp, "__name__"))? {
        Some(w) => w,
        None => W::NULL,
    };
    // SAFETY: the row's layout is WFunction; nothing is allocated between this and the stores.
    unsafe {
        let w_builtins = super::space::builtins_of(sp, w_globals);
        let w = sp.alloc(TID_FUNCTION, std::mem::size_of::<WFunction>())?;
        let f = &mut *w.ptr::<WFunction>();
        f.w_code = w_code;
        f.w_globals = w_globals;
        f.w_builtins = w_builtins;
        f.w_name = c.w_name;
        f.w_qualname = c.w_qualname;
        f.w_module = w_module;
        f.w_doc = if c.flags & co::HAS_DOCSTRING != 0 { sp.tuple_items(c.w_consts)[0] } else { W::NONE };
        Ok(w)
    }
}

fn func<'a>(w: W) -> &'a mut WFunction {
    // SAFETY: the gateway has checked the type.
    unsafe { &mut *w.ptr() }
}
fn or_none(w: W) -> W {
    if w.is_null() { W::NONE } else { w }
}

#[slot]
fn call(sp: Space, w: W, args: Args) -> Res<W> {
    call_function(sp, w, args)
}
#[slot]
fn get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() || w_obj.is_none() { Ok(w) } else { sp.newmethod(w, w_obj) }
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    sp.newstr(&format!("<function {} at {:#x}>", sp.string_w(func(w).w_qualname)?, w.0))
}

macro_rules! text_attr {
    ($get:ident, $set:ident, $field:ident, $name:literal) => {
        #[slot]
        fn $get(_sp: Space, w: W) -> Res<W> {
            Ok(func(w).$field)
        }
        #[slot]
        fn $set(sp: Space, w: W, v: W) -> Res<()> {
            if v.is_null() || sp.text_opt(v).is_none() {
                return Err(sp.type_error(concat!($name, " must be set to a string object")));
            }
            setfield!(sp, w, WFunction, $field, v);
            Ok(())
        }
    };
}
text_attr!(get_name, set_name, w_name, "__name__");
text_attr!(get_qualname, set_qualname, w_qualname, "__qualname__");

macro_rules! plain_attr {
    ($get:ident, $set:ident, $field:ident) => {
        #[slot]
        fn $get(_sp: Space, w: W) -> Res<W> {
            Ok(or_none(func(w).$field))
        }
        #[slot]
        fn $set(sp: Space, w: W, v: W) -> Res<()> {
            setfield!(sp, w, WFunction, $field, v);
            Ok(())
        }
    };
}
plain_attr!(get_doc, set_doc, w_doc);
plain_attr!(get_module, set_module, w_module);

#[slot]
fn get_code(_sp: Space, w: W) -> Res<W> {
    Ok(func(w).w_code)
}
#[slot]
fn set_code(sp: Space, w: W, v: W) -> Res<()> {
    // SAFETY: a live word.
    if v.is_null() || !unsafe { v.is_tid(TID_CODE) } {
        return Err(sp.type_error("__code__ must be set to a code object"));
    }
    let nclosure = if func(w).w_closure.is_null() { 0 } else { sp.tuple_items(func(w).w_closure).len() };
    if code::get(v).nfree as usize != nclosure {
        let name = sp.string_w(func(w).w_name)?;
        return Err(raise!(
            sp,
            VALUE_ERROR,
            "{name}() requires a code object with {nclosure} free vars, not {}",
            code::get(v).nfree
        ));
    }
    setfield!(sp, w, WFunction, w_code, v);
    sp.next_epoch();
    Ok(())
}
#[slot]
fn get_defaults(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(func(w).w_defaults))
}
#[slot]
fn set_defaults(sp: Space, w: W, v: W) -> Res<()> {
    if !v.is_null() && !v.is_none() && sp.layout(v) != TID_TUPLE {
        return Err(sp.type_error("__defaults__ must be set to a tuple object"));
    }
    setfield!(sp, w, WFunction, w_defaults, if v.is_none() { W::NULL } else { v });
    Ok(())
}
#[slot]
fn get_kwdefaults(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(func(w).w_kwdefaults))
}
#[slot]
fn set_kwdefaults(sp: Space, w: W, v: W) -> Res<()> {
    if !v.is_null() && !v.is_none() && sp.layout(v) != taipan_abi::word::TID_DICT {
        return Err(sp.type_error("__kwdefaults__ must be set to a dict object"));
    }
    setfield!(sp, w, WFunction, w_kwdefaults, if v.is_none() { W::NULL } else { v });
    Ok(())
}
#[slot]
fn get_closure(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(func(w).w_closure))
}
#[slot]
fn get_dict(sp: Space, w: W) -> Res<W> {
    if func(w).w_dict.is_null() {
        let d = sp.newdict()?;
        setfield!(sp, w, WFunction, w_dict, d);
    }
    Ok(func(w).w_dict)
}
#[slot]
fn set_dict(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("cannot delete __dict__"));
    }
    if sp.layout(v) != taipan_abi::word::TID_DICT {
        return Err(raise!(sp, TYPE_ERROR, "__dict__ must be set to a dictionary, not a '{}'", sp.type_name(v)));
    }
    setfield!(sp, w, WFunction, w_dict, v);
    Ok(())
}
#[slot]
fn get_annotations(sp: Space, w: W) -> Res<W> {
    if func(w).w_annotations.is_null() {
        let w_annotate = func(w).w_annotate;
        let d = if !w_annotate.is_null() && sp.callable(w_annotate) {
            let d = sp.call(w_annotate, &[W::int(1)])?;
            if sp.layout(d) != taipan_abi::word::TID_DICT {
                let t = sp.type_name(d);
                return Err(raise!(sp, TYPE_ERROR, "__annotate__() must return a dict, not {t}"));
            }
            d
        } else {
            sp.newdict()?
        };
        setfield!(sp, w, WFunction, w_annotations, d);
    } else if let Some(items) = sp.tuple_opt(func(w).w_annotations) {
        // The compiler may give (name, value, ...) pairs.
        let d = sp.newdict()?;
        for pair in items.chunks_exact(2) {
            sp.dict_set(d, pair[0], pair[1])?;
        }
        setfield!(sp, w, WFunction, w_annotations, d);
    }
    Ok(func(w).w_annotations)
}
#[slot]
fn set_annotations(sp: Space, w: W, v: W) -> Res<()> {
    if !v.is_null() && !v.is_none() && sp.layout(v) != taipan_abi::word::TID_DICT {
        return Err(sp.type_error("__annotations__ must be set to a dict object"));
    }
    setfield!(sp, w, WFunction, w_annotations, if v.is_none() { W::NULL } else { v });
    setfield!(sp, w, WFunction, w_annotate, W::NULL);
    Ok(())
}
#[slot]
fn get_annotate(_sp: Space, w: W) -> Res<W> {
    Ok(or_none(func(w).w_annotate))
}
#[slot]
fn set_annotate(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() {
        return Err(sp.type_error("__annotate__ cannot be deleted"));
    }
    if v.is_none() {
        setfield!(sp, w, WFunction, w_annotate, W::NULL);
        return Ok(());
    }
    if !sp.callable(v) {
        return Err(sp.type_error("__annotate__ must be callable or None"));
    }
    setfield!(sp, w, WFunction, w_annotate, v);
    setfield!(sp, w, WFunction, w_annotations, W::NULL);
    Ok(())
}
#[slot]
fn get_type_params(sp: Space, w: W) -> Res<W> {
    let t = func(w).w_type_params;
    Ok(if t.is_null() { sp.known(known::EMPTY_TUPLE) } else { t })
}
#[slot]
fn set_type_params(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() || sp.layout(v) != TID_TUPLE {
        return Err(sp.type_error("__type_params__ must be set to a tuple"));
    }
    setfield!(sp, w, WFunction, w_type_params, v);
    Ok(())
}

/// function(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)
#[slot]
fn function_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    let a = args.positional();
    if a.len() < 2 {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "function() missing required argument '{}' (pos {})",
            if a.is_empty() { "code" } else { "globals" },
            a.len() + 1
        ));
    }
    let (w_code, w_globals) = (a[0], a[1]);
    // SAFETY: a live word.
    if !unsafe { w_code.is_tid(TID_CODE) } {
        return Err(raise!(sp, TYPE_ERROR, "function() argument 'code' must be code, not {}", sp.type_name(w_code)));
    }
    let mut extra = [W::NONE; 4];
    for (i, w) in a.iter().skip(2).take(4).enumerate() {
        extra[i] = *w;
    }
    for (n, v) in args.keywords(sp) {
        match ["name", "argdefs", "closure", "kwdefaults"].iter().position(|k| n.eq_str(k)) {
            Some(i) => extra[i] = v,
            None => {
                return Err(raise!(sp, TYPE_ERROR, "function() got an unexpected keyword argument '{}'", n.to_str()));
            }
        }
    }
    let [w_name, w_defaults, w_closure, w_kwdefaults] = extra;
    if !w_defaults.is_none() && sp.tuple_opt(w_defaults).is_none() {
        return Err(sp.type_error("arg 4 (defaults) must be None or tuple"));
    }
    if !w_kwdefaults.is_none() && sp.layout(w_kwdefaults) != taipan_abi::word::TID_DICT {
        return Err(sp.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    let nfree = code::get(w_code).nfree as usize;
    let nclosure = if w_closure.is_none() { 0 } else { sp.tuple_opt(w_closure).map_or(0, <[W]>::len) };
    if w_closure.is_none() && nfree > 0 {
        return Err(sp.type_error("arg 5 (closure) must be tuple"));
    }
    if nclosure != nfree {
        let name = sp.string_w(code::get(w_code).w_name)?;
        return Err(raise!(sp, VALUE_ERROR, "{name} requires closure of length {nfree}, not {nclosure}"));
    }
    let w = new(sp, w_code, w_globals)?;
    if !w_name.is_none() {
        setfield!(sp, w, WFunction, w_name, w_name);
    }
    if !w_defaults.is_none() {
        setfield!(sp, w, WFunction, w_defaults, w_defaults);
    }
    if !w_closure.is_none() {
        setfield!(sp, w, WFunction, w_closure, w_closure);
    }
    if !w_kwdefaults.is_none() {
        setfield!(sp, w, WFunction, w_kwdefaults, w_kwdefaults);
    }
    Ok(w)
}

typespec!(
    /// The type of Python functions.
    pub FUNCTION: WFunction, "function", {
        doc: Str::new("A Python function."),
        flags: ty::WEAKREF | ty::IMMUTABLE,
        slots: &Slots { call: Some(call), descr_get: Some(get), repr: Some(repr), new: Some(function_new), ..Slots::EMPTY },
        getset: table![
            getset!("__name__", get_name, set_name),
            getset!("__qualname__", get_qualname, set_qualname),
            getset!("__doc__", get_doc, set_doc),
            getset!("__module__", get_module, set_module),
            getset!("__code__", get_code, set_code),
            getset!("__defaults__", get_defaults, set_defaults),
            getset!("__kwdefaults__", get_kwdefaults, set_kwdefaults),
            getset!("__closure__", get_closure),
            getset!("__dict__", get_dict, set_dict),
            getset!("__annotations__", get_annotations, set_annotations),
            getset!("__annotate__", get_annotate, set_annotate),
            getset!("__type_params__", get_type_params, set_type_params),
        ],
        members: table![member!(WFunction, "__globals__", w_globals, Obj), member!(WFunction, "__builtins__", w_builtins, Obj)],
    }
);

// ---- bound methods ----

fn meth<'a>(w: W) -> &'a WMethod {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}
#[slot]
fn method_call(sp: Space, w: W, args: Args) -> Res<W> {
    let m = meth(w);
    let n = args.n + args.nkw(sp);
    let mut all = RootedVec::with_capacity(sp, n + 1);
    all.push(m.w_self);
    for i in 0..n {
        // SAFETY: n words stand there.
        all.push(unsafe { *args.ptr.add(i) });
    }
    sp.call_args(m.w_func, Args { ptr: all.as_ptr(), n: args.n + 1, kwnames: args.kwnames })
}
#[slot]
fn method_get(_sp: Space, w: W, _w_obj: W, _w_type: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn method_getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    // What the method type itself does not have, the function answers.
    let w_type = sp.known(known::METHOD);
    if crate::types::lookup::lookup(sp, w_type, w_name).is_some() {
        return crate::types::attrs::generic_getattr(sp, w, w_name);
    }
    sp.getattr(meth(w).w_func, w_name)
}
#[slot]
fn method_repr(sp: Space, w: W) -> Res<W> {
    let m = meth(w);
    let w_name = match sp.getattr_opt(m.w_func, name!(sp, "__qualname__"))? {
        Some(x) => Some(x),
        None => sp.getattr_opt(m.w_func, name!(sp, "__name__"))?,
    };
    let name = w_name.and_then(|x| sp.text_opt(x)).map_or("?".into(), |t| t.to_str().into_owned());
    let of = sp.repr_string(m.w_self)?;
    sp.newstr(&format!("<bound method {name} of {of}>"))
}
#[slot]
fn method_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    // SAFETY: a live word.
    if !unsafe { b.is_tid(TID_METHOD) } || op & !1 != 2 {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let same = meth(a).w_self == meth(b).w_self && sp.eq_w(meth(a).w_func, meth(b).w_func)?;
    Ok(W::bool(same == (op == 2)))
}
#[slot]
fn method_hash(sp: Space, w: W) -> Res<i64> {
    let h = (meth(w).w_self.0 >> 4) as i64 ^ sp.hash(meth(w).w_func)?;
    Ok(if h == -1 { -2 } else { h })
}
#[slot]
fn method_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "method")?;
    let [w_func, w_self] = args.positional() else {
        return Err(raise!(sp, TYPE_ERROR, "method expected 2 arguments, got {}", args.n));
    };
    if !sp.callable(*w_func) {
        return Err(sp.type_error("first argument must be callable"));
    }
    if w_self.is_none() {
        return Err(sp.type_error("instance must not be None"));
    }
    sp.newmethod(*w_func, *w_self)
}
#[slot]
fn method_func(_sp: Space, w: W) -> Res<W> {
    Ok(meth(w).w_func)
}
#[slot]
fn method_self(_sp: Space, w: W) -> Res<W> {
    Ok(meth(w).w_self)
}
#[slot]
fn method_doc(sp: Space, w: W) -> Res<W> {
    sp.getattr(meth(w).w_func, name!(sp, "__doc__"))
}
/// For pickling: getattr(self, name).
#[interp_fn(method, name = "__reduce__", sig = "(self)")]
fn method_reduce(sp: Space, w: W) -> Res<W> {
    let w_name = sp.getattr(meth(w).w_func, name!(sp, "__name__"))?;
    let w_getattr = sp.builtin(name!(sp, "getattr"))?;
    let w_args = sp.newtuple(&[meth(w).w_self, w_name])?;
    sp.newtuple(&[w_getattr, w_args])
}

typespec!(
    /// The type of bound methods.
    pub METHOD: WMethod, "method", {
        doc: Str::new("A function bound to its first argument."),
        flags: ty::WEAKREF | ty::IMMUTABLE,
        slots: &Slots {
            call: Some(method_call), descr_get: Some(method_get), getattr: Some(method_getattr), repr: Some(method_repr),
            compare: Some(method_compare), hash: Some(method_hash), new: Some(method_new), ..Slots::EMPTY
        },
        methods: methods![method_reduce],
        getset: table![
            getset!("__func__", method_func), getset!("__self__", method_self), getset!("__doc__", method_doc),
        ],
    }
);
