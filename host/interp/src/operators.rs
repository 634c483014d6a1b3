//! Which operator an instruction means.

use taipan_abi::opcode::{BinOp, CmpOp, Op};

/// Operator and in-place flag of a binary instruction.
#[inline]
pub fn binop_of(ins: u32) -> (BinOp, bool) {
    let (op, arg) = (ins as u8, ins >> 8);
    let (n, inplace) = if op == Op::BINARY_OP as u8 {
        ((arg & 0x7f) as u8, arg >> 7 != 0)
    } else {
        (op - Op::BINARY_ADD as u8, arg != 0)
    };
    // SAFETY: the compiler and the bytecode check only let operators through.
    (unsafe { std::mem::transmute::<u8, BinOp>(n.min(BinOp::MatMul as u8)) }, inplace)
}

/// The comparison of a COMPARE instruction.
#[inline]
pub fn cmpop_of(ins: u32) -> CmpOp {
    // SAFETY: only called for the six COMPARE opcodes.
    unsafe { std::mem::transmute::<u8, CmpOp>((ins as u8 - Op::COMPARE_LT as u8).min(5)) }
}
