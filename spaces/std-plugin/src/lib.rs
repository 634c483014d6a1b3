//! The std space as a library that the host loads.

use taipan_abi::host::HostVTable;
use taipan_abi::ops::OpTable;
use taipan_abi::plugin::{ABI, SpaceTable};

unsafe extern "C" fn stack(_inner: *const OpTable, _host: *const HostVTable) -> *const OpTable {
    &taipan_std::table::TABLE
}

static TABLE: SpaceTable = SpaceTable {
    abi: ABI,
    size: std::mem::size_of::<SpaceTable>() as u32,
    proxy: 0,
    pad: 0,
    stack,
    init: Some(taipan_std::run::start::init),
    eval: Some(taipan_std::run::eval),
    record: None,
    run_main: Some(taipan_std::run::start::run_main),
};

taipan_plugin_api::export_plugin!("std", "Python's own semantics", Space, TABLE, []);
