//! list.sort: keys, direction, fast paths by the keys' types, and the guard against changes during the sort.

use super::mergesort;
use super::util::*;
use crate::layouts::{WFloat, WList};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// Kinds of keys with a comparison that cannot call Python.
#[derive(Copy, Clone, PartialEq)]
enum Kind {
    Int,
    Float,
    Str,
    Other,
}

fn kind(keys: impl Iterator<Item = W>) -> Kind {
    let of = |w: W| {
        if w.is_int() {
            return Kind::Int;
        }
        // SAFETY: a heap object; a float's layout is WFloat.
        unsafe {
            match w.tid() {
                // A NaN has no order.
                TID_FLOAT if !(*w.ptr::<WFloat>()).value.is_nan() => Kind::Float,
                TID_STR => Kind::Str,
                _ => Kind::Other,
            }
        }
    };
    let mut found = None;
    for w in keys {
        let k = of(w);
        if k == Kind::Other || found.is_some_and(|f| f != k) {
            return Kind::Other;
        }
        found = Some(k);
    }
    found.unwrap_or(Kind::Int)
}

fn float(w: W) -> f64 {
    // SAFETY: only asked for words that `kind` has found to be floats.
    unsafe { (*w.ptr::<WFloat>()).value }
}

/// a < b as sorting asks it.
#[inline]
pub fn less(sp: Space, a: W, b: W) -> Res<bool> {
    if a.is_int() && b.is_int() {
        return Ok((a.0 as i64) < b.0 as i64);
    }
    // The common sort of tuples: (key, ...) pairs.
    let w = if exact(a, TID_TUPLE) && exact(b, TID_TUPLE) {
        compare_sequences(sp, a, b, LT, tuple_items)?
    } else {
        sp.lt(a, b)?
    };
    if w == W::TRUE || w == W::FALSE { Ok(w == W::TRUE) } else { sp.is_true(w) }
}

/// Sorts items of which `key` gives the word to compare. `buffer` is scanned by the collector; its first half is sorted.
fn sort_items<T: Copy>(sp: Space, v: &mut [T], tmp: &mut [T], key: impl Fn(&T) -> W) -> Res<()> {
    match kind(v.iter().map(&key)) {
        // Tagging keeps the order. None of these comparisons allocates.
        Kind::Int => v.sort_by_key(|x| key(x).0 as i64),
        Kind::Float => v.sort_by(|a, b| float(key(a)).partial_cmp(&float(key(b))).unwrap_or(std::cmp::Ordering::Equal)),
        // SAFETY: all keys are exact strs.
        Kind::Str => v.sort_by(|a, b| unsafe { str_cmp(key(a), key(b)) }),
        Kind::Other => return mergesort::sort(v, tmp, &mut |a, b| less(sp, key(&a), key(&b))),
    }
    Ok(())
}

/// A slice of a rooted buffer as items of `T`, which is made of words.
fn halves<T: Copy>(buffer: &mut RootedVec) -> (&mut [T], &mut [T]) {
    let n = buffer.len() * 8 / size_of::<T>() / 2;
    let p = buffer.as_mut_ptr() as *mut T;
    // SAFETY: T is W or an array of W; both halves lie in the buffer, apart from each other.
    unsafe { (std::slice::from_raw_parts_mut(p, n), std::slice::from_raw_parts_mut(p.add(n), n)) }
}

fn put_array(sp: Space, w_list: W, w_array: W) {
    // SAFETY: the field lies in the list; the barrier directly precedes the store.
    unsafe {
        let slot = &raw mut (*w_list.ptr::<WList>()).items.w_array;
        sp.barrier(w_list, slot);
        *slot = w_array;
    }
}

/// list.sort(key=..., reverse=...); a key of NULL or None is none.
pub fn sort(sp: Space, w_list: W, w_key: W, reverse: bool) -> Res<()> {
    let with_key = !w_key.is_null() && !w_key.is_none();
    let mut l = this::<WList>(w_list);
    let (w_array, n) = (l.items.w_array, l.items.len);
    if n < 2 && !with_key {
        return Ok(());
    }
    // While it is sorted the list looks empty. The array put there is nobody else's: a list that has another one, or items, was changed.
    let marker = GcArray::new(sp, 0)?;
    put_array(sp, w_list, marker.0);
    l.items.len = 0;
    let array = GcArray(w_array);
    let old = |i: usize| array.get(i);

    let width = 1 + with_key as usize;
    let mut buffer = RootedVec::with_capacity(sp, 2 * width * n);
    let result = fill(sp, &mut buffer, n, old, with_key.then_some(w_key)).and_then(|()| {
        // Reversing before and after keeps equal items in order.
        let order = |flip: bool, buffer: &mut RootedVec| {
            if flip && with_key {
                halves::<[W; 2]>(buffer).0.reverse()
            } else if flip {
                halves::<W>(buffer).0.reverse()
            }
        };
        order(reverse, &mut buffer);
        let r = if with_key {
            let (v, tmp) = halves::<[W; 2]>(&mut buffer);
            sort_items(sp, v, tmp, |x| x[0])
        } else {
            let (v, tmp) = halves::<W>(&mut buffer);
            sort_items(sp, v, tmp, |x| *x)
        };
        order(reverse, &mut buffer);
        if n > 0 {
            array.barrier_range(sp, 0, n);
            for i in 0..n {
                // SAFETY: i is below the array's length, the barrier was taken; item i's value is the last word of its group.
                unsafe { *array.items().add(i) = buffer[i * width + width - 1] }
            }
        }
        r
    });
    let changed = l.items.w_array != marker.0 || l.items.len != 0;
    put_array(sp, w_list, w_array);
    l.items.len = n;
    result?;
    if changed { Err(sp.value_error("list modified during sort")) } else { Ok(()) }
}

/// Fills the first half of the buffer with items, or with (key, item) pairs; the second half is room for merging.
fn fill(sp: Space, buffer: &mut RootedVec, n: usize, item: impl Fn(usize) -> W, w_key: Option<W>) -> Res<()> {
    for i in 0..n {
        let w = item(i);
        if let Some(w_key) = w_key {
            let w_k = sp.call(w_key, &[w])?;
            buffer.push(w_k);
        }
        buffer.push(w);
    }
    for _ in 0..buffer.len() {
        buffer.push(W::NULL)
    }
    Ok(())
}
