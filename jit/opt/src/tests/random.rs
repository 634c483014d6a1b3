//! Random traces, made as a recorder makes them: a random program is executed on a fake machine, and what it does is noted, with a guard
//! wherever it decided something. Every guard has an exit of its own, numbered by the `ip` of its frame.

use taipan_abi::mode::{CallDesc, FieldDesc, Prim, TID_FIELD, effects, exec_prim, fd, kind};
use taipan_abi::types::{Slice, Str};
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_ir::fake::{FLOAT_FIELD, Fake};
use taipan_jit_ir::interp::Machine;
use taipan_jit_ir::{BYTECODE, Call, End, Exit, Field, FrameState, Inst, Kind, Ref, Unit, field_kind, prim_signature};

pub struct Rng(pub u64);
impl Rng {
    pub fn next(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 8) as usize % n
    }
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.next(list.len())]
    }
}

const fn field(off: u32, k: u8, flags: u8, alias: u16, name: &'static str) -> FieldDesc {
    FieldDesc { off, kind: k, flags, alias, name: Str::new(name) }
}
static X: FieldDesc = field(8, kind::W, fd::GCREF, 300, "x");
static Y: FieldDesc = field(16, kind::W, fd::GCREF, 0, "y");
static COUNT: FieldDesc = field(24, kind::I, 0, 301, "count");
static REAL: FieldDesc = field(32, kind::F, 0, 302, "real");
static ITEMS: FieldDesc = field(40, kind::W, fd::GCREF | fd::ARRAY, 303, "items");
static FIXED: FieldDesc = field(64, kind::I, fd::IMMUTABLE, 304, "fixed");
static SMALL: FieldDesc = field(72, kind::U8, 0, 305, "small");
/// Rows of objects with all these fields.
const ROWS: [u32; 2] = [100, 101];
const BYTES: u32 = 80;

static CALLS: [CallDesc; 6] = [
    CallDesc { name: Str::new("any"), effects: effects::ANY, writes: Slice::new(&[]) },
    CallDesc { name: Str::new("writes"), effects: effects::READS | effects::WRITES, writes: Slice::new(&[]) },
    CallDesc {
        name: Str::new("writes_x"),
        effects: effects::READS | effects::WRITES_LISTED,
        writes: Slice::new(&[&X, &COUNT]),
    },
    CallDesc { name: Str::new("reads"), effects: effects::READS, writes: Slice::new(&[]) },
    CallDesc { name: Str::new("raises"), effects: effects::READS | effects::RAISES, writes: Slice::new(&[]) },
    CallDesc { name: Str::new("pure"), effects: effects::NONE, writes: Slice::new(&[]) },
];

const SLOTS: i32 = 5;
const FRAME_SP: i32 = SLOTS;

pub struct Recorder {
    pub machine: Fake,
    rng: Rng,
    unit: Unit,
    values: Vec<u64>,
    /// Words of slots written, and the first words that were read.
    slots: Vec<(i32, Ref)>,
    read: Vec<(i32, Ref)>,
    /// The last number of a guard.
    labels: usize,
    /// Bytecodes of a unit, at most.
    pub length: usize,
    /// Values before this one a bridge has from its exit.
    first: usize,
}

impl Recorder {
    /// A machine in a random state.
    pub fn new(mut rng: Rng) -> Recorder {
        let mut m = Fake::default();
        let objects: Vec<u64> = (0..3).map(|_| m.object(ROWS[rng.next(8) / 7])).collect();
        let float = m.boxed(Kind::F, 1.25f64.to_bits());
        m.roots = objects.clone();
        m.writable = [&X, &Y, &COUNT, &ITEMS].map(Field).to_vec();
        for o in &objects {
            for f in [&X, &Y] {
                let v = if rng.next(3) == 0 { rng.pick(&objects) } else { W::int(rng.next(9) as i64).0 };
                m.set(*o, Field(f), 0, v)
            }
            for i in 0..3 {
                m.set(*o, Field(&ITEMS), i, W::int(rng.next(9) as i64).0)
            }
            m.set(*o, Field(&COUNT), 0, rng.next(20) as u64);
            m.set(*o, Field(&FIXED), 0, rng.next(20) as u64);
            m.set(*o, Field(&REAL), 0, (rng.next(9) as f64).to_bits());
        }
        for s in 0..SLOTS {
            let w = match rng.next(8) {
                0 | 1 => W::int(rng.next(12) as i64).0,
                2 => W::int((1 << 61) + rng.next(1 << 30) as i64).0,
                3 => float,
                4 => W::bool(rng.next(2) == 0).0,
                _ => rng.pick(&objects),
            };
            m.slots.insert(s, w);
        }
        m.leave_at = 2 + rng.next(6) as u32;
        Recorder {
            machine: m,
            rng,
            unit: empty(),
            values: Vec::new(),
            slots: Vec::new(),
            read: Vec::new(),
            labels: 0,
            first: 0,
            length: 12,
        }
    }

