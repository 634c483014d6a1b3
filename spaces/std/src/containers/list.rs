//! list as Rust code uses it.

use super::dict;
use super::slice::Range;
use super::util::*;
use crate::layouts::{WList, WRangeIter};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// A list around an array of exactly these items; `w_array` may be NULL.
fn around(sp: Space, w_array: W, len: usize) -> Res<W> {
    // SAFETY: the row's layout; the list is the newest object when its fields are stored.
    unsafe {
        let w = sp.alloc(TID_LIST, size_of::<WList>())?;
        (*w.ptr::<WList>()).items = GcVec { w_array, len };
        Ok(w)
    }
}

/// A list of `n` items computed by `f`, which may not allocate or call anything that does.
pub fn build(sp: Space, n: usize, f: impl Fn(usize) -> W) -> Res<W> {
    if n == 0 {
        return around(sp, W::NULL, 0);
    }
    check_size(sp, n)?;
    let array = GcArray::new(sp, n)?;
    array.barrier_range(sp, 0, n);
    for i in 0..n {
        // SAFETY: i is below the capacity; the barrier was taken.
        unsafe { *array.items().add(i) = f(i) }
    }
    around(sp, array.0, n)
}

/// A list of the words of a slice, which stand where the collector sees them.
#[inline]
pub fn new(sp: Space, items: &[W]) -> Res<W> {
    build(sp, items.len(), |i| items[i])
}

/// MemoryError for what no machine has.
pub fn check_size(sp: Space, n: usize) -> Res<()> {
    if n >= 1 << 44 { Err(sp.raise(known::MEMORY_ERROR, "")) } else { Ok(()) }
}

/// A new list of the items of an iterable.
pub fn from_iterable(sp: Space, w: W) -> Res<W> {
    if w.is_obj() {
        if exact(w, TID_LIST) {
            return new(sp, list_items(w));
        }
        if exact(w, TID_TUPLE) {
            return new(sp, tuple_items(w));
        }
    }
    let w_list = around(sp, W::NULL, 0)?;
    extend(sp, w_list, w)?;
    Ok(w_list)
}

/// An exact list or tuple, or a new list of the items; `message` is the TypeError of what is not iterable.
pub fn sequence(sp: Space, w: W, message: &str) -> Res<W> {
    if exact(w, TID_LIST) || exact(w, TID_TUPLE) {
        return Ok(w);
    }
    let w_iter = match sp.iter(w) {
        Ok(w) => w,
        Err(r) => {
            return if sp.catch(known::TYPE_ERROR) { Err(sp.type_error(message)) } else { Err(r) };
        }
    };
    let w_list = around(sp, W::NULL, 0)?;
    extend_from_iterator(sp, w_list, w_iter)?;
    Ok(w_list)
}

/// The items of an exact list or tuple now.
pub fn sequence_items<'a>(w: W) -> &'a [W] {
    if exact(w, TID_TUPLE) { tuple_items(w) } else { list_items(w) }
}

/// l.append(x)
#[inline(always)]
pub fn append(sp: Space, w_list: W, w_item: W) -> Res<()> {
    this::<WList>(w_list).items.push(sp, w_list, w_item)
}

/// l.extend(iterable)
pub fn extend(sp: Space, w_list: W, w: W) -> Res<()> {
    if w.is_obj() {
        if exact(w, TID_LIST) || exact(w, TID_TUPLE) {
            return extend_sequence(sp, w_list, w);
        }
        if exact(w, TID_SET) || exact(w, TID_FROZENSET) || exact(w, TID_DICT) {
            let mut pos = 0;
            this::<WList>(w_list).items.reserve(sp, w_list, list_items(w_list).len() + dict::len(w))?;
            while let Some(e) = dict::next(w, &mut pos) {
                append(sp, w_list, e.w_key)?
            }
            return Ok(());
        }
    }
    let w_iter = sp.iter(w)?;
    let hint = sp.length_hint(w, 8)?.clamp(0, 1 << 20) as usize;
    let mut l = this::<WList>(w_list);
    let want = l.items.len + hint;
    l.items.reserve(sp, w_list, want)?;
    extend_from_iterator(sp, w_list, w_iter)
}

fn extend_from_iterator(sp: Space, w_list: W, w_iter: W) -> Res<()> {
    if exact(w_iter, TID_RANGE_ITER) {
        let mut it = this::<WRangeIter>(w_iter);
        while it.left > 0 {
            append(sp, w_list, W::int(it.next))?;
            it.next = it.next.wrapping_add(it.step);
            it.left -= 1;
        }
        return Ok(());
    }
    while let Some(w_item) = sp.next(w_iter)? {
        append(sp, w_list, w_item)?
    }
    Ok(())
}

fn extend_sequence(sp: Space, w_list: W, w: W) -> Res<()> {
    let mut l = this::<WList>(w_list);
    let (old, n) = (l.items.len, sequence_items(w).len());
    if n == 0 {
        return Ok(());
    }
    l.items.reserve(sp, w_list, old + n)?;
    // Asked only now: with `l.extend(l)` the array has just moved.
    let from = sequence_items(w).as_ptr();
    let array = l.items.array();
    array.barrier_range(sp, old, old + n);
    // SAFETY: there is room for n more, which lie behind the n read (also if both are one array).
    unsafe { std::ptr::copy_nonoverlapping(from, array.items().add(old), n) };
    l.items.len = old + n;
    Ok(())
}

/// Item i of a list if there is one; negative indexes count from the end.
#[inline(always)]
pub fn getitem_int(w_list: W, i: i64) -> Option<W> {
    let items = list_items(w_list);
    let i = if i < 0 { i.wrapping_add(items.len() as i64) } else { i };
    items.get(i as usize).copied()
}

