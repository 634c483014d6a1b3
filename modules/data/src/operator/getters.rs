//! itemgetter, attrgetter, methodcaller.

use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WGetter {
    header: Header,
    /// The only item (attribute name), or NULL if there are several or a dotted one.
    w_one: W,
    /// Tuple of the arguments.
    w_args: W,
    /// attrgetter: tuple of names or tuples of names.
    w_paths: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WCaller {
    header: Header,
    w_name: W,
    w_args: W,
    /// dict or NULL
    w_kwargs: W,
}

static W_ITEMGETTER: TypeOf = TypeOf::new();
static W_ATTRGETTER: TypeOf = TypeOf::new();
static W_METHODCALLER: TypeOf = TypeOf::new();

typespec!(ITEMGETTER: WGetter, "operator.itemgetter", {
    doc: Str::new("(item, /, *items)\n--\n\nReturn a callable object that fetches the given item(s) from its operand.\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])"),
    slots: &Slots { new: Some(itemgetter_new), call: Some(itemgetter_call), repr: Some(getter_repr), ..Slots::EMPTY },
    methods: methods![getter_reduce], getset: table![getset!("__text_signature__", call_signature)],
});
typespec!(ATTRGETTER: WGetter, "operator.attrgetter", {
    doc: Str::new("(attr, /, *attrs)\n--\n\nReturn a callable object that fetches the given attribute(s) from its operand.\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last)."),
    slots: &Slots { new: Some(attrgetter_new), call: Some(attrgetter_call), repr: Some(getter_repr), ..Slots::EMPTY },
    methods: methods![getter_reduce], getset: table![getset!("__text_signature__", call_signature)],
});
typespec!(METHODCALLER: WCaller, "operator.methodcaller", {
    doc: Str::new("(name, /, *args, **kwargs)\n--\n\nReturn a callable object that calls the given method on its operand.\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1)."),
    slots: &Slots { new: Some(caller_new), call: Some(caller_call), repr: Some(caller_repr), ..Slots::EMPTY },
    methods: methods![caller_reduce], getset: table![getset!("__text_signature__", call_signature)],
});

pub fn init(sp: Space, w_module: W) -> Res<()> {
    W_ITEMGETTER.add(sp, w_module, &ITEMGETTER)?;
    W_ATTRGETTER.add(sp, w_module, &ATTRGETTER)?;
    W_METHODCALLER.add(sp, w_module, &METHODCALLER)?;
    Ok(())
}

fn operand(sp: Space, name: &str, args: &Args) -> Res<W> {
    args.no_keywords(sp, name)?;
    match args.positional() {
        [w] => Ok(*w),
        a => Err(wrong_count(sp, name, a.len(), 1, 1)),
    }
}

/// How `inspect` learns what a call of an instance takes.
#[slot]
fn call_signature(sp: Space, _w: W) -> Res<W> {
    sp.newstr("(obj, /)")
}
#[slot]
fn itemgetter_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "itemgetter")?;
    if args.n == 0 {
        return Err(wrong_count(sp, "itemgetter", 0, 1, usize::MAX));
    }
    let w_args = sp.newtuple(args.positional())?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WGetter, w_args, w_args);
    if let [one] = args.positional() {
        setfield!(sp, w, WGetter, w_one, *one);
    }
    Ok(w)
}
#[slot]
fn itemgetter_call(sp: Space, w: W, args: Args) -> Res<W> {
    let w_obj = operand(sp, "itemgetter", &args)?;
    let g = obj::<WGetter>(w);
    if !g.w_one.is_null() {
        return sp.getitem(w_obj, g.w_one);
    }
    let keys = sp.tuple_items(g.w_args);
    let mut out = RootedVec::with_capacity(sp, keys.len());
    for k in keys {
        out.push(sp.getitem(w_obj, *k)?)
    }
    out.into_tuple()
}
#[slot]
fn attrgetter_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "attrgetter")?;
    if args.n == 0 {
        return Err(wrong_count(sp, "attrgetter", 0, 1, usize::MAX));
    }
    let mut paths = RootedVec::with_capacity(sp, args.n);
    for a in args.positional() {
        if !is_str(sp, *a) {
            return Err(sp.type_error("attribute name must be a string"));
        }
        let text = sp.text_of(*a);
        if text.chars().any(|c| c == '.' as u32) {
            let wtf8 = text.to_wtf8().into_owned();
            let mut parts = RootedVec::new(sp);
            for part in wtf8.split(|b| *b == b'.') {
                parts.push(sp.intern_str(sp.newstr_wtf8(part)?)?)
            }
            paths.push(parts.into_tuple()?)
        } else {
            paths.push(if sp.is_(sp.type_(*a)?, sp.known(known::STR)) { sp.intern_str(*a)? } else { *a })
        }
    }
    let one = if args.n == 1 && is_str(sp, paths[0]) { paths[0] } else { W::NULL };
    let w_args = sp.newtuple(args.positional())?;
    let w_paths = paths.into_tuple()?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WGetter, w_args, w_args);
    setfield!(sp, w, WGetter, w_paths, w_paths);
    setfield!(sp, w, WGetter, w_one, one);
    Ok(w)
}
fn follow(sp: Space, w_obj: W, w_path: W) -> Res<W> {
    if is_str(sp, w_path) {
        return sp.getattr(w_obj, w_path);
    }
    let mut w = w_obj;
    for name in sp.tuple_items(w_path) {
        w = sp.getattr(w, *name)?
    }
    Ok(w)
}
#[slot]
fn attrgetter_call(sp: Space, w: W, args: Args) -> Res<W> {
    let w_obj = operand(sp, "attrgetter", &args)?;
    let g = obj::<WGetter>(w);
    if !g.w_one.is_null() {
        return sp.getattr(w_obj, g.w_one);
    }
    let paths = sp.tuple_items(g.w_paths);
    if let [one] = paths {
        return follow(sp, w_obj, *one);
    }
    let mut out = RootedVec::with_capacity(sp, paths.len());
    for p in paths {
        out.push(follow(sp, w_obj, *p)?)
    }
    out.into_tuple()
}
/// "module.name" of the object's class.
fn class_name(sp: Space, w: W) -> Res<String> {
    let t = sp.type_(w)?;
    let module = sp.string_w(sp.str(sp.getattr_str(t, "__module__")?)?)?;
    Ok(format!("{module}.{}", sp.string_w(sp.getattr_str(t, "__qualname__")?)?))
}
#[slot]
fn getter_repr(sp: Space, w: W) -> Res<W> {
    let name = class_name(sp, w)?;
    let Some(_guard) = ReprGuard::enter(w) else { return sp.newstr(&format!("{name}(...)")) };
    let args = sp.tuple_items(obj::<WGetter>(w).w_args);
    let mut parts = format!("{name}(").into_bytes();
    for (i, a) in args.iter().enumerate() {
        if i > 0 {
            parts.extend(b", ")
        }
        parts.extend_from_slice(&sp.text_w(sp.repr(*a)?)?.to_wtf8())
    }
    parts.push(b')');
    sp.newstr_wtf8(&parts)
}
/// Return state information for pickling
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn getter_reduce(sp: Space, w: W) -> Res<W> {
    sp.newtuple(&[sp.type_(w)?, obj::<WGetter>(w).w_args])
}

