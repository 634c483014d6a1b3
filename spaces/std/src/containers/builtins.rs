//! Functions of the builtins module over iterables.

use super::list;
use super::sorting;
use super::util::*;
use crate::layouts::{WComplex, WFloat};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The functions of this family.
pub static BUILTINS: &[FnSpec] = &[sorted::SPEC, sum::SPEC, any::SPEC, all::SPEC, min::SPEC, max::SPEC];

/// A new list of the items of an iterable in ascending order.
///
/// `key` gives what is compared for an item; `reverse` asks for descending order.
#[interp_fn(raw, sig = "(iterable, /, *, key=None, reverse=False)")]
pub fn sorted(sp: Space, _w_self: W, args: Args) -> Res<W> {
    check_arity(sp, "sorted", args.n, 1, 1)?;
    let w_list = list::from_iterable(sp, args.positional()[0])?;
    let (mut w_key, mut reverse) = (W::NONE, false);
    for (name, w) in args.keywords(sp) {
        if name.eq_str("key") {
            w_key = w
        } else if name.eq_str("reverse") {
            reverse = sp.is_true(w)?
        } else {
            return Err(raise!(sp, TYPE_ERROR, "sort() got an unexpected keyword argument '{}'", name.to_str()));
        }
    }
    sorting::sort(sp, w_list, w_key, reverse)?;
    Ok(w_list)
}

/// A float sum that carries the rounding errors along (Neumaier's).
#[derive(Copy, Clone, Default)]
struct Compensated {
    hi: f64,
    lo: f64,
}
impl Compensated {
    fn add(&mut self, x: f64) {
        let t = self.hi + x;
        self.lo += if self.hi.abs() >= x.abs() { (self.hi - t) + x } else { (x - t) + self.hi };
        self.hi = t;
    }
    fn value(self) -> f64 {
        // An infinite sum keeps its sign, and a compensation that is not finite says nothing.
        if self.lo != 0.0 && self.lo.is_finite() { self.hi + self.lo } else { self.hi }
    }
}

fn float_of(w: W) -> Option<f64> {
    // SAFETY: an exact float.
    exact(w, TID_FLOAT).then(|| unsafe { (*w.ptr::<WFloat>()).value })
}
fn complex_of(w: W) -> Option<(f64, f64)> {
    // SAFETY: an exact complex.
    exact(w, TID_COMPLEX).then(|| unsafe { ((*w.ptr::<WComplex>()).re, (*w.ptr::<WComplex>()).im) })
}
/// An exact int or bool as a machine int.
fn int_of(w: W) -> Option<i64> {
    match w {
        W::TRUE => Some(1),
        W::FALSE => Some(0),
        w if w.is_int() => Some(w.untag()),
        _ => None,
    }
}

/// The sum of a start value (0 by default) and the numbers of an iterable.
///
/// Strings are refused: they are joined.
#[interp_fn(sig = "(iterable, /, start=0)")]
pub fn sum(sp: Space, w_iterable: W, w_start: W) -> Res<W> {
    let w_iter = sp.iter(w_iterable)?;
    match sp.layout(w_start) {
        TID_STR => return Err(sp.type_error("sum() can't sum strings [use ''.join(seq) instead]")),
        TID_BYTES => return Err(sp.type_error("sum() can't sum bytes [use b''.join(seq) instead]")),
        TID_BYTEARRAY => return Err(sp.type_error("sum() can't sum bytearray [use b''.join(seq) instead]")),
        _ => {}
    }
    let mut w_sum = w_start;
    if w_sum.is_int() {
        let mut total = w_sum.untag();
        loop {
            let Some(w) = sp.next(w_iter)? else { return Ok(sp.newint(total)) };
            match int_of(w).and_then(|i| total.checked_add(i)) {
                Some(t) => total = t,
                None => {
                    w_sum = sp.add(sp.newint(total), w)?;
                    break;
                }
            }
        }
    }
    if let Some(f) = float_of(w_sum) {
        let mut total = Compensated { hi: f, lo: 0.0 };
        loop {
            let Some(w) = sp.next(w_iter)? else { return Ok(sp.newfloat(total.value())) };
            if let Some(f) = float_of(w) {
                total.add(f)
            } else if let Some(i) = int_of(w) {
                total.add(i as f64)
            } else {
                w_sum = sp.add(sp.newfloat(total.value()), w)?;
                break;
            }
        }
    }
    if let Some((re, im)) = complex_of(w_sum) {
        let (mut re, mut im) = (Compensated { hi: re, lo: 0.0 }, Compensated { hi: im, lo: 0.0 });
        loop {
            let Some(w) = sp.next(w_iter)? else { return Ok(sp.newcomplex(re.value(), im.value())) };
            if let Some((r, i)) = complex_of(w) {
                re.add(r);
                im.add(i);
            } else if let Some(f) = float_of(w) {
                re.add(f)
            } else if let Some(i) = int_of(w) {
                re.add(i as f64)
            } else {
                w_sum = sp.add(sp.newcomplex(re.value(), im.value()), w)?;
                break;
            }
        }
    }
    while let Some(w) = sp.next(w_iter)? {
        w_sum = sp.add(w_sum, w)?;
    }
    Ok(w_sum)
}

