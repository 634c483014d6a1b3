//! The collector that never collects: allocation by bumping through the address space, everything else does nothing.
//!
//! For measuring what collection costs and for telling apart causes of crashes. It is not faster: fresh pages cost more than
//! recycled ones. All entries run under the interpreter lock, with attached threads; that is what the unsafe functions ask for.

mod bump;

use std::ffi::c_void;
use std::ptr::null_mut;
use taipan_abi::gc::{GcStats, GcThread, GcVTable, caps};
use taipan_abi::word::W;

const CAPS: u64 = caps::CONSERVATIVE | caps::NONMOVING;

/// The collector.
pub static TABLE: GcVTable = GcVTable {
    abi: taipan_abi::plugin::ABI,
    size: size_of::<GcVTable>() as u32,
    caps: CAPS,
    init: bump::init,
    attach,
    detach,
    alloc_slow: bump::alloc_slow,
    alloc_large: bump::alloc_large,
    try_extend: bump::try_extend,
    wb_slow,
    wb_slot,
    wb_range,
    park,
    add_roots,
    del_roots,
    reg_weak,
    reg_finalizer,
    next_dead_weak: nothing,
    next_finalizable: nothing,
    collect,
    enable,
    object_of,
    heap_walk,
    stats,
    fork,
};

#[cfg(feature = "plugin")]
taipan_plugin_api::export_plugin!("none", "Never collects", Gc, TABLE, []);

unsafe extern "C" fn attach(t: *mut GcThread) -> i32 {
    (*t).caps = CAPS as u32;
    0
}

unsafe extern "C" fn detach(t: *mut GcThread) -> i32 {
    (*t).bump = [Default::default(); taipan_abi::gc::BUMP_CLASSES];
    0
}

unsafe extern "C" fn park(t: *mut GcThread, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void) {
    let was = std::mem::replace(&mut (*t).state, 1);
    f(ctx);
    (*t).state = was;
}

unsafe extern "C" fn wb_slow(_t: *mut GcThread, _p: *mut u8) {}
unsafe extern "C" fn wb_slot(_t: *mut GcThread, _p: *mut u8, _slot: *mut W) {}
unsafe extern "C" fn wb_range(_t: *mut GcThread, _p: *mut u8, _lo: *mut W, _hi: *mut W) {}
unsafe extern "C" fn add_roots(_ptr: *const W, _n: usize) -> u32 {
    1
}
unsafe extern "C" fn del_roots(_handle: u32) {}
unsafe extern "C" fn reg_weak(_t: *mut GcThread, _weak: *mut u8, _off: u32) {}
unsafe extern "C" fn reg_finalizer(_t: *mut GcThread, _p: *mut u8) {}
unsafe extern "C" fn nothing(_t: *mut GcThread) -> *mut u8 {
    null_mut()
}
unsafe extern "C" fn collect(_t: *mut GcThread, _kind: u32) -> i32 {
    0
}
unsafe extern "C" fn enable(_t: *mut GcThread, _on: u32) -> u32 {
    0
}
unsafe extern "C" fn object_of(_word: usize) -> *mut u8 {
    null_mut()
}
unsafe extern "C" fn heap_walk(_f: unsafe extern "C" fn(*mut c_void, *mut u8), _ctx: *mut c_void) -> i32 {
    -1
}
unsafe extern "C" fn stats(out: *mut GcStats) {
    let bytes = bump::used();
    *out = GcStats { heap_bytes: bytes, reserved_bytes: bytes, ..GcStats::default() };
}
unsafe extern "C" fn fork(_kind: u32) {}
