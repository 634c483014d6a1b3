//! From a loop as it is recorded through the optimizer to machine code, against the interpreter of traces on the recorded loop.

mod common;
use common::objects::*;
use common::*;
use taipan_abi::mode::{FieldDesc, Prim, TID_FIELD, alias, fd, kind};
use taipan_abi::thread::Code;
use taipan_abi::types::Str;
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_cranelift::Bridge;
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::interp::Run;
use taipan_jit_ir::memory::{IrBackend, Memory};
use taipan_jit_ir::*;

static FLOAT: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };

/// A loop of at most six rounds: the counter in slot 4, any word in 5, a small int in 6, a float in 7.
fn recorded(r: &mut Random, f: &Fields, code: *mut Code) -> Unit {
    let mut g = Gen { r, b: Build::new(), pool: Default::default(), f, code, guards: 2 };
    for slot in 0..4 {
        g.add(Inst::Slot { slot }, OBJ);
    }
    let (i, _, n, x) = (g.b.slot(4), g.add(Inst::Slot { slot: 5 }, 0), g.b.slot(6), g.b.slot(7));
    let start = g.b.exit(&[]);
    for w in [i, n] {
        let c = g.b.op1(Prim::IsInt, w);
        g.b.guard(c, true, start);
    }
    let c = g.b.op1(Prim::IsInt, x);
    g.b.guard(c, false, start);
    let tid = g.b.get(x, Field(&TID_FIELD), Ref::NONE);
    g.b.push(Inst::GuardValue { value: tid, bits: TID_FLOAT as u64, exit: start });
    g.add(Inst::Get { obj: x, field: Field(&FLOAT), index: Ref::NONE }, 2);
    g.add(Inst::Prim { prim: Prim::Untag, a: n, b: Ref::NONE }, 1);
    let (limit, one) = (g.b.int(6), g.b.int(1));
    let less = g.b.op(Prim::TLt, i, limit);
    g.b.guard(less, true, start);
    (0..5 + g.r.below(40)).for_each(|_| g.step());
    let next = g.b.op(Prim::TAdd, i, one);
    let (big, hundred) = (g.pick(1), g.b.ki(100));
    let small = g.b.op(Prim::IMod, big, hundred);
    let small = g.b.op1(Prim::Tag, small);
    let mut slots = vec![(4, next), (5, g.pick(0)), (6, small), (7, g.pick(2))];
    for s in 0..4 {
        if g.r.below(2) == 0 {
            slots.push((s, g.pick(OBJ)));
        }
    }
    let exit = g.b.exit(&slots);
    let entry = FrameState {
        code,
        ip: 0x10 as *const u32,
        base: 0,
        sp: 8,
        cont: 0,
        flags: 0,
        w_globals: 0,
        handled: Ref::NONE,
    };
    for e in [start, exit] {
        g.b.u.exits[e as usize].frames = vec![entry];
    }
    // Guards of these units stand behind effects: none of them may execute anything again.
    g.b.u.exits.iter_mut().for_each(|e| e.resume = 2);
    g.b.end(End::Back { exit })
}

/// Makes memory what the exit says that was left by, and tells what can be seen then.
fn settle(world: &mut World, u: &Unit, left: Left, roots: &[u64]) -> String {
    let mut values = vec![0; u.insts.len()];
    for (v, inst) in values.iter_mut().zip(&u.insts) {
        if let Inst::Const { bits, .. } = inst {
            *v = *bits;
        }
    }
    for (r, bits) in u.live(left.exit).iter().zip(&world.values) {
        values[r.index()] = *bits;
    }
    let mut memory = Memory { th: &raw mut *world.th, base: world.base() };
    let mut run = Run::new(u, &mut values, vec![], 0);
    run.write(&mut memory, left.exit).unwrap();
    let mut words = roots.to_vec();
    words.extend((0..40).map(|i| world.at(i).0));
    let depth = world.depth();
    let frames: Vec<_> = world.frames[1..=depth].iter().map(|f| (f.ip, f.cont, f.flags)).collect();
    words.extend(world.frames[1..=depth].iter().map(|f| f.saved_handled.0));
    format!("{} {frames:?} {}", depth, describe(&words))
}

