//! Hidden classes. A class has a root row; each attribute added to an instance moves it to the child row for that name. A row's shape
//! says which attribute lies where: the first ones inline in the instance part, the others in an array (`w_ext`). What does not fit the
//! scheme (deletion, many attributes, odd keys, a wanted `__dict__`) moves the instance to a row in dict mode.

use super::rows;
use super::util::row;
use super::util::*;
use crate::layouts::*;
use std::collections::HashMap;
use std::sync::Mutex;
use taipan_abi::gc::{TypeInfo, tf};
use taipan_plugin_api::prelude::*;

/// More attributes than this, and the instance has a dict.
pub const MAX_ATTRS: usize = 80;
/// More different next attributes than this, and instances go on with a dict.
const MAX_CHILDREN: usize = 128;

/// How an attribute's word is to be read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A reference.
    Word,
}

/// What a row's instances have.
pub struct Shape {
    /// Interned names in the order of their first assignment; attribute i lies in inline word i or in `w_ext[i - nslots]`.
    pub names: Vec<W>,
    /// The representation of each.
    pub kinds: Vec<Kind>,
    /// Inline words.
    pub nslots: u32,
    /// Name of the next attribute -> row.
    children: Vec<(W, u32)>,
}

/// Where an attribute lies.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Byte offset from the object's start.
    Offset(u32),
    /// Index in the array `w_ext`.
    Ext(u32),
}

/// The shape of a row that has one.
#[inline(always)]
pub fn shape<'a>(row: &TypeInfo) -> &'a mut Shape {
    // SAFETY: rows with INSTANCE and without DICT_MODE have a shape, which lives as long as the class.
    unsafe { &mut *(row.shape as *mut Shape) }
}
/// Attributes are found by the row's shape?
#[inline(always)]
pub fn has_shape(row: &TypeInfo) -> bool {
    row.flags & (tf::INSTANCE | tf::DICT_MODE) == tf::INSTANCE && !row.shape.is_null()
}
/// The shape of a fresh instance.
pub fn root_shape(nslots: u32) -> *mut Shape {
    Box::into_raw(Box::new(Shape { names: Vec::new(), kinds: Vec::new(), nslots, children: Vec::new() }))
}
/// Frees the shape of a dead class's row; answers the rows that its instances moved to from there.
pub fn free_shape(row: &mut TypeInfo) -> Vec<u32> {
    let p = std::mem::replace(&mut row.shape, std::ptr::null_mut()) as *mut Shape;
    if p.is_null() {
        return Vec::new();
    }
    // SAFETY: made by Box for this row alone.
    let shape = unsafe { Box::from_raw(p) };
    shape.children.iter().map(|c| c.1).collect()
}
/// The first word (`w_ext`) of the instance part.
#[inline(always)]
pub fn part(row: &TypeInfo, w: W) -> *mut W {
    let p = w.ptr::<u8>();
    // SAFETY: the row is the object's own and has an instance part.
    unsafe {
        if row.flags & tf::INSTANCE_AFTER_ITEMS == 0 {
            return p.add(row.inst_off as usize).cast();
        }
        after_items(row, w).add(row.inst_off as usize).cast()
    }
}
/// The end of the items of an object of variable size, where a derived class's words begin: first `__slots__`, then the instance part.
///
/// # Safety
/// The row is the object's own and has `tf::VAR`.
#[inline(always)]
pub unsafe fn after_items(row: &TypeInfo, w: W) -> *mut u8 {
    let p = w.ptr::<u8>();
    let len = *(p.add(row.len_off as usize) as *const u64) as usize;
    p.add((row.items_off as usize + len * row.item_bytes as usize + 7) & !7)
}
/// The index of an interned name.
#[inline]
pub fn index_of(row: &TypeInfo, w_name: W) -> Option<usize> {
    shape(row).names.iter().position(|n| *n == w_name)
}
/// For inline caches: where instances with exactly this row (not after items) have the attribute.
pub fn find_attr(row: &TypeInfo, w_name: W) -> Option<Place> {
    if !has_shape(row) || row.flags & tf::INSTANCE_AFTER_ITEMS != 0 {
        return None;
    }
    let i = index_of(row, w_name)? as u32;
    let n = shape(row).nslots;
    Some(if i < n { Place::Offset(row.inst_off + 8 + 8 * i) } else { Place::Ext(i - n) })
}
/// For inline caches of stores: the row an instance moves to when it gets a new attribute (made if need be), and where that will lie.
/// Only inline places are answered: a cached store may then write the word (with the barrier) and the row index.
pub fn transition(row: &TypeInfo, w_name: W) -> Option<(u32, Place)> {
    if !has_shape(row) || row.flags & tf::INSTANCE_AFTER_ITEMS != 0 {
        return None;
    }
    let i = shape(row).names.len() as u32;
    if i >= shape(row).nslots || index_of(row, w_name).is_some() {
        return None;
    }
    let tid = child(row, w_name)?;
    Some((tid, Place::Offset(row.inst_off + 8 + 8 * i)))
}

