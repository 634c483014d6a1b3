//! enumerate, zip, map, filter.

use super::Paired;
use super::seqiter::iter_self;
use super::util::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{raise, setfield};

/// enumerate
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WEnumerate {
    pub header: Header,
    pub w_iter: W,
    pub w_count: W,
}
/// zip (`w_func` NULL) and map: a tuple of iterators.
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WZip {
    pub header: Header,
    pub w_func: W,
    pub w_iters: W,
    pub strict: u64,
}
/// filter
#[derive(GcObject)]
#[repr(C)]
#[allow(missing_docs)]
pub struct WFilter {
    pub header: Header,
    pub w_func: W,
    pub w_iter: W,
}

typespec!(
    /// The type `enumerate`.
    pub ENUMERATE: WEnumerate, "enumerate", {
    doc: Str::new("Pairs of a running number, from start on, and an item of the iterable."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(enumerate_new), iter: Some(iter_self), next: Some(enumerate_next), ..Slots::EMPTY },
    methods: methods![enumerate_reduce, class_getitem],
});
typespec!(
    /// The type `zip`.
    pub ZIP: WZip, "zip", {
    doc: Str::new("Tuples of the items of several iterables, as long as all have one.\n\nIf strict is true, iterables of different lengths are a ValueError."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(zip_new), iter: Some(iter_self), next: Some(zip_next), ..Slots::EMPTY },
    methods: methods![zip_reduce, zip_setstate],
});
typespec!(
    /// The type `map`.
    pub MAP: WZip, "map", {
    doc: Str::new("The function's results for the items of one or several iterables.\n\nIf strict is true, iterables of different lengths are a ValueError."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(map_new), iter: Some(iter_self), next: Some(map_next), ..Slots::EMPTY },
    methods: methods![map_reduce, zip_setstate],
});
typespec!(
    /// The type `filter`.
    pub FILTER: WFilter, "filter", {
    doc: Str::new("The items for which the function (None: the item itself) is true."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(filter_new), iter: Some(iter_self), next: Some(filter_next), ..Slots::EMPTY },
    methods: methods![filter_reduce],
});

/// An instance of the class; `tid` is the exact type's row.
fn instance(sp: Space, w_type: W, tid: u32, bytes: usize) -> Res<W> {
    if w_type == sp.row_of(tid).w_type {
        // SAFETY: callers name a row and its size.
        unsafe { sp.alloc(tid, bytes) }
    } else {
        sp.allocate(w_type, 0)
    }
}

