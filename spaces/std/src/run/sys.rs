//! The `sys`, `gc` and `__taipan__` modules.

use super::threads::sysfuncs;
use super::{code, frametype, imp};
use taipan_abi::gc::{GcStats, TypeInfo};
use taipan_abi::known;
use taipan_abi::thread::Frame;
use taipan_abi::word::{TID_STR, W};
use taipan_interp::frames;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

/// The exception being handled, or None.
#[interp_fn(sig = "()")]
fn exception(sp: Space) -> Res<W> {
    let w = frames::handled(sp);
    Ok(if w.is_null() { W::NONE } else { w })
}
/// (type, value, traceback) of the exception being handled.
#[interp_fn(sig = "()")]
fn exc_info(sp: Space) -> Res<W> {
    let w = frames::handled(sp);
    if w.is_null() {
        return sp.newtuple(&[W::NONE, W::NONE, W::NONE]);
    }
    // SAFETY: an exception instance.
    let tb = unsafe { frames::exc_traceback(w) };
    sp.newtuple(&[sp.type_(w)?, w, if tb.is_null() { W::NONE } else { tb }])
}
/// The frame `depth` calls up.
#[interp_fn(name = "_getframe", sig = "(depth=0, /)")]
fn getframe(sp: Space, depth: i64) -> Res<W> {
    sp.frame(depth.max(0))?.ok_or_else(|| sp.value_error("call stack is not deep enough"))
}
/// The name of the module that a frame belongs to.
#[interp_fn(name = "_getframemodulename", sig = "(depth=0)")]
fn getframemodulename(sp: Space, depth: i64) -> Res<W> {
    match sp.frame(depth.max(0))? {
        Some(f) => Ok(sp.dict_get(sp.getattr(f, name!(sp, "f_globals"))?, name!(sp, "__name__"))?.unwrap_or(W::NONE)),
        None => Ok(W::NONE),
    }
}
/// Ends the program with a status.
#[interp_fn(sig = "(status=None, /)")]
fn exit(sp: Space, w_status: W) -> Res<W> {
    let w = if w_status.is_none() { W::NULL } else { w_status };
    Err(sp.raise_object(sp.known(known::SYSTEM_EXIT), w))
}
/// An interned str.
#[interp_fn(sig = "(string, /)")]
fn intern(sp: Space, w: W) -> Res<W> {
    // SAFETY: a live word.
    if !unsafe { w.is_tid(TID_STR) } {
        return Err(raise!(sp, TYPE_ERROR, "can't intern {}", sp.type_name(w)));
    }
    sp.intern_str(w)
}
/// Is the str interned?
#[interp_fn(name = "_is_interned", sig = "(string, /)")]
fn is_interned(_sp: Space, w: W) -> Res<bool> {
    // SAFETY: a live word.
    Ok(unsafe { w.is_tid(TID_STR) && w.header().aux[1] & crate::layouts::STR_INTERNED != 0 })
}
/// How deep calls may nest.
#[interp_fn(sig = "()")]
fn getrecursionlimit(sp: Space) -> Res<i64> {
    Ok(sp.thread().recursion_limit as i64)
}
/// Sets how deep calls may nest.
#[interp_fn(sig = "(limit, /)")]
fn setrecursionlimit(sp: Space, limit: i64) -> Res<()> {
    if limit < 1 {
        return Err(sp.value_error("recursion limit must be greater or equal than 1"));
    }
    let most = sp.setting("limits.frames").and_then(|s| s.parse::<i64>().ok()).unwrap_or(200_000);
    let th = sp.thread();
    let first = th.gc.frames as *mut Frame;
    // SAFETY: frames in use lie between the two.
    let depth = unsafe { (th.gc.frame_top as *mut Frame).offset_from(first) } as i64;
    if depth >= limit {
        return Err(raise!(
            sp,
            RECURSION_ERROR,
            "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
        ));
    }
    sp.each_thread(|th| {
        // SAFETY: a thread's record, under the interpreter lock; each area has room for `most` frames and some for handlers.
        unsafe {
            (*th).recursion_limit = limit.min(i32::MAX as i64) as u32;
            (*th).frame_limit = ((*th).gc.frames as *mut Frame).add(limit.min(most - 100) as usize);
        }
    });
    Ok(())
}
/// Sets the trace function.
#[interp_fn(sig = "(function, /)")]
fn settrace(sp: Space, w: W) -> Res<()> {
    sp.thread().w_trace = if w.is_none() { W::NULL } else { w };
    Ok(ask_for_switch(sp))
}
/// The trace function.
#[interp_fn(sig = "()")]
fn gettrace(sp: Space) -> Res<W> {
    let w = sp.thread().w_trace;
    Ok(if w.is_null() { W::NONE } else { w })
}
/// Sets the profile function.
#[interp_fn(sig = "(function, /)")]
fn setprofile(sp: Space, w: W) -> Res<()> {
    sp.thread().w_profile = if w.is_none() { W::NULL } else { w };
    Ok(ask_for_switch(sp))
}
/// The profile function.
#[interp_fn(sig = "()")]
fn getprofile(sp: Space) -> Res<W> {
    let w = sp.thread().w_profile;
    Ok(if w.is_null() { W::NONE } else { w })
}
/// The evaluator changes to its tracing form at the next call or back edge.
fn ask_for_switch(sp: Space) {
    sp.thread().gc.poll.fetch_or(taipan_abi::gc::POLL_TRACE, std::sync::atomic::Ordering::Relaxed);
}
/// The default encoding of str.
#[interp_fn(sig = "()")]
fn getdefaultencoding(sp: Space) -> Res<W> {
    sp.newstr("utf-8")
}
/// The encoding of file names.
#[interp_fn(sig = "()")]
fn getfilesystemencoding(sp: Space) -> Res<W> {
    sp.newstr("utf-8")
}
/// The error handler of file names.
#[interp_fn(sig = "()")]
fn getfilesystemencodeerrors(sp: Space) -> Res<W> {
    sp.newstr("surrogateescape")
}
/// There are no reference counts; a number that suits those who compare.
#[interp_fn(sig = "(object, /)")]
fn getrefcount(_sp: Space, _w: W) -> Res<i64> {
    Ok(2)
}
/// Bytes an object occupies.
#[interp_fn(sig = "(object, default=None)")]
fn getsizeof(sp: Space, w: W, w_default: Option<W>) -> Res<W> {
    match sp.lookup_special(w, name!(sp, "__sizeof__"))? {
        Some(f) => {
            let r = sp.call(f, &[])?;
            if sp.int_w(r)? < 0 {
                return Err(sp.value_error("__sizeof__() should return >= 0"));
            }
            Ok(r)
        }
        None => w_default.ok_or_else(|| raise!(sp, TYPE_ERROR, "Type {} doesn't define __sizeof__", sp.type_name(w))),
    }
}
/// Raises an auditing event; nobody listens.
#[interp_fn(raw, sig = "(event, /, *args)")]
fn audit(_sp: Space, _w: W, _args: Args) -> Res<W> {
    Ok(W::NONE)
}
/// Audit hooks are not there yet.
#[interp_fn(sig = "(hook)")]
fn addaudithook(sp: Space, _w: W) -> Res<()> {
    Err(sp.not_implemented("sys.addaudithook()"))
}
/// Prints an expression's value at the prompt.
#[interp_fn(sig = "(object, /)")]
fn displayhook(sp: Space, w: W) -> Res<()> {
    if w.is_none() {
        return Ok(());
    }
    let w_builtins = sp.known(known::BUILTINS_MODULE);
    sp.setattr(w_builtins, name!(sp, "_"), W::NONE)?;
    let w_out = sp.getattr(sp.known(known::SYS_MODULE), name!(sp, "stdout"))?;
    let w_repr = sp.repr(w)?;
    if sp.call_method(w_out, name!(sp, "write"), &[w_repr]).is_err() {
        if !sp.catch(known::UNICODE_ENCODE_ERROR) {
            return Err(Raised);
        }
        let w_encoding = sp.getattr(w_out, name!(sp, "encoding"))?;
        let w_bytes = sp.call_method(w_repr, name!(sp, "encode"), &[w_encoding, sp.newstr("backslashreplace")?])?;
        let w_text = sp.call_method(w_bytes, name!(sp, "decode"), &[w_encoding, sp.newstr("strict")?])?;
        sp.call_method(w_out, name!(sp, "write"), &[w_text])?;
    }
    sp.call_method(w_out, name!(sp, "write"), &[sp.newstr("\n")?])?;
    sp.setattr(w_builtins, name!(sp, "_"), w)
}
/// How many frames coroutines remember as their origin.
#[interp_fn(sig = "()")]
fn get_coroutine_origin_tracking_depth(sp: Space) -> Res<i64> {
    Ok(sp.thread().coroutine_origin_depth)
}
/// Sets it.
#[interp_fn(sig = "(depth)")]
fn set_coroutine_origin_tracking_depth(sp: Space, depth: i64) -> Res<()> {
    if depth < 0 {
        return Err(sp.value_error("depth must be >= 0"));
    }
    sp.thread().coroutine_origin_depth = depth;
    Ok(())
}
/// The hooks of async generators: (firstiter, finalizer).
#[interp_fn(name = "_get_asyncgen_hooks", sig = "()")]
fn get_asyncgen_hooks(sp: Space) -> Res<W> {
    let th = sp.thread();
    let f = |w: W| if w.is_null() { W::NONE } else { w };
    sp.newtuple(&[f(th.w_asyncgen_firstiter), f(th.w_asyncgen_finalizer)])
}
/// Sets them.
#[interp_fn(name = "_set_asyncgen_hooks", sig = "(firstiter, finalizer)")]
fn set_asyncgen_hooks_(sp: Space, w_first: W, w_final: W) -> Res<()> {
    let th = sp.thread();
    th.w_asyncgen_firstiter = if w_first.is_none() { W::NULL } else { w_first };
    th.w_asyncgen_finalizer = if w_final.is_none() { W::NULL } else { w_final };
    Ok(())
}
/// Drops what caches of types hold.
#[interp_fn(name = "_clear_type_cache", sig = "()")]
fn clear_type_cache(_sp: Space) -> Res<()> {
    Ok(())
}
/// A setting of the host, or None.
#[interp_fn(name = "_setting", sig = "(key, /)")]
fn setting(sp: Space, key: Text) -> Res<W> {
    match sp.setting(&key.to_str()) {
        Some(s) => sp.newstr(&s),
        None => Ok(W::NONE),
    }
}
/// The names of the mixed modules.
#[interp_fn(name = "_builtin_names", sig = "()")]
fn builtin_names(sp: Space) -> Res<W> {
    let mut v = RootedVec::new(sp);
    for n in imp::names(sp) {
        let w = sp.newstr(&n)?;
        v.push(w);
    }
    v.into_tuple()
}
/// A struct sequence type.
#[interp_fn(name = "_structseq", sig = "(name, fields, n_sequence, /)")]
fn structseq(sp: Space, w_name: W, w_fields: W, n: i64) -> Res<W> {
    sp.newstructseq_type(w_name, W::NONE, w_fields, n)
}
/// The line of a frame, for warnings.
#[interp_fn(name = "_frame_line", sig = "(frame, /)")]
fn frame_line(sp: Space, w: W) -> Res<i64> {
    Ok(frametype::lineno(sp, w))
}
/// The locals of a frame.
#[interp_fn(name = "_frame_locals", sig = "(frame, /)")]
fn frame_locals(sp: Space, w: W) -> Res<W> {
    frametype::locals(sp, w)
}

