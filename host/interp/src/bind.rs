//! Binding of arguments to the parameters of a Python function, with CPython's messages.

use crate::call::fill_cells;
use crate::objects::WFunction;
use taipan_abi::opcode::co;
use taipan_abi::thread::Code;
use taipan_abi::word::W;
use taipan_plugin_api::{Res, RootedVec, Space, raise};

/// Arranges the window at `base`: `n` positional words stand there, then the values named by the tuple `w_kwnames` (or NULL).
/// Afterwards all locals are in place, cells and free variables included.
///
/// # Safety
/// `base` has room for the code's locals and for what stands there.
#[cold]
#[inline(never)]
pub unsafe fn bind(sp: Space, w_func: W, base: *mut W, n: usize, w_kwnames: W) -> Res<()> {
    // The window is a root from now on: cells made here stand nowhere else.
    let old_top = sp.thread().gc.vs_top;
    let code = (*w_func.ptr::<WFunction>()).code();
    let top = base.add((*code).framesize as usize);
    if top >= sp.thread().vs_limit {
        return Err(sp.raise(taipan_abi::known::RECURSION_ERROR, "maximum recursion depth exceeded"));
    }
    // Slots that were never written hold what older frames left there: harmless to an ambiguous scan.
    sp.thread().gc.vs_top = old_top.max(top);
    let r = arrange(sp, w_func, base, n, w_kwnames);
    if r.is_err() {
        sp.thread().gc.vs_top = old_top;
    }
    r
}

unsafe fn arrange(sp: Space, w_func: W, base: *mut W, n: usize, w_kwnames: W) -> Res<()> {
    let func = &*w_func.ptr::<WFunction>();
    let code = &*func.code();
    let (argc, kwonly) = (code.argcount as usize, code.kwonlyargcount as usize);
    let total = argc + kwonly;
    let nlocals = code.nlocalsplus as usize;
    let names = if w_kwnames.is_null() { &[][..] } else { sp.tuple_items(w_kwnames) };

    // What will be overwritten is taken first.
    let mut values = RootedVec::with_capacity(sp, names.len());
    for i in 0..names.len() {
        values.push(*base.add(n + i));
    }
    let w_rest = if code.flags & co::VARARGS != 0 {
        let extra = n.saturating_sub(argc);
        sp.newtuple(std::slice::from_raw_parts(base.add(n - extra), extra))?
    } else {
        W::NULL
    };
    for i in n.min(argc)..nlocals.max(n + names.len()) {
        *base.add(i) = W::NULL;
    }
    let mut at = total;
    if code.flags & co::VARARGS != 0 {
        *base.add(at) = w_rest;
        at += 1;
    }
    let mut w_kwargs = W::NULL;
    if code.flags & co::VARKEYWORDS != 0 {
        w_kwargs = sp.newdict()?;
        *base.add(at) = w_kwargs;
    }

    let params = sp.tuple_items(code.w_localsplusnames);
    for (i, w_name) in names.iter().enumerate() {
        match find(sp, &params[code.posonlyargcount as usize..total], *w_name)? {
            Some(j) => {
                let slot = base.add(j + code.posonlyargcount as usize);
                if !(*slot).is_null() {
                    let name = sp.string_w(*w_name)?;
                    return Err(raise!(
                        sp,
                        TYPE_ERROR,
                        "{}() got multiple values for argument '{name}'",
                        qualname(sp, func)
                    ));
                }
                *slot = values[i];
            }
            None if !w_kwargs.is_null() => {
                if sp.text_opt(*w_name).is_none() {
                    return Err(raise!(sp, TYPE_ERROR, "{}() keywords must be strings", qualname(sp, func)));
                }
                sp.dict_set(w_kwargs, *w_name, values[i])?
            }
            None => return Err(unexpected(sp, func, code, params, *w_name, names)),
        }
    }
    if n > argc && code.flags & co::VARARGS == 0 {
        return Err(too_many(sp, func, code, base, n));
    }
    // Defaults of positional parameters, then of keyword-only ones.
    let defaults =
        if func.w_defaults.is_null() || func.w_defaults.is_none() { &[][..] } else { sp.tuple_items(func.w_defaults) };
    let first_default = argc.saturating_sub(defaults.len());
    let mut missing = Vec::new();
    for i in n.min(argc)..argc {
        if (*base.add(i)).is_null() {
            match i.checked_sub(first_default) {
                Some(d) => *base.add(i) = defaults[d + defaults.len().saturating_sub(argc)],
                None => missing.push(i),
            }
        }
    }
    if !missing.is_empty() {
        return Err(missing_args(sp, func, params, &missing, "positional"));
    }
    for (i, w_name) in params.iter().enumerate().take(total).skip(argc) {
        if (*base.add(i)).is_null() {
            let w_default = if func.w_kwdefaults.is_null() || func.w_kwdefaults.is_none() {
                None
            } else {
                sp.dict_get(func.w_kwdefaults, *w_name)?
            };
            match w_default {
                Some(w) => *base.add(i) = w,
                None => missing.push(i),
            }
        }
    }
    if !missing.is_empty() {
        return Err(missing_args(sp, func, params, &missing, "keyword-only"));
    }
    fill_cells(sp, w_func, base)
}

