//! Notes the compiler's version, for messages about plugin libraries.
fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let out = std::process::Command::new(rustc).arg("--version").output();
    let version = out.ok().and_then(|o| String::from_utf8(o.stdout).ok()).unwrap_or_default();
    println!("cargo:rustc-env=TAIPAN_RUSTC={}", version.trim());
    println!("cargo:rerun-if-changed=build.rs");
}
