//! The standard error handlers as functions: what `lookup_error("replace")` and the like answer.

use super::handlers::{chars_of, names, out_text};
use crate::codecs::standard::{self, Standard};
use crate::codecs::{Chars, Out, Replacement};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// By name.
pub static HANDLERS: &[(&str, &FnSpec)] = &[
    ("strict", &STRICT),
    ("ignore", &IGNORE),
    ("replace", &REPLACE),
    ("xmlcharrefreplace", &XML),
    ("backslashreplace", &BACKSLASH),
    ("namereplace", &NAME),
    ("surrogateescape", &ESCAPE),
    ("surrogatepass", &PASS),
];
static STRICT: FnSpec = strict_errors::SPEC;
static IGNORE: FnSpec = ignore_errors::SPEC;
static REPLACE: FnSpec = replace_errors::SPEC;
static XML: FnSpec = xmlcharrefreplace_errors::SPEC;
static BACKSLASH: FnSpec = backslashreplace_errors::SPEC;
static NAME: FnSpec = namereplace_errors::SPEC;
static ESCAPE: FnSpec = surrogateescape::SPEC;
static PASS: FnSpec = surrogatepass::SPEC;

/// Raises the error.
#[interp_fn(sig = "(exception, /)")]
fn strict_errors(sp: Space, w_exc: W) -> Res<W> {
    if sp.isinstance(w_exc, sp.known(known::BASE_EXCEPTION))? {
        return Err(sp.raise_object(w_exc, W::NULL));
    }
    Err(sp.type_error("codec must pass exception instance"))
}

/// What a handler may be asked about.
enum Kind {
    Encode,
    Decode,
    Translate,
}
fn kind(sp: Space, w_exc: W) -> Res<Kind> {
    for (k, class) in [
        (Kind::Encode, known::UNICODE_ENCODE_ERROR),
        (Kind::Decode, known::UNICODE_DECODE_ERROR),
        (Kind::Translate, known::UNICODE_TRANSLATE_ERROR),
    ] {
        if sp.isinstance(w_exc, sp.known(class))? {
            return Ok(k);
        }
    }
    Err(wrong(sp, w_exc))
}
#[cold]
fn wrong(sp: Space, w_exc: W) -> Raised {
    raise!(sp, TYPE_ERROR, "don't know how to handle {} in error callback", sp.type_name(w_exc))
}
/// start and end, clipped to the object.
fn range(sp: Space, w_exc: W, len: usize) -> Res<(usize, usize)> {
    let start = sp.int_w(sp.getattr(w_exc, name!(sp, "start"))?)?;
    let end = sp.int_w(sp.getattr(w_exc, name!(sp, "end"))?)?;
    let n = len as i64;
    let start = start.clamp(0, (n - 1).max(0));
    let end = end.clamp(start.min(n), n).max((start + 1).min(n));
    Ok((start as usize, end as usize))
}
fn answer(sp: Space, w_text: W, at: usize) -> Res<W> {
    sp.newtuple(&[w_text, W::int(at as i64)])
}
fn chars_text(sp: Space, r: &Replacement) -> Res<W> {
    match r {
        Replacement::Bytes(b) => sp.newbytes(b),
        Replacement::Chars(c) => sp.newstr_chars(c),
    }
}

fn handle(sp: Space, w_exc: W, k: Standard) -> Res<W> {
    let how = kind(sp, w_exc)?;
    let only_encode = matches!(k, Standard::XmlCharRefReplace | Standard::NameReplace);
    let no_translate = only_encode || matches!(k, Standard::SurrogateEscape | Standard::SurrogatePass);
    if only_encode && matches!(how, Kind::Decode) || no_translate && matches!(how, Kind::Translate) {
        return Err(wrong(sp, w_exc));
    }
    let w_object = sp.getattr(w_exc, name!(sp, "object"))?;
    let encoding = |sp: Space| sp.string_w(sp.getattr(w_exc, name!(sp, "encoding"))?);
    match how {
        Kind::Decode => {
            let Some(data) = sp.bytes_opt(w_object) else {
                return Err(sp.type_error("object attribute must be bytes"));
            };
            let (start, end) = range(sp, w_exc, data.len())?;
            let mut out = Out::default();
            match standard::decode(k, &encoding(sp)?, data, start, end, &mut out) {
                Some(at) => answer(sp, out_text(sp, &out)?, at),
                None => Err(sp.raise_object(w_exc, W::NULL)),
            }
        }
        Kind::Encode | Kind::Translate => {
            let Some(t) = sp.text_opt(w_object) else { return Err(sp.type_error("object attribute must be str")) };
            let (start, end) = range(sp, w_exc, t.len())?;
            let chars: Chars<'_> = chars_of(&t);
            if k == Standard::NameReplace {
                return answer(sp, sp.newstr_chars(&names(sp, &chars, start, end)?)?, end);
            }
            if k == Standard::Ignore {
                return answer(sp, sp.known(known::EMPTY_STR), end);
            }
            let translate = matches!(how, Kind::Translate);
            if translate && k == Standard::Replace {
                return answer(sp, sp.newstr_chars(&vec![0xFFFD; end - start])?, end);
            }
            let encoding = if translate { String::new() } else { encoding(sp)? };
            match standard::encode(k, &encoding, &chars, start, end) {
                Some((r, at)) => answer(sp, chars_text(sp, &r)?, at),
                None => Err(sp.raise_object(w_exc, W::NULL)),
            }
        }
    }
}

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident $kind:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(exception, /)")]
        fn $name(sp: Space, w_exc: W) -> Res<W> {
            handle(sp, w_exc, Standard::$kind)
        }
    )* };
}
handlers! {
    /// Leaves out what cannot be converted.
    ignore_errors Ignore;
    /// Puts a question mark or U+FFFD in its place.
    replace_errors Replace;
    /// Puts a numeric character reference in its place.
    xmlcharrefreplace_errors XmlCharRefReplace;
    /// Puts a backslash escape in its place.
    backslashreplace_errors BackslashReplace;
    /// Puts \N{...} in its place.
    namereplace_errors NameReplace;
    /// Keeps bytes as lone surrogates and turns them back.
    surrogateescape SurrogateEscape;
    /// Lets surrogates pass.
    surrogatepass SurrogatePass;
}
