//! tee: iterators over a shared chain of blocks of items.

use crate::util::*;
use taipan_plugin_api::prelude::*;

/// Items in a block, so that a block's references fit one map.
const CELLS: usize = 57;

#[derive(GcObject)]
#[repr(C)]
struct WBlock {
    header: Header,
    w_iter: W,
    w_next: W,
    values: [W; CELLS],
    /// Items read so far.
    n: usize,
    running: bool,
}
#[derive(GcObject)]
#[repr(C)]
struct WTee {
    header: Header,
    w_block: W,
    index: usize,
}
static W_TEE: TypeOf = TypeOf::new();
static W_BLOCK: TypeOf = TypeOf::new();

typespec!(BLOCK: WBlock, "itertools._tee_dataobject", {
    doc: Str::new("teedataobject(iterable, values, next, /)\n--\n\nData container common to multiple tee objects."),
    flags: ty::DISALLOW_INSTANTIATION,
});
typespec!(TEE: WTee, "itertools._tee", {
    doc: Str::new("Iterator wrapped to make it copyable."),
    flags: ty::WEAKREF,
    slots: &Slots { new: Some(tee_new), iter: Some(iter_self), next: Some(tee_next), ..Slots::EMPTY },
    methods: methods![tee_copy],
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_TEE.add(sp, w_module, &TEE)?;
    W_BLOCK.add(sp, w_module, &BLOCK)?;
    Ok(())
}

fn block(sp: Space, w_iter: W) -> Res<W> {
    let (w, b) = W_BLOCK.new_instance::<WBlock>(sp)?;
    b.w_iter = w_iter;
    Ok(w)
}
fn from_iterable(sp: Space, w_iterable: W) -> Res<W> {
    let w_iter = sp.iter(w_iterable)?;
    if W_TEE.is(sp, w_iter) {
        return duplicate(sp, w_iter);
    }
    let w_block = block(sp, w_iter)?;
    let (w, t) = W_TEE.new_instance::<WTee>(sp)?;
    t.w_block = w_block;
    Ok(w)
}
fn duplicate(sp: Space, w: W) -> Res<W> {
    let (w_block, index) = (obj::<WTee>(w).w_block, obj::<WTee>(w).index);
    let (w_new, t) = W_TEE.new_instance::<WTee>(sp)?;
    t.w_block = w_block;
    t.index = index;
    Ok(w_new)
}
#[slot]
fn tee_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable] = super::positional(sp, w_type, "_tee", &args)?;
    from_iterable(sp, w_iterable)
}
/// Returns an independent iterator.
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
fn tee_copy(sp: Space, w: W) -> Res<W> {
    duplicate(sp, w)
}
#[slot]
fn tee_next(sp: Space, w: W) -> Res<Option<W>> {
    let t = obj::<WTee>(w);
    if t.index >= CELLS {
        let b = obj::<WBlock>(t.w_block);
        if b.w_next.is_null() {
            let w_next = block(sp, b.w_iter)?;
            setfield!(sp, t.w_block, WBlock, w_next, w_next);
        }
        let w_next = obj::<WBlock>(t.w_block).w_next;
        setfield!(sp, w, WTee, w_block, w_next);
        obj::<WTee>(w).index = 0;
    }
    let t = obj::<WTee>(w);
    let (w_block, i) = (t.w_block, t.index);
    let b = obj::<WBlock>(w_block);
    if i < b.n {
        t.index += 1;
        return Ok(Some(b.values[i]));
    }
    if b.running {
        return Err(sp.runtime_error("cannot re-enter the tee iterator"));
    }
    b.running = true;
    let r = sp.next(b.w_iter);
    let b = obj::<WBlock>(w_block);
    b.running = false;
    let Some(v) = r? else { return Ok(None) };
    // SAFETY: i < CELLS; the barrier directly precedes the store.
    unsafe {
        let slot = &raw mut b.values[i];
        sp.barrier(w_block, slot);
        *slot = v;
    }
    b.n = i + 1;
    obj::<WTee>(w).index = i + 1;
    Ok(Some(v))
}

/// Returns a tuple of n independent iterators.
#[interp_fn(sig = "(iterable, n=2, /)")]
pub fn tee(sp: Space, w_iterable: W, n: i64) -> Res<W> {
    if n < 0 {
        return Err(sp.value_error("n must be >= 0"));
    }
    let mut out = RootedVec::new(sp);
    if n == 0 {
        return out.into_tuple();
    }
    let first = from_iterable(sp, w_iterable)?;
    out.push(first);
    for _ in 1..n {
        out.push(duplicate(sp, first)?)
    }
    out.into_tuple()
}
