//! `plugins.toml`: profiles as they are written.
//!
//! ```toml
//! default = "std"                       # the profile used when none is named
//! folders = ["../my-parts"]             # plugin folders, relative to this file
//!
//! [profiles.std]
//! spaces = ["std"]                      # outermost first
//! gc = { use = "seg", nursery = "16MB" }
//! modules = ["core"]                    # libraries of mixed modules
//!
//! [profiles.traced]
//! inherits = "std"
//! spaces = ["trace", "std"]
//! without = ["_json"]
//! options.trace = { out = "trace.txt" }
//! ```

use crate::problem;
use crate::problem::{Outcome, Place, Problem, hint};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A part as a profile names it: by name or path, perhaps with options.
#[derive(Debug, Clone)]
pub struct PartUse {
    /// The name, or a path to its library.
    pub name: String,
    /// Options written beside the name.
    pub options: Vec<OptionSet>,
    /// Where.
    pub place: Place,
}

/// One option of a part.
#[derive(Debug, Clone)]
pub struct OptionSet {
    #[allow(missing_docs)]
    pub key: String,
    #[allow(missing_docs)]
    pub value: String,
    /// Where.
    pub place: Place,
}

/// A module's name in `with` or `without`.
#[derive(Debug, Clone)]
pub struct Named {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub place: Place,
}

/// A profile as one file writes it: what is `None` is inherited.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Profile {
    pub name: String,
    pub place: Option<Place>,
    pub inherits: Option<Named>,
    pub spaces: Option<Vec<PartUse>>,
    pub gc: Option<PartUse>,
    /// `Some(None)` = "none".
    pub jit: Option<Option<PartUse>>,
    pub modules: Option<Vec<PartUse>>,
    pub with: Vec<Named>,
    pub without: Vec<Named>,
    pub folders: Vec<PathBuf>,
    /// Option tables by part name.
    pub options: BTreeMap<String, Vec<OptionSet>>,
}

/// What one file says.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct ProfileFile {
    pub default: Option<Named>,
    pub folders: Vec<PathBuf>,
    pub profiles: Vec<Profile>,
    pub options: BTreeMap<String, Vec<OptionSet>>,
}

const FILE_KEYS: &[&str] = &["default", "folders", "profiles", "options"];
/// The keys of a profile.
pub const PROFILE_KEYS: &[&str] =
    &["inherits", "spaces", "gc", "jit", "modules", "with", "without", "folders", "options"];

/// A file above this size is not a profile.
const MAX_FILE: u64 = 1 << 20;

