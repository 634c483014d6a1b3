//! range and its iterators.

use super::seqiter::iter_self;
use super::slice;
use super::tids;
use super::tuple::Hasher;
use super::util::*;
use crate::layouts::{WRange, WRangeIter};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

typespec!(
    /// The type `range`.
    pub RANGE: WRange, "range", {
    doc: Str::new("range(stop)\nrange(start, stop[, step])\n\nThe integers from start up to but not including stop, in steps."),
    flags: ty::SEQUENCE,
    slots: &Slots {
        repr: Some(range_repr), compare: Some(range_compare), hash: Some(range_hash), iter: Some(range_iter), new: Some(range_new),
        len: Some(range_len), getitem: Some(range_getitem), contains: Some(range_contains), bool: Some(range_bool), ..Slots::EMPTY
    },
    methods: methods![reversed, reduce, count, index],
    members: table![
        member!(WRange, "start", w_start, Obj), member!(WRange, "stop", w_stop, Obj), member!(WRange, "step", w_step, Obj)
    ],
});

/// The number of values between small bounds.
fn small_len(start: i64, stop: i64, step: i64) -> u64 {
    // The bounds have 63 bits: their distance fits.
    if step > 0 && start < stop {
        ((stop - start - 1) / step) as u64 + 1
    } else if step < 0 && stop < start {
        ((start - stop - 1) as u64) / step.unsigned_abs() + 1
    } else {
        0
    }
}
fn big_len(start: &BigInt, stop: &BigInt, step: &BigInt) -> BigInt {
    let (lo, hi, step) = if step.is_negative() { (stop, start, -step) } else { (start, stop, step.clone()) };
    if lo >= hi { BigInt::zero() } else { (hi - lo - 1u32) / step + 1u32 }
}

/// start, stop, step if all three are small.
fn small(r: &WRange) -> Option<(i64, i64, i64)> {
    (r.w_start.is_int() && r.w_stop.is_int() && r.w_step.is_int())
        .then(|| (r.w_start.untag(), r.w_stop.untag(), r.w_step.untag()))
}

fn object(sp: Space, w_start: W, w_stop: W, w_step: W, w_len: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let w = sp.alloc(TID_RANGE, size_of::<WRange>())?;
        let r = w.ptr::<WRange>();
        (*r).w_start = w_start;
        (*r).w_stop = w_stop;
        (*r).w_step = w_step;
        (*r).w_len = w_len;
        Ok(w)
    }
}

/// A range of ints; the step is not zero.
pub fn new(sp: Space, w_start: W, w_stop: W, w_step: W) -> Res<W> {
    let w_len = if w_start.is_int() && w_stop.is_int() && w_step.is_int() {
        small_len(w_start.untag(), w_stop.untag(), w_step.untag()).into_w(sp)?
    } else {
        sp.newbigint(&big_len(&sp.bigint_w(w_start)?, &sp.bigint_w(w_stop)?, &sp.bigint_w(w_step)?))?
    };
    object(sp, w_start, w_stop, w_step, w_len)
}

#[slot]
fn range_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    no_keywords(sp, "range", w_type, TID_RANGE, &args)?;
    check_arity(sp, "range", args.n, 1, 3)?;
    let a = args.positional();
    if a.len() == 1 {
        return new(sp, W::int(0), sp.index(a[0])?, W::int(1));
    }
    let (w_start, w_stop) = (sp.index(a[0])?, sp.index(a[1])?);
    let w_step = if a.len() == 3 { sp.index(a[2])? } else { W::int(1) };
    if w_step == W::int(0) {
        return Err(sp.value_error("range() arg 3 must not be zero"));
    }
    new(sp, w_start, w_stop, w_step)
}
#[slot]
fn range_len(sp: Space, w_self: W) -> Res<i64> {
    let w_len = this::<WRange>(w_self).w_len;
    if w_len.is_int() {
        return Ok(w_len.untag());
    }
    let n = sp.bigint_w(w_len)?.to_i64();
    n.ok_or_else(|| sp.overflow_error("Python int too large to convert to C ssize_t"))
}
#[slot]
fn range_bool(_sp: Space, w_self: W) -> Res<bool> {
    Ok(this::<WRange>(w_self).w_len != W::int(0))
}
#[slot]
fn range_repr(sp: Space, w_self: W) -> Res<W> {
    let r = this::<WRange>(w_self);
    let mut out = ReprText::new("range(");
    out.repr(sp, r.w_start)?;
    out.push(", ");
    out.repr(sp, r.w_stop)?;
    if r.w_step != W::int(1) {
        out.push(", ");
        out.repr(sp, r.w_step)?;
    }
    out.push(")");
    out.finish(sp)
}