    /// Records one unit: a loop, or a bridge that jumps to the unit of that number.
    pub fn unit(&mut self, target: Option<u32>) -> Unit {
        self.unit = empty();
        (self.values, self.slots, self.read) = (Vec::new(), Vec::new(), Vec::new());
        self.first = 0;
        self.record(target)
    }

    /// Records a bridge from an exit, whose state the machine has in memory. Also as a unit that finds that state in memory, not in Params.
    pub fn bridge(&mut self, machine: Fake, from: &Unit, exit: u32) -> (Unit, Unit) {
        self.machine = machine;
        self.machine.failing = None;
        self.unit = empty();
        let start = taipan_jit_ir::bridge::start(from, exit);
        let n = start.insts.len();
        self.values = vec![0; n];
        self.first = n;
        self.unit.insts = start.insts;
        self.read = Vec::new();
        self.slots = start.slots;
        for (s, r) in &self.slots {
            self.values[r.index()] = self.machine.slot(*s);
        }
        let slots = self.slots.clone();
        // Operands above the frame are not looked at.
        self.slots.retain(|s| s.0 < SLOTS);
        let bridge = self.record(Some(0));
        let mut by_memory = bridge.clone();
        by_memory.insts[..n].fill(Inst::Nop);
        for (slot, r) in slots {
            by_memory.insts[r.index()] = Inst::Slot { slot };
        }
        (by_memory, bridge)
    }

    fn record(&mut self, target: Option<u32>) -> Unit {
        if target.is_none() {
            let exit = self.exit();
            self.unit.insts.push(Inst::Poll { exit });
            self.values.push(0);
        }
        for _ in 0..2 + self.rng.next(self.length) {
            self.bytecode()
        }
        let exit = self.exit();
        self.unit.end = match target {
            Some(target) => End::Jump { target, exit },
            None if self.rng.next(12) == 0 => End::Leave { exit },
            None => End::Back { exit },
        };
        // The program goes on from the state in memory.
        for (s, r) in self.slots.clone() {
            let w = self.v(r);
            self.machine.slots.insert(s, w);
        }
        self.machine.log.clear();
        std::mem::replace(&mut self.unit, empty())
    }

    fn v(&self, r: Ref) -> u64 {
        self.values[r.index()]
    }
    fn push(&mut self, inst: Inst, value: u64) -> Ref {
        self.unit.insts.push(inst);
        self.values.push(value);
        Ref(self.values.len() as u32 - 1)
    }
    fn k(&mut self, kind: Kind, bits: u64) -> Ref {
        self.push(Inst::Const { kind, bits }, bits)
    }
    fn p1(&mut self, prim: Prim, a: Ref) -> Ref {
        self.p2(prim, a, Ref::NONE)
    }
    fn p2(&mut self, prim: Prim, a: Ref, b: Ref) -> Ref {
        let y = if prim_signature(prim).0.len() == 2 { self.v(b) } else { 0 };
        let v = exec_prim(prim, self.v(a), y);
        self.push(Inst::Prim { prim, a, b }, v)
    }
    fn slot(&mut self, s: i32) -> Ref {
        if let Some(x) = self.slots.iter().chain(&self.read).find(|x| x.0 == s) {
            return x.1;
        }
        let w = self.machine.slot(s);
        let r = self.push(Inst::Slot { slot: s }, w);
        self.read.push((s, r));
        r
    }
    fn any_slot(&mut self) -> Ref {
        let s = self.rng.next(SLOTS as usize) as i32;
        self.slot(s)
    }
    fn put(&mut self, r: Ref) {
        let s = self.rng.next(SLOTS as usize) as i32;
        match self.slots.iter_mut().find(|x| x.0 == s) {
            Some(x) => x.1 = r,
            None => self.slots.push((s, r)),
        }
    }

