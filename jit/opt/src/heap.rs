//! The heap cache: what fields hold, by alias class.

use crate::Bug;
use crate::range::Fact;
use crate::walk::{Walk, field_fact};
use taipan_abi::mode::{CallDesc, TID_FIELD, effects, fd};
use taipan_abi::word::*;
use taipan_jit_ir::{Field, Inst, Kind, Ref, field_kind};

/// `obj`'s `field` (item `index`) holds `value`.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) struct Entry {
    pub field: Field,
    pub obj: Ref,
    pub index: Ref,
    pub value: Ref,
}

/// Entries by alias class.
#[derive(Clone, Default)]
pub(crate) struct Heap {
    classes: Vec<Class>,
}
#[derive(Clone)]
struct Class {
    alias: usize,
    kind: u8,
    entries: Vec<Entry>,
}

impl Heap {
    fn class(&self, f: Field) -> Option<&Class> {
        self.classes.iter().find(|c| c.alias == f.alias() && c.kind == f.0.kind)
    }
    fn class_mut(&mut self, f: Field) -> &mut Class {
        let found = self.classes.iter().position(|c| c.alias == f.alias() && c.kind == f.0.kind);
        let i = found.unwrap_or_else(|| {
            self.classes.push(Class { alias: f.alias(), kind: f.0.kind, entries: Vec::new() });
            self.classes.len() - 1
        });
        &mut self.classes[i]
    }
    /// All that is known of one object.
    pub fn of(&self, obj: Ref) -> impl Iterator<Item = &Entry> {
        self.classes.iter().flat_map(|c| &c.entries).filter(move |e| e.obj == obj)
    }
}

/// Rows that objects keep for life: their types have no attributes that could be added, nor another class.
fn is_final(tid: u32) -> bool {
    matches!(tid, TID_NONE..=TID_RANGE | TID_CELL | TID_GENERATOR | TID_LIST_ITER..=TID_DICT_ITER)
}

/// The first byte that is zero in a new object.
const HEADER: u32 = 8;

/// An address: even, and not 0.
fn object_fact() -> Fact {
    Fact::range(2, i64::MAX as i128).and_then(|f| f.and(Fact::bits(1, 0)?)).unwrap_or(Fact::TOP)
}

