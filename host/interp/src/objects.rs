//! The evaluator's own objects.

use taipan_abi::thread::{Code, Frame};
use taipan_abi::word::{Header, W};
use taipan_plugin_api::GcObject;

/// A cell of a closure; NULL = empty.
#[derive(GcObject)]
#[repr(C)]
pub struct WCell {
    pub header: Header,
    pub w_value: W,
}

/// A Python function.
#[derive(GcObject)]
#[repr(C)]
pub struct WFunction {
    pub header: Header,
    /// The Code.
    pub w_code: W,
    pub w_globals: W,
    /// The builtins dict.
    pub w_builtins: W,
    /// Tuple of cells, or NULL.
    pub w_closure: W,
    /// Tuple, or NULL.
    pub w_defaults: W,
    /// Dict, or NULL.
    pub w_kwdefaults: W,
    pub w_name: W,
    pub w_qualname: W,
    /// NULL: from the code's constants.
    pub w_doc: W,
    pub w_module: W,
    /// Dict, or NULL.
    pub w_annotations: W,
    /// `__annotate__`, or NULL.
    pub w_annotate: W,
    /// Tuple, or NULL.
    pub w_type_params: W,
    /// `__dict__`, or NULL.
    pub w_dict: W,
}
impl WFunction {
    /// The code.
    #[inline(always)]
    pub fn code(&self) -> *mut Code {
        self.w_code.ptr()
    }
}

/// A bound method.
#[derive(GcObject)]
#[repr(C)]
pub struct WMethod {
    pub header: Header,
    pub w_func: W,
    pub w_self: W,
}

/// traceback
#[derive(GcObject)]
#[repr(C)]
pub struct WTraceback {
    pub header: Header,
    pub w_next: W,
    pub w_frame: W,
    /// The instruction in units of `tb_lasti`: two a word of the frame's code.
    pub lasti: u64,
    /// -1: computed from lasti when asked.
    pub lineno: i64,
}

/// `WGenerator::state`
pub mod gen_state {
    pub const CREATED: u32 = 0;
    pub const SUSPENDED: u32 = 1;
    pub const RUNNING: u32 = 2;
    pub const CLOSED: u32 = 3;
}

/// `WGenerator::ag_flags`
pub mod gen_flags {
    /// Async generators: the hooks were called.
    pub const HOOKED: u32 = 1;
    /// Async generators: closed by aclose, or exhausted.
    pub const ACLOSED: u32 = 2;
    /// Registered for finalization.
    pub const WATCHED: u32 = 4;
}

/// generator, coroutine, async_generator: the suspended frame. `len` words follow: the function, then locals and operands.
#[derive(GcObject)]
#[repr(C)]
pub struct WGenerator {
    pub header: Header,
    pub len: usize,
    pub w_code: W,
    pub w_globals: W,
    pub w_name: W,
    pub w_qualname: W,
    /// The exception its own frame is handling while suspended.
    pub w_handled: W,
    /// Its frame object, if someone asked.
    pub w_frame: W,
    /// `cr_origin`, or NULL.
    pub w_origin: W,
    /// Async generators: finalizer hook; NULL if none.
    pub w_finalizer: W,
    /// Next instruction.
    pub ip: *const u32,
    /// Operands saved.
    pub depth: u32,
    /// `gen_state::*`
    pub state: u32,
    /// Async generators: `ag_running`.
    pub ag_running: u32,
    /// `gen_flags::*`
    pub ag_flags: u32,
}
impl WGenerator {
    /// The saved words: function slot, locals, operands.
    ///
    /// # Safety
    /// `g` is a generator object.
    #[inline(always)]
    pub unsafe fn slots(g: *mut WGenerator) -> *mut W {
        g.add(1) as *mut W
    }
}

/// `WFrame::event`
pub mod trace_event {
    pub const NONE: u32 = 0;
    pub const CALL: u32 = 1;
    pub const LINE: u32 = 2;
    pub const YIELD: u32 = 3;
    pub const OTHER: u32 = 4;
}

/// frame: what `sys._getframe()` shows. While the call runs (or its generator is running) `live` points to it; afterwards the locals are
/// in `w_slots`.
#[derive(GcObject)]
#[repr(C)]
pub struct WFrame {
    pub header: Header,
    pub live: *mut Frame,
    pub w_code: W,
    pub w_globals: W,
    /// Namespace of a class or module body, or NULL.
    pub w_ns: W,
    /// The caller's frame once this one is no longer live, or NULL.
    pub w_back: W,
    /// A GcArray: function slot and locals of a frame that is no longer live, or NULL.
    pub w_slots: W,
    /// The generator it belongs to, or NULL.
    pub w_generator: W,
    pub w_trace: W,
    /// Extra keys written through `f_locals`.
    pub w_extra: W,
    /// Word index of the last instruction once not live.
    pub lasti: u64,
    /// Tracing: the instruction executed last (-1: none yet) and its line.
    pub traced_at: i64,
    pub traced_line: i64,
    /// Tracing: the line of the words `range_start .. range_end`.
    pub range_start: u32,
    pub range_end: u32,
    pub range_line: i64,
    /// Tracing: the event being told (`trace_event::*`), and the word to jump to, plus 1.
    pub event: u32,
    pub jump: u32,
    pub trace_lines: bool,
    pub trace_opcodes: bool,
    pub cleared: bool,
}
