//! The registry: search functions, the cache of what they found, error handlers.

use crate::util::text_arg;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// List of search functions.
static SEARCH: Global = Global::new();
/// dict: normalized name -> codec tuple.
static CACHE: Global = Global::new();
/// dict: name -> error handler.
static ERRORS: Global = Global::new();
/// True once the package `encodings` was imported (it registers the search function of the standard codecs).
static LOADED: Global = Global::new();

fn search(sp: Space) -> Res<W> {
    SEARCH.get_or(sp, |sp| sp.newlist(&[]))
}
fn cache(sp: Space) -> Res<W> {
    CACHE.get_or(sp, |sp| sp.newdict())
}
/// The dict of error handlers, the standard ones in it.
pub fn errors(sp: Space) -> Res<W> {
    ERRORS.get_or(sp, |sp| {
        let d = sp.newdict()?;
        for (name, spec) in super::errfuncs::HANDLERS {
            sp.dict_set_str(d, name, sp.newfunction(spec, W::NULL, W::NULL)?)?
        }
        Ok(d)
    })
}

/// A name as search functions get it: lower case, runs of other characters than ASCII letters, digits and dots as one underscore
/// (none at the ends).
pub fn normalize(name: impl Iterator<Item = u32>) -> String {
    let (mut out, mut gap) = (String::new(), false);
    for c in name {
        match char::from_u32(c) {
            Some(c) if c.is_ascii_alphanumeric() || c == '.' => {
                if gap && !out.is_empty() {
                    out.push('_')
                }
                gap = false;
                out.push(c.to_ascii_lowercase())
            }
            _ => gap = true,
        }
    }
    out
}

/// Is the module `_codecs` that programs import this one? A space may bring its own: then its registry is the one to ask.
fn in_use(sp: Space) -> Res<Option<W>> {
    static THEIRS: Global = Global::new();
    if !ACTIVE.get().is_null() {
        return Ok(None);
    }
    if THEIRS.get().is_null() {
        let w_module = sp.import_module(name!(sp, "_codecs"))?;
        if !ACTIVE.get().is_null() {
            return Ok(None);
        }
        THEIRS.set(sp, w_module);
    }
    Ok(Some(THEIRS.get()))
}
/// True once the module of this crate was imported.
pub static ACTIVE: Global = Global::new();

/// The codec tuple of an encoding.
pub fn lookup(sp: Space, encoding: &Text) -> Res<W> {
    if let Some(w_module) = in_use(sp)? {
        return sp.call_method(w_module, name!(sp, "lookup"), &[encoding.w]);
    }
    if encoding.chars().any(|c| c == 0) {
        return Err(sp.value_error("embedded null character"));
    }
    let name = normalize(encoding.chars());
    let w_name = sp.newstr(&name)?;
    if let Some(w) = sp.dict_get(cache(sp)?, w_name)? {
        return Ok(w);
    }
    if LOADED.get().is_null() {
        // Set first: importing the package opens files, which look encodings up.
        LOADED.set(sp, W::TRUE);
        if let Err(e) = sp.import_module(sp.newstr("encodings")?) {
            LOADED.set(sp, W::NULL);
            return Err(e);
        }
    }
    let w_list = search(sp)?;
    let mut i = 0;
    while i < sp.list_len(w_list)? {
        let w_result = sp.call(sp.list_item(w_list, i)?, &[w_name])?;
        i += 1;
        if w_result.is_none() {
            continue;
        }
        if sp.tuple_opt(w_result).is_none_or(|t| t.len() != 4) {
            return Err(sp.type_error("codec search functions must return 4-tuples"));
        }
        sp.dict_set(cache(sp)?, w_name, w_result)?;
        return Ok(w_result);
    }
    Err(raise!(sp, LOOKUP_ERROR, "unknown encoding: {}", encoding.to_str()))
}

