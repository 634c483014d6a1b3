//! `_functools`.

mod cmpkey;
mod lru;
mod partial;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

fn setup(sp: Space, w_module: W) -> Res<()> {
    cmpkey::init(sp, w_module)?;
    partial::init(sp, w_module)?;
    lru::init(sp, w_module)
}

mixed_module!(
    MODULE,
    "_functools",
    doc = "Tools that operate on functions.",
    functions = [reduce, cmpkey::cmp_to_key],
    init = setup,
);

/// Apply a function of two arguments cumulatively to the items of an iterable, from left to right.
///
/// This effectively reduces the iterable to a single value.  If initial is present,
/// it is placed before the items of the iterable in the calculation, and serves as
/// a default when the iterable is empty.
///
/// For example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])
/// calculates ((((1 + 2) + 3) + 4) + 5).
#[interp_fn(sig = "(function, iterable, /, initial=<functools._initial_missing>)")]
fn reduce(sp: Space, w_func: W, w_iterable: W, w_initial: Option<W>) -> Res<W> {
    let it = match sp.iter(w_iterable) {
        Ok(it) => it,
        Err(r) => {
            if sp.catch(known::TYPE_ERROR) {
                return Err(sp.type_error("reduce() arg 2 must support iteration"));
            }
            return Err(r);
        }
    };
    let mut acc = match w_initial {
        Some(w) => w,
        None => match sp.next(it)? {
            Some(w) => w,
            None => return Err(sp.type_error("reduce() of empty iterable with no initial value")),
        },
    };
    while let Some(w) = sp.next(it)? {
        acc = sp.call(w_func, &[acc, w])?
    }
    Ok(acc)
}
