//! Code comes and goes.

mod common;
use common::*;
use taipan_abi::mode::{CALL_ANY, Prim};
use taipan_abi::thread::Thread;
use taipan_abi::word::W;
use taipan_jit_cranelift::{Cranelift, Options};
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

/// A unit of about `n` instructions that sums slots; a guard every few of them.
fn sums(n: usize) -> Unit {
    let mut b = Build::new();
    let mut sum = b.slot(0);
    for i in 0..n / 5 {
        let s = b.slot((i % 8) as i32);
        let both = b.op(Prim::BothInt, sum, s);
        let exit = b.exit(&[(0, sum), (1, s)]);
        b.guard(both, true, exit);
        let ovf = b.op(Prim::AddOvf, sum, s);
        b.guard(ovf, false, exit);
        sum = b.op(Prim::TAdd, sum, s);
    }
    let exit = b.exit(&[(0, sum)]);
    b.end(End::Leave { exit })
}

#[test]
fn ten_thousand_units_in_bounded_memory() {
    let mut be = Cranelift::new(Options { verify: false, listing: false }).unwrap();
    let start = be.code_bytes();
    let units: Vec<Unit> = [5, 20, 60, 150].map(sums).into();
    let bridge = {
        let mut b = Build::new();
        let s = b.param(0, Kind::W);
        let exit = b.exit(&[(0, s)]);
        b.end(End::Jump { target: 3, exit })
    };
    let mut world = World::new();
    (0..8).for_each(|i| world.put(i, W::int(1)));
    let rss = || -> usize {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        text.split(' ').nth(1).and_then(|x| x.parse().ok()).unwrap_or(0) * 4096
    };
    let mut early = 0;
    for i in 0..10_000u32 {
        if i == 1000 {
            early = rss();
        }
        be.compile(i, &units[i as usize % 4]).unwrap();
        if i % 8 == 0 {
            be.compile(1_000_000 + i, &bridge).unwrap();
            be.attach(i, 0, 1_000_000 + i);
            world.run(&mut be, i);
        }
        if i >= 20 {
            be.free(i - 20);
        }
    }
    assert!(be.mapped_bytes() <= 512 << 10, "{}", be.mapped_bytes());
    let grown = rss().saturating_sub(early);
    assert!(grown < 8 << 20, "{grown} bytes");
    (9980..10_000).for_each(|i| be.free(i));
    assert_eq!(be.code_bytes(), start);
}

thread_local! {
    static BACKEND: std::cell::Cell<*mut Cranelift> = const { std::cell::Cell::new(std::ptr::null_mut()) };
}

/// Frees the running unit and compiles others over it.
extern "C-unwind" fn free_caller(_: *mut Thread, w: W) -> W {
    // SAFETY: the test's backend is not used by anything else now: `run` does not touch it while code runs.
    let be = unsafe { &mut *BACKEND.get() };
    be.free(1);
    for i in 100..140 {
        be.compile(i, &sums(150)).unwrap();
    }
    w
}

#[test]
fn running_code_is_not_freed() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let s = b.slot(0);
    let r = b.call(&CALL_ANY, free_caller as *const (), &[s], Kind::W);
    let raised = b.op1(Prim::IsNull, r);
    let (fail, exit) = (b.exit(&[]), b.exit(&[(0, r)]));
    b.guard(raised, false, fail);
    let u = b.end(End::Leave { exit });
    let before = be.code_bytes();
    be.compile(1, &u).unwrap();
    let with = be.code_bytes();
    world.put(0, W::int(8));
    BACKEND.set(&raw mut be);
    assert_eq!(world.run(&mut be, 1).exit, exit);
    assert_eq!(world.values, [W::int(8).0]);
    (100..140).for_each(|i| be.free(i));
    assert!(with > before);
    assert_eq!(be.code_bytes(), before);
}
