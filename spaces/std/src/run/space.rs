//! The std space as the evaluator sees it: inline caches and fast paths for exact built-in types.
//!
//! Cache keys: `tid | epoch << 32` for attributes (the row says class and shape, the epoch that no class has changed since), a dict's
//! `keys_version` for globals, a class's version for instantiation.

use crate::containers;
use crate::layouts::*;
use crate::num;
use crate::text;
use crate::types::{self, lookup, shapes};
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

static FLOAT_VALUE: FieldDesc =
    FieldDesc { off: 8, kind: kind::F, flags: fd::IMMUTABLE, name: Str::new("float.value") };

/// What an attribute cache holds.
mod ck {
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
    /// An attribute found on a class itself: a = the class's version, b = the value.
    pub const CLASS: u32 = 8;
}

#[inline(always)]
unsafe fn key<M: Mode>(m: M, tid: u32) -> u64 {
    tid as u64 | ((*m.th()).epoch as u64) << 32
}

fn done<M: Mode>(m: M, r: Res<W>) -> Next<M> {
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
unsafe extern "C-unwind" fn iter_slow(th: *mut Thread, a: W) -> W {
    ((*(*th).ops).iter.exec)(th, a)
}

fn residual<M: Mode>(m: M, w: M::W) -> Next<M> {
    if m.raised(w) { Next::Raised } else { Next::Done(w) }
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
        }
        residual(m, m.call2(&CALL_ANY, residual_binop(op, inplace), a, b, k::DONE))
    }

    unsafe fn binop_cont<M: Mode>(self, m: M, _k: u32, op: BinOp, inplace: bool, a: M::W, b: M::W, v: M::W) -> Next<M> {
        if m.w(v) != W::NOT_IMPLEMENTED {
            return Next::Done(v);
        }
        residual(m, m.call2(&CALL_ANY, residual_binop(op, inplace), a, b, k::DONE))
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
        residual(m, m.call2(&CALL_ANY, residual_compare(op), a, b, k::DONE))
    }

    unsafe fn compare_cont<M: Mode>(self, m: M, _k: u32, op: CmpOp, a: M::W, b: M::W, v: M::W) -> Next<M> {
        if m.w(v) != W::NOT_IMPLEMENTED {
            return Next::Done(v);
        }
        residual(m, m.call2(&CALL_ANY, residual_compare(op), a, b, k::DONE))
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
                match c.kind {
                    ck::OFFSET => return Next::Done(read_word(m, w, c.a)),
                    ck::EXT => return Next::Done(read_ext(m, w, c)),
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
                        if (*d.ptr::<WDict>()).keys_version == c.a {
                            return Next::Done(m.kw(dict_value(d, c.b as usize)));
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
        getattr_slow(m, w, w_name, cache)
    }

    #[inline(always)]
    unsafe fn load_method<M: Mode>(self, m: M, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool) -> Next<M> {
        if !m.branch(m.is_int(w)) {
            let c = &*cache;
            if c.key == key(m, m.tid(w)) {
                match c.kind {
                    ck::METHOD => {
                        *with_self = true;
                        return Next::Done(m.kw(W(c.b)));
                    }
                    ck::OFFSET => return Next::Done(read_word(m, w, c.a)),
                    ck::SLOT => {
                        let v = read_word(m, w, c.a);
                        if !m.branch(m.is_null(v)) {
                            return Next::Done(v);
                        }
                    }
                    ck::VALUE => return Next::Done(m.kw(W(c.b))),
                    ck::MODULE => {
                        let d = (*m.promote(w).ptr::<WModule>()).w_dict;
                        if (*d.ptr::<WDict>()).keys_version == c.a {
                            return Next::Done(m.kw(dict_value(d, c.b as usize)));
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
        load_method_slow(m, w, w_name, cache, with_self)
    }

    #[inline(always)]
    unsafe fn setattr<M: Mode>(self, m: M, w: M::W, w_name: W, v: M::W, cache: *mut Cache) -> Next<M> {
        if !m.branch(m.is_int(w)) && !M::RECORDING {
            let c = &*cache;
            if c.key == key(m, m.tid(w)) {
                let (o, v) = (m.w(w), m.w(v));
                let slot = (o.0 + c.a) as *mut W;
                match c.kind {
                    ck::OFFSET => {
                        taipan_abi::mode::barrier(m.th(), o, slot);
                        *slot = v;
                        return Next::Done(m.kw(W::NONE));
                    }
                    ck::TRANSITION => {
                        taipan_abi::mode::barrier(m.th(), o, slot);
                        *slot = v;
                        o.header().tid = c.b as u32;
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
                return Next::Done(m.kw(dict_value(w_globals, c.a as usize)));
            }
            let w_builtins = Space::new(m.th()).known(known::BUILTINS_DICT);
            if (*w_builtins.ptr::<WDict>()).keys_version == c.a {
                return Next::Done(m.kw(dict_value(w_builtins, c.b as usize)));
            }
        }
        done(m, load_global_slow(Space::new(m.th()), w_globals, w_name, cache))
    }

    #[inline(always)]
    unsafe fn getitem<M: Mode>(self, m: M, a: M::W, key: M::W, _cache: *mut Cache) -> Next<M> {
        if m.branch(m.is_int(key)) && !m.branch(m.is_int(a)) && !M::RECORDING {
            let (o, i) = (m.w(a), m.w(key).untag());
            match o.header().tid {
                TID_LIST => {
                    let l = &(*o.ptr::<WList>()).items;
                    let i = if i < 0 { i + l.len as i64 } else { i };
                    if (i as u64) < l.len as u64 {
                        return Next::Done(m.kw(*l.array().items().add(i as usize)));
                    }
                }
                TID_TUPLE => {
                    let t = o.ptr::<WTuple>();
                    let i = if i < 0 { i + (*t).len as i64 } else { i };
                    if (i as u64) < (*t).len as u64 {
                        return Next::Done(m.kw(*(t.add(1) as *const W).add(i as usize)));
                    }
                }
                _ => {}
            }
        }
        residual(m, m.call2(&CALL_ANY, getitem_slow, a, key, k::DONE))
    }

    #[inline(always)]
    unsafe fn setitem<M: Mode>(self, m: M, a: M::W, key: M::W, v: M::W, _cache: *mut Cache) -> Next<M> {
        if m.branch(m.is_int(key)) && !m.branch(m.is_int(a)) && !M::RECORDING {
            let (o, i) = (m.w(a), m.w(key).untag());
            if o.header().tid == TID_LIST {
                let l = &(*o.ptr::<WList>()).items;
                let i = if i < 0 { i + l.len as i64 } else { i };
                if (i as u64) < l.len as u64 {
                    l.array().set(Space::new(m.th()), i as usize, m.w(v));
                    return Next::Done(m.kw(W::NONE));
                }
            }
        }
        residual(m, m.call3(&CALL_ANY, setitem_slow, a, key, v, k::DISCARD))
    }

    unsafe fn contains<M: Mode>(self, m: M, a: M::W, x: M::W, _cache: *mut Cache) -> Next<M> {
        residual(m, m.call2(&CALL_ANY, contains_slow, a, x, k::CONTAINS))
    }

    #[inline(always)]
    unsafe fn iter<M: Mode>(self, m: M, a: M::W) -> Next<M> {
        let c = m.w(a);
        if c.is_obj()
            && matches!(c.header().tid, TID_GENERATOR | TID_RANGE_ITER | TID_LIST_ITER | TID_TUPLE_ITER)
            && !M::RECORDING
        {
            return Next::Done(a);
        }
        residual(m, m.call1(&CALL_ANY, iter_slow, a, k::ITER))
    }

    #[inline(always)]
    unsafe fn next<M: Mode>(self, m: M, a: M::W, _cache: *mut Cache) -> Item<M> {
        let o = m.w(a);
        if !o.is_obj() {
            // Only a debugger can have put a small int (or nothing) in an iterator's place.
            return not_an_iterator(Space::new(m.th()), o);
        }
        match o.header().tid {
            TID_RANGE_ITER => {
                let it = &mut *o.ptr::<WRangeIter>();
                if it.left == 0 {
                    return Item::Exhausted;
                }
                it.left -= 1;
                let v = it.next;
                it.next = v.wrapping_add(it.step);
                return Item::Value(m.kw(W::int(v)));
            }
            TID_LIST_ITER => {
                let it = &mut *o.ptr::<WSeqIter>();
                if !it.w_seq.is_null() {
                    let l = &(*it.w_seq.ptr::<WList>()).items;
                    if it.index < l.len {
                        let w = *l.array().items().add(it.index);
                        it.index += 1;
                        return Item::Value(m.kw(w));
                    }
                    it.w_seq = W::NULL;
                }
                return Item::Exhausted;
            }
            TID_TUPLE_ITER => {
                let it = &mut *o.ptr::<WSeqIter>();
                if !it.w_seq.is_null() {
                    let t = it.w_seq.ptr::<WTuple>();
                    if it.index < (*t).len {
                        let w = *(t.add(1) as *const W).add(it.index);
                        it.index += 1;
                        return Item::Value(m.kw(w));
                    }
                    it.w_seq = W::NULL;
                }
                return Item::Exhausted;
            }
            TID_GENERATOR => match (*o.ptr::<WGenerator>()).state {
                gen_state::CLOSED => return Item::Exhausted,
                _ => return Item::Resume(a),
            },
            _ => {}
        }
        let sp = Space::new(m.th());
        match sp.next(o) {
            Ok(Some(w)) => Item::Value(m.kw(w)),
            Ok(None) => Item::Exhausted,
            Err(Raised) => Item::Raised,
        }
    }

    #[inline(always)]
    unsafe fn callee<M: Mode>(self, m: M, f: M::W, _args: *mut W, _n: usize, cache: *mut Cache) -> Callee<M> {
        let o = m.w(f);
        if !o.is_obj() {
            return Callee::Other;
        }
        match o.header().tid {
            TID_FUNCTION => Callee::Function(m.promote(f)),
            TID_METHOD => {
                let meth = &*o.ptr::<WMethod>();
                if meth.w_func.is_tid(TID_FUNCTION) && !M::RECORDING {
                    Callee::Method(meth.w_func, m.kw(meth.w_self))
                } else {
                    Callee::Other
                }
            }
            TID_TYPE => {
                let t = &*m.promote(f).ptr::<WType>();
                let c = &*cache;
                if t.version != 0 && c.key == t.version && c.kind == ck::CLASS {
                    let w = m.new(c.a as u32, (c.a >> 32) as usize);
                    if m.raised(w) {
                        return Callee::Raised;
                    }
                    return Callee::Init(w, W(c.b));
                }
                instantiation(m, m.w(f), cache);
                Callee::Other
            }
            _ => Callee::Other,
        }
    }

    #[inline(always)]
    unsafe fn call<M: Mode>(self, m: M, f: M::W, args: *mut W, n: usize, w_kwnames: W) -> M::W {
        let sp = Space::new(m.th());
        m.kw(types::calls::call(sp, m.w(f), Args { ptr: args, n, kwnames: w_kwnames }).unwrap_or(W::NULL))
    }

    #[inline(always)]
    unsafe fn unpack<M: Mode>(self, m: M, w: M::W, n: usize, out: *mut W) -> bool {
        let o = m.w(w);
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
        let items = if n == 0 { &[][..] } else { std::slice::from_raw_parts(items, n) };
        m.kw(sp.newlist(items).unwrap_or(W::NULL))
    }

    #[inline(always)]
    unsafe fn list_append<M: Mode>(self, m: M, list: M::W, v: M::W) -> bool {
        let o = m.w(list);
        (*o.ptr::<WList>()).items.push(Space::new(m.th()), o, m.w(v)).is_ok()
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

#[inline(always)]
unsafe fn read_word<M: Mode>(m: M, w: M::W, offset: u64) -> M::W {
    // Green offset: the row is guarded. While recording, descriptors of fields are made by the slow path.
    let _ = m;
    m.kw(*((m.w(w).0 + offset) as *const W))
}

#[inline(always)]
unsafe fn read_ext<M: Mode>(m: M, w: M::W, c: &Cache) -> M::W {
    let ext = *((m.w(w).0 + c.a) as *const W);
    m.kw(*ext.ptr::<W>().add(2 + c.b as usize))
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
    } else if let Some(w) = sp.dict_get(w_globals, w_name)? {
        return Ok(w);
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

/// Where a `__slots__` entry of instances with this row lies.
unsafe fn slot_offset(row: &taipan_abi::gc::TypeInfo, d: W) -> Option<usize> {
    let plain = d.is_tid(TID_MEMBER) && row.flags & taipan_abi::gc::tf::VAR == 0;
    (plain && (*d.ptr::<WMember>()).spec.is_null()).then(|| (*d.ptr::<WMember>()).offset)
}

/// May instances of this row be read without asking `__getattribute__`?
unsafe fn plain(sp: Space, w: W) -> Option<(W, &'static taipan_abi::gc::TypeInfo)> {
    let row = types::util::row(sp, w);
    let t = types::util::wt(row.w_type);
    (t.flags & tflags::PLAIN_GETATTR != 0).then_some((row.w_type, &*row))
}

/// Fills the cache if the attribute is of a kind that it can hold.
unsafe fn fill(sp: Space, w: W, w_name: W, cache: *mut Cache, method: bool) {
    let c = &mut *cache;
    let tid = w.header().tid;
    let key = tid as u64 | (sp.thread().epoch as u64) << 32;
    let set = |a: u64, b: u64, kind: u32| Cache { key, a, b, count: 0, kind };
    if tid == TID_MODULE {
        let d = (*w.ptr::<WModule>()).w_dict;
        if d.is_tid(TID_DICT)
            && let Some(i) = containers::dict::entry_index_for_name(d, w_name)
            && lookup::lookup(sp, sp.known(known::MODULE), w_name).is_none()
        {
            *c = set(containers::dict::keys_version(d), i as u64, ck::MODULE);
        }
        return;
    }
    if tid == TID_TYPE {
        if !lookup::cacheable(w_name) || lookup::lookup(sp, sp.known(known::TYPE), w_name).is_some() {
            return;
        }
        if let Some(v) = lookup::lookup(sp, w, w_name) {
            let dt = v.tid();
            let raw = if dt == TID_FUNCTION || dt == TID_INT || types::util::slots_of(sp, v).descr_get.is_none() {
                v
            } else if dt == TID_STATICMETHOD {
                (*v.ptr::<WWrapperDescr>()).w_func
            } else {
                return;
            };
            let version = lookup::version(w);
            if version != 0 {
                *c = set(version, raw.0, ck::CLASS);
            }
        }
        return;
    }
    let Some((w_type, row)) = plain(sp, w) else { return };
    let on_class = lookup::lookup(sp, w_type, w_name);
    let data = on_class.is_some_and(|d| types::util::slots_of(sp, d).descr_set.is_some());
    if let Some(d) = on_class {
        if !lookup::cacheable(w_name) {
            return;
        }
        if data {
            if d.is_tid(TID_PROPERTY) {
                let get = (*d.ptr::<WProperty>()).w_get;
                if get.is_tid(TID_FUNCTION) && !method {
                    *c = set(0, get.0, ck::PROPERTY);
                }
            } else if let Some(at) = slot_offset(row, d) {
                // An unbound one is NULL there; the slow path raises.
                *c = set(at as u64, 0, ck::SLOT);
            }
            return;
        }
    }
    match shapes::find_attr(row, w_name) {
        Some(shapes::Place::Offset(o)) => {
            *c = set(o as u64, 0, ck::OFFSET);
            return;
        }
        Some(shapes::Place::Ext(i)) => {
            if !method {
                *c = set(row.inst_off as u64, i as u64, ck::EXT);
            }
            return;
        }
        None => {}
    }
    // Only the class has it; an instance without a shape may still have a dict of its own.
    // (One whose attributes lie after its items has a shape, but no place that a cache could hold.)
    let no_instance_dict =
        !shapes::has_dict(row, w) || shapes::has_shape(row) && shapes::index_of(row, w_name).is_none();
    if let Some(d) = on_class
        && no_instance_dict
    {
        let dt = d.tid();
        let method_like = dt == TID_FUNCTION || (dt == TID_METHOD_DESCR && types::descr::plain_method(d));
        if method_like {
            if method {
                *c = set(0, d.0, ck::METHOD);
            }
        } else if types::util::slots_of(sp, d).descr_get.is_none() {
            *c = set(0, d.0, ck::VALUE);
        } else if dt == TID_STATICMETHOD {
            *c = set(0, (*d.ptr::<WWrapperDescr>()).w_func.0, ck::VALUE);
        }
    }
}

#[inline(never)]
unsafe fn getattr_slow<M: Mode>(m: M, w: M::W, w_name: W, cache: *mut Cache) -> Next<M> {
    let sp = Space::new(m.th());
    let o = m.w(w);
    if o.is_obj() && !M::RECORDING {
        fill(sp, o, w_name, cache, false);
    }
    done(m, sp.getattr(o, w_name))
}

#[inline(never)]
unsafe fn load_method_slow<M: Mode>(m: M, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool) -> Next<M> {
    let sp = Space::new(m.th());
    let o = m.w(w);
    if o.is_obj() && !M::RECORDING {
        fill(sp, o, w_name, cache, true);
    }
    match types::attrs::load_method(sp, o, w_name) {
        Ok((func, w_self)) => {
            *with_self = !w_self.is_null();
            Next::Done(m.kw(func))
        }
        Err(Raised) => Next::Raised,
    }
}

#[inline(never)]
unsafe fn setattr_slow<M: Mode>(m: M, w: M::W, w_name: W, v: M::W, cache: *mut Cache) -> Next<M> {
    let sp = Space::new(m.th());
    let (o, v) = (m.w(w), m.w(v));
    let mut fresh = None;
    if o.is_obj() && !M::RECORDING {
        let row = types::util::row(sp, o);
        let t = types::util::wt(row.w_type);
        let key = row.tid as u64 | (sp.thread().epoch as u64) << 32;
        let on_class = lookup::lookup(sp, row.w_type, w_name);
        if t.flags & tflags::PLAIN_SETATTR != 0
            && lookup::cacheable(w_name)
            && let Some(at) = on_class.and_then(|d| slot_offset(row, d))
        {
            fresh = Some(Cache { key, a: at as u64, b: 0, count: 0, kind: ck::OFFSET });
        } else if t.flags & tflags::PLAIN_SETATTR != 0 && shapes::has_shape(row) {
            let data = on_class
                .is_some_and(|d| types::util::slots_of(sp, d).descr_set.is_some() || !lookup::cacheable(w_name));
            if !data {
                if let Some(shapes::Place::Offset(at)) = shapes::find_attr(row, w_name) {
                    fresh = Some(Cache { key, a: at as u64, b: 0, count: 0, kind: ck::OFFSET });
                } else if let Some((tid, shapes::Place::Offset(at))) = shapes::transition(sp, row, w_name) {
                    fresh = Some(Cache { key, a: at as u64, b: tid as u64, count: 0, kind: ck::TRANSITION });
                }
            }
        }
    }
    match sp.setattr(o, w_name, v) {
        Ok(()) => {
            if let Some(c) = fresh {
                *cache = c;
            }
            Next::Done(m.kw(W::NONE))
        }
        Err(Raised) => Next::Raised,
    }
}

/// Remembers how to instantiate a plain class whose `__init__` is a Python function.
#[cold]
unsafe fn instantiation<M: Mode>(m: M, w: W, cache: *mut Cache) {
    let sp = Space::new(m.th());
    let t = types::util::wt(w);
    let wanted = tflags::HEAP | tflags::PLAIN_NEW;
    if t.flags & wanted != wanted
        || t.flags & (tflags::ABSTRACT | tflags::FINALIZER | tflags::PLAIN_INIT | tflags::DISALLOW_INSTANTIATION) != 0
        || M::RECORDING
    {
        return;
    }
    let Some(w_init) = lookup::lookup(sp, w, name!(sp, "__init__")) else { return };
    if !w_init.is_tid(TID_FUNCTION) {
        return;
    }
    let row = types::create::layout_row(sp, w);
    let plain = row.flags & (taipan_abi::gc::tf::VAR | taipan_abi::gc::tf::FINALIZER | taipan_abi::gc::tf::FREE) == 0;
    if !plain || row.layout != TID_OBJECT {
        return;
    }
    let (tid, bytes) = (row.tid, row.fixed_bytes);
    let version = lookup::version(w);
    if version != 0 {
        *cache = Cache {
            key: version,
            a: tid as u64 | (bytes as u64) << 32,
            b: w_init.0,
            count: (*cache).count,
            kind: ck::CLASS,
        };
    }
}