#[slot]
fn caller_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let Some((name, rest)) = args.positional().split_first() else {
        return Err(sp.type_error("methodcaller needs at least one argument, the method name"));
    };
    if !is_str(sp, *name) {
        return Err(sp.type_error("method name must be a string"));
    }
    let w_args = sp.newtuple(rest)?;
    let mut w_kwargs = W::NULL;
    if args.nkw(sp) > 0 {
        w_kwargs = sp.newdict()?;
        for (k, v) in args.keywords(sp) {
            sp.dict_set(w_kwargs, k.w, v)?
        }
    }
    let w_name = sp.intern_str(*name)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WCaller, w_name, w_name);
    setfield!(sp, w, WCaller, w_args, w_args);
    setfield!(sp, w, WCaller, w_kwargs, w_kwargs);
    Ok(w)
}
#[slot]
fn caller_call(sp: Space, w: W, args: Args) -> Res<W> {
    let w_obj = operand(sp, "methodcaller", &args)?;
    let c = obj::<WCaller>(w);
    if c.w_kwargs.is_null() {
        return sp.call_method(w_obj, c.w_name, sp.tuple_items(c.w_args));
    }
    let f = sp.getattr(w_obj, c.w_name)?;
    sp.call_ex(f, c.w_args, c.w_kwargs)
}
#[slot]
fn caller_repr(sp: Space, w: W) -> Res<W> {
    let name = class_name(sp, w)?;
    let Some(_guard) = ReprGuard::enter(w) else { return sp.newstr(&format!("{name}(...)")) };
    let c = obj::<WCaller>(w);
    let mut out = format!("{name}(").into_bytes();
    out.extend_from_slice(&sp.text_w(sp.repr(c.w_name)?)?.to_wtf8());
    for a in sp.tuple_items(c.w_args) {
        out.extend(b", ");
        out.extend_from_slice(&sp.text_w(sp.repr(*a)?)?.to_wtf8())
    }
    if !c.w_kwargs.is_null() {
        let mut pos = 0;
        while let Some((k, v)) = sp.dict_next(c.w_kwargs, &mut pos) {
            out.extend(b", ");
            out.extend_from_slice(&sp.text_w(k)?.to_wtf8());
            out.push(b'=');
            out.extend_from_slice(&sp.text_w(sp.repr(v)?)?.to_wtf8())
        }
    }
    out.push(b')');
    sp.newstr_wtf8(&out)
}
/// Return state information for pickling
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn caller_reduce(sp: Space, w: W) -> Res<W> {
    let c = obj::<WCaller>(w);
    let args = sp.tuple_items(c.w_args);
    let mut all = RootedVec::with_capacity(sp, args.len() + 1);
    all.push(c.w_name);
    if c.w_kwargs.is_null() {
        all.extend(args);
        return sp.newtuple(&[sp.type_(w)?, all.into_tuple()?]);
    }
    let w_functools = sp.import_module(name!(sp, "functools"))?;
    let w_partial = sp.getattr_str(w_functools, "partial")?;
    let w_first = sp.newtuple(&[sp.type_(w)?, c.w_name])?;
    let w_constructor = sp.call_ex(w_partial, w_first, c.w_kwargs)?;
    sp.newtuple(&[w_constructor, c.w_args])
}
