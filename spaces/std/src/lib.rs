//! The std object space: Python's own semantics.
//!
//! `layouts` has the structs of all built-in objects. Each folder implements one family: `types` (classes, attributes, descriptors, calls,
//! the dispatch of operations), `num`, `text`, `containers`, `exc` (exceptions), `run` (functions, frames, generators, code, start).
//! A family lists its types in `TYPES` and implements its rows of the operation table as functions of the same names in its `ops`.

pub mod layouts;

pub mod containers;
pub mod exc;
pub mod num;
pub mod run;
pub mod table;
pub mod text;
pub mod types;

use taipan_abi::types::TypeSpec;

/// A built-in type of the space, made at start.
pub struct Builtin {
    /// Its type row; fixed in the ABI or one of `layouts::tid`.
    pub tid: u32,
    /// Its description.
    pub spec: &'static TypeSpec,
    /// The base's row; 0 = object.
    pub base: u32,
    /// Index in `Thread::known`, or NOT_KNOWN.
    pub known: u32,
    /// A name of the builtins module.
    pub public: bool,
}
/// No entry in `Thread::known`.
pub const NOT_KNOWN: u32 = u32::MAX;

/// The families' types in the order in which they can be made.
pub static FAMILIES: &[&[Builtin]] =
    &[types::TYPES, num::TYPES, text::TYPES, containers::TYPES, run::TYPES, exc::TYPES];

/// All built-in types.
pub fn all_types() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().flat_map(|f| f.iter())
}
