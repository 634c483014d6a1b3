//! How a type, its slots and its functions are described by whoever defines them.
//!
//! All strings are C-like views ([`Str`]); all functions are `extern "C-unwind"` and must not let a panic leave their own library.

use crate::thread::Thread;
use crate::word::W;
use std::ffi::c_void;

/// A static UTF-8 string in a table.
#[derive(Copy, Clone)]
#[repr(C)]
pub struct Str {
    ptr: *const u8,
    len: usize,
}
// SAFETY: only made from `&'static str`.
unsafe impl Sync for Str {}
// SAFETY: as above.
unsafe impl Send for Str {}
impl Str {
    /// A view of a static string.
    pub const fn new(s: &'static str) -> Str {
        Str { ptr: s.as_ptr(), len: s.len() }
    }
    /// The string.
    pub fn get(&self) -> &'static str {
        // SAFETY: made from a &'static str.
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.ptr, self.len)) }
    }
}

/// A static slice in a table.
#[repr(C)]
pub struct Slice<T: 'static> {
    ptr: *const T,
    len: usize,
}
impl<T> Copy for Slice<T> {}
impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        *self
    }
}
// SAFETY: only made from a static slice of immutable descriptions.
unsafe impl<T> Sync for Slice<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Slice<T> {}
impl<T> Slice<T> {
    /// A view of a static slice.
    pub const fn new(s: &'static [T]) -> Slice<T> {
        Slice { ptr: s.as_ptr(), len: s.len() }
    }
    /// The slice.
    pub fn get(&self) -> &'static [T] {
        // SAFETY: made from a &'static slice.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

macro_rules! fns {
    ($($(#[$doc:meta])* $name:ident = ($($arg:ty),*) -> $ret:ty;)*) => {
        $($(#[$doc])* pub type $name = unsafe extern "C-unwind" fn(*mut Thread, $($arg),*) -> $ret;)*
    };
}
fns! {
    /// One operand.
    UnaryFn = (W) -> W;
    /// Two operands.
    BinaryFn = (W, W) -> W;
    /// Three operands; NULL for one that was not given.
    TernaryFn = (W, W, W) -> W;
    /// -1 with an exception; else the hash (never -1).
    HashFn = (W) -> i64;
    /// -1 with an exception; else the length.
    LenFn = (W) -> i64;
    /// -1 with an exception; else 0 or 1.
    TestFn = (W) -> i32;
    /// -1 with an exception; else 0 or 1.
    Test2Fn = (W, W) -> i32;
    /// a, b, CmpOp; NotImplemented is an answer.
    CompareFn = (W, W, u32) -> W;
    /// object, index.
    IndexFn = (W, i64) -> W;
    /// object, key, value; value NULL deletes. 0, or -1 with an exception.
    StoreFn = (W, W, W) -> i32;
    /// callable (or type, or self), arguments, count of positional ones, tuple of keyword names or NULL: their values follow the positional ones.
    CallFn = (W, *const W, usize, W) -> W;
    /// As CallFn; 0, or -1 with an exception.
    InitFn = (W, *const W, usize, W) -> i32;
    /// receiver, value; the result goes to the pointer. 1 yielded, 0 returned, -1 raised.
    SendFn = (W, W, *mut W) -> i32;
    /// object, flags (PyBUF_*), view to fill. 0, or -1 with an exception.
    GetBufferFn = (W, u32, *mut BufferView) -> i32;
    /// object, view.
    ReleaseBufferFn = (W, *mut BufferView) -> ();
    /// Finalizer.
    FinalizeFn = (W) -> ();
    /// A function with its arguments parsed: one word each parameter, NULL where an optional one was not given; `*args` a tuple, `**kw` a dict.
    ParsedFn = (*const W) -> W;
    /// self.
    GetFn = (W) -> W;
    /// self, value or NULL. 0, or -1 with an exception.
    SetFn = (W, W) -> i32;
}

/// A view of an exporter's memory (PEP 3118). Shape and strides point to memory of the exporter or of the view itself.
#[derive(Clone)]
#[repr(C)]
#[allow(missing_docs)]
pub struct BufferView {
    pub ptr: *mut u8,
    pub len: usize,
    pub itemsize: usize,
    pub readonly: u32,
    pub ndim: u32,
    /// NUL-terminated struct format; null = "B".
    pub format: *const u8,
    pub shape: *const isize,
    pub strides: *const isize,
    pub suboffsets: *const isize,
    /// The exporter; NULL when the view is not (or no longer) held.
    pub w_obj: W,
    /// For shape[0] and strides[0] of one-dimensional views.
    pub small: [isize; 2],
    pub internal: *mut c_void,
}

macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident : $ty:ty, $special:expr;)*) => {
        /// Operation slots of a class. None = not supported. A subclass inherits what it does not set.
        #[derive(Copy, Clone)]
        #[repr(C)]
        pub struct Slots {
            /// Bytes of this struct as its writer knew it.
            pub size: u32,
            /// Reserved.
            pub pad: u32,
            /// Binary operators by `BinOp`; called with the operands in their order whichever of them owns the slot.
            pub binary: [Option<BinaryFn>; 13],
            /// In-place forms by `BinOp`.
            pub inplace: [Option<BinaryFn>; 13],
            $($(#[$doc])* pub $name: Option<$ty>,)*
        }
        impl Slots {
            /// No slot set.
            pub const EMPTY: Slots = Slots {
                size: std::mem::size_of::<Slots>() as u32, pad: 0, binary: [None; 13], inplace: [None; 13], $($name: None,)*
            };
        }
        /// The special methods a slot answers, in the order of the struct.
        pub static SLOT_NAMES: &[(&str, &[&str])] = &[$((stringify!($name), $special),)*];
    };
}
slots! {
    repr: UnaryFn, &["__repr__"];
    str: UnaryFn, &["__str__"];
    hash: HashFn, &["__hash__"];
    call: CallFn, &["__call__"];
    /// Complete attribute lookup; the default walks type and instance.
    getattr: BinaryFn, &["__getattribute__", "__getattr__"];
    setattr: StoreFn, &["__setattr__", "__delattr__"];
    compare: CompareFn, &["__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"];
    iter: UnaryFn, &["__iter__"];
    /// NULL without an exception = exhausted.
    next: UnaryFn, &["__next__"];
    /// descriptor, object or NULL, type.
    descr_get: TernaryFn, &["__get__"];
    descr_set: StoreFn, &["__set__", "__delete__"];
    /// type, arguments.
    new: CallFn, &["__new__"];
    init: InitFn, &["__init__"];
    len: LenFn, &["__len__"];
    getitem: BinaryFn, &["__getitem__"];
    setitem: StoreFn, &["__setitem__", "__delitem__"];
    contains: Test2Fn, &["__contains__"];
    /// Sequence `+`, tried after the numbers' slots.
    concat: BinaryFn, &["__add__"];
    /// Sequence `*` with the count.
    repeat: IndexFn, &["__mul__", "__rmul__"];
    inplace_concat: BinaryFn, &["__iadd__"];
    inplace_repeat: IndexFn, &["__imul__"];
    bool: TestFn, &["__bool__"];
    neg: UnaryFn, &["__neg__"];
    pos: UnaryFn, &["__pos__"];
    abs: UnaryFn, &["__abs__"];
    invert: UnaryFn, &["__invert__"];
    int: UnaryFn, &["__int__"];
    float: UnaryFn, &["__float__"];
    index: UnaryFn, &["__index__"];
    divmod: BinaryFn, &["__divmod__", "__rdivmod__"];
    /// Three-argument pow; the two-argument form is in `binary`.
    pow3: TernaryFn, &["__pow__"];
    await_: UnaryFn, &["__await__"];
    aiter: UnaryFn, &["__aiter__"];
    anext: UnaryFn, &["__anext__"];
    send: SendFn, &[];
    getbuffer: GetBufferFn, &["__buffer__"];
    releasebuffer: ReleaseBufferFn, &["__release_buffer__"];
    del: FinalizeFn, &["__del__"];
}

/// `FnSpec::flags`.
pub mod ff {
    #![allow(missing_docs)]
    /// `f` is a [`super::CallFn`] and sees the arguments unparsed (self first for a method).
    pub const RAW: u32 = 1;
    /// `f` is a [`super::ParsedFn`].
    pub const PARSED: u32 = 2;
    /// A method of a type: the first parameter is self, checked against the type.
    pub const METHOD: u32 = 4;
    pub const CLASSMETHOD: u32 = 8;
    pub const STATICMETHOD: u32 = 16;
    /// A module's function receives the module as its first argument word.
    pub const WITH_MODULE: u32 = 32;
}

/// A function written in Rust.
#[repr(C)]
pub struct FnSpec {
    /// Python's name.
    pub name: Str,
    /// Python's signature without the name, e.g. `"(self, sep=None, maxsplit=-1, /)"`; a METHOD's starts with `self` (or `$self`).
    /// It drives argument parsing and is what `inspect.signature` shows. Empty with RAW: no signature.
    pub sig: Str,
    #[allow(missing_docs)]
    pub doc: Str,
    /// By the flags a ParsedFn or a CallFn.
    pub f: *const (),
    /// `ff::*`
    pub flags: u32,
    /// Effects for the JIT (`mode::effects`).
    pub effects: u32,
    /// The tracer's version, or null.
    pub record: *const (),
}
// SAFETY: immutable data.
unsafe impl Sync for FnSpec {}

/// A computed attribute.
#[repr(C)]
#[allow(missing_docs)]
pub struct GetSetSpec {
    pub name: Str,
    pub get: GetFn,
    pub set: Option<SetFn>,
    pub doc: Str,
}

/// How a member's bytes are read.
#[derive(Copy, Clone, PartialEq, Eq)]
#[repr(u32)]
pub enum MemberKind {
    /// A word; NULL reads as None.
    Obj,
    /// A word; NULL is an AttributeError.
    ObjEx,
    /// i64
    Int,
    /// f64
    Float,
    /// u8
    Bool,
}

/// An attribute that is a field of the object.
#[repr(C)]
#[allow(missing_docs)]
pub struct MemberSpec {
    pub name: Str,
    pub kind: MemberKind,
    pub offset: u32,
    pub readonly: u32,
    pub doc: Str,
}

/// `TypeSpec::flags`.
pub mod ty {
    #![allow(missing_docs)]
    /// May be subclassed.
    pub const BASETYPE: u32 = 1;
    /// Attributes of the type cannot be set.
    pub const IMMUTABLE: u32 = 2;
    /// Cannot be called to make an instance.
    pub const DISALLOW_INSTANTIATION: u32 = 4;
    /// Instances have a `__dict__` (an instance part follows the struct).
    pub const DICT: u32 = 8;
    pub const WEAKREF: u32 = 16;
    /// For `match`: sequence or mapping pattern.
    pub const SEQUENCE: u32 = 32;
    pub const MAPPING: u32 = 64;
}

/// A type written in Rust.
#[repr(C)]
pub struct TypeSpec {
    /// Dotted: "collections.deque".
    pub name: Str,
    #[allow(missing_docs)]
    pub doc: Str,
    /// `ty::*`
    pub flags: u32,
    /// `gc::tf::*` of the layout: VAR, ITEMS_W, NO_PTRS, TRACE, FREE.
    pub layout_flags: u32,
    /// Bytes of the struct.
    pub fixed_bytes: u32,
    #[allow(missing_docs)]
    pub item_bytes: u32,
    #[allow(missing_docs)]
    pub len_off: u32,
    #[allow(missing_docs)]
    pub items_off: u32,
    /// As in TypeInfo.
    pub ptr_map: u64,
    #[allow(missing_docs)]
    pub trace: Option<unsafe extern "C" fn(obj: *mut u8, v: crate::gc::Visit, ctx: *mut c_void)>,
    #[allow(missing_docs)]
    pub free: Option<unsafe extern "C" fn(obj: *mut u8)>,
    #[allow(missing_docs)]
    pub native_bytes: Option<unsafe extern "C" fn(obj: *const u8) -> usize>,
    #[allow(missing_docs)]
    pub slots: &'static Slots,
    #[allow(missing_docs)]
    pub methods: Slice<FnSpec>,
    #[allow(missing_docs)]
    pub getset: Slice<GetSetSpec>,
    #[allow(missing_docs)]
    pub members: Slice<MemberSpec>,
}
// SAFETY: immutable data.
unsafe impl Sync for TypeSpec {}
