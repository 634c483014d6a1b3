//! Module `_codecs`: the registry, error handlers, and the codecs as functions.

pub mod encmap;
pub mod errfuncs;
pub mod functions;
pub mod handlers;
pub mod registry;
