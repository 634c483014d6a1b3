//! Generators, coroutines and async generators: making, resuming in place, suspending, and driving them from Rust.
//!
//! A suspended generator keeps its window's words in itself. Resuming copies them to a fresh window above the resumer's operands (the
//! function slot holds the generator), suspending copies them back.

use crate::call::{self, push_frame};
use crate::eval::{BYTECODE, POPS_SHIFT};
use crate::frames;
use crate::objects::{WFrame, WFunction, WGenerator, gen_state};
use crate::watch;
use taipan_abi::known;
use taipan_abi::mode::{Exec, Mode};
use taipan_abi::opcode::{Op, co};
use taipan_abi::thread::{Code, Frame, Thread, fr, k};
use taipan_abi::word::{TID_ASYNC_GENERATOR, TID_COROUTINE, TID_GENERATOR, W};
use taipan_plugin_api::{Raised, Res, Space, setfield};

/// RETURN_GENERATOR: the object that continues the running frame.
///
/// # Safety
/// `f` is the running frame, saved.
pub unsafe fn make<M: Mode>(m: M, f: *mut Frame) -> M::W {
    let sp = Space::new(m.th());
    m.kw(new(sp, f).unwrap_or(W::NULL))
}

// Not inlined: the evaluator's own stack frame shall not keep the new object's address.
#[inline(never)]
unsafe fn new(sp: Space, f: *mut Frame) -> Res<W> {
    let code = &*(*f).code;
    let tid = if code.flags & co::COROUTINE != 0 {
        TID_COROUTINE
    } else if code.flags & co::ASYNC_GENERATOR != 0 {
        TID_ASYNC_GENERATOR
    } else {
        TID_GENERATOR
    };
    let len = 1 + code.framesize as usize;
    let w = sp.alloc(tid, std::mem::size_of::<WGenerator>() + len * 8)?;
    let g = w.ptr::<WGenerator>();
    let w_func = *(*f).base.sub(1);
    let func = &*w_func.ptr::<WFunction>();
    // Just allocated: no barrier is needed until the next allocation.
    (*g).len = len;
    (*g).w_code = W::of((*f).code);
    (*g).w_globals = (*f).w_globals;
    (*g).w_name = func.w_name;
    (*g).w_qualname = func.w_qualname;
    (*g).ip = (*f).ip;
    (*g).state = gen_state::CREATED;
    std::ptr::copy_nonoverlapping((*f).base.sub(1), WGenerator::slots(g), 1 + code.nlocalsplus as usize);
    if !(*f).w_frame.is_null() {
        let w_frame = (*f).w_frame;
        (*f).w_frame = W::NULL;
        setfield!(sp, w, WGenerator, w_frame, w_frame);
        setfield!(sp, w_frame, WFrame, w_generator, w);
        (*w_frame.ptr::<WFrame>()).live = std::ptr::null_mut();
    }
    if tid == TID_COROUTINE && sp.thread().coroutine_origin_depth > 0 {
        let w_origin = frames::origin(sp, sp.thread().coroutine_origin_depth)?;
        setfield!(sp, w, WGenerator, w_origin, w_origin);
    }
    if tid == TID_COROUTINE || code.nexceptions > watch::PLAIN {
        watch::register(sp, w);
    }
    Ok(w)
}

/// Is it a generator or coroutine that SEND can resume in place?
///
/// # Safety
/// A live word.
#[inline(always)]
pub unsafe fn can_resume<M: Mode>(m: M, w: M::W) -> bool {
    let c = m.w(w);
    c.is_obj()
        && (c.is_tid(TID_GENERATOR) || c.is_tid(TID_COROUTINE))
        && (*c.ptr::<WGenerator>()).state <= gen_state::SUSPENDED
        && !M::RECORDING
}

