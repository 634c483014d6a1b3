//! One behaviour of the contract a test.

mod driver;
use driver::*;
use std::sync::atomic::Ordering::Relaxed;
use taipan_abi::gc::*;
use taipan_abi::word::W;
use taipan_gc_seg::TABLE as GC;

/// Full collections from another depth of the stack, until no more changes are expected.
fn full(m: &Machine) {
    for _ in 0..2 {
        deep(10, &mut || m.collect(CollectKind::Full));
    }
}

fn id(p: *const W) -> i64 {
    unsafe { (*p.add(1)).untag() }
}

#[test]
fn weak_slots() {
    for kind in [CollectKind::Minor as u32, CollectKind::Full as u32] {
        let m = Machine::new(&[]);
        deep(30, &mut || {
            for i in 0..100u64 {
                let target = m.node(0, i, W::NULL, W::NULL);
                let weak = m.alloc(24, WEAKREF);
                unsafe {
                    *weak.add(1) = W::of(target);
                    *weak.add(2) = W::int(i as i64);
                    (GC.reg_weak)(m.t, weak as *mut u8, 8);
                }
                // Every target of an odd number and every weak reference but the last 10 stay alive.
                if i % 2 == 1 {
                    m.set_root(i as usize, W::of(target));
                }
                if i < 90 {
                    m.set_root(100 + i as usize, W::of(weak));
                }
            }
        });
        if kind == CollectKind::Full as u32 {
            full(&m);
        } else {
            deep(10, &mut || m.collect(CollectKind::Minor));
        }
        unsafe {
            assert_eq!((*m.t).poll.load(Relaxed), POLL_GC);
            let mut dead = Vec::new();
            loop {
                let w = (GC.next_dead_weak)(m.t) as *mut W;
                if w.is_null() {
                    break;
                }
                assert_eq!(*w.add(1), W::NULL);
                dead.push((*w.add(2)).untag());
            }
            assert_eq!((*m.t).poll.load(Relaxed), 0);
            dead.sort();
            // A stale word in a stack may keep one target.
            assert!(dead.len() >= 44, "{dead:?}");
            assert!(dead.iter().all(|i| i % 2 == 0 && *i < 90));
            for i in (1..90).step_by(2) {
                assert_eq!(*m.root(100 + i).ptr::<W>().add(1), m.root(i));
            }
            // Old targets die too, in a major collection.
            for i in 0..100 {
                m.set_root(i, W::NULL);
            }
            deep(10, &mut || m.collect(CollectKind::Minor));
            assert!((GC.next_dead_weak)(m.t).is_null());
            full(&m);
            let mut n = 0;
            while !(GC.next_dead_weak)(m.t).is_null() {
                n += 1;
            }
            assert!(n >= 44, "{n}");
        }
    }
}

#[test]
fn weak_slots_in_an_incremental_collection() {
    let m = Machine::new(&[("nursery", "64KB"), ("growth", "1.1"), ("min", "64KB"), ("step", "1KB")]);
    deep(30, &mut || {
        for i in 0..50u64 {
            let target = m.node(0, i, W::NULL, W::NULL);
            m.set_root(i as usize, W::of(target));
            let weak = m.alloc(24, WEAKREF);
            unsafe {
                *weak.add(1) = W::of(target);
                (GC.reg_weak)(m.t, weak as *mut u8, 8);
            }
            m.set_root(100 + i as usize, W::of(weak));
        }
        m.collect(CollectKind::Minor);
    });
    for i in 0..50 {
        m.set_root(i, W::NULL);
    }
    let mut n = 0;
    deep(10, &mut || {
        let mut list = W::NULL;
        while m.stats().major_collections < 4 {
            for i in 0..1000 {
                list = W::of(m.node(0, i, if i == 0 { W::NULL } else { list }, W::NULL));
                m.set_root(3000, list);
            }
        }
    });
    while !unsafe { (GC.next_dead_weak)(m.t) }.is_null() {
        n += 1;
    }
    assert!(n >= 45, "{n}");
}

