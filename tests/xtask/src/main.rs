//! The project's commands. `cargo xtask` lists them.
//!
//! Building through here builds the host and all plugin libraries; a plain `cargo run` of one package would build only that package.

mod app;
mod bench;
mod cpython;
mod install;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask run [ARGUMENTS]       builds everything, then runs taipan with the arguments
cargo xtask build                 builds everything
cargo xtask test                  builds everything, then all tests
cargo xtask app [--renew] [NAME]  the app-level tests under each profile; --renew takes the expected output from CPython (TAIPAN_CPYTHON)
cargo xtask cpython [--lib DIR] [NAME ...]
                                  CPython's own test modules against tests/cpython/expected.txt
cargo xtask bench [--check] [--seconds N] [--pyperformance DIR] [--cpython PROGRAM] [NAME ...]
                                  start-up and steady state against CPython; --check: right results of pyperformance's programs
cargo xtask fuzz source|pyc|toml [--minutes N] [--seed S]
                                  damaged input must never end in a panic or a signal; what does is kept in target/fuzz
cargo xtask install PREFIX        a relocatable tree: PREFIX/bin, PREFIX/lib/taipan; --test makes one, moves it and runs it
";

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// The folder of the built programs and libraries.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("release")
}

/// Runs a command to its end; true if it succeeded.
pub fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(s) => s.success(),
        Err(e) => {
            eprintln!("xtask: {:?} cannot be run: {e}", command.get_program());
            false
        }
    }
}

fn cargo(arguments: &[&str]) -> bool {
    succeeds(
        Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())).args(arguments).current_dir(root()),
    )
}

fn build() -> bool {
    cargo(&["build", "--release", "--workspace"]) && compile_library()
}

/// The bundled library's bytecode is made after each build that changed the program, so that no first start has to. Programs may forbid
/// writing bytecode; the cache belongs to the build.
fn compile_library() -> bool {
    let (program, stamp) = (target().join("taipan"), target().join("library-compiled"));
    let newer = |a: &std::path::Path, b: &std::path::Path| {
        let time = |p: &std::path::Path| p.metadata().and_then(|m| m.modified()).ok();
        time(a) > time(b)
    };
    if newer(&stamp, &program) {
        return true;
    }
    let Some(library) = install::library() else { return true };
    let skipped = "/(test|tests|idlelib|turtledemo|lib2to3|site-packages)/";
    let mut compile = Command::new(program);
    compile.args(["-m", "compileall", "-q", "-x", skipped]).arg(library);
    // A source that does not compile (there are some for tests) is no error of the build.
    let _ = compile.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status();
    let _ = std::fs::write(stamp, "");
    true
}

fn fuzz(arguments: &[String]) -> bool {
    let library = install::library().unwrap_or_default();
    succeeds(Command::new(target().join("fuzz")).args(arguments).env("FUZZ_LIBRARY", library))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or(&[]);
    let ok = match arguments.first().map(String::as_str) {
        Some("run") => {
            if !build() {
                return ExitCode::FAILURE;
            }
            let status = Command::new(target().join("taipan")).args(rest).status();
            return match status {
                Ok(s) => ExitCode::from(s.code().unwrap_or(1) as u8),
                Err(e) => {
                    eprintln!("xtask: taipan cannot be run: {e}");
                    ExitCode::FAILURE
                }
            };
        }
        Some("build") => build(),
        Some("test") => {
            build()
                && cargo(&["test", "--release", "--workspace", "--quiet", "--lib", "--bins", "--tests"])
                && app::run(&[])
                && install::test()
                && cpython::run(&[])
        }
        Some("app") => build() && app::run(rest),
        Some("cpython") => build() && cpython::run(rest),
        Some("bench") => build() && bench::run(rest),
        Some("fuzz") => build() && fuzz(rest),
        Some("install") if rest.first().is_some_and(|a| a == "--test") => build() && install::test(),
        Some("install") => build() && install::run(rest),
        _ => {
            print!("{HELP}");
            return ExitCode::from(2);
        }
    };
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
