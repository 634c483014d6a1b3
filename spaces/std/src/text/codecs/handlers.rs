//! The standard error handlers as functions of an exception, for `codecs.lookup_error`.

use super::errors::{Form, backslash, decode_surrogate, encode_surrogate};
use crate::text::chars::Chars;
use crate::text::{buffer, wstr};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(Copy, Clone, PartialEq, Eq)]
enum Which {
    Encode,
    Decode,
    Translate,
}

/// The parts of a UnicodeError.
struct Failure {
    which: Which,
    /// str, or bytes-like for decoding.
    w_object: W,
    start: usize,
    end: usize,
}

fn refuse(sp: Space, w_exc: W) -> Raised {
    raise!(sp, TYPE_ERROR, "don't know how to handle {} in error callback", sp.type_name(w_exc))
}

impl Failure {
    fn of(sp: Space, w_exc: W) -> Res<Failure> {
        let is = |k: u32| -> Res<bool> { Ok(!w_exc.is_int() && sp.isinstance(w_exc, sp.known(k))?) };
        let which = if is(known::UNICODE_ENCODE_ERROR)? {
            Which::Encode
        } else if is(known::UNICODE_DECODE_ERROR)? {
            Which::Decode
        } else if is(known::UNICODE_TRANSLATE_ERROR)? {
            Which::Translate
        } else {
            return Err(refuse(sp, w_exc));
        };
        let w_object = sp.getattr(w_exc, name!(sp, "object"))?;
        let len = sp.len(w_object)?;
        let place = |name: W| -> Res<i64> { sp.int_w(sp.getattr(w_exc, name)?) };
        let start = place(name!(sp, "start"))?.clamp(0, (len - 1).max(0));
        let end = place(name!(sp, "end"))?.max(1).min(len).max(start);
        Ok(Failure { which, w_object, start: start as usize, end: end as usize })
    }
    fn chars(&self, sp: Space) -> Res<Vec<u32>> {
        let t = sp.text_w(self.w_object)?;
        Ok(Chars::of(&t).slice(self.start, self.end).iter().collect())
    }
    fn answer(&self, sp: Space, w_new: W, at: usize) -> Res<W> {
        sp.newtuple(&[w_new, W::int(at as i64)])
    }
    fn text(&self, sp: Space, s: &str) -> Res<W> {
        self.answer(sp, sp.newstr(s)?, self.end)
    }
}

fn raise_again(sp: Space, w_exc: W) -> Raised {
    sp.raise_object(w_exc, W::NULL)
}

/// Raises the exception.
#[interp_fn(name = "strict_errors", sig = "(exception, /)")]
pub fn strict(sp: Space, w_exc: W) -> Res<W> {
    if w_exc.is_int() || !sp.isinstance(w_exc, sp.known(known::BASE_EXCEPTION))? {
        return Err(sp.type_error("codec must pass exception instance"));
    }
    Err(raise_again(sp, w_exc))
}
/// Skips what is malformed.
#[interp_fn(name = "ignore_errors", sig = "(exception, /)")]
pub fn ignore(sp: Space, w_exc: W) -> Res<W> {
    Failure::of(sp, w_exc)?.text(sp, "")
}
/// A replacement character in its place.
#[interp_fn(name = "replace_errors", sig = "(exception, /)")]
pub fn replace(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    let n = f.end - f.start;
    match f.which {
        Which::Encode => f.text(sp, &"?".repeat(n)),
        Which::Decode => f.text(sp, "\u{fffd}"),
        Which::Translate => f.text(sp, &"\u{fffd}".repeat(n)),
    }
}
/// Decimal character references.
#[interp_fn(name = "xmlcharrefreplace_errors", sig = "(exception, /)")]
pub fn xmlcharrefreplace(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    if f.which != Which::Encode {
        return Err(refuse(sp, w_exc));
    }
    let text: String = f.chars(sp)?.into_iter().map(|c| format!("&#{c};")).collect();
    f.text(sp, &text)
}
/// Backslash escapes.
#[interp_fn(name = "backslashreplace_errors", sig = "(exception, /)")]
pub fn backslashreplace(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    let text: String = if f.which == Which::Decode {
        let data = Buffer::get(sp, f.w_object)?;
        data[f.start..f.end].iter().map(|b| format!("\\x{b:02x}")).collect()
    } else {
        f.chars(sp)?.into_iter().map(backslash).collect()
    };
    f.text(sp, &text)
}
/// `\N{...}` escapes.
#[interp_fn(name = "namereplace_errors", sig = "(exception, /)")]
pub fn namereplace(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    if f.which != Which::Encode {
        return Err(refuse(sp, w_exc));
    }
    let text: String = f.chars(sp)?.into_iter().map(super::errors::named).collect();
    f.text(sp, &text)
}

