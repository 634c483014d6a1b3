//! The slots on real objects, in a space of which only the numbers exist.

use crate::num::value::{self, complex_of, float_of, int_of};
use crate::num::{bool_type, complex_type, fast, float_type, int_type, ops};
use num_bigint::BigInt;
use std::cell::RefCell;
use taipan_abi::gc::{GcThread, GcVTable, TypeInfo, TypeTable};
use taipan_abi::opcode::CmpOp;
use taipan_abi::ops::{IntView, OpPair, OpTable, SeqView, StrView};
use taipan_abi::types::{BinaryFn, BufferView, FnSpec, Str, TypeSpec};
use taipan_abi::word::*;
use taipan_plugin_api::{Space, Thread};

thread_local! {
    static RAISED: RefCell<String> = const { RefCell::new(String::new()) };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

macro_rules! stubs {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty; $force:literal; $flag:ident; $special:literal;)*) => {
        /// Every operation panics.
        #[allow(unused_variables, clippy::diverging_sub_expression)]
        fn table() -> Box<OpTable> {
            $(unsafe extern "C-unwind" fn $name(th: *mut Thread $(, $arg: $ty)*) -> $ret { panic!("{}", stringify!($name)) })*
            Box::new(OpTable {
                abi: 0, size: 0, name: Str::new("test"), inner: std::ptr::null(), steps: std::ptr::null(),
                $($name: OpPair::new($name as unsafe extern "C-unwind" fn(*mut Thread $(, $ty)*) -> $ret),)*
            })
        }
    };
}
taipan_abi::operations!(stubs);

unsafe fn text<'a>(p: *const u8, len: usize) -> &'a str {
    if len == 0 { "" } else { std::str::from_utf8(std::slice::from_raw_parts(p, len)).unwrap() }
}
unsafe extern "C-unwind" fn raise_text(th: *mut Thread, known: u32, p: *const u8, len: usize) -> i32 {
    let message = format!("{}: {}", taipan_abi::known::NAMES[known as usize], text(p, len));
    RAISED.set(message);
    (*th).exc = W::TRUE;
    -1
}
unsafe extern "C-unwind" fn newstr(_: *mut Thread, p: *const u8, len: usize) -> W {
    TEXT.set(text(p, len).to_string());
    W::NONE
}
unsafe extern "C-unwind" fn newstr_kind(th: *mut Thread, p: *const u8, len: usize, kind: u32) -> W {
    assert_eq!(kind, 1);
    newstr(th, p, len)
}
unsafe extern "C-unwind" fn newtuple(th: *mut Thread, items: *const W, len: usize) -> W {
    let w = alloc((&raw mut (*th).gc).cast(), 16 + len * 8, TID_TUPLE);
    *w.cast::<usize>().add(1) = len;
    std::ptr::copy_nonoverlapping(items, w.cast::<W>().add(2), len);
    W::of(w)
}
/// Leaks.
unsafe extern "C" fn alloc(_: *mut GcThread, bytes: usize, tid: u32) -> *mut u8 {
    let p = Box::leak(vec![0u64; bytes.div_ceil(8)].into_boxed_slice()).as_mut_ptr();
    *p = tid as u64;
    p.cast()
}

fn singletons() {
    // Other tests of the same process may have mapped the page.
    assert!(crate::types::rows::map_singletons());
}

fn space() -> Space {
    singletons();
    let row = |tid: u32| {
        // SAFETY: plain data with nullable pointers.
        let mut r: TypeInfo = unsafe { std::mem::zeroed() };
        (r.tid, r.layout) = (tid, tid);
        r.slots = match tid {
            TID_LONG => int_type::INT.slots,
            TID_BOOL => bool_type::BOOL.slots,
            TID_FLOAT => float_type::FLOAT.slots,
            TID_COMPLEX => complex_type::COMPLEX.slots,
            _ => std::ptr::null(),
        };
        &raw mut *Box::leak(Box::new(r))
    };
    let rows = Box::leak((0..FIRST_FREE_TID).map(row).collect::<Vec<_>>().into_boxed_slice());
    let types = TypeTable { rows: rows.as_mut_ptr(), len: FIRST_FREE_TID, cap: FIRST_FREE_TID };
    let mut ops = table();
    ops.raise_text = OpPair::new(raise_text);
    ops.newstr = OpPair::new(newstr);
    ops.newstr_kind = OpPair::new(newstr_kind);
    ops.newtuple = OpPair::new(newtuple);
    // SAFETY: only `alloc_slow` of the collector is called; the thread is plain data whose other pointers are not followed.
    unsafe {
        let gcvt = Box::leak(Box::new(std::mem::MaybeUninit::<GcVTable>::zeroed())).as_mut_ptr();
        (&raw mut (*gcvt).alloc_slow).write(alloc);
        let th = Box::leak(Box::new(std::mem::MaybeUninit::<Thread>::zeroed())).as_mut_ptr();
        (*th).ops = Box::leak(ops);
        (*th).gcvt = gcvt;
        (*th).types = Box::leak(Box::new(types));
        Space::new(th)
    }
}

