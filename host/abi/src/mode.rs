//! One source for interpreter and tracer.
//!
//! Interp-level code that a tracer should see is generic over [`Mode`]. In [`Exec`] a value is the machine word and every primitive
//! inlines to its instruction. In [`Record`] a value is a (concrete value, id) pair ([`V`]): each primitive computes and also appends
//! to the trace through [`RecVt`], and [`Mode::branch`] records a guard and answers the concrete truth, so Rust's own control flow drives
//! the trace. Values of the associated types are "red" and cannot be branched on without `branch` or `promote`; plain Rust values are
//! "green".
//!
//! Within one bytecode all guards come before the first effect: a failed guard re-executes the bytecode from its start.

use crate::thread::{Code, Thread};
use crate::types::{Slice, Str};
use crate::word::W;

/// Kinds of values, as `RecVt` counts them.
pub mod kind {
    #![allow(missing_docs)]
    pub const W: u8 = 0;
    pub const I: u8 = 1;
    pub const F: u8 = 2;
    pub const B: u8 = 3;
    pub const P: u8 = 4;
    /// Of fields only: 32 and 8 bits, read as an I without sign.
    pub const U32: u8 = 5;
    pub const U8: u8 = 6;
}

/// A field of an object; its address is its alias class.
#[repr(C)]
pub struct FieldDesc {
    /// Byte offset; for ARRAY the offset of the first item.
    pub off: u32,
    /// `kind::*`
    pub kind: u8,
    /// `fd::*`
    pub flags: u8,
    /// Fields of the same number are one field, whoever describes them (`alias::*`); 0 = this description's address is its identity.
    pub alias: u16,
    /// For traces.
    pub name: Str,
}
/// Numbers of fields that more than one library describes.
pub mod alias {
    #![allow(missing_docs)]
    pub const TID: u16 = 1;
    pub const CELL: u16 = 2;
    pub const FLOAT: u16 = 3;
    /// Words of an object at byte offset 8 * n: OBJECT + n.
    pub const OBJECT: u16 = 0x100;
    /// Words of a thread, likewise.
    pub const THREAD: u16 = 0x1000;
}
impl std::fmt::Debug for FieldDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.get())
    }
}
/// `FieldDesc::flags`
pub mod fd {
    #![allow(missing_docs)]
    pub const IMMUTABLE: u8 = 1;
    pub const QUASI: u8 = 2;
    pub const ARRAY: u8 = 4;
    /// A reference: stores take the write barrier.
    pub const GCREF: u8 = 8;
}

/// What a residual call may do, for the optimizer.
#[repr(C)]
pub struct CallDesc {
    /// For traces.
    pub name: Str,
    /// `effects::*`
    pub effects: u32,
    /// Fields written, if effects says WRITES_LISTED.
    pub writes: Slice<&'static FieldDesc>,
}
impl std::fmt::Debug for CallDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.get())
    }
}
/// Effects of a call.
pub mod effects {
    #![allow(missing_docs)]
    /// Reads and writes nothing a trace can see.
    pub const NONE: u32 = 0;
    pub const READS: u32 = 1;
    pub const WRITES_LISTED: u32 = 2;
    pub const WRITES: u32 = 4;
    pub const RAISES: u32 = 8;
    pub const ALLOCATES: u32 = 16;
    /// May run Python code.
    pub const CALLS_BACK: u32 = 32;
    /// May look at frames (tracebacks, `sys._getframe`).
    pub const FORCES_FRAMES: u32 = 64;
    pub const ANY: u32 = READS | WRITES | RAISES | ALLOCATES | CALLS_BACK | FORCES_FRAMES;
}
/// A call about which nothing is known.
pub static CALL_ANY: CallDesc = CallDesc { name: Str::new("call"), effects: effects::ANY, writes: Slice::new(&[]) };

/// A value while recording.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
pub struct V<T> {
    /// The concrete value.
    pub v: T,
    /// Its id in the trace.
    pub id: u32,
}

/// The recorder behind a `Record`: a table of the JIT and the thread that is recorded.
#[repr(C)]
pub struct Rec {
    /// The JIT's functions.
    pub vt: *const RecVt,
    /// The thread.
    pub th: *mut Thread,
    // the JIT's own state follows
}

