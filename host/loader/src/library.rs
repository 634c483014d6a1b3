//! Opening a plugin library: from a file to a checked table, each way of being wrong told apart.

use crate::problem;
use crate::problem::{Outcome, Problem};
use abi_stable::library::{
    AbiHeaderRef, LibHeader, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL, RootModule, RootModuleError,
};
use abi_stable::sabi_types::VersionNumber;
use libloading::os::unix as os;
use std::path::{Path, PathBuf};
use taipan_abi::gc::GcVTable;
use taipan_abi::jit::JitVTable;
use taipan_abi::plugin::{ABI, COMPILER, Kind, ModulesTable, PluginRootRef, SpaceTable};

/// A part that is in the process.
#[derive(Debug, Clone)]
pub struct Part {
    #[allow(missing_docs)]
    pub kind: Kind,
    #[allow(missing_docs)]
    pub name: &'static str,
    #[allow(missing_docs)]
    pub version: &'static str,
    #[allow(missing_docs)]
    pub description: &'static str,
    /// The compiler it was built with.
    pub compiler: &'static str,
    #[allow(missing_docs)]
    pub options: Vec<OptionText>,
    /// Where it came from; empty for a part that is linked in.
    pub file: PathBuf,
    /// The address of the kind's table.
    pub table: *const (),
}
// SAFETY: the table is an immutable static of a library that is never unloaded.
unsafe impl Send for Part {}
// SAFETY: as above.
unsafe impl Sync for Part {}

/// An option that a part declares.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct OptionText {
    pub name: &'static str,
    pub help: &'static str,
    pub default: &'static str,
}

impl Part {
    /// The table, which `check_table` has found to be of this part's kind.
    pub fn gc(&self) -> &'static GcVTable {
        // SAFETY: checked when the part was opened; only called for collectors.
        unsafe { &*self.table.cast() }
    }
    /// See `gc`.
    pub fn jit(&self) -> &'static JitVTable {
        // SAFETY: as above, for JITs.
        unsafe { &*self.table.cast() }
    }
    /// See `gc`.
    pub fn space(&self) -> &'static SpaceTable {
        // SAFETY: as above, for spaces.
        unsafe { &*self.table.cast() }
    }
    /// See `gc`.
    pub fn modules(&self) -> &'static ModulesTable {
        // SAFETY: as above, for libraries of modules.
        unsafe { &*self.table.cast() }
    }
}

/// A kind's word in profiles, file names and messages.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Space => "space",
        Kind::Modules => "modules",
        Kind::Gc => "gc",
        Kind::Jit => "jit",
    }
}

/// A kind with its article, for sentences.
pub fn kind_phrase(kind: Kind) -> &'static str {
    match kind {
        Kind::Space => "an object space",
        Kind::Modules => "a library of modules",
        Kind::Gc => "a collector",
        Kind::Jit => "a JIT",
    }
}

const REBUILD: &str = "rebuild it against this version's taipan-abi with 'cargo build'";

/// Opens a library and checks everything about it but its kind.
pub fn open_any(path: &Path) -> Outcome<Part> {
    let at = path.display();
    check_file(path)?;
    // A name without a slash would be looked for in the system's folders.
    let opened = if path.components().count() == 1 { Path::new(".").join(path) } else { path.to_path_buf() };
    // All symbols are bound now, so that a missing one is found here and not in the middle of a program.
    let flags = os::RTLD_NOW | os::RTLD_LOCAL;
    // SAFETY: running a library's initializers is what loading a plugin means; the file was named by the user or the installation.
    let library = match unsafe { os::Library::open(Some(&opened), flags) } {
        Ok(l) => l,
        Err(e) => {
            let why = e.to_string();
            let why = why.strip_prefix(&format!("{at}: ")).unwrap_or(&why);
            return problem!("{at} cannot be loaded ({why}): rebuild it on this machine");
        }
    };
    // Never unloaded: parts hand out addresses of their code and statics.
    let library: &'static os::Library = Box::leak(Box::new(library));
    // SAFETY: the symbol, if it exists, is abi_stable's library header; its first bytes are compared before anything else is read.
    let symbol = unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) };
    let Ok(symbol) = symbol else {
        return problem!(
            "{at} is a library but not a part of Taipan (it exports no root module): name a library made with taipan-plugin-api"
        );
    };
    let header: AbiHeaderRef = *symbol;
    let header = header.upgrade().map_err(|e| match e {
        LibraryError::InvalidAbiHeader(h) => Problem::new(format!(
            "{at} was built with another abi_stable ({}.{}; this program needs {}.{}): {REBUILD}",
            h.abi_major,
            h.abi_minor,
            abi_stable::library::AbiHeader::VALUE.abi_major,
            abi_stable::library::AbiHeader::VALUE.abi_minor
        )),
        other => {
            Problem::new(format!("{at} was built with a compiler whose C interface differs: {REBUILD} ({COMPILER})"))
                .with_report(other.to_string())
        }
    })?;
    let root = root_module(path, header)?;
    let part = Part {
        kind: root.kind(),
        name: root.name().as_str(),
        version: root.version().as_str(),
        description: root.description().as_str(),
        compiler: root.compiler().as_str(),
        options: root
            .options()
            .as_slice()
            .iter()
            .map(|o| OptionText { name: o.name.as_str(), help: o.help.as_str(), default: o.default.as_str() })
            .collect(),
        file: path.to_path_buf(),
        table: root.table().0,
    };
    if root.abi() != ABI {
        return problem!(
            "{} has ABI {}, but this program needs ABI {ABI} ({COMPILER}): {REBUILD}",
            describe(&part),
            root.abi()
        );
    }
    check_table(&part)?;
    Ok(part)
}

