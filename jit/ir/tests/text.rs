//! Text form and verifier.

use taipan_jit_ir::text::{Names, parse, print};
use taipan_jit_ir::verify::verify;

const LOOP: &str = "\
field items@#0 W off=24 array gcref
field float.value@3 F off=8 immutable
fn f0 = read at=0x40 reads|raises writes=items@#0
v0:W = slot 0
v1:B = is_int v0
guard v1 true exit 0
v3:W = const W 3
v4:W = tadd v0, v3
v5:I = const I -2
v6:W = get v0 items@#0[v5]
set v0 items@#0[v5] = v6
v8:W = call f0(v0, v6) W
v9:F = const F -1.5
sync exit 1
guard_value v8 = const W 7 exit 2
body v4
v12:W = param 0 W
v13 = nop
poll exit 3
loop v12
exit 0 bytecode
  frame code=0x10 ip=0x20 base=0 sp=3 cont=0 flags=0 globals=0x0
  frame code=0x11 ip=0x24 base=5 sp=6 cont=2 flags=0 globals=0x40 handled=v0
  slot 1 = v0
exit 1 2 after_sync
exit 2 1
exit 3 bytecode
  slot -1 = v13
  slot 2 = v3
  sunk v13 7 16 float.value@3=v9
";

#[test]
fn there_and_back() {
    let mut names = Names::new();
    let unit = parse(LOOP, &mut names).unwrap();
    verify(&unit).unwrap();
    assert_eq!(print(&unit, &mut names), LOOP);
    assert_eq!(parse(&print(&unit, &mut names), &mut names).unwrap(), unit);
}

/// Units that break one rule each, and a word of the complaint.
#[test]
fn verifier() {
    let exit = "exit 0 bytecode\n slot 0 = a\nexit 1 bytecode\n slot 0 = a\n";
    let field = "field x@9 W off=8 gcref\nfield items@10 W off=8 array\nfn f = f at=0x1 any\n";
    for (text, complaint) in [
        ("a = slot 0\nb = tag a\nleave exit 0\n", "kind W, not I"),
        ("a = slot 0\nguard a true exit 0\nleave exit 0\n", "kind W, not B"),
        ("a = slot 0\nb = get a items@10\nleave exit 0\n", "without an index"),
        ("a = slot 0\ni = const I 0\nb = get a x@9[i]\nleave exit 0\n", "no array"),
        ("a = slot 0\npoll exit 7\nleave exit 0\n", "no exit 7"),
        ("a = slot 0\nb = is_int a\nguard b true exit 0\nset a x@9 = a\nguard b true exit 1\nleave exit 0\n", "again"),
        (
            "a = slot 0\nb = is_int a\nguard b true exit 0\nsync exit 0\nc = call f(a) W\nguard b true exit 1\nleave exit 0\n",
            "again",
        ),
        ("a = slot 0\nb = call f(a) W\nleave exit 0\n", "without a Sync"),
        ("a = slot 0\nbody\nb = is_int a\nloop\n", "preamble"),
        ("a = slot 0\nbody a\nb = param 0 W\nloop\n", "0 arguments for 1"),
        ("a = slot 0\nb = is_int a\nbody b\nc = param 0 W\nloop c\n", "does not fit"),
        ("a = slot 0\nb = param 1 W\nleave exit 0\n", "Param 1 stands"),
        ("a = slot 0\nloop\n", "no body"),
    ] {
        let text = format!("{field}{text}{exit}");
        let unit = parse(&text, &mut Names::new()).unwrap();
        let err = verify(&unit).expect_err(&text);
        assert!(err.contains(complaint), "{err}\n{text}");
    }
}

#[test]
fn parse_errors_tell_the_line() {
    for (text, complaint) in [
        ("v0 = slot\n", "line 1"),
        ("v0 = slot 0\nv0 = slot 1\n", "twice"),
        ("v0:I = slot 0\n", "not of kind"),
        ("v0 = iadd v1, v2\n", "not known"),
        ("v0 = frob 1\n", "no instruction"),
        ("leave exit 0\nv0 = slot 0\n", "after the end"),
        ("v0 = slot 0\n", "no end"),
    ] {
        let err = parse(text, &mut Names::new()).unwrap_err();
        assert!(err.contains(complaint), "{err}");
    }
}
