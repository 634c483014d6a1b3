//! The containers in the whole space, by the operations and methods that Python code uses; no bytecode runs here.

use super::fake;
use taipan_abi::thread::Frame;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;

/// The real space on memory that is never freed.
fn boot() -> Space {
    let sp = fake::space();
    let th = sp.thread();
    th.ops = &crate::table::TABLE;
    th.types = std::ptr::null();
    th.recursion_limit = 1000;
    let frames = Vec::leak(vec![0u64; size_of::<Frame>() / 8 * 16]).as_mut_ptr();
    th.gc.frames = frames.cast();
    th.gc.frame_top = frames.cast();
    th.gc.frame_bytes = size_of::<Frame>() as u32;
    if crate::types::create::start(sp, crate::FAMILIES).is_err() {
        panic!("no start: {}", error(sp))
    }
    sp
}
fn error(sp: Space) -> String {
    let w = sp.take_exc();
    format!("{}: {}", sp.type_name(w), sp.str(w).and_then(|w| sp.string_w(w)).unwrap_or_default())
}
fn show(sp: Space, r: Res<W>) -> String {
    match r.and_then(|w| sp.repr_string(w)) {
        Ok(s) => s,
        Err(_) => error(sp),
    }
}

#[test]
fn methods_and_operations() {
    let sp = boot();
    let int = W::int;
    let text = |s: &str| sp.newstr(s).unwrap();
    let list = |items: &[i64]| sp.newlist(&items.iter().map(|i| W::int(*i)).collect::<Vec<_>>()).unwrap();
    let call = |w: W, name: &str, args: &[W]| sp.call_method(w, sp.intern(name), args);
    let check = |got: Res<W>, want: &str| assert_eq!(show(sp, got), want);

    let l = list(&[3, 1, 2]);
    check(Ok(l), "[3, 1, 2]");
    check(call(l, "sort", &[]), "None");
    check(call(l, "append", &[l]), "None");
    check(Ok(l), "[1, 2, 3, [...]]");
    check(call(l, "pop", &[]), "[1, 2, 3]");
    check(call(l, "pop", &[int(7)]), "IndexError: pop index out of range");
    check(call(l, "index", &[int(9)]), "ValueError: list.index(x): x not in list");
    check(sp.getitem(l, text("a")), "TypeError: list indices must be integers or slices, not str");
    check(sp.getitem(l, sp.newslice(W::NONE, W::NONE, int(-1)).unwrap()), "[3, 2, 1]");
    check(sp.add(l, int(1)), "TypeError: can only concatenate list (not \"int\") to list");
    check(sp.mul(int(2), l), "[1, 2, 3, 1, 2, 3]");
    check(sp.lt(l, list(&[1, 3])), "True");
    check(sp.contains(l, sp.newfloat(2.0)).map(W::bool), "True");

    let d = sp.newdict().unwrap();
    sp.setitem(d, text("a"), int(1)).unwrap();
    sp.setitem(d, int(2), d).unwrap();
    check(Ok(d), "{'a': 1, 2: {...}}");
    check(sp.getitem(d, l), "TypeError: cannot use 'list' as a dict key (unhashable type: 'list')");
    check(sp.getitem(d, sp.newtuple(&[int(1), int(2)]).unwrap()), "KeyError: (1, 2)");
    check(call(d, "pop", &[int(2)]).map(|_| d), "{'a': 1}");
    check(call(d, "setdefault", &[text("b")]), "None");
    check(call(d, "items", &[]), "dict_items([('a', 1), ('b', None)])");
    let keys = call(d, "keys", &[]).unwrap();
    check(sp.and_(keys, sp.newlist(&[text("b"), int(5)]).unwrap()), "{'b'}");
    check(sp.eq(keys, sp.newset(&[text("b"), text("a")]).unwrap()), "True");
    check(sp.hash(keys).map(W::int), "TypeError: unhashable type: 'dict_keys'");
    check(sp.or_(d, int(1)), "TypeError: unsupported operand type(s) for |: 'dict' and 'int'");
    check(call(d, "update", &[int(1)]), "TypeError: 'int' object is not iterable");
    check(call(d, "popitem", &[]), "('b', None)");
    check(call(d, "get", &[int(1), int(2)]), "2");
    check(sp.dict_get(d, text("a")).map(|w| w.unwrap()), "1");

    let s = sp.newset(&[int(1), sp.newfloat(1.0), W::TRUE]).unwrap();
    check(Ok(s), "{1}");
    let nested = sp.newset(&[sp.newfrozenset(&[int(1)]).unwrap()]).unwrap();
    check(sp.contains(nested, s).map(W::bool), "True");
    check(call(s, "union", &[l]), "{1, 2, 3}");
    check(call(s, "remove", &[s]), "KeyError: {1}");
    check(sp.or_(s, l), "TypeError: unsupported operand type(s) for |: 'set' and 'list'");
    check(sp.hash(sp.newfrozenset(&[int(1), int(2)]).unwrap()).map(|h| sp.newint(h)), "-1826646154956904602");

    let range = |args: &[W]| sp.call(sp.known(known::RANGE), args);
    let r = range(&[int(0), int(10), int(3)]).unwrap();
    check(sp.getitem(r, int(-1)), "9");
    check(sp.getitem(r, sp.newslice(W::NONE, W::NONE, int(-1)).unwrap()), "range(9, -3, -3)");
    check(sp.call(sp.known(known::LIST), &[r]), "[0, 3, 6, 9]");
    let big = sp.pow(int(2), int(70), W::NONE).unwrap();
    let r = range(&[big, sp.add(big, int(2)).unwrap()]).unwrap();
    check(sp.call(sp.known(known::TUPLE), &[r]), "(1180591620717411303424, 1180591620717411303425)");
    check(sp.contains(r, big).map(W::bool), "True");
    check(range(&[int(1), int(2), int(0)]), "ValueError: range() arg 3 must not be zero");
    check(range(&[text("x")]), "TypeError: 'str' object cannot be interpreted as an integer");

    let t = sp.newtuple(&[int(1), text("a"), W::NONE]).unwrap();
    check(Ok(t), "(1, 'a', None)");
    check(call(t, "count", &[int(1)]), "1");
    check(sp.call(sp.known(known::TUPLE), &[int(1)]), "TypeError: 'int' object is not iterable");
    check(sp.call(sp.known(known::LIST), &[l, l]), "TypeError: list expected at most 1 argument, got 2");
    check(
        sp.call(sp.known(known::DICT), &[sp.newlist(&[t]).unwrap()]),
        "ValueError: dictionary update sequence element #0 has length 3; 2 is required",
    );
    check(
        sp.call(sp.known(known::DICT), &[sp.newlist(&[l]).unwrap()]),
        "ValueError: dictionary update sequence element #0 has length 3; 2 is required",
    );
    check(
        sp.iter(d).and_then(|it| {
            sp.setitem(d, int(100), W::NONE)?;
            sp.next(it).map(|_| it)
        }),
        "RuntimeError: dictionary changed size during iteration",
    );
    check(call(sp.newslice(int(1), W::NONE, W::NONE).unwrap(), "indices", &[int(5)]), "(1, 5, 1)");
    more(sp);
    subclasses(sp);
}

