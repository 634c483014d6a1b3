//! Objects and state: the write barrier, allocation, syncs; slow paths that really run.

mod common;
use common::*;
use taipan_abi::gc::{GC_BARRIER, GC_CARDS, GC_LISTED};
use taipan_abi::mode::{CALL_ANY, Prim, fd, kind};
use taipan_abi::thread::{Code, Frame, Thread};
use taipan_abi::word::{Header, TID_FLOAT, W};
use taipan_jit_ir::backend::{Backend, Left, NO_MEMORY};
use taipan_jit_ir::*;

fn header(w: W) -> &'static mut Header {
    // SAFETY: the tests' objects are never freed.
    unsafe { w.header() }
}
fn word(w: W, n: usize) -> u64 {
    // SAFETY: within the tests' objects.
    unsafe { *w.ptr::<u64>().add(n) }
}

/// Many values of both register classes, a store that takes the slow path in their middle, and all of them again.
#[test]
fn the_slow_barrier_preserves_all() {
    for array in [false, true] {
        let (mut world, mut be) = (World::new(), backend());
        let mut b = Build::new();
        let (o, v) = (b.slot(0), b.slot(1));
        let mut all = vec![];
        for i in 0..24 {
            let s = b.slot(2 + i);
            let x = b.op1(Prim::Untag, s);
            all.push(if i % 2 == 0 { b.op1(Prim::IToF, x) } else { x });
        }
        let index = if array { b.ki(1) } else { Ref::NONE };
        let flags = fd::GCREF | if array { fd::ARRAY } else { 0 };
        b.set(o, field(8, kind::W, flags), index, v);
        let slots: Vec<_> = all.iter().enumerate().map(|(i, r)| (i as i32, *r)).collect();
        let exit = b.exit(&slots);
        be.compile(1, &b.end(End::Leave { exit })).unwrap();
        let (o, v) = (object(9, 32), object(9, 32));
        world.put(0, o);
        world.put(1, v);
        (0..24).for_each(|i| world.put(2 + i, W::int(1000 + i as i64)));
        let want: Vec<u64> =
            (0..24u64).map(|i| if i % 2 == 0 { (1000.0 + i as f64).to_bits() } else { 1000 + i }).collect();
        let at = if array { 2 } else { 1 };
        for (bits, slow) in [
            (0, (0, 0, 0)),
            (GC_BARRIER, (0, 1, 0)),
            (GC_BARRIER | GC_CARDS, (0, 0, 1)),
            (GC_BARRIER | GC_CARDS | GC_LISTED, (0, 0, 0)),
        ] {
            SLOW.set((0, 0, 0));
            header(o).gc = bits;
            let mut cards = [0u8; 2];
            world.th.gc.card_shift = 60;
            world.th.gc.card_bias = cards.as_mut_ptr() as usize;
            // SAFETY: within the object.
            unsafe { *o.ptr::<u64>().add(at) = 0 };
            world.run(&mut be, 1);
            assert_eq!(world.values, want);
            assert_eq!(SLOW.get(), slow, "{bits}");
            assert_eq!(word(o, at), v.0);
            let cards = std::hint::black_box(cards);
            assert_eq!(cards, [(bits & GC_LISTED != 0) as u8, 0]);
        }
    }
}

