//! What compiled code and this library share: the state of a run, the cells of exits, the entries of units.

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};
use taipan_abi::thread::Frame;

/// Values that an exit hands over at most.
pub const MAX_VALUES: usize = 512;

/// Homes of a function at most.
pub const MAX_HOMES: usize = 256;

/// The state of one run of compiled code, on the native stack (so the collector sees the words in it).
#[repr(C)]
pub struct Run {
    /// The entry frame of the unit that runs.
    pub frame: *mut Frame,
    /// The answer of the allocation's slow path.
    pub fresh: u64,
    /// Live values of the exit that is taken, or arguments of a body that is entered; then the homes of the function that runs.
    pub values: [u64; MAX_VALUES + MAX_HOMES],
}

/// Where an exit leads: compiled code jumps to `target` with the address of the cell as its fourth argument.
#[derive(Debug)]
#[repr(C)]
pub struct Cell {
    /// The `leave` stub or a bridge.
    pub target: AtomicUsize,
    pub unit: u32,
    pub exit: u32,
    /// How many values the exit hands over.
    pub live: u32,
    /// Where the live values lie in `Run::values`, in their order.
    pub map: AtomicPtr<u16>,
    /// How often the bridge may still be entered before it is reported to be hot.
    pub left: AtomicU32,
}

/// The map of an exit that stores all its values.
static IN_ORDER: [u16; MAX_VALUES] = {
    let mut map = [0; MAX_VALUES];
    let mut i = 0;
    while i < MAX_VALUES {
        map[i] = i as u16;
        i += 1;
    }
    map
};

impl Cell {
    pub fn new(leave: usize, unit: u32, exit: u32, live: usize) -> Cell {
        Cell {
            target: AtomicUsize::new(leave),
            unit,
            exit,
            live: live as u32,
            left: AtomicU32::new(0),
            map: AtomicPtr::new((&raw const IN_ORDER) as *mut u16),
        }
    }
}

/// Where other units jump to a root unit's start. There is one for each number that was ever jumped to.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Start {
    /// The unit's code; 0 while it has none.
    pub code: AtomicUsize,
}

/// Where other units enter a root unit's body. They are freed with it.
#[derive(Debug)]
#[repr(C)]
pub struct Body {
    /// The function, to be entered with [`ENTER_BODY`].
    pub code: AtomicUsize,
    /// Kinds of the parameters by index; 255: not used.
    pub kinds: Vec<u8>,
}

/// The fourth argument of a unit that is entered at its start. A bridge that is entered from an exit finds that exit's cell there.
pub const ENTER_START: i64 = 0;
/// The fourth argument of a unit that is entered at its body, with the parameters in `Run::values`.
pub const ENTER_BODY: i64 = 1;
