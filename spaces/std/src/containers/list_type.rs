//! The type list: slots and methods.

use super::list;
use super::seqiter;
use super::slice;
use super::sorting;
use super::tids;
use super::util::*;
use crate::layouts::WList;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

typespec!(
    /// The type `list`.
    pub LIST: WList, "list", {
    doc: Str::new("A sequence of objects that can grow, shrink and be changed.\n\nMade from the items of an iterable, or empty."),
    flags: ty::BASETYPE | ty::SEQUENCE,
    slots: &Slots {
        repr: Some(list_repr), compare: Some(list_compare), iter: Some(list_iter), new: Some(list_new), init: Some(list_init),
        len: Some(list_len), getitem: Some(list_getitem), setitem: Some(list_setitem), contains: Some(list_contains),
        concat: Some(list_concat), repeat: Some(list_repeat), inplace_concat: Some(list_iconcat),
        inplace_repeat: Some(list_irepeat), ..Slots::EMPTY
    },
    methods: methods![ reversed, sizeof, clear, copy, append, insert, extend, pop, remove, index, count, reverse, sort,
        class_getitem
    ],
});

#[slot]
fn list_new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    if w_type == sp.row_of(TID_LIST).w_type { list::new(sp, &[]) } else { sp.allocate(w_type, 0) }
}
#[slot]
fn list_init(sp: Space, w_self: W, args: Args) -> Res<()> {
    init_no_keywords(sp, "list", sp.row(w_self).w_type, TID_LIST, &args)?;
    check_arity(sp, "list", args.n, 0, 1)?;
    this::<WList>(w_self).items.clear();
    match args.positional() {
        [w_iterable] => list::extend(sp, w_self, *w_iterable),
        _ => Ok(()),
    }
}
#[slot]
fn list_len(_sp: Space, w_self: W) -> Res<i64> {
    Ok(list_items(w_self).len() as i64)
}
#[slot]
fn list_iter(sp: Space, w_self: W) -> Res<W> {
    seqiter::new(sp, TID_LIST_ITER, w_self, 0)
}

fn getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    if has_index(sp, w_key) {
        let i = ssize(sp, w_key, known::INDEX_ERROR)?;
        return list::getitem_int(w_self, i).ok_or_else(|| sp.index_error("list index out of range"));
    }
    if !exact(w_key, TID_SLICE) {
        return Err(bad_index(sp, w_key));
    }
    let r = slice::resolve(sp, w_key, || list_items(w_self).len())?;
    list::get_slice(sp, w_self, r)
}
#[cold]
fn bad_index(sp: Space, w_key: W) -> Raised {
    raise!(sp, TYPE_ERROR, "list indices must be integers or slices, not {}", sp.type_name(w_key))
}
#[slot]
fn list_getitem(sp: Space, w_self: W, w_key: W) -> Res<W> {
    getitem(sp, w_self, w_key)
}
#[slot]
fn list_setitem(sp: Space, w_self: W, w_key: W, w_value: W) -> Res<()> {
    if has_index(sp, w_key) {
        let i = ssize(sp, w_key, known::INDEX_ERROR)?;
        if !w_value.is_null() {
            if list::setitem_int(sp, w_self, i, w_value) {
                return Ok(());
            }
        } else {
            let n = list_items(w_self).len();
            let i = if i < 0 { i.wrapping_add(n as i64) } else { i } as usize;
            if i < n {
                return list::remove_at(sp, w_self, i);
            }
        }
        return Err(sp.index_error("list assignment index out of range"));
    }
    if !exact(w_key, TID_SLICE) {
        return Err(bad_index(sp, w_key));
    }
    if w_value.is_null() { list::del_slice(sp, w_self, w_key) } else { list::set_slice(sp, w_self, w_key, w_value) }
}

/// The first index of an equal item in a range of indexes.
fn find(sp: Space, w_self: W, w_value: W, start: usize, stop: usize) -> Res<Option<usize>> {
    let mut i = start;
    // Comparing may change the list: its items are asked anew each time.
    while i < stop
        && let Some(w) = list_items(w_self).get(i).copied()
    {
        if eq(sp, w, w_value)? {
            return Ok(Some(i));
        }
        i += 1;
    }
    Ok(None)
}
#[slot]
fn list_contains(sp: Space, w_self: W, w_value: W) -> Res<bool> {
    Ok(find(sp, w_self, w_value, 0, usize::MAX)?.is_some())
}
#[slot]
fn list_concat(sp: Space, w_a: W, w_b: W) -> Res<W> {
    if !is_list(sp, w_b) {
        return Err(raise!(sp, TYPE_ERROR, "can only concatenate list (not \"{}\") to list", sp.type_name(w_b)));
    }
    list::concat(sp, w_a, w_b)
}
#[slot]
fn list_repeat(sp: Space, w_self: W, n: i64) -> Res<W> {
    list::repeat(sp, w_self, n)
}
#[slot]
fn list_iconcat(sp: Space, w_self: W, w_other: W) -> Res<W> {
    list::extend(sp, w_self, w_other)?;
    Ok(w_self)
}
#[slot]
fn list_irepeat(sp: Space, w_self: W, n: i64) -> Res<W> {
    list::inplace_repeat(sp, w_self, n)?;
    Ok(w_self)
}
#[slot]
fn list_repr(sp: Space, w_self: W) -> Res<W> {
    if list_items(w_self).is_empty() {
        return sp.newstr("[]");
    }
    let Some(_guard) = repr_guard(w_self) else { return sp.newstr("[...]") };
    let mut out = ReprText::new("[");
    let mut i = 0;
    while let Some(w) = list_items(w_self).get(i).copied() {
        if i > 0 {
            out.push(", ")
        }
        out.repr(sp, w)?;
        i += 1;
    }
    out.push("]");
    out.finish(sp)
}
#[slot]
fn list_compare(sp: Space, w_a: W, w_b: W, op: u32) -> Res<W> {
    if !is_list(sp, w_a) || !is_list(sp, w_b) {
        return Ok(W::NOT_IMPLEMENTED);
    }
    compare_sequences(sp, w_a, w_b, op, list_items)
}

