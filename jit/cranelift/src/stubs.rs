//! Code that every unit uses: the way in, the way out, and slow paths.
//!
//! A slow path called as an ordinary function would make the register allocator spill around a call that hardly ever happens (all float
//! registers in particular). So the slow paths are functions that preserve every register, and units' code calls them from cold blocks.

use crate::memory::{Memory, Piece};
use crate::run::{Cell, Run};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, UserFuncName, Value};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use taipan_abi::gc::{CollectKind, GC_CARDS, GC_LISTED, GcThread};
use taipan_abi::thread::Thread;
use taipan_abi::word::W;

/// `fn(code, thread, base, run, fourth)`: calls a unit from Rust.
pub type Enter = unsafe extern "C-unwind" fn(usize, *mut Thread, *mut W, *mut Run, u64) -> *const Cell;

/// Addresses of the stubs.
pub struct Stubs {
    pub enter: Enter,
    /// Target of an exit without a bridge: answers the cell.
    pub leave: usize,
    /// `fn(thread, base, run, bytes << 32 | tid)`, preserves all; the object, or NULL, is in `Run::fresh`.
    pub alloc: usize,
    /// The same, but never NULL.
    pub alloc_or_abort: usize,
    /// `fn(thread, base, run, object, slot)`, preserves all.
    pub barrier: usize,
    _pieces: Vec<Piece>,
}

/// The convention between units: thread, base, run, and a word that depends on how it is entered; answers a cell.
pub fn unit_signature() -> Signature {
    signature(CallConv::Tail, 4, true)
}

/// The convention of slow paths. They begin with a unit's own arguments, which then can stay in the registers that they came in.
pub fn slow_signature(args: usize) -> Signature {
    signature(CallConv::PreserveAll, args, false)
}

fn signature(conv: CallConv, args: usize, answers: bool) -> Signature {
    let mut s = Signature::new(conv);
    s.params = vec![AbiParam::new(I64); args];
    if answers {
        s.returns.push(AbiParam::new(I64));
    }
    s
}

impl Stubs {
    pub fn new(isa: &dyn TargetIsa, memory: &mut Memory) -> Result<Stubs, String> {
        let mut pieces = Vec::new();
        let c = isa.default_call_conv();
        let mut make = |sig: Signature, body: &dyn Fn(&mut FunctionBuilder, Vec<Value>)| -> Result<usize, String> {
            let mut ctx = Context::for_function(Function::with_name_signature(UserFuncName::default(), sig));
            let mut fctx = FunctionBuilderContext::new();
            let mut b = FunctionBuilder::new(&mut ctx.func, &mut fctx);
            let block = b.create_block();
            b.append_block_params_for_function_params(block);
            b.switch_to_block(block);
            let args = b.block_params(block).to_vec();
            body(&mut b, args);
            b.seal_all_blocks();
            b.finalize(isa.frontend_config());
            let code = ctx.compile(isa, &mut ControlPlane::default()).map_err(|e| format!("{:?}", e.inner))?;
            let piece = memory.place(code.code_buffer())?;
            let at = piece.address();
            pieces.push(piece);
            Ok(at)
        };
        let enter = make(signature(c, 5, true), &|b, args| {
            let sig = b.import_signature(unit_signature());
            let call = b.ins().call_indirect(sig, args[0], &args[1..]);
            let cell = b.inst_results(call)[0];
            b.ins().return_(&[cell]);
        })?;
        let leave = make(unit_signature(), &|b, args| {
            b.ins().return_(&[args[3]]);
        })?;
        let slow = |b: &mut FunctionBuilder, f: usize, args: &[Value]| {
            let sig = b.import_signature(signature(c, args.len(), false));
            let f = b.ins().iconst(I64, f as i64);
            b.ins().call_indirect(sig, f, args);
            b.ins().return_(&[]);
        };
        let alloc = make(slow_signature(4), &|b, args| {
            slow(b, alloc_slow as *const () as usize, &[args[0], args[2], args[3]])
        })?;
        let alloc_or_abort = make(slow_signature(4), &|b, args| {
            slow(b, alloc_or_abort as *const () as usize, &[args[0], args[2], args[3]])
        })?;
        let barrier = make(slow_signature(5), &|b, args| {
            slow(b, barrier_slow as *const () as usize, &[args[0], args[3], args[4]])
        })?;
        // SAFETY: the function was compiled with this signature.
        let enter = unsafe { std::mem::transmute::<usize, Enter>(enter) };
        Ok(Stubs { enter, leave, alloc, alloc_or_abort, barrier, _pieces: pieces })
    }
}

/// `mode::alloc` where the bump interval is used up. NULL only if a full collection has not helped either; nothing is raised.
unsafe extern "C-unwind" fn alloc_slow(th: *mut Thread, run: *mut Run, what: u64) {
    let (bytes, tid) = ((what >> 32) as usize, what as u32);
    let gc = &*(*th).gcvt;
    let t = th as *mut GcThread;
    let mut p = (gc.alloc_slow)(t, bytes, tid);
    if p.is_null() {
        (gc.collect)(t, CollectKind::Full as u32);
        p = (gc.alloc_slow)(t, bytes, tid);
    }
    (*run).fresh = p as u64;
}

/// The same where no exit has been passed from which the unit could be left.
unsafe extern "C-unwind" fn alloc_or_abort(th: *mut Thread, run: *mut Run, what: u64) {
    alloc_slow(th, run, what);
    if (*run).fresh == 0 {
        eprintln!("taipan: out of memory in compiled code");
        std::process::abort();
    }
}

/// The slow part of `mode::barrier`.
unsafe extern "C-unwind" fn barrier_slow(th: *mut Thread, obj: W, slot: *mut W) {
    let t = th as *mut GcThread;
    let gc = obj.header().gc;
    if gc & GC_CARDS == 0 {
        ((*(*th).gcvt).wb_slow)(t, obj.ptr())
    } else if gc & GC_LISTED != 0 {
        *(((slot as usize >> (*t).card_shift).wrapping_add((*t).card_bias)) as *mut u8) = 1
    } else {
        ((*(*th).gcvt).wb_slot)(t, obj.ptr(), slot)
    }
}
