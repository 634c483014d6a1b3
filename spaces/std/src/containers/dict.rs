//! dict as Rust code uses it: lookups, stores, iteration by position, merging.

use super::list;
use super::table;
use super::util::{check_arity, exact, full_type_name, is_dict, slots, this, tuple_items};
use crate::layouts::{DictEntry, WDict, WDictKeys};
use std::sync::atomic::{AtomicU64, Ordering};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

static VERSIONS: AtomicU64 = AtomicU64::new(1);

/// A new empty dict.
#[inline]
pub fn new(sp: Space) -> Res<W> {
    // SAFETY: the row's layout is WDict, whose zero state is an empty dict.
    unsafe { sp.alloc(TID_DICT, size_of::<WDict>()) }
}

/// A new empty dict with room for `n` keys that are mostly strs.
pub fn with_capacity(sp: Space, n: usize) -> Res<W> {
    let w = new(sp)?;
    // SAFETY: a dict.
    unsafe { table::presize(sp, w, n, true)? };
    Ok(w)
}

/// The hash of a key; an unhashable one is told in 3.14's words.
#[inline]
pub fn key_hash(sp: Space, w_key: W) -> Res<u64> {
    table::hash(sp, w_key).map_err(|_| unhashable(sp, w_key, "dict key"))
}

/// Rewrites a plain TypeError of hash().
#[cold]
pub fn unhashable(sp: Space, w_key: W, role: &str) -> Raised {
    let w_exc = sp.take_exc();
    let plain = !w_exc.is_null() && sp.type_(w_exc).is_ok_and(|t| t == sp.known(known::TYPE_ERROR));
    if !plain {
        return sp.set_exc(w_exc);
    }
    match sp.str(w_exc).and_then(|w| sp.string_w(w)) {
        Ok(text) => raise!(sp, TYPE_ERROR, "cannot use '{}' as a {role} ({text})", full_type_name(sp, w_key)),
        Err(r) => r,
    }
}

/// Number of keys.
#[inline(always)]
pub fn len(w_dict: W) -> usize {
    this::<WDict>(w_dict).len
}

/// The entry of a name. Complete for keys that are exact strs; other keys that call themselves equal to a str are not asked.
#[inline]
pub fn lookup_str(w_dict: W, w_name: W) -> Option<usize> {
    let w_keys = this::<WDict>(w_dict).w_keys;
    // SAFETY: the word is the table of a dict; callers pass an exact str.
    unsafe { if w_keys.is_null() { None } else { table::find_name(w_keys.ptr(), w_name) } }
}

/// The same for the evaluator's caches.
///
/// # Safety
/// `w_dict` is laid out as a dict, `w_name` is an exact str.
#[inline]
pub unsafe fn entry_index_for_name(w_dict: W, w_name: W) -> Option<usize> {
    lookup_str(w_dict, w_name)
}

/// The number that stands for the set of keys and their places, given now if there is none.
///
/// # Safety
/// `w_dict` is laid out as a dict.
#[inline]
pub unsafe fn keys_version(w_dict: W) -> u64 {
    let d = w_dict.ptr::<WDict>();
    if (*d).keys_version == 0 {
        (*d).keys_version = VERSIONS.fetch_add(1, Ordering::Relaxed);
    }
    (*d).keys_version
}

/// Are all keys strs, so that lookups of strs never call Python?
pub fn is_str_only(w_dict: W) -> bool {
    let w_keys = this::<WDict>(w_dict).w_keys;
    // SAFETY: a dict's table.
    w_keys.is_null() || unsafe { (*w_keys.ptr::<WDictKeys>()).str_only }
}

/// The value at an entry.
///
/// # Safety
/// The entry was found under the dict's present keys_version.
#[inline(always)]
pub unsafe fn entry_value(w_dict: W, i: usize) -> W {
    (*WDictKeys::entry((*w_dict.ptr::<WDict>()).w_keys.ptr(), i)).w_value
}

/// Replaces the value at an entry.
///
/// # Safety
/// As for `entry_value`.
#[inline(always)]
pub unsafe fn set_entry_value(sp: Space, w_dict: W, i: usize, w_value: W) {
    table::store_value(sp, (*w_dict.ptr::<WDict>()).w_keys, i, w_value)
}

/// The entry of a key.
#[inline]
pub fn find(sp: Space, w_dict: W, w_key: W) -> Res<Option<usize>> {
    let hash = key_hash(sp, w_key)?;
    // SAFETY: callers pass dicts.
    unsafe { table::find(sp, w_dict, w_key, hash) }
}

/// d.get(key)
#[inline]
pub fn get(sp: Space, w_dict: W, w_key: W) -> Res<Option<W>> {
    // SAFETY: the entry was just found.
    Ok(find(sp, w_dict, w_key)?.map(|i| unsafe { entry_value(w_dict, i) }))
}

