//! `_ast`: the classes of syntax trees, and trees as bytes and back. A library that is loaded at run time shares no types with the
//! front end; what it needs to know about nodes is the table in `nodes.txt` (in the order of the node numbers).

mod read;
mod schema;
mod validate;
mod write;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_ast",
    doc = "",
    functions = [_register, read::_from_bytes, write::_to_bytes],
    init = init,
    app = include_str!("app.py"),
);

fn init(sp: Space, w_module: W) -> Res<()> {
    sp.setattr_str(w_module, "_table", sp.newstr(schema::TABLE)?)
}

/// Tuples by node number, by type number, and the instances of the nodes without fields.
static NODES: Global = Global::new();
static BASES: Global = Global::new();
static SINGLETONS: Global = Global::new();

#[interp_fn(name = "_register", sig = "(nodes, bases, singletons, /)")]
fn _register(sp: Space, w_nodes: W, w_bases: W, w_singletons: W) -> Res<()> {
    NODES.set(sp, w_nodes);
    BASES.set(sp, w_bases);
    SINGLETONS.set(sp, w_singletons);
    Ok(())
}

/// The native stack has no room for another level.
fn check_depth(sp: Space, what: &str) -> Res<()> {
    let here = 0u8;
    if (&raw const here as usize) < sp.thread().stack_limit {
        return Err(sp.raise(known::RECURSION_ERROR, &format!("maximum recursion depth exceeded {what}")));
    }
    Ok(())
}
