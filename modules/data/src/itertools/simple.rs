//! count, repeat, cycle, chain, pairwise, batched, accumulate.

use super::positional;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WCount {
    header: Header,
    /// The next value while `w_count` is NULL: ints in steps of one.
    n: i64,
    w_count: W,
    w_step: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WRepeat {
    header: Header,
    w_item: W,
    /// -1 = for ever.
    left: i64,
}
#[derive(GcObject)]
#[repr(C)]
struct WCycle {
    header: Header,
    /// NULL when everything is saved.
    w_iter: W,
    saved: GcVec,
    index: usize,
}
#[derive(GcObject)]
#[repr(C)]
struct WChain {
    header: Header,
    /// Iterator of the iterables, or NULL.
    w_source: W,
    w_active: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WPairwise {
    header: Header,
    w_iter: W,
    w_old: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WBatched {
    header: Header,
    w_iter: W,
    n: i64,
    strict: bool,
}
#[derive(GcObject)]
#[repr(C)]
struct WAccumulate {
    header: Header,
    w_iter: W,
    w_func: W,
    w_total: W,
    w_initial: W,
}

static W_COUNT: TypeOf = TypeOf::new();
static W_REPEAT: TypeOf = TypeOf::new();
static W_CYCLE: TypeOf = TypeOf::new();
static W_CHAIN: TypeOf = TypeOf::new();
static W_PAIRWISE: TypeOf = TypeOf::new();
static W_BATCHED: TypeOf = TypeOf::new();
static W_ACCUMULATE: TypeOf = TypeOf::new();

typespec!(COUNT: WCount, "itertools.count", {
    doc: Str::new("Return a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step"),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(count_new), iter: Some(iter_self), next: Some(count_next), repr: Some(count_repr), ..Slots::EMPTY },
});
typespec!(REPEAT: WRepeat, "itertools.repeat", {
    doc: Str::new("repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(repeat_new), iter: Some(iter_self), next: Some(repeat_next), repr: Some(repeat_repr), ..Slots::EMPTY },
    methods: methods![repeat_hint],
});
typespec!(CYCLE: WCycle, "itertools.cycle", {
    doc: Str::new("Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(cycle_new), iter: Some(iter_self), next: Some(cycle_next), ..Slots::EMPTY },
});
typespec!(CHAIN: WChain, "itertools.chain", {
    doc: Str::new("Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(chain_new), iter: Some(iter_self), next: Some(chain_next), ..Slots::EMPTY },
    methods: methods![chain_from_iterable, class_getitem],
});
typespec!(PAIRWISE: WPairwise, "itertools.pairwise", {
    doc: Str::new("Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ..."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(pairwise_new), iter: Some(iter_self), next: Some(pairwise_next), ..Slots::EMPTY },
});
typespec!(BATCHED: WBatched, "itertools.batched", {
    doc: Str::new("Batch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples\nup to size n.  The input is consumed lazily, just enough to\nfill a batch.  The result is yielded as soon as a batch is full\nor when the input iterable is exhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)\n\nIf \"strict\" is True, raises a ValueError if the final batch is shorter\nthan n."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(batched_new), iter: Some(iter_self), next: Some(batched_next), ..Slots::EMPTY },
});
typespec!(ACCUMULATE: WAccumulate, "itertools.accumulate", {
    doc: Str::new("Return series of accumulated sums (or other binary function results)."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(accumulate_new), iter: Some(iter_self), next: Some(accumulate_next), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_COUNT.add(sp, w_module, &COUNT)?;
    W_REPEAT.add(sp, w_module, &REPEAT)?;
    W_CYCLE.add(sp, w_module, &CYCLE)?;
    W_CHAIN.add(sp, w_module, &CHAIN)?;
    W_PAIRWISE.add(sp, w_module, &PAIRWISE)?;
    W_BATCHED.add(sp, w_module, &BATCHED)?;
    W_ACCUMULATE.add(sp, w_module, &ACCUMULATE)?;
    Ok(())
}

// ---- count ----

fn number(sp: Space, w: W) -> Res<bool> {
    if w.is_int() || is_exact_float(w) || sp.isinstance(w, sp.known(known::COMPLEX))? {
        return Ok(true);
    }
    let t = sp.type_(w)?;
    for name in [name!(sp, "__index__"), name!(sp, "__int__"), name!(sp, "__float__")] {
        if sp.getattr_opt(t, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
#[slot]
fn count_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_start, w_step] = parse_args(sp, "count", &args, ["start", "step"], 0, 0, 2)?;
    let w_start = if w_start.is_null() { W::int(0) } else { w_start };
    let w_step = if w_step.is_null() { W::int(1) } else { w_step };
    if !number(sp, w_start)? || !number(sp, w_step)? {
        return Err(sp.type_error("a number is required"));
    }
    let fast = w_start.is_int() && w_step == W::int(1);
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WCount, w_step, w_step);
    if fast {
        obj::<WCount>(w).n = w_start.untag();
    } else {
        setfield!(sp, w, WCount, w_count, w_start);
    }
    Ok(w)
}
#[slot]
fn count_next(sp: Space, w: W) -> Res<Option<W>> {
    let c = obj::<WCount>(w);
    if c.w_count.is_null() {
        let n = c.n;
        if W::fits(n + 1) {
            c.n = n + 1;
            return Ok(Some(W::int(n)));
        }
        let w_now = sp.newint(n);
        let w_next = sp.add(w_now, W::int(1))?;
        setfield!(sp, w, WCount, w_count, w_next);
        return Ok(Some(w_now));
    }
    let w_now = c.w_count;
    let w_next = sp.add(w_now, c.w_step)?;
    setfield!(sp, w, WCount, w_count, w_next);
    Ok(Some(w_now))
}
#[slot]
fn count_repr(sp: Space, w: W) -> Res<W> {
    let c = obj::<WCount>(w);
    let name = sp.type_name(w);
    let w_count = if c.w_count.is_null() { sp.newint(c.n) } else { c.w_count };
    let count = sp.repr_string(w_count)?;
    if c.w_step == W::int(1) {
        return sp.newstr(&format!("{name}({count})"));
    }
    sp.newstr(&format!("{name}({count}, {})", sp.repr_string(c.w_step)?))
}

// ---- repeat ----

#[slot]
fn repeat_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_item, w_times] = parse_args(sp, "repeat", &args, ["object", "times"], 0, 1, 2)?;
    let left = if w_times.is_null() { -1 } else { sp.int_w(w_times)?.max(0) };
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WRepeat, w_item, w_item);
    obj::<WRepeat>(w).left = left;
    Ok(w)
}
#[slot]
fn repeat_next(_sp: Space, w: W) -> Res<Option<W>> {
    let r = obj::<WRepeat>(w);
    if r.left == 0 {
        return Ok(None);
    }
    if r.left > 0 {
        r.left -= 1
    }
    Ok(Some(r.w_item))
}
#[slot]
fn repeat_repr(sp: Space, w: W) -> Res<W> {
    let r = obj::<WRepeat>(w);
    let name = sp.type_name(w);
    let mut out = format!("{name}(").into_bytes();
    out.extend_from_slice(&sp.text_w(sp.repr(r.w_item)?)?.to_wtf8());
    if obj::<WRepeat>(w).left >= 0 {
        out.extend_from_slice(format!(", {}", obj::<WRepeat>(w).left).as_bytes())
    }
    out.push(b')');
    sp.newstr_wtf8(&out)
}
/// Private method returning an estimate of len(list(it)).
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn repeat_hint(sp: Space, w: W) -> Res<i64> {
    let left = obj::<WRepeat>(w).left;
    if left < 0 { Err(sp.type_error("len() of unsized object")) } else { Ok(left) }
}

// ---- cycle ----

#[slot]
fn cycle_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable] = positional(sp, w_type, "cycle", &args)?;
    let w_iter = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WCycle, w_iter, w_iter);
    Ok(w)
}
#[slot]
fn cycle_next(sp: Space, w: W) -> Res<Option<W>> {
    let c = obj::<WCycle>(w);
    if !c.w_iter.is_null() {
        if let Some(item) = sp.next(c.w_iter)? {
            obj::<WCycle>(w).saved.push(sp, w, item)?;
            return Ok(Some(item));
        }
        obj::<WCycle>(w).w_iter = W::NULL;
    }
    let c = obj::<WCycle>(w);
    if c.saved.len == 0 {
        return Ok(None);
    }
    let item = c.saved.get(c.index);
    c.index = if c.index + 1 == c.saved.len { 0 } else { c.index + 1 };
    Ok(Some(item))
}

// ---- chain ----

#[slot]
fn chain_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    super::no_keywords(sp, w_type, "chain", &args)?;
    let w_tuple = sp.newtuple(args.positional())?;
    let w_source = sp.iter(w_tuple)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WChain, w_source, w_source);
    Ok(w)
}
/// Alternative chain() constructor taking a single iterable argument that evaluates lazily.
#[interp_fn(classmethod, name = "from_iterable", sig = "(cls, iterable, /)")]
fn chain_from_iterable(sp: Space, w_type: W, w_iterable: W) -> Res<W> {
    let w_source = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WChain, w_source, w_source);
    Ok(w)
}
#[slot]
fn chain_next(sp: Space, w: W) -> Res<Option<W>> {
    loop {
        let c = obj::<WChain>(w);
        if c.w_source.is_null() {
            return Ok(None);
        }
        if c.w_active.is_null() {
            let fail = || {
                let c = obj::<WChain>(w);
                (c.w_source, c.w_active) = (W::NULL, W::NULL);
            };
            let Some(w_iterable) = sp.next(c.w_source).inspect_err(|_| fail())? else {
                fail();
                return Ok(None);
            };
            let w_active = sp.iter(w_iterable).inspect_err(|_| fail())?;
            setfield!(sp, w, WChain, w_active, w_active);
        }
        if let Some(item) = sp.next(obj::<WChain>(w).w_active)? {
            return Ok(Some(item));
        }
        obj::<WChain>(w).w_active = W::NULL;
    }
}

