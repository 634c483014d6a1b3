//! `open` and the module's description.

use super::types;
use super::{base, fileio, raw};
use crate::buffered::{pair, random, reader, writer};
use crate::text;
use crate::util::{opt_text, text_arg};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Opens a file: raw, buffered or text by mode and buffering.
#[interp_fn(
    sig = "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
)]
fn open(
    sp: Space,
    w_file: W,
    w_mode: W,
    w_buffering: W,
    w_encoding: W,
    w_errors: W,
    w_newline: W,
    w_closefd: W,
    w_opener: W,
) -> Res<W> {
    let mode = text_arg(sp, w_mode, "open", "mode")?;
    let buffering = sp.int_w(w_buffering)?;
    let encoding = opt_text(sp, w_encoding, "open", "encoding")?;
    let errors = opt_text(sp, w_errors, "open", "errors")?;
    let newline = opt_text(sp, w_newline, "open", "newline")?;
    let closefd = sp.is_true(w_closefd)?;
    // A number is a descriptor; everything else is a path, converted once.
    let w_file = if crate::util::has_index(sp, w_file)? { w_file } else { super::descriptor::fspath(sp, w_file)? };

    let mut seen = String::new();
    for c in mode.chars() {
        match char::from_u32(c) {
            Some(c) if "xrwa+tb".contains(c) && !seen.contains(c) => seen.push(c),
            _ => return Err(raise!(sp, VALUE_ERROR, "invalid mode: {}", sp.repr_string(mode.w)?)),
        }
    }
    let has = |c: char| seen.contains(c);
    let raw_mode: String = ['x', 'r', 'w', 'a', '+'].iter().filter(|c| has(**c)).collect();
    let binary = has('b');
    if has('t') && binary {
        return Err(sp.value_error("can't have text and binary mode at once"));
    }
    if ['x', 'r', 'w', 'a'].iter().filter(|c| has(**c)).count() > 1 {
        return Err(sp.value_error("must have exactly one of create/read/write/append mode"));
    }
    if binary {
        for (given, name) in [(&encoding, "an encoding"), (&errors, "an errors"), (&newline, "a newline")] {
            if given.is_some() {
                return Err(raise!(sp, VALUE_ERROR, "binary mode doesn't take {name} argument"));
            }
        }
        if buffering == 1 {
            let m = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
            sp.warn(known::RUNTIME_WARNING, m, 1)?;
        }
    }
    let w_raw = sp.call(types::FILEIO.get(), &[w_file, sp.newstr(&raw_mode)?, W::bool(closefd), w_opener])?;
    let how = How { buffering, binary, updating: has('+'), reading: has('r') };
    match layers(sp, w_raw, &mode, &how, [w_encoding, w_errors, w_newline]) {
        Ok(w) => Ok(w),
        Err(Raised) => {
            // The outermost layer that exists closes what is below it; FileIO.close can be called again.
            let w_exc = sp.take_exc();
            super::set_owned(sp, w_raw, false);
            if sp.call_method(w_raw, name!(sp, "close"), &[]).is_err() {
                sp.take_exc();
            }
            Err(sp.set_exc(w_exc))
        }
    }
}

struct How {
    buffering: i64,
    binary: bool,
    updating: bool,
    reading: bool,
}

/// The buffered and text layers over the raw file.
fn layers(sp: Space, w_raw: W, mode: &Text, how: &How, [w_encoding, w_errors, w_newline]: [W; 3]) -> Res<W> {
    let is_tty = how.buffering < 0 && sp.is_true(sp.call_method(w_raw, name!(sp, "_isatty_open_only"), &[])?)?;
    let line_buffering = how.buffering == 1 || is_tty;
    let mut size = how.buffering;
    if size == 1 || size < 0 {
        let block = sp.int_w(sp.getattr(w_raw, name!(sp, "_blksize"))?)?;
        size = block.min(8 << 20).max(super::DEFAULT_BUFFER_SIZE as i64);
    }
    if size == 0 {
        if !how.binary {
            return Err(sp.value_error("can't have unbuffered text I/O"));
        }
        return Ok(w_raw);
    }
    let class = match (how.updating, how.reading) {
        (true, _) => &types::RANDOM,
        (false, true) => &types::READER,
        _ => &types::WRITER,
    };
    let w_buffer = sp.call(class.get(), &[w_raw, sp.newint(size)])?;
    if how.binary {
        return Ok(w_buffer);
    }
    let args = [w_buffer, w_encoding, w_errors, w_newline, W::bool(line_buffering)];
    let w_text = sp.call(types::TEXT.get(), &args)?;
    sp.setattr(w_text, name!(sp, "mode"), mode.w)?;
    Ok(w_text)
}

