//! `sys.settrace` and `sys.setprofile`: hooks of the tracing evaluator.

use crate::frames;
use crate::jump;
use crate::objects::{WFrame, trace_event};
use crate::unwind::last_instruction;
use taipan_abi::opcode::Op;
use taipan_abi::thread::{Code, Frame, fr};
use taipan_abi::word::W;
use taipan_plugin_api::{Raised, Res, Space, name, setfield};

/// Calls a trace function with (frame, event, arg); what it answers. Tracing is off meanwhile.
fn call(sp: Space, w_func: W, w_frame: W, event: W, w_arg: W) -> Res<W> {
    let th = sp.thread();
    let (handled, resume) = (th.handled, th.resume);
    th.tracing += 1;
    let r = sp.call(w_func, &[w_frame, event, w_arg]);
    let th = sp.thread();
    th.tracing -= 1;
    th.handled = handled;
    th.resume = resume;
    r
}

/// Sends an event to the frame's local trace function.
unsafe fn local_event(sp: Space, f: *mut Frame, event: W, w_arg: W, kind: u32) -> Res<()> {
    let w_frame = frames::frame_object(sp, f)?;
    let w_trace = (*w_frame.ptr::<WFrame>()).w_trace;
    if w_trace.is_null() || w_trace.is_none() || sp.thread().tracing > 0 || sp.thread().w_trace.is_null() {
        return Ok(());
    }
    let o = w_frame.ptr::<WFrame>();
    (*o).event = kind;
    let answer = call(sp, w_trace, w_frame, event, w_arg);
    (*o).event = trace_event::NONE;
    match answer {
        Ok(w) => {
            if !w.is_none() {
                setfield!(sp, w_frame, WFrame, w_trace, w);
            }
            Ok(())
        }
        Err(Raised) => {
            (*o).jump = 0;
            // A failing trace function switches tracing off.
            sp.thread().w_trace = W::NULL;
            setfield!(sp, w_frame, WFrame, w_trace, W::NULL);
            Err(Raised)
        }
    }
}

/// Before each instruction: the call event of a frame seen for the first time, then line and opcode events. False = raised.
///
/// # Safety
/// `f` is the running frame, saved at the instruction's start.
pub unsafe fn instruction(sp: Space, f: *mut Frame) -> bool {
    if sp.thread().tracing > 0 {
        return true;
    }
    loop {
        match step(sp, f) {
            Ok(jumped) if jumped => {}
            answer => return answer.is_ok(),
        }
    }
}

/// Words before the first instruction that can be traced: making a generator belongs to the call.
fn first_traced(code: &Code) -> usize {
    // SAFETY: every code object has an instruction.
    let first = unsafe { *code.code } as u8;
    if first == Op::RETURN_GENERATOR as u8 { 2 } else { 0 }
}

/// The line of the instruction at a word; what was looked up last is kept in the frame object.
unsafe fn line_at(sp: Space, o: *mut WFrame, code: &Code, at: usize) -> i64 {
    let word = at as u32;
    if word < (*o).range_start || word >= (*o).range_end {
        let table = sp.bytes_opt(code.w_linetable).unwrap_or(&[]);
        let found = taipan_abi::location::lookup(table, code.firstlineno as i32, word);
        ((*o).range_start, (*o).range_end) = found.map_or((word, word + 1), |l| (l.start_word, l.end_word));
        (*o).range_line = found.and_then(|l| l.line).map_or(-1, i64::from);
    }
    (*o).range_line
}

/// Line events of a frame object count from the instruction that its frame is at.
///
/// # Safety
/// `w` is a frame object.
pub unsafe fn begin_at(sp: Space, w: W) {
    let o = w.ptr::<WFrame>();
    let code = &*(*o).w_code.ptr::<Code>();
    if !(*o).live.is_null() && (*(*o).live).ip == code.code {
        ((*o).traced_at, (*o).traced_line) = (-1, -1);
        return;
    }
    let at = frames::lasti(w);
    (*o).traced_at = at as i64;
    (*o).traced_line = line_at(sp, o, code, at);
}

