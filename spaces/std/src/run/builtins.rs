//! The functions of the `builtins` module that belong to running programs: code, names, classes, input and output.

use super::compile::{self, Request};
use super::{code, frametype, imp, ops};
use taipan_abi::host::{FLAG_AST, FLAG_SOURCE_IS_UTF8};
use taipan_abi::known;
use taipan_abi::opcode::co;
use taipan_abi::thread::Frame;
use taipan_abi::word::{TID_CODE, TID_DICT, TID_FUNCTION, W};
use taipan_interp::{frames, rare};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

/// PyCF_ONLY_AST
const ONLY_AST: i64 = 0x400;
/// PyCF flags and future features that compile() accepts.
/// The bit of PyCF_OPTIMIZED_AST that PyCF_ONLY_AST has not.
const OPTIMIZED_AST: u32 = 0x8000;
const KNOWN_FLAGS: i64 = 0x1fe_0000 | 0x0010 | 0x0200 | 0x0400 | 0x1000 | 0x2000 | 0x4000 | 0x8000;

/// The running Python frame.
fn running(sp: Space) -> Option<*mut Frame> {
    let f = sp.thread().gc.frame_top as *mut Frame;
    // SAFETY: the top frame record exists.
    (!unsafe { (*f).code.is_null() }).then_some(f)
}
/// The globals of the running frame.
pub fn current_globals(sp: Space) -> Res<W> {
    match running(sp) {
        // SAFETY: in use.
        Some(f) => Ok(unsafe { (*f).w_globals }),
        None => Err(sp.raise(known::SYSTEM_ERROR, "globals() called without a frame")),
    }
}
fn current_locals(sp: Space) -> Res<W> {
    match running(sp) {
        // SAFETY: in use.
        Some(f) => frametype::locals(sp, unsafe { frames::frame_object(sp, f)? }),
        None => Err(sp.raise(known::SYSTEM_ERROR, "locals() called without a frame")),
    }
}

/// The namespace of global names.
#[interp_fn(sig = "()")]
fn globals(sp: Space) -> Res<W> {
    current_globals(sp)
}
/// The names of the running block.
#[interp_fn(sig = "()")]
fn locals(sp: Space) -> Res<W> {
    current_locals(sp)
}

/// Makes a class: runs the body in the namespace its metaclass prepares.
#[interp_fn(raw, name = "__build_class__", sig = "(func, name, /, *bases, metaclass=None, **kwds)")]
fn build_class(sp: Space, _w: W, args: Args) -> Res<W> {
    let a = args.positional();
    if a.len() < 2 {
        return Err(sp.type_error("__build_class__: not enough arguments"));
    }
    let (w_func, w_name) = (a[0], a[1]);
    // SAFETY: a live word.
    if !unsafe { w_func.is_tid(TID_FUNCTION) } {
        return Err(sp.type_error("__build_class__: func must be a function"));
    }
    if sp.text_opt(w_name).is_none() {
        return Err(sp.type_error("__build_class__: name is not a string"));
    }
    let w_orig = sp.newtuple(&a[2..])?;
    let w_bases = update_bases(sp, w_orig)?;
    let w_kwds = sp.newdict()?;
    let mut w_meta = W::NULL;
    for (n, v) in args.keywords(sp) {
        if n.eq_str("metaclass") { w_meta = v } else { sp.dict_set(w_kwds, n.w, v)? }
    }
    if w_meta.is_null() {
        w_meta = match sp.tuple_items(w_bases).first() {
            Some(b) => sp.type_(*b)?,
            None => sp.known(known::TYPE),
        };
    }
    let is_class = sp.layout(w_meta) == taipan_abi::word::TID_TYPE;
    if is_class {
        w_meta = crate::types::heaptype::calculate_metaclass(sp, w_meta, sp.tuple_items(w_bases))?;
    }
    let w_ns = match sp.getattr_opt(w_meta, name!(sp, "__prepare__"))? {
        Some(w_prepare) => {
            let w_args = sp.newtuple(&[w_name, w_bases])?;
            sp.call_ex(w_prepare, w_args, w_kwds)?
        }
        None => sp.newdict()?,
    };
    // SAFETY: heap objects have slots.
    let mapping = w_ns.is_obj() && unsafe { (*sp.row(w_ns).slots).getitem.is_some() };
    if !mapping {
        let m = if is_class { sp.string_w(sp.getattr(w_meta, name!(sp, "__name__"))?)? } else { "<metaclass>".into() };
        return Err(raise!(sp, TYPE_ERROR, "{m}.__prepare__() must return a mapping, not {}", sp.type_name(w_ns)));
    }
    let w_cell = rare::run_class_body(sp, w_func, w_ns)?;
    if w_bases != w_orig {
        sp.setitem(w_ns, name!(sp, "__orig_bases__"), w_orig)?;
    }
    let w_args = sp.newtuple(&[w_name, w_bases, w_ns])?;
    let w_class = sp.call_ex(w_meta, w_args, w_kwds)?;
    if sp.layout(w_class) == taipan_abi::word::TID_TYPE
        && let Some(w) = ops::cell_value(w_cell)
        && w != w_class
    {
        let name = sp.string_w(w_name)?;
        if w.is_null() {
            return Err(raise!(
                sp,
                RUNTIME_ERROR,
                "__class__ not set defining '{name}' as {}. Was __classcell__ propagated to type.__new__?",
                sp.repr_string(w_class)?
            ));
        }
        let (is, should) = (sp.repr_string(w)?, sp.repr_string(w_class)?);
        return Err(raise!(sp, TYPE_ERROR, "__class__ set to {is} defining '{name}' as {should}"));
    }
    Ok(w_class)
}

