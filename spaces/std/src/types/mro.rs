//! The method resolution order.

use super::lookup;
use super::util::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The MRO of a class as a tuple: the C3 order, or what the metaclass's `mro()` says.
pub fn compute(sp: Space, w: W, _again: bool) -> Res<W> {
    let w_meta = type_of(sp, w);
    let custom = if w_meta == builtin_type(sp, TID_TYPE) {
        None
    } else {
        lookup::lookup(sp, w_meta, name!(sp, "mro"))
            // SAFETY: a live word.
            .filter(|m| unsafe { !m.is_tid(TID_METHOD_DESCR) })
    };
    let Some(m) = custom else { return c3(sp, w) };
    let bound = lookup::bind(sp, m, w, w_meta)?;
    let r = lookup::call_bound(sp, bound, &[])?;
    let (t, items) = sp.unpack(r)?;
    for c in items {
        if !is_type(sp, *c) {
            return Err(raise!(sp, TYPE_ERROR, "mro() returned a non-class ('{}')", tname(sp, *c)));
        }
    }
    // SAFETY: a live word.
    if unsafe { t.is_tid(TID_TUPLE) } { Ok(t) } else { sp.newtuple(items) }
}

/// The C3 linearization of the bases' orders.
pub fn c3(sp: Space, w: W) -> Res<W> {
    let bases = tuple(wt(w).w_bases);
    for (i, b) in bases.iter().enumerate() {
        if bases[..i].contains(b) {
            return Err(raise!(sp, TYPE_ERROR, "duplicate base class {}", tp_name(sp, *b)));
        }
        if wt(*b).w_mro.is_null() {
            return Err(raise!(sp, TYPE_ERROR, "Cannot extend an incomplete type '{}'", tp_name(sp, *b)));
        }
    }
    let mut out = vec![w];
    if let [b] = bases {
        out.extend_from_slice(tuple(wt(*b).w_mro));
        return sp.newtuple(&out);
    }
    // The tuples are held by the bases, the words in these slices need no further root.
    let mut lists: Vec<&[W]> = bases.iter().map(|b| tuple(wt(*b).w_mro)).collect();
    lists.push(bases);
    loop {
        lists.retain(|l| !l.is_empty());
        if lists.is_empty() {
            return sp.newtuple(&out);
        }
        let next = lists.iter().map(|l| l[0]).find(|c| !lists.iter().any(|l| l[1..].contains(c)));
        let Some(c) = next else {
            let mut names: Vec<String> = Vec::new();
            for l in &lists {
                let n = show(sp, wt(l[0]).w_name);
                if !names.contains(&n) {
                    names.push(n)
                }
            }
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "Cannot create a consistent method resolution order (MRO) for bases {}",
                names.join(", ")
            ));
        };
        out.push(c);
        for l in &mut lists {
            if l[0] == c {
                *l = &l[1..]
            }
        }
    }
}
