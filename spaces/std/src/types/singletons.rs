//! None, NotImplemented, Ellipsis, and cell.

use super::util::*;
use crate::layouts::WCell;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The singletons are nothing but a header (padded to their place on the page).
#[derive(GcObject)]
#[repr(C)]
pub struct WSingleton {
    #[allow(missing_docs)]
    pub header: Header,
}
fn only(sp: Space, w_type: W, args: Args, w: W) -> Res<W> {
    if args.n > 0 || args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{} takes no arguments", tp_name(sp, w_type)));
    }
    Ok(w)
}
#[slot]
fn none_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    only(sp, w_type, args, W::NONE)
}
#[slot]
fn none_repr(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "None"))
}
#[slot]
fn none_bool(_sp: Space, _w: W) -> Res<bool> {
    Ok(false)
}
/// CPython's constant, so that sets of None print alike.
#[slot]
fn none_hash(_sp: Space, _w: W) -> Res<i64> {
    Ok(0xfca86420)
}
static NONE_SLOTS: Slots = Slots {
    new: Some(none_new),
    repr: Some(none_repr),
    bool: Some(none_bool),
    hash: Some(none_hash),
    compare: Some(plain_compare),
    ..Slots::EMPTY
};
#[slot]
fn plain_compare(_sp: Space, a: W, b: W, op: u32) -> Res<W> {
    Ok(match op {
        2 if a == b => W::TRUE,
        3 if a == b => W::FALSE,
        _ => W::NOT_IMPLEMENTED,
    })
}
typespec!(pub NONE_TYPE: WSingleton, "NoneType", { doc: Str::new("The type of the None singleton."), slots: &NONE_SLOTS });

#[slot]
fn ni_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    only(sp, w_type, args, W::NOT_IMPLEMENTED)
}
#[slot]
fn ni_repr(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "NotImplemented"))
}
#[slot]
fn ni_bool(sp: Space, _w: W) -> Res<bool> {
    Err(sp.type_error("NotImplemented should not be used in a boolean context"))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn ni_reduce(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "NotImplemented"))
}
static NI_SLOTS: Slots = Slots { new: Some(ni_new), repr: Some(ni_repr), bool: Some(ni_bool), ..Slots::EMPTY };
typespec!(pub NOT_IMPLEMENTED_TYPE: WSingleton, "NotImplementedType", {
    doc: Str::new("The type of the NotImplemented singleton."), slots: &NI_SLOTS, methods: methods![ni_reduce],
});

#[slot]
fn el_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    if args.n > 0 || args.nkw(sp) > 0 {
        return Err(sp.type_error("EllipsisType takes no arguments"));
    }
    only(sp, w_type, Args::NONE, W::ELLIPSIS)
}
#[slot]
fn el_repr(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "Ellipsis"))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn el_reduce(sp: Space, _w: W) -> Res<W> {
    Ok(name!(sp, "Ellipsis"))
}
static EL_SLOTS: Slots = Slots { new: Some(el_new), repr: Some(el_repr), ..Slots::EMPTY };
typespec!(pub ELLIPSIS_TYPE: WSingleton, "ellipsis", {
    doc: Str::new("The type of the Ellipsis singleton."), slots: &EL_SLOTS, methods: methods![el_reduce],
});

// ---- cell ----

fn cell(w: W) -> &'static mut WCell {
    // SAFETY: the caller's object is a cell.
    unsafe { obj::<WCell>(w) }
}
#[slot]
fn cell_new(sp: Space, _w_type: W, args: Args) -> Res<W> {
    args.no_keywords(sp, "cell")?;
    if args.n > 1 {
        return Err(raise!(sp, TYPE_ERROR, "cell expected at most 1 argument, got {}", args.n));
    }
    sp.newcell(args.positional().first().copied().unwrap_or(W::NULL))
}
#[slot]
fn cell_repr(sp: Space, w: W) -> Res<W> {
    let (v, at) = (cell(w).w_value, super::object::address(w));
    if v.is_null() {
        return sp.newstr(&format!("<cell at {at}: empty>"));
    }
    sp.newstr(&format!("<cell at {at}: {} object at {}>", tname(sp, v), super::object::address(v)))
}
#[slot]
fn cell_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    // SAFETY: live words.
    if unsafe { !a.is_tid(TID_CELL) || !b.is_tid(TID_CELL) } {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let (x, y) = (cell(a).w_value, cell(b).w_value);
    if !x.is_null() && !y.is_null() {
        return super::dispatch::compare(sp, x, y, op);
    }
    let (x, y) = (!x.is_null() as u8, !y.is_null() as u8);
    Ok(W::bool(match op {
        0 => x < y,
        1 => x <= y,
        2 => x == y,
        3 => x != y,
        4 => x > y,
        _ => x >= y,
    }))
}
#[slot]
fn cell_get(sp: Space, w: W) -> Res<W> {
    let v = cell(w).w_value;
    if v.is_null() { Err(sp.value_error("cell is empty")) } else { Ok(v) }
}
#[slot]
fn cell_set(sp: Space, w: W, value: W) -> Res<()> {
    setfield!(sp, w, WCell, w_value, value);
    Ok(())
}
static CELL_SLOTS: Slots =
    Slots { new: Some(cell_new), repr: Some(cell_repr), compare: Some(cell_compare), ..Slots::EMPTY };
typespec!(pub CELL: WCell, "cell", {
    doc: Str::new("Create a new cell object."), slots: &CELL_SLOTS, getset: table![getset!("cell_contents", cell_get, cell_set)],
});
