//! The program `taipan-plugin`.

fn main() {
    taipan_cli::one_line_panics();
    taipan_cli::bundled::register();
    let words = std::env::args_os().collect();
    std::process::exit(std::panic::catch_unwind(|| taipan_cli::tools::main(words)).unwrap_or(1));
}
