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
        if name.starts_with("libtaipan_") && (name.ends_with(".so") || name.ends_with(".dylib")) {
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