/// A reverse iterator over the list.
#[interp_fn(method, name = "__reversed__", sig = "(self, /)")]
fn reversed(sp: Space, w_self: W) -> Res<W> {
    seqiter::new(sp, tids::LIST_REV_ITER, w_self, list_items(w_self).len())
}
/// Size in memory in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(_sp: Space, w_self: W) -> Res<usize> {
    Ok(size_of::<WList>() + this::<WList>(w_self).items.capacity() * 8)
}
/// Remove all items.
#[interp_fn(method, sig = "(self, /)")]
fn clear(_sp: Space, w_self: W) -> Res<()> {
    this::<WList>(w_self).items.clear();
    Ok(())
}
/// A shallow copy.
#[interp_fn(method, sig = "(self, /)")]
fn copy(sp: Space, w_self: W) -> Res<W> {
    list::new(sp, list_items(w_self))
}
/// Append an object to the end.
#[interp_fn(method, sig = "(self, object, /)")]
fn append(sp: Space, w_self: W, w_item: W) -> Res<()> {
    list::append(sp, w_self, w_item)
}
/// Insert an object before the index.
#[interp_fn(method, sig = "(self, index, object, /)")]
fn insert(sp: Space, w_self: W, index: isize, w_item: W) -> Res<()> {
    let mut l = this::<WList>(w_self);
    let (at, _) = search_range(index as i64, 0, l.items.len);
    let at = at.min(l.items.len);
    l.items.insert(sp, w_self, at, w_item)
}
/// Append the items of an iterable.
#[interp_fn(method, sig = "(self, iterable, /)")]
fn extend(sp: Space, w_self: W, w_iterable: W) -> Res<()> {
    list::extend(sp, w_self, w_iterable)
}
/// Remove and give the item at the index.
#[interp_fn(method, sig = "(self, index=-1, /)")]
fn pop(sp: Space, w_self: W, index: isize) -> Res<W> {
    let n = list_items(w_self).len();
    if n == 0 {
        return Err(sp.index_error("pop from empty list"));
    }
    let Some(w) = list::getitem_int(w_self, index as i64) else {
        return Err(sp.index_error("pop index out of range"));
    };
    let i = if index < 0 { index + n as isize } else { index };
    list::remove_at(sp, w_self, i as usize)?;
    Ok(w)
}
/// Remove the first item equal to the value; ValueError if there is none.
#[interp_fn(method, sig = "(self, value, /)")]
fn remove(sp: Space, w_self: W, w_value: W) -> Res<()> {
    match find(sp, w_self, w_value, 0, usize::MAX)? {
        Some(i) => list::splice(sp, w_self, i, i + 1, &[]),
        None => Err(sp.value_error("list.remove(x): x not in list")),
    }
}
/// The first index of a value; ValueError if it is not there.
#[interp_fn(method, sig = "(self, value, start=0, stop=sys.maxsize, /)")]
fn index(sp: Space, w_self: W, w_value: W, w_start: W, w_stop: Option<W>) -> Res<usize> {
    let start = search_bound(sp, w_start)?;
    let stop = w_stop.map_or(Ok(i64::MAX), |w| search_bound(sp, w))?;
    let (start, stop) = search_range(start, stop, list_items(w_self).len());
    find(sp, w_self, w_value, start, stop)?.ok_or_else(|| sp.value_error("list.index(x): x not in list"))
}
/// The number of occurrences of a value.
#[interp_fn(method, sig = "(self, value, /)")]
fn count(sp: Space, w_self: W, w_value: W) -> Res<i64> {
    let (mut n, mut i) = (0, 0);
    while let Some(w) = list_items(w_self).get(i).copied() {
        n += eq(sp, w, w_value)? as i64;
        i += 1;
    }
    Ok(n)
}
/// Reverse in place.
#[interp_fn(method, sig = "(self, /)")]
fn reverse(sp: Space, w_self: W) -> Res<()> {
    list::reverse(sp, w_self);
    Ok(())
}
/// Sort in place, in ascending order; equal items keep their order.
#[interp_fn(method, sig = "(self, /, *, key=None, reverse=False)")]
fn sort(sp: Space, w_self: W, w_key: W, reverse: bool) -> Res<()> {
    sorting::sort(sp, w_self, w_key, reverse)
}
