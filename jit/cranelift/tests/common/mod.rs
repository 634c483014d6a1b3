//! Units written by hand, and a thread to run them on.
#![allow(dead_code)]

pub mod objects;
pub mod units;

use std::cell::Cell;
use taipan_abi::gc::{GC_BARRIER, GcThread, GcVTable};
use taipan_abi::mode::{CallDesc, FieldDesc, Prim};
use taipan_abi::thread::{Code, Frame, Thread};
use taipan_abi::types::Str;
use taipan_abi::word::{Header, W};
use taipan_jit_cranelift::{Cranelift, Options};
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::*;

pub fn backend() -> Cranelift {
    Cranelift::new(Options { verify: true, listing: false, ..Options::default() }).unwrap()
}

pub fn field(off: u32, kind: u8, flags: u8) -> Field {
    Field(Box::leak(Box::new(FieldDesc { off, kind, flags, alias: 0, name: Str::new("field") })))
}

/// Writes a unit.
pub struct Build {
    pub u: Unit,
}
impl Build {
    pub fn new() -> Build {
        let none = End::Leave { exit: 0 };
        Build { u: Unit { insts: vec![], calls: vec![], exits: vec![], body: 0, enter: vec![], end: none } }
    }
    pub fn push(&mut self, i: Inst) -> Ref {
        self.u.insts.push(i);
        Ref(self.u.insts.len() as u32 - 1)
    }
    pub fn k(&mut self, kind: Kind, bits: u64) -> Ref {
        self.push(Inst::Const { kind, bits })
    }
    pub fn int(&mut self, i: i64) -> Ref {
        self.k(Kind::W, W::int(i).0)
    }
    pub fn ki(&mut self, i: i64) -> Ref {
        self.k(Kind::I, i as u64)
    }
    pub fn kf(&mut self, x: f64) -> Ref {
        self.k(Kind::F, x.to_bits())
    }
    pub fn slot(&mut self, slot: i32) -> Ref {
        self.push(Inst::Slot { slot })
    }
    pub fn param(&mut self, index: u32, kind: Kind) -> Ref {
        self.push(Inst::Param { index, kind })
    }
    pub fn op(&mut self, prim: Prim, a: Ref, b: Ref) -> Ref {
        self.push(Inst::Prim { prim, a, b })
    }
    pub fn op1(&mut self, prim: Prim, a: Ref) -> Ref {
        self.push(Inst::Prim { prim, a, b: Ref::NONE })
    }
    pub fn get(&mut self, obj: Ref, field: Field, index: Ref) -> Ref {
        self.push(Inst::Get { obj, field, index })
    }
    pub fn set(&mut self, obj: Ref, field: Field, index: Ref, value: Ref) {
        self.push(Inst::Set { obj, field, index, value });
    }
    pub fn guard(&mut self, cond: Ref, expect: bool, exit: ExitId) {
        self.push(Inst::Guard { cond, expect, exit });
    }
    pub fn call(&mut self, desc: &'static CallDesc, f: *const (), args: &[Ref], ret: Kind) -> Ref {
        self.u.calls.push(Call { desc, f, args: args.to_vec(), ret });
        let call = self.u.calls.len() as u32 - 1;
        self.push(Inst::Call { call })
    }
    /// An exit that hands over these slots.
    pub fn exit(&mut self, slots: &[(i32, Ref)]) -> ExitId {
        self.u.exits.push(Exit { resume: BYTECODE, frames: vec![], slots: slots.to_vec(), sunk: vec![] });
        self.u.exits.len() as u32 - 1
    }
    pub fn body(&mut self, enter: &[Ref]) {
        self.u.body = self.u.insts.len() as u32;
        self.u.enter = enter.to_vec();
    }
    pub fn end(mut self, end: End) -> Unit {
        self.u.end = end;
        self.u
    }
}

thread_local! {
    /// Calls of the collector: allocations, barriers of objects, of slots.
    pub static SLOW: Cell<(u32, u32, u32)> = const { Cell::new((0, 0, 0)) };
    /// What `alloc_slow` runs, and the objects it refuses to make.
    pub static REFUSE: Cell<u32> = const { Cell::new(0) };
}

/// A thread, a value stack and frames.
pub struct World {
    pub th: Box<Thread>,
    pub stack: Vec<W>,
    pub frames: Vec<Frame>,
    pub code: Box<Code>,
    pub values: Vec<u64>,
    vt: Box<[usize]>,
}

unsafe extern "C" fn unexpected() {
    panic!("not expected to be called")
}

/// Every register that a function may use without saving is spoiled, so that a caller that relies on one is found.
fn spoil() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the registers are declared as clobbered.
    unsafe {
        std::arch::asm!(
            "mov rax, 0x5555", "mov rcx, rax", "mov rdx, rax", "mov rsi, rax", "mov rdi, rax",
            "mov r8, rax", "mov r9, rax", "mov r10, rax", "mov r11, rax",
            "movq xmm0, rax", "movq xmm1, rax", "movq xmm2, rax", "movq xmm3, rax", "movq xmm4, rax", "movq xmm5, rax",
            "movq xmm6, rax", "movq xmm7, rax", "movq xmm8, rax", "movq xmm9, rax", "movq xmm10, rax", "movq xmm11, rax",
            "movq xmm12, rax", "movq xmm13, rax", "movq xmm14, rax", "movq xmm15, rax",
            out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _, out("r8") _, out("r9") _, out("r10") _,
            out("r11") _, out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
            out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _, out("xmm12") _,
            out("xmm13") _, out("xmm14") _, out("xmm15") _,
        )
    }
}