/// What an answer is, as Python would show it.
fn show(sp: Space, w: W) -> String {
    if w.is_null() {
        sp.take_exc();
        return RAISED.take();
    }
    if w == W::NOT_IMPLEMENTED {
        return "NotImplemented".into();
    }
    if w == W::TRUE || w == W::FALSE {
        return if w == W::TRUE { "True" } else { "False" }.into();
    }
    // SAFETY: a live object.
    if unsafe { w.is_tid(TID_TUPLE) } {
        // SAFETY: made by `newtuple`.
        let items = unsafe { std::slice::from_raw_parts(w.ptr::<W>().add(2), *w.ptr::<usize>().add(1)) };
        return format!("({})", items.iter().map(|w| show(sp, *w)).collect::<Vec<_>>().join(", "));
    }
    if let Some(i) = int_of(sp, w) {
        assert_eq!(w.is_int(), i.to_i64().is_some_and(W::fits), "ints that fit are tagged");
        return i.big().to_string();
    }
    if let Some(f) = float_of(sp, w) {
        return crate::num::dtoa::repr(f);
    }
    complex_of(sp, w).map_or("?".into(), |c| crate::num::dtoa::repr_complex(c.0, c.1))
}
fn operand(sp: Space, s: &str) -> W {
    match s {
        "True" => W::TRUE,
        "False" => W::FALSE,
        "None" => W::NONE,
        _ if s.ends_with('j') => {
            value::wrap_complex(sp, crate::num::parse::parse_complex(s.as_bytes()).unwrap()).unwrap()
        }
        _ => match s.parse::<BigInt>() {
            Ok(i) => value::wrap_big(sp, i).unwrap(),
            Err(_) => value::wrap_f64(sp, s.parse().unwrap()).unwrap(),
        },
    }
}
#[track_caller]
fn is(f: BinaryFn, a: &str, b: &str, expected: &str) {
    let sp = space();
    let (w_a, w_b) = (operand(sp, a), operand(sp, b));
    // SAFETY: a slot and live operands.
    let w = unsafe { f(sp.th(), w_a, w_b) };
    assert_eq!(show(sp, w), expected, "{a}, {b}");
}

#[test]
fn fast_operators() {
    is(fast::add, "4611686018427387903", "1", "4611686018427387904");
    is(fast::add, "4611686018427387904", "-1", "4611686018427387903");
    is(fast::sub, "-4611686018427387904", "1", "-4611686018427387905");
    is(fast::sub, "1", "100000000000000000000", "-99999999999999999999");
    is(fast::mul, "4611686018427387903", "-4611686018427387904", "-21267647932558653961849226946058125312");
    is(fast::mul, "100000000000000000000", "0", "0");
    is(fast::floordiv, "-4611686018427387904", "-1", "4611686018427387904");
    is(fast::floordiv, "-7", "2", "-4");
    is(fast::mod_, "-7", "2", "1");
    is(fast::mod_, "-100000000000000000001", "10", "9");
    is(fast::mod_, "7", "0", "ZeroDivisionError: division by zero");
    is(fast::truediv, "1", "3", "0.3333333333333333");
    is(fast::add, "True", "True", "2");
    is(fast::add, "True", "1.5", "2.5");
    is(fast::add, "1.5", "100000000000000000000", "1e+20");
    is(fast::add, "1", "2j", "NotImplemented");
    is(fast::add, "1", "None", "NotImplemented");
    is(fast::pow, "2", "-1", "0.5");
    is(fast::pow, "3", "100", "515377520732011331036461129765621272702107522001");
    is(fast::pow, "-8", "0.5", "(1.7319121124709868e-16+2.8284271247461903j)");
    is(fast::pow, "2", "100000000000000000000", "MemoryError: ");
    is(fast::and_, "True", "False", "False");
    is(fast::and_, "-100000000000000000001", "255", "255");
    is(fast::or_, "True", "2", "3");
    is(fast::lshift, "1", "62", "4611686018427387904");
    is(fast::lshift, "-1", "62", "-4611686018427387904");
    is(fast::lshift, "1", "100000000000000000000", "OverflowError: too many digits in integer");
    is(fast::rshift, "-5", "100000000000000000000", "-1");
    is(fast::rshift, "36893488147419103232", "64", "2");
}

