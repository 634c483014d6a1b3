//! Family `containers`.
pub mod ops;

use crate::Builtin;

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[];