/// Pushes the generator's frame at `top` (one past the resumer's operands) with the value sent to it. False = raised.
///
/// # Safety
/// The resumer's frame is saved, `g` is a generator object.
#[inline]
pub unsafe fn resume<M: Mode>(m: M, g: M::W, v: M::W, top: *mut W, k: u32, pops: usize) -> bool {
    let sp = Space::new(m.th());
    resume_with(sp, m.w(g), m.w(v), top, k, (pops << POPS_SHIFT) as u32).is_ok()
}

unsafe fn resume_with(sp: Space, mut w_gen: W, v: W, top: *mut W, mut k: u32, mut flags: u32) -> Res<()> {
    let th = sp.th();
    let mut g = w_gen.ptr::<WGenerator>();
    match (*g).state {
        gen_state::RUNNING => return Err(already_running(sp, w_gen)),
        gen_state::CREATED if !v.is_none() && !v.is_null() => {
            let what = kind(w_gen);
            return Err(sp.type_error(&format!("can't send non-None value to a just-started {what}")));
        }
        _ => {}
    }
    // Of a chain of delegations only the innermost runs; the value goes straight to it. (Without a value this very generator is meant.)
    if !v.is_null() && !call::tracing_wanted(th) {
        let first = (*th).gc.frame_top as *mut Frame;
        while let Some((w_sub, send)) = delegates_in_place(g) {
            if !push_delegating(th, g, send, k, flags) {
                while (*th).gc.frame_top as *mut Frame != first {
                    pop_delegating(th, (*th).gc.frame_top as *mut Frame);
                }
                return Err(Raised);
            }
            w_gen = w_sub;
            g = w_gen.ptr();
            k = k::SEND_GEN;
            flags = 0;
        }
    }
    let code = (*g).w_code.ptr();
    let base = top.add(1);
    if !push_frame(th, code, base, (*g).w_globals, k, flags | fr::GENERATOR) {
        return Err(Raised);
    }
    let f = (*th).gc.frame_top as *mut Frame;
    *top = w_gen;
    let n = (*code).nlocalsplus as usize + (*g).depth as usize;
    copy_words(WGenerator::slots(g).add(1), base, n);
    let mut s = base.add(n);
    if !v.is_null() {
        *s = v;
        s = s.add(1);
    }
    (*f).ip = (*g).ip;
    (*f).sp = s;
    started(th, f, g);
    Ok(())
}

/// The generator runs from now on in frame `f`.
#[inline(always)]
unsafe fn started(th: *mut Thread, f: *mut Frame, g: *mut WGenerator) {
    (*f).saved_handled = (*th).handled;
    (*th).handled = (*g).w_handled;
    (*g).state = gen_state::RUNNING;
    if !(*g).w_frame.is_null() {
        (*f).w_frame = (*g).w_frame;
        (*(*f).w_frame.ptr::<WFrame>()).live = f;
    }
}

/// Copies a window; most are short enough that a call of memcpy would be the larger part of it.
#[inline(always)]
unsafe fn copy_words(from: *const W, to: *mut W, n: usize) {
    if n >= 16 {
        std::ptr::copy_nonoverlapping(from, to, n);
        return;
    }
    let mut i = 0;
    macro_rules! step {
        ($len:literal) => {
            if n & $len != 0 {
                (to.add(i) as *mut [W; $len]).write_unaligned((from.add(i) as *const [W; $len]).read_unaligned());
                i += $len;
            }
        };
    }
    step!(8);
    step!(4);
    step!(2);
    step!(1);
    let _ = i;
}

/// If the suspended generator waits for another suspended one (`yield from`, `await`): that one, and its SEND instruction.
#[inline(always)]
unsafe fn delegates_in_place(g: *mut WGenerator) -> Option<(W, *const u32)> {
    let jump = (*g).ip;
    if (*g).state != gen_state::SUSPENDED || (*g).depth == 0 || *jump as u8 != Op::JUMP_BACKWARD_NO_INTERRUPT as u8 {
        return None;
    }
    let nlocals = (*(*g).w_code.ptr::<Code>()).nlocalsplus as usize;
    let w_sub = *WGenerator::slots(g).add(nlocals + (*g).depth as usize);
    let in_place = (w_sub.is_tid(TID_GENERATOR) || w_sub.is_tid(TID_COROUTINE))
        && (*w_sub.ptr::<WGenerator>()).state == gen_state::SUSPENDED;
    in_place.then(|| (w_sub, jump.add(1).sub((*jump >> 8) as usize)))
}