/// Stores that need no barrier take none, others do.
#[test]
fn barriers_where_they_are_needed() {
    type Make = fn(&mut Build, Ref) -> (Ref, Ref);
    let cases: &[(&str, u32, Make)] = &[
        ("word", 1, |b, o| (o, b.slot(1))),
        ("small constant", 0, |b, o| (o, b.int(4))),
        ("None", 0, |b, o| (o, b.k(Kind::W, W::NONE.0))),
        ("other constant", 1, |b, o| (o, b.k(Kind::W, object(3, 16).0))),
        ("tagged", 0, |b, o| {
            let s = b.slot(2);
            let i = b.op1(Prim::Untag, s);
            (o, b.op1(Prim::Tag, i))
        }),
        ("guarded", 0, |b, o| {
            let s = b.slot(2);
            let c = b.op1(Prim::IsInt, s);
            b.guard(c, true, 0);
            (o, s)
        }),
        ("boolean", 0, |b, o| {
            let s = b.slot(2);
            let c = b.op1(Prim::IsInt, s);
            (o, b.op1(Prim::WBool, c))
        }),
    ];
    for (name, slow, make) in cases {
        let (mut world, mut be) = (World::new(), backend());
        let mut b = Build::new();
        let exit = b.exit(&[]);
        let o = b.slot(0);
        let (o, v) = make(&mut b, o);
        b.set(o, field(8, kind::W, fd::GCREF), Ref::NONE, v);
        be.compile(1, &b.end(End::Leave { exit })).unwrap();
        let o = object(9, 32);
        header(o).gc = GC_BARRIER;
        world.put(0, o);
        world.put(1, object(9, 32));
        world.put(2, W::int(5));
        world.run(&mut be, 1);
        assert_eq!(SLOW.get().1, *slow, "{name}");
        assert_ne!(word(o, 1), 0);
    }
}

extern "C-unwind" fn make_old(_: *mut Thread, o: W) -> i64 {
    header(o).gc = GC_BARRIER;
    0
}

/// A new object needs none until something may have collected.
#[test]
fn new_objects_become_old() {
    for (call, second, slow) in [(false, false, 0), (true, false, 1), (false, true, 0)] {
        let (mut world, mut be) = (World::new(), backend());
        let f = field(8, kind::W, fd::GCREF);
        let mut b = Build::new();
        let v = b.slot(0);
        let o = b.push(Inst::New { tid: 9, bytes: 24 });
        let other = if second { Some(b.push(Inst::New { tid: 9, bytes: 24 })) } else { None };
        if call {
            b.call(&CALL_ANY, make_old as *const (), &[o], Kind::I);
        }
        b.set(o, f, Ref::NONE, v);
        let other = other.unwrap_or(o);
        b.set(other, f, Ref::NONE, o);
        let exit = b.exit(&[(0, o), (1, other)]);
        be.compile(1, &b.end(End::Leave { exit })).unwrap();
        world.put(0, object(3, 16));
        world.run(&mut be, 1);
        assert_eq!(SLOW.get().1, slow);
        let (o, other) = (W(world.values[0]), W(*world.values.last().unwrap()));
        assert_eq!(word(other, 1), o.0);
        assert_eq!(word(o, 1) == world.at(0).0, second);
    }
}

/// The inlined allocation and its slow path, which preserves everything.
#[test]
fn allocation() {
    for bytes in [16, 24, 256, 264, 4096] {
        let (mut world, mut be) = (World::new(), backend());
        let mut b = Build::new();
        let mut all = vec![];
        for i in 0..20 {
            let s = b.slot(i);
            let x = b.op1(Prim::Untag, s);
            all.push(if i % 2 == 0 { b.op1(Prim::IToF, x) } else { x });
        }
        let objects: Vec<_> = (0..6).map(|i| b.push(Inst::New { tid: 40 + i, bytes })).collect();
        let slots: Vec<_> = objects.iter().chain(&all).enumerate().map(|(i, r)| (i as i32, *r)).collect();
        let exit = b.exit(&slots);
        be.compile(1, &b.end(End::Leave { exit })).unwrap();
        (0..20).for_each(|i| world.put(i, W::int(50 + i as i64)));
        for refuse in [0, 1] {
            SLOW.set((0, 0, 0));
            REFUSE.set(refuse);
            world.th.gc.bump[bytes as usize / 8 % 33] = Default::default();
            world.run(&mut be, 1);
            // Four cells of an interval, then two of the next; large ones one by one.
            let calls = if bytes <= 256 { 2 } else { 6 };
            assert_eq!(SLOW.get().0, calls + refuse, "{bytes}");
            let mut seen = std::collections::HashSet::new();
            for i in 0..6 {
                let o = W(world.values[i]);
                assert_eq!(word(o, 0), 40 + i as u64);
                assert!(seen.insert(o.0));
                (1..bytes as usize / 8).for_each(|n| assert_eq!(word(o, n), 0));
            }
            for i in 0..20u64 {
                let want = if i % 2 == 0 { (50.0 + i as f64).to_bits() } else { 50 + i };
                assert_eq!(world.values[6 + i as usize], want);
            }
        }
    }
}

