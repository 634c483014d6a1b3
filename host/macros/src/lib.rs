//! Proc macros for the edges of interp-level code.
//!
//! [`macro@interp_fn`] makes a Rust function callable from Python, [`macro@slot`] makes one fit an operation slot, [`macro@GcObject`]
//! tells the collector which fields of a struct are references. Bodies stay plain Rust.

mod func;
mod layout;
mod sig;
mod slot;

use proc_macro::TokenStream;

/// Makes a function callable from Python.
///
/// ```ignore
/// /// Where x would be inserted into the sorted a.
/// #[interp_fn(sig = "(a, x, lo=0, hi=None, *, key=None)")]
/// fn bisect_left(sp: Space, w_a: W, w_x: W, lo: i64, hi: Option<i64>, w_key: W) -> Res<W> { .. }
/// ```
///
/// `sig` is the Python signature; the Rust parameters after `sp` correspond to its parameters one by one (`*args` and `**kw` included) and
/// are converted by `FromArg`. A default is converted like an argument, except that a parameter of type `Option<..>` gets `None` when
/// it was not given. The result is converted by `IntoW`. The function's doc comment becomes `__doc__`.
///
/// Options: `name = ".."`; `method` (the first parameter is self), `classmethod`, `staticmethod`; `with_module` (a module's function that
/// receives its module first); `raw` (parameters `(sp, w_self, args: Args)`, nothing is parsed; `sig` may still be given for `inspect`).
///
/// The description is `NAME::SPEC`, collected by `methods![NAME, ..]`.
#[proc_macro_attribute]
pub fn interp_fn(attr: TokenStream, item: TokenStream) -> TokenStream {
    func::expand(attr.into(), item.into()).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// Makes a function fit an operation slot: `fn f(sp: Space, a: W, ..) -> Res<T>` becomes the C form whose result says "raised" in the
/// slot's way. `Res<W>`: NULL; `Res<Option<W>>`: NULL without an exception for None; `Res<()>` and `Res<bool>`: -1; `Res<i64>`: -1.
/// A parameter of type `Args` stands for the three words of a call.
#[proc_macro_attribute]
pub fn slot(_attr: TokenStream, item: TokenStream) -> TokenStream {
    slot::expand(item.into()).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// The reference map of a `#[repr(C)]` struct that begins with a `Header`.
#[proc_macro_derive(GcObject)]
pub fn gc_object(item: TokenStream) -> TokenStream {
    layout::expand(item.into()).unwrap_or_else(|e| e.to_compile_error()).into()
}
