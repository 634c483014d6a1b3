//! bytes and bytearray.

#[macro_use]
pub mod methods;

pub mod bytearray;
pub mod common;
pub mod object;
