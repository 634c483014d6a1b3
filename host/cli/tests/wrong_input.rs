//! Every wrong input ends in one sentence that says what, where and how to mend it, with exit status 2.

mod common;
use common::{Tree, one_sentence};

const FAKE: &str = "[profiles.fake]\nspaces = ['fake']\ngc = 'fake'\nmodules = ['fake']\nfolders = ['parts']\n";

#[test]
fn no_such_file() {
    let t = Tree::new();
    t.fails(&["--set", "gc=./parts/nothing.so"], &["parts/nothing.so does not exist"]);
    let e =
        t.fails(&["--set", "gc=fake2"], &["no gc part named 'fake2'", "did you mean 'fake'?", "libtaipan_gc_fake2.so"]);
    assert!(e.contains("--set"), "{e}");
    t.profiles(&FAKE.replace("gc = 'fake'", "gc = 'fak'"));
    t.fails(&[], &[&format!("{}:3:", t.toml()), "no gc part named 'fak'", "did you mean 'fake'?"]);
    one_sentence(t.plain(&["--plugins", "nothing.toml"]), &["cannot read nothing.toml", "check the path"]);
    one_sentence(t.plain(&["--plugins", "."]), &["is a directory"]);
    t.fails(&["--set", "lib=nowhere", "-c", "pass"], &["--set lib=nowhere", "os.py"]);
    one_sentence(t.plugin(&["info", "nothing.so"]), &["nothing.so does not exist"]);
}

#[test]
fn not_a_library() {
    let t = Tree::new();
    std::fs::write(t.path("gc", "text"), "hello").unwrap();
    t.fails(&["--set", "gc=text"], &["libtaipan_gc_text.so is not a dynamic library"]);
    std::fs::write(t.path("gc", "empty"), "").unwrap();
    t.fails(&["--set", "gc=empty"], &["libtaipan_gc_empty.so is not a dynamic library"]);
    t.fails(&["--set", "gc=./parts"], &["parts is not a file"]);
    std::fs::copy(env!("CARGO_BIN_EXE_taipan-plugin"), t.path("gc", "program")).unwrap();
    let r = t.taipan(&["--set", "gc=program"], &[]);
    one_sentence(r, &["libtaipan_gc_program.so"]);
    one_sentence(t.plugin(&["check", t.path("gc", "text").to_str().unwrap()]), &["is not a dynamic library"]);
}

#[test]
fn damaged_library() {
    let t = Tree::new();
    let whole = std::fs::read(t.path("gc", "fake")).unwrap();
    for part in [3, 63, 64, 200, 4096, whole.len() / 2, whole.len() * 3 / 4] {
        std::fs::write(t.path("gc", "cut"), &whole[..part]).unwrap();
        // Sections behind the last loaded byte may be missing without harm; anything else must be found.
        let r = t.taipan(&["--set", "gc=cut", "-c", ""], &[]);
        if r.status != Some(7) {
            one_sentence(r, &["libtaipan_gc_cut.so"]);
        }
    }
    let mut other = whole.clone();
    other[18] = 0xf3;
    std::fs::write(t.path("gc", "riscv"), &other).unwrap();
    t.fails(&["--set", "gc=riscv"], &["another kind of machine"]);
}

#[test]
fn no_root_module() {
    let t = Tree::new();
    t.compile_c("int answer(void) { return 42; }", "gc", "plain");
    t.fails(&["--set", "gc=plain"], &["libtaipan_gc_plain.so is a library but not a part of Taipan", "no root module"]);
    t.compile_c("extern int nowhere(void); int answer(void) { return nowhere(); }", "gc", "undefined");
    t.fails(&["--set", "gc=undefined"], &["libtaipan_gc_undefined.so cannot be loaded", "nowhere"]);
}

