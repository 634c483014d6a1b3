//! Random units, alone and as trees, against a plain evaluation of their instructions.

mod common;
use common::*;
use taipan_abi::mode::{Exec, Mode, Prim};
use taipan_abi::word::W;
use taipan_jit_cranelift::{Bridge, Cranelift};
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 20) as usize % n
    }
    fn int(&mut self) -> i64 {
        match self.below(4) {
            0 => INTS[self.below(INTS.len())],
            1 => self.next() as i64 >> self.below(64),
            _ => self.below(20) as i64 - 10,
        }
    }
    fn float(&mut self) -> f64 {
        if self.below(2) == 0 { FLOATS[self.below(FLOATS.len())] } else { self.int() as f64 / 8.0 }
    }
}

/// The result of a primitive on bits.
fn compute(p: Prim, a: u64, b: u64) -> u64 {
    use Prim::*;
    let m = Exec(std::ptr::null_mut());
    let (w, v) = (W(a), W(b));
    let (i, j) = (a as i64, b as i64);
    let (x, y) = (f64::from_bits(a), f64::from_bits(b));
    match p {
        IsInt => m.is_int(w) as u64,
        BothInt => m.both_int(w, v) as u64,
        IsNull => m.is_null(w) as u64,
        WEq => m.weq(w, v) as u64,
        Untag => m.untag(w) as u64,
        Tag => m.tag(i).0,
        Fits => m.fits(i) as u64,
        AddOvf => m.add_ovf(w, v) as u64,
        TAdd => m.tadd(w, v).0,
        SubOvf => m.sub_ovf(w, v) as u64,
        TSub => m.tsub(w, v).0,
        MulOvf => m.mul_ovf(w, v) as u64,
        TMul => m.tmul(w, v).0,
        TAnd => m.tand(w, v).0,
        TOr => m.tor(w, v).0,
        TXor => m.txor(w, v).0,
        TLt => m.tlt(w, v) as u64,
        TLe => m.tle(w, v) as u64,
        IAdd => m.iadd(i, j) as u64,
        ISub => m.isub(i, j) as u64,
        ILt => m.ilt(i, j) as u64,
        IEq => m.ieq(i, j) as u64,
        ULt => m.ult(i, j) as u64,
        IFloorDiv if j == -1 => i.wrapping_neg() as u64,
        IMod if j == -1 => 0,
        IFloorDiv => m.ifloordiv(i, j) as u64,
        IMod => m.imod(i, j) as u64,
        IShr => m.ishr(i, j) as u64,
        IShl => m.ishl(i, j) as u64,
        FAdd => m.fadd(x, y).to_bits(),
        FSub => m.fsub(x, y).to_bits(),
        FMul => m.fmul(x, y).to_bits(),
        FDiv => m.fdiv(x, y).to_bits(),
        FNeg => m.fneg(x).to_bits(),
        FLt => m.flt(x, y) as u64,
        FLe => m.fle(x, y) as u64,
        FEq => m.feq(x, y) as u64,
        IToF => m.i2f(i).to_bits(),
        Not => m.not(a != 0) as u64,
        WBool => m.wbool(a != 0).0,
    }
}

/// Two-operand primitives that are defined for all small ints, ints, floats.
const TAGGED: [Prim; 11] = {
    use Prim::*;
    [AddOvf, TAdd, SubOvf, TSub, MulOvf, TMul, TAnd, TOr, TXor, TLt, TLe]
};
const INT: [Prim; 5] = [Prim::IAdd, Prim::ISub, Prim::ILt, Prim::IEq, Prim::ULt];
const FLOAT: [Prim; 7] = [Prim::FAdd, Prim::FSub, Prim::FMul, Prim::FDiv, Prim::FLt, Prim::FLe, Prim::FEq];

/// Slots 0 to 5 hold words of any sort, 6 to 11 small ints.
const SLOTS: i32 = 12;

