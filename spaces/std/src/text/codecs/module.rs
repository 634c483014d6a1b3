//! The module `_codecs`.

use super::wide::{self, Order};
use super::{escape, name_arg, narrow, registry, utf7, utf8};
use crate::text::chars::Chars;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The name of an error handler: None is strict.
fn errors(sp: Space, w: W, fname: &str) -> Res<String> {
    name_arg(sp, (!w.is_none()).then_some(w), "strict", fname, "errors")
}
fn text(sp: Space, w: W, fname: &str) -> Res<Text> {
    crate::text::args::str_arg(sp, w, fname, Some(1))
}
fn pair(sp: Space, w: W, used: usize) -> Res<W> {
    sp.newtuple(&[w, W::int(used as i64)])
}
fn encoded(sp: Space, bytes: Vec<u8>, used: usize) -> Res<W> {
    pair(sp, sp.newbytes(&bytes)?, used)
}
fn order(byteorder: i32) -> Order {
    match byteorder {
        0 => Order::Native,
        i32::MIN..0 => Order::Little,
        _ => Order::Big,
    }
}

macro_rules! encoders {
    ($($name:ident($sp:ident, $w:ident, $c:ident, $errors:ident) $e:expr;)*) => { $(
        #[interp_fn(sig = "(str, errors=None, /)")]
        fn $name($sp: Space, $w: W, w_errors: W) -> Res<W> {
            let t = text($sp, $w, stringify!($name))?;
            let ($c, $errors) = (Chars::of(&t), &errors($sp, w_errors, stringify!($name))?);
            let out: Vec<u8> = $e;
            encoded($sp, out, t.len())
        }
    )* };
}
encoders! {
    utf_8_encode(sp, w, c, e) utf8::encode(sp, w, c, e)?;
    utf_7_encode(_sp, w, c, _e) utf7::encode(c);
    utf_16_le_encode(sp, w, c, e) wide::encode(sp, w, c, e, Order::Little, false)?;
    utf_16_be_encode(sp, w, c, e) wide::encode(sp, w, c, e, Order::Big, false)?;
    utf_32_le_encode(sp, w, c, e) wide::encode(sp, w, c, e, Order::Little, true)?;
    utf_32_be_encode(sp, w, c, e) wide::encode(sp, w, c, e, Order::Big, true)?;
    ascii_encode(sp, w, c, e) narrow::encode_below(sp, w, c, e, 128)?;
    latin_1_encode(sp, w, c, e) narrow::encode_below(sp, w, c, e, 256)?;
    unicode_escape_encode(_sp, w, c, _e) escape::encode_unicode(c);
    raw_unicode_escape_encode(_sp, w, c, _e) escape::encode_raw(c);
}

#[interp_fn(sig = "(str, errors=None, byteorder=0, /)")]
fn utf_16_encode(sp: Space, w: W, w_errors: W, byteorder: i32) -> Res<W> {
    let t = text(sp, w, "utf_16_encode")?;
    let e = errors(sp, w_errors, "utf_16_encode")?;
    encoded(sp, wide::encode(sp, w, Chars::of(&t), &e, order(byteorder), false)?, t.len())
}
#[interp_fn(sig = "(str, errors=None, byteorder=0, /)")]
fn utf_32_encode(sp: Space, w: W, w_errors: W, byteorder: i32) -> Res<W> {
    let t = text(sp, w, "utf_32_encode")?;
    let e = errors(sp, w_errors, "utf_32_encode")?;
    encoded(sp, wide::encode(sp, w, Chars::of(&t), &e, order(byteorder), true)?, t.len())
}

macro_rules! decoders {
    ($($name:ident($sp:ident, $b:ident, $errors:ident, $last:ident) $e:expr;)*) => { $(
        #[interp_fn(sig = "(data, errors=None, final=False, /)")]
        fn $name($sp: Space, data: Buffer, w_errors: W, $last: bool) -> Res<W> {
            let ($b, $errors) = (&*data, &errors($sp, w_errors, stringify!($name))?);
            let (w, used) = $e;
            pair($sp, w, used)
        }
    )* };
}
fn two((w, used, _): (W, usize, Order)) -> (W, usize) {
    (w, used)
}
decoders! {
    utf_8_decode(sp, b, e, last) utf8::decode(sp, b, e, last)?;
    utf_7_decode(sp, b, e, last) utf7::decode(sp, b, e, last)?;
    utf_16_decode(sp, b, e, last) two(wide::decode16(sp, b, e, Order::Native, last)?);
    utf_16_le_decode(sp, b, e, last) two(wide::decode16(sp, b, e, Order::Little, last)?);
    utf_16_be_decode(sp, b, e, last) two(wide::decode16(sp, b, e, Order::Big, last)?);
    utf_32_decode(sp, b, e, last) two(wide::decode32(sp, b, e, Order::Native, last)?);
    utf_32_le_decode(sp, b, e, last) two(wide::decode32(sp, b, e, Order::Little, last)?);
    utf_32_be_decode(sp, b, e, last) two(wide::decode32(sp, b, e, Order::Big, last)?);
}

