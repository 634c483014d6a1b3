use super::Random;
use super::fake::*;
use crate::containers::util::list_items;
use crate::containers::{eval, list, slice, sorting, tuple};
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

fn ints(w: W) -> Vec<i64> {
    list_items(w).iter().map(|w| number(*w)).collect()
}
fn make(sp: Space, items: &[i64]) -> W {
    let words: Vec<W> = items.iter().map(|i| W::int(*i)).collect();
    list::new(sp, &words).unwrap()
}
/// The indexes a slice selects, by its definition.
fn selected(len: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<usize> {
    let clip = |i: i64, lo: i64, hi: i64| (if i < 0 { i + len } else { i }).clamp(lo, hi);
    let (lo, hi) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let mut i = start.map_or(if step > 0 { lo } else { hi }, |i| clip(i, lo, hi));
    let end = stop.map_or(if step > 0 { hi } else { lo }, |i| clip(i, lo, hi));
    let mut out = Vec::new();
    while if step > 0 { i < end } else { i > end } {
        out.push(i as usize);
        i += step;
    }
    out
}

#[test]
fn slices_like_a_model() {
    let sp = space();
    let mut rng = Random(5);
    for _ in 0..4000 {
        let len = rng.below(12) as i64;
        let items: Vec<i64> = (0..len).collect();
        let mut bound = || (rng.below(4) > 0).then(|| rng.below(30) as i64 - 15);
        let (start, stop) = (bound(), bound());
        let step = [1, 1, 2, 3, -1, -2, -5][rng.below(7) as usize];
        let word = |x: Option<i64>| x.map_or(W::NONE, W::int);
        let w_slice = slice::new(sp, word(start), word(stop), W::int(step)).unwrap();
        let want = selected(len, start, stop, step);

        let w = make(sp, &items);
        let r = slice::resolve(sp, w_slice, || items.len()).unwrap();
        let got = list::get_slice(sp, w, r).unwrap();
        assert_eq!(ints(got), want.iter().map(|i| items[*i]).collect::<Vec<_>>());

        list::del_slice(sp, w, w_slice).unwrap();
        let rest: Vec<i64> = items.iter().filter(|i| !want.contains(&(**i as usize))).copied().collect();
        assert_eq!(ints(w), rest);

        let w = make(sp, &items);
        let new: Vec<i64> = (0..rng.below(6) as i64).map(|i| 100 + i).collect();
        let result = list::set_slice(sp, w, w_slice, make(sp, &new));
        if step == 1 {
            let at = r.start as usize;
            let mut model = items.clone();
            model.splice(at..at + want.len(), new);
            assert_eq!(ints(w), model);
        } else if new.len() == want.len() {
            let mut model = items.clone();
            for (i, x) in want.iter().zip(new) {
                model[*i] = x
            }
            assert_eq!(ints(w), model);
        } else {
            assert!(result.is_err());
            assert_eq!(ints(w), items);
        }
    }
}

#[test]
fn growing() {
    let sp = space();
    let w = list::new(sp, &[]).unwrap();
    for i in 0..10_000 {
        list::append(sp, w, W::int(i)).unwrap()
    }
    list::extend(sp, w, w).unwrap();
    assert_eq!(ints(w), (0..10_000).chain(0..10_000).collect::<Vec<_>>());
    let w = make(sp, &[1, 2, 3]);
    list::inplace_repeat(sp, w, 3).unwrap();
    assert_eq!(ints(w), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
    assert_eq!(ints(list::repeat(sp, w, 0).unwrap()), []);
    assert!(list::repeat(sp, w, i64::MAX).is_err());
    list::reverse(sp, w);
    assert_eq!(ints(w), [3, 2, 1, 3, 2, 1, 3, 2, 1]);
}

#[test]
fn sorting_kinds() {
    let sp = space();
    let mut rng = Random(77);
    for n in [0, 1, 2, 50, 1000] {
        let numbers: Vec<i64> = (0..n).map(|_| rng.below(n as u64 + 1) as i64 - n / 2).collect();
        let mut want = numbers.clone();
        want.sort();
        let w = make(sp, &numbers);
        sorting::sort(sp, w, W::NONE, false).unwrap();
        assert_eq!(ints(w), want);
        // Instances, so that comparisons go through the space; the key turns the order around.
        let words: Vec<W> = numbers.iter().map(|i| object(sp, *i)).collect();
        let w = list::new(sp, &words).unwrap();
        sorting::sort(sp, w, W::NONE, false).unwrap();
        assert_eq!(ints(w), want);
        let w = list::new(sp, &words).unwrap();
        sorting::sort(sp, w, W::TRUE, false).unwrap();
        let mut stable = words.clone();
        stable.sort_by_key(|w| -number(*w));
        assert_eq!(list_items(w), stable);
        let w = list::new(sp, &words).unwrap();
        sorting::sort(sp, w, W::NONE, true).unwrap();
        assert_eq!(list_items(w), stable, "reverse keeps equal items in order");
    }
    let words = ["b", "", "abc", "ab"].map(|s| text(sp, s));
    let w = list::new(sp, &words).unwrap();
    sorting::sort(sp, w, W::NONE, false).unwrap();
    assert_eq!(list_items(w), [words[1], words[3], words[2], words[0]]);
    let words = [2.5, -0.0, 0.0, -1.0].map(|f| float(sp, f));
    let w = list::new(sp, &words).unwrap();
    sorting::sort(sp, w, W::NONE, false).unwrap();
    assert_eq!(list_items(w), [words[3], words[1], words[2], words[0]]);
}

#[test]
fn sorting_guards() {
    let sp = space();
    let words: Vec<W> = (0..100).map(|i| object(sp, i * 37 % 100)).collect();
    let w = list::new(sp, &words).unwrap();
    FAIL_AT.set(COMPARISONS.get() + 200);
    assert!(sorting::sort(sp, w, W::NONE, false).is_err());
    FAIL_AT.set(u64::MAX);
    let mut got = ints(w);
    got.sort();
    assert_eq!(got, (0..100).collect::<Vec<_>>());
    sp.take_exc();
    for change in 0..3 {
        let w = list::new(sp, &words).unwrap();
        BEFORE.set(Some(Box::new(move || {
            assert_eq!(list_items(w).len(), 0, "a list being sorted looks empty");
            match change {
                0 => list::append(sp, w, W::NONE).unwrap(),
                1 => list::splice(sp, w, 0, 0, &[]).unwrap(),
                _ => {
                    list::append(sp, w, W::NONE).unwrap();
                    list::splice(sp, w, 0, 1, &[]).unwrap();
                }
            }
            if change != 1 {
                list::splice(sp, w, 0, usize::MAX, &[]).unwrap()
            }
        })));
        assert!(sorting::sort(sp, w, W::NONE, false).is_err(), "{change}");
        BEFORE.set(None);
        sp.take_exc();
        assert_eq!(ints(w), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn unpacking() {
    let sp = space();
    let w = tuple::new(sp, &[1, 2, 3].map(W::int)).unwrap();
    let mut out = [W::NULL; 3];
    // SAFETY: room for three.
    unsafe { eval::unpack_sequence(sp, w, 3, out.as_mut_ptr()).unwrap() };
    assert_eq!(out, [3, 2, 1].map(W::int));
    // SAFETY: nothing is stored.
    assert!(unsafe { eval::unpack_sequence(sp, w, 2, out.as_mut_ptr()).is_err() });
    assert_eq!(list::getitem_int(make(sp, &[7, 8]), -1), Some(W::int(8)));
    assert_eq!(list::getitem_int(make(sp, &[7, 8]), -3), None);
    assert_eq!(list::getitem_int(make(sp, &[7, 8]), 2), None);
}
