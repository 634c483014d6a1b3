//! Code comes and goes.

mod common;
use common::*;
use taipan_abi::mode::{CALL_ANY, Prim};
use taipan_abi::thread::Thread;
use taipan_abi::word::W;
use taipan_jit_cranelift::{Bridge, Cranelift, Options};
use taipan_jit_ir::backend::{Backend, Left};
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
    let mut be = Cranelift::new(Options { verify: false, listing: false, ..Options::default() }).unwrap();
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

/// A root that counts from slot 0 to 10 in its body; `k` is handed round.
fn counter(k: Kind) -> Unit {
    let mut b = Build::new();
    let s = b.slot(0);
    let (i, limit, one) = (b.op1(Prim::Untag, s), b.ki(10), b.ki(1));
    let x = b.k(k, 0);
    b.body(&[i, x]);
    let (i, x) = (b.param(0, Kind::I), b.param(1, k));
    let out = b.exit(&[(0, i), (1, x)]);
    let less = b.op(Prim::ILt, i, limit);
    b.guard(less, true, out);
    let next = b.op(Prim::IAdd, i, one);
    b.end(End::Loop { args: vec![next, x] })
}

/// A root that enters the body of `target` with 3 and the value that stands for 5.
fn enterer(target: u32, k: Kind) -> Unit {
    let mut b = Build::new();
    let i = b.ki(3);
    let x = b.k(k, if k == Kind::F { 5f64.to_bits() } else { 5 });
    b.end(End::Enter { target, args: vec![i, x] })
}

#[test]
fn who_enters_a_freed_body_is_freed() {
    let (mut world, mut be) = (World::new(), backend());
    let start = be.code_bytes();
    world.put(0, W::int(0));
    be.compile(1, &counter(Kind::I)).unwrap();
    be.compile(2, &enterer(1, Kind::I)).unwrap();
    world.run(&mut be, 2);
    assert_eq!(world.values, [10, 5]);
    // Compiled again as it was, the new code is entered.
    let both = be.code_bytes();
    be.compile(1, &counter(Kind::I)).unwrap();
    assert_eq!(be.code_bytes(), both);
    world.run(&mut be, 2);
    assert_eq!(world.values, [10, 5]);
    assert_eq!(be.freed(), []);
    // With other parameters nobody can enter it who was made for the old ones.
    be.compile(1, &counter(Kind::F)).unwrap();
    assert_eq!((be.freed(), be.address(2)), (vec![2], 0));
    be.compile(3, &enterer(1, Kind::F)).unwrap();
    world.run(&mut be, 3);
    assert_eq!(world.values, [10, 5f64.to_bits()]);
    be.free(1);
    assert_eq!((be.freed(), be.address(3)), (vec![1, 3], 0));
    assert_eq!(be.code_bytes(), start);
    assert!(be.compile(4, &enterer(1, Kind::F)).is_err());
}

/// Two roots whose bridges enter each other's bodies.
#[test]
fn bridges_that_enter_a_freed_body_are_detached() {
    let (mut world, mut be) = (World::new(), backend());
    let start = be.code_bytes();
    world.put(0, W::int(0));
    let bridge = |target| {
        let mut b = Build::new();
        let (i, x) = (b.param(0, Kind::I), b.param(1, Kind::I));
        let (one, limit) = (b.ki(1), b.ki(20));
        let x = b.op(Prim::IAdd, x, one);
        let stop = b.exit(&[(0, i), (1, x)]);
        let go_on = b.op(Prim::ILt, x, limit);
        b.guard(go_on, true, stop);
        b.end(End::Enter { target, args: vec![i, x] })
    };
    for (first, last, its_bridge) in [(1, 2, 4), (2, 1, 3)] {
        be.compile(1, &counter(Kind::I)).unwrap();
        be.compile(2, &counter(Kind::I)).unwrap();
        for (unit, n, target) in [(1, 3, 2), (2, 4, 1)] {
            be.compile(n, &bridge(target)).unwrap();
            be.attach(unit, 0, n);
        }
        world.run(&mut be, 1);
        assert_eq!(world.values, [10, 20]);
        be.free(first);
        let freed = be.freed();
        assert!(freed.len() == 3 && freed.contains(&its_bridge), "{freed:?}");
        assert_eq!(world.run(&mut be, last), Left { unit: last, exit: 0 });
        be.free(last);
        assert_eq!(be.freed(), [last]);
        assert_eq!(be.code_bytes(), start);
    }
}

/// A bridge inside of its root's function is not freed without it.
#[test]
fn a_tree_is_freed_as_one() {
    let mut be = backend();
    let start = be.code_bytes();
    let root = counter(Kind::I);
    let mut b = Build::new();
    let i = b.param(0, Kind::I);
    let exit = b.exit(&[(0, i)]);
    let bridge = b.end(End::Leave { exit });
    for free in [1, 2] {
        be.compile_tree(1, &root, &[Bridge { parent: 1, exit: 0, number: 2, unit: &bridge }]).unwrap();
        be.free(free);
        assert_eq!(be.freed().len(), 2);
        assert_eq!(be.code_bytes(), start);
    }
}
