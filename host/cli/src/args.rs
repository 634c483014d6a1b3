//! The command line, by CPython's rules.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Program {
    /// Standard input, or a prompt.
    #[default]
    Stdin,
    /// `-c`
    Command(OsString),
    /// `-m`
    Module(OsString),
    /// A file, directory or archive.
    File(OsString),
}

/// What to do instead of running Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Instead {
    Help,
    HelpEnv,
    HelpXoptions,
    HelpAll,
    /// How often `-V` was given.
    Version(u32),
    /// `--info`
    Info,
}

/// The options of the command line, before the environment is looked at.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Args {
    pub program: Program,
    /// `sys.argv`
    pub argv: Vec<OsString>,
    pub instead: Option<Instead>,
    pub bytes_warning: i64,
    pub dont_write_bytecode: i64,
    pub debug: i64,
    pub ignore_environment: bool,
    pub inspect: i64,
    pub isolated: bool,
    pub optimize: i64,
    pub safe_path: bool,
    pub quiet: i64,
    pub no_user_site: i64,
    pub no_site: bool,
    pub unbuffered: bool,
    pub verbose: i64,
    pub skip_first_line: bool,
    pub warnings: Vec<OsString>,
    pub xoptions: Vec<OsString>,
    pub check_hash_pycs: Option<String>,
    // Taipan's own.
    pub profile: Option<String>,
    pub plugins: Option<OsString>,
    pub sets: Vec<(String, String)>,
    pub modules: Vec<(String, bool)>,
    pub verbose_abi: bool,
}

/// A wrong command line: the first line of the message; the usage follows when `usage` is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Wrong {
    pub text: String,
    pub usage: bool,
}

fn wrong<T>(text: String) -> Result<T, Wrong> {
    Err(Wrong { text, usage: true })
}

/// The words after the program's name, with a cursor.
struct Words<'a> {
    words: &'a [OsString],
    at: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Option<OsString> {
        let w = self.words.get(self.at)?.clone();
        self.at += 1;
        Some(w)
    }
}

/// Parses the words after the program's name.
pub fn parse(words: &[OsString]) -> Result<Args, Wrong> {
    let mut a = Args::default();
    let mut w = Words { words, at: 0 };
    let mut versions = 0;
    let mut info = false;
    // Options end at the first word that is none, at "--", and at -c and -m.
    while let Some(word) = w.words.get(w.at) {
        let bytes = word.as_bytes();
        if bytes.len() < 2 || bytes[0] != b'-' {
            break;
        }
        w.at += 1;
        if bytes == b"--" {
            break;
        }
        if let Some(long) = bytes.strip_prefix(b"--") {
            match long {
                b"help" => a.instead = Some(Instead::Help),
                b"help-env" => a.instead = Some(Instead::HelpEnv),
                b"help-xoptions" => a.instead = Some(Instead::HelpXoptions),
                b"help-all" => a.instead = Some(Instead::HelpAll),
                b"version" => versions += 1,
                b"info" => info = true,
                b"verbose-abi" => a.verbose_abi = true,
                _ => long_option(&mut a, &mut w, &String::from_utf8_lossy(long))?,
            }
            if a.instead.is_some() {
                return Ok(a);
            }
            continue;
        }
        if short_options(&mut a, &mut w, &bytes[1..], &mut versions)? {
            break;
        }
        if a.instead.is_some() {
            return Ok(a);
        }
    }
    if versions > 0 {
        a.instead = Some(Instead::Version(versions));
    } else if info {
        a.instead = Some(Instead::Info);
    }
    let rest = &words[w.at..];
    match &a.program {
        Program::Command(_) => a.argv.push("-c".into()),
        Program::Module(_) => a.argv.push("-m".into()),
        _ => match rest.first() {
            None => a.argv.push(OsString::new()),
            Some(first) if first == "-" => {}
            Some(first) => a.program = Program::File(first.clone()),
        },
    }
    a.argv.extend(rest.iter().cloned());
    Ok(a)
}

/// One word of short options. True: the rest of the command line is the program's.
fn short_options(a: &mut Args, w: &mut Words<'_>, letters: &[u8], versions: &mut u32) -> Result<bool, Wrong> {
    for (i, letter) in letters.iter().enumerate() {
        // The value of an option is the rest of its word, or the next one.
        let mut value = || {
            let rest = &letters[i + 1..];
            if !rest.is_empty() {
                return Ok(OsStr::from_bytes(rest).to_owned());
            }
            w.next().map_or_else(|| wrong(format!("Argument expected for the -{} option", *letter as char)), Ok)
        };
        match letter {
            b'c' => {
                let mut code = value()?.into_vec();
                code.push(b'\n');
                a.program = Program::Command(OsString::from_vec(code));
                return Ok(true);
            }
            b'm' => {
                a.program = Program::Module(value()?);
                return Ok(true);
            }
            b'W' => {
                let v = value()?;
                a.warnings.push(v);
                return Ok(false);
            }
            b'X' => {
                let v = value()?;
                a.xoptions.push(v);
                return Ok(false);
            }
            b'b' => a.bytes_warning += 1,
            b'B' => a.dont_write_bytecode = 1,
            b'd' => a.debug += 1,
            b'E' => a.ignore_environment = true,
            b'h' | b'?' => {
                a.instead = Some(Instead::Help);
                return Ok(false);
            }
            b'i' => a.inspect += 1,
            b'I' => {
                a.isolated = true;
                a.ignore_environment = true;
                a.safe_path = true;
                a.no_user_site = 1;
            }
            b'O' => a.optimize += 1,
            b'P' => a.safe_path = true,
            b'q' => a.quiet += 1,
            // Kept by CPython for old command lines, without effect.
            b'R' | b't' => {}
            b's' => a.no_user_site = 1,
            b'S' => a.no_site = true,
            b'u' => a.unbuffered = true,
            b'v' => a.verbose += 1,
            b'V' => *versions += 1,
            b'x' => a.skip_first_line = true,
            other => {
                // The whole character, should it be of several bytes.
                let c = String::from_utf8_lossy(&letters[i..]).chars().next().unwrap_or(*other as char);
                return wrong(format!("Unknown option: -{c}"));
            }
        }
    }
    Ok(false)
}

