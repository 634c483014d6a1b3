//! floor, ceil, trunc.

use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The int of a whole float.
fn whole(sp: Space, x: f64) -> Res<W> {
    if x.abs() < 4e18 { Ok(sp.newint(x as i64)) } else { sp.int(sp.newfloat(x)) }
}
/// Return the floor of x as an Integral.
///
/// This is the largest integer <= x.
#[interp_fn(sig = "(x, /)")]
pub fn floor(sp: Space, w: W) -> Res<W> {
    if !is_exact_float(w)
        && let Some(f) = sp.lookup_special(w, name!(sp, "__floor__"))?
    {
        return sp.call(f, &[]);
    }
    whole(sp, sp.float_w(w)?.floor())
}
/// Return the ceiling of x as an Integral.
///
/// This is the smallest integer >= x.
#[interp_fn(sig = "(x, /)")]
pub fn ceil(sp: Space, w: W) -> Res<W> {
    if !is_exact_float(w)
        && let Some(f) = sp.lookup_special(w, name!(sp, "__ceil__"))?
    {
        return sp.call(f, &[]);
    }
    whole(sp, sp.float_w(w)?.ceil())
}
/// Truncates the Real x to the nearest Integral toward 0.
///
/// Uses the __trunc__ magic method.
#[interp_fn(sig = "(x, /)")]
pub fn trunc(sp: Space, w: W) -> Res<W> {
    if is_exact_float(w) {
        return whole(sp, sp.float_w(w)?.trunc());
    }
    match sp.lookup_special(w, name!(sp, "__trunc__"))? {
        Some(f) => sp.call(f, &[]),
        None => Err(raise!(sp, TYPE_ERROR, "type {} doesn't define __trunc__ method", sp.type_name(w))),
    }
}
