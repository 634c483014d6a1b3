//! `_warnings`: issuing warnings. Works before the module `warnings` can be imported.

mod context;
mod filters;
mod show;

use crate::warnings::context::Origin;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_warnings",
    doc =
        "_warnings provides basic warning filtering support.\nIt is a helper module to speed up interpreter start-up.",
    functions =
        [warn, warn_explicit, filters::_filters_mutated_lock_held, filters::_acquire_lock, filters::_release_lock],
    init = init,
);

fn init(sp: Space, w_module: W) -> Res<()> {
    filters::init(sp, w_module)?;
    // Part of another library; without it context-aware filters are not available.
    let made = (|| {
        let w_contextvars = sp.import_module(sp.intern("_contextvars"))?;
        sp.call(sp.getattr_str(w_contextvars, "ContextVar")?, &[sp.newstr("warnings_context")?])
    })();
    let w_context = match made {
        Ok(w) => w,
        Err(_) if sp.catch(known::EXCEPTION) => W::NONE,
        Err(e) => return Err(e),
    };
    filters::CONTEXT_VAR.set(sp, w_context);
    sp.setattr_str(w_module, "_warnings_context", w_context)
}

/// A warning about to be issued.
pub struct Warning {
    /// The message: a Warning instance, or whatever was passed.
    pub w_message: W,
    pub w_category: W,
    pub w_filename: W,
    pub lineno: i64,
    /// The module's name or NULL.
    pub w_module: W,
    /// A dict, or None.
    pub w_registry: W,
    pub w_source: W,
    /// The source line if it is known, else NULL.
    pub w_line: W,
}

fn category(sp: Space, w_message: W, w_category: W) -> Res<W> {
    let w_warning = sp.known(known::WARNING);
    if sp.isinstance(w_message, w_warning)? {
        return sp.type_(w_message);
    }
    if w_category.is_null() || w_category.is_none() {
        return Ok(sp.known(known::USER_WARNING));
    }
    if sp.isinstance(w_category, sp.known(known::TYPE))? && sp.issubclass(w_category, w_warning)? {
        return Ok(w_category);
    }
    Err(raise!(sp, TYPE_ERROR, "category must be a Warning subclass, not '{}'", sp.type_name(w_category)))
}

/// Issue a warning, or maybe ignore it or raise an exception.
///
///   message
///     Text of the warning message.
///   category
///     The Warning category subclass. Defaults to UserWarning.
///   stacklevel
///     How far up the call stack to make this warning appear. A value of 2 for
///     example attributes the warning to the caller of the code calling warn().
///   source
///     If supplied, the destroyed object which emitted a ResourceWarning
///   skip_file_prefixes
///     An optional tuple of module filename prefixes indicating frames to skip
///     during stacklevel computations for stack frame attribution.
#[interp_fn(sig = "(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())")]
fn warn(sp: Space, w_message: W, w_category: W, stacklevel: i64, w_source: W, skip: Option<W>) -> Res<()> {
    let w_category = category(sp, w_message, w_category)?;
    let mut prefixes = &[][..];
    if let Some(w_skip) = skip {
        prefixes = sp.tuple_opt(w_skip).ok_or_else(|| {
            raise!(sp, TYPE_ERROR, "warn() argument 'skip_file_prefixes' must be tuple, not {}", sp.type_name(w_skip))
        })?;
        for w in prefixes {
            if sp.text_opt(*w).is_none() {
                return Err(raise!(sp, TYPE_ERROR, "Found non-str '{}' in skip_file_prefixes.", sp.type_name(*w)));
            }
        }
    }
    let level = if prefixes.is_empty() { stacklevel } else { stacklevel.max(2) };
    let Origin { w_filename, lineno, w_module, w_registry } = context::origin(sp, level, prefixes)?;
    issue(sp, &Warning { w_message, w_category, w_filename, lineno, w_module, w_registry, w_source, w_line: W::NULL })
}

