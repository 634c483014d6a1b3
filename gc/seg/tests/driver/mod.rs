//! A mutator for the tests: its own type table and thread, the inlined paths of the contract, and checks.
#![allow(dead_code)]

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use taipan_abi::gc::*;
use taipan_abi::word::W;
use taipan_gc_seg::TABLE as GC;

/// header, id, a, b and filling: `NODE + i` has NODE_WORDS[i] words.
pub const NODE: u32 = 100;
pub const NODE_WORDS: [usize; 9] = [4, 5, 7, 12, 31, 33, 80, 300, 1500];
/// header, value.
pub const FLOAT: u32 = 1;
/// header, len, id, items.
pub const ARRAY: u32 = 2;
/// header, raw, ref, id; has a `free` hook.
pub const NATIVE: u32 = 3;
/// header, weak slot, id.
pub const WEAKREF: u32 = 4;
/// header, id, ref.
pub const FINAL: u32 = 5;
/// header, len, bytes.
pub const RAW: u32 = 6;
/// header, len, bytes; has a `free` hook.
pub const RAW_NATIVE: u32 = 7;
/// header, len, id, entries of (hash, key, value), traced by a function.
pub const KEYS: u32 = 8;

pub static FREED: AtomicU32 = AtomicU32::new(0);
/// How often the hook ran for each id.
pub static FREED_IDS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static LOCK: Mutex<()> = Mutex::new(());

unsafe extern "C" fn free_native(o: *mut u8) {
    FREED.fetch_add(1, Relaxed);
    let id = *(o as *const u64).add(1) as usize;
    let mut ids = FREED_IDS.lock().unwrap();
    if ids.len() <= id {
        ids.resize(id + 1, 0);
    }
    ids[id] += 1;
}
unsafe extern "C" fn free_raw(_o: *mut u8) {
    FREED.fetch_add(1, Relaxed);
}
unsafe extern "C" fn native_bytes(_o: *const u8) -> usize {
    100
}
unsafe extern "C" fn trace_keys(o: *mut u8, v: Visit, ctx: *mut c_void) {
    let n = *(o as *const u64).add(1) as usize;
    for i in 0..n {
        let e = (o as *mut W).add(3 + 3 * i);
        v(ctx, e.add(1));
        v(ctx, e.add(2));
    }
}
unsafe extern "C" fn complain(p: *const u8, n: usize) {
    COMPLAINT.lock().unwrap().push_str(std::str::from_utf8(std::slice::from_raw_parts(p, n)).unwrap());
}
pub static COMPLAINT: Mutex<String> = Mutex::new(String::new());

fn row(tid: u32, flags: u32, fixed: usize, item: u32, items_off: u32, ptr_map: u64) -> *mut TypeInfo {
    Box::into_raw(Box::new(TypeInfo {
        struct_size: size_of::<TypeInfo>() as u32,
        flags,
        fixed_bytes: fixed as u32,
        item_bytes: item,
        len_off: 8,
        items_off,
        ptr_map,
        trace: None,
        free: None,
        native_bytes: None,
        w_type: W::NULL,
        layout: tid,
        tid,
        inst_off: 0,
        pad: 0,
        slots: null(),
        shape: null_mut(),
    }))
}

/// Leaves out the `free` hook of an array type, which makes every block be searched for dead ones (for measurements).
pub static PLAIN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

pub fn types() -> *mut TypeTable {
    let mut rows = vec![null_mut(); 256];
    rows[FLOAT as usize] = row(FLOAT, tf::NO_PTRS, 16, 0, 0, 0);
    rows[ARRAY as usize] = row(ARRAY, tf::VAR | tf::ITEMS_W, 24, 8, 24, 0);
    rows[NATIVE as usize] = row(NATIVE, tf::FREE, 32, 0, 0, 4);
    rows[WEAKREF as usize] = row(WEAKREF, 0, 24, 0, 0, 0);
    rows[FINAL as usize] = row(FINAL, tf::FINALIZER, 24, 0, 0, 4);
    rows[RAW as usize] = row(RAW, tf::NO_PTRS | tf::VAR, 16, 1, 16, 0);
    rows[RAW_NATIVE as usize] =
        row(RAW_NATIVE, tf::NO_PTRS | tf::VAR | if PLAIN.load(Relaxed) { 0 } else { tf::FREE }, 16, 1, 16, 0);
    rows[KEYS as usize] = row(KEYS, tf::VAR | tf::TRACE, 24, 24, 24, 0);
    for (i, w) in NODE_WORDS.iter().enumerate() {
        rows[NODE as usize + i] = row(NODE + i as u32, 0, w * 8, 0, 0, 12);
    }
    unsafe {
        (*rows[NATIVE as usize]).free = Some(free_native);
        (*rows[NATIVE as usize]).native_bytes = Some(native_bytes);
        (*rows[RAW_NATIVE as usize]).free = Some(free_raw);
        (*rows[KEYS as usize]).trace = Some(trace_keys);
    }
    Box::into_raw(Box::new(TypeTable { rows: rows.leak().as_mut_ptr(), len: 200, cap: 256 }))
}

pub fn init(options: &[(&str, &str)]) -> i32 {
    let kv: Vec<KeyValue> = options
        .iter()
        .map(|(k, v)| KeyValue { key: k.as_ptr(), key_len: k.len(), value: v.as_ptr(), value_len: v.len() })
        .collect();
    let config = GcConfig { options: kv.as_ptr(), n: kv.len(), types: types(), complain };
    unsafe { (GC.init)(&config) }
}

pub fn new_thread() -> *mut GcThread {
    unsafe { Box::into_raw(Box::new(std::mem::zeroed())) }
}