/// A unit in the making, and what its values are for one input.
struct Gen<'a> {
    r: &'a mut Random,
    b: Build,
    bits: Vec<u64>,
    /// Values by kind; words, then those that are small ints.
    pool: [Vec<Ref>; 5],
}
impl Gen<'_> {
    fn add(&mut self, inst: Inst, bits: u64, pool: usize) -> Ref {
        let r = self.b.push(inst);
        self.bits.resize(r.index(), 0);
        self.bits.push(bits);
        self.pool[pool].push(r);
        r
    }
    /// Mostly a recent value.
    fn pick(&mut self, pool: usize) -> Ref {
        if self.pool[pool].is_empty() || self.r.below(12) == 0 {
            let (kind, bits) = match pool {
                1 => (Kind::I, self.r.int() as u64),
                2 => (Kind::F, self.r.float().to_bits()),
                3 => (Kind::B, self.r.next() & 1),
                _ => (Kind::W, W::int(self.r.int() >> 1).0),
            };
            return self.add(Inst::Const { kind, bits }, bits, pool);
        }
        let n = self.pool[pool].len();
        let at = if self.r.below(3) == 0 { self.r.below(n) } else { n - 1 - self.r.below(n.min(4)) };
        self.pool[pool][at]
    }
    fn prim(&mut self, prim: Prim, a: Ref, b: Ref) -> Ref {
        let bits = |r: Ref| if r.is_some() { self.bits[r.index()] } else { 0 };
        let v = compute(prim, bits(a), bits(b));
        let pool = match prim_signature(prim).1 {
            Kind::W if prim != Prim::WBool => 4,
            k => k as usize,
        };
        self.add(Inst::Prim { prim, a, b }, v, pool)
    }
    fn exit(&mut self) -> ExitId {
        let n = if self.r.below(3) > 0 { 10 + self.r.below(30) } else { self.r.below(10) };
        let slots: Vec<(i32, Ref)> = (0..n as i32)
            .map(|i| {
                (i, {
                    let p = self.r.below(5);
                    self.pick(p)
                })
            })
            .collect();
        self.b.exit(&slots)
    }
    fn step(&mut self) {
        let none = Ref::NONE;
        match self.r.below(16) {
            0 => {
                let (a, b) = (self.pick(4), self.pick(0));
                let p = [Prim::BothInt, Prim::WEq][self.r.below(2)];
                self.prim(p, a, b);
            }
            1 | 2 => {
                let p = TAGGED[self.r.below(TAGGED.len())];
                let (a, b) = (self.pick(4), self.pick(4));
                self.prim(p, a, b);
            }
            3 => {
                let (o, p) = [(Prim::AddOvf, Prim::TAdd), (Prim::SubOvf, Prim::TSub), (Prim::MulOvf, Prim::TMul)]
                    [self.r.below(3)];
                let (a, b) = (self.pick(4), self.pick(4));
                let c = self.prim(o, a, b);
                self.guard(c);
                self.prim(p, a, b);
            }
            4 | 5 => {
                let p = INT[self.r.below(INT.len())];
                let (a, b) = (self.pick(1), self.pick(1));
                self.prim(p, a, b);
            }
            6..=8 => {
                let p = FLOAT[self.r.below(FLOAT.len())];
                let (a, b) = (self.pick(2), self.pick(2));
                self.prim(p, a, b);
            }
            9 => {
                let p = [Prim::Untag, Prim::IsInt][self.r.below(2)];
                let a = self.pick(4);
                self.prim(p, a, none);
            }
            10 => {
                let p = [Prim::Tag, Prim::Fits, Prim::IToF][self.r.below(3)];
                let a = self.pick(1);
                self.prim(p, a, none);
            }
            11 => {
                let (p, k) = [(Prim::FNeg, 2), (Prim::Not, 3), (Prim::WBool, 3), (Prim::IsNull, 0)][self.r.below(4)];
                let a = self.pick(k);
                self.prim(p, a, none);
            }
            12 => {
                let d = loop {
                    let d = self.r.int();
                    if d != 0 {
                        break d;
                    }
                };
                let d = self.b.ki(d);
                self.bits.push(match self.b.u.inst(d) {
                    Inst::Const { bits, .. } => *bits,
                    _ => 0,
                });
                let a = self.pick(1);
                let p = [Prim::IFloorDiv, Prim::IMod][self.r.below(2)];
                self.prim(p, a, d);
            }
            13 => {
                // A divisor that is not known: guarded.
                let (a, d) = (self.pick(1), self.pick(1));
                if self.bits[d.index()] == 0 {
                    return;
                }
                let zero = self.b.ki(0);
                self.bits.push(0);
                let c = self.prim(Prim::IEq, d, zero);
                self.guard(c);
                self.prim(Prim::IFloorDiv, a, d);
                self.prim(Prim::IMod, a, d);
            }
            14 => {
                let n = self.r.below(70) as i64;
                let n = self.b.ki(n);
                self.bits.push(match self.b.u.inst(n) {
                    Inst::Const { bits, .. } => *bits,
                    _ => 0,
                });
                let a = self.pick(1);
                let p = [Prim::IShr, Prim::IShl][self.r.below(2)];
                self.prim(p, a, n);
            }
            _ => {
                if self.r.below(3) == 0 {
                    let p = self.r.below(3);
                    let v = self.pick(p);
                    let (exit, bits) = (self.exit(), self.bits[v.index()]);
                    self.b.push(Inst::GuardValue { value: v, bits, exit });
                    self.bits.push(0);
                } else {
                    let c = self.pick(3);
                    self.guard(c);
                }
            }
        }
    }
    fn guard(&mut self, c: Ref) {
        let (expect, exit) = (self.bits[c.index()] != 0, self.exit());
        self.b.guard(c, expect, exit);
        self.bits.push(0);
    }
    fn slots(&mut self, slots: &[W]) {
        for slot in 0..SLOTS {
            if self.r.below(3) > 0 {
                let pool = if slot < 6 { 0 } else { 4 };
                self.add(Inst::Slot { slot }, slots[slot as usize].0, pool);
            }
        }
    }
}