fn more(sp: Space) {
    let int = W::int;
    let text = |s: &str| sp.newstr(s).unwrap();
    let list = |items: &[W]| sp.newlist(items).unwrap();
    let check = |got: Res<W>, want: &str| assert_eq!(show(sp, got), want);
    let class = |tid: u32| sp.row_of(tid).w_type;
    let drain = |w: Res<W>| w.and_then(|w| sp.call(sp.known(known::LIST), &[w]));
    let function = |name: &str| {
        let spec = crate::containers::BUILTINS.iter().find(|f| f.name.get() == name).unwrap();
        sp.newfunction(spec, W::NULL, W::NONE).unwrap()
    };
    let with = |f: W, args: &[W], name: &str, w: W| {
        let kwnames = sp.newtuple(&[sp.intern(name)]).unwrap();
        let mut all = args.to_vec();
        all.push(w);
        sp.call_args(f, Args { ptr: all.as_ptr(), n: args.len(), kwnames })
    };
    let (a, b) = (list(&[int(1), int(2)]), list(&[text("x"), text("y"), text("z")]));
    check(drain(sp.call(class(TID_ZIP), &[a, b])), "[(1, 'x'), (2, 'y')]");
    check(
        drain(with(class(TID_ZIP), &[a, b], "strict", W::TRUE)),
        "ValueError: zip() argument 2 is longer than argument 1",
    );
    check(
        drain(with(class(TID_ZIP), &[b, b, a], "strict", W::TRUE)),
        "ValueError: zip() argument 3 is shorter than arguments 1-2",
    );
    check(with(class(TID_ZIP), &[a], "foo", W::TRUE), "TypeError: zip() got an unexpected keyword argument 'foo'");
    check(drain(with(class(TID_ENUMERATE), &[b], "start", int(5))), "[(5, 'x'), (6, 'y'), (7, 'z')]");
    check(sp.call(class(TID_ENUMERATE), &[]), "TypeError: enumerate() missing required argument 'iterable'");
    check(drain(sp.call(class(TID_MAP), &[class(TID_STR), a])), "['1', '2']");
    check(sp.call(class(TID_MAP), &[a]), "TypeError: map() must have at least two arguments.");
    check(drain(sp.call(class(TID_FILTER), &[W::NONE, list(&[int(0), int(3), W::NONE])])), "[3]");
    check(drain(sp.call(class(TID_REVERSED), &[a])), "[2, 1]");
    check(drain(sp.call(class(TID_REVERSED), &[text("ab")])), "['b', 'a']");
    check(sp.call(class(TID_REVERSED), &[int(1)]), "TypeError: 'int' object is not reversible");
    check(sp.call(class(TID_REVERSED), &[sp.newset(&[]).unwrap()]), "TypeError: 'set' object is not reversible");

    let (sum, min, max, sorted) = (function("sum"), function("min"), function("max"), function("sorted"));
    let float = |f: f64| sp.newfloat(f);
    check(sp.call(sum, &[list(&[float(0.1); 10])]), "1.0");
    check(sp.call(sum, &[list(&[float(1e100), int(1), float(-1e100), int(1)])]), "2.0");
    check(sp.call(sum, &[list(&[W::TRUE, int(2), sp.newint(i64::MAX), sp.newint(i64::MAX)])]), "18446744073709551617");
    check(
        sp.call(sum, &[list(&[int(i64::MAX >> 2), int(i64::MAX >> 1), int(i64::MAX >> 1), int(i64::MAX >> 1)])]),
        "16140901064495857660",
    );
    check(sp.call(sum, &[b, text("")]), "TypeError: sum() can't sum strings [use ''.join(seq) instead]");
    check(sp.call(sum, &[b]), "TypeError: unsupported operand type(s) for +: 'int' and 'str'");
    check(sp.call(sum, &[list(&[float(0.5), sp.newcomplex(0.0, 1.0), int(1)])]), "(1.5+1j)");
    check(sp.call(min, &[int(3), float(1.5)]), "1.5");
    check(sp.call(max, &[b]), "'z'");
    check(sp.call(min, &[list(&[])]), "ValueError: min() iterable argument is empty");
    check(with(max, &[list(&[])], "default", W::NONE), "None");
    check(
        with(max, &[int(1), int(2)], "default", W::NONE),
        "TypeError: Cannot specify a default for max() with multiple positional arguments",
    );
    check(sp.call(min, &[]), "TypeError: min expected at least 1 argument, got 0");
    check(with(sorted, &[list(&[int(10), int(9), int(1)])], "key", class(TID_STR)), "[1, 10, 9]");
    check(with(sorted, &[b], "reverse", int(1)), "['z', 'y', 'x']");
    check(with(sorted, &[b], "foo", int(1)), "TypeError: sort() got an unexpected keyword argument 'foo'");
    check(
        sp.call(sorted, &[list(&[int(1), text("a")])]),
        "TypeError: '<' not supported between instances of 'str' and 'int'",
    );
    let pair = |x: i64, y: &str| sp.newtuple(&[int(x), text(y)]).unwrap();
    check(sp.call(sorted, &[list(&[pair(2, "a"), pair(1, "b"), pair(1, "a")])]), "[(1, 'a'), (1, 'b'), (2, 'a')]");
    check(sp.call(function("any"), &[list(&[int(0), int(1)])]), "True");
    check(sp.call(function("all"), &[int(1)]), "TypeError: 'int' object is not iterable");
    let hint = |w: W| sp.length_hint(w, 0).map(|n| sp.newint(n));
    check(hint(sp.iter(b).unwrap()), "3");
    check(with(class(TID_LIST), &[], "a", int(1)), "TypeError: list() takes no keyword arguments");
    check(with(class(TID_DICT), &[], "a", int(1)), "{'a': 1}");
    check(sp.getitem(class(TID_DICT), class(TID_STR)), "dict[str]");
    check(sp.call(class(TID_SLICE), &[int(1), int(2)]), "slice(1, 2, None)");
    check(sp.getattr(class(TID_LIST), sp.intern("__hash__")), "None");
    let d = sp.call_method(class(TID_DICT), sp.intern("fromkeys"), &[sp.newset(&[int(1)]).unwrap()]);
    check(d, "{1: None}");
    let many = list(&[int(9); 300]);
    sp.list_setitem(many, 299, text("last")).unwrap();
    check(sp.getitem(many, int(-1)), "'last'");
}