/// What the tracer calls.
#[repr(C)]
pub struct RecVt {
    #[allow(missing_docs)]
    pub abi: u32,
    #[allow(missing_docs)]
    pub size: u32,
    /// A pure primitive; operands by id (0 = none). Answers the id of the result.
    pub op: unsafe extern "C" fn(*mut Rec, op: u16, kind: u8, a: u32, b: u32) -> u32,
    /// The id of a constant.
    pub konst: unsafe extern "C" fn(*mut Rec, kind: u8, bits: u64) -> u32,
    /// Guards that the condition stays what it is now.
    pub guard: unsafe extern "C" fn(*mut Rec, cond: u32, taken: bool),
    /// Guards that the value stays what it is now.
    pub guard_value: unsafe extern "C" fn(*mut Rec, kind: u8, id: u32, bits: u64),
    /// Field reads and writes.
    pub getf: unsafe extern "C" fn(*mut Rec, obj: u32, fd: *const FieldDesc, index: u32) -> u32,
    #[allow(missing_docs)]
    pub setf: unsafe extern "C" fn(*mut Rec, obj: u32, fd: *const FieldDesc, index: u32, value: u32),
    /// A new object of a type row.
    pub new: unsafe extern "C" fn(*mut Rec, tid: u32, bytes: u32) -> u32,
    /// A residual call, resumed by continuation `k` if its outcome (raised or not) differs from now.
    pub call: unsafe extern "C" fn(
        *mut Rec,
        *const CallDesc,
        f: *const (),
        args: *const u32,
        kinds: *const u8,
        n: u32,
        ret: u8,
        k: u32,
        raised: bool,
    ) -> u32,
    /// Value stack slots.
    pub slot_get: unsafe extern "C" fn(*mut Rec, *mut W) -> u32,
    #[allow(missing_docs)]
    pub slot_set: unsafe extern "C" fn(*mut Rec, *mut W, id: u32),
    /// A bytecode begins; true = stop recording.
    pub at: unsafe extern "C" fn(*mut Rec, ip: *const u32, sp: *mut W) -> bool,
    /// A continuation begins.
    pub at_cont: unsafe extern "C" fn(*mut Rec, k: u32, ip: *const u32, sp: *mut W),
    /// A back edge; true = stop recording.
    pub back_edge: unsafe extern "C" fn(*mut Rec, code: *mut Code, target: *const u32, sp: *mut W) -> bool,
    /// Something cannot be recorded: the recording ends at the next bytecode and is thrown away.
    pub give_up: unsafe extern "C" fn(*mut Rec, why: *const u8, len: usize),
    /// The trace relies on what this epoch-like cell says now.
    pub depend: unsafe extern "C" fn(*mut Rec, cell: *const u32),
}

