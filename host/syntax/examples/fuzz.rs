//! `fuzz SECONDS FILE...`: parses random mutations of files. Reports panics and inputs that take long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use taipan_syntax::{Flags, Mode, parse_bytes, wire};

struct Rng(u64);

impl Rng {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below.max(1)
    }
}

const BITS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    "=",
    "*",
    "**",
    "\n",
    "\n    ",
    " ",
    "\\",
    "\\\n",
    "'",
    "\"",
    "'''",
    "f'",
    "f\"{",
    "t'",
    "rb'",
    "#",
    "if ",
    "else",
    "lambda ",
    "not ",
    "await ",
    "async ",
    "match x:\n",
    "case ",
    "type ",
    "def f",
    "class A",
    "import ",
    "from ",
    "0",
    "1e",
    "0x",
    "1_",
    "\t",
    "\x0c",
    "\u{e9}",
    "\u{20ac}",
    "\0",
    "!r",
    "!=",
    ":=",
    "->",
    "...",
    ".",
    "@",
    "%",
    "with ",
    "as ",
    "in ",
    "for ",
    "yield ",
    "return ",
    "del ",
    "print ",
    "_",
    "\r",
    "\u{feff}",
    "\\N{",
    "\\x",
    "except* ",
    "try:",
    "global x",
    "None",
    "True",
];

fn main() {
    let mut args = std::env::args().skip(1);
    let seconds: u64 = args.next().and_then(|s| s.parse().ok()).unwrap_or(10);
    let files: Vec<Vec<u8>> = args.filter_map(|f| std::fs::read(f).ok()).filter(|f| f.len() < 60_000).collect();
    let mut rng = Rng(0x9E37_79B9_7F4A_7C15 ^ std::process::id() as u64);
    let start = Instant::now();
    let (mut n, mut ok) = (0u64, 0u64);
    while start.elapsed() < Duration::from_secs(seconds) && !files.is_empty() {
        let mut source = piece(&mut rng, &files);
        for _ in 0..1 + rng.next(6) {
            mutate(&mut rng, &mut source, &files);
        }
        let began = Instant::now();
        let modes = [Mode::Exec, Mode::Exec, Mode::Single, Mode::Eval, Mode::FuncType];
        let mode = modes[rng.next(modes.len())];
        let flags = Flags { type_comments: rng.next(4) == 0, allow_incomplete: rng.next(2) == 0, ..Flags::default() };
        let result = catch_unwind(AssertUnwindSafe(|| parse_bytes(&source, "fuzz", mode, flags)));
        match result {
            Err(_) => report("panic", &source, n),
            Ok(Ok(p)) => {
                ok += 1;
                let bytes = wire::to_bytes(&p.tree);
                match wire::from_bytes::<taipan_syntax::ast::Mod>(&bytes) {
                    Ok(back) if format!("{back:?}") == format!("{:?}", p.tree) => {}
                    _ => report("wire", &source, n),
                }
            }
            Ok(Err(_)) => {}
        }
        if began.elapsed() > Duration::from_secs(2) {
            report("slow", &source, n);
        }
        n += 1;
    }
    println!("{n} inputs, {ok} of them valid");
}

fn report(what: &str, source: &[u8], n: u64) {
    let name = std::env::temp_dir().join(format!("fuzz-{what}-{}-{n}.py", std::process::id()));
    println!("{what}: {}", name.display());
    let _ = std::fs::write(name, source);
}

/// Some lines of a file.
fn piece(rng: &mut Rng, files: &[Vec<u8>]) -> Vec<u8> {
    let file = &files[rng.next(files.len())];
    let lines: Vec<&[u8]> = file.split_inclusive(|b| *b == b'\n').collect();
    let from = rng.next(lines.len());
    let to = (from + 1 + rng.next(60)).min(lines.len());
    lines.get(from..to).unwrap_or(&[]).concat()
}

fn mutate(rng: &mut Rng, source: &mut Vec<u8>, files: &[Vec<u8>]) {
    let at = rng.next(source.len() + 1);
    match rng.next(6) {
        0 if at < source.len() => drop(source.remove(at)),
        1 => {
            let end = (at + rng.next(30)).min(source.len());
            drop(source.drain(at..end));
        }
        2 => {
            let end = (at + rng.next(30)).min(source.len());
            let copy = source[at..end].to_vec();
            let to = rng.next(source.len() + 1);
            source.splice(to..to, copy);
        }
        3 => {
            let other = piece(rng, files);
            let end = rng.next(other.len() + 1);
            source.splice(at..at, other[..end].iter().copied());
        }
        4 if at < source.len() => source[at] = rng.next(256) as u8,
        _ => {
            let bit = BITS[rng.next(BITS.len())];
            source.splice(at..at, bit.bytes());
        }
    }
}
