//! Speed and right results against a CPython 3.14: `cargo xtask bench`.
//!
//! The programs are pyperformance's. They run with `tests/bench/pyperf.py` in place of the package pyperf, in copies below the temporary
//! folder, under both interpreters in turn. No figure is ever a reason to fail; `--check` fails on a wrong result.

use crate::install::copy_tree;
use crate::{root, target};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the steady-state ratio is taken over.
const STEADY: &[&str] = &[
    "chaos",
    "deltablue",
    "fannkuch",
    "float",
    "go",
    "hexiom",
    "nbody",
    "nqueens",
    "pyflate",
    "raytrace",
    "richards",
    "spectral_norm",
    "comprehensions",
    "generators",
];

/// Seconds after which a program of the check is stopped.
const LIMIT: Duration = Duration::from_secs(300);

fn option(arguments: &[String], name: &str) -> Option<String> {
    arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1)).cloned()
}

/// A CPython 3.14 that runs: the option, the environment, the path, the usual places.
pub fn cpython(arguments: &[String]) -> Option<PathBuf> {
    let home = std::env::var("HOME").unwrap_or_default();
    let places = [
        option(arguments, "--cpython"),
        std::env::var("TAIPAN_CPYTHON").ok(),
        Some("python3.14".into()),
        Some("/usr/bin/python3.14".into()),
        Some("/usr/local/bin/python3.14".into()),
        Some(format!("{home}/.cache/taipan-peers/bin/python3.14")),
    ];
    places.into_iter().flatten().map(PathBuf::from).find(|p| {
        let code = "import sys; print(sys.implementation.name, sys.version_info[:2])";
        let out = Command::new(p).args(["-c", code]).current_dir(std::env::temp_dir()).stderr(Stdio::null()).output();
        out.is_ok_and(|o| o.stdout == b"cpython (3, 14)\n")
    })
}

/// The folder with pyperformance's `bm_*`: the option, the environment, the folders that an unpacked or installed package has.
fn pyperformance(arguments: &[String]) -> Option<PathBuf> {
    let places = [option(arguments, "--pyperformance"), std::env::var("TAIPAN_PYPERFORMANCE").ok()];
    let inner = ["pyperformance/data-files/benchmarks", "data-files/benchmarks", "benchmarks", ""];
    let candidates = places.into_iter().flatten().flat_map(|p| inner.map(|i| Path::new(&p).join(i)));
    candidates.into_iter().find(|p| p.join("bm_chaos/run_benchmark.py").is_file())
}

/// One interpreter and the folder it works in.
struct Peer {
    name: &'static str,
    program: PathBuf,
}

/// How one run of a program ended: its results by benchmark, what it printed, and the reason if it did not end well.
struct Run {
    results: Vec<(String, Vec<String>)>,
    printed: String,
    error: Option<String>,
}

fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no message").chars().take(160).collect()
}

/// Runs a program of pyperformance in `scratch`.
fn run_program(peer: &Peer, scratch: &Path, words: &[&str], settings: &[(&str, &str)]) -> Run {
    let folder = scratch.join(format!("bm_{}", words[0]));
    let [out, stdout, stderr] = ["results", "stdout", "stderr"].map(|n| scratch.join(n));
    let _ = fs::remove_file(&out);
    let bad = |error: String| Run { results: Vec::new(), printed: String::new(), error: Some(error) };
    let (Ok(o), Ok(e)) = (fs::File::create(&stdout), fs::File::create(&stderr)) else {
        return bad("its output files cannot be written".into());
    };
    let child = Command::new(&peer.program)
        .arg("run_benchmark.py")
        .args(&words[1..])
        .current_dir(folder)
        .env("PYTHONPATH", scratch)
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BENCH_OUT", &out)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(o)
        .stderr(e)
        .process_group(0)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(e) => return bad(format!("it cannot be started: {e}")),
    };
    let began = Instant::now();
    let mut error = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(Some(status)) => {
                error = Some(format!("{status}: {}", last_line(&fs::read(&stderr).unwrap_or_default())));
                break;
            }
            Ok(None) if began.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                error = Some(format!("no end in {} s", LIMIT.as_secs()));
                break;
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(e) => return bad(e.to_string()),
        }
    }
    let text = fs::read_to_string(&out).unwrap_or_default();
    let results: Vec<(String, Vec<String>)> = text
        .lines()
        .filter_map(|l| l.split_once('\t'))
        .map(|(name, rest)| (name.to_string(), rest.split(['\t', ' ']).map(str::to_string).collect()))
        .collect();
    if results.is_empty() && error.is_none() {
        error = Some("it ended without a result".into());
    }
    Run { results, printed: String::from_utf8_lossy(&fs::read(&stdout).unwrap_or_default()).into_owned(), error }
}

