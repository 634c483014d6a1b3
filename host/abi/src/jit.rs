//! The JIT's interface. Without one (`Thread::jit` null) the evaluator pays a test at a back edge.

use crate::mode::Rec;
use crate::thread::{Cache, Code, Thread};
use crate::word::W;

/// What the evaluator does next after it told the JIT about a hot place.
#[repr(u32)]
pub enum Verdict {
    /// Go on interpreting.
    Interpret = 0,
    /// Machine code ran; reload the frame from the Thread (`resume` says how).
    Resumed = 1,
    /// Record: run the recording evaluator with the recorder in `JitAnswer::rec`.
    Record = 2,
}

/// The answer to `back_edge` and `entry`.
#[repr(C)]
pub struct JitAnswer {
    /// A [`Verdict`].
    pub verdict: u32,
    #[allow(missing_docs)]
    pub pad: u32,
    #[allow(missing_docs)]
    pub rec: *mut Rec,
}

/// The table a JIT exports.
#[repr(C)]
pub struct JitVTable {
    #[allow(missing_docs)]
    pub abi: u32,
    #[allow(missing_docs)]
    pub size: u32,
    /// Once at start; options as for a collector. 0 = ready.
    pub init: unsafe extern "C" fn(
        *const crate::gc::KeyValue,
        usize,
        complain: unsafe extern "C" fn(*const u8, usize),
    ) -> i32,
    /// What `Thread::jit_threshold` is to be.
    pub threshold: unsafe extern "C" fn() -> u32,
    /// A back edge whose counter has reached `Thread::jit_threshold`, or whose cache names a compiled loop (`site.a` not 0: the JIT's own
    /// number). The frame is saved in the Thread at `target`, the loop's first instruction.
    pub back_edge: unsafe extern "C-unwind" fn(
        *mut Thread,
        code: *mut Code,
        target: *const u32,
        sp: *mut W,
        site: *mut Cache,
        out: *mut JitAnswer,
    ),
    /// A function entry whose counter has reached its threshold.
    pub entry: unsafe extern "C-unwind" fn(*mut Thread, code: *mut Code, out: *mut JitAnswer),
    /// The recording evaluator has stopped; compiles and answers as `back_edge`. `left`: the frame in which recording began is gone.
    pub finish: unsafe extern "C-unwind" fn(*mut Thread, rec: *mut Rec, left: u32, out: *mut JitAnswer),
    /// The epoch changed: code that relied on it must not be entered any more.
    pub invalidate: unsafe extern "C" fn(*mut Thread),
    /// The code object dies.
    pub forget: unsafe extern "C" fn(code: *mut Code),
    /// `__taipan__.jit.set_param`; 0, or -1 for an unknown name or value.
    pub set_param: unsafe extern "C" fn(name: *const u8, len: usize, value: i64) -> i32,
    /// Counters by index; -1 past the end. `name` receives a NUL-terminated static name.
    pub stat: unsafe extern "C" fn(index: u32, name: *mut *const u8) -> i64,
}
