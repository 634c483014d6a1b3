//! The operation table, written once as data.
//!
//! [`operations!`] hands every row to a macro of the caller's choice: the table's struct is generated from it here, proxies, dump
//! formats, documentation and tests elsewhere.
//!
//! A row: `name(arguments) -> result; force = mask; flags; special methods;`
//! * bit n of `force`: a proxy must look at argument n (a lazy value must be computed). Stored and passed-on values are not forced.
//! * results: `W` NULL = raised (for `next`, `*_opt` and `dict_get`: NULL without a pending exception = nothing there); `i32` and `i64`
//!   -1 = raised.
//! * flags: `PURE` same answer for the same exact built-in arguments; `PY` may call app-level code; `WRAPS` the result is a new wrapped
//!   object; `VIEW` unwraps or looks inside.

use crate::gc::TypeInfo;
use crate::mode::CallDesc;
use crate::thread::Thread;
use crate::types::{BufferView, FnSpec, TypeSpec};
use crate::word::W;

/// A string's characters. `kind` 1, 2 or 4 bytes each; `ascii`: all below 128, so the bytes are UTF-8.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct StrView {
    pub ptr: *const u8,
    pub len: usize,
    pub kind: u32,
    pub ascii: u32,
}

/// Items of a tuple.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct SeqView {
    pub ptr: *const W,
    pub len: usize,
}

/// Magnitude (little-endian 64-bit digits) and sign of an int. `small` holds the digit of a tagged one.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
#[allow(missing_docs)]
pub struct IntView {
    pub digits: *const u64,
    pub len: usize,
    pub negative: u32,
    pub pad: u32,
    pub small: u64,
}

/// Row flags.
pub mod of {
    #![allow(missing_docs)]
    pub const NONE: u32 = 0;
    pub const PURE: u32 = 1;
    pub const PY: u32 = 2;
    pub const WRAPS: u32 = 4;
    pub const VIEW: u32 = 8;
}

