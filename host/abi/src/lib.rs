//! The contract between the parts of Taipan: layouts, tables and instructions. No logic lives here.
//!
//! Reading order: [`word`] (what a value is), [`gc`] (type rows and the collector), [`ops`] (the operation table), [`thread`] (frames and
//! code), [`opcode`] (instructions), [`mode`] (one source for interpreter and tracer), [`plugin`] (what a library exports).
pub mod gc;
pub mod host;
pub mod jit;
pub mod known;
pub mod location;
pub mod mode;
pub mod next;
pub mod opcode;
pub mod ops;
pub mod plugin;
pub mod thread;
pub mod types;
pub mod word;
