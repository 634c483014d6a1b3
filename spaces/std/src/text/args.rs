//! Reading arguments with the messages that methods of str and bytes give.

use crate::layouts::WSlice;
use taipan_abi::word::TID_SLICE;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// How messages name the type of an argument.
pub fn arg_type(sp: Space, w: W) -> String {
    if w.is_none() { "None".into() } else { sp.type_name(w) }
}

/// A str argument; `n` is its number, None if it is the only one.
pub fn str_arg(sp: Space, w: W, fname: &str, n: Option<u32>) -> Res<Text> {
    sp.text_opt(w).ok_or_else(|| {
        let n = n.map_or(String::new(), |n| format!(" {n}"));
        raise!(sp, TYPE_ERROR, "{fname}() argument{n} must be str, not {}", arg_type(sp, w))
    })
}

/// An index that is cut to 64 bits instead of overflowing.
pub fn clamped_index(sp: Space, w: W) -> Res<i64> {
    if w.is_int() {
        return Ok(w.untag());
    }
    let w_int = sp.index(w)?;
    if w_int.is_int() {
        return Ok(w_int.untag());
    }
    let big = sp.bigint_w(w_int)?;
    Ok(i64::try_from(&big).unwrap_or(if big.sign() == num_bigint::Sign::Minus { i64::MIN } else { i64::MAX }))
}

/// A bound as slices take it: None, or something with `__index__`.
pub fn bound(sp: Space, w: Option<W>, default: i64) -> Res<i64> {
    match w {
        None => Ok(default),
        Some(w) if w.is_null() || w.is_none() => Ok(default),
        Some(w) if w.is_int() => Ok(w.untag()),
        Some(w) => {
            if sp.row(w).slots.is_null() || !has_index(sp, w)? {
                return Err(sp.type_error("slice indices must be integers or None or have an __index__ method"));
            }
            clamped_index(sp, w)
        }
    }
}

/// Does the object's class have `__index__`?
pub fn has_index(sp: Space, w: W) -> Res<bool> {
    // SAFETY: rows of classes point to their slots for as long as the class lives.
    Ok(w.is_int() || unsafe { sp.row(w).slots.as_ref() }.is_some_and(|s| s.index.is_some()))
}

/// The part of a sequence that optional `start` and `end` arguments name: None if start lies behind the end of the sequence or the part.
pub fn window(sp: Space, w_start: Option<W>, w_end: Option<W>, len: usize) -> Res<Option<(usize, usize)>> {
    let (start, end) = (bound(sp, w_start, 0)?, bound(sp, w_end, i64::MAX)?);
    Ok(clip(start, end, len))
}

fn clip(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let n = len as i64;
    let end = if end > n {
        n
    } else if end < 0 {
        end.saturating_add(n).max(0)
    } else {
        end
    };
    let start = if start < 0 { start.saturating_add(n).max(0) } else { start };
    (start <= end).then_some((start as usize, end as usize))
}

/// start, step and count of the items a slice names, and its normalized stop.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Indices {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
    pub count: usize,
}
impl Indices {
    /// The indexes in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count as i64).map(move |i| (self.start + i * self.step) as usize)
    }
    fn new(start: Option<i64>, stop: Option<i64>, step: i64, len: usize) -> Indices {
        let n = len as i64;
        let fit = |v: i64| {
            if v < 0 {
                (v.saturating_add(n)).max(if step < 0 { -1 } else { 0 })
            } else {
                v.min(if step < 0 { n - 1 } else { n })
            }
        };
        let start = start.map_or(if step < 0 { n - 1 } else { 0 }, fit);
        let stop = stop.map_or(if step < 0 { -1 } else { n }, fit);
        let count = if step < 0 {
            if stop < start { (start - stop - 1) / -step + 1 } else { 0 }
        } else if start < stop {
            (stop - start - 1) / step + 1
        } else {
            0
        };
        Indices { start, stop, step, count: count as usize }
    }
}

/// Is it a slice object?
pub fn is_slice(sp: Space, w: W) -> bool {
    sp.layout(w) == TID_SLICE
}

/// What a slice object selects from a sequence. The parts are evaluated before `len` is asked.
pub fn slice_indices(sp: Space, w_slice: W, len: impl FnOnce() -> usize) -> Res<Indices> {
    // SAFETY: the caller has checked with `is_slice`.
    let s = unsafe { &*w_slice.ptr::<WSlice>() };
    let part = |w: W| -> Res<Option<i64>> {
        if w.is_none() || w.is_null() { Ok(None) } else { bound(sp, Some(w), 0).map(Some) }
    };
    let step = part(s.w_step)?.unwrap_or(1).max(-i64::MAX);
    if step == 0 {
        return Err(sp.value_error("slice step cannot be zero"));
    }
    let (start, stop) = (part(s.w_start)?, part(s.w_stop)?);
    Ok(Indices::new(start, stop, step, len()))
}

/// The arguments of a constructor by position or name; `positional` of them have no name for callers.
pub fn constructor<const N: usize>(sp: Space, args: Args, fname: &str, names: [&str; N]) -> Res<[Option<W>; N]> {
    let mut out = [None; N];
    let (given, nkw) = (args.positional(), args.nkw(sp));
    if given.len() + nkw > N {
        let s = if N == 1 { "" } else { "s" };
        return Err(raise!(sp, TYPE_ERROR, "{fname}() takes at most {N} argument{s} ({} given)", given.len() + nkw));
    }
    for (slot, w) in out.iter_mut().zip(given) {
        *slot = Some(*w);
    }
    for (name, w) in args.keywords(sp) {
        match names.iter().position(|n| !n.is_empty() && name.eq_str(n)) {
            None => {
                return Err(raise!(sp, TYPE_ERROR, "{fname}() got an unexpected keyword argument '{}'", name.to_str()));
            }
            Some(i) if out[i].is_some() => {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "argument for {fname}() given by name ('{}') and position ({})",
                    names[i],
                    i + 1
                ));
            }
            Some(i) => out[i] = Some(w),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping() {
        assert_eq!(clip(0, i64::MAX, 3), Some((0, 3)));
        assert_eq!(clip(-2, -1, 3), Some((1, 2)));
        assert_eq!(clip(4, i64::MAX, 3), None);
        assert_eq!(clip(3, 9, 3), Some((3, 3)));
        assert_eq!(clip(i64::MIN, i64::MIN, 3), Some((0, 0)));
    }

    #[test]
    fn slicing() {
        let ix = |a, b, s, n| Indices::new(a, b, s, n).iter().collect::<Vec<_>>();
        assert_eq!(ix(None, None, -1, 3), [2, 1, 0]);
        assert_eq!(ix(Some(1), None, 2, 6), [1, 3, 5]);
        assert_eq!(ix(Some(-100), Some(100), 1, 2), [0, 1]);
        assert_eq!(ix(Some(5), Some(1), 1, 6), [0usize; 0]);
        assert_eq!(ix(Some(5), Some(1), -3, 6), [5, 2]);
    }
}