/// Passes the rows to `$cb!`.
#[macro_export]
macro_rules! operations {
    ($cb:path) => {
        $cb! {
            // identity and type
            is_(a: W, b: W) -> i32; 0b11; PURE; "";
            id(a: W) -> W; 0b1; PURE; "";
            type_(a: W) -> W; 0b1; PURE; "";
            isinstance(a: W, cls: W) -> i32; 0b11; PY; "__instancecheck__";
            issubclass(a: W, cls: W) -> i32; 0b11; PY; "__subclasscheck__";
            // conversions
            repr(a: W) -> W; 0b1; PY; "__repr__";
            str(a: W) -> W; 0b1; PY; "__str__";
            ascii(a: W) -> W; 0b1; PY; "";
            format(a: W, spec: W) -> W; 0b11; PY; "__format__";
            len(a: W) -> i64; 0b1; PY; "__len__";
            length_hint(a: W, default: i64) -> i64; 0b1; PY; "__length_hint__";
            hash(a: W) -> i64; 0b1; PY; "__hash__";
            int(a: W) -> W; 0b1; PY; "__int__";
            index(a: W) -> W; 0b1; PY; "__index__";
            float(a: W) -> W; 0b1; PY; "__float__";
            // attributes
            getattr(a: W, name: W) -> W; 0b11; PY; "__getattribute__";
            getattr_opt(a: W, name: W) -> W; 0b11; PY; "__getattribute__";
            setattr(a: W, name: W, v: W) -> i32; 0b11; PY; "__setattr__";
            delattr(a: W, name: W) -> i32; 0b11; PY; "__delattr__";
            lookup_special(a: W, name: W) -> W; 0b11; PY; "";
            get(descr: W, obj: W, cls: W) -> W; 0b11; PY; "__get__";
            set(descr: W, obj: W, v: W) -> i32; 0b11; PY; "__set__";
            delete(descr: W, obj: W) -> i32; 0b11; PY; "__delete__";
            // items
            getitem(a: W, k: W) -> W; 0b11; PY; "__getitem__";
            setitem(a: W, k: W, v: W) -> i32; 0b11; PY; "__setitem__";
            delitem(a: W, k: W) -> i32; 0b11; PY; "__delitem__";
            contains(a: W, x: W) -> i32; 0b11; PY; "__contains__";
            // unary
            pos(a: W) -> W; 0b1; PY; "__pos__";
            neg(a: W) -> W; 0b1; PY; "__neg__";
            abs(a: W) -> W; 0b1; PY; "__abs__";
            invert(a: W) -> W; 0b1; PY; "__invert__";
            is_true(a: W) -> i32; 0b1; PY; "__bool__";
            // binary
            add(a: W, b: W) -> W; 0b11; PY; "__add__";
            sub(a: W, b: W) -> W; 0b11; PY; "__sub__";
            mul(a: W, b: W) -> W; 0b11; PY; "__mul__";
            truediv(a: W, b: W) -> W; 0b11; PY; "__truediv__";
            floordiv(a: W, b: W) -> W; 0b11; PY; "__floordiv__";
            mod_(a: W, b: W) -> W; 0b11; PY; "__mod__";
            and_(a: W, b: W) -> W; 0b11; PY; "__and__";
            or_(a: W, b: W) -> W; 0b11; PY; "__or__";
            xor(a: W, b: W) -> W; 0b11; PY; "__xor__";
            lshift(a: W, b: W) -> W; 0b11; PY; "__lshift__";
            rshift(a: W, b: W) -> W; 0b11; PY; "__rshift__";
            pow(a: W, b: W, c: W) -> W; 0b111; PY; "__pow__";
            matmul(a: W, b: W) -> W; 0b11; PY; "__matmul__";
            divmod(a: W, b: W) -> W; 0b11; PY; "__divmod__";
            inplace_add(a: W, b: W) -> W; 0b11; PY; "__iadd__";
            inplace_sub(a: W, b: W) -> W; 0b11; PY; "__isub__";
            inplace_mul(a: W, b: W) -> W; 0b11; PY; "__imul__";
            inplace_truediv(a: W, b: W) -> W; 0b11; PY; "__itruediv__";
            inplace_floordiv(a: W, b: W) -> W; 0b11; PY; "__ifloordiv__";
            inplace_mod(a: W, b: W) -> W; 0b11; PY; "__imod__";
            inplace_and(a: W, b: W) -> W; 0b11; PY; "__iand__";
            inplace_or(a: W, b: W) -> W; 0b11; PY; "__ior__";
            inplace_xor(a: W, b: W) -> W; 0b11; PY; "__ixor__";
            inplace_lshift(a: W, b: W) -> W; 0b11; PY; "__ilshift__";
            inplace_rshift(a: W, b: W) -> W; 0b11; PY; "__irshift__";
            inplace_pow(a: W, b: W) -> W; 0b11; PY; "__ipow__";
            inplace_matmul(a: W, b: W) -> W; 0b11; PY; "__imatmul__";
            // comparison
            lt(a: W, b: W) -> W; 0b11; PY; "__lt__";
            le(a: W, b: W) -> W; 0b11; PY; "__le__";
            eq(a: W, b: W) -> W; 0b11; PY; "__eq__";
            ne(a: W, b: W) -> W; 0b11; PY; "__ne__";
            gt(a: W, b: W) -> W; 0b11; PY; "__gt__";
            ge(a: W, b: W) -> W; 0b11; PY; "__ge__";
            eq_w(a: W, b: W) -> i32; 0b11; PY; "";
            // iteration
            iter(a: W) -> W; 0b1; PY; "__iter__";
            next(a: W) -> W; 0b1; PY; "__next__";
            send(a: W, v: W, result: *mut W) -> i32; 0b1; PY; "";
            await_(a: W) -> W; 0b1; PY; "__await__";
            aiter(a: W) -> W; 0b1; PY; "__aiter__";
            anext(a: W) -> W; 0b1; PY; "__anext__";
            // calls
            call(f: W, args: *const W, nargs: usize, kwnames: W) -> W; 0b1; PY; "__call__";
            call_method(a: W, name: W, args: *const W, nargs: usize, kwnames: W) -> W; 0b11; PY; "";
            call_ex(f: W, args: W, kwargs: W) -> W; 0b1; PY; "";
            callable(a: W) -> i32; 0b1; NONE; "";
            // unwrapping
            int_w(a: W, out: *mut i64) -> i32; 0b1; VIEW; "__index__";
            bigint_w(a: W, out: *mut IntView) -> i32; 0b1; VIEW; "__index__";
            float_w(a: W, out: *mut f64) -> i32; 0b1; VIEW; "__float__";
            complex_w(a: W, re: *mut f64, im: *mut f64) -> i32; 0b1; VIEW; "__complex__";
            text_w(a: W, out: *mut StrView) -> i32; 0b1; VIEW; "";
            bytes_w(a: W, out: *mut BufferView) -> i32; 0b1; VIEW; "";
            tuple_w(a: W, out: *mut SeqView) -> i32; 0b1; VIEW; "";
            fixedtuple(a: W) -> W; 0b1; PY; "__iter__";
            getbuffer(a: W, flags: u32, out: *mut BufferView) -> i32; 0b1; VIEW; "__buffer__";
            releasebuffer(view: *mut BufferView) -> i32; 0; VIEW; "__release_buffer__";
            // wrapping
            newint(i: i64) -> W; 0; WRAPS; "";
            newbigint(digits: *const u64, len: usize, negative: u32) -> W; 0; WRAPS; "";
            newfloat(f: f64) -> W; 0; WRAPS; "";
            newcomplex(re: f64, im: f64) -> W; 0; WRAPS; "";
            newstr(utf8: *const u8, len: usize) -> W; 0; WRAPS; "";
            newstr_kind(chars: *const u8, len: usize, kind: u32) -> W; 0; WRAPS; "";
            intern(utf8: *const u8, len: usize) -> W; 0; WRAPS; "";
            intern_str(a: W) -> W; 0b1; WRAPS; "";
            newbytes(p: *const u8, len: usize) -> W; 0; WRAPS; "";
            newbytearray(p: *const u8, len: usize) -> W; 0; WRAPS; "";
            newtuple(items: *const W, len: usize) -> W; 0; WRAPS; "";
            newlist(items: *const W, len: usize) -> W; 0; WRAPS; "";
            newdict() -> W; 0; WRAPS; "";
            newset(items: *const W, len: usize, frozen: u32) -> W; 0; WRAPS; "";
            newslice(start: W, stop: W, step: W) -> W; 0; WRAPS; "";
            newfunction(spec: *const FnSpec, w_self: W, w_module: W) -> W; 0; WRAPS; "";
            newtype(spec: *const TypeSpec, w_base: W, w_module: W) -> W; 0; WRAPS; "";
            newmethod(w_func: W, w_self: W) -> W; 0; WRAPS; "";
            newmodule(name: W) -> W; 0; WRAPS; "";
            newmemoryview(a: W) -> W; 0b1; WRAPS; "";
            newcell(v: W) -> W; 0; WRAPS; "";
            newstructseq_type(name: W, doc: W, fields: W, n_sequence: i64) -> W; 0; WRAPS; "";
            allocate(w_type: W, nitems: usize) -> W; 0; WRAPS; "";
            // containers in bulk
            list_append(a: W, v: W) -> i32; 0b1; VIEW; "";
            list_len(a: W) -> i64; 0b1; VIEW; "";
            list_item(a: W, i: i64) -> W; 0b1; VIEW; "";
            list_setitem(a: W, i: i64, v: W) -> i32; 0b1; VIEW; "";
            list_sort(a: W, key: W, reverse: i32) -> i32; 0b1; VIEW; "";
            dict_get(a: W, k: W) -> W; 0b11; VIEW; "";
            dict_set(a: W, k: W, v: W) -> i32; 0b11; VIEW; "";
            dict_del(a: W, k: W) -> i32; 0b11; VIEW; "";
            dict_len(a: W) -> i64; 0b1; VIEW; "";
            dict_next(a: W, pos: *mut i64, k: *mut W, v: *mut W) -> i32; 0b1; VIEW; "";
            dict_copy(a: W) -> W; 0b1; VIEW; "";
            dict_update(a: W, other: W, overwrite: i32) -> i32; 0b11; VIEW; "";
            set_add(a: W, v: W) -> i32; 0b11; VIEW; "";
            set_contains(a: W, v: W) -> i32; 0b11; VIEW; "";
            // exceptions and warnings
            raise_text(known: u32, text: *const u8, len: usize) -> i32; 0; WRAPS; "";
            raise_object(w_type: W, w_value: W) -> i32; 0b11; PY; "";
            raise_os_error(errno: i32, w_filename: W, w_filename2: W) -> i32; 0; PY; "";
            exc_match(w_exc: W, w_class: W) -> i32; 0b11; NONE; "";
            warn(w_category: W, text: *const u8, len: usize, stacklevel: i64) -> i32; 0; PY; "";
            write_unraisable(w_context: W) -> i32; 0; PY; "";
            // modules and code
            import_module(name: W) -> W; 0b1; PY; "";
            builtin(name: W) -> W; 0b1; NONE; "";
            newcode(marshalled: *const u8, len: usize) -> W; 0; WRAPS; "";
            exec_code(w_code: W, w_globals: W, w_locals: W) -> W; 0b11; PY; "";
            code_marshal(w_code: W) -> W; 0b1; VIEW; "";
            // weak references and finalization
            weakref_new(w_type: W, obj: W, callback: W) -> W; 0b10; WRAPS; "";
            weakref_get(a: W) -> W; 0b1; VIEW; "";
            weakref_list(obj: W) -> W; 0b1; VIEW; "";
            collect(kind: u32) -> i64; 0; PY; "";
            // evaluation state
            poll() -> i32; 0; PY; "";
            frame(depth: i64) -> W; 0; VIEW; "";
            exc_info() -> W; 0; VIEW; "";
        }
    };
}

