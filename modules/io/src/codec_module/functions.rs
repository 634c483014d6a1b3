//! The codecs as functions of the module: encoders answer (bytes, characters used), decoders (str, bytes used).

use super::encmap;
use super::handlers::{Handler, chars_of, out_text};
use crate::codecs::charmap::{self, Decoded, Encoded, Map};
use crate::codecs::escape::{self, BytesError};
use crate::codecs::utf16::Order;
use crate::codecs::{Out, raw_escape, simple, utf7, utf8, utf16, utf32};
use crate::util::{class_of, has_index};
use std::borrow::Cow;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The `errors` argument of function `f`, checked.
fn errors(sp: Space, f: &str, w: W) -> Res<W> {
    if w.is_none() || sp.text_opt(w).is_some() {
        return Ok(w);
    }
    Err(raise!(sp, TYPE_ERROR, "{f}() argument 2 must be str or None, not {}", sp.type_name(w)))
}
fn text(sp: Space, f: &str, w: W) -> Res<Text> {
    sp.text_opt(w).ok_or_else(|| raise!(sp, TYPE_ERROR, "{f}() argument 1 must be str, not {}", sp.type_name(w)))
}
fn pair(sp: Space, w: W, used: usize) -> Res<W> {
    sp.newtuple(&[w, W::int(used as i64)])
}
/// The data of a decoder that also takes a str (as UTF-8).
fn source<T>(sp: Space, w: W, f: impl FnOnce(&[u8]) -> Res<T>) -> Res<T> {
    match sp.text_opt(w) {
        None => f(&Buffer::get(sp, w)?),
        Some(t) => {
            let mut bytes = Vec::new();
            utf8::encode(&chars_of(&t), &mut Handler::new(sp, W::NULL, w), &mut bytes)?;
            f(&bytes)
        }
    }
}

