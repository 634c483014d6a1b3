//! A relocatable tree: the programs, the libraries, the profiles, the standard library with its licence and its bytecode.

use crate::{root, succeeds, target};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies a folder without compiled files.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, name) = (entry.path(), entry.file_name());
        if name == "__pycache__" {
            continue;
        }
        if source.is_dir() {
            copy_tree(&source, &to.join(name))?;
        } else {
            fs::copy(&source, to.join(name))?;
        }
    }
    Ok(())
}

/// The folder of the pure-Python library that the program was built with.
pub fn library() -> Option<PathBuf> {
    let out = Command::new(target().join("taipan"))
        .args(["-I", "-S", "-c", "import sys; print(sys._setting('path.stdlib'))"])
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(out.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}

fn install(prefix: &Path) -> io::Result<()> {
    let (bin, lib) = (prefix.join("bin"), prefix.join("lib/taipan"));
    fs::create_dir_all(&bin)?;
    fs::create_dir_all(&lib)?;
    for program in ["taipan", "taipan-plugin"] {
        fs::copy(target().join(program), bin.join(program))?;
    }
    for entry in fs::read_dir(target())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("libtaipan_")
            && !name.contains("_macros.")
            && (name.ends_with(".so") || name.ends_with(".dylib"))
        {
            fs::copy(entry.path(), lib.join(name))?;
        }
    }
    fs::copy(root().join("plugins.toml"), lib.join("plugins.toml"))?;
    let stdlib = library().ok_or_else(|| io::Error::other("the built taipan does not tell where its library is"))?;
    copy_tree(&stdlib, &lib.join("python3.14"))?;
    for up in ["..", "../.."] {
        for name in ["LICENSE", "LICENSE-MIT", "PSF-LICENSE"] {
            let file = stdlib.join(up).join(name);
            if file.is_file() {
                fs::copy(&file, lib.join("python3.14").join(name))?;
            }
        }
    }
    if root().join("lib").is_dir() {
        copy_tree(&root().join("lib"), &lib.join("overlay"))?;
    }
    Ok(())
}

/// `install PREFIX`
pub fn run(arguments: &[String]) -> bool {
    let Some(prefix) = arguments.first() else {
        eprintln!("xtask: install needs a folder: cargo xtask install PREFIX");
        return false;
    };
    let prefix = std::path::absolute(prefix).unwrap_or_else(|_| prefix.into());
    if let Err(e) = install(&prefix) {
        eprintln!("xtask: installing to {} failed: {e}", prefix.display());
        return false;
    }
    succeeds(Command::new(prefix.join("bin/taipan-plugin")).arg("index").arg(prefix.join("lib/taipan")))
}

/// Runs the moved program; what it printed, or None if it failed.
fn ask(program: &Path, arguments: &[&str], input: &str) -> Option<String> {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .env("TAIPAN_CACHE", program.with_file_name("cache"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let out = child.wait_with_output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The test: an installed tree works after it was moved, and uses nothing of where it was made.
pub fn test() -> bool {
    let folder = std::env::temp_dir().join(format!("taipan-install-{}", std::process::id()));
    let (made, moved) = (folder.join("made"), folder.join("elsewhere/taipan 3"));
    let ready = install(&made)
        .and_then(|()| fs::create_dir_all(folder.join("elsewhere")))
        .and_then(|()| fs::rename(&made, &moved));
    if let Err(e) = ready {
        println!("install: FAILED: {e}");
        return false;
    }
    let program = moved.join("bin/taipan");
    let inside = moved.to_string_lossy().into_owned();
    let own = ["-c", "import os, sys; print(os.__file__); print(*sys.path, sep='\\n')"];
    let checks: [(&str, &[&str], &str, &dyn Fn(&str) -> bool); 6] = [
        ("-m json.tool", &["-m", "json.tool", "--compact"], "[1, {\"a\": null}]", &|t| t == "[1,{\"a\":null}]\n"),
        ("--info", &["--info"], "", &|t| t.contains(&inside) && !t.contains(&*root().to_string_lossy())),
        ("its own library", &own, "", &|t| t.lines().filter(|l| !l.is_empty()).all(|l| l.starts_with(&inside))),
        ("--profile nogc", &["--profile", "nogc", "-c", "print(6 * 7)"], "", &|t| t == "42\n"),
        ("--profile bare", &["--profile", "bare", "-c", "print(6 * 7)"], "", &|t| t == "42\n"),
        ("--set", &["--set", "gc.nursery=64KB", "-m", "this"], "", &|t| t.starts_with("The Zen of Python")),
    ];
    let mut failed = 0;
    for (name, arguments, input, right) in checks {
        match ask(&program, arguments, input) {
            Some(text) if right(&text) => {}
            Some(text) => {
                failed += 1;
                println!("install: FAILED {name}: it printed {text:?}");
            }
            None => {
                failed += 1;
                println!("install: FAILED {name}: it does not run");
            }
        }
    }
    let _ = fs::remove_dir_all(&folder);
    println!("an installed tree that was moved:");
    println!("{} passed, {failed} failed", checks.len() - failed);
    failed == 0
}