fn frame(code: *mut Code, ip: usize, base: i32, sp: i32, handled: Ref) -> FrameState {
    FrameState { code, ip: ip as *const u32, base, sp, cont: 5, flags: 6, w_globals: 0x7770, handled }
}

thread_local! {
    static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(vec![]) };
}

/// Writes down the thread's frames above the entry frame's caller.
extern "C-unwind" fn look(th: *mut Thread) -> i64 {
    // SAFETY: called with the tests' threads.
    unsafe {
        let th = &*th;
        let mut f = (th.gc.frames as *const Frame).add(1);
        let bottom = (*f).base;
        while f as *const u8 <= th.gc.frame_top {
            let x = &*f;
            let line = format!(
                "{:?} ip {:#x} base {} sp {} cont {} flags {} globals {:?} locals {:?} frame {:?} handled {:?}",
                x.code,
                x.ip as usize,
                x.base.offset_from(bottom),
                x.sp.offset_from(bottom),
                x.cont,
                x.flags,
                x.w_globals,
                x.w_locals,
                x.w_frame,
                x.saved_handled
            );
            SEEN.with_borrow_mut(|s| s.push(line));
            f = f.add(1);
        }
        SEEN.with_borrow_mut(|s| s.push(format!("top {}", th.gc.vs_top.offset_from(bottom))));
    }
    0
}

#[test]
fn a_sync_makes_the_state() {
    let (mut world, mut be) = (World::new(), backend());
    for x in &mut world.frames[2..] {
        (x.w_locals, x.w_frame, x.saved_handled) = (W::TRUE, W::TRUE, W::TRUE);
    }
    let mut inner: Box<Code> = unsafe { Box::new_zeroed().assume_init() };
    inner.framesize = 21;
    let inner = &raw mut *inner;
    let code = &raw mut *world.code;
    let mut b = Build::new();
    let s = b.slot(0);
    let i = b.op1(Prim::Untag, s);
    let x = b.op1(Prim::IToF, i);
    let c = b.op1(Prim::IsInt, s);
    let (kx, kc, ki) = (b.kf(2.5), b.k(Kind::B, 0), b.ki(-3));
    let late = [(0, i), (1, x), (2, c), (3, kx), (4, kc), (5, ki), (6, x), (7, s), (20, i)];
    let state = b.exit(&late);
    b.u.exits[state as usize].frames = vec![
        frame(code, 0x100, 0, 9, Ref::NONE),
        frame(inner, 0x200, 12, 14, s),
        frame(inner, 0x300, 20, 22, Ref::NONE),
    ];
    b.push(Inst::Sync { exit: state });
    b.call(&CALL_ANY, look as *const (), &[], Kind::I);
    // What stood there at entry.
    let before = b.slot(7);
    let exit = b.exit(&[(0, before), (1, x)]);
    be.compile(1, &b.end(End::Leave { exit })).unwrap();
    world.put(0, W::int(12));
    world.put(7, W::ELLIPSIS);
    SEEN.take();
    assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit });
    let seen = SEEN.take();
    let w = W::int(12);
    let rest = "cont 5 flags 6 globals <0x7770> locals NULL frame NULL handled";
    assert_eq!(
        seen,
        [
            format!("{code:?} ip 0x100 base 0 sp 9 cont 77 flags 78 globals NULL locals NULL frame NULL handled NULL"),
            format!("{inner:?} ip 0x200 base 12 sp 14 {rest} {w:?}"),
            format!("{inner:?} ip 0x300 base 20 sp 22 {rest} NULL"),
            "top 41".to_string()
        ]
    );
    assert_eq!(world.values, [W::ELLIPSIS.0, 12f64.to_bits()]);
    assert_eq!((world.at(0), world.at(2), world.at(4)), (w, W::TRUE, W::FALSE));
    assert_eq!((world.at(5), world.at(7), world.at(20)), (W::int(-3), w, w));
    for (slot, x) in [(1, 12.0f64), (3, 2.5)] {
        let o = world.at(slot);
        assert_eq!((word(o, 0), word(o, 1)), (TID_FLOAT as u64, x.to_bits()));
    }
    assert_eq!(world.at(6), world.at(1));
    // The run's end leaves the entry frame on top.
    assert_eq!(world.depth(), 1);
    assert_eq!(world.th.gc.vs_top as usize, world.base() as usize + 32 * 8);
}

