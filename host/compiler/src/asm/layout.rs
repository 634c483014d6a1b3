//! The order of blocks, and the words.

use super::cfg::{Block, Cfg, jump_to};
use super::{Instr, Kind, NONE, Seq, flow, optimize};
use crate::code::{Const, ExceptionEntry, push_exception_entry};
use crate::error::{ErrorKind, Result, SyntaxError};
use crate::linetable::{NO_LOC, Writer};
use taipan_abi::opcode::{Op, SMALL_INT_BIAS, encode};

/// What the assembler makes.
pub struct Assembled {
    /// The words.
    pub code: Vec<u32>,
    /// The constants that are used.
    pub consts: Vec<Const>,
    /// Greatest depth of the stack.
    pub stacksize: u32,
    /// Number of cache slots.
    pub ncaches: u32,
    /// Location table.
    pub linetable: Vec<u8>,
    /// Exception table.
    pub exceptiontable: Vec<u8>,
}

/// The facts about locals that the assembler needs.
pub struct Locals<'a> {
    /// Locals that are not cells or free variables, parameters included.
    pub nlocals: usize,
    /// Parameters.
    pub params: usize,
    /// The place of each cell, then of each free variable.
    pub deref: &'a [u32],
}

/// Assembles a sequence. A docstring is the first constant.
pub fn assemble(seq: Seq, locals: Locals, docstring: Option<Const>, firstlineno: i32) -> Result<Assembled> {
    seq.check()?;
    let internal = |e: String| SyntaxError::other(ErrorKind::Value, format!("internal compiler error: {e}"));
    let mut cfg = Cfg::build(seq);
    optimize::optimize(&mut cfg);
    flow::check_unbound(&mut cfg, locals.nlocals, locals.params);
    let (stacksize, depths) = flow::stack_depths(&mut cfg).map_err(internal)?;
    let position: Vec<usize> = positions(&cfg);
    cold_last(&mut cfg);
    optimize::remove_needless_jumps(&mut cfg);
    optimize::remove_nops(&mut cfg);
    normalize(&mut cfg, &position);
    for b in &mut cfg.blocks {
        for i in &mut b.instrs {
            if i.kind == Kind::Deref {
                i.arg = locals.deref[i.arg as usize];
            }
        }
        b.instrs.retain(|i| i.kind != Kind::Setup);
        combine(b);
    }
    write(&cfg, &depths, stacksize, docstring, firstlineno)
}

fn positions(cfg: &Cfg) -> Vec<usize> {
    let mut position = vec![usize::MAX; cfg.blocks.len()];
    for (k, &b) in cfg.order.iter().enumerate() {
        position[b] = k;
    }
    position
}

/// Code that runs only after an exception goes to the end.
fn cold_last(cfg: &mut Cfg) {
    cfg.mark(false);
    let warm = |b: &usize, cfg: &Cfg| cfg.blocks[*b].reachable;
    if cfg.order.iter().all(|b| warm(b, cfg)) {
        return;
    }
    let next = cfg.nexts();
    // A fall-through between the two parts becomes a jump.
    for b in cfg.order.clone() {
        if let Some(n) = next[b]
            && cfg.blocks[b].falls_through()
            && warm(&b, cfg) != warm(&n, cfg)
        {
            let nowhere = Instr { op: Op::NOP, arg: 0, kind: Kind::Plain, target: NONE, handler: NONE, loc: NO_LOC };
            let last = cfg.blocks[b].instrs.last().copied().unwrap_or(nowhere);
            if !last.is_jump() {
                cfg.blocks[b].instrs.push(jump_to(n, &last));
                continue;
            }
            // A conditional jump must stay the last of its block: the jump gets a block of its own.
            let reachable = cfg.blocks[b].reachable;
            cfg.blocks.push(Block { instrs: vec![jump_to(n, &Instr { handler: NONE, ..last })], reachable });
            let id = cfg.blocks.len() - 1;
            let at = cfg.order.iter().position(|x| *x == b).expect("it is laid out");
            cfg.order.insert(at + 1, id);
        }
    }
    let (hot, cold): (Vec<usize>, Vec<usize>) = cfg.order.iter().partition(|b| cfg.blocks[**b].reachable);
    cfg.order = hot;
    cfg.order.extend(cold);
}

/// Gives jumps their direction. `before`: the blocks' places before the cold ones were moved; only what jumped back
/// then is a loop.
fn normalize(cfg: &mut Cfg, before: &[usize]) {
    let mut k = 0;
    let mut now = vec![usize::MAX; cfg.blocks.len()];
    for (place, &b) in cfg.order.iter().enumerate() {
        now[b] = place;
    }
    let old = |b: usize| before.get(b).copied().unwrap_or(usize::MAX);
    while k < cfg.order.len() {
        let b = cfg.order[k];
        k += 1;
        let Some(last) = cfg.blocks[b].instrs.last().copied() else { continue };
        if !last.is_jump() {
            continue;
        }
        let target = last.target as usize;
        let backward = now[target] <= now[b];
        if !backward {
            if last.op == Op::JUMP_BACKWARD_NO_INTERRUPT {
                cfg.blocks[b].instrs.last_mut().expect("seen").op = Op::JUMP_FORWARD;
            }
            continue;
        }
        let is_loop = old(target) <= old(b);
        let op = if is_loop { Op::JUMP_BACKWARD } else { Op::JUMP_BACKWARD_NO_INTERRUPT };
        let inverse = match last.op {
            Op::JUMP_FORWARD => {
                cfg.blocks[b].instrs.last_mut().expect("seen").op = op;
                continue;
            }
            Op::POP_JUMP_IF_FALSE => Op::POP_JUMP_IF_TRUE,
            Op::POP_JUMP_IF_TRUE => Op::POP_JUMP_IF_FALSE,
            Op::POP_JUMP_IF_NONE => Op::POP_JUMP_IF_NOT_NONE,
            Op::POP_JUMP_IF_NOT_NONE => Op::POP_JUMP_IF_NONE,
            _ => continue,
        };
        // The condition jumps over a jump back.
        let Some(&after) = cfg.order.get(k) else { continue };
        let mut back = jump_to(target, &last);
        back.op = op;
        cfg.blocks.push(Block { instrs: vec![back], reachable: true });
        let id = cfg.blocks.len() - 1;
        now.push(now[b]);
        cfg.order.insert(k, id);
        let jump = cfg.blocks[b].instrs.last_mut().expect("seen");
        jump.op = inverse;
        jump.target = after as u32;
        k += 1;
    }
}

