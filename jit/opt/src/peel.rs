//! Loop peeling by copying.
//!
//! What the first walk emitted is one iteration, the preamble. It is walked again in the state of its end, a slot standing for the value that it
//! has there. Every instruction of the preamble so gets a copy: a value of the preamble that needs none (the walk finds that it does not
//! change) is its own copy. What a copy still uses of the preamble becomes a Param of the body; its value for the next iteration is its
//! own copy. That is sound by induction: whatever the first walk concluded at the preamble's end follows from the preamble's instructions,
//! and these have their copies in the body.
//!
//! An object made in the preamble that nobody else knows of at its end, like its copy at the body's end, is not handed over itself: the
//! body begins with a new object, and Params for its fields. If exits only need it, it is sunk into them like any other.

use crate::dead::{Stores, is_root};
use crate::heap::Entry;
use crate::walk::{Source, Walk};
use crate::{Bug, Preamble, sink};
use std::collections::HashMap;
use taipan_abi::mode::{FieldDesc, Prim, TID_FIELD, alias, fd, kind};
use taipan_abi::types::Str;
use taipan_abi::word::TID_FLOAT;
use taipan_jit_ir::{Call, End, Exit, ExitId, Field, Inst, Kind, Ref, Unit, field_kind};

static FLOAT: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, alias: alias::FLOAT, name: Str::new("float.value") };

/// The words of the slots that an exit names, made if they are not words.
fn words(w: &mut Walk, exit: ExitId) -> Vec<(i32, Ref)> {
    let slots = w.out.exits[exit as usize].slots.clone();
    slots.into_iter().map(|(slot, r)| (slot, word(w, r))).collect()
}
fn word(w: &mut Walk, r: Ref) -> Ref {
    match w.out.kind(r) {
        Some(Kind::I) => crate::fold::prim(w, Prim::Tag, r, Ref::NONE),
        Some(Kind::B) => crate::fold::prim(w, Prim::WBool, r, Ref::NONE),
        Some(Kind::F) => {
            let new = w.new_object(Inst::New { tid: TID_FLOAT, bytes: 16 });
            w.set(new, Field(&FLOAT), Ref::NONE, r);
            new
        }
        _ => r,
    }
}

/// Peels the loop that `w.out` is, and that goes back at `exit`. If an iteration contradicts the one before, nothing is changed.
pub(crate) fn peel(w: &mut Walk, exit: ExitId) -> Option<Preamble> {
    // Objects that the exit has sunk have no Ref to be handed over by.
    if w.out.insts.iter().any(|i| matches!(i, Inst::Param { .. })) || w.out.exits.iter().any(|e| !e.sunk.is_empty()) {
        return None;
    }
    let written = words(w, exit);
    let p = w.out.insts.len();
    let (calls, exits) = (w.out.calls.clone(), w.out.exits.clone());
    let mut insts = w.out.insts.clone();
    let before = Before { heap: w.heap.clone(), escaped: w.escaped.clone(), known: w.known.clone() };
    let carried = written.iter().map(|s| s.0).collect();
    w.written = written;
    w.barrier = Ref(p as u32);
    let mut copy = vec![Ref::NONE; p];
    if w.walk(&Source { insts: &insts, calls: &calls, exits: &exits }, &mut copy).is_err() {
        w.out.insts.truncate(p);
        w.out.calls.truncate(calls.len());
        w.out.exits.truncate(exits.len());
        w.notes.truncate(exits.len());
        return None;
    }
    for r in &mut copy {
        *r = w.canon(*r)
    }
    plain_exits(w, p, exits.len());
    let mut loop_ = assemble(w, p, &copy, &before);
    let (unit, map) = build(w, p, &copy, &mut loop_);
    for (r, _) in w.notes[exits.len()..].iter_mut().flatten() {
        *r = map[r.index()]
    }
    // First values that only the second walk has named are constants: the preamble gets them too.
    let mut named = |r: Ref| {
        if r.index() < p {
            return r;
        }
        insts.push(*w.out.inst(r));
        Ref(insts.len() as u32 - 1)
    };
    let enter = loop_.params.iter().map(|x| named(x.first)).collect();
    w.out = unit;
    Some(Preamble { insts, calls, exits, enter, carried })
}

