//! Fields of built-in objects as the tracer sees them, and what the evaluator's fast paths do with them in both modes.

use crate::layouts::*;
use std::mem::offset_of;
use taipan_abi::mode::{CALL_ANY, FieldDesc, Mode, OBJECT_FIELDS, fd, kind};
use taipan_abi::thread::{Thread, k};
use taipan_abi::types::Str;
use taipan_abi::word::*;
use taipan_plugin_api::{Args, GcArray, Space};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $text:literal $off:expr, $kind:ident, $flags:expr;)*) => {
        $($(#[$doc])* pub static $name: FieldDesc =
            FieldDesc { off: $off as u32, kind: kind::$kind, flags: $flags, alias: 0, name: Str::new($text) };)*
    };
}
fields! {
    LIST_ARRAY "list.array" offset_of!(WList, items), W, fd::GCREF;
    LIST_LEN "list.len" offset_of!(WList, items) + 8, I, 0;
    ARRAY_ITEM "array.item" GcArray::ITEMS, W, fd::GCREF | fd::ARRAY;
    TUPLE_LEN "tuple.len" offset_of!(WTuple, len), I, fd::IMMUTABLE;
    TUPLE_ITEM "tuple.item" size_of::<WTuple>(), W, fd::GCREF | fd::ARRAY | fd::IMMUTABLE;
    DICT_VERSION "dict.keys_version" offset_of!(WDict, keys_version), I, 0;
    /// By the number of a word; an entry has three, the value is the third.
    ENTRY_WORD "dict.entry" size_of::<WDictKeys>(), W, fd::GCREF | fd::ARRAY;
    SEQ_ITER_SEQ "iterator.seq" offset_of!(WSeqIter, w_seq), W, fd::GCREF;
    SEQ_ITER_INDEX "iterator.index" offset_of!(WSeqIter, index), I, 0;
    RANGE_NEXT "range_iterator.next" offset_of!(WRangeIter, next), I, 0;
    RANGE_STEP "range_iterator.step" offset_of!(WRangeIter, step), I, fd::IMMUTABLE;
    RANGE_LEFT "range_iterator.left" offset_of!(WRangeIter, left), I, 0;
    METHOD_FUNC "method.func" offset_of!(WMethod, w_func), W, fd::GCREF | fd::IMMUTABLE;
    METHOD_SELF "method.self" offset_of!(WMethod, w_self), W, fd::GCREF | fd::IMMUTABLE;
}

/// Reads the word at a byte offset that the object's row promises.
#[inline(always)]
pub unsafe fn read_word<M: Mode>(m: M, w: M::W, offset: u64) -> M::W {
    if M::RECORDING {
        return match OBJECT_FIELDS.get(offset as usize / 8) {
            Some(field) => m.getf(w, field, m.ki(0)),
            None => {
                m.give_up("an attribute far inside its object");
                m.kw(*((m.w(w).0 + offset) as *const W))
            }
        };
    }
    m.kw(*((m.w(w).0 + offset) as *const W))
}

/// Writes the word at a byte offset, and gives the object another row.
#[inline(always)]
pub unsafe fn write_word<M: Mode>(m: M, w: M::W, offset: u64, v: M::W, row: Option<u32>) {
    if M::RECORDING {
        match OBJECT_FIELDS.get(offset as usize / 8) {
            Some(field) => {
                m.setf(w, field, m.ki(0), v);
                if let Some(tid) = row {
                    m.set_tid(w, tid);
                }
                return;
            }
            None => m.give_up("an attribute far inside its object"),
        }
    }
    let (o, v) = (m.w(w), m.w(v));
    if o.header().gc & taipan_abi::gc::GC_BARRIER != 0 {
        store_logged(m.th(), o, offset, v, row.unwrap_or(0));
        return;
    }
    *((o.0 + offset) as *mut W) = v;
    if let Some(tid) = row {
        o.header().tid = tid;
    }
}

