//! `_csv`.

mod dialect;
mod reader;
mod writer;

use crate::util::*;
use std::sync::atomic::{AtomicI64, Ordering};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

static W_ERROR: Global = Global::new();
/// Registered dialects by name.
static W_DIALECTS: Global = Global::new();
static FIELD_LIMIT: AtomicI64 = AtomicI64::new(128 * 1024);

const QUOTE_MINIMAL: i64 = 0;
const QUOTE_ALL: i64 = 1;
const QUOTE_NONNUMERIC: i64 = 2;
const QUOTE_NONE: i64 = 3;
const QUOTE_STRINGS: i64 = 4;
const QUOTE_NOTNULL: i64 = 5;

fn setup(sp: Space, w_module: W) -> Res<()> {
    let w = exception_class(sp, &W_ERROR, "_csv", "Error", sp.known(known::EXCEPTION))?;
    sp.setattr_str(w_module, "Error", w)?;
    let w_dialects = W_DIALECTS.get_or(sp, |sp| sp.newdict())?;
    sp.setattr_str(w_module, "_dialects", w_dialects)?;
    dialect::make(sp, w_module)?;
    reader::make(sp, w_module)?;
    writer::make(sp, w_module)?;
    for (name, i) in [
        ("QUOTE_MINIMAL", QUOTE_MINIMAL),
        ("QUOTE_ALL", QUOTE_ALL),
        ("QUOTE_NONNUMERIC", QUOTE_NONNUMERIC),
        ("QUOTE_NONE", QUOTE_NONE),
        ("QUOTE_STRINGS", QUOTE_STRINGS),
        ("QUOTE_NOTNULL", QUOTE_NOTNULL),
    ] {
        set_int(sp, w_module, name, i)?
    }
    sp.setattr_str(w_module, "__version__", sp.newstr("1.0")?)
}
mixed_module!(
    MODULE,
    "_csv",
    doc = "CSV parsing and writing.\n",
    functions = [
        list_dialects,
        register_dialect,
        unregister_dialect,
        get_dialect,
        field_size_limit,
        reader::reader,
        writer::writer,
    ],
    init = setup,
);

/// _csv.Error
#[cold]
fn error(sp: Space, message: &str) -> Raised {
    match sp.newstr(message) {
        Ok(w) => sp.raise_object(W_ERROR.get(), w),
        Err(r) => r,
    }
}
/// Return a list of all known dialect names.
///
///     names = csv.list_dialects()
#[interp_fn(sig = "()")]
fn list_dialects(sp: Space) -> Res<W> {
    let (_keep, names) = sp.unpack(W_DIALECTS.get())?;
    sp.newlist(names)
}
/// Create a mapping from a string name to a CSV dialect.
///
///     dialect = csv.register_dialect(name[, dialect[, **fmtparams]])
#[interp_fn(raw)]
fn register_dialect(sp: Space, _w: W, args: Args) -> Res<()> {
    let (w_name, w_base) = match args.positional() {
        [n] => (*n, W::NULL),
        [n, d] => (*n, *d),
        a => return Err(wrong_count(sp, "register_dialect", a.len(), 1, 2)),
    };
    if !is_str(sp, w_name) {
        return Err(sp.type_error("dialect name must be a string"));
    }
    let w = dialect::from_call(sp, w_base, &args)?;
    sp.dict_set(W_DIALECTS.get(), w_name, w)
}
/// Delete the name/dialect mapping associated with a string name.
///
///     csv.unregister_dialect(name)
#[interp_fn(sig = "(name)")]
fn unregister_dialect(sp: Space, w_name: W) -> Res<()> {
    known_dialect(sp, w_name)?;
    sp.dict_del(W_DIALECTS.get(), w_name)
}
fn known_dialect(sp: Space, w_name: W) -> Res<W> {
    sp.dict_get(W_DIALECTS.get(), w_name)?.ok_or_else(|| error(sp, "unknown dialect"))
}
/// Return the dialect instance associated with name.
///
///     dialect = csv.get_dialect(name)
#[interp_fn(sig = "(name)")]
fn get_dialect(sp: Space, w_name: W) -> Res<W> {
    known_dialect(sp, w_name)
}
/// Sets an upper limit on parsed fields.
///
///     csv.field_size_limit([limit])
///
/// Returns old limit. If limit is not given, no new limit is set and
/// the old limit is returned
#[interp_fn(sig = "(new_limit=<unrepresentable>)")]
fn field_size_limit(sp: Space, w_limit: Option<W>) -> Res<i64> {
    let old = FIELD_LIMIT.load(Ordering::Relaxed);
    if let Some(w) = w_limit {
        if !is_int(sp, w) {
            return Err(raise!(sp, TYPE_ERROR, "limit must be an integer"));
        }
        FIELD_LIMIT.store(sp.int_w(w)?, Ordering::Relaxed)
    }
    Ok(old)
}
