//! The environment's variables and `-X` options, combined with the command line as CPython combines them, into settings.

use crate::args::Args;
use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use taipan_loader::Settings;

/// An error that ends the start as CPython's fatal errors do: exit status 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    /// `function: sentence`
    pub text: String,
    /// CPython's phase: before or after the locale was decided.
    pub phase: &'static str,
}

impl Fatal {
    /// What goes to standard error.
    pub fn message(&self) -> String {
        format!("Fatal Python error: {}\nPython runtime state: {}\n\n", self.text, self.phase)
    }
}

fn fatal<T>(text: &str) -> Result<T, Fatal> {
    Err(Fatal { text: text.into(), phase: "preinitialized" })
}

/// Looks at the environment unless `-E` or `-I` forbids it. Empty variables count as unset.
pub struct Env {
    used: bool,
}

impl Env {
    /// As the command line says.
    pub fn new(args: &Args) -> Env {
        Env { used: !args.ignore_environment }
    }
    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<OsString> {
        if !self.used {
            return None;
        }
        std::env::var_os(name).filter(|v| !v.is_empty())
    }
    fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    /// A count: what is not a number counts as 1.
    fn flag(&self, name: &str, given: i64) -> i64 {
        match self.get(name) {
            None => given,
            Some(v) => given.max(v.to_str().and_then(|v| v.trim_start().parse().ok()).filter(|n| *n >= 0).unwrap_or(1)),
        }
    }
}

/// The last `-X name` or `-X name=value`; the value is empty if there is none.
fn xoption<'a>(args: &'a Args, name: &str) -> Option<&'a OsStr> {
    args.xoptions.iter().rev().find_map(|x| {
        let rest = x.as_bytes().strip_prefix(name.as_bytes())?;
        match rest.split_first() {
            None => Some(OsStr::new("")),
            Some((b'=', value)) => Some(OsStr::from_bytes(value)),
            Some(_) => None,
        }
    })
}

fn number(v: &OsStr) -> Option<i64> {
    v.to_str()?.parse().ok()
}