/// True if bool(x) is True for any x of the iterable; False for an empty one.
#[interp_fn(sig = "(iterable, /)")]
pub fn any(sp: Space, w_iterable: W) -> Res<bool> {
    let mut yes = false;
    sp.for_each(w_iterable, |w| {
        yes = sp.is_true(w)?;
        Ok(!yes)
    })?;
    Ok(yes)
}
/// True if bool(x) is True for all x of the iterable; True for an empty one.
#[interp_fn(sig = "(iterable, /)")]
pub fn all(sp: Space, w_iterable: W) -> Res<bool> {
    let mut yes = true;
    sp.for_each(w_iterable, |w| {
        yes = sp.is_true(w)?;
        Ok(yes)
    })?;
    Ok(yes)
}

/// Is `a` to be taken instead of the best so far?
#[inline]
fn better(sp: Space, largest: bool, a: W, best: W) -> Res<bool> {
    if a.is_int() && best.is_int() {
        let (a, b) = (a.0 as i64, best.0 as i64);
        return Ok(if largest { a > b } else { a < b });
    }
    let w = if largest { sp.gt(a, best)? } else { sp.lt(a, best)? };
    sp.is_true(w)
}

fn extreme(sp: Space, name: &str, largest: bool, args: Args) -> Res<W> {
    let positional = args.positional();
    if args.kwnames.is_null() && positional.len() > 1 {
        let mut w_best = positional[0];
        for w in &positional[1..] {
            if better(sp, largest, *w, w_best)? {
                w_best = *w
            }
        }
        return Ok(w_best);
    }
    check_arity(sp, name, args.n, 1, usize::MAX)?;
    let (mut w_key, mut w_default) = (W::NONE, W::NULL);
    for (key, w) in args.keywords(sp) {
        if key.eq_str("key") {
            w_key = w
        } else if key.eq_str("default") {
            w_default = w
        } else {
            return Err(raise!(sp, TYPE_ERROR, "{name}() got an unexpected keyword argument '{}'", key.to_str()));
        }
    }
    let several = positional.len() > 1;
    if several && !w_default.is_null() {
        return Err(raise!(sp, TYPE_ERROR, "Cannot specify a default for {name}() with multiple positional arguments"));
    }
    let w_iterable = if several { sp.newtuple(positional)? } else { positional[0] };
    let (mut w_best, mut w_best_key) = (W::NULL, W::NULL);
    sp.for_each(w_iterable, |w| {
        let w_k = if w_key.is_none() { w } else { sp.call(w_key, &[w])? };
        if w_best.is_null() || better(sp, largest, w_k, w_best_key)? {
            (w_best, w_best_key) = (w, w_k)
        }
        Ok(true)
    })?;
    if !w_best.is_null() {
        return Ok(w_best);
    }
    if w_default.is_null() {
        return Err(raise!(sp, VALUE_ERROR, "{name}() iterable argument is empty"));
    }
    Ok(w_default)
}

/// min(iterable, *, key=None[, default])
/// min(a, b, *more, key=None)
///
/// The smallest item of an iterable, or the smallest of several arguments.
#[interp_fn(raw)]
pub fn min(sp: Space, _w_self: W, args: Args) -> Res<W> {
    extreme(sp, "min", false, args)
}
/// max(iterable, *, key=None[, default])
/// max(a, b, *more, key=None)
///
/// The largest item of an iterable, or the largest of several arguments.
#[interp_fn(raw)]
pub fn max(sp: Space, _w_self: W, args: Args) -> Res<W> {
    extreme(sp, "max", true, args)
}
