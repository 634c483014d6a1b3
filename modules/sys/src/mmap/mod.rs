//! `mmap`.

mod consts;
mod methods;
mod object;

use crate::util::{add_consts, add_type};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static MMAP_TYPE: Global = Global::new();

fn page_size() -> i64 {
    // SAFETY: a plain query.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    sp.setattr_str(w_module, "PAGESIZE", sp.newint(page_size()))?;
    sp.setattr_str(w_module, "ALLOCATIONGRANULARITY", sp.newint(page_size()))?;
    sp.setattr_str(w_module, "error", sp.known(known::OS_ERROR))?;
    add_type(sp, w_module, &MMAP_TYPE, &object::MMAP).map(drop)
}
mixed_module!(MODULE, "mmap", doc = "", functions = [], init = init);
