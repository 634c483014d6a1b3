//! What `_io` needs of codecs: their registry and the error handlers. The module `_codecs` is the space's.

pub mod errfuncs;
pub mod handlers;
pub mod registry;
