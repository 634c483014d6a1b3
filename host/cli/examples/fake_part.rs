//! A part for the loader's tests. It is what its file name says: `libtaipan_KIND_NAME.so`, where some names stand for a defect.
//!
//! As a space, its "program" prints the settings listed in `FAKE_SETTINGS` and where the modules listed in `FAKE_MODULES` come from.

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{RSlice, RStr};
use std::ffi::{CStr, c_void};
use taipan_abi::gc::{GcConfig, GcStats, GcThread, GcVTable, KeyValue};
use taipan_abi::host::{Blob, HostVTable, ModuleSpec};
use taipan_abi::jit::{JitAnswer, JitVTable};
use taipan_abi::mode::Rec;
use taipan_abi::ops::OpTable;
use taipan_abi::plugin::{
    ABI, COMPILER, Kind, ModulesTable, OptionInfo, PluginRoot, PluginRootRef, SpaceTable, TablePtr,
};
use taipan_abi::thread::{Cache, Code, Thread};
use taipan_abi::types::{Slice, Str};
use taipan_abi::word::{TID_BOOL, TID_NONE, W};

/// The library's own file name.
fn file_name() -> String {
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: the address is of this library; the answer's path is a C string.
    let path = unsafe {
        libc::dladdr((file_name as fn() -> String as *const c_void).cast(), &mut info);
        CStr::from_ptr(info.dli_fname)
    };
    path.to_string_lossy().rsplit('/').next().unwrap_or_default().to_string()
}

static OPTIONS: &[OptionInfo] = &[
    OptionInfo { name: RStr::from_str("nursery"), help: RStr::from_str("size"), default: RStr::from_str("4MB") },
    OptionInfo { name: RStr::from_str("out"), help: RStr::from_str("a file"), default: RStr::from_str("") },
];

#[abi_stable::export_root_module]
fn root() -> PluginRootRef {
    let file = file_name();
    let stem = file.strip_prefix("libtaipan_").and_then(|f| f.strip_suffix(".so")).unwrap_or("gc_unnamed");
    let (kind, name) = stem.split_once('_').unwrap_or(("gc", "unnamed"));
    let name: &'static str = String::leak(name.to_string());
    if name == "panics" {
        panic!("fake panic");
    }
    let kind = match (kind, name) {
        (_, "wrongkind") => Kind::Modules,
        ("space", _) => Kind::Space,
        ("modules", _) => Kind::Modules,
        ("jit", _) => Kind::Jit,
        _ => Kind::Gc,
    };
    let table: *const () = match (kind, name) {
        (_, "notable") => std::ptr::null(),
        (_, "tableabi") => (&raw const TABLE_ABI).cast(),
        (_, "short") => (&raw const SHORT).cast(),
        (Kind::Space, "proxy") => (&raw const PROXY).cast(),
        (Kind::Space, _) => (&raw const SPACE).cast(),
        (Kind::Modules, _) => (&raw const MODULES).cast(),
        (Kind::Gc, _) => (&raw const GC).cast(),
        (Kind::Jit, _) => (&raw const JIT).cast(),
    };
    PluginRoot {
        kind,
        name: RStr::from_str(name),
        version: RStr::from_str("1.2.3"),
        description: RStr::from_str("a fake part"),
        abi: if name == "otherabi" { ABI + 1 } else { ABI },
        compiler: RStr::from_str(COMPILER),
        options: RSlice::from_slice(OPTIONS),
        table: TablePtr(table),
    }
    .leak_into_prefix()
}

/// Another ABI.
static TABLE_ABI: [u64; 64] = [ABI as u64 + 1; 64];
/// ABI, and 8 bytes of size.
static SHORT: [u64; 1] = [ABI as u64 | 8 << 32];

// ---- space ----

const fn space(proxy: u32) -> SpaceTable {
    SpaceTable {
        abi: ABI,
        size: size_of::<SpaceTable>() as u32,
        proxy,
        pad: 0,
        stack,
        init: Some(init),
        eval: None,
        record: None,
        run_main: Some(run_main),
    }
}
static SPACE: SpaceTable = space(0);
static PROXY: SpaceTable = space(1);