fn with_order(sp: Space, (w, used, found): (W, usize, Order)) -> Res<W> {
    let found = match found {
        Order::Native => 0,
        Order::Little => -1,
        Order::Big => 1,
    };
    sp.newtuple(&[w, W::int(used as i64), W::int(found)])
}
#[interp_fn(sig = "(data, errors=None, byteorder=0, final=False, /)")]
fn utf_16_ex_decode(sp: Space, data: Buffer, w_errors: W, byteorder: i32, last: bool) -> Res<W> {
    let e = errors(sp, w_errors, "utf_16_ex_decode")?;
    with_order(sp, wide::decode16(sp, &data, &e, order(byteorder), last)?)
}
#[interp_fn(sig = "(data, errors=None, byteorder=0, final=False, /)")]
fn utf_32_ex_decode(sp: Space, data: Buffer, w_errors: W, byteorder: i32, last: bool) -> Res<W> {
    let e = errors(sp, w_errors, "utf_32_ex_decode")?;
    with_order(sp, wide::decode32(sp, &data, &e, order(byteorder), last)?)
}

/// Bytes-like, or a str of which the UTF-8 is meant.
fn escaped_source(sp: Space, w: W) -> Res<Vec<u8>> {
    match sp.text_opt(w) {
        Some(t) => utf8::encode(sp, w, Chars::of(&t), "strict"),
        None => Ok(Buffer::get(sp, w)?.to_vec()),
    }
}
#[interp_fn(sig = "(data, errors=None, final=True, /)")]
fn unicode_escape_decode(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
    let e = errors(sp, w_errors, "unicode_escape_decode")?;
    let (w, used) = escape::decode_unicode(sp, &escaped_source(sp, w_data)?, &e, last)?;
    pair(sp, w, used)
}
#[interp_fn(sig = "(data, errors=None, final=True, /)")]
fn raw_unicode_escape_decode(sp: Space, w_data: W, w_errors: W, last: bool) -> Res<W> {
    let e = errors(sp, w_errors, "raw_unicode_escape_decode")?;
    let (w, used) = escape::decode_raw(sp, &escaped_source(sp, w_data)?, &e, last)?;
    pair(sp, w, used)
}
#[interp_fn(sig = "(data, errors=None, /)")]
fn escape_decode(sp: Space, w_data: W, w_errors: W) -> Res<W> {
    let e = errors(sp, w_errors, "escape_decode")?;
    let (bytes, used) = escape::decode_bytes(sp, &escaped_source(sp, w_data)?, &e)?;
    encoded(sp, bytes, used)
}
#[interp_fn(sig = "(data, errors=None, /)")]
fn escape_encode(sp: Space, w_data: W, _w_errors: W) -> Res<W> {
    let Some(b) = sp.bytes_opt(w_data) else {
        return Err(raise!(sp, TYPE_ERROR, "escape_encode() argument 1 must be bytes, not {}", sp.type_name(w_data)));
    };
    encoded(sp, escape::encode_bytes(b), b.len())
}
#[interp_fn(sig = "(data, errors=None, /)")]
fn ascii_decode(sp: Space, data: Buffer, w_errors: W) -> Res<W> {
    let w = narrow::decode_ascii(sp, &data, &errors(sp, w_errors, "ascii_decode")?)?;
    pair(sp, w, data.len())
}
#[interp_fn(sig = "(data, errors=None, /)")]
fn latin_1_decode(sp: Space, data: Buffer, _w_errors: W) -> Res<W> {
    pair(sp, sp.newstr_latin1(&data)?, data.len())
}
#[interp_fn(sig = "(data, errors=None, mapping=None, /)")]
fn charmap_decode(sp: Space, data: Buffer, w_errors: W, w_map: W) -> Res<W> {
    let w = narrow::decode_charmap(sp, &data, &errors(sp, w_errors, "charmap_decode")?, w_map)?;
    pair(sp, w, data.len())
}
#[interp_fn(sig = "(str, errors=None, mapping=None, /)")]
fn charmap_encode(sp: Space, w: W, w_errors: W, w_map: W) -> Res<W> {
    let t = text(sp, w, "charmap_encode")?;
    let e = errors(sp, w_errors, "charmap_encode")?;
    encoded(sp, narrow::encode_charmap(sp, w, Chars::of(&t), &e, w_map)?, t.len())
}
/// A map for charmap_encode from a decoding table.
#[interp_fn(sig = "(map, /)")]
fn charmap_build(sp: Space, w_map: W) -> Res<W> {
    let t = text(sp, w_map, "charmap_build")?;
    let table = sp.newdict()?;
    for (i, c) in t.chars().enumerate() {
        if c != 0xFFFE {
            sp.dict_set(table, W::int(c as i64), W::int(i as i64))?;
        }
    }
    Ok(table)
}
/// The bytes of a bytes-like object, or the UTF-8 of a str.
#[interp_fn(sig = "(data, errors=None, /)")]
fn readbuffer_encode(sp: Space, w_data: W, _w_errors: W) -> Res<W> {
    let bytes = escaped_source(sp, w_data)?;
    let n = bytes.len();
    encoded(sp, bytes, n)
}

