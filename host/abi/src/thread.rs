//! What runs: threads, frames, code.

use crate::gc::{GcThread, GcVTable, TypeTable};
use crate::host::HostVTable;
use crate::jit::JitVTable;
use crate::ops::OpTable;
use crate::word::{Header, W};
use std::ffi::c_void;

/// The state of one native thread that runs Python; passed to every function of the contract.
#[repr(C)]
pub struct Thread {
    /// The collector's part; must stay first.
    pub gc: GcThread,
    /// The operations of the outermost space.
    pub ops: *const OpTable,
    /// The collector.
    pub gcvt: *const GcVTable,
    /// Type rows.
    pub types: *const TypeTable,
    /// The JIT, or null.
    pub jit: *const JitVTable,
    /// Services of the host.
    pub host: *const HostVTable,
    /// Well-known objects, by `Known`.
    pub known: *const W,
    /// The pending exception (an instance), or NULL. Set exactly when a function of the contract has answered "raised".
    pub exc: W,
    /// The exception being handled in the running frame's innermost `except` (NULL = none): what `sys.exception()` starts from.
    pub handled: W,
    /// Changes whenever a class changes in a way that caches and compiled code could have relied on.
    pub epoch: u32,
    /// How the evaluator is re-entered: 0 at a bytecode, `K_RAISE`, or a continuation id with its value on top of the stack.
    pub resume: u32,
    /// One past the running frame; the running one is `frame_top`.
    pub frame_limit: *mut Frame,
    /// The end of the value stack.
    pub vs_limit: *mut W,
    /// Lowest native stack address at which another nested evaluation may begin.
    pub stack_limit: usize,
    /// Frames in use and the limit set by `sys.setrecursionlimit`.
    pub depth: u32,
    #[allow(missing_docs)]
    pub recursion_limit: u32,
    /// `sys.settrace` / `sys.setprofile` functions of this thread, or NULL; `tracing` > 0 while one runs.
    pub w_trace: W,
    #[allow(missing_docs)]
    pub w_profile: W,
    #[allow(missing_docs)]
    pub tracing: u32,
    /// At this count of a back edge the JIT is asked.
    pub jit_threshold: u32,
    /// The current contextvars Context, or NULL.
    pub w_context: W,
    /// The evaluator's and the spaces' per-thread state.
    pub space: [*mut c_void; 4],
    /// The JIT's per-thread state.
    pub jit_state: *mut c_void,
    /// Counts the frames that someone has looked at (that got a frame object). Compiled code, which keeps some frames to itself, compares
    /// it around a call.
    pub forced: u32,
    #[allow(missing_docs)]
    pub pad2: u32,
    /// The recorder with which the evaluator goes on when it was left to record; null otherwise.
    pub recording: *mut crate::mode::Rec,
    /// `threading.get_ident()`.
    pub ident: u64,
    /// Asynchronous exception set by another thread (a class), or NULL.
    pub w_async_exc: W,
    /// Async generator hooks.
    pub w_asyncgen_firstiter: W,
    #[allow(missing_docs)]
    pub w_asyncgen_finalizer: W,
    #[allow(missing_docs)]
    pub coroutine_origin_depth: i64,
    /// The next thread in the ring of all threads; itself while it is the only one. Changed under the interpreter lock.
    pub next: *mut Thread,
}

/// A running call. Its window on the value stack: `base[-1]` is the function slot (the function object; for a resumed generator the
/// generator), then locals, then operands up to `sp`.
///
/// For a suspended frame (one that called another) `ip` is the next instruction and `sp` is one past its operands, which are still
/// on the stack.
#[derive(Clone)]
#[repr(C)]
pub struct Frame {
    #[allow(missing_docs)]
    pub code: *mut Code,
    /// The next instruction.
    pub ip: *const u32,
    #[allow(missing_docs)]
    pub base: *mut W,
    #[allow(missing_docs)]
    pub sp: *mut W,
    /// What happens in the CALLER when this frame returns: a continuation id (`k::*`).
    pub cont: u32,
    /// `fr::*`
    pub flags: u32,
    #[allow(missing_docs)]
    pub w_globals: W,
    /// The namespace of a class or module body (a mapping), else NULL.
    pub w_locals: W,
    /// The frame object, if someone asked for it.
    pub w_frame: W,
    /// In a generator's frame: the exception its resumer was handling.
    pub saved_handled: W,
}

/// Words of a [`Frame`] that are references, for `GcThread::frame_map`: code, globals, locals, frame object, saved exception.
pub const FRAME_MAP: u32 = 1 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8;

/// `Frame::flags`
pub mod fr {
    #![allow(missing_docs)]
    /// A nested native evaluation began here: its return leaves the evaluator.
    pub const ENTRY: u32 = 1;
    /// The function slot holds a generator; the locals go back to it at a yield.
    pub const GENERATOR: u32 = 2;
    /// A line of this frame was reported to the trace function last at `f_lineno`.
    pub const TRACED: u32 = 4;
    /// A generator's frame that only waits at its SEND for the generator above it: its window is the generator's own saved words
    /// (`base[-1]` the function), nothing of it lies on the value stack. It gets a window there before it runs again.
    pub const DELEGATING: u32 = 8;
}

