//! What is wrong with a profile, a library or an option: one sentence that says what, where and how to mend it.

use std::fmt;
use std::path::{Path, PathBuf};

/// A wrong input. The text is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    text: String,
    /// What `--verbose-abi` adds: the layout report.
    pub report: Option<String>,
}

/// The outcome of a step of the start.
pub type Outcome<T> = Result<T, Problem>;

impl Problem {
    /// A problem with the given sentence; line breaks in quoted input become spaces.
    pub fn new(text: impl Into<String>) -> Problem {
        let text: String = text.into();
        let text = if text.contains(|c: char| c.is_control()) {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        } else {
            text
        };
        Problem { text, report: None }
    }
    /// The sentence.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// With a long report behind a flag.
    pub fn with_report(mut self, report: String) -> Problem {
        self.report = Some(report);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl std::error::Error for Problem {}

/// `Err(Problem)` from a format string.
#[macro_export]
macro_rules! problem {
    ($($arg:tt)*) => { Err($crate::Problem::new(format!($($arg)*))) };
}

/// A place in a TOML file or on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, or what stands for one ("--set", "the built-in profiles").
    pub file: PathBuf,
    /// From 1; 0 = no line.
    pub line: usize,
}

impl Place {
    /// Text that is not from a file.
    pub fn command(what: &str) -> Place {
        Place { file: PathBuf::from(what), line: 0 }
    }
    /// The folder that relative paths written at this place start from.
    pub fn folder(&self) -> Option<&Path> {
        if self.line == 0 { None } else { self.file.parent() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}", self.file.display())
        } else {
            write!(f, "{}:{}", self.file.display(), self.line)
        }
    }
}

/// The candidate that was probably meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(word, c), c))
        .filter(|(d, c)| *d <= limit && *d < c.chars().count())
        .min()
        .map(|(_, c)| c)
}

/// How to mend a wrong name: `did you mean 'x'?`, or the list of what there is.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    if let Some(best) = nearest(word, all.iter().copied()) {
        return format!("did you mean '{best}'?");
    }
    match all.len() {
        0 => "there is none".into(),
        _ => format!("there is {}", listing(&all)),
    }
}

/// `'a', 'b' and 'c'`
pub fn listing(all: &[&str]) -> String {
    let quoted: Vec<String> = all.iter().map(|a| format!("'{a}'")).collect();
    match quoted.split_last() {
        None => "none".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest() {
        assert_eq!(nearest("nurserry", ["nursery", "threshold"]), Some("nursery"));
        assert_eq!(nearest("stdd", ["std", "nogc"]), Some("std"));
        assert_eq!(nearest("x", ["std", "nogc"]), None);
        assert_eq!(hint("zzzz", ["a", "b"]), "there is 'a' and 'b'");
    }

    #[test]
    fn one_line() {
        assert_eq!(Problem::new("a\nb\u{1b}[0m").text(), "a b [0m");
    }
}
