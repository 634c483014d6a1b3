//! App-level tests: `tests/app/*.py`, each with its expected output beside it (`NAME.out`), run under every profile. A `NAME.cmd` holds
//! arguments instead of a program, one command a line. Folders hold what the tests read; standard error and an exit status other than 0
//! are part of the output.
//!
//! The files are plain Python: CPython prints the same. `--renew` writes the expected output from a CPython 3.14 (`TAIPAN_CPYTHON`).

use crate::install::copy_tree;
use crate::{root, target};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Profiles the tests run under, with more settings.
const CONFIGURATIONS: &[&[&str]] =
    &[&[], &["--profile", "nogc"], &["--set", "gc.nursery=64KB"], &["--set", "gc.stress=50"]];

/// Seconds after which a program is stopped.
const LIMIT: Duration = Duration::from_secs(120);

/// What differs between two runs of the same interpreter or by where it lies is replaced here, for both interpreters and for nothing
/// else: the time that `unittest` and `timeit` took and what `timeit` says of its spread, the folder the tests run in, and the places of
/// the library and the program.
fn normalised(text: &str, folder: &Path, places: &Places) -> String {
    let text = text.replace(&*folder.to_string_lossy(), "<folder>");
    let text = text.replace(&places.library, "<library>").replace(&places.program, "<program>");
    text.split_inclusive('\n')
        .filter(|line| !line.starts_with(":0: UserWarning: The test results are likely unreliable."))
        .map(|line| match (line.split_once(" in "), line.split_once(", best of ")) {
            (Some((ran, _)), _) if ran.starts_with("Ran ") && line.ends_with("s\n") => format!("{ran} in <time>\n"),
            (_, Some((loops, rest))) if loops.contains(" loop") && line.ends_with(" per loop\n") => {
                format!("{loops}, best of {}: <time> per loop\n", rest.split(':').next().unwrap_or_default())
            }
            _ => line.to_string(),
        })
        .collect()
}

/// Where an interpreter's standard library and its program are, as it says itself.
struct Places {
    library: String,
    program: String,
}

impl Places {
    fn of(program: &Path) -> Places {
        let code = "import os, sys; print(os.path.dirname(os.__file__), sys.executable, sep='\\n')";
        let out = Command::new(program).args(["-I", "-c", code]).current_dir(std::env::temp_dir()).output();
        let text = out.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
        let mut lines = text.lines().filter(|l| !l.is_empty()).map(str::to_string);
        let mut next = || lines.next().unwrap_or_else(|| "<unknown>".into());
        Places { library: next(), program: next() }
    }
}

/// Runs one command in `folder`; what it printed and how it ended.
fn one(program: &Path, arguments: &[&str], more: &[String], folder: &Path, places: &Places) -> Option<String> {
    let errors = folder.join(".stderr");
    let mut child = Command::new(program)
        .args(arguments)
        .args(more)
        .current_dir(folder)
        .env("PYTHONHASHSEED", "0")
        .env("TAIPAN_CACHE", target().join("../test-cache"))
        .env("TERM", "dumb")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&errors).ok()?)
        .spawn()
        .ok()?;
    let mut pipe = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    });
    let began = Instant::now();
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break Some(status),
            None if began.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let printed = reader.join().ok()?;
    let clean = |bytes: &[u8]| normalised(&String::from_utf8_lossy(bytes), folder, places);
    let mut text = clean(&printed);
    let errors = clean(&fs::read(&errors).unwrap_or_default());
    if !errors.is_empty() {
        text.push_str("--- stderr\n");
        text.push_str(&errors);
    }
    match status {
        Some(status) if status.success() => {}
        Some(status) => text.push_str(&format!("--- {status}\n")),
        None => text.push_str(&format!("--- no end in {} s\n", LIMIT.as_secs())),
    }
    Some(text)
}

/// What a test prints: of a program, or of each line of a `.cmd` file.
fn output(program: &Path, arguments: &[&str], file: &Path, places: &Places) -> Option<String> {
    let folder = &Scratch::new(file.parent()?).ok()?.0;
    if file.extension().is_none_or(|x| x != "cmd") {
        return one(program, arguments, &[file.file_name()?.to_string_lossy().into_owned()], folder, places);
    }
    let lines = fs::read_to_string(file).ok()?;
    let commands: Vec<&str> = lines.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).collect();
    let mut text = String::new();
    for command in &commands {
        if commands.len() > 1 {
            text.push_str(&format!("$ {command}\n"));
        }
        let more: Vec<String> = command.split_whitespace().map(str::to_string).collect();
        text.push_str(&one(program, arguments, &more, folder, places)?);
    }
    Some(text)
}

/// A copy of the tests in a folder of its own for each run, so that they may write files and no output depends on where the repository
/// is.
struct Scratch(PathBuf);

impl Scratch {
    fn new(from: &Path) -> io::Result<Scratch> {
        let to = std::env::temp_dir().join(format!("taipan-app-{}", std::process::id()));
        copy_tree(from, &to)?;
        Ok(Scratch(to))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
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
    let taipan = target().join("taipan");
    let places = Places::of(if renew { Path::new(&python) } else { &taipan });
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !only.is_empty() && !only.iter().any(|o| **o == name) {
            continue;
        }
        let expected = file.with_extension("out");
        if renew {
            match output(Path::new(&python), &[], &file, &places) {
                Some(text) => {
                    if let Some(end) = text.lines().find(|l| l.starts_with("--- ") && *l != "--- stderr") {
                        println!("{name}: {end}");
                    }
                    fs::write(&expected, text).expect("the expected output can be written");
                }
                None => println!("{name}: {python} does not run it"),
            }
            continue;
        }
        let want = fs::read_to_string(&expected).unwrap_or_default();
        for configuration in CONFIGURATIONS {
            match output(&taipan, configuration, &file, &places) {
                Some(text) if text == want => passed += 1,
                Some(text) => {
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