/// True: the trace function jumped, another instruction is the next one.
unsafe fn step(sp: Space, f: *mut Frame) -> Res<bool> {
    let code = &*(*f).code;
    let at = (*f).ip.offset_from(code.code) as usize;
    let first = first_traced(code);
    if at < first && (*f).flags & fr::GENERATOR == 0 {
        return Ok(false);
    }
    if (*f).flags & fr::TRACED == 0 {
        (*f).flags |= fr::TRACED;
        let w_frame = frames::frame_object(sp, f)?;
        let o = w_frame.ptr::<WFrame>();
        let fresh = at <= first;
        if fresh {
            ((*o).traced_at, (*o).traced_line) = (-1, -1);
        } else {
            begin_at(sp, w_frame);
        }
        // A frame that was running already when tracing began has no call event.
        if fresh || (*f).flags & fr::GENERATOR != 0 {
            let w_profile = sp.thread().w_profile;
            if !w_profile.is_null() {
                call(sp, w_profile, w_frame, name!(sp, "call"), W::NONE)?;
            }
            let w_trace = sp.thread().w_trace;
            if !w_trace.is_null() {
                (*o).event = trace_event::CALL;
                let answer = call(sp, w_trace, w_frame, name!(sp, "call"), W::NONE);
                (*o).event = trace_event::NONE;
                let w = answer.inspect_err(|_| sp.thread().w_trace = W::NULL)?;
                setfield!(sp, w_frame, WFrame, w_trace, if w.is_none() { W::NULL } else { w });
            }
        }
    }
    let w_frame = (*f).w_frame;
    if w_frame.is_null() || (*w_frame.ptr::<WFrame>()).w_trace.is_null() || at < first {
        return Ok(false);
    }
    let o = w_frame.ptr::<WFrame>();
    let line = line_at(sp, o, code, at);
    let before = (*o).traced_at;
    let again = before >= at as i64 && *code.code.add(before as usize) as u8 == Op::JUMP_BACKWARD as u8;
    // Leaving a loop is no event of its own.
    let leaves = *(*f).ip as u8 == Op::POP_ITER as u8;
    let changed = before < 0 || again || (*o).traced_line != line && !leaves;
    (*o).traced_at = at as i64;
    if line >= 0 {
        (*o).traced_line = line;
    }
    // To the trace function the instruction is the one being executed.
    (*f).ip = (*f).ip.add(1);
    let mut r = Ok(());
    if (*o).trace_lines && line >= 0 && changed {
        r = local_event(sp, f, name!(sp, "line"), W::NONE, trace_event::LINE);
    }
    if r.is_ok() && (*o).trace_opcodes {
        r = local_event(sp, f, name!(sp, "opcode"), W::NONE, trace_event::OTHER);
    }
    r?;
    (*f).ip = (*f).ip.sub(1);
    Ok(jump::take(sp, f, at))
}

/// A generator's frame is about to yield; true if the trace function has made it jump instead.
///
/// # Safety
/// `f` is the running frame, saved behind its YIELD_VALUE.
pub unsafe fn jumped(sp: Space, f: *mut Frame) -> bool {
    !(*f).w_frame.is_null() && jump::take(sp, f, last_instruction(f))
}

/// A return event. Err: the hook raised.
///
/// # Safety
/// `f` is the running frame, saved.
pub unsafe fn returned(sp: Space, f: *mut Frame, w_value: W) -> Res<()> {
    if sp.thread().tracing > 0 || (*f).flags & fr::TRACED == 0 {
        return Ok(());
    }
    let yields = *(*f).ip.sub(1) as u8 == Op::YIELD_VALUE as u8;
    let kind = if yields { trace_event::YIELD } else { trace_event::OTHER };
    local_event(sp, f, name!(sp, "return"), w_value, kind)?;
    let w_profile = sp.thread().w_profile;
    if !w_profile.is_null() {
        let w_frame = frames::frame_object(sp, f)?;
        call(sp, w_profile, w_frame, name!(sp, "return"), w_value)?;
    }
    Ok(())
}

/// An exception event; an exception of the hook replaces the pending one.
///
/// # Safety
/// `f` is the running frame, saved; an exception is pending.
pub unsafe fn exception(sp: Space, f: *mut Frame) {
    if sp.thread().tracing > 0 || (*f).w_frame.is_null() {
        return;
    }
    let w_exc = sp.take_exc();
    let report = || -> Res<()> {
        let w_tb = frames::exc_traceback(w_exc);
        let w_tb = if w_tb.is_null() { W::NONE } else { w_tb };
        let w_arg = sp.newtuple(&[sp.type_(w_exc)?, w_exc, w_tb])?;
        local_event(sp, f, name!(sp, "exception"), w_arg, trace_event::OTHER)
    };
    if report().is_ok() {
        sp.thread().exc = w_exc;
    }
}

/// What the frame iterates over or awaits has returned `w_value`: to a trace function, StopIteration. False = the hook raised.
///
/// # Safety
/// `f` is the running frame, saved.
pub unsafe fn stopped(sp: Space, f: *mut Frame, w_value: W) -> bool {
    if sp.thread().tracing > 0 || (*f).w_frame.is_null() || (*(*f).w_frame.ptr::<WFrame>()).w_trace.is_null() {
        return true;
    }
    crate::generator::stop_iteration(sp, w_value);
    let w_exc = sp.thread().exc;
    exception(sp, f);
    let quiet = sp.thread().exc == w_exc;
    if quiet {
        sp.take_exc();
    }
    quiet
}

/// The frame is left by the pending exception.
///
/// # Safety
/// As `exception`.
pub unsafe fn unwound(sp: Space, f: *mut Frame) {
    let w_exc = sp.take_exc();
    if returned(sp, f, W::NONE).is_ok() {
        sp.thread().exc = w_exc;
    }
}