#[test]
fn sunk_objects_are_made() {
    let (mut world, mut be) = (World::new(), backend());
    let (left, right) = (field(8, kind::W, fd::GCREF), field(16, kind::W, fd::GCREF));
    let (raw, items) = (field(24, kind::F, 0), field(32, kind::W, fd::GCREF | fd::ARRAY));
    let mut b = Build::new();
    let s = b.slot(0);
    let i = b.op1(Prim::Untag, s);
    let x = b.op1(Prim::IToF, i);
    let (p, q) = (b.push(Inst::Nop), b.push(Inst::Nop));
    let state = b.exit(&[(1, p), (2, x)]);
    b.u.exits[state as usize].sunk = vec![
        Sunk { id: p, tid: 50, bytes: 48, fields: vec![(left, 0, q), (right, 0, i), (raw, 0, x), (items, 1, p)] },
        Sunk { id: q, tid: 51, bytes: 24, fields: vec![(left, 0, x), (right, 0, p)] },
    ];
    assert_eq!(b.u.live(state), [x, i]);
    b.push(Inst::Sync { exit: state });
    let exit = b.exit(&[]);
    be.compile(1, &b.end(End::Leave { exit })).unwrap();
    world.put(0, W::int(6));
    world.run(&mut be, 1);
    let (p, x) = (world.at(1), world.at(2));
    assert_eq!((word(x, 0), word(x, 1)), (TID_FLOAT as u64, 6f64.to_bits()));
    let q = W(word(p, 1));
    assert_eq!((word(p, 0), word(p, 2), word(p, 3)), (50, W::int(6).0, 6f64.to_bits()));
    assert_eq!((word(p, 4), word(p, 5)), (0, p.0));
    assert_eq!((word(q, 0), word(q, 1), word(q, 2)), (51, x.0, p.0));
}

/// A jump with frames above makes the topmost one the target's entry frame.
#[test]
fn a_jump_into_an_inner_frame() {
    let (mut world, mut be) = (World::new(), backend());
    let mut inner: Box<Code> = unsafe { Box::new_zeroed().assume_init() };
    inner.framesize = 9;
    let inner = &raw mut *inner;
    let code = &raw mut *world.code;
    let mut b = Build::new();
    let s = b.slot(0);
    let exit = b.exit(&[(12, s), (13, s)]);
    b.u.exits[exit as usize].frames = vec![frame(code, 0x100, 0, 9, Ref::NONE), frame(inner, 0x200, 12, 14, Ref::NONE)];
    be.compile(1, &b.end(End::Jump { target: 2, exit })).unwrap();
    let mut b = Build::new();
    let s = b.slot(1);
    let one = b.int(1);
    let more = b.op(Prim::TAdd, s, one);
    let sync = b.exit(&[(2, more)]);
    b.u.exits[sync as usize].frames = vec![frame(inner, 0x204, 0, 3, Ref::NONE)];
    b.push(Inst::Sync { exit: sync });
    b.call(&CALL_ANY, look as *const (), &[], Kind::I);
    let out = b.exit(&[(0, s)]);
    be.compile(2, &b.end(End::Leave { exit: out })).unwrap();
    world.put(0, W::int(3));
    SEEN.take();
    assert_eq!(world.run(&mut be, 1), Left { unit: 2, exit: out });
    let seen = SEEN.take();
    assert!(seen[0].contains("ip 0x100 base 0 sp 9 cont 77"), "{seen:?}");
    assert!(seen[1].contains("ip 0x204 base 12 sp 15 cont 5"), "{seen:?}");
    assert_eq!(seen[2], "top 21");
    assert_eq!(world.depth(), 2);
    assert_eq!(world.at(14), W::int(4));
}

