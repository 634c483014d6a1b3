//! From a plan to the parts in the process: libraries found, opened and checked, options matched with who declares them.

use crate::find;
use crate::host::{Host, ModuleLibrary};
use crate::index;
use crate::library::{self, OptionText, Part};
use crate::problem;
use crate::problem::{Outcome, Problem, hint, listing};
use crate::profile::{OptionSet, PartUse};
use crate::resolve::Plan;
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;
use taipan_abi::plugin::Kind;

/// A part with the options it will receive.
struct Chosen {
    used: PartUse,
    part: Part,
}

/// Opens what a plan needs at the start and fills the `option.*` settings. `folders` are the program's own, looked at after the plan's.
pub fn assemble(plan: Plan, mut settings: Settings, folders: &[PathBuf]) -> Outcome<Host> {
    let mut search = plan.folders.clone();
    search.extend(folders.iter().cloned());

    let mut chosen = Vec::new();
    for used in &plan.spaces {
        chosen.push(open(used, Kind::Space, &search)?);
    }
    check_stack(&chosen)?;
    chosen.push(open(&plan.gc, Kind::Gc, &search)?);
    if let Some(used) = &plan.jit {
        chosen.push(open(used, Kind::Jit, &search)?);
    }

    let (libraries, modules) = modules(&plan, &search)?;
    let mut waiting = plan.options.clone();
    for c in &chosen {
        let mut sets = c.used.options.clone();
        take(&mut waiting, c.part.name, &mut sets);
        if c.used.name != c.part.name {
            take(&mut waiting, &c.used.name, &mut sets);
        }
        settle(&mut settings, c.part.name, &c.part.options, &sets, "")?;
    }
    for (used, l) in plan.modules.iter().zip(&libraries) {
        let mut sets = used.options.clone();
        take(&mut waiting, &l.name, &mut sets);
        let mut by_module = Vec::new();
        for m in &l.modules {
            let mut own = Vec::new();
            take(&mut waiting, m, &mut own);
            if !own.is_empty() {
                by_module.push((*m, own));
            }
        }
        if sets.is_empty() && by_module.is_empty() {
            continue;
        }
        // Options can only be checked against what the library declares.
        let part = library::open(&l.file, Kind::Modules)?;
        let part = l.part.get_or_init(|| Some(part));
        let declared = part.as_ref().map_or(&[][..], |p| &p.options);
        settle(&mut settings, &l.name, declared, &sets, "")?;
        for (module, own) in by_module {
            settle(&mut settings, module, declared, &own, &format!("{module}."))?;
        }
    }
    for (part, sets) in &waiting {
        if let Some(w) = sets.iter().find(|w| w.strict) {
            let names = chosen.iter().map(|c| c.part.name).chain(libraries.iter().map(|l| l.name.as_str()));
            let place = &w.set.place;
            return problem!(
                "{place}: profile '{}' has no part '{part}' to set '{}' of: {}",
                plan.profile,
                w.set.key,
                hint(part, names)
            );
        }
    }
    settings.text("profile", &plan.profile);
    settings.number("limits.frames", (crate::memory::FRAMES - crate::memory::FRAMES_SPARE) as i64);
    let parts = chosen.into_iter().map(|c| c.part).collect();
    Ok(Host { settings, plan, parts, libraries, modules })
}

fn open(used: &PartUse, kind: Kind, search: &[PathBuf]) -> Outcome<Chosen> {
    if let Some(part) = crate::bundled::find(kind, &used.name) {
        return Ok(Chosen { used: used.clone(), part });
    }
    let part = library::open(&find::locate(used, kind, search)?, kind)?;
    Ok(Chosen { used: used.clone(), part })
}

/// Proxies outside, one complete space innermost.
fn check_stack(spaces: &[Chosen]) -> Outcome<()> {
    for (i, c) in spaces.iter().enumerate() {
        let (innermost, proxy) = (i + 1 == spaces.len(), c.part.space().proxy != 0);
        let (place, name) = (&c.used.place, c.part.name);
        if innermost && proxy {
            return problem!(
                "{place}: space '{name}' is a layer over another space: put one after it, as in spaces = [\"{name}\", \"std\"]"
            );
        }
        if !innermost && !proxy {
            return problem!(
                "{place}: space '{name}' is complete and cannot lie over another one: put it last in 'spaces', or leave out what follows it"
            );
        }
    }
    Ok(())
}

fn take(waiting: &mut BTreeMap<String, Vec<crate::resolve::Wanted>>, name: &str, sets: &mut Vec<OptionSet>) {
    sets.extend(waiting.remove(name).unwrap_or_default().into_iter().map(|w| w.set));
}

/// Checks options against what a part declares and stores them. `prefix`: how a library declares the options of one of its modules.
fn settle(
    settings: &mut Settings,
    part: &str,
    declared: &[OptionText],
    sets: &[OptionSet],
    prefix: &str,
) -> Outcome<()> {
    for set in sets {
        let full = format!("{prefix}{}", set.key);
        let place = &set.place;
        if !declared.iter().any(|o| o.name == full || o.name == set.key) {
            if declared.is_empty() {
                return problem!("{place}: '{part}' has no option '{}', and no others: remove it", set.key);
            }
            let names = declared.iter().map(|o| o.name.strip_prefix(prefix).unwrap_or(o.name));
            return problem!("{place}: '{part}' has no option '{}': {}", set.key, hint(&set.key, names));
        }
        if set.value.is_empty() {
            return problem!("{place}: option '{}' of '{part}' has no value: give it one", set.key);
        }
        settings.text(format!("option.{part}.{}", set.key), &set.value);
    }
    Ok(())
}

