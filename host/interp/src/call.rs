//! Frames: pushing, popping, and entering the evaluator from Rust.

use crate::bind;
use crate::eval::POPS_SHIFT;
use crate::frames;
use crate::generator;
use crate::objects::{WCell, WFunction};
use crate::space::ObjSpace;
use crate::traced;
use taipan_abi::known;
use taipan_abi::mode::{Exec, FieldDesc, Mode, fd, kind};
use taipan_abi::thread::{Code, Frame, Thread, cf, fr, k};
use taipan_abi::types::Str;
use taipan_abi::word::{TID_CELL, W};
use taipan_plugin_api::{Args, GcArray, Raised, Res, Space};

/// The content of a cell.
pub static CELL_VALUE: FieldDesc = FieldDesc {
    off: 8,
    kind: kind::W,
    flags: fd::GCREF,
    alias: taipan_abi::mode::alias::CELL,
    name: Str::new("cell.value"),
};

/// Words a window has beyond the code's own need: room for the operands of a call that a continuation prepares.
pub const SLACK: u32 = 8;

/// Pushes a frame for a Python function whose `n` positional arguments stand at `args` (`args[-1]` is the function slot).
/// False = raised (arguments do not fit, recursion too deep); the caller's frame is still on top.
///
/// # Safety
/// The caller's frame is saved; the words from `args` on belong to the value stack.
#[inline(always)]
pub unsafe fn enter<S: ObjSpace, M: Mode>(_s: S, m: M, w_func: W, args: *mut W, n: usize, k: u32, pops: usize) -> bool {
    let func = &*w_func.ptr::<WFunction>();
    let code = func.code();
    if (*code).shape & cf::SIMPLE != 0 && n == (*code).argcount as usize {
        let end = (*code).nlocalsplus as usize;
        for i in n..end {
            m.set(args.add(i), m.kw(W::NULL));
        }
    } else if !with_defaults(m, func, code, args, n) {
        m.give_up("a call whose arguments have to be bound");
        if bind::bind(Space::new(m.th()), w_func, args, n, W::NULL).is_err() {
            return false;
        }
    }
    push_frame(m.th(), code, args, func.w_globals, k, (pops << POPS_SHIFT) as u32)
}

/// Completes the locals of a simple function whose missing arguments are the last ones and have defaults. False = it is not that.
#[inline(always)]
unsafe fn with_defaults<M: Mode>(m: M, func: &WFunction, code: *mut Code, args: *mut W, n: usize) -> bool {
    let argc = (*code).argcount as usize;
    if M::RECORDING || (*code).shape & cf::SIMPLE == 0 || n >= argc || !func.w_defaults.is_obj() {
        return false;
    }
    let defaults = Space::new(m.th()).tuple_items(func.w_defaults);
    let missing = argc - n;
    if missing > defaults.len() {
        return false;
    }
    for (i, w) in defaults[defaults.len() - missing..].iter().enumerate() {
        *args.add(n + i) = *w;
    }
    for i in argc..(*code).nlocalsplus as usize {
        *args.add(i) = W::NULL;
    }
    true
}

/// Pushes a frame over a window whose locals are complete. False = RecursionError.
///
/// # Safety
/// `base` points into the value stack; `code`'s locals stand there.
#[inline(always)]
pub unsafe fn push_frame(th: *mut Thread, code: *mut Code, base: *mut W, w_globals: W, k: u32, flags: u32) -> bool {
    let f = ((*th).gc.frame_top as *mut Frame).add(1);
    let top = base.add((*code).framesize as usize);
    if f >= (*th).frame_limit || top >= (*th).vs_limit {
        recursion_error(th);
        return false;
    }
    (*f).code = code;
    (*f).ip = (*code).code;
    (*f).base = base;
    (*f).sp = base.add((*code).nlocalsplus as usize);
    (*f).cont = k;
    (*f).flags = flags;
    (*f).w_globals = w_globals;
    (*f).w_locals = W::NULL;
    (*f).w_frame = W::NULL;
    (*f).saved_handled = W::NULL;
    (*th).gc.frame_top = f as *mut u8;
    (*th).gc.vs_top = top;
    true
}

/// RecursionError.
#[cold]
#[inline(never)]
pub(crate) unsafe fn recursion_error(th: *mut Thread) {
    // A little room for the handlers and for the error's own making.
    let limit = (*th).frame_limit;
    (*th).frame_limit = limit.add(50);
    Space::new(th).raise(known::RECURSION_ERROR, "maximum recursion depth exceeded");
    (*th).frame_limit = limit;
}

