//! The plain functions.

use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

macro_rules! binary {
    ($($id:ident $name:tt $op:ident $doc:tt;)*) => { $(
        #[doc = $doc]
        #[interp_fn(name = $name, sig = "(a, b, /)")]
        pub fn $id(sp: Space, a: W, b: W) -> Res<W> {
            sp.$op(a, b)
        }
    )* };
}
macro_rules! unary {
    ($($id:ident $name:tt $op:ident $doc:tt;)*) => { $(
        #[doc = $doc]
        #[interp_fn(name = $name, sig = "(a, /)")]
        pub fn $id(sp: Space, a: W) -> Res<W> {
            sp.$op(a)
        }
    )* };
}
binary! {
    add "add" add "Same as a + b.";
    sub "sub" sub "Same as a - b.";
    mul "mul" mul "Same as a * b.";
    matmul "matmul" matmul "Same as a @ b.";
    floordiv "floordiv" floordiv "Same as a // b.";
    truediv "truediv" truediv "Same as a / b.";
    mod_ "mod" mod_ "Same as a % b.";
    lshift "lshift" lshift "Same as a << b.";
    rshift "rshift" rshift "Same as a >> b.";
    and_ "and_" and_ "Same as a & b.";
    xor "xor" xor "Same as a ^ b.";
    or_ "or_" or_ "Same as a | b.";
    iadd "iadd" inplace_add "Same as a += b.";
    isub "isub" inplace_sub "Same as a -= b.";
    imul "imul" inplace_mul "Same as a *= b.";
    imatmul "imatmul" inplace_matmul "Same as a @= b.";
    ifloordiv "ifloordiv" inplace_floordiv "Same as a //= b.";
    itruediv "itruediv" inplace_truediv "Same as a /= b.";
    imod "imod" inplace_mod "Same as a %= b.";
    ilshift "ilshift" inplace_lshift "Same as a <<= b.";
    irshift "irshift" inplace_rshift "Same as a >>= b.";
    iand "iand" inplace_and "Same as a &= b.";
    ixor "ixor" inplace_xor "Same as a ^= b.";
    ior "ior" inplace_or "Same as a |= b.";
    ipow "ipow" inplace_pow "Same as a **= b.";
    getitem "getitem" getitem "Same as a[b].";
    lt "lt" lt "Same as a < b.";
    le "le" le "Same as a <= b.";
    eq "eq" eq "Same as a == b.";
    ne "ne" ne "Same as a != b.";
    gt "gt" gt "Same as a > b.";
    ge "ge" ge "Same as a >= b.";
}
unary! {
    neg "neg" neg "Same as -a.";
    pos "pos" pos "Same as +a.";
    abs "abs" abs "Same as abs(a).";
    inv "inv" invert "Same as ~a.";
    invert "invert" invert "Same as ~a.";
    index "index" index "Same as a.__index__()";
}

