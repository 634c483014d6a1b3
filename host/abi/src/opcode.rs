//! The instruction set: names, encoding and stack effects, written once.
//!
//! An instruction is one `u32`: the opcode in the low 8 bits, its argument in the high 24. Opcodes for which
//! [`Op::has_cache`] holds are followed by one more word, the index of their inline cache in `Code::caches`.
//! There is no EXTENDED_ARG. Jump arguments count words from the end of the jumping instruction (the cache word
//! included); the direction is part of the opcode.
//!
//! Names and meanings are CPython 3.14's, with these differences:
//! * Truth is tested by the jumps themselves (`POP_JUMP_IF_*`, `UNARY_NOT`); there is no TO_BOOL.
//! * Frequent operators and comparisons have opcodes of their own. The argument of `BINARY_ADD` and its kind is 1
//!   for the in-place form. `BINARY_OP` serves the rest ([`BinOp`] as argument).
//! * `LOAD_ATTR` takes a plain name index, `LOAD_METHOD` pushes (callable, self or NULL).
//! * `BINARY_SUBSCR` is an opcode, not an operator.
//! * `RESUME`, `CACHE`, `COPY_FREE_VARS`, `MAKE_CELL` do not exist: a call fills cells and free variables from the
//!   code's tables (see `Code`).
//! * A conditional operator that can call Python keeps its operands on the stack until it is finished: the
//!   continuation protocol finds its whole state there.
//!
//! The locals of a frame are: parameters, other locals, cell variables that are not parameters, free variables.
//! A parameter that is also a cell variable keeps its place: the call wraps it into a cell there.

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident $pops:literal $pushes:literal $flags:expr;)*) => {
        /// An opcode. The discriminants are part of the bytecode files' format.
        #[allow(non_camel_case_types)]
        #[derive(Copy, Clone, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Op { $($(#[$doc])* $name,)* }

        /// Facts about each opcode, in the order of the discriminants.
        pub static OPCODES: &[OpInfo] = &[$(OpInfo { name: stringify!($name), pops: $pops, pushes: $pushes, flags: $flags },)*];
        const ALL: &[Op] = &[$(Op::$name,)*];
    };
}

/// Facts about an opcode that tools and the compiler need.
#[derive(Copy, Clone, Debug)]
pub struct OpInfo {
    /// CPython's name where there is one.
    pub name: &'static str,
    /// How many operands leave the stack when the instruction has finished; -1: depends on the argument ([`Op::pops`]).
    pub pops: i8,
    /// How many values it pushes; -1: depends on the argument ([`Op::pushes`]).
    pub pushes: i8,
    /// Bits below.
    pub flags: u16,
}

/// A cache word follows.
pub const F_CACHE: u16 = 1;
/// The argument is a forward jump.
pub const F_JUMP: u16 = 2;
/// The argument is a backward jump.
pub const F_JUMP_BACK: u16 = 4;
/// The argument indexes `Code::names`.
pub const F_NAME: u16 = 8;
/// The argument indexes the constants.
pub const F_CONST: u16 = 16;
/// The argument indexes the locals.
pub const F_LOCAL: u16 = 32;
/// Control does not continue with the next instruction.
pub const F_STOP: u16 = 64;
const __: u16 = 0;

