//! A JIT that compiles nothing: it records and runs the traces in the interpreter of `taipan-jit-ir`.
//!
//! It is slow. What a real backend does must be what this one does, which is what the tests compare; and it is the smallest whole JIT for
//! those who write one.

use taipan_jit_driver::Optimizer;
use taipan_jit_ir::Unit;
use taipan_jit_ir::memory::IrBackend;

/// Units run as they were recorded.
pub struct Unchanged;
impl Optimizer for Unchanged {
    fn root(&mut self, _: u32, unit: Unit) -> Unit {
        unit
    }
    fn bridge(&mut self, _: u32, unit: Unit, _: (u32, u32), _: u32) -> Unit {
        unit
    }
}

taipan_jit_driver::jit_table!(IrBackend, Ok(IrBackend::new()), Unchanged, Unchanged);

#[cfg(feature = "plugin")]
taipan_plugin_api::export_plugin!("interp", "Interprets the traces it records", Jit, TABLE, [
    "threshold" => "Rounds of a loop before it is recorded", "1039";
    "trace_eagerness" => "Failures of a guard before a bridge is recorded for it", "200";
    "trace_limit" => "Instructions of a recording", "6000";
    "max_units" => "Loops and bridges to compile at most", "1000000";
    "verify" => "1: traces are verified", "0";
    "log" => "1: what was compiled or given up; 2: the traces, too", "0";
]);
