//! groupby.

use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WGroupBy {
    header: Header,
    w_iter: W,
    /// Key function, or NULL.
    w_func: W,
    w_target: W,
    w_key: W,
    w_value: W,
    /// The group being read; others are dead.
    w_group: W,
}
#[derive(GcObject)]
#[repr(C)]
struct WGrouper {
    header: Header,
    w_parent: W,
    w_target: W,
}
static W_GROUPBY: TypeOf = TypeOf::new();
static W_GROUPER: TypeOf = TypeOf::new();

typespec!(GROUPBY: WGroupBy, "itertools.groupby", {
    doc: Str::new("make an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(groupby_new), iter: Some(iter_self), next: Some(groupby_next), ..Slots::EMPTY },
});
typespec!(GROUPER: WGrouper, "itertools._grouper", {
    slots: &Slots { new: Some(grouper_new), iter: Some(iter_self), next: Some(grouper_next), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_GROUPBY.add(sp, w_module, &GROUPBY)?;
    W_GROUPER.add(sp, w_module, &GROUPER)?;
    Ok(())
}

#[slot]
fn groupby_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_iterable, w_func] = parse_args(sp, "groupby", &args, ["iterable", "key"], 0, 1, 2)?;
    let w_iter = sp.iter(w_iterable)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WGroupBy, w_iter, w_iter);
    if !w_func.is_null() && !w_func.is_none() {
        setfield!(sp, w, WGroupBy, w_func, w_func);
    }
    Ok(w)
}
/// Reads one item; false at the end.
#[inline]
fn step(sp: Space, w: W) -> Res<bool> {
    let g = obj::<WGroupBy>(w);
    let Some(v) = sp.next(g.w_iter)? else { return Ok(false) };
    let key = if g.w_func.is_null() { v } else { sp.call(g.w_func, &[v])? };
    setfield!(sp, w, WGroupBy, w_value, v);
    setfield!(sp, w, WGroupBy, w_key, key);
    Ok(true)
}
fn new_group(sp: Space, w: W, w_target: W) -> Res<W> {
    let (w_group, g) = W_GROUPER.new_instance::<WGrouper>(sp)?;
    g.w_parent = w;
    g.w_target = w_target;
    setfield!(sp, w, WGroupBy, w_group, w_group);
    Ok(w_group)
}
#[slot]
fn groupby_next(sp: Space, w: W) -> Res<Option<W>> {
    obj::<WGroupBy>(w).w_group = W::NULL;
    loop {
        let g = obj::<WGroupBy>(w);
        if !g.w_key.is_null() {
            let (target, key) = (g.w_target, g.w_key);
            if target.is_null() || !sp.eq_w(target, key)? {
                break;
            }
        }
        if !step(sp, w)? {
            return Ok(None);
        }
    }
    let key = obj::<WGroupBy>(w).w_key;
    setfield!(sp, w, WGroupBy, w_target, key);
    let w_group = new_group(sp, w, key)?;
    sp.newtuple(&[key, w_group]).map(Some)
}
#[slot]
fn grouper_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_parent, w_target] = super::positional(sp, w_type, "_grouper", &args)?;
    if !W_GROUPBY.is(sp, w_parent) {
        let t = sp.type_name(w_parent);
        return Err(sp.type_error(&format!("_grouper() argument 1 must be itertools.groupby, not {t}")));
    }
    new_group(sp, w_parent, w_target)
}
#[slot]
fn grouper_next(sp: Space, w: W) -> Res<Option<W>> {
    let w_parent = obj::<WGrouper>(w).w_parent;
    let g = obj::<WGroupBy>(w_parent);
    if g.w_group != w {
        return Ok(None);
    }
    if g.w_value.is_null() && !step(sp, w_parent)? {
        return Ok(None);
    }
    let (target, key) = (obj::<WGrouper>(w).w_target, obj::<WGroupBy>(w_parent).w_key);
    if !sp.eq_w(target, key)? {
        return Ok(None);
    }
    let g = obj::<WGroupBy>(w_parent);
    let v = g.w_value;
    g.w_value = W::NULL;
    Ok(if v.is_null() { None } else { Some(v) })
}