/// start + i * step
fn value_at(sp: Space, r: &WRange, w_i: W) -> Res<W> {
    if let (true, true, true) = (r.w_start.is_int(), r.w_step.is_int(), w_i.is_int())
        && let Some(v) = w_i.untag().checked_mul(r.w_step.untag()).and_then(|x| x.checked_add(r.w_start.untag()))
    {
        return Ok(sp.newint(v));
    }
    sp.add(r.w_start, sp.mul(w_i, r.w_step)?)
}

#[slot]
fn range_getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    let r = this::<WRange>(w_self);
    if has_index(sp, w_key) {
        let w_i = sp.index(w_key)?;
        if let (true, true) = (w_i.is_int(), r.w_len.is_int()) {
            let (i, n) = (w_i.untag(), r.w_len.untag());
            let i = if i < 0 { i + n } else { i };
            if i < 0 || i >= n {
                return Err(sp.index_error("range object index out of range"));
            }
            return value_at(sp, &r, W::int(i));
        }
        let (mut i, n) = (sp.bigint_w(w_i)?, sp.bigint_w(r.w_len)?);
        if i.is_negative() {
            i += &n
        }
        if i.is_negative() || i >= n {
            return Err(sp.index_error("range object index out of range"));
        }
        return value_at(sp, &r, sp.newbigint(&i)?);
    }
    if !exact(w_key, TID_SLICE) {
        return Err(raise!(sp, TYPE_ERROR, "range indices must be integers or slices, not {}", sp.type_name(w_key)));
    }
    let (start, stop, step) = slice::big_indices(sp, w_key, &sp.bigint_w(r.w_len)?)?;
    let w_step = sp.mul(r.w_step, sp.newbigint(&step)?)?;
    let w_start = value_at(sp, &r, sp.newbigint(&start)?)?;
    let w_stop = value_at(sp, &r, sp.newbigint(&stop)?)?;
    new(sp, w_start, w_stop, w_step)
}

/// The index of an exact int or bool in the range.
fn position(sp: Space, r: &WRange, w: W) -> Res<Option<W>> {
    if let (Some((start, stop, step)), true) = (small(r), w.is_int()) {
        let v = w.untag();
        let inside = if step > 0 { start <= v && v < stop } else { stop < v && v <= start };
        return Ok((inside && (v - start) % step == 0).then(|| sp.newint((v - start) / step)));
    }
    let (v, start, stop, step) =
        (sp.bigint_w(w)?, sp.bigint_w(r.w_start)?, sp.bigint_w(r.w_stop)?, sp.bigint_w(r.w_step)?);
    let inside = if step.is_positive() { start <= v && v < stop } else { stop < v && v <= start };
    let (q, rest) = (v - start).div_rem(&step);
    if inside && rest.is_zero() { sp.newbigint(&q).map(Some) } else { Ok(None) }
}
/// An int whose comparison is int's own: small, or an exact int or bool.
fn is_plain_int(sp: Space, w: W) -> bool {
    w.is_int() || exact(w, TID_BOOL) || w.is_obj() && sp.row(w).w_type == sp.known(known::INT)
}
fn search(sp: Space, w_self: W, w: W, mut found: impl FnMut(i64) -> bool) -> Res<()> {
    let mut i = 0;
    sp.for_each(w_self, |w_item| {
        let go_on = if eq(sp, w_item, w)? { found(i) } else { true };
        i += 1;
        Ok(go_on)
    })
}

