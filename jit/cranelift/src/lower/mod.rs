//! A tree of units as one function.
//!
//! The root's start and body are blocks, the units that hang on its exits (and on theirs) follow in the same function: their parameters are
//! simply the values that the exit would have handed over. Exits without such a unit are cold blocks that store their live values and go
//! on where the exit's cell says.

mod check;
mod exits;
mod heap;
mod homes;
mod prims;
mod state;
mod values;

use crate::listing::show;
use crate::run::{Body, Cell, ENTER_BODY, Start};
use crate::stubs::{Stubs, slow_signature, unit_signature};
pub use check::{body_kinds, enterable};
use check::{check, entry_params};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, SourceLoc, Type, Value,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::FunctionBuilder;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::offset_of;
use std::rc::Rc;
use taipan_abi::mode::Prim;
use taipan_jit_ir::backend::NO_MEMORY;
use taipan_jit_ir::{Exit, ExitId, Inst, Kind, Ref, Unit};

/// A unit that hangs on an exit of another one of the same function.
#[derive(Copy, Clone)]
pub struct Branch<'a> {
    pub parent: u32,
    pub exit: ExitId,
    pub number: u32,
    pub unit: &'a Unit,
}

/// What a plan knows of a unit.
pub struct Part {
    pub number: u32,
    /// Where its exits' cells begin.
    pub cells: usize,
    /// Live values of its exits.
    pub live: Vec<Vec<Ref>>,
}

/// What is compiled, and the addresses that the code will contain.
pub struct Plan<'a> {
    pub number: u32,
    pub root: &'a Unit,
    pub branches: &'a [Branch<'a>],
    pub stubs: &'a Stubs,
    /// The units with their exits, in any order.
    pub parts: Vec<Part>,
    /// Cells of the units' exits.
    pub cells: &'a [Cell],
    /// Maps of cells.
    pub maps: RefCell<Vec<Box<[u16]>>>,
    /// Cells for `NO_MEMORY`, made as they are needed; their addresses stay.
    #[allow(clippy::vec_box)]
    pub spare: RefCell<Vec<Box<Cell>>>,
    /// Units that `Jump` names, and those that `Enter` names.
    pub starts: HashMap<u32, Rc<Start>>,
    pub bodies: HashMap<u32, Rc<Body>>,
    pub config: TargetFrontendConfig,
    /// Entries from exits are counted.
    pub counted: bool,
    /// Notes for a listing are wanted.
    pub notes: bool,
}

/// Memory accesses: they never trap, but they may not move either, since guards before them are what makes them valid.
const MEM: MemFlagsData = MemFlagsData::new().with_notrap();

/// What an instruction has made. Values that are constants are not kept: each use makes its own.
#[derive(Copy, Clone)]
enum Val {
    None,
    /// W, I, P: 64 bits; F: a double.
    V(Value),
    B(Cond),
    /// In an exit: it lies in its home.
    Home(u16, Kind),
}

/// A condition: true if `v` is not zero (if `inv`: if it is zero).
#[derive(Copy, Clone)]
struct Cond {
    v: Value,
    inv: bool,
    /// `v` is 0 or 1 and 8 bits wide.
    bit: bool,
}

/// An exit that has been met but not written yet, with the live values as they were.
struct Pending {
    number: u32,
    exit: ExitId,
    block: Block,
    vals: Vec<Val>,
}

/// A unit while it is lowered.
struct Frag<'a> {
    number: u32,
    unit: &'a Unit,
    params: Vec<Val>,
    vals: Vec<Val>,
    exits: HashMap<ExitId, Block>,
    /// Slots that a `Sync` overwrites before they are read: read at the start instead.
    early: HashMap<i32, Value>,
    /// Words that are small ints because a guard said so.
    small: Vec<bool>,
    /// The newest object, if nothing since can have collected: stores to it need no barrier.
    fresh: Option<Ref>,
    /// The exit passed last: where the unit is left if there is no memory.
    passed: Option<ExitId>,
    /// Results that two primitives share, by the first one's kind and operands.
    shared: HashMap<(Shared, Ref, Ref), (Value, Value)>,
    /// Narrow fields as they were loaded.
    narrow: HashMap<Ref, Value>,
    body: Option<Block>,
    /// The body's parameters: index, instruction.
    body_params: Vec<(u32, Ref, Kind)>,
    /// Values that are stored where they are made.
    homes: HashMap<Ref, u16>,
    /// Homes of the body's parameters that the loop does not change, by position.
    body_homes: Vec<(usize, u16)>,
    is_root: bool,
}

