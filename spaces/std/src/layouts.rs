//! The layouts of the built-in objects. Only code of this space looks into them.

use taipan_abi::types::{FnSpec, GetSetSpec, MemberSpec, Slots, TypeSpec};
use taipan_abi::word::*;
use taipan_plugin_api::{GcObject, GcVec};

pub use taipan_interp::objects::{WCell, WFrame, WFunction, WGenerator, WMethod, WTraceback};

/// Type rows of this space beyond those fixed in the ABI. Each family numbers its own from its base.
pub mod tid {
    use taipan_abi::word::FIRST_FREE_TID;
    /// `types`
    pub const TYPES: u32 = FIRST_FREE_TID;
    /// `num`
    pub const NUM: u32 = TYPES + 40;
    /// `text`
    pub const TEXT: u32 = NUM + 20;
    /// `containers`
    pub const CONTAINERS: u32 = TEXT + 60;
    /// `exc`
    pub const EXC: u32 = CONTAINERS + 60;
    /// `run`
    pub const RUN: u32 = EXC + 100;
    /// Rows given out at run time begin here.
    pub const END: u32 = RUN + 60;
}

/// float
#[derive(GcObject)]
#[repr(C)]
pub struct WFloat {
    pub header: Header,
    pub value: f64,
}

/// An int beyond 63 bits, and every instance of a subclass of int. The digits are native memory, released by the row's `free`.
#[repr(C)]
pub struct WLong {
    pub header: Header,
    pub value: std::mem::ManuallyDrop<num_bigint::BigInt>,
}

/// complex
#[derive(GcObject)]
#[repr(C)]
pub struct WComplex {
    pub header: Header,
    pub re: f64,
    pub im: f64,
}

/// str: characters of one width follow. `header.aux[0]` is log2 of the width in bytes (0, 1, 2; the narrowest that fits), `aux[1]`
/// has STR_ASCII and STR_INTERNED. VAR with 1-byte items counted by `nbytes`.
#[derive(GcObject)]
#[repr(C)]
pub struct WStr {
    pub header: Header,
    pub nbytes: usize,
    /// 0 = not computed yet. Bits as `hash(s)`.
    pub hash: u64,
}
/// All characters below 128.
pub const STR_ASCII: u8 = 1;
/// In the table of interned strings.
pub const STR_INTERNED: u8 = 2;

/// bytes: `len` bytes follow.
#[derive(GcObject)]
#[repr(C)]
pub struct WBytes {
    pub header: Header,
    pub len: usize,
    pub hash: u64,
}

/// bytearray: data in a TID_ARRAY_RAW object (header, capacity u64, bytes).
#[derive(GcObject)]
#[repr(C)]
pub struct WBytearray {
    pub header: Header,
    pub w_data: W,
    pub start: usize,
    pub len: usize,
    /// Buffers held; it may not be resized while there are some.
    pub exports: usize,
}

/// tuple: `len` words follow.
#[derive(GcObject)]
#[repr(C)]
pub struct WTuple {
    pub header: Header,
    pub len: usize,
}

/// list. `header.aux[0]` is the storage strategy: 0 = words (small ints need no other, they are unboxed words already).
#[derive(GcObject)]
#[repr(C)]
pub struct WList {
    pub header: Header,
    pub items: GcVec,
}

/// dict: an insertion-ordered table of entries in one TID_DICT_KEYS object.
#[derive(GcObject)]
#[repr(C)]
pub struct WDict {
    pub header: Header,
    /// A WDictKeys, or NULL while empty.
    pub w_keys: W,
    pub len: usize,
    /// Identifies (the set of keys, their entry indexes): a fresh number is given by whoever caches it when it is 0, and it becomes 0
    /// with any insertion of a new key, deletion or rebuild. Values may change under the same version.
    pub keys_version: u64,
}

