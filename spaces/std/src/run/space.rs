//! The std space as the evaluator sees it: inline caches and fast paths for exact built-in types.
//!
//! Cache keys: `tid | epoch << 32` for attributes (the row says class and shape, the epoch that no class has changed since), a dict's
//! `keys_version` for globals, a class's version for instantiation.

use super::attrcache::{getattr_slow, instantiation, load_method_slow, setattr_slow};
use super::fields::{self, read_word};
use super::{fastcall, special};
use crate::containers;
use crate::layouts::*;
use crate::num;
use crate::text;
use crate::types;
use taipan_abi::known;
use taipan_abi::mode::{CALL_ANY, FieldDesc, Mode, fd, kind};
use taipan_abi::opcode::{BinOp, CmpOp};
use taipan_abi::thread::{Cache, Thread, k};
use taipan_abi::types::Str;
use taipan_abi::word::*;
use taipan_interp::objects::gen_state;
use taipan_interp::space::{Call, Callee, Item, Next, ObjSpace, Truth};
use taipan_plugin_api::{Args, Raised, Res, Space, name};

/// The std space.
#[derive(Copy, Clone)]
pub struct StdSpace;

static FLOAT_VALUE: FieldDesc = FieldDesc {
    off: 8,
    kind: kind::F,
    flags: fd::IMMUTABLE,
    alias: taipan_abi::mode::alias::FLOAT,
    name: Str::new("float.value"),
};

/// What an attribute cache holds.
pub mod ck {
    /// a = byte offset of the word in the object.
    pub const OFFSET: u32 = 1;
    /// a = byte offset of `w_ext`, b = index in it.
    pub const EXT: u32 = 2;
    /// b = the class attribute, not bound.
    pub const VALUE: u32 = 3;
    /// b = a function or method descriptor to be called with the object as self.
    pub const METHOD: u32 = 4;
    /// b = a property's Python getter.
    pub const PROPERTY: u32 = 5;
    /// A store that adds an attribute: a = byte offset, b = the new row.
    pub const TRANSITION: u32 = 6;
    /// A module's attribute: a = keys version, b = entry.
    pub const MODULE: u32 = 7;
    /// a = byte offset of a `__slots__` word, NULL if unbound.
    pub const SLOT: u32 = 9;
    /// A call of a function written in Rust (`fastcall`); the count of arguments from bit 8 on.
    pub const NATIVE: u32 = 10;
    /// An attribute found on a class itself: a = the class's version, b = the value.
    pub const CLASS: u32 = 8;
}

#[inline(always)]
unsafe fn key<M: Mode>(m: M, tid: u32) -> u64 {
    tid as u64 | ((*m.th()).epoch as u64) << 32
}

pub fn done<M: Mode>(m: M, r: Res<W>) -> Next<M> {
    match r {
        Ok(w) => Next::Done(m.kw(w)),
        Err(Raised) => Next::Raised,
    }
}

#[inline(always)]
fn call1<M: Mode>(m: M, w_func: W, a: M::W, k: u32) -> Next<M> {
    let null = m.kw(W::NULL);
    Next::Call(Call { w_func, args: [a, null, null, null], n: 1, k })
}

/// A float's or small int's value.
#[inline(always)]
unsafe fn as_float<M: Mode>(m: M, w: M::W) -> Option<M::F> {
    if m.branch(m.is_int(w)) {
        Some(m.i2f(m.untag(w)))
    } else if m.is_tid(w, TID_FLOAT) {
        Some(m.getf_f(w, &FLOAT_VALUE, m.ki(0)))
    } else {
        None
    }
}

#[inline(always)]
unsafe fn new_float<M: Mode>(m: M, f: M::F) -> Next<M> {
    let w = m.new(TID_FLOAT, 16);
    if m.raised(w) {
        return Next::Raised;
    }
    m.setf_f(w, &FLOAT_VALUE, m.ki(0), f);
    Next::Done(w)
}