/// Fills `flags.*`, `warnoptions.*`, `xoptions.*`, `hash_seed` and the variables that name places.
pub fn fill(s: &mut Settings, args: &Args, env: &Env) -> Result<(), Fatal> {
    utf8_mode(s, args, env)?;
    let dev = xoption(args, "dev").is_some() || env.is_set("PYTHONDEVMODE");
    let inspect = args.inspect.max(i64::from(env.is_set("PYTHONINSPECT")));
    let flags = [
        ("debug", env.flag("PYTHONDEBUG", args.debug)),
        ("inspect", inspect),
        ("interactive", args.inspect),
        ("optimize", env.flag("PYTHONOPTIMIZE", args.optimize)),
        ("dont_write_bytecode", env.flag("PYTHONDONTWRITEBYTECODE", args.dont_write_bytecode).min(1)),
        ("no_user_site", env.flag("PYTHONNOUSERSITE", args.no_user_site).min(1)),
        ("no_site", i64::from(args.no_site)),
        ("ignore_environment", i64::from(args.ignore_environment)),
        ("verbose", env.flag("PYTHONVERBOSE", args.verbose)),
        ("bytes_warning", args.bytes_warning),
        ("quiet", args.quiet),
        ("isolated", i64::from(args.isolated)),
        ("dev_mode", i64::from(dev)),
        ("safe_path", i64::from(args.safe_path || env.is_set("PYTHONSAFEPATH"))),
        ("unbuffered", env.flag("PYTHONUNBUFFERED", i64::from(args.unbuffered)).min(1)),
        (
            "warn_default_encoding",
            i64::from(xoption(args, "warn_default_encoding").is_some() || env.is_set("PYTHONWARNDEFAULTENCODING")),
        ),
        (
            "code_debug_ranges",
            i64::from(xoption(args, "no_debug_ranges").is_none() && !env.is_set("PYTHONNODEBUGRANGES")),
        ),
        ("faulthandler", i64::from(dev || xoption(args, "faulthandler").is_some() || env.is_set("PYTHONFAULTHANDLER"))),
    ];
    for (name, value) in flags {
        s.number(format!("flags.{name}"), value);
    }
    s.number("flags.int_max_str_digits", int_max_str_digits(args, env)?);
    s.number("flags.importtime", import_time(args, env)?);
    s.number("flags.tracemalloc", tracemalloc(args, env)?);
    if let Some(n) = cpu_count(args, env)? {
        s.number("flags.cpu_count", n);
    }
    match xoption(args, "gil").map(OsStr::to_owned).or_else(|| env.get("PYTHON_GIL")) {
        Some(v) if v == "0" => return fatal("config_read_gil: Disabling the GIL is not supported by this build"),
        Some(v) if v != "1" => return fatal("config_read_gil: PYTHON_GIL / -X gil must be \"0\" or \"1\""),
        _ => s.number("flags.gil", 1),
    }
    let zero_one = |x: &str, var: &str, function: &str| -> Result<i64, Fatal> {
        let bad = |how: &str| fatal(&format!("{function}: {how} is missing or invalid"));
        match (xoption(args, x).map(number), env.get(var).map(|v| number(&v))) {
            (Some(Some(n @ 0..=1)), _) | (None, Some(Some(n @ 0..=1))) => Ok(n),
            (Some(_), _) => bad(&format!("-X {x}=n: n")),
            (None, Some(_)) => bad(&format!("{var}=N: N")),
            (None, None) => Ok(0),
        }
    };
    let inherit =
        zero_one("thread_inherit_context", "PYTHON_THREAD_INHERIT_CONTEXT", "config_init_thread_inherit_context")?;
    s.number("flags.thread_inherit_context", inherit);
    let aware =
        zero_one("context_aware_warnings", "PYTHON_CONTEXT_AWARE_WARNINGS", "config_init_context_aware_warnings")?;
    s.number("flags.context_aware_warnings", aware);
    if let Some(v) = xoption(args, "frozen_modules")
        && !matches!(v.as_bytes(), b"on" | b"off" | b"")
    {
        return fatal("bad value for option -X frozen_modules (expected \"on\" or \"off\")");
    }
    hash_seed(s, env)?;
    warnings(s, args, env, dev);
    for (i, x) in args.xoptions.iter().enumerate() {
        s.os(format!("xoptions.{i}"), x);
    }

    match xoption(args, "pycache_prefix") {
        Some(v) if v.is_empty() => {}
        Some(v) => s.os("path.pycache_prefix", v),
        None => copy(s, env, "PYTHONPYCACHEPREFIX", "path.pycache_prefix"),
    }
    copy(s, env, "PYTHONSTARTUP", "path.startup");
    copy(s, env, "PYTHONIOENCODING", "io.encoding");
    copy(s, env, "PYTHONPLATLIBDIR", "platlibdir");
    copy(s, env, "PYTHON_BASIC_REPL", "basic_repl");
    s.text("check_hash_based_pycs", args.check_hash_pycs.as_deref().unwrap_or("default"));
    Ok(())
}

fn copy(s: &mut Settings, env: &Env, variable: &str, key: &str) {
    if let Some(v) = env.get(variable) {
        s.os(key, v);
    }
}

/// PEP 538 and PEP 540: the C locale is coerced to C.UTF-8 for child processes, and UTF-8 mode is on in it.
fn utf8_mode(s: &mut Settings, args: &Args, env: &Env) -> Result<(), Fatal> {
    let bad = |text: &str| Err(Fatal { text: text.into(), phase: "preinitializing" });
    // SAFETY: no other thread runs yet; the answer is a C string or null.
    let locale = unsafe {
        let p = libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        if p.is_null() { b"C".to_vec() } else { CStr::from_ptr(p).to_bytes().to_vec() }
    };
    let plain = matches!(&locale[..], b"C" | b"POSIX");
    let mode = match (xoption(args, "utf8"), env.get("PYTHONUTF8")) {
        (Some(v), _) => match v.as_bytes() {
            b"" | b"1" => 1,
            b"0" => 0,
            _ => return bad("preconfig_init_utf8_mode: invalid -X utf8 option value"),
        },
        (None, Some(v)) => match v.as_bytes() {
            b"1" => 1,
            b"0" => 0,
            _ => return bad("preconfig_init_utf8_mode: invalid PYTHONUTF8 environment variable value"),
        },
        (None, None) => i64::from(plain),
    };
    s.number("flags.utf8_mode", mode);
    let may_coerce = !args.isolated && env.get("PYTHONCOERCECLOCALE").is_none_or(|v| v != "0");
    if plain && may_coerce && std::env::var_os("LC_ALL").is_none_or(|v| v.is_empty()) {
        // SAFETY: no other thread runs yet.
        let coerced = unsafe { !libc::setlocale(libc::LC_CTYPE, c"C.UTF-8".as_ptr()).is_null() };
        if coerced {
            // SAFETY: as above.
            unsafe { std::env::set_var("LC_CTYPE", "C.UTF-8") };
        }
    }
    Ok(())
}

