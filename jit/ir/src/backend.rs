//! What turns units into something that runs: machine code, or the interpreter of this crate.

use crate::{ExitId, Unit};
use taipan_abi::thread::Thread;
use taipan_abi::word::W;

/// How a run ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The number that `Backend::compile` was given for the unit that was left (a bridge, perhaps).
    pub unit: u32,
    /// With [`NO_MEMORY`], perhaps.
    pub exit: ExitId,
}

/// In `Left::exit`: an object could not be made, even after a collection. The frames and slots are to be made as at this exit, the last one
/// that was passed, and MemoryError is to be raised there (if the exit's `resume` is `BYTECODE`, its `ip` is the raising instruction itself,
/// not the next one).
pub const NO_MEMORY: u32 = 1 << 31;

/// A compiler and its code. Units are numbered by the driver.
pub trait Backend {
    /// Makes unit `number` runnable. Err: a sentence for the log; the driver gives the unit up.
    fn compile(&mut self, number: u32, unit: &Unit) -> Result<(), String>;

    /// From now on a guard of `unit` that fails at `exit` goes on in unit `bridge`, whose Params are the live values of that exit.
    fn attach(&mut self, unit: u32, exit: ExitId, bridge: u32);

    /// Forgets a unit and its bridges, and units that enter its body with theirs. If one of them is running, it runs on to its next exit.
    fn free(&mut self, number: u32);

    /// What `free` has forgotten since this was asked last.
    fn freed(&mut self) -> Vec<u32> {
        Vec::new()
    }

    /// Runs a root unit from its start: the thread's top frame is the entry frame, `base` its base. Ends at an exit without a bridge;
    /// `Unit::live` of that exit, as bits, are then in `values` (booleans 0 or 1). The thread's
    /// top frame is then the entry frame of the unit that was left.
    ///
    /// Residual calls may come back to the same backend (to compile or run other units), which is why it is no `&mut`.
    ///
    /// # Safety
    /// The frame is as the unit's recorder found it.
    unsafe fn run(me: *mut Self, number: u32, th: *mut Thread, base: *mut W, values: &mut Vec<u64>) -> Left;

    /// Machine code for a listing, if there is any.
    fn listing(&self, number: u32) -> Option<String>;

    /// Bytes of code in use.
    fn code_bytes(&self) -> usize;
}
