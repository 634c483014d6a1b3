//! Filling the inline caches of attributes and of instantiation: what a site has found becomes what it expects.

use super::space::{ck, done, is_instance, residual};
use super::special;
use crate::containers;
use crate::layouts::*;
use crate::types::{self, lookup, shapes};
use taipan_abi::known;
use taipan_abi::mode::{CALL_ANY, Mode};
use taipan_abi::thread::{Cache, Thread, k};
use taipan_abi::word::*;
use taipan_interp::space::Next;
use taipan_plugin_api::{Raised, Space, name};

/// Where a `__slots__` entry of instances with this row lies.
unsafe fn slot_offset(row: &taipan_abi::gc::TypeInfo, d: W) -> Option<usize> {
    let plain = d.is_tid(TID_MEMBER) && row.flags & taipan_abi::gc::tf::VAR == 0;
    (plain && (*d.ptr::<WMember>()).spec.is_null()).then(|| (*d.ptr::<WMember>()).offset)
}

/// May instances of this row be read without asking `__getattribute__`?
unsafe fn plain(sp: Space, w: W) -> Option<(W, &'static taipan_abi::gc::TypeInfo)> {
    let row = types::util::row(sp, w);
    let t = types::util::wt(row.w_type);
    (t.flags & tflags::PLAIN_GETATTR != 0).then_some((row.w_type, &*row))
}

/// Fills the cache if the attribute is of a kind that it can hold.
unsafe fn fill(sp: Space, w: W, w_name: W, cache: *mut Cache, method: bool) {
    let c = &mut *cache;
    let tid = w.header().tid;
    let key = tid as u64 | (sp.thread().epoch as u64) << 32;
    let set = |a: u64, b: u64, kind: u32| Cache { key, a, b, count: 0, kind };
    if tid == TID_MODULE {
        let d = (*w.ptr::<WModule>()).w_dict;
        if d.is_tid(TID_DICT)
            && let Some(i) = containers::dict::entry_index_for_name(d, w_name)
            && lookup::lookup(sp, sp.known(known::MODULE), w_name).is_none()
        {
            *c = set(containers::dict::keys_version(d), i as u64, ck::MODULE);
        }
        return;
    }
    if tid == TID_TYPE {
        if !lookup::cacheable(w_name) || lookup::lookup(sp, sp.known(known::TYPE), w_name).is_some() {
            return;
        }
        if let Some(v) = lookup::lookup(sp, w, w_name) {
            let dt = v.tid();
            let raw = if dt == TID_FUNCTION || dt == TID_INT || types::util::slots_of(sp, v).descr_get.is_none() {
                v
            } else if dt == TID_STATICMETHOD {
                (*v.ptr::<WWrapperDescr>()).w_func
            } else {
                return;
            };
            let version = lookup::version(w);
            if version != 0 {
                *c = set(version, raw.0, ck::CLASS);
            }
        }
        return;
    }
    let Some((w_type, row)) = plain(sp, w) else { return };
    let on_class = lookup::lookup(sp, w_type, w_name);
    let data = on_class.is_some_and(|d| types::util::slots_of(sp, d).descr_set.is_some());
    if let Some(d) = on_class {
        if !lookup::cacheable(w_name) {
            return;
        }
        if data {
            if d.is_tid(TID_PROPERTY) {
                let get = (*d.ptr::<WProperty>()).w_get;
                if get.is_tid(TID_FUNCTION) {
                    *c = set(0, get.0, ck::PROPERTY);
                }
            } else if let Some(at) = slot_offset(row, d) {
                // An unbound one is NULL there; the slow path raises.
                *c = set(at as u64, 0, ck::SLOT);
            }
            return;
        }
    }
    match shapes::find_attr(row, w_name) {
        Some(shapes::Place::Offset(o)) => {
            *c = set(o as u64, 0, ck::OFFSET);
            return;
        }
        Some(shapes::Place::Ext(i)) => {
            if !method {
                *c = set(row.inst_off as u64, i as u64, ck::EXT);
            }
            return;
        }
        None => {}
    }
    // Only the class has it; an instance without a shape may still have a dict of its own.
    // (One whose attributes lie after its items has a shape, but no place that a cache could hold.)
    let no_instance_dict =
        !shapes::has_dict(row, w) || shapes::has_shape(row) && shapes::index_of(row, w_name).is_none();
    if let Some(d) = on_class
        && no_instance_dict
    {
        let dt = d.tid();
        let method_like = dt == TID_FUNCTION || (dt == TID_METHOD_DESCR && types::descr::plain_method(d));
        if method_like {
            if method {
                *c = set(0, d.0, ck::METHOD);
            }
        } else if types::util::slots_of(sp, d).descr_get.is_none() {
            *c = set(0, d.0, ck::VALUE);
        } else if dt == TID_STATICMETHOD {
            *c = set(0, (*d.ptr::<WWrapperDescr>()).w_func.0, ck::VALUE);
        }
    }
}

unsafe extern "C-unwind" fn getattr_call(th: *mut Thread, w: W, w_name: W) -> W {
    Space::new(th).getattr(w, w_name).unwrap_or(W::NULL)
}
unsafe extern "C-unwind" fn setattr_call(th: *mut Thread, w: W, w_name: W, v: W) -> W {
    match Space::new(th).setattr(w, w_name, v) {
        Ok(()) => W::NONE,
        Err(Raised) => W::NULL,
    }
}

