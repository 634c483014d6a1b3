//! `taipan --info`: which parts would run.

use crate::places::Places;
use std::fmt::Write;
use taipan_loader::host::Host;
use taipan_loader::library::kind_word;

/// The text.
pub fn text(host: &Host, places: &Places) -> String {
    let mut out = crate::help::version(2);
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key:<10} {value}");
    };
    line("profile", &host.plan.profile);
    let setting = |key: &str| host.settings.get(key).map(|v| String::from_utf8_lossy(v).into_owned());
    match &places.profiles {
        Some(p) => line("profiles", &p.display().to_string()),
        None => line("profiles", "built in"),
    }
    for (key, name) in [("library", "path.stdlib"), ("overlay", "path.overlay"), ("cache", "cache.dir")] {
        if let Some(v) = setting(name) {
            line(key, &v);
        }
    }
    for p in &host.parts {
        part(&mut out, kind_word(p.kind), p.name, p.version, p.description, &p.file.display().to_string());
        options(&mut out, &host.option_text(p.name, &p.options));
    }
    if host.plan.jit.is_none() {
        let _ = writeln!(out, "\njit none");
    }
    for (i, l) in host.libraries.iter().enumerate() {
        part(&mut out, "modules", &l.name, &l.version, &l.description, &l.file.display().to_string());
        let declared = l.part.get().and_then(|p| p.as_ref()).map_or(&[][..], |p| &p.options);
        options(&mut out, &host.option_text(&l.name, declared));
        let with: Vec<&str> = host.modules.iter().filter(|m| m.1 == i).map(|m| m.0).collect();
        let without: Vec<&str> = l.modules.iter().copied().filter(|m| !with.contains(m)).collect();
        wrapped(&mut out, "with", &with);
        wrapped(&mut out, "without", &without);
    }
    out
}

fn part(out: &mut String, kind: &str, name: &str, version: &str, description: &str, file: &str) {
    let file = if file.is_empty() { "linked into the program" } else { file };
    let _ = writeln!(out, "\n{kind} {name} {version}: {description}\n  {:<8} {file}", "file");
}

fn options(out: &mut String, lines: &[u8]) {
    for line in String::from_utf8_lossy(lines).lines() {
        let _ = writeln!(out, "  {:<8} {line}", "option");
    }
}

fn wrapped(out: &mut String, key: &str, words: &[&str]) {
    let mut line = String::new();
    let mut key = key;
    let mut flush = |line: &mut String| {
        if !line.is_empty() {
            let _ = writeln!(out, "  {key:<8} {line}");
            key = "";
            line.clear();
        }
    };
    for w in words {
        if line.len() + w.len() > 100 {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(w);
    }
    flush(&mut line);
}
