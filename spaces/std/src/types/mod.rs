//! Family `types`.
pub mod ops;
pub mod signature;

use crate::Builtin;

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[];
