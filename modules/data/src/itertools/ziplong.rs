//! zip_longest.

use crate::util::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

#[derive(GcObject)]
#[repr(C)]
struct WZipLongest {
    header: Header,
    /// GcArray of iterators, NULL for exhausted ones.
    w_iters: W,
    w_fill: W,
    active: usize,
}
static W_ZIP_LONGEST: TypeOf = TypeOf::new();

typespec!(ZIP_LONGEST: WZipLongest, "itertools.zip_longest", {
    doc: Str::new("Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(zip_new), iter: Some(iter_self), next: Some(zip_next), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_ZIP_LONGEST.add(sp, w_module, &ZIP_LONGEST)?;
    Ok(())
}
#[slot]
fn zip_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let mut w_fill = W::NONE;
    for (k, v) in args.keywords(sp) {
        if !k.eq_str("fillvalue") {
            return Err(raise!(sp, TYPE_ERROR, "zip_longest() got an unexpected keyword argument"));
        }
        w_fill = v
    }
    let iters = GcArray::new(sp, args.n)?;
    for (i, w) in args.positional().iter().enumerate() {
        let it = sp.iter(*w)?;
        iters.set(sp, i, it)
    }
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WZipLongest, w_iters, iters.0);
    setfield!(sp, w, WZipLongest, w_fill, w_fill);
    obj::<WZipLongest>(w).active = args.n;
    Ok(w)
}
#[slot]
fn zip_next(sp: Space, w: W) -> Res<Option<W>> {
    let z = obj::<WZipLongest>(w);
    if z.w_iters.is_null() || z.active == 0 {
        return Ok(None);
    }
    let iters = GcArray(z.w_iters);
    let n = iters.capacity();
    let items = GcArray::new(sp, n)?;
    for i in 0..n {
        let it = iters.get(i);
        let mut v = z.w_fill;
        if !it.is_null() {
            match sp.next(it) {
                Ok(Some(got)) => v = got,
                Ok(None) => {
                    z.active -= 1;
                    if z.active == 0 {
                        return Ok(None);
                    }
                    iters.set(sp, i, W::NULL)
                }
                Err(r) => {
                    z.active = 0;
                    return Err(r);
                }
            }
        }
        items.set(sp, i, v)
    }
    super::tuple_of(sp, items).map(Some)
}