/// The index of a name among interned names.
fn find(sp: Space, params: &[W], w_name: W) -> Res<Option<usize>> {
    if let Some(i) = params.iter().position(|p| *p == w_name) {
        return Ok(Some(i));
    }
    for (i, p) in params.iter().enumerate() {
        if sp.eq_w(*p, w_name)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn qualname(sp: Space, func: &WFunction) -> String {
    sp.string_w(func.w_qualname).unwrap_or_default()
}

#[cold]
fn unexpected(
    sp: Space,
    func: &WFunction,
    code: &Code,
    params: &[W],
    w_name: W,
    names: &[W],
) -> taipan_plugin_api::Raised {
    let Some(name) = sp.text_opt(w_name).map(|t| t.to_str().into_owned()) else {
        return raise!(sp, TYPE_ERROR, "{}() keywords must be strings", qualname(sp, func));
    };
    let posonly = &params[..code.posonlyargcount as usize];
    let text = |w: &W| sp.string_w(*w).unwrap_or_default();
    let wrong: Vec<String> = posonly.iter().map(text).filter(|p| names.iter().map(text).any(|n| n == *p)).collect();
    if !wrong.is_empty() {
        return raise!(
            sp,
            TYPE_ERROR,
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            qualname(sp, func),
            wrong.join(", ")
        );
    }
    let total = (code.argcount + code.kwonlyargcount) as usize;
    let known: Vec<String> = params[code.posonlyargcount as usize..total].iter().map(text).collect();
    match crate::rare::suggest(&name, &known) {
        Some(s) => raise!(
            sp,
            TYPE_ERROR,
            "{}() got an unexpected keyword argument '{name}'. Did you mean '{s}'?",
            qualname(sp, func)
        ),
        None => raise!(sp, TYPE_ERROR, "{}() got an unexpected keyword argument '{name}'", qualname(sp, func)),
    }
}

#[cold]
unsafe fn too_many(sp: Space, func: &WFunction, code: &Code, base: *mut W, n: usize) -> taipan_plugin_api::Raised {
    let argc = code.argcount as usize;
    let ndefaults =
        if func.w_defaults.is_null() || func.w_defaults.is_none() { 0 } else { sp.tuple_items(func.w_defaults).len() };
    let kwonly_given = (argc..argc + code.kwonlyargcount as usize).filter(|i| !(*base.add(*i)).is_null()).count();
    let takes = if ndefaults > 0 { format!("from {} to {argc}", argc - ndefaults) } else { argc.to_string() };
    let plural = if ndefaults > 0 || argc != 1 { "s" } else { "" };
    let given = if kwonly_given > 0 {
        format!(
            " positional argument{} (and {kwonly_given} keyword-only argument{})",
            if n == 1 { "" } else { "s" },
            if kwonly_given == 1 { "" } else { "s" }
        )
    } else {
        String::new()
    };
    let were = if n == 1 && kwonly_given == 0 { "was" } else { "were" };
    raise!(
        sp,
        TYPE_ERROR,
        "{}() takes {takes} positional argument{plural} but {n}{given} {were} given",
        qualname(sp, func)
    )
}

#[cold]
fn missing_args(sp: Space, func: &WFunction, params: &[W], missing: &[usize], what: &str) -> taipan_plugin_api::Raised {
    let names: Vec<String> =
        missing.iter().map(|i| format!("'{}'", sp.string_w(params[*i]).unwrap_or_default())).collect();
    let list = match names.as_slice() {
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        [] => String::new(),
    };
    raise!(
        sp,
        TYPE_ERROR,
        "{}() missing {} required {what} argument{}: {list}",
        qualname(sp, func),
        names.len(),
        if names.len() == 1 { "" } else { "s" }
    )
}