#[test]
fn another_abi() {
    let t = Tree::new();
    for name in ["otherabi", "tableabi", "short", "notable"] {
        t.part("gc", name);
    }
    t.fails(&["--set", "gc=otherabi"], &["gc otherabi 1.2.3, built with rustc", "has ABI 2", "needs ABI 1", "rebuild"]);
    t.fails(&["--set", "gc=tableabi"], &["a table of ABI 2", "needs ABI 1"]);
    t.fails(&["--set", "gc=short"], &["a table of 8 bytes"]);
    t.fails(&["--set", "gc=notable"], &["no table"]);
    t.copy("fake_version", "gc", "version");
    t.fails(&["--set", "gc=version"], &["version 9.1.0 of taipan-abi", "rebuild"]);
    t.copy("fake_layout", "gc", "layout");
    t.fails(&["--set", "gc=layout"], &["another layout", "--verbose-abi", "rebuild"]);
    let long = t.taipan(&["--set", "gc=layout", "--verbose-abi"], &[]);
    assert!(long.status == Some(2) && long.err.lines().count() > 5, "{}", long.err);

    // The header of an abi_stable that this program does not know.
    let symbol = abi_stable::library::ROOT_MODULE_LOADER_NAME;
    let magic: Vec<String> = abi_stable::library::AbiHeader::VALUE.magic_string.iter().map(u8::to_string).collect();
    let c = format!(
        "const struct {{ unsigned char magic[32]; unsigned major, minor; char rest[4096]; }} h __asm__(\"{symbol}\") = {{ {{ {} }}, 0, 99, {{0}} }};",
        magic.join(", ")
    );
    t.compile_c(&c, "gc", "future");
    t.fails(&["--set", "gc=future"], &["another abi_stable (0.99", "rebuild"]);
}

#[test]
fn panicking_part() {
    let t = Tree::new();
    t.part("gc", "panics");
    // The part's own panic message comes first; it is not the host's to suppress.
    let r = t.taipan(&["--set", "gc=panics"], &[]);
    assert_eq!(r.status, Some(2), "{}", r.err);
    assert!(r.err.lines().last().unwrap().contains("libtaipan_gc_panics.so panicked while it was loaded"), "{}", r.err);
}

#[test]
fn wrong_kind() {
    let t = Tree::new();
    t.part("gc", "wrongkind");
    t.fails(
        &["--set", "gc=wrongkind"],
        &["is a library of modules, not a collector", "name it under 'modules' instead of 'gc'"],
    );
    t.fails(&["--set", "jit=./parts/libtaipan_space_fake.so"], &["is an object space, not a JIT"]);
}

#[test]
fn stacking() {
    let t = Tree::new();
    t.part("space", "proxy");
    t.fails(
        &["--set", "spaces=['proxy']"],
        &["'proxy' is a layer over another space", "spaces = [\"proxy\", \"std\"]"],
    );
    t.fails(&["--set", "spaces=['fake', 'fake']"], &["'fake' is complete", "put it last"]);
    assert_eq!(t.taipan(&["--set", "spaces=['proxy', 'fake']", "-c", ""], &[]).status, Some(7));
}

#[test]
fn unknown_names_in_toml() {
    let t = Tree::new();
    let toml = t.toml();
    t.profiles(&format!("{FAKE}moduls = ['x']\n"));
    t.fails(&[], &[&format!("{toml}:6: unknown key 'moduls' in profile 'fake': did you mean 'modules'?")]);
    t.profiles(&format!("{FAKE}\n[profile.x]\n"));
    t.fails(&[], &[&format!("{toml}:7: unknown key 'profile': did you mean 'profiles'?")]);
    t.profiles(FAKE);
    t.fails(&["--profile", "fakr"], &["--profile: there is no profile 'fakr': did you mean 'fake'?"]);
    t.profiles(&format!("{FAKE}inherits = 'stdd'\n"));
    t.fails(&[], &[&format!("{toml}:6: there is no profile 'stdd' to inherit: did you mean 'std'?")]);
    t.profiles(&format!("default = 'fale'\n{FAKE}"));
    one_sentence(
        t.plain(&["--plugins", "plugins.toml"]),
        &["plugins.toml:1: there is no profile 'fale': did you mean 'fake'?"],
    );
}