#[inline]
fn read(s: &Shape, p: *mut W, i: usize) -> W {
    // SAFETY: attribute i exists, so its word does.
    unsafe {
        let n = s.nslots as usize;
        if i < n { *p.add(1 + i) } else { GcArray(*p).get(i - n) }
    }
}
fn write(sp: Space, w: W, s: &Shape, p: *mut W, i: usize, value: W) {
    let n = s.nslots as usize;
    // SAFETY: as above.
    unsafe { if i < n { store(sp, w, p.add(1 + i), value) } else { GcArray(*p).set(sp, i - n, value) } }
}

/// Where an object whose layout has a `__dict__` of its own keeps it.
#[inline]
pub fn own_dict_slot(layout: u32, w: W) -> Option<*mut W> {
    use taipan_abi::word::*;
    // SAFETY: the layout says which struct it is.
    unsafe {
        match layout {
            TID_FUNCTION => Some(&raw mut (*w.ptr::<WFunction>()).w_dict),
            TID_MODULE => Some(&raw mut (*w.ptr::<WModule>()).w_dict),
            TID_STATICMETHOD | TID_CLASSMETHOD => Some(&raw mut (*w.ptr::<WWrapperDescr>()).w_dict),
            _ => None,
        }
    }
}

/// The instance's own attribute under an interned name.
#[inline]
pub fn get(sp: Space, w: W, row: &TypeInfo, w_name: W) -> Res<Option<W>> {
    if row.flags & tf::INSTANCE != 0 {
        if row.flags & tf::DICT_MODE != 0 {
            // SAFETY: the first word of the instance part.
            let d = unsafe { *part(row, w) };
            return if d.is_null() { Ok(None) } else { sp.dict_get(d, w_name) };
        }
        if row.shape.is_null() {
            return Ok(None);
        }
        return Ok(index_of(row, w_name).map(|i| read(shape(row), part(row, w), i)));
    }
    match own_dict_slot(row.layout, w) {
        // SAFETY: a field of the object.
        Some(slot) if !unsafe { *slot }.is_null() => sp.dict_get(unsafe { *slot }, w_name),
        _ => Ok(None),
    }
}

/// Can attributes be added to it?
pub fn has_dict(row: &TypeInfo, w: W) -> bool {
    (row.flags & tf::INSTANCE != 0 && (row.flags & tf::DICT_MODE != 0 || !row.shape.is_null()))
        || own_dict_slot(row.layout, w).is_some()
}

/// Sets the instance's own attribute (interned name); false if the object has no place for attributes.
pub fn set(sp: Space, w: W, row: &TypeInfo, w_name: W, value: W) -> Res<bool> {
    if has_shape(row) {
        let s = shape(row);
        if let Some(i) = index_of(row, w_name) {
            write(sp, w, s, part(row, w), i, value);
            return Ok(true);
        }
        let i = s.names.len();
        if let Some(tid) = if i >= MAX_ATTRS { None } else { child(row, w_name) } {
            let n = s.nslots as usize;
            if i >= n {
                grow(sp, w, row, i - n)?
            }
            write(sp, w, s, part(row, w), i, value);
            // SAFETY: the child row has the same layout.
            unsafe { w.header().tid = tid };
            return Ok(true);
        }
    }
    if !has_dict(row, w) {
        return Ok(false);
    }
    let d = getdict(sp, w)?;
    sp.dict_set(d, w_name, value)?;
    Ok(true)
}