/// The operation of the table for an operator.
unsafe extern "C-unwind" fn binop_slow(th: *mut Thread, a: W, b: W, op: BinOp, inplace: bool) -> W {
    let fast = match op {
        BinOp::Add => num::fast::add(th, a, b),
        BinOp::Sub => num::fast::sub(th, a, b),
        BinOp::Mul => num::fast::mul(th, a, b),
        BinOp::TrueDiv => num::fast::truediv(th, a, b),
        BinOp::FloorDiv => num::fast::floordiv(th, a, b),
        BinOp::Mod => num::fast::mod_(th, a, b),
        _ => W::NOT_IMPLEMENTED,
    };
    if fast != W::NOT_IMPLEMENTED {
        return fast;
    }
    let o = &*(*th).ops;
    macro_rules! pick {
        ($plain:ident, $inplace:ident) => {
            if inplace { (o.$inplace.exec)(th, a, b) } else { (o.$plain.exec)(th, a, b) }
        };
    }
    match op {
        BinOp::Add => pick!(add, inplace_add),
        BinOp::Sub => pick!(sub, inplace_sub),
        BinOp::Mul => pick!(mul, inplace_mul),
        BinOp::TrueDiv => pick!(truediv, inplace_truediv),
        BinOp::FloorDiv => pick!(floordiv, inplace_floordiv),
        BinOp::Mod => pick!(mod_, inplace_mod),
        BinOp::And => pick!(and_, inplace_and),
        BinOp::Or => pick!(or_, inplace_or),
        BinOp::Xor => pick!(xor, inplace_xor),
        BinOp::LShift => pick!(lshift, inplace_lshift),
        BinOp::RShift => pick!(rshift, inplace_rshift),
        BinOp::Pow if inplace => (o.inplace_pow.exec)(th, a, b),
        BinOp::Pow => (o.pow.exec)(th, a, b, W::NONE),
        BinOp::MatMul => pick!(matmul, inplace_matmul),
    }
}

/// One C function for each operator, for residual calls.
macro_rules! residual_binops {
    ($($name:ident $op:ident $inplace:literal;)*) => {
        $(unsafe extern "C-unwind" fn $name(th: *mut Thread, a: W, b: W) -> W { binop_slow(th, a, b, BinOp::$op, $inplace) })*
        fn residual_binop(op: BinOp, inplace: bool) -> unsafe extern "C-unwind" fn(*mut Thread, W, W) -> W {
            match (op, inplace) { $((BinOp::$op, $inplace) => $name,)* }
        }
    };
}
residual_binops! {
    r_add Add false; r_sub Sub false; r_mul Mul false; r_truediv TrueDiv false; r_floordiv FloorDiv false; r_mod Mod false;
    r_and And false; r_or Or false; r_xor Xor false; r_lshift LShift false; r_rshift RShift false; r_pow Pow false; r_matmul MatMul false;
    i_add Add true; i_sub Sub true; i_mul Mul true; i_truediv TrueDiv true; i_floordiv FloorDiv true; i_mod Mod true;
    i_and And true; i_or Or true; i_xor Xor true; i_lshift LShift true; i_rshift RShift true; i_pow Pow true; i_matmul MatMul true;
}

unsafe extern "C-unwind" fn compare_slow(th: *mut Thread, a: W, b: W, op: CmpOp) -> W {
    let fast = num::fast::compare(th, a, b, op as u32);
    if fast != W::NOT_IMPLEMENTED {
        return fast;
    }
    if a.is_tid(TID_STR) && b.is_tid(TID_STR) && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return W::bool(text::eq(a, b) == (op == CmpOp::Eq));
    }
    let o = &*(*th).ops;
    match op {
        CmpOp::Lt => (o.lt.exec)(th, a, b),
        CmpOp::Le => (o.le.exec)(th, a, b),
        CmpOp::Eq => (o.eq.exec)(th, a, b),
        CmpOp::Ne => (o.ne.exec)(th, a, b),
        CmpOp::Gt => (o.gt.exec)(th, a, b),
        CmpOp::Ge => (o.ge.exec)(th, a, b),
    }
}
macro_rules! residual_compares {
    ($($name:ident $op:ident;)*) => {
        $(unsafe extern "C-unwind" fn $name(th: *mut Thread, a: W, b: W) -> W { compare_slow(th, a, b, CmpOp::$op) })*
        fn residual_compare(op: CmpOp) -> unsafe extern "C-unwind" fn(*mut Thread, W, W) -> W {
            match op { $(CmpOp::$op => $name,)* }
        }
    };
}
residual_compares! { c_lt Lt; c_le Le; c_eq Eq; c_ne Ne; c_gt Gt; c_ge Ge; }