/// Same as a ** b.
#[interp_fn(sig = "(a, b, /)")]
pub fn pow(sp: Space, a: W, b: W) -> Res<W> {
    sp.pow(a, b, W::NONE)
}
/// Return True if a is true, False otherwise.
#[interp_fn(sig = "(a, /)")]
pub fn truth(sp: Space, a: W) -> Res<bool> {
    sp.is_true(a)
}
/// Same as not a.
#[interp_fn(name = "not_", sig = "(a, /)")]
pub fn not_(sp: Space, a: W) -> Res<bool> {
    Ok(!sp.is_true(a)?)
}
/// Same as b in a (note reversed operands).
#[interp_fn(sig = "(a, b, /)")]
pub fn contains(sp: Space, a: W, b: W) -> Res<bool> {
    sp.contains(a, b)
}
/// Same as a is b.
#[interp_fn(name = "is_", sig = "(a, b, /)")]
pub fn is_(sp: Space, a: W, b: W) -> Res<bool> {
    Ok(sp.is_(a, b))
}
/// Same as a is not b.
#[interp_fn(sig = "(a, b, /)")]
pub fn is_not(sp: Space, a: W, b: W) -> Res<bool> {
    Ok(!sp.is_(a, b))
}
/// Same as a is None.
#[interp_fn(sig = "(a, /)")]
pub fn is_none(_sp: Space, a: W) -> Res<bool> {
    Ok(a.is_none())
}
/// Same as a is not None.
#[interp_fn(sig = "(a, /)")]
pub fn is_not_none(_sp: Space, a: W) -> Res<bool> {
    Ok(!a.is_none())
}
/// Same as a[b] = c.
#[interp_fn(sig = "(a, b, c, /)")]
pub fn setitem(sp: Space, a: W, b: W, c: W) -> Res<()> {
    sp.setitem(a, b, c)
}
/// Same as del a[b].
#[interp_fn(sig = "(a, b, /)")]
pub fn delitem(sp: Space, a: W, b: W) -> Res<()> {
    sp.delitem(a, b)
}
fn sequence(sp: Space, a: W) -> Res<()> {
    let t = sp.type_(a)?;
    if sp.getattr_opt(t, name!(sp, "__getitem__"))?.is_some() {
        return Ok(());
    }
    Err(raise!(sp, TYPE_ERROR, "'{}' object can't be concatenated", sp.type_name(a)))
}
/// Same as a + b, for a and b sequences.
#[interp_fn(sig = "(a, b, /)")]
pub fn concat(sp: Space, a: W, b: W) -> Res<W> {
    sequence(sp, a)?;
    sp.add(a, b)
}
/// Same as a += b, for a and b sequences.
#[interp_fn(sig = "(a, b, /)")]
pub fn iconcat(sp: Space, a: W, b: W) -> Res<W> {
    sequence(sp, a)?;
    sp.inplace_add(a, b)
}
/// Return the number of items in a which are, or which equal, b.
#[interp_fn(name = "countOf", sig = "(a, b, /)")]
pub fn count_of(sp: Space, a: W, b: W) -> Res<i64> {
    let mut n = 0;
    sp.for_each(a, |w| {
        n += sp.eq_w(w, b)? as i64;
        Ok(true)
    })?;
    Ok(n)
}
/// Return the first index of b in a.
#[interp_fn(name = "indexOf", sig = "(a, b, /)")]
pub fn index_of(sp: Space, a: W, b: W) -> Res<i64> {
    let (mut i, mut found) = (0, false);
    sp.for_each(a, |w| {
        found = sp.eq_w(w, b)?;
        i += !found as i64;
        Ok(!found)
    })?;
    if found { Ok(i) } else { Err(sp.value_error("sequence.index(x): x not in sequence")) }
}
/// Return an estimate of the number of items in obj.
///
/// This is useful for presizing containers when building from an iterable.
///
/// If the object supports len(), the result will be exact.
/// Otherwise, it may over- or under-estimate by an arbitrary amount.
/// The result will be an integer >= 0.
#[interp_fn(sig = "(obj, default=0, /)")]
pub fn length_hint(sp: Space, a: W, default: i64) -> Res<i64> {
    sp.length_hint(a, default)
}
/// Same as obj(*args, **kwargs).
#[interp_fn(raw, sig = "(obj, /, *args, **kwargs)")]
pub fn call(sp: Space, _w: W, args: Args) -> Res<W> {
    let Some(f) = args.positional().first() else {
        return Err(sp.type_error("call expected at least 1 argument, got 0"));
    };
    // SAFETY: the words after the first one follow it.
    sp.call_args(*f, Args { ptr: unsafe { args.ptr.add(1) }, n: args.n - 1, kwnames: args.kwnames })
}

/// Return 'a == b'.
///
/// This function uses an approach designed to prevent
/// timing analysis, making it appropriate for cryptography.
///
/// a and b must both be of the same type: either str (ASCII only),
/// or any bytes-like object.
///
/// Note: If a and b are of different lengths, or if an error occurs,
/// a timing attack could theoretically reveal information about the
/// types and lengths of a and b--but not their values.
#[interp_fn(name = "_compare_digest", sig = "(a, b, /)")]
pub fn compare_digest(sp: Space, a: W, b: W) -> Res<bool> {
    if is_str(sp, a) && is_str(sp, b) {
        let (x, y) = (sp.text_of(a), sp.text_of(b));
        return match (x.ascii(), y.ascii()) {
            (Some(x), Some(y)) => Ok(same(x.as_bytes(), y.as_bytes())),
            _ => Err(sp.type_error("comparing strings with non-ASCII characters is not supported")),
        };
    }
    let (x, y) = (Buffer::get(sp, a), Buffer::get(sp, b));
    match (x, y) {
        (Ok(x), Ok(y)) => Ok(same(&x, &y)),
        _ => {
            sp.take_exc();
            Err(raise!(
                sp,
                TYPE_ERROR,
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                sp.type_name(a),
                sp.type_name(b)
            ))
        }
    }
}
/// Compares in a time that depends on the length of `b` only.
fn same(a: &[u8], b: &[u8]) -> bool {
    let mut diff = (a.len() != b.len()) as u8;
    let left = if a.len() == b.len() { a } else { b };
    for (x, y) in left.iter().zip(b) {
        diff = std::hint::black_box(diff | (x ^ y));
    }
    diff == 0
}
