//! Random units that work on objects.

use super::*;
use taipan_abi::gc::GC_BARRIER;
use taipan_abi::mode::{CALL_ANY, effects, fd, kind};
use taipan_abi::types::Slice;
use taipan_abi::word::{SINGLETONS, TID_FLOAT};

/// Objects: a link to another, any word, an int, a float, 32 bits, and four links.
pub const BYTES: u32 = 80;
pub struct Fields {
    pub link: Field,
    pub any: Field,
    pub int: Field,
    pub float: Field,
    pub half: Field,
    pub items: Field,
}

impl Fields {
    pub fn new() -> Fields {
        Fields {
            link: field(8, kind::W, fd::GCREF),
            any: field(16, kind::W, fd::GCREF),
            int: field(24, kind::I, 0),
            float: field(32, kind::F, 0),
            half: field(40, kind::U32, 0),
            items: field(48, kind::W, fd::GCREF | fd::ARRAY),
        }
    }
}

pub struct Random(pub u64);
impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }
}

pub fn at(o: W) -> *mut u64 {
    o.ptr::<u64>()
}

/// Shuffles an object; answers a small int that depends on it.
pub extern "C-unwind" fn shuffle(_: *mut Thread, o: W, i: i64) -> W {
    // SAFETY: the tests' objects have that layout.
    unsafe {
        let p = at(o);
        p.add(3).write((*p.add(3)).wrapping_add(i as u64));
        std::ptr::swap(p.add(1), p.add(6 + (i & 3) as usize));
        o.header().gc = GC_BARRIER;
        W::int(*p.add(3) as i64 >> 1)
    }
}
pub extern "C-unwind" fn odd(_: *mut Thread, i: i64) -> bool {
    i & 1 != 0
}

static CALL_ODD: CallDesc = CallDesc { name: Str::new("odd"), effects: effects::NONE, writes: Slice::new(&[]) };

