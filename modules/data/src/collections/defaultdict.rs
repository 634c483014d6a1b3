//! defaultdict: a dict with one word more.
//!
//! How a dict is laid out is the space's business; its row says how long it is and where its references are, and the factory follows.

use crate::util::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::abi::word::TID_DICT;
use taipan_plugin_api::prelude::*;

static W_DEFAULTDICT: TypeOf = TypeOf::new();
/// Byte offset of the factory in an instance.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

static SLOTS: Slots = Slots {
    init: Some(dd_init),
    repr: Some(dd_repr),
    binary: {
        let mut b = Slots::EMPTY.binary;
        b[OR] = Some(dd_or);
        b
    },
    ..Slots::EMPTY
};
/// `BinOp` of `|`.
const OR: usize = taipan_plugin_api::abi::opcode::BinOp::Or as usize;
const DOC: &str = "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nThe default factory is called without arguments to produce\na new value when a key is not present, in __getitem__ only.\nA defaultdict compares equal to a dict with the same items.\nAll remaining arguments are treated the same as if they were\npassed to the dict constructor, including keyword arguments.";
static METHODS: &[FnSpec] = &[missing::SPEC, dd_copy::SPEC, dd_copy_dunder::SPEC, dd_reduce::SPEC, class_getitem::SPEC];
static GETSET: &[GetSetSpec] = &[getset!("default_factory", get_factory, set_factory)];

pub fn make(sp: Space, w_module: W) -> Res<()> {
    let w_base = sp.known(known::DICT);
    let row = sp.row_of(TID_DICT);
    if row.flags & (tf::VAR | tf::TRACE) != 0 || row.fixed_bytes >= 64 * 8 {
        return Err(sp.not_implemented("defaultdict over a dict of this layout"));
    }
    let at = row.fixed_bytes;
    let spec = TypeSpec {
        name: Str::new("collections.defaultdict"),
        doc: Str::new(DOC),
        flags: ty::BASETYPE,
        layout_flags: row.flags & tf::FREE,
        fixed_bytes: at + 8,
        item_bytes: 0,
        len_off: 0,
        items_off: 0,
        ptr_map: row.ptr_map | 1 << (at / 8),
        trace: None,
        free: row.free,
        native_bytes: row.native_bytes,
        slots: &SLOTS,
        methods: Slice::new(METHODS),
        getset: Slice::new(GETSET),
        members: Slice::new(&[]),
    };
    OFFSET.store(at as usize, Ordering::Relaxed);
    // Classes are immortal, so is their description.
    let w = W_DEFAULTDICT.make_from(sp, w_module, Box::leak(Box::new(spec)), w_base)?;
    sp.setattr_str(w_module, "defaultdict", w)
}

fn slot_of(w: W) -> *mut W {
    // SAFETY: instances are that long by their description.
    unsafe { w.ptr::<u8>().add(OFFSET.load(Ordering::Relaxed)).cast() }
}
/// The factory, NULL or None if there is none.
fn factory(w: W) -> W {
    // SAFETY: as above.
    unsafe { *slot_of(w) }
}
fn set(sp: Space, w: W, w_factory: W) {
    // SAFETY: as above; the barrier directly precedes the store.
    unsafe {
        sp.barrier(w, slot_of(w));
        *slot_of(w) = w_factory
    }
}
#[slot]
fn get_factory(_sp: Space, w: W) -> Res<W> {
    let f = factory(w);
    Ok(if f.is_null() { W::NONE } else { f })
}
#[slot]
fn set_factory(sp: Space, w: W, v: W) -> Res<()> {
    set(sp, w, v);
    Ok(())
}

#[slot]
fn dd_init(sp: Space, w: W, args: Args) -> Res<()> {
    let mut rest = args;
    let mut w_factory = W::NONE;
    if let Some(f) = args.positional().first() {
        if !f.is_none() && !sp.callable(*f) {
            return Err(sp.type_error("first argument must be callable or None"));
        }
        w_factory = *f;
        // SAFETY: the words after the first one follow it.
        rest = Args { ptr: unsafe { args.ptr.add(1) }, n: args.n - 1, kwnames: args.kwnames };
    }
    set(sp, w, w_factory);
    // SAFETY: the row of dict has its class's slots.
    let dict_slots = unsafe { &*sp.row_of(TID_DICT).slots };
    let Some(init) = dict_slots.init else { return Err(sp.runtime_error("dict has no __init__")) };
    // SAFETY: a slot of the base class on an instance of it.
    if unsafe { init(sp.th(), w, rest.ptr, rest.n, rest.kwnames) } < 0 { Err(Raised) } else { Ok(()) }
}

