//! Cells of all sizes are zeroed, aligned and distinct.

use std::ptr::null;
use taipan_abi::gc::*;
use taipan_gc_none::TABLE as GC;

unsafe extern "C" fn complain(p: *const u8, n: usize) {
    println!("{}", String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(p, n) }));
}

#[test]
fn cells() {
    let types = TypeTable { rows: std::ptr::null_mut(), len: 0, cap: 0 };
    let option = KeyValue { key: b"x".as_ptr(), key_len: 1, value: b"y".as_ptr(), value_len: 1 };
    unsafe {
        assert_eq!((GC.init)(&GcConfig { options: &option, n: 1, types: &types, complain }), -1);
        assert_eq!((GC.init)(&GcConfig { options: null(), n: 0, types: &types, complain }), 0);
        let t: *mut GcThread = Box::into_raw(Box::new(std::mem::zeroed()));
        assert_eq!((GC.attach)(t), 0);
        for round in 0..100u64 {
            for bytes in [1, 8, 16, 24, 40, 200, 256, 264, 5000, 100_000] {
                for _ in 0..20 {
                    let p = (GC.alloc_slow)(t, bytes, 7) as *mut u64;
                    assert!((p as usize).is_multiple_of(8));
                    assert_eq!(*p, 7);
                    for i in 1..bytes / 8 {
                        assert_eq!(*p.add(i), 0);
                        *p.add(i) = round + 1;
                    }
                }
            }
        }
        assert!((GC.alloc_slow)(t, usize::MAX - 8, 7).is_null());
        assert!((GC.next_finalizable)(t).is_null());
        assert_eq!((GC.collect)(t, 2), 0);
    }
}
