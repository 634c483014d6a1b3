//! What the evaluator's instructions on containers do; those that are rare are in the evaluator itself.

use super::dict;
use super::list;
use super::util::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

pub use super::list::getitem_int as list_getitem_int;

fn iterator(sp: Space, w: W) -> Res<W> {
    match sp.iter(w) {
        Ok(w_iter) => Ok(w_iter),
        Err(r) => {
            if slots(sp, w).iter.is_none() && slots(sp, w).getitem.is_none() && sp.catch(known::TYPE_ERROR) {
                return Err(raise!(sp, TYPE_ERROR, "cannot unpack non-iterable {} object", sp.type_name(w)));
            }
            Err(r)
        }
    }
}
#[cold]
fn too_few(sp: Space, n: usize, got: usize) -> Raised {
    raise!(sp, VALUE_ERROR, "not enough values to unpack (expected {n}, got {got})")
}

/// The `n` items of `w` go to `out[0..n]`, the first one last: it ends on top of the operand stack.
///
/// # Safety
/// `out` has room for n words that the collector sees.
pub unsafe fn unpack_sequence(sp: Space, w: W, n: usize, out: *mut W) -> Res<()> {
    if w.is_obj() && (exact(w, TID_TUPLE) || exact(w, TID_LIST)) {
        let items = list::sequence_items(w);
        if items.len() == n {
            for (i, w_item) in items.iter().enumerate() {
                *out.add(n - 1 - i) = *w_item
            }
            return Ok(());
        }
        if items.len() < n {
            return Err(too_few(sp, n, items.len()));
        }
        return Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n}, got {})", items.len()));
    }
    let w_iter = iterator(sp, w)?;
    for i in 0..n {
        match sp.next(w_iter)? {
            Some(w_item) => *out.add(n - 1 - i) = w_item,
            None => return Err(too_few(sp, n, i)),
        }
    }
    if sp.next(w_iter)?.is_none() {
        return Ok(());
    }
    if exact(w, TID_DICT) && dict::len(w) > n {
        return Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n}, got {})", dict::len(w)));
    }
    Err(raise!(sp, VALUE_ERROR, "too many values to unpack (expected {n})"))
}