// ---- pairwise ----

#[slot]
fn pairwise_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable] = positional(sp, w_type, "pairwise", &args)?;
    let w_iter = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WPairwise, w_iter, w_iter);
    Ok(w)
}
#[slot]
fn pairwise_next(sp: Space, w: W) -> Res<Option<W>> {
    let p = obj::<WPairwise>(w);
    if p.w_iter.is_null() {
        return Ok(None);
    }
    let end = || {
        let p = obj::<WPairwise>(w);
        (p.w_iter, p.w_old) = (W::NULL, W::NULL);
    };
    if p.w_old.is_null() {
        let Some(first) = sp.next(p.w_iter).inspect_err(|_| end())? else {
            end();
            return Ok(None);
        };
        setfield!(sp, w, WPairwise, w_old, first);
        // The iterator may have come back to this object and ended it.
        if obj::<WPairwise>(w).w_iter.is_null() {
            obj::<WPairwise>(w).w_old = W::NULL;
            return Ok(None);
        }
    }
    let old = obj::<WPairwise>(w).w_old;
    let Some(new) = sp.next(obj::<WPairwise>(w).w_iter).inspect_err(|_| end())? else {
        end();
        return Ok(None);
    };
    setfield!(sp, w, WPairwise, w_old, new);
    sp.newtuple(&[old, new]).map(Some)
}

