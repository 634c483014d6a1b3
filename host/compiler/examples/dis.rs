//! Disassembles files. `--check FOLDER...` compiles, validates and marshals whole folders and prints only what fails;
//! `--facts` and `--handlers` print what can be compared with another implementation's code objects; `--errors FILE` and
//! `--annotations FILE` report on sources separated by NUL characters.

use std::path::{Path, PathBuf};
use taipan_compiler::code::{CodeObject, Const, kind};
use taipan_compiler::{Mode, Options, compile_source, dis, marshal, validate};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "--check") {
        let mut files = Vec::new();
        args[1..].iter().for_each(|a| collect(Path::new(a), &mut files));
        files.sort();
        let failed = files.iter().filter(|f| !check(f)).count();
        println!("{} files, {failed} failed", files.len());
        return;
    }
    if args.first().is_some_and(|a| a == "--facts") {
        let mut files = Vec::new();
        args[1..].iter().for_each(|a| collect(Path::new(a), &mut files));
        files.sort();
        for f in &files {
            let Ok(bytes) = std::fs::read(f) else { continue };
            println!("file {}", f.display());
            if let Ok(c) = compile_source(&bytes, "f", Mode::Exec, Options::default()) {
                facts(&c.code);
            }
        }
        return;
    }
    if args.first().is_some_and(|a| a == "--handlers") {
        let mut files = Vec::new();
        args[1..].iter().for_each(|a| collect(Path::new(a), &mut files));
        files.sort();
        for f in &files {
            let Ok(bytes) = std::fs::read(f) else { continue };
            println!("file {}", f.display());
            if let Ok(c) = compile_source(&bytes, "f", Mode::Exec, Options::default()) {
                handlers(&c.code);
            }
        }
        return;
    }
    if let [flag, file] = &args[..]
        && flag == "--errors"
    {
        return errors(file);
    }
    if let [flag, file] = &args[..]
        && flag == "--annotations"
    {
        return annotations(file);
    }
    for file in &args {
        match std::fs::read(file) {
            Err(e) => eprintln!("{file}: {e}"),
            Ok(bytes) => match compile_source(&bytes, file, Mode::Exec, Options::default()) {
                Ok(c) => {
                    for w in &c.warnings {
                        eprintln!("{file}:{}: {}", w.lineno, w.msg);
                    }
                    print!("{}", dis::dis(&c.code));
                }
                Err(e) => eprintln!("{e}"),
            },
        }
    }
}

fn handlers(code: &CodeObject) {
    let entries: Vec<_> = code.exception_entries().collect();
    let mut line = format!("{}|{}|", code.qualname.as_str(), code.firstlineno);
    let mut at = 0;
    while let Some((op, _)) = code.code.get(at).and_then(|w| dis::decode(*w)) {
        let h = entries.iter().find(|e| (e.start..e.end).contains(&(at as u32)));
        let h = h.map_or(String::new(), |e| {
            let target = dis::decode(code.code[e.target as usize]).map_or("?", |t| t.0.info().name);
            format!("@{}{}{target}", e.depth, if e.push_lasti { "l" } else { "" })
        });
        line.push_str(&format!("{}{h} ", op.info().name));
        at += op.words();
    }
    println!("{line}");
    for c in &code.consts {
        if let Const::Code(inner) = c {
            handlers(inner);
        }
    }
}

/// As `errors`, with annotations kept as strings; prints the first string constant.
fn annotations(file: &str) {
    let Ok(all) = std::fs::read(file) else { return };
    let options = Options { future_flags: taipan_abi::opcode::co::FUTURE_ANNOTATIONS, ..Options::default() };
    for source in all.split(|b| *b == 0) {
        let text = match compile_source(source, "f", Mode::Exec, options) {
            Ok(c) => c.code.consts.iter().find_map(|c| match c {
                Const::Str(s) => Some(String::from_utf8_lossy(s.as_bytes()).into_owned()),
                _ => None,
            }),
            Err(e) => Some(e.to_string()),
        };
        println!("{}", text.unwrap_or_default().replace('\n', "\\n"));
    }
}

/// Compiles sources that are separated by NUL characters; a line with the outcome for each.
fn errors(file: &str) {
    let Ok(all) = std::fs::read(file) else { return };
    for source in all.split(|b| *b == 0) {
        let result = compile_source(source, "f", Mode::Exec, Options::default());
        let (text, warnings) = match result {
            Ok(c) => ("OK".to_string(), c.warnings),
            Err(e) => {
                let text = format!("{} {},{}-{},{}", e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset);
                (text, Vec::new())
            }
        };
        let warnings: Vec<String> = warnings.iter().map(|w| format!("{}@{}", w.msg, w.lineno)).collect();
        println!("{text} | {}", warnings.join("; "));
    }
}

/// What another implementation can be compared with, a line for each code object.
fn facts(code: &CodeObject) {
    let pick = |bit: u8| {
        let all = code.localsplusnames.iter().zip(&code.localspluskinds);
        all.filter(|(_, k)| *k & bit != 0).map(|(n, _)| n.as_str()).collect::<Vec<_>>()
    };
    let mut lines: Vec<i32> =
        taipan_abi::location::locations(&code.linetable, code.firstlineno).filter_map(|l| l.line).collect();
    lines.sort();
    lines.dedup();
    let (mut locals, mut cells, mut free) = (pick(kind::LOCAL), pick(kind::CELL), pick(kind::FREE));
    for l in [&mut locals, &mut cells, &mut free] {
        l.sort();
    }
    println!(
        "{}|{}|{} {} {}|{:#x}|{}|{}|{}|{}",
        code.qualname.as_str(),
        code.firstlineno,
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount,
        code.flags,
        locals.join(","),
        cells.join(","),
        free.join(","),
        lines.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
    );
    for c in &code.consts {
        if let Const::Code(inner) = c {
            facts(inner);
        }
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    } else if path.extension().is_some_and(|e| e == "py") {
        files.push(path.to_owned());
    }
}

fn check(file: &Path) -> bool {
    let Ok(bytes) = std::fs::read(file) else { return true };
    let name = file.display().to_string();
    let code = match compile_source(&bytes, &name, Mode::Exec, Options::default()) {
        Ok(c) => c.code,
        Err(e) => {
            println!("{e}");
            return false;
        }
    };
    if let Err(e) = validate::validate_all(&code) {
        println!("{name}: {e}");
        return false;
    }
    match marshal::read_code(&marshal::dump_code(&code)) {
        Ok(again) if *again == code => true,
        Ok(_) => {
            println!("{name}: marshal does not round-trip");
            false
        }
        Err(e) => {
            println!("{name}: {e}");
            false
        }
    }
}