/// Exec and record versions of an operation. The residual description always exists, the record version where the space offers one.
#[repr(C)]
pub struct OpPair<E: 'static> {
    /// The operation.
    pub exec: E,
    /// Its tracing version (same signature over `V<..>` and a recorder), or null.
    pub record: *const (),
    /// Effects of `exec` when it is called from compiled code; null = unknown (everything).
    pub residual: *const CallDesc,
}
impl<E> OpPair<E> {
    /// An operation without a tracing version.
    pub const fn new(exec: E) -> Self {
        OpPair { exec, record: std::ptr::null(), residual: std::ptr::null() }
    }
}

macro_rules! table {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty; $force:literal; $flag:ident; $special:literal;)*) => {
        /// The operations of a space.
        #[repr(C)]
        pub struct OpTable {
            /// ABI major.
            pub abi: u32,
            /// Bytes of the exporter's table.
            pub size: u32,
            /// The layer's name: "std", "thunk", ...
            pub name: crate::types::Str,
            /// The next layer inwards, or null.
            pub inner: *const OpTable,
            /// The steps of the continuation protocol, or null: the evaluator then uses the full operations.
            pub steps: *const StepTable,
            $(#[allow(missing_docs)] pub $name: OpPair<unsafe extern "C-unwind" fn(*mut Thread $(, $ty)*) -> $ret>,)*
        }
        /// The rows as data.
        pub static OPERATIONS: &[OpInfo] = &[$(OpInfo {
            name: stringify!($name), args: &[$(stringify!($arg)),*], types: &[$(stringify!($ty)),*], result: stringify!($ret), force: $force,
            flags: of::$flag, special: $special,
        },)*];
    };
}
operations!(table);
// SAFETY: immutable after the spaces are stacked.
unsafe impl Sync for OpTable {}

