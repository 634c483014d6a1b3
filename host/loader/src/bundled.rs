//! Parts that are linked into the program instead of loaded.
//!
//! A program that links parts statically registers each part's root before it starts; a profile that names the part by name then gets
//! the linked one. The contract is the same, only the handshake falls away, because there is one compiler and one build.

use crate::library::{OptionText, Part};
use std::path::PathBuf;
use std::sync::RwLock;
use taipan_abi::plugin::{ABI, COMPILER, Kind};

static PARTS: RwLock<Vec<Part>> = RwLock::new(Vec::new());

/// A part's root as a static program knows it.
#[allow(missing_docs)]
pub struct Root {
    pub kind: Kind,
    pub name: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    /// (name, help, default)
    pub options: &'static [(&'static str, &'static str, &'static str)],
    /// The static table of the kind.
    pub table: *const (),
}

// SAFETY: the table is an immutable static.
unsafe impl Sync for Root {}

/// Adds a part.
///
/// # Safety
/// `table` is the kind's table and lives for ever.
pub unsafe fn register(root: &Root) {
    debug_assert_eq!(*root.table.cast::<u32>(), ABI);
    let option =
        |&(name, help, default): &(&'static str, &'static str, &'static str)| OptionText { name, help, default };
    let part = Part {
        kind: root.kind,
        name: root.name,
        version: root.version,
        description: root.description,
        compiler: COMPILER,
        options: root.options.iter().map(option).collect(),
        file: PathBuf::new(),
        table: root.table,
    };
    PARTS.write().unwrap_or_else(|e| e.into_inner()).push(part);
}

/// The linked part of that name.
pub fn find(kind: Kind, name: &str) -> Option<Part> {
    let parts = PARTS.read().unwrap_or_else(|e| e.into_inner());
    parts.iter().find(|p| p.kind == kind && p.name == name).cloned()
}

/// All linked parts.
pub fn all() -> Vec<Part> {
    PARTS.read().unwrap_or_else(|e| e.into_inner()).clone()
}
