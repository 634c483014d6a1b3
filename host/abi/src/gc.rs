//! The collector's interface: type layouts, allocation areas, barrier bits, and the table a collector exports.
//!
//! Rules that hold for every collector of this ABI major:
//! 1. Objects never move.
//! 2. Memory from a [`Bump`] pair is zeroed; the header is written before any further call; tid 0 marks unallocated cells.
//! 3. The slow barrier is called BEFORE the store, with no allocation and no poll between the two.
//! 4. Collections happen only inside calls of this table, never asynchronously. Such entries spill callee-saved registers
//!    themselves; native stacks between `stack_hi` and the current stack pointer are scanned conservatively, interior pointers
//!    included. Heap objects are scanned precisely by [`TypeInfo`].
//! 5. The barrier may be left out only for the newest allocation with no call in between.

use crate::word::W;
use std::ffi::c_void;

/// The object is old and not yet logged: call `wb_slow` before a store of a reference.
pub const GC_BARRIER: u8 = 1;
/// The array is logged card by card: `wb_slot`.
pub const GC_CARDS: u8 = 2;
/// The carded array is in the dirty list already: storing the card byte is enough.
pub const GC_LISTED: u8 = 4;

/// Called by a trace function for each slot that may hold a reference (NULL and small ints are allowed in it).
pub type Visit = unsafe extern "C" fn(ctx: *mut c_void, slot: *mut W);

/// `TypeInfo::flags`.
pub mod tf {
    #![allow(missing_docs)]
    /// The size is fixed_bytes + item_bytes * len, len a u64 at len_off.
    pub const VAR: u32 = 1;
    /// The items are words to trace.
    pub const ITEMS_W: u32 = 2;
    /// No references at all.
    pub const NO_PTRS: u32 = 4;
    /// `trace` is set and visits every reference (ptr_map is not looked at).
    pub const TRACE: u32 = 8;
    /// `free` releases native memory at the sweep.
    pub const FREE: u32 = 16;
    /// Instances have an instance part (attributes) at `inst_off`.
    pub const INSTANCE: u32 = 32;
    /// The instance part follows the items of a VAR object.
    pub const INSTANCE_AFTER_ITEMS: u32 = 64;
    /// Attributes live in a dict (word `ext` of the instance part), not in slots.
    pub const DICT_MODE: u32 = 128;
    /// Instances can be weakly referenced.
    pub const WEAKREFABLE: u32 = 256;
    /// The class has `__del__`: register each instance.
    pub const FINALIZER: u32 = 512;
    /// `w_type` is a heap object that each instance keeps alive, as if it were one of its references.
    pub const TRACE_TYPE: u32 = 1024;
}

/// One row of the type table: a hidden class.
///
/// Every layout, every class and every shape of a class's instances has a row; rows never move and are never given to another
/// shape while an object or a cache can name them. A guard on a type (and on its shape at once) is one 32-bit compare.
#[repr(C)]
pub struct TypeInfo {
    /// `size_of::<TypeInfo>()` of the writer.
    pub struct_size: u32,
    /// `tf::*`.
    pub flags: u32,
    /// Bytes of the fixed part, header (and trailing instance part) included.
    pub fixed_bytes: u32,
    /// Bytes of an item; 0 if not VAR.
    pub item_bytes: u32,
    /// Where the u64 count of items lies.
    pub len_off: u32,
    /// Where the items begin.
    pub items_off: u32,
    /// Bit n: word n of the fixed part is a reference slot.
    pub ptr_map: u64,
    /// Visits the references of odd layouts. No allocation, no locks, no panic.
    pub trace: Option<unsafe extern "C" fn(obj: *mut u8, v: Visit, ctx: *mut c_void)>,
    /// Releases native memory of a dead object; may not touch other objects.
    pub free: Option<unsafe extern "C" fn(obj: *mut u8)>,
    /// Native bytes behind the object, for the pressure account.
    pub native_bytes: Option<unsafe extern "C" fn(obj: *const u8) -> usize>,
    // ---- below: not the collector's, but for w_type with TRACE_TYPE ----
    /// The app-level type. A change of an object's row is a store of a reference: it needs the barrier if the class changes.
    pub w_type: W,
    /// The row of the built-in layout this one extends (itself for those): `types[tid].layout == TID_LIST` says "is laid out as a list".
    pub layout: u32,
    /// This row's own index.
    pub tid: u32,
    /// Where the instance part begins (`tf::INSTANCE`).
    pub inst_off: u32,
    /// Reserved, zero.
    pub pad: u32,
    /// Operation slots of the class, shared by all its rows.
    pub slots: *const crate::types::Slots,
    /// The space's description of the shape (which attribute lies where).
    pub shape: *mut c_void,
}