opcodes! {
    /// Never valid; a zeroed word must not run.
    INVALID 0 0 F_STOP;
    NOP 0 0 __;
    POP_TOP 1 0 __;
    /// The end of a `for` over: pops the iterator. (CPython's POP_ITER; END_FOR is not needed: FOR_ITER pushes nothing when exhausted.)
    POP_ITER 1 0 __;
    PUSH_NULL 0 1 __;
    /// Pushes the item `arg` places below the top (1 = the top itself).
    COPY 0 1 __;
    /// Swaps the top with the item `arg` places below (2 = the next one).
    SWAP 0 0 __;

    LOAD_CONST 0 1 F_CONST;
    /// The argument is the int itself plus 2^23 (so -2^23 ..< 2^23).
    LOAD_SMALL_INT 0 1 __;
    LOAD_NONE 0 1 __;
    LOAD_TRUE 0 1 __;
    LOAD_FALSE 0 1 __;
    /// arg: 0 AssertionError, 1 NotImplementedError, 2 builtins.tuple, 3 builtins.all, 4 builtins.any, 5 builtins.list, 6 builtins.set
    LOAD_COMMON_CONSTANT 0 1 __;

    /// A local known to be bound.
    LOAD_FAST 0 1 F_LOCAL;
    /// A local that may be unbound: UnboundLocalError.
    LOAD_FAST_CHECK 0 1 F_LOCAL;
    /// Pushes the local (NULL if unbound) and unbinds it; used by inlined comprehensions.
    LOAD_FAST_AND_CLEAR 0 1 F_LOCAL;
    /// arg = first | second << 12.
    LOAD_FAST_LOAD_FAST 0 2 __;
    STORE_FAST 1 0 F_LOCAL;
    /// Stores a value that may be NULL; the counterpart of LOAD_FAST_AND_CLEAR.
    STORE_FAST_MAYBE_NULL 1 0 F_LOCAL;
    /// Stores to `arg & 0xfff`, then loads `arg >> 12`.
    STORE_FAST_LOAD_FAST 1 1 __;
    /// Stores the top to `arg & 0xfff`, the next to `arg >> 12`.
    STORE_FAST_STORE_FAST 2 0 __;
    DELETE_FAST 0 0 F_LOCAL;
    /// The cell itself is in local `arg`; pushes its content (NameError/UnboundLocalError if empty).
    LOAD_DEREF 0 1 F_LOCAL;
    STORE_DEREF 1 0 F_LOCAL;
    DELETE_DEREF 0 0 F_LOCAL;
    /// Makes a fresh empty cell in local `arg`; only for cells of inlined comprehensions, all others are made by the call.
    MAKE_CELL 0 0 F_LOCAL;
    /// Pops a mapping; pushes mapping[name of local arg] or the cell's content.
    LOAD_FROM_DICT_OR_DEREF 1 1 F_LOCAL;

    LOAD_NAME 0 1 F_NAME;
    STORE_NAME 1 0 F_NAME;
    DELETE_NAME 0 0 F_NAME;
    /// arg >> 1 is the name; arg & 1: push NULL after it (for a call).
    LOAD_GLOBAL -1 -1 F_CACHE;
    STORE_GLOBAL 1 0 F_NAME;
    DELETE_GLOBAL 0 0 F_NAME;
    /// Pops a mapping; pushes mapping[name], or the global.
    LOAD_FROM_DICT_OR_GLOBALS 1 1 F_NAME;
    /// The mapping of the local names (class and module bodies).
    LOAD_LOCALS 0 1 __;
    LOAD_BUILD_CLASS 0 1 __;

    /// obj -> value
    LOAD_ATTR 1 1 F_NAME | F_CACHE;
    /// obj -> callable, self or NULL
    LOAD_METHOD 1 2 F_NAME | F_CACHE;
    /// value, obj ->   (obj on top)
    STORE_ATTR 2 0 F_NAME | F_CACHE;
    DELETE_ATTR 1 0 F_NAME;
    /// global super, class, self -> value. arg >> 2 is the name; bit 0: as a method (pushes callable, self or NULL);
    /// bit 1: `super` was called with two arguments in the source.
    LOAD_SUPER_ATTR 3 -1 F_CACHE;
    /// obj -> callable, self or NULL. arg: 0 __enter__, 1 __exit__, 2 __aenter__, 3 __aexit__; looked up on the type.
    LOAD_SPECIAL 1 2 __;

    /// a, b -> value; arg 1 = in place. The order of these eleven is that of `BinOp`.
    BINARY_ADD 2 1 F_CACHE;
    BINARY_SUB 2 1 F_CACHE;
    BINARY_MUL 2 1 F_CACHE;
    BINARY_TRUEDIV 2 1 F_CACHE;
    BINARY_FLOORDIV 2 1 F_CACHE;
    BINARY_MOD 2 1 F_CACHE;
    BINARY_AND 2 1 F_CACHE;
    BINARY_OR 2 1 F_CACHE;
    BINARY_XOR 2 1 F_CACHE;
    BINARY_LSHIFT 2 1 F_CACHE;
    BINARY_RSHIFT 2 1 F_CACHE;
    /// arg = BinOp | in place << 7; only pow and matmul need it.
    BINARY_OP 2 1 F_CACHE;
    UNARY_NEGATIVE 1 1 __;
    UNARY_POSITIVE 1 1 __;
    UNARY_INVERT 1 1 __;
    UNARY_NOT 1 1 __;
    /// a, b -> value
    COMPARE_LT 2 1 F_CACHE;
    COMPARE_LE 2 1 F_CACHE;
    COMPARE_EQ 2 1 F_CACHE;
    COMPARE_NE 2 1 F_CACHE;
    COMPARE_GT 2 1 F_CACHE;
    COMPARE_GE 2 1 F_CACHE;
    /// a, b -> bool; arg 1 = `is not`.
    IS_OP 2 1 __;
    /// item, container -> bool; arg 1 = `not in`.
    CONTAINS_OP 2 1 F_CACHE;

    /// container, key -> value
    BINARY_SUBSCR 2 1 F_CACHE;
    /// value, container, key ->
    STORE_SUBSCR 3 0 F_CACHE;
    /// container, key ->
    DELETE_SUBSCR 2 0 __;
    /// container, start, stop -> value
    BINARY_SLICE 3 1 __;
    /// value, container, start, stop ->
    STORE_SLICE 4 0 __;
    /// arg 2 or 3 items -> slice
    BUILD_SLICE -1 1 __;

    JUMP_FORWARD 0 0 F_JUMP | F_STOP;
    /// A loop's back edge: polls for signals, counts for the JIT.
    JUMP_BACKWARD 0 0 F_JUMP_BACK | F_STOP | F_CACHE;
    JUMP_BACKWARD_NO_INTERRUPT 0 0 F_JUMP_BACK | F_STOP;
    /// Pops a value, tests its truth, jumps.
    POP_JUMP_IF_FALSE 1 0 F_JUMP;
    POP_JUMP_IF_TRUE 1 0 F_JUMP;
    POP_JUMP_IF_NONE 1 0 F_JUMP;
    POP_JUMP_IF_NOT_NONE 1 0 F_JUMP;
    /// `and`, `or`: jumps with the value kept if it is false (true), else pops it.
    JUMP_IF_FALSE_OR_POP 1 0 F_JUMP;
    JUMP_IF_TRUE_OR_POP 1 0 F_JUMP;

    GET_ITER 1 1 __;
    /// iterator -> iterator, next value; when exhausted it jumps with the iterator still on the stack (a POP_ITER stands there).
    FOR_ITER 0 1 F_JUMP | F_CACHE;
    /// obj -> obj, len
    GET_LEN 0 1 __;
    /// sequence -> arg items, the first on top
    UNPACK_SEQUENCE 1 -1 F_CACHE;
    /// sequence -> items; arg = before | after << 8 (so after < 65536)
    UNPACK_EX 1 -1 __;

    /// callable, self or NULL, arg positional -> result
    CALL -1 1 F_CACHE;
    /// callable, self or NULL, arg arguments, tuple of the names of the last ones -> result
    CALL_KW -1 1 F_CACHE;
    /// callable, NULL, tuple (any iterable is made a tuple before), dict or NULL -> result
    CALL_FUNCTION_EX 4 1 __;
    /// code -> function
    MAKE_FUNCTION 1 1 __;
    /// value, function -> function. arg: 1 defaults tuple, 2 kwdefaults dict, 4 annotations, 8 closure tuple, 16 __annotate__ function
    SET_FUNCTION_ATTRIBUTE 2 1 __;
    RETURN_VALUE 1 0 F_STOP;
    /// First instruction of a generator, coroutine or async generator: makes the object from the frame and returns it to the caller;
    /// when it is first resumed the sent None is on the stack (a POP_TOP follows).
    RETURN_GENERATOR 0 1 __;
    /// value -> value sent. arg = operands below the value on the stack. In an async generator the compiler wraps with intrinsic ASYNC_GEN_WRAP before.
    YIELD_VALUE 1 1 __;
    /// receiver, value -> receiver, yielded value; when the receiver has finished: jumps with receiver, result (END_SEND follows there).
    SEND 1 1 F_JUMP | F_CACHE;
    /// receiver, value -> value
    END_SEND 2 1 __;
    GET_YIELD_FROM_ITER 1 1 __;
    /// arg: 1 after __aenter__, 2 after __aexit__ (for the error text)
    GET_AWAITABLE 1 1 __;
    GET_AITER 1 1 __;
    /// aiter -> aiter, awaitable
    GET_ANEXT 0 1 __;
    /// aiter, exception -> (if it is StopAsyncIteration, else re-raises)
    END_ASYNC_FOR 2 0 __;
    /// receiver, last value, exception -> NULL, value of StopIteration (else re-raises)
    CLEANUP_THROW 3 2 __;

    BUILD_TUPLE -1 1 __;
    BUILD_LIST -1 1 __;
    BUILD_SET -1 1 __;
    /// arg pairs
    BUILD_MAP -1 1 __;
    BUILD_STRING -1 1 __;
    /// strings tuple, interpolations tuple -> Template
    BUILD_TEMPLATE 2 1 __;
    /// value, str expression, [format spec] -> Interpolation. arg = conversion << 2 | has format spec
    BUILD_INTERPOLATION -1 1 __;
    /// The container is arg places below the value (counted after the value is popped; 1 = the top).
    LIST_APPEND 1 0 __;
    LIST_EXTEND 1 0 __;
    SET_ADD 1 0 __;
    SET_UPDATE 1 0 __;
    /// key, value
    MAP_ADD 2 0 __;
    DICT_UPDATE 1 0 __;
    /// As DICT_UPDATE, but a duplicate key is a TypeError (call with **); the callable is arg + 2 below, as in CPython.
    DICT_MERGE 1 0 __;
    FORMAT_SIMPLE 1 1 __;
    FORMAT_WITH_SPEC 2 1 __;
    /// arg: 1 str, 2 repr, 3 ascii
    CONVERT_VALUE 1 1 __;

    /// level, fromlist -> module
    IMPORT_NAME 2 1 F_NAME;
    /// module -> module, attribute
    IMPORT_FROM 0 1 F_NAME;

    /// exception -> previous handled exception, exception. The evaluator pushes the exception before it enters a handler.
    PUSH_EXC_INFO 1 2 __;
    /// previous handled exception ->
    POP_EXCEPT 1 0 __;
    /// exception -> raises it. arg = 1: the int instruction offset (RERAISE's origin) is `arg` below, as pushed by a handler with lasti.
    RERAISE 1 0 F_STOP;
    /// arg 0..2 items: exception, cause
    RAISE_VARARGS -1 0 F_STOP;
    /// exception, type -> exception, bool
    CHECK_EXC_MATCH 1 1 __;
    /// exception, type -> rest or None, matched or None
    CHECK_EG_MATCH 2 2 __;
    /// exit callable, self or NULL, lasti, previous handled, exception -> the same, result
    WITH_EXCEPT_START 0 1 __;

    /// subject -> subject, bool
    MATCH_MAPPING 0 1 __;
    MATCH_SEQUENCE 0 1 __;
    /// subject, keys tuple -> subject, keys tuple, values tuple or None
    MATCH_KEYS 0 1 __;
    /// subject, class, names tuple -> tuple of attributes or None. arg = number of positional patterns
    MATCH_CLASS 3 1 __;

    /// arg = Intrinsic1
    CALL_INTRINSIC_1 1 1 __;
    /// arg = Intrinsic2
    CALL_INTRINSIC_2 2 1 __;
    SETUP_ANNOTATIONS 0 0 __;
}

