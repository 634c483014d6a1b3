//! Units, counters, and the answers to the evaluator.

use crate::deopt;
use crate::options::{Options, Stats};
use crate::recorder::Recorder;
use std::collections::HashMap;
use taipan_abi::jit::{JitAnswer, Verdict};
use taipan_abi::mode::Rec;
use taipan_abi::thread::{Cache, Frame, Thread};
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_ir::backend::{Backend, Left, NO_MEMORY};
use taipan_jit_ir::{End, Field, Inst, Kind, Ref, Unit};

struct Compiled {
    unit: Unit,
    root: u32,
    /// Failures by exit.
    counts: Vec<u32>,
    /// The objects among the constants, and the handle under which they are roots.
    _words: Vec<W>,
    _roots: Option<u32>,
}

/// A JIT over some backend.
pub struct Driver<B: Backend, O: Optimizer> {
    pub backend: B,
    pub optimizer: O,
    pub options: Options,
    pub stats: Stats,
    /// Number n is at n - 1.
    units: Vec<Compiled>,
    heads: HashMap<*const u32, u32>,
    recorder: Option<Box<Recorder>>,
    site: *mut Cache,
}

/// Rewrites what was recorded.
pub trait Optimizer {
    /// A root.
    fn root(&mut self, number: u32, unit: Unit) -> Unit;
    /// A bridge from an exit of `parent`, which belongs to `root`.
    fn bridge(&mut self, number: u32, unit: Unit, parent: (u32, u32), root: u32) -> Unit;
}

impl<B: Backend, O: Optimizer> Driver<B, O> {
    /// A driver with nothing compiled yet.
    pub fn new(backend: B, optimizer: O, options: Options) -> Driver<B, O> {
        Driver {
            backend,
            optimizer,
            options,
            stats: Stats::default(),
            units: Vec::new(),
            heads: HashMap::new(),
            recorder: None,
            site: std::ptr::null_mut(),
        }
    }

    /// `JitVTable::back_edge`.
    ///
    /// # Safety
    /// As described there.
    pub unsafe fn back_edge(me: *mut Self, th: *mut Thread, target: *const u32, site: *mut Cache, out: &mut JitAnswer) {
        let this = &mut *me;
        out.verdict = Verdict::Interpret as u32;
        if (*site).a != 0 {
            Self::run(me, th, (*site).a as u32, out);
            return;
        }
        if (*site).count < this.options.threshold << (*site).kind.min(12)
            || this.recorder.is_some()
            || this.units.len() >= this.options.max_units as usize
        {
            return;
        }
        (*site).count = 0;
        let entry = (*th).gc.frame_top as *mut Frame;
        let mut r = Recorder::new(th, entry, target, this.options.trace_limit as usize);
        r.heads.clone_from(&this.heads);
        this.site = site;
        this.record(r, out);
    }

    fn record(&mut self, mut r: Box<Recorder>, out: &mut JitAnswer) {
        out.verdict = Verdict::Record as u32;
        out.rec = r.rec();
        self.recorder = Some(r);
    }

    /// Runs a root unit until it is left for good.
    unsafe fn run(me: *mut Self, th: *mut Thread, number: u32, out: &mut JitAnswer) {
        let entry = (*th).gc.frame_top as *mut Frame;
        let mut values = Vec::new();
        // No reference to the driver is held meanwhile: residual calls come back to it.
        let left = B::run(&raw mut (*me).backend, number, th, (*entry).base, &mut values);
        (*me).leave(th, entry, left, &values, out);
    }

