//! Calls without the interpreter lock.

use crate::space::Space;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A call and, afterwards, what came of it.
struct Call<F, T> {
    f: Option<F>,
    result: Option<std::thread::Result<T>>,
}

unsafe extern "C" fn trampoline<F: FnOnce() -> T, T>(ctx: *mut c_void) {
    // SAFETY: `run` passes its own Call, which nobody else uses meanwhile.
    let call = unsafe { &mut *ctx.cast::<Call<F, T>>() };
    if let Some(f) = call.f.take() {
        // A panic goes on in `run`, on the other side of the C-shaped border.
        call.result = Some(catch_unwind(AssertUnwindSafe(f)));
    }
}

/// See [`Space::blocking`].
pub fn run<T, F: FnOnce() -> T>(sp: Space, f: F) -> T {
    let host = sp.thread().host;
    if host.is_null() {
        return f();
    }
    let mut call = Call { f: Some(f), result: None };
    // SAFETY: the host calls the trampoline once, during this call.
    unsafe { ((*host).blocking)(sp.th(), trampoline::<F, T>, (&raw mut call).cast()) };
    match call.result {
        Some(Ok(v)) => v,
        Some(Err(panic)) => resume_unwind(panic),
        None => unreachable!("the host runs what it is given"),
    }
}
