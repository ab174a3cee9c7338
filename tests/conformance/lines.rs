//! Areas that are files of single cases.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    later,
    report::{Area, Outcome},
};

/// Judges each line. A line that nobody can read, and a judge that panics, are failures.
pub(crate) fn area(
    name: &str,
    file: &str,
    lines: &[String],
    judge: fn(&str) -> (String, Option<Outcome>),
) -> Area {
    let mut area = Area::new(name, file);
    for line in lines {
        match catch_unwind(AssertUnwindSafe(|| judge(line))) {
            Ok((case, Some(outcome))) if later::file(name) => {
                area.count_later(name.to_owned(), case, outcome);
            }
            Ok((case, Some(outcome))) => area.count(case, outcome),
            // Not scored.
            Ok((_, None)) => {}
            Err(_) => {
                let start: String = line.chars().take(200).collect();
                area.count(start, Outcome::unknown("why it panicked"));
            }
        }
    }
    area
}

/// A line read as a case of type `T`, or the outcome of one that cannot be read.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    line: &str,
) -> Result<T, (String, Option<Outcome>)> {
    serde_json::from_str(line).map_err(|error| {
        let start = line.chars().take(120).collect();
        (start, Some(Outcome::unknown(format!("this form: {error}"))))
    })
}
