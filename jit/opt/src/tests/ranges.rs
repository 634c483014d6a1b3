//! Every rule on every fact and value of few bits; and that the few-bit model computes what the primitives do.

use super::*;
use taipan_abi::mode::exec_prim;

const N: u32 = 4;
type F = Fact<N>;

const VALUES: [Prim; 14] = [
    Prim::Tag,
    Prim::Untag,
    Prim::TAdd,
    Prim::TSub,
    Prim::TMul,
    Prim::TAnd,
    Prim::TOr,
    Prim::TXor,
    Prim::IAdd,
    Prim::ISub,
    Prim::IFloorDiv,
    Prim::IMod,
    Prim::IShr,
    Prim::IShl,
];
const CONDITIONS: [Prim; 13] = [
    Prim::IsInt,
    Prim::BothInt,
    Prim::IsNull,
    Prim::WEq,
    Prim::IEq,
    Prim::TLt,
    Prim::TLe,
    Prim::ILt,
    Prim::ULt,
    Prim::Fits,
    Prim::AddOvf,
    Prim::SubOvf,
    Prim::MulOvf,
];

/// The primitive on values of `n` bits; None if the operands are not what it demands.
fn model(p: Prim, a: i64, b: i64, n: u32) -> Option<i64> {
    let wrap = |v: i128| ((v << (128 - n)) >> (128 - n)) as i64;
    let (min, max) = (-1i128 << (n - 1), !(-1i128 << (n - 1)));
    let fit = |v: i128| (v >= min && v <= max).then_some(v as i64);
    let (x, y) = (a as i128, b as i128);
    let tagged = a & 1 == 1 && b & 1 == 1;
    Some(match p {
        Prim::Tag => fit(2 * x + 1)?,
        Prim::Untag if a & 1 == 1 => a >> 1,
        Prim::TAdd if tagged => fit(x + y - 1)?,
        Prim::TSub if tagged => fit(x - y + 1)?,
        Prim::TMul if tagged => fit((x >> 1) * (y >> 1) * 2 + 1)?,
        Prim::TAnd if tagged => a & b,
        Prim::TOr if tagged => a | b,
        Prim::TXor if tagged => (a ^ b) | 1,
        Prim::IAdd => wrap(x + y),
        Prim::ISub => wrap(x - y),
        Prim::IFloorDiv if b != 0 => fit(floor_div(x, y))?,
        Prim::IMod if b != 0 && fit(floor_div(x, y)).is_some() => (x - floor_div(x, y) * y) as i64,
        Prim::IShr if b >= 0 => a >> b.min(n as i64 - 1),
        Prim::IShl if b >= 0 && b < n as i64 => wrap(x << b),
        Prim::IsInt => a & 1,
        Prim::BothInt => a & b & 1,
        Prim::IsNull => (a == 0) as i64,
        Prim::WEq | Prim::IEq => (a == b) as i64,
        Prim::TLt if tagged => (a < b) as i64,
        Prim::TLe if tagged => (a <= b) as i64,
        Prim::ILt => (a < b) as i64,
        Prim::ULt => ((a as u64) < b as u64) as i64,
        Prim::Fits => fit(2 * x + 1).is_some() as i64,
        Prim::AddOvf if tagged => fit(x + y - 1).is_none() as i64,
        Prim::SubOvf if tagged => fit(x - y + 1).is_none() as i64,
        Prim::MulOvf if tagged => fit((x - 1) * (y >> 1)).is_none() as i64,
        _ => return None,
    })
}

fn all_facts() -> Vec<F> {
    let mut out: Vec<F> = Vec::new();
    for lo in F::MIN..=F::MAX {
        for hi in lo..=F::MAX {
            for zeros in [0, 1, 2, 3, 4, 8, 9] {
                for ones in [0, 1, 2, 5, 8] {
                    if let Some(f) = (Fact { lo, hi, zeros, ones }).norm()
                        && !out.contains(&f)
                    {
                        out.push(f)
                    }
                }
            }
        }
    }
    out
}
fn members(f: F) -> Vec<i64> {
    (F::MIN..=F::MAX).filter(|v| f.contains(*v)).collect()
}

#[test]
fn normal_form_loses_nothing() {
    for lo in F::MIN..=F::MAX {
        for hi in lo..=F::MAX {
            for zeros in 0..16 {
                for ones in 0..16 {
                    let raw: F = Fact { lo, hi, zeros, ones };
                    let all: Vec<i64> = members(raw);
                    match raw.norm() {
                        None => assert!(all.is_empty(), "{raw:?}"),
                        Some(f) => assert_eq!(members(f), all, "{raw:?}"),
                    }
                }
            }
        }
    }
}

#[test]
fn rules_hold() {
    let facts: Vec<(F, Vec<i64>)> = all_facts().into_iter().map(|f| (f, members(f))).collect();
    // A third of the pairs, another third for each primitive.
    let pairs = |p: Prim, i: usize, j: usize| (i * 31 + j + p as usize).is_multiple_of(3);
    for p in VALUES.into_iter().chain(CONDITIONS) {
        let condition = CONDITIONS.contains(&p);
        for (i, (fa, a)) in facts.iter().enumerate() {
            for (j, (fb, b)) in facts.iter().enumerate() {
                if !pairs(p, i, j) {
                    continue;
                }
                let r = transfer(p, *fa, *fb);
                let d = decide(p, *fa, *fb);
                let (yes, no) = (assume(p, true, *fa, *fb), assume(p, false, *fa, *fb));
                for &x in a {
                    for &y in b {
                        let Some(v) = model(p, x, y, N) else { continue };
                        if !condition {
                            assert!(r.contains(v), "{p:?} {x} {y} = {v}: {fa:?} {fb:?} -> {r:?}");
                            continue;
                        }
                        assert!(d.is_none() || d == Some(v != 0), "{p:?} {x} {y} = {v}: {fa:?} {fb:?} decided {d:?}");
                        let taken = if v != 0 { yes } else { no };
                        let ok = taken.is_some_and(|(g, h)| g.contains(x) && h.contains(y));
                        assert!(ok, "{p:?} {x} {y} = {v}: {fa:?} {fb:?} assumed {taken:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_model_is_what_primitives_compute() {
    let mut seed = 7u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let v = (seed ^ seed >> 29) as i64;
        match seed >> 61 {
            0 => v >> 60,
            1 => i64::MAX - (v & 7),
            2 => i64::MIN + (v & 7),
            3 => v >> 33,
            _ => v,
        }
    };
    for _ in 0..20_000 {
        let (x, y) = (next(), next());
        for p in VALUES.into_iter().chain(CONDITIONS) {
            for (a, b) in [(x, y), (x | 1, y | 1), (x, y & 63)] {
                if let Some(v) = model(p, a, b, 64) {
                    assert_eq!(exec_prim(p, a as u64, b as u64) as i64, v, "{p:?} {a} {b}");
                }
            }
        }
    }
}
