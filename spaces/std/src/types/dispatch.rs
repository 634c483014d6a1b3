//! The operations over slots: operators, comparisons, conversions, items.

use super::lookup;
use super::slotgeneric;
use super::util::*;
use taipan_abi::opcode::BinOp;
use taipan_abi::types::{BinaryFn, CompareFn, Slots};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Operators as messages name them, by BinOp.
const SYMBOLS: [&str; 13] = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>", "** or pow()", "@"];

/// Left slot, then right; the right one first if its class is a subclass of the left's. NotImplemented is an answer.
#[inline]
fn binary_slots(sp: Space, a: W, b: W, get: impl Fn(&Slots) -> Option<BinaryFn>) -> Res<W> {
    let (ta, tb) = (type_of(sp, a), type_of(sp, b));
    let f = get(type_slots(ta));
    let mut g = if ta == tb { None } else { get(type_slots(tb)) };
    if g.map(|g| g as *const ()) == f.map(|f| f as *const ()) {
        g = None
    }
    // SAFETY (all calls): slots of the operands' classes.
    unsafe {
        if let Some(f) = f {
            if let Some(h) = g
                && subtype(tb, ta)
            {
                let r = res(h(sp.th(), a, b))?;
                if r != W::NOT_IMPLEMENTED {
                    return Ok(r);
                }
                g = None;
            }
            let r = res(f(sp.th(), a, b))?;
            if r != W::NOT_IMPLEMENTED {
                return Ok(r);
            }
        }
        if let Some(g) = g {
            return res(g(sp.th(), a, b));
        }
    }
    Ok(W::NOT_IMPLEMENTED)
}
#[cold]
fn unsupported(sp: Space, symbol: &str, a: W, b: W) -> Raised {
    raise!(sp, TYPE_ERROR, "unsupported operand type(s) for {symbol}: '{}' and '{}'", tname(sp, a), tname(sp, b))
}
fn repeat_count(sp: Space, w: W) -> Res<i64> {
    let i = sp.index(w)?;
    match sp.int_w(i) {
        Ok(n) => Ok(n),
        Err(r) => {
            if sp.catch(known::OVERFLOW_ERROR) {
                return Err(raise!(sp, OVERFLOW_ERROR, "cannot fit '{}' into an index-sized integer", tname(sp, w)));
            }
            Err(r)
        }
    }
}
fn is_index(sp: Space, w: W) -> bool {
    slots_of(sp, w).index.is_some()
}
fn seq_repeat(sp: Space, f: taipan_abi::types::IndexFn, w_seq: W, w_n: W) -> Res<W> {
    if !is_index(sp, w_n) {
        return Err(raise!(sp, TYPE_ERROR, "can't multiply sequence by non-int of type '{}'", tname(sp, w_n)));
    }
    let n = repeat_count(sp, w_n)?;
    // SAFETY: the slot of the sequence's class.
    res(unsafe { f(sp.th(), w_seq, n) })
}
/// Sequence forms of + and * after the numbers' slots gave up.
fn sequence_op(sp: Space, op: BinOp, a: W, b: W) -> Res<Option<W>> {
    match op {
        BinOp::Add => {
            if let Some(f) = slots_of(sp, a).concat {
                // SAFETY: the slot of the operand's class.
                return res(unsafe { f(sp.th(), a, b) }).map(Some).map(|r| r.filter(|r| *r != W::NOT_IMPLEMENTED));
            }
        }
        BinOp::Mul => {
            if let Some(f) = slots_of(sp, a).repeat {
                return seq_repeat(sp, f, a, b).map(Some);
            }
            if let Some(f) = slots_of(sp, b).repeat {
                return seq_repeat(sp, f, b, a).map(Some);
            }
        }
        _ => {}
    }
    Ok(None)
}

