//! The program `taipan`: from the command line to a started interpreter.

use crate::args::{self, Args, Instead, Program};
use crate::env::{self, Env};
use crate::places::{self, Places};
use crate::{help, info};
use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use taipan_loader::profile::{self, Named, ProfileFile};
use taipan_loader::{Outcome, Overrides, Place, Settings, assemble, problem, resolve, start};

/// Runs; the answer is the process's exit status.
pub fn main(words: Vec<OsString>) -> i32 {
    let program = words.first().map_or("taipan".into(), |p| p.to_string_lossy());
    let args = match args::parse(words.get(1..).unwrap_or_default()) {
        Ok(a) => a,
        Err(wrong) if wrong.usage => {
            let usage = help::usage(&program);
            let _ = write!(std::io::stderr(), "{}\n{usage}Try `python -h' for more information.\n", wrong.text);
            return 2;
        }
        Err(wrong) => {
            taipan_loader::complain(&wrong.text);
            return 2;
        }
    };
    let text = match args.instead {
        Some(Instead::Help) => help::help(&program),
        Some(Instead::HelpEnv) => help::ENVIRONMENT.into(),
        Some(Instead::HelpXoptions) => help::XOPTIONS.into(),
        Some(Instead::HelpAll) => help::all(&program),
        Some(Instead::Version(n)) => help::version(n),
        Some(Instead::Info) | None => String::new(),
    };
    if !text.is_empty() {
        return i32::from(std::io::stdout().write_all(text.as_bytes()).is_err());
    }
    let env = Env::new(&args);
    let mut settings = Settings::default();
    if let Err(fatal) = env::fill(&mut settings, &args, &env) {
        let _ = std::io::stderr().write_all(fatal.message().as_bytes());
        return 1;
    }
    if args.instead.is_none()
        && let Err(status) = program_settings(&mut settings, &args, &program)
    {
        return status;
    }
    match begin(settings, &args, &env, &words) {
        Ok(status) => status,
        Err(p) => {
            taipan_loader::complain(p.text());
            match &p.report {
                Some(report) if args.verbose_abi => {
                    let _ = writeln!(std::io::stderr(), "{}", report.trim());
                }
                _ => {}
            }
            2
        }
    }
}

fn begin(mut settings: Settings, args: &Args, env: &Env, words: &[OsString]) -> Outcome<i32> {
    let places = Places::find(words.first());
    let files = profile_files(&places, args.plugins.as_deref(), args.isolated, env)?;
    let (own, sets): (Vec<_>, Vec<_>) =
        args.sets.iter().cloned().partition(|(k, _)| taipan_loader::HOST_KEYS.contains(&k.as_str()));
    let named = |from: &str, name: String| Named { name, place: Place::command(from) };
    let chosen = args.profile.clone().map(|p| named("--profile", p)).or_else(|| {
        let name = env.get("TAIPAN_PROFILE")?.to_string_lossy().into_owned();
        Some(named("TAIPAN_PROFILE", name))
    });
    let plan = resolve::resolve(&files, &Overrides { profile: chosen, sets, modules: args.modules.clone() })?;
    place_settings(&mut settings, &places, &own, env, words)?;
    let host = assemble::assemble(plan, settings, &places.libraries)?;
    if args.instead == Some(Instead::Info) {
        let text = info::text(&host, &places);
        return Ok(i32::from(std::io::stdout().write_all(text.as_bytes()).is_err()));
    }
    start::run(host)
}

/// The program's own profiles, the user's, and those of `--plugins`, in order of precedence.
pub fn profile_files(places: &Places, plugins: Option<&OsStr>, isolated: bool, env: &Env) -> Outcome<Vec<ProfileFile>> {
    let mut files = Vec::new();
    files.push(match &places.profiles {
        Some(path) => profile::read(path)?,
        None => profile::parse(taipan_loader::BUILT_IN, Path::new("<built-in plugins.toml>"))?,
    });
    if !isolated && let Some(path) = places::user_profiles() {
        files.push(profile::read(&path)?);
    }
    if let Some(path) = plugins.map(OsStr::to_owned).or_else(|| env.get("TAIPAN_PLUGINS")) {
        files.push(profile::read(Path::new(&path))?);
    }
    Ok(files)
}

/// `path.*`, `executable`, versions.
fn place_settings(
    s: &mut Settings,
    places: &Places,
    own: &[(String, String)],
    env: &Env,
    words: &[OsString],
) -> Outcome<()> {
    let option = |key: &str| own.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    for (i, w) in words.iter().enumerate() {
        s.os(format!("orig_argv.{i}"), w);
    }
    s.number("orig_argc", words.len() as i64);
    s.os("executable", &places.executable);
    s.text("version", crate::PYTHON_VERSION);
    s.text("version.taipan", crate::VERSION);
    s.text("version.compiler", taipan_abi::plugin::COMPILER);

    let mut stdlib = places::stdlib(places, option("lib"), env)?;
    let mut prefix = places.prefix.clone();
    if let Some(home) = env.get("PYTHONHOME") {
        s.os("path.home", &home);
        let first = home.as_bytes().split(|b| *b == b':').next().unwrap_or_default();
        prefix = PathBuf::from(OsStr::from_bytes(first));
        let lib = prefix.join("lib/python3.14");
        if option("lib").is_none() && lib.join("os.py").is_file() {
            stdlib = Some(lib);
        }
    }
    let Some(stdlib) = stdlib else {
        return problem!(
            "Python's library is not where it was when this program was built or installed: give a CPython 3.14 Lib by --set lib=DIRECTORY or TAIPAN_LIB"
        );
    };
    let whole = |p: PathBuf| std::path::absolute(&p).unwrap_or(p);
    let overlay = option("overlay").map(|p| whole(p.into())).or_else(|| places.overlay.clone());
    s.os("path.prefix", &prefix);
    if let Some(venv) = &places.venv {
        s.os("path.venv", venv);
    }
    s.os("path.stdlib", &stdlib);
    let mut path = Vec::new();
    if let Some(v) = env.get("PYTHONPATH") {
        path.extend(std::env::split_paths(&v));
        s.os("path.pythonpath", v);
    }
    if let Some(overlay) = overlay {
        s.os("path.overlay", &overlay);
        path.push(overlay);
    }
    path.push(stdlib);
    for (i, p) in path.iter().enumerate() {
        s.os(format!("path.sys.{i}"), p);
    }
    let cache = option("cache")
        .map(|p| whole(p.into()))
        .or_else(|| env.get("TAIPAN_CACHE").map(PathBuf::from))
        .or_else(places::cache_folder);
    if let Some(cache) = cache {
        s.os("cache.dir", cache);
    }
    Ok(())
}

