//! partial and Placeholder.

use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WPartial {
    header: Header,
    w_func: W,
    /// tuple
    w_args: W,
    /// dict
    w_keywords: W,
    /// Placeholders among the arguments.
    placeholders: usize,
}
#[derive(GcObject)]
#[repr(C)]
struct WPlaceholder {
    header: Header,
}
static W_PARTIAL: TypeOf = TypeOf::new();
static W_PLACEHOLDER_TYPE: TypeOf = TypeOf::new();
static W_PLACEHOLDER: Global = Global::new();

typespec!(PARTIAL: WPartial, "functools.partial", {
    doc: Str::new("Create a new function with partial application of the given arguments and keywords."),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots {
        new: Some(partial_new), call: Some(partial_call), repr: Some(partial_repr), descr_get: Some(partial_get), ..Slots::EMPTY
    },
    methods: methods![partial_reduce, partial_setstate, class_getitem],
    members: table![
        member!(WPartial, "func", w_func, Obj),
        member!(WPartial, "args", w_args, Obj),
        member!(WPartial, "keywords", w_keywords, Obj),
    ],
});
typespec!(PLACEHOLDER: WPlaceholder, "functools._PlaceholderType", {
    doc: Str::new("The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments."),
    flags: ty::IMMUTABLE,
    slots: &Slots { new: Some(placeholder_new), repr: Some(placeholder_repr), ..Slots::EMPTY },
    methods: methods![placeholder_reduce],
});

pub fn init(sp: Space, w_module: W) -> Res<()> {
    W_PARTIAL.add(sp, w_module, &PARTIAL)?;
    W_PLACEHOLDER_TYPE.add(sp, w_module, &PLACEHOLDER)?;
    let w = W_PLACEHOLDER.get_or(sp, |sp| sp.allocate(W_PLACEHOLDER_TYPE.w(), 0))?;
    sp.setattr_str(w_module, "Placeholder", w)
}

#[slot]
fn placeholder_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    if args.n + args.nkw(sp) > 0 {
        return Err(sp.type_error("_PlaceholderType takes no arguments"));
    }
    Ok(W_PLACEHOLDER.get())
}
#[slot]
fn placeholder_repr(sp: Space, _w: W) -> Res<W> {
    sp.newstr("Placeholder")
}
/// Helper for pickle.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn placeholder_reduce(_sp: Space, _w: W) -> Res<&'static str> {
    Ok("Placeholder")
}

fn count_placeholders(args: &[W]) -> usize {
    let p = W_PLACEHOLDER.get();
    args.iter().filter(|w| **w == p).count()
}

/// `old` with its placeholders filled from `new`, the rest appended; answers how many of `new` were used for placeholders.
fn merge(out: &mut RootedVec, old: &[W], new: &[W]) {
    let p = W_PLACEHOLDER.get();
    let mut at = 0;
    for w in old {
        if *w == p && at < new.len() {
            out.push(new[at]);
            at += 1
        } else {
            out.push(*w)
        }
    }
    out.extend(&new[at..]);
}

#[slot]
fn partial_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let Some((func, rest)) = args.positional().split_first() else {
        return Err(sp.type_error("type 'partial' takes at least one argument"));
    };
    if !sp.callable(*func) {
        return Err(sp.type_error("the first argument must be callable"));
    }
    let p = W_PLACEHOLDER.get();
    if rest.last() == Some(&p) {
        return Err(sp.type_error("trailing Placeholders are not allowed"));
    }
    let keywords = args.keywords(sp);
    if keywords.iter().any(|(_, w)| *w == p) {
        return Err(sp.type_error("Placeholder cannot be passed as a keyword argument"));
    }
    let (mut w_func, mut w_keywords) = (*func, W::NULL);
    let mut all = RootedVec::with_capacity(sp, rest.len());
    // A partial of a partial is flattened, unless it carries attributes that would be lost.
    let flat = W_PARTIAL.is(sp, w_func) && {
        match sp.getattr_opt(w_func, name!(sp, "__dict__"))? {
            Some(d) => sp.len(d)? == 0,
            None => true,
        }
    };
    if flat {
        let inner = obj::<WPartial>(w_func);
        merge(&mut all, sp.tuple_items(inner.w_args), rest);
        w_keywords = sp.dict_copy(inner.w_keywords)?;
        w_func = inner.w_func;
    } else {
        all.extend(rest)
    }
    if w_keywords.is_null() {
        w_keywords = sp.newdict()?
    }
    for (k, v) in keywords {
        sp.dict_set(w_keywords, k.w, v)?
    }
    let placeholders = count_placeholders(&all);
    let w_args = all.into_tuple()?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WPartial, w_func, w_func);
    setfield!(sp, w, WPartial, w_args, w_args);
    setfield!(sp, w, WPartial, w_keywords, w_keywords);
    obj::<WPartial>(w).placeholders = placeholders;
    Ok(w)
}

