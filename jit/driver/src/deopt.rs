//! Leaving compiled code: the interpreter's frames and value stack become what an exit says.

use taipan_abi::mode::{alloc, barrier};
use taipan_abi::thread::{Frame, Thread};
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_ir::{ExitId, Inst, Kind, Ref, Unit};

/// The values of an exit while it is carried out.
struct Values<'a> {
    th: *mut Thread,
    unit: &'a Unit,
    live: &'a [Ref],
    bits: &'a [u64],
    /// Objects made so far: sunk ones and boxes, so that each is made once.
    made: Vec<(Ref, W)>,
}

impl Values<'_> {
    /// Bits of a value, and what they are.
    fn raw(&self, r: Ref) -> (Kind, u64) {
        if let Inst::Const { kind, bits } = self.unit.inst(r) {
            return (*kind, *bits);
        }
        let i = self.live.iter().position(|l| *l == r).unwrap_or_default();
        (self.unit.kind(r).unwrap_or(Kind::W), self.bits.get(i).copied().unwrap_or(0))
    }

    /// A value as a word.
    ///
    /// # Safety
    /// The collector does not run meanwhile.
    unsafe fn word(&mut self, r: Ref) -> W {
        if let Some((_, w)) = self.made.iter().find(|(id, _)| *id == r) {
            return *w;
        }
        let (kind, bits) = self.raw(r);
        match kind {
            Kind::W | Kind::P => W(bits),
            Kind::I => W::int(bits as i64),
            Kind::B => W::bool(bits != 0),
            Kind::F => {
                let w = alloc(self.th, TID_FLOAT, 16);
                if !w.is_null() {
                    *w.ptr::<u64>().add(1) = bits;
                }
                self.made.push((r, w));
                w
            }
        }
    }
}

/// Puts the frames back. The entry frame is the thread's top frame or lies below the frames that a Sync has pushed.
///
/// # Safety
/// `bits` are the live values of the exit, `entry` is the frame in which the unit was entered.
pub unsafe fn restore(th: *mut Thread, entry: *mut Frame, unit: &Unit, exit: ExitId, bits: &[u64]) {
    let e = &unit.exits[exit as usize];
    let live = unit.live(exit);
    let base = (*entry).base;
    // Values are in native memory now, which the collector does not look at.
    let vt = &*(*th).gcvt;
    let was_on = (vt.enable)(th.cast(), 0);
    let mut v = Values { th, unit, live: &live, bits, made: Vec::new() };
    for s in &e.sunk {
        let w = alloc(th, s.tid, s.bytes as usize);
        v.made.push((s.id, w));
    }
    for s in &e.sunk {
        let object = v.word(s.id);
        for (field, index, r) in &s.fields {
            let item = if field.0.flags & taipan_abi::mode::fd::ARRAY != 0 { *index as usize } else { 0 };
            let place = (object.0 as *mut u8).add(field.0.off as usize + item * 8);
            match taipan_jit_ir::field_kind(*field) {
                Kind::W => {
                    let w = v.word(*r);
                    barrier(th, object, place.cast());
                    *place.cast() = w;
                }
                _ => *place.cast() = v.raw(*r).1,
            }
        }
    }
    let forced = e.after_sync;
    for (slot, r) in &e.slots {
        if forced && Some(slot) != e.slots.last().map(|(s, _)| s) {
            continue;
        }
        let w = v.word(*r);
        *base.offset(*slot as isize) = w;
    }
    for (i, s) in e.frames.iter().enumerate() {
        let f = entry.add(i);
        if i > 0 && !forced {
            f.write(Frame {
                code: s.code,
                ip: s.ip,
                base: base.offset(s.base as isize),
                sp: base.offset(s.sp as isize),
                cont: s.cont,
                flags: s.flags,
                w_globals: W(s.w_globals),
                w_locals: W::NULL,
                w_frame: W::NULL,
                saved_handled: if s.handled.is_some() { v.word(s.handled) } else { W::NULL },
            });
        }
        (*f).ip = s.ip;
        (*f).sp = base.offset(s.sp as isize);
    }
    let top = entry.add(e.frames.len() - 1);
    (*th).gc.frame_top = top.cast();
    (*th).gc.vs_top = (*top).base.add((*(*top).code).framesize as usize);
    (*th).resume = e.resume;
    (vt.enable)(th.cast(), was_on);
}
