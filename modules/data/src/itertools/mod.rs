//! `itertools`.

mod combine;
mod filters;
mod group;
mod permute;
mod product;
mod simple;
mod slice;
mod tee;
mod ziplong;

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

fn setup(sp: Space, w_module: W) -> Res<()> {
    simple::make(sp, w_module)?;
    filters::make(sp, w_module)?;
    slice::make(sp, w_module)?;
    group::make(sp, w_module)?;
    product::make(sp, w_module)?;
    combine::make(sp, w_module)?;
    permute::make(sp, w_module)?;
    tee::make(sp, w_module)?;
    ziplong::make(sp, w_module)
}

mixed_module!(
    MODULE,
    "itertools",
    doc = "Functional tools for creating and using iterators.\n\nInfinite iterators:\ncount(start=0, step=1) --> start, start+step, start+2*step, ...\ncycle(p) --> p0, p1, ... plast, p0, p1, ...\nrepeat(elem [,n]) --> elem, elem, elem, ... endlessly or up to n times\n\nIterators terminating on the shortest input sequence:\naccumulate(p[, func]) --> p0, p0+p1, p0+p1+p2\nbatched(p, n) --> [p0, p1, ..., p_n-1], [p_n, p_n+1, ..., p_2n-1], ...\nchain(p, q, ...) --> p0, p1, ... plast, q0, q1, ...\nchain.from_iterable([p, q, ...]) --> p0, p1, ... plast, q0, q1, ...\ncompress(data, selectors) --> (d[0] if s[0]), (d[1] if s[1]), ...\ndropwhile(predicate, seq) --> seq[n], seq[n+1], starting when predicate fails\ngroupby(iterable[, keyfunc]) --> sub-iterators grouped by value of keyfunc(v)\nfilterfalse(predicate, seq) --> elements of seq where predicate(elem) is False\nislice(seq, [start,] stop [, step]) --> elements from\n       seq[start:stop:step]\npairwise(s) --> (s[0],s[1]), (s[1],s[2]), (s[2], s[3]), ...\nstarmap(fun, seq) --> fun(*seq[0]), fun(*seq[1]), ...\ntee(it, n=2) --> (it1, it2 , ... itn) splits one iterator into n\ntakewhile(predicate, seq) --> seq[0], seq[1], until predicate fails\nzip_longest(p, q, ...) --> (p[0], q[0]), (p[1], q[1]), ...\n\nCombinatoric generators:\nproduct(p, q, ... [repeat=1]) --> cartesian product\npermutations(p[, r])\ncombinations(p, r)\ncombinations_with_replacement(p, r)\n",
    functions = [tee::tee],
    init = setup,
);

/// The iterator types' constructors without keywords: "name expected 2 arguments, got 1".
fn positional<const N: usize>(sp: Space, w_type: W, name: &str, args: &Args) -> Res<[W; N]> {
    no_keywords(sp, w_type, name, args)?;
    <[W; N]>::try_from(args.positional()).map_err(|_| crate::util::wrong_count(sp, name, args.n, N, N))
}

/// TypeError for keywords, unless the class is one whose own `__init__` may want them.
fn no_keywords(sp: Space, w_type: W, name: &str, args: &Args) -> Res<()> {
    if args.kwnames.is_null() {
        return Ok(());
    }
    let w_init = sp.getattr_str(w_type, "__init__")?;
    let w_plain = sp.getattr_str(sp.known(known::OBJECT), "__init__")?;
    if sp.is_(w_init, w_plain) { args.no_keywords(sp, name) } else { Ok(()) }
}

/// Index arrays of the combinatoric iterators, owned by the object.
type Native = *mut Vec<usize>;

/// The vector behind an object; None before initialisation.
fn native<'a>(p: Native) -> Option<&'a mut Vec<usize>> {
    // SAFETY: null or a box made by `own`, alive as long as its object.
    unsafe { p.as_mut() }
}
fn own(v: Vec<usize>) -> Native {
    Box::into_raw(Box::new(v))
}
fn release(p: &mut Native) {
    if !p.is_null() {
        // SAFETY: made by `own`, released once.
        drop(unsafe { Box::from_raw(*p) });
        *p = std::ptr::null_mut();
    }
}
/// The items of an array of words as a new tuple.
fn tuple_of(sp: Space, a: GcArray) -> Res<W> {
    // SAFETY: capacity items lie there; the array does not move.
    sp.newtuple(unsafe { std::slice::from_raw_parts(a.items(), a.capacity()) })
}