macro_rules! encoders {
    ($($(#[$doc:meta])* $name:ident: |$chars:ident, $h:ident, $out:ident| $body:expr;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(str, errors=None, /)")]
        pub fn $name(sp: Space, w_str: W, w_errors: W) -> Res<W> {
            let t = text(sp, stringify!($name), w_str)?;
            let w_errors = errors(sp, stringify!($name), w_errors)?;
            let ($chars, mut handler, mut bytes) = (&chars_of(&t), Handler::new(sp, w_errors, w_str), Vec::new());
            let ($h, $out) = (&mut handler, &mut bytes);
            let _ = &$h;
            $body;
            pair(sp, sp.newbytes(&bytes)?, t.len())
        }
    )* };
}
encoders! {
    /// UTF-8
    utf_8_encode: |c, h, out| utf8::encode(c, h, out)?;
    /// UTF-7
    utf_7_encode: |c, h, out| utf7::encode(c, out);
    /// UTF-16, little-endian
    utf_16_le_encode: |c, h, out| utf16::encode(c, Order::Little, h, out)?;
    /// UTF-16, big-endian
    utf_16_be_encode: |c, h, out| utf16::encode(c, Order::Big, h, out)?;
    /// UTF-32, little-endian
    utf_32_le_encode: |c, h, out| utf32::encode(c, Order::Little, h, out)?;
    /// UTF-32, big-endian
    utf_32_be_encode: |c, h, out| utf32::encode(c, Order::Big, h, out)?;
    /// ASCII
    ascii_encode: |c, h, out| simple::encode(c, 128, h, out)?;
    /// Latin-1
    latin_1_encode: |c, h, out| simple::encode(c, 256, h, out)?;
    /// Escapes as in a str literal
    unicode_escape_encode: |c, h, out| escape::unicode_encode(c, out);
    /// Escapes for what is not Latin-1
    raw_unicode_escape_encode: |c, h, out| raw_escape::encode(c, out);
}
/// UTF-16; byteorder 0: native with a byte order mark, -1 little-endian, 1 big-endian
#[interp_fn(sig = "(str, errors=None, byteorder=0, /)")]
fn utf_16_encode(sp: Space, w_str: W, w_errors: W, order: i64) -> Res<W> {
    let t = text(sp, "utf_16_encode", w_str)?;
    let mut h = Handler::new(sp, errors(sp, "utf_16_encode", w_errors)?, w_str);
    let mut out = Vec::new();
    utf16::encode(&chars_of(&t), Order::from_number(order), &mut h, &mut out)?;
    pair(sp, sp.newbytes(&out)?, t.len())
}
/// UTF-32; byteorder 0: native with a byte order mark, -1 little-endian, 1 big-endian
#[interp_fn(sig = "(str, errors=None, byteorder=0, /)")]
fn utf_32_encode(sp: Space, w_str: W, w_errors: W, order: i64) -> Res<W> {
    let t = text(sp, "utf_32_encode", w_str)?;
    let mut h = Handler::new(sp, errors(sp, "utf_32_encode", w_errors)?, w_str);
    let mut out = Vec::new();
    utf32::encode(&chars_of(&t), Order::from_number(order), &mut h, &mut out)?;
    pair(sp, sp.newbytes(&out)?, t.len())
}

macro_rules! decoders {
    ($($(#[$doc:meta])* $name:ident: |$data:ident, $last:ident, $h:ident, $out:ident| $body:expr;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(data, errors=None, final=False, /)")]
        pub fn $name(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
            let buf = Buffer::get(sp, w_data)?;
            let w_errors = errors(sp, stringify!($name), w_errors)?;
            let (mut data, mut handler, mut chars) = (Cow::Borrowed(&buf[..]), Handler::new(sp, w_errors, w_data), Out::default());
            let ($data, $last, $h, $out) = (&mut data, last, &mut handler, &mut chars);
            let used = $body;
            pair(sp, out_text(sp, &chars)?, used)
        }
    )* };
}
decoders! {
    /// UTF-7
    utf_7_decode: |d, last, h, out| utf7::decode(d, last, h, out)?;
    /// UTF-16 with a byte order mark
    utf_16_decode: |d, last, h, out| utf16::decode(d, Order::Native, last, h, out)?.0;
    /// UTF-16, little-endian
    utf_16_le_decode: |d, last, h, out| utf16::decode(d, Order::Little, last, h, out)?.0;
    /// UTF-16, big-endian
    utf_16_be_decode: |d, last, h, out| utf16::decode(d, Order::Big, last, h, out)?.0;
    /// UTF-32 with a byte order mark
    utf_32_decode: |d, last, h, out| utf32::decode(d, Order::Native, last, h, out)?.0;
    /// UTF-32, little-endian
    utf_32_le_decode: |d, last, h, out| utf32::decode(d, Order::Little, last, h, out)?.0;
    /// UTF-32, big-endian
    utf_32_be_decode: |d, last, h, out| utf32::decode(d, Order::Big, last, h, out)?.0;
}
/// UTF-8
#[interp_fn(sig = "(data, errors=None, final=False, /)")]
pub fn utf_8_decode(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    let w_errors = errors(sp, "utf_8_decode", w_errors)?;
    match std::str::from_utf8(&buf) {
        Ok(s) => return pair(sp, sp.newstr(s)?, buf.len()),
        Err(e) if e.error_len().is_none() && !last => {
            let n = e.valid_up_to();
            return pair(sp, sp.newstr_wtf8(&buf[..n])?, n);
        }
        Err(_) => {}
    }
    let (mut data, mut out) = (Cow::Borrowed(&buf[..]), Out::with_capacity(buf.len()));
    let used = utf8::decode(&mut data, last, &mut Handler::new(sp, w_errors, w_data), &mut out)?;
    pair(sp, out_text(sp, &out)?, used)
}
/// ASCII
#[interp_fn(sig = "(data, errors=None, /)")]
fn ascii_decode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    let w_errors = errors(sp, "ascii_decode", w_errors)?;
    let (mut data, mut out) = (Cow::Borrowed(&buf[..]), Out::default());
    simple::ascii_decode(&mut data, &mut Handler::new(sp, w_errors, w_data), &mut out)?;
    pair(sp, out_text(sp, &out)?, buf.len())
}
/// Latin-1
#[interp_fn(sig = "(data, errors=None, /)")]
fn latin_1_decode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    errors(sp, "latin_1_decode", w_errors)?;
    pair(sp, sp.newstr_latin1(&buf)?, buf.len())
}
fn with_order(sp: Space, w: W, used: usize, order: Order) -> Res<W> {
    sp.newtuple(&[w, W::int(used as i64), W::int(order.number())])
}
/// UTF-16 from a byte order that may be found out: (str, bytes used, byte order)
#[interp_fn(sig = "(data, errors=None, byteorder=0, final=False, /)")]
fn utf_16_ex_decode(sp: Space, w_data: W, w_errors: W, order: i64, last: bool) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    let mut h = Handler::new(sp, errors(sp, "utf_16_ex_decode", w_errors)?, w_data);
    let (mut data, mut out) = (Cow::Borrowed(&buf[..]), Out::default());
    let (used, order) = utf16::decode(&mut data, Order::from_number(order), last, &mut h, &mut out)?;
    with_order(sp, out_text(sp, &out)?, used, order)
}
/// UTF-32 from a byte order that may be found out: (str, bytes used, byte order)
#[interp_fn(sig = "(data, errors=None, byteorder=0, final=False, /)")]
fn utf_32_ex_decode(sp: Space, w_data: W, w_errors: W, order: i64, last: bool) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    let mut h = Handler::new(sp, errors(sp, "utf_32_ex_decode", w_errors)?, w_data);
    let (mut data, mut out) = (Cow::Borrowed(&buf[..]), Out::default());
    let (used, order) = utf32::decode(&mut data, Order::from_number(order), last, &mut h, &mut out)?;
    with_order(sp, out_text(sp, &out)?, used, order)
}

