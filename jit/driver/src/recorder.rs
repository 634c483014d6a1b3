//! The recorder: what `Record` mode calls for each primitive while the evaluator runs a path for real.
//!
//! Guards of one bytecode share one exit: the state at its beginning. That is only right before the bytecode's first effect, so a guard
//! after one ends the recording (`dirty`). A residual call opens a new point to resume at: its continuation with the result on top.

use std::collections::HashMap;
use taipan_abi::mode::{CallDesc, FORCED_FIELD, FieldDesc, Prim, Rec, RecVt, effects};
use taipan_abi::opcode::Op;
use taipan_abi::thread::{Code, Frame, Thread, k};
use taipan_abi::word::W;
use taipan_jit_ir::{BYTECODE, Call, End, Exit, ExitId, Field, FrameState, Inst, Kind, Ref, Unit};

/// Where the interpreter goes on if a guard fails.
#[derive(Copy, Clone)]
struct Resume {
    ip: *const u32,
    sp: *mut W,
    resume: u32,
}

/// Why a recording goes nowhere.
pub type Why = std::borrow::Cow<'static, str>;

/// A recording under way. `rec` is what the evaluator holds.
#[repr(C)]
pub struct Recorder {
    rec: Rec,
    pub unit: Unit,
    /// The frame it began in, and that frame's base.
    entry: *mut Frame,
    base: *mut W,
    /// The loop's head, for a root.
    pub start: *const u32,
    /// The exit that a bridge begins at: unit and exit.
    pub parent: Option<(u32, ExitId)>,
    /// Root units by their loop's head.
    pub heads: HashMap<*const u32, u32>,
    constants: HashMap<(u8, u64), Ref>,
    /// What slots hold now, where that is known to be something else than at entry, or was read.
    slots: HashMap<i32, Ref>,
    /// Slots whose memory a Sync has changed.
    synced: Vec<i32>,
    at: Resume,
    exit: Option<ExitId>,
    dirty: bool,
    pub failed: Option<Why>,
    pub end: Option<End>,
    limit: usize,
}

static VT: RecVt = RecVt {
    abi: taipan_abi::plugin::ABI,
    size: size_of::<RecVt>() as u32,
    op,
    konst,
    guard,
    guard_value,
    getf,
    setf,
    new,
    call,
    slot_get,
    slot_set,
    at,
    at_cont,
    back_edge,
    give_up,
    depend,
};

impl Recorder {
    /// A recording that begins at the thread's top frame, at `start`.
    ///
    /// # Safety
    /// The frame is saved.
    pub unsafe fn new(th: *mut Thread, entry: *mut Frame, start: *const u32, limit: usize) -> Box<Recorder> {
        let unit = Unit {
            insts: Vec::new(),
            calls: Vec::new(),
            exits: Vec::new(),
            body: 0,
            enter: Vec::new(),
            end: End::Leave { exit: 0 },
        };
        let mut r = Box::new(Recorder {
            rec: Rec { vt: &VT, th },
            unit,
            entry,
            base: (*entry).base,
            start,
            parent: None,
            heads: HashMap::new(),
            constants: HashMap::new(),
            slots: HashMap::new(),
            synced: Vec::new(),
            at: Resume { ip: start, sp: (*entry).sp, resume: BYTECODE },
            exit: None,
            dirty: false,
            failed: None,
            end: None,
            limit,
        });
        r.push(Inst::Nop);
        r
    }

    /// What the evaluator gets.
    pub fn rec(&mut self) -> *mut Rec {
        &raw mut self.rec
    }

    /// Appends an instruction.
    pub fn push(&mut self, inst: Inst) -> Ref {
        self.unit.insts.push(inst);
        Ref(self.unit.insts.len() as u32 - 1)
    }

    /// A constant.
    pub fn constant(&mut self, kind: Kind, bits: u64) -> Ref {
        if let Some(r) = self.constants.get(&(kind as u8, bits)) {
            return *r;
        }
        let r = self.push(Inst::Const { kind, bits });
        self.constants.insert((kind as u8, bits), r);
        r
    }