unsafe extern "C-unwind" fn truth_slow(th: *mut Thread, w: W) -> W {
    match ((*(*th).ops).is_true.exec)(th, w) {
        1 => W::TRUE,
        0 => W::FALSE,
        _ => W::NULL,
    }
}
unsafe extern "C-unwind" fn getitem_slow(th: *mut Thread, a: W, key: W) -> W {
    let sp = Space::new(th);
    if a.is_tid(TID_DICT) {
        match sp.dict_get(a, key) {
            Ok(Some(w)) => return w,
            Ok(None) => {
                sp.key_error(key);
                return W::NULL;
            }
            Err(Raised) => return W::NULL,
        }
    }
    if key.is_int() && a.is_tid(TID_STR) {
        return text::getitem_int(sp, a, key.untag()).unwrap_or(W::NULL);
    }
    ((*(*th).ops).getitem.exec)(th, a, key)
}
unsafe extern "C-unwind" fn setitem_slow(th: *mut Thread, a: W, key: W, v: W) -> W {
    let o = &*(*th).ops;
    let r = if a.is_tid(TID_DICT) { (o.dict_set.exec)(th, a, key, v) } else { (o.setitem.exec)(th, a, key, v) };
    if r < 0 { W::NULL } else { W::NONE }
}
unsafe extern "C-unwind" fn contains_slow(th: *mut Thread, a: W, x: W) -> W {
    match ((*(*th).ops).contains.exec)(th, a, x) {
        1 => W::TRUE,
        0 => W::FALSE,
        _ => W::NULL,
    }
}
unsafe extern "C-unwind" fn next_slow(th: *mut Thread, a: W) -> W {
    match types::iterops::next(Space::new(th), a) {
        Ok(Some(w)) => w,
        Ok(None) => W::EXHAUSTED,
        Err(Raised) => W::NULL,
    }
}
unsafe extern "C-unwind" fn append_slow(th: *mut Thread, list: W, v: W) -> W {
    match (*list.ptr::<WList>()).items.push(Space::new(th), list, v) {
        Ok(()) => W::NONE,
        Err(Raised) => W::NULL,
    }
}
unsafe extern "C-unwind" fn iter_slow(th: *mut Thread, a: W) -> W {
    ((*(*th).ops).iter.exec)(th, a)
}

pub fn residual<M: Mode>(m: M, w: M::W) -> Next<M> {
    if m.raised(w) { Next::Raised } else { Next::Done(w) }
}

/// Runs an operation out of line. Its answer comes back through memory in the evaluator's native frame, where the collector looks for as
/// long as the loop runs: so that memory is cleared. The operands go in registers.
macro_rules! apart {
    ($m:ident, $answer:ty, $f:path, $($arg:ident: $ty:ty),*) => {{
        #[inline(never)]
        #[allow(unused_unsafe)]
        unsafe fn into<M: Mode>(m: M, $($arg: $ty,)* out: *mut $answer) {
            // SAFETY: the caller's slot, and what the operation asks for.
            unsafe { out.write($f(m, $($arg),*)) }
        }
        let mut slot = std::mem::MaybeUninit::<$answer>::uninit();
        into::<M>($m, $($arg,)* slot.as_mut_ptr());
        let answer = slot.assume_init_read();
        if !M::RECORDING {
            let words = slot.as_mut_ptr().cast::<u64>();
            for i in 0..size_of::<$answer>() / 8 {
                words.add(i).write_volatile(0);
            }
        }
        answer
    }};
}

impl ObjSpace for StdSpace {
    #[inline(always)]
    unsafe fn binop<M: Mode>(self, m: M, op: BinOp, inplace: bool, a: M::W, b: M::W, _cache: *mut Cache) -> Next<M> {
        if m.branch(m.both_int(a, b)) {
            match op {
                BinOp::FloorDiv | BinOp::Mod => {
                    let (x, y) = (m.untag(a), m.untag(b));
                    if !m.branch(m.ieq(y, m.ki(0))) {
                        let r = if op == BinOp::Mod { m.imod(x, y) } else { m.ifloordiv(x, y) };
                        if op == BinOp::Mod || m.branch(m.fits(r)) {
                            return Next::Done(m.tag(r));
                        }
                    }
                }
                BinOp::RShift => {
                    let y = m.untag(b);
                    if !m.branch(m.ilt(y, m.ki(0))) {
                        return Next::Done(m.tag(m.ishr(m.untag(a), y)));
                    }
                }
                BinOp::LShift => {
                    let (x, y) = (m.untag(a), m.untag(b));
                    if m.branch(m.ult(y, m.ki(32))) && m.branch(m.ult(m.iadd(x, m.ki(1 << 29)), m.ki(1 << 30))) {
                        return Next::Done(m.tag(m.ishl(x, y)));
                    }
                }
                _ => {}
            }
        } else if matches!(op, BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::TrueDiv)
            && let Some(x) = as_float(m, a)
            && let Some(y) = as_float(m, b)
        {
            let r = match op {
                BinOp::Add => m.fadd(x, y),
                BinOp::Sub => m.fsub(x, y),
                BinOp::Mul => m.fmul(x, y),
                _ => {
                    if m.branch(m.feq(y, m.kf(0.0))) {
                        return residual(m, m.call2(&CALL_ANY, residual_binop(op, inplace), a, b, k::BINOP1));
                    }
                    m.fdiv(x, y)
                }
            };
            return new_float(m, r);
        } else if (is_instance(m, a) || is_instance(m, b))
            && class_is_known(m, a)
            && class_is_known(m, b)
            && let Some(c) = special::binop(m, op, inplace, a, b)
        {
            return Next::Call(c);
        }
        residual(m, m.call2(&CALL_ANY, residual_binop(op, inplace), a, b, k::DONE))
    }