/// Binary operators, in the order of the opcodes `BINARY_ADD`... and then those of `BINARY_OP`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    TrueDiv,
    FloorDiv,
    Mod,
    And,
    Or,
    Xor,
    LShift,
    RShift,
    Pow,
    MatMul,
}

/// Rich comparisons, in the order of the opcodes `COMPARE_LT`...
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum CmpOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

/// Arguments of `CALL_INTRINSIC_1`. Value -> result.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Intrinsic1 {
    /// The interactive prompt's print of an expression statement (sys.displayhook).
    Print,
    /// `from m import *`: the module on the stack into the local names; leaves None.
    ImportStar,
    /// An exception leaving a generator: StopIteration becomes RuntimeError.
    StopIterationError,
    /// A value yielded by an async generator.
    AsyncGenWrap,
    /// list -> tuple
    ListToTuple,
    /// name -> TypeVar (name, bound and constraints variants below)
    TypeVar,
    /// name -> ParamSpec
    ParamSpec,
    /// name -> TypeVarTuple
    TypeVarTuple,
    /// tuple of type parameters -> Generic[...]
    SubscriptGeneric,
    /// (name, type params or None, function computing the value) -> TypeAliasType
    TypeAlias,
}

/// Arguments of `CALL_INTRINSIC_2`. a, b -> result.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Intrinsic2 {
    /// original exception group, list of unhandled -> exception to re-raise or None
    PrepReraiseStar,
    /// name, function computing the bound -> TypeVar
    TypeVarWithBound,
    /// name, function computing the constraints -> TypeVar
    TypeVarWithConstraints,
    /// function, type params -> function with `__type_params__`
    SetFunctionTypeParams,
    /// type parameter, function computing the default -> type parameter
    SetTypeparamDefault,
}