/// Pops the running frame.
///
/// # Safety
/// `f` is the running frame.
#[inline(always)]
pub unsafe fn pop_frame(th: *mut Thread, f: *mut Frame) {
    let caller = f.sub(1);
    (*th).gc.frame_top = caller as *mut u8;
    (*th).gc.vs_top =
        if (*caller).code.is_null() { (*caller).sp } else { (*caller).base.add((*(*caller).code).framesize as usize) };
}

/// What must happen when a frame that someone looked at, a traced one or a generator's is left with result `v`.
///
/// # Safety
/// `f` is the running frame, saved.
#[cold]
pub unsafe fn leave<M: Mode, const TRACE: bool>(m: M, f: *mut Frame, v: M::W) -> bool {
    let sp = Space::new(m.th());
    if TRACE && traced::returned(sp, f, m.w(v)).is_err() {
        return false;
    }
    if (*f).flags & fr::GENERATOR != 0 {
        generator::finished(sp, f);
    }
    frames::detach(sp, f);
    true
}

/// Moves `n` words from `from` up to `to`.
///
/// # Safety
/// Both lie on the value stack.
#[inline(always)]
pub unsafe fn shift_up<M: Mode>(m: M, from: *mut W, to: *mut W, n: usize) {
    for i in (0..n).rev() {
        m.set(to.add(i), m.get(from.add(i)));
    }
}

/// Is a trace or profile function set, so that the tracing evaluator has to run?
///
/// # Safety
/// `th` is the running thread.
#[inline(always)]
pub unsafe fn tracing_wanted(th: *mut Thread) -> bool {
    (!(*th).w_trace.is_null() || !(*th).w_profile.is_null()) && (*th).tracing == 0
}

/// The evaluator of the outermost space, which it has put into `Thread::space[0]`.
pub type EvalFn = unsafe extern "C-unwind" fn(*mut Thread) -> W;

/// Runs the top frame with the outermost space's evaluator.
///
/// # Safety
/// As `run`.
pub unsafe fn run_top(sp: Space) -> Res<W> {
    let eval: EvalFn = std::mem::transmute(sp.thread().space[0]);
    let w = eval(sp.th());
    if w.is_null() { Err(Raised) } else { Ok(w) }
}

/// Is there enough native stack for another nested evaluation?
#[inline]
pub fn check_native_stack(sp: Space) -> Res<()> {
    check_native_stack_while(sp, "")
}

/// The same; the message goes on with what was being done.
#[inline]
pub fn check_native_stack_while(sp: Space, what: &str) -> Res<()> {
    let here = 0u8;
    if (&raw const here as usize) < sp.thread().stack_limit {
        return Err(sp.raise(known::RECURSION_ERROR, &format!("maximum recursion depth exceeded{what}")));
    }
    Ok(())
}

/// The next free window: its function slot.
fn window(sp: Space) -> *mut W {
    sp.thread().gc.vs_top
}

/// Calls a Python function from Rust.
pub fn call_function(sp: Space, w_func: W, a: Args) -> Res<W> {
    check_native_stack(sp)?;
    // SAFETY: the window lies above everything in use; `bind` checks that it fits.
    unsafe {
        let slot = window(sp);
        let base = slot.add(1);
        let func = &*w_func.ptr::<WFunction>();
        let code = func.code();
        if base.add((*code).framesize as usize + a.n + 300) >= (*sp.th()).vs_limit {
            recursion_error(sp.th());
            return Err(Raised);
        }
        let nkw = if a.kwnames.is_null() { 0 } else { sp.tuple_items(a.kwnames).len() };
        *slot = w_func;
        std::ptr::copy_nonoverlapping(a.ptr, base, a.n + nkw);
        let old_top = sp.thread().gc.vs_top;
        sp.thread().gc.vs_top = base.add((*code).framesize.max((a.n + nkw) as u32) as usize);
        if nkw == 0 && (*code).shape & cf::SIMPLE != 0 && a.n == (*code).argcount as usize {
            for i in a.n..(*code).nlocalsplus as usize {
                *base.add(i) = W::NULL;
            }
        } else if bind::bind(sp, w_func, base, a.n, a.kwnames).is_err() {
            sp.thread().gc.vs_top = old_top;
            return Err(Raised);
        }
        if !push_frame(sp.th(), code, base, func.w_globals, k::CALL, fr::ENTRY) {
            sp.thread().gc.vs_top = old_top;
            return Err(Raised);
        }
        sp.thread().resume = crate::eval::BYTECODE;
        run_top(sp)
    }
}