    unsafe fn binop_cont<M: Mode>(self, m: M, k: u32, op: BinOp, inplace: bool, a: M::W, b: M::W, v: M::W) -> Next<M> {
        special::binop_next(m, k, op, inplace, a, b, v)
    }

    #[inline(always)]
    unsafe fn compare<M: Mode>(self, m: M, op: CmpOp, a: M::W, b: M::W, _cache: *mut Cache) -> Next<M> {
        if let Some(x) = as_float(m, a)
            && let Some(y) = as_float(m, b)
            && !m.branch(m.is_int(b))
            && !m.branch(m.is_int(a))
        {
            let c = match op {
                CmpOp::Lt => m.flt(x, y),
                CmpOp::Le => m.fle(x, y),
                CmpOp::Eq => m.feq(x, y),
                CmpOp::Ne => m.not(m.feq(x, y)),
                CmpOp::Gt => m.flt(y, x),
                CmpOp::Ge => m.fle(y, x),
            };
            return Next::Done(m.wbool(c));
        }
        if is_instance(m, a)
            && class_is_known(m, b)
            && let Some(c) = special::compare(m, op, a, b)
        {
            return Next::Call(c);
        }
        residual(m, m.call2(&CALL_ANY, residual_compare(op), a, b, k::DONE))
    }

    unsafe fn compare_cont<M: Mode>(self, m: M, k: u32, op: CmpOp, a: M::W, b: M::W, v: M::W) -> Next<M> {
        special::compare_next(m, k, op, a, b, v)
    }

    #[inline(always)]
    unsafe fn truth<M: Mode>(self, m: M, w: M::W) -> Truth<M> {
        if m.branch(m.weq(w, m.kw(W::TRUE))) {
            return Truth::Known(true);
        }
        if m.branch(m.weq(w, m.kw(W::FALSE))) || m.branch(m.weq(w, m.kw(W::NONE))) {
            return Truth::Known(false);
        }
        if m.branch(m.is_int(w)) {
            return Truth::Known(!m.branch(m.weq(w, m.kw(W::int(0)))));
        }
        if is_instance(m, w) {
            let s = &*types::util::type_slots(types::util::type_of(Space::new(m.th()), m.w(w)));
            if s.bool.is_none() && s.len.is_none() {
                return Truth::Known(true);
            }
            if let Some(c) = special::truth(m, w) {
                return Truth::Call(c);
            }
        }
        let r = m.call1(&CALL_ANY, truth_slow, w, k::BOOL);
        if m.raised(r) {
            return Truth::Raised;
        }
        Truth::Known(m.branch(m.weq(r, m.kw(W::TRUE))))
    }

    #[inline(always)]
    unsafe fn getattr<M: Mode>(self, m: M, w: M::W, w_name: W, cache: *mut Cache) -> Next<M> {
        if !m.branch(m.is_int(w)) {
            let c = &*cache;
            if c.key == key(m, m.tid(w)) {
                m.same_epoch();
                match c.kind {
                    ck::OFFSET => return Next::Done(read_word(m, w, c.a)),
                    ck::EXT => return Next::Done(fields::read_ext(m, w, c.a, c.b)),
                    ck::SLOT => {
                        let v = read_word(m, w, c.a);
                        if !m.branch(m.is_null(v)) {
                            return Next::Done(v);
                        }
                    }
                    ck::VALUE => return Next::Done(m.kw(W(c.b))),
                    ck::PROPERTY => return call1(m, W(c.b), w, k::DONE),
                    ck::MODULE => {
                        let d = (*m.promote(w).ptr::<WModule>()).w_dict;
                        if let Some(v) = fields::versioned(m, d, c.a, c.b as usize) {
                            return Next::Done(v);
                        }
                    }
                    ck::CLASS => {
                        let t = &*m.promote(w).ptr::<WType>();
                        if t.version == c.a {
                            return Next::Done(m.kw(W(c.b)));
                        }
                    }
                    _ => {}
                }
            }
        }
        apart!(m, Next<M>, getattr_slow, w: M::W, w_name: W, cache: *mut Cache)
    }

