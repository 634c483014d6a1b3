//! The program `taipan`.

fn main() {
    taipan_cli::one_line_panics();
    taipan_cli::bundled::register();
    let words = std::env::args_os().collect();
    let status = std::panic::catch_unwind(|| taipan_cli::run::main(words)).unwrap_or(1);
    // Parts may have threads that never end; their libraries stay loaded.
    std::process::exit(status);
}