#[slot]
fn enumerate_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let (mut w_iterable, mut w_start) = (W::NULL, W::NULL);
    let total = args.n + args.nkw(sp);
    if total > 2 {
        return Err(raise!(sp, TYPE_ERROR, "enumerate() takes at most 2 arguments ({total} given)"));
    }
    for (i, w) in args.positional().iter().enumerate() {
        if i == 0 { w_iterable = *w } else { w_start = *w }
    }
    for (name, w) in args.keywords(sp) {
        let slot = if name.eq_str("iterable") {
            &mut w_iterable
        } else if name.eq_str("start") {
            &mut w_start
        } else {
            return Err(raise!(sp, TYPE_ERROR, "'{}' is an invalid keyword argument for enumerate()", name.to_str()));
        };
        if !slot.is_null() {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "argument for enumerate() given by name ('{}') and position",
                name.to_str()
            ));
        }
        *slot = w;
    }
    if w_iterable.is_null() {
        return Err(raise!(sp, TYPE_ERROR, "enumerate() missing required argument 'iterable'"));
    }
    let w_count = if w_start.is_null() { W::int(0) } else { sp.index(w_start)? };
    let w_iter = sp.iter(w_iterable)?;
    let w = instance(sp, w_type, TID_ENUMERATE, size_of::<WEnumerate>())?;
    setfield!(sp, w, WEnumerate, w_iter, w_iter);
    setfield!(sp, w, WEnumerate, w_count, w_count);
    Ok(w)
}
/// next() of a plain enumerate, for a `for` that unpacks the pair.
pub fn enumerate_pair(sp: Space, w_self: W) -> Res<Paired> {
    let e = this::<WEnumerate>(w_self);
    let Some(w_item) = sp.next(e.w_iter)? else { return Ok(Paired::End) };
    let w_count = e.w_count;
    if !w_count.is_int() || w_count.untag() == i64::MAX >> 1 {
        let w_next = sp.add(w_count, W::int(1))?;
        setfield!(sp, w_self, WEnumerate, w_count, w_next);
    } else {
        // A small int is no reference: no barrier.
        this::<WEnumerate>(w_self).w_count = W::int(w_count.untag() + 1);
    }
    Ok(Paired::Yes(w_count, w_item))
}
/// next() of a plain zip of two, for a `for` that unpacks the pair.
pub fn zip_pair(sp: Space, w_self: W) -> Res<Paired> {
    let z = this::<WZip>(w_self);
    let (iters, strict) = (tuple_items(z.w_iters), z.strict != 0);
    if iters.len() != 2 || strict {
        return Ok(Paired::No);
    }
    let Some(first) = sp.next(iters[0])? else { return Ok(Paired::End) };
    Ok(sp.next(iters[1])?.map_or(Paired::End, |second| Paired::Yes(first, second)))
}
#[slot]
fn enumerate_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let e = this::<WEnumerate>(w_self);
    let Some(w_item) = sp.next(e.w_iter)? else { return Ok(None) };
    let w_count = e.w_count;
    let w_next = if w_count.is_int() { sp.newint(w_count.untag() + 1) } else { sp.add(w_count, W::int(1))? };
    setfield!(sp, w_self, WEnumerate, w_count, w_next);
    sp.newtuple(&[w_count, w_item]).map(Some)
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn enumerate_reduce(sp: Space, w_self: W) -> Res<W> {
    let e = this::<WEnumerate>(w_self);
    let w_args = sp.newtuple(&[e.w_iter, e.w_count])?;
    sp.newtuple(&[sp.type_(w_self)?, w_args])
}

/// The only keyword of zip and map.
fn strict_keyword(sp: Space, name: &str, args: &Args) -> Res<bool> {
    let n = args.nkw(sp);
    if n == 0 {
        return Ok(false);
    }
    let mut strict = false;
    if n > 1 {
        return Err(raise!(sp, TYPE_ERROR, "{name}() takes at most 1 keyword argument ({n} given)"));
    }
    for (key, w) in args.keywords(sp) {
        if key.eq_str("strict") {
            strict = sp.is_true(w)?
        } else {
            return Err(raise!(sp, TYPE_ERROR, "{name}() got an unexpected keyword argument '{}'", key.to_str()));
        }
    }
    Ok(strict)
}
fn iterators(sp: Space, iterables: &[W]) -> Res<W> {
    let mut iters = RootedVec::with_capacity(sp, iterables.len());
    for w in iterables {
        iters.push(sp.iter(*w)?)
    }
    iters.into_tuple()
}
#[slot]
fn zip_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let strict = strict_keyword(sp, "zip", &args)?;
    let w_iters = iterators(sp, args.positional())?;
    let w = instance(sp, w_type, TID_ZIP, size_of::<WZip>())?;
    setfield!(sp, w, WZip, w_iters, w_iters);
    this::<WZip>(w).strict = strict as u64;
    Ok(w)
}
#[slot]
fn map_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let strict = strict_keyword(sp, "map", &args)?;
    let Some((w_func, iterables)) = args.positional().split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Err(raise!(sp, TYPE_ERROR, "map() must have at least two arguments."));
    };
    let w_iters = iterators(sp, iterables)?;
    let w = instance(sp, w_type, TID_MAP, size_of::<WZip>())?;
    setfield!(sp, w, WZip, w_func, *w_func);
    setfield!(sp, w, WZip, w_iters, w_iters);
    this::<WZip>(w).strict = strict as u64;
    Ok(w)
}