fn warn_invalid(sp: Space, invalid: Option<String>, prefix: &str) -> Res<()> {
    let Some(text) = invalid else { return Ok(()) };
    let what = if text.len() > 1 { "an invalid octal" } else { "an invalid" };
    let m = format!("{prefix}\"\\{text}\" is {what} escape sequence. Such sequences will not work in the future. ");
    sp.warn(known::DEPRECATION_WARNING, &m, 1)
}
/// Escapes as in a str literal
#[interp_fn(sig = "(data, errors=None, final=True, /)")]
fn unicode_escape_decode(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
    let w_errors = errors(sp, "unicode_escape_decode", w_errors)?;
    source(sp, w_data, |bytes| {
        let w_input = if sp.text_opt(w_data).is_some() { W::NULL } else { w_data };
        let (mut data, mut out) = (Cow::Borrowed(bytes), Out::default());
        let mut named = |name: &str| character_named(sp, name);
        let mut h = Handler::new(sp, w_errors, w_input);
        let (used, invalid) = escape::unicode_decode(&mut data, last, &mut h, &mut named, &mut out)?;
        warn_invalid(sp, invalid, "")?;
        pair(sp, out_text(sp, &out)?, used)
    })
}
/// unicodedata.lookup, for single characters.
fn character_named(sp: Space, name: &str) -> Res<Option<Vec<u32>>> {
    let w_module = sp.import_module(sp.newstr("unicodedata")?)?;
    match sp.call_method(w_module, name!(sp, "lookup"), &[sp.newstr(name)?]) {
        Ok(w) => {
            let t = sp.text_w(w)?;
            // Named sequences of several characters do not count as escapes.
            Ok((t.len() == 1).then(|| t.chars().collect()))
        }
        Err(Raised) if sp.catch(known::LOOKUP_ERROR) => Ok(None),
        Err(r) => Err(r),
    }
}
/// \u and \U escapes
#[interp_fn(sig = "(data, errors=None, final=True, /)")]
fn raw_unicode_escape_decode(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
    let w_errors = errors(sp, "raw_unicode_escape_decode", w_errors)?;
    source(sp, w_data, |bytes| {
        let w_input = if sp.text_opt(w_data).is_some() { W::NULL } else { w_data };
        let (mut data, mut out) = (Cow::Borrowed(bytes), Out::default());
        let used = raw_escape::decode(&mut data, last, &mut Handler::new(sp, w_errors, w_input), &mut out)?;
        pair(sp, out_text(sp, &out)?, used)
    })
}
/// Escapes as in a bytes literal
#[interp_fn(sig = "(data, errors=None, /)")]
fn escape_decode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    let w_errors = errors(sp, "escape_decode", w_errors)?;
    let how = if w_errors.is_none() { "strict".to_string() } else { sp.string_w(w_errors)? };
    source(sp, w_data, |bytes| match escape::bytes_decode(bytes, &how) {
        Ok((out, invalid)) => {
            warn_invalid(sp, invalid, "b")?;
            pair(sp, sp.newbytes(&out)?, bytes.len())
        }
        Err(BytesError::Trailing) => Err(sp.value_error("Trailing \\ in string")),
        Err(BytesError::Hex(at)) => Err(raise!(sp, VALUE_ERROR, "invalid \\x escape at position {at}")),
        Err(BytesError::Handler) => Err(raise!(sp, VALUE_ERROR, "decoding error; unknown error handling code: {how}")),
    })
}
/// Bytes as in a bytes literal
#[interp_fn(sig = "(data, errors=None, /)")]
fn escape_encode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    errors(sp, "escape_encode", w_errors)?;
    match sp.bytes_opt(w_data) {
        Some(b) => pair(sp, sp.newbytes(&escape::bytes_encode(b))?, b.len()),
        None => {
            let t = sp.type_name(w_data);
            Err(raise!(sp, TYPE_ERROR, "escape_encode() argument 1 must be bytes, not {t}"))
        }
    }
}
/// The bytes of a buffer, or a str's UTF-8
#[interp_fn(sig = "(data, errors=None, /)")]
fn readbuffer_encode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    errors(sp, "readbuffer_encode", w_errors)?;
    source(sp, w_data, |bytes| pair(sp, sp.newbytes(bytes)?, bytes.len()))
}

