//! The host's front end: source text to code objects, errors to exceptions.

use super::unmarshal;
use taipan_abi::host::{Blob, CompileAnswer, CompileRequest, FLAG_SOURCE_IS_UTF8};
use taipan_abi::known;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;

/// What to compile.
pub struct Request<'a> {
    pub source: &'a [u8],
    /// WTF-8.
    pub filename: &'a [u8],
    /// 0 exec, 1 eval, 2 single, 3 func_type
    pub mode: u32,
    pub optimize: i32,
    pub flags: u32,
    /// 0 bytecode, 1 AST, 2 tokens, 3 symbol table
    pub want: u32,
    pub feature_version: i32,
}

fn bytes(b: &Blob) -> &[u8] {
    // SAFETY: the host owns the bytes until free_blob.
    if b.len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(b.ptr, b.len) } }
}

/// Runs the front end; the raw result (marshalled code, serialized AST, ...).
pub fn run(sp: Space, r: &Request) -> Res<Vec<u8>> {
    run_once(sp, r).or_else(|raised| match declared_encoding(sp, r)? {
        Some(source) => {
            sp.take_exc();
            run_once(sp, &Request { source: source.as_bytes(), flags: r.flags | FLAG_SOURCE_IS_UTF8, ..*r })
        }
        None => Err(raised),
    })
}
/// After "unknown encoding: NAME": the source decoded by Python's codec of that name. The front end knows a few encodings itself.
fn declared_encoding(sp: Space, r: &Request) -> Res<Option<String>> {
    let w_exc = sp.thread().exc;
    if r.flags & FLAG_SOURCE_IS_UTF8 != 0 || !sp.exc_match(w_exc, sp.known(known::SYNTAX_ERROR))? {
        return Ok(None);
    }
    sp.take_exc();
    let decode = || -> Res<Option<String>> {
        let w_message = sp.getattr(w_exc, name!(sp, "msg"))?;
        let message = sp.string_w(w_message)?;
        let Some(encoding) = message.strip_prefix("unknown encoding: ") else { return Ok(None) };
        let w_text = crate::text::codecs::decode(sp, sp.newbytes(r.source)?, r.source, encoding, "strict")?;
        sp.string_w(w_text).map(Some)
    };
    let decoded = decode();
    sp.set_exc(w_exc);
    Ok(decoded.unwrap_or(None))
}
fn run_once(sp: Space, r: &Request) -> Res<Vec<u8>> {
    let request = CompileRequest {
        source: r.source.as_ptr(),
        len: r.source.len(),
        filename: r.filename.as_ptr(),
        filename_len: r.filename.len(),
        mode: r.mode,
        optimize: r.optimize,
        flags: r.flags,
        want: r.want,
        feature_version: r.feature_version,
        pad: 0,
    };
    let empty = Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    let mut answer = CompileAnswer { status: 0, pad: 0, result: empty, error: empty, warnings: empty };
    // SAFETY: the host fills the answer; its blobs are given back below.
    unsafe {
        let host = &*sp.thread().host;
        (host.compile)(&request, &mut answer);
        let warned = warnings(sp, r.filename, bytes(&answer.warnings));
        let result = if warned.is_err() {
            Err(Raised)
        } else if answer.status != 0 {
            Err(error(sp, r.filename, bytes(&answer.error)))
        } else {
            Ok(bytes(&answer.result).to_vec())
        };
        for b in [answer.result, answer.error, answer.warnings] {
            (host.free_blob)(b);
        }
        result
    }
}

/// A code object.
pub fn code(sp: Space, r: &Request) -> Res<W> {
    let b = run(sp, r)?;
    Ok(unmarshal::read(sp, &b, true)?.0)
}

/// The exception of an error: a marshalled tuple (class name, message, line, offset, end line, end offset, text); only the first two
/// count for classes other than SyntaxError and its kinds.
fn error(sp: Space, filename: &[u8], b: &[u8]) -> Raised {
    let made: Res<Raised> = (|| {
        let (w, _) = unmarshal::read(sp, b, false)?;
        let parts = sp.tuple_items(w);
        let kind = sp.string_w(parts[0])?;
        let index = known::NAMES.iter().position(|n| *n == kind).map_or(known::SYSTEM_ERROR, |i| i as u32);
        let syntax = matches!(
            index,
            known::SYNTAX_ERROR | known::INDENTATION_ERROR | known::TAB_ERROR | known::INCOMPLETE_INPUT_ERROR
        );
        if !syntax {
            return Ok(sp.raise_object(sp.known(index), parts[1]));
        }
        let w_file = sp.newstr_wtf8(filename)?;
        let w_info = sp.newtuple(&[w_file, parts[2], parts[3], parts[6], parts[4], parts[5]])?;
        let w_exc = sp.call(sp.known(index), &[parts[1], w_info])?;
        Ok(sp.raise_object(w_exc, W::NULL))
    })();
    made.unwrap_or(Raised)
}

/// Issues the warnings: a marshalled tuple of (category name, message, line, offset, end line, end offset, text).
fn warnings(sp: Space, filename: &[u8], b: &[u8]) -> Res<()> {
    if b.is_empty() {
        return Ok(());
    }
    let (w, _) = unmarshal::read(sp, b, false)?;
    for row in sp.tuple_items(w) {
        let [w_kind, w_message, w_line, w_offset, w_end_line, w_end_offset, w_text] = sp.tuple_items(*row) else {
            continue;
        };
        let kind = sp.string_w(*w_kind)?;
        let index = known::NAMES.iter().position(|n| *n == kind).map_or(known::SYNTAX_WARNING, |i| i as u32);
        let w_file = sp.newstr_wtf8(filename)?;
        let w_module = sp.import_module(name!(sp, "_warnings"))?;
        let w_warn = sp.getattr(w_module, name!(sp, "warn_explicit"))?;
        if sp.call(w_warn, &[*w_message, sp.known(index), w_file, *w_line]).is_err() {
            // As an error it is a SyntaxError at that line.
            if sp.catch(index) {
                let message = sp.string_w(*w_message)?.replace(" Such sequences will not work in the future.", "");
                let w_info = sp.newtuple(&[w_file, *w_line, *w_offset, *w_text, *w_end_line, *w_end_offset])?;
                let w_exc = sp.call(sp.known(known::SYNTAX_ERROR), &[sp.newstr(&message)?, w_info])?;
                return Err(sp.raise_object(w_exc, W::NULL));
            }
            return Err(Raised);
        }
    }
    Ok(())
}