unsafe extern "C" fn stack(inner: *const OpTable, _host: *const HostVTable) -> *const OpTable {
    // Only its address is looked at by the fakes.
    static OPS: [u64; 4096] = [0; 4096];
    if inner.is_null() { OPS.as_ptr().cast() } else { inner }
}
unsafe extern "C-unwind" fn init(th: *mut Thread) -> i32 {
    let th = unsafe { &*th };
    let tid = |w: W| unsafe { w.header().tid };
    assert_eq!((tid(W::NONE), tid(W::FALSE), tid(W::TRUE)), (TID_NONE, TID_BOOL, TID_BOOL));
    assert!(!th.ops.is_null() && !th.gcvt.is_null() && !th.types.is_null() && !th.host.is_null());
    // The ends of the areas can be written to.
    unsafe {
        th.vs_limit.sub(1).write(W::NONE);
        (th.frame_limit.sub(1)).cast::<u64>().write(1);
        let types = &*th.types;
        types.rows.add(types.cap as usize - 1).write(std::ptr::null_mut());
    }
    0
}
fn list(variable: &str) -> Vec<String> {
    std::env::var(variable).unwrap_or_default().split(',').filter(|s| !s.is_empty()).map(str::to_string).collect()
}
fn taken(host: &HostVTable, blob: Blob) -> String {
    let bytes = if blob.len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(blob.ptr, blob.len) } };
    let text = String::from_utf8_lossy(bytes).replace('\n', "\\n");
    unsafe { (host.free_blob)(blob) };
    text
}
unsafe extern "C-unwind" fn run_main(th: *mut Thread) -> i32 {
    let host = unsafe { &*(*th).host };
    let empty = Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    for key in list("FAKE_SETTINGS") {
        let mut blob = empty;
        match unsafe { (host.setting)(key.as_ptr(), key.len(), &mut blob) } {
            0 => println!("{key} unset"),
            _ => println!("{key} = {}", taken(host, blob)),
        }
    }
    for name in list("FAKE_MODULES") {
        let mut origin = empty;
        let spec = unsafe { (host.find_module)(name.as_ptr(), name.len(), &mut origin) };
        match unsafe { spec.as_ref() } {
            None => println!("{name} missing"),
            Some(spec) => println!("{} from {}", spec.name.get(), taken(host, origin)),
        }
    }
    if std::env::var_os("FAKE_NAMES").is_some() {
        let names: Vec<&str> =
            (0..).map(|n| unsafe { (host.module_name)(n) }.get()).take_while(|n| !n.is_empty()).collect();
        println!("modules: {}", names.join(" "));
    }
    7
}

// ---- modules ----

const fn module(name: &'static str) -> ModuleSpec {
    unsafe extern "C-unwind" fn init(_th: *mut Thread, _w: W) -> i32 {
        0
    }
    ModuleSpec {
        name: Str::new(name),
        doc: Str::new(""),
        functions: Slice::new(&[]),
        app_level: Str::new(""),
        init,
        flags: 0,
    }
}
static FAKE_A: ModuleSpec = module("fake_a");
static FAKE_B: ModuleSpec = module("fake_b.inner");
static SPECS: &[&ModuleSpec] = &[&FAKE_A, &FAKE_B];
static MODULES: ModulesTable =
    ModulesTable { abi: ABI, size: size_of::<ModulesTable>() as u32, modules: SPECS.as_ptr(), n: SPECS.len() };

// ---- collector ----