type Modules = (Vec<ModuleLibrary>, Vec<(&'static str, usize)>);

/// The libraries of modules, known by their folders' indexes where these are fresh, and the names that the profile chose.
fn modules(plan: &Plan, search: &[PathBuf]) -> Outcome<Modules> {
    let mut indexes: BTreeMap<PathBuf, Vec<index::Entry>> = BTreeMap::new();
    let mut libraries = Vec::new();
    for used in &plan.modules {
        libraries.push(module_library(used, search, &mut indexes)?);
    }
    let listed = libraries.len();
    let known: BTreeSet<&'static str> =
        libraries.iter().flat_map(|l: &ModuleLibrary| l.modules.iter().copied()).collect();

    // A module that was asked for by name may live in a library that the profile does not list.
    let missing: Vec<&String> =
        plan.choices.iter().filter(|(n, c)| c.enabled && !known.contains(n.as_str())).map(|(n, _)| n).collect();
    let mut extra = Vec::new();
    if !missing.is_empty() {
        for path in find::libraries(search) {
            let name = path.file_name().and_then(|n| n.to_str()).and_then(find::split_file_name);
            let Some((Kind::Modules, name)) = name else { continue };
            if libraries.iter().any(|l| l.file == path) {
                continue;
            }
            let used =
                PartUse { name: name.to_string(), options: Vec::new(), place: crate::Place::command("--withmod") };
            extra.push(known_library(&used, path, &mut indexes)?);
        }
    }
    for name in missing {
        let place = &plan.choices[name].place;
        match extra.iter().position(|l| l.modules.contains(&name.as_str())) {
            Some(at) => libraries.push(extra.swap_remove(at)),
            None if libraries[listed..].iter().any(|l| l.modules.contains(&name.as_str())) => {}
            None => {
                let names = libraries.iter().chain(&extra).flat_map(|l| l.modules.iter().copied());
                return problem!("{place}: no library has a module '{name}': {}", unknown_module(name, names));
            }
        }
    }

    let mut names: Vec<(&'static str, usize)> = Vec::new();
    for (at, l) in libraries.iter().enumerate() {
        for m in &l.modules {
            let choice = plan.choices.get(*m);
            let wanted = if at < listed { choice.is_none_or(|c| c.enabled) } else { choice.is_some_and(|c| c.enabled) };
            if wanted {
                names.push((*m, at));
            }
        }
    }
    if let Some((name, c)) = plan.choices.iter().find(|(n, c)| !c.enabled && !known.contains(n.as_str())) {
        // A profile may leave out what another one's libraries have; the command line is about this one.
        if c.place.line == 0 {
            return problem!(
                "{}: no library of profile '{}' has a module '{name}': {}",
                c.place,
                plan.profile,
                unknown_module(name, known)
            );
        }
    }
    // The first library of the profile wins where two have a module of the same name.
    names.sort();
    names.dedup_by_key(|n| n.0);
    Ok((libraries, names))
}

fn unknown_module<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    match crate::problem::nearest(name, names) {
        Some(best) => format!("did you mean '{best}'?"),
        None => "'taipan-plugin list' shows them".into(),
    }
}

fn module_library(
    used: &PartUse,
    search: &[PathBuf],
    indexes: &mut BTreeMap<PathBuf, Vec<index::Entry>>,
) -> Outcome<ModuleLibrary> {
    if let Some(part) = crate::bundled::find(Kind::Modules, &used.name) {
        return Ok(opened(part));
    }
    known_library(used, find::locate(used, Kind::Modules, search)?, indexes)
}

fn known_library(
    used: &PartUse,
    path: PathBuf,
    indexes: &mut BTreeMap<PathBuf, Vec<index::Entry>>,
) -> Outcome<ModuleLibrary> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let entries = indexes.entry(folder).or_insert_with_key(|f| index::read(f));
    let file = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    if let Some(e) = entries.iter().find(|e| e.file == file) {
        return Ok(ModuleLibrary {
            name: e.name.clone(),
            version: e.version.clone(),
            description: e.description.clone(),
            compiler: e.compiler.clone(),
            modules: e.modules.iter().map(|m| &*String::leak(m.clone())).collect(),
            file: path,
            part: OnceLock::new(),
        });
    }
    let part = library::open(&path, Kind::Modules).map_err(|e| in_profile(e, used))?;
    Ok(opened(part))
}

fn in_profile(e: Problem, used: &PartUse) -> Problem {
    let text = format!("{} (named at {})", e.text(), used.place);
    match e.report {
        Some(r) => Problem::new(text).with_report(r),
        None => Problem::new(text),
    }
}

fn opened(part: Part) -> ModuleLibrary {
    ModuleLibrary {
        name: part.name.to_string(),
        version: part.version.to_string(),
        description: part.description.to_string(),
        compiler: part.compiler.to_string(),
        file: part.file.clone(),
        modules: index::specs(&part).iter().map(|s| s.name.get()).collect(),
        part: OnceLock::from(Some(part)),
    }
}

/// `'a', 'b'` of the parts' names, for `--info`.
pub fn names(parts: &[Part]) -> String {
    listing(&parts.iter().map(|p| p.name).collect::<Vec<_>>())
}