#[test]
fn finalizers_revive_what_they_reach() {
    for old in [false, true] {
        let m = Machine::new(&[]);
        deep(30, &mut || {
            for i in 0..20i64 {
                let child = m.node(1, 1000 + i as u64, W::NULL, W::NULL);
                let f = m.alloc(24, FINAL);
                unsafe {
                    *f.add(1) = W::int(i);
                    *f.add(2) = W::of(child);
                    (GC.reg_finalizer)(m.t, f as *mut u8);
                    // A weak reference to the child, kept: cleared although the finalizer revives the child.
                    let weak = m.alloc(24, WEAKREF);
                    *weak.add(1) = W::of(child);
                    *weak.add(2) = W::int(i);
                    (GC.reg_weak)(m.t, weak as *mut u8, 8);
                    m.set_root(100 + i as usize, W::of(weak));
                    m.set_root(i as usize, W::of(f));
                }
            }
        });
        if old {
            deep(10, &mut || m.collect(CollectKind::Minor));
        }
        full(&m);
        assert!(unsafe { (GC.next_finalizable)(m.t) }.is_null());
        for i in 0..20 {
            m.set_root(i, W::NULL);
        }
        full(&m);
        full(&m);
        let mut n = 0;
        deep(30, &mut || unsafe {
            assert_eq!((*m.t).poll.load(Relaxed), POLL_GC);
            loop {
                let f = (GC.next_finalizable)(m.t) as *mut W;
                if f.is_null() {
                    break;
                }
                let child: *mut W = (*f.add(2)).ptr();
                assert_eq!(id(child), 1000 + id(f));
                assert_eq!((*child).0 as u32, NODE + 1);
                n += 1;
            }
        });
        assert!(n >= 18, "{n}");
        deep(30, &mut || {
            let mut cleared = 0;
            while !unsafe { (GC.next_dead_weak)(m.t) }.is_null() {
                cleared += 1;
            }
            assert!(cleared >= 18, "{cleared}");
        });
        full(&m);
        assert!(unsafe { (GC.next_finalizable)(m.t) }.is_null());
        assert!(m.count(FINAL) <= 2);
    }
}

#[test]
fn free_runs_once() {
    for options in
        [&[][..], &[("nursery", "64KB"), ("growth", "1.1"), ("min", "64KB"), ("step", "4KB")], &[("stress", "10")]]
    {
        let m = Machine::new(options);
        let stress = options.first().is_some_and(|o| o.0 == "stress");
        let n = if stress { 2000 } else { 60_000u64 };
        deep(30, &mut || {
            let mut rng = Rng(99);
            for i in 0..n {
                let p = m.alloc(32, NATIVE);
                unsafe {
                    *p.add(1) = W(i);
                    *p.add(2) = m.root(rng.below(500));
                }
                if rng.below(3) == 0 {
                    m.set_root(rng.below(500), W::of(p));
                }
                if rng.below(4) == 0 {
                    m.set_root(rng.below(500), W::NULL);
                }
                if rng.below(400) == 0 {
                    let big = unsafe { (GC.alloc_large)(m.t, 40_000, RAW_NATIVE, 0) as *mut W };
                    unsafe { *big.add(1) = W(39_000) };
                }
            }
            for i in 0..500 {
                m.set_root(i, W::NULL);
            }
        });
        full(&m);
        let ids = FREED_IDS.lock().unwrap().clone();
        let once = ids.iter().filter(|&&k| k == 1).count();
        assert!(ids.iter().all(|&k| k <= 1));
        assert!(once as u64 + 5 >= n, "{once} of {n}");
        assert!(FREED.load(Relaxed) as usize > once || stress);
        assert!(m.count(RAW_NATIVE) <= 1);
        assert!(m.stats().native_bytes <= 500);
    }
}