    #[inline(always)]
    unsafe fn load_method<M: Mode>(self, m: M, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool) -> Next<M> {
        if !m.branch(m.is_int(w)) {
            let c = &*cache;
            if c.key == key(m, m.tid(w)) {
                m.same_epoch();
                match c.kind {
                    ck::METHOD => {
                        *with_self = true;
                        return Next::Done(m.kw(W(c.b)));
                    }
                    ck::OFFSET => return Next::Done(read_word(m, w, c.a)),
                    ck::PROPERTY => return call1(m, W(c.b), w, k::METHOD_VALUE),
                    ck::SLOT => {
                        let v = read_word(m, w, c.a);
                        if !m.branch(m.is_null(v)) {
                            return Next::Done(v);
                        }
                    }
                    ck::VALUE => return Next::Done(m.kw(W(c.b))),
                    ck::MODULE => {
                        let d = (*m.promote(w).ptr::<WModule>()).w_dict;
                        if let Some(v) = fields::versioned(m, d, c.a, c.b as usize) {
                            return Next::Done(v);
                        }
                    }
                    ck::CLASS => {
                        let t = &*m.promote(w).ptr::<WType>();
                        if t.version == c.a {
                            return Next::Done(m.kw(W(c.b)));
                        }
                    }
                    _ => {}
                }
            }
        }
        apart!(m, Next<M>, load_method_slow, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool)
    }

    #[inline(always)]
    unsafe fn setattr<M: Mode>(self, m: M, w: M::W, w_name: W, v: M::W, cache: *mut Cache) -> Next<M> {
        if !m.branch(m.is_int(w)) {
            let c = &*cache;
            if c.key == key(m, m.tid(w)) {
                m.same_epoch();
                match c.kind {
                    ck::OFFSET => {
                        fields::write_word(m, w, c.a, v, None);
                        return Next::Done(m.kw(W::NONE));
                    }
                    ck::TRANSITION => {
                        fields::write_word(m, w, c.a, v, Some(c.b as u32));
                        return Next::Done(m.kw(W::NONE));
                    }
                    _ => {}
                }
            }
        }
        setattr_slow(m, w, w_name, v, cache)
    }

    #[inline(always)]
    unsafe fn load_global<M: Mode>(self, m: M, w_globals: W, w_name: W, cache: *mut Cache) -> Next<M> {
        let c = &*cache;
        let g = &*w_globals.ptr::<WDict>();
        if c.key != 0 && g.keys_version == c.key {
            if c.kind == 1 {
                if let Some(v) = fields::versioned(m, w_globals, c.key, c.a as usize) {
                    return Next::Done(v);
                }
            } else {
                let w_builtins = Space::new(m.th()).known(known::BUILTINS_DICT);
                if M::RECORDING {
                    m.promote_i(m.getf_i(m.kw(w_globals), &fields::DICT_VERSION, m.ki(0)));
                }
                if let Some(v) = fields::versioned(m, w_builtins, c.a, c.b as usize) {
                    return Next::Done(v);
                }
            }
        }
        m.give_up("a global that its cache does not know");
        done(m, load_global_slow(Space::new(m.th()), w_globals, w_name, cache))
    }

    #[inline(always)]
    unsafe fn getitem<M: Mode>(self, m: M, a: M::W, key: M::W, _cache: *mut Cache) -> Next<M> {
        if m.branch(m.is_int(key))
            && !m.branch(m.is_int(a))
            && let Some(w) = fields::sequence_item(m, a, key)
        {
            return Next::Done(w);
        }
        if is_instance(m, a)
            && let Some(c) = special::getitem(m, a, key)
        {
            return Next::Call(c);
        }
        residual(m, m.call2(&CALL_ANY, getitem_slow, a, key, k::DONE))
    }

