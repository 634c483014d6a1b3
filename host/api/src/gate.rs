//! The border between C-shaped tables and Rust bodies.

use crate::space::{Raised, Res, Space};
use taipan_abi::known;
use taipan_abi::thread::Thread;
use taipan_abi::word::W;

/// How a slot's result says "raised".
pub trait SlotResult {
    /// The C form.
    type Raw;
    /// Converts.
    fn raw(self) -> Self::Raw;
}
impl SlotResult for Res<W> {
    type Raw = W;
    #[inline(always)]
    fn raw(self) -> W {
        self.unwrap_or(W::NULL)
    }
}
impl SlotResult for Res<Option<W>> {
    type Raw = W;
    #[inline(always)]
    fn raw(self) -> W {
        match self {
            Ok(Some(w)) => w,
            _ => W::NULL,
        }
    }
}
impl SlotResult for Res<()> {
    type Raw = i32;
    #[inline(always)]
    fn raw(self) -> i32 {
        if self.is_ok() { 0 } else { -1 }
    }
}
impl SlotResult for Res<bool> {
    type Raw = i32;
    #[inline(always)]
    fn raw(self) -> i32 {
        self.map_or(-1, i32::from)
    }
}
impl SlotResult for Res<i32> {
    type Raw = i32;
    #[inline(always)]
    fn raw(self) -> i32 {
        self.unwrap_or(-1)
    }
}
impl SlotResult for Res<i64> {
    type Raw = i64;
    #[inline(always)]
    fn raw(self) -> i64 {
        self.unwrap_or(-1)
    }
}

/// Runs a body whose panics are stopped at a border further out in the same library.
#[inline(always)]
pub fn inside<T>(th: *mut Thread, f: impl FnOnce(Space) -> Res<T>) -> <Res<T> as SlotResult>::Raw
where
    Res<T>: SlotResult,
{
    f(Space::new(th)).raw()
}

/// Runs a body; a panic becomes a SystemError that names this library.
#[inline]
pub fn guarded<T>(th: *mut Thread, f: impl FnOnce(Space) -> Res<T>) -> <Res<T> as SlotResult>::Raw
where
    Res<T>: SlotResult,
{
    // The state a panic leaves behind is Python objects in some valid state; nothing else is shared.
    let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(Space::new(th))));
    r.unwrap_or_else(|payload| Err(panicked(Space::new(th), &*payload))).raw()
}

/// The SystemError of a panic.
#[cold]
#[inline(never)]
pub fn panicked(sp: Space, payload: &(dyn std::any::Any + Send)) -> Raised {
    let what = payload
        .downcast_ref::<&str>()
        .map(|s| s.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into());
    sp.raise(known::SYSTEM_ERROR, &format!("a part of the interpreter panicked: {what}"))
}