/// Reads and parses a file.
pub fn read(path: &Path) -> Outcome<ProfileFile> {
    let at = path.display();
    match std::fs::metadata(path) {
        Ok(m) if m.is_dir() => {
            return problem!("{at} is a directory, not a file of profiles: name the plugins.toml in it");
        }
        Ok(m) if m.len() > MAX_FILE => {
            return problem!("{at} is {} bytes long, too long for a file of profiles: is it the right file?", m.len());
        }
        Ok(_) => {}
        Err(e) => return problem!("cannot read {at} ({}): check the path", crate::os_text(&e)),
    }
    let bytes = match std::fs::read(path) {
        Ok(b) => b,
        Err(e) => return problem!("cannot read {at} ({}): check its permissions", crate::os_text(&e)),
    };
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path),
        Err(e) => {
            let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            problem!("{at}:{line}: this line is not UTF-8, as TOML must be: save the file as UTF-8")
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

/// Parses the text of a file that lies at `path`.
pub fn parse(text: &str, path: &Path) -> Outcome<ProfileFile> {
    let r = Reader { text, path };
    let table = match DeTable::parse(text) {
        Ok(t) => t,
        Err(e) => {
            let place = r.place(e.span().map_or(0, |s| s.start));
            return problem!("{place}: not valid TOML ({}): mend this line", e.message());
        }
    };
    r.file(table.get_ref())
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        let upto = self.text.as_bytes().get(..offset).unwrap_or_default();
        Place { file: self.path.to_path_buf(), line: 1 + upto.iter().filter(|b| **b == b'\n').count() }
    }

    fn file(&self, table: &DeTable<'_>) -> Outcome<ProfileFile> {
        let mut out = ProfileFile::default();
        for (key, value) in table.iter() {
            let place = self.place(key.span().start);
            match key.get_ref().as_ref() {
                "default" => {
                    out.default = Some(Named { name: self.string(value, "default", "a profile's name")?, place })
                }
                "folders" => out.folders = self.folders(value)?,
                "options" => out.options = self.option_tables(value)?,
                "profiles" => {
                    let DeValue::Table(profiles) = value.get_ref() else {
                        return problem!("{place}: 'profiles' must be a table: write [profiles.NAME]");
                    };
                    for (name, body) in profiles.iter() {
                        out.profiles.push(self.profile(name, body)?);
                    }
                }
                other => {
                    return problem!("{place}: unknown key '{other}': {}", hint(other, FILE_KEYS.iter().copied()));
                }
            }
        }
        Ok(out)
    }

    fn profile(&self, name: &Spanned<std::borrow::Cow<'_, str>>, body: &Spanned<DeValue<'_>>) -> Outcome<Profile> {
        let place = self.place(name.span().start);
        let DeValue::Table(table) = body.get_ref() else {
            let name = name.get_ref();
            return problem!("{place}: profile '{name}' must be a table: write [profiles.{name}]");
        };
        let mut p = Profile { name: name.get_ref().to_string(), place: Some(place), ..Profile::default() };
        for (key, value) in table.iter() {
            self.set(&mut p, key.get_ref(), self.place(key.span().start), value)?;
        }
        Ok(p)
    }

    fn set(&self, p: &mut Profile, key: &str, place: Place, value: &Spanned<DeValue<'_>>) -> Outcome<()> {
        match key {
            "inherits" => p.inherits = Some(Named { name: self.string(value, key, "a profile's name")?, place }),
            "spaces" => p.spaces = Some(self.parts(value, key)?),
            "modules" => p.modules = Some(self.parts(value, key)?),
            "gc" => p.gc = Some(self.part(value, key)?),
            "jit" => {
                let part = self.part(value, key)?;
                if part.name == "none" && !part.options.is_empty() {
                    return problem!("{place}: 'jit' is \"none\", which has no options: remove them or name a JIT");
                }
                p.jit = Some((part.name != "none").then_some(part));
            }
            "with" => p.with = self.names(value, key)?,
            "without" => p.without = self.names(value, key)?,
            "folders" => p.folders = self.folders(value)?,
            "options" => p.options = self.option_tables(value)?,
            other => {
                let profile = if p.name.is_empty() { String::new() } else { format!(" in profile '{}'", p.name) };
                return problem!(
                    "{place}: unknown key '{other}'{profile}: {}",
                    hint(other, PROFILE_KEYS.iter().copied())
                );
            }
        }
        Ok(())
    }

    fn string(&self, value: &Spanned<DeValue<'_>>, key: &str, what: &str) -> Outcome<String> {
        match value.get_ref() {
            DeValue::String(s) if s.contains('\0') => {
                problem!("{}: '{key}' contains a NUL character: remove it", self.place(value.span().start))
            }
            DeValue::String(s) => Ok(s.to_string()),
            other => problem!(
                "{}: '{key}' must be {what} in quotes, not {}",
                self.place(value.span().start),
                type_name(other)
            ),
        }
    }

    fn list<T>(
        &self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        item: impl Fn(&Spanned<DeValue<'_>>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(item).collect(),
            other => problem!(
                "{}: '{key}' must be a list, not {}: put it in brackets",
                self.place(value.span().start),
                type_name(other)
            ),
        }
    }

    fn names(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Outcome<Vec<Named>> {
        self.list(value, key, |v| {
            Ok(Named { name: self.string(v, key, "a module's name")?, place: self.place(v.span().start) })
        })
    }

    fn folders(&self, value: &Spanned<DeValue<'_>>) -> Outcome<Vec<PathBuf>> {
        let base = self.path.parent().unwrap_or(Path::new("."));
        self.list(value, "folders", |v| Ok(crate::expand(base, &self.string(v, "folders", "a folder's path")?)))
    }

    fn parts(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Outcome<Vec<PartUse>> {
        self.list(value, key, |v| self.part(v, key))
    }

    fn part(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Outcome<PartUse> {
        let place = self.place(value.span().start);
        let (name, options) = match value.get_ref() {
            DeValue::Table(table) => {
                let mut name = None;
                let mut options = Vec::new();
                for (k, v) in table.iter() {
                    if k.get_ref() == "use" {
                        name = Some(self.string(v, "use", "a part's name")?);
                    } else {
                        options.push(self.option(k, v)?);
                    }
                }
                let Some(name) = name else {
                    return problem!("{place}: '{key}' is a table without 'use': write {{ use = \"NAME\", ... }}");
                };
                (name, options)
            }
            _ => (self.string(value, key, "a part's name")?, Vec::new()),
        };
        if name.is_empty() {
            return problem!("{place}: '{key}' names a part with an empty name: write its name or path");
        }
        Ok(PartUse { name, options, place })
    }

    fn option_tables(&self, value: &Spanned<DeValue<'_>>) -> Outcome<BTreeMap<String, Vec<OptionSet>>> {
        let DeValue::Table(parts) = value.get_ref() else {
            return problem!(
                "{}: 'options' must be a table of tables: write options.PART = {{ KEY = VALUE }}",
                self.place(value.span().start)
            );
        };
        let mut out = BTreeMap::new();
        for (part, table) in parts.iter() {
            let DeValue::Table(options) = table.get_ref() else {
                let part = part.get_ref();
                return problem!(
                    "{}: the options of '{part}' must be a table: write options.{part} = {{ KEY = VALUE }}",
                    self.place(table.span().start)
                );
            };
            let options = options.iter().map(|(k, v)| self.option(k, v)).collect::<Outcome<Vec<_>>>()?;
            out.insert(part.get_ref().to_string(), options);
        }
        Ok(out)
    }

    fn option(&self, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Outcome<OptionSet> {
        let place = self.place(key.span().start);
        match scalar(value.get_ref()) {
            Some(text) => Ok(OptionSet { key: key.get_ref().to_string(), value: text, place }),
            None => problem!(
                "{place}: option '{}' must be a string, a number or a boolean, not {}",
                key.get_ref(),
                type_name(value.get_ref())
            ),
        }
    }
}

/// The text a part receives for an option's value.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(s) => s.to_string(),
        DeValue::Integer(i) if i.radix() == 10 => i.as_str().to_string(),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok()?.to_string(),
        DeValue::Float(f) => f.as_str().to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `--set KEY=VALUE` for a key of the profile itself: the value is TOML, or a bare string.
pub fn set_from_command(p: &mut Profile, key: &str, value: &str) -> Outcome<()> {
    let r = Reader { text: value, path: Path::new("--set") };
    let place = Place::command("--set");
    let parsed = match DeValue::parse(value) {
        Ok(v) if !matches!(v.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => v,
        Err(e) if value.starts_with(['[', '{', '"', '\'']) => {
            return problem!("--set {key}={value}: not valid TOML ({}): mend the value", e.message());
        }
        _ if matches!(key, "spaces" | "modules" | "with" | "without" | "folders") && !value.is_empty() => Spanned::new(
            0..0,
            DeValue::Array([Spanned::new(0..0, DeValue::String(value.into()))].into_iter().collect()),
        ),
        _ => Spanned::new(0..0, DeValue::String(value.into())),
    };
    r.set(p, key, place, &parsed)
        .map_err(|e| Problem::new(e.text().replacen("--set:1:", &format!("--set {key}={value}:"), 1)))?;
    // What the command line names is relative to the working directory, and has no line.
    let named = p.spaces.iter_mut().flatten().chain(p.modules.iter_mut().flatten()).chain(&mut p.gc);
    for part in named.chain(p.jit.iter_mut().flatten()) {
        if part.place.file == Path::new("--set") {
            part.place.line = 0;
            part.options.iter_mut().for_each(|o| o.place.line = 0);
        }
    }
    for n in p.with.iter_mut().chain(&mut p.without).chain(&mut p.inherits) {
        if n.place.file == Path::new("--set") {
            n.place.line = 0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(name: &str) -> crate::Overrides {
        let named = Named { name: name.into(), place: Place::command("--profile") };
        crate::Overrides { profile: Some(named), ..Default::default() }
    }

    #[test]
    fn built_in_profiles() {
        let file = parse(crate::BUILT_IN, Path::new("/x/plugins.toml")).unwrap();
        for profile in ["std", "nogc", "bare"] {
            let over = chosen(profile);
            assert_eq!(crate::resolve::resolve(std::slice::from_ref(&file), &over).unwrap().profile, profile);
        }
    }

    /// Whatever bytes stand in a file, the outcome is a value or one line.
    #[test]
    fn any_text() {
        let seed = "default = 'a'\nfolders = ['x']\n[profiles.a]\nspaces = ['b', { use = \"c\", d = 1.5 }]\ngc = { use = 'e', n = 0x10 }\njit = 'none'\n\
                    inherits = 'b'\n[profiles.b]\nwith = []\noptions.x = { y = true, z = 1979-05-27 }\n[options.q]\nr = '''s\nt'''\n";
        let spice = [
            "[",
            "]",
            "{",
            "}",
            "'",
            "\"\"\"",
            "=",
            "\n",
            ".",
            ",",
            "0b1",
            "\\u0000",
            "é",
            "#",
            "inherits",
            "1e999",
            "99999999999999999999",
        ];
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut random = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % n as u64) as usize
        };
        for _ in 0..20_000 {
            let mut text: Vec<char> = seed.chars().collect();
            for _ in 0..=random(4) {
                let at = random(text.len());
                match random(3) {
                    0 => drop(text.drain(at..(at + random(12)).min(text.len()))),
                    1 => drop(text.splice(at..at, spice[random(spice.len())].chars())),
                    _ => text[at] = char::from(random(128) as u8),
                }
            }
            let text: String = text.into_iter().collect();
            match parse(&text, Path::new("f.toml")) {
                Err(p) => assert!(!p.text().contains('\n')),
                Ok(file) => {
                    for over in ["a", "b"] {
                        let over = chosen(over);
                        let _ = crate::resolve::resolve(std::slice::from_ref(&file), &over);
                    }
                }
            }
        }
    }
}