/// __missing__(key) # Called by __getitem__ for missing key; pseudo-code:
///   if self.default_factory is None: raise KeyError((key,))
///   self[key] = value = self.default_factory()
///   return value
#[interp_fn(method, name = "__missing__", sig = "(self, key, /)")]
fn missing(sp: Space, w: W, w_key: W) -> Res<W> {
    let f = factory(w);
    if f.is_null() || f.is_none() {
        return Err(sp.key_error(w_key));
    }
    let v = sp.call(f, &[])?;
    // A key that the factory itself has set keeps its value.
    if let Some(old) = sp.dict_get(w, w_key)? {
        return Ok(old);
    }
    sp.setitem(w, w_key, v)?;
    Ok(v)
}
fn make_copy(sp: Space, w: W) -> Res<W> {
    let f = factory(w);
    let w_type = sp.type_(w)?;
    sp.call(w_type, &[if f.is_null() { W::NONE } else { f }, w])
}
/// D.copy() -> a shallow copy of D.
#[interp_fn(method, name = "copy", sig = "(self, /)")]
fn dd_copy(sp: Space, w: W) -> Res<W> {
    make_copy(sp, w)
}
/// D.copy() -> a shallow copy of D.
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
fn dd_copy_dunder(sp: Space, w: W) -> Res<W> {
    make_copy(sp, w)
}
/// Return state information for pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn dd_reduce(sp: Space, w: W) -> Res<W> {
    let f = factory(w);
    let w_args = if f.is_null() || f.is_none() { sp.newtuple(&[])? } else { sp.newtuple(&[f])? };
    let w_items = sp.call_method(w, name!(sp, "items"), &[])?;
    let w_iter = sp.iter(w_items)?;
    sp.newtuple(&[sp.type_(w)?, w_args, W::NONE, W::NONE, w_iter])
}
#[slot]
fn dd_repr(sp: Space, w: W) -> Res<W> {
    // SAFETY: the row of dict has its class's slots.
    let Some(repr) = (unsafe { &*sp.row_of(TID_DICT).slots }).repr else {
        return Err(sp.runtime_error("dict has no __repr__"));
    };
    // SAFETY: a slot of the base class on an instance of it.
    let w_base = unsafe { repr(sp.th(), w) };
    if w_base.is_null() {
        return Err(Raised);
    }
    let f = factory(w);
    let w_factory = if f.is_null() {
        sp.newstr("None")?
    } else {
        match ReprGuard::enter(w) {
            Some(_guard) => sp.repr(f)?,
            None => sp.newstr("...")?,
        }
    };
    let w_name = sp.getattr_str(sp.type_(w)?, "__name__")?;
    let mut out = sp.text_w(w_name)?.to_wtf8().into_owned();
    out.push(b'(');
    out.extend_from_slice(&sp.text_w(w_factory)?.to_wtf8());
    out.extend(b", ");
    out.extend_from_slice(&sp.text_w(w_base)?.to_wtf8());
    out.push(b')');
    sp.newstr_wtf8(&out)
}
#[slot]
fn dd_or(sp: Space, a: W, b: W) -> Res<W> {
    let w_dict = sp.known(known::DICT);
    if !sp.isinstance(a, w_dict)? || !sp.isinstance(b, w_dict)? {
        return Ok(W::NOT_IMPLEMENTED);
    }
    let left = sp.isinstance(a, W_DEFAULTDICT.w())?;
    let w_self = if left { a } else { b };
    let f = factory(w_self);
    let w_new = sp.call(sp.type_(w_self)?, &[if f.is_null() { W::NONE } else { f }, a])?;
    sp.dict_update(w_new, b, 1)?;
    Ok(w_new)
}
