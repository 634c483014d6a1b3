//! Start: the built-in types and modules, importlib, the standard streams, then the program; and the end.

use super::{imp, ops};
use taipan_abi::host::Blob;
use taipan_abi::known;
use taipan_abi::thread::Thread;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;

/// Sets up the first thread: rows, types, well-known objects. 0 = ready.
///
/// # Safety
/// The host has prepared the thread.
pub unsafe extern "C-unwind" fn init(th: *mut Thread) -> i32 {
    (*th).space[0] = super::eval as *mut std::ffi::c_void;
    (*th).recursion_limit = 1000;
    let sp = Space::new(th);
    let r: Res<()> = (|| {
        super::threads::own::attach(sp);
        crate::types::create::start(sp, crate::FAMILIES)?;
        let known = (*th).known as *mut W;
        *known.add(known::SYS_MODULES as usize) = sp.newdict()?;
        let w_builtins = imp::create(sp, &super::builtins::MODULE)?;
        *known.add(known::BUILTINS_MODULE as usize) = w_builtins;
        *known.add(known::BUILTINS_DICT as usize) = ops::module_dict(w_builtins);
        let w_modules = sp.known(known::SYS_MODULES);
        sp.dict_set_str(w_modules, "builtins", w_builtins)?;
        let w_sys = imp::create(sp, &super::sys::MODULE)?;
        *known.add(known::SYS_MODULE as usize) = w_sys;
        sp.dict_set_str(w_modules, "sys", w_sys)?;
        imp::exec(sp, w_builtins)?;
        *known.add(known::ALL as usize) = sp.builtin(name!(sp, "all"))?;
        *known.add(known::ANY as usize) = sp.builtin(name!(sp, "any"))?;
        imp::exec(sp, w_sys)?;
        Ok(())
    })();
    if r.is_ok() {
        return 0;
    }
    report(sp, "the interpreter could not start");
    -1
}

/// Prints the pending exception without relying on anything.
fn report(sp: Space, what: &str) {
    let w = sp.take_exc();
    if w.is_null() {
        eprintln!("taipan: {what}");
        return;
    }
    let t = sp.type_name(w);
    let text = sp.str(w).and_then(|w| sp.string_w(w)).unwrap_or_default();
    eprintln!("taipan: {what}: {t}: {text}");
    // SAFETY: an exception instance; its traceback entries are frame objects.
    unsafe {
        let mut tb = taipan_interp::frames::exc_traceback(w);
        while !tb.is_null() && !tb.is_none() {
            let t = &*tb.ptr::<crate::layouts::WTraceback>();
            let c = (*t.w_frame.ptr::<crate::layouts::WFrame>()).w_code;
            let code = super::code::get(c);
            let line = super::code::line(sp, c, t.lasti as usize / 2);
            let (f, n) =
                (sp.string_w(code.w_filename).unwrap_or_default(), sp.string_w(code.w_name).unwrap_or_default());
            eprintln!("  {f}:{line} in {n}");
            tb = t.w_next;
        }
    }
    sp.take_exc();
}

/// Code that the host compiles (and caches) of a library module that the start needs.
pub fn frozen(sp: Space, name: &str) -> Res<W> {
    let mut blob = Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    // SAFETY: the host's service; the blob is given back.
    unsafe {
        let host = &*sp.thread().host;
        if (host.frozen)(name.as_ptr(), name.len(), &mut blob) == 0 {
            return Err(raise!(
                sp,
                MODULE_NOT_FOUND_ERROR,
                "the standard library has no {name}: is its path right? (--set lib=PATH)"
            ));
        }
        let w = sp.newcode(std::slice::from_raw_parts(blob.ptr, blob.len));
        (host.free_blob)(blob);
        w
    }
}

/// Makes a module of frozen code.
fn frozen_module(sp: Space, file: &str, name: &str) -> Res<W> {
    let w_code = frozen(sp, file)?;
    let w = sp.newmodule(sp.intern(name))?;
    let d = ops::module_dict(w);
    sp.dict_set_str(d, "__builtins__", sp.known(known::BUILTINS_MODULE))?;
    sp.dict_set_str(sp.known(known::SYS_MODULES), name, w)?;
    ops::exec(sp, w_code, d, d, W::NULL)?;
    Ok(w)
}

fn importlib(sp: Space) -> Res<()> {
    for n in ["_imp", "_thread", "_weakref", "_warnings"] {
        imp::load_early(sp, n)?;
    }
    let w_bootstrap = frozen_module(sp, "importlib._bootstrap", "_frozen_importlib")?;
    let w_sys = sp.known(known::SYS_MODULE);
    let w_imp = imp::load_early(sp, "_imp")?;
    sp.call(sp.getattr_str(w_bootstrap, "_install")?, &[w_sys, w_imp])?;
    let w_external = frozen_module(sp, "importlib._bootstrap_external", "_frozen_importlib_external")?;
    sp.call(sp.getattr_str(w_external, "_install")?, &[w_bootstrap])?;
    sp.setattr_str(w_bootstrap, "_bootstrap_external", w_external)?;
    Ok(())
}

/// The app-level part of start and end, run once in a module of its own.
fn support(sp: Space) -> Res<W> {
    static SOURCE: &str = include_str!("start_app.py");
    let w = sp.newmodule(sp.intern("__taipan_start__"))?;
    let d = ops::module_dict(w);
    sp.dict_set_str(d, "__builtins__", sp.known(known::BUILTINS_MODULE))?;
    let w_code = super::compile::code(
        sp,
        &super::compile::Request {
            source: SOURCE.as_bytes(),
            filename: b"<start>",
            mode: 0,
            optimize: 0,
            flags: taipan_abi::host::FLAG_SOURCE_IS_UTF8 | taipan_abi::host::FLAG_APP_LEVEL,
            want: 0,
            feature_version: -1,
        },
    )?;
    ops::exec(sp, w_code, d, d, W::NULL)?;
    Ok(w)
}

/// Runs the command line's program; answers the exit status.
///
/// # Safety
/// `init` has succeeded.
pub unsafe extern "C-unwind" fn run_main(th: *mut Thread) -> i32 {
    let sp = Space::new(th);
    let started: Res<W> = (|| {
        importlib(sp)?;
        let w = support(sp)?;
        sp.call(sp.getattr_str(w, "start")?, &[])?;
        Ok(w)
    })();
    let Ok(w) = started else {
        report(sp, "the interpreter could not start");
        return 1;
    };
    let status = match sp.getattr_str(w, "main").and_then(|f| sp.call(f, &[])) {
        Ok(w) => sp.int_w(w).unwrap_or(1) as i32,
        Err(Raised) => {
            report(sp, "the program's end could not be handled");
            1
        }
    };
    status
}
