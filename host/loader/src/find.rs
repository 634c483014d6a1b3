//! Where libraries are looked for.

use crate::library::kind_word;
use crate::problem;
use crate::problem::{Outcome, hint};
use crate::profile::PartUse;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use taipan_abi::plugin::Kind;

/// The file name of a part's library.
pub fn file_name(kind: Kind, name: &str) -> String {
    format!("{DLL_PREFIX}taipan_{}_{}{DLL_SUFFIX}", kind_word(kind), name.replace('-', "_"))
}

/// Kind and name of a library by its file name.
pub fn split_file_name(file: &str) -> Option<(Kind, &str)> {
    let stem = file.strip_prefix(DLL_PREFIX)?.strip_suffix(DLL_SUFFIX)?.strip_prefix("taipan_")?;
    let kinds = [Kind::Space, Kind::Modules, Kind::Gc, Kind::Jit];
    kinds.into_iter().find_map(|k| Some((k, stem.strip_prefix(kind_word(k))?.strip_prefix('_')?)))
}

/// A part is named by path when its name has a separator or looks like a library's file.
pub fn is_path(name: &str) -> bool {
    name.contains(std::path::MAIN_SEPARATOR) || name.ends_with(DLL_SUFFIX)
}

/// The library of a part.
pub fn locate(part: &PartUse, kind: Kind, folders: &[PathBuf]) -> Outcome<PathBuf> {
    if is_path(&part.name) {
        let base = part.place.folder().unwrap_or(Path::new(""));
        return Ok(absolute(crate::expand(base, &part.name)));
    }
    let file = file_name(kind, &part.name);
    for folder in folders {
        let path = folder.join(&file);
        if path.is_file() {
            return Ok(absolute(path));
        }
    }
    let there = libraries(folders);
    let names: Vec<&str> = there
        .iter()
        .filter_map(|p| split_file_name(p.file_name()?.to_str()?))
        .filter(|(k, _)| *k == kind)
        .map(|(_, n)| n)
        .collect();
    let searched: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
    problem!(
        "{}: no {} part named '{}' ({file} is not in {}): {}; build it, or add its folder to 'folders'",
        part.place,
        kind_word(kind),
        part.name,
        searched.join(", "),
        hint(&part.name, names)
    )
}

/// Libraries may be opened after the program has changed its working directory.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Every library with a part's file name in these folders, the first of each name only.
pub fn libraries(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort_unstable();
        for name in names {
            if split_file_name(&name).is_some() && seen.insert(name.clone()) {
                out.push(absolute(folder.join(name)));
            }
        }
    }
    out
}
