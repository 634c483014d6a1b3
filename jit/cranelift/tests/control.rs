//! Control flow: loops, exits, bridges, entries, polls, calls.

mod common;
use common::*;
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::mode::{CALL_ANY, Prim, fd, kind};
use taipan_abi::thread::Thread;
use taipan_abi::word::W;
use taipan_jit_cranelift::{Bridge, Cranelift, Options};
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::*;

/// `while i < n: i += 1` with i in slot 0 and n in slot 1, through memory.
fn count_in_memory() -> Unit {
    let mut b = Build::new();
    let (i, n) = (b.slot(0), b.slot(1));
    let stay = b.exit(&[]);
    let both = b.op(Prim::BothInt, i, n);
    b.guard(both, true, stay);
    let less = b.op(Prim::TLt, i, n);
    b.guard(less, true, stay);
    let one = b.int(1);
    let ovf = b.op(Prim::AddOvf, i, one);
    b.guard(ovf, false, stay);
    let next = b.op(Prim::TAdd, i, one);
    let exit = b.exit(&[(0, next)]);
    b.end(End::Back { exit })
}

/// The same, peeled: unboxed in the body. Exits: 0 before anything, 1 the loop is over, 2 overflow (of exits in the body i is handed over).
fn count_peeled() -> Unit {
    let mut b = Build::new();
    let (i, n) = (b.slot(0), b.slot(1));
    let stay = b.exit(&[]);
    let both = b.op(Prim::BothInt, i, n);
    b.guard(both, true, stay);
    let (x, y) = (b.op1(Prim::Untag, i), b.op1(Prim::Untag, n));
    let one = b.ki(1);
    b.body(&[x, y]);
    let (x, y) = (b.param(0, Kind::I), b.param(1, Kind::I));
    let done = b.exit(&[(0, x)]);
    let less = b.op(Prim::ILt, x, y);
    b.guard(less, true, done);
    let next = b.op(Prim::IAdd, x, one);
    let fits = b.op1(Prim::Fits, next);
    b.guard(fits, true, done);
    b.end(End::Loop { args: vec![next, y] })
}

#[test]
fn a_loop_through_memory() {
    let (mut world, mut be) = (World::new(), backend());
    be.compile(7, &count_in_memory()).unwrap();
    world.put(0, W::int(0));
    world.put(1, W::int(1000));
    assert_eq!(world.run(&mut be, 7), Left { unit: 7, exit: 0 });
    assert_eq!(world.at(0), W::int(1000));
    assert!(world.values.is_empty());
}

#[test]
fn a_peeled_loop() {
    let (mut world, mut be) = (World::new(), backend());
    be.compile(7, &count_peeled()).unwrap();
    world.put(0, W::int(-5));
    world.put(1, W::int(1000));
    assert_eq!(world.run(&mut be, 7), Left { unit: 7, exit: 1 });
    assert_eq!(world.values, [1000]);
    assert_eq!(world.at(0), W::int(-5));
    world.put(0, W::NONE);
    assert_eq!(world.run(&mut be, 7), Left { unit: 7, exit: 0 });
}

#[test]
fn exits_hand_over_all_kinds_in_order() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let (p, q) = (b.slot(0), b.slot(1));
    let x = b.op1(Prim::Untag, p);
    let d = b.op1(Prim::IToF, x);
    let less = b.op(Prim::TLt, p, q);
    let not = b.op1(Prim::Not, less);
    let is = b.op1(Prim::IsInt, p);
    let never = b.op1(Prim::Not, is);
    let k = b.int(3);
    let exit = b.exit(&[(5, d), (4, q), (3, k), (2, less), (6, not), (1, x), (0, p), (7, q), (8, is), (9, never)]);
    b.guard(is, false, exit);
    let u = b.end(End::Leave { exit });
    assert_eq!(u.live(exit), [d, q, less, not, x, p, is, never]);
    be.compile(1, &u).unwrap();
    world.put(0, W::int(5));
    world.put(1, W::int(6));
    assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit });
    assert_eq!(world.values, [5f64.to_bits(), W::int(6).0, 1, 0, 5, W::int(5).0, 1, 0]);
}

