//! What the operating system and the machine are asked for.

use std::ptr::null_mut;

#[cfg(any(target_os = "linux", target_os = "android"))]
const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANON;

/// Reserves zeroed address space that costs nothing until it is touched; null = refused.
pub fn reserve(bytes: usize) -> *mut u8 {
    // SAFETY: a new anonymous mapping touches nothing that exists.
    let p = unsafe { libc::mmap(null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, FLAGS, -1, 0) };
    if p == libc::MAP_FAILED { null_mut() } else { p.cast() }
}

/// Asks for small pages: tables that are touched here and there would otherwise cost 2 MB each at the start.
///
/// # Safety
/// The range came from [`reserve`].
pub unsafe fn small_pages(p: *mut u8, bytes: usize) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    libc::madvise(p.cast(), bytes, libc::MADV_NOHUGEPAGE);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (p, bytes);
}

/// Gives the address space back.
///
/// # Safety
/// The range came from [`reserve`] and nothing points into it.
pub unsafe fn unmap(p: *mut u8, bytes: usize) {
    libc::munmap(p.cast(), bytes);
}

/// Gives the pages back; the range reads as zero afterwards.
///
/// # Safety
/// Page-aligned range inside a reservation, holding nothing of use.
pub unsafe fn decommit(p: *mut u8, bytes: usize) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if libc::madvise(p.cast(), bytes, libc::MADV_DONTNEED) == 0 {
        return;
    }
    let q = libc::mmap(p.cast(), bytes, libc::PROT_READ | libc::PROT_WRITE, FLAGS | libc::MAP_FIXED, -1, 0);
    if q == libc::MAP_FAILED {
        std::ptr::write_bytes(p, 0, bytes);
    }
}

/// Bytes of a page.
pub fn page() -> usize {
    // SAFETY: no preconditions.
    let n = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    if n > 0 { n as usize } else { usize::MAX }
}

/// The high end of the calling thread's native stack, 0 if unknown.
pub fn stack_hi() -> usize {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the attribute object is initialized by the call that succeeds and destroyed once.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attr) != 0 {
            return 0;
        }
        let (mut lo, mut size) = (null_mut(), 0);
        let r = libc::pthread_attr_getstack(&attr, &mut lo, &mut size);
        libc::pthread_attr_destroy(&mut attr);
        if r == 0 { lo as usize + size } else { 0 }
    }
    #[cfg(target_os = "macos")]
    // SAFETY: asks about the calling thread only.
    unsafe {
        libc::pthread_get_stackaddr_np(libc::pthread_self()) as usize
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
    0
}

/// A number that names the calling native thread.
pub fn thread_id() -> usize {
    // SAFETY: no preconditions.
    unsafe { libc::pthread_self() as usize }
}

/// Room for the callee-saved registers.
pub type Registers = [usize; 20];

/// Copies the callee-saved registers to memory. A register a caller keeps a word in is either still untouched here, and so in
/// `out`, or was saved in a frame between that caller and here.
#[inline(always)]
pub fn spill(out: &mut Registers) {
    let p = out.as_mut_ptr();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: writes 6 words to `out`.
    unsafe {
        std::arch::asm!(
            "mov [{p}], rbx", "mov [{p} + 8], rbp", "mov [{p} + 16], r12", "mov [{p} + 24], r13",
            "mov [{p} + 32], r14", "mov [{p} + 40], r15",
            p = in(reg) p, options(nostack, preserves_flags)
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: writes 20 words to `out`.
    unsafe {
        std::arch::asm!(
            "stp x19, x20, [{p}]", "stp x21, x22, [{p}, #16]", "stp x23, x24, [{p}, #32]", "stp x25, x26, [{p}, #48]",
            "stp x27, x28, [{p}, #64]", "str x29, [{p}, #80]", "stp d8, d9, [{p}, #96]", "stp d10, d11, [{p}, #112]",
            "stp d12, d13, [{p}, #128]", "stp d14, d15, [{p}, #144]",
            p = in(reg) p, options(nostack, preserves_flags)
        );
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    compile_error!("the callee-saved registers of this architecture are not known to the collector");
}

/// The stack pointer of the function this is inlined into: its whole frame lies at or above.
#[inline(always)]
pub fn stack_pointer() -> usize {
    let sp: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reads a register.
    unsafe {
        std::arch::asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads a register.
    unsafe {
        std::arch::asm!("mov {}, sp", out(reg) sp, options(nomem, nostack, preserves_flags));
    }
    sp
}

/// Overwrites the dead stack below the caller, so that later frames with unwritten slots do not revive old words.
#[inline(never)]
pub fn clear_dead_stack() {
    let mut junk = [0u64; 4096];
    // SAFETY: an array of this frame; volatile, so that the writes stay.
    unsafe {
        for i in 0..junk.len() {
            std::ptr::write_volatile(junk.as_mut_ptr().add(i), 0);
        }
    }
    std::hint::black_box(&mut junk);
}

/// Asks for the cache line at `p`.
#[inline(always)]
pub fn prefetch(p: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch of any address is harmless.
    unsafe {
        std::arch::x86_64::_mm_prefetch(p as *const i8, std::arch::x86_64::_MM_HINT_T0);
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a prefetch of any address is harmless.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) p, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = p;
}

/// Ends the process with one line.
#[cold]
pub fn fatal(message: &str) -> ! {
    eprintln!("taipan gc: {message}");
    std::process::abort()
}
