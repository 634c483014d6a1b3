//! The bytecode evaluator: frames, calls, generators, exceptions; generic over the object space and the mode.
//!
//! A space library instantiates [`eval::run`] for itself, so that its fast paths inline into the bytecode loop. The evaluator owns the
//! objects of running programs (functions, cells, generators, frames, tracebacks: [`objects`]); all others it reaches through
//! [`space::ObjSpace`] and the operation table.

pub mod bind;
pub mod call;
pub mod eval;
pub mod frames;
pub mod generator;
pub mod hot;
pub mod jump;
pub mod objects;
pub mod operators;
pub mod rare;
pub mod rare_exc;
pub mod rare_match;
pub mod space;
pub mod traced;
pub mod unwind;
pub mod watch;
