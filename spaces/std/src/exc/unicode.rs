//! UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError.

use super::special::layout;
use crate::layouts::WException;
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{member, setfield, slot, table};

layout!(/** The three. */ WUnicodeError { w_encoding, w_object, w_start, w_end, w_reason });

fn init(sp: Space, w: W, args: Args, encoding: bool, bytes: bool) -> Res<()> {
    let a = args.positional();
    let want = 4 + encoding as usize;
    if a.len() != want || args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "function takes exactly {want} arguments ({} given)", a.len()));
    }
    let w_args = sp.newtuple(a)?;
    setfield!(sp, w, WException, w_args, w_args);
    let (w_encoding, rest) = if encoding { (a[0], &a[1..]) } else { (W::NULL, a) };
    let text = |w: W, i: usize| {
        sp.text_opt(w)
            .is_some()
            .then_some(w)
            .ok_or_else(|| raise!(sp, TYPE_ERROR, "argument {} must be str, not {}", i, sp.type_name(w)))
    };
    if encoding {
        text(w_encoding, 1)?;
    }
    let w_object = if bytes {
        match sp.bytes_opt(rest[0]) {
            Some(_) => rest[0],
            None => sp.newbytes(&Buffer::get(sp, rest[0])?)?,
        }
    } else {
        text(rest[0], want - 3)?
    };
    sp.int_w(rest[1])?;
    sp.int_w(rest[2])?;
    text(rest[3], want)?;
    setfield!(sp, w, WUnicodeError, w_encoding, w_encoding);
    setfield!(sp, w, WUnicodeError, w_object, w_object);
    setfield!(sp, w, WUnicodeError, w_start, rest[1]);
    setfield!(sp, w, WUnicodeError, w_end, rest[2]);
    setfield!(sp, w, WUnicodeError, w_reason, rest[3]);
    Ok(())
}
#[slot]
fn decode_init(sp: Space, w: W, args: Args) -> Res<()> {
    init(sp, w, args, true, true)
}
#[slot]
fn encode_init(sp: Space, w: W, args: Args) -> Res<()> {
    init(sp, w, args, true, false)
}
#[slot]
fn translate_init(sp: Space, w: W, args: Args) -> Res<()> {
    init(sp, w, args, false, false)
}

fn describe(sp: Space, w: W, kind: &str) -> Res<W> {
    // SAFETY: the slots of these types.
    let e = unsafe { &*w.ptr::<WUnicodeError>() };
    if e.w_object.is_null() {
        return Ok(sp.known(known::EMPTY_STR));
    }
    // Both are asked first: they may be anything by now, and may change the other attributes.
    let shown = |w: W| if w.is_null() { Ok(String::new()) } else { sp.string_w(sp.str(w)?) };
    let reason = shown(e.w_reason)?;
    let encoding = if e.w_encoding.is_null() { String::new() } else { format!("'{}' codec ", shown(e.w_encoding)?) };
    let bytes = kind == "decode";
    let (w_object, missing) = (e.w_object, if bytes { "bytes" } else { "str" });
    if w_object.is_null() {
        return Err(raise!(sp, TYPE_ERROR, "UnicodeError 'object' attribute is not set"));
    }
    if if bytes { sp.bytes_opt(w_object).is_none() } else { sp.text_opt(w_object).is_none() } {
        return Err(raise!(sp, TYPE_ERROR, "UnicodeError 'object' attribute must be a {missing}"));
    }
    let len = sp.len(w_object)?;
    let number = |w: W| if w.is_null() { Ok(0) } else { sp.int_w(w) };
    let (start, end) = (number(e.w_start)?, number(e.w_end)?);
    let what = if end.checked_sub(1) == Some(start) && (0..len).contains(&start) {
        match sp.bytes_opt(w_object) {
            Some(b) => format!("byte {:#04x} in position {start}", b[start as usize]),
            None => {
                let c = sp.text_w(w_object)?.char_at(start as usize);
                let c = match c {
                    0..=0xff => format!("\\x{c:02x}"),
                    0x100..=0xffff => format!("\\u{c:04x}"),
                    _ => format!("\\U{c:08x}"),
                };
                format!("character '{c}' in position {start}")
            }
        }
    } else {
        let unit = if bytes { "bytes" } else { "characters" };
        format!("{unit} in position {start}-{}", end.saturating_sub(1))
    };
    sp.newstr(&format!("{encoding}can't {kind} {what}: {reason}"))
}
#[slot]
fn decode_str(sp: Space, w: W) -> Res<W> {
    describe(sp, w, "decode")
}
#[slot]
fn encode_str(sp: Space, w: W) -> Res<W> {
    describe(sp, w, "encode")
}
#[slot]
fn translate_str(sp: Space, w: W) -> Res<W> {
    describe(sp, w, "translate")
}
macro_rules! unicode {
    ($($id:ident $name:literal $doc:literal $init:ident $str:ident;)*) => { $(typespec!(#[doc = $name] pub $id: WUnicodeError, $name, {
        doc: Str::new($doc),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { init: Some($init), str: Some($str), ..Slots::EMPTY },
        members: table![
            member!(WUnicodeError, "encoding", w_encoding, mut Obj), member!(WUnicodeError, "object", w_object, mut Obj),
            member!(WUnicodeError, "start", w_start, mut Obj), member!(WUnicodeError, "end", w_end, mut Obj),
            member!(WUnicodeError, "reason", w_reason, mut Obj),
        ],
    });)* };
}
unicode! {
    UNICODE_DECODE_ERROR "UnicodeDecodeError" "Unicode decoding error." decode_init decode_str;
    UNICODE_ENCODE_ERROR "UnicodeEncodeError" "Unicode encoding error." encode_init encode_str;
    UNICODE_TRANSLATE_ERROR "UnicodeTranslateError" "Unicode translation error." translate_init translate_str;
}
