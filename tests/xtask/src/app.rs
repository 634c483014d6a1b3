//! App-level tests: `tests/app/*.py`, each with its expected output beside it (`NAME.out`), run under every profile. A `NAME.cmd` holds
//! arguments instead of a program.
//!
//! The files are plain Python: CPython prints the same. `--renew` writes the expected output from a CPython 3.14 (`TAIPAN_CPYTHON`).

use crate::{root, target};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Profiles the tests run under, with more settings.
const CONFIGURATIONS: &[&[&str]] =
    &[&[], &["--profile", "nogc"], &["--set", "gc.nursery=64KB"], &["--set", "gc.stress=50"]];

fn output(program: &Path, arguments: &[&str], file: &Path) -> Option<(String, bool)> {
    let more: Vec<String> = if file.extension().is_some_and(|x| x == "cmd") {
        fs::read_to_string(file).ok()?.split_whitespace().map(str::to_string).collect()
    } else {
        vec![file.file_name()?.to_string_lossy().into_owned()]
    };
    let out = Command::new(program)
        .args(arguments)
        .args(more)
        .current_dir(file.parent()?)
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .ok()?;
    let mut text = String::from_utf8_lossy(&out.stdout).into_owned();
    if !out.stderr.is_empty() {
        text.push_str("--- stderr\n");
        text.push_str(&String::from_utf8_lossy(&out.stderr));
    }
    Some((text, out.status.success()))
}

/// The first line in which two texts differ.
fn difference(expected: &str, got: &str) -> String {
    let (mut a, mut b) = (expected.lines(), got.lines());
    for n in 1.. {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) if x == y => {}
            (x, y) => {
                return format!("line {n}: expected {:?}, got {:?}", x.unwrap_or("the end"), y.unwrap_or("the end"));
            }
        }
    }
    "only in white space".into()
}

/// Runs the tests; true if all passed.
pub fn run(arguments: &[String]) -> bool {
    let renew = arguments.iter().any(|a| a == "--renew");
    let only: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let folder = root().join("tests/app");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|d| {
            d.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "py" || x == "cmd")).collect()
        })
        .unwrap_or_default();
    files.sort();
    let python = std::env::var("TAIPAN_CPYTHON").unwrap_or_else(|_| "python3.14".into());
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !only.is_empty() && !only.iter().any(|o| **o == name) {
            continue;
        }
        let expected = file.with_extension("out");
        if renew {
            match output(Path::new(&python), &[], &file) {
                Some((text, true)) => fs::write(&expected, text).expect("the expected output can be written"),
                _ => println!("{name}: {python} does not run it"),
            }
            continue;
        }
        let want = fs::read_to_string(&expected).unwrap_or_default();
        for configuration in CONFIGURATIONS {
            match output(&target().join("taipan"), configuration, &file) {
                Some((text, _)) if text == want => passed += 1,
                Some((text, _)) => {
                    failed += 1;
                    println!("FAILED {name} {}: {}", configuration.join(" "), difference(&want, &text));
                }
                None => {
                    failed += 1;
                    println!("FAILED {name}: taipan cannot be run");
                }
            }
        }
    }
    println!("app-level tests:");
    println!("{passed} passed, {failed} failed");
    failed == 0 && (renew || passed > 0)
}