/// mapping[key]; None where the mapping has nothing.
fn mapped(sp: Space, w_map: W, key: u32) -> Res<Option<W>> {
    let w_key = W::int(key as i64);
    let found = if class_of(sp, w_map) == sp.known(known::DICT) {
        sp.dict_get(w_map, w_key)?
    } else {
        match sp.getitem(w_map, w_key) {
            Ok(w) => Some(w),
            Err(Raised) if sp.catch(known::LOOKUP_ERROR) => None,
            Err(r) => return Err(r),
        }
    };
    Ok(found.filter(|w| !w.is_none()))
}
/// By a table: a str, or a mapping from numbers to numbers, str or None
#[interp_fn(sig = "(data, errors=None, mapping=None, /)")]
fn charmap_decode(sp: Space, w_data: W, w_errors: W, w_map: W) -> Res<W> {
    let buf = Buffer::get(sp, w_data)?;
    let w_errors = errors(sp, "charmap_decode", w_errors)?;
    if w_map.is_none() {
        return pair(sp, sp.newstr_latin1(&buf)?, buf.len());
    }
    let mut h = Handler::new(sp, w_errors, w_data);
    let (mut data, mut out) = (Cow::Borrowed(&buf[..]), Out::with_capacity(buf.len()));
    if let Some(t) = sp.text_opt(w_map) {
        charmap::decode_str(&mut data, &mut h, &chars_of(&t), &mut out)?;
        return pair(sp, out_text(sp, &out)?, buf.len());
    }
    let mut table = |b: u8| -> Res<Decoded> {
        let Some(w) = mapped(sp, w_map, b as u32)? else { return Ok(Decoded::Undefined) };
        if let Some(t) = sp.text_opt(w) {
            let single = t.len() == 1 && t.char_at(0) == 0xFFFE;
            return Ok(if single { Decoded::Undefined } else { Decoded::Chars(t.chars().collect()) });
        }
        if !sp.isinstance(w, sp.known(known::INT))? {
            return Err(sp.type_error("character mapping must return integer, None or str"));
        }
        match sp.int_w(w) {
            Ok(0xFFFE) => Ok(Decoded::Undefined),
            Ok(c @ 0..=0x10FFFF) => Ok(Decoded::Char(c as u32)),
            r => {
                if r.is_err() {
                    sp.take_exc();
                }
                Err(sp.type_error("character mapping must be in range(0x110000)"))
            }
        }
    };
    charmap::decode(&mut data, &mut h, &mut table, &mut out)?;
    pair(sp, out_text(sp, &out)?, buf.len())
}
/// By a table: an EncodingMap, or a mapping from numbers to numbers, bytes or None
#[interp_fn(sig = "(str, errors=None, mapping=None, /)")]
fn charmap_encode(sp: Space, w_str: W, w_errors: W, w_map: W) -> Res<W> {
    let t = text(sp, "charmap_encode", w_str)?;
    let mut h = Handler::new(sp, errors(sp, "charmap_encode", w_errors)?, w_str);
    let mut out = Vec::new();
    let chars = chars_of(&t);
    if w_map.is_none() {
        simple::encode(&chars, 256, &mut h, &mut out)?;
    } else if let Some(m) = encmap::map_of(sp, w_map) {
        let mut table = |c: u32| Ok(m.get(c).map_or(Encoded::Undefined, Encoded::Byte));
        charmap::encode(&chars, &mut h, &mut table, &mut out)?;
    } else {
        let mut table = |c: u32| -> Res<Encoded> {
            let Some(w) = mapped(sp, w_map, c)? else { return Ok(Encoded::Undefined) };
            if let Some(b) = sp.bytes_opt(w) {
                return Ok(Encoded::Bytes(b.to_vec()));
            }
            if !sp.isinstance(w, sp.known(known::INT))? || !has_index(sp, w)? {
                let t = sp.type_name(w);
                return Err(raise!(sp, TYPE_ERROR, "character mapping must return integer, bytes or None, not {t}"));
            }
            match sp.int_w(w) {
                Ok(b @ 0..=255) => Ok(Encoded::Byte(b as u8)),
                r => {
                    if r.is_err() {
                        sp.take_exc();
                    }
                    Err(sp.type_error("character mapping must be in range(256)"))
                }
            }
        };
        charmap::encode(&chars, &mut h, &mut table, &mut out)?;
    }
    pair(sp, sp.newbytes(&out)?, t.len())
}
/// The encoding table of a decoding table
#[interp_fn(sig = "(map, /)")]
fn charmap_build(sp: Space, w_map: W) -> Res<W> {
    let Some(t) = sp.text_opt(w_map) else {
        return Err(raise!(sp, TYPE_ERROR, "charmap_build() argument must be str, not {}", sp.type_name(w_map)));
    };
    let chars = chars_of(&t);
    if let Some(m) = Map::build(&chars) {
        return encmap::make(sp, m);
    }
    let d = sp.newdict()?;
    for i in 0..t.len().min(256) {
        sp.dict_set(d, W::int(t.char_at(i) as i64), W::int(i as i64))?;
    }
    Ok(d)
}

