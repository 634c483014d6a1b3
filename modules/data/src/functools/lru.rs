//! lru_cache's wrapper.
//!
//! A bounded cache is a dict from keys to links of a ring around the root link: the newest before the root, the oldest after it.

use crate::util::*;
use taipan_plugin_api::prelude::*;

#[derive(GcObject)]
#[repr(C)]
struct WCache {
    header: Header,
    w_func: W,
    w_cache: W,
    w_info_type: W,
    /// The ring's root link, or NULL if the cache is not bounded.
    w_root: W,
    /// -1 = not bounded.
    maxsize: i64,
    typed: bool,
    hits: i64,
    misses: i64,
}
#[derive(GcObject)]
#[repr(C)]
struct WLink {
    header: Header,
    w_prev: W,
    w_next: W,
    w_key: W,
    w_result: W,
}
/// A key of more than one part, with its hash: computing it may call `__hash__` methods, which a call of the function does once.
#[derive(GcObject)]
#[repr(C)]
struct WHashed {
    header: Header,
    w_parts: W,
    hash: i64,
}
static W_CACHE: TypeOf = TypeOf::new();
static W_LINK: TypeOf = TypeOf::new();
static W_HASHED: TypeOf = TypeOf::new();
/// Separates positional from keyword arguments in a key.
static W_KWD_MARK: Global = Global::new();

typespec!(CACHE: WCache, "functools._lru_cache_wrapper", {
    doc: Str::new("Create a cached callable that wraps another function.\n\nuser_function:      the function being cached\n\nmaxsize:  0         for no caching\n          None      for unlimited cache size\n          n         for a bounded cache\n\ntyped:    False     cache f(3) and f(3.0) as identical calls\n          True      cache f(3) and f(3.0) as distinct calls\n\ncache_info_type:    namedtuple class with the fields:\n                        hits misses currsize maxsize\n"),
    flags: ty::BASETYPE | ty::DICT | ty::WEAKREF,
    slots: &Slots { new: Some(cache_new), call: Some(cache_call), descr_get: Some(cache_get), ..Slots::EMPTY },
    methods: methods![cache_info, cache_clear, cache_reduce, cache_copy, cache_deepcopy],
});
typespec!(LINK: WLink, "functools._lru_list_elem", { flags: ty::DISALLOW_INSTANTIATION });
typespec!(HASHED: WHashed, "functools._HashedSeq", {
    flags: ty::DISALLOW_INSTANTIATION,
    slots: &Slots { hash: Some(hashed_hash), compare: Some(hashed_compare), ..Slots::EMPTY },
});

pub fn init(sp: Space, w_module: W) -> Res<()> {
    W_CACHE.add(sp, w_module, &CACHE)?;
    W_LINK.make(sp, w_module, &LINK)?;
    W_HASHED.make(sp, w_module, &HASHED)?;
    W_KWD_MARK.get_or(sp, |sp| sp.call(sp.known(known::OBJECT), &[]))?;
    Ok(())
}

fn new_root(sp: Space) -> Res<W> {
    let (w, link) = W_LINK.new_instance::<WLink>(sp)?;
    link.w_prev = w;
    link.w_next = w;
    Ok(w)
}

#[slot]
fn cache_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let [w_func, w_maxsize, w_typed, w_info] =
        parse_args(sp, "lru_cache", &args, ["user_function", "maxsize", "typed", "cache_info_type"], 0, 4, 4)?;
    if !sp.callable(w_func) {
        return Err(sp.type_error("the first argument must be callable"));
    }
    let maxsize = if w_maxsize.is_none() {
        -1
    } else if is_int(sp, w_maxsize) {
        sp.int_w(w_maxsize)?.max(0)
    } else {
        return Err(sp.type_error("maxsize should be integer or None"));
    };
    let typed = sp.is_true(w_typed)?;
    let w_cache = sp.newdict()?;
    let w_root = if maxsize > 0 { new_root(sp)? } else { W::NULL };
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WCache, w_func, w_func);
    setfield!(sp, w, WCache, w_cache, w_cache);
    setfield!(sp, w, WCache, w_info_type, w_info);
    setfield!(sp, w, WCache, w_root, w_root);
    let c = obj::<WCache>(w);
    c.maxsize = maxsize;
    c.typed = typed;
    Ok(w)
}