/// Exits with more values than there are registers.
#[test]
fn many_live_values() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let n = 60;
    let mut live = vec![];
    for i in 0..n {
        let s = b.slot(i);
        let x = b.op1(Prim::Untag, s);
        live.push((i, if i % 3 == 0 { b.op1(Prim::IToF, x) } else { x }));
    }
    let poll = b.exit(&live);
    b.push(Inst::Poll { exit: poll });
    let leave = b.exit(&[]);
    be.compile(1, &b.end(End::Leave { exit: leave })).unwrap();
    (0..n).for_each(|i| world.put(i, W::int(i as i64 * 3)));
    assert_eq!(world.run(&mut be, 1).exit, leave);
    world.th.gc.poll.store(4, Relaxed);
    assert_eq!(world.run(&mut be, 1).exit, poll);
    for i in 0..n as u64 {
        let want = if i % 3 == 0 { (i as f64 * 3.0).to_bits() } else { i * 3 };
        assert_eq!(world.values[i as usize], want);
    }
}

/// A guard on each value, of each kind.
#[test]
fn guards_on_values() {
    let (mut world, mut be) = (World::new(), backend());
    let o = object(0x1234_5678, 40);
    // SAFETY: five words.
    unsafe {
        *o.ptr::<u64>().add(1) = (-7i64) as u64;
        *o.ptr::<f64>().add(2) = -0.0;
        *o.ptr::<u64>().add(3) = 0xffff_ffff_0000_00f0;
    }
    world.put(0, o);
    for (off, k, bits, holds) in [
        (0, kind::U32, 0x1234_5678u64, true),
        (0, kind::U32, 0x1234_5679, false),
        (0, kind::U32, 0x1_1234_5678, false),
        (28, kind::U32, 0xffff_ffff, true),
        (28, kind::U32, u64::MAX, false),
        (24, kind::U8, 0xf0, true),
        (24, kind::U8, 0xfff0, false),
        (25, kind::U8, 0, true),
        (8, kind::I, (-7i64) as u64, true),
        (8, kind::I, 7, false),
        (16, kind::F, (-0.0f64).to_bits(), true),
        (16, kind::F, 0, false),
        (24, kind::I, 0xffff_ffff_0000_00f0, true),
        (8, kind::W, (-7i64) as u64, true),
    ] {
        let mut b = Build::new();
        let s = b.slot(0);
        let v = b.get(s, field(off, k, 0), Ref::NONE);
        let kv = b.push(Inst::Const { kind: Kind::I, bits });
        let (fail, pass, other) = (b.exit(&[]), b.exit(&[(0, v)]), b.exit(&[]));
        b.push(Inst::GuardValue { value: v, bits, exit: fail });
        if matches!(k, kind::I | kind::U32 | kind::U8) {
            let same = b.op(Prim::IEq, v, kv);
            b.guard(same, true, other);
        }
        be.compile(1, &b.end(End::Leave { exit: pass })).unwrap();
        let left = world.run(&mut be, 1);
        assert_eq!(left.exit, if holds { pass } else { fail }, "{off} {k} {bits:#x}");
        if holds {
            assert_eq!(world.values, [bits]);
        }
    }
    // Conditions, and one that is known.
    for expect in [0, 1] {
        let mut b = Build::new();
        let s = b.slot(0);
        let is = b.op1(Prim::IsInt, s);
        let (fail, pass) = (b.exit(&[]), b.exit(&[]));
        b.push(Inst::GuardValue { value: is, bits: expect, exit: fail });
        be.compile(1, &b.end(End::Leave { exit: pass })).unwrap();
        assert_eq!(world.run(&mut be, 1).exit, if expect == 0 { pass } else { fail });
        let mut b = Build::new();
        let c = b.k(Kind::B, 1);
        let (fail, pass) = (b.exit(&[]), b.exit(&[]));
        b.guard(c, expect == 1, fail);
        be.compile(1, &b.end(End::Leave { exit: pass })).unwrap();
        assert_eq!(world.run(&mut be, 1).exit, if expect == 1 { pass } else { fail });
    }
}

/// Adds 100 to n and goes round again, at most until n is 10,000: hangs on `count_peeled`'s exit 1, whose live value is i.
fn raise_limit(end: impl FnOnce(&mut Build, Ref, Ref) -> End) -> Unit {
    let mut b = Build::new();
    let i = b.param(0, Kind::I);
    let n = b.slot(1);
    let n = b.op1(Prim::Untag, n);
    let (limit, more) = (b.ki(10_000), b.ki(100));
    let stay = b.exit(&[(0, i)]);
    let less = b.op(Prim::ILt, i, limit);
    b.guard(less, true, stay);
    let above = b.op(Prim::IAdd, n, more);
    let end = end(&mut b, i, above);
    b.end(end)
}