/// The codec tuple of a text encoding; `hint` names the functions for other kinds.
pub fn lookup_text(sp: Space, encoding: &Text, hint: &str) -> Res<W> {
    let w_codec = lookup(sp, encoding)?;
    if crate::util::class_of(sp, w_codec) != sp.known(known::TUPLE)
        && let Some(w) = sp.getattr_opt(w_codec, name!(sp, "_is_text_encoding"))?
        && !sp.is_true(w)?
    {
        let name = encoding.to_str();
        return Err(if hint.is_empty() {
            raise!(sp, LOOKUP_ERROR, "'{name}' is not a text encoding")
        } else {
            raise!(sp, LOOKUP_ERROR, "'{name}' is not a text encoding; use {hint} to handle arbitrary codecs")
        });
    }
    Ok(w_codec)
}

/// The handler of a name; NULL = strict.
pub fn error_handler(sp: Space, w_errors: W) -> Res<W> {
    let w_name = if w_errors.is_null() { name!(sp, "strict") } else { w_errors };
    if let Some(w_module) = in_use(sp)? {
        return sp.call_method(w_module, name!(sp, "lookup_error"), &[w_name]);
    }
    match sp.dict_get(errors(sp)?, w_name)? {
        Some(w) => Ok(w),
        None => Err(raise!(sp, LOOKUP_ERROR, "unknown error handler name '{}'", sp.text_w(w_name)?.to_str())),
    }
}

/// Registers a codec search function: called with a normalized encoding name, it answers a codec tuple or None.
#[interp_fn(sig = "(search_function, /)")]
pub fn register(sp: Space, w_search: W) -> Res<()> {
    if !sp.callable(w_search) {
        return Err(sp.type_error("argument must be callable"));
    }
    sp.list_append(search(sp)?, w_search)
}
/// Removes a search function and forgets what was found.
#[interp_fn(sig = "(search_function, /)")]
pub fn unregister(sp: Space, w_search: W) -> Res<()> {
    let w_list = search(sp)?;
    let kept = RootedVec::new(sp);
    let mut kept = kept;
    let mut found = false;
    for i in 0..sp.list_len(w_list)? {
        let w = sp.list_item(w_list, i)?;
        if w == w_search && !found { found = true } else { kept.push(w) }
    }
    if found {
        SEARCH.set(sp, kept.into_list()?);
        CACHE.set(sp, sp.newdict()?);
    }
    Ok(())
}
/// The codec tuple of an encoding: encoder, decoder, stream reader, stream writer.
#[interp_fn(name = "lookup", sig = "(encoding, /)")]
pub fn py_lookup(sp: Space, w_encoding: W) -> Res<W> {
    let t = match sp.text_opt(w_encoding) {
        Some(t) => t,
        None => return Err(raise!(sp, TYPE_ERROR, "lookup() argument must be str, not {}", sp.type_name(w_encoding))),
    };
    lookup(sp, &t)
}
/// Registers an error handler under a name.
#[interp_fn(sig = "(errors, handler, /)")]
pub fn register_error(sp: Space, w_name: W, w_handler: W) -> Res<()> {
    let t = text_arg(sp, w_name, "register_error", "1")?;
    if !sp.callable(w_handler) {
        return Err(sp.type_error("handler must be callable"));
    }
    sp.dict_set(errors(sp)?, t.w, w_handler)
}
/// Removes a registered error handler; answers whether there was one.
#[interp_fn(sig = "(errors, /)")]
pub fn _unregister_error(sp: Space, w_name: W) -> Res<bool> {
    let t = text_arg(sp, w_name, "_unregister_error", "1")?;
    if super::errfuncs::HANDLERS.iter().any(|(n, _)| t.eq_str(n)) {
        return Err(raise!(sp, VALUE_ERROR, "cannot un-register built-in error handler '{}'", t.to_str()));
    }
    let d = errors(sp)?;
    if sp.dict_get(d, t.w)?.is_none() {
        return Ok(false);
    }
    sp.dict_del(d, t.w)?;
    Ok(true)
}
/// The error handler of a name; LookupError if there is none.
#[interp_fn(sig = "(name, /)")]
pub fn lookup_error(sp: Space, w_name: W) -> Res<W> {
    let t = text_arg(sp, w_name, "lookup_error", "1")?;
    error_handler(sp, t.w)
}

fn default_encoding(sp: Space, w: W) -> Res<Text> {
    sp.text_w(if w.is_null() { name!(sp, "utf-8") } else { w })
}