/// A zeroed object that is never freed.
pub fn object(tid: u32, bytes: usize) -> W {
    let words: &'static mut [u64] = Box::leak(vec![0u64; bytes / 8].into_boxed_slice());
    words[0] = tid as u64;
    W(words.as_ptr() as u64)
}

unsafe extern "C" fn alloc_slow(t: *mut GcThread, bytes: usize, tid: u32) -> *mut u8 {
    spoil();
    SLOW.set((SLOW.get().0 + 1, SLOW.get().1, SLOW.get().2));
    if REFUSE.get() > 0 {
        REFUSE.set(REFUSE.get() - 1);
        return std::ptr::null_mut();
    }
    // A new interval of four cells, the first of which is the answer.
    if bytes <= 256 {
        let b = &mut (*t).bump[bytes / 8];
        let cells = object(0, bytes * 4).0 as usize;
        (b.cur, b.end) = (cells + bytes, cells + 4 * bytes);
        *(cells as *mut u64) = tid as u64;
        return cells as *mut u8;
    }
    object(tid, bytes).ptr()
}

unsafe extern "C" fn wb_slow(_: *mut GcThread, o: *mut u8) {
    spoil();
    SLOW.set((SLOW.get().0, SLOW.get().1 + 1, SLOW.get().2));
    (*(o as *mut Header)).gc &= !GC_BARRIER;
}

unsafe extern "C" fn wb_slot(_: *mut GcThread, _: *mut u8, _: *mut W) {
    spoil();
    SLOW.set((SLOW.get().0, SLOW.get().1, SLOW.get().2 + 1));
}

unsafe extern "C" fn collect(_: *mut GcThread, _: u32) -> i32 {
    spoil();
    0
}

impl World {
    pub fn new() -> World {
        SLOW.set((0, 0, 0));
        REFUSE.set(0);
        // SAFETY: numbers and raw pointers, for which zero is a value.
        let (mut th, mut code) =
            unsafe { (Box::<Thread>::new_zeroed().assume_init(), Box::<Code>::new_zeroed().assume_init()) };
        code.framesize = 32;
        code.nlocalsplus = 16;
        let mut stack = vec![W::NULL; 1000];
        // SAFETY: as above.
        let mut frames: Vec<Frame> = (0..50).map(|_| unsafe { std::mem::zeroed() }).collect();
        let mut vt: Box<[usize]> = vec![unexpected as *const () as usize; size_of::<GcVTable>() / 8].into();
        let at = |off: usize| off / 8;
        vt[at(std::mem::offset_of!(GcVTable, alloc_slow))] = alloc_slow as *const () as usize;
        vt[at(std::mem::offset_of!(GcVTable, wb_slow))] = wb_slow as *const () as usize;
        vt[at(std::mem::offset_of!(GcVTable, wb_slot))] = wb_slot as *const () as usize;
        vt[at(std::mem::offset_of!(GcVTable, collect))] = collect as *const () as usize;
        th.gcvt = vt.as_ptr() as *const GcVTable;
        frames[1].code = &raw mut *code;
        frames[1].base = unsafe { stack.as_mut_ptr().add(10) };
        frames[1].cont = 77;
        frames[1].flags = 78;
        th.gc.frames = frames.as_mut_ptr() as *mut u8;
        th.gc.frame_top = &raw mut frames[1] as *mut u8;
        th.gc.vs_top = unsafe { frames[1].base.add(32) };
        World { th, stack, frames, code, values: vec![], vt }
    }

    pub fn base(&mut self) -> *mut W {
        self.frames[1].base
    }
    pub fn put(&mut self, slot: i32, w: W) {
        self.stack[(10 + slot) as usize] = w
    }
    pub fn at(&self, slot: i32) -> W {
        self.stack[(10 + slot) as usize]
    }
    pub fn run(&mut self, b: &mut Cranelift, number: u32) -> Left {
        let (th, base) = (&raw mut *self.th, self.base());
        // SAFETY: the tests' units fit this thread.
        unsafe { b.run(number, th, base, &mut self.values) }
    }
    /// The depth of the frame on top.
    pub fn depth(&self) -> usize {
        (self.th.gc.frame_top as usize - self.th.gc.frames as usize) / size_of::<Frame>()
    }
}

/// Edge values of machine ints.
pub const INTS: [i64; 23] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -7,
    10,
    62,
    63,
    64,
    1 << 31,
    -(1 << 31),
    1 << 32,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    i64::MIN + 1,
    (1 << 62) - 1,
    -(1 << 62),
    1 << 62,
];
/// Edge values of small ints.
pub fn smalls() -> Vec<i64> {
    INTS.into_iter().filter(|i| W::fits(*i)).collect()
}
pub const FLOATS: [f64; 13] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    1e308,
    -1e308,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    9007199254740993.0,
];
