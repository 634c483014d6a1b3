//! `_contextvars`.

mod context;
mod var;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

fn setup(sp: Space, w_module: W) -> Res<()> {
    context::make(sp, w_module)?;
    var::make(sp, w_module)
}
mixed_module!(MODULE, "_contextvars",
    doc = "Context Variables",
    functions = [copy_context],
    init = setup,
);

/// The context of the running code, made if there is none yet.
fn current(sp: Space) -> Res<W> {
    let w = sp.thread().w_context;
    if !w.is_null() {
        return Ok(w);
    }
    let w = context::empty(sp)?;
    sp.thread().w_context = w;
    Ok(w)
}
#[interp_fn(sig = "()")]
fn copy_context(sp: Space) -> Res<W> {
    context::copied(sp, current(sp)?)
}
