//! Disassembly of small sources, compared with stored text. `TAIPAN_RENEW=1 cargo test` writes the text anew.

use std::path::Path;
use taipan_compiler::{Mode, Options, compile_source, dis, marshal, validate};

#[test]
fn disassembly_is_as_stored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dis");
    let renew = std::env::var_os("TAIPAN_RENEW").is_some();
    let mut differ = Vec::new();
    let mut sources: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    sources.retain(|p| p.extension().is_some_and(|e| e == "py"));
    sources.sort();
    assert!(!sources.is_empty());
    for source in sources {
        let name = source.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&source).unwrap();
        let compiled = compile_source(&bytes, &name, Mode::Exec, Options::default()).unwrap();
        validate::validate_all(&compiled.code).unwrap();
        assert_eq!(*marshal::read_code(&marshal::dump_code(&compiled.code)).unwrap(), compiled.code);
        let text = dis::dis(&compiled.code);
        let stored = source.with_extension("txt");
        if renew {
            std::fs::write(&stored, text).unwrap();
        } else if std::fs::read_to_string(&stored).unwrap_or_default() != text {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "differ: {differ:?}; look at them with the example `dis`, renew with TAIPAN_RENEW=1");
}