/// What iterator `i` gives when all before it had an item; the others' lengths are compared if asked for.
fn next_of(sp: Space, name: &str, iters: &[W], i: usize, strict: bool) -> Res<Option<W>> {
    let w = sp.next(iters[i])?;
    if w.is_some() || !strict {
        return Ok(w);
    }
    if i > 0 {
        let others = if i == 1 { "argument 1".to_string() } else { format!("arguments 1-{i}") };
        return Err(raise!(sp, VALUE_ERROR, "{name}() argument {} is shorter than {others}", i + 1));
    }
    for (j, w_iter) in iters.iter().enumerate().skip(1) {
        if sp.next(*w_iter)?.is_some() {
            let others = if j == 1 { "argument 1".to_string() } else { format!("arguments 1-{j}") };
            return Err(raise!(sp, VALUE_ERROR, "{name}() argument {} is longer than {others}", j + 1));
        }
    }
    Ok(None)
}
/// The next items of all iterators on the stack for the usual small numbers, else in a rooted buffer; `f` gets them.
fn next_items(sp: Space, name: &str, w_zip: W, f: impl FnOnce(&[W]) -> Res<W>) -> Res<Option<W>> {
    let z = this::<WZip>(w_zip);
    let (iters, strict) = (tuple_items(z.w_iters), z.strict != 0);
    if iters.len() <= 4 {
        let mut items = [W::NULL; 4];
        for (i, item) in items.iter_mut().enumerate().take(iters.len()) {
            let Some(w) = next_of(sp, name, iters, i, strict)? else { return Ok(None) };
            *item = w;
        }
        return f(&items[..iters.len()]).map(Some);
    }
    let mut items = RootedVec::with_capacity(sp, iters.len());
    for i in 0..iters.len() {
        let Some(w) = next_of(sp, name, iters, i, strict)? else { return Ok(None) };
        items.push(w);
    }
    f(&items).map(Some)
}
#[slot]
fn zip_next(sp: Space, w_self: W) -> Res<Option<W>> {
    if tuple_items(this::<WZip>(w_self).w_iters).is_empty() {
        return Ok(None);
    }
    next_items(sp, "zip", w_self, |items| sp.newtuple(items))
}
#[slot]
fn map_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let w_func = this::<WZip>(w_self).w_func;
    next_items(sp, "map", w_self, |items| sp.call(w_func, items))
}
fn zip_state(sp: Space, w_self: W, w_args: W) -> Res<W> {
    let w_type = sp.type_(w_self)?;
    if this::<WZip>(w_self).strict != 0 {
        sp.newtuple(&[w_type, w_args, W::TRUE])
    } else {
        sp.newtuple(&[w_type, w_args])
    }
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn zip_reduce(sp: Space, w_self: W) -> Res<W> {
    zip_state(sp, w_self, this::<WZip>(w_self).w_iters)
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn map_reduce(sp: Space, w_self: W) -> Res<W> {
    let z = this::<WZip>(w_self);
    let mut args = RootedVec::new(sp);
    args.push(z.w_func);
    args.extend(tuple_items(z.w_iters));
    zip_state(sp, w_self, args.into_tuple()?)
}
/// Restores the position that `__reduce__` gave.
#[interp_fn(method, name = "__setstate__", sig = "(self, object, /)")]
fn zip_setstate(sp: Space, w_self: W, w_state: W) -> Res<()> {
    let strict = sp.is_true(w_state)?;
    this::<WZip>(w_self).strict = strict as u64;
    Ok(())
}

#[slot]
fn filter_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    no_keywords(sp, "filter", w_type, TID_FILTER, &args)?;
    check_arity(sp, "filter", args.n, 2, 2)?;
    let (w_func, w_iter) = (args.positional()[0], sp.iter(args.positional()[1])?);
    let w = instance(sp, w_type, TID_FILTER, size_of::<WFilter>())?;
    setfield!(sp, w, WFilter, w_func, w_func);
    setfield!(sp, w, WFilter, w_iter, w_iter);
    Ok(w)
}
#[slot]
fn filter_next(sp: Space, w_self: W) -> Res<Option<W>> {
    let f = this::<WFilter>(w_self);
    let truth = f.w_func.is_none() || f.w_func == sp.known(known::BOOL);
    while let Some(w) = sp.next(f.w_iter)? {
        let w_answer = if truth { w } else { sp.call(f.w_func, &[w])? };
        if sp.is_true(w_answer)? {
            return Ok(Some(w));
        }
    }
    Ok(None)
}
/// What pickle and copy rebuild the object from.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn filter_reduce(sp: Space, w_self: W) -> Res<W> {
    let f = this::<WFilter>(w_self);
    let w_args = sp.newtuple(&[f.w_func, f.w_iter])?;
    sp.newtuple(&[sp.type_(w_self)?, w_args])
}
