//! islice.

use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WIslice {
    header: Header,
    w_iter: W,
    next: u64,
    /// -1 = to the end
    stop: i64,
    step: u64,
    count: u64,
}
static W_ISLICE: TypeOf = TypeOf::new();

typespec!(ISLICE: WIslice, "itertools.islice", {
    doc: Str::new("islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(islice_new), iter: Some(iter_self), next: Some(islice_next), ..Slots::EMPTY },
});

pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_ISLICE.add(sp, w_module, &ISLICE)?;
    Ok(())
}

/// None or a size; the error has its own text.
fn bound(sp: Space, w: W, message: &str) -> Res<Option<i64>> {
    if w.is_none() {
        return Ok(None);
    }
    match sp.int_w(w) {
        Ok(i) if i >= 0 => Ok(Some(i)),
        Ok(_) => Err(sp.value_error(message)),
        Err(_) => {
            sp.take_exc();
            Err(sp.value_error(message))
        }
    }
}
#[slot]
fn islice_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    super::no_keywords(sp, w_type, "islice", &args)?;
    let pos = args.positional();
    let indices = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let only_stop = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let (start, stop) = match pos {
        [_, w_stop] => (0, bound(sp, *w_stop, only_stop)?),
        [_, w_start, w_stop] | [_, w_start, w_stop, _] => {
            let stop = bound(sp, *w_stop, only_stop)?;
            (bound(sp, *w_start, indices)?.unwrap_or(0), stop)
        }
        _ => return Err(wrong_count(sp, "islice", pos.len(), 2, 4)),
    };
    let step = match pos.get(3) {
        None => 1,
        Some(w) => {
            let message = "Step for islice() must be a positive integer or None.";
            match bound(sp, *w, message)? {
                None => 1,
                Some(0) => return Err(sp.value_error(message)),
                Some(i) => i,
            }
        }
    };
    let w_iter = sp.iter(pos[0])?;
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WIslice, w_iter, w_iter);
    let s = obj::<WIslice>(w);
    (s.next, s.stop, s.step) = (start as u64, stop.unwrap_or(-1), step as u64);
    Ok(w)
}
#[slot]
fn islice_next(sp: Space, w: W) -> Res<Option<W>> {
    let s = obj::<WIslice>(w);
    let w_iter = s.w_iter;
    if w_iter.is_null() {
        return Ok(None);
    }
    while s.count < s.next {
        if sp.next(w_iter)?.is_none() {
            s.w_iter = W::NULL;
            return Ok(None);
        }
        s.count += 1;
    }
    if s.stop != -1 && s.count >= s.stop as u64 {
        s.w_iter = W::NULL;
        return Ok(None);
    }
    let Some(item) = sp.next(w_iter)? else {
        s.w_iter = W::NULL;
        return Ok(None);
    };
    s.count += 1;
    let next = s.next.saturating_add(s.step);
    s.next = if s.stop != -1 { next.min(s.stop as u64) } else { next };
    Ok(Some(item))
}