#[slot]
fn partial_call(sp: Space, w: W, args: Args) -> Res<W> {
    let s = obj::<WPartial>(w);
    if s.w_func.is_null() {
        return Err(sp.type_error("uninitialized partial object"));
    }
    let fixed = sp.tuple_items(s.w_args);
    if args.n < s.placeholders {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "missing positional arguments in 'partial' call; expected at least {}, got {}",
            s.placeholders,
            args.n
        ));
    }
    let nkw = sp.dict_len(s.w_keywords)? as usize;
    let total = fixed.len() + args.n - s.placeholders;
    let given_kw = args.nkw(sp);
    if nkw == 0 && given_kw == 0 && total <= 8 {
        let mut words = [W::NULL; 8];
        words[..fixed.len()].copy_from_slice(fixed);
        let mut at = 0;
        let new = args.positional();
        if s.placeholders > 0 {
            let p = W_PLACEHOLDER.get();
            for w in words[..fixed.len()].iter_mut().filter(|w| **w == p) {
                *w = new[at];
                at += 1;
            }
        }
        words[fixed.len()..total].copy_from_slice(&new[at..]);
        return sp.call(s.w_func, &words[..total]);
    }
    let mut all = RootedVec::with_capacity(sp, total + nkw + given_kw);
    merge(&mut all, fixed, args.positional());
    if nkw == 0 {
        for (_, v) in args.keywords(sp) {
            all.push(v)
        }
        return sp.call_args(s.w_func, Args { ptr: all.as_ptr(), n: total, kwnames: args.kwnames });
    }
    let w_kw = sp.dict_copy(s.w_keywords)?;
    for (k, v) in args.keywords(sp) {
        sp.dict_set(w_kw, k.w, v)?
    }
    sp.call_ex(s.w_func, all.into_tuple()?, w_kw)
}
#[slot]
fn partial_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() || w_obj.is_none() { Ok(w) } else { sp.newmethod(w, w_obj) }
}
#[slot]
fn partial_repr(sp: Space, w: W) -> Res<W> {
    let Some(_guard) = ReprGuard::enter(w) else { return sp.newstr("...") };
    let s = obj::<WPartial>(w);
    let t = sp.type_(w)?;
    let module = sp.string_w(sp.str(sp.getattr_str(t, "__module__")?)?)?;
    let qualname = sp.string_w(sp.getattr_str(t, "__qualname__")?)?;
    let mut out = format!("{module}.{qualname}(").into_bytes();
    let show = |out: &mut Vec<u8>, w: W| -> Res<()> {
        out.extend_from_slice(&sp.text_w(sp.repr(w)?)?.to_wtf8());
        Ok(())
    };
    let (w_func, w_args, w_kw) = (s.w_func, s.w_args, s.w_keywords);
    show(&mut out, w_func)?;
    for a in sp.tuple_items(w_args) {
        out.extend(b", ");
        show(&mut out, *a)?
    }
    let w_kw = sp.dict_copy(w_kw)?;
    let mut pos = 0;
    while let Some((k, v)) = sp.dict_next(w_kw, &mut pos) {
        out.extend(b", ");
        out.extend_from_slice(&sp.text_w(sp.str(k)?)?.to_wtf8());
        out.push(b'=');
        show(&mut out, v)?
    }
    out.push(b')');
    sp.newstr_wtf8(&out)
}
/// Helper for pickle.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn partial_reduce(sp: Space, w: W) -> Res<W> {
    let s = obj::<WPartial>(w);
    let w_dict = match sp.getattr_opt(w, name!(sp, "__dict__"))? {
        Some(d) if sp.len(d)? > 0 => d,
        _ => W::NONE,
    };
    let w_first = sp.newtuple(&[s.w_func])?;
    let w_state = sp.newtuple(&[s.w_func, s.w_args, s.w_keywords, w_dict])?;
    sp.newtuple(&[sp.type_(w)?, w_first, w_state])
}
/// Set state information for unpickling.
#[interp_fn(method, name = "__setstate__", sig = "(self, state, /)")]
fn partial_setstate(sp: Space, w: W, w_state: W) -> Res<()> {
    let invalid = || sp.type_error("invalid partial state");
    let Some(&[w_func, w_args, w_kw, w_dict]) = sp.tuple_opt(w_state) else { return Err(invalid()) };
    let dict_type = sp.known(known::DICT);
    if !sp.callable(w_func)
        || sp.tuple_opt(w_args).is_none()
        || !(w_kw.is_none() || sp.isinstance(w_kw, dict_type)?)
        || !(w_dict.is_none() || sp.isinstance(w_dict, dict_type)?)
    {
        return Err(invalid());
    }
    let items = sp.tuple_items(w_args);
    if items.last() == Some(&W_PLACEHOLDER.get()) {
        return Err(sp.type_error("trailing Placeholders are not allowed"));
    }
    let w_args = if sp.type_(w_args)? == sp.known(known::TUPLE) { w_args } else { sp.newtuple(items)? };
    let w_kw = if w_kw.is_none() {
        sp.newdict()?
    } else if sp.type_(w_kw)? == dict_type {
        w_kw
    } else {
        sp.dict_copy(w_kw)?
    };
    setfield!(sp, w, WPartial, w_func, w_func);
    setfield!(sp, w, WPartial, w_args, w_args);
    setfield!(sp, w, WPartial, w_keywords, w_kw);
    obj::<WPartial>(w).placeholders = count_placeholders(items);
    let w_dict = if w_dict.is_none() { sp.newdict()? } else { w_dict };
    sp.setattr_str(w, "__dict__", w_dict)
}
