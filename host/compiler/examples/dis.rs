//! Disassembles files, or with `--check` compiles, validates and marshals whole folders and prints only what fails.

use std::path::{Path, PathBuf};
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