/// a op b
#[inline]
pub fn binop(sp: Space, op: BinOp, a: W, b: W) -> Res<W> {
    let i = op as usize;
    let r = binary_slots(sp, a, b, |s| s.binary[i])?;
    if r != W::NOT_IMPLEMENTED {
        return Ok(r);
    }
    binop_rest(sp, op, a, b)
}
#[inline(never)]
fn binop_rest(sp: Space, op: BinOp, a: W, b: W) -> Res<W> {
    if let Some(r) = sequence_op(sp, op, a, b)? {
        return Ok(r);
    }
    if op == BinOp::RShift && tname(sp, a) == "builtin_function_or_method" {
        // The beginner's `print >> file`.
        // SAFETY: the class says which struct it is.
        let name = unsafe { (*obj::<crate::layouts::WBuiltin>(a).spec).name.get() };
        if name == "print" {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "unsupported operand type(s) for >>: '{}' and '{}'. Did you mean \"print(<message>, file=<output_stream>)\"?",
                tname(sp, a),
                tname(sp, b)
            ));
        }
    }
    Err(unsupported(sp, SYMBOLS[op as usize], a, b))
}
/// a op= b
pub fn inplace(sp: Space, op: BinOp, a: W, b: W) -> Res<W> {
    let s = slots_of(sp, a);
    // SAFETY (all calls): slots of the operand's class.
    unsafe {
        if let Some(f) = s.inplace[op as usize] {
            let r = res(f(sp.th(), a, b))?;
            if r != W::NOT_IMPLEMENTED {
                return Ok(r);
            }
        }
    }
    after_inplace_slot(sp, op, a, b)
}
/// a op= b when `__iop__` has answered NotImplemented.
pub fn after_inplace_slot(sp: Space, op: BinOp, a: W, b: W) -> Res<W> {
    let r = binary_slots(sp, a, b, |s| s.binary[op as usize])?;
    if r != W::NOT_IMPLEMENTED { Ok(r) } else { after_binary_slots(sp, op, true, a, b) }
}
/// a op b or a op= b when the numbers' slots of both sides have answered NotImplemented.
pub fn after_binary_slots(sp: Space, op: BinOp, inplace: bool, a: W, b: W) -> Res<W> {
    if !inplace {
        return binop_rest(sp, op, a, b);
    }
    let s = slots_of(sp, a);
    // SAFETY (both calls): slots of the operand's class.
    unsafe {
        if op == BinOp::Add
            && let Some(f) = s.inplace_concat
        {
            return res(f(sp.th(), a, b));
        }
        if op == BinOp::Mul
            && let Some(f) = s.inplace_repeat
        {
            return seq_repeat(sp, f, a, b);
        }
    }
    if let Some(r) = sequence_op(sp, op, a, b)? {
        return Ok(r);
    }
    let symbol = if op == BinOp::Pow { "**=".to_string() } else { format!("{}=", SYMBOLS[op as usize]) };
    Err(unsupported(sp, &symbol, a, b))
}
/// pow(a, b, c)
pub fn pow(sp: Space, a: W, b: W, c: W) -> Res<W> {
    if c.is_null() || c.is_none() {
        return binop(sp, BinOp::Pow, a, b);
    }
    let mut tried: Vec<*const ()> = Vec::new();
    let (ta, tb) = (type_of(sp, a), type_of(sp, b));
    let mut order = vec![a, b, c];
    if ta != tb && subtype(tb, ta) {
        order = vec![b, a, c]
    }
    for w in order {
        let Some(f) = slots_of(sp, w).pow3 else { continue };
        if tried.contains(&(f as *const ())) {
            continue;
        }
        tried.push(f as *const ());
        // SAFETY: the slot of an operand's class.
        let r = res(unsafe { f(sp.th(), a, b, c) })?;
        if r != W::NOT_IMPLEMENTED {
            return Ok(r);
        }
    }
    Err(raise!(
        sp,
        TYPE_ERROR,
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        tname(sp, a),
        tname(sp, b),
        tname(sp, c)
    ))
}
/// divmod(a, b)
pub fn divmod(sp: Space, a: W, b: W) -> Res<W> {
    let r = binary_slots(sp, a, b, |s| s.divmod)?;
    if r != W::NOT_IMPLEMENTED { Ok(r) } else { Err(unsupported(sp, "divmod()", a, b)) }
}

/// The operator seen from the other side.
pub const SWAPPED: [u32; 6] = [4, 5, 2, 3, 0, 1];
const COMPARISONS: [&str; 6] = ["<", "<=", "==", "!=", ">", ">="];