    /// The state now, with a number of its own. Some exits have an operand on top, some an exception.
    fn exit(&mut self) -> u32 {
        self.labels += 1;
        let mut slots = self.slots.clone();
        let mut sp = FRAME_SP;
        if self.rng.next(4) == 0 && self.values.len() > self.first {
            let r = Ref((self.first + self.rng.next(self.values.len() - self.first)) as u32);
            let k = self.unit.kind(r);
            // A number that fits, or another value that is boxed there.
            let fits = k != Some(Kind::I) || W::fits(self.v(r) as i64);
            // A later iteration could have one that does not fit.
            if k.is_some() && k != Some(Kind::I) && fits {
                slots.push((sp, r));
                sp += 1;
            }
        }
        let handled = if self.rng.next(6) == 0 { self.slots.first().map_or(Ref::NONE, |s| s.1) } else { Ref::NONE };
        let frame = FrameState {
            code: 0x10 as *mut _,
            ip: (self.labels * 4) as *const u32,
            base: 0,
            sp,
            cont: 0,
            flags: 0,
            w_globals: 0,
            handled,
        };
        let resume = if self.rng.next(5) == 0 { 1 } else { BYTECODE };
        self.unit.exits.push(Exit { resume, frames: vec![frame], slots, sunk: Vec::new(), after_sync: false });
        self.unit.exits.len() as u32 - 1
    }
    fn guard(&mut self, cond: Ref) -> bool {
        let expect = self.v(cond) != 0;
        let exit = self.exit();
        self.push(Inst::Guard { cond, expect, exit }, 0);
        expect
    }
    fn is(&mut self, prim: Prim, a: Ref, b: Ref) -> bool {
        let c = self.p2(prim, a, b);
        self.guard(c)
    }
    fn get(&mut self, obj: Ref, f: &'static FieldDesc, index: Ref) -> Ref {
        let i = if index.is_some() { self.v(index) as i64 } else { 0 };
        let o = self.v(obj);
        let v = self.machine.get(o, Field(f), i);
        self.push(Inst::Get { obj, field: Field(f), index }, v)
    }
    fn set(&mut self, obj: Ref, f: &'static FieldDesc, index: Ref, value: Ref) {
        let i = if index.is_some() { self.v(index) as i64 } else { 0 };
        let (o, v) = (self.v(obj), self.v(value));
        self.machine.set(o, Field(f), i, v);
        self.push(Inst::Set { obj, field: Field(f), index, value }, 0);
    }
    fn new_object(&mut self, tid: u32, bytes: u32) -> Ref {
        let w = self.machine.object(tid);
        self.push(Inst::New { tid, bytes }, w)
    }
    fn new_float(&mut self, f: Ref) -> Ref {
        let w = self.new_object(TID_FLOAT, 16);
        self.set(w, &FLOAT_FIELD, Ref::NONE, f);
        w
    }

    /// The row of an object, green; None for other words.
    fn row(&mut self, w: Ref) -> Option<u32> {
        if self.is(Prim::IsInt, w, Ref::NONE) || self.is(Prim::IsNull, w, Ref::NONE) {
            return None;
        }
        // The singletons are no objects of the fake machine; a read of their rows would be wild.
        for single in [W::TRUE, W::FALSE, W::NONE] {
            let k = self.k(Kind::W, single.0);
            if self.is(Prim::WEq, w, k) {
                return None;
            }
        }
        let t = self.get(w, &TID_FIELD, Ref::NONE);
        let exit = self.exit();
        let bits = self.v(t);
        self.push(Inst::GuardValue { value: t, bits, exit }, 0);
        Some(bits as u32)
    }
    fn instance(&mut self) -> Option<Ref> {
        let w = self.any_slot();
        self.row(w).filter(|t| ROWS.contains(t)).map(|_| w)
    }
    fn int(&mut self) -> Option<Ref> {
        let w = self.any_slot();
        self.is(Prim::IsInt, w, Ref::NONE).then_some(w)
    }
    fn float(&mut self) -> Option<Ref> {
        let w = self.any_slot();
        if self.is(Prim::IsInt, w, Ref::NONE) {
            let i = self.p1(Prim::Untag, w);
            return Some(self.p1(Prim::IToF, i));
        }
        if self.row(w)? == TID_FLOAT { Some(self.get(w, &FLOAT_FIELD, Ref::NONE)) } else { None }
    }
    /// An index of an item: constant, or guarded to be one.
    fn index(&mut self) -> Option<Ref> {
        if self.rng.next(2) == 0 {
            let i = self.rng.next(3) as u64;
            return Some(self.k(Kind::I, i));
        }
        let w = self.int()?;
        let (i, n) = (self.p1(Prim::Untag, w), self.k(Kind::I, 3));
        self.is(Prim::ULt, i, n).then_some(i)
    }