/// Deletes it; Ok(false): there is no such attribute.
pub fn delete(sp: Space, w: W, row: &TypeInfo, w_name: W) -> Res<bool> {
    if !has_dict(row, w) || get(sp, w, row, w_name)?.is_none() {
        return Ok(false);
    }
    let d = getdict(sp, w)?;
    sp.dict_del(d, w_name)?;
    Ok(true)
}

/// Room for `w_ext[i]`.
fn grow(sp: Space, w: W, row: &TypeInfo, i: usize) -> Res<()> {
    let p = part(row, w);
    // SAFETY: w_ext of a row with a shape is NULL or an array.
    unsafe {
        let old = *p;
        let cap = if old.is_null() { 0 } else { GcArray(old).capacity() };
        if i < cap {
            return Ok(());
        }
        let new = GcArray::new(sp, (cap * 2).max(4))?;
        for k in 0..cap {
            new.set(sp, k, GcArray(old).get(k))
        }
        store(sp, w, p, new.0);
    }
    Ok(())
}

/// The row for one attribute more; None: too many branches, or no room for rows.
fn child(row: &TypeInfo, w_name: W) -> Option<u32> {
    let s = shape(row);
    if let Some((_, tid)) = s.children.iter().find(|c| c.0 == w_name) {
        return Some(*tid);
    }
    if s.children.len() >= MAX_CHILDREN {
        return None;
    }
    let mut names = s.names.clone();
    names.push(w_name);
    let kinds = vec![Kind::Word; names.len()];
    let mut r = rows::copy(row);
    r.shape = Box::into_raw(Box::new(Shape { names, kinds, nslots: s.nslots, children: Vec::new() })).cast();
    let tid = rows::add(r)?.tid;
    s.children.push((w_name, tid));
    Some(tid)
}

/// The class's row for instances with a dict.
fn dict_row(sp: Space, w_type: W) -> Res<u32> {
    let t = wt(w_type);
    if t.dict_tid == 0 {
        let mut r = rows::copy(sp.row_of(t.tid));
        r.flags |= tf::DICT_MODE;
        r.shape = std::ptr::null_mut();
        t.dict_tid = rows::add(r).ok_or_else(|| sp.raise(known::MEMORY_ERROR, "too many classes"))?.tid;
    }
    Ok(t.dict_tid)
}

/// The instance's `__dict__`, made on demand: from then on its attributes live there.
pub fn getdict(sp: Space, w: W) -> Res<W> {
    let row = row(sp, w);
    if let Some(slot) = own_dict_slot(row.layout, w) {
        // SAFETY: a field of the object.
        unsafe {
            if (*slot).is_null() {
                let d = sp.newdict()?;
                store(sp, w, slot, d);
            }
            return Ok(*slot);
        }
    }
    let p = part(row, w);
    // SAFETY: the caller knows that the object has an instance part (`has_dict`).
    unsafe {
        if row.flags & tf::DICT_MODE != 0 {
            if (*p).is_null() {
                let d = sp.newdict()?;
                store(sp, w, p, d);
            }
            return Ok(*p);
        }
        let tid = if row.fixed_bytes == sp.row_of(wt(row.w_type).tid).fixed_bytes {
            dict_row(sp, row.w_type)?
        } else {
            foreign_row(sp, row, row.w_type)?
        };
        let d = sp.newdict()?;
        let s = shape(row);
        for (i, name) in s.names.iter().enumerate() {
            sp.dict_set(d, *name, read(s, p, i))?
        }
        for i in 0..s.nslots as usize {
            *p.add(1 + i) = W::NULL
        }
        store(sp, w, p, d);
        w.header().tid = tid;
        Ok(d)
    }
}

