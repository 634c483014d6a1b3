//! Units that more than one test compiles.

use super::*;
use taipan_abi::mode::{fd, kind};

/// An operand: a constant, or loaded from the object in slot 0.
fn operand(b: &mut Build, k: Kind, constant: Option<u64>, obj: Ref, off: u32) -> Ref {
    if let Some(bits) = constant {
        return b.k(k, bits);
    }
    let kind = match k {
        Kind::I | Kind::B => kind::I,
        Kind::F => kind::F,
        _ => kind::W,
    };
    let r = b.get(obj, field(off, kind, 0), Ref::NONE);
    if k != Kind::B {
        return r;
    }
    let zero = b.ki(0);
    let same = b.op(Prim::IEq, r, zero);
    b.op1(Prim::Not, same)
}

/// A unit that hands over p(a, b): as the value in `Leave`, and for conditions also by the exit that a guard takes.
pub fn unit(p: Prim, ka: Option<u64>, kb: Option<u64>, guard: Option<bool>) -> Unit {
    let (args, ret) = prim_signature(p);
    let mut b = Build::new();
    let obj = b.slot(0);
    let x = operand(&mut b, args[0], ka, obj, 8);
    let y = if args.len() > 1 { operand(&mut b, args[1], kb, obj, 16) } else { Ref::NONE };
    let r = b.op(p, x, y);
    if let Some(expect) = guard {
        assert_eq!(ret, Kind::B);
        let fail = b.exit(&[]);
        b.guard(r, expect, fail);
        // The tested sum is the tested one.
        let also = match p {
            Prim::AddOvf => Some(Prim::TAdd),
            Prim::SubOvf => Some(Prim::TSub),
            Prim::MulOvf => Some(Prim::TMul),
            _ => None,
        };
        let out = also.map(|q| b.op(q, x, y));
        let slots: Vec<(i32, Ref)> = out.into_iter().map(|r| (0, r)).collect();
        let exit = b.exit(&slots);
        return b.end(End::Leave { exit });
    }
    let exit = b.exit(&[(0, r)]);
    b.end(End::Leave { exit })
}

/// `while i < n: i += 1`, peeled, tagged.
pub fn counting() -> Unit {
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
pub fn floats() -> Unit {
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
pub fn objects() -> Unit {
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
