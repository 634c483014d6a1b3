//! slice, and the arithmetic of slices.

use super::util::*;
use crate::layouts::WSlice;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The evaluated parts of a slice, not yet fitted to a length.
#[derive(Copy, Clone, Debug)]
#[allow(missing_docs)]
pub struct Parts {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

/// The items a slice selects: `len` of them from `start` in steps.
#[derive(Copy, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Range {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
    pub len: usize,
}

impl Parts {
    /// Fits the slice to a sequence.
    pub fn range(self, len: usize) -> Range {
        let len = len as i64;
        let (low, high) = if self.step < 0 { (-1, len - 1) } else { (0, len) };
        let fit = |i: i64| if i < 0 { i.saturating_add(len).max(low) } else { i.min(high) };
        let (start, stop) = (fit(self.start), fit(self.stop));
        let n = if self.step < 0 {
            if stop < start { (start - stop - 1) / -self.step + 1 } else { 0 }
        } else if start < stop {
            (stop - start - 1) / self.step + 1
        } else {
            0
        };
        Range { start, stop, step: self.step, len: n as usize }
    }
}
impl Range {
    /// The index of item i.
    #[inline(always)]
    pub fn at(&self, i: usize) -> usize {
        (self.start + self.step * i as i64) as usize
    }
    /// The same items from the first to the last.
    pub fn make_ascending(&mut self) {
        if self.step < 0 && self.len > 0 {
            self.start += self.step * (self.len as i64 - 1);
            self.step = -self.step;
            self.stop = self.start + self.step * (self.len as i64 - 1) + 1;
        }
    }
}

/// Evaluates the parts of a slice (`__index__` is called); ValueError for step 0.
pub fn unpack(sp: Space, w_slice: W) -> Res<Parts> {
    let s = this::<WSlice>(w_slice);
    let step = if s.w_step.is_none() { 1 } else { bound(sp, s.w_step, 1)? };
    if step == 0 {
        return Err(raise!(sp, VALUE_ERROR, "slice step cannot be zero"));
    }
    // -step must be representable.
    let step = step.max(-i64::MAX);
    let start = bound(sp, s.w_start, if step < 0 { i64::MAX } else { 0 })?;
    let stop = bound(sp, s.w_stop, if step < 0 { i64::MIN } else { i64::MAX })?;
    Ok(Parts { start, stop, step })
}

/// Evaluates a slice and fits it to a length. The length is asked after the evaluation, which can change the sequence.
pub fn resolve(sp: Space, w_slice: W, len: impl FnOnce() -> usize) -> Res<Range> {
    let parts = unpack(sp, w_slice)?;
    Ok(parts.range(len()))
}

/// A slice object.
pub fn new(sp: Space, w_start: W, w_stop: W, w_step: W) -> Res<W> {
    let or_none = |w: W| if w.is_null() { W::NONE } else { w };
    // SAFETY: the row's layout; the object is new.
    unsafe {
        let w = sp.alloc(TID_SLICE, size_of::<WSlice>())?;
        let s = w.ptr::<WSlice>();
        (*s).w_start = or_none(w_start);
        (*s).w_stop = or_none(w_stop);
        (*s).w_step = or_none(w_step);
        Ok(w)
    }
}

typespec!(
    /// The type `slice`.
    pub SLICE: WSlice, "slice", {
    doc: Str::new("slice(stop)\nslice(start, stop[, step])\n\nWhich items of a sequence `[start:stop:step]` means."),
    slots: &Slots { repr: Some(slice_repr), compare: Some(slice_compare), hash: Some(slice_hash), new: Some(slice_new), ..Slots::EMPTY },
    methods: methods![indices, reduce],
    members: table![
        member!(WSlice, "start", w_start, Obj), member!(WSlice, "stop", w_stop, Obj), member!(WSlice, "step", w_step, Obj)
    ],
});

