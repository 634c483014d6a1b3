//! Struct sequences (`os.stat_result`): tuples with named fields, some of which lie behind the items.

use super::util::row;
use super::util::*;
use super::{create, descr, heaptype, rows};
use crate::layouts::*;
use std::collections::HashMap;
use std::sync::Mutex;
use taipan_abi::gc::tf;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Fields of each class: (tuple of names (None = unnamed), how many are items).
static CLASSES: Mutex<Option<HashMap<u64, (W, usize)>>> = Mutex::new(None);
fn fields_of(w_type: W) -> Option<(W, usize)> {
    let guard = CLASSES.lock().unwrap_or_else(|e| e.into_inner());
    guard.as_ref().and_then(|m| m.get(&w_type.0).copied())
}

/// A struct sequence class. `fields`: names (None for an unnamed one), the first `n_sequence` make the tuple.
pub fn new_type(sp: Space, w_name: W, w_doc: W, w_fields: W, n_sequence: i64) -> Res<W> {
    let full = sp.string_w(w_name)?;
    let (module, name) = full.rsplit_once('.').unwrap_or(("builtins", &full));
    let fields = sp.tuple_items(w_fields);
    let n_seq = n_sequence.clamp(0, fields.len() as i64) as usize;
    let ns = sp.newdict()?;
    let empty = sp.newtuple(&[])?;
    sp.dict_set_str(ns, "__slots__", empty)?;
    sp.dict_set_str(ns, "__module__", sp.intern(module))?;
    sp.dict_set_str(ns, "__doc__", or_none(w_doc))?;
    sp.dict_set_str(ns, "n_fields", W::int(fields.len() as i64))?;
    sp.dict_set_str(ns, "n_sequence_fields", W::int(n_seq as i64))?;
    let unnamed = fields.iter().filter(|f| f.is_none()).count();
    sp.dict_set_str(ns, "n_unnamed_fields", W::int(unnamed as i64))?;
    let named: Vec<W> = fields[..n_seq].iter().copied().filter(|f| !f.is_none()).collect();
    let w_match = sp.newtuple(&named)?;
    sp.dict_set_str(ns, "__match_args__", w_match)?;
    let bases = sp.newtuple(&[builtin_type(sp, TID_TUPLE)])?;
    let w = heaptype::make_class(sp, name, bases, ns)?;
    let t = wt(w);
    let d = t.w_dict;
    sp.dict_del(d, name!(sp, "__slots__"))?;
    let extra = (fields.len() - n_seq) as u32;
    if extra > 0 {
        let row = sp.row_of(t.tid);
        let layout = row.layout;
        row.inst_off = 0;
        row.flags |= tf::INSTANCE | tf::INSTANCE_AFTER_ITEMS;
        rows::extend(row, layout, extra);
    }
    for (i, f) in fields.iter().enumerate().filter(|(_, f)| !f.is_none()) {
        let key = sp.intern_str(*f)?;
        // SAFETY: row TID_MEMBER is laid out so; fresh object.
        let (v, m) = unsafe { new::<WMember>(sp, TID_MEMBER)? };
        m.spec = &FIELD;
        m.w_type = w;
        m.w_name = key;
        m.offset = if i < n_seq { descr::MEMBER_ITEM + i } else { descr::MEMBER_HIDDEN + (i - n_seq) };
        sp.dict_set(d, key, v)?;
    }
    keep(sp, w_fields)?;
    keep(sp, w)?;
    CLASSES.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(HashMap::new).insert(w.0, (w_fields, n_seq));
    // SAFETY: the class owns its slots.
    unsafe {
        (*t.slots).new = Some(tp_new);
        (*t.slots).repr = Some(repr);
    }
    for spec in [&REDUCE, &REPLACE] {
        let m = create::method_descr(sp, spec, w)?;
        sp.dict_set(d, sp.intern(spec.name.get()), m)?;
    }
    let f = super::calls::new_builtin(sp, &super::object::NEW_SPEC, w, W::NULL)?;
    sp.dict_set(d, name!(sp, "__new__"), f)?;
    t.flags &= !(tflags::BASETYPE | tflags::PLAIN_NEW);
    t.flags |= tflags::IMMUTABLE;
    super::slotdefs::flags(sp, w);
    Ok(w)
}