/// Ends of `raise_limit`: through memory, or into the body with the new limit written to memory first.
fn by_jump(b: &mut Build, i: Ref, n: Ref) -> End {
    let exit = b.exit(&[(0, i), (1, n)]);
    End::Jump { target: 1, exit }
}
fn by_enter(b: &mut Build, i: Ref, n: Ref) -> End {
    let exit = b.exit(&[(1, n)]);
    b.push(Inst::Sync { exit });
    End::Enter { target: 1, args: vec![i, n] }
}

#[test]
fn a_bridge_is_attached() {
    for end in [by_jump, by_enter] {
        let (mut world, mut be) = (World::new(), backend());
        be.compile(1, &count_peeled()).unwrap();
        be.compile(2, &raise_limit(end)).unwrap();
        world.put(0, W::int(0));
        world.put(1, W::int(50));
        assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit: 1 });
        assert_eq!(world.values, [50]);
        be.attach(1, 1, 2);
        assert_eq!(world.run(&mut be, 1), Left { unit: 2, exit: 0 });
        assert_eq!(world.values, [10_050]);
        assert_eq!(world.at(1), W::int(10_050));
        // Compiled again, the loop still has its bridge; freed, the exit is one again.
        be.compile(1, &count_peeled()).unwrap();
        world.put(1, W::int(50));
        assert_eq!(world.run(&mut be, 1), Left { unit: 2, exit: 0 });
        be.free(2);
        world.put(1, W::int(50));
        world.put(0, W::int(0));
        assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit: 1 });
    }
}

#[test]
fn a_tree_is_one_function() {
    for end in [by_jump, by_enter] {
        let (mut world, mut be) = (World::new(), backend());
        let (root, bridge) = (count_peeled(), raise_limit(end));
        be.compile(1, &root).unwrap();
        be.compile(2, &bridge).unwrap();
        be.attach(1, 1, 2);
        // A third unit hangs on the bridge and stays outside.
        let mut b = Build::new();
        let i = b.param(0, Kind::I);
        let twice = b.op(Prim::IAdd, i, i);
        let exit = b.exit(&[(3, twice)]);
        be.compile(3, &b.end(End::Leave { exit })).unwrap();
        be.attach(2, 0, 3);
        be.compile_tree(1, &root, &[Bridge { parent: 1, exit: 1, number: 2, unit: &bridge }]).unwrap();
        world.put(0, W::int(0));
        world.put(1, W::int(50));
        assert_eq!(world.run(&mut be, 1), Left { unit: 3, exit: 0 });
        assert_eq!(world.values, [20_100]);
        let one = be.code_bytes();
        be.free(1);
        assert!(be.code_bytes() < one);
        assert_eq!(be.listing(2), None);
    }
}

#[test]
fn a_bridge_of_a_bridge_in_the_tree() {
    let (mut world, mut be) = (World::new(), backend());
    let (root, bridge) = (count_peeled(), raise_limit(by_enter));
    let mut b = Build::new();
    let i = b.param(0, Kind::I);
    let d = b.op1(Prim::IToF, i);
    let k = b.kf(0.5);
    let half = b.op(Prim::FMul, d, k);
    let exit = b.exit(&[(3, half), (4, i)]);
    let last = b.end(End::Leave { exit });
    let list = [
        Bridge { parent: 1, exit: 1, number: 2, unit: &bridge },
        Bridge { parent: 2, exit: 0, number: 3, unit: &last },
    ];
    be.compile_tree(1, &root, &list).unwrap();
    world.put(0, W::int(0));
    world.put(1, W::int(1));
    assert_eq!(world.run(&mut be, 1), Left { unit: 3, exit: 0 });
    assert_eq!(world.values, [5000.5f64.to_bits(), 10_001]);
}

#[test]
fn another_root_is_entered_and_freed() {
    let (mut world, mut be) = (World::new(), backend());
    // Unit 2: sets slot 0 to 0 and jumps to unit 1.
    let mut b = Build::new();
    let zero = b.ki(0);
    let n = b.slot(1);
    let exit = b.exit(&[(0, zero), (2, n)]);
    let jumper = b.end(End::Jump { target: 1, exit });
    be.compile(2, &jumper).unwrap();
    world.put(0, W::NONE);
    world.put(1, W::int(9));
    // No unit 1 yet.
    assert_eq!(world.run(&mut be, 2), Left { unit: 2, exit });
    assert_eq!(world.values, [W::int(9).0]);
    assert_eq!(world.at(0), W::NONE);
    be.compile(1, &count_peeled()).unwrap();
    assert_eq!(world.run(&mut be, 2), Left { unit: 1, exit: 1 });
    assert_eq!(world.at(0), W::int(0));
    be.free(1);
    world.put(0, W::NONE);
    assert_eq!(world.run(&mut be, 2), Left { unit: 2, exit });
    assert_eq!(world.at(0), W::NONE);
}