    /// The memory of this slot is not what it was when the parent's root was entered.
    pub fn written(&mut self, slot: i32) {
        self.synced.push(slot);
    }

    /// Tells what a slot holds.
    pub fn set_slot(&mut self, slot: i32, r: Ref) {
        self.slots.insert(slot, r);
    }

    fn slot_of(&self, p: *const W) -> i32 {
        // SAFETY: both point into the thread's value stack.
        unsafe { p.offset_from(self.base) as i32 }
    }

    fn fail(&mut self, why: impl Into<Why>) {
        if self.failed.is_none() {
            self.failed = Some(why.into());
        }
    }

    fn top(&self) -> *mut Frame {
        // SAFETY: the thread lives as long as the recording.
        unsafe { (*self.rec.th).gc.frame_top as *mut Frame }
    }

    /// The state with the top frame at `r`.
    fn snapshot(&mut self, r: Resume) -> ExitId {
        let top = self.top();
        let mut frames = Vec::new();
        let mut f = self.entry;
        // SAFETY: the frames from the entry frame to the top are in use.
        unsafe {
            while f <= top {
                let (ip, sp) = if f == top { (r.ip, r.sp) } else { ((*f).ip, (*f).sp) };
                frames.push(FrameState {
                    code: (*f).code,
                    ip,
                    base: self.slot_of((*f).base),
                    sp: self.slot_of(sp),
                    cont: (*f).cont,
                    flags: (*f).flags,
                    w_globals: (*f).w_globals.0,
                    handled: Ref::NONE,
                });
                f = f.add(1);
            }
        }
        let depth = self.slot_of(r.sp);
        let unchanged = |slot: i32, r: Ref| {
            matches!(self.unit.insts[r.index()], Inst::Slot { slot: s } if s == slot) && !self.synced.contains(&slot)
        };
        let mut slots: Vec<(i32, Ref)> =
            self.slots.iter().map(|(s, r)| (*s, *r)).filter(|(s, r)| *s < depth && !unchanged(*s, *r)).collect();
        slots.sort_unstable_by_key(|(s, _)| *s);
        self.unit.exits.push(Exit { resume: r.resume, frames, slots, sunk: Vec::new(), after_sync: false });
        self.unit.exits.len() as u32 - 1
    }

    fn exit(&mut self) -> ExitId {
        if self.dirty {
            self.fail("a guard after an effect");
        }
        if let Some(e) = self.exit {
            return e;
        }
        let e = self.snapshot(self.at);
        self.exit = Some(e);
        e
    }

    fn is_const(&self, r: u32) -> bool {
        matches!(self.unit.insts[r as usize], Inst::Const { .. })
    }

    /// Ends here: what lies before is the trace.
    fn finish(&mut self, end: End) {
        self.end = Some(end);
    }
}

unsafe fn me<'a>(rec: *mut Rec) -> &'a mut Recorder {
    // SAFETY (all entries): the evaluator passes what `rec()` gave it.
    &mut *rec.cast()
}
/// An operand id; 0 stands for none.
fn operand(id: u32) -> Ref {
    if id == 0 { Ref::NONE } else { Ref(id) }
}
fn kind_of(kind: u8) -> Kind {
    match kind {
        0 => Kind::W,
        1 => Kind::I,
        2 => Kind::F,
        3 => Kind::B,
        _ => Kind::P,
    }
}