    #[inline(always)]
    unsafe fn setitem<M: Mode>(self, m: M, a: M::W, key: M::W, v: M::W, _cache: *mut Cache) -> Next<M> {
        if m.branch(m.is_int(key)) && !m.branch(m.is_int(a)) && fields::store_list_item(m, a, key, v) {
            return Next::Done(m.kw(W::NONE));
        }
        if is_instance(m, a)
            && let Some(c) = special::setitem(m, a, key, v)
        {
            return Next::Call(c);
        }
        residual(m, m.call3(&CALL_ANY, setitem_slow, a, key, v, k::DISCARD))
    }

    unsafe fn contains<M: Mode>(self, m: M, a: M::W, x: M::W, _cache: *mut Cache) -> Next<M> {
        if is_instance(m, a)
            && let Some(c) = special::contains(m, a, x)
        {
            return Next::Call(c);
        }
        residual(m, m.call2(&CALL_ANY, contains_slow, a, x, k::CONTAINS))
    }

    #[inline(always)]
    unsafe fn iter<M: Mode>(self, m: M, a: M::W) -> Next<M> {
        if !m.branch(m.is_int(a)) && matches!(m.tid(a), TID_GENERATOR | TID_RANGE_ITER | TID_LIST_ITER | TID_TUPLE_ITER)
        {
            return Next::Done(a);
        }
        if is_instance(m, a)
            && let Some(c) = special::iter(m, a)
        {
            return Next::Call(c);
        }
        residual(m, m.call1(&CALL_ANY, iter_slow, a, k::ITER))
    }

    #[inline(always)]
    unsafe fn next<M: Mode>(self, m: M, a: M::W, unpacked: bool, _cache: *mut Cache) -> Item<M> {
        let o = m.w(a);
        if !o.is_obj() {
            // Only a debugger can have put a small int (or nothing) in an iterator's place.
            return not_an_iterator(Space::new(m.th()), o);
        }
        let tid = m.tid(a);
        match tid {
            TID_RANGE_ITER | TID_LIST_ITER | TID_TUPLE_ITER => {
                return fields::next_item(m, a, tid).map_or(Item::Exhausted, Item::Value);
            }
            TID_GENERATOR if !M::RECORDING => match (*o.ptr::<WGenerator>()).state {
                gen_state::CLOSED => return Item::Exhausted,
                _ => return Item::Resume(a),
            },
            _ => {}
        }
        let sp = Space::new(m.th());
        if is_instance(m, a)
            && let Some(c) = special::next(m, a)
        {
            return Item::Call(c);
        }
        if M::RECORDING {
            let w = m.call1(&CALL_ANY, next_slow, a, k::FOR);
            return match m.raised(w) {
                true => Item::Raised,
                false if m.branch(m.weq(w, m.kw(W::EXHAUSTED))) => Item::Exhausted,
                false => Item::Value(w),
            };
        }
        if unpacked {
            let pair = match tid {
                TID_ENUMERATE => containers::zips::enumerate_pair(sp, o),
                TID_ZIP => containers::zips::zip_pair(sp, o),
                containers::tids::DICT_ITEM_ITER => containers::dict_iter::item_pair(sp, o),
                _ => Ok(containers::Paired::No),
            };
            match pair {
                Ok(containers::Paired::Yes(x, y)) => return Item::Pair(m.kw(x), m.kw(y)),
                Ok(containers::Paired::End) => return Item::Exhausted,
                Ok(containers::Paired::No) => {}
                Err(Raised) => return Item::Raised,
            }
        }
        match types::iterops::next(sp, o) {
            Ok(Some(w)) => Item::Value(m.kw(w)),
            Ok(None) => Item::Exhausted,
            Err(Raised) => Item::Raised,
        }
    }

    #[inline(always)]
    unsafe fn callee<M: Mode>(self, m: M, f: M::W, args: *mut W, n: usize, cache: *mut Cache) -> Callee<M> {
        let o = m.w(f);
        if !o.is_obj() {
            return Callee::Other;
        }
        match m.tid(f) {
            TID_FUNCTION => Callee::Function(m.promote(f)),
            TID_METHOD => {
                if (*o.ptr::<WMethod>()).w_func.is_tid(TID_FUNCTION) {
                    let w_func = m.promote(m.getf(f, &fields::METHOD_FUNC, m.ki(0)));
                    Callee::Method(w_func, m.getf(f, &fields::METHOD_SELF, m.ki(0)))
                } else {
                    Callee::Other
                }
            }
            TID_TYPE => {
                let t = &*m.promote(f).ptr::<WType>();
                let c = &*cache;
                if t.version != 0 && c.key == t.version && c.kind == ck::CLASS {
                    m.same_epoch();
                    let w = m.new(c.a as u32, (c.a >> 32) as usize);
                    if m.raised(w) {
                        return Callee::Raised;
                    }
                    return Callee::Init(w, W(c.b));
                }
                instantiation(m, m.w(f), cache);
                Callee::Other
            }
            TID_BUILTIN if !M::RECORDING => fastcall::builtin(o, n, cache).map_or(Callee::Other, Callee::Native),
            TID_METHOD_DESCR if !M::RECORDING => {
                fastcall::method(Space::new(m.th()), o, args, n, cache).map_or(Callee::Other, Callee::Native)
            }
            _ if is_instance(m, f) => special::callee(Space::new(m.th()), o).map_or(Callee::Other, Callee::Called),
            _ => Callee::Other,
        }
    }