#[test]
fn typed_entries_of_all_kinds() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let s = b.slot(0);
    let (one, yes, half) = (b.ki(1), b.k(Kind::B, 1), b.kf(0.5));
    b.body(&[s, one, half, yes, s]);
    let (w, i, x, c) = (b.param(0, Kind::W), b.param(1, Kind::I), b.param(2, Kind::F), b.param(3, Kind::B));
    let limit = b.ki(10);
    let out = b.exit(&[(0, w), (1, i), (2, x), (3, c)]);
    let less = b.op(Prim::ILt, i, limit);
    b.guard(less, true, out);
    let i2 = b.op(Prim::IAdd, i, one);
    let x2 = b.op(Prim::FAdd, x, half);
    let c2 = b.op1(Prim::Not, c);
    be.compile(1, &b.end(End::Loop { args: vec![w, i2, x2, c2, w] })).unwrap();
    world.put(0, W::NONE);
    world.run(&mut be, 1);
    assert_eq!(world.values, [W::NONE.0, 10, 5f64.to_bits(), 0]);
    let mut b = Build::new();
    let s = b.slot(0);
    let t = b.op1(Prim::IsNull, s);
    let (three, x) = (b.ki(3), b.kf(100.0));
    be.compile(2, &b.end(End::Enter { target: 1, args: vec![s, three, x, t, s] })).unwrap();
    world.run(&mut be, 2);
    assert_eq!(world.values, [W::NONE.0, 10, 103.5f64.to_bits(), 1]);
}

extern "C-unwind" fn mix(th: *mut Thread, a: W, i: i64, x: f64, c: bool, b: W) -> W {
    assert!(!th.is_null() && b == W::NONE);
    W::int(a.untag() + i + x as i64 + c as i64)
}
extern "C-unwind" fn half(_: *mut Thread, i: i64) -> f64 {
    i as f64 / 2.0
}
extern "C-unwind" fn odd(_: *mut Thread, i: i64) -> bool {
    i & 1 != 0
}

#[test]
fn calls_of_all_kinds() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let s = b.slot(0);
    let i = b.op1(Prim::Untag, s);
    let x = b.call(&CALL_ANY, half as *const (), &[i], Kind::F);
    let c = b.call(&CALL_ANY, odd as *const (), &[i], Kind::B);
    let none = b.k(Kind::W, W::NONE.0);
    let r = b.call(&CALL_ANY, mix as *const (), &[s, i, x, c, none], Kind::W);
    let not = b.op1(Prim::Not, c);
    let raised = b.op1(Prim::IsNull, r);
    let (fail, exit) = (b.exit(&[]), b.exit(&[(0, r), (1, c), (2, x), (3, i), (4, not)]));
    b.guard(raised, false, fail);
    be.compile(1, &b.end(End::Leave { exit })).unwrap();
    world.put(0, W::int(41));
    assert_eq!(world.run(&mut be, 1).exit, exit);
    assert_eq!(world.values, [W::int(41 + 41 + 20 + 1).0, 1, 20.5f64.to_bits(), 41, 0]);
}

#[test]
fn arrays_and_narrow_fields() {
    let (mut world, mut be) = (World::new(), backend());
    let o = object(9, 16 + 40 * 8);
    for at in [None, Some(0i64), Some(3), Some(31)] {
        for (k, size) in [(kind::W, 8), (kind::I, 8), (kind::F, 8), (kind::U32, 4), (kind::U8, 1)] {
            let mut b = Build::new();
            let (s, i) = (b.slot(0), b.slot(1));
            let i = match at {
                Some(i) => b.ki(i),
                None => b.op1(Prim::Untag, i),
            };
            let array = field(16, k, fd::ARRAY);
            let before = b.get(s, array, i);
            let v = match k {
                kind::F => b.kf(2.5),
                kind::W => b.int(7),
                _ => b.ki(0x1_2345_67f1),
            };
            b.set(s, array, i, v);
            let after = b.get(s, array, i);
            let exit = b.exit(&[(0, before), (1, after)]);
            be.compile(1, &b.end(End::Leave { exit })).unwrap();
            for n in 0..40 {
                // SAFETY: 40 words of items.
                unsafe { *o.ptr::<u64>().add(2 + n) = 0x8182_8384_8586_8788 }
            }
            world.put(0, o);
            world.put(1, W::int(17));
            world.run(&mut be, 1);
            let index = at.unwrap_or(17) as usize;
            let mask = if size == 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
            let byte = 16 + index * size;
            let old = 0x8182_8384_8586_8788u64 >> (8 * (byte % 8)) & mask;
            let new = match k {
                kind::F => 2.5f64.to_bits(),
                kind::W => W::int(7).0,
                _ => 0x1_2345_67f1 & mask,
            };
            assert_eq!(world.values, [old, new], "{k} at {at:?}");
            // Nothing beside it.
            let word = |n: usize| unsafe { *o.ptr::<u64>().add(n) };
            assert_eq!(word(byte / 8 + 1), 0x8182_8384_8586_8788);
            assert_eq!(
                word(byte / 8) & !(mask << (8 * (byte % 8))),
                0x8182_8384_8586_8788 & !(mask << (8 * (byte % 8)))
            );
        }
    }
}

