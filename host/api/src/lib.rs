//! What an author of a part depends on.
//!
//! [`Space`] is the handle through which interp-level code reaches every operation; [`interp_fn`], [`slot`] and [`GcObject`] make Rust
//! functions and structs visible to Python; [`typespec!`], [`mixed_module!`] and [`export_modules!`] describe types, modules and libraries.
//!
//! Conventions: `sp` is the space, `w_x` a wrapped object, `x_w` an interp-level container of wrapped ones. A [`Res`] of `Err(Raised)` means
//! that an exception is pending in the thread; pass it on with `?`.

pub use taipan_abi as abi;
pub use taipan_abi::known;
pub use taipan_abi::ops::{IntView, SeqView, StrView};
pub use taipan_abi::thread::Thread;
pub use taipan_abi::types::BufferView;
pub use taipan_abi::word::{Header, W};
pub use taipan_macros::{GcObject, interp_fn, slot};

mod args;
mod blocking;
mod buffer;
mod describe;
pub mod gate;
pub mod layout;
mod roots;
mod space;
mod text;

pub use args::{Args, FromArg, IntoW, This};
pub use buffer::Buffer;
pub use layout::{GcArray, GcVec};
pub use roots::{Global, RootedVec};
pub use space::{Raised, Res, Space};
pub use text::Text;

/// Everything interp-level code usually needs.
pub mod prelude {
    pub use crate::abi::known;
    pub use crate::abi::types::{FnSpec, GetSetSpec, MemberKind, MemberSpec, Slice, Slots, Str, TypeSpec, ff, ty};
    pub use crate::{
        Args, Buffer, FromArg, GcArray, GcObject, GcVec, Global, Header, IntoW, Raised, Res, RootedVec, Space, Text,
        This, Thread, W, functions, getset, interp_fn, member, methods, name, raise, setfield, slot, table, typespec,
    };
}
