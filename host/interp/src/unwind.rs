//! Finding the handler of the pending exception.

use crate::call;
use crate::frames;
use crate::generator;
use crate::traced;
use taipan_abi::known;
use taipan_abi::opcode::Op;
use taipan_abi::thread::{Code, Frame, fr, k};
use taipan_abi::word::W;
use taipan_plugin_api::Space;

/// Unwinds to the nearest handler: true = the top frame goes on there; false = the entry frame was left (popped).
/// `reraised`: the exception has an entry of the top frame in its traceback already.
///
/// # Safety
/// The top frame is saved; an exception is pending.
#[cold]
#[inline(never)]
pub unsafe fn unwind<const TRACE: bool>(sp: Space, mut reraised: bool) -> bool {
    let th = sp.th();
    loop {
        let f = (*th).gc.frame_top as *mut Frame;
        debug_assert!(!(*th).exc.is_null());
        let at = last_instruction(f);
        let again = std::mem::take(&mut reraised);
        if !again {
            frames::add_traceback(sp, f, at);
            if TRACE {
                traced::exception(sp, f);
            }
        }
        // Where the exception came from: RERAISE knows the instruction that was left for its handler.
        let place = if again { reraise_origin(f, at).unwrap_or(at) } else { at };
        if let Some(h) = handler(&*(*f).code, at as u32) {
            let mut s = (*f).base.add((*(*f).code).nlocalsplus as usize + (h[3] >> 1) as usize);
            if h[3] & 1 != 0 {
                *s = W::int(place as i64);
                s = s.add(1);
            }
            *s = std::mem::replace(&mut (*th).exc, W::NULL);
            (*f).sp = s.add(1);
            (*f).ip = (*(*f).code).code.add(h[2] as usize);
            return true;
        }
        let (flags, cont) = ((*f).flags, (*f).cont);
        // A frame that is left stands where the exception came from.
        (*f).ip = (*(*f).code).code.add(place + 1);
        if TRACE {
            traced::unwound(sp, f);
        }
        if flags & fr::GENERATOR != 0 {
            generator::finished(sp, f);
        }
        frames::detach(sp, f);
        let window = (*f).base.sub(1);
        call::pop_frame(th, f);
        if flags & fr::ENTRY != 0 {
            return false;
        }
        generator::wake(th, window);
        let caller = (*th).gc.frame_top as *mut Frame;
        match cont {
            // `__next__` said StopIteration: the loop is over.
            k::FOR if sp.catch(known::STOP_ITERATION) => {
                let ins = *(*caller).ip.sub(2);
                (*caller).ip = (*caller).ip.add((ins >> 8) as usize);
                return true;
            }
            _ => {}
        }
    }
}

/// Word index of the instruction (or its cache word) that the frame is at.
///
/// # Safety
/// A saved frame.
pub unsafe fn last_instruction(f: *const Frame) -> usize {
    ((*f).ip.offset_from((*(*f).code).code) as usize).saturating_sub(1)
}

/// The instruction whose index RERAISE has below its exception; the saved depth still counts the exception.
unsafe fn reraise_origin(f: *const Frame, at: usize) -> Option<usize> {
    let code = &*(*f).code;
    let ins = *code.code.add(at);
    let below = (ins >> 8) as usize;
    if ins as u8 != Op::RERAISE as u8 || below == 0 {
        return None;
    }
    let w = *(*f).sp.sub(below + 1);
    (w.is_int() && (0..code.ncode as i64).contains(&w.untag())).then(|| w.untag() as usize)
}

/// The exception table's row for a word index.
fn handler(code: &Code, at: u32) -> Option<[u32; 4]> {
    // SAFETY: the table belongs to the code object.
    let table = unsafe { std::slice::from_raw_parts(code.exceptions, code.nexceptions as usize) };
    let i = table.partition_point(|r| r[0] <= at);
    let row = table[..i].last()?;
    (at < row[1]).then_some(*row)
}
