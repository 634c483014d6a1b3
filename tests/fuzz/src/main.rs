//! `cargo xtask fuzz source|pyc|toml --minutes N [--seed S]`: damaged input must never end in a panic or a signal.
//!
//! A parent starts one worker and only looks after it: a worker that dies leaves the input it died of, which is kept, and another one
//! begins. The worker calls the front end, the reader of bytecode files and the reader of profiles in its own process, and feeds what they
//! accept (and some of what they do not) in batches to a taipan with limits of time and memory, which runs it.

mod mutate;

use mutate::Rng;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Inputs in a batch for taipan.
const BATCH: usize = 48;
/// Seconds for one input in the worker.
const ALARM: u32 = 30;
/// Bytes that a process may take.
const MEMORY: u64 = 3 << 30;

/// Counters of a worker, kept in a file so that they outlive it.
#[derive(Default, Clone, Copy)]
struct Count {
    inputs: u64,
    accepted: u64,
    run: u64,
    crashes: u64,
    slow: u64,
}

impl Count {
    fn read(folder: &Path) -> Count {
        let text = fs::read_to_string(folder.join("count")).unwrap_or_default();
        let mut n = text.split_whitespace().filter_map(|w| w.parse().ok());
        let mut next = || n.next().unwrap_or(0);
        Count { inputs: next(), accepted: next(), run: next(), crashes: next(), slow: next() }
    }
    fn write(&self, folder: &Path) {
        let text = format!("{} {} {} {} {}", self.inputs, self.accepted, self.run, self.crashes, self.slow);
        let _ = fs::write(folder.join("count"), text);
    }
}

fn limit(resource: libc::__rlimit_resource_t, value: u64) {
    let l = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: a valid struct; failing only means no limit.
    unsafe { libc::setrlimit(resource, &l) };
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn programs() -> PathBuf {
    std::env::current_exe().ok().and_then(|p| p.parent().map(Path::to_path_buf)).unwrap_or_default()
}

fn files(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for p in paths {
        if p.is_dir() {
            files(&p, extension, out);
        } else if p.extension().is_some_and(|x| x == extension) {
            out.push(p);
        }
    }
}

fn bytecode(source: &[u8], name: &str) -> Option<Vec<u8>> {
    let options = taipan_compiler::Options::default();
    let compiled = taipan_compiler::compile_source(source, name, taipan_compiler::Mode::Exec, options).ok()?;
    let stamp = taipan_compiler::pyc::Source::Timestamp { mtime: 0, size: source.len() as u32 };
    Some(taipan_compiler::pyc::write(&compiled.code, stamp))
}

/// What is mutated. `run`: what may be executed; the library's own files only go through the front end.
struct Corpus {
    read: Vec<Vec<u8>>,
    run: Vec<Vec<u8>>,
}

fn corpus(target: &str) -> Corpus {
    let (mut library, mut own, mut tomls) = (Vec::new(), Vec::new(), Vec::new());
    files(&root().join("tests/app"), "py", &mut own);
    files(&root().join("tests/fuzz/corpus"), "py", &mut own);
    if let Some(lib) = std::env::var_os("FUZZ_LIBRARY").map(PathBuf::from) {
        files(&lib, "py", &mut library);
    }
    files(&root().join("tests/fuzz/corpus"), "toml", &mut tomls);
    tomls.push(root().join("plugins.toml"));
    // Large files make every input slow and teach nothing more.
    let load = |paths: Vec<PathBuf>| -> Vec<Vec<u8>> {
        paths.iter().filter_map(|p| fs::read(p).ok()).filter(|b| b.len() < 40_000).collect()
    };
    let (library, own) = (load(library), load(own));
    match target {
        "source" => Corpus { read: library, run: own },
        "pyc" => {
            let code = |v: Vec<Vec<u8>>| v.iter().filter_map(|b| bytecode(b, "<fuzz>")).collect::<Vec<_>>();
            Corpus { read: code(library.into_iter().step_by(8).collect()), run: code(own) }
        }
        _ => Corpus { read: load(tomls), run: Vec::new() },
    }
}

/// How a taipan that ran a batch or a file ended.
enum End {
    Well,
    Slow,
    Crash(String),
}

fn ended(mut command: Command, folder: &Path) -> End {
    let log = folder.join("stderr");
    let Ok(file) = fs::File::create(&log) else { return End::Slow };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).env("PYTHONHASHSEED", "0").current_dir(folder);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(|| {
            limit(libc::RLIMIT_DATA, MEMORY);
            limit(libc::RLIMIT_CPU, 120);
            limit(libc::RLIMIT_CORE, 0);
            limit(libc::RLIMIT_FSIZE, 1 << 24);
            Ok(())
        });
    }
    let Ok(mut child) = command.spawn() else { return End::Slow };
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(s)) => break s,
            Ok(None) if began.elapsed() > Duration::from_secs(150) => {
                let _ = child.kill();
                let _ = child.wait();
                return End::Slow;
            }
            _ => std::thread::sleep(Duration::from_millis(3)),
        }
    };
    let text = fs::read(&log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    if text.contains("panicked at") || status.code() == Some(101) {
        return End::Crash(text);
    }
    match status.signal() {
        None => End::Well,
        Some(libc::SIGXCPU | libc::SIGKILL) => End::Slow,
        // The limit of memory was reached inside Rust's own collections.
        Some(libc::SIGABRT) if text.contains("memory allocation of") => End::Slow,
        Some(n) => End::Crash(format!("signal {n}\n{text}")),
    }
}

