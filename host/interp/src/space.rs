//! What the evaluator asks of the object space it is instantiated for.

use taipan_abi::mode::Mode;
use taipan_abi::opcode::{BinOp, CmpOp};
use taipan_abi::thread::{Cache, Code, Thread};
use taipan_abi::types::{CallFn, ParsedFn};
use taipan_abi::word::W;
use taipan_plugin_api::{Res, Space};

/// A call that an operation asks the evaluator to make: `func` is a Python function; the result goes to continuation `k`.
pub struct Call<M: Mode> {
    /// Green: guarded by whoever found it.
    pub w_func: W,
    pub args: [M::W; 4],
    pub n: usize,
    pub k: u32,
}

/// The answer of an operation (see `continuations`: state lives only in the caller's operands and instruction).
pub enum Next<M: Mode> {
    /// The result.
    Done(M::W),
    /// An exception is pending.
    Raised,
    /// Call a Python function, then go on with its `k`.
    Call(Call<M>),
    /// A built-in special method answered this: run the continuation on it.
    Cont(M::W, u32),
}

/// The answer of a truth test.
pub enum Truth<M: Mode> {
    /// Decided (guarded while recording).
    Known(bool),
    Raised,
    Call(Call<M>),
}

/// The answer of `next` in a `for`.
pub enum Item<M: Mode> {
    Value(M::W),
    /// Two items of the pair that it would be; only where they are unpacked at once.
    Pair(M::W, M::W),
    Exhausted,
    Raised,
    /// A suspended generator to resume in place.
    Resume(M::W),
    Call(Call<M>),
}

/// A function written in Rust, known at the call site.
pub enum Native {
    /// It takes the arguments as they stand, after this many NULLs for optional ones.
    Parsed(ParsedFn, usize),
    /// It takes self (or its module) and the arguments but for so many at the front.
    Raw(CallFn, W, usize),
}

/// What kind of callable CALL has found.
pub enum Callee<M: Mode> {
    /// A Python function (green), to be called with the arguments as they stand.
    Function(W),
    /// A Python function (green) with this first argument before them.
    Method(W, M::W),
    /// A Python function (green) with the callable itself before the arguments: its class's `__call__`.
    Called(W),
    /// A fresh instance and the Python `__init__` to call on it.
    Init(M::W, W),
    /// A generator's `__next__`/`send` with the value to send: resume it in place.
    Resume(M::W, M::W),
    /// A function written in Rust, to be called directly.
    Native(Native),
    /// Anything else: `call` it.
    Other,
    Raised,
}

/// A Python function's parts.
#[derive(Copy, Clone)]
pub struct FuncParts {
    pub code: *mut Code,
    pub w_globals: W,
}