/// Item `index` of the codec called with the object; the result is a pair whose first item is the answer.
fn run(sp: Space, w_codec: W, index: usize, w_obj: W, w_errors: W, encoding: &Text) -> Res<W> {
    let what = if index == 0 { "encod" } else { "decod" };
    let w_func = sp.tuple_items(w_codec)[index];
    let args = [w_obj, w_errors];
    let r = sp.call(w_func, if w_errors.is_null() { &args[..1] } else { &args });
    let w_pair = match r {
        Ok(w) => w,
        Err(Raised) => {
            let w_exc = sp.take_exc();
            let note = sp.newstr(&format!("{what}ing with '{}' codec failed", encoding.to_str()))?;
            if sp.call_method(w_exc, name!(sp, "add_note"), &[note]).is_err() {
                sp.take_exc();
            }
            return Err(sp.set_exc(w_exc));
        }
    };
    match sp.tuple_opt(w_pair) {
        Some(t) if t.len() == 2 => Ok(t[0]),
        _ => Err(raise!(sp, TYPE_ERROR, "{what}er must return a tuple (object, integer)")),
    }
}

/// Encodes an object with any registered codec.
#[interp_fn(sig = "(obj, encoding='utf-8', errors='strict')")]
pub fn encode(sp: Space, w_obj: W, w_encoding: W, w_errors: W) -> Res<W> {
    let e = text_arg(sp, w_encoding, "encode", "encoding")?;
    text_arg(sp, w_errors, "encode", "errors")?;
    run(sp, lookup(sp, &e)?, 0, w_obj, w_errors, &e)
}
/// Decodes an object with any registered codec.
#[interp_fn(sig = "(obj, encoding='utf-8', errors='strict')")]
pub fn decode(sp: Space, w_obj: W, w_encoding: W, w_errors: W) -> Res<W> {
    let e = text_arg(sp, w_encoding, "decode", "encoding")?;
    text_arg(sp, w_errors, "decode", "errors")?;
    run(sp, lookup(sp, &e)?, 1, w_obj, w_errors, &e)
}
/// What `str.encode` does for encodings that it does not know itself: text encodings only, the result is bytes.
#[interp_fn(sig = "(obj, encoding=None, errors=None, /)")]
pub fn _encode_text(sp: Space, w_obj: W, w_encoding: W, w_errors: W) -> Res<W> {
    let e = default_encoding(sp, if w_encoding.is_none() { W::NULL } else { w_encoding })?;
    let w_codec = lookup_text(sp, &e, "codecs.encode()")?;
    let w = run(sp, w_codec, 0, w_obj, if w_errors.is_none() { W::NULL } else { w_errors }, &e)?;
    if sp.bytes_opt(w).is_some() {
        return Ok(w);
    }
    let name = e.to_str();
    if sp.isinstance(w, sp.known(known::BYTEARRAY))? {
        let m = format!(
            "encoder {name} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
        );
        sp.warn(known::RUNTIME_WARNING, &m, 1)?;
        return sp.newbytes(&Buffer::get(sp, w)?);
    }
    let t = sp.type_name(w);
    Err(raise!(
        sp,
        TYPE_ERROR,
        "'{name}' encoder returned '{t}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types"
    ))
}
/// What `bytes.decode` does for encodings that it does not know itself: text encodings only, the result is str.
#[interp_fn(sig = "(obj, encoding=None, errors=None, /)")]
pub fn _decode_text(sp: Space, w_obj: W, w_encoding: W, w_errors: W) -> Res<W> {
    let e = default_encoding(sp, if w_encoding.is_none() { W::NULL } else { w_encoding })?;
    let w_codec = lookup_text(sp, &e, "codecs.decode()")?;
    let w = run(sp, w_codec, 1, w_obj, if w_errors.is_none() { W::NULL } else { w_errors }, &e)?;
    if sp.text_opt(w).is_some() {
        return Ok(w);
    }
    let (name, t) = (e.to_str(), sp.type_name(w));
    Err(raise!(
        sp,
        TYPE_ERROR,
        "'{name}' decoder returned '{t}' instead of 'str'; use codecs.decode() to decode to arbitrary types"
    ))
}
