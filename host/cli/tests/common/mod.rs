//! A folder with fake parts, and runs of the programs against it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A temporary tree with `parts/` and `plugins.toml`; removed when dropped.
pub struct Tree {
    pub root: PathBuf,
}

/// The library of an example of this package, built if the test runner has not done so.
fn example(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_taipan")).parent().unwrap();
    let path =
        target.join("examples").join(format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX));
    if !path.is_file() {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "-p", "taipan-cli", "--examples"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the fake parts could not be built");
    }
    path
}

/// What a run printed.
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Tree {
    /// With libraries for a space, a collector, a JIT and modules named `fake`.
    pub fn new() -> Tree {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("taipan-test-{}-{n}", std::process::id()));
        std::fs::create_dir_all(root.join("parts")).unwrap();
        std::fs::create_dir_all(root.join("lib")).unwrap();
        std::fs::write(root.join("lib/os.py"), "").unwrap();
        let tree = Tree { root };
        for kind in ["space", "gc", "jit", "modules"] {
            tree.part(kind, "fake");
        }
        tree.profiles("[profiles.fake]\nspaces = ['fake']\ngc = 'fake'\nmodules = ['fake']\nfolders = ['parts']\n");
        tree
    }
    /// The path of a part's library.
    pub fn path(&self, kind: &str, name: &str) -> PathBuf {
        self.root.join(format!("parts/libtaipan_{kind}_{name}.so"))
    }
    /// Another fake part; its name may stand for a defect.
    pub fn part(&self, kind: &str, name: &str) -> PathBuf {
        self.copy("fake_part", kind, name)
    }
    /// A copy of an example's library.
    pub fn copy(&self, example_name: &str, kind: &str, name: &str) -> PathBuf {
        let path = self.path(kind, name);
        std::fs::copy(example(example_name), &path).unwrap();
        path
    }
    /// A shared library from C source.
    pub fn compile_c(&self, source: &str, kind: &str, name: &str) -> PathBuf {
        let (c, path) = (self.root.join("fake.c"), self.path(kind, name));
        std::fs::write(&c, source).unwrap();
        let cc = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&path).arg(&c).status().unwrap();
        assert!(cc.success());
        path
    }
    /// Writes plugins.toml.
    pub fn profiles(&self, text: &str) {
        std::fs::write(self.root.join("plugins.toml"), text).unwrap();
    }
    /// The path of plugins.toml as it stands in messages.
    pub fn toml(&self) -> String {
        self.root.join("plugins.toml").display().to_string()
    }
    /// A run of any program in the tree, without variables that could change it.
    pub fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut c = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") || name.to_string_lossy().starts_with("TAIPAN") {
                c.env_remove(name);
            }
        }
        c.env("XDG_CONFIG_HOME", self.root.join("config")).env("XDG_CACHE_HOME", self.root.join("cache"));
        c.env("LC_ALL", "C.UTF-8").current_dir(&self.root);
        c
    }
    /// `taipan` with the tree's profiles; profile `fake` unless `words` name another.
    pub fn taipan(&self, words: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut c = self.program(env!("CARGO_BIN_EXE_taipan"));
        c.arg("--plugins").arg(self.root.join("plugins.toml"));
        if !words.contains(&"--profile") {
            c.args(["--profile", "fake"]);
        }
        c.args(["--set", "lib=lib"]).args(words).envs(env.iter().copied());
        c.stdin(std::process::Stdio::null());
        ran(c.output().unwrap())
    }
    /// `taipan` with exactly these words.
    pub fn plain(&self, words: &[&str]) -> Ran {
        ran(self.program(env!("CARGO_BIN_EXE_taipan")).args(words).stdin(std::process::Stdio::null()).output().unwrap())
    }
    /// `taipan-plugin`
    pub fn plugin(&self, words: &[&str]) -> Ran {
        ran(self.program(env!("CARGO_BIN_EXE_taipan-plugin")).args(words).output().unwrap())
    }
    /// The fake profile with a line changed or added runs into this sentence: one line, status 2.
    #[track_caller]
    pub fn fails(&self, words: &[&str], parts: &[&str]) -> String {
        one_sentence(self.taipan(words, &[]), parts)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn ran(o: Output) -> Ran {
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    Ran { status: o.status.code(), out: text(o.stdout), err: text(o.stderr) }
}

/// Status 2 and one line that has all these parts.
#[track_caller]
pub fn one_sentence(r: Ran, parts: &[&str]) -> String {
    assert_eq!((r.status, r.out.as_str(), r.err.lines().count()), (Some(2), "", 1), "{}", r.err);
    for p in parts {
        assert!(r.err.contains(p), "{p:?} is not in {:?}", r.err);
    }
    r.err
}
