//! Importing: the fast path of `import`, mixed modules, and the `_imp` module that importlib builds on.

use super::ops::module_dict;
use super::{code, frozen};
use crate::layouts::WModule;
use taipan_abi::host::{Blob, ModuleSpec};
use taipan_abi::known;
use taipan_abi::types::ff;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{interp_fn, mixed_module};

/// Mixed modules that belong to the space itself.
static OWN: &[&ModuleSpec] = &[
    &super::builtins::MODULE,
    &super::sys::MODULE,
    &super::sys::GC_MODULE,
    &super::sys::TAIPAN_MODULE,
    &super::marshal::MODULE,
    &super::threads::MODULE,
    &super::threads::queue::MODULE,
    &super::tokens::MODULE,
    &MODULE,
    &crate::text::codecs::module::CODECS,
    &crate::text::template::MODULE,
];

/// The description of a mixed module and the library it comes from.
pub fn find(sp: Space, name: &str) -> Option<(&'static ModuleSpec, Option<String>)> {
    if let Some(m) = OWN.iter().find(|m| m.name.get() == name) {
        return Some((m, None));
    }
    let mut origin = Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    // SAFETY: the host's service; the blob is copied and given back.
    unsafe {
        let host = &*sp.thread().host;
        let spec = (host.find_module)(name.as_ptr(), name.len(), &mut origin);
        let text = (origin.len > 0)
            .then(|| String::from_utf8_lossy(std::slice::from_raw_parts(origin.ptr, origin.len)).into_owned());
        (host.free_blob)(origin);
        if spec.is_null() { None } else { Some((&*spec, text)) }
    }
}

/// Names of all mixed modules of the profile.
pub fn names(sp: Space) -> Vec<String> {
    let mut v: Vec<String> = OWN.iter().map(|m| m.name.get().to_string()).collect();
    for n in 0.. {
        // SAFETY: the host's service.
        let s = unsafe { ((*sp.thread().host).module_name)(n) };
        if s.get().is_empty() {
            break;
        }
        v.push(s.get().to_string());
    }
    v.sort();
    v.dedup();
    v
}

/// A fresh module object of a description: functions only.
pub fn create(sp: Space, spec: &'static ModuleSpec) -> Res<W> {
    let w_name = sp.intern(spec.name.get());
    let w = sp.newmodule(w_name)?;
    // SAFETY: a module object.
    unsafe { (*w.ptr::<WModule>()).spec = spec };
    let d = module_dict(w);
    if !spec.doc.get().is_empty() {
        sp.dict_set_str(d, "__doc__", sp.newstr(spec.doc.get())?)?;
    }
    for f in spec.functions.get() {
        let w_self = if f.flags & ff::WITH_MODULE != 0 { w } else { W::NULL };
        let w_f = sp.newfunction(f, w_self, w_name)?;
        sp.dict_set_str(d, f.name.get(), w_f)?;
    }
    Ok(w)
}

/// Runs a module's init and app-level part, once.
pub fn exec(sp: Space, w: W) -> Res<()> {
    // SAFETY: a module object.
    let m = unsafe { &mut *w.ptr::<WModule>() };
    if m.spec.is_null() {
        return Ok(());
    }
    let spec = unsafe { &*m.spec };
    m.spec = std::ptr::null();
    // SAFETY: the library's own function.
    if unsafe { (spec.init)(sp.th(), w) } < 0 {
        return Err(Raised);
    }
    let source = spec.app_level.get();
    if !source.is_empty() {
        let filename = format!("<app-level {}>", spec.name.get());
        let w_code = super::compile::code(
            sp,
            &super::compile::Request {
                source: source.as_bytes(),
                filename: filename.as_bytes(),
                mode: 0,
                optimize: 0,
                flags: taipan_abi::host::FLAG_SOURCE_IS_UTF8 | taipan_abi::host::FLAG_APP_LEVEL,
                want: 0,
                feature_version: -1,
            },
        )?;
        let d = module_dict(w);
        super::ops::exec(sp, w_code, d, d, W::NULL)?;
    }
    Ok(())
}

/// A mixed module that the start needs before importlib is there.
pub fn load_early(sp: Space, name: &str) -> Res<W> {
    let w_name = sp.intern(name);
    let w_modules = sp.known(known::SYS_MODULES);
    if let Some(w) = sp.dict_get(w_modules, w_name)? {
        return Ok(w);
    }
    let Some((spec, _)) = find(sp, name) else {
        return Err(raise!(
            sp,
            MODULE_NOT_FOUND_ERROR,
            "the module '{name}', which the start of the interpreter needs, is in none of the profile's libraries"
        ));
    };
    let w = create(sp, spec)?;
    sp.dict_set(w_modules, w_name, w)?;
    exec(sp, w)?;
    Ok(w)
}

