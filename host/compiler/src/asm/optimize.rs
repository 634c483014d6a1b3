//! Simplification of the flow graph: constant conditions, chains of jumps, dead code, needless jumps and NOPs.

use super::cfg::{BlockId, Cfg};
use super::{Kind, NONE};
use crate::linetable::NO_LOC;
use taipan_abi::opcode::Op;

/// Exit blocks up to this size are copied to where they are jumped to.
const SMALL_EXIT: usize = 4;

pub fn optimize(cfg: &mut Cfg) {
    constant_jumps(cfg);
    cfg.remove_unreachable();
    // Each round makes other simplifications possible; a few are enough in practice.
    for _ in 0..3 {
        let mut changed = thread_jumps(cfg);
        changed |= inline_exits(cfg);
        cfg.remove_unreachable();
        changed |= remove_needless_jumps(cfg);
        if !changed {
            break;
        }
    }
    remove_nops(cfg);
    while remove_needless_jumps(cfg) {
        remove_nops(cfg);
    }
    // Handlers of nothing.
    cfg.remove_unreachable();
    duplicate_exits(cfg);
    cfg.remove_unreachable();
    propagate_lines(cfg);
}

/// Each conditional jump to a shared end without a line gets an end of its own, which can have its line.
fn duplicate_exits(cfg: &mut Cfg) {
    let mut predecessors = cfg.predecessors();
    let next = cfg.nexts();
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        let Some(last) = cfg.blocks[b].instrs.last().copied() else { continue };
        if !last.is_jump() || last.target == NONE || last.kind != Kind::Plain || last.loc.lineno < 0 {
            continue;
        }
        let first = last.target as BlockId;
        let mut target = first;
        while let Some(n) = next.get(target).copied().flatten()
            && cfg.blocks[target].instrs.is_empty()
        {
            target = n;
        }
        let exit = &cfg.blocks[target].instrs;
        let leaves = exit.last().is_some_and(|end| end.is_stop() && !end.is_jump());
        let plain = exit.iter().all(|i| i.loc.lineno == -1 && i.kind != Kind::Setup);
        if target == first && predecessors[target] < 2 || !leaves || !plain || exit.len() > SMALL_EXIT {
            continue;
        }
        let copy = cfg.blocks[target].clone();
        let new = cfg.blocks.len();
        cfg.blocks.push(copy);
        cfg.order.push(new);
        predecessors[first] = predecessors[first].saturating_sub(1);
        cfg.blocks[b].instrs.last_mut().expect("seen above").target = new as u32;
    }
}

/// A constant that is tested at once.
fn constant_jumps(cfg: &mut Cfg) {
    let Cfg { blocks, pool, .. } = cfg;
    for block in blocks {
        let Some(at) = block.instrs.len().checked_sub(2) else { continue };
        if block.instrs[at].kind != Kind::Const {
            continue;
        }
        let c = pool.get(block.instrs[at].arg);
        let is_none = *c == crate::code::Const::None;
        let (jumps, keeps) = match block.instrs[at + 1].op {
            Op::POP_JUMP_IF_FALSE => (!c.truth(), false),
            Op::POP_JUMP_IF_TRUE => (c.truth(), false),
            Op::POP_JUMP_IF_NONE => (is_none, false),
            Op::POP_JUMP_IF_NOT_NONE => (!is_none, false),
            Op::JUMP_IF_FALSE_OR_POP => (!c.truth(), true),
            Op::JUMP_IF_TRUE_OR_POP => (c.truth(), true),
            _ => continue,
        };
        if !(jumps && keeps) {
            block.instrs[at].set_nop();
        }
        if jumps {
            block.instrs[at + 1].op = Op::JUMP_FORWARD;
        } else {
            block.instrs[at + 1].set_nop();
        }
    }
}

/// A jump to a jump goes to where that one goes.
fn thread_jumps(cfg: &mut Cfg) -> bool {
    let next = cfg.nexts();
    let mut changed = false;
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        let Some(mut last) = cfg.blocks[b].instrs.last().copied() else { continue };
        if !last.is_jump() || matches!(last.op, Op::FOR_ITER | Op::SEND) {
            continue;
        }
        for _ in 0..8 {
            let mut at = last.target as usize;
            // Blocks of nothing pass control on.
            while cfg.blocks[at].instrs.is_empty()
                && let Some(n) = next[at]
            {
                at = n;
            }
            let Some(target) = cfg.blocks[at].first_real().copied() else { break };
            let only_nops_before = cfg.blocks[at].instrs.iter().take_while(|i| i.is_nop()).all(|i| i.loc.lineno < 0);
            if !target.is_jump() || target.target as usize == at || !only_nops_before {
                break;
            }
            let new_op = match (last.op, target.op) {
                (op, Op::JUMP_FORWARD) if is_pop_jump(op) => op,
                (Op::JUMP_FORWARD, Op::JUMP_FORWARD) => last.op,
                (op @ (Op::JUMP_IF_FALSE_OR_POP | Op::JUMP_IF_TRUE_OR_POP), other) if op == other => op,
                (Op::JUMP_IF_FALSE_OR_POP, Op::POP_JUMP_IF_FALSE) => Op::POP_JUMP_IF_FALSE,
                (Op::JUMP_IF_TRUE_OR_POP, Op::POP_JUMP_IF_TRUE) => Op::POP_JUMP_IF_TRUE,
                _ => break,
            };
            if (last.op, last.target) == (new_op, target.target) {
                break;
            }
            last.op = new_op;
            last.target = target.target;
            changed = true;
        }
        *cfg.blocks[b].instrs.last_mut().expect("seen above") = last;
    }
    changed
}

