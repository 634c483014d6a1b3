//! The registry of codecs and error handlers.

use super::handlers;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// List of search functions; dict of codecs found; dict of handlers by name.
static SEARCH: Global = Global::new();
static CACHE: Global = Global::new();
static HANDLERS: Global = Global::new();

fn search_path(sp: Space) -> Res<W> {
    SEARCH.get_or(sp, |sp| sp.newlist(&[]))
}
fn cache(sp: Space) -> Res<W> {
    CACHE.get_or(sp, |sp| sp.newdict())
}
fn handler_table(sp: Space) -> Res<W> {
    HANDLERS.get_or(sp, |sp| sp.newdict())
}

/// Lower case, with every run of other characters than letters, digits and dots as one underscore.
fn normalize(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if gap && !out.is_empty() {
                out.push('_');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// Adds a search function.
pub fn register(sp: Space, w_search: W) -> Res<()> {
    if !sp.callable(w_search) {
        return Err(sp.type_error("argument must be callable"));
    }
    sp.list_append(search_path(sp)?, w_search)
}

/// Removes a search function and forgets what was found.
pub fn unregister(sp: Space, w_search: W) -> Res<()> {
    let path = search_path(sp)?;
    for i in 0..sp.list_len(path)? {
        if sp.is_(sp.list_item(path, i)?, w_search) {
            sp.delitem(path, W::int(i))?;
            let empty = sp.newdict()?;
            CACHE.set(sp, empty);
            return Ok(());
        }
    }
    Ok(())
}

/// The codec of an encoding: what a search function answered.
pub fn lookup(sp: Space, encoding: &str) -> Res<W> {
    let w_name = sp.newstr(&normalize(encoding))?;
    if let Some(w) = sp.dict_get(cache(sp)?, w_name)? {
        return Ok(w);
    }
    let path = search_path(sp)?;
    if sp.list_len(path)? == 0 {
        // The package registers its search function when it is imported.
        sp.import_module(name!(sp, "encodings"))?;
    }
    if sp.list_len(path)? == 0 {
        return Err(sp.raise(known::LOOKUP_ERROR, "no codec search functions registered: can't find encoding"));
    }
    let mut i = 0;
    while i < sp.list_len(path)? {
        let w = sp.call(sp.list_item(path, i)?, &[w_name])?;
        i += 1;
        if w.is_none() {
            continue;
        }
        if sp.tuple_opt(w).is_none_or(|t| t.len() != 4) {
            return Err(sp.type_error("codec search functions must return 4-tuples"));
        }
        sp.dict_set(cache(sp)?, w_name, w)?;
        return Ok(w);
    }
    Err(sp.raise(known::LOOKUP_ERROR, &format!("unknown encoding: {encoding}")))
}

/// Registers an error handler.
pub fn register_error(sp: Space, w_name: W, w_handler: W) -> Res<()> {
    if !sp.callable(w_handler) {
        return Err(sp.type_error("handler must be callable"));
    }
    sp.dict_set(handler_table(sp)?, w_name, w_handler)
}

/// Forgets an error handler; false if there is none. The standard ones stay.
pub fn unregister_error(sp: Space, w_name: W) -> Res<bool> {
    let name = sp.string_w(w_name)?;
    if handlers::standard(&name).is_some() {
        return Err(raise!(sp, VALUE_ERROR, "cannot un-register built-in error handler '{name}'"));
    }
    let table = handler_table(sp)?;
    if sp.dict_get(table, w_name)?.is_none() {
        return Ok(false);
    }
    sp.dict_del(table, w_name)?;
    Ok(true)
}

/// The error handler of a name.
pub fn lookup_error(sp: Space, name: &str) -> Res<W> {
    let w_name = sp.newstr(name)?;
    let table = handler_table(sp)?;
    if let Some(w) = sp.dict_get(table, w_name)? {
        return Ok(w);
    }
    let Some(spec) = handlers::standard(name) else {
        return Err(sp.raise(known::LOOKUP_ERROR, &format!("unknown error handler name '{name}'")));
    };
    let w = sp.newfunction(spec, W::NULL, W::NULL)?;
    sp.dict_set(table, w_name, w)?;
    Ok(w)
}

/// The exception of a codec gets a note that names the codec.
pub fn noted(sp: Space, raised: Raised, verb: &str, encoding: &str) -> Raised {
    let w_exc = sp.take_exc();
    let note = || {
        let w_note = sp.newstr(&format!("{verb} with '{encoding}' codec failed"))?;
        sp.call_method(w_exc, name!(sp, "add_note"), &[w_note])
    };
    if note().is_err() {
        sp.take_exc();
    }
    sp.set_exc(w_exc);
    raised
}

/// Calls the encoder (0) or decoder (1) of an encoding; the exception of a failure gets a note.
pub fn run(sp: Space, w_object: W, encoding: &str, w_errors: Option<W>, which: i64) -> Res<W> {
    let w_info = lookup(sp, encoding)?;
    let (role, verb) = if which == 0 { ("encoder", "encoding") } else { ("decoder", "decoding") };
    let f = sp.getitem(w_info, W::int(which))?;
    let r = match w_errors {
        Some(w) => sp.call(f, &[w_object, w]),
        None => sp.call(f, &[w_object]),
    };
    let w = match r {
        Ok(w) => w,
        Err(raised) => return Err(noted(sp, raised, verb, encoding)),
    };
    match sp.tuple_opt(w) {
        Some(&[first, _]) => Ok(first),
        _ => Err(raise!(sp, TYPE_ERROR, "{role} must return a tuple (object, integer)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(normalize("UTF-8"), "utf_8");
        assert_eq!(normalize(" Latin  1 "), "latin_1");
        assert_eq!(normalize("a.b--c"), "a.b_c");
    }
}