/// A heap and its first thread; tests in one process take turns.
pub struct Machine {
    pub t: *mut GcThread,
    pub vs: *mut W,
    _turn: MutexGuard<'static, ()>,
}

pub const VS: usize = 4096;

impl Machine {
    pub fn new(options: &[(&str, &str)]) -> Machine {
        let turn = LOCK.lock().unwrap_or_else(|e| e.into_inner());
        FREED.store(0, Relaxed);
        FREED_IDS.lock().unwrap().clear();
        assert_eq!(init(options), 0);
        let t = new_thread();
        let vs = vec![W::NULL; VS].leak().as_mut_ptr();
        unsafe {
            (*t).vs_base = vs;
            (*t).vs_top = vs.add(VS);
            assert_eq!((GC.attach)(t), 0);
        }
        Machine { t, vs, _turn: turn }
    }
    pub fn alloc(&self, bytes: usize, tid: u32) -> *mut W {
        unsafe { alloc(self.t, bytes, tid) }
    }
    pub fn node(&self, kind: usize, id: u64, a: W, b: W) -> *mut W {
        let p = self.alloc(NODE_WORDS[kind] * 8, NODE + kind as u32);
        unsafe {
            *p.add(1) = W::int(id as i64);
            *p.add(2) = a;
            *p.add(3) = b;
            for i in 4..NODE_WORDS[kind] {
                assert_eq!(*p.add(i), W::NULL, "cell was not zeroed");
                *p.add(i) = W(filling(id, i));
            }
        }
        p
    }
    pub fn float(&self, v: f64) -> *mut W {
        let p = self.alloc(16, FLOAT);
        unsafe { *(p as *mut f64).add(1) = v };
        p
    }
    /// `how`: 0 = alloc_slow, 1 = alloc_large, 2 = alloc_large pretenured.
    pub fn array(&self, len: usize, id: u64, how: u32) -> *mut W {
        let bytes = 24 + len * 8;
        unsafe {
            let p = match how {
                0 => (GC.alloc_slow)(self.t, bytes, ARRAY),
                1 => (GC.alloc_large)(self.t, bytes, ARRAY, 0),
                _ => (GC.alloc_large)(self.t, bytes, ARRAY, LARGE_PRETENURE),
            } as *mut W;
            assert!(!p.is_null());
            *p.add(1) = W(len as u64);
            *p.add(2) = W::int(id as i64);
            p
        }
    }
    pub fn root(&self, i: usize) -> W {
        unsafe { *self.vs.add(i) }
    }
    pub fn set_root(&self, i: usize, w: W) {
        unsafe { *self.vs.add(i) = w }
    }
    pub fn store(&self, o: *mut W, i: usize, v: W) {
        unsafe { store(self.t, o, i, v) }
    }
    pub fn set_item(&self, o: *mut W, i: usize, v: W) {
        unsafe { set_item(self.t, o, i, v) }
    }
    pub fn collect(&self, kind: CollectKind) {
        unsafe {
            (GC.collect)(self.t, kind as u32);
        }
    }
    pub fn stats(&self) -> GcStats {
        let mut s = GcStats::default();
        unsafe { (GC.stats)(&mut s) };
        s
    }
    pub fn objects(&self) -> Vec<usize> {
        unsafe extern "C" fn f(ctx: *mut c_void, o: *mut u8) {
            (*(ctx as *mut Vec<usize>)).push(o as usize);
        }
        let mut v: Vec<usize> = Vec::new();
        assert_eq!(unsafe { (GC.heap_walk)(f, &mut v as *mut Vec<usize> as *mut c_void) }, 0);
        v
    }
    pub fn count(&self, tid: u32) -> usize {
        self.objects().iter().filter(|&&o| unsafe { *(o as *const u32) } == tid).count()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        unsafe { (GC.detach)(self.t) };
    }
}

pub fn filling(id: u64, i: usize) -> u64 {
    id.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ i as u64 | 1
}

/// The inlined allocation.
#[inline(always)]
pub unsafe fn alloc(t: *mut GcThread, bytes: usize, tid: u32) -> *mut W {
    if bytes <= 256 {
        let b = &mut (*t).bump[bytes / 8];
        let p = b.cur;
        if p + bytes <= b.end {
            b.cur = p + bytes;
            *(p as *mut u64) = tid as u64;
            return p as *mut W;
        }
    }
    let p = (GC.alloc_slow)(t, bytes, tid) as *mut W;
    assert!(!p.is_null());
    p
}

#[inline(always)]
pub unsafe fn store(t: *mut GcThread, o: *mut W, i: usize, v: W) {
    if *(o as *const u8).add(4) & GC_BARRIER != 0 {
        (GC.wb_slow)(t, o as *mut u8);
    }
    *o.add(i) = v;
}

#[inline(always)]
pub unsafe fn set_item(t: *mut GcThread, o: *mut W, i: usize, v: W) {
    let slot = o.add(3 + i);
    let gc = *(o as *const u8).add(4);
    if gc & GC_BARRIER != 0 {
        if gc & GC_LISTED != 0 {
            *(((slot as usize) >> (*t).card_shift).wrapping_add((*t).card_bias) as *mut u8) = 1;
        } else {
            (GC.wb_slot)(t, o as *mut u8, slot);
        }
    }
    *slot = v;
}

pub struct Rng(pub u64);
impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 33) as usize) % n
    }
}

/// Runs `f` deep in the stack, so that its dead frames are not the caller's.
#[inline(never)]
pub fn deep<R>(depth: usize, f: &mut dyn FnMut() -> R) -> R {
    let pad = std::hint::black_box([0u64; 64]);
    let r = if depth == 0 { f() } else { deep(depth - 1, f) };
    std::hint::black_box(&pad);
    r
}
