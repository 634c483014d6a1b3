//! A random object graph beside a shadow model: whatever is reachable must be intact, under all options.

mod driver;
use driver::*;
use std::collections::{HashMap, HashSet};
use taipan_abi::gc::{CollectKind, RootNode};
use taipan_abi::word::W;
use taipan_gc_seg::TABLE as GC;

const ROOTS: usize = 200;

struct Shadow {
    m: Machine,
    rng: Rng,
    /// id -> (kind, children as ids; 0 = none)
    model: HashMap<u64, (u32, Vec<u64>)>,
    roots: Vec<u64>,
    next: u64,
    exact: Box<[W; 8]>,
    node: Box<RootNode>,
    exact_ids: [u64; 8],
}

fn id_of(w: W) -> u64 {
    if !w.is_obj() {
        return 0;
    }
    let p: *const W = w.ptr();
    unsafe {
        let tid = *(p as *const u32);
        (*p.add(if tid >= NODE { 1 } else { 2 })).untag() as u64
    }
}

impl Shadow {
    fn new(seed: u64, options: &[(&str, &str)]) -> Shadow {
        let m = Machine::new(options);
        let mut exact = Box::new([W::NONE; 8]);
        let mut node = Box::new(RootNode {
            next: std::ptr::null_mut(),
            prev: std::ptr::null_mut(),
            ptr: exact.as_mut_ptr(),
            len: 4,
        });
        unsafe {
            (*m.t).roots = &mut *node;
            (GC.add_roots)(exact.as_ptr().add(4), 4);
        }
        Shadow {
            m,
            rng: Rng(seed),
            model: HashMap::new(),
            roots: vec![0; ROOTS],
            next: 1,
            exact,
            node,
            exact_ids: [0; 8],
        }
    }

    fn pick(&mut self) -> (W, u64) {
        let i = self.rng.below(ROOTS + 8);
        let (mut w, mut id) = if i < ROOTS {
            (self.m.root(i), self.roots[i])
        } else {
            (self.exact[i - ROOTS], self.exact_ids[i - ROOTS])
        };
        for _ in 0..self.rng.below(6) {
            if id == 0 {
                break;
            }
            let kids = &self.model[&id].1;
            if kids.is_empty() {
                break;
            }
            let k = self.rng.below(kids.len());
            if kids[k] == 0 {
                break;
            }
            id = kids[k];
            let p: *const W = w.ptr();
            let first = if unsafe { *(p as *const u32) } >= NODE { 2 } else { 3 };
            w = unsafe { *p.add(first + k) };
        }
        if id == 0 { (W::int(5), 0) } else { (w, id) }
    }

    fn set_root(&mut self, w: W, id: u64) {
        let i = self.rng.below(ROOTS + 8);
        if i < ROOTS {
            self.m.set_root(i, w);
            self.roots[i] = id;
        } else {
            self.exact[i - ROOTS] = w;
            self.exact_ids[i - ROOTS] = id;
        }
    }