fn long_option(a: &mut Args, w: &mut Words<'_>, long: &str) -> Result<(), Wrong> {
    let (name, attached) = match long.split_once('=') {
        Some((n, v)) => (n, Some(OsString::from(v))),
        None => (long, None),
    };
    if let Some(module) = name
        .strip_prefix("withmod-")
        .map(|m| (m, true))
        .or_else(|| name.strip_prefix("withoutmod-").map(|m| (m, false)))
    {
        if module.0.is_empty() {
            return Err(Wrong { text: format!("--{name} names no module: write --{name}NAME"), usage: false });
        }
        a.modules.push((module.0.to_string(), module.1));
        return Ok(());
    }
    let value = |w: &mut Words<'_>, word: &str| {
        attached
            .clone()
            .or_else(|| w.next())
            .map_or_else(|| wrong(format!("Argument expected for the --{name} {word}")), Ok)
    };
    match name {
        "check-hash-based-pycs" if attached_none(long) => {
            let v = value(w, "options")?.to_string_lossy().into_owned();
            if !matches!(v.as_str(), "default" | "always" | "never") {
                return wrong("--check-hash-based-pycs must be one of 'default', 'always', or 'never'".into());
            }
            a.check_hash_pycs = Some(v);
        }
        "profile" => a.profile = Some(value(w, "option")?.to_string_lossy().into_owned()),
        "plugins" => a.plugins = Some(value(w, "option")?),
        "set" => {
            let v = value(w, "option")?.to_string_lossy().into_owned();
            match v.split_once('=') {
                Some((k, v)) if !k.trim().is_empty() && !v.trim().is_empty() => {
                    a.sets.push((k.trim().into(), v.trim().into()))
                }
                Some((k, _)) if !k.trim().is_empty() => {
                    return Err(Wrong {
                        text: format!("--set {v}: the value is missing: write {}=VALUE", k.trim()),
                        usage: false,
                    });
                }
                Some(_) => {
                    return Err(Wrong {
                        text: format!("--set {v}: the key is missing: write KEY=VALUE"),
                        usage: false,
                    });
                }
                None => {
                    return Err(Wrong {
                        text: format!("--set {v}: the value is missing: write {v}=VALUE"),
                        usage: false,
                    });
                }
            }
        }
        _ => return wrong(format!("Unknown option: --{long}")),
    }
    Ok(())
}

/// CPython's long options take their value as the next word only.
fn attached_none(long: &str) -> bool {
    !long.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(line: &str) -> Result<Args, Wrong> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }
    fn argv(a: &Args) -> Vec<&str> {
        a.argv.iter().map(|w| w.to_str().unwrap()).collect()
    }

    #[test]
    fn programs() {
        assert_eq!(p("").unwrap().program, Program::Stdin);
        assert_eq!(argv(&p("").unwrap()), [""]);
        assert_eq!(argv(&p("- a").unwrap()), ["-", "a"]);
        let a = p("-Ic pass -x y").unwrap();
        assert_eq!((a.program.clone(), a.isolated), (Program::Command("pass\n".into()), true));
        assert_eq!(argv(&a), ["-c", "-x", "y"]);
        let a = p("-Om timeit -n 1").unwrap();
        assert_eq!((a.program.clone(), a.optimize), (Program::Module("timeit".into()), 1));
        assert_eq!(argv(&a), ["-m", "-n", "1"]);
        let a = p("-OO -W error -Xdev f.py -O").unwrap();
        assert_eq!((a.optimize, a.program.clone()), (2, Program::File("f.py".into())));
        assert_eq!(argv(&a), ["f.py", "-O"]);
        assert_eq!(argv(&p("-- -x").unwrap()), ["-x"]);
    }

    #[test]
    fn wrong_ones() {
        assert_eq!(p("-Z").unwrap_err().text, "Unknown option: -Z");
        assert_eq!(p("-c").unwrap_err().text, "Argument expected for the -c option");
        assert_eq!(p("--foo").unwrap_err().text, "Unknown option: --foo");
        assert!(p("--set gc").unwrap_err().text.contains("missing"));
        assert!(p("--set gc=").unwrap_err().text.contains("missing"));
        assert_eq!(p("--profile").unwrap_err().text, "Argument expected for the --profile option");
    }

    #[test]
    fn own_options() {
        let a = p("--profile nogc --set gc.nursery=1MB --withoutmod-_json --plugins=f.toml -V").unwrap();
        assert_eq!(a.profile.as_deref(), Some("nogc"));
        assert_eq!(a.sets, [("gc.nursery".to_string(), "1MB".to_string())]);
        assert_eq!(a.modules, [("_json".to_string(), false)]);
        assert_eq!(a.instead, Some(Instead::Version(1)));
    }
}