/// importlib.import_module(name): the module itself, not the top of the package.
pub fn import_module(sp: Space, w_name: W) -> Res<W> {
    let w_modules = sp.known(known::SYS_MODULES);
    if let Some(w) = sp.dict_get(w_modules, w_name)?
        && !w.is_none()
    {
        return Ok(w);
    }
    match bootstrap(sp)? {
        Some(w_bootstrap) => {
            let w_import = sp.getattr(w_bootstrap, name!(sp, "_gcd_import"))?;
            sp.call(w_import, &[w_name])
        }
        None => load_early(sp, &sp.string_w(w_name)?),
    }
}

fn bootstrap(sp: Space) -> Res<Option<W>> {
    sp.dict_get(sp.known(known::SYS_MODULES), name!(sp, "_frozen_importlib"))
}

/// Is the module still running its body? (`__spec__._initializing`)
fn initializing(sp: Space, w: W) -> Res<bool> {
    match sp.getattr_opt(w, name!(sp, "__spec__"))? {
        Some(w_spec) => match sp.getattr_opt(w_spec, name!(sp, "_initializing"))? {
            Some(w) => sp.is_true(w),
            None => Ok(false),
        },
        None => Ok(false),
    }
}

/// `__import__`
pub fn import(sp: Space, w_name: W, w_globals: W, w_fromlist: W, level: i64) -> Res<W> {
    import_inner(sp, w_name, w_globals, w_fromlist, level).inspect_err(|_| super::frozen::trim_traceback(sp))
}

fn import_inner(sp: Space, w_name: W, w_globals: W, w_fromlist: W, level: i64) -> Res<W> {
    let Some(t) = sp.text_opt(w_name) else {
        return Err(sp.type_error("module name must be a string"));
    };
    if level < 0 {
        return Err(sp.value_error("level must be >= 0"));
    }
    if level == 0 && t.is_empty() {
        return Err(sp.value_error("Empty module name"));
    }
    let Some(w_bootstrap) = bootstrap(sp)? else { return load_early(sp, &t.to_str()) };
    let w_abs = if level > 0 {
        let w_f = sp.getattr(w_bootstrap, name!(sp, "_calc___package__"))?;
        let w_package = sp.call(w_f, &[w_globals])?;
        let w_sanity = sp.getattr(w_bootstrap, name!(sp, "_sanity_check"))?;
        sp.call(w_sanity, &[w_name, w_package, W::int(level)])?;
        let w_resolve = sp.getattr(w_bootstrap, name!(sp, "_resolve_name"))?;
        sp.call(w_resolve, &[w_name, w_package, W::int(level)])?
    } else {
        w_name
    };
    let w_modules = sp.known(known::SYS_MODULES);
    let w_module = match sp.dict_get(w_modules, w_abs)? {
        Some(w) if !w.is_none() => {
            if initializing(sp, w)? {
                let w_lock = sp.getattr(w_bootstrap, name!(sp, "_lock_unlock_module"))?;
                sp.call(w_lock, &[w_abs])?;
            }
            w
        }
        _ => {
            let w_f = sp.getattr(w_bootstrap, name!(sp, "_find_and_load"))?;
            sp.call(w_f, &[w_abs, sp.getattr(w_bootstrap, name!(sp, "_gcd_import"))?])?
        }
    };
    let has_from = !w_fromlist.is_none() && sp.is_true(w_fromlist)?;
    if !has_from {
        let text = t.to_str();
        if level == 0 {
            let Some(dot) = text.find('.') else { return Ok(w_module) };
            return import_top(sp, &text[..dot]);
        }
        if t.is_empty() {
            return Ok(w_module);
        }
        let Some(dot) = text.find('.') else { return Ok(w_module) };
        let abs = sp.string_w(w_abs)?;
        let cut = abs.len() - (text.len() - dot);
        let w_top = sp.newstr(&abs[..cut])?;
        return match sp.dict_get(w_modules, w_top)? {
            Some(w) => Ok(w),
            None => Err(sp.raise_object(
                sp.known(known::KEY_ERROR),
                sp.newstr(&format!("{} not in sys.modules as expected", &abs[..cut]))?,
            )),
        };
    }
    if sp.getattr_opt(w_module, name!(sp, "__path__"))?.is_some() {
        let w_f = sp.getattr(w_bootstrap, name!(sp, "_handle_fromlist"))?;
        return sp.call(w_f, &[w_module, w_fromlist, sp.getattr(w_bootstrap, name!(sp, "_gcd_import"))?]);
    }
    Ok(w_module)
}
fn import_top(sp: Space, name: &str) -> Res<W> {
    import_module(sp, sp.newstr(name)?)
}

