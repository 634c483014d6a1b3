//! The state of the heap and its place in the address space.

use crate::blocks::{Block, NONE};
use crate::classes::{BLOCK, BLOCK_SHIFT, CLASSES};
use crate::mark::Work;
use crate::options::Options;
use crate::os;
use crate::stats::Clock;
use crate::weak::Weak;
use std::cell::UnsafeCell;
use taipan_abi::gc::{Bump, GcThread, TypeInfo, TypeTable};

/// Address space asked for; halved until the system agrees.
const RESERVE: usize = 64 << 30;
/// Less than this is of no use.
const RESERVE_MIN: usize = 64 << 20;
/// Bytes of a card, as a shift.
pub const CARD_SHIFT: usize = 7;

/// What the major collector is doing between minor collections.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Nothing; all blocks are swept and the mark bitmap is clear.
    Idle,
    /// Marking into the mark bitmap; all blocks are swept.
    Marking,
    /// Blocks flagged UNSWEPT still hold dead cells; the mark bitmap holds their former live bits.
    Sweeping,
}

/// Blocks of one size class.
pub struct Class {
    /// Swept blocks with enough free cells.
    pub avail: Vec<u32>,
    /// Blocks that wait for the sweep of the last major collection.
    pub unswept: Vec<u32>,
    /// The block being allocated into, or NONE, and where its next free interval is searched.
    pub cur: u32,
    /// Offset in `cur`.
    pub pos: u32,
    /// A type with a `free` hook may have cells in this class.
    pub has_free: bool,
}

/// The heap.
pub struct Heap {
    /// The start of the reservation.
    pub base: usize,
    /// Bytes of it ever used: `top << BLOCK_SHIFT`.
    pub used_len: usize,
    /// Blocks ever used.
    pub top: usize,
    /// Blocks reserved.
    pub cap: usize,
    /// Bit per 8 bytes: the object that starts here is old (alive at the last collection).
    pub live: *mut u64,
    /// Bit per 8 bytes: reached by the running major collection.
    pub mark: *mut u64,
    /// Byte per 128 bytes: written since the last minor collection (arrays with GC_CARDS only).
    pub cards: *mut u8,
    /// Byte per 128 bytes: to be visited by a later step of the running major collection.
    pub again_cards: *mut u8,
    /// Byte per block: may hold young objects.
    pub young: *mut u8,
    /// Bit per block: free.
    pub free_bits: *mut u64,
    /// Row per block.
    pub blocks: *mut Block,
    /// All mappings, for a second `init`.
    pub maps: Vec<(*mut u8, usize)>,

    /// The type table.
    pub types: *const TypeTable,
    /// Rows looked at for `free` hooks, and those that were still null.
    pub types_seen: u32,
    /// Ids below `types_seen` whose row was null.
    pub types_null: Vec<u32>,

    /// Flag per type id: its objects have a `free` hook.
    pub free_types: Vec<bool>,
    /// Size classes.
    pub classes: Vec<Class>,
    /// Intervals of the classes without an inlined allocation.
    pub medium: Vec<Bump>,
    /// Recently freed single blocks, last in first out; may hold stale entries.
    pub pool: Vec<u32>,
    /// Free blocks below `top`.
    pub free_blocks: usize,
    /// Where the search for a free block begins.
    pub free_hint: usize,
    /// Blocks with cells handed out since the last minor collection.
    pub young_blocks: Vec<u32>,
    /// Large objects allocated since the last minor collection, and the others.
    pub young_large: Vec<u32>,
    /// Head blocks of old large objects.
    pub large: Vec<u32>,

    /// Old objects to trace again, GC_BARRIER cleared.
    pub remset: Vec<usize>,
    /// Arrays with dirty cards, GC_LISTED set.
    pub dirty: Vec<usize>,
    /// Marked arrays with cards in `again_cards`.
    pub again: Vec<usize>,
    /// Grey objects of a minor collection (empty between collections).
    pub minor: Work,
    /// Grey objects of the major collection.
    pub major: Work,
    /// Grey objects and bitmap of the verifier.
    pub verify: Work,
    /// Bitmap of the verifier, null unless asked for.
    pub verify_map: *mut u64,
    /// The object being traced, for messages.
    pub parent: usize,

    /// Weak slots and finalizers.
    pub weak: Weak,
    /// Attached threads.
    pub threads: Vec<*mut GcThread>,
    /// Ranges of add_roots; (null, 0) = free entry.
    pub ranges: Vec<(*const taipan_abi::word::W, usize)>,

    /// What init was told.
    pub options: Options,
    /// Objects found dead by the collection that was asked for, while it runs.
    pub dead: Option<u64>,
    /// Automatic collections are allowed.
    pub enabled: bool,
    /// A collection is running, or a walk forbids one.
    pub busy: bool,
    /// The major collector's phase.
    pub phase: Phase,
    /// Times a marking step found the grey stack empty but the roots not yet covered.
    pub rescans: u32,
    /// The young generation's size now.
    pub nursery: usize,
    /// Bytes handed out since the last minor collection.
    pub young_bytes: usize,
    /// Bytes of old cells: live at the last sweep plus promoted since.
    pub old_bytes: usize,
    /// Bytes of cells in blocks that wait for the sweep, as of the collection before.
    pub unswept_bytes: usize,
    /// Bytes promoted by the last minor collection.
    pub promoted: usize,
    /// Native bytes behind old objects.
    pub native: usize,
    /// The same, as counted by the running major collection.
    pub native_marked: usize,
    /// A major collection starts when old and native bytes exceed this.
    pub threshold: usize,
    /// Allocations seen by the stress mode.
    pub stress_count: u64,
    /// Counters.
    pub clock: Clock,
}