#[slot]
fn range_contains(sp: Space, w_self: W, w: W) -> Res<bool> {
    if is_plain_int(sp, w) {
        return Ok(position(sp, &this::<WRange>(w_self), w)?.is_some());
    }
    let mut yes = false;
    search(sp, w_self, w, |_| {
        yes = true;
        false
    })?;
    Ok(yes)
}
/// The number of occurrences of a value.
#[interp_fn(method, sig = "(self, object, /)")]
fn count(sp: Space, w_self: W, w: W) -> Res<i64> {
    if is_plain_int(sp, w) {
        return Ok(position(sp, &this::<WRange>(w_self), w)?.is_some() as i64);
    }
    let mut n = 0;
    search(sp, w_self, w, |_| {
        n += 1;
        true
    })?;
    Ok(n)
}
/// The index of a value; ValueError if it is not there.
#[interp_fn(method, sig = "(self, object, /)")]
fn index(sp: Space, w_self: W, w: W) -> Res<W> {
    if is_plain_int(sp, w) {
        let found = position(sp, &this::<WRange>(w_self), w)?;
        return found.ok_or_else(|| sp.value_error("range.index(x): x not in range"));
    }
    let mut at = None;
    search(sp, w_self, w, |i| {
        at = Some(i);
        false
    })?;
    at.map(|i| sp.newint(i)).ok_or_else(|| sp.value_error("sequence.index(x): x not in sequence"))
}

#[slot]
fn range_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if (op != EQ && op != NE) || !exact(w_a, TID_RANGE) || !exact(w_b, TID_RANGE) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (a, b) = (this::<WRange>(w_a), this::<WRange>(w_b));
    let same = w_a == w_b
        || eq(sp, a.w_len, b.w_len)?
            && (a.w_len == W::int(0)
                || eq(sp, a.w_start, b.w_start)? && (a.w_len == W::int(1) || eq(sp, a.w_step, b.w_step)?));
    Ok(W::bool(same == (op == EQ)))
}
#[slot]
fn range_hash(sp: Space, w_self: W) -> Res<i64> {
    let r = this::<WRange>(w_self);
    let mut h = Hasher::new();
    h.add(super::table::hash(sp, r.w_len)?);
    h.add(super::table::hash(sp, if r.w_len == W::int(0) { W::NONE } else { r.w_start })?);
    let step_counts = r.w_len != W::int(0) && r.w_len != W::int(1);
    h.add(super::table::hash(sp, if step_counts { r.w_step } else { W::NONE })?);
    Ok(h.with_len(3))
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reduce(sp: Space, w_self: W) -> Res<W> {
    let r = this::<WRange>(w_self);
    let w_args = sp.newtuple(&[r.w_start, r.w_stop, r.w_step])?;
    sp.newtuple(&[sp.type_(w_self)?, w_args])
}

typespec!(
    /// The type `range_iterator`.
    pub RANGE_ITER: WRangeIter, "range_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: taipan_abi::gc::tf::NO_PTRS,
    slots: &Slots { iter: Some(iter_self), next: Some(small_next), ..Slots::EMPTY },
    methods: methods![small_length_hint, small_reduce, small_setstate],
});
/// Iterator of a range with a bound beyond the small ints.
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WLongRangeIter {
    pub header: Header,
    pub w_next: W,
    pub w_step: W,
    pub w_left: W,
}
typespec!(
    /// The type `longrange_iterator`.
    pub LONG_RANGE_ITER: WLongRangeIter, "longrange_iterator", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { iter: Some(iter_self), next: Some(long_next), ..Slots::EMPTY },
    methods: methods![long_length_hint, long_reduce, long_setstate],
});

