//! What code costs and looks like; run by hand (`--ignored --nocapture`).

mod common;
use common::units::*;
use common::*;
use std::time::Instant;
use taipan_abi::mode::Prim;
use taipan_abi::word::W;
use taipan_jit_cranelift::{Bridge, Cranelift, Options};
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

fn timed(name: &str, be: &mut Cranelift, u: &Unit) {
    let mut best = f64::MAX;
    let before = be.code_bytes();
    be.compile(900, u).unwrap();
    let bytes = be.code_bytes() - before;
    for _ in 0..50 {
        let t = Instant::now();
        be.compile(900, u).unwrap();
        best = best.min(t.elapsed().as_secs_f64());
    }
    be.free(900);
    let n = u.insts.iter().filter(|i| !matches!(i, Inst::Nop | Inst::Const { .. })).count();
    println!("{name}: {n} instructions, {:.0} us, {:.2} us each, {bytes} bytes", best * 1e6, best * 1e6 / n as f64);
}

#[test]
#[ignore = "prints"]
fn measure() {
    let mut be = Cranelift::new(Options { verify: false, listing: true, ..Options::default() }).unwrap();
    for (i, u) in [counting(), floats(), objects()].iter().enumerate() {
        be.compile(i as u32, u).unwrap();
        println!("{}", be.listing(i as u32).unwrap_or_default());
    }
    let t = Instant::now();
    let mut be = Cranelift::new(Options { verify: false, listing: false, ..Options::default() }).unwrap();
    println!("new backend: {:.0} us", t.elapsed().as_secs_f64() * 1e6);
    timed("counting", &mut be, &counting());
    timed("floats", &mut be, &floats());
    timed("objects", &mut be, &objects());
    for n in [20, 100, 500, 2000] {
        let mut b = Build::new();
        let mut sum = b.slot(0);
        for i in 0..n / 5 {
            let s = b.slot(i % 8);
            let both = b.op(Prim::BothInt, sum, s);
            let exit = b.exit(&[(0, sum), (1, s)]);
            b.guard(both, true, exit);
            let ovf = b.op(Prim::AddOvf, sum, s);
            b.guard(ovf, false, exit);
            sum = b.op(Prim::TAdd, sum, s);
        }
        let exit = b.exit(&[(0, sum)]);
        timed("sums", &mut be, &b.end(End::Leave { exit }));
    }
    for (n, live) in [(200, 5), (200, 20), (1000, 20)] {
        let mut b = Build::new();
        let mut all: Vec<Ref> = (0..live).map(|i| b.slot(i)).collect();
        for i in 0..n / 3 {
            let (x, y) = (all[i % live as usize], all[(i * 7 + 3) % live as usize]);
            let slots: Vec<_> = all.iter().enumerate().map(|(i, r)| (i as i32, *r)).collect();
            let exit = b.exit(&slots);
            let ovf = b.op(Prim::AddOvf, x, y);
            b.guard(ovf, false, exit);
            all[i % live as usize] = b.op(Prim::TAdd, x, y);
        }
        let exit = b.exit(&[(0, all[0])]);
        timed(&format!("{live} live at each exit"), &mut be, &b.end(End::Leave { exit }));
    }
    let mut world = World::new();
    let n = 100_000_000;
    for (name, u) in [("counting", counting()), ("floats", floats())] {
        be.compile(1, &u).unwrap();
        world.put(0, if name == "floats" { object(9, 24) } else { W::int(0) });
        world.put(1, W::int(n));
        let t = Instant::now();
        world.run(&mut be, 1);
        println!("{name}: {:.2} ns a round", t.elapsed().as_secs_f64() * 1e9 / n as f64);
    }
    // Every second round takes the bridge: apart, then in the loop's function.
    let (root, bridge) = (alternating(), other_way());
    for tree in [false, true] {
        be.free(1);
        if tree {
            be.compile_tree(1, &root, &[Bridge { parent: 1, exit: 1, number: 2, unit: &bridge }]).unwrap();
        } else {
            be.compile(1, &root).unwrap();
            be.compile(2, &bridge).unwrap();
            be.attach(1, 1, 2);
        }
        world.put(0, W::int(0));
        world.put(1, W::int(n));
        let t = Instant::now();
        let left = world.run(&mut be, 1);
        let ns = t.elapsed().as_secs_f64() * 1e9 / n as f64;
        println!(
            "alternating, tree {tree}: {ns:.2} ns a round, {} bytes, {left:?} {:?}",
            be.code_bytes(),
            world.values
        );
    }
}

/// Adds 1 to x in even rounds; in odd ones exit 1 is taken with i, n, x and y.
fn alternating() -> Unit {
    let mut b = Build::new();
    let (i, n) = (b.slot(0), b.slot(1));
    let (i, n) = (b.op1(Prim::Untag, i), b.op1(Prim::Untag, n));
    let (zero, one, fz, fone) = (b.ki(0), b.ki(1), b.kf(0.0), b.kf(1.0));
    let two = b.ki(2);
    b.body(&[i, n, zero, fz]);
    let p = [b.param(0, Kind::I), b.param(1, Kind::I), b.param(2, Kind::I), b.param(3, Kind::F)];
    let done = b.exit(&[(2, p[2]), (3, p[3])]);
    let odd = b.exit(&[(0, p[0]), (1, p[1]), (2, p[2]), (3, p[3])]);
    let less = b.op(Prim::ILt, p[0], p[1]);
    b.guard(less, true, done);
    let m = b.op(Prim::IMod, p[0], two);
    let even = b.op(Prim::IEq, m, zero);
    b.guard(even, true, odd);
    let x = b.op(Prim::IAdd, p[2], one);
    let y = b.op(Prim::FAdd, p[3], fone);
    let i = b.op(Prim::IAdd, p[0], one);
    b.end(End::Loop { args: vec![i, p[1], x, y] })
}

fn other_way() -> Unit {
    let mut b = Build::new();
    let p = [b.param(0, Kind::I), b.param(1, Kind::I), b.param(2, Kind::I), b.param(3, Kind::F)];
    let (one, three) = (b.ki(1), b.ki(3));
    let x = b.op(Prim::IAdd, p[2], three);
    let i = b.op(Prim::IAdd, p[0], one);
    b.end(End::Enter { target: 1, args: vec![i, p[1], x, p[3]] })
}