/// Pushes a frame over the generator's own words, as if its SEND at `send` had just resumed the one it waits for.
unsafe fn push_delegating(th: *mut Thread, g: *mut WGenerator, send: *const u32, k: u32, flags: u32) -> bool {
    let f = ((*th).gc.frame_top as *mut Frame).add(1);
    if f >= (*th).frame_limit {
        call::recursion_error(th);
        return false;
    }
    let code = (*g).w_code.ptr::<Code>();
    let base = WGenerator::slots(g).add(1);
    f.write(Frame {
        code,
        ip: send.add(2),
        base,
        sp: base.add((*code).nlocalsplus as usize + (*g).depth as usize + 1),
        cont: k,
        flags: flags | fr::GENERATOR | fr::DELEGATING,
        w_globals: (*g).w_globals,
        w_locals: W::NULL,
        w_frame: W::NULL,
        saved_handled: W::NULL,
    });
    started(th, f, g);
    (*th).gc.frame_top = f as *mut u8;
    true
}

/// Pops a delegating frame: its generator is suspended again, nothing of it has changed.
///
/// # Safety
/// `f` is the top frame.
#[inline(always)]
pub unsafe fn pop_delegating(th: *mut Thread, f: *mut Frame) {
    let g = generator_of(f).ptr::<WGenerator>();
    (*th).handled = (*f).saved_handled;
    (*g).state = gen_state::SUSPENDED;
    if !(*f).w_frame.is_null() {
        rest_frame_object(th, f, g);
    }
    call::pop_frame(th, f);
}

/// If the top frame only delegates: gives it a window from `window` on, because the generator that it waited for has finished.
///
/// # Safety
/// `window` is where the popped frame's window began (its function slot).
#[inline(always)]
pub unsafe fn wake(th: *mut Thread, window: *mut W) {
    let f = (*th).gc.frame_top as *mut Frame;
    if (*f).flags & fr::DELEGATING == 0 {
        return;
    }
    let w_gen = generator_of(f);
    let n = (*f).sp.offset_from((*f).base) as usize;
    *window = w_gen;
    copy_words((*f).base, window.add(1), n);
    (*f).base = window.add(1);
    (*f).sp = (*f).base.add(n);
    (*f).flags &= !fr::DELEGATING;
    (*th).gc.vs_top = (*f).base.add((*(*f).code).framesize as usize);
}

/// The generator that a generator's frame belongs to.
///
/// # Safety
/// `f` is flagged GENERATOR.
#[inline(always)]
pub unsafe fn generator_of(f: *mut Frame) -> W {
    let slot = (*f).base.sub(1);
    if (*f).flags & fr::DELEGATING != 0 { W::of((slot as *mut WGenerator).sub(1)) } else { *slot }
}

/// The generator is suspended: its frame object looks at it instead of the frame.
#[cold]
unsafe fn rest_frame_object(th: *mut Thread, f: *mut Frame, g: *mut WGenerator) {
    let (sp, w_frame, w_gen) = (Space::new(th), (*f).w_frame, W::of(g));
    setfield!(sp, w_gen, WGenerator, w_frame, w_frame);
    (*w_frame.ptr::<WFrame>()).live = std::ptr::null_mut();
    setfield!(sp, w_frame, WFrame, w_generator, w_gen);
}

/// What CPython calls it.
pub fn kind(w: W) -> &'static str {
    // SAFETY: a generator object.
    match unsafe { w.header().tid } {
        TID_COROUTINE => "coroutine",
        TID_ASYNC_GENERATOR => "async generator",
        _ => "generator",
    }
}

