//! The memory that the contract fixes: the page of singletons, the type table, a thread's stacks.

use crate::problem;
use crate::problem::{Outcome, Problem};
use std::ptr;
use taipan_abi::gc::{GcThread, TypeTable};
use taipan_abi::thread::{FRAME_MAP, Frame, Thread};
use taipan_abi::word::{Header, SINGLETONS, TID_BOOL, TID_ELLIPSIS, TID_NONE, TID_NOT_IMPLEMENTED, W};

/// Rows of the type table: address space only, pages come as they are used.
pub const TYPE_ROWS: u32 = 4 << 20;
/// Words of a thread's value stack.
pub const VALUE_STACK_WORDS: usize = 8 << 20;
/// Frames of a thread: as many as `sys.setrecursionlimit` can allow, with room for the handlers of a RecursionError.
pub const FRAMES: usize = 1 << 20;
/// Frames that the recursion limit leaves free.
pub const FRAMES_SPARE: usize = 256;
/// `sys.getrecursionlimit()` at the start.
const RECURSION_LIMIT: u32 = 1000;
/// An unreadable gap behind each stack.
const GUARD: usize = 64 << 10;
/// Native stack left below `stack_limit` for code that does not nest evaluations.
const STACK_RESERVE: usize = 512 << 10;
/// The most native stack that is relied upon, however large the system's limit.
const STACK_MOST: usize = 256 << 20;

/// Reserves zeroed memory that costs nothing until it is touched, followed by a guard.
fn reserve(bytes: usize) -> Outcome<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let whole = bytes + GUARD;
    // SAFETY: a fresh anonymous mapping.
    let p = unsafe { libc::mmap(ptr::null_mut(), whole, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if p == libc::MAP_FAILED {
        return problem!(
            "cannot reserve {} MB of address space ({}): raise the limit ('ulimit -v unlimited')",
            whole >> 20,
            crate::os_text(&std::io::Error::last_os_error())
        );
    }
    let p = p.cast::<u8>();
    // SAFETY: the tail of the mapping above. Should it fail there is no guard, but also no harm.
    unsafe { libc::mprotect(p.add(bytes).cast(), GUARD, libc::PROT_NONE) };
    Ok(p)
}

/// Maps the page where None, False, True, NotImplemented and Ellipsis live.
pub fn map_singletons() -> Outcome<()> {
    const BYTES: usize = 4096;
    #[cfg(target_os = "linux")]
    let fixed = libc::MAP_FIXED_NOREPLACE;
    // Elsewhere the address is a hint, and the answer is compared with it.
    #[cfg(not(target_os = "linux"))]
    let fixed = 0;
    let want = SINGLETONS as usize;
    // SAFETY: never replaces an existing mapping.
    let p = unsafe {
        libc::mmap(
            ptr::without_provenance_mut(want),
            BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | fixed,
            -1,
            0,
        )
    };
    if p.addr() != want {
        return problem!(
            "the address {want:#x}, where None has to lie, is taken in this process: run without tools that map memory there"
        );
    }
    let objects = [
        (W::NONE, TID_NONE),
        (W::FALSE, TID_BOOL),
        (W::TRUE, TID_BOOL),
        (W::NOT_IMPLEMENTED, TID_NOT_IMPLEMENTED),
        (W::ELLIPSIS, TID_ELLIPSIS),
    ];
    for (w, tid) in objects {
        // SAFETY: inside the page just mapped.
        unsafe { w.ptr::<Header>().write(Header { tid, gc: 0, rt: 0, aux: [0; 2] }) };
    }
    Ok(())
}

/// The type table; row 0 and unused rows are null.
pub fn type_table() -> Outcome<*mut TypeTable> {
    let rows = reserve(TYPE_ROWS as usize * size_of::<usize>())?;
    Ok(Box::into_raw(Box::new(TypeTable { rows: rows.cast(), len: 0, cap: TYPE_ROWS })))
}

/// The main thread with its stacks. `stack_hi` is an address in a frame above everything that will hold words.
pub fn main_thread(stack_hi: usize) -> Outcome<*mut Thread> {
    let th = thread()?;
    // SAFETY: nobody else has it yet.
    let t = unsafe { &mut *th };
    t.gc.stack_hi = stack_hi;
    t.stack_limit = stack_limit(stack_hi)?;
    // SAFETY: no conditions.
    t.ident = unsafe { libc::pthread_self() } as u64;
    t.next = th;
    Ok(th)
}

/// A thread's record and stacks, everything else zero.
pub fn thread() -> Outcome<*mut Thread> {
    let th = reserve(size_of::<Thread>())?.cast::<Thread>();
    let values = reserve(VALUE_STACK_WORDS * size_of::<W>())?.cast::<W>();
    let frames = reserve(FRAMES * size_of::<Frame>())?.cast::<Frame>();
    // SAFETY: zeroed memory is a valid Thread: atomics, integers, null pointers and NULL words; nobody else has it yet.
    let t = unsafe { &mut *th };
    let gc: &mut GcThread = &mut t.gc;
    gc.vs_base = values;
    gc.vs_top = values;
    gc.frames = frames.cast();
    gc.frame_top = frames.cast();
    gc.frame_bytes = size_of::<Frame>() as u32;
    gc.frame_map = FRAME_MAP;
    // SAFETY: inside the areas just reserved. The first record has no code, which means "nothing runs below"; a frame that returns to
    // it finds there where the value stack ends then.
    unsafe {
        (*frames).base = values;
        (*frames).sp = values;
        t.frame_limit = frames.add(1 + RECURSION_LIMIT as usize);
        t.vs_limit = values.add(VALUE_STACK_WORDS);
    }
    t.recursion_limit = RECURSION_LIMIT;
    Ok(th)
}

/// Gives back what [`thread`] made.
///
/// # Safety
/// Nobody uses the thread or its stacks any more.
pub unsafe fn free_thread(th: *mut Thread) {
    // SAFETY: mapped by `reserve` with these sizes.
    unsafe {
        let (values, frames) = ((*th).gc.vs_base, (*th).gc.frames);
        libc::munmap(values.cast(), VALUE_STACK_WORDS * size_of::<W>() + GUARD);
        libc::munmap(frames.cast(), FRAMES * size_of::<Frame>() + GUARD);
        libc::munmap(th.cast(), size_of::<Thread>() + GUARD);
    }
}

/// The lowest native stack address for nested evaluations in a stack of `bytes`.
pub fn limit_of_stack(stack_hi: usize, bytes: usize) -> usize {
    stack_hi - bytes + STACK_RESERVE.min(bytes / 2)
}

/// How far down the main thread's stack may be used.
fn stack_limit(stack_hi: usize) -> Outcome<usize> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills the struct.
    let ok = unsafe { libc::getrlimit(libc::RLIMIT_STACK, &mut limit) } == 0;
    let bytes = if ok { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX).min(STACK_MOST) } else { 1 << 20 };
    if bytes < 256 << 10 {
        return Err(Problem::new(format!(
            "the native stack is limited to {} kB, too little to run: raise it ('ulimit -s 8192')",
            bytes >> 10
        )));
    }
    Ok(limit_of_stack(stack_hi, bytes))
}
