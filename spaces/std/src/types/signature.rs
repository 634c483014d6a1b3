//! Parsed signatures of functions written in Rust.

/// What argument parsing needs to know.
pub struct Signature {}
