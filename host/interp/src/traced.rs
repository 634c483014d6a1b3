//! `sys.settrace` and `sys.setprofile`: hooks of the tracing evaluator.

use crate::frames;
use crate::objects::WFrame;
use taipan_abi::opcode::Op;
use taipan_abi::thread::{Frame, fr};
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
unsafe fn local_event(sp: Space, f: *mut Frame, event: W, w_arg: W) -> Res<()> {
    let w_frame = frames::frame_object(sp, f)?;
    let w_trace = (*w_frame.ptr::<WFrame>()).w_trace;
    if w_trace.is_null() || w_trace.is_none() || sp.thread().tracing > 0 {
        return Ok(());
    }
    match call(sp, w_trace, w_frame, event, w_arg) {
        Ok(w) => {
            if !w.is_none() {
                setfield!(sp, w_frame, WFrame, w_trace, w);
            }
            Ok(())
        }
        Err(Raised) => {
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
    // The hooks see a frame whose instruction pointer is past the instruction's first word, as everybody who asks a running frame for
    // its line.
    let ip = (*f).ip;
    let ok = called(sp, f, ip).is_ok() && {
        (*f).ip = ip.add(1);
        step(sp, f, ip).is_ok()
    };
    (*f).ip = ip;
    ok
}

/// The call event of a frame seen for the first time.
unsafe fn called(sp: Space, f: *mut Frame, ip: *const u32) -> Res<()> {
    let at = ip.offset_from((*(*f).code).code) as usize;
    // Making a generator is no call of its body.
    if (*f).flags & fr::TRACED == 0 && *ip as u8 != Op::RETURN_GENERATOR as u8 {
        (*f).flags |= fr::TRACED;
        let w_frame = frames::frame_object(sp, f)?;
        // A frame that was running already when tracing began has no call event.
        if at <= 2 || (*f).flags & fr::GENERATOR != 0 {
            let w_profile = sp.thread().w_profile;
            if !w_profile.is_null() {
                call(sp, w_profile, w_frame, name!(sp, "call"), W::NONE)?;
            }
            let w_trace = sp.thread().w_trace;
            if !w_trace.is_null() {
                let w = call(sp, w_trace, w_frame, name!(sp, "call"), W::NONE)
                    .inspect_err(|_| sp.thread().w_trace = W::NULL)?;
                setfield!(sp, w_frame, WFrame, w_trace, if w.is_none() { W::NULL } else { w });
            }
        }
    }
    Ok(())
}

/// Line and opcode events.
unsafe fn step(sp: Space, f: *mut Frame, ip: *const u32) -> Res<()> {
    let at = ip.offset_from((*(*f).code).code) as usize;
    let w_frame = (*f).w_frame;
    if w_frame.is_null() || (*w_frame.ptr::<WFrame>()).w_trace.is_null() {
        return Ok(());
    }
    let o = w_frame.ptr::<WFrame>();
    // While the frame runs, `lasti` is where the previous event was looked for: a jump backwards begins its line again.
    let back = at as u64 <= std::mem::replace(&mut (*o).lasti, at as u64);
    let line = frames::line_of(sp, &*(*f).code, at);
    if at > 0 && *ip.sub(1) as u8 == Op::RETURN_GENERATOR as u8 {
        // A generator's first step only drops the value it was started with.
        return Ok(());
    }
    if (*o).trace_lines && line > 0 && ((*o).lineno != line || back) {
        (*o).lineno = line;
        local_event(sp, f, name!(sp, "line"), W::NONE)?;
    }
    if (*o).trace_opcodes {
        local_event(sp, f, name!(sp, "opcode"), W::NONE)?;
    }
    Ok(())
}

/// A return event. Err: the hook raised.
///
/// # Safety
/// `f` is the running frame, saved.
pub unsafe fn returned(sp: Space, f: *mut Frame, w_value: W) -> Res<()> {
    if sp.thread().tracing > 0 || (*f).flags & fr::TRACED == 0 {
        return Ok(());
    }
    local_event(sp, f, name!(sp, "return"), w_value)?;
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
        local_event(sp, f, name!(sp, "exception"), w_arg)
    };
    if report().is_ok() {
        sp.thread().exc = w_exc;
    }
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