/// Issue a warning, or maybe ignore it or raise an exception.
#[interp_fn(
    sig = "(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)"
)]
fn warn_explicit(
    sp: Space,
    w_message: W,
    w_category: W,
    w_filename: W,
    lineno: i64,
    module: Option<W>,
    registry: Option<W>,
    module_globals: Option<W>,
    source: Option<W>,
) -> Res<()> {
    if sp.text_opt(w_filename).is_none() {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "warn_explicit() argument 'filename' must be str, not {}",
            sp.type_name(w_filename)
        ));
    }
    let mut w_line = W::NULL;
    if let Some(w) = module_globals.filter(|w| !w.is_none()) {
        if !sp.isinstance(w, sp.known(known::DICT))? {
            return Err(raise!(sp, TYPE_ERROR, "module_globals must be a dict, not '{}'", sp.type_name(w)));
        }
        w_line = source_line(sp, w, lineno)?;
    }
    let warning = Warning {
        w_message,
        w_category,
        w_filename,
        lineno,
        w_module: module.unwrap_or(W::NULL),
        w_registry: registry.unwrap_or(W::NONE),
        w_source: source.unwrap_or(W::NONE),
        w_line,
    };
    issue(sp, &warning)
}

/// The line as the module's loader has it, NULL if it has none.
fn source_line(sp: Space, w_globals: W, lineno: i64) -> Res<W> {
    let w_modules = sp.known(known::SYS_MODULES);
    let Some(w_external) = sp.dict_get(w_modules, name!(sp, "_frozen_importlib_external"))? else { return Ok(W::NULL) };
    let w_bless = sp.getattr(w_external, name!(sp, "_bless_my_loader"))?;
    let w_loader = sp.call(w_bless, &[w_globals])?;
    let Some(w_name) = sp.dict_get(w_globals, name!(sp, "__name__"))? else { return Ok(W::NULL) };
    let Some(w_get_source) = sp.getattr_opt(w_loader, name!(sp, "get_source"))? else { return Ok(W::NULL) };
    let w_source = match sp.call(w_get_source, &[w_name]) {
        Ok(w) => w,
        // A loader may know the module by another name than `__main__`.
        Err(_) if sp.catch(known::IMPORT_ERROR) => return Ok(W::NULL),
        Err(e) => return Err(e),
    };
    if w_source.is_none() {
        return Ok(W::NULL);
    }
    let w_lines = sp.call_method(w_source, name!(sp, "splitlines"), &[])?;
    if !sp.isinstance(w_lines, sp.known(known::LIST))? || lineno < 1 || lineno > sp.list_len(w_lines)? {
        return Ok(W::NULL);
    }
    sp.list_item(w_lines, lineno - 1)
}

/// The module's name as derived from a file name.
fn module_of(sp: Space, w_filename: W) -> Res<W> {
    let text = sp.text_w(w_filename)?;
    if text.is_empty() {
        return sp.newstr("<unknown>");
    }
    let name = text.to_wtf8();
    match name.len() {
        n if n > 3 && name[n - 3..].eq_ignore_ascii_case(b".py") => sp.newstr_wtf8(&name[..n - 3]),
        _ => Ok(w_filename),
    }
}

/// Applies the filters and shows, raises or drops the warning.
fn issue(sp: Space, given: &Warning) -> Res<()> {
    if given.w_module.is_none() {
        return Ok(());
    }
    if !given.w_registry.is_none() && !sp.isinstance(given.w_registry, sp.known(known::DICT))? {
        return Err(sp.type_error("'registry' must be a dict or None"));
    }
    let w_module = if given.w_module.is_null() { module_of(sp, given.w_filename)? } else { given.w_module };
    let (w_text, w_message, w_category) = if sp.isinstance(given.w_message, sp.known(known::WARNING))? {
        (sp.str(given.w_message)?, given.w_message, sp.type_(given.w_message)?)
    } else {
        (given.w_message, sp.call(given.w_category, &[given.w_message])?, given.w_category)
    };
    let warning = Warning { w_message, w_category, w_module, ..*given };
    let shown = {
        let _held = filters::Held::acquire(sp)?;
        filters::decide(sp, &warning, w_text)?
    };
    if shown { show::show(sp, &warning, w_text) } else { Ok(()) }
}