/// The growable table of rows. `rows` has room for `cap` pointers and never moves.
#[repr(C)]
pub struct TypeTable {
    /// rows[tid]; null for an unused id.
    pub rows: *mut *mut TypeInfo,
    /// Rows in use.
    pub len: u32,
    /// Rows reserved.
    pub cap: u32,
}

/// A free interval [cur, end) of zeroed cells of one size class.
#[derive(Copy, Clone, Debug, Default)]
#[repr(C)]
pub struct Bump {
    #[allow(missing_docs)]
    pub cur: usize,
    #[allow(missing_docs)]
    pub end: usize,
}

/// Size classes with an inlined allocation: index = bytes / 8, up to 256 bytes.
pub const BUMP_CLASSES: usize = 33;

/// The collector's part of a Thread; the first part of it. Offsets are frozen: compiled code uses them.
#[repr(C)]
pub struct GcThread {
    /// Not zero: leave the fast path at the next back edge or call (signals, GIL requests, pending finalizers, tracing).
    pub poll: std::sync::atomic::AtomicU32,
    /// 0 running, 1 parked.
    pub state: u32,
    /// Indexed by size in words.
    pub bump: [Bump; BUMP_CLASSES],
    /// A card's byte is at (address >> card_shift) + card_bias.
    pub card_bias: usize,
    #[allow(missing_docs)]
    pub card_shift: u32,
    /// Copy of the table's caps.
    pub caps: u32,
    /// The high end of the native stack.
    pub stack_hi: usize,
    /// The stack pointer while parked.
    pub parked_sp: usize,
    /// The value stack: the words [vs_base, vs_top) are ambiguous roots (operand slots above the running frame's depth are stale).
    pub vs_base: *mut W,
    /// The end of the running frame's window (its base + locals + maximal depth), written at each frame's entry and exit.
    pub vs_top: *mut W,
    /// Precise roots: buffers of `RootedVec` and the like.
    pub roots: *mut RootNode,
    /// Frames: the first and the running one (included), `frame_bytes` each; the words in `frame_map` are ambiguous roots.
    pub frames: *mut u8,
    #[allow(missing_docs)]
    pub frame_top: *mut u8,
    #[allow(missing_docs)]
    pub frame_bytes: u32,
    /// Bit n: word n of a frame is a reference.
    pub frame_map: u32,
    /// The collector's own.
    pub plugin: [usize; 8],
}

/// A buffer of words outside the heap that is scanned; a node of a doubly linked list.
#[repr(C)]
#[allow(missing_docs)]
pub struct RootNode {
    pub next: *mut RootNode,
    pub prev: *mut RootNode,
    pub ptr: *mut W,
    pub len: usize,
}

/// One option from the profile: `gc = { use = "seg", nursery = "16MB" }` gives ("nursery", "16MB").
#[repr(C)]
#[allow(missing_docs)]
pub struct KeyValue {
    pub key: *const u8,
    pub key_len: usize,
    pub value: *const u8,
    pub value_len: usize,
}

/// What `init` receives.
#[repr(C)]
#[allow(missing_docs)]
pub struct GcConfig {
    pub options: *const KeyValue,
    pub n: usize,
    pub types: *const TypeTable,
    /// Writes one sentence about a wrong option, then init returns -1.
    pub complain: unsafe extern "C" fn(*const u8, usize),
}

/// What `stats` fills.
#[derive(Copy, Clone, Default, Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct GcStats {
    pub minor_collections: u64,
    pub major_collections: u64,
    /// Bytes of live cells as of the last major collection plus what was allocated since.
    pub heap_bytes: u64,
    /// Bytes obtained from the system.
    pub reserved_bytes: u64,
    pub native_bytes: u64,
    pub nanoseconds: u64,
    pub longest_pause: u64,
    /// Not zero: dead objects may be waiting for the sweep, so what their rows say will still be asked for.
    pub sweeping: u64,
}

/// `collect`'s kind.
#[repr(u32)]
#[allow(missing_docs)]
pub enum CollectKind {
    Minor = 0,
    Major = 1,
    /// Major, after the dead part of the native stack was cleared.
    Full = 2,
}

/// `GcVTable::caps`. CONSERVATIVE and NONMOVING are mandatory.
pub mod caps {
    #![allow(missing_docs)]
    pub const CONSERVATIVE: u64 = 1;
    pub const NONMOVING: u64 = 2;
    pub const GENERATIONAL: u64 = 4;
    pub const INCREMENTAL: u64 = 8;
    pub const CARDS: u64 = 16;
    pub const STRESS: u64 = 32;
}