fn known_name(sp: Space, w_name: W) -> Res<Option<(&'static ModuleSpec, Option<String>)>> {
    Ok(find(sp, &sp.string_w(w_name)?))
}
/// A module object for a spec of a built-in module.
#[interp_fn(sig = "(spec, /)")]
fn create_builtin(sp: Space, w_spec: W) -> Res<W> {
    let w_name = sp.getattr(w_spec, name!(sp, "name"))?;
    if let Some(w) = sp.dict_get(sp.known(known::SYS_MODULES), w_name)?
        && let Some(("builtins" | "sys", ())) = sp.string_w(w_name).ok().as_deref().map(|n| (n, ()))
    {
        return Ok(w);
    }
    match known_name(sp, w_name)? {
        Some((spec, origin)) => {
            let w = create(sp, spec)?;
            if let Some(o) = origin {
                sp.setattr_str(w_spec, "origin", sp.newstr(&o)?)?;
            }
            Ok(w)
        }
        None => Ok(W::NONE),
    }
}
/// Initializes a built-in module.
#[interp_fn(sig = "(mod, /)")]
fn exec_builtin(sp: Space, w: W) -> Res<i64> {
    if sp.layout(w) == taipan_abi::word::TID_MODULE {
        exec(sp, w)?;
    }
    Ok(0)
}
/// 1 if it is a built-in module, -1 if it cannot be initialized again, else 0.
#[interp_fn(sig = "(name, /)")]
fn is_builtin(sp: Space, w_name: W) -> Res<i64> {
    let n = sp.string_w(w_name)?;
    Ok(match find(sp, &n) {
        Some(_) if n == "builtins" || n == "sys" => -1,
        Some(_) => 1,
        None => 0,
    })
}
/// For tests of subinterpreters, of which there are none.
#[interp_fn(name = "_override_multi_interp_extensions_check", sig = "(override, /)")]
fn override_check(_sp: Space, _v: i64) -> Res<i64> {
    Ok(0)
}
/// Extension modules are plugins here; importlib finds none by suffix.
#[interp_fn(sig = "()")]
fn extension_suffixes(sp: Space) -> Res<W> {
    sp.newlist(&[])
}
/// Takes the import lock, which a fork takes too so that no child finds a module half imported.
#[interp_fn(sig = "()")]
fn acquire_lock(sp: Space) -> Res<()> {
    super::threads::acquire_import_lock(sp)
}
/// See acquire_lock.
#[interp_fn(sig = "()")]
fn release_lock(sp: Space) -> Res<()> {
    super::threads::release_import_lock(sp)
}
/// See acquire_lock.
#[interp_fn(sig = "()")]
fn lock_held(_sp: Space) -> Res<bool> {
    Ok(super::threads::import_lock_held())
}
/// Changes the file name of a code object and of those in it.
#[interp_fn(name = "_fix_co_filename", sig = "(code, path, /)")]
fn fix_co_filename(sp: Space, w_code: W, w_path: W) -> Res<()> {
    fix(sp, w_code, code::get(w_code).w_filename, w_path)
}
fn fix(sp: Space, w_code: W, w_old: W, w_new: W) -> Res<()> {
    let c = code::get(w_code);
    if !sp.eq_w(c.w_filename, w_old)? || sp.eq_w(c.w_filename, w_new)? {
        return Ok(());
    }
    taipan_plugin_api::setfield!(sp, w_code, taipan_abi::thread::Code, w_filename, w_new);
    for w in sp.tuple_items(c.w_consts) {
        // SAFETY: a live word.
        if unsafe { w.is_tid(taipan_abi::word::TID_CODE) } {
            fix(sp, *w, w_old, w_new)?;
        }
    }
    Ok(())
}
/// The hash of a source text that a bytecode file may carry.
#[interp_fn(sig = "(key, source)")]
fn source_hash(sp: Space, key: i64, source: Buffer) -> Res<W> {
    sp.newbytes(&hash(key, &source))
}
/// The hash of sources and of sealed code.
pub fn hash(key: i64, bytes: &[u8]) -> [u8; 8] {
    use std::hash::Hasher;
    let mut h = siphasher::sip::SipHasher13::new_with_keys(key as u64, 0);
    h.write(bytes);
    h.finish().to_le_bytes()
}
fn init(sp: Space, w_module: W) -> Res<()> {
    let mode = sp.setting("check_hash_based_pycs").unwrap_or_else(|| "default".into());
    sp.setattr_str(w_module, "check_hash_based_pycs", sp.newstr(&mode)?)?;
    sp.setattr_str(w_module, "pyc_magic_number_token", W::int(MAGIC))
}
/// The first four bytes of bytecode files, as a little-endian number (the compiler's `pyc::MAGIC`).
pub const MAGIC: i64 = 0x0a0d_5055;

mixed_module!(
    MODULE,
    "_imp",
    doc = "What importlib needs of the interpreter.",
    functions = [
        create_builtin,
        exec_builtin,
        is_builtin,
        frozen::is_frozen,
        frozen::find_frozen,
        frozen::get_frozen_object,
        frozen::is_frozen_package,
        frozen::init_frozen,
        frozen::frozen_module_names,
        frozen::override_frozen,
        override_check,
        extension_suffixes,
        acquire_lock,
        release_lock,
        lock_held,
        fix_co_filename,
        source_hash
    ],
    init = init
);