#[cold]
fn already_running(sp: Space, w: W) -> Raised {
    sp.value_error(&format!("{} already executing", kind(w)))
}

/// YIELD_VALUE: copies the running generator frame back and pops it. False = raised.
///
/// # Safety
/// `f` is the running frame, saved with `sp` one past the operands that stay.
#[inline]
pub unsafe fn suspend<M: Mode>(m: M, f: *mut Frame, _v: M::W) -> bool {
    let th = m.th();
    let w_gen = *(*f).base.sub(1);
    let g = w_gen.ptr::<WGenerator>();
    let n = (*f).sp.offset_from((*f).base) as usize;
    // The barrier for the fields and for the whole range, which follow without a call in between.
    if w_gen.header().gc & taipan_abi::gc::GC_BARRIER != 0 {
        taipan_abi::mode::barrier(th, w_gen, &raw mut (*g).w_handled);
        let lo = WGenerator::slots(g).add(1);
        ((*(*th).gcvt).wb_range)(th.cast(), w_gen.ptr(), lo, lo.add(n));
    }
    copy_words((*f).base, WGenerator::slots(g).add(1), n);
    (*g).depth = (n - (*(*f).code).nlocalsplus as usize) as u32;
    (*g).ip = (*f).ip;
    (*g).w_handled = (*th).handled;
    (*th).handled = (*f).saved_handled;
    (*g).state = gen_state::SUSPENDED;
    if !(*f).w_frame.is_null() {
        rest_frame_object(th, f, g);
    }
    call::pop_frame(th, f);
    true
}

/// The running generator frame returned or was left by an exception.
///
/// # Safety
/// `f` is a generator's frame.
pub unsafe fn finished(sp: Space, f: *mut Frame) {
    let g = generator_of(f).ptr::<WGenerator>();
    sp.thread().handled = (*f).saved_handled;
    (*g).w_handled = W::NULL;
    close_object(g);
}

/// Marks closed and drops what it kept alive.
unsafe fn close_object(g: *mut WGenerator) {
    (*g).state = gen_state::CLOSED;
    for i in 0..(*g).len {
        *WGenerator::slots(g).add(i) = W::NULL;
    }
    (*g).depth = 0;
    (*g).w_frame = W::NULL;
    watch::closed(g);
}

/// StopIteration with a value (none for None).
pub fn stop_iteration(sp: Space, w_value: W) {
    if w_value.is_none() || w_value.is_null() {
        sp.raise_object(sp.known(known::STOP_ITERATION), W::NULL);
    } else if sp.tuple_opt(w_value).is_some() || sp.exc_match(w_value, sp.known(known::BASE_EXCEPTION)).unwrap_or(false)
    {
        // The value would be taken apart (or be) the exception itself.
        if let Ok(w) = sp.call(sp.known(known::STOP_ITERATION), &[w_value]) {
            sp.raise_object(w, W::NULL);
        }
    } else {
        sp.raise_object(sp.known(known::STOP_ITERATION), w_value);
    }
}

/// How a generator answered.
pub enum Sent {
    Yielded(W),
    Returned(W),
}

/// Resumes from Rust. `v` NULL with an exception in `w_exc`: it is raised at the yield.
pub fn send(sp: Space, w_gen: W, v: W, w_exc: W) -> Res<Sent> {
    // SAFETY: a generator object; the new frame lies above everything in use.
    unsafe {
        let g = w_gen.ptr::<WGenerator>();
        if (*g).state == gen_state::CLOSED {
            if w_gen.is_tid(TID_COROUTINE) {
                return Err(sp.runtime_error("cannot reuse already awaited coroutine"));
            }
            if !w_exc.is_null() {
                return Err(sp.set_exc(w_exc));
            }
            return Ok(Sent::Returned(W::NONE));
        }
        call::check_native_stack(sp)?;
        let top = sp.thread().gc.vs_top;
        resume_with(sp, w_gen, v, top, k::CALL, fr::ENTRY)?;
        if w_exc.is_null() {
            sp.thread().resume = BYTECODE;
        } else {
            // What the generator is handling becomes its context.
            if sp.thread().handled.is_null() {
                sp.thread().exc = w_exc;
            } else {
                sp.raise_object(w_exc, W::NULL);
            }
            sp.thread().resume = k::RAISE;
        }
        let w = call::run_top(sp)?;
        Ok(if (*g).state == gen_state::SUSPENDED { Sent::Yielded(w) } else { Sent::Returned(w) })
    }
}

