//! Compiles every file of the standard library named by TAIPAN_LIB: no panic, and what comes out is valid.

use std::path::{Path, PathBuf};
use taipan_compiler::{Mode, Options, compile_source, marshal, validate};

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    } else if path.extension().is_some_and(|e| e == "py") {
        files.push(path.to_owned());
    }
}

#[test]
fn the_library_compiles() {
    let Some(lib) = std::env::var_os("TAIPAN_LIB") else { return };
    let mut files = Vec::new();
    collect(Path::new(&lib), &mut files);
    for file in files {
        let name = file.display().to_string();
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let Ok(compiled) = compile_source(&bytes, &name, Mode::Exec, Options::default()) else {
            assert!(name.contains("bad"), "{name} does not compile");
            continue;
        };
        validate::validate_all(&compiled.code).unwrap_or_else(|e| panic!("{name}: {e}"));
        let again = marshal::read_code(&marshal::dump_code(&compiled.code)).unwrap();
        assert_eq!(*again, compiled.code, "{name}");
    }
}
