//! What an operation answers to the evaluator when it may have to call Python (the continuation protocol).

use crate::word::W;

/// The call an operation asks for: push a frame for `w_func` (a Python function or a bound method of one) with these positional
/// arguments, and run continuation `k` on its result.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
pub struct PyCall {
    #[allow(missing_docs)]
    pub w_func: W,
    #[allow(missing_docs)]
    pub args: [W; 4],
    #[allow(missing_docs)]
    pub n: u32,
    #[allow(missing_docs)]
    pub k: u32,
}

/// The answer across a library border; `tag` is one of `Next`'s discriminants.
#[derive(Copy, Clone, Debug)]
#[repr(C)]
pub struct NextC {
    /// 0 raised, 1 done, 2 call, 3 a built-in just answered: run `call.k` on `value`.
    pub tag: u32,
    #[allow(missing_docs)]
    pub pad: u32,
    #[allow(missing_docs)]
    pub value: W,
    #[allow(missing_docs)]
    pub call: PyCall,
}
