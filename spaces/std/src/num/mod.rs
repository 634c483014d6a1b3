//! Family `num`: int, bool, float, complex.
//!
//! The pure parts know no objects: `int_arith`, `complex_math`, `parse` (numbers out of text), `dtoa` (floats as text), `spec` and `format`
//! (the format specification). `value` reads operands and wraps results, `convert` is what `int()` and `float()` accept; one file a type has
//! its slots and description. `fast` has what the evaluator calls on exact numbers.
//!
//! Row TID_LONG carries the class int; row TID_INT, of tagged ints, has no layout and stands for the same class.

pub mod bool_type;
pub mod builtins;
pub mod complex_math;
pub mod complex_type;
pub mod convert;
pub mod dtoa;
pub mod fast;
pub mod float_methods;
pub mod float_type;
pub mod format;
pub mod int_arith;
pub mod int_methods;
pub mod int_new;
pub mod int_type;
pub mod limits;
pub mod ops;
pub mod parse;
pub mod spec;
#[cfg(test)]
mod tests;
pub mod value;

use crate::Builtin;
use taipan_abi::known;
use taipan_abi::types::FnSpec;
use taipan_abi::word::{TID_BOOL, TID_COMPLEX, TID_FLOAT, TID_LONG};

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[
    Builtin { tid: TID_LONG, spec: &int_type::INT, base: 0, known: known::INT, public: true },
    Builtin { tid: TID_BOOL, spec: &bool_type::BOOL, base: TID_LONG, known: known::BOOL, public: true },
    Builtin { tid: TID_FLOAT, spec: &float_type::FLOAT, base: 0, known: known::FLOAT, public: true },
    Builtin { tid: TID_COMPLEX, spec: &complex_type::COMPLEX, base: 0, known: known::COMPLEX, public: true },
];

/// Functions of the builtins module.
pub static BUILTINS: &[FnSpec] =
    &[builtins::bin::SPEC, builtins::oct::SPEC, builtins::hex::SPEC, builtins::round::SPEC];