fn init(sp: Space, w: W) -> Res<()> {
    sp.setattr_str(w, "modules", sp.known(known::SYS_MODULES))?;
    sp.setattr_str(w, "maxsize", sp.newint(i64::MAX))?;
    sp.setattr_str(w, "maxunicode", W::int(0x10ffff))?;
    for f in crate::num::limits::SYS_FUNCTIONS {
        let w_f = sp.newfunction(f, W::NULL, sp.intern("sys"))?;
        sp.setattr_str(w, f.name.get(), w_f)?;
    }
    sp.setattr_str(w, "_namespace", sp.known(known::SIMPLE_NAMESPACE))?;
    sp.setattr_str(w, "__displayhook__", sp.getattr_str(w, "displayhook")?)
}
mixed_module!(
    MODULE,
    "sys",
    doc = "The interpreter: its settings, its state, what it shares with the program.",
    functions = [
        exception,
        exc_info,
        getframe,
        getframemodulename,
        sysfuncs::current_frames,
        exit,
        intern,
        is_interned,
        getrecursionlimit,
        setrecursionlimit,
        settrace,
        gettrace,
        setprofile,
        getprofile,
        getdefaultencoding,
        getfilesystemencoding,
        getfilesystemencodeerrors,
        getrefcount,
        getsizeof,
        sysfuncs::getswitchinterval,
        sysfuncs::setswitchinterval,
        audit,
        addaudithook,
        displayhook,
        get_coroutine_origin_tracking_depth,
        set_coroutine_origin_tracking_depth,
        get_asyncgen_hooks,
        set_asyncgen_hooks_,
        clear_type_cache,
        sysfuncs::is_finalizing,
        sysfuncs::current_exceptions,
        sysfuncs::settrace_all,
        sysfuncs::setprofile_all,
        sysfuncs::close_threads,
        sysfuncs::finalizable,
        sysfuncs::run_finalizer,
        setting,
        builtin_names,
        structseq,
        frame_line,
        frame_locals
    ],
    init = init,
    app = include_str!("sys_app.py")
);