// ---- batched ----

#[slot]
fn batched_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable, w_n, w_strict] = parse_args(sp, "batched", &args, ["iterable", "n", "strict"], 0, 2, 2)?;
    let n = sp.int_w(w_n)?;
    let strict = !w_strict.is_null() && sp.is_true(w_strict)?;
    if n < 1 {
        return Err(sp.value_error("n must be at least one"));
    }
    let w_iter = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WBatched, w_iter, w_iter);
    let b = obj::<WBatched>(w);
    (b.n, b.strict) = (n, strict);
    Ok(w)
}
#[slot]
fn batched_next(sp: Space, w: W) -> Res<Option<W>> {
    let b = obj::<WBatched>(w);
    let (w_iter, n) = (b.w_iter, b.n as usize);
    if w_iter.is_null() {
        return Ok(None);
    }
    if n <= 8 {
        let mut items = [W::NULL; 8];
        let mut k = 0;
        while k < n {
            match sp.next(w_iter)? {
                Some(v) => items[k] = v,
                None => break,
            }
            k += 1;
        }
        return batch(sp, w, &items[..k], n);
    }
    let mut items = RootedVec::with_capacity(sp, n.min(1024));
    while items.len() < n {
        match sp.next(w_iter)? {
            Some(v) => items.push(v),
            None => break,
        }
    }
    batch(sp, w, &items, n)
}
fn batch(sp: Space, w: W, items: &[W], n: usize) -> Res<Option<W>> {
    if items.len() < n {
        let b = obj::<WBatched>(w);
        b.w_iter = W::NULL;
        if items.is_empty() {
            return Ok(None);
        }
        if b.strict {
            return Err(raise!(sp, VALUE_ERROR, "batched(): incomplete batch"));
        }
    }
    sp.newtuple(items).map(Some)
}

// ---- accumulate ----

#[slot]
fn accumulate_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable, w_func, w_initial] =
        parse_args(sp, "accumulate", &args, ["iterable", "func", "initial"], 0, 1, 2)?;
    let w_iter = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WAccumulate, w_iter, w_iter);
    if !w_func.is_null() && !w_func.is_none() {
        setfield!(sp, w, WAccumulate, w_func, w_func);
    }
    if !w_initial.is_null() && !w_initial.is_none() {
        setfield!(sp, w, WAccumulate, w_initial, w_initial);
    }
    Ok(w)
}
#[slot]
fn accumulate_next(sp: Space, w: W) -> Res<Option<W>> {
    let a = obj::<WAccumulate>(w);
    if !a.w_initial.is_null() {
        let v = a.w_initial;
        a.w_initial = W::NULL;
        setfield!(sp, w, WAccumulate, w_total, v);
        return Ok(Some(v));
    }
    let Some(item) = sp.next(a.w_iter)? else { return Ok(None) };
    let a = obj::<WAccumulate>(w);
    let total = if a.w_total.is_null() {
        item
    } else if a.w_func.is_null() {
        sp.add(a.w_total, item)?
    } else {
        sp.call(a.w_func, &[a.w_total, item])?
    };
    setfield!(sp, w, WAccumulate, w_total, total);
    Ok(Some(total))
}