impl Op {
    /// The opcode of a byte, or None for a byte that is no opcode.
    #[inline]
    pub fn from_u8(b: u8) -> Option<Op> {
        ALL.get(b as usize).copied()
    }
    /// The table row.
    #[inline]
    pub fn info(self) -> &'static OpInfo {
        &OPCODES[self as usize]
    }
    /// A cache word follows the instruction.
    #[inline]
    pub fn has_cache(self) -> bool {
        self.info().flags & F_CACHE != 0
    }
    /// Words of the instruction.
    #[inline]
    pub fn words(self) -> usize {
        1 + self.has_cache() as usize
    }
    /// Operands that leave the stack.
    pub fn pops(self, arg: u32) -> usize {
        let arg = arg as usize;
        match self {
            Op::LOAD_GLOBAL => 0,
            Op::BUILD_SLICE
            | Op::BUILD_TUPLE
            | Op::BUILD_LIST
            | Op::BUILD_SET
            | Op::BUILD_STRING
            | Op::RAISE_VARARGS => arg,
            Op::BUILD_MAP => 2 * arg,
            Op::BUILD_INTERPOLATION => 2 + (arg & 1),
            Op::CALL => arg + 2,
            Op::CALL_KW => arg + 3,
            _ => self.info().pops as usize,
        }
    }
    /// Values pushed (on the path that does not jump).
    pub fn pushes(self, arg: u32) -> usize {
        match self {
            Op::LOAD_GLOBAL => 1 + (arg & 1) as usize,
            Op::LOAD_SUPER_ATTR => 1 + (arg & 1) as usize,
            Op::UNPACK_SEQUENCE => arg as usize,
            Op::UNPACK_EX => ((arg & 0xff) + 1 + (arg >> 8)) as usize,
            _ => self.info().pushes as usize,
        }
    }
    /// Change of the stack's depth; with `jump` on the path that jumps.
    pub fn effect(self, arg: u32, jump: bool) -> isize {
        match (self, jump) {
            (Op::FOR_ITER, true) => 0,
            (Op::SEND, true) => 0,
            (Op::JUMP_IF_FALSE_OR_POP | Op::JUMP_IF_TRUE_OR_POP, true) => 0,
            _ => self.pushes(arg) as isize - self.pops(arg) as isize,
        }
    }
}

