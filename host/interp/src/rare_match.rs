//! MATCH_KEYS and MATCH_CLASS.

use crate::rare::Stack;
use taipan_abi::known;
use taipan_abi::word::W;
use taipan_plugin_api::{Raised, Res, RootedVec, Space, name, raise};

/// subject, keys tuple -> the same, tuple of values or None.
pub(crate) fn match_keys(sp: Space, st: &Stack) -> Res<()> {
    let w_map = st.peek(2);
    let Some(keys) = sp.tuple_opt(st.peek(1)) else {
        return Err(raise!(sp, SYSTEM_ERROR, "the keys of a mapping pattern are no tuple"));
    };
    let mut values = RootedVec::new(sp);
    if !keys.is_empty() {
        let w_get = sp.getattr(w_map, name!(sp, "get"))?;
        let w_seen = sp.newset(&[])?;
        let w_dummy = sp.call(sp.known(known::OBJECT), &[])?;
        for w_key in keys {
            if sp.set_contains(w_seen, *w_key)? {
                return Err(raise!(
                    sp,
                    VALUE_ERROR,
                    "mapping pattern checks duplicate key ({})",
                    sp.repr_string(*w_key)?
                ));
            }
            sp.set_add(w_seen, *w_key)?;
            let w = sp.call(w_get, &[*w_key, w_dummy])?;
            if w == w_dummy {
                st.push(W::NONE);
                return Ok(());
            }
            values.push(w);
        }
    }
    st.push(values.into_tuple()?);
    Ok(())
}

/// subject, class, names tuple -> tuple of attributes or None.
pub(crate) fn match_class(sp: Space, st: &Stack, npos: usize) -> Res<()> {
    let (w_subject, w_class, w_names) = (st.peek(3), st.peek(2), st.peek(1));
    let r = match_attributes(sp, w_subject, w_class, sp.tuple_items(w_names), npos)?;
    st.drop(3);
    st.push(r.unwrap_or(W::NONE));
    Ok(())
}

/// Types whose single positional sub-pattern matches the subject itself.
const SELF_MATCHING: [u32; 10] = [
    known::BOOL,
    known::BYTEARRAY,
    known::BYTES,
    known::DICT,
    known::FLOAT,
    known::FROZENSET,
    known::INT,
    known::LIST,
    known::SET,
    known::STR,
];

fn match_attributes(sp: Space, w_subject: W, w_class: W, names: &[W], npos: usize) -> Res<Option<W>> {
    if !sp.isinstance(w_class, sp.known(known::TYPE))? {
        return Err(sp.type_error("called match pattern must be a class"));
    }
    if !sp.isinstance(w_subject, w_class)? {
        return Ok(None);
    }
    let mut values = RootedVec::new(sp);
    let mut seen: Vec<String> = Vec::new();
    if npos > 0 {
        let class_name = sp.string_w(sp.getattr(w_class, name!(sp, "__name__"))?)?;
        let (allowed, w_args) = match sp.getattr_opt(w_class, name!(sp, "__match_args__"))? {
            Some(w) => match sp.tuple_opt(w) {
                Some(items) => (items.len(), Some(items)),
                None => {
                    return Err(raise!(
                        sp,
                        TYPE_ERROR,
                        "{class_name}.__match_args__ must be a tuple (got {})",
                        sp.type_name(w)
                    ));
                }
            },
            None => {
                let mut own = sp.known(known::TUPLE) == w_class || sp.issubclass(w_class, sp.known(known::TUPLE))?;
                for k in SELF_MATCHING {
                    own = own || sp.issubclass(w_class, sp.known(k))?;
                }
                (own as usize, None)
            }
        };
        if allowed < npos {
            return Err(raise!(
                sp,
                TYPE_ERROR,
                "{class_name}() accepts {allowed} positional sub-pattern{} ({npos} given)",
                if allowed == 1 { "" } else { "s" }
            ));
        }
        match w_args {
            None => values.push(w_subject),
            Some(items) => {
                for w_name in &items[..npos] {
                    let Some(t) = sp.text_opt(*w_name) else {
                        return Err(raise!(
                            sp,
                            TYPE_ERROR,
                            "__match_args__ elements must be strings (got {})",
                            sp.type_name(*w_name)
                        ));
                    };
                    match attribute(sp, w_subject, *w_name, t.to_str().into_owned(), &mut seen, &class_name)? {
                        Some(w) => values.push(w),
                        None => return Ok(None),
                    }
                }
            }
        }
    }
    for w_name in names {
        let class_name = sp.string_w(sp.getattr(w_class, name!(sp, "__name__"))?)?;
        let text = sp.string_w(*w_name)?;
        match attribute(sp, w_subject, *w_name, text, &mut seen, &class_name)? {
            Some(w) => values.push(w),
            None => return Ok(None),
        }
    }
    values.into_tuple().map(Some)
}

fn attribute(
    sp: Space,
    w: W,
    w_name: W,
    name: String,
    seen: &mut Vec<String>,
    class_name: &str,
) -> Result<Option<W>, Raised> {
    if seen.contains(&name) {
        return Err(raise!(sp, TYPE_ERROR, "{class_name}() got multiple sub-patterns for attribute '{name}'"));
    }
    seen.push(name);
    sp.getattr_opt(w, w_name)
}