/// Pairs of accesses to locals become one instruction.
fn combine(block: &mut Block) {
    let mut out: Vec<Instr> = Vec::with_capacity(block.instrs.len());
    // The last of `out` can still be the first of a pair.
    let mut open = false;
    for i in block.instrs.drain(..) {
        if open && let Some(last) = out.last_mut() {
            let same_line = last.loc.lineno == i.loc.lineno || last.loc.lineno < 0 || i.loc.lineno < 0;
            let small = last.arg < 1 << 12 && i.arg < 1 << 12;
            let op = match (last.op, i.op) {
                (Op::LOAD_FAST, Op::LOAD_FAST) => Some(Op::LOAD_FAST_LOAD_FAST),
                (Op::STORE_FAST, Op::LOAD_FAST) => Some(Op::STORE_FAST_LOAD_FAST),
                (Op::STORE_FAST, Op::STORE_FAST) => Some(Op::STORE_FAST_STORE_FAST),
                _ => None,
            };
            if let Some(op) = op
                && same_line
                && small
                && last.handler == i.handler
            {
                last.op = op;
                last.arg |= i.arg << 12;
                open = false;
                continue;
            }
        }
        open = matches!(i.op, Op::LOAD_FAST | Op::STORE_FAST) && i.kind != Kind::Const;
        out.push(i);
    }
    block.instrs = out;
}

fn write(cfg: &Cfg, depths: &[u32], stacksize: u32, docstring: Option<Const>, firstlineno: i32) -> Result<Assembled> {
    let mut start = vec![0u32; cfg.blocks.len()];
    let mut words = 0;
    for &b in &cfg.order {
        start[b] = words;
        words += cfg.blocks[b].instrs.iter().map(|i| i.op.words() as u32).sum::<u32>();
    }
    if words >= 1 << 24 {
        return Err(SyntaxError::other(ErrorKind::Overflow, "code is too long"));
    }
    let mut code: Vec<u32> = Vec::with_capacity(words as usize);
    let mut consts = Vec::new();
    let mut const_index = std::collections::HashMap::new();
    consts.extend(docstring);
    let mut ncaches = 0;
    let mut lines = Writer::new(firstlineno);
    let mut table = Vec::new();
    let mut open: Option<(u32, u32)> = None;
    // Consecutive instructions from the same place share an entry.
    let mut place: Option<(crate::linetable::Loc, u32)> = None;
    for &b in &cfg.order {
        for i in &cfg.blocks[b].instrs {
            let at = code.len() as u32;
            if open.is_some_and(|(h, _)| h != i.handler) || open.is_none() {
                close(cfg, depths, &start, open, at, &mut table);
                open = Some((i.handler, at));
            }
            let end = at + i.op.words() as u32;
            let (op, arg) = match i.kind {
                Kind::Const => match cfg.pool.get(i.arg) {
                    Const::None => (Op::LOAD_NONE, 0),
                    Const::True => (Op::LOAD_TRUE, 0),
                    Const::False => (Op::LOAD_FALSE, 0),
                    Const::Int(n) if (-SMALL_INT_BIAS..SMALL_INT_BIAS).contains(n) => {
                        (Op::LOAD_SMALL_INT, (n + SMALL_INT_BIAS) as u32)
                    }
                    c => {
                        let next = consts.len() as u32;
                        let k = *const_index.entry(i.arg).or_insert_with(|| match consts.first() == Some(c) {
                            true => 0,
                            false => {
                                consts.push(c.clone());
                                next
                            }
                        });
                        (Op::LOAD_CONST, k)
                    }
                },
                _ if i.is_jump() => {
                    let to = start[i.target as usize];
                    (i.op, to.abs_diff(end))
                }
                _ => (i.op, i.arg),
            };
            code.push(encode(op, arg));
            if op.has_cache() {
                code.push(ncaches);
                ncaches += 1;
            }
            place = match place {
                Some((loc, n)) if loc == i.loc => Some((loc, n + end - at)),
                other => {
                    if let Some((loc, n)) = other {
                        lines.add(loc, n);
                    }
                    Some((i.loc, end - at))
                }
            };
        }
    }
    if let Some((loc, n)) = place {
        lines.add(loc, n);
    }
    close(cfg, depths, &start, open, code.len() as u32, &mut table);
    Ok(Assembled { code, consts, stacksize, ncaches, linetable: lines.finish(), exceptiontable: table })
}

fn close(cfg: &Cfg, depths: &[u32], start: &[u32], open: Option<(u32, u32)>, end: u32, table: &mut Vec<u8>) {
    if let Some((handler, from)) = open
        && handler != NONE
        && from < end
    {
        let h = cfg.handlers[handler as usize];
        let target = start[h.target as usize];
        let depth = depths[handler as usize];
        push_exception_entry(table, ExceptionEntry { start: from, end, target, depth, push_lasti: h.push_lasti });
    }
}