/// A folder below the temporary one, with the stand-in for pyperf and copies of the programs.
struct Scratch(PathBuf);

impl Scratch {
    fn new(programs: &Path, names: &[&str]) -> std::io::Result<Scratch> {
        let scratch = Scratch(std::env::temp_dir().join(format!("taipan-bench-{}", std::process::id())));
        fs::create_dir_all(&scratch.0)?;
        fs::copy(root().join("tests/bench/pyperf.py"), scratch.0.join("pyperf.py"))?;
        for name in names {
            let name = format!("bm_{name}");
            if programs.join(&name).is_dir() {
                copy_tree(&programs.join(&name), &scratch.0.join(&name))?;
            }
        }
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Wall time in seconds and peak resident memory in KB of one run.
fn measure(program: &Path, arguments: &[&str]) -> Option<(f64, i64)> {
    let began = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // SAFETY: the child is waited for here and nowhere else; the out-parameters are valid.
    unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        if libc::wait4(child.id() as i32, &mut status, 0, &mut usage) < 0 || status != 0 {
            return None;
        }
        Some((began.elapsed().as_secs_f64(), usage.ru_maxrss))
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn start_up(peers: &[Peer]) {
    println!("start-up (median and best of 21 runs, in turn; peak memory)");
    for arguments in [["-c", "pass"], ["-c", "import json, re, argparse"]] {
        let mut rows: Vec<(Vec<f64>, i64)> = peers.iter().map(|_| (Vec::new(), 0)).collect();
        for round in 0..22 {
            for (peer, row) in peers.iter().zip(&mut rows) {
                // The first run may have to compile the library.
                if let (Some((seconds, kb)), true) = (measure(&peer.program, &arguments), round > 0) {
                    row.0.push(seconds);
                    row.1 = row.1.max(kb);
                }
            }
        }
        println!("  {}", arguments.map(|a| if a.contains(' ') { format!("\"{a}\"") } else { a.into() }).join(" "));
        for (peer, (times, kb)) in peers.iter().zip(&mut rows) {
            let middle = median(times);
            let best = times.first().copied().unwrap_or(f64::NAN);
            println!(
                "    {:8} {:7.1} ms  best {:7.1} ms  {:6.1} MB",
                peer.name,
                middle * 1e3,
                best * 1e3,
                *kb as f64 / 1024.0
            );
        }
    }
}

/// Median of the second half of the iterations.
fn steady_of(run: &Run) -> BTreeMap<String, f64> {
    let figure = |times: &[String]| {
        let mut times: Vec<f64> = times[times.len() / 2..].iter().filter_map(|t| t.parse().ok()).collect();
        median(&mut times)
    };
    run.results.iter().map(|(name, times)| (name.clone(), figure(times))).collect()
}

fn steady(peers: &[Peer; 2], programs: &Path, names: &[&str], seconds: &str) {
    let Ok(scratch) = Scratch::new(programs, names) else {
        println!("NOT RUN: the programs cannot be copied");
        return;
    };
    println!(
        "steady state ({seconds} s a program; median of the second half of the iterations; over 1 = faster than CPython)"
    );
    let mut logs = Vec::new();
    for name in names {
        if !scratch.0.join(format!("bm_{name}")).is_dir() {
            println!("  {name:28} MISSING in {}", programs.display());
            continue;
        }
        let runs = peers.each_ref().map(|peer| {
            let run = run_program(peer, &scratch.0, &[name], &[("BENCH_MODE", "time"), ("BENCH_SECONDS", seconds)]);
            if let Some(e) = &run.error {
                println!("  {name:28} {}: {e}", peer.name);
            }
            steady_of(&run)
        });
        for (bench, base) in &runs[0] {
            if let Some(own) = runs[1].get(bench) {
                println!(
                    "  {bench:28} CPython {:9.2} ms  Taipan {:9.2} ms  {:5.2}x",
                    base * 1e3,
                    own * 1e3,
                    base / own
                );
                logs.push((base / own).ln());
            }
        }
    }
    if !logs.is_empty() {
        let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
        println!("  geometric mean over {} benchmarks: {mean:.2}x the speed of CPython", logs.len());
    }
}

/// Runs each program of the list under both interpreters and compares digests; true if none is wrong.
fn check(peers: &[Peer; 2], programs: &Path, only: &[&str]) -> bool {
    let list = fs::read_to_string(root().join("tests/bench/programs.txt")).unwrap_or_default();
    let rows: Vec<Vec<&str>> = list
        .lines()
        .filter(|l| !l.starts_with('#') && !l.trim().is_empty())
        .map(|l| l.split_whitespace().collect::<Vec<_>>())
        .filter(|w| only.is_empty() || only.contains(&w[0]))
        .collect();
    let names: Vec<&str> = rows.iter().map(|w| w[0]).collect();
    let Ok(scratch) = Scratch::new(programs, &names) else {
        println!("NOT RUN: the programs cannot be copied");
        return false;
    };
    let (mut right, mut wrong, mut missing) = (Vec::new(), 0, 0);
    for words in &rows {
        let shown = words.join(" ");
        if !scratch.0.join(format!("bm_{}", words[0])).is_dir() {
            println!("  MISSING  {shown}: not in {}", programs.display());
            missing += 1;
            continue;
        }
        let [base, own] = peers.each_ref().map(|p| run_program(p, &scratch.0, words, &[("BENCH_MODE", "check")]));
        if let Some(e) = base.error {
            println!("  MISSING  {shown}: CPython does not run it: {e}");
            missing += 1;
            continue;
        }
        let differs: Vec<&str> =
            base.results.iter().filter(|r| !own.results.contains(r)).map(|(name, _)| name.as_str()).collect();
        let events: u64 = base.results.iter().filter_map(|(_, f)| f.get(1)?.parse::<u64>().ok()).sum();
        if let Some(e) = own.error {
            println!("  WRONG    {shown}: {e}");
        } else if !differs.is_empty() {
            println!("  WRONG    {shown}: {}", differs.join(", "));
        } else if base.printed != own.printed {
            println!("  WRONG    {shown}: it prints something else");
        } else {
            println!("  right    {shown}: {} benchmarks, {events} values", base.results.len());
            right.push(words[0]);
            continue;
        }
        wrong += 1;
    }
    let runs = right.len();
    right.dedup();
    println!("{runs} passed, {wrong} failed, {missing} skipped ({} different programs right)", right.len());
    wrong == 0
}

/// `bench [--check] [--seconds N] [--pyperformance DIR] [--cpython PROGRAM] [NAME ...]`
pub fn run(arguments: &[String]) -> bool {
    let mut skip = false;
    let only: Vec<&str> = arguments
        .iter()
        .filter(|a| {
            let keep = !skip && !a.starts_with("--");
            skip = ["--pyperformance", "--cpython", "--seconds"].contains(&a.as_str());
            keep
        })
        .map(String::as_str)
        .collect();
    let checking = arguments.iter().any(|a| a == "--check");
    let Some(base) = cpython(arguments) else {
        println!("bench: NOT RUN, no CPython 3.14 was found. Name one: --cpython PROGRAM, or TAIPAN_CPYTHON=PROGRAM");
        return !checking;
    };
    let peers = [Peer { name: "CPython", program: base }, Peer { name: "Taipan", program: target().join("taipan") }];
    println!("CPython is {}", peers[0].program.display());
    if !checking && only.is_empty() {
        start_up(&peers);
    }
    let Some(programs) = pyperformance(arguments) else {
        println!("bench: pyperformance's programs are MISSING; what needs them is NOT RUN.");
        println!(
            "  Unpack the package pyperformance (a wheel is a zip archive) and name its folder: --pyperformance DIR, or"
        );
        println!(
            "  TAIPAN_PYPERFORMANCE=DIR (a folder with bm_chaos/run_benchmark.py in it or in its data-files/benchmarks)"
        );
        return !checking;
    };
    if checking {
        return check(&peers, &programs, &only);
    }
    let seconds = option(arguments, "--seconds").unwrap_or_else(|| "4".into());
    steady(&peers, &programs, if only.is_empty() { STEADY } else { &only }, &seconds);
    true
}