pub const OBJ: usize = 5;
/// Values by kind; W, I, F, B, then objects at OBJ.
pub struct Gen<'a> {
    pub r: &'a mut Random,
    pub b: Build,
    pub pool: [Vec<Ref>; 6],
    pub f: &'a Fields,
    pub code: *mut taipan_abi::thread::Code,
    pub guards: usize,
}
impl Gen<'_> {
    pub fn add(&mut self, i: Inst, pool: usize) -> Ref {
        let r = self.b.push(i);
        self.pool[pool].push(r);
        r
    }
    pub fn pick(&mut self, pool: usize) -> Ref {
        if pool == 0 && self.r.below(2) == 0 {
            return self.pick(OBJ);
        }
        let n = self.pool[pool].len();
        if pool != OBJ && (n == 0 || self.r.below(10) == 0) {
            let x = self.r.below(9) as i64 - 4;
            let (kind, bits) = match pool {
                1 => (Kind::I, x as u64),
                2 => (Kind::F, (x as f64 / 2.0).to_bits()),
                3 => (Kind::B, x as u64 & 1),
                _ => (Kind::W, if x == 0 { W::NONE.0 } else { W::int(x).0 }),
            };
            return self.add(Inst::Const { kind, bits }, pool);
        }
        self.pool[pool][n - 1 - self.r.below(n.min(6))]
    }
    pub fn prim(&mut self, of: &[Prim], a: usize, b: usize) {
        let prim = of[self.r.below(of.len())];
        let (x, y) = (self.pick(a), if b == 9 { Ref::NONE } else { self.pick(b) });
        self.add(Inst::Prim { prim, a: x, b: y }, prim_signature(prim).1 as usize);
    }
    /// An index of an item.
    pub fn index(&mut self) -> Ref {
        if self.r.below(2) == 0 {
            let i = self.r.below(4) as i64;
            return self.b.ki(i);
        }
        let (i, four) = (self.pick(1), self.b.ki(4));
        self.b.op(Prim::IMod, i, four)
    }
    pub fn exit(&mut self) -> ExitId {
        let n = if self.r.below(3) > 0 { 10 + self.r.below(20) } else { self.r.below(8) };
        let slots: Vec<(i32, Ref)> = (0..n as i32)
            .map(|i| {
                (8 + i, {
                    let p = self.r.below(4);
                    self.pick(p)
                })
            })
            .collect();
        let e = self.b.exit(&slots);
        for i in 0..1 + self.r.below(2) {
            let handled = if i > 0 && self.r.below(2) == 0 { self.pick(OBJ) } else { Ref::NONE };
            self.b.u.exits[e as usize].frames.push(FrameState {
                code: self.code,
                ip: (0x100 * (e as usize + 1)) as *const u32,
                base: 12 * i as i32,
                sp: 12 * i as i32 + 10,
                cont: i as u32,
                flags: 2,
                w_globals: 0,
                handled,
            });
        }
        e
    }
    pub fn step(&mut self) {
        let (f, none) = (self.f, Ref::NONE);
        let o = self.pick(OBJ);
        match self.r.below(22) {
            0 | 1 => {
                self.add(Inst::Get { obj: o, field: f.link, index: none }, OBJ);
            }
            2 => {
                self.add(Inst::Get { obj: o, field: f.any, index: none }, 0);
            }
            3 => {
                self.add(Inst::Get { obj: o, field: f.int, index: none }, 1);
            }
            4 => {
                self.add(Inst::Get { obj: o, field: f.float, index: none }, 2);
            }
            5 => {
                self.add(Inst::Get { obj: o, field: f.half, index: none }, 1);
            }
            6 => {
                let index = self.index();
                self.add(Inst::Get { obj: o, field: f.items, index }, OBJ);
            }
            7 | 8 => {
                let (field, pool) = [(f.link, OBJ), (f.any, 0), (f.int, 1), (f.float, 2), (f.half, 1)][self.r.below(5)];
                let value = self.pick(pool);
                self.b.set(o, field, none, value);
            }
            9 => {
                let (index, value) = (self.index(), self.pick(OBJ));
                self.b.set(o, f.items, index, value);
            }
            10 => {
                let other = self.pick(OBJ);
                let tid = 60 + self.r.below(4) as u32;
                let new = self.add(Inst::New { tid, bytes: BYTES }, OBJ);
                self.b.set(new, f.link, none, other);
                for i in 0..4 {
                    let index = self.b.ki(i);
                    let value = if i == 2 { new } else { o };
                    self.b.set(new, f.items, index, value);
                }
            }
            11 => {
                let i = self.pick(1);
                let r = self.b.call(&CALL_ANY, shuffle as *const (), &[o, i], Kind::W);
                self.pool[0].push(r);
            }
            12 => {
                let i = self.pick(1);
                let r = self.b.call(&CALL_ODD, odd as *const (), &[i], Kind::B);
                self.pool[3].push(r);
            }
            13 | 14 => {
                let exit = self.exit();
                self.b.push(Inst::Sync { exit });
            }
            15 => {
                if self.guards > 0 {
                    self.guards -= 1;
                    let (exit, c) = (self.exit(), self.pick(3));
                    let expect = self.r.below(2) == 0;
                    self.b.guard(c, expect, exit);
                }
            }
            16 => self.prim(&[Prim::WEq], 0, 0),
            17 => self.prim(&[Prim::IAdd, Prim::ISub], 1, 1),
            18 => self.prim(&[Prim::FAdd, Prim::FMul, Prim::FSub], 2, 2),
            19 => self.prim(&[Prim::ILt, Prim::IEq, Prim::ULt], 1, 1),
            20 => self.prim(&[Prim::IToF, Prim::Fits], 1, 9),
            _ => self.prim(&[Prim::Not, Prim::WBool], 3, 9),
        }
    }
    pub fn slots(&mut self) {
        for slot in 0..4 {
            self.add(Inst::Slot { slot }, OBJ);
        }
        self.add(Inst::Slot { slot: 4 }, 0);
    }
}