/// What a unit must not be is said, and leaves the backend usable.
#[test]
fn wrong_units_are_refused() {
    let mut be = backend();
    let mut b = Build::new();
    b.push(Inst::Poll { exit: 3 });
    assert!(be.compile(1, &b.end(End::Leave { exit: 0 })).is_err());
    let mut b = Build::new();
    let s = b.slot(0);
    b.body(&[]);
    let exit = b.exit(&[]);
    let c = b.op1(Prim::IsInt, s);
    b.guard(c, true, exit);
    let error = be.compile(1, &b.end(End::Loop { args: vec![] })).unwrap_err();
    assert!(error.contains("not made"), "{error}");
    let b = Build::new();
    assert!(be.compile(1, &b.end(End::Enter { target: 5, args: vec![] })).is_err());
    be.compile(1, &count_peeled()).unwrap();
    let mut world = World::new();
    world.put(0, W::int(1));
    world.put(1, W::int(3));
    world.run(&mut be, 1);
    assert_eq!(world.values, [3]);
}

#[test]
fn a_hot_bridge_is_reported() {
    let mut be = Cranelift::new(Options { verify: true, hot_bridge: 10, ..Options::default() }).unwrap();
    let mut world = World::new();
    // i, n and x in slots 0 to 2; x grows by 1 in even rounds, by 3 in odd ones, which are the bridge's.
    let mut b = Build::new();
    let (i, n, x) = (b.slot(0), b.slot(1), b.slot(2));
    let (i, n, x) = (b.op1(Prim::Untag, i), b.op1(Prim::Untag, n), b.op1(Prim::Untag, x));
    let (zero, one, two) = (b.ki(0), b.ki(1), b.ki(2));
    b.body(&[i, n, x]);
    let (i, n, x) = (b.param(0, Kind::I), b.param(1, Kind::I), b.param(2, Kind::I));
    let done = b.exit(&[(2, x)]);
    let odd = b.exit(&[(0, i), (1, n), (2, x)]);
    let less = b.op(Prim::ILt, i, n);
    b.guard(less, true, done);
    let m = b.op(Prim::IMod, i, two);
    let even = b.op(Prim::IEq, m, zero);
    b.guard(even, true, odd);
    let (i, x) = (b.op(Prim::IAdd, i, one), b.op(Prim::IAdd, x, one));
    let root = b.end(End::Loop { args: vec![i, n, x] });
    let mut b = Build::new();
    let (i, n, x) = (b.param(0, Kind::I), b.param(1, Kind::I), b.param(2, Kind::I));
    let (one, three) = (b.ki(1), b.ki(3));
    let (i, x) = (b.op(Prim::IAdd, i, one), b.op(Prim::IAdd, x, three));
    let bridge = b.end(End::Enter { target: 1, args: vec![i, n, x] });
    be.compile(1, &root).unwrap();
    be.compile(2, &bridge).unwrap();
    be.attach(1, 1, 2);
    let mut i = 0;
    for _ in 0..3 {
        // Nine odd rounds, then the tenth is where it is left.
        (0..3).for_each(|s| world.put(s, W::int([i, 1000, 2 * i][s as usize])));
        assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit: 1 });
        let odd = i + 19;
        assert_eq!(world.values[0] as i64, odd);
        assert_eq!(world.values[2] as i64, odd * 2 - 1);
        i = odd + 1;
    }
    be.compile_tree(1, &root, &[Bridge { parent: 1, exit: 1, number: 2, unit: &bridge }]).unwrap();
    (0..3).for_each(|s| world.put(s, W::int([0, 1000, 0][s as usize])));
    assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit: 0 });
    assert_eq!(world.values, [2000]);
}