fn setup_module(sp: Space, w_module: W) -> Res<()> {
    registry::ACTIVE.set(sp, W::TRUE);
    encmap::CLASS.set(sp, sp.newtype(&encmap::ENCODING_MAP, W::NULL, w_module)?);
    Ok(())
}

use super::registry;
taipan_plugin_api::mixed_module! {
    MODULE, "_codecs",
    doc = "The codec registry, and the codecs that are not written in Python.",
    functions = [
        registry::register, registry::unregister, registry::py_lookup, registry::encode, registry::decode,
        registry::register_error, registry::_unregister_error, registry::lookup_error, registry::_encode_text,
        registry::_decode_text, escape_encode, escape_decode, utf_8_encode, utf_8_decode, utf_7_encode, utf_7_decode,
        utf_16_encode, utf_16_le_encode, utf_16_be_encode, utf_16_decode, utf_16_le_decode, utf_16_be_decode,
        utf_16_ex_decode, utf_32_encode, utf_32_le_encode, utf_32_be_encode, utf_32_decode, utf_32_le_decode,
        utf_32_be_decode, utf_32_ex_decode, unicode_escape_encode, unicode_escape_decode, raw_unicode_escape_encode,
        raw_unicode_escape_decode, latin_1_encode, latin_1_decode, ascii_encode, ascii_decode, charmap_encode,
        charmap_decode, charmap_build, readbuffer_encode
    ],
    init = setup_module,
}