/// Without memory the unit is left by the exit passed last, with its values as they were there.
#[test]
fn no_memory() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let s = b.slot(0);
    let i = b.op1(Prim::Untag, s);
    let (small, later) = (b.exit(&[(0, i)]), b.exit(&[]));
    let c = b.op1(Prim::IsInt, s);
    b.guard(c, true, small);
    let x = b.op1(Prim::IToF, i);
    let o = b.push(Inst::New { tid: 9, bytes: 32 });
    b.set(o, field(8, kind::F, 0), Ref::NONE, x);
    b.push(Inst::Poll { exit: later });
    let state = b.exit(&[(1, x), (2, o)]);
    b.push(Inst::Sync { exit: state });
    let done = b.exit(&[(2, o)]);
    be.compile(1, &b.end(End::Leave { exit: done })).unwrap();
    world.put(0, W::int(7));
    for (refuse, exit, values) in [(2, small | NO_MEMORY, 1), (1, done, 1), (0, done, 1)] {
        REFUSE.set(refuse);
        world.th.gc.bump.fill(Default::default());
        assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit });
        assert_eq!(world.values.len(), values);
        assert!(exit == done || world.values == [7]);
    }
    // The object fits, the float of the sync does not.
    let mut room = [0u64; 4];
    world.th.gc.bump.fill(Default::default());
    let at = room.as_mut_ptr() as usize;
    world.th.gc.bump[4] = taipan_abi::gc::Bump { cur: at, end: at + 32 };
    REFUSE.set(2);
    world.put(1, W::NONE);
    assert_eq!(world.run(&mut be, 1), Left { unit: 1, exit: state | NO_MEMORY });
    assert_eq!(world.values, [7f64.to_bits(), at as u64]);
    assert_eq!(world.at(1), W::NONE);
}

/// The address constant 0 is the thread that runs the unit.
#[test]
fn fields_of_the_thread() {
    let (mut world, mut be) = (World::new(), backend());
    let mut b = Build::new();
    let th = b.k(Kind::P, 0);
    let epoch = b.get(th, field(std::mem::offset_of!(Thread, epoch) as u32, kind::U32, 0), Ref::NONE);
    let handled = field(std::mem::offset_of!(Thread, handled) as u32, kind::W, fd::GCREF);
    let (old, new) = (b.get(th, handled, Ref::NONE), b.slot(0));
    b.set(th, handled, Ref::NONE, new);
    let exit = b.exit(&[(0, epoch), (1, old)]);
    be.compile(1, &b.end(End::Leave { exit })).unwrap();
    for epoch in [5, 6] {
        let mut other = World::new();
        (other.th.epoch, other.th.handled) = (epoch, W::NONE);
        other.put(0, W::TRUE);
        other.run(&mut be, 1);
        assert_eq!(other.values, [epoch as u64, W::NONE.0]);
        assert_eq!(other.th.handled, W::TRUE);
    }
    world.put(0, W::FALSE);
    world.run(&mut be, 1);
    assert_eq!(world.th.handled, W::FALSE);
}