    #[inline(always)]
    unsafe fn call<M: Mode>(self, m: M, f: M::W, args: *mut W, n: usize, w_kwnames: W) -> M::W {
        let sp = Space::new(m.th());
        let w = types::calls::call(sp, m.w(f), Args { ptr: args, n, kwnames: w_kwnames }).unwrap_or(W::NULL);
        if M::RECORDING { fields::call_recorded(m, f, args, n, w) } else { m.kw(w) }
    }

    #[inline(always)]
    unsafe fn unpack<M: Mode>(self, m: M, w: M::W, n: usize, out: *mut W) -> bool {
        let o = m.w(w);
        if M::RECORDING {
            if fields::unpack_recorded(m, w, n, out) {
                return true;
            }
            m.give_up("taking apart something else than a tuple or list");
        }
        // The first item goes on top.
        let items = if o.is_tid(TID_TUPLE) && (*o.ptr::<WTuple>()).len == n {
            o.ptr::<WTuple>().add(1) as *const W
        } else if o.is_tid(TID_LIST) && (*o.ptr::<WList>()).items.len == n && n > 0 {
            (*o.ptr::<WList>()).items.array().items() as *const W
        } else {
            return containers::unpack_sequence(Space::new(m.th()), o, n, out).is_ok();
        };
        for i in 0..n {
            *out.add(n - 1 - i) = *items.add(i);
        }
        true
    }

    #[inline(always)]
    unsafe fn build_tuple<M: Mode>(self, m: M, items: *mut W, n: usize) -> M::W {
        let sp = Space::new(m.th());
        if n == 0 {
            return m.kw(sp.known(known::EMPTY_TUPLE));
        }
        if M::RECORDING {
            return fields::tuple_recorded(m, items, n);
        }
        let Ok(w) = sp.alloc(TID_TUPLE, 16 + n * 8) else { return m.kw(W::NULL) };
        let t = w.ptr::<WTuple>();
        (*t).len = n;
        if n > 30 {
            // A large cell may have been allocated old.
            sp.barrier(w, (t.add(1)) as *mut W);
        }
        std::ptr::copy_nonoverlapping(items, t.add(1) as *mut W, n);
        m.kw(w)
    }

    unsafe fn build_list<M: Mode>(self, m: M, items: *mut W, n: usize) -> M::W {
        let sp = Space::new(m.th());
        let words = if n == 0 { &[][..] } else { std::slice::from_raw_parts(items, n) };
        let w = sp.newlist(words).unwrap_or(W::NULL);
        if M::RECORDING { fields::list_recorded(m, items, n, w) } else { m.kw(w) }
    }

    #[inline(always)]
    unsafe fn list_append<M: Mode>(self, m: M, list: M::W, v: M::W) -> bool {
        if M::RECORDING {
            return !m.raised(m.call2(&CALL_ANY, append_slow, list, v, k::DISCARD));
        }
        let o = m.w(list);
        (*o.ptr::<WList>()).items.push(Space::new(m.th()), o, m.w(v)).is_ok()
    }

    #[inline(always)]
    unsafe fn set_add<M: Mode>(self, m: M, set: M::W, v: M::W) -> bool {
        containers::set::add(Space::new(m.th()), m.w(set), m.w(v)).is_ok()
    }

    #[inline(always)]
    unsafe fn map_add<M: Mode>(self, m: M, map: M::W, key: M::W, v: M::W) -> bool {
        containers::dict::set(Space::new(m.th()), m.w(map), m.w(key), m.w(v)).is_ok()
    }

    unsafe fn load_super(self, sp: Space, w_class: W, w_self: W, w_name: W, method: bool) -> Res<(W, W)> {
        types::superobj::load(sp, w_class, w_self, w_name, method)
    }