#[test]
fn cards() {
    for how in 0..3 {
        for traced in [false, true] {
            let m = Machine::new(&[("verify", "true")]);
            let n = 100_000;
            let p = if traced {
                unsafe {
                    (GC.alloc_large)(m.t, 24 + n * 24, KEYS, if how == 2 { LARGE_PRETENURE } else { 0 }) as *mut W
                }
            } else {
                m.array(n * 3, 1, how)
            };
            unsafe { *p.add(1) = W(if traced { n } else { n * 3 } as u64) };
            m.set_root(0, W::of(p));
            if how != 2 {
                m.collect(CollectKind::Minor);
            }
            assert_eq!(unsafe { *(p as *const u8).add(4) }, GC_BARRIER | GC_CARDS);
            let mut rng = Rng(5);
            let mut want = vec![None; n * 3];
            for round in 0..20 {
                for _ in 0..200 {
                    let mut i = rng.below(n * 3);
                    if traced && i.is_multiple_of(3) {
                        i += 1;
                    }
                    let v = rng.next() as u32 as f64;
                    m.set_item(p, i, W::of(m.float(v)));
                    want[i] = Some(v);
                }
                if round == 7 {
                    // A plain store logs the whole array.
                    let v = m.float(0.5);
                    m.store(p, 3 + 1, W::of(v));
                    want[1] = Some(0.5);
                }
                if round == 11 {
                    let (lo, hi) = (3000, 9000);
                    unsafe {
                        (GC.wb_range)(m.t, p as *mut u8, p.add(3 + lo), p.add(3 + hi));
                        std::ptr::copy(p.add(3 + 60_000), p.add(3 + lo), hi - lo);
                    }
                    want.copy_within(60_000..60_000 + hi - lo, lo);
                }
                m.collect(if round % 5 == 4 { CollectKind::Major } else { CollectKind::Minor });
                for i in 0..1000 {
                    m.float(i as f64);
                }
            }
            for (i, w) in want.iter().enumerate() {
                if let Some(v) = w {
                    assert_eq!(unsafe { *(*p.add(3 + i)).ptr::<f64>().add(1) }, *v);
                }
            }
            assert_eq!(unsafe { *(p as *const u8).add(4) }, GC_BARRIER | GC_CARDS);
        }
    }
}

#[test]
fn growing_in_place() {
    let m = Machine::new(&[]);
    let mut bytes = 1 << 20;
    let p = unsafe { (GC.alloc_large)(m.t, bytes, RAW, 0) };
    m.set_root(0, W::of(p));
    let mut steps = 0;
    loop {
        unsafe { std::ptr::write_bytes(p.add(16), 0xff, bytes - 16) };
        let more = bytes + 100_000;
        if steps == 60 || unsafe { (GC.try_extend)(m.t, p, more) } == 0 {
            break;
        }
        assert!(unsafe { std::slice::from_raw_parts(p.add(bytes), 100_000) }.iter().all(|&b| b == 0));
        bytes = more;
        steps += 1;
    }
    assert_eq!(steps, 60);
    unsafe {
        assert_eq!((GC.try_extend)(m.t, p, 200_000), 1);
        assert_eq!((GC.try_extend)(m.t, p, 300_000), 1);
        assert!(std::slice::from_raw_parts(p.add(200_000), 100_000).iter().all(|&b| b == 0));
        // Cells grow within their size class only.
        let q = (GC.alloc_slow)(m.t, 900, RAW);
        assert_eq!((GC.try_extend)(m.t, q, 1024), 1);
        assert_eq!((GC.try_extend)(m.t, q, 1025), 0);
    }
    m.collect(CollectKind::Full);
    m.set_root(0, W::NULL);
    full(&m);
    // Reused blocks come back zeroed.
    let q = unsafe { (GC.alloc_large)(m.t, 3 << 20, RAW, 0) };
    assert!(unsafe { std::slice::from_raw_parts(q.add(8), (3 << 20) - 8) }.iter().all(|&b| b == 0));
}

