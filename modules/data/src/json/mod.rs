//! `_json`.

mod encoder;
mod escape;
mod scanner;
mod strings;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

static W_DECODE_ERROR: Global = Global::new();

fn setup(sp: Space, w_module: W) -> Res<()> {
    scanner::make(sp, w_module)?;
    encoder::make(sp, w_module)
}
mixed_module!(MODULE, "_json",
    doc = "json speedups\n",
    functions = [scanstring, encode_basestring, encode_basestring_ascii],
    init = setup,
);

/// JSONDecodeError at a position.
#[cold]
fn decode_error(sp: Space, message: &str, w_text: W, pos: usize) -> Raised {
    let make = || -> Res<Raised> {
        let w_class = W_DECODE_ERROR.get_or(sp, |sp| {
            let w = sp.import_module(name!(sp, "json.decoder"))?;
            sp.getattr_str(w, "JSONDecodeError")
        })?;
        let w_exc = sp.call(w_class, &[sp.newstr(message)?, w_text, sp.newint(pos as i64)])?;
        Ok(sp.raise_object(w_exc, W::NULL))
    };
    make().unwrap_or_else(|r| r)
}
/// StopIteration(index): no value begins here.
#[cold]
fn stop(sp: Space, pos: i64) -> Raised {
    sp.raise_object(sp.known(known::STOP_ITERATION), sp.newint(pos))
}
fn text_arg(sp: Space, w: W) -> Res<Text> {
    sp.text_opt(w).ok_or_else(|| raise!(sp, TYPE_ERROR, "first argument must be a string, not {}", sp.type_name(w)))
}

/// scanstring(string, end, strict=True) -> (string, end)
///
/// Scan the string s for a JSON string. End is the index of the
/// character in s after the quote that started the JSON string.
/// Unescapes all valid JSON string escape sequences and raises ValueError
/// on attempt to decode an invalid string. If strict is False then literal
/// control characters are allowed in the string.
///
/// Returns a tuple of the decoded string and the index of the character in s
/// after the end quote.
#[interp_fn(sig = "(string, end, strict=True, /)")]
fn scanstring(sp: Space, w: W, end: i64, strict: bool) -> Res<W> {
    let text = text_arg(sp, w)?;
    let out_of_bounds = || sp.value_error("end is out of bounds");
    let begin = usize::try_from(end).map_err(|_| out_of_bounds())?;
    if begin > text.len() {
        return Err(out_of_bounds());
    }
    let (w_string, next) = strings::with_chars!(text, c => strings::scan(sp, w, c, begin, strict)?);
    sp.newtuple(&[w_string, sp.newint(next as i64)])
}
/// encode_basestring(string) -> string
///
/// Return a JSON representation of a Python string
#[interp_fn(sig = "(string, /)")]
fn encode_basestring(sp: Space, w: W) -> Res<W> {
    let text = text_arg(sp, w)?;
    let mut out = Vec::with_capacity(text.len() + 2);
    escape::unicode(&mut out, &text);
    sp.newstr_wtf8(&out)
}
/// encode_basestring_ascii(string) -> string
///
/// Return an ASCII-only JSON representation of a Python string
#[interp_fn(sig = "(string, /)")]
fn encode_basestring_ascii(sp: Space, w: W) -> Res<W> {
    let text = text_arg(sp, w)?;
    let mut out = Vec::with_capacity(text.len() + 2);
    escape::ascii(&mut out, &text);
    sp.newstr_wtf8(&out)
}
