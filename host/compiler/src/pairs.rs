//! The part of validation that is about neighbours: instructions that trust what the one before them has pushed.

use crate::code::{CodeObject, Const, kind};
use crate::dis::decode;
use crate::validate::Invalid;
use taipan_abi::opcode::{F_JUMP, F_JUMP_BACK, Op, co};

/// Where control may arrive from elsewhere than the instruction before.
fn targets(code: &CodeObject, starts: &[bool]) -> Vec<bool> {
    let mut at_target = vec![false; starts.len()];
    for at in (0..starts.len()).filter(|at| starts[*at]) {
        let Some((op, arg)) = decode(code.code[at]) else { continue };
        let (end, flags) = (at + op.words(), op.info().flags);
        let to = if flags & F_JUMP != 0 {
            Some(end + arg as usize)
        } else if flags & F_JUMP_BACK != 0 {
            end.checked_sub(arg as usize)
        } else {
            None
        };
        if let Some(t) = to.and_then(|t| at_target.get_mut(t)) {
            *t = true;
        }
    }
    for e in code.exception_entries() {
        if let Some(t) = at_target.get_mut(e.target as usize) {
            *t = true;
        }
    }
    at_target
}

/// A function is made of a code constant and gets its closure at once; the names of keyword arguments and of a
/// class pattern's attributes are a constant tuple of texts.
pub(crate) fn check(code: &CodeObject, starts: &[bool]) -> Result<(), Invalid> {
    let bad = |msg: &str, at: usize| Err(Invalid(format!("{msg} at {at}")));
    if code.flags & co::HAS_DOCSTRING != 0 && !matches!(code.consts.first(), Some(Const::Str(_))) {
        return bad("no docstring", 0);
    }
    let at_target = targets(code, starts);
    let mut previous: Option<(Op, u32)> = None;
    // The function just made still lacks its closure.
    let mut open = false;
    for at in (0..starts.len()).filter(|at| starts[*at]) {
        let Some((op, arg)) = decode(code.code[at]) else { return bad("no opcode", at) };
        let before = previous.filter(|_| !at_target[at]);
        let constant = match before {
            Some((Op::LOAD_CONST, i)) => code.consts.get(i as usize),
            _ => None,
        };
        match op {
            Op::MAKE_FUNCTION => match constant {
                Some(Const::Code(c)) => open = c.localspluskinds.iter().any(|k| k & kind::FREE != 0),
                _ => return bad("a function of no code", at),
            },
            Op::SET_FUNCTION_ATTRIBUTE => {
                if !matches!(before, Some((Op::MAKE_FUNCTION | Op::SET_FUNCTION_ATTRIBUTE, _))) {
                    return bad("an attribute of no function", at);
                }
                open &= arg != 8;
            }
            _ if open => return bad("a function without its closure", at),
            Op::CALL_KW | Op::MATCH_CLASS => match constant {
                Some(Const::Tuple(names))
                    if (op == Op::MATCH_CLASS || names.len() <= arg as usize)
                        && names.iter().all(|n| matches!(n, Const::Str(_))) => {}
                _ => return bad("no names of keyword arguments or attributes", at),
            },
            _ => {}
        }
        previous = Some((op, arg));
    }
    Ok(())
}
