//! Family `text`: str, bytes, bytearray, memoryview, codecs, formatting, templates.
//!
//! `chars` is how every algorithm sees text; `wstr` makes and reads str objects; `bytes` and `memory` are built on plain slices.

pub mod algo;
pub mod args;
pub mod buffer;
pub mod builder;
pub mod builtins;
pub mod bytes;
pub mod chars;
pub mod codecs;
pub mod fmt;
pub mod hash;
pub mod intern;
pub mod memory;
pub mod ops;
pub mod repr;
pub mod str;
pub mod template;
pub mod unicode;
pub mod wstr;

use crate::{Builtin, NOT_KNOWN};
use taipan_abi::word::{TID_BYTEARRAY, TID_BYTES, TID_MEMORYVIEW, TID_STR, TID_STR_ITER};
use taipan_plugin_api::prelude::*;

pub use builtins::BUILTINS;

/// Type rows of the family beyond those fixed in the ABI.
#[allow(missing_docs)]
pub mod tid {
    use crate::layouts::tid::TEXT;
    pub const BYTES_ITER: u32 = TEXT;
    pub const BYTEARRAY_ITER: u32 = TEXT + 1;
    pub const MANAGED_BUFFER: u32 = TEXT + 2;
    pub const MEMORY_ITER: u32 = TEXT + 3;
    pub const TEMPLATE: u32 = TEXT + 4;
    pub const INTERPOLATION: u32 = TEXT + 5;
    pub const TEMPLATE_ITER: u32 = TEXT + 6;
    pub const ENCODING_MAP: u32 = TEXT + 7;
}

const fn known_type(tid: u32, spec: &'static TypeSpec, known: u32) -> Builtin {
    Builtin { tid, spec, base: 0, known, public: true }
}
const fn hidden(tid: u32, spec: &'static TypeSpec) -> Builtin {
    Builtin { tid, spec, base: 0, known: NOT_KNOWN, public: false }
}

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[
    known_type(TID_STR, &str::STR, known::STR),
    known_type(TID_BYTES, &bytes::object::BYTES, known::BYTES),
    known_type(TID_BYTEARRAY, &bytes::bytearray::BYTEARRAY, known::BYTEARRAY),
    known_type(TID_MEMORYVIEW, &memory::MEMORYVIEW, known::MEMORYVIEW),
    hidden(TID_STR_ITER, &str::iter::STR_ITER),
    hidden(tid::BYTES_ITER, &str::iter::BYTES_ITER),
    hidden(tid::BYTEARRAY_ITER, &str::iter::BYTEARRAY_ITER),
    hidden(tid::MANAGED_BUFFER, &memory::managed::MANAGED_BUFFER),
    hidden(tid::MEMORY_ITER, &memory::methods::MEMORY_ITER),
    hidden(tid::TEMPLATE, &template::TEMPLATE),
    hidden(tid::INTERPOLATION, &template::INTERPOLATION),
    hidden(tid::TEMPLATE_ITER, &template::TEMPLATE_ITER),
];

/// a + b for two objects laid out as str.
pub fn concat(sp: Space, a: W, b: W) -> Res<W> {
    wstr::concat(sp, a, b)
}
/// One str of the formatted parts of an f-string, all laid out as str.
pub fn build_string(sp: Space, parts: &[W]) -> Res<W> {
    wstr::concat_all(sp, parts)
}
/// Equality of two objects laid out as str.
#[inline]
pub fn eq(a: W, b: W) -> bool {
    wstr::eq(a, b)
}
/// `w[i]` of an object laid out as str.
pub fn getitem_int(sp: Space, w: W, i: i64) -> Res<W> {
    str::item(sp, w, i)
}