fn small_iter(sp: Space, next: i64, step: i64, left: u64) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let w = sp.alloc(TID_RANGE_ITER, size_of::<WRangeIter>())?;
        let it = w.ptr::<WRangeIter>();
        (*it).next = next;
        (*it).step = step;
        (*it).left = left;
        Ok(w)
    }
}
fn long_iter(sp: Space, w_next: W, w_step: W, w_left: W) -> Res<W> {
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let w = sp.alloc(tids::LONG_RANGE_ITER, size_of::<WLongRangeIter>())?;
        let it = w.ptr::<WLongRangeIter>();
        (*it).w_next = w_next;
        (*it).w_step = w_step;
        (*it).w_left = w_left;
        Ok(w)
    }
}
#[slot]
fn range_iter(sp: Space, w_self: W) -> Res<W> {
    let r = this::<WRange>(w_self);
    match small(&r) {
        Some((start, stop, step)) => small_iter(sp, start, step, small_len(start, stop, step)),
        None => long_iter(sp, r.w_start, r.w_step, r.w_len),
    }
}
/// A reverse iterator.
#[interp_fn(method, name = "__reversed__", sig = "(self, /)")]
fn reversed(sp: Space, w_self: W) -> Res<W> {
    let r = this::<WRange>(w_self);
    if let Some((start, stop, step)) = small(&r) {
        let n = small_len(start, stop, step);
        let last = start.wrapping_add(step.wrapping_mul(n.wrapping_sub(1) as i64));
        return small_iter(sp, if n == 0 { start } else { last }, step.wrapping_neg(), n);
    }
    let w_last = value_at(sp, &r, sp.sub(r.w_len, W::int(1))?)?;
    long_iter(sp, w_last, sp.neg(r.w_step)?, r.w_len)
}
#[slot]
fn small_next(_sp: Space, w_self: W) -> Res<Option<W>> {
    let mut it = this::<WRangeIter>(w_self);
    if it.left == 0 {
        return Ok(None);
    }
    it.left -= 1;
    let v = it.next;
    it.next = v.wrapping_add(it.step);
    Ok(Some(W::int(v)))
}
#[slot]
fn long_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let it = this::<WLongRangeIter>(w_self);
    if it.w_left == W::int(0) {
        return Ok(None);
    }
    let w = it.w_next;
    let w_left = sp.sub(it.w_left, W::int(1))?;
    let w_next = sp.add(w, it.w_step)?;
    taipan_plugin_api::setfield!(sp, w_self, WLongRangeIter, w_left, w_left);
    taipan_plugin_api::setfield!(sp, w_self, WLongRangeIter, w_next, w_next);
    Ok(Some(w))
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn small_length_hint(_sp: Space, w_self: W) -> Res<u64> {
    Ok(this::<WRangeIter>(w_self).left)
}
/// How many items are probably left.
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn long_length_hint(_sp: Space, w_self: W) -> Res<W> {
    Ok(this::<WLongRangeIter>(w_self).w_left)
}
fn reduced(sp: Space, w_start: W, w_step: W, w_left: W) -> Res<W> {
    let w_stop = sp.add(w_start, sp.mul(w_left, w_step)?)?;
    let w_range = new(sp, w_start, w_stop, w_step)?;
    let w_args = sp.newtuple(&[w_range])?;
    sp.newtuple(&[builtin(sp, "iter")?, w_args, W::NONE])
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn small_reduce(sp: Space, w_self: W) -> Res<W> {
    let it = this::<WRangeIter>(w_self);
    reduced(sp, sp.newint(it.next), sp.newint(it.step), it.left.into_w(sp)?)
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn long_reduce(sp: Space, w_self: W) -> Res<W> {
    let it = this::<WLongRangeIter>(w_self);
    reduced(sp, it.w_next, it.w_step, it.w_left)
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn small_setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let n = sp.int_w(w_state)?.max(0) as u64;
    let mut it = this::<WRangeIter>(w_self);
    let n = n.min(it.left);
    it.next = it.next.wrapping_add(it.step.wrapping_mul(n as i64));
    it.left -= n;
    Ok(())
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn long_setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let it = this::<WLongRangeIter>(w_self);
    let n = sp.bigint_w(w_state)?.max(BigInt::zero()).min(sp.bigint_w(it.w_left)?);
    let w_n = sp.newbigint(&n)?;
    let w_next = sp.add(it.w_next, sp.mul(w_n, it.w_step)?)?;
    let w_left = sp.sub(it.w_left, w_n)?;
    taipan_plugin_api::setfield!(sp, w_self, WLongRangeIter, w_left, w_left);
    taipan_plugin_api::setfield!(sp, w_self, WLongRangeIter, w_next, w_next);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn lengths() {
        assert_eq!(small_len(0, 10, 3), 4);
        assert_eq!(small_len(10, 0, -3), 4);
        assert_eq!(small_len(0, 0, 1), 0);
        assert_eq!(small_len(-(1 << 62), (1 << 62) - 1, 1), (1 << 63) - 1);
        assert_eq!(big_len(&10.into(), &0.into(), &(-3).into()), 4.into());
    }
}