pub fn unit(r: &mut Random, f: &Fields, code: *mut taipan_abi::thread::Code) -> Unit {
    let mut g = Gen { r, b: Build::new(), pool: Default::default(), f, code, guards: 2 };
    g.slots();
    (0..5 + g.r.below(25)).for_each(|_| g.step());
    if g.r.below(2) == 0 {
        let exit = g.exit();
        return g.b.end(End::Leave { exit });
    }
    let zero = g.b.ki(0);
    let pools = [1, OBJ, OBJ, 1, 2, 3, 0];
    let mut enter = vec![zero];
    enter.extend(pools[1..].iter().map(|p| g.pick(*p)));
    g.b.body(&enter);
    g.pool = Default::default();
    for (i, p) in pools.iter().enumerate() {
        let kind = [Kind::W, Kind::I, Kind::F, Kind::B, Kind::W, Kind::W][*p];
        g.add(Inst::Param { index: i as u32, kind }, *p);
    }
    let i = g.pool[1][0];
    let (limit, one) = (g.b.ki(6), g.b.ki(1));
    let less = g.b.op(Prim::ILt, i, limit);
    let exit = g.exit();
    g.b.guard(less, true, exit);
    (0..5 + g.r.below(30)).for_each(|_| g.step());
    let next = g.b.op(Prim::IAdd, i, one);
    let mut args = vec![next];
    args.extend(pools[1..].iter().map(|p| g.pick(*p)));
    g.b.end(End::Loop { args })
}

/// What can be reached, independent of addresses. Floats are compared by value: who shares one is not told.
pub fn describe(roots: &[u64]) -> String {
    let mut out = String::new();
    let mut found: Vec<u64> = vec![];
    let mut i = 0;
    let name = |w: u64, found: &mut Vec<u64>, out: &mut String| {
        let object = w & 1 == 0 && w >= 0x10000 && !(SINGLETONS..SINGLETONS + 4096).contains(&w);
        // SAFETY: the tests' other words are none of that form.
        if object && unsafe { *at(W(w)) } as u32 == TID_FLOAT {
            out.push_str(&format!(" {:x}f", unsafe { *at(W(w)).add(1) }));
        } else if object {
            let n = found.iter().position(|x| *x == w).unwrap_or_else(|| {
                found.push(w);
                found.len() - 1
            });
            out.push_str(&format!(" #{n}"));
        } else {
            out.push_str(&format!(" {w:x}"));
        }
    };
    roots.iter().for_each(|w| name(*w, &mut found, &mut out));
    while i < found.len() {
        // SAFETY: an object of the tests' layout.
        let words = unsafe { std::slice::from_raw_parts(at(W(found[i])), BYTES as usize / 8) };
        out.push_str(&format!("\n#{i} {} {:x} {:x} {:x}:", words[0] as u32, words[3], words[4], words[5]));
        for w in [1, 2, 6, 7, 8, 9] {
            name(words[w], &mut found, &mut out);
        }
        i += 1;
    }
    out
}

/// Objects and slots as they are before a run; always the same for a seed.
pub fn prepare(world: &mut World, seed: u64) -> Vec<u64> {
    let mut r = Random(seed | 1);
    let objects: Vec<W> = (0..6).map(|i| object(60 + i % 4, BYTES as usize)).collect();
    for o in &objects {
        // SAFETY: fresh objects of that size.
        unsafe {
            let p = at(*o);
            for n in [1, 6, 7, 8, 9] {
                p.add(n).write(objects[r.below(6)].0);
            }
            p.add(2).write([W::NONE, W::int(4), objects[0]][r.below(3)].0);
            p.add(3).write(r.below(100) as u64);
            p.add(4).write((r.below(100) as f64 / 4.0).to_bits());
            p.add(5).write(r.below(1 << 30) as u64);
            o.header().gc = if r.below(2) == 0 { GC_BARRIER } else { 0 };
        }
    }
    (0..40).for_each(|i| world.put(i, if i < 4 { objects[i as usize] } else { W::int(i as i64) }));
    world.th.gc.bump.fill(Default::default());
    // SAFETY: numbers and pointers.
    world.frames[2..].iter_mut().for_each(|f| *f = unsafe { std::mem::zeroed() });
    world.frames[1].ip = std::ptr::null();
    world.th.gc.frame_top = &raw mut world.frames[1] as *mut u8;
    objects.iter().map(|o| o.0).collect()
}
