//! Makes traces shorter.
pub mod range;
