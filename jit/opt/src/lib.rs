//! Makes traces shorter.
//!
//! One forward walk does folding, common subexpressions, ranges, guards and the heap cache (`walk`, `fold`, `facts`, `heap`): each instruction
//! of the source is mapped to an instruction already there, or emitted. A loop is then peeled (`peel`): what was emitted, the preamble, is
//! walked once more in the state that its end left, with each slot standing for its value there; this copy is the loop's body. Last, objects
//! that only exits need are sunk into these (`sink`), and what nobody needs goes (`dead`).

mod dead;
mod facts;
mod fold;
mod heap;
mod peel;
pub mod range;
mod sink;
mod walk;

use taipan_jit_ir::{Call, End, Exit, ExitId, Field, Inst, Ref, Unit};
pub use walk::Known;

/// Which passes run. All of them by default.
#[derive(Clone, Debug)]
pub struct Options {
    /// Constants and algebra.
    pub fold: bool,
    /// The same computation twice.
    pub cse: bool,
    /// Intervals and known bits, and what guards imply.
    pub ranges: bool,
    /// Loads and stores.
    pub heap: bool,
    pub peel: bool,
    /// Objects, tags and booleans that only exits need.
    pub sink: bool,
    /// Reads a field that cannot change of an object that is a constant of the unit (`taipan_jit_ir::memory::read_constant`, where these are
    /// real objects). Default: nobody does.
    pub read: Option<fn(u64, Field) -> Option<u64>>,
    #[cfg(test)]
    pub(crate) bug: Option<Bug>,
}
impl Options {
    /// No pass but the removal of dead code.
    pub fn none() -> Options {
        Options {
            fold: false,
            cse: false,
            ranges: false,
            heap: false,
            peel: false,
            sink: false,
            read: None,
            #[cfg(test)]
            bug: None,
        }
    }
    #[cfg(test)]
    fn bug(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
    #[cfg(not(test))]
    fn bug(&self, _: Bug) -> bool {
        false
    }
}
impl Default for Options {
    fn default() -> Options {
        Options {
            fold: true,
            cse: true,
            ranges: true,
            heap: true,
            peel: true,
            sink: true,
            read: None,
            #[cfg(test)]
            bug: None,
        }
    }
}

/// Mistakes that the property test must notice.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Bug {
    /// A store forgets what was known of the same place only, not of others that may be it.
    StoreIgnoresAliases,
    /// A call forgets nothing.
    CallKeepsHeap,
    /// An integer constant in an exit is one off.
    WrongExitConstant,
    /// The last field of a sunk object is lost.
    SunkFieldLost,
    /// Exits of the body forget what earlier iterations wrote.
    NoUnion,
    /// A guard teaches the opposite bound.
    WrongBound,
    /// Objects of two iterations are taken for one.
    EscapeForgotten,
    /// A bridge takes every word for an int.
    BridgeKnowsTooMuch,
    /// A bridge does not write to memory what the loop does not carry.
    BridgeKeepsSlots,
}

/// What a bridge needs in order to enter a peeled loop's body (`optimize_bridge`): the preamble, and the values in it that are the first
/// values of the body's Params.
#[derive(Clone, Debug)]
pub struct Preamble {
    insts: Vec<Inst>,
    calls: Vec<Call>,
    exits: Vec<Exit>,
    enter: Vec<Ref>,
    /// Slots whose words the body's exits always write.
    carried: Vec<i32>,
}

/// What came out.
#[derive(Debug)]
pub struct Optimized {
    pub unit: Unit,
    /// For bridges into the body, if the unit has one.
    pub preamble: Option<Preamble>,
    /// By exit: what is known of its live values, in the order of `Unit::live`. Given to the optimization of a bridge from there.
    pub known: Vec<Vec<Known>>,
}

/// Optimizes a root unit as it was recorded. A loop (`End::Back`) comes back peeled, with a body and `End::Loop`, or, if its end
/// contradicts its beginning, with `End::Back` still.
pub fn optimize(unit: &Unit, options: &Options) -> Optimized {
    bridge(unit, &[], None, options)
}

/// Optimizes a bridge. `known`: what the exit where it begins knows of its Params (or nothing). If it ends in `End::Jump` to a root with a
/// preamble, it enters the root's body instead: the preamble is repeated at the bridge's end, where most of it folds. If the
/// bridge's end contradicts the preamble it jumps still.
pub fn optimize_bridge(unit: &Unit, known: &[Known], root: Option<&Preamble>, options: &Options) -> Optimized {
    bridge(unit, known, root, options)
}

fn bridge(unit: &Unit, known: &[Known], root: Option<&Preamble>, options: &Options) -> Optimized {
    if unit.body != 0 {
        return Optimized { unit: unit.clone(), preamble: None, known: vec![Vec::new(); unit.exits.len()] };
    }
    let mut w = walk::Walk::new(unit, options);
    w.given = known.to_vec();
    let mut map = vec![Ref::NONE; unit.insts.len()];
    let source = walk::Source { insts: &unit.insts, calls: &unit.calls, exits: &unit.exits };
    let mut preamble = None;
    match w.walk(&source, &mut map) {
        Err(exit) => w.out.end = End::Leave { exit },
        Ok(()) => {
            w.out.end = w.end(unit, &map);
            match (&w.out.end, root) {
                (&End::Back { exit }, _) if options.peel => preamble = peel::peel(&mut w, exit),
                (&End::Jump { target, exit }, Some(root)) => {
                    if let Some(args) = peel::enter(&mut w, exit, root) {
                        w.out.end = End::Enter { target, args }
                    }
                }
                _ => {}
            }
        }
    }
    let (unit, known) = finish(w.out, &w.notes, options);
    Optimized { unit, preamble, known }
}

fn finish(mut unit: Unit, notes: &[Vec<(Ref, Known)>], options: &Options) -> (Unit, Vec<Vec<Known>>) {
    if options.sink {
        sink::sink(&mut unit, options);
    }
    let (unit, map, exits) = dead::remove(&unit);
    debug_assert_eq!(taipan_jit_ir::verify::verify(&unit), Ok(()));
    let known = |(new, old): (usize, &ExitId)| {
        let of = |r: Ref| {
            let note = notes[*old as usize].iter().find(|n| n.0.is_some() && map[n.0.index()] == r);
            note.map(|n| n.1.clone()).unwrap_or_default()
        };
        unit.live(new as ExitId).into_iter().map(of).collect()
    };
    let known = exits.iter().enumerate().map(known).collect();
    (unit, known)
}

#[cfg(test)]
mod tests;
