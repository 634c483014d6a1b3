//! Units run on the real heap by this crate's interpreter, as a backend: what generated code is compared with.

use crate::backend::{Backend, Left, NO_MEMORY};
use crate::interp::{Machine, Run, Stop};
use crate::{Call, Exit, ExitId, Field, FrameState, Kind, Ref, Unit};
use std::collections::HashMap;
use std::rc::Rc;
use taipan_abi::mode::{FieldDesc, alias, alloc, barrier, fd, kind};
use taipan_abi::thread::{Frame, Thread};
use taipan_abi::types::Str;
use taipan_abi::word::{TID_FLOAT, W};

/// The thread's memory, and a window of its value stack.
pub struct Memory {
    pub th: *mut Thread,
    pub base: *mut W,
}

static FLOAT: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };

/// What a field of an object holds. For fields that do not change, of objects that a unit names as constants: these are kept alive for it,
/// and their rows were guarded or are known.
pub fn read_constant(obj: u64, field: Field) -> Option<u64> {
    let m = &mut Memory { th: std::ptr::null_mut(), base: std::ptr::null_mut() };
    (field.0.flags & fd::ARRAY == 0 && W(obj).is_obj()).then(|| m.get(obj, field, 0))
}

impl Memory {
    /// Object 0 is the thread.
    fn place<T>(&self, obj: u64, field: Field, index: i64) -> *mut T {
        let obj = if obj == 0 { self.th as u64 } else { obj };
        let first = (obj as *mut u8).wrapping_add(field.0.off as usize) as *mut T;
        if field.0.flags & fd::ARRAY != 0 { first.wrapping_offset(index as isize) } else { first }
    }

    /// The running frame becomes `f`'s, or (the entry frame) keeps what is its own.
    unsafe fn frame(&self, at: *mut Frame, f: &FrameState, entry: bool, handled: W) {
        if !entry {
            at.write(Frame {
                code: f.code,
                ip: f.ip,
                base: std::ptr::null_mut(),
                sp: std::ptr::null_mut(),
                cont: f.cont,
                flags: f.flags,
                w_globals: W(f.w_globals),
                w_locals: W::NULL,
                w_frame: W::NULL,
                saved_handled: handled,
            });
        }
        (*at).ip = f.ip;
        (*at).base = self.base.wrapping_offset(f.base as isize);
        (*at).sp = self.base.wrapping_offset(f.sp as isize);
    }
}

// Every access below is sound for the reason that `Backend::run` demands: the unit was recorded on objects of these shapes, and its guards
// have seen to it that they still are of them.
impl Machine for Memory {
    fn thread(&self) -> u64 {
        self.th as u64
    }
    fn slot(&mut self, slot: i32) -> u64 {
        // SAFETY: see above; the slot lies in the entry frame's window or those above it.
        unsafe { (*self.base.offset(slot as isize)).0 }
    }
    fn get(&mut self, obj: u64, field: Field, index: i64) -> u64 {
        // SAFETY: see above.
        unsafe {
            match field.0.kind {
                kind::U32 => *self.place::<u32>(obj, field, index) as u64,
                kind::U8 | kind::B => *self.place::<u8>(obj, field, index) as u64,
                _ => *self.place::<u64>(obj, field, index),
            }
        }
    }
    fn set(&mut self, obj: u64, field: Field, index: i64, value: u64) {
        // SAFETY: see above; nothing is allocated between barrier and store.
        unsafe {
            match field.0.kind {
                kind::U32 => *self.place::<u32>(obj, field, index) = value as u32,
                kind::U8 | kind::B => *self.place::<u8>(obj, field, index) = value as u8,
                _ => {
                    let place = self.place::<u64>(obj, field, index);
                    if field.0.flags & fd::GCREF != 0 {
                        barrier(self.th, W(obj), place as *mut W)
                    }
                    *place = value
                }
            }
        }
    }
    fn allocate(&mut self, tid: u32, bytes: u32) -> u64 {
        // SAFETY: the recorder saw an allocation of this row.
        unsafe { alloc(self.th, tid, bytes as usize).0 }
    }
    fn call(&mut self, call: &Call, a: &[u64]) -> u64 {
        // SAFETY: the function has the signature that `Call` says. In the C ABIs of both supported processors integers and pointers of up
        // to 64 bits pass alike; `IrBackend::compile` refuses calls with other operands or more of them.
        unsafe {
            let th = self.th;
            macro_rules! call {
                ($($i:literal)*) => {
                    std::mem::transmute::<*const (), unsafe extern "C-unwind" fn(*mut Thread $(, arg!($i))*) -> u64>(call.f)(th $(, a[$i])*)
                };
            }
            macro_rules! arg {
                ($i:literal) => {
                    u64
                };
            }
            let bits = match a.len() {
                0 => call!(),
                1 => call!(0),
                2 => call!(0 1),
                3 => call!(0 1 2),
                4 => call!(0 1 2 3),
                5 => call!(0 1 2 3 4),
                _ => call!(0 1 2 3 4 5),
            };
            if call.ret == Kind::B { bits & 1 } else { bits }
        }
    }
    fn poll(&mut self) -> bool {
        // SAFETY: the thread runs.
        unsafe { (*self.th).gc.poll.load(std::sync::atomic::Ordering::Relaxed) != 0 }
    }
    fn set_slot(&mut self, slot: i32, word: u64) {
        // SAFETY: as `slot`.
        unsafe { *self.base.offset(slot as isize) = W(word) }
    }
    fn set_frames(&mut self, exit: &Exit, value: &mut dyn FnMut(Ref) -> u64) {
        // SAFETY: the running frame is the entry frame or above it (after an earlier Sync); the frames' array has room for what the
        // recorder saw there.
        unsafe {
            let mut at = (*self.th).gc.frame_top as *mut Frame;
            while (*at).base > self.base {
                at = at.sub(1)
            }
            let entry = at;
            for (i, f) in exit.frames.iter().enumerate() {
                let handled = if f.handled.is_some() { W(value(f.handled)) } else { W::NULL };
                self.frame(entry.add(i), f, i == 0, handled);
            }
            if let Some(f) = exit.frames.last() {
                let top = entry.add(exit.frames.len() - 1);
                (*self.th).gc.frame_top = top as *mut u8;
                (*self.th).gc.vs_top = (*top).base.add((*f.code).framesize as usize);
            }
        }
    }
    fn boxed(&mut self, kind: Kind, bits: u64) -> u64 {
        if kind == Kind::B {
            return W::bool(bits != 0).0;
        }
        let w = self.allocate(TID_FLOAT, 16);
        if w != 0 {
            self.set(w, Field(&FLOAT), 0, bits)
        }
        w
    }
}

