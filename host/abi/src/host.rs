//! Services of the host for spaces and modules: the front end, the profile, the module libraries.

use crate::thread::Thread;
use crate::types::Str;
use crate::word::W;
use std::ffi::c_void;

/// Bytes that the host owns until `free_blob`.
#[derive(Copy, Clone)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Blob {
    pub ptr: *const u8,
    pub len: usize,
    pub cap: usize,
}

/// What is to be parsed or compiled.
#[repr(C)]
pub struct CompileRequest {
    /// Source bytes, or with `FLAG_AST` a serialized AST.
    pub source: *const u8,
    #[allow(missing_docs)]
    pub len: usize,
    /// UTF-8 with surrogates escaped as WTF-8.
    pub filename: *const u8,
    #[allow(missing_docs)]
    pub filename_len: usize,
    /// 0 exec, 1 eval, 2 single, 3 func_type
    pub mode: u32,
    /// -1 = the interpreter's own level.
    pub optimize: i32,
    /// CPython's PyCF_* and future flags.
    pub flags: u32,
    /// 0 bytecode, 1 AST (serialized), 2 tokens, 3 symbol table, `WANT_VERIFIED`
    pub want: u32,
    /// The minor version of `feature_version`, or -1.
    pub feature_version: i32,
    /// Module name for warnings filters, may be null.
    pub pad: u32,
}
/// `CompileRequest::flags`: the source is text already decoded to UTF-8 (a cookie is ignored).
pub const FLAG_SOURCE_IS_UTF8: u32 = 0x0100;
/// `CompileRequest::flags`: a library's own app-level source; its code may come from the host's cache.
pub const FLAG_APP_LEVEL: u32 = 0x4000_0000;
/// `CompileRequest::want`: the source is marshalled code that is only to be verified.
pub const WANT_VERIFIED: u32 = 4;
/// The source is a serialized AST.
pub const FLAG_AST: u32 = 0x8000_0000;

/// A request's outcome. `result` is the marshalled code (or AST bytes); on failure `error` holds the exception as lines of
/// `key=value` described in the compiler crate; `warnings` likewise.
#[repr(C)]
#[allow(missing_docs)]
pub struct CompileAnswer {
    /// 0 = fine, 1 = `error` tells.
    pub status: u32,
    pub pad: u32,
    pub result: Blob,
    pub error: Blob,
    pub warnings: Blob,
}

/// A module as its library describes it. Found by name when it is first imported.
#[repr(C)]
pub struct ModuleSpec {
    /// Python's dotted name.
    pub name: Str,
    #[allow(missing_docs)]
    pub doc: Str,
    /// Functions of the module.
    pub functions: crate::types::Slice<crate::types::FnSpec>,
    /// App-level source run in the module's namespace after `init`, or empty; compiled once into the bytecode cache.
    pub app_level: Str,
    /// Fills the rest (types, constants): 0, or -1 with an exception. Functions are there already.
    pub init: unsafe extern "C-unwind" fn(*mut Thread, w_module: W) -> i32,
    /// Loaded even if nobody imports it (it is part of the start).
    pub flags: u32,
}
// SAFETY: immutable data.
unsafe impl Sync for ModuleSpec {}

/// Where the interpreter's settings come from.
#[repr(C)]
pub struct HostVTable {
    #[allow(missing_docs)]
    pub abi: u32,
    #[allow(missing_docs)]
    pub size: u32,
    /// Parses or compiles.
    pub compile: unsafe extern "C" fn(*const CompileRequest, *mut CompileAnswer),
    /// Gives a blob back.
    pub free_blob: unsafe extern "C" fn(Blob),
    /// The module of that name among the profile's libraries (loads the library), or null. `origin` receives the library's path.
    pub find_module: unsafe extern "C" fn(name: *const u8, len: usize, origin: *mut Blob) -> *const ModuleSpec,
    /// The n-th module name of the profile; len 0 past the end.
    pub module_name: unsafe extern "C" fn(n: u32) -> Str,
    /// A setting of the command line, environment or profile, as UTF-8: "flags.optimize", "argv.0", "executable", "path.stdlib",
    /// "option.trace.out", "part.0.kind" ... 0 = there is none.
    pub setting: unsafe extern "C" fn(key: *const u8, len: usize, out: *mut Blob) -> i32,
    /// Code objects of the bundled library by module name (bytecode made by the build), or null.
    pub frozen: unsafe extern "C" fn(name: *const u8, len: usize, out: *mut Blob) -> i32,
    /// A record with stacks of its own for a native thread that the caller (which holds the interpreter lock) is about to start.
    /// Null = no memory. It is a member of the ring at once, and given back by `thread_end`.
    pub thread_new: unsafe extern "C" fn(creator: *mut Thread) -> *mut Thread,
    /// The new native thread's first act: takes the interpreter lock and attaches. `stack_hi` lies above everything that will hold
    /// words, `stack_bytes` of native stack lie below it.
    pub thread_begin: unsafe extern "C" fn(th: *mut Thread, stack_hi: usize, stack_bytes: usize) -> i32,
    /// Its last act: detaches, gives the lock up and the record back. With `th != caller`: the caller gives back the record of a
    /// thread that could not be started.
    pub thread_end: unsafe extern "C" fn(caller: *mut Thread, th: *mut Thread),
    /// Runs `f(ctx)` without the interpreter lock; `f` touches no object and does not unwind. errno is that of `f`.
    pub blocking: unsafe extern "C" fn(*mut Thread, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void),
    /// Lets another thread have the lock if one waits.
    pub switch_threads: unsafe extern "C" fn(*mut Thread),
    /// Nanoseconds a thread may run while others wait; 0 only asks. Answers the former value.
    pub switch_interval: unsafe extern "C" fn(nanoseconds: u64) -> u64,
    /// `thread_event::*`
    pub thread_event: unsafe extern "C" fn(*mut Thread, event: u32) -> i32,
}

/// `HostVTable::thread_event`
pub mod thread_event {
    /// The interpreter ends: no other thread gets the lock again.
    pub const CLOSE: u32 = 0;
    /// In the child of a fork: this thread is the only one.
    pub const FORKED: u32 = 1;
    /// Answers whether `CLOSE` has happened: 0 no, 1 by this thread, 2 by another.
    pub const CLOSED: u32 = 2;
}