/// Code of a function, class body or module: an immutable heap object with native memory behind it.
#[repr(C)]
#[allow(missing_docs)]
pub struct Code {
    pub header: Header,
    /// Instruction words.
    pub code: *const u32,
    pub ncode: u32,
    pub ncaches: u32,
    /// Inline caches; keyed by type rows and epochs, so the words in them are never followed unless the key proves them alive.
    pub caches: *mut Cache,
    /// Tuples of the space.
    pub w_consts: W,
    pub w_names: W,
    pub w_localsplusnames: W,
    pub w_localspluskinds: W,
    pub w_filename: W,
    pub w_name: W,
    pub w_qualname: W,
    pub w_linetable: W,
    pub w_exceptiontable: W,
    /// The items of w_consts and w_names.
    pub consts: *const W,
    pub names: *const W,
    /// (start, end, target, depth << 1 | lasti) in words.
    pub exceptions: *const [u32; 4],
    pub nexceptions: u32,
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub flags: u32,
    pub firstlineno: u32,
    /// Locals, cells and free variables.
    pub nlocalsplus: u32,
    pub nlocals: u32,
    pub ncells: u32,
    pub nfree: u32,
    pub stacksize: u32,
    /// Words of a window: nlocalsplus + stacksize.
    pub framesize: u32,
    /// Parameters: positional, keyword-only, and one each for * and **.
    pub nparams: u32,
    /// `cf::*`
    pub shape: u32,
    /// For the JIT: entry counter, and its own data.
    pub counter: u32,
    pub pad: u32,
    pub jit: *mut c_void,
    /// First local indexes of parameters that are cells (u32 each), for the call to wrap.
    pub cell_params: *const u32,
    pub ncell_params: u32,
    pub pad2: u32,
}

/// `Code::shape`
pub mod cf {
    #![allow(missing_docs)]
    /// A call with exactly `argcount` positional arguments and no names needs no parsing: no *args, **kw, keyword-only parameters,
    /// cells or free variables, and it is no generator.
    pub const SIMPLE: u32 = 1;
    /// Has cells or free variables.
    pub const CELLS: u32 = 2;
    /// Generator, coroutine or async generator.
    pub const SUSPENDS: u32 = 4;
}

/// An inline cache. `key` = type row | epoch << 32, or a dict version; 0 = empty.
#[derive(Copy, Clone, Default)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Cache {
    pub key: u64,
    pub a: u64,
    pub b: u64,
    pub count: u32,
    pub kind: u32,
}

macro_rules! continuations {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// Continuations: what the evaluator does in the caller with the result of a Python function that an operation called.
        /// Their whole state is the caller's operand stack and the instruction before `ip`.
        pub mod k {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            #[repr(u32)]
            enum K { $($name,)* END }
            $($(#[$doc])* pub const $name: u32 = K::$name as u32;)*
            /// One past the last.
            pub const END: u32 = K::END as u32;
        }
    };
}
continuations! {
    /// A plain call: drop callable and arguments, push the result.
    CALL
    /// Unwind with `Thread::exc`.
    RAISE
    /// The value is the result of the instruction: drop its operands, push it.
    DONE
    /// `__op__` of the left operand answered: NotImplemented tries the right one's.
    BINOP1
    /// The reflected method answered.
    BINOP2
    /// `__iop__` answered: NotImplemented falls to BINOP.
    INPLACE1
    /// The right operand's (a subclass) reflected method was tried first.
    BINOP_SUB
    /// Compare: first, second try.
    COMPARE1
    /// See COMPARE1.
    COMPARE2
    /// Subclass priority of compare.
    COMPARE_SUB
    /// A conditional jump's `__bool__` answered.
    BOOL
    /// A conditional jump's `__len__` answered.
    BOOL_LEN
    /// `not`.
    NOT_BOOL
    /// `not` by `__len__`.
    NOT_LEN
    /// `__contains__` answered.
    CONTAINS
    /// The result is dropped, the instruction pushes nothing (`__setattr__`, `__setitem__`, `__delitem__`, `__set__`).
    DISCARD
    /// `__getattribute__` answered or raised; AttributeError goes to `__getattr__`.
    GETATTR
    /// `__init__` answered: must be None; the instance lies in the callable's place.
    INIT
    /// `__new__` answered: call `__init__` if it is an instance of the class.
    NEW
    /// `__next__` of a `for`: StopIteration ends the loop.
    FOR
    /// A generator that a `for` resumed yielded or returned.
    FOR_GEN
    /// `__iter__` answered: must be an iterator.
    ITER
    /// A generator that SEND resumed yielded or returned.
    SEND_GEN
    /// `__exit__` answered to WITH_EXCEPT_START.
    WITH_EXIT
    /// `__format__`
    FORMAT
    /// `__await__`
    AWAIT
    /// LOAD_METHOD found a property or `__getattr__`: the value is the callable, no self.
    METHOD_VALUE
    /// A generator method (`send`, `throw`, `__next__`) called by CALL resumed its frame.
    GEN_CALL
}