#[test]
fn optimized_loops() {
    let f = Fields::new();
    let (mut world, mut be, mut oracle) = (World::new(), backend(), IrBackend::new());
    let code = &raw mut *world.code;
    let seeds = std::env::var("TAIPAN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300u64);
    let (mut peeled, mut rounds) = (0, 0);
    for seed in 1..=seeds {
        let mut r = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let u = recorded(&mut r, &f, code);
        let v = taipan_jit_opt::optimize(&u, &taipan_jit_opt::Options::default()).unit;
        peeled += (v.body > 0) as u32;
        be.compile(1, &v).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        oracle.compile(1, &u).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        oracle.compile(2, &v).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for input in 0..4 {
            let ready = |world: &mut World| {
                let roots = prepare(world, seed * 8 + input);
                let x = object(TID_FLOAT, 16);
                // SAFETY: a fresh float.
                unsafe { x.ptr::<f64>().add(1).write(input as f64 * 0.25) };
                world.put(4, W::int(input as i64));
                world.put(7, x);
                roots
            };
            let roots = ready(&mut world);
            let left = world.run(&mut be, 1);
            let got = settle(&mut world, &v, left, &roots);
            // The optimized unit interpreted tells whose fault a difference is.
            let roots = ready(&mut world);
            let (th, base) = (&raw mut *world.th, world.base());
            // SAFETY: the unit was made for this thread.
            let also = unsafe { IrBackend::run(&raw mut oracle, 2, th, base, &mut world.values) };
            assert_eq!(left.exit, also.exit, "seed {seed}, input {input}: machine code leaves elsewhere");
            let same = settle(&mut world, &v, also, &roots);
            assert!(got == same, "seed {seed}, input {input}, machine code\n{got}\n--- should be\n{same}");
            let roots = ready(&mut world);
            // SAFETY: as above.
            let left = unsafe { IrBackend::run(&raw mut oracle, 1, th, base, &mut world.values) };
            let want = settle(&mut world, &u, left, &roots);
            rounds += (world.at(4).untag() - input as i64).max(0);
            assert!(got == want, "seed {seed}, input {input}, {left:?}\n{got}\n--- should be\n{want}");
        }
    }
    assert!(peeled as u64 > seeds / 2 && rounds as u64 > seeds, "{peeled} peeled, {rounds} rounds");
}

/// A bridge from an exit: does something, and goes round again unless the counter has reached twelve.
fn recorded_bridge(r: &mut Random, f: &Fields, code: *mut Code, from: &Unit, exit: ExitId) -> Unit {
    let start = bridge::start(from, exit);
    let mut b = Build::new();
    b.u.insts = start.insts;
    let mut g = Gen { r, b, pool: Default::default(), f, code, guards: 1 };
    let word = |g: &mut Gen, slot: i32| match start.slots.iter().find(|s| s.0 == slot) {
        Some((_, r)) => *r,
        None => g.b.slot(slot),
    };
    for slot in 0..4 {
        let o = word(&mut g, slot);
        g.pool[OBJ].push(o);
    }
    let i = word(&mut g, 4);
    let stay = g.b.exit(&start.slots);
    let (c, limit, one) = (g.b.op1(Prim::IsInt, i), g.b.int(12), g.b.int(1));
    g.b.guard(c, true, stay);
    let less = g.b.op(Prim::TLt, i, limit);
    g.b.guard(less, true, stay);
    (0..g.r.below(12)).for_each(|_| g.step());
    let next = g.b.op(Prim::TAdd, i, one);
    let mut slots: Vec<(i32, Ref)> = start.slots.iter().filter(|s| s.0 < 4 || s.0 > 7).copied().collect();
    let n = g.pick(1);
    let hundred = g.b.ki(100);
    let n = g.b.op(Prim::IMod, n, hundred);
    let n = g.b.op1(Prim::Tag, n);
    slots.extend([(4, next), (5, g.pick(0)), (6, n), (7, g.pick(2))]);
    let back = g.b.exit(&slots);
    for e in [stay, back] {
        let entry = FrameState {
            code,
            ip: 0x10 as *const u32,
            base: 0,
            sp: 8,
            cont: 0,
            flags: 0,
            w_globals: 0,
            handled: Ref::NONE,
        };
        g.b.u.exits[e as usize].frames = vec![entry];
    }
    for e in &mut g.b.u.exits {
        e.resume = 2;
        // What differed from memory where it began still does.
        let missing: Vec<_> = start.slots.iter().filter(|s| !e.slots.iter().any(|x| x.0 == s.0)).copied().collect();
        e.slots.extend(missing);
    }
    g.b.end(End::Jump { target: 1, exit: back })
}

#[test]
fn optimized_bridges() {
    let f = Fields::new();
    let options = taipan_jit_opt::Options::default();
    let (mut world, mut be) = (World::new(), backend());
    let code = &raw mut *world.code;
    let seeds = std::env::var("TAIPAN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150u64);
    let (mut entered, mut jumped) = (0, 0);
    for seed in 1..=seeds {
        let mut r = Random(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let root = taipan_jit_opt::optimize(&recorded(&mut r, &f, code), &options);
        let mut oracle = IrBackend::new();
        let mut units = vec![root.unit.clone()];
        let mut known = vec![root.known];
        let mut links: Vec<(u32, ExitId, u32)> = vec![];
        be.compile(1, &units[0]).unwrap();
        oracle.compile(1, &units[0]).unwrap();
        for round in 0..5 {
            if round == 4 {
                let list: Vec<Bridge> = links
                    .iter()
                    .map(|(p, e, n)| Bridge { parent: *p, exit: *e, number: *n, unit: &units[*n as usize - 1] })
                    .collect();
                be.compile_tree(1, &units[0], &list).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            }
            for input in 0..4 {
                let ready = |world: &mut World| {
                    let roots = prepare(world, seed * 8 + input);
                    let x = object(TID_FLOAT, 16);
                    // SAFETY: a fresh float.
                    unsafe { x.ptr::<f64>().add(1).write(input as f64 * 0.25) };
                    world.put(4, W::int(input as i64));
                    world.put(7, x);
                    roots
                };
                let roots = ready(&mut world);
                let left = world.run(&mut be, 1);
                let got = settle(&mut world, &units[left.unit as usize - 1], left, &roots);
                let roots = ready(&mut world);
                let (th, base) = (&raw mut *world.th, world.base());
                // SAFETY: the units were made for this thread.
                let want_left = unsafe { IrBackend::run(&raw mut oracle, 1, th, base, &mut world.values) };
                assert_eq!(left, want_left, "seed {seed}, input {input}, round {round}");
                let want = settle(&mut world, &units[left.unit as usize - 1], left, &roots);
                assert!(got == want, "seed {seed}, input {input}, {left:?}\n{got}\n--- should be\n{want}");
                if round >= 3 || links.len() > 6 {
                    continue;
                }
                let from = &units[left.unit as usize - 1];
                let made = recorded_bridge(&mut r, &f, code, from, left.exit);
                let facts = &known[left.unit as usize - 1][left.exit as usize];
                let made = taipan_jit_opt::optimize_bridge(&made, facts, root.preamble.as_ref(), &options);
                match made.unit.end {
                    End::Enter { .. } => entered += 1,
                    End::Jump { .. } => jumped += 1,
                    _ => {}
                }
                let n = units.len() as u32 + 1;
                be.compile(n, &made.unit).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                oracle.compile(n, &made.unit).unwrap();
                be.attach(left.unit, left.exit, n);
                oracle.attach(left.unit, left.exit, n);
                links.push((left.unit, left.exit, n));
                units.push(made.unit);
                known.push(made.known);
            }
        }
        be.free(1);
    }
    assert!(entered > seeds && jumped > 5, "{entered} entered, {jumped} jumped");
}