/// Opens a library that must be of a kind.
pub fn open(path: &Path, kind: Kind) -> Outcome<Part> {
    let part = open_any(path)?;
    expect_kind(&part, kind)?;
    Ok(part)
}

/// The sentence for a part in the wrong place.
pub fn expect_kind(part: &Part, kind: Kind) -> Outcome<()> {
    if part.kind == kind {
        return Ok(());
    }
    let key = |k| match k {
        Kind::Space => "spaces",
        Kind::Modules => "modules",
        Kind::Gc => "gc",
        Kind::Jit => "jit",
    };
    problem!(
        "{} is {}, not {}: name it under '{}' instead of '{}'",
        describe(part),
        kind_phrase(part.kind),
        kind_phrase(kind),
        key(part.kind),
        key(kind)
    )
}

/// `FILE (gc seg 0.1.0, built with rustc ...)`
pub fn describe(part: &Part) -> String {
    format!(
        "{} ({} {} {}, built with {})",
        part.file.display(),
        kind_word(part.kind),
        part.name,
        part.version,
        part.compiler
    )
}

fn root_module(path: &Path, header: &'static LibHeader) -> Outcome<PluginRootRef> {
    let at = path.display();
    let theirs = header.version_strings();
    let ours = PluginRootRef::VERSION_STRINGS;
    let compatible = match (VersionNumber::new(ours), VersionNumber::new(theirs)) {
        (Ok(a), Ok(b)) => a.major == b.major && (a.major != 0 || a.minor == b.minor),
        _ => false,
    };
    if !compatible {
        return problem!(
            "{at} was built for version {} of taipan-abi, but this program needs {}: {REBUILD}",
            theirs.version,
            ours.version
        );
    }
    if let Err(e) = header.ensure_layout::<PluginRootRef>() {
        return Err(Problem::new(format!(
            "{at} describes itself with another layout than this program's (same taipan-abi {}, {COMPILER}): {REBUILD}; --verbose-abi shows the difference",
            ours.version
        ))
        .with_report(e.to_string()));
    }
    // SAFETY: the layout was checked above.
    match unsafe { header.unchecked_layout::<PluginRootRef>() } {
        Ok(root) => Ok(root),
        Err(RootModuleError::Unwound) => {
            problem!(
                "{at} panicked while it was loaded: report this to its author, or leave the part out of the profile"
            )
        }
        Err(RootModuleError::Returned(error)) => {
            problem!("{at} refused to be loaded ({error}): leave the part out of the profile or mend what it says")
        }
    }
}

/// The kind's table is there, of this ABI, and as long as this program reads.
fn check_table(part: &Part) -> Outcome<()> {
    if part.table.is_null() || !part.table.addr().is_multiple_of(8) {
        return problem!("{} has no table of operations: rebuild it", describe(part));
    }
    let (abi, size) = {
        let words: *const u32 = part.table.cast();
        // SAFETY: every table of the contract begins with these two words.
        unsafe { (*words, *words.add(1)) }
    };
    let needed = match part.kind {
        Kind::Space => size_of::<SpaceTable>(),
        Kind::Modules => size_of::<ModulesTable>(),
        Kind::Gc => size_of::<GcVTable>(),
        Kind::Jit => size_of::<JitVTable>(),
    };
    if abi != ABI {
        return problem!("{} has a table of ABI {abi}, but this program needs ABI {ABI}: {REBUILD}", describe(part));
    }
    if (size as usize) < needed {
        return problem!("{} has a table of {size} bytes, but this program reads {needed}: {REBUILD}", describe(part));
    }
    Ok(())
}

/// The file is there and is an undamaged library for this machine, as far as its headers tell: a truncated one would otherwise end the
/// process with a bus error inside the dynamic linker.
fn check_file(path: &Path) -> Outcome<()> {
    use std::io::{Read, Seek, SeekFrom};
    let at = path.display();
    let meta = match std::fs::metadata(path) {
        Ok(m) => m,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return problem!("{at} does not exist: check the path, or build the part");
        }
        Err(e) => return problem!("cannot read {at} ({}): check its permissions", crate::os_text(&e)),
    };
    if !meta.is_file() {
        return problem!("{at} is not a file: name the library itself");
    }
    let not_library = || problem!("{at} is not a dynamic library: name a file made by building a crate of type cdylib");
    let mut file = match std::fs::File::open(path) {
        Ok(f) => f,
        Err(e) => return problem!("cannot read {at} ({}): check its permissions", crate::os_text(&e)),
    };
    let mut head = [0u8; 64];
    if file.read_exact(&mut head).is_err() {
        return not_library();
    }
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    if head[..4] != *b"\x7fELF" {
        return not_library();
    }
    let half = |b: &[u8], i: usize| u16::from_le_bytes([b[i], b[i + 1]]);
    let long = |b: &[u8], i: usize| b[i..i + 8].iter().rev().fold(0u64, |n, x| n << 8 | u64::from(*x));
    let machine = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    if head[4] != 2 || head[5] != 1 || half(&head, 18) != machine {
        return problem!("{at} is a library for another kind of machine: rebuild it on this one");
    }
    if half(&head, 16) != 3 {
        return not_library();
    }
    let damaged = || problem!("{at} is damaged or incomplete: build or copy it again");
    let (offset, entry, count) = (long(&head, 32), half(&head, 54), half(&head, 56));
    let mut table = vec![0u8; usize::from(entry) * usize::from(count)];
    if entry < 56 || file.seek(SeekFrom::Start(offset)).is_err() || file.read_exact(&mut table).is_err() {
        return damaged();
    }
    for p in table.chunks_exact(entry.into()) {
        match long(p, 8).checked_add(long(p, 32)) {
            Some(end) if end <= meta.len() => {}
            _ => return damaged(),
        }
    }
    Ok(())
}
