//! Opening, reconfiguring and detaching a text stream.

use super::{Native, State, Stream, WText};
use crate::codec_module::registry;
use crate::files::base::unsupported;
use crate::files::types;
use crate::util::{bind, is_exact, opt_text, or};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The encoding of the locale, as the environment says; UTF-8 where it says nothing.
pub fn locale_encoding(sp: Space) -> String {
    if sp.setting("flags.utf8_mode").is_some_and(|s| s == "1") {
        return "utf-8".into();
    }
    let var = |n: &str| std::env::var(n).ok().filter(|v| !v.is_empty());
    let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).unwrap_or_default();
    let locale = locale.split('@').next().unwrap_or("");
    match locale.split_once('.') {
        Some((_, set)) if !set.is_empty() && !set.to_ascii_lowercase().starts_with("utf") => set.to_string(),
        Some(_) => "UTF-8".into(),
        // The C locale is read as UTF-8 (PEP 538 and 540).
        None => "utf-8".into(),
    }
}

/// A `newline` argument as (universal, translate, line end when reading, line end when writing).
fn newline_mode(sp: Space, newline: Option<&Text>) -> Res<(bool, bool, &'static str, &'static str)> {
    Ok(match newline {
        None => (true, true, "", ""),
        Some(t) if t.is_empty() => (true, false, "", ""),
        Some(t) if t.eq_str("\n") => (false, false, "\n", ""),
        Some(t) if t.eq_str("\r") => (false, false, "\r", "\r"),
        Some(t) if t.eq_str("\r\n") => (false, false, "\r\n", "\r\n"),
        Some(t) => return Err(raise!(sp, VALUE_ERROR, "illegal newline value: {}", t.to_str())),
    })
}
impl State {
    fn set_newline(&mut self, mode: (bool, bool, &'static str, &'static str)) {
        (self.readuniversal, self.readtranslate, self.readnl, self.writenl) = mode;
    }
}

#[slot]
pub fn init(sp: Space, w_self: W, args: Args) -> Res<()> {
    let names = ["buffer", "encoding", "errors", "newline", "line_buffering", "write_through"];
    let [w_buffer, w_encoding, w_errors, w_newline, w_line, w_through] = bind(sp, "TextIOWrapper", args, names, 1)?;
    let mut s = Stream::of(sp, w_self);
    s.ok = false;
    s.detached = false;
    let encoding = opt_text(sp, w_encoding, "TextIOWrapper", "encoding")?;
    let errors = opt_text(sp, w_errors, "TextIOWrapper", "errors")?;
    let newline = opt_text(sp, w_newline, "TextIOWrapper", "newline")?;
    let line_buffering = !w_line.is_null() && sp.is_true(w_line)?;
    let write_through = !w_through.is_null() && sp.is_true(w_through)?;
    for t in [&encoding, &errors].into_iter().flatten() {
        check_name(sp, t)?;
        if t.chars().any(|c| c == 0) {
            return Err(sp.value_error("embedded null character"));
        }
    }
    let mode = newline_mode(sp, newline.as_ref())?;
    let encoding = match encoding {
        Some(t) if !t.eq_str("locale") => t,
        _ => sp.text_w(sp.newstr(&locale_encoding(sp))?)?,
    };
    *s = State { chunk_size: 8192, line_buffering, write_through, ..State::default() };
    s.set_newline(mode);
    let w_old = s.buffer();
    if !w_old.is_null() {
        crate::files::set_owned(sp, w_old, false);
    }
    s.readable = sp.is_true(sp.call_method(w_buffer, name!(sp, "readable"), &[])?)?;
    s.writable = sp.is_true(sp.call_method(w_buffer, name!(sp, "writable"), &[])?)?;
    let w_errors = match errors {
        Some(t) => t.w,
        None => name!(sp, "strict"),
    };
    set_codec(s, &encoding, w_errors)?;
    setfield!(sp, w_self, WText, w_buffer, w_buffer);
    s.set_decoded(W::NULL);
    s.has_read1 = types::is_buffered(sp, w_buffer) || sp.getattr_opt(w_buffer, name!(sp, "read1"))?.is_some();
    s.seekable = sp.is_true(sp.call_method(w_buffer, name!(sp, "seekable"), &[])?)?;
    s.telling = s.seekable;
    tell_encoder(s)?;
    crate::files::set_owned(sp, w_buffer, true);
    s.ok = true;
    if s.writable {
        crate::files::writers::register(sp, w_self)?;
    }
    Ok(())
}

/// Native encoders write no byte order mark, so only codec objects must know that they do not start at the beginning.
fn tell_encoder(s: Stream) -> Res<()> {
    let sp = s.sp;
    if s.seekable && s.writable && s.native.is_none() {
        let w_at = sp.call_method(s.buffer(), name!(sp, "tell"), &[])?;
        if !sp.eq_w(w_at, W::int(0))? {
            sp.call_method(s.obj().w_encoder, name!(sp, "setstate"), &[W::int(0)])?;
        }
    }
    Ok(())
}