/// Bases that are no classes say by `__mro_entries__` what stands for them.
fn update_bases(sp: Space, w_bases: W) -> Res<W> {
    let items = sp.tuple_items(w_bases);
    if items.iter().all(|w| sp.layout(*w) == taipan_abi::word::TID_TYPE) {
        return Ok(w_bases);
    }
    let mut out = RootedVec::new(sp);
    let mut changed = false;
    for w in items {
        let w_entries = if sp.layout(*w) == taipan_abi::word::TID_TYPE {
            None
        } else {
            sp.getattr_opt(*w, name!(sp, "__mro_entries__"))?
        };
        match w_entries {
            Some(f) => {
                let r = sp.call(f, &[w_bases])?;
                let Some(new) = sp.tuple_opt(r) else {
                    return Err(sp.type_error("__mro_entries__ must return a tuple"));
                };
                changed = true;
                out.extend(new);
            }
            None => out.push(*w),
        }
    }
    if changed { out.into_tuple() } else { Ok(w_bases) }
}

/// Imports a module.
#[interp_fn(name = "__import__", sig = "(name, globals=None, locals=None, fromlist=(), level=0)")]
fn import(sp: Space, w_name: W, w_globals: W, _w_locals: W, w_fromlist: Option<W>, level: i64) -> Res<W> {
    imp::import(sp, w_name, w_globals, w_fromlist.unwrap_or(W::NONE), level)
}

/// Source bytes of a str, bytes or AST argument, and flags that go with them.
fn source(sp: Space, w: W, fname: &str, what: &str) -> Res<(Vec<u8>, u32)> {
    if let Some(t) = sp.text_opt(w) {
        if t.chars().any(|c| c == 0) {
            return Err(sp.raise(known::SYNTAX_ERROR, "source code string cannot contain null bytes"));
        }
        return match t.to_utf8() {
            Ok(s) => Ok((s.into_owned().into_bytes(), FLAG_SOURCE_IS_UTF8)),
            Err(_) => {
                // The codec's own error.
                sp.call_method(w, name!(sp, "encode"), &[sp.newstr("utf-8")?])?;
                Ok((Vec::new(), 0))
            }
        };
    }
    match Buffer::get(sp, w) {
        Ok(b) if b.contains(&0) => Err(sp.raise(known::SYNTAX_ERROR, "source code string cannot contain null bytes")),
        Ok(b) => Ok((b.to_vec(), 0)),
        Err(Raised) => {
            sp.take_exc();
            let t = sp.type_name(w);
            Err(raise!(sp, TYPE_ERROR, "{fname}() arg 1 must be a {what}, not {t}"))
        }
    }
}

