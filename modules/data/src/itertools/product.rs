//! product.

use super::*;
use crate::util::*;
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WProduct {
    header: Header,
    /// Tuple of tuples.
    w_pools: W,
    /// The last answer's items (a GcArray), NULL before the first.
    w_current: W,
    indices: Native,
    stopped: bool,
}
static W_PRODUCT: TypeOf = TypeOf::new();

typespec!(PRODUCT: WProduct, "itertools.product", {
    doc: Str::new("Cartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ..."),
    flags: ty::BASETYPE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(product_new), iter: Some(iter_self), next: Some(product_next), ..Slots::EMPTY },
    methods: methods![product_sizeof],
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_PRODUCT.add(sp, w_module, &PRODUCT)?;
    Ok(())
}
unsafe extern "C" fn free(p: *mut u8) {
    release(&mut (*p.cast::<WProduct>()).indices)
}
#[slot]
fn product_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let mut repeat = 1;
    for (k, v) in args.keywords(sp) {
        if !k.eq_str("repeat") {
            return Err(raise!(sp, TYPE_ERROR, "product() got an unexpected keyword argument '{}'", k.to_str()));
        }
        repeat = sp.int_w(v)?;
        if repeat < 0 {
            return Err(sp.value_error("repeat argument cannot be negative"));
        }
    }
    let n = if repeat == 0 { 0 } else { args.n };
    let Some(total) = n.checked_mul(repeat as usize).filter(|t| *t < 1 << 40) else {
        return Err(sp.overflow_error("repeat argument too large"));
    };
    let mut pools = RootedVec::with_capacity(sp, total);
    for w in &args.positional()[..n] {
        pools.push(sp.fixedtuple(*w)?)
    }
    for i in n..total {
        let w = pools[i - n];
        pools.push(w)
    }
    let w_pools = pools.into_tuple()?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WProduct, w_pools, w_pools);
    obj::<WProduct>(w).indices = own(vec![0; total]);
    Ok(w)
}
#[slot]
fn product_next(sp: Space, w: W) -> Res<Option<W>> {
    let p = obj::<WProduct>(w);
    let Some(indices) = native(p.indices).filter(|_| !p.stopped) else { return Ok(None) };
    let pools = sp.tuple_items(p.w_pools);
    if p.w_current.is_null() {
        let a = GcArray::new(sp, pools.len())?;
        for (i, pool) in pools.iter().enumerate() {
            let Some(first) = sp.tuple_items(*pool).first() else {
                p.stopped = true;
                return Ok(None);
            };
            a.set(sp, i, *first)
        }
        setfield!(sp, w, WProduct, w_current, a.0);
        return tuple_of(sp, a).map(Some);
    }
    let a = GcArray(p.w_current);
    for i in (0..pools.len()).rev() {
        let pool = sp.tuple_items(pools[i]);
        indices[i] += 1;
        if indices[i] < pool.len() {
            a.set(sp, i, pool[indices[i]]);
            return tuple_of(sp, a).map(Some);
        }
        indices[i] = 0;
        a.set(sp, i, pool[0])
    }
    p.stopped = true;
    Ok(None)
}
/// Returns size in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn product_sizeof(_sp: Space, w: W) -> Res<usize> {
    Ok(size_of::<WProduct>() + 8 * native(obj::<WProduct>(w).indices).map_or(0, |v| v.len()))
}