/// For a bridge whose state is that of `exit`, back at the loop's head: repeats the preamble and answers the values for the body's Params. None,
/// and nothing is changed, if the state contradicts the preamble.
pub(crate) fn enter(w: &mut Walk, exit: ExitId, root: &Preamble) -> Option<Vec<Ref>> {
    let (insts, calls, exits) = (w.out.insts.len(), w.out.calls.len(), w.out.exits.len());
    if !w.out.exits[exit as usize].sunk.is_empty() {
        return None;
    }
    w.written = words(w, exit);
    let written = w.written.clone();
    w.syncs |= root.insts.iter().any(|i| matches!(i, Inst::Sync { .. }));
    let mut copy = vec![Ref::NONE; root.insts.len()];
    let source = Source { insts: &root.insts, calls: &root.calls, exits: &root.exits };
    if w.walk(&source, &mut copy).is_err() {
        w.out.insts.truncate(insts);
        w.out.calls.truncate(calls);
        w.out.exits.truncate(exits);
        w.notes.truncate(exits);
        return None;
    }
    // What the loop does not carry it expects in memory.
    let slots: Vec<(i32, Ref)> = written.into_iter().filter(|s| !root.carried.contains(&s.0)).collect();
    if !slots.is_empty() && !w.o.bug(Bug::BridgeKeepsSlots) {
        let rest = Exit { slots, ..w.out.exits[exit as usize].clone() };
        w.sync(rest);
    }
    Some(root.enter.iter().map(|r| w.canon(copy[r.index()])).collect())
}

/// Tags and truth values that only exits of the body need do not become Params.
fn plain_exits(w: &mut Walk, p: usize, first: usize) {
    if !w.o.sink {
        return;
    }
    let mut used = vec![false; w.out.insts.len()];
    for inst in &w.out.insts[p..] {
        w.out.operands(inst, |r| used[r.index()] = true)
    }
    let Walk { out, .. } = w;
    let Unit { insts, exits, .. } = out;
    exits[first..].iter_mut().for_each(|e| sink::plain(insts, e, &|r| used[r.index()]));
}

/// What was known at the preamble's end.
struct Before {
    heap: crate::heap::Heap,
    escaped: Vec<bool>,
    known: Vec<Ref>,
}
impl Before {
    /// As `Walk::canon` then: what the body learned does not hold at its beginning.
    fn canon(&self, r: Ref) -> Ref {
        if !r.is_some() || !self.known[r.index()].is_some() { r } else { self.known[r.index()] }
    }
}

/// A Param of the body, in values of the walk: its first value, and the next.
struct Param {
    first: Ref,
    next: Ref,
}
/// An object that is made anew at the body's beginning: its fields as Params or constants.
struct Handed {
    object: Ref,
    fields: Vec<(Field, Ref, Value)>,
}
#[derive(Copy, Clone)]
enum Value {
    /// A constant, or an object that is handed over.
    Same(Ref),
    Param(usize),
}
#[derive(Default)]
struct Loop {
    live: Vec<bool>,
    params: Vec<Param>,
    by_pair: HashMap<(Ref, Ref), usize>,
    handed: Vec<Handed>,
}

/// Finds what the body needs: its live instructions, its Params, the objects handed over.
fn assemble(w: &mut Walk, p: usize, copy: &[Ref], before: &Before) -> Loop {
    // Objects that cannot be handed over by their fields. Each turn adds one at least.
    let mut whole: Vec<Ref> = Vec::new();
    let stores = Stores::of(&w.out);
    loop {
        let mut a = Assembler {
            w,
            p,
            copy,
            before,
            stores: &stores,
            whole: &whole,
            failed: None,
            l: Loop::default(),
            work: Vec::new(),
        };
        a.run();
        let (failed, l) = (a.failed, a.l);
        match failed {
            Some(object) => whole.push(object),
            None => return l,
        }
    }
}

struct Assembler<'a, 'o> {
    w: &'a mut Walk<'o>,
    p: usize,
    copy: &'a [Ref],
    before: &'a Before,
    stores: &'a Stores,
    whole: &'a [Ref],
    failed: Option<Ref>,
    l: Loop,
    work: Vec<Ref>,
}