struct Worker {
    folder: PathBuf,
    crashes: PathBuf,
    count: Count,
    batch: Vec<Vec<u8>>,
}

impl Worker {
    fn keep(&mut self, input: &[u8], why: &str) {
        self.count.crashes += 1;
        let stem = format!("{}-{}", std::process::id(), self.count.inputs);
        let _ = fs::write(self.crashes.join(&stem), input);
        let _ = fs::write(self.crashes.join(format!("{stem}.txt")), why);
        println!("CRASH {}: {}", self.crashes.join(stem).display(), why.lines().next().unwrap_or_default());
    }

    /// Runs what has gathered.
    fn feed(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        let folder = self.folder.join("batch");
        while !batch.is_empty() {
            let _ = fs::remove_dir_all(&folder);
            let _ = fs::create_dir_all(&folder);
            for (n, input) in batch.iter().enumerate() {
                let _ = fs::write(folder.join(n.to_string()), input);
            }
            let mut command = Command::new(programs().join("taipan"));
            command
                .args(["-I", "-S"])
                .arg(root().join("tests/fuzz/src/feed.py"))
                .arg(&folder)
                .arg(batch.len().to_string());
            let end = ended(command, &folder);
            let at = fs::read_to_string(folder.join("progress")).ok().and_then(|t| t.trim().parse::<usize>().ok());
            let done = at.map_or(batch.len(), |n| n + 1).min(batch.len());
            self.count.run += done as u64;
            match end {
                End::Well => {}
                End::Slow => self.count.slow += 1,
                End::Crash(why) => self.keep(&batch[done - 1].clone(), &why),
            }
            batch.drain(..done);
        }
    }

    /// Does the library take it?
    fn accepted(&self, target: &str, input: &[u8]) -> bool {
        match target {
            "source" => {
                let options = taipan_compiler::Options::default();
                let mode = match input.len() % 8 {
                    0 => taipan_compiler::Mode::Single,
                    1 => taipan_compiler::Mode::Eval,
                    _ => taipan_compiler::Mode::Exec,
                };
                match taipan_compiler::compile_source(input, "<fuzz>", mode, options) {
                    Ok(c) => {
                        taipan_compiler::validate::validate_all(&c.code).expect("the compiler makes valid code");
                        true
                    }
                    Err(_) => false,
                }
            }
            "pyc" => taipan_compiler::pyc::read(input).is_ok(),
            _ => {
                let file = self.folder.join("plugins.toml");
                let _ = fs::write(&file, input);
                let Ok(profiles) = taipan_loader::profile::read(&file) else { return false };
                taipan_loader::resolve::resolve(&[profiles], &taipan_loader::Overrides::default()).is_ok()
            }
        }
    }

    fn info(&mut self, input: &[u8]) {
        let mut command = Command::new(programs().join("taipan"));
        command.arg("--plugins").arg(self.folder.join("plugins.toml")).args(["-I", "-S", "-c", "pass"]);
        self.count.run += 1;
        match ended(command, &self.folder.clone()) {
            End::Well => {}
            End::Slow => self.count.slow += 1,
            End::Crash(why) => self.keep(input, &why),
        }
    }