/// The interpreter as a backend.
#[derive(Default)]
pub struct IrBackend {
    units: HashMap<u32, Rc<Unit>>,
    bridges: HashMap<(u32, ExitId), u32>,
}

/// Instructions of the longest unit.
const LONGEST: usize = 1 << 15;

impl IrBackend {
    /// No units.
    pub fn new() -> IrBackend {
        IrBackend::default()
    }

    /// Values lie on the native stack, where the collector looks for objects.
    unsafe fn sized(unit: &Unit, m: &mut Memory, params: &mut Vec<u64>, at_body: bool) -> Stop {
        match unit.insts.len() {
            0..=256 => Self::one::<256>(unit, m, params, at_body),
            257..=2048 => Self::one::<2048>(unit, m, params, at_body),
            _ => Self::one::<LONGEST>(unit, m, params, at_body),
        }
    }
    #[inline(never)]
    unsafe fn one<const N: usize>(unit: &Unit, m: &mut Memory, params: &mut Vec<u64>, at_body: bool) -> Stop {
        let mut values = [0; N];
        let mut run = Run::new(unit, &mut values, std::mem::take(params), u64::MAX);
        let stop = run.run(m, at_body);
        match stop {
            Stop::Exit(exit) | Stop::NoMemory(Some(exit)) => run.live(exit, params),
            _ => *params = std::mem::take(&mut run.params),
        }
        stop
    }
}

impl Backend for IrBackend {
    fn compile(&mut self, number: u32, unit: &Unit) -> Result<(), String> {
        if unit.insts.len() > LONGEST {
            return Err("the trace is too long for the interpreter".into());
        }
        let word = |k| matches!(k, Some(Kind::W | Kind::I | Kind::P));
        if unit
            .calls
            .iter()
            .any(|c| c.ret == Kind::F || c.args.len() > 6 || !c.args.iter().all(|r| word(unit.kind(*r))))
        {
            return Err("a call with a signature that the interpreter cannot make".into());
        }
        self.units.insert(number, Rc::new(unit.clone()));
        Ok(())
    }

    fn attach(&mut self, unit: u32, exit: ExitId, bridge: u32) {
        self.bridges.insert((unit, exit), bridge);
    }

    fn free(&mut self, number: u32) {
        let mut dead = vec![number];
        while let Some(n) = dead.pop() {
            self.units.remove(&n);
            self.bridges.retain(|(unit, _), bridge| {
                let keep = *unit != n;
                if !keep {
                    dead.push(*bridge)
                }
                keep
            });
        }
    }

    unsafe fn run(me: *mut Self, number: u32, th: *mut Thread, base: *mut W, values: &mut Vec<u64>) -> Left {
        let mut m = Memory { th, base };
        let (mut unit, mut at_body) = (number, false);
        values.clear();
        loop {
            let code = (&(*me).units)[&unit].clone();
            match Self::sized(&code, &mut m, values, at_body) {
                Stop::Exit(exit) => {
                    let bridges = &(*me).bridges;
                    match bridges.get(&(unit, exit)) {
                        Some(bridge) => (unit, at_body) = (*bridge, false),
                        None => return Left { unit, exit },
                    }
                }
                Stop::Jump(target) => (unit, at_body) = (target, false),
                Stop::Enter(target) => (unit, at_body) = (target, true),
                Stop::NoMemory(Some(exit)) => return Left { unit, exit: exit | NO_MEMORY },
                // Nowhere to go on, as in machine code. (The budget has no end.)
                Stop::NoMemory(None) | Stop::Budget => std::process::abort(),
            }
        }
    }

    fn listing(&self, _: u32) -> Option<String> {
        None
    }

    fn code_bytes(&self) -> usize {
        self.units.values().map(|u| u.insts.len() * size_of::<crate::Inst>()).sum()
    }
}
