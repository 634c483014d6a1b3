//! permutations.

use super::*;
use crate::util::*;
use taipan_plugin_api::abi::gc::tf;

#[derive(GcObject)]
#[repr(C)]
struct WPermutations {
    header: Header,
    w_pool: W,
    w_current: W,
    indices: Native,
    cycles: Native,
    stopped: bool,
}
static W_PERMUTATIONS: TypeOf = TypeOf::new();

typespec!(PERMUTATIONS: WPermutations, "itertools.permutations", {
    doc: Str::new("Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)"),
    flags: ty::BASETYPE,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { new: Some(permutations_new), iter: Some(iter_self), next: Some(permutations_next), ..Slots::EMPTY },
    methods: methods![sizeof],
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_PERMUTATIONS.add(sp, w_module, &PERMUTATIONS)?;
    Ok(())
}
unsafe extern "C" fn free(p: *mut u8) {
    let p = &mut *p.cast::<WPermutations>();
    release(&mut p.indices);
    release(&mut p.cycles)
}
/// Returns size in memory, in bytes.
#[interp_fn(method, name = "__sizeof__", sig = "(self, /)")]
fn sizeof(_sp: Space, w: W) -> Res<usize> {
    let p = obj::<WPermutations>(w);
    let n = native(p.indices).map_or(0, |v| v.len()) + native(p.cycles).map_or(0, |v| v.len());
    Ok(size_of::<WPermutations>() + 8 * n)
}
#[slot]
fn permutations_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable, w_r] = parse_args(sp, "permutations", &args, ["iterable", "r"], 0, 1, 2)?;
    let w_pool = sp.fixedtuple(w_iterable)?;
    let n = sp.tuple_items(w_pool).len();
    let r = if w_r.is_null() || w_r.is_none() {
        n
    } else {
        if !is_int(sp, w_r) {
            return Err(sp.type_error("Expected int as r"));
        }
        let r = sp.int_w(w_r)?;
        if r < 0 {
            return Err(sp.value_error("r must be non-negative"));
        }
        r as usize
    };
    let stopped = r > n;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WPermutations, w_pool, w_pool);
    let p = obj::<WPermutations>(w);
    p.indices = own((0..n).collect());
    p.cycles = own(if stopped { vec![] } else { (0..r).map(|i| n - i).collect() });
    p.stopped = stopped;
    Ok(w)
}
#[slot]
fn permutations_next(sp: Space, w: W) -> Res<Option<W>> {
    let p = obj::<WPermutations>(w);
    if p.stopped {
        return Ok(None);
    }
    let (Some(indices), Some(cycles)) = (native(p.indices), native(p.cycles)) else { return Ok(None) };
    let pool = sp.tuple_items(p.w_pool);
    let (n, r) = (pool.len(), cycles.len());
    if p.w_current.is_null() {
        let a = GcArray::new(sp, r)?;
        for (i, w_item) in pool.iter().take(r).enumerate() {
            a.set(sp, i, *w_item)
        }
        setfield!(sp, w, WPermutations, w_current, a.0);
        return tuple_of(sp, a).map(Some);
    }
    let a = GcArray(p.w_current);
    for i in (0..r).rev() {
        cycles[i] -= 1;
        if cycles[i] == 0 {
            indices[i..].rotate_left(1);
            cycles[i] = n - i;
            continue;
        }
        let j = n - cycles[i];
        indices.swap(i, j);
        for k in i..r {
            a.set(sp, k, pool[indices[k]])
        }
        return tuple_of(sp, a).map(Some);
    }
    p.stopped = true;
    Ok(None)
}
