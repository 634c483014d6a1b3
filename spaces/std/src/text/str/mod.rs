//! The class str.

pub mod case;
pub mod edit;
pub mod find;
pub mod is;
pub mod iter;
pub mod split;

use super::args::{self, constructor};
use super::builder::Builder;
use super::chars::Chars;
use super::fmt::{percent, spec, strformat};
use super::{codecs, repr, wstr};
use crate::layouts::WStr;
use taipan_abi::gc::tf;
use taipan_abi::opcode::{BinOp, CmpOp};
use taipan_abi::word::TID_STR;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[slot]
fn str_repr(sp: Space, w: W) -> Res<W> {
    repr::text(wstr::chars(w)).finish(sp)
}
#[slot]
fn str_str(sp: Space, w: W) -> Res<W> {
    wstr::exact(sp, w)
}
#[slot]
fn str_hash(sp: Space, w: W) -> Res<i64> {
    Ok(wstr::hash(sp, w))
}
#[slot]
fn str_len(_sp: Space, w: W) -> Res<i64> {
    Ok(wstr::len(w) as i64)
}
#[slot]
fn str_contains(sp: Space, w: W, w_sub: W) -> Res<bool> {
    find::contains(sp, w, w_sub)
}
#[slot]
fn str_iter(sp: Space, w: W) -> Res<W> {
    iter::new_str_iter(sp, w)
}

/// What a comparison says of an order.
pub fn compared(order: std::cmp::Ordering, op: u32) -> bool {
    match op {
        x if x == CmpOp::Lt as u32 => order.is_lt(),
        x if x == CmpOp::Le as u32 => order.is_le(),
        x if x == CmpOp::Eq as u32 => order.is_eq(),
        x if x == CmpOp::Ne as u32 => order.is_ne(),
        x if x == CmpOp::Gt as u32 => order.is_gt(),
        _ => order.is_ge(),
    }
}

#[slot]
fn str_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if sp.layout(a) != TID_STR || sp.layout(b) != TID_STR {
        return Ok(W::NOT_IMPLEMENTED);
    }
    Ok(W::bool(match op {
        x if x == CmpOp::Eq as u32 => wstr::eq(a, b),
        x if x == CmpOp::Ne as u32 => !wstr::eq(a, b),
        _ => compared(wstr::chars(a).order(wstr::chars(b)), op),
    }))
}

/// `a + b`; a is laid out as str.
pub fn add(sp: Space, a: W, b: W) -> Res<W> {
    if sp.layout(b) != TID_STR {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "can only concatenate str (not \"{}\") to str",
            super::template::full_name(sp, b)
        ));
    }
    wstr::concat(sp, a, b)
}
#[slot]
fn str_concat(sp: Space, a: W, b: W) -> Res<W> {
    if sp.layout(a) != TID_STR {
        return Ok(W::NOT_IMPLEMENTED);
    }
    add(sp, a, b)
}
#[slot]
fn str_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    wstr::repeat(sp, w, n)
}

/// `s[i]` for an object laid out as str.
pub fn item(sp: Space, w: W, i: i64) -> Res<W> {
    let c = wstr::chars(w);
    let at = if i < 0 { i + c.len() as i64 } else { i };
    if at < 0 || at >= c.len() as i64 {
        return Err(sp.index_error("string index out of range"));
    }
    wstr::new_char(sp, c.at(at as usize))
}

#[slot]
fn str_getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    if w_key.is_int() {
        return item(sp, w, w_key.untag());
    }
    if args::is_slice(sp, w_key) {
        let c = wstr::chars(w);
        let ix = args::slice_indices(sp, w_key, || c.len())?;
        if ix.step == 1 {
            return wstr::substring(sp, w, ix.start as usize, ix.start as usize + ix.count);
        }
        let mut out = Builder::with_capacity(ix.count);
        ix.iter().for_each(|i| out.push(c.at(i)));
        return out.finish(sp);
    }
    if args::has_index(sp, w_key)? {
        return item(sp, w, sp.int_w(w_key).map_err(|e| index_too_big(sp, e))?);
    }
    Err(raise!(sp, TYPE_ERROR, "string indices must be integers, not '{}'", sp.type_name(w_key)))
}

/// An index beyond 64 bits is an IndexError.
pub fn index_too_big(sp: Space, e: Raised) -> Raised {
    if sp.catch(known::OVERFLOW_ERROR) { sp.index_error("cannot fit 'int' into an index-sized integer") } else { e }
}

#[slot]
fn str_mod(sp: Space, a: W, b: W) -> Res<W> {
    if sp.layout(a) != TID_STR {
        return Ok(W::NOT_IMPLEMENTED);
    }
    percent::modulo(sp, wstr::chars(a), b, percent::Of::Str)?.finish(sp)
}

