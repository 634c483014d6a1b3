//! Codecs: the encodings the space itself knows, and the way to all others.

pub mod errors;
pub mod escape;
pub mod handlers;
pub mod module;
pub mod narrow;
pub mod registry;
pub mod utf7;
pub mod utf8;
pub mod wide;

use super::chars::Chars;
use super::wstr;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;
use wide::Order;

/// An encoding that needs no lookup.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Known {
    Utf8,
    Ascii,
    Latin1,
    Utf16(Order),
    Utf32(Order),
}

/// Recognizes the usual spellings of the common encodings.
fn known_encoding(name: &str) -> Option<Known> {
    if name.len() > 16 {
        return None;
    }
    let name: String = name.chars().map(|c| if c == '_' || c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
    Some(match &*name {
        "utf-8" | "utf8" => Known::Utf8,
        "ascii" | "us-ascii" => Known::Ascii,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Known::Latin1,
        "utf-16" | "utf16" => Known::Utf16(Order::Native),
        "utf-16-le" | "utf-16le" => Known::Utf16(Order::Little),
        "utf-16-be" | "utf-16be" => Known::Utf16(Order::Big),
        "utf-32" | "utf32" => Known::Utf32(Order::Native),
        "utf-32-le" | "utf-32le" => Known::Utf32(Order::Little),
        "utf-32-be" | "utf-32be" => Known::Utf32(Order::Big),
        _ => return None,
    })
}

/// The codec of a name, which has to be one between str and bytes.
fn lookup_text_codec(sp: Space, encoding: &str, instead: &str) -> Res<W> {
    let module = sp.import_module(name!(sp, "_codecs"))?;
    let w_info = sp.call_method(module, name!(sp, "lookup"), &[sp.newstr(encoding)?])?;
    if let Some(w) = sp.getattr_opt(w_info, name!(sp, "_is_text_encoding"))?
        && !sp.is_true(w)?
    {
        let text = format!("'{encoding}' is not a text encoding; use {instead} to handle arbitrary codecs");
        return Err(sp.raise(known::LOOKUP_ERROR, &text));
    }
    Ok(w_info)
}

fn first_of_pair(sp: Space, w: W, what: &str) -> Res<W> {
    match sp.tuple_opt(w) {
        Some(&[first, _]) => Ok(first),
        _ => Err(raise!(sp, TYPE_ERROR, "{what} must return a tuple (object, integer)")),
    }
}

/// In the development mode a wrong name is an error even if nothing is encoded.
fn check_names(sp: Space, encoding: &str, errors: &str) -> Res<()> {
    static DEV_MODE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    if !*DEV_MODE.get_or_init(|| sp.setting("flags.dev_mode").is_some_and(|s| s == "1")) {
        return Ok(());
    }
    if known_encoding(encoding).is_none() {
        registry::lookup(sp, encoding)?;
    }
    if errors != "strict" {
        registry::lookup_error(sp, errors)?;
    }
    Ok(())
}

/// `text.encode(encoding, errors)`: a bytes object.
pub fn encode(sp: Space, w_text: W, encoding: &str, errors: &str) -> Res<W> {
    let text = sp.text_w(w_text)?;
    check_names(sp, encoding, errors)?;
    if let Some(known) = known_encoding(encoding) {
        let bytes = encode_known(sp, w_text, Chars::of(&text), known, errors)?;
        return sp.newbytes(&bytes);
    }
    let w_info = lookup_text_codec(sp, encoding, "codecs.encode()")?;
    let w_encoder = sp.getitem(w_info, W::int(0))?;
    let called = sp.call(w_encoder, &[w_text, sp.newstr(errors)?]);
    let w = first_of_pair(sp, called.map_err(|e| registry::noted(sp, e, "encoding", encoding))?, "encoder")?;
    if sp.bytes_opt(w).is_some() {
        return Ok(w);
    }
    if sp.layout(w) == taipan_abi::word::TID_BYTEARRAY {
        let text = format!(
            "encoder {encoding} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
        );
        sp.warn(known::RUNTIME_WARNING, &text, 1)?;
        return sp.newbytes(&Buffer::get(sp, w)?);
    }
    Err(raise!(
        sp,
        TYPE_ERROR,
        "'{encoding}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        sp.type_name(w)
    ))
}

fn encode_known(sp: Space, w_text: W, chars: Chars, known: Known, errors: &str) -> Res<Vec<u8>> {
    match known {
        Known::Utf8 => utf8::encode(sp, w_text, chars, errors),
        Known::Ascii => narrow::encode_below(sp, w_text, chars, errors, 128),
        Known::Latin1 => narrow::encode_below(sp, w_text, chars, errors, 256),
        Known::Utf16(order) => wide::encode(sp, w_text, chars, errors, order, false),
        Known::Utf32(order) => wide::encode(sp, w_text, chars, errors, order, true),
    }
}

/// `data.decode(encoding, errors)` for the bytes of `w_data`: a str.
pub fn decode(sp: Space, w_data: W, data: &[u8], encoding: &str, errors: &str) -> Res<W> {
    check_names(sp, encoding, errors)?;
    if data.is_empty() {
        // No codec is asked.
        return wstr::new_narrow(sp, Chars::One(data));
    }
    match known_encoding(encoding) {
        Some(Known::Utf8) => return Ok(utf8::decode(sp, data, errors, true)?.0),
        Some(Known::Ascii) => return narrow::decode_ascii(sp, data, errors),
        Some(Known::Latin1) => return wstr::new_narrow(sp, Chars::One(data)),
        Some(Known::Utf16(order)) => return Ok(wide::decode16(sp, data, errors, order, true)?.0),
        Some(Known::Utf32(order)) => return Ok(wide::decode32(sp, data, errors, order, true)?.0),
        None => {}
    }
    let w_info = lookup_text_codec(sp, encoding, "codecs.decode()")?;
    let w_decoder = sp.getitem(w_info, W::int(1))?;
    let called = sp.call(w_decoder, &[w_data, sp.newstr(errors)?]);
    let w = first_of_pair(sp, called.map_err(|e| registry::noted(sp, e, "decoding", encoding))?, "decoder")?;
    if sp.text_opt(w).is_some() {
        return Ok(w);
    }
    Err(raise!(
        sp,
        TYPE_ERROR,
        "'{encoding}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
        sp.type_name(w)
    ))
}

/// An encoding or error handler name as Rust text; it may not contain NUL.
pub fn name_arg(sp: Space, w: Option<W>, default: &str, fname: &str, arg: &str) -> Res<String> {
    let Some(w) = w else { return Ok(default.into()) };
    let Some(t) = sp.text_opt(w) else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{fname}() argument '{arg}' must be str, not {}",
            super::args::arg_type(sp, w)
        ));
    };
    if Chars::of(&t).position(0).is_some() {
        return Err(sp.value_error("embedded null character"));
    }
    match t.to_utf8() {
        Ok(s) => Ok(s.into_owned()),
        Err(_) => {
            utf8::encode(sp, w, Chars::of(&t), "strict")?;
            Ok(t.to_str().into_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        assert_eq!(known_encoding("UTF_8"), Some(Known::Utf8));
        assert_eq!(known_encoding("Latin 1"), Some(Known::Latin1));
        assert_eq!(known_encoding("utf-16-be"), Some(Known::Utf16(Order::Big)));
        assert_eq!(known_encoding("cp1252"), None);
    }
}