fn pool_of(k: Kind) -> usize {
    k as usize
}

/// A root with a loop of at most 20 rounds.
fn root(r: &mut Random, slots: &[W]) -> Unit {
    let mut g = Gen { r, b: Build::new(), bits: vec![], pool: Default::default() };
    g.slots(slots);
    (0..3 + g.r.below(20)).for_each(|_| g.step());
    let zero = g.b.ki(0);
    g.bits.push(0);
    let n = 1 + g.r.below(10);
    let mut kinds = vec![1];
    let mut enter = vec![zero];
    for _ in 0..n {
        let p = g.r.below(5);
        kinds.push(p);
        enter.push(g.pick(p));
    }
    g.bits.resize(g.b.u.insts.len(), 0);
    g.b.body(&enter);
    g.pool = Default::default();
    for (i, p) in kinds.iter().enumerate() {
        let kind = [Kind::W, Kind::I, Kind::F, Kind::B, Kind::W][*p];
        let bits = g.bits[enter[i].index()];
        g.add(Inst::Param { index: i as u32, kind }, bits, *p);
    }
    let i = g.pool[1][0];
    let (limit, one) = (g.b.ki(20), g.b.ki(1));
    g.bits.extend([20, 1]);
    let more = g.prim(Prim::ILt, i, limit);
    g.guard(more);
    (0..3 + g.r.below(40)).for_each(|_| g.step());
    let next = g.prim(Prim::IAdd, i, one);
    let mut args = vec![next];
    args.extend(kinds[1..].iter().map(|p| g.pick(*p)));
    g.b.end(End::Loop { args })
}

/// A bridge for an exit with such live values; sometimes back into a root's body.
fn bridge(r: &mut Random, kinds: &[Kind], slots: &[W], root: Option<&Unit>) -> Unit {
    let mut g = Gen { r, b: Build::new(), bits: vec![], pool: Default::default() };
    for (i, k) in kinds.iter().enumerate() {
        if g.r.below(5) > 0 {
            // No sample is known: guards here go either way.
            g.add(Inst::Param { index: i as u32, kind: *k }, 0, pool_of(*k));
        }
    }
    g.slots(slots);
    (0..g.r.below(25)).for_each(|_| g.step());
    if let Some(u) = root
        && g.r.below(2) == 0
    {
        // The counter begins near its end, so that this ends too.
        let near = g.b.ki(19);
        g.bits.push(19);
        let mut args = vec![near];
        for r in &u.enter[1..] {
            let p = pool_of(u.kind(*r).unwrap());
            args.push(g.pick(if p == 0 { 4 } else { p }));
        }
        return g.b.end(End::Enter { target: 1, args });
    }
    let exit = g.exit();
    g.b.end(End::Leave { exit })
}