/// Small ints and exact strs: their hash costs nothing, and nobody can see it asked for.
fn hashes_quietly(w: W) -> bool {
    // SAFETY: a live word.
    w.is_int() || unsafe { w.is_tid(taipan_plugin_api::abi::word::TID_STR) }
}
/// A tuple as a key; as itself if its hash need not be remembered. Both forms of equal tuples are equal keys.
fn tuple_key(sp: Space, w_parts: W, parts: &[W]) -> Res<W> {
    if parts.iter().all(|w| hashes_quietly(*w)) {
        return Ok(w_parts);
    }
    let hash = sp.hash(w_parts)?;
    let (w, key) = W_HASHED.new_instance::<WHashed>(sp)?;
    key.w_parts = w_parts;
    key.hash = hash;
    Ok(w)
}
#[slot]
fn hashed_hash(_sp: Space, w: W) -> Res<i64> {
    Ok(obj::<WHashed>(w).hash)
}
#[slot]
fn hashed_compare(sp: Space, a: W, b: W, op: u32) -> Res<W> {
    let parts = |w| if W_HASHED.is(sp, w) { obj::<WHashed>(w).w_parts } else { w };
    match op {
        2 => sp.eq(parts(a), parts(b)),
        3 => sp.ne(parts(a), parts(b)),
        _ => Ok(W::NOT_IMPLEMENTED),
    }
}

/// The key of a call: the only argument itself if it is an exact int or str, else of all arguments.
#[inline]
fn make_key(sp: Space, args: &Args, typed: bool) -> Res<W> {
    let pos = args.positional();
    let nkw = args.nkw(sp);
    if !typed && nkw == 0 {
        if let [one] = pos
            && hashes_quietly(*one)
        {
            return Ok(*one);
        }
        let w_parts = sp.newtuple(pos)?;
        return tuple_key(sp, w_parts, pos);
    }
    let mut all = RootedVec::with_capacity(sp, 2 * (pos.len() + nkw) + 1);
    all.extend(pos);
    let keywords = args.keywords(sp);
    if nkw > 0 {
        all.push(W_KWD_MARK.get());
        for (k, v) in &keywords {
            all.push(k.w);
            all.push(*v)
        }
    }
    if typed {
        for w in pos {
            let t = sp.type_(*w)?;
            all.push(t)
        }
        for (_, v) in &keywords {
            let t = sp.type_(*v)?;
            all.push(t)
        }
    }
    let quiet = all.iter().all(|w| hashes_quietly(*w));
    let w_parts = all.into_tuple()?;
    if quiet { Ok(w_parts) } else { tuple_key(sp, w_parts, &[W::NONE]) }
}

fn unlink(sp: Space, w_link: W) {
    let l = obj::<WLink>(w_link);
    let (prev, next) = (l.w_prev, l.w_next);
    setfield!(sp, prev, WLink, w_next, next);
    setfield!(sp, next, WLink, w_prev, prev);
}
/// Puts a link before the root: the newest place.
fn append(sp: Space, w_root: W, w_link: W) {
    let last = obj::<WLink>(w_root).w_prev;
    setfield!(sp, last, WLink, w_next, w_link);
    setfield!(sp, w_root, WLink, w_prev, w_link);
    setfield!(sp, w_link, WLink, w_prev, last);
    setfield!(sp, w_link, WLink, w_next, w_root);
}

