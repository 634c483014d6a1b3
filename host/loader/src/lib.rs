//! Profiles; finding, checking and loading the parts; starting them.
//!
//! Reading order: [`profile`] (what a file says), [`resolve`] (which parts that means), [`find`] and [`library`] (from a name to a checked
//! library), [`assemble`] (all of a plan), [`start`] (the first thread), [`host`] (what spaces and modules ask of the host).

pub mod assemble;
pub mod bundled;
pub mod find;
pub mod frontend;
pub mod gil;
pub mod host;
pub mod index;
pub mod library;
pub mod memory;
pub mod problem;
pub mod profile;
pub mod resolve;
pub mod settings;
pub mod start;

pub use problem::{Outcome, Place, Problem};
pub use resolve::{Overrides, Plan};
pub use settings::Settings;

use std::path::{Path, PathBuf};

/// The profiles used where no file is found: the same text as the repository's plugins.toml.
pub const BUILT_IN: &str = include_str!("../../../plugins.toml");

/// Keys of `--set` that the program itself answers: the standard library, its overlay, the folder of caches.
pub const HOST_KEYS: &[&str] = &["lib", "overlay", "cache"];

/// A path from a profile: `~` is the home directory, anything relative starts at `base`.
pub fn expand(base: &Path, path: &str) -> PathBuf {
    if let Some(rest) = path.strip_prefix("~/")
        && let Some(home) = std::env::var_os("HOME")
    {
        return Path::new(&home).join(rest);
    }
    base.join(path)
}

/// The system's words for an error, without the number Rust adds.
pub fn os_text(e: &std::io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or_default().to_string()
}

/// One line on standard error, as every message of the host.
pub fn complain(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "taipan: {text}");
}