type Complain = unsafe extern "C" fn(*const u8, usize);
unsafe extern "C" fn refuse_bad(options: *const KeyValue, n: usize, complain: Complain) -> i32 {
    let options = if n == 0 { &[][..] } else { unsafe { std::slice::from_raw_parts(options, n) } };
    for o in options {
        let value = unsafe { std::slice::from_raw_parts(o.value, o.value_len) };
        if value == b"bad" {
            let text = "option 'nursery' is not a size: write it like 16MB";
            unsafe { complain(text.as_ptr(), text.len()) };
            return -1;
        }
    }
    0
}
unsafe extern "C" fn gc_init(config: *const GcConfig) -> i32 {
    let c = unsafe { &*config };
    unsafe { refuse_bad(c.options, c.n, c.complain) }
}
static GC: GcVTable = {
    type T = *mut GcThread;
    unsafe extern "C" fn zero(_: T) -> i32 {
        0
    }
    unsafe extern "C" fn alloc(_: T, _: usize, _: u32) -> *mut u8 {
        std::ptr::null_mut()
    }
    unsafe extern "C" fn alloc_large(_: T, _: usize, _: u32, _: u32) -> *mut u8 {
        std::ptr::null_mut()
    }
    unsafe extern "C" fn try_extend(_: T, _: *mut u8, _: usize) -> i32 {
        0
    }
    unsafe extern "C" fn wb_slow(_: T, _: *mut u8) {}
    unsafe extern "C" fn wb_slot(_: T, _: *mut u8, _: *mut W) {}
    unsafe extern "C" fn wb_range(_: T, _: *mut u8, _: *mut W, _: *mut W) {}
    unsafe extern "C" fn park(_: T, f: unsafe extern "C" fn(*mut c_void), ctx: *mut c_void) {
        unsafe { f(ctx) }
    }
    unsafe extern "C" fn add_roots(_: *const W, _: usize) -> u32 {
        0
    }
    unsafe extern "C" fn del_roots(_: u32) {}
    unsafe extern "C" fn reg_weak(_: T, _: *mut u8, _: u32) {}
    unsafe extern "C" fn next(_: T) -> *mut u8 {
        std::ptr::null_mut()
    }
    unsafe extern "C" fn collect(_: T, _: u32) -> i32 {
        0
    }
    unsafe extern "C" fn enable(_: T, _: u32) -> u32 {
        0
    }
    unsafe extern "C" fn object_of(_: usize) -> *mut u8 {
        std::ptr::null_mut()
    }
    unsafe extern "C" fn walk(_: unsafe extern "C" fn(*mut c_void, *mut u8), _: *mut c_void) -> i32 {
        -1
    }
    unsafe extern "C" fn stats(_: *mut GcStats) {}
    unsafe extern "C" fn fork(_: u32) {}
    GcVTable {
        abi: ABI,
        size: size_of::<GcVTable>() as u32,
        caps: 3,
        init: gc_init,
        attach: zero,
        detach: zero,
        alloc_slow: alloc,
        alloc_large,
        try_extend,
        wb_slow,
        wb_slot,
        wb_range,
        park,
        add_roots,
        del_roots,
        reg_weak,
        reg_finalizer: wb_slow,
        next_dead_weak: next,
        next_finalizable: next,
        collect,
        enable,
        object_of,
        heap_walk: walk,
        stats,
        fork,
    }
};

// ---- JIT ----

static JIT: JitVTable = {
    unsafe extern "C" fn threshold() -> u32 {
        u32::MAX
    }
    unsafe extern "C-unwind" fn back_edge(
        _: *mut Thread,
        _: *mut Code,
        _: *const u32,
        _: *mut W,
        _: *mut Cache,
        _: *mut JitAnswer,
    ) {
    }
    unsafe extern "C-unwind" fn entry(_: *mut Thread, _: *mut Code, _: *mut JitAnswer) {}
    unsafe extern "C-unwind" fn finish(_: *mut Thread, _: *mut Rec, _: u32, _: *mut JitAnswer) {}
    unsafe extern "C" fn invalidate(_: *mut Thread) {}
    unsafe extern "C" fn forget(_: *mut Code) {}
    unsafe extern "C" fn set_param(_: *const u8, _: usize, _: i64) -> i32 {
        -1
    }
    unsafe extern "C" fn stat(_: u32, _: *mut *const u8) -> i64 {
        -1
    }
    JitVTable {
        abi: ABI,
        size: size_of::<JitVTable>() as u32,
        init: refuse_bad,
        threshold,
        back_edge,
        entry,
        finish,
        invalidate,
        forget,
        set_param,
        stat,
    }
};