/// d.get(name)
pub fn get_str(sp: Space, w_dict: W, w_name: W) -> Res<Option<W>> {
    if is_str_only(w_dict) {
        // SAFETY: the entry was just found.
        return Ok(lookup_str(w_dict, w_name).map(|i| unsafe { entry_value(w_dict, i) }));
    }
    get(sp, w_dict, w_name)
}

/// d[key] = value
#[inline]
pub fn set(sp: Space, w_dict: W, w_key: W, w_value: W) -> Res<()> {
    let hash = key_hash(sp, w_key)?;
    set_hashed(sp, w_dict, w_key, hash, w_value)
}

/// d[key] = value with the key's hash.
#[inline]
pub fn set_hashed(sp: Space, w_dict: W, w_key: W, hash: u64, w_value: W) -> Res<()> {
    // SAFETY: callers pass dicts; nothing runs between finding and storing.
    unsafe {
        match table::find(sp, w_dict, w_key, hash)? {
            Some(i) => table::store_value(sp, this::<WDict>(w_dict).w_keys, i, w_value),
            None => insert(sp, w_dict, w_key, hash, w_value)?,
        }
    }
    Ok(())
}

/// Appends a key that is not there.
#[inline]
pub fn insert(sp: Space, w_dict: W, w_key: W, hash: u64, w_value: W) -> Res<()> {
    this::<WDict>(w_dict).keys_version = 0;
    // SAFETY: callers pass dicts and have looked for the key.
    unsafe { table::insert_new(sp, w_dict, w_key, hash, w_value)? };
    Ok(())
}

/// del d[key]; false if it is not there.
pub fn del(sp: Space, w_dict: W, w_key: W) -> Res<bool> {
    Ok(pop(sp, w_dict, w_key)?.is_some())
}

/// Removes a key and answers its value.
pub fn pop(sp: Space, w_dict: W, w_key: W) -> Res<Option<W>> {
    let Some(i) = find(sp, w_dict, w_key)? else { return Ok(None) };
    Ok(Some(remove_at(w_dict, i).w_value))
}

/// Removes a live entry and answers what it was.
pub fn remove_at(w_dict: W, i: usize) -> DictEntry {
    // SAFETY: callers have just found the entry.
    unsafe {
        let e = table::entry(w_dict, i);
        this::<WDict>(w_dict).keys_version = 0;
        table::remove_at(w_dict, i);
        e
    }
}

/// Removes the last live entry, i.
pub fn pop_last(w_dict: W, i: usize) {
    this::<WDict>(w_dict).keys_version = 0;
    // SAFETY: callers have just found the entry.
    unsafe { table::pop_last(w_dict, i) }
}

/// d.clear()
pub fn clear(w_dict: W) {
    this::<WDict>(w_dict).keys_version = 0;
    // SAFETY: callers pass dicts.
    unsafe { table::clear(w_dict) }
}

/// The next entry from `*pos` on, which is advanced.
#[inline]
pub fn next(w_dict: W, pos: &mut usize) -> Option<DictEntry> {
    // SAFETY: callers pass dicts.
    unsafe {
        let i = table::next(w_dict, *pos)?;
        *pos = i + 1;
        Some(table::entry(w_dict, i))
    }
}

/// d.setdefault(key, value)
pub fn setdefault(sp: Space, w_dict: W, w_key: W, w_value: W) -> Res<W> {
    let hash = key_hash(sp, w_key)?;
    // SAFETY: callers pass dicts.
    unsafe {
        match table::find(sp, w_dict, w_key, hash)? {
            Some(i) => Ok(entry_value(w_dict, i)),
            None => {
                insert(sp, w_dict, w_key, hash, w_value)?;
                Ok(w_value)
            }
        }
    }
}

/// An exact dict with the same items.
pub fn copy(sp: Space, w_dict: W) -> Res<W> {
    let w = new(sp)?;
    // SAFETY: both are dicts.
    unsafe { table::copy(sp, w_dict, w)? };
    Ok(w)
}

/// What a merge does with a key that is there.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Present {
    /// Its value stays.
    Keep,
    /// Its value is replaced.
    Replace,
    /// KeyError(key).
    Error,
}

fn merge_one(sp: Space, w_dict: W, w_key: W, hash: u64, w_value: W, present: Present) -> Res<()> {
    // SAFETY: callers pass dicts.
    unsafe {
        match table::find(sp, w_dict, w_key, hash)? {
            Some(i) => match present {
                Present::Keep => {}
                Present::Replace => set_entry_value(sp, w_dict, i, w_value),
                Present::Error => return Err(sp.key_error(w_key)),
            },
            None => insert(sp, w_dict, w_key, hash, w_value)?,
        }
    }
    Ok(())
}

/// Is iteration over this dict dict's own?
pub fn plain_iteration(sp: Space, w: W) -> bool {
    exact(w, TID_DICT) || is_dict(sp, w) && same_iter(sp, w)
}
fn same_iter(sp: Space, w: W) -> bool {
    let own = sp.row_of(TID_DICT).slots;
    // SAFETY: the row of dict points to its slots.
    let own = unsafe { own.as_ref() }.and_then(|s| s.iter);
    slots(sp, w).iter.map(|f| f as usize) == own.map(|f| f as usize)
}

