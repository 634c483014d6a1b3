//! `modules.toml`: which library holds which mixed module, so that start-up opens no library it does not need.
//!
//! Written by `taipan-plugin index` beside the libraries. An entry is believed while its library has the same size and is not newer than
//! the index; a library without a believed entry is opened instead.

use crate::library;
use crate::problem::Outcome;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use taipan_abi::plugin::Kind;
use toml::de::{DeTable, DeValue};

/// The file's name.
pub const FILE: &str = "modules.toml";

/// What the index knows of one library.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Entry {
    pub file: String,
    pub size: u64,
    pub name: String,
    pub version: String,
    pub description: String,
    pub compiler: String,
    pub modules: Vec<String>,
}

/// The index of a folder; empty if there is none or it cannot be read (the libraries are opened then).
pub fn read(folder: &Path) -> Vec<Entry> {
    let path = folder.join(FILE);
    let Ok(text) = std::fs::read_to_string(&path) else { return Vec::new() };
    let Ok(written) = std::fs::metadata(&path).and_then(|m| m.modified()) else { return Vec::new() };
    let Ok(table) = DeTable::parse(&text) else { return Vec::new() };
    let mut out = Vec::new();
    for (file, body) in table.get_ref().iter() {
        let DeValue::Table(body) = body.get_ref() else { continue };
        let text = |key: &str| match body.get(key).map(|v| v.get_ref()) {
            Some(DeValue::String(s)) => s.to_string(),
            Some(DeValue::Integer(i)) => i.as_str().to_string(),
            _ => String::new(),
        };
        let mut entry = Entry {
            file: file.get_ref().to_string(),
            size: text("size").parse().unwrap_or(0),
            name: text("name"),
            version: text("version"),
            description: text("description"),
            compiler: text("compiler"),
            modules: Vec::new(),
        };
        if let Some(DeValue::Array(items)) = body.get("modules").map(|v| v.get_ref()) {
            for item in items.iter() {
                if let DeValue::String(s) = item.get_ref() {
                    entry.modules.push(s.to_string());
                }
            }
        }
        let fresh = std::fs::metadata(folder.join(&entry.file))
            .is_ok_and(|m| m.len() == entry.size && m.modified().is_ok_and(|t| t <= written + Duration::from_secs(2)));
        if fresh {
            out.push(entry);
        }
    }
    out
}

/// Opens the module libraries of a folder and describes them.
pub fn build(folder: &Path) -> Outcome<Vec<Entry>> {
    let mut out = Vec::new();
    for path in crate::find::libraries(&[folder.to_path_buf()]) {
        let file = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_string();
        if !crate::find::split_file_name(&file).is_some_and(|(k, _)| k == Kind::Modules) {
            continue;
        }
        let part = library::open(&path, Kind::Modules)?;
        let size = std::fs::metadata(&path).map_or(0, |m| m.len());
        out.push(Entry {
            file,
            size,
            name: part.name.to_string(),
            version: part.version.to_string(),
            description: part.description.to_string(),
            compiler: part.compiler.to_string(),
            modules: specs(&part).iter().map(|s| s.name.get().to_string()).collect(),
        });
    }
    Ok(out)
}

/// The modules of an opened library.
pub fn specs(part: &library::Part) -> &'static [&'static taipan_abi::host::ModuleSpec] {
    let table = part.modules();
    if table.modules.is_null() || table.n == 0 {
        return &[];
    }
    // SAFETY: the library's static table says so.
    unsafe { std::slice::from_raw_parts(table.modules, table.n) }
}

/// The text of the file.
pub fn text(entries: &[Entry]) -> String {
    let mut out = String::from(
        "# Which library holds which module. Written by `taipan-plugin index`; run it again after a build.\n",
    );
    for e in entries {
        let _ = write!(out, "\n[{}]\nsize = {}\n", quote(&e.file), e.size);
        for (key, value) in
            [("name", &e.name), ("version", &e.version), ("description", &e.description), ("compiler", &e.compiler)]
        {
            let _ = writeln!(out, "{key} = {}", quote(value));
        }
        let names: Vec<String> = e.modules.iter().map(|m| quote(m)).collect();
        let _ = writeln!(out, "modules = [{}]", names.join(", "));
    }
    out
}

fn quote(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes the index of a folder, whole or not at all.
pub fn write(folder: &Path) -> Outcome<(PathBuf, usize)> {
    let entries = build(folder)?;
    let path = folder.join(FILE);
    let new = folder.join(format!(".{FILE}.{}", std::process::id()));
    let done = std::fs::write(&new, text(&entries)).and_then(|()| std::fs::rename(&new, &path));
    match done {
        Ok(()) => Ok((path, entries.len())),
        Err(e) => {
            crate::problem!("cannot write {} ({}): check the folder's permissions", path.display(), crate::os_text(&e))
        }
    }
}