unsafe extern "C" fn op(rec: *mut Rec, op: u16, _kind: u8, a: u32, b: u32) -> u32 {
    let r = me(rec);
    // SAFETY: numbers of primitives come from the same enum.
    let prim = std::mem::transmute::<u16, Prim>(op);
    r.push(Inst::Prim { prim, a: operand(a), b: operand(b) }).0
}
unsafe extern "C" fn konst(rec: *mut Rec, kind: u8, bits: u64) -> u32 {
    me(rec).constant(kind_of(kind), bits).0
}
unsafe extern "C" fn guard(rec: *mut Rec, cond: u32, taken: bool) {
    let r = me(rec);
    if r.failed.is_some() || r.is_const(cond) {
        return;
    }
    let exit = r.exit();
    r.push(Inst::Guard { cond: Ref(cond), expect: taken, exit });
}
unsafe extern "C" fn guard_value(rec: *mut Rec, _kind: u8, id: u32, bits: u64) {
    let r = me(rec);
    if r.failed.is_some() || r.is_const(id) {
        return;
    }
    let exit = r.exit();
    r.push(Inst::GuardValue { value: Ref(id), bits, exit });
}
unsafe extern "C" fn getf(rec: *mut Rec, obj: u32, fd: *const FieldDesc, index: u32) -> u32 {
    let field = Field(&*fd);
    let index = if field.0.flags & taipan_abi::mode::fd::ARRAY != 0 { operand(index) } else { Ref::NONE };
    me(rec).push(Inst::Get { obj: Ref(obj), field, index }).0
}
unsafe extern "C" fn setf(rec: *mut Rec, obj: u32, fd: *const FieldDesc, index: u32, value: u32) {
    let r = me(rec);
    let field = Field(&*fd);
    let index = if field.0.flags & taipan_abi::mode::fd::ARRAY != 0 { operand(index) } else { Ref::NONE };
    r.push(Inst::Set { obj: Ref(obj), field, index, value: Ref(value) });
    // A store to an object of this trace that nobody else can know is no effect; the optimizer finds that out, not the recorder.
    if !matches!(r.unit.insts[obj as usize], Inst::New { .. }) {
        r.dirty = true;
    }
}
unsafe extern "C" fn new(rec: *mut Rec, tid: u32, bytes: u32) -> u32 {
    me(rec).push(Inst::New { tid, bytes }).0
}
unsafe extern "C" fn call(
    rec: *mut Rec,
    desc: *const CallDesc,
    f: *const (),
    args: *const u32,
    _kinds: *const u8,
    n: u32,
    ret: u8,
    k: u32,
    raised: bool,
) -> u32 {
    let r = me(rec);
    let desc = &*desc;
    let args: Vec<Ref> = std::slice::from_raw_parts(args, n as usize).iter().map(|a| Ref(*a)).collect();
    let top = r.top();
    // The frame was saved before the call: its ip is the next instruction, its sp one past the operands.
    let after = Resume { ip: (*top).ip, sp: (*top).sp, resume: k::RAISE };
    let raise = r.snapshot(after);
    if desc.effects & effects::FORCES_FRAMES != 0 {
        r.push(Inst::Sync { exit: raise });
        for i in 0..r.unit.exits[raise as usize].slots.len() {
            let slot = r.unit.exits[raise as usize].slots[i].0;
            if !r.synced.contains(&slot) {
                r.synced.push(slot);
            }
        }
    }
    let forces = desc.effects & effects::FORCES_FRAMES != 0;
    let looked_at = |r: &mut Recorder| {
        // 0 stands for the running thread.
        let th = r.constant(Kind::P, 0);
        r.push(Inst::Get { obj: th, field: Field(&FORCED_FIELD), index: Ref::NONE })
    };
    let before = if forces { looked_at(r) } else { Ref::NONE };
    r.unit.calls.push(Call { desc, f, args, ret: kind_of(ret) });
    let number = r.unit.calls.len() as u32 - 1;
    let result = r.push(Inst::Call { call: number });
    if desc.effects & effects::RAISES != 0 {
        let null = r.push(Inst::Prim { prim: Prim::IsNull, a: result, b: Ref::NONE });
        r.push(Inst::Guard { cond: null, expect: false, exit: raise });
        if raised {
            r.fail("a call has raised");
        }
    }
    // From here on the instruction goes on with its continuation and the result on top.
    let ins = *r.at.ip;
    // SAFETY: an instruction of verified code.
    let op = std::mem::transmute::<u8, Op>(ins as u8);
    let pops = if k == k::DONE || k == k::DISCARD { op.pops(ins >> 8) as u32 } else { 0 };
    let slot = r.slot_of((*top).sp);
    r.slots.insert(slot, result);
    r.at = Resume { ip: (*top).ip, sp: (*top).sp.add(1), resume: k | pops << 16 };
    r.exit = None;
    r.dirty = false;
    if forces {
        let exit = r.snapshot(r.at);
        r.unit.exits[exit as usize].after_sync = true;
        let after = looked_at(r);
        let cond = r.push(Inst::Prim { prim: Prim::IEq, a: before, b: after });
        r.push(Inst::Guard { cond, expect: true, exit });
        r.exit = None;
    }
    result.0
}
unsafe extern "C" fn slot_get(rec: *mut Rec, p: *mut W) -> u32 {
    let r = me(rec);
    let slot = r.slot_of(p);
    if let Some(v) = r.slots.get(&slot) {
        return v.0;
    }
    if r.synced.contains(&slot) {
        r.fail("a slot that was written to memory is not known");
    }
    let v = r.push(Inst::Slot { slot });
    r.slots.insert(slot, v);
    v.0
}
unsafe extern "C" fn slot_set(rec: *mut Rec, p: *mut W, id: u32) {
    let r = me(rec);
    let slot = r.slot_of(p);
    r.slots.insert(slot, Ref(id));
    r.dirty = true;
}
unsafe extern "C" fn at(rec: *mut Rec, ip: *const u32, sp: *mut W) -> bool {
    let r = me(rec);
    r.at = Resume { ip, sp, resume: BYTECODE };
    r.exit = None;
    r.dirty = false;
    if r.unit.insts.len() > r.limit {
        r.fail("too long");
    }
    if r.failed.is_some() {
        return true;
    }
    // Operands above the depth are dead.
    let depth = r.slot_of(sp);
    r.slots.retain(|s, _| *s < depth);
    if r.top() == r.entry && matches!(std::mem::transmute::<u8, Op>(*ip as u8), Op::RETURN_VALUE | Op::YIELD_VALUE) {
        if r.parent.is_none() {
            r.fail("the loop's function was left");
        } else {
            let exit = r.snapshot(r.at);
            r.finish(End::Leave { exit });
        }
        return true;
    }
    false
}
unsafe extern "C" fn at_cont(rec: *mut Rec, k: u32, ip: *const u32, sp: *mut W) {
    let r = me(rec);
    r.at = Resume { ip, sp, resume: k };
    r.exit = None;
    r.dirty = false;
}
unsafe extern "C" fn back_edge(rec: *mut Rec, _code: *mut Code, target: *const u32, sp: *mut W) -> bool {
    let r = me(rec);
    if r.failed.is_some() {
        return true;
    }
    let here = Resume { ip: target, sp, resume: BYTECODE };
    if r.parent.is_none() && target == r.start && r.top() == r.entry {
        let exit = r.snapshot(here);
        r.finish(End::Back { exit });
        return true;
    }
    if let Some(unit) = r.heads.get(&target).copied() {
        let exit = r.snapshot(here);
        // A loop of an inlined function has another entry frame: the evaluator enters it.
        let same = r.top() == r.entry;
        r.finish(if same { End::Jump { target: unit, exit } } else { End::Leave { exit } });
        return true;
    }
    false
}
unsafe extern "C" fn give_up(rec: *mut Rec, why: *const u8, len: usize) {
    let why = String::from_utf8_lossy(std::slice::from_raw_parts(why, len)).into_owned();
    me(rec).fail(why);
}
unsafe extern "C" fn depend(_rec: *mut Rec, _cell: *const u32) {}
