//! The files in fixtures/: CPython's trees and errors, renewed by `renew.py`.

use std::path::Path;
use taipan_syntax::{ErrorKind, Flags, Mode, dump, parse, parse_bytes};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// (input, expected result) pairs of a text fixture.
fn cases(name: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let mut out = Vec::new();
    let mut source = String::new();
    for line in text.lines() {
        if let Some(first) = line.strip_prefix(">>> ") {
            source = first.to_owned();
        } else if let Some(more) = line.strip_prefix("... ") {
            source.push('\n');
            source.push_str(more);
        } else {
            out.push((std::mem::take(&mut source), line.to_owned()));
        }
    }
    out
}

#[test]
fn trees() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "py") {
            continue;
        }
        let source = std::fs::read(&path).unwrap();
        let parsed =
            parse_bytes(&source, "f", Mode::Exec, Flags::default()).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let got = dump::dump(&parsed.tree, true).replace(", lineno=", ",\nlineno=");
        let want = std::fs::read_to_string(path.with_extension("ast")).unwrap();
        for (n, (w, g)) in want.lines().zip(got.lines()).enumerate() {
            assert_eq!(w, g, "{path:?}, part {n}");
        }
        assert_eq!(want.lines().count(), got.lines().count(), "{path:?}");
        seen += 1;
    }
    assert!(seen >= 5);
}

#[test]
fn errors() {
    let mut wrong = Vec::new();
    for (source, want) in cases("errors.txt") {
        let got = match parse(&source, "f", Mode::Exec, Flags::default()) {
            Ok(_) => "ok".to_owned(),
            Err(e) => {
                format!("{:?}: {} @ {} {} {} {}", e.kind, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset)
            }
        };
        if got != want {
            wrong.push(format!("{source:?}\n  want {want}\n  got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn interactive() {
    for (source, want) in cases("interactive.txt") {
        let flags = Flags { allow_incomplete: true, dont_imply_dedent: true, ..Flags::default() };
        let got = match parse(&format!("{source}\n"), "f", Mode::Single, flags) {
            Ok(_) => "ok",
            Err(e) if e.kind == ErrorKind::IncompleteInput => "incomplete",
            Err(_) => "error",
        };
        assert_eq!(got, want, "{source:?}");
    }
}
