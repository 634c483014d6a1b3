//! Formatting: the format mini-language, `str.format`, and the `%` operator of str and bytes.

pub mod percent;
pub mod spec;
pub mod strformat;