/// What a suspended generator delegates to (`yield from`, `await`), if anything.
pub fn delegate(w_gen: W) -> Option<W> {
    // SAFETY: a generator object; a suspended one has an instruction after its yield.
    unsafe {
        let g = w_gen.ptr::<WGenerator>();
        if (*g).state != gen_state::SUSPENDED || (*g).depth == 0 {
            return None;
        }
        let next = *(*g).ip as u8;
        if next != Op::JUMP_BACKWARD_NO_INTERRUPT as u8 {
            return None;
        }
        let nlocals = (*(*g).w_code.ptr::<Code>()).nlocalsplus as usize;
        Some(*WGenerator::slots(g).add(nlocals + (*g).depth as usize))
    }
}

/// Moves a generator past the delegation that ended with `w_value` while it was suspended there.
fn finish_delegation(sp: Space, w_gen: W, w_value: W) -> Res<Sent> {
    // SAFETY: `delegate` found the loop: ip is at the jump back to SEND.
    unsafe {
        let g = w_gen.ptr::<WGenerator>();
        let jump = (*g).ip;
        let send = jump.add(1).sub((*jump >> 8) as usize);
        debug_assert_eq!(*send as u8, Op::SEND as u8);
        // After SEND's two words, its jump leads to END_SEND, which takes (receiver, value).
        (*g).ip = send.add(2).add((*send >> 8) as usize);
        self::send(sp, w_gen, w_value, W::NULL)
    }
}

/// Does `job` while the frame of a suspended generator stands on the stack: to what it delegates to, it is the caller.
fn on_stack<R>(sp: Space, w_gen: W, job: impl FnOnce() -> R) -> Res<R> {
    call::check_native_stack(sp)?;
    // SAFETY: a suspended generator; the frame lies above everything in use and is popped before anyone runs it.
    unsafe {
        let w_handled = (*w_gen.ptr::<WGenerator>()).w_handled;
        resume_with(sp, w_gen, W::NULL, sp.thread().gc.vs_top, k::CALL, 0)?;
        let f = sp.thread().gc.frame_top as *mut Frame;
        sp.thread().handled = (*f).saved_handled;
        let r = job();
        debug_assert_eq!(f, sp.thread().gc.frame_top as *mut Frame);
        sp.thread().handled = w_handled;
        suspend(Exec(sp.th()), f, W::NULL);
        Ok(r)
    }
}

/// generator.throw(exception instance)
pub fn throw(sp: Space, w_gen: W, w_exc: W, close_delegate: bool) -> Res<Sent> {
    if let Some(w_sub) = delegate(w_gen) {
        let is_exit = sp.exc_match(w_exc, sp.known(known::GENERATOR_EXIT))?;
        if is_exit && close_delegate {
            // SAFETY: a generator object.
            let g = unsafe { &mut *w_gen.ptr::<WGenerator>() };
            g.state = gen_state::RUNNING;
            let closed = close_iter(sp, w_sub);
            g.state = gen_state::SUSPENDED;
            if closed.is_err() {
                let w = sp.take_exc();
                return send(sp, w_gen, W::NULL, w);
            }
            return send(sp, w_gen, W::NULL, w_exc);
        }
        return match on_stack(sp, w_gen, || throw_into(sp, w_sub, w_exc, close_delegate))? {
            Ok(Some(Sent::Yielded(w))) => Ok(Sent::Yielded(w)),
            Ok(Some(Sent::Returned(w))) => finish_delegation(sp, w_gen, w),
            Ok(None) => send(sp, w_gen, W::NULL, w_exc),
            Err(Raised) => {
                let w = sp.take_exc();
                send(sp, w_gen, W::NULL, w)
            }
        };
    }
    send(sp, w_gen, W::NULL, w_exc)
}