/// Primitives that compute more than one result.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
enum Shared {
    Add,
    Sub,
    Mul,
    Div,
}

pub struct Lower<'a, 'f> {
    b: FunctionBuilder<'f>,
    plan: &'a Plan<'a>,
    th: Value,
    base: Value,
    run: Value,
    start: Block,
    root_body: Option<Block>,
    root_body_params: Vec<(u32, Ref, Kind)>,
    root_body_homes: Vec<(usize, u16)>,
    /// Homes in use.
    homes: usize,
    pending: Vec<Pending>,
    sig_unit: Option<SigRef>,
    sig_alloc: Option<SigRef>,
    sig_barrier: Option<SigRef>,
    /// Doubles that the root's body uses, made once at the entry.
    doubles: HashMap<u64, Value>,
    /// Does any unit of the tree write frames without leaving?
    syncs: bool,
    /// What the source locations mean.
    notes: Vec<String>,
}

/// Lowers the plan's tree into the function, whose signature is `unit_signature`. Answers the notes by source location.
pub fn lower<'a>(plan: &'a Plan<'a>, mut b: FunctionBuilder<'_>) -> Result<Vec<String>, String> {
    check(plan.root)?;
    plan.branches.iter().try_for_each(|x| check(x.unit))?;
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let p = b.block_params(entry).to_vec();
    let start = b.create_block();
    let has_sync = |u: &Unit| u.insts.iter().any(|i| matches!(i, Inst::Sync { .. }));
    let syncs = has_sync(plan.root) || plan.branches.iter().any(|x| has_sync(x.unit));
    let mut l = Lower {
        b,
        plan,
        th: p[0],
        base: p[1],
        run: p[2],
        start,
        root_body: None,
        root_body_params: Vec::new(),
        root_body_homes: Vec::new(),
        homes: 0,
        pending: Vec::new(),
        sig_unit: None,
        sig_alloc: None,
        sig_barrier: None,
        doubles: HashMap::new(),
        syncs,
        notes: Vec::new(),
    };
    if plan.counted {
        l.count_entry(p[3]);
    }
    l.body_doubles();
    let mut root = l.frag(plan.number, plan.root, Vec::new());
    root.is_root = true;
    l.root_body = root.body;
    l.root_body_params.clone_from(&root.body_params);
    l.root_body_homes.clone_from(&root.body_homes);
    if let Some(body) = root.body.filter(|_| enterable(plan.root)) {
        let typed = l.b.create_block();
        let at_body = l.b.ins().icmp_imm_s(IntCC::Equal, p[3], ENTER_BODY);
        l.b.set_cold_block(typed);
        l.b.ins().brif(at_body, typed, &[], start, &[]);
        l.b.switch_to_block(typed);
        let mut args = Vec::new();
        for (index, _, kind) in root.body_params.clone() {
            let v = l.handed(index, kind);
            args.push(BlockArg::Value(v));
        }
        l.jump_to_body(body, &args, &root.body_homes);
    } else {
        l.b.ins().jump(start, &[]);
    }
    l.b.switch_to_block(start);
    let params = entry_params(plan.root);
    // A bridge: the fourth argument is the cell of its exit, which knows where the values are.
    let map = if params.is_empty() { None } else { Some(l.b.ins().load(I64, MEM, p[3], offset_of!(Cell, map) as i32)) };
    for (index, kind) in params {
        let v = l.handed_by(map.ok_or("no map")?, index, kind);
        let val = if kind == Kind::B { Val::B(Cond { v, inv: false, bit: true }) } else { Val::V(v) };
        let n = index as usize;
        if root.params.len() <= n {
            root.params.resize(n + 1, Val::None);
        }
        root.params[n] = val;
    }
    l.unit(root)?;
    while let Some(p) = l.pending.pop() {
        l.exit(p)?;
    }
    l.b.seal_all_blocks();
    l.b.finalize(plan.config);
    Ok(l.notes)
}

