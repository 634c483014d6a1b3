//! The machine-code backend of the tracing JIT: [`Cranelift`] implements [`taipan_jit_ir::backend::Backend`].
//!
//! # How code is laid out
//! A root unit with the bridges that were compiled into it is one function of Cranelift's `Tail` convention: `(thread, base, run, how) -> cell`.
//! `base` is the entry frame's, `run` the state of the run on the native stack, `how` 0 at the start and 1 at the body (parameters in
//! `run`). A bridge that was compiled alone is such a function too.
//!
//! An exit is a cold block: it stores its live values to `run` and jumps to where its *cell* says: to a stub that answers the cell's
//! address to `run`'s caller, or into a bridge. Cells are data, so attaching a bridge patches no code.
//!
//! Values that many crowded exits hand over are stored in `run` where they are made; the cells say where an exit's values are.
//!
//! # Bridges
//! A bridge that is compiled alone passes all values through memory on its way in and out, some 3 ns. With [`Options::hot_bridge`] a run ends
//! at the exit of a bridge that has been entered that often, as if it had none: then [`Cranelift::compile_tree`] makes loop and bridges one
//! function, where the way costs a branch.
//!
//! # What the collector sees
//! Words live in registers and in the frames of compiled code; both are scanned without maps, as is the `run` state. The values that
//! `Backend::run` answers are in a vector, which is not: make them words of the value stack before anything is allocated. Slow paths (allocation,
//! write barrier) preserve all registers on the stack before they call Rust.
//!
//! # Limits
//! An allocation that fails even after a full collection leaves by the exit passed last ([`taipan_jit_ir::backend::NO_MEMORY`]); if the unit
//! has passed none yet, it ends the process. A panic cannot unwind through compiled code.
//! Only x86-64 has been run; nothing here but the tests' expectations depends on it (AArch64 has the same conventions in Cranelift).

mod backend;
mod listing;
mod lower;
mod memory;
mod run;
mod stubs;

pub use backend::{Bridge, Cranelift, Options};
pub use run::MAX_VALUES;