#[test]
fn slots() {
    is(int_type::int_divmod, "-7", "2", "(-4, 1)");
    is(int_type::int_divmod, "-100000000000000000000", "3", "(-33333333333333333334, 2)");
    is(int_type::int_add, "1", "1.5", "NotImplemented");
    is(float_type::float_add, "1", "1.5", "2.5");
    is(float_type::float_divmod, "-7", "2.0", "(-4.0, 1.0)");
    is(float_type::float_mod, "-1e-20", "3.0", "3.0");
    is(float_type::float_floordiv, "1.0", "0", "ZeroDivisionError: division by zero");
    is(float_type::float_pow, "0.0", "-1", "ZeroDivisionError: zero to a negative power");
    let sp = space();
    let unary = |f: Option<taipan_abi::types::UnaryFn>, a: &str| {
        // SAFETY: a slot and a live operand.
        show(sp, unsafe { f.unwrap()(sp.th(), operand(sp, a)) })
    };
    let (i, f, c) = (int_type::INT.slots, float_type::FLOAT.slots, complex_type::COMPLEX.slots);
    assert_eq!(unary(i.neg, "-4611686018427387904"), "4611686018427387904");
    assert_eq!(unary(i.abs, "-4611686018427387905"), "4611686018427387905");
    assert_eq!(unary(i.invert, "4611686018427387904"), "-4611686018427387905");
    assert_eq!(unary(i.pos, "True"), "1");
    assert_eq!(unary(i.float, "9007199254740993"), "9007199254740992.0");
    assert_eq!(unary(f.int, "-1e20"), "-100000000000000000000");
    assert_eq!(unary(f.int, "nan"), "ValueError: cannot convert float NaN to integer");
    assert_eq!(unary(c.neg, "1+2j"), "(-1-2j)");
    assert_eq!(unary(c.abs, "3+4j"), "5.0");
    for (w, text) in [(W::int(-1 << 62), "-4611686018427387904"), (W::int(0), "0"), (W::TRUE, "1")] {
        // SAFETY: a slot and a live operand.
        unsafe { int_type::int_repr(sp.th(), w) };
        assert_eq!(TEXT.take(), text);
    }
}

#[test]
fn comparisons() {
    let sp = space();
    let test = |a: &str, op: CmpOp, b: &str| {
        // SAFETY: live operands.
        show(sp, unsafe { fast::compare(sp.th(), operand(sp, a), operand(sp, b), op as u32) })
    };
    assert_eq!(test("9007199254740993", CmpOp::Gt, "9007199254740992.0"), "True");
    assert_eq!(test("9007199254740992.0", CmpOp::Lt, "9007199254740993"), "True");
    assert_eq!(test("100000000000000000000", CmpOp::Eq, "1e20"), "True");
    assert_eq!(test("nan", CmpOp::Ne, "1"), "True");
    assert_eq!(test("nan", CmpOp::Ge, "1"), "False");
    assert_eq!(test("True", CmpOp::Eq, "1"), "True");
    assert_eq!(test("1", CmpOp::Le, "None"), "NotImplemented");
}

#[test]
fn rows() {
    let sp = space();
    let mut out = 0;
    let mut view = IntView { digits: std::ptr::null(), len: 0, negative: 0, pad: 0, small: 0 };
    // SAFETY: live operands, results of our own.
    unsafe {
        assert_eq!(ops::int_w(sp.th(), operand(sp, "-9223372036854775808"), &mut out), 0);
        assert_eq!(out, i64::MIN);
        assert_eq!(ops::int_w(sp.th(), operand(sp, "9223372036854775808"), &mut out), -1);
        assert_eq!(show(sp, W::NULL), "OverflowError: Python int too large to convert to C ssize_t");
        assert_eq!(ops::bigint_w(sp.th(), operand(sp, "-18446744073709551617"), &mut view), 0);
        assert_eq!((std::slice::from_raw_parts(view.digits, view.len), view.negative), (&[1u64, 1][..], 1));
        assert_eq!(show(sp, ops::newbigint(sp.th(), [1u64, 1].as_ptr(), 2, 1)), "-18446744073709551617");
        assert_eq!(show(sp, ops::newbigint(sp.th(), [5u64, 0].as_ptr(), 2, 1)), "-5");
        assert_eq!(show(sp, ops::newint(sp.th(), i64::MIN)), "-9223372036854775808");
        let w = operand(sp, "18446744073709551617");
        assert_eq!(value::long_native_bytes(w.ptr()), 16);
        value::free_long(w.ptr());
        // Allocated and never filled.
        value::free_long(alloc(std::ptr::null_mut(), size_of::<crate::layouts::WLong>(), TID_LONG));
    }
}
