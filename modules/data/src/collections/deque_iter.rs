//! Iterators over deques.

use super::deque::*;
use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
pub struct WDequeIter {
    header: Header,
    w_deque: W,
    /// Items given so far.
    index: usize,
    state: u64,
    /// Items still to come; 0 after a change was noticed.
    left: usize,
}
pub static W_ITER: TypeOf = TypeOf::new();
pub static W_REVERSE_ITER: TypeOf = TypeOf::new();

typespec!(pub ITER: WDequeIter, "_collections._deque_iterator", {
    slots: &Slots { new: Some(iter_new), iter: Some(iter_self), next: Some(iter_next), ..Slots::EMPTY },
    methods: methods![length_hint, iter_reduce],
});
typespec!(pub REVERSE_ITER: WDequeIter, "_collections._deque_reverse_iterator", {
    slots: &Slots { new: Some(reverse_new), iter: Some(iter_self), next: Some(reverse_next), ..Slots::EMPTY },
    methods: methods![length_hint, iter_reduce],
});

fn make(sp: Space, w_deque: W, t: &TypeOf) -> Res<W> {
    let (w, it) = t.new_instance::<WDequeIter>(sp)?;
    let d = obj::<WDeque>(w_deque);
    it.w_deque = w_deque;
    it.state = d.state;
    it.left = d.len;
    Ok(w)
}
#[slot]
pub fn deque_iter(sp: Space, w: W) -> Res<W> {
    make(sp, w, &W_ITER)
}
/// Return a reverse iterator over the deque.
#[interp_fn(method, name = "__reversed__", sig = "(self, /)")]
pub fn deque_reversed(sp: Space, w: W) -> Res<W> {
    make(sp, w, &W_REVERSE_ITER)
}
#[inline(always)]
fn step(sp: Space, w: W, reverse: bool) -> Res<Option<W>> {
    let it = obj::<WDequeIter>(w);
    // The forward iterator notices a change also at its end, the reverse one does not.
    if it.left == 0 && (reverse || obj::<WDeque>(it.w_deque).state == it.state) {
        return Ok(None);
    }
    let d = obj::<WDeque>(it.w_deque);
    if d.state != it.state {
        it.left = 0;
        return Err(sp.runtime_error("deque mutated during iteration"));
    }
    let i = it.index;
    it.index += 1;
    it.left -= 1;
    Ok(Some(d.get(if reverse { d.len - 1 - i } else { i })))
}
#[slot]
fn iter_next(sp: Space, w: W) -> Res<Option<W>> {
    step(sp, w, false)
}
#[slot]
fn reverse_next(sp: Space, w: W) -> Res<Option<W>> {
    step(sp, w, true)
}
fn from_args(sp: Space, args: &Args, t: &TypeOf, name: &str) -> Res<W> {
    let [w_deque, w_index] = parse_args(sp, name, args, ["iterable", "index"], 2, 1, 2)?;
    if !W_DEQUE.is(sp, w_deque) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{name}() argument 1 must be collections.deque, not {}",
            sp.type_name(w_deque)
        ));
    }
    let index = if w_index.is_null() { 0 } else { sp.int_w(w_index)?.max(0) as usize };
    let w = make(sp, w_deque, t)?;
    let it = obj::<WDequeIter>(w);
    let n = index.min(it.left);
    it.index = n;
    it.left -= n;
    Ok(w)
}
#[slot]
fn iter_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    from_args(sp, &args, &W_ITER, "_deque_iterator")
}
#[slot]
fn reverse_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    from_args(sp, &args, &W_REVERSE_ITER, "_deque_reverse_iterator")
}
/// Private method returning an estimate of len(list(it)).
#[interp_fn(method, name = "__length_hint__", sig = "(self, /)")]
fn length_hint(_sp: Space, w: W) -> Res<usize> {
    Ok(obj::<WDequeIter>(w).left)
}
/// Return state information for pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn iter_reduce(sp: Space, w: W) -> Res<W> {
    let it = obj::<WDequeIter>(w);
    let w_args = sp.newtuple(&[
        it.w_deque,
        sp.newint((obj::<WDeque>(it.w_deque).len - it.left.min(obj::<WDeque>(it.w_deque).len)) as i64),
    ])?;
    sp.newtuple(&[sp.type_(w)?, w_args])
}
