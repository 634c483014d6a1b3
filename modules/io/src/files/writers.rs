//! The streams that may hold something unwritten: the interpreter flushes them when the program ends.

use taipan_plugin_api::prelude::*;

/// The attribute of `_io`: a set of weak references.
pub const ATTRIBUTE: &str = "_writers";

/// Remembers a stream for as long as it lives.
pub fn register(sp: Space, w_stream: W) -> Res<()> {
    let w_io = sp.import_module(name!(sp, "_io"))?;
    let Some(w_set) = sp.getattr_opt(w_io, sp.intern(ATTRIBUTE))? else { return Ok(()) };
    let w_discard = sp.getattr(w_set, name!(sp, "discard"))?;
    let w_ref = sp.call(sp.known(known::WEAKREF), &[w_stream, w_discard])?;
    sp.set_add(w_set, w_ref)
}