    fn step(&mut self) {
        match self.rng.below(100) {
            0..45 => {
                let kind = if self.rng.below(10) < 8 { self.rng.below(4) } else { self.rng.below(NODE_WORDS.len()) };
                let ((a, ia), (b, ib)) = (self.pick(), self.pick());
                let id = self.next;
                self.next += 1;
                let p = self.m.node(kind, id, a, b);
                self.model.insert(id, (NODE + kind as u32, vec![ia, ib]));
                self.set_root(W::of(p), id);
            }
            45..60 => {
                for i in 0..self.rng.below(40) {
                    self.m.float(i as f64);
                }
            }
            60..62 => {
                let len = match self.rng.below(20) {
                    0 => 2000 + self.rng.below(30000),
                    1..4 => self.rng.below(3000),
                    _ => self.rng.below(40),
                };
                let id = self.next;
                self.next += 1;
                let how = self.rng.below(3) as u32;
                let p = self.m.array(len, id, how);
                // Kept by the stack while its items are made.
                self.model.insert(id, (ARRAY, vec![0; len]));
                self.set_root(W::of(p), id);
                for _ in 0..len.min(20) {
                    let (w, iw) = self.pick();
                    let i = self.rng.below(len);
                    self.m.set_item(p, i, w);
                    self.model.get_mut(&id).unwrap().1[i] = iw;
                }
            }
            62..85 => {
                let ((o, io), (v, iv)) = (self.pick(), self.pick());
                if io == 0 {
                    return;
                }
                let p: *mut W = o.ptr();
                let (kind, kids) = self.model.get_mut(&io).unwrap();
                if kids.is_empty() {
                    return;
                }
                let k = self.rng.below(kids.len());
                kids[k] = iv;
                if *kind >= NODE {
                    self.m.store(p, 2 + k, v);
                } else if self.rng.below(8) == 0 {
                    self.m.store(p, 3 + k, v);
                } else {
                    self.m.set_item(p, k, v);
                }
            }
            85..90 => {
                let (o, io) = self.pick();
                if io == 0 || self.model[&io].0 != ARRAY {
                    return;
                }
                let p: *mut W = o.ptr();
                let kids = &mut self.model.get_mut(&io).unwrap().1;
                let len = kids.len();
                if len < 2 {
                    return;
                }
                unsafe {
                    match self.rng.below(3) {
                        0 => {
                            let from = self.rng.below(len);
                            let to = self.rng.below(len);
                            let n = self.rng.below(len - from.max(to)) + 1;
                            let n = n.min(len - from.max(to));
                            (GC.wb_range)(self.m.t, p as *mut u8, p.add(3 + to), p.add(3 + to + n));
                            std::ptr::copy(p.add(3 + from), p.add(3 + to), n);
                            kids.copy_within(from..from + n, to);
                        }
                        1 => {
                            let n = len + self.rng.below(len);
                            if (GC.try_extend)(self.m.t, p as *mut u8, 24 + n * 8) == 1 {
                                *p.add(1) = W(n as u64);
                                kids.resize(n, 0);
                            }
                        }
                        _ => {
                            let n = len - self.rng.below(len / 2);
                            if (GC.try_extend)(self.m.t, p as *mut u8, 24 + n * 8) == 1 {
                                *p.add(1) = W(n as u64);
                                kids.truncate(n);
                            }
                        }
                    }
                }
            }
            90..98 => self.set_root(W::FALSE, 0),
            _ => self.check(60),
        }
    }

    fn check_one(&self, w: W, id: u64) {
        assert_eq!(id_of(w), id);
        let p: *const W = w.ptr();
        let (kind, kids) = &self.model[&id];
        unsafe {
            assert_eq!(*(p as *const u32), *kind);
            assert_eq!((GC.object_of)(p as usize + 8), p as *mut u8);
            let first = if *kind >= NODE { 2 } else { 3 };
            for (k, &c) in kids.iter().enumerate() {
                assert_eq!(id_of(*p.add(first + k)), c, "object {id} slot {k} of {}", kids.len());
            }
            if *kind >= NODE {
                for i in 4..NODE_WORDS[(*kind - NODE) as usize] {
                    assert_eq!((*p.add(i)).0, filling(id, i));
                }
            } else {
                assert_eq!((*p.add(1)).0 as usize, kids.len());
            }
        }
    }

    /// Walks up to `limit` objects from a random root.
    fn check(&mut self, limit: usize) {
        let (w, id) = self.pick();
        self.walk(vec![(w, id)], limit, &mut HashSet::new());
    }

    fn walk(&self, mut stack: Vec<(W, u64)>, limit: usize, seen: &mut HashSet<u64>) {
        while let Some((w, id)) = stack.pop() {
            if id == 0 || seen.len() >= limit || !seen.insert(id) {
                continue;
            }
            self.check_one(w, id);
            let p: *const W = w.ptr();
            let (kind, kids) = &self.model[&id];
            let first = if *kind >= NODE { 2 } else { 3 };
            for (k, &c) in kids.iter().enumerate() {
                if c != 0 {
                    stack.push((unsafe { *p.add(first + k) }, c));
                }
            }
        }
    }

