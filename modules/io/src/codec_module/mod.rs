//! Module `_codecs`: the registry, error handlers, and the codecs as functions.

pub mod errfuncs;
pub mod handlers;
pub mod registry;
