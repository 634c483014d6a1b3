//! `_collections`.

mod defaultdict;
mod deque;
mod deque_iter;
mod deque_ops;
mod tuplegetter;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

fn setup(sp: Space, w_module: W) -> Res<()> {
    deque::W_DEQUE.add(sp, w_module, &deque::DEQUE)?;
    deque_iter::W_ITER.add(sp, w_module, &deque_iter::ITER)?;
    deque_iter::W_REVERSE_ITER.add(sp, w_module, &deque_iter::REVERSE_ITER)?;
    tuplegetter::W_GETTER.add(sp, w_module, &tuplegetter::GETTER)?;
    defaultdict::make(sp, w_module)
}

mixed_module!(
    MODULE,
    "_collections",
    doc = "High performance data structures.\n- deque:        ordered collection accessible from endpoints only\n- defaultdict:  dict subclass with a default value factory\n",
    functions = [count_elements],
    init = setup,
);

/// Count elements in the iterable, updating the mapping
#[interp_fn(name = "_count_elements", sig = "(mapping, iterable, /)")]
fn count_elements(sp: Space, w_mapping: W, w_iterable: W) -> Res<()> {
    let it = sp.iter(w_iterable)?;
    let w_type = sp.type_(w_mapping)?;
    let w_dict_type = sp.known(known::DICT);
    // The fast way is open if the class reads and stores as dict does.
    let plain = sp.isinstance(w_mapping, w_dict_type)? && {
        let same = |name: &str| -> Res<bool> {
            let a = sp.getattr_str(w_type, name)?;
            let b = sp.getattr_str(w_dict_type, name)?;
            Ok(sp.is_(a, b))
        };
        same("get")? && same("__setitem__")?
    };
    if plain {
        while let Some(k) = sp.next(it)? {
            let new = match sp.dict_get(w_mapping, k)? {
                None => W::int(1),
                Some(n) if n.is_int() => sp.newint(n.untag() + 1),
                Some(n) => sp.add(n, W::int(1))?,
            };
            sp.dict_set(w_mapping, k, new)?
        }
        return Ok(());
    }
    let w_get = sp.getattr_str(w_mapping, "get")?;
    while let Some(k) = sp.next(it)? {
        let old = sp.call(w_get, &[k, W::int(0)])?;
        let new = sp.add(old, W::int(1))?;
        sp.setitem(w_mapping, k, new)?
    }
    Ok(())
}
