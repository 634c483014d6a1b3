//! Running programs: code, functions, frames, generators, the builtins and sys modules, start.

pub mod asyncgen;
pub mod attrcache;
pub mod builtins;
pub mod code;
pub mod compile;
pub mod fastcall;
pub mod fields;
pub mod frametype;
pub mod frozen;
pub mod function;
pub mod gentype;
pub mod imp;
pub mod locals_proxy;
pub mod marshal;
pub mod ops;
pub mod space;
pub mod special;
pub mod start;
pub mod sys;
pub mod threads;
pub mod tokens;
pub mod unmarshal;

use crate::{Builtin, NOT_KNOWN};
use taipan_abi::known;
use taipan_abi::word::*;

macro_rules! types {
    ($($tid:expr, $spec:expr, $known:expr;)*) => {
        /// The family's types.
        pub static TYPES: &[Builtin] = &[$(Builtin { tid: $tid, spec: &$spec, base: 0, known: $known, public: false },)*];
    };
}
types! {
    TID_CODE, code::CODE, known::CODE;
    TID_FUNCTION, function::FUNCTION, known::FUNCTION;
    TID_METHOD, function::METHOD, known::METHOD;
    TID_FRAME, frametype::FRAME, known::FRAME;
    TID_TRACEBACK, frametype::TRACEBACK, known::TRACEBACK;
    TID_GENERATOR, gentype::GENERATOR, known::GENERATOR;
    TID_COROUTINE, gentype::COROUTINE, known::COROUTINE;
    TID_ASYNC_GENERATOR, asyncgen::ASYNC_GENERATOR, known::ASYNC_GENERATOR;
    gentype::TID_CORO_WRAPPER, gentype::CORO_WRAPPER, NOT_KNOWN;
    asyncgen::TID_WRAPPED, asyncgen::WRAPPED, NOT_KNOWN;
    asyncgen::TID_ASEND, asyncgen::ASEND, NOT_KNOWN;
    asyncgen::TID_ATHROW, asyncgen::ATHROW, NOT_KNOWN;
    asyncgen::TID_ANEXT, asyncgen::ANEXT, NOT_KNOWN;
    locals_proxy::TID_LOCALS_PROXY, locals_proxy::LOCALS_PROXY, NOT_KNOWN;
    threads::TID_LOCK, threads::LOCK, NOT_KNOWN;
    threads::TID_RLOCK, threads::RLOCK, NOT_KNOWN;
    threads::TID_LOCAL, threads::LOCAL, NOT_KNOWN;
    threads::TID_HANDLE, threads::HANDLE, NOT_KNOWN;
    threads::TID_QUEUE, threads::queue::QUEUE, NOT_KNOWN;
}

/// The evaluator of the std space: runs the thread's top frame until its entry frame returns.
///
/// # Safety
/// The frame is complete.
pub unsafe extern "C-unwind" fn eval(th: *mut taipan_abi::thread::Thread) -> W {
    taipan_interp::hot::run(space::StdSpace, th)
}