#[test]
fn wrong_toml() {
    let t = Tree::new();
    let toml = t.toml();
    for (text, parts) in [
        ("[profiles.fake\n", ["not valid TOML", ":1:"]),
        ("[profiles.fake]\nspaces = 3\n", ["'spaces' must be a list, not an integer", ":2:"]),
        ("[profiles.fake]\nspaces = [3]\n", ["'spaces' must be a part's name in quotes, not an integer", ":2:"]),
        ("[profiles.fake]\ngc = { nursery = '1MB' }\n", ["a table without 'use'", ":2:"]),
        ("[profiles.fake]\ngc = { use = 'seg', nursery = [1] }\n", ["option 'nursery' must be", ":2:"]),
        ("[profiles.fake]\ngc = 'seg'\n", ["names no object space", ":1:"]),
        ("[profiles.fake]\nspaces = ['fake']\n", ["names no collector", ":1:"]),
        ("[profiles.fake]\noptions = 1\n", ["'options' must be a table", ":2:"]),
        ("profiles = 1\n", ["'profiles' must be a table", ":1:"]),
        ("[profiles]\nfake = 1\n", ["profile 'fake' must be a table", ":2:"]),
        ("[profiles.fake]\nspaces = ['']\n", ["empty name", ":2:"]),
        ("[profiles.fake]\nspaces = [\"a\\u0000b\"]\n", ["NUL", ":2:"]),
    ] {
        t.profiles(text);
        t.fails(&[], &[&toml, parts[0], parts[1]]);
    }
    std::fs::write(t.root.join("plugins.toml"), b"[profiles.fake]\ngc = '\xff'\n").unwrap();
    t.fails(&[], &[&format!("{toml}:2:"), "not UTF-8"]);
    t.profiles(&"[".repeat(100_000));
    t.fails(&[], &["not valid TOML"]);
    t.profiles(&format!("x = {}", "[".repeat(100_000)));
    t.fails(&[], &["not valid TOML"]);
}

#[test]
fn circles() {
    let t = Tree::new();
    let toml = t.toml();
    t.profiles("[profiles.fake]\ninherits = 'b'\n[profiles.b]\ninherits = 'c'\n[profiles.c]\ninherits = 'fake'\n");
    t.fails(&[], &[&format!("{toml}:6: profiles inherit from each other in a circle (fake -> b -> c -> fake)")]);
    t.profiles("[profiles.fake]\ninherits = 'fake'\n");
    t.fails(&[], &[&format!("{toml}:2: profile 'fake' inherits from itself")]);
}

#[test]
fn options() {
    let t = Tree::new();
    let toml = t.toml();
    t.fails(
        &["--set", "gc.nursry=1MB"],
        &["--set gc.nursry=1MB: 'fake' has no option 'nursry': did you mean 'nursery'?"],
    );
    t.fails(&["--set", "gc.nursery="], &["the value is missing", "gc.nursery=VALUE"]);
    t.fails(&["--set", "gc.nursery"], &["the value is missing", "gc.nursery=VALUE"]);
    t.fails(&["--set", "=3"], &["the key is missing"]);
    t.fails(&["--set", "gcc=none"], &["unknown key 'gcc': did you mean 'gc'?"]);
    t.fails(&["--set", "jit.x=1"], &["this profile has no JIT"]);
    t.fails(&["--set", "fakee.out=f"], &["no part 'fakee'", "did you mean 'fake'?"]);
    t.fails(&["--set", "gc."], &["missing"]);
    t.fails(&["--set", "gc.=1"], &["the key is incomplete"]);
    t.fails(&["--set", "spaces=['fake'"], &["--set spaces=['fake'", "not valid TOML"]);
    t.fails(&["--set", "gc.nursery=bad", "-c", ""], &["gc 'fake' could not start", "write it like 16MB"]);
    t.profiles(&format!("{FAKE}options.fake = {{ nursery = '' }}\n"));
    t.fails(&[], &[&format!("{toml}:6:"), "option 'nursery' of 'fake' has no value"]);
    t.profiles(&format!("{FAKE}options.fke = {{ nursery = '1' }}\n"));
    t.fails(&[], &[&format!("{toml}:6:"), "no part 'fke'"]);
    for option in ["--profile", "--plugins", "--set"] {
        let r = t.plain(&[option]);
        assert_eq!(r.status, Some(2));
        assert!(r.err.starts_with(&format!("Argument expected for the {option} option\nusage: ")), "{}", r.err);
    }
}

#[test]
fn modules() {
    let t = Tree::new();
    t.fails(&["--withoutmod-fake_c"], &["--withoutmod-fake_c", "has a module 'fake_c'"]);
    t.fails(&["--withmod-fake_c"], &["no library has a module 'fake_c'", "did you mean 'fake_a'?"]);
    t.fails(&["--withmod-"], &["names no module"]);
    t.fails(&["--set", "modules=['fakes']"], &["no modules part named 'fakes'", "did you mean 'fake'?"]);
}

#[test]
fn tool() {
    let t = Tree::new();
    one_sentence(t.plugin(&["lst"]), &["unknown command 'lst': did you mean 'list'?"]);
    one_sentence(t.plugin(&[]), &["no command"]);
    one_sentence(t.plugin(&["check"]), &["names no file"]);
    one_sentence(t.plugin(&["index", "nowhere"]), &["nowhere is no folder"]);
}