/// Operations the evaluator inlines. Implementations are generic over the mode; each has `Exec` and `Record` from one source.
///
/// # Safety of all methods
/// Words are live; `cache` is the instruction's own cache; the frame has been saved to the thread.
#[allow(clippy::missing_safety_doc)]
pub trait ObjSpace: Copy {
    /// a op b. Both being small ints without overflow was handled by the evaluator for + - and the bit operations.
    unsafe fn binop<M: Mode>(self, m: M, op: BinOp, inplace: bool, a: M::W, b: M::W, cache: *mut Cache) -> Next<M>;
    /// Continuation of a binary operator: `k` with the method's answer and the operands.
    unsafe fn binop_cont<M: Mode>(self, m: M, k: u32, op: BinOp, inplace: bool, a: M::W, b: M::W, v: M::W) -> Next<M>;
    /// a op b
    unsafe fn compare<M: Mode>(self, m: M, op: CmpOp, a: M::W, b: M::W, cache: *mut Cache) -> Next<M>;
    /// See binop_cont.
    unsafe fn compare_cont<M: Mode>(self, m: M, k: u32, op: CmpOp, a: M::W, b: M::W, v: M::W) -> Next<M>;
    /// bool(w)
    unsafe fn truth<M: Mode>(self, m: M, w: M::W) -> Truth<M>;
    /// obj.name
    unsafe fn getattr<M: Mode>(self, m: M, w: M::W, w_name: W, cache: *mut Cache) -> Next<M>;
    /// obj.name for a call: the answer is the callable; `self_` receives the object (or stays None for "no self").
    unsafe fn load_method<M: Mode>(self, m: M, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool) -> Next<M>;
    /// obj.name = v; the result of Done is not used.
    unsafe fn setattr<M: Mode>(self, m: M, w: M::W, w_name: W, v: M::W, cache: *mut Cache) -> Next<M>;
    /// A global or built-in name.
    unsafe fn load_global<M: Mode>(self, m: M, w_globals: W, w_name: W, cache: *mut Cache) -> Next<M>;
    /// a[k]
    unsafe fn getitem<M: Mode>(self, m: M, a: M::W, k: M::W, cache: *mut Cache) -> Next<M>;
    /// a[k] = v
    unsafe fn setitem<M: Mode>(self, m: M, a: M::W, k: M::W, v: M::W, cache: *mut Cache) -> Next<M>;
    /// x in a
    unsafe fn contains<M: Mode>(self, m: M, a: M::W, x: M::W, cache: *mut Cache) -> Next<M>;
    /// iter(a)
    unsafe fn iter<M: Mode>(self, m: M, a: M::W) -> Next<M>;
    /// next(a) in a `for`; `unpacked`: the next instruction takes a pair apart.
    unsafe fn next<M: Mode>(self, m: M, a: M::W, unpacked: bool, cache: *mut Cache) -> Item<M>;
    /// What is being called with `n` positional arguments at `args`?
    unsafe fn callee<M: Mode>(self, m: M, f: M::W, args: *mut W, n: usize, cache: *mut Cache) -> Callee<M>;
    /// Calls anything that is no Python function: arguments as in `CallFn`.
    unsafe fn call<M: Mode>(self, m: M, f: M::W, args: *mut W, n: usize, w_kwnames: W) -> M::W;
    /// `n` items of an iterable to out[0..n], the last first if `reversed`; false = raised.
    unsafe fn unpack<M: Mode>(self, m: M, w: M::W, n: usize, out: *mut W) -> bool;
    /// A tuple or list of the words at `items`.
    unsafe fn build_tuple<M: Mode>(self, m: M, items: *mut W, n: usize) -> M::W;
    /// See build_tuple.
    unsafe fn build_list<M: Mode>(self, m: M, items: *mut W, n: usize) -> M::W;
    /// Appends to a list under construction; false = raised.
    unsafe fn list_append<M: Mode>(self, m: M, list: M::W, v: M::W) -> bool;
    /// Adds to a set under construction; false = raised.
    unsafe fn set_add<M: Mode>(self, m: M, set: M::W, v: M::W) -> bool;
    /// Adds to a dict under construction; false = raised.
    unsafe fn map_add<M: Mode>(self, m: M, map: M::W, key: M::W, v: M::W) -> bool;
    /// `super(class, self).name` with the built-in super: (callable, self or NULL) if `method`, else (value, NULL).
    unsafe fn load_super(self, sp: Space, w_class: W, w_self: W, w_name: W, method: bool) -> Res<(W, W)>;
    /// The thread's builtins dict for a globals dict.
    unsafe fn builtins_of(self, th: *mut Thread, w_globals: W) -> W;
    /// The concatenation of strs (an f-string).
    unsafe fn build_string(self, sp: Space, items: &[W]) -> Res<W>;
    /// A function of a code object.
    unsafe fn make_function(self, sp: Space, w_code: W, w_globals: W) -> Res<W>;
    /// Does the type match sequence (or else mapping) patterns?
    unsafe fn type_flag(self, sp: Space, w: W, sequence: bool) -> bool;
    /// A value yielded by an async generator, marked as such.
    unsafe fn async_gen_wrap(self, sp: Space, w: W) -> Res<W>;
}