/// `run.*`, `argv.*` and the first entry of sys.path. `Err`: the exit status, after the message was printed.
fn program_settings(s: &mut Settings, args: &Args, program: &str) -> Result<(), i32> {
    for (i, w) in args.argv.iter().enumerate() {
        s.os(format!("argv.{i}"), w);
    }
    s.number("argc", args.argv.len() as i64);
    s.number("run.skip_first_line", i64::from(args.skip_first_line));
    let safe = s.get("flags.safe_path").is_some_and(|v| v != b"0");
    let (mode, value, mut first) = match &args.program {
        Program::Command(code) => ("command", OsString::from_vec(dedent(code.as_bytes())), Some(PathBuf::new())),
        Program::Module(name) => ("module", name.clone(), std::env::current_dir().ok()),
        Program::Stdin => {
            // SAFETY: no conditions.
            let terminal = unsafe { libc::isatty(0) } == 1 || args.inspect > 0;
            (if terminal { "interactive" } else { "stdin" }, OsString::new(), Some(PathBuf::new()))
        }
        Program::File(name) => {
            // As CPython has it: absolute, and otherwise as it was written.
            let path = std::env::current_dir().map_or_else(|_| PathBuf::from(name), |folder| folder.join(name));
            if is_importable(&path) {
                s.os("path.first", &path);
                ("path", path.into_os_string(), None)
            } else {
                if let Err(e) = std::fs::metadata(&path)
                    && args.inspect == 0
                {
                    let (full, number) = (path.display().to_string(), e.raw_os_error().unwrap_or(0));
                    let why = taipan_loader::os_text(&e);
                    let _ = writeln!(std::io::stderr(), "{program}: can't open file '{full}': [Errno {number}] {why}");
                    return Err(2);
                }
                let real = std::fs::canonicalize(&path).unwrap_or(path.clone());
                ("script", path.into_os_string(), real.parent().map(Path::to_path_buf))
            }
        }
    };
    if safe {
        first = None;
    }
    if let Some(first) = first {
        s.os("path.first", first);
    }
    s.text("run.mode", mode);
    s.os("run.value", value);
    Ok(())
}

/// A directory or a zip archive, which is put in sys.path and its `__main__` run.
fn is_importable(path: &Path) -> bool {
    let Ok(meta) = std::fs::metadata(path) else { return false };
    if meta.is_dir() {
        return true;
    }
    // The end record: 22 bytes, the last two of which are the length of the comment after it.
    const RECORD: u64 = 22;
    if !meta.is_file() || meta.len() < RECORD {
        return false;
    }
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let mut head = [0u8; 2];
    if file.read_exact(&mut head).is_err() {
        return false;
    }
    // Only what can be an archive is searched for a comment: one that begins as such, or an executable one.
    let tail = if matches!(&head, b"PK" | b"#!") { meta.len().min(RECORD + 65535) } else { RECORD };
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::End(-(tail as i64))).is_err() || file.read_to_end(&mut bytes).is_err() {
        return false;
    }
    (0..=bytes.len().saturating_sub(RECORD as usize)).rev().any(|i| {
        bytes[i..].starts_with(b"PK\x05\x06")
            && i + 22 + usize::from(u16::from_le_bytes([bytes[i + 20], bytes[i + 21]])) == bytes.len()
    })
}

/// The text of `-c` without the indentation that all its lines share.
fn dedent(code: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = code.split_inclusive(|b| *b == b'\n').collect();
    let blank = |line: &[u8]| line.iter().all(|b| matches!(b, b' ' | b'\t' | b'\n'));
    let mut margin: Option<&[u8]> = None;
    for line in lines.iter().filter(|l| !blank(l)) {
        let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let shared = margin.map_or(indent, |m| m.iter().zip(&line[..indent]).take_while(|(a, b)| a == b).count());
        margin = Some(&line[..shared]);
    }
    let Some(margin @ [_, ..]) = margin else { return code.to_vec() };
    let cut = |line: &&[u8]| {
        if blank(line) { &line[line.len() - usize::from(line.ends_with(b"\n"))..] } else { &line[margin.len()..] }
            .to_vec()
    };
    lines.iter().flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dedents() {
        assert_eq!(dedent(b"  a\n    b\n\n  c\n"), b"a\n  b\n\nc\n");
        assert_eq!(dedent(b" \n\tx\n"), b"\nx\n");
        assert_eq!(dedent(b"a\n  b\n"), b"a\n  b\n");
        assert_eq!(dedent(b" a\n\tb\n"), b" a\n\tb\n");
        assert_eq!(dedent(b""), b"");
    }
}