fn new_value(sp: Space, args: Args) -> Res<W> {
    if args.positional().len() > 3 {
        return Err(raise!(sp, TYPE_ERROR, "str expected at most 3 arguments, got {}", args.positional().len()));
    }
    let [w_object, w_encoding, w_errors] = constructor(sp, args, "str", ["object", "encoding", "errors"])?;
    let name = |w: Option<W>, arg: &str| -> Res<Option<String>> {
        let Some(x) = w else { return Ok(None) };
        if x.is_none() {
            return Err(raise!(sp, TYPE_ERROR, "str() argument '{arg}' must be str, not NoneType"));
        }
        codecs::name_arg(sp, w, "", "str", arg).map(Some)
    };
    let (encoding, errors) = (name(w_encoding, "encoding")?, name(w_errors, "errors")?);
    let Some(w) = w_object else { return Ok(wstr::empty(sp)) };
    if encoding.is_none() && errors.is_none() {
        return sp.str(w);
    }
    let (encoding, errors) = (encoding.unwrap_or("utf-8".into()), errors.unwrap_or("strict".into()));
    if sp.text_opt(w).is_some() {
        return Err(sp.type_error("decoding str is not supported"));
    }
    if let Some(b) = sp.bytes_opt(w) {
        return codecs::decode(sp, w, b, &encoding, &errors);
    }
    if !super::buffer::supports(sp, w) {
        let name = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "decoding to str: need a bytes-like object, {name} found"));
    }
    codecs::decode(sp, w, &Buffer::get(sp, w)?, &encoding, &errors)
}

#[slot]
fn str_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w = new_value(sp, args)?;
    if w_type == sp.row_of(TID_STR).w_type {
        return Ok(w);
    }
    let text = sp.text_w(w)?;
    let c = Chars::of(&text);
    let w_new = sp.allocate(w_type, c.raw().len())?;
    wstr::fill_instance(w_new, c);
    Ok(w_new)
}

/// The text as bytes in an encoding.
#[interp_fn(method, sig = "(self, /, encoding='utf-8', errors='strict')")]
fn encode(sp: Space, w_self: W, w_encoding: Option<W>, w_errors: Option<W>) -> Res<W> {
    let encoding = codecs::name_arg(sp, w_encoding, "utf-8", "encode", "encoding")?;
    let errors = codecs::name_arg(sp, w_errors, "strict", "encode", "errors")?;
    codecs::encode(sp, w_self, &encoding, &errors)
}

#[interp_fn(method, name = "__getnewargs__", sig = "(self, /)")]
fn __getnewargs__(sp: Space, w_self: W) -> Res<W> {
    let w = wstr::new_narrow(sp, wstr::chars(w_self))?;
    sp.newtuple(&[w])
}

/// Size of the object in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn __sizeof__(_sp: Space, w_self: W) -> Res<usize> {
    Ok(std::mem::size_of::<WStr>() + wstr::chars(w_self).raw().len())
}

static SLOTS: Slots = {
    let mut s = Slots {
        repr: Some(str_repr),
        str: Some(str_str),
        hash: Some(str_hash),
        compare: Some(str_compare),
        iter: Some(str_iter),
        new: Some(str_new),
        len: Some(str_len),
        getitem: Some(str_getitem),
        contains: Some(str_contains),
        concat: Some(str_concat),
        repeat: Some(str_repeat),
        ..Slots::EMPTY
    };
    s.binary[BinOp::Mod as usize] = Some(str_mod);
    s
};

typespec!(pub STR: WStr, "str", {
    doc: Str::new("str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nText: an immutable sequence of Unicode code points."),
    flags: ty::BASETYPE | ty::IMMUTABLE,
    layout_flags: tf::VAR | tf::NO_PTRS,
    item_bytes: 1,
    len_off: 8,
    items_off: std::mem::size_of::<WStr>() as u32,
    slots: &SLOTS,
    methods: methods![
        encode, find::replace, split::split, split::rsplit, split::join, case::capitalize, case::casefold, case::title,
        edit::center, find::count, edit::expandtabs, find::find, split::partition, find::index, edit::ljust, case::lower,
        edit::lstrip, find::rfind, find::rindex, edit::rjust, edit::rstrip, split::rpartition, split::splitlines, edit::strip,
        case::swapcase, edit::translate, case::upper, find::startswith, find::endswith, find::removeprefix, find::removesuffix,
        is::isascii, case::islower, case::isupper, case::istitle, is::isspace, is::isdecimal, is::isdigit, is::isnumeric,
        is::isalpha, is::isalnum, is::isidentifier, is::isprintable, edit::zfill, strformat::format, strformat::format_map,
        spec::str_format_method, edit::maketrans, __sizeof__, __getnewargs__,
    ],
});
