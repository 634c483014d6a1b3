//! Prints what CPython's `ast.dump(ast.parse(source), include_attributes=True)` prints.
//!
//! `dump_ast FILE...` prints trees; `dump_ast --batch` reads file names from standard input and prints one line
//! for each: `ok DUMP` or `error MESSAGE`; `--time` only parses and reports speed.

use std::io::{BufRead, Write};
use taipan_syntax::{Flags, Mode, dump, parse_bytes};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--batch") => batch(args.get(1).map_or("exec", String::as_str)),
        Some("--errors") => errors(),
        Some("--warnings") => warnings(),
        Some("--single") => single(),
        Some("--tokens") => tokens(),
        Some("--explain") => args[1..]
            .iter()
            .for_each(|f| println!("{}", taipan_syntax::explain(&std::fs::read_to_string(f).unwrap_or_default()))),
        Some("--time") => time(&args[1..]),
        _ => args.iter().for_each(|f| println!("{}", one(f).unwrap_or_else(|e| e))),
    }
}

fn one(file: &str) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    match parse_bytes(&bytes, file, Mode::Exec, Flags::default()) {
        Ok(p) => Ok(dump::dump(&p.tree, true)),
        Err(e) => Err(format!("{e}")),
    }
}

fn in_mode(file: &str, mode: &str) -> Result<String, String> {
    let (mode, types) = match mode {
        "eval" => (Mode::Eval, false),
        "single" => (Mode::Single, false),
        "func_type" => (Mode::FuncType, false),
        "types" => (Mode::Exec, true),
        _ => return one(file),
    };
    let source = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let flags = Flags { type_comments: types, ..Flags::default() };
    match taipan_syntax::parse(&source, file, mode, flags) {
        Ok(p) => Ok(dump::dump(&p.tree, true)),
        Err(e) => Err(format!("{e}")),
    }
}

fn batch(mode: &str) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let _ = match in_mode(&file, mode) {
            Ok(s) => writeln!(out, "ok {s}"),
            Err(s) => writeln!(out, "error {s}"),
        };
    }
}

/// Reads file names, prints the errors in their parts.
fn errors() {
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        match taipan_syntax::parse(&source, &file, Mode::Exec, Flags::default()) {
            Ok(_) => println!("ok"),
            Err(e) => println!(
                "{:?}\t{}\t{}\t{}\t{}\t{}\t{:?}",
                e.kind,
                e.msg.replace('\n', "\\n"),
                e.lineno,
                e.offset,
                e.end_lineno,
                e.end_offset,
                e.text
            ),
        }
    }
}

/// Reads file names, prints the warnings about each.
fn warnings() {
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(p) = taipan_syntax::parse(&source, &file, Mode::Exec, Flags::default()) {
            for w in p.warnings {
                println!("{file}\t{}\t{:?}\t{}", w.lineno, w.category, w.msg.escape_default());
            }
        }
    }
}

/// Reads file names, says whether each is complete interactive input.
fn single() {
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        let flags = Flags { allow_incomplete: true, dont_imply_dedent: true, ..Flags::default() };
        match taipan_syntax::parse(&source, &file, Mode::Single, flags) {
            Ok(_) => println!("ok"),
            Err(e) if e.kind == taipan_syntax::ErrorKind::IncompleteInput => println!("incomplete"),
            Err(_) => println!("error"),
        }
    }
}

/// Reads file names, prints the tokens of each as the `tokenize` module wants them.
fn tokens() {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        let (tokens, error) = taipan_syntax::tokenize_module(&source, true);
        let _ = write!(out, "{file}");
        for t in tokens {
            let (a, b) = (t.start, t.end);
            let _ = write!(out, "\t{} {:?} {} {} {} {}", t.kind as u8, t.text, a.0, a.1, b.0, b.1);
        }
        let _ = writeln!(out, "\t{}", error.map_or(String::new(), |e| e.msg));
    }
}

fn time(files: &[String]) {
    let sources: Vec<Vec<u8>> = files.iter().filter_map(|f| std::fs::read(f).ok()).collect();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let start = std::time::Instant::now();
    let ok = sources.iter().filter(|s| parse_bytes(s, "", Mode::Exec, Flags::default()).is_ok()).count();
    let took = start.elapsed();
    println!(
        "{ok} of {} files, {bytes} bytes, {took:?}, {:.1} MB/s",
        sources.len(),
        bytes as f64 / 1e6 / took.as_secs_f64()
    );
}