/// Opens a file with code to be run, in binary mode.
#[interp_fn(sig = "(path)")]
fn open_code(sp: Space, w_path: W) -> Res<W> {
    text_arg(sp, w_path, "open_code", "path")?;
    let none = W::NONE;
    open(sp, w_path, name!(sp, "rb"), W::int(-1), none, none, none, W::TRUE, none)
}

/// An encoding argument as given; None becomes "locale" (or "utf-8" in the UTF-8 mode).
#[interp_fn(sig = "(encoding, stacklevel=2, /)")]
fn text_encoding(sp: Space, w_encoding: W, stacklevel: i64) -> Res<W> {
    if !w_encoding.is_none() {
        return Ok(w_encoding);
    }
    if sp.setting("flags.warn_default_encoding").is_some_and(|s| s == "1") {
        sp.warn(known::ENCODING_WARNING, "'encoding' argument not specified", stacklevel)?;
    }
    let utf8 = sp.setting("flags.utf8_mode").is_some_and(|s| s == "1");
    sp.newstr(if utf8 { "utf-8" } else { "locale" })
}

fn setup_module(sp: Space, w_module: W) -> Res<()> {
    let o = W::NULL;
    sp.setattr_str(w_module, super::writers::ATTRIBUTE, sp.newset(&[])?)?;
    let add = |spec: &'static TypeSpec, w_base: W, global: &'static Global| -> Res<W> {
        let w = sp.newtype(spec, w_base, w_module)?;
        global.set(sp, w);
        let full = spec.name.get();
        sp.setattr_str(w_module, full.rsplit('.').next().unwrap_or(full), w)?;
        Ok(w)
    };
    sp.setattr_str(w_module, "DEFAULT_BUFFER_SIZE", W::int(super::DEFAULT_BUFFER_SIZE as i64))?;
    sp.setattr_str(w_module, "BlockingIOError", sp.known(known::BLOCKING_IO_ERROR))?;
    let w_bases = sp.newtuple(&[sp.known(known::OS_ERROR), sp.known(known::VALUE_ERROR)])?;
    let w_dict = sp.newdict()?;
    sp.dict_set_str(w_dict, "__module__", sp.newstr("io")?)?;
    let w = sp.call(sp.known(known::TYPE), &[sp.newstr("UnsupportedOperation")?, w_bases, w_dict])?;
    types::UNSUPPORTED.set(sp, w);
    sp.setattr_str(w_module, "UnsupportedOperation", w)?;
    let w_iobase = add(&base::IOBASE, o, &types::IOBASE)?;
    let w_rawbase = add(&raw::RAWIOBASE, w_iobase, &types::RAWIOBASE)?;
    let w_bufbase = add(&raw::BUFFEREDIOBASE, w_iobase, &types::BUFFEREDIOBASE)?;
    let w_textbase = add(&raw::TEXTIOBASE, w_iobase, &types::TEXTIOBASE)?;
    add(&fileio::FILEIO, w_rawbase, &types::FILEIO)?;
    add(&crate::memory::bytesio::BYTESIO, w_bufbase, &types::BYTESIO)?;
    add(&crate::memory::view::BYTESIOBUFFER, o, &types::BYTESIOBUFFER)?;
    add(&crate::memory::stringio::STRINGIO, w_textbase, &types::STRINGIO)?;
    add(&reader::READER, w_bufbase, &types::READER)?;
    add(&writer::WRITER, w_bufbase, &types::WRITER)?;
    add(&random::RANDOM, w_bufbase, &types::RANDOM)?;
    add(&pair::PAIR, w_bufbase, &types::PAIR)?;
    add(&text::TEXT, w_textbase, &types::TEXT)?;
    add(&text::newline::NEWLINE, o, &types::NEWLINE)?;
    Ok(())
}

taipan_plugin_api::mixed_module! {
    MODULE, "_io",
    doc = "Streams: raw, buffered, text and in memory. Module io is its public face.",
    functions = [open, open_code, text_encoding],
    init = setup_module,
}