    fn bytecode(&mut self) {
        match self.rng.next(22) {
            0 | 1 => self.arithmetic(),
            2 => self.division(),
            3 => self.condition(),
            4 | 5 => self.real(),
            6 | 7 => self.load(),
            8 | 9 => self.store(),
            10 => self.item(),
            11 | 12 => self.instantiate(),
            13 | 14 => self.residual(),
            15 => {
                let w = self.any_slot();
                self.put(w)
            }
            16..19 => self.aliases(),
            19 | 20 => self.bounds(),
            _ => self.step(),
        }
    }

    /// i += 1 on one slot: what most loops do.
    fn step(&mut self) {
        let Some(a) = self.int() else { return };
        let one = self.k(Kind::W, W::int(1).0);
        if !self.is(Prim::AddOvf, a, one) {
            let s = self.p2(Prim::TAdd, a, one);
            self.put(s)
        }
    }

    /// Comparisons of one number with several others, and sums that may overflow: what ranges decide.
    fn bounds(&mut self) {
        let Some(a) = self.int() else { return };
        let mut last = a;
        for _ in 0..3 {
            let n = self.rng.pick(&[0, 2, 5, 9, (1 << 62) - 1, -(1 << 62), 1 << 61]);
            let n = if self.rng.next(4) == 0 { self.int() } else { Some(self.k(Kind::W, W::int(n).0)) };
            let Some(n) = n else { return };
            match self.rng.next(5) {
                0 => {
                    self.is(Prim::TLt, last, n);
                }
                1 => {
                    self.is(Prim::TLt, n, last);
                }
                2 => {
                    self.is(Prim::TLe, last, n);
                }
                _ => {
                    let (test, op) = self.rng.pick(&[
                        (Prim::AddOvf, Prim::TAdd),
                        (Prim::SubOvf, Prim::TSub),
                        (Prim::MulOvf, Prim::TMul),
                    ]);
                    if self.is(test, last, n) {
                        return;
                    }
                    last = self.p2(op, last, n);
                    self.put(last)
                }
            }
        }
    }

    fn arithmetic(&mut self) {
        let a = self.any_slot();
        let b = if self.rng.next(3) == 0 {
            let n = self.rng.next(5) as i64;
            self.k(Kind::W, W::int(n).0)
        } else {
            self.any_slot()
        };
        if !self.is(Prim::BothInt, a, b) {
            return;
        }
        let (test, op) = self.rng.pick(&[
            (Some(Prim::AddOvf), Prim::TAdd),
            (Some(Prim::SubOvf), Prim::TSub),
            (Some(Prim::MulOvf), Prim::TMul),
            (None, Prim::TAnd),
            (None, Prim::TOr),
            (None, Prim::TXor),
        ]);
        if test.is_none_or(|t| !self.is(t, a, b)) {
            let r = self.p2(op, a, b);
            self.put(r)
        }
    }

    fn division(&mut self) {
        let Some(a) = self.int() else { return };
        let x = self.p1(Prim::Untag, a);
        let n = self.rng.pick(&[1, 2, 3, 4, 7, 8, 64]);
        let y = self.k(Kind::I, n);
        let op = self.rng.pick(&[Prim::IMod, Prim::IFloorDiv, Prim::IShr, Prim::IAdd, Prim::ISub]);
        let r = self.p2(op, x, y);
        if self.is(Prim::Fits, r, Ref::NONE) {
            let w = self.p1(Prim::Tag, r);
            self.put(w);
            if self.rng.next(2) == 0 {
                let Some(other) = self.int() else { return };
                let p = self.rng.pick(&[Prim::TLt, Prim::TLe, Prim::WEq]);
                if self.is(p, w, other) {
                    let y = self.p1(Prim::Untag, other);
                    self.is(Prim::ULt, r, y);
                }
            }
        }
    }

    fn condition(&mut self) {
        let (a, b) = (self.any_slot(), self.any_slot());
        let c = if self.rng.next(3) == 0 {
            self.p2(Prim::WEq, a, b)
        } else {
            if !self.is(Prim::BothInt, a, b) {
                return;
            }
            let p = self.rng.pick(&[Prim::TLt, Prim::TLe, Prim::WEq]);
            self.p2(p, a, b)
        };
        let c = if self.rng.next(3) == 0 { self.p1(Prim::Not, c) } else { c };
        if self.rng.next(2) == 0 {
            let w = self.p1(Prim::WBool, c);
            self.put(w)
        } else {
            self.guard(c);
        }
    }

    fn real(&mut self) {
        let Some(x) = self.float() else { return };
        let y = if self.rng.next(2) == 0 { Some(self.k(Kind::F, 0.5f64.to_bits())) } else { self.float() };
        let Some(y) = y else { return };
        let p = self.rng.pick(&[Prim::FAdd, Prim::FSub, Prim::FMul, Prim::FLt]);
        let r = self.p2(p, x, y);
        if p == Prim::FLt {
            self.guard(r);
        } else {
            let w = self.new_float(r);
            self.put(w)
        }
    }

