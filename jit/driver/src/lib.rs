//! The part of a JIT plugin that is the same whatever runs the traces: which loops are hot, recording them, leaving compiled code and
//! putting the interpreter's frames back, bridges, giving up.
//!
//! All of it runs under the interpreter lock. At most one recording is under way in the process.

mod deopt;
mod driver;
mod export;
mod options;
mod recorder;

pub use driver::{Driver, Optimizer};
pub use options::{Options, Stats};
pub use recorder::Recorder;
#[doc(hidden)]
pub use taipan_abi as abi;