fn is_pop_jump(op: Op) -> bool {
    matches!(op, Op::POP_JUMP_IF_FALSE | Op::POP_JUMP_IF_TRUE | Op::POP_JUMP_IF_NONE | Op::POP_JUMP_IF_NOT_NONE)
}

/// Copies short blocks that leave the code, and such without a line, to the jumps that lead to them: saves the jump, and lets
/// each copy have the line of what came before.
fn inline_exits(cfg: &mut Cfg) -> bool {
    let mut changed = false;
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        let Some(last) = cfg.blocks[b].instrs.last().copied() else { continue };
        if last.op != Op::JUMP_FORWARD || last.kind != Kind::Plain {
            continue;
        }
        let target = last.target as BlockId;
        let exit = &cfg.blocks[target];
        let Some(end) = exit.instrs.last() else { continue };
        let small = exit.instrs.len() <= SMALL_EXIT;
        let no_line = exit.instrs.iter().all(|i| i.loc.lineno < 0);
        let leaves = end.is_stop() && !end.is_jump();
        let has_setup = exit.instrs.iter().any(|i| i.kind == Kind::Setup);
        if target == b || !leaves || has_setup || !(small || no_line && exit.instrs.len() < 16) {
            continue;
        }
        let copy = exit.instrs.clone();
        let block = &mut cfg.blocks[b].instrs;
        block.last_mut().expect("seen above").set_nop();
        block.extend(copy);
        changed = true;
    }
    changed
}

/// A jump to the block that follows anyway.
pub fn remove_needless_jumps(cfg: &mut Cfg) -> bool {
    let next = cfg.nexts();
    let mut changed = false;
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        let Some(last) = cfg.blocks[b].instrs.last().copied() else { continue };
        if last.op != Op::JUMP_FORWARD || last.kind != Kind::Plain {
            continue;
        }
        let mut n = next[b];
        while let Some(at) = n
            && at != last.target as usize
            && cfg.blocks[at].instrs.is_empty()
        {
            n = next[at];
        }
        if n == Some(last.target as usize) {
            cfg.blocks[b].instrs.last_mut().expect("seen above").set_nop();
            changed = true;
        }
    }
    changed
}

/// NOPs stay only where a line would have no instruction without them.
pub fn remove_nops(cfg: &mut Cfg) {
    let next = cfg.nexts();
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        if !cfg.blocks[b].instrs.iter().any(|i| i.is_nop()) {
            continue;
        }
        let mut instrs = std::mem::take(&mut cfg.blocks[b].instrs);
        let mut kept = Vec::with_capacity(instrs.len());
        let mut previous_line = -1;
        for i in 0..instrs.len() {
            let instr = instrs[i];
            let line = instr.loc.lineno;
            if instr.is_nop() {
                if line < 0 || line == previous_line {
                    continue;
                }
                match instrs[i + 1..].iter_mut().find(|n| n.kind != Kind::Setup) {
                    Some(n) if n.loc.lineno == line => continue,
                    Some(n) if n.loc.lineno < 0 => {
                        n.loc = instr.loc;
                        continue;
                    }
                    None => {
                        let mut at = next[b];
                        while let Some(n) = at
                            && cfg.blocks[n].instrs.is_empty()
                        {
                            at = next[n];
                        }
                        let follows = at.and_then(|n| cfg.blocks[n].instrs.first());
                        if follows.is_some_and(|n| n.loc.lineno == line) {
                            continue;
                        }
                    }
                    _ => {}
                }
            }
            previous_line = line;
            kept.push(instr);
        }
        cfg.blocks[b].instrs = kept;
    }
}

/// Instructions without a place get that of what runs before them, where that is unambiguous.
fn propagate_lines(cfg: &mut Cfg) {
    let predecessors = cfg.predecessors();
    let next = cfg.nexts();
    for k in 0..cfg.order.len() {
        let b = cfg.order[k];
        let mut loc = NO_LOC;
        for i in &mut cfg.blocks[b].instrs {
            if i.loc.lineno < 0 && i.loc.lineno != ARTIFICIAL {
                i.loc = loc;
            } else if i.loc.lineno >= 0 {
                loc = i.loc;
            }
        }
        let Some(last) = cfg.blocks[b].instrs.last().copied() else { continue };
        let mut pass_on = |to: usize| {
            if predecessors[to] == 1
                && let Some(first) = cfg.blocks[to].instrs.first_mut()
                && first.loc.lineno == -1
            {
                first.loc = loc;
            }
        };
        if !last.is_stop()
            && let Some(n) = next[b]
        {
            pass_on(n);
        }
        if last.is_jump() && last.target != NONE {
            pass_on(last.target as usize);
        }
    }
}

/// A line number of instructions that must stay without a place.
pub const ARTIFICIAL: i32 = -2;