#[slot]
fn slice_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    no_keywords(sp, "slice", w_type, TID_SLICE, &args)?;
    check_arity(sp, "slice", args.n, 1, 3)?;
    match *args.positional() {
        [w_start, w_stop] => new(sp, w_start, w_stop, W::NONE),
        [w_start, w_stop, w_step] => new(sp, w_start, w_stop, w_step),
        _ => new(sp, W::NONE, args.positional()[0], W::NONE),
    }
}
#[slot]
fn slice_repr(sp: Space, w_self: W) -> Res<W> {
    let s = this::<WSlice>(w_self);
    let mut out = ReprText::new("slice(");
    out.repr(sp, s.w_start)?;
    out.push(", ");
    out.repr(sp, s.w_stop)?;
    out.push(", ");
    out.repr(sp, s.w_step)?;
    out.push(")");
    out.finish(sp)
}
#[slot]
fn slice_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if !exact(w_a, TID_SLICE) || !exact(w_b, TID_SLICE) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    if w_a == w_b {
        return Ok(W::bool(matches!(op, EQ | LE | GE)));
    }
    fn parts(w: W) -> &'static [W] {
        // SAFETY: three words follow the header of a slice, which the caller keeps on its stack.
        unsafe { std::slice::from_raw_parts(&raw const (*w.ptr::<WSlice>()).w_start, 3) }
    }
    compare_sequences(sp, w_a, w_b, op, parts)
}
#[slot]
fn slice_hash(sp: Space, w_self: W) -> Res<i64> {
    let s = this::<WSlice>(w_self);
    let mut h = super::tuple::Hasher::new();
    for w in [s.w_start, s.w_stop, s.w_step] {
        h.add(super::table::hash(sp, w)?)
    }
    Ok(h.without_len())
}

/// (start, stop, step) of the slice of a sequence of that length.
#[interp_fn(method, sig = "(self, object, /)")]
fn indices(sp: Space, w_self: W, w_len: W) -> Res<W> {
    let s = this::<WSlice>(w_self);
    let w_len = sp.index(w_len)?;
    if let Some(len) = w_len.is_int().then(|| w_len.untag())
        && len >= 0
        && [s.w_start, s.w_stop, s.w_step].iter().all(|w| w.is_none() || w.is_int())
    {
        let r = unpack(sp, w_self)?.range(len as usize);
        return sp.newtuple(&[sp.newint(r.start), sp.newint(r.stop), sp.newint(r.step)]);
    }
    let len = sp.bigint_w(w_len)?;
    if len.is_negative() {
        return Err(raise!(sp, VALUE_ERROR, "length should not be negative"));
    }
    let (start, stop, step) = big_indices(sp, w_self, &len)?;
    let items = [sp.newbigint(&start)?, sp.newbigint(&stop)?, sp.newbigint(&step)?];
    sp.newtuple(&items)
}

/// `indices` for ints of any size.
pub fn big_indices(sp: Space, w_slice: W, len: &BigInt) -> Res<(BigInt, BigInt, BigInt)> {
    let s = this::<WSlice>(w_slice);
    let part = |w: W| -> Res<Option<BigInt>> {
        if w.is_none() {
            return Ok(None);
        }
        if !has_index(sp, w) {
            return Err(raise!(sp, TYPE_ERROR, "slice indices must be integers or None or have an __index__ method"));
        }
        sp.bigint_w(w).map(Some)
    };
    let step = part(s.w_step)?.unwrap_or_else(|| 1.into());
    if step.is_zero() {
        return Err(raise!(sp, VALUE_ERROR, "slice step cannot be zero"));
    }
    let back = step.is_negative();
    let (low, high): (BigInt, BigInt) = if back { ((-1).into(), len - 1) } else { (0.into(), len.clone()) };
    let fit = |i: BigInt| if i.is_negative() { (i + len).max(low.clone()) } else { i.min(high.clone()) };
    let start = part(s.w_start)?.map_or_else(|| if back { high.clone() } else { low.clone() }, fit);
    let stop = part(s.w_stop)?.map_or_else(|| if back { low.clone() } else { high.clone() }, fit);
    Ok((start, stop, step))
}

/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn reduce(sp: Space, w_self: W) -> Res<W> {
    let s = this::<WSlice>(w_self);
    let w_args = sp.newtuple(&[s.w_start, s.w_stop, s.w_step])?;
    sp.newtuple(&[sp.type_(w_self)?, w_args])
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn ranges() {
        let r = |start, stop, step, len| Parts { start, stop, step }.range(len);
        assert_eq!(r(0, i64::MAX, 2, 5), Range { start: 0, stop: 5, step: 2, len: 3 });
        assert_eq!(r(i64::MAX, i64::MIN, -1, 5), Range { start: 4, stop: -1, step: -1, len: 5 });
        assert_eq!(r(-2, i64::MAX, 1, 5).len, 2);
        assert_eq!(r(3, 1, 1, 5).len, 0);
        let mut back = r(i64::MAX, i64::MIN, -2, 5);
        back.make_ascending();
        assert_eq!((back.at(0), back.at(2)), (0, 4));
    }
}
