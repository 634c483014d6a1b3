//! The word, the object header, and the objects at fixed addresses.

use std::fmt;

/// One word: what every Python value is at interp-level.
///
/// Odd = a small int of 63 bits. Even and not zero = the address of a heap object (never moved). Zero = no value: "unbound"
/// in a slot, "an exception is pending in the Thread" as a result.
///
/// A word may stand in locals, on the native stack, in heap objects that trace it and in registered roots, nowhere else:
/// a `Vec<W>` or a static hides it from the collector.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct W(pub u64);

/// Where the page of the singletons is mapped. The address is part of the ABI, so that `None` is a constant in every part
/// and in machine code.
pub const SINGLETONS: u64 = 0x1000_0000_0000;

#[allow(missing_docs)]
impl W {
    pub const NULL: W = W(0);
    pub const NONE: W = W(SINGLETONS);
    pub const FALSE: W = W(SINGLETONS + 0x10);
    pub const TRUE: W = W(SINGLETONS + 0x20);
    pub const NOT_IMPLEMENTED: W = W(SINGLETONS + 0x30);
    pub const ELLIPSIS: W = W(SINGLETONS + 0x40);
    /// No object: the answer of an iterator that has no more items, where NULL says that it has raised.
    pub const EXHAUSTED: W = W(SINGLETONS + 0x50);

    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }
    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.0 == W::NONE.0
    }
    /// A tagged small int.
    #[inline(always)]
    pub const fn is_int(self) -> bool {
        self.0 & 1 != 0
    }
    /// A heap object (neither NULL nor a small int).
    #[inline(always)]
    pub const fn is_obj(self) -> bool {
        self.0 & 1 == 0 && self.0 != 0
    }
    /// Tags; `i` must fit 63 bits ([`W::fits`]).
    #[inline(always)]
    pub const fn int(i: i64) -> W {
        W((i as u64) << 1 | 1)
    }
    /// The value of a small int.
    #[inline(always)]
    pub const fn untag(self) -> i64 {
        self.0 as i64 >> 1
    }
    #[inline(always)]
    pub const fn fits(i: i64) -> bool {
        (i << 1) >> 1 == i
    }
    #[inline(always)]
    pub const fn bool(b: bool) -> W {
        W(W::FALSE.0 + ((b as u64) << 4))
    }
    #[inline(always)]
    pub const fn ptr<T>(self) -> *mut T {
        self.0 as *mut T
    }
    #[inline(always)]
    pub fn of<T>(p: *const T) -> W {
        W(p as u64)
    }
    /// The header of a heap object. The caller knows that this is one (`is_obj`).
    #[inline(always)]
    pub unsafe fn header<'a>(self) -> &'a mut Header {
        &mut *(self.0 as *mut Header)
    }
    /// The type id; small ints answer [`TID_INT`].
    #[inline(always)]
    pub unsafe fn tid(self) -> u32 {
        if self.is_int() { TID_INT } else { (*(self.0 as *const Header)).tid }
    }
    /// A heap object with exactly this type id (NULL is none).
    #[inline(always)]
    pub unsafe fn is_tid(self, tid: u32) -> bool {
        self.is_obj() && (*(self.0 as *const Header)).tid == tid
    }
}

impl fmt::Debug for W {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            W::NULL => f.write_str("NULL"),
            W::NONE => f.write_str("None"),
            w if w.is_int() => write!(f, "{}", w.untag()),
            w => write!(f, "<{:#x}>", w.0),
        }
    }
}

/// The first 8 bytes of every heap object.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
pub struct Header {
    /// Index into the type table: the hidden class of the object, and through it its class. 0 = not allocated.
    pub tid: u32,
    /// Bits of the collector (`gc::GC_*`).
    pub gc: u8,
    /// Bits of the runtime: `RT_*` below.
    pub rt: u8,
    /// Free for the type's own use (a str keeps its kind here).
    pub aux: [u8; 2],
}

/// `Header::rt`: a weak reference to the object exists.
pub const RT_WEAKREFD: u8 = 1;
/// `Header::rt`: the finalizer has run, or is no longer wanted: collectors leave such an object alone.
pub const RT_FINALIZED: u8 = 2;

macro_rules! fixed_tids {
    ($($name:ident)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u32)]
        enum FixedTid { _INVALID, $($name,)* FIRST_FREE }
        $(#[doc = concat!("Fixed type id ", stringify!($name), ".")] pub const $name: u32 = FixedTid::$name as u32;)*
        /// The first type id that is given out at run time.
        pub const FIRST_FREE_TID: u32 = FixedTid::FIRST_FREE as u32;
    };
}
// The types whose exact instances the evaluator, the tracer and the interfaces recognize by one compare.
fixed_tids! {
    TID_NONE TID_BOOL TID_NOT_IMPLEMENTED TID_ELLIPSIS TID_INT TID_LONG TID_FLOAT TID_COMPLEX TID_STR TID_BYTES TID_BYTEARRAY
    TID_TUPLE TID_LIST TID_DICT TID_SET TID_FROZENSET TID_SLICE TID_RANGE TID_TYPE TID_OBJECT TID_FUNCTION TID_BUILTIN
    TID_METHOD TID_BUILTIN_METHOD TID_CODE TID_CELL TID_FRAME TID_GENERATOR TID_COROUTINE TID_ASYNC_GENERATOR TID_TRACEBACK
    TID_MODULE TID_ARRAY_W TID_ARRAY_RAW TID_DICT_KEYS TID_LIST_ITER TID_TUPLE_ITER TID_RANGE_ITER TID_STR_ITER
    TID_DICT_ITER TID_METHOD_DESCR TID_GETSET TID_MEMBER TID_SLOT_WRAPPER TID_METHOD_WRAPPER TID_PROPERTY TID_STATICMETHOD
    TID_CLASSMETHOD TID_SUPER TID_MAPPINGPROXY TID_MEMORYVIEW TID_ENUMERATE TID_ZIP TID_MAP TID_FILTER TID_REVERSED
}