/// Runs code whose names live in `w_locals` (class bodies, modules, `exec`): `w_func` is the function made of the code.
pub fn run_namespace(sp: Space, w_func: W, w_locals: W) -> Res<W> {
    check_native_stack(sp)?;
    // SAFETY: as call_function.
    unsafe {
        let slot = window(sp);
        let base = slot.add(1);
        let func = &*w_func.ptr::<WFunction>();
        let code = func.code();
        if base.add((*code).framesize as usize + 300) >= (*sp.th()).vs_limit {
            recursion_error(sp.th());
            return Err(Raised);
        }
        *slot = w_func;
        let old_top = sp.thread().gc.vs_top;
        sp.thread().gc.vs_top = base.add((*code).framesize as usize);
        if bind::bind(sp, w_func, base, 0, W::NULL).is_err()
            || !push_frame(sp.th(), code, base, func.w_globals, k::CALL, fr::ENTRY)
        {
            sp.thread().gc.vs_top = old_top;
            return Err(Raised);
        }
        (*(sp.thread().gc.frame_top as *mut Frame)).w_locals = w_locals;
        sp.thread().resume = crate::eval::BYTECODE;
        run_top(sp)
    }
}

/// Fills the cell and free variables of a window.
///
/// # Safety
/// The parameters stand at `base`.
pub unsafe fn fill_cells(sp: Space, w_func: W, base: *mut W) -> Res<()> {
    let func = &*w_func.ptr::<WFunction>();
    let code = &*func.code();
    for i in 0..code.ncell_params as usize {
        let at = base.add(*code.cell_params.add(i) as usize);
        *at = new_cell(sp, *at)?;
    }
    let first_free = (code.nlocalsplus - code.nfree) as usize;
    for i in first_free - code.ncells as usize..first_free {
        *base.add(i) = new_cell(sp, W::NULL)?;
    }
    if code.nfree > 0 {
        let cells = sp.tuple_items(func.w_closure);
        for (i, w) in cells.iter().enumerate().take(code.nfree as usize) {
            *base.add(first_free + i) = *w;
        }
    }
    Ok(())
}

/// A cell.
pub fn new_cell(sp: Space, w: W) -> Res<W> {
    // SAFETY: the row's layout is WCell; the object is new, so the store needs no barrier.
    unsafe {
        let cell = sp.alloc(TID_CELL, std::mem::size_of::<WCell>())?;
        (*cell.ptr::<WCell>()).w_value = w;
        Ok(cell)
    }
}

/// How a call went that may have pushed a frame.
pub enum Outcome {
    Entered,
    Value(W),
    Raised,
}

/// CALL_KW: callable, self or NULL, `n` arguments, tuple of names on top.
///
/// # Safety
/// The frame is saved.
pub unsafe fn call_kw<S: ObjSpace, M: Mode>(s: S, m: M, _f: *mut Frame, top: *mut W, n: usize) -> Outcome {
    let sp = Space::new(m.th());
    let w_names = *top.sub(1);
    let nkw = sp.tuple_items(w_names).len();
    let mut args = top.sub(1 + n);
    let at = args.sub(2);
    let mut npos = n - nkw;
    if !(*args.sub(1)).is_null() {
        args = args.sub(1);
        npos += 1;
    }
    let func = *at;
    if func.is_tid(taipan_abi::word::TID_FUNCTION) {
        if npos == n - nkw {
            *args.sub(1) = func;
        }
        if bind::bind(sp, func, args, npos, w_names).is_err() {
            return Outcome::Raised;
        }
        let fu = &*func.ptr::<WFunction>();
        if !push_frame(m.th(), fu.code(), args, fu.w_globals, k::CALL, ((n + 3) << POPS_SHIFT) as u32) {
            return Outcome::Raised;
        }
        return Outcome::Entered;
    }
    let w = s.call(Exec(m.th()), func, args, npos, w_names);
    if w.is_null() { Outcome::Raised } else { Outcome::Value(w) }
}

/// Copies words out of the value stack into a fresh array.
///
/// # Safety
/// `n` words are readable at `from`.
pub unsafe fn save_words(sp: Space, from: *const W, n: usize) -> Res<W> {
    let a = GcArray::new(sp, n)?;
    a.barrier_range(sp, 0, n);
    std::ptr::copy_nonoverlapping(from, a.items(), n);
    Ok(a.0)
}
