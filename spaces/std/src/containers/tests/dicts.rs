use super::Random;
use super::fake::*;
use crate::containers::dict::{self, Present};
use crate::containers::{set, table};
use crate::layouts::WDict;
use std::collections::BTreeSet;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// A key of one of the kinds, by its number: equal numbers of one kind are equal keys, in new objects.
fn key(sp: Space, kind: u64, n: u64) -> W {
    match kind {
        0 => W::int(n as i64),
        1 => object(sp, n as i64 + 100_000),
        _ => text(sp, &format!("k{n}")),
    }
}
fn items(w: W) -> Vec<W> {
    let (mut pos, mut out) = (0, Vec::new());
    while let Some(e) = dict::next(w, &mut pos) {
        out.push(e.w_value)
    }
    out
}

fn random_program(kinds: &[u64], range: u64, steps: usize, seed: u64) {
    let sp = space();
    let mut rng = Random(seed);
    let w = dict::new(sp).unwrap();
    // (kind, number, value) in insertion order
    let mut model: Vec<(u64, u64, i64)> = Vec::new();
    for step in 0..steps {
        let (k, n) = (kinds[rng.below(kinds.len() as u64) as usize], rng.below(range));
        let w_key = key(sp, k, n);
        let at = model.iter().position(|x| (x.0, x.1) == (k, n));
        // SAFETY: a dict.
        unsafe { dict::keys_version(w) };
        let before: Vec<(u64, u64)> = model.iter().map(|x| (x.0, x.1)).collect();
        match rng.below(10) {
            0..=4 => {
                dict::set(sp, w, w_key, W::int(step as i64)).unwrap();
                match at {
                    Some(i) => model[i].2 = step as i64,
                    None => model.push((k, n, step as i64)),
                }
            }
            5 | 6 => {
                assert_eq!(dict::del(sp, w, w_key).unwrap(), at.is_some());
                at.map(|i| model.remove(i));
            }
            7 => {
                // SAFETY: a dict; the entry was just found.
                let last = unsafe { table::prev(w, usize::MAX) };
                assert_eq!(last.is_some(), !model.is_empty());
                if let Some(i) = last {
                    // SAFETY: the entry was just found.
                    assert_eq!(unsafe { table::entry(w, i) }.w_value, W::int(model.pop().unwrap().2));
                    dict::pop_last(w, i);
                }
            }
            8 => {
                let mut pos = 0;
                if let Some(e) = dict::next(w, &mut pos) {
                    assert_eq!(e.w_value, W::int(model.remove(0).2));
                    dict::remove_at(w, pos - 1);
                }
            }
            _ => assert_eq!(dict::get(sp, w, w_key).unwrap(), at.map(|i| W::int(model[i].2))),
        }
        let after: Vec<(u64, u64)> = model.iter().map(|x| (x.0, x.1)).collect();
        assert_eq!(this_version(w) == 0, before != after, "the version stands for the keys");
        assert_eq!(dict::len(w), model.len());
        if step % 16 == 0 {
            assert_eq!(items(w), model.iter().map(|x| W::int(x.2)).collect::<Vec<_>>());
            let w_copy = dict::copy(sp, w).unwrap();
            assert_eq!(items(w_copy), items(w));
            for x in &model {
                assert_eq!(dict::get(sp, w_copy, key(sp, x.0, x.1)).unwrap(), Some(W::int(x.2)));
                if x.0 == 2 {
                    assert!(dict::lookup_str(w, key(sp, 2, x.1)).is_some());
                }
            }
        }
    }
}
fn this_version(w: W) -> u64 {
    // SAFETY: a dict.
    unsafe { (*w.ptr::<WDict>()).keys_version }
}

#[test]
fn dict_like_a_model() {
    random_program(&[2], 40, 4000, 11);
    random_program(&[0], 1000, 6000, 12);
    random_program(&[0, 1, 2], 60, 4000, 13);
    random_program(&[1], 12, 3000, 14);
    random_program(&[0, 2], 4, 3000, 15);
}

#[test]
fn wide_indexes() {
    let sp = space();
    let w = dict::new(sp).unwrap();
    for i in 0..100_000 {
        dict::set(sp, w, W::int(i * 7), W::int(i)).unwrap()
    }
    for i in (0..100_000).step_by(3) {
        assert!(dict::del(sp, w, W::int(i * 7)).unwrap())
    }
    for i in 0..100_000 {
        assert_eq!(dict::get(sp, w, W::int(i * 7)).unwrap(), (i % 3 != 0).then(|| W::int(i)));
    }
}