// ---- gc ----

/// Collects; generation 0 only the young objects.
#[interp_fn(name = "collect", sig = "(generation=2)")]
fn gc_collect(sp: Space, generation: i64) -> Res<i64> {
    if !(0..=2).contains(&generation) {
        return Err(sp.value_error("invalid generation"));
    }
    sp.collect(if generation == 0 { 0 } else { 2 })
}
fn switch(sp: Space, on: u32) -> u32 {
    // SAFETY: the collector's table.
    unsafe { ((*sp.thread().gcvt).enable)(sp.th().cast(), on) }
}
/// Automatic collections on.
#[interp_fn(sig = "()")]
fn enable(sp: Space) -> Res<()> {
    switch(sp, 1);
    Ok(())
}
/// Automatic collections off.
#[interp_fn(sig = "()")]
fn disable(sp: Space) -> Res<()> {
    switch(sp, 0);
    Ok(())
}
/// Are automatic collections on?
#[interp_fn(sig = "()")]
fn isenabled(sp: Space) -> Res<bool> {
    let was = switch(sp, 1);
    switch(sp, was);
    Ok(was != 0)
}
/// Figures of the collector.
#[interp_fn(name = "_stats", sig = "()")]
fn gc_stats(sp: Space) -> Res<W> {
    let mut s = GcStats::default();
    // SAFETY: the collector fills it.
    unsafe { ((*sp.thread().gcvt).stats)(&mut s) };
    let d = sp.newdict()?;
    for (n, v) in [
        ("minor_collections", s.minor_collections),
        ("major_collections", s.major_collections),
        ("heap_bytes", s.heap_bytes),
        ("reserved_bytes", s.reserved_bytes),
        ("native_bytes", s.native_bytes),
        ("nanoseconds", s.nanoseconds),
        ("longest_pause", s.longest_pause),
    ] {
        sp.dict_set_str(d, n, sp.newint(v as i64))?;
    }
    Ok(d)
}
/// Can the collector see the object?
#[interp_fn(sig = "(obj, /)")]
fn is_tracked(sp: Space, w: W) -> Res<bool> {
    if !w.is_obj() || w.0 >= taipan_abi::word::SINGLETONS && w.0 < taipan_abi::word::SINGLETONS + 4096 {
        return Ok(false);
    }
    let r: &TypeInfo = sp.row(w);
    Ok(r.flags & taipan_abi::gc::tf::NO_PTRS == 0
        && (r.ptr_map != 0 || r.flags & (taipan_abi::gc::tf::TRACE | taipan_abi::gc::tf::ITEMS_W) != 0))
}
/// Has its finalizer run?
#[interp_fn(sig = "(obj, /)")]
fn is_finalized(_sp: Space, w: W) -> Res<bool> {
    // SAFETY: a heap object.
    Ok(w.is_obj() && unsafe { w.header().rt & taipan_abi::word::RT_FINALIZED != 0 })
}
mixed_module!(
    GC_MODULE,
    "gc",
    doc = "The garbage collector.",
    functions = [gc_collect, enable, disable, isenabled, gc_stats, is_tracked, is_finalized],
    app = include_str!("gc_app.py")
);

// ---- __taipan__ ----

/// A one-line description of a code object's place.
#[interp_fn(sig = "(code, /)")]
fn where_(sp: Space, w: W) -> Res<String> {
    Ok(code::describe(sp, w))
}
mixed_module!(
    TAIPAN_MODULE,
    "__taipan__",
    doc = "What is Taipan's own: which parts run.",
    functions = [where_],
    app = include_str!("taipan_app.py")
);
