//! `_tuplegetter`: the properties of named tuples.

use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
pub struct WTupleGetter {
    header: Header,
    index: i64,
    w_doc: W,
}
pub static W_GETTER: TypeOf = TypeOf::new();

typespec!(pub GETTER: WTupleGetter, "collections._tuplegetter", {
    slots: &Slots {
        new: Some(getter_new), descr_get: Some(getter_get), descr_set: Some(getter_set), repr: Some(getter_repr), ..Slots::EMPTY
    },
    methods: methods![getter_reduce],
    members: table![member!(WTupleGetter, "__doc__", w_doc, mut Obj)],
});

#[slot]
fn getter_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_index, w_doc] = parse_args(sp, "_tuplegetter", &args, ["index", "doc"], 2, 2, 2)?;
    let index = sp.int_w(w_index)?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WTupleGetter, w_doc, w_doc);
    obj::<WTupleGetter>(w).index = index;
    Ok(w)
}
#[slot]
fn getter_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() {
        return Ok(w);
    }
    let index = obj::<WTupleGetter>(w).index;
    let Some(items) = sp.tuple_opt(w_obj) else {
        if w_obj.is_none() {
            return Ok(w);
        }
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{}' object",
            sp.type_name(w_obj)
        ));
    };
    usize::try_from(index)
        .ok()
        .and_then(|i| items.get(i).copied())
        .ok_or_else(|| sp.index_error("tuple index out of range"))
}
#[slot]
fn getter_set(sp: Space, _w: W, _w_obj: W, w_value: W) -> Res<()> {
    let m = if w_value.is_null() { "can't delete attribute" } else { "can't set attribute" };
    Err(sp.raise(known::ATTRIBUTE_ERROR, m))
}
#[slot]
fn getter_repr(sp: Space, w: W) -> Res<W> {
    let g = obj::<WTupleGetter>(w);
    let w_name = sp.getattr_str(sp.type_(w)?, "__name__")?;
    let name = sp.string_w(w_name)?;
    sp.newstr(&format!("{name}({}, {})", g.index, sp.repr_string(g.w_doc)?))
}
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn getter_reduce(sp: Space, w: W) -> Res<W> {
    let g = obj::<WTupleGetter>(w);
    let w_args = sp.newtuple(&[sp.newint(g.index), g.w_doc])?;
    sp.newtuple(&[sp.type_(w)?, w_args])
}
