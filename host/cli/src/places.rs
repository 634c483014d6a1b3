//! Where the program finds its libraries, profiles and Python's library.
//!
//! Installed: PREFIX/bin/taipan with PREFIX/lib/taipan beside it, found from the program's own path, so the tree can be moved. In a build
//! tree the libraries lie beside the program, and the rest in the repository it was built from.

use crate::env::Env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The folders and files of one run.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Places {
    /// `sys.executable`: how the program was called, made absolute; links are kept.
    pub executable: PathBuf,
    pub prefix: PathBuf,
    /// Of a virtual environment the program was started from.
    pub venv: Option<PathBuf>,
    /// The program's own folders of libraries.
    pub libraries: Vec<PathBuf>,
    /// The plugins.toml that belongs to the program, if it is a file.
    pub profiles: Option<PathBuf>,
    /// Python's pure library, if it is there.
    pub stdlib: Option<PathBuf>,
    /// What comes before it.
    pub overlay: Option<PathBuf>,
}

/// The repository, where it still is where it was built.
fn repository() -> PathBuf {
    let host_cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    host_cli.parent().and_then(Path::parent).unwrap_or(host_cli).to_path_buf()
}

impl Places {
    /// Looks around.
    pub fn find(argv0: Option<&OsString>) -> Places {
        let real = std::env::current_exe().unwrap_or_default();
        let bin = real.parent().unwrap_or(Path::new("/")).to_path_buf();
        let executable = argv0.and_then(called_as).unwrap_or_else(|| real.clone());
        let venv = executable.parent().and_then(|bin| {
            let up = bin.parent()?;
            [bin, up].into_iter().find(|d| d.join("pyvenv.cfg").is_file()).map(Path::to_path_buf)
        });

        let up = bin.parent().unwrap_or(&bin).to_path_buf();
        for (prefix, tree) in [(&up, up.join("lib/taipan")), (&bin, bin.join("lib/taipan"))] {
            let profiles = tree.join("plugins.toml");
            if profiles.is_file() {
                return Places {
                    executable,
                    prefix: prefix.clone(),
                    venv,
                    stdlib: Some(tree.join("python3.14")).filter(|p| p.is_dir()),
                    overlay: Some(tree.join("overlay")).filter(|p| p.is_dir()),
                    libraries: vec![tree],
                    profiles: Some(profiles),
                };
            }
        }
        let repository = repository();
        Places {
            executable,
            prefix: bin.clone(),
            venv,
            libraries: vec![bin],
            profiles: Some(repository.join("plugins.toml")).filter(|p| p.is_file()),
            stdlib: Some(PathBuf::from(rustpython_pylib::LIB_PATH)).filter(|p| p.is_dir()),
            overlay: Some(repository.join("lib")).filter(|p| p.is_dir()),
        }
    }
}

/// The absolute path of what the user typed: by PATH unless it has a slash.
fn called_as(argv0: &OsString) -> Option<PathBuf> {
    let path = Path::new(argv0);
    if argv0.as_bytes().contains(&b'/') {
        return std::path::absolute(path).ok();
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(path)).find(|p| {
        use std::os::unix::fs::PermissionsExt;
        p.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    })
}

/// `$XDG_CONFIG_HOME/taipan/plugins.toml` or `~/.config/...`, if it exists.
pub fn user_profiles() -> Option<PathBuf> {
    Some(user_folder("XDG_CONFIG_HOME", ".config")?.join("taipan/plugins.toml")).filter(|p| p.exists())
}

/// Where bytecode and other caches go.
pub fn cache_folder() -> Option<PathBuf> {
    Some(user_folder("XDG_CACHE_HOME", ".cache")?.join("taipan"))
}

fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    // The standard for these folders says that a relative path is to be ignored.
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|p| p.is_absolute());
    set.or_else(|| Some(PathBuf::from(std::env::var_os("HOME").filter(|h| !h.is_empty())?).join(below_home)))
}

/// Python's library as an option, a variable or the installation gives it.
pub fn stdlib(places: &Places, option: Option<&str>, env: &Env) -> Result<Option<PathBuf>, taipan_loader::Problem> {
    let given =
        option.map(|p| ("--set lib", PathBuf::from(p))).or_else(|| Some(("TAIPAN_LIB", env.get("TAIPAN_LIB")?.into())));
    match given {
        None => Ok(places.stdlib.clone()),
        Some((_, path)) if path.join("os.py").is_file() => Ok(std::path::absolute(&path).ok().or(Some(path))),
        Some((from, path)) => taipan_loader::problem!(
            "{from}={}: this is no Python library (it has no os.py): name the folder that holds os.py",
            path.display()
        ),
    }
}
