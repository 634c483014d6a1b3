//! `_tokenize` and `_symtable`: what the front end knows about a source besides its tree and code. The host answers in the marshal
//! format; the classes are app-level.

use taipan_plugin_api::abi::host::{Blob, CompileAnswer, CompileRequest, FLAG_SOURCE_IS_UTF8};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(TOKENIZE, "_tokenize", doc = "", functions = [_tokens], app = include_str!("tokenize.py"));
mixed_module!(SYMTABLE, "_symtable", doc = "", functions = [_scopes], app = include_str!("symtable.py"));

const WANT_TOKENS: u32 = 2;
const WANT_SCOPES: u32 = 3;

fn bytes<'a>(b: &Blob) -> &'a [u8] {
    // SAFETY: the host's blob, alive until it is given back.
    if b.len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(b.ptr, b.len) } }
}

/// Asks the front end; the answer as an object. `extra`: with comments and the like.
fn ask(sp: Space, source: &[u8], filename: &[u8], mode: u32, want: u32, flags: u32, extra: bool) -> Res<W> {
    let request = CompileRequest {
        source: source.as_ptr(),
        len: source.len(),
        filename: filename.as_ptr(),
        filename_len: filename.len(),
        mode,
        optimize: extra as i32,
        flags,
        want,
        feature_version: -1,
        pad: 0,
    };
    let empty = Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    let mut answer = CompileAnswer { status: 0, pad: 0, result: empty, error: empty, warnings: empty };
    let w_loads = sp.getattr(sp.import_module(name!(sp, "marshal"))?, name!(sp, "loads"))?;
    // SAFETY: request and answer live during the call; the blobs are copied before they are given back.
    let (failed, w_bytes) = unsafe {
        let host = &*sp.thread().host;
        (host.compile)(&request, &mut answer);
        let failed = answer.status != 0;
        let w = sp.newbytes(bytes(if failed { &answer.error } else { &answer.result }));
        for b in [answer.result, answer.error, answer.warnings] {
            (host.free_blob)(b);
        }
        (failed, w?)
    };
    let w_answer = sp.call(w_loads, &[w_bytes])?;
    if !failed {
        return Ok(w_answer);
    }
    Err(error(sp, w_answer, filename)?)
}

/// The exception of (class name, message, line, offset, end line, end offset, text).
fn error(sp: Space, w: W, filename: &[u8]) -> Res<Raised> {
    let parts = sp.tuple_opt(w).unwrap_or(&[]);
    let [w_kind, w_message, rest @ ..] = parts else { return Err(sp.runtime_error("the front end failed")) };
    let w_class = sp.builtin(*w_kind)?;
    let (true, [line, offset, end_line, end_offset, text]) =
        (sp.issubclass(w_class, sp.known(known::SYNTAX_ERROR))?, rest)
    else {
        return Ok(sp.raise_object(w_class, *w_message));
    };
    let w_info = sp.newtuple(&[sp.newstr_wtf8(filename)?, *line, *offset, *text, *end_line, *end_offset])?;
    let w_exc = sp.call(w_class, &[*w_message, w_info])?;
    Ok(sp.raise_object(w_exc, W::NULL))
}

/// (tuple of tokens, error or None) of a source.
#[interp_fn(name = "_tokens", sig = "(source, extra_tokens, /)")]
fn _tokens(sp: Space, source: Text, extra: bool) -> Res<W> {
    ask(sp, &source.to_wtf8(), b"<string>", 0, WANT_TOKENS, FLAG_SOURCE_IS_UTF8, extra)
}

/// The outermost block of a source: (type, name, line, nested, names of parameters, symbols, blocks inside).
#[interp_fn(name = "_scopes", sig = "(source, filename, mode, /)")]
fn _scopes(sp: Space, w_source: W, filename: Text, mode: u32) -> Res<W> {
    match sp.text_opt(w_source) {
        Some(t) => ask(sp, &t.to_wtf8(), &filename.to_wtf8(), mode, WANT_SCOPES, FLAG_SOURCE_IS_UTF8, false),
        None => ask(sp, Buffer::get(sp, w_source)?.bytes(), &filename.to_wtf8(), mode, WANT_SCOPES, 0, false),
    }
}
