//! What a right start does: parts found, options passed, settings as CPython decides them.

mod common;
use common::Tree;

/// Runs the fake space and answers the values of these settings.
#[track_caller]
fn settings(t: &Tree, words: &[&str], env: &[(&str, &str)], keys: &str) -> Vec<String> {
    let env: Vec<(&str, &str)> = env.iter().copied().chain([("FAKE_SETTINGS", keys)]).collect();
    let r = t.taipan(words, &env);
    assert_eq!((r.status, r.err.as_str()), (Some(7), ""));
    r.out.lines().map(|l| l.split_once(" = ").map_or("-", |(_, v)| v).to_string()).collect()
}

#[test]
fn flags() {
    let t = Tree::new();
    let keys = "flags.optimize,flags.isolated,flags.safe_path,flags.no_user_site,flags.ignore_environment,flags.quiet";
    assert_eq!(settings(&t, &["-OOIqqc", "pass"], &[], keys), ["2", "1", "1", "1", "1", "2"]);
    assert_eq!(settings(&t, &["-c", "pass"], &[("PYTHONOPTIMIZE", "x")], keys), ["1", "0", "0", "0", "0", "0"]);
    assert_eq!(settings(&t, &["-Ec", "pass"], &[("PYTHONOPTIMIZE", "2")], keys), ["0", "0", "0", "0", "1", "0"]);
    let keys = "hash_seed,flags.hash_randomization,flags.int_max_str_digits,flags.utf8_mode";
    assert_eq!(settings(&t, &["-c", ""], &[], keys), ["random", "1", "4300", "0"]);
    assert_eq!(settings(&t, &["-X", "utf8", "-c", ""], &[("PYTHONHASHSEED", "0")], keys), ["0", "0", "4300", "1"]);
    assert_eq!(settings(&t, &["-c", ""], &[("LC_ALL", "C")], keys)[3], "1");
    let keys =
        "warnoptions.0,warnoptions.1,warnoptions.2,warnoptions.3,warnoptions.4,warnoptions.5,xoptions.0,flags.dev_mode";
    assert_eq!(
        settings(&t, &["-Xdev", "-bb", "-W", "error", "-c", ""], &[("PYTHONWARNINGS", "a,b")], keys),
        ["default", "a", "b", "error", "error::BytesWarning", "-", "dev", "1"]
    );
}