/// The store with its barrier, out of line as a whole: nothing of it has to be kept in the evaluator's native frame meanwhile, where the
/// collector would find it later.
#[cold]
#[inline(never)]
unsafe fn store_logged(th: *mut Thread, o: W, offset: u64, v: W, row: u32) {
    let slot = (o.0 + offset) as *mut W;
    taipan_abi::mode::barrier(th, o, slot);
    *slot = v;
    if row != 0 {
        o.header().tid = row;
    }
}

/// Reads item `i` of the array at a byte offset.
#[inline(always)]
pub unsafe fn read_ext<M: Mode>(m: M, w: M::W, offset: u64, i: u64) -> M::W {
    m.getf(read_word(m, w, offset), &ARRAY_ITEM, m.ki(i as i64))
}

/// The value of entry `i` of a dict, if the set of its keys has this version.
#[inline(always)]
pub unsafe fn versioned<M: Mode>(m: M, w_dict: W, version: u64, i: usize) -> Option<M::W> {
    if m.promote_i(m.getf_i(m.kw(w_dict), &DICT_VERSION, m.ki(0))) as u64 != version {
        return None;
    }
    // The version says that the table is the same, too.
    let w_keys = (*w_dict.ptr::<WDict>()).w_keys;
    Some(m.getf(m.kw(w_keys), &ENTRY_WORD, m.ki(3 * i as i64 + 2)))
}

/// An index made positive, if it lies inside; the length is `len`.
#[inline(always)]
unsafe fn index_in<M: Mode>(m: M, key: M::W, len: M::I) -> Option<M::I> {
    let i = m.untag(key);
    let i = if m.branch(m.ilt(i, m.ki(0))) { m.iadd(i, len) } else { i };
    m.branch(m.ult(i, len)).then_some(i)
}

/// a[key] of an exact list or tuple with a small int.
#[inline(always)]
pub unsafe fn sequence_item<M: Mode>(m: M, a: M::W, key: M::W) -> Option<M::W> {
    match m.tid(a) {
        TID_LIST => {
            let i = index_in(m, key, m.getf_i(a, &LIST_LEN, m.ki(0)))?;
            Some(m.getf(m.getf(a, &LIST_ARRAY, m.ki(0)), &ARRAY_ITEM, i))
        }
        TID_TUPLE => {
            let i = index_in(m, key, m.getf_i(a, &TUPLE_LEN, m.ki(0)))?;
            Some(m.getf(a, &TUPLE_ITEM, i))
        }
        _ => None,
    }
}

/// a[key] = v of an exact list with a small int.
#[inline(always)]
pub unsafe fn store_list_item<M: Mode>(m: M, a: M::W, key: M::W, v: M::W) -> bool {
    if m.tid(a) != TID_LIST {
        return false;
    }
    let Some(i) = index_in(m, key, m.getf_i(a, &LIST_LEN, m.ki(0))) else { return false };
    m.setf(m.getf(a, &LIST_ARRAY, m.ki(0)), &ARRAY_ITEM, i, v);
    true
}

/// next() of the iterators of range, list and tuple; the row is known. None = exhausted.
#[inline(always)]
pub unsafe fn next_item<M: Mode>(m: M, a: M::W, tid: u32) -> Option<M::W> {
    let zero = m.ki(0);
    if tid == TID_RANGE_ITER {
        let left = m.getf_i(a, &RANGE_LEFT, zero);
        if m.branch(m.ieq(left, zero)) {
            return None;
        }
        let v = m.getf_i(a, &RANGE_NEXT, zero);
        let step = m.getf_i(a, &RANGE_STEP, zero);
        m.setf_i(a, &RANGE_LEFT, zero, m.isub(left, m.ki(1)));
        m.setf_i(a, &RANGE_NEXT, zero, m.iadd(v, step));
        return Some(m.tag(v));
    }
    let seq = m.getf(a, &SEQ_ITER_SEQ, zero);
    if m.branch(m.is_null(seq)) {
        return None;
    }
    let i = m.getf_i(a, &SEQ_ITER_INDEX, zero);
    let list = tid == TID_LIST_ITER;
    let len = m.getf_i(seq, if list { &LIST_LEN } else { &TUPLE_LEN }, zero);
    if !m.branch(m.ult(i, len)) {
        m.setf(a, &SEQ_ITER_SEQ, zero, m.kw(W::NULL));
        return None;
    }
    let w = if list { m.getf(m.getf(seq, &LIST_ARRAY, zero), &ARRAY_ITEM, i) } else { m.getf(seq, &TUPLE_ITEM, i) };
    m.setf_i(a, &SEQ_ITER_INDEX, zero, m.iadd(i, m.ki(1)));
    Some(w)
}