#[inline(never)]
pub unsafe fn getattr_slow<M: Mode>(m: M, w: M::W, w_name: W, cache: *mut Cache) -> Next<M> {
    if M::RECORDING {
        return residual(m, m.call2(&CALL_ANY, getattr_call, w, m.kw(w_name), k::DONE));
    }
    let sp = Space::new(m.th());
    let o = m.w(w);
    if o.is_obj() {
        fill(sp, o, w_name, cache, false);
    }
    if is_instance(m, w)
        && let Some(next) = special::getattr(m, w, w_name, k::DONE)
    {
        return next;
    }
    done(m, sp.getattr(o, w_name))
}

#[inline(never)]
pub unsafe fn load_method_slow<M: Mode>(m: M, w: M::W, w_name: W, cache: *mut Cache, with_self: &mut bool) -> Next<M> {
    if M::RECORDING {
        // The bound method, without self.
        return residual(m, m.call2(&CALL_ANY, getattr_call, w, m.kw(w_name), k::METHOD_VALUE));
    }
    let sp = Space::new(m.th());
    let o = m.w(w);
    if o.is_obj() {
        fill(sp, o, w_name, cache, true);
    }
    if is_instance(m, w)
        && let Some(next) = special::getattr(m, w, w_name, k::METHOD_VALUE)
    {
        return next;
    }
    match types::attrs::load_method(sp, o, w_name) {
        Ok((func, w_self)) => {
            *with_self = !w_self.is_null();
            Next::Done(m.kw(func))
        }
        Err(Raised) => Next::Raised,
    }
}

#[inline(never)]
pub unsafe fn setattr_slow<M: Mode>(m: M, w: M::W, w_name: W, v: M::W, cache: *mut Cache) -> Next<M> {
    if M::RECORDING {
        return residual(m, m.call3(&CALL_ANY, setattr_call, w, m.kw(w_name), v, k::DISCARD));
    }
    let sp = Space::new(m.th());
    let (o, v) = (m.w(w), m.w(v));
    let mut fresh = None;
    if o.is_obj() {
        let row = types::util::row(sp, o);
        let t = types::util::wt(row.w_type);
        let key = row.tid as u64 | (sp.thread().epoch as u64) << 32;
        let on_class = lookup::lookup(sp, row.w_type, w_name);
        if t.flags & tflags::PLAIN_SETATTR != 0
            && lookup::cacheable(w_name)
            && let Some(at) = on_class.and_then(|d| slot_offset(row, d))
        {
            fresh = Some(Cache { key, a: at as u64, b: 0, count: 0, kind: ck::OFFSET });
        } else if t.flags & tflags::PLAIN_SETATTR != 0 && shapes::has_shape(row) {
            let data = on_class
                .is_some_and(|d| types::util::slots_of(sp, d).descr_set.is_some() || !lookup::cacheable(w_name));
            if !data {
                if let Some(shapes::Place::Offset(at)) = shapes::find_attr(row, w_name) {
                    fresh = Some(Cache { key, a: at as u64, b: 0, count: 0, kind: ck::OFFSET });
                } else if let Some((tid, shapes::Place::Offset(at))) = shapes::transition(sp, row, w_name) {
                    fresh = Some(Cache { key, a: at as u64, b: tid as u64, count: 0, kind: ck::TRANSITION });
                }
            }
        }
    }
    if is_instance(m, w)
        && let Some(c) = special::setattr(m, w, w_name, m.kw(v))
    {
        return Next::Call(c);
    }
    match sp.setattr(o, w_name, v) {
        Ok(()) => {
            if let Some(c) = fresh {
                *cache = c;
            }
            Next::Done(m.kw(W::NONE))
        }
        Err(Raised) => Next::Raised,
    }
}

/// Remembers how to instantiate a plain class whose `__init__` is a Python function.
#[cold]
pub unsafe fn instantiation<M: Mode>(m: M, w: W, cache: *mut Cache) {
    let sp = Space::new(m.th());
    let t = types::util::wt(w);
    let wanted = tflags::HEAP | tflags::PLAIN_NEW;
    if t.flags & wanted != wanted
        || t.flags & (tflags::ABSTRACT | tflags::FINALIZER | tflags::PLAIN_INIT | tflags::DISALLOW_INSTANTIATION) != 0
        || M::RECORDING
    {
        return;
    }
    let Some(w_init) = lookup::lookup(sp, w, name!(sp, "__init__")) else { return };
    if !w_init.is_tid(TID_FUNCTION) {
        return;
    }
    let row = types::create::layout_row(sp, w);
    let plain = row.flags & (taipan_abi::gc::tf::VAR | taipan_abi::gc::tf::FINALIZER | taipan_abi::gc::tf::FREE) == 0;
    if !plain || row.layout != TID_OBJECT {
        return;
    }
    let (tid, bytes) = (row.tid, row.fixed_bytes);
    let version = lookup::version(w);
    if version != 0 {
        *cache = Cache {
            key: version,
            a: tid as u64 | (bytes as u64) << 32,
            b: w_init.0,
            count: (*cache).count,
            kind: ck::CLASS,
        };
    }
}
