//! Errors and warnings of this stage: `errors.txt` has a source (newlines as `\n`), ` => `, and what CPython 3.14
//! says about it.

use taipan_compiler::{Mode, Options, compile_source};

fn outcome(source: &str) -> String {
    match compile_source(source.as_bytes(), "f", Mode::Exec, Options::default()) {
        Ok(c) => {
            let all: Vec<String> = c.warnings.iter().map(|w| format!("{} @{}", w.msg, w.lineno)).collect();
            if all.is_empty() { "ok".into() } else { format!("warns {}", all.join("; ")) }
        }
        Err(e) => format!("{} {}:{}-{}:{}", e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset),
    }
}

#[test]
fn messages_and_places_are_cpythons() {
    let mut wrong = String::new();
    for line in include_str!("errors.txt").lines() {
        let (source, expected) = line.split_once(" => ").expect("a line has two parts");
        let got = outcome(&source.replace("\\n", "\n"));
        if got != expected {
            wrong.push_str(&format!("{source}\n  expected {expected}\n  got      {got}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
