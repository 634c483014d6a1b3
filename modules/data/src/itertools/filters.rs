//! compress, dropwhile, filterfalse, starmap, takewhile: a function (or selectors) and an iterator.

use super::positional;
use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WFilter {
    header: Header,
    /// Function, or the iterator of selectors.
    w_func: W,
    w_iter: W,
    /// dropwhile: items pass; takewhile: it is over.
    done: bool,
}

static W_COMPRESS: TypeOf = TypeOf::new();
static W_DROPWHILE: TypeOf = TypeOf::new();
static W_FILTERFALSE: TypeOf = TypeOf::new();
static W_STARMAP: TypeOf = TypeOf::new();
static W_TAKEWHILE: TypeOf = TypeOf::new();

typespec!(COMPRESS: WFilter, "itertools.compress", {
    doc: Str::new("Return data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors to\nchoose the data elements."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(compress_new), iter: Some(iter_self), next: Some(compress_next), ..Slots::EMPTY },
});
typespec!(DROPWHILE: WFilter, "itertools.dropwhile", {
    doc: Str::new("Drop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(dropwhile_new), iter: Some(iter_self), next: Some(dropwhile_next), ..Slots::EMPTY },
});
typespec!(FILTERFALSE: WFilter, "itertools.filterfalse", {
    doc: Str::new("Return those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(filterfalse_new), iter: Some(iter_self), next: Some(filterfalse_next), ..Slots::EMPTY },
});
typespec!(STARMAP: WFilter, "itertools.starmap", {
    doc: Str::new("Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(starmap_new), iter: Some(iter_self), next: Some(starmap_next), ..Slots::EMPTY },
});
typespec!(TAKEWHILE: WFilter, "itertools.takewhile", {
    doc: Str::new("Return successive entries from an iterable as long as the predicate evaluates to true for each entry."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(takewhile_new), iter: Some(iter_self), next: Some(takewhile_next), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_COMPRESS.add(sp, w_module, &COMPRESS)?;
    W_DROPWHILE.add(sp, w_module, &DROPWHILE)?;
    W_FILTERFALSE.add(sp, w_module, &FILTERFALSE)?;
    W_STARMAP.add(sp, w_module, &STARMAP)?;
    W_TAKEWHILE.add(sp, w_module, &TAKEWHILE)?;
    Ok(())
}

fn instance(sp: Space, w_type: W, w_func: W, w_iter: W) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WFilter, w_func, w_func);
    setfield!(sp, w, WFilter, w_iter, w_iter);
    Ok(w)
}
macro_rules! constructors {
    ($($id:ident $name:literal;)*) => { $(
        #[slot]
        fn $id(sp: Space, w_type: W, args: Args) -> Res<W> {
            let [w_func, w_iterable] = positional(sp, w_type, $name, &args)?;
            let w_iter = sp.iter(w_iterable)?;
            instance(sp, w_type, w_func, w_iter)
        }
    )* };
}
constructors! {
    dropwhile_new "dropwhile";
    filterfalse_new "filterfalse";
    starmap_new "starmap";
    takewhile_new "takewhile";
}
#[slot]
fn compress_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_data, w_selectors] = parse_args(sp, "compress", &args, ["data", "selectors"], 0, 2, 2)?;
    let w_iter = sp.iter(w_data)?;
    let w_sel = sp.iter(w_selectors)?;
    instance(sp, w_type, w_sel, w_iter)
}
#[slot]
fn compress_next(sp: Space, w: W) -> Res<Option<W>> {
    let f = obj::<WFilter>(w);
    loop {
        let Some(item) = sp.next(f.w_iter)? else { return Ok(None) };
        let Some(sel) = sp.next(f.w_func)? else { return Ok(None) };
        if sp.is_true(sel)? {
            return Ok(Some(item));
        }
    }
}
#[slot]
fn dropwhile_next(sp: Space, w: W) -> Res<Option<W>> {
    let f = obj::<WFilter>(w);
    loop {
        let Some(item) = sp.next(f.w_iter)? else { return Ok(None) };
        if f.done {
            return Ok(Some(item));
        }
        let w_good = sp.call(f.w_func, &[item])?;
        if !sp.is_true(w_good)? {
            f.done = true;
            return Ok(Some(item));
        }
    }
}
#[slot]
fn filterfalse_next(sp: Space, w: W) -> Res<Option<W>> {
    let f = obj::<WFilter>(w);
    let plain = f.w_func.is_none() || f.w_func == sp.known(known::BOOL);
    loop {
        let Some(item) = sp.next(f.w_iter)? else { return Ok(None) };
        let w_good = if plain { item } else { sp.call(f.w_func, &[item])? };
        if !sp.is_true(w_good)? {
            return Ok(Some(item));
        }
    }
}
#[slot]
fn starmap_next(sp: Space, w: W) -> Res<Option<W>> {
    let f = obj::<WFilter>(w);
    let Some(item) = sp.next(f.w_iter)? else { return Ok(None) };
    let (_keep, items) = sp.unpack(item)?;
    sp.call(f.w_func, items).map(Some)
}
#[slot]
fn takewhile_next(sp: Space, w: W) -> Res<Option<W>> {
    let f = obj::<WFilter>(w);
    if f.done {
        return Ok(None);
    }
    let Some(item) = sp.next(f.w_iter)? else { return Ok(None) };
    let w_good = sp.call(f.w_func, &[item])?;
    if sp.is_true(w_good)? {
        return Ok(Some(item));
    }
    f.done = true;
    Ok(None)
}
