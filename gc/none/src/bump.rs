//! The one bump pointer, under the interpreter lock.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use taipan_abi::gc::{BUMP_CLASSES, Bump, GcConfig, GcThread};

/// What a thread gets at a time for one size.
const CHUNK: usize = 16 << 10;
/// Address space asked for, halved until the system agrees.
const RESERVE: usize = 64 << 30;

static START: AtomicUsize = AtomicUsize::new(0);
static CUR: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);

/// `GcVTable::init`: there are no options.
pub unsafe extern "C" fn init(config: *const GcConfig) -> i32 {
    let config = &*config;
    let complain = |s: &str| {
        (config.complain)(s.as_ptr(), s.len());
        -1
    };
    if config.n != 0 {
        return complain("gc.none knows no options");
    }
    let mut flags = libc::MAP_PRIVATE | libc::MAP_ANON;
    if cfg!(any(target_os = "linux", target_os = "android")) {
        flags |= libc::MAP_NORESERVE;
    }
    let mut bytes = RESERVE;
    while bytes >= 1 << 20 {
        let p = libc::mmap(null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        if p != libc::MAP_FAILED {
            START.store(p as usize, Relaxed);
            CUR.store(p as usize, Relaxed);
            END.store(p as usize + bytes, Relaxed);
            return 0;
        }
        bytes /= 2;
    }
    complain("the system refuses to reserve address space for the heap")
}

/// `n` bytes of the reservation; 0 = used up.
fn take(n: usize) -> usize {
    let p = CUR.load(Relaxed);
    if n > END.load(Relaxed) - p {
        return 0;
    }
    CUR.store(p + n, Relaxed);
    p
}

/// Bytes handed out.
pub fn used() -> u64 {
    (CUR.load(Relaxed) - START.load(Relaxed)) as u64
}

/// `GcVTable::alloc_slow`.
pub unsafe extern "C" fn alloc_slow(t: *mut GcThread, bytes: usize, tid: u32) -> *mut u8 {
    if bytes > END.load(Relaxed) - START.load(Relaxed) {
        return null_mut();
    }
    let c = bytes.div_ceil(8).max(1);
    let mut p = 0;
    if c < BUMP_CLASSES {
        // A chunk holds whole cells, so that the inlined path ends exactly at its end.
        let n = CHUNK / (c * 8) * (c * 8);
        let bump = &mut (*t).bump[c];
        if bump.cur >= bump.end {
            let q = take(n);
            *bump = if q == 0 { Bump::default() } else { Bump { cur: q, end: q + n } };
        }
        if bump.cur < bump.end {
            p = bump.cur;
            bump.cur += c * 8;
        }
    }
    if p == 0 {
        p = take(c * 8);
    }
    if p == 0 {
        return null_mut();
    }
    *(p as *mut u64) = tid as u64;
    p as *mut u8
}

/// `GcVTable::alloc_large`.
pub unsafe extern "C" fn alloc_large(t: *mut GcThread, bytes: usize, tid: u32, _flags: u32) -> *mut u8 {
    alloc_slow(t, bytes, tid)
}

/// `GcVTable::try_extend`: sizes are not remembered, so nothing can grow.
pub unsafe extern "C" fn try_extend(_t: *mut GcThread, _p: *mut u8, _bytes: usize) -> i32 {
    0
}