impl<'a> Lower<'a, '_> {
    fn frag(&mut self, number: u32, unit: &'a Unit, params: Vec<Val>) -> Frag<'a> {
        let n = unit.insts.len();
        let mut body_params = Vec::new();
        let body = (unit.body > 0).then(|| {
            let block = self.b.create_block();
            for (i, inst) in unit.insts.iter().enumerate().skip(unit.body as usize) {
                if let Inst::Param { index, kind } = inst {
                    body_params.push((*index, Ref(i as u32), *kind));
                    self.b.append_block_param(block, clif_type(*kind));
                }
            }
            block
        });
        let mut f = Frag {
            number,
            unit,
            params,
            vals: vec![Val::None; n],
            exits: HashMap::new(),
            early: HashMap::new(),
            small: vec![false; n],
            fresh: None,
            passed: None,
            shared: HashMap::new(),
            narrow: HashMap::new(),
            body,
            body_params,
            homes: HashMap::new(),
            body_homes: Vec::new(),
            is_root: false,
        };
        self.plan_homes(&mut f);
        f
    }

    /// Entered from an exit: counts, and goes out by that exit (whose values are still in `Run`) when the bridge has become hot.
    fn count_entry(&mut self, how: Value) {
        let [count, hot, go_on] = [(); 3].map(|()| self.b.create_block());
        self.b.set_cold_block(hot);
        let from_exit = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThan, how, ENTER_BODY);
        self.b.ins().brif(from_exit, count, &[], go_on, &[]);
        self.b.switch_to_block(count);
        let at = offset_of!(Cell, left) as i32;
        let left = self.b.ins().load(I32, MEM, how, at);
        let less = self.b.ins().iadd_imm_s(left, -1);
        self.b.ins().store(MEM, less, how, at);
        self.b.ins().brif(less, go_on, &[], hot, &[]);
        self.b.switch_to_block(hot);
        let leave = self.b.ins().iconst(I64, self.plan.stubs.leave as i64);
        self.go(leave, self.base, how);
        self.b.switch_to_block(go_on);
    }

    /// Doubles in the root's loop are made before it: as a constant each use would make its own.
    fn body_doubles(&mut self) {
        let u = self.plan.root;
        if u.body == 0 {
            return;
        }
        let mut bits = Vec::new();
        let mut add = |r: Ref| {
            if let Some(Inst::Const { kind: Kind::F, bits: x }) = u.insts.get(r.index())
                && !bits.contains(x)
            {
                bits.push(*x)
            }
        };
        for i in &u.insts[u.body as usize..] {
            match i {
                Inst::Prim { a, b, .. } => [*a, *b].into_iter().for_each(&mut add),
                Inst::Set { value, .. } => add(*value),
                Inst::Call { call } => u.calls[*call as usize].args.iter().for_each(|r| add(*r)),
                _ => {}
            }
        }
        for x in bits {
            let i = self.b.ins().iconst(I64, x as i64);
            let v = self.b.ins().bitcast(F64, MemFlagsData::new(), i);
            self.doubles.insert(x, v);
        }
    }

    /// Everything of a unit, in the current block; ends it.
    fn unit(&mut self, mut f: Frag<'a>) -> Result<(), String> {
        let u = f.unit;
        self.read_early(&mut f)?;
        for (i, inst) in u.insts.iter().enumerate() {
            if u.body > 0 && i == u.body as usize {
                self.begin_body(&mut f)?;
            }
            self.note(|| format!("{}: {}", f.number, show(u, i)));
            let v = self.inst(&mut f, Ref(i as u32), inst)?;
            if let Val::V(v) = v {
                self.store_home(&f, Ref(i as u32), v);
            }
            f.vals[i] = v;
        }
        if u.body as usize == u.insts.len() && u.body > 0 {
            self.begin_body(&mut f)?;
        }
        self.note(|| format!("{}: {:?}", f.number, u.end));
        self.end(&mut f)
    }

    /// What is written from here on comes from.
    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.plan.notes {
            self.b.set_srcloc(SourceLoc::new(self.notes.len() as u32));
            self.notes.push(text());
        }
    }

    /// Reads slots at the unit's start that a Sync may have overwritten where the instruction stands.
    fn read_early(&mut self, f: &mut Frag<'a>) -> Result<(), String> {
        let u = f.unit;
        let written = |i: &Inst| match i {
            Inst::Sync { exit } => u.exits[*exit as usize].slots.as_slice(),
            _ => &[],
        };
        let mut seen: Vec<i32> = Vec::new();
        for (i, inst) in u.insts.iter().enumerate() {
            if let Inst::Slot { slot } = inst {
                if u.body > 0 && i >= u.body as usize {
                    if u.insts.iter().any(|x| written(x).iter().any(|(s, _)| s == slot)) {
                        return Err(format!("the body reads slot {slot}, which a sync overwrites"));
                    }
                } else if seen.contains(slot) && !f.early.contains_key(slot) {
                    let v = self.b.ins().load(I64, MEM, self.base, slot * 8);
                    f.early.insert(*slot, v);
                }
            }
            seen.extend(written(inst).iter().map(|(s, _)| *s));
        }
        Ok(())
    }

    fn begin_body(&mut self, f: &mut Frag<'a>) -> Result<(), String> {
        let Some(body) = f.body else { return Ok(()) };
        let args = self.body_args(f, &f.unit.enter, &f.body_params.clone())?;
        self.jump_to_body(body, &args, &f.body_homes);
        self.b.switch_to_block(body);
        f.fresh = None;
        f.passed = None;
        // The body may be entered from elsewhere, with nothing but its parameters.
        f.shared.clear();
        f.narrow.clear();
        f.early.clear();
        f.vals.fill(Val::None);
        Ok(())
    }

    /// Arguments for a body's block.
    fn body_args(&mut self, f: &Frag, args: &[Ref], params: &[(u32, Ref, Kind)]) -> Result<Vec<BlockArg>, String> {
        let mut out = Vec::with_capacity(params.len());
        for (index, _, kind) in params {
            let r = *args.get(*index as usize).ok_or("a parameter without an argument")?;
            let v = self.typed(f, r, *kind)?;
            out.push(BlockArg::Value(v));
        }
        Ok(out)
    }

    fn inst(&mut self, f: &mut Frag<'a>, r: Ref, inst: &Inst) -> Result<Val, String> {
        Ok(match *inst {
            Inst::Nop | Inst::Const { .. } => Val::None,
            Inst::Slot { slot } => Val::V(match f.early.get(&slot) {
                Some(v) => *v,
                None => self.b.ins().load(I64, MEM, self.base, slot * 8),
            }),
            Inst::Param { index, kind } => match f.body_params.iter().position(|(_, x, _)| *x == r) {
                Some(i) => {
                    let body = f.body.ok_or("a parameter without a body")?;
                    let v = self.b.block_params(body)[i];
                    if kind == Kind::B { Val::B(Cond { v, inv: false, bit: true }) } else { Val::V(v) }
                }
                None => match f.params.get(index as usize).ok_or("a parameter that is not handed over")? {
                    Val::Home(home, kind) => Val::V(self.handed(*home as u32, *kind)),
                    v => *v,
                },
            },
            Inst::Prim { prim, a, b } => self.prim(f, prim, a, b)?,
            Inst::Get { obj, field, index } => self.get(f, r, obj, field, index)?,
            Inst::Set { obj, field, index, value } => {
                self.set(f, obj, field, index, value)?;
                Val::None
            }
            Inst::New { tid, bytes } => {
                let out = match f.passed {
                    Some(e) => Some(self.exit_block(f, e | NO_MEMORY)?),
                    None => None,
                };
                let v = self.new_object(tid, bytes, out);
                f.fresh = Some(r);
                Val::V(v)
            }
            Inst::Call { call } => self.call(f, call)?,
            Inst::Guard { cond, expect, exit } => {
                if let Some(bits) = f.constant(cond) {
                    if (bits != 0) != expect {
                        let block = self.exit_block(f, exit)?;
                        self.b.ins().jump(block, &[]);
                        let dead = self.b.create_block();
                        self.b.switch_to_block(dead);
                    }
                    return Ok(Val::None);
                }
                let c = self.cond(f, cond)?;
                self.guard(f, c.v, expect != c.inv, exit)?;
                if expect && let Inst::Prim { prim, a, b } = *f.unit.inst(cond) {
                    match prim {
                        Prim::IsInt => f.small[a.index()] = true,
                        Prim::BothInt => (f.small[a.index()], f.small[b.index()]) = (true, true),
                        _ => {}
                    }
                }
                Val::None
            }
            Inst::GuardValue { value, bits, exit } => {
                let c = self.is_value(f, value, bits)?;
                self.guard(f, c.v, !c.inv, exit)?;
                Val::None
            }
            Inst::Sync { exit } => {
                self.write_state(f, exit, true)?;
                f.passed = Some(exit);
                Val::None
            }
            Inst::Poll { exit } => {
                let at = offset_of!(taipan_abi::gc::GcThread, poll) as i32;
                let v = self.b.ins().load(I32, MEM, self.th, at);
                self.guard(f, v, false, exit)?;
                Val::None
            }
        })
    }

    /// Goes on only if (`v` is not zero) == `expect`.
    fn guard(&mut self, f: &mut Frag<'a>, v: Value, expect: bool, exit: ExitId) -> Result<(), String> {
        let out = self.exit_block(f, exit)?;
        f.passed = Some(exit);
        let next = self.b.create_block();
        if expect {
            self.b.ins().brif(v, next, &[], out, &[]);
        } else {
            self.b.ins().brif(v, out, &[], next, &[]);
        }
        self.b.switch_to_block(next);
        Ok(())
    }

    fn is_value(&mut self, f: &Frag, value: Ref, bits: u64) -> Result<Cond, String> {
        if f.unit.kind(value) == Some(Kind::B) {
            let c = self.cond(f, value)?;
            return Ok(Cond { inv: c.inv != (bits == 0), ..c });
        }
        let v = if let Some(n) = f.narrow.get(&value) {
            let size = self.b.func.dfg.value_type(*n).bits();
            if bits >> size != 0 {
                // The field cannot hold that.
                let v = self.b.ins().iconst(I8, 0);
                return Ok(Cond { v, inv: false, bit: true });
            }
            *n
        } else {
            let v = self.value(f, value)?;
            if f.unit.kind(value) == Some(Kind::F) { self.b.ins().bitcast(I64, MemFlagsData::new(), v) } else { v }
        };
        let bits = match self.b.func.dfg.value_type(v).bits() {
            8 => bits as i8 as i64,
            32 => bits as i32 as i64,
            _ => bits as i64,
        };
        Ok(self.icmp_imm(IntCC::Equal, v, bits))
    }

    /// A residual call.
    fn call(&mut self, f: &mut Frag<'a>, call: u32) -> Result<Val, String> {
        let c = &f.unit.calls[call as usize];
        let mut sig = Signature::new(self.plan.config.default_call_conv);
        sig.params.push(AbiParam::new(I64));
        let mut args = vec![self.th];
        for r in &c.args {
            let kind = f.unit.kind(*r).ok_or("an argument without a kind")?;
            sig.params.push(if kind == Kind::B { AbiParam::new(I8).uext() } else { AbiParam::new(clif_type(kind)) });
            args.push(self.typed(f, *r, kind)?);
        }
        sig.returns.push(AbiParam::new(clif_type(c.ret)));
        let sig = self.b.import_signature(sig);
        let callee = self.b.ins().iconst(I64, c.f as i64);
        let inst = self.b.ins().call_indirect(sig, callee, &args);
        let v = self.b.inst_results(inst)[0];
        f.fresh = None;
        Ok(if c.ret == Kind::B { Val::B(Cond { v, inv: false, bit: true }) } else { Val::V(v) })
    }

    fn unit_sig(&mut self) -> SigRef {
        *self.sig_unit.get_or_insert_with(|| self.b.import_signature(unit_signature()))
    }

    /// Calls a slow path, from a cold block.
    fn slow_call(&mut self, address: usize, args: &[Value]) {
        let mut all = vec![self.th, self.base, self.run];
        all.extend(args);
        let known = if args.len() == 1 { &mut self.sig_alloc } else { &mut self.sig_barrier };
        let sig = *known.get_or_insert_with(|| self.b.import_signature(slow_signature(all.len())));
        let callee = self.b.ins().iconst(I64, address as i64);
        self.b.ins().call_indirect(sig, callee, &all);
    }

    /// The unit that hangs on an exit in this function.
    fn branch(&self, number: u32, exit: ExitId) -> Option<Branch<'a>> {
        self.plan.branches.iter().find(|x| x.parent == number && x.exit == exit).copied()
    }
}

impl Frag<'_> {
    /// The bits of a constant.
    fn constant(&self, r: Ref) -> Option<u64> {
        match self.unit.insts.get(r.index()) {
            Some(Inst::Const { bits, .. }) => Some(*bits),
            _ => None,
        }
    }

    fn exit_state(&self, exit: ExitId) -> &Exit {
        &self.unit.exits[exit as usize]
    }
}

/// How a kind is passed.
fn clif_type(kind: Kind) -> Type {
    match kind {
        Kind::F => F64,
        Kind::B => I8,
        _ => I64,
    }
}