impl Assembler<'_, '_> {
    fn run(&mut self) {
        let n = self.w.out.insts.len();
        self.l.live = vec![false; n];
        for i in self.p..n {
            let inst = self.w.out.insts[i];
            let root = match inst {
                // A store into an object of the iteration before that others know of.
                Inst::Set { obj, .. } if obj.index() < self.p => {
                    !matches!(self.w.out.inst(obj), Inst::New { .. }) || self.before.escaped[obj.index()]
                }
                _ => is_root(&self.w.out, &inst),
            };
            if root {
                self.work.push(Ref(i as u32));
                if let Some(e) = inst.exit() {
                    let work = &mut self.work;
                    self.w.out.exits[e as usize].values(|r| work.push(r))
                }
            }
        }
        while let Some(r) = self.work.pop() {
            self.need(r)
        }
        // The copy of an object that is handed over by its fields must not be handed over itself as well.
        for param in &self.l.params {
            if let Some(h) = self.l.handed.iter().find(|h| self.copy[h.object.index()] == param.next) {
                self.failed = Some(h.object)
            }
        }
    }

    fn need(&mut self, r: Ref) {
        if std::mem::replace(&mut self.l.live[r.index()], true) {
            return;
        }
        let inst = *self.w.out.inst(r);
        if r.index() >= self.p {
            let (work, stores) = (&mut self.work, self.stores);
            self.w.out.operands(&inst, |x| work.push(x));
            if let Inst::New { .. } = inst {
                work.extend(stores.of_object(r))
            }
        } else if let Inst::Const { .. } = inst {
        } else if self.by_fields(r) {
            self.hand_over(r)
        } else {
            self.param(r, self.copy[r.index()]);
            if let Inst::New { .. } = inst {
                self.stores_of_body(r)
            }
        }
    }

    fn stores_of_body(&mut self, object: Ref) {
        let p = self.p;
        self.work.extend(self.stores.of_object(object).filter(|s| s.index() >= p))
    }

    fn param(&mut self, first: Ref, next: Ref) -> usize {
        if let Some(i) = self.l.by_pair.get(&(first, next)) {
            return *i;
        }
        let i = self.l.params.len();
        self.l.params.push(Param { first, next });
        self.l.by_pair.insert((first, next), i);
        self.work.push(next);
        i
    }

    /// An object made in the preamble of which nobody else knows, nor of its copy.
    fn by_fields(&self, r: Ref) -> bool {
        let c = self.copy[r.index()];
        matches!(self.w.out.inst(r), Inst::New { .. })
            && !self.before.escaped[r.index()]
            && matches!(self.w.out.inst(c), Inst::New { .. })
            && !self.w.escaped[c.index()]
            && !self.whole.contains(&r)
            && self.w.o.heap
    }

    fn hand_over(&mut self, r: Ref) {
        let c = self.copy[r.index()];
        let Inst::New { tid, .. } = *self.w.out.inst(r) else { return };
        let known = |heap: &crate::heap::Heap, obj: Ref| -> Vec<Entry> { heap.of(obj).copied().collect() };
        let (first, next) = (known(&self.before.heap, r), known(&self.w.heap, c));
        let mut keys: Vec<(Field, Ref)> = Vec::new();
        for e in first.iter().chain(&next) {
            let key = (e.field, e.index);
            if !keys.contains(&key) {
                keys.push(key)
            }
        }
        let mut fields = Vec::new();
        for (field, index) in keys {
            let find = |list: &[Entry]| list.iter().find(|e| e.field == field && e.index == index).map(|e| e.value);
            let (a, b) = (find(&first), find(&next));
            let zero = self.w.constant(field_kind(field), 0);
            let a = a.map_or(zero, |r| self.before.canon(r));
            let b = b.map_or(zero, |r| self.w.canon(r));
            // (Items of an object that nobody knows have constant indexes, and each constant is one Ref.)
            if field == Field(&TID_FIELD) && a == b && self.w.bits(a) == Some(tid as u64) {
                continue;
            }
            let v = self.pair(a, b);
            fields.push((field, index, v));
        }
        // Constants may have been added.
        self.l.live.resize(self.w.out.insts.len(), false);
        self.l.handed.push(Handed { object: r, fields });
        self.stores_of_body(r);
    }

    /// A value that is `a` at the preamble's end and `b` at the body's.
    fn pair(&mut self, a: Ref, b: Ref) -> Value {
        self.l.live.resize(self.w.out.insts.len(), false);
        if a == b && matches!(self.w.out.inst(a), Inst::Const { .. }) {
            return Value::Same(a);
        }
        if a.index() < self.p && self.by_fields(a) {
            if self.copy[a.index()] != b {
                self.failed = Some(a)
            }
            self.work.push(a);
            return Value::Same(a);
        }
        Value::Param(self.param(a, b))
    }
}