/// Added to the offset of `reg_weak`: the slot is zeroed only when its target is gone for good, after finalizers have revived what
/// they reach, and `next_dead_weak` does not report it. For references that the program must not see broken.
pub const WEAK_LATE: u32 = 1 << 31;

/// `alloc_large` flags.
pub const LARGE_PRETENURE: u32 = 1;

/// The table a collector exports.
#[repr(C)]
pub struct GcVTable {
    /// ABI major.
    pub abi: u32,
    /// Bytes of the exporter's table.
    pub size: u32,
    /// `caps::*`
    pub caps: u64,
    /// Once, before the first attach. 0 = ready.
    pub init: unsafe extern "C" fn(*const GcConfig) -> i32,
    /// The calling native thread begins (ends) to use the heap.
    pub attach: unsafe extern "C" fn(*mut GcThread) -> i32,
    #[allow(missing_docs)]
    pub detach: unsafe extern "C" fn(*mut GcThread) -> i32,
    /// A zeroed cell with its header written, any size; null = out of memory.
    pub alloc_slow: unsafe extern "C" fn(*mut GcThread, bytes: usize, tid: u32) -> *mut u8,
    /// As alloc_slow, for arrays that will grow or live long.
    pub alloc_large: unsafe extern "C" fn(*mut GcThread, bytes: usize, tid: u32, flags: u32) -> *mut u8,
    /// Grows (or shrinks) a cell in place to `bytes`; 1 = done, 0 = not possible here. New bytes are zero.
    pub try_extend: unsafe extern "C" fn(*mut GcThread, *mut u8, bytes: usize) -> i32,
    /// Before a store of a reference into an object with GC_BARRIER.
    pub wb_slow: unsafe extern "C" fn(*mut GcThread, *mut u8),
    /// Before a store to one slot of an array with GC_CARDS.
    pub wb_slot: unsafe extern "C" fn(*mut GcThread, *mut u8, *mut W),
    /// Before a bulk store (memmove, slice assignment).
    pub wb_range: unsafe extern "C" fn(*mut GcThread, *mut u8, lo: *mut W, hi: *mut W),
    /// Spills registers, notes the stack pointer, runs `f(ctx)` while other threads may collect.
    pub park: unsafe extern "C" fn(*mut GcThread, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void),
    /// Registers words outside the heap as roots for as long as the process lives or until del_roots(handle).
    pub add_roots: unsafe extern "C" fn(ptr: *const W, n: usize) -> u32,
    #[allow(missing_docs)]
    pub del_roots: unsafe extern "C" fn(u32),
    /// `weak` is an object whose word at byte offset `off` is a weak slot: it is not traced, and zeroed when its target dies.
    /// With [`WEAK_LATE`] added to `off` see there.
    pub reg_weak: unsafe extern "C" fn(*mut GcThread, weak: *mut u8, off: u32),
    /// Queue the object once when it becomes unreachable (it is kept alive until it was taken from the queue).
    pub reg_finalizer: unsafe extern "C" fn(*mut GcThread, *mut u8),
    /// Objects of reg_weak whose target died since, one by one; null = no more.
    pub next_dead_weak: unsafe extern "C" fn(*mut GcThread) -> *mut u8,
    /// Objects of reg_finalizer to finalize, one by one; null = no more. Both queues set `poll` when they fill.
    pub next_finalizable: unsafe extern "C" fn(*mut GcThread) -> *mut u8,
    #[allow(missing_docs)]
    pub collect: unsafe extern "C" fn(*mut GcThread, kind: u32) -> i32,
    /// Automatic collections on (1) or off (0); answers the former state.
    pub enable: unsafe extern "C" fn(*mut GcThread, on: u32) -> u32,
    /// The object an ambiguous word points into, or null.
    pub object_of: unsafe extern "C" fn(word: usize) -> *mut u8,
    /// Calls back with every live object; -1 = not supported.
    pub heap_walk: unsafe extern "C" fn(f: unsafe extern "C" fn(*mut c_void, *mut u8), ctx: *mut c_void) -> i32,
    #[allow(missing_docs)]
    pub stats: unsafe extern "C" fn(*mut GcStats),
    /// kind: 0 before fork, 1 in the parent, 2 in the child.
    pub fork: unsafe extern "C" fn(kind: u32),
}

/// The bit in `GcThread::poll` by which a collector asks for `next_dead_weak`/`next_finalizable` to be drained.
pub const POLL_GC: u32 = 1;
/// Signals have arrived.
pub const POLL_SIGNAL: u32 = 2;
/// An asynchronous exception.
pub const POLL_ASYNC: u32 = 4;
/// Another thread waits for the interpreter lock.
pub const POLL_GIL: u32 = 8;
/// A trace function was set or removed.
pub const POLL_TRACE: u32 = 16;