/// Takes the items of a mapping: a dict, or anything with `keys()` and `[]`.
pub fn merge(sp: Space, w_dict: W, w_other: W, present: Present) -> Res<()> {
    if plain_iteration(sp, w_other) {
        return merge_dict(sp, w_dict, w_other, present);
    }
    let w_keys = sp.call_method(w_other, name!(sp, "keys"), &[])?;
    let w_iter = sp.iter(w_keys)?;
    while let Some(w_key) = sp.next(w_iter)? {
        if present != Present::Replace {
            let hash = key_hash(sp, w_key)?;
            // SAFETY: a dict.
            if unsafe { table::find(sp, w_dict, w_key, hash)? }.is_some() {
                if present == Present::Error {
                    return Err(sp.key_error(w_key));
                }
                continue;
            }
        }
        let w_value = sp.getitem(w_other, w_key)?;
        set(sp, w_dict, w_key, w_value)?;
    }
    Ok(())
}

fn merge_dict(sp: Space, w_dict: W, w_other: W, present: Present) -> Res<()> {
    if w_other == w_dict || len(w_other) == 0 {
        return Ok(());
    }
    let mut d = this::<WDict>(w_dict);
    if d.len == 0 {
        d.keys_version = 0;
        clear(w_dict);
        // SAFETY: both are dicts, the target is empty.
        return unsafe { table::copy(sp, w_other, w_dict) };
    }
    let o = this::<WDict>(w_other);
    let (w_keys, n) = (o.w_keys, o.len);
    let mut pos = 0;
    while let Some(e) = next(w_other, &mut pos) {
        merge_one(sp, w_dict, e.w_key, e.hash, e.w_value, present)?;
        if o.w_keys != w_keys || o.len != n {
            return Err(raise!(sp, RUNTIME_ERROR, "dict mutated during update"));
        }
    }
    Ok(())
}

/// Takes (key, value) pairs of an iterable.
pub fn merge_pairs(sp: Space, w_dict: W, w_pairs: W) -> Res<()> {
    let w_iter = sp.iter(w_pairs)?;
    let mut i = 0usize;
    while let Some(w_item) = sp.next(w_iter)? {
        let w_pair = match list::sequence(sp, w_item, "object is not iterable") {
            Ok(w) => w,
            Err(_) => return Err(noted(sp, i)),
        };
        let items = list::sequence_items(w_pair);
        if items.len() != 2 {
            let n = items.len();
            return Err(raise!(
                sp,
                VALUE_ERROR,
                "dictionary update sequence element #{i} has length {n}; 2 is required"
            ));
        }
        let (w_key, w_value) = (items[0], items[1]);
        set(sp, w_dict, w_key, w_value)?;
        i += 1;
    }
    Ok(())
}

/// Adds to the TypeError of an element that is no pair which element it was.
#[cold]
fn noted(sp: Space, i: usize) -> Raised {
    let w_exc = sp.thread().exc;
    if sp.catch(known::TYPE_ERROR) {
        let note = format!("Cannot convert dictionary update sequence element #{i} to a sequence");
        if let Ok(w) = sp.newstr(&note)
            && sp.call_method(w_exc, name!(sp, "add_note"), &[w]).is_ok()
        {
            sp.set_exc(w_exc);
        }
    }
    Raised
}

/// What `dict(x)` and `d.update(x)` do with their positional argument.
pub fn update_from(sp: Space, w_dict: W, w_arg: W) -> Res<()> {
    if exact(w_arg, TID_DICT) || sp.getattr_opt(w_arg, name!(sp, "keys"))?.is_some() {
        merge(sp, w_dict, w_arg, Present::Replace)
    } else {
        merge_pairs(sp, w_dict, w_arg)
    }
}

/// The arguments of `dict(...)`, `d.update(...)`.
pub fn update_args(sp: Space, w_dict: W, fname: &str, args: Args) -> Res<()> {
    check_arity(sp, fname, args.n, 0, 1)?;
    if let [w_arg] = args.positional() {
        update_from(sp, w_dict, *w_arg)?;
    }
    if !args.kwnames.is_null() {
        let names = tuple_items(args.kwnames);
        for (i, w_name) in names.iter().enumerate() {
            // SAFETY: one value a name follows the positional arguments.
            let w_value = unsafe { *args.ptr.add(args.n + i) };
            set(sp, w_dict, *w_name, w_value)?;
        }
    }
    Ok(())
}

/// KeyError(key) unless the key is there.
pub fn getitem(sp: Space, w_dict: W, w_key: W) -> Res<W> {
    if let Some(w) = get(sp, w_dict, w_key)? {
        return Ok(w);
    }
    if !exact(w_dict, TID_DICT)
        && let Some(w_missing) = sp.lookup_special(w_dict, name!(sp, "__missing__"))?
    {
        return sp.call(w_missing, &[w_key]);
    }
    Err(sp.key_error(w_key))
}
