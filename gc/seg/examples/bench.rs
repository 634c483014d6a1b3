//! Speed of the collector alone: `cargo run --release -p taipan-gc-seg --example bench [name...]`.
//!
//! With the name `free` added, a type of variable size has a `free` hook. The loops inline allocation and barrier as the evaluator and compiled code do.

#[path = "../tests/driver/mod.rs"]
mod driver;
use driver::*;
use std::hint::black_box;
use std::time::Instant;
use taipan_abi::gc::CollectKind;
use taipan_abi::word::W;
use taipan_gc_seg::TABLE as GC;

fn report(m: &Machine, name: &str, what: &str, n: usize, start: Instant) {
    let ns = start.elapsed().as_nanos() as f64 / n as f64;
    let s = m.stats();
    let rss = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|t| t.split(' ').nth(1)?.parse::<usize>().ok())
        .map_or(0, |pages| pages * 4 / 1024);
    println!(
        "{name:24} {ns:8.2} ns/{what:6} {:6} minor {:4} major, {:7.2} ms in pauses, longest {:6.2} ms, RSS {rss} MB",
        s.minor_collections,
        s.major_collections,
        s.nanoseconds as f64 / 1e6,
        s.longest_pause as f64 / 1e6
    );
}

fn garbage(bytes: usize) {
    let m = Machine::new(&[]);
    let n = 50_000_000;
    let start = Instant::now();
    for _ in 0..n {
        black_box(m.alloc(bytes, if bytes == 16 { FLOAT } else { NODE }));
    }
    report(&m, &format!("garbage {bytes} B"), "alloc", n, start);
}

fn chain() {
    let m = Machine::new(&[]);
    let n = 50_000_000;
    let start = Instant::now();
    let mut x = m.float(0.0);
    for _ in 0..n {
        unsafe { x = m.float(*(x as *const f64).add(1) + 1.0) };
    }
    black_box(x);
    report(&m, "float chain", "alloc", n, start);
}

/// A tree of nodes of `bytes` with the children in words 2 and 3 (of a 32-byte node) or 1 and 2.
fn tree(m: &Machine, depth: u32, bytes: usize, tid: u32) -> W {
    if depth == 0 {
        return W::of(m.alloc(bytes, tid));
    }
    let (a, b) = (tree(m, depth - 1, bytes, tid), tree(m, depth - 1, bytes, tid));
    let p = m.alloc(bytes, tid);
    unsafe {
        *p.add(2) = a;
        *p.add(3) = b;
    }
    W::of(p)
}

fn check(w: W) -> usize {
    unsafe {
        let p: *const W = w.ptr();
        if (*p.add(2)).is_null() { 1 } else { 1 + check(*p.add(2)) + check(*p.add(3)) }
    }
}

fn trees(max: u32, bytes: usize, nursery: &str) {
    let m = Machine::new(&[("nursery", nursery)]);
    let start = Instant::now();
    let mut nodes = check(tree(&m, max + 1, bytes, NODE));
    let long = tree(&m, max, bytes, NODE);
    m.set_root(0, long);
    let mut d = 4;
    while d <= max {
        for _ in 0..1 << (max - d + 4) {
            nodes += check(tree(&m, d, bytes, NODE));
        }
        d += 4;
    }
    nodes += check(long);
    report(&m, &format!("trees d{max} {bytes} B {nursery}"), "node", nodes, start);
}

fn storm(live_mb: usize, every: usize) {
    let m = Machine::new(&[]);
    let per = 1 << 16;
    let n = live_mb * (1 << 20) / 40 / per;
    for i in 0..n {
        let a = m.array(per, i as u64, 1);
        m.set_root(i, W::of(a));
        for j in 0..per {
            m.set_item(a, j, W::of(m.node(0, j as u64, W::NULL, W::NULL)));
        }
    }
    m.collect(CollectKind::Full);
    let before = m.stats();
    let mut rng = Rng(7);
    let count = 20_000_000;
    let start = Instant::now();
    for i in 0..count {
        let p = m.float(i as f64);
        if every != 0 && i % every == 0 {
            let a: *mut W = m.root(rng.below(n)).ptr();
            let o: *mut W = unsafe { *a.add(3 + rng.below(per)) }.ptr();
            m.store(o, 2, W::of(p));
        }
    }
    report(&m, &format!("storm {live_mb} MB, 1/{every}"), "alloc", count, start);
    let _ = before;
}

fn append(floats: bool) {
    let m = Machine::new(&[]);
    let n = 10_000_000;
    let start = Instant::now();
    let mut cap = 16;
    let mut a = m.array(0, 1, 1);
    for i in 0..n {
        if i == cap || i == 0 {
            let new = cap + cap / 8 + 16;
            unsafe {
                if (GC.try_extend)(m.t, a as *mut u8, 24 + new * 8) == 0 {
                    let b = (GC.alloc_large)(m.t, 24 + new * 8, ARRAY, 0) as *mut W;
                    std::ptr::copy_nonoverlapping(a.add(1), b.add(1), 2 + i);
                    a = b;
                    m.set_root(0, W::of(a));
                }
            }
            cap = new;
        }
        let v = if floats { W::of(m.float(i as f64)) } else { W::int(i as i64) };
        unsafe { *a.add(1) = W(i as u64 + 1) };
        if floats {
            m.set_item(a, i, v);
        } else {
            unsafe { *a.add(3 + i) = v };
        }
    }
    report(&m, if floats { "append floats" } else { "append ints" }, "item", n, start);
}