struct Global(UnsafeCell<Option<Heap>>);
// SAFETY: all entries run under the interpreter lock.
unsafe impl Sync for Global {}
static HEAP: Global = Global(UnsafeCell::new(None));

/// The heap.
///
/// # Safety
/// After `init`, under the interpreter lock, and no other reference obtained here is used while this one is.
#[inline(always)]
pub unsafe fn heap<'a>() -> &'a mut Heap {
    match &mut *HEAP.0.get() {
        Some(h) => h,
        None => os::fatal("used before init"),
    }
}

/// Makes the heap. A second call starts over, provided no thread is attached.
///
/// # Safety
/// Under the interpreter lock.
pub unsafe fn create(options: Options, types: *const TypeTable) -> Result<(), &'static str> {
    let slot = &mut *HEAP.0.get();
    if let Some(old) = slot {
        if !old.threads.is_empty() {
            return Err("the collector is in use and cannot be set up again");
        }
        for &(p, n) in &old.maps {
            os::unmap(p, n);
        }
        *slot = None;
    }
    let mut bytes = RESERVE;
    while bytes >= RESERVE_MIN {
        if let Some(h) = Heap::map(bytes, options.clone(), types) {
            *slot = Some(h);
            return Ok(());
        }
        bytes /= 2;
    }
    Err("the system refuses to reserve address space for the heap")
}

impl Heap {
    unsafe fn map(bytes: usize, options: Options, types: *const TypeTable) -> Option<Heap> {
        let cap = bytes >> BLOCK_SHIFT;
        let mut maps = Vec::new();
        let mut get = |n: usize| {
            let p = os::reserve(n);
            if !p.is_null() {
                maps.push((p, n));
            }
            p
        };
        let verify = if options.verify { bytes / 64 } else { 4096 };
        let parts = [
            bytes + BLOCK,
            bytes / 64,
            bytes / 64,
            bytes >> CARD_SHIFT,
            cap,
            cap / 8 + 8,
            cap * size_of::<Block>(),
            verify,
            bytes >> CARD_SHIFT,
        ]
        .map(&mut get);
        if parts.iter().any(|p| p.is_null()) {
            for (p, n) in maps {
                os::unmap(p, n);
            }
            return None;
        }
        for &(p, n) in &maps[1..] {
            os::small_pages(p, n);
        }
        let classes = (0..CLASSES)
            .map(|_| Class { avail: Vec::new(), unswept: Vec::new(), cur: NONE, pos: 0, has_free: false })
            .collect();
        Some(Heap {
            base: (parts[0] as usize).next_multiple_of(BLOCK),
            used_len: 0,
            top: 0,
            cap,
            live: parts[1].cast(),
            mark: parts[2].cast(),
            cards: parts[3],
            again_cards: parts[8],
            young: parts[4],
            free_bits: parts[5].cast(),
            blocks: parts[6].cast(),
            verify_map: parts[7].cast(),
            maps,
            types,
            types_seen: 0,
            types_null: Vec::new(),
            free_types: Vec::new(),
            classes,
            medium: vec![Bump::default(); CLASSES],
            pool: Vec::new(),
            free_blocks: 0,
            free_hint: 0,
            young_blocks: Vec::new(),
            young_large: Vec::new(),
            large: Vec::new(),
            remset: Vec::new(),
            dirty: Vec::new(),
            again: Vec::new(),
            minor: Work::default(),
            major: Work::default(),
            verify: Work::default(),
            parent: 0,
            weak: Weak::default(),
            threads: Vec::new(),
            ranges: Vec::new(),
            enabled: true,
            busy: false,
            phase: Phase::Idle,
            rescans: 0,
            nursery: options.nursery,
            young_bytes: 0,
            old_bytes: 0,
            unswept_bytes: 0,
            dead: None,
            promoted: 0,
            native: 0,
            native_marked: 0,
            threshold: options.min,
            stress_count: 0,
            clock: Clock::default(),
            options,
        })
    }

    /// The row of block `b`.
    #[inline(always)]
    pub unsafe fn block<'a>(&self, b: usize) -> &'a mut Block {
        &mut *self.blocks.add(b)
    }

    /// The address of block `b`.
    #[inline(always)]
    pub fn addr(&self, b: usize) -> usize {
        self.base + (b << BLOCK_SHIFT)
    }

    /// May `w` be the address of a heap object (even, inside the used heap)?
    #[inline(always)]
    pub fn inside(&self, w: usize) -> bool {
        w & 1 == 0 && w.wrapping_sub(self.base) < self.used_len
    }

    /// The number of the bitmap bit for address `o`.
    #[inline(always)]
    pub fn bit(&self, o: usize) -> usize {
        (o - self.base) >> 3
    }

    /// The block of address `o`.
    #[inline(always)]
    pub fn block_of(&self, o: usize) -> usize {
        (o - self.base) >> BLOCK_SHIFT
    }

    /// The row of the type of object `o`.
    #[inline(always)]
    pub unsafe fn type_of<'a>(&self, o: usize) -> &'a TypeInfo {
        let tid = *(o as *const u32);
        if tid < (*self.types).len {
            let row = *(*self.types).rows.add(tid as usize);
            if !row.is_null() {
                return &*row;
            }
        }
        self.bad_type(o, tid)
    }

    #[cold]
    fn bad_type(&self, o: usize, tid: u32) -> ! {
        os::fatal(&format!(
            "the object at {o:#x} has type id {tid}, which has no row (reached from {})",
            crate::stress::describe(self, self.parent)
        ))
    }

    /// Bytes of blocks in use.
    pub fn used_bytes(&self) -> usize {
        (self.top - self.free_blocks) << BLOCK_SHIFT
    }
}