    fn work(&mut self, target: &str, seed: u64, until: u64) {
        let corpus = corpus(target);
        let mut rng = Rng::new(seed);
        let words = match target {
            "source" => mutate::SOURCE,
            "toml" => mutate::TOML,
            _ => &[],
        };
        let now = || std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs());
        while now() < until {
            let runs = !corpus.run.is_empty() && rng.below(2) == 0 || corpus.read.is_empty();
            let from = if runs { &corpus.run } else { &corpus.read };
            let (first, second) = (rng.below(from.len()), rng.below(from.len()));
            let input = mutate::mutate(&mut rng, &from[first], &from[second], words, target == "source");
            let _ = fs::write(self.folder.join("current"), &input);
            self.count.inputs += 1;
            self.count.write(&self.folder);
            // SAFETY: no conditions. An input that takes too long kills the worker, and is kept as any other.
            unsafe { libc::alarm(ALARM) };
            let taken = self.accepted(target, &input);
            unsafe { libc::alarm(0) };
            self.count.accepted += u64::from(taken);
            match target {
                "toml" => {
                    if self.count.inputs % 100 == 0 {
                        self.info(&input);
                    }
                }
                "pyc" if input.get(..4) != Some(&taipan_compiler::pyc::MAGIC) => {}
                _ if runs && (taken || rng.below(8) == 0) => {
                    self.batch.push(input);
                    if self.batch.len() == BATCH {
                        self.feed();
                    }
                }
                _ => {}
            }
        }
        self.feed();
        self.count.write(&self.folder);
    }
}

fn number(arguments: &[String], name: &str, default: u64) -> u64 {
    let at = arguments.iter().position(|a| a == name);
    at.and_then(|i| arguments.get(i + 1)).and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Starts workers until the time is over; how many inputs crashed.
fn watch(target: &str, arguments: &[String]) -> u64 {
    let minutes = number(arguments, "--minutes", 10);
    let mut seed = number(arguments, "--seed", std::process::id().into());
    let folder = std::env::temp_dir().join(format!("taipan-fuzz-{}", std::process::id()));
    let crashes = programs().join("../fuzz").join(target);
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    fs::create_dir_all(&crashes).expect("the target folder can be written");
    let until = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs()) + minutes * 60;
    println!("fuzz {target}: {minutes} minutes, seed {seed}");
    let mut died = 0;
    while std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs()) < until {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        let log = fs::File::create(folder.join("log")).expect("the temporary folder can be written");
        command
            .args(["worker", target, &seed.to_string(), &until.to_string()])
            .arg(&folder)
            .arg(&crashes)
            .stdin(Stdio::null())
            .stderr(log);
        let status = command.status().expect("the worker can be started");
        if status.success() {
            break;
        }
        died += 1;
        let count = Count::read(&folder);
        let kept = crashes.join(format!("worker-{seed}-{}", count.inputs));
        let why = fs::read_to_string(folder.join("log")).unwrap_or_default();
        let _ = fs::copy(folder.join("current"), &kept);
        let _ = fs::write(kept.with_extension("txt"), format!("{status}\n{why}"));
        println!("CRASH {}: {status}: {}", kept.display(), why.lines().find(|l| !l.is_empty()).unwrap_or_default());
        seed = seed.wrapping_add(1);
    }
    let c = Count::read(&folder);
    println!(
        "fuzz {target}: {} inputs, {} accepted, {} run by taipan, {} over a limit, {} crashes",
        c.inputs,
        c.accepted,
        c.run,
        c.slow,
        c.crashes + died
    );
    let _ = fs::remove_dir_all(&folder);
    c.crashes + died
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("worker") => {
            let [_, target, seed, until, folder, crashes] = &arguments[..] else { std::process::exit(2) };
            limit(libc::RLIMIT_DATA, MEMORY);
            let folder = PathBuf::from(folder);
            let count = Count::read(&folder);
            let mut worker = Worker { folder, crashes: PathBuf::from(crashes), count, batch: Vec::new() };
            worker.work(target, seed.parse().unwrap_or(1), until.parse().unwrap_or(0));
        }
        Some(target @ ("source" | "pyc" | "toml")) => {
            if watch(target, &arguments) > 0 {
                std::process::exit(1);
            }
        }
        _ => {
            println!("fuzz source|pyc|toml [--minutes N] [--seed S]");
            std::process::exit(2);
        }
    }
}