/// One entry of a dict; a deleted one has key NULL.
#[derive(Copy, Clone)]
#[repr(C)]
pub struct DictEntry {
    pub hash: u64,
    pub w_key: W,
    pub w_value: W,
}
/// The table behind a dict: header, this struct, `entries_cap` entries, then 2^log2_size indexes (u8, u16 or u32 by size; 0 = free,
/// 1 = deleted, n+2 = entry n). Its row has a trace function. str-only tables (`str_only`) compare keys without calling Python.
#[repr(C)]
pub struct WDictKeys {
    pub header: Header,
    /// Bytes after this struct (for the collector).
    pub nbytes: usize,
    pub log2_size: u8,
    pub index_bytes: u8,
    pub str_only: bool,
    pub pad: [u8; 5],
    /// Entries used so far, deleted ones included.
    pub nentries: usize,
    pub entries_cap: usize,
}
impl WDictKeys {
    /// Entry i, i < nentries.
    ///
    /// # Safety
    /// `keys` is such an object and i in range.
    #[inline(always)]
    pub unsafe fn entry(keys: *mut WDictKeys, i: usize) -> *mut DictEntry {
        (keys.add(1) as *mut DictEntry).add(i)
    }
}

/// set and frozenset: the same kind of table without values.
#[derive(GcObject)]
#[repr(C)]
pub struct WSet {
    pub header: Header,
    pub w_keys: W,
    pub len: usize,
    /// frozenset's cached hash, 0 = not computed.
    pub hash: u64,
    /// Changes with every change of the contents, for iterators.
    pub version: u64,
}

/// slice
#[derive(GcObject)]
#[repr(C)]
pub struct WSlice {
    pub header: Header,
    pub w_start: W,
    pub w_stop: W,
    pub w_step: W,
}

/// range; the fields are ints of any size.
#[derive(GcObject)]
#[repr(C)]
pub struct WRange {
    pub header: Header,
    pub w_start: W,
    pub w_stop: W,
    pub w_step: W,
    pub w_len: W,
}

/// Iterator of a list or tuple (rows TID_LIST_ITER, TID_TUPLE_ITER): `w_seq` NULL when exhausted.
#[derive(GcObject)]
#[repr(C)]
pub struct WSeqIter {
    pub header: Header,
    pub w_seq: W,
    pub index: usize,
}

/// Iterator of a range whose values all fit small ints (row TID_RANGE_ITER): `left` values from `next` on.
#[derive(GcObject)]
#[repr(C)]
pub struct WRangeIter {
    pub header: Header,
    pub next: i64,
    pub step: i64,
    pub left: u64,
}

/// Iterator of a dict (row TID_DICT_ITER): `what` 0 keys, 1 values, 2 items.
#[derive(GcObject)]
#[repr(C)]
pub struct WDictIter {
    pub header: Header,
    pub w_dict: W,
    pub index: usize,
    /// `len` of the dict when the iterator was made: a change is a RuntimeError.
    pub len: usize,
    pub what: u64,
    /// Items still to come, for `__length_hint__` and to notice that keys were exchanged under the same `len`.
    pub left: usize,
}

/// A function or bound method written in Rust. `sig` is native, shared, never freed.
#[derive(GcObject)]
#[repr(C)]
pub struct WBuiltin {
    pub header: Header,
    pub spec: *const FnSpec,
    pub sig: *const crate::types::signature::Signature,
    /// The bound self (or class of a classmethod), or NULL.
    pub w_self: W,
    pub w_module: W,
}

/// Descriptor of a method written in Rust (`str.join`), also of class and static methods of built-in types (by the spec's flags).
#[derive(GcObject)]
#[repr(C)]
pub struct WMethodDescr {
    pub header: Header,
    pub spec: *const FnSpec,
    pub sig: *const crate::types::signature::Signature,
    pub w_type: W,
}

/// Descriptor of a special method that is a slot (`int.__add__`).
#[derive(GcObject)]
#[repr(C)]
pub struct WSlotWrapper {
    pub header: Header,
    /// Which special method: index into `types::slotdefs`.
    pub def: usize,
    pub w_type: W,
}

/// Descriptor of a computed attribute (`GetSetSpec`).
#[derive(GcObject)]
#[repr(C)]
pub struct WGetSet {
    pub header: Header,
    pub spec: *const GetSetSpec,
    pub w_type: W,
}

/// Descriptor of a field (`MemberSpec`), or of a `__slots__` entry (spec null; `offset` is the attribute's, `w_name` its name).
#[derive(GcObject)]
#[repr(C)]
pub struct WMember {
    pub header: Header,
    pub spec: *const MemberSpec,
    pub w_type: W,
    pub w_name: W,
    pub offset: usize,
}