#[slot]
fn cache_call(sp: Space, w: W, args: Args) -> Res<W> {
    let c = obj::<WCache>(w);
    if c.maxsize == 0 {
        c.misses += 1;
        return sp.call_args(c.w_func, args);
    }
    let w_key = make_key(sp, &args, c.typed)?;
    let w_cache = c.w_cache;
    let found = sp.dict_get(w_cache, w_key)?;
    let c = obj::<WCache>(w);
    if c.maxsize < 0 {
        if let Some(v) = found {
            c.hits += 1;
            return Ok(v);
        }
        c.misses += 1;
        let v = sp.call_args(c.w_func, args)?;
        sp.dict_set(w_cache, w_key, v)?;
        return Ok(v);
    }
    if let Some(w_link) = found {
        c.hits += 1;
        let w_root = c.w_root;
        if obj::<WLink>(w_root).w_prev != w_link {
            unlink(sp, w_link);
            append(sp, w_root, w_link);
        }
        return Ok(obj::<WLink>(w_link).w_result);
    }
    c.misses += 1;
    let w_result = sp.call_args(c.w_func, args)?;
    // The call may have filled or cleared this cache.
    let c = obj::<WCache>(w);
    let (w_cache, w_root) = (c.w_cache, c.w_root);
    if sp.dict_get(w_cache, w_key)?.is_some() {
        return Ok(w_result);
    }
    if sp.dict_len(w_cache)? < c.maxsize {
        let (w_link, link) = W_LINK.new_instance::<WLink>(sp)?;
        link.w_key = w_key;
        link.w_result = w_result;
        sp.dict_set(w_cache, w_key, w_link)?;
        append(sp, w_root, w_link);
        return Ok(w_result);
    }
    // Full: the oldest link gets the new key and result.
    let w_oldest = obj::<WLink>(w_root).w_next;
    if w_oldest == w_root {
        return Ok(w_result);
    }
    unlink(sp, w_oldest);
    let w_old_key = obj::<WLink>(w_oldest).w_key;
    if let Err(r) = sp.dict_del(w_cache, w_old_key) {
        // Someone removed it in between: the link is gone, the result stands.
        return if sp.catch(known::KEY_ERROR) { Ok(w_result) } else { Err(r) };
    }
    setfield!(sp, w_oldest, WLink, w_key, w_key);
    setfield!(sp, w_oldest, WLink, w_result, w_result);
    sp.dict_set(w_cache, w_key, w_oldest)?;
    append(sp, w_root, w_oldest);
    Ok(w_result)
}
#[slot]
fn cache_get(sp: Space, w: W, w_obj: W, _w_type: W) -> Res<W> {
    if w_obj.is_null() || w_obj.is_none() { Ok(w) } else { sp.newmethod(w, w_obj) }
}
/// Report cache statistics
#[interp_fn(method, sig = "(self, /)")]
fn cache_info(sp: Space, w: W) -> Res<W> {
    let c = obj::<WCache>(w);
    let maxsize = if c.maxsize < 0 { W::NONE } else { sp.newint(c.maxsize) };
    let n = sp.dict_len(c.w_cache)?;
    sp.call(c.w_info_type, &[sp.newint(c.hits), sp.newint(c.misses), maxsize, sp.newint(n)])
}
/// Clear the cache and cache statistics
#[interp_fn(method, sig = "(self, /)")]
fn cache_clear(sp: Space, w: W) -> Res<()> {
    let w_cache = sp.newdict()?;
    let c = obj::<WCache>(w);
    (c.hits, c.misses) = (0, 0);
    setfield!(sp, w, WCache, w_cache, w_cache);
    if c.maxsize > 0 {
        let w_root = new_root(sp)?;
        setfield!(sp, w, WCache, w_root, w_root);
    }
    Ok(())
}
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn cache_reduce(sp: Space, w: W) -> Res<W> {
    sp.getattr_str(w, "__qualname__")
}
#[interp_fn(method, name = "__copy__", sig = "(self, /)")]
fn cache_copy(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[interp_fn(method, name = "__deepcopy__", sig = "(self, memo, /)")]
fn cache_deepcopy(_sp: Space, w: W, _memo: W) -> Res<W> {
    Ok(w)
}