/// UnicodeEncodeError if the name of a codec or an error handler has no UTF-8.
fn check_name(sp: Space, name: &Text) -> Res<()> {
    if name.ascii().is_none() {
        sp.call_method(name.w, name!(sp, "encode"), &[])?;
    }
    Ok(())
}

/// Chooses the codec; nothing changes if the encoding is unknown.
fn set_codec(mut s: Stream, encoding: &Text, w_errors: W) -> Res<()> {
    let sp = s.sp;
    let native = Native::named(encoding);
    let (mut w_encoder, mut w_decoder) = (W::NULL, W::NULL);
    if native.is_none() {
        let w_codec = registry::lookup_text(sp, encoding, "")?;
        if s.readable {
            let w_new = sp.getattr(w_codec, name!(sp, "incrementaldecoder"))?;
            w_decoder = sp.call(w_new, &[w_errors])?;
            if s.readuniversal {
                let args = [w_decoder, W::bool(s.readtranslate)];
                w_decoder = sp.call(types::NEWLINE.get(), &args)?;
            }
        }
        if s.writable {
            let w_new = sp.getattr(w_codec, name!(sp, "incrementalencoder"))?;
            w_encoder = sp.call(w_new, &[w_errors])?;
        }
    }
    setfield!(sp, s.w, WText, w_decoder, w_decoder);
    setfield!(sp, s.w, WText, w_encoder, w_encoder);
    setfield!(sp, s.w, WText, w_encoding, encoding.w);
    setfield!(sp, s.w, WText, w_errors, w_errors);
    s.native = native;
    s.tail.clear();
    s.newline = Default::default();
    Ok(())
}

/// Changes encoding, line ends and buffering. Encoding and line ends only before the first read.
#[interp_fn(
    sig = "(self, *, encoding=None, errors=None, newline=<unrepresentable>, line_buffering=None, write_through=None)",
    method
)]
pub fn reconfigure(
    sp: Space,
    this: This<WText>,
    w_encoding: W,
    w_errors: W,
    w_newline: Option<W>,
    w_line: W,
    w_through: W,
) -> Res<()> {
    let mut s = Stream::ready(sp, this.w)?;
    let encoding = opt_text(sp, w_encoding, "reconfigure", "encoding")?;
    let errors = opt_text(sp, w_errors, "reconfigure", "errors")?;
    for t in [&encoding, &errors].into_iter().flatten() {
        check_name(sp, t)?;
    }
    let mode = match w_newline {
        Some(w) => Some(newline_mode(sp, opt_text(sp, w, "reconfigure", "newline")?.as_ref())?),
        None => None,
    };
    let changes = encoding.is_some() || errors.is_some() || mode.is_some();
    if changes && s.readable && (!s.obj().w_decoded.is_null() || s.snapshot.is_some()) {
        let m = "It is not possible to set the encoding or newline of stream after the first read";
        return Err(unsupported(sp, m));
    }
    let flag = |w: W, old: bool| if w.is_none() { Ok(old) } else { sp.int_w(w).map(|n| n != 0) };
    let line_buffering = flag(w_line, s.line_buffering)?;
    let write_through = flag(w_through, s.write_through)?;
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    if changes {
        let w_errors = match (&errors, &encoding) {
            (Some(t), _) => t.w,
            (None, Some(_)) => name!(sp, "strict"),
            (None, None) => or(s.obj().w_errors, name!(sp, "strict")),
        };
        let encoding = match encoding {
            Some(t) if t.eq_str("locale") => sp.text_w(sp.newstr(&locale_encoding(sp))?)?,
            Some(t) if t.chars().any(|c| c == 0) => {
                return Err(raise!(sp, LOOKUP_ERROR, "unknown encoding: {}", t.to_str()));
            }
            Some(t) => t,
            None => sp.text_w(s.obj().w_encoding)?,
        };
        let old = (s.readuniversal, s.readtranslate, s.readnl, s.writenl);
        if let Some(mode) = mode {
            s.set_newline(mode);
        }
        if let Err(r) = set_codec(s, &encoding, w_errors) {
            s.set_newline(old);
            return Err(r);
        }
        tell_encoder(s)?;
    }
    s.line_buffering = line_buffering;
    s.write_through = write_through;
    Ok(())
}

/// Separates the buffer, which stays open.
#[interp_fn(sig = "(self, /)", method)]
pub fn detach(sp: Space, this: This<WText>) -> Res<W> {
    let mut s = Stream::ready(sp, this.w)?;
    sp.call_method(this.w, name!(sp, "flush"), &[])?;
    let w_buffer = s.buffer();
    setfield!(sp, this.w, WText, w_buffer, W::NULL);
    crate::files::set_owned(sp, w_buffer, false);
    s.detached = true;
    s.ok = false;
    Ok(w_buffer)
}

/// Is it exactly a TextIOWrapper?
pub fn is_text(sp: Space, w: W) -> bool {
    is_exact(sp, w, types::TEXT.get())
}
