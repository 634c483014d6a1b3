//! Instructions, snapshots, units.

use std::hash::{Hash, Hasher};
use taipan_abi::mode::{CallDesc, FieldDesc, Prim};
use taipan_abi::thread::Code;

/// A value: the index of the instruction that makes it.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ref(pub u32);
impl Ref {
    /// No operand.
    pub const NONE: Ref = Ref(u32::MAX);
    /// Is there an operand?
    pub fn is_some(self) -> bool {
        self != Ref::NONE
    }
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a value is; the numbers are those of `taipan_abi::mode::kind`.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A word: tagged int or object.
    W = 0,
    /// A machine int of 64 bits.
    I = 1,
    /// A double.
    F = 2,
    /// A condition.
    B = 3,
    /// An address outside the heap (the thread).
    P = 4,
}

/// A field; two are the same if no store to one can be seen through the other being different (see `FieldDesc::alias`).
#[derive(Copy, Clone, Debug)]
pub struct Field(pub &'static FieldDesc);
impl Field {
    /// What aliases: the shared number, or the description's own address.
    pub fn alias(self) -> usize {
        if self.0.alias != 0 { self.0.alias as usize } else { std::ptr::from_ref(self.0) as usize }
    }
}
impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.alias() == other.alias() && self.0.off == other.0.off && self.0.kind == other.0.kind
    }
}
impl Eq for Field {}
impl Hash for Field {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (self.alias(), self.0.off, self.0.kind).hash(h)
    }
}

impl Inst {
    /// The exit of a guard, sync or poll.
    pub fn exit(&self) -> Option<ExitId> {
        match *self {
            Inst::Guard { exit, .. } | Inst::GuardValue { exit, .. } | Inst::Sync { exit } | Inst::Poll { exit } => {
                Some(exit)
            }
            _ => None,
        }
    }
}
impl Exit {
    /// Calls `f` with every value it mentions, sunk objects' ids too.
    pub fn values(&self, mut f: impl FnMut(Ref)) {
        self.slots.iter().for_each(|(_, r)| f(*r));
        self.frames.iter().filter(|x| x.handled.is_some()).for_each(|x| f(x.handled));
        self.sunk.iter().flat_map(|s| &s.fields).for_each(|(_, _, r)| f(*r));
    }
    /// Lets `f` change every value it mentions (not the ids of sunk objects).
    pub fn values_mut(&mut self, mut f: impl FnMut(&mut Ref)) {
        self.slots.iter_mut().for_each(|(_, r)| f(r));
        self.frames.iter_mut().filter(|x| x.handled.is_some()).for_each(|x| f(&mut x.handled));
        self.sunk.iter_mut().flat_map(|s| &mut s.fields).for_each(|(_, _, r)| f(r));
    }
}

/// A number of an exit in `Unit::exits`.
pub type ExitId = u32;

/// One instruction. `index` is the item of an ARRAY field (kind I), NONE for a plain one.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Inst {
    /// Removed by a pass.
    Nop,
    /// A constant; for kind F the bits of the double, for B 0 or 1; for P 0 is the thread that runs the unit.
    Const { kind: Kind, bits: u64 },
    /// The word that stood in a slot when the unit was entered.
    Slot { slot: i32 },
    /// A value the unit is entered with: of a loop's body (`Unit::body`), or of a bridge (the live values of its exit, in their order).
    Param { index: u32, kind: Kind },
    /// A pure primitive; unary ones have no `b`.
    Prim { prim: Prim, a: Ref, b: Ref },
    /// Reads a field.
    Get { obj: Ref, field: Field, index: Ref },
    /// Writes a field, with the write barrier if it is a reference.
    Set { obj: Ref, field: Field, index: Ref, value: Ref },
    /// A new object.
    New { tid: u32, bytes: u32 },
    /// A residual call: `Unit::calls`.
    Call { call: u32 },
    /// Leaves if the condition is not `expect`.
    Guard { cond: Ref, expect: bool, exit: ExitId },
    /// Leaves if the value is not this constant.
    GuardValue { value: Ref, bits: u64, exit: ExitId },
    /// Makes the thread's frames and the value stack what the exit says, without leaving. The frame of the unit's entry is the first.
    Sync { exit: ExitId },
    /// Leaves if `GcThread::poll` is not zero.
    Poll { exit: ExitId },
}

