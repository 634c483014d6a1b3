//! What the programs `taipan` and `taipan-plugin` share: the command line, the environment, the places of an installation.
//!
//! Arguments are parsed by hand: CPython's rules (options end at the program, short ones combine, `-c` takes the rest) fit no library,
//! and start-up time counts.

pub mod args;
pub mod bundled;
pub mod env;
pub mod help;
pub mod info;
pub mod places;
pub mod run;
pub mod tools;

/// Language level: what `sys.version_info` says, and the standard library that belongs to it.
pub const PYTHON_VERSION: &str = "3.14.7";
/// Taipan's own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Panics of the host become one line; the process ends as after any other internal error.
pub fn one_line_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("no message");
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let at = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        taipan_loader::complain(&format!("internal error: {line}{at}"));
    }));
}