#[test]
fn programs() {
    let t = Tree::new();
    let keys = "run.mode,run.value,argc,argv.0,argv.1,path.first";
    let root = t.root.display().to_string();
    assert_eq!(settings(&t, &["-c", " x", "-y"], &[], keys), ["command", "x\\n", "2", "-c", "-y", ""]);
    assert_eq!(settings(&t, &["-m", "timeit", "a"], &[], keys), ["module", "timeit", "2", "-m", "a", &root]);
    std::fs::write(t.root.join("f.py"), "pass").unwrap();
    // The program's path is made absolute (`__file__`), what it sees as its argument is not.
    let absolute = t.root.join("f.py").display().to_string();
    assert_eq!(settings(&t, &["f.py"], &[], keys), ["script", &absolute, "1", "f.py", "-", &root]);
    assert_eq!(settings(&t, &["-P", "f.py"], &[], keys)[5], "-");
    let absolute = t.root.join("parts").display().to_string();
    assert_eq!(settings(&t, &["parts"], &[], keys), ["path", &absolute, "1", "parts", "-", &absolute]);
    std::fs::write(t.root.join("z"), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0hi").unwrap();
    assert_eq!(settings(&t, &["z"], &[], keys)[0], "path");
    assert_eq!(settings(&t, &[], &[], keys), ["stdin", "", "1", "", "-", ""]);
    assert_eq!(settings(&t, &["-", "a"], &[], keys), ["stdin", "", "2", "-", "a", ""]);
    assert_eq!(settings(&t, &["-i"], &[], keys)[0], "interactive");
}

#[test]
fn messages_of_cpython() {
    let t = Tree::new();
    let r = t.plain(&["-Z"]);
    assert_eq!(r.status, Some(2));
    assert!(
        r.err.starts_with("Unknown option: -Z\nusage: ") && r.err.ends_with("Try `python -h' for more information.\n"),
        "{}",
        r.err
    );
    let r = t.plain(&["nosuch.py"]);
    assert_eq!(r.status, Some(2));
    assert!(
        r.err.contains("can't open file '") && r.err.ends_with("nosuch.py': [Errno 2] No such file or directory\n"),
        "{}",
        r.err
    );
    let r = t.taipan(&["-c", ""], &[("PYTHONHASHSEED", "x")]);
    assert_eq!(r.status, Some(1));
    assert!(r.err.starts_with("Fatal Python error: config_init_hash_seed: "), "{}", r.err);
    let r = t.plain(&["-V"]);
    assert!(r.out.starts_with("Python 3.14."), "{}", r.out);
    for help in ["-h", "-?", "--help", "--help-env", "--help-xoptions", "--help-all"] {
        let r = t.plain(&[help]);
        assert_eq!((r.status, r.err.as_str()), (Some(0), ""));
        assert!(r.out.len() > 500);
    }
}

#[test]
fn parts_and_options() {
    let t = Tree::new();
    let keys =
        "profile,part.0.kind,part.1.kind,part.1.name,part.1.version,part.1.file,part.2.kind,part.2.modules,part.3.kind";
    let file = t.path("gc", "fake").display().to_string();
    assert_eq!(
        settings(&t, &["-c", ""], &[], keys),
        ["fake", "space", "gc", "fake", "1.2.3", &file, "modules", "fake_a fake_b.inner", "-"]
    );
    let keys = "part.2.kind,part.2.options,option.fake.nursery,option.fake.out";
    let with_jit = &["--set", "jit={ use = 'fake', out = 'f' }", "-c", ""];
    assert_eq!(settings(&t, with_jit, &[], keys)[0], "jit");
    assert_eq!(
        settings(&t, &["--set", "gc.nursery=8MB", "-c", ""], &[], "option.fake.nursery,option.fake.out"),
        ["8MB", "-"]
    );
    assert_eq!(settings(&t, &["-c", ""], &[], "option.fake.nursery"), ["4MB"]);
}

#[test]
fn profiles_inherit() {
    let t = Tree::new();
    t.part("gc", "other");
    t.profiles(
        "folders = ['parts']\n[profiles.base]\nspaces = ['fake']\ngc = { use = 'fake', nursery = '1MB' }\nmodules = ['fake']\nwithout = ['fake_a']\n\
         [profiles.fake]\ninherits = 'base'\n[profiles.with]\ninherits = 'base'\nwith = ['fake_a']\ngc = 'other'\n",
    );
    let names = |profile: &str, more: &[&str]| {
        let words: Vec<&str> = ["--profile", profile].iter().chain(more).copied().chain(["-c", ""]).collect();
        t.taipan(&words, &[("FAKE_NAMES", "1")]).out
    };
    assert_eq!(names("fake", &[]), "modules: fake_b.inner\n");
    assert_eq!(names("fake", &["--withmod-fake_a"]), "modules: fake_a fake_b.inner\n");
    assert_eq!(names("with", &["--withoutmod-fake_b.inner"]), "modules: fake_a\n");
    assert_eq!(settings(&t, &["-c", ""], &[], "option.fake.nursery,part.1.name"), ["1MB", "fake"]);
    assert_eq!(
        settings(&t, &["--profile", "with", "-c", ""], &[], "part.1.name,option.other.nursery"),
        ["other", "4MB"]
    );
    // A profile of the user's folder changes the one of the same name that it inherits from.
    std::fs::create_dir_all(t.root.join("config/taipan")).unwrap();
    std::fs::write(t.root.join("config/taipan/plugins.toml"), "[profiles.base]\n").unwrap();
    t.profiles(
        "folders = ['parts']\n[profiles.base]\ninherits='base'\nspaces = ['fake']\ngc = 'other'\n[profiles.fake]\ninherits = 'base'\n",
    );
    assert_eq!(settings(&t, &["-c", ""], &[], "part.1.name"), ["other"]);
}

#[test]
fn module_libraries_open_lazily() {
    let t = Tree::new();
    let run = |key: &str, value: &str| t.taipan(&["-c", ""], &[(key, value)]);
    let origin = t.path("modules", "fake").display().to_string();
    let all = "fake_a,fake_b.inner,fake_c";
    let expected = format!("fake_a from {origin}\nfake_b.inner from {origin}\nfake_c missing\n");
    assert_eq!(run("FAKE_MODULES", all).out, expected);
    let r = t.plugin(&["index", "parts"]);
    assert_eq!((r.status, r.err.as_str()), (Some(0), ""));
    assert_eq!(run("FAKE_MODULES", all).out, expected);
    // With an index, a library that nobody asks for is not opened: a damaged one is only noticed by an import.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let size = std::fs::metadata(&origin).unwrap().len() as usize;
    let index = std::fs::metadata(t.root.join("parts/modules.toml")).unwrap().modified().unwrap();
    std::fs::write(&origin, vec![0u8; size]).unwrap();
    std::fs::File::options().write(true).open(&origin).unwrap().set_modified(index).unwrap();
    assert_eq!(run("FAKE_NAMES", "1").out, "modules: fake_a fake_b.inner\n");
    let r = run("FAKE_MODULES", "fake_a");
    assert_eq!((r.status, r.out.as_str()), (Some(7), "fake_a missing\n"));
    assert!(r.err.contains("is not a dynamic library") && r.err.lines().count() == 1, "{}", r.err);
    // A library that changed since is opened at the start.
    std::fs::write(&origin, vec![0u8; size + 1]).unwrap();
    assert_eq!(run("FAKE_NAMES", "1").status, Some(2));
}

#[test]
fn info_and_tool() {
    let t = Tree::new();
    let r = t.taipan(&["--info", "--withoutmod-fake_a"], &[]);
    assert_eq!((r.status, r.err.as_str()), (Some(0), ""));
    for part in
        ["profile    fake", "space fake 1.2.3", "gc fake", "jit none", "without  fake_a", "option   nursery=4MB"]
    {
        assert!(r.out.contains(part), "{part} is not in {}", r.out);
    }
    let r = t.plugin(&["list", "parts"]);
    assert_eq!((r.status, r.out.lines().count()), (Some(0), 4), "{}", r.out);
    std::fs::write(t.path("gc", "text"), "hello").unwrap();
    let r = t.plugin(&["list", "parts"]);
    assert_eq!((r.status, r.out.lines().count()), (Some(1), 5), "{}", r.out);
    let r = t.plugin(&["info", t.path("modules", "fake").to_str().unwrap()]);
    assert!(r.out.contains("kind         modules") && r.out.contains("module       fake_b.inner"), "{}", r.out);
    let r = t.plugin(&["check", t.path("gc", "fake").to_str().unwrap()]);
    assert_eq!(r.status, Some(0));
    std::fs::copy(t.path("gc", "fake"), t.root.join("libtaipan_gc_x-y.so")).unwrap();
    assert!(t.plugin(&["check", "libtaipan_gc_x-y.so"]).out.contains("note:"));
}

/// An installed tree works wherever it lies, from any working directory.
#[test]
fn relocatable() {
    let t = Tree::new();
    let tree = t.root.join("moved/lib/taipan");
    std::fs::create_dir_all(t.root.join("moved/bin")).unwrap();
    std::fs::create_dir_all(tree.join("python3.14")).unwrap();
    std::fs::create_dir_all(tree.join("overlay")).unwrap();
    std::fs::write(tree.join("python3.14/os.py"), "").unwrap();
    std::fs::write(
        tree.join("plugins.toml"),
        "default = 'it'\n[profiles.it]\nspaces = ['fake']\ngc = 'fake'\nmodules = ['fake']\n",
    )
    .unwrap();
    for kind in ["space", "gc", "modules"] {
        let path = t.path(kind, "fake");
        std::fs::copy(&path, tree.join(path.file_name().unwrap())).unwrap();
    }
    let program = t.root.join("moved/bin/taipan");
    std::fs::copy(env!("CARGO_BIN_EXE_taipan"), &program).unwrap();
    let keys = "path.prefix,path.stdlib,path.overlay,path.sys.0,path.sys.1,executable";
    let out = t.program(&program).args(["-c", ""]).env("FAKE_SETTINGS", keys).current_dir("/").output().unwrap();
    let at = |p: &str| t.root.join("moved").join(p).display().to_string();
    let (stdlib, overlay) = (at("lib/taipan/python3.14"), at("lib/taipan/overlay"));
    let expected = format!(
        "path.prefix = {}\npath.stdlib = {stdlib}\npath.overlay = {overlay}\npath.sys.0 = {overlay}\npath.sys.1 = {stdlib}\nexecutable = {}\n",
        at("").trim_end_matches('/'),
        at("bin/taipan")
    );
    assert_eq!(String::from_utf8_lossy(&out.stdout), expected, "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(7));
}