/// A residual call.
#[derive(Clone, Debug)]
pub struct Call {
    pub desc: &'static CallDesc,
    /// `extern "C-unwind" fn(*mut Thread, args..)`; address of the function.
    pub f: *const (),
    pub args: Vec<Ref>,
    /// W with NULL for "raised", or another kind if the description cannot raise.
    pub ret: Kind,
}
impl PartialEq for Call {
    fn eq(&self, o: &Call) -> bool {
        std::ptr::eq(self.desc, o.desc) && self.f == o.f && self.args == o.args && self.ret == o.ret
    }
}

/// A frame of a snapshot. All but `handled` is constant.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct FrameState {
    pub code: *mut Code,
    /// What `Frame::ip` becomes.
    pub ip: *const u32,
    /// Its base and its first free operand, as slots.
    pub base: i32,
    pub sp: i32,
    /// `Frame::cont` and `Frame::flags`; of the entry frame they are not looked at: it keeps its own.
    pub cont: u32,
    pub flags: u32,
    pub w_globals: u64,
    /// `Frame::saved_handled`, for generators' frames.
    pub handled: Ref,
}

/// An object that the optimizer has sunk into an exit: it is made there.
#[derive(Clone, PartialEq, Debug)]
pub struct Sunk {
    /// The `New` it stands for (a Nop in the unit now): that Ref in slots, fields or `handled` means this object.
    pub id: Ref,
    pub tid: u32,
    pub bytes: u32,
    /// Fields that are not zero. A value may be another sunk object, of this exit too.
    pub fields: Vec<(Field, i64, Ref)>,
}

/// What the interpreter's state is where a unit is left. Values of kind I, F and B in slots and reference fields become small ints (they
/// fit), float objects, and True or False.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Exit {
    /// `Thread::resume` (`BYTECODE`, `k::RAISE`, or a continuation with its value on top).
    pub resume: u32,
    /// The entry frame first, then the frames above it.
    pub frames: Vec<FrameState>,
    /// Slots whose words differ from what is in memory.
    pub slots: Vec<(i32, Ref)>,
    pub sunk: Vec<Sunk>,
    /// Right after a call behind a Sync: if a frame was looked at meanwhile, memory says what the slots are (but for the topmost, the
    /// call's result) and which frames have frame objects.
    pub after_sync: bool,
}
/// `Exit::resume`: go on at the bytecode.
pub const BYTECODE: u32 = u32::MAX;

/// How a unit ends.
#[derive(Clone, PartialEq, Debug)]
pub enum End {
    /// As recorded: back at the loop's head with the state of the exit.
    Back { exit: ExitId },
    /// Back to `Unit::body`, with a value for each of its Params.
    Loop { args: Vec<Ref> },
    /// The state of the exit goes to memory, then the root unit of that number is entered.
    Jump { target: u32, exit: ExitId },
    /// Into the body of that root unit, with a value for each of its Params.
    Enter { target: u32, args: Vec<Ref> },
    /// Leaves always.
    Leave { exit: ExitId },
}

/// A trace.
#[derive(Clone, PartialEq, Debug)]
pub struct Unit {
    pub insts: Vec<Inst>,
    pub calls: Vec<Call>,
    pub exits: Vec<Exit>,
    /// Where the peeled loop's body begins: the Params from there on are its phis. 0 = there is none.
    ///
    /// The body is closed: it uses no value made before it but constants. What does not change in the loop is a Param too, whose argument
    /// at the end is the Param itself, so that a bridge can enter the body from anywhere.
    pub body: u32,
    /// The values of the body's Params when it is first reached, from above: as many as `End::Loop` has arguments.
    pub enter: Vec<Ref>,
    pub end: End,
}

