//! IncrementalNewlineDecoder: line ends after another decoder.

use super::decode::{NewlineState, newlines, seen_object};
use crate::codec_module::handlers::{chars_of, out_text};
use crate::codecs::Out;
use crate::util::bind;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WNewline {
    header: Header,
    /// The decoder, None for text input; NULL before `__init__`.
    w_decoder: W,
    translate: bool,
    pending_cr: bool,
    seen: u8,
}
typespec!(pub NEWLINE: WNewline, "_io.IncrementalNewlineDecoder", {
    doc: Str::new("Recognizes line ends in decoded text, and translates them if asked."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(crate::files::base::new), init: Some(init), ..Slots::EMPTY },
    methods: methods![decode, getstate, setstate, reset],
    getset: table![getset!("newlines", get_newlines)],
});

#[slot]
fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let names = ["decoder", "translate", "errors"];
    let [w_decoder, w_translate, _] = bind(sp, "IncrementalNewlineDecoder", args, names, 2)?;
    let translate = sp.is_true(w_translate)?;
    setfield!(sp, w_self, WNewline, w_decoder, w_decoder);
    // SAFETY: the slot belongs to the class.
    let mut d = unsafe { This::<WNewline>::new(w_self) };
    (d.translate, d.pending_cr, d.seen) = (translate, false, 0);
    Ok(())
}
fn ready(sp: Space, d: This<WNewline>) -> Res<W> {
    if d.w_decoder.is_null() {
        return Err(sp.value_error("IncrementalNewlineDecoder.__init__() not called"));
    }
    Ok(d.w_decoder)
}
/// The next piece of text.
#[interp_fn(sig = "(self, /, input, final=False)", method)]
fn decode(sp: Space, d: This<WNewline>, w_input: W, last: bool) -> Res<W> {
    let w_decoder = ready(sp, d)?;
    let w_text = if w_decoder.is_none() {
        w_input
    } else {
        sp.call_method(w_decoder, name!(sp, "decode"), &[w_input, W::bool(last)])?
    };
    let Some(t) = sp.text_opt(w_text) else {
        let name = sp.type_name(w_text);
        return Err(raise!(sp, TYPE_ERROR, "decoder should return a string result, not '{name}'"));
    };
    let mut d = d;
    let mut out = Out::with_capacity(t.len());
    out.extend_chars(&chars_of(&t));
    let mut st = NewlineState { seen: d.seen, pending_cr: d.pending_cr };
    let out = newlines(out, last, d.translate, &mut st);
    (d.seen, d.pending_cr) = (st.seen, st.pending_cr);
    out_text(sp, &out)
}
/// (bytes, flags) of the decoder, with the waiting \r in the lowest bit.
#[interp_fn(sig = "(self, /)", method)]
fn getstate(sp: Space, d: This<WNewline>) -> Res<W> {
    let w_decoder = ready(sp, d)?;
    let (w_bytes, w_flags) = if w_decoder.is_none() {
        (sp.known(known::EMPTY_BYTES), W::int(0))
    } else {
        let w = sp.call_method(w_decoder, name!(sp, "getstate"), &[])?;
        match sp.tuple_opt(w) {
            Some(&[b, f]) => (b, f),
            _ => return Err(sp.type_error("illegal decoder state")),
        }
    };
    let w_flags = sp.lshift(w_flags, W::int(1))?;
    let w_flags = if d.pending_cr { sp.or_(w_flags, W::int(1))? } else { w_flags };
    sp.newtuple(&[w_bytes, w_flags])
}
/// Back to a state of `getstate`.
#[interp_fn(sig = "(self, state, /)", method)]
fn setstate(sp: Space, d: This<WNewline>, w_state: W) -> Res<W> {
    let w_decoder = ready(sp, d)?;
    if sp.tuple_opt(w_state).is_none() {
        return Err(sp.type_error("state argument must be a tuple"));
    }
    let Some(&[w_bytes, w_flags]) = sp.tuple_opt(w_state) else { return Err(sp.type_error("illegal decoder state")) };
    let mut d = d;
    d.pending_cr = sp.is_true(sp.and_(w_flags, W::int(1))?)?;
    if w_decoder.is_none() {
        return Ok(W::NONE);
    }
    let w = sp.newtuple(&[w_bytes, sp.rshift(w_flags, W::int(1))?])?;
    sp.call_method(w_decoder, name!(sp, "setstate"), &[w])
}
/// Back to the beginning.
#[interp_fn(sig = "(self, /)", method)]
fn reset(sp: Space, d: This<WNewline>) -> Res<W> {
    let w_decoder = ready(sp, d)?;
    let mut d = d;
    (d.pending_cr, d.seen) = (false, 0);
    if w_decoder.is_none() { Ok(W::NONE) } else { sp.call_method(w_decoder, name!(sp, "reset"), &[]) }
}
#[slot]
fn get_newlines(sp: Space, w_self: W) -> Res<W> {
    // SAFETY: the getter belongs to the class.
    let d = unsafe { This::<WNewline>::new(w_self) };
    ready(sp, d)?;
    seen_object(sp, d.seen)
}
