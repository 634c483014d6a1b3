//! What flows along the graph: which locals may be unbound, and how deep the stack is.

use super::cfg::{BlockId, Cfg};
use super::{Kind, NONE};
use taipan_abi::opcode::Op;

/// A set of locals.
#[derive(Clone, PartialEq)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(n: usize, full: bool) -> Bits {
        Bits(vec![if full { !0 } else { 0 }; n.div_ceil(64)])
    }
    fn get(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|w| w >> (i % 64) & 1 != 0)
    }
    fn set(&mut self, i: usize, on: bool) {
        if let Some(w) = self.0.get_mut(i / 64) {
            *w = *w & !(1 << (i % 64)) | (on as u64) << (i % 64);
        }
    }
    /// Adds the other's members; tells whether there were new ones.
    fn union(&mut self, other: &Bits) -> bool {
        let mut new = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            new |= *b & !*a != 0;
            *a |= *b;
        }
        new
    }
}

/// Turns loads of locals that may be unbound into LOAD_FAST_CHECK. The first `params` of `nlocals` are bound at entry.
pub fn check_unbound(cfg: &mut Cfg, nlocals: usize, params: usize) {
    if nlocals == 0 {
        return;
    }
    let next = cfg.nexts();
    let mut entry: Vec<Option<Bits>> = vec![None; cfg.blocks.len()];
    let mut start = Bits::new(nlocals, true);
    (0..params).for_each(|i| start.set(i, false));
    let first = cfg.order[0];
    entry[first] = Some(start);
    let mut todo = vec![first];
    while let Some(b) = todo.pop() {
        let mut unbound = entry[b].clone().expect("queued with a state");
        let mut flows: Vec<(BlockId, Bits)> = Vec::new();
        let (mut handler, mut dirty) = (NONE, true);
        for i in &cfg.blocks[b].instrs {
            if i.handler != NONE && i.kind != Kind::Setup && (dirty || i.handler != handler) {
                flows.push((cfg.handlers[i.handler as usize].target as usize, unbound.clone()));
                (handler, dirty) = (i.handler, false);
            }
            if i.kind == Kind::Plain {
                match i.op {
                    Op::STORE_FAST | Op::LOAD_FAST | Op::LOAD_FAST_CHECK => {
                        unbound.set(i.arg as usize, false);
                    }
                    Op::DELETE_FAST | Op::LOAD_FAST_AND_CLEAR | Op::STORE_FAST_MAYBE_NULL => {
                        dirty = true;
                        unbound.set(i.arg as usize, true);
                    }
                    _ => {}
                }
            }
            if i.is_jump() {
                flows.push((i.target as usize, unbound.clone()));
            }
        }
        if cfg.blocks[b].falls_through()
            && let Some(n) = next[b]
        {
            flows.push((n, unbound));
        }
        for (to, state) in flows {
            let changed = match &mut entry[to] {
                Some(old) => old.union(&state),
                none => {
                    *none = Some(state);
                    true
                }
            };
            if changed && !todo.contains(&to) {
                todo.push(to);
            }
        }
    }
    for (block, state) in cfg.blocks.iter_mut().zip(entry) {
        let Some(mut unbound) = state else { continue };
        for i in &mut block.instrs {
            if i.kind != Kind::Plain {
                continue;
            }
            match i.op {
                Op::LOAD_FAST | Op::LOAD_FAST_CHECK => {
                    i.op = if unbound.get(i.arg as usize) { Op::LOAD_FAST_CHECK } else { Op::LOAD_FAST };
                    unbound.set(i.arg as usize, false);
                }
                Op::STORE_FAST => unbound.set(i.arg as usize, false),
                Op::DELETE_FAST | Op::LOAD_FAST_AND_CLEAR | Op::STORE_FAST_MAYBE_NULL => {
                    unbound.set(i.arg as usize, true)
                }
                _ => {}
            }
        }
    }
}

/// The stack's greatest depth, and the depth of each handler; fills in the depths below yields. An error message if the depths disagree, which only
/// a mistake in code generation can cause.
pub fn stack_depths(cfg: &mut Cfg) -> Result<(u32, Vec<u32>), String> {
    let next = cfg.nexts();
    let mut depth_at: Vec<Option<isize>> = vec![None; cfg.blocks.len()];
    let mut handler_depth = vec![0; cfg.handlers.len()];
    let mut max = 0;
    let mut todo = vec![(cfg.order[0], 0isize)];
    while let Some((b, start)) = todo.pop() {
        match depth_at[b] {
            Some(d) if d == start => continue,
            Some(d) => return Err(format!("stack depths {d} and {start} meet")),
            None => depth_at[b] = Some(start),
        }
        let mut depth = start;
        for k in 0..cfg.blocks[b].instrs.len() {
            let i = &mut cfg.blocks[b].instrs[k];
            if i.op == Op::YIELD_VALUE {
                i.arg = (depth - 1).max(0) as u32;
            }
            let i = *i;
            if i.kind == Kind::Setup {
                let h = cfg.handlers[i.arg as usize];
                let kept = depth - h.drop as isize;
                handler_depth[i.arg as usize] = kept as u32;
                if h.target != NONE && cfg.blocks[h.target as usize].reachable {
                    let at_handler = kept + 1 + h.push_lasti as isize;
                    max = max.max(at_handler);
                    todo.push((h.target as usize, at_handler));
                }
                continue;
            }
            if i.is_jump() {
                let there = depth + i.op.effect(i.arg, true);
                max = max.max(there);
                todo.push((i.target as usize, there));
            }
            depth += i.op.effect(i.arg, false);
            if depth < 0 {
                return Err(format!("stack underflow at {:?}", i.op));
            }
            max = max.max(depth);
        }
        if cfg.blocks[b].falls_through() {
            match next[b] {
                Some(n) => todo.push((n, depth)),
                None => return Err("control runs over the end".into()),
            }
        }
    }
    Ok((max as u32, handler_depth))
}
