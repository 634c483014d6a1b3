//! `_typing`: the classes behind type parameters, and what the compiler's instructions about them call.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_typing",
    doc = "Primitives and accelerators for the typing module.\n",
    functions = [_idfunc],
    app = include_str!("app.py"),
);

// A function of Python would bind to the instances of a class that has it as an attribute.
#[interp_fn(name = "_idfunc", sig = "(x, /)")]
fn _idfunc(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