#[test]
fn ambiguous_words() {
    let m = Machine::new(&[]);
    let small: Vec<usize> = (0..NODE_WORDS.len()).map(|k| m.node(k, k as u64, W::NULL, W::NULL) as usize).collect();
    let big = m.array(100_000, 7, 0) as usize;
    for round in 0..3 {
        for (k, &p) in small.iter().enumerate() {
            m.set_root(k, W((p + NODE_WORDS[k] * 8 - 8) as u64));
            for off in [0, 1, 5, 8, NODE_WORDS[k] * 8 - 1] {
                assert_eq!(unsafe { (GC.object_of)((p + off) & !1) } as usize, p);
            }
        }
        m.set_root(20, W(big as u64 + 700_000));
        assert_eq!(unsafe { (GC.object_of)(big + 800_024) } as usize, big);
        assert_eq!(unsafe { (GC.object_of)(big + 900_000) } as usize, 0);
        m.collect(if round == 1 { CollectKind::Major } else { CollectKind::Minor });
    }
    // Not yet allocated cells, foreign addresses and odd words are nobody's.
    let end = unsafe { (*m.t).bump[4].end };
    assert!(end == 0 || unsafe { (GC.object_of)(end - 8) }.is_null());
    for w in [0, 1, 17, W::NONE.0 as usize, usize::MAX - 1, &m as *const _ as usize] {
        assert!(unsafe { (GC.object_of)(w) }.is_null());
    }
    assert_eq!(m.count(ARRAY), 1);
}

#[test]
fn parked_threads() {
    use std::sync::{Arc, Barrier};
    let m = Machine::new(&[("nursery", "256KB")]);
    let gate = Arc::new((Barrier::new(2), Barrier::new(2)));
    let g = gate.clone();
    struct Gate(Arc<(Barrier, Barrier)>);
    unsafe extern "C" fn wait(ctx: *mut std::ffi::c_void) {
        let g = &*(ctx as *const Gate);
        g.0.0.wait();
        g.0.1.wait();
    }
    let other = std::thread::spawn(move || unsafe {
        let t = new_thread();
        assert_eq!((GC.attach)(t), 0);
        let mut tree = vec![];
        // Only this stack knows the list; `tree` holds numbers that do not look like words.
        let mut list = W::NULL;
        for i in 0..1000u64 {
            let p = alloc(t, 32, NODE);
            *p.add(1) = W::int(i as i64);
            *p.add(2) = list;
            list = W::of(p);
            tree.push(!list.0);
        }
        let g = Gate(g);
        (GC.park)(t, wait, &g as *const Gate as *mut _);
        for i in (0..1000).rev() {
            let p: *mut W = list.ptr();
            assert_eq!(!list.0, tree[i]);
            assert_eq!((*p).0 as u32, NODE);
            assert_eq!(id(p), i as i64);
            list = *p.add(2);
        }
        (GC.detach)(t);
    });
    gate.0.wait();
    for i in 0..200_000 {
        m.node(i % 4, 5, W::NULL, W::NULL);
    }
    for _ in 0..5 {
        m.collect(CollectKind::Full);
    }
    assert!(m.count(NODE) >= 1000);
    gate.1.wait();
    other.join().unwrap();
    full(&m);
    assert!(m.count(NODE) < 1000);
}

#[test]
fn limits_and_switches() {
    let m = Machine::new(&[("max", "32MB")]);
    let mut list = W::NULL;
    let mut n = 0;
    unsafe {
        loop {
            let p = (GC.alloc_slow)(m.t, 1024, NODE + 3) as *mut W;
            if p.is_null() {
                break;
            }
            *p.add(2) = list;
            list = W::of(p);
            m.set_root(0, list);
            n += 1;
        }
        assert!((24_000..33_000).contains(&n), "{n}");
        assert!((GC.alloc_large)(m.t, 64 << 20, RAW, 0).is_null());
        assert!((GC.alloc_large)(m.t, usize::MAX - 100, RAW, 0).is_null());
        // Freed again, there is room.
        m.set_root(0, W::NULL);
    }
    list = W::NULL;
    std::hint::black_box(&mut list);
    full(&m);
    assert!(!unsafe { (GC.alloc_large)(m.t, 20 << 20, RAW, 0) }.is_null());
    drop(m);
    let m = Machine::new(&[("nursery", "64KB")]);
    unsafe {
        assert_eq!((GC.enable)(m.t, 0), 1);
        let before = m.stats().minor_collections;
        for _ in 0..50_000 {
            m.float(1.0);
        }
        assert_eq!(m.stats().minor_collections, before);
        assert_eq!((GC.enable)(m.t, 1), 0);
        for _ in 0..50_000 {
            m.float(1.0);
        }
        assert!(m.stats().minor_collections > before);
    }
}