/// Stores item i if there is one; false = out of range.
#[inline(always)]
pub fn setitem_int(sp: Space, w_list: W, i: i64, w_item: W) -> bool {
    let l = this::<WList>(w_list);
    let i = if i < 0 { i.wrapping_add(l.items.len as i64) } else { i };
    if (i as usize) < l.items.len {
        l.items.array().set(sp, i as usize, w_item);
        return true;
    }
    false
}

/// Removes items [lo, hi) and puts others there. Both ends are clipped to what the list has now.
pub fn splice(sp: Space, w_list: W, lo: usize, hi: usize, new: &[W]) -> Res<()> {
    let mut l = this::<WList>(w_list);
    let lo = lo.min(l.items.len);
    let hi = hi.clamp(lo, l.items.len);
    if new.is_empty() && lo == 0 && hi == l.items.len {
        l.items.clear();
        return Ok(());
    }
    l.items.splice(sp, w_list, lo, hi, new)
}

/// Removes item i.
pub fn remove_at(sp: Space, w_list: W, i: usize) -> Res<()> {
    let mut l = this::<WList>(w_list);
    if i + 1 == l.items.len {
        l.items.pop();
        return Ok(());
    }
    l.items.splice(sp, w_list, i, i + 1, &[])
}

/// l[a:b:c]
pub fn get_slice(sp: Space, w_list: W, r: Range) -> Res<W> {
    let items = list_items(w_list);
    build(sp, r.len, |i| items[r.at(i)])
}

/// l[a:b:c] = items of a sequence.
pub fn set_slice(sp: Space, w_list: W, w_slice: W, w_value: W) -> Res<()> {
    let parts = super::slice::unpack(sp, w_slice)?;
    const MESSAGE: &str = "must assign iterable to extended slice";
    let w_seq = if w_value == w_list { new(sp, list_items(w_list))? } else { sequence(sp, w_value, MESSAGE)? };
    // Whatever converted the value may have changed the list.
    let r = parts.range(list_items(w_list).len());
    let new = sequence_items(w_seq);
    if r.step == 1 {
        return splice(sp, w_list, r.start as usize, r.start as usize + r.len, new);
    }
    if new.len() != r.len {
        return Err(raise!(
            sp,
            VALUE_ERROR,
            "attempt to assign sequence of size {} to extended slice of size {}",
            new.len(),
            r.len
        ));
    }
    let array = this::<WList>(w_list).items.array();
    for (i, w) in new.iter().enumerate() {
        array.set(sp, r.at(i), *w)
    }
    Ok(())
}

/// del l[a:b:c]
pub fn del_slice(sp: Space, w_list: W, w_slice: W) -> Res<()> {
    let parts = super::slice::unpack(sp, w_slice)?;
    let mut l = this::<WList>(w_list);
    let len = l.items.len;
    let mut r = parts.range(len);
    if r.len == 0 {
        return Ok(());
    }
    if r.step == 1 {
        return splice(sp, w_list, r.start as usize, r.start as usize + r.len, &[]);
    }
    r.make_ascending();
    let array = l.items.array();
    let first = r.start as usize;
    array.barrier_range(sp, first, len);
    let (mut to, mut k) = (first, 0);
    // SAFETY: all indexes are below len; the barrier of the range was taken.
    unsafe {
        for i in first..len {
            if k < r.len && i == r.at(k) {
                k += 1;
                continue;
            }
            *array.items().add(to) = *array.items().add(i);
            to += 1;
        }
        for i in to..len {
            *array.items().add(i) = W::NULL
        }
    }
    l.items.len = to;
    Ok(())
}

/// a + b of two lists.
pub fn concat(sp: Space, w_a: W, w_b: W) -> Res<W> {
    let (a, b) = (list_items(w_a), list_items(w_b));
    build(sp, a.len() + b.len(), |i| if i < a.len() { a[i] } else { b[i - a.len()] })
}

/// The length of n copies of `len` items; MemoryError beyond reason.
pub fn repeated_len(sp: Space, len: usize, n: i64) -> Res<usize> {
    let total = len.checked_mul(n.max(0) as usize);
    let total = total.ok_or_else(|| sp.raise(known::MEMORY_ERROR, ""))?;
    check_size(sp, total)?;
    Ok(total)
}

/// list * n
pub fn repeat(sp: Space, w_list: W, n: i64) -> Res<W> {
    let items = list_items(w_list);
    let total = repeated_len(sp, items.len(), n)?;
    build(sp, total, |i| items[i % items.len()])
}

/// list *= n
pub fn inplace_repeat(sp: Space, w_list: W, n: i64) -> Res<()> {
    let mut l = this::<WList>(w_list);
    let len = l.items.len;
    let total = repeated_len(sp, len, n)?;
    if total == 0 {
        l.items.clear();
        return Ok(());
    }
    l.items.reserve(sp, w_list, total)?;
    let array = l.items.array();
    array.barrier_range(sp, len, total);
    for i in len..total {
        // SAFETY: both indexes are below the capacity just reserved.
        unsafe { *array.items().add(i) = *array.items().add(i - len) }
    }
    l.items.len = total;
    Ok(())
}

/// l.reverse()
pub fn reverse(sp: Space, w_list: W) {
    let l = this::<WList>(w_list);
    let n = l.items.len;
    if n > 1 {
        let array = l.items.array();
        array.barrier_range(sp, 0, n);
        // SAFETY: n items are in use; only words already in the array are stored.
        unsafe { std::slice::from_raw_parts_mut(array.items(), n).reverse() }
    }
}
