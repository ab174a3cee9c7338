//! What is printed: a line per area, and each failure on request.

use std::{collections::BTreeMap, io::Write};

use serde::{Deserialize, Serialize};

/// The score of one area.
#[derive(Debug, Default)]
pub(crate) struct Area {
    pub(crate) name: String,
    /// The file that the cases came from, as the floors name it.
    pub(crate) file: String,
    pub(crate) good: usize,
    pub(crate) total: usize,
    pub(crate) failures: Vec<(String, Difference)>,
    pub(crate) differences: Vec<(String, Difference)>,
    /// Whether documented differences can occur here.
    pub(crate) has_differences: bool,
    /// What of this belongs to later work: its name, and its score.
    pub(crate) later: BTreeMap<String, Score>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Score {
    pub(crate) good: usize,
    pub(crate) of: usize,
}

/// What was wanted and what came.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) wanted: String,
    pub(crate) got: String,
}

/// How one case came out.
#[derive(Debug)]
pub(crate) enum Outcome {
    Good,
    /// It differs on purpose.
    Documented(Difference),
    Failed(Difference),
}

impl Outcome {
    pub(crate) fn failed(wanted: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Failed(Difference {
            wanted: wanted.into(),
            got: got.into(),
        })
    }

    /// Good when both are equal.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(wanted: &T, got: &T) -> Self {
        if wanted == got {
            Self::Good
        } else {
            Self::failed(format!("{wanted:?}"), format!("{got:?}"))
        }
    }

    /// The runner does not know this, so it cannot be good.
    pub(crate) fn unknown(what: impl std::fmt::Display) -> Self {
        Self::failed("-", format!("the runner does not know {what}"))
    }

    /// gatefold cannot do this yet.
    pub(crate) fn not_built(what: impl std::fmt::Display) -> Self {
        Self::failed("-", format!("not built: {what}"))
    }
}

impl Area {
    pub(crate) fn new(name: impl Into<String>, file: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            file: file.into(),
            ..Self::default()
        }
    }

    /// Counts one case that belongs to later work, under this name.
    pub(crate) fn count_later(&mut self, name: String, case: impl Into<String>, outcome: Outcome) {
        let score = self.later.entry(name).or_default();
        score.of += 1;
        score.good += usize::from(!matches!(outcome, Outcome::Failed(_)));
        self.count(case, outcome);
    }

    /// Failures that nobody documented and that no later work is expected to mend.
    pub(crate) fn unexpected(&self) -> usize {
        let later: usize = self.later.values().map(|score| score.of - score.good).sum();
        self.failures.len() - later
    }

    /// Counts one case.
    pub(crate) fn count(&mut self, case: impl Into<String>, outcome: Outcome) {
        self.total += 1;
        match outcome {
            Outcome::Good => self.good += 1,
            Outcome::Documented(difference) => self.differences.push((case.into(), difference)),
            Outcome::Failed(difference) => self.failures.push((case.into(), difference)),
        }
    }

    /// The area's line.
    pub(crate) fn line(&self) -> String {
        let Self {
            name, good, total, ..
        } = self;
        if self.has_differences {
            let documented = self.differences.len();
            format!("{name}: {good} of {total} ({documented} documented)")
        } else {
            format!("{name}: {good} of {total}")
        }
    }
}

/// Prints past the test harness, which would keep what a passing test prints.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
}

/// Prints lines in one go, the first at the beginning of a line: the harness prints too.
pub(crate) fn say_together(lines: &[String]) {
    say(&format!("\n{}", lines.join("\n")));
}

/// Which failures are wanted: `GATEFOLD_CONFORMANCE_SHOW` is how many of each area,
/// `GATEFOLD_CONFORMANCE_AREA` the beginning of the area's name. With
/// `GATEFOLD_CONFORMANCE_DOCUMENTED` the documented differences are shown too.
pub(crate) fn show(areas: &[Area]) {
    let number = std::env::var("GATEFOLD_CONFORMANCE_SHOW").ok();
    let number: usize = number.and_then(|n| n.parse().ok()).unwrap_or(0);
    let documented = std::env::var_os("GATEFOLD_CONFORMANCE_DOCUMENTED").is_some();
    for area in areas {
        show_some(&area.name, &area.failures, number);
        if documented {
            let name = format!("{}, documented", area.name);
            show_some(&name, &area.differences, number);
        }
    }
}

fn show_some(name: &str, some: &[(String, Difference)], number: usize) {
    for (case, difference) in some.iter().take(number) {
        say(&format!("\n{name}: {case}"));
        say(&format!("  wanted {}", short(&difference.wanted)));
        say(&format!("  got    {}", short(&difference.got)));
    }
    let more = some.len().saturating_sub(number);
    if number > 0 && more > 0 {
        say(&format!("\n{name}: {more} more"));
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(900) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether an area is wanted at all.
pub(crate) fn wanted(name: &str) -> bool {
    match std::env::var("GATEFOLD_CONFORMANCE_AREA") {
        Ok(beginning) => name.starts_with(&beginning) || beginning.starts_with(name),
        Err(_) => true,
    }
}
