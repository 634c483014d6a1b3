//! The flow graph: blocks of instructions in layout order.

use super::{Handler, Instr, Kind, NONE, Pool, Seq};
use taipan_abi::opcode::Op;

pub type BlockId = usize;

/// Instructions that are entered only at the first and left only at the last (or by an exception).
#[derive(Clone, Default)]
pub struct Block {
    pub instrs: Vec<Instr>,
    pub reachable: bool,
}

impl Block {
    pub fn falls_through(&self) -> bool {
        self.instrs.last().is_none_or(|i| !i.is_stop())
    }
    /// The first instruction that does something.
    pub fn first_real(&self) -> Option<&Instr> {
        self.instrs.iter().find(|i| !i.is_nop())
    }
}

pub struct Cfg {
    pub blocks: Vec<Block>,
    /// Layout order; ids are indexes of `blocks`.
    pub order: Vec<BlockId>,
    /// `target` is a block.
    pub handlers: Vec<Handler>,
    pub pool: Pool,
}

impl Cfg {
    /// Cuts the sequence at labels and after jumps.
    pub fn build(seq: Seq) -> Cfg {
        let n = seq.instrs.len();
        let mut starts = vec![false; n + 1];
        starts[0] = true;
        for &at in &seq.labels {
            if at != NONE {
                starts[at as usize] = true;
            }
        }
        for (i, instr) in seq.instrs.iter().enumerate() {
            if instr.is_jump() || instr.is_stop() {
                starts[i + 1] = true;
            }
        }
        let mut block_at = vec![0u32; n + 1];
        let mut blocks: Vec<Block> = Vec::new();
        for i in 0..=n {
            if starts[i] {
                blocks.push(Block::default());
            }
            block_at[i] = blocks.len() as u32 - 1;
            if i < n {
                let mut instr = seq.instrs[i];
                if instr.is_jump() {
                    instr.target = seq.labels[instr.target as usize];
                }
                blocks.last_mut().expect("position 0 begins a block").instrs.push(instr);
            }
        }
        for b in &mut blocks {
            for i in &mut b.instrs {
                if i.is_jump() && i.target != NONE {
                    i.target = block_at[i.target as usize];
                }
            }
        }
        let mut handlers = seq.handlers;
        for h in &mut handlers {
            let at = seq.labels[h.target as usize];
            h.target = if at == NONE { NONE } else { block_at[at as usize] };
        }
        let order = (0..blocks.len()).collect();
        Cfg { blocks, order, handlers, pool: seq.pool }
    }

    /// The block after each block in layout order.
    pub fn nexts(&self) -> Vec<Option<BlockId>> {
        let mut next = vec![None; self.blocks.len()];
        for w in self.order.windows(2) {
            next[w[0]] = Some(w[1]);
        }
        next
    }

    /// Marks what can be reached from the entry; with `handlers`, also through exceptions.
    pub fn mark(&mut self, with_handlers: bool) {
        let next = self.nexts();
        for b in &mut self.blocks {
            b.reachable = false;
        }
        let mut todo = vec![self.order[0]];
        while let Some(b) = todo.pop() {
            if std::mem::replace(&mut self.blocks[b].reachable, true) {
                continue;
            }
            let block = &self.blocks[b];
            for i in &block.instrs {
                if i.is_jump() {
                    todo.push(i.target as usize);
                }
                if with_handlers && i.handler != NONE && i.kind != Kind::Setup {
                    todo.push(self.handlers[i.handler as usize].target as usize);
                }
            }
            if block.falls_through()
                && let Some(n) = next[b]
            {
                todo.push(n);
            }
        }
    }

    /// Drops blocks that cannot be reached.
    pub fn remove_unreachable(&mut self) {
        self.mark(true);
        self.order.retain(|&b| self.blocks[b].reachable);
    }

    /// How many jumps and fall-throughs lead to each block; handlers count as two.
    pub fn predecessors(&self) -> Vec<u32> {
        let next = self.nexts();
        let mut count = vec![0; self.blocks.len()];
        count[self.order[0]] += 1;
        for &b in &self.order {
            for i in &self.blocks[b].instrs {
                if i.is_jump() {
                    count[i.target as usize] += 1;
                }
                if i.handler != NONE && i.kind != Kind::Setup {
                    count[self.handlers[i.handler as usize].target as usize] += 2;
                }
            }
            if self.blocks[b].falls_through()
                && let Some(n) = next[b]
            {
                count[n] += 1;
            }
        }
        count
    }
}

/// A jump in either direction.
pub fn jump_to(target: BlockId, like: &Instr) -> Instr {
    Instr { op: Op::JUMP_FORWARD, arg: 0, kind: Kind::Plain, target: target as u32, ..*like }
}