/// Takes a tuple or list of exactly `n` items apart, the first on top, while recording. False = it is something else.
pub unsafe fn unpack_recorded<M: Mode>(m: M, w: M::W, n: usize, out: *mut W) -> bool {
    if m.branch(m.is_int(w)) {
        return false;
    }
    let tid = m.tid(w);
    let (len, field) = match tid {
        TID_TUPLE => (&TUPLE_LEN, &TUPLE_ITEM),
        TID_LIST => (&LIST_LEN, &ARRAY_ITEM),
        _ => return false,
    };
    if m.promote_i(m.getf_i(w, len, m.ki(0))) != n as i64 {
        return false;
    }
    let from = if tid == TID_LIST { m.getf(w, &LIST_ARRAY, m.ki(0)) } else { w };
    for i in 0..n {
        m.set(out.add(n - 1 - i), m.getf(from, field, m.ki(i as i64)));
    }
    true
}

/// A tuple of the words at `items`, while recording.
pub unsafe fn tuple_recorded<M: Mode>(m: M, items: *mut W, n: usize) -> M::W {
    let w = m.new(TID_TUPLE, 16 + n * 8);
    if !m.raised(w) {
        m.setf_i(w, &TUPLE_LEN, m.ki(0), m.ki(n as i64));
        for i in 0..n {
            m.setf(w, &TUPLE_ITEM, m.ki(i as i64), m.get(items.add(i)));
        }
    }
    w
}

macro_rules! by_count {
    ($([$($arg:ident)*] $call:ident $list:ident;)*) => {
        $(
            unsafe extern "C-unwind" fn $call(th: *mut Thread, w_func: W $(, $arg: W)*) -> W {
                let args: &[W] = &[$($arg),*];
                let args = Args { ptr: args.as_ptr(), n: args.len(), kwnames: W::NULL };
                crate::types::calls::call(Space::new(th), w_func, args).unwrap_or(W::NULL)
            }
            unsafe extern "C-unwind" fn $list(th: *mut Thread $(, $arg: W)*) -> W {
                Space::new(th).newlist(&[$($arg),*]).unwrap_or(W::NULL)
            }
        )*
        /// Calls of any object, by the number of arguments.
        static CALLS: &[Address] = &[$(Address($call as *const ())),*];
        /// Displays of lists, by the number of items.
        static LISTS: &[Address] = &[$(Address($list as *const ())),*];
    };
}
struct Address(*const ());
// SAFETY: the address of a function.
unsafe impl Sync for Address {}
by_count! {
    [] call0 list0;
    [a] call1 list1;
    [a b] call2 list2;
    [a b c] call3 list3;
    [a b c d] call4 list4;
    [a b c d e] call5 list5;
    [a b c d e f] call6 list6;
}

/// The result of a call that was made of any object, recorded.
pub unsafe fn call_recorded<M: Mode>(m: M, f: M::W, args: *mut W, n: usize, result: W) -> M::W {
    let Some(function) = CALLS.get(n) else {
        m.give_up("a call with many arguments");
        return m.kw(result);
    };
    let mut all = [f; 8];
    for i in 0..n {
        all[i + 1] = m.get(args.add(i));
    }
    m.made(&CALL_ANY, function.0, &all[..n + 1], result, k::DONE)
}

/// A list that was made of the words at `items`, recorded.
pub unsafe fn list_recorded<M: Mode>(m: M, items: *mut W, n: usize, result: W) -> M::W {
    let Some(function) = LISTS.get(n) else {
        m.give_up("a long list display");
        return m.kw(result);
    };
    let mut all = [m.kw(W::NULL); 8];
    for (i, w) in all.iter_mut().enumerate().take(n) {
        *w = m.get(items.add(i));
    }
    m.made(&CALL_ANY, function.0, &all[..n], result, k::DONE)
}
