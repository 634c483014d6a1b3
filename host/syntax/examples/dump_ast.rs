//! Prints what CPython's `ast.dump(ast.parse(source), include_attributes=True)` prints.
//!
//! `dump_ast FILE...` prints trees; `dump_ast --batch` reads file names from standard input and prints one line
//! for each: `ok DUMP` or `error MESSAGE`; `--time` only parses and reports speed.

use std::io::{BufRead, Write};
use taipan_syntax::{Flags, Mode, dump, parse_bytes};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--batch") => batch(),
        Some("--explain") => args[1..].iter().for_each(|f| println!("{}", taipan_syntax::explain(&std::fs::read_to_string(f).unwrap_or_default()))),
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

fn batch() {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in std::io::stdin().lock().lines().map_while(Result::ok) {
        let _ = match one(&file) {
            Ok(s) => writeln!(out, "ok {s}"),
            Err(s) => writeln!(out, "error {s}"),
        };
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
