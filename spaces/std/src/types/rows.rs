//! The type table: one row for each layout, class and shape. Rows are native memory. Those of built-in classes live as long as the
//! process, those of other classes until the class and the last of its instances have been swept. No index is given out twice.

use crate::layouts::tid;
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};
use taipan_abi::gc::{TypeInfo, TypeTable, Visit, tf};
use taipan_abi::types::TypeSpec;
use taipan_abi::word::*;
use taipan_plugin_api::Thread;

/// Pointers reserved for rows; untouched pages cost nothing.
const CAPACITY: usize = 1 << 24;

/// The table, for trace functions (they have no thread).
static TABLE: AtomicPtr<TypeTable> = AtomicPtr::new(std::ptr::null_mut());

/// An empty table whose first `tid::END` rows are reserved.
pub fn new_table() -> *mut TypeTable {
    let layout = std::alloc::Layout::array::<*mut TypeInfo>(CAPACITY).expect("a fixed size");
    // SAFETY: not a zero size; zeroed pointers are null rows.
    let rows = unsafe { std::alloc::alloc_zeroed(layout) } as *mut *mut TypeInfo;
    if rows.is_null() {
        std::alloc::handle_alloc_error(layout)
    }
    let t = Box::leak(Box::new(TypeTable { rows, len: tid::END, cap: CAPACITY as u32 }));
    TABLE.store(t, Ordering::Release);
    t
}

/// The thread's table, made (or extended to the reserved rows) the first time.
pub fn ensure_table(th: *mut Thread) -> *mut TypeTable {
    // SAFETY: th is the running thread; only this space writes the table.
    unsafe {
        if (*th).types.is_null() {
            (*th).types = new_table();
        }
        let t = (*th).types as *mut TypeTable;
        if (*t).len < tid::END {
            (*t).len = tid::END
        }
        TABLE.store(t, Ordering::Release);
        t
    }
}

fn table() -> &'static mut TypeTable {
    // SAFETY: set before the first row is made; one thread at a time runs Python.
    unsafe { &mut *TABLE.load(Ordering::Acquire) }
}

/// A row of zeros.
pub fn blank() -> TypeInfo {
    TypeInfo {
        struct_size: std::mem::size_of::<TypeInfo>() as u32,
        flags: 0,
        fixed_bytes: 8,
        item_bytes: 0,
        len_off: 0,
        items_off: 0,
        ptr_map: 0,
        trace: None,
        free: None,
        native_bytes: None,
        w_type: W::NULL,
        layout: 0,
        tid: 0,
        inst_off: 0,
        pad: 0,
        slots: std::ptr::null(),
        shape: std::ptr::null_mut(),
    }
}

/// A copy of a row's fields.
pub fn copy(r: &TypeInfo) -> TypeInfo {
    TypeInfo {
        struct_size: r.struct_size,
        flags: r.flags,
        fixed_bytes: r.fixed_bytes,
        item_bytes: r.item_bytes,
        len_off: r.len_off,
        items_off: r.items_off,
        ptr_map: r.ptr_map,
        trace: r.trace,
        free: r.free,
        native_bytes: r.native_bytes,
        w_type: r.w_type,
        layout: r.layout,
        tid: r.tid,
        inst_off: r.inst_off,
        pad: 0,
        slots: r.slots,
        shape: r.shape,
    }
}

/// Puts a row at a reserved index.
pub fn set(tid: u32, mut row: TypeInfo) -> &'static mut TypeInfo {
    row.tid = tid;
    let p = Box::into_raw(Box::new(row));
    // SAFETY: below the reserved length; the row is the table's from now on.
    unsafe {
        *table().rows.add(tid as usize) = p;
        &mut *p
    }
}

/// A row with a fresh index; None when the table is full.
pub fn add(row: TypeInfo) -> Option<&'static mut TypeInfo> {
    let t = table();
    if t.len >= t.cap {
        return None;
    }
    let tid = t.len;
    let r = set(tid, row);
    t.len = tid + 1;
    Some(r)
}

/// Gives the memory of a row back; its index stays unused.
pub fn remove(tid: u32) {
    // SAFETY: within the reserved pointers; the row was made by `set`, and the caller knows that nothing has this index any more.
    unsafe {
        let p = std::mem::replace(&mut *table().rows.add(tid as usize), std::ptr::null_mut());
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }
}

/// The row at an index, if there is one.
pub fn get(tid: u32) -> Option<&'static mut TypeInfo> {
    // SAFETY: within the reserved pointers; null means unused.
    unsafe { (*table().rows.add(tid as usize)).as_mut() }
}

