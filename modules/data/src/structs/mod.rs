//! `_struct`.

mod codec;
mod format;
mod half;
mod object;

use object::*;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// `struct.error`
static W_ERROR: Global = Global::new();
/// Struct objects by format, for the module's functions.
static W_CACHE: Global = Global::new();
const CACHE_SIZE: i64 = 100;

/// An exception of the module's own class.
#[cold]
fn error(sp: Space, message: &str) -> Raised {
    match sp.newstr(message) {
        Ok(w) => sp.raise_object(W_ERROR.get(), w),
        Err(r) => r,
    }
}

fn setup(sp: Space, w_module: W) -> Res<()> {
    let w_error = crate::util::exception_class(sp, &W_ERROR, "struct", "error", sp.known(known::EXCEPTION))?;
    sp.setattr_str(w_module, "error", w_error)?;
    W_CACHE.set(sp, sp.newdict()?);
    W_STRUCT.add(sp, w_module, &STRUCT)?;
    W_UNPACK_ITER.make(sp, w_module, &UNPACK_ITER)?;
    Ok(())
}

mixed_module!(
    MODULE,
    "_struct",
    doc = "Functions to convert between Python values and C structs.\nPython bytes objects are used to hold the data representing the C struct\nand also as format strings (explained below) to describe the layout of data\nin the C struct.\n\nThe optional first format char indicates byte order, size and alignment:\n  @: native order, size & alignment (default)\n  =: native order, std. size & alignment\n  <: little-endian, std. size & alignment\n  >: big-endian, std. size & alignment\n  !: same as >\n\nThe remaining chars indicate types of args and must match exactly;\nthese can be preceded by a decimal repeat count:\n  x: pad byte (no data); c:char; b:signed byte; B:unsigned byte;\n  ?: _Bool (requires C99; if not available, char is used instead)\n  h:short; H:unsigned short; i:int; I:unsigned int;\n  l:long; L:unsigned long; f:float; d:double; e:half-float.\nSpecial cases (preceding decimal count indicates length):\n  s:string (array of char); p: pascal string (with count byte).\nSpecial cases (only available in native format):\n  n:ssize_t; N:size_t;\n  P:an integer type that is wide enough to hold a pointer.\nSpecial case (not in native mode unless 'long long' in platform C):\n  q:long long; Q:unsigned long long\nWhitespace between formats is ignored.\n\nThe variable struct.error is an exception raised on errors.\n",
    functions = [clearcache, calcsize, pack, pack_into, unpack, unpack_from, iter_unpack],
    init = setup,
);

/// The Struct of a format, from the cache if it is there.
fn cached(sp: Space, w_format: W) -> Res<W> {
    if W_STRUCT.is_exact(sp, w_format) {
        return Ok(w_format);
    }
    let w_cache = W_CACHE.get();
    match sp.dict_get(w_cache, w_format) {
        Ok(Some(w)) => return Ok(w),
        Ok(None) => {}
        // Not hashable: the constructor will say what is wrong with it.
        Err(_) => {
            sp.take_exc();
        }
    }
    let w = sp.call(W_STRUCT.w(), &[w_format])?;
    if sp.dict_len(w_cache)? >= CACHE_SIZE {
        sp.call_method(w_cache, name!(sp, "clear"), &[])?;
    }
    if sp.dict_set(w_cache, w_format, w).is_err() {
        sp.take_exc();
    }
    Ok(w)
}

/// Clear the internal cache.
#[interp_fn(name = "_clearcache", sig = "()")]
fn clearcache(sp: Space) -> Res<()> {
    sp.call_method(W_CACHE.get(), name!(sp, "clear"), &[])?;
    Ok(())
}
/// Return size in bytes of the struct described by the format string.
#[interp_fn(sig = "(format, /)")]
fn calcsize(sp: Space, w_format: W) -> Res<i64> {
    Ok(layout(sp, cached(sp, w_format)?)?.size as i64)
}
/// pack(format, v1, v2, ...) -> bytes
///
/// Return a bytes object containing the values v1, v2, ... packed according
/// to the format string.  See help(struct) for more on format strings.
#[interp_fn(raw)]
fn pack(sp: Space, _w: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "pack")?;
    let Some((w_format, values)) = args.positional().split_first() else {
        return Err(sp.type_error("missing format argument"));
    };
    let w = cached(sp, *w_format)?;
    pack_values(sp, layout(sp, w)?, values)
}
/// pack_into(format, buffer, offset, v1, v2, ...)
///
/// Pack the values v1, v2, ... according to the format string and write
/// the packed bytes into the writable buffer buf starting at offset.  Note
/// that the offset is a required argument.  See help(struct) for more
/// on format strings.
#[interp_fn(raw)]
fn pack_into(sp: Space, _w: W, args: Args) -> Res<()> {
    args.no_keywords(sp, "pack_into")?;
    let Some((w_format, rest)) = args.positional().split_first() else {
        return Err(sp.type_error("missing format argument"));
    };
    let w = cached(sp, *w_format)?;
    pack_at(sp, layout(sp, w)?, rest)
}
/// Return a tuple containing values unpacked according to the format string.
///
/// The buffer's size in bytes must be calcsize(format).
///
/// See help(struct) for more on format strings.
#[interp_fn(sig = "(format, buffer, /)")]
fn unpack(sp: Space, w_format: W, w_buffer: W) -> Res<W> {
    let w = cached(sp, w_format)?;
    unpack_all(sp, layout(sp, w)?, w_buffer)
}
/// Return a tuple containing values unpacked according to the format string.
///
/// The buffer's size, minus offset, must be at least calcsize(format).
///
/// See help(struct) for more on format strings.
#[interp_fn(sig = "(format, /, buffer, offset=0)")]
fn unpack_from(sp: Space, w_format: W, w_buffer: W, offset: i64) -> Res<W> {
    let w = cached(sp, w_format)?;
    unpack_at(sp, layout(sp, w)?, w_buffer, offset)
}
/// Return an iterator yielding tuples unpacked from the given bytes.
///
/// The bytes are unpacked according to the format string, like
/// a repeated invocation of unpack_from().
///
/// Requires that the bytes length be a multiple of the struct size.
#[interp_fn(sig = "(format, buffer, /)")]
fn iter_unpack(sp: Space, w_format: W, w_buffer: W) -> Res<W> {
    let w = cached(sp, w_format)?;
    unpack_iterator(sp, w, w_buffer)
}
