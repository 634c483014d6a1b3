//! What code costs and looks like; run by hand (`--ignored --nocapture`).

mod common;
use common::*;
use std::time::Instant;
use taipan_abi::mode::{Prim, fd, kind};
use taipan_abi::word::W;
use taipan_jit_cranelift::{Cranelift, Options};
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

/// `while i < n: i += 1`, peeled, tagged.
fn counting() -> Unit {
    let mut b = Build::new();
    let (i, n) = (b.slot(0), b.slot(1));
    let stay = b.exit(&[]);
    let both = b.op(Prim::BothInt, i, n);
    b.guard(both, true, stay);
    let one = b.int(1);
    b.body(&[i, n]);
    let (i, n) = (b.param(0, Kind::W), b.param(1, Kind::W));
    let out = b.exit(&[(0, i)]);
    b.push(Inst::Poll { exit: out });
    let less = b.op(Prim::TLt, i, n);
    b.guard(less, true, out);
    let ovf = b.op(Prim::AddOvf, i, one);
    b.guard(ovf, false, out);
    let i = b.op(Prim::TAdd, i, one);
    b.end(End::Loop { args: vec![i, n] })
}

/// The inner loop of a Mandelbrot set, unboxed.
fn floats() -> Unit {
    let mut b = Build::new();
    let (o, n) = (b.slot(0), b.slot(1));
    let stay = b.exit(&[]);
    let c = b.op1(Prim::IsInt, n);
    b.guard(c, true, stay);
    let (cr, ci) = (b.get(o, field(8, kind::F, 0), Ref::NONE), b.get(o, field(16, kind::F, 0), Ref::NONE));
    let n = b.op1(Prim::Untag, n);
    let (zero, fz, four, two) = (b.ki(0), b.kf(0.0), b.kf(4.0), b.kf(2.0));
    let one = b.ki(1);
    b.body(&[fz, fz, cr, ci, zero, n]);
    let p: Vec<Ref> = [Kind::F, Kind::F, Kind::F, Kind::F, Kind::I, Kind::I]
        .iter()
        .enumerate()
        .map(|(i, k)| b.param(i as u32, *k))
        .collect();
    let out = b.exit(&[(2, p[0]), (3, p[1]), (4, p[4])]);
    let less = b.op(Prim::ILt, p[4], p[5]);
    b.guard(less, true, out);
    let (rr, ii) = (b.op(Prim::FMul, p[0], p[0]), b.op(Prim::FMul, p[1], p[1]));
    let size = b.op(Prim::FAdd, rr, ii);
    let far = b.op(Prim::FLt, size, four);
    b.guard(far, true, out);
    let d = b.op(Prim::FSub, rr, ii);
    let zr = b.op(Prim::FAdd, d, p[2]);
    let twice = b.op(Prim::FMul, two, p[0]);
    let m = b.op(Prim::FMul, twice, p[1]);
    let zi = b.op(Prim::FAdd, m, p[3]);
    let i = b.op(Prim::IAdd, p[4], one);
    b.push(Inst::Poll { exit: out });
    b.end(End::Loop { args: vec![zr, zi, p[2], p[3], i, p[5]] })
}

/// Sums the items of an array of references into a field of a new object each time: loads, guards, allocation, barrier.
fn objects() -> Unit {
    let mut b = Build::new();
    let (list, acc, n) = (b.slot(0), b.slot(2), b.slot(1));
    let n = b.op1(Prim::Untag, n);
    let (zero, one) = (b.ki(0), b.ki(1));
    b.body(&[list, acc, zero, n]);
    let (list, acc, i, n) = (b.param(0, Kind::W), b.param(1, Kind::W), b.param(2, Kind::I), b.param(3, Kind::I));
    let out = b.exit(&[(0, list), (2, acc), (4, i)]);
    let less = b.op(Prim::ULt, i, n);
    b.guard(less, true, out);
    let item = b.get(list, field(16, kind::W, fd::ARRAY | fd::GCREF), i);
    let is = b.op1(Prim::IsInt, item);
    b.guard(is, false, out);
    let tid = b.get(item, Field(&taipan_abi::mode::TID_FIELD), Ref::NONE);
    b.push(Inst::GuardValue { value: tid, bits: 11, exit: out });
    let x = b.get(item, field(8, kind::F, 0), Ref::NONE);
    let fresh = b.push(Inst::New { tid: 11, bytes: 16 });
    let y = b.op(Prim::FAdd, x, x);
    b.set(fresh, field(8, kind::F, 0), Ref::NONE, y);
    b.set(acc, field(8, kind::W, fd::GCREF), Ref::NONE, fresh);
    let i = b.op(Prim::IAdd, i, one);
    b.end(End::Loop { args: vec![list, acc, i, n] })
}

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
    let mut be = Cranelift::new(Options { verify: false, listing: true }).unwrap();
    for (i, u) in [counting(), floats(), objects()].iter().enumerate() {
        be.compile(i as u32, u).unwrap();
        println!("{}", be.listing(i as u32).unwrap_or_default());
    }
    let t = Instant::now();
    let mut be = Cranelift::new(Options { verify: false, listing: false }).unwrap();
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
}