macro_rules! primitives {
    ($($(#[$doc:meta])* $name:ident $code:ident ($($a:ident: $ty:ident),+) -> $ret:ident $body:block)*) => {
        /// Pure primitives: opcode numbers of the trace IR.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Prim { $($code,)* }
        /// Names of the primitives by number.
        pub static PRIM_NAMES: &[&str] = &[$(stringify!($name),)*];

        /// Kinds of operands and result by number.
        pub static PRIM_SIGNATURES: &[(&[u8], u8)] = &[$((&[$(kind_of!($ty)),+], kind_of!($ret)),)*];

        /// The way interp-level code is run: [`Exec`] or [`Record`].
        pub trait Mode: Copy {
            /// A word.
            type W: Copy;
            /// An untagged machine int.
            type I: Copy;
            /// A float.
            type F: Copy;
            /// A condition.
            type B: Copy;
            /// Is a trace being recorded? A constant, so that the other branch disappears.
            const RECORDING: bool;
            $($(#[$doc])* fn $name(self, $($a: Self::$ty),+) -> Self::$ret;)*
            /// The concrete word.
            fn w(self, w: Self::W) -> W;
            /// A constant word.
            fn kw(self, w: W) -> Self::W;
            /// A constant int.
            fn ki(self, i: i64) -> Self::I;
            /// A constant float.
            fn kf(self, f: f64) -> Self::F;
            /// Decides a condition (a guard while recording).
            fn branch(self, b: Self::B) -> bool;
            /// Makes a word green (a guard on its value while recording).
            fn promote(self, w: Self::W) -> W;
            /// Makes an int green.
            fn promote_i(self, i: Self::I) -> i64;
            /// The type row of a heap object, green: one guard on the header's 32 bits.
            unsafe fn tid(self, w: Self::W) -> u32;
            /// Does the heap object have exactly this row?
            unsafe fn is_tid(self, w: Self::W, tid: u32) -> bool;
            /// Reads a value stack slot.
            unsafe fn get(self, slot: *mut W) -> Self::W;
            /// Writes a value stack slot.
            unsafe fn set(self, slot: *mut W, w: Self::W);
            /// Reads a word field (`index` in items for an ARRAY).
            unsafe fn getf(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I) -> Self::W;
            /// Reads an i64 field.
            unsafe fn getf_i(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I) -> Self::I;
            /// Reads an f64 field.
            unsafe fn getf_f(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I) -> Self::F;
            /// Writes a word field; takes the write barrier.
            unsafe fn setf(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I, v: Self::W);
            /// Writes an i64 field.
            unsafe fn setf_i(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I, v: Self::I);
            /// Writes an f64 field.
            unsafe fn setf_f(self, obj: Self::W, fd: &'static FieldDesc, index: Self::I, v: Self::F);
            /// A new zeroed object; NULL with MemoryError is possible only in Exec's slow path.
            unsafe fn new(self, tid: u32, bytes: usize) -> Self::W;
            /// Residual calls: an opaque function with declared effects; `k` is the continuation of an unexpected outcome.
            unsafe fn call1(self, d: &'static CallDesc, f: unsafe extern "C-unwind" fn(*mut Thread, W) -> W, a: Self::W, k: u32) -> Self::W;
            /// Two operands.
            unsafe fn call2(self, d: &'static CallDesc, f: unsafe extern "C-unwind" fn(*mut Thread, W, W) -> W, a: Self::W, b: Self::W, k: u32) -> Self::W;
            /// Three operands.
            unsafe fn call3(self, d: &'static CallDesc, f: unsafe extern "C-unwind" fn(*mut Thread, W, W, W) -> W, a: Self::W, b: Self::W, c: Self::W, k: u32) -> Self::W;
            /// A residual call of any number of operands that has been made already: `f` is `extern "C-unwind" fn(*mut Thread, W..) -> W`.
            unsafe fn made(self, d: &'static CallDesc, f: *const (), args: &[Self::W], result: W, k: u32) -> Self::W;
            /// Gives an object another row.
            unsafe fn set_tid(self, w: Self::W, tid: u32);
            /// The class epoch is what it is now.
            unsafe fn same_epoch(self);
            /// Has a residual call raised?
            fn raised(self, w: Self::W) -> bool;
            /// The thread.
            fn th(self) -> *mut Thread;
            /// A bytecode begins; true = stop recording here.
            unsafe fn at(self, ip: *const u32, sp: *mut W) -> bool;
            /// A continuation begins.
            unsafe fn at_cont(self, k: u32, ip: *const u32, sp: *mut W);
            /// A back edge to `target`; true = stop recording here.
            unsafe fn back_edge(self, code: *mut Code, target: *const u32, sp: *mut W) -> bool;
            /// What follows cannot be recorded: it is only executed.
            fn give_up(self, why: &'static str);
        }

        /// Plain execution.
        #[derive(Copy, Clone)]
        pub struct Exec(pub *mut Thread);

        /// Execution that also records.
        #[derive(Copy, Clone)]
        #[repr(transparent)]
        pub struct Record(pub *mut Rec);

        impl Mode for Exec {
            type W = W;
            type I = i64;
            type F = f64;
            type B = bool;
            const RECORDING: bool = false;
            $(#[inline(always)] fn $name(self, $($a: raw!($ty)),+) -> raw!($ret) $body)*
            exec_rest!();
        }
        /// Runs a primitive on bits (of kind B: 0 or 1), by the very source that [`Exec`] runs. Unary ones do not look at `b`. The caller
        /// has seen to what the primitive asks of its operands (a divisor that is not 0).
        pub fn exec_prim(p: Prim, a: u64, b: u64) -> u64 {
            let m = Exec(std::ptr::null_mut());
            match p {
                $(Prim::$code => {
                    let mut operands = [a, b].into_iter();
                    $(let $a = <raw!($ty) as Bits>::of(operands.next().unwrap_or(0));)+
                    m.$name($($a),+).bits()
                })*
            }
        }

        impl Mode for Record {
            type W = V<W>;
            type I = V<i64>;
            type F = V<f64>;
            type B = V<bool>;
            const RECORDING: bool = true;
            $(fn $name(self, $($a: V<raw!($ty)>),+) -> V<raw!($ret)> {
                let ids = [$($a.id),+, 0];
                $(let $a = $a.v;)+
                let v: raw!($ret) = $body;
                // SAFETY: a Record holds a live recorder.
                let id = unsafe { ((*(*self.0).vt).op)(self.0, Prim::$code as u16, kind_of!($ret), ids[0], ids[1]) };
                V { v, id }
            })*
            record_rest!();
        }
    };
}
/// Values as the 64 bits by which traces carry them.
trait Bits {
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
}
impl Bits for W {
    #[inline(always)]
    fn of(bits: u64) -> W {
        W(bits)
    }
    #[inline(always)]
    fn bits(self) -> u64 {
        self.0
    }
}
impl Bits for i64 {
    #[inline(always)]
    fn of(bits: u64) -> i64 {
        bits as i64
    }
    #[inline(always)]
    fn bits(self) -> u64 {
        self as u64
    }
}
impl Bits for f64 {
    #[inline(always)]
    fn of(bits: u64) -> f64 {
        f64::from_bits(bits)
    }
    #[inline(always)]
    fn bits(self) -> u64 {
        self.to_bits()
    }
}
impl Bits for bool {
    #[inline(always)]
    fn of(bits: u64) -> bool {
        bits != 0
    }
    #[inline(always)]
    fn bits(self) -> u64 {
        self as u64
    }
}

macro_rules! raw {
    (W) => {
        W
    };
    (I) => {
        i64
    };
    (F) => {
        f64
    };
    (B) => {
        bool
    };
}
macro_rules! kind_of {
    (W) => {
        kind::W
    };
    (I) => {
        kind::I
    };
    (F) => {
        kind::F
    };
    (B) => {
        kind::B
    };
}

macro_rules! exec_rest {
    () => {
        #[inline(always)]
        fn w(self, w: W) -> W {
            w
        }
        #[inline(always)]
        fn kw(self, w: W) -> W {
            w
        }
        #[inline(always)]
        fn ki(self, i: i64) -> i64 {
            i
        }
        #[inline(always)]
        fn kf(self, f: f64) -> f64 {
            f
        }
        #[inline(always)]
        fn branch(self, b: bool) -> bool {
            b
        }
        #[inline(always)]
        fn promote(self, w: W) -> W {
            w
        }
        #[inline(always)]
        fn promote_i(self, i: i64) -> i64 {
            i
        }
        #[inline(always)]
        unsafe fn tid(self, w: W) -> u32 {
            w.header().tid
        }
        #[inline(always)]
        unsafe fn is_tid(self, w: W, tid: u32) -> bool {
            w.header().tid == tid
        }
        #[inline(always)]
        unsafe fn get(self, slot: *mut W) -> W {
            *slot
        }
        #[inline(always)]
        unsafe fn set(self, slot: *mut W, w: W) {
            *slot = w
        }
        #[inline(always)]
        unsafe fn getf(self, obj: W, fd: &'static FieldDesc, index: i64) -> W {
            *place(obj, fd, index)
        }
        #[inline(always)]
        unsafe fn getf_i(self, obj: W, fd: &'static FieldDesc, index: i64) -> i64 {
            *place(obj, fd, index)
        }
        #[inline(always)]
        unsafe fn getf_f(self, obj: W, fd: &'static FieldDesc, index: i64) -> f64 {
            *place(obj, fd, index)
        }
        #[inline(always)]
        unsafe fn setf(self, obj: W, fd: &'static FieldDesc, index: i64, v: W) {
            let p = place(obj, fd, index);
            barrier(self.0, obj, p);
            *p = v
        }
        #[inline(always)]
        unsafe fn setf_i(self, obj: W, fd: &'static FieldDesc, index: i64, v: i64) {
            *place(obj, fd, index) = v
        }
        #[inline(always)]
        unsafe fn setf_f(self, obj: W, fd: &'static FieldDesc, index: i64, v: f64) {
            *place(obj, fd, index) = v
        }
        #[inline(always)]
        unsafe fn new(self, tid: u32, bytes: usize) -> W {
            alloc(self.0, tid, bytes)
        }
        #[inline(always)]
        unsafe fn call1(
            self,
            _: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W) -> W,
            a: W,
            _: u32,
        ) -> W {
            f(self.0, a)
        }
        #[inline(always)]
        unsafe fn call2(
            self,
            _: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W, W) -> W,
            a: W,
            b: W,
            _: u32,
        ) -> W {
            f(self.0, a, b)
        }
        #[inline(always)]
        unsafe fn call3(
            self,
            _: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W, W, W) -> W,
            a: W,
            b: W,
            c: W,
            _: u32,
        ) -> W {
            f(self.0, a, b, c)
        }
        #[inline(always)]
        unsafe fn made(self, _: &'static CallDesc, _: *const (), _: &[W], result: W, _: u32) -> W {
            result
        }
        #[inline(always)]
        unsafe fn set_tid(self, w: W, tid: u32) {
            w.header().tid = tid
        }
        #[inline(always)]
        unsafe fn same_epoch(self) {}
        #[inline(always)]
        fn raised(self, w: W) -> bool {
            w.is_null()
        }
        #[inline(always)]
        fn th(self) -> *mut Thread {
            self.0
        }
        #[inline(always)]
        unsafe fn at(self, _: *const u32, _: *mut W) -> bool {
            false
        }
        #[inline(always)]
        unsafe fn at_cont(self, _: u32, _: *const u32, _: *mut W) {}
        #[inline(always)]
        unsafe fn back_edge(self, _: *mut Code, _: *const u32, _: *mut W) -> bool {
            false
        }
        #[inline(always)]
        fn give_up(self, _: &'static str) {}
    };
}

macro_rules! record_rest {
    () => {
        fn w(self, w: V<W>) -> W {
            w.v
        }
        fn kw(self, w: W) -> V<W> {
            V { v: w, id: self.konst(kind::W, w.0) }
        }
        fn ki(self, i: i64) -> V<i64> {
            V { v: i, id: self.konst(kind::I, i as u64) }
        }
        fn kf(self, f: f64) -> V<f64> {
            V { v: f, id: self.konst(kind::F, f.to_bits()) }
        }
        fn branch(self, b: V<bool>) -> bool {
            // SAFETY: a Record holds a live recorder (here and below).
            unsafe { (self.vt().guard)(self.0, b.id, b.v) };
            b.v
        }
        fn promote(self, w: V<W>) -> W {
            unsafe { (self.vt().guard_value)(self.0, kind::W, w.id, w.v.0) };
            w.v
        }
        fn promote_i(self, i: V<i64>) -> i64 {
            unsafe { (self.vt().guard_value)(self.0, kind::I, i.id, i.v as u64) };
            i.v
        }
        unsafe fn tid(self, w: V<W>) -> u32 {
            let id = (self.vt().getf)(self.0, w.id, &TID_FIELD, 0);
            let tid = w.v.header().tid;
            (self.vt().guard_value)(self.0, kind::I, id, tid as u64);
            tid
        }
        unsafe fn is_tid(self, w: V<W>, tid: u32) -> bool {
            let id = (self.vt().getf)(self.0, w.id, &TID_FIELD, 0);
            let now = w.v.header().tid;
            let is = now == tid;
            let c = (self.vt().op)(self.0, Prim::IEq as u16, kind::B, id, self.konst(kind::I, tid as u64));
            (self.vt().guard)(self.0, c, is);
            is
        }
        unsafe fn get(self, slot: *mut W) -> V<W> {
            V { v: *slot, id: (self.vt().slot_get)(self.0, slot) }
        }
        unsafe fn set(self, slot: *mut W, w: V<W>) {
            *slot = w.v;
            (self.vt().slot_set)(self.0, slot, w.id)
        }
        unsafe fn getf(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>) -> V<W> {
            V { v: *place(obj.v, fd, index.v), id: (self.vt().getf)(self.0, obj.id, fd, index.id) }
        }
        unsafe fn getf_i(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>) -> V<i64> {
            V { v: *place(obj.v, fd, index.v), id: (self.vt().getf)(self.0, obj.id, fd, index.id) }
        }
        unsafe fn getf_f(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>) -> V<f64> {
            V { v: *place(obj.v, fd, index.v), id: (self.vt().getf)(self.0, obj.id, fd, index.id) }
        }
        unsafe fn setf(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>, v: V<W>) {
            (self.vt().setf)(self.0, obj.id, fd, index.id, v.id);
            Exec(self.th()).setf(obj.v, fd, index.v, v.v)
        }
        unsafe fn setf_i(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>, v: V<i64>) {
            (self.vt().setf)(self.0, obj.id, fd, index.id, v.id);
            *place(obj.v, fd, index.v) = v.v
        }
        unsafe fn setf_f(self, obj: V<W>, fd: &'static FieldDesc, index: V<i64>, v: V<f64>) {
            (self.vt().setf)(self.0, obj.id, fd, index.id, v.id);
            *place(obj.v, fd, index.v) = v.v
        }
        unsafe fn new(self, tid: u32, bytes: usize) -> V<W> {
            V { v: alloc(self.th(), tid, bytes), id: (self.vt().new)(self.0, tid, bytes as u32) }
        }
        unsafe fn call1(
            self,
            d: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W) -> W,
            a: V<W>,
            k: u32,
        ) -> V<W> {
            let v = f(self.th(), a.v);
            self.residual(d, f as *const (), &[a.id], v, k)
        }
        unsafe fn call2(
            self,
            d: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W, W) -> W,
            a: V<W>,
            b: V<W>,
            k: u32,
        ) -> V<W> {
            let v = f(self.th(), a.v, b.v);
            self.residual(d, f as *const (), &[a.id, b.id], v, k)
        }
        unsafe fn call3(
            self,
            d: &'static CallDesc,
            f: unsafe extern "C-unwind" fn(*mut Thread, W, W, W) -> W,
            a: V<W>,
            b: V<W>,
            c: V<W>,
            k: u32,
        ) -> V<W> {
            let v = f(self.th(), a.v, b.v, c.v);
            self.residual(d, f as *const (), &[a.id, b.id, c.id], v, k)
        }
        unsafe fn made(self, d: &'static CallDesc, f: *const (), args: &[V<W>], result: W, k: u32) -> V<W> {
            let mut ids = [0; 8];
            for (id, a) in ids.iter_mut().zip(args) {
                *id = a.id;
            }
            self.residual(d, f, &ids[..args.len().min(8)], result, k)
        }
        unsafe fn set_tid(self, w: V<W>, tid: u32) {
            let id = self.konst(kind::I, tid as u64);
            (self.vt().setf)(self.0, w.id, &TID_FIELD, 0, id);
            w.v.header().tid = tid
        }
        unsafe fn same_epoch(self) {
            // 0 stands for the running thread.
            let th = self.konst(kind::P, 0);
            let id = (self.vt().getf)(self.0, th, &EPOCH_FIELD, 0);
            (self.vt().guard_value)(self.0, kind::I, id, (*self.th()).epoch as u64);
        }
        // The recorder has guarded the outcome when it recorded the call.
        fn raised(self, w: V<W>) -> bool {
            w.v.is_null()
        }
        fn th(self) -> *mut Thread {
            unsafe { (*self.0).th }
        }
        unsafe fn at(self, ip: *const u32, sp: *mut W) -> bool {
            (self.vt().at)(self.0, ip, sp)
        }
        unsafe fn at_cont(self, k: u32, ip: *const u32, sp: *mut W) {
            (self.vt().at_cont)(self.0, k, ip, sp)
        }
        unsafe fn back_edge(self, code: *mut Code, target: *const u32, sp: *mut W) -> bool {
            (self.vt().back_edge)(self.0, code, target, sp)
        }
        fn give_up(self, why: &'static str) {
            unsafe { (self.vt().give_up)(self.0, why.as_ptr(), why.len()) }
        }
    };
}

impl Record {
    fn vt(self) -> &'static RecVt {
        // SAFETY: a Record holds a live recorder, whose table is static.
        unsafe { &*(*self.0).vt }
    }
    fn konst(self, kind: u8, bits: u64) -> u32 {
        // SAFETY: as above.
        unsafe { (self.vt().konst)(self.0, kind, bits) }
    }
    unsafe fn residual(self, d: &'static CallDesc, f: *const (), ids: &[u32], v: W, k: u32) -> V<W> {
        let kinds = [kind::W; 8];
        let id =
            (self.vt().call)(self.0, d, f, ids.as_ptr(), kinds.as_ptr(), ids.len() as u32, kind::W, k, v.is_null());
        V { v, id }
    }
}

/// `Thread::epoch`.
pub static EPOCH_FIELD: FieldDesc = FieldDesc {
    off: std::mem::offset_of!(Thread, epoch) as u32,
    kind: kind::U32,
    flags: 0,
    alias: alias::THREAD,
    name: Str::new("epoch"),
};
/// `Thread::forced`.
pub static FORCED_FIELD: FieldDesc = FieldDesc {
    off: std::mem::offset_of!(Thread, forced) as u32,
    kind: kind::U32,
    flags: 0,
    alias: alias::THREAD + 1,
    name: Str::new("forced"),
};
/// Words of objects by their number (word 0 is the header), for attributes and other fields known by place only.
pub static OBJECT_FIELDS: [FieldDesc; 64] = {
    let mut all =
        [const { FieldDesc { off: 0, kind: kind::W, flags: fd::GCREF, alias: 0, name: Str::new("word") } }; 64];
    let mut i = 0;
    while i < 64 {
        all[i].off = 8 * i as u32;
        all[i].alias = alias::OBJECT + i as u16;
        i += 1;
    }
    all
};
/// The double of a float object.
pub static FLOAT_FIELD: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };
/// `Header::tid`. Not immutable: an object that receives a new attribute changes its row.
pub static TID_FIELD: FieldDesc =
    FieldDesc { off: 0, kind: kind::U32, flags: 0, alias: alias::TID, name: Str::new("tid") };

#[inline(always)]
unsafe fn place<T>(obj: W, fd: &'static FieldDesc, index: i64) -> *mut T {
    let base = (obj.0 as *mut u8).add(fd.off as usize);
    if fd.flags & fd::ARRAY != 0 { (base as *mut T).offset(index as isize) } else { base as *mut T }
}

/// The write barrier before a store of a reference to `slot` inside `obj`.
///
/// # Safety
/// `obj` is a heap object, `slot` lies in it; no allocation and no poll between this and the store.
#[inline(always)]
pub unsafe fn barrier(th: *mut Thread, obj: W, slot: *mut W) {
    let gc = obj.header().gc;
    if gc & crate::gc::GC_BARRIER != 0 {
        barrier_slow(th, obj, slot, gc)
    }
}
#[cold]
#[inline(never)]
unsafe fn barrier_slow(th: *mut Thread, obj: W, slot: *mut W, gc: u8) {
    let t = th as *mut crate::gc::GcThread;
    if gc & crate::gc::GC_CARDS == 0 {
        ((*(*th).gcvt).wb_slow)(t, obj.ptr())
    } else if gc & crate::gc::GC_LISTED != 0 {
        *(((slot as usize >> (*t).card_shift).wrapping_add((*t).card_bias)) as *mut u8) = 1
    } else {
        ((*(*th).gcvt).wb_slot)(t, obj.ptr(), slot)
    }
}

/// A zeroed object of `bytes` (a multiple of 8) with its header; NULL with MemoryError pending if there is no memory.
///
/// # Safety
/// `tid` names a row whose layout has that size; `th` is the running thread.
#[inline(always)]
pub unsafe fn alloc(th: *mut Thread, tid: u32, bytes: usize) -> W {
    if bytes <= 256 {
        let b = &mut (*th).gc.bump[bytes >> 3];
        let p = b.cur;
        if p + bytes <= b.end {
            b.cur = p + bytes;
            *(p as *mut u64) = tid as u64;
            return W(p as u64);
        }
    }
    alloc_slow(th, tid, bytes)
}
#[cold]
#[inline(never)]
unsafe fn alloc_slow(th: *mut Thread, tid: u32, bytes: usize) -> W {
    let p = ((*(*th).gcvt).alloc_slow)(th as *mut crate::gc::GcThread, bytes, tid);
    if p.is_null() {
        ((*(*th).ops).raise_text.exec)(th, crate::known::MEMORY_ERROR, std::ptr::null(), 0);
    }
    W(p as u64)
}

primitives! {
    /// A tagged small int?
    is_int IsInt (a: W) -> B { a.is_int() }
    /// Both tagged?
    both_int BothInt (a: W, b: W) -> B { a.0 & b.0 & 1 != 0 }
    is_null IsNull (a: W) -> B { a.is_null() }
    /// The same word.
    weq WEq (a: W, b: W) -> B { a.0 == b.0 }
    untag Untag (a: W) -> I { a.untag() }
    /// Tags; the value must fit.
    tag Tag (a: I) -> W { W::int(a) }
    /// Does it fit 63 bits?
    fits Fits (a: I) -> B { W::fits(a) }
    /// Would the tagged sum overflow?
    add_ovf AddOvf (a: W, b: W) -> B { (a.0 as i64).checked_add((b.0 as i64).wrapping_sub(1)).is_none() }
    /// The tagged sum; `add_ovf` was false.
    tadd TAdd (a: W, b: W) -> W { W((a.0 as i64).wrapping_add((b.0 as i64).wrapping_sub(1)) as u64) }
    sub_ovf SubOvf (a: W, b: W) -> B { (a.0 as i64).checked_sub((b.0 as i64).wrapping_sub(1)).is_none() }
    tsub TSub (a: W, b: W) -> W { W((a.0 as i64).wrapping_sub((b.0 as i64).wrapping_sub(1)) as u64) }
    mul_ovf MulOvf (a: W, b: W) -> B { (a.0 as i64 - 1).checked_mul(b.untag()).is_none() }
    tmul TMul (a: W, b: W) -> W { W(((a.0 as i64).wrapping_sub(1)).wrapping_mul(b.untag()) as u64 | 1) }
    tand TAnd (a: W, b: W) -> W { W(a.0 & b.0) }
    tor TOr (a: W, b: W) -> W { W(a.0 | b.0) }
    txor TXor (a: W, b: W) -> W { W((a.0 ^ b.0) | 1) }
    /// Tagged comparisons.
    tlt TLt (a: W, b: W) -> B { (a.0 as i64) < b.0 as i64 }
    tle TLe (a: W, b: W) -> B { a.0 as i64 <= b.0 as i64 }
    iadd IAdd (a: I, b: I) -> I { a.wrapping_add(b) }
    isub ISub (a: I, b: I) -> I { a.wrapping_sub(b) }
    ilt ILt (a: I, b: I) -> B { a < b }
    ieq IEq (a: I, b: I) -> B { a == b }
    /// Unsigned: 0 <= a < b for b >= 0.
    ult ULt (a: I, b: I) -> B { (a as u64) < b as u64 }
    /// Python's floor division; the divisor is not 0 and the result fits.
    ifloordiv IFloorDiv (a: I, b: I) -> I { floordiv(a, b) }
    /// Python's modulo; the divisor is not 0.
    imod IMod (a: I, b: I) -> I { a.wrapping_sub(floordiv(a, b).wrapping_mul(b)) }
    ishr IShr (a: I, b: I) -> I { a >> b.min(63) }
    ishl IShl (a: I, b: I) -> I { a.wrapping_shl(b as u32) }
    fadd FAdd (a: F, b: F) -> F { a + b }
    fsub FSub (a: F, b: F) -> F { a - b }
    fmul FMul (a: F, b: F) -> F { a * b }
    fdiv FDiv (a: F, b: F) -> F { a / b }
    fneg FNeg (a: F) -> F { -a }
    flt FLt (a: F, b: F) -> B { a < b }
    fle FLe (a: F, b: F) -> B { a <= b }
    feq FEq (a: F, b: F) -> B { a == b }
    i2f IToF (a: I) -> F { a as f64 }
    not Not (a: B) -> B { !a }
    /// True or False.
    wbool WBool (a: B) -> W { W::bool(a) }
}

#[inline(always)]
fn floordiv(a: i64, b: i64) -> i64 {
    let q = a.wrapping_div(b);
    if (a % b != 0) && ((a < 0) != (b < 0)) { q - 1 } else { q }
}