/// Encodes an instruction; `arg` must be below 2^24.
#[inline]
pub const fn encode(op: Op, arg: u32) -> u32 {
    op as u32 | arg << 8
}
/// What is added to the int of `LOAD_SMALL_INT`.
pub const SMALL_INT_BIAS: i64 = 1 << 23;

/// `Code::flags`: CPython's `co_flags`.
pub mod co {
    #![allow(missing_docs)]
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const FUTURE_DIVISION: u32 = 0x20000;
    pub const FUTURE_ABSOLUTE_IMPORT: u32 = 0x40000;
    pub const FUTURE_WITH_STATEMENT: u32 = 0x80000;
    pub const FUTURE_PRINT_FUNCTION: u32 = 0x100000;
    pub const FUTURE_UNICODE_LITERALS: u32 = 0x200000;
    pub const FUTURE_BARRY_AS_BDFL: u32 = 0x400000;
    pub const FUTURE_GENERATOR_STOP: u32 = 0x800000;
    pub const FUTURE_ANNOTATIONS: u32 = 0x1000000;
    pub const HAS_DOCSTRING: u32 = 0x4000000;
    pub const METHOD: u32 = 0x8000000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opcode_round_trips() {
        for (i, op) in ALL.iter().enumerate() {
            assert_eq!(Op::from_u8(i as u8), Some(*op));
            assert_eq!(*op as usize, i);
        }
        assert_eq!(Op::from_u8(ALL.len() as u8), None);
    }
}
