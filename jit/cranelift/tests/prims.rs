//! Every primitive against its body, over edge values, as a value and fused into a guard, with constant operands and without.

mod common;
use common::units::unit;
use common::*;
use taipan_abi::mode::{Exec, Mode, PRIM_NAMES, Prim};
use taipan_abi::word::W;
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

/// The operands as bits to the result as bits.
type Body = fn(Exec, u64, u64) -> u64;

fn w(x: u64) -> W {
    W(x)
}
fn f(x: u64) -> f64 {
    f64::from_bits(x)
}

macro_rules! bodies {
    ($($prim:ident $name:ident ($($how:ident $x:ident),*) $ret:ident;)*) => {
        fn body(p: Prim) -> Body {
            match p { $(Prim::$prim => |m, a, b| { let _ = b; let _: [u64; 2] = [a, b]; bodies!(@$ret m.$name($(bodies!(@@$how $x a b)),*)) },)* }
        }
        const ALL: &[Prim] = &[$(Prim::$prim),*];
    };
    (@W $e:expr) => { $e.0 };
    (@I $e:expr) => { $e as u64 };
    (@F $e:expr) => { $e.to_bits() };
    (@B $e:expr) => { $e as u64 };
    (@@w a $a:ident $b:ident) => { w($a) };
    (@@w b $a:ident $b:ident) => { w($b) };
    (@@i a $a:ident $b:ident) => { $a as i64 };
    (@@i b $a:ident $b:ident) => { $b as i64 };
    (@@f a $a:ident $b:ident) => { f($a) };
    (@@f b $a:ident $b:ident) => { f($b) };
    (@@t a $a:ident $b:ident) => { $a != 0 };
}
bodies! {
    IsInt is_int (w a) B; BothInt both_int (w a, w b) B; IsNull is_null (w a) B; WEq weq (w a, w b) B;
    Untag untag (w a) I; Tag tag (i a) W; Fits fits (i a) B;
    AddOvf add_ovf (w a, w b) B; TAdd tadd (w a, w b) W; SubOvf sub_ovf (w a, w b) B; TSub tsub (w a, w b) W;
    MulOvf mul_ovf (w a, w b) B; TMul tmul (w a, w b) W;
    TAnd tand (w a, w b) W; TOr tor (w a, w b) W; TXor txor (w a, w b) W; TLt tlt (w a, w b) B; TLe tle (w a, w b) B;
    IAdd iadd (i a, i b) I; ISub isub (i a, i b) I; ILt ilt (i a, i b) B; IEq ieq (i a, i b) B; ULt ult (i a, i b) B;
    IFloorDiv ifloordiv (i a, i b) I; IMod imod (i a, i b) I; IShr ishr (i a, i b) I; IShl ishl (i a, i b) I;
    FAdd fadd (f a, f b) F; FSub fsub (f a, f b) F; FMul fmul (f a, f b) F; FDiv fdiv (f a, f b) F; FNeg fneg (f a) F;
    FLt flt (f a, f b) B; FLe fle (f a, f b) B; FEq feq (f a, f b) B; IToF i2f (i a) F; Not not (t a) B; WBool wbool (t a) W;
}

/// Words as operands of a primitive: all that it may see.
fn operands(p: Prim, k: Kind) -> Vec<u64> {
    match k {
        Kind::I => INTS.iter().map(|i| *i as u64).collect(),
        Kind::F => FLOATS.iter().map(|x| x.to_bits()).collect(),
        Kind::B => vec![0, 1],
        _ => {
            let mut v: Vec<u64> = smalls().iter().map(|i| W::int(*i).0).collect();
            if matches!(p, Prim::IsInt | Prim::BothInt | Prim::IsNull | Prim::WEq) {
                v.extend([0, W::NONE.0, W::TRUE.0, object(5, 16).0]);
            }
            v
        }
    }
}

/// May the primitive see these two?
fn allowed(p: Prim, a: u64, b: u64) -> bool {
    match p {
        Prim::IFloorDiv | Prim::IMod => b != 0 && !(a as i64 == i64::MIN && b as i64 == -1),
        Prim::IShr => (b as i64) >= 0,
        Prim::Tag => W::fits(a as i64),
        _ => true,
    }
}

fn same(p: Prim, got: u64, want: u64) -> bool {
    let nan = |x: u64| f64::from_bits(x).is_nan();
    got == want || prim_signature(p).1 == Kind::F && nan(got) && nan(want)
}