/// Registers a codec search function: it is called with the encoding's name in lower case.
#[interp_fn(sig = "(search_function, /)")]
fn register(sp: Space, w_search: W) -> Res<()> {
    registry::register(sp, w_search)
}
/// Removes a codec search function.
#[interp_fn(sig = "(search_function, /)")]
fn unregister(sp: Space, w_search: W) -> Res<()> {
    registry::unregister(sp, w_search)
}
/// The codec of an encoding.
#[interp_fn(sig = "(encoding, /)")]
fn lookup(sp: Space, w_encoding: W) -> Res<W> {
    let name = text(sp, w_encoding, "lookup").and_then(|_| name_arg(sp, Some(w_encoding), "", "lookup", "encoding"))?;
    registry::lookup(sp, &name)
}
/// Encodes an object with the codec of an encoding.
#[interp_fn(sig = "(obj, encoding='utf-8', errors='strict')")]
fn encode(sp: Space, w_obj: W, w_encoding: Option<W>, w_errors: Option<W>) -> Res<W> {
    registry::run(sp, w_obj, &name_arg(sp, w_encoding, "utf-8", "encode", "encoding")?, w_errors, 0)
}
/// Decodes an object with the codec of an encoding.
#[interp_fn(sig = "(obj, encoding='utf-8', errors='strict')")]
fn decode(sp: Space, w_obj: W, w_encoding: Option<W>, w_errors: Option<W>) -> Res<W> {
    registry::run(sp, w_obj, &name_arg(sp, w_encoding, "utf-8", "decode", "encoding")?, w_errors, 1)
}
/// Registers an error handler under a name.
#[interp_fn(sig = "(errors, handler, /)")]
fn register_error(sp: Space, w_errors: W, w_handler: W) -> Res<()> {
    text(sp, w_errors, "register_error")?;
    registry::register_error(sp, w_errors, w_handler)
}
/// Removes an error handler; False if there is none of that name.
#[interp_fn(sig = "(errors, /)")]
fn _unregister_error(sp: Space, w_errors: W) -> Res<bool> {
    registry::unregister_error(sp, w_errors)
}
/// The error handler of a name.
#[interp_fn(sig = "(name, /)")]
fn lookup_error(sp: Space, w_name: W) -> Res<W> {
    registry::lookup_error(sp, &name_arg(sp, Some(w_name), "", "lookup_error", "name")?)
}

taipan_plugin_api::mixed_module!(
    CODECS,
    "_codecs",
    doc = "The codecs written in Rust, and the registry of all codecs.",
    functions = [
        register,
        unregister,
        lookup,
        encode,
        decode,
        register_error,
        _unregister_error,
        lookup_error,
        utf_8_encode,
        utf_8_decode,
        utf_7_encode,
        utf_7_decode,
        utf_16_encode,
        utf_16_le_encode,
        utf_16_be_encode,
        utf_16_decode,
        utf_16_le_decode,
        utf_16_be_decode,
        utf_16_ex_decode,
        utf_32_encode,
        utf_32_le_encode,
        utf_32_be_encode,
        utf_32_decode,
        utf_32_le_decode,
        utf_32_be_decode,
        utf_32_ex_decode,
        unicode_escape_encode,
        unicode_escape_decode,
        raw_unicode_escape_encode,
        raw_unicode_escape_decode,
        escape_encode,
        escape_decode,
        ascii_encode,
        ascii_decode,
        latin_1_encode,
        latin_1_decode,
        charmap_encode,
        charmap_decode,
        charmap_build,
        readbuffer_encode,
    ],
);