/// Units by number, bridges by exit.
struct All {
    units: Vec<Unit>,
    links: Vec<(u32, ExitId, u32)>,
}
impl All {
    fn unit(&self, n: u32) -> &Unit {
        &self.units[n as usize - 1]
    }
    fn run(&self, slots: &[W]) -> Option<(u32, ExitId, Vec<u64>)> {
        let (mut n, mut params, mut at) = (1u32, vec![], 0usize);
        let mut vals = vec![0; self.unit(1).insts.len()];
        let mut steps = 0;
        loop {
            steps += 1;
            if steps > 20_000 {
                return None;
            }
            let u = self.unit(n);
            let v = |r: Ref| if r.is_some() { vals[r.index()] } else { 0 };
            let mut left = None;
            if at == u.insts.len() {
                match &u.end {
                    End::Loop { args } => {
                        params = args.iter().map(|r| v(*r)).collect();
                        at = u.body as usize;
                        continue;
                    }
                    End::Enter { target, args } => {
                        params = args.iter().map(|r| v(*r)).collect();
                        n = *target;
                        let u = self.unit(n);
                        at = u.body as usize;
                        vals = vec![0; u.insts.len()];
                        // Constants before the body.
                        for (i, x) in u.insts.iter().enumerate() {
                            if let Inst::Const { bits, .. } = x {
                                vals[i] = *bits
                            }
                        }
                        continue;
                    }
                    End::Leave { exit } => left = Some(*exit),
                    _ => unreachable!(),
                }
            } else {
                if u.body > 0 && at == u.body as usize && !matches!(u.insts[at - 1], Inst::Nop) && params.is_empty() {
                    params = u.enter.iter().map(|r| v(*r)).collect();
                }
                let x = match u.insts[at] {
                    Inst::Const { bits, .. } => bits,
                    Inst::Slot { slot } => slots[slot as usize].0,
                    Inst::Param { index, .. } => params[index as usize],
                    Inst::Prim { prim, a, b } => compute(prim, v(a), v(b)),
                    Inst::Guard { cond, expect, exit } => {
                        if (v(cond) != 0) != expect {
                            left = Some(exit);
                        }
                        0
                    }
                    Inst::GuardValue { value, bits, exit } => {
                        if v(value) != bits {
                            left = Some(exit);
                        }
                        0
                    }
                    _ => unreachable!(),
                };
                vals[at] = x;
                at += 1;
            }
            if let Some(exit) = left {
                let live: Vec<u64> = u.live(exit).iter().map(|r| vals[r.index()]).collect();
                match self.links.iter().find(|(x, e, _)| (*x, *e) == (n, exit)) {
                    None => return Some((n, exit, live)),
                    Some((_, _, b)) => {
                        n = *b;
                        at = 0;
                        params = live;
                        vals = vec![0; self.unit(n).insts.len()];
                    }
                }
            }
        }
    }
    fn compare(&self, be: &mut Cranelift, world: &mut World, slots: &[W], what: &str) {
        let Some((unit, exit, want)) = self.run(slots) else { return };
        slots.iter().enumerate().for_each(|(i, w)| world.put(i as i32, *w));
        let left = world.run(be, 1);
        assert_eq!((left.unit, left.exit), (unit, exit), "{what}");
        let u = self.unit(unit);
        let nan = |x: u64| f64::from_bits(x).is_nan();
        for ((got, want), r) in world.values.iter().zip(&want).zip(u.live(exit)) {
            let same = got == want || u.kind(r) == Some(Kind::F) && nan(*got) && nan(*want);
            assert!(same, "{what}: value {r:?} is {got:#x}, not {want:#x}");
        }
        assert_eq!(world.values.len(), want.len());
    }
}

#[test]
fn random_units() {
    let mut be = backend();
    let mut world = World::new();
    let words = [W::NULL, W::NONE, W::TRUE, W::int(4), W::int(-1), object(9, 16)];
    let mut taken = std::collections::HashMap::<u32, u32>::new();
    let seeds = std::env::var("TAIPAN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    for seed in 1..=seeds {
        let mut r = Random(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let mut input =
            || -> Vec<W> { (0..SLOTS).map(|s| if s < 6 { words[r.below(6)] } else { W::int(r.int() >> 1) }).collect() };
        let inputs: Vec<Vec<W>> = (0..12).map(|_| input()).collect();
        let mut all = All { units: vec![root(&mut r, &inputs[0])], links: vec![] };
        be.compile(1, all.unit(1)).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for round in 0..4 {
            // A bridge for each exit that is taken now.
            for x in &inputs {
                all.compare(&mut be, &mut world, x, &format!("seed {seed}, round {round}"));
                let Some((unit, exit, _)) = all.run(x) else { continue };
                *taken.entry(unit).or_default() += 1;
                if round == 3 || all.units.len() > 8 {
                    continue;
                }
                let u = all.unit(unit);
                let kinds: Vec<Kind> = u.live(exit).iter().map(|r| u.kind(*r).unwrap()).collect();
                let n = all.units.len() as u32 + 1;
                let made = bridge(&mut r, &kinds, x, Some(all.unit(1)));
                all.units.push(made);
                be.compile(n, all.unit(n)).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                be.attach(unit, exit, n);
                all.links.push((unit, exit, n));
            }
        }
        // Some of them, then all, in one function.
        for part in [2, 1] {
            let mut inside = vec![1];
            let mut list = vec![];
            for (u, e, b) in &all.links {
                if inside.contains(u) && (part == 1 || b % part == 0) {
                    inside.push(*b);
                    list.push(Bridge { parent: *u, exit: *e, number: *b, unit: all.unit(*b) });
                }
            }
            be.compile_tree(1, all.unit(1), &list).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            inputs.iter().for_each(|x| all.compare(&mut be, &mut world, x, &format!("seed {seed}, tree {part}")));
        }
        be.free(1);
    }
    // Bridges and bridges of bridges have really run.
    assert!(taken[&1] > 100 && taken[&2] > 50 && taken[&4] > 30 && taken[&8] > 30, "{taken:?}");
}