#[test]
fn every_primitive() {
    assert_eq!(ALL.len(), PRIM_NAMES.len());
    let mut world = World::new();
    let mut be = backend();
    let obj = object(9, 32);
    world.put(0, obj);
    let m = Exec(&raw mut *world.th);
    let mut runs = 0;
    for &p in ALL {
        let (args, ret) = prim_signature(p);
        let firsts = operands(p, args[0]);
        let seconds = if args.len() > 1 { operands(p, args[1]) } else { vec![0] };
        let guards: &[Option<bool>] = if ret == Kind::B { &[None, Some(true), Some(false)] } else { &[None] };
        for &guard in guards {
            let check = |world: &mut World, be: &mut _, a: u64, b: u64, what: &str| {
                if !allowed(p, a, b) {
                    return;
                }
                // SAFETY: the object has four words.
                unsafe {
                    *obj.ptr::<u64>().add(1) = a;
                    *obj.ptr::<u64>().add(2) = b;
                }
                let want = body(p)(m, a, b);
                let left = world.run(be, 1);
                let name = PRIM_NAMES[p as usize];
                match guard {
                    None => {
                        let got = world.values[0];
                        assert!(same(p, got, want), "{name}({a:#x}, {b:#x}) {what}: {got:#x}, not {want:#x}");
                    }
                    Some(expect) => {
                        let passed = left.exit == 1;
                        assert_eq!(passed, (want != 0) == expect, "guard on {name}({a:#x}, {b:#x}) {what}");
                        let also = match p {
                            Prim::AddOvf => Prim::TAdd,
                            Prim::SubOvf => Prim::TSub,
                            Prim::MulOvf => Prim::TMul,
                            _ => return,
                        };
                        if passed {
                            assert_eq!(world.values[0], body(also)(m, a, b), "{name}({a:#x}, {b:#x}) {what}");
                        }
                    }
                }
            };
            be.compile(1, &unit(p, None, None, guard)).unwrap();
            for &a in &firsts {
                for &b in &seconds {
                    check(&mut world, &mut be, a, b, "of two unknown");
                    runs += 1;
                }
            }
            for &a in &firsts {
                be.compile(1, &unit(p, Some(a), None, guard)).unwrap();
                seconds.iter().for_each(|b| check(&mut world, &mut be, a, *b, "with a constant left"));
            }
            if args.len() > 1 {
                for &b in &seconds {
                    if matches!(p, Prim::IFloorDiv | Prim::IMod) && b == 0 {
                        continue;
                    }
                    be.compile(1, &unit(p, None, Some(b), guard)).unwrap();
                    firsts.iter().for_each(|a| check(&mut world, &mut be, *a, b, "with a constant right"));
                }
            }
        }
    }
    assert!(runs > 5000);
}

#[test]
fn division_by_many_constants() {
    let mut world = World::new();
    let mut be = backend();
    let obj = object(9, 32);
    world.put(0, obj);
    let m = Exec(&raw mut *world.th);
    let mut seed = 12345u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 1 ^ seed << 40) as i64
    };
    for i in 0..300 {
        let d = if i < 60 { i - 30 } else { next() >> (i % 63) };
        if d == 0 {
            continue;
        }
        for p in [Prim::IFloorDiv, Prim::IMod] {
            be.compile(1, &unit(p, None, Some(d as u64), None)).unwrap();
            for j in 0..60 {
                let near = d.wrapping_mul(next() >> 40).wrapping_add(j % 3 - 1);
                for a in [next() >> (j % 63), near, INTS[j as usize % INTS.len()]] {
                    if !allowed(p, a as u64, d as u64) {
                        continue;
                    }
                    // SAFETY: the object has four words.
                    unsafe { *obj.ptr::<i64>().add(1) = a };
                    world.run(&mut be, 1);
                    assert_eq!(world.values[0], body(p)(m, a as u64, d as u64), "{p:?}({a}, {d})");
                }
            }
        }
    }
}

#[test]
fn the_least_int_by_minus_one_does_not_trap() {
    let mut world = World::new();
    let mut be = backend();
    let obj = object(9, 32);
    world.put(0, obj);
    // SAFETY: the object has four words.
    unsafe {
        *obj.ptr::<i64>().add(1) = i64::MIN;
        *obj.ptr::<i64>().add(2) = -1;
    }
    for constant in [None, Some(u64::MAX)] {
        be.compile(1, &unit(Prim::IFloorDiv, None, constant, None)).unwrap();
        world.run(&mut be, 1);
        assert_eq!(world.values[0], i64::MIN as u64);
        be.compile(1, &unit(Prim::IMod, None, constant, None)).unwrap();
        world.run(&mut be, 1);
        assert_eq!(world.values[0], 0);
    }
}