impl Walk<'_> {
    /// An object made here that nobody else knows of.
    pub fn is_private(&self, r: Ref) -> bool {
        matches!(self.out.inst(r), Inst::New { .. }) && !self.escaped[r.index()]
    }

    /// Others may know the value from here on.
    pub fn escape(&mut self, r: Ref) {
        if !r.is_some() || !self.is_private(r) || self.o.bug(Bug::EscapeForgotten) {
            return;
        }
        self.escaped[r.index()] = true;
        let fields: Vec<Ref> = self.heap.of(r).map(|e| e.value).collect();
        fields.into_iter().for_each(|v| self.escape(v));
    }

    pub fn new_object(&mut self, inst: Inst) -> Ref {
        let Inst::New { tid, .. } = inst else { return Ref::NONE };
        let r = self.emit(inst, object_fact());
        self.has_row(r, tid);
        r
    }

    /// The object is of that row now.
    pub fn has_row(&mut self, obj: Ref, tid: u32) {
        if self.o.heap {
            let value = self.constant(Kind::I, tid as u64);
            let field = Field(&TID_FIELD);
            self.heap.class_mut(field).entries.push(Entry { field, obj, index: Ref::NONE, value });
        }
    }
    /// The row of an object, if it is known.
    pub fn row(&self, obj: Ref) -> Option<u32> {
        match self.bits(obj).map(W) {
            Some(W::TRUE | W::FALSE) => return Some(TID_BOOL),
            Some(W::NONE) => return Some(TID_NONE),
            _ => {}
        }
        self.find(obj, Field(&TID_FIELD), Ref::NONE).and_then(|r| self.bits(r)).map(|b| b as u32)
    }

    fn find(&self, obj: Ref, field: Field, index: Ref) -> Option<Ref> {
        let class = self.heap.class(field)?;
        let same = |e: &&Entry| e.field == field && self.canon(e.obj) == obj && self.canon(e.index) == index;
        class.entries.iter().find(same).map(|e| self.canon(e.value))
    }

    /// The content of a field that cannot change, of an object known now. Rows of final types cannot either.
    fn read_constant(&self, obj: Ref, field: Field, index: Ref) -> Option<u64> {
        let read = self.o.read?;
        let object = self.bits(obj).filter(|w| self.out.kind(obj) == Some(Kind::W) && W(*w).is_obj())?;
        let row = field == Field(&TID_FIELD);
        if index.is_some() || !row && field.0.flags & fd::IMMUTABLE == 0 {
            return None;
        }
        // A word would be an object that nothing keeps alive for the unit.
        let bits = read(object, field).filter(|_| field_kind(field) != Kind::W)?;
        (!row || is_final(bits as u32)).then_some(bits)
    }

    pub fn get(&mut self, obj: Ref, field: Field, index: Ref) -> Ref {
        if self.o.heap {
            if let Some(r) = self.find(obj, field, index) {
                return r;
            }
            if let (true, Some(tid)) = (field == Field(&TID_FIELD), self.row(obj)) {
                return self.constant(Kind::I, tid as u64);
            }
            if let Some(bits) = self.read_constant(obj, field, index) {
                return self.constant(field_kind(field), bits);
            }
            if self.is_private(obj) {
                if index.is_some() && self.bits(index).is_none() {
                    // It may read any item.
                    self.escape(obj)
                } else if field.0.off >= HEADER {
                    return self.constant(field_kind(field), 0);
                }
            }
        } else {
            self.escape(obj)
        }
        self.is_object(obj);
        let r = self.emit(Inst::Get { obj, field, index }, field_fact(field.0.kind));
        if self.o.heap {
            self.heap.class_mut(field).entries.push(Entry { field, obj, index, value: r });
        }
        r
    }

    /// Who has fields is neither an int nor NULL.
    fn is_object(&mut self, obj: Ref) {
        if self.o.ranges && self.out.kind(obj) == Some(Kind::W) {
            self.learn(obj, object_fact(), 0)
        }
    }

    pub fn set(&mut self, obj: Ref, field: Field, index: Ref, value: Ref) {
        if self.o.heap && self.find(obj, field, index) == Some(value) {
            return;
        }
        let anywhere = index.is_some() && self.bits(index).is_none();
        // A narrow field keeps what fits.
        let fits = match field_fact(field.0.kind) {
            Fact::TOP => true,
            f => self.fact(value).and(f) == Some(self.fact(value)),
        };
        if anywhere || !fits || !self.o.heap {
            self.escape(obj)
        }
        self.is_object(obj);
        if !self.is_private(obj) {
            self.escape(value)
        }
        self.emit(Inst::Set { obj, field, index, value }, Fact::TOP);
        if !self.o.heap {
            return;
        }
        let mut entries = std::mem::take(&mut self.heap.class_mut(field).entries);
        entries.retain(|e| {
            let (o, i) = (self.canon(e.obj), self.canon(e.index));
            !self.may_alias(field, obj, index, e.field, o, i)
        });
        if fits {
            entries.push(Entry { field, obj, index, value });
        }
        self.heap.class_mut(field).entries = entries;
    }

    /// May the two places be one? Of one class.
    fn may_alias(&self, f: Field, obj: Ref, index: Ref, g: Field, other: Ref, at: Ref) -> bool {
        if obj == other && index == at {
            return true;
        }
        if self.o.bug(Bug::StoreIgnoresAliases) {
            return false;
        }
        let items = f == g && index.is_some() && at.is_some();
        if items && self.fact(index).and(self.fact(at)).is_none() {
            return false;
        }
        obj == other || !self.distinct(obj, other)
    }

    /// Are they different objects for sure?
    pub fn distinct(&self, a: Ref, b: Ref) -> bool {
        if a == b {
            return false;
        }
        // What stood there before a new object was made is not that object.
        let older = |x: Ref, new: Ref| {
            let before = matches!(self.out.inst(x), Inst::Const { .. } | Inst::Slot { .. } | Inst::Param { .. });
            matches!(self.out.inst(new), Inst::New { .. }) && (before || x < new)
        };
        if older(a, b) || older(b, a) || self.is_private(a) || self.is_private(b) {
            return true;
        }
        // Looked up by a search: not among hundreds.
        let few = self.heap.class(Field(&TID_FIELD)).is_some_and(|c| c.entries.len() <= 64);
        few && matches!((self.row(a), self.row(b)), (Some(x), Some(y)) if x != y)
    }

    /// Forgets what a call may have changed. Its arguments have escaped.
    pub fn clobber_by_call(&mut self, desc: &CallDesc) {
        if self.o.bug(Bug::CallKeepsHeap) {
            return;
        }
        let all = desc.effects & (effects::WRITES | effects::CALLS_BACK) != 0;
        let none = desc.effects == effects::NONE;
        let listed = desc.writes.get();
        let mut classes = std::mem::take(&mut self.heap.classes);
        for c in &mut classes {
            let written = all || listed.iter().any(|f| Field(f).alias() == c.alias && f.kind == c.kind);
            c.entries.retain(|e| {
                // The thread's own words: a call may raise, or be interrupted.
                let thread = self.out.kind(e.obj) == Some(Kind::P) && !none;
                let fixed = e.field == Field(&TID_FIELD) && self.bits(e.value).is_some_and(|b| is_final(b as u32));
                let kept = fixed || e.field.0.flags & fd::IMMUTABLE != 0 || self.is_private(e.obj);
                !(thread || written && !kept)
            });
        }
        self.heap.classes = classes;
    }
}
