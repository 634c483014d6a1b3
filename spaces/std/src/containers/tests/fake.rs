//! A space that can do just what the containers' own code asks for.
//!
//! Memory is never freed. Objects of row TID_OBJECT stand for instances with Python methods: a number, a hash that collides often,
//! comparisons by the number that can be told to fail or to run something first.

use crate::containers::ops;
use crate::layouts::{WFloat, WStr};
use std::alloc::{Layout, alloc_zeroed};
use std::cell::{Cell, RefCell};
use taipan_abi::gc::{GcThread, GcVTable, TypeInfo, TypeTable};
use taipan_abi::host::{Blob, HostVTable};
use taipan_abi::known;
use taipan_abi::ops::OpTable;
use taipan_abi::thread::Thread;
use taipan_abi::types::Slots;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

thread_local! {
    /// Comparisons of objects so far.
    pub static COMPARISONS: Cell<u64> = const { Cell::new(0) };
    /// The comparison that fails.
    pub static FAIL_AT: Cell<u64> = const { Cell::new(u64::MAX) };
    /// Run before each comparison of objects.
    pub static BEFORE: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

#[repr(C)]
struct Object {
    header: Header,
    value: i64,
}

fn zeroed<T>() -> *mut T {
    // SAFETY: T is not empty.
    unsafe { alloc_zeroed(Layout::new::<T>()).cast() }
}

unsafe extern "C" fn alloc(_: *mut GcThread, bytes: usize, tid: u32) -> *mut u8 {
    let p = alloc_zeroed(Layout::from_size_align_unchecked(bytes, 8));
    *(p as *mut u32) = tid;
    // Every store has to take the barrier's slow way.
    (*(p as *mut Header)).gc = taipan_abi::gc::GC_BARRIER;
    p
}
unsafe extern "C" fn extend(_: *mut GcThread, _: *mut u8, _: usize) -> i32 {
    0
}
unsafe extern "C" fn wb_slow(_: *mut GcThread, _: *mut u8) {}
unsafe extern "C" fn wb_range(_: *mut GcThread, _: *mut u8, lo: *mut W, hi: *mut W) {
    assert!(lo < hi)
}

unsafe extern "C" fn add_roots(_: *const W, _: usize) -> u32 {
    0
}
unsafe extern "C" fn setting(_: *const u8, _: usize, _: *mut Blob) -> i32 {
    0
}
unsafe extern "C" fn register(_: *mut GcThread, _: *mut u8) {}
unsafe extern "C" fn reg_weak(_: *mut GcThread, _: *mut u8, _: u32) {}

fn value(w: W) -> i64 {
    if w.is_int() {
        return w.untag();
    }
    // SAFETY: the tests make only such objects.
    unsafe { (*w.ptr::<Object>()).value }
}
fn note() -> Res<()> {
    COMPARISONS.set(COMPARISONS.get() + 1);
    if let Some(f) = BEFORE.with_borrow_mut(|f| f.take()) {
        let mut f = f;
        f();
        BEFORE.set(Some(f));
    }
    if COMPARISONS.get() == FAIL_AT.get() { Err(Raised) } else { Ok(()) }
}
#[slot]
fn hash(sp: Space, w: W) -> Res<i64> {
    // SAFETY: words of the tests.
    unsafe {
        match w.tid() {
            TID_STR => {
                let s = w.ptr::<WStr>();
                let bytes = std::slice::from_raw_parts(s.add(1) as *const u8, (*s).nbytes);
                (*s).hash = bytes.iter().fold(7, |h: u64, b| h.wrapping_mul(31).wrapping_add(*b as u64));
                Ok((*s).hash as i64)
            }
            TID_OBJECT => Ok(value(w) % 5),
            _ => Err(sp.type_error("unhashable type: 'x'")),
        }
    }
}
#[slot]
fn eq_w(_sp: Space, a: W, b: W) -> Res<bool> {
    // SAFETY: words of the tests.
    let comparable = |w: W| w.is_int() || unsafe { w.tid() } == TID_OBJECT;
    note()?;
    Ok(a == b || comparable(a) && comparable(b) && value(a) == value(b))
}
#[slot]
fn lt(_sp: Space, a: W, b: W) -> Res<W> {
    note()?;
    Ok(W::bool(value(a) < value(b)))
}
#[slot]
fn raise_text(sp: Space, _known: u32, _text: *const u8, _len: usize) -> Res<i32> {
    sp.thread().exc = W::NONE;
    Err(Raised)
}
#[slot]
fn exc_match(_sp: Space, _a: W, _b: W) -> Res<bool> {
    Ok(true)
}
#[slot]
fn type_(_sp: Space, _a: W) -> Res<W> {
    Ok(W::NONE)
}
#[slot]
fn call(sp: Space, _f: W, args: *const W, _n: usize, _kwnames: W) -> Res<W> {
    // A key function: the negative value, as an object.
    // SAFETY: the caller's argument.
    Ok(object(sp, -value(unsafe { *args })))
}

/// A space for the calling thread.
pub fn space() -> Space {
    // SAFETY: the tables are used only as far as they are filled here.
    unsafe {
        let n = FIRST_FREE_TID as usize + 400;
        let rows: &'static mut [*mut TypeInfo] = Vec::leak(
            (0..n)
                .map(|i| {
                    let row = zeroed::<TypeInfo>();
                    (*row).tid = i as u32;
                    (*row).layout = i as u32;
                    (*row).slots = &Slots::EMPTY;
                    row
                })
                .collect(),
        );
        let types = Box::leak(Box::new(TypeTable { rows: rows.as_mut_ptr(), len: n as u32, cap: n as u32 }));
        let gcvt = zeroed::<GcVTable>();
        (&raw mut (*gcvt).alloc_slow).write(alloc);
        (&raw mut (*gcvt).try_extend).write(extend);
        (&raw mut (*gcvt).wb_slow).write(wb_slow);
        (&raw mut (*gcvt).wb_range).write(wb_range);
        (&raw mut (*gcvt).add_roots).write(add_roots);
        (&raw mut (*gcvt).reg_finalizer).write(register);
        (&raw mut (*gcvt).reg_weak).write(reg_weak);
        let table = zeroed::<OpTable>();
        macro_rules! set {
            ($($name:ident = $f:expr;)*) => { $((&raw mut (*table).$name.exec).write($f);)* };
        }
        set! {
            hash = hash; eq_w = eq_w; lt = lt; raise_text = raise_text; exc_match = exc_match; type_ = type_; call = call;
            newtuple = ops::newtuple; newlist = ops::newlist; newset = ops::newset; newdict = ops::newdict; tuple_w = ops::tuple_w;
            dict_get = ops::dict_get; dict_set = ops::dict_set; dict_del = ops::dict_del; dict_next = ops::dict_next;
            newslice = ops::newslice; list_sort = ops::list_sort;
        }
        let host = zeroed::<HostVTable>();
        (&raw mut (*host).setting).write(setting);
        let th = zeroed::<Thread>();
        (*th).host = host;
        (*th).ops = table;
        (*th).gcvt = gcvt;
        (*th).types = types;
        (*th).known = Vec::leak(vec![W::NULL; known::COUNT]).as_ptr();
        Space::new(th)
    }
}

/// An instance with a number.
pub fn object(sp: Space, value: i64) -> W {
    // SAFETY: the row's size here.
    unsafe {
        let w = sp.alloc(TID_OBJECT, size_of::<Object>()).expect("memory");
        (*w.ptr::<Object>()).value = value;
        w
    }
}
/// The number of an int or instance.
pub fn number(w: W) -> i64 {
    value(w)
}
/// An ASCII str whose hash is not computed yet.
pub fn text(sp: Space, s: &str) -> W {
    // SAFETY: the layout of a str.
    unsafe {
        let w = sp.alloc(TID_STR, size_of::<WStr>() + s.len()).expect("memory");
        let p = w.ptr::<WStr>();
        (*p).nbytes = s.len();
        std::ptr::copy_nonoverlapping(s.as_ptr(), p.add(1) as *mut u8, s.len());
        w
    }
}
/// A float.
pub fn float(sp: Space, f: f64) -> W {
    // SAFETY: the layout of a float.
    unsafe {
        let w = sp.alloc(TID_FLOAT, size_of::<WFloat>()).expect("memory");
        (*w.ptr::<WFloat>()).value = f;
        w
    }
}
