//! The values of literals.

pub mod number;
pub mod string;