    /// Checks all that is reachable and forgets the rest; answers how much it is.
    fn check_all(&mut self) -> usize {
        let mut all: Vec<(W, u64)> = (0..ROOTS).map(|i| (self.m.root(i), self.roots[i])).collect();
        all.extend(self.exact.iter().copied().zip(self.exact_ids));
        let mut seen = HashSet::new();
        self.walk(all, usize::MAX, &mut seen);
        self.model.retain(|id, _| seen.contains(id));
        seen.len()
    }
}

fn run(seed: u64, steps: usize, options: &[(&str, &str)]) {
    let mut s = Shadow::new(seed, options);
    let every = (steps / 20).max(1);
    for i in 0..steps {
        s.step();
        if i % every == every - 1 {
            s.check_all();
            if s.rng.below(4) == 0 {
                s.m.collect(CollectKind::Full);
            }
            // Keeps the graph from growing without end.
            for k in 0..ROOTS / 2 {
                s.m.set_root(k, W::NULL);
                s.roots[k] = 0;
            }
        }
    }
    let n = s.check_all();
    deep(20, &mut || s.m.collect(CollectKind::Full));
    assert_eq!(s.check_all(), n);
    let found = s.m.objects().len();
    let st = s.m.stats();
    println!("{options:?}: {n} reachable, {found} in the heap, {st:?}");
    assert!(found >= n);
    assert!(found <= 2 * n + 20_000, "{found} objects kept of {n}");
    assert_eq!(s.node.len, 4);
}

#[test]
fn default_options() {
    run(1, 600_000, &[]);
}
#[test]
fn small_nursery() {
    run(2, 600_000, &[("nursery", "256KB"), ("growth", "1.1")]);
    run(3, 600_000, &[("nursery", "64KB")]);
}
#[test]
fn incremental() {
    let common = [("nursery", "64KB"), ("growth", "1.1"), ("min", "64KB")];
    for (seed, step) in [(10, "1KB"), (11, "16KB"), (12, "128KB"), (13, "2MB")] {
        run(seed, 300_000, &[common[0], common[1], common[2], ("step", step)]);
    }
    run(14, 20_000, &[common[0], common[1], common[2], ("step", "4KB"), ("verify", "true")]);
}
#[test]
fn verified() {
    run(4, 20_000, &[("nursery", "64KB"), ("verify", "true")]);
}
#[test]
fn stressed() {
    run(5, 3_000, &[("stress", "7")]);
    run(6, 6_000, &[("stress", "20")]);
    run(7, 15_000, &[("stress", "50"), ("verify", "true")]);
}

/// Many seeds and option sets: `SOAK=seconds cargo test --release --test shadow -- --ignored`.
#[test]
#[ignore]
fn soak() {
    let seconds = std::env::var("SOAK").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    let start = std::time::Instant::now();
    let mut seed = start.elapsed().as_nanos() as u64 ^ std::process::id() as u64 | 1;
    while start.elapsed().as_secs() < seconds {
        seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D) | 1;
        let nursery = ["64KB", "256KB", "1MB", "4MB"][(seed >> 40) as usize % 4];
        let step = ["1KB", "16KB", "256KB"][(seed >> 43) as usize % 3];
        let mut options = vec![("nursery", nursery), ("step", step), ("min", "64KB"), ("growth", "1.1")];
        let mut steps = 200_000;
        match (seed >> 50) % 8 {
            0 => {
                options.push(("verify", "true"));
                steps = 30_000;
            }
            1 => {
                options.push(("stress", "11"));
                steps = 5_000;
            }
            _ => {}
        }
        println!("seed {seed:#x}");
        run(seed, steps, &options);
    }
}