/// Replaces the `__dict__`.
pub fn setdict(sp: Space, w: W, w_dict: W) -> Res<()> {
    getdict(sp, w)?;
    let row = row(sp, w);
    let slot = own_dict_slot(row.layout, w).unwrap_or_else(|| part(row, w));
    // SAFETY: getdict left the instance in dict mode.
    unsafe { store(sp, w, slot, w_dict) };
    Ok(())
}

/// Names and values of the instance's own attributes without making a dict.
pub fn items(sp: Space, w: W) -> Option<Vec<W>> {
    let r = row(sp, w);
    has_shape(r).then(|| shape(r).names.clone())
}

/// Dict-mode rows for objects that were allocated with another size than their class's, by the class's own row and the size.
static FOREIGN: Mutex<Option<HashMap<(u32, u32), u32>>> = Mutex::new(None);

/// A dict-mode row of a class for an object that was allocated with another size.
fn foreign_row(sp: Space, old: &TypeInfo, w_type: W) -> Res<u32> {
    let of_class = sp.row_of(wt(w_type).tid);
    let key = (of_class.tid, old.fixed_bytes);
    let mut guard = FOREIGN.lock().unwrap_or_else(|e| e.into_inner());
    let map = guard.get_or_insert_with(HashMap::new);
    if let Some(tid) = map.get(&key) {
        return Ok(*tid);
    }
    let mut r = rows::copy(old);
    r.flags &= !tf::TRACE_TYPE;
    r.flags |= tf::DICT_MODE | of_class.flags & (tf::WEAKREFABLE | tf::FINALIZER | tf::TRACE_TYPE);
    r.shape = std::ptr::null_mut();
    r.w_type = w_type;
    r.slots = of_class.slots;
    let made = rows::add(r).map(|r| r.tid);
    if let Some(tid) = made {
        map.insert(key, tid);
    }
    drop(guard);
    made.ok_or_else(|| sp.raise(known::MEMORY_ERROR, "too many classes"))
}
/// Those of a dead class; they are forgotten.
pub fn take_foreign_rows(class_tid: u32) -> Vec<u32> {
    let mut guard = FOREIGN.lock().unwrap_or_else(|e| e.into_inner());
    guard.as_mut().map_or_else(Vec::new, |m| m.extract_if(|k, _| k.0 == class_tid).map(|(_, tid)| tid).collect())
}

/// Changes the row of an object to one of another class: the object refers to that class from now on.
fn move_to(sp: Space, w: W, tid: u32) {
    // SAFETY: a live object; the barrier comes right before the store of what stands for a reference.
    unsafe {
        sp.barrier(w, w.ptr());
        w.header().tid = tid;
    }
}

/// Moves an instance to another class whose layout was found compatible: the classes agree in the fixed part, so only header and
/// instance part change.
pub fn change_class(sp: Space, w: W, w_new: W) -> Res<()> {
    let old = row(sp, w);
    let root = sp.row_of(wt(w_new).tid);
    if old.flags & tf::INSTANCE == 0 || old.shape.is_null() && old.flags & tf::DICT_MODE == 0 {
        move_to(sp, w, root.tid);
        return Ok(());
    }
    if old.fixed_bytes == root.fixed_bytes {
        if old.flags & tf::DICT_MODE != 0 {
            let tid = dict_row(sp, w_new)?;
            move_to(sp, w, tid);
            return Ok(());
        }
        let mut tid = Some(root.tid);
        for n in &shape(old).names {
            tid = tid.and_then(|t| child(sp.row_of(t), *n))
        }
        if let Some(t) = tid {
            move_to(sp, w, t);
            return Ok(());
        }
    }
    getdict(sp, w)?;
    let old = row(sp, w);
    let tid = if old.fixed_bytes == root.fixed_bytes { dict_row(sp, w_new)? } else { foreign_row(sp, old, w_new)? };
    move_to(sp, w, tid);
    Ok(())
}
