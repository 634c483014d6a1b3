//! Optimizes the traces in a log (`--set jit.log=2`, or the text form alone) and prints them: `cargo run -p taipan-jit-opt --example opt LOG`.

use taipan_jit_ir::text::{Names, parse, print};
use taipan_jit_ir::verify::verify;
use taipan_jit_opt::{Options, optimize};

fn one(text: &str) {
    let mut names = Names::new();
    let unit = match parse(text, &mut names).and_then(|u| verify(&u).map(|()| u)) {
        Ok(u) => u,
        Err(e) => return println!("; not a trace: {e}\n"),
    };
    let out = optimize(&unit, &Options::default()).unit;
    if let Err(e) = verify(&out) {
        println!("; WRONG: {e}");
    }
    let body = if out.body == 0 { 0 } else { out.insts.len() - out.body as usize };
    println!("; {} instructions become {} and {body}", unit.insts.len(), out.insts.len() - body);
    println!("{}", print(&out, &mut names));
}

fn main() {
    for path in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&path) {
            Ok(t) => t,
            Err(e) => return eprintln!("{path}: {e}"),
        };
        // The driver's own lines lie between the traces.
        let mut unit = String::new();
        for line in text.lines().chain(["jit:"]) {
            if line.starts_with("jit:") {
                if !unit.trim().is_empty() {
                    one(&unit);
                }
                unit.clear();
            } else {
                unit += line;
                unit.push('\n');
            }
        }
    }
}
