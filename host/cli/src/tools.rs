//! The program `taipan-plugin`: looks at parts without running Python.

use crate::args::Args;
use crate::env::Env;
use crate::places::Places;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use taipan_loader::library::{self, Part, kind_word};
use taipan_loader::problem::hint;
use taipan_loader::{Outcome, find, index, problem, resolve};

const USAGE: &str = "\
usage: taipan-plugin COMMAND
list [FOLDER ...]    the parts in the program's folders and those of the user's profiles, or in the given ones
info FILE            what a library says of itself
check FILE ...       whether libraries fit this program; --verbose-abi explains in full why one does not
index [FOLDER ...]   write modules.toml, so that module libraries are opened only when they are needed
";
const COMMANDS: &[&str] = &["list", "info", "check", "index"];

/// Runs; the answer is the exit status.
pub fn main(words: Vec<OsString>) -> i32 {
    let mut rest: Vec<OsString> = words.get(1..).unwrap_or_default().to_vec();
    let verbose = rest.iter().any(|w| w == "--verbose-abi");
    rest.retain(|w| w != "--verbose-abi");
    let command = rest.first().map(|w| w.to_string_lossy().into_owned()).unwrap_or_default();
    if matches!(command.as_str(), "-h" | "--help" | "help") {
        return i32::from(std::io::stdout().write_all(USAGE.as_bytes()).is_err());
    }
    let operands: Vec<PathBuf> = rest.iter().skip(1).map(PathBuf::from).collect();
    let places = Places::find(None);
    let done = match command.as_str() {
        "list" => list(&places, &operands),
        "info" => operands_of(&command, &operands).and_then(info),
        "check" => operands_of(&command, &operands).and_then(check),
        "index" => write_index(&places, &operands),
        "" => problem!("no command: write 'taipan-plugin list', or -h for the others"),
        other => problem!("unknown command '{other}': {}", hint(other, COMMANDS.iter().copied())),
    };
    match done {
        Ok((text, status)) => {
            let failed = std::io::stdout().write_all(text.as_bytes()).is_err();
            if failed { 1 } else { status }
        }
        Err(p) => {
            let mut err = std::io::stderr();
            let _ = writeln!(err, "taipan-plugin: {p}");
            if let (true, Some(report)) = (verbose, &p.report) {
                let _ = writeln!(err, "{}", report.trim());
            }
            2
        }
    }
}

type Done = Outcome<(String, i32)>;

fn operands_of<'a>(command: &str, files: &'a [PathBuf]) -> Outcome<&'a [PathBuf]> {
    match files {
        [] => problem!("'{command}' names no file: write 'taipan-plugin {command} FILE'"),
        files => Ok(files),
    }
}

/// The folders that runs look in: those of all profiles, then the program's own.
fn folders(places: &Places) -> Outcome<(Vec<PathBuf>, String)> {
    let env = Env::new(&Args::default());
    let files = crate::run::profile_files(places, None, false, &env)?;
    let mut out: Vec<PathBuf> = files
        .iter()
        .flat_map(|f| f.folders.iter().chain(f.profiles.iter().flat_map(|p| &p.folders)))
        .cloned()
        .collect();
    out.extend(places.libraries.iter().cloned());
    out.dedup();
    Ok((out, resolve::profile_names(&files)))
}

fn list(places: &Places, given: &[PathBuf]) -> Done {
    let (folders, profiles) = if given.is_empty() { folders(places)? } else { (given.to_vec(), String::new()) };
    let mut out = String::new();
    let mut status = 0;
    for p in taipan_loader::bundled::all() {
        let _ = writeln!(out, "{:<8} {:<10} {:<8} linked into the program", kind_word(p.kind), p.name, p.version);
    }
    for path in find::libraries(&folders) {
        match library::open_any(&path) {
            Ok(p) => {
                let _ = writeln!(out, "{:<8} {:<10} {:<8} {}", kind_word(p.kind), p.name, p.version, path.display());
            }
            Err(e) => {
                let _ = writeln!(out, "unfit    {e}");
                status = 1;
            }
        }
    }
    if !profiles.is_empty() {
        let _ = writeln!(out, "profiles {profiles}");
    }
    Ok((out, status))
}

fn info(files: &[PathBuf]) -> Done {
    let mut out = String::new();
    for file in files {
        describe(&mut out, &library::open_any(file)?);
    }
    Ok((out, 0))
}

fn describe(out: &mut String, p: &Part) {
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key:<12} {value}");
    };
    line("file", &p.file.display().to_string());
    line("kind", kind_word(p.kind));
    line("name", p.name);
    line("version", p.version);
    line("description", p.description);
    line("compiler", p.compiler);
    for o in &p.options {
        let default = if o.default.is_empty() { String::new() } else { format!(" (default {})", o.default) };
        line("option", &format!("{}: {}{default}", o.name, o.help));
    }
    if p.kind == taipan_abi::plugin::Kind::Modules {
        for s in index::specs(p) {
            line("module", s.name.get());
        }
    }
}

/// Everything a start would check, and that file and declared names agree.
fn check(files: &[PathBuf]) -> Done {
    let mut out = String::new();
    for file in files {
        let p = library::open_any(file)?;
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let wanted = find::file_name(p.kind, p.name);
        let _ = writeln!(out, "{} fits: {} {} {}", file.display(), kind_word(p.kind), p.name, p.version);
        if name != wanted {
            let _ =
                writeln!(out, "note: only found by its path; named {wanted} it is found by name in a plugin folder");
        }
        if p.kind == taipan_abi::plugin::Kind::Modules {
            duplicates(&p)?;
        }
    }
    Ok((out, 0))
}

fn duplicates(p: &Part) -> Outcome<()> {
    let mut names: Vec<&str> = index::specs(p).iter().map(|s| s.name.get()).collect();
    names.sort_unstable();
    match names.windows(2).find(|w| w[0] == w[1]) {
        Some(w) => problem!("{} has two modules named '{}': rename or remove one", library::describe(p), w[0]),
        None => Ok(()),
    }
}

fn write_index(places: &Places, given: &[PathBuf]) -> Done {
    let folders = if given.is_empty() { folders(places)?.0 } else { given.to_vec() };
    let mut out = String::new();
    for folder in folders.iter().filter(|f| !given.is_empty() || has_modules(f)) {
        if !folder.is_dir() {
            return problem!("{} is no folder: name the folder that holds the libraries", folder.display());
        }
        let (path, n) = index::write(folder)?;
        let _ = writeln!(out, "{}: {n} {}", path.display(), if n == 1 { "library" } else { "libraries" });
    }
    Ok((out, 0))
}

fn has_modules(folder: &Path) -> bool {
    find::libraries(&[folder.to_path_buf()]).iter().any(|p| {
        let name = p.file_name().and_then(|n| n.to_str()).and_then(find::split_file_name);
        matches!(name, Some((taipan_abi::plugin::Kind::Modules, _)))
    })
}
