//! The table of a JIT plugin over a driver in a static of the plugin's own.

/// Defines `TABLE`, the `JitVTable` of a plugin whose backend is `$backend`, made by `$new` (a Result), whose units `$optimize` rewrites.
#[macro_export]
macro_rules! jit_table {
    ($backend:ty, $new:expr, $optimizer:ty, $optimize:expr) => {
        mod table {
            use super::*;
            use std::cell::UnsafeCell;
            use $crate::abi::gc::KeyValue;
            use $crate::abi::jit::{JitAnswer, JitVTable};
            use $crate::abi::mode::Rec;
            use $crate::abi::thread::{Cache, Code, Thread};
            use $crate::abi::word::W;
            use $crate::{Driver, Options};

            struct Global(UnsafeCell<Option<Driver<$backend, $optimizer>>>);
            // SAFETY: all entries run under the interpreter lock.
            unsafe impl Sync for Global {}
            static DRIVER: Global = Global(UnsafeCell::new(None));

            // A run may come back here (a residual call may run loops of its own); the driver keeps no reference across a run.
            unsafe fn driver() -> *mut Driver<$backend, $optimizer> {
                match &mut *DRIVER.0.get() {
                    Some(d) => d,
                    None => unreachable!("init comes first"),
                }
            }
            unsafe extern "C" fn init(
                options: *const KeyValue,
                n: usize,
                complain: unsafe extern "C" fn(*const u8, usize),
            ) -> i32 {
                match Options::read(options, n) {
                    Ok(options) => match $new {
                        Ok(backend) => {
                            *DRIVER.0.get() = Some(Driver::new(backend, $optimize, options));
                            0
                        }
                        Err(sentence) => {
                            let sentence: String = sentence;
                            complain(sentence.as_ptr(), sentence.len());
                            -1
                        }
                    },
                    Err(sentence) => {
                        complain(sentence.as_ptr(), sentence.len());
                        -1
                    }
                }
            }
            unsafe extern "C-unwind" fn back_edge(
                th: *mut Thread,
                _code: *mut Code,
                target: *const u32,
                _sp: *mut W,
                site: *mut Cache,
                out: *mut JitAnswer,
            ) {
                Driver::back_edge(driver(), th, target, site, &mut *out)
            }
            unsafe extern "C-unwind" fn entry(_: *mut Thread, _: *mut Code, _: *mut JitAnswer) {}
            unsafe extern "C-unwind" fn finish(th: *mut Thread, rec: *mut Rec, left: u32, out: *mut JitAnswer) {
                (*driver()).finish(th, rec, left != 0, &mut *out)
            }
            unsafe extern "C" fn invalidate(_: *mut Thread) {}
            unsafe extern "C" fn forget(_: *mut Code) {}
            unsafe extern "C" fn set_param(name: *const u8, len: usize, value: i64) -> i32 {
                let name = std::slice::from_raw_parts(name, len);
                if (*driver()).options.set(name, value) { 0 } else { -1 }
            }
            unsafe extern "C" fn stat(index: u32, name: *mut *const u8) -> i64 {
                (*driver()).stats.get(index, &mut *name)
            }

            /// The table of this JIT.
            pub static TABLE: JitVTable = JitVTable {
                abi: $crate::abi::plugin::ABI,
                size: size_of::<JitVTable>() as u32,
                init,
                threshold,
                back_edge,
                entry,
                finish,
                invalidate,
                forget,
                set_param,
                stat,
            };
            unsafe extern "C" fn threshold() -> u32 {
                (*driver()).options.threshold
            }
        }
        pub use table::TABLE;
    };
}
