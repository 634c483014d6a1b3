//! The tracing JIT: it records hot loops and hot exits, optimizes the traces and compiles them to machine code.

use std::collections::HashMap;
use taipan_jit_cranelift::Cranelift;
use taipan_jit_driver::Optimizer;
use taipan_jit_ir::Unit;
use taipan_jit_opt::{Known, Options, Preamble, optimize, optimize_bridge};

/// The passes, and what they leave for the bridges of a unit.
pub struct Passes {
    options: Options,
    preambles: HashMap<u32, Preamble>,
    known: HashMap<u32, Vec<Vec<Known>>>,
}
impl Passes {
    fn new() -> Passes {
        let options = Options { read: Some(taipan_jit_ir::memory::read_constant), ..Options::default() };
        Passes { options, preambles: HashMap::new(), known: HashMap::new() }
    }
}
impl Optimizer for Passes {
    fn root(&mut self, number: u32, unit: Unit) -> Unit {
        let done = optimize(&unit, &self.options);
        self.known.insert(number, done.known);
        if let Some(p) = done.preamble {
            self.preambles.insert(number, p);
        }
        done.unit
    }
    fn bridge(&mut self, number: u32, unit: Unit, parent: (u32, u32), _root: u32) -> Unit {
        let known = self.known.get(&parent.0).and_then(|k| k.get(parent.1 as usize)).map_or(&[][..], Vec::as_slice);
        // The root that the bridge leads into need not be the one it came from.
        let into = match &unit.end {
            taipan_jit_ir::End::Jump { target, .. } => self.preambles.get(target),
            _ => None,
        };
        let done = optimize_bridge(&unit, known, into, &self.options);
        self.known.insert(number, done.known);
        done.unit
    }
}

taipan_jit_driver::jit_table!(
    Cranelift,
    Cranelift::new(taipan_jit_cranelift::Options::default()),
    Passes,
    Passes::new()
);

#[cfg(feature = "plugin")]
taipan_plugin_api::export_plugin!("tracing", "Records hot loops, optimizes the traces and compiles them", Jit, TABLE, [
    "threshold" => "Rounds of a loop before it is recorded", "1039";
    "trace_eagerness" => "Failures of a guard before a bridge is recorded for it", "200";
    "trace_limit" => "Instructions of a recording", "6000";
    "max_units" => "Loops and bridges to compile at most", "1000000";
    "verify" => "1: traces are verified", "0";
    "log" => "1: what was compiled or given up; 2: the traces, too", "0";
]);