    fn load(&mut self) {
        let Some(o) = self.instance() else { return };
        let f = self.rng.pick(&[&X, &X, &Y, &COUNT, &REAL, &FIXED, &SMALL]);
        let v = self.get(o, f, Ref::NONE);
        let w = match field_kind(Field(f)) {
            Kind::F => self.new_float(v),
            Kind::I => {
                if !self.is(Prim::Fits, v, Ref::NONE) {
                    return;
                }
                self.p1(Prim::Tag, v)
            }
            _ => v,
        };
        self.put(w)
    }

    fn store(&mut self) {
        let Some(o) = self.instance() else { return };
        match self.rng.next(4) {
            0 => {
                let Some(w) = self.int() else { return };
                let i = self.p1(Prim::Untag, w);
                let f = self.rng.pick(&[&COUNT, &SMALL]);
                self.set(o, f, Ref::NONE, i)
            }
            1 => {
                let Some(f) = self.float() else { return };
                self.set(o, &REAL, Ref::NONE, f)
            }
            n => {
                let w = self.any_slot();
                self.set(o, if n == 2 { &X } else { &Y }, Ref::NONE, w)
            }
        }
    }

    /// What one object's field holds before and after a store to that of another, which may be the same.
    fn aliases(&mut self) {
        let (Some(a), Some(b)) = (self.instance(), self.instance()) else { return };
        let f = self.rng.pick(&[&X, &Y]);
        let before = self.get(a, f, Ref::NONE);
        self.put(before);
        let w = self.any_slot();
        self.set(b, f, Ref::NONE, w);
        if self.rng.next(3) == 0 {
            self.residual()
        }
        let after = self.get(a, f, Ref::NONE);
        self.put(after)
    }

    fn item(&mut self) {
        let Some(o) = self.instance() else { return };
        let Some(i) = self.index() else { return };
        if self.rng.next(2) == 0 {
            let w = self.get(o, &ITEMS, i);
            self.put(w)
        } else {
            let w = self.any_slot();
            self.set(o, &ITEMS, i, w)
        }
    }

    fn instantiate(&mut self) {
        let tid = self.rng.pick(&ROWS);
        let o = self.new_object(tid, BYTES);
        for f in [&X, &Y] {
            if self.rng.next(2) == 0 {
                let w = self.any_slot();
                self.set(o, f, Ref::NONE, w)
            }
        }
        // The attribute that another shape has: the object's row changes.
        if self.rng.next(5) == 0 {
            let t = self.k(Kind::I, ROWS[1] as u64);
            self.set(o, &TID_FIELD, Ref::NONE, t)
        }
        self.put(o)
    }

    fn residual(&mut self) {
        let n = self.rng.next(CALLS.len());
        let desc = &CALLS[n];
        let mut args: Vec<Ref> = Vec::new();
        for _ in 0..self.rng.next(3) {
            args.push(self.any_slot())
        }
        if desc.effects & effects::FORCES_FRAMES != 0 || self.rng.next(8) == 0 {
            let exit = self.exit();
            let e = self.unit.exits[exit as usize].clone();
            self.push(Inst::Sync { exit }, 0);
            self.machine.set_frames(&e, &mut |_| 0);
        }
        let ret = if desc.effects == effects::NONE { Kind::I } else { Kind::W };
        let call = Call { desc, f: (n * 16 + 16) as *const (), args: args.clone(), ret };
        let bits: Vec<u64> = args.iter().map(|r| self.v(*r)).collect();
        let v = self.machine.call(&call, &bits);
        self.unit.calls.push(call);
        let number = self.unit.calls.len() as u32 - 1;
        let r = self.push(Inst::Call { call: number }, v);
        if desc.effects & effects::RAISES != 0 {
            // An exit after an effect resumes elsewhere.
            let c = self.p1(Prim::IsNull, r);
            let raised = self.guard(c);
            if let Some(e) = self.unit.exits.last_mut() {
                e.resume = 1
            }
            if raised {
                return;
            }
        }
        let w = if ret == Kind::I { self.p1(Prim::Tag, r) } else { r };
        self.put(w)
    }
}

fn empty() -> Unit {
    Unit {
        insts: Vec::new(),
        calls: Vec::new(),
        exits: Vec::new(),
        body: 0,
        enter: Vec::new(),
        end: End::Leave { exit: 0 },
    }
}
