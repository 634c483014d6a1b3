//! Traces before and after: `files/*.trace`.
//!
//! A file is a unit, a line `---`, and what the optimizer makes of it. A first line `; passes: fold cse` lets only these passes run
//! (default: all). A line `--- bridge` after the first unit begins a bridge that ends in a jump to it; then the result is that of the bridge.
//! With TAIPAN_BLESS=1 in the environment the results are written instead of compared.

use std::path::Path;
use taipan_jit_ir::text::{Names, parse, print};
use taipan_jit_ir::verify::verify;
use taipan_jit_opt::{Options, optimize, optimize_bridge};

fn options(text: &str) -> Options {
    let Some(list) = text.lines().next().and_then(|l| l.strip_prefix("; passes:")) else { return Options::default() };
    let mut o = Options::none();
    for pass in list.split_whitespace() {
        match pass {
            "fold" => o.fold = true,
            "cse" => o.cse = true,
            "ranges" => o.ranges = true,
            "heap" => o.heap = true,
            "peel" => o.peel = true,
            "sink" => o.sink = true,
            "dead" => {}
            _ => panic!("no pass '{pass}'"),
        }
    }
    o
}

fn result(source: &str) -> Result<String, String> {
    let o = options(source);
    let mut names = Names::new();
    let mut parts = source.split("--- bridge\n");
    let unit = parse(parts.next().unwrap_or(""), &mut names)?;
    verify(&unit)?;
    let root = optimize(&unit, &o);
    let mut out = root.unit;
    if let Some(text) = parts.next() {
        let bridge = parse(text, &mut names)?;
        verify(&bridge)?;
        let preamble = root.preamble.ok_or("the loop was not peeled")?;
        out = optimize_bridge(&bridge, &[], Some(&preamble), &o).unit;
    }
    verify(&out)?;
    let text = print(&out, &mut names);
    if parse(&text, &mut names)? != out {
        return Err("text and unit differ".into());
    }
    Ok(text)
}

#[test]
fn files() {
    let bless = std::env::var_os("TAIPAN_BLESS").is_some();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut paths: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "trace")) {
        let text = std::fs::read_to_string(path).unwrap();
        let (source, wanted) = text.split_once("---\n").unwrap_or((&text, ""));
        let got = result(source).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if bless {
            std::fs::write(path, format!("{source}---\n{got}")).unwrap();
        } else if got != wanted {
            wrong.push(format!("{}:\n{got}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "not as expected (TAIPAN_BLESS=1 accepts):\n{}", wrong.join("\n"));
}
