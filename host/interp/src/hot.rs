//! The evaluator's side of a JIT: hot back edges, going on in recording mode, and the loop that chooses between the evaluators.

use crate::call::tracing_wanted;
use crate::eval::{Exit, eval};
use crate::rare;
use crate::space::ObjSpace;
use taipan_abi::gc::POLL_TRACE;
use taipan_abi::jit::{JitAnswer, Verdict};
use taipan_abi::mode::{Exec, Mode, Rec, Record};
use taipan_abi::thread::{Cache, Code, Thread};
use taipan_abi::word::W;
use taipan_plugin_api::Space;

/// What the JIT answered.
pub enum Answer {
    Interpret,
    /// Machine code ran: the thread says where and how to go on.
    Moved,
    /// The evaluator must be left, to be entered in recording mode.
    Record,
}

/// Tells the JIT about a hot back edge.
///
/// # Safety
/// The frame is saved at `target`; the thread has a JIT.
#[cold]
#[inline(never)]
pub unsafe fn back_edge(th: *mut Thread, code: *mut Code, target: *const u32, sp: *mut W, site: *mut Cache) -> Answer {
    let mut answer = nothing();
    ((*(*th).jit).back_edge)(th, code, target, sp, site, &mut answer);
    take(th, &answer)
}

fn nothing() -> JitAnswer {
    JitAnswer { verdict: Verdict::Interpret as u32, pad: 0, rec: std::ptr::null_mut() }
}

unsafe fn take(th: *mut Thread, answer: &JitAnswer) -> Answer {
    match answer.verdict {
        v if v == Verdict::Interpret as u32 => Answer::Interpret,
        v if v == Verdict::Record as u32 => {
            (*th).recording = answer.rec;
            Answer::Record
        }
        _ => Answer::Moved,
    }
}

/// Runs the top frame (flagged ENTRY) to its end: the value, or NULL with the exception pending.
///
/// # Safety
/// The frame is complete.
pub unsafe fn run<S: ObjSpace>(s: S, th: *mut Thread) -> W {
    let mut rec: *mut Rec = std::ptr::null_mut();
    loop {
        let exit = if !rec.is_null() {
            let exit = eval::<S, Record, false>(s, Record(rec));
            let left = !matches!(exit, Exit::Stop | Exit::Switch);
            let mut answer = nothing();
            ((*(*th).jit).finish)(th, rec, left as u32, &mut answer);
            if !left {
                take(th, &answer);
            }
            exit
        } else if tracing_wanted(th) {
            eval::<S, Exec, true>(s, Exec(th))
        } else {
            eval::<S, Exec, false>(s, Exec(th))
        };
        let w = match exit {
            Exit::Value(w) => w,
            Exit::Raised => W::NULL,
            Exit::Switch | Exit::Stop => {
                rec = std::mem::replace(&mut (*th).recording, std::ptr::null_mut());
                continue;
            }
        };
        if tracing_wanted(th) {
            // The evaluator below this one may have begun before there was a trace function.
            (*th).gc.poll.fetch_or(POLL_TRACE, std::sync::atomic::Ordering::Relaxed);
        }
        return w;
    }
}

/// True or False for the answer of `__bool__` (or `__len__`); NULL = raised.
///
/// # Safety
/// A live word.
#[inline(always)]
pub unsafe fn truth_result<M: Mode>(m: M, v: M::W, of_len: bool) -> M::W {
    if M::RECORDING && !of_len {
        return truth(m, v);
    }
    if of_len && m.branch(m.is_int(v)) {
        let zero = m.branch(m.weq(v, m.kw(W::int(0))));
        if m.w(v).untag() >= 0 {
            return m.kw(W::bool(!zero));
        }
    }
    m.give_up("a truth value that is none");
    m.kw(rare::truth_result(Space::new(m.th()), m.w(v), of_len))
}

/// bool(v), usually of True and False.
///
/// # Safety
/// A live word.
#[inline(always)]
pub unsafe fn truth<M: Mode>(m: M, v: M::W) -> M::W {
    if m.branch(m.weq(v, m.kw(W::TRUE))) {
        return m.kw(W::TRUE);
    }
    if m.branch(m.weq(v, m.kw(W::FALSE))) {
        return m.kw(W::FALSE);
    }
    m.give_up("a truth value that is none");
    m.kw(rare::truth(Space::new(m.th()), m.w(v)))
}

/// The answer of `__iter__` must be an iterator. NULL = raised.
///
/// # Safety
/// A live word.
#[inline(always)]
pub unsafe fn check_iter<M: Mode>(m: M, v: M::W) -> M::W {
    if M::RECORDING && !m.branch(m.is_int(v)) {
        m.tid(v);
        m.same_epoch();
    }
    m.kw(rare::check_iter(Space::new(m.th()), m.w(v)))
}