/// The form of an encoding's units by its name, for surrogatepass.
fn form_of(name: &str) -> Form {
    let name: String = name.to_ascii_lowercase().chars().filter(|c| *c != '-' && *c != '_').collect();
    let native = cfg!(target_endian = "big");
    match &*name {
        "utf8" | "cputf8" => Form::Utf8,
        "utf16" => Form::Utf16 { big: native },
        "utf16le" => Form::Utf16 { big: false },
        "utf16be" => Form::Utf16 { big: true },
        "utf32" => Form::Utf32 { big: native },
        "utf32le" => Form::Utf32 { big: false },
        "utf32be" => Form::Utf32 { big: true },
        _ => Form::Other,
    }
}

/// Surrogates pass as if they were characters.
#[interp_fn(name = "surrogatepass", sig = "(exception, /)")]
pub fn surrogatepass(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    if f.which == Which::Translate {
        return Err(refuse(sp, w_exc));
    }
    let encoding = sp.string_w(sp.getattr(w_exc, name!(sp, "encoding"))?)?;
    let form = form_of(&encoding);
    if form == Form::Other {
        return Err(raise_again(sp, w_exc));
    }
    if f.which == Which::Encode {
        let mut out = Vec::new();
        for c in f.chars(sp)? {
            if !(0xD800..0xE000).contains(&c) {
                return Err(raise_again(sp, w_exc));
            }
            encode_surrogate(form, c, &mut out);
        }
        return f.answer(sp, sp.newbytes(&out)?, f.end);
    }
    let data = Buffer::get(sp, f.w_object)?;
    match decode_surrogate(form, &data[f.start..]) {
        Some((c, n)) => f.answer(sp, wstr::new_char(sp, c)?, f.start + n),
        None => Err(raise_again(sp, w_exc)),
    }
}
/// Undecodable bytes become lone surrogates, and these bytes again.
#[interp_fn(name = "surrogateescape", sig = "(exception, /)")]
pub fn surrogateescape(sp: Space, w_exc: W) -> Res<W> {
    let f = Failure::of(sp, w_exc)?;
    match f.which {
        Which::Encode => {
            let chars = f.chars(sp)?;
            if chars.iter().any(|c| !(0xDC80..=0xDCFF).contains(c)) {
                return Err(raise_again(sp, w_exc));
            }
            let bytes: Vec<u8> = chars.iter().map(|c| *c as u8).collect();
            f.answer(sp, sp.newbytes(&bytes)?, f.end)
        }
        Which::Decode => {
            debug_assert!(buffer::supports(sp, f.w_object));
            let data = Buffer::get(sp, f.w_object)?;
            let chars: Vec<u16> =
                data[f.start..f.end].iter().take(4).take_while(|b| **b >= 128).map(|b| 0xDC00 + *b as u16).collect();
            if chars.is_empty() {
                return Err(raise_again(sp, w_exc));
            }
            f.answer(sp, wstr::new(sp, Chars::Two(&chars))?, f.start + chars.len())
        }
        Which::Translate => Err(refuse(sp, w_exc)),
    }
}

/// The description of a standard handler.
pub fn standard(name: &str) -> Option<&'static FnSpec> {
    static SPECS: [(&str, FnSpec); 8] = [
        ("strict", strict::SPEC),
        ("ignore", ignore::SPEC),
        ("replace", replace::SPEC),
        ("xmlcharrefreplace", xmlcharrefreplace::SPEC),
        ("backslashreplace", backslashreplace::SPEC),
        ("namereplace", namereplace::SPEC),
        ("surrogatepass", surrogatepass::SPEC),
        ("surrogateescape", surrogateescape::SPEC),
    ];
    SPECS.iter().find(|s| s.0 == name).map(|s| &s.1)
}
