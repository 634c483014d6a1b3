//! The default collector.
//!
//! Small objects live in 32 KB blocks of one size class; a thread allocates by bumping through the free intervals of a block. Liveness is
//! one bit per 8 bytes beside the heap. A bit that stays set between minor collections makes its object old (sticky mark bits), so a
//! minor collection marks from the roots and the logged old objects only, and sweeps only the blocks allocated into. Major
//! collections mark into a second bitmap, in steps after minor ones, and are swept lazily. Nothing ever moves.
//!
//! All entries run under the interpreter lock; threads without it are parked and their stacks are scanned from where they parked.
//!
//! Safety: what the unsafe functions of this crate ask for is the same everywhere, so it stands here once. They run under the
//! interpreter lock after `init`; object addresses are starts of allocated cells of this heap whose type ids have rows; block
//! numbers are below `Heap::top`, so that all side tables (reserved for the whole heap) cover them; rows of the type table describe
//! their objects truthfully.
//!
//! Reading order: [`heap`] (the state), [`classes`], [`blocks`], [`alloc`], [`large`], [`barrier`], [`cards`], [`mark`], [`roots`], [`minor`],
//! [`major`], [`sweep`], [`weak`], [`threads`]; [`verify`] and [`stress`] hold what only tests use.

pub mod alloc;
pub mod barrier;
pub mod bits;
pub mod blocks;
pub mod cards;
pub mod classes;
pub mod heap;
pub mod large;
pub mod major;
pub mod mark;
pub mod minor;
pub mod options;
pub mod os;
pub mod release;
pub mod roots;
pub mod stats;
pub mod stress;
pub mod sweep;
pub mod threads;
pub mod verify;
pub mod walk;
pub mod weak;

use taipan_abi::gc::{GcVTable, caps};

/// The collector's capabilities.
pub const CAPS: u64 =
    caps::CONSERVATIVE | caps::NONMOVING | caps::GENERATIONAL | caps::INCREMENTAL | caps::CARDS | caps::STRESS;

/// The collector.
pub static TABLE: GcVTable = GcVTable {
    abi: taipan_abi::plugin::ABI,
    size: size_of::<GcVTable>() as u32,
    caps: CAPS,
    init: options::init,
    attach: threads::attach,
    detach: threads::detach,
    alloc_slow: alloc::alloc_slow,
    alloc_large: alloc::alloc_large,
    try_extend: large::try_extend,
    wb_slow: barrier::wb_slow,
    wb_slot: barrier::wb_slot,
    wb_range: barrier::wb_range,
    park: threads::park,
    add_roots: roots::add_roots,
    del_roots: roots::del_roots,
    reg_weak: weak::reg_weak,
    reg_finalizer: weak::reg_finalizer,
    next_dead_weak: weak::next_dead_weak,
    next_finalizable: weak::next_finalizable,
    collect: major::collect,
    enable: alloc::enable,
    object_of: walk::object_of,
    heap_walk: walk::heap_walk,
    stats: stats::stats,
    fork: threads::fork,
};

#[cfg(feature = "plugin")]
taipan_plugin_api::export_plugin!("seg", "Generational mark and sweep over size classes, incremental, never moving", Gc, TABLE, [
    "nursery" => "bytes of new objects between minor collections", "4MB";
    "growth" => "a major collection begins when the heap has grown by this factor", "1.8";
    "min" => "bytes of growth below which no major collection begins", "16MB";
    "step" => "bytes marked by a step of a major collection at least", "2MB";
    "max" => "bytes of heap above which allocation fails, 0 for no limit", "0";
    "stress" => "collect fully at each Nth allocation and poison what is freed, 0 for never", "0";
    "verify" => "compare every marking with a full one to find missed write barriers", "false"
]);