fn overwrite() {
    let m = Machine::new(&[]);
    let n = 1_000_000;
    let a = m.array(n, 1, 1);
    m.set_root(0, W::of(a));
    let mut rng = Rng(3);
    let count = 20_000_000;
    let start = Instant::now();
    for i in 0..count {
        m.set_item(a, rng.below(n), W::of(m.float(i as f64)));
    }
    report(&m, "overwrite 1M array", "store", count, start);
}

fn barrier() {
    let m = Machine::new(&[]);
    let o = m.node(0, 1, W::NULL, W::NULL);
    m.set_root(0, W::of(o));
    m.collect(CollectKind::Minor);
    let n = 500_000_000;
    let start = Instant::now();
    for i in 0..n {
        m.store(black_box(o), 2, W::int(i as i64));
    }
    report(&m, "barrier, logged", "store", n, start);
}

/// Random replacement in a live heap, with the time of each batch of 50.
fn pauses(live_mb: usize) {
    let m = Machine::new(&[("growth", "1.25")]);
    let per = 1 << 20;
    let n = live_mb * (1 << 20) / 56 / per;
    for i in 0..n {
        let a = m.array(per, i as u64, 1);
        m.set_root(i, W::of(a));
        for j in 0..per {
            let f = W::of(m.float(j as f64));
            m.set_item(a, j, W::of(m.node(0, j as u64, f, W::NULL)));
        }
    }
    println!("built; longest pause {:.1} ms", m.stats().longest_pause as f64 / 1e6);
    let mut rng = Rng(7);
    let mut times = Vec::new();
    let count = 8_000_000;
    let start = Instant::now();
    for _ in 0..count / 50 {
        let t = Instant::now();
        for j in 0..50u64 {
            let a: *mut W = m.root(rng.below(n)).ptr();
            let f = W::of(m.float(j as f64));
            m.set_item(a, rng.below(per), W::of(m.node(0, j, f, W::NULL)));
        }
        times.push(t.elapsed().as_nanos() as u64);
    }
    report(&m, &format!("replace in {live_mb} MB"), "op", count, start);
    times.sort_unstable();
    let at = |p: f64| times[((times.len() - 1) as f64 * p) as usize] as f64 / 1e6;
    println!("   batches of 50: p99 {:.2} p99.9 {:.2} max {:.2} ms", at(0.99), at(0.999), at(1.0));
}

/// Random replacement among sizes that change by phases, then most of it dies.
fn frag() {
    let m = Machine::new(&[]);
    let n = 1_000_000;
    let a = m.array(n, 1, 1);
    m.set_root(0, W::of(a));
    let mut rng = Rng(3);
    let count = 24_000_000;
    let start = Instant::now();
    for i in 0..count {
        let w = match i * 6 / count {
            0 | 3 => 2 + rng.below(6),
            1 | 4 => 8 + rng.below(24),
            _ if rng.below(8) > 0 => 2 + rng.below(30),
            _ => 2 + rng.below(400),
        };
        m.set_item(a, rng.below(n), W::of(m.alloc(w * 8, FLOAT)));
    }
    report(&m, "replace mixed sizes", "op", count, start);
    m.collect(CollectKind::Full);
    report(&m, "  after a full one", "op", count, start);
    for i in 0..n {
        if rng.below(10) != 0 {
            m.set_item(a, i, W::NULL);
        }
    }
    m.collect(CollectKind::Full);
    report(&m, "  10 % kept", "op", count, start);
    println!("   live {} MB", m.stats().heap_bytes >> 20);
    for i in 0..5_000_000 {
        m.set_item(a, rng.below(n), W::of(m.float(i as f64)));
    }
    report(&m, "  and refilled", "op", count, start);
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let on = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    PLAIN.store(wanted.iter().all(|w| w != "free"), std::sync::atomic::Ordering::Relaxed);
    if on("garbage") {
        garbage(16);
        garbage(32);
        garbage(64);
        chain();
    }
    if on("trees") {
        trees(16, 32, "4MB");
        trees(16, 48, "4MB");
        trees(18, 32, "4MB");
    }
    if on("storm") {
        storm(50, 0);
        storm(50, 64);
        storm(50, 8);
        storm(500, 8);
    }
    if on("arrays") {
        append(false);
        append(true);
        overwrite();
        barrier();
    }
    if on("frag") {
        frag();
    }
    if on("pauses") {
        pauses(1000);
    }
}
