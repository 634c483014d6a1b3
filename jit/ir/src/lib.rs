//! The traces of the JIT plugins: what a recorder writes, an optimizer rewrites and a backend compiles.
//!
//! A [`Unit`] is straight-line code in SSA form: each instruction is one value or one effect, a [`Ref`] is the index of the instruction that
//! made the value. Control leaves a unit only by a guard that fails, at its [`End`], or by a poll. Where a unit may be left, an [`Exit`]
//! says what the interpreter's frames look like there.
//!
//! # What a unit sees
//! It is entered with the thread's top frame complete in memory (the *entry frame*), at a loop's head or a function's first instruction.
//! Words of the value stack are *slots*, numbered from the entry frame's base: 0 is its first local, -1 its function slot, larger numbers
//! its operands and the windows of the frames above. Slots are not memory to a unit: [`Inst::Slot`] reads the word that stood there at entry,
//! whatever happened since; what was written since is in the exits. Only [`Inst::Sync`] and an exit write to the value stack.
//!
//! # Rules
//! 1. Every use comes after its definition; the kinds of operands are those of `Prim`'s signature.
//! 2. A unit has no effect before an exit that resumes at the start of a bytecode (`Exit::resume == BYTECODE`), counted from that bytecode's
//!    first instruction: a failed guard executes the bytecode again.
//! 3. A call may do what its description says, and nothing else a unit can see. Calls that may look at frames stand behind a `Sync`.
//! 4. An object made by [`Inst::New`] is zeroed but for its header, distinct from every other, and of the row `tid`.

//! 5. Constants may be used anywhere after them; otherwise a loop's body uses only what is made in it (`Unit::body`).

pub mod backend;
pub mod bridge;
pub mod fake;
pub mod interp;
pub mod memory;
pub mod text;
mod trace;
pub mod verify;
pub use trace::*;