#[test]
fn a_queue_and_a_stack_are_linear() {
    let sp = space();
    let w = set::new(sp, TID_SET).unwrap();
    for i in 0..200_000 {
        set::add(sp, w, W::int(i)).unwrap()
    }
    for i in 0..200_000 {
        assert_eq!(set::pop(w), Some(W::int(i)))
    }
    let d = dict::new(sp).unwrap();
    for i in 0..100_000 {
        dict::set(sp, d, W::int(i), W::NONE).unwrap();
        // SAFETY: a dict with an entry.
        let last = unsafe { table::prev(d, usize::MAX).unwrap() };
        dict::pop_last(d, last);
    }
    assert_eq!(dict::len(d), 0);
}

#[test]
fn a_table_that_changes_under_a_lookup() {
    let sp = space();
    let w = dict::new(sp).unwrap();
    for i in 0..4 {
        dict::set(sp, w, object(sp, i * 5), W::int(i)).unwrap()
    }
    let mut left = 3;
    BEFORE.set(Some(Box::new(move || {
        if left > 0 {
            left -= 1;
            // Ints with other hashes: no comparison of objects happens here.
            for i in 0..20 {
                dict::set(sp, w, W::int(1000 + left * 100 + i), W::NONE).unwrap()
            }
        }
    })));
    assert_eq!(dict::get(sp, w, object(sp, 15)).unwrap(), Some(W::int(3)));
    let mut cleared = false;
    BEFORE.set(Some(Box::new(move || {
        if !cleared {
            cleared = true;
            dict::clear(w)
        }
    })));
    assert_eq!(dict::get(sp, w, object(sp, 10)).unwrap(), None);
    BEFORE.set(None);
}

#[test]
fn merging() {
    let sp = space();
    let make = |pairs: &[(i64, i64)]| {
        let w = dict::new(sp).unwrap();
        for (k, v) in pairs {
            dict::set(sp, w, W::int(*k), W::int(*v)).unwrap()
        }
        w
    };
    let w = make(&[(1, 10), (2, 20)]);
    dict::merge(sp, w, make(&[(2, 21), (3, 31)]), Present::Keep).unwrap();
    assert_eq!(items(w), [10, 20, 31].map(W::int));
    dict::merge(sp, w, make(&[(2, 21), (4, 41)]), Present::Replace).unwrap();
    assert_eq!(items(w), [10, 21, 31, 41].map(W::int));
    let empty = dict::new(sp).unwrap();
    dict::merge(sp, empty, w, Present::Error).unwrap();
    assert_eq!(items(empty), items(w));
}

#[test]
fn set_algebra_like_a_model() {
    let sp = space();
    let mut rng = Random(99);
    let to_model = |w: W| {
        let (mut pos, mut out) = (0, BTreeSet::new());
        while let Some(e) = set::next(w, &mut pos) {
            assert!(out.insert(number(e.w_key)));
        }
        assert_eq!(out.len(), set::len(w));
        out
    };
    for round in 0..300 {
        let mut random = |n: u64| {
            let w = set::new(sp, if round % 2 == 0 { TID_SET } else { TID_FROZENSET }).unwrap();
            for _ in 0..rng.below(n) {
                let x = rng.below(30) as i64;
                set::add(sp, w, if x < 15 { W::int(x) } else { object(sp, x) }).unwrap()
            }
            w
        };
        let (a, b) = (random(40), random(20));
        let (x, y) = (to_model(a), to_model(b));
        assert_eq!(to_model(set::difference(sp, a, b, TID_SET).unwrap()), &x - &y);
        assert_eq!(to_model(set::intersection(sp, a, b, TID_SET).unwrap()), &x & &y);
        assert_eq!(set::is_subset(sp, a, b).unwrap(), x.is_subset(&y));
        assert_eq!(set::is_disjoint(sp, a, b).unwrap(), x.is_disjoint(&y));
        let c = set::copy(sp, a, TID_SET).unwrap();
        set::toggle_all(sp, c, b).unwrap();
        assert_eq!(to_model(c), &x ^ &y);
        let c = set::copy(sp, a, TID_SET).unwrap();
        set::add_all(sp, c, b).unwrap();
        assert_eq!(to_model(c), &x | &y);
        set::remove_all(sp, c, a).unwrap();
        assert_eq!(to_model(c), &y - &x);
        assert_eq!(set::frozen_hash(a) == set::frozen_hash(b), x == y);
    }
}