/// Throws into what a generator delegates to; None if it has no `throw`.
fn throw_into(sp: Space, w_sub: W, w_exc: W, close_delegate: bool) -> Res<Option<Sent>> {
    if is_generator(w_sub) && !w_sub.is_tid_async() {
        // SAFETY: a generator object.
        if unsafe { (*w_sub.ptr::<WGenerator>()).state } == gen_state::RUNNING {
            return Err(already_running(sp, w_sub));
        }
        return throw(sp, w_sub, w_exc, close_delegate).map(Some);
    }
    let Some(w_throw) = sp.getattr_opt(w_sub, taipan_plugin_api::name!(sp, "throw"))? else { return Ok(None) };
    match sp.call(w_throw, &[w_exc]) {
        Ok(w) => Ok(Some(Sent::Yielded(w))),
        Err(Raised) => match stop_value(sp)? {
            Some(w) => Ok(Some(Sent::Returned(w))),
            None => Err(Raised),
        },
    }
}

trait AsyncGen {
    fn is_tid_async(self) -> bool;
}
impl AsyncGen for W {
    fn is_tid_async(self) -> bool {
        // SAFETY: only asked of live words.
        unsafe { self.is_tid(TID_ASYNC_GENERATOR) }
    }
}

/// If the pending exception is StopIteration: clears it, answers its value.
pub fn stop_value(sp: Space) -> Res<Option<W>> {
    let w_exc = sp.thread().exc;
    if !sp.exc_match(w_exc, sp.known(known::STOP_ITERATION))? {
        return Ok(None);
    }
    sp.take_exc();
    Ok(Some(sp.getattr(w_exc, taipan_plugin_api::name!(sp, "value"))?))
}

/// generator, coroutine or async generator?
pub fn is_generator(w: W) -> bool {
    // SAFETY: only asked of live words.
    unsafe { w.is_obj() && matches!(w.header().tid, TID_GENERATOR | TID_COROUTINE | TID_ASYNC_GENERATOR) }
}

/// Closes what a generator delegates to.
fn close_iter(sp: Space, w: W) -> Res<()> {
    if is_generator(w) && !w.is_tid_async() {
        return close(sp, w).map(|_| ());
    }
    if let Some(w_close) = sp.getattr_opt(w, taipan_plugin_api::name!(sp, "close"))? {
        sp.call(w_close, &[])?;
    }
    Ok(())
}

/// generator.close(): the value of a `return` it answered GeneratorExit with, else None.
pub fn close(sp: Space, w_gen: W) -> Res<W> {
    // SAFETY: a generator object.
    let g = unsafe { &mut *w_gen.ptr::<WGenerator>() };
    match g.state {
        gen_state::CREATED => {
            // SAFETY: as above.
            unsafe { close_object(g) };
            return Ok(W::NONE);
        }
        gen_state::CLOSED => return Ok(W::NONE),
        gen_state::RUNNING => return Err(already_running(sp, w_gen)),
        _ => {}
    }
    let w_exc = sp.call(sp.known(known::GENERATOR_EXIT), &[])?;
    match throw(sp, w_gen, w_exc, true) {
        Ok(Sent::Yielded(_)) => {
            let what = kind(w_gen);
            Err(sp.runtime_error(&format!("{what} ignored GeneratorExit")))
        }
        Ok(Sent::Returned(w)) => Ok(w),
        Err(Raised) => {
            if sp.catch(known::GENERATOR_EXIT) {
                return Ok(W::NONE);
            }
            match stop_value(sp)? {
                Some(w) => Ok(w),
                None => Err(Raised),
            }
        }
    }
}
