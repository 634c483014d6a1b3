//! Methods and operators of deque.

use super::deque::*;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Add an element to the right side of the deque.
#[interp_fn(method, sig = "(self, item, /)")]
pub fn append(sp: Space, w: W, v: W) -> Res<()> {
    push_back(sp, w, v)
}
/// Add an element to the left side of the deque.
#[interp_fn(method, sig = "(self, item, /)")]
pub fn appendleft(sp: Space, w: W, v: W) -> Res<()> {
    push_front(sp, w, v)
}
/// Remove all elements from the deque.
#[interp_fn(method, sig = "(self, /)")]
pub fn clear(_sp: Space, w: W) -> Res<()> {
    reset(w);
    Ok(())
}
fn copied(sp: Space, w: W) -> Res<W> {
    if W_DEQUE.is_exact(sp, w) {
        let w_new = new_like(sp, w)?;
        reserve(sp, w_new, obj::<WDeque>(w).len)?;
        for i in 0..obj::<WDeque>(w).len {
            push_back(sp, w_new, obj::<WDeque>(w).get(i))?
        }
        return Ok(w_new);
    }
    let t = sp.type_(w)?;
    let w_new = match obj::<WDeque>(w).maxlen() {
        None => sp.call(t, &[w])?,
        Some(n) => sp.call(t, &[w, sp.newint(n as i64)])?,
    };
    if !W_DEQUE.is(sp, w_new) {
        let (a, b) = (sp.type_name(w), sp.type_name(w_new));
        return Err(raise!(sp, TYPE_ERROR, "{a}() must return a deque, not {b}"));
    }
    Ok(w_new)
}
/// Return a shallow copy of a deque.
#[interp_fn(method, sig = "(self, /)")]
pub fn copy(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
/// Return a shallow copy of a deque.
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
pub fn copy_dunder(sp: Space, w: W) -> Res<W> {
    copied(sp, w)
}
/// "deque mutated during iteration" if it was.
fn unchanged(sp: Space, w: W, state: u64, message: &str) -> Res<()> {
    if obj::<WDeque>(w).state == state { Ok(()) } else { Err(sp.runtime_error(message)) }
}
/// Return number of occurrences of value.
#[interp_fn(method, sig = "(self, value, /)")]
pub fn count(sp: Space, w: W, v: W) -> Res<i64> {
    let (n, state) = (obj::<WDeque>(w).len, obj::<WDeque>(w).state);
    let mut k = 0;
    for i in 0..n {
        k += sp.eq_w(obj::<WDeque>(w).get(i), v)? as i64;
        unchanged(sp, w, state, "deque mutated during iteration")?
    }
    Ok(k)
}
/// Extend the right side of the deque with elements from the iterable.
#[interp_fn(method, sig = "(self, iterable, /)")]
pub fn extend(sp: Space, w: W, w_iterable: W) -> Res<()> {
    extend_right(sp, w, w_iterable)
}
/// Extend the left side of the deque with elements from the iterable.
#[interp_fn(method, sig = "(self, iterable, /)")]
pub fn extendleft(sp: Space, w: W, w_iterable: W) -> Res<()> {
    let w_iterable = if w_iterable == w { to_list(sp, w)? } else { w_iterable };
    let it = sp.iter(w_iterable)?;
    while let Some(v) = sp.next(it)? {
        push_front(sp, w, v)?
    }
    Ok(())
}
fn bound(sp: Space, w: Option<W>, default: i64) -> Res<i64> {
    match w {
        None => Ok(default),
        Some(w) => match sp.int_w(w) {
            Ok(i) => Ok(i),
            Err(r) => {
                if !sp.catch(known::OVERFLOW_ERROR) {
                    sp.take_exc();
                    let _ = r;
                    return Err(sp.type_error("slice indices must be integers or have an __index__ method"));
                }
                Ok(if sp.is_true(sp.lt(w, W::int(0))?)? { i64::MIN } else { i64::MAX })
            }
        },
    }
}
/// Return first index of value.
///
/// Raises ValueError if the value is not present.
#[interp_fn(method, sig = "(self, value, start=0, stop=sys.maxsize, /)")]
pub fn index(sp: Space, w: W, v: W, start: Option<W>, stop: Option<W>) -> Res<i64> {
    let (mut start, mut stop) = (bound(sp, start, 0)?, bound(sp, stop, i64::MAX)?);
    let (n, state) = (obj::<WDeque>(w).len as i64, obj::<WDeque>(w).state);
    if start < 0 {
        start = start.saturating_add(n).max(0)
    }
    if stop < 0 {
        stop = stop.saturating_add(n).max(0)
    }
    for i in start..stop.min(n) {
        let same = sp.eq_w(obj::<WDeque>(w).get(i as usize), v)?;
        if same {
            return Ok(i);
        }
        unchanged(sp, w, state, "deque mutated during iteration")?
    }
    Err(raise!(sp, VALUE_ERROR, "{} is not in deque", sp.repr_string(v)?))
}
/// Rotates to the right by `n`.
pub fn rotate_by(sp: Space, w: W, n: i64) -> Res<()> {
    let d = obj::<WDeque>(w);
    if d.len <= 1 {
        return Ok(());
    }
    let k = n.rem_euclid(d.len as i64) as usize;
    if k == 0 {
        return Ok(());
    }
    d.state += 1;
    let a = d.array();
    let cap = a.capacity();
    if d.len == cap {
        d.head = (d.head + cap - k) & (cap - 1);
        return Ok(());
    }
    a.barrier_range(sp, 0, cap);
    // One item at a time from the nearer end; the array's barrier has been called for all of it.
    // SAFETY: places are within the array; there is at least one free place.
    unsafe {
        let p = a.items();
        if k <= d.len / 2 {
            for _ in 0..k {
                let from = d.place(d.len - 1);
                d.head = (d.head + cap - 1) & (cap - 1);
                let v = *p.add(from);
                *p.add(from) = W::NULL;
                *p.add(d.head) = v;
            }
        } else {
            for _ in 0..d.len - k {
                let v = *p.add(d.head);
                *p.add(d.head) = W::NULL;
                let to = d.place(d.len);
                *p.add(to) = v;
                d.head = d.place(1);
            }
        }
    }
    Ok(())
}
/// Rotate the deque n steps to the right.  If n is negative, rotates left.
#[interp_fn(method, sig = "(self, n=1, /)")]
pub fn rotate(sp: Space, w: W, n: i64) -> Res<()> {
    rotate_by(sp, w, n)
}
/// Insert value before index.
#[interp_fn(method, sig = "(self, index, value, /)")]
pub fn insert(sp: Space, w: W, index: i64, v: W) -> Res<()> {
    let d = obj::<WDeque>(w);
    let n = d.len as i64;
    if d.maxlen() == Some(d.len) {
        return Err(sp.index_error("deque already at its maximum size"));
    }
    if index >= n {
        return push_back(sp, w, v);
    }
    if index <= -n || index == 0 {
        return push_front(sp, w, v);
    }
    rotate_by(sp, w, -index)?;
    if index < 0 {
        push_back(sp, w, v)?
    } else {
        push_front(sp, w, v)?
    }
    rotate_by(sp, w, index)
}
/// Remove and return the rightmost element.
#[interp_fn(method, sig = "(self, /)")]
pub fn pop(sp: Space, w: W) -> Res<W> {
    pop_back(w).ok_or_else(|| sp.index_error("pop from an empty deque"))
}
/// Remove and return the leftmost element.
#[interp_fn(method, sig = "(self, /)")]
pub fn popleft(sp: Space, w: W) -> Res<W> {
    pop_front(w).ok_or_else(|| sp.index_error("pop from an empty deque"))
}
fn delete(sp: Space, w: W, i: usize) -> Res<()> {
    rotate_by(sp, w, -(i as i64))?;
    pop_front(w);
    rotate_by(sp, w, i as i64)
}
/// Remove first occurrence of value.
#[interp_fn(method, sig = "(self, value, /)")]
pub fn remove(sp: Space, w: W, v: W) -> Res<()> {
    let (n, state) = (obj::<WDeque>(w).len, obj::<WDeque>(w).state);
    for i in 0..n {
        let same = sp.eq_w(obj::<WDeque>(w).get(i), v)?;
        unchanged(sp, w, state, "deque mutated during remove().").map_err(|_| {
            sp.take_exc();
            sp.index_error("deque mutated during remove().")
        })?;
        if same {
            return delete(sp, w, i);
        }
    }
    Err(raise!(sp, VALUE_ERROR, "deque.remove(x): x not in deque"))
}
/// Reverse *IN PLACE*.
#[interp_fn(method, sig = "(self, /)")]
pub fn reverse(sp: Space, w: W) -> Res<()> {
    let d = obj::<WDeque>(w);
    for i in 0..d.len / 2 {
        let (a, b) = (d.place(i), d.place(d.len - 1 - i));
        let (x, y) = (d.array().get(a), d.array().get(b));
        d.array().set(sp, a, y);
        d.array().set(sp, b, x);
    }
    Ok(())
}
/// Return state information for pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
pub fn deque_reduce(sp: Space, w: W) -> Res<W> {
    let w_state = sp.call_method(w, name!(sp, "__getstate__"), &[])?;
    let w_args = match obj::<WDeque>(w).maxlen() {
        None => sp.newtuple(&[])?,
        Some(n) => {
            let w_empty = sp.newtuple(&[])?;
            sp.newtuple(&[w_empty, sp.newint(n as i64)])?
        }
    };
    let w_iter = sp.iter(w)?;
    sp.newtuple(&[sp.type_(w)?, w_args, w_state, w_iter])
}
/// Return the size of the deque in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
pub fn deque_sizeof(_sp: Space, w: W) -> Res<usize> {
    let d = obj::<WDeque>(w);
    let array = if d.w_array.is_null() { 0 } else { GcArray::ITEMS + 8 * d.array().capacity() };
    Ok(size_of::<WDeque>() + array)
}

fn checked_index(sp: Space, w: W, w_index: W) -> Res<usize> {
    let n = obj::<WDeque>(w).len as i64;
    if !w_index.is_int() && sp.getattr_opt(sp.type_(w_index)?, name!(sp, "__index__"))?.is_none() {
        return Err(raise!(sp, TYPE_ERROR, "sequence index must be integer, not '{}'", sp.type_name(w_index)));
    }
    let i = match sp.int_w(w_index) {
        Ok(i) => i,
        Err(r) => {
            if sp.catch(known::OVERFLOW_ERROR) {
                return Err(raise!(
                    sp,
                    INDEX_ERROR,
                    "cannot fit '{}' into an index-sized integer",
                    sp.type_name(w_index)
                ));
            }
            return Err(r);
        }
    };
    let i = if i < 0 { i.saturating_add(n) } else { i };
    if i < 0 || i >= n { Err(sp.index_error("deque index out of range")) } else { Ok(i as usize) }
}
#[slot]
pub fn deque_getitem(sp: Space, w: W, w_index: W) -> Res<W> {
    let i = checked_index(sp, w, w_index)?;
    Ok(obj::<WDeque>(w).get(i))
}
#[slot]
pub fn deque_setitem(sp: Space, w: W, w_index: W, v: W) -> Res<()> {
    let i = checked_index(sp, w, w_index)?;
    if v.is_null() {
        return delete(sp, w, i);
    }
    let d = obj::<WDeque>(w);
    d.array().set(sp, d.place(i), v);
    Ok(())
}
#[slot]
pub fn deque_contains(sp: Space, w: W, v: W) -> Res<bool> {
    let (n, state) = (obj::<WDeque>(w).len, obj::<WDeque>(w).state);
    for i in 0..n {
        if sp.eq_w(obj::<WDeque>(w).get(i), v)? {
            return Ok(true);
        }
        unchanged(sp, w, state, "deque mutated during iteration")?
    }
    Ok(false)
}
#[slot]
pub fn deque_concat(sp: Space, a: W, b: W) -> Res<W> {
    if !W_DEQUE.is(sp, a) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    if !W_DEQUE.is(sp, b) {
        return Err(raise!(sp, TYPE_ERROR, "can only concatenate deque (not \"{}\") to deque", sp.type_name(b)));
    }
    let w_new = copied(sp, a)?;
    extend_right(sp, w_new, b)?;
    Ok(w_new)
}
#[slot]
pub fn deque_inplace_concat(sp: Space, a: W, b: W) -> Res<W> {
    extend_right(sp, a, b)?;
    Ok(a)
}
fn repeat_in_place(sp: Space, w: W, n: i64) -> Res<()> {
    let len = obj::<WDeque>(w).len;
    if n <= 0 {
        reset(w);
        return Ok(());
    }
    if n == 1 || len == 0 {
        return Ok(());
    }
    let w_list = to_list(sp, w)?;
    let (_keep, items) = sp.unpack(w_list)?;
    let mut times = n as usize - 1;
    if let Some(max) = obj::<WDeque>(w).maxlen() {
        // More than what fits would only be dropped again.
        times = times.min(max / len + 1)
    } else if (n as usize).checked_mul(len).is_none_or(|t| t > 1 << 59) {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    } else {
        reserve(sp, w, len * n as usize)?
    }
    for _ in 0..times {
        for v in items {
            push_back(sp, w, *v)?
        }
    }
    Ok(())
}
#[slot]
pub fn deque_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    let w_new = copied(sp, w)?;
    repeat_in_place(sp, w_new, n)?;
    Ok(w_new)
}
#[slot]
pub fn deque_inplace_repeat(sp: Space, w: W, n: i64) -> Res<W> {
    repeat_in_place(sp, w, n)?;
    Ok(w)
}
#[slot]
pub fn deque_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    if !W_DEQUE.is(sp, a) || !W_DEQUE.is(sp, b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (na, nb) = (obj::<WDeque>(a).len, obj::<WDeque>(b).len);
    if a == b {
        return Ok(W::bool(matches!(op, 1 | 2 | 5)));
    }
    if na != nb && op == 2 {
        return Ok(W::FALSE);
    }
    if na != nb && op == 3 {
        return Ok(W::TRUE);
    }
    let (sa, sb) = (obj::<WDeque>(a).state, obj::<WDeque>(b).state);
    for i in 0..na.min(nb) {
        let (x, y) = (obj::<WDeque>(a).get(i), obj::<WDeque>(b).get(i));
        if !sp.eq_w(x, y)? {
            return match op {
                2 => Ok(W::FALSE),
                3 => Ok(W::TRUE),
                0 => sp.lt(x, y),
                1 => sp.le(x, y),
                4 => sp.gt(x, y),
                _ => sp.ge(x, y),
            };
        }
        unchanged(sp, a, sa, "deque mutated during iteration")?;
        unchanged(sp, b, sb, "deque mutated during iteration")?;
    }
    Ok(W::bool(match op {
        0 => na < nb,
        1 => na <= nb,
        2 => na == nb,
        3 => na != nb,
        4 => na > nb,
        _ => na >= nb,
    }))
}