/// property
#[derive(GcObject)]
#[repr(C)]
pub struct WProperty {
    pub header: Header,
    pub w_get: W,
    pub w_set: W,
    pub w_del: W,
    pub w_doc: W,
    pub w_name: W,
    pub getter_doc: bool,
}

/// staticmethod, classmethod
#[derive(GcObject)]
#[repr(C)]
pub struct WWrapperDescr {
    pub header: Header,
    pub w_func: W,
    pub w_dict: W,
}

/// module
#[derive(GcObject)]
#[repr(C)]
pub struct WModule {
    pub header: Header,
    pub w_dict: W,
    /// The spec of a mixed module, or null.
    pub spec: *const taipan_abi::host::ModuleSpec,
}

/// A class.
#[derive(GcObject)]
#[repr(C)]
pub struct WType {
    pub header: Header,
    pub w_name: W,
    pub w_qualname: W,
    /// Tuple of bases; the MRO as a tuple; the base that decides the layout.
    pub w_bases: W,
    pub w_mro: W,
    pub w_base: W,
    /// The namespace (a WDict with str keys).
    pub w_dict: W,
    /// Direct subclasses: see `types::subclasses`.
    pub w_subclasses: W,
    pub w_doc: W,
    pub w_module: W,
    /// The description of a built-in type, or null.
    pub spec: *const TypeSpec,
    /// Native, owned by the class: what the rows of its instances point to.
    pub slots: *mut Slots,
    /// The row of a fresh instance, and the one for instances whose attributes live in a dict (0 = none).
    pub tid: u32,
    pub dict_tid: u32,
    /// `tflags::*`
    pub flags: u64,
    /// For caches of lookups on the class itself: a number never given twice, 0 = not assigned.
    pub version: u64,
    /// Inline attribute slots of instances.
    pub nslots: u32,
    /// Length at which dead entries are thrown out of `w_subclasses`.
    pub subclass_limit: u32,
    /// Classes are freed by a hook, and cells of a size that has such are swept one by one: this makes the size a rare one.
    pub rare: [u64; 15],
}

/// `WType::flags`
pub mod tflags {
    /// Made by a class statement or `type()`.
    pub const HEAP: u64 = 1;
    pub const BASETYPE: u64 = 2;
    /// Attributes of the class cannot be set.
    pub const IMMUTABLE: u64 = 4;
    pub const ABSTRACT: u64 = 8;
    /// Instances have a `__dict__`.
    pub const DICT: u64 = 16;
    pub const WEAKREF: u64 = 32;
    pub const SEQUENCE: u64 = 64;
    pub const MAPPING: u64 = 128;
    pub const DISALLOW_INSTANTIATION: u64 = 256;
    /// Has `__del__`.
    pub const FINALIZER: u64 = 512;
    /// `__getattribute__`, `__setattr__` are object's; there is no `__getattr__`.
    pub const PLAIN_GETATTR: u64 = 1024;
    pub const PLAIN_SETATTR: u64 = 2048;
    /// A metaclass or a class: subclass of type.
    pub const TYPE_SUBCLASS: u64 = 4096;
    pub const EXC_SUBCLASS: u64 = 8192;
    /// `__new__`/`__init__` is object's.
    pub const PLAIN_NEW: u64 = 1 << 14;
    pub const PLAIN_INIT: u64 = 1 << 15;
}

/// The instance part of an object whose row has `tf::INSTANCE`, at `inst_off`: attributes by the row's shape.
#[repr(C)]
pub struct InstancePart {
    /// Attributes beyond the inline slots (a GcArray), or the `__dict__` (rows with DICT_MODE), or NULL.
    pub w_ext: W,
    // nslots inline words follow
}

/// An exception.
#[derive(GcObject)]
#[repr(C)]
pub struct WException {
    pub header: Header,
    /// Tuple.
    pub w_args: W,
    /// Traceback or NULL.
    pub w_traceback: W,
    pub w_context: W,
    pub w_cause: W,
    pub suppress_context: u64,
}