/// a op b by slots; NotImplemented of both sides is the default (identity) or an error.
#[inline]
pub fn compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    taipan_interp::call::check_native_stack_while(sp, " in comparison")?;
    let (ta, tb) = (type_of(sp, a), type_of(sp, b));
    let f = type_slots(ta).compare;
    let mut g: Option<CompareFn> = type_slots(tb).compare;
    let swapped = SWAPPED[op as usize];
    // SAFETY (all calls): slots of the operands' classes.
    unsafe {
        if ta != tb
            && let Some(h) = g
            && subtype(tb, ta)
        {
            let r = res(h(sp.th(), b, a, swapped))?;
            if r != W::NOT_IMPLEMENTED {
                return Ok(r);
            }
            g = None;
        }
        if let Some(f) = f {
            let r = res(f(sp.th(), a, b, op))?;
            if r != W::NOT_IMPLEMENTED {
                return Ok(r);
            }
        }
        if let Some(g) = g {
            let r = res(g(sp.th(), b, a, swapped))?;
            if r != W::NOT_IMPLEMENTED {
                return Ok(r);
            }
        }
    }
    compare_default(sp, a, b, op)
}
/// a op b when neither side knows: identity, or an error.
pub fn compare_default(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    match op {
        2 => Ok(W::bool(sp.is_(a, b))),
        3 => Ok(W::bool(!sp.is_(a, b))),
        _ => Err(raise!(
            sp,
            TYPE_ERROR,
            "'{}' not supported between instances of '{}' and '{}'",
            COMPARISONS[op as usize],
            tname(sp, a),
            tname(sp, b)
        )),
    }
}
/// Identity or equality.
#[inline]
pub fn eq_w(sp: Space, a: W, b: W) -> Res<bool> {
    if a == b {
        return Ok(true);
    }
    if a.is_int() && b.is_int() {
        return Ok(false);
    }
    let r = sp.eq(a, b)?;
    is_true(sp, r)
}
/// bool(a)
#[inline]
pub fn is_true(sp: Space, w: W) -> Res<bool> {
    if w.is_int() {
        return Ok(w.untag() != 0);
    }
    if w == W::TRUE {
        return Ok(true);
    }
    if w == W::FALSE || w == W::NONE {
        return Ok(false);
    }
    let s = slots_of(sp, w);
    // SAFETY (both calls): slots of the object's class.
    unsafe {
        if let Some(f) = s.bool {
            let r = f(sp.th(), w);
            return if r < 0 { Err(Raised) } else { Ok(r != 0) };
        }
        if let Some(f) = s.len {
            let n = f(sp.th(), w);
            return if n < 0 { Err(Raised) } else { Ok(n != 0) };
        }
    }
    Ok(true)
}

/// repr(a)
pub fn repr(sp: Space, w: W) -> Res<W> {
    taipan_interp::call::check_native_stack_while(sp, " while getting the repr of an object")?;
    let Some(f) = slots_of(sp, w).repr else {
        return sp.newstr(&format!("<{} object at {}>", tname(sp, w), super::object::address(w)));
    };
    check_stack(sp, " while getting the repr of an object")?;
    // SAFETY: the slot of the object's class.
    let r = res(unsafe { f(sp.th(), w) })?;
    if sp.layout(r) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "__repr__ returned non-string (type {})", tname(sp, r)));
    }
    Ok(r)
}
/// RecursionError before the native stack ends.
#[inline]
pub fn check_stack(sp: Space, what: &str) -> Res<()> {
    let here = 0u8;
    if (&raw const here as usize) < sp.thread().stack_limit {
        return Err(raise!(sp, RECURSION_ERROR, "maximum recursion depth exceeded{what}"));
    }
    Ok(())
}
/// str(a)
pub fn str(sp: Space, w: W) -> Res<W> {
    // SAFETY: a live word.
    if unsafe { w.is_tid(TID_STR) } {
        return Ok(w);
    }
    let Some(f) = slots_of(sp, w).str else { return repr(sp, w) };
    check_stack(sp, " while getting the str of an object")?;
    // SAFETY: the slot of the object's class.
    let r = res(unsafe { f(sp.th(), w) })?;
    if sp.layout(r) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "__str__ returned non-string (type {})", tname(sp, r)));
    }
    Ok(r)
}
/// ascii(a)
pub fn ascii(sp: Space, w: W) -> Res<W> {
    let r = sp.repr(w)?;
    let t = sp.text_of(r);
    if t.ascii().is_some() {
        return Ok(r);
    }
    let mut out = String::with_capacity(t.len() * 2);
    for c in t.chars() {
        match c {
            0..128 => out.push(c as u8 as char),
            128..256 => out += &format!("\\x{c:02x}"),
            256..0x10000 => out += &format!("\\u{c:04x}"),
            _ => out += &format!("\\U{c:08x}"),
        }
    }
    sp.newstr(&out)
}
/// format(a, spec)
pub fn format(sp: Space, w: W, w_spec: W) -> Res<W> {
    let w_spec = if w_spec.is_null() { sp.newstr("")? } else { w_spec };
    // SAFETY: a live word. Exact str and int with an empty format are str(w).
    if unsafe { w.is_tid(TID_STR) || w.is_int() } && sp.text_opt(w_spec).is_some_and(|t| t.is_empty()) {
        return sp.str(w);
    }
    let Some(r) = lookup::call_special(sp, w, name!(sp, "__format__"), &[w_spec])? else {
        return Err(raise!(sp, TYPE_ERROR, "Type {} doesn't define __format__", tname(sp, w)));
    };
    if sp.layout(r) != TID_STR {
        return Err(raise!(sp, TYPE_ERROR, "__format__ must return a str, not {}", tname(sp, r)));
    }
    Ok(r)
}
/// len(a)
#[inline]
pub fn len(sp: Space, w: W) -> Res<i64> {
    let Some(f) = slots_of(sp, w).len else {
        return Err(raise!(sp, TYPE_ERROR, "object of type '{}' has no len()", tname(sp, w)));
    };
    // SAFETY: the slot of the object's class.
    let n = unsafe { f(sp.th(), w) };
    if n < 0 { Err(Raised) } else { Ok(n) }
}
/// hash(a)
#[inline]
pub fn hash(sp: Space, w: W) -> Res<i64> {
    taipan_interp::call::check_native_stack_while(sp, " while hashing a tuple")?;
    let Some(f) = slots_of(sp, w).hash else { return Err(slotgeneric::unhashable(sp, w)) };
    // SAFETY: the slot of the object's class.
    let h = unsafe { f(sp.th(), w) };
    if h == -1 {
        return if sp.pending() { Err(Raised) } else { Ok(-2) };
    }
    Ok(h)
}