fn filename_bytes(sp: Space, w: W) -> Res<Vec<u8>> {
    if let Some(t) = sp.text_opt(w) {
        return Ok(t.to_wtf8().into_owned());
    }
    let w_os = sp.import_module(name!(sp, "os"))?;
    let w_fsdecode = sp.getattr(w_os, name!(sp, "fsdecode"))?;
    let w = sp.call(w_fsdecode, &[w])?;
    Ok(sp.text_w(w)?.to_wtf8().into_owned())
}

/// Future features of the running code.
fn inherited(sp: Space) -> u32 {
    const FUTURES: u32 = co::FUTURE_ANNOTATIONS
        | co::FUTURE_BARRY_AS_BDFL
        | co::FUTURE_DIVISION
        | co::FUTURE_GENERATOR_STOP
        | co::FUTURE_UNICODE_LITERALS
        | co::FUTURE_PRINT_FUNCTION
        | co::FUTURE_WITH_STATEMENT
        | co::FUTURE_ABSOLUTE_IMPORT;
    // SAFETY: in use.
    running(sp).map_or(0, |f| unsafe { (*(*f).code).flags } & FUTURES)
}

/// Compiles source to a code object or a tree.
#[interp_fn(
    name = "compile",
    sig = "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
)]
fn compile_(
    sp: Space,
    w_source: W,
    w_filename: W,
    mode: Text,
    flags: i64,
    dont_inherit: bool,
    optimize: i64,
    feature: i64,
) -> Res<W> {
    if flags & !KNOWN_FLAGS != 0 {
        return Err(sp.value_error("compile(): unrecognised flags"));
    }
    if !(-1..=2).contains(&optimize) {
        return Err(sp.value_error("compile(): invalid optimize value"));
    }
    let ast = flags & ONLY_AST != 0;
    let m = match &*mode.to_str() {
        "exec" => 0,
        "eval" => 1,
        "single" => 2,
        "func_type" if ast => 3,
        "func_type" => return Err(sp.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST")),
        _ if ast => {
            return Err(sp.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'"));
        }
        _ => return Err(sp.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    let filename = filename_bytes(sp, w_filename)?;
    let flags = flags as u32 | if dont_inherit { 0 } else { inherited(sp) };
    let is_tree = sp.text_opt(w_source).is_none() && is_ast(sp, w_source)?;
    let (bytes, extra) = if is_tree {
        if ast {
            return optimized(sp, w_source, flags, optimize);
        }
        let w_ast = sp.import_module(name!(sp, "_ast"))?;
        let w_bytes = sp.call(sp.getattr(w_ast, name!(sp, "_to_bytes"))?, &[w_source, W::int(m as i64)])?;
        (Buffer::get(sp, w_bytes)?.to_vec(), FLAG_AST)
    } else {
        source(sp, w_source, "compile", "string, bytes or AST object")?
    };
    let request = Request {
        source: &bytes,
        filename: &filename,
        mode: m,
        optimize: optimize as i32,
        flags: flags | extra,
        want: ast as u32,
        feature_version: feature as i32,
    };
    if ast {
        let tree = compile::run(sp, &request)?;
        let w_ast = sp.import_module(name!(sp, "_ast"))?;
        let w_tree = sp.call(sp.getattr(w_ast, name!(sp, "_from_bytes"))?, &[sp.newbytes(&tree)?])?;
        return optimized(sp, w_tree, flags, optimize);
    }
    compile::code(sp, &request)
}
/// The tree as PyCF_OPTIMIZED_AST wants it: all other folding happens in bytecode.
fn optimized(sp: Space, w_tree: W, flags: u32, optimize: i64) -> Res<W> {
    if flags & OPTIMIZED_AST == 0 {
        return Ok(w_tree);
    }
    let by_setting = || sp.setting("flags.optimize").is_none_or(|s| s == "0");
    let debug = if optimize < 0 { by_setting() } else { optimize == 0 };
    let w_ast = sp.import_module(name!(sp, "_ast"))?;
    sp.call(sp.getattr(w_ast, name!(sp, "_without_debug"))?, &[w_tree, W::bool(debug)])
}
fn is_ast(sp: Space, w: W) -> Res<bool> {
    let w_modules = sp.known(known::SYS_MODULES);
    match sp.dict_get(w_modules, name!(sp, "_ast"))? {
        Some(m) => sp.isinstance(w, sp.getattr(m, name!(sp, "AST"))?),
        None => Ok(false),
    }
}

/// Global and local namespaces of eval and exec.
fn namespaces(sp: Space, fname: &str, w_globals: W, w_locals: W) -> Res<(W, W)> {
    let (mut g, mut l) = (w_globals, w_locals);
    if g.is_none() {
        g = current_globals(sp)?;
        if l.is_none() {
            l = current_locals(sp)?;
        }
    } else if l.is_none() {
        l = g;
    }
    if sp.layout(g) != TID_DICT {
        let what = if fname == "eval" {
            "globals must be a dict".to_string()
        } else {
            format!("exec() globals must be a dict, not {}", sp.type_name(g))
        };
        return Err(sp.type_error(&what));
    }
    // SAFETY: heap objects have slots.
    let mapping = l.is_obj() && unsafe { (*sp.row(l).slots).getitem.is_some() };
    if !mapping {
        let what = if fname == "eval" {
            "locals must be a mapping".to_string()
        } else {
            format!("locals must be a mapping or None, not {}", sp.type_name(l))
        };
        return Err(sp.type_error(&what));
    }
    Ok((g, l))
}

/// The value of an expression.
#[interp_fn(sig = "(source, /, globals=None, locals=None)")]
fn eval(sp: Space, w_source: W, w_globals: W, w_locals: W) -> Res<W> {
    let (g, l) = namespaces(sp, "eval", w_globals, w_locals)?;
    // SAFETY: a live word.
    if unsafe { w_source.is_tid(TID_CODE) } {
        if code::get(w_source).nfree > 0 {
            return Err(sp.type_error("code object passed to eval() may not contain free variables"));
        }
        return ops::exec(sp, w_source, g, l, W::NULL);
    }
    let (bytes, extra) = source(sp, w_source, "eval", "string, bytes or code object")?;
    let start = bytes.iter().position(|b| *b != b' ' && *b != b'\t').unwrap_or(bytes.len());
    let w_code = compile::code(
        sp,
        &Request {
            source: &bytes[start..],
            filename: b"<string>",
            mode: 1,
            optimize: -1,
            flags: inherited(sp) | extra,
            want: 0,
            feature_version: -1,
        },
    )?;
    ops::exec(sp, w_code, g, l, W::NULL)
}
/// Runs source or code.
#[interp_fn(sig = "(source, /, globals=None, locals=None, *, closure=None)")]
fn exec(sp: Space, w_source: W, w_globals: W, w_locals: W, w_closure: W) -> Res<()> {
    let (g, l) = namespaces(sp, "exec", w_globals, w_locals)?;
    // SAFETY: a live word.
    if unsafe { w_source.is_tid(TID_CODE) } {
        let n = code::get(w_source).nfree as usize;
        let closure = if w_closure.is_none() { None } else { sp.tuple_opt(w_closure) };
        if n == 0 && !w_closure.is_none() {
            return Err(sp.type_error("cannot use a closure with this code object"));
        }
        if n > 0 && closure.is_none_or(|c| c.len() != n || c.iter().any(|w| ops::cell_value(*w).is_none())) {
            return Err(raise!(sp, TYPE_ERROR, "code object requires a closure of exactly length {n}"));
        }
        ops::exec(sp, w_source, g, l, if n > 0 { w_closure } else { W::NULL })?;
        return Ok(());
    }
    if !w_closure.is_none() {
        return Err(sp.type_error("closure can only be used when source is a code object"));
    }
    let (bytes, extra) = source(sp, w_source, "exec", "string, bytes or code object")?;
    let w_code = compile::code(
        sp,
        &Request {
            source: &bytes,
            filename: b"<string>",
            mode: 0,
            optimize: -1,
            flags: inherited(sp) | extra,
            want: 0,
            feature_version: -1,
        },
    )?;
    ops::exec(sp, w_code, g, l, W::NULL)?;
    Ok(())
}

/// Writes values to a text stream.
#[interp_fn(raw, sig = "(*args, sep=' ', end='\\n', file=None, flush=False)")]
fn print(sp: Space, _w: W, args: Args) -> Res<W> {
    let (mut w_sep, mut w_end, mut w_file, mut flush) = (W::NONE, W::NONE, W::NONE, false);
    if !args.kwnames.is_null() {
        for (n, v) in args.keywords(sp) {
            match &*n.to_str() {
                "sep" => w_sep = v,
                "end" => w_end = v,
                "file" => w_file = v,
                "flush" => flush = sp.is_true(v)?,
                other => {
                    return Err(raise!(sp, TYPE_ERROR, "print() got an unexpected keyword argument '{other}'"));
                }
            }
        }
        for (n, w) in [("sep", w_sep), ("end", w_end)] {
            if !w.is_none() && sp.text_opt(w).is_none() {
                return Err(raise!(sp, TYPE_ERROR, "{n} must be None or a string, not {}", sp.type_name(w)));
            }
        }
    }
    if w_file.is_none() {
        w_file = sp
            .getattr_opt(sp.known(known::SYS_MODULE), name!(sp, "stdout"))?
            .ok_or_else(|| sp.runtime_error("lost sys.stdout"))?;
        if w_file.is_none() {
            return Ok(W::NONE);
        }
    }
    let w_write = sp.getattr(w_file, name!(sp, "write"))?;
    for (i, w) in args.positional().iter().enumerate() {
        if i > 0 {
            sp.call(w_write, &[if w_sep.is_none() { name!(sp, " ") } else { w_sep }])?;
        }
        sp.call(w_write, &[sp.str(*w)?])?;
    }
    sp.call(w_write, &[if w_end.is_none() { name!(sp, "\n") } else { w_end }])?;
    if flush {
        sp.call_method(w_file, name!(sp, "flush"), &[])?;
    }
    Ok(W::NONE)
}

fn init(sp: Space, w: W) -> Res<()> {
    let d = ops::module_dict(w);
    let families: [&[FnSpec]; 4] =
        [crate::types::BUILTINS, crate::num::BUILTINS, crate::text::BUILTINS, crate::containers::BUILTINS];
    for f in families.into_iter().flatten() {
        // SAFETY: the tables are static.
        let f: &'static FnSpec = unsafe { &*(f as *const FnSpec) };
        sp.dict_set_str(d, f.name.get(), sp.newfunction(f, W::NULL, sp.intern("builtins"))?)?;
    }
    for b in crate::all_types() {
        if b.public {
            let w_type = crate::types::util::builtin_type(sp, b.tid);
            let name = b.spec.name.get();
            sp.dict_set_str(d, name.rsplit('.').next().unwrap_or(name), w_type)?;
        }
    }
    for (n, v) in [
        ("None", W::NONE),
        ("True", W::TRUE),
        ("False", W::FALSE),
        ("Ellipsis", W::ELLIPSIS),
        ("NotImplemented", W::NOT_IMPLEMENTED),
        ("EnvironmentError", sp.known(known::OS_ERROR)),
        ("IOError", sp.known(known::OS_ERROR)),
    ] {
        sp.dict_set_str(d, n, v)?;
    }
    let debug = sp.setting("flags.optimize").is_none_or(|s| s == "0");
    sp.dict_set_str(d, "__debug__", W::bool(debug))?;
    Ok(())
}
mixed_module!(
    MODULE,
    "builtins",
    doc = "What every program sees without importing it.",
    functions = [globals, locals, build_class, import, compile_, eval, exec, print],
    init = init,
    app = include_str!("builtins_app.py")
);