/// The row of a description (without class and slots).
pub fn from_spec(spec: &TypeSpec) -> TypeInfo {
    TypeInfo {
        flags: spec.layout_flags,
        fixed_bytes: spec.fixed_bytes,
        item_bytes: spec.item_bytes,
        len_off: spec.len_off,
        items_off: spec.items_off,
        ptr_map: spec.ptr_map,
        trace: spec.trace,
        free: spec.free,
        native_bytes: spec.native_bytes,
        ..blank()
    }
}

/// The rows of things that are no Python objects but lie in the heap.
pub fn internal() {
    set(
        TID_ARRAY_W,
        TypeInfo {
            flags: tf::VAR | tf::ITEMS_W,
            fixed_bytes: 16,
            item_bytes: 8,
            len_off: 8,
            items_off: 16,
            layout: TID_ARRAY_W,
            ..blank()
        },
    );
    set(
        TID_ARRAY_RAW,
        TypeInfo {
            flags: tf::VAR | tf::NO_PTRS,
            fixed_bytes: 16,
            item_bytes: 1,
            len_off: 8,
            items_off: 16,
            layout: TID_ARRAY_RAW,
            ..blank()
        },
    );
}

/// Appends `words` reference words to a row's fixed part (after the items for VAR rows): the layout of a derived class.
pub fn extend(row: &mut TypeInfo, base_layout: u32, words: u32) {
    if words == 0 {
        return;
    }
    let start = row.fixed_bytes / 8;
    row.fixed_bytes += words * 8;
    let end = row.fixed_bytes / 8;
    row.flags &= !tf::NO_PTRS;
    row.layout = base_layout;
    if row.flags & tf::VAR != 0 || row.flags & tf::TRACE != 0 || end > 64 {
        row.flags |= tf::TRACE;
        row.trace = Some(trace_derived);
    } else {
        for i in start..end {
            row.ptr_map |= 1 << i
        }
    }
}

/// Visits an instance of a derived class whose base is laid out in an odd way: first as the base's layout says, then the words added.
unsafe extern "C" fn trace_derived(obj: *mut u8, v: Visit, ctx: *mut c_void) {
    let t = table();
    let row = &**t.rows.add((*(obj as *const Header)).tid as usize);
    let base = &**t.rows.add(row.layout as usize);
    let len = if base.flags & tf::VAR != 0 { *(obj.add(base.len_off as usize) as *const u64) as usize } else { 0 };
    if base.flags & tf::TRACE != 0 {
        if let Some(f) = base.trace {
            f(obj, v, ctx)
        }
    } else {
        let mut map = base.ptr_map;
        while map != 0 {
            let i = map.trailing_zeros() as usize;
            map &= map - 1;
            v(ctx, (obj as *mut W).add(i))
        }
        if base.flags & tf::ITEMS_W != 0 {
            let items = obj.add(base.items_off as usize) as *mut W;
            for i in 0..len {
                v(ctx, items.add(i))
            }
        }
    }
    let words = (row.fixed_bytes - base.fixed_bytes) as usize / 8;
    let at = if base.flags & tf::VAR != 0 {
        (base.items_off as usize + len * base.item_bytes as usize + 7) & !7
    } else {
        base.fixed_bytes as usize
    };
    let p = obj.add(at) as *mut W;
    for i in 0..words {
        v(ctx, p.add(i))
    }
}

unsafe extern "C" {
    fn mmap(addr: *mut c_void, len: usize, prot: i32, flags: i32, fd: i32, off: i64) -> *mut c_void;
}

/// Maps the page of None, True, False, NotImplemented and Ellipsis and writes their headers; false if the address is taken.
pub fn map_singletons() -> bool {
    static DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    if DONE.swap(true, Ordering::AcqRel) {
        return true;
    }
    const FLAGS: i32 = 0x2 | 0x20 | 0x10_0000; // private, anonymous, fixed but not over another mapping
    // SAFETY: an anonymous mapping at an address of our own choice.
    let p = unsafe { mmap(SINGLETONS as *mut c_void, 4096, 3, FLAGS, -1, 0) };
    if p as u64 != SINGLETONS {
        // Someone else in this process may have mapped and filled it already; any other owner would be an error.
        // SAFETY: a failed mapping with this flag means that the page exists.
        return p as isize == -1 && unsafe { (*(SINGLETONS as *const Header)).tid == TID_NONE };
    }
    let all = [
        (W::NONE, TID_NONE),
        (W::FALSE, TID_BOOL),
        (W::TRUE, TID_BOOL),
        (W::NOT_IMPLEMENTED, TID_NOT_IMPLEMENTED),
        (W::ELLIPSIS, TID_ELLIPSIS),
    ];
    for (w, tid) in all {
        // SAFETY: in the page just mapped.
        unsafe { *w.ptr::<Header>() = Header { tid, gc: 0, rt: 0, aux: [0; 2] } }
    }
    true
}
