use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    process::{Command, ExitCode},
};

use serde::Deserialize;

use crate::callgrind::Count;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.toml");

/// How far a count may rise, in percent.
const MOST: u64 = 3;

/// A rise by this many instructions is none, so that a measure of twenty is not a hair trigger.
const SLACK: u64 = 2;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// The compiler that made the counts: another one makes others.
    rustc: String,
    counts: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    instructions: u64,
    allocations: f64,
    /// Why it was let rise, where it was.
    reason: Option<String>,
}

impl Entry {
    fn hundredths(&self) -> u64 {
        (self.allocations * 100.0).round() as u64
    }

    /// Whether `count` is more than the stored one allows.
    fn is_exceeded(&self, count: Count) -> bool {
        let most = (self.instructions * (100 + MOST) / 100).max(self.instructions + SLACK);
        count.instructions > most || count.allocations > self.hundredths()
    }
}

type Counts = BTreeMap<&'static str, Count>;

/// Compares; fails on a rise, on a rise without a reason, and on a measure that is not stored.
pub(crate) fn check(counts: &Counts) -> ExitCode {
    let stored = match read() {
        Ok(stored) => stored,
        Err(error) => {
            eprintln!("{PATH}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut failures = 0;
    let mut fail = |line: String| {
        println!("{line}");
        failures += 1;
    };
    if counts
        .get("nothing/allocated")
        .is_none_or(|count| count.allocations != 100)
    {
        fail("nothing/allocated: one allocation is not counted as one".to_owned());
    }
    for (name, count) in counts {
        let Some(entry) = stored.counts.get(*name) else {
            fail(format!("{name}: {count}: not stored"));
            continue;
        };
        if entry.is_exceeded(*count) {
            fail(format!("{name}: rose to {count}; stored {}", line(entry)));
        } else if count.instructions * (100 + MOST) < entry.instructions * 100 {
            println!("{name}: fell to {count}; stored {}", line(entry));
        }
        if entry.reason.as_deref() == Some("") {
            fail(format!("{name}: it rose, and its `reason` is empty"));
        }
    }
    let measured: BTreeSet<&str> = counts.keys().copied().collect();
    for name in stored.counts.keys() {
        if !measured.contains(name.as_str()) {
            fail(format!("{name}: stored, but not measured any more"));
        }
    }
    if failures == 0 {
        println!("{} counts, none rose above {MOST} %", counts.len());
        return ExitCode::SUCCESS;
    }
    println!("{failures} of {} counts are not as stored.", counts.len());
    if stored.rustc != rustc() {
        println!(
            "They were stored with {}, this is {}.",
            stored.rustc,
            rustc()
        );
    }
    println!("`--record` stores these; say in a `reason` why a count was let rise.");
    ExitCode::FAILURE
}

/// Rewrites the file. What rose gets an empty `reason`, which `--check` refuses until it is filled.
pub(crate) fn record(counts: &Counts) -> ExitCode {
    let stored = read().unwrap_or_default();
    let same_compiler = stored.rustc == rustc();
    let mut text = String::from(
        "# Instructions and heap allocations of one call, counted by callgrind:\n\
         # `cargo run --release -p gatefold-counts -- --check` compares, `-- --record` rewrites.\n\
         # A count that was let rise says why in its `reason`. See README.md.\n",
    );
    let _ = write!(text, "rustc = {:?}\n\n[counts]\n", rustc());
    for (name, count) in counts {
        let Count {
            instructions,
            allocations,
        } = *count;
        let old = stored.counts.get(*name);
        let rose = same_compiler && old.is_some_and(|old| old.is_exceeded(*count));
        let reason = match old {
            _ if rose => {
                println!("{name}: rose to {count}: fill its `reason`");
                Some(String::new())
            }
            old => old.and_then(|old| old.reason.clone()),
        };
        let whole = allocations / 100;
        let _ = write!(
            text,
            "{name:?} = {{ instructions = {instructions}, allocations = {whole}"
        );
        let _ = match allocations % 100 {
            0 => write!(text, ".0"),
            rest => write!(text, ".{rest:02}"),
        };
        if let Some(reason) = reason {
            let _ = write!(text, ", reason = {reason:?}");
        }
        text.push_str(" }\n");
    }
    match fs::write(PATH, text) {
        Ok(()) => {
            println!("{} counts stored in {PATH}", counts.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{PATH}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read() -> Result<Stored, Box<dyn std::error::Error>> {
    Ok(toml::from_str(&fs::read_to_string(PATH)?)?)
}

fn line(entry: &Entry) -> String {
    format!("{} and {}", entry.instructions, entry.allocations)
}

fn rustc() -> String {
    let said = Command::new("rustc").arg("--version").output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    said.unwrap_or_default()
}