    unsafe fn leave(&mut self, th: *mut Thread, entry: *mut Frame, left: Left, values: &[u64], out: &mut JitAnswer) {
        self.stats.exits += 1;
        let full = self.units.len() >= self.options.max_units as usize;
        let (eagerness, busy) = (self.options.trace_eagerness, self.recorder.is_some() || full);
        let c = &mut self.units[left.unit as usize - 1];
        out.verdict = Verdict::Resumed as u32;
        if left.exit & NO_MEMORY != 0 {
            deopt::restore(th, entry, &c.unit, left.exit & !NO_MEMORY, values);
            ((*(*th).ops).raise_text.exec)(th, taipan_abi::known::MEMORY_ERROR, std::ptr::null(), 0);
            (*th).resume = taipan_abi::thread::k::RAISE;
            return;
        }
        deopt::restore(th, entry, &c.unit, left.exit, values);
        let count = &mut c.counts[left.exit as usize];
        *count += 1;
        let plain = c.unit.exits[left.exit as usize].resume == taipan_jit_ir::BYTECODE;
        if *count >= eagerness && !busy && plain && (*th).gc.poll.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            *count = 0;
            let r = self.bridge(th, entry, left);
            self.record(r, out);
        }
    }

    /// A recording that goes on where a unit was left.
    unsafe fn bridge(&mut self, th: *mut Thread, entry: *mut Frame, left: Left) -> Box<Recorder> {
        let mut r = Recorder::new(th, entry, std::ptr::null(), self.options.trace_limit as usize);
        r.heads.clone_from(&self.heads);
        r.parent = Some((left.unit, left.exit));
        let unit = &self.units[left.unit as usize - 1].unit;
        let exit = &unit.exits[left.exit as usize];
        let mut known: HashMap<Ref, Ref> = HashMap::new();
        for (i, live) in unit.live(left.exit).iter().enumerate() {
            let kind = unit.kind(*live).unwrap_or(Kind::W);
            known.insert(*live, r.push(Inst::Param { index: i as u32, kind }));
        }
        for s in &exit.sunk {
            let id = r.push(Inst::New { tid: s.tid, bytes: s.bytes });
            known.insert(s.id, id);
        }
        let constant = |r: &mut Recorder, known: &HashMap<Ref, Ref>, v: Ref| match unit.inst(v) {
            Inst::Const { kind, bits } => r.constant(*kind, *bits),
            _ => known[&v],
        };
        for s in &exit.sunk {
            for (field, index, v) in &s.fields {
                let array = field.0.flags & taipan_abi::mode::fd::ARRAY != 0;
                let index = if array { r.constant(Kind::I, *index as u64) } else { Ref::NONE };
                let mut value = constant(&mut r, &known, *v);
                if taipan_jit_ir::field_kind(*field) == Kind::W {
                    value = boxed(&mut r, &mut known, *v, value);
                }
                r.push(Inst::Set { obj: known[&s.id], field: *field, index, value });
            }
        }
        for (slot, v) in &exit.slots {
            let value = constant(&mut r, &known, *v);
            let value = boxed(&mut r, &mut known, *v, value);
            r.set_slot(*slot, value);
            r.written(*slot);
        }
        r
    }

    /// `JitVTable::finish`.
    ///
    /// # Safety
    /// As described there.
    pub unsafe fn finish(&mut self, th: *mut Thread, _rec: *mut Rec, left: bool, out: &mut JitAnswer) {
        out.verdict = Verdict::Interpret as u32;
        let Some(mut r) = self.recorder.take() else { return };
        if left {
            r.failed.get_or_insert("the frame in which the recording began was left".into());
        }
        let end = match (r.failed.take(), r.end.take()) {
            (None, Some(end)) => end,
            (why, _) => return self.aborted(&r, &why.unwrap_or("the evaluator stopped".into())),
        };
        if let End::Back { exit } | End::Jump { exit, .. } = end {
            r.push(Inst::Poll { exit });
        }
        let mut unit = std::mem::replace(
            &mut r.unit,
            Unit {
                insts: Vec::new(),
                calls: Vec::new(),
                exits: Vec::new(),
                body: 0,
                enter: Vec::new(),
                end: End::Leave { exit: 0 },
            },
        );
        unit.end = end;
        if self.options.log > 1 {
            eprintln!("{}", taipan_jit_ir::text::print(&unit, &mut taipan_jit_ir::text::Names::new()));
        }
        if cfg!(debug_assertions) || self.options.verify != 0 {
            if let Err(why) = taipan_jit_ir::verify::verify(&unit) {
                return self.aborted(&r, &format!("not valid: {why}"));
            }
        }
        let number = self.units.len() as u32 + 1;
        let unit = match r.parent {
            None => self.optimizer.root(number, unit),
            Some((u, exit)) => self.optimizer.bridge(number, unit, (u, exit), self.units[u as usize - 1].root),
        };
        if self.options.log > 1 {
            eprintln!("optimized\n{}", taipan_jit_ir::text::print(&unit, &mut taipan_jit_ir::text::Names::new()));
        }
        if let Err(why) = self.backend.compile(number, &unit) {
            self.stats.refused += 1;
            return self.aborted(&r, &why);
        }
        let words: Vec<W> = unit
            .insts
            .iter()
            .filter_map(|i| match i {
                Inst::Const { kind: Kind::W, bits } if W(*bits).is_obj() => Some(W(*bits)),
                Inst::GuardValue { value, bits, .. } if unit.kind(*value) == Some(Kind::W) && W(*bits).is_obj() => {
                    Some(W(*bits))
                }
                _ => None,
            })
            .collect();
        let vt = &*(*th).gcvt;
        let roots = (!words.is_empty()).then(|| (vt.add_roots)(words.as_ptr(), words.len()));
        let counts = vec![0; unit.exits.len()];
        let root = r.parent.map_or(number, |(u, _)| self.units[u as usize - 1].root);
        self.units.push(Compiled { unit, root, counts, _words: words, _roots: roots });
        match r.parent {
            Some((u, exit)) => {
                self.stats.bridges += 1;
                self.backend.attach(u, exit, number);
            }
            None => {
                self.stats.loops += 1;
                self.heads.insert(r.start, number);
                (*self.site).a = number as u64;
            }
        }
        if self.options.log > 0 {
            eprintln!(
                "jit: unit {number} of {root}, {} instructions",
                self.units[number as usize - 1].unit.insts.len()
            );
        }
    }

    fn aborted(&mut self, r: &Recorder, why: &str) {
        self.stats.aborts += 1;
        if self.options.log > 0 {
            eprintln!("jit: given up after {} instructions: {why}", r.unit.insts.len());
        }
        if r.parent.is_none() && !self.site.is_null() {
            // SAFETY: the site belongs to code that is running.
            unsafe { (*self.site).kind += 1 };
        }
    }
}

/// A value as a word, for a slot or a reference field.
fn boxed(r: &mut Recorder, known: &mut HashMap<Ref, Ref>, old: Ref, value: Ref) -> Ref {
    use taipan_abi::mode::Prim;
    let made = match r.unit.kind(value) {
        Some(Kind::I) => r.push(Inst::Prim { prim: Prim::Tag, a: value, b: Ref::NONE }),
        Some(Kind::B) => r.push(Inst::Prim { prim: Prim::WBool, a: value, b: Ref::NONE }),
        Some(Kind::F) => {
            let w = r.push(Inst::New { tid: TID_FLOAT, bytes: 16 });
            r.push(Inst::Set { obj: w, field: Field(&taipan_abi::mode::FLOAT_FIELD), index: Ref::NONE, value });
            w
        }
        _ => return value,
    };
    known.insert(old, made);
    made
}