/// The unit: the preamble, the Params, the objects handed over, the body. Also the body's names of values.
fn build(w: &Walk, p: usize, copy: &[Ref], l: &mut Loop) -> (Unit, Vec<Ref>) {
    let src = &w.out;
    let mut out = Unit {
        insts: src.insts[..p].to_vec(),
        calls: src.calls.clone(),
        exits: src.exits.clone(),
        body: 0,
        enter: Vec::new(),
        end: End::Leave { exit: 0 },
    };
    // Constants of the body, wherever they are used first: also as first values of Params, so before the body begins.
    let mut map: Vec<Ref> = vec![Ref::NONE; src.insts.len()];
    for (i, inst) in src.insts.iter().enumerate() {
        if let Inst::Const { .. } = inst {
            map[i] = if i < p { Ref(i as u32) } else { push(&mut out, *inst) };
        }
    }
    let first = |map: &[Ref], r: Ref| if r.index() < p { r } else { map[r.index()] };
    out.enter = l.params.iter().map(|x| first(&map, x.first)).collect();
    out.body = out.insts.len() as u32;
    let mut params = Vec::new();
    for (i, x) in l.params.iter().enumerate() {
        let kind = src.kind(x.first).unwrap_or(Kind::W);
        let r = push(&mut out, Inst::Param { index: i as u32, kind });
        params.push(r);
        // The value of that name in the body; of a pair that is no copy there is none.
        if x.first.index() < p && !matches!(src.inst(x.first), Inst::Const { .. }) && copy[x.first.index()] == x.next {
            map[x.first.index()] = r
        }
    }
    for h in &l.handed {
        map[h.object.index()] = push(&mut out, src.insts[h.object.index()]);
    }
    for h in &l.handed {
        for (field, index, v) in &h.fields {
            let value = match v {
                Value::Same(r) => map[r.index()],
                Value::Param(i) => params[*i],
            };
            let index = if index.is_some() { map[index.index()] } else { *index };
            push(&mut out, Inst::Set { obj: map[h.object.index()], field: *field, index, value });
        }
    }
    for i in p..src.insts.len() {
        if l.live[i] && !matches!(src.insts[i], Inst::Const { .. }) {
            let inst = renamed(src.insts[i], &map, &mut out);
            map[i] = push(&mut out, inst);
        }
    }
    out.end = End::Loop { args: l.params.iter().map(|x| map[x.next.index()]).collect() };
    (out, map)
}

fn push(out: &mut Unit, inst: Inst) -> Ref {
    out.insts.push(inst);
    Ref(out.insts.len() as u32 - 1)
}

/// An instruction of the body in the new names, with its call and exit.
fn renamed(inst: Inst, map: &[Ref], out: &mut Unit) -> Inst {
    let m = |r: Ref| if r.is_some() { map[r.index()] } else { r };
    let exit = |out: &mut Unit, id: ExitId| {
        let e: &mut Exit = &mut out.exits[id as usize];
        e.values_mut(|r| *r = map[r.index()]);
        id
    };
    match inst {
        Inst::Prim { prim, a, b } => Inst::Prim { prim, a: m(a), b: m(b) },
        Inst::Get { obj, field, index } => Inst::Get { obj: m(obj), field, index: m(index) },
        Inst::Set { obj, field, index, value } => Inst::Set { obj: m(obj), field, index: m(index), value: m(value) },
        Inst::Call { call } => {
            let c: &mut Call = &mut out.calls[call as usize];
            c.args.iter_mut().for_each(|r| *r = m(*r));
            inst
        }
        Inst::Guard { cond, expect, exit: e } => Inst::Guard { cond: m(cond), expect, exit: exit(out, e) },
        Inst::GuardValue { value, bits, exit: e } => Inst::GuardValue { value: m(value), bits, exit: exit(out, e) },
        Inst::Sync { exit: e } => Inst::Sync { exit: exit(out, e) },
        Inst::Poll { exit: e } => Inst::Poll { exit: exit(out, e) },
        Inst::Nop | Inst::Const { .. } | Inst::Slot { .. } | Inst::Param { .. } | Inst::New { .. } => inst,
    }
}
