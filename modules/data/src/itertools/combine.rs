//! combinations, combinations_with_replacement.

use super::*;
use crate::util::*;
use taipan_plugin_api::abi::gc::tf;

#[derive(GcObject)]
#[repr(C)]
struct WCombinations {
    header: Header,
    w_pool: W,
    w_current: W,
    indices: Native,
    stopped: bool,
}
static W_COMBINATIONS: TypeOf = TypeOf::new();
static W_REPLACEMENT: TypeOf = TypeOf::new();

typespec!(COMBINATIONS: WCombinations, "itertools.combinations", {
    doc: Str::new("Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)"),
    flags: ty::BASETYPE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(combinations_new), iter: Some(iter_self), next: Some(combinations_next), ..Slots::EMPTY },
    methods: methods![sizeof],
});
typespec!(REPLACEMENT: WCombinations, "itertools.combinations_with_replacement", {
    doc: Str::new("Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')"),
    flags: ty::BASETYPE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(replacement_new), iter: Some(iter_self), next: Some(replacement_next), ..Slots::EMPTY },
    methods: methods![sizeof],
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_COMBINATIONS.add(sp, w_module, &COMBINATIONS)?;
    W_REPLACEMENT.add(sp, w_module, &REPLACEMENT)?;
    Ok(())
}
unsafe extern "C" fn free(p: *mut u8) {
    release(&mut (*p.cast::<WCombinations>()).indices)
}
/// Returns size in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(_sp: Space, w: W) -> Res<usize> {
    Ok(size_of::<WCombinations>() + 8 * native(obj::<WCombinations>(w).indices).map_or(0, |v| v.len()))
}
fn create(sp: Space, w_type: W, args: Args, name: &str, replacement: bool) -> Res<W> {
    let [w_iterable, w_r] = parse_args(sp, name, &args, ["iterable", "r"], 0, 2, 2)?;
    let r = sp.int_w(w_r)?;
    let w_pool = sp.fixedtuple(w_iterable)?;
    if r < 0 {
        return Err(sp.value_error("r must be non-negative"));
    }
    let n = sp.tuple_items(w_pool).len();
    let r = r as usize;
    let stopped = if replacement { n == 0 && r > 0 } else { r > n };
    if !stopped && r > 1 << 40 {
        return Err(sp.raise(known::MEMORY_ERROR, ""));
    }
    let indices = match (stopped, replacement) {
        (true, _) => vec![],
        (_, true) => vec![0; r],
        _ => (0..r).collect(),
    };
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WCombinations, w_pool, w_pool);
    let c = obj::<WCombinations>(w);
    c.indices = own(indices);
    c.stopped = stopped;
    Ok(w)
}
#[slot]
fn combinations_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    create(sp, w_type, args, "combinations", false)
}
#[slot]
fn replacement_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    create(sp, w_type, args, "combinations_with_replacement", true)
}
#[inline(always)]
fn advance(sp: Space, w: W, replacement: bool) -> Res<Option<W>> {
    let c = obj::<WCombinations>(w);
    let Some(indices) = native(c.indices).filter(|_| !c.stopped) else { return Ok(None) };
    let pool = sp.tuple_items(c.w_pool);
    let (n, r) = (pool.len(), indices.len());
    if c.w_current.is_null() {
        let a = GcArray::new(sp, r)?;
        for (i, k) in indices.iter().enumerate() {
            a.set(sp, i, pool[*k])
        }
        setfield!(sp, w, WCombinations, w_current, a.0);
        return tuple_of(sp, a).map(Some);
    }
    let a = GcArray(c.w_current);
    // The rightmost index that is not at its greatest value.
    let last = |i: usize| if replacement { n - 1 } else { i + n - r };
    let Some(i) = (0..r).rev().find(|i| indices[*i] != last(*i)) else {
        c.stopped = true;
        return Ok(None);
    };
    let k = indices[i] + 1;
    for (j, index) in indices.iter_mut().enumerate().skip(i) {
        *index = if replacement { k } else { k + (j - i) };
        a.set(sp, j, pool[*index])
    }
    tuple_of(sp, a).map(Some)
}
#[slot]
fn combinations_next(sp: Space, w: W) -> Res<Option<W>> {
    advance(sp, w, false)
}
#[slot]
fn replacement_next(sp: Space, w: W) -> Res<Option<W>> {
    advance(sp, w, true)
}