/// An instance from all fields' values (items first); missing hidden ones are None.
pub fn make(sp: Space, w_type: W, values: &[W]) -> Res<W> {
    let Some((w_fields, n_seq)) = fields_of(w_type) else {
        return Err(raise!(sp, SYSTEM_ERROR, "{} is no struct sequence", tp_name(sp, w_type)));
    };
    let total = tuple(w_fields).len();
    let w = create::allocate(sp, w_type, n_seq)?;
    for i in 0..n_seq {
        // SAFETY: n_seq items follow the header of a tuple.
        unsafe { store(sp, w, w.ptr::<W>().add(2 + i), values.get(i).copied().unwrap_or(W::NONE)) };
    }
    if total > n_seq {
        let p = super::shapes::part(row(sp, w), w);
        for i in n_seq..total {
            // SAFETY: the hidden words of this class.
            unsafe { store(sp, w, p.add(i - n_seq), values.get(i).copied().unwrap_or(W::NONE)) };
        }
    }
    Ok(w)
}
fn all_values(sp: Space, w: W) -> Vec<W> {
    let mut out = tuple(w).to_vec();
    if let Some((f, n)) = fields_of(type_of(sp, w)) {
        let total = tuple(f).len();
        if total > n {
            let p = super::shapes::part(row(sp, w), w);
            for i in 0..total - n {
                // SAFETY: the hidden words of this class. The Vec is read while `w` is on the caller's stack.
                out.push(or_none(unsafe { *p.add(i) }))
            }
        }
    }
    out
}
#[slot]
fn tp_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let (mut w_seq, mut w_dict) = (args.positional().first().copied(), args.positional().get(1).copied());
    for (n, v) in args.keywords(sp) {
        match () {
            _ if n.eq_str("sequence") => w_seq = Some(v),
            _ if n.eq_str("dict") => w_dict = Some(v),
            _ => return Err(raise!(sp, TYPE_ERROR, "structseq() got an unexpected keyword argument '{}'", n.to_str())),
        }
    }
    let name = tp_name(sp, w_type);
    let Some(w_seq) = w_seq else {
        return Err(sp.type_error("structseq() missing required argument 'sequence' (pos 1)"));
    };
    let Some((w_fields, n_seq)) = fields_of(w_type) else {
        return Err(sp.type_error("constructor requires a sequence"));
    };
    let total = tuple(w_fields).len();
    let (_t, items) = match sp.unpack(w_seq) {
        Ok(x) => x,
        Err(r) => {
            if sp.catch(known::TYPE_ERROR) {
                return Err(sp.type_error("constructor requires a sequence"));
            }
            return Err(r);
        }
    };
    let full = full_name(sp, w_type).unwrap_or(name);
    if items.len() < n_seq || items.len() > total {
        let (how, n) = match () {
            _ if n_seq == total => ("a", n_seq),
            _ if items.len() < n_seq => ("an at least", n_seq),
            _ => ("an at most", total),
        };
        return Err(raise!(sp, TYPE_ERROR, "{full}() takes {how} {n}-sequence ({}-sequence given)", items.len()));
    }
    let mut values = RootedVec::new(sp);
    values.extend(items);
    if let Some(d) = w_dict.filter(|d| !d.is_none()) {
        if sp.layout(d) != TID_DICT {
            return Err(raise!(sp, TYPE_ERROR, "{full}() takes a dict as second arg, if any"));
        }
        let mut used = 0;
        for f in &tuple(w_fields)[items.len()..] {
            let v = if f.is_none() { None } else { sp.dict_get(d, *f)? };
            used += v.is_some() as i64;
            values.push(v.unwrap_or(W::NONE))
        }
        if sp.dict_len(d)? > used {
            return Err(raise!(sp, TYPE_ERROR, "{full}() got duplicate or unexpected field name(s)"));
        }
    }
    make(sp, w_type, &values)
}
fn full_name(sp: Space, w_type: W) -> Option<String> {
    let m = super::typeattrs::module_name(sp, w_type).ok().flatten()?;
    let n = show(sp, wt(w_type).w_name);
    Some(if m == "builtins" { n } else { format!("{m}.{n}") })
}
#[slot]
fn repr(sp: Space, w: W) -> Res<W> {
    let t = type_of(sp, w);
    let mut parts = Vec::new();
    if let Some((f, n)) = fields_of(t) {
        for (i, name) in tuple(f)[..n].iter().enumerate() {
            let v = sp.repr_string(tuple(w)[i])?;
            parts.push(if name.is_none() { v } else { format!("{}={v}", show(sp, *name)) })
        }
    }
    sp.newstr(&format!("{}({})", full_name(sp, t).unwrap_or_else(|| tp_name(sp, t)), parts.join(", ")))
}
/// Helper for pickle.
#[interp_fn(name = "__reduce__", method, sig = "($self, /)")]
fn reduce(sp: Space, w: W) -> Res<W> {
    let values = all_values(sp, w);
    let d = sp.newdict()?;
    let t = type_of(sp, w);
    if let Some((f, n)) = fields_of(t) {
        for (i, name) in tuple(f).iter().enumerate().skip(n) {
            if !name.is_none() {
                sp.dict_set(d, *name, values[i])?
            }
        }
    }
    let items = sp.newtuple(tuple(w))?;
    let a = sp.newtuple(&[items, d])?;
    sp.newtuple(&[t, a])
}
/// Return a copy of the structure with new values for the specified fields.
#[interp_fn(name = "__replace__", method, sig = "($self, /, **changes)")]
fn replace(sp: Space, w: W, w_changes: W) -> Res<W> {
    let t = type_of(sp, w);
    let Some((f, _)) = fields_of(t) else { return Ok(w) };
    if tuple(f).iter().any(|n| n.is_none()) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "__replace__() is not supported for {} because it has unnamed field(s)",
            full_name(sp, t).unwrap_or_default()
        ));
    }
    let mut values = RootedVec::new(sp);
    values.extend(&all_values(sp, w));
    let mut used = 0;
    for (i, n) in tuple(f).iter().enumerate() {
        if let Some(v) = sp.dict_get(w_changes, *n)? {
            values[i] = v;
            used += 1;
        }
    }
    if used < sp.dict_len(w_changes)? {
        let mut bad = Vec::new();
        let mut pos = 0;
        while let Some((k, _)) = sp.dict_next(w_changes, &mut pos) {
            if !tuple(f).iter().any(|n| show(sp, *n) == show(sp, k)) {
                bad.push(format!("'{}'", show(sp, k)))
            }
        }
        return Err(raise!(sp, TYPE_ERROR, "Got unexpected field name(s): [{}]", bad.join(", ")));
    }
    make(sp, t, &values)
}
/// What all fields share; it also tells them from `__slots__` entries, whose offset is one in bytes.
static FIELD: MemberSpec =
    MemberSpec { name: Str::new(""), kind: MemberKind::Obj, offset: 0, readonly: 1, doc: Str::new("") };
static REDUCE: FnSpec = reduce::SPEC;
static REPLACE: FnSpec = replace::SPEC;
