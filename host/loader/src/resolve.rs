//! From the profiles of all files and the command line to one plan: which parts, with which options.

use crate::problem;
use crate::problem::{Outcome, Place, hint, listing};
use crate::profile::{self, Named, OptionSet, PartUse, Profile, ProfileFile};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the command line changes.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--profile`, or what stands for it.
    pub profile: Option<Named>,
    /// `--set KEY=VALUE`, in order.
    pub sets: Vec<(String, String)>,
    /// `--withmod-X` (true) and `--withoutmod-X` (false), in order.
    pub modules: Vec<(String, bool)>,
}

/// Whether a module is to be there, and who said so.
#[derive(Debug, Clone)]
pub struct Choice {
    /// `with` or `without`.
    pub enabled: bool,
    /// Where.
    pub place: Place,
}

/// Which parts run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The profile's name.
    pub profile: String,
    /// Outermost first.
    pub spaces: Vec<PartUse>,
    #[allow(missing_docs)]
    pub gc: PartUse,
    #[allow(missing_docs)]
    pub jit: Option<PartUse>,
    /// Libraries of mixed modules.
    pub modules: Vec<PartUse>,
    /// Single modules, by name.
    pub choices: BTreeMap<String, Choice>,
    /// Where to look for libraries, before the program's own folders.
    pub folders: Vec<PathBuf>,
    /// Options by part name, in order of precedence (the last one counts).
    pub options: BTreeMap<String, Vec<Wanted>>,
}

/// An option of some part.
#[derive(Debug, Clone)]
pub struct Wanted {
    #[allow(missing_docs)]
    pub set: OptionSet,
    /// The part must be in the plan (else the option waits in case a profile uses the part).
    pub strict: bool,
}

/// A `--set` key that starts with one of these words belongs to the profile.
const SET_KEYS: &[&str] = &["spaces", "gc", "jit", "modules", "with", "without", "folders"];

type Definition<'a> = (usize, &'a Profile);

/// Chooses and flattens a profile. `files` are in order of precedence, the last one first looked at.
pub fn resolve(files: &[ProfileFile], over: &Overrides) -> Outcome<Plan> {
    let names = || files.iter().flat_map(|f| f.profiles.iter().map(|p| p.name.as_str()));
    let find = |name: &str, below: usize| -> Option<Definition<'_>> {
        files[..below]
            .iter()
            .enumerate()
            .rev()
            .find_map(|(i, f)| Some((i, f.profiles.iter().find(|p| p.name == name)?)))
    };

    let chosen = match &over.profile {
        Some(named) => (named.name.clone(), Some(&named.place)),
        None => match files.iter().rev().find_map(|f| f.default.as_ref()) {
            Some(named) => (named.name.clone(), Some(&named.place)),
            None => ("std".to_string(), None),
        },
    };
    let Some(start) = find(&chosen.0, files.len()) else {
        let at = chosen.1.map_or("--profile".to_string(), |p| p.to_string());
        return problem!("{at}: there is no profile '{}': {}", chosen.0, hint(&chosen.0, names()));
    };

    // From the profile to the one it finally inherits from.
    let mut chain = vec![start];
    while let (at, Profile { inherits: Some(base), .. }) = chain[chain.len() - 1] {
        let below = if chain[chain.len() - 1].1.name == base.name { at } else { files.len() };
        let Some(next) = find(&base.name, below) else {
            if chain[chain.len() - 1].1.name == base.name {
                return problem!(
                    "{}: profile '{}' inherits from itself: remove this line or name another profile",
                    base.place,
                    base.name
                );
            }
            return problem!(
                "{}: there is no profile '{}' to inherit: {}",
                base.place,
                base.name,
                hint(&base.name, names())
            );
        };
        if chain.iter().any(|c| std::ptr::eq(c.1, next.1)) {
            let mut round: Vec<&str> = chain.iter().map(|c| c.1.name.as_str()).collect();
            round.push(&next.1.name);
            return problem!(
                "{}: profiles inherit from each other in a circle ({}): remove one 'inherits'",
                base.place,
                round.join(" -> ")
            );
        }
        chain.push(next);
    }

    let mut sum = Profile::default();
    let mut plan_choices = BTreeMap::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut options: BTreeMap<String, Vec<Wanted>> = BTreeMap::new();
    for f in files {
        folders.splice(0..0, f.folders.iter().cloned());
        add_options(&mut options, &f.options, false);
    }
    for (depth, (_, p)) in chain.iter().enumerate().rev() {
        merge(&mut sum, p, &mut plan_choices);
        folders.splice(0..0, p.folders.iter().cloned());
        add_options(&mut options, &p.options, depth == 0);
    }
    apply_command(over, &mut sum, &mut plan_choices, &mut folders, &mut options)?;

    let place = start.1.place.clone().unwrap_or_else(|| Place::command("--profile"));
    let name = &start.1.name;
    let missing = |key: &str, example: &str| {
        problem!(
            "{place}: profile '{name}' names no {key}: add {example} to it or let it inherit from a profile that does"
        )
    };
    let Some(spaces) = sum.spaces.filter(|s| !s.is_empty()) else {
        return missing("object space", "spaces = [\"std\"]");
    };
    let Some(gc) = sum.gc else { return missing("collector", "gc = \"seg\"") };
    Ok(Plan {
        profile: name.clone(),
        spaces,
        gc,
        jit: sum.jit.flatten(),
        modules: sum.modules.unwrap_or_default(),
        choices: plan_choices,
        folders,
        options,
    })
}

fn add_options(into: &mut BTreeMap<String, Vec<Wanted>>, from: &BTreeMap<String, Vec<OptionSet>>, strict: bool) {
    for (part, sets) in from {
        into.entry(part.clone()).or_default().extend(sets.iter().map(|s| Wanted { set: s.clone(), strict }));
    }
}

fn merge(sum: &mut Profile, p: &Profile, choices: &mut BTreeMap<String, Choice>) {
    if p.spaces.is_some() {
        sum.spaces.clone_from(&p.spaces);
    }
    if p.gc.is_some() {
        sum.gc.clone_from(&p.gc);
    }
    if p.jit.is_some() {
        sum.jit.clone_from(&p.jit);
    }
    if p.modules.is_some() {
        sum.modules.clone_from(&p.modules);
    }
    let mut choose = |n: &Named, enabled| {
        choices.insert(n.name.clone(), Choice { enabled, place: n.place.clone() });
    };
    p.without.iter().for_each(|n| choose(n, false));
    p.with.iter().for_each(|n| choose(n, true));
}

fn apply_command(
    over: &Overrides,
    sum: &mut Profile,
    choices: &mut BTreeMap<String, Choice>,
    folders: &mut Vec<PathBuf>,
    options: &mut BTreeMap<String, Vec<Wanted>>,
) -> Outcome<()> {
    // Exchanged parts first, so that `--set gc.x=1 --set gc=none` means the same in both orders.
    for (key, value) in over.sets.iter().filter(|(k, _)| !k.contains('.')) {
        if !SET_KEYS.contains(&key.as_str()) {
            let known = SET_KEYS.iter().copied().chain(crate::HOST_KEYS.iter().copied());
            return problem!("--set {key}={value}: unknown key '{key}': {}", hint(key, known));
        }
        let mut p = Profile::default();
        profile::set_from_command(&mut p, key, value)?;
        merge(sum, &p, choices);
        folders.splice(0..0, p.folders);
    }
    for (key, value) in over.sets.iter() {
        let Some((part, option)) = key.split_once('.') else { continue };
        let name = match part {
            "gc" => sum.gc.as_ref().map(|p| p.name.clone()),
            "jit" => match &sum.jit {
                Some(Some(p)) => Some(p.name.clone()),
                _ => return problem!("--set {key}={value}: this profile has no JIT: choose one with --set jit=NAME"),
            },
            _ => Some(part.to_string()),
        };
        let Some(name) = name else { continue };
        if option.is_empty() || part.is_empty() {
            return problem!("--set {key}={value}: the key is incomplete: write PART.OPTION=VALUE");
        }
        let place = Place::command(&format!("--set {key}={value}"));
        let set = OptionSet { key: option.to_string(), value: value.clone(), place };
        options.entry(name).or_default().push(Wanted { set, strict: true });
    }
    for (name, enabled) in &over.modules {
        let flag = if *enabled { "--withmod-" } else { "--withoutmod-" };
        let place = Place::command(&format!("{flag}{name}"));
        choices.insert(name.clone(), Choice { enabled: *enabled, place });
    }
    Ok(())
}

/// The names of the profiles of all files, for `taipan-plugin list`.
pub fn profile_names(files: &[ProfileFile]) -> String {
    let mut names: Vec<&str> = files.iter().flat_map(|f| f.profiles.iter().map(|p| p.name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    listing(&names)
}