/// a[k]
#[inline]
pub fn getitem(sp: Space, w: W, k: W) -> Res<W> {
    if let Some(f) = slots_of(sp, w).getitem {
        // SAFETY: the slot of the object's class.
        return res(unsafe { f(sp.th(), w, k) });
    }
    if is_type(sp, w) {
        if w == builtin_type(sp, TID_TYPE) {
            return super::genericalias::new_alias(sp, w, k);
        }
        if let Some(f) = sp.getattr_opt(w, name!(sp, "__class_getitem__"))?
            && !f.is_none()
        {
            return sp.call(f, &[k]);
        }
        return Err(raise!(sp, TYPE_ERROR, "type '{}' is not subscriptable", tp_name(sp, w)));
    }
    Err(raise!(sp, TYPE_ERROR, "'{}' object is not subscriptable", tname(sp, w)))
}
/// a[k] = v
#[inline]
pub fn setitem(sp: Space, w: W, k: W, v: W) -> Res<()> {
    match slots_of(sp, w).setitem {
        // SAFETY: the slot of the object's class.
        Some(f) => unit(unsafe { f(sp.th(), w, k, v) }),
        None if v.is_null() => Err(raise!(sp, TYPE_ERROR, "'{}' object doesn't support item deletion", tname(sp, w))),
        None => Err(raise!(sp, TYPE_ERROR, "'{}' object does not support item assignment", tname(sp, w))),
    }
}
/// x in a
#[inline]
pub fn contains(sp: Space, w: W, x: W) -> Res<bool> {
    match slots_of(sp, w).contains {
        Some(f) => {
            // SAFETY: the slot of the object's class.
            let r = unsafe { f(sp.th(), w, x) };
            if r < 0 { Err(Raised) } else { Ok(r != 0) }
        }
        None => super::iterops::contains_by_iteration(sp, w, x),
    }
}
macro_rules! unary {
    ($($name:ident $text:literal;)*) => { $(
        /// A unary operator.
        pub fn $name(sp: Space, w: W) -> Res<W> {
            match slots_of(sp, w).$name {
                // SAFETY: the slot of the object's class.
                Some(f) => res(unsafe { f(sp.th(), w) }),
                None => Err(raise!(sp, TYPE_ERROR, concat!("bad operand type for ", $text, ": '{}'"), tname(sp, w))),
            }
        }
    )* };
}
unary! { neg "unary -"; pos "unary +"; abs "abs()"; invert "unary ~"; }