    unsafe fn builtins_of(self, th: *mut Thread, w_globals: W) -> W {
        builtins_of(Space::new(th), w_globals)
    }

    unsafe fn build_string(self, sp: Space, items: &[W]) -> Res<W> {
        text::build_string(sp, items)
    }

    unsafe fn make_function(self, sp: Space, w_code: W, w_globals: W) -> Res<W> {
        super::function::new(sp, w_code, w_globals)
    }

    unsafe fn type_flag(self, sp: Space, w: W, sequence: bool) -> bool {
        let t = types::util::wt(types::util::type_of(sp, w));
        t.flags & if sequence { tflags::SEQUENCE } else { tflags::MAPPING } != 0
    }

    unsafe fn async_gen_wrap(self, sp: Space, w: W) -> Res<W> {
        super::asyncgen::wrap(sp, w)
    }
}

/// May the object's class define special methods in Python? The fixed rows are those of the built-in types. While recording the answer
/// holds for the trace: the row is guarded.
#[inline(always)]
pub unsafe fn is_instance<M: Mode>(m: M, w: M::W) -> bool {
    if M::RECORDING {
        return m.w(w).is_obj() && class_is_known(m, w) && m.w(w).header().tid >= FIRST_FREE_TID;
    }
    let o = m.w(w);
    o.is_obj() && o.header().tid >= FIRST_FREE_TID
}

/// Makes the object's row, and what its class says now, a fact of the trace. Always true.
#[inline(always)]
unsafe fn class_is_known<M: Mode>(m: M, w: M::W) -> bool {
    if M::RECORDING && !m.branch(m.is_int(w)) {
        m.tid(w);
        m.same_epoch();
    }
    true
}

#[inline(always)]
unsafe fn dict_value(w_dict: W, i: usize) -> W {
    let keys = (*w_dict.ptr::<WDict>()).w_keys.ptr::<WDictKeys>();
    (*WDictKeys::entry(keys, i)).w_value
}

#[cold]
fn not_an_iterator<M: Mode>(sp: Space, w: W) -> Item<M> {
    let t = if w.is_null() { "NULL".into() } else { sp.type_name(w) };
    sp.type_error(&format!("'{t}' object is not an iterator"));
    Item::Raised
}

/// The builtins dict that code with these globals sees.
pub fn builtins_of(sp: Space, w_globals: W) -> W {
    match sp.dict_get(w_globals, name!(sp, "__builtins__")) {
        Ok(Some(w)) => {
            // SAFETY: live words.
            unsafe {
                if w.is_tid(TID_DICT) {
                    return w;
                }
                if w.is_obj() && sp.layout(w) == TID_MODULE {
                    return (*w.ptr::<WModule>()).w_dict;
                }
            }
            w
        }
        _ => sp.known(known::BUILTINS_DICT),
    }
}

#[inline(never)]
unsafe fn load_global_slow(sp: Space, w_globals: W, w_name: W, cache: *mut Cache) -> Res<W> {
    let c = &mut *cache;
    if w_globals.is_tid(TID_DICT) {
        if let Some(i) = containers::dict::entry_index_for_name(w_globals, w_name) {
            *c = Cache { key: containers::dict::keys_version(w_globals), a: i as u64, b: 0, count: c.count, kind: 1 };
            return Ok(dict_value(w_globals, i));
        }
    } else {
        // A subclass of dict may answer in its own way (`__missing__`).
        match sp.getitem(w_globals, w_name) {
            Err(_) if sp.catch(known::KEY_ERROR) => {}
            answer => return answer,
        }
    }
    let w_builtins = builtins_of(sp, w_globals);
    if w_builtins == sp.known(known::BUILTINS_DICT)
        && w_globals.is_tid(TID_DICT)
        && let Some(i) = containers::dict::entry_index_for_name(w_builtins, w_name)
    {
        let (key, a) = (containers::dict::keys_version(w_globals), containers::dict::keys_version(w_builtins));
        *c = Cache { key, a, b: i as u64, count: c.count, kind: 2 };
        return Ok(dict_value(w_builtins, i));
    }
    let found = if w_builtins.is_tid(TID_DICT) {
        sp.dict_get(w_builtins, w_name)?
    } else {
        match sp.getitem(w_builtins, w_name) {
            Ok(w) => Some(w),
            Err(_) if sp.catch(known::KEY_ERROR) => None,
            Err(e) => return Err(e),
        }
    };
    found.ok_or_else(|| taipan_interp::rare::name_error(sp, w_name))
}
