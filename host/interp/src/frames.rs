//! Frame objects and tracebacks.

use crate::call::save_words;
use crate::generator::generator_of;
use crate::objects::{WFrame, WGenerator, WTraceback};
use crate::unwind::last_instruction;
use taipan_abi::thread::{Code, Frame, fr};
use taipan_abi::word::{TID_FRAME, TID_TRACEBACK, W};
use taipan_plugin_api::{GcArray, Res, RootedVec, Space, setfield};

/// The frame object of a running frame.
///
/// # Safety
/// `f` is in use.
pub unsafe fn frame_object(sp: Space, f: *mut Frame) -> Res<W> {
    if !(*f).w_frame.is_null() {
        return Ok((*f).w_frame);
    }
    let w = sp.alloc(TID_FRAME, std::mem::size_of::<WFrame>())?;
    let o = &mut *w.ptr::<WFrame>();
    o.live = f;
    o.w_code = W::of((*f).code);
    o.w_globals = (*f).w_globals;
    o.w_ns = (*f).w_locals;
    o.trace_lines = true;
    if (*f).flags & fr::GENERATOR != 0 {
        o.w_generator = generator_of(f);
        let w_gen = o.w_generator;
        setfield!(sp, w_gen, WGenerator, w_frame, w);
    }
    (*f).w_frame = w;
    sp.thread().forced = sp.thread().forced.wrapping_add(1);
    Ok(w)
}

/// The frame is about to be popped: its object, if there is one, takes the locals.
///
/// # Safety
/// `f` is the running frame.
pub unsafe fn detach(sp: Space, f: *mut Frame) {
    let w = (*f).w_frame;
    if w.is_null() {
        return;
    }
    let o = w.ptr::<WFrame>();
    (*o).lasti = last_instruction(f) as u64;
    let n = 1 + (*(*f).code).nlocalsplus as usize;
    // Without memory for the copy the locals are lost, the frame object stays valid. A pending exception is not disturbed.
    let exc = sp.take_exc();
    let saved = save_words(sp, (*f).base.sub(1), n);
    // A generator's frame has no caller of its own.
    let back = caller(f).filter(|_| (*f).flags & fr::GENERATOR == 0).map(|c| frame_object(sp, c));
    sp.thread().exc = exc;
    if let Ok(w_slots) = saved {
        setfield!(sp, w, WFrame, w_slots, w_slots);
    }
    if let Some(Ok(w_back)) = back {
        setfield!(sp, w, WFrame, w_back, w_back);
    }
    (*o).w_generator = W::NULL;
    (*o).live = std::ptr::null_mut();
    (*f).w_frame = W::NULL;
}

/// The Python frame that called this one, if any.
///
/// # Safety
/// `f` is in use.
pub unsafe fn caller(f: *mut Frame) -> Option<*mut Frame> {
    let c = f.sub(1);
    (!(*c).code.is_null()).then_some(c)
}

/// The words of a frame's function slot and locals, wherever they are now.
///
/// # Safety
/// `w` is a frame object.
pub unsafe fn slots(w: W) -> Option<*mut W> {
    let o = &*w.ptr::<WFrame>();
    if !o.live.is_null() {
        Some((*o.live).base.sub(1))
    } else if !o.w_slots.is_null() {
        Some(GcArray(o.w_slots).items())
    } else if !o.w_generator.is_null() {
        Some(WGenerator::slots(o.w_generator.ptr()))
    } else {
        None
    }
}

/// The word index of the instruction a frame object is at.
///
/// # Safety
/// `w` is a frame object.
pub unsafe fn lasti(w: W) -> usize {
    let o = &*w.ptr::<WFrame>();
    if !o.live.is_null() {
        return last_instruction(o.live);
    }
    if o.w_slots.is_null() && !o.w_generator.is_null() {
        let g = &*o.w_generator.ptr::<WGenerator>();
        return (g.ip.offset_from((*o.w_code.ptr::<Code>()).code) as usize).saturating_sub(1);
    }
    o.lasti as usize
}

/// Puts an entry for the frame before the pending exception's traceback.
///
/// # Safety
/// `f` is the running frame, an exception is pending.
pub unsafe fn add_traceback(sp: Space, f: *mut Frame, at: usize) {
    let w_exc = sp.take_exc();
    let made: Res<W> = (|| {
        let w_frame = frame_object(sp, f)?;
        let w_tb = sp.alloc(TID_TRACEBACK, std::mem::size_of::<WTraceback>())?;
        let t = &mut *w_tb.ptr::<WTraceback>();
        t.w_frame = w_frame;
        t.lasti = at as u64 * 2;
        t.lineno = -1;
        t.w_next = exc_traceback(w_exc);
        Ok(w_tb)
    })();
    if let Ok(w_tb) = made {
        set_exc_traceback(sp, w_exc, w_tb);
    }
    // A MemoryError of the traceback itself is dropped in favour of the exception that is being raised.
    sp.thread().exc = w_exc;
}

/// Offset of an exception's `__traceback__` word: the second word of its layout.
const EXC_TRACEBACK: usize = 16;

/// `__traceback__` or NULL.
///
/// # Safety
/// `w` is an exception instance.
pub unsafe fn exc_traceback(w: W) -> W {
    *((w.0 as usize + EXC_TRACEBACK) as *const W)
}

/// # Safety
/// `w` is an exception instance.
pub unsafe fn set_exc_traceback(sp: Space, w: W, w_tb: W) {
    let slot = (w.0 as usize + EXC_TRACEBACK) as *mut W;
    sp.barrier(w, slot);
    *slot = w_tb;
}

/// `cr_origin`: (filename, line, function) of up to `depth` callers.
///
/// # Safety
/// Called in the frame that makes the coroutine.
pub unsafe fn origin(sp: Space, depth: i64) -> Res<W> {
    let mut rows = RootedVec::new(sp);
    let mut f = caller(sp.thread().gc.frame_top as *mut Frame);
    while let Some(c) = f {
        if rows.len() as i64 >= depth {
            break;
        }
        let code = &*(*c).code;
        let line = line_of(sp, code, last_instruction(c));
        let row = sp.newtuple(&[code.w_filename, W::int(line), code.w_name])?;
        rows.push(row);
        f = caller(c);
    }
    rows.into_tuple()
}

/// The line of a word index; the first line if the table does not say.
pub fn line_of(sp: Space, code: &Code, at: usize) -> i64 {
    let table = sp.bytes_opt(code.w_linetable).unwrap_or(&[]);
    taipan_abi::location::lookup(table, code.firstlineno as i32, at as u32).and_then(|p| p.line).map_or(-1, i64::from)
}

/// What `sys.exception()` answers: the innermost exception being handled, looking through generators.
pub fn handled(sp: Space) -> W {
    let th = sp.thread();
    if !th.handled.is_null() {
        return th.handled;
    }
    // SAFETY: frames in use.
    unsafe {
        let mut f = th.gc.frame_top as *mut Frame;
        while !(*f).code.is_null() {
            if (*f).flags & fr::GENERATOR != 0 && !(*f).saved_handled.is_null() {
                return (*f).saved_handled;
            }
            f = f.sub(1);
        }
    }
    W::NULL
}