#[test]
fn unknown_options() {
    let m = Machine::new(&[]);
    COMPLAINT.lock().unwrap().clear();
    assert_eq!(init(&[("nurserie", "4MB")]), -1);
    assert!(COMPLAINT.lock().unwrap().contains("known options: nursery"));
    assert_eq!(init(&[]), -1);
    drop(m);
}

/// Runs the test `name` of this program with VICTIM set and answers what it wrote before it died.
fn dies(name: &str) -> String {
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("VICTIM", "1")
        .output()
        .unwrap();
    assert!(!out.status.success());
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn victim() -> bool {
    std::env::var_os("VICTIM").is_some()
}

#[test]
fn missed_barrier_is_found() {
    if !victim() {
        let s = dies("missed_barrier_is_found");
        return assert!(s.contains("missed write barrier") && s.contains("type id 100"), "{s}");
    }
    let m = Machine::new(&[("verify", "true")]);
    let p = m.node(0, 1, W::NULL, W::NULL);
    m.set_root(0, W::of(p));
    m.collect(CollectKind::Minor);
    deep(30, &mut || unsafe { *p.add(2) = W::of(m.node(0, 2, W::NULL, W::NULL)) });
    deep(10, &mut || m.collect(CollectKind::Minor));
}

#[test]
fn hidden_word_is_found() {
    if !victim() {
        let s = dies("hidden_word_is_found");
        return assert!(s.contains("refers to the freed cell") && s.contains("once of type id 101"), "{s}");
    }
    let m = Machine::new(&[("stress", "5")]);
    // Words in a Vec are seen by nobody (a stale stack slot may keep one of them).
    let mut hidden = Vec::new();
    deep(30, &mut || {
        for i in 0..20 {
            hidden.push(W::of(m.node(1, i, W::NULL, W::NULL)));
        }
    });
    deep(10, &mut || {
        for i in 0..20 {
            m.node(0, i, W::NULL, W::NULL);
        }
    });
    for (i, &w) in hidden.iter().enumerate() {
        let p = m.node(0, 1, W::NULL, w);
        m.set_root(i, W::of(p));
    }
    m.collect(CollectKind::Full);
}

/// Objects wander between a marked array and holders that are marked later, or back.
#[test]
fn references_moved_during_a_marking() {
    for traced in [false, true] {
        for verify in ["false", "true"] {
            let m = Machine::new(&[
                ("nursery", "64KB"),
                ("growth", "1.1"),
                ("min", "64KB"),
                ("step", "1KB"),
                ("verify", verify),
            ]);
            let (n, holders) = (12_000usize, 8_000usize);
            let p = if traced {
                unsafe { (GC.alloc_large)(m.t, 24 + n * 24, KEYS, 0) as *mut W }
            } else {
                m.array(n * 3, 1, 1)
            };
            unsafe { *p.add(1) = W(if traced { n } else { n * 3 } as u64) };
            m.set_root(0, W::of(p));
            // A second array: of two long arrays one is marked well before the other.
            let q = m.array(n * 3, 2, 1);
            m.set_root(2, W::of(q));
            m.collect(CollectKind::Minor);
            let mut chain = Vec::new();
            for i in 0..holders {
                let prev = m.root(1);
                let f = W::of(m.float(i as f64));
                let h = m.node(0, i as u64, f, prev);
                m.set_root(1, W::of(h));
                chain.push(h);
            }
            m.collect(CollectKind::Major);
            let mut rng = Rng(17);
            let mut at = vec![-1.0; n * 3];
            let mut at_q = vec![-1.0; n * 3];
            let mut held: Vec<f64> = (0..holders).map(|i| i as f64).collect();
            let before = m.stats().major_collections;
            let mut old = 0;
            while m.stats().major_collections < before + if verify == "true" { 3 } else { 25 } {
                // Sustained allocation of some survivors, so that majors begin.
                for _ in 0..50 {
                    let keep = W::of(m.node(2, 1, W::NULL, W::NULL));
                    m.set_root(10 + old % 4000, keep);
                    old += 1;
                }
                for _ in 0..20 {
                    let (k, mut i) = (rng.below(holders), rng.below(n * 3));
                    if i % 3 == 0 {
                        i += 1;
                    }
                    unsafe {
                        let (x, y) = (*chain[k].add(2), *p.add(3 + i));
                        m.set_item(p, i, x);
                        m.store(chain[k], 2, y);
                    }
                    std::mem::swap(&mut at[i], &mut held[k]);
                    let j = rng.below(n * 3);
                    i = (i + 3 * rng.below(n)) % (n * 3);
                    unsafe {
                        let (x, y) = (*q.add(3 + j), *p.add(3 + i));
                        m.set_item(p, i, x);
                        m.set_item(q, j, y);
                    }
                    std::mem::swap(&mut at[i], &mut at_q[j]);
                }
            }
            let value = |w: W| if w.is_null() { -1.0 } else { unsafe { *w.ptr::<f64>().add(1) } };
            unsafe {
                for (i, v) in at.iter().enumerate() {
                    assert_eq!(value(*p.add(3 + i)), *v);
                    assert!(*v < 0.0 || !(GC.object_of)((*p.add(3 + i)).0 as usize).is_null());
                }
                for (i, v) in at_q.iter().enumerate() {
                    assert_eq!(value(*q.add(3 + i)), *v);
                    assert!(*v < 0.0 || !(GC.object_of)((*q.add(3 + i)).0 as usize).is_null());
                }
                for (k, v) in held.iter().enumerate() {
                    assert_eq!(value(*chain[k].add(2)), *v);
                    assert!(*v < 0.0 || !(GC.object_of)((*chain[k].add(2)).0 as usize).is_null());
                }
            }
        }
    }
}

#[test]
fn frames_and_registered_words() {
    let m = Machine::new(&[]);
    let words = 10;
    let frames = vec![0u64; words * 8].leak().as_mut_ptr();
    let buffer = vec![W::NULL; 16].leak();
    let handle = unsafe { (GC.add_roots)(buffer.as_ptr(), 16) };
    unsafe {
        (*m.t).frames = frames as *mut u8;
        (*m.t).frame_top = frames.add(words * 3) as *mut u8;
        (*m.t).frame_bytes = words as u32 * 8;
        (*m.t).frame_map = 1 | 1 << 5;
    }
    deep(30, &mut || unsafe {
        for f in 0..8 {
            for w in 0..words {
                let p = m.node(1, (f * words + w) as u64, W::NULL, W::NULL);
                *frames.add(f * words + w) = p as u64;
            }
        }
        for (i, slot) in buffer.iter_mut().enumerate() {
            *slot = if i % 4 == 3 { W::TRUE } else { W::of(m.node(2, i as u64, W::NULL, W::NULL)) };
        }
    });
    full(&m);
    // Four frames of two reference words each.
    let kept: Vec<i64> = m
        .objects()
        .iter()
        .filter(|&&o| unsafe { *(o as *const u32) } == NODE + 1)
        .map(|&o| id(o as *const W))
        .collect();
    for f in 0..4 {
        for w in [0, 5] {
            assert!(kept.contains(&(f * words as i64 + w)));
        }
    }
    assert!(kept.len() <= 10, "{kept:?}");
    assert_eq!(m.count(NODE + 2), 12);
    unsafe { (GC.del_roots)(handle) };
    full(&m);
    assert!(m.count(NODE + 2) <= 2);
    assert_ne!(unsafe { (GC.add_roots)(buffer.as_ptr(), 0) }, 0);
}

#[cfg(unix)]
#[test]
fn fork_keeps_the_forking_thread() {
    let m = Machine::new(&[]);
    let other = std::thread::spawn(|| unsafe {
        let t = new_thread();
        (GC.attach)(t);
        for _ in 0..100 {
            alloc(t, 32, NODE);
        }
        t as usize
    });
    let t2 = other.join().unwrap() as *mut GcThread;
    let p = m.node(0, 77, W::NULL, W::NULL);
    m.set_root(0, W::of(p));
    unsafe {
        (GC.fork)(0);
        let child = libc::fork();
        if child == 0 {
            (GC.fork)(2);
            for i in 0..300_000 {
                m.node(0, i, W::NULL, W::NULL);
            }
            m.collect(CollectKind::Full);
            libc::_exit(if id(p) == 77 && (*t2).bump[4].end == 0 && m.count(NODE) < 50 { 0 } else { 1 });
        }
        (GC.fork)(1);
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        assert_eq!(status, 0);
        (GC.detach)(t2);
    }
}

#[test]
fn late_weak_slots_outlive_finalizers() {
    for old in [false, true] {
        let m = Machine::new(&[]);
        deep(30, &mut || {
            for i in 0..20i64 {
                let child = m.node(1, 1000 + i as u64, W::NULL, W::NULL);
                let f = m.alloc(24, FINAL);
                unsafe {
                    *f.add(1) = W::int(i);
                    *f.add(2) = W::of(child);
                    (GC.reg_finalizer)(m.t, f as *mut u8);
                    let weak = m.alloc(24, WEAKREF);
                    *weak.add(1) = W::of(child);
                    *weak.add(2) = W::int(i);
                    (GC.reg_weak)(m.t, weak as *mut u8, 8 | WEAK_LATE);
                    m.set_root(100 + i as usize, W::of(weak));
                }
            }
        });
        if old {
            deep(10, &mut || m.collect(CollectKind::Minor));
        }
        full(&m);
        let slot = |i: usize| unsafe { *m.root(100 + i).ptr::<W>().add(1) };
        deep(30, &mut || {
            for i in 0..20 {
                assert!(!slot(i).is_null(), "revived: {i}");
            }
            while !unsafe { (GC.next_finalizable)(m.t) }.is_null() {}
        });
        full(&m);
        let cleared = (0..20).filter(|i| slot(*i).is_null()).count();
        assert!(cleared >= 18, "{cleared}");
        assert!(unsafe { (GC.next_dead_weak)(m.t) }.is_null());
    }
}

#[test]
fn instances_keep_their_class() {
    let m = Machine::new(&[]);
    // A row whose class is a heap object, given to an instance that is old already: the barrier makes it known.
    let row = unsafe { *(*taipan_gc_seg::heap::heap().types).rows.add(NODE as usize + 1) };
    deep(30, &mut || {
        let instance = m.node(1, 7, W::NULL, W::NULL);
        m.set_root(0, W::of(instance));
        m.collect(CollectKind::Minor);
        let class = m.node(0, 8, W::NULL, W::NULL);
        unsafe {
            (GC.wb_slow)(m.t, m.root(0).ptr());
            (*row).w_type = W::of(class);
            (*row).flags |= tf::TRACE_TYPE;
        }
    });
    for kind in [CollectKind::Minor as u32, CollectKind::Full as u32, CollectKind::Full as u32] {
        deep(10, &mut || unsafe {
            (GC.collect)(m.t, kind);
        });
        deep(10, &mut || {
            let class = unsafe { (*row).w_type };
            assert_eq!(id(class.ptr()), 8);
            for _ in 0..100 {
                assert_ne!(W::of(m.node(0, 9, W::NULL, W::NULL)), class);
            }
        });
    }
    // Without instances it goes.
    let before = m.objects().len();
    m.set_root(0, W::NULL);
    full(&m);
    assert!(m.objects().len() < before);
}
