//! Random units with objects, calls and syncs: machine code against the interpreter of traces, on real memory.

mod common;
use common::objects::*;
use common::*;
use taipan_abi::thread::Frame;
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::memory::IrBackend;
use taipan_jit_ir::*;

/// Everything that is to be the same.
fn outcome(world: &World, left: Left, u: &Unit, roots: &[u64]) -> String {
    let mut words = roots.to_vec();
    let mut rest = String::new();
    for (bits, r) in world.values.iter().zip(u.live(left.exit)) {
        if u.kind(r) == Some(Kind::W) {
            words.push(*bits);
        } else {
            rest.push_str(&format!(" {bits:x}"));
        }
    }
    words.extend((0..40).map(|i| world.at(i).0));
    let bottom = world.frames[1].base;
    for f in &world.frames[1..4] {
        let f: &Frame = f;
        words.push(f.saved_handled.0);
        if !f.base.is_null() {
            // SAFETY: both on the test's value stack.
            let (base, sp) = unsafe { (f.base.offset_from(bottom), f.sp.offset_from(bottom)) };
            rest.push_str(&format!(
                "; {:?} {base} {} {} {}",
                f.ip,
                if f.sp.is_null() { 0 } else { sp },
                f.cont,
                f.flags
            ));
        }
    }
    format!("{left:?}{rest}\n{}", describe(&words))
}

#[test]
fn random_units_with_objects() {
    let f = Fields::new();
    let (mut world, mut be, mut oracle) = (World::new(), backend(), IrBackend::new());
    let code = &raw mut *world.code;
    let mut exits = std::collections::HashMap::<u32, u32>::new();
    let seeds = std::env::var("TAIPAN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300u64);
    for seed in 1..=seeds {
        let mut r = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let u = unit(&mut r, &f, code);
        be.compile(1, &u).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        oracle.compile(1, &u).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for input in 0..4 {
            let roots = prepare(&mut world, seed * 8 + input);
            let left = world.run(&mut be, 1);
            let got = outcome(&world, left, &u, &roots);
            *exits.entry(left.exit).or_default() += 1;
            let roots = prepare(&mut world, seed * 8 + input);
            let (th, base) = (&raw mut *world.th, world.base());
            // SAFETY: the unit was made for this thread.
            let left = unsafe { oracle.run(1, th, base, &mut world.values) };
            let want = outcome(&world, left, &u, &roots);
            assert!(got == want, "seed {seed}, input {input}\n{got}\n--- should be\n{want}");
        }
    }
    assert!(exits.len() > 5, "{exits:?}");
}
