//! Frozen modules: the part of the library that every start imports. As in CPython their code calls itself `<frozen NAME>`; here it comes
//! from the host, which compiles the library's file or finds it in its cache.

use super::code;
use crate::layouts::{WFrame, WTraceback};
use taipan_abi::word::W;
use taipan_interp::frames::{exc_traceback, set_exc_traceback};
use taipan_plugin_api::interp_fn;
use taipan_plugin_api::prelude::*;

/// The modules, by full name. No package is among them.
const NAMES: &[&str] = &[
    "_collections_abc",
    "_sitebuiltins",
    "abc",
    "codecs",
    "genericpath",
    "importlib.machinery",
    "importlib.util",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "runpy",
    "site",
    "stat",
    "zipimport",
];

/// Set by `_override_frozen_modules_for_tests`: the library's own files are imported.
static OFF: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

fn known(sp: Space, w_name: W) -> Res<Option<&'static str>> {
    let name = sp.string_w(w_name)?;
    let on = !OFF.load(std::sync::atomic::Ordering::Relaxed);
    Ok(NAMES.iter().copied().find(|n| on && *n == name))
}

fn absent(sp: Space, w_name: W) -> Res<Raised> {
    let message = format!("No such frozen object named {}", sp.string_w(w_name)?);
    let w_class = sp.known(taipan_abi::known::IMPORT_ERROR);
    let w = sp.call(w_class, &[sp.newstr(&message)?])?;
    sp.setattr_str(w, "name", w_name)?;
    Ok(sp.raise_object(w_class, w))
}

/// Is this a module whose code the host has?
#[interp_fn(sig = "(name, /)")]
pub fn is_frozen(sp: Space, w_name: W) -> Res<bool> {
    Ok(known(sp, w_name)?.is_some())
}
/// (None, is it a package, its name), or None.
#[interp_fn(sig = "(name, /, *, withdata=False)")]
pub fn find_frozen(sp: Space, w_name: W, _with: W) -> Res<W> {
    match known(sp, w_name)? {
        Some(_) => sp.newtuple(&[W::NONE, W::FALSE, w_name]),
        None => Ok(W::NONE),
    }
}
/// A frozen module's code.
#[interp_fn(sig = "(name, data=None, /)")]
pub fn get_frozen_object(sp: Space, w_name: W, w_data: W) -> Res<W> {
    if !w_data.is_null() && !w_data.is_none() {
        let data = sp.bytes_opt(w_data).map(<[u8]>::to_vec);
        return match data {
            Some(data) => sp.newcode(&data),
            None => Err(sp.type_error("get_frozen_object() argument 2 must be bytes")),
        };
    }
    match known(sp, w_name)? {
        Some(name) => super::start::frozen(sp, name),
        None => Err(absent(sp, w_name)?),
    }
}
/// Is a frozen module a package?
#[interp_fn(sig = "(name, /)")]
pub fn is_frozen_package(sp: Space, w_name: W) -> Res<bool> {
    match known(sp, w_name)? {
        Some(_) => Ok(false),
        None => Err(absent(sp, w_name)?),
    }
}
/// Importing a frozen module without importlib: not needed here.
#[interp_fn(sig = "(name, /)")]
pub fn init_frozen(_sp: Space, _w_name: W) -> Res<W> {
    Ok(W::NONE)
}
/// Names of frozen modules.
#[interp_fn(name = "_frozen_module_names", sig = "()")]
pub fn frozen_module_names(sp: Space) -> Res<W> {
    let names: Res<Vec<W>> = NAMES.iter().map(|n| sp.newstr(n)).collect();
    sp.newlist(&names?)
}
/// -1 hides the frozen modules, so that tests see the files.
#[interp_fn(name = "_override_frozen_modules_for_tests", sig = "(override, /)")]
pub fn override_frozen(_sp: Space, v: i64) -> Res<()> {
    OFF.store(v < 0, std::sync::atomic::Ordering::Relaxed);
    Ok(())
}

/// Takes the importer's own frames out of the pending exception's traceback: all of them if the import itself failed, else those that
/// lead to the module's body.
pub fn trim_traceback(sp: Space) {
    if !sp.pending() || sp.setting("flags.verbose").is_some_and(|v| v != "0") {
        return;
    }
    let w_exc = sp.take_exc();
    let always = sp.exc_match(w_exc, sp.known(taipan_abi::known::IMPORT_ERROR)).unwrap_or(false);
    // SAFETY: the pending exception is an exception instance; it keeps its traceback alive, and nothing here allocates.
    unsafe {
        let of_importer = |w: W| {
            let c = code::get((*(*w.ptr::<WTraceback>()).w_frame.ptr::<WFrame>()).w_code);
            let file = sp.text_opt(c.w_filename);
            let importer = file.is_some_and(|t| {
                t.eq_str("<frozen importlib._bootstrap>") || t.eq_str("<frozen importlib._bootstrap_external>")
            });
            let last = always || sp.text_opt(c.w_name).is_some_and(|t| t.eq_str("_call_with_frames_removed"));
            (importer, last)
        };
        // The entry before the importer's frames, or NULL at the start; and whether such frames are being passed.
        let (mut before, mut inside) = (W::NULL, false);
        let mut w = exc_traceback(w_exc);
        let mut previous = W::NULL;
        while !w.is_null() && !w.is_none() {
            let next = (*w.ptr::<WTraceback>()).w_next;
            let (importer, last) = of_importer(w);
            if importer && !inside {
                before = previous;
            }
            inside = importer;
            if importer && last {
                if before.is_null() {
                    set_exc_traceback(sp, w_exc, next);
                } else {
                    taipan_plugin_api::setfield!(sp, before, WTraceback, w_next, next);
                }
                inside = false;
                // The frames that follow are compared with the entry that now precedes them.
                previous = before;
            } else {
                previous = w;
            }
            w = next;
        }
    }
    sp.thread().exc = w_exc;
}