fn int_max_str_digits(args: &Args, env: &Env) -> Result<i64, Fatal> {
    let (v, from) = match (xoption(args, "int_max_str_digits"), env.get("PYTHONINTMAXSTRDIGITS")) {
        (Some(v), _) => (v.to_owned(), "-X int_max_str_digits"),
        (None, Some(v)) => (v, "PYTHONINTMAXSTRDIGITS"),
        (None, None) => return Ok(4300),
    };
    match number(&v) {
        Some(n) if n == 0 || (640..=i64::from(i32::MAX)).contains(&n) => Ok(n),
        _ => {
            fatal(&format!("config_init_int_max_str_digits: {from}: invalid limit; must be >= 640 or 0 for unlimited."))
        }
    }
}

fn import_time(args: &Args, env: &Env) -> Result<i64, Fatal> {
    match (xoption(args, "importtime"), env.get("PYTHONPROFILEIMPORTTIME")) {
        (Some(v), _) => match v.as_bytes() {
            b"" | b"1" => Ok(1),
            b"2" => Ok(2),
            _ => {
                fatal("config_init_import_time: -X importtime: values other than 1 and 2 are reserved for future use.")
            }
        },
        (None, Some(v)) => match number(&v) {
            None | Some(1) => Ok(1),
            Some(2) => Ok(2),
            Some(_) => fatal(
                "config_init_import_time: PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use.",
            ),
        },
        (None, None) => Ok(0),
    }
}

fn tracemalloc(args: &Args, env: &Env) -> Result<i64, Fatal> {
    let (v, from) = match (xoption(args, "tracemalloc"), env.get("PYTHONTRACEMALLOC")) {
        (Some(v), _) if v.is_empty() => return Ok(1),
        (Some(v), _) => (v.to_owned(), "-X tracemalloc=NFRAME"),
        (None, Some(v)) => (v, "PYTHONTRACEMALLOC"),
        (None, None) => return Ok(0),
    };
    match number(&v) {
        Some(n @ 0..=65535) => Ok(n),
        _ => fatal(&format!("config_init_tracemalloc: {from}: invalid number of frames")),
    }
}

fn cpu_count(args: &Args, env: &Env) -> Result<Option<i64>, Fatal> {
    let Some(v) = xoption(args, "cpu_count").map(OsStr::to_owned).or_else(|| env.get("PYTHON_CPU_COUNT")) else {
        return Ok(None);
    };
    match number(&v) {
        _ if v == "default" => Ok(None),
        Some(n) if n > 0 => Ok(Some(n)),
        _ => fatal(
            "config_init_cpu_count: -X cpu_count=n option: n is missing or an invalid number, n must be greater than 0",
        ),
    }
}

fn hash_seed(s: &mut Settings, env: &Env) -> Result<(), Fatal> {
    let seed = match env.get("PYTHONHASHSEED") {
        Some(v) if v != "random" => match v.to_str().and_then(|v| v.parse::<u32>().ok()) {
            Some(n) => Some(n),
            None => {
                return fatal(
                    "config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
                );
            }
        },
        _ => None,
    };
    s.text("hash_seed", seed.map_or("random".into(), |n| n.to_string()));
    s.number("flags.hash_randomization", i64::from(seed != Some(0)));
    Ok(())
}

/// Later ones have precedence: development mode, environment, `-W`, `-b`.
fn warnings(s: &mut Settings, args: &Args, env: &Env, dev: bool) {
    let mut all: Vec<OsString> = Vec::new();
    if dev {
        all.push("default".into());
    }
    if let Some(v) = env.get("PYTHONWARNINGS") {
        all.extend(v.as_bytes().split(|b| *b == b',').map(|w| OsStr::from_bytes(w).to_owned()));
    }
    all.extend(args.warnings.iter().cloned());
    match args.bytes_warning {
        0 => {}
        1 => all.push("default::BytesWarning".into()),
        _ => all.push("error::BytesWarning".into()),
    }
    for (i, w) in all.iter().enumerate() {
        s.os(format!("warnoptions.{i}"), w);
    }
}
