//! Everything can be compiled for the other machine, and passes Cranelift's verifier; nothing is run.

mod common;
use common::units::*;
use common::*;
use taipan_abi::mode::{PRIM_NAMES, Prim};
use taipan_jit_cranelift::{Bridge, Cranelift, Options};
use taipan_jit_ir::backend::Backend;
use taipan_jit_ir::*;

#[test]
fn all_for_aarch64() {
    let options = Options { verify: true, listing: true, target: Some("aarch64-unknown-linux-gnu"), hot_bridge: 5 };
    let mut be = Cranelift::new(options).unwrap();
    for n in 0..PRIM_NAMES.len() as u16 {
        // SAFETY: Prim is repr(u16), its numbers are those of the names.
        let p = unsafe { std::mem::transmute::<u16, Prim>(n) };
        let (args, ret) = prim_signature(p);
        let guards: &[_] = if ret == Kind::B { &[None, Some(true), Some(false)] } else { &[None] };
        for guard in guards {
            for bits in [1, 3, 8, 0xffff_ffff_ffff_fff5, 0x1234_5678_9abc_def1] {
                let bits = if args[0] == Kind::B { bits & 1 } else { bits };
                for (a, b) in [(None, None), (Some(bits), None), (None, Some(bits))] {
                    be.compile(1, &unit(p, a, b, *guard)).unwrap_or_else(|e| panic!("{p:?}: {e}"));
                }
            }
        }
    }
    for u in [counting(), floats(), objects()] {
        let mut b = Build::new();
        let w = b.param(0, Kind::W);
        let exit = b.exit(&[(0, w)]);
        let bridge = b.end(End::Jump { target: 2, exit });
        be.compile_tree(2, &u, &[Bridge { parent: 2, exit: 1, number: 3, unit: &bridge }]).unwrap();
        assert!(be.listing(2).is_some());
    }
}