fn subclasses(sp: Space) {
    let int = W::int;
    let check = |got: Res<W>, want: &str| assert_eq!(show(sp, got), want);
    let derive = |base: W| {
        let bases = sp.newtuple(&[base]).unwrap();
        let namespace = sp.newdict().unwrap();
        sp.dict_set_str(namespace, "__module__", sp.newstr("m").unwrap()).unwrap();
        sp.call(sp.known(known::TYPE), &[sp.newstr("Sub").unwrap(), bases, namespace]).unwrap()
    };
    let items = sp.newlist(&[int(1), int(2)]).unwrap();
    let l = sp.call(derive(sp.known(known::LIST)), &[items]).unwrap();
    check(Ok(l), "[1, 2]");
    check(sp.setattr_str(l, "x", items).and_then(|_| sp.getattr_str(l, "x")), "[1, 2]");
    check(sp.call_method(l, sp.intern("append"), &[l]).map(|_| l), "[1, 2, [...]]");
    check(sp.add(items, l), "[1, 2, 1, 2, [1, 2, [...]]]");
    let t = sp.call(derive(sp.known(known::TUPLE)), &[items]).unwrap();
    check(Ok(t), "(1, 2)");
    check(sp.setattr_str(t, "x", int(7)).and_then(|_| sp.getattr_str(t, "x")), "7");
    check(sp.eq(t, sp.newtuple(&[int(1), int(2)]).unwrap()), "True");
    check(sp.fixedtuple(t), "(1, 2)");
    let s = sp.call(derive(sp.known(known::SET)), &[items]).unwrap();
    check(Ok(s), "Sub({1, 2})");
    check(sp.or_(s, s), "{1, 2}");
    let f = sp.call(derive(sp.known(known::FROZENSET)), &[items]).unwrap();
    check(Ok(f), "Sub({1, 2})");
    check(sp.eq(s, f), "True");
    let d = sp.call(derive(sp.known(known::DICT)), &[]).unwrap();
    sp.setitem(d, f, t).unwrap();
    check(Ok(d), "{Sub({1, 2}): (1, 2)}");
    check(sp.getitem(d, sp.newfrozenset(&[int(2), int(1)]).unwrap()), "(1, 2)");
    check(sp.getitem(d, l), "TypeError: cannot use 'm.Sub' as a dict key (unhashable type: 'Sub')");
    check(sp.getitem(d, int(5)), "KeyError: 5");
}