impl Unit {
    /// The instruction that makes a value.
    pub fn inst(&self, r: Ref) -> &Inst {
        &self.insts[r.index()]
    }

    /// The kind of a value; None if the instruction makes none.
    pub fn kind(&self, r: Ref) -> Option<Kind> {
        match self.inst(r) {
            Inst::Const { kind, .. } | Inst::Param { kind, .. } => Some(*kind),
            Inst::Slot { .. } | Inst::New { .. } => Some(Kind::W),
            Inst::Prim { prim, .. } => Some(prim_signature(*prim).1),
            Inst::Get { field, .. } => Some(field_kind(*field)),
            Inst::Call { call } => Some(self.calls[*call as usize].ret),
            _ => None,
        }
    }

    /// Calls `f` with every operand of an instruction, in order.
    pub fn operands(&self, inst: &Inst, mut f: impl FnMut(Ref)) {
        let mut opt = |r: Ref| {
            if r.is_some() {
                f(r)
            }
        };
        match *inst {
            Inst::Nop
            | Inst::Const { .. }
            | Inst::Slot { .. }
            | Inst::Param { .. }
            | Inst::New { .. }
            | Inst::Sync { .. }
            | Inst::Poll { .. } => {}
            Inst::Prim { a, b, .. } => {
                opt(a);
                opt(b)
            }
            Inst::Get { obj, index, .. } => {
                opt(obj);
                opt(index)
            }
            Inst::Set { obj, index, value, .. } => {
                opt(obj);
                opt(index);
                opt(value)
            }
            Inst::Call { call } => self.calls[call as usize].args.iter().for_each(|r| opt(*r)),
            Inst::Guard { cond, .. } => opt(cond),
            Inst::GuardValue { value, .. } => opt(value),
        }
    }

    /// The values that must be known at an exit, each once, in the order in which an exit hands them over and a bridge receives them:
    /// what slots, frames and sunk objects mention, without constants and sunk objects themselves.
    pub fn live(&self, exit: ExitId) -> Vec<Ref> {
        let e = &self.exits[exit as usize];
        let mut out: Vec<Ref> = Vec::new();
        let mut add = |r: Ref| {
            let virtual_ = e.sunk.iter().any(|s| s.id == r);
            if r.is_some() && !virtual_ && !matches!(self.inst(r), Inst::Const { .. }) && !out.contains(&r) {
                out.push(r)
            }
        };
        e.slots.iter().for_each(|(_, r)| add(*r));
        e.frames.iter().for_each(|f| add(f.handled));
        e.sunk.iter().flat_map(|s| &s.fields).for_each(|(_, _, r)| add(*r));
        out
    }
}

/// The primitive of a number in `PRIM_NAMES`.
pub fn prim_of(number: usize) -> Option<Prim> {
    // SAFETY: Prim is repr(u16), its numbers are those of the table's rows.
    (number < taipan_abi::mode::PRIM_NAMES.len()).then(|| unsafe { std::mem::transmute::<u16, Prim>(number as u16) })
}

/// The kind of a field's value.
pub fn field_kind(f: Field) -> Kind {
    match f.0.kind {
        taipan_abi::mode::kind::W => Kind::W,
        taipan_abi::mode::kind::F => Kind::F,
        taipan_abi::mode::kind::P => Kind::P,
        // I, U32, U8: read zero-extended.
        _ => Kind::I,
    }
}

/// Kinds of a primitive's operands (one or two) and of its result.
pub fn prim_signature(p: Prim) -> (&'static [Kind], Kind) {
    let (args, ret) = taipan_abi::mode::PRIM_SIGNATURES[p as usize];
    // SAFETY: Kind is a repr(u8) enum with exactly the numbers of `mode::kind`, which is what the table holds.
    unsafe {
        (std::slice::from_raw_parts(args.as_ptr() as *const Kind, args.len()), std::mem::transmute::<u8, Kind>(ret))
    }
}
