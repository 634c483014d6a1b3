//! Thread-local data.

use super::TID_LOCAL;
use super::own::own;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{setfield, slot};

/// Thread-local data: a dict for each thread, by the thread's serial number (idents are used again).
#[derive(GcObject)]
#[repr(C)]
struct WLocal {
    header: Header,
    w_dicts: W,
    w_args: W,
}
fn local<'a>(w: W) -> &'a WLocal {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}
fn current(sp: Space, w: W) -> Res<W> {
    let w_key = sp.newint(own(sp).serial as i64);
    if let Some(d) = sp.dict_get(local(w).w_dicts, w_key)? {
        return Ok(d);
    }
    let d = enter(sp, w)?;
    // A subclass's __init__ runs once in each thread.
    if let Some(items) = sp.tuple_opt(local(w).w_args) {
        let w_init = sp.getattr(w, name!(sp, "__init__"))?;
        if sp.call_ex(w_init, items[0], items[1]).is_err() {
            let w_exc = sp.take_exc();
            sp.dict_del(local(w).w_dicts, w_key)?;
            return Err(sp.set_exc(w_exc));
        }
    }
    Ok(d)
}
/// Gives the running thread its dict.
fn enter(sp: Space, w: W) -> Res<W> {
    let d = sp.newdict()?;
    sp.dict_set(local(w).w_dicts, sp.newint(own(sp).serial as i64), d)?;
    remember(sp, w)?;
    Ok(d)
}
/// The thread keeps weak references to what it has to leave at its end. Dead ones go when the list has grown to twice what was
/// alive the last time.
fn remember(sp: Space, w: W) -> Res<()> {
    let me = own(sp);
    if me.w_locals.is_null() {
        me.w_locals = sp.newlist(&[])?;
    }
    let n = sp.list_len(me.w_locals)? as usize;
    if n >= me.prune_at {
        let mut alive = RootedVec::new(sp);
        for i in 0..n {
            let r = sp.list_item(me.w_locals, i as i64)?;
            if sp.weakref_get(r)?.is_some() {
                alive.push(r);
            }
        }
        me.prune_at = 2 * alive.len() + 16;
        me.w_locals = alive.into_list()?;
    }
    let w_ref = sp.weakref_new(sp.known(known::WEAKREF), w, W::NULL)?;
    sp.list_append(me.w_locals, w_ref)
}
/// The thread ends: its data go.
pub fn leave(sp: Space) -> Res<()> {
    let me = own(sp);
    let w_locals = std::mem::replace(&mut me.w_locals, W::NULL);
    if w_locals.is_null() {
        return Ok(());
    }
    let w_key = sp.newint(me.serial as i64);
    for i in 0..sp.list_len(w_locals)? {
        if let Some(w) = sp.weakref_get(sp.list_item(w_locals, i)?)?
            && sp.dict_get(local(w).w_dicts, w_key)?.is_some()
        {
            sp.dict_del(local(w).w_dicts, w_key)?;
        }
    }
    Ok(())
}
#[slot]
fn local_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    let w_dicts = sp.newdict()?;
    setfield!(sp, w, WLocal, w_dicts, w_dicts);
    let w_pos = sp.newtuple(args.positional())?;
    let w_kw = sp.newdict()?;
    for (n, v) in args.keywords(sp) {
        sp.dict_set(w_kw, n.w, v)?;
    }
    let has_args = args.n > 0 || args.nkw(sp) > 0;
    let own_init = (crate::types::util::type_slots(w_type).init)
        .is_some_and(|_| w_type != crate::types::util::builtin_type(sp, TID_LOCAL));
    if has_args && !own_init {
        return Err(sp.type_error("Initialization arguments are not supported"));
    }
    enter(sp, w)?;
    let w_args = sp.newtuple(&[w_pos, w_kw])?;
    setfield!(sp, w, WLocal, w_args, w_args);
    Ok(w)
}
#[slot]
fn local_getattr(sp: Space, w: W, w_name: W) -> Res<W> {
    let d = current(sp, w)?;
    if sp.text_w(w_name)?.eq_str("__dict__") {
        return Ok(d);
    }
    let w_type = sp.type_(w)?;
    let on_class = crate::types::lookup::lookup(sp, w_type, sp.intern_str(w_name)?);
    let data = on_class.is_some_and(|c| crate::types::util::slots_of(sp, c).descr_set.is_some());
    if !data && let Some(v) = sp.dict_get(d, w_name)? {
        return Ok(v);
    }
    crate::types::attrs::generic_getattr(sp, w, w_name)
}
#[slot]
fn local_setattr(sp: Space, w: W, w_name: W, v: W) -> Res<()> {
    let d = current(sp, w)?;
    if sp.text_w(w_name)?.eq_str("__dict__") {
        return Err(raise!(sp, ATTRIBUTE_ERROR, "'{}' object attribute '__dict__' is read-only", sp.type_name(w)));
    }
    let w_type = sp.type_(w)?;
    if let Some(c) = crate::types::lookup::lookup(sp, w_type, sp.intern_str(w_name)?)
        && let Some(f) = crate::types::util::slots_of(sp, c).descr_set
    {
        // SAFETY: a slot of the object's own class.
        return if unsafe { f(sp.th(), c, w, v) } < 0 { Err(Raised) } else { Ok(()) };
    }
    if v.is_null() {
        return match sp.dict_get(d, w_name)? {
            Some(_) => sp.dict_del(d, w_name),
            None => Err(raise!(
                sp,
                ATTRIBUTE_ERROR,
                "'{}' object has no attribute '{}'",
                sp.type_name(w),
                sp.string_w(w_name)?
            )),
        };
    }
    sp.dict_set(d, w_name, v)
}
typespec!(
    /// _thread._local
    pub LOCAL: WLocal, "_thread._local", {
        doc: Str::new("Data of which each thread has its own."),
        flags: ty::BASETYPE | ty::WEAKREF,
        slots: &Slots { new: Some(local_new), getattr: Some(local_getattr), setattr: Some(local_setattr), ..Slots::EMPTY },
    }
);