/// One row of the table, for tools.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct OpInfo {
    pub name: &'static str,
    pub args: &'static [&'static str],
    pub types: &'static [&'static str],
    pub result: &'static str,
    pub force: u32,
    pub flags: u32,
    pub special: &'static str,
}

/// The evaluator's form of the operations that may call Python: the answer says whether it is done or which function to call with
/// which continuation. An entry that is null stands for the full operation.
#[repr(C)]
#[allow(missing_docs)]
pub struct StepTable {
    pub abi: u32,
    pub size: u32,
    pub binop: Option<StepFn3>,
    pub compare: Option<StepFn3>,
    pub unary: Option<StepFn3>,
    pub is_true: Option<StepFn3>,
    pub contains: Option<StepFn3>,
    pub getattr: Option<StepFn3>,
    pub setattr: Option<StepFn3>,
    pub getitem: Option<StepFn3>,
    pub setitem: Option<StepFn3>,
    pub iter: Option<StepFn3>,
    pub next: Option<StepFn3>,
    pub call: Option<StepFn3>,
}
/// `op` selects within the family (operator, comparison); operands that the family does not use are NULL.
pub type StepFn3 = unsafe extern "C-unwind" fn(*mut Thread, op: u32, a: W, b: W, c: W, out: *mut crate::next::NextC);

/// The row of a heap object.
///
/// # Safety
/// `w` is a heap object.
#[inline(always)]
pub unsafe fn row<'a>(th: *mut Thread, w: W) -> &'a TypeInfo {
    &**(*(*th).types).rows.add(w.header().tid as usize)
}
