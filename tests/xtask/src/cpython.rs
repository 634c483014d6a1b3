//! CPython's own test modules, each in a process of its own, against `tests/cpython/expected.txt`.
//!
//! The file has a line a module: `NAME pass`, or `NAME fails: WHY` for one that does not pass yet. A module that is expected to pass
//! and fails is an error; one that passes unexpectedly is told, so that the list can be tightened. The tests that
//! `tests/cpython/excused.txt` names are left out of their modules.

use crate::{root, target};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(300);

/// A CPython 3.14 Lib that has its tests: the option, the environment, the usual places.
fn library(arguments: &[String]) -> Option<PathBuf> {
    let given = arguments.iter().position(|a| a == "--lib").and_then(|i| arguments.get(i + 1)).cloned();
    let home = std::env::var("HOME").unwrap_or_default();
    let places = [
        given,
        std::env::var("TAIPAN_CPYTHON_LIB").ok(),
        Some("/usr/lib/python3.14".into()),
        Some("/usr/local/lib/python3.14".into()),
        Some(format!("{home}/.cache/taipan-peers/root/usr/lib/python3.14")),
    ];
    places.into_iter().flatten().map(PathBuf::from).find(|p| p.join("test/test_grammar.py").is_file())
}

/// The excused tests of a module with their reasons.
fn excused<'a>(list: &'a str, module: &str) -> Vec<(&'a str, &'a str)> {
    let lines = list.lines().filter(|l| !l.starts_with('#'));
    lines
        .filter_map(|l| l.split_once(": "))
        .filter(|(test, _)| test.strip_prefix(module).is_some_and(|rest| rest.starts_with('.')))
        .collect()
}

/// An installation whose library is `lib`: so the processes that tests start have it too, even with `-I`. The programs and parts are
/// those of the build.
fn installation(lib: &Path) -> io::Result<PathBuf> {
    let tree = target().join(format!("cpython-{}", std::process::id()));
    let (bin, parts) = (tree.join("bin"), tree.join("lib/taipan"));
    fs::create_dir_all(&bin)?;
    fs::create_dir_all(&parts)?;
    // Not a symbolic link: the program asks where it lies itself.
    fs::hard_link(target().join("taipan"), bin.join("taipan"))?;
    for entry in fs::read_dir(target())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("libtaipan_") && (name.ends_with(".so") || name.ends_with(".dylib")) {
            fs::hard_link(entry.path(), parts.join(name))?;
        }
    }
    fs::copy(root().join("plugins.toml"), parts.join("plugins.toml"))?;
    std::os::unix::fs::symlink(lib, parts.join("python3.14"))?;
    Ok(tree)
}

/// How a module ended, with the last line it printed.
fn run_module(program: &Path, name: &str, excused: &[(&str, &str)]) -> (bool, String) {
    let log = std::env::temp_dir().join(format!("taipan-{name}-{}.log", std::process::id()));
    let Ok(file) = fs::File::create(&log) else { return (false, "no log file".into()) };
    let Ok(again) = file.try_clone() else { return (false, "no log file".into()) };
    let mut command = Command::new(program);
    if excused.is_empty() {
        command.args(["-m", "unittest", "-q", &format!("test.{name}")]);
    } else {
        // unittest itself can only select by pattern.
        command.arg(root().join("tests/cpython/excuse.py")).arg(name).args(excused.iter().map(|(test, _)| test));
    }
    let child = command.current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(file).stderr(again).spawn();
    let Ok(mut child) = child else { return (false, "taipan cannot be run".into()) };
    let began = Instant::now();
    let ok = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if began.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return (false, format!("no end in {} s", LIMIT.as_secs()));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let text = fs::read(&log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    let _ = fs::remove_file(&log);
    let last = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("").to_string();
    (ok && !last.contains("NO TESTS RAN"), last)
}

/// Runs the listed (or the named) modules; true if none is worse than expected.
pub fn run(arguments: &[String]) -> bool {
    let Some(lib) = library(arguments) else {
        println!("CPython's tests: NOT RUN, no CPython 3.14 library with its tests was found.");
        println!(
            "  Name one: cargo xtask cpython --lib DIR, or TAIPAN_CPYTHON_LIB=DIR (a folder with test/test_grammar.py)"
        );
        return !arguments.iter().any(|a| a == "--lib");
    };
    let list = fs::read_to_string(root().join("tests/cpython/expected.txt")).unwrap_or_default();
    let expected: Vec<(&str, bool)> = list
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .filter_map(|l| l.split_once(' ').map(|(n, rest)| (n, rest.trim() == "pass")))
        .collect();
    let excuses = fs::read_to_string(root().join("tests/cpython/excused.txt")).unwrap_or_default();
    let mut skip = false;
    let named: Vec<&str> = arguments
        .iter()
        .filter(|a| {
            let use_it = !skip && !a.starts_with("--");
            skip = *a == "--lib";
            use_it
        })
        .map(String::as_str)
        .collect();
    let modules: Vec<(&str, bool)> = if named.is_empty() {
        expected.clone()
    } else {
        named.iter().map(|n| (*n, expected.iter().any(|(e, p)| e == n && *p))).collect()
    };
    println!("CPython's tests from {}", lib.display());
    let tree = match installation(&lib) {
        Ok(tree) => tree,
        Err(e) => {
            println!("  an installation to test cannot be made: {e}");
            return false;
        }
    };
    let program = tree.join("bin/taipan");
    let (mut passed, mut failed, mut known) = (0, 0, 0);
    for (name, must_pass) in modules {
        let excused = excused(&excuses, name);
        for (test, reason) in &excused {
            println!("  not run: {test}: {reason}");
        }
        let (ok, last) = run_module(&program, name, &excused);
        match (ok, must_pass) {
            (true, true) => passed += 1,
            (true, false) => {
                passed += 1;
                println!("  {name} passes; tests/cpython/expected.txt does not say so yet");
            }
            (false, true) => {
                failed += 1;
                println!("  FAILED {name}: {last}");
            }
            (false, false) => {
                known += 1;
                println!("  {name} does not pass: {last}");
            }
        }
    }
    let _ = fs::remove_dir_all(&tree);
    println!("{passed} passed, {failed} failed, {known} skipped");
    failed == 0
}
